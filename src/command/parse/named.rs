//! A command whose parts come apart, each under its name, as slash commands and forms have them.
//!
//! A value is taken as it is: nothing in a text opens an option, quotes or ends it, whatever it begins with.
//! Pure. May import: command, clap.

use super::told::part;
use super::{Arranged, UsageError, command_named, finish, longs};
use crate::command::grammar::{Command, declaration, slash, written};
use crate::command::vocabulary::plain;
use crate::command::words::split;

/// Reads the command `name`, by any of its names, with its parts: the name of each argument, as the grammar, an option
/// or a platform has it, and what was given for it; `true` or `false` for a flag. A part without text is as one that was
/// not given; of one given twice the last counts.
///
/// # Errors
/// The [`UsageError`] to tell.
pub fn parse_named(name: &str, parts: &[(&str, &str)]) -> Result<Command, UsageError> {
    let declaration = declaration();
    let command = command_named(&declaration, name)?;
    arrange(command, parts)
        .and_then(|arranged| finish(command, arranged))
        .map_err(|error| error.with_usage(&written(command)))
}

fn arrange(command: &clap::Command, parts: &[(&str, &str)]) -> Result<Arranged, UsageError> {
    let mut given: Vec<(&clap::Arg, &str)> = Vec::new();
    for (name, value) in parts {
        let argument = argument_named(command, name).ok_or_else(|| UsageError::UnknownOption {
            given: format!("--{name}"),
            near: None,
            usage: String::new(),
        })?;
        given.retain(|(known, _)| known.get_id() != argument.get_id());
        if !value.trim().is_empty() {
            given.push((argument, value.trim()));
        }
    }
    let mut arranged = Arranged::default();
    for (argument, value) in &given {
        let Some(long) = argument.get_long() else { continue };
        match *value {
            value if argument.get_action().takes_values() => {
                arranged.options.push(format!("--{long}={value}"))
            }
            "true" => arranged.options.push(format!("--{long}")),
            "false" => {}
            other => {
                return Err(UsageError::Unexpected { given: other.to_owned(), usage: String::new() });
            }
        }
    }
    let slots: Vec<&clap::Arg> = command.get_positionals().collect();
    let of_slot =
        |slot: &clap::Arg| given.iter().find(|(known, _)| known.get_id() == slot.get_id()).map(|(_, v)| *v);
    let last = slots.iter().rposition(|slot| of_slot(slot).is_some());
    for (place, slot) in slots.iter().enumerate() {
        match of_slot(slot) {
            Some(words) if slash::holds_words(slot) => {
                let words = split(words).into_iter().map(|word| word.text);
                arranged.positionals.extend(words.filter(|word| !word.is_empty()));
            }
            Some(value) => arranged.positionals.push(value.to_owned()),
            None if slot.is_required_set() => {
                let what = part(slot.get_id().as_str(), command.get_name());
                return Err(UsageError::Missing { what, usage: String::new() });
            }
            // Keeps the places of those behind it.
            None if last.is_some_and(|last| place < last) => arranged.positionals.push(String::new()),
            None => {}
        }
    }
    Ok(arranged)
}

