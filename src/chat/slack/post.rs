//! Slack as what the poster writes on. Slack knows no nonce: each message of ours says in its metadata which post it is,
//! and before a post is repeated it is looked for by that.

use super::api::{Api, ApiError};
use super::draw::{Drawn, Names, draw};
use super::fault::{fault, fault_of, fault_of_thread};
use super::spot::{Spot, spot};
use crate::chat::fault::{Barred, Fault};
use crate::chat::pictures::pictures;
use crate::chat::poster::{Posted, Wall};
use crate::desk::chat::Post;
use crate::desk::mend::BARE;
use crate::desk::{Desk, Result};
use crate::domain::alert::AlertKind;
use crate::domain::chat::{Place, Platform, PostKind};
use crate::view::TicketView;
use crate::view::sheet::Sheet;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) const PLATFORM: Platform = Platform::Slack;
/// What the alert is about that stands while a token is not taken, or a scope is missing.
pub(super) const GATEWAY: &str = "slack:gateway";
/// What the alert is about that stands while Slack takes no post for another reason than a channel's.
const POSTS: &str = "slack:posts";
/// Begins the word of an alert about a scope.
const SCOPE: &str = "missing_scope:";
/// The type of the metadata of our messages.
const METADATA: &str = "guichet_post";
/// How many messages of a channel are looked through for one that may stand already.
const LOOKED_THROUGH: u32 = 200;
/// The most files and bytes that go with one message.
const MOST_FILES: usize = 8;
const MOST_BYTES: u64 = 20 << 20;
/// How often files are tried while that may pass.
const MOST_TRIES_OF_FILES: u32 = 4;

/// Where things are posted.
#[derive(Debug, Clone)]
pub struct Channels {
    /// #support-team.
    pub support: String,
    /// #dev-team.
    pub dev: Option<String>,
    /// The product team's.
    pub product: Option<String>,
}

impl Channels {
    /// All that are configured.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        [Some(&self.support), self.dev.as_ref(), self.product.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    fn of(&self, kind: PostKind) -> &str {
        let other = match kind {
            PostKind::Escalation => self.dev.as_deref(),
            PostKind::Handover => self.product.as_deref(),
            _ => None,
        };
        other.unwrap_or(&self.support)
    }
}

/// Posts to one workspace.
#[derive(Debug, Clone)]
pub struct Poster {
    /// The desk.
    pub desk: Desk,
    /// Slack.
    pub api: Arc<Api>,
    /// Where.
    pub channels: Channels,
    /// What is named of the workspace.
    pub names: Names,
    /// What was last seen closed: the word of its alert, by channel.
    pub closed: Arc<Mutex<HashMap<String, String>>>,
    /// Where the pages are seen from outside.
    pub public_url: String,
}

impl Poster {
    /// Posts a message and says where it stands; one that may stand already is looked for first.
    async fn create(
        &self,
        post: &Post,
        channel: &str,
        thread: Option<&str>,
        drawn: &Drawn,
        key: &str,
    ) -> std::result::Result<Place, Fault> {
        let of_thread = |error| match thread {
            Some(ts) => match fault_of_thread(error, &spot(channel, ts)) {
                Fault::Barred(Barred::NoChannel | Barred::Permission) if !self.is_ours(channel) => {
                    Fault::ThreadGone(spot(channel, ts))
                }
                fault => fault,
            },
            None => fault(error),
        };
        if post.is_repeated()
            && let Some(ts) = self.find(channel, thread, key).await.map_err(of_thread)?
        {
            let stands = place(post, channel, thread, &ts, String::new());
            self.redraw(&stands, drawn).await?;
            return Ok(Place { drawn: drawn.digest(), ..stands });
        }
        let mut message = drawn.posted();
        message["channel"] = json!(channel);
        message["metadata"] = json!({ "event_type": METADATA, "event_payload": { "post": key } });
        if let Some(ts) = thread {
            message["thread_ts"] = json!(ts);
        }
        let answer = self.api.call("chat.postMessage", &message).await.map_err(of_thread)?;
        let Some(ts) = answer["ts"].as_str() else {
            return Err(Fault::Later { why: "Slack does not say where it stands".to_owned(), wait: None });
        };
        // A thread whose first message is gone takes none: Slack posts to the channel instead, and says so.
        if let Some(thread) = thread
            && answer["message"]["thread_ts"].as_str().is_none_or(|hangs_on| hangs_on != thread)
        {
            self.remove(&place(post, channel, None, ts, String::new())).await;
            return Err(Fault::ThreadGone(spot(channel, thread)));
        }
        Ok(place(post, channel, thread, ts, drawn.digest()))
    }

