//! Pieces of a sheet as text of Discord: escaped, and within a length.

use crate::view::sheet::Piece;

/// What is so short stands before any cut.
const SHORT: usize = 200;

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
        Piece::Ago(at) => format!("<t:{}:R>", at.timestamp()),
    }
}

/// The same without markup, for a file.
pub(super) fn plain(body: &[Piece]) -> String {
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
pub(super) fn holds(texts: &[(String, String)], body: &[Piece]) -> bool {
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
pub(super) fn fit(mut pieces: Vec<String>, most: usize) -> (String, bool) {
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
pub(super) fn cut(text: String, most: usize) -> (String, bool) {
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
