//! Lengths and counts: each form, one family for each test.

use super::raw::{call, faults, post};
use crate::support::discord::Discord;
use serde_json::{Value, json};

fn long(length: usize) -> String {
    "é".repeat(length)
}

/// Each payload is refused with code 50035 at this one place, or taken where there is none.
async fn held(discord: &Discord, cases: Vec<(Value, &str)>) {
    for (over, place) in cases {
        let told: String = over.to_string().chars().take(150).collect();
        let wanted = if place.is_empty() { (0, vec![]) } else { (50035, vec![place.to_owned()]) };
        assert_eq!(post(discord, over).await, wanted, "{told}");
    }
}

#[tokio::test]
async fn texts() {
    let discord = Discord::start().await;
    held(
        &discord,
        vec![
            (json!({"content": long(2000)}), ""),
            (json!({"content": format!("  {}  ", long(2000))}), ""),
            (json!({"content": long(2001)}), "content"),
            (json!({"content": 7}), "content"),
            (json!({"nonce": long(25)}), ""),
            (json!({"nonce": long(26)}), "nonce"),
            (json!({"allowed_mentions": {"parse": ["all"]}}), "allowed_mentions.parse.0"),
            (json!({"allowed_mentions": {"parse": ["users"], "users": ["7"]}}), "allowed_mentions"),
            (json!({"attachments": [{"id": 0}]}), "attachments.0.id"),
            (json!({"message_reference": {"message_id": "7"}}), "message_reference"),
        ],
    )
    .await;
    for nothing in [json!({"content": ""}), json!({"content": " \n "}), json!({"content": null})] {
        assert_eq!(post(&discord, nothing).await.0, 50006);
    }
}

#[tokio::test]
async fn embeds() {
    let discord = Discord::start().await;
    let field = |name: usize, value: usize| json!({"name": long(name), "value": long(value)});
    let one = |embed: Value| json!({"embeds": [embed]});
    held(
        &discord,
        vec![
            (one(json!({"title": long(256), "description": long(4096)})), ""),
            (one(json!({"title": long(257)})), "embeds.0.title"),
            (one(json!({"description": long(4097)})), "embeds.0.description"),
            (one(json!({"title": "x", "footer": {"text": long(2049)}})), "embeds.0.footer.text"),
            (one(json!({"author": {"name": long(257)}})), "embeds.0.author.name"),
            (one(json!({"fields": vec![field(1, 1); 25]})), ""),
            (one(json!({"fields": vec![field(1, 1); 26]})), "embeds.0.fields"),
            (one(json!({"fields": [field(257, 1)]})), "embeds.0.fields.0.name"),
            (one(json!({"fields": [field(1, 1025)]})), "embeds.0.fields.0.value"),
            (one(json!({"fields": [field(1, 0)]})), "embeds.0.fields.0.value"),
            (one(json!({})), "embeds.0.description"),
            (one(json!({"title": "x", "color": 0x0100_0000})), "embeds.0.color"),
            (one(json!({"title": "x", "url": "javascript:x"})), "embeds.0.url"),
            (one(json!({"title": "x", "timestamp": "hier"})), "embeds.0.timestamp"),
            (one(json!({"title": "x", "image": {"url": "attachment://x.png"}})), "embeds.0.image.url"),
            (json!({"embeds": vec![json!({"title": "x"}); 10]}), ""),
            (json!({"embeds": vec![json!({"title": "x"}); 11]}), "embeds"),
            (json!({"embeds": vec![json!({"description": long(3001)}); 2]}), "embeds"),
        ],
    )
    .await;
}

