//! Who may do what, when, and how often: permissions, interactions in time, archived threads, faults and buckets.

use super::bot::{Bot, http, quiet};
use super::raw::{call, faults, payload, post, send};
use super::talk::code;
use crate::support::discord::faults::Faults;
use crate::support::discord::http::Call;
use crate::support::discord::permissions::{
    ATTACH_FILES, CREATE_PUBLIC_THREADS, EMBED_LINKS, MANAGE_MESSAGES, READ_MESSAGE_HISTORY, SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS, VIEW_CHANNEL,
};
use crate::support::discord::{Discord, Reply};
use serde_json::{Value, json};
use serenity::all::{ChannelId, CreateAttachment, CreateMessage};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

#[tokio::test]
async fn who_knocks_and_what_is_not_there() {
    let discord = Discord::start().await;
    assert_eq!(send(&discord, "GET", "/users/@me", &Value::Null, None).await.0, 401);
    assert_eq!(send(&discord, "GET", "/users/@me", &Value::Null, Some("Bot other")).await.0, 401);
    let camille = discord.person("Camille", &[]);
    camille.leaves();
    let (guild, application) = (discord.guild_id(), discord.application());
    for (method, path, status, code) in [
        ("GET", "/users/@me".to_owned(), 200, 0),
        ("GET", "/applications/@me".into(), 200, 0),
        ("GET", "/oauth2/applications/@me".into(), 200, 0),
        ("GET", "/users/@me/guilds".into(), 200, 0),
        ("GET", format!("/guilds/{guild}"), 200, 0),
        ("GET", format!("/guilds/{guild}/roles"), 200, 0),
        ("GET", format!("/guilds/{guild}/members/{}", discord.bot()), 200, 0),
        ("GET", format!("/guilds/{guild}/members/{}", camille.id), 404, 10007),
        ("GET", format!("/guilds/{guild}/members/7"), 404, 10013),
        ("GET", format!("/guilds/{guild}/threads/active"), 200, 0),
        ("GET", "/guilds/7".into(), 404, 10004),
        ("GET", "/users/7".into(), 404, 10013),
        ("GET", "/channels/7".into(), 404, 10003),
        ("GET", "/channels/x".into(), 400, 50035),
        ("GET", format!("/channels/{}/messages/7", discord.dev), 404, 10008),
        ("GET", format!("/channels/{}/messages?limit=101", discord.dev), 400, 50035),
        ("POST", format!("/channels/{}/typing", discord.dev), 204, 0),
        ("GET", "/applications/7/commands".into(), 403, 50001),
        ("PATCH", format!("/webhooks/{application}/nothing/messages/@original"), 404, 10015),
        ("POST", "/interactions/7/nothing/callback".into(), 404, 10062),
        ("GET", "/nothing".into(), 404, 0),
    ] {
        let (answered, body) = call(&discord, method, &path, Value::Null).await;
        assert_eq!((answered, body["code"].as_u64().unwrap_or(0)), (status, code), "{method} {path}: {body}");
    }
}

