//! The grammar as platforms show it that ask for typed options: English base names and descriptions, French ones
//! beside them, and what each option takes.
//!
//! A walk over [`super::declaration`]: the French texts are the declaration's own, the English ones and the names of
//! options stand in the table below, which a test holds against it.
//! Pure. May import: command, clap.

use super::{declaration, is_many};

/// One command.
#[derive(Debug, Clone)]
pub struct Slash {
    /// Its name, English: that of the grammar.
    pub name: String,
    /// Its French name: the first alias, or the name itself where French has no other.
    pub french: String,
    /// What it does, in English.
    pub about: &'static str,
    /// The same in French.
    pub french_about: String,
    /// It is about the whole desk rather than about one ticket or a list of them.
    pub desk_wide: bool,
    /// What it takes; the needed ones first, then the others, each in the order of the grammar, texts before options.
    pub options: Vec<SlashOption>,
}

/// One option of a command.
#[derive(Debug, Clone)]
pub struct SlashOption {
    /// Its name, English; unique in its command.
    pub name: &'static str,
    /// Its French name; unique in its command.
    pub french: &'static str,
    /// What it is, in English.
    pub about: &'static str,
    /// The same in French.
    pub french_about: String,
    /// The command cannot be given without it.
    pub required: bool,
    /// What it takes.
    pub takes: Takes,
}

/// What an option takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Takes {
    /// Yes or no.
    Flag,
    /// One of a closed set.
    OneOf(Vec<Choice>),
    /// What the desk can propose as it is typed.
    Known(Known),
    /// Any text.
    Text,
}

/// One word of a closed set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// As the grammar reads it.
    pub word: String,
    /// Its English name.
    pub name: String,
    /// Its French name.
    pub french: String,
}

/// What the desk can propose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The number of a ticket.
    Ticket,
    /// The number of a delivery that failed or is uncertain.
    Delivery,
    /// The number of a delivery that is uncertain.
    UncertainDelivery,
    /// A colleague.
    Agent,
    /// A standard reply.
    Template,
    /// A command of this grammar.
    Command,
    /// Tags to add and to take away, the last of them being typed.
    Tags,
}

/// Every command, in the order of the grammar.
pub fn commands() -> Vec<Slash> {
    declaration().get_subcommands().map(slash).collect()
}

/// What the desk can propose for an option of a command, both by their English names.
pub fn known(command: &str, option: &str) -> Option<Known> {
    let command = commands().into_iter().find(|known| known.name == command)?;
    command.options.into_iter().find(|known| known.name == option).and_then(|option| match option.takes {
        Takes::Known(known) => Some(known),
        _ => None,
    })
}

/// The id in the grammar of the argument that a platform calls `name`, in a command of the grammar.
pub(in crate::command) fn argument_named(command: &str, name: &str) -> Option<&'static str> {
    let row = TABLE.iter().find(|row| row.command == command)?;
    row.arguments.iter().find(|argument| argument.name == name || argument.french == name).map(|a| a.id)
}

fn slash(command: &clap::Command) -> Slash {
    let name = command.get_name().to_owned();
    let row = TABLE.iter().find(|row| row.command == name);
    let french = command.get_visible_aliases().next().map_or_else(|| name.clone(), str::to_owned);
    let mut arguments: Vec<&clap::Arg> =
        command.get_arguments().filter(|argument| !argument.is_hide_set()).collect();
    arguments.sort_by_key(|argument| (!argument.is_required_set(), !argument.is_positional()));
    let options = arguments.into_iter().filter_map(|argument| {
        let known = row?.arguments.iter().find(|known| argument.get_id() == known.id)?;
        Some(SlashOption {
            name: known.name,
            french: known.french,
            about: known.about,
            french_about: argument.get_help().map(ToString::to_string).unwrap_or_default(),
            required: argument.is_required_set(),
            takes: takes(&name, argument),
        })
    });
    Slash {
        options: options.collect(),
        french,
        about: row.map_or("", |row| row.about),
        french_about: command.get_about().map(ToString::to_string).unwrap_or_default(),
        desk_wide: DESK_WIDE.contains(&name.as_str()),
        name,
    }
}

