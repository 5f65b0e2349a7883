//! What is held of a person, given out and taken away; and the words of a ticket, taken away. May import: domain, sqlx.

use super::dialect::{
    Bulk, Sql, all, execute, one, optional, optional_scalar, scalar, statements, write_all,
};
use super::outbox::copies;
use super::{Result, Tx, clean};
use crate::domain::ids::{AgentId, DeliveryId, EventId, MessageId, RawMailId, RequesterId, TicketId};
use crate::domain::mail::Mailbox;
use crate::domain::people::{self, erased_address};
use chrono::{DateTime, Utc};
use std::sync::LazyLock;

/// The mails of a ticket's messages.
macro_rules! its_mails {
    () => {
        "(SELECT raw_mail_id FROM message WHERE ticket_id = $1 AND raw_mail_id IS NOT NULL)"
    };
}

/// The mails that a requester ($1) with this address ($2) wrote, that are on their tickets, or that report of one to them, as far as
/// they are kept.
macro_rules! their_mails {
    () => {
        "FROM raw_body WHERE raw_body.raw_mail_id IN \
         (SELECT message.raw_mail_id FROM message JOIN ticket ON ticket.id = message.ticket_id WHERE ticket.requester_id = $1) \
         OR raw_body.raw_mail_id IN (SELECT raw_mail_id FROM message WHERE sender = $2) \
         OR raw_body.raw_mail_id IN (SELECT id FROM raw_mail WHERE person = $2)"
    };
}

