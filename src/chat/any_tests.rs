//! Sheets of all kinds for the tests of what draws them: what strangers choose to write, in any order and number.

use crate::view::press::Press;
use crate::view::sheet::{Button, Call, Choice, File, Menu, Piece, Row, Sheet, Tone};
use proptest::prelude::*;

/// Words that strangers choose: marks of all kinds, in any order and number.
fn words(most: usize) -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "@everyone",
        "<@123>",
        "<@&4>",
        "<!channel>",
        "<!subteam^S1>",
        "<https://mal.example|ici>",
        ":smile:",
        "&lt;",
        "`",
        "```",
        "`/ticket ",
        "*",
        "\\",
        "|",
        "\n",
        "> ",
        "# ",
        " ",
        "\u{200b}",
        "\u{202e}",
        "é",
        "👩‍👩‍👧‍👦",
        "mot ",
        "https://mal.example ",
        "[a](b)",
        "\u{a0}",
        "~~",
    ]);
    let run = (part, 1..40usize).prop_map(|(part, times)| part.repeat(times));
    prop::collection::vec(run, 0..most).prop_map(|runs| runs.concat())
}

fn any_piece() -> impl Strategy<Value = Piece> {
    let kinds: [fn(String) -> Piece; 6] =
        [Piece::Words, Piece::Quote, Piece::Table, Piece::Heading, Piece::Small, Piece::Struck];
    (words(40), 0..kinds.len()).prop_map(move |(text, kind)| kinds[kind](text))
}

fn any_row() -> impl Strategy<Value = Row> {
    let button = words(4).prop_map(|label| Button { label, press: Press::AddTo, tone: Tone::Plain });
    let choice = (words(6), words(6)).prop_map(|(label, note)| Choice {
        value: "x".into(),
        note: Some(note),
        label,
        is_chosen: false,
    });
    let menu = (words(6), prop::collection::vec(choice, 0..40))
        .prop_map(|(placeholder, choices)| Row::Menu(Menu { press: Press::AddTo, placeholder, choices }));
    prop_oneof![prop::collection::vec(button, 0..8).prop_map(Row::Buttons), menu]
}

pub fn any_sheet() -> impl Strategy<Value = Sheet> {
    let files = prop::collection::vec(words(30), 0..3).prop_map(|texts| {
        texts.into_iter().map(|text| File::Text { name: "t.txt".into(), text }).collect::<Vec<_>>()
    });
    (
        prop::option::of(words(20)),
        prop::collection::vec(any_piece(), 0..8),
        prop::collection::vec((words(8), words(30)), 0..30),
        prop::option::of(words(20)),
        prop::collection::vec(any_row(), 0..8),
        files,
        any::<bool>(),
    )
        .prop_map(|(title, body, facts, footer, rows, files, is_called)| Sheet {
            title,
            body,
            facts,
            footer,
            rows,
            files,
            calls: is_called.then_some(Call::Leads),
            ..Sheet::default()
        })
}
