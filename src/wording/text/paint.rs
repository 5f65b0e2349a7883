//! How plain text is painted: colours, columns, and what of a stranger's text may reach a terminal.
//!
//! Pure. May import: std, domain.

use crate::domain::text::is_invisible;

/// Whether colours may be used.
#[derive(Debug, Clone, Copy)]
pub struct Ink {
    /// ANSI escapes (ECMA-48 SGR) are understood.
    pub colour: bool,
}

impl Ink {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// What matters most.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What matters least.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// What presses or went wrong.
    pub fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// What waits for somebody.
    pub fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// A sentence whose commands stand between backticks: bold without them.
    pub fn commands(self, text: &str) -> String {
        let pieces = text.split('`').enumerate();
        pieces
            .map(|(index, piece)| if index % 2 == 1 { self.bold(piece) } else { piece.to_owned() })
            .collect()
    }
}

/// How a cell is painted.
#[derive(Debug, Clone, Copy)]
enum Shade {
    Plain,
    Bold,
    Dim,
    Red,
    Yellow,
}

/// One cell of a table.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    shade: Shade,
}

impl Cell {
    /// As it is.
    pub fn plain(text: String) -> Cell {
        Cell { text, shade: Shade::Plain }
    }

    /// What matters most.
    pub fn bold(text: String) -> Cell {
        Cell { text, shade: Shade::Bold }
    }

    /// What matters least.
    pub fn dim(text: String) -> Cell {
        Cell { text, shade: Shade::Dim }
    }

    /// What presses or went wrong.
    pub fn red(text: String) -> Cell {
        Cell { text, shade: Shade::Red }
    }

    /// What waits for somebody.
    pub fn yellow(text: String) -> Cell {
        Cell { text, shade: Shade::Yellow }
    }
}

/// Rows of cells under headings.
#[derive(Debug)]
pub struct Table<const N: usize> {
    headings: [&'static str; N],
    right: &'static [usize],
    rows: Vec<[Cell; N]>,
}

impl<const N: usize> Table<N> {
    /// A table with these headings; columns in `right` are set to the right, as numbers are.
    pub fn new(headings: &[&'static str; N], right: &'static [usize]) -> Self {
        Table { headings: *headings, right, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [Cell; N]) {
        self.rows.push(cells);
    }

    /// Draws it, two blanks between columns.
    pub fn draw(&self, ink: Ink) -> String {
        let widths: [usize; N] = std::array::from_fn(|column| {
            let cells = self.rows.iter().map(|row| width(&row[column].text));
            cells.chain([width(self.headings[column])]).max().unwrap_or_default()
        });
        let headings = self.headings.map(|heading| Cell::dim(heading.to_owned()));
        std::iter::once(&headings)
            .chain(&self.rows)
            .map(|row| {
                let cells = row.iter().enumerate().map(|(column, cell)| {
                    let blanks = " ".repeat(widths[column] - width(&cell.text));
                    let painted = match cell.shade {
                        Shade::Plain => cell.text.clone(),
                        Shade::Bold => ink.bold(&cell.text),
                        Shade::Dim => ink.dim(&cell.text),
                        Shade::Red => ink.red(&cell.text),
                        Shade::Yellow => ink.yellow(&cell.text),
                    };
                    if self.right.contains(&column) { blanks + &painted } else { painted + &blanks }
                });
                cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
            })
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// How many columns a terminal gives a text, near enough for names, subjects and our own signs: 2 for emoji and
/// East Asian letters, 0 for combining marks, 1 for the rest.
pub fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
            '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{1f300}'..='\u{1faff}'
            | '⚫'
            | '⏳'
            | '⏪'
            | '✅'
            | '❌'
            | '❓'
            | '➖' => 2,
            _ => 1,
        })
        .sum()
}

/// Somebody's text without what could drive a terminal, turn its writing round or hide in it: control characters other than
/// line breaks, and what shows nothing.
pub fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' => Some('\n'),
            '\t' => Some(' '),
            c if c.is_control() || is_invisible(c) => None,
            c => Some(c),
        })
        .collect()
}

/// Somebody's text on one line of at most `most` characters.
pub fn clipped(text: &str, most: usize) -> String {
    let line = printable(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let mut clipped: String = line.chars().take(most.saturating_sub(1)).collect();
    clipped.push('…');
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_whatever_their_letters() {
        let mut table = Table::new(&["Nº", "Statut", "Sujet"], &[0]);
        for (number, status) in [("7", "⚫ Fermé"), ("1042", "🔵 Nouveau"), ("42", "e\u{301}te\u{301}")] {
            table.row([number, status, "x"].map(|text| Cell::plain(text.to_owned())));
        }
        let drawn = table.draw(Ink { colour: false });
        let at: Vec<usize> =
            drawn.lines().skip(1).map(|line| width(&line[..line.rfind('x').unwrap()])).collect();
        assert_eq!(at, [18, 18, 18], "{drawn}");
    }

    #[test]
    fn long_texts_are_clipped_between_characters() {
        assert_eq!(clipped("  deux\n mots ", 20), "deux mots");
        assert_eq!(clipped("éééé", 3), "éé…");
    }
}