statements! {
    TICKETS = Sql::same("SELECT id FROM ticket WHERE requester_id = $1 ORDER BY id");
    COUNT_TICKETS = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE requester_id = $1");
    FAMILY = Sql::same(
        "WITH RECURSIVE family (id) AS (SELECT CAST($1 AS BIGINT) UNION \
         SELECT ticket.id FROM ticket JOIN family ON ticket.merged_into = family.id) SELECT id FROM family ORDER BY id");
    MESSAGES = Sql::same("SELECT id FROM message WHERE ticket_id = $1 ORDER BY id");
    MAILS_HELD = Sql::same(concat!("SELECT raw_body.raw_mail_id ", their_mails!(), " ORDER BY raw_body.raw_mail_id"));
    MAIL_HELD = Sql::same("SELECT packed FROM raw_body WHERE raw_mail_id = $1");
    TALLY = Sql::same(concat!(
        "SELECT (SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE requester_id = $1), \
         (SELECT CAST(COUNT(*) AS BIGINT) FROM message JOIN ticket ON ticket.id = message.ticket_id WHERE ticket.requester_id = $1), \
         (SELECT CAST(COUNT(*) AS BIGINT) FROM attachment JOIN message ON message.id = attachment.message_id \
          JOIN ticket ON ticket.id = message.ticket_id WHERE ticket.requester_id = $1), \
         (SELECT CAST(COUNT(*) AS BIGINT) ", their_mails!(), "), \
         (SELECT CAST(COUNT(*) AS BIGINT) FROM sealed_body JOIN delivery ON delivery.id = sealed_body.delivery_id \
          JOIN ticket ON ticket.id = delivery.ticket_id WHERE ticket.requester_id = $1), \
         (SELECT CAST(COUNT(*) AS BIGINT) FROM notification WHERE requester_id = $1), \
         (SELECT CAST(COUNT(*) AS BIGINT) FROM requester_account WHERE requester_id = $1), \
         (SELECT CAST(COUNT(*) AS BIGINT) FROM message JOIN ticket ON ticket.id = message.ticket_id \
          WHERE message.sender = $2 AND ticket.requester_id <> $1 AND message.retracted_at IS NULL), \
         (SELECT CAST(COUNT(*) AS BIGINT) FROM participant WHERE address = $2)"));
    ACCOUNTS = Sql::same("SELECT platform, external_id FROM requester_account WHERE requester_id = $1 ORDER BY platform, external_id");
    TOLD = Sql::same(
        "SELECT ticket_id, title, message, visible_at FROM notification WHERE requester_id = $1 AND withdrawn_at IS NULL ORDER BY id");
    ELSEWHERE = Sql::same(
        "SELECT message.ticket_id, message.at, message.text FROM message JOIN ticket ON ticket.id = message.ticket_id \
         WHERE message.sender = $1 AND ticket.requester_id <> $2 AND message.retracted_at IS NULL ORDER BY message.id");
    TAKES_PART = Sql::same(
        "SELECT participant.ticket_id, participant.state, participant.added_at FROM participant WHERE participant.address = $1 \
         ORDER BY participant.ticket_id");
    KNOWN_SINCE = Sql::same("SELECT created_at FROM requester WHERE id = $1");
    DROP_BODIES = Sql::same(concat!("DELETE FROM raw_body WHERE raw_mail_id IN ", its_mails!()));
    NOTE_GONE = Sql::same(concat!(
        "UPDATE raw_mail SET person = NULL, counts = FALSE, gone_at = COALESCE(gone_at, $2) WHERE id IN ", its_mails!()));
    FORGET_WORDS = Sql::fork(
        "DELETE FROM search WHERE rowid IN (SELECT id FROM message WHERE ticket_id = $1)",
        "DELETE FROM search WHERE message_id IN (SELECT id FROM message WHERE ticket_id = $1)");
    DROP_FILES = Sql::same("DELETE FROM attachment WHERE message_id IN (SELECT id FROM message WHERE ticket_id = $1)");
    BLANK_MESSAGES = Sql::same(
        "UPDATE message SET author = CASE WHEN direction = 'inbound' THEN $2 ELSE author END, sender = NULL, text = $3, \
         quoted = '', html = NULL, raw_mail_id = NULL, parts_received = 0, parts_kept = 0 WHERE ticket_id = $1");
    // Why a mail did not leave may quote a server that names its recipient.
    BLANK_DELIVERIES = Sql::same(
        "UPDATE delivery SET address = CASE WHEN address IS NULL THEN NULL ELSE CONCAT('efface-', id) END, \
         message = '', cc = NULL, in_reply_to = NULL, refs = NULL, \
         why = CASE WHEN state IN ('skipped', 'cancelled') THEN why ELSE NULL END, \
         state = CASE WHEN state IN ('pending', 'sending') THEN 'cancelled' ELSE state END WHERE ticket_id = $1");
    BLANK_COPIES = Sql::same(
        "UPDATE delivery SET address = CONCAT('efface-', id), cc = NULL, \
         why = CASE WHEN state IN ('skipped', 'cancelled') THEN why ELSE NULL END, \
         state = CASE WHEN state IN ('pending', 'sending') THEN 'cancelled' ELSE state END WHERE address = $1 RETURNING id");
    UNSEAL_TICKET = Sql::same(
        "DELETE FROM sealed_body WHERE delivery_id IN (SELECT id FROM delivery WHERE ticket_id = $1)");
    // A superset, as below.
    NAMED_IN_COPY = Sql::same("SELECT id, cc FROM delivery WHERE cc IS NOT NULL AND LOWER(cc) LIKE $1");
    LEAVE_OUT = Sql::same("UPDATE delivery SET cc = $2 WHERE id = $1");
    SAID_ELSEWHERE = Sql::same(
        "SELECT message.id, ticket.subject, message.text, message.quoted FROM message \
         JOIN ticket ON ticket.id = message.ticket_id WHERE message.sender = $1");
    DROP_HOOK_POSTS = Sql::same("DELETE FROM webhook_post WHERE ticket_id = $1");
    // Bodies of other tickets may name them: they are made again, of what is left. What is settled has none.
    BLANK_HOOK_POSTS = Sql::same(
        "UPDATE webhook_post SET body = NULL WHERE body IS NOT NULL AND state IN ('pending', 'sending')");
    DROP_NOTICES = Sql::same(
        "DELETE FROM notification WHERE ticket_id = $1 AND requester_id = (SELECT requester_id FROM ticket WHERE id = $1)");
    BLANK_TICKET = Sql::same("UPDATE ticket SET subject = $2, reason = $3, anonymised_at = $4 WHERE id = $1");
    GIVE_TO = Sql::same("UPDATE ticket SET requester_id = $2 WHERE id = $1");
    DROP_REFS = Sql::same("DELETE FROM mail_ref WHERE ticket_id = $1");
    DROP_PARTICIPANTS = Sql::same("DELETE FROM participant WHERE ticket_id = $1");
    BLANK_DRAFTS = Sql::same("UPDATE draft SET text = '' WHERE ticket_id = $1");
    LINES_OF = Sql::same("SELECT id, agent_id, actor, detail FROM event WHERE ticket_id = $1 ORDER BY id");
    // A superset: what an address holds may mean something to LIKE.
    LINES_ABOUT = Sql::same("SELECT id, agent_id, actor, detail FROM event WHERE actor = $1 OR LOWER(detail) LIKE $2");
    BLANK_EVENT = Sql::same("UPDATE event SET actor = $2, detail = $3 WHERE id = $1");
    DROP_OTHER_BODIES = Sql::same(
        "DELETE FROM raw_body WHERE raw_mail_id IN (SELECT id FROM raw_mail WHERE person = $1)");
    // What waited for a decision waits no more.
    NOTE_OTHERS_GONE = Sql::same(
        "UPDATE raw_mail SET gone_at = COALESCE(gone_at, $2), \
         state = CASE WHEN state IN ('received', 'held') THEN 'ignored' ELSE state END WHERE person = $1");
    FORGET_PERSON = Sql::same("UPDATE raw_mail SET person = NULL, counts = FALSE WHERE person = $1");
    BLANK_ELSEWHERE = Sql::same("UPDATE message SET author = $2, sender = NULL WHERE sender = $1");
    LEAVE_OTHERS = Sql::same("DELETE FROM participant WHERE address = $1");
    FORGET_WHO_BROUGHT = Sql::same("UPDATE participant SET added_by = $2 WHERE added_by = $1");
    DROP_NOTIFICATIONS = Sql::same("DELETE FROM notification WHERE requester_id = $1");
    DROP_SUBSCRIPTIONS = Sql::same("DELETE FROM push_subscription WHERE requester_id = $1");
    DROP_SUPPRESSION = Sql::same("DELETE FROM suppressed WHERE address = $1");
    DROP_ACCOUNTS = Sql::same("DELETE FROM requester_account WHERE requester_id = $1");
    BLANK_REQUESTER = Sql::same(
        "UPDATE requester SET email = $2, name = $3, preference = 'none', links_since = $4 WHERE id = $1");
    // Held, so that nobody opens a ticket for them meanwhile.
    LOCK_REQUESTER = Sql::fork(
        "SELECT email FROM requester WHERE id = $1", "SELECT email FROM requester WHERE id = $1 FOR UPDATE");
    MAY_GO = Sql::same(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM requester WHERE id = $1 AND blocked_at IS NULL AND managed_at IS NULL \
         AND preference = 'both' AND NOT EXISTS (SELECT 1 FROM ticket WHERE ticket.requester_id = requester.id)");
    DROP_REQUESTER = Sql::same("DELETE FROM requester WHERE id = $1");
    // Blocked: whoever writes under this name opens nothing.
    MAKE_NOBODY = Sql::same(
        "INSERT INTO requester (email, name, preference, created_at, blocked_at, links_since) VALUES ($1, $2, 'none', $3, $3, $3) \
         ON CONFLICT (email) DO NOTHING");
    NOBODY = Sql::same("SELECT id FROM requester WHERE email = $1");
    MANAGE = Sql::same("UPDATE requester SET managed_at = COALESCE(managed_at, $2) WHERE id = $1");
    IS_MANAGED = Sql::same("SELECT managed_at FROM requester WHERE id = $1");
}

static UNSEAL: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(Sql::same("DELETE FROM sealed_body WHERE delivery_id IN ("), Sql::same("$1"), 1, ")")
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 1] = [("unseal", &UNSEAL)];

