//! The standard replies, and the brackets that must be filled before one may leave.

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

/// The brackets that a text still holds, in order, each once: `[Question 1]`, `[X jours]`.
///
/// A bracket counts when it holds a capital first letter or is one of the guide's (`[sujet]`), so that a
/// ticket's tag `[#42]`, a Markdown link or a quoted `[0]` in a technical answer stay allowed.
pub fn unfilled(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let after = &rest[open + 1..];
        let Some(close) = after.find([']', '\n', '[']) else { break };
        if after.as_bytes()[close] != b']' {
            rest = &after[close..];
            continue;
        }
        let name = &after[..close];
        let link = after[close + 1..].starts_with('(');
        if !link && is_bracket(name) && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        rest = &after[close + 1..];
    }
    names
}

/// The placeholders written in lower case in the guide.
const LOWER_CASE: [&str; 1] = ["sujet"];

fn is_bracket(name: &str) -> bool {
    let begins_as_a_name = name.chars().next().is_some_and(char::is_uppercase);
    let has_lower_case = name.chars().any(char::is_lowercase);
    LOWER_CASE.contains(&name) || (begins_as_a_name && has_lower_case && name.chars().count() <= 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guides_brackets_are_found_once_each() {
        let text = "Bonjour [Prénom],\n- [Question 1]\n- [Question 2]\n- [Question 1]\n[sujet] [X jours]";
        assert_eq!(unfilled(text), ["Prénom", "Question 1", "Question 2", "sujet", "X jours"]);
    }

    #[test]
    fn what_people_write_in_brackets_is_left_alone() {
        for text in [
            "[#42]",
            "v[0] = 1",
            "[INFO] ok",
            "[lien](https://exemple.example)",
            "[Guide](https://e.example)",
            "[pas fermé",
            "[]",
        ] {
            assert_eq!(unfilled(text), Vec::<String>::new(), "{text:?}");
        }
    }
}
