//! The pages over HTTP: signing in, what is refused before a page, and every act from its form to the database.

use crate::support::chromium::Chromium;
use crate::support::desk::{Database, PUBLIC_URL, TestDesk, page_settings, serve_pages};
use argon2::PasswordHasher;
use guichet::desk::deliver::Composed;
use guichet::domain::alert::AlertKind;
use guichet::domain::delivery::DeliveryState;
use guichet::domain::event::EventKind;
use guichet::domain::ids::{MessageId, TicketId};
use guichet::domain::people::Role;
use guichet::domain::ticket::{Priority, Status};
use guichet::outbound::compose::{Letterhead, compose};
use guichet::view::TicketView;
use guichet::web::{Mailbox, Settings};
use guichet::wording::templates::Templates;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const PASSWORD: &str = "correct horse";

/// A desk behind its pages, and a browser that keeps one cookie.
pub(crate) struct Site {
    pub(crate) desk: TestDesk,
    pub(crate) address: SocketAddr,
    cookie: String,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The value of the first field of this name in a form.
    pub(crate) fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest =
            self.body.split(&start).nth(1).unwrap_or_else(|| panic!("no field {name} in {}", self.body));
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}

/// A mailbox that must have been read within five minutes.
fn mailbox(host: &str) -> Mailbox {
    let oldest = Duration::from_secs(300);
    Mailbox { name: format!("imap:{host}"), label: format!("INBOX@{host}"), oldest }
}

impl Site {
    pub(crate) async fn open(database: Database, demo: bool, mailboxes: Vec<Mailbox>) -> Site {
        Site::of(TestDesk::new(database).await, demo, mailboxes).await
    }

    /// The pages of this desk, to which Camille has a password.
    pub(crate) async fn of(desk: TestDesk, demo: bool, mailboxes: Vec<Mailbox>) -> Site {
        // Cheap parameters: what is tested is that the hash is asked, not its price.
        let params = argon2::Params::new(8, 1, 1, None).unwrap();
        let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let hash = argon2.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
        desk.desk.set_password_hash(desk.camille.id, &hash).await.unwrap();
        let settings = Settings { mailboxes, ..page_settings("http://localhost:3000", demo) };
        let address = serve_pages(&desk.desk, settings).await;
        Site { desk, address, cookie: String::new() }
    }

    /// A site with Léa's mail as ticket 1, and Camille signed in.
    pub(crate) async fn signed_in(database: Database) -> Site {
        let mut site = Site::open(database, false, Vec::new()).await;
        site.desk
            .mail(
                "From: =?utf-8?q?L=C3=A9a_Fontaine?= <lea@courriel.example>\nTo: support@bettracker.example\n\
                 Subject: Paiement <b>&</b>\nMessage-ID: <1@courriel.example>\nMIME-Version: 1.0\n\
                 Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nBonjour <script>\n\
                 --x\nContent-Type: text/html\nContent-Disposition: attachment; filename=\"page.html\"\n\n<script>alert(1)</script>\n--x--\n",
            )
            .await;
        let answer = site.sign_in("camille", PASSWORD).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/admin/support")));
        site.keep_cookie(&answer);
        site
    }

    /// Signs Alix in, who leads the team.
    pub(crate) async fn led(&mut self) {
        let desk = &self.desk.desk;
        let hash = desk.password_hash(self.desk.camille.id).await.unwrap().expect("Camille has one");
        let lead = desk.add_agent("Alix", Role::Lead).await.unwrap().unwrap();
        desk.set_password_hash(lead.id, &hash).await.unwrap();
        let answer = self.sign_in("Alix", PASSWORD).await;
        self.keep_cookie(&answer);
    }

    pub(crate) fn keep_cookie(&mut self, answer: &Answer) {
        let cookie = answer.header("set-cookie").expect("a cookie is set");
        self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    }

    async fn ask(&self, request: String) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.replace("\r\n", "\n"), body: body.to_owned() }
    }

    /// Sends a form and gives back what is downloaded, byte for byte, after its head.
    pub(crate) async fn download(&self, path: &str, fields: &[(&str, &str)]) -> (String, Vec<u8>) {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let (body, cookie) = (body.join("&"), &self.cookie);
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:3000\r\nCookie: {cookie}\r\nOrigin: http://localhost:3000\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let (mut whole, mut rest) = (Vec::new(), &bytes[end + 4..]);
        // In chunks (RFC 9112, section 7.1), since nobody knows its length.
        while let Some(line) = rest.windows(2).position(|window| window == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
            whole.extend(&rest[line + 2..line + 2 + size]);
            rest = &rest[line + 2 + size + 2..];
            if size == 0 {
                break;
            }
        }
        (head, whole)
    }

    /// Asks for a page that never ends, and leaves the rest to be read.
    pub(crate) async fn open_stream(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let cookie = &self.cookie;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:3000\r\nCookie: {cookie}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, "localhost:3000", "").await
    }

    async fn get_with(&self, path: &str, host: &str, headers: &str) -> Answer {
        let cookie = &self.cookie;
        self.ask(format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n{headers}Connection: close\r\n\r\n"
        ))
        .await
    }

    async fn post_with(&self, path: &str, headers: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let (body, cookie) = (body.join("&"), &self.cookie);
        self.ask(format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:3000\r\nCookie: {cookie}\r\n{headers}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ))
        .await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, "Origin: http://localhost:3000\r\nSec-Fetch-Site: same-origin\r\n", fields).await
    }

    pub(crate) async fn sign_in(&self, name: &str, password: &str) -> Answer {
        self.post("/admin/sign-in", &[("name", name), ("password", password)]).await
    }

    /// Sends a form of `page` as a browser does, hidden fields included, and follows to the page after it.
    pub(crate) async fn act(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = self.get(page).await;
        let (csrf, key) = (form.field("csrf"), form.field("key"));
        let fields = [&[("csrf", csrf.as_str()), ("key", key.as_str())], fields].concat();
        let answer = self.post(path, &fields).await;
        match answer.header("location") {
            Some(location) => self.get(location.split('#').next().unwrap_or_default()).await,
            None => answer,
        }
    }

    /// Presses « Annuler » under what a page says was done.
    async fn undo(&self, page: &Answer) -> Answer {
        let (act, ticket) = (page.field("act"), page.field("ticket"));
        self.act(TICKET, "/admin/support/undo", &[("act", act.as_str()), ("ticket", ticket.as_str())]).await
    }

    async fn ticket(&self) -> TicketView {
        self.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap()
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

const TICKET: &str = "/admin/support/tickets/1";

// ---------- before the pages

async fn every_answer_carries_the_strict_headers(database: Database) {
    let site = Site::open(database, false, Vec::new()).await;
    for path in ["/admin/sign-in", "/nowhere", "/healthz", "/admin/support/tickets/x", "/admin/support"] {
        let answer = site.get(path).await;
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; \
                 frame-ancestors 'none'; base-uri 'none'; connect-src 'self'; frame-src 'self'",
            ),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}: {}", answer.head);
        }
    }
}

