//! Pieces of a sheet as plain text, and texts within a length. Pure. May import: view, wording.

use crate::view::sheet::Piece;
use crate::wording::chat::excerpt;

/// What is so short stands before any cut.
const SHORT: usize = 200;

/// The same without markup, for a file.
pub fn plain(body: &[Piece]) -> String {
    let lines = body.iter().filter_map(|piece| match piece {
        Piece::Words(text)
        | Piece::Quote(text)
        | Piece::Table(text)
        | Piece::Heading(text)
        | Piece::Small(text)
        | Piece::Struck(text) => Some(text.as_str()),
        Piece::Leads(..) | Piece::Ago(_) => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether the files beside a message hold all that it says: a text that was cut ends in « … ».
pub fn holds(texts: &[(String, String)], body: &[Piece]) -> bool {
    body.iter().all(|piece| match piece {
        Piece::Words(text) | Piece::Quote(text) | Piece::Table(text) => {
            let said = text.trim().trim_end_matches('…');
            texts.iter().any(|(_, whole)| whole.contains(said))
        }
        // Short of themselves: names, counts.
        Piece::Heading(text) | Piece::Small(text) | Piece::Struck(text) => text.chars().count() <= SHORT,
        Piece::Leads(..) | Piece::Ago(_) => true,
    })
}

/// The pieces below each other in at most so many characters. The longest gives way first, so that what is said beside
/// a long text stands.
pub fn fit(pieces: Vec<String>, most: usize) -> (String, bool) {
    let lengths: Vec<usize> = pieces.iter().map(|piece| piece.chars().count()).collect();
    let shares = shares(&lengths, most);
    let is_cut = shares != lengths;
    let pieces: Vec<String> =
        pieces.into_iter().zip(shares).map(|(piece, share)| cut(piece, share).0).collect();
    let (body, is_cut_again) = cut(pieces.join("\n"), most);
    (body, is_cut || is_cut_again)
}

/// The same with the pieces as they are: what each says is cut.
pub fn fit_pieces(body: &[Piece], most: usize) -> (Vec<Piece>, bool) {
    let said = |piece: &Piece| match piece {
        Piece::Words(text)
        | Piece::Quote(text)
        | Piece::Table(text)
        | Piece::Heading(text)
        | Piece::Small(text)
        | Piece::Struck(text) => text.clone(),
        Piece::Leads(..) | Piece::Ago(_) => String::new(),
    };
    let lengths: Vec<usize> = body.iter().map(|piece| said(piece).chars().count()).collect();
    let shares = shares(&lengths, most);
    let is_cut = shares != lengths;
    let fitted = body.iter().zip(shares).map(|(piece, share)| {
        let text = excerpt(&said(piece), share.max(1));
        match piece {
            Piece::Words(_) => Piece::Words(text),
            Piece::Quote(_) => Piece::Quote(text),
            Piece::Table(_) => Piece::Table(text),
            Piece::Heading(_) => Piece::Heading(text),
            Piece::Small(_) => Piece::Small(text),
            Piece::Struck(_) => Piece::Struck(text),
            piece @ (Piece::Leads(..) | Piece::Ago(_)) => piece.clone(),
        }
    });
    (fitted.collect(), is_cut)
}

/// How long each of these may be for all of them to be no longer than `most`, a line break between them counted.
fn shares(lengths: &[usize], most: usize) -> Vec<usize> {
    const LEAST: usize = 100;
    let mut shares = lengths.to_vec();
    loop {
        let over = (shares.iter().sum::<usize>() + shares.len().saturating_sub(1)).saturating_sub(most);
        let longest = shares.iter_mut().max_by_key(|share| **share);
        match longest.filter(|share| over > 0 && **share > LEAST) {
            Some(share) => *share = share.saturating_sub(over).max(LEAST),
            None => return shares,
        }
    }
}

/// At most so many characters; a fence that was opened is closed.
pub fn cut(text: String, most: usize) -> (String, bool) {
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

/// A name or an answer of others, fit for a terminal.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
