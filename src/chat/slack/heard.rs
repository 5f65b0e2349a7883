//! Messages that people write: commands, and notes in a ticket's thread; as they come, one after the other, and what was
//! written while we were not told.

use super::api::ApiError;
use super::draw::text::plain;
use super::line::Front;
use super::listener::Listener;
use super::post::PLATFORM;
use super::spot::{Spot, is_after, seconds, spot};
use crate::chat::beside::Beside;
use crate::desk::Result;
use crate::domain::chat::PostKind;
use crate::view::sheet::Answer;
use crate::wording;
use serde_json::{Value, json};
use std::time::Duration;

/// How old a command may be that was typed while we were not told.
const LATE: i64 = 120;
/// The pauses between attempts: doubled up to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5 * 60));
/// How many messages are fetched at a time, and how many pages of a channel are looked through for threads. What hangs on
/// older messages is asked for one by one.
const FETCHED: u32 = 200;
const PAGES: u32 = 10;

/// What is told in line.
#[derive(Debug)]
pub enum Told {
    /// A message, or what became of one.
    Message(Value),
    /// Something may have been missed.
    Missed(Look),
}

/// Where is looked for what was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Among the latest messages of a channel, and in what hangs on them.
    Latest,
    /// In what hangs on older ones too.
    Everywhere,
}

/// What somebody said to us, or where we listen.
struct Heard<'a> {
    channel: &'a str,
    account: &'a str,
    ts: &'a str,
    /// The first message of the thread.
    thread: Option<&'a str>,
    /// The command that it is.
    line: Option<String>,
    said: String,
    /// The files beside it.
    beside: Vec<Beside>,
    /// It was written while we were not told.
    is_fetched: bool,
}