    /// A message of ours with this in its metadata, among the latest ones.
    async fn find(
        &self,
        channel: &str,
        thread: Option<&str>,
        key: &str,
    ) -> std::result::Result<Option<String>, ApiError> {
        let mut asked = json!({ "channel": channel, "limit": LOOKED_THROUGH, "include_all_metadata": true });
        let method = match thread {
            Some(ts) => {
                asked["ts"] = json!(ts);
                "conversations.replies"
            }
            None => "conversations.history",
        };
        let mut pages = 0;
        loop {
            let answer = self.api.call(method, &asked).await?;
            let messages = answer["messages"].as_array();
            let is_it = |message: &&Value| message["metadata"]["event_payload"]["post"].as_str() == Some(key);
            if let Some(found) = messages.into_iter().flatten().find(is_it) {
                return Ok(found["ts"].as_str().map(str::to_owned));
            }
            // A channel is told from its end, where it would stand; a thread from its beginning.
            let next = answer["response_metadata"]["next_cursor"].as_str().filter(|next| !next.is_empty());
            pages += 1;
            match next.filter(|_| thread.is_some() && pages < 10) {
                Some(next) => asked["cursor"] = json!(next),
                None => return Ok(None),
            }
        }
    }

    /// Draws again what stands.
    async fn redraw(&self, place: &Place, drawn: &Drawn) -> std::result::Result<(), Fault> {
        let Some(stands) = Spot::of(&place.message) else { return Err(Fault::Gone(Box::new(place.clone()))) };
        let mut message = drawn.message();
        message["channel"] = json!(stands.channel);
        message["ts"] = json!(stands.ts);
        let updated = self.api.call("chat.update", &message).await;
        updated.map(drop).map_err(|error| self.left_behind(fault_of(error, place), place))
    }

    /// A message of a channel on which a thread may hang, posted or redrawn.
    async fn with_thread(&self, post: &Post, sheet: &Sheet) -> Posted {
        let channel = self.channels.of(post.kind).to_owned();
        let drawn = draw(sheet, &self.names);
        let stands = match &post.place {
            Some(stood) if !stood.message.is_empty() => {
                if stood.drawn != drawn.digest() {
                    self.redraw(stood, &drawn).await?;
                }
                Place { drawn: drawn.digest(), ..stood.clone() }
            }
            // On Slack a thread is its first message: one whose first message is gone is gone.
            Some(Place { thread: Some(thread), .. }) => return Err(Fault::ThreadGone(thread.clone())),
            _ => self.create(post, &channel, None, &drawn, &key(post)).await?,
        };
        Ok(Some(Place { thread: Some(stands.message.clone()), ..stands }))
    }

    /// What comes in files: texts of ours that are too long, and the pictures of a mail. What is larger or of another kind
    /// is named, and lies on the ticket's page.
    async fn files(&self, sheet: &Sheet, drawn: &Drawn) -> Vec<(String, Vec<u8>)> {
        let texts = drawn.texts.iter().map(|(name, text)| (name.clone(), text.clone().into_bytes()));
        let mut files: Vec<(String, Vec<u8>)> = texts.collect();
        let room = MOST_BYTES.saturating_sub(files.iter().map(|(_, bytes)| bytes.len() as u64).sum());
        let most = MOST_FILES.saturating_sub(files.len());
        files.extend(pictures(&self.desk, sheet, most, room).await);
        files
    }

