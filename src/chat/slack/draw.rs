//! A sheet as a message, an answer, a form or a page of Slack: in rich text, where nothing that somebody wrote is markup,
//! within Slack's limits, calling nobody but whom we name.

pub mod text;

use crate::chat::colour;
use crate::chat::text::{cut, fit_pieces, holds, plain};
use crate::desk::mend::BARE;
use crate::domain::chat::Platform;
use crate::domain::hex::hex;
use crate::view::sheet::{Button, Call, Choice, Field, File, Form, Menu, Piece, Row, Sheet, Tone};
use crate::wording;
use crate::wording::chat::excerpt;
use serde_json::{Value, json};

/// Slack's limits, in characters, with room to spare.
const HEADER: usize = 150;
const BODY: usize = 2900;
const FACT: usize = 600;
const FACTS: usize = 3000;
const BUTTON: usize = 75;
const OPTION: usize = 75;
const PLACEHOLDER: usize = 150;
const VALUE: usize = 150;
const LABEL: usize = 200;
const TITLE: usize = 24;
const FALLBACK: usize = 1500;
/// How much of the text of a file an answer shows in place, piece by piece: files cannot be shown to one reader alone.
const PIECES: usize = 3;
const PIECE: usize = 2800;
/// The most buttons of a row.
const BUTTONS: usize = 25;
/// The most choices of a menu.
const CHOICES: usize = 100;
/// Said where there is nothing to say: Slack takes no empty text.
const NOTHING: &str = "…";

/// A message ready for any of Slack's calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    fallback: String,
    blocks: Vec<Value>,
    /// Blocks behind a bar of this colour.
    barred: Option<(String, Vec<Value>)>,
    /// Texts that are posted as files beside it.
    pub texts: Vec<(String, String)>,
}

/// What a sheet for a channel names of the workspace.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The user group that a call of the leads names.
    pub leads: Option<String>,
    /// Where the workspace is seen in a browser, with a slash at its end; empty where Slack did not say.
    pub workspace: String,
}

/// Draws a sheet for a channel.
pub fn draw(sheet: &Sheet, names: &Names) -> Drawn {
    let mut files: Vec<(String, String)> =
        texts(sheet).map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let (body, is_cut) = fit_pieces(&sheet.body, BODY);
    if is_cut && !holds(&files, &sheet.body) {
        files.push(("texte.txt".to_owned(), plain(&sheet.body)));
    }
    Drawn { texts: files, ..drawn(sheet, &body, Vec::new(), names) }
}

/// Draws a sheet for one reader, who gets no files: what would be in one stands in place. What is longer than even that
/// is cut, and said to be.
pub fn answer(sheet: &Sheet) -> Drawn {
    let whole: Vec<&str> = texts(sheet).map(|(_, text)| text.trim()).collect();
    // The whole text stands in the place of its beginning.
    let body = if whole.is_empty() || sheet.body.len() > 1 { sheet.body.as_slice() } else { &[] };
    let mut pieces = Vec::new();
    let mut room = PIECES;
    for text in whole {
        let mut left = text;
        while !left.is_empty() && room > 0 {
            let (piece, rest) = split(left, PIECE);
            pieces.push(preformatted(piece));
            left = rest;
            room -= 1;
        }
        if !left.is_empty() {
            pieces.push(context(wording::chat::goes_on()));
        }
    }
    drawn(sheet, &fit_pieces(body, BODY).0, pieces, &Names::default())
}

/// The beginning of a text in at most so many characters, whole lines where that is possible, and the rest.
fn split(text: &str, most: usize) -> (&str, &str) {
    let Some((end, _)) = text.char_indices().nth(most) else { return (text, "") };
    let end = text[..end].rfind('\n').filter(|at| *at > 0).unwrap_or(end);
    (&text[..end], text[end..].trim_start_matches('\n'))
}

fn texts(sheet: &Sheet) -> impl Iterator<Item = (&str, &str)> {
    sheet.files.iter().filter_map(|file| match file {
        File::Text { name, text } => Some((name.as_str(), text.as_str())),
        File::Part { .. } | File::Drawing { .. } => None,
    })
}

