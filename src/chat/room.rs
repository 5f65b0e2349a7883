//! What somebody does in chat, by whatever platform: a command, a button, a form, a message; and what they read for it.
//! The platform's own code only translates to and from this. May import: desk, command, config, view, wording, domain.

mod forms;
mod home;

use super::beside::{Bare, Beside, Shelf, fetch_all};
use crate::command::grammar::Command;
use crate::command::grammar::slash::Known;
use crate::command::parse::parse;
use crate::command::thread::begins_reply;
use crate::config::Limits;
use crate::desk::chat::here;
use crate::desk::drafts::Sent;
use crate::desk::run::With;
use crate::desk::{self, Desk, Failure};
use crate::domain::audit::By;
use crate::domain::chat::{Platform, PostKind};
use crate::domain::event::EventKind;
use crate::domain::ids::{DraftId, MessageId, TicketId};
use crate::domain::people::{Actor, Agent, Door, Role};
use crate::domain::refusal::Refusal;
use crate::domain::ticket::Status;
use crate::view::press::Press;
use crate::view::sheet::{Answer, Sheet};
use crate::view::{EventView, Suggestion, TemplateView, TicketView, View};
use crate::wording::{self, refusals};
use chrono_tz::Tz;

/// Somebody in chat, as the platform knows them.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The platform's id of their account.
    pub account: String,
    /// How they are called there.
    pub name: String,
    /// The ids of the roles or groups they have there.
    pub roles: Vec<String>,
    /// The address that the platform has confirmed with them, where it tells.
    pub email: Option<String>,
}

/// Who may act, beside being linked to an agent.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    /// The platform's ids of the roles of the team; empty when being linked is enough.
    pub agents: Vec<String>,
    /// The platform's ids of the roles of leads.
    pub leads: Vec<String>,
}

/// The desk as one platform's people see it.
#[derive(Debug, Clone)]
pub struct Room {
    /// The desk.
    pub desk: Desk,
    /// Which platform.
    pub platform: Platform,
    /// Who may act there.
    pub gate: Gate,
    /// The zone in which times are told.
    pub zone: Tz,
    /// How large the files of a reply may be.
    pub limits: Limits,
}

type Outcome = Result<Answer, Failure>;

impl Room {
    fn door(&self) -> Door {
        match self.platform {
            Platform::Discord => Door::Discord,
            Platform::Slack => Door::Slack,
        }
    }

    /// The agent that somebody is and may act as; else what they read.
    async fn agent(&self, caller: &Caller) -> Result<Result<Agent, Sheet>, Failure> {
        let Some(mut agent) = self.desk.agent_by_account(self.platform, &caller.account).await? else {
            return Ok(Err(self.stranger(caller).await?));
        };
        let has = |wanted: &[String]| caller.roles.iter().any(|role| wanted.contains(role));
        let is_lead = has(&self.gate.leads);
        if !self.gate.agents.is_empty() && !is_lead && !has(&self.gate.agents) {
            return Ok(Err(wording::chat::without_role(self.platform)));
        }
        if is_lead {
            agent.role = agent.role.max(Role::Lead);
        }
        Ok(Ok(agent))
    }

    /// What somebody reads whom nobody linked: how that is done; where their address is an agent's, by a button.
    async fn stranger(&self, caller: &Caller) -> Result<Sheet, Failure> {
        if let Some(name) = self.desk.disabled_account(self.platform.as_str(), &caller.account).await? {
            let refusal = Refusal::AgentDisabled(name);
            return Ok(wording::chat::sentence(wording::refusals::say(&refusal)));
        }
        Ok(match self.owner_of_address(caller).await? {
            Some(agent) => wording::chat::is_this_you(&agent.name),
            None => wording::chat::unknown_person(self.platform, &caller.account),
        })
    }

    /// The agent whose address the platform confirmed as theirs.
    async fn owner_of_address(&self, caller: &Caller) -> Result<Option<Agent>, Failure> {
        match &caller.email {
            Some(email) => self.desk.agent_by_email(email).await,
            None => Ok(None),
        }
    }

