//! The journal: every mail as it came, what became of it, and how far each mailbox has been taken in.
//! May import: domain, sqlx.

use super::dialect::{
    Bulk, Sql, all, execute, fetch_all, optional, optional_scalar, scalar, statements, write_all,
};
use super::{Result, Tx, clean};
use crate::domain::ids::{RawMailId, TicketId};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// How many mails of each sender came lately.
macro_rules! count_by_sender {
    ($index:literal) => {
        concat!(
            "SELECT person, CAST(COUNT(*) AS BIGINT) FROM raw_mail",
            $index,
            " WHERE counts AND person IS NOT NULL AND received_at > $1 AND id < $2 GROUP BY person"
        )
    };
}

statements! {
    SETTLE_MAIL = Sql::same("UPDATE raw_mail SET state = $2, why = $3 WHERE id = $1");
    UNFILED_MAILS = Sql::same(
        "SELECT raw_mail.id, raw_body.packed FROM raw_mail JOIN raw_body ON raw_body.raw_mail_id = raw_mail.id \
         WHERE raw_mail.state = 'received' AND raw_mail.state IN ('received', 'held') ORDER BY raw_mail.id LIMIT $1");
    HELD_MAILS = Sql::same(
        "SELECT id, mailbox, bytes, why, received_at FROM raw_mail WHERE state = 'held' AND state IN ('received', 'held') \
         ORDER BY id");
    NEWEST_HELD = Sql::same(
        "SELECT raw_mail.id, raw_mail.bytes, raw_mail.why, raw_mail.received_at, \
         substr(raw_body.packed, 1, $3) FROM raw_mail LEFT JOIN raw_body ON raw_body.raw_mail_id = raw_mail.id WHERE raw_mail.state = 'held' \
         AND raw_mail.state IN ('received', 'held') AND raw_mail.id < $1 ORDER BY raw_mail.id DESC LIMIT $2");
    COUNT_HELD = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM raw_mail WHERE state = 'held' AND state IN ('received', 'held')");
    HELD_MAIL = Sql::same(
        "SELECT raw_body.packed FROM raw_mail JOIN raw_body ON raw_body.raw_mail_id = raw_mail.id \
         WHERE raw_mail.id = $1 AND raw_mail.state = 'held'");
    TICKET_OF_MAIL = Sql::same(
        "SELECT message.ticket_id FROM raw_mail JOIN message ON message.raw_mail_id = raw_mail.id \
         WHERE raw_mail.identity = $1 ORDER BY message.id LIMIT 1");
    IS_JOURNALED = Sql::same("SELECT COUNT(*) FROM raw_mail WHERE identity = $1");
    STANDING = Sql::same(
        "SELECT uid_validity, last_uid, settled_uid, started_at, renumbered_uid FROM mailbox WHERE name = $1");
    KEEP_STANDING = Sql::same(
        "INSERT INTO mailbox (name, uid_validity, last_uid, settled_uid, started_at, renumbered_uid) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (name) DO UPDATE SET uid_validity = excluded.uid_validity, last_uid = excluded.last_uid, \
         settled_uid = excluded.settled_uid, started_at = excluded.started_at, \
         renumbered_uid = excluded.renumbered_uid");
    NOTE_SETTLED = Sql::same("UPDATE mailbox SET settled_uid = $3 WHERE name = $1 AND uid_validity = $2");
    MOVE_CURSOR = Sql::same(
        "INSERT INTO mailbox (name, uid_validity, last_uid, synced_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (name) DO UPDATE SET uid_validity = excluded.uid_validity, last_uid = excluded.last_uid, \
         synced_at = excluded.synced_at");
    STAMP_SYNC = Sql::same(
        "INSERT INTO mailbox (name, synced_at, heard_until) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET synced_at = excluded.synced_at, \
         heard_until = COALESCE(excluded.heard_until, mailbox.heard_until)");
    ARE_MANY_LATELY = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 AS one FROM raw_mail \
         WHERE counts AND received_at > $1 LIMIT $2) AS lately");
    // SQLite would go through the whole journal in the order of the persons, to spare itself the sorting.
    COUNT_BY_SENDER = Sql::fork(
        count_by_sender!(" INDEXED BY raw_mail_lately"), count_by_sender!(""));
    SYNC_TIMES = Sql::same("SELECT name, synced_at FROM mailbox WHERE synced_at IS NOT NULL");
    HEARD_TIMES = Sql::same("SELECT name, heard_until FROM mailbox WHERE heard_until IS NOT NULL");
}

