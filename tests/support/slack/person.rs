//! People on Slack: what they do, and what they then see. May import: the other files of this server.

use super::Slack;
use super::draw;
use super::workspace::{ResponseUrl, Seen, Workspace};
use serde_json::{Value, json};

/// Somebody.
#[derive(Clone)]
pub struct Person {
    pub slack: Slack,
    pub id: String,
}

/// What somebody asked for, and what they saw before.
#[derive(Clone)]
pub struct Asked {
    person: Person,
    seen: usize,
    /// They opened the page of the app.
    is_home: bool,
    /// What the app answered at once: `None` where it did not answer in time.
    pub word: Option<Value>,
}

/// Where somebody presses.
#[derive(Debug, Clone)]
pub enum On {
    /// On a message of a channel.
    Message { channel: String, ts: String },
    /// On a message for their eyes only.
    Private(usize),
    /// In a window.
    Window(String),
    /// On the page of the app.
    Home,
}

impl Person {
    fn payload_user(&self) -> Value {
        json!({ "id": self.id, "username": self.id.to_lowercase(), "team_id": "T1" })
    }

    fn begin(&self) -> usize {
        self.slack.0.space().seen.get(&self.id).map_or(0, Vec::len)
    }

    async fn tell(&self, kind: &'static str, payload: Value) -> Asked {
        let seen = self.begin();
        let word = self.slack.0.tell(kind, payload, 0).await;
        if word.is_none() {
            self.slack.0.space().violations.push(format!("{kind}: nothing was said within three seconds"));
        }
        Asked { person: self.clone(), seen, is_home: false, word }
    }

    /// Uses the command in a channel; not in a thread, where Slack has none.
    pub async fn slash(&self, channel: &str, line: &str) -> Asked {
        let payload = self.command(channel, line);
        self.tell("slash_commands", payload).await
    }

    /// What is told of a command.
    pub fn command(&self, channel: &str, line: &str) -> Value {
        let (command, text) = line.split_once(' ').unwrap_or((line, ""));
        let base = self.slack.0.base.clone();
        let mut space = self.slack.0.space();
        let of = ResponseUrl {
            user: self.id.clone(),
            channel: channel.to_owned(),
            private: None,
            message: None,
            uses: 0,
            given: space.now(),
        };
        json!({
            "token": "old", "team_id": "T1", "team_domain": "equipe", "channel_id": channel, "channel_name": "x",
            "user_id": self.id, "user_name": self.id.to_lowercase(), "command": command,
            "text": text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
            "api_app_id": "A1", "is_enterprise_install": "false",
            "response_url": space.response_url(&base, of), "trigger_id": space.trigger(&self.id),
        })
    }

    /// Presses a button by what is written on it.
    pub async fn press(&self, on: &On, label: &str) -> Asked {
        let action = self.find(on, |element| element["text"]["text"] == label, label);
        self.act(on, action, None).await
    }

    /// Chooses in a menu by what is written in it.
    pub async fn choose(&self, on: &On, menu: &str, option: &str) -> Asked {
        let action = self.find(on, |element| element["placeholder"]["text"] == menu, menu);
        let options = action["options"].as_array().expect("a menu");
        let is_it = |one: &&Value| one["text"]["text"].as_str().is_some_and(|text| text.contains(option));
        let chosen = options.iter().find(is_it).unwrap_or_else(|| panic!("no {option} in {action}")).clone();
        self.act(on, action, Some(chosen)).await
    }

    fn find(&self, on: &On, is_it: impl Fn(&Value) -> bool, label: &str) -> Value {
        let shown = self.shown(on);
        elements(&shown).into_iter().find(is_it).unwrap_or_else(|| panic!("no [{label}] on {shown:#}"))
    }

