//! Who takes part in a ticket beside its requester. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, optional_scalar, statements};
use super::{Result, Tx, clean, known};
use crate::domain::ids::TicketId;
use crate::domain::mail::Mailbox;
use crate::domain::participant::{Participant, Participation};
use chrono::{DateTime, Utc};

statements! {
    BRING = Sql::same(
        "INSERT INTO participant (ticket_id, address, name, state, added_at, added_by) \
         SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), $5, CAST($6 AS TEXT) \
         WHERE NOT EXISTS (SELECT 1 FROM requester WHERE email = $2 AND blocked_at IS NOT NULL) \
         AND (SELECT COUNT(*) FROM participant WHERE ticket_id = $1) < $7 \
         ON CONFLICT (ticket_id, address) DO NOTHING");
    SET = Sql::same(
        "INSERT INTO participant (ticket_id, address, name, state, added_at, added_by) VALUES ($1, $2, '', $3, $4, $5) \
         ON CONFLICT (ticket_id, address) DO UPDATE SET state = excluded.state, added_by = excluded.added_by");
    RESTORE = Sql::same("UPDATE participant SET state = $3 WHERE ticket_id = $1 AND address = $2");
    FORGET = Sql::same("DELETE FROM participant WHERE ticket_id = $1 AND address = $2");
    PROPOSE_OTHERS = Sql::same(
        "INSERT INTO participant (ticket_id, address, name, state, added_at, added_by) \
         SELECT CAST($2 AS BIGINT), address, name, 'proposed', $3, added_by FROM participant \
         WHERE ticket_id = $1 AND state <> 'out' ORDER BY id ON CONFLICT (ticket_id, address) DO NOTHING");
    TAKE_PROPOSALS_BACK = Sql::same(
        "DELETE FROM participant WHERE ticket_id = $2 AND state = 'proposed' AND added_at = $3 \
         AND address IN (SELECT address FROM participant WHERE ticket_id = $1)");
    NAME = Sql::same("UPDATE participant SET name = $3 WHERE ticket_id = $1 AND address = $2 AND name <> $3");
    STATE = Sql::same("SELECT state FROM participant WHERE ticket_id = $1 AND address = $2");
    PARTICIPANTS = Sql::same(
        "SELECT address, name, state, added_by FROM participant WHERE ticket_id = $1 ORDER BY id");
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    /// Writes somebody down whom a mail brought; whoever stands there already stays as they are. Not a blocked sender,
    /// and nobody once `most` people are written down.
    pub async fn bring_participant(
        &mut self,
        ticket: TicketId,
        person: &Mailbox,
        state: Participation,
        added_by: &str,
        most: i64,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (address, name) = (clean(&person.address), clean(&person.name));
        execute!(self, BRING, ticket.0, address, name, state.as_str(), now, clean(added_by), most).map(drop)
    }

    /// Writes down what a CM decided about somebody, known or not.
    pub async fn set_participant(
        &mut self,
        ticket: TicketId,
        address: &str,
        state: Participation,
        added_by: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, SET, ticket.0, clean(address), state.as_str(), now, clean(added_by)).map(drop)
    }

    /// Puts somebody back where they stood; `None`: they were unknown.
    pub async fn restore_participant(
        &mut self,
        ticket: TicketId,
        address: &str,
        state: Option<Participation>,
    ) -> Result<()> {
        match state {
            Some(state) => execute!(self, RESTORE, ticket.0, clean(address), state.as_str()).map(drop),
            None => execute!(self, FORGET, ticket.0, clean(address)).map(drop),
        }
    }

    /// Proposes the people of one ticket for another that it was merged into.
    pub async fn propose_participants_of(
        &mut self,
        ticket: TicketId,
        into: TicketId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, PROPOSE_OTHERS, ticket.0, into.0, now).map(drop)
    }

    /// Takes back what [`Tx::propose_participants_of`] proposed at that time, where no CM has decided since.
    pub async fn take_proposals_back(
        &mut self,
        ticket: TicketId,
        into: TicketId,
        at: DateTime<Utc>,
    ) -> Result<()> {
        execute!(self, TAKE_PROPOSALS_BACK, ticket.0, into.0, at).map(drop)
    }

    pub async fn set_participant_name(&mut self, ticket: TicketId, address: &str, name: &str) -> Result<()> {
        execute!(self, NAME, ticket.0, clean(address), clean(name)).map(drop)
    }

    /// How somebody stands to a ticket; `None` for nobody known.
    pub async fn participation(&mut self, ticket: TicketId, address: &str) -> Result<Option<Participation>> {
        let word: Option<String> = optional_scalar!(self, STATE, ticket.0, clean(address))?;
        word.map(|word| known(&word, Participation::from_word)).transpose()
    }

    /// Everybody, in the order in which they came.
    pub async fn participants(&mut self, ticket: TicketId) -> Result<Vec<Participant>> {
        let rows: Vec<(String, String, String, String)> = all!(self, PARTICIPANTS, ticket.0)?;
        rows.into_iter()
            .map(|(address, name, state, added_by)| {
                Ok(Participant { address, name, state: known(&state, Participation::from_word)?, added_by })
            })
            .collect()
    }
}
