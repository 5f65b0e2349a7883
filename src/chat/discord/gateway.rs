//! What happens on the server, as Discord tells it: interactions, messages, things removed. Each is taken to the room,
//! and what it says is given back within Discord's three seconds: at once when it is quick, else announced and
//! delivered.

use super::draw::{draw, modal, without_undo};
use super::{fault, options, register};
use crate::chat::room::{Caller, Room};
use crate::domain::chat::Platform;
use crate::view::press::Press;
use crate::view::sheet::{Answer, Row, Sheet};
use crate::wording::{self, refusals};
use serenity::all::{
    ActionRowComponent, Channel, ChannelId, CommandInteraction, CommandType, ComponentInteraction,
    ComponentInteractionDataKind, Context, CreateInteractionResponse, CreateInteractionResponseMessage,
    EventHandler, GetMessages, GuildChannel, GuildId, Http, Interaction, Member, Message, MessageFlags,
    MessageId, MessageType, ModalInteraction, PartialGuildChannel, Ready, RoleId, User, UserId,
};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

const PLATFORM: Platform = Platform::Discord;
/// How long an answer may take before it is announced; Discord gives three seconds.
const AT_ONCE: Duration = Duration::from_millis(900);
/// How long the room may take for a form, which cannot be announced.
const FORM_WITHIN: Duration = Duration::from_millis(2400);
/// How many messages are fetched at a time when catching up: Discord's most.
const CATCH_UP: u8 = 100;

/// Who listens.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Where it is taken.
    pub room: Room,
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
}

/// Any interaction that can be answered.
enum Asked {
    Command(Box<CommandInteraction>),
    Component(Box<ComponentInteraction>),
    Modal(Box<ModalInteraction>),
}

impl Asked {
    async fn respond(&self, http: &Http, response: CreateInteractionResponse) -> serenity::Result<()> {
        match self {
            Asked::Command(asked) => asked.create_response(http, response).await,
            Asked::Component(asked) => asked.create_response(http, response).await,
            Asked::Modal(asked) => asked.create_response(http, response).await,
        }
    }

