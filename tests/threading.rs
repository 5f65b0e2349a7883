//! Which ticket a mail belongs to, on both databases: every rung of the ladder, who is let in by it, and the tickets
//! that go on in others.

use crate::support::desk::{Database, OUR_ADDRESS, TestDesk, on_both, settings};
use chrono::Duration;
use guichet::clock::Clock;
use guichet::desk::deliver::Parcel;
use guichet::desk::receive::Filed;
use guichet::desk::{Desk, Failure, Settings};
use guichet::domain::delivery::{DeliveryState, Outcome};
use guichet::domain::event::EventKind;
use guichet::domain::ids::TicketId;
use guichet::domain::message::Direction;
use guichet::domain::refusal::Refusal;
use guichet::domain::ticket::{Priority, Status};
use guichet::view::{TicketView, View};
use guichet::wording::history::sentence;

on_both!(
    every_rung_leads_home_and_says_so,
    a_signed_address_lets_its_requester_in_and_keeps_strangers_apart,
    an_altered_address_leads_nowhere,
    the_id_of_a_provider_leads_home_and_so_does_a_bounce_that_names_it,
    a_mail_that_shares_what_it_answers_with_an_earlier_one_of_its_sender_joins_it,
    mails_that_arrive_in_the_wrong_order_are_one_ticket,
    a_merged_ticket_hands_on_all_that_leads_to_it,
    merges_are_followed_from_one_to_the_next,
    what_cannot_be_merged_is_refused_in_words_and_changes_nothing,
    undo_takes_a_merge_back_whole,
    a_merge_is_not_taken_back_once_its_ticket_went_on,
    a_merge_hands_on_what_is_owed_and_how_much_it_presses,
    an_answer_within_the_window_reopens_and_one_after_it_opens_another,
    a_follower_that_is_merged_back_does_not_send_mails_in_circles,
    a_mail_that_an_agent_forwards_opens_its_writers_ticket,
    a_forged_forward_does_no_more_than_a_forged_mail,
);

/// A mail of a person at `client.example`; `extra` are further header lines, each ended.
fn mail(person: &str, id: &str, subject: &str, extra: &str, body: &str) -> String {
    format!(
        "From: {person} <{person}@client.example>\nTo: {OUR_ADDRESS}\nSubject: {subject}\n\
         Message-ID: <{id}>\n{extra}\n{body}\n"
    )
}

async fn ticket(test: &TestDesk, id: i64) -> TicketView {
    test.desk.ticket(TicketId(id)).await.unwrap().unwrap()
}

fn texts(ticket: &TicketView) -> Vec<&str> {
    ticket.messages.iter().map(|message| message.text.as_str()).collect()
}

/// The history in French.
fn history(ticket: &TicketView) -> Vec<String> {
    ticket.events.iter().map(sentence).collect()
}

fn last_rung(ticket: &TicketView) -> &str {
    ticket.events.last().unwrap().detail.rung.as_deref().unwrap()
}

