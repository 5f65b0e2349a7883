//! Every "no" in French: one sentence, and the next thing to do where there is one.
//!
//! Pure. May import: domain, command, wording.

use super::{dates, labels};
use crate::command::usage::{Part, UsageError, What};
use crate::domain::people::PASSWORD_LENGTH;
use crate::domain::refusal::Refusal;
use crate::domain::tag;
use crate::domain::ticket::Status;

/// Says a refusal.
pub fn say(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoSuchTicket(id) => {
            format!("Le ticket nº\u{a0}{id} n’existe pas. Pour le chercher\u{a0}: `/ticket list MOTS`.")
        }
        Refusal::SameStatus(id, status) => {
            let name = labels::status_name(*status);
            match status {
                Status::Closed => format!(
                    "Le ticket nº\u{a0}{id} est déjà {name}. Pour le rouvrir\u{a0}: `/ticket status {id} in_progress`."
                ),
                _ => format!("Le ticket nº\u{a0}{id} est déjà {name}. Pour le relire\u{a0}: `/ticket show {id}`."),
            }
        }
        Refusal::NotFromHere { ticket, to: Status::New, .. } => format!(
            "Un ticket ne redevient jamais Nouveau. Pour le reprendre\u{a0}: `/ticket status {ticket} in_progress`."
        ),
        Refusal::NotFromHere { ticket, from: Status::Closed, to } => format!(
            "Le ticket nº\u{a0}{ticket} est Fermé\u{a0}: rouvrez-le avant de le passer en «\u{a0}{}\u{a0}»\u{a0}: `/ticket status {ticket} in_progress`.",
            labels::status_name(*to)
        ),
        Refusal::NotFromHere { ticket, from, to } => format!(
            "Le ticket nº\u{a0}{ticket} ne peut pas passer de {} à {}. Pour le relire\u{a0}: `/ticket show {ticket}`.",
            labels::status_name(*from),
            labels::status_name(*to)
        ),
        Refusal::SamePriority(id, priority) => format!(
            "Le ticket nº\u{a0}{id} a déjà la priorité {}. Priorités\u{a0}: low, normal, high, urgent.",
            labels::priority(*priority)
        ),
        Refusal::SameAssignee(id, name) => {
            format!("{name} est déjà responsable du ticket nº\u{a0}{id}\u{a0}: rien n’a changé.")
        }
        Refusal::NotWaiting(id, status) => format!(
            "Le ticket nº\u{a0}{id} est {}\u{a0}: seul un ticket En attente client se relance. Pour écrire à l’utilisateur\u{a0}: `/ticket reply {id} TEXTE`.",
            labels::status_name(*status)
        ),
        Refusal::NotSettled(id, status) => format!(
            "Le ticket nº\u{a0}{id} est {}\u{a0}: un avis se donne une fois le ticket Résolu ou Fermé.",
            labels::status_name(*status)
        ),
        Refusal::RemindedLately(id) => format!(
            "L’utilisateur du ticket nº\u{a0}{id} a été relancé il y a moins de 24\u{a0}h\u{a0}: rien ne part. L’historique\u{a0}: `/ticket history {id}`."
        ),
        Refusal::ClosedToSnoozing(id) => format!(
            "Le ticket nº\u{a0}{id} est Fermé\u{a0}: il n’y a rien à reporter. Pour le rouvrir\u{a0}: `/ticket reopen {id}`."
        ),
        Refusal::NotADelay(given) => format!(
            "{} n’est pas un délai. Par exemple\u{a0}: `2d`, `3 jours`, `4h`\u{a0}; un an au plus.",
            quoted(given)
        ),
        Refusal::NoSuchAgent(name) => {
            format!("Aucun CM ne s’appelle {}. Vérifiez le nom, tel que l’équipe l’écrit.", quoted(name))
        }
        Refusal::UnknownPerson => {
            "Votre compte n’est pas lié à un CM. Demandez à un administrateur de le lier\u{a0}: `guichet agent link`."
                .to_owned()
        }
        Refusal::AgentDisabled(name) => {
            format!("L’accès de {name} est désactivé. Un administrateur le rétablit\u{a0}: `guichet agent enable`.")
        }
        Refusal::LastAdmin(name) => format!(
            "{name} est le dernier administrateur\u{a0}: donnez d’abord ce rôle à quelqu’un d’autre. Rien n’a changé."
        ),
        Refusal::AgentNameTaken(name) => format!("Un CM s’appelle déjà {}. Choisissez un autre nom.", quoted(name)),
        Refusal::NotAnAgentName(name) => {
            format!("{} ne peut pas être un nom\u{a0}: de 1 à 60\u{a0}caractères, sur une ligne.", quoted(name))
        }
        Refusal::NotAnAccount(given) => format!(
            "{} n’est pas un compte\u{a0}: écrivez `discord:ID`, `slack:ID` ou `email:ADRESSE`.",
            quoted(given)
        ),
        Refusal::NotLinked { agent, account } => {
            format!("Le compte {} n’est pas lié à {agent}. La liste\u{a0}: `guichet agent list`.", quoted(account))
        }
        Refusal::NotAPassword => format!(
            "Le mot de passe doit avoir de {} à {}\u{a0}caractères. Une phrase fait un bon mot de passe.",
            PASSWORD_LENGTH.start(),
            PASSWORD_LENGTH.end()
        ),
        Refusal::NeedsRole(role) => {
            format!("Cette commande demande le rôle «\u{a0}{}\u{a0}». Adressez-vous à votre responsable.", labels::role(*role))
        }
        Refusal::Changed(id) => {
            format!("Le ticket nº\u{a0}{id} vient de changer sous vos yeux. Relisez-le\u{a0}: `/ticket show {id}`.")
        }
        Refusal::NoSuchTemplate { name, known } => {
            format!("Aucune réponse type ne s’appelle {}. Réponses types\u{a0}: {}.", quoted(name), known.join(", "))
        }
        Refusal::Unfilled(brackets) => {
            let named: Vec<String> = brackets.iter().map(|name| format!("[{}]", clipped(name))).collect();
            format!(
                "Rien n’est parti\u{a0}: il reste à remplir {}. Complétez le texte, puis envoyez-le de nouveau.",
                named.join(", ")
            )
        }
        Refusal::EmptyText => "Il n’y a pas de texte à envoyer. Écrivez-le après le numéro du ticket.".to_owned(),
        Refusal::NoSuchRequester(email) => {
            format!("Personne n’a écrit depuis l’adresse {}. Pour chercher\u{a0}: `/ticket list MOTS`.", quoted(email))
        }
        Refusal::NothingToUndo(window) if window.is_zero() => {
            "Rien à annuler\u{a0}: l’annulation est désactivée. Corrigez par une nouvelle commande.".to_owned()
        }
        Refusal::NothingToUndo(window) => format!(
            "Rien à annuler\u{a0}: un geste s’annule dans les {} qui le suivent.",
            dates::duration(*window)
        ),
        Refusal::UndoTooLate(id) => format!(
            "Trop tard pour annuler\u{a0}: le ticket nº\u{a0}{id} a changé depuis. Relisez-le\u{a0}: `/ticket show {id}`."
        ),
        Refusal::NoSuchDelivery(id) => {
            format!("L’envoi nº\u{a0}{id} n’existe pas. Les envois d’un ticket\u{a0}: `/ticket deliveries 42`.")
        }
        Refusal::NotResendable(id) => format!(
            "L’envoi nº\u{a0}{id} n’est ni en échec ni incertain\u{a0}: il n’y a rien à renvoyer."
        ),
        Refusal::NotUncertain(id) => {
            format!("L’envoi nº\u{a0}{id} n’est pas incertain\u{a0}: son état est déjà connu.")
        }
        Refusal::Merged { ticket, into } => format!(
            "Le ticket {ticket} a été fusionné avec le ticket {into}. La suite\u{a0}: `/ticket show {into}`."
        ),
        Refusal::MergedIntoItself(id) => format!(
            "Un ticket ne se fusionne pas avec lui-même. Nommez les deux\u{a0}: `/ticket merge {id} into NUMÉRO`."
        ),
        Refusal::TwoRequesters(ticket, into) => format!(
            "Les deux tickets n’ont pas le même demandeur\u{a0}: l’un lirait l’autre. Pour les relier\u{a0}: `/ticket note {ticket} Voir aussi le ticket {into}`."
        ),
        Refusal::ClosedToMerging(id) => format!(
            "Le ticket nº\u{a0}{id} est fermé\u{a0}: rouvrez-le avant de fusionner\u{a0}: `/ticket reopen {id}`."
        ),
        Refusal::SpamGetsNoReply(id) => format!(
            "Le ticket nº\u{a0}{id} est fermé comme spam\u{a0}: on n’y répond pas. Si c’est une erreur\u{a0}: `/ticket reopen {id}`."
        ),
        Refusal::NobodyInCopy(id) => format!(
            "Rien n’est parti\u{a0}: personne n’est en copie du ticket nº\u{a0}{id}. Répondez sans `--all`, ou ajoutez quelqu’un\u{a0}: `/ticket participants {id} +ADRESSE`."
        ),
        Refusal::NotSplit(id) => format!(
            "Seul un message reçu peut devenir un autre ticket, et le ticket nº\u{a0}{id} doit en garder au moins un."
        ),
        Refusal::SaidMeanwhile(id) => {
            format!("Rien n’a été envoyé\u{a0}: il y a du nouveau sur le ticket nº\u{a0}{id}. Relisez-le\u{a0}: `/ticket show {id}`.")
        }
        Refusal::RecipientsChanged(_) => {
            "Rien n’est parti\u{a0}: les destinataires ont changé entre-temps. Relisez-les, puis envoyez de nouveau."
                .to_owned()
        }
        Refusal::OwnAddress(address) => format!(
            "{} est l’une de nos adresses\u{a0}: elle ne participe à aucun ticket.",
            quoted(address)
        ),
        Refusal::IsRequester(id, address) => format!(
            "{} est le demandeur du ticket nº\u{a0}{id}\u{a0}: on ne l’en retire pas.",
            quoted(address)
        ),
        Refusal::Anonymised(id) => format!(
            "Le ticket nº\u{a0}{id} est fermé et anonymisé\u{a0}: rouvrez-le avant d’y ajouter quoi que ce soit\u{a0}: `/ticket reopen {id}`."
        ),
        Refusal::ClosedToEscalation(id) => format!(
            "Le ticket nº\u{a0}{id} est fermé\u{a0}: rouvrez-le avant de l’escalader\u{a0}: `/ticket reopen {id}`."
        ),
        Refusal::SameEscalation(id) => format!(
            "Le ticket nº\u{a0}{id} est déjà escaladé pour cette raison. Pour en ajouter une\u{a0}: `/ticket escalate {id} RAISON`."
        ),
        Refusal::NotATag(given) => format!(
            "{} n’est pas une étiquette\u{a0}: un seul mot de lettres, chiffres, «\u{a0}-\u{a0}» et «\u{a0}_\u{a0}», de {} caractères au plus.",
            quoted(given),
            tag::LONGEST
        ),
        Refusal::TooManyTags(id, most) => format!(
            "Un ticket porte {most}\u{a0}étiquettes au plus. Pour en retirer\u{a0}: `/ticket tag {id} -ÉTIQUETTE`."
        ),
        Refusal::SameTags(id) => format!(
            "Rien n’a changé parmi les étiquettes du ticket nº\u{a0}{id}. Pour les relire\u{a0}: `/ticket show {id}`."
        ),
        Refusal::NotTheLatestAct(_) => {
            "Ce geste n’est plus votre dernier\u{a0}: il ne s’annule plus. Pour annuler le dernier\u{a0}: `/ticket undo`."
                .to_owned()
        }
        Refusal::NoTicketNumber(given) => {
            let given: String = given.chars().take(40).collect();
            format!("«\u{a0}{given}\u{a0}» n’est pas un numéro de ticket\u{a0}: écrivez par exemple 42.")
        }
        Refusal::NotAnAddress(given) => {
            format!("«\u{a0}{given}\u{a0}» n’est pas une adresse e-mail. Exemple\u{a0}: `jean@exemple.fr`.")
        }
        Refusal::Blocked(email) => format!(
            "{email} est bloqué comme expéditeur de spam. Un administrateur le débloque ainsi\u{a0}: `guichet user set {email} blocked=no`"
        ),
        Refusal::DraftEnded => {
            "Cette réponse a déjà été envoyée ou abandonnée. Pour en écrire une autre\u{a0}: bouton «\u{a0}Répondre\u{a0}» du ticket."
                .to_owned()
        }
        Refusal::DraftOf { writer, ticket } => format!(
            "Cette réponse est celle de {writer}\u{a0}: rien n’a été fait. Pour écrire la vôtre\u{a0}: `/ticket reply {ticket}`."
        ),
        Refusal::SameParticipants(id) => format!(
            "Rien n’a changé parmi les participants du ticket nº\u{a0}{id}. Pour les relire\u{a0}: `/ticket participants {id}`."
        ),
    }
}

