//! What Slack tells, handed to who answers it: acknowledged at once, carried out after.

use super::delivery::{Delivery, Kind};
use super::heard::Look;
use super::line::InLine;
use super::people::People;
use super::post::{GATEWAY, PLATFORM, Poster};
use super::spot::spot;
use crate::chat::poster::Wall;
use crate::chat::room::{Caller, Room};
use crate::desk::Result;
use crate::domain::alert::AlertKind;
use serde_json::Value;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Who listens.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Where it is taken.
    pub room: Room,
    /// What posts: it hears of what was removed, and of channels that changed.
    pub poster: Poster,
    /// Who people are.
    pub people: Arc<People>,
    /// Our own account.
    pub me: String,
    /// Where the pages are seen from outside.
    pub public_url: String,
    /// Messages, in the order in which they come.
    pub messages: InLine,
    /// What is in hand.
    pub tasks: TaskTracker,
}

impl Listener {
    /// Takes something that Slack tells; answers when it is ready.
    pub fn take(&self, delivery: Delivery) {
        if delivery.kind == Kind::Event {
            // At once, so that what is said stands in line in the order in which it comes. What finds no place there is not
            // acknowledged: Slack tells it again.
            if self.happened(&delivery.payload["event"]) {
                let _ = delivery.acknowledge.send(None);
            }
            return;
        }
        let listener = self.clone();
        self.tasks.spawn(async move { listener.carry_out(delivery).await });
    }

    async fn carry_out(&self, delivery: Delivery) {
        let Delivery { kind, payload, acknowledge } = delivery;
        // Whoever waits for the word has gone where it cannot be given.
        let taken = |word| {
            let _ = acknowledge.send(word);
        };
        match (kind, payload["type"].as_str()) {
            (Kind::Command, _) => {
                taken(None);
                self.command(&payload).await;
            }
            (Kind::Interaction, Some("block_actions")) => {
                taken(None);
                self.pressed(&payload).await;
            }
            (Kind::Interaction, Some("view_submission")) => self.submitted(&payload, taken).await,
            (Kind::Interaction, Some("message_action")) => {
                taken(None);
                self.shortcut(&payload).await;
            }
            (Kind::Interaction, _) => taken(None),
            // Taken where it came.
            (Kind::Event, _) => {}
        }
    }

    /// Something happened. What is said is put in line, if there is a place; the rest is done at once. Whether it was taken.
    fn happened(&self, event: &Value) -> bool {
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let ours = |channel: &str| self.poster.channels.all().any(|one| one == channel);
        match event["type"].as_str().unwrap_or_default() {
            "message" => return self.messages.message(event),
            "app_home_opened" if event["tab"] != "messages" => {
                let (listener, account) = (self.clone(), text("user"));
                self.tasks.spawn(async move { listener.show_home(&account).await });
            }
            "link_shared" => {
                let (listener, event) = (self.clone(), event.clone());
                self.tasks.spawn(async move { listener.unfurl(&event).await });
            }
            "subteam_members_changed" | "subteam_updated" | "subteam_self_added" | "subteam_self_removed" => {
                self.people.forget_groups();
            }
            "user_change" | "user_profile_changed" => {
                self.people.forget_name(event["user"]["id"].as_str().unwrap_or_default());
            }
            "channel_archive"
            | "channel_unarchive"
            | "channel_deleted"
            | "channel_rename"
            | "channel_left"
            | "group_left"
            | "group_archive"
            | "group_unarchive"
            | "group_deleted"
            | "member_joined_channel"
            | "member_left_channel" => {
                let named = event["channel"].as_str().or_else(|| event["channel"]["id"].as_str());
                let channel = named.unwrap_or_default().to_owned();
                let is_about_us = event["user"].as_str().is_none_or(|user| user == self.me)
                    || !text("type").starts_with("member_");
                if ours(&channel) && is_about_us {
                    let listener = self.clone();
                    self.tasks.spawn(async move { noted(listener.poster.look(&channel).await) });
                }
            }
            "tokens_revoked" | "app_uninstalled" => {
                let listener = self.clone();
                self.tasks.spawn(async move {
                    let desk = &listener.room.desk;
                    noted(desk.raise_alert(AlertKind::ChatRefused, GATEWAY, "bad_token").await);
                });
            }
            _ => {}
        }
        true
    }

    /// From now on we are told what happens: what was said before is read, before anything that is told.
    pub fn missed(&self, look: Look) {
        self.messages.missed(look);
    }

    /// We are told what happens, and were not before: what waited is posted.
    pub async fn begun(&self) {
        noted(self.room.desk.end_alert(AlertKind::ChatRefused, GATEWAY).await);
        noted(self.poster.look_at_all().await);
        noted(self.room.desk.chat_is_open_again(PLATFORM).await);
    }

    /// A message of ours was removed: what it showed is posted anew. A thread goes with its first message.
    pub(super) async fn removed(&self, channel: &str, ts: &str) -> Result<()> {
        let (desk, message) = (&self.room.desk, spot(channel, ts));
        let places = desk.places_of_message(PLATFORM, &message).await?;
        if places.iter().any(|place| place.thread.is_some()) {
            if let Some(card) = desk.chat_thread_gone(PLATFORM, &message).await? {
                self.poster.remove(&card).await;
            }
            return Ok(());
        }
        desk.chat_message_gone(PLATFORM, &message).await
    }

    /// Somebody, as Slack knows them; with the address of their profile where nobody linked them yet.
    pub(super) async fn caller(&self, account: &str) -> Caller {
        let is_linked =
            matches!(self.room.desk.agent_by_account(PLATFORM, account).await, Ok(Some(_)) | Err(_));
        Caller {
            name: self.people.name(account).await,
            roles: self.people.groups_of(account).await,
            email: if is_linked { None } else { self.people.email(account).await },
            account: account.to_owned(),
        }
    }
}

pub(super) fn noted<T>(outcome: Result<T>) {
    if let Err(failure) = outcome {
        tracing::error!(error = %failure, "what happened on Slack could not be noted");
    }
}
