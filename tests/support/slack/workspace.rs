//! What stands in the workspace: channels, messages, people, groups, windows; and what Slack owes its users. May import:
//! the other files of this server.

use super::sign_in::Grants;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Instant;

/// The bot's scopes at first.
pub const SCOPES: [&str; 16] = [
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "links:read",
    "links:write",
    "metadata.message:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
];

/// A channel.
#[derive(Debug, Clone, Default)]
pub struct Channel {
    pub name: String,
    pub is_archived: bool,
    pub is_private: bool,
    pub is_direct: bool,
    pub members: BTreeSet<String>,
    /// By their number, oldest first.
    pub messages: BTreeMap<String, Value>,
}

/// Somebody.
#[derive(Debug, Clone)]
pub struct User {
    pub name: String,
    pub email: Option<String>,
    pub is_bot: bool,
    pub is_guest: bool,
}

/// What somebody sees beside the channels, in the order in which it came.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// A message for their eyes only, by its number.
    Private(usize),
    /// The same, changed.
    Changed(usize),
    /// A window, by its id.
    Window(String),
    /// The page of the app.
    Home,
}

/// A message for somebody's eyes only.
#[derive(Debug, Clone)]
pub struct Private {
    pub user: String,
    pub channel: String,
    pub thread: Option<String>,
    pub message: Value,
}

/// What an address given for answers is for.
#[derive(Debug, Clone)]
pub struct ResponseUrl {
    pub user: String,
    pub channel: String,
    /// The message that may be replaced: one for somebody's eyes only, or one of a channel.
    pub private: Option<usize>,
    pub message: Option<String>,
    pub uses: u32,
    pub given: i64,
}

/// What shall go wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It is done, and the answer is lost.
    Lost,
    /// It is not done, and answered with this status.
    Status(u16),
    /// It is not done: too much was asked, for so many seconds.
    Wait(u64),
    /// It is not done, for this reason.
    Error(&'static str),
}

/// The whole workspace.
#[derive(Debug, Default)]
pub struct Workspace {
    pub channels: BTreeMap<String, Channel>,
    pub users: BTreeMap<String, User>,
    pub groups: BTreeMap<String, BTreeSet<String>>,
    pub scopes: BTreeSet<String>,
    pub is_revoked: bool,
    pub privates: Vec<Private>,
    pub windows: BTreeMap<String, (String, Value)>,
    /// The windows that lie over one another before somebody, the lowest first.
    pub stacks: BTreeMap<String, Vec<String>>,
    pub homes: BTreeMap<String, Value>,
    pub seen: BTreeMap<String, Vec<Seen>>,
    pub urls: HashMap<String, ResponseUrl>,
    /// By trigger: whose, when given, whether used.
    pub triggers: HashMap<String, (String, i64, bool)>,
    /// Files that people shared, by their ids.
    pub shared: HashMap<String, Vec<u8>>,
    /// Files of the app: name, length, and what was sent.
    pub uploads: HashMap<String, (String, usize, Option<Vec<u8>>)>,
    pub unfurls: Vec<Value>,
    pub tickets: BTreeSet<String>,
    pub faults: HashMap<String, VecDeque<Fault>>,
    pub requests: Vec<String>,
    pub violations: Vec<String>,
    /// What is to be told to the app.
    pub events: VecDeque<Value>,
    /// Which of them the app has not yet taken: they are told again.
    pub told: Vec<String>,
    /// Posts a second in a channel before Slack asks to wait; `None`: as many as one likes.
    pub pace: Option<u32>,
    pub paced: HashMap<String, Vec<Instant>>,
    /// Who let the app know who they are.
    pub grants: Grants,
    next: u64,
    /// Seconds that have passed beside the count of messages.
    pub passed: i64,
}

/// When everything begins, in Unix time: the Tuesday of the tests.
pub const BEGIN: i64 = 1_795_510_800;

impl Workspace {
    /// A number that no other thing has.
    pub fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The time of the workspace.
    pub fn now(&self) -> i64 {
        BEGIN + self.passed
    }

    /// The number of the next message.
    pub fn ts(&mut self) -> String {
        let number = self.number();
        format!("{}.{:06}", self.now(), number)
    }

    /// Tells the app that something happened.
    pub fn happened(&mut self, event: Value) {
        let number = self.number();
        self.events.push_back(json!({
            "type": "event_callback",
            "team_id": "T1",
            "api_app_id": "A1",
            "event_id": format!("Ev{number}"),
            "event_time": self.now(),
            "event": event,
        }));
    }

