//! What is drawn is inert, within the limits, and whole.

use super::*;
use crate::chat::any_tests::any_sheet;
use crate::domain::ticket::Status;
use proptest::prelude::*;
use serde_json::Value;

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
    let drawn =
        draw(&Sheet { body: vec![Piece::Table("a```@everyone\n".repeat(400))], ..Sheet::default() }, None);
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
    let mut all = length(&embed["title"]) + length(&embed["description"]) + length(&embed["footer"]["text"]);
    for fact in facts {
        assert!((1..=256).contains(&length(&fact["name"])) && (1..=1024).contains(&length(&fact["value"])));
        all += length(&fact["name"]) + length(&fact["value"]);
    }
    assert!(length(&embed["title"]) <= 256 && length(&embed["description"]) <= 4096 && facts.len() <= 25);
    assert!(all <= 6000, "{all}");
    assert!(embed.get("url").is_none_or(serde_json::Value::is_null), "Discord refuses it");
}

#[test]
fn an_answer_has_no_more_files_than_discord_takes() {
    let file = |n| File::Text { name: format!("{n}.txt"), text: "x".to_owned() };
    let sheet = Sheet {
        body: vec![Piece::Words("Voici".into())],
        files: (0..12).map(file).collect(),
        ..Sheet::default()
    };
    let answer = serde_json::to_value(draw(&sheet, None).response()).unwrap();
    assert_eq!(answer["attachments"].as_array().unwrap().len(), 10);
}

#[test]
fn the_way_to_a_thread_stands_before_a_text_that_fills_a_message() {
    let way = "<#1234567890123456789> ";
    for words in ["mot ".repeat(1000), "mot".to_owned()] {
        let sheet =
            Sheet { title: Some("nº 42".into()), body: vec![Piece::Words(words)], ..Sheet::default() };
        let drawn = draw_bare(&sheet, None, false, true).beside("1234567890123456789");
        assert!(drawn.content.starts_with(way) && drawn.content.contains("mot"), "{}", drawn.content);
        assert!(drawn.content.chars().count() <= CONTENT, "{}", drawn.content.chars().count());
    }
}

fn length(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}

/// What Discord refuses, or would call somebody by.
fn faults(message: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |is_well: bool, what: &str| {
        if !is_well {
            faults.push(what.to_owned());
        }
    };
    let embed = &message["embeds"][0];
    check(length(&message["content"]) <= 2000, "content too long");
    let is_said = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    let fields = embed["fields"].as_array().cloned().unwrap_or_default();
    let shows = is_said(&embed["title"]) || is_said(&embed["description"]) || !fields.is_empty();
    check(is_said(&message["content"]) || shows, "empty");
    let mut all = 0;
    for (value, most) in
        [(&embed["title"], 256), (&embed["description"], 4096), (&embed["footer"]["text"], 2048)]
    {
        check(length(value) <= most, "part of an embed too long");
        all += length(value);
    }
    check(fields.len() <= 25, "too many fields");
    for field in &fields {
        for (value, most) in [(&field["name"], 256), (&field["value"], 1024)] {
            check(is_said(value) && length(value) <= most, "a field that is empty or too long");
            all += length(value);
        }
    }
    check(all <= 6000, "embed too long");
    let rows = message["components"].as_array().cloned().unwrap_or_default();
    check(rows.len() <= 5, "too many rows");
    for row in rows {
        let inside = row["components"].as_array().cloned().unwrap_or_default();
        check((1..=5).contains(&inside.len()), "a row of none or too many");
        for one in inside {
            check(length(&one["custom_id"]) <= 100, "an id too long");
            if one["type"] == 2 {
                check(is_said(&one["label"]) && length(&one["label"]) <= 80, "a label");
                continue;
            }
            check(length(&one["placeholder"]) <= 150, "a placeholder");
            let options = one["options"].as_array().cloned().unwrap_or_default();
            check((1..=25).contains(&options.len()), "too few or many options");
            for option in options {
                check(is_said(&option["label"]) && length(&option["label"]) <= 100, "an option");
                check(length(&option["description"]) <= 100, "a note of an option");
            }
        }
    }
    let said = [&message["content"], embed].map(ToString::to_string).concat();
    let said = said.replace("<@&9>", "").replace("\\\\<", "");
    check(
        !said.contains("@everyone") && !said.contains("<@1") && !said.contains("<@&"),
        "somebody is called",
    );
    faults
}

proptest! {
    #[test]
    fn any_sheet_is_taken_calls_nobody_and_is_whole(sheet in any_sheet()) {
        let drawn = draw(&sheet, Some(RoleId::new(9)));
        let files: Vec<String> = drawn.texts.iter().map(|(_, text)| text.clone()).collect();
        let message = serde_json::to_value(drawn.message(Vec::new())).unwrap();
        prop_assert_eq!(faults(&message), Vec::<String>::new(), "{}", message);
        let shown = [&message["content"], &message["embeds"][0]["description"]];
        let bare = |text: &str| text.replace(['\\', '\u{200b}', '>', ' ', '\n', '\'', '`', '#', '-', '*', '~'], "");
        let shown = bare(&shown.map(|value| value.as_str().unwrap_or_default()).concat());
        for piece in &sheet.body {
            let (Piece::Words(text) | Piece::Quote(text) | Piece::Table(text) | Piece::Small(text) | Piece::Heading(text)) = piece else {
                continue;
            };
            let is_there = shown.contains(&bare(text.trim()));
            prop_assert!(is_there || files.iter().any(|file| file.contains(text.trim())), "{text:?} is lost");
        }
        for (embeds, attached) in [(false, true), (true, false), (false, false)] {
            let drawn = draw_bare(&sheet, None, embeds, attached);
            prop_assert!(embeds || !drawn.has_embed());
            let message = serde_json::to_value(drawn.message(Vec::new())).unwrap();
            prop_assert_eq!(faults(&message), Vec::<String>::new(), "{}", message);
        }
    }
}

#[test]
fn a_text_beyond_the_largest_file_ends_with_where_to_read_on() {
    let text = "é".repeat(4 << 20);
    let sheet = Sheet {
        body: vec![Piece::Words("court".into())],
        files: vec![
            File::Text { name: "m.txt".into(), text: text.clone() },
            File::Text { name: "c.txt".into(), text },
        ],
        ..Sheet::default()
    };
    let drawn = draw(&sheet, None);
    assert!(drawn.bytes_beside() < 6 << 20);
    assert!(drawn.texts.iter().all(|(_, text)| text.ends_with(crate::wording::chat::goes_on())));
}