    /// Posts files into a thread, in one message. Where an earlier attempt may have done so, they are looked for first.
    async fn upload(
        &self,
        thread: &Spot<'_>,
        after: &str,
        files: Vec<(String, Vec<u8>)>,
        is_repeated: bool,
    ) -> std::result::Result<(), ApiError> {
        if is_repeated && self.has_files(thread, after, &files).await? {
            return Ok(());
        }
        let mut uploaded = Vec::new();
        for (name, bytes) in files.into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
            let asked = json!({ "filename": name, "length": bytes.len() });
            let given = self.api.call("files.getUploadURLExternal", &asked).await?;
            let (Some(url), Some(id)) = (given["upload_url"].as_str(), given["file_id"].as_str()) else {
                return Err(ApiError::Away("Slack gives no address for a file".to_owned()));
            };
            self.api.upload(url, bytes).await?;
            uploaded.push(json!({ "id": id, "title": name }));
        }
        if uploaded.is_empty() {
            return Ok(());
        }
        let done = json!({ "files": uploaded, "channel_id": thread.channel, "thread_ts": thread.ts });
        self.api.call("files.completeUploadExternal", &done).await.map(drop)
    }

    /// Files could not be posted. While that may pass they are tried again; then the message stands without them, so that
    /// they hold up nothing that comes behind: they lie on the ticket's page.
    async fn without_files(
        &self,
        post: &Post,
        error: ApiError,
        stands: Place,
        drawn: &Drawn,
    ) -> std::result::Result<Place, Fault> {
        let said = error.to_string();
        match fault_of_thread(error, &stands.channel) {
            fault @ Fault::ThreadGone(_) => return Err(fault),
            fault @ Fault::Later { .. } if post.attempts() < MOST_TRIES_OF_FILES => return Err(fault),
            Fault::Barred(barred) => {
                let noted = self.barred(post.kind, barred).await;
                noted.map_err(|failure| Fault::of_desk(&failure))?;
                // They come once that is mended.
                return Ok(stands);
            }
            _ => {}
        }
        tracing::warn!(
            post = post.id.0,
            error = said,
            "files could not be posted to Slack; they stand on the ticket's page"
        );
        Ok(Place { drawn: drawn.digest(), ..stands })
    }

    async fn has_files(
        &self,
        thread: &Spot<'_>,
        after: &str,
        files: &[(String, Vec<u8>)],
    ) -> std::result::Result<bool, ApiError> {
        let asked =
            json!({ "channel": thread.channel, "ts": thread.ts, "oldest": after, "limit": LOOKED_THROUGH });
        let answer = self.api.call("conversations.replies", &asked).await?;
        let messages = answer["messages"].as_array().into_iter().flatten();
        let stands = messages.filter(|message| !message["bot_id"].is_null() || !message["app_id"].is_null());
        let there = stands.flat_map(|message| message["files"].as_array().into_iter().flatten());
        let mut there: Vec<(&str, u64)> =
            there.filter_map(|file| Some((file["name"].as_str()?, file["size"].as_u64()?))).collect();
        // Two pictures of one name may both be `image.png`: each of them stands for one.
        let mut stands = |name: &str, bytes: usize| {
            let at = there.iter().position(|(known, size)| *known == name && *size == bytes as u64);
            at.map(|at| there.swap_remove(at)).is_some()
        };
        let mut sent = files.iter().filter(|(_, bytes)| !bytes.is_empty());
        Ok(!files.is_empty() && sent.all(|(name, bytes)| stands(name, bytes.len())))
    }

    /// Looks whether we may post in a channel: an alert begins, or ends, and then what waited is posted.
    ///
    /// # Errors
    /// The database's.
    pub async fn look(&self, channel: &str) -> Result<()> {
        let about = about(channel);
        let lack = match self.lack(channel).await {
            Ok(None) if self.is_forbidden(channel) => return Ok(()),
            Ok(lack) => lack,
            Err(error) => {
                tracing::debug!(error = %error, "what a channel lacks could not be seen");
                return Ok(());
            }
        };
        let was_closed = {
            let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
            match &lack {
                Some(word) => closed.insert(channel.to_owned(), word.clone()),
                None => closed.remove(channel),
            }
            .is_some()
        };
        if let Some(word) = lack {
            return self.desk.raise_alert(AlertKind::ChatRefused, &about, &word).await;
        }
        let standing = self.desk.alerts().await?;
        let is_said =
            standing.iter().any(|alert| alert.kind == AlertKind::ChatRefused && alert.about == about);
        if is_said {
            self.desk.end_alert(AlertKind::ChatRefused, &about).await?;
        }
        if is_said || was_closed {
            self.desk.chat_is_open_again(PLATFORM).await?;
        }
        Ok(())
    }

    /// What keeps us from posting in a channel, in a word that `wording` reads.
    async fn lack(&self, channel: &str) -> std::result::Result<Option<String>, ApiError> {
        let answer = match self.api.call("conversations.info", &json!({ "channel": channel })).await {
            Ok(answer) => answer,
            Err(error) => {
                return match error.word() {
                    Some("channel_not_found") => Ok(Some("unknown_channel".to_owned())),
                    _ => Err(error),
                };
            }
        };
        let there = &answer["channel"];
        let name = there["name"].as_str().unwrap_or(channel);
        Ok(match there {
            _ if there["is_archived"] == true => Some(format!("archived:{name}")),
            _ if there["is_member"] == false => Some(format!("not_invited:{name}")),
            _ => None,
        })
    }

    /// Looks at all channels.
    ///
    /// # Errors
    /// The database's.
    pub async fn look_at_all(&self) -> Result<()> {
        for channel in self.channels.all() {
            self.look(channel).await?;
        }
        self.look_at_scopes().await
    }

    fn close(&self, what: &str, word: &str) {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        closed.insert(what.to_owned(), word.to_owned());
    }

    fn closed_by(&self, what: &str) -> Option<String> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).get(what).cloned()
    }

    /// What was closed is open again, and so says its alert.
    async fn end(&self, what: &str, about: &str) -> Result<()> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).remove(what);
        self.desk.end_alert(AlertKind::ChatRefused, about).await
    }

    /// Looks whether a scope that was missing was granted; then what waited for it is posted.
    async fn look_at_scopes(&self) -> Result<()> {
        let Some(word) = self.closed_by(POSTS) else { return Ok(()) };
        let Some(needed) = word.strip_prefix(SCOPE) else { return Ok(()) };
        let Ok((_, scopes)) = self.api.call_for_scopes("auth.test").await else { return Ok(()) };
        if needed.split(',').all(|needed| scopes.iter().any(|given| given == needed.trim())) {
            self.end(POSTS, POSTS).await?;
            self.desk.chat_is_open_again(PLATFORM).await?;
        }
        Ok(())
    }

    /// Whether Slack forbids to post there, and does not say when that ends: only a post that it takes shows it.
    fn is_forbidden(&self, channel: &str) -> bool {
        self.closed_by(channel).is_some_and(|word| word.starts_with("restricted_action"))
    }

    /// Whether one of our channels, or a thread there, is where something stands.
    fn is_ours(&self, spot: &str) -> bool {
        let channel = Spot::of(spot).map_or(spot, |spot| spot.channel);
        self.channels.all().any(|ours| ours == channel)
    }

    /// What is closed to us and stands in none of our channels is left there: it comes anew where things are posted now.
    fn left_behind(&self, fault: Fault, place: &Place) -> Fault {
        match fault {
            Fault::Barred(Barred::NoChannel | Barred::Permission | Barred::There(_))
                if !self.is_here(place) =>
            {
                Fault::Gone(Box::new(place.clone()))
            }
            fault => fault,
        }
    }

    fn is_closed(&self, channel: &str) -> bool {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).contains_key(channel)
    }

    /// Looks after a while whether what was closed to us is open again, where Slack does not tell.
    pub async fn look_again_for_ever(&self) {
        const EVERY: std::time::Duration = std::time::Duration::from_secs(60);
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(failure) = self.look_at_scopes().await {
                tracing::warn!(error = %failure, "what Slack lets us do could not be noted");
            }
            for channel in self.channels.all().filter(|channel| self.is_closed(channel)) {
                if let Err(failure) = self.look(channel).await {
                    tracing::warn!(error = %failure, "what Slack lets us do could not be noted");
                }
            }
        }
    }
}