    /// Links somebody to the agent whose address the platform confirmed as theirs.
    async fn link(&self, caller: &Caller) -> Outcome {
        let Some(agent) = self.owner_of_address(caller).await? else {
            return Ok(Answer::Instead(wording::chat::stale()));
        };
        let desk = self.desk.acting(By::agent(&agent, self.door()));
        desk.link_identity(&agent, self.platform.as_str(), &caller.account).await?;
        tracing::info!(
            agent.id = agent.id.0,
            platform = self.platform.as_str(),
            "an account was linked by its address"
        );
        Ok(Answer::Instead(wording::chat::linked(&agent.name)))
    }

    /// A command, given as such. `key` names the request itself: the same again acts once.
    pub async fn command(&self, caller: &Caller, command: Command, key: &str) -> Answer {
        self.answer(self.try_command(caller, command, key).await)
    }

    /// The same with files beside it: they go with a reply.
    pub async fn command_with<S: Shelf>(
        &self,
        caller: &Caller,
        command: Command,
        key: &str,
        beside: &[Beside],
        shelf: &S,
    ) -> Answer {
        match (form_wanted(&command), beside) {
            (_, []) => self.command(caller, command, key).await,
            (Some((ticket, template)), _) => {
                self.press_to_write(caller, ticket, template.as_deref(), true).await
            }
            (None, _) => self.answer(self.try_with_files(caller, command, key, beside, shelf).await),
        }
    }

    /// A line that somebody gave where a form can open in answer.
    pub async fn spoken(&self, caller: &Caller, line: &str, key: &str) -> Answer {
        match (parse(line), begins_reply(line)) {
            (Ok(command), _) => self.command(caller, command, key).await,
            (Err(_), Some(ticket)) => {
                let command =
                    Command::Reply { ticket, template: None, then: None, text: String::new(), all: false };
                self.command(caller, command, key).await
            }
            (Err(_), None) => self.line(caller, line, key, &[], &Bare).await,
        }
    }

    /// A line that somebody typed: « /ticket status 42 résolu ». The files beside a reply go with it.
    pub async fn line<S: Shelf>(
        &self,
        caller: &Caller,
        line: &str,
        key: &str,
        beside: &[Beside],
        shelf: &S,
    ) -> Answer {
        match parse(line) {
            Ok(command) => match form_wanted(&command) {
                Some((ticket, template)) => {
                    self.press_to_write(caller, ticket, template.as_deref(), !beside.is_empty()).await
                }
                None => self.command_with(caller, command, key, beside, shelf).await,
            },
            Err(error) => {
                if let Some(ticket) = begins_reply(line) {
                    return self.press_to_write(caller, ticket, None, !beside.is_empty()).await;
                }
                // Who is nobody here learns nothing of the grammar either.
                match self.agent(caller).await {
                    Ok(Ok(_)) => Answer::Private(wording::chat::sentence(refusals::say_usage(&error))),
                    Ok(Err(said)) => Answer::Private(said),
                    Err(failure) => self.answer(Err(failure)),
                }
            }
        }
    }

    async fn try_command(&self, caller: &Caller, command: Command, key: &str) -> Outcome {
        let agent = match self.agent(caller).await? {
            Ok(agent) => agent,
            Err(said) => return Ok(Answer::Private(said)),
        };
        if let Some((ticket, template)) = form_wanted(&command) {
            return self.begin(&agent, ticket, template.as_deref(), "", key).await;
        }
        let view = self.desk.run(&agent, self.door(), command, Some(key)).await?;
        Ok(Answer::Private(self.seen(&view).await?))
    }

    /// A reply without a text, where no form can open at once: a button opens it.
    async fn press_to_write(
        &self,
        caller: &Caller,
        ticket: TicketId,
        template: Option<&str>,
        has_files: bool,
    ) -> Answer {
        match self.agent(caller).await {
            Ok(Ok(_)) => {}
            Ok(Err(said)) => return Answer::Private(said),
            Err(failure) => return self.answer(Err(failure)),
        }
        let catalogue = match self.desk.catalogue().await {
            Ok(catalogue) => catalogue,
            Err(failure) => return self.answer(Err(failure)),
        };
        let named = template.and_then(|name| catalogue.find(name));
        let mut missing = named.map(|reply| catalogue.missing(&reply.body)).unwrap_or_default();
        missing.retain(|bracket| !wording::canned::fills_itself(bracket));
        Answer::Private(wording::chat::press_to_write(ticket, template, &missing, has_files))
    }

