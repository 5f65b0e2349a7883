//! The audit log in French: each line a sentence.

use crate::domain::audit::{AuditDetail, AuditKind, AuditLine};
use crate::domain::people::{Door, EMAIL};
use crate::domain::scope::Scope;
use crate::wording::{dates, labels, retention};

/// `audit`.
pub const AUDIT: &str =
    "Le journal d’audit\u{a0}: exports, effacements, comptes et clés, modèles et articles, qui et quand";
/// No line.
pub const NOTHING: &str = "Le journal d’audit est vide.";

/// Something that is neither a day nor an instant.
pub fn not_a_day(given: &str) -> String {
    format!(
        "«\u{a0}{given}\u{a0}» n’est ni un jour ni un instant\u{a0}: écrivez 2026-11-24 ou 2026-11-24T09:00:00+01:00."
    )
}

/// A line: who, and what.
pub fn sentence(line: &AuditLine) -> String {
    format!("{}\u{a0}: {}", who(line), what(line.kind, &line.detail))
}

/// Who acted: an agent's name, or the program by the door that it acted by.
pub fn who(line: &AuditLine) -> String {
    match (line.actor.as_str(), line.door.as_str()) {
        ("guichet", door) if door == Door::Clock.as_str() => "Guichet, de lui-même".to_owned(),
        ("guichet", door) if door == Door::Cli.as_str() => "Ligne de commande".to_owned(),
        (name, door) => format!("{name} ({})", labels::door(door)),
    }
}

/// What was done.
pub fn what(kind: AuditKind, detail: &AuditDetail) -> String {
    let person = detail.person.map_or_else(String::new, |number| format!(" nº\u{a0}{number}"));
    let agent = detail.agent.as_deref().unwrap_or("un CM");
    let document = detail.document.as_deref().unwrap_or_default();
    let counts = retention::said(&detail.counts);
    match kind {
        AuditKind::PersonExported => format!("données du demandeur{person} exportées ({counts})"),
        AuditKind::PersonErased => format!("données du demandeur{person} effacées ({counts})"),
        AuditKind::RetentionRun => format!("durées de conservation passées, effacé\u{a0}: {counts}"),
        AuditKind::PersonSet => match detail.preference {
            Some(preference) => {
                format!(
                    "préférence du demandeur{person} réglée sur «\u{a0}{}\u{a0}»",
                    labels::preference(preference)
                )
            }
            None => format!("fiche du demandeur{person} modifiée"),
        },
        AuditKind::PeopleImported => format!("demandeurs importés d’un fichier ({counts})"),
        AuditKind::PersonUnblocked => format!("demandeur{person} débloqué"),
        AuditKind::MailResumed => match detail.person {
            Some(_) => format!("envoi des e-mails repris vers l’adresse du demandeur{person}"),
            None => "envoi des e-mails repris vers l’adresse d’un participant".to_owned(),
        },
        AuditKind::LinksEnded => format!("liens des e-mails du demandeur{person} révoqués"),
        AuditKind::MailReplayed => {
            format!("mail en attente nº\u{a0}{} relu", detail.mail.unwrap_or_default())
        }
        AuditKind::WebhookResent => match (detail.sent, detail.all) {
            (None, Some(count)) => {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                format!(
                    "webhooks\u{a0}: {}",
                    dates::count(count, "événement abandonné renvoyé", "événements abandonnés renvoyés")
                )
            }
            (id, _) => format!("webhooks\u{a0}: événement nº\u{a0}{} renvoyé", id.unwrap_or_default()),
        },
        AuditKind::PostResent => {
            format!("publication nº\u{a0}{} remise en attente", detail.sent.unwrap_or_default())
        }
        AuditKind::AgentAdded => {
            let role = detail.role.map_or_else(String::new, |role| format!(" ({})", labels::role(role)));
            format!("{agent} ajouté à l’équipe{role}")
        }
        AuditKind::PasswordSet => format!("mot de passe de {agent} changé"),
        AuditKind::AccountLinked => match detail.account.as_deref() {
            Some(kind) if kind != EMAIL => format!("un compte {} lié à {agent}", labels::door(kind)),
            _ => format!("une adresse liée à {agent}"),
        },
        AuditKind::AccountUnlinked => match detail.account.as_deref() {
            Some(kind) if kind != EMAIL => {
                format!("un compte {} n’est plus lié à {agent}", labels::door(kind))
            }
            _ => format!("une adresse n’est plus liée à {agent}"),
        },
        AuditKind::AgentInvited => format!("lien d’invitation fait pour {agent}"),
        AuditKind::RoleSet => {
            let role = detail.role.map_or_else(String::new, |role| format!("\u{a0}: {}", labels::role(role)));
            format!("rôle de {agent} changé{role}")
        }
        AuditKind::AgentDisabled => format!("accès de {agent} désactivé"),
        AuditKind::AgentEnabled => format!("accès de {agent} rétabli"),
        AuditKind::SessionsEnded => format!(
            "sessions de {agent} fermées ({})",
            dates::count(
                i64::try_from(detail.sessions.unwrap_or_default()).unwrap_or(i64::MAX),
                "session",
                "sessions"
            )
        ),
        AuditKind::TotpOn => format!("code de l’authentificateur demandé à {agent} désormais"),
        AuditKind::TotpOff => format!("code de l’authentificateur plus demandé à {agent}"),
        AuditKind::RecoveryUsed => format!("code de secours de {agent} utilisé"),
        AuditKind::TokenMade => {
            let scopes: Vec<&str> = detail.scopes.iter().map(|scope| scope_word(*scope)).collect();
            format!("jeton fait pour {agent} ({})", scopes.join(", "))
        }
        AuditKind::TokensEnded => format!(
            "jetons de {agent} révoqués ({})",
            dates::count(
                i64::try_from(detail.tokens.unwrap_or_default()).unwrap_or(i64::MAX),
                "jeton",
                "jetons"
            )
        ),
        AuditKind::TemplateSet => {
            format!("modèle «\u{a0}{document}\u{a0}» écrit (version {})", detail.version.unwrap_or_default())
        }
        AuditKind::TemplateReset => format!("modèle «\u{a0}{document}\u{a0}» remis à son origine"),
        AuditKind::ArticleSet => format!("article «\u{a0}{document}\u{a0}» écrit"),
    }
}

fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Users => "utilisateurs",
        Scope::Tickets => "tickets",
        Scope::Notifications => "notifications",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::Counts;
    use crate::domain::ids::AuditId;
    use chrono::DateTime;

    #[test]
    fn a_line_says_who_and_what_and_names_no_requester() {
        let counts = Counts { tickets: 3, mails: 1, ..Counts::default() };
        let line = |kind, actor: &str, door: &str, detail| {
            sentence(&AuditLine {
                id: AuditId(1),
                at: DateTime::UNIX_EPOCH,
                kind,
                door: door.into(),
                actor: actor.into(),
                detail,
            })
            .replace('\u{a0}', "~")
        };
        let about = AuditDetail { person: Some(12), counts, ..AuditDetail::default() };
        assert_eq!(
            line(AuditKind::PersonErased, "Alix", "web", about),
            "Alix (page web)~: données du demandeur nº~12 effacées (3~tickets, 1~mail reçu)"
        );
        let detail = AuditDetail { counts, ..AuditDetail::default() };
        assert_eq!(
            line(AuditKind::RetentionRun, "guichet", "clock", detail),
            "Guichet, de lui-même~: durées de conservation passées, effacé~: 3~tickets, 1~mail reçu"
        );
        let linked = |kind: &str| AuditDetail {
            agent: Some("Camille".into()),
            account: Some(kind.into()),
            ..AuditDetail::default()
        };
        assert_eq!(
            line(AuditKind::AccountLinked, "guichet", "cli", linked("email")),
            "Ligne de commande~: une adresse liée à Camille"
        );
        assert_eq!(
            line(AuditKind::AccountLinked, "guichet", "cli", linked("discord")),
            "Ligne de commande~: un compte Discord lié à Camille"
        );
        for kind in AuditKind::ALL {
            assert!(!what(kind, &AuditDetail::default()).is_empty());
        }
    }
}
