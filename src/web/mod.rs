//! Door: the CMs' pages, and the requesters'. Every act of a CM goes through `desk.run`, as it does from chat and from
//! the command line; what a page needs to know it reads from the desk, and draws with `pages`. May import: desk,
//! command, config, view, wording, reading, oauth, domain.
//!
//! In reading order: [`router`] (all the addresses), `line` and `guard` (before every page), `session` (who is there), `sign_in`,
//! `first` and `account` (how they came there), `list`, `bulk`, `admin`, `live`, `console`, `report`, `outbox`, `received` (the CMs'
//! pages), `docs` and `templates` (their resources), `people`, `agents` and `operations` (the leads'), `requester` (by signed link),
//! `pages` and `shown` (how they are drawn), `memory` (what a page remembers between two requests).

mod account;
mod admin;
mod agents;
mod api;
mod archive;
mod assets;
mod attempts;
mod bulk;
mod console;
mod docs;
mod first;
mod guard;
mod line;
mod list;
mod live;
mod memory;
mod operations;
mod ops;
mod outbox;
mod pages;
mod passwords;
mod people;
mod received;
mod report;
mod requester;
mod session;
mod shown;
mod sign_in;
mod syncs;
mod templates;
#[cfg(test)]
mod tests;
mod upload;
mod widget;

pub use syncs::Mailbox;

use crate::command::authorize::{Reserved, authorize_reserved};
use crate::config::Limits;
use crate::desk::{Desk, Failure};
use crate::domain::audit::By;
use crate::domain::people::Door;
use crate::domain::refusal::Refusal;
use crate::oauth::accounts::Accounts;
use crate::wording::{alerts, refusals, text};
use attempts::Attempts;
use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use chrono_tz::Tz;
use line::{Moving, Peers};
use live::Present;
use memory::{Flashes, Transcripts};
use pages::{Flash, Frame, Pages};
use session::{Act, Cookie, Session};
use shown::Here;
use upload::OneEach;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::Layer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// The largest form: a long reply several times over.
const LARGEST_FORM: usize = 1024 * 1024;

/// How much is read of a form with files at most, in bytes, whatever of it is kept.
const LARGEST_UPLOAD: usize = 64 << 20;

/// How many forms with files are read at once, how many large files are sent, and how many streams are open: the rest of the
/// pages must find a place too.
const UPLOADS_AT_ONCE: usize = 4;
const DOWNLOADS_AT_ONCE: usize = 8;
const STREAMS_AT_ONCE: usize = 64;

/// How many pages of CMs stay live by a stream; the rest ask every few seconds.
const LIVE_AT_ONCE: usize = 96;

/// The longest that files may take to come in.
const LONGEST_UPLOAD: Duration = Duration::from_secs(10 * 60);

/// The longest a page may take before the CM is told.
const LONGEST: Duration = Duration::from_secs(30);

/// Passwords hashed at once: each takes a core and 19 MiB.
const HASHED_AT_ONCE: usize = 2;

/// What the pages need to know of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whose desk it is: `BetTracker Pro`.
    pub brand: String,
    /// Where the pages are seen from outside: `https://support.example`. Cookies are `Secure` when it is https.
    pub public_url: String,
    /// The zone of the times shown.
    pub zone: Tz,
    /// The demo: everybody on this machine is signed in as the agent of this name, and nobody else gets in.
    /// `None` for `serve`.
    pub demo_agent: Option<String>,
    /// How large a mail and its files may be; what is sent by page as well.
    pub limits: Limits,
    /// The mailboxes that are read; `/readyz` says no when one of them was not read lately.
    pub mailboxes: Vec<Mailbox>,
    /// Whether a mail to ourselves is sent now and then.
    pub canary: bool,
    /// The platforms by whose accounts agents may sign in.
    pub accounts: Vec<Accounts>,
}

/// What every page works with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Web(Arc<Inner>);

