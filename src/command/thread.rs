//! What somebody types where a ticket is talked about: which of it is a command, and of which ticket.
//!
//! `/ticket …` is one everywhere, and so is what follows our name. In a ticket's thread `!` begins one whose ticket goes
//! without saying: `!résolu`, `!priorité haute`, `!répondre Bonjour…`.
//!
//! Pure. May import: domain, command, clap.

use super::grammar::{self, PRIORITIES, STATUSES};
use super::parse::command_named;
use super::vocabulary::number;
use super::words::split;
use crate::domain::ids::TicketId;

/// The line of a command that this is, to be parsed; `None` for what is said to people. `called` is our name there, as it
/// stands in a message; `ticket` the one whose thread it is, if any.
pub fn line(said: &str, called: &str, ticket: Option<TicketId>) -> Option<String> {
    let said = said.trim();
    let begins = |word: &str| {
        said.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
    };
    if begins("/ticket") {
        return Some(said.to_owned());
    }
    if let Some(rest) = said.strip_prefix(called).filter(|_| !called.is_empty()) {
        return Some(rest.trim().to_owned());
    }
    let short = said.strip_prefix('!').filter(|rest| rest.starts_with(char::is_alphabetic))?;
    Some(whole(short, ticket?))
}

/// The ticket of a reply whose text is still to be written: `reply 42`.
pub fn begins_reply(line: &str) -> Option<TicketId> {
    let mut words = split(line).into_iter().map(|word| word.text).peekable();
    words.next_if(|word| matches!(word.as_str(), "/ticket" | "ticket"));
    let declaration = grammar::declaration();
    let is_reply =
        command_named(&declaration, &words.next()?).is_ok_and(|command| command.get_name() == "reply");
    let ticket = number(&words.next()?)?;
    (is_reply && words.next().is_none()).then_some(TicketId(ticket))
}

/// A command with its ticket, which was left out.
fn whole(short: &str, ticket: TicketId) -> String {
    let (name, rest) = match short.split_once(char::is_whitespace) {
        Some((name, rest)) => (name, rest.trim_start()),
        None => (short, ""),
    };
    // « en cours » and « en attente » are two words.
    let (second, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let both = format!("{name} {second}");
    let status = match (STATUSES.word(&both), STATUSES.word(name)) {
        (Some(word), _) if !second.is_empty() => Some((word.word, after.trim_start())),
        (_, Some(word)) => Some((word.word, rest)),
        _ => None,
    };
    if let Some((status, why)) = status {
        let why = if why.is_empty() { String::new() } else { format!(" --reason {why}") };
        return format!("status {ticket} {status}{why}");
    }
    if PRIORITIES.word(name).is_some() && rest.is_empty() && !is_command(name) {
        return format!("priority {ticket} {name}");
    }
    let declaration = grammar::declaration();
    let Ok(command) = command_named(&declaration, name) else { return short.to_owned() };
    let takes = |at: usize| command.get_positionals().nth(at).is_some_and(|part| part.get_id() == "ticket");
    // What follows is words to somebody, be they numbers; another ticket's number stands alone, or is marked as one.
    let first = rest.split_whitespace().next().unwrap_or_default();
    let is_marked =
        ["#", "n\u{ba}", "N\u{ba}", "n\u{b0}", "N\u{b0}"].iter().any(|mark| first.starts_with(mark));
    let needed = command.get_positionals().filter(|part| part.is_required_set()).count();
    let is_whole = takes_words(command).is_none() && rest.split_whitespace().count() >= needed;
    // Of a command on two tickets, one number is the second one.
    let names_two = command.get_positionals().any(|part| part.get_id() == "into");
    let names_another = number(first).is_some() && (is_whole || (is_marked && !names_two));
    match (takes(0), takes(1)) {
        (true, _) if !names_another => format!("{name} {ticket} {rest}").trim_end().to_owned(),
        (_, true) if !rest.contains(char::is_whitespace) => format!("{name} {rest} {ticket}"),
        _ => short.to_owned(),
    }
}

/// The part of a command that is words to somebody.
fn takes_words(command: &clap::Command) -> Option<&clap::Arg> {
    command.get_positionals().skip(1).find(|part| grammar::takes_the_rest(part))
}

fn is_command(name: &str) -> bool {
    command_named(&grammar::declaration(), name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parse::parse;

    #[test]
    fn in_a_thread_the_ticket_goes_without_saying() {
        for (said, meant) in [
            ("!résolu", "status 42 resolved"),
            ("!Fermé doublon du 17", "status 42 closed --reason doublon du 17"),
            ("!statut en attente", "status 42 waiting_customer"),
            ("!priorité haute", "priority 42 high"),
            ("!haute", "priority 42 high"),
            ("!prendre", "take 42"),
            ("!répondre Bonjour,\n- c’est réglé", "reply 42 Bonjour,\n- c’est réglé"),
            ("!note vu avec Paul", "note 42 vu avec Paul"),
            ("!urgent", "urgent 42"),
            ("!escalader panne de base", "escalate 42 panne de base"),
            ("!en cours", "status 42 in_progress"),
            ("!en attente du relevé", "status 42 waiting_customer --reason du relevé"),
            ("!répondre 48 h suffisent", "reply 42 48 h suffisent"),
            ("!note 3 clients de plus", "note 42 3 clients de plus"),
            ("!escalader 2 serveurs muets", "escalate 42 2 serveurs muets"),
            ("!urgent 2 serveurs", "urgent 42 2 serveurs"),
            ("!répondre #17 Bonjour", "reply 17 Bonjour"),
            ("!voir 17", "show 17"),
            ("!statut 17 résolu", "status 17 resolved"),
            ("!fusionner 17", "merge 42 into 17"),
            ("!fusionner #17", "merge 42 into 17"),
            ("!fusionner #17 #18", "merge 17 into 18"),
            ("!voir", "show 42"),
            ("!modèle solution", "template solution 42"),
            ("!annuler", "undo"),
            ("!aide", "help"),
            ("/ticket status 17 résolu", "status 17 resolved"),
            ("@Guichet take 17", "take 17"),
        ] {
            let line = line(said, "@Guichet", Some(TicketId(42))).unwrap();
            assert_eq!(parse(&line), parse(meant), "{said} is {line}");
            assert!(parse(&line).is_ok(), "{said} is {line}");
        }
    }

    #[test]
    fn a_reply_without_a_text_is_about_to_be_written() {
        for line in ["reply 42", "/ticket répondre nº42", "ticket reply #42 "] {
            assert_eq!(begins_reply(line), Some(TicketId(42)), "{line}");
        }
        for line in ["reply", "reply 42 Bonjour", "reply 42 --all", "show 42", ""] {
            assert_eq!(begins_reply(line), None, "{line}");
        }
    }

    #[test]
    fn what_is_said_to_people_is_no_command() {
        let ticket = Some(TicketId(42));
        for said in ["résolu", "! urgent", "!", "!!!", "voir /ticket status", "!42", "/tickets", ""] {
            assert_eq!(line(said, "@Guichet", ticket), None, "{said}");
        }
        // Elsewhere nobody knows which ticket.
        assert_eq!(line("!résolu", "@Guichet", None), None);
        // What is mistyped is a command, and is told how it is written.
        assert!(parse(&line("!resollu", "", ticket).unwrap()).is_err());
    }
}
