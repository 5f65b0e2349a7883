//! A sheet as a message of Discord: escaped, within its limits, calling nobody but whom we name.

mod text;

use crate::chat::colour;
use crate::chat::text::{cut, fit, holds, plain};
use crate::desk::mend::BARE;
use crate::domain::chat::{Place, Platform};
use crate::domain::hex::hex;
use crate::view::sheet::{Button, Call, Field, File, Form, Menu, Piece, Row, Sheet, Tone};
use crate::wording;
use crate::wording::chat::excerpt;
use serenity::all::{
    ButtonStyle, CreateActionRow, CreateAllowedMentions, CreateAttachment, CreateButton, CreateEmbed,
    CreateEmbedFooter, CreateInputText, CreateInteractionResponseMessage, CreateMessage, CreateModal,
    CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption, EditInteractionResponse, EditMessage,
    InputTextStyle, MessageFlags, RoleId, UserId,
};
use text::{escaped, inert, piece};

/// Discord's limits, in characters.
const CONTENT: usize = 2000;
const DESCRIPTION: usize = 4000;
const TITLE: usize = 256;
const FACT_NAME: usize = 256;
const FACT: usize = 1024;
const FACTS: usize = 20;
const FOOTER: usize = 1024;
/// All of an embed together, with room to spare under 6,000.
const EMBED: usize = 5800;
const LABEL: usize = 80;
const CHOICE: usize = 100;
const INPUT: usize = Platform::Discord.longest_field();
/// The most files of one message.
const MOST_FILES: usize = 10;
/// The most bytes of text in the files of one message: Discord takes 10 MiB, and pictures come beside them.
const TEXTS: usize = 5 << 20;
/// Said where there is nothing to say: Discord takes no empty message.
const NOTHING: &str = "…";

/// A message ready for any of Discord's calls.
#[derive(Debug, Clone)]
pub struct Drawn {
    content: String,
    embed: Option<CreateEmbed>,
    rows: Vec<CreateActionRow>,
    texts: Vec<(String, String)>,
    calls: CreateAllowedMentions,
    is_bare: bool,
}

/// Draws a sheet without what a channel does not let us post: what an embed would hold is plain text, and files stay
/// away until they may come. Nothing of it is lost: what is bare is drawn again.
pub fn draw_bare(sheet: &Sheet, leads: Option<RoleId>, embeds: bool, files: bool) -> Drawn {
    let mut drawn = if embeds { draw(sheet, leads) } else { draw(&flat(sheet), leads) };
    drawn.is_bare = !embeds && drawn.embed.is_none() && !is_plain(sheet);
    let has_files = !drawn.texts.is_empty() || !sheet.files.is_empty();
    if !files && has_files {
        let note = wording::chat::files_withheld();
        let (content, _) = cut(std::mem::take(&mut drawn.content), CONTENT - note.chars().count() - 4);
        drawn.content = format!("{content}\n-# {note}").trim_start().to_owned();
        drawn.texts.clear();
        drawn.is_bare = true;
    }
    drawn
}

fn is_plain(sheet: &Sheet) -> bool {
    sheet.title.is_none() && sheet.facts.is_empty() && sheet.footer.is_none()
}

/// All that an embed would hold, as pieces of text.
fn flat(sheet: &Sheet) -> Sheet {
    let facts = sheet.facts.iter().map(|(name, value)| Piece::Words(format!("{name}\u{a0}: {value}")));
    let mut body: Vec<Piece> = sheet.title.iter().cloned().map(Piece::Heading).collect();
    body.extend(sheet.body.iter().cloned());
    body.extend(facts);
    body.extend(sheet.footer.iter().cloned().map(Piece::Small));
    Sheet { title: None, link: None, facts: Vec::new(), footer: None, body, ..sheet.clone() }
}

