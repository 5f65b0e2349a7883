//! The check against a small stand-in for Discord's REST interface.

use super::*;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const GUILD: u64 = 100;
const SUPPORT: u64 = 201;
const DEV: u64 = 202;
const BOT: u64 = 900;

/// What it answers, by path below `/api/v10`; the rest is a 404.
type Answers = BTreeMap<String, (u16, Value)>;

fn all_is_well() -> Answers {
    let rights = NEEDED_BITS.to_string();
    let answers = [
        ("users/@me", json!({ "id": BOT.to_string(), "username": "guichet", "new_field": [] })),
        ("oauth2/applications/@me", json!({ "id": "77", "flags": 1 << 19 })),
        ("gateway/bot", json!({ "session_start_limit": { "remaining": 998, "total": 1000 } })),
        (
            "guilds/100",
            json!({ "name": "BetTracker", "owner_id": "1", "roles": [
                { "id": "100", "permissions": "0" },
                { "id": "301", "permissions": rights },
                { "id": "302", "permissions": "0" },
                { "id": "303", "permissions": "0" },
            ]}),
        ),
        ("guilds/100/members/900", json!({ "roles": ["301"] })),
        ("channels/201", channel(SUPPORT, 0, "support", json!([]))),
        ("channels/202", channel(DEV, 0, "dev-team", json!([]))),
    ];
    answers.into_iter().map(|(path, answer)| (path.to_owned(), (200, answer))).collect()
}

const NEEDED_BITS: u64 = 326_417_632_256;

fn channel(id: u64, kind: u8, name: &str, overwrites: Value) -> Value {
    json!({ "id": id.to_string(), "type": kind, "guild_id": GUILD.to_string(), "name": name,
            "permission_overwrites": overwrites })
}

async fn answer(
    State(answers): State<Arc<Answers>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    if headers.get("authorization").is_none_or(|given| given != "Bot right") {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "code": 0, "message": "401: Unauthorized" })))
            .into_response();
    }
    match answers.get(&path) {
        Some((status, answer)) => {
            (StatusCode::from_u16(*status).unwrap(), Json(answer.clone())).into_response()
        }
        None => (StatusCode::NOT_FOUND, Json(json!({ "code": 10003, "message": "Unknown" }))).into_response(),
    }
}

async fn checked(answers: Answers, more: &str, token: &str) -> Vec<Line> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = axum::Router::new()
        .route("/api/v10/{*path}", axum::routing::get(answer))
        .with_state(Arc::new(answers));
    let server = tokio::spawn(async move { axum::serve(listener, routes).await });
    let text = format!(
        "[discord]\ntoken = \"{token}\"\nguild_id = {GUILD}\nsupport_channel = {SUPPORT}\n\
         api_url = \"http://{address}\"\n{more}"
    );
    let config = crate::config::Config::parse(&text, []).unwrap().discord.unwrap();
    let lines = check(&config, "https://support.example/back").await;
    server.abort();
    lines
}

fn drawn(lines: &[Line]) -> String {
    let lines = lines.iter().map(|line| format!("{} {}", if line.ok { "+" } else { "-" }, line.detail));
    lines.collect::<Vec<_>>().join("\n").replace('\u{a0}', "~")
}

/// What is to be mended.
fn bad(lines: &[Line]) -> Vec<String> {
    lines.iter().filter(|line| !line.ok).map(|line| line.detail.replace('\u{a0}', "~")).collect()
}

#[tokio::test]
async fn a_server_that_is_ready_is_said_to_be() {
    let more = "dev_channel = 202\nagent_roles = [302]\nlead_roles = [303]\n";
    insta::assert_snapshot!(drawn(&checked(all_is_well(), more, "right").await));
}

#[tokio::test]
async fn a_refused_token_is_all_there_is_to_say() {
    let lines = checked(all_is_well(), "", "wrong").await;
    assert_eq!(lines, [Line { ok: false, detail: say::TOKEN_REFUSED.to_owned() }]);
    assert!(!format!("{lines:?}").contains("wrong"));
}

#[tokio::test]
async fn every_trouble_is_named_with_what_to_do() {
    let mut answers = all_is_well();
    answers.insert("oauth2/applications/@me".into(), (200, json!({ "id": "77", "flags": 0 })));
    let hidden = json!([
        { "id": "100", "type": 0, "allow": "0", "deny": (1u64 << 10 | 1 << 14).to_string() },
        { "id": "301", "type": 0, "allow": (1u64 << 10).to_string(), "deny": (1u64 << 34).to_string() },
    ]);
    answers.insert("channels/201".into(), (200, channel(SUPPORT, 0, "support", hidden)));
    answers.insert("channels/202".into(), (403, json!({ "code": 50001, "message": "Missing Access" })));
    answers.insert(
        "gateway/bot".into(),
        (200, json!({ "session_start_limit": { "remaining": 0, "total": 1000 } })),
    );
    let more = "dev_channel = 202\nproduct_channel = 203\nagent_roles = [302, 399]\n";
    insta::assert_snapshot!(drawn(&checked(answers, more, "right").await));
}

