//! What our mail server says of a mail's sender (RFC 8601): whether the From was written by whom it names.
//!
//! Only a server of ours is believed, and of its words only the topmost can clear a sender: it writes above what came with the
//! mail, and anybody can write such a field into their own. Pure. May import: std.

use serde::Serialize;

/// What one server found. Each word is the method's result as the server wrote it, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Authentication {
    /// The server's authserv-id (RFC 8601, section 2.5), in lower case.
    pub server: String,
    /// SPF: whether the envelope's sender may send from there.
    pub spf: Option<String>,
    /// DKIM: the best of the signatures.
    pub dkim: Option<String>,
    /// DMARC: whether either of them vouches for the address in From.
    pub dmarc: Option<String>,
}

/// The words of our own server: the first of `found` (the last server first) whose id is one of `servers`, whatever
/// its case.
pub fn verdict_of<'a>(found: &'a [Authentication], servers: &[String]) -> Option<&'a Authentication> {
    found.iter().find(|one| is_of(one, servers))
}

/// Whether our own server refutes the sender. It may write its words into several fields (one filter for DKIM, another
/// for DMARC): of each method its topmost word counts. That all is well only its topmost field may say, since one below
/// may be the sender's own. DMARC refutes alone, SPF and DKIM together; what is merely not proven (`none`, `neutral`,
/// `temperror`) refutes nothing: small senders have no more.
pub fn is_refuted_by(found: &[Authentication], servers: &[String]) -> bool {
    let ours = || found.iter().filter(|one| is_of(one, servers));
    let fails = |word: fn(&Authentication) -> Option<&String>| {
        ours().find_map(word).is_some_and(|said| said == "fail")
    };
    let is_well = ours().next().is_some_and(|top| top.dmarc.as_deref() == Some("pass"));
    !is_well
        && (fails(|one| one.dmarc.as_ref())
            || (fails(|one| one.spf.as_ref()) && fails(|one| one.dkim.as_ref())))
}

fn is_of(found: &Authentication, servers: &[String]) -> bool {
    servers.iter().any(|server| server.eq_ignore_ascii_case(&found.server))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(server: &str, spf: &str, dkim: &str, dmarc: &str) -> Authentication {
        let word = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        Authentication { server: server.into(), spf: word(spf), dkim: word(dkim), dmarc: word(dmarc) }
    }

    #[test]
    fn a_sender_is_refuted_by_dmarc_or_by_both_others() {
        for (spf, dkim, dmarc, refuted) in [
            ("pass", "pass", "pass", false),
            ("pass", "pass", "fail", true),
            ("fail", "fail", "", true),
            ("fail", "fail", "none", true),
            ("fail", "fail", "pass", false),
            ("fail", "pass", "", false),
            ("fail", "none", "", false),
            ("softfail", "fail", "", false),
            ("none", "none", "none", false),
            ("", "", "temperror", false),
            ("", "", "", false),
        ] {
            let one = [found("x", spf, dkim, dmarc)];
            assert_eq!(is_refuted_by(&one, &["x".to_owned()]), refuted, "{spf} {dkim} {dmarc}");
        }
    }

    #[test]
    fn the_words_of_our_own_server_may_stand_in_several_fields() {
        let (ours, us) = (["mx.firm.example".to_owned()], "mx.firm.example");
        for (fields, refuted) in [
            (vec![found(us, "", "none", ""), found(us, "", "", "fail"), found(us, "fail", "", "")], true),
            (vec![found(us, "fail", "", ""), found(us, "", "fail", "")], true),
            (vec![found(us, "fail", "", ""), found(us, "", "fail", ""), found(us, "", "", "pass")], true),
            (vec![found(us, "fail", "fail", "pass"), found("mx.evil.example", "", "", "fail")], false),
            (vec![found(us, "pass", "", ""), found(us, "", "pass", "pass")], false),
            (vec![found(us, "", "", "pass"), found(us, "", "", "fail")], false),
            (vec![found("mx.evil.example", "", "", "fail")], false),
            (vec![], false),
        ] {
            assert_eq!(is_refuted_by(&fields, &ours), refuted, "{fields:?}");
        }
    }

    #[test]
    fn only_the_topmost_words_of_our_own_server_count() {
        let ours = ["mx.firm.example".to_owned()];
        let lists = [found("mx.evil.example", "", "", "pass"), found("mx.firm.example", "", "", "fail")];
        assert!(is_refuted_by(&lists, &ours));
        let forged = [found("mx.firm.example", "", "", "fail"), found("mx.firm.example", "", "", "pass")];
        assert!(is_refuted_by(&forged, &ours));
        assert_eq!(verdict_of(&lists[..1], &ours), None);
        assert_eq!(verdict_of(&lists, &[]), None);
    }
}
