//! Forms: asked for, filled in, and asked for again with what was typed where it was refused.

use super::{Caller, Outcome, Room, told};
use crate::command::grammar::Command;
use crate::command::parse::parse;
use crate::desk::Failure;
use crate::desk::opened::Said;
use crate::domain::canned::fill_in;
use crate::domain::chat::Platform;
use crate::domain::ids::FormId;
use crate::domain::people::Agent;
use crate::domain::refusal::Refusal;
use crate::view::Writing;
use crate::view::press::Press;
use crate::view::sheet::{Answer, Form};
use crate::wording;

/// What somebody typed into a form: its fields by their keys.
type Fields<'a> = &'a [(String, String)];

impl Room {
    /// A form that was filled in: its fields by their keys. One that is refused is not lost.
    pub async fn submit(&self, caller: &Caller, press: Press, fields: Fields<'_>, key: &str) -> Answer {
        self.answer(self.try_submit(caller, press, fields, key).await)
    }

    async fn try_submit(&self, caller: &Caller, press: Press, fields: Fields<'_>, key: &str) -> Outcome {
        let agent = match self.agent(caller).await? {
            Ok(agent) => agent,
            Err(said) => return Ok(Answer::Private(said)),
        };
        match self.take(&agent, &press, fields, key).await {
            Err(failure) => Ok(self.amend(&agent, &press, fields, failure).await),
            outcome => outcome,
        }
    }