fn argument_named<'a>(command: &'a clap::Command, name: &str) -> Option<&'a clap::Arg> {
    let id = slash::argument_named(command.get_name(), name);
    let wanted = plain(name);
    command
        .get_arguments()
        .find(|argument| id.is_some_and(|id| argument.get_id() == id))
        .or_else(|| command.get_arguments().find(|argument| plain(argument.get_id().as_str()) == wanted))
        .or_else(|| {
            command.get_arguments().find(|argument| longs(argument).iter().any(|l| plain(l) == wanted))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parse::{parse, parse_words};
    use crate::command::usage::{Part, What};
    use crate::command::vocabulary::ParticipantWish;
    use crate::domain::ids::{DeliveryId, TicketId};
    use crate::domain::preference::Preference;
    use crate::domain::ticket::{Priority, Status};
    use proptest::prelude::*;

    const HOSTILE: [&str; 10] = [
        "--then closed",
        "--all",
        "-- --all",
        "\"entre guillemets\"",
        "« Bonjour »\n\n  - un\n  - deux",
        "--template=spam --then=closed x",
        "un \" guillemet seul",
        "Fin. --then resolved",
        "- un\n- deux --",
        "=--then",
    ];

    fn reply(text: &str) -> Command {
        Command::Reply { ticket: TicketId(42), all: false, template: None, then: None, text: text.to_owned() }
    }

    #[test]
    fn nothing_in_a_text_is_read_as_anything_else() {
        for text in HOSTILE {
            assert_eq!(
                parse_named("reply", &[("ticket", "42"), ("text", text)]),
                Ok(reply(text)),
                "{text:?}"
            );
            assert_eq!(
                parse_named("note", &[("text", text), ("ticket", "#42")]),
                Ok(Command::Note { ticket: TicketId(42), text: text.to_owned() })
            );
            assert_eq!(
                parse_named("status", &[("ticket", "42"), ("status", "closed"), ("reason", text)]),
                Ok(Command::Status {
                    ticket: TicketId(42),
                    to: Status::Closed,
                    reason: Some(text.to_owned())
                })
            );
            let whole = Command::Reply {
                ticket: TicketId(42),
                all: false,
                template: Some(text.to_owned()),
                then: None,
                text: String::new(),
            };
            assert_eq!(parse_named("reply", &[("ticket", "42"), ("modèle", text)]), Ok(whole));
        }
    }

    #[test]
    fn what_is_missing_unknown_or_none_of_its_set_is_said_as_for_words() {
        let missing = |named: Result<Command, UsageError>, wanted: Part| {
            let Err(UsageError::Missing { what, usage }) = named else { panic!("{named:?}") };
            assert_eq!(what, wanted);
            assert!(!usage.is_empty());
        };
        missing(parse_named("show", &[]), Part::Ticket);
        missing(parse_named("note", &[("ticket", "42"), ("text", " \n ")]), Part::Text);
        missing(parse_named("reply", &[("ticket", "42")]), Part::Text);
        missing(parse_named("reply", &[("text", "Bonjour")]), Part::Ticket);
        missing(parse_named("merge", &[("ticket", "42")]), Part::Into);
        missing(parse_named("tag", &[("ticket", "42"), ("tags", "")]), Part::Tags);
        assert!(matches!(parse_named("shwo", &[]), Err(UsageError::UnknownCommand { near: Some(_), .. })));
        assert!(matches!(
            parse_named("show", &[("ticket", "42"), ("colour", "red")]),
            Err(UsageError::UnknownOption { .. })
        ));
        assert!(matches!(
            parse_named("status", &[("ticket", "42"), ("status", "--reason=x")]),
            Err(UsageError::UnknownValue { what: What::Status, .. })
        ));
        assert!(matches!(
            parse_named("show", &[("ticket", "remboursement")]),
            Err(UsageError::NotANumber { given }) if given == "remboursement"
        ));
        assert!(matches!(parse_named("list", &[("mine", "perhaps")]), Err(UsageError::Unexpected { .. })));
    }

    #[test]
    fn english_french_and_grammar_names_mean_the_same() {
        let status =
            Command::Status { ticket: TicketId(42), to: Status::Resolved, reason: Some("oui".into()) };
        for (name, to, reason) in
            [("status", "status", "reason"), ("statut", "statut", "raison"), ("STATUT", "to", "motif")]
        {
            let parts = [("ticket", "42"), (to, "Résolu"), (reason, "oui")];
            assert_eq!(parse_named(name, &parts), Ok(status.clone()));
        }
    }

    /// Words that no command takes for an option, a number or a value.
    fn word() -> impl Strategy<Value = String> {
        "[a-zé]{1,8}".prop_map(|word| format!("x{word}"))
    }

    fn free_text() -> impl Strategy<Value = String> {
        prop_oneof![
            proptest::sample::select(&HOSTILE[..]).prop_map(str::to_owned),
            "[a-zé\"«»\n =-]{0,30}[a-z]".prop_map(|text| text.trim().to_owned()),
        ]
    }

    fn ticket() -> impl Strategy<Value = TicketId> {
        (1i64..10_000).prop_map(TicketId)
    }

    fn status() -> impl Strategy<Value = Status> {
        proptest::sample::select(&Status::ALL[..])
    }

    /// Every command that a platform with typed options can express.
    fn any_command() -> impl Strategy<Value = Command> {
        use proptest::option::of;
        let priority = || proptest::sample::select(&Priority::ALL[..]);
        let one_ticket = prop_oneof![
            ticket().prop_map(|ticket| Command::Show { ticket }),
            ticket().prop_map(|ticket| Command::Take { ticket }),
            ticket().prop_map(|ticket| Command::Remind { ticket }),
            ticket().prop_map(|ticket| Command::Feature { ticket }),
            ticket().prop_map(|ticket| Command::Spam { ticket }),
            ticket().prop_map(|ticket| Command::Reopen { ticket }),
            ticket().prop_map(|ticket| Command::History { ticket }),
            ticket().prop_map(|ticket| Command::Deliveries { ticket }),
            (1i64..10_000).prop_map(|id| Command::Resend { delivery: DeliveryId(id) }),
            (1i64..10_000).prop_map(|id| Command::MarkSent { delivery: DeliveryId(id) }),
            (ticket(), ticket()).prop_map(|(ticket, into)| Command::Merge { ticket, into }),
        ];
        let texts = prop_oneof![
            (ticket(), status(), of(free_text())).prop_map(|(ticket, to, reason)| Command::Status {
                ticket,
                to,
                reason
            }),
            (ticket(), any::<bool>(), of(word()), of(status()), free_text()).prop_map(
                |(ticket, all, template, then, text)| Command::Reply { ticket, all, template, then, text }
            ),
            (ticket(), any::<bool>(), word(), of(status())).prop_map(|(ticket, all, template, then)| {
                Command::Reply { ticket, all, template: Some(template), then, text: String::new() }
            }),
            (ticket(), free_text()).prop_map(|(ticket, text)| Command::Note { ticket, text }),
            (ticket(), free_text()).prop_map(|(ticket, reason)| Command::Escalate { ticket, reason }),
            (ticket(), of(free_text())).prop_map(|(ticket, reason)| Command::Urgent { ticket, reason }),
            (ticket(), free_text()).prop_map(|(ticket, name)| Command::Assign { ticket, name }),
            (ticket(), free_text()).prop_map(|(ticket, delay)| Command::Snooze { ticket, delay }),
        ];
        let rest = prop_oneof![
            (of(status()), of(priority()), any::<bool>(), proptest::collection::vec(word(), 0..3))
                .prop_map(|(status, priority, mine, words)| Command::List { status, priority, mine, words }),
            (of(word()), of(ticket())).prop_map(|(name, ticket)| Command::Template { name, ticket }),
            (ticket(), priority()).prop_map(|(ticket, to)| Command::Priority { ticket, to }),
            (ticket(), proptest::collection::vec("[+-][a-z]{1,5}", 1..4))
                .prop_map(|(ticket, changes)| Command::Tag { ticket, changes }),
            (ticket(), proptest::collection::vec(("[a-z]{1,5}", any::<bool>()), 0..3)).prop_map(
                |(ticket, people)| {
                    let wish = |(name, adds)| ParticipantWish { address: format!("{name}@x.example"), adds };
                    Command::Participants { ticket, changes: people.into_iter().map(wish).collect() }
                }
            ),
            ("[a-z]{1,6}", of(proptest::sample::select(&Preference::ALL[..])), any::<bool>(), any::<bool>())
                .prop_map(|(name, preference, resume, revoke)| Command::User {
                    email: format!("{name}@x.example"),
                    preference,
                    resume,
                    revoke
                }),
            proptest::collection::vec(word(), 1..3).prop_map(|words| Command::Kb { words }),
            of(word()).prop_map(|command| Command::Help { command }),
            proptest::sample::select(vec![
                Command::Undo { act: None },
                Command::Stats,
                Command::Checklist,
                Command::Report
            ]),
        ];
        prop_oneof![one_ticket, texts, rest]
    }

    /// A command's name, its arguments by their ids in the grammar, and which of them are positional.
    fn taken_apart(command: &Command) -> (&'static str, Vec<(&'static str, String)>) {
        let number = |ticket: &TicketId| ("ticket", ticket.0.to_string());
        let maybe = |id, value: Option<String>| value.map(|value| (id, value));
        let parts = |parts: Vec<Option<(&'static str, String)>>| parts.into_iter().flatten().collect();
        let flag = |id, given: &bool| given.then(|| (id, "true".to_owned()));
        match command {
            Command::List { status, priority, mine, words } => (
                "list",
                parts(vec![
                    maybe("status", status.map(|s| s.as_str().into())),
                    maybe("priority", priority.map(|p| p.as_str().into())),
                    flag("mine", mine),
                    Some(("words", words.join(" "))),
                ]),
            ),
            Command::Show { ticket } => ("show", vec![number(ticket)]),
            Command::Status { ticket, to, reason } => (
                "status",
                parts(vec![
                    Some(number(ticket)),
                    Some(("to", to.as_str().into())),
                    maybe("reason", reason.clone()),
                ]),
            ),
            Command::Reply { ticket, all, template, then, text } => (
                "reply",
                parts(vec![
                    Some(number(ticket)),
                    flag("all", all),
                    maybe("template", template.clone()),
                    maybe("then", then.map(|s| s.as_str().into())),
                    Some(("text", text.clone())),
                ]),
            ),
            Command::Template { name, ticket } => {
                ("template", parts(vec![maybe("name", name.clone()), ticket.as_ref().map(number)]))
            }
            Command::Note { ticket, text } => ("note", vec![number(ticket), ("text", text.clone())]),
            Command::Participants { ticket, changes } => {
                let sign = |wish: &ParticipantWish| if wish.adds { '+' } else { '-' };
                let all: Vec<String> =
                    changes.iter().map(|wish| format!("{}{}", sign(wish), wish.address)).collect();
                ("participants", vec![number(ticket), ("changes", all.join(" "))])
            }
            Command::Take { ticket } => ("take", vec![number(ticket)]),
            Command::Assign { ticket, name } => ("assign", vec![number(ticket), ("name", name.clone())]),
            Command::Priority { ticket, to } => {
                ("priority", vec![number(ticket), ("to", to.as_str().into())])
            }
            Command::Tag { ticket, changes } => ("tag", vec![number(ticket), ("changes", changes.join(" "))]),
            Command::Escalate { ticket, reason } => {
                ("escalate", vec![number(ticket), ("reason", reason.clone())])
            }
            Command::Urgent { ticket, reason } => {
                ("urgent", parts(vec![Some(number(ticket)), maybe("reason", reason.clone())]))
            }
            Command::Feature { ticket } => ("feature", vec![number(ticket)]),
            Command::Spam { ticket } => ("spam", vec![number(ticket)]),
            Command::Reopen { ticket } => ("reopen", vec![number(ticket)]),
            Command::Merge { ticket, into } => ("merge", vec![number(ticket), ("into", into.0.to_string())]),
            Command::Remind { ticket } => ("remind", vec![number(ticket)]),
            Command::Snooze { ticket, delay } => ("snooze", vec![number(ticket), ("delay", delay.clone())]),
            Command::Undo { act: _ } => ("undo", Vec::new()),
            Command::History { ticket } => ("history", vec![number(ticket)]),
            Command::Deliveries { ticket } => ("deliveries", vec![number(ticket)]),
            Command::Resend { delivery } => ("resend", vec![("delivery", delivery.0.to_string())]),
            Command::MarkSent { delivery } => ("sent", vec![("delivery", delivery.0.to_string())]),
            Command::User { email, preference, resume, revoke } => (
                "user",
                parts(vec![
                    Some(("email", email.clone())),
                    maybe("preference", preference.map(|p| p.as_str().into())),
                    flag("resume", resume),
                    flag("revoke", revoke),
                ]),
            ),
            Command::Kb { words } => ("kb", vec![("words", words.join(" "))]),
            Command::Stats => ("stats", Vec::new()),
            Command::Checklist => ("checklist", Vec::new()),
            Command::Report => ("report", Vec::new()),
            Command::Help { command } => ("help", parts(vec![maybe("command", command.clone())])),
        }
    }

    /// The same parts as the words of a command line: options first, then `--`, then the rest in order.
    fn as_words(name: &str, parts: &[(&str, String)]) -> Vec<String> {
        let declaration = declaration();
        let command = declaration.find_subcommand(name).unwrap();
        let mut words = vec![name.to_owned()];
        let mut behind = Vec::new();
        for (id, value) in parts {
            let argument = command.get_arguments().find(|argument| argument.get_id() == id).unwrap();
            match argument.get_long() {
                Some(long) if argument.get_action().takes_values() => words.push(format!("--{long}={value}")),
                Some(long) => words.push(format!("--{long}")),
                None if slash::holds_words(argument) => {
                    behind.extend(value.split_whitespace().map(str::to_owned));
                }
                None if value.is_empty() => {}
                None => behind.push(value.clone()),
            }
        }
        words.push("--".to_owned());
        words.extend(behind);
        words
    }

    proptest! {
        #[test]
        fn a_command_taken_apart_is_the_one_that_its_words_give(command in any_command()) {
            let (name, parts) = taken_apart(&command);
            let named: Vec<(&str, &str)> = parts.iter().map(|(id, value)| (*id, value.as_str())).collect();
            prop_assert_eq!(parse_named(name, &named), Ok(command.clone()));
            let reversed: Vec<(&str, &str)> = named.iter().rev().copied().collect();
            prop_assert_eq!(parse_named(name, &reversed), Ok(command.clone()));
            let words = as_words(name, &parts);
            prop_assert_eq!(parse_words(&words), Ok(command), "{:?}", words);
        }

        #[test]
        fn no_value_breaks_the_reading(
            name in proptest::sample::select(vec!["reply", "list", "tag", "merge", "user", "template", "help"]),
            values in proptest::collection::vec(any::<String>(), 8),
        ) {
            let ids = ["ticket", "text", "status", "words", "changes", "into", "email", "name"];
            let parts: Vec<(&str, &str)> =
                ids.into_iter().zip(values.iter().map(String::as_str)).collect();
            let _ = parse_named(name, &parts);
        }
    }

    #[test]
    fn a_typed_line_gives_the_same() {
        assert_eq!(
            parse_named(
                "reply",
                &[("ticket", "42"), ("then", "resolved"), ("text", "C'est fait.\n\nBien à vous")]
            ),
            parse("reply 42 --then resolved C'est fait.\n\nBien à vous")
        );
        assert_eq!(parse_named("template", &[("ticket", "42")]), parse("template 42"));
        assert_eq!(
            parse_named("snooze", &[("ticket", "42"), ("délai", "3 jours")]),
            parse("snooze 42 3 jours")
        );
    }
}
