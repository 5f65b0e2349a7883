//! What Slack takes of Block Kit, and what it refuses (its reference of blocks and elements). May import: nothing of ours.

use serde_json::Value;
use std::collections::HashSet;

/// Where blocks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// A message, or what hangs on it.
    Message,
    /// A window.
    Modal,
    /// The page of an app.
    Home,
}

/// Everything that is wrong with these blocks.
pub fn faults(blocks: &Value, surface: Surface) -> Vec<String> {
    let mut check = Check { faults: Vec::new(), ids: HashSet::new(), surface };
    let Some(blocks) = blocks.as_array() else { return vec!["blocks: no array".to_owned()] };
    let most = if surface == Surface::Message { 50 } else { 100 };
    if blocks.len() > most {
        check.fault(format!("{} blocks", blocks.len()));
    }
    for block in blocks {
        check.block(block);
    }
    check.faults
}

struct Check {
    faults: Vec<String>,
    ids: HashSet<String>,
    surface: Surface,
}

fn chars(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.encode_utf16().count())
}

fn each(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl Check {
    fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(what.into());
    }

    fn keys(&mut self, value: &Value, known: &[&str]) {
        let Some(fields) = value.as_object() else { return self.fault(format!("no object: {value}")) };
        for key in fields.keys().filter(|key| !known.contains(&key.as_str())) {
            self.fault(format!("unknown key {key} in {value}"));
        }
    }

    /// A text object, of at most so many characters.
    fn text(&mut self, value: &Value, most: usize, plain_only: bool) {
        let kind = value["type"].as_str().unwrap_or_default();
        match kind {
            "plain_text" => self.keys(value, &["type", "text", "emoji"]),
            "mrkdwn" if !plain_only => self.keys(value, &["type", "text", "verbatim"]),
            _ => return self.fault(format!("a text of type {kind}: {value}")),
        }
        let length = chars(&value["text"]);
        let is_blank = value["text"].as_str().is_none_or(|text| text.trim().is_empty());
        if is_blank || length > most {
            self.fault(format!("a text of {length} characters, 1 to {most} are taken"));
        }
    }

    fn id(&mut self, value: &Value, key: &str) {
        let id = &value[key];
        if !id.is_null() && (!(1..=255).contains(&chars(id))) {
            self.fault(format!("{key} {id}"));
        }
        if let Some(id) = id.as_str()
            && !self.ids.insert(format!("{key}:{id}"))
        {
            self.fault(format!("{key} {id} stands twice"));
        }
    }

    fn block(&mut self, block: &Value) {
        self.id(block, "block_id");
        match block["type"].as_str().unwrap_or_default() {
            "divider" => self.keys(block, &["type", "block_id"]),
            "header" => {
                self.keys(block, &["type", "block_id", "text"]);
                self.text(&block["text"], 150, true);
            }
            "section" => self.section(block),
            "context" => {
                self.keys(block, &["type", "block_id", "elements"]);
                self.count(block, "elements", 1, 10);
                for element in each(&block["elements"]) {
                    self.text(element, 2000, false);
                }
            }
            "actions" => {
                self.keys(block, &["type", "block_id", "elements"]);
                self.count(block, "elements", 1, 25);
                for element in each(&block["elements"]) {
                    self.element(element);
                }
            }
            "rich_text" => {
                self.keys(block, &["type", "block_id", "elements"]);
                self.count(block, "elements", 1, 100);
                for element in each(&block["elements"]) {
                    self.rich(element);
                }
            }
            "input" => self.input(block),
            other => self.fault(format!("unknown block {other}")),
        }
    }

    fn count(&mut self, value: &Value, key: &str, least: usize, most: usize) {
        let count = each(&value[key]).len();
        if !(least..=most).contains(&count) {
            self.fault(format!("{count} {key}, {least} to {most} are taken"));
        }
    }

    fn section(&mut self, block: &Value) {
        self.keys(block, &["type", "block_id", "text", "fields", "accessory", "expand"]);
        if block["text"].is_null() && block["fields"].is_null() {
            self.fault("a section that says nothing");
        }
        if !block["text"].is_null() {
            self.text(&block["text"], 3000, false);
        }
        if !block["fields"].is_null() {
            self.count(block, "fields", 1, 10);
            for field in each(&block["fields"]) {
                self.text(field, 2000, false);
            }
        }
        if !block["accessory"].is_null() {
            self.element(&block["accessory"]);
        }
    }

    fn element(&mut self, element: &Value) {
        self.id(element, "action_id");
        match element["type"].as_str().unwrap_or_default() {
            "button" => {
                let known =
                    ["type", "action_id", "text", "value", "url", "style", "confirm", "accessibility_label"];
                self.keys(element, &known);
                self.text(&element["text"], 75, true);
                if chars(&element["value"]) > 2000 || chars(&element["url"]) > 3000 {
                    self.fault("a value or an address too long");
                }
                self.style(element);
                self.confirm(&element["confirm"]);
            }
            "static_select" => {
                let known = [
                    "type",
                    "action_id",
                    "placeholder",
                    "options",
                    "initial_option",
                    "confirm",
                    "focus_on_load",
                ];
                self.keys(element, &known);
                self.placeholder(element);
                self.confirm(&element["confirm"]);
                self.count(element, "options", 1, 100);
                for option in each(&element["options"]) {
                    self.option(option);
                }
                let initial = &element["initial_option"];
                if !initial.is_null() && !each(&element["options"]).contains(initial) {
                    self.fault("initial_option is none of the options");
                }
            }
            other => self.fault(format!("unknown element {other}")),
        }
    }

    fn style(&mut self, value: &Value) {
        if !matches!(value["style"].as_str(), None | Some("primary" | "danger")) {
            self.fault(format!("style {}", value["style"]));
        }
    }

    fn placeholder(&mut self, element: &Value) {
        if !element["placeholder"].is_null() {
            self.text(&element["placeholder"], 150, true);
        }
    }

    /// What asks whether it was meant.
    fn confirm(&mut self, confirm: &Value) {
        if confirm.is_null() {
            return;
        }
        self.keys(confirm, &["title", "text", "confirm", "deny", "style"]);
        self.text(&confirm["title"], 100, true);
        self.text(&confirm["text"], 300, false);
        self.text(&confirm["confirm"], 30, true);
        self.text(&confirm["deny"], 30, true);
        self.style(confirm);
    }

    fn option(&mut self, option: &Value) {
        self.keys(option, &["text", "value", "description"]);
        self.text(&option["text"], 75, true);
        if !option["description"].is_null() {
            self.text(&option["description"], 75, true);
        }
        if !(1..=150).contains(&chars(&option["value"])) {
            self.fault(format!("an option's value {}", option["value"]));
        }
    }

    fn input(&mut self, block: &Value) {
        self.keys(block, &["type", "block_id", "label", "element", "hint", "optional", "dispatch_action"]);
        if self.surface != Surface::Modal {
            self.fault("an input outside a window");
        }
        self.text(&block["label"], 2000, true);
        if !block["hint"].is_null() {
            self.text(&block["hint"], 2000, true);
        }
        let element = &block["element"];
        self.id(element, "action_of_input");
        match element["type"].as_str().unwrap_or_default() {
            "plain_text_input" => {
                let known = [
                    "type",
                    "action_id",
                    "initial_value",
                    "multiline",
                    "min_length",
                    "max_length",
                    "placeholder",
                    "focus_on_load",
                ];
                self.keys(element, &known);
                self.placeholder(element);
                let most = element["max_length"].as_u64().unwrap_or(3000) as usize;
                if !(1..=3000).contains(&most) {
                    self.fault(format!("max_length {most}"));
                }
                if !element["initial_value"].is_null()
                    && !(1..=most).contains(&chars(&element["initial_value"]))
                {
                    self.fault("initial_value of none or too many characters");
                }
            }
            other => self.fault(format!("unknown input {other}")),
        }
    }

    fn rich(&mut self, element: &Value) {
        match element["type"].as_str().unwrap_or_default() {
            kind @ ("rich_text_section" | "rich_text_quote" | "rich_text_preformatted") => {
                self.keys(element, &["type", "elements", "border"]);
                if each(&element["elements"]).is_empty() {
                    self.fault(format!("an empty {kind}"));
                }
                for inside in each(&element["elements"]) {
                    self.rich_element(inside);
                }
            }
            other => self.fault(format!("unknown rich text {other}")),
        }
    }

    fn rich_element(&mut self, element: &Value) {
        let need = |key: &str| element[key].as_str().is_some_and(|text| !text.is_empty());
        let (known, is_well): (&[&str], bool) = match element["type"].as_str().unwrap_or_default() {
            "text" => (&["type", "text", "style"], need("text")),
            "link" => {
                (&["type", "url", "text", "style", "unsafe"], need("url") && chars(&element["url"]) <= 3000)
            }
            "user" => (&["type", "user_id", "style"], need("user_id")),
            "usergroup" => (&["type", "usergroup_id", "style"], need("usergroup_id")),
            "channel" => (&["type", "channel_id", "style"], need("channel_id")),
            "emoji" => (&["type", "name", "style"], need("name")),
            "date" => (
                &["type", "timestamp", "format", "fallback", "url"],
                element["timestamp"].is_i64() && need("format"),
            ),
            other => return self.fault(format!("unknown in rich text: {other}")),
        };
        self.keys(element, known);
        if !is_well {
            self.fault(format!("not whole: {element}"));
        }
        for style in element["style"].as_object().into_iter().flatten() {
            if !["bold", "italic", "strike", "code"].contains(&style.0.as_str()) {
                self.fault(format!("style {}", style.0));
            }
        }
    }
}