fn refusal(result: Result<View, Failure>) -> Refusal {
    match result {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// A reply leaves, and is taken by the server with this outcome.
async fn reply(test: &mut TestDesk, id: i64, outcome: Outcome) -> Parcel {
    test.say(&format!("reply {id} --then waiting_customer Quelle version ?")).await;
    test.elapse(Duration::minutes(1)).await;
    let mut claim = test.desk.claim(10).await.unwrap();
    let parcel = claim.parcels.pop().expect("the reply leaves");
    test.desk.record(&parcel, outcome).await.unwrap();
    parcel
}

/// The same desk with other settings.
async fn resettle(test: &mut TestDesk, change: impl Fn(&mut Settings)) {
    let mut settings = settings();
    change(&mut settings);
    test.desk = Desk::open(test.store.clone(), Clock::At(test.now), settings).await.unwrap();
}

async fn every_rung_leads_home_and_says_so(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("jean", "un@client.example", "Paiement", "", "Refusé.")).await;
    let sent = reply(&mut test, 1, Outcome::Sent).await;
    let home = Filed::Reply(TicketId(1));
    for (id, subject, extra, rung) in [
        ("2@client.example", "Re: x", format!("In-Reply-To: <{}>\n", sent.message_id), "minted_id"),
        ("3@client.example", "Re: x", "References: <un@client.example>\n".into(), "reference"),
        ("4@client.example", "Re: x [#1]", String::new(), "subject_tag"),
    ] {
        assert_eq!(test.mail(&mail("jean", id, subject, &extra, id)).await, home, "{rung}");
        assert_eq!(last_rung(&ticket(&test, 1).await), rung);
    }
    // Ours wins over what came in, wherever it stands among the references.
    test.mail(&mail("jean", "5@client.example", "Autre", "", "Autre chose.")).await;
    let both = format!("References: <{}> <5@client.example>\n", sent.message_id);
    assert_eq!(test.mail(&mail("jean", "6@client.example", "Re: x", &both, "6")).await, home);
    let said = history(&ticket(&test, 1).await);
    assert!(said.iter().any(|line| line.ends_with("(retrouvé par le numéro dans l’objet)")), "{said:?}");
    assert!(said.last().unwrap().ends_with("(retrouvé par le message auquel il répond)"), "{said:?}");
}

async fn a_signed_address_lets_its_requester_in_and_keeps_strangers_apart(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("jean", "un@client.example", "Paiement", "", "Refusé.")).await;
    assert_eq!(reply(&mut test, 1, Outcome::Sent).await.reply_to, None, "off unless configured");
    resettle(&mut test, |settings| settings.plus_addresses = true).await;
    test.say("status 1 resolved").await;
    test.now += Duration::minutes(1);
    resettle(&mut test, |settings| settings.plus_addresses = true).await;
    let claim = test.desk.claim(10).await.unwrap();
    let address = claim.parcels[0].reply_to.clone().expect("asked to be answered at an address of its own");
    assert!(address.starts_with("support+1.") && address.ends_with("@bettracker.example"), "{address}");

    // An answer without any reference, as some programs on phones write it, here in capitals.
    let to = |address: &str| format!("Delivered-To: {address}\n");
    let bare = mail("jean", "2@client.example", "Paiement", &to(&address.to_uppercase()), "Par carte.");
    assert_eq!(test.mail(&bare).await, Filed::Reply(TicketId(1)));
    assert_eq!(last_rung(&ticket(&test, 1).await), "plus_address");
    for header in ["X-Original-To", "Envelope-To", "Cc"] {
        let extra = format!("{header}: {address}\n");
        let again = mail("jean", &format!("{header}@client.example"), "x", &extra, header);
        assert_eq!(test.mail(&again).await, Filed::Reply(TicketId(1)), "{header}");
    }
    let stranger = mail("paul", "p@client.example", "Paiement", &to(&address), "Moi aussi.");
    assert_eq!(test.mail(&stranger).await, Filed::Reply(TicketId(1)));
    assert!(
        ticket(&test, 1).await.messages.last().unwrap().stranger,
        "a right tag makes nobody a participant"
    );
    // From the address itself it is our own echo.
    let echo =
        format!("From: <{address}>\nTo: {OUR_ADDRESS}\nSubject: x\nMessage-ID: <echo@x.example>\n\nx\n");
    assert_eq!(test.mail(&echo).await, Filed::Ignored);
    // Switched off again, what left before still leads home.
    resettle(&mut test, |_| {}).await;
    let late = mail("jean", "late@client.example", "x", &to(&address), "Encore.");
    assert_eq!(test.mail(&late).await, Filed::Reply(TicketId(1)));
}

async fn an_altered_address_leads_nowhere(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("jean", "un@client.example", "Paiement", "", "Refusé.")).await;
    test.mail(&mail("zoé", "zoe@client.example", "Retrait", "", "Bloqué.").replace("zoé", "zoe")).await;
    resettle(&mut test, |settings| settings.plus_addresses = true).await;
    test.say("status 1 resolved").await;
    test.now += Duration::minutes(1);
    resettle(&mut test, |settings| settings.plus_addresses = true).await;
    let address = test.desk.claim(10).await.unwrap().parcels[0].reply_to.clone().unwrap();
    let others = [
        address.replace("support+1.", "support+2."),
        address.replace("support+1.", "support+99."),
        address.replace('.', ".0"),
        address.replace("support+", "autre+"),
    ];
    for (n, other) in others.into_iter().enumerate() {
        let extra = format!("Delivered-To: {other}\n");
        let filed = test.mail(&mail("jean", &format!("{n}@x.example"), "x", &extra, &other)).await;
        assert!(matches!(filed, Filed::Created(_)), "{other}: {filed:?}");
    }
}

