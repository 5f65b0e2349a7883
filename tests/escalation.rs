//! The desk's side of escalation on both databases: acts, timers, tags, colleagues of the technical team.

use crate::support::desk::{Database, TestDesk, on_both};
use crate::support::wait_for;
use chrono::{Duration, TimeDelta};
use guichet::command::parse::parse;
use guichet::desk::Failure;
use guichet::desk::drafts::Sent;
use guichet::domain::event::{EventKind, Team};
use guichet::domain::followup::TimerKind;
use guichet::domain::ids::{EventId, TicketId};
use guichet::domain::message::Direction;
use guichet::domain::people::{Actor, Door};
use guichet::domain::refusal::Refusal;
use guichet::domain::rules::Rules;
use guichet::domain::ticket::{Priority, Status};
use guichet::scheduler;
use guichet::view::{Act, Done, TicketView, View};
use tokio_util::sync::CancellationToken;

const N: TicketId = TicketId(1);

async fn opened(database: Database) -> TestDesk {
    let test = TestDesk::with_rules(database, unhurried()).await;
    mail(&test, 1).await;
    test
}

async fn mail(test: &TestDesk, n: u32) {
    test.mail(&format!(
        "From: Karim <karim@client.example>\nTo: support@bettracker.example\nSubject: Bug {n}\n\
         Message-ID: <{n}@client.example>\n\nPlus rien ne marche, {n} fois.\n"
    ))
    .await;
}

async fn ticket(test: &TestDesk, id: i64) -> TicketView {
    test.desk.ticket(TicketId(id)).await.unwrap().unwrap()
}

fn done(view: View) -> Done {
    match view {
        View::Done(done) => *done,
        other => panic!("not done: {other:?}"),
    }
}