    /// Puts a message where it belongs; the app is told, and sees its own too.
    pub fn post(&mut self, channel: &str, mut message: Value) -> String {
        let ts = self.ts();
        message["ts"] = json!(ts);
        message["type"] = json!("message");
        let mut event = message.clone();
        event["channel"] = json!(channel);
        event["event_ts"] = json!(ts);
        event["channel_type"] = json!(if self.channels[channel].is_private { "group" } else { "channel" });
        if let Some(there) = self.channels.get_mut(channel) {
            if let Some(thread) = message["thread_ts"].as_str().map(str::to_owned)
                && let Some(parent) = there.messages.get_mut(&thread)
            {
                parent["thread_ts"] = json!(thread);
                parent["reply_count"] = json!(parent["reply_count"].as_u64().unwrap_or(0) + 1);
                parent["latest_reply"] = json!(ts);
            }
            there.messages.insert(ts.clone(), message);
        }
        if self.channels[channel].members.contains("UBOT") {
            self.happened(event);
        }
        ts
    }

    /// Removes a message. One with replies leaves a mark behind.
    pub fn delete(&mut self, channel: &str, ts: &str) {
        let Some(there) = self.channels.get_mut(channel) else { return };
        let replies = there.messages.values().any(|one| one["thread_ts"] == ts && one["ts"] != ts);
        let Some(was) = there.messages.remove(ts) else { return };
        let event = if replies {
            let mark = json!({
                "type": "message", "subtype": "tombstone", "ts": ts, "thread_ts": ts, "hidden": true,
                "text": "This message was deleted.", "user": "USLACKBOT", "latest_reply": was["latest_reply"],
            });
            there.messages.insert(ts.to_owned(), mark.clone());
            json!({ "type": "message", "subtype": "message_changed", "hidden": true, "channel": channel,
                    "message": mark, "previous_message": was })
        } else {
            json!({ "type": "message", "subtype": "message_deleted", "hidden": true, "channel": channel,
                    "deleted_ts": ts, "previous_message": was })
        };
        let mut event = event;
        event["event_ts"] = json!(self.ts());
        event["ts"] = event["event_ts"].clone();
        self.happened(event);
    }

    /// A message that only one person sees.
    pub fn show(&mut self, user: &str, channel: &str, thread: Option<String>, message: Value) -> usize {
        self.privates.push(Private { user: user.to_owned(), channel: channel.to_owned(), thread, message });
        let at = self.privates.len() - 1;
        self.sees(user, Seen::Private(at));
        at
    }

    /// A window of somebody's shows this from now on; by the mark of it who changes it says what they have seen.
    pub fn show_window(&mut self, id: &str, user: &str, mut view: Value) -> String {
        let number = self.number();
        let hash = format!("{}.{number}", self.now());
        view["hash"] = json!(hash);
        self.windows.insert(id.to_owned(), (user.to_owned(), view));
        self.sees(user, Seen::Window(id.to_owned()));
        hash
    }

    /// Somebody closes what lies over this window of theirs.
    pub fn uncover(&mut self, id: &str) {
        for stack in self.stacks.values_mut() {
            if let Some(at) = stack.iter().position(|one| one == id) {
                stack.truncate(at + 1);
            }
        }
    }

    /// Somebody sees something.
    pub fn sees(&mut self, user: &str, seen: Seen) {
        self.seen.entry(user.to_owned()).or_default().push(seen);
    }

    /// An address for answers.
    pub fn response_url(&mut self, base: &str, of: ResponseUrl) -> String {
        let number = self.number();
        self.urls.insert(number.to_string(), of);
        format!("{base}/response/{number}")
    }

    /// What lets a window be opened.
    pub fn trigger(&mut self, user: &str) -> String {
        let trigger = format!("{}.trigger", self.number());
        self.triggers.insert(trigger.clone(), (user.to_owned(), self.now(), false));
        trigger
    }

    /// Everything in it, for who looks for what went wrong.
    pub fn dump(&self) -> String {
        let mut out = String::new();
        for (id, channel) in &self.channels {
            out.push_str(&format!("#{} {id}\n", channel.name));
            for message in channel.messages.values() {
                let depth = if message["thread_ts"].is_string() && message["thread_ts"] != message["ts"] {
                    "    "
                } else {
                    "  "
                };
                for line in super::draw::message(message) {
                    out.push_str(&format!("{depth}{line}\n"));
                }
            }
        }
        for private in &self.privates {
            out.push_str(&format!(
                "to {}:\n  {}\n",
                private.user,
                super::draw::message(&private.message).join("\n  ")
            ));
        }
        out.push_str(&format!("violations: {:#?}\nrequests: {:#?}", self.violations, self.requests));
        out
    }
}
