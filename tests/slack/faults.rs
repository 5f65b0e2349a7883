//! What goes wrong: answers that are lost, waits, things that are removed or closed, sockets that break, a program that
//! stops; and signed requests, rightly and wrongly.

use crate::support::PATIENCE;
use crate::support::desk::{Database, on_both};
use crate::support::slack::wire::{SECRET, sign};
use crate::support::slack::{DEV, Fault, Road, SUPPORT, Slack};
use crate::support::slack_team::SlackTeam;
use chrono::Duration;
use guichet::domain::alert::AlertKind;
use guichet::domain::chat::Platform;
use serde_json::json;
use tokio::time::timeout;

on_both! {
    a_lost_answer_posts_nothing_twice,
    files_are_not_uploaded_twice,
    slack_is_waited_for,
    a_card_that_is_deleted_comes_again_with_its_thread,
    an_entry_that_is_deleted_is_posted_anew,
    a_channel_without_the_bot_is_said_and_mended,
    a_scope_that_is_missing_is_named,
    a_refused_token_is_an_alert,
    what_an_administrator_forbids_is_an_alert_until_a_post_is_taken,
    a_card_that_stands_in_a_channel_that_is_ours_no_more_comes_anew,
    another_socket_takes_over_without_a_loss,
    what_was_said_while_nobody_listened_is_read_once,
    what_was_said_under_an_old_card_is_read_too,
    what_is_told_again_acts_once,
    signed_requests_serve_the_whole_desk,
    a_request_that_is_not_slacks_is_refused,
    a_late_form_is_asked_for_again,
    a_ticket_that_cannot_be_read_holds_up_no_other,
}

