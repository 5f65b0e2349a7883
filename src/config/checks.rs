//! Readings of single values: durations, addresses, URLs, keys. Pure. May import: lettre, since its addresses are those
//! that send.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// `60s`, `5m`, `2h`, `3d`: a whole number and one unit.
pub fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let number: u64 = text[..text.len() - unit.len_utf8()].trim_end().parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// Whether a host, as written, is this machine: `localhost`, or a loopback address. A name is never looked up.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Scheme and host of `http(s)://host[:port][/path]`, if it is one and holds nothing else.
pub fn web_url(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    if !matches!(scheme, "http" | "https") || rest.contains(['?', '#', '@', '\\', ' ', '"', '<', '>']) {
        return None;
    }
    let authority = rest.split('/').next()?;
    Some((scheme, host_of(authority)?))
}

/// Scheme and host of an address to post to, which may have a question mark too.
pub fn hook_url(text: &str) -> Option<(&str, &str)> {
    let (page, query) = text.split_once('?').unwrap_or((text, ""));
    let is_plain =
        query.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>'));
    web_url(page).filter(|_| is_plain)
}

/// Whether it is a secret of Standard Webhooks: `whsec_`, then 24 to 64 bytes in base64.
pub fn is_hook_secret(text: &str) -> bool {
    hook_key(text).is_some()
}

/// The bytes of such a secret.
pub fn hook_key(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

/// The host of `host[:port]` or `[v6][:port]`, if both are well formed.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rfind(']') {
        Some(end) => (&authority[..=end], authority[end + 1..].strip_prefix(':')),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port_is_good = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let host_is_good = match host.strip_prefix('[') {
        Some(v6) => v6.strip_suffix(']')?.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.')),
    };
    let nothing_left = host.len() + port.map_or(0, |port| port.len() + 1) == authority.len();
    (port_is_good && host_is_good && nothing_left).then_some(host)
}

/// Whether it is made of labels (RFC 1035 section 2.3.4), of letters and digits of ASCII and what `marks` allows inside them.
pub fn is_host(text: &str, marks: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// Whether it is 32 bytes in URL-safe base64, with or without its padding.
pub fn is_private_key(text: &str) -> bool {
    let decoded = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    decoded.is_ok_and(|bytes| bytes.len() == 32)
}

/// Whom to write to, as a URI: `mailto:…`, made of an address where only that is given, or `https://…`.
pub fn contact(text: &str) -> Option<String> {
    if text.starts_with("https://") {
        return web_url(text).map(|_| text.to_owned());
    }
    let address = text.strip_prefix("mailto:").unwrap_or(text);
    is_address(address).then(|| format!("mailto:{address}"))
}

/// What a database URL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite,
    /// A server on this machine, or one that is only spoken to over TLS.
    Postgres,
    /// A server elsewhere whose URL leaves plain text possible (no `sslmode=require` or stricter).
    PostgresInPlainText,
}

/// Reads a database URL; `None` if it is none of ours.
pub fn database(url: &str) -> Option<Database> {
    if let Some(file) = url.strip_prefix("sqlite:") {
        return (!file.trim_start_matches('/').is_empty()).then_some(Database::Sqlite);
    }
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))?;
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, name) = before.split_once('/')?;
    if name.is_empty() {
        return None;
    }
    let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
    let option =
        |name: &str| query.split('&').filter_map(|pair| pair.split_once('=')).rfind(|(key, _)| *key == name);
    // `host=/folder` is a Unix socket: it never leaves the machine.
    let host = match option("host") {
        Some((_, host)) if host.starts_with('/') || host.starts_with("%2F") => {
            return Some(Database::Postgres);
        }
        Some((_, host)) => host,
        None if server.is_empty() => "localhost",
        None => host_of(server)?,
    };
    let encrypted =
        option("sslmode").is_some_and(|(_, mode)| matches!(mode, "require" | "verify-ca" | "verify-full"));
    Some(if encrypted || is_loopback(host) { Database::Postgres } else { Database::PostgresInPlainText })
}

/// A database URL for the eye: the password is hidden, and so is all that a question mark introduces.
pub fn without_password(url: &str) -> String {
    let (before, query) = url.split_once('?').map_or((url, ""), |(before, _)| (before, "?…"));
    let Some((scheme, rest)) = before.split_once("://") else { return format!("{before}{query}") };
    match rest.rsplit_once('@') {
        Some((account, server)) => {
            let user = account.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:…@{server}{query}")
        }
        None => format!("{before}{query}"),
    }
}

/// Whether this is one sender: `Name <name@domain>` or `name@domain`.
pub fn is_sender(text: &str) -> bool {
    let text = text.trim();
    let address = match text.strip_suffix('>') {
        Some(inside) => match inside.rsplit_once('<') {
            Some((name, address)) if !name.contains(['<', '>', '@', ',', ';']) => address,
            _ => return false,
        },
        None => text,
    };
    address.parse::<lettre::Address>().is_ok()
}

