//! What to propose while a CM types a part of a command. Changes nothing; few rows, all by an index, since an answer is
//! wanted at each key.

use super::{Desk, Result};
use crate::command::grammar::slash::{self, Known};
use crate::command::vocabulary::number;
use crate::domain::delivery::DeliveryState;
use crate::domain::fold::{fold, words};
use crate::domain::ids::AgentId;
use crate::domain::people::Agent;
use crate::domain::ticket::Status;
use crate::store::Tx;
use crate::store::suggest::SuggestedTicket;
use crate::view::Suggestion;
use std::cmp::Reverse;

/// The most that is proposed at once: what Discord shows.
pub const MOST: usize = 25;
/// The newest messages in which typed words are looked for; older ones are found by `list`.
const MESSAGES: i64 = 200;
/// The deliveries among which one is looked for, newest first.
const DELIVERIES: i64 = 200;
/// A single letter begins half of all words: it is waited for a second one.
const SHORTEST_WORD: usize = 2;
/// More words narrow nothing any further.
const MOST_WORDS: usize = 8;

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// What begins with, or holds, what `agent` typed so far; without a text, what they most likely want. At most
    /// [`MOST`].
    ///
    /// Tickets: by the beginning of their number, or by words of their subject, requester and messages. Open ones stand
    /// before closed ones, the agent's own before those of others, the latest change first.
    pub async fn suggest(&self, agent: &Agent, known: Known, typed: &str) -> Result<Vec<Suggestion>> {
        let mut suggestions = match known {
            Known::Ticket => self.suggest_tickets(agent.id, typed).await?,
            Known::Delivery => self.suggest_deliveries(typed, false).await?,
            Known::UncertainDelivery => self.suggest_deliveries(typed, true).await?,
            Known::Agent => self.suggest_agents(typed).await?,
            Known::Template => self.suggest_templates(typed).await?,
            Known::Command => suggest_commands(typed),
            Known::Tags => self.suggest_tags(typed).await?,
        };
        suggestions.truncate(MOST);
        Ok(suggestions)
    }

    /// The last word that is being typed, completed; what stands before it stays.
    async fn suggest_tags(&self, typed: &str) -> Result<Vec<Suggestion>> {
        let at =
            typed.char_indices().rfind(|(_, c)| c.is_whitespace()).map_or(0, |(at, c)| at + c.len_utf8());
        let (before, word) = typed.split_at(at);
        let (sign, stem) = match word.strip_prefix('-') {
            Some(stem) => ("-", stem),
            None => ("+", word.strip_prefix('+').unwrap_or(word)),
        };
        let tags = self.tags(stem).await?.into_iter();
        Ok(tags.map(|tag| Suggestion::Tags(format!("{before}{sign}{tag}"))).collect())
    }

    async fn suggest_tickets(&self, agent: AgentId, typed: &str) -> Result<Vec<Suggestion>> {
        let mut tx = self.inner.store.read().await?;
        let typed = typed.trim().trim_start_matches('#');
        let mut tickets = match (number(typed), typed.is_empty()) {
            (Some(number), _) => by_number(&mut tx, agent, number).await?,
            (None, true) => latest(&mut tx, agent).await?,
            (None, false) => Vec::new(),
        };
        if tickets.len() < MOST && !typed.is_empty() {
            let words: Vec<String> =
                words(typed).filter(|word| word.chars().count() >= SHORTEST_WORD).take(MOST_WORDS).collect();
            let found = tx.suggest_found(&words, MESSAGES).await?;
            append(&mut tickets, ranked(found, agent));
        }
        Ok(tickets.into_iter().map(proposed).collect())
    }

    async fn suggest_deliveries(&self, typed: &str, only_uncertain: bool) -> Result<Vec<Suggestion>> {
        let deliveries = self.inner.store.read().await?.suggest_deliveries(DELIVERIES).await?;
        let typed = fold(typed.trim().trim_start_matches('#'));
        let digits = |number: i64| number.to_string().starts_with(&typed);
        let suggestions = deliveries
            .into_iter()
            .filter(|delivery| !only_uncertain || delivery.state == DeliveryState::Uncertain)
            .filter(|delivery| {
                digits(delivery.id.0) || digits(delivery.ticket.0) || fold(&delivery.title).contains(&typed)
            });
        Ok(suggestions
            .map(|delivery| Suggestion::Delivery {
                id: delivery.id,
                ticket: delivery.ticket,
                state: delivery.state,
                title: delivery.title,
            })
            .collect())
    }

    async fn suggest_agents(&self, typed: &str) -> Result<Vec<Suggestion>> {
        let agents = self.inner.store.read().await?.able_agents().await?;
        let names = agents.into_iter().map(|agent| ([agent.name.clone()], Suggestion::Agent(agent.name)));
        Ok(matching(names, typed))
    }

    async fn suggest_templates(&self, typed: &str) -> Result<Vec<Suggestion>> {
        let catalogue = self.catalogue().await?;
        let replies = catalogue.all().iter().map(|reply| {
            let suggestion = Suggestion::Template { key: reply.key.clone(), title: reply.title.clone() };
            ([reply.title.clone(), reply.key.clone()], suggestion)
        });
        Ok(matching(replies, typed))
    }
}

