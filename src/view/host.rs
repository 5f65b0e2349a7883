//! What the host application reads, as it is named in JSON: the answers of `/api/v1`, and what webhooks tell. Nothing of what
//! stays within the team has a place here. Pure. May import: utoipa.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Somebody who may ask for help.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct User {
    /// Their address.
    pub email: String,
    /// Their name, may be empty.
    pub name: String,
    /// How they are told: `web_only`, `email_only`, `both` or `none`.
    pub preference: &'static str,
}

/// A ticket.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Ticket {
    /// Its number.
    pub id: i64,
    /// Its subject.
    pub subject: String,
    /// Where it stands: `new`, `in_progress`, `waiting_customer`, `resolved` or `closed`.
    pub status: &'static str,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When anything last happened on it.
    pub updated_at: DateTime<Utc>,
    /// The user's own page of it, by a signed link: for nobody else's eyes.
    pub url: String,
}

/// What a user was told on the web.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Notification {
    /// Its number.
    pub id: i64,
    /// The number of its ticket.
    pub ticket: i64,
    /// Its colour: `warning` (orange), `success` (green), `info` (blue) or `reply`.
    pub kind: &'static str,
    /// Its title.
    pub title: String,
    /// Its message.
    pub message: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The user said that they read it.
    pub read: bool,
    /// The user's own page of the ticket, by a signed link: for nobody else's eyes.
    pub url: String,
}

/// An entry of a conversation, as its user sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Message {
    /// Its number.
    pub id: i64,
    /// `inbound`: the user, or somebody who takes part, wrote it; `outbound`: the team did.
    pub direction: &'static str,
    /// Who wrote it: a name or an address; for the team, how it signs.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What was written, without what was quoted.
    pub text: String,
    /// The files that it came with; the user's page gives them out.
    pub attachments: Vec<File>,
}

/// A file of a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its media type.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
}

/// What a user thinks of the help they got.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Feedback {
    /// `good`, `fair` or `bad`.
    pub rating: &'static str,
    /// In their words, may be empty.
    pub comment: String,
}

/// The body of a webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Webhook {
    /// What happened: the name of the webhook.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When it happened: what tells the order of two events, whichever came first.
    pub timestamp: DateTime<Utc>,
    /// Whom and what it is about.
    pub data: WebhookData,
}

/// What a webhook is about; what does not belong to its type is left out.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct WebhookData {
    /// The user, in all but `ping`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// The ticket as it stood then, in all `ticket.…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    /// What was written: in `ticket.created`, `ticket.replied` and `ticket.message_received`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// The status before: in `ticket.status_changed`, `ticket.resolved`, `ticket.reopened` and `ticket.closed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'static str>,
    /// The status after, in the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<&'static str>,
    /// The number of the ticket that goes on: in `ticket.merged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub into: Option<i64>,
    /// In `ticket.feedback_given`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
    /// In `notification.created` and `notification.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<Notification>,
}