async fn assets_are_kept_for_ever_under_a_name_with_their_hash(database: Database) {
    let site = Site::open(database, true, Vec::new()).await;
    let page = site.get("/admin/support").await.body;
    let style =
        page.split("rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let answer = site.get(style).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(site.get("/assets/style.000000000000.css").await.status, 404);
}

async fn nothing_is_found_in_french(database: Database) {
    let site = Site::open(database, false, Vec::new()).await;
    let answer = site.get("/nowhere").await;
    assert_eq!((answer.status, answer.header("content-type")), (404, Some("text/html; charset=utf-8")));
    assert!(answer.body.contains("Page introuvable"), "{}", answer.body);
    assert_eq!(site.get("/").await.header("location"), Some("/admin/support"));
}

async fn without_a_session_every_page_leads_to_the_sign_in(database: Database) {
    let site = Site::open(database, false, Vec::new()).await;
    for path in [
        "",
        "/revision",
        "/console",
        "/tickets/1",
        "/messages/1/source",
        "/messages/1/attachments/2",
        "/messages/1/html",
        "/outbox",
        "/outbox/1/html",
        "/people",
        "/people/1",
        "/people/1/erase",
        "/tickets/1/person",
        "/audit",
    ] {
        let answer = site.get(&format!("/admin/support{path}")).await;
        let next = format!("/admin/sign-in?next=%2Fadmin%2Fsupport{}", path.replace('/', "%2F"));
        assert_eq!((answer.status, answer.header("location")), (303, Some(next.as_str())), "{path}");
    }
    let posted = site.post("/admin/support/tickets/1/status", &[("to", "closed")]).await;
    assert_eq!(posted.status, 403);
    let followed = site.get_with("/admin/support", "localhost", "Sec-Fetch-Site: cross-site\r\n").await;
    assert!(
        followed.body.contains("<meta http-equiv=\"refresh\" content=\"0\">"),
        "a link from elsewhere opens again"
    );
}

async fn a_request_that_another_site_made_is_refused(database: Database) {
    let site = Site::signed_in(database).await;
    let page = site.get(TICKET).await;
    let fields = [("csrf", page.field("csrf")), ("key", page.field("key")), ("to", "closed".into())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    for headers in [
        "",
        "Origin: null\r\n",
        "Origin: http://evil.example\r\n",
        "Origin: http://localhost:4000\r\n",
        "Origin: http://localhost:3000\r\nSec-Fetch-Site: cross-site\r\n",
    ] {
        let answer = site.post_with(&format!("{TICKET}/status"), headers, &fields).await;
        assert!(answer.status == 403 && answer.body.contains("Demande refusée"), "{headers:?}");
        assert_eq!(site.post_with("/admin/sign-in", headers, &[]).await.status, 403, "{headers:?}");
    }
    assert_eq!(site.ticket().await.status, Status::New);
}

async fn a_form_without_the_sessions_token_changes_nothing(database: Database) {
    let site = Site::signed_in(database).await;
    let page = site.get(TICKET).await;
    let (csrf, key) = (page.field("csrf"), page.field("key"));
    let other = "A".repeat(csrf.len());
    for token in ["", "x", other.as_str()] {
        let answer =
            site.post(&format!("{TICKET}/status"), &[("csrf", token), ("key", &key), ("to", "closed")]).await;
        assert_eq!(answer.status, 403, "{token:?}");
    }
    for bad in [("to", "open"), ("to", ""), ("x", "closed")] {
        let answer = site.post(&format!("{TICKET}/status"), &[("csrf", &csrf), ("key", &key), bad]).await;
        assert_eq!(answer.status, 400, "{bad:?}");
    }
    let answer = site.post(&format!("{TICKET}/status"), &[("csrf", &csrf), ("to", "closed")]).await;
    assert_eq!(answer.status, 400, "no one-time key");
    assert_eq!(site.ticket().await.status, Status::New);
}

async fn the_demo_answers_to_this_machines_names_only(database: Database) {
    let site = Site::open(database, true, Vec::new()).await;
    for path in ["/", "/admin/support", "/assets/x", "/nowhere"] {
        let answer = site.get_with(path, "rebound.example:3000", "").await;
        assert!(answer.status == 403 && answer.body.contains("Adresse refusée"), "{path}");
    }
    let mut site = site;
    let answer = site.get_with("/admin/support", "[::1]:3000", "").await;
    assert!(answer.status == 200 && answer.body.contains("Camille"), "the demo signs in by itself");
    site.keep_cookie(&answer);
    let again = site.get("/admin/support").await;
    assert_eq!((again.status, again.header("set-cookie")), (200, None), "and stays signed in");
}

async fn a_form_too_large_is_refused_in_french(database: Database) {
    let site = Site::open(database, false, Vec::new()).await;
    let answer = site
        .ask(
            "POST /admin/sign-in HTTP/1.1\r\nHost: localhost:3000\r\nOrigin: http://localhost:3000\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000000\r\nConnection: close\r\n\r\n"
                .into(),
        )
        .await;
    assert!(answer.status == 413 && answer.body.contains("Texte trop long"), "{}", answer.head);
}

// ---------- signing in

async fn signing_in_takes_the_right_password_and_signing_out_ends_the_session(database: Database) {
    let mut site = Site::open(database, false, Vec::new()).await;
    for (name, password) in [("camille", "wrong"), ("nobody", PASSWORD), ("camille", "")] {
        let answer = site.sign_in(name, password).await;
        assert!(
            answer.status == 422 && answer.body.contains("Nom ou mot de passe incorrect."),
            "{name} {password}"
        );
        assert_eq!(answer.header("set-cookie"), None);
    }
    let answer = site.sign_in("CAMILLE", PASSWORD).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"), "{cookie}");
    site.keep_cookie(&answer);
    let first = site.cookie.clone();
    assert_eq!(site.get("/admin/support").await.status, 200);
    let again = site.sign_in("camille", PASSWORD).await;
    site.keep_cookie(&again);
    assert_ne!(site.cookie, first, "every sign-in has a token of its own");
    let second = std::mem::replace(&mut site.cookie, first);
    assert_eq!(site.get("/admin/support").await.status, 303, "the earlier one ended");
    site.cookie = second;
    let page = site.get("/admin/support").await;
    site.post("/admin/sign-out", &[("csrf", &page.field("csrf")), ("key", &page.field("key"))]).await;
    assert_eq!(site.get("/admin/support").await.status, 303);
}

async fn a_session_ends_after_a_working_day(database: Database) {
    let mut site = Site::signed_in(database).await;
    assert_eq!(site.get("/admin/support").await.status, 200);
    site.desk.elapse(chrono::Duration::hours(12)).await;
    site.address = serve_pages(&site.desk.desk, page_settings("http://localhost:3000", false)).await;
    assert_eq!(site.get("/admin/support").await.status, 303);
}

async fn the_sixth_try_waits_even_with_the_right_password(database: Database) {
    let site = Site::open(database, false, Vec::new()).await;
    for _ in 0..5 {
        assert_eq!(site.sign_in("Camille", "wrong").await.status, 422);
    }
    let answer = site.sign_in("camille", PASSWORD).await;
    assert!(
        answer.status == 429 && answer.body.contains("Réessayez dans 5&nbsp;minutes."),
        "{}",
        answer.body
    );
}

// ---------- acts

async fn a_status_button_changes_the_status_says_so_and_can_be_undone(database: Database) {
    let site = Site::signed_in(database).await;
    let after = site.act(TICKET, &format!("{TICKET}/status"), &[("to", "resolved")]).await;
    assert!(after.body.contains("🔵 Nouveau → 🟢 Résolu"), "{}", after.body);
    assert!(after.body.contains("data-undo=\"20\""));
    assert_eq!(site.ticket().await.status, Status::Resolved);
    let after = site.undo(&after).await;
    assert!(after.body.contains("Annulé"), "{}", after.body);
    let ticket = site.ticket().await;
    assert_eq!(ticket.status, Status::New);
    assert!(
        ticket.deliveries.iter().all(|delivery| delivery.state != DeliveryState::Pending),
        "nothing leaves"
    );
}

async fn the_button_takes_back_the_act_that_it_stands_under_and_no_other(database: Database) {
    let site = Site::signed_in(database).await;
    site.desk
        .mail("From: max@courriel.example\nTo: support@bettracker.example\nSubject: Autre\nMessage-ID: <2@courriel.example>\n\nBonjour")
        .await;
    let other = "/admin/support/tickets/2";
    let first = site.act(TICKET, &format!("{TICKET}/status"), &[("to", "resolved")]).await;
    let second = site.act(other, &format!("{other}/priority"), &[("to", "high")]).await;
    let back = site.undo(&first).await;
    assert!(back.body.contains("Annulé"), "{}", back.body);
    assert_eq!(site.ticket().await.status, Status::New);
    let there = async || site.desk.desk.ticket(TicketId(2)).await.unwrap().unwrap();
    assert_eq!(there().await.priority, Priority::High, "what was done elsewhere after it stands");
    site.act(other, &format!("{other}/status"), &[("to", "in_progress")]).await;
    let refused = site.undo(&second).await;
    assert!(refused.body.contains("Ce geste n’est plus votre dernier"), "{}", refused.body);
    assert_eq!(there().await.status, Status::InProgress);
}

async fn a_double_click_is_one_act(database: Database) {
    let site = Site::signed_in(database).await;
    let page = site.get(TICKET).await;
    let (csrf, key) = (page.field("csrf"), page.field("key"));
    let fields = [("csrf", csrf.as_str()), ("key", &key), ("then", "in_progress"), ("text", "Bonjour Léa")];
    let first = site.post(&format!("{TICKET}/reply"), &fields).await;
    let second = site.post(&format!("{TICKET}/reply"), &fields).await;
    assert_eq!((first.status, first.header("location")), (303, second.header("location")));
    assert_eq!(site.ticket().await.messages.len(), 2);
    // The page of before, gone back to, with another text: that is another act.
    let fields = [("csrf", csrf.as_str()), ("key", &key), ("then", "in_progress"), ("text", "Autre chose")];
    assert_eq!(site.post(&format!("{TICKET}/reply"), &fields).await.status, 303);
    assert_eq!(site.ticket().await.messages.len(), 3);
}

async fn a_standard_reply_is_filled_in_and_refused_until_it_is_complete(database: Database) {
    let site = Site::signed_in(database).await;
    let page = site.get(&format!("{TICKET}?template=solution")).await;
    assert!(
        page.body.contains("Bonjour Léa,") && page.body.contains("À compléter avant l’envoi"),
        "{}",
        page.body
    );
    let text = "Bonjour Léa,\n[Étape 1]";
    let refused = site.act(TICKET, &format!("{TICKET}/reply"), &[("then", "resolved"), ("text", text)]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("[Étape 1]</textarea>"), "what was written is still there");
    assert!(refused.body.contains(" data-unsent>Bonjour Léa,"), "and nowhere else");
    assert!(!page.body.contains("data-unsent"), "what was put in for them is not theirs to lose");
    assert_eq!(site.ticket().await.messages.len(), 1);
    let text = "Bonjour Léa,\r\nC’est réglé.";
    site.act(TICKET, &format!("{TICKET}/reply"), &[("then", "resolved"), ("text", text)]).await;
    let ticket = site.ticket().await;
    assert_eq!(
        (ticket.status, ticket.messages[1].text.as_str()),
        (Status::Resolved, "Bonjour Léa,\nC’est réglé.")
    );
}

async fn the_reply_that_hands_over_does_so_from_the_page(database: Database) {
    let site = Site::signed_in(database).await;
    let page = site.get(&format!("{TICKET}?template=fonctionnalite")).await;
    assert_eq!(page.field("template"), "fonctionnalite");
    let fields = [("then", "resolved"), ("template", "fonctionnalite"), ("text", "Merci, c’est transmis.")];
    site.act(TICKET, &format!("{TICKET}/reply"), &fields).await;
    assert_eq!(site.ticket().await.events.last().unwrap().kind, EventKind::HandedOver);
}

async fn spam_is_closed_from_the_page_and_offers_no_reply(database: Database) {
    let site = Site::signed_in(database).await;
    assert!(site.get(TICKET).await.body.contains("id=\"reply-text\""));
    let fields = [("to", "closed"), ("reason", "spam")];
    let after = site.act(TICKET, &format!("{TICKET}/status"), &fields).await;
    assert!(
        !after.body.contains("id=\"reply-text\"") && after.body.contains("fermé comme spam"),
        "{}",
        after.body
    );
    assert_eq!(site.ticket().await.deliveries.len(), 0);
}

async fn notes_priorities_and_assignments_are_made_in_the_page(database: Database) {
    let site = Site::signed_in(database).await;
    let after = site.act(TICKET, &format!("{TICKET}/note"), &[("text", "vu avec <i>Sofiane</i>")]).await;
    assert!(after.body.contains("vu avec &lt;i&gt;Sofiane&lt;"), "{}", after.body);
    site.act(TICKET, &format!("{TICKET}/priority"), &[("to", "urgent")]).await;
    site.act(TICKET, &format!("{TICKET}/assign"), &[("name", "Camille")]).await;
    let ticket = site.ticket().await;
    assert_eq!((ticket.priority, ticket.assignee.as_deref()), (Priority::Urgent, Some("Camille")));
    let refused = site.act(TICKET, &format!("{TICKET}/priority"), &[("to", "urgent")]).await;
    assert!(refused.body.contains("role=\"alert\""), "the same again is refused in words");
    let empty = site.act(TICKET, &format!("{TICKET}/note"), &[("text", " ")]).await;
    assert_eq!(empty.status, 422);
}

async fn the_console_understands_what_chat_does(database: Database) {
    let site = Site::signed_in(database).await;
    let path = "/admin/support/console";
    let after =
        site.act("/admin/support", path, &[("line", "/ticket statut 1 résolu"), ("back", "queue")]).await;
    assert!(after.body.contains("🔵 Nouveau → 🟢 Résolu"), "{}", after.body);
    assert_eq!(site.ticket().await.status, Status::Resolved);
    assert!(after.body.contains("placeholder=\"/ticket …\" value=\"\""), "what was done leaves nothing");
    let after = site.act(path, path, &[("line", "/ticket statu 1 <b>"), ("back", "console")]).await;
    assert!(
        after.body.contains("ticket statu 1 &lt;b&gt;") && after.body.contains("class=\"no\""),
        "{}",
        after.body
    );
    let after = site.act(path, path, &[("line", "/ticket show 99"), ("back", "console")]).await;
    assert!(after.body.matches("class=\"no\"").count() == 2, "{}", after.body);
    assert!(after.body.contains("ticket show 99\" maxlength"), "what did nothing is there to be mended");
    let after = site.act(path, path, &[("line", "/ticket show 1"), ("back", "console")]).await;
    assert!(after.body.contains("placeholder=\"/ticket …\" value=\"\""), "{}", after.body);
}

async fn the_list_is_filtered_and_searched(database: Database) {
    let site = Site::signed_in(database).await;
    for (query, found) in [
        ("", true),
        ("?status=new", true),
        ("?status=resolved", false),
        ("?priority=normal&q=paiement", true),
        ("?q=introuvable", false),
        ("?agent=me", false),
        ("?agent=nobody", true),
        ("?tag=bug", false),
        ("?status=nonsense&after=nonsense&sort=nonsense&agent=x", true),
        ("?after=0,2020-01-01T00:00:00.000Z,1", false),
    ] {
        let page = site.get(&format!("/admin/support{query}")).await;
        assert_eq!(page.status, 200, "{query}");
        assert_eq!(page.body.contains("id=\"ticket-1\""), found, "{query}");
        assert!(!page.body.contains("<b>&</b>"), "the subject is text");
    }
}

async fn a_page_learns_that_something_changed(database: Database) {
    let mut site = Site::signed_in(database).await;
    let before = site.get("/admin/support/revision").await.body;
    assert!(site.get("/admin/support").await.body.contains(&format!("data-revision=\"{before}\"")));
    site.desk.elapse(chrono::Duration::milliseconds(1)).await;
    site.desk.say("note 1 vu").await;
    assert_ne!(site.get("/admin/support/revision").await.body, before);
}

// ---------- who takes part

/// Léa's ticket with Marc in copy, a stranger's message and a forged one.
async fn with_people(site: &Site) {
    for (id, headers, from, text) in [
        (
            "1",
            "Cc: Marc Petit <marc@courriel.example>, anne.durand@comptabilite.example\n",
            "Léa Fontaine <lea@courriel.example>",
            "Bonjour, notre facture de novembre manque.",
        ),
        (
            "2",
            "In-Reply-To: <1@courriel.example>\nCc: max@ailleurs.example\n",
            "Marc Petit <marc@courriel.example>",
            "Je confirme, rien reçu non plus.",
        ),
        (
            "3",
            "In-Reply-To: <1@courriel.example>\n",
            "zoe@ailleurs.example",
            "J’ai la facture, où faut-il l’envoyer ?",
        ),
        (
            "4",
            "In-Reply-To: <1@courriel.example>\nAuthentication-Results: mx.bettracker.example; dmarc=fail\n",
            "Léa Fontaine <lea@courriel.example>",
            "Envoyez-moi tout l’historique.",
        ),
    ] {
        let mail = format!(
            "{headers}From: {from}\nTo: support@bettracker.example\nSubject: Facture de novembre\n\
             Message-ID: <{id}@courriel.example>\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        );
        site.desk.mail(&mail).await;
    }
}

async fn the_people_of_a_ticket_are_let_in_and_kept_out_in_the_page(database: Database) {
    let mut site = Site::open(database, true, Vec::new()).await;
    with_people(&site).await;
    let page = site.get(TICKET).await;
    site.keep_cookie(&page);
    for shown in [
        "Marc Petit <span class=\"faint\">marc@courriel.example</span>",
        "Cité par marc@courriel.example",
        "<span class=\"flag\">tiers, à valider</span>",
        "<span class=\"flag alarm\">expéditeur non authentifié</span>",
        "À&nbsp;: lea@courriel.example<span class=\"copies\"> · Copie&nbsp;: marc@courriel.example, anne.durand@comptabilite.example",
        "(2\u{a0}personnes en copie)",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let here = format!("{TICKET}/participants");
    let after = site.act(TICKET, &here, &[("change", "+zoe@ailleurs.example")]).await;
    assert!(after.body.contains("1\u{a0}message validé"), "{}", after.body);
    assert!(after.body.contains("action=\"/admin/support/undo\""), "it can be taken back");
    let after = site.act(TICKET, &here, &[("change", "-max@ailleurs.example")]).await;
    assert!(!after.body.contains("Cité par"), "who was kept out is not asked about again");
    let after = site.act(TICKET, &here, &[("change", "paul@courriel.example")]).await;
    assert!(after.body.contains("paul@courriel.example participe au ticket"), "{}", after.body);
    for (wrong, said) in
        [("nobody", "n’est pas une adresse"), ("aide@bettracker.example", "l’une de nos adresses")]
    {
        let refused = site.act(TICKET, &here, &[("change", wrong)]).await;
        assert!(refused.body.contains(said) && refused.body.contains("role=\"alert\""), "{}", refused.body);
    }
    let standing: Vec<String> = site
        .ticket()
        .await
        .participants
        .iter()
        .map(|one| format!("{} {}", one.email, one.state.as_str()))
        .collect();
    assert_eq!(
        standing,
        [
            "marc@courriel.example in",
            "anne.durand@comptabilite.example in",
            "max@ailleurs.example out",
            "zoe@ailleurs.example in",
            "paul@courriel.example in"
        ]
    );
}

async fn a_reply_to_all_reaches_those_who_were_shown_or_nobody(database: Database) {
    let mut site = Site::open(database, true, Vec::new()).await;
    with_people(&site).await;
    let page = site.get(TICKET).await;
    site.keep_cookie(&page);
    let copies = page.field("copies");
    assert_eq!(copies, "marc@courriel.example anne.durand@comptabilite.example");
    let reply = format!("{TICKET}/reply");
    let fields =
        [("then", "in_progress"), ("text", "Bonjour à tous"), ("all", "1"), ("copies", copies.as_str())];
    // Somebody comes in while the reply is written.
    site.desk.say("participants 1 +zoe@ailleurs.example").await;
    let refused = site.act(TICKET, &reply, &fields).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("les destinataires ont changé")
            && refused.body.contains("Bonjour à tous</textarea>")
    );
    assert!(refused.body.contains("name=\"all\" value=\"1\" checked"), "{}", refused.body);
    assert_eq!(site.ticket().await.deliveries.len(), 0);
    let copies = refused.field("copies");
    let fields =
        [("then", "in_progress"), ("text", "Bonjour à tous"), ("all", "1"), ("copies", copies.as_str())];
    let after = site.act(TICKET, &reply, &fields).await;
    assert!(after.body.contains(
        "Copie\u{a0}: marc@courriel.example, anne.durand@comptabilite.example, zoe@ailleurs.example"
    ));
    let mails = site.ticket().await.deliveries.into_iter().filter(|delivery| delivery.address.is_some());
    assert_eq!(mails.count(), 4);
    site.act(TICKET, &reply, &[("then", "in_progress"), ("text", "Pour Léa seule"), ("copies", &copies)])
        .await;
    let alone = site.ticket().await.deliveries.into_iter().filter(|delivery| delivery.address.is_some());
    assert_eq!(alone.count(), 5, "without the box it is the requester's alone");
}

/// With pictures of what is seen: `GUICHET_DRAW_PAGES=folder cargo test`.
async fn a_browser_shows_who_gets_a_reply_before_it_is_sent(database: Database) {
    let site = Site::open(database, true, Vec::new()).await;
    with_people(&site).await;
    let ticket = format!("http://{}{TICKET}", site.address);
    let complaints = tokio::task::spawn_blocking(move || {
        let draw = |page: &mut Chromium, name: &str, place: &str| {
            if let Some(folder) = std::env::var_os("GUICHET_DRAW_PAGES") {
                page.evaluate(&format!(
                    "document.querySelector('{place}').scrollIntoView({{ block: 'start' }})"
                ));
                page.picture(&std::path::Path::new(&folder).join(name));
            }
        };
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        let mut phone = Chromium::open(390, 844);
        phone.go(&ticket);
        assert_eq!(phone.evaluate(fits), true, "nothing sticks out of a telephone");
        draw(&mut phone, "phone-conversation.png", "#message-3");
        draw(&mut phone, "phone-reply.png", "#reply");
        draw(&mut phone, "phone-people.png", "#participants");
        let mut page = Chromium::open(1280, 900);
        page.go(&ticket);
        draw(&mut page, "desktop.png", "#conversation");
        let shown = "getComputedStyle(document.querySelector('.recipients .copies')).display !== 'none'";
        assert_eq!(page.evaluate(shown), false, "a reply is the requester's alone");
        page.click("input[name=all]");
        page.wait_until(shown);
        assert!(
            page.text().contains("À\u{a0}: lea@courriel.example · Copie\u{a0}: marc@courriel.example, anne")
        );
        page.fill("#reply-text", "Bonjour à tous");
        draw(&mut page, "desktop-reply.png", "#reply");
        page.prefer_dark();
        draw(&mut page, "dark-reply.png", "#message-3");
        // Else the browser asks whether it is to be lost.
        page.wait_for_text("Brouillon gardé.");
        page.click("button[aria-label='Valider zoe@ailleurs.example']");
        page.wait_for_text("zoe@ailleurs.example participe au ticket");
        page.click("button[aria-label='Retirer zoe@ailleurs.example']");
        page.wait_for_text("zoe@ailleurs.example ne participe pas au ticket");
        page.click("input[name=all]");
        page.fill("#reply-text", "Bonjour à tous");
        page.click("button[name=then][value=resolved]");
        page.wait_for_text("Réponse enregistrée sur le ticket");
        assert!(page.text().contains("Copie\u{a0}: marc@courriel.example, anne.durand@comptabilite.example"));
        draw(&mut page, "dark-sent.png", "#main");
        [phone.complaints(), page.complaints()].concat()
    })
    .await
    .unwrap();
    assert_eq!(complaints, [""; 0]);
    let addresses: Vec<_> =
        site.ticket().await.deliveries.into_iter().filter_map(|delivery| delivery.address).collect();
    assert_eq!(
        addresses,
        ["lea@courriel.example", "marc@courriel.example", "anne.durand@comptabilite.example"]
    );
}

// ---------- mails

async fn files_and_originals_are_served_where_nothing_can_act(database: Database) {
    let site = Site::signed_in(database).await;
    let message = site.ticket().await.messages.remove(0);
    let (MessageId(id), part) = (message.id, message.attachments[0].part);
    let file = site.get(&format!("/admin/support/messages/{id}/attachments/{part}")).await;
    assert_eq!(file.header("content-type"), Some("application/octet-stream"));
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=\"page.html\"; filename*=UTF-8''page.html")
    );
    assert_eq!(
        file.header("content-security-policy"),
        Some("sandbox; default-src 'none'; frame-ancestors 'none'")
    );
    assert!(file.body.contains("<script>alert(1)</script>"));
    let source = site.get(&format!("/admin/support/messages/{id}/source")).await;
    assert_eq!(source.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(source.body.starts_with("From: =?utf-8?q?L=C3=A9a_Fontaine?="));
    for absent in [format!("{id}/attachments/99"), "999/source".into(), "x/source".into()] {
        assert_eq!(site.get(&format!("/admin/support/messages/{absent}")).await.status, 404, "{absent}");
    }
}

async fn a_mail_that_left_is_shown_as_a_mail(database: Database) {
    let mut site = Site::signed_in(database).await;
    site.desk.say("status 1 resolved").await;
    let waiting = site.get("/admin/support/outbox").await;
    let id = site.ticket().await.deliveries.iter().find(|d| d.channel.as_str() == "email").unwrap().id;
    assert!(waiting.body.contains(&format!("/admin/support/outbox/{id}")), "{}", waiting.body);
    assert!(site.get(&format!("/admin/support/outbox/{id}")).await.body.contains("pas encore composé"));
    // Longer than what the list reads of it.
    let written = format!("<p onclick=x>Bonjour</p>{}", "é ".repeat(100_000));
    let eml = format!(
        "Subject: =?utf-8?q?R=C3=A9gl=C3=A9?=\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{written}"
    );
    site.desk.desk.seal(&[Composed::new(id, &[], eml.as_bytes()).unwrap()]).await.unwrap();
    site.desk.elapse(chrono::Duration::zero()).await;
    let page = site.get(&format!("/admin/support/outbox/{id}")).await;
    assert!(
        page.body.contains("<h1>Réglé</h1>") && page.body.contains("<iframe class=\"body\" sandbox "),
        "{}",
        page.body
    );
    let html = site.get(&format!("/admin/support/outbox/{id}/html")).await;
    assert_eq!(
        html.header("content-security-policy"),
        Some("sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
    );
    assert_eq!(html.body, written);
    let list = site.get("/admin/support/outbox").await;
    assert!(list.body.contains("Réglé"), "{}", list.body);
    assert_eq!(site.get(&format!("/admin/support/outbox/{id}/source")).await.body, eml);
    assert_eq!(site.get("/admin/support/outbox/999").await.status, 404);
}

// ---------- operations

async fn operations_see_whether_it_lives_and_how_much_there_is(database: Database) {
    let site = Site::open(database, false, vec![mailbox("a"), mailbox("b")]).await;
    assert_eq!(site.get("/healthz").await.body, "ok\n");
    site.desk.desk.note_sync("imap:a", site.desk.now).await.unwrap();
    site.desk.desk.note_sync("imap:no longer configured", site.desk.now).await.unwrap();
    let unread = site.get("/readyz").await;
    assert_eq!(
        (unread.status, unread.body.as_str()),
        (503, "a mailbox was not read lately\n"),
        "b never was"
    );
    site.desk.desk.note_sync("imap:b", site.desk.now).await.unwrap();
    assert_eq!((site.get("/readyz").await.status, site.get("/readyz").await.body.as_str()), (200, "ready\n"));
    let desk = &site.desk.desk;
    desk.raise_alert(AlertKind::DeadToken, "support@bettracker.example", "invalid_grant").await.unwrap();
    assert_eq!(site.get("/readyz").await.body, "mail has stopped: dead_token\n");
    assert!(site.get("/metrics").await.body.contains("guichet_alerts{kind=\"dead_token\"} 1\n"));
    desk.end_alert(AlertKind::DeadToken, "support@bettracker.example").await.unwrap();
    assert_eq!(site.get("/readyz").await.body, "ready\n");
    site.desk.mail("From: lea@courriel.example\nSubject: x\nMessage-ID: <1@x.example>\n\nBonjour\n").await;
    site.desk.say("status 1 resolved").await;
    let metrics = site.get("/metrics").await.body;
    for line in [
        "guichet_tickets{status=\"resolved\"} 1\n",
        "guichet_deliveries{state=\"pending\"} 1\n",
        "guichet_deliveries{state=\"failed\"} 0\n",
        "guichet_mailbox_sync_age_seconds{mailbox=\"INBOX@b\"} 0\n",
        &format!("guichet_mailbox_sync_seconds{{mailbox=\"INBOX@a\"}} {}\n", site.desk.now.timestamp()),
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert!(!metrics.contains("imap:"), "no account: {metrics}");
    for (host, passed_on) in [
        ("support.example", ""),
        ("localhost:3000", "X-Forwarded-For: 203.0.113.9\r\n"),
        ("localhost:3000", "X-Real-IP: 203.0.113.9\r\n"),
    ] {
        assert_eq!(site.get_with("/metrics", host, passed_on).await.status, 404, "{host} {passed_on}");
    }
}

async fn every_page_says_how_long_ago_the_mailboxes_were_read(database: Database) {
    let mut site = Site::open(database, false, vec![mailbox("a"), mailbox("b")]).await;
    let answer = site.sign_in("Camille", PASSWORD).await;
    site.keep_cookie(&answer);
    let line = async |site: &Site| {
        let page = site.get("/admin/support").await.body;
        let line = page.lines().find(|line| line.contains("id=\"syncs\"")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("no line about the mailboxes in {page}"))
    };
    site.desk.desk.note_sync("imap:a", site.desk.now).await.unwrap();
    let late = line(&site).await;
    assert!(late.contains("class=\"syncs late\" role=\"alert\""), "{late}");
    assert!(late.contains("Boîte qui n’est plus relevée\u{a0}: INBOX@b (jamais)."), "{late}");
    site.desk.desk.note_sync("imap:b", site.desk.now).await.unwrap();
    let calm = line(&site).await;
    assert!(calm.contains("class=\"syncs\" data-live"), "{calm}");
    let seconds = "il\u{a0}y\u{a0}a\u{a0}0\u{a0}s";
    assert!(calm.contains(&format!("Relève\u{a0}: INBOX@a {seconds} · INBOX@b {seconds}")), "{calm}");
    let outside = site.get("/admin/sign-in").await.body;
    assert!(!outside.contains("INBOX@"), "for whoever is signed in only: {outside}");
}

async fn the_report_is_everybodys_for_today_and_the_leads_for_the_rest(database: Database) {
    let mut site = Site::signed_in(database).await;
    site.desk.say("reply 1 --then resolved C’est réglé.").await;
    let page = site.get("/admin/support/report").await;
    assert_eq!(page.status, 200, "{}", page.body);
    for shown in [
        "<svg",
        "Rapport du mardi 24 novembre 2026",
        "1re réponse &lt; 2\u{a0}h",
        "100\u{a0}% (1/1)",
        "Objectifs",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    for shown in [
        "<caption>Objectifs du guide</caption>",
        "<td>100\u{a0}%</td><td>1</td><td>1</td><td>100\u{a0}%</td><td>oui</td>",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    for kept in ["Par CM", "style=\""] {
        assert!(!page.body.contains(kept), "{kept}: {}", page.body);
    }
    let today = site.get("/admin/support/report.csv?day=2026-11-24").await;
    assert!(
        page.body.contains("href=\"&#x2f;admin&#x2f;support&#x2f;report.csv?day=2026-11-24\" download"),
        "{}",
        page.body
    );
    assert!(today.body.contains("period,2026-11-24,replies,1\r\n"), "{}", today.body);
    assert!(!today.body.contains("agent,"), "{}", today.body);
    for others in ["?day=2026-11-23", "?week=2026-W48", ".csv?day=2026-11-23", ".csv?week=2026-W48"] {
        let answer = site.get(&format!("/admin/support/report{others}")).await;
        assert_eq!(answer.status, 409, "{others}");
        assert!(answer.body.contains("responsable"), "{}", answer.body);
    }
    site.led().await;
    let formula = site.desk.desk.add_agent("=1+1;\"a\",b", Role::Agent).await.unwrap().unwrap();
    let note = guichet::command::parse::parse("reply 1 Encore un mot.").unwrap();
    site.desk.desk.run(&formula, guichet::domain::people::Door::Cli, note, None).await.unwrap();
    let page = site.get("/admin/support/report").await;
    assert!(page.body.contains("Par CM") && page.body.contains("Camille\u{a0}: 1"), "{}", page.body);
    let week = site.get("/admin/support/report?week=2026-W48").await;
    for shown in ["Résumé de la semaine", "<th scope=\"row\">mardi\u{a0}24</th>", "mar.\u{a0}24"] {
        assert!(week.body.contains(shown), "{shown}: {}", week.body);
    }
    assert!(!week.body.contains("Après →"), "the week after has not begun");
    let csv = site.get("/admin/support/report.csv?week=2026-W48").await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"guichet-2026-11-23.csv\""));
    assert!(csv.body.contains("agent,Camille,replies,1"), "{}", csv.body);
    assert!(csv.body.contains("agent,\"'=1+1;\"\"a\"\",b\",replies,1"), "no formula: {}", csv.body);
    for nowhere in ["?day=hier", "?week=2026-W99", ".csv?day=hier"] {
        assert_eq!(site.get(&format!("/admin/support/report{nowhere}")).await.status, 404, "{nowhere}");
    }
}

// ---------- files of a reply

impl Site {
    /// Sends the form of the reply as a browser does, with files.
    async fn reply(&self, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Answer {
        let form = self.get(TICKET).await;
        let (csrf, key) = (form.field("csrf"), form.field("key"));
        self.send_reply(&csrf, &key, fields, files).await
    }

    async fn send_reply(
        &self,
        csrf: &str,
        key: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Answer {
        let field = |(name, value): &(&str, &str)| {
            format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .into_bytes()
        };
        // As in the page: what was pressed stands behind the files.
        let (pressed, typed): (Vec<_>, Vec<_>) = fields.iter().partition(|(name, _)| *name == "then");
        let mut body: Vec<u8> = [("csrf", csrf), ("key", key)].iter().chain(typed).flat_map(field).collect();
        for (name, kind, bytes) in files {
            let head = format!(
                "--xyz\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
                 Content-Type: {kind}\r\n\r\n"
            );
            body.extend(head.into_bytes());
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(pressed.into_iter().flat_map(field));
        body.extend(b"--xyz--\r\n");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = client
            .post(format!("http://{}{TICKET}/reply", self.address))
            .header("Host", "localhost:3000")
            .header("Origin", "http://localhost:3000")
            .header("Cookie", &self.cookie)
            .header("Content-Type", "multipart/form-data; boundary=xyz")
            .body(body)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        Answer { status, head: String::new(), body: answer.text().await.unwrap() }
    }

    async fn elapse(&mut self, seconds: i64) {
        self.desk.elapse(chrono::Duration::seconds(seconds)).await;
        self.address = serve_pages(&self.desk.desk, page_settings("http://localhost:3000", false)).await;
    }
}

async fn a_reply_goes_with_its_files_and_they_stay_in_the_conversation(database: Database) {
    let mut site = Site::signed_in(database).await;
    // Lines that would end a mail, begin a part or break a line are bytes like others.
    let bytes: &[u8] = b"%PDF-1.7\n.\r\n--=_m\r.\n\0\xff\r\n.\r\nFrom x";
    let files = [
        ("fa\u{e9}ture \u{20ac}.pdf", "application/pdf", bytes),
        ("note.txt", "text/plain", &b"une ligne\nune autre"[..]),
        ("", "application/octet-stream", b""),
    ];
    let form = site.get(TICKET).await;
    let (csrf, key) = (form.field("csrf"), form.field("key"));
    for _ in 0..2 {
        let fields = [("then", "resolved"), ("text", "Voici la facture.")];
        let answer = site.send_reply(&csrf, &key, &fields, &files).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
    }
    let ticket = site.ticket().await;
    assert_eq!(ticket.messages.len(), 2, "the same form again is the same reply");
    let reply = &ticket.messages[1];
    let names: Vec<&str> = reply.attachments.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        (reply.text.as_str(), names),
        ("Voici la facture.", vec!["fa\u{e9}ture \u{20ac}.pdf", "note.txt"])
    );

    site.elapse(20).await;
    let [parcel] = &site.desk.deliver().await[..] else { panic!("one mail") };
    let letterhead = Letterhead::new("support@bettracker.example", "BetTracker Pro", chrono_tz::UTC).unwrap();
    let mail = compose(parcel, &letterhead, &Templates::load(&[]).unwrap()).unwrap();
    assert_eq!(mail, compose(parcel, &letterhead, &Templates::load(&[]).unwrap()).unwrap(), "the same bytes");
    let read = mail_parser::MessageParser::default().parse(&mail).unwrap();
    assert!(read.body_text(0).unwrap().contains("Voici la facture."));
    assert!(read.body_html(0).unwrap().contains("Voici la facture."));
    let sent: Vec<(&str, &[u8])> = read
        .attachments()
        .map(|part| (mail_parser::MimeHeaders::attachment_name(part).unwrap(), part.contents()))
        .collect();
    assert_eq!(sent, [("fa\u{e9}ture \u{20ac}.pdf", bytes), ("note.txt", &b"une ligne\nune autre"[..])]);

    // The requester finds them on their page; the team, on the ticket.
    let own = parcel.links.as_ref().unwrap().ticket_url.strip_prefix(PUBLIC_URL).unwrap().to_owned();
    let page = site.get(&own).await;
    assert!(page.body.contains("note.txt"), "{}", page.body);
    for here in [&own[..], "/admin/support"] {
        let (file, message) = (reply.attachments[1].part, reply.id.0);
        let path = match here == own {
            true => format!("{own}/files/{message}/{file}"),
            false => format!("/admin/support/messages/{message}/attachments/{file}"),
        };
        assert_eq!(site.get(&path).await.body, "une ligne\nune autre", "{path}");
    }
}

async fn a_reply_that_is_taken_back_or_refused_sends_no_file(database: Database) {
    let mut site = Site::signed_in(database).await;
    let file = [("facture.pdf", "application/pdf", &b"%PDF-1.7"[..])];
    let answer = site.reply(&[("then", "resolved"), ("text", "Voici.")], &file).await;
    assert_eq!(answer.status, 303);
    site.desk.say("undo").await;
    site.elapse(60).await;
    assert!(site.desk.deliver().await.is_empty());
    assert_eq!(site.ticket().await.messages.len(), 1);

    let answer = site.reply(&[("then", "resolved"), ("text", "Bonjour [Pr\u{e9}nom]")], &file).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("Joignez de nouveau vos fichiers"), "{}", answer.body);
    let large = vec![b'x'; (25 << 20) + 1];
    let large = [("film.mp4", "video/mp4", &large[..])];
    let answer = site.reply(&[("then", "resolved"), ("text", "Voici un film.")], &large).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("dépassent") && answer.body.contains("Voici un film."), "{}", answer.body);
    // Longer than a letter may be: it comes back to be made shorter.
    let long = "ça ".repeat(70_000);
    let answer = site.reply(&[("then", "resolved"), ("text", &long)], &[]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("trop long") && answer.body.contains(long.trim_end()));
    assert!(!answer.body.contains("Joignez de nouveau vos fichiers"), "there were none");
    let stranger = site.send_reply("x", "k", &[("then", "resolved"), ("text", "Voici.")], &file).await;
    assert_eq!(stranger.status, 403);
    assert_eq!(site.ticket().await.messages.len(), 1);
}

crate::support::desk::on_both! {
    a_reply_goes_with_its_files_and_they_stay_in_the_conversation,
    a_reply_that_is_taken_back_or_refused_sends_no_file,
    every_answer_carries_the_strict_headers,
    assets_are_kept_for_ever_under_a_name_with_their_hash,
    nothing_is_found_in_french,
    without_a_session_every_page_leads_to_the_sign_in,
    a_request_that_another_site_made_is_refused,
    a_form_without_the_sessions_token_changes_nothing,
    the_demo_answers_to_this_machines_names_only,
    a_form_too_large_is_refused_in_french,
    signing_in_takes_the_right_password_and_signing_out_ends_the_session,
    a_session_ends_after_a_working_day,
    the_sixth_try_waits_even_with_the_right_password,
    a_status_button_changes_the_status_says_so_and_can_be_undone,
    the_button_takes_back_the_act_that_it_stands_under_and_no_other,
    a_double_click_is_one_act,
    a_standard_reply_is_filled_in_and_refused_until_it_is_complete,
    the_reply_that_hands_over_does_so_from_the_page,
    spam_is_closed_from_the_page_and_offers_no_reply,
    notes_priorities_and_assignments_are_made_in_the_page,
    the_console_understands_what_chat_does,
    the_people_of_a_ticket_are_let_in_and_kept_out_in_the_page,
    a_reply_to_all_reaches_those_who_were_shown_or_nobody,
    a_browser_shows_who_gets_a_reply_before_it_is_sent,
    the_list_is_filtered_and_searched,
    a_page_learns_that_something_changed,
    files_and_originals_are_served_where_nothing_can_act,
    a_mail_that_left_is_shown_as_a_mail,
    operations_see_whether_it_lives_and_how_much_there_is,
    every_page_says_how_long_ago_the_mailboxes_were_read,
    the_report_is_everybodys_for_today_and_the_leads_for_the_rest,
}
