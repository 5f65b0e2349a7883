//! The list of tickets and what is done to several of them at once, in French.

use crate::domain::list::Order;
use crate::view::Queue;
use crate::wording::dates;

/// What stands first, as the list offers it.
pub fn order(order: Order) -> &'static str {
    match order {
        Order::Newest => "Activité récente",
        Order::Oldest => "Activité ancienne",
        Order::Opened => "Ouverts récemment",
        Order::Due => "Échéance",
        Order::Priority => "Priorité",
    }
}

/// How many tickets a list has.
pub fn count(queue: &Queue) -> String {
    let counted = dates::count(queue.total, "ticket", "tickets");
    match (queue.is_at_least, queue.total) {
        (false, _) => counted,
        (true, 0) => "Rien parmi les messages les plus récents".to_owned(),
        (true, _) => format!("Plus de {counted}"),
    }
}

/// Nothing was ticked.
pub const NOTHING_TICKED: &str = "Cochez d’abord des tickets dans la liste.";

/// No act was chosen.
pub const NO_ACT: &str = "Choisissez d’abord ce qu’il faut faire des tickets cochés.";

/// What an act on several tickets came to: what was done, to how many, and why not to the others.
pub fn done(act: &str, done: usize, refused: &[(i64, String)]) -> String {
    /// How many refusals are told one by one.
    const TOLD: usize = 3;
    let mut said = vec![match done {
        0 => format!("{act}\u{a0}: aucun ticket n’a changé."),
        _ => format!("{act}\u{a0}: {}.", dates::count(done as i64, "ticket", "tickets")),
    }];
    said.extend(
        refused.iter().take(TOLD).map(|(ticket, why)| format!("Ticket nº\u{a0}{ticket}\u{a0}: {why}")),
    );
    if refused.len() > TOLD {
        let others = (refused.len() - TOLD) as i64;
        said.push(format!("Et {}.", dates::count(others, "autre refusé", "autres refusés")));
    }
    said.join(" ")
}

/// The acts as they are named in the question and in the answer.
pub mod acts {
    use crate::domain::ticket::{Priority, Status};
    use crate::wording::labels;

    /// A status.
    pub fn status(to: Status) -> String {
        format!("Passer en {}", labels::status(to))
    }

    /// A priority.
    pub fn priority(to: Priority) -> String {
        format!("Priorité {}", labels::priority(to).to_lowercase())
    }

    /// An agent.
    pub fn assign(name: &str) -> String {
        format!("Confier à {name}")
    }

    /// Tags.
    pub fn tags(changes: &[String]) -> String {
        format!("Étiquettes {}", changes.join(" "))
    }

    /// Spam.
    pub const SPAM: &str = "Spam\u{a0}: fermer sans réponse";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_to_several_is_told_with_what_was_not() {
        let refused: Vec<(i64, String)> = (1..=5).map(|id| (id, "déjà fermé.".to_owned())).collect();
        assert_eq!(done("Passer en ⚫ Fermé", 2, &[]), "Passer en ⚫ Fermé\u{a0}: 2\u{a0}tickets.");
        assert_eq!(done("Priorité haute", 0, &[]), "Priorité haute\u{a0}: aucun ticket n’a changé.");
        assert_eq!(
            done("Priorité haute", 1, &refused),
            "Priorité haute\u{a0}: 1\u{a0}ticket. Ticket nº\u{a0}1\u{a0}: déjà fermé. Ticket nº\u{a0}2\u{a0}: déjà fermé. \
             Ticket nº\u{a0}3\u{a0}: déjà fermé. Et 2\u{a0}autres refusés."
        );
        assert!(done("Priorité haute", 1, &refused[1..]).ends_with(" Et 1\u{a0}autre refusé."));
    }

    #[test]
    fn a_list_that_nobody_counted_says_so() {
        let queue = |total, is_at_least| Queue { total, is_at_least, ..Queue::default() };
        assert_eq!(count(&queue(1, false)), "1\u{a0}ticket");
        assert_eq!(count(&queue(50, true)), "Plus de 50\u{a0}tickets");
        assert_eq!(count(&queue(0, true)), "Rien parmi les messages les plus récents");
    }
}