#[tokio::test]
async fn a_forum_needs_its_tags_or_the_right_to_make_them() {
    let forum = |tags: &[&str]| {
        let mut forum = channel(SUPPORT, 15, "support", json!([]));
        forum["available_tags"] = tags.iter().map(|tag| json!({ "id": "1", "name": tag })).collect();
        let mut answers = all_is_well();
        answers.insert("channels/201".into(), (200, forum));
        answers
    };
    let whole = checked(
        forum(&["Nouveau", "En cours", "En attente client", "Résolu", "fermé", "autre"]),
        "",
        "right",
    )
    .await;
    assert_eq!(bad(&whole), Vec::<String>::new());
    let lines = checked(forum(&["Nouveau", "En cours"]), "", "right").await;
    let [only] = bad(&lines).try_into().unwrap();
    assert!(only.contains("«~Gérer les salons~»"), "{only}");
    assert!(lines.last().unwrap().detail.contains(&(NEEDED_BITS | 1 << 4).to_string()));
}

#[tokio::test]
async fn channels_of_another_server_or_kind_do_not_fit() {
    let mut answers = all_is_well();
    let mut elsewhere = channel(SUPPORT, 0, "support", json!([]));
    elsewhere["guild_id"] = json!("101");
    answers.insert("channels/201".into(), (200, elsewhere));
    answers.insert("channels/202".into(), (200, channel(DEV, 15, "dev\u{1b}[2J", json!([]))));
    let lines = checked(answers, "dev_channel = 202\n", "right").await;
    assert_eq!(
        bad(&lines),
        [
            "aucun salon 201 sur ce serveur~; voir `discord.support_channel`",
            "le salon «~dev[2J~» ne convient pas, il faut un salon textuel~; voir `discord.dev_channel`",
        ]
    );
}

#[tokio::test]
async fn without_the_bot_on_the_server_there_is_the_link_to_invite_it() {
    let mut answers = all_is_well();
    answers.insert("guilds/100".into(), (404, json!({ "code": 10004, "message": "Unknown Guild" })));
    let lines = checked(answers, "", "right").await;
    let [only] = bad(&lines).try_into().unwrap();
    assert!(only.contains("https://discord.com/oauth2/authorize?client_id=77&permissions="), "{only}");
}

#[tokio::test]
async fn a_server_that_fails_or_is_away_is_told_from_one_that_refuses() {
    let mut answers = all_is_well();
    answers.insert("guilds/100".into(), (502, json!("Bad Gateway")));
    let lines = checked(answers, "", "right").await;
    assert!(bad(&lines)[0].starts_with("le serveur~: Discord répond 502"), "{lines:?}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let text = format!(
        "[discord]\ntoken = \"right\"\nguild_id = 1\nsupport_channel = 2\napi_url = \"http://{address}\"\n"
    );
    let away = crate::config::Config::parse(&text, []).unwrap().discord.unwrap();
    let lines = check(&away, "https://support.example/back").await;
    assert_eq!(lines, [Line { ok: false, detail: say::fails(asked::ACCOUNT, say::NO_ANSWER) }]);
}

#[tokio::test]
async fn where_people_come_back_to_is_known_to_the_application() {
    let with = |uris: Value| {
        let mut answers = all_is_well();
        let application = json!({ "id": "77", "flags": 1 << 19, "redirect_uris": uris });
        answers.insert("oauth2/applications/@me".into(), (200, application));
        answers
    };
    let client = |id: u32| format!("client_id = {id}\nclient_secret = \"s\"\n");
    let said = async |answers, id| {
        let lines = checked(answers, &client(id), "right").await;
        lines.into_iter().find(|line| line.detail.contains("onnecter") || line.detail.contains("client_id"))
    };
    let ready = said(with(json!(["https://support.example/back"])), 77).await.unwrap();
    assert!(ready.ok && ready.detail.contains("https://support.example/back"), "{ready:?}");
    let missing = said(with(json!(["https://support.example/other"])), 77).await.unwrap();
    assert!(
        !missing.ok && missing.detail.contains("ajoutez l’adresse https://support.example/back"),
        "{missing:?}"
    );
    let other = said(all_is_well(), 78).await.unwrap();
    assert!(!other.ok && other.detail.contains("qui est 77"), "{other:?}");
}
