//! The Web API: each method with its scope, its arguments and its errors. May import: the other files of this server.

use super::blocks::{message_faults, view_faults};
use super::workspace::{Seen, Workspace};
use serde_json::{Value, json};

/// How many windows lie over one another at most.
const MOST_WINDOWS: usize = 3;

/// What a method answers, or the word of its error with what is needed.
pub type Answer = Result<Value, (&'static str, Option<String>)>;

/// The scopes, of which one must be had, that a method needs.
fn scopes(method: &str) -> &'static [&'static str] {
    match method {
        "chat.postMessage" | "chat.update" | "chat.delete" | "chat.postEphemeral" => &["chat:write"],
        "chat.unfurl" => &["links:write"],
        "conversations.info" => &["channels:read", "groups:read"],
        "conversations.history" | "conversations.replies" => &["channels:history", "groups:history"],
        "conversations.open" => &["im:write"],
        "users.info" => &["users:read"],
        "usergroups.list" | "usergroups.users.list" => &["usergroups:read"],
        "files.getUploadURLExternal" | "files.completeUploadExternal" => &["files:write"],
        _ => &[],
    }
}

fn text<'a>(args: &'a Value, key: &str) -> &'a str {
    args[key].as_str().unwrap_or_default()
}

fn fail<T>(word: &'static str) -> Result<T, (&'static str, Option<String>)> {
    Err((word, None))
}

/// Carries a method out. `base` is where this server answers.
pub fn call(space: &mut Workspace, base: &str, method: &str, args: &Value) -> Answer {
    let needed = scopes(method);
    if !needed.is_empty() && !needed.iter().any(|scope| space.scopes.contains(*scope)) {
        return Err(("missing_scope", Some(needed[0].to_owned())));
    }
    match method {
        "auth.test" => Ok(json!({
            "url": "https://equipe.slack.example/", "team": "Équipe", "user": "guichet", "team_id": "T1",
            "user_id": "UBOT", "bot_id": "B1", "is_enterprise_install": false,
        })),
        "chat.postMessage" => post_message(space, args),
        "chat.update" => update(space, args),
        "chat.delete" => {
            let (channel, ts) = ours(space, args, "cant_delete_message")?;
            space.delete(&channel, &ts);
            Ok(json!({ "channel": channel, "ts": ts }))
        }
        "chat.postEphemeral" => ephemeral(space, args),
        "chat.unfurl" => {
            let by_message = args["ts"].is_string() && args["channel"].is_string();
            if !by_message && !args["unfurl_id"].is_string() || !args["unfurls"].is_object() {
                return fail("cannot_unfurl_message");
            }
            for unfurl in args["unfurls"].as_object().into_iter().flatten() {
                well(space, message_faults(&json!({ "attachments": [unfurl.1] })))?;
            }
            space.unfurls.push(args.clone());
            Ok(json!({}))
        }
        "conversations.info" => {
            let channel = text(args, "channel");
            let there = visible(space, channel)?;
            Ok(json!({ "channel": {
                "id": channel, "name": there.name, "is_channel": !there.is_private, "is_private": there.is_private,
                "is_archived": there.is_archived, "is_member": there.members.contains("UBOT"),
            } }))
        }
        "conversations.history" => history(space, args),
        "conversations.replies" => replies(space, args),
        "conversations.open" => {
            let user = text(args, "users").to_owned();
            if !space.users.contains_key(&user) {
                return fail("user_not_found");
            }
            let id = format!("D{user}");
            let direct = space.channels.entry(id.clone()).or_default();
            direct.is_direct = true;
            direct.name = format!("direct {user}");
            direct.members.extend(["UBOT".to_owned(), user]);
            Ok(json!({ "channel": { "id": id } }))
        }
        "users.info" => {
            let id = text(args, "user");
            let Some(user) = space.users.get(id) else { return fail("user_not_found") };
            let mut profile = json!({ "display_name": user.name, "real_name": user.name });
            if space.scopes.contains("users:read.email") && user.email.is_some() {
                profile["email"] = json!(user.email);
            }
            Ok(json!({ "user": {
                "id": id, "name": user.name.to_lowercase(), "real_name": user.name, "is_bot": user.is_bot, "team_id": "T1",
                "is_restricted": user.is_guest, "deleted": false, "profile": profile,
            } }))
        }
        "usergroups.users.list" => match space.groups.get(text(args, "usergroup")) {
            Some(members) => Ok(json!({ "users": members })),
            None => fail("no_such_subteam"),
        },
        "views.open" | "views.push" => {
            let user = triggered(space, args)?;
            view(space, &args["view"], "modal")?;
            let id = format!("V{}", space.number());
            let stack = space.stacks.entry(user.clone()).or_default();
            if method == "views.open" {
                // Whoever opens another has closed those of before.
                stack.clear();
            }
            if stack.len() == MOST_WINDOWS {
                return fail("push_limit_reached");
            }
            stack.push(id.clone());
            let hash = space.show_window(&id, &user, args["view"].clone());
            Ok(json!({ "view": { "id": id, "hash": hash } }))
        }
        "views.update" => {
            let id = text(args, "view_id").to_owned();
            let Some((user, shown)) = space.windows.get(&id).cloned() else { return fail("not_found") };
            if args["hash"].is_string() && args["hash"] != shown["hash"] {
                return fail("hash_conflict");
            }
            view(space, &args["view"], "modal")?;
            let hash = space.show_window(&id, &user, args["view"].clone());
            Ok(json!({ "view": { "id": id, "hash": hash } }))
        }
        "views.publish" => {
            let user = text(args, "user_id").to_owned();
            if !space.users.contains_key(&user) {
                return fail("user_not_found");
            }
            view(space, &args["view"], "home")?;
            space.homes.insert(user.clone(), args["view"].clone());
            space.sees(&user, Seen::Home);
            Ok(json!({}))
        }
        "files.getUploadURLExternal" => {
            let length: usize = text(args, "length").parse().unwrap_or(0);
            if text(args, "filename").is_empty() || length == 0 {
                return fail("invalid_arguments");
            }
            let id = format!("F{}", space.number());
            space.uploads.insert(id.clone(), (text(args, "filename").to_owned(), length, None));
            Ok(json!({ "upload_url": format!("{base}/upload/{id}"), "file_id": id }))
        }
        "files.completeUploadExternal" => complete(space, args),
        _ => fail("unknown_method"),
    }
}

