//! Reading a mail: raw bytes into what they say, decoded, bounded and clean. Knows nothing of where mail comes from.
//!
//! May import: domain, config. [`parse::parse`] makes an `InboundMail`, [`inspect::inspect`] tells it with what would
//! become of it, [`identity`] says what makes a mail itself, [`shown`] gives its HTML as it may be shown, [`glance`] reads the
//! header of one that was not read. [`markdown`] draws the pages of the knowledge base.

mod address;
mod authentication;
mod automatic;
mod bounce;
mod charset;
pub mod clean;
mod date;
mod delimiters;
mod files;
mod flowed;
pub mod glance;
mod guard;
mod header;
mod html;
pub mod identity;
pub mod inspect;
pub mod markdown;
mod markup;
mod mend;
pub mod parse;
pub mod shown;
mod sniff;
mod tnef;
mod transfer;

use crate::config::Limits;
use crate::domain::mail::InboundMail;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Reads a mail; one that brings the parser down is refused like one that the parser refuses.
///
/// # Errors
/// Why the mail must be held unread, in words for the journal.
pub fn read(raw: &[u8], limits: &Limits) -> Result<InboundMail, &'static str> {
    catch_unwind(AssertUnwindSafe(|| parse::parse(raw, limits))).unwrap_or(Err("the parser failed"))
}