const SES: &str = "0102018f2c3d4e5f-1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d-000000";

async fn the_id_of_a_provider_leads_home_and_so_does_a_bounce_that_names_it(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("jean", "un@client.example", "Paiement", "", "Refusé.")).await;
    reply(&mut test, 1, Outcome::SentAs(SES.into())).await;
    let delivery =
        |ticket: &TicketView| ticket.deliveries.iter().find(|d| d.address.is_some()).cloned().unwrap();
    assert_eq!(delivery(&ticket(&test, 1).await).provider_id.as_deref(), Some(SES));

    let extra = format!("In-Reply-To: <{SES}@eu-west-1.amazonses.com>\n");
    let answer = mail("jean", "2@client.example", "Re: Paiement", &extra, "La 4.2.");
    assert_eq!(test.mail(&answer).await, Filed::Reply(TicketId(1)));
    assert_eq!(last_rung(&ticket(&test, 1).await), "provider_id");
    // The same local part anywhere else is not theirs.
    let elsewhere = mail("jean", "3@client.example", "x", &extra.replace("amazonses.com", "x.example"), "y");
    assert_eq!(test.mail(&elsewhere).await, Filed::Created(TicketId(2)));

    let report = format!(
        "From: MAILER-DAEMON@amazonses.com\nTo: {OUR_ADDRESS}\nSubject: Delivery Status Notification (Failure)\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\nMIME-Version: 1.0\n\n--b\n\n\
         An error occurred.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a.amazonses.com\n\n\
         Final-Recipient: rfc822; jean@client.example\nAction: failed\nStatus: 5.1.1\n--b\n\
         Content-Type: message/rfc822\n\nMessage-ID: <{SES}@eu-west-1.amazonses.com>\nFrom: {OUR_ADDRESS}\n\n.\n--b--\n"
    );
    assert_eq!(test.mail(&report).await, Filed::Bounce);
    assert_eq!(delivery(&ticket(&test, 1).await).state, DeliveryState::Failed);
}

async fn a_mail_that_shares_what_it_answers_with_an_earlier_one_of_its_sender_joins_it(database: Database) {
    let test = TestDesk::new(database).await;
    // Léa hands on to us what she had written to somebody else, then adds to it.
    let shared = "References: <chez-vous@banque.example>\n";
    test.mail(&mail("lea", "1@client.example", "Virement", shared, "Où est-il ?")).await;
    let more = mail("lea", "2@client.example", "Virement", shared, "Voici le relevé.");
    assert_eq!(test.mail(&more).await, Filed::Reply(TicketId(1)));
    assert_eq!(last_rung(&ticket(&test, 1).await), "own_mail");
    // The other side of that conversation is nobody here.
    let other = mail("banque", "3@client.example", "Virement", shared, "Nous cherchons.");
    assert_eq!(test.mail(&other).await, Filed::Created(TicketId(2)));
    assert_eq!(texts(&ticket(&test, 1).await), ["Où est-il ?", "Voici le relevé."]);
}

async fn mails_that_arrive_in_the_wrong_order_are_one_ticket(database: Database) {
    let test = TestDesk::new(database).await;
    let second =
        mail("lea", "2@client.example", "Re: Virement", "In-Reply-To: <1@client.example>\n", "J’oubliais.");
    assert_eq!(test.mail(&second).await, Filed::Created(TicketId(1)));
    let forged = mail("paul", "1@client.example", "Virement", "", "Du même numéro.");
    assert_eq!(test.mail(&forged).await, Filed::Created(TicketId(2)), "a number is no passport");
    let first = mail("lea", "1@client.example", "Virement", "", "Où est-il ?");
    assert_eq!(test.mail(&first).await, Filed::Reply(TicketId(1)));
}