    /// A command beside which there are files: a reply takes them, and nothing else does.
    async fn try_with_files<S: Shelf>(
        &self,
        caller: &Caller,
        command: Command,
        key: &str,
        beside: &[Beside],
        shelf: &S,
    ) -> Outcome {
        let Command::Reply { ticket, text, .. } = &command else {
            return self.try_command(caller, command, key).await;
        };
        let agent = match self.agent(caller).await? {
            Ok(agent) => agent,
            Err(said) => return Ok(Answer::Private(said)),
        };
        let files = match fetch_all(shelf, self.platform, beside, &self.limits).await {
            Ok(files) => files,
            Err(why) => return Ok(Answer::Private(wording::chat::sentence(why))),
        };
        let mail = self.desk.enclosed(&self.limits, &agent.name, *ticket, text, key, files).await?;
        let with = With { files: mail.as_ref(), ..With::default() };
        let view = self.desk.run_with(&agent, self.door(), command, Some(key), with).await?;
        Ok(Answer::Private(self.seen(&view).await?))
    }

    /// What a view says in chat.
    async fn seen(&self, view: &View) -> crate::desk::Result<Sheet> {
        Ok(match view {
            View::Done(done) => wording::chat::done(done, &self.templates().await?),
            view => wording::chat::looked(view, self.desk.clock().now(), self.zone),
        })
    }

    async fn templates(&self) -> crate::desk::Result<Vec<TemplateView>> {
        Ok(self.desk.catalogue().await?.all().iter().map(TemplateView::from).collect())
    }

    /// A button, or a choice in a menu.
    pub async fn press(&self, caller: &Caller, press: Press, chosen: Option<&str>, key: &str) -> Answer {
        self.answer(self.try_press(caller, press, chosen, key).await)
    }

    async fn try_press(&self, caller: &Caller, press: Press, chosen: Option<&str>, key: &str) -> Outcome {
        if let Press::Fixed(ticket) = press {
            return self.fixed(caller, ticket).await;
        }
        if press == Press::LinkMe {
            return self.link(caller).await;
        }
        let agent = match self.agent(caller).await? {
            Ok(agent) => agent,
            Err(said) => return Ok(Answer::Private(said)),
        };
        let door = self.door();
        let status = || chosen.and_then(Status::from_word);
        let command = match press {
            Press::Take(ticket) => Command::Take { ticket },
            Press::Remind(ticket) => Command::Remind { ticket },
            Press::Snooze(ticket, days) => Command::Snooze { ticket, delay: format!("{days}d") },
            Press::SpamSure(ticket) => return self.instead(&agent, Command::Spam { ticket }, key).await,
            Press::Reopen(ticket) => Command::Reopen { ticket },
            Press::Show(ticket) => Command::Show { ticket },
            Press::SetStatus(ticket, to) => Command::Status { ticket, to, reason: None },
            Press::PickStatus(ticket) => match status() {
                Some(to) => {
                    let command = Command::Status { ticket, to, reason: None };
                    return self.instead(&agent, command, key).await;
                }
                None => return Ok(Answer::Private(wording::chat::stale())),
            },
            Press::Undo(act) => {
                return self.instead(&agent, Command::Undo { act: Some(act) }, key).await;
            }
            Press::Resend(delivery) => Command::Resend { delivery },
            Press::MarkSent(delivery) => Command::MarkSent { delivery },
            Press::StatusMenu(ticket) => {
                let ticket = self.ticket(ticket).await?;
                return Ok(Answer::Private(wording::chat::status_menu(&ticket)));
            }
            Press::TemplateMenu(ticket) => {
                let ticket = self.ticket(ticket).await?;
                return Ok(Answer::Private(wording::chat::template_menu(&ticket, &self.templates().await?)));
            }
            Press::Spam(ticket) => {
                let ticket = self.ticket(ticket).await?;
                return Ok(Answer::Private(wording::chat::spam_question(&ticket)));
            }
            Press::Escalate(ticket) => return Ok(Answer::Ask(wording::chat::escalate_form(ticket))),
            Press::Refill(form) => return self.refill(&agent, form).await,
            Press::Reply(ticket, template) => {
                return self.begin(&agent, ticket, template.as_deref(), "", key).await;
            }
            Press::PickTemplate(ticket, _) => return self.begin(&agent, ticket, chosen, "", key).await,
            Press::UseNote(ticket, note) => {
                let view = self.ticket(ticket).await?;
                let note = view.messages.iter().find(|message| message.id == note);
                let text = note.map(|note| note.text.clone()).unwrap_or_default();
                return self.begin(&agent, ticket, None, &text, key).await;
            }
            Press::Edit(draft) => {
                let writing = self.desk.draft(&agent, draft).await?;
                return Ok(Answer::Ask(wording::chat::reply_form(&writing, true)));
            }
            Press::Then(draft) => {
                let writing = self.desk.write_draft(&agent, draft, None, status()).await?;
                return Ok(Answer::Instead(wording::chat::preview(&writing)));
            }
            Press::Send(draft, seen, mark) => return self.send(&agent, draft, &mark, false, seen).await,
            Press::SendAll(draft, seen, mark) => return self.send(&agent, draft, &mark, true, seen).await,
            Press::Drop(draft) => {
                let ticket = self.desk.drop_draft(&agent, draft).await?;
                return Ok(Answer::Instead(wording::chat::dropped(ticket)));
            }
            Press::Never => return Ok(Answer::Instead(wording::chat::never())),
            Press::Fixed(_) | Press::LinkMe | Press::Fill(_) | Press::Open(_) | Press::AddTo => {
                return Ok(Answer::Private(wording::chat::stale()));
            }
        };
        let view = self.desk.run(&agent, door, command, Some(key)).await?;
        Ok(Answer::Private(self.seen(&view).await?))
    }