    /// What stands there.
    pub fn shown(&self, on: &On) -> Value {
        let space = self.slack.0.space();
        match on {
            On::Message { channel, ts } => space.channels[channel].messages[ts].clone(),
            On::Private(at) => space.privates[*at].message.clone(),
            On::Window(id) => space.windows[id].1.clone(),
            On::Home => space.homes[&self.id].clone(),
        }
    }

    async fn act(&self, on: &On, element: Value, chosen: Option<Value>) -> Asked {
        let payload = self.pressed(on, &element, chosen);
        self.tell("interactive", payload).await
    }

    /// What is told of a press.
    pub fn pressed(&self, on: &On, element: &Value, chosen: Option<Value>) -> Value {
        let base = self.slack.0.base.clone();
        let mut space = self.slack.0.space();
        let number = space.number();
        let mut action = json!({
            "type": element["type"], "action_id": element["action_id"], "block_id": "b",
            "action_ts": format!("{}.{number:06}", space.now()),
        });
        if let Some(chosen) = chosen {
            action["selected_option"] = chosen;
        }
        let mut payload = json!({
            "type": "block_actions", "team": { "id": "T1" }, "api_app_id": "A1", "user": self.payload_user(),
            "trigger_id": space.trigger(&self.id), "actions": [action],
        });
        let mut url = ResponseUrl {
            user: self.id.clone(),
            channel: String::new(),
            private: None,
            message: None,
            uses: 0,
            given: space.now(),
        };
        match on {
            On::Message { channel, ts } => {
                let message = space.channels[channel].messages[ts].clone();
                payload["container"] = json!({
                    "type": "message", "channel_id": channel, "message_ts": ts, "is_ephemeral": false,
                });
                if message["thread_ts"].is_string() && message["thread_ts"] != message["ts"] {
                    payload["container"]["thread_ts"] = message["thread_ts"].clone();
                }
                payload["channel"] = json!({ "id": channel });
                payload["message"] = message;
                (url.channel, url.message) = (channel.clone(), Some(ts.clone()));
            }
            On::Private(at) => {
                let private = space.privates[*at].clone();
                payload["container"] = json!({
                    "type": "message", "channel_id": private.channel, "message_ts": format!("p{at}"),
                    "is_ephemeral": true, "thread_ts": private.thread,
                });
                payload["channel"] = json!({ "id": private.channel });
                (url.channel, url.private) = (private.channel, Some(*at));
            }
            On::Window(id) => {
                space.uncover(id);
                let mut view = space.windows[id].1.clone();
                view["id"] = json!(id);
                payload["container"] = json!({ "type": "view", "view_id": id });
                payload["view"] = view;
                return payload;
            }
            On::Home => {
                payload["container"] = json!({ "type": "view", "view_id": "VHOME" });
                payload["view"] = json!({ "type": "home", "id": "VHOME" });
                return payload;
            }
        }
        payload["response_url"] = json!(space.response_url(&base, url));
        payload
    }

    /// Fills the window in and sends it: fields by what is written over them; the others stay as they are.
    pub async fn submit(&self, window: &str, given: &[(&str, &str)]) -> Asked {
        let payload = self.filled(window, given);
        let asked = self.tell("interactive", payload).await;
        let Some(word) = &asked.word else { return asked };
        let mut space = self.slack.0.space();
        space.uncover(window);
        match word["response_action"].as_str() {
            None => {
                space.windows.remove(window);
                for stack in space.stacks.values_mut() {
                    stack.retain(|one| one != window);
                }
            }
            Some("clear") => {
                space.windows.remove(window);
                space.stacks.remove(&self.id);
            }
            Some("update") => {
                let faults = super::blocks::view_faults(&word["view"]);
                space.violations.extend(faults);
                space.show_window(window, &self.id, word["view"].clone());
            }
            Some("errors") => {
                let view = &space.windows[window].1;
                let known: Vec<String> = elements_of(view, "input")
                    .iter()
                    .filter_map(|one| one["block_id"].as_str().map(str::to_owned))
                    .collect();
                let unknown: Vec<String> = word["errors"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(key, _)| key.clone())
                    .filter(|key| !known.contains(key))
                    .collect();
                if !unknown.is_empty() || word["errors"].as_object().is_none_or(serde_json::Map::is_empty) {
                    space.violations.push(format!("errors of no field: {word}"));
                }
            }
            Some(other) => space.violations.push(format!("response_action {other}")),
        }
        drop(space);
        asked
    }

