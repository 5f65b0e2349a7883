//! Bare requests: what serenity would not send, or would hide.

use crate::support::discord::Discord;
use serde_json::{Value, json};

/// Sends a request with the bot's token; gives back status and body (`Null` without one).
pub async fn call(discord: &Discord, method: &str, path: &str, body: Value) -> (u16, Value) {
    let token = format!("Bot {}", discord.token());
    let (status, body, _) = send(discord, method, path, &body, Some(&token)).await;
    (status, body)
}

/// Sends a request; gives back status, body and headers.
pub async fn send(
    discord: &Discord,
    method: &str,
    path: &str,
    body: &Value,
    authorization: Option<&str>,
) -> (u16, Value, reqwest::header::HeaderMap) {
    let method = method.parse().expect("it is a method");
    let url = format!("{}/api/v10{path}", discord.base_url());
    let mut request = reqwest::Client::new().request(method, url);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    if !body.is_null() {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.expect("the server answers");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = answer.bytes().await.expect("the answer is whole");
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null), headers)
}

/// A message payload that is as it should be, with this laid over it.
pub fn payload(over: Value) -> Value {
    let mut payload = json!({"content": "Bonjour", "allowed_mentions": {"parse": []}});
    for (key, value) in over.as_object().expect("it is an object") {
        payload[key] = value.clone();
    }
    payload
}

/// Posts a message to the support channel: Discord's code and where the fault is, or 0.
pub async fn post(discord: &Discord, over: Value) -> (u64, Vec<String>) {
    let path = format!("/channels/{}/messages", discord.support);
    let (_, body) = call(discord, "POST", &path, payload(over)).await;
    faults(&body)
}

/// Discord's code, 0 without one, and the places of all faults.
pub fn faults(body: &Value) -> (u64, Vec<String>) {
    let code = body["code"].as_u64().unwrap_or(0);
    let mut places = Vec::new();
    walk(&body["errors"], String::new(), &mut places);
    (code, places)
}

fn walk(errors: &Value, at: String, places: &mut Vec<String>) {
    for (key, value) in errors.as_object().into_iter().flatten() {
        if key == "_errors" {
            places.extend(value.as_array().into_iter().flatten().map(|_| at.clone()));
        } else {
            walk(value, if at.is_empty() { key.clone() } else { format!("{at}.{key}") }, places);
        }
    }
}
