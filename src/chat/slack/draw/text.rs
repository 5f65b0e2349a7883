//! Pieces of a sheet as rich text, where nothing that somebody wrote is markup; and what people write in Slack, read back
//! as plain text. Pure.

use crate::chat::slack::spot::Spot;
use crate::view::sheet::Piece;
use crate::wording;
use serde_json::{Value, json};

/// Words, with the commands between backticks set off as such.
pub fn words(text: &str) -> Vec<Value> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        let Some(end) = rest[at + 1..].find('`') else { break };
        let command = &rest[at + 1..at + 1 + end];
        if command.is_empty() || command.contains('\n') {
            push(&mut out, &rest[..=at], None);
            rest = &rest[at + 1..];
            continue;
        }
        push(&mut out, &rest[..at], None);
        push(&mut out, command, Some("code"));
        rest = &rest[at + end + 2..];
    }
    push(&mut out, rest, None);
    out
}

fn push(out: &mut Vec<Value>, text: &str, style: Option<&str>) {
    if !text.is_empty() {
        out.push(styled(text, style));
    }
}

/// Words of one style: `bold`, `italic`, `strike`, `code`.
pub fn styled(text: &str, style: Option<&str>) -> Value {
    match style {
        Some(style) => json!({ "type": "text", "text": text, "style": { style: true } }),
        None => json!({ "type": "text", "text": text }),
    }
}

/// A piece as an element of a rich text; `None` for one that says nothing.
///
/// `workspace` is where that is seen in a browser; empty, and nothing leads there.
pub fn piece(piece: &Piece, workspace: &str) -> Option<Value> {
    let section = |elements: Vec<Value>| json!({ "type": "rich_text_section", "elements": elements });
    let line = |text: &str| format!("{}\n", text.trim_end());
    Some(match piece {
        Piece::Words(text) | Piece::Heading(text) | Piece::Small(text) | Piece::Struck(text)
            if text.trim().is_empty() =>
        {
            return None;
        }
        Piece::Quote(text) | Piece::Table(text) if text.trim().is_empty() => return None,
        Piece::Words(text) => section(words(&line(text))),
        Piece::Quote(text) => {
            json!({ "type": "rich_text_quote", "elements": [styled(text.trim_end(), None)] })
        }
        Piece::Table(text) => {
            json!({ "type": "rich_text_preformatted", "elements": [styled(text.trim_end(), None)] })
        }
        Piece::Heading(text) => section(vec![styled(&line(text), Some("bold"))]),
        Piece::Small(text) => section(small(&line(text))),
        Piece::Struck(text) => section(vec![styled(&line(text), Some("strike"))]),
        Piece::Leads(text, place) => {
            let thread = place.thread.as_deref().and_then(Spot::of).filter(|_| !workspace.is_empty());
            let way = thread.map(|thread| {
                let url = format!("{workspace}archives/{}/p{}", thread.channel, thread.ts.replace('.', ""));
                json!({ "type": "link", "url": url, "text": wording::chat::open_thread() })
            });
            let said = styled(&format!("{text} "), None);
            section(std::iter::once(said).chain(way).collect())
        }
        Piece::Ago(at) => section(vec![json!({
            "type": "date",
            "timestamp": at.timestamp(),
            "format": "{ago}",
            "fallback": at.format("%Y-%m-%d %H:%M UTC").to_string(),
        })]),
    })
}

/// Said small: Slack has no smaller letters here, and leans them.
fn small(text: &str) -> Vec<Value> {
    let mut elements = words(text);
    for element in &mut elements {
        if element["style"].is_null() {
            element["style"] = json!({ "italic": true });
        }
    }
    elements
}

/// What somebody wrote in Slack, without its markup: `<mailto:a@b|a@b>` is `a@b`, `&amp;` is `&`. `name` says who an
/// account is, `None` where that is not known.
pub fn plain(text: &str, name: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find('>') else { break };
        out.push_str(&marked(&rest[1..end], &name));
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    emoji(&out).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// A text with the emoji that Slack writes as `:wave:`, or `:wave::skin-tone-2:`; a name that is none stays.
fn emoji(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(':') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = rest[1..].find(':').map(|end| &rest[1..=end]);
        match name {
            Some(name) if name.starts_with("skin-tone-") => rest = &rest[name.len() + 2..],
            Some(name) => match emojis::get_by_shortcode(name) {
                Some(emoji) => {
                    out.push_str(emoji.as_str());
                    rest = &rest[name.len() + 2..];
                }
                None => {
                    out.push(':');
                    rest = &rest[1..];
                }
            },
            None => break,
        }
    }
    out.push_str(rest);
    out
}

/// What stands between `<` and `>`.
fn marked(inside: &str, name: impl Fn(&str) -> Option<String>) -> String {
    let (what, label) = match inside.split_once('|') {
        Some((what, label)) => (what, Some(label)),
        None => (inside, None),
    };
    if let Some(account) = what.strip_prefix('@') {
        let name = name(account).or_else(|| label.map(str::to_owned));
        return format!("@{}", name.unwrap_or_else(|| account.to_owned()));
    }
    if let Some(channel) = what.strip_prefix('#') {
        return format!("#{}", label.unwrap_or(channel));
    }
    if let Some(call) = what.strip_prefix('!') {
        return label.map_or_else(|| format!("@{}", call.split('^').next().unwrap_or(call)), str::to_owned);
    }
    let bare = what.strip_prefix("mailto:").or_else(|| what.strip_prefix("tel:")).unwrap_or(what);
    match label {
        Some(label) if label != bare && !what.ends_with(label) => format!("{label} ({bare})"),
        _ => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_set_off_and_nothing_else_is_markup() {
        let said = words("Écrivez `/ticket show 42`, ou *rien* <!channel> `");
        assert_eq!(said.len(), 3);
        assert_eq!(said[1], json!({ "type": "text", "text": "/ticket show 42", "style": { "code": true } }));
        assert_eq!(said[2]["text"], ", ou *rien* <!channel> `");
        assert_eq!(piece(&Piece::Quote("  ".into()), ""), None);
    }

    #[test]
    fn emoji_are_themselves_again() {
        let read = |text: &str| plain(text, |_| None);
        assert_eq!(read("Merci :wave: :+1::skin-tone-3: à 10:30:45"), "Merci 👋 👍 à 10:30:45");
        assert_eq!(read("C’est :pas_un_emoji: :"), "C’est :pas_un_emoji: :");
    }

    #[test]
    fn what_people_write_is_read_without_its_markup() {
        let named = |account: &str| (account == "U1").then(|| "Camille".to_owned());
        let read = |text: &str| plain(text, named);
        assert_eq!(read("a &amp; b &lt;c&gt; &amp;lt;"), "a & b <c> &lt;");
        assert_eq!(read("<mailto:lea@client.example|lea@client.example>"), "lea@client.example");
        assert_eq!(read("<https://a.example/x>"), "https://a.example/x");
        assert_eq!(read("<https://a.example/x|a.example/x>"), "https://a.example/x");
        assert_eq!(read("<https://a.example|ici>"), "ici (https://a.example)");
        assert_eq!(read("<@U1> et <@U2> <#C1|support> <!here>"), "@Camille et @U2 #support @here");
        assert_eq!(read("un < deux"), "un < deux");
    }
}
