//! What `guichet imap login` says to the person at the terminal, and to their browser. May import: oauth, wording::dates.

use crate::oauth::Fault;
use crate::oauth::code::NoCode;
use crate::wording::dates;
use std::time::Duration;

/// `imap`.
pub const IMAP: &str = "Les comptes de messagerie qui s’ouvrent sans mot de passe (Google, Microsoft 365)";
/// `imap login`.
pub const LOGIN: &str = "Autorise Guichet à lire et à envoyer les mails d’un compte, dans un navigateur";

/// A code to type on another device.
pub fn device(account: &str, url: &str, code: &str, lifetime: Duration) -> String {
    format!(
        "Pour que Guichet lise et envoie les mails de {account}\u{a0}:\n\n  \
         1. Ouvrez   {url}\n     dans un navigateur, sur n’importe quel appareil.\n  \
         2. Saisissez le code   {code}\n  \
         3. Connectez-vous avec le compte {account}, puis acceptez.\n\n\
         Le code est valable {}. En attente de votre accord… (Ctrl-C pour abandonner)",
        dates::duration(lifetime)
    )
}

/// An address to open in a browser, and what to do where it ends.
pub fn browser(account: &str, url: &str, port: u16) -> String {
    format!(
        "Pour que Guichet lise et envoie les mails de {account}\u{a0}:\n\n  \
         1. Ouvrez cette adresse dans un navigateur\u{a0}:\n\n{url}\n\n  \
         2. Connectez-vous avec le compte {account}, puis acceptez.\n  \
         3. Le navigateur revient alors sur http://localhost:{port}/. Si cette page ne s’affiche pas, parce que le \
         navigateur est sur une autre machine, copiez son adresse entière, collez-la ici, puis appuyez sur Entrée.\n\n\
         En attente… (Ctrl-C pour abandonner)"
    )
}

/// What was pasted is not it.
pub fn no_code(no: &NoCode, port: u16) -> String {
    match no {
        NoCode::NotAnAddress => format!(
            "Ce n’est pas l’adresse attendue\u{a0}: elle commence par http://localhost:{port}/?, et contient code=. \
             Collez-la en entier."
        ),
        NoCode::Stranger => {
            "Cette adresse vient d’une autre tentative. Ouvrez l’adresse affichée ci-dessus.".to_owned()
        }
        NoCode::Refused(why) => format!("Le fournisseur n’a pas donné l’autorisation ({why})."),
    }
}

/// The page on which the browser ends.
pub const DONE_PAGE: &str = "C’est fait. Vous pouvez fermer cette page et revenir au terminal.";
/// The same, when the person or the provider said no.
pub const NO_PAGE: &str = "L’autorisation n’a pas été donnée. Revenez au terminal.";
/// The same, for an address that is not of this sign-in.
pub const STRANGE_PAGE: &str = "Cette page ne correspond à aucune autorisation en cours.";

/// The person said no on the other device.
pub const DECLINED: &str = "L’autorisation a été refusée dans le navigateur. Rien n’est changé.";
/// Nobody came.
pub const TOO_LATE: &str =
    "Le délai est passé sans accord. Relancez `guichet imap login`. Rien n’est changé.";
/// Neither a person nor a browser can give the code any more.
pub const NOBODY_PASTES: &str =
    "Aucune adresse n’a été collée. Relancez `guichet imap login` dans un terminal.";

/// The provider says no, or nothing.
pub fn fault(fault: &Fault, key: &str) -> String {
    match fault {
        Fault::Refused(why) => format!(
            "Le fournisseur refuse ({why}). Vérifiez `client_id`, `client_secret` et `scope` dans {key}. Rien n’est changé."
        ),
        Fault::Unavailable(why) => {
            format!(
                "Le fournisseur ne répond pas comme il faut ({why}). Réessayez\u{a0}; voir {key}. Rien n’est changé."
            )
        }
    }
}

/// The tokens are kept.
pub fn kept(account: &str) -> String {
    format!(
        "L’autorisation de {account} est enregistrée dans la base de données et se renouvellera d’elle-même. \
         `guichet serve` la prend sans être relancé."
    )
}

/// Only an access token came.
pub const NOT_LASTING: &str = "Le fournisseur n’a donné qu’une autorisation sans renouvellement (aucun refresh token)\u{a0}: elle n’est pas \
     gardée. Pour un fournisseur `custom`, `scope` doit demander l’accès hors ligne.";

/// No account is signed in to with tokens.
pub const NO_ACCOUNT: &str =
    "Aucun compte n’utilise `oauth2`. Remplacez `password` par `oauth2` dans la section imap ou smtp.";

/// Several are, and none or an unknown one was named.
pub fn which(accounts: &[&str]) -> String {
    format!("Quel compte\u{a0}? Ajoutez-le à la commande\u{a0}: {}.", accounts.join(", "))
}

/// The wait for a browser's code cannot begin.
pub fn no_port(why: &str) -> String {
    format!("Aucun port local ne peut être ouvert ({why}).")
}

/// For `guichet check`: the provider renewed the tokens just now.
pub fn token_ready(account: &str, until: &str) -> String {
    format!("{account}\u{a0}: autorisation renouvelée à l’instant, valable jusqu’au {until}, renouvelable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_person_reads_what_to_open_what_to_type_and_how_long() {
        let said =
            device("a@desk.example", "https://login.example/device", "ABCD-EFGH", Duration::from_secs(900));
        for part in ["https://login.example/device\n", "ABCD-EFGH\n", "valable 15\u{a0}min."] {
            assert!(said.contains(part), "{said}");
        }
        let said = browser("a@desk.example", "https://login.example/?x=1", 4000);
        // Alone on its line, so that a terminal takes it whole.
        assert!(said.contains("\nhttps://login.example/?x=1\n"), "{said}");
        assert!(said.contains("http://localhost:4000/"), "{said}");
    }
}