/// Says what is wrong with a command as it was typed.
pub fn say_usage(error: &UsageError) -> String {
    match error {
        UsageError::Empty => "Que faut-il faire\u{a0}? Les commandes\u{a0}: `/ticket help`.".to_owned(),
        UsageError::UnknownCommand { given, near: Some(near) } => {
            format!("Commande inconnue\u{a0}: {}. Vouliez-vous dire `/ticket {near}`\u{a0}?", quoted(given))
        }
        UsageError::UnknownCommand { given, near: None } => {
            format!("Commande inconnue\u{a0}: {}. Les commandes\u{a0}: `/ticket help`.", quoted(given))
        }
        UsageError::UnknownValue { what, given, near, allowed } => {
            let (noun, list) = match what {
                What::Status => ("un statut", "Statuts"),
                What::Priority => ("une priorité", "Priorités"),
                What::Preference => ("une préférence", "Préférences"),
            };
            let guess = near
                .map(|near| format!(" Vouliez-vous dire «\u{a0}{near}\u{a0}»\u{a0}?"))
                .unwrap_or_default();
            format!("{} n’est pas {noun}.{guess} {list}\u{a0}: {}.", quoted(given), allowed.join(", "))
        }
        UsageError::UnknownOption { given, near, usage } => {
            let guess =
                near.as_ref().map(|near| format!(" Vouliez-vous dire `{near}`\u{a0}?")).unwrap_or_default();
            format!("L’option {} n’existe pas ici.{guess} Forme\u{a0}: `/ticket {usage}`.", quoted(given))
        }
        UsageError::Missing { what, usage } => {
            format!("Il manque {}. Forme\u{a0}: `/ticket {usage}`.", part(*what))
        }
        UsageError::MisplacedOption { given, usage } => format!(
            "Rien n’est parti\u{a0}: {} doit se placer avant le texte. Forme\u{a0}: `/ticket {usage}`.",
            quoted(given)
        ),
        UsageError::Unexpected { given, usage } => {
            format!("{} est de trop. Forme\u{a0}: `/ticket {usage}`.", quoted(given))
        }
        UsageError::NotANumber { given } => {
            format!("{} n’est pas un numéro. Exemple\u{a0}: `/ticket show 42`.", quoted(given))
        }
        UsageError::NotAnAddress { given } => format!(
            "{} n’est pas une adresse e-mail. Exemple\u{a0}: `/ticket participants 42 +marc@exemple.fr`.",
            quoted(given)
        ),
    }
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Ticket => "le numéro du ticket",
        Part::Into => "le numéro du ticket qui continue",
        Part::Delivery => "le numéro de l’envoi",
        Part::Status => "le statut",
        Part::Priority => "la priorité",
        Part::Text => "le texte",
        Part::Reason => "la raison",
        Part::Name => "le nom du collègue",
        Part::Tags => "l’étiquette",
        Part::Delay => "le délai",
        Part::Email => "l’adresse e-mail",
        Part::Words => "les mots à chercher",
        Part::Value => "la valeur de l’option",
    }
}

