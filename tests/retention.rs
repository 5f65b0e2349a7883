//! What is kept no longer: the bytes of old mails, and the words of tickets closed long ago; and what stays of both.

use crate::privacy::{INDEXED, backed_up, holding, mail};
use crate::support::desk::{Database, LIMITS, TestDesk, files_of, on_both, question, settings};
use chrono::Duration;
use futures_util::future::join_all;
use guichet::clock::Clock;
use guichet::command::parse::parse;
use guichet::desk::deliver::Composed;
use guichet::desk::posted::File;
use guichet::desk::privacy::Erasure;
use guichet::desk::receive::Filed;
use guichet::desk::retention::Step;
use guichet::desk::run::With;
use guichet::desk::{Desk, Failure, Settings};
use guichet::domain::audit::{AuditKind, By, Counts};
use guichet::domain::chat::{Place, Platform, PostKind, PostOutcome};
use guichet::domain::delivery::{DeliveryState, Outcome};
use guichet::domain::event::EventKind;
use guichet::domain::feedback::Rating;
use guichet::domain::ids::TicketId;
use guichet::domain::mail::{Original, Refused};
use guichet::domain::people::Door;
use guichet::domain::preference::Preference;
use guichet::domain::refusal::Refusal;
use guichet::domain::report::Period;
use guichet::domain::retention::Retention;
use guichet::domain::rules::Rules;
use guichet::domain::ticket::Status;
use guichet::view::TicketView;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration as Span;

on_both! {
    the_bytes_of_old_mails_go_and_everything_else_goes_on,
    a_mail_that_waits_for_somebody_is_never_dropped,
    a_reply_whose_files_are_gone_does_not_leave_without_them,
    whoever_the_tickets_of_nobody_belong_to_is_not_erased,
    a_ticket_closed_long_ago_keeps_its_figures_and_nothing_else,
    a_ticket_that_was_taken_up_again_is_not_touched,
    nothing_is_added_to_what_was_anonymised_before_it_is_reopened,
    whoever_takes_anonymised_spam_up_again_lets_nobody_in,
    a_reopening_that_is_taken_back_gives_the_mark_back,
    an_uncertain_mail_of_an_anonymised_ticket_is_marked_sent,
    a_merged_ticket_goes_with_the_one_that_goes_on,
    programs_at_once_act_once,
    a_record_that_holds_a_choice_or_is_kept_elsewhere_stays,
    what_comes_later_begins_anew,
    what_stands_in_chat_is_drawn_anew_and_nothing_else_is_posted,
    without_periods_nothing_ever_goes,
}

const MONTH: Option<Span> = Some(Span::from_secs(30 * 86_400));

async fn desk(database: Database, raw_mails: Option<Span>, closed_tickets: Option<Span>) -> TestDesk {
    let rules = Rules { retention: Retention { raw_mails, closed_tickets }, ..Rules::default() };
    TestDesk::with_rules(database, rules).await
}

async fn step(test: &TestDesk) -> Step {
    test.desk.keep_to_retention(&By::program(Door::Clock)).await.unwrap()
}

async fn ticket(test: &TestDesk, id: i64) -> TicketView {
    test.desk.ticket(TicketId(id)).await.unwrap().unwrap()
}

fn told(ticket: &TicketView) -> usize {
    ticket.events.iter().filter(|event| event.kind == EventKind::Anonymised).count()
}

async fn a_reply_whose_files_are_gone_does_not_leave_without_them(database: Database) {
    let mut test = desk(database, MONTH, None).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Ma facture ?")).await;
    let file = File {
        name: "facture.pdf".into(),
        media_type: "application/pdf".into(),
        bytes: b"%PDF-1.7".to_vec(),
    };
    let (id, text) = (TicketId(1), "Voici la facture.");
    let mail = test.desk.enclosed(&LIMITS, "Camille", id, text, "k", vec![file]).await.unwrap();
    let command = parse(&format!("reply 1 {text}")).unwrap();
    let with = With { files: mail.as_ref(), ..With::default() };
    test.desk.run_with(&test.camille, Door::Cli, command, Some("k"), with).await.unwrap();
    test.elapse(Duration::seconds(20)).await;
    let parcel = test.desk.claim(10).await.unwrap().parcels.pop().unwrap();
    assert_eq!(files_of(&parcel).len(), 1);
    test.desk.record(&parcel, Outcome::Failed("550 5.7.1 no".into())).await.unwrap();
    test.elapse(Duration::days(32)).await;
    assert!(step(&test).await.gone.mails >= 1);
    test.say(&format!("resend {}", parcel.id)).await;
    test.elapse(Duration::seconds(20)).await;
    assert!(test.deliver().await.is_empty());
    let sent = ticket(&test, 1).await.deliveries.into_iter().find(|one| one.id == parcel.id).unwrap();
    assert_eq!(sent.state.as_str(), "failed");
    assert!(
        sent.why.as_deref().is_some_and(|why| why.contains("fichiers ne sont plus gardés")),
        "{:?}",
        sent.why
    );
}