/// Everything that is wrong with a view.
pub fn view_faults(view: &Value) -> Vec<String> {
    let (surface, known): (Surface, &[&str]) = match view["type"].as_str().unwrap_or_default() {
        "modal" => (
            Surface::Modal,
            &[
                "type",
                "title",
                "blocks",
                "submit",
                "close",
                "private_metadata",
                "callback_id",
                "clear_on_close",
                "notify_on_close",
                "external_id",
                "submit_disabled",
            ],
        ),
        "home" => (Surface::Home, &["type", "blocks", "private_metadata", "callback_id", "external_id"]),
        other => return vec![format!("unknown view {other}")],
    };
    let mut faults = faults(&view["blocks"], surface);
    let mut check = Check { faults: Vec::new(), ids: HashSet::new(), surface };
    check.keys(view, known);
    if chars(&view["private_metadata"]) > 3000 || chars(&view["callback_id"]) > 255 {
        check.fault("private_metadata or callback_id too long");
    }
    if surface == Surface::Modal {
        check.text(&view["title"], 24, true);
        for key in ["submit", "close"] {
            if !view[key].is_null() {
                check.text(&view[key], 24, true);
            }
        }
        let has_input = each(&view["blocks"]).iter().any(|block| block["type"] == "input");
        if has_input && view["submit"].is_null() {
            check.fault("inputs without a submit");
        }
    }
    if view.to_string().len() > 250_000 {
        check.fault("view_too_large");
    }
    faults.append(&mut check.faults);
    faults
}

/// Everything that is wrong with what a message says.
pub fn message_faults(message: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if !message["blocks"].is_null() {
        found.extend(faults(&message["blocks"], Surface::Message));
    }
    for attachment in each(&message["attachments"]) {
        if !attachment["blocks"].is_null() {
            found.extend(faults(&attachment["blocks"], Surface::Message));
        }
    }
    if each(&message["attachments"]).len() > 100 {
        found.push("too many attachments".to_owned());
    }
    let blocks = [&message["blocks"], &message["attachments"]].map(said).concat().chars().count();
    if blocks > 13_200 {
        found.push(format!("msg_blocks_too_long: {blocks}"));
    }
    found
}

/// All text that stands in a value, one after the other.
pub fn said(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let own = fields.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
            fields.values().fold(own, |all, field| all + &said(field))
        }
        Value::Array(values) => values.iter().map(said).collect(),
        _ => String::new(),
    }
}