impl Listener {
    /// Takes in what is told, one after the other. What cannot be taken in is tried again before anything after it.
    pub(super) async fn hear_for_ever(&self, mut told: Front) {
        while let Some(next) = told.next().await {
            let mut pause = PAUSES.0;
            loop {
                let taken = match &next.told {
                    Told::Message(event) => self.heard(event).await.map_err(|failure| failure.to_string()),
                    Told::Missed(look) => self.catch_up(*look).await.map_err(|error| format!("{error:#}")),
                };
                let Err(why) = taken else { break };
                tracing::warn!(why, "what was written on Slack cannot be taken in; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }

    async fn heard(&self, event: &Value) -> Result<()> {
        let channel = event["channel"].as_str().unwrap_or_default();
        match event["subtype"].as_str() {
            Some("message_deleted") => {
                self.removed(channel, event["deleted_ts"].as_str().unwrap_or_default()).await
            }
            // What a thread hangs on leaves a mark behind when it is removed.
            Some("message_changed") if event["message"]["subtype"] == "tombstone" => {
                self.removed(channel, event["message"]["ts"].as_str().unwrap_or_default()).await
            }
            _ => self.take_in(channel, event, false).await,
        }
    }

    /// Takes a message in: a command, or a note in a ticket's thread. The same again changes nothing.
    async fn take_in(&self, channel: &str, message: &Value, is_fetched: bool) -> Result<()> {
        let is_said = matches!(
            message["subtype"].as_str(),
            None | Some("file_share" | "thread_broadcast" | "me_message")
        );
        let account = message["user"].as_str().unwrap_or_default();
        let ts = message["ts"].as_str().unwrap_or_default();
        let is_ours = account.is_empty() || account == self.me || message["bot_id"].is_string();
        let is_known_channel = self.poster.channels.all().any(|ours| ours == channel);
        if !is_said || ts.is_empty() || !is_known_channel {
            return Ok(());
        }
        let thread_ts = message["thread_ts"].as_str().filter(|thread| *thread != ts);
        let thread = thread_ts.map(|thread| spot(channel, thread));
        let place = match &thread {
            Some(thread) => self.room.desk.place_of_thread(PLATFORM, thread).await?,
            None => None,
        };
        let may_command = place.is_some() || channel == self.poster.channels.support;
        if !is_ours && may_command {
            let words = self.words(message).await;
            let of_card = place.as_ref().filter(|place| place.kind == PostKind::Card);
            let ticket = of_card.and_then(|place| place.ticket);
            let line = crate::command::thread::line(&words, &format!("@{}", self.me), ticket);
            let said = with_files(words, message);
            let beside = files(message).collect();
            let heard = Heard { channel, account, ts, thread: thread_ts, line, said, beside, is_fetched };
            // What colleagues say to each other in the channel is theirs.
            if heard.line.is_some() || place.is_some() {
                self.answer_heard(heard).await;
            }
        }
        // A thread that is nobody's is read by nobody.
        match thread {
            Some(thread) if place.is_some() => self.room.desk.see(PLATFORM, &thread, ts).await,
            Some(_) => Ok(()),
            None => self.room.desk.see(PLATFORM, channel, ts).await,
        }
    }

    async fn answer_heard(&self, heard: Heard<'_>) {
        let Heard { channel, account, ts, thread, line, said, beside, is_fetched } = heard;
        let caller = self.caller(account).await;
        let age = self.room.desk.clock().now().timestamp() - seconds(ts);
        let answer = match (line, thread) {
            // Whoever waited for it has helped themselves meanwhile: done now, it might be done twice.
            (Some(_), _) if is_fetched && age > LATE => Answer::Private(wording::chat::too_late_to_act()),
            (Some(line), _) => {
                let key = format!("slack:message:{channel}/{ts}");
                self.room.line(&caller, &line, &key, &beside, self.poster.api.as_ref()).await
            }
            (None, Some(thread)) => {
                self.room.heard(&caller, &spot(channel, thread), &said, &spot(channel, ts)).await
            }
            (None, None) => Answer::Silence,
        };
        if let Answer::Private(sheet) | Answer::Instead(sheet) = answer {
            self.answer_typed(&caller, channel, thread, &sheet).await;
        }
    }

    /// What somebody wrote, with the names and links of the files beside it: these are Slack's, and are not kept by us.
    pub(super) async fn said(&self, message: &Value) -> String {
        with_files(self.words(message).await, message)
    }

    /// What somebody wrote, as plain text. Our own name stays an account: a command may begin with it.
    async fn words(&self, message: &Value) -> String {
        let text = message["text"].as_str().unwrap_or_default();
        for account in named(text).filter(|account| *account != self.me) {
            self.people.name(account).await;
        }
        let name = |account: &str| self.people.known_name(account).filter(|_| account != self.me);
        plain(text, name).trim().to_owned()
    }

    /// Takes in what was written while we were not told: in our channels, and in the threads on what stands there.
    async fn catch_up(&self, look: Look) -> anyhow::Result<()> {
        let channels: Vec<String> = self.poster.channels.all().map(str::to_owned).collect();
        for channel in channels {
            match self.catch_up_channel(&channel, look).await {
                Ok(()) => {}
                // A channel that is closed to us is said by an alert; nobody can be read there.
                Err(Missed::Closed(word)) => tracing::debug!(word, "a channel of Slack is closed to us"),
                Err(Missed::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }

    async fn catch_up_channel(&self, channel: &str, look: Look) -> std::result::Result<(), Missed> {
        let seen = self.seen(channel).await?;
        let (mut missed, mut newest, mut oldest) = (Vec::new(), None::<String>, None::<String>);
        let mut is_whole = false;
        let mut asked = json!({ "channel": channel, "limit": FETCHED });
        for _ in 0..PAGES {
            let answer = self.read("conversations.history", &asked).await?;
            for message in answer["messages"].as_array().into_iter().flatten() {
                let ts = message["ts"].as_str().unwrap_or_default();
                if let Some(latest) = message["latest_reply"].as_str() {
                    self.catch_up_thread(channel, ts, Some(latest)).await?;
                }
                if newest.as_deref().is_none_or(|newest| is_after(ts, newest)) {
                    newest = Some(ts.to_owned());
                }
                if oldest.as_deref().is_none_or(|oldest| is_after(oldest, ts)) {
                    oldest = Some(ts.to_owned());
                }
                let is_in_thread = message["thread_ts"].as_str().is_some_and(|thread| thread != ts);
                if !is_in_thread && seen.as_deref().is_some_and(|seen| is_after(ts, seen)) {
                    missed.push(message.clone());
                }
            }
            match answer["response_metadata"]["next_cursor"].as_str().filter(|next| !next.is_empty()) {
                Some(next) => asked["cursor"] = json!(next),
                None => {
                    is_whole = true;
                    break;
                }
            }
        }
        if let (Look::Everywhere, false, Some(oldest)) = (look, is_whole, &oldest) {
            self.catch_up_older(channel, oldest).await?;
        }
        if seen.is_none() {
            // Nobody spoke to us there before we first came.
            let upto = newest.as_deref().unwrap_or("0000000000.000000");
            broken(self.room.desk.see(PLATFORM, channel, upto).await)?;
        }
        missed.sort_by_key(order);
        for message in missed {
            broken(self.take_in(channel, &message, true).await)?;
        }
        Ok(())
    }

    /// The threads of tickets that are not closed, on messages older than this one.
    async fn catch_up_older(&self, channel: &str, oldest: &str) -> std::result::Result<(), Missed> {
        for thread in broken(self.room.desk.open_threads(PLATFORM, channel).await)? {
            if let Some(old) = Spot::of(&thread).filter(|old| is_after(oldest, old.ts)) {
                self.catch_up_thread(channel, old.ts, None).await?;
            }
        }
        Ok(())
    }

    /// `latest`: the last that was written there, where that is known.
    async fn catch_up_thread(
        &self,
        channel: &str,
        ts: &str,
        latest: Option<&str>,
    ) -> std::result::Result<(), Missed> {
        let thread = spot(channel, ts);
        if broken(self.room.desk.place_of_thread(PLATFORM, &thread).await)?.is_none() {
            return Ok(());
        }
        // Where nothing was ever read, a thread of ours begins with itself.
        let seen = self.seen(&thread).await?.unwrap_or_else(|| ts.to_owned());
        if latest.is_some_and(|latest| !is_after(latest, &seen)) {
            return Ok(());
        }
        let mut asked = json!({ "channel": channel, "ts": ts, "oldest": seen, "limit": FETCHED });
        loop {
            let answer = match self.read("conversations.replies", &asked).await {
                Ok(answer) => answer,
                // Removed meanwhile: there is nobody to be heard.
                Err(Missed::Closed(_)) => return Ok(()),
                Err(failed) => return Err(failed),
            };
            let mut missed: Vec<Value> =
                answer["messages"].as_array().into_iter().flatten().cloned().collect();
            missed.retain(|message| message["ts"].as_str().is_some_and(|ts| is_after(ts, &seen)));
            missed.sort_by_key(order);
            for message in missed {
                broken(self.take_in(channel, &message, true).await)?;
            }
            match answer["response_metadata"]["next_cursor"].as_str().filter(|next| !next.is_empty()) {
                Some(next) => asked["cursor"] = json!(next),
                None => return Ok(()),
            }
        }
    }

    async fn seen(&self, channel: &str) -> std::result::Result<Option<String>, Missed> {
        broken(self.room.desk.seen(PLATFORM, channel).await)
    }

    /// Where Slack asks for slower requests it goes on from there: from the beginning, it would come no further.
    async fn read(&self, method: &str, asked: &Value) -> std::result::Result<Value, Missed> {
        loop {
            let error = match self.poster.api.call(method, asked).await {
                Ok(answer) => return Ok(answer),
                Err(ApiError::Wait(wait)) => {
                    tokio::time::sleep(wait).await;
                    continue;
                }
                Err(error) => error,
            };
            return Err(match error.word() {
                Some("channel_not_found" | "not_in_channel" | "thread_not_found" | "missing_scope") => {
                    Missed::Closed(error.to_string())
                }
                _ => Missed::Failed(error.into()),
            });
        }
    }
}

/// Why what was missed cannot be read.
enum Missed {
    /// A channel is closed to us.
    Closed(String),
    /// It may be read later.
    Failed(anyhow::Error),
}

fn broken<T>(outcome: Result<T>) -> std::result::Result<T, Missed> {
    outcome.map_err(|failure| Missed::Failed(anyhow::anyhow!("{failure}")))
}

/// A text with the names and links of the files beside it, for those who can open them: never for a requester.
fn with_files(mut said: String, message: &Value) -> String {
    for file in message["files"].as_array().into_iter().flatten() {
        if !said.is_empty() {
            said.push('\n');
        }
        let name = file["name"].as_str().unwrap_or("?");
        let link = file["permalink"].as_str().unwrap_or_default();
        said.push_str(format!("[{name}] {link}").trim_end());
    }
    said
}

/// The files beside a message.
fn files(message: &Value) -> impl Iterator<Item = Beside> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    message["files"].as_array().into_iter().flatten().map(move |file| Beside {
        name: text(&file["name"]),
        media_type: text(&file["mimetype"]),
        bytes: file["size"].as_u64().unwrap_or_default(),
        url: text(&file["url_private_download"]),
    })
}

/// Whom a text names.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split("<@").skip(1).filter_map(|rest| rest.split(['>', '|']).next())
}

/// Oldest first.
fn order(message: &Value) -> (i64, String) {
    let ts = message["ts"].as_str().unwrap_or_default();
    (seconds(ts), ts.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_whom_a_text_names_are_asked_for() {
        assert_eq!(named("<@U1> et <@U2|camille>, pas @U3").collect::<Vec<_>>(), ["U1", "U2"]);
    }
}