#[tokio::test]
async fn permissions_are_those_of_roles_and_channels() {
    let discord = Discord::start().await;
    let http = http(&discord);
    let camille = discord.person("Camille", &[]);
    let said = camille.says(discord.support, "Bonjour");
    let support = ChannelId::new(discord.support);
    let messages = format!("/channels/{}/messages", discord.support);
    let one = format!("{messages}/{}", said.id);
    let threads = format!("{one}/threads");
    let everybody = discord.guild_id();
    let cases = [
        (VIEW_CHANNEL, "GET", messages.clone(), Value::Null, 50001),
        (SEND_MESSAGES, "POST", messages.clone(), payload(json!({})), 50013),
        (
            EMBED_LINKS,
            "POST",
            messages.clone(),
            payload(json!({"content": "", "embeds": [{"title": "x"}]})),
            50013,
        ),
        (CREATE_PUBLIC_THREADS, "POST", threads.clone(), json!({"name": "x"}), 50013),
        (READ_MESSAGE_HISTORY, "GET", one.clone(), Value::Null, 50013),
        (0, "PATCH", format!("/channels/{}", discord.support), json!({"name": "x"}), 50013),
        (0, "PUT", format!("/channels/{}/pins/{}", discord.support, said.id), Value::Null, 50013),
    ];
    for (denied, method, path, body, code) in cases {
        discord.deny(discord.support, everybody, denied);
        assert_eq!(call(&discord, method, &path, body).await.1["code"], code, "{method} {path}");
    }
    discord.deny(discord.support, everybody, READ_MESSAGE_HISTORY);
    assert_eq!(call(&discord, "GET", &messages, Value::Null).await, (200, json!([])));
    let answer = payload(json!({"message_reference": {"message_id": said.id.to_string()}}));
    assert_eq!(call(&discord, "POST", &messages, answer).await.1["code"], 160_002);
    discord.deny(discord.support, everybody, ATTACH_FILES | EMBED_LINKS);
    let file = CreateMessage::new().add_file(CreateAttachment::bytes(b"x".as_slice(), "x.txt"));
    assert_eq!(code(&support.send_message(&http, file).await.expect_err("no files")), 50013);
    let both = payload(json!({"embeds": [{"title": "x"}]}));
    assert_eq!(call(&discord, "POST", &messages, both).await.1["embeds"], json!([]), "they are dropped");
    // The bot's own overwrite is stronger than everybody's.
    discord.allow(discord.support, discord.bot(), EMBED_LINKS | MANAGE_MESSAGES);
    let both = payload(json!({"embeds": [{"title": "x"}]}));
    assert_eq!(call(&discord, "POST", &messages, both).await.1["embeds"][0]["title"], "x");
    assert_eq!(call(&discord, "DELETE", &one, Value::Null).await.0, 204);
}

#[tokio::test]
async fn threads_asleep_locked_and_there_already() {
    let discord = Discord::start().await;
    let camille = discord.person("Camille", &[]);
    let said = camille.says(discord.support, "Bonjour");
    let below = format!("/channels/{}/messages/{}/threads", discord.support, said.id);
    let (status, thread) = call(&discord, "POST", &below, json!({"name": "#1"})).await;
    assert_eq!((status, thread["id"].as_str()), (201, Some(said.id.to_string().as_str())));
    assert_eq!(call(&discord, "POST", &below, json!({"name": "#1"})).await.1["code"], 160_004);
    let path = format!("/channels/{}", said.id);
    let messages = format!("{path}/messages");
    assert_eq!(
        call(&discord, "POST", &format!("{messages}/{}/threads", said.id), json!({"name": "x"})).await.1["code"],
        10008
    );
    let (_, first) = call(&discord, "POST", &messages, payload(json!({}))).await;
    let first = format!("{messages}/{}", first["id"].as_str().expect("it has an id"));
    assert_eq!(
        call(&discord, "PUT", &format!("{path}/thread-members/{}", camille.id), Value::Null).await.0,
        204
    );

    discord.archive(said.id, false);
    assert_eq!(call(&discord, "PATCH", &path, json!({"name": "#2"})).await.1["code"], 50083);
    assert_eq!(call(&discord, "PATCH", &first, payload(json!({}))).await.1["code"], 50083);
    assert_eq!(
        call(&discord, "PUT", &format!("{path}/thread-members/@me"), Value::Null).await.1["code"],
        50083
    );
    let (_, active) =
        call(&discord, "GET", &format!("/guilds/{}/threads/active", discord.guild_id()), Value::Null).await;
    assert_eq!(active["threads"], json!([]));
    let asleep = format!("/channels/{}/threads/archived/public", discord.support);
    assert_eq!(call(&discord, "GET", &asleep, Value::Null).await.1["threads"][0]["name"], "#1");
    assert_eq!(call(&discord, "POST", &messages, payload(json!({}))).await.0, 200);
    let archived = || discord.threads(discord.support)[0].thread.as_ref().expect("it is a thread").archived;
    assert!(!archived(), "a message wakes it");
    discord.archive(said.id, false);
    camille.says(said.id, "Encore là");
    assert!(!archived(), "anybody's message does");

    discord.archive(said.id, true);
    discord.set_bot_permissions(VIEW_CHANNEL | SEND_MESSAGES_IN_THREADS);
    assert_eq!(call(&discord, "POST", &messages, payload(json!({}))).await.1["code"], 50083);
    assert_eq!(call(&discord, "PATCH", &path, json!({"archived": false})).await.1["code"], 50013);
    discord.delete_channel(said.id);
    assert_eq!(call(&discord, "GET", &path, Value::Null).await.1["code"], 10003);
}

