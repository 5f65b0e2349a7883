//! What the clock does on tickets: reminders, closing, what goes stale, deadlines, what is put off; once each, whoever
//! looks, through stops; on both databases.

use crate::support::desk::{Database, OUR_ADDRESS, TestDesk, on_both, settings};
use chrono::{DateTime, Duration, NaiveDate, TimeZone, Utc};
use guichet::clock::Clock;
use guichet::desk::{Desk, Failure, Settings};
use guichet::domain::audit::By;
use guichet::domain::delivery::{Channel, DeliveryState};
use guichet::domain::event::EventKind;
use guichet::domain::followup::{FollowUp, Mode, TimerKind};
use guichet::domain::ids::TicketId;
use guichet::domain::message::Direction;
use guichet::domain::notice::NoticeKind;
use guichet::domain::people::Door;
use guichet::domain::refusal::Refusal;
use guichet::domain::report::Period;
use guichet::domain::retention::Retention;
use guichet::domain::rules::Rules;
use guichet::domain::ticket::Status;
use guichet::scheduler;
use guichet::view::{Fired, TicketView, View};
use std::collections::HashMap;

on_both!(
    a_requester_who_does_not_answer_is_reminded_twice_and_then_the_ticket_is_closed,
    after_a_stop_only_the_latest_step_is_taken,
    after_a_long_stop_a_requester_is_warned_before_the_ticket_is_closed,
    nothing_reaches_a_requester_whose_answer_may_lie_unread,
    only_a_reading_to_the_end_has_heard_everybody,
    what_waits_for_the_opening_is_looked_at_without_the_writer,
    a_timer_that_was_put_elsewhere_meanwhile_is_not_stopped,
    an_answer_ends_the_reminders_and_an_automatic_one_does_not,
    what_is_resolved_is_closed_after_a_day,
    in_the_mode_of_proposals_nothing_reaches_the_requester,
    what_is_put_off_waits_and_comes_back,
    a_reminder_by_hand_counts_as_the_next_one,
    deadlines_are_told_when_they_are_near_and_when_they_are_over,
    an_act_that_is_taken_back_gives_the_timers_back,
    of_two_programs_one_fires,
    a_promise_that_changed_is_the_one_that_counts,
    two_programs_with_unlike_rules_undo_nothing_of_each_other,
    an_answer_is_owed_since_it_is_our_turn_again,
    after_a_merge_each_conversation_is_owed_its_own_answer,
    a_merge_changes_no_figure_of_the_days_before_it,
    a_proposal_that_is_put_off_comes_back_and_a_reminder_is_sent_once,
    what_the_clock_says_does_not_keep_an_act_from_being_taken_back,
    the_checklist_and_the_report_say_how_the_desk_stands,
    words_that_were_taken_away_are_no_topic_and_tags_stay_one,
    the_checklist_counts_from_the_last_question_and_leaves_out_what_is_put_off,
    a_year_of_tickets_fires_each_step_once_through_stops,
);

const N: TicketId = TicketId(1);

fn mail(id: u32, subject: &str, text: &str) -> String {
    format!(
        "From: Léa Martin <lea{id}@client.example>\nTo: {OUR_ADDRESS}\nSubject: {subject}\nMessage-ID: <m{id}@client.example>\n\n{text}\n"
    )
}

/// Léa's answer to our latest mail.
fn answer(id: u32, ours: &str, more: &str) -> String {
    format!(
        "From: Léa Martin <lea1@client.example>\nTo: {OUR_ADDRESS}\nSubject: Re: Export\nMessage-ID: <a{id}@client.example>\n\
         In-Reply-To: <{ours}>\n{more}\nVoici la réponse que vous attendiez.\n"
    )
}

/// A time of November or December 2026 in Paris; 24 November is a Tuesday.
fn paris(month: u32, day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    let local = chrono_tz::Europe::Paris.with_ymd_and_hms(2026, month, day, hour, minute, 0);
    local.unwrap().with_timezone(&Utc)
}

/// A desk with a ticket of Léa.
async fn opened(database: Database, rules: Rules) -> TestDesk {
    let test = TestDesk::with_rules(database, rules).await;
    test.mail(&mail(1, "Export", "Où est l'export de mes paris ?")).await;
    test
}

async fn ticket(test: &TestDesk) -> TicketView {
    test.desk.ticket(N).await.unwrap().unwrap()
}

async fn at(test: &mut TestDesk, when: DateTime<Utc>) {
    let time = when - test.now;
    test.elapse(time).await;
}

/// What fires while every hour is looked until then, and when.
async fn fired_until(test: &mut TestDesk, until: DateTime<Utc>) -> Vec<(&'static str, DateTime<Utc>)> {
    let mut fired = Vec::new();
    while test.now < until {
        test.elapse(Duration::hours(1).min(until - test.now)).await;
        let would = test.desk.due_timers().await.unwrap();
        let did = test.desk.tick().await.unwrap();
        assert_eq!(would.len(), did.len(), "what is listed is what is done: {would:?} {did:?}");
        fired.extend(did.iter().map(|one: &Fired| (one.timer, test.now)));
    }
    fired
}