    async fn edit(&self, http: &Http, sheet: &Sheet, leads: Option<RoleId>) -> serenity::Result<()> {
        let response = draw(sheet, leads).late_response();
        match self {
            Asked::Command(asked) => asked.edit_response(http, response).await.map(drop),
            Asked::Component(asked) => asked.edit_response(http, response).await.map(drop),
            Asked::Modal(asked) => asked.edit_response(http, response).await.map(drop),
        }
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

impl Listener {
    /// Answers within Discord's time, whatever `work` takes.
    async fn answer(&self, http: &Arc<Http>, asked: Asked, work: impl Future<Output = Answer>) {
        let mut work = std::pin::pin!(work);
        let outcome = match tokio::time::timeout(AT_ONCE, &mut work).await {
            Ok(answer) => self.give(http, &asked, answer).await,
            Err(_) => {
                let later = CreateInteractionResponseMessage::new().ephemeral(true);
                let later = CreateInteractionResponse::Defer(later);
                match asked.respond(http, later).await {
                    Ok(()) => match work.await {
                        Answer::Private(sheet) | Answer::Instead(sheet) => {
                            self.give_late(http, &asked, sheet).await
                        }
                        // A form cannot come so late; what it would have asked is asked again by the same button.
                        Answer::Ask(_) => asked.edit(http, &wording::chat::too_slow(), self.leads).await,
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
                Some(40_060 | 10_062) => {
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
        let has_undo = sheet.rows.iter().any(|row| match row {
            Row::Buttons(buttons) => buttons.iter().any(|button| matches!(button.press, Press::Undo(_))),
            Row::Menu(_) => false,
        });
        if !has_undo {
            return Ok(());
        }
        tokio::time::sleep(self.undo_window).await;
        asked.edit(http, &without_undo(&sheet), self.leads).await
    }

    async fn command(&self, http: &Arc<Http>, asked: CommandInteraction) {
        let caller = caller(&asked.user, asked.member.as_deref());
        let key = format!("discord:interaction:{}", asked.id);
        let room = self.room.clone();
        let data = asked.data.clone();
        let work = async move {
            if data.kind == CommandType::Message {
                let Some(message) = data.resolved.messages.values().next() else { return Answer::Silence };
                let text = said(message);
                return match data.name.as_str() {
                    name if name == wording::slash::CREATE_TICKET.english => {
                        let author = message.author.id.to_string();
                        room.open_form(&caller, &author, shown_name(&message.author), &text).await
                    }
                    _ => {
                        room.add_form(&caller, &format!("{}\u{a0}: {text}", shown_name(&message.author)))
                            .await
                    }
                };
            }
            match options::command(&data) {
                Ok(command) => room.command(&caller, command, &key).await,
                Err(error) => Answer::Private(wording::chat::sentence(refusals::say_usage(&error))),
            }
        };
        self.answer(http, Asked::Command(Box::new(asked)), work).await;
    }

    async fn component(&self, http: &Arc<Http>, asked: ComponentInteraction) {
        let caller = caller(&asked.user, asked.member.as_ref());
        let key = format!("discord:interaction:{}", asked.id);
        let room = self.room.clone();
        let chosen = match &asked.data.kind {
            ComponentInteractionDataKind::StringSelect { values } => values.first().cloned(),
            _ => None,
        };
        let press = Press::decode(&asked.data.custom_id);
        let work = async move {
            match press {
                Some(press) => room.press(&caller, press, chosen.as_deref(), &key).await,
                None => Answer::Private(wording::chat::stale()),
            }
        };
        self.answer(http, Asked::Component(Box::new(asked)), work).await;
    }

    async fn modal(&self, http: &Arc<Http>, asked: ModalInteraction) {
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
        self.answer(http, Asked::Modal(Box::new(asked)), work).await;
    }

    async fn propose(&self, http: &Arc<Http>, asked: CommandInteraction) {
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

    /// A message that somebody wrote: a command, or a note in a ticket's thread.
    async fn heard(&self, http: &Arc<Http>, message: &Message) {
        let is_ours = message.author.bot || message.webhook_id.is_some();
        let is_said = matches!(message.kind, MessageType::Regular | MessageType::InlineReply);
        let channel = message.channel_id.to_string();
        let place = match self.room.desk.place_of_thread(PLATFORM, &channel).await {
            Ok(place) => place,
            Err(failure) => {
                tracing::error!(error = %failure, "a message on Discord could not be taken in");
                return;
            }
        };
        if place.is_none() && message.channel_id != self.support {
            return;
        }
        if !is_ours && is_said {
            let caller = Caller {
                account: message.author.id.to_string(),
                name: shown_name(&message.author).to_owned(),
                roles: message
                    .member
                    .as_ref()
                    .map(|member| member.roles.iter().map(ToString::to_string).collect())
                    .unwrap_or_default(),
            };
            let answer = match command_line(&message.content, self.me) {
                Some(line) => {
                    let key = format!("discord:message:{}", message.id);
                    self.room.line(&caller, &line, &key).await
                }
                None if place.is_some() => {
                    self.room.heard(&caller, &channel, &said(message), &message.id.to_string()).await
                }
                None => Answer::Silence,
            };
            if let Answer::Private(sheet) | Answer::Instead(sheet) = answer {
                self.reply(http, message, &sheet).await;
            }
        }
        if let Err(failure) = self.room.desk.see(PLATFORM, &channel, &message.id.to_string()).await {
            tracing::error!(error = %failure, "how far Discord was read could not be kept");
        }
    }

    /// Answers a typed line where it was typed.
    async fn reply(&self, http: &Arc<Http>, message: &Message, sheet: &Sheet) {
        let answer = draw(sheet, self.leads).message(Vec::new()).reference_message(message);
        let nonce = serenity::all::Nonce::String(format!("re-{}", message.id));
        if let Err(error) =
            message.channel_id.send_message(http, answer.nonce(nonce).enforce_nonce(true)).await
        {
            tracing::warn!(error = %error, "an answer did not reach Discord");
        }
    }

    /// Takes in what was written while we were away, in every thread that is open and in #support-team.
    async fn catch_up(&self, http: &Arc<Http>) -> anyhow::Result<()> {
        let active = self.guild.get_active_threads(http).await?;
        let mut channels: Vec<(ChannelId, Option<MessageId>)> =
            active.threads.iter().map(|thread| (thread.id, thread.last_message_id)).collect();
        if let Ok(Channel::Guild(support)) = self.support.to_channel(http).await {
            channels.push((support.id, support.last_message_id));
        }
        for (channel, last) in channels {
            let id = channel.to_string();
            let is_thread = channel != self.support;
            if is_thread && broken(self.room.desk.place_of_thread(PLATFORM, &id).await)?.is_none() {
                continue;
            }
            let seen = broken(self.room.desk.seen(PLATFORM, &id).await)?;
            let seen = seen.and_then(|seen| seen.parse::<u64>().ok());
            // Where nothing was ever read: a thread of ours begins with itself, the channel with now.
            let mut after = match (seen, is_thread, last) {
                (Some(seen), ..) => seen,
                (None, true, _) => channel.get(),
                (None, false, Some(last)) => {
                    broken(self.room.desk.see(PLATFORM, &id, &last.to_string()).await)?;
                    continue;
                }
                (None, false, None) => continue,
            };
            while last.is_some_and(|last| last.get() > after) {
                let query = GetMessages::new().after(MessageId::new(after)).limit(CATCH_UP);
                let mut missed = channel.messages(http, query).await?;
                if missed.is_empty() {
                    break;
                }
                missed.sort_by_key(|message| message.id);
                for message in &missed {
                    after = message.id.get();
                    // Fetched messages do not say which roles their writers have.
                    let mut message = message.clone();
                    if message.member.is_none()
                        && let Ok(member) = self.guild.member(http, message.author.id).await
                    {
                        message.member = Some(Box::new(member.into()));
                    }
                    self.heard(http, &message).await;
                }
            }
        }
        Ok(())
    }

    async fn gone(&self, outcome: crate::desk::Result<()>) {
        if let Err(failure) = outcome {
            tracing::error!(error = %failure, "what was removed on Discord could not be noted");
        }
    }
}

fn broken<T>(outcome: crate::desk::Result<T>) -> anyhow::Result<T> {
    outcome.map_err(|failure| anyhow::anyhow!("{failure}"))
}

#[serenity::async_trait]
impl EventHandler for Listener {
    /// A session began; after a loss of the last one, too. What it does is the same whenever it is done again.
    async fn ready(&self, context: Context, _ready: Ready) {
        tracing::info!("Discord: connected");
        if let Err(error) = self.guild.set_commands(&context.http, register::commands()).await {
            tracing::error!(error = %error, "the commands could not be registered with Discord");
        }
        if let Err(error) = self.catch_up(&context.http).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "what was written on Discord meanwhile could not be read"
            );
        }
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        match interaction {
            Interaction::Command(asked) if asked.guild_id == Some(self.guild) => {
                self.command(&context.http, asked).await;
            }
            Interaction::Autocomplete(asked) if asked.guild_id == Some(self.guild) => {
                self.propose(&context.http, asked).await;
            }
            Interaction::Component(asked) if asked.guild_id == Some(self.guild) => {
                self.component(&context.http, asked).await;
            }
            Interaction::Modal(asked) if asked.guild_id == Some(self.guild) => {
                self.modal(&context.http, asked).await;
            }
            // Another server's, or a direct message's: nobody there is known to us.
            _ => {}
        }
    }

    async fn message(&self, context: Context, message: Message) {
        if message.guild_id == Some(self.guild) {
            self.heard(&context.http, &message).await;
        }
    }

    async fn message_delete(
        &self,
        _context: Context,
        _channel: ChannelId,
        message: MessageId,
        _guild: Option<GuildId>,
    ) {
        self.gone(self.room.desk.chat_message_gone(PLATFORM, &message.to_string()).await).await;
    }

    async fn message_delete_bulk(
        &self,
        _context: Context,
        _channel: ChannelId,
        messages: Vec<MessageId>,
        _guild: Option<GuildId>,
    ) {
        for message in messages {
            self.gone(self.room.desk.chat_message_gone(PLATFORM, &message.to_string()).await).await;
        }
    }

    async fn thread_delete(
        &self,
        _context: Context,
        thread: PartialGuildChannel,
        _full: Option<GuildChannel>,
    ) {
        self.gone(self.room.desk.chat_thread_gone(PLATFORM, &thread.id.to_string()).await).await;
    }

    async fn channel_delete(
        &self,
        _context: Context,
        channel: GuildChannel,
        _messages: Option<Vec<Message>>,
    ) {
        tracing::error!(channel = channel.id.get(), "a channel was removed on Discord");
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
    }
}

fn shown_name(user: &User) -> &str {
    user.global_name.as_deref().unwrap_or(&user.name)
}

/// What somebody wrote, with the names and links of the files beside it: these are Discord's, and are not kept by us.
fn said(message: &Message) -> String {
    let mut said = message.content.trim().to_owned();
    for file in &message.attachments {
        if !said.is_empty() {
            said.push('\n');
        }
        said.push_str(&format!("[{}] {}", file.filename, file.url));
    }
    said
}

/// The command that a message is: it begins with `/ticket`, or with our name.
fn command_line(content: &str, me: UserId) -> Option<String> {
    let content = content.trim();
    if content.starts_with("/ticket") {
        return Some(content.to_owned());
    }
    let called = [format!("<@{me}>"), format!("<@!{me}>")];
    let rest = called.iter().find_map(|called| content.strip_prefix(called.as_str()))?;
    Some(rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_begins_a_message_or_follows_our_name() {
        let me = UserId::new(9);
        let line = |content| command_line(content, me);
        assert_eq!(line("/ticket status 42 résolu"), Some("/ticket status 42 résolu".into()));
        assert_eq!(line(" <@9> status 42 résolu"), Some("status 42 résolu".into()));
        assert_eq!(line("<@!9>take 42"), Some("take 42".into()));
        assert_eq!(line("voir /ticket status"), None);
        assert_eq!(line("<@8> status 42"), None);
    }
}