fn suggest_commands(typed: &str) -> Vec<Suggestion> {
    let commands = slash::commands().into_iter().map(|command| {
        let texts = [command.name.clone(), command.french, command.french_about.clone()];
        (texts, Suggestion::Command { name: command.name, about: command.french_about })
    });
    matching(commands, typed)
}

/// Those of which a text holds what was typed; first those of which one begins with it, else in their order.
fn matching<const N: usize>(
    all: impl Iterator<Item = ([String; N], Suggestion)>,
    typed: &str,
) -> Vec<Suggestion> {
    let typed = fold(typed.trim());
    let found = all.filter_map(|(texts, suggestion)| {
        let at = texts.iter().filter_map(|text| fold(text).find(&typed)).min()?;
        Some((at > 0, suggestion))
    });
    let (hold, begin): (Vec<_>, Vec<_>) = found.partition(|(inside, _)| *inside);
    begin.into_iter().chain(hold).map(|(_, suggestion)| suggestion).collect()
}

/// The tickets whose number begins with these digits: the very number first, whatever it is of.
async fn by_number(tx: &mut Tx, agent: AgentId, number: i64) -> Result<Vec<SuggestedTicket>> {
    let mut tickets = tx.suggest_numbers(number, number, 1).await?;
    let highest = tx.highest_ticket().await?;
    let mut ranges = Vec::new();
    let (mut from, mut to) = (number, number);
    while let (Some(next_from), Some(next_to)) =
        (from.checked_mul(10), to.checked_mul(10).and_then(|to| to.checked_add(9)))
    {
        if next_from > highest {
            break;
        }
        (from, to) = (next_from, next_to);
        ranges.push((from, to));
    }
    let mut longer = Vec::new();
    // The longest numbers are the newest tickets.
    for (from, to) in ranges.into_iter().rev() {
        if longer.len() >= MOST {
            break;
        }
        longer.extend(tx.suggest_numbers(from, to, MOST as i64).await?);
    }
    append(&mut tickets, ranked(longer, agent));
    Ok(tickets)
}

/// What an agent most likely means who has typed nothing yet.
async fn latest(tx: &mut Tx, agent: AgentId) -> Result<Vec<SuggestedTicket>> {
    let most = MOST as i64;
    let mut tickets = tx.suggest_own(agent, most).await?;
    if tickets.len() < MOST {
        let open = tx.suggest_open(most).await?;
        append(&mut tickets, open);
    }
    if tickets.len() < MOST {
        let closed = tx.suggest_closed(most).await?;
        append(&mut tickets, ranked(closed, agent));
    }
    Ok(tickets)
}

/// Open before closed, the agent's own before others', the latest change first.
fn ranked(mut tickets: Vec<SuggestedTicket>, agent: AgentId) -> Vec<SuggestedTicket> {
    tickets.sort_by_key(|ticket| {
        let is_own = ticket.assignee == Some(agent);
        (ticket.status == Status::Closed, !is_own, Reverse((ticket.updated_at, ticket.id)))
    });
    tickets
}

/// Adds those that are not there yet.
fn append(tickets: &mut Vec<SuggestedTicket>, more: Vec<SuggestedTicket>) {
    for ticket in more {
        if !tickets.iter().any(|known| known.id == ticket.id) {
            tickets.push(ticket);
        }
    }
}

fn proposed(ticket: SuggestedTicket) -> Suggestion {
    let is_nameless = ticket.requester_name.trim().is_empty();
    Suggestion::Ticket {
        id: ticket.id,
        status: ticket.status,
        subject: ticket.subject,
        requester: if is_nameless { ticket.requester_email } else { ticket.requester_name },
    }
}
