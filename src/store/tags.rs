//! The tags of tickets. May import: domain, sqlx.

use super::dialect::{Bulk, Sql, all, execute, fetch_all, statements};
use super::{Result, Tx, clean};
use crate::domain::ids::TicketId;
use std::collections::HashMap;
use std::sync::LazyLock;

statements! {
    ADD_TAG = Sql::same(
        "INSERT INTO ticket_tag (ticket_id, tag) VALUES ($1, $2) ON CONFLICT (ticket_id, tag) DO NOTHING");
    REMOVE_TAG = Sql::same("DELETE FROM ticket_tag WHERE ticket_id = $1 AND tag = $2");
    TAGS = Sql::same("SELECT tag FROM ticket_tag WHERE ticket_id = $1 ORDER BY tag");
    // From one tag to the next by the index, a hundred at most, and of each no more than 200 uses: asked at each key that is
    // typed, it must not read what a hundred thousand tickets are tagged with.
    USED_TAGS = Sql::same(
        "WITH RECURSIVE known(tag) AS (SELECT MIN(tag) FROM ticket_tag WHERE tag >= $1 AND tag < $2 UNION ALL \
         SELECT (SELECT MIN(t.tag) FROM ticket_tag t WHERE t.tag > known.tag AND t.tag < $2) FROM known \
         WHERE known.tag IS NOT NULL) \
         SELECT tag FROM (SELECT tag FROM known WHERE tag IS NOT NULL LIMIT 100) near \
         ORDER BY (SELECT COUNT(*) FROM (SELECT 1 FROM ticket_tag u WHERE u.tag = near.tag LIMIT 200) uses) DESC, tag LIMIT $3");
}

static TAGS_OF: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        Sql::same("SELECT ticket_id, tag FROM ticket_tag WHERE ticket_id IN ("),
        Sql::same("$1"),
        1,
        ") ORDER BY tag",
    )
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 1] = [("tags_of", &TAGS_OF)];

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    pub async fn add_tag(&mut self, ticket: TicketId, tag: &str) -> Result<()> {
        execute!(self, ADD_TAG, ticket.0, clean(tag)).map(drop)
    }

    pub async fn remove_tag(&mut self, ticket: TicketId, tag: &str) -> Result<()> {
        execute!(self, REMOVE_TAG, ticket.0, clean(tag)).map(drop)
    }

    /// The tags of a ticket, in the order of their letters.
    pub async fn tags(&mut self, ticket: TicketId) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = all!(self, TAGS, ticket.0)?;
        Ok(rows.into_iter().map(|(tag,)| tag).collect())
    }

    /// The tags of several tickets, each in the order of their letters; a ticket without any is left out.
    pub async fn tags_of(&mut self, tickets: &[TicketId]) -> Result<HashMap<TicketId, Vec<String>>> {
        let rows = fetch_all!(self, TAGS_OF, (i64, String), tickets, |query, id| query.bind(id.0))?;
        let mut tags: HashMap<TicketId, Vec<String>> = HashMap::new();
        for (ticket, tag) in rows {
            tags.entry(TicketId(ticket)).or_default().push(tag);
        }
        Ok(tags)
    }

    /// The tags that begin so, the most used first; of more than a hundred, the first by their letters.
    pub async fn used_tags(&mut self, prefix: &str, limit: i64) -> Result<Vec<String>> {
        let (from, to) = (clean(prefix), format!("{}{}", clean(prefix), char::MAX));
        let rows: Vec<(String,)> = all!(self, USED_TAGS, from, to, limit)?;
        Ok(rows.into_iter().map(|(tag,)| tag).collect())
    }
}
