//! What Discord is told of our commands: a walk over the grammar. Pure. May import: command, wording, serenity.
//!
//! Discord takes 25 subcommands of one command, and the grammar has more. What acts on tickets or lists them is under
//! `/ticket`, with `undo` and `help`; what is about the desk as a whole ([`Slash::desk_wide`]) is under `/guichet`. Whoever
//! reads an interaction takes any word of the grammar under either.

use crate::command::grammar::slash::{self, Choice, Slash, SlashOption, Takes};
use crate::wording::slash::{ADD_TO_TICKET, CREATE_TICKET, DESK, FILES, InBoth, TICKET};
use serenity::builder::{CreateCommand, CreateCommandOption};
use serenity::model::Permissions;
use serenity::model::application::{CommandOptionType, CommandType, InteractionContext};

/// The name of the command that acts on tickets.
pub const TICKET_COMMAND: &str = "ticket";
/// The name of the command about the desk as a whole.
pub const DESK_COMMAND: &str = "guichet";

/// The key of the French texts in Discord's tables of localisations.
const FRENCH: &str = "fr";

/// Who sees the commands until the guild's administrators say otherwise (Server settings, Integrations): those who
/// moderate messages. It only keeps them out of other members' menus; who may act is asked of the roles each time.
const SEEN_BY: Permissions = Permissions::MANAGE_MESSAGES;

/// Every command of ours, to be set for the guild in one call.
pub fn commands() -> Vec<CreateCommand> {
    let (desk, ticket): (Vec<Slash>, Vec<Slash>) =
        slash::commands().into_iter().partition(|command| command.desk_wide);
    vec![
        chat_input(TICKET_COMMAND, TICKET, &ticket),
        chat_input(DESK_COMMAND, DESK, &desk),
        on_message(CREATE_TICKET),
        on_message(ADD_TO_TICKET),
    ]
}

fn chat_input(name: &str, about: InBoth, subcommands: &[Slash]) -> CreateCommand {
    guild_only(name)
        .kind(CommandType::ChatInput)
        .name_localized(FRENCH, name)
        .description(about.english)
        .description_localized(FRENCH, about.french)
        .set_options(subcommands.iter().map(subcommand).collect())
}

fn on_message(name: InBoth) -> CreateCommand {
    guild_only(name.english).kind(CommandType::Message).name_localized(FRENCH, name.french)
}

fn guild_only(name: &str) -> CreateCommand {
    CreateCommand::new(name).default_member_permissions(SEEN_BY).contexts(vec![InteractionContext::Guild])
}

fn subcommand(command: &Slash) -> CreateCommandOption {
    let option = CreateCommandOption::new(CommandOptionType::SubCommand, &command.name, command.about)
        .name_localized(FRENCH, &command.french)
        .description_localized(FRENCH, &command.french_about);
    let option = command.options.iter().fold(option, |option, sub| option.add_sub_option(argument(sub)));
    match command.name.as_str() {
        // What no words can say stands in no grammar.
        "reply" => FILES.iter().fold(option, |option, (name, about)| {
            option.add_sub_option(
                CreateCommandOption::new(CommandOptionType::Attachment, name.english, about.english)
                    .name_localized(FRENCH, name.french)
                    .description_localized(FRENCH, about.french),
            )
        }),
        _ => option,
    }
}

fn argument(option: &SlashOption) -> CreateCommandOption {
    let kind = match option.takes {
        Takes::Flag => CommandOptionType::Boolean,
        // Numbers too: a ticket is found by the words of its subject as well as by its number.
        Takes::OneOf(_) | Takes::Known(_) | Takes::Text => CommandOptionType::String,
    };
    let created = CreateCommandOption::new(kind, option.name, option.about)
        .name_localized(FRENCH, option.french)
        .description_localized(FRENCH, &option.french_about)
        .required(option.required);
    match &option.takes {
        Takes::OneOf(choices) => choices.iter().fold(created, with_choice),
        Takes::Known(_) => created.set_autocomplete(true),
        Takes::Flag | Takes::Text => created,
    }
}

fn with_choice(option: CreateCommandOption, choice: &Choice) -> CreateCommandOption {
    option.add_string_choice_localized(&choice.name, &choice.word, [(FRENCH, &choice.french)])
}

#[cfg(test)]
mod tests;