/// A channel that the bot sees.
fn visible<'a>(
    space: &'a Workspace,
    channel: &str,
) -> Result<&'a super::workspace::Channel, (&'static str, Option<String>)> {
    match space.channels.get(channel) {
        Some(there) if !there.is_private || there.members.contains("UBOT") => Ok(there),
        _ => fail("channel_not_found"),
    }
}

/// A channel in which the bot may write.
fn writable(space: &Workspace, channel: &str) -> Result<(), (&'static str, Option<String>)> {
    let there = visible(space, channel)?;
    match () {
        () if there.is_archived => fail("is_archived"),
        () if !there.members.contains("UBOT") => fail("not_in_channel"),
        () => Ok(()),
    }
}

fn well(space: &mut Workspace, faults: Vec<String>) -> Result<(), (&'static str, Option<String>)> {
    if faults.is_empty() {
        return Ok(());
    }
    space.violations.extend(faults.iter().cloned());
    Err(("invalid_blocks", Some(faults.join("; "))))
}

fn view(space: &mut Workspace, view: &Value, kind: &str) -> Result<(), (&'static str, Option<String>)> {
    if view["type"] != kind {
        return fail("invalid_arguments");
    }
    well(space, view_faults(view))
}

fn triggered(space: &mut Workspace, args: &Value) -> Result<String, (&'static str, Option<String>)> {
    let now = space.now();
    match space.triggers.get_mut(text(args, "trigger_id")) {
        None => fail("invalid_trigger_id"),
        Some((_, _, true)) => fail("exchanged_trigger_id"),
        Some((_, at, _)) if now - *at > 3 => fail("expired_trigger_id"),
        Some((user, _, used)) => {
            *used = true;
            Ok(user.clone())
        }
    }
}

/// What a message says, where Slack takes it.
fn said(space: &mut Workspace, args: &Value) -> Result<Value, (&'static str, Option<String>)> {
    well(space, message_faults(args))?;
    let has_blocks = args["blocks"].as_array().is_some_and(|blocks| !blocks.is_empty());
    let has_more = args["attachments"].as_array().is_some_and(|more| !more.is_empty());
    if text(args, "text").trim().is_empty() && !has_blocks && !has_more {
        return fail("no_text");
    }
    if text(args, "text").chars().count() > 40_000 {
        return fail("msg_too_long");
    }
    let mut message = json!({ "text": args["text"], "user": "UBOT", "bot_id": "B1", "app_id": "A1" });
    for key in ["blocks", "attachments", "metadata"] {
        if !args[key].is_null() {
            message[key] = args[key].clone();
        }
    }
    Ok(message)
}

fn post_message(space: &mut Workspace, args: &Value) -> Answer {
    let channel = text(args, "channel").to_owned();
    writable(space, &channel)?;
    let mut message = said(space, args)?;
    if let Some(most) = space.pace {
        let now = std::time::Instant::now();
        let posts = space.paced.entry(channel.clone()).or_default();
        posts.retain(|at| now.duration_since(*at).as_secs_f64() < 1.0);
        if posts.len() >= most as usize {
            return Err(("ratelimited", Some("1".to_owned())));
        }
        posts.push(now);
    }
    if let Some(thread) = args["thread_ts"].as_str() {
        // What hangs on nothing stands in the channel on the real Slack; here it is a fault of ours.
        if !space.channels[&channel].messages.contains_key(thread) {
            return fail("thread_not_found");
        }
        message["thread_ts"] = json!(thread);
    }
    let ts = space.post(&channel, message.clone());
    message["ts"] = json!(ts);
    Ok(json!({ "channel": channel, "ts": ts, "message": message }))
}