#[tokio::test]
async fn direct_messages() {
    let discord = Discord::start().await;
    let camille = discord.person("Camille", &[]);
    let (_, dm) =
        call(&discord, "POST", "/users/@me/channels", json!({"recipient_id": camille.id.to_string()})).await;
    assert_eq!(dm["id"], json!(camille.dm().to_string()));
    let path = format!("/channels/{}/messages", camille.dm());
    assert_eq!(call(&discord, "POST", &path, payload(json!({}))).await.0, 200);
    camille.says(camille.dm(), "Bonjour");
    assert_eq!(discord.messages(camille.dm()).len(), 2);
    camille.closes_dms();
    assert_eq!(call(&discord, "POST", &path, payload(json!({}))).await.1["code"], 50007);
    assert_eq!(
        call(&discord, "POST", "/users/@me/channels", json!({"recipient_id": "7"})).await.1["code"],
        10013
    );
}

/// Answers an interaction with a bare request: Discord's code and the places of faults.
async fn answer(discord: &Discord, reply: &Reply, body: Value) -> (u64, Vec<String>) {
    let state = reply.state();
    let path = format!("/interactions/{}/{}/callback", state.id, state.token);
    faults(&call(discord, "POST", &path, body).await.1)
}

/// A server with one command, `x`, whose option `o` completes.
async fn with_command() -> Discord {
    let discord = Discord::start().await;
    let path = format!("/applications/{}/commands", discord.application());
    let option = json!({"name": "o", "description": "x", "type": 3, "autocomplete": true});
    let command = json!([{"name": "x", "description": "x", "options": [option]}]);
    assert_eq!(call(&discord, "PUT", &path, command).await.0, 200);
    discord
}

