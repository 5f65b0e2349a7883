//! The standard replies, and the brackets that must be filled before one may leave.

use super::fold::fold;
use super::ticket::Status;

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
