//! Which texts are addresses that mail can be sent to, and which addresses are ours. Pure. May import: `domain::{people, text}`.

use super::people::normal_address;
use super::text::is_invisible;

/// The address in the form it is compared in, or `None` when no mail could be sent to it.
///
/// Exactly one local part and one domain, no blanks, no controls, nothing that another reader would split
/// differently (quoted local parts, comments, routes).
pub fn usable_address(address: &str) -> Option<String> {
    let address = address.trim();
    let address = address.strip_prefix("mailto:").unwrap_or(address);
    // A domain may be written with the dot of the root.
    let address = address.strip_suffix('.').unwrap_or(address);
    let (local, domain) = address.rsplit_once('@')?;
    let forbidden =
        |c: char| c.is_whitespace() || c.is_control() || is_invisible(c) || "\"(),:;<>@[\\]".contains(c);
    let sound_local =
        !local.is_empty() && local.len() <= 64 && !local.contains(forbidden) && !local.contains("=?");
    let sound_domain = !domain.is_empty()
        && domain.len() <= 253
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        });
    (sound_local && sound_domain).then(|| normal_address(address))
}

/// A domain in ASCII, as every server takes it (RFC 5890: A-labels); `None` where it is none.
pub fn ascii_domain(domain: &str) -> Option<String> {
    idna::domain_to_ascii(domain).ok()
}

/// Whether two addresses, in the form of [`normal_address`], are one: a domain may be written in its letters or in ASCII (RFC 5890).
pub fn is_same(one: &str, other: &str) -> bool {
    let in_ascii = |address: &str| {
        let (local, domain) = address.rsplit_once('@')?;
        Some((local.to_owned(), ascii_domain(domain)?))
    };
    one == other
        || !(one.is_ascii() && other.is_ascii())
            && in_ascii(one).is_some_and(|one| in_ascii(other) == Some(one))
}

/// Whether an address is one of `own`, in the form of [`normal_address`]. What follows a `+` in the local part does not
/// count (RFC 5233): `support+facture@firm.example` reaches `support@firm.example`.
pub fn is_own(address: &str, own: &[String]) -> bool {
    own.iter().any(|known| known == address)
        || without_detail(address).is_some_and(|bare| own.contains(&bare))
}

/// Whether an address is one that programs write from and nobody reads: an answer to it reaches no person.
pub fn is_program(address: &str) -> bool {
    let local =
        address.split('@').next().unwrap_or_default().replace(['-', '_', '.'], "").to_ascii_lowercase();
    ["mailerdaemon", "postmaster", "noreply", "donotreply", "nepasrepondre"].contains(&local.as_str())
}

/// An address without its detail; `None` when it has none.
fn without_detail(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let (user, _) = local.split_once('+')?;
    (!user.is_empty()).then(|| format!("{user}@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_local_part_alone() {
        for program in ["MAILER-DAEMON@mx.example", "no-reply@firm.example", "postmaster@firm.example"] {
            assert!(is_program(program), "{program}");
        }
        for person in ["jean.postmaster@firm.example", "reply@firm.example", "lea@noreply.example"] {
            assert!(!is_program(person), "{person}");
        }
    }

    #[test]
    fn an_address_is_the_same_with_its_domain_in_ascii() {
        assert!(is_same("marc@société.example", "marc@xn--socit-esab.example"));
        assert!(is_same("lea@client.example", "lea@client.example"));
        for (one, other) in [
            ("marc@société.example", "zoe@xn--socit-esab.example"),
            ("marc@société.example", "marc@societe.example"),
            ("société", "xn--socit-esab"),
            ("lea@client.example", "lea@other.example"),
        ] {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn an_address_of_ours_is_ours_with_any_detail() {
        let own = ["support@firm.example".to_owned(), "a+b@firm.example".to_owned()];
        for ours in
            ["support@firm.example", "support+x@firm.example", "support+x+y@firm.example", "a+b@firm.example"]
        {
            assert!(is_own(ours, &own), "{ours}");
        }
        for other in [
            "a@firm.example",
            "a+c@firm.example",
            "+x@firm.example",
            "supportx@firm.example",
            "support@firm.example.evil",
            "",
        ] {
            assert!(!is_own(other, &own), "{other}");
        }
    }
}