struct Inner {
    desk: Desk,
    settings: Settings,
    pages: Pages,
    attempts: Attempts,
    /// The same for codes, which whoever has the password may try.
    codes: Attempts,
    /// The same for the password that an agent gives again, by session.
    own_passwords: Attempts,
    hashing: Semaphore,
    uploads: Arc<Semaphore>,
    one_each: OneEach,
    downloads: Arc<Semaphore>,
    /// The team does not wait behind requesters.
    team_uploads: Arc<Semaphore>,
    team_downloads: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    live_streams: Arc<Semaphore>,
    present: Present,
    flashes: Flashes,
    transcripts: Transcripts,
}

/// Every address of the pages. Serve it with [`serve`]: the demo must know who asks.
pub fn router(desk: Desk, settings: Settings) -> Router {
    let web = Web(Arc::new(Inner {
        desk,
        settings,
        pages: Pages::default(),
        attempts: Attempts::default(),
        codes: Attempts::default(),
        own_passwords: Attempts::default(),
        hashing: Semaphore::new(HASHED_AT_ONCE),
        uploads: Arc::new(Semaphore::new(UPLOADS_AT_ONCE)),
        one_each: OneEach::default(),
        downloads: Arc::new(Semaphore::new(DOWNLOADS_AT_ONCE)),
        team_uploads: Arc::new(Semaphore::new(UPLOADS_AT_ONCE)),
        team_downloads: Arc::new(Semaphore::new(DOWNLOADS_AT_ONCE)),
        streams: Arc::new(Semaphore::new(STREAMS_AT_ONCE)),
        live_streams: Arc::new(Semaphore::new(LIVE_AT_ONCE)),
        present: Present::default(),
        flashes: Flashes::default(),
        transcripts: Transcripts::default(),
    }));
    let for_leads = Router::new()
        .route("/admin/support/people", get(people::find).post(people::look_up))
        .route("/admin/support/people/{id}", get(people::person))
        .route("/admin/support/people/{id}/export", post(people::export))
        .route("/admin/support/people/{id}/erase", get(people::really_erase).post(people::erase))
        .route("/admin/support/tickets/{id}/person", get(people::of_ticket))
        .route("/admin/support/audit", get(people::audit))
        .route_layer(from_fn_with_state(Reserved::People, session::require_reserved))
        .route_layer(from_fn_with_state(web.clone(), session::require));
    let for_writers = Router::new()
        .route("/docs/write", get(docs::write_new).post(docs::make))
        .route("/docs/new-template", get(templates::write_new).post(templates::make))
        .route("/docs/templates/{key}/edit", get(templates::edit).post(templates::change))
        .route("/docs/templates/{key}/restore", post(templates::restore))
        .route("/docs/{section}/{slug}/edit", get(docs::edit).post(docs::change))
        .route_layer(from_fn_with_state(Reserved::Resources, session::require_reserved))
        .route_layer(from_fn_with_state(web.clone(), session::require));
    let for_operators = Router::new()
        .route("/admin/support/operations", get(operations::show))
        .route("/admin/support/operations/held/{id}/source", get(operations::source))
        .route("/admin/support/operations/held/{id}/replay", post(operations::replay))
        .route("/admin/support/operations/deliveries/{id}/resend", post(operations::resend))
        .route("/admin/support/operations/deliveries/{id}/sent", post(operations::mark_sent))
        .route("/admin/support/operations/posts/{id}/resend", post(operations::post_again))
        .route("/admin/support/operations/webhooks/resend", post(operations::tell_all_again))
        .route("/admin/support/operations/webhooks/{id}/resend", post(operations::tell_again))
        .route("/admin/support/operations/suppressed", post(operations::look_up))
        .route("/admin/support/operations/suppressed/resume", post(operations::resume))
        .route_layer(from_fn_with_state(Reserved::Operations, session::require_reserved))
        .route_layer(from_fn_with_state(web.clone(), session::require));
    let the_team = Router::new()
        .route("/admin/support/agents/{id}/invite", post(agents::invite))
        .route("/admin/support/agents/{id}/role", post(agents::set_role))
        .route("/admin/support/agents/{id}/link", post(agents::link_account))
        .route("/admin/support/agents/{id}/unlink", post(agents::unlink_account))
        .route("/admin/support/agents/{id}/sessions", post(agents::end_sessions))
        .route("/admin/support/agents/{id}/disable", post(agents::disable))
        .route("/admin/support/agents/{id}/enable", post(agents::enable))
        .route("/admin/support/agents/{id}/totp", post(agents::end_totp))
        .route("/admin/support/agents", post(agents::add))
        .route_layer(from_fn_with_state(Reserved::TeamChanges, session::require_reserved))
        .route("/admin/support/agents", get(agents::list))
        .route("/admin/support/agents/{id}", get(agents::agent))
        .route_layer(from_fn_with_state(Reserved::Team, session::require_reserved))
        .route_layer(from_fn_with_state(web.clone(), session::require));
    let signed_in = Router::new()
        .route("/docs", get(docs::home))
        .route("/docs/checklist", get(docs::checklist))
        .route("/docs/recurring", get(docs::recurring))
        .route("/docs/templates", get(templates::list))
        .route("/docs/templates/{key}", get(templates::template))
        .route("/docs/{section}", get(docs::list))
        .route("/docs/{section}/{slug}", get(docs::article))
        .route("/docs/{section}/{slug}/insert", get(docs::insert))
        .route("/admin/sign-out", post(session::sign_out))
        .route("/admin/support", get(list::list))
        .route("/admin/support/bulk", post(bulk::act))
        .route("/admin/account", get(account::account))
        .route("/admin/account/password", post(account::set_password))
        .route("/admin/account/sessions", post(account::close_others))
        .route("/admin/account/totp", get(account::show_totp).post(account::begin_totp))
        .route("/admin/account/totp.svg", get(account::qr_code))
        .route("/admin/account/totp/confirm", post(account::confirm_totp))
        .route("/admin/account/totp/off", post(account::end_totp))
        .route("/admin/support/revision", get(admin::revision))
        .route("/admin/support/undo", post(admin::undo))
        .route("/admin/support/console", get(console::show).post(console::say))
        .route("/admin/support/tickets/{id}", get(admin::ticket))
        .route("/admin/support/tickets/{id}/status", post(admin::set_status))
        .route("/admin/support/tickets/{id}/note", post(admin::note))
        .route("/admin/support/tickets/{id}/participants", post(admin::set_participants))
        .route("/admin/support/tickets/{id}/assign", post(admin::assign))
        .route("/admin/support/tickets/{id}/priority", post(admin::set_priority))
        .route("/admin/support/tickets/{id}/resend", post(admin::resend))
        .route("/admin/support/tickets/{id}/sent", post(admin::mark_sent))
        .route("/admin/support/tickets/{id}/resume", post(admin::resume))
        .route("/admin/support/tickets/{id}/more", post(admin::more))
        .route("/admin/support/tickets/{id}/split", post(admin::split))
        .route("/admin/support/tickets/{id}/draft", post(admin::keep_draft))
        .route("/admin/support/live", get(live::stream))
        .route("/admin/support/messages/{id}/source", get(received::source))
        .route("/admin/support/messages/{id}/html", get(received::html))
        .route("/admin/support/messages/{id}/attachments/{part}", get(received::attachment))
        .route("/admin/support/report", get(report::report))
        .route("/admin/support/report.csv", get(report::spreadsheet))
        .route("/admin/support/outbox", get(outbox::list))
        .route("/admin/support/outbox/{id}", get(outbox::mail))
        .route("/admin/support/outbox/{id}/html", get(outbox::mail_html))
        .route("/admin/support/outbox/{id}/source", get(outbox::mail_source))
        .route_layer(from_fn_with_state(web.clone(), session::require));
    let by_link = Router::new()
        .route("/u/{token}/ticket", get(requester::ticket))
        .route("/u/{token}/ticket/files/{message}/{part}", get(requester::file))
        .route("/u/{token}/tickets", get(requester::tickets))
        .route("/u/{token}/notifications", get(requester::notifications).post(requester::read))
        .route("/u/{token}/feedback", get(requester::ask).post(requester::give))
        .route("/u/{token}/push", post(requester::push::subscribe).delete(requester::push::unsubscribe))
        .route("/u/{token}/push/end", post(requester::push::end_all))
        .route("/u/{token}/push/known", post(requester::push::known))
        .route("/u/{token}/preferences", get(requester::preferences).post(requester::choose))
        .route("/u/{token}/unsubscribe", get(requester::offer_unsubscribe).post(requester::unsubscribe));
    let with_files = Router::new()
        .route("/admin/support/tickets/{id}/reply", post(admin::reply))
        .route_layer(from_fn_with_state(web.clone(), session::require))
        .route("/u/{token}/ticket", post(requester::answer))
        // It counts what it reads, and says what was too much.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LARGEST_UPLOAD))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST_UPLOAD));
    let for_machines = Router::new()
        .route("/healthz", get(ops::alive))
        .route("/readyz", get(ops::ready))
        .route("/metrics", get(ops::metrics))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST))
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM));
    Router::new()
        .route("/", get(session::home))
        .route("/admin/first", get(first::show).post(first::accept))
        .route("/admin/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/admin/sign-in/code", get(sign_in::ask_code).post(sign_in::give_code))
        .route("/admin/sign-in/{platform}", get(sign_in::leave))
        .route("/admin/sign-in/{platform}/back", get(sign_in::come_back))
        .route("/assets/{name}", get(assets::serve))
        .merge(signed_in)
        .merge(for_leads)
        .merge(for_writers)
        .merge(for_operators)
        .merge(the_team)
        .merge(by_link)
        .merge(widget::router())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST))
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
        .merge(with_files)
        .merge(api::router())
        .fallback(async || Problem::NotFound)
        .layer(from_fn_with_state(web.clone(), guard::check))
        .merge(for_machines)
        .layer(CatchPanicLayer::custom(|_| Problem::from(anyhow::anyhow!("a page panicked")).into_response()))
        .layer(from_fn_with_state(web.clone(), draw_problems))
        .layer(from_fn_with_state(web.clone(), guard::headers))
        .layer(CompressionLayer::new().gzip(true))
        .with_state(web)
}

