//! What is held of a person, on the leads' pages: who gets in, what is shown, given out and taken away; and the audit log.

use crate::pages::{Answer, PASSWORD, Site};
use crate::support::chromium::Chromium;
use crate::support::desk::{Database, on_both};
use guichet::domain::audit::AuditKind;
use guichet::domain::ids::{RawMailId, RequesterId, TicketId};
use std::io::{Cursor, Read};

on_both! {
    an_agent_is_told_whose_these_pages_are,
    a_person_is_found_by_address_and_from_a_ticket,
    what_is_held_is_downloaded_as_an_archive_and_the_log_says_so,
    a_person_is_erased_once_after_a_page_that_says_what_goes,
    a_browser_erases_a_person,
}

/// The site of Léa's mail, with a lead signed in.
async fn lead(database: Database) -> Site {
    let mut site = Site::signed_in(database).await;
    site.led().await;
    site
}

const LEA: &str = "/admin/support/people/1";

async fn an_agent_is_told_whose_these_pages_are(database: Database) {
    let site = Site::signed_in(database).await;
    let ticket = site.get("/admin/support/tickets/1").await;
    assert!(!ticket.body.contains("/person\"") && !ticket.body.contains("/admin/support/audit"));
    let (csrf, key) = (ticket.field("csrf"), ticket.field("key"));
    for path in ["people", "people/1", "people/1/erase", "audit", "tickets/1/person"] {
        let answer = site.get(&format!("/admin/support/{path}")).await;
        assert!(answer.status == 409 && answer.body.contains("responsable"), "{path}: {}", answer.body);
    }
    for path in ["people", "people/1/erase", "people/1/export"] {
        let fields = [("csrf", csrf.as_str()), ("key", key.as_str()), ("email", "lea@courriel.example")];
        assert_eq!(site.post(&format!("/admin/support/{path}"), &fields).await.status, 409, "{path}");
    }
    assert_eq!(site.desk.desk.audit_lines(None, 10).await.unwrap(), []);
    assert_eq!(site.desk.desk.number_of("lea@courriel.example").await.unwrap(), RequesterId(1));
}

async fn a_person_is_found_by_address_and_from_a_ticket(database: Database) {
    let site = lead(database).await;
    let search = site.get("/admin/support/people").await;
    assert!(search.body.contains("gardés sans limite"), "{}", search.body);
    let found = site
        .act("/admin/support/people", "/admin/support/people", &[("email", " Lea@Courriel.example ")])
        .await;
    for shown in [
        "<h1>Léa Fontaine</h1>",
        "lea@courriel.example",
        "Paiement &lt;b&gt;&amp;&lt;&#x2f;b&gt;",
        "Demandeur nº&nbsp;1",
    ] {
        assert!(found.body.contains(shown), "{shown}: {}", found.body);
    }
    let ticket = site.get("/admin/support/tickets/1").await;
    assert!(ticket.body.contains("href=\"/admin/support/tickets/1/person\""), "{}", ticket.body);
    let there = site.get("/admin/support/tickets/1/person").await;
    assert_eq!((there.status, there.header("location")), (303, Some(LEA)));
    let nobody =
        site.act("/admin/support/people", "/admin/support/people", &[("email", "x@y.example")]).await;
    assert!(nobody.status == 422 && nobody.body.contains("value=\"x@y.example\""), "{}", nobody.body);
    for nowhere in ["/admin/support/people/99", "/admin/support/people/x", "/admin/support/tickets/99/person"]
    {
        assert_eq!(site.get(nowhere).await.status, 404, "{nowhere}");
    }
}

/// Sends a form of a page without following to where it leads.
async fn send(site: &Site, page: &str, path: &str) -> Answer {
    let form = site.get(page).await;
    site.post(path, &[("csrf", &form.field("csrf")), ("key", &form.field("key"))]).await
}

