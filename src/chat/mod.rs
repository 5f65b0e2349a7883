//! The chat platforms: where CMs work tickets beside the pages. Each platform is a room of its own that translates
//! between the platform's messages and the desk. May import: clock, command, config, desk, domain, oauth, reading,
//! view, wording.

mod alarm;
#[cfg(test)]
mod any_tests;
mod beside;
pub mod discord;
pub mod fault;
mod pictures;
pub mod poster;
pub mod room;
pub mod slack;
mod text;

use crate::config::Limits;
use crate::domain::ticket::Status;
use chrono_tz::Tz;
use std::time::Duration;

/// What a platform's door needs beside its configuration.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The zone in which times are told.
    pub zone: Tz,
    /// Where the pages are seen from outside.
    pub public_url: String,
    /// How long an act can be taken back.
    pub undo_window: Duration,
    /// How large the files of a reply may be.
    pub limits: Limits,
}

/// The colours of the guide's five statuses, in red, green and blue: 🔵 🟡 🟠 🟢 ⚫.
fn colour(status: Status) -> u32 {
    match status {
        Status::New => 0x3b82f6,
        Status::InProgress => 0xeab308,
        Status::WaitingCustomer => 0xf97316,
        Status::Resolved => 0x22c55e,
        Status::Closed => 0x1f2937,
    }
}