async fn whoever_the_tickets_of_nobody_belong_to_is_not_erased(database: Database) {
    let mut test = desk(database, None, MONTH).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.")).await;
    test.say("status 1 closed").await;
    test.elapse(Duration::days(31)).await;
    assert_eq!(step(&test).await.gone.tickets, 1);
    let nobody = test.desk.requester_of(TicketId(1)).await.unwrap();
    assert!(test.desk.held_of(nobody).await.unwrap().unwrap().erased);
    let by = By::agent(&test.camille, Door::Web);
    assert_eq!(test.desk.erase(nobody, &by).await.unwrap(), Some(Erasure::Before));
}

async fn the_bytes_of_old_mails_go_and_everything_else_goes_on(database: Database) {
    let mut test = desk(database, MONTH, None).await;
    let raw = mail("Fontaine", "lea@courriel.example", 1, "", "Mon IBAN est FR7612345.");
    test.mail(&raw).await;
    test.say("reply 1 Bonjour Mme Fontaine, c’est corrigé.").await;
    test.elapse(Duration::seconds(30)).await;
    let sent = test.deliver().await.pop().unwrap().id;
    test.desk.seal(&[Composed::new(sent, &[], b"the bytes").unwrap()]).await.unwrap();
    // The thirtieth day is not over before its midnight.
    test.elapse(Duration::days(30)).await;
    assert_eq!(step(&test).await.gone, Counts::default());
    let coming = test.desk.retention().await.unwrap();
    assert_eq!((coming.mails, coming.mails_coming), (0, 2), "{coming:?}");
    test.mail(&mail("Durand", "max@courriel.example", 2, "", "Bonjour.")).await;
    test.elapse(Duration::days(1)).await;
    assert_eq!(test.desk.retention().await.unwrap().mails, 1);
    let gone = step(&test).await;
    assert_eq!(gone, Step { gone: Counts { mails: 1, sent_mails: 1, ..Counts::default() }, more: false });
    assert_eq!(step(&test).await.gone, Counts::default(), "once");

    let left = ticket(&test, 1).await;
    let first = &left.messages[0];
    assert!(first.text.contains("FR7612345"), "what was read from it stays");
    assert_eq!((first.original, first.shape.html), (Some(Original::Gone), None));
    assert_eq!(first.attachments[0].refused, Some(Refused::Gone));
    assert_eq!(test.desk.raw_of_message(first.id).await.unwrap(), None);
    assert!(test.desk.file_of_message(first.id, first.attachments[0].part).await.unwrap().is_none());
    assert_eq!(test.desk.sent_mail(sent).await.unwrap().unwrap().eml, None);
    assert_eq!(ticket(&test, 2).await.messages[0].original, Some(Original::Kept), "a young one stays");
    // The journal knows it, and an answer to it finds its ticket.
    assert_eq!(test.mail(&raw).await, Filed::Duplicate);
    let answer =
        mail("Fontaine", "lea@courriel.example", 3, "In-Reply-To: <m1@mail.example>\n", "Merci, et ?");
    assert_eq!(test.mail(&answer).await, Filed::Reply(TicketId(1)));
    let lea = test.desk.number_of("lea@courriel.example").await.unwrap();
    let (_, mails) = test.desk.export(lea, &By::program(Door::Cli)).await.unwrap().unwrap();
    assert_eq!(mails.len(), 1, "only the answer is there to be given out");
}