#[tokio::test]
async fn interactions_are_answered_once_in_time_and_fittingly() {
    let discord = with_command().await;
    let camille = discord.person("Camille", &[]);
    let ask = || camille.slash(discord.support, "x", json!({}));
    let said = json!({"type": 4, "data": payload(json!({"flags": 64}))});
    let form = |over: Value| {
        let mut data = json!({"custom_id": "m", "title": "x", "components": [{"type": 1, "components": [
            {"type": 4, "custom_id": "a", "label": "x", "style": 1}]}]});
        for (key, value) in over.as_object().expect("it is an object") {
            data[key] = value.clone();
        }
        json!({"type": 9, "data": data})
    };
    let field = |over: Value| {
        let mut input = json!({"type": 4, "custom_id": "a", "label": "x", "style": 1});
        for (key, value) in over.as_object().expect("it is an object") {
            input[key] = value.clone();
        }
        form(json!({"components": [{"type": 1, "components": [input]}]}))
    };
    let text = |length: usize| "é".repeat(length);
    let row = json!({"type": 1, "components": [{"type": 4, "custom_id": "a", "label": "x", "style": 1}]});
    let at = "data.components.0.components.0";
    for (body, code, place) in [
        (json!({"type": 6}), 50035, "type".to_owned()),
        (json!({"type": 7, "data": payload(json!({}))}), 50035, "type".into()),
        (json!({"type": 8, "data": {"choices": []}}), 50035, "type".into()),
        (json!({"type": 4, "data": {"content": ""}}), 50006, String::new()),
        (json!({"type": 4, "data": {"content": text(2001)}}), 50035, "data.content".into()),
        (form(json!({"title": text(46)})), 50035, "data.title".into()),
        (form(json!({"custom_id": ""})), 50035, "data.custom_id".into()),
        (form(json!({"components": []})), 50035, "data.components".into()),
        (form(json!({"components": vec![row; 6]})), 50035, "data.components".into()),
        (field(json!({"label": text(46)})), 50035, format!("{at}.label")),
        (field(json!({"placeholder": text(101)})), 50035, format!("{at}.placeholder")),
        (field(json!({"value": text(4001)})), 50035, format!("{at}.value")),
        (field(json!({"max_length": 4001})), 50035, format!("{at}.max_length")),
        (field(json!({"min_length": 9, "max_length": 8})), 50035, format!("{at}.min_length")),
        (field(json!({"style": 3})), 50035, format!("{at}.style")),
    ] {
        let (found, places) = answer(&discord, &ask(), body.clone()).await;
        // Six times the same row is also five times the same custom id.
        let there = places.contains(&place) || (place.is_empty() && places.is_empty());
        assert!(found == code && there, "{found} {places:?}: {body}");
    }
    let told = ask();
    let path =
        format!("/interactions/{}/{}/callback?with_response=true", told.interaction, told.state().token);
    let (status, body) = call(&discord, "POST", &path, said.clone()).await;
    assert_eq!((status, &body["interaction"]["response_message_ephemeral"]), (200, &json!(true)));
    assert_eq!(body["resource"]["message"]["content"], "Bonjour");
    let asked = ask();
    assert_eq!(answer(&discord, &asked, said.clone()).await.0, 0);
    assert_eq!(answer(&discord, &asked, said.clone()).await.0, 40060);
    let (late, deferred) = (ask(), ask());
    assert_eq!(answer(&discord, &deferred, json!({"type": 5})).await.0, 0);
    assert_eq!(answer(&discord, &deferred, form(json!({}))).await.0, 40060, "no form after a deferral");
    discord.advance(Duration::from_secs(4));
    assert_eq!(answer(&discord, &late, said.clone()).await.0, 10062);

    let webhook = format!("/webhooks/{}/{}", discord.application(), deferred.state().token);
    let original = format!("{webhook}/messages/@original");
    let (_, edited) = call(&discord, "PATCH", &original, payload(json!({"content": "Voilà"}))).await;
    assert_eq!((&edited["content"], &edited["flags"]), (&json!("Voilà"), &json!(0)));
    let (_, hidden) = call(&discord, "POST", &webhook, payload(json!({"flags": 64}))).await;
    let id = hidden["id"].as_str().expect("it has an id");
    let by_channel = format!("/channels/{}/messages/{id}", discord.support);
    for method in ["GET", "PATCH", "DELETE"] {
        assert_eq!(
            call(&discord, method, &by_channel, payload(json!({}))).await.1["code"],
            10008,
            "{method}"
        );
    }
    let by_webhook = format!("{webhook}/messages/{id}");
    assert_eq!(call(&discord, "PATCH", &by_webhook, payload(json!({"content": "x"}))).await.0, 200);
    assert_eq!(call(&discord, "DELETE", &by_webhook, Value::Null).await.0, 204);
    assert_eq!(call(&discord, "GET", &by_webhook, Value::Null).await.1["code"], 10008);
    let unanswered = format!("/webhooks/{}/{}/messages/@original", discord.application(), late.state().token);
    assert_eq!(call(&discord, "PATCH", &unanswered, payload(json!({}))).await.1["code"], 10015);
    discord.advance(Duration::from_secs(900));
    assert_eq!(call(&discord, "PATCH", &original, payload(json!({}))).await.1["code"], 50027);
}