async fn a_merged_ticket_hands_on_all_that_leads_to_it(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("jean", "un@client.example", "Paiement", "", "Refusé encore.")).await;
    test.mail(&mail("jean", "deux@client.example", "Virement", "", "Introuvable.")).await;
    let sent = reply(&mut test, 2, Outcome::Sent).await;
    let View::Done(done) = test.say("/ticket fusionner 2 dans 1").await else { panic!("an act was done") };
    assert!(guichet::wording::done::say(&done).contains("fusionné avec le ticket"), "{done:?}");
    test.elapse(Duration::minutes(1)).await;
    assert!(test.deliver().await.is_empty(), "a merge tells nobody");

    let merged = ticket(&test, 2).await;
    assert_eq!((merged.status, merged.merged_into), (Status::Closed, Some(TicketId(1))));
    assert_eq!(merged.reason.as_deref(), Some("Fusionné avec le ticket 1"));
    assert!(merged.messages.is_empty() && history(&merged).last().unwrap().contains("avec le ticket 1"));
    let goes_on = ticket(&test, 1).await;
    assert_eq!(texts(&goes_on), ["Refusé encore.", "Introuvable.", "Quelle version ?"]);
    assert!(history(&goes_on).last().unwrap().contains("fusionné le ticket 2 avec celui-ci"));

    // The word of the one finds the other.
    let View::Queue(found) = test.say("list introuvable").await else { panic!("a list") };
    assert_eq!(found.tickets.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), [TicketId(1)]);
    // Its reference, our answer's and its number lead to the one that goes on.
    for (id, subject, extra) in [
        ("a@client.example", "Re: x", "In-Reply-To: <deux@client.example>\n".to_owned()),
        ("b@client.example", "Re: x", format!("In-Reply-To: <{}>\n", sent.message_id)),
        ("c@client.example", "Re: x [#2]", String::new()),
    ] {
        assert_eq!(
            test.mail(&mail("jean", id, subject, &extra, id)).await,
            Filed::Reply(TicketId(1)),
            "{id}"
        );
    }
    // Our next answer stands in the conversation of both.
    let answer = reply(&mut test, 1, Outcome::Sent).await;
    assert_eq!(answer.in_reply_to.as_deref(), Some("c@client.example"));
    assert!(answer.references.contains(&"deux@client.example".to_owned()), "{:?}", answer.references);
    assert_eq!(answer.quoted.unwrap().text, "c@client.example");
    // The link in a mail of the first opens the second.
    let links = sent.links.unwrap();
    let token = links.ticket_url.split("/u/").nth(1).unwrap().split('/').next().unwrap();
    let own = test.desk.own_ticket(token).await.unwrap().expect("the link still opens");
    assert_eq!((own.shown.id, own.shown.messages.len() > 4), (TicketId(1), true));
}

async fn merges_are_followed_from_one_to_the_next(database: Database) {
    let test = TestDesk::new(database).await;
    for n in 1..=3 {
        test.mail(&mail("jean", &format!("{n}@client.example"), "Paiement", "", &format!("Refusé {n}")))
            .await;
    }
    test.say("merge 3 into 2").await;
    test.say("merge 2 into 1").await;
    assert_eq!(texts(&ticket(&test, 1).await), ["Refusé 1", "Refusé 2", "Refusé 3"]);
    let answer = mail("jean", "4@client.example", "x", "In-Reply-To: <3@client.example>\n", "Suite.");
    assert_eq!(test.mail(&answer).await, Filed::Reply(TicketId(1)));
    let stranger = mail("paul", "5@client.example", "x", "In-Reply-To: <3@client.example>\n", "Moi aussi.");
    assert_eq!(test.mail(&stranger).await, Filed::Reply(TicketId(1)));
    assert!(ticket(&test, 1).await.messages.last().unwrap().stranger);
}