async fn a_mail_that_waits_for_somebody_is_never_dropped(database: Database) {
    let mut test = desk(database, MONTH, MONTH).await;
    let raw = mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.").replace('\n', "\r\n");
    test.journal_part(raw.as_bytes(), "too large").await;
    test.journal_only(vec![mail("Durand", "max@courriel.example", 2, "", "Bonjour.").into_bytes()]).await;
    test.elapse(Duration::days(400)).await;
    assert_eq!(step(&test).await.gone, Counts::default());
    let held = test.desk.held_mails().await.unwrap().remove(0).id;
    assert_eq!(test.desk.held_mail(held).await.unwrap().as_deref(), Some(raw.as_bytes()));
    assert_eq!(test.desk.unfiled(10).await.unwrap().len(), 1);
    // Once somebody has looked, its time begins.
    let read = guichet::reading::read(raw.as_bytes(), &crate::support::desk::LIMITS);
    test.desk.file_again(vec![(held, read)]).await.unwrap();
    assert_eq!(step(&test).await.gone, Counts::default());
    assert_eq!(ticket(&test, 1).await.messages[0].original, Some(Original::Kept));
    test.elapse(Duration::days(31)).await;
    assert_eq!(step(&test).await.gone.mails, 1);
}

async fn a_ticket_closed_long_ago_keeps_its_figures_and_nothing_else(database: Database) {
    let mut test = desk(database, None, MONTH).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Mon IBAN est FR7612345.")).await;
    test.mail(&mail("Durand", "max@courriel.example", 2, "", "Le mien est FR99.")).await;
    test.say("participants 1 +anne@courriel.example").await;
    test.say("note 1 Mme Fontaine a rappelé.").await;
    test.say("reply 1 --then resolved Bonjour Mme Fontaine, FR7612345 est corrigé.").await;
    test.elapse(Duration::seconds(30)).await;
    let parcel = test.deliver().await.pop().unwrap();
    let token = parcel.links.unwrap().feedback_url.split('/').nth_back(1).unwrap().to_owned();
    test.desk.give_feedback(&token, Rating::Fair, "Un peu trop long").await.unwrap().unwrap();
    test.say("status 1 closed --reason Fontaine est contente").await;
    let day = Period::day(test.desk.today());
    let before = test.desk.report(day).await.unwrap().tally;
    let words = ["lea@courriel", "anne@courriel", "FR7612345", "Fontaine", "trop long"];
    assert!(holding(&test, &words).await.len() > 8);

    test.elapse(Duration::days(31)).await;
    let coming = test.desk.retention().await.unwrap();
    assert_eq!((coming.tickets, coming.mails), (1, 0), "{coming:?}");
    let gone = step(&test).await.gone;
    assert_eq!((gone.tickets, gone.messages, gone.mails, gone.people), (1, 3, 1, 1));
    assert_eq!(holding(&test, &words).await, [""; 0]);
    let left = ticket(&test, 1).await;
    assert!(left.anonymised_at.is_some() && left.status == Status::Closed && told(&left) == 1);
    assert_eq!(left.requester.name, "Personne effacée");
    assert_eq!(left.messages[0].text, "(effacé\u{a0}: durée de conservation passée)");
    assert!(left.messages.iter().all(|message| message.attachments.is_empty() && message.original.is_none()));
    assert!(left.participants.is_empty());
    assert_eq!(left.messages[1].author, "Camille", "who answered stays");
    let after = test.desk.report(day).await.unwrap().tally;
    assert_eq!(
        (after.created, after.resolved, after.closed, after.replies, after.ratings),
        (before.created, before.resolved, before.closed, before.replies, before.ratings)
    );
    // Her record goes with her last ticket; his is as it was.
    assert!(test.desk.number_of("lea@courriel.example").await.is_err());
    assert!(test.desk.own_ticket(&token).await.unwrap().is_none());
    assert_eq!(ticket(&test, 2).await.requester.email, "max@courriel.example");
    assert!(!format!("{:?}", test.say("list FR7612345").await).contains("TicketId(1)"));
    assert_eq!(step(&test).await.gone, Counts::default(), "once");
    let told = test.desk.audit_lines(None, 10).await.unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (told[0].kind, told[0].actor.as_str(), told[0].detail.counts),
        (AuditKind::RetentionRun, "guichet", gone)
    );
}