/// `more` stands between what the sheet says and what can be pressed.
fn drawn(sheet: &Sheet, body: &[Piece], more: Vec<Value>, names: &Names) -> Drawn {
    let mut blocks = Vec::new();
    let mut below = Vec::new();
    if let Some(title) =
        sheet.title.as_deref().map(|title| excerpt(title, HEADER)).filter(|title| !title.is_empty())
    {
        blocks.push(json!({ "type": "header", "text": letters(&title) }));
    }
    below.extend(rich(body, call(sheet.calls.as_ref(), names.leads.as_deref()), names));
    below.extend(more);
    below.extend(facts(&sheet.facts));
    if let Some(link) = sheet.link.as_deref().filter(|link| link.starts_with("http")) {
        below.push(json!({
            "type": "rich_text",
            "elements": [{
                "type": "rich_text_section",
                "elements": [{ "type": "link", "url": link, "text": wording::chat::open_page() }],
            }],
        }));
    }
    if let Some(footer) = sheet.footer.as_deref().filter(|footer| !footer.trim().is_empty()) {
        below.push(context(footer));
    }
    below.extend(sheet.rows.iter().filter_map(row));
    let fallback = fallback(sheet, body);
    if blocks.is_empty() && below.is_empty() {
        below.push(context(NOTHING));
    }
    match sheet.accent.filter(|_| !blocks.is_empty() && !below.is_empty()) {
        Some(status) => {
            let bar = format!("#{:06x}", colour(status));
            Drawn { fallback, blocks, barred: Some((bar, below)), texts: Vec::new() }
        }
        None => {
            blocks.extend(below);
            Drawn { fallback, blocks, barred: None, texts: Vec::new() }
        }
    }
}

/// What a notification shows, and a client that knows no blocks.
fn fallback(sheet: &Sheet, body: &[Piece]) -> String {
    let text = match &sheet.title {
        Some(title) => title.clone(),
        None => plain(body),
    };
    let (text, _) = cut(text, FALLBACK);
    // It is read as markup where it is read at all.
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if text.trim().is_empty() { NOTHING.to_owned() } else { text }
}

impl Drawn {
    /// A digest of what it shows, so that the same is not sent again.
    pub fn digest(&self) -> String {
        let shown = json!([self.fallback, self.blocks, self.barred, self.texts]).to_string();
        hex(&ring::digest::digest(&ring::digest::SHA256, shown.as_bytes()).as_ref()[..8])
    }

    /// The same, known to stand without its files yet.
    pub fn bare_digest(&self) -> String {
        format!("{}{BARE}", self.digest())
    }

    /// The arguments that say what a message shows.
    pub fn message(&self) -> Value {
        let attachments: Vec<Value> = self
            .barred
            .iter()
            .map(|(colour, blocks)| json!({ "color": colour, "fallback": self.fallback, "blocks": blocks }))
            .collect();
        json!({
            "text": self.fallback,
            "blocks": self.blocks,
            "attachments": attachments,
        })
    }

    /// The same to be posted: what a stranger links to is not fetched and shown.
    pub fn posted(&self) -> Value {
        let mut message = self.message();
        message["mrkdwn"] = json!(false);
        message["unfurl_links"] = json!(false);
        message["unfurl_media"] = json!(false);
        message
    }

    /// All of its blocks, where there is no bar of a colour: in a window, on a page.
    pub fn flat(&self) -> Vec<Value> {
        let barred = self.barred.iter().flat_map(|(_, blocks)| blocks.iter().cloned());
        self.blocks.iter().cloned().chain(barred).collect()
    }

    /// What shows it beside a link.
    pub fn unfurl(&self) -> Value {
        match &self.barred {
            Some((colour, _)) => json!({ "color": colour, "blocks": self.flat() }),
            None => json!({ "blocks": self.flat() }),
        }
    }
}

