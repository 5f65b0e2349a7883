//! One command in, one view out: what every door of the CMs calls.

use super::answer::{TEAM, keep};
use super::apply::Act;
use super::board::{self, QueueFilter};
use super::failure::refuse;
use super::people::{known_requester, read_person};
use super::receive::{Arrived, distinct_words};
use super::taking_part::{copies, recipients_now, take_back};
use super::{Desk, Failure, Inner, Result, locked};
use crate::command::authorize::authorize;
use crate::command::grammar::Command;
use crate::command::vocabulary::ParticipantWish;
use crate::domain::audit::{AuditDetail, AuditKind, By};
use crate::domain::event::{Event, EventKind};
use crate::domain::ids::{DeliveryId, EventId, MessageId, RawMailId, TicketId};
use crate::domain::list::Holder;
use crate::domain::mail::Shape;
use crate::domain::message::{Direction, Mark};
use crate::domain::people::{Actor, Agent, Door, first_name};
use crate::domain::refusal::Refusal;
use crate::domain::report::Period;
use crate::domain::rules::Rules;
use crate::domain::ticket::{SPAM, Status, Ticket};
use crate::store::messages::NewMessage;
use crate::store::{self, Tx};
use crate::view::{self, Draft, Person, TemplateView, View};
use crate::wording;
use crate::wording::canned::{FEATURE, Names};
use chrono::{DateTime, Utc};

/// How many tickets a list in chat shows; the rest is counted.
pub const LIST_LENGTH: i64 = 20;
/// How often an act is tried when the database says that somebody else was faster.
const TRIES: u32 = 3;

/// Does what the database may have broken off to let another go on, of two who waited for each other: then it begins anew.
pub(super) async fn persist<F, T>(act: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut tried = 1;
    loop {
        match act().await {
            Err(Failure::Broken(error)) if tried < TRIES && store::is_passing(&error) => tried += 1,
            done => return done,
        }
    }
}

/// Who asks, and through which door.
pub(super) struct Ask<'a> {
    agent: &'a Agent,
    actor: Actor,
    door: Door,
    source_key: Option<&'a str>,
    with: With<'a>,
    pub(super) now: DateTime<Utc>,
}

/// What a reply comes with beside its words.
#[derive(Debug, Clone, Copy, Default)]
pub struct With<'a> {
    /// A mail that never travelled, and whose files it goes with.
    pub files: Option<&'a Arrived>,
    /// The latest of the conversation that its writer has read: what was said since keeps it back. `None`: as it may be.
    pub seen: Option<MessageId>,
    /// The standard reply that its words began as: what sending that one does, this does.
    pub template: Option<&'a str>,
}

impl Desk {
    /// Carries out a command. `source_key` names the request itself (an interaction's id, a form's key): the
    /// same key again does nothing and answers with the ticket as it stands.
    ///
    /// # Errors
    /// [`Failure::Refused`] with what the CM must read, or [`Failure::Broken`].
    pub async fn run(
        &self,
        agent: &Agent,
        door: Door,
        command: Command,
        source_key: Option<&str>,
    ) -> Result<View> {
        self.run_with(agent, door, command, source_key, With::default()).await
    }

    /// As [`Desk::run`], with what a reply comes with.
    ///
    /// # Errors
    /// As [`Desk::run`].
    pub async fn run_with(
        &self,
        agent: &Agent,
        door: Door,
        command: Command,
        source_key: Option<&str>,
        with: With<'_>,
    ) -> Result<View> {
        authorize(agent, &command).map_err(Failure::Refused)?;
        let now = self.inner.clock.now();
        let ask = Ask { agent, actor: Actor::Agent(agent.clone()), door, source_key, with, now };
        let mut tried = 1;
        loop {
            match self.inner.carry_out(&ask, &command).await {
                Err(Failure::Broken(error)) if tried < TRIES && store::is_passing(&error) => tried += 1,
                Err(Failure::Refused(Refusal::Changed(_))) if tried < TRIES => tried += 1,
                done => {
                    self.inner.ring_outbox();
                    self.inner.ring_chats();
                    // The same request may have come twice at once: what the other did is no reason to refuse this one.
                    return match (done, source_key) {
                        (Err(failure), Some(key)) => self.inner.done_already(key).await?.ok_or(failure),
                        (done, _) => done,
                    };
                }
            }
        }
    }
}