async fn a_ticket_that_was_taken_up_again_is_not_touched(database: Database) {
    let mut test = desk(database, None, MONTH).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.")).await;
    test.say("status 1 closed").await;
    test.elapse(Duration::days(20)).await;
    test.say("reopen 1").await;
    test.elapse(Duration::days(20)).await;
    assert_eq!(step(&test).await.gone, Counts::default());
    test.say("status 1 closed").await;
    test.elapse(Duration::days(29)).await;
    assert_eq!(step(&test).await.gone, Counts::default(), "counted from the last closing");
    test.elapse(Duration::days(2)).await;
    assert_eq!(step(&test).await.gone.tickets, 1);
    // Whoever takes up what is anonymised writes words again, and these have their time too.
    test.say("reopen 1").await;
    assert_eq!(ticket(&test, 1).await.anonymised_at, None);
    test.say("note 1 FR7612345").await;
    test.say("status 1 closed").await;
    test.elapse(Duration::days(31)).await;
    assert_eq!(step(&test).await.gone.tickets, 1);
    assert_eq!(holding(&test, &["FR7612345"]).await, [""; 0]);
}

async fn nothing_is_added_to_what_was_anonymised_before_it_is_reopened(database: Database) {
    let mut test = desk(database, None, MONTH).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.")).await;
    test.say("status 1 closed").await;
    test.elapse(Duration::days(31)).await;
    let gone = step(&test).await.gone;
    assert_eq!(gone.tickets, 1);
    for line in ["note 1 Vu avec la banque", "tag 1 +vip", "priority 1 high"] {
        match test.try_say(line).await {
            Err(Failure::Refused(Refusal::Anonymised(TicketId(1)))) => {}
            other => panic!("{line}: {other:?}"),
        }
    }
    assert_eq!(step(&test).await.gone, Counts::default());
    assert_eq!(test.desk.audit_lines(None, 10).await.unwrap()[0].detail.counts, gone, "counted once");
    for line in ["reopen 1", "note 1 Vu avec la banque", "status 1 closed"] {
        test.say(line).await;
    }
    assert_eq!(step(&test).await.gone, Counts::default());
    assert_eq!(ticket(&test, 1).await.messages.last().unwrap().text, "Vu avec la banque");
}

async fn whoever_takes_anonymised_spam_up_again_lets_nobody_in(database: Database) {
    let mut test = desk(database, None, MONTH).await;
    test.mail(&mail("zoe", "zoe@courriel.example", 1, "", "Achetez.")).await;
    test.say("spam 1").await;
    test.elapse(Duration::days(31)).await;
    assert_eq!(step(&test).await.gone.tickets, 1);
    test.say("reopen 1").await;
    assert!(!ticket(&test, 1).await.events.last().unwrap().detail.unblocked);
    let forged = mail("Fontaine", "efface@efface.invalid", 2, "", "Achetez.");
    assert_eq!(test.mail(&forged).await, Filed::Ignored);
    test.say("undo").await;
    let forged = mail("Fontaine", "efface@efface.invalid", 3, "", "Achetez encore.");
    assert_eq!(test.mail(&forged).await, Filed::Ignored);
}

async fn a_reopening_that_is_taken_back_gives_the_mark_back(database: Database) {
    let mut test = desk(database, None, MONTH).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.")).await;
    test.say("status 1 closed").await;
    test.elapse(Duration::days(31)).await;
    assert_eq!(step(&test).await.gone.tickets, 1);
    let marked = ticket(&test, 1).await.anonymised_at;
    assert!(marked.is_some());
    test.say("reopen 1").await;
    assert_eq!(ticket(&test, 1).await.anonymised_at, None);
    test.say("undo").await;
    let left = ticket(&test, 1).await;
    assert_eq!((left.status, left.anonymised_at), (Status::Closed, marked));
    // Where words were written since, nothing is given back that would keep them for ever.
    for line in ["reopen 1", "note 1 FR7612345", "status 1 closed", "reopen 1", "undo"] {
        test.say(line).await;
    }
    assert_eq!(ticket(&test, 1).await.anonymised_at, None);
}

