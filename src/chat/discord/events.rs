//! What happens on the server, as Discord tells it: who asks, who writes, what was removed, what changed.

use super::fault;
use super::gateway::Listener;
use super::post::{GATEWAY, PLATFORM};
use super::register;
use crate::chat::fault::Fault;
use crate::chat::poster::Wall;
use crate::desk::Result;
use crate::domain::alert::AlertKind;
use serenity::all::{
    ChannelId, ConnectionStage, Context, EventHandler, GuildChannel, GuildId, Http, Interaction, Message,
    MessageId, PartialGuildChannel, Ready, Role, RoleId, ShardStageUpdateEvent,
};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// The pauses between attempts to register the commands.
const REGISTER_AGAIN: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
];
/// What the alert is about that stands while the commands may not be registered.
const COMMANDS: &str = "discord:commands";

impl Listener {
    /// Registers the commands; what passes is tried again, what somebody must mend is an alert.
    async fn register(&self, http: &Http) {
        let desk = &self.room.desk;
        for pause in REGISTER_AGAIN.into_iter().map(Some).chain([None]) {
            let error = match self.guild.set_commands(http, register::commands()).await {
                Ok(_) => return noted(desk.end_alert(AlertKind::ChatRefused, COMMANDS).await),
                Err(error) => error,
            };
            let is_forbidden = matches!(fault::fault(&error), Fault::Barred(_));
            let Some(pause) = pause.filter(|_| !is_forbidden) else {
                tracing::error!(error = %error, "the commands could not be registered with Discord");
                return noted(desk.raise_alert(AlertKind::ChatRefused, COMMANDS, "no_commands").await);
            };
            tracing::warn!(error = %error, "the commands could not be registered with Discord; trying again");
            tokio::time::sleep(pause).await;
        }
    }

    /// A channel or a role changed: what was closed may be open now, and the other way round.
    async fn look(&self) {
        noted(self.poster.look_at_all().await);
    }
}

fn noted<T>(outcome: Result<T>) {
    if let Err(failure) = outcome {
        tracing::error!(error = %failure, "what happened on Discord could not be noted");
    }
}

#[serenity::async_trait]
impl EventHandler for Listener {
    /// A session began anew, and what happened since the last one will not be told. serenity tells of it before anything of the
    /// session itself; that it is about to begin, it tells nobody.
    async fn shard_stage_update(&self, _context: Context, event: ShardStageUpdateEvent) {
        if (event.old, event.new) != (ConnectionStage::Identifying, ConnectionStage::Connected) {
            return;
        }
        self.marks().lost();
        let may_begin = self.starts.lock().unwrap_or_else(PoisonError::into_inner).begin(Instant::now());
        if !may_begin {
            self.too_often.notify_one();
        }
    }

    /// A session began; after a loss of the last one, too. What it does is the same whenever it is done again.
    async fn ready(&self, context: Context, _ready: Ready) {
        tracing::info!("Discord: connected");
        self.missed.notify_one();
        noted(self.room.desk.end_alert(AlertKind::ChatRefused, GATEWAY).await);
        // Before what may have to be tried for minutes.
        self.look().await;
        self.register(&context.http).await;
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
            self.heard(&context.http, message).await;
        }
    }

    async fn message_delete(
        &self,
        _context: Context,
        _channel: ChannelId,
        message: MessageId,
        _guild: Option<GuildId>,
    ) {
        noted(self.room.desk.chat_message_gone(PLATFORM, &message.to_string()).await);
    }

    async fn message_delete_bulk(
        &self,
        _context: Context,
        _channel: ChannelId,
        messages: Vec<MessageId>,
        _guild: Option<GuildId>,
    ) {
        for message in messages {
            noted(self.room.desk.chat_message_gone(PLATFORM, &message.to_string()).await);
        }
    }

    async fn thread_delete(
        &self,
        _context: Context,
        thread: PartialGuildChannel,
        _full: Option<GuildChannel>,
    ) {
        match self.room.desk.chat_thread_gone(PLATFORM, &thread.id.to_string()).await {
            Ok(Some(card)) => self.poster.remove(&card).await,
            outcome => noted(outcome),
        }
    }

    async fn channel_delete(
        &self,
        _context: Context,
        channel: GuildChannel,
        _messages: Option<Vec<Message>>,
    ) {
        if self.poster.channels.all().any(|ours| ours == channel.id) {
            self.look().await;
        }
    }

    async fn channel_update(&self, _context: Context, _old: Option<GuildChannel>, channel: GuildChannel) {
        if self.poster.channels.all().any(|ours| ours == channel.id) {
            noted(self.poster.look(channel.id).await);
        }
    }

    async fn guild_role_update(&self, _context: Context, _old: Option<Role>, _role: Role) {
        self.look().await;
    }

    async fn guild_role_delete(&self, _context: Context, _guild: GuildId, _id: RoleId, _role: Option<Role>) {
        self.look().await;
    }

    /// Without the intent for members, Discord tells of our own roles only.
    async fn guild_member_update(
        &self,
        _context: Context,
        _old: Option<serenity::all::Member>,
        _member: Option<serenity::all::Member>,
        event: serenity::all::GuildMemberUpdateEvent,
    ) {
        if event.user.id == self.me {
            self.look().await;
        }
    }
}