#[tokio::test]
async fn components() {
    let discord = Discord::start().await;
    let row = |inside: Value| json!({"type": 1, "components": inside});
    let button = |id: &str| json!({"type": 2, "style": 1, "label": "x", "custom_id": id});
    let with = |mut one: Value, key: &str, value: Value| {
        one[key] = value;
        one
    };
    let of = |one: Value| json!({"components": [{"type": 1, "components": [one]}]});
    let option = |value: &str| json!({"label": "x", "value": value});
    let select = json!({"type": 3, "custom_id": "s", "options": [option("1")]});
    let many = |count: usize| (0..count).map(|number| option(&number.to_string())).collect::<Vec<_>>();
    let buttons = |count: usize| (0..count).map(|number| button(&number.to_string())).collect::<Vec<_>>();
    let rows =
        |count: usize| (0..count).map(|number| row(json!([button(&number.to_string())]))).collect::<Vec<_>>();
    let inside = "components.0.components";
    let first = "components.0.components.0";
    let at = |key: &str| format!("{first}.{key}");
    let cases = vec![
        (json!({"components": rows(5)}), String::new()),
        (json!({"components": rows(6)}), "components".into()),
        (json!({"components": [row(json!(buttons(5)))]}), String::new()),
        (json!({"components": [row(json!(buttons(6)))]}), inside.into()),
        (json!({"components": [row(json!([]))]}), inside.into()),
        (json!({"components": [row(json!([select.clone(), button("a")]))]}), inside.into()),
        (json!({"components": [button("a")]}), "components.0.type".into()),
        (
            json!({"components": [row(json!([button("a"), button("a")]))]}),
            "components.0.components.1.custom_id".into(),
        ),
        (of(with(button("a"), "label", json!(long(80)))), String::new()),
        (of(with(button("a"), "label", json!(long(81)))), at("label")),
        (of(with(button("a"), "label", Value::Null)), first.into()),
        (of(with(button("a"), "style", json!(9))), at("style")),
        (of(with(button("a"), "url", json!("https://x.example"))), first.into()),
        (of(button(&long(100))), String::new()),
        (of(button(&long(101))), at("custom_id")),
        (of(button("")), at("custom_id")),
        (of(json!({"type": 2, "style": 5, "label": "x"})), at("url")),
        (of(json!({"type": 4, "custom_id": "x", "style": 1, "label": "x"})), at("type")),
        (of(with(select.clone(), "options", json!(many(25)))), String::new()),
        (of(with(select.clone(), "options", json!(many(26)))), at("options")),
        (of(with(select.clone(), "options", json!([]))), at("options")),
        (of(with(select.clone(), "options", json!([option(&long(101))]))), at("options.0.value")),
        (
            of(with(select.clone(), "options", json!([{"label": long(101), "value": "1"}]))),
            at("options.0.label"),
        ),
        (
            of(with(
                select.clone(),
                "options",
                json!([{"label": "x", "value": "1", "description": long(101)}]),
            )),
            at("options.0.description"),
        ),
        (of(with(select.clone(), "options", json!([option("1"), option("1")]))), at("options.1.value")),
        (of(with(select.clone(), "placeholder", json!(long(151)))), at("placeholder")),
        (of(with(select.clone(), "max_values", json!(2))), at("max_values")),
        (of(json!({"type": 5, "custom_id": "u", "options": [option("1")]})), at("options")),
    ];
    held(&discord, cases.iter().map(|(over, place)| (over.clone(), place.as_str())).collect()).await;
}

#[tokio::test]
async fn commands() {
    let discord = Discord::start().await;
    let path = format!("/applications/{}/guilds/{}/commands", discord.application(), discord.guild_id());
    let command = |over: Value| {
        let mut command = json!({"name": "ticket", "description": "Les tickets"});
        for (key, value) in over.as_object().expect("it is an object") {
            command[key] = value.clone();
        }
        command
    };
    let option = |over: Value| {
        let mut option = json!({"name": "x", "description": "x", "type": 3});
        for (key, value) in over.as_object().expect("it is an object") {
            option[key] = value.clone();
        }
        command(json!({"options": [option]}))
    };
    let leaf = |name: &str, required: bool| json!({"name": name, "description": "x", "type": 3, "required": required});
    let many = |count: usize| (0..count).map(|n| leaf(&format!("o{n}"), false)).collect::<Vec<_>>();
    let choices =
        |count: usize| (0..count).map(|n| json!({"name": n.to_string(), "value": "x"})).collect::<Vec<_>>();
    let big = |count: usize| {
        let choice = |n: usize| json!({"name": format!("{n:03}{}", long(97)), "value": long(100)});
        let choices: Vec<Value> = (0..20).map(choice).collect();
        let option =
            |n: usize| json!({"name": format!("o{n}"), "description": "x", "type": 3, "choices": choices});
        command(json!({"options": (0..count).map(option).collect::<Vec<_>>()}))
    };
    let cases = vec![
        (command(json!({})), ""),
        (command(json!({"name": "état-2"})), ""),
        (command(json!({"name": "Ticket"})), "0.name"),
        (command(json!({"name": "deux mots"})), "0.name"),
        (command(json!({"name": "x".repeat(33)})), "0.name"),
        (command(json!({"description": long(101)})), "0.description"),
        (command(json!({"description": ""})), "0.description"),
        (command(json!({"description_localizations": {"fr": "x"}})), ""),
        (command(json!({"description_localizations": {"fr-FR": "x"}})), "0.description_localizations.fr-FR"),
        (command(json!({"name_localizations": {"fr": "Été"}})), "0.name_localizations.fr"),
        (command(json!({"options": many(25)})), ""),
        (command(json!({"options": many(26)})), "0.options"),
        (command(json!({"options": [leaf("a", false), leaf("b", true)]})), "0.options.1"),
        (command(json!({"options": [leaf("a", false), leaf("a", false)]})), "0.options.1"),
        (
            command(json!({"options": [leaf("a", false), {"name": "s", "description": "x", "type": 1}]})),
            "0.options",
        ),
        (
            command(json!({"options": [{"name": "s", "description": "x", "type": 1, "options": [
                {"name": "t", "description": "x", "type": 1}]}]})),
            "0.options.0.options.0.type",
        ),
        (option(json!({"choices": [{"name": long(101), "value": "x"}]})), "0.options.0.choices.0.name"),
        (option(json!({"choices": [{"name": "x", "value": 7}]})), "0.options.0.choices.0.value"),
        (option(json!({"choices": choices(25)})), ""),
        (option(json!({"choices": choices(26)})), "0.options.0.choices"),
        (option(json!({"choices": choices(2), "autocomplete": true})), "0.options.0"),
        (option(json!({"type": 6, "autocomplete": true})), "0.options.0"),
        (option(json!({"type": 3, "min_value": 1})), "0.options.0"),
        (command(json!({"type": 3, "name": "Créer un ticket", "description": ""})), ""),
        (command(json!({"type": 3, "name": "Créer un ticket"})), "0.description"),
        (command(json!({"default_member_permissions": 8})), "0.default_member_permissions"),
        (big(1), ""),
        (big(2), "0"),
    ];
    for (command, place) in cases {
        let told: String = command.to_string().chars().take(200).collect();
        let (_, body) = call(&discord, "PUT", &path, json!([command])).await;
        let wanted = if place.is_empty() { (0, vec![]) } else { (50035, vec![place.to_owned()]) };
        assert_eq!(faults(&body), wanted, "{told}");
    }
    let twice = json!([command(json!({})), command(json!({}))]);
    assert_eq!(faults(&call(&discord, "PUT", &path, twice).await.1).1, ["1"]);
    let global = format!("/applications/{}/commands", discord.application());
    let (status, made) =
        call(&discord, "POST", &global, command(json!({"name_localizations": {"fr": "billet"}}))).await;
    assert_eq!(status, 201);
    let id = made["id"].as_str().expect("it has an id").to_owned();
    let (_, listed) = call(&discord, "GET", &global, Value::Null).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "those of the guild are others");
    assert!(listed[0].get("name_localizations").is_none());
    let (_, listed) = call(&discord, "GET", &format!("{global}?with_localizations=true"), Value::Null).await;
    assert_eq!(listed[0]["name_localizations"]["fr"], "billet");
    assert_eq!(call(&discord, "DELETE", &format!("{global}/{id}"), Value::Null).await.0, 204);
    assert_eq!(call(&discord, "GET", &format!("{global}/{id}"), Value::Null).await.1["code"], 10063);
}