/// « … » around what somebody typed: one line, not longer than a line.
fn quoted(given: &str) -> String {
    format!("«\u{a0}{}\u{a0}»", clipped(given))
}

/// Words of others inside a sentence of ours: no control characters, no backtick that would end a command, short.
fn clipped(given: &str) -> String {
    const MOST: usize = 60;
    let one_line: String = given.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = one_line.chars().filter(|c| !c.is_control() && *c != '`');
    let mut clipped: String = plain.clone().take(MOST).collect();
    if plain.count() > MOST {
        clipped.push('…');
    }
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parse::parse;
    use crate::domain::ids::{DeliveryId, TicketId};
    use crate::domain::people::Role;
    use crate::domain::ticket::Priority;
    use std::time::Duration;

    #[test]
    fn every_refusal_says_what_to_do_next() {
        let id = TicketId(42);
        let refusals = [
            Refusal::NoSuchTicket(id),
            Refusal::SameStatus(id, Status::Closed),
            Refusal::SameStatus(id, Status::Resolved),
            Refusal::NotFromHere { ticket: id, from: Status::Closed, to: Status::Resolved },
            Refusal::NotFromHere { ticket: id, from: Status::InProgress, to: Status::New },
            Refusal::SamePriority(id, Priority::High),
            Refusal::NotSettled(id, Status::InProgress),
            Refusal::SameAssignee(id, "Camille".into()),
            Refusal::NoSuchAgent("Cmaille".into()),
            Refusal::UnknownPerson,
            Refusal::AgentDisabled("Camille".into()),
            Refusal::LastAdmin("Camille".into()),
            Refusal::AgentNameTaken("Camille".into()),
            Refusal::NotAnAgentName("\n".into()),
            Refusal::NotAnAccount("@camille".into()),
            Refusal::NotLinked { agent: "Camille".into(), account: "discord:7".into() },
            Refusal::NotAPassword,
            Refusal::NeedsRole(Role::Lead),
            Refusal::Changed(id),
            Refusal::NoSuchTemplate { name: "solu".into(), known: vec!["accuse".into(), "solution".into()] },
            Refusal::Unfilled(vec!["Étape 1".into(), "X jours".into()]),
            Refusal::EmptyText,
            Refusal::NoSuchRequester("jean@exemple.example".into()),
            Refusal::NothingToUndo(Duration::from_secs(20)),
            Refusal::NothingToUndo(Duration::ZERO),
            Refusal::UndoTooLate(id),
            Refusal::NoSuchDelivery(DeliveryId(7)),
            Refusal::NotResendable(DeliveryId(7)),
            Refusal::NotUncertain(DeliveryId(7)),
            Refusal::SpamGetsNoReply(id),
            Refusal::Merged { ticket: id, into: TicketId(17) },
            Refusal::MergedIntoItself(id),
            Refusal::TwoRequesters(id, TicketId(17)),
            Refusal::ClosedToMerging(id),
            Refusal::NobodyInCopy(id),
            Refusal::NotSplit(id),
            Refusal::SaidMeanwhile(id),
            Refusal::RecipientsChanged(id),
            Refusal::OwnAddress("aide@exemple.example".into()),
            Refusal::IsRequester(id, "lea@exemple.example".into()),
            Refusal::SameParticipants(id),
            Refusal::Anonymised(id),
            Refusal::ClosedToEscalation(id),
            Refusal::SameEscalation(id),
            Refusal::NotATag("à rappeler".into()),
            Refusal::TooManyTags(id, tag::MOST),
            Refusal::SameTags(id),
            Refusal::NotTheLatestAct(id),
        ];
        let said: Vec<String> = refusals.iter().map(say).collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        Le ticket nº 42 n’existe pas. Pour le chercher : `/ticket list MOTS`.
        Le ticket nº 42 est déjà Fermé. Pour le rouvrir : `/ticket status 42 in_progress`.
        Le ticket nº 42 est déjà Résolu. Pour le relire : `/ticket show 42`.
        Le ticket nº 42 est Fermé : rouvrez-le avant de le passer en « Résolu » : `/ticket status 42 in_progress`.
        Un ticket ne redevient jamais Nouveau. Pour le reprendre : `/ticket status 42 in_progress`.
        Le ticket nº 42 a déjà la priorité Haute. Priorités : low, normal, high, urgent.
        Le ticket nº 42 est En cours : un avis se donne une fois le ticket Résolu ou Fermé.
        Camille est déjà responsable du ticket nº 42 : rien n’a changé.
        Aucun CM ne s’appelle « Cmaille ». Vérifiez le nom, tel que l’équipe l’écrit.
        Votre compte n’est pas lié à un CM. Demandez à un administrateur de le lier : `guichet agent link`.
        L’accès de Camille est désactivé. Un administrateur le rétablit : `guichet agent enable`.
        Camille est le dernier administrateur : donnez d’abord ce rôle à quelqu’un d’autre. Rien n’a changé.
        Un CM s’appelle déjà « Camille ». Choisissez un autre nom.
        «  » ne peut pas être un nom : de 1 à 60 caractères, sur une ligne.
        « @camille » n’est pas un compte : écrivez `discord:ID`, `slack:ID` ou `email:ADRESSE`.
        Le compte « discord:7 » n’est pas lié à Camille. La liste : `guichet agent list`.
        Le mot de passe doit avoir de 12 à 1000 caractères. Une phrase fait un bon mot de passe.
        Cette commande demande le rôle « responsable d’équipe ». Adressez-vous à votre responsable.
        Le ticket nº 42 vient de changer sous vos yeux. Relisez-le : `/ticket show 42`.
        Aucune réponse type ne s’appelle « solu ». Réponses types : accuse, solution.
        Rien n’est parti : il reste à remplir [Étape 1], [X jours]. Complétez le texte, puis envoyez-le de nouveau.
        Il n’y a pas de texte à envoyer. Écrivez-le après le numéro du ticket.
        Personne n’a écrit depuis l’adresse « jean@exemple.example ». Pour chercher : `/ticket list MOTS`.
        Rien à annuler : un geste s’annule dans les 20 s qui le suivent.
        Rien à annuler : l’annulation est désactivée. Corrigez par une nouvelle commande.
        Trop tard pour annuler : le ticket nº 42 a changé depuis. Relisez-le : `/ticket show 42`.
        L’envoi nº 7 n’existe pas. Les envois d’un ticket : `/ticket deliveries 42`.
        L’envoi nº 7 n’est ni en échec ni incertain : il n’y a rien à renvoyer.
        L’envoi nº 7 n’est pas incertain : son état est déjà connu.
        Le ticket nº 42 est fermé comme spam : on n’y répond pas. Si c’est une erreur : `/ticket reopen 42`.
        Le ticket 42 a été fusionné avec le ticket 17. La suite : `/ticket show 17`.
        Un ticket ne se fusionne pas avec lui-même. Nommez les deux : `/ticket merge 42 into NUMÉRO`.
        Les deux tickets n’ont pas le même demandeur : l’un lirait l’autre. Pour les relier : `/ticket note 42 Voir aussi le ticket 17`.
        Le ticket nº 42 est fermé : rouvrez-le avant de fusionner : `/ticket reopen 42`.
        Rien n’est parti : personne n’est en copie du ticket nº 42. Répondez sans `--all`, ou ajoutez quelqu’un : `/ticket participants 42 +ADRESSE`.
        Seul un message reçu peut devenir un autre ticket, et le ticket nº 42 doit en garder au moins un.
        Rien n’a été envoyé : il y a du nouveau sur le ticket nº 42. Relisez-le : `/ticket show 42`.
        Rien n’est parti : les destinataires ont changé entre-temps. Relisez-les, puis envoyez de nouveau.
        « aide@exemple.example » est l’une de nos adresses : elle ne participe à aucun ticket.
        « lea@exemple.example » est le demandeur du ticket nº 42 : on ne l’en retire pas.
        Rien n’a changé parmi les participants du ticket nº 42. Pour les relire : `/ticket participants 42`.
        Le ticket nº 42 est fermé et anonymisé : rouvrez-le avant d’y ajouter quoi que ce soit : `/ticket reopen 42`.
        Le ticket nº 42 est fermé : rouvrez-le avant de l’escalader : `/ticket reopen 42`.
        Le ticket nº 42 est déjà escaladé pour cette raison. Pour en ajouter une : `/ticket escalate 42 RAISON`.
        « à rappeler » n’est pas une étiquette : un seul mot de lettres, chiffres, « - » et « _ », de 40 caractères au plus.
        Un ticket porte 20 étiquettes au plus. Pour en retirer : `/ticket tag 42 -ÉTIQUETTE`.
        Rien n’a changé parmi les étiquettes du ticket nº 42. Pour les relire : `/ticket show 42`.
        Ce geste n’est plus votre dernier : il ne s’annule plus. Pour annuler le dernier : `/ticket undo`.
        ");
    }

    #[test]
    fn what_was_mistyped_is_said_in_french() {
        let said: Vec<String> = [
            "",
            "statu 42 résolu",
            "42",
            "zut",
            "status 42 resolvd",
            "status 42 bleu",
            "priority 42 forte",
            "user a@b.example parfois",
            "reply 42 --templat x Bonjour",
            "reply 42",
            "reply 42 C'est réglé --then resolved",
            "status",
            "take 42 vite",
            "show quarante",
            "participants 42 +marc",
            "reply 42 C'est réglé --tous",
        ]
        .iter()
        .map(|line| say_usage(&parse(line).unwrap_err()))
        .collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        Que faut-il faire ? Les commandes : `/ticket help`.
        Commande inconnue : « statu ». Vouliez-vous dire `/ticket status` ?
        Commande inconnue : « 42 ». Vouliez-vous dire `/ticket show 42` ?
        Commande inconnue : « zut ». Les commandes : `/ticket help`.
        « resolvd » n’est pas un statut. Vouliez-vous dire « resolved » ? Statuts : new, in_progress, waiting_customer, resolved, closed.
        « bleu » n’est pas un statut. Statuts : new, in_progress, waiting_customer, resolved, closed.
        « forte » n’est pas une priorité. Priorités : low, normal, high, urgent.
        « parfois » n’est pas une préférence. Préférences : web_only, email_only, both, none.
        L’option « --templat » n’existe pas ici. Vouliez-vous dire `--template` ? Forme : `/ticket reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE`.
        Il manque le texte. Forme : `/ticket reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE`.
        Rien n’est parti : « --then resolved » doit se placer avant le texte. Forme : `/ticket reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE`.
        Il manque le numéro du ticket. Forme : `/ticket status 42 STATUT [--reason TEXTE]`.
        « vite » est de trop. Forme : `/ticket take 42`.
        « quarante » n’est pas un numéro. Exemple : `/ticket show 42`.
        « marc » n’est pas une adresse e-mail. Exemple : `/ticket participants 42 +marc@exemple.fr`.
        Rien n’est parti : « --tous » doit se placer avant le texte. Forme : `/ticket reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE`.
        ");
    }

    #[test]
    fn what_was_typed_cannot_run_away_with_the_sentence() {
        let said = say_usage(&parse(&format!("x`\u{1b}[31m{}", "y".repeat(10_000))).unwrap_err());
        assert!(said.chars().count() < 140 && !said.contains('\u{1b}'), "{said}");
        assert!(!said.starts_with("Commande inconnue\u{a0}: «\u{a0}x`"), "{said}");
    }
}