/// Draws a sheet. `leads` is the role that a call of the leads names.
pub fn draw(sheet: &Sheet, leads: Option<RoleId>) -> Drawn {
    let mut texts: Vec<(String, String)> = sheet
        .files
        .iter()
        .filter_map(|file| match file {
            File::Text { name, text } => Some((name.clone(), text.clone())),
            File::Part { .. } | File::Drawing { .. } => None,
        })
        .collect();
    let (call, calls) = called(sheet.calls.as_ref(), leads);
    let is_plain = is_plain(sheet);
    let room = if is_plain { CONTENT.saturating_sub(call.chars().count() + 1) } else { DESCRIPTION };
    let (body, is_cut) = fit(sheet.body.iter().map(piece).collect(), room);
    if is_cut && !holds(&texts, &sheet.body) {
        texts.push(("texte.txt".to_owned(), plain(&sheet.body)));
    }
    let texts = bounded(texts);
    let rows = sheet.rows.iter().filter_map(row).take(5).collect();
    if is_plain {
        let content =
            [call, body].into_iter().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(" ");
        let content = if content.is_empty() { NOTHING.to_owned() } else { content };
        return Drawn { content, embed: None, rows, texts, calls, is_bare: false };
    }
    let mut embed = CreateEmbed::new();
    let mut used = body.chars().count();
    if let Some(status) = sheet.accent {
        embed = embed.colour(colour(status));
    }
    let title = sheet.title.as_ref().map(|title| excerpt(&escaped(title), TITLE));
    let title = title.filter(|title| !title.is_empty());
    // An embed must say something; a blank fact does not count.
    let title = title.or_else(|| body.trim().is_empty().then(|| NOTHING.to_owned()));
    if let Some(title) = title {
        used += title.chars().count();
        embed = embed.title(title);
        if let Some(link) = sheet.link.as_deref().filter(|link| is_public(link)) {
            embed = embed.url(link);
        }
    }
    if !body.trim().is_empty() {
        embed = embed.description(body);
    }
    for (name, value) in sheet.facts.iter().take(FACTS) {
        let name = excerpt(&escaped(name), FACT_NAME);
        let left = EMBED.saturating_sub(used + name.chars().count());
        let value = excerpt(&escaped(value), FACT.min(left));
        if name.is_empty() || value.is_empty() || left < 2 {
            continue;
        }
        used += name.chars().count() + value.chars().count();
        embed = embed.field(name, value.clone(), value.chars().count() <= 40);
    }
    if let Some(footer) = &sheet.footer {
        let left = EMBED.saturating_sub(used);
        // No markup is read there, and a mention calls nobody; but let it not look like one.
        let footer = excerpt(&inert(footer), FOOTER.min(left));
        if !footer.is_empty() && left > 1 {
            embed = embed.footer(CreateEmbedFooter::new(footer));
        }
    }
    Drawn { content: call, embed: Some(embed), rows, texts, calls, is_bare: false }
}

impl Drawn {
    /// A digest of what it shows, so that the same is not sent again.
    pub fn digest(&self) -> String {
        let shown = serde_json::json!([self.content, self.embed, self.rows, self.texts]).to_string();
        let digest = hex(&ring::digest::digest(&ring::digest::SHA256, shown.as_bytes()).as_ref()[..8]);
        if self.is_bare { format!("{digest}{BARE}") } else { digest }
    }

    /// How many bytes of text come in files.
    pub fn bytes_beside(&self) -> u64 {
        self.texts.iter().map(|(_, text)| text.len() as u64).sum()
    }

    /// Whether it is more than plain text.
    pub fn has_embed(&self) -> bool {
        self.embed.is_some()
    }

    /// The same, leading to a thread that does not hang on it.
    pub fn beside(mut self, thread: &str) -> Drawn {
        let way = format!("<#{thread}> ");
        let room = CONTENT - way.chars().count();
        let (content, _) = cut(std::mem::take(&mut self.content), room);
        self.content = format!("{way}{content}").trim_end().to_owned();
        self
    }

    /// To be posted, with files of mails beside its own.
    pub fn message(self, parts: Vec<CreateAttachment>) -> CreateMessage {
        let files = text_files(&self.texts).chain(parts);
        let mut message = CreateMessage::new()
            .allowed_mentions(self.calls)
            .components(self.rows)
            .add_files(files.take(MOST_FILES));
        if !self.content.is_empty() {
            message = message.content(self.content);
        }
        match self.embed {
            Some(embed) => message.embed(embed),
            // What a stranger links to is not fetched and shown.
            None => message.flags(MessageFlags::SUPPRESS_EMBEDS),
        }
    }

    /// To take the place of what was posted; its files stay, and those that were withheld then come.
    pub fn edit(self, was: &Place) -> EditMessage {
        let withheld = was.drawn.ends_with(BARE) && !self.is_bare;
        let files: Vec<CreateAttachment> =
            if withheld { text_files(&self.texts).take(MOST_FILES).collect() } else { Vec::new() };
        files.into_iter().fold(self.edit_answer(), EditMessage::new_attachment)
    }

    /// To take the place of an answer that everybody sees.
    pub fn edit_answer(self) -> EditMessage {
        EditMessage::new()
            .content(self.content)
            .embeds(self.embed.into_iter().collect())
            .components(self.rows)
            .allowed_mentions(self.calls)
    }

    /// To answer somebody alone.
    pub fn response(self) -> CreateInteractionResponseMessage {
        CreateInteractionResponseMessage::new()
            .ephemeral(true)
            .add_files(text_files(&self.texts).take(MOST_FILES))
            .content(self.content)
            .embeds(self.embed.into_iter().collect())
            .components(self.rows)
            .allowed_mentions(self.calls)
    }