#[tokio::test]
async fn choices_of_an_option_that_completes() {
    let discord = with_command().await;
    let camille = discord.person("Camille", &[]);
    let choices = |count: usize| vec![json!({"name": "x", "value": "x"}); count];
    for (body, wanted) in [
        (json!({"type": 4, "data": payload(json!({}))}), "type"),
        (json!({"type": 8, "data": {"choices": choices(26)}}), "data.choices"),
        (
            json!({"type": 8, "data": {"choices": [{"name": "x", "value": "é".repeat(101)}]}}),
            "data.choices.0.value",
        ),
        (json!({"type": 8, "data": {"choices": [{"name": "x", "value": 1}]}}), "data.choices.0.value"),
        (json!({"type": 8, "data": {"choices": choices(25)}}), ""),
    ] {
        let suggesting = tokio::spawn({
            let (camille, support) = (camille.clone(), discord.support);
            async move { camille.autocomplete(support, "x", "o", "re").await }
        });
        let before =
            discord.read(|guild| guild.interactions.iter().filter(|one| one.first.is_some()).count());
        let asked = discord.wait("the interaction", |guild| {
            guild.interactions.last().filter(|one| one.first.is_none()).cloned()
        });
        let asked = asked.await;
        assert_eq!(asked.payload["data"]["options"][0]["focused"], true);
        let path = format!("/interactions/{}/{}/callback", asked.id, asked.token);
        let places = faults(&call(&discord, "POST", &path, body).await.1).1;
        assert_eq!(places, if wanted.is_empty() { vec![] } else { vec![wanted.to_owned()] });
        if wanted.is_empty() {
            assert_eq!(suggesting.await.expect("it is answered").len(), 25);
            assert_eq!(before, 0);
        } else {
            suggesting.abort();
            discord.forget_interactions();
        }
    }
}

#[tokio::test]
async fn what_discord_takes_and_we_do_not() {
    let discord = Discord::start().await;
    let messages = format!("/channels/{}/messages", discord.support);
    for (body, wanted) in [
        (payload(json!({"nonce": "1"})), &[][..]),
        (payload(json!({})), &["a message without nonce"][..]),
        (payload(json!({"nonce": "2", "contents": "x"})), &["unknown key contents"]),
        (
            payload(json!({"nonce": "3", "embeds": [{"title": "x", "colour": 1}]})),
            &["unknown key embeds.0.colour"],
        ),
        (json!({"content": "x", "nonce": "4"}), &["content without allowed_mentions: {parse: []}"]),
        (
            json!({"content": "@everyone", "nonce": "5", "allowed_mentions": {"parse": ["everyone"]}}),
            &["content without allowed_mentions: {parse: []}", "@everyone or @here would ring"],
        ),
        (payload(json!({"nonce": "6", "content": "@here"})), &[]),
        (payload(json!({"nonce": "7", "flags": 64})), &["only answers to interactions can be ephemeral"]),
        (payload(json!({"nonce": "8", "flags": 1 << 15})), &["flags 32768: not all of them are modelled"]),
    ] {
        let before = discord.violations().len();
        assert_eq!(call(&discord, "POST", &messages, body.clone()).await.0, 200);
        let wanted: Vec<String> = wanted.iter().map(|told| format!("POST {messages}: {told}")).collect();
        assert_eq!(discord.violations()[before..], wanted, "{body}");
    }
}

