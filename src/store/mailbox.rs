//! The journal: every mail as it came, what became of it, and how far each mailbox has been taken in.
//! May import: domain, sqlx.

use super::dialect::{Sql, all, execute, optional, optional_scalar, scalar, statements};
use super::{Result, Tx, clean};
use crate::domain::ids::RawMailId;
use chrono::{DateTime, Utc};

statements! {
    JOURNAL_MAIL = Sql::same(
        "INSERT INTO raw_mail (mailbox, sha256, identity, bytes, state, received_at) \
         VALUES ($1, $2, $3, $4, 'received', $5) ON CONFLICT (identity) DO NOTHING RETURNING id");
    KEEP_BYTES = Sql::same("INSERT INTO raw_body (raw_mail_id, packed) VALUES ($1, $2)");
    SETTLE_MAIL = Sql::same("UPDATE raw_mail SET state = $2, why = $3 WHERE id = $1");
    UNFILED_MAILS = Sql::same(
        "SELECT raw_mail.id, raw_body.packed FROM raw_mail JOIN raw_body ON raw_body.raw_mail_id = raw_mail.id \
         WHERE raw_mail.state = 'received' ORDER BY raw_mail.id LIMIT $1");
    HELD_MAILS = Sql::same(
        "SELECT id, mailbox, bytes, why, received_at FROM raw_mail WHERE state = 'held' ORDER BY id");
    HELD_MAIL = Sql::same(
        "SELECT raw_body.packed FROM raw_mail JOIN raw_body ON raw_body.raw_mail_id = raw_mail.id \
         WHERE raw_mail.id = $1 AND raw_mail.state = 'held'");
    CURSOR = Sql::same("SELECT uid_validity, last_uid FROM mailbox WHERE name = $1");
    MOVE_CURSOR = Sql::same(
        "INSERT INTO mailbox (name, uid_validity, last_uid, synced_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (name) DO UPDATE SET uid_validity = excluded.uid_validity, last_uid = excluded.last_uid, \
         synced_at = excluded.synced_at");
    STAMP_SYNC = Sql::same(
        "INSERT INTO mailbox (name, synced_at) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET synced_at = excluded.synced_at");
    LATEST_SYNC = Sql::same("SELECT MAX(synced_at) FROM mailbox");
}

type HeldRow = (i64, String, i64, Option<String>, DateTime<Utc>);

/// What became of a journaled mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// On a ticket.
    Filed,
    /// A program's mail, or a blocked sender's.
    Ignored,
    /// Waits for a person.
    Held,
}

impl MailState {
    const fn as_str(self) -> &'static str {
        match self {
            MailState::Filed => "filed",
            MailState::Ignored => "ignored",
            MailState::Held => "held",
        }
    }
}

/// A mail to journal.
#[derive(Debug)]
pub struct NewRawMail<'a> {
    /// Where it was found.
    pub mailbox: &'a str,
    /// Hex SHA-256 of the raw bytes.
    pub sha256: &'a str,
    /// What makes it itself, whatever road it took.
    pub identity: &'a str,
    /// Size of the raw bytes.
    pub bytes: usize,
    /// The raw bytes, packed with zstd.
    pub packed: &'a [u8],
}

/// A mail that waits for a person.
#[derive(Debug, Clone)]
pub struct HeldMail {
    /// Its number.
    pub id: RawMailId,
    /// Where it was found.
    pub mailbox: String,
    /// Size of the raw bytes.
    pub bytes: i64,
    /// Why it is held.
    pub why: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// `None` when the same mail is in the journal already.
    pub async fn journal_mail(
        &mut self,
        mail: &NewRawMail<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<RawMailId>> {
        let id: Option<i64> = optional_scalar!(
            self,
            JOURNAL_MAIL,
            mail.mailbox,
            mail.sha256,
            mail.identity,
            i64::try_from(mail.bytes).unwrap_or(i64::MAX),
            now
        )?;
        if let Some(id) = id {
            execute!(self, KEEP_BYTES, id, mail.packed)?;
        }
        Ok(id.map(RawMailId))
    }

    /// Writes what became of a journaled mail, and why.
    pub async fn settle_mail(&mut self, id: RawMailId, state: MailState, why: Option<&str>) -> Result<()> {
        execute!(self, SETTLE_MAIL, id.0, state.as_str(), why.map(clean)).map(drop)
    }

    /// Mails that are in the journal and on no ticket yet, with their packed bytes.
    pub async fn unfiled_mails(&mut self, limit: i64) -> Result<Vec<(RawMailId, Vec<u8>)>> {
        let rows: Vec<(i64, Vec<u8>)> = all!(self, UNFILED_MAILS, limit)?;
        Ok(rows.into_iter().map(|(id, packed)| (RawMailId(id), packed)).collect())
    }

    pub async fn held_mails(&mut self) -> Result<Vec<HeldMail>> {
        let rows: Vec<HeldRow> = all!(self, HELD_MAILS)?;
        Ok(rows
            .into_iter()
            .map(|(id, mailbox, bytes, why, received_at)| HeldMail {
                id: RawMailId(id),
                mailbox,
                bytes,
                why: why.unwrap_or_default(),
                received_at,
            })
            .collect())
    }

    /// The packed bytes of a held mail.
    pub async fn held_mail(&mut self, id: RawMailId) -> Result<Option<Vec<u8>>> {
        optional_scalar!(self, HELD_MAIL, id.0)
    }

    /// (UIDVALIDITY, last UID) of a mailbox that was taken in before.
    pub async fn cursor(&mut self, mailbox: &str) -> Result<Option<(u32, u32)>> {
        let row: Option<(Option<i64>, Option<i64>)> = optional!(self, CURSOR, mailbox)?;
        Ok(row.and_then(|(validity, uid)| Some((u32::try_from(validity?).ok()?, u32::try_from(uid?).ok()?))))
    }

    /// Moves the cursor of a mailbox, and stamps the good synchronisation.
    pub async fn move_cursor(
        &mut self,
        mailbox: &str,
        uid_validity: u32,
        last_uid: u32,
        now: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, MOVE_CURSOR, mailbox, i64::from(uid_validity), i64::from(last_uid), now).map(drop)
    }

    pub async fn stamp_sync(&mut self, mailbox: &str, now: DateTime<Utc>) -> Result<()> {
        execute!(self, STAMP_SYNC, mailbox, now).map(drop)
    }

    pub async fn latest_sync(&mut self) -> Result<Option<DateTime<Utc>>> {
        scalar!(self, LATEST_SYNC)
    }
}