    /// Carries out a command that was asked for on a message of one's own, whose place the answer takes.
    async fn instead(&self, agent: &Agent, command: Command, key: &str) -> Outcome {
        let view = self.desk.run(agent, self.door(), command, Some(key)).await?;
        Ok(Answer::Instead(self.seen(&view).await?))
    }

    async fn ticket(&self, id: TicketId) -> Result<TicketView, Failure> {
        let ticket = self.desk.ticket(id).await?;
        ticket.ok_or(Failure::Refused(Refusal::NoSuchTicket(id)))
    }

    /// A reply begins: a form, or at once its preview where a standard reply has nothing left to fill in.
    async fn begin(
        &self,
        agent: &Agent,
        ticket: TicketId,
        template: Option<&str>,
        text: &str,
        key: &str,
    ) -> Outcome {
        let writing = self.desk.begin_draft(agent, self.door(), ticket, template, text, key).await?;
        if template.is_some() && writing.missing.is_empty() {
            return Ok(Answer::Private(wording::chat::preview(&writing)));
        }
        Ok(Answer::Ask(wording::chat::reply_form(&writing, false)))
    }

    async fn send(
        &self,
        agent: &Agent,
        draft: DraftId,
        shown: &str,
        to_all: bool,
        seen: MessageId,
    ) -> Outcome {
        Ok(Answer::Instead(
            match self.desk.send_draft(agent, self.door(), draft, shown, to_all, seen).await? {
                // What the first press was answered with stays, with its way back.
                Sent::Done(View::Ticket(ticket)) => {
                    return Ok(Answer::Private(wording::chat::already_sent(ticket.id)));
                }
                Sent::Done(view) => self.seen(&view).await?,
                Sent::Overtaken(writing) => wording::chat::overtaken(&writing),
                Sent::Changed(writing) => wording::chat::changed(&writing),
            },
        ))
    }

    /// The technical team says that it is mended: whoever sees its channel may say so, once for each escalation, and it
    /// reaches the CMs only.
    async fn fixed(&self, caller: &Caller, ticket: TicketId) -> Outcome {
        let stands = self.ticket(ticket).await?;
        let Some(since) = stands.escalated_at else {
            return Ok(Answer::Private(wording::chat::stale()));
        };
        let of_this =
            stands.events.iter().filter(|event| event.kind == EventKind::Fixed && event.at >= since);
        let (taken_back, said): (Vec<&EventView>, Vec<&EventView>) = of_this.partition(|event| event.undone);
        if said.is_empty() {
            let actor = self.colleague(caller).await?;
            // Two who press at once say it once, on whatever platform; what was taken back may be said again.
            let key = format!("fixed:{ticket}:{}:{}", since.timestamp_micros(), taken_back.len());
            self.desk.fixed(ticket, &actor, self.door(), &key).await?;
        }
        Ok(Answer::Private(wording::chat::fixed(ticket)))
    }

