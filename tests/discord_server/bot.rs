//! A small bot on serenity: a few commands, a form, buttons, a thread below what people say.

use crate::support::discord::Discord;
use serenity::all::{
    ButtonStyle, Command, CommandInteraction, CommandOptionType, ComponentInteraction, Context,
    CreateActionRow, CreateAllowedMentions, CreateAttachment, CreateAutocompleteResponse, CreateButton,
    CreateCommand, CreateCommandOption, CreateEmbed, CreateInputText, CreateInteractionResponse,
    CreateInteractionResponseFollowup, CreateInteractionResponseMessage, CreateMessage, CreateModal,
    CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption, CreateThread, EditInteractionResponse,
    EventHandler, GatewayIntents, Http, HttpBuilder, InputTextStyle, Interaction, Message, ModalInteraction,
    Ready, ShardManager,
};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// What the bot asks of the gateway.
pub const INTENTS: GatewayIntents = GatewayIntents::GUILDS
    .union(GatewayIntents::GUILD_MESSAGES)
    .union(GatewayIntents::MESSAGE_CONTENT)
    .union(GatewayIntents::GUILD_MEMBERS)
    .union(GatewayIntents::DIRECT_MESSAGES);

/// A running bot; ends when dropped.
pub struct Bot {
    /// Its shards.
    pub shards: Arc<ShardManager>,
    task: Option<JoinHandle<serenity::Result<()>>>,
}

impl Drop for Bot {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Bot {
    /// Starts one, and waits until it is connected and has registered its commands.
    pub async fn start(discord: &Discord) -> Bot {
        let bot = Bot::launch(discord, INTENTS).await;
        discord.connected().await;
        discord.registered().await;
        bot
    }

    /// Starts one with these intents.
    pub async fn launch(discord: &Discord, intents: GatewayIntents) -> Bot {
        Bot::with_token(discord, &discord.token(), intents).await
    }

    /// Starts one with this token.
    pub async fn with_token(discord: &Discord, token: &str, intents: GatewayIntents) -> Bot {
        let http = http_with(discord, token);
        let builder = serenity::client::ClientBuilder::new_with_http(http, intents);
        let mut client = builder.event_handler(Handler).await.expect("a client can be built");
        let shards = client.shard_manager.clone();
        let task = Some(tokio::spawn(async move { client.start().await }));
        Bot { shards, task }
    }

    /// How it ended.
    pub async fn ended(mut self) -> serenity::Result<()> {
        let task = self.task.take().expect("it was started");
        task.await.expect("it does not panic")
    }
}

/// serenity's client for requests, pointed to the server.
pub fn http(discord: &Discord) -> Http {
    http_with(discord, &discord.token())
}

fn http_with(discord: &Discord, token: &str) -> Http {
    let builder = HttpBuilder::new(token).proxy(discord.base_url()).ratelimiter_disabled(true);
    builder.application_id(discord.application().into()).build()
}

/// Nobody is to be rung.
pub fn quiet() -> CreateAllowedMentions {
    CreateAllowedMentions::new()
}

struct Handler;

#[serenity::async_trait]
impl EventHandler for Handler {
    async fn ready(&self, ctx: Context, _ready: Ready) {
        let commands =
            vec![ticket(), CreateCommand::new("Créer un ticket").kind(serenity::all::CommandType::Message)];
        Command::set_global_commands(&ctx.http, commands).await.expect("the commands are taken");
    }

    async fn interaction_create(&self, ctx: Context, interaction: Interaction) {
        // What the server refuses shows on the server, which the test looks at.
        let _ = match interaction {
            Interaction::Command(command) => run(&ctx, &command).await,
            Interaction::Autocomplete(command) => {
                let typed =
                    command.data.autocomplete().map(|option| option.value.to_owned()).unwrap_or_default();
                let choices = CreateAutocompleteResponse::new().add_string_choice(format!("#1 {typed}"), "1");
                command.create_response(&ctx.http, CreateInteractionResponse::Autocomplete(choices)).await
            }
            Interaction::Component(component) => pressed(&ctx, &component).await,
            Interaction::Modal(modal) => submitted(&ctx, &modal).await,
            _ => Ok(()),
        };
    }

    async fn message(&self, ctx: Context, message: Message) {
        if message.author.bot || message.guild_id.is_none() || !message.content.contains("au secours") {
            return;
        }
        let made =
            message.channel_id.create_thread_from_message(&ctx.http, message.id, CreateThread::new("#1"));
        let thread = made.await.expect("the thread can be made");
        let said = CreateMessage::new()
            .content("On arrive.")
            .allowed_mentions(quiet())
            .nonce(serenity::all::Nonce::String("n-1".into()))
            .enforce_nonce(true)
            .add_file(CreateAttachment::bytes(b"bonjour".as_slice(), "reçu.txt"));
        thread.send_message(&ctx.http, said).await.expect("the message is taken");
    }
}

fn ticket() -> CreateCommand {
    let sub = |name: &str| {
        CreateCommandOption::new(CommandOptionType::SubCommand, name, "Faire").name_localized("fr", name)
    };
    let number = || {
        CreateCommandOption::new(CommandOptionType::Integer, "ticket", "Le numéro")
            .required(true)
            .min_int_value(1)
    };
    let to = CreateCommandOption::new(CommandOptionType::String, "to", "Le statut")
        .required(true)
        .add_string_choice("Résolu", "resolved")
        .add_string_choice("Fermé", "closed");
    let searched = CreateCommandOption::new(CommandOptionType::String, "ticket", "Le ticket")
        .required(true)
        .set_autocomplete(true);
    CreateCommand::new("ticket")
        .description("Les tickets")
        .add_option(sub("status").add_sub_option(number()).add_sub_option(to))
        .add_option(sub("show").add_sub_option(searched))
        .add_option(sub("new"))
        .add_option(sub("slow"))
        .add_option(sub("mute"))
}

fn said(text: impl Into<String>) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new().content(text).allowed_mentions(quiet())
}

