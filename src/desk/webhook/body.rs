//! What a webhook says: made of what a requester may see, when it is first due, and kept from then on. May import: domain,
//! store, view, wording.

use super::HookPost;
use crate::desk::host::HostTicket;
use crate::desk::{Inner, Result};
use crate::domain::event::EventDetail;
use crate::domain::ids::{MessageId, NotificationId};
use crate::domain::mail::Attachment;
use crate::domain::message::Direction;
use crate::domain::ticket::Status;
use crate::domain::webhook::HookEvent;
use crate::store::Tx;
use crate::store::webhook::{About, ClaimedHook};
use crate::view::host;
use crate::wording::letters;
use chrono::{DateTime, Utc};

impl Inner {
    /// A claimed row with its bytes; `None` when it is not to be told, or not yet.
    pub(super) async fn hook_post(
        &self,
        tx: &mut Tx,
        post: ClaimedHook,
        leased_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<HookPost>> {
        let ClaimedHook { id, kind, about, attempt, .. } = post;
        let body = match &post.body {
            Some(body) => body.clone(),
            None => {
                let data = match about.notification {
                    Some(notification) => self.notified(tx, &post, notification, now).await?,
                    None => self.happened(tx, &post, now).await?,
                };
                let Some(data) = data else { return Ok(None) };
                let told = host::Webhook { kind: kind.as_str(), timestamp: post.at, data };
                let body = serde_json::to_string(&told).map_err(anyhow::Error::from)?;
                tx.seal_hook_post(id, &body).await?;
                body
            }
        };
        let (webhook_id, ticket) = (post.webhook_id, about.ticket);
        Ok(Some(HookPost { id, webhook_id, kind, ticket, attempt, leased_until, body }))
    }

    /// What a webhook says of a notification. One that a later notice took the place of is told of if that notice is taken
    /// back, which can be known only then.
    async fn notified(
        &self,
        tx: &mut Tx,
        post: &ClaimedHook,
        id: NotificationId,
        now: DateTime<Utc>,
    ) -> Result<Option<host::WebhookData>> {
        let Some((told, requester, withdrawn_at)) = tx.notification(id).await? else {
            tx.drop_hook_post(post.id).await?;
            return Ok(None);
        };
        if let Some(withdrawn_at) = withdrawn_at {
            let known_at = withdrawn_at + self.settings.rules.undo_window;
            if known_at > now {
                tx.put_off_hook_post(post.id, known_at).await?;
            } else {
                tx.drop_hook_post(post.id).await?;
            }
            return Ok(None);
        }
        let user = tx.requester(requester).await?;
        let url = self.page(requester, told.ticket, now);
        let mut notification = host::Notification::from((told, url));
        notification.read = post.kind == HookEvent::NotificationRead;
        Ok(Some(host::WebhookData {
            user: Some(user.into()),
            notification: Some(notification),
            ..host::WebhookData::default()
        }))
    }

    /// What a webhook says of a ticket, as it stood then.
    async fn happened(
        &self,
        tx: &mut Tx,
        post: &ClaimedHook,
        now: DateTime<Utc>,
    ) -> Result<Option<host::WebhookData>> {
        let About { ticket: id, status, event, message, .. } = post.about;
        let mut ticket =
            tx.ticket(id).await?.ok_or_else(|| anyhow::anyhow!("webhook {} has no ticket", post.id))?;
        ticket.status = status.unwrap_or(ticket.status);
        ticket.updated_at = post.at;
        let user = tx.requester(ticket.requester).await?;
        let message = match message {
            Some(message) => match self.public_message(tx, message).await? {
                Some(message) => Some(message),
                None => {
                    tx.drop_hook_post(post.id).await?;
                    return Ok(None);
                }
            },
            None => None,
        };
        let detail = match event {
            Some(event) => {
                let mut events = tx.events(id).await?.into_iter();
                events.find(|line| line.id == event).map(|line| line.detail).unwrap_or_default()
            }
            None => EventDetail::default(),
        };
        let page = self.page(ticket.requester, id, now);
        let is_change = matches!(
            post.kind,
            HookEvent::TicketStatusChanged
                | HookEvent::TicketResolved
                | HookEvent::TicketReopened
                | HookEvent::TicketClosed
        );
        let status = |status: Option<Status>| status.filter(|_| is_change).map(Status::as_str);
        let comment = detail.note.unwrap_or_default();
        let feedback = detail.rating.map(|rating| host::Feedback { rating: rating.as_str(), comment });
        Ok(Some(host::WebhookData {
            user: Some(user.into()),
            ticket: Some(HostTicket { ticket, page }.into()),
            message,
            from: status(detail.from),
            to: status(detail.to),
            into: detail.other.filter(|_| post.kind == HookEvent::TicketMerged),
            feedback: feedback.filter(|_| post.kind == HookEvent::TicketFeedbackGiven),
            notification: None,
        }))
    }

    /// A message as its user sees it; `None` for one that was taken back, and for what stays within the team.
    async fn public_message(&self, tx: &mut Tx, id: MessageId) -> Result<Option<host::Message>> {
        let Some(message) = tx.message(id).await? else { return Ok(None) };
        let author = match message.direction {
            Direction::Inbound => message.author,
            Direction::Outbound => letters::signature(&self.settings.brand),
            Direction::Note => return Ok(None),
        };
        let files = tx.files_of(id).await?.into_iter();
        let file =
            |file: Attachment| host::File { name: file.name, media_type: file.media_type, bytes: file.bytes };
        Ok(Some(host::Message {
            id: id.0,
            direction: message.direction.as_str(),
            author,
            at: message.at,
            text: message.text,
            attachments: files.map(file).collect(),
        }))
    }
}