impl Inner {
    /// The ticket as it stands, where this very request was carried out before.
    async fn done_already(&self, key: &str) -> Result<Option<View>> {
        let mut tx = self.store.read().await?;
        let Some(event) = tx.event_by_source(key).await? else { return Ok(None) };
        ticket_view(&mut tx, event.ticket, &self.settings.rules)
            .await
            .map(|view| Some(View::Ticket(Box::new(view))))
    }

    async fn carry_out(&self, ask: &Ask<'_>, command: &Command) -> Result<View> {
        if let Some(key) = ask.source_key
            && let Some(done) = self.done_already(key).await?
        {
            return Ok(done);
        }
        match command {
            Command::List { status, priority, mine, words } => {
                let filter = QueueFilter {
                    status: *status,
                    priority: *priority,
                    holder: mine.then_some(Holder::Agent(ask.agent.id)),
                    words: words.clone(),
                    limit: Some(LIST_LENGTH),
                    ..QueueFilter::default()
                };
                Ok(View::Queue(board::read_queue(&mut self.store.read().await?, &filter).await?))
            }
            Command::Show { ticket } => self.shown(*ticket, View::Ticket).await,
            Command::History { ticket } => self.shown(*ticket, View::History).await,
            Command::Deliveries { ticket } => self.shown(*ticket, View::Deliveries).await,
            Command::Status { ticket, to, reason } => {
                self.act(ask, *ticket, Event::StatusSet { to: *to, reason: reason.clone() }).await
            }
            Command::Spam { ticket } => {
                let event = Event::StatusSet { to: Status::Closed, reason: Some(SPAM.to_owned()) };
                self.act(ask, *ticket, event).await
            }
            Command::Reopen { ticket } => {
                self.act(ask, *ticket, Event::StatusSet { to: Status::InProgress, reason: None }).await
            }
            Command::Take { ticket } => self.assign(ask, *ticket, ask.agent.clone()).await,
            Command::Assign { ticket, name } => {
                let found = self.store.read().await?.agent_by_name(name).await?;
                let agent = found.ok_or_else(|| Failure::Refused(Refusal::NoSuchAgent(name.clone())))?;
                if self.store.read().await?.access(agent.id, ask.now).await?.disabled_at.is_some() {
                    return refuse(Refusal::AgentDisabled(agent.name));
                }
                self.assign(ask, *ticket, agent).await
            }
            Command::Priority { ticket, to } => self.act(ask, *ticket, Event::PrioritySet(*to)).await,
            Command::Reply { ticket, all, template, then, text } => {
                self.reply(ask, *ticket, *all, template.as_deref(), *then, text).await
            }
            Command::Participants { ticket, changes } if changes.is_empty() => {
                self.shown(*ticket, View::Participants).await
            }
            Command::Participants { ticket, changes } => self.set_participants(ask, *ticket, changes).await,
            Command::Note { ticket, text } => self.note(ask, *ticket, text).await,
            Command::Template { name, ticket } => self.template(ask, name.as_deref(), *ticket).await,
            Command::Undo { act } => self.undo(ask, *act).await,
            Command::Resend { delivery } => self.resend(ask, *delivery).await,
            Command::MarkSent { delivery } => self.mark_sent(ask, *delivery).await,
            Command::User { email, preference: None, resume: false, revoke: false } => {
                Ok(View::Person(read_person(&mut self.store.read().await?, email).await?))
            }
            Command::User { email, preference, resume, revoke } => {
                let mut tx = self.store.begin().await?;
                let requester = known_requester(&mut tx, email).await?;
                let by = By::agent(ask.agent, ask.door);
                let about = AuditDetail { person: Some(requester.id.0), ..AuditDetail::default() };
                if let Some(preference) = preference {
                    self.set_preference(&mut tx, requester.id, *preference, ask.now).await?;
                    let detail = AuditDetail { preference: Some(*preference), ..about.clone() };
                    tx.audit(&by, AuditKind::PersonSet, &detail, ask.now).await?;
                }
                if *resume {
                    tx.lift_suppression(&requester.email).await?;
                    tx.audit(&by, AuditKind::MailResumed, &about, ask.now).await?;
                }
                if *revoke {
                    tx.audit(&by, AuditKind::LinksEnded, &about, ask.now).await?;
                    tx.end_links(requester.id, ask.now).await?;
                    // Each push carries a link: whoever came by one that leaked is told no more.
                    tx.drop_subscriptions_of(requester.id).await?;
                }
                let read = read_person(&mut tx, email).await?;
                let person = Person { changed: preference.is_some(), revoked: *revoke, ..read };
                self.tell_cards(&mut tx, person.open_tickets(), ask.now).await?;
                tx.commit().await?;
                Ok(View::Person(person))
            }
            Command::Help { command } => Ok(View::Help(wording::help::entries(command.as_deref()))),
            Command::Tag { ticket, changes } => self.set_tags(ask, *ticket, changes).await,
            Command::Escalate { ticket, reason } => self.escalate(ask, *ticket, reason).await,
            Command::Urgent { ticket, reason } => self.make_urgent(ask, *ticket, reason.as_deref()).await,
            Command::Feature { ticket } => {
                let then = Some(Status::Resolved);
                self.reply(ask, *ticket, false, Some(FEATURE), then, "").await
            }
            Command::Merge { ticket, into } => self.merge(ask, *ticket, *into).await,
            Command::Snooze { ticket, delay } => self.snooze(ask, *ticket, delay).await,
            Command::Remind { ticket } => self.remind(ask, *ticket).await,
            Command::Kb { words } => Ok(View::Found(self.find_articles(words).await?)),
            Command::Stats | Command::Report => {
                let period = Period::day(self.today(ask.now));
                let report = self.report(&mut self.store.read().await?, period, ask.now).await?;
                Ok(match command {
                    Command::Stats => View::Stats(Box::new(report)),
                    _ => View::Report(Box::new(report)),
                })
            }
            Command::Checklist => {
                let checklist = self.checklist(&mut self.store.read().await?, ask.now).await?;
                Ok(View::Checklist(Box::new(checklist)))
            }
        }
    }

