//! The `Authentication-Results` fields of a mail (RFC 8601, section 2.2), as far as they speak of SPF, DKIM and DMARC.
//! Whom to believe is decided elsewhere. May import: domain.

use crate::domain::authentication::Authentication;

/// Fields looked at, from the top: each server on the way writes one, ours above the others.
const MOST_FIELDS: usize = 20;

/// Longest field looked at, in bytes.
const LONGEST: usize = 16 * 1024;

/// What the servers on a mail's way say of it, in the order of the fields: the last server first.
pub fn read<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Vec<Authentication> {
    fields.take(MOST_FIELDS).filter_map(|raw| read_one(&raw[..raw.len().min(LONGEST)])).collect()
}

/// `mx.firm.example 1; spf=pass smtp.mailfrom=a.example; dkim=fail (bad) header.d=a.example; dmarc=none`.
fn read_one(raw: &[u8]) -> Option<Authentication> {
    let plain = plain(&String::from_utf8_lossy(raw));
    let mut parts = plain.split(';');
    let server = parts.next()?.split_whitespace().next()?.to_ascii_lowercase();
    let mut found = Authentication { server, ..Authentication::default() };
    for part in parts {
        let Some((method, rest)) = part.split_once('=') else { continue };
        // A method may carry its version: `dkim/1`.
        let method = method.split('/').next().unwrap_or_default().trim().to_ascii_lowercase();
        let result: String = rest.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect();
        let result = result.to_ascii_lowercase();
        if result.is_empty() {
            continue;
        }
        let place = match method.as_str() {
            "spf" => &mut found.spf,
            "dkim" => &mut found.dkim,
            "dmarc" => &mut found.dmarc,
            _ => continue,
        };
        // One signature that holds is enough (RFC 6376, section 4.2); of the others, the first word counts.
        if place.is_none() || (method == "dkim" && result == "pass") {
            *place = Some(result);
        }
    }
    Some(found)
}

/// A value without its comments, and without the marks of structure inside its quoted strings (RFC 5322, section
/// 3.2): a stranger's words stand there. What is never closed reaches to the end.
fn plain(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let (mut depth, mut quoted) = (0usize, false);
    let mut letters = value.chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' if depth > 0 || quoted => {
                letters.next();
            }
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => plain.push(if ";=()".contains(c) || c.is_whitespace() { '_' } else { c }),
            '(' => {
                depth += 1;
                plain.push(' ');
            }
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(value: &str) -> String {
        match read_one(value.as_bytes()) {
            None => "nothing".to_owned(),
            Some(found) => {
                let word = |word: Option<String>| word.unwrap_or_else(|| "-".to_owned());
                format!("{} {} {} {}", found.server, word(found.spf), word(found.dkim), word(found.dmarc))
            }
        }
    }

    #[test]
    fn results_are_read_as_servers_write_them() {
        for (value, expected) in [
            (
                "mx.firm.example;\r\n\tdkim=pass header.d=client.example;\r\n\tspf=pass (ip ok) smtp.mailfrom=a@client.example;\r\n\tdmarc=pass (p=REJECT sp=NONE) header.from=client.example",
                "mx.firm.example pass pass pass",
            ),
            ("MX.firm.example 1; none", "mx.firm.example - - -"),
            (
                "mx.firm.example; dmarc=fail action=none header.from=client.example",
                "mx.firm.example - - fail",
            ),
            (
                "mx.firm.example; DKIM/1 = Fail; dkim=pass; dkim=fail; spf=SoftFail",
                "mx.firm.example softfail pass -",
            ),
            (
                "(a; dmarc=pass) mx.firm.example (v; x=y); dmarc (c) = (d (e)) fail",
                "mx.firm.example - - fail",
            ),
            (
                "mx.firm.example; spf=fail reason=\"a; dmarc=pass (\" smtp.mailfrom=x; dkim=fail",
                "mx.firm.example fail fail -",
            ),
            ("\"mx.firm.example\"; spf=none; auth=pass; iprev=fail", "mx.firm.example none - -"),
            ("mx.firm.example; spf=pass (never closed; dmarc=pass", "mx.firm.example pass - -"),
            ("mx.firm.example; dmarc=; =pass; dmarc; spf==pass", "mx.firm.example - - -"),
            ("", "nothing"),
            (" \t", "nothing"),
        ] {
            assert_eq!(told(value), expected, "{value}");
        }
    }

    #[test]
    fn a_hundred_fields_are_twenty_and_a_long_one_is_cut() {
        let field: &[u8] = b"a.example; spf=pass";
        assert_eq!(read(std::iter::repeat_n(field, 100)).len(), MOST_FIELDS);
        let long = format!("a.example; x={}; dmarc=fail", "(".repeat(1 << 20));
        assert_eq!(read(std::iter::once(long.as_bytes()))[0].dmarc, None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
            for found in read(std::iter::once(raw.as_slice())) {
                prop_assert!(!found.server.is_empty() && !found.server.contains(char::is_whitespace));
            }
        }

        #[test]
        fn no_comment_and_no_quoted_string_changes_a_result(noise in "[ -~]{0,60}") {
            let comment: String = noise.chars().filter(|c| !"()\\".contains(*c)).collect();
            let quoted: String = noise.chars().filter(|c| !"\"\\".contains(*c)).collect();
            let value = format!("mx.firm.example ({comment}); spf=fail reason=\"{quoted}\"; dmarc=fail ({comment})");
            prop_assert_eq!(told(&value), "mx.firm.example fail - fail");
        }
    }
}
