//! The words of the mail that we send to ourselves.
//!
//! Pure. May import: nothing but its neighbours.

use super::dates;
use std::time::Duration;

/// Its text.
pub const TEXT: &str = "Guichet s’envoie ce mail de contrôle pour vérifier que les mails partent et reviennent. \
                        Il n’ouvre aucun ticket et n’attend aucune réponse.\r\n";

/// Its subject, with the mark that it is known by.
pub fn subject(mark: &str) -> String {
    format!("Mail de contrôle ({mark})")
}

/// What the alert says of one that is lost: « attendu depuis plus de 15 min ».
pub fn lost(patience: Duration) -> String {
    format!("attendu depuis plus de {}", dates::duration(patience))
}
