//! Every page in a real browser, read by axe-core (WCAG 2.2 AA and its best practices), light and dark, on a desk and on a
//! telephone: nothing is found.

use crate::pages::{PASSWORD, Site};
use crate::support::chromium::Chromium;
use crate::support::desk::{Database, on_both};
use guichet::domain::people::Role;

on_both! {
    no_page_of_the_team_has_a_barrier,
}

/// A site where everything has something on it, open to a lead without signing in.
async fn busy(database: Database) -> Site {
    let mut site = Site::open(database, true, Vec::new()).await;
    for (n, from, subject, text) in [
        (1, "Léa Fontaine <lea@courriel.example>", "Paiement refusé", "Bonjour,\n\nMon paiement est refusé."),
        (
            2,
            "Marc Petit <marc@courriel.example>",
            "Pari bloqué",
            "Bonjour,\n\nMon pari est bloqué.\n\nLe 3 nov. à 10:00, Support a écrit :\n> Bonjour",
        ),
        (3, "Léa Fontaine <lea@courriel.example>", "Encore une question", "Où est ma facture ?"),
    ] {
        site.desk
            .mail(&format!(
                "From: {from}\nTo: support@bettracker.example\nCc: anne@ailleurs.example\nSubject: {subject}\nMessage-ID: <{n}@courriel.example>\n\
                 Content-Type: text/plain; charset=utf-8\n\n{text}\n"
            ))
            .await;
        site.desk.elapse(chrono::Duration::minutes(7)).await;
    }
    for line in [
        "tag 1 +facture +vip",
        "priority 1 urgent",
        "note 1 à vérifier avec la banque",
        "reply 1 Bonjour Léa, c’est réparé.",
        "escalate 2 le pari ne se règle pas",
        "status 3 waiting_customer",
    ] {
        site.desk.say(line).await;
    }
    site
}

async fn no_page_of_the_team_has_a_barrier(database: Database) {
    let site = busy(database).await;
    site.desk.desk.add_agent("Alix", Role::Lead).await.unwrap();
    let lead = site.desk.desk.clone();
    let lead = crate::support::desk::serve_pages(
        &lead,
        guichet::web::Settings {
            demo_agent: Some("Alix".into()),
            ..crate::support::desk::page_settings("http://localhost:3000", true)
        },
    )
    .await;
    let closed = Site::open(database, false, Vec::new()).await;
    let answer = closed.sign_in("camille", PASSWORD).await;
    assert_eq!(answer.status, 303);
    let team = [
        "/admin/support",
        "/admin/support?q=paiement",
        "/admin/support?status=closed&q=introuvable",
        "/admin/support/tickets/1",
        "/admin/support/tickets/2?template=solution",
        "/admin/support/tickets/99",
        "/admin/support/console",
        "/admin/support/report",
        "/admin/support/outbox",
        "/admin/support/people",
        "/admin/support/people/1",
        "/admin/support/people/1/erase",
        "/admin/support/audit",
        "/admin/support/operations",
        "/admin/support/agents",
        "/admin/support/agents/1",
        "/admin/account",
        "/admin/account/totp",
        "/docs/kb",
        "/docs/kb?q=ticket",
        "/docs/kb?ticket=1",
        "/docs/faq-tech",
        "/docs/kb/ticket-spam",
        "/docs/kb/ticket-spam/edit",
        "/docs/templates",
        "/docs/templates/solution",
        "/docs/templates/solution/edit",
        "/docs/new-template",
        "/docs/write",
        "/docs/checklist",
        "/docs/recurring",
    ];
    let mut addresses: Vec<String> = team.iter().map(|path| format!("http://{lead}{path}")).collect();
    addresses.push(format!("http://{}/admin/sign-in", closed.address));
    none_has_a_barrier(addresses).await;
}

/// Reads each of these pages, light on a desk and dark on a telephone.
pub async fn none_has_a_barrier(addresses: Vec<String>) {
    let found = tokio::task::spawn_blocking(move || {
        let mut found = Vec::new();
        for (width, height, is_dark) in [(1280, 900, false), (390, 844, true)] {
            let mut page = Chromium::open(width, height);
            if is_dark {
                page.prefer_dark();
            }
            for address in &addresses {
                page.go(address);
                for barrier in page.barriers() {
                    found.push(format!("{address} ({width}): {barrier}"));
                }
                if width < 400 && page.evaluate("document.documentElement.scrollWidth > innerWidth") == true {
                    found.push(format!("{address}: sticks out of a telephone"));
                }
            }
        }
        found
    })
    .await
    .unwrap();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}
