//! What is held of a person: all of it, for them; and none of it, when they ask for that. What stays of an erased person are
//! numbers, times and statuses, so that no figure of the past changes.

use super::people::known_requester;
use super::{Desk, Result, unpack};
use crate::domain::chat::PostKind;
use crate::domain::event::{EventDetail, EventKind};
use crate::domain::people::Door;
use crate::store::tickets::NewEvent;
use crate::wording;

/// What was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// Tickets that are nobody's any more.
    pub tickets: usize,
    /// Messages without their words.
    pub messages: usize,
    /// Mails that are gone.
    pub mails: u64,
}

#[allow(clippy::missing_errors_doc, reason = "an unknown requester, and the database's")]
impl Desk {
    /// The mails of a person's tickets, byte for byte, each by its number in the journal.
    pub async fn mails_of(&self, email: &str) -> Result<Vec<(i64, Vec<u8>)>> {
        let mut tx = self.inner.store.read().await?;
        let requester = known_requester(&mut tx, email).await?;
        let packed = tx.mails_of(requester.id).await?;
        packed.into_iter().map(|(id, packed)| Ok((id, unpack(&packed)?))).collect()
    }

    /// Takes away all that is held of a person, in one transaction. What waits to be sent to them is not; their links open
    /// nothing; a later mail of theirs is a stranger's. What stands in chat is drawn anew without their words.
    pub async fn erase(&self, email: &str, actor: &str) -> Result<Erased> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let requester = known_requester(&mut tx, email).await?;
        let tickets = tx.tickets_of(requester.id).await?;
        for ticket in &tickets {
            tx.lock_ticket(*ticket).await?;
        }
        let messages = tx.messages_of(requester.id).await?;
        for (message, _) in &messages {
            tx.forget_message(*message).await?;
        }
        let (called, words) = (wording::mail::erased_person(), wording::mail::erased_words());
        for (event, actor, detail) in tx.events_about(requester.id, &requester.email).await? {
            let mut detail: EventDetail = serde_json::from_str(&detail).map_err(anyhow::Error::from)?;
            detail.note = None;
            detail.participants.retain(|change| change.address != requester.email);
            let actor = if actor == requester.email { called } else { &actor };
            let detail = serde_json::to_string(&detail).map_err(anyhow::Error::from)?;
            tx.blank_event(event, actor, &detail).await?;
        }
        let mails = tx.erase_requester(requester.id, &requester.email, called, words, now).await?;
        for ticket in &tickets {
            let Some(stands) = tx.ticket(*ticket).await? else { continue };
            let happened = NewEvent {
                ticket: *ticket,
                at: now,
                kind: EventKind::Erased,
                door: Door::Cli,
                agent: None,
                actor,
                detail: &EventDetail::default(),
                version_after: stands.version,
                source_key: None,
            };
            let event = tx.add_event(&happened).await?;
            self.inner.tell_chats(&mut tx, event, &happened, stands.assignee.is_some()).await?;
        }
        for (message, ticket) in &messages {
            for platform in &self.inner.settings.chats {
                tx.add_post(*platform, PostKind::Message, Some(*ticket), message.0, now, now).await?;
            }
        }
        tx.commit().await?;
        self.inner.ring_chats();
        Ok(Erased { tickets: tickets.len(), messages: messages.len(), mails })
    }
}
