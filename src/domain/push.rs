//! Web Push (RFC 8030): the browsers that a requester wants to be told on, and what may be asked of their services.

use super::ids::TicketId;
use super::notice::NoticeKind;
use std::time::Duration;

/// How long a service keeps a message for a browser that is away, and how long we try to hand it over: what is older is no news.
pub const LASTS: Duration = Duration::from_secs(48 * 3600);

/// The browsers of one person; with a further one, the oldest is told no more.
pub const MOST_DEVICES: i64 = 10;

/// The longest address of a browser that is kept, in bytes. Those of today's services have some 200 to 500.
const LONGEST_ENDPOINT: usize = 2048;

/// One browser that asked to be told, as it says so itself (Push API, `PushSubscription.toJSON()`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Where its service takes messages for it. Whoever knows it may post there.
    pub endpoint: String,
    /// Its public key (RFC 8291), in URL-safe base64.
    pub p256dh: String,
    /// What it shares with whoever writes to it (RFC 8291), in URL-safe base64.
    pub auth: String,
}

/// Whether a requester can be told by push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushRoad {
    /// No key is configured.
    NotConfigured,
    /// No browser of theirs asked for it.
    NoDevice,
    /// At least one did.
    Open,
}

impl PushRoad {
    /// From whether there is a key, and how many browsers asked.
    pub fn new(is_configured: bool, devices: i64) -> PushRoad {
        match (is_configured, devices) {
            (false, _) => PushRoad::NotConfigured,
            (true, ..=0) => PushRoad::NoDevice,
            (true, _) => PushRoad::Open,
        }
    }
}

/// Whether an address can be that of a push service: over TLS, by a name, on the usual port or another. Where the desk itself
/// is seen on this machine only (`near`), one on this machine will do, in plain text. What the name leads to is looked at
/// before anything is sent there.
pub fn is_endpoint(endpoint: &str, near: bool) -> bool {
    let plain = endpoint.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#'));
    if endpoint.len() > LONGEST_ENDPOINT || !plain {
        return false;
    }
    let Some((origin, path)) = split(endpoint) else { return false };
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let is_here = matches!(host, "localhost" | "127.0.0.1");
    let known = match scheme {
        "https" => is_name(host) || (near && is_here),
        "http" => near && is_here,
        _ => false,
    };
    known && is_port && !path.is_empty()
}

/// The scheme, host and port of an address: whom a signature is for (RFC 8292 section 2).
pub fn origin(endpoint: &str) -> &str {
    split(endpoint).map_or(endpoint, |(origin, _)| origin)
}

fn split(endpoint: &str) -> Option<(&str, &str)> {
    let begins = endpoint.find("://")? + 3;
    let slash = begins + endpoint[begins..].find('/')?;
    Some(endpoint.split_at(slash))
}

/// Whether it is a name in the DNS with at least two labels, and no number of a machine.
fn is_name(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = labels.last().copied().unwrap_or_default().to_ascii_lowercase();
    let is_zone = last.bytes().any(|byte| byte.is_ascii_alphabetic()) && !last.starts_with("0x");
    host.len() <= 253 && labels.len() >= 2 && labels.iter().all(is_label) && is_zone
}

/// What a later message must have in common with one that waits to take its place (RFC 8030 section 5.4): the news of one
/// ticket. Nothing takes the place of what was written.
pub fn topic(ticket: TicketId, kind: NoticeKind) -> Option<String> {
    (kind != NoticeKind::Reply).then(|| format!("ticket-{ticket}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_to_services_on_the_internet_and_to_nothing_else() {
        for service in [
            "https://fcm.googleapis.com/fcm/send/abc:APA91",
            "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
            "https://wns2-par02p.notify.windows.com/w/?token=BQ",
            "https://push.example:8443/x",
        ] {
            assert!(is_endpoint(service, false), "{service}");
        }
        for other in [
            "http://push.example/x",
            "https://push.example",
            "https://localhost/x",
            "https://127.0.0.1/x",
            "https://10.0.0.1/x",
            "https://[::1]/x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://127.0x1/x",
            "https://169.0XFEA9FE/x",
            "https://10.0X1:8443/x",
            "https://user@push.example/x",
            "https://push.example:0/x",
            "https://push.example:99999/x",
            "https://push..example/x",
            "https://push.example\\@evil.example/x",
            "https://push.example/x y",
            "file:///etc/passwd",
            "gopher://push.example/x",
            "",
        ] {
            assert!(!is_endpoint(other, false), "{other}");
        }
        assert!(!is_endpoint(&format!("https://push.example/{}", "x".repeat(LONGEST_ENDPOINT)), false));
        assert!(is_endpoint("http://127.0.0.1:4000/push/1", true));
        assert!(!is_endpoint("http://10.0.0.1:4000/push/1", true));
    }

    #[test]
    fn a_signature_is_for_the_service_with_its_port() {
        assert_eq!(origin("https://push.example:8443/x/y?z"), "https://push.example:8443");
        assert_eq!(origin("https://push.example/x"), "https://push.example");
    }

    #[test]
    fn a_later_status_takes_the_place_of_an_earlier_one_and_of_no_reply() {
        assert_eq!(topic(TicketId(42), NoticeKind::Warning).as_deref(), Some("ticket-42"));
        assert_eq!(topic(TicketId(42), NoticeKind::Reply), None);
        // RFC 8030: at most 32 characters of the URL-safe alphabet.
        assert!(topic(TicketId(i64::MAX), NoticeKind::Warning).unwrap().len() <= 32);
    }
}
