//! Who is at the page: the session's cookie, the token against forged requests. Deny by default: [`require`] stands before every
//! page of the team but those of `sign_in` and `first`; requesters and machines come by other roads. May import: command, desk,
//! domain.
//!
//! The cookie holds 256 random bits; the database holds only their SHA-256.

use super::upload::{self, Upload};
use super::{Problem, Web};
use crate::command::authorize::{Reserved, authorize_reserved};
use crate::desk::posted::File;
use crate::domain::hex::{hex, percent_encoded};
use crate::domain::people::{Agent, Road};
use anyhow::{Context, anyhow};
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Form, RequestExt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// How long a session lasts: a working day with its breaks.
const LASTS: TimeDelta = TimeDelta::hours(12);

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who.
    pub agent: Agent,
    /// SHA-256 of the cookie, hexadecimal: the session's name in the database.
    pub hash: String,
    /// The token every form carries. Made from the cookie, which no other site can read.
    pub csrf: String,
}

impl Session {
    fn new(agent: Agent, token: &str) -> Self {
        let csrf = digest(&SHA256, format!("csrf {token}").as_bytes());
        Session { agent, hash: token_hash(token), csrf: URL_SAFE_NO_PAD.encode(csrf) }
    }
}

/// Only [`require`] puts a session into a request; without it there is no page.
impl FromRequestParts<Web> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _web: &Web) -> Result<Self, Problem> {
        parts.extensions.get::<Session>().cloned().ok_or(Problem::NotYours)
    }
}

/// The type of a form with files (RFC 7578).
const MULTIPART: &[u8] = b"multipart/form-data";

/// A form that was sent by one of the session's own pages.
#[derive(Debug)]
pub struct Act {
    /// Who sent it.
    pub session: Session,
    /// The same for the same form sent twice, another for anything else.
    pub source_key: String,
    sent: Upload,
}

impl Act {
    /// The value of a field; empty when it is not there.
    pub fn field(&self, name: &str) -> &str {
        self.sent.field(name)
    }

    /// The values of a field that may be there several times.
    pub fn fields<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.sent.fields.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What the page that follows calls it by.
    pub fn key(&self) -> &str {
        self.source_key.trim_start_matches("web:")
    }

    /// Leads to a page of ours, which says what the form did, also the first of several times.
    pub fn led_to(&self, address: &str) -> Response {
        let (page, part) =
            address.split_once('#').map_or((address, ""), |(page, _)| (page, &address[page.len()..]));
        let with = if page.contains('?') { '&' } else { '?' };
        Redirect::to(&format!("{page}{with}done={}{part}", self.key())).into_response()
    }

    /// Files came with it, whether they can be taken or not: a browser does not send them a second time by itself.
    pub fn had_files(&self) -> bool {
        self.sent.had_files
    }

    /// The files that came with it, or why the form cannot be taken.
    pub fn take_files(&mut self) -> Result<Vec<File>, String> {
        match self.sent.refused.take() {
            Some(refused) => Err(refused),
            None => Ok(std::mem::take(&mut self.sent.files)),
        }
    }
}

impl FromRequest<Web> for Act {
    type Rejection = Problem;

    async fn from_request(mut request: Request, web: &Web) -> Result<Self, Problem> {
        let session: Session = request.extract_parts_with_state(web).await?;
        let path = request.uri().path().to_owned();
        let has_files = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| {
            kind.as_bytes().get(..MULTIPART.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(MULTIPART))
        });
        let sent = if has_files {
            upload::read(web, Multipart::from_request(request, web).await, web.team_uploads()).await?
        } else {
            let form = Form::<Vec<(String, String)>>::from_request(request, web).await;
            let Form(fields) = form.map_err(|rejection| match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
                _ => Problem::BadForm,
            })?;
            Upload { fields, ..Upload::default() }
        };
        let mut act = Act { session, source_key: String::new(), sent };
        if !is_same(act.field("csrf"), &act.session.csrf) {
            return Err(Problem::NotYours);
        }
        if act.field("key").is_empty() {
            return Err(Problem::BadForm);
        }
        // The content counts too: going back, changing the text and sending again is another act.
        let mut hash = ring::digest::Context::new(&SHA256);
        hash.update(&act.session.agent.id.0.to_be_bytes());
        let fields = act.sent.fields.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        let files = act.sent.files.iter().flat_map(|file| [file.name.as_bytes(), &file.bytes]);
        for piece in std::iter::once(path.as_bytes()).chain(fields).chain(files) {
            hash.update(&(piece.len() as u64).to_be_bytes());
            hash.update(piece);
        }
        act.source_key = format!("web:{}", URL_SAFE_NO_PAD.encode(hash.finish()));
        Ok(act)
    }
}

