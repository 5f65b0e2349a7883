//! The requester's own pages over HTTP: what a signed link shows, what it changes, and what a wrong one does not.

mod answers;
mod barriers;
mod told;

use crate::support::chromium::Chromium;
use crate::support::desk::{BOTH, Database, PUBLIC_URL, TestDesk, page_settings, serve_pages};
use chrono::Duration;
use guichet::desk::links::Links;
use guichet::domain::delivery::{Channel, DeliveryState};
use guichet::domain::event::EventKind;
use guichet::domain::ids::{DeliveryId, TicketId};
use guichet::domain::preference::Preference;
use guichet::view::TicketView;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LEA: &str = "lea@courriel.example";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// A desk behind its pages, with Léa's mail as ticket 1.
struct Site {
    desk: TestDesk,
    address: SocketAddr,
    demo: bool,
}

/// A mail that left, by its links.
struct Mail {
    id: DeliveryId,
    ticket_url: String,
    preferences_url: String,
    unsubscribe_url: String,
    feedback_url: String,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn has_header(&self, line: &str) -> bool {
        self.head.lines().any(|found| found == line)
    }
}

impl Site {
    async fn open(database: Database) -> Site {
        Site::with(TestDesk::new(database).await, false).await
    }

    async fn with(desk: TestDesk, demo: bool) -> Site {
        desk.mail(&mail_of(
            LEA,
            "Léa",
            "1",
            "Paiement <b>refusé</b>",
            "",
            "Bonjour <script>alert(1)</script>",
        ))
        .await;
        let address = serve_pages(&desk.desk, page_settings(PUBLIC_URL, demo)).await;
        Site { desk, address, demo }
    }

    /// Time passes; the pages know it.
    async fn elapse(&mut self, time: Duration) {
        self.desk.elapse(time).await;
        self.address = serve_pages(&self.desk.desk, page_settings(PUBLIC_URL, self.demo)).await;
    }

    /// Camille does this, and the mail that follows leaves.
    async fn mail_after(&mut self, line: &str) -> Mail {
        self.desk.say(line).await;
        self.elapse(Duration::seconds(20)).await;
        let parcel = self.desk.deliver().await.pop().expect("a mail leaves");
        let Links { ticket_url, preferences_url, unsubscribe_url, feedback_url } =
            parcel.links.expect("it is the requester's");
        Mail { id: parcel.id, ticket_url, preferences_url, unsubscribe_url, feedback_url }
    }

    async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let form = match method {
            "POST" if headers.contains("Content-Type") => format!("Content-Length: {}\r\n", body.len()),
            "POST" => format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                body.len()
            ),
            _ => String::new(),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:3000\r\n{headers}{form}Connection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.replace("\r\n", "\n"), body: body.to_owned() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "").await
    }

    /// As a mail provider posts: from no page.
    async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, "", body).await
    }

    async fn preference(&self) -> Preference {
        self.desk.desk.person(LEA).await.unwrap().requester.preference
    }

    async fn ticket(&self) -> TicketView {
        self.desk.desk.ticket(TicketId(1)).await.unwrap().expect("the first mail opened it")
    }
}

fn mail_of(address: &str, name: &str, id: &str, subject: &str, headers: &str, text: &str) -> String {
    format!(
        "From: {name} <{address}>\nTo: support@bettracker.example\nSubject: {subject}\nMessage-ID: <{id}@courriel.example>\n\
         {headers}MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
}

/// The path of a link of ours.
fn path(url: &str) -> &str {
    url.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("not ours: {url}"))
}

/// The address of the page that a link of this page leads to, by how it ends.
fn linked(body: &str, end: &str) -> String {
    let links = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut links = links.map(|link| link.replace("&#x2f;", "/"));
    links
        .find(|link| link.starts_with("/u/") && link.ends_with(end))
        .unwrap_or_else(|| panic!("{end}: {body}"))
}

// ---------- the ticket

