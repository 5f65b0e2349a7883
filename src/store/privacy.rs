//! What is held of a person, taken away. May import: domain, sqlx.

use super::dialect::{Sql, all, execute, statements};
use super::{Result, Tx, clean};
use crate::domain::ids::{EventId, MessageId, RequesterId, TicketId};
use chrono::{DateTime, Utc};

/// The tickets of a requester.
macro_rules! theirs {
    () => {
        "(SELECT id FROM ticket WHERE requester_id = $1)"
    };
}

statements! {
    TICKETS = Sql::same("SELECT id FROM ticket WHERE requester_id = $1 ORDER BY id");
    MESSAGES = Sql::same(concat!(
        "SELECT id, ticket_id FROM message WHERE ticket_id IN ", theirs!(), " ORDER BY id"));
    MAILS_OF = Sql::same(
        "SELECT raw_body.raw_mail_id, raw_body.packed FROM raw_body WHERE raw_body.raw_mail_id IN \
         (SELECT message.raw_mail_id FROM message JOIN ticket ON ticket.id = message.ticket_id WHERE ticket.requester_id = $1) \
         ORDER BY raw_body.raw_mail_id");
    DROP_BODIES = Sql::same(concat!(
        "DELETE FROM raw_body WHERE raw_mail_id IN (SELECT raw_mail_id FROM message WHERE ticket_id IN ", theirs!(),
        ") OR raw_mail_id IN (SELECT id FROM raw_mail WHERE sender = $2)"));
    FORGET_SENDER = Sql::same("UPDATE raw_mail SET sender = NULL WHERE sender = $1");
    DROP_FILES = Sql::same(concat!(
        "DELETE FROM attachment WHERE message_id IN (SELECT id FROM message WHERE ticket_id IN ", theirs!(), ")"));
    BLANK_MESSAGES = Sql::same(concat!(
        "UPDATE message SET author = CASE WHEN direction = 'inbound' THEN $2 ELSE author END, sender = NULL, text = $3, \
         quoted = '', html = NULL, raw_mail_id = NULL WHERE ticket_id IN ", theirs!()));
    BLANK_ELSEWHERE = Sql::same("UPDATE message SET author = $2, sender = NULL WHERE sender = $1");
    BLANK_DELIVERIES = Sql::same(concat!(
        "UPDATE delivery SET address = CASE WHEN address IS NULL THEN NULL ELSE CONCAT('efface-', id) END, \
         message = '', cc = NULL, sealed = NULL, in_reply_to = NULL, refs = NULL, \
         state = CASE WHEN state IN ('pending', 'sending') THEN 'cancelled' ELSE state END WHERE ticket_id IN ", theirs!()));
    DROP_HOOK_POSTS = Sql::same(concat!("DELETE FROM webhook_post WHERE ticket_id IN ", theirs!()));
    // Bodies of other tickets may name them: they are made again, of what is left.
    BLANK_HOOK_POSTS = Sql::same("UPDATE webhook_post SET body = NULL WHERE body IS NOT NULL");
    DROP_NOTIFICATIONS = Sql::same("DELETE FROM notification WHERE requester_id = $1");
    DROP_SUBSCRIPTIONS = Sql::same("DELETE FROM push_subscription WHERE requester_id = $1");
    BLANK_SUBJECTS = Sql::same("UPDATE ticket SET subject = $2 WHERE requester_id = $1");
    DROP_REFS = Sql::same(concat!("DELETE FROM mail_ref WHERE ticket_id IN ", theirs!()));
    DROP_PARTICIPANTS = Sql::same(concat!(
        "DELETE FROM participant WHERE ticket_id IN ", theirs!(), " OR address = $2"));
    BLANK_DRAFTS = Sql::same(concat!("UPDATE draft SET text = '' WHERE ticket_id IN ", theirs!()));
    DROP_SUPPRESSION = Sql::same("DELETE FROM suppressed WHERE address = $1");
    DROP_ACCOUNTS = Sql::same("DELETE FROM requester_account WHERE requester_id = $1");
    // A superset: what an address holds may mean something to LIKE.
    EVENTS_ABOUT = Sql::same(
        "SELECT id, actor, detail FROM event WHERE actor = $1 OR detail LIKE $2 OR ticket_id IN \
         (SELECT id FROM ticket WHERE requester_id = $3)");
    BLANK_EVENT = Sql::same("UPDATE event SET actor = $2, detail = $3 WHERE id = $1");
    BLANK_REQUESTER = Sql::same(
        "UPDATE requester SET email = $2, name = '', preference = 'none', links_since = $3 WHERE id = $1");
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    pub async fn tickets_of(&mut self, requester: RequesterId) -> Result<Vec<TicketId>> {
        let ids: Vec<(i64,)> = all!(self, TICKETS, requester.0)?;
        Ok(ids.into_iter().map(|(id,)| TicketId(id)).collect())
    }

    pub async fn messages_of(&mut self, requester: RequesterId) -> Result<Vec<(MessageId, TicketId)>> {
        let ids: Vec<(i64, i64)> = all!(self, MESSAGES, requester.0)?;
        Ok(ids.into_iter().map(|(message, ticket)| (MessageId(message), TicketId(ticket))).collect())
    }

    /// The mails of their tickets, each packed, by its number.
    pub async fn mails_of(&mut self, requester: RequesterId) -> Result<Vec<(i64, Vec<u8>)>> {
        all!(self, MAILS_OF, requester.0)
    }

    /// Leaves nothing of a person but numbers, times and statuses: `called` stands for their name from then on, `words` for
    /// what was written. Gives back how many mails are gone. Their history and what can be searched are the caller's.
    pub async fn erase_requester(
        &mut self,
        requester: RequesterId,
        email: &str,
        called: &str,
        words: &str,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        let id = requester.0;
        let email = &*clean(email);
        let mails = execute!(self, DROP_BODIES, id, email)?;
        execute!(self, FORGET_SENDER, email)?;
        execute!(self, DROP_FILES, id)?;
        execute!(self, BLANK_MESSAGES, id, called, words)?;
        execute!(self, BLANK_ELSEWHERE, email, called)?;
        execute!(self, BLANK_DELIVERIES, id)?;
        execute!(self, DROP_HOOK_POSTS, id)?;
        execute!(self, BLANK_HOOK_POSTS)?;
        execute!(self, DROP_NOTIFICATIONS, id)?;
        execute!(self, DROP_SUBSCRIPTIONS, id)?;
        execute!(self, BLANK_SUBJECTS, id, words)?;
        execute!(self, DROP_REFS, id)?;
        execute!(self, DROP_PARTICIPANTS, id, email)?;
        execute!(self, BLANK_DRAFTS, id)?;
        execute!(self, DROP_SUPPRESSION, email)?;
        execute!(self, DROP_ACCOUNTS, id)?;
        execute!(self, BLANK_REQUESTER, id, format!("efface-{id}@efface.invalid"), now)?;
        Ok(mails)
    }

    /// The lines of history that name a person or are of their tickets: number, who acted, what is remembered.
    pub async fn events_about(
        &mut self,
        requester: RequesterId,
        email: &str,
    ) -> Result<Vec<(EventId, String, String)>> {
        let like = format!("%{email}%");
        let rows: Vec<(i64, String, String)> = all!(self, EVENTS_ABOUT, email, like, requester.0)?;
        Ok(rows.into_iter().map(|(id, actor, detail)| (EventId(id), actor, detail)).collect())
    }

    pub async fn blank_event(&mut self, event: EventId, actor: &str, detail: &str) -> Result<()> {
        execute!(self, BLANK_EVENT, event.0, actor, detail).map(drop)
    }
}
