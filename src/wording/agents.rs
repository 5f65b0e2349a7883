//! What is said of agents, of their accounts and of how they sign in. May import: domain, wording.

use crate::domain::people::{EMAIL, PASSWORD_LENGTH, Road, Role};
use crate::wording::{dates, labels};

/// An admin wanted to open their own account without its password.
pub const IN_MY_ACCOUNT: &str = "Pour votre propre compte, passez par «\u{a0}Mon compte\u{a0}»\u{a0}: le mot de passe et le code y sont demandés.";

/// Two passwords that were to be one.
pub const NOT_THE_SAME: &str = "Les deux mots de passe ne sont pas les mêmes. Rien n’a changé.";
/// The password is not theirs.
pub const WRONG_PASSWORD: &str = "Ce n’est pas votre mot de passe actuel. Rien n’a changé.";
/// Only a link gives a first password.
pub const NO_PASSWORD: &str =
    "Vous n’avez pas de mot de passe\u{a0}: un administrateur peut vous donner un lien pour en choisir un.";
/// The password is another.
pub const PASSWORD_CHANGED: &str = "Votre mot de passe est changé, et vos autres sessions sont fermées.";
/// A code that does not fit.
pub const WRONG_CODE: &str =
    "Ce code n’est pas le bon, ou il a déjà servi. Attendez le suivant, et réessayez.";
/// The authenticator was confirmed by this very form before, and the recovery codes shown.
pub const CODES_SHOWN_BEFORE: &str = "L’authentificateur est activé, et ses codes de secours ne sont montrés qu’une fois\u{a0}: pour en avoir d’autres, désactivez-le, puis activez-le de nouveau.";
/// No code is asked of oneself any more.
pub const TOTP_ENDED: &str = "Le code de l’authentificateur ne vous sera plus demandé.";

/// Too many tries.
pub fn wait(minutes: u64) -> String {
    match minutes {
        0 | 1 => "Trop d’essais. Réessayez dans une minute.".to_owned(),
        minutes => format!("Trop d’essais. Réessayez dans {minutes}\u{a0}minutes."),
    }
}

/// How long a password is.
pub fn password_length() -> String {
    format!("De {} à {}\u{a0}caractères.", PASSWORD_LENGTH.start(), PASSWORD_LENGTH.end())
}

/// By what road a session was opened.
pub fn road(road: Road) -> &'static str {
    match road {
        Road::Password => "par mot de passe",
        Road::Discord => "par Discord",
        Road::Slack => "par Slack",
        Road::Link => "par un lien d’invitation",
        Road::Demo => "par la démonstration",
    }
}

/// Sessions of one's own that are over.
pub fn own_sessions_ended(ended: u64) -> String {
    match ended {
        0 => "Aucune autre session n’était ouverte.".to_owned(),
        1 => "L’autre session est fermée.".to_owned(),
        ended => format!("Les {ended}\u{a0}autres sessions sont fermées."),
    }
}

/// An agent's sessions are over.
pub fn sessions_ended(name: &str, ended: u64) -> String {
    match ended {
        0 => format!("{name} n’avait aucune session ouverte."),
        1 => format!("La session de {name} est fermée."),
        ended => format!("Les {ended}\u{a0}sessions de {name} sont fermées."),
    }
}

/// How many sessions are open.
pub fn sessions(open: i64) -> String {
    match open {
        0 => "aucune".to_owned(),
        open => dates::count(open, "ouverte", "ouvertes"),
    }
}

/// A role was given.
pub fn role_set(name: &str, role: Role) -> String {
    format!("Le rôle de {name}\u{a0}: {}.", labels::role(role))
}

/// An agent was added by this very form before, and the link shown that was made for them.
pub fn added_before(name: &str) -> String {
    format!(
        "Le compte de {name} est créé, et son lien n’est montré qu’une fois\u{a0}: faites-en un autre ici s’il vous a échappé."
    )
}

/// An account was linked.
pub fn linked(name: &str, kind: &str) -> String {
    match kind {
        EMAIL => format!(
            "Cette adresse est liée à {name}\u{a0}: les mails que {name} en transfère ouvrent un ticket pour leur auteur."
        ),
        kind => format!("Le compte {} est lié à {name}.", labels::door(kind)),
    }
}

/// An account is theirs no more.
pub fn unlinked(name: &str, kind: &str) -> String {
    match kind {
        EMAIL => format!("Cette adresse n’est plus liée à {name}."),
        kind => format!("Le compte {} n’est plus lié à {name}.", labels::door(kind)),
    }
}

/// An access was ended.
pub fn disabled(name: &str) -> String {
    format!(
        "{name} ne peut plus se connecter ni agir dans le chat, et ses jetons n’ouvrent plus rien. Ses tickets restent à son nom."
    )
}

/// An access was given back.
pub fn enabled(name: &str) -> String {
    format!("{name} peut de nouveau se connecter et agir.")
}

/// No code is asked any more.
pub fn totp_ended(name: &str) -> String {
    format!("Le code de l’authentificateur n’est plus demandé à {name}.")
}

/// A link by which somebody chooses a password, for a terminal.
pub fn invitation(name: &str, link: &str) -> String {
    format!(
        "{link}\nPar ce lien, {name} choisit son mot de passe. Il ne sert qu’une fois, dans les 72\u{a0}heures."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_and_many_are_told_apart() {
        assert_eq!(wait(1), "Trop d’essais. Réessayez dans une minute.");
        assert_eq!(sessions(0), "aucune");
        assert_eq!(sessions(2), "2\u{a0}ouvertes");
        assert_eq!(sessions_ended("Léa", 1), "La session de Léa est fermée.");
        assert_eq!(own_sessions_ended(3), "Les 3\u{a0}autres sessions sont fermées.");
        assert_eq!(password_length(), "De 12 à 1000\u{a0}caractères.");
    }
}