async fn an_uncertain_mail_of_an_anonymised_ticket_is_marked_sent(database: Database) {
    let mut test = desk(database, None, MONTH).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.")).await;
    test.say("status 1 closed").await;
    for minutes in [1, 10] {
        test.elapse(Duration::minutes(minutes)).await;
        test.lose().await;
    }
    let uncertain = ticket(&test, 1).await.deliveries.into_iter();
    let mut uncertain = uncertain.filter(|delivery| delivery.state == DeliveryState::Uncertain);
    let id = uncertain.next().expect("its answer was lost").id;
    test.elapse(Duration::days(31)).await;
    assert_eq!(step(&test).await.gone.tickets, 1);
    let marked = ticket(&test, 1).await.anonymised_at;
    test.say(&format!("sent {id}")).await;
    let left = ticket(&test, 1).await;
    assert!(marked.is_some() && left.anonymised_at == marked);
    assert_eq!(step(&test).await.gone, Counts::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_backup_holds_an_anonymised_ticket_once_the_index_is_in_order() {
    let mut test = desk(Database::Sqlite, None, MONTH).await;
    test.mails((0..60).map(question).collect()).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Mon IBAN est FR7612345.")).await;
    test.say("status 61 closed").await;
    test.elapse(Duration::days(31)).await;
    test.desk.tidy_search().await.unwrap();
    assert_eq!(step(&test).await.gone.tickets, 1);
    assert_eq!(backed_up(&test, "between.db", &INDEXED).await, INDEXED, "the index holds what it hides");
    test.desk.tidy_search().await.unwrap();
    assert_eq!(backed_up(&test, "after.db", &INDEXED).await, [""; 0]);
}

async fn a_merged_ticket_goes_with_the_one_that_goes_on(database: Database) {
    let mut test = desk(database, None, MONTH).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.")).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 2, "", "Encore moi.")).await;
    test.say("merge 2 into 1").await;
    test.elapse(Duration::days(40)).await;
    assert_eq!(step(&test).await.gone, Counts::default(), "the other goes on");
    let answer = mail("Fontaine", "lea@courriel.example", 3, "In-Reply-To: <m2@mail.example>\n", "Alors ?");
    assert_eq!(test.mail(&answer).await, Filed::Reply(TicketId(1)), "what leads to it leads on");
    test.say("status 1 closed").await;
    test.elapse(Duration::days(31)).await;
    let gone = step(&test).await.gone;
    assert_eq!((gone.tickets, gone.messages, gone.people), (2, 3, 1));
    assert_eq!(holding(&test, &["lea@courriel", "Fontaine"]).await, [""; 0]);
}

async fn programs_at_once_act_once(database: Database) {
    let mut test = desk(database, MONTH, MONTH).await;
    for n in 1..=6 {
        test.mail(&mail("Fontaine", "lea@courriel.example", n, "", "Bonjour.")).await;
        test.say(&format!("status {n} closed")).await;
    }
    test.elapse(Duration::days(31)).await;
    let steps = join_all((0..4).map(|_| step(&test))).await;
    let mut gone = Counts::default();
    for step in steps {
        gone += step.gone;
    }
    assert_eq!((gone.tickets, gone.mails, gone.people), (6, 6, 1));
    for n in 1..=6 {
        assert_eq!(told(&ticket(&test, n).await), 1, "ticket {n}");
    }
    let lines = test.desk.audit_lines(None, 10).await.unwrap();
    assert_eq!(lines.len(), 1, "the runs of a day are one line");
    assert_eq!(lines[0].detail.counts, gone);
}

async fn a_record_that_holds_a_choice_or_is_kept_elsewhere_stays(database: Database) {
    let mut test = desk(database, None, MONTH).await;
    for (n, name) in [(1, "lea"), (2, "max"), (3, "zoe"), (4, "anne")] {
        test.mail(&mail(name, &format!("{name}@courriel.example"), n, "", "Bonjour.")).await;
    }
    test.desk.set_requester("lea@courriel.example", None, None).await.unwrap();
    test.say("user max@courriel.example none").await;
    test.say("spam 3").await;
    for n in [1, 2, 4] {
        test.say(&format!("status {n} closed")).await;
    }
    test.elapse(Duration::days(31)).await;
    let gone = step(&test).await.gone;
    assert_eq!((gone.tickets, gone.people), (4, 1), "anne's record goes");
    for (name, preference) in
        [("lea", Preference::Both), ("max", Preference::None), ("zoe", Preference::Both)]
    {
        let person = test.desk.person(&format!("{name}@courriel.example")).await.unwrap();
        assert_eq!((person.requester.preference, person.tickets.len()), (preference, 0), "{name}");
    }
    assert!(test.desk.person("anne@courriel.example").await.is_err());
    // Who is blocked stays so.
    assert_eq!(test.mail(&mail("zoe", "zoe@courriel.example", 5, "", "Encore.")).await, Filed::Ignored);
}

async fn what_comes_later_begins_anew(database: Database) {
    let mut test = desk(database, None, MONTH).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.")).await;
    test.say("reply 1 Bonjour, c’est corrigé.").await;
    test.elapse(Duration::seconds(30)).await;
    let ours = test.deliver().await.pop().unwrap().message_id;
    test.say("status 1 closed").await;
    test.elapse(Duration::days(31)).await;
    assert_eq!(step(&test).await.gone.tickets, 1);
    // By the id that we minted ourselves, by her own, and by the number in the subject.
    for (n, named, subject) in
        [(2, ours.as_str(), ""), (3, "m1@mail.example", ""), (4, "x@y.example", "[#1] ")]
    {
        let letter =
            mail("Fontaine", "lea@courriel.example", n, &format!("In-Reply-To: <{named}>\n"), "Alors ?");
        let filed = test.mail(&letter.replace("Subject: ", &format!("Subject: {subject}"))).await;
        assert!(matches!(filed, Filed::Created(_)), "{named} {subject}: {filed:?}");
    }
    // Nobody is let in under the name that stands for them.
    let forged =
        mail("Fontaine", "efface@efface.invalid", 5, "", "Alors ?").replace("Subject: ", "Subject: [#1] ");
    assert_eq!(test.mail(&forged).await, Filed::Ignored);
    assert_eq!(ticket(&test, 1).await.status, Status::Closed);
}

async fn what_stands_in_chat_is_drawn_anew_and_nothing_else_is_posted(database: Database) {
    let mut test = desk(database, None, MONTH).await;
    for (n, name) in [(1, "lea"), (2, "max")] {
        test.mail(&mail(name, &format!("{name}@courriel.example"), n, "", "Bonjour.")).await;
        test.say(&format!("status {n} closed")).await;
    }
    // Of the first, the card and the message stand in chat; of the second, nothing ever did.
    let message = ticket(&test, 1).await.messages[0].id.0;
    for (kind, about) in [(PostKind::Card, 1), (PostKind::Message, message)] {
        let (channel, thread) = ("100".to_owned(), Some("101".to_owned()));
        let (message, drawn) = (format!("{about}1"), String::new());
        let place = Place { kind, about, ticket: Some(TicketId(1)), channel, message, thread, drawn };
        test.desk.keep_place(Platform::Discord, &place).await.unwrap();
    }
    test.elapse(Duration::days(31)).await;
    let settings = Settings { chats: vec![Platform::Discord], rules: test.rules.clone(), ..settings() };
    let desk = Desk::open(test.store.clone(), Clock::At(test.now), settings).await.unwrap();
    assert_eq!(desk.keep_to_retention(&By::program(Door::Clock)).await.unwrap().gone.tickets, 2);
    let mut drawn = Vec::new();
    loop {
        let posts = desk.claim_posts(Platform::Discord, 50).await.unwrap();
        if posts.is_empty() {
            break;
        }
        for post in posts {
            let ticket = post.ticket.as_ref().unwrap();
            assert!(!format!("{ticket:?}").contains("courriel"), "{ticket:?}");
            drawn.push((ticket.id.0, post.kind, post.about));
            desk.record_post(Platform::Discord, &post, &PostOutcome::Posted, None).await.unwrap();
        }
    }
    assert_eq!(drawn, [(1, PostKind::Card, 0), (1, PostKind::Message, message)]);
}

async fn without_periods_nothing_ever_goes(database: Database) {
    let mut test = desk(database, None, None).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.")).await;
    test.say("status 1 closed").await;
    test.elapse(Duration::days(36_500)).await;
    assert_eq!(step(&test).await, Step { gone: Counts::default(), more: false });
    assert_eq!(ticket(&test, 1).await.messages[0].original, Some(Original::Kept));
    assert_eq!(test.desk.audit_lines(None, 1).await.unwrap(), []);
}

fn guichet(folder: &Path, words: &[&str]) -> (Option<i32>, Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_guichet"))
        .arg("--json")
        .args(words)
        .current_dir(folder)
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), said)
}