    async fn colleague(&self, caller: &Caller) -> Result<Actor, Failure> {
        let agent = self.desk.agent_by_account(self.platform, &caller.account).await?;
        Ok(agent.map_or_else(|| Actor::Colleague(caller.name.clone()), Actor::Agent))
    }

    /// What may be meant by what somebody is typing.
    ///
    /// Whoever may not act gets nothing: proposals name people and subjects.
    pub async fn propose(&self, caller: &Caller, known: Known, typed: &str) -> Vec<Suggestion> {
        let found = async {
            match self.agent(caller).await? {
                Ok(agent) => self.desk.suggest(&agent, known, typed).await,
                Err(_) => Ok(Vec::new()),
            }
        };
        found.await.unwrap_or_else(|failure| {
            tracing::error!(error = %failure, "proposals could not be read");
            Vec::new()
        })
    }

    /// Something written in a thread of ours without a command: a note of the ticket, never more. What is nobody's
    /// thread is nobody's note; what is answered is for its writer.
    pub async fn heard(&self, caller: &Caller, thread: &str, text: &str, message: &str) -> Answer {
        self.answer(self.try_heard(caller, thread, text, message).await)
    }

    async fn try_heard(&self, caller: &Caller, thread: &str, text: &str, message: &str) -> Outcome {
        if text.trim().is_empty() {
            return Ok(Answer::Silence);
        }
        let Some(place) = self.desk.place_of_thread(self.platform, thread).await? else {
            return Ok(Answer::Silence);
        };
        let Some(ticket) = place.ticket else { return Ok(Answer::Silence) };
        match place.kind {
            PostKind::Escalation => {
                let actor = self.colleague(caller).await?;
                let key = format!("{}:message:{message}", self.platform.as_str());
                self.desk.colleague_note(ticket, &actor, text, self.door(), &key).await?;
            }
            _ => {
                let agent = match self.agent(caller).await? {
                    Ok(agent) => agent,
                    Err(said) => return Ok(Answer::Private(said)),
                };
                let command = Command::Note { ticket, text: text.to_owned() };
                let key = here(self.platform, message);
                self.desk.run(&agent, self.door(), command, Some(&key)).await?;
            }
        }
        Ok(Answer::Silence)
    }

    /// An outcome as what somebody reads.
    fn answer(&self, outcome: Outcome) -> Answer {
        outcome.unwrap_or_else(|failure| Answer::Private(failed(failure)))
    }
}

/// What somebody reads of a failure; a fault of ours is logged here, once, under the reference they read.
fn failed(failure: Failure) -> Sheet {
    told(failure).1
}

/// What went wrong, in a sentence, and as it is answered.
fn told(failure: Failure) -> (String, Sheet) {
    match failure {
        Failure::Refused(refusal) => {
            tracing::info!(refusal = ?std::mem::discriminant(&refusal), "an act in chat was refused");
            let said = refusals::say(&refusal);
            (said.clone(), wording::chat::sentence(said))
        }
        Failure::Broken(error) => {
            let reference = desk::reference();
            tracing::error!(reference, error = format!("{error:#}"), "an act in chat failed");
            (wording::chat::broken_said(&reference), wording::chat::broken(&reference))
        }
    }
}

/// Whether a command is answered with a form.
pub fn opens_form(command: &Command, beside: &[Beside]) -> bool {
    beside.is_empty() && form_wanted(command).is_some()
}

/// The ticket and the standard reply of a reply without a text, which is written in a form.
fn form_wanted(command: &Command) -> Option<(TicketId, Option<String>)> {
    match command {
        Command::Reply { ticket, template, then: None, text, all: false } if text.trim().is_empty() => {
            Some((*ticket, template.clone()))
        }
        _ => None,
    }
}
