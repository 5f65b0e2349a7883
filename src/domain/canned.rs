//! The standard replies, and the brackets that must be filled before one may leave.

use super::fold::fold;
use super::ticket::Status;
use chrono::{DateTime, Utc};

/// A standard reply (guide, « Bonnes Pratiques de Réponse »).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannedReply {
    /// The word used in commands, such as `solution`.
    pub key: String,
    /// The title a CM reads, such as « Solution fournie ».
    pub title: String,
    /// The text with its brackets.
    pub body: String,
    /// The status that goes with it; `None` leaves the choice to the usual rule.
    pub then: Option<Status>,
    /// Where a CM's own text goes; `None` when it takes none.
    pub slot: Option<Slot>,
    /// It tells the requester that the product team has their request: sending it hands the ticket over.
    pub hands_over: bool,
}

/// The place in a standard reply that a CM's own text takes (`reply 42 --template solution TEXT…`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The bracket that the text replaces, with its brackets: `[Question 1]`.
    pub bracket: String,
    /// The line that holds the bracket is repeated, once for each line or `;`-separated piece of the text.
    pub each: bool,
    /// Whole lines that the text makes superfluous.
    pub drop: Vec<String>,
}

/// The longest text of a standard reply, in characters.
pub const LONGEST: usize = 20_000;
/// The longest title, in characters.
pub const LONGEST_TITLE: usize = 100;
/// The longest word for commands that a title gives, in bytes.
const LONGEST_KEY: usize = 40;

/// One version of a standard reply as somebody wrote it in the pages. The latest stands over file and built-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannedVersion {
    /// The word used in commands.
    pub key: String,
    /// From 1 on.
    pub version: i64,
    /// What it says; `None`: as it came, or nothing any more where it came from nowhere.
    pub said: Option<CannedText>,
    /// Who wrote it, by name.
    pub agent: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a version says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CannedText {
    /// The title.
    pub title: String,
    /// The text with its brackets.
    pub body: String,
    /// The status that goes with it.
    pub then: Option<Status>,
}

impl From<&CannedReply> for CannedText {
    fn from(reply: &CannedReply) -> CannedText {
        CannedText { title: reply.title.clone(), body: reply.body.clone(), then: reply.then }
    }
}

/// Why a standard reply is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CannedFault {
    /// It has no title, or a title that gives no word for commands.
    NoTitle,
    /// Its title has more characters than this.
    LongTitle(usize),
    /// It has no text.
    NoText,
    /// Its text has more characters than this.
    TooLong(usize),
    /// A bracket is opened and not closed on its line: what follows it.
    Open(String),
    /// A bracket asks for a rule that there is none of: the bracket, and the one that may be meant.
    UnknownRule(String, Option<&'static str>),
    /// Another reply has this word already.
    Taken(String),
}

/// The word for commands that a title gives: « Remboursement fait » → `remboursement-fait`. Empty for a title that gives none.
pub fn key_of(title: &str) -> String {
    let mut key = String::new();
    for word in super::fold::words(title) {
        if key.len() + word.len() >= LONGEST_KEY {
            break;
        }
        if !key.is_empty() {
            key.push('-');
        }
        key.push_str(&word);
    }
    key
}