/// Whether this is one address and nothing else.
pub fn is_address(text: &str) -> bool {
    !text.contains('<') && is_sender(text)
}

/// How many letters must be added, removed or changed to make one word of the other. The cost is the product of
/// both lengths, so a long `b` counts by its first 64 characters.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, of_a) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, of_b) in b.iter().enumerate() {
            let changed = diagonal + usize::from(of_a != *of_b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, seconds) in
            [("60s", 60), ("5m", 300), ("2h", 7200), ("3d", 259_200), (" 1 h ", 3600), ("0s", 0)]
        {
            assert_eq!(duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "60",
            "s",
            "2 heures",
            "-1s",
            "1.5h",
            "1h30m",
            "99999999999999999999d",
            "9999999999999999999d",
            "1é",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in
            ["localhost.example", "127.0.0.1.example", "10.0.0.1", "0.0.0.0", "", "::", "mail.example"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_web_url_is_scheme_host_port_and_path() {
        assert_eq!(web_url("https://aide.example/support"), Some(("https", "aide.example")));
        assert_eq!(web_url("http://[::1]:3000"), Some(("http", "[::1]")));
        for text in [
            "",
            "aide.example",
            "ftp://a.example",
            "https://",
            "https://:80",
            "https://a b",
            "http://localhost@a.example",
            "https://a.example:0",
            "https://a.example:x",
            "https://a.example?x",
            "https://[::1",
            "https://[::1]x",
            "http://a:1:2",
        ] {
            assert_eq!(web_url(text), None, "{text}");
        }
    }

    #[test]
    fn a_webhook_is_posted_to_an_address_that_may_have_a_question_mark() {
        let with_query = "https://app.example/hooks?key=a%20b&v=1";
        assert_eq!(hook_url(with_query), Some(("https", "app.example")));
        for text in
            ["https://app.example/?a b", "https://app.example/?a#b", "https://u:p@app.example/", "x?y"]
        {
            assert_eq!(hook_url(text), None, "{text}");
        }
    }

    #[test]
    fn a_webhook_secret_says_what_it_is_and_is_long_enough() {
        let secret = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        assert!(is_hook_secret(&secret(24)) && is_hook_secret(&secret(64)));
        let bare = STANDARD.encode([7; 32]);
        for other in [secret(23), secret(65), bare, "whsec_".to_owned(), "whsec_é".to_owned()] {
            assert!(!is_hook_secret(&other), "{other}");
        }
    }

    #[test]
    fn a_host_is_labels_of_letters_digits_and_marks() {
        for text in ["example.org", "a", "xn--caf-dma.example", "2026-01.mail", &"a".repeat(63)] {
            assert!(is_host(text, "-"), "{text}");
        }
        let long = "a".repeat(64);
        for text in ["", ".", "a.", ".a", "a..b", "-a", "a-", "a b", "café.example", "a_b", "a;b", &long] {
            assert!(!is_host(text, "-"), "{text}");
        }
        assert!(is_host("a_b", "-_"));
    }

    #[test]
    fn a_database_elsewhere_needs_tls() {
        for (url, is) in [
            ("sqlite://data/guichet.db", Some(Database::Sqlite)),
            ("sqlite::memory:", Some(Database::Sqlite)),
            ("postgres://u:p@127.0.0.1:5432/guichet", Some(Database::Postgres)),
            ("postgresql:///guichet?host=/run/postgresql", Some(Database::Postgres)),
            ("postgres://u@db.example/guichet?sslmode=verify-full", Some(Database::Postgres)),
            ("postgres://u@db.example/guichet", Some(Database::PostgresInPlainText)),
            ("postgres://u@db.example/guichet?sslmode=prefer", Some(Database::PostgresInPlainText)),
            ("postgres://u@localhost/guichet?host=db.example", Some(Database::PostgresInPlainText)),
            ("postgres://u@db.example", None),
            ("sqlite://", None),
            ("mysql://x/y", None),
        ] {
            assert_eq!(database(url), is, "{url}");
        }
    }

    #[test]
    fn a_shown_database_url_has_no_password() {
        assert_eq!(
            without_password("postgres://u:s@e@db.example/g?password=s"),
            "postgres://u:…@db.example/g?…"
        );
        assert_eq!(without_password("sqlite://data/guichet.db"), "sqlite://data/guichet.db");
    }

    #[test]
    fn a_sender_is_one_address() {
        for text in ["Support BetTracker Pro <support@bettrackerpro.com>", "a@b.example", "<a@b.example>"] {
            assert!(is_sender(text), "{text}");
        }
        for text in
            ["Support", "a@b.example, c@d.example", "A <a@b.example> <c@d.example>", "A <>", "a@b.example>"]
        {
            assert!(!is_sender(text), "{text}");
        }
    }

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance("imap.port", "imap.prt"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("été", "ete"), 2);
    }
}
