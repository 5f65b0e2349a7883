//! Where an answer goes: kept in a form while somebody fills it in. Pure.

use serde_json::{Value, json};

/// Where an answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Beside a message, or in its place.
    Message {
        /// The address that Slack gave for it; may be empty.
        url: String,
        /// The channel.
        channel: String,
        /// The thread there.
        thread: Option<String>,
        /// Only its reader sees the message, so that an answer may take its place.
        is_private: bool,
    },
    /// Into a window that is open, by its id.
    Window(String),
    /// On our page in Slack, where nothing can be said but in a window.
    Home,
}

impl Reply {
    /// Beside a message.
    pub fn at(url: &str, channel: &str, thread: Option<&str>, is_private: bool) -> Reply {
        let (url, channel) = (url.to_owned(), channel.to_owned());
        Reply::Message { url, channel, thread: thread.map(str::to_owned), is_private }
    }

    /// Where the answer to a press goes.
    pub fn of(payload: &Value) -> Reply {
        let (container, view) = (&payload["container"], &payload["view"]);
        if container["type"] == "view" {
            return match (view["type"].as_str(), view["id"].as_str()) {
                (Some("modal"), Some(id)) => Reply::Window(id.to_owned()),
                _ => Reply::Home,
            };
        }
        let channel = container["channel_id"].as_str().or(payload["channel"]["id"].as_str());
        // What a thread hangs on names itself as its thread, and stands in the channel.
        let message = &payload["message"];
        let thread = container["thread_ts"].as_str().or(message["thread_ts"].as_str());
        let own = container["message_ts"].as_str().or(message["ts"].as_str());
        let thread = thread.filter(|thread| own.is_none_or(|own| own != *thread));
        let url = payload["response_url"].as_str().unwrap_or_default();
        Reply::at(url, channel.unwrap_or_default(), thread, container["is_ephemeral"] == true)
    }

    /// As a form keeps it.
    pub fn write(&self) -> String {
        match self {
            Reply::Message { url, channel, thread, is_private } => {
                json!({ "url": url, "channel": channel, "thread": thread, "private": is_private }).to_string()
            }
            Reply::Window(view) => json!({ "window": view }).to_string(),
            Reply::Home => "{}".to_owned(),
        }
    }

    /// What [`Reply::write`] wrote; anything else leads nowhere but into a window.
    pub fn read(kept: &str) -> Reply {
        let kept: Value = serde_json::from_str(kept).unwrap_or_default();
        if let Some(view) = kept["window"].as_str() {
            return Reply::Window(view.to_owned());
        }
        match kept["channel"].as_str() {
            Some(channel) => {
                let url = kept["url"].as_str().unwrap_or_default();
                Reply::at(url, channel, kept["thread"].as_str(), kept["private"] == true)
            }
            None => Reply::Home,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_where_its_answer_goes() {
        let beside = Reply::at("https://hooks.example/1", "C1", Some("1.2"), true);
        for reply in [beside, Reply::at("", "C1", None, false), Reply::Window("V1".into()), Reply::Home] {
            assert_eq!(Reply::read(&reply.write()), reply);
        }
        assert_eq!(Reply::read("nothing of ours"), Reply::Home);
    }

    #[test]
    fn a_press_is_answered_where_it_was() {
        let pressed = json!({
            "container": { "type": "message", "channel_id": "C1", "thread_ts": "1.2", "is_ephemeral": true },
            "response_url": "https://hooks.example/1",
        });
        assert_eq!(Reply::of(&pressed), Reply::at("https://hooks.example/1", "C1", Some("1.2"), true));
        let window = json!({ "container": { "type": "view" }, "view": { "type": "modal", "id": "V1" } });
        assert_eq!(Reply::of(&window), Reply::Window("V1".into()));
        let home = json!({ "container": { "type": "view" }, "view": { "type": "home", "id": "V2" } });
        assert_eq!(Reply::of(&home), Reply::Home);
    }
}
