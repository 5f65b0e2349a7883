//! What is drawn is inert, within Slack's limits, and whole.

use super::*;
use crate::chat::any_tests::any_sheet;
use crate::domain::ids::{DraftId, TicketId};
use crate::view::press::Press;
use proptest::prelude::*;

fn names(leads: Option<&str>) -> Names {
    Names { leads: leads.map(str::to_owned), workspace: "https://equipe.slack.example/".into() }
}

fn length(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}

fn is_said(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

/// What Slack refuses in a plain text.
fn text(value: &Value, most: usize, what: &str) -> Option<String> {
    let is_well = value["type"] == "plain_text" && value["emoji"] == false;
    let is_well = is_well && is_said(&value["text"]) && length(&value["text"]) <= most;
    (!is_well).then(|| format!("{what}: {value}"))
}

/// What Slack refuses in a block, or would call somebody by.
fn faults(block: &Value) -> Vec<String> {
    let each = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let elements = each(&block["elements"]);
    match block["type"].as_str() {
        Some("header") => text(&block["text"], 150, "a header").into_iter().collect(),
        Some("divider") => Vec::new(),
        Some("context") => elements.iter().filter_map(|element| text(element, 2000, "a context")).collect(),
        Some("rich_text") => {
            let inside = elements.iter().flat_map(|element| each(&element["elements"]));
            let is_well = |element: &Value| match element["type"].as_str() {
                Some("text") => element["text"].as_str().is_some_and(|text| !text.is_empty()),
                Some("link") => element["url"].as_str().is_some_and(|url| url.starts_with("http")),
                Some("usergroup") => element["usergroup_id"] == "S9",
                Some("date") => element["timestamp"].is_i64(),
                _ => false,
            };
            let is_empty =
                elements.is_empty() || elements.iter().any(|one| each(&one["elements"]).is_empty());
            let empty = is_empty.then(|| format!("an empty rich text: {block}"));
            inside.filter(|one| !is_well(one)).map(|one| format!("an element: {one}")).chain(empty).collect()
        }
        Some("actions") => {
            let mut faults: Vec<String> =
                (!(1..=25).contains(&elements.len())).then(|| "a row".to_owned()).into_iter().collect();
            for element in &elements {
                if length(&element["action_id"]) > 255 {
                    faults.push("an id".to_owned());
                }
                if element["type"] == "button" {
                    faults.extend(text(&element["text"], 75, "a button"));
                    continue;
                }
                faults.extend(text(&element["placeholder"], 150, "a placeholder"));
                let options = each(&element["options"]);
                if !(1..=100).contains(&options.len()) {
                    faults.push("options".to_owned());
                }
                for option in options {
                    faults.extend(text(&option["text"], 75, "an option"));
                    if !option["description"].is_null() {
                        faults.extend(text(&option["description"], 75, "a description"));
                    }
                    if !(1..=150).contains(&length(&option["value"])) {
                        faults.push("a value".to_owned());
                    }
                }
            }
            faults
        }
        other => vec![format!("an unknown block {other:?}")],
    }
}

fn all_faults(drawn: &Drawn) -> Vec<String> {
    let blocks = drawn.flat();
    let mut found: Vec<String> = blocks.iter().flat_map(faults).collect();
    if blocks.is_empty() || blocks.len() > 50 {
        found.push(format!("{} blocks", blocks.len()));
    }
    let said: usize = json!(blocks).to_string().chars().count();
    let message = drawn.message();
    // What is read as markup holds none that somebody else wrote.
    if !is_said(&message["text"]) || message["text"].as_str().is_some_and(|text| text.contains(['<', '>'])) {
        found.push(format!("the text {}", message["text"]));
    }
    if said > 60_000 {
        found.push(format!("{said} characters"));
    }
    found
}

proptest! {
    #[test]
    fn any_sheet_is_taken_calls_nobody_and_is_whole(sheet in any_sheet()) {
        let drawn = draw(&sheet, &names(Some("S9")));
        prop_assert_eq!(all_faults(&drawn), Vec::<String>::new());
        let shown = bare(&plain_of(&drawn));
        for piece in &sheet.body {
            let (Piece::Words(text) | Piece::Quote(text) | Piece::Table(text) | Piece::Small(text) | Piece::Heading(text)) = piece else {
                continue;
            };
            let is_there = shown.contains(&bare(text));
            prop_assert!(is_there || drawn.texts.iter().any(|(_, file)| file.contains(text.trim())), "{text:?} is lost");
        }
        prop_assert_eq!(all_faults(&answer(&sheet)), Vec::<String>::new());
    }
}

fn plain_of(drawn: &Drawn) -> String {
    fn walk(value: &Value, out: &mut String) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(text)) = fields.get("text") {
                    out.push_str(text);
                }
                fields.values().for_each(|value| walk(value, out));
            }
            Value::Array(values) => values.iter().for_each(|value| walk(value, out)),
            _ => {}
        }
    }
    let mut out = String::new();
    drawn.flat().iter().for_each(|block| walk(block, &mut out));
    out
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '`').collect()
}

