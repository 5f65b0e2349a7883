//! Pieces of a sheet as text of Discord, escaped.

use crate::view::sheet::Piece;

pub(super) fn piece(piece: &Piece) -> String {
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
        Piece::Table(text) => format!("```\n{}\n```", inert(&text.replace("```", "'''")).trim_end()),
        Piece::Heading(text) => format!("**{}**", escaped(text)),
        Piece::Small(text) => lines(text, "-# "),
        Piece::Struck(text) => format!("~~{}~~", escaped(text)),
        Piece::Leads(text, place) => match &place.thread {
            Some(thread) => format!("{} <#{thread}>", escaped(text)),
            None => escaped(text),
        },
        Piece::Ago(at) => format!("<t:{}:R>", at.timestamp()),
    }
}

/// Words as words: no markup, no mention, no timestamp, no link text. A command between backticks stays one.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut is_line_start = true;
    while let Some(c) = rest.chars().next() {
        if c == '`'
            && let Some(end) = rest[1..].find(['`', '\n'])
            && rest[1 + end..].starts_with('`')
            && is_command(&rest[1..1 + end])
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

/// Whether what stands between backticks is a command of ours, and calls nobody should the backticks get lost.
fn is_command(text: &str) -> bool {
    let begins = ["/ticket ", "guichet "].iter().any(|word| text.starts_with(word));
    begins && !["@everyone", "@here", "<"].iter().any(|call| text.contains(call))
}

/// Words where no markup is read: nothing in them looks like a mention. An address stays what can be copied.
pub(super) fn inert(text: &str) -> String {
    let text = text.replace("@everyone", "@\u{200b}everyone").replace("@here", "@\u{200b}here");
    text.replace("<@", "<\u{200b}@")
}