impl Wall for Poster {
    fn platform(&self) -> Platform {
        PLATFORM
    }

    fn desk(&self) -> &Desk {
        &self.desk
    }

    fn public_url(&self) -> &str {
        &self.public_url
    }

    fn is_here(&self, place: &Place) -> bool {
        self.is_ours(&place.message)
    }

    fn has_channel(&self, kind: PostKind) -> bool {
        match kind {
            PostKind::Escalation => self.channels.dev.is_some(),
            PostKind::Handover => self.channels.product.is_some(),
            _ => true,
        }
    }

    async fn card(&self, post: &Post, _ticket: &TicketView, sheet: &Sheet) -> Posted {
        self.with_thread(post, sheet).await
    }

    async fn escalation(&self, post: &Post, _ticket: &TicketView, sheet: &Sheet) -> Posted {
        self.with_thread(post, sheet).await
    }

    async fn entry(&self, post: &Post, _ticket: &TicketView, sheet: &Sheet) -> Posted {
        let drawn = draw(sheet, &self.names);
        let thread = post.card.as_ref().and_then(|card| card.thread.clone());
        let mut stands = match &post.place {
            Some(place) => {
                if place.drawn.trim_end_matches(BARE) != drawn.digest() {
                    self.redraw(place, &drawn).await?;
                }
                // Its files came with it, unless they could not.
                if !place.drawn.ends_with(BARE) {
                    return Ok(Some(Place { drawn: drawn.digest(), ..place.clone() }));
                }
                place.clone()
            }
            None => {
                let Some(thread) = thread.as_deref().and_then(Spot::of) else { return Err(Fault::NoCard) };
                self.create(post, thread.channel, Some(thread.ts), &drawn, &key(post)).await?
            }
        };
        let files = self.files(sheet, &drawn).await;
        if !files.is_empty() {
            let Some(thread) = Spot::of(&stands.channel) else { return Err(Fault::NoCard) };
            let message = stands.message.clone();
            let after = Spot::of(&message).map_or(thread.ts, |spot| spot.ts);
            // Kept before the files leave: should that last, the message is not to come twice.
            stands.drawn = drawn.bare_digest();
            let kept = self.desk.keep_place(PLATFORM, &stands).await;
            kept.map_err(|failure| Fault::of_desk(&failure))?;
            let is_repeated = post.is_repeated() || post.place.is_some();
            let uploaded = self.upload(&thread, after, files, is_repeated).await;
            if let Err(error) = uploaded {
                return self.without_files(post, error, stands, &drawn).await.map(Some);
            }
        }
        Ok(Some(Place { drawn: drawn.digest(), ..stands }))
    }

