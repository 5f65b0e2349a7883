//! A person in a real browser does everything that can be done to a ticket and to the list, one act after the other.

use crate::pages::Site;
use crate::support::chromium::Chromium;
use crate::support::desk::{Database, on_both};
use guichet::domain::ids::TicketId;
use guichet::domain::people::Role;
use guichet::domain::ticket::{Priority, Status};

on_both! {
    a_browser_does_every_act_of_a_ticket_and_of_the_list,
}

async fn mail(site: &mut Site, n: usize, from: &str, subject: &str, more: &str) {
    site.desk
        .mail(&format!(
            "From: {from}\nTo: support@bettracker.example\nSubject: {subject}\nMessage-ID: <{n}@courriel.example>\n{more}\nBonjour, ma demande {n}.\n"
        ))
        .await;
    site.desk.elapse(chrono::Duration::minutes(1)).await;
}

async fn a_browser_does_every_act_of_a_ticket_and_of_the_list(database: Database) {
    let mut site = Site::open(database, true, Vec::new()).await;
    let lea = "=?utf-8?q?L=C3=A9a_Fontaine?= <lea@courriel.example>";
    mail(&mut site, 1, lea, "Paiement", "Cc: marc@courriel.example\n").await;
    mail(&mut site, 2, lea, "Re: Paiement [#1]", "In-Reply-To: <1@courriel.example>\n").await;
    mail(&mut site, 3, lea, "Facture", "").await;
    mail(&mut site, 4, "Karim <karim@courriel.example>", "Gagnez des millions", "").await;
    mail(&mut site, 5, "Zoé <zoe@courriel.example>", "Autre chose", "").await;
    site.desk.desk.add_agent("Sam", Role::Agent).await.unwrap();
    let list = format!("http://{}/admin/support", site.address);
    let complaints = tokio::task::spawn_blocking(move || {
        let mut page = Chromium::open(1280, 1000);
        let at = |id: i64| format!("{list}/tickets/{id}");
        page.go(&at(1));
        // What the page says of the last act; the next one begins once it stands there.
        let said = |page: &mut Chromium, text: &str| {
            page.wait_until(&format!(
                "document.readyState === 'complete' && !!document.querySelector('.flash')?.innerText.includes('{text}')"
            ));
        };

        // What the CM does with a ticket: take it, say how much it presses, what it is about, when to come back to it.
        page.evaluate("document.getElementById('assignee').value = 'Sam'");
        page.click("form[action$='/assign'] button");
        said(&mut page, "Sam est responsable");
        page.evaluate("document.getElementById('priority').value = 'high'");
        page.click("form[action$='/priority'] button");
        said(&mut page, "priorité Haute");
        page.fill("#tag", "facture vip");
        page.click("#tag ~ button");
        said(&mut page, "facture, vip");
        page.fill("#tag", "-vip");
        page.click("#tag ~ button");
        said(&mut page, "facture.");
        page.fill("#delay", "2 jours");
        page.click("#delay ~ button");
        said(&mut page, "reporté");

        // Taking the last act back.
        page.click(".flash button");
        said(&mut page, "Annulé");

        // Who takes part.
        page.fill("#participant", "anne@ailleurs.example");
        page.click("#participant ~ button");
        said(&mut page, "anne@ailleurs.example participe");

        // A note, a template to be filled in, a reply to all with the status that goes with it.
        page.fill("#note-text", "Vu avec la banque");
        page.click("form[action$='/note'] button");
        said(&mut page, "Note interne");
        page.evaluate("document.querySelector('select[name=template]').value = 'solution'");
        page.click("form.picker button");
        page.wait_for_text("À compléter avant l’envoi");
        page.click("button[name=then][value=resolved]");
        said(&mut page, "il reste à remplir");
        page.fill("#reply-text", "Bonjour Léa, c’est réparé.");
        page.click("input[name=all]");
        page.click("button[name=then][value=waiting_customer]");
        said(&mut page, "Réponse enregistrée");

        // The buttons of the guide.
        for (word, now) in [("resolved", "🟢 Résolu"), ("in_progress", "🟡 En cours")] {
            page.click(&format!("#to-{word}"));
            said(&mut page, &format!("→ {now}"));
        }

        // To the technical team, first as it is, then as a critical bug.
        page.click("#escalation > summary");
        page.fill("#why", "le paiement tourne en boucle");
        page.click("button[value=escalate]");
        said(&mut page, "escaladé");
        page.click("#escalation > summary");
        page.click("button[value=urgent]");
        said(&mut page, "urgent");

        // One message becomes a ticket, two tickets become one.
        page.click("#split-2 > summary");
        page.click("#split-2 button");
        said(&mut page, "est devenu le ticket");
        page.wait_for_text("Suite du ticket 1");
        page.click("#merging > summary");
        page.fill("#into", "2");
        page.click("#into ~ button");
        page.wait_for_text("a été fusionné avec le ticket 2");

        // A reason to close, spam, and taking up again.
        page.go(&at(2));
        page.click("#closing > summary");
        page.fill("#reason", "doublon");
        page.click("#reason ~ button");
        said(&mut page, "Fermé");
        page.click("#to-in_progress");
        said(&mut page, "→ 🟡 En cours");
        page.go(&at(3));
        page.click("#closing > summary");
        page.click("#closing button.danger");
        said(&mut page, "spam");

        // Several at once, from the list: a harmless act at once, a grave one after a question.
        page.go(&list);
        page.click("#pick-2");
        page.click("#pick-4");
        page.evaluate("document.querySelector('.bulk select').value = 'priority:low'");
        page.click(".bulk button");
        page.wait_for_text("Priorité basse\u{a0}: 2\u{a0}tickets.");
        page.click("#pick-2");
        page.click("#pick-4");
        page.evaluate("document.querySelector('.bulk select').value = 'status:resolved'");
        page.click(".bulk button");
        page.wait_for_text("est-ce bien cela");
        page.click("form .primary");
        page.wait_for_text("Passer en 🟢 Résolu\u{a0}: 2\u{a0}tickets.");

        // The figures are links, the filters a form, the console takes the grammar of chat.
        page.click(".figure.resolved");
        page.wait_until("location.search === '?status=resolved' && document.readyState === 'complete'");
        page.wait_until("document.querySelectorAll('table.queue tbody tr').length === 2");
        page.evaluate("document.querySelector('.filters select[name=agent]').value = 'nobody'");
        page.click(".filters button");
        page.wait_until("location.search.includes('agent=nobody') && document.readyState === 'complete'");
        page.wait_until("document.querySelectorAll('table.queue tbody tr').length === 2");
        page.fill("form[data-console] input[name=line]", "/ticket note 4 vu");
        page.press_enter();
        page.wait_for_text("Note");
        page.complaints().to_vec()
    })
    .await
    .unwrap();
    // The forms that were refused are answered with 422, which a browser writes down.
    let complaints: Vec<String> = complaints.into_iter().filter(|said| !said.contains("422")).collect();
    assert_eq!(complaints, [""; 0]);
    let ticket = async |id| site.desk.desk.ticket(TicketId(id)).await.unwrap().unwrap();
    assert_eq!(
        (ticket(1).await.tags, ticket(1).await.priority),
        (vec!["facture".to_owned()], Priority::Urgent)
    );
    assert_eq!(
        (ticket(5).await.merged_into, ticket(3).await.reason.as_deref()),
        (Some(TicketId(2)), Some("spam"))
    );
    assert_eq!((ticket(2).await.status, ticket(4).await.priority), (Status::Resolved, Priority::Low));
}
