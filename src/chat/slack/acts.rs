//! Commands, buttons, forms and shortcuts. Each is taken to the room, and what it says is given back where it was asked.

use super::api::ApiError;
use super::draw::{answer, shown_window, window};
use super::listener::Listener;
use super::reply::Reply;
use crate::chat::room::Caller;
use crate::view::press::Press;
use crate::view::sheet::{Answer, Form, Sheet};
use crate::wording;
use serde_json::{Value, json};
use std::time::Duration;

/// How long what a form leads to may take before the form is closed and the answer comes after it; Slack gives three
/// seconds.
const AT_ONCE: Duration = Duration::from_millis(900);
/// How long an answer waits at most where Slack asks for slower requests.
const PATIENCE: Duration = Duration::from_secs(30);
/// The ids of the shortcuts on a message, as the manifest names them.
pub const CREATE_TICKET: &str = "create_ticket";
/// See [`CREATE_TICKET`].
pub const ADD_TO_TICKET: &str = "add_to_ticket";

impl Listener {
    /// Somebody used `/ticket`.
    pub(super) async fn command(&self, payload: &Value) {
        let text = |key: &str| payload[key].as_str().unwrap_or_default();
        let caller = self.caller(text("user_id")).await;
        let line = super::draw::text::plain(text("text"), |account| self.people.known_name(account));
        let line = if line.trim().is_empty() { "help".to_owned() } else { line };
        let key = format!("slack:command:{}", text("trigger_id"));
        let reply = Reply::at(text("response_url"), text("channel_id"), None, false);
        let said = self.room.spoken(&caller, &line, &key).await;
        self.give(&caller, &reply, Some(text("trigger_id")), said).await;
    }

    /// Somebody pressed a button, or chose.
    pub(super) async fn pressed(&self, payload: &Value) {
        let caller = self.caller(payload["user"]["id"].as_str().unwrap_or_default()).await;
        let trigger = payload["trigger_id"].as_str();
        let reply = Reply::of(payload);
        let Some(action) = payload["actions"].as_array().and_then(|actions| actions.first()) else { return };
        let chosen = action["selected_option"]["value"].as_str();
        // The same press told twice has the same number.
        let key = format!("slack:press:{}", trigger.or(action["action_ts"].as_str()).unwrap_or_default());
        let id = action["action_id"].as_str().and_then(|id| id.split(super::home::AGAIN).next());
        let said = match id.and_then(Press::decode) {
            Some(press) => self.room.press(&caller, press, chosen, &key).await,
            None => Answer::Private(wording::chat::stale()),
        };
        self.give(&caller, &reply, trigger, said).await;
        if reply == Reply::Home {
            self.show_home(&caller.account).await;
        }
    }

    /// Somebody used a shortcut on a message.
    pub(super) async fn shortcut(&self, payload: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let caller = self.caller(&text(&payload["user"]["id"])).await;
        let message = &payload["message"];
        let author = message["user"].as_str().or(message["bot_id"].as_str()).unwrap_or_default();
        let name = self.people.name(author).await;
        let said = self.said(message).await;
        let channel = text(&payload["channel"]["id"]);
        let thread = message["thread_ts"].as_str().filter(|thread| message["ts"] != *thread);
        let reply = Reply::at(&text(&payload["response_url"]), &channel, thread, false);
        let ts = message["ts"].as_str().unwrap_or_default().replace('.', "");
        let link = format!("https://slack.com/archives/{channel}/p{ts}");
        let answer = match payload["callback_id"].as_str() {
            Some(CREATE_TICKET) => self.room.open_form(&caller, author, &name, &said, &link).await,
            Some(ADD_TO_TICKET) => self.room.add_form(&caller, &format!("{name}\u{a0}: {said}"), &link).await,
            _ => Answer::Silence,
        };
        self.give(&caller, &reply, payload["trigger_id"].as_str(), answer).await;
    }

    /// Somebody filled a form in. What they read takes the place of the form where there is no message to say it at.
    pub(super) async fn submitted(&self, payload: &Value, taken: impl FnOnce(Option<Value>)) {
        let view = &payload["view"];
        let account = payload["user"]["id"].as_str().unwrap_or_default();
        let reply = Reply::read(view["private_metadata"].as_str().unwrap_or_default());
        let fields = super::draw::fields(&view["state"]["values"]);
        // A form is filled in once; the same told twice has the same number.
        let key = format!("slack:form:{}", view["id"].as_str().unwrap_or_default());
        let press = view["callback_id"].as_str().and_then(Press::decode);
        let work = async {
            let caller = self.caller(account).await;
            let answer = match &press {
                Some(press) => self.room.submit(&caller, press.clone(), &fields, &key).await,
                None => Answer::Private(wording::chat::stale()),
            };
            (caller, answer)
        };
        let mut work = std::pin::pin!(work);
        let (caller, answer) = match tokio::time::timeout(AT_ONCE, &mut work).await {
            Ok(done) => done,
            Err(_) => {
                taken(Some(json!({ "response_action": "clear" })));
                let (caller, answer) = work.await;
                // The form is closed by now: what was typed is kept, and leads back to it.
                let answer = match (answer, &press) {
                    (Answer::Amend { said, .. }, Some(press)) => {
                        let again = self.room.keep_typed(&caller, press, &fields).await;
                        Answer::Private(match again {
                            Some(again) => wording::chat::amend(&said, again),
                            None => wording::chat::sentence(said),
                        })
                    }
                    (answer, _) => answer,
                };
                return self.give(&caller, &reply, None, answer).await;
            }
        };
        match (&answer, &reply) {
            (Answer::Amend { field, said, .. }, _) => {
                let errors = json!({ field: said });
                taken(Some(json!({ "response_action": "errors", "errors": errors })));
            }
            (Answer::Private(sheet) | Answer::Instead(sheet), Reply::Home | Reply::Window(_)) => {
                let window = shown_window(sheet, &reply.write());
                taken(Some(json!({ "response_action": "update", "view": window })));
            }
            _ => {
                taken(Some(json!({ "response_action": "clear" })));
                self.give(&caller, &reply, None, answer).await;
            }
        }
    }