    /// What is told of a window that was filled in.
    pub fn filled(&self, window: &str, given: &[(&str, &str)]) -> Value {
        let space = self.slack.0.space();
        let mut view = space.windows.get(window).unwrap_or_else(|| panic!("no window {window}")).1.clone();
        let mut values = serde_json::Map::new();
        for input in elements_of(&view, "input") {
            let label = input["label"]["text"].as_str().unwrap_or_default();
            let typed = given.iter().find(|(name, _)| *name == label).map(|(_, value)| json!(value));
            let value = typed.unwrap_or_else(|| input["element"]["initial_value"].clone());
            let most = input["element"]["max_length"].as_u64().unwrap_or(3000) as usize;
            assert!(
                value.as_str().is_none_or(|text| text.chars().count() <= most),
                "Slack lets nobody type that much"
            );
            let action = input["element"]["action_id"].as_str().unwrap_or_default();
            values.insert(
                input["block_id"].as_str().unwrap_or_default().to_owned(),
                json!({ action: { "type": "plain_text_input", "value": value } }),
            );
        }
        for (name, _) in given {
            assert!(
                elements_of(&view, "input").iter().any(|one| one["label"]["text"] == *name),
                "no field {name} in {view:#}"
            );
        }
        view["id"] = json!(window);
        view["state"] = json!({ "values": values });
        json!({ "type": "view_submission", "team": { "id": "T1" }, "user": self.payload_user(), "view": view })
    }

    /// Uses a shortcut on a message.
    pub async fn shortcut(&self, channel: &str, ts: &str, callback: &str) -> Asked {
        let payload = {
            let base = self.slack.0.base.clone();
            let mut space = self.slack.0.space();
            let url = ResponseUrl {
                user: self.id.clone(),
                channel: channel.to_owned(),
                private: None,
                message: Some(ts.to_owned()),
                uses: 0,
                given: space.now(),
            };
            json!({
                "type": "message_action", "callback_id": callback, "team": { "id": "T1" }, "user": self.payload_user(),
                "channel": { "id": channel }, "message": space.channels[channel].messages[ts],
                "message_ts": ts, "trigger_id": space.trigger(&self.id), "response_url": space.response_url(&base, url),
            })
        };
        self.tell("interactive", payload).await
    }

    /// Writes in a channel, or in a thread there; the number of the message.
    pub fn says(&self, channel: &str, thread: Option<&str>, text: &str) -> String {
        self.slack.with(|space| space.post(channel, written(&self.id, thread, text)))
    }

    /// The same with files: their names and what is in them.
    pub fn shares(
        &self,
        channel: &str,
        thread: Option<&str>,
        text: &str,
        files: &[(&str, &str, &[u8])],
    ) -> String {
        let base = self.slack.0.base.clone();
        self.slack.with(|space| {
            let mut message = written(&self.id, thread, text);
            message["subtype"] = json!("file_share");
            let mut shown = Vec::new();
            for (name, kind, bytes) in files {
                let id = format!("F{}", space.number());
                shown.push(json!({
                    "id": id, "name": name, "mimetype": kind, "size": bytes.len(),
                    "permalink": format!("https://equipe.slack.example/files/{id}"),
                    "url_private_download": format!("{base}/files-pri/{id}/{name}"),
                }));
                space.shared.insert(id, bytes.to_vec());
            }
            message["files"] = json!(shown);
            space.post(channel, message)
        })
    }