#[tokio::test]
async fn the_ticket_page_shows_the_public_conversation_and_nothing_else() {
    for database in BOTH {
        let mut site = Site::open(database).await;
        let answered = "In-Reply-To: <1@courriel.example>\nReferences: <1@courriel.example>\n";
        site.desk.mail(&mail_of("zoe@ailleurs.example", "Zoé", "2", "Re: x", answered, "Moi aussi")).await;
        let absent = format!("{answered}Auto-Submitted: auto-replied\n");
        site.desk.mail(&mail_of(LEA, "Léa", "3", "Absence", &absent, "En congé")).await;
        site.desk.say("note 1 Cliente difficile").await;
        site.desk.say("priority 1 urgent").await;
        site.desk.say("reply 1 Réponse reprise").await;
        site.desk.say("undo").await;
        let mail = site.mail_after("reply 1 --then resolved C’est réglé.").await;
        let page = site.get(path(&mail.ticket_url)).await;
        assert_eq!(page.status, 200, "{database:?}: {}", page.body);
        for shown in [
            "Paiement &lt;b&gt;refusé&lt;&#x2f;b&gt;",
            "Bonjour &lt;script&gt;",
            "C’est réglé.",
            "Résolu",
            "nº&nbsp;1",
            "Équipe Support BetTracker Pro",
            "Vous pouvez aussi répondre à l’e-mail",
            "Votre réponse rouvrira votre demande.",
        ] {
            assert!(page.body.contains(shown), "{shown}: {}", page.body);
        }
        for kept in [
            "Moi aussi",
            "Zoé",
            "En congé",
            "difficile",
            "reprise",
            "Camille",
            "Urgente",
            "urgent",
            "/admin",
            "<script",
            LEA,
        ] {
            assert!(!page.body.contains(kept), "{kept}: {}", page.body);
        }
        for header in [
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "x-robots-tag: noindex, nofollow",
            "x-content-type-options: nosniff",
        ] {
            assert!(page.has_header(header), "{header} in {}", page.head);
        }
        assert!(page.head.contains("content-security-policy: default-src 'none';"), "{}", page.head);
        assert!(!page.head.contains("set-cookie"), "{}", page.head);
    }
}

