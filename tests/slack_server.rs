//! The strict Slack of the tests, by itself: each rule that it enforces refuses what Slack refuses.

use crate::support::slack::blocks::{Surface, faults, message_faults, view_faults};
use crate::support::slack::workspace::{ResponseUrl, Seen};
use crate::support::slack::{Fault, SUPPORT, Slack};
use serde_json::{Value, json};

fn text(length: usize) -> Value {
    json!({ "type": "plain_text", "text": "x".repeat(length), "emoji": false })
}

fn button(id: &str) -> Value {
    json!({ "type": "button", "action_id": id, "text": text(3) })
}

/// A button that asks whether it was meant, with so many characters in the title, the question and its answers.
fn confirmed(title: usize, question: usize, answers: usize) -> Value {
    let confirm = json!({
        "title": text(title), "text": text(question), "confirm": text(answers), "deny": text(answers), "style": "danger",
    });
    json!({ "type": "button", "action_id": "c", "text": text(3), "confirm": confirm })
}

fn options(count: usize) -> Vec<Value> {
    (0..count).map(|n| json!({ "text": text(3), "value": n.to_string() })).collect()
}

#[test]
fn what_slack_takes_is_taken() {
    let select = json!({ "type": "static_select", "action_id": "b", "placeholder": text(150), "options": options(100) });
    let rich = json!({ "type": "rich_text", "elements": [
        { "type": "rich_text_section", "elements": [{ "type": "text", "text": "x", "style": { "bold": true } }] },
        { "type": "rich_text_quote", "elements": [{ "type": "link", "url": "https://a.example", "text": "a" }] },
        { "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": "x" }] },
    ] });
    let blocks = json!([
        { "type": "header", "text": text(150) },
        { "type": "divider" },
        { "type": "section", "text": text(3000), "fields": [text(2000)] },
        { "type": "context", "elements": [text(20)] },
        { "type": "actions", "elements": [button("a"), select, confirmed(100, 300, 30)] },
        rich,
    ]);
    assert_eq!(faults(&blocks, Surface::Message), Vec::<String>::new());
    let input = json!({ "type": "input", "block_id": "t", "label": text(30), "hint": text(2000),
        "element": { "type": "plain_text_input", "action_id": "value", "max_length": 3000, "initial_value": "x",
                     "placeholder": text(150) } });
    let modal = json!({ "type": "modal", "title": text(24), "submit": text(24), "close": text(24), "blocks": [input],
        "private_metadata": "x".repeat(3000), "callback_id": "c" });
    assert_eq!(view_faults(&modal), Vec::<String>::new());
}

