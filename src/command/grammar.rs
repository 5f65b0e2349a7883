//! `/ticket …`: every command, declared once, with its French names and help.
//!
//! From this declaration come the parsing of lines and arguments ([`super::parse`]), the registration of slash
//! commands, and the help. Names, values and their French aliases are compared without case and accents.
//! Pure. May import: domain, command, clap.

pub mod slash;

use super::usage::What;
use super::vocabulary::{
    ParticipantWish, Vocabulary, Word, act, delivery, participant_wish, tag_change, ticket,
};
use crate::domain::ids::{DeliveryId, EventId, TicketId};
use crate::domain::preference::Preference;
use crate::domain::ticket::{Priority, Status};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
#[allow(missing_docs, reason = "the `about` of each command says it")]
pub enum Command {
    #[command(visible_aliases = ["liste", "lister", "file"], about = "La file des tickets, filtrée par statut, priorité ou mots")]
    List {
        #[arg(long, visible_alias = "statut", value_name = "STATUT", value_parser = STATUSES, help = "Seulement ce statut")]
        status: Option<Status>,
        #[arg(long, visible_alias = "priorité", value_name = "PRIORITÉ", value_parser = PRIORITIES, help = "Seulement cette priorité")]
        priority: Option<Priority>,
        #[arg(long, visible_aliases = ["moi", "miens"], help = "Seulement mes tickets")]
        mine: bool,
        #[arg(value_name = "MOTS", help = "À chercher dans le sujet, les messages, l’e-mail et le nom")]
        words: Vec<String>,
    },
    #[command(visible_aliases = ["voir", "afficher", "ouvrir"], about = "La fiche et la conversation d’un ticket")]
    Show {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
    },
    #[command(
        visible_alias = "statut",
        about = "Change le statut et propose les réponses types qui vont avec"
    )]
    Status {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
        #[arg(value_name = "STATUT", value_parser = STATUSES, help = "Le statut à donner")]
        to: Status,
        #[arg(long, visible_aliases = ["raison", "motif"], value_name = "TEXTE", help = "Pourquoi, tel quel jusqu’à la fin")]
        reason: Option<String>,
    },
    #[command(visible_aliases = ["répondre", "réponse"], about = "Répond à l’utilisateur\u{a0}; le ticket passe En cours, sauf indication contraire")]
    Reply {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
        #[arg(long, visible_alias = "tous", help = "Répond à tous\u{a0}: copie à chaque participant")]
        all: bool,
        #[arg(
            long,
            visible_alias = "modèle",
            value_name = "MODÈLE",
            help = "Réponse type à remplir avec le texte"
        )]
        template: Option<String>,
        #[arg(long, visible_alias = "puis", value_name = "STATUT", value_parser = STATUSES, help = "Statut qui va avec la réponse")]
        then: Option<Status>,
        #[arg(
            value_name = "TEXTE",
            default_value = "",
            hide_default_value = true,
            help = "Le texte, tel quel jusqu’à la fin"
        )]
        text: String,
    },
    #[command(visible_aliases = ["modèle", "modèles", "templates"], about = "Les réponses types\u{a0}; avec un ticket, remplies pour lui")]
    Template {
        #[arg(value_name = "MODÈLE", help = "Une réponse type")]
        name: Option<String>,
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: Option<TicketId>,
    },
    #[command(visible_alias = "noter", about = "Ajoute une note interne, jamais envoyée")]
    Note {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
        #[arg(value_name = "TEXTE", help = "Le texte, tel quel jusqu’à la fin")]
        text: String,
    },
    #[command(
        visible_aliases = ["participant", "copie", "copies"],
        about = "Qui participe au ticket par e-mail\u{a0}; ajoute (+) ou retire (-) des adresses"
    )]
    Participants {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
        #[arg(value_name = "+ADRESSE -ADRESSE", value_parser = participant_wish, help = "+adresse à ajouter, -adresse à retirer\u{a0}; valide aussi ce qu’un tiers a déjà écrit")]
        changes: Vec<ParticipantWish>,
    },
    #[command(visible_alias = "prendre", about = "Vous rend responsable du ticket")]
    Take {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
    },
    #[command(visible_aliases = ["assigner", "attribuer", "confier"], about = "Confie le ticket à un collègue")]
    Assign {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
        #[arg(value_name = "NOM", help = "Nom du collègue")]
        name: String,
    },
    #[command(visible_alias = "priorité", about = "Change la priorité")]
    Priority {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
        #[arg(value_name = "PRIORITÉ", value_parser = PRIORITIES, help = "La priorité à donner")]
        to: Priority,
    },
    #[command(visible_aliases = ["étiquette", "étiquettes", "étiqueter"], about = "Ajoute (+) ou retire (-) des étiquettes")]
    Tag {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
        #[arg(value_name = "+ÉTIQUETTE -ÉTIQUETTE", required = true, value_parser = tag_change, help = "+étiquette à ajouter, -étiquette à retirer")]
        changes: Vec<String>,
    },
    #[command(visible_alias = "escalader", about = "Transmet le ticket à l’équipe technique")]
    Escalate {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
        #[arg(value_name = "RAISON", help = "Pourquoi, tel quel jusqu’à la fin")]
        reason: String,
    },
    #[command(about = "Bug critique\u{a0}: En cours, priorité Urgente, escaladé, suivi toutes les 2\u{a0}h")]
    Urgent {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
        #[arg(value_name = "RAISON", help = "Pourquoi, tel quel jusqu’à la fin")]
        reason: Option<String>,
    },
    #[command(
        visible_alias = "fonctionnalité",
        about = "Demande de fonctionnalité\u{a0}: remercie, passe en Résolu, transmet à l’équipe produit"
    )]
    Feature {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
    },
    #[command(visible_aliases = ["indésirable", "pourriel"], about = "Ferme sans rien envoyer et bloque l’expéditeur")]
    Spam {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
    },
    #[command(visible_alias = "rouvrir", about = "Rouvre un ticket\u{a0}: il repasse En cours")]
    Reopen {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
    },
    #[command(
        visible_alias = "fusionner",
        about = "Réunit deux tickets\u{a0}; le premier est fermé, le second continue"
    )]
    Merge {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket à fermer")]
        ticket: TicketId,
        #[arg(value_name = "into 17", value_parser = ticket, help = "Numéro du ticket qui continue")]
        into: TicketId,
    },
    #[command(
        visible_alias = "reporter",
        about = "Reporte le suivi du ticket\u{a0}: ni relance ni fermeture avant, puis un rappel\u{a0}; 2d, 3 jours, 4h"
    )]
    Snooze {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
        #[arg(value_name = "DÉLAI", help = "Combien de temps\u{a0}: 2d, 3 jours, 4h")]
        delay: String,
    },
    #[command(visible_alias = "relancer", about = "Relance l’utilisateur qui nous doit une réponse")]
    Remind {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
    },
    #[command(visible_alias = "annuler", about = "Annule votre dernier geste, s’il vient d’avoir lieu")]
    Undo {
        /// The act that is meant, for a button: refused when another one of the same agent came after it.
        #[arg(hide = true, value_name = "GESTE", value_parser = act, help = "Numéro du geste")]
        act: Option<EventId>,
    },
    #[command(visible_alias = "historique", about = "Qui a fait quoi, et quand")]
    History {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
    },
    #[command(
        visible_alias = "envois",
        about = "Ce qui est parti, par quelle voie, et ce qu’il en est advenu"
    )]
    Deliveries {
        #[arg(value_name = "42", value_parser = ticket, help = "Numéro du ticket")]
        ticket: TicketId,
    },
    #[command(visible_alias = "renvoyer", about = "Envoie de nouveau ce qui a échoué ou reste incertain")]
    Resend {
        #[arg(value_name = "ENVOI", value_parser = delivery, help = "Numéro de l’envoi, montré par deliveries")]
        delivery: DeliveryId,
    },
    #[command(name = "sent", visible_aliases = ["envoyé", "marquer_envoyé"], about = "Tient pour envoyé ce qui est incertain, sans le renvoyer")]
    MarkSent {
        #[arg(value_name = "ENVOI", value_parser = delivery, help = "Numéro de l’envoi, montré par deliveries")]
        delivery: DeliveryId,
    },
    #[command(visible_aliases = ["utilisateur", "client"], about = "Un utilisateur et ses tickets\u{a0}; change sa préférence de notification")]
    User {
        #[arg(value_name = "EMAIL", help = "Adresse de l’utilisateur")]
        email: String,
        #[arg(value_name = "PRÉFÉRENCE", value_parser = PREFERENCES, help = "Comment le prévenir désormais")]
        preference: Option<Preference>,
        #[arg(
            long,
            visible_alias = "reprendre",
            help = "Reprendre l’envoi d’e-mails vers cette adresse, suspendu après un retour"
        )]
        resume: bool,
        #[arg(
            long,
            visible_alias = "révoquer",
            help = "Fermer les liens de ses anciens e-mails\u{a0}: les prochains en porteront d’autres"
        )]
        revoke: bool,
    },
    #[command(visible_aliases = ["base", "connaissances"], about = "Cherche dans la base de connaissances")]
    Kb {
        #[arg(value_name = "MOTS", required = true, help = "Mots à chercher")]
        words: Vec<String>,
    },
    #[command(visible_aliases = ["statistiques", "chiffres", "tableau"], about = "Les chiffres du tableau de bord")]
    Stats,
    #[command(visible_aliases = ["contrôle", "tâches"], about = "La checklist quotidienne")]
    Checklist,
    #[command(visible_alias = "rapport", about = "Le rapport quotidien (responsables d’équipe)")]
    Report,
    #[command(visible_alias = "aide", about = "Les commandes, ou une seule en détail")]
    Help {
        #[arg(value_name = "COMMANDE", help = "Une commande")]
        command: Option<String>,
    },
}