    async fn shown(&self, id: TicketId, view: fn(Box<view::TicketView>) -> View) -> Result<View> {
        Ok(view(Box::new(ticket_view(&mut self.store.read().await?, id, &self.settings.rules).await?)))
    }

    /// An act that writes no message.
    async fn act(&self, ask: &Ask<'_>, id: TicketId, event: Event) -> Result<View> {
        let mut tx = self.store.begin().await?;
        let ticket = locked(&mut tx, id).await?;
        let applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        self.done(tx, applied).await
    }

    async fn assign(&self, ask: &Ask<'_>, id: TicketId, to: Agent) -> Result<View> {
        let mut tx = self.store.begin().await?;
        let ticket = locked(&mut tx, id).await?;
        if ticket.assignee == Some(to.id) {
            return refuse(Refusal::SameAssignee(id, to.name));
        }
        let event = Event::Assigned(to.id);
        let applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        self.done(tx, applied).await
    }

    async fn note(&self, ask: &Ask<'_>, id: TicketId, text: &str) -> Result<View> {
        if text.trim().is_empty() {
            return refuse(Refusal::EmptyText);
        }
        let mut tx = self.store.begin().await?;
        let ticket = locked(&mut tx, id).await?;
        let message =
            write(&mut tx, &ticket, Written::by(&ask.agent.name, Direction::Note, text), ask.now).await?;
        let applied = self.apply(&mut tx, ticket, ask.act(&Event::NoteAdded, Some(message)), ask.now).await?;
        self.done(tx, applied).await
    }