#[test]
fn what_slack_refuses_is_refused() {
    let one = |block: Value| faults(&json!([block]), Surface::Message);
    let actions = |elements: Vec<Value>| one(json!({ "type": "actions", "elements": elements }));
    let select =
        |options: Vec<Value>| json!({ "type": "static_select", "action_id": "s", "options": options });
    let rich = |inside: Value| {
        one(
            json!({ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [inside] }] }),
        )
    };
    let option = |option: Value| actions(vec![select(vec![option])]);
    let mut chosen = select(options(2));
    chosen["initial_option"] = json!({ "text": text(3), "value": "9" });
    let refused: Vec<(&str, Vec<String>)> = vec![
        ("51 blocks", faults(&json!(vec![json!({ "type": "divider" }); 51]), Surface::Message)),
        ("101 blocks of a page", faults(&json!(vec![json!({ "type": "divider" }); 101]), Surface::Home)),
        ("an unknown block", one(json!({ "type": "embed" }))),
        ("an unknown key", one(json!({ "type": "divider", "color": "red" }))),
        ("a long header", one(json!({ "type": "header", "text": text(151) }))),
        ("a header in markup", one(json!({ "type": "header", "text": { "type": "mrkdwn", "text": "x" } }))),
        ("a long section", one(json!({ "type": "section", "text": text(3001) }))),
        ("a section of nothing", one(json!({ "type": "section" }))),
        ("a blank text", one(json!({ "type": "section", "text": { "type": "plain_text", "text": "  " } }))),
        ("11 elements of a context", one(json!({ "type": "context", "elements": vec![text(1); 11] }))),
        ("no element", actions(vec![])),
        ("26 elements", actions((0..26).map(|n| button(&n.to_string())).collect())),
        ("a long label", actions(vec![json!({ "type": "button", "action_id": "a", "text": text(76) })])),
        (
            "a style of our own",
            actions(vec![json!({ "type": "button", "text": text(1), "style": "success" })]),
        ),
        ("a confirmation with a long title", actions(vec![confirmed(101, 300, 30)])),
        ("a confirmation with a long question", actions(vec![confirmed(100, 301, 30)])),
        ("a confirmation with long answers", actions(vec![confirmed(100, 300, 31)])),
        ("an id twice", actions(vec![button("a"), button("a")])),
        ("a long id", actions(vec![button(&"a".repeat(256))])),
        ("no option", actions(vec![select(vec![])])),
        ("101 options", actions(vec![select(options(101))])),
        ("a long option", option(json!({ "text": text(76), "value": "1" }))),
        ("a long value", option(json!({ "text": text(1), "value": "x".repeat(151) }))),
        ("a long description", option(json!({ "text": text(1), "value": "1", "description": text(76) }))),
        ("chosen what is not there", actions(vec![chosen])),
        (
            "an input in a message",
            one(json!({ "type": "input", "label": text(1), "element": { "type": "plain_text_input" } })),
        ),
        (
            "an empty rich text",
            one(
                json!({ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [] }] }),
            ),
        ),
        ("an empty text", rich(json!({ "type": "text", "text": "" }))),
        ("an unknown style", rich(json!({ "type": "text", "text": "x", "style": { "big": true } }))),
        ("a date without a format", rich(json!({ "type": "date", "timestamp": 1 }))),
        (
            "an attachment's block",
            message_faults(&json!({ "attachments": [{ "blocks": [{ "type": "nothing" }] }] })),
        ),
        (
            "too long together",
            message_faults(&json!({ "blocks": vec![json!({ "type": "section", "text": text(3000) }); 5] })),
        ),
    ];
    for (what, faults) in refused {
        assert!(!faults.is_empty(), "{what} is taken");
    }
    let modal = |change: fn(&mut Value)| {
        let input = json!({ "type": "input", "block_id": "t", "label": text(3), "element": { "type": "plain_text_input" } });
        let mut modal = json!({ "type": "modal", "title": text(3), "submit": text(3), "blocks": [input] });
        change(&mut modal);
        view_faults(&modal)
    };
    for (what, faults) in [
        ("a long title", modal(|view| view["title"] = text(25))),
        ("no title", modal(|view| view["title"] = Value::Null)),
        ("no submit", modal(|view| view["submit"] = Value::Null)),
        ("long metadata", modal(|view| view["private_metadata"] = json!("x".repeat(3001)))),
        (
            "a long value",
            modal(|view| view["blocks"][0]["element"]["initial_value"] = json!("x".repeat(3001))),
        ),
        ("a long hint", modal(|view| view["blocks"][0]["hint"] = text(2001))),
        ("a long placeholder", modal(|view| view["blocks"][0]["element"]["placeholder"] = text(151))),
        ("an empty value", modal(|view| view["blocks"][0]["element"]["initial_value"] = json!(""))),
        ("a key of our own", modal(|view| view["colour"] = json!("red"))),
    ] {
        assert!(!faults.is_empty(), "{what} is taken");
    }
}

