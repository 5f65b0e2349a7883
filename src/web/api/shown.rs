//! What the interface shows, as it is named in JSON.

use crate::desk::host::HostTicket;
use crate::desk::requester::StoredNotification;
use crate::domain::people::Requester;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Somebody who may ask for help.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    /// Their address.
    pub email: String,
    /// Their name, may be empty.
    pub name: String,
    /// How they are told: `web_only`, `email_only`, `both` or `none`.
    pub preference: &'static str,
}

impl From<Requester> for User {
    fn from(requester: Requester) -> User {
        User { email: requester.email, name: requester.name, preference: requester.preference.as_str() }
    }
}

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
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

impl From<HostTicket> for Ticket {
    fn from(HostTicket { ticket, page }: HostTicket) -> Ticket {
        Ticket {
            id: ticket.id.0,
            subject: ticket.subject,
            status: ticket.status.as_str(),
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
            url: page,
        }
    }
}

/// What a user was told on the web.
#[derive(Debug, Serialize, ToSchema)]
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

impl From<(StoredNotification, String)> for Notification {
    fn from((told, url): (StoredNotification, String)) -> Notification {
        Notification {
            id: told.id.0,
            ticket: told.ticket.0,
            kind: told.kind.as_str(),
            title: told.title,
            message: told.message,
            at: told.at,
            read: told.read_at.is_some(),
            url,
        }
    }
}