/// How long a client may take to say what it wants: one that trickles its header keeps a place from others.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections served at once; a further one waits to be accepted. Mail must always find a file to open.
const MOST_CONNECTIONS: usize = 256;
/// How long answers may take to end once the pages are asked to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// The pause when the system has no connection to give: accepting at once would only ask again.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves the pages until `stop` resolves; what is being answered then is answered to its end, if that comes soon.
///
/// # Errors
/// Never: a connection that fails is its own affair.
pub async fn serve(
    listener: TcpListener,
    pages: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let peers = Peers::default();
    tokio::pin!(stop);
    loop {
        let place = Arc::clone(&places);
        let next = async { (place.acquire_owned().await, listener.accept().await) };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // One that has as many as it may is hung up on.
        let Some(counted) = peers.enter(peer.ip()) else { continue };
        // A stream of events is small frames: none waits until the one before it is acknowledged.
        let _ = stream.set_nodelay(true);
        let service = Extension(ConnectInfo(peer)).layer(pages.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .serve_connection(TokioIo::new(Moving::new(stream)), TowerToHyperService::new(service));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A client that went away, or never spoke, is no fault of ours.
            let _ = connection.await;
            drop((place, counted));
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(LAST_ANSWERS, connections.shutdown()).await;
    Ok(())
}

impl Web {
    fn desk(&self) -> &Desk {
        &self.0.desk
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    fn pages(&self) -> &Pages {
        &self.0.pages
    }

    fn attempts(&self) -> &Attempts {
        &self.0.attempts
    }

    fn codes(&self) -> &Attempts {
        &self.0.codes
    }

    fn own_passwords(&self) -> &Attempts {
        &self.0.own_passwords
    }

    fn hashing(&self) -> &Semaphore {
        &self.0.hashing
    }

    fn uploads(&self) -> &Arc<Semaphore> {
        &self.0.uploads
    }

    fn one_each(&self) -> &OneEach {
        &self.0.one_each
    }

    fn downloads(&self) -> &Arc<Semaphore> {
        &self.0.downloads
    }

    fn team_uploads(&self) -> &Arc<Semaphore> {
        &self.0.team_uploads
    }

    fn team_downloads(&self) -> &Arc<Semaphore> {
        &self.0.team_downloads
    }

    fn streams(&self) -> &Arc<Semaphore> {
        &self.0.streams
    }

    fn live_streams(&self) -> &Arc<Semaphore> {
        &self.0.live_streams
    }

    fn present(&self) -> &Present {
        &self.0.present
    }

    fn flashes(&self) -> &Flashes {
        &self.0.flashes
    }

    fn transcripts(&self) -> &Transcripts {
        &self.0.transcripts
    }

    /// The desk, whose acts the audit log tells as those of this agent on a page.
    fn acting(&self, session: &Session) -> Desk {
        self.desk().acting(By::agent(&session.agent, Door::Web))
    }

    /// Remembers what a form did, and leads to a page of ours that says so.
    fn answered(&self, act: &Act, address: &str, flash: Flash) -> Response {
        self.flashes().keep(&act.session.hash, act.key(), flash, self.here().now);
        act.led_to(address)
    }

    fn is_https(&self) -> bool {
        self.settings().public_url.starts_with("https://")
    }

    /// Over https the name itself makes browsers refuse a cookie set by another host or without `Secure`.
    fn session_cookie(&self) -> Cookie {
        Cookie::session(self.is_https())
    }

    fn step_cookie(&self) -> Cookie {
        Cookie::step(self.is_https())
    }

    fn here(&self) -> Here {
        Here { now: self.desk().clock().now(), zone: self.settings().zone }
    }

    /// The frame of a page that nobody is signed in to.
    fn bare_frame(&self, place: &'static str) -> Frame {
        Frame {
            brand: self.settings().brand.clone(),
            place,
            subject: None,
            agent: None,
            lead: false,
            demo: self.settings().demo_agent.is_some(),
            csrf: String::new(),
            key: String::new(),
            revision: None,
            alerts: Vec::new(),
            sync: None,
            flash: None,
            own: None,
        }
    }

    /// The frame of an agent's page. The revision is read before the page's content: a change in between makes
    /// the page refresh once more, never once too few.
    async fn frame(&self, session: &Session, place: &'static str) -> Result<Frame, Problem> {
        Ok(Frame {
            agent: Some(session.agent.name.clone()),
            lead: authorize_reserved(&session.agent, Reserved::People).is_ok(),
            csrf: session.csrf.clone(),
            key: session::random_word(16)?,
            revision: Some(self.desk().revision().await?),
            alerts: self.desk().alerts().await?.iter().map(alerts::alert).collect(),
            sync: self.sync_line().await?,
            ..self.bare_frame(place)
        })
    }
}

/// Why there is no page. Drawn by [`draw_problems`].
#[derive(Debug)]
pub(crate) enum Problem {
    NotFound,
    /// It was not made by a page of this session.
    NotYours,
    /// Another host was asked for than this machine.
    WrongHost,
    /// A field is missing or holds what no page of ours sends.
    BadForm,
    TooLarge,
    /// Nothing more came of what was being sent.
    TooSlow,
    /// A mail nested too deeply to be opened.
    Unreadable,
    /// The desk said no, and no page of its own tells it.
    Refused(Refusal),
    /// Our fault.
    Broken(anyhow::Error),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(Refusal::NoSuchTicket(_) | Refusal::NoSuchDelivery(_)) => Problem::NotFound,
            Failure::Refused(refusal) => Problem::Refused(refusal),
            Failure::Broken(error) => Problem::Broken(error),
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Problem::Broken(error)
    }
}

impl From<minijinja::Error> for Problem {
    fn from(error: minijinja::Error) -> Self {
        Problem::Broken(anyhow::Error::from(error).context("a page could not be drawn"))
    }
}

/// A problem on its way to [`draw_problems`], which has the templates.
#[derive(Debug, Clone)]
struct Undrawn {
    kind: &'static str,
    said: String,
    reference: Option<String>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut undrawn = Undrawn { kind: "broken", said: String::new(), reference: None };
        let status;
        (undrawn.kind, status) = match self {
            Problem::NotFound => ("not_found", StatusCode::NOT_FOUND),
            Problem::NotYours => ("not_yours", StatusCode::FORBIDDEN),
            Problem::WrongHost => ("wrong_host", StatusCode::FORBIDDEN),
            Problem::BadForm => ("bad_form", StatusCode::BAD_REQUEST),
            Problem::TooLarge => ("too_large", StatusCode::PAYLOAD_TOO_LARGE),
            Problem::TooSlow => ("too_slow", StatusCode::SERVICE_UNAVAILABLE),
            Problem::Unreadable => ("unreadable", StatusCode::UNPROCESSABLE_ENTITY),
            Problem::Refused(refusal) => {
                undrawn.said = text::sentence(&refusals::say(&refusal), false);
                ("refused", StatusCode::CONFLICT)
            }
            Problem::Broken(error) => {
                // Without a random number the page goes out without a reference; the log line still stands.
                undrawn.reference = session::random_word(6).ok();
                let reference = undrawn.reference.as_deref().unwrap_or("none");
                tracing::error!(reference, error = format!("{error:#}"), "a page failed");
                ("broken", StatusCode::INTERNAL_SERVER_ERROR)
            }
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(undrawn);
        response
    }
}

/// Gives every problem its French page: ours, and those that the layers below answer in bare English.
async fn draw_problems(State(web): State<Web>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let for_host = api::is_host(path);
    let for_machines = for_host || matches!(path, "/healthz" | "/readyz" | "/metrics");
    let for_requester = requester::is_own(request.uri().path());
    let mut response = next.run(request).await;
    let status = response.status();
    let undrawn = response.extensions_mut().remove::<Undrawn>();
    if for_host && !api::is_told(&response) && (status.is_client_error() || status.is_server_error()) {
        return api::told(status);
    }
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    // A script of ours that asked is answered as it asked.
    if for_machines
        || is_page
        || api::is_told(&response)
        || !(status.is_client_error() || status.is_server_error())
    {
        return response;
    }
    // Without words of ours, it is an address that cannot be read: `/tickets/x` leads nowhere.
    let status = match status {
        StatusCode::BAD_REQUEST if undrawn.is_none() => StatusCode::NOT_FOUND,
        status => status,
    };
    let undrawn = undrawn.unwrap_or_else(|| Undrawn {
        kind: match status {
            StatusCode::PAYLOAD_TOO_LARGE => "too_large",
            StatusCode::SERVICE_UNAVAILABLE => "too_slow",
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => "bad_form",
            _ if status.is_server_error() => "broken",
            _ => "not_found",
        },
        said: String::new(),
        reference: None,
    });
    let (frame, reference) = (web.bare_frame("problem"), undrawn.reference.as_deref());
    let drawn = match for_requester {
        true => web.pages().own_problem(&frame, undrawn.kind, reference),
        false => web.pages().problem(&frame, undrawn.kind, &undrawn.said, reference),
    };
    match drawn {
        Ok(page) => {
            let (mut parts, _) = response.into_parts();
            // The length and the type were those of the body that is replaced.
            parts.headers.remove(header::CONTENT_LENGTH);
            parts.headers.remove(header::CONTENT_TYPE);
            let mut drawn = (status, Html(page)).into_response();
            drawn.headers_mut().extend(parts.headers);
            drawn
        }
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the problem page could not be drawn");
            response
        }
    }
}

/// A body of bytes with its type and policy, for what came or left by mail.
fn sealed(media_type: &'static str, policy: &'static str, body: impl Into<Body>) -> Response {
    let headers: [(HeaderName, &'static str); 2] =
        [(header::CONTENT_TYPE, media_type), (header::CONTENT_SECURITY_POLICY, policy)];
    (headers, body.into()).into_response()
}