    /// Opens the page of the app.
    pub async fn opens_home(&self) -> Asked {
        let seen = self.begin();
        self.slack.with(|space| {
            space.happened(
                json!({ "type": "app_home_opened", "user": self.id, "tab": "home", "channel": "D1" }),
            )
        });
        Asked { person: self.clone(), seen, is_home: true, word: None }
    }

    /// What they will see next.
    pub fn watches(&self) -> Asked {
        Asked { person: self.clone(), seen: self.begin(), is_home: false, word: None }
    }
}

/// A message that somebody writes.
pub fn written(user: &str, thread: Option<&str>, text: &str) -> Value {
    let mut message = json!({ "user": user, "text": text, "team": "T1", "client_msg_id": "c" });
    if let Some(thread) = thread {
        message["thread_ts"] = json!(thread);
    }
    message
}

impl Asked {
    /// A page that is read anew beside it is not what they asked for, unless they opened it.
    fn next(&self, space: &Workspace) -> Option<Seen> {
        let seen = space.seen.get(&self.person.id)?.iter().skip(self.seen);
        seen.into_iter().find(|seen| (**seen == Seen::Home) == self.is_home).cloned()
    }

    /// What they see first of it.
    pub async fn first(&self) -> Seen {
        self.person.slack.wait("something to see", |space| self.next(space)).await
    }

    /// Where that is, to press on it.
    pub async fn on(&self) -> On {
        match self.first().await {
            Seen::Private(at) | Seen::Changed(at) => On::Private(at),
            Seen::Window(id) => On::Window(id),
            Seen::Home => On::Home,
        }
    }

    /// The same as text.
    pub async fn read(&self) -> String {
        let seen = self.first().await;
        let space = self.person.slack.0.space();
        match seen {
            Seen::Private(at) => draw::message(&space.privates[at].message).join("\n"),
            Seen::Changed(at) => {
                format!("(in its place)\n{}", draw::message(&space.privates[at].message).join("\n"))
            }
            Seen::Window(id) => draw::view(&space.windows[&id].1).join("\n"),
            Seen::Home => draw::view(&space.homes[&self.person.id]).join("\n"),
        }
    }

    /// What a message says, as one reads it.
    pub async fn words(&self) -> String {
        let seen = self.first().await;
        let space = self.person.slack.0.space();
        match seen {
            Seen::Private(at) | Seen::Changed(at) => draw::words(&draw::message(&space.privates[at].message)),
            Seen::Window(id) => draw::words(&draw::view(&space.windows[&id].1)),
            Seen::Home => draw::words(&draw::view(&space.homes[&self.person.id])),
        }
    }

    /// Presses what they saw.
    pub async fn press(&self, label: &str) -> Asked {
        self.person.press(&self.on().await, label).await
    }

    /// Chooses in what they saw.
    pub async fn choose(&self, menu: &str, option: &str) -> Asked {
        self.person.choose(&self.on().await, menu, option).await
    }

    /// Fills in the window that they saw.
    pub async fn submit(&self, given: &[(&str, &str)]) -> Asked {
        match self.first().await {
            Seen::Window(id) => self.person.submit(&id, given).await,
            other => panic!("no window: {other:?}"),
        }
    }
}

/// Everything of this kind in blocks, wherever they stand.
fn elements_of(shown: &Value, kind: &str) -> Vec<Value> {
    let mut found = Vec::new();
    walk(shown, &mut |value| {
        if value["type"] == kind {
            found.push(value.clone());
        }
    });
    found
}

/// Everything that can be pressed.
fn elements(shown: &Value) -> Vec<Value> {
    let mut found = elements_of(shown, "button");
    found.extend(elements_of(shown, "static_select"));
    found
}

fn walk(value: &Value, see: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(fields) => {
            see(value);
            fields.values().for_each(|field| walk(field, see));
        }
        Value::Array(values) => values.iter().for_each(|one| walk(one, see)),
        _ => {}
    }
}