#[tokio::test]
async fn channels_threads_and_tags() {
    let discord = Discord::with_forum().await;
    discord.set_bot_permissions(!crate::support::discord::permissions::ADMINISTRATOR);
    let posts = format!("/channels/{}/threads", discord.support);
    let forum = format!("/channels/{}", discord.support);
    let dev = format!("/channels/{}/threads", discord.dev);
    let tags = discord.read(|guild| guild.channels[&discord.support].available_tags.clone());
    let tag = tags[0].id.to_string();
    let message = json!({"content": "x", "allowed_mentions": {"parse": []}});
    let named = |count: usize| vec![json!({"name": "x"}); count];
    let cases = [
        ("POST", &dev, json!({"name": long(100), "type": 11}), 0, ""),
        ("POST", &dev, json!({"name": long(101), "type": 11}), 50035, "name"),
        ("POST", &dev, json!({"name": "", "type": 11}), 50035, "name"),
        (
            "POST",
            &dev,
            json!({"name": "x", "type": 11, "auto_archive_duration": 61}),
            50035,
            "auto_archive_duration",
        ),
        ("POST", &posts, json!({"name": "x", "message": message, "applied_tags": [tag]}), 0, ""),
        (
            "POST",
            &posts,
            json!({"name": "x", "message": message, "applied_tags": vec![tag.clone(); 6]}),
            50035,
            "applied_tags",
        ),
        ("POST", &posts, json!({"name": "x", "message": message, "applied_tags": ["7"]}), 10087, ""),
        ("POST", &posts, json!({"name": "x"}), 50035, "message"),
        ("POST", &posts, json!({"name": "x", "message": {"content": long(2001)}}), 50035, "message.content"),
        ("PATCH", &forum, json!({"available_tags": named(20)}), 0, ""),
        ("PATCH", &forum, json!({"available_tags": named(21)}), 50035, "available_tags"),
        ("PATCH", &forum, json!({"available_tags": [{"name": long(21)}]}), 50035, "available_tags.0.name"),
        ("PATCH", &forum, json!({"flags": 16}), 0, ""),
        ("POST", &posts, json!({"name": "x", "message": message}), 40067, ""),
    ];
    for (method, path, body, code, place) in cases {
        let told = body.to_string();
        let places: Vec<String> = if place.is_empty() { vec![] } else { vec![place.into()] };
        assert_eq!(faults(&call(&discord, method, path, body).await.1), (code, places), "{told}");
    }
    let made = json!({"name": "retours", "type": 0, "topic": "Ce qui revient"});
    let (status, made) =
        call(&discord, "POST", &format!("/guilds/{}/channels", discord.guild_id()), made).await;
    assert_eq!((status, &made["topic"]), (201, &json!("Ce qui revient")));
    let path = format!("/channels/{}", made["id"].as_str().expect("it has an id"));
    assert_eq!(call(&discord, "DELETE", &path, Value::Null).await.0, 200);
    assert_eq!(call(&discord, "GET", &path, Value::Null).await.1["code"], 10003);
}