#[tokio::test]
async fn faults_on_demand_and_buckets() {
    let discord = Discord::start().await;
    let messages = format!("/channels/{}/messages", discord.support);
    discord.fail_next("POST", "/channels/*/messages", 503, 2);
    for wanted in [503, 503, 200] {
        assert_eq!(call(&discord, "POST", &messages, payload(json!({}))).await.0, wanted);
    }
    discord.drop_connection_before_handling("POST", "/channels/*/messages");
    let http = http(&discord);
    let said = || CreateMessage::new().content("x").allowed_mentions(quiet());
    ChannelId::new(discord.support).send_message(&http, said()).await.expect_err("it is cut");
    assert_eq!(discord.messages(discord.support).len(), 1);
    discord.fail_next("GET", "/gateway", 429, 1);
    assert_eq!(call(&discord, "GET", "/gateway", Value::Null).await.1["global"], false);
    discord.hold_answer("POST", "/channels/*/messages");
    let sending = tokio::spawn({
        let discord = discord.clone();
        async move { post(&discord, json!({"content": "retenu"})).await.0 }
    });
    discord.until(|guild| guild.messages.values().any(|message| message.content == "retenu")).await;
    assert!(!sending.is_finished(), "it was carried out, and its answer is held");
    discord.release_answers();
    assert_eq!(sending.await.expect("it is answered"), 0);
    discord.slow(Duration::from_millis(1));
    discord.strict_buckets();
    let token = format!("Bot {}", discord.token());
    let mut left = Vec::new();
    for _ in 0..5 {
        let (status, _, headers) = send(&discord, "POST", &messages, &payload(json!({})), Some(&token)).await;
        assert_eq!(status, 200);
        left.push(headers["x-ratelimit-remaining"].to_str().expect("it is text").to_owned());
    }
    assert_eq!(left, ["4", "3", "2", "1", "0"]);
    let (status, body, headers) = send(&discord, "POST", &messages, &payload(json!({})), Some(&token)).await;
    assert_eq!((status, &body["global"]), (429, &json!(false)));
    assert!(body["retry_after"].as_f64().is_some_and(|seconds| seconds > 0.0 && seconds <= 5.0), "{body}");
    let wait = headers["retry-after"].to_str().ok().and_then(|seconds| seconds.parse().ok());
    assert!(wait.is_some_and(|seconds: u64| (1..=5).contains(&seconds)), "{wait:?}");
    let elsewhere = format!("/channels/{}/messages", discord.dev);
    assert_eq!(call(&discord, "POST", &elsewhere, payload(json!({}))).await.0, 200);
    discord.advance(Duration::from_secs(5));
    assert_eq!(post(&discord, json!({})).await.0, 0);
}

#[test]
fn all_requests_together_have_a_limit_of_their_own_but_for_answers() {
    let mut faults = Faults::default();
    faults.be_strict();
    let mut count = |path: &str, advanced: Duration| {
        let call = Call {
            method: "GET".into(),
            path: path.split('/').map(str::to_owned).collect(),
            query: HashMap::new(),
            body: Value::Null,
            files: BTreeMap::new(),
            authorization: None,
        };
        let bucket = faults.count(&call, advanced);
        (bucket.exceeded, bucket.is_global)
    };
    // Each has a bucket of its own.
    for user in 0..50 {
        assert_eq!(count(&format!("users/{user}"), Duration::ZERO), (false, false), "{user}");
    }
    assert_eq!(count("users/50", Duration::ZERO), (true, true));
    assert_eq!(count("webhooks/1/token/messages/@original", Duration::ZERO), (false, false));
    assert_eq!(count("users/50", Duration::from_secs(1)), (false, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "no option \"priority\"; registered are [\"ticket\", \"to\"]")]
async fn what_is_not_registered_cannot_be_typed() {
    let discord = Discord::start().await;
    let _bot = Bot::start(&discord).await;
    discord.person("Camille", &[]).slash(discord.support, "status", json!({"priority": "haute"}));
}

#[tokio::test]
async fn the_clock_is_the_tests() {
    let discord = Discord::start().await;
    let camille = discord.person("Camille", &[]);
    let at = "2027-03-01T10:00:00Z".parse().expect("it is a time");
    discord.set_time(at);
    let said = camille.says(discord.product, "Bonjour");
    assert_eq!(discord.message(&said).map(|message| message.created), Some(at));
    discord.run_clock();
    assert!(discord.read(|guild| guild.now()) >= at);
}