fn takes(command: &str, argument: &clap::Arg) -> Takes {
    if !argument.get_action().takes_values() {
        return Takes::Flag;
    }
    let choices: Vec<Choice> = argument.get_possible_values().iter().map(choice).collect();
    match (command, argument.get_id().as_str()) {
        _ if !choices.is_empty() => Takes::OneOf(choices),
        (_, "ticket" | "into") => Takes::Known(Known::Ticket),
        ("sent", "delivery") => Takes::Known(Known::UncertainDelivery),
        (_, "delivery") => Takes::Known(Known::Delivery),
        ("assign", "name") => Takes::Known(Known::Agent),
        ("template", "name") | (_, "template") => Takes::Known(Known::Template),
        (_, "command") => Takes::Known(Known::Command),
        ("tag", "changes") => Takes::Known(Known::Tags),
        _ => Takes::Text,
    }
}

fn choice(value: &clap::builder::PossibleValue) -> Choice {
    let word = value.get_name().to_owned();
    let mut name = word.replace('_', " ");
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let french = value.get_help().map_or_else(|| name.clone(), ToString::to_string);
    Choice { word, name, french }
}

/// Whether a platform's value for this argument holds several words of the grammar.
pub(in crate::command) fn holds_words(argument: &clap::Arg) -> bool {
    argument.is_positional() && is_many(argument)
}

/// The commands that are about no ticket and no list of tickets.
const DESK_WIDE: [&str; 5] = ["user", "kb", "stats", "checklist", "report"];

/// What English says of a command.
struct Row {
    command: &'static str,
    about: &'static str,
    arguments: &'static [Argument],
}

/// What a platform says of an argument, beside its French help.
struct Argument {
    id: &'static str,
    name: &'static str,
    french: &'static str,
    about: &'static str,
}

const fn row(command: &'static str, about: &'static str, arguments: &'static [Argument]) -> Row {
    Row { command, about, arguments }
}

const fn arg(id: &'static str, name: &'static str, french: &'static str, about: &'static str) -> Argument {
    Argument { id, name, french, about }
}

const TICKET: Argument = arg("ticket", "ticket", "ticket", "Number of the ticket");
const DELIVERY: Argument =
    arg("delivery", "delivery", "envoi", "Number of the delivery, as deliveries shows it");

