//! Webhooks, from what happens on a ticket to what the host application has verified and read, on a strict receiver.

use crate::support::desk::{Database, PUBLIC_URL, TestDesk, on_both, page_settings, serve_pages};
use crate::support::webhook_server::{Post, WebhookServer};
use chrono::{Duration, SecondsFormat};
use guichet::config::Webhook;
use guichet::domain::alert::AlertKind;
use guichet::domain::audit::By;
use guichet::domain::feedback::Rating;
use guichet::domain::ids::HookPostId;
use guichet::domain::people::Door;
use guichet::domain::webhook::{Answer, Hook, HookEvent, MOST_REFUSALS};
use guichet::outbound::DeliverCount;
use guichet::outbound::webhook::{WebhookCourier, deliver};
use serde_json::{Value, json};
use std::process::Command;

const LEA: &str = "lea@courriel.example";
const SECRET: &[u8] = b"what both sides know, 32 bytes..";

on_both! {
    each_event_is_told_signed_once_and_with_what_it_is_about,
    nothing_that_stays_within_the_team_ever_leaves,
    what_can_be_taken_back_is_told_when_it_no_longer_can,
    a_notice_that_a_later_one_took_the_place_of_is_told_only_if_it_comes_back,
    what_failed_comes_again_with_the_same_id_and_the_same_bytes,
    an_endpoint_that_is_away_is_left_alone_and_holds_up_nobody_else,
    events_of_one_ticket_come_in_order_and_those_of_another_do_not_wait,
    an_endpoint_that_wants_no_more_is_switched_off_until_somebody_says_otherwise,
    what_is_refused_is_given_up_after_some_tries_listed_and_told_again_when_asked,
    what_nobody_takes_for_three_days_is_given_up,
    what_a_courier_that_died_had_in_hand_is_told_after_its_lease,
    two_couriers_at_once_tell_each_event_once,
    each_endpoint_hears_what_it_asked_for,
    what_is_told_of_a_person_goes_with_them,
    what_waits_for_an_endpoint_that_is_configured_no_more_is_given_up,
    what_waits_stands_in_the_metrics,
}

/// A desk that tells one endpoint, and the endpoint.
struct Site {
    test: TestDesk,
    server: WebhookServer,
    courier: WebhookCourier,
}

fn webhook(name: &str, server: &WebhookServer, events: &[HookEvent]) -> Webhook {
    let (url, secret) = (server.url(), server.secret().into());
    Webhook { name: name.into(), url, secret, events: events.to_vec(), ca_file: None }
}

impl Site {
    /// Told of everything; with Léa's mail as ticket 1.
    async fn open(database: Database) -> Site {
        Site::hearing(database, &HookEvent::ALL).await
    }

    /// Told of these.
    async fn hearing(database: Database, events: &[HookEvent]) -> Site {
        let hook = Hook { name: "app".into(), events: events.to_vec() };
        let test = TestDesk::telling(database, vec![hook]).await;
        let server = WebhookServer::start(SECRET, test.now).await;
        let courier = WebhookCourier::new(&webhook("app", &server, events)).unwrap();
        let site = Site { test, server, courier };
        site.mail(1, "Paiement refusé", "Ma carte est refusée.").await;
        site
    }

