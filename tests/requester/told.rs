//! What a requester is told on the web, the list of their tickets, and what they think of the help.

use super::{LEA, Site, linked, mail_of, path};
use crate::support::chromium::Chromium;
use crate::support::desk::{Database, on_both};
use chrono::Duration;
use guichet::domain::event::EventKind;
use guichet::domain::feedback::Rating;
use guichet::domain::report::{Period, Ratings};
use guichet::domain::ticket::Status;

async fn notifications_wear_the_guides_colours_and_are_read_once_they_are_said_to_be(database: Database) {
    let mut site = Site::open(database).await;
    site.desk.mail(&mail_of("max@courriel.example", "Max", "9", "Secret", "", "x")).await;
    site.desk.say("status 2 resolved").await;
    site.mail_after("status 1 waiting_customer").await;
    site.desk.say("reply 1 Voici.").await;
    let mail = site.mail_after("status 1 resolved").await;
    // What may still be taken back is not told yet.
    site.desk.say("status 1 closed").await;
    let ticket = site.get(path(&mail.ticket_url)).await;
    let here = linked(&ticket.body, "/notifications");
    assert!(ticket.body.contains("3<span class=\"sr\"> non lues"), "{}", ticket.body);
    let page = site.get(&here).await;
    for shown in [
        "Ticket de support : En attente de votre réponse",
        "est maintenant en attente de votre réponse.",
        "told warning new",
        "told reply new",
        "told success new",
        "3\u{a0}notifications non lues",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    for kept in ["Fermé", "Secret", "told info"] {
        assert!(!page.body.contains(kept), "{kept}: {}", page.body);
    }
    let first = page.body.split("name=\"read\" value=\"").nth(2).unwrap().split('"').next().unwrap();
    assert_eq!(site.post(&here, &format!("read={first}")).await.status, 303);
    assert!(site.get(&here).await.body.contains("2\u{a0}notifications non lues"));
    assert_eq!(site.post(&here, "read=all").await.status, 303);
    let page = site.get(&here).await;
    assert!(page.body.contains("Vous avez tout lu.") && !page.body.contains("Tout marquer"), "{}", page.body);
    for faulty in ["", "read=x", "write=all"] {
        assert_eq!(site.post(&here, faulty).await.status, 400, "{faulty}");
    }
    site.elapse(Duration::seconds(20)).await;
    assert!(site.get(&here).await.body.contains("told info new"));
}

async fn each_of_their_tickets_is_listed_and_opens(database: Database) {
    let mut site = Site::open(database).await;
    site.desk.mail(&mail_of("max@courriel.example", "Max", "9", "Secret de Max", "", "x")).await;
    site.desk.mail(&mail_of(LEA, "Léa", "8", "Export <i>CSV</i>", "", "Comment exporter ?")).await;
    let mail = site.mail_after("status 1 resolved").await;
    let ticket = site.get(path(&mail.ticket_url)).await;
    let page = site.get(&linked(&ticket.body, "/tickets")).await;
    assert!(page.body.contains("Export &lt;i&gt;CSV") && page.body.contains("Paiement"), "{}", page.body);
    assert!(!page.body.contains("Secret"), "{}", page.body);
    let pages: Vec<_> = page.body.split("href=\"").filter(|rest| rest.contains("&#x2f;ticket\"")).collect();
    assert_eq!(pages.len(), 2);
    let other = pages[0].split('"').next().unwrap().replace("&#x2f;", "/");
    let other = site.get(&other).await;
    assert!(other.body.contains("Comment exporter ?"), "{}", other.body);
    // They end when the mail's own link does, not later.
    site.elapse(Duration::days(366)).await;
    assert_eq!(site.get(&linked(&ticket.body, "/tickets")).await.status, 404);
}

async fn feedback_is_asked_once_it_is_resolved_given_once_and_told_to_the_team(database: Database) {
    let mut site = Site::open(database).await;
    let early = site.mail_after("status 1 waiting_customer").await;
    let page = site.get(path(&early.feedback_url)).await;
    assert!(page.body.contains("une fois qu’il sera résolu"), "{}", page.body);
    let refused = site.post(path(&early.feedback_url), "rating=good").await;
    assert!(refused.body.contains("une fois qu’il sera résolu"), "{}", refused.body);

    let mail = site.mail_after("status 1 resolved").await;
    let here = path(&mail.feedback_url).to_owned();
    assert!(site.get(path(&mail.ticket_url)).await.body.contains("Comment s’est passée votre demande"));
    let page = site.get(&format!("{here}?rating=fair")).await;
    assert!(page.body.contains("value=\"fair\" checked"), "{}", page.body);
    let nothing = site.post(&here, "comment=Trop+long+%3Cb%3E").await;
    assert!(nothing.body.contains("Choisissez un des trois visages"), "{}", nothing.body);
    assert!(nothing.body.contains("Trop long &lt;b&gt;"), "what was typed is kept: {}", nothing.body);
    let long = format!("rating=good&comment={}", "x".repeat(2_001));
    assert!(site.post(&here, &long).await.body.contains("trop long"));
    let given = site.post(&here, "rating=fair&comment=Un+peu+long%0Amais+poli").await;
    assert!(given.body.contains("Votre avis est transmis"), "{}", given.body);
    let again = site.post(&here, "rating=bad").await;
    assert!(
        again.body.contains("déjà donné votre avis") && again.body.contains("😐\u{a0}Moyen"),
        "{}",
        again.body
    );
    assert!(site.get(&here).await.body.contains("déjà donné votre avis"));
    assert!(!site.get(path(&mail.ticket_url)).await.body.contains("Comment s’est passée"));

    let ticket = site.ticket().await;
    let told: Vec<_> = ticket.events.iter().filter(|event| event.kind == EventKind::FeedbackGiven).collect();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].actor.as_str(), told[0].detail.rating), (LEA, Some(Rating::Fair)));
    assert_eq!(
        guichet::wording::history::sentence(told[0]),
        format!("{LEA} a donné son avis, 😐\u{a0}Moyen\u{a0}: «\u{a0}Un peu long mais poli\u{a0}»")
    );
    assert_eq!(ticket.status, Status::Resolved);
    let report = site.desk.desk.report(Period::day(site.desk.desk.today())).await.unwrap();
    assert_eq!(report.tally.ratings, Ratings { good: 0, fair: 1, bad: 0 });
    assert_eq!((report.tally.satisfaction.reached, report.tally.satisfaction.of), (0, 1));
    assert_eq!(report.tally.comments[0].text, "Un peu long\nmais poli");

    // Resolved again, it is asked again.
    site.desk.say("status 1 in_progress").await;
    assert!(site.get(&here).await.body.contains("une fois qu’il sera résolu"));
    site.desk.say("status 1 resolved").await;
    assert!(site.post(&here, "rating=good").await.body.contains("Merci\u{a0}!"));
}

