//! How long ago the mailboxes were read, in one line.
//!
//! Pure. May import: nothing but its neighbours.

use super::dates;
use std::time::Duration;

/// « Relève : il y a 12 s »; with the name of each where there are several. `None`: never read.
pub fn read_lately(mailboxes: &[(&str, Option<Duration>)]) -> String {
    let said: Vec<String> = match mailboxes {
        [(_, age)] => vec![ago(*age)],
        several => several.iter().map(|(label, age)| format!("{label} {}", ago(*age))).collect(),
    };
    format!("Relève\u{a0}: {}", said.join(" · "))
}

/// What is said instead when some were not read lately: these only, and what to do. `None` for none.
pub fn not_read_lately(late: &[(&str, Option<Duration>)]) -> Option<String> {
    let said: Vec<String> = late.iter().map(|(label, age)| format!("{label} ({})", ago(*age))).collect();
    let (head, whose) = match late.len() {
        0 => return None,
        1 => ("Boîte qui n’est plus relevée", "Ses"),
        _ => ("Boîtes qui ne sont plus relevées", "Leurs"),
    };
    let said = said.join(", ");
    Some(format!("{head}\u{a0}: {said}. {whose} mails n’entrent pas ici\u{a0}: prévenez l’exploitant."))
}

/// « il y a 12 s »; in seconds below a minute: whoever watches wants to see it move. On one line. `None`: never read.
pub fn ago(age: Option<Duration>) -> String {
    age.map_or_else(
        || "jamais".to_owned(),
        |age| format!("il y a {}", dates::roughly(age)).replace(' ', "\u{a0}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_needs_no_name_and_several_do() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(read_lately(&[("INBOX@a", seconds(12))]), "Relève\u{a0}: il\u{a0}y\u{a0}a\u{a0}12\u{a0}s");
        assert_eq!(
            read_lately(&[("INBOX@a", seconds(300)), ("Ventes@b", None)]),
            "Relève\u{a0}: INBOX@a il\u{a0}y\u{a0}a\u{a0}5\u{a0}min · Ventes@b jamais"
        );
    }

    #[test]
    fn what_is_late_is_named_with_what_to_do() {
        assert_eq!(not_read_lately(&[]), None);
        let one = not_read_lately(&[("INBOX@a", Some(Duration::from_secs(1500)))]).unwrap();
        assert!(
            one.starts_with(
                "Boîte qui n’est plus relevée\u{a0}: INBOX@a (il\u{a0}y\u{a0}a\u{a0}25\u{a0}min). Ses mails"
            ),
            "{one}"
        );
        let two = not_read_lately(&[("INBOX@a", None), ("INBOX@b", None)]).unwrap();
        assert!(
            two.starts_with(
                "Boîtes qui ne sont plus relevées\u{a0}: INBOX@a (jamais), INBOX@b (jamais). Leurs"
            ),
            "{two}"
        );
    }
}