    async fn mail(&self, id: u32, subject: &str, text: &str) {
        let raw = format!(
            "From: Léa Martin <{LEA}>\nTo: support@bettracker.example\nSubject: {subject}\n\
             Message-ID: <{id}@courriel.example>\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        );
        self.test.mail(&raw).await;
    }

    async fn elapse(&mut self, time: Duration) {
        self.test.elapse(time).await;
        self.server.put_clock(self.test.now);
    }

    /// Camille does this, and it can no longer be taken back.
    async fn act(&mut self, line: &str) {
        self.test.say(line).await;
        self.elapse(Duration::seconds(20)).await;
    }

    async fn deliver(&self) -> DeliverCount {
        deliver(&self.test.desk, &self.courier).await.unwrap()
    }

    /// What leaves now and is taken.
    async fn told(&self) -> Vec<Post> {
        self.deliver().await;
        assert_eq!(self.server.refused(), [""; 0]);
        self.server.posts()
    }

    async fn kinds(&self) -> Vec<String> {
        self.told().await.iter().map(|post| post.kind().to_owned()).collect()
    }

    /// The token of a page of Léa's, by a link of a mail of hers.
    async fn token(&mut self, page: &str) -> String {
        self.act("reply 1 Bonjour").await;
        let links = self.test.deliver().await.pop().expect("a mail leaves").links.expect("it is hers");
        let url = if page == "feedback" { links.feedback_url } else { links.ticket_url };
        url.split('/').nth_back(1).unwrap().to_owned()
    }

    async fn alerts(&self) -> Vec<(AlertKind, String)> {
        let alerts = self.test.desk.alerts().await.unwrap().into_iter();
        alerts.map(|alert| (alert.kind, alert.about)).collect()
    }
}

fn at(post: &Post) -> &str {
    post.body["timestamp"].as_str().unwrap()
}

async fn each_event_is_told_signed_once_and_with_what_it_is_about(database: Database) {
    let mut site = Site::open(database).await;
    let began = site.test.now.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let [created] = &site.told().await[..] else { panic!("one event") };
    assert_eq!((created.kind(), at(created)), ("ticket.created", began.as_str()));
    let data = &created.body["data"];
    assert_eq!(data["user"], json!({ "email": LEA, "name": "Léa Martin", "preference": "both" }));
    let ticket = &data["ticket"];
    assert_eq!((&ticket["id"], &ticket["status"]), (&json!(1), &json!("new")));
    assert_eq!((&ticket["subject"], &ticket["created_at"]), (&json!("Paiement refusé"), &json!(began)));
    assert!(ticket["url"].as_str().unwrap().starts_with(&format!("{PUBLIC_URL}/u/")), "{ticket}");
    assert_eq!(data["message"]["text"], "Ma carte est refusée.");
    assert_eq!(
        (&data["message"]["direction"], &data["message"]["author"]),
        (&json!("inbound"), &json!("Léa Martin"))
    );
    assert!(created.id.starts_with("msg_") && created.signed_at == site.test.now.timestamp());
    assert_eq!(site.kinds().await, [""; 0], "once");

    // The team writes, by whom is its own affair.
    site.act("reply 1 --then waiting_customer Quelle banque ?").await;
    let posts = site.told().await;
    let kinds: Vec<&str> = posts.iter().map(Post::kind).collect();
    assert_eq!(kinds, ["ticket.replied", "ticket.status_changed", "notification.created"]);
    let message = &posts[0].body["data"]["message"];
    assert_eq!((&message["text"], &message["direction"]), (&json!("Quelle banque ?"), &json!("outbound")));
    assert!(!message["author"].as_str().unwrap().contains("Camille"), "{message}");
    let change = &posts[1].body["data"];
    assert_eq!((&change["from"], &change["to"]), (&json!("new"), &json!("waiting_customer")));
    assert_eq!(change["ticket"]["status"], "waiting_customer");
    let told = &posts[2].body["data"];
    assert_eq!((&told["user"]["email"], &told["notification"]["ticket"]), (&json!(LEA), &json!(1)));
    assert_eq!(
        (&told["notification"]["kind"], &told["notification"]["read"]),
        (&json!("warning"), &json!(false))
    );

    // She reads it, and answers.
    assert_eq!(site.test.desk.host_read(LEA, None).await.unwrap(), 1);
    assert_eq!(site.test.desk.host_read(LEA, None).await.unwrap(), 0);
    let raw = format!(
        "From: {LEA}\nTo: support@bettracker.example\nSubject: Re: [#1]\nMessage-ID: <2@courriel.example>\n\
         In-Reply-To: <1@courriel.example>\n\nLa Banque Postale.\n"
    );
    site.test.mail(&raw).await;
    let posts = site.told().await;
    let kinds: Vec<&str> = posts.iter().map(Post::kind).collect();
    assert_eq!(kinds, ["notification.read", "ticket.message_received", "ticket.status_changed"]);
    assert_eq!(posts[0].body["data"]["notification"]["read"], true);
    assert_eq!(posts[1].body["data"]["message"]["text"], "La Banque Postale.");
    assert_eq!(posts[2].body["data"]["to"], "in_progress");

    // Resolved, judged, taken up again, closed.
    let token = site.token("feedback").await;
    site.kinds().await;
    site.act("status 1 resolved").await;
    assert_eq!(site.kinds().await, ["ticket.status_changed", "ticket.resolved", "notification.created"]);
    site.test.desk.give_feedback(&token, Rating::Good, "Rapide").await.unwrap().unwrap();
    let [feedback] = &site.told().await[..] else { panic!("one event") };
    assert_eq!(feedback.kind(), "ticket.feedback_given");
    assert_eq!(feedback.body["data"]["feedback"], json!({ "rating": "good", "comment": "Rapide" }));
    site.act("reopen 1").await;
    assert_eq!(site.kinds().await, ["ticket.status_changed", "ticket.reopened"]);
    site.act("status 1 closed").await;
    assert_eq!(site.kinds().await, ["ticket.status_changed", "ticket.closed", "notification.created"]);

    // Merged into another.
    site.mail(3, "Encore moi", "Toujours refusée.").await;
    site.mail(4, "Et encore", "Toujours.").await;
    site.kinds().await;
    site.act("merge 3 into 2").await;
    let posts = site.told().await;
    let kinds: Vec<&str> = posts.iter().map(Post::kind).collect();
    assert_eq!(kinds, ["ticket.merged", "ticket.status_changed", "ticket.closed"]);
    let merged = &posts[0].body["data"];
    assert_eq!((&merged["ticket"]["id"], &merged["into"]), (&json!(3), &json!(2)));
    assert_eq!(site.deliver().await, DeliverCount::default());
}

async fn nothing_that_stays_within_the_team_ever_leaves(database: Database) {
    let mut site = Site::open(database).await;
    // A tag is kept in small letters.
    let secrets =
        ["SECRET-NOTE", "secret-note", "SECRET-RAISON", "SECRET-TIERS", "SECRET-ROBOT", "Camille", "whsec_"];
    for line in [
        "note 1 SECRET-NOTE : il ment",
        "escalate 1 SECRET-RAISON interne",
        "priority 1 urgent",
        "tag 1 +secret-note",
        "assign 1 Camille",
        "snooze 1 2d",
        "reply 1 --then resolved Bonjour, c’est réglé.",
        "status 1 closed --reason SECRET-RAISON",
        "reopen 1",
        "spam 1",
    ] {
        site.act(line).await;
    }
    for (id, from, more, text) in [
        (7, "tiers@ailleurs.example", "", "SECRET-TIERS"),
        (8, LEA, "Auto-Submitted: auto-replied\n", "SECRET-ROBOT"),
    ] {
        let raw = format!(
            "From: {from}\nTo: support@bettracker.example\nSubject: Re: [#1]\nMessage-ID: <{id}@x.example>\n{more}\
             In-Reply-To: <1@courriel.example>\n\n{text}\n"
        );
        site.test.mail(&raw).await;
    }
    let posts = site.told().await;
    assert!(posts.len() > 8, "{posts:?}");
    for post in &posts {
        let text = String::from_utf8_lossy(&post.bytes).into_owned();
        for secret in secrets {
            assert!(!text.contains(secret), "{text}");
        }
        for key in ["reason", "assignee", "priority", "tags", "quoted", "sender", "why", "events"] {
            assert!(!text.contains(&format!("\"{key}\"")), "{text}");
        }
    }
    // Who is let in is heard with what they wrote.
    let mut site = Site::open(database).await;
    site.kinds().await;
    let raw = "From: Max <max@ailleurs.example>\nTo: support@bettracker.example\nSubject: Re: [#1]\n\
               Message-ID: <9@x.example>\nIn-Reply-To: <1@courriel.example>\n\nJe suis son comptable.\n";
    site.test.mail(raw).await;
    assert_eq!(site.kinds().await, [""; 0]);
    site.act("participants 1 +max@ailleurs.example").await;
    let posts = site.told().await;
    assert_eq!(posts[0].kind(), "ticket.message_received");
    assert_eq!(posts[0].body["data"]["message"]["text"], "Je suis son comptable.");
    assert_eq!(posts[0].body["data"]["user"]["email"], LEA);
}

async fn what_can_be_taken_back_is_told_when_it_no_longer_can(database: Database) {
    let mut site = Site::open(database).await;
    site.kinds().await;
    site.test.say("reply 1 --then resolved Oups").await;
    site.elapse(Duration::seconds(19)).await;
    assert_eq!(site.kinds().await, [""; 0]);
    site.test.say("undo").await;
    site.elapse(Duration::minutes(5)).await;
    assert_eq!(site.kinds().await, [""; 0], "neither the act nor the taking back");

    site.mail(2, "Autre", "Autre.").await;
    site.kinds().await;
    site.test.say("merge 2 into 1").await;
    site.test.say("undo").await;
    site.elapse(Duration::minutes(5)).await;
    assert_eq!(site.kinds().await, [""; 0]);

    site.test.say("status 1 in_progress").await;
    site.elapse(Duration::seconds(20)).await;
    assert_eq!(site.kinds().await, ["ticket.status_changed"]);
    assert!(site.test.try_say("undo").await.is_err());
    // What the clock and the requester do is told at once.
    site.test.say("status 1 resolved").await;
    site.elapse(Duration::hours(24)).await;
    site.kinds().await;
    site.test.desk.tick().await.unwrap();
    let kinds = site.kinds().await;
    assert!(kinds.contains(&"ticket.closed".to_owned()), "{kinds:?}");
}

async fn a_notice_that_a_later_one_took_the_place_of_is_told_only_if_it_comes_back(database: Database) {
    let mut site = Site::open(database).await;
    site.kinds().await;
    site.test.say("status 1 waiting_customer").await;
    site.elapse(Duration::seconds(5)).await;
    site.test.say("status 1 resolved").await;
    site.elapse(Duration::seconds(40)).await;
    let posts = site.told().await;
    let told: Vec<_> =
        posts.iter().filter_map(|post| post.body["data"]["notification"]["kind"].as_str()).collect();
    assert_eq!(told, ["success"], "the first was withdrawn before anybody saw it");

    let mut site = Site::open(database).await;
    site.kinds().await;
    site.test.say("status 1 waiting_customer").await;
    site.elapse(Duration::seconds(5)).await;
    site.test.say("status 1 resolved").await;
    site.elapse(Duration::seconds(17)).await;
    assert_eq!(site.kinds().await, ["ticket.status_changed"], "what may come back is not told yet");
    site.test.say("undo").await;
    site.elapse(Duration::seconds(40)).await;
    let posts = site.told().await;
    let told: Vec<_> =
        posts.iter().filter_map(|post| post.body["data"]["notification"]["kind"].as_str()).collect();
    assert_eq!(told, ["warning"]);
}

async fn what_failed_comes_again_with_the_same_id_and_the_same_bytes(database: Database) {
    let mut site = Site::open(database).await;
    for _ in 0..3 {
        site.server.answer_next(500, &[]);
    }
    let mut waited = Vec::new();
    for _ in 0..40 {
        let count = site.deliver().await;
        waited.push(count.retry);
        if count.sent == 1 {
            break;
        }
        site.elapse(Duration::seconds(15)).await;
    }
    assert_eq!(site.server.refused(), [""; 0]);
    let posts = site.server.posts();
    let statuses: Vec<u16> = posts.iter().map(|post| post.status).collect();
    assert_eq!(statuses, [500, 500, 500, 204]);
    assert!(posts.iter().all(|post| post.id == posts[0].id && post.bytes == posts[0].bytes));
    let signed: Vec<i64> = posts.iter().map(|post| post.signed_at - posts[0].signed_at).collect();
    // 5, 30 and 120 seconds, a fifth more at most, seen every 15 seconds.
    assert!((5..=15).contains(&signed[1]) && (45..=60).contains(&signed[2]), "{signed:?}");
    assert!((165..=210).contains(&signed[3]), "{signed:?}");
    assert_eq!(site.deliver().await, DeliverCount::default());
}

async fn an_endpoint_that_is_away_is_left_alone_and_holds_up_nobody_else(database: Database) {
    let hooks = ["app", "other"].map(|name| Hook { name: name.into(), events: HookEvent::ALL.to_vec() });
    let mut test = TestDesk::telling(database, hooks.to_vec()).await;
    let (down, up) =
        (WebhookServer::start(SECRET, test.now).await, WebhookServer::start(SECRET, test.now).await);
    let courier = WebhookCourier::new(&webhook("app", &down, &HookEvent::ALL)).unwrap();
    let other = WebhookCourier::new(&webhook("other", &up, &HookEvent::ALL)).unwrap();
    for n in 1..=6 {
        let raw = format!(
            "From: c{n}@client.example\nTo: support@bettracker.example\nSubject: q\nMessage-ID: <{n}@x>\n\nBonjour\n"
        );
        test.mail(&raw).await;
    }
    // Unwell with all that is under way at once; then nothing more for as long as it asked.
    for _ in 0..6 {
        down.answer_next(503, &[("retry-after", "600")]);
    }
    assert_eq!(deliver(&test.desk, &courier).await.unwrap().retry, 6);
    assert_eq!(deliver(&test.desk, &other).await.unwrap().sent, 6);
    assert_eq!(up.posts().len(), 6);
    down.posts();
    test.elapse(Duration::seconds(599)).await;
    down.put_clock(test.now);
    assert_eq!(deliver(&test.desk, &courier).await.unwrap(), DeliverCount::default());
    assert_eq!(test.desk.next_hook("app").await.unwrap(), Some(test.now + Duration::seconds(1)));
    // One looks whether it is back, and all follow.
    test.elapse(Duration::seconds(1)).await;
    down.put_clock(test.now);
    down.answer_next(503, &[]);
    assert_eq!(deliver(&test.desk, &courier).await.unwrap().retry, 1);
    assert_eq!(down.posts().len(), 1);
    test.elapse(Duration::seconds(400)).await;
    down.put_clock(test.now);
    assert_eq!(deliver(&test.desk, &courier).await.unwrap().sent, 6);
    assert_eq!(down.refused(), [""; 0]);
    // Nobody listens there at all.
    let nobody = Webhook { url: "http://127.0.0.1:1/".into(), ..webhook("app", &down, &HookEvent::ALL) };
    let courier = WebhookCourier::new(&nobody).unwrap();
    test.say("status 1 in_progress").await;
    test.elapse(Duration::seconds(20)).await;
    assert_eq!(deliver(&test.desk, &courier).await.unwrap().retry, 1);
    let standing = test.desk.hook_standings().await.unwrap().remove(0).endpoint.unwrap();
    let why = standing.last_failure.unwrap();
    assert!(why.starts_with("injoignable") && !why.contains("127.0.0.1"), "{why}");
    assert_eq!(standing.failures, 1, "all that was under way at once is one failure");
}

async fn events_of_one_ticket_come_in_order_and_those_of_another_do_not_wait(database: Database) {
    let mut site = Site::open(database).await;
    site.mail(2, "Autre", "Autre.").await;
    site.kinds().await;
    // A reply that can be taken back, then a message of hers, and one on another ticket.
    site.test.say("reply 1 Bonjour").await;
    for n in [1, 2] {
        let raw = format!(
            "From: {LEA}\nTo: support@bettracker.example\nSubject: Re: [#{n}]\nMessage-ID: <r{n}@courriel.example>\n\
             In-Reply-To: <{n}@courriel.example>\n\nSuite {n}.\n"
        );
        site.test.mail(&raw).await;
    }
    let ticket = |post: &Post| post.body["data"]["ticket"]["id"].as_i64().unwrap_or_default();
    let posts = site.told().await;
    assert_eq!(posts.iter().map(ticket).collect::<Vec<_>>(), [2]);
    site.elapse(Duration::seconds(20)).await;
    site.server.answer_next(500, &[]);
    assert_eq!(site.kinds().await, ["ticket.replied"], "what is behind it waits");
    site.elapse(Duration::seconds(10)).await;
    let expected = ["ticket.replied", "ticket.status_changed", "ticket.message_received"];
    let kinds = site.kinds().await;
    assert_eq!(kinds.iter().filter(|kind| !kind.starts_with("notif")).collect::<Vec<_>>(), expected);
    // What is refused over and over holds up the rest for some tries only.
    site.test.desk.host_read(LEA, None).await.unwrap();
    site.kinds().await;
    site.act("status 1 resolved").await;
    site.server.answer_always(Some(500));
    let mut first = Vec::new();
    for _ in 0..60 {
        first.extend(site.told().await.iter().map(|post| post.kind().to_owned()));
        if first.iter().any(|kind| kind == "ticket.resolved") {
            break;
        }
        site.elapse(Duration::minutes(2)).await;
    }
    assert!(first.iter().any(|kind| kind == "ticket.resolved"), "the rest is told in the end: {first:?}");
    let tries = first.iter().filter(|kind| *kind == "ticket.status_changed").count();
    assert_eq!(tries, 6, "{first:?}");
}

async fn an_endpoint_that_wants_no_more_is_switched_off_until_somebody_says_otherwise(database: Database) {
    let mut site = Site::open(database).await;
    site.server.answer_next(410, &[]);
    assert_eq!(site.deliver().await.retry, 1);
    assert_eq!(site.alerts().await, [(AlertKind::DeadWebhook, "app".to_owned())]);
    site.elapse(Duration::hours(1)).await;
    site.mail(2, "Autre", "Autre.").await;
    assert_eq!(site.deliver().await, DeliverCount::default());
    assert_eq!(site.test.desk.next_hook("app").await.unwrap(), None);
    let standing = site.test.desk.hook_standings().await.unwrap().remove(0);
    assert_eq!(standing.waiting, 2);
    assert!(standing.endpoint.unwrap().off_at.is_some());
    // Another event in its section: a configuration that is not the same.
    let changed = &HookEvent::ALL[..10];
    site.courier = WebhookCourier::new(&webhook("app", &site.server, changed)).unwrap();
    site.server.posts();
    assert_eq!(site.kinds().await, ["ticket.created", "ticket.created"]);
    assert_eq!(site.alerts().await, []);

    // A ping that is taken says so too.
    site.act("status 1 in_progress").await;
    site.server.answer_next(410, &[]);
    site.deliver().await;
    site.server.answer_next(410, &[]);
    let tried = site.courier.ping(site.test.now).await.unwrap();
    assert_eq!((tried.answer, tried.said.as_str()), (Answer::Gone, "réponse 410"));
    let tried = site.courier.ping(site.test.now).await.unwrap();
    assert_eq!(tried.answer, Answer::Taken);
    site.test.desk.hook_is_well("app", site.courier.configured()).await.unwrap();
    assert_eq!(site.alerts().await, []);
    let posts = site.told().await;
    let ping = posts.iter().filter(|post| post.kind() == "ping").collect::<Vec<_>>();
    assert!(ping.len() == 2 && ping[0].id != ping[1].id && ping[0].body["data"] == json!({}));
    assert_eq!(posts.last().map(Post::kind), Some("ticket.status_changed"));
}

async fn what_is_refused_is_given_up_after_some_tries_listed_and_told_again_when_asked(database: Database) {
    let mut site = Site::open(database).await;
    // A redirection is no more followed than a refusal is taken for an answer.
    let elsewhere = site.server.url().replace("/hooks", "/elsewhere");
    site.server.answer_next(302, &[("location", &elsewhere)]);
    site.server.answer_always(Some(400));
    let mut count = DeliverCount::default();
    for _ in 0..60 {
        count.add(&site.deliver().await);
        site.elapse(Duration::minutes(2)).await;
    }
    assert_eq!((count.retry, count.failed), (MOST_REFUSALS as u64 - 1, 1));
    assert_eq!(site.server.posts().len(), MOST_REFUSALS as usize);
    assert_eq!(site.server.refused(), [""; 0], "nothing went elsewhere");
    assert_eq!(site.alerts().await, [(AlertKind::DeadWebhook, "app".to_owned())]);
    let given_up = site.test.desk.given_up_hooks().await.unwrap();
    let [one] = &given_up[..] else { panic!("{given_up:?}") };
    assert_eq!((one.kind, one.ticket.0, one.why.as_str()), (HookEvent::TicketCreated, 1, "réponse 400"));

    site.server.answer_always(None);
    assert!(!site.test.desk.tell_hook_again(HookPostId(one.id.0 + 1)).await.unwrap());
    assert!(site.test.desk.tell_hook_again(one.id).await.unwrap());
    assert!(!site.test.desk.tell_hook_again(one.id).await.unwrap(), "it is on its way");
    let first = site.told().await.remove(0);
    assert_eq!(first.kind(), "ticket.created");
    assert_eq!(site.alerts().await, [], "it takes something again");
    // What was taken can be told again too, and is known by its id.
    assert!(site.test.desk.tell_hook_again(one.id).await.unwrap());
    assert_eq!(site.told().await[0].id, first.id);
    assert_eq!(site.test.desk.tell_hooks_again().await.unwrap(), 0);
    // What was told is forgotten after a week.
    site.elapse(Duration::days(7)).await;
    assert_eq!(site.kinds().await, [""; 0]);
    assert!(!site.test.desk.tell_hook_again(one.id).await.unwrap());
}

async fn what_nobody_takes_for_three_days_is_given_up(database: Database) {
    let mut site = Site::open(database).await;
    site.server.answer_always(Some(503));
    site.deliver().await;
    site.elapse(Duration::days(2)).await;
    site.mail(2, "Autre", "Autre.").await;
    site.deliver().await;
    site.elapse(Duration::days(1)).await;
    assert_eq!(site.deliver().await.failed, 1);
    let given_up = site.test.desk.given_up_hooks().await.unwrap();
    assert_eq!(
        given_up.iter().map(|one| (one.ticket.0, one.why.as_str())).collect::<Vec<_>>(),
        [(1, "réponse 503")]
    );
    assert_eq!(site.test.desk.hook_standings().await.unwrap()[0].waiting, 1);
    site.server.answer_always(None);
    site.server.posts();
    assert_eq!(site.test.desk.tell_hooks_again().await.unwrap(), 1);
    site.elapse(Duration::minutes(10)).await;
    assert_eq!(site.kinds().await.len(), 2);
}

async fn what_a_courier_that_died_had_in_hand_is_told_after_its_lease(database: Database) {
    let mut site = Site::open(database).await;
    let claimed = site.test.desk.claim_hooks("app", site.courier.configured(), 10).await.unwrap();
    let [lost] = &claimed.posts[..] else { panic!("one event") };
    site.elapse(Duration::minutes(4)).await;
    assert_eq!(site.deliver().await, DeliverCount::default(), "it may still be under way");
    site.elapse(Duration::minutes(1)).await;
    let [told] = &site.told().await[..] else { panic!("one event") };
    assert_eq!((&told.id, told.bytes.as_slice()), (&lost.webhook_id, lost.body.as_bytes()));
    // The one that was thought dead comes too late to say anything.
    let late = site.test.desk.record_hook("app", lost, Answer::Failed(None), "réponse 500").await.unwrap();
    assert_eq!(late, None);
    assert_eq!(site.deliver().await, DeliverCount::default());
}

async fn two_couriers_at_once_tell_each_event_once(database: Database) {
    let site = Site::hearing(database, &[HookEvent::TicketCreated]).await;
    let mails = (2..80).map(crate::support::desk::question).collect();
    site.test.mails(mails).await;
    let other = WebhookCourier::new(&webhook("app", &site.server, &[HookEvent::TicketCreated])).unwrap();
    let (desk, first) = (&site.test.desk, &site.courier);
    let (one, two) = tokio::join!(deliver(desk, first), deliver(desk, &other));
    assert_eq!(one.unwrap().sent + two.unwrap().sent, 79);
    let posts = site.server.posts();
    let tickets: std::collections::BTreeSet<i64> =
        posts.iter().filter_map(|post| post.body["data"]["ticket"]["id"].as_i64()).collect();
    let ids: std::collections::BTreeSet<&str> = posts.iter().map(|post| post.id.as_str()).collect();
    assert_eq!((posts.len(), tickets.len(), ids.len()), (79, 79, 79));
}

async fn each_endpoint_hears_what_it_asked_for(database: Database) {
    let mut site = Site::hearing(database, &[HookEvent::TicketResolved]).await;
    assert_eq!(site.kinds().await, [""; 0]);
    site.act("status 1 resolved").await;
    assert_eq!(site.kinds().await, ["ticket.resolved"]);
    // A secret that is not the receiver's is found out there.
    let wrong = Webhook {
        secret: format!("whsec_{}", "A".repeat(43) + "=").into(),
        ..webhook("app", &site.server, &[HookEvent::TicketResolved])
    };
    let tried = WebhookCourier::new(&wrong).unwrap().ping(site.test.now).await.unwrap();
    assert_eq!(tried.answer, Answer::Refused);
    assert_eq!(site.server.refused(), ["a false signature"]);
}

async fn what_is_told_of_a_person_goes_with_them(database: Database) {
    let mut site = Site::open(database).await;
    site.server.answer_next(500, &[]);
    site.deliver().await;
    site.server.posts();
    let (by, lea) = (By::agent(&site.test.camille, Door::Cli), site.test.desk.number_of(LEA).await.unwrap());
    site.test.desk.erase(lea, &by).await.unwrap();
    site.elapse(Duration::hours(1)).await;
    assert_eq!(site.kinds().await, [""; 0]);
}

async fn what_waits_for_an_endpoint_that_is_configured_no_more_is_given_up(database: Database) {
    let mut site = Site::open(database).await;
    let waiting = async |site: &Site| {
        let posts = site.test.store.read().await.unwrap().count_hook_posts().await.unwrap();
        posts.into_iter().map(|(_, state, count)| (state, count)).collect::<Vec<_>>()
    };
    site.test.hooks.clear();
    site.elapse(Duration::days(2)).await;
    site.test.desk.give_up_stray_hooks().await.unwrap();
    assert_eq!(waiting(&site).await, [("pending".to_owned(), 1)], "it may come back");
    site.elapse(Duration::days(2)).await;
    site.test.desk.give_up_stray_hooks().await.unwrap();
    assert_eq!(waiting(&site).await, [("failed".to_owned(), 1)]);
    site.elapse(Duration::days(31)).await;
    site.test.desk.give_up_stray_hooks().await.unwrap();
    assert!(waiting(&site).await.is_empty());
}

async fn what_waits_stands_in_the_metrics(database: Database) {
    let site = Site::open(database).await;
    let address = serve_pages(&site.test.desk, page_settings(PUBLIC_URL, false)).await;
    let read = async || {
        let url = format!("http://{address}/metrics");
        reqwest::get(url).await.unwrap().text().await.unwrap()
    };
    let waiting = "guichet_webhooks{endpoint=\"app\",state=\"pending\"} ";
    assert!(read().await.contains(&format!("{waiting}1\n")));
    site.kinds().await;
    let text = read().await;
    let taken =
        format!("guichet_webhook_success_seconds{{endpoint=\"app\"}} {}\n", site.test.now.timestamp());
    assert!(text.contains(&format!("{waiting}0\n")) && text.contains(&taken), "{text}");
    assert!(text.contains("guichet_alerts{kind=\"dead_webhook\"} 0\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_program_makes_a_secret_proves_an_endpoint_and_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_owned();
    let guichet = move |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_guichet"))
            .args(words)
            .arg("--json")
            .current_dir(&home)
            .output()
            .unwrap();
        let read = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code(), read, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (_, made, _) = guichet(&["webhook", "keygen"]);
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let server = WebhookServer::start(SECRET, chrono::DateTime::UNIX_EPOCH).await;
    let config = |more: &str| {
        let text = format!(
            "[undo]\nwindow = \"0s\"\n[maildir]\noutbox = \"out\"\n[[webhook]]\nname = \"app\"\nurl = \"{}\"\nsecret = \"{}\"\n{more}",
            server.url(),
            server.secret()
        );
        std::fs::write(folder.path().join("bot.toml"), text).unwrap();
    };
    config("events = [\"ticket.creatd\"]\n");
    let (code, _, said) = guichet(&["webhook", "list"]);
    assert!(
        code == Some(2) && said.contains("webhook[1].events") && said.contains("ticket.created"),
        "{said}"
    );
    config("");
    let now = guichet::clock::Clock::System.now();
    server.put_clock(now);
    let (code, tried, _) = guichet(&["webhook", "test"]);
    assert_eq!((code, &tried), (Some(0), &json!([{ "name": "app", "ok": true, "detail": "réponse 204" }])));
    server.answer_next(500, &[]);
    let (code, tried, said) = guichet(&["webhook", "test", "app"]);
    assert_eq!((code, &tried[0]["ok"]), (Some(1), &json!(false)));
    assert!(said.contains("1\u{a0}webhook ne répond pas"), "{said}");
    let (_, checks, _) = guichet(&["check"]);
    let ours: Vec<_> =
        checks.as_array().unwrap().iter().filter(|check| check["check"] == "webhook").collect();
    assert!(ours.len() == 1 && ours[0]["ok"] == true, "{checks}");

    let mail = folder.path().join("mail.eml");
    std::fs::write(&mail, crate::support::desk::question(1)).unwrap();
    guichet(&["mail", "ingest", mail.to_str().unwrap()]);
    server.posts();
    let (code, count, _) = guichet(&["deliver"]);
    assert_eq!((code, &count["sent"]), (Some(0), &json!(1)));
    assert_eq!(server.posts()[0].kind(), "ticket.created");
    let (_, list, _) = guichet(&["webhook", "list"]);
    let endpoint = &list["endpoints"][0];
    assert_eq!((&endpoint["name"], &endpoint["waiting"]), (&json!("app"), &json!(0)));
    assert!(endpoint["last_success_at"].is_string(), "{list}");
    let (code, again, _) = guichet(&["webhook", "resend", "1"]);
    assert_eq!((code, again), (Some(0), json!({ "resent": 1 })));
    let (code, _, said) = guichet(&["webhook", "resend", "77"]);
    assert!(code == Some(1) && said.contains("77"), "{said}");
    guichet(&["deliver"]);
    assert_eq!(server.posts().len(), 1);
    assert_eq!(server.refused(), [""; 0]);
}