const TABLE: &[Row] = &[
    row(
        "list",
        "The queue of tickets, by status, priority or words",
        &[
            arg("status", "status", "statut", "Only this status"),
            arg("priority", "priority", "priorité", "Only this priority"),
            arg("mine", "mine", "miens", "Only my tickets"),
            arg("words", "words", "mots", "To look for in subject, messages, address and name"),
        ],
    ),
    row("show", "A ticket and its conversation", &[TICKET]),
    row(
        "status",
        "Changes the status and proposes the standard replies that fit it",
        &[
            TICKET,
            arg("to", "status", "statut", "The status to give"),
            arg("reason", "reason", "raison", "Why"),
        ],
    ),
    row(
        "reply",
        "Answers the requester; the ticket goes to In progress unless told otherwise",
        &[
            TICKET,
            arg("all", "all", "tous", "Answers everybody: a copy to each participant"),
            arg("template", "template", "modèle", "A standard reply to fill in with the text"),
            arg("then", "then", "puis", "The status that goes with the reply"),
            arg("text", "text", "texte", "The text, as it is"),
        ],
    ),
    row(
        "template",
        "The standard replies; with a ticket, filled in for it",
        &[arg("name", "template", "modèle", "A standard reply"), TICKET],
    ),
    row(
        "note",
        "Adds an internal note, never sent",
        &[TICKET, arg("text", "text", "texte", "The text, as it is")],
    ),
    row(
        "participants",
        "Who takes part in the ticket by mail; adds (+) or takes away (-) addresses",
        &[TICKET, arg("changes", "addresses", "adresses", "+address to add, -address to take away")],
    ),
    row("take", "Makes you responsible for the ticket", &[TICKET]),
    row(
        "assign",
        "Gives the ticket to a colleague",
        &[TICKET, arg("name", "agent", "collègue", "Name of the colleague")],
    ),
    row(
        "priority",
        "Changes the priority",
        &[TICKET, arg("to", "priority", "priorité", "The priority to give")],
    ),
    row(
        "tag",
        "Adds (+) or takes away (-) labels",
        &[TICKET, arg("changes", "tags", "étiquettes", "+label to add, -label to take away")],
    ),
    row(
        "escalate",
        "Hands the ticket to the technical team",
        &[TICKET, arg("reason", "reason", "raison", "Why, as it is")],
    ),
    row(
        "urgent",
        "Critical bug: in progress, urgent, escalated, followed up every 2 hours",
        &[TICKET, arg("reason", "reason", "raison", "Why, as it is")],
    ),
    row("feature", "Feature request: thanks, resolves, hands over to the product team", &[TICKET]),
    row("spam", "Closes without sending anything and blocks the sender", &[TICKET]),
    row("reopen", "Reopens a ticket: it is in progress again", &[TICKET]),
    row(
        "merge",
        "Joins two tickets; the first is closed, the second goes on",
        &[
            arg("ticket", "ticket", "ticket", "Number of the ticket to close"),
            arg("into", "into", "dans", "Number of the ticket that goes on"),
        ],
    ),
    row(
        "snooze",
        "Puts the follow-up off, then reminds you: 2d, 4h",
        &[TICKET, arg("delay", "delay", "délai", "How long: 2d, 4h")],
    ),
    row("remind", "Reminds the requester who owes us an answer", &[TICKET]),
    row("undo", "Takes back your last act, if it was just now", &[]),
    row("history", "Who did what, and when", &[TICKET]),
    row("deliveries", "What was sent, by which channel, and what became of it", &[TICKET]),
    row("resend", "Sends again what failed or is uncertain", &[DELIVERY]),
    row("sent", "Takes what is uncertain for sent, without sending it again", &[DELIVERY]),
    row(
        "user",
        "A requester and their tickets; changes how they are told",
        &[
            arg("email", "email", "email", "Address of the requester"),
            arg("preference", "preference", "préférence", "How to tell them from now on"),
            arg("resume", "resume", "reprendre", "Send mail to this address again, after one came back"),
            arg("revoke", "revoke", "révoquer", "End the links of their earlier mails"),
        ],
    ),
    row("kb", "Searches the knowledge base", &[arg("words", "words", "mots", "Words to look for")]),
    row("stats", "The figures of the dashboard", &[]),
    row("checklist", "The daily checklist", &[]),
    row("report", "The daily report (team leads)", &[]),
    row(
        "help",
        "The commands, or one of them in detail",
        &[arg("command", "command", "commande", "A command")],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_command_and_argument_and_no_other() {
        let declaration = declaration();
        let declared: Vec<&str> = declaration.get_subcommands().map(clap::Command::get_name).collect();
        let named: Vec<&str> = TABLE.iter().map(|row| row.command).collect();
        assert_eq!(named, declared);
        for (row, command) in TABLE.iter().zip(declaration.get_subcommands()) {
            let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
            let mut declared: Vec<&str> = shown.map(|argument| argument.get_id().as_str()).collect();
            let mut named: Vec<&str> = row.arguments.iter().map(|argument| argument.id).collect();
            declared.sort_unstable();
            named.sort_unstable();
            assert_eq!(named, declared, "{}", row.command);
            assert!(!row.about.is_empty() && row.arguments.iter().all(|argument| !argument.about.is_empty()));
        }
    }

    #[test]
    fn english_is_plain_and_names_are_unique_in_both_languages() {
        for command in commands() {
            assert!(command.about.is_ascii(), "{}", command.about);
            for names in [|option: &SlashOption| option.name, |option: &SlashOption| option.french] {
                let mut all: Vec<&str> = command.options.iter().map(names).collect();
                all.sort_unstable();
                let count = all.len();
                all.dedup();
                assert_eq!(all.len(), count, "{}", command.name);
            }
        }
    }

    #[test]
    fn what_is_needed_stands_first_and_the_text_of_a_reply_next() {
        let commands = commands();
        let reply = commands.iter().find(|command| command.name == "reply").unwrap();
        let names: Vec<&str> = reply.options.iter().map(|option| option.name).collect();
        assert_eq!(names, ["ticket", "text", "all", "template", "then"]);
        for command in &commands {
            assert!(command.options.is_sorted_by_key(|option| !option.required), "{}", command.name);
        }
    }
}
