//! What came of something that somebody did: the bot's answer, as the person sees it, and what can be done with it.

use super::guild::{First, Id, Interaction, Message};
use super::interact;
use super::person::Person;
use super::rest_kinds::{COMPONENT, MODAL};
use super::{Discord, draw};
use serde_json::{Value, json};
use std::time::Duration;

/// Something done that the bot answers, or has answered.
#[derive(Clone)]
pub struct Reply {
    pub(super) discord: Discord,
    pub(super) person: Person,
    /// The interaction.
    pub interaction: Id,
}

/// A form that the bot opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modal {
    /// What it carries for the bot.
    pub custom_id: String,
    /// Its title.
    pub title: String,
    /// Its fields.
    pub inputs: Vec<Input>,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What it is for the bot.
    pub custom_id: String,
    /// What it is for people.
    pub label: String,
    /// What it begins with.
    pub value: String,
    /// What stands in it in grey.
    pub placeholder: String,
    /// Whether it has many lines.
    pub paragraph: bool,
    /// Whether it may not stay empty.
    pub required: bool,
    /// Least characters.
    pub min_length: u64,
    /// Most characters.
    pub max_length: u64,
}

impl Reply {
    /// The interaction as it is now.
    pub fn state(&self) -> Interaction {
        self.discord
            .read(|guild| guild.interaction(self.interaction).cloned())
            .expect("it is never forgotten")
    }

    /// Waits for the first answer.
    ///
    /// # Panics
    /// When there is none in time, with all the server knows; as all methods here that wait.
    pub async fn first(&self) -> First {
        let id = self.interaction;
        self.discord.wait("the first answer", |guild| guild.interaction(id)?.first.clone()).await
    }

    /// How long the first answer took, really.
    pub async fn elapsed(&self) -> Duration {
        self.first().await.elapsed
    }

    /// Waits for the message that answers, until it no longer says « … réfléchit ».
    pub async fn message(&self) -> Message {
        let first = self.first().await;
        let Some(id) = first.message else {
            panic!("the answer is of type {}, and no message:\n{}", first.kind, first.data)
        };
        self.discord
            .wait("the answer", |guild| Some(guild.messages.get(&id)?.clone()).filter(|m| !m.is_loading()))
            .await
    }

    /// The message that answers, drawn.
    pub async fn draw(&self) -> String {
        self.discord.draw(&self.message().await)
    }

    /// Whether only the person who asked sees the answer.
    pub async fn is_ephemeral(&self) -> bool {
        self.message().await.is_ephemeral()
    }

    /// Waits for so many further messages.
    pub async fn followups(&self, count: usize) -> Vec<Message> {
        let id = self.interaction;
        let all = |guild: &super::guild::Guild| {
            let ids = &guild.interaction(id)?.followups;
            let messages: Vec<Message> =
                ids.iter().filter_map(|id| guild.messages.get(id).cloned()).collect();
            (messages.len() >= count).then_some(messages)
        };
        self.discord.wait("the further messages", all).await
    }

    /// Waits for the form that the bot opens.
    pub async fn modal(&self) -> Modal {
        let first = self.first().await;
        assert_eq!(first.kind, 9, "the answer is no modal:\n{}", first.data);
        Modal::read(&first.data)
    }

    /// Waits for the choices of an autocomplete: name and value.
    pub async fn choices(&self) -> Vec<(String, Value)> {
        let first = self.first().await;
        assert_eq!(first.kind, 8, "the answer is no list of choices:\n{}", first.data);
        let name = |choice: &Value| choice["name"].as_str().unwrap_or_default().to_owned();
        let choices = first.data["choices"].as_array().cloned().unwrap_or_default();
        choices.iter().map(|choice| (name(choice), choice["value"].clone())).collect()
    }

    /// Presses a button of the answer, by its label, once it has one.
    pub async fn press(&self, label: &str) -> Reply {
        let message = self.with_component(|one| one["type"] == 2 && interact::label(one) == label).await;
        self.person.press(message, label)
    }

    /// Chooses in a select of the answer, once it has one: by placeholder or custom id, value or label.
    pub async fn choose(&self, select: &str, value: &str) -> Reply {
        let message = self.with_component(|one| interact::is_select(one, select)).await;
        self.person.choose(message, select, value)
    }

    /// Waits until the answer, or what was added to it, has such a component.
    async fn with_component(&self, wanted: impl Fn(&Value) -> bool) -> Id {
        let id = self.interaction;
        let find = |guild: &super::guild::Guild| {
            let interaction = guild.interaction(id)?;
            let first = interaction.first.as_ref()?.message;
            let mut ids = interaction.followups.iter().rev().copied().chain(first);
            ids.find(|id| {
                let message = guild.messages.get(id);
                message.is_some_and(|message| interact::components(message).any(|one| wanted(&one)))
            })
        };
        self.discord.wait("an answer with this component", find).await
    }

    /// Fills the form in, label by label, and sends it. Fields that are not named keep what they began with.
    ///
    /// # Panics
    /// When there is no such field, or a value that Discord does not let anybody send.
    pub async fn submit(&self, values: Value) -> Reply {
        let modal = self.modal().await;
        let given = values.as_object().expect("an object of label and value");
        for label in given.keys() {
            let known: Vec<&str> = modal.inputs.iter().map(|input| input.label.as_str()).collect();
            assert!(known.contains(&label.as_str()), "no field {label:?} in the form; there are {known:?}");
        }
        let rows: Vec<Value> = modal
            .inputs
            .iter()
            .map(|input| {
                let value = given.get(&input.label).map_or(Some(input.value.as_str()), Value::as_str);
                let value = value.expect("values of forms are strings");
                let length = value.chars().count() as u64;
                assert!(length > 0 || !input.required, "the field {:?} may not stay empty", input.label);
                assert!(
                    length == 0 || (input.min_length..=input.max_length).contains(&length),
                    "{length} characters in the field {:?}, which takes {} to {}",
                    input.label,
                    input.min_length,
                    input.max_length
                );
                json!({"type": 1, "components": [{"type": 4, "custom_id": input.custom_id, "value": value}]})
            })
            .collect();
        let opened = self.state();
        let message = opened.message.filter(|_| opened.kind == COMPONENT);
        let data = json!({"custom_id": modal.custom_id, "components": rows});
        self.person.interact(opened.channel, MODAL, data, message)
    }

    /// The gateway sends the same interaction once more, with the same id and token.
    pub fn again(&self) {
        self.discord.resend(self.interaction);
    }
}

impl Modal {
    fn read(data: &Value) -> Modal {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rows = data["components"].as_array().into_iter().flatten();
        let inputs =
            rows.flat_map(|row| row["components"].as_array().into_iter().flatten()).map(|input| Input {
                custom_id: text(&input["custom_id"]),
                label: text(&input["label"]),
                value: text(&input["value"]),
                placeholder: text(&input["placeholder"]),
                paragraph: input["style"] == 2,
                required: input["required"] != false,
                min_length: input["min_length"].as_u64().unwrap_or(0),
                max_length: input["max_length"].as_u64().unwrap_or(4000),
            });
        Modal { custom_id: text(&data["custom_id"]), title: text(&data["title"]), inputs: inputs.collect() }
    }

    /// The form as text.
    pub fn draw(&self) -> String {
        draw::modal(self)
    }
}