/// Text in which nothing is markup.
fn letters(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

fn label(text: &str, most: usize) -> Value {
    let label = excerpt(text, most);
    letters(if label.is_empty() { NOTHING } else { &label })
}

fn context(text: &str) -> Value {
    json!({ "type": "context", "elements": [label(text, 1900)] })
}

fn preformatted(text: &str) -> Value {
    let element = json!({ "type": "rich_text_preformatted", "elements": [text::styled(text, None)] });
    json!({ "type": "rich_text", "elements": [element] })
}

/// The body; whoever is called stands before it.
fn rich(body: &[Piece], call: Option<Value>, names: &Names) -> Option<Value> {
    let called = call.map(|call| json!({ "type": "rich_text_section", "elements": [call] }));
    let elements: Vec<Value> = called
        .into_iter()
        .chain(body.iter().filter_map(|piece| text::piece(piece, &names.workspace)))
        .collect();
    (!elements.is_empty()).then(|| json!({ "type": "rich_text", "elements": elements }))
}

fn call(call: Option<&Call>, leads: Option<&str>) -> Option<Value> {
    match (call?, leads) {
        (Call::Person(account), _) if !account.is_empty() => {
            Some(json!({ "type": "user", "user_id": account }))
        }
        (Call::Leads, Some(group)) => Some(json!({ "type": "usergroup", "usergroup_id": group })),
        _ => None,
    }
}

/// Each fact on a line of its own, its name in bold.
fn facts(facts: &[(String, String)]) -> Option<Value> {
    let mut room = FACTS;
    let mut lines = Vec::new();
    for (name, value) in
        facts.iter().filter(|(name, value)| !(name.trim().is_empty() || value.trim().is_empty()))
    {
        let (name, value) =
            (format!("{}\u{a0}: ", excerpt(name, 100)), format!("{}\n", excerpt(value, FACT)));
        room = room.saturating_sub(name.chars().count() + value.chars().count());
        if room == 0 {
            break;
        }
        lines.extend([text::styled(&name, Some("bold")), text::styled(&value, None)]);
    }
    let section = json!({ "type": "rich_text_section", "elements": lines });
    (!lines.is_empty()).then(|| json!({ "type": "rich_text", "elements": [section] }))
}

/// `None` for a row with nothing in it, which Slack refuses.
fn row(row: &Row) -> Option<Value> {
    let elements: Vec<Value> = match row {
        Row::Buttons(buttons) => buttons.iter().take(BUTTONS).map(button).collect(),
        Row::Menu(menu) if menu.choices.is_empty() => Vec::new(),
        Row::Menu(menu) => vec![select(menu)],
    };
    (!elements.is_empty()).then(|| json!({ "type": "actions", "elements": elements }))
}

fn button(button: &Button) -> Value {
    let mut drawn = json!({
        "type": "button",
        "action_id": button.press.encode(),
        "text": label(&button.label, BUTTON),
    });
    match button.tone {
        Tone::Plain => {}
        Tone::Primary | Tone::Success => drawn["style"] = json!("primary"),
        Tone::Danger => drawn["style"] = json!("danger"),
    }
    drawn
}

fn select(menu: &Menu) -> Value {
    let options: Vec<Value> = menu.choices.iter().take(CHOICES).map(option).collect();
    let mut drawn = json!({
        "type": "static_select",
        "action_id": menu.press.encode(),
        "placeholder": label(&menu.placeholder, PLACEHOLDER),
    });
    if let Some(at) = menu.choices.iter().take(CHOICES).position(|choice| choice.is_chosen) {
        drawn["initial_option"] = options[at].clone();
    }
    drawn["options"] = Value::Array(options);
    drawn
}

fn option(choice: &Choice) -> Value {
    let value: String = choice.value.chars().take(VALUE).collect();
    let mut drawn = json!({ "text": label(&choice.label, OPTION), "value": value });
    if let Some(note) = choice.note.as_deref().filter(|note| !note.trim().is_empty()) {
        drawn["description"] = label(note, OPTION);
    }
    drawn
}

/// A form as a window. `metadata` comes back with it.
pub fn window(form: &Form, metadata: &str) -> Value {
    json!({
        "type": "modal",
        "callback_id": form.press.encode(),
        "title": label(&form.title, TITLE),
        "submit": letters(wording::chat::SUBMIT),
        "close": letters(wording::chat::CLOSE),
        "private_metadata": metadata,
        "blocks": form.fields.iter().flat_map(inputs).take(50).collect::<Vec<_>>(),
    })
}

/// A sheet in a window of its own, where there is no message to say it in.
pub fn shown_window(sheet: &Sheet, metadata: &str) -> Value {
    let title = sheet.title.as_deref().unwrap_or(wording::chat::WINDOW);
    json!({
        "type": "modal",
        "callback_id": "shown",
        "title": label(title, TITLE),
        "close": letters(wording::chat::CLOSE),
        "private_metadata": metadata,
        "blocks": answer(sheet).flat().into_iter().take(100).collect::<Vec<_>>(),
    })
}

/// A field; a long text in as many as it takes.
fn inputs(field: &Field) -> Vec<Value> {
    if !field.is_long {
        return vec![input(field, &field.key, field.value.chars().take(LINE).collect())];
    }
    let mut left: String = field.value.chars().take(Platform::Slack.longest_field()).collect();
    let (mut drawn, mut before) = (Vec::new(), 0);
    while !left.is_empty() || drawn.is_empty() {
        let (part, joint, rest) = portion(&left, FIELD);
        let key = match drawn.len() {
            0 => field.key.clone(),
            at => format!("{}{PART}{at:02}{PART}{before}", field.key),
        };
        drawn.push(input(field, &key, part.to_owned()));
        (before, left) = (joint, rest.to_owned());
    }
    drawn
}

fn input(field: &Field, key: &str, value: String) -> Value {
    let mut element = json!({
        "type": "plain_text_input",
        "action_id": "value",
        "multiline": field.is_long,
        "max_length": if field.is_long { TYPED } else { LINE },
    });
    if !value.is_empty() {
        element["initial_value"] = json!(value);
    }
    json!({
        "type": "input",
        "block_id": key,
        "optional": !field.is_required || key != field.key,
        "label": label(&field.label, LABEL),
        "element": element,
    })
}

/// What was typed into the fields of a form, by their keys: parts of one text together, in their order.
pub fn fields(values: &Value) -> Vec<(String, String)> {
    let mut parts: Vec<(&String, &str)> = values
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key, value["value"]["value"].as_str().unwrap_or_default()))
        .collect();
    parts.sort();
    let mut fields: Vec<(String, String)> = Vec::new();
    for (key, value) in parts {
        match (key.split_once(PART), fields.last_mut()) {
            (Some((of, part)), Some((field, text))) if field == of => {
                let joint = part.split_once(PART).and_then(|(_, joint)| joint.parse().ok()).unwrap_or(1);
                text.push_str(&"\n".repeat(joint));
                text.push_str(value);
            }
            _ => fields.push((key.clone(), value.to_owned())),
        }
    }
    fields
}

/// The beginning of a text that fits into `most` characters, how many line ends stand behind it, and the rest: cut at a
/// line's end where there is one, else between words.
fn portion(text: &str, most: usize) -> (&str, usize, &str) {
    let Some((end, _)) = text.char_indices().nth(most) else { return (text, 0, "") };
    let Some(end) = text[..end].rfind('\n').filter(|at| *at > 0) else {
        let word = text[..end].rfind(' ').map_or(end, |space| space + 1);
        return (&text[..word], 0, &text[word..]);
    };
    let kept = text[..end].trim_end_matches('\n');
    let rest = text[end..].trim_start_matches('\n');
    (kept, text.len() - kept.len() - rest.len(), rest)
}

/// The most characters that a line and a long field take, and how many of a longer text one field begins with: fewer,
/// since Slack does not say how it counts.
const LINE: usize = 250;
const TYPED: usize = 3000;
const FIELD: usize = 2800;
/// Stands between the key of a field and the number of its part.
const PART: char = '~';

#[cfg(test)]
mod tests;