    /// Gives an answer where it was asked.
    async fn give(&self, caller: &Caller, reply: &Reply, trigger: Option<&str>, said: Answer) {
        let (sheet, is_instead) = match said {
            Answer::Silence => return,
            Answer::Ask(form) => match self.ask(reply, trigger, &form).await {
                true => return,
                // It can be asked again in the same way.
                false => (wording::chat::too_slow(), false),
            },
            // The form is closed by now; what was typed is in it no more.
            Answer::Amend { said, .. } => (wording::chat::sentence(said), false),
            Answer::Private(sheet) => (sheet, false),
            Answer::Instead(sheet) => (sheet, true),
        };
        self.say(caller, reply, trigger, &sheet, is_instead).await;
    }

    /// Opens a form; whether Slack took it.
    async fn ask(&self, reply: &Reply, trigger: Option<&str>, form: &Form) -> bool {
        let Some(trigger) = trigger else { return false };
        let view = window(form, &reply.write());
        let method = if matches!(reply, Reply::Window(_)) { "views.push" } else { "views.open" };
        let mut opened = self.poster.api.call(method, &json!({ "trigger_id": trigger, "view": view })).await;
        // Slack lays three windows over one another, and no fourth: this one takes the place of the one it was asked in.
        if let (Err(error), Reply::Window(below)) = (&opened, reply)
            && error.word() == Some("push_limit_reached")
        {
            opened = self.poster.api.call("views.update", &json!({ "view_id": below, "view": view })).await;
        }
        if let Err(error) = &opened {
            tracing::warn!(error = %error, "a form could not be opened on Slack");
        }
        opened.is_ok()
    }

    /// Calls a method, once more where Slack asks for a short wait.
    async fn patiently(&self, method: &str, message: &Value) -> Result<Value, ApiError> {
        match self.poster.api.call(method, message).await {
            Err(ApiError::Wait(wait)) if wait <= PATIENCE => {
                tokio::time::sleep(wait).await;
                self.poster.api.call(method, message).await
            }
            given => given,
        }
    }

    /// Says something to one person, where they asked; else wherever they can be reached.
    async fn say(
        &self,
        caller: &Caller,
        reply: &Reply,
        trigger: Option<&str>,
        sheet: &Sheet,
        is_instead: bool,
    ) {
        let api = &self.poster.api;
        let given = match (reply, trigger) {
            (Reply::Message { url, thread, is_private, .. }, _) if !url.is_empty() => {
                let mut message = answer(sheet).message();
                message["response_type"] = json!("ephemeral");
                message["replace_original"] = json!(is_instead && *is_private);
                if let Some(thread) = thread {
                    message["thread_ts"] = json!(thread);
                }
                match api.respond(url, &message).await {
                    Err(ApiError::Wait(wait)) if wait <= PATIENCE => {
                        tokio::time::sleep(wait).await;
                        api.respond(url, &message).await
                    }
                    given => given,
                }
                .map(|()| Value::Null)
            }
            (Reply::Window(view), _) => {
                let view = json!({ "view_id": view, "view": shown_window(sheet, &reply.write()) });
                self.patiently("views.update", &view).await
            }
            (Reply::Home, Some(trigger)) => {
                let view = json!({ "trigger_id": trigger, "view": shown_window(sheet, &reply.write()) });
                api.call("views.open", &view).await
            }
            _ => return self.say_anywhere(caller, reply, sheet).await,
        };
        if let Err(error) = given {
            tracing::warn!(error = %error, "an answer was not taken where it was asked");
            self.say_anywhere(caller, reply, sheet).await;
        }
    }

    /// In the channel to them alone, else by a direct message.
    async fn say_anywhere(&self, caller: &Caller, reply: &Reply, sheet: &Sheet) {
        let mut message = answer(sheet).message();
        if let Reply::Message { channel, thread, .. } = reply {
            message["channel"] = json!(channel);
            message["user"] = json!(caller.account);
            if let Some(thread) = thread {
                message["thread_ts"] = json!(thread);
            }
            if self.patiently("chat.postEphemeral", &message).await.is_ok() {
                return;
            }
        }
        let said = async {
            let direct =
                self.poster.api.call("conversations.open", &json!({ "users": caller.account })).await?;
            let mut message = answer(sheet).posted();
            message["channel"] = direct["channel"]["id"].clone();
            self.patiently("chat.postMessage", &message).await
        };
        if let Err(error) = said.await {
            tracing::warn!(error = %error, "an answer did not reach Slack");
        }
    }

    /// Answers a message that was typed in a channel or a thread, to its writer alone.
    pub(super) async fn answer_typed(
        &self,
        caller: &Caller,
        channel: &str,
        thread: Option<&str>,
        sheet: &Sheet,
    ) {
        self.say_anywhere(caller, &Reply::at("", channel, thread, false), sheet).await;
    }
}
