//! What needs a person, said once in #support-team, with the leads called; and where that channel itself is closed to us,
//! to each lead alone.

use super::draw::{Drawn, draw};
use super::fault::{Fault, fault};
use super::post::{PLATFORM, Posted, Poster, place};
use crate::desk::chat::Post;
use crate::domain::chat::{Place, PostKind};
use crate::domain::people::Role;
use crate::view::sheet::{Call, Sheet};
use crate::wording;
use serenity::all::{CreateForumPost, Nonce, UserId};

/// The digest of what said that all is well again.
const ENDED: &str = "ended";

impl Poster {
    /// Says what stands, or that nothing does any more.
    pub(super) async fn alarm(&self, post: &Post) -> Posted {
        let sheet = wording::chat::alarm(&post.alerts);
        let said = self.in_channel(post, &sheet).await;
        let is_said_alone = matches!(said, Err(Fault::Barred(_)));
        if is_said_alone || post.alerts.is_empty() {
            self.to_leads(post, &sheet).await?;
        }
        said
    }

    async fn in_channel(&self, post: &Post, sheet: &Sheet) -> Posted {
        let is_over = post.alerts.is_empty();
        if let Some(stands) = post.place.as_ref().filter(|place| place.drawn != ENDED) {
            return self.restate(stands, sheet, is_over).await.map(Some);
        }
        if is_over {
            return Ok(post.place.clone());
        }
        let sheet = Sheet { calls: Some(Call::Leads), ..sheet.clone() };
        let channel = self.channels.support;
        let drawn = self.drawn(&sheet, self.channels.leads, channel);
        let digest = drawn.digest();
        if self.channels.forum.is_some() {
            let title = sheet.title.unwrap_or_default();
            let forum_post = CreateForumPost::new(title.clone(), drawn.clone().message(Vec::new()));
            let id = self.forum_post(post, &title, forum_post, drawn).await?;
            return Ok(Some(Place {
                kind: PostKind::Alerts,
                about: 0,
                ticket: None,
                channel: id.clone(),
                message: id,
                thread: None,
                drawn: digest,
            }));
        }
        let message = self.create(post, channel, drawn, Vec::new()).await?;
        Ok(Some(place(post, channel, &message, None, digest)))
    }

    async fn restate(&self, stands: &Place, sheet: &Sheet, is_over: bool) -> Result<Place, Fault> {
        let drawn = self.drawn(sheet, None, self.channels.support);
        let digest = if is_over { ENDED.to_owned() } else { drawn.digest() };
        if stands.drawn != digest {
            self.redraw(stands, drawn).await?;
        }
        Ok(Place { drawn: digest, ..stands.clone() })
    }

    /// Each linked lead hears of it once, by a direct message that is kept up to date. Who takes none is passed over.
    async fn to_leads(&self, post: &Post, sheet: &Sheet) -> Result<(), Fault> {
        let is_over = post.alerts.is_empty();
        for (agent, account) in self.leads().await? {
            let known = self.desk.place(PLATFORM, PostKind::Alerts, agent).await.map_err(broken)?;
            let stands = known.filter(|place| place.drawn != ENDED);
            let told = match (stands, is_over) {
                (Some(stands), _) => self.restate(&stands, sheet, is_over).await,
                (None, true) => continue,
                (None, false) => self.to_one(post, agent, account, draw(sheet, None)).await,
            };
            match told {
                Ok(place) => self.desk.keep_place(PLATFORM, &place).await.map_err(broken)?,
                Err(fault @ Fault::Later { .. }) => return Err(fault),
                Err(fault) => tracing::warn!(agent.id = agent, ?fault, "a lead takes no direct message"),
            }
        }
        Ok(())
    }

    async fn to_one(&self, post: &Post, agent: i64, account: UserId, drawn: Drawn) -> Result<Place, Fault> {
        let direct = account.create_dm_channel(&self.http).await.map_err(|error| fault(&error))?;
        let digest = drawn.digest();
        let nonce = Nonce::String(format!("guichet-{}-{agent}", post.id));
        let message = drawn.message(Vec::new()).nonce(nonce).enforce_nonce(true);
        let message = direct.id.send_message(&self.http, message).await.map_err(|error| fault(&error))?;
        Ok(Place {
            kind: PostKind::Alerts,
            about: agent,
            ticket: None,
            channel: direct.id.to_string(),
            message: message.id.to_string(),
            thread: None,
            drawn: digest,
        })
    }

    /// The leads who are linked, with their accounts.
    async fn leads(&self) -> Result<Vec<(i64, UserId)>, Fault> {
        let agents = self.desk.agents().await.map_err(broken)?;
        let leads = agents.into_iter().filter(|linked| linked.agent.role >= Role::Lead);
        Ok(leads
            .flat_map(|linked| {
                let id = linked.agent.id.0;
                linked.identities.into_iter().map(move |(kind, account)| (id, kind, account))
            })
            .filter(|(_, kind, _)| kind == PLATFORM.as_str())
            .filter_map(|(id, _, account)| {
                Some((id, UserId::new(account.parse::<u64>().ok().filter(|id| *id > 0)?)))
            })
            .collect())
    }
}

fn broken(failure: crate::desk::Failure) -> Fault {
    Fault::Later { why: failure.to_string(), wait: None }
}