#[test]
fn only_who_is_named_is_called() {
    let drawn = |calls, leads| {
        let sheet = Sheet { body: vec![Piece::Words("<!here> <@U1>".into())], calls, ..Sheet::default() };
        draw(&sheet, &names(leads)).message()["blocks"][0]["elements"].clone()
    };
    let nobody = drawn(None, Some("S9"));
    assert_eq!(nobody[0]["elements"][0], json!({ "type": "text", "text": "<!here> <@U1>\n" }));
    let leads = drawn(Some(Call::Leads), Some("S9"));
    assert_eq!(leads[0]["elements"][0], json!({ "type": "usergroup", "usergroup_id": "S9" }));
    let person = drawn(Some(Call::Person("U7".into())), None);
    assert_eq!(person[0]["elements"][0], json!({ "type": "user", "user_id": "U7" }));
    assert_eq!(drawn(Some(Call::Leads), None)[0]["elements"][0]["type"], "text");
}

#[test]
fn a_way_leads_to_the_thread_where_the_workspace_is_known() {
    let place = crate::domain::chat::Place {
        kind: crate::domain::chat::PostKind::Card,
        about: 1,
        ticket: None,
        channel: "C1".into(),
        message: "C1/1730000000.000100".into(),
        thread: Some("C1/1730000000.000100".into()),
        drawn: String::new(),
    };
    let sheet = Sheet { body: vec![Piece::Leads("Fil :".into(), place)], ..Sheet::default() };
    let link = &draw(&sheet, &names(None)).message()["blocks"][0]["elements"][0]["elements"][1];
    assert_eq!(link["url"], "https://equipe.slack.example/archives/C1/p1730000000000100");
    let nowhere = draw(&sheet, &Names::default());
    assert_eq!(nowhere.message()["blocks"][0]["elements"][0]["elements"].as_array().unwrap().len(), 1);
}

#[test]
fn a_long_answer_stands_in_pieces_and_says_where_it_goes_on() {
    let long = |lines: usize| {
        (0..lines).map(|n| format!("ligne {n} {}", "x".repeat(60))).collect::<Vec<_>>().join("\n")
    };
    let sheet = |text: String| Sheet {
        body: vec![Piece::Table(excerpt(&text, 1500))],
        files: vec![File::Text { name: "liste.txt".into(), text }],
        ..Sheet::default()
    };
    let whole = answer(&sheet(long(60)));
    assert!(plain_of(&whole).contains("ligne 59") && !plain_of(&whole).contains("page du ticket"));
    assert_eq!(plain_of(&whole).matches("ligne 0 ").count(), 1, "its beginning does not stand twice");
    let cut = answer(&sheet(long(600)));
    assert!(plain_of(&cut).contains(wording::chat::goes_on()));
    assert_eq!(all_faults(&cut), Vec::<String>::new());
}

#[test]
fn a_form_keeps_within_the_limits_and_holds_what_it_is_given() {
    let field = |key: &str, value: String, is_long| Field {
        key: key.into(),
        label: "L".repeat(300),
        value,
        is_long,
        is_required: is_long,
    };
    let form = Form {
        press: Press::Fill(DraftId(i64::MAX)),
        title: format!("Répondre au nº {}", i64::MAX),
        fields: vec![field("text", "é".repeat(5000), true), field("name", "n".repeat(400), false)],
    };
    let window = window(&form, "{}");
    assert!(length(&window["title"]["text"]) <= 24 && length(&window["callback_id"]) <= 255);
    let inputs = window["blocks"].as_array().unwrap();
    assert_eq!(inputs.len(), 3, "a long text stands in several fields");
    assert!(inputs.iter().all(|input| length(&input["element"]["initial_value"]) <= 3000));
    assert_eq!(inputs[0]["element"]["max_length"], 3000);
    assert_eq!((length(&inputs[2]["element"]["initial_value"]), inputs[2]["optional"] == true), (250, true));
    let typed = |key: &str, value: &str| (key.to_owned(), json!({ "value": { "value": value } }));
    let values =
        [typed("text~01", "deux"), typed("name", "x"), typed("text", "un"), typed("text~02", "trois")];
    let read = fields(&Value::Object(values.into_iter().collect()));
    assert_eq!(
        read,
        [("name".to_owned(), "x".to_owned()), ("text".to_owned(), "un\ndeux\ntrois".to_owned())]
    );
    let empty = Form {
        press: Press::Escalate(TicketId(1)),
        title: String::new(),
        fields: vec![field("a", String::new(), true)],
    };
    assert!(super::window(&empty, "")["blocks"][0]["element"].get("initial_value").is_none());
}

#[test]
fn a_long_text_is_put_together_as_it_was() {
    let paragraph = "Une phrase qui dit quelque chose. ".repeat(30);
    let texts = [
        format!("{}\n\n\n{}\n\nFin.", paragraph.repeat(2), paragraph.repeat(3)),
        "mot ".repeat(2000),
        "x".repeat(7000),
        "court".to_owned(),
    ];
    for text in texts {
        let field = Field {
            key: "text".to_owned(),
            label: "Texte".to_owned(),
            value: text.clone(),
            is_long: true,
            is_required: true,
        };
        let mut values = serde_json::Map::new();
        for input in inputs(&field) {
            let key = input["block_id"].as_str().unwrap().to_owned();
            values.insert(key, json!({ "value": { "value": input["element"]["initial_value"] } }));
        }
        let given = fields(&Value::Object(values));
        assert_eq!(given, [("text".to_owned(), text)]);
    }
}