    /// To answer somebody alone, once it was said that the answer comes later.
    pub fn late_response(self) -> EditInteractionResponse {
        let mut response = EditInteractionResponse::new()
            .content(self.content)
            .embeds(self.embed.into_iter().collect())
            .components(self.rows)
            .allowed_mentions(self.calls);
        for file in text_files(&self.texts).take(MOST_FILES) {
            response = response.new_attachment(file);
        }
        response
    }
}

fn text_files(texts: &[(String, String)]) -> impl Iterator<Item = CreateAttachment> {
    texts.iter().map(|(name, text)| CreateAttachment::bytes(text.clone().into_bytes(), name.clone()))
}

/// A form as a modal.
pub fn modal(form: &Form) -> CreateModal {
    let rows = form.fields.iter().take(5).map(|field| CreateActionRow::InputText(input(field)));
    CreateModal::new(form.press.encode(), excerpt(&form.title, 45)).components(rows.collect())
}

fn input(field: &Field) -> CreateInputText {
    let style = if field.is_long { InputTextStyle::Paragraph } else { InputTextStyle::Short };
    let longest = if field.is_long { INPUT } else { 250 };
    let mut input = CreateInputText::new(style, excerpt(&field.label, 45), field.key.clone())
        .required(field.is_required)
        .max_length(longest as u16);
    let value: String = field.value.chars().take(longest).collect();
    if !value.is_empty() {
        input = input.value(value);
    }
    input
}

/// `None` for a row with nothing in it, which Discord refuses.
fn row(row: &Row) -> Option<CreateActionRow> {
    match row {
        Row::Buttons(buttons) if buttons.is_empty() => None,
        Row::Menu(menu) if menu.choices.is_empty() => None,
        Row::Buttons(buttons) => {
            Some(CreateActionRow::Buttons(buttons.iter().take(5).map(draw_button).collect()))
        }
        Row::Menu(menu) => Some(CreateActionRow::SelectMenu(select(menu))),
    }
}

/// Text that is never empty.
fn label(text: &str, most: usize) -> String {
    let label = excerpt(text, most);
    if label.is_empty() { NOTHING.to_owned() } else { label }
}

/// Texts that go into the files of one message; the end of what does not is on the ticket's page.
fn bounded(texts: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut room = TEXTS;
    let bound = |(name, text): (String, String)| {
        let text = if text.len() <= room {
            text
        } else {
            format!("{}\n{}", &text[..text.floor_char_boundary(room)], wording::chat::goes_on())
        };
        room = room.saturating_sub(text.len());
        (name, text)
    };
    texts.into_iter().map(bound).collect()
}

fn draw_button(button: &Button) -> CreateButton {
    let style = match button.tone {
        Tone::Plain => ButtonStyle::Secondary,
        Tone::Primary => ButtonStyle::Primary,
        Tone::Success => ButtonStyle::Success,
        Tone::Danger => ButtonStyle::Danger,
    };
    CreateButton::new(button.press.encode()).label(label(&button.label, LABEL)).style(style)
}

fn select(menu: &Menu) -> CreateSelectMenu {
    let options = menu.choices.iter().take(25).map(|choice| {
        let mut option =
            CreateSelectMenuOption::new(label(&choice.label, CHOICE), label(&choice.value, CHOICE))
                .default_selection(choice.is_chosen);
        if let Some(note) = choice.note.as_ref().filter(|note| !note.trim().is_empty()) {
            option = option.description(excerpt(note, CHOICE));
        }
        option
    });
    CreateSelectMenu::new(menu.press.encode(), CreateSelectMenuKind::String { options: options.collect() })
        .placeholder(label(&menu.placeholder, 150))
}

fn called(call: Option<&Call>, leads: Option<RoleId>) -> (String, CreateAllowedMentions) {
    let nobody = CreateAllowedMentions::new().empty_users().empty_roles();
    match (call, leads) {
        (Some(Call::Person(account)), _) => match account.parse::<u64>() {
            Ok(id) if id > 0 => (format!("<@{id}>"), nobody.users([UserId::new(id)])),
            _ => (String::new(), nobody),
        },
        (Some(Call::Leads), Some(role)) => (format!("<@&{role}>"), nobody.roles([role])),
        (Some(Call::Leads), None) | (None, _) => (String::new(), nobody),
    }
}

/// Discord refuses the whole message for a link that is none to it.
fn is_public(link: &str) -> bool {
    let host = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    host.and_then(|rest| rest.split(['/', ':']).next()).is_some_and(|host| host.contains('.'))
}

#[cfg(test)]
mod tests;