#[test]
fn the_command_line_counts_what_would_go_takes_it_away_and_tells_of_it() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    std::fs::write(folder.join("bot.toml"), "[retention]\nraw_mails = \"30d\"\nclosed_tickets = \"60d\"\n")
        .unwrap();
    let letter = mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.");
    std::fs::write(folder.join("lea.eml"), letter.replace('\n', "\r\n")).unwrap();
    let at = |day: &str, words: &[&str]| {
        let now = format!("--now={day}T09:00:00+01:00");
        let (code, answer, said) = guichet(folder, &[&[now.as_str()], words].concat());
        assert_eq!(code, Some(0), "{words:?}: {said}");
        answer
    };
    at("2026-01-05", &["agent", "add", "Camille", "--role", "lead"]);
    at("2026-01-05", &["mail", "ingest", "lea.eml"]);
    at("2026-01-05", &["--as", "Camille", "user", "set", "lea@courriel.example", "preference=web_only"]);
    at("2026-01-05", &["ticket", "status", "1", "closed"]);
    assert_eq!(at("2026-02-10", &["retention", "show"])["raw_mails_seconds"], 30 * 86_400);
    assert_eq!(at("2026-02-10", &["retention", "run", "--dry-run"]), serde_json::json!({ "mails": 1 }));
    assert_eq!(at("2026-02-10", &["tick", "--dry-run"])["gone"], serde_json::json!({ "mails": 1 }));
    assert_eq!(at("2026-02-10", &["tick"])["gone"], serde_json::json!({ "mails": 1 }));
    assert!(at("2026-02-10", &["tick"]).get("gone").is_none(), "it is done once");
    let gone = at("2026-03-10", &["--as", "Camille", "retention", "run"]);
    assert_eq!(gone, serde_json::json!({ "tickets": 1, "messages": 1 }));
    let told = at("2026-03-10", &["audit"]);
    let told: Vec<_> = told.as_array().unwrap().iter().map(|line| (&line["kind"], &line["actor"])).collect();
    let line = |kind: &str, actor: &str| (Value::from(kind), Value::from(actor));
    let expected = [
        line("retention_run", "Camille"),
        line("retention_run", "guichet"),
        line("person_set", "Camille"),
        line("agent_added", "guichet"),
    ];
    assert_eq!(told, expected.iter().map(|(kind, actor)| (kind, actor)).collect::<Vec<_>>());
    let since = at("2026-03-10", &["audit", "--since", "2026-03-01", "--limit", "5"]);
    assert_eq!(since.as_array().unwrap().len(), 1);
    assert_eq!(guichet(folder, &["audit", "--since", "hier"]).0, Some(2));
    assert_eq!(guichet(folder, &["--as", "Personne", "retention", "run"]).0, Some(1));
}

#[test]
fn a_backup_after_an_erasure_at_the_terminal_holds_nothing_of_it() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let run = |words: &[&str]| {
        let (code, answer, said) = guichet(folder, words);
        assert_eq!(code, Some(0), "{words:?}: {said}");
        answer
    };
    let mut words = vec!["mail".to_owned(), "ingest".to_owned()];
    for n in 0..60 {
        std::fs::write(folder.join(format!("{n}.eml")), question(n)).unwrap();
        words.push(format!("{n}.eml"));
    }
    let letter = mail("Fontaine", "lea@courriel.example", 1, "", "Mon IBAN est FR7612345.");
    std::fs::write(folder.join("lea.eml"), letter.replace('\n', "\r\n")).unwrap();
    words.push("lea.eml".to_owned());
    run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    run(&["tick"]);
    assert_eq!(run(&["user", "erase", "lea@courriel.example"])["tickets"], 1);
    run(&["db", "backup", "after.db"]);
    let backup = std::fs::read(folder.join("after.db")).unwrap();
    for word in INDEXED {
        assert!(!backup.windows(word.len()).any(|bytes| bytes == word.as_bytes()), "{word}");
    }
}
