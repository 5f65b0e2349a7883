//! Commands, buttons and forms. Each is taken to the room, and what it says is given back within Discord's three seconds:
//! at once when it is quick, else announced and delivered.

use super::draw::{draw, modal};
use super::heard::{Files, beside, said};
use super::marks::Marks;
use super::order::Order;
use super::pace::Starts;
use super::post::Poster;
use super::{fault, options};
use crate::chat::beside::Beside;
use crate::chat::room::{Caller, Room, opens_form};
use crate::view::press::Press;
use crate::view::sheet::{Answer, Sheet};
use crate::wording::{self, refusals};
use futures_util::future::BoxFuture;
use serenity::all::{
    ActionRowComponent, ChannelId, CommandInteraction, CommandType, ComponentInteraction,
    ComponentInteractionDataKind, CreateInteractionResponse, CreateInteractionResponseMessage, GuildId, Http,
    Member, Message, MessageFlags, ModalInteraction, RoleId, User, UserId,
};
use std::future::Future;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// How long an answer may take before it is announced; Discord gives three seconds.
const AT_ONCE: Duration = Duration::from_millis(900);
/// The pauses before an answer that Discord did not take is given again: the first one within its three seconds, a later one
/// while somebody still looks.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];
pub(super) const LATE_PAUSES: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];
/// Discord's code for an interaction that was answered already.
const ANSWERED: isize = 40_060;

/// How long the room may take for a form, which cannot be announced.
const FORM_WITHIN: Duration = Duration::from_millis(2400);

/// Who listens.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Where it is taken.
    pub room: Room,
    /// Where the files of its people are.
    pub files: Files,
    /// The server.
    pub guild: GuildId,
    /// #support-team, where commands are typed.
    pub support: ChannelId,
    /// The role of the leads.
    pub leads: Option<RoleId>,
    /// How long an act can be taken back.
    pub undo_window: Duration,
    /// Our own account.
    pub me: UserId,
    /// What posts: it hears of what was removed, and of rights that changed.
    pub poster: Poster,
    /// In which order messages are taken in.
    pub order: Arc<Order>,
    /// How far each channel was read.
    pub marks: Arc<Mutex<Marks>>,
    /// How often sessions began.
    pub starts: Arc<Mutex<Starts>>,
    /// Rung when something may have been missed.
    pub missed: Arc<Notify>,
    /// Rung when sessions begin too often.
    pub too_often: Arc<Notify>,
}

/// Any interaction that can be answered.
enum Asked {
    Command(Box<CommandInteraction>),
    Component(Box<ComponentInteraction>),
    Modal(Box<ModalInteraction>),
}

impl Asked {
    async fn respond(&self, http: &Http, response: CreateInteractionResponse) -> serenity::Result<()> {
        let tried = &AtomicBool::new(false);
        let done = insist(&PAUSES, || {
            let response = response.clone();
            Box::pin(async move {
                let done = match self {
                    Asked::Command(asked) => asked.create_response(http, response).await,
                    Asked::Component(asked) => asked.create_response(http, response).await,
                    Asked::Modal(asked) => asked.create_response(http, response).await,
                };
                let is_second = tried.swap(true, SeqCst);
                match done {
                    // The first one was taken after all, and only its receipt was lost.
                    Err(error) if is_second && fault::code(&error) == Some(ANSWERED) => Ok(()),
                    done => done,
                }
            })
        });
        done.await
    }

    async fn edit(&self, http: &Http, sheet: &Sheet, leads: Option<RoleId>) -> serenity::Result<()> {
        let response = draw(sheet, leads).late_response();
        let done = insist(&LATE_PAUSES, || {
            let response = response.clone();
            Box::pin(async move {
                match self {
                    Asked::Command(asked) => asked.edit_response(http, response).await.map(drop),
                    Asked::Component(asked) => asked.edit_response(http, response).await.map(drop),
                    Asked::Modal(asked) => asked.edit_response(http, response).await.map(drop),
                }
            })
        });
        done.await
    }

    /// Whether the answer may take the place of what was pressed on: a message that only its reader sees.
    fn has_place(&self) -> bool {
        let is_private =
            |message: &Message| message.flags.is_some_and(|flags| flags.contains(MessageFlags::EPHEMERAL));
        match self {
            Asked::Command(_) => false,
            Asked::Component(asked) => is_private(&asked.message),
            Asked::Modal(asked) => asked.message.as_deref().is_some_and(is_private),
        }
    }
}