impl Command {
    /// Whether it changes anything; the others only look.
    pub fn acts(&self) -> bool {
        match self {
            Command::List { .. }
            | Command::Show { .. }
            | Command::Template { .. }
            | Command::History { .. }
            | Command::Deliveries { .. }
            | Command::User { preference: None, resume: false, revoke: false, .. }
            | Command::Kb { .. }
            | Command::Stats
            | Command::Checklist
            | Command::Report
            | Command::Help { .. } => false,
            Command::Participants { changes, .. } => !changes.is_empty(),
            Command::Status { .. }
            | Command::Reply { .. }
            | Command::Note { .. }
            | Command::Take { .. }
            | Command::Assign { .. }
            | Command::Priority { .. }
            | Command::Tag { .. }
            | Command::Escalate { .. }
            | Command::Urgent { .. }
            | Command::Feature { .. }
            | Command::Spam { .. }
            | Command::Reopen { .. }
            | Command::Merge { .. }
            | Command::Snooze { .. }
            | Command::Remind { .. }
            | Command::Undo { .. }
            | Command::Resend { .. }
            | Command::MarkSent { .. }
            | Command::User { .. } => true,
        }
    }
}

/// The five statuses; French names as in the guide.
pub const STATUSES: Vocabulary<Status> = Vocabulary {
    what: What::Status,
    words: &[
        Word { value: Status::New, word: "new", label: "Nouveau", also: &["nouveaux", "nouvelle"] },
        Word {
            value: Status::InProgress,
            word: "in_progress",
            label: "En cours",
            also: &["cours", "encour", "progress"],
        },
        Word {
            value: Status::WaitingCustomer,
            word: "waiting_customer",
            label: "En attente client",
            also: &[
                "attente",
                "enattente",
                "attenteclient",
                "attenteduclient",
                "enattenteduclient",
                "waiting",
            ],
        },
        Word {
            value: Status::Resolved,
            word: "resolved",
            label: "Résolu",
            also: &["resolus", "resolue", "resoudre"],
        },
        Word {
            value: Status::Closed,
            word: "closed",
            label: "Fermé",
            also: &["fermes", "fermee", "fermer", "clos", "close"],
        },
    ],
};