    async fn say(&self, post: &Post, sheet: &Sheet) -> std::result::Result<Place, Fault> {
        let drawn = draw(sheet, &self.names);
        let channel = self.channels.of(post.kind).to_owned();
        let stands = self.create(post, &channel, None, &drawn, &key(post)).await?;
        let files = self.files(sheet, &drawn).await;
        if let Some(thread) = Spot::of(&stands.message).filter(|_| !files.is_empty())
            && let Err(error) = self.upload(&thread, thread.ts, files, post.is_repeated()).await
        {
            // What is said stands; no picture is worth saying it twice.
            tracing::warn!(post = post.id.0, error = %error, "files could not be posted to Slack under what is said");
        }
        Ok(stands)
    }

    async fn restate(&self, place: &Place, sheet: &Sheet) -> std::result::Result<String, Fault> {
        let drawn = draw(sheet, &self.names);
        if place.drawn != drawn.digest() {
            self.redraw(place, &drawn).await?;
        }
        Ok(drawn.digest())
    }

    async fn tell(
        &self,
        post: &Post,
        agent: i64,
        account: &str,
        sheet: &Sheet,
    ) -> std::result::Result<Place, Fault> {
        let opened =
            self.api.call("conversations.open", &json!({ "users": account })).await.map_err(fault)?;
        let channel = opened["channel"]["id"].as_str().unwrap_or(account).to_owned();
        let drawn = draw(sheet, &self.names);
        let stands = self.create(post, &channel, None, &drawn, &format!("{}-{agent}", key(post))).await?;
        Ok(Place { about: agent, ..stands })
    }