    /// Says who takes part; what somebody let in has written already is theirs from now on, and wakes the ticket as it
    /// would have.
    async fn set_participants(
        &self,
        ask: &Ask<'_>,
        id: TicketId,
        wanted: &[ParticipantWish],
    ) -> Result<View> {
        let mut tx = self.store.begin().await?;
        let ticket = locked(&mut tx, id).await?;
        let event = self.decide_participants(&mut tx, &ticket, wanted).await?;
        self.write_participants(&mut tx, id, &event, &ask.agent.name, ask.now).await?;
        let applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        self.done(tx, applied).await
    }

    /// Answers the requester, and with `all` everybody who takes part: the text and the status it leads to are one act
    /// and make one notice.
    async fn reply(
        &self,
        ask: &Ask<'_>,
        id: TicketId,
        all: bool,
        template: Option<&str>,
        then: Option<Status>,
        text: &str,
    ) -> Result<View> {
        let mut tx = self.store.begin().await?;
        let ticket = locked(&mut tx, id).await?;
        let catalogue = self.catalogue(&mut tx).await?;
        let named = template.or(ask.with.template).and_then(|name| catalogue.find(name));
        let hands_over = named.is_some_and(|reply| reply.hands_over);
        let (text, template_status) = match template {
            None => (text.trim().to_owned(), None),
            Some(name) => {
                let draft = self.draft(&mut tx, ask, name, Some(&ticket), text).await?;
                (draft.text, draft.then)
            }
        };
        if text.is_empty() {
            return refuse(Refusal::EmptyText);
        }
        let missing = catalogue.missing(&text);
        if !missing.is_empty() {
            return refuse(Refusal::Unfilled(missing));
        }
        let copies = if all { copies(&mut tx, id).await? } else { Vec::new() };
        if all && copies.is_empty() {
            return refuse(Refusal::NobodyInCopy(id));
        }
        let then = then.or(template_status).unwrap_or(Status::InProgress);
        if let Some(seen) = ask.with.seen
            && tx.latest_said(id).await? > seen
        {
            return refuse(Refusal::SaidMeanwhile(id));
        }
        let mail = match ask.with.files {
            Some(files) => Some(enclose(&mut tx, files, ask.now).await?),
            None => None,
        };
        let written = Written { mail, ..Written::by(&ask.agent.name, Direction::Outbound, &text) };
        let message = write(&mut tx, &ticket, written, ask.now).await?;
        if let Some(files) = ask.with.files {
            let files = &files.digest()?.mail.attachments;
            let files: Vec<_> = files.iter().map(|file| (message, file)).collect();
            tx.add_attachments(&files).await?;
        }
        // Who closes while the requester owes us an answer closes for want of it, unless what they read is that their request
        // was handed over.
        let gives_up = !hands_over && then == Status::Closed && ticket.status == Status::WaitingCustomer;
        let event = match gives_up {
            true => Event::GivenUp { reason: wording::labels::UNANSWERED.to_owned() },
            false if hands_over => Event::HandedOver { then },
            false => Event::AgentReplied { then },
        };
        let act = ask.act(&event, Some(message));
        let applied = self.apply_to_all(&mut tx, ticket, act, &copies, ask.now).await?;
        self.done(tx, applied).await
    }

    async fn template(&self, ask: &Ask<'_>, name: Option<&str>, ticket: Option<TicketId>) -> Result<View> {
        let Some(name) = name else {
            let catalogue = self.catalogue(&mut self.store.read().await?).await?;
            return Ok(View::Templates(catalogue.all().iter().map(TemplateView::from).collect()));
        };
        let mut tx = self.store.read().await?;
        let ticket = match ticket {
            Some(id) => Some(known_ticket(&mut tx, id).await?),
            None => None,
        };
        let mut draft = self.draft(&mut tx, ask, name, ticket.as_ref(), "").await?;
        if let Some(ticket) = &ticket {
            draft.recipients = Some(recipients_now(&mut tx, ticket).await?);
        }
        Ok(View::Draft(draft))
    }