/// A message of the bot's own.
fn ours(
    space: &Workspace,
    args: &Value,
    word: &'static str,
) -> Result<(String, String), (&'static str, Option<String>)> {
    let (channel, ts) = (text(args, "channel").to_owned(), text(args, "ts").to_owned());
    let there = visible(space, &channel)?;
    match there.messages.get(&ts) {
        None => fail("message_not_found"),
        Some(message) if message["subtype"] == "tombstone" => fail("message_not_found"),
        Some(message) if message["user"] != "UBOT" => fail(word),
        Some(_) => Ok((channel, ts)),
    }
}

fn update(space: &mut Workspace, args: &Value) -> Answer {
    let (channel, ts) = ours(space, args, "cant_update_message")?;
    if space.channels[&channel].is_archived {
        return fail("is_archived");
    }
    let changed = said(space, args)?;
    let Some(message) = space.channels.get_mut(&channel).and_then(|there| there.messages.get_mut(&ts)) else {
        return fail("message_not_found");
    };
    for key in ["text", "blocks", "attachments", "metadata"] {
        if !changed[key].is_null() {
            message[key] = changed[key].clone();
        }
    }
    message["edited"] = json!({ "user": "B1" });
    Ok(json!({ "channel": channel, "ts": ts }))
}

fn ephemeral(space: &mut Workspace, args: &Value) -> Answer {
    let (channel, user) = (text(args, "channel").to_owned(), text(args, "user").to_owned());
    writable(space, &channel)?;
    if !space.channels[&channel].members.contains(&user) {
        return fail("user_not_in_channel");
    }
    let message = said(space, args)?;
    space.show(&user, &channel, args["thread_ts"].as_str().map(str::to_owned), message);
    Ok(json!({ "message_ts": space.ts() }))
}

fn limit(args: &Value) -> usize {
    text(args, "limit")
        .parse()
        .or_else(|_| args["limit"].as_u64().map(|n| n as usize).ok_or(()))
        .unwrap_or(100)
}

fn shown(message: &Value, args: &Value) -> Value {
    let mut message = message.clone();
    if args["include_all_metadata"] != true && text(args, "include_all_metadata") != "true" {
        message.as_object_mut().map(|fields| fields.remove("metadata"));
    }
    message
}

fn page(messages: Vec<Value>, args: &Value) -> Value {
    let from: usize = text(args, "cursor").parse().unwrap_or(0);
    let most = limit(args).clamp(1, 999);
    let next = if messages.len() > from + most { (from + most).to_string() } else { String::new() };
    let messages: Vec<Value> = messages.into_iter().skip(from).take(most).collect();
    json!({ "messages": messages, "has_more": !next.is_empty(), "response_metadata": { "next_cursor": next } })
}

fn history(space: &mut Workspace, args: &Value) -> Answer {
    let channel = text(args, "channel").to_owned();
    visible(space, &channel)?;
    let there = &space.channels[&channel];
    if !there.members.contains("UBOT") {
        return fail("not_in_channel");
    }
    let oldest = text(args, "oldest");
    let roots = there
        .messages
        .values()
        .rev()
        .filter(|one| one["thread_ts"].is_null() || one["thread_ts"] == one["ts"]);
    let messages = roots.filter(|one| text(one, "ts") > oldest).map(|one| shown(one, args)).collect();
    Ok(page(messages, args))
}

fn replies(space: &mut Workspace, args: &Value) -> Answer {
    let (channel, ts) = (text(args, "channel").to_owned(), text(args, "ts"));
    visible(space, &channel)?;
    let there = &space.channels[&channel];
    let Some(root) = there.messages.get(ts) else { return fail("thread_not_found") };
    let oldest = text(args, "oldest");
    let replies = there
        .messages
        .values()
        .filter(|one| one["thread_ts"] == ts && one["ts"] != ts && text(one, "ts") > oldest);
    // The first message of the thread comes with every page's thread, whatever is asked.
    let messages = std::iter::once(root).chain(replies).map(|one| shown(one, args)).collect();
    Ok(page(messages, args))
}

fn complete(space: &mut Workspace, args: &Value) -> Answer {
    let channel = text(args, "channel_id").to_owned();
    writable(space, &channel)?;
    let mut files = Vec::new();
    for file in args["files"].as_array().into_iter().flatten() {
        match space.uploads.get(text(file, "id")) {
            Some((name, length, Some(bytes))) if bytes.len() == *length => {
                files.push(json!({ "id": file["id"], "name": name, "title": file["title"], "size": length }));
            }
            _ => return fail("file_not_found"),
        }
    }
    if files.is_empty() {
        return fail("invalid_arguments");
    }
    let mut message = json!({ "text": "", "user": "UBOT", "bot_id": "B1", "app_id": "A1", "subtype": "file_share", "files": files });
    if let Some(thread) = args["thread_ts"].as_str() {
        if !space.channels[&channel].messages.contains_key(thread) {
            return fail("thread_not_found");
        }
        message["thread_ts"] = json!(thread);
    }
    space.post(&channel, message);
    Ok(json!({ "files": files }))
}
