//! An address whose mail came back for good gets none until somebody answers from it or a CM lifts it.

use crate::support::desk::{Database, OUR_MAIL_SERVER, TestDesk};
use chrono::Duration;
use guichet::desk::receive::Filed;
use guichet::domain::delivery::{Channel, DeliveryState, Outcome};
use guichet::domain::ids::TicketId;
use guichet::view::{DeliveryView, View};

const LEA: &str = "From: Léa Martin <lea@courriel.example>\nTo: support@bettracker.example\nSubject: Pari\n\
    Message-ID: <1@courriel.example>\n\nBonjour, mon pari ne se valide pas.\n";

fn bounce(status: &str, message_id: &str) -> String {
    format!(
        "From: MAILER-DAEMON@relais.example\nTo: support@bettracker.example\nSubject: Undelivered Mail Returned to Sender\n\
         Message-ID: <rebond-{status}@relais.example>\nAuto-Submitted: auto-replied\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nNon remis.\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relais.example\n\n\
         Final-Recipient: rfc822; lea@courriel.example\nAction: failed\nStatus: {status}\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{message_id}>\n\n--b--\n"
    )
}

/// The ticket's e-mails, oldest first.
async fn mails(test: &TestDesk) -> Vec<DeliveryView> {
    let ticket = test.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    ticket.deliveries.into_iter().filter(|delivery| delivery.channel == Channel::Email).collect()
}

/// A ticket whose notice left and came back with this status.
async fn with_returned_notice(database: Database, status: &str) -> TestDesk {
    let mut test = TestDesk::new(database).await;
    test.mail(LEA).await;
    test.say("status 1 waiting_customer").await;
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    test.mail(&bounce(status, &sent[0].message_id)).await;
    assert_eq!(mails(&test).await[0].state, DeliveryState::Failed);
    test
}

async fn why_not(test: &TestDesk) -> Option<String> {
    test.desk.person("lea@courriel.example").await.unwrap().requester.suppressed
}

async fn a_hard_bounce_stops_mail_to_the_address_and_says_so(database: Database) {
    let test = with_returned_notice(database, "5.1.1").await;
    assert_eq!(why_not(&test).await.as_deref(), Some("adresse inconnue (5.1.1)"));
    let ticket = test.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    let told = ticket.events.last().unwrap().detail.note.clone().unwrap();
    assert!(told.contains("plus aucun e-mail ne partira"), "{told}");

    let View::Done(done) = test.say("reply 1 Bonjour, une précision ?").await else { panic!("an act") };
    let told = done.told.unwrap();
    assert_eq!(told.suppressed.as_deref(), Some("adresse inconnue (5.1.1)"));
    assert_eq!(told.channels, [Channel::Web]);
    let last = mails(&test).await.pop().unwrap();
    assert_eq!(last.state, DeliveryState::Skipped);
    assert_eq!(last.why.as_deref(), Some("adresse suspendue\u{a0}: un e-mail en est revenu"));
}

async fn what_waits_when_the_bounce_comes_does_not_leave(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(LEA).await;
    test.say("status 1 waiting_customer").await;
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    test.say("reply 1 Bonjour.").await;
    test.mail(&bounce("5.1.1", &sent[0].message_id)).await;
    test.elapse(Duration::seconds(20)).await;
    assert!(test.deliver().await.is_empty());
    assert_eq!(mails(&test).await.pop().unwrap().state, DeliveryState::Skipped);
}

async fn a_report_about_whom_the_mail_was_handed_on_to_stops_nothing(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(LEA).await;
    test.say("status 1 waiting_customer").await;
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    let handed_on =
        bounce("5.1.1", &sent[0].message_id).replace("rfc822; lea@courriel", "rfc822; morte@ailleurs");
    assert_eq!(test.mail(&handed_on).await, Filed::Bounce);
    assert_eq!((mails(&test).await[0].state, why_not(&test).await), (DeliveryState::Sent, None));
    let ticket = test.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    let told = ticket.events.last().unwrap().detail.note.clone().unwrap();
    assert!(told.contains("morte@ailleurs.example") && told.contains("rien n’est changé"), "{told}");

    // The same report with the address that the mail was for beside it is about that mail.
    let with_ours = handed_on
        .replace("<rebond-", "<encore-")
        .replace("Final-Recipient", "Original-Recipient: rfc822;lea@courriel.example\nFinal-Recipient");
    assert_eq!(test.mail(&with_ours).await, Filed::Bounce);
    assert_eq!(mails(&test).await[0].state, DeliveryState::Failed);
    assert_eq!(why_not(&test).await.as_deref(), Some("adresse inconnue (5.1.1)"));
}

async fn a_report_that_our_mail_server_refutes_changes_nothing_but_the_history(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(LEA).await;
    test.say("status 1 waiting_customer").await;
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    let refuted = format!("Authentication-Results: {OUR_MAIL_SERVER}; dmarc=fail\n");
    test.mail(&format!("{refuted}{}", bounce("5.1.1", &sent[0].message_id))).await;
    assert_eq!((mails(&test).await[0].state, why_not(&test).await), (DeliveryState::Sent, None));
    let ticket = test.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    assert!(ticket.events.last().unwrap().detail.note.as_ref().unwrap().contains("non authentifié"));
}

async fn a_second_report_does_not_stop_what_a_cm_sends_again(database: Database) {
    let mut test = with_returned_notice(database, "5.1.1").await;
    let first = mails(&test).await.remove(0);
    test.say(&format!("resend {}", first.id)).await;
    let again = bounce("5.1.1", &first.message_id.unwrap()).replace("<rebond-", "<encore-");
    test.mail(&again).await;
    test.elapse(Duration::seconds(20)).await;
    assert_eq!(test.deliver().await.len(), 1);
}