async fn what_cannot_be_merged_is_refused_in_words_and_changes_nothing(database: Database) {
    let test = TestDesk::new(database).await;
    for (person, id) in [("jean", "1"), ("jean", "2"), ("zoe", "3"), ("jean", "4"), ("jean", "5")] {
        test.mail(&mail(person, &format!("{id}@client.example"), "Paiement", "", id)).await;
    }
    test.say("status 4 closed").await;
    test.say("merge 2 into 1").await;
    let (one, two) = (TicketId(1), TicketId(2));
    let before = test.desk.revision().await.unwrap();
    for (line, expected) in [
        ("merge 1 into 1", Refusal::MergedIntoItself(one)),
        ("merge 1 into 3", Refusal::TwoRequesters(one, TicketId(3))),
        ("merge 1 into 4", Refusal::ClosedToMerging(TicketId(4))),
        ("merge 1 into 2", Refusal::Merged { ticket: two, into: one }),
        ("merge 5 into 2", Refusal::Merged { ticket: two, into: one }),
        ("merge 2 into 5", Refusal::Merged { ticket: two, into: one }),
        ("merge 1 into 99", Refusal::NoSuchTicket(TicketId(99))),
        ("reopen 2", Refusal::Merged { ticket: two, into: one }),
        ("reply 2 Bonjour", Refusal::Merged { ticket: two, into: one }),
        ("note 2 vu", Refusal::Merged { ticket: two, into: one }),
        ("take 2", Refusal::Merged { ticket: two, into: one }),
        ("spam 2", Refusal::Merged { ticket: two, into: one }),
    ] {
        assert_eq!(refusal(test.try_say(line).await), expected, "{line}");
    }
    assert_eq!(test.desk.revision().await.unwrap(), before);
    // A closed ticket is merged into an open one.
    test.say("merge 4 into 1").await;
    assert_eq!(texts(&ticket(&test, 1).await), ["1", "2", "4"]);
}

async fn undo_takes_a_merge_back_whole(database: Database) {
    let mut test = TestDesk::new(database).await;
    for n in 1..=3 {
        test.mail(&mail("jean", &format!("{n}@client.example"), "Paiement", "", &format!("{n}"))).await;
    }
    test.say("status 1 resolved").await;
    test.say("priority 2 urgent").await;
    test.say("status 3 closed --reason doublon").await;
    // Of a ticket that was closed before it was merged.
    test.say("merge 3 into 2").await;
    test.say("undo").await;
    let third = ticket(&test, 3).await;
    assert_eq!((third.merged_into, third.reason.as_deref()), (None, Some("doublon")));
    assert_eq!((texts(&third), texts(&ticket(&test, 2).await)), (vec!["3"], vec!["2"]));

    test.say("merge 3 into 2").await;
    test.elapse(Duration::seconds(5)).await;
    let before = (ticket(&test, 1).await, ticket(&test, 2).await, ticket(&test, 3).await);
    test.say("merge 2 into 1").await;
    assert_eq!(texts(&ticket(&test, 1).await), ["1", "2", "3"]);
    let merged = ticket(&test, 1).await;
    assert_eq!((merged.status, merged.priority), (Status::InProgress, Priority::Urgent));

    test.say("undo").await;
    let after = (ticket(&test, 1).await, ticket(&test, 2).await, ticket(&test, 3).await);
    let state = |t: &TicketView| (t.status, t.priority, t.reason.clone(), t.merged_into, t.messages.clone());
    assert_eq!(state(&after.0), state(&before.0));
    assert_eq!(state(&after.1), state(&before.1));
    assert_eq!(texts(&after.1), ["2", "3"]);
    let said = history(&after.0);
    assert!(said.last().unwrap().contains("a annulé la fusion"), "{said:?}");
    assert!(after.0.events.iter().any(|event| event.kind == EventKind::Absorbed && event.undone));
    // What 1 had waiting to tell is told.
    test.elapse(Duration::minutes(1)).await;
    let told: Vec<TicketId> = test.deliver().await.iter().map(|parcel| parcel.ticket).collect();
    assert_eq!(told, [TicketId(1), TicketId(3)]);
}

async fn a_merge_is_not_taken_back_once_its_ticket_went_on(database: Database) {
    let test = TestDesk::new(database).await;
    for n in 1..=2 {
        test.mail(&mail("jean", &format!("{n}@client.example"), "Paiement", "", &format!("{n}"))).await;
    }
    test.say("merge 2 into 1").await;
    test.mail(&mail("jean", "3@client.example", "x", "In-Reply-To: <2@client.example>\n", "3")).await;
    assert_eq!(refusal(test.try_say("undo").await), Refusal::UndoTooLate(TicketId(1)));
    assert_eq!(texts(&ticket(&test, 1).await), ["1", "2", "3"]);
}