/// A line of history, as it is blanked.
#[derive(Debug)]
pub struct Line {
    /// Its number.
    pub id: EventId,
    /// The agent who acted, where one did.
    pub agent: Option<AgentId>,
    /// Who acted, in words.
    pub actor: String,
    /// The rest, as JSON.
    pub detail: String,
}

type LineRow = (i64, Option<i64>, String, String);

fn line((id, agent, actor, detail): LineRow) -> Line {
    Line { id: EventId(id), agent: agent.map(AgentId), actor, detail }
}

/// How many things are held of a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Their tickets.
    pub tickets: i64,
    /// Messages on their tickets.
    pub messages: i64,
    /// Files of those.
    pub files: i64,
    /// The mails of their tickets and those that they wrote elsewhere, while they are kept.
    pub mails: i64,
    /// Our mails to them, while they are kept as they left.
    pub sent_mails: i64,
    /// What they were told on the web.
    pub notifications: i64,
    /// Their accounts of chats.
    pub accounts: i64,
    /// What they wrote on the tickets of others.
    pub elsewhere: i64,
    /// The tickets of others that they take part in, might, or were kept out of.
    pub takes_part: i64,
}

type TallyRow = (i64, i64, i64, i64, i64, i64, i64, i64, i64);

fn tally(row: TallyRow) -> Tally {
    let (tickets, messages, files, mails, sent_mails, notifications, accounts, elsewhere, takes_part) = row;
    Tally { tickets, messages, files, mails, sent_mails, notifications, accounts, elsewhere, takes_part }
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    pub async fn tickets_of(&mut self, requester: RequesterId) -> Result<Vec<TicketId>> {
        let ids: Vec<(i64,)> = all!(self, TICKETS, requester.0)?;
        Ok(ids.into_iter().map(|(id,)| TicketId(id)).collect())
    }

    pub async fn count_tickets_of(&mut self, requester: RequesterId) -> Result<i64> {
        scalar!(self, COUNT_TICKETS, requester.0)
    }

    /// A ticket and all that were merged into it.
    pub async fn family_of(&mut self, ticket: TicketId) -> Result<Vec<TicketId>> {
        let ids: Vec<(i64,)> = all!(self, FAMILY, ticket.0)?;
        Ok(ids.into_iter().map(|(id,)| TicketId(id)).collect())
    }

    pub async fn messages_on(&mut self, ticket: TicketId) -> Result<Vec<MessageId>> {
        let ids: Vec<(i64,)> = all!(self, MESSAGES, ticket.0)?;
        Ok(ids.into_iter().map(|(id,)| MessageId(id)).collect())
    }

    /// The mails of their tickets, and those that they wrote elsewhere, as far as they are kept.
    pub async fn mails_held(&mut self, requester: RequesterId, email: &str) -> Result<Vec<RawMailId>> {
        let ids: Vec<(i64,)> = all!(self, MAILS_HELD, requester.0, clean(email))?;
        Ok(ids.into_iter().map(|(id,)| RawMailId(id)).collect())
    }

    /// The packed bytes of a mail, while they are kept.
    pub async fn mail_held(&mut self, mail: RawMailId) -> Result<Option<Vec<u8>>> {
        optional_scalar!(self, MAIL_HELD, mail.0)
    }

    pub async fn tally(&mut self, requester: RequesterId, email: &str) -> Result<Tally> {
        one!(self, TALLY, requester.0, clean(email)).map(tally)
    }

    /// Their accounts of chats: (platform, id there).
    pub async fn accounts_of(&mut self, requester: RequesterId) -> Result<Vec<(String, String)>> {
        all!(self, ACCOUNTS, requester.0)
    }

    /// All that they were told on the web: ticket, title, message, when.
    pub async fn all_told(
        &mut self,
        requester: RequesterId,
    ) -> Result<Vec<(i64, String, String, DateTime<Utc>)>> {
        all!(self, TOLD, requester.0)
    }

    /// What they wrote on the tickets of others: ticket, when, words.
    pub async fn written_elsewhere(
        &mut self,
        requester: RequesterId,
        email: &str,
    ) -> Result<Vec<(i64, DateTime<Utc>, String)>> {
        all!(self, ELSEWHERE, clean(email), requester.0)
    }

    /// The tickets of others that they take part in, might, or were kept out of: ticket, how, since when.
    pub async fn takes_part_in(&mut self, email: &str) -> Result<Vec<(i64, String, DateTime<Utc>)>> {
        all!(self, TAKES_PART, clean(email))
    }

    pub async fn known_since(&mut self, requester: RequesterId) -> Result<DateTime<Utc>> {
        scalar!(self, KNOWN_SINCE, requester.0)
    }

    /// Leaves nothing of a ticket but numbers, times and statuses: `called` stands for the names from then on, `words` for what
    /// was written, `reason` for its reason. Gives back how many mails are gone. Its history is the caller's.
    pub async fn blank_ticket(
        &mut self,
        ticket: TicketId,
        called: &str,
        words: &str,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        let id = ticket.0;
        // The journal before the bytes, as whoever drops old mails does: two in another order would wait for each other.
        execute!(self, NOTE_GONE, id, now)?;
        let mails = execute!(self, DROP_BODIES, id)?;
        execute!(self, FORGET_WORDS, id)?;
        self.owe_sweep().await?;
        execute!(self, DROP_FILES, id)?;
        execute!(self, BLANK_MESSAGES, id, called, words)?;
        // The deliveries before their bytes, so that nobody keeps those anew meanwhile.
        execute!(self, BLANK_DELIVERIES, id)?;
        execute!(self, UNSEAL_TICKET, id)?;
        execute!(self, DROP_HOOK_POSTS, id)?;
        execute!(self, DROP_NOTICES, id)?;
        execute!(self, DROP_REFS, id)?;
        execute!(self, DROP_PARTICIPANTS, id)?;
        execute!(self, BLANK_DRAFTS, id)?;
        execute!(self, BLANK_TICKET, id, words, reason, now)?;
        Ok(mails)
    }

    /// What a person wrote on the tickets of others: the message, and the words by which it may still be found.
    pub async fn said_elsewhere(&mut self, email: &str) -> Result<Vec<(MessageId, String)>> {
        let rows: Vec<(i64, String, String, String)> = all!(self, SAID_ELSEWHERE, clean(email))?;
        let words = |(id, subject, text, quoted)| (MessageId(id), format!("{subject} {text} {quoted}"));
        Ok(rows.into_iter().map(words).collect())
    }

    /// The mails of other people's tickets leave a person out: what waits for them does not leave, and no other names them. Those
    /// that left are not kept as they were.
    async fn blank_copies(&mut self, email: &str) -> Result<()> {
        let mut unsealed: Vec<(i64,)> = all!(self, BLANK_COPIES, email)?;
        let named: Vec<(i64, String)> = all!(self, NAMED_IN_COPY, format!("%{email}%"))?;
        for (id, cc) in named {
            let mut cc: Vec<Mailbox> =
                serde_json::from_str(&cc).map_err(|error| sqlx::Error::Decode(error.into()))?;
            cc.retain(|copy| copy.address != email);
            let cc = copies(&cc).map_err(|error| sqlx::Error::Encode(error.into()))?;
            execute!(self, LEAVE_OUT, DeliveryId(id).0, cc)?;
            unsealed.push((id,));
        }
        write_all!(self, UNSEAL, unsealed, |query, delivery| query.bind(delivery.0))
    }

    /// Leaves nothing of a person beside their tickets: `called` stands for their name from then on. Gives back how many mails
    /// are gone. What the history of other tickets says of them is the caller's.
    pub async fn blank_requester(
        &mut self,
        requester: RequesterId,
        email: &str,
        called: &str,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        let id = requester.0;
        let email = &*clean(email);
        execute!(self, NOTE_OTHERS_GONE, email, now)?;
        let mails = execute!(self, DROP_OTHER_BODIES, email)?;
        execute!(self, FORGET_PERSON, email)?;
        execute!(self, BLANK_ELSEWHERE, email, called)?;
        execute!(self, LEAVE_OTHERS, email)?;
        execute!(self, FORGET_WHO_BROUGHT, email, called)?;
        self.blank_copies(email).await?;
        self.owe_sweep().await?;
        execute!(self, BLANK_HOOK_POSTS)?;
        self.drop_belongings(requester, email).await?;
        execute!(self, BLANK_REQUESTER, id, erased_address(requester), called, now)?;
        Ok(mails)
    }

    async fn drop_belongings(&mut self, requester: RequesterId, email: &str) -> Result<()> {
        let id = requester.0;
        execute!(self, DROP_NOTIFICATIONS, id)?;
        execute!(self, DROP_SUBSCRIPTIONS, id)?;
        execute!(self, DROP_SUPPRESSION, email)?;
        execute!(self, DROP_ACCOUNTS, id).map(drop)
    }

    /// The history of a ticket.
    pub async fn lines_of(&mut self, ticket: TicketId) -> Result<Vec<Line>> {
        let rows: Vec<LineRow> = all!(self, LINES_OF, ticket.0)?;
        Ok(rows.into_iter().map(line).collect())
    }

    /// The lines of any history that name a person.
    pub async fn lines_about(&mut self, email: &str) -> Result<Vec<Line>> {
        let email = &*clean(email);
        let rows: Vec<LineRow> = all!(self, LINES_ABOUT, email, format!("%{email}%"))?;
        Ok(rows.into_iter().map(line).collect())
    }

    pub async fn blank_event(&mut self, event: EventId, actor: &str, detail: &str) -> Result<()> {
        execute!(self, BLANK_EVENT, event.0, actor, detail).map(drop)
    }

    /// Whose the tickets are that are nobody's any more.
    pub async fn nobody(&mut self, called: &str, now: DateTime<Utc>) -> Result<RequesterId> {
        execute!(self, MAKE_NOBODY, people::NOBODY, called, now)?;
        scalar!(self, NOBODY, people::NOBODY).map(RequesterId)
    }

    pub async fn give_ticket(&mut self, ticket: TicketId, to: RequesterId) -> Result<()> {
        execute!(self, GIVE_TO, ticket.0, to.0).map(drop)
    }

    /// Takes away the record of a requester of whom nothing else is left. Not one that the host application or the operator
    /// keeps, nor one that holds a choice which mail still to come must obey.
    pub async fn drop_requester(&mut self, requester: RequesterId) -> Result<bool> {
        let email: Option<String> = optional_scalar!(self, LOCK_REQUESTER, requester.0)?;
        let may_go: i64 = scalar!(self, MAY_GO, requester.0)?;
        let Some(email) = email.filter(|_| may_go > 0) else { return Ok(false) };
        self.drop_belongings(requester, &email).await?;
        execute!(self, DROP_REQUESTER, requester.0).map(|rows| rows == 1)
    }

    /// Notes that the host application or the operator keeps this record.
    pub async fn manage_requester(&mut self, requester: RequesterId, now: DateTime<Utc>) -> Result<()> {
        execute!(self, MANAGE, requester.0, now).map(drop)
    }

    pub async fn is_managed(&mut self, requester: RequesterId) -> Result<bool> {
        let since: Option<(Option<DateTime<Utc>>,)> = optional!(self, IS_MANAGED, requester.0)?;
        Ok(since.is_some_and(|(since,)| since.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::plans::Plans;
    use crate::store::{mailbox, webhook};

    #[tokio::test]
    async fn what_is_asked_in_a_hurry_or_of_much_is_led_along_an_index_on_sqlite() {
        let mut plans = Plans::new().await;
        for (wanted, index) in [
            ("privacy::BLANK_COPIES", "delivery_by_address"),
            ("privacy::BLANK_HOOK_POSTS", "webhook_post_"),
            ("mailbox::COUNT_BY_SENDER", "raw_mail_lately"),
            ("webhook::TELL_ALL_AGAIN", "webhook_post_settled"),
        ] {
            let mut all = STATEMENTS.iter().chain(mailbox::STATEMENTS).chain(webhook::STATEMENTS);
            let (_, sql) = all.find(|(name, _)| name.ends_with(wanted)).expect("it is one of them");
            let plan = plans.of(sql).await;
            assert!(plan.iter().any(|step| step.contains(index)), "{wanted}: {plan:?}");
        }
    }
}
