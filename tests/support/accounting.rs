//! The oracle of every fault: what the mailbox holds, beside what the journal and the tickets hold. Nothing lost,
//! nothing doubled, nothing left half done.
//!
//! It looks at the tables themselves over a connection of its own, and shares no code with the program but the test's
//! desk. May import: sqlx, ring, zstd, the other supports.

use super::desk::TestDesk;
use ring::digest::{SHA256, digest};
use sqlx::{Connection, PgConnection, Row, SqliteConnection};
use std::collections::BTreeMap;

/// A row of the journal with what hangs on it.
#[derive(Debug, Clone)]
pub struct Journaled {
    /// As stored.
    pub sha256: String,
    /// `received`, `filed`, `ignored` or `held`.
    pub state: String,
    /// Why it is ignored or held.
    pub why: Option<String>,
    /// The mail's bytes, unpacked.
    pub raw: Vec<u8>,
    /// How many messages were made of it.
    pub messages: i64,
}

/// The whole journal, by rising number, as somebody outside of the program reads it.
pub async fn journal(url: &str) -> Vec<Journaled> {
    const ROWS: &str = "SELECT r.sha256 AS sha256, r.state AS state, r.why AS why, b.packed AS packed, \
         (SELECT COUNT(*) FROM message m WHERE m.raw_mail_id = r.id) AS messages \
         FROM raw_mail r JOIN raw_body b ON b.raw_mail_id = r.id ORDER BY r.id";
    macro_rules! read {
        ($connection:ty) => {{
            let mut aside = <$connection>::connect(url).await.expect("the database can be opened twice");
            let rows = sqlx::query(ROWS).fetch_all(&mut aside).await.expect("the journal can be read");
            let read = rows.iter().map(|row| Journaled {
                sha256: row.get("sha256"),
                state: row.get("state"),
                why: row.get("why"),
                raw: zstd::decode_all(row.get::<&[u8], _>("packed")).expect("it was packed with zstd"),
                messages: row.get("messages"),
            });
            let read: Vec<Journaled> = read.collect();
            aside.close().await.expect("nothing is open");
            read
        }};
    }
    if url.starts_with("postgres") { read!(PgConnection) } else { read!(SqliteConnection) }
}

/// Holds what is stored against the mails that there were: each is in the journal exactly once and byte for byte, is
/// filed as exactly one message, and opened its own ticket; and there is nothing else.
///
/// `mails` are people's mails, each of its own conversation; `case` is named in a failure.
///
/// # Panics
/// When the account does not balance.
pub async fn assert_each_once(test: &TestDesk, mails: &[Vec<u8>], case: &str) {
    let rows = journal(&test.url).await;
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        *counted.entry(row.sha256.clone()).or_default() += 1;
        assert_eq!(row.sha256, sha256(&row.raw), "{case}: the bytes are those of their digest");
        assert_eq!((row.state.as_str(), row.messages), ("filed", 1), "{case}: one message of each mail");
    }
    for (n, raw) in mails.iter().enumerate() {
        let rows = counted.remove(&sha256(raw));
        assert_eq!(rows, Some(1), "{case}: rows of mail {} of {}", n + 1, mails.len());
    }
    assert!(counted.is_empty(), "{case}: {} rows of mails that nobody sent", counted.len());
    let tickets = test.desk.queue(&Default::default()).await.expect("the queue can be read").total;
    assert_eq!(usize::try_from(tickets), Ok(mails.len()), "{case}: a ticket for each mail");
}

/// Hex SHA-256.
pub fn sha256(raw: &[u8]) -> String {
    digest(&SHA256, raw).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
