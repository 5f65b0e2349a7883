//! Readings of single values: durations, addresses, URLs, keys. Pure. May import: lettre, since its addresses are those
//! that send. SQL's own driver is the store's alone: what an address of a database means is read here as it reads it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
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

/// The variables that say where PostgreSQL is and how it is spoken to, where the URL does not.
pub const POSTGRES_VARIABLES: [&str; 3] = ["PGHOST", "PGHOSTADDR", "PGSSLMODE"];

/// Reads a database URL; `None` if it is none of ours. `variable`: those of [`POSTGRES_VARIABLES`] that are set.
pub fn database(url: &str, variable: impl Fn(&str) -> Option<String>) -> Option<Database> {
    if url.starts_with("sqlite:") {
        return sqlite_file(url).map(|_| Database::Sqlite);
    }
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))?;
    let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, name) = before.split_once('/')?;
    if name.is_empty() {
        return None;
    }
    let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
    let mut host = match server {
        "" => variable("PGHOSTADDR").or_else(|| variable("PGHOST")).or_else(|| Some("localhost".to_owned())),
        server => host_of(server).map(str::to_owned),
    };
    let mut ssl_mode = variable("PGSSLMODE").unwrap_or_default();
    // `host=/folder` is a Unix socket: it never leaves the machine.
    let mut is_socket = false;
    // What comes later wins, but a socket of the URL's own stands over every host.
    for (key, value) in options(query) {
        match key.as_str() {
            "host" if value.starts_with('/') => is_socket = true,
            "host" | "hostaddr" => host = Some(value),
            "sslmode" | "ssl-mode" => ssl_mode = value,
            _ => {}
        }
    }
    if is_socket {
        return Some(Database::Postgres);
    }
    let host = host?;
    let stays_here = host.starts_with('/') || is_loopback(&host);
    let is_encrypted =
        ["require", "verify-ca", "verify-full"].iter().any(|mode| ssl_mode.eq_ignore_ascii_case(mode));
    Some(if stays_here || is_encrypted { Database::Postgres } else { Database::PostgresInPlainText })
}

/// The file that a SQLite URL names; `None` if it names none. A database in memory is none: it would end with the
/// program, and each connection could have its own.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    let (file, query) = rest.split_once('?').unwrap_or((rest, ""));
    if file == ":memory:" || options(query).any(|(key, value)| key == "mode" && value == "memory") {
        return None;
    }
    let file = String::from_utf8(percent_decoded(file)).ok()?;
    (!file.trim_start_matches('/').is_empty()).then(|| PathBuf::from(file))
}

/// The SQLite URL of a file: what reads its path from a URL gives the same file.
pub fn sqlite_url(file: &Path) -> String {
    let path = file.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("sqlite://{path}")
}

/// What stands behind the question mark of a URL, read as a form is.
fn options(query: &str) -> impl Iterator<Item = (String, String)> {
    let text = |part: &str| String::from_utf8_lossy(&percent_decoded(&part.replace('+', " "))).into_owned();
    query.split('&').map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (text(key), text(value))
    })
}

/// The bytes that a percent-encoded text stands for; a `%` without two digits of base 16 behind it stands for itself.
fn percent_decoded(text: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        let code = match behind {
            [high, low, ..] if *first == b'%' => digit(high).zip(digit(low)),
            _ => None,
        };
        match code {
            Some((high, low)) => {
                decoded.push(high * 16 + low);
                rest = &behind[2..];
            }
            None => decoded.push(*first),
        }
    }
    decoded
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
            ("postgres://u:p@127.0.0.1:5432/guichet", Some(Database::Postgres)),
            ("postgresql:///guichet?host=/run/postgresql", Some(Database::Postgres)),
            ("postgres://u@db.example/guichet?sslmode=verify-full", Some(Database::Postgres)),
            ("postgres://u@db.example/guichet", Some(Database::PostgresInPlainText)),
            ("postgres://u@db.example/guichet?sslmode=prefer", Some(Database::PostgresInPlainText)),
            ("postgres://u@localhost/guichet?host=db.example", Some(Database::PostgresInPlainText)),
            ("postgres://u:p@localhost:3961/g?hostaddr=192.0.2.2", Some(Database::PostgresInPlainText)),
            ("postgres://u@localhost/g?hos%74addr=192.0.2.2", Some(Database::PostgresInPlainText)),
            ("postgres://u@db.example/g?hostaddr=127.0.0.1", Some(Database::Postgres)),
            (
                "postgres://u@db.example/g?sslmode=require&ssl-mode=disable",
                Some(Database::PostgresInPlainText),
            ),
            ("postgres://u@db.example/g?ssl-mode=Verify-Full", Some(Database::Postgres)),
            ("postgres://u@db.example/g#?sslmode=require", Some(Database::PostgresInPlainText)),
            ("postgres:///g?host=%2Frun%2Fpostgresql&hostaddr=192.0.2.2", Some(Database::Postgres)),
            ("postgres://u@db.example", None),
            ("sqlite://", None),
            ("mysql://x/y", None),
        ] {
            assert_eq!(database(url, |_| None), is, "{url}");
        }
    }

    #[test]
    fn what_the_url_of_a_database_leaves_open_the_variables_of_postgresql_say() {
        let (near, far) = (Some(Database::Postgres), Some(Database::PostgresInPlainText));
        type Case = (&'static str, &'static [(&'static str, &'static str)], Option<Database>);
        let cases: [Case; 8] = [
            ("postgres:///g", &[], near),
            ("postgres:///g", &[("PGHOST", "db.example")], far),
            ("postgres:///g", &[("PGHOST", "/run/postgresql")], near),
            ("postgres:///g?hostaddr=192.0.2.2", &[("PGHOST", "/run/postgresql")], far),
            ("postgres:///g", &[("PGHOST", "localhost"), ("PGHOSTADDR", "192.0.2.2")], far),
            ("postgres:///g", &[("PGHOST", "db.example"), ("PGSSLMODE", "require")], near),
            ("postgres://u@localhost/g", &[("PGHOST", "db.example")], near),
            ("postgres://u@db.example/g?sslmode=prefer", &[("PGSSLMODE", "require")], far),
        ];
        for (url, variables, is) in cases {
            let variable = |name: &str| {
                let mut set = variables.iter().filter(|(known, _)| *known == name);
                set.next().map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(database(url, variable), is, "{url} {variables:?}");
        }
    }

    #[test]
    fn the_url_of_a_file_names_the_file_and_one_in_memory_names_none() {
        let odd = Path::new("/tmp/a b?c#d%e%20é.db");
        assert_eq!(sqlite_url(odd), "sqlite:///tmp/a b%3Fc%23d%25e%2520é.db");
        assert_eq!(sqlite_file(&sqlite_url(odd)).as_deref(), Some(odd));
        for (url, file) in [
            ("sqlite://data/guichet.db?mode=rwc", Some("data/guichet.db")),
            ("sqlite:my%20desk.db", Some("my desk.db")),
            ("sqlite://100%.db", Some("100%.db")),
            ("sqlite://%+1.db", Some("%+1.db")),
            ("sqlite::memory:", None),
            ("sqlite://:memory:", None),
            ("sqlite://x.db?cache=shared&mode=memory", None),
            ("sqlite://?mode=rwc", None),
            ("sqlite://%ff.db", None),
            ("postgres://localhost/g", None),
        ] {
            assert_eq!(sqlite_file(url).as_deref(), file.map(Path::new), "{url}");
            assert_eq!(database(url, |_| None) == Some(Database::Sqlite), file.is_some(), "{url}");
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