/// What is wrong with a text that is to be kept as a standard reply. `filled`: the brackets that fill themselves, which must
/// be written as they are. A bracket is a name: it has no rule such as `[date|demain]`.
pub fn fault(said: &CannedText, filled: &[&'static str]) -> Option<CannedFault> {
    let body = said.body.trim();
    if said.title.trim().is_empty() {
        return Some(CannedFault::NoTitle);
    }
    if said.title.chars().count() > LONGEST_TITLE {
        return Some(CannedFault::LongTitle(LONGEST_TITLE));
    }
    if body.is_empty() {
        return Some(CannedFault::NoText);
    }
    if body.chars().count() > LONGEST {
        return Some(CannedFault::TooLong(LONGEST));
    }
    for line in body.lines() {
        if let Some(open) = line.rfind('[')
            && !line[open..].contains(']')
        {
            return Some(CannedFault::Open(line[open..].chars().take(40).collect()));
        }
    }
    brackets(body).into_iter().find_map(|name| {
        let meant = filled.iter().find(|known| fold(known) == fold(name.trim()));
        let has_rule = name.contains(['|', '{', '}', '=']);
        let is_misspelt = meant.is_some_and(|known| *known != name);
        (has_rule || is_misspelt).then(|| CannedFault::UnknownRule(name, meant.copied()))
    })
}

/// The brackets of a template's body, in order, each once. A ticket's tag `[#42]` and a Markdown link are none.
pub fn brackets(body: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = body;
    while let Some(open) = rest.find('[') {
        let after = &rest[open + 1..];
        let Some(close) = after.find([']', '\n', '[']) else { break };
        if after.as_bytes()[close] != b']' {
            rest = &after[close..];
            continue;
        }
        let (name, behind) = (&after[..close], &after[close + 1..]);
        let is_text = name.is_empty() || name.starts_with('#') || behind.starts_with('(');
        if !is_text && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        rest = behind;
    }
    names
}

/// Those of the `known` brackets that a text still holds, in the text's order, whatever their case and accents.
/// Other brackets are what somebody meant to write.
pub fn unfilled(text: &str, known: &[String]) -> Vec<String> {
    let known: Vec<String> = known.iter().map(|name| fold(name)).collect();
    brackets(text).into_iter().filter(|name| known.contains(&fold(name))).collect()
}

/// A text with what was written for each of its brackets. A line of a list whose bracket was left empty goes, and so
/// does the line that announced a list of which nothing is left; elsewhere an empty bracket stays, to be found unfilled.
pub fn fill_in(text: &str, written: &[(String, String)]) -> String {
    let mut lines: Vec<String> = Vec::new();
    // Where an announced list would begin, as long as nothing of it was kept; whether an item was lost.
    let (mut announced, mut lost_any) = (None, false);
    for line in text.lines() {
        let mut filled = line.to_owned();
        let mut is_lost = false;
        for (bracket, value) in written {
            let bracket = format!("[{bracket}]");
            if !filled.contains(&bracket) {
                continue;
            }
            match value.trim() {
                "" => is_lost |= is_list_item(&filled, &bracket),
                value => filled = filled.replace(&bracket, value),
            }
        }
        if is_lost {
            lost_any = true;
            continue;
        }
        if filled.trim().is_empty() && lost_any {
            if let Some(at) = announced
                && lines.len() == at
            {
                lines.pop();
                while lines.last().is_some_and(|line| line.trim().is_empty()) {
                    lines.pop();
                }
            }
            lost_any = false;
        }
        lines.push(filled);
        announced = lines.last().is_some_and(|line| line.trim_end().ends_with(':')).then_some(lines.len());
    }
    lines.join("\n")
}

/// Whether a line is an item of a list, and the bracket all of it.
fn is_list_item(line: &str, bracket: &str) -> bool {
    let marker = line.trim().strip_suffix(bracket).map(str::trim);
    marker.is_some_and(|marker| {
        matches!(marker, "-" | "*" | "•")
            || (marker.ends_with('.') && marker[..marker.len() - 1].chars().all(|c| c.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_step_goes_and_an_announcement_of_nothing_with_it() {
        let text = "Bonjour,\n\n[Explication]\n\nÉtapes\u{a0}:\n1. [Étape 1]\n2. [Étape 2]\n\nCordialement";
        let filled = |first: &str, second: &str| {
            let written = [("Explication", "Voilà."), ("Étape 1", first), ("Étape 2", second)];
            let written = written.map(|(bracket, value)| (bracket.to_owned(), value.to_owned()));
            fill_in(text, &written)
        };
        assert_eq!(
            filled("Ouvrir", "Fermer"),
            "Bonjour,\n\nVoilà.\n\nÉtapes\u{a0}:\n1. Ouvrir\n2. Fermer\n\nCordialement"
        );
        assert_eq!(filled("Ouvrir", ""), "Bonjour,\n\nVoilà.\n\nÉtapes\u{a0}:\n1. Ouvrir\n\nCordialement");
        assert_eq!(filled("", " "), "Bonjour,\n\nVoilà.\n\nCordialement");
        let empty = [("Explication".to_owned(), String::new())];
        assert!(fill_in(text, &empty).contains("[Explication]"));
    }

    #[test]
    fn a_reply_that_cannot_be_filled_in_as_written_is_not_kept() {
        let filled = ["Prénom", "X jours"];
        let fault =
            |body: &str| fault(&CannedText { title: "T".into(), body: body.into(), then: None }, &filled);
        let unknown = |name: &str, meant| Some(CannedFault::UnknownRule(name.into(), meant));
        assert_eq!(fault("Bonjour [Prénom], [Montant] [#42] [là](https://e.example) v[0]"), None);
        assert_eq!(fault(" \n"), Some(CannedFault::NoText));
        assert_eq!(fault("Bonjour [prenom],"), unknown("prenom", Some("Prénom")));
        assert_eq!(fault("[ X JOURS ]"), unknown(" X JOURS ", Some("X jours")));
        assert_eq!(fault("[date|demain]"), unknown("date|demain", None));
        assert_eq!(fault("Bonjour [Prénom\n]"), Some(CannedFault::Open("[Prénom".into())));
        assert_eq!(fault(&"é".repeat(LONGEST)), None);
        assert_eq!(fault(&"é".repeat(LONGEST + 1)), Some(CannedFault::TooLong(LONGEST)));
        assert_eq!(key_of("  Remboursement fait !"), "remboursement-fait");
        assert_eq!(key_of("« ! »"), "");
    }

    #[test]
    fn the_guides_brackets_are_found_once_each() {
        let text = "Bonjour [Prénom],\n- [Question 1]\n- [Question 2]\n- [Question 1]\n[sujet] [X jours]";
        assert_eq!(brackets(text), ["Prénom", "Question 1", "Question 2", "sujet", "X jours"]);
    }

    #[test]
    fn only_a_templates_own_brackets_are_missing_whatever_their_case() {
        let known = brackets("[montant] [DATE] [Question 1]");
        let text = "Cliquez sur [Mon compte] puis [Paramètres] : [question 1], [Montant], [#42], [lien](https://e.example), v[0]";
        assert_eq!(unfilled(text, &known), ["question 1", "Montant"]);
        assert_eq!(brackets("[pas fermé\n[]"), Vec::<String>::new());
    }
}