    /// A standard reply filled in as far as it can be.
    async fn draft(
        &self,
        tx: &mut Tx,
        ask: &Ask<'_>,
        name: &str,
        ticket: Option<&Ticket>,
        text: &str,
    ) -> Result<Draft> {
        let catalogue = self.catalogue(tx).await?;
        let Some(reply) = catalogue.find(name) else {
            return refuse(Refusal::NoSuchTemplate { name: name.to_owned(), known: catalogue.keys() });
        };
        let text = match ticket {
            None => reply.body.clone(),
            Some(ticket) => {
                let requester = tx.requester(ticket.requester).await?;
                let spoken = tx.messages(ticket.id).await?.into_iter().rev();
                let silent_since = spoken
                    .filter(|message| message.direction == Direction::Inbound && message.mark.is_none())
                    .map(|message| message.at)
                    .next()
                    .unwrap_or(ticket.created_at);
                let agent_name = first_name(&ask.agent.name).unwrap_or_else(|| ask.agent.name.clone());
                let requester_name = first_name(&requester.name);
                let names = Names {
                    first_name: requester_name.as_deref(),
                    subject: &ticket.subject,
                    agent_first_name: &agent_name,
                    // Less than a day is no « X jours »: the bracket stays, and the reply is refused.
                    days: Some((ask.now - silent_since).num_days()).filter(|days| *days > 0),
                };
                wording::canned::fill(reply, text, &names)
            }
        };
        let mut missing = catalogue.missing(&text);
        if ticket.is_none() {
            missing.retain(|bracket| !wording::canned::fills_itself(bracket));
        }
        Ok(Draft {
            ticket: ticket.map(|ticket| ticket.id),
            template: reply.key.clone(),
            missing,
            text,
            then: reply.then,
            recipients: None,
        })
    }

    /// Takes the agent's latest act back, with everything that waits to leave because of it; with `meant`,
    /// only if that is the act.
    async fn undo(&self, ask: &Ask<'_>, meant: Option<EventId>) -> Result<View> {
        let window = self.settings.rules.undo_window;
        let mut tx = self.store.begin().await?;
        let Some(act) = tx.latest_act(ask.agent.id, ask.now - window, meant).await? else {
            return refuse(Refusal::NothingToUndo(window));
        };
        if meant.is_some_and(|meant| meant != act.id) {
            return refuse(Refusal::NotTheLatestAct(act.ticket));
        }
        if act.kind == EventKind::MergedInto {
            return self.unmerge(ask, tx, act).await;
        }
        let ticket = locked(&mut tx, act.ticket).await?;
        // Somebody may have pressed twice, and be done with it.
        if !tx.mark_undone(act.id, ask.now).await? {
            return refuse(Refusal::NothingToUndo(window));
        }
        // Cancelled first: that waits for a worker who is about to lease, and then sees what it took.
        tx.cancel_deliveries(act.id, ask.now).await?;
        let is_untold = tx.cancel_hook_posts(act.id).await?;
        // What came after it and was taken back is no more in the way.
        let is_latest = ticket.version == act.version_after || !tx.anything_since(act.ticket, act.id).await?;
        if !is_latest || !is_untold || tx.anything_left(act.id).await? {
            return refuse(Refusal::UndoTooLate(ticket.id));
        }
        let event = Event::ActUndone { kind: act.kind, detail: act.detail.clone() };
        let mut applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        self.tell_undone(&mut tx, &act, ask.now).await?;
        take_back(&mut tx, act.ticket, &act.detail).await?;
        if let Some(message) = act.detail.message.map(MessageId) {
            tx.retract_message(message, ask.now).await?;
            self.tell_receipt(&mut tx, applied.ticket.id, Some(message.0), ask.now).await?;
            tx.forget_message(message).await?;
        }
        self.replan(&mut tx, &mut applied.ticket).await?;
        self.done(tx, applied).await
    }

