//! What we sent ourselves is never a ticket, in whatever folder it is found and whoever stands in its From.

use crate::support::desk::{Database, OUR_ADDRESS, TestDesk};
use chrono::Duration;
use guichet::desk::receive::Filed;

fn mail(from: &str, message_id: &str, more: &str, text: &str) -> String {
    format!(
        "From: {from}\nTo: lea@client.example\nSubject: Votre demande\nMessage-ID: <{message_id}>\n{more}\n{text}\n"
    )
}

async fn a_copy_of_our_own_mail_is_ignored_whatever_its_sender_says(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail("From: lea@client.example\nSubject: question\nMessage-ID: <1@client.example>\n\nBonjour ?\n")
        .await;
    test.say("status 1 resolved").await;
    test.elapse(Duration::minutes(5)).await;
    let parcels = test.deliver().await;
    let ours = parcels[0].message_id.as_str();
    let group = "X-Original-From: Support <support@bettracker.example>\nX-Original-Sender: support@bettracker.example\n";
    for (case, from, id, more) in [
        ("our Sent folder", OUR_ADDRESS, ours, ""),
        ("our address, by another program", OUR_ADDRESS, "note@laptop.example", ""),
        (
            "by a group that writes itself into From",
            "\"Support via Groupe\" <groupe@listes.example>",
            ours,
            group,
        ),
        ("under an alias that nobody configured", "aide@bettracker.example", ours, ""),
        ("without a sender", "", ours, ""),
    ] {
        assert_eq!(test.mail(&mail(from, id, more, case)).await, Filed::Ignored, "{case}");
    }
    let forged = format!("1.2.{}@bettracker.example", "a".repeat(32));
    let stranger = test.mail(&mail("zoe@client.example", &forged, "", "Bonjour")).await;
    assert!(matches!(stranger, Filed::Created(_)), "an id that only looks like ours: {stranger:?}");
    let answers = format!("In-Reply-To: <{ours}>\n");
    let answer = test.mail(&mail("lea@client.example", "2@client.example", &answers, "Et encore ?")).await;
    assert!(matches!(answer, Filed::Reply(_)), "an answer to ours is no copy of it: {answer:?}");
}

crate::support::desk::on_both! { a_copy_of_our_own_mail_is_ignored_whatever_its_sender_says }
