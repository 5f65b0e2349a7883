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

/// In seconds below a minute: whoever watches wants to see it move.
fn ago(age: Option<Duration>) -> String {
    age.map_or_else(|| "jamais".to_owned(), |age| format!("il y a {}", dates::duration(age)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_needs_no_name_and_several_do() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(read_lately(&[("INBOX@a", seconds(12))]), "Relève\u{a0}: il y a 12\u{a0}s");
        assert_eq!(
            read_lately(&[("INBOX@a", seconds(300)), ("Ventes@b", None)]),
            "Relève\u{a0}: INBOX@a il y a 5\u{a0}min · Ventes@b jamais"
        );
    }
}
