//! A ticket whose every field is hostile, on every page of the team in a real browser: it is text, nothing of it acts.

use crate::pages::Site;
use crate::support::chromium::Chromium;
use crate::support::desk::{Database, on_both};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guichet::domain::people::Role;

on_both! {
    a_hostile_ticket_is_text_on_every_page,
}

/// What acts wherever it is taken for more than text: it would leave its mark on the page.
const ACT: &str = "\"'><img src=x onerror=\"window.hacked=1\"><svg onload=\"window.hacked=1\"></svg><script>window.hacked=1</script>";

/// Where it stands, on pages for the whole team and on those for its leads.
const PAGES: [&str; 17] = [
    "/admin/support",
    "/admin/support?q=bonjour+img",
    "/admin/support?q=%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E&tag=%3Cb%3E",
    "/admin/support/tickets/1",
    "/admin/support/tickets/1?template=solution",
    "/admin/support/console",
    "/admin/support/report",
    "/admin/support/outbox",
    "/admin/support/outbox/2",
    "/admin/support/people/1",
    "/admin/support/people/1/erase",
    "/admin/support/audit",
    "/admin/support/operations",
    "/admin/support/messages/1/html",
    "/docs/checklist",
    "/docs/recurring",
    "/docs/kb?q=%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E",
];

fn word(text: &str) -> String {
    format!("=?utf-8?b?{}?=", STANDARD.encode(text))
}

async fn a_hostile_ticket_is_text_on_every_page(database: Database) {
    let mut site = Site::open(database, true, Vec::new()).await;
    site.desk.desk.set_role(&site.desk.camille, Role::Lead).await.unwrap();
    let act = word(ACT);
    let name = word(&format!("{ACT}.svg"));
    let picture = STANDARD.encode("<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"window.hacked=1\"><script>window.hacked=1</script></svg>");
    site.desk
        .mail(&format!(
            "From: {act} <lea@courriel.example>\nTo: support@bettracker.example\nCc: {act} <marc@courriel.example>\nSubject: {act}\n\
             Message-ID: <1@courriel.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n\
             --x\nContent-Type: multipart/alternative; boundary=y\n\n--y\nContent-Type: text/plain; charset=utf-8\n\nBonjour {ACT}\n\
             --y\nContent-Type: text/html; charset=utf-8\n\n<p>Bonjour {ACT}</p><a href=\"javascript:window.hacked=1\">ici</a><form action=\"/admin/sign-out\"><button>ok</button></form>\n--y--\n\
             --x\nContent-Type: image/svg+xml\nContent-Disposition: attachment; filename=\"{name}\"\nContent-Transfer-Encoding: base64\n\n{picture}\n\
             --x\nContent-Type: text/html\nContent-Disposition: attachment; filename=\"page.html\"\n\n<script>window.hacked=1</script>\n--x--\n"
        ))
        .await;
    site.desk.say(&format!("note 1 {ACT}")).await;
    site.desk.say(&format!("escalate 1 {ACT}")).await;
    site.desk.say(&format!("reply 1 Bonjour {ACT}")).await;
    site.desk.elapse(chrono::Duration::minutes(1)).await;
    site.desk.deliver().await;
    let base = format!("http://{}", site.address);
    let files = ["/admin/support/messages/1/html", "/admin/support/messages/1/source"].map(str::to_owned);
    let parts = (0..8).map(|part| format!("/admin/support/messages/1/attachments/{part}"));
    let files: Vec<String> = files.into_iter().chain(parts).collect();
    let mut served = 0;
    for file in &files {
        let answer = site.get(file).await;
        if answer.status == 200 {
            served += 1;
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.starts_with("sandbox"), "{file} is served where nothing acts: {policy}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{file}");
        }
    }
    assert!(served >= 4, "the HTML version, the source and both files: {served} of {files:?}");
    for path in PAGES {
        assert_eq!(site.get(path).await.status, 200, "{path} is no refusal");
    }
    let found = tokio::task::spawn_blocking(move || {
        let mut page = Chromium::open(1280, 900);
        let mut found = Vec::new();
        for path in PAGES {
            page.go(&format!("{base}{path}"));
            page.wait_until("document.readyState === 'complete'");
            for (what, is_wrong) in [
                ("acted", "window.hacked !== undefined"),
                ("stands as an element", "!!document.querySelector('[onerror], [onload], img[src=x], main script, main svg[onload]')"),
                ("leads to a script", "[...document.links].some((link) => link.protocol === 'javascript:')"),
            ] {
                if page.evaluate(is_wrong) != false {
                    found.push(format!("{path}: it {what}"));
                }
            }
        }
        page.go(&format!("{base}/admin/support/tickets/1"));
        assert!(page.text().contains("<script>window.hacked=1</script>"), "it is there to be read");
        page.click("details.rich summary");
        page.wait_until("!!document.querySelector('iframe.body')?.getAttribute('src')");
        if page.evaluate("window.hacked !== undefined") != false {
            found.push("the HTML version acted".to_owned());
        }
        found
    })
    .await
    .unwrap();
    assert_eq!(found, [""; 0]);
}