type StandingRow = (Option<i64>, Option<i64>, Option<i64>, Option<DateTime<Utc>>, Option<i64>);
type HeldHeadRow = (i64, i64, Option<String>, DateTime<Utc>, Option<Vec<u8>>);
type HeldRow = (i64, String, i64, Option<String>, DateTime<Utc>);

static JOURNAL: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same(
            "INSERT INTO raw_mail (mailbox, sha256, identity, bytes, state, why, received_at, person, counts) VALUES ",
        ),
        Sql::same("($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
        9,
        " ON CONFLICT (identity) DO NOTHING RETURNING id, identity",
    )
});
static KEEP_BYTES: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(Sql::same("INSERT INTO raw_body (raw_mail_id, packed) VALUES "), Sql::same("($1, $2)"), 2, "")
});
static TAKE_TO_FILE: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same("UPDATE raw_mail SET state = 'filed', why = NULL WHERE id IN ("),
        Sql::same("$1"),
        1,
        ") AND state IN ('received', 'held') RETURNING id",
    )
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 3] =
    [("journal", &JOURNAL), ("keep_bytes", &KEEP_BYTES), ("take_to_file", &TAKE_TO_FILE)];

/// What became of a journaled mail that is on no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// A program's mail, or a blocked sender's.
    Ignored,
    /// Waits for a person.
    Held,
}