async fn what_is_held_is_downloaded_as_an_archive_and_the_log_says_so(database: Database) {
    let site = lead(database).await;
    let form = site.get(LEA).await;
    let fields = [("csrf", form.field("csrf")), ("key", form.field("key"))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let (head, bytes) = site.download(&format!("{LEA}/export"), &fields).await;
    for told in ["200 OK", "application/zip", "attachment; filename=\"personne-1.zip\"", "no-store"] {
        assert!(head.contains(told), "{told}: {head}");
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut file = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let whole: serde_json::Value = serde_json::from_str(&file("personne.json")).unwrap();
    assert_eq!(whole["email"], "lea@courriel.example");
    assert_eq!(whole["tickets"][0]["id"], 1);
    let held = site.desk.desk.mail_of(RawMailId(1)).await.unwrap().unwrap();
    assert_eq!(file("mails/mail-1.eml").into_bytes(), held, "byte for byte");
    assert_eq!(archive.len(), 2);
    let strange = site.post(&format!("{LEA}/export"), &[("csrf", "x"), ("key", "y")]).await;
    assert_eq!(strange.status, 403);
    let log = site.get("/admin/support/audit").await;
    let line = "<strong>Alix (page web)</strong>&nbsp;: données du demandeur nº\u{a0}1 exportées (1\u{a0}ticket, 1\u{a0}mail reçu)";
    assert!(log.body.contains(line), "{}", log.body);
    assert_eq!(site.desk.desk.audit_lines(None, 10).await.unwrap().len(), 1);
    assert!(!log.body.contains("lea@courriel"), "{}", log.body);
}

async fn a_person_is_erased_once_after_a_page_that_says_what_goes(database: Database) {
    let site = lead(database).await;
    let confirm = format!("{LEA}/erase");
    let page = site.get(&confirm).await;
    for said in [
        "les mots de 1\u{a0}ticket et de 1\u{a0}message",
        "1\u{a0}pièce jointe",
        "Ce qui restera",
        "Ne rien effacer",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let (csrf, key) = (page.field("csrf"), page.field("key"));
    let fields = [("csrf", csrf.as_str()), ("key", key.as_str())];
    let first = site.post(&confirm, &fields).await;
    let again = site.post(&confirm, &fields).await;
    assert_eq!((first.status, first.header("location")), (again.status, again.header("location")));
    let done = site.get(first.header("location").unwrap()).await;
    assert!(
        done.body.contains("Effacé\u{a0}: 1\u{a0}ticket, 1\u{a0}message, 1\u{a0}mail reçu."),
        "{}",
        done.body
    );
    assert!(done.body.contains("Personne effacée") && !done.body.contains("lea@courriel"), "{}", done.body);
    let later = site.get(&confirm).await;
    assert_eq!((later.status, later.header("location")), (303, Some(LEA)));
    let other = send(&site, "/admin/support/people", &confirm).await;
    let before = site.get(other.header("location").unwrap()).await;
    assert!(before.body.contains("déjà effacée"), "{}", before.body);
    let lines = site.desk.desk.audit_lines(None, 10).await.unwrap();
    assert_eq!((lines.len(), lines[0].kind), (1, AuditKind::PersonErased));
    let ticket = site.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    assert!(ticket.anonymised_at.is_some());
    let page = site.get("/admin/support/tickets/1").await;
    assert!(page.body.contains("Ticket anonymisé le") && !page.body.contains("/person\""), "{}", page.body);
}

async fn a_browser_erases_a_person(database: Database) {
    let site = lead(database).await;
    site.desk.say("reply 1 Bonjour, c’est corrigé.").await;
    let address = site.address;
    let complaints = tokio::task::spawn_blocking(move || {
        let draw = |page: &mut Chromium, name: &str| {
            if let Some(folder) = std::env::var_os("GUICHET_DRAW_PAGES") {
                page.picture(&std::path::Path::new(&folder).join(name));
            }
        };
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        let mut pages = Vec::new();
        for (width, height) in [(390, 844), (1280, 900)] {
            let mut page = Chromium::open(width, height);
            page.go(&format!("http://localhost:{}/admin/sign-in", address.port()));
            page.fill("input[name=name]", "Alix");
            page.fill("input[name=password]", PASSWORD);
            page.click(".door button");
            page.wait_for_text("Tickets");
            pages.push(page);
        }
        for dark in [false, true] {
            for (page, size) in pages.iter_mut().zip(["phone", "desktop"]) {
                if dark {
                    page.prefer_dark();
                }
                let shade = if dark { "dark" } else { "light" };
                for place in ["people", "people/1", "people/1/erase", "audit", "tickets/1"] {
                    page.go(&format!("http://localhost:{}/admin/support/{place}", address.port()));
                    assert_eq!(page.evaluate(fits), true, "{place} sticks out of {size}");
                    draw(page, &format!("people-{}-{size}-{shade}.png", place.replace('/', "-")));
                }
            }
        }
        let page = &mut pages[0];
        page.go(&format!("http://localhost:{}/admin/support/people", address.port()));
        page.fill("input[name=email]", "lea@courriel.example");
        page.press_enter();
        page.wait_for_text("À sa demande");
        page.click("a.button.danger");
        page.wait_for_text("Il n’y a pas de retour");
        page.click("button.danger");
        page.wait_for_text("Personne effacée");
        draw(page, "people-erased-phone.png");
        page.go(&format!("http://localhost:{}/admin/support/audit", address.port()));
        draw(page, "people-audit-phone.png");
        assert!(page.text().contains("données du demandeur nº\u{a0}1 effacées"));
        pages.iter_mut().flat_map(|page| page.complaints().to_vec()).collect::<Vec<_>>()
    })
    .await
    .unwrap();
    assert_eq!(complaints, [""; 0]);
}