    async fn remove(&self, card: &Place) {
        let Some(stands) = Spot::of(&card.message) else { return };
        let message = json!({ "channel": stands.channel, "ts": stands.ts });
        if let Err(error) = self.api.call("chat.delete", &message).await
            && error.word() != Some("message_not_found")
        {
            tracing::warn!(error = %error, "a card without its thread could not be taken away");
        }
    }

    async fn barred(&self, kind: PostKind, barred: Barred) -> Result<String> {
        let root = self.channels.of(kind);
        let (about, word) = match barred {
            Barred::Token => (GATEWAY.to_owned(), "bad_token".to_owned()),
            Barred::Other(word) => {
                self.close(POSTS, &word);
                (POSTS.to_owned(), word)
            }
            Barred::There(word) => {
                self.close(root, &word);
                (about(root), word)
            }
            Barred::NoChannel | Barred::Permission => match self.lack(root).await {
                Ok(Some(word)) => {
                    self.close(root, &word);
                    (about(root), word)
                }
                Ok(None) => return Ok("closed a moment ago".to_owned()),
                Err(_) => return Ok("closed, and Slack does not say why".to_owned()),
            },
        };
        self.desk.raise_alert(AlertKind::ChatRefused, &about, &word).await?;
        Ok(word)
    }

    async fn opened(&self, kind: PostKind) -> Result<bool> {
        let root = self.channels.of(kind);
        // A scope that is missing may be so for another kind of post.
        if self.closed_by(POSTS).is_some_and(|word| !word.starts_with(SCOPE)) {
            self.end(POSTS, POSTS).await?;
        }
        if self.is_closed(root) {
            // What was posted shows that what Slack forbade is allowed again.
            self.end(root, &about(root)).await?;
            self.look(root).await?;
        }
        Ok(!self.is_closed(root) && !self.is_closed(POSTS))
    }
}

/// By what a message of ours is known again.
fn key(post: &Post) -> String {
    post.id.to_string()
}

/// The subject of an alert about a channel.
fn about(channel: &str) -> String {
    format!("slack:{channel}")
}

fn place(post: &Post, channel: &str, thread: Option<&str>, ts: &str, drawn: String) -> Place {
    Place {
        kind: post.kind.stands_as(),
        about: post.place_about(),
        ticket: post.ticket.as_ref().map(|ticket| ticket.id),
        channel: thread.map_or_else(|| channel.to_owned(), |thread| spot(channel, thread)),
        message: spot(channel, ts),
        thread: None,
        drawn,
    }
}
