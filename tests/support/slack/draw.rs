//! What people see of messages, windows and pages, as text. May import: nothing of ours.

use serde_json::Value;

fn each(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Lines of a message: its blocks, else its text; what hangs on it stands behind a bar of its colour.
pub fn message(message: &Value) -> Vec<String> {
    let mut lines = blocks(&message["blocks"]);
    if lines.is_empty() {
        let text = message["text"].as_str().unwrap_or_default();
        lines.extend(text.lines().map(str::to_owned));
    }
    for attachment in each(&message["attachments"]) {
        let colour = attachment["color"].as_str().map(|colour| format!("{colour} ")).unwrap_or_default();
        let inside = blocks(&attachment["blocks"]);
        let bar = |(at, line): (usize, String)| {
            if at == 0 { format!("| {colour}{line}") } else { format!("| {line}") }
        };
        lines.extend(inside.into_iter().enumerate().map(bar));
    }
    for file in each(&message["files"]) {
        lines.push(format!("({})", file["name"].as_str().unwrap_or_default()));
    }
    lines
}

/// What a message says as one reads it: without the marks that a drawing sets.
pub fn words(drawn: &[String]) -> String {
    let bare = |line: &String| {
        let line = line.strip_prefix("| ").unwrap_or(line);
        let coloured = line.starts_with('#') && line.as_bytes().get(7) == Some(&b' ');
        let line = if coloured { &line[8..] } else { line };
        let line = line.strip_prefix("> ").unwrap_or(line).replace("**", "").replace('`', "");
        line.strip_prefix('_').map_or(line.as_str(), |line| line.strip_suffix('_').unwrap_or(line)).to_owned()
    };
    drawn.iter().map(bare).collect::<Vec<_>>().join("\n")
}

/// Lines of a window or a page.
pub fn view(view: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if view["type"] == "modal" {
        let title = view["title"]["text"].as_str().unwrap_or_default();
        lines.push(format!("=== {title} ==="));
    }
    lines.extend(blocks(&view["blocks"]));
    let buttons: Vec<String> = ["close", "submit"]
        .iter()
        .filter_map(|key| view[*key]["text"].as_str())
        .map(|text| format!("[[{text}]]"))
        .collect();
    if !buttons.is_empty() {
        lines.push(buttons.join(" "));
    }
    lines
}

/// Lines of blocks.
pub fn blocks(blocks: &Value) -> Vec<String> {
    each(blocks).iter().flat_map(block).collect()
}

fn block(block: &Value) -> Vec<String> {
    let text = |value: &Value| value["text"].as_str().unwrap_or_default().to_owned();
    match block["type"].as_str().unwrap_or_default() {
        "divider" => vec!["---".to_owned()],
        "header" => vec![format!("# {}", text(&block["text"]))],
        "section" => text(&block["text"]).lines().map(str::to_owned).collect(),
        "context" => each(&block["elements"]).iter().flat_map(|one| small(&text(one))).collect(),
        "actions" => vec![each(&block["elements"]).iter().map(element).collect::<Vec<_>>().join(" ")],
        "rich_text" => each(&block["elements"]).iter().flat_map(rich).collect(),
        "input" => {
            let element = &block["element"];
            let value = element["initial_value"].as_str().unwrap_or_default().replace('\n', "\n    ");
            let mark = if block["optional"] == true { " (optional)" } else { "" };
            vec![format!("  {}{mark}: {value}", text(&block["label"]))]
        }
        other => vec![format!("<{other}>")],
    }
}

fn small(text: &str) -> Vec<String> {
    text.lines().map(|line| format!("-# {line}")).collect()
}

fn element(element: &Value) -> String {
    let text = |value: &Value| value["text"].as_str().unwrap_or_default().to_owned();
    match element["type"].as_str().unwrap_or_default() {
        "static_select" => {
            let initial = &element["initial_option"]["value"];
            let options: Vec<String> = each(&element["options"])
                .iter()
                .map(|option| {
                    let mark = if option["value"] == *initial && !initial.is_null() { "*" } else { "" };
                    let note = option["description"]["text"].as_str().map(|note| format!(" ({note})"));
                    format!("{mark}{}{}", text(&option["text"]), note.unwrap_or_default())
                })
                .collect();
            format!("[{} : {}]", text(&element["placeholder"]), options.join(" | "))
        }
        _ => format!("[{}]", text(&element["text"])),
    }
}

fn rich(element: &Value) -> Vec<String> {
    let inside: String = each(&element["elements"]).iter().map(inline).collect();
    let inside = inside.trim_end_matches('\n');
    match element["type"].as_str().unwrap_or_default() {
        "rich_text_quote" => inside.lines().map(|line| format!("> {line}")).collect(),
        "rich_text_preformatted" => {
            let fence = || std::iter::once("```".to_owned());
            fence().chain(inside.lines().map(str::to_owned)).chain(fence()).collect()
        }
        _ => inside.lines().map(str::to_owned).collect(),
    }
}

fn inline(element: &Value) -> String {
    let text = |key: &str| element[key].as_str().unwrap_or_default();
    match element["type"].as_str().unwrap_or_default() {
        "text" => {
            let (body, end) = match text("text").strip_suffix('\n') {
                Some(body) => (body, "\n"),
                None => (text("text"), ""),
            };
            let style = &element["style"];
            let mark = match style {
                _ if style["bold"] == true => "**",
                _ if style["strike"] == true => "~~",
                _ if style["italic"] == true => "_",
                _ if style["code"] == true => "`",
                _ => "",
            };
            format!("{mark}{body}{mark}{end}")
        }
        "user" => format!("<@{}> ", text("user_id")),
        "usergroup" => format!("<!subteam^{}> ", text("usergroup_id")),
        // The number of a message tells nobody anything.
        "link" => match text("url").rsplit_once("/p") {
            Some((channel, _)) if channel.contains("/archives/") => format!("[{}]({channel})", text("text")),
            _ => format!("[{}]({})", text("text"), text("url")),
        },
        "date" => format!("<{}>", element["timestamp"]),
        other => format!("<{other}>"),
    }
}
