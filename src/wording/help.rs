//! The help: a walk over the grammar's declaration, so that it cannot fall behind it.
//!
//! Pure. May import: command, view.

use crate::command::grammar::{declaration, written};
use crate::command::parse::command_named;
use crate::view::HelpEntry;

/// Every command; or one command by any of its names, followed by its arguments. Empty when there is none.
pub fn entries(command: Option<&str>) -> Vec<HelpEntry> {
    let declaration = declaration();
    let Some(name) = command else { return declaration.get_subcommands().map(entry).collect() };
    match command_named(&declaration, name) {
        Ok(found) => std::iter::once(entry(found))
            .chain(found.get_arguments().filter(|one| !one.is_hide_set()).map(argument))
            .collect(),
        Err(_) => Vec::new(),
    }
}

fn entry(command: &clap::Command) -> HelpEntry {
    HelpEntry {
        usage: written(command),
        aliases: command.get_visible_aliases().map(str::to_owned).collect(),
        about: command.get_about().map(ToString::to_string).unwrap_or_default(),
    }
}

fn argument(argument: &clap::Arg) -> HelpEntry {
    let value = argument.get_value_names().and_then(|names| names.first()).map(|name| name.as_str());
    let value = value.filter(|_| argument.get_action().takes_values());
    let long = argument.get_long().map(|long| format!("--{long}"));
    let usage: Vec<&str> = long.as_deref().into_iter().chain(value).collect();
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|_| argument.get_action().takes_values())
        .map(|value| {
            let label = value.get_help().map(ToString::to_string).unwrap_or_default();
            format!("{} ({label})", value.get_name())
        })
        .collect();
    let about = argument.get_help().map(ToString::to_string).unwrap_or_default();
    HelpEntry {
        usage: usage.join(" "),
        aliases: argument
            .get_visible_aliases()
            .unwrap_or_default()
            .iter()
            .map(|alias| format!("--{alias}"))
            .collect(),
        about: if values.is_empty() { about } else { format!("{about}\u{a0}: {}", values.join(", ")) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_help_and_an_unknown_one_is_not() {
        assert_eq!(entries(None).len(), declaration().get_subcommands().count());
        assert_eq!(entries(Some("zut")), []);
    }

    #[test]
    fn one_command_is_explained_argument_by_argument() {
        let lines: Vec<String> = entries(Some("répondre"))
            .into_iter()
            .map(|entry| format!("{} | {} | {}", entry.usage, entry.aliases.join(", "), entry.about))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE | répondre, réponse | Répond à l’utilisateur ; le ticket passe En cours, sauf indication contraire
        42 |  | Numéro du ticket
        --all | --tous | Répond à tous : copie à chaque participant
        --template MODÈLE | --modèle | Réponse type à remplir avec le texte
        --then STATUT | --puis | Statut qui va avec la réponse : new (Nouveau), in_progress (En cours), waiting_customer (En attente client), resolved (Résolu), closed (Fermé)
        TEXTE |  | Le texte, tel quel jusqu’à la fin
        ");
    }
}
