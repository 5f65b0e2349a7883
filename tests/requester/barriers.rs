//! The requester's pages, each read by axe-core.

use super::{LEA, Site, linked, mail_of, path};
use crate::pages_barriers::none_has_a_barrier;
use crate::support::desk::{Database, on_both};

async fn no_page_of_a_requester_has_a_barrier(database: Database) {
    let mut site = Site::open(database).await;
    site.desk.mail(&mail_of(LEA, "Léa", "2", "Pari bloqué", "", "Bonjour, mon pari est bloqué.")).await;
    let waits = site.mail_after("reply 1 Bonjour Léa, quel est le numéro ?").await;
    let resolved = site.mail_after("status 2 resolved").await;
    let open = site.get(path(&waits.ticket_url)).await.body;
    let over = site.get(path(&resolved.ticket_url)).await.body;
    let paths = [
        path(&waits.ticket_url).to_owned(),
        path(&resolved.ticket_url).to_owned(),
        path(&resolved.feedback_url).to_owned(),
        path(&waits.preferences_url).to_owned(),
        path(&waits.unsubscribe_url).to_owned(),
        linked(&open, "/tickets"),
        linked(&over, "/notifications"),
        "/u/nothing/ticket".to_owned(),
    ];
    none_has_a_barrier(paths.iter().map(|path| format!("http://{}{path}", site.address)).collect()).await;
}

on_both! {
    no_page_of_a_requester_has_a_barrier,
}