/// Makes a call again while Discord is unwell, after each of these pauses.
pub(super) async fn insist<'a, T>(
    pauses: &[Duration],
    call: impl Fn() -> BoxFuture<'a, serenity::Result<T>>,
) -> serenity::Result<T> {
    for pause in pauses {
        match call().await {
            Err(error) if fault::is_passing(&error) => tokio::time::sleep(*pause).await,
            done => return done,
        }
    }
    call().await
}

impl Listener {
    /// Answers within Discord's time, whatever `work` takes.
    async fn answer(
        &self,
        http: &Arc<Http>,
        asked: Asked,
        patience: Duration,
        work: impl Future<Output = Answer>,
    ) {
        let mut work = std::pin::pin!(work);
        let outcome = match tokio::time::timeout(patience, &mut work).await {
            Ok(answer) => self.give(http, &asked, answer).await,
            Err(_) => {
                let later = CreateInteractionResponseMessage::new().ephemeral(true);
                let later = CreateInteractionResponse::Defer(later);
                match asked.respond(http, later).await {
                    Ok(()) => match work.await {
                        Answer::Private(sheet) | Answer::Instead(sheet) => {
                            self.give_late(http, &asked, sheet).await
                        }
                        // A form cannot come so late; what it would have asked is asked again in the same way.
                        Answer::Ask(_) => asked.edit(http, &wording::chat::too_slow(), self.leads).await,
                        Answer::Amend { said, again, .. } => {
                            self.give_late(http, &asked, wording::chat::amend(&said, again)).await
                        }
                        Answer::Silence => Ok(()),
                    },
                    Err(error) => {
                        work.await;
                        Err(error)
                    }
                }
            }
        };
        if let Err(error) = outcome {
            // Told twice, and answered by whoever was first.
            match fault::code(&error) {
                Some(ANSWERED | 10_062) => {
                    tracing::debug!(error = %error, "an interaction was answered already")
                }
                _ => tracing::warn!(error = %error, "an answer did not reach Discord"),
            }
        }
    }

    async fn give(&self, http: &Arc<Http>, asked: &Asked, answer: Answer) -> serenity::Result<()> {
        let (sheet, is_instead) = match answer {
            Answer::Ask(form) => {
                return asked.respond(http, CreateInteractionResponse::Modal(modal(&form))).await;
            }
            Answer::Silence => {
                return match asked {
                    Asked::Component(_) => asked.respond(http, CreateInteractionResponse::Acknowledge).await,
                    _ => Ok(()),
                };
            }
            Answer::Amend { said, again, .. } => (wording::chat::amend(&said, again), false),
            Answer::Private(sheet) => (sheet, false),
            Answer::Instead(sheet) => (sheet, true),
        };
        let response = draw(&sheet, self.leads).response();
        let response = match is_instead && asked.has_place() {
            true => CreateInteractionResponse::UpdateMessage(response),
            false => CreateInteractionResponse::Message(response),
        };
        asked.respond(http, response).await?;
        self.end_undo(http, asked, sheet).await
    }

    async fn give_late(&self, http: &Arc<Http>, asked: &Asked, sheet: Sheet) -> serenity::Result<()> {
        asked.edit(http, &sheet, self.leads).await?;
        self.end_undo(http, asked, sheet).await
    }

    /// Takes the button « Annuler » away when its time is over. After a restart it stays, and says that it is too late.
    async fn end_undo(&self, http: &Arc<Http>, asked: &Asked, sheet: Sheet) -> serenity::Result<()> {
        let Some(act) = sheet.undoes() else { return Ok(()) };
        tokio::time::sleep(self.undo_window).await;
        // Taken back: the answer says so by now, in the same place.
        if self.room.desk.is_undone(act).await.unwrap_or(true) {
            return Ok(());
        }
        asked.edit(http, &sheet.without_undo(), self.leads).await
    }