async fn ask(test: &TestDesk) {
    test.say("reply 1 --template demande-infos Quel navigateur ?").await;
}

fn count(ticket: &TicketView, kind: EventKind) -> usize {
    ticket.events.iter().filter(|event| event.kind == kind).count()
}

fn refusal(outcome: Result<View, Failure>) -> Refusal {
    match outcome {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

async fn a_requester_who_does_not_answer_is_reminded_twice_and_then_the_ticket_is_closed(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    ask(&test).await;
    let fired = fired_until(&mut test, paris(12, 4, 10, 0)).await;
    assert_eq!(
        fired,
        [
            ("first_reminder", paris(11, 27, 10, 0)),
            // Five days are a Sunday: it waits for Monday, and the closing keeps its distance.
            ("second_reminder", paris(11, 30, 9, 0)),
            ("close_unanswered", paris(12, 2, 9, 0)),
        ]
    );
    let closed = ticket(&test).await;
    assert_eq!((closed.status, closed.reason.as_deref()), (Status::Closed, Some("Fermé faute de réponse")));
    let letter = closed.messages.last().unwrap();
    assert_eq!(
        (letter.direction, letter.automatic, letter.author.as_str()),
        (Direction::Outbound, true, "Camille")
    );
    insta::allow_duplicates! {
        insta::assert_snapshot!(letter.text, @r"
        Bonjour Léa,

        N'ayant pas eu de retour de votre part depuis 7 jours, je considère que votre problème est résolu.

        Je ferme donc ce ticket. Si vous avez encore besoin d'aide, n'hésitez pas à créer un nouveau ticket ou à répondre à celui-ci.

        Cordialement,
        Camille
        ");
        let sent = closed.deliveries.iter().filter(|delivery| delivery.channel == Channel::Email);
        let sent: Vec<String> = sent
            .map(|delivery| format!("{} | {} | {}", delivery.kind.as_str(), delivery.title, delivery.message))
            .collect();
        insta::assert_snapshot!(sent.join("\n"), @r"
        reply | Ticket de support : En attente de votre réponse | Votre ticket 'Export' est maintenant en attente de votre réponse.
        reminder | Ticket de support : En attente de votre réponse | Votre ticket 'Export' est toujours en attente de votre réponse.
        reminder | Ticket de support : En attente de votre réponse | Votre ticket 'Export' est toujours en attente de votre réponse. Sans nouvelles de votre part, il sera bientôt fermé.
        info | Ticket de support : Fermé | Votre ticket 'Export' est maintenant fermé.
        ");
    }
    // The letter is a program's: it leaves at once, and nothing of it can be taken back.
    let last = closed.deliveries.iter().rev().find(|delivery| delivery.channel == Channel::Email).unwrap();
    assert_eq!((last.kind, last.state), (NoticeKind::Info, DeliveryState::Pending));
    let parcels = test.deliver().await;
    assert!(
        parcels.iter().any(|parcel| parcel.id == last.id && parcel.text.as_deref() == Some(&letter.text))
    );
    assert_eq!(fired_until(&mut test, paris(12, 9, 9, 0)).await, []);
}

async fn after_a_stop_only_the_latest_step_is_taken(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    ask(&test).await;
    // Back on a Saturday: nobody is there, and nothing is sent before Monday.
    at(&mut test, paris(11, 28, 15, 0)).await;
    assert_eq!(test.desk.due_timers().await.unwrap(), []);
    assert_eq!(test.desk.tick().await.unwrap(), []);
    // Stopped until the next Tuesday: both reminders came due, the second is sent.
    at(&mut test, paris(12, 1, 15, 0)).await;
    let fired = test.desk.tick().await.unwrap();
    assert_eq!(fired.iter().map(|one| one.timer).collect::<Vec<_>>(), ["second_reminder"]);
    assert_eq!(test.desk.tick().await.unwrap(), []);
    // The closing comes two days after it.
    let fired = fired_until(&mut test, paris(12, 5, 0, 0)).await;
    assert_eq!(fired, [("close_unanswered", paris(12, 3, 15, 0))]);
    let closed = ticket(&test).await;
    assert_eq!((count(&closed, EventKind::Reminded), closed.status), (1, Status::Closed));
}

async fn after_a_long_stop_a_requester_is_warned_before_the_ticket_is_closed(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    ask(&test).await;
    // A fortnight later all three steps came due.
    at(&mut test, paris(12, 8, 15, 0)).await;
    let fired = test.desk.tick().await.unwrap();
    assert_eq!(fired.iter().map(|one| one.timer).collect::<Vec<_>>(), ["second_reminder"]);
    let fired = fired_until(&mut test, paris(12, 12, 0, 0)).await;
    assert_eq!(fired, [("close_unanswered", paris(12, 10, 15, 0))]);
}

async fn nothing_reaches_a_requester_whose_answer_may_lie_unread(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    ask(&test).await;
    at(&mut test, paris(11, 24, 10, 5)).await;
    let ours = test.deliver().await[0].message_id.clone();
    test.desk.note_sync("test", test.now).await.unwrap();
    test.desk.note_sync("other", test.now).await.unwrap();
    let mailboxes = ["test".to_owned(), "other".to_owned()];
    let soon = std::time::Duration::from_secs(30);
    // Back on Monday: both reminders came due, and no mailbox was read since.
    at(&mut test, paris(11, 30, 10, 5)).await;
    assert_eq!(scheduler::step(&test.desk, &mailboxes).await.unwrap(), soon);
    test.desk.note_sync("test", test.now).await.unwrap();
    assert_eq!(scheduler::step(&test.desk, &mailboxes).await.unwrap(), soon);
    assert_eq!(test.desk.tick_having_read(&["never read".to_owned()]).await.unwrap(), []);
    assert_eq!(count(&ticket(&test).await, EventKind::Reminded), 0);
    // There was no answer.
    test.desk.note_sync("other", test.now).await.unwrap();
    scheduler::step(&test.desk, &mailboxes).await.unwrap();
    assert_eq!(count(&ticket(&test).await, EventKind::Reminded), 1);
    // Away once more, until it would be closed; this time there is one.
    at(&mut test, paris(12, 8, 10, 0)).await;
    scheduler::step(&test.desk, &mailboxes).await.unwrap();
    assert_eq!(ticket(&test).await.status, Status::WaitingCustomer);
    test.mail(&answer(1, &ours, "")).await;
    for mailbox in &mailboxes {
        test.desk.note_sync(mailbox, test.now).await.unwrap();
    }
    scheduler::step(&test.desk, &mailboxes).await.unwrap();
    let answered = ticket(&test).await;
    assert_eq!((answered.status, count(&answered, EventKind::Reminded)), (Status::InProgress, 1));
    // Nobody waits for a mailbox where none is read, nor with what only the team is told.
    test.say("reply 1 --then waiting_customer Et depuis quand ?").await;
    at(&mut test, paris(12, 22, 10, 0)).await;
    let fired = test.desk.tick_having_read(&[]).await.unwrap();
    assert_eq!(fired.iter().map(|one| one.timer).collect::<Vec<_>>(), ["second_reminder"]);
    test.mail(&mail(2, "Paiement", "Bonjour, une question.")).await;
    at(&mut test, paris(12, 22, 12, 0)).await;
    let fired = test.desk.tick_having_read(&mailboxes).await.unwrap();
    assert_eq!(fired.iter().map(|one| one.timer).collect::<Vec<_>>(), ["overdue"]);
}

async fn only_a_reading_to_the_end_has_heard_everybody(database: Database) {
    let mut test = TestDesk::new(database).await;
    let folder = tempfile::tempdir().unwrap();
    for inner in ["cur", "new", "tmp"] {
        std::fs::create_dir(folder.path().join(inner)).unwrap();
    }
    for n in 0..2 {
        std::fs::write(folder.path().join(format!("new/{n}")), crate::support::desk::question(n)).unwrap();
    }
    let source = guichet::inbound::Source::Maildir(folder.path().to_owned());
    let mailboxes = [source.mailbox()];
    let fetch = async |test: &TestDesk, limit| {
        let options = guichet::inbound::FetchOptions { limit, all: false };
        let limits = &crate::support::desk::LIMITS;
        guichet::inbound::fetch(&test.desk, &source, limits, options, &|_| {}).await.unwrap()
    };
    assert_eq!(fetch(&test, Some(1)).await.tickets_created, 1);
    assert_eq!(test.desk.heard_until(&mailboxes).await.unwrap(), None);
    assert!(test.desk.sync_times().await.unwrap().contains_key(&mailboxes[0]), "it is read all the same");
    let begun = test.now;
    assert_eq!(fetch(&test, None).await.tickets_created, 1);
    assert_eq!(test.desk.heard_until(&mailboxes).await.unwrap(), Some(begun));
    // A batch in the middle.
    test.elapse(Duration::hours(1)).await;
    let arrived = guichet::inbound::prepare(crate::support::desk::question(2), &crate::support::desk::LIMITS);
    test.desk.receive(&mailboxes[0], vec![arrived], None).await.unwrap();
    assert_eq!(test.desk.heard_until(&mailboxes).await.unwrap(), Some(begun));
    assert_eq!(test.desk.sync_times().await.unwrap()[&mailboxes[0]], test.now);
}

async fn what_waits_for_the_opening_is_looked_at_without_the_writer(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    ask(&test).await;
    // A Saturday: the first reminder came due on Friday.
    at(&mut test, paris(11, 28, 15, 0)).await;
    let mut writer = test.store.begin().await.unwrap();
    assert!(writer.lock_ticket(N).await.unwrap().is_some());
    let looked = test.desk.tick_having_read(&[]);
    let looked = tokio::time::timeout(std::time::Duration::from_secs(10), looked).await;
    assert_eq!(looked.expect("it waits for nobody").unwrap(), []);
}

async fn a_timer_that_was_put_elsewhere_meanwhile_is_not_stopped(database: Database) {
    let test = opened(database, Rules::default()).await;
    let (kind, later) = (TimerKind::UrgentUpdate, test.now + Duration::hours(2));
    let mut tx = test.store.begin().await.unwrap();
    tx.set_timer(N, kind, Some(later)).await.unwrap();
    tx.stop_timer(N, kind, test.now).await.unwrap();
    assert_eq!(tx.timer(N, kind).await.unwrap(), Some(later));
    tx.stop_timer(N, kind, later).await.unwrap();
    assert_eq!(tx.timer(N, kind).await.unwrap(), None);
}

async fn an_answer_ends_the_reminders_and_an_automatic_one_does_not(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    ask(&test).await;
    at(&mut test, paris(11, 24, 10, 5)).await;
    let ours = test.deliver().await[0].message_id.clone();
    at(&mut test, paris(11, 26, 10, 0)).await;
    test.mail(&answer(1, &ours, "Auto-Submitted: auto-replied\n")).await;
    assert_eq!(ticket(&test).await.status, Status::WaitingCustomer);
    let next = test.desk.next_timer().await.unwrap();
    assert_eq!(next, Some(paris(11, 27, 10, 0)));
    let fired = fired_until(&mut test, paris(11, 27, 12, 0)).await;
    assert_eq!(fired.iter().map(|one| one.0).collect::<Vec<_>>(), ["first_reminder"]);
    test.mail(&answer(2, &ours, "X-Sent: by a person\n")).await;
    assert_eq!(ticket(&test).await.status, Status::InProgress);
    let fired = fired_until(&mut test, paris(12, 9, 9, 0)).await;
    let kinds: Vec<&str> = fired.iter().map(|one| one.0).collect();
    assert!(!kinds.iter().any(|kind| kind.contains("reminder") || kind.contains("close")), "{kinds:?}");
    assert!(kinds.contains(&"stale_in_progress") && kinds.contains(&"overdue"), "{kinds:?}");
}

async fn what_is_resolved_is_closed_after_a_day(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    test.say("status 1 resolved").await;
    let fired = fired_until(&mut test, paris(11, 30, 9, 0)).await;
    assert_eq!(fired, [("close_resolved", paris(11, 25, 10, 0))]);
    let closed = ticket(&test).await;
    assert_eq!((closed.status, closed.reason), (Status::Closed, None));
    let told: Vec<&str> = closed
        .deliveries
        .iter()
        .filter(|delivery| delivery.channel == Channel::Email)
        .map(|delivery| delivery.title.as_str())
        .collect();
    assert_eq!(told, ["Ticket de support : Résolu", "Ticket de support : Fermé"]);
}

async fn in_the_mode_of_proposals_nothing_reaches_the_requester(database: Database) {
    let follow_up = FollowUp { mode: Mode::Propose, ..FollowUp::default() };
    let mut test = opened(database, Rules { follow_up, ..Rules::default() }).await;
    ask(&test).await;
    let before = ticket(&test).await.deliveries.len();
    let fired = fired_until(&mut test, paris(12, 20, 9, 0)).await;
    let kinds: Vec<&str> = fired.iter().map(|one| one.0).collect();
    assert_eq!(kinds, ["first_reminder", "second_reminder", "close_unanswered"]);
    let proposed = ticket(&test).await;
    assert_eq!((proposed.status, proposed.deliveries.len()), (Status::WaitingCustomer, before));
    assert_eq!(count(&proposed, EventKind::Proposed), 3);
    // What a CM then does by hand is what the guide says.
    test.say("reply 1 --template fermeture").await;
    assert_eq!(ticket(&test).await.reason.as_deref(), Some("Fermé faute de réponse"));
}

async fn what_is_put_off_waits_and_comes_back(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    assert_eq!(refusal(test.try_say("snooze 1 demain").await), Refusal::NotADelay("demain".into()));
    ask(&test).await;
    test.say("snooze 1 10 jours").await;
    assert_eq!(fired_until(&mut test, paris(12, 4, 9, 0)).await, []);
    let fired = fired_until(&mut test, paris(12, 11, 9, 0)).await;
    // All three come after that, each at its distance.
    assert_eq!(
        fired,
        [
            ("first_reminder", paris(12, 4, 10, 0)),
            ("second_reminder", paris(12, 7, 9, 0)),
            ("close_unanswered", paris(12, 9, 9, 0)),
        ]
    );
    assert_eq!(
        refusal(test.try_say("snooze 1 2d").await),
        Refusal::ClosedToSnoozing(N),
        "a closed ticket has nothing to put off"
    );
    test.mail(&mail(2, "Autre", "Une autre question ?")).await;
    test.say("reply 2 Nous regardons.").await;
    test.say("snooze 2 2d").await;
    let fired = fired_until(&mut test, paris(12, 15, 9, 0)).await;
    let back = fired.iter().filter(|one| one.0 == "snooze_over").collect::<Vec<_>>();
    // Two days after Friday are a Sunday.
    assert_eq!(back, [&("snooze_over", paris(12, 14, 9, 0))]);
}

async fn a_reminder_by_hand_counts_as_the_next_one(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    assert_eq!(refusal(test.try_say("remind 1").await), Refusal::NotWaiting(N, Status::New));
    ask(&test).await;
    at(&mut test, paris(11, 26, 10, 0)).await;
    test.say("relancer 1").await;
    let fired = fired_until(&mut test, paris(12, 4, 10, 0)).await;
    let kinds: Vec<&str> = fired.iter().map(|one| one.0).collect();
    assert_eq!(kinds, ["second_reminder", "close_unanswered"]);
    let reminded = ticket(&test).await;
    let reminders = reminded.deliveries.iter();
    let reminders = reminders
        .filter(|delivery| (delivery.kind, delivery.channel) == (NoticeKind::Reminder, Channel::Email));
    assert_eq!(reminders.count(), 2);
}

async fn deadlines_are_told_when_they_are_near_and_when_they_are_over(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    assert_eq!(ticket(&test).await.answer_due, Some(paris(11, 24, 12, 0)));
    at(&mut test, paris(11, 24, 11, 29)).await;
    assert_eq!(test.desk.tick().await.unwrap(), []);
    at(&mut test, paris(11, 24, 11, 30)).await;
    let fired = test.desk.tick().await.unwrap();
    assert_eq!(fired.iter().map(|one| one.timer).collect::<Vec<_>>(), ["due_soon"]);
    at(&mut test, paris(11, 24, 12, 0)).await;
    let fired = test.desk.tick().await.unwrap();
    assert_eq!(fired.iter().map(|one| one.timer).collect::<Vec<_>>(), ["overdue"]);
    // The answer ends it; the next question has four hours.
    test.say("reply 1 Voici.").await;
    at(&mut test, paris(11, 24, 12, 5)).await;
    let ours = test.deliver().await[0].message_id.clone();
    assert_eq!(ticket(&test).await.answer_due, None);
    at(&mut test, paris(11, 24, 17, 0)).await;
    test.mail(&answer(2, &ours, "X-Sent: by a person\n")).await;
    assert_eq!(ticket(&test).await.answer_due, Some(paris(11, 25, 12, 0)));
    // The resolution's own: three quarters of a day are four in the night, told at nine, and its end at ten.
    let fired = fired_until(&mut test, paris(11, 25, 12, 0)).await;
    assert_eq!(
        fired,
        [
            ("due_soon", paris(11, 25, 9, 0)),
            ("overdue", paris(11, 25, 10, 0)),
            ("due_soon", paris(11, 25, 11, 0)),
            ("overdue", paris(11, 25, 12, 0)),
        ]
    );
}

async fn an_act_that_is_taken_back_gives_the_timers_back(database: Database) {
    let test = opened(database, Rules::default()).await;
    let stood = (test.desk.next_timer().await.unwrap(), ticket(&test).await.answer_due);
    for act in
        ["status 1 waiting_customer", "reply 1 Voici.", "status 1 closed", "status 1 resolved", "snooze 1 1h"]
    {
        test.say(act).await;
        test.say("undo").await;
        let now = ticket(&test).await;
        assert_eq!((test.desk.next_timer().await.unwrap(), now.answer_due), stood, "{act}");
        assert_eq!(now.status_since, now.created_at, "{act}");
    }
}

async fn of_two_programs_one_fires(database: Database) {
    let mut test = TestDesk::new(database).await;
    for id in 1..=20 {
        test.mail(&mail(id, &format!("Export {id}"), "Où est-il ?")).await;
        test.say(&format!("reply {id} --then waiting_customer Quel navigateur ?")).await;
    }
    at(&mut test, paris(11, 27, 10, 0)).await;
    let settings = Settings { rules: test.rules.clone(), ..settings() };
    let other = Desk::open(test.store.clone(), Clock::At(test.now), settings).await.unwrap();
    let (one, two) = tokio::join!(test.desk.tick(), other.tick());
    let mut fired: Vec<i64> =
        [one.unwrap(), two.unwrap()].concat().iter().filter_map(|one| Some(one.ticket?.0)).collect();
    fired.sort_unstable();
    assert_eq!(fired, (1..=20).collect::<Vec<i64>>());
    for id in 1..=20 {
        let ticket = test.desk.ticket(TicketId(id)).await.unwrap().unwrap();
        assert_eq!(count(&ticket, EventKind::Reminded), 1);
    }
}

async fn a_promise_that_changed_is_the_one_that_counts(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    ask(&test).await;
    let day = std::time::Duration::from_secs(86_400);
    test.rules.follow_up = FollowUp {
        first_reminder: 4 * day,
        second_reminder: 6 * day,
        close_unanswered: 20 * day,
        ..FollowUp::default()
    };
    let fired = fired_until(&mut test, paris(12, 4, 10, 0)).await;
    // Four days after Tuesday are a Saturday.
    assert_eq!(fired, [("first_reminder", paris(11, 30, 9, 0)), ("second_reminder", paris(12, 2, 9, 0))]);
}

async fn two_programs_with_unlike_rules_undo_nothing_of_each_other(database: Database) {
    let test = opened(database, Rules::default()).await;
    ask(&test).await;
    test.desk.tick().await.unwrap();
    assert_eq!(test.desk.next_timer().await.unwrap(), Some(paris(11, 27, 10, 0)));
    let first_reminder = std::time::Duration::from_secs(2 * 86_400);
    let follow_up = FollowUp { first_reminder, ..FollowUp::default() };
    let settings = Settings { rules: Rules { follow_up, ..Rules::default() }, ..settings() };
    let other = Desk::open(test.store.clone(), Clock::At(test.now), settings).await.unwrap();
    other.heed_promises().await.unwrap();
    for desk in [&test.desk, &other, &test.desk] {
        scheduler::step(desk, &[]).await.unwrap();
        assert_eq!(desk.next_timer().await.unwrap(), Some(paris(11, 26, 10, 0)));
    }
}

async fn the_checklist_and_the_report_say_how_the_desk_stands(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    for (id, subject) in [(2, "Export CSV"), (3, "Paiement refusé"), (4, "Spam")] {
        test.mail(&mail(id, subject, "Bonjour, une question.")).await;
    }
    at(&mut test, paris(11, 24, 10, 30)).await;
    ask(&test).await;
    test.say("reply 2 --template solution Le bouton est dans le menu.").await;
    test.say("tag 2 +export").await;
    test.say("spam 4").await;
    let View::Checklist(list) = test.say("checklist").await else { panic!("no checklist") };
    assert_eq!(
        (list.new.total, list.waiting.total, list.in_progress.total, list.due_today.total),
        (1, 0, 0, 1)
    );
    at(&mut test, paris(11, 24, 18, 0)).await;
    let report = test.desk.report(Period::day(NaiveDate::from_ymd_opt(2026, 11, 24).unwrap())).await.unwrap();
    let tally = &report.tally;
    assert_eq!(
        (tally.created, tally.replies, tally.resolved, tally.closed),
        (3, 2, 1, 0),
        "spam is not counted"
    );
    assert_eq!((tally.first_response.share.reached, tally.first_response.share.of), (2, 2));
    assert_eq!(tally.first_response.median_seconds, Some(1800));
    assert_eq!(tally.first_contact.percent(), Some(100));
    assert_eq!(tally.agents[0].agent, "Camille");
    assert_eq!((tally.recurring[0].about.as_str(), tally.recurring[0].tickets), ("export", 2));
    let ahead = report.ahead.unwrap();
    assert_eq!((ahead.answers, ahead.reminders, ahead.closings), (1, 0, 1));
    at(&mut test, paris(11, 27, 10, 30)).await;
    let View::Checklist(list) = test.say("checklist").await else { panic!("no checklist") };
    assert_eq!((list.new.total, list.waiting.total, list.resolved.total), (1, 1, 1));
}

async fn words_that_were_taken_away_are_no_topic_and_tags_stay_one(database: Database) {
    let closed_tickets = Some(std::time::Duration::from_secs(30 * 86_400));
    let retention = Retention { raw_mails: None, closed_tickets };
    let mut test = opened(database, Rules { retention, ..Rules::default() }).await;
    for id in [2, 3] {
        test.mail(&mail(id, "Export CSV", "Bonjour, une question.")).await;
        test.say(&format!("tag {id} +vip")).await;
    }
    for id in 1..=3 {
        test.say(&format!("status {id} closed --reason Traité par téléphone")).await;
    }
    let day = Period::day(test.desk.today());
    let topics = async |test: &TestDesk| -> Vec<(String, bool, i64)> {
        let recurring = test.desk.report(day).await.unwrap().tally.recurring.into_iter();
        recurring.map(|one| (one.about, one.is_tag, one.tickets)).collect()
    };
    let vip = ("vip".to_owned(), true, 2);
    assert_eq!(topics(&test).await, [("export".to_owned(), false, 3), vip.clone()]);
    test.elapse(Duration::days(40)).await;
    test.desk.keep_to_retention(&By::program(Door::Clock)).await.unwrap();
    assert!(ticket(&test).await.anonymised_at.is_some());
    assert_eq!(topics(&test).await, [vip]);
}

async fn the_checklist_counts_from_the_last_question_and_leaves_out_what_is_put_off(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    test.mail(&mail(2, "Paiement", "Bonjour, une question.")).await;
    let waiting = async |test: &TestDesk| {
        let View::Checklist(list) = test.say("checklist").await else { panic!("no checklist") };
        let named: Vec<i64> = list.waiting.tickets.tickets.iter().map(|one| one.id.0).collect();
        assert_eq!(named.len() as i64, list.waiting.total);
        named
    };
    ask(&test).await;
    test.say("reply 2 --then waiting_customer Depuis quand ?").await;
    at(&mut test, paris(11, 26, 10, 0)).await;
    test.say("reply 1 --then waiting_customer Et quel écran ?").await;
    at(&mut test, paris(11, 27, 10, 30)).await;
    assert_eq!(waiting(&test).await, [2]);
    test.say("snooze 2 4d").await;
    assert_eq!(waiting(&test).await, [0; 0]);
    at(&mut test, paris(11, 29, 10, 30)).await;
    assert_eq!(waiting(&test).await, [1]);
    at(&mut test, paris(12, 1, 10, 30)).await;
    assert_eq!(waiting(&test).await, [1, 2]);
}

async fn an_answer_is_owed_since_it_is_our_turn_again(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    test.say("reply 1 --then resolved C'est corrigé.").await;
    at(&mut test, paris(11, 24, 10, 5)).await;
    let ours = test.deliver().await[0].message_id.clone();
    test.mail(&answer(1, &ours, "").replace("Voici la réponse que vous attendiez.", "Merci beaucoup !"))
        .await;
    assert_eq!(ticket(&test).await.status, Status::Resolved, "thanks reopen nothing");
    at(&mut test, paris(12, 8, 10, 0)).await;
    test.mail(&answer(2, &ours, "")).await;
    let again = ticket(&test).await;
    assert_eq!((again.status, again.answer_due), (Status::InProgress, Some(paris(12, 8, 15, 0))));
    test.say("reply 1 Voici.").await;
    let day = Period::day(NaiveDate::from_ymd_opt(2026, 12, 8).unwrap());
    let tally = test.desk.report(day).await.unwrap().tally;
    assert_eq!((tally.next_response.share.of, tally.reopened), (0, 1), "answered at once");
}

async fn after_a_merge_each_conversation_is_owed_its_own_answer(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    at(&mut test, paris(11, 24, 11, 0)).await;
    test.mail(&mail(2, "Paris vides, encore", "Et ceci ?").replace("lea2@", "lea1@")).await;
    at(&mut test, paris(11, 24, 11, 30)).await;
    test.say("reply 2 C’est en cours.").await;
    test.say("merge 2 into 1").await;
    let owed = ticket(&test).await.answer_due;
    assert_eq!(
        owed,
        Some(paris(11, 24, 12, 0)),
        "what was asked at ten is not answered by what answered eleven"
    );
    let day = Period::day(NaiveDate::from_ymd_opt(2026, 11, 24).unwrap());
    let tally = test.desk.report(day).await.unwrap().tally;
    assert_eq!((tally.created, tally.replies), (2, 1), "what was done stays in the figures");
    assert_eq!(tally.first_response.share.of, 1);
    test.say("undo").await;
    assert_eq!(ticket(&test).await.answer_due, Some(paris(11, 24, 12, 0)));
    test.say("merge 2 into 1").await;
    test.say("reply 1 Les deux sont corrigés.").await;
    assert_eq!(ticket(&test).await.answer_due, None, "an answer after the merge answers both");
}

async fn a_merge_changes_no_figure_of_the_days_before_it(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    at(&mut test, paris(11, 24, 10, 30)).await;
    test.say("reply 1 Nous regardons.").await;
    let day = |day| Period::day(NaiveDate::from_ymd_opt(2026, 11, day).unwrap());
    let figures = async |test: &TestDesk, of: Period| {
        let tally = test.desk.report(of).await.unwrap().tally;
        let (first, next) = (&tally.first_response, &tally.next_response);
        (tally.created, tally.replies, first.share.of, first.median_seconds, next.share.of)
    };
    let tuesday = (1, 1, 1, Some(1800), 0);
    assert_eq!(figures(&test, day(24)).await, tuesday);
    at(&mut test, paris(11, 25, 10, 0)).await;
    test.mail(&mail(2, "Paris vides", "Et ceci ?").replace("lea2@", "lea1@")).await;
    at(&mut test, paris(11, 25, 11, 0)).await;
    test.say("reply 2 C’est en cours.").await;
    let wednesday = (1, 1, 1, Some(3600), 0);
    assert_eq!(figures(&test, day(25)).await, wednesday);
    test.say("merge 1 into 2").await;
    assert_eq!((figures(&test, day(24)).await, figures(&test, day(25)).await), (tuesday, wednesday));
    // What goes on is merged in its turn.
    at(&mut test, paris(11, 26, 10, 0)).await;
    test.mail(&mail(3, "Encore", "Et cela ?").replace("lea3@", "lea1@")).await;
    test.say("merge 2 into 3").await;
    assert_eq!((figures(&test, day(24)).await, figures(&test, day(25)).await), (tuesday, wednesday));
    let week = Period { first: day(24).first, last: day(26).last };
    assert_eq!(figures(&test, week).await, (3, 2, 2, Some(1800), 0));
    test.say("undo").await;
    assert_eq!((figures(&test, day(24)).await, figures(&test, day(25)).await), (tuesday, wednesday));
}

async fn a_proposal_that_is_put_off_comes_back_and_a_reminder_is_sent_once(database: Database) {
    let follow_up = FollowUp { mode: Mode::Propose, ..FollowUp::default() };
    let mut test = opened(database, Rules { follow_up, ..Rules::default() }).await;
    ask(&test).await;
    let fired = fired_until(&mut test, paris(11, 27, 10, 0)).await;
    assert_eq!(fired, [("first_reminder", paris(11, 27, 10, 0))]);
    test.say("snooze 1 4d").await;
    let fired = fired_until(&mut test, paris(12, 1, 10, 0)).await;
    assert_eq!(fired, [("first_reminder", paris(12, 1, 10, 0))]);
    test.say("remind 1").await;
    assert_eq!(refusal(test.try_say("remind 1").await), Refusal::RemindedLately(N));
    let reminded = ticket(&test).await;
    let last = reminded.events.last().unwrap();
    assert_eq!(
        last.detail.timer.map(|timer| timer.as_str()),
        Some("first_reminder"),
        "the one that was proposed"
    );
}

async fn what_the_clock_says_does_not_keep_an_act_from_being_taken_back(database: Database) {
    let mut test = opened(database, Rules::default()).await;
    at(&mut test, paris(11, 24, 12, 0)).await;
    test.say("priority 1 high").await;
    let fired = test.desk.tick().await.unwrap();
    assert_eq!(fired.iter().map(|one| one.timer).collect::<Vec<_>>(), ["overdue"]);
    test.say("undo").await;
}

/// A small generator of numbers, the same at each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// How many tickets of the year; 10,000 by `GUICHET_YEAR_TICKETS=10000`, which takes minutes.
fn tickets_of_the_year() -> u32 {
    std::env::var("GUICHET_YEAR_TICKETS").ok().and_then(|given| given.parse().ok()).unwrap_or(150)
}

async fn a_year_of_tickets_fires_each_step_once_through_stops(database: Database) {
    let mut test = TestDesk::new(database).await;
    let (mut dice, total) = (Dice(42), tickets_of_the_year());
    let steps = 365 * 2;
    let (mut opened, mut fired) = (0_u32, HashMap::<(i64, &str), u32>::new());
    for step in 0..steps {
        test.elapse(Duration::hours(12)).await;
        // So many as are due by now.
        let until = total * (step + 1) / steps;
        let arrived = (opened + 1..=until).map(|id| {
            mail(id, &format!("Sujet {id}"), "Bonjour, une question.").replace('\n', "\r\n").into_bytes()
        });
        test.mails(arrived.collect()).await;
        for id in opened + 1..=until {
            let line = match dice.roll(4) {
                0 => format!("reply {id} --then waiting_customer Quel navigateur ?"),
                1 => format!("reply {id} --then resolved C'est corrigé."),
                2 => format!("status {id} in_progress"),
                _ => continue,
            };
            test.say(&line).await;
        }
        opened = until;
        // Stopped for some days now and then, and now and then it looks twice.
        if dice.roll(10) < 3 {
            continue;
        }
        for _ in 0..=dice.roll(2) {
            for one in test.desk.tick().await.unwrap() {
                *fired.entry((one.ticket.unwrap().0, one.timer)).or_default() += 1;
            }
        }
    }
    test.elapse(Duration::days(30)).await;
    for _ in 0..5 {
        test.elapse(Duration::days(10)).await;
        for one in test.desk.tick().await.unwrap() {
            *fired.entry((one.ticket.unwrap().0, one.timer)).or_default() += 1;
        }
    }
    let once = |(id, timer): &(i64, &str)| fired.get(&(*id, timer)).copied().unwrap_or_default();
    for id in 1..=i64::from(total) {
        let ticket = test.desk.ticket(TicketId(id)).await.unwrap().unwrap();
        let first = ticket.events.iter().find_map(|event| event.detail.to);
        match first {
            Some(Status::WaitingCustomer) => {
                assert_eq!(ticket.status, Status::Closed, "ticket {id}");
                assert_eq!(once(&(id, "close_unanswered")), 1, "ticket {id}");
                assert!((1..=2).contains(&count(&ticket, EventKind::Reminded)), "ticket {id}");
            }
            Some(Status::Resolved) => {
                assert_eq!(
                    (ticket.status, once(&(id, "close_resolved"))),
                    (Status::Closed, 1),
                    "ticket {id}"
                );
            }
            Some(Status::InProgress) => assert_eq!(once(&(id, "stale_in_progress")), 1, "ticket {id}"),
            _ => assert_eq!(ticket.status, Status::New, "ticket {id}"),
        }
        if matches!(first, None | Some(Status::InProgress)) {
            // Both that an answer is late and that the end is.
            assert_eq!(once(&(id, "overdue")), 2, "ticket {id}");
        }
        for timer in
            ["first_reminder", "second_reminder", "close_unanswered", "close_resolved", "stale_in_progress"]
        {
            assert!(once(&(id, timer)) <= 1, "ticket {id}: {timer}");
        }
    }
}