async fn a_merge_hands_on_what_is_owed_and_how_much_it_presses(database: Database) {
    let test = TestDesk::new(database).await;
    for n in 1..=3 {
        test.mail(&mail("jean", &format!("{n}@client.example"), "Paiement", "", &format!("{n}"))).await;
    }
    test.say("status 1 waiting_customer").await;
    test.say("status 2 waiting_customer").await;
    test.say("merge 2 into 1").await;
    assert_eq!(ticket(&test, 1).await.status, Status::WaitingCustomer, "both wait for the same person");
    test.say("priority 3 high").await;
    test.say("merge 3 into 1").await;
    let goes_on = ticket(&test, 1).await;
    assert_eq!((goes_on.status, goes_on.priority), (Status::InProgress, Priority::High));
}

async fn an_answer_within_the_window_reopens_and_one_after_it_opens_another(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("jean", "un@client.example", "Paiement", "", "Refusé.")).await;
    let sent = reply(&mut test, 1, Outcome::Sent).await;
    test.say("status 1 closed").await;
    test.elapse(Duration::days(60)).await;
    test.deliver().await;
    let again = |id: &str| {
        let extra = format!("In-Reply-To: <{}>\n", sent.message_id);
        mail("jean", id, "Re: Paiement refusé [#1]", &extra, id)
    };
    assert_eq!(test.mail(&again("2@client.example")).await, Filed::Reply(TicketId(1)));
    assert_eq!(ticket(&test, 1).await.status, Status::InProgress);

    test.say("status 1 closed").await;
    test.elapse(Duration::days(60) + Duration::minutes(1)).await;
    test.deliver().await;
    // A stranger stays where they were.
    let stranger = mail("paul", "p@client.example", "x", "In-Reply-To: <un@client.example>\n", "Moi aussi.");
    assert_eq!(test.mail(&stranger).await, Filed::Reply(TicketId(1)));
    test.elapse(Duration::days(61)).await;
    assert_eq!(test.mail(&again("3@client.example")).await, Filed::Created(TicketId(2)));
    let (old, new) = (ticket(&test, 1).await, ticket(&test, 2).await);
    assert_eq!((old.status, new.status, new.follows), (Status::Closed, Status::New, Some(TicketId(1))));
    assert!(history(&old).last().unwrap().starts_with("Suite dans le ticket 2"), "{:?}", history(&old));
    assert!(history(&new)[0].contains("suite du ticket 1"), "{:?}", history(&new));
    // From now on the old mail's answers go to where the conversation is.
    assert_eq!(test.mail(&again("4@client.example")).await, Filed::Reply(TicketId(2)));
    assert_eq!(texts(&ticket(&test, 2).await), ["3@client.example", "4@client.example"]);
    // Unless a CM takes the old one up again.
    test.say("reopen 1").await;
    assert_eq!(test.mail(&again("5@client.example")).await, Filed::Reply(TicketId(1)));
}

async fn a_follower_that_is_merged_back_does_not_send_mails_in_circles(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("jean", "1@client.example", "Paiement", "", "1")).await;
    test.say("status 1 closed").await;
    test.elapse(Duration::days(61)).await;
    test.deliver().await;
    let again = |n: u8| {
        mail("jean", &format!("{n}@client.example"), "x", "In-Reply-To: <1@client.example>\n", &n.to_string())
    };
    assert_eq!(test.mail(&again(2)).await, Filed::Created(TicketId(2)));
    test.say("reopen 1").await;
    test.say("merge 2 into 1").await;
    test.say("status 1 closed").await;
    assert_eq!(test.mail(&again(3)).await, Filed::Reply(TicketId(1)));
    let to_the_follower = mail("jean", "4@client.example", "x", "In-Reply-To: <2@client.example>\n", "4");
    test.say("status 1 closed").await;
    assert_eq!(test.mail(&to_the_follower).await, Filed::Reply(TicketId(1)));
}