    pub(super) async fn command(&self, http: &Arc<Http>, asked: CommandInteraction) {
        let caller = caller(&asked.user, asked.member.as_deref());
        let key = format!("discord:interaction:{}", asked.id);
        let (room, shelf) = (self.room.clone(), self.files.clone());
        let data = asked.data.clone();
        let given = (data.kind != CommandType::Message).then(|| options::command(&data));
        let beside: Vec<Beside> = options::files(&data).map(beside).collect();
        let asks = match &given {
            None => true,
            Some(given) => given.as_ref().is_ok_and(|command| opens_form(command, &beside)),
        };
        let work = async move {
            let Some(given) = given else {
                let Some(message) = data.resolved.messages.values().next() else { return Answer::Silence };
                let (text, link) = (said(message), message.link());
                return match data.name.as_str() {
                    name if name == wording::slash::CREATE_TICKET.english => {
                        let author = message.author.id.to_string();
                        room.open_form(&caller, &author, shown_name(&message.author), &text, &link).await
                    }
                    _ => {
                        let text = format!("{}\u{a0}: {text}", shown_name(&message.author));
                        room.add_form(&caller, &text, &link).await
                    }
                };
            };
            match given {
                Ok(command) => room.command_with(&caller, command, &key, &beside, &shelf).await,
                Err(error) => Answer::Private(wording::chat::sentence(refusals::say_usage(&error))),
            }
        };
        let patience = if asks { FORM_WITHIN } else { AT_ONCE };
        self.answer(http, Asked::Command(Box::new(asked)), patience, work).await;
    }

    pub(super) async fn component(&self, http: &Arc<Http>, asked: ComponentInteraction) {
        let caller = caller(&asked.user, asked.member.as_ref());
        let key = format!("discord:interaction:{}", asked.id);
        let room = self.room.clone();
        let chosen = match &asked.data.kind {
            ComponentInteractionDataKind::StringSelect { values } => values.first().cloned(),
            _ => None,
        };
        let press = Press::decode(&asked.data.custom_id);
        let patience = if press.as_ref().is_some_and(Press::asks) { FORM_WITHIN } else { AT_ONCE };
        let work = async move {
            match press {
                Some(press) => room.press(&caller, press, chosen.as_deref(), &key).await,
                None => Answer::Private(wording::chat::stale()),
            }
        };
        self.answer(http, Asked::Component(Box::new(asked)), patience, work).await;
    }

    pub(super) async fn modal(&self, http: &Arc<Http>, asked: ModalInteraction) {
        let caller = caller(&asked.user, asked.member.as_ref());
        let key = format!("discord:interaction:{}", asked.id);
        let room = self.room.clone();
        let fields: Vec<(String, String)> = asked
            .data
            .components
            .iter()
            .flat_map(|row| &row.components)
            .filter_map(|component| match component {
                ActionRowComponent::InputText(input) => {
                    Some((input.custom_id.clone(), input.value.clone().unwrap_or_default()))
                }
                _ => None,
            })
            .collect();
        let press = Press::decode(&asked.data.custom_id);
        let work = async move {
            match press {
                Some(press) => room.submit(&caller, press, &fields, &key).await,
                None => Answer::Private(wording::chat::stale()),
            }
        };
        self.answer(http, Asked::Modal(Box::new(asked)), AT_ONCE, work).await;
    }

    pub(super) async fn propose(&self, http: &Arc<Http>, asked: CommandInteraction) {
        let caller = caller(&asked.user, asked.member.as_deref());
        let choices = match options::typed(&asked.data) {
            Some(typed) => {
                let proposed = self.room.propose(&caller, typed.known, &typed.text);
                tokio::time::timeout(FORM_WITHIN, proposed).await.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let response = options::choices(&choices);
        let response = CreateInteractionResponse::Autocomplete(response);
        if let Err(error) = asked.create_response(http, response).await {
            tracing::debug!(error = %error, "proposals did not reach Discord");
        }
    }
}

fn caller(user: &User, member: Option<&Member>) -> Caller {
    let name = member.map_or_else(|| shown_name(user).to_owned(), |member| member.display_name().to_owned());
    Caller {
        account: user.id.to_string(),
        name,
        roles: member
            .map(|member| member.roles.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        email: None,
    }
}

pub(super) fn shown_name(user: &User) -> &str {
    user.global_name.as_deref().unwrap_or(&user.name)
}