/// The four priorities; French names as in the guide.
pub const PRIORITIES: Vocabulary<Priority> = Vocabulary {
    what: What::Priority,
    words: &[
        Word { value: Priority::Low, word: "low", label: "Basse", also: &["bas", "faible"] },
        Word { value: Priority::Normal, word: "normal", label: "Normale", also: &["normales", "moyenne"] },
        Word { value: Priority::High, word: "high", label: "Haute", also: &["haut", "hautes", "elevee"] },
        Word { value: Priority::Urgent, word: "urgent", label: "Urgente", also: &["urgents", "urgentes"] },
    ],
};

/// The four preferences of the guide's table.
pub const PREFERENCES: Vocabulary<Preference> = Vocabulary {
    what: What::Preference,
    words: &[
        Word {
            value: Preference::WebOnly,
            word: "web_only",
            label: "Web seulement",
            also: &["web", "webuniquement", "siteseulement", "site"],
        },
        Word {
            value: Preference::EmailOnly,
            word: "email_only",
            label: "E-mail seulement",
            also: &["email", "mail", "courriel", "emailuniquement", "mailseulement", "mailuniquement"],
        },
        Word {
            value: Preference::Both,
            word: "both",
            label: "Web, e-mail et push",
            also: &["tout", "tous", "toutes", "lesdeux", "deux", "all"],
        },
        Word {
            value: Preference::None,
            word: "none",
            label: "Aucune notification",
            also: &["aucun", "aucune", "rien", "jamais", "non"],
        },
    ],
};

/// What joins the two tickets of `merge`, in the form that [`super::vocabulary::plain`] gives.
pub const CONNECTIVES: [&str; 10] =
    ["into", "in", "dans", "avec", "with", "et", "vers", "a", ">", "\u{2192}"];

/// A status or priority filter that lets everything pass, in the form that [`super::vocabulary::plain`] gives.
pub const EVERYTHING: [&str; 3] = ["tous", "toutes", "all"];