impl MailState {
    const fn as_str(self) -> &'static str {
        match self {
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
    /// Whose it is: who wrote it, or, of a report, whom the mail was for that it tells of. `None` where that cannot be told.
    pub person: Option<&'a str>,
    /// It counts against the hourly limit of its sender.
    pub counts: bool,
    /// Why it is held from the beginning: what it says cannot be told.
    pub held: Option<&'a str>,
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

/// A mail that waits for a person, with how it begins.
#[derive(Debug, Clone)]
pub struct HeldHead {
    /// Its number.
    pub id: RawMailId,
    /// Size of the raw bytes.
    pub bytes: i64,
    /// Why it is held.
    pub why: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// The beginning of its packed bytes.
    pub packed: Vec<u8>,
}

/// Where an IMAP mailbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its UIDVALIDITY: while it stays the same, a UID names the same mail.
    pub uid_validity: u32,
    /// The last UID taken in.
    pub last_uid: u32,
    /// The last UID of which the server was told that it is taken in; `None` where it is told nothing.
    pub settled_uid: Option<u32>,
    /// When it was first visited, if what it held then was left alone; `None` where it was taken in from its oldest
    /// mail on.
    pub started_at: Option<DateTime<Utc>>,
    /// The last UID it held when its UIDVALIDITY was found changed: up to here the dates tell which mails
    /// are those of before `started_at`. `None` while UIDVALIDITY is that of the first visit.
    pub renumbered_uid: Option<u32>,
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Journals mails, in order; `None` for one that is in the journal already, or twice among them.
    pub async fn journal_mails(
        &mut self,
        mails: &[NewRawMail<'_>],
        now: DateTime<Utc>,
    ) -> Result<Vec<Option<RawMailId>>> {
        let kept = fetch_all!(self, JOURNAL, (i64, String), mails, |query, mail| query
            .bind(mail.mailbox)
            .bind(mail.sha256)
            .bind(mail.identity)
            .bind(i64::try_from(mail.bytes).unwrap_or(i64::MAX))
            .bind(if mail.held.is_some() { MailState::Held.as_str() } else { "received" })
            .bind(mail.held)
            .bind(now)
            .bind(mail.person.map(clean))
            .bind(mail.counts))?;
        let mut kept: HashMap<String, i64> = kept.into_iter().map(|(id, key)| (key, id)).collect();
        let ids: Vec<_> = mails.iter().map(|mail| kept.remove(mail.identity).map(RawMailId)).collect();
        let bodies: Vec<(i64, &[u8])> =
            ids.iter().zip(mails).filter_map(|(id, mail)| Some((id.as_ref()?.0, mail.packed))).collect();
        write_all!(self, KEEP_BYTES, bodies, |query, body| query.bind(body.0).bind(body.1))?;
        Ok(ids)
    }

    /// Takes mails out of those that wait to be filed; which ones, since another process may have been faster.
    /// Until the commit nobody else can take them.
    pub async fn take_to_file(&mut self, ids: &[RawMailId]) -> Result<HashSet<RawMailId>> {
        let taken = fetch_all!(self, TAKE_TO_FILE, (i64,), ids, |query, id| query.bind(id.0))?;
        Ok(taken.into_iter().map(|(id,)| RawMailId(id)).collect())
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

    /// The held mails that came before this one, the newest first, each with at most `head` of its packed bytes.
    pub async fn newest_held(
        &mut self,
        before: Option<RawMailId>,
        limit: i64,
        head: i32,
    ) -> Result<Vec<HeldHead>> {
        let before = before.map_or(i64::MAX, |id| id.0);
        let rows: Vec<HeldHeadRow> = all!(self, NEWEST_HELD, before, limit, head)?;
        let read = |(id, bytes, why, received_at, packed): HeldHeadRow| HeldHead {
            id: RawMailId(id),
            bytes,
            why: why.unwrap_or_default(),
            received_at,
            packed: packed.unwrap_or_default(),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    pub async fn count_held(&mut self) -> Result<i64> {
        scalar!(self, COUNT_HELD)
    }

    /// The packed bytes of a held mail.
    pub async fn held_mail(&mut self, id: RawMailId) -> Result<Option<Vec<u8>>> {
        optional_scalar!(self, HELD_MAIL, id.0)
    }

    /// How many counted mails each sender's last stretch of time holds, before mail `id`. Empty, by one cheap
    /// question, while there are fewer than `limit` of all senders together.
    pub async fn count_by_sender(
        &mut self,
        since: DateTime<Utc>,
        id: RawMailId,
        limit: i64,
    ) -> Result<HashMap<String, i64>> {
        let many: i64 = scalar!(self, ARE_MANY_LATELY, since, limit)?;
        if many < limit {
            return Ok(HashMap::new());
        }
        let rows: Vec<(String, i64)> = all!(self, COUNT_BY_SENDER, since, id.0)?;
        Ok(rows.into_iter().collect())
    }

    /// The ticket that a mail is on, by what makes the mail itself.
    pub async fn ticket_of_mail(&mut self, identity: &str) -> Result<Option<TicketId>> {
        let id: Option<i64> = optional_scalar!(self, TICKET_OF_MAIL, identity)?;
        Ok(id.map(TicketId))
    }

    /// Whether a mail is in the journal, by what makes it itself.
    pub async fn is_journaled(&mut self, identity: &str) -> Result<bool> {
        let rows: i64 = scalar!(self, IS_JOURNALED, identity)?;
        Ok(rows > 0)
    }

    /// `None` for a mailbox never seen, and for one that has no UIDs.
    pub async fn standing(&mut self, mailbox: &str) -> Result<Option<Standing>> {
        let row: Option<StandingRow> = optional!(self, STANDING, mailbox)?;
        let uid = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
        Ok(row.and_then(|(validity, last, settled, started_at, renumbered)| {
            Some(Standing {
                uid_validity: uid(validity)?,
                last_uid: uid(last)?,
                settled_uid: uid(settled),
                started_at,
                renumbered_uid: uid(renumbered),
            })
        }))
    }

    pub async fn keep_standing(&mut self, mailbox: &str, standing: &Standing) -> Result<()> {
        let (validity, last) = (i64::from(standing.uid_validity), i64::from(standing.last_uid));
        let (settled, renumbered) =
            (standing.settled_uid.map(i64::from), standing.renumbered_uid.map(i64::from));
        execute!(self, KEEP_STANDING, mailbox, validity, last, settled, standing.started_at, renumbered)
            .map(drop)
    }

    /// Writes that the server was told of everything up to a UID; nothing where UIDVALIDITY is another by now.
    pub async fn note_settled(&mut self, mailbox: &str, uid_validity: u32, uid: u32) -> Result<()> {
        execute!(self, NOTE_SETTLED, mailbox, i64::from(uid_validity), i64::from(uid)).map(drop)
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

    /// Stamps the progress of a mailbox; with `heard`, also that all that came to it before then was taken in.
    pub async fn stamp_sync(
        &mut self,
        mailbox: &str,
        now: DateTime<Utc>,
        heard: Option<DateTime<Utc>>,
    ) -> Result<()> {
        execute!(self, STAMP_SYNC, mailbox, now, heard).map(drop)
    }

    /// Until when all that came to each mailbox was taken in, by its name; none of those that were never read to their end.
    pub async fn heard_times(&mut self) -> Result<HashMap<String, DateTime<Utc>>> {
        let rows: Vec<(String, DateTime<Utc>)> = all!(self, HEARD_TIMES)?;
        Ok(rows.into_iter().collect())
    }

    /// When something was last taken in of each mailbox, or all of it was looked at without a fault, by its name.
    pub async fn sync_times(&mut self) -> Result<HashMap<String, DateTime<Utc>>> {
        let rows: Vec<(String, DateTime<Utc>)> = all!(self, SYNC_TIMES)?;
        Ok(rows.into_iter().collect())
    }
}