async fn an_answer_in_the_same_batch_as_the_bounce_lifts_it(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(LEA).await;
    test.say("status 1 waiting_customer").await;
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    let answer =
        "From: lea@courriel.example\nSubject: Me voici\nMessage-ID: <5@courriel.example>\n\nBonjour.\n";
    let batch = [bounce("5.1.1", &sent[0].message_id), answer.to_owned()];
    test.mails(batch.map(|mail| mail.replace('\n', "\r\n").into_bytes()).to_vec()).await;
    assert_eq!(why_not(&test).await, None);
}

async fn a_full_mailbox_and_a_refused_text_suppress_nothing(database: Database) {
    for status in ["5.2.2", "5.7.1", "4.1.1"] {
        let test = with_returned_notice(database, status).await;
        assert_eq!(why_not(&test).await, None, "{status}");
    }
}

async fn a_server_that_refuses_the_address_for_good_suppresses_it_too(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(LEA).await;
    for (answer, expected) in [
        ("550 5.7.1 relaying denied", None),
        ("550 5.1.0 sender rejected", None),
        ("550 5.1.1 <lea@courriel.example>: user unknown", Some("adresse refusée par son serveur")),
    ] {
        test.say("reply 1 Bonjour.").await;
        test.elapse(Duration::seconds(20)).await;
        let claim = test.desk.claim(10).await.unwrap();
        test.desk.record(&claim.parcels[0], Outcome::Failed(answer.into())).await.unwrap();
        assert_eq!(why_not(&test).await.as_deref(), expected);
    }
}

async fn what_waited_until_it_was_given_up_suppresses_nothing(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(LEA).await;
    test.say("reply 1 Bonjour.").await;
    test.elapse(Duration::seconds(20)).await;
    let mut parcel = test.desk.claim(10).await.unwrap().parcels.remove(0);
    parcel.attempt = 10;
    let refused = Outcome::Retry("550 5.1.1 <support@bettracker.example>: unknown sender".into());
    test.desk.record(&parcel, refused).await.unwrap();
    assert_eq!((mails(&test).await[0].state, why_not(&test).await), (DeliveryState::Failed, None));
}

async fn an_answer_from_the_address_lifts_it_and_an_automatic_one_does_not(database: Database) {
    let test = with_returned_notice(database, "5.1.1").await;
    test.mail(
        "From: lea@courriel.example\nSubject: Absence du bureau\nAuto-Submitted: auto-replied\n\
         Message-ID: <2@courriel.example>\nIn-Reply-To: <1@courriel.example>\n\nJe suis absente.\n",
    )
    .await;
    assert!(why_not(&test).await.is_some());
    test.mail("From: marc@courriel.example\nSubject: Autre\nMessage-ID: <3@courriel.example>\n\nBonjour.\n")
        .await;
    assert!(why_not(&test).await.is_some(), "somebody else's mail changes nothing for Léa");
    test.mail(
        "From: lea@courriel.example\nSubject: Me revoilà\nMessage-ID: <4@courriel.example>\n\nBonjour.\n",
    )
    .await;
    assert_eq!(why_not(&test).await, None);
}

async fn a_cm_lifts_it_by_command_or_by_sending_again(database: Database) {
    let test = with_returned_notice(database, "5.1.1").await;
    let View::Person(person) = test.say("user lea@courriel.example --reprendre").await else {
        panic!("a person")
    };
    assert_eq!(person.requester.suppressed, None);

    let mut test = with_returned_notice(database, "5.1.1").await;
    let failed = mails(&test).await[0].id;
    test.say(&format!("resend {failed}")).await;
    assert_eq!(why_not(&test).await, None);
    test.elapse(Duration::seconds(20)).await;
    assert_eq!(test.deliver().await.len(), 1);
}

crate::support::desk::on_both! {
    a_report_that_a_mail_arrived_is_told_and_settles_one_that_was_uncertain,
    a_hard_bounce_stops_mail_to_the_address_and_says_so,
    a_report_about_whom_the_mail_was_handed_on_to_stops_nothing,
    what_waits_when_the_bounce_comes_does_not_leave,
    a_report_that_our_mail_server_refutes_changes_nothing_but_the_history,
    a_second_report_does_not_stop_what_a_cm_sends_again,
    an_answer_in_the_same_batch_as_the_bounce_lifts_it,
    a_full_mailbox_and_a_refused_text_suppress_nothing,
    a_server_that_refuses_the_address_for_good_suppresses_it_too,
    what_waited_until_it_was_given_up_suppresses_nothing,
    an_answer_from_the_address_lifts_it_and_an_automatic_one_does_not,
    a_cm_lifts_it_by_command_or_by_sending_again,
}

async fn a_report_that_a_mail_arrived_is_told_and_settles_one_that_was_uncertain(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(LEA).await;
    test.say("status 1 waiting_customer").await;
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    let report = bounce("2.0.0", &sent[0].message_id).replace("failed", "delivered");
    assert_eq!(test.mail(&report).await, guichet::desk::receive::Filed::Ignored);
    let mail = &mails(&test).await[0];
    assert_eq!((mail.state, mail.why.as_deref()), (DeliveryState::Sent, Some("remis")));
    assert_eq!(test.desk.ticket(TicketId(1)).await.unwrap().unwrap().messages.len(), 1);
}