async fn a_lost_answer_posts_nothing_twice(database: Database) {
    let mut team = SlackTeam::start(database).await;
    team.slack.fail("chat.postMessage", [Fault::Lost, Fault::Status(500), Fault::Status(503)]);
    team.lea_writes("Retrait", "Mon retrait ?").await;
    for _ in 0..6 {
        team.settle().await;
        team.pass(Duration::minutes(4));
    }
    team.settle().await;
    assert_eq!(team.slack.messages(SUPPORT, None).len(), 1);
    let thread = team.card(1).await;
    team.slack.fail("chat.postMessage", [Fault::Lost]);
    team.test.say("note 1 une note").await;
    for _ in 0..3 {
        team.settle().await;
        team.pass(Duration::minutes(4));
    }
    team.settle().await;
    let entries = team.slack.messages(SUPPORT, Some(&thread));
    assert_eq!(entries.len(), 2, "{}", team.slack.0.space().dump());
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn files_are_not_uploaded_twice(database: Database) {
    let mut team = SlackTeam::start(database).await;
    team.slack.fail("files.completeUploadExternal", [Fault::Lost]);
    let text: String = (1..=400).map(|n| format!("Ligne {n} du journal.\n")).collect();
    team.lea_writes("Journal", &text).await;
    for _ in 0..4 {
        team.settle().await;
        team.pass(Duration::minutes(4));
    }
    team.settle().await;
    let thread = team.card(1).await;
    let entries = team.slack.messages(SUPPORT, Some(&thread));
    let files = entries.iter().filter(|one| one["files"].is_array()).count();
    assert_eq!((entries.len(), files), (2, 1), "{}", team.slack.0.space().dump());
}

async fn slack_is_waited_for(database: Database) {
    let mut team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    team.card(1).await;
    team.settle().await;
    // Longer than we wait by ourselves before another try.
    team.slack.fail("chat.postMessage", [Fault::Wait(2)]);
    team.test.say("note 1 une note").await;
    team.test.say("note 1 une autre").await;
    team.settle().await;
    let due = team.test.desk.next_post(Platform::Slack).await.unwrap();
    let named = team.test.now + Duration::seconds(2);
    assert!(
        due.is_some_and(|due| due >= named),
        "nothing is asked before the time that Slack named: {due:?}"
    );
    let thread = team.card(1).await;
    let both = async {
        while !team.slack.view(SUPPORT, Some(&thread)).contains("une autre") {
            team.pass(Duration::minutes(1));
            team.settle().await;
        }
    };
    timeout(PATIENCE, both).await.expect("both are posted");
    let said = team.slack.view(SUPPORT, Some(&thread));
    assert!(said.find("une note").unwrap() < said.find("une autre").unwrap(), "{said}");
}

async fn a_card_that_is_deleted_comes_again_with_its_thread(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let first = team.card(1).await;
    team.settle().await;
    team.camille.says(SUPPORT, Some(&first), "une note");
    team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    team.test.say("status 1 in_progress").await;
    team.settle().await;
    team.slack.with(|space| space.delete(SUPPORT, &first));
    let second = team
        .slack
        .wait("another card", |space| {
            let messages = space.channels[SUPPORT].messages.values();
            let is_root =
                |one: &&serde_json::Value| one["thread_ts"].is_null() || one["thread_ts"] == one["ts"];
            let mut others = messages.filter(is_root).filter(|one| one["ts"] != *first);
            others.next().and_then(|one| one["ts"].as_str().map(str::to_owned))
        })
        .await;
    team.settle().await;
    let thread = team.slack.view(SUPPORT, Some(&second));
    for said in ["Mon retrait ?", "une note", "En cours"] {
        assert!(thread.contains(said), "{said} is missing\n{}", team.slack.0.space().dump());
    }
    assert_eq!(team.ticket(1).await.messages.len(), 2);
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn an_entry_that_is_deleted_is_posted_anew(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let card = team.card(1).await;
    team.settle().await;
    let entry = team.slack.messages(SUPPORT, Some(&card))[0]["ts"].as_str().unwrap().to_owned();
    team.slack.with(|space| space.delete(SUPPORT, &entry));
    team.slack
        .wait("it comes again", |space| {
            let messages = space.channels[SUPPORT].messages.values();
            messages
                .filter(|one| one["thread_ts"] == *card && one["ts"] != *card && one["ts"] != *entry)
                .map(|_| ())
                .next()
        })
        .await;
    team.settle().await;
    assert_eq!(team.slack.messages(SUPPORT, Some(&card)).len(), 1);
}

async fn a_channel_without_the_bot_is_said_and_mended(database: Database) {
    let mut team = SlackTeam::start(database).await;
    team.settle().await;
    let leave = |space: &mut crate::support::slack::workspace::Workspace| {
        space.channels.get_mut(SUPPORT).unwrap().members.remove("UBOT");
    };
    team.slack.with(leave);
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let said = team
        .slack
        .wait("the lead is told alone", |space| {
            let direct = space.channels.get("DUINS")?;
            direct.messages.values().map(|one| crate::support::slack::draw::message(one).join("\n")).next()
        })
        .await;
    assert!(said.contains("n’est plus dans #support-team") && said.contains("/invite @Guichet"), "{said}");
    let alerts = team.test.desk.alerts().await.unwrap();
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        (alerts[0].kind, alerts[0].detail.as_str()),
        (AlertKind::ChatRefused, "not_invited:support-team")
    );
    team.slack.with(|space| {
        space.channels.get_mut(SUPPORT).unwrap().members.insert("UBOT".into());
        space.happened(json!({ "type": "member_joined_channel", "user": "UBOT", "channel": SUPPORT }));
    });
    team.card(1).await;
    team.pass(Duration::minutes(20));
    team.settle().await;
    assert!(team.test.desk.alerts().await.unwrap().is_empty());
}

async fn a_scope_that_is_missing_is_named(database: Database) {
    let team = SlackTeam::start(database).await;
    team.settle().await;
    team.slack.with(|space| space.scopes.remove("files:write"));
    let text: String = (1..=400).map(|n| format!("Ligne {n} du journal.\n")).collect();
    team.lea_writes("Journal", &text).await;
    team.slack
        .wait("it is tried", |space| space.requests.iter().find(|one| one.starts_with("files.")).cloned())
        .await;
    team.settle().await;
    let alerts = team.test.desk.alerts().await.unwrap();
    assert_eq!(alerts[0].detail, "missing_scope:files:write");
    assert!(
        guichet::wording::alerts::alert(&alerts[0])
            .contains("« files:write »".replace(' ', "\u{a0}").as_str())
    );
    let thread = team.card(1).await;
    assert_eq!(team.slack.messages(SUPPORT, Some(&thread)).len(), 1, "what may be said is said");
    // Nothing of the ticket is held up by it.
    team.test.say("note 1 la suite").await;
    team.settle().await;
    assert_eq!(team.slack.messages(SUPPORT, Some(&thread)).len(), 2, "{}", team.slack.0.space().dump());
    // Granted, and the app installed again.
    team.slack.with(|space| space.scopes.insert("files:write".into()));
    team.slack.drop_sockets();
    team.slack
        .wait("the file comes", |space| {
            let messages = space.channels[SUPPORT].messages.values();
            messages.filter(|one| one["files"].is_array()).count().eq(&1).then_some(())
        })
        .await;
    team.settle().await;
    assert!(team.test.desk.alerts().await.unwrap().is_empty());
}

async fn what_an_administrator_forbids_is_an_alert_until_a_post_is_taken(database: Database) {
    let mut team = SlackTeam::start(database).await;
    team.settle().await;
    let forbidden = || Fault::Error("restricted_action_thread_only_channel");
    team.slack.fail("chat.postMessage", [forbidden(), forbidden()]);
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let said = async {
        loop {
            if let Some(alert) = team.test.desk.alerts().await.unwrap().first() {
                break guichet::wording::alerts::alert(alert);
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let said = timeout(PATIENCE, said).await.expect("an alert");
    assert!(said.contains("un administrateur interdit"), "{said}");
    team.settle().await;
    team.pass(Duration::minutes(20));
    team.card(1).await;
    team.settle().await;
    assert!(team.test.desk.alerts().await.unwrap().is_empty());
}

async fn a_card_that_stands_in_a_channel_that_is_ours_no_more_comes_anew(database: Database) {
    const OLD: &str = "C0OLD";
    let mut team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    team.card(1).await;
    team.settle().await;
    // As if it had been posted to another channel, which the bot has left since.
    team.close().await;
    let sql = "UPDATE place SET message = REPLACE(message, 'C0SUPPORT', 'C0OLD'), channel = REPLACE(channel, 'C0SUPPORT', \
               'C0OLD'), thread = REPLACE(thread, 'C0SUPPORT', 'C0OLD')";
    change(&team, sql).await;
    team.slack.with(|space| {
        let there = space.channels.get_mut(SUPPORT).unwrap();
        let messages = std::mem::take(&mut there.messages);
        let old = crate::support::slack::workspace::Channel {
            name: "ancien".into(),
            messages,
            ..Default::default()
        };
        space.channels.insert(OLD.into(), old);
    });
    team.open().await;
    team.test.say("take 1").await;
    let card = team.card(1).await;
    team.settle().await;
    let entries = team.slack.messages(SUPPORT, Some(&card));
    assert!(entries.len() >= 2, "the conversation comes with it: {}", team.slack.0.space().dump());
    assert!(team.test.desk.alerts().await.unwrap().is_empty());
}

async fn a_refused_token_is_an_alert(database: Database) {
    let slack = Slack::start().await;
    slack.with(|space| space.is_revoked = true);
    let mut team = SlackTeam::before(database, slack).await;
    let cancel = tokio_util::sync::CancellationToken::new();
    let setting = guichet::chat::Setting {
        zone: chrono_tz::Europe::Paris,
        public_url: "http://localhost:3000".into(),
        undo_window: std::time::Duration::from_secs(20),
        limits: crate::support::desk::LIMITS,
    };
    let door =
        guichet::chat::slack::run(team.test.desk.clone(), team.config(), setting, None, cancel.clone());
    let door = tokio::spawn(door);
    let start = std::time::Instant::now();
    while team.test.desk.alerts().await.unwrap().is_empty() {
        assert!(start.elapsed() < PATIENCE);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(team.test.desk.alerts().await.unwrap()[0].detail, "bad_token");
    cancel.cancel();
    door.await.unwrap();
    team.slack.with(|space| space.is_revoked = false);
    team.open().await;
    team.settle().await;
    let start = std::time::Instant::now();
    while !team.test.desk.alerts().await.unwrap().is_empty() {
        assert!(start.elapsed() < PATIENCE);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn another_socket_takes_over_without_a_loss(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let thread = team.card(1).await;
    team.settle().await;
    team.slack.disconnect("refresh_requested");
    let start = std::time::Instant::now();
    while team.slack.sockets() < 2 {
        assert!(start.elapsed() < PATIENCE, "no other socket");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    team.camille.says(SUPPORT, Some(&thread), "pendant le relais");
    team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    team.slack.drop_sockets();
    let start = std::time::Instant::now();
    while team.slack.sockets() == 0 {
        assert!(start.elapsed() < PATIENCE, "no socket again");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    team.camille.slash(SUPPORT, "/ticket take 1").await.read().await;
    team.camille.says(SUPPORT, Some(&thread), "après la coupure");
    let ticket = team.ticket_that(1, |ticket| ticket.messages.len() == 3).await;
    assert_eq!(ticket.messages[2].text, "après la coupure");
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn what_was_said_while_nobody_listened_is_read_once(database: Database) {
    let mut team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let thread = team.card(1).await;
    team.settle().await;
    team.camille.says(SUPPORT, Some(&thread), "avant");
    team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    team.test.say("escalate 1 panne").await;
    let dev = team.posted(DEV, |text| text.contains("Escalade")).await;
    team.settle().await;
    team.close().await;
    team.camille.says(SUPPORT, Some(&thread), "pendant l’arrêt");
    team.paul.says(DEV, Some(&dev), "c’est l’index");
    team.camille.says(SUPPORT, Some(&thread), "!résolu");
    // What happens while nobody listens is told to nobody.
    team.slack.with(|space| space.events.clear());
    team.pass(Duration::minutes(10));
    team.open().await;
    let ticket = team.ticket_that(1, |ticket| ticket.messages.len() == 4).await;
    let mut notes: Vec<&str> = ticket.messages[1..].iter().map(|one| one.text.as_str()).collect();
    notes.sort_unstable();
    assert_eq!(notes, ["avant", "c’est l’index", "pendant l’arrêt"]);
    team.slack
        .wait("the command is told to be too late", |space| {
            space.privates.iter().find(|one| one.message.to_string().contains("trop tard")).map(|_| ())
        })
        .await;
    team.close().await;
    team.open().await;
    team.settle().await;
    let ticket = team.ticket(1).await;
    assert_eq!((ticket.messages.len(), ticket.status.as_str()), (4, "in_progress"));
}

async fn what_was_said_under_an_old_card_is_read_too(database: Database) {
    let mut team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let thread = team.card(1).await;
    team.settle().await;
    team.close().await;
    // More than is looked through for threads that somebody wrote in.
    for number in 0..2001 {
        team.slack.with(|space| {
            let said = crate::support::slack::person::written("UPAUL", None, &format!("bavardage {number}"));
            space.post(SUPPORT, said);
        });
    }
    team.camille.says(SUPPORT, Some(&thread), "la banque confirme");
    team.slack.with(|space| space.events.clear());
    team.slack.fail("conversations.replies", [Fault::Wait(1)]);
    team.open().await;
    let ticket = team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    assert_eq!(ticket.messages[1].text, "la banque confirme");
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn what_is_told_again_acts_once(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let card = team.on_card(1).await;
    let thread = team.card(1).await;
    team.settle().await;
    let shown = team.camille.shown(&card).to_string();
    assert!(shown.contains("Prendre"));
    let button = json!({ "type": "button", "action_id": "take:1" });
    let press = team.camille.pressed(&card, &button, None);
    let message = json!({ "type": "event_callback", "event_id": "Ev1", "event": {
        "type": "message", "channel": SUPPORT, "user": team.camille.id, "text": "une note", "ts": "1795510900.000001",
        "thread_ts": thread } });
    for retry in 0..3 {
        team.slack.0.tell("interactive", press.clone(), retry).await.expect("it is taken");
        team.slack.0.tell("events_api", message.clone(), retry).await.expect("it is taken");
    }
    team.ticket_that(1, |ticket| ticket.messages.len() == 2 && ticket.assignee.is_some()).await;
    team.settle().await;
    let kinds: Vec<_> = team.ticket(1).await.events.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "assigned").count(), 1);
    assert_eq!(kinds.iter().filter(|kind| **kind == "note_added").count(), 1);
}

async fn signed_requests_serve_the_whole_desk(database: Database) {
    let mut team = SlackTeam::before(database, Slack::by(Road::Signed).await).await;
    team.open().await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let card = team.on_card(1).await;
    let thread = team.card(1).await;
    team.settle().await;
    team.camille.slash(SUPPORT, "/ticket take 1").await.read().await;
    let form = team.camille.press(&card, "Répondre").await;
    let preview = form.submit(&[("Votre réponse", "Il part ce soir & demain.")]).await;
    let sent = preview.press("Envoyer").await.read().await;
    assert!(sent.contains("Réponse"), "{sent}");
    team.camille.says(SUPPORT, Some(&thread), "une note");
    let ticket = team.ticket_that(1, |ticket| ticket.messages.len() == 3).await;
    assert_eq!(ticket.messages[1].text, "Il part ce soir & demain.");
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn a_request_that_is_not_slacks_is_refused(database: Database) {
    let mut team = SlackTeam::before(database, Slack::by(Road::Signed).await).await;
    team.open().await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    team.card(1).await;
    let command = team.camille.command(SUPPORT, "/ticket take 1");
    let fields: Vec<String> = command
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap().replace(' ', "+")))
        .collect();
    let (form, body) = ("application/x-www-form-urlencoded", fields.join("&"));
    let now = team.slack.0.space().now();
    let send = async |at: i64, signature: &str| {
        team.slack.0.send(form, &body, &at.to_string(), signature, 0).await.expect("an answer").0
    };
    let good = |at: i64| sign(SECRET, &at.to_string(), &body);
    assert_eq!(send(now, &sign("un autre secret", &now.to_string(), &body)).await, 401);
    assert_eq!(send(now, &sign("", &now.to_string(), &body)).await, 401);
    assert_eq!(send(now - 301, &good(now - 301)).await, 401);
    assert_eq!(send(now + 301, &good(now + 301)).await, 401);
    assert_eq!(send(now, &good(now - 1)).await, 401);
    assert!(team.ticket(1).await.assignee.is_none());
    assert_eq!(send(now, &good(now)).await, 200);
    team.ticket_that(1, |ticket| ticket.assignee.is_some()).await;
    assert_eq!(send(now, &good(now)).await, 401, "the same again is a replay");
    let hello = r#"{"type":"url_verification","challenge":"abc"}"#;
    let signature = sign(SECRET, &now.to_string(), hello);
    let (status, answer) =
        team.slack.0.send("application/json", hello, &now.to_string(), &signature, 0).await.unwrap();
    assert_eq!((status, answer.as_str()), (200, "abc"));
}

async fn a_late_form_is_asked_for_again(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let card = team.on_card(1).await;
    team.slack.fail("views.open", [Fault::Error("expired_trigger_id")]);
    let said = team.camille.press(&card, "Répondre").await.read().await;
    assert!(said.contains("n’a pas pu s’ouvrir à temps"), "{said}");
    let form = team.camille.press(&card, "Répondre").await.read().await;
    assert!(form.contains("Votre réponse"), "{form}");
}

async fn change(team: &SlackTeam, sql: &'static str) {
    let url = &team.test.url;
    if url.starts_with("sqlite") {
        let aside = sqlx::SqlitePool::connect(url).await.unwrap();
        sqlx::query(sql).execute(&aside).await.unwrap();
        aside.close().await;
    } else {
        let aside = sqlx::PgPool::connect(url).await.unwrap();
        sqlx::query(sql).execute(&aside).await.unwrap();
        aside.close().await;
    }
}

async fn a_ticket_that_cannot_be_read_holds_up_no_other(database: Database) {
    let mut team = SlackTeam::before(database, Slack::start().await).await;
    team.lea_writes("Illisible", "un").await;
    team.lea_writes("Lisible", "deux").await;
    change(&team, "UPDATE event SET detail = '{' WHERE ticket_id = 1").await;
    team.open().await;
    team.card(2).await;
    team.settle().await;
    assert!(!team.slack.view(SUPPORT, None).contains("Illisible"));
    change(&team, "UPDATE event SET detail = '{}' WHERE ticket_id = 1").await;
    // Put off as anything that fails: a second, and not a lease.
    team.pass(Duration::seconds(2));
    team.test.desk.chat_is_open_again(Platform::Slack).await.unwrap();
    team.card(1).await;
}