fn refusal(result: Result<View, Failure>) -> Refusal {
    match result {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn kinds(ticket: &TicketView) -> Vec<EventKind> {
    ticket.events.iter().map(|event| event.kind).collect()
}

fn count(ticket: &TicketView, kind: EventKind) -> usize {
    ticket.events.iter().filter(|event| event.kind == kind).count()
}

fn paul() -> Actor {
    Actor::Colleague("Paul".into())
}

async fn an_escalation_stands_since_the_first_reason_until_it_is_settled(database: Database) {
    let mut test = opened(database).await;
    let since = test.now;
    let first = done(test.say("escalate 1 API muette").await);
    assert_eq!(first.done, Act::Escalated { reason: "API muette".into() });
    assert_eq!((first.told, first.ticket.status), (None, Status::InProgress));
    assert_eq!(first.ticket.escalated_at, Some(since));
    test.elapse(Duration::hours(1)).await;
    assert_eq!(refusal(test.try_say("escalate 1  API MUETTE ").await), Refusal::SameEscalation(N));
    test.say("escalate 1 Aussi sur Android").await;
    assert_eq!(ticket(&test, 1).await.escalated_at, Some(since));
    let resolved = done(test.say("status 1 resolved").await);
    assert_eq!(resolved.ticket.escalated_at, None);
    test.say("undo").await;
    assert_eq!(ticket(&test, 1).await.escalated_at, Some(since));
    test.say("status 1 closed").await;
    test.elapse(Duration::hours(1)).await;
    assert_eq!(refusal(test.try_say("escalate 1 Encore").await), Refusal::ClosedToEscalation(N));
    assert_eq!(refusal(test.try_say("urgent 1").await), Refusal::ClosedToEscalation(N));
    // A new escalation may have the reason of an old one.
    test.say("reopen 1").await;
    assert_eq!(done(test.say("escalate 1 API muette").await).ticket.escalated_at, Some(test.now));
}

async fn urgent_is_one_act_that_is_taken_back_as_one(database: Database) {
    let test = opened(database).await;
    test.say("priority 1 high").await;
    let act = done(test.say("urgent 1").await);
    assert_eq!(act.done, Act::MadeUrgent { reason: "Bug critique".into(), every_seconds: 7200 });
    let now = &act.ticket;
    assert_eq!(
        (now.status, now.priority, now.escalated_at),
        (Status::InProgress, Priority::Urgent, Some(test.now))
    );
    assert!(now.deliveries.is_empty(), "the requester is told nothing");
    assert_eq!(kinds(now), [EventKind::Created, EventKind::PrioritySet, EventKind::MadeUrgent]);
    assert_eq!(next_update(&test).await, Some(test.now + TimeDelta::hours(2)));
    assert_eq!(refusal(test.try_say("urgent 1").await), Refusal::SameEscalation(N));
    test.say("undo").await;
    let before = ticket(&test, 1).await;
    assert_eq!((before.status, before.priority, before.escalated_at), (Status::New, Priority::High, None));
    assert_eq!(next_update(&test).await, None);
}

async fn a_timer_fires_once_runs_on_and_stops(database: Database) {
    let mut test = opened(database).await;
    let due_at = test.now + TimeDelta::hours(2);
    test.say("urgent 1 Plus de paris").await;
    test.elapse(Duration::minutes(119)).await;
    assert_eq!(test.desk.tick().await.unwrap(), []);
    // Long stopped: one reminder, counted on from now.
    test.elapse(Duration::hours(9)).await;
    let due = test.desk.due_timers().await.unwrap();
    let urgent = TimerKind::UrgentUpdate.as_str();
    assert_eq!((due[0].ticket, due[0].timer, due[0].due_at), (Some(N), urgent, due_at));
    assert_eq!(count(&ticket(&test, 1).await, EventKind::UpdateDue), 0, "looking fires nothing");
    let (one, other) = tokio::join!(test.desk.tick(), test.desk.tick());
    assert_eq!([one.unwrap(), other.unwrap()].concat(), due, "of two, one fires it");
    assert_eq!(test.desk.tick().await.unwrap(), []);
    let fired = ticket(&test, 1).await;
    let event = fired.events.last().unwrap();
    assert_eq!(
        (event.kind, event.actor.as_str(), event.door.as_str()),
        (EventKind::UpdateDue, "guichet", "clock")
    );
    assert_eq!(count(&fired, EventKind::UpdateDue), 1);
    assert_eq!(next_update(&test).await, Some(test.now + TimeDelta::hours(2)));
    // A note keeps nobody informed; a reply does, and taking it back owes it again.
    test.elapse(Duration::hours(1)).await;
    test.say("note 1 à suivre").await;
    assert_eq!(next_update(&test).await, Some(test.now + TimeDelta::hours(1)));
    test.say("reply 1 Nous y travaillons.").await;
    assert_eq!(next_update(&test).await, Some(test.now + TimeDelta::hours(2)));
    test.say("undo").await;
    assert_eq!(next_update(&test).await, Some(test.now + TimeDelta::hours(1)));
    test.say("status 1 resolved").await;
    assert_eq!(next_update(&test).await, None);
    test.say("undo").await;
    assert_eq!(next_update(&test).await, Some(test.now + TimeDelta::hours(1)));
    test.say("status 1 closed").await;
    test.elapse(Duration::days(1)).await;
    assert_eq!(test.desk.tick().await.unwrap(), []);
}

async fn the_scheduler_fires_what_is_due_until_it_is_stopped(database: Database) {
    let mut test = opened(database).await;
    test.say("urgent 1").await;
    test.elapse(Duration::hours(2)).await;
    let cancel = CancellationToken::new();
    let running = tokio::spawn(scheduler::run(test.desk.clone(), Vec::new(), cancel.clone()));
    let (desk, runtime) = (test.desk.clone(), tokio::runtime::Handle::current());
    tokio::task::spawn_blocking(move || {
        wait_for("the reminder", || {
            let ticket = runtime.block_on(desk.ticket(N)).unwrap().unwrap();
            (count(&ticket, EventKind::UpdateDue) == 1).then_some(())
        });
    })
    .await
    .unwrap();
    cancel.cancel();
    running.await.unwrap();
    // The clock of this desk stands still: the next reminder is longer off than it looks away.
    assert_eq!(scheduler::step(&test.desk, &[]).await.unwrap(), std::time::Duration::from_secs(30));
    let promises = test.store.read().await.unwrap().setting("promises").await.unwrap();
    assert!(promises.is_some(), "it has looked at what is promised");
}

async fn a_request_for_a_feature_is_thanked_resolved_and_handed_over_at_once(database: Database) {
    let mut test = opened(database).await;
    let act = done(test.say("feature 1").await);
    assert_eq!(act.done, Act::HandedOver { status: Status::Resolved });
    assert_eq!(kinds(&act.ticket), [EventKind::Created, EventKind::HandedOver]);
    assert!(
        act.ticket.messages[1].text.starts_with("Bonjour Karim,\n\nMerci beaucoup pour votre suggestion")
    );
    test.say("undo").await;
    let back = ticket(&test, 1).await;
    assert_eq!((back.status, back.messages.len()), (Status::New, 1));
    // The reply by its name hands over as well, whatever status it leads to.
    let act =
        done(test.say("reply 1 --template fonctionnalité --then waiting_customer Pour quel écran ?").await);
    assert_eq!(act.done, Act::HandedOver { status: Status::WaitingCustomer });
    test.elapse(Duration::minutes(1)).await;
    assert_eq!(test.deliver().await.len(), 1, "one mail");
    let offered = done(test.say("status 1 resolved").await).offers;
    assert_eq!(offered, ["solution"], "the guide's");
}

async fn a_reply_that_began_as_the_one_that_hands_over_hands_over(database: Database) {
    let test = opened(database).await;
    let (desk, camille) = (&test.desk, &test.camille);
    let begun = desk.begin_draft(camille, Door::Discord, N, Some("fonctionnalite"), "", "one").await.unwrap();
    let seen = begun.ticket.messages[0].id;
    let sent = desk.send_draft(camille, Door::Discord, begun.id, &begun.mark, false, seen).await.unwrap();
    let Sent::Done(view) = sent else { panic!("not sent: {sent:?}") };
    assert_eq!(done(view).done, Act::HandedOver { status: Status::Resolved });
    // A reply of one's own hands nothing over.
    let begun = desk.begin_draft(camille, Door::Discord, N, None, "Voici.", "two").await.unwrap();
    let seen = begun.ticket.messages.last().unwrap().id;
    let sent = desk.send_draft(camille, Door::Discord, begun.id, &begun.mark, false, seen).await.unwrap();
    assert!(matches!(sent, Sent::Done(_)), "{sent:?}");
    let kinds = kinds(&ticket(&test, 1).await);
    assert_eq!(kinds, [EventKind::Created, EventKind::HandedOver, EventKind::Replied]);
}

async fn what_is_handed_over_is_so_although_the_ticket_closes_unanswered(database: Database) {
    let test = opened(database).await;
    test.say("status 1 waiting_customer").await;
    let act = done(test.say("reply 1 --template fonctionnalite --then closed Bonne idée.").await);
    assert_eq!(act.done, Act::HandedOver { status: Status::Closed });
    assert_eq!(act.ticket.reason, None, "it was not closed for want of an answer");
}

async fn tags_are_added_found_again_and_taken_back(database: Database) {
    let test = opened(database).await;
    mail(&test, 2).await;
    let act = done(test.say("tag 1 +VIP +Été_26 -absent").await);
    assert_eq!(act.ticket.tags, ["ete_26", "vip"]);
    let detail = &act.ticket.events.last().unwrap().detail;
    assert_eq!((&detail.tags_added, &detail.tags_removed), (&vec!["vip".into(), "ete_26".into()], &vec![]));
    assert_eq!(refusal(test.try_say("tag 1 +vip -rien").await), Refusal::SameTags(N));
    assert_eq!(refusal(test.try_say("tag 1 +deux,mots").await), Refusal::NotATag("deux,mots".into()));
    test.say("tag 1 -VIP +bug").await;
    assert_eq!(ticket(&test, 1).await.tags, ["bug", "ete_26"]);
    test.say("undo").await;
    assert_eq!(ticket(&test, 1).await.tags, ["ete_26", "vip"]);
    test.say("tag 2 +vip").await;
    assert_eq!(test.desk.tags("").await.unwrap(), ["vip", "ete_26"], "the most used first");
    assert_eq!(test.desk.tags("É").await.unwrap(), ["ete_26"]);
    assert_eq!(test.desk.tags("_").await.unwrap(), [""; 0], "no wildcard");
    let View::Queue(queue) = test.say("list").await else { panic!("a list") };
    let listed: Vec<_> = queue.tickets.iter().map(|ticket| (ticket.id.0, ticket.tags.len())).collect();
    assert_eq!(listed, [(2, 1), (1, 2)]);
    let many: Vec<String> = (0..19).map(|n| format!("+t{n}")).collect();
    let refused = refusal(test.try_say(&format!("tag 1 {}", many.join(" "))).await);
    assert_eq!(refused, Refusal::TooManyTags(N, 20));
}

async fn a_merge_unites_tags_escalation_and_reminder_and_parts_them_again(database: Database) {
    let mut test = opened(database).await;
    mail(&test, 2).await;
    test.say("tag 1 +vip +bug").await;
    test.say("tag 2 +vip +ios").await;
    test.say("urgent 2").await;
    let since = test.now;
    test.elapse(Duration::minutes(10)).await;
    test.say("merge 2 into 1").await;
    let one = ticket(&test, 1).await;
    assert_eq!((one.tags, one.escalated_at), (vec!["bug".into(), "ios".into(), "vip".into()], Some(since)));
    assert_eq!(ticket(&test, 2).await.escalated_at, None);
    test.elapse(Duration::seconds(5)).await;
    test.say("undo").await;
    let one = ticket(&test, 1).await;
    assert_eq!((one.tags, one.escalated_at), (vec!["bug".into(), "vip".into()], None));
    assert_eq!(ticket(&test, 2).await.escalated_at, Some(since));
    test.say("merge 2 into 1").await;
    test.elapse(Duration::hours(2)).await;
    let fired: Vec<_> = test.desk.tick().await.unwrap().into_iter().map(|fired| fired.ticket).collect();
    assert_eq!(fired, [Some(N)], "what was owed on the other ticket is owed on this one");
}

async fn a_developers_words_are_notes_and_never_leave(database: Database) {
    let test = opened(database).await;
    test.say("escalate 1 API muette").await;
    let told = test.desk.colleague_note(N, &paul(), "C'est le cache.", Door::Discord, "m1").await.unwrap();
    let told = done(told);
    assert_eq!((told.done, told.told, told.undo_seconds), (Act::Noted, None, 0));
    let again = test.desk.colleague_note(N, &paul(), "C'est le cache.", Door::Discord, "m1").await.unwrap();
    assert!(matches!(again, View::Ticket(_)));
    let fixed = done(test.desk.fixed(N, &paul(), Door::Discord, "b1").await.unwrap());
    assert_eq!((fixed.done, fixed.ticket.status), (Act::Fixed, Status::InProgress));
    assert!(matches!(test.desk.fixed(N, &paul(), Door::Discord, "b1").await.unwrap(), View::Ticket(_)));
    let now = ticket(&test, 1).await;
    let notes: Vec<_> = now.messages.iter().filter(|message| message.direction == Direction::Note).collect();
    assert_eq!((notes.len(), notes[0].author.as_str()), (1, "Paul"));
    assert_eq!(kinds(&now)[2..], [EventKind::NoteAdded, EventKind::Fixed]);
    assert!(
        now.events[2..].iter().all(|event| event.detail.team == Some(Team::Dev) && event.actor == "Paul")
    );
    assert!(now.deliveries.is_empty());
    // A developer who is an agent acts as one, and may take it back.
    let camille = Actor::Agent(test.camille.clone());
    let note = done(test.desk.colleague_note(N, &camille, "Vu.", Door::Discord, "m2").await.unwrap());
    assert!(note.undo_seconds > 0);
    test.say("undo").await;
    assert_eq!(ticket(&test, 1).await.messages.len(), 2);
}

async fn a_developers_name_is_bounded_and_nobody_else_comes_in_that_way(database: Database) {
    let test = opened(database).await;
    let hostile = Actor::Colleague(format!("\u{202e}Pa\u{0}ul\n{}", "x".repeat(5000)));
    let note = done(test.desk.colleague_note(N, &hostile, "Oui", Door::Slack, "m1").await.unwrap());
    let author = &note.ticket.messages[1].author;
    assert!(author.starts_with("Paul x") && author.chars().count() == 60, "{author:?}");
    let nameless = Actor::Colleague("\u{200b} ".into());
    let note = done(test.desk.colleague_note(N, &nameless, "Oui", Door::Slack, "m2").await.unwrap());
    assert_eq!(note.ticket.messages[2].author, "Équipe technique");
    for actor in [Actor::System, Actor::Participant("zoe@ailleurs.example".into())] {
        let refused = test.desk.colleague_note(N, &actor, "Oui", Door::Discord, "m3").await;
        assert_eq!(refusal(refused), Refusal::UnknownPerson);
        assert_eq!(refusal(test.desk.fixed(N, &actor, Door::Discord, "m4").await), Refusal::UnknownPerson);
    }
    let empty = test.desk.colleague_note(N, &paul(), " \n", Door::Discord, "m5").await;
    assert_eq!(refusal(empty), Refusal::EmptyText);
    let nowhere = test.desk.fixed(TicketId(9), &paul(), Door::Discord, "m6").await;
    assert_eq!(refusal(nowhere), Refusal::NoSuchTicket(TicketId(9)));
}

async fn a_button_takes_exactly_its_own_act_back(database: Database) {
    let test = opened(database).await;
    let first = done(test.say("escalate 1 API muette").await).event;
    let second = done(test.say("priority 1 high").await).event;
    assert_eq!(refusal(test.try_say(&format!("undo {first}")).await), Refusal::NotTheLatestAct(N));
    test.say(&format!("undo {second}")).await;
    // Pressed twice: what is undone is not undone again, and nothing else is in its place.
    assert_eq!(refusal(test.try_say(&format!("undo {second}")).await), Refusal::NotTheLatestAct(N));
    let now = ticket(&test, 1).await;
    assert_eq!((now.priority, now.escalated_at), (Priority::Normal, Some(test.now)));
    let unknown = refusal(test.try_say(&format!("undo {}", EventId(999))).await);
    assert_eq!(unknown, Refusal::NotTheLatestAct(N));
}

async fn a_request_that_comes_twice_acts_once(database: Database) {
    let test = opened(database).await;
    for line in ["escalate 1 API muette", "urgent 1", "tag 1 +vip", "feature 1"] {
        let run = || test.desk.run(&test.camille, Door::Discord, parse(line).unwrap(), Some(line));
        done(run().await.unwrap());
        assert!(matches!(run().await.unwrap(), View::Ticket(_)), "{line}");
    }
    assert_eq!(ticket(&test, 1).await.events.len(), 5);
}

on_both! {
    an_escalation_stands_since_the_first_reason_until_it_is_settled,
    urgent_is_one_act_that_is_taken_back_as_one,
    a_timer_fires_once_runs_on_and_stops,
    the_scheduler_fires_what_is_due_until_it_is_stopped,
    a_request_for_a_feature_is_thanked_resolved_and_handed_over_at_once,
    a_reply_that_began_as_the_one_that_hands_over_hands_over,
    what_is_handed_over_is_so_although_the_ticket_closes_unanswered,
    tags_are_added_found_again_and_taken_back,
    a_merge_unites_tags_escalation_and_reminder_and_parts_them_again,
    a_developers_words_are_notes_and_never_leave,
    a_developers_name_is_bounded_and_nobody_else_comes_in_that_way,
    a_button_takes_exactly_its_own_act_back,
    a_request_that_comes_twice_acts_once,
}

#[test]
fn the_command_line_lists_and_fires_what_is_due() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("bot.toml"),
        "[followup]\nurgent_update = \"90m\"\n[sla]\nfirst_response = \"30d\"\nresolution = \"90d\"\n",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("1.eml"),
        "From: karim@client.example\r\nSubject: Bug\r\nMessage-ID: <1@client.example>\r\n\r\nPlus rien.\r\n",
    )
    .unwrap();
    let run = |now: &str, words: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_guichet"))
            .args(["--now", now])
            .args(words)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run("2026-11-24T09:00:00Z", &["mail", "ingest", "1.eml"]);
    run("2026-11-24T09:00:00Z", &["ticket", "urgent", "1"]);
    assert_eq!(run("2026-11-24T10:29:00Z", &["tick", "--json"]), "{\"fired\":[]}\n");
    let due =
        "{\"fired\":[{\"ticket\":1,\"timer\":\"urgent_update\",\"due_at\":\"2026-11-24T10:30:00Z\"}]}\n";
    let late = "2026-11-24T12:00:00Z";
    assert_eq!(run(late, &["tick", "--dry-run", "--json"]), due);
    assert_eq!(
        run(late, &["tick", "--dry-run"]),
        "Ticket nº\u{a0}1\u{a0}: tenir l’utilisateur informé (ticket urgent), \
         échéance du 24 novembre 2026 à 11\u{a0}h\u{a0}30 à déclencher\n"
    );
    assert_eq!(run(late, &["tick", "--json"]), due);
    assert_eq!(run(late, &["tick"]), "Aucune échéance n’est due.\n");
}

/// When the requester of ticket 1 is to be told next how things stand.
async fn next_update(test: &TestDesk) -> Option<chrono::DateTime<chrono::Utc>> {
    test.store.read().await.unwrap().timer(N, TimerKind::UrgentUpdate).await.unwrap()
}

/// No deadline comes near, and no work goes stale: what fires is what these tests are about.
fn unhurried() -> Rules {
    let long = std::time::Duration::from_secs(300 * 86_400);
    let mut rules = Rules::default();
    (rules.sla.first_response, rules.sla.next_response, rules.sla.resolution) = (long, long, long);
    rules.follow_up.stale_in_progress = long;
    rules
}