    async fn take(&self, agent: &Agent, press: &Press, fields: Fields<'_>, key: &str) -> Outcome {
        let field = |key: &str| fields.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value);
        // In the place of the preview that it was changed from, where there is one.
        let preview = |writing: Writing| Answer::Instead(wording::chat::preview(&writing));
        match press {
            Press::Edit(draft) => {
                // What is longer than a form can hold stands behind what the form held.
                let whole = self.desk.draft(agent, *draft).await?.text;
                let tail: String = whole.chars().skip(self.platform.longest_field()).collect();
                let text = format!("{}{tail}", field("text"));
                Ok(preview(self.desk.write_draft(agent, *draft, Some(&text), None).await?))
            }
            Press::Fill(draft) => {
                let writing = self.desk.draft(agent, *draft).await?;
                let brackets = writing.missing.iter();
                let written: Vec<(String, String)> = brackets
                    .map(|bracket| (bracket.clone(), field(&wording::chat::bracket_key(bracket)).to_owned()))
                    .collect();
                let text = fill_in(&writing.text, &written);
                Ok(preview(self.desk.write_draft(agent, *draft, Some(&text), None).await?))
            }
            Press::Escalate(ticket) => {
                let command = Command::Escalate { ticket: *ticket, reason: field("reason").to_owned() };
                let view = self.desk.run(agent, self.door(), command, Some(key)).await?;
                Ok(Answer::Private(self.seen(&view).await?))
            }
            Press::Open(author) => {
                let said = Said {
                    email: field("email"),
                    name: field("name"),
                    subject: field("subject"),
                    text: field("text"),
                    account: Some((self.platform, author)),
                };
                let ticket = self.desk.open_ticket(agent, self.door(), said, key).await?;
                Ok(Answer::Private(wording::chat::opened(&ticket)))
            }
            Press::AddTo => {
                let given = field("ticket").trim();
                let Ok(Command::Show { ticket }) = parse(&format!("show {given}")) else {
                    return Err(Failure::Refused(Refusal::NoTicketNumber(given.to_owned())));
                };
                let command = Command::Note { ticket, text: field("text").to_owned() };
                self.desk.run(agent, self.door(), command, Some(key)).await?;
                Ok(Answer::Private(wording::chat::noted(ticket)))
            }
            _ => Ok(Answer::Private(wording::chat::stale())),
        }
    }

    /// A form was not taken: what is wrong, and a way back to what was typed.
    async fn amend(&self, agent: &Agent, press: &Press, fields: Fields<'_>, failure: Failure) -> Answer {
        let field = match &failure {
            Failure::Refused(refusal) => wrong_field(press, refusal),
            Failure::Broken(_) => "",
        };
        let first = || fields.first().map_or(String::new(), |(key, _)| key.clone());
        let field = if field.is_empty() { first() } else { field.to_owned() };
        let (said, refused) = told(failure);
        let again = match self.platform {
            // A form there stays open until it is taken.
            Platform::Slack => Press::Never,
            Platform::Discord => match self.keep(agent, press, fields).await {
                Some(again) => again,
                None => return Answer::Private(refused),
            },
        };
        Answer::Amend { field, said, again }
    }

    async fn keep(&self, agent: &Agent, press: &Press, fields: Fields<'_>) -> Option<Press> {
        match self.desk.keep_form(agent, &press.encode(), fields).await {
            Ok(form) => Some(Press::Refill(form)),
            Err(failure) => {
                tracing::warn!(error = %failure, "what was typed could not be kept");
                None
            }
        }
    }

    /// What leads back to a form that is not open any more.
    pub async fn keep_typed(&self, caller: &Caller, press: &Press, fields: Fields<'_>) -> Option<Press> {
        let agent = self.agent(caller).await.ok()?.ok()?;
        self.keep(&agent, press, fields).await
    }

    /// The form again, with what was typed.
    pub(super) async fn refill(&self, agent: &Agent, form: FormId) -> Outcome {
        let Some((press, fields)) = self.desk.kept_form(agent, form).await? else {
            return Ok(Answer::Private(wording::chat::stale()));
        };
        let form = match Press::decode(&press) {
            Some(Press::Edit(draft)) => {
                Some(wording::chat::reply_form(&self.desk.draft(agent, draft).await?, true))
            }
            Some(Press::Fill(draft)) => {
                Some(wording::chat::reply_form(&self.desk.draft(agent, draft).await?, false))
            }
            Some(press) => empty_form(&press),
            None => None,
        };
        let Some(mut form) = form else { return Ok(Answer::Private(wording::chat::stale())) };
        for field in &mut form.fields {
            if let Some((_, value)) = fields.iter().find(|(key, _)| *key == field.key) {
                field.value.clone_from(value);
            }
        }
        Ok(Answer::Ask(form))
    }

    /// The form that opens a ticket from somebody's message.
    pub async fn open_form(
        &self,
        caller: &Caller,
        author: &str,
        name: &str,
        said: &str,
        link: &str,
    ) -> Answer {
        let outcome = async {
            if let Err(said) = self.agent(caller).await? {
                return Ok(Answer::Private(said));
            }
            let known = self.desk.requester_of_account(self.platform, author).await?;
            let (email, name) = known.unwrap_or_else(|| (String::new(), name.to_owned()));
            let said = self.fitting(said, link);
            Ok(Answer::Ask(wording::chat::open_form(author, &email, &name, &said)))
        };
        self.answer(outcome.await)
    }

    /// The form that adds somebody's message to a ticket.
    pub async fn add_form(&self, caller: &Caller, said: &str, link: &str) -> Answer {
        let outcome = async {
            if let Err(said) = self.agent(caller).await? {
                return Ok(Answer::Private(said));
            }
            Ok(Answer::Ask(wording::chat::add_form(&self.fitting(said, link))))
        };
        self.answer(outcome.await)
    }

    /// A message as a form can hold it: of one that is too long the beginning, and the way to the rest.
    fn fitting(&self, said: &str, link: &str) -> String {
        let most = self.platform.longest_field();
        if said.chars().count() <= most {
            return said.to_owned();
        }
        let rest = wording::chat::the_rest_is_at(link);
        let room = most.saturating_sub(rest.chars().count());
        let head: String = said.chars().take(room).collect();
        let end = head.rfind(char::is_whitespace).unwrap_or(head.len());
        format!("{}{rest}", &head[..end])
    }
}

/// The form that this asks for, with nothing in it; `None` where it is written elsewhere while it is filled in.
fn empty_form(press: &Press) -> Option<Form> {
    match press {
        Press::Open(author) => Some(wording::chat::open_form(author, "", "", "")),
        Press::AddTo => Some(wording::chat::add_form("")),
        Press::Escalate(ticket) => Some(wording::chat::escalate_form(*ticket)),
        _ => None,
    }
}

/// Which field a refusal is about.
fn wrong_field(press: &Press, refusal: &Refusal) -> &'static str {
    match (press, refusal) {
        (Press::Open(_) | Press::AddTo, Refusal::EmptyText) => "text",
        (Press::Open(_), _) => "email",
        (Press::AddTo, _) => "ticket",
        (Press::Escalate(_), _) => "reason",
        _ => "",
    }
}
