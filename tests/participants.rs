//! Who takes part in a ticket by mail, on both databases: whom a mail brings and whom it only proposes, who may write and
//! who is held, what a CM decides, to whom a reply goes, and what our mail server says of a sender.

use crate::support::desk::{Database, OUR_MAIL_SERVER, TestDesk};
use chrono::Duration;
use guichet::desk::Failure;
use guichet::desk::receive::Filed;
use guichet::domain::delivery::{DeliveryState, Outcome};
use guichet::domain::event::EventKind;
use guichet::domain::ids::TicketId;
use guichet::domain::mail::Mailbox;
use guichet::domain::refusal::Refusal;
use guichet::domain::ticket::Status;
use guichet::view::{Act, Done, TicketView, View};

const LEA: &str = "lea@client.example";
const MARC: &str = "marc@client.example";
const ZOE: &str = "zoe@ailleurs.example";

/// A mail: from whom, with which further header lines, saying what.
fn mail(id: &str, from: &str, headers: &str, text: &str) -> String {
    format!(
        "{headers}From: {from}\nSubject: Facture\nMessage-ID: <{id}@client.example>\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
}

/// Léa's mail, with Marc in copy, opens ticket 1.
async fn opened(test: &TestDesk) {
    let headers = "To: Support <support@bettracker.example>, aide+facture@bettracker.example\n\
                   Cc: \"Marc Petit\" <Marc@Client.example>, support+42@bettracker.example\n";
    let filed = test.mail(&mail("1", "Léa Martin <lea@client.example>", headers, "Ma facture manque.")).await;
    assert_eq!(filed, Filed::Created(TicketId(1)));
}

fn answering(id: &str) -> String {
    format!("In-Reply-To: <{id}@client.example>\n")
}

async fn ticket(test: &TestDesk) -> TicketView {
    test.desk.ticket(TicketId(1)).await.unwrap().unwrap()
}

/// « marc@client.example in », one for each.
fn standing(ticket: &TicketView) -> Vec<String> {
    ticket.participants.iter().map(|one| format!("{} {}", one.email, one.state.as_str())).collect()
}

fn done(view: View) -> Done {
    match view {
        View::Done(done) => *done,
        other => panic!("nothing was done: {other:?}"),
    }
}

fn refusal(result: Result<View, Failure>) -> Refusal {
    match result {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// « e-mail to address: state (why) » of every mail planned, in order.
fn mails(ticket: &TicketView) -> Vec<String> {
    let mails = ticket.deliveries.iter().filter(|delivery| delivery.address.is_some());
    mails
        .map(|mail| {
            let why = mail.why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
            format!("{} {}{why}", mail.address.as_deref().unwrap(), mail.state.as_str())
        })
        .collect()
}

// ---------- whom a mail brings

async fn the_mail_that_opens_a_ticket_brings_its_recipients_in_but_never_us(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    let opened = ticket(&test).await;
    assert_eq!(standing(&opened), ["marc@client.example in"]);
    let marc = &opened.participants[0];
    assert_eq!((marc.name.as_str(), marc.added_by.as_str()), ("Marc Petit", LEA));
}

async fn a_later_mail_only_proposes_whom_it_names(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    let headers = format!("{}To: support@bettracker.example, {LEA}\nCc: {MARC}, {ZOE}\n", answering("1"));
    test.mail(&mail("2", LEA, &headers, "Zoé aussi attend.")).await;
    test.mail(&mail("3", MARC, &format!("{}Cc: {LEA}, anne@client.example\n", answering("1")), "Oui.")).await;
    let after = ticket(&test).await;
    assert_eq!(
        standing(&after),
        ["marc@client.example in", "zoe@ailleurs.example proposed", "anne@client.example proposed"]
    );
    assert_eq!(after.participants[2].added_by, MARC);
    // Nobody who was only named may write: the whole of the attack is a name over a mail and a Cc.
    test.mail(&mail("4", ZOE, &answering("1"), "Envoyez-moi tout.")).await;
    assert!(ticket(&test).await.messages[3].stranger);
}

async fn a_blocked_sender_and_a_crowd_are_not_brought(database: Database) {
    let test = TestDesk::new(database).await;
    test.mail(&mail("0", ZOE, "", "Gagnez un million")).await;
    test.say("spam 1").await;
    let crowd: Vec<String> = (0..60).map(|n| format!("p{n}@client.example")).collect();
    let headers = format!("To: support@bettracker.example\nCc: {ZOE}, {}\n", crowd.join(", "));
    assert_eq!(test.mail(&mail("1", LEA, &headers, "Bonjour")).await, Filed::Created(TicketId(2)));
    let opened = test.desk.ticket(TicketId(2)).await.unwrap().unwrap();
    assert_eq!(opened.participants.len(), 19, "twenty are named, one of them is blocked");
    for id in ["2", "3", "4"] {
        let crowd: Vec<String> = (0..20).map(|n| format!("q{id}{n}@client.example")).collect();
        test.mail(&mail(id, LEA, &format!("{}Cc: {}\n", answering("1"), crowd.join(", ")), "Et eux")).await;
    }
    let after = test.desk.ticket(TicketId(2)).await.unwrap().unwrap();
    assert_eq!(after.participants.len(), 50);
}

// ---------- who may write

async fn a_participants_mail_is_a_message_of_theirs_and_wakes_the_ticket(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("status 1 resolved").await;
    let filed = test
        .mail(&mail("2", "Marc P. <marc@client.example>", &answering("1"), "Elle manque toujours."))
        .await;
    assert_eq!(filed, Filed::Reply(TicketId(1)));
    let after = ticket(&test).await;
    assert_eq!(after.status, Status::InProgress);
    let (message, event) = (&after.messages[1], after.events.last().unwrap());
    assert!(message.participant && !message.stranger);
    assert_eq!((message.author.as_str(), message.sender.as_deref()), ("Marc P.", Some(MARC)));
    assert_eq!((event.kind, event.actor.as_str()), (EventKind::RequesterWrote, MARC));
    assert_eq!(after.requester.name, "Léa Martin", "the requester keeps her name");
    assert_eq!(after.participants[0].name, "Marc P.");
}

async fn a_participants_thanks_and_absence_wake_nothing(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("status 1 resolved").await;
    test.mail(&mail("2", MARC, &answering("1"), "Merci, parfait !")).await;
    let absent = format!("{}Auto-Submitted: auto-replied\n", answering("1"));
    assert_eq!(test.mail(&mail("3", MARC, &absent, "Je suis en congé.")).await, Filed::Ignored);
    let after = ticket(&test).await;
    assert_eq!(after.status, Status::Resolved);
    let kinds: Vec<EventKind> = after.events.iter().skip(2).map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::RequesterThanked, EventKind::AutomaticReply]);
    assert!(after.messages[2].automatic);
}

async fn a_tag_alone_lets_a_participant_in_and_no_stranger(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    let tagged =
        |id: &str, from: &str| mail(id, from, "", "Bonjour").replace("Subject: ", "Subject: Re: [#1] ");
    assert_eq!(test.mail(&tagged("2", MARC)).await, Filed::Reply(TicketId(1)));
    assert_eq!(test.mail(&tagged("3", ZOE)).await, Filed::Created(TicketId(2)));
    test.say(&format!("participants 1 -{MARC}")).await;
    assert_eq!(test.mail(&tagged("4", MARC)).await, Filed::Created(TicketId(3)), "who is out is a stranger");
}

// ---------- what a CM decides

async fn letting_a_stranger_in_validates_what_they_wrote_and_undo_takes_it_back(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("status 1 resolved").await;
    test.mail(&mail("2", ZOE, &answering("1"), "J’ai la facture, où l’envoyer ?")).await;
    let held = ticket(&test).await;
    assert_eq!((held.status, held.messages[1].stranger), (Status::Resolved, true));
    assert_eq!(standing(&held), ["marc@client.example in", "zoe@ailleurs.example proposed"]);
    assert_eq!(held.events.last().unwrap().detail.note.as_deref(), Some(ZOE));

    let done = done(test.say("/ticket participants 1 +ZOE@ailleurs.example").await);
    assert_eq!(done.done, Act::ParticipantsSet { added: vec![ZOE.into()], removed: vec![], validated: 1 });
    assert_eq!(done.told, None);
    let validated = ticket(&test).await;
    assert_eq!(validated.status, Status::InProgress);
    assert!(!validated.messages[1].stranger && validated.messages[1].participant);
    assert_eq!(standing(&validated), ["marc@client.example in", "zoe@ailleurs.example in"]);
    assert_eq!(validated.participants[1].added_by, "Camille");

    test.say("undo").await;
    let back = ticket(&test).await;
    assert_eq!((back.status, back.messages[1].stranger), (Status::Resolved, true));
    assert_eq!(standing(&back), ["marc@client.example in", "zoe@ailleurs.example proposed"]);
    assert!(back.events.iter().any(|event| event.kind == EventKind::ParticipantsSet && event.undone));
}

async fn a_strangers_thanks_wake_nothing_when_they_are_let_in(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("status 1 resolved").await;
    test.mail(&mail("2", ZOE, &answering("1"), "Merci beaucoup !")).await;
    test.say(&format!("participants 1 +{ZOE}")).await;
    assert_eq!(ticket(&test).await.status, Status::Resolved);
    test.mail(&mail("3", ZOE, &answering("1"), "Mais où est la facture ?")).await;
    assert_eq!(ticket(&test).await.status, Status::InProgress, "from now on her mail is a participant's");
}

async fn who_was_refused_is_proposed_no_more_and_may_be_let_in_later(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    test.mail(&mail("2", LEA, &format!("{}Cc: {ZOE}\n", answering("1")), "Avec Zoé")).await;
    test.say(&format!("copie 1 -{ZOE} -{MARC} +anne@client.example")).await;
    let expected = ["marc@client.example out", "zoe@ailleurs.example out", "anne@client.example in"];
    assert_eq!(standing(&ticket(&test).await), expected);
    test.mail(&mail("3", LEA, &format!("{}Cc: {ZOE}, {MARC}\n", answering("1")), "Encore")).await;
    test.mail(&mail("4", ZOE, &answering("1"), "Moi !")).await;
    let after = ticket(&test).await;
    assert_eq!(standing(&after), expected);
    assert!(after.messages.last().unwrap().stranger);
    test.say(&format!("participants 1 +{ZOE}")).await;
    assert!(!ticket(&test).await.messages.last().unwrap().stranger);
}

async fn undoing_an_addition_forgets_who_was_unknown(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    test.say(&format!("participants 1 -{MARC} +anne@client.example")).await;
    test.say("undo").await;
    assert_eq!(standing(&ticket(&test).await), ["marc@client.example in"]);
}

async fn what_changes_nothing_or_cannot_be_is_refused_in_words(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    for (line, expected) in [
        (format!("participants 1 +{MARC}"), Refusal::SameParticipants(TicketId(1))),
        (format!("participants 1 -{ZOE}"), Refusal::SameParticipants(TicketId(1))),
        (format!("participants 1 +{LEA}"), Refusal::SameParticipants(TicketId(1))),
        (format!("participants 1 -{LEA}"), Refusal::IsRequester(TicketId(1), LEA.into())),
        (
            "participants 1 +aide+x@bettracker.example".into(),
            Refusal::OwnAddress("aide+x@bettracker.example".into()),
        ),
        (format!("participants 9 +{MARC}"), Refusal::NoSuchTicket(TicketId(9))),
    ] {
        assert_eq!(refusal(test.try_say(&line).await), expected, "{line}");
    }
    assert_eq!(standing(&ticket(&test).await), ["marc@client.example in"]);
    let View::Participants(shown) = test.say("participants 1").await else { panic!("it lists") };
    assert_eq!(standing(&shown), ["marc@client.example in"]);
}

// ---------- to whom a reply goes

async fn a_reply_goes_to_the_requester_alone_unless_it_is_to_all(database: Database) {
    let mut test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("participants 1 +anne@client.example").await;
    let alone = done(test.say("reply 1 Pour vous seule").await);
    let told = alone.told.unwrap().recipients.unwrap();
    assert_eq!((told.to.as_deref(), told.cc.len()), (Some(LEA), 0));
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    assert_eq!((sent.len(), sent[0].cc.len()), (1, 0));

    let all = done(test.say("répondre 1 --tous --then resolved Pour tous").await);
    let told = all.told.unwrap();
    assert_eq!(told.channels.len(), 2, "the roads are the requester's");
    let recipients = told.recipients.unwrap();
    assert_eq!(
        (recipients.to.as_deref(), recipients.cc),
        (Some(LEA), vec![MARC.into(), "anne@client.example".into()])
    );
    assert!(test.deliver().await.is_empty(), "it waits as every reply does");
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    let to: Vec<&str> = sent.iter().map(|parcel| parcel.address.as_str()).collect();
    assert_eq!(to, [LEA, MARC, "anne@client.example"]);
    let lea = Mailbox { address: LEA.into(), name: "Léa Martin".into() };
    for copy in &sent {
        assert_eq!((&copy.message_id, &copy.to, &copy.cc), (&sent[0].message_id, &lea, &sent[0].cc));
        assert_eq!(copy.text.as_deref(), Some("Pour tous"));
        assert_eq!(copy.links.is_some(), copy.address == LEA, "a personal link is hers");
    }
    assert_eq!(sent[0].cc[0], Mailbox { address: MARC.into(), name: "Marc Petit".into() });

    test.say("status 1 closed").await;
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    assert_eq!((sent.len(), sent[0].address.as_str()), (1, LEA), "a notice of status is the requester's");
}

async fn an_answer_to_a_copy_comes_home(database: Database) {
    let mut test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("reply 1 --all Une question").await;
    test.elapse(Duration::seconds(20)).await;
    let copy = test.deliver().await.pop().unwrap();
    assert_eq!(copy.address, MARC);
    let answer = mail("9", MARC, &format!("In-Reply-To: <{}>\n", copy.message_id), "Voici.");
    assert_eq!(test.mail(&answer).await, Filed::Reply(TicketId(1)));
    assert!(ticket(&test).await.messages[2].participant);
}

async fn preferences_are_each_persons_own(database: Database) {
    let mut test = TestDesk::new(database).await;
    opened(&test).await;
    test.desk.set_requester(MARC, None, None).await.unwrap();
    test.say(&format!("user {MARC} none")).await;
    test.say("participants 1 +anne@client.example").await;
    let told = done(test.say("reply 1 --all Bonjour").await).told.unwrap().recipients.unwrap();
    assert_eq!((told.cc, told.without[0].email.as_str()), (vec!["anne@client.example".into()], MARC));
    assert_eq!(
        mails(&ticket(&test).await),
        [
            "lea@client.example pending",
            "marc@client.example skipped (préférence\u{a0}: none)",
            "anne@client.example pending"
        ]
    );
    // The requester's own choice closes her mail, not the others'; read once more before they leave.
    test.say(&format!("user {LEA} web_only")).await;
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    assert_eq!(sent.iter().map(|copy| copy.address.as_str()).collect::<Vec<_>>(), ["anne@client.example"]);
    assert_eq!(sent[0].to.address, LEA);
    assert!(!sent[0].cc.iter().any(|person| person.address == MARC), "who refuses is not shown either");

    let told = done(test.say("reply 1 --all Encore").await).told.unwrap().recipients.unwrap();
    assert_eq!((told.to, told.cc), (None, vec!["anne@client.example".into()]));
    test.desk.set_requester("anne@client.example", None, None).await.unwrap();
    test.say("user anne@client.example web_only").await;
    test.elapse(Duration::seconds(20)).await;
    assert!(test.deliver().await.is_empty());
    let after = ticket(&test).await;
    assert_eq!(mails(&after)[5], "anne@client.example skipped (préférence\u{a0}: web_only)");
}

async fn undo_cancels_every_copy_and_a_reply_to_nobody_is_refused(database: Database) {
    let mut test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("reply 1 --all Trop vite").await;
    test.say("undo").await;
    assert_eq!(
        mails(&ticket(&test).await),
        ["lea@client.example cancelled", "marc@client.example cancelled"]
    );
    test.elapse(Duration::hours(1)).await;
    assert!(test.deliver().await.is_empty());
    test.say(&format!("participants 1 -{MARC}")).await;
    assert_eq!(refusal(test.try_say("reply 1 --all Bonjour").await), Refusal::NobodyInCopy(TicketId(1)));
    assert_eq!(ticket(&test).await.messages.len(), 1);
}

async fn a_standard_reply_shows_to_whom_it_would_go(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    let View::Draft(draft) = test.say("template solution 1").await else { panic!("it is a draft") };
    let recipients = draft.recipients.unwrap();
    assert_eq!((recipients.to.as_deref(), recipients.cc), (Some(LEA), vec![MARC.into()]));
    let View::Draft(draft) = test.say("template solution").await else { panic!("it is a draft") };
    assert_eq!(draft.recipients, None);
}

async fn a_bounce_finds_the_copy_that_came_back(database: Database) {
    let mut test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("reply 1 --all Bonjour").await;
    test.elapse(Duration::seconds(20)).await;
    let id = test.deliver().await[0].message_id.clone();
    let report = |to: &str, n: u8| {
        format!(
            "From: MAILER-DAEMON@mx.example\nTo: support@bettracker.example\nSubject: Undelivered Mail {n}\n\
             MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
             --b\nContent-Type: text/plain\n\nSorry.\n\n--b\nContent-Type: message/delivery-status\n\n\
             Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.1.1\n\n\
             --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{id}>\nSubject: x\n\n--b--\n"
        )
    };
    assert_eq!(test.mail(&report("Marc@Client.example", 1)).await, Filed::Bounce);
    let after = ticket(&test).await;
    assert_eq!(
        mails(&after),
        ["lea@client.example sent", "marc@client.example failed (adresse inconnue (5.1.1))"]
    );
    assert_eq!(test.mail(&report("somebody@else.example", 2)).await, Filed::Bounce);
    assert_eq!(
        mails(&ticket(&test).await)[0],
        "lea@client.example sent",
        "which copy it was, nobody can tell"
    );
    // Marc's address gets no more; nobody pays for a report that names somebody else.
    let told = done(test.say("reply 1 --all Encore").await).told.unwrap().recipients.unwrap();
    assert_eq!((told.to.as_deref(), told.cc, told.without[0].email.as_str()), (Some(LEA), vec![], MARC));
    assert_eq!(
        test.mail(&mail("8", MARC, &verdict("dmarc=fail"), "Je suis là")).await,
        Filed::Created(TicketId(2))
    );
    assert!(
        test.desk.recipients(TicketId(1)).await.unwrap().cc.is_empty(),
        "a forged mail proves no address"
    );
    test.mail(&mail("9", MARC, &answering("1"), "Je suis là")).await;
    assert_eq!(test.desk.recipients(TicketId(1)).await.unwrap().cc, [MARC]);
}

async fn each_copy_is_tried_again_by_itself(database: Database) {
    let mut test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("reply 1 --all Bonjour").await;
    test.elapse(Duration::seconds(20)).await;
    let claim = test.desk.claim(10).await.unwrap();
    test.desk.record(&claim.parcels[0], Outcome::Sent).await.unwrap();
    test.desk.record(&claim.parcels[1], Outcome::Failed("550 no such user".into())).await.unwrap();
    let after = ticket(&test).await;
    assert_eq!(mails(&after), ["lea@client.example sent", "marc@client.example failed (550 no such user)"]);
    let failed = after.deliveries.iter().find(|delivery| delivery.state == DeliveryState::Failed).unwrap();
    test.say(&format!("resend {}", failed.id)).await;
    let again = test.deliver().await;
    assert_eq!((again.len(), again[0].address.as_str()), (1, MARC));
}

async fn a_copy_does_not_leave_to_who_was_taken_out_meanwhile(database: Database) {
    let mut test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("reply 1 --all Entre nous").await;
    test.say(&format!("participants 1 -{MARC}")).await;
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await;
    assert_eq!(sent.iter().map(|parcel| parcel.address.as_str()).collect::<Vec<_>>(), [LEA]);
    assert_eq!(mails(&ticket(&test).await)[1], "marc@client.example skipped (ne participe plus au ticket)");
}

async fn a_message_id_that_two_tickets_share_leads_home_whoever_takes_part(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    let eve = "From: eve@ailleurs.example\nSubject: Autre\nMessage-ID: <1@client.example>\n\nBonjour.\n";
    assert_eq!(test.mail(eve).await, Filed::Created(TicketId(2)));
    assert_eq!(test.mail(&mail("2", MARC, &answering("1"), "Voici")).await, Filed::Reply(TicketId(1)));
    assert!(!ticket(&test).await.messages[1].stranger);
}

async fn who_is_refuted_renames_nobody(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    let forged = mail("2", "\"Payez ici\" <lea@client.example>", &verdict("dmarc=fail"), "Bonjour");
    assert_eq!(test.mail(&forged).await, Filed::Created(TicketId(2)));
    assert_eq!(ticket(&test).await.requester.name, "Léa Martin");
}

// ---------- merged and followed tickets

async fn a_merge_only_proposes_the_people_of_the_ticket_that_ends(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    let headers = "Cc: anne@client.example\n";
    test.mail(&mail("2", LEA, headers, "Autre chose")).await;
    let of = async |id: i64| standing(&test.desk.ticket(TicketId(id)).await.unwrap().unwrap());
    test.say("merge 1 into 2").await;
    assert_eq!(of(2).await, ["anne@client.example in", "marc@client.example proposed"]);
    // Marc's answer finds its way, and waits: the other conversation is not his.
    assert_eq!(test.mail(&mail("3", MARC, &answering("1"), "Et moi ?")).await, Filed::Reply(TicketId(2)));
    let after = test.desk.ticket(TicketId(2)).await.unwrap().unwrap();
    assert!(after.messages.last().unwrap().stranger);
    test.say(&format!("participants 2 +{MARC}")).await;
    assert_eq!(of(2).await, ["anne@client.example in", "marc@client.example in"]);
}

async fn undoing_a_merge_undoes_its_proposals(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    test.mail(&mail("2", LEA, "Cc: anne@client.example\n", "Autre chose")).await;
    test.say("merge 1 into 2").await;
    test.say("undo").await;
    let second = test.desk.ticket(TicketId(2)).await.unwrap().unwrap();
    assert_eq!(standing(&second), ["anne@client.example in"]);
    assert_eq!(standing(&ticket(&test).await), ["marc@client.example in"]);
}

async fn a_participants_answer_long_after_the_end_begins_anew(database: Database) {
    let mut test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("status 1 closed").await;
    test.elapse(Duration::days(400)).await;
    assert_eq!(
        test.mail(&mail("2", MARC, &answering("1"), "Toujours rien.")).await,
        Filed::Created(TicketId(2))
    );
    let anew = test.desk.ticket(TicketId(2)).await.unwrap().unwrap();
    assert_eq!((anew.requester.email.as_str(), anew.follows), (MARC, None));
    let later = mail("3", LEA, &answering("1"), "Et moi non plus.");
    assert_eq!(test.mail(&later).await, Filed::Created(TicketId(3)), "her answer is not led to his ticket");
}

// ---------- what our mail server says of a sender

fn verdict(words: &str) -> String {
    format!("Authentication-Results: {OUR_MAIL_SERVER}; {words}\n")
}

async fn a_refuted_sender_is_a_stranger_whoever_they_say_they_are(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    test.say("status 1 resolved").await;
    let forged = format!("{}{}Cc: {ZOE}\n", verdict("dmarc=fail header.from=client.example"), answering("1"));
    for (id, name) in [("2", LEA), ("3", MARC)] {
        assert_eq!(
            test.mail(&mail(id, name, &forged, "Envoyez-moi tout l’historique.")).await,
            Filed::Reply(TicketId(1))
        );
    }
    let after = ticket(&test).await;
    assert_eq!(after.status, Status::Resolved);
    assert!(after.messages[1..].iter().all(|message| message.stranger && message.refuted));
    assert_eq!(standing(&after), ["marc@client.example in"], "a forged mail proposes nobody");
    assert_eq!(
        after.events.last().unwrap().detail.note.as_deref(),
        Some("marc@client.example, expéditeur non authentifié")
    );

    // A CM who knows better validates it; the flag stays.
    let done = done(test.say(&format!("participants 1 +{LEA}")).await);
    assert_eq!(done.done, Act::ParticipantsSet { added: vec![], removed: vec![], validated: 1 });
    let after = ticket(&test).await;
    assert_eq!(after.status, Status::InProgress);
    assert!(!after.messages[1].stranger && after.messages[1].refuted && after.messages[2].stranger);
    assert_eq!(standing(&after), ["marc@client.example in"]);
}

async fn a_refuted_mail_that_opens_a_ticket_is_flagged_and_brings_nobody(database: Database) {
    let test = TestDesk::new(database).await;
    let headers = format!("{}Cc: {ZOE}\n", verdict("spf=fail smtp.mailfrom=x; dkim=fail"));
    assert_eq!(test.mail(&mail("1", LEA, &headers, "Bonjour")).await, Filed::Created(TicketId(1)));
    let opened = ticket(&test).await;
    assert!(opened.messages[0].refuted && !opened.messages[0].stranger);
    assert_eq!(standing(&opened), ["zoe@ailleurs.example proposed"]);
    // A tag and her name alone are no way in.
    let tagged = mail("2", LEA, &verdict("dmarc=fail"), "Suite").replace("Subject: ", "Subject: [#1] ");
    assert_eq!(test.mail(&tagged).await, Filed::Created(TicketId(2)));
}

async fn only_our_own_server_is_believed_and_only_its_topmost_word(database: Database) {
    let test = TestDesk::new(database).await;
    opened(&test).await;
    let elsewhere = "Authentication-Results: mx.evil.example; dmarc=fail\n";
    let good = format!("{}{elsewhere}{}{}", verdict("dmarc=pass"), verdict("dmarc=fail"), answering("1"));
    test.mail(&mail("2", LEA, &good, "Bonjour")).await;
    test.mail(&mail("3", LEA, &format!("{elsewhere}{}", answering("1")), "Encore")).await;
    let forged = format!("{}{}{}", verdict("dmarc=fail"), verdict("dmarc=pass"), answering("1"));
    test.mail(&mail("4", LEA, &forged, "Toujours")).await;
    let strangers: Vec<bool> = ticket(&test).await.messages.iter().map(|message| message.stranger).collect();
    assert_eq!(strangers, [false, false, false, true]);
}

crate::support::desk::on_both! {
    the_mail_that_opens_a_ticket_brings_its_recipients_in_but_never_us,
    a_later_mail_only_proposes_whom_it_names,
    a_blocked_sender_and_a_crowd_are_not_brought,
    a_participants_mail_is_a_message_of_theirs_and_wakes_the_ticket,
    a_participants_thanks_and_absence_wake_nothing,
    a_tag_alone_lets_a_participant_in_and_no_stranger,
    letting_a_stranger_in_validates_what_they_wrote_and_undo_takes_it_back,
    a_strangers_thanks_wake_nothing_when_they_are_let_in,
    who_was_refused_is_proposed_no_more_and_may_be_let_in_later,
    undoing_an_addition_forgets_who_was_unknown,
    what_changes_nothing_or_cannot_be_is_refused_in_words,
    a_reply_goes_to_the_requester_alone_unless_it_is_to_all,
    an_answer_to_a_copy_comes_home,
    preferences_are_each_persons_own,
    undo_cancels_every_copy_and_a_reply_to_nobody_is_refused,
    a_standard_reply_shows_to_whom_it_would_go,
    a_bounce_finds_the_copy_that_came_back,
    a_copy_does_not_leave_to_who_was_taken_out_meanwhile,
    a_message_id_that_two_tickets_share_leads_home_whoever_takes_part,
    who_is_refuted_renames_nobody,
    each_copy_is_tried_again_by_itself,
    a_merge_only_proposes_the_people_of_the_ticket_that_ends,
    undoing_a_merge_undoes_its_proposals,
    a_participants_answer_long_after_the_end_begins_anew,
    a_refuted_sender_is_a_stranger_whoever_they_say_they_are,
    a_refuted_mail_that_opens_a_ticket_is_flagged_and_brings_nobody,
    only_our_own_server_is_believed_and_only_its_topmost_word,
}
