//! What a mail that was refused says of the address it went to. Pure.

/// Whether an enhanced status code (RFC 3463) says that the address itself will never take mail: it is unknown
/// (X.1.x), or its mailbox is shut (5.2.1), or its host is none (5.4.1, 5.4.4). A full mailbox, a mail that is too
/// large and a refusal for what the mail says are not: the next mail may pass.
pub fn is_hard(status: &str) -> bool {
    let mut parts = status.trim().split('.');
    let (class, subject, detail) = (parts.next(), parts.next(), parts.next());
    match (class, subject, detail) {
        // 5.1.0 says nothing of which address, and servers give it for senders too; 5.1.7 and 5.1.8 speak of the sender's: ours.
        (Some("5"), Some("1"), Some(detail)) => !matches!(detail, "0" | "7" | "8"),
        (Some("5"), Some("2"), Some("1")) => true,
        (Some("5"), Some("4"), Some("1" | "4")) => true,
        _ => false,
    }
}

/// Whether it says that the trouble is with us who send, and not with this mail: our address (5.1.7, 5.1.8), how much we may send
/// in a day (Gmail: 5.4.5), as whom (Exchange: 5.7.60).
pub fn is_ours(status: &str) -> bool {
    matches!(status.trim(), "5.1.7" | "5.1.8" | "5.4.5" | "5.7.60")
}

/// The enhanced status code in a server's answer: `550 5.1.1 <lea@courriel.example>: user unknown` → `5.1.1`.
pub fn status_in(answer: &str) -> Option<&str> {
    answer.split(|c: char| !c.is_ascii_digit() && c != '.').find(|word| is_status(word))
}

/// Class 2, 4 or 5, then two numbers of at most three digits.
fn is_status(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.len() <= 3;
    parts.len() == 3 && matches!(parts[0], "2" | "4" | "5") && parts[1..].iter().all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_the_address_is_hard() {
        for hard in ["5.1.1", "5.1.6", "5.1.10", "5.2.1", "5.4.1", "5.4.4", " 5.1.1 "] {
            assert!(is_hard(hard), "{hard}");
        }
        for soft in
            ["4.1.1", "5.1.0", "5.1.7", "5.2.2", "5.3.4", "5.7.1", "5.1.8", "5.0.0", "5.1", "", "unknown"]
        {
            assert!(!is_hard(soft), "{soft}");
        }
    }

    #[test]
    fn what_lies_in_the_sender_is_no_address_of_the_recipients() {
        for ours in ["5.1.7", "5.1.8", "5.4.5", "5.7.60", " 5.1.8 "] {
            assert!(is_ours(ours) && !is_hard(ours), "{ours}");
        }
        for other in ["5.1.1", "5.7.1", "4.4.5", "5.7.606", ""] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn the_code_is_found_in_an_answer() {
        assert_eq!(status_in("550 5.1.1 <lea@courriel.example>: user unknown"), Some("5.1.1"));
        assert_eq!(status_in("550-5.1.10 RESOLVER.ADR.RecipientNotFound"), Some("5.1.10"));
        assert_eq!(status_in("550 mailbox of 192.168.5.1.1 unavailable"), None);
        assert_eq!(status_in("550 version 5.1 of 2026"), None);
        assert_eq!(status_in(""), None);
    }
}
