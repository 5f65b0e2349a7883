//! What stands before every page: which host may be asked for, which origin may post, and the headers that
//! every answer carries. May import: nothing of ours but its own door.

use super::api::is_host;
use super::requester::{is_own, takes_one_click};
use super::widget::is_bell;
use super::{Problem, Web};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;

/// Nothing but our own files: no inline script or style, no other host, no frame around us.
pub const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'; connect-src 'self'; frame-src 'self'";

/// For a mail's own HTML: an origin of its own, no script, no form, nothing loaded from anywhere.
pub const MAIL_POLICY: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/// For the HTML of a mail that came in: as for ours, and a link opens outside.
pub const RECEIVED_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
    style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/// The same once the CM asked for the pictures that lie elsewhere.
pub const RECEIVED_POLICY_REMOTE: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
    style-src 'unsafe-inline'; img-src data: https:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

/// For a file that came by mail: shown or saved, never able to act.
pub const FILE_POLICY: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// Adds what every answer carries; a handler that chose its own policy keeps it.
pub async fn headers(State(web): State<Web>, request: Request, next: Next) -> Response {
    // The address of a requester's page is a secret, and no other page is told it.
    let referrer = if is_own(request.uri().path()) { "no-referrer" } else { "same-origin" };
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, referrer);
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    set(HeaderName::from_static("x-robots-tag"), "noindex, nofollow");
    if web.is_https() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

/// Refuses a request that asks for another host than ours in the demo, and one that would change something
/// without coming from one of our pages.
pub async fn check(State(web): State<Web>, request: Request, next: Next) -> Response {
    if web.settings().demo_agent.is_some() {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        let near = peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
        if !near || !asks_this_machine(request.headers(), request.uri()) {
            return Problem::WrongHost.into_response();
        }
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let (headers, uri, public_url) = (request.headers(), request.uri(), &web.settings().public_url);
    let may_act = match uri.path() {
        // Its token is what a forger lacks, and no browser sends it by itself.
        path if takes_one_click(path) || is_host(path) || is_bell(path) => true,
        path if is_own(path) => !is_from_another_page(headers, uri, public_url),
        _ => is_from_own_page(headers, uri, public_url),
    };
    if !reads && !may_act {
        return Problem::NotYours.into_response();
    }
    next.run(request).await
}

/// The host asked for, with its port.
fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    match headers.get(header::HOST) {
        Some(value) => value.to_str().ok(),
        None => uri.authority().map(|authority| authority.as_str()),
    }
}

/// Whether this machine was asked for by a name of its own.
pub fn asks_this_machine(headers: &HeaderMap, uri: &Uri) -> bool {
    host(headers, uri).is_some_and(is_loopback_name)
}

/// Whether a host, with or without a port, is one of this machine's own names. A page of another site whose
/// name was made to point here (DNS rebinding) is told by this.
pub fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((name, port)) if port.is_empty() || port.starts_with(':') => name,
            _ => return false,
        },
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.to_ascii_lowercase();
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a request that changes something was made by one of our own pages: the browser says so, and its
/// origin is the host asked for or the public address. A request that says neither is refused.
pub fn is_from_own_page(headers: &HeaderMap, uri: &Uri, public_url: &str) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if site.is_some_and(|site| site != b"same-origin") {
        return false;
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => is_own_origin(origin, headers, uri, public_url),
        None => site.is_some(),
    }
}

/// Whether a browser says that a request was made by a page that is not ours. On a requester's page the secret in the
/// address is what a forger lacks, and a page that sends no referrer has `null` for its origin: what is not known to be
/// foreign passes.
pub fn is_from_another_page(headers: &HeaderMap, uri: &Uri, public_url: &str) -> bool {
    match (headers.get("sec-fetch-site"), headers.get(header::ORIGIN)) {
        (Some(site), _) => site != "same-origin",
        (None, Some(origin)) => origin != "null" && !is_own_origin(origin, headers, uri, public_url),
        (None, None) => false,
    }
}

fn is_own_origin(origin: &HeaderValue, headers: &HeaderMap, uri: &Uri, public_url: &str) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    if origin.eq_ignore_ascii_case(public_url.trim_end_matches('/')) {
        return true;
    }
    let named = origin.split_once("://").map(|(_, host)| host);
    named.is_some() && named == host(headers, uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(fields: &[(&'static str, &'static str)]) -> bool {
        let headers: HeaderMap = fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        is_from_own_page(&headers, &Uri::from_static("/admin/support"), "https://support.example/")
    }

    #[test]
    fn only_our_own_pages_may_post() {
        let host = ("host", "localhost:3000");
        assert!(asked(&[host, ("origin", "http://localhost:3000")]));
        assert!(asked(&[host, ("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")]));
        assert!(asked(&[host, ("sec-fetch-site", "same-origin")]));
        // Behind a proxy that rewrites Host, the public address is ours too.
        assert!(asked(&[host, ("origin", "https://support.example")]));
        for stranger in [
            &[host][..],
            &[host, ("origin", "null")],
            &[host, ("origin", "http://localhost:4000")],
            &[host, ("origin", "http://evil.example")],
            &[host, ("origin", "https://support.example.evil.example")],
            &[host, ("origin", "http://localhost:3000"), ("sec-fetch-site", "cross-site")],
            &[host, ("origin", "http://localhost:3000"), ("sec-fetch-site", "same-site")],
            &[host, ("sec-fetch-site", "none")],
            &[("origin", "http://localhost:3000")],
        ] {
            assert!(!asked(stranger), "{stranger:?}");
        }
    }

    #[test]
    fn a_requesters_page_is_refused_only_what_a_browser_calls_foreign() {
        let foreign = |fields: &[(&'static str, &'static str)]| {
            let headers: HeaderMap = fields
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            is_from_another_page(&headers, &Uri::from_static("/u/x/preferences"), "https://support.example/")
        };
        let host = ("host", "localhost:3000");
        for ours in [
            &[host][..],
            &[host, ("origin", "null")],
            &[host, ("origin", "null"), ("sec-fetch-site", "same-origin")],
            &[host, ("origin", "http://localhost:3000")],
            &[host, ("origin", "https://support.example")],
        ] {
            assert!(!foreign(ours), "{ours:?}");
        }
        for theirs in [
            &[host, ("origin", "http://evil.example")][..],
            &[host, ("origin", "null"), ("sec-fetch-site", "cross-site")],
            &[host, ("origin", "http://localhost:3000"), ("sec-fetch-site", "same-site")],
            &[host, ("sec-fetch-site", "none")],
        ] {
            assert!(foreign(theirs), "{theirs:?}");
        }
    }

    #[test]
    fn a_name_that_was_made_to_point_here_is_not_ours() {
        for ours in ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.8.8.8", "[::1]", "[::1]:3000"] {
            assert!(is_loopback_name(ours), "{ours}");
        }
        for other in [
            "evil.example:3000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.1.2",
            "[::2]",
            "[::1]x",
            "",
        ] {
            assert!(!is_loopback_name(other), "{other}");
        }
    }
}
