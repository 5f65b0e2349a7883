//! A sheet as a message of Discord: escaped, within its limits, calling nobody but whom we name.

use crate::desk::mend::BARE;
use crate::domain::chat::Place;
use crate::domain::hex::hex;
use crate::domain::ticket::Status;
use crate::view::press::Press;
use crate::view::sheet::{Button, Call, Field, File, Form, MOST_IN_FORM, Menu, Piece, Row, Sheet, Tone};
use crate::wording;
use crate::wording::chat::excerpt;
use serenity::all::{
    ButtonStyle, CreateActionRow, CreateAllowedMentions, CreateAttachment, CreateButton, CreateEmbed,
    CreateEmbedFooter, CreateInputText, CreateInteractionResponseMessage, CreateMessage, CreateModal,
    CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption, EditInteractionResponse, EditMessage,
    InputTextStyle, MessageFlags, RoleId, UserId,
};

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
/// What is so short stands before any cut.
const SHORT: usize = 200;
const LABEL: usize = 80;
const CHOICE: usize = 100;
const INPUT: usize = MOST_IN_FORM;

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
            File::Part { .. } => None,
        })
        .collect();
    let (call, calls) = called(sheet.calls.as_ref(), leads);
    let is_plain = is_plain(sheet);
    let room = if is_plain { CONTENT.saturating_sub(call.chars().count() + 1) } else { DESCRIPTION };
    let (body, is_cut) = fit(sheet.body.iter().map(piece).collect(), room);
    if is_cut && !holds(&texts, &sheet.body) {
        texts.push(("texte.txt".to_owned(), plain(&sheet.body)));
    }
    let rows = sheet.rows.iter().take(5).map(row).collect();
    if is_plain {
        let content = [call, body].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        return Drawn { content, embed: None, rows, texts, calls, is_bare: false };
    }
    let mut embed = CreateEmbed::new();
    let mut used = body.chars().count();
    if let Some(status) = sheet.accent {
        embed = embed.colour(colour(status));
    }
    if let Some(title) = &sheet.title {
        let title = excerpt(&escaped(title), TITLE);
        used += title.chars().count();
        embed = embed.title(title);
        if let Some(link) = sheet.link.as_deref().filter(|link| is_public(link)) {
            embed = embed.url(link);
        }
    }
    if !body.is_empty() {
        embed = embed.description(body);
    }
    for (name, value) in sheet.facts.iter().take(FACTS) {
        let name = excerpt(&escaped(name), FACT_NAME);
        let left = EMBED.saturating_sub(used + name.chars().count());
        let value = excerpt(&escaped(value), FACT.min(left));
        if value.is_empty() || left < 2 {
            continue;
        }
        used += name.chars().count() + value.chars().count();
        embed = embed.field(name, value.clone(), value.chars().count() <= 40);
    }
    if let Some(footer) = &sheet.footer {
        let left = EMBED.saturating_sub(used);
        let footer = excerpt(footer, FOOTER.min(left));
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

    /// The same, leading to a thread that does not hang on it.
    pub fn beside(mut self, thread: &str) -> Drawn {
        self.content = format!("<#{thread}> {}", self.content).trim_end().to_owned();
        self
    }

    /// To be posted, with files of mails beside its own.
    pub fn message(self, parts: Vec<CreateAttachment>) -> CreateMessage {
        let files = text_files(&self.texts).chain(parts);
        let mut message =
            CreateMessage::new().allowed_mentions(self.calls).components(self.rows).add_files(files.take(10));
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
        let mut edit = EditMessage::new();
        if was.drawn.ends_with(BARE) && !self.is_bare {
            for file in text_files(&self.texts).take(10) {
                edit = edit.new_attachment(file);
            }
        }
        edit.content(self.content)
            .embeds(self.embed.into_iter().collect())
            .components(self.rows)
            .allowed_mentions(self.calls)
    }

    /// To answer somebody alone.
    pub fn response(self) -> CreateInteractionResponseMessage {
        CreateInteractionResponseMessage::new()
            .ephemeral(true)
            .add_files(text_files(&self.texts))
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
        for file in text_files(&self.texts) {
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

fn row(row: &Row) -> CreateActionRow {
    match row {
        Row::Buttons(buttons) => CreateActionRow::Buttons(buttons.iter().take(5).map(draw_button).collect()),
        Row::Menu(menu) => CreateActionRow::SelectMenu(select(menu)),
    }
}

fn draw_button(button: &Button) -> CreateButton {
    let style = match button.tone {
        Tone::Plain => ButtonStyle::Secondary,
        Tone::Primary => ButtonStyle::Primary,
        Tone::Success => ButtonStyle::Success,
        Tone::Danger => ButtonStyle::Danger,
    };
    CreateButton::new(button.press.encode()).label(excerpt(&button.label, LABEL)).style(style)
}

fn select(menu: &Menu) -> CreateSelectMenu {
    let options = menu.choices.iter().take(25).map(|choice| {
        let mut option =
            CreateSelectMenuOption::new(excerpt(&choice.label, CHOICE), excerpt(&choice.value, CHOICE))
                .default_selection(choice.is_chosen);
        if let Some(note) = &choice.note {
            option = option.description(excerpt(note, CHOICE));
        }
        option
    });
    CreateSelectMenu::new(menu.press.encode(), CreateSelectMenuKind::String { options: options.collect() })
        .placeholder(excerpt(&menu.placeholder, 150))
}

/// The button of an undone or undoable act that is over, taken off what can be pressed.
pub fn without_undo(sheet: &Sheet) -> Sheet {
    let mut sheet = sheet.clone();
    for row in &mut sheet.rows {
        if let Row::Buttons(buttons) = row {
            buttons.retain(|button| !matches!(button.press, Press::Undo(_)));
        }
    }
    sheet.rows.retain(|row| !matches!(row, Row::Buttons(buttons) if buttons.is_empty()));
    sheet
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

/// The colours of the guide's five statuses: 🔵 🟡 🟠 🟢 ⚫.
fn colour(status: Status) -> u32 {
    match status {
        Status::New => 0x3b82f6,
        Status::InProgress => 0xeab308,
        Status::WaitingCustomer => 0xf97316,
        Status::Resolved => 0x22c55e,
        Status::Closed => 0x1f2937,
    }
}

/// Discord refuses the whole message for a link that is none to it.
fn is_public(link: &str) -> bool {
    let host = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    host.and_then(|rest| rest.split(['/', ':']).next()).is_some_and(|host| host.contains('.'))
}

fn piece(piece: &Piece) -> String {
    let lines = |text: &str, before: &str| {
        text.trim_end()
            .lines()
            .map(|line| format!("{before}{}", escaped(line)))
            .collect::<Vec<_>>()
            .join("\n")
    };
    match piece {
        Piece::Words(text) => lines(text, ""),
        Piece::Quote(text) => lines(text, "> "),
        // Nothing is markup between fences but the fence itself.
        Piece::Table(text) => format!("```\n{}\n```", text.replace("```", "'''").trim_end()),
        Piece::Heading(text) => format!("**{}**", escaped(text)),
        Piece::Small(text) => lines(text, "-# "),
        Piece::Struck(text) => format!("~~{}~~", escaped(text)),
        Piece::Ago(at) => format!("<t:{}:R>", at.timestamp()),
    }
}

/// The same without markup, for a file.
fn plain(body: &[Piece]) -> String {
    let lines = body.iter().filter_map(|piece| match piece {
        Piece::Words(text)
        | Piece::Quote(text)
        | Piece::Table(text)
        | Piece::Heading(text)
        | Piece::Small(text)
        | Piece::Struck(text) => Some(text.as_str()),
        Piece::Ago(_) => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether the files beside a message hold all that it says: a text that was cut ends in « … ».
fn holds(texts: &[(String, String)], body: &[Piece]) -> bool {
    body.iter().all(|piece| match piece {
        Piece::Words(text) | Piece::Quote(text) | Piece::Table(text) => {
            let said = text.trim().trim_end_matches('…');
            texts.iter().any(|(_, whole)| whole.contains(said))
        }
        // Short of themselves: names, counts.
        Piece::Heading(text) | Piece::Small(text) | Piece::Struck(text) => text.chars().count() <= SHORT,
        Piece::Ago(_) => true,
    })
}

/// The pieces below each other in at most so many characters. The longest gives way first, so that what is said beside
/// a long text stands.
fn fit(mut pieces: Vec<String>, most: usize) -> (String, bool) {
    const LEAST: usize = 100;
    let mut is_cut = false;
    loop {
        let lengths: Vec<usize> = pieces.iter().map(|piece| piece.chars().count()).collect();
        let over = (lengths.iter().sum::<usize>() + lengths.len().saturating_sub(1)).saturating_sub(most);
        let longest = lengths.iter().enumerate().max_by_key(|(_, length)| **length);
        match longest {
            Some((at, &length)) if over > 0 && length > LEAST => {
                let left = length.saturating_sub(over).max(LEAST);
                (pieces[at], _) = cut(std::mem::take(&mut pieces[at]), left);
                is_cut = true;
            }
            _ => break,
        }
    }
    let (body, is_cut_again) = cut(pieces.join("\n"), most);
    (body, is_cut || is_cut_again)
}

/// At most so many characters; a fence that was opened is closed.
fn cut(text: String, most: usize) -> (String, bool) {
    if text.chars().count() <= most {
        return (text, false);
    }
    let mut head: String = text.chars().take(most.saturating_sub(6)).collect();
    while head.ends_with('\\') {
        head.pop();
    }
    head.push('…');
    if head.matches("```").count() % 2 == 1 {
        head.push_str("\n```");
    }
    (head, true)
}

/// Words as words: no markup, no mention, no timestamp, no link text. A command between backticks stays one.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut is_line_start = true;
    while let Some(c) = rest.chars().next() {
        if c == '`'
            && let Some(end) = rest[1..].find(['`', '\n'])
            && rest[1 + end..].starts_with('`')
            && (rest[1..].starts_with("/ticket ") || rest[1..].starts_with("guichet "))
        {
            out.push_str(&rest[..end + 2]);
            rest = &rest[end + 2..];
            is_line_start = false;
            continue;
        }
        match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '>' | '[' | ']' => out.extend(['\\', c]),
            '#' | '-' | '+' if is_line_start => out.extend(['\\', c]),
            // A space of no width: these call nobody, whatever else would fail. An address stays what can be copied.
            '@' if rest[1..].starts_with("everyone") || rest[1..].starts_with("here") => {
                out.push_str("@\u{200b}")
            }
            _ => out.push(c),
        }
        is_line_start = c == '\n' || (is_line_start && c.is_whitespace());
        rest = &rest[c.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_words_are_markup_or_call_anybody() {
        for (words, drawn) in [
            ("@everyone", "@\u{200b}everyone"),
            ("<@123> <@&4> <#5> <t:1:R>", "\\<@123\\> \\<@&4\\> \\<#5\\> \\<t:1:R\\>"),
            ("lea@client.example", "lea@client.example"),
            ("**gras** ~~non~~ ||caché|| `x`", "\\*\\*gras\\*\\* \\~\\~non\\~\\~ \\|\\|caché\\|\\| \\`x\\`"),
            ("# titre\n  - point", "\\# titre\n  \\- point"),
            ("[ici](https://mal.example)", "\\[ici\\](https://mal.example)"),
            ("écrivez `/ticket show 42`.", "écrivez `/ticket show 42`."),
            ("`/ticket show 42", "\\`/ticket show 42"),
            ("C'est - bien #1", "C'est - bien #1"),
        ] {
            assert_eq!(escaped(words), drawn);
        }
    }

    #[test]
    fn a_fence_in_a_table_does_not_end_it_and_a_cut_closes_it() {
        let drawn = draw(
            &Sheet { body: vec![Piece::Table("a```@everyone\n".repeat(400))], ..Sheet::default() },
            None,
        );
        assert!(drawn.content.chars().count() <= CONTENT);
        assert_eq!(drawn.content.matches("```").count(), 2);
        assert_eq!(drawn.texts.len(), 1, "the whole is beside it");
    }

    #[test]
    fn only_who_is_named_is_called() {
        let calls = |call, leads| {
            let sheet = Sheet { body: vec![Piece::Words("@here".into())], calls: call, ..Sheet::default() };
            let message = serde_json::to_value(draw(&sheet, leads).message(Vec::new())).unwrap();
            (message["content"].as_str().unwrap().to_owned(), message["allowed_mentions"].to_string())
        };
        let (content, mentions) = calls(None, None);
        assert_eq!(content, "@\u{200b}here");
        assert!(!mentions.contains("everyone") && mentions.contains("\"parse\":[]"), "{mentions}");
        let (content, mentions) = calls(Some(Call::Leads), Some(RoleId::new(9)));
        assert_eq!(content, "<@&9> @\u{200b}here");
        assert!(mentions.contains("\"roles\":[\"9\"]"), "{mentions}");
        let (content, _) = calls(Some(Call::Person("7".into())), None);
        assert_eq!(content, "<@7> @\u{200b}here");
    }

    #[test]
    fn the_largest_sheet_keeps_within_the_limits() {
        let long = "*".repeat(5000);
        let sheet = Sheet {
            accent: Some(Status::New),
            title: Some(long.clone()),
            link: Some("http://localhost:3000/x".into()),
            body: vec![Piece::Quote(long.clone())],
            facts: (0..40).map(|n| (format!("{n}{long}"), long.clone())).collect(),
            footer: Some(long.clone()),
            ..Sheet::default()
        };
        let embed = serde_json::to_value(draw(&sheet, None).embed).unwrap();
        let length = |value: &serde_json::Value| value.as_str().map_or(0, |text| text.chars().count());
        let facts = embed["fields"].as_array().unwrap();
        let mut all =
            length(&embed["title"]) + length(&embed["description"]) + length(&embed["footer"]["text"]);
        for fact in facts {
            assert!(
                (1..=256).contains(&length(&fact["name"])) && (1..=1024).contains(&length(&fact["value"]))
            );
            all += length(&fact["name"]) + length(&fact["value"]);
        }
        assert!(length(&embed["title"]) <= 256 && length(&embed["description"]) <= 4096 && facts.len() <= 25);
        assert!(all <= 6000, "{all}");
        assert!(embed.get("url").is_none_or(serde_json::Value::is_null), "Discord refuses it");
    }
}