    async fn resend(&self, ask: &Ask<'_>, id: DeliveryId) -> Result<View> {
        let mut tx = self.store.begin().await?;
        let Some(delivery) = tx.delivery(id).await? else { return refuse(Refusal::NoSuchDelivery(id)) };
        let ticket = locked(&mut tx, delivery.ticket).await?;
        if !tx.send_again(id, ask.now).await? {
            return refuse(Refusal::NotResendable(id));
        }
        // Who sends it again takes the address for good again.
        if let Some(address) = &delivery.address {
            tx.lift_suppression(address).await?;
        }
        let event = Event::Resent { delivery: id };
        let applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        let message = delivery.message_id.map(|id| id.0);
        self.tell_receipt(&mut tx, delivery.ticket, message, ask.now).await?;
        self.done(tx, applied).await
    }

    /// Takes a mail that may have arrived for one that did: the other answer to an uncertain delivery.
    async fn mark_sent(&self, ask: &Ask<'_>, id: DeliveryId) -> Result<View> {
        let mut tx = self.store.begin().await?;
        let Some(delivery) = tx.delivery(id).await? else { return refuse(Refusal::NoSuchDelivery(id)) };
        let ticket = locked(&mut tx, delivery.ticket).await?;
        if !tx.take_for_sent(id, ask.now).await? {
            return refuse(Refusal::NotUncertain(id));
        }
        self.keep_copy(&mut tx, &delivery, ask.now).await?;
        let event = Event::MarkedSent { delivery: id };
        let applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        let message = delivery.message_id.map(|id| id.0);
        self.tell_receipt(&mut tx, delivery.ticket, message, ask.now).await?;
        self.done(tx, applied).await
    }
}

impl Ask<'_> {
    pub(super) fn act<'a>(&'a self, event: &'a Event, message: Option<MessageId>) -> Act<'a> {
        Act { event, actor: &self.actor, door: self.door, source_key: self.source_key, message, rung: None }
    }
}

/// What somebody wrote elsewhere than in a mail.
pub(super) struct Written<'a> {
    pub(super) direction: Direction,
    pub(super) author: &'a str,
    /// Set where a program wrote it.
    pub(super) mark: Option<Mark>,
    /// The requester's address, where it is what they said.
    pub(super) sender: Option<&'a str>,
    /// The mail that holds the files it goes with.
    pub(super) mail: Option<RawMailId>,
    pub(super) text: &'a str,
}

impl<'a> Written<'a> {
    /// By somebody.
    pub(super) fn by(author: &'a str, direction: Direction, text: &'a str) -> Written<'a> {
        Written { direction, mark: None, author, sender: None, mail: None, text }
    }
}

/// Keeps the files that a reply goes with.
async fn enclose(tx: &mut Tx, files: &Arrived, now: DateTime<Utc>) -> Result<RawMailId> {
    let kept = keep(tx, files, TEAM, None, now).await?;
    Ok(kept.ok_or_else(|| anyhow::anyhow!("the files of a reply are another's"))?)
}

/// Stores what somebody wrote and makes it findable.
pub(super) async fn write(
    tx: &mut Tx,
    ticket: &Ticket,
    written: Written<'_>,
    now: DateTime<Utc>,
) -> Result<MessageId> {
    let Written { direction, mark, author, sender, mail, text } = written;
    let message = tx
        .add_message(&NewMessage {
            ticket: ticket.id,
            direction,
            mark,
            author,
            sender,
            refuted: false,
            at: now,
            text,
            quoted: "",
            raw_mail: mail,
            shape: Shape::default(),
        })
        .await?;
    let requester = tx.requester(ticket.requester).await?;
    let searched = format!("{} {} {} {text}", ticket.subject, requester.name, requester.email);
    tx.index_messages(&[(message, &distinct_words(&searched))]).await?;
    Ok(message)
}

async fn known_ticket(tx: &mut Tx, id: TicketId) -> Result<Ticket> {
    tx.ticket(id).await?.ok_or(Failure::Refused(Refusal::NoSuchTicket(id)))
}

pub(super) async fn ticket_view(tx: &mut Tx, id: TicketId, rules: &Rules) -> Result<view::TicketView> {
    let ticket = known_ticket(tx, id).await?;
    board::read_ticket(tx, ticket, rules).await
}