async fn call(slack: &Slack, token: &str, method: &str, arguments: Value) -> (u16, Value) {
    let client = reqwest::Client::new().post(format!("{}/{method}", slack.api_url()));
    let request = client.bearer_auth(token).header("content-type", "application/json; charset=utf-8");
    let answer = request.body(arguments.to_string()).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_refused_in_slacks_own_words() {
    let slack = Slack::start().await;
    let ask = async |method: &str, arguments: Value| {
        let (status, answer) = call(&slack, "xoxb-test", method, arguments).await;
        assert_eq!(status, 200);
        answer["error"].as_str().unwrap_or("ok").to_owned()
    };
    let here = || json!({ "channel": SUPPORT, "text": "bonjour" });
    assert_eq!(ask("chat.postMessage", here()).await, "ok");
    assert_eq!(ask("chat.postMessage", json!({ "channel": SUPPORT })).await, "no_text");
    assert_eq!(ask("chat.postMessage", json!({ "channel": "C9", "text": "x" })).await, "channel_not_found");
    assert_eq!(
        ask("chat.postMessage", json!({ "channel": SUPPORT, "text": "x", "thread_ts": "1.2" })).await,
        "thread_not_found"
    );
    assert_eq!(
        ask("chat.update", json!({ "channel": SUPPORT, "ts": "1.2", "text": "x" })).await,
        "message_not_found"
    );
    let camille = slack.person("Camille", &[]);
    let said = camille.says(SUPPORT, None, "à moi");
    assert_eq!(
        ask("chat.update", json!({ "channel": SUPPORT, "ts": said, "text": "x" })).await,
        "cant_update_message"
    );
    assert_eq!(ask("chat.delete", json!({ "channel": SUPPORT, "ts": said })).await, "cant_delete_message");
    assert_eq!(ask("users.info", json!({ "user": "U9" })).await, "user_not_found");
    assert_eq!(ask("usergroups.users.list", json!({ "usergroup": "S9" })).await, "no_such_subteam");
    assert_eq!(ask("chat.sing", json!({})).await, "unknown_method");
    let view = json!({ "type": "modal", "title": text(3), "blocks": [] });
    let open = |trigger: &str| json!({ "trigger_id": trigger, "view": view });
    assert_eq!(ask("views.open", open("x")).await, "invalid_trigger_id");
    let trigger = slack.with(|space| space.trigger(&camille.id));
    assert_eq!(ask("views.open", open(&trigger)).await, "ok");
    assert_eq!(ask("views.open", open(&trigger)).await, "exchanged_trigger_id");
    let trigger = slack.with(|space| space.trigger(&camille.id));
    slack.with(|space| space.passed += 4);
    assert_eq!(ask("views.open", open(&trigger)).await, "expired_trigger_id");
    assert_eq!(
        ask("files.completeUploadExternal", json!({ "channel_id": SUPPORT, "files": [{ "id": "F9" }] }))
            .await,
        "file_not_found"
    );
    slack.with(|space| space.channels.get_mut(SUPPORT).unwrap().is_archived = true);
    assert_eq!(ask("chat.postMessage", here()).await, "is_archived");
    slack.with(|space| {
        let there = space.channels.get_mut(SUPPORT).unwrap();
        (there.is_archived, there.members) = (false, Default::default());
    });
    assert_eq!(ask("chat.postMessage", here()).await, "not_in_channel");
    slack.with(|space| space.scopes.remove("chat:write"));
    let (_, answer) = call(&slack, "xoxb-test", "chat.postMessage", here()).await;
    assert_eq!(
        (answer["error"].as_str(), answer["needed"].as_str()),
        (Some("missing_scope"), Some("chat:write"))
    );
    for token in ["xoxb-other", "xapp-test", ""] {
        assert_eq!(call(&slack, token, "auth.test", json!({})).await.1["error"], "invalid_auth");
    }
    assert_eq!(
        call(&slack, "xoxb-test", "apps.connections.open", json!({})).await.1["error"],
        "invalid_auth"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_lie_three_deep_and_are_changed_by_who_saw_them_last() {
    let slack = Slack::start().await;
    let camille = slack.person("Camille", &[]);
    let view = json!({ "type": "modal", "title": text(3), "blocks": [] });
    let window = async |method: &str| {
        let trigger = slack.with(|space| space.trigger(&camille.id));
        call(&slack, "xoxb-test", method, json!({ "trigger_id": trigger, "view": view })).await.1
    };
    window("views.open").await;
    window("views.push").await;
    let third = window("views.push").await["view"].clone();
    assert_eq!(window("views.push").await["error"], "push_limit_reached");
    let change = async |hash: &Value| {
        let arguments = json!({ "view_id": third["id"], "hash": hash, "view": view });
        call(&slack, "xoxb-test", "views.update", arguments).await.1
    };
    let changed = change(&third["hash"]).await;
    assert_eq!(changed["ok"], true);
    assert_eq!(change(&third["hash"]).await["error"], "hash_conflict");
    assert_eq!(change(&changed["view"]["hash"]).await["ok"], true);
    // Another is opened: there is room again.
    window("views.open").await;
    assert_eq!(window("views.push").await["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_has_a_pace_and_faults_come_when_they_are_asked_for() {
    let slack = Slack::start().await;
    slack.with(|space| space.pace = Some(2));
    let here = || json!({ "channel": SUPPORT, "text": "bonjour" });
    let statuses = [
        call(&slack, "xoxb-test", "chat.postMessage", here()).await.0,
        call(&slack, "xoxb-test", "chat.postMessage", here()).await.0,
        call(&slack, "xoxb-test", "chat.postMessage", here()).await.0,
    ];
    assert_eq!(statuses, [200, 200, 429]);
    slack.with(|space| space.pace = None);
    slack.fail(
        "chat.postMessage",
        [Fault::Lost, Fault::Status(500), Fault::Wait(3), Fault::Error("fatal_error")],
    );
    assert_eq!(call(&slack, "xoxb-test", "chat.postMessage", here()).await.0, 502);
    assert_eq!(slack.messages(SUPPORT, None).len(), 3, "it was done");
    assert_eq!(call(&slack, "xoxb-test", "chat.postMessage", here()).await.0, 500);
    assert_eq!(call(&slack, "xoxb-test", "chat.postMessage", here()).await.0, 429);
    assert_eq!(call(&slack, "xoxb-test", "chat.postMessage", here()).await.1["error"], "fatal_error");
    assert_eq!(slack.messages(SUPPORT, None).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_for_answers_is_used_five_times_within_half_an_hour() {
    let slack = Slack::start().await;
    let url = |age: i64| {
        slack.with(|space| {
            let given = space.now() - age;
            let of = ResponseUrl {
                user: "U1".into(),
                channel: SUPPORT.into(),
                private: None,
                message: None,
                uses: 0,
                given,
            };
            space.response_url(&slack.0.base, of)
        })
    };
    let first = url(0);
    let say = async |url: &str| {
        let request = reqwest::Client::new().post(url).body(json!({ "text": "x" }).to_string());
        request.send().await.unwrap().status().as_u16()
    };
    for _ in 0..5 {
        assert_eq!(say(&first).await, 200);
    }
    assert_eq!(say(&first).await, 404);
    assert_eq!(slack.0.space().seen["U1"], (0..5).map(Seen::Private).collect::<Vec<_>>());
    assert_eq!(say(&url(30 * 60 + 1)).await, 404);
    let nothing = json!({ "text": " ", "blocks": [] }).to_string();
    let refused = reqwest::Client::new().post(url(0)).body(nothing).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.text().await.unwrap().as_str()), (400, "no_text"));
    assert_eq!(say(&format!("{}/response/none", slack.0.base)).await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_listens_is_told_nothing_and_a_ticket_opens_one_socket() {
    let slack = Slack::start().await;
    let camille = slack.person("Camille", &[]);
    let told = slack.0.tell("slash_commands", camille.command(SUPPORT, "/ticket"), 0).await;
    assert_eq!(told, None);
    let (_, opened) = call(&slack, "xapp-test", "apps.connections.open", json!({})).await;
    let url = opened["url"].as_str().unwrap().to_owned();
    let (first, second) =
        (tokio_tungstenite::connect_async(&url).await, tokio_tungstenite::connect_async(&url).await);
    assert!(first.is_ok() && second.is_err());
    slack.connected().await;
    // It is open, and says nothing: after three seconds that is no answer.
    let told = slack.0.tell("slash_commands", camille.command(SUPPORT, "/ticket"), 0).await;
    assert_eq!(told, None);
}