async fn not_resolved_takes_the_ticket_up_again_with_or_without_a_word(database: Database) {
    for (body, text) in [
        ("answer=not_resolved&key=a", "Non, mon problème n’est pas résolu."),
        (
            "answer=not_resolved&key=a&comment=Toujours+refus%C3%A9",
            "Non, mon problème n’est pas résolu.\n\nToujours refusé",
        ),
        ("answer=not_resolved&key=a&comment=Merci+%21", "Non, mon problème n’est pas résolu.\n\nMerci !"),
    ] {
        let mut site = Site::open(database).await;
        let mail = site.mail_after("status 1 resolved").await;
        for _ in 0..2 {
            let page = site.post(path(&mail.feedback_url), body).await;
            assert!(page.body.contains("l’équipe reprend votre demande"), "{}", page.body);
        }
        let ticket = site.ticket().await;
        assert_eq!((ticket.status, ticket.messages.len()), (Status::InProgress, 2));
        assert_eq!(ticket.messages[1].text, text);
        assert!(ticket.answer_due.is_some(), "an answer is owed");
        let other = site.post(path(&mail.feedback_url), "answer=not_resolved&key=a&comment=Encore").await;
        assert!(other.body.contains("l’équipe reprend votre demande"), "{}", other.body);
        assert_eq!(site.ticket().await.messages.len(), 3, "what was changed is sent too");
        let long = format!("answer=not_resolved&key=b&comment={}", "x".repeat(2_001));
        let refused = site.post(path(&mail.feedback_url), &long).await;
        assert!(refused.body.contains("trop long"), "{}", refused.body);
        assert_eq!(site.ticket().await.messages.len(), 3);
    }
}

async fn links_that_were_ended_open_nothing_and_later_mails_carry_others(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 waiting_customer").await;
    let tickets = linked(&site.get(path(&mail.ticket_url)).await.body, "/tickets");
    site.desk.say(&format!("user {LEA} --revoke")).await;
    for here in [path(&mail.ticket_url), path(&mail.preferences_url), path(&mail.feedback_url), &tickets] {
        let page = site.get(here).await;
        assert_eq!(page.status, 404, "{here}");
        assert!(page.body.contains("Ce lien ne s’ouvre pas"));
    }
    assert_eq!(site.post(path(&mail.preferences_url), "preference=none").await.status, 404);
    // Mail providers post there for their users: ending the mails stays possible.
    let ended = site.post(path(&mail.unsubscribe_url), "List-Unsubscribe=One-Click").await;
    assert!(ended.status == 200 && ended.body.contains("Vous ne recevrez plus d’e-mail"), "{}", ended.body);
    site.desk.say(&format!("user {LEA} both")).await;
    let later = site.mail_after("status 1 resolved").await;
    assert_eq!(site.get(path(&later.ticket_url)).await.status, 200);
}

async fn a_browser_gives_feedback_by_keyboard(database: Database) {
    let mut site = Site::open(database).await;
    let mail = site.mail_after("status 1 resolved").await;
    let ticket = format!("http://{}{}", site.address, path(&mail.ticket_url));
    let complaints = tokio::task::spawn_blocking(move || {
        let mut page = Chromium::open(390, 800);
        page.go(&ticket);
        page.click("p.faces a:nth-of-type(3)");
        page.wait_for_text("Envoyer mon avis");
        assert_eq!(page.evaluate("document.querySelector('input:checked').value"), "bad");
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(page.evaluate(fits), true, "nothing sticks out of a telephone");
        assert_eq!(page.evaluate("document.scripts.length"), 0);
        page.evaluate("document.querySelector('#comment').value = 'Deux jours d’attente'");
        page.click("button.primary");
        page.wait_for_text("Merci de nous l’avoir dit");
        page.complaints().to_vec()
    })
    .await
    .unwrap();
    assert_eq!(complaints, [""; 0]);
    let report = site.desk.desk.report(Period::day(site.desk.desk.today())).await.unwrap();
    assert_eq!(report.tally.ratings.bad, 1);
}

on_both! {
    notifications_wear_the_guides_colours_and_are_read_once_they_are_said_to_be,
    each_of_their_tickets_is_listed_and_opens,
    feedback_is_asked_once_it_is_resolved_given_once_and_told_to_the_team,
    not_resolved_takes_the_ticket_up_again_with_or_without_a_word,
    links_that_were_ended_open_nothing_and_later_mails_carry_others,
    a_browser_gives_feedback_by_keyboard,
}