#[derive(Debug, Parser)]
#[command(name = "/ticket", no_binary_name = true, disable_version_flag = true, args_override_self = true)]
#[command(disable_help_flag = true, disable_help_subcommand = true)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// The declaration as clap holds it: names, aliases, French help, arguments and their possible values, to walk
/// into a help text or a platform's slash commands.
pub fn declaration() -> clap::Command {
    Line::command()
}

/// Reads words that [`super::parse`] has put in order.
pub(super) fn read(words: Vec<String>) -> Result<Command, clap::Error> {
    let matches = declaration().try_get_matches_from(words)?;
    Line::from_arg_matches(&matches).map(|line| line.command)
}

/// Whether an argument takes the rest of the line as it was typed.
pub fn takes_the_rest(argument: &clap::Arg) -> bool {
    matches!(argument.get_id().as_str(), "text" | "reason" | "name" | "delay")
}

/// How a command is written: `reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE`.
///
/// Options stand where they are understood: before a text that takes the rest of the line, and last when the
/// option itself takes it.
pub fn written(command: &clap::Command) -> String {
    let shown = |argument: &clap::Arg| {
        let value = argument.get_value_names().and_then(|names| names.first()).map(|name| name.as_str());
        let shown = match (argument.get_long(), value) {
            (Some(long), Some(value)) if argument.get_action().takes_values() => format!("--{long} {value}"),
            (Some(long), _) => format!("--{long}"),
            (None, value) => value.unwrap_or_default().to_owned(),
        };
        let many = matches!(argument.get_action(), clap::ArgAction::Append) && argument.is_positional();
        let shown = if many { format!("{shown}…") } else { shown };
        // A reply's text is asked for unless a template stands in for it: see `parse`.
        if argument.is_required_set() || !argument.get_default_values().is_empty() {
            shown
        } else {
            format!("[{shown}]")
        }
    };
    let positionals: Vec<&clap::Arg> = command.get_positionals().filter(|one| !one.is_hide_set()).collect();
    let (tail, leading) = match positionals.split_last() {
        Some((last, leading))
            if takes_the_rest(last) || last.get_action().takes_values() && is_many(last) =>
        {
            (Some(*last), leading)
        }
        _ => (None, positionals.as_slice()),
    };
    let mut parts = vec![command.get_name().to_owned()];
    parts.extend(leading.iter().copied().map(shown));
    parts.extend(
        command
            .get_arguments()
            .filter(|argument| !argument.is_positional() && !argument.is_hide_set())
            .map(shown),
    );
    parts.extend(tail.map(shown));
    parts.join(" ")
}

fn is_many(argument: &clap::Arg) -> bool {
    matches!(argument.get_action(), clap::ArgAction::Append)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declaration_is_sound() {
        declaration().debug_assert();
    }

    #[test]
    fn no_two_commands_answer_to_one_name() {
        let mut names: Vec<String> = declaration()
            .get_subcommands()
            .flat_map(|command| {
                let aliases = command.get_all_aliases().map(super::super::vocabulary::plain);
                std::iter::once(command.get_name().to_owned()).chain(aliases).collect::<Vec<_>>()
            })
            .collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn every_command_and_argument_says_in_french_what_it_is() {
        for command in declaration().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
                assert!(argument.get_help().unwrap().to_string().chars().count() <= 100, "Discord's limit");
            }
            assert!(command.get_about().unwrap().to_string().chars().count() <= 100, "Discord's limit");
        }
    }

    #[test]
    fn commands_are_written_as_they_are_understood() {
        let declaration = declaration();
        let written: Vec<String> = declaration.get_subcommands().map(written).collect();
        insta::assert_snapshot!(written.join("\n"), @r"
        list [--status STATUT] [--priority PRIORITÉ] [--mine] [MOTS…]
        show 42
        status 42 STATUT [--reason TEXTE]
        reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE
        template [MODÈLE] [42]
        note 42 TEXTE
        participants 42 [+ADRESSE -ADRESSE…]
        take 42
        assign 42 NOM
        priority 42 PRIORITÉ
        tag 42 +ÉTIQUETTE -ÉTIQUETTE…
        escalate 42 RAISON
        urgent 42 [RAISON]
        feature 42
        spam 42
        reopen 42
        merge 42 into 17
        snooze 42 DÉLAI
        remind 42
        undo
        history 42
        deliveries 42
        resend ENVOI
        sent ENVOI
        user EMAIL [PRÉFÉRENCE] [--resume] [--revoke]
        kb MOTS…
        stats
        checklist
        report
        help [COMMANDE]
        ");
    }
}