async fn who_takes_part_is_named_on_the_page_and_who_was_only_named_is_not(database: Database) {
    let mut site = Site::open(database).await;
    let named = "In-Reply-To: <1@courriel.example>\nCc: max@ailleurs.example\n";
    site.desk.say("participants 1 +marc@courriel.example +anne@courriel.example").await;
    site.desk.mail(&mail_of("marc@courriel.example", "Marc & Petit", "2", "Re: x", named, "Moi aussi")).await;
    site.desk.mail(&mail_of("zoe@ailleurs.example", "Zoé", "3", "Re: x", named, "Et moi")).await;
    site.desk.say("participants 1 -anne@courriel.example").await;
    site.desk.say("reply 1 --all C’est réglé.").await;
    site.elapse(Duration::seconds(20)).await;
    let sent = site.desk.deliver().await;
    assert_eq!(sent.len(), 2);
    let hers = sent[0].links.as_ref().expect("a link of her own");
    let page = site.get(path(&hers.ticket_url)).await;
    for shown in [
        "En copie&nbsp;: Marc &amp; Petit",
        "<strong>Marc &amp; Petit</strong>",
        "<strong>Vous</strong>",
        "Moi aussi",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    for kept in ["marc@", "anne", "max@", "Zoé", "zoe@", "Et moi"] {
        assert!(!page.body.contains(kept), "{kept}: {}", page.body);
    }
    // The page of the CMs' demo offers a requester's pages from her own mail only.
    assert_eq!(site.desk.desk.links_of_mail(sent[0].id).await.unwrap().as_ref(), Some(hers));
    assert_eq!(site.desk.desk.links_of_mail(sent[1].id).await.unwrap(), None);
}

async fn an_answer_is_on_the_page_once_it_can_no_longer_be_taken_back(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("reply 1 Première réponse").await;
    site.desk.say("reply 1 Seconde réponse").await;
    let page = site.get(path(&mail.ticket_url)).await;
    assert!(
        page.body.contains("Première réponse") && !page.body.contains("Seconde réponse"),
        "{}",
        page.body
    );
    site.elapse(Duration::seconds(20)).await;
    assert!(site.get(path(&mail.ticket_url)).await.body.contains("Seconde réponse"));
}

// ---------- the preferences

#[tokio::test]
async fn a_preference_is_chosen_on_the_page_said_and_written_into_the_history() {
    for database in BOTH {
        let mut site = Site::open(database).await;
        let mail = site.mail_after("status 1 resolved").await;
        let here = path(&mail.preferences_url);
        let before = site.ticket().await;
        let page = site.get(here).await;
        assert_eq!(page.status, 200);
        for preference in Preference::ALL {
            assert!(page.body.contains(&format!("value=\"{}\"", preference.as_str())), "{}", page.body);
        }
        assert_eq!(page.body.matches(" checked").count(), 1);
        assert!(page.body.contains("value=\"both\" checked") && page.body.contains(LEA));

        let page = site.post(here, "preference=email_only").await;
        assert_eq!(page.status, 200);
        assert!(
            page.body.contains("«\u{a0}E-mail seulement\u{a0}» remplace «\u{a0}Web, e-mail et push\u{a0}»")
        );
        assert!(page.body.contains("value=\"email_only\" checked"));
        assert_eq!(site.preference().await, Preference::EmailOnly);
        let again = site.post(here, "preference=email_only").await;
        assert!(again.status == 200 && again.body.contains("Rien n’a changé"), "{}", again.body);

        let after = site.ticket().await;
        let told: Vec<_> =
            after.events.iter().filter(|event| event.kind == EventKind::PreferenceSet).collect();
        assert_eq!(told.len(), 1, "the second changed nothing");
        assert_eq!((told[0].actor.as_str(), told[0].door.as_str()), (LEA, "web"));
        assert_eq!(told[0].detail.preference_from, Some(Preference::Both));
        assert_eq!(told[0].detail.preference_to, Some(Preference::EmailOnly));
        assert_eq!((after.updated_at, after.status), (before.updated_at, before.status));

        for faulty in ["", "preference=everything", "x=y"] {
            let page = site.post(here, faulty).await;
            assert!(
                page.status == 400 && page.body.contains("Rien n’a été changé"),
                "{}: {}",
                page.status,
                page.body
            );
        }
        assert_eq!(site.preference().await, Preference::EmailOnly);
    }
}

async fn another_sites_page_cannot_choose_and_a_browser_that_hides_its_origin_can(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 resolved").await;
    let here = path(&mail.preferences_url);
    let foreign = site.ask("POST", here, "Origin: https://evil.example\r\n", "preference=none").await;
    assert!(foreign.status == 403 && foreign.body.contains("Rien n’a été changé"), "{}", foreign.body);
    assert!(!foreign.body.contains("/admin"));
    assert_eq!(site.preference().await, Preference::Both);
    let own = "Origin: null\r\nSec-Fetch-Site: same-origin\r\n";
    assert_eq!(site.ask("POST", here, own, "preference=none").await.status, 200);
    assert_eq!(site.preference().await, Preference::None);
}

// ---------- one click

#[tokio::test]
async fn after_one_click_a_notice_by_mail_is_skipped_and_says_why() {
    for database in BOTH {
        for (chosen, after) in
            [(Preference::Both, Preference::WebOnly), (Preference::EmailOnly, Preference::None)]
        {
            let mut site = Site::open(database).await;
            site.desk.desk.set_requester(LEA, None, Some(chosen)).await.unwrap();
            let mail = site.mail_after("status 1 resolved").await;
            // One is on its way already, and is stopped too.
            site.desk.say("status 1 closed").await;
            let here = path(&mail.unsubscribe_url);
            let page = site.post(here, ONE_CLICK).await;
            assert!(
                page.status == 200 && page.body.contains("Vous ne recevrez plus d’e-mail"),
                "{}",
                page.body
            );
            assert_eq!(site.preference().await, after);
            let again = site.post(here, ONE_CLICK).await;
            assert!(again.status == 200 && again.body.contains("rien n’a changé"), "{}", again.body);
            assert_eq!(site.preference().await, after);

            site.elapse(Duration::seconds(20)).await;
            assert!(site.desk.deliver().await.is_empty(), "{database:?}: nothing leaves");
            site.desk.say("status 1 in_progress").await;
            site.desk.say("status 1 waiting_customer").await;
            site.elapse(Duration::seconds(20)).await;
            assert!(site.desk.deliver().await.is_empty(), "{database:?}: nothing leaves");
            let ticket = site.ticket().await;
            let mails: Vec<_> =
                ticket.deliveries.iter().filter(|delivery| delivery.channel == Channel::Email).collect();
            assert_eq!(mails.len(), 3);
            assert_eq!(mails[0].state, DeliveryState::Sent);
            for mail in &mails[1..] {
                assert_eq!(mail.state, DeliveryState::Skipped);
            }
            assert_eq!(mails[2].why.as_deref(), Some(&*format!("préférence\u{a0}: {}", after.as_str())));
            let chosen = ticket.events.iter().filter(|event| event.kind == EventKind::PreferenceSet).count();
            assert_eq!(chosen, 1);
        }
    }
}

async fn a_provider_may_post_one_click_from_anywhere_in_either_type_of_form(database: Database) {
    for (headers, body) in [
        ("Origin: https://webmail.example\r\nSec-Fetch-Site: cross-site\r\n", ONE_CLICK),
        ("Origin: null\r\n", ONE_CLICK),
        (
            "",
            "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
        ),
    ] {
        let mut site = Site::open(database).await;
        let mail = site.mail_after("status 1 resolved").await;
        let page = site.ask("POST", path(&mail.unsubscribe_url), headers, body).await;
        assert_eq!((page.status, site.preference().await), (200, Preference::WebOnly), "{headers}");
    }
}

#[tokio::test]
async fn a_program_that_follows_every_link_changes_nothing() {
    for database in BOTH {
        let mut site = Site::open(database).await;
        let mail = site.mail_after("status 1 resolved").await;
        let before = (site.desk.desk.revision().await.unwrap(), site.ticket().await);
        for url in [&mail.ticket_url, &mail.preferences_url, &mail.unsubscribe_url, &mail.feedback_url] {
            for method in ["GET", "HEAD", "OPTIONS", "GET"] {
                let answer = site.ask(method, path(url), "", "").await;
                assert!([200, 405].contains(&answer.status), "{method} {}", answer.status);
            }
        }
        let page = site.get(path(&mail.unsubscribe_url)).await;
        assert!(
            page.body.contains("<button") && page.body.contains("Rien ne change tant que"),
            "{}",
            page.body
        );
        assert_eq!((site.desk.desk.revision().await.unwrap(), site.ticket().await), before);
        assert_eq!(site.preference().await, Preference::Both);
    }
}

// ---------- wrong links

async fn every_wrong_link_gets_the_same_page_which_tells_nothing_but_the_next_step(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 resolved").await;
    let other = Site::open(database).await.mail_after("status 1 resolved").await;
    let token = path(&mail.ticket_url).split('/').nth(2).unwrap().to_owned();
    let altered = match token.strip_prefix('A') {
        Some(rest) => format!("B{rest}"),
        None => format!("A{}", &token[1..]),
    };
    let mut wrong = vec![
        format!("/u/{token}/tickets"),
        format!("/u/{token}/notifications"),
        format!("/u/{token}/feedback"),
        format!("/u/{altered}/ticket/files/1/1"),
        format!("/u/{altered}/ticket"),
        format!("/u/{token}/preferences"),
        format!("/u/{token}/unsubscribe"),
        format!("/u/{token}"),
        format!("/u/{token}/elsewhere"),
        format!("/u/{}/ticket", &token[..token.len() - 1]),
        format!("/u/{token}A/ticket"),
        format!("/u/{}/ticket", "x".repeat(5000)),
        "/u/%00/ticket".to_owned(),
        "/u/%FF/ticket".to_owned(),
        "/u//ticket".to_owned(),
        path(&other.ticket_url).to_owned(),
    ];
    let pages = |paths: Vec<String>| async {
        let mut bodies = Vec::new();
        for path in paths {
            let page = site.get(&path).await;
            assert_eq!(page.status, 404, "{path}");
            assert!(
                page.has_header("referrer-policy: no-referrer") && page.has_header("cache-control: no-store")
            );
            bodies.push(page.body);
        }
        bodies
    };
    let mut bodies = pages(wrong.clone()).await;
    wrong.retain(|path| !path.ends_with("/ticket") && path.matches('/').count() == 3);
    wrong.retain(|path| !path.ends_with("/tickets") && !path.ends_with("/elsewhere"));
    assert_eq!(wrong.len(), 4);
    for path in wrong {
        let body = "preference=none&List-Unsubscribe=One-Click&rating=bad&read=all";
        let page = site.post(&path, body).await;
        assert_eq!(page.status, 404);
        bodies.push(page.body);
    }
    assert_eq!(site.preference().await, Preference::Both);
    site.elapse(Duration::days(366)).await;
    for url in [&mail.ticket_url, &mail.preferences_url, &mail.unsubscribe_url] {
        bodies.push(site.get(path(url)).await.body);
    }
    assert_eq!(site.post(path(&mail.unsubscribe_url), ONE_CLICK).await.status, 404);
    assert_eq!(site.preference().await, Preference::Both);
    for body in &bodies {
        assert_eq!(body, &bodies[0]);
    }
    assert!(
        bodies[0].contains("Ce lien ne s’ouvre pas") && bodies[0].contains("Ouvrez celui de notre e-mail")
    );
    for kept in ["lea", "Léa", "Paiement", "/admin", "Résolu"] {
        assert!(!bodies[0].contains(kept), "{kept}");
    }
}

async fn a_link_is_one_persons(database: Database) {
    let mut site = Site::open(database).await;
    site.desk.mail(&mail_of("max@courriel.example", "Max", "9", "Autre chose", "", "Secret de Max")).await;
    let leas = site.mail_after("status 1 resolved").await;
    let maxs = site.mail_after("status 2 resolved").await;
    assert_ne!(leas.ticket_url, maxs.ticket_url);
    assert!(!site.get(path(&leas.ticket_url)).await.body.contains("Secret de Max"));
    site.post(path(&maxs.unsubscribe_url), ONE_CLICK).await;
    assert_eq!(site.preference().await, Preference::Both);
    assert_eq!(
        site.desk.desk.person("max@courriel.example").await.unwrap().requester.preference,
        Preference::WebOnly
    );
}

// ---------- around

async fn a_browser_reads_chooses_and_unsubscribes(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 resolved").await;
    let address = |url: &str| format!("http://{}{}", site.address, path(url));
    let (ticket, preferences) = (address(&mail.ticket_url), address(&mail.preferences_url));
    let unsubscribe = address(&mail.unsubscribe_url);
    let complaints = tokio::task::spawn_blocking(move || {
        let mut page = Chromium::open(390, 800);
        page.go(&ticket);
        page.wait_for_text("Vous pouvez aussi répondre à l’e-mail");
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(page.evaluate(fits), true, "nothing sticks out of a telephone");
        page.go(&preferences);
        assert_eq!(page.evaluate("document.scripts.length"), 0);
        assert_eq!(page.evaluate(fits), true, "nothing sticks out of a telephone");
        page.click("input[value=email_only]");
        page.click("button.primary");
        page.wait_for_text("C’est enregistré");
        page.go(&unsubscribe);
        page.click("button");
        page.wait_for_text("C’est noté");
        page.complaints().to_vec()
    })
    .await
    .unwrap();
    assert_eq!(complaints, [""; 0]);
    assert_eq!(site.preference().await, Preference::None);
}

#[tokio::test]
async fn no_log_line_holds_a_token() {
    // One thread: the log of a test is a thread's own.
    let database = Database::Sqlite;
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // The server runs on this test's thread.
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 resolved").await;
    let urls = [&mail.ticket_url, &mail.preferences_url, &mail.unsubscribe_url];
    for url in urls {
        site.get(path(url)).await;
        site.post(path(url), "preference=none").await;
    }
    // With the database gone the pages fail, which is logged.
    site.desk.desk.close().await;
    assert_eq!(site.get(path(&mail.ticket_url)).await.status, 500);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a page failed"), "{log}");
    for url in urls {
        let token = path(url).split('/').nth(2).unwrap();
        assert!(!log.contains(token), "{log}");
    }
}

async fn the_demo_opens_the_requesters_pages_from_a_mail_and_a_desk_at_work_does_not_offer_them(
    database: Database,
) {
    let mut site = Site::with(TestDesk::new(database).await, true).await;
    let mail = site.mail_after("status 1 resolved").await;
    let page = site.get(&format!("/admin/support/outbox/{}", mail.id)).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Ouvrir la page du demandeur"), "{}", page.body);
    for url in [&mail.ticket_url, &mail.preferences_url, &mail.unsubscribe_url] {
        assert!(page.body.contains(&format!("href=\"{}\"", url.replace('/', "&#x2f;"))), "{}", page.body);
        assert_eq!(site.get(path(url)).await.status, 200);
    }
    // Signed in as in the demo, but on a desk at work: only the session matters.
    let cookie = page.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a session");
    let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    site.address = serve_pages(&site.desk.desk, page_settings(PUBLIC_URL, false)).await;
    let page = site.ask("GET", &format!("/admin/support/outbox/{}", mail.id), &cookie, "").await;
    assert_eq!(page.status, 200, "{}", page.head);
    assert!(!page.body.contains("page du demandeur"), "{}", page.body);
}

crate::support::desk::on_both! {
    who_takes_part_is_named_on_the_page_and_who_was_only_named_is_not,
    an_answer_is_on_the_page_once_it_can_no_longer_be_taken_back,
    another_sites_page_cannot_choose_and_a_browser_that_hides_its_origin_can,
    a_provider_may_post_one_click_from_anywhere_in_either_type_of_form,
    every_wrong_link_gets_the_same_page_which_tells_nothing_but_the_next_step,
    a_link_is_one_persons,
    a_browser_reads_chooses_and_unsubscribes,
    the_demo_opens_the_requesters_pages_from_a_mail_and_a_desk_at_work_does_not_offer_them,
}