/// What Camille's program makes of a mail of Léa's.
fn forward(above: &str) -> String {
    format!(
        "From: Camille <camille@firme.example>\nTo: {OUR_ADDRESS}\nSubject: TR: Paiement\nMessage-ID: <tr@firme.example>\n\
         In-Reply-To: <lea@client.example>\nReferences: <lea@client.example>\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{above}\n\n\
         ________________________________\nDe : Léa Martin <lea@client.example>\nEnvoyé : mardi 24 novembre 2026 09:12\n\
         À : Camille\nObjet : Paiement refusé\n\nBonjour,\nrien ne marche.\n\n-- \nLéa\n"
    )
}

async fn a_mail_that_an_agent_forwards_opens_its_writers_ticket(database: Database) {
    let test = TestDesk::new(database).await;
    // Before the address is Camille's, it is anybody's mail.
    let anybody = forward("Vu ?").replace("tr@firme", "avant@firme");
    assert_eq!(test.mail(&anybody).await, Filed::Created(TicketId(1)));
    assert_eq!(ticket(&test, 1).await.requester.email, "camille@firme.example");

    test.desk.link_identity(&test.camille, "email", "camille@firme.example").await.unwrap();
    assert_eq!(test.mail(&forward("Reçu chez moi, à traiter.")).await, Filed::Created(TicketId(2)));
    let opened = ticket(&test, 2).await;
    assert_eq!(
        (opened.requester.email.as_str(), opened.subject.as_str()),
        ("lea@client.example", "Paiement refusé")
    );
    assert_eq!(opened.requester.first_name.as_deref(), Some("Léa"));
    assert_eq!(texts(&opened), ["Bonjour,\nrien ne marche.", "Reçu chez moi, à traiter."]);
    assert_eq!(
        (opened.messages[0].author.as_str(), opened.messages[0].quoted.as_str()),
        ("Léa Martin", "-- \nLéa")
    );
    assert_eq!(opened.messages[1].direction, Direction::Note);
    assert_eq!(opened.messages[1].author, "Camille (par e-mail, non vérifié)");
    assert!(
        history(&opened)[0].ends_with("mail transféré depuis l’adresse de Camille"),
        "{:?}",
        history(&opened)
    );
    // Léa goes on by herself, in reply to the mail that we never saw from her.
    let more =
        mail("lea", "suite@client.example", "Re: Paiement", "References: <lea@client.example>\n", "Et ?");
    assert_eq!(test.mail(&more).await, Filed::Reply(TicketId(2)));
    // What is no forward is a mail like any other.
    let own =
        mail("camille", "aide@firme.example", "Mon compte", "", "Aidez-moi.").replace("client.", "firme.");
    assert_eq!(test.mail(&own).await, Filed::Created(TicketId(3)));
    assert_eq!(ticket(&test, 3).await.requester.email, "camille@firme.example");
}

async fn a_forged_forward_does_no_more_than_a_forged_mail(database: Database) {
    let test = TestDesk::new(database).await;
    test.desk.link_identity(&test.camille, "email", "camille@firme.example").await.unwrap();
    test.mail(&mail("lea", "lea@client.example", "Paiement", "", "Bonjour.")).await;
    // It names a conversation and a ticket, and is added to neither.
    let named = forward("/ticket spam 1").replace("TR: Paiement", "TR: Paiement [#1]");
    assert_eq!(test.mail(&named).await, Filed::Created(TicketId(2)));
    let untouched = ticket(&test, 1).await;
    assert_eq!((untouched.status, untouched.messages.len()), (Status::New, 1));
    assert!(ticket(&test, 2).await.deliveries.is_empty());
    // Who is blocked stays so, and our own address asks nothing.
    test.say("spam 1").await;
    let blocked = forward("Encore.").replace("tr@firme", "deux@firme");
    assert_eq!(test.mail(&blocked).await, Filed::Ignored);
    let of_ours = forward("De nous.")
        .replace("tr@firme", "trois@firme")
        .replace("<lea@client.example>\nEnv", &format!("<{OUR_ADDRESS}>\nEnv"));
    assert_eq!(test.mail(&of_ours).await, Filed::Held);
    assert_eq!(test.desk.held_mails().await.unwrap()[0].why, "a forward of our own mail");
}