/// Compares without telling by its duration where two texts differ.
pub(super) fn is_same(given: &str, expected: &str) -> bool {
    given.len() == expected.len()
        && given.bytes().zip(expected.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// Random bytes that fit into a cookie or a form.
pub fn random_word(bytes: usize) -> anyhow::Result<String> {
    let mut word = vec![0; bytes];
    SystemRandom::new().fill(&mut word).map_err(|_| anyhow!("the system gives no random numbers"))?;
    Ok(URL_SAFE_NO_PAD.encode(word))
}

/// What the database knows of a token.
pub(super) fn token_hash(token: &str) -> String {
    hex(digest(&SHA256, token.as_bytes()).as_ref())
}

/// Lets a signed-in agent through. In the demo everybody is: [`super::guard::check`] let only this machine in.
pub async fn require(State(web): State<Web>, mut request: Request, next: Next) -> Result<Response, Problem> {
    if let Some(session) = signed_in(&web, request.headers()).await? {
        request.extensions_mut().insert(session);
        return Ok(next.run(request).await);
    }
    if let Some(name) = &web.settings().demo_agent {
        let agent = web.desk().agent_by_name(name).await?;
        let agent = agent.ok_or_else(|| anyhow!("the demo's agent does not exist"))?;
        let (session, cookie) = open(&web, agent, Road::Demo).await?;
        request.extensions_mut().insert(session);
        let mut response = next.run(request).await;
        response.headers_mut().append(header::SET_COOKIE, cookie);
        return Ok(response);
    }
    if *request.method() != Method::GET {
        return Err(Problem::NotYours);
    }
    let here = request.uri().path_and_query().map_or("/admin/support", |path| path.as_str());
    if request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return Ok(Html(web.pages().opening(&web.bare_frame("opening"), here)?).into_response());
    }
    let address = format!("/admin/sign-in?next={}", percent_encoded(here));
    Ok(Redirect::to(&address).into_response())
}

/// Lets those through who may see what is reserved, behind [`require`].
pub async fn require_reserved(
    State(what): State<Reserved>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let session = request.extensions().get::<Session>().ok_or(Problem::NotYours)?;
    authorize_reserved(&session.agent, what).map_err(Problem::Refused)?;
    Ok(next.run(request).await)
}

async fn signed_in(web: &Web, headers: &HeaderMap) -> Result<Option<Session>, Problem> {
    let Some(token) = cookie(headers, web.session_cookie().name) else { return Ok(None) };
    let agent = web.desk().session(&token_hash(token)).await?;
    Ok(agent.map(|agent| Session::new(agent, token)))
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// A session with a token of its own: one that was known before signing in is never kept.
pub(super) async fn open(web: &Web, agent: Agent, road: Road) -> Result<(Session, HeaderValue), Problem> {
    let token = random_word(32)?;
    let until = web.desk().clock().now() + LASTS;
    web.desk().open_session(agent.id, &token_hash(&token), road, until).await?;
    let cookie = web.session_cookie().set(&token, LASTS)?;
    Ok((Session::new(agent, &token), cookie))
}

/// Ends the session that a browser comes with, if it does.
pub(super) async fn close(web: &Web, headers: &HeaderMap) -> Result<(), Problem> {
    match cookie(headers, web.session_cookie().name) {
        Some(token) => Ok(web.desk().close_session(&token_hash(token)).await?),
        None => Ok(()),
    }
}

/// A cookie of ours, which no script reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cookie {
    /// Its name; that of https begins so that no other host can set it.
    pub(super) name: &'static str,
    same_site: &'static str,
    is_secure: bool,
}

impl Cookie {
    /// Sent with no request that another site caused.
    pub(super) fn session(is_https: bool) -> Cookie {
        let name = if is_https { "__Host-guichet" } else { "guichet" };
        Cookie { name, same_site: "Strict", is_secure: is_https }
    }

    /// Of a sign-in under way: it must come along when a browser comes back from another site.
    pub(super) fn step(is_https: bool) -> Cookie {
        let name = if is_https { "__Host-guichet-step" } else { "guichet-step" };
        Cookie { name, same_site: "Lax", is_secure: is_https }
    }

    /// The header that sets it.
    pub(super) fn set(self, token: &str, lasts: TimeDelta) -> Result<HeaderValue, Problem> {
        let Cookie { name, same_site, is_secure } = self;
        let (seconds, secure) = (lasts.num_seconds(), if is_secure { "; Secure" } else { "" });
        let cookie =
            format!("{name}={token}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={seconds}{secure}");
        Ok(HeaderValue::from_str(&cookie).context("a cookie that is no header value")?)
    }

    /// The header that takes it away.
    pub(super) fn end(self) -> Result<HeaderValue, Problem> {
        self.set("", TimeDelta::zero())
    }
}

/// `POST /admin/sign-out`.
pub async fn sign_out(State(web): State<Web>, act: Act) -> Result<Response, Problem> {
    web.desk().close_session(&act.session.hash).await?;
    let cookie = web.session_cookie().end()?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/admin/sign-in")).into_response())
}

/// `GET /`.
pub async fn home() -> Redirect {
    Redirect::to("/admin/support")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let headers: HeaderMap =
            [(header::COOKIE, HeaderValue::from_static("a=b; guichet=; xguichet=1; guichet=tok=en; c=d"))]
                .into_iter()
                .collect();
        assert_eq!(cookie(&headers, "guichet"), Some("tok=en"));
        assert_eq!(cookie(&headers, "absent"), None);
    }

    #[test]
    fn tokens_are_compared_whole() {
        assert!(is_same("abc", "abc"));
        assert!(!is_same("abd", "abc") && !is_same("ab", "abc") && !is_same("", "abc"));
    }

    #[test]
    fn the_form_token_is_not_the_sessions_name() {
        let agent = Agent {
            id: crate::domain::ids::AgentId(1),
            name: "Camille".into(),
            role: crate::domain::people::Role::Agent,
        };
        let session = Session::new(agent, "token");
        assert_ne!(session.csrf, session.hash);
        assert!(!session.csrf.contains("token"));
        assert_eq!(session.hash.len(), 64);
    }
}