async fn run(ctx: &Context, command: &CommandInteraction) -> serenity::Result<()> {
    if command.data.kind == serenity::all::CommandType::Message {
        let chosen =
            command.data.resolved.messages.values().next().map(|m| m.content.clone()).unwrap_or_default();
        let answer = CreateInteractionResponse::Message(said(format!("Ticket : {chosen}")).ephemeral(true));
        return command.create_response(&ctx.http, answer).await;
    }
    let Some(sub) = command.data.options.first() else { return Ok(()) };
    match sub.name.as_str() {
        "new" => {
            let input = |id: &str, label: &str, style| {
                CreateActionRow::InputText(CreateInputText::new(style, label, id))
            };
            let modal = CreateModal::new("new", "Nouveau ticket").components(vec![
                input("subject", "Sujet", InputTextStyle::Short),
                input("body", "Message", InputTextStyle::Paragraph),
            ]);
            command.create_response(&ctx.http, CreateInteractionResponse::Modal(modal)).await
        }
        "slow" => {
            command.defer_ephemeral(&ctx.http).await?;
            let edit = EditInteractionResponse::new().content("Voilà.").allowed_mentions(quiet());
            command.edit_response(&ctx.http, edit).await?;
            let more = CreateInteractionResponseFollowup::new()
                .content("Et encore.")
                .allowed_mentions(quiet())
                .add_file(CreateAttachment::bytes(b"1;2".as_slice(), "tickets.csv"));
            command.create_followup(&ctx.http, more).await?;
            Ok(())
        }
        "mute" => Ok(()),
        "show" => {
            let answer = CreateInteractionResponse::Message(said("Ticket 1").components(card()).embed(
                CreateEmbed::new().title("#1 Cote").description("Bonjour").field("Statut", "Nouveau", true),
            ));
            command.create_response(&ctx.http, answer).await
        }
        _ => {
            let answer = CreateInteractionResponse::Message(said(format!("{:?}", sub.value)).ephemeral(true));
            command.create_response(&ctx.http, answer).await
        }
    }
}

fn card() -> Vec<CreateActionRow> {
    let option = |label: &str, value: &str| CreateSelectMenuOption::new(label, value);
    let options = vec![option("Résolu", "resolved"), option("Fermé", "closed")];
    vec![
        CreateActionRow::Buttons(vec![
            CreateButton::new("take:1").label("Prendre").style(ButtonStyle::Success),
            CreateButton::new("reply:1").label("Répondre"),
            CreateButton::new("gone:1").label("Fermer").disabled(true),
        ]),
        CreateActionRow::SelectMenu(
            CreateSelectMenu::new("status:1", CreateSelectMenuKind::String { options }).placeholder("Statut"),
        ),
    ]
}

async fn pressed(ctx: &Context, component: &ComponentInteraction) -> serenity::Result<()> {
    match component.data.custom_id.as_str() {
        "take:1" => {
            let edit = said("Pris.").components(Vec::new());
            component.create_response(&ctx.http, CreateInteractionResponse::UpdateMessage(edit)).await
        }
        "reply:1" => {
            let text = CreateInputText::new(InputTextStyle::Paragraph, "Réponse", "text").value("Bonjour,");
            let modal =
                CreateModal::new("reply:1", "Répondre").components(vec![CreateActionRow::InputText(text)]);
            component.create_response(&ctx.http, CreateInteractionResponse::Modal(modal)).await
        }
        _ => {
            component.defer(&ctx.http).await?;
            let serenity::all::ComponentInteractionDataKind::StringSelect { values } = &component.data.kind
            else {
                return Ok(());
            };
            let edit = EditInteractionResponse::new().content(values.join(",")).allowed_mentions(quiet());
            component.edit_response(&ctx.http, edit).await.map(drop)
        }
    }
}

async fn submitted(ctx: &Context, modal: &ModalInteraction) -> serenity::Result<()> {
    let mut texts = Vec::new();
    for row in &modal.data.components {
        if let Some(serenity::all::ActionRowComponent::InputText(input)) = row.components.first() {
            texts.push(input.value.clone().unwrap_or_default());
        }
    }
    let message = said(texts.join(" | ")).ephemeral(true);
    modal.create_response(&ctx.http, CreateInteractionResponse::Message(message)).await
}
