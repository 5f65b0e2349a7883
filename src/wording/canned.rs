//! The standard replies: the guide's four and the one of `feature`, built in, and the operator's own, which may replace
//! them.
//!
//! A reply is a text behind a head in TOML between two lines `+++`:
//!
//! ```text
//! +++
//! key = "solution"          # the word for commands; the file's name where there is none
//! title = "Solution Fournie"
//! then = "resolved"         # the status that goes with it, if any
//! text = "[Explication détaillée de la solution]"   # the bracket that the CM's own text replaces
//! each = true               # optional: the line of that bracket is repeated for each line or `;` of the text
//! drop = ["Étapes à suivre :"]                      # optional: whole lines that the text makes superfluous
//! hands_over = true         # optional: sending it hands the ticket over to the product team; never offered unasked
//! +++
//! Bonjour [Prénom], …
//! ```
//!
//! `[Prénom]`, `[sujet]`, `[Votre prénom]` and `[X jours]` are filled in; every other bracket stays for
//! [`Catalogue::missing`] to find.
//! Pure: files come as already read. May import: domain, command, view, wording, serde, toml.

use super::dates;
use crate::command::vocabulary::plain;
use crate::domain::canned::{CannedFault, CannedReply, CannedText, CannedVersion, Slot, brackets, unfilled};
use crate::domain::ticket::Status;
use crate::view::TemplateView;
use serde::Deserialize;

/// The reply that `feature` sends.
pub const FEATURE: &str = "fonctionnalite";

/// The guide's reply to who never answered.
pub const CLOSING: &str = "fermeture";

/// The guide's four (« Bonnes Pratiques de Réponse »), word for word, and the reply to a request for a feature: file
/// name and content.
const BUILT_IN: [(&str, &str); 5] = [
    ("accuse.md", include_str!("../../templates/replies/accuse.md")),
    ("demande-infos.md", include_str!("../../templates/replies/demande-infos.md")),
    ("solution.md", include_str!("../../templates/replies/solution.md")),
    ("fermeture.md", include_str!("../../templates/replies/fermeture.md")),
    ("fonctionnalite.md", include_str!("../../templates/replies/fonctionnalite.md")),
];

/// The standard replies there are.
#[derive(Debug, Clone)]
pub struct Catalogue {
    replies: Vec<CannedReply>,
}

/// What is known when a reply is filled in.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// `[Prénom]`; without one the letter begins with "Bonjour,".
    pub first_name: Option<&'a str>,
    /// `[sujet]`.
    pub subject: &'a str,
    /// `[Votre prénom]`.
    pub agent_first_name: &'a str,
    /// `[X jours]`: whole days that the requester has been silent.
    pub days: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    key: Option<String>,
    title: Option<String>,
    then: Option<Status>,
    text: Option<String>,
    #[serde(default)]
    each: bool,
    #[serde(default)]
    drop: Vec<String>,
    #[serde(default)]
    hands_over: bool,
}

impl Catalogue {
    /// The built-in replies, with `overrides` (file name, content) in the place of those with the same key, and
    /// after them where the key is not built in. A file without a head takes that of the built-in of its name.
    ///
    /// # Errors
    /// For the operator, in English: which file, and what is wrong with it.
    pub fn load(overrides: &[(String, String)]) -> Result<Catalogue, String> {
        let mut catalogue = Catalogue { replies: Vec::new() };
        for (file, content) in BUILT_IN {
            let reply = read(file, content, None)?;
            catalogue.replies.push(reply);
        }
        let mut seen: Vec<String> = Vec::new();
        for (file, content) in overrides {
            let stem = plain(stem(file));
            let built_in = catalogue.replies.iter().find(|reply| plain(&reply.key) == stem);
            let reply = read(file, content, built_in)?;
            let key = plain(&reply.key);
            if seen.contains(&key) {
                return Err(format!("{file}: key {:?} is used by another file too", reply.key));
            }
            seen.push(key.clone());
            match catalogue.replies.iter_mut().find(|known| plain(&known.key) == key) {
                Some(known) => *known = reply,
                None => catalogue.replies.push(reply),
            }
        }
        Ok(catalogue)
    }

    /// The same, with what was written in the pages over it: the latest version of each.
    #[must_use]
    pub fn with(&self, latest: &[CannedVersion]) -> Catalogue {
        let mut catalogue = self.clone();
        for version in latest {
            let Some(said) = &version.said else { continue };
            let (title, body, then) = (said.title.clone(), said.body.clone(), said.then);
            let key = plain(&version.key);
            match catalogue.replies.iter_mut().find(|known| plain(&known.key) == key) {
                Some(known) => {
                    let slot = known.slot.take().filter(|slot| body.contains(&slot.bracket));
                    *known = CannedReply { title, body, then, slot, ..known.clone() };
                }
                None => catalogue.replies.push(CannedReply {
                    hands_over: key == FEATURE,
                    key: version.key.clone(),
                    title,
                    body,
                    then,
                    slot: None,
                }),
            }
        }
        catalogue
    }

    /// The reply of exactly this key, case and accents apart.
    pub fn by_key(&self, key: &str) -> Option<&CannedReply> {
        self.replies.iter().find(|reply| plain(&reply.key) == plain(key))
    }

    /// All of them, the guide's first.
    pub fn all(&self) -> &[CannedReply] {
        &self.replies
    }

    /// The keys, to tell somebody who gave a wrong one.
    pub fn keys(&self) -> Vec<String> {
        self.replies.iter().map(|reply| reply.key.clone()).collect()
    }

    /// The reply of this key or title, or the only one whose key or title begins so; case and accents apart.
    pub fn find(&self, name: &str) -> Option<&CannedReply> {
        let wanted = plain(name);
        if wanted.is_empty() {
            return None;
        }
        let names = |reply: &CannedReply| [plain(&reply.key), plain(&reply.title)];
        if let Some(exact) = self.replies.iter().find(|reply| names(reply).contains(&wanted)) {
            return Some(exact);
        }
        let mut begun =
            self.replies.iter().filter(|reply| names(reply).iter().any(|name| name.starts_with(&wanted)));
        let only = begun.next()?;
        begun.next().is_none().then_some(only)
    }

    /// The brackets of our replies that a text still holds: it may not leave so. Other brackets are the CM's own.
    pub fn missing(&self, text: &str) -> Vec<String> {
        let known: Vec<String> = self.replies.iter().flat_map(|reply| brackets(&reply.body)).collect();
        unfilled(text, &known)
    }

    /// The keys of the replies that go with a status, but for those that hand over.
    pub fn fitting(&self, status: Status) -> Vec<String> {
        self.replies
            .iter()
            .filter(|reply| reply.then == Some(status) && !reply.hands_over)
            .map(|reply| reply.key.clone())
            .collect()
    }
}

/// The brackets that fill themselves, from the ticket, the requester, the agent or the clock.
pub const FILLED: [&str; 4] = ["Prénom", "sujet", "Votre prénom", "X jours"];

/// Whether a bracket fills itself.
pub fn fills_itself(bracket: &str) -> bool {
    FILLED.contains(&bracket)
}

/// What is wrong with a text that is to be kept as a standard reply.
pub fn fault(said: &CannedText) -> Option<CannedFault> {
    crate::domain::canned::fault(said, &FILLED)
}

/// A text filled in for a ticket that was made up, to be looked at.
pub fn preview(said: &CannedText, agent_first_name: &str) -> String {
    let names =
        Names { first_name: Some("Jean"), subject: "Export CSV vide", agent_first_name, days: Some(3) };
    said.body.trim().lines().map(|line| filled(line, &names, None)).collect::<Vec<_>>().join("\n")
}

impl From<&CannedReply> for TemplateView {
    fn from(reply: &CannedReply) -> Self {
        TemplateView {
            key: reply.key.clone(),
            title: reply.title.clone(),
            then: reply.then,
            body: reply.body.clone(),
            hands_over: reply.hands_over,
        }
    }
}

fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".md").unwrap_or(name)
}

fn read(file: &str, content: &str, built_in: Option<&CannedReply>) -> Result<CannedReply, String> {
    let content = content.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let (head, body) = match content.strip_prefix("+++\n") {
        Some(rest) => {
            let (head, body) = rest
                .split_once("\n+++\n")
                .ok_or_else(|| format!("{file}: the head between two lines +++ is not closed"))?;
            let head: Head = toml::from_str(head).map_err(|error| format!("{file}: {}", error.message()))?;
            (Some(head), body)
        }
        None => (None, content.as_str()),
    };
    let body = body.trim().to_owned();
    if body.is_empty() {
        return Err(format!("{file}: no text"));
    }
    let (head, inherited) = match (head, built_in) {
        (Some(head), _) => (head, None),
        (None, built_in) => (Head::default(), built_in),
    };
    let key = head
        .key
        .or_else(|| inherited.map(|reply| reply.key.clone()))
        .unwrap_or_else(|| stem(file).to_owned());
    if key.is_empty() || key.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("{file}: key {key:?} must be one word"));
    }
    let title =
        head.title.or_else(|| inherited.map(|reply| reply.title.clone())).unwrap_or_else(|| key.clone());
    let slot = match head.text {
        Some(bracket) if !body.contains(&bracket) => {
            return Err(format!("{file}: text = {bracket:?} does not stand in the reply"));
        }
        Some(bracket) => Some(Slot { bracket, each: head.each, drop: head.drop }),
        None => inherited.and_then(|reply| reply.slot.clone()).filter(|slot| body.contains(&slot.bracket)),
    };
    let then = head.then.or(inherited.and_then(|reply| reply.then));
    // The reply of `feature` does whatever its head says: that is what the command is for.
    let hands_over =
        head.hands_over || inherited.is_some_and(|reply| reply.hands_over) || plain(&key) == FEATURE;
    Ok(CannedReply { key, title, body, then, slot, hands_over })
}

/// A standard reply filled in. `text` is the CM's own, empty for none; it takes the reply's slot, or stands behind
/// the reply's first paragraph where there is no slot for it.
///
/// What nobody filled stays in brackets, for [`Catalogue::missing`] to find.
pub fn fill(reply: &CannedReply, text: &str, names: &Names<'_>) -> String {
    let text = text.trim();
    let slot = reply.slot.as_ref().filter(|_| !text.is_empty());
    let mut lines: Vec<String> = Vec::new();
    for line in reply.body.lines() {
        match slot {
            Some(slot) if slot.drop.iter().any(|drop| drop.trim() == line.trim()) => {}
            Some(slot) if line.contains(&slot.bracket) => {
                let pieces = if slot.each { pieces(text) } else { vec![text] };
                lines.extend(
                    pieces.into_iter().map(|piece| filled(line, names, Some((&slot.bracket, piece)))),
                );
            }
            // Dropped lines leave no hole behind.
            Some(_) if line.trim().is_empty() && lines.last().is_none_or(|last| last.trim().is_empty()) => {}
            _ => lines.push(filled(line, names, None)),
        }
    }
    if !text.is_empty() && slot.is_none() {
        let after_greeting =
            lines.iter().position(|line| line.trim().is_empty()).map_or(lines.len(), |at| at + 1);
        lines.splice(after_greeting..after_greeting, [text.to_owned(), String::new()]);
    }
    lines.join("\n").trim_end().to_owned()
}

/// The lines or `;`-separated pieces of a text, without the bullets that were typed before them.
fn pieces(text: &str) -> Vec<&str> {
    let pieces: Vec<&str> = text
        .split(['\n', ';'])
        .map(|piece| piece.trim().trim_start_matches(['-', '*', '•', '–']).trim())
        .filter(|piece| !piece.is_empty())
        .collect();
    if pieces.is_empty() { vec![text] } else { pieces }
}

/// One line with what is known in the place of its brackets, in one pass: what is filled in is never read again.
fn filled(line: &str, names: &Names<'_>, slot: Option<(&str, &str)>) -> String {
    let mut filled = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(open) = rest.find('[') {
        filled.push_str(&rest[..open]);
        rest = &rest[open..];
        if let Some((bracket, piece)) = slot
            && let Some(after) = rest.strip_prefix(bracket)
        {
            filled.push_str(piece);
            rest = after;
            continue;
        }
        let end = rest.find(']').map_or(rest.len(), |close| close + 1);
        let (bracket, after) = rest.split_at(end);
        rest = after;
        match (bracket, names.first_name, names.days) {
            ("[Prénom]", Some(first_name), _) => filled.push_str(&unbracketed(first_name)),
            // "Bonjour [Prénom]," becomes "Bonjour,".
            ("[Prénom]", None, _) => filled.truncate(filled.trim_end().len()),
            ("[sujet]", ..) => filled.push_str(&unbracketed(names.subject)),
            ("[Votre prénom]", ..) => filled.push_str(&unbracketed(names.agent_first_name)),
            // With a plain space, as everything else in the guide's letters.
            ("[X jours]", _, Some(days)) => {
                filled.push_str(&dates::count(days, "jour", "jours").replace('\u{a0}', " "));
            }
            _ => filled.push_str(bracket),
        }
    }
    filled.push_str(rest);
    filled
}

/// A requester's words inside a letter: a subject such as `[Urgent] Accès` must not look like a bracket to fill.
fn unbracketed(words: &str) -> String {
    words.replace('[', "(").replace(']', ")")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(text: &str) -> Vec<String> {
        Catalogue::load(&[]).unwrap().missing(text)
    }

    const LEA: Names<'static> = Names {
        first_name: Some("Léa"),
        subject: "Paiement refusé",
        agent_first_name: "Camille",
        days: Some(7),
    };

    fn catalogue() -> Catalogue {
        Catalogue::load(&[]).unwrap()
    }

    fn written(key: &str, text: &str, names: &Names<'_>) -> String {
        fill(catalogue().find(key).unwrap(), text, names)
    }

    #[test]
    fn each_goes_with_the_guides_status_and_only_the_guides_four_are_offered() {
        let catalogue = catalogue();
        let then: Vec<_> = catalogue.all().iter().map(|reply| (reply.key.as_str(), reply.then)).collect();
        assert_eq!(
            then,
            [
                ("accuse", None),
                ("demande-infos", Some(Status::WaitingCustomer)),
                ("solution", Some(Status::Resolved)),
                ("fermeture", Some(Status::Closed)),
                ("fonctionnalite", Some(Status::Resolved)),
            ]
        );
        assert_eq!(catalogue.fitting(Status::Resolved), ["solution"]);
        assert_eq!(catalogue.fitting(Status::New), Vec::<String>::new());
    }

    #[test]
    fn the_words_of_the_first_four_are_the_guides() {
        let bodies: Vec<String> = catalogue().all().iter().take(4).map(|reply| reply.body.clone()).collect();
        insta::assert_snapshot!(bodies.join("\n\n*\n\n"), @r"
        Bonjour [Prénom],

        Merci pour votre message. J'ai bien pris en compte votre demande concernant [sujet].

        [Réponse ou demande d'informations]

        Je reste à votre disposition.

        Cordialement,
        [Votre prénom]
        Équipe Support BetTracker Pro

        *

        Bonjour [Prénom],

        Pour mieux vous aider, pourriez-vous me préciser :
        - [Question 1]
        - [Question 2]
        - [Question 3]

        Cela me permettra de vous apporter une solution adaptée.

        Merci d'avance,
        [Votre prénom]

        *

        Bonjour [Prénom],

        J'ai trouvé la solution à votre problème :

        [Explication détaillée de la solution]

        Étapes à suivre :
        1. [Étape 1]
        2. [Étape 2]
        3. [Étape 3]

        N'hésitez pas à me recontacter si vous avez besoin d'aide supplémentaire.

        Cordialement,
        [Votre prénom]

        *

        Bonjour [Prénom],

        N'ayant pas eu de retour de votre part depuis [X jours], je considère que votre problème est résolu.

        Je ferme donc ce ticket. Si vous avez encore besoin d'aide, n'hésitez pas à créer un nouveau ticket ou à répondre à celui-ci.

        Cordialement,
        [Votre prénom]
        ");
    }

    #[test]
    fn a_reply_is_found_by_key_title_or_the_beginning_of_one() {
        let catalogue = catalogue();
        for (name, key) in [
            ("solution", "solution"),
            ("Solution fournie", "solution"),
            ("sol", "solution"),
            ("accusé", "accuse"),
            ("Réponse initiale", "accuse"),
            ("demande_infos", "demande-infos"),
            ("demande d'informations", "demande-infos"),
            ("demande", "demande-infos"),
            ("FERMETURE", "fermeture"),
        ] {
            assert_eq!(catalogue.find(name).map(|reply| reply.key.as_str()), Some(key), "{name}");
        }
        for name in ["", " ", "zut", "solutions"] {
            assert_eq!(catalogue.find(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_solution_takes_the_cms_text_and_loses_its_steps() {
        insta::assert_snapshot!(written("solution", "C'est réglé :\n\n- videz le cache\n- reconnectez-vous", &LEA), @r"
        Bonjour Léa,

        J'ai trouvé la solution à votre problème :

        C'est réglé :

        - videz le cache
        - reconnectez-vous

        N'hésitez pas à me recontacter si vous avez besoin d'aide supplémentaire.

        Cordialement,
        Camille
        ");
    }

    #[test]
    fn a_solution_without_a_text_keeps_its_brackets() {
        let text = written("solution", "", &LEA);
        assert_eq!(missing(&text), ["Explication détaillée de la solution", "Étape 1", "Étape 2", "Étape 3"]);
    }

    #[test]
    fn questions_become_bullets() {
        let expected = "- Quel navigateur ?\n- Quelle heure ?\n\nCela me permettra";
        for text in [
            "Quel navigateur ?\nQuelle heure ?",
            "Quel navigateur ? ; Quelle heure ?",
            "- Quel navigateur ?\n\n- Quelle heure ?\n",
        ] {
            let text = written("demande-infos", text, &LEA);
            assert!(text.contains(expected), "{text}");
            assert_eq!(missing(&text), Vec::<String>::new());
        }
        assert!(written("demande-infos", "Une ?\nDeux ?\nTrois ?\nQuatre ?", &LEA).contains("- Quatre ?\n"));
    }

    #[test]
    fn a_closing_says_how_long_nobody_answered() {
        assert!(written("fermeture", "", &LEA).contains("depuis 7 jours,"));
        assert!(written("fermeture", "", &Names { days: Some(1), ..LEA }).contains("depuis 1 jour,"));
        assert_eq!(missing(&written("fermeture", "", &Names { days: None, ..LEA })), ["X jours"]);
    }

    #[test]
    fn without_a_first_name_the_greeting_stands_alone() {
        let text = written("accuse", "Nous regardons.", &Names { first_name: None, ..LEA });
        insta::assert_snapshot!(text, @r"
        Bonjour,

        Merci pour votre message. J'ai bien pris en compte votre demande concernant Paiement refusé.

        Nous regardons.

        Je reste à votre disposition.

        Cordialement,
        Camille
        Équipe Support BetTracker Pro
        ");
    }

    #[test]
    fn what_is_filled_in_is_never_read_as_a_bracket() {
        let names = Names { subject: "[Urgent] [Votre prénom] [Question 1]", ..LEA };
        let text = written("accuse", "Voir [Prénom] ci-dessous.", &names);
        assert!(text.contains("concernant (Urgent) (Votre prénom) (Question 1)."), "{text}");
        assert_eq!(missing(&text), ["Prénom"], "a bracket that the CM typed is the CM's to fill");
    }

    #[test]
    fn a_text_without_a_slot_stands_behind_the_greeting() {
        let text = written("fermeture", "Bonne soirée.", &LEA);
        assert!(text.starts_with("Bonjour Léa,\n\nBonne soirée.\n\nN'ayant pas eu"), "{text}");
    }

    #[test]
    fn the_operators_files_replace_and_add() {
        let file = |name: &str, content: &str| (name.to_owned(), content.to_owned());
        let catalogue = Catalogue::load(&[
            file("solution.md", "Salut [Prénom],\r\n\r\n[Explication détaillée de la solution]\r\n"),
            file("remboursement.md", "+++\ntitle = \"Remboursement\"\nthen = \"resolved\"\ntext = \"[Montant]\"\n+++\nMontant : [Montant]"),
        ])
        .unwrap();
        let solution = catalogue.find("solution").unwrap();
        assert_eq!((solution.then, solution.title.as_str()), (Some(Status::Resolved), "Solution Fournie"));
        assert_eq!(fill(solution, "Fait.", &LEA), "Salut Léa,\n\nFait.");
        assert_eq!(catalogue.fitting(Status::Resolved), ["solution", "remboursement"]);
        assert_eq!(fill(catalogue.find("remb").unwrap(), "12 €", &LEA), "Montant : 12 €");
    }

    #[test]
    fn what_was_written_in_the_pages_stands_over_files_and_built_in() {
        let version = |key: &str, body: Option<&str>| CannedVersion {
            key: key.into(),
            version: 1,
            said: body.map(|body| CannedText {
                title: "Titre".into(),
                body: body.into(),
                then: Some(Status::Closed),
            }),
            agent: "Alix".into(),
            at: chrono::DateTime::UNIX_EPOCH,
        };
        let latest = [
            version("solution", Some("[Explication détaillée de la solution]")),
            version("demande-infos", Some("Sans crochet")),
            version("accuse", None),
            version("parti", None),
            version("retard", Some("Bonjour [Prénom], patience.")),
        ];
        let edited = catalogue().with(&latest);
        assert_eq!(
            edited.keys(),
            ["accuse", "demande-infos", "solution", "fermeture", "fonctionnalite", "retard"]
        );
        assert_eq!(fill(edited.by_key("solution").unwrap(), "Fait.", &LEA), "Fait.");
        assert_eq!(edited.by_key("demande-infos").unwrap().slot, None);
        assert_eq!(edited.by_key("accuse"), catalogue().by_key("accuse"));
        assert_eq!(edited.fitting(Status::Closed), ["demande-infos", "solution", "fermeture", "retard"]);
        assert_eq!(edited.missing("[Question 1]"), Vec::<String>::new());
        assert!(edited.by_key("fonctionnalite").unwrap().hands_over);
        let said = latest[4].said.as_ref().unwrap();
        assert_eq!(preview(said, "Alix"), "Bonjour Jean, patience.");
    }

    #[test]
    fn a_faulty_file_is_named_with_its_fault() {
        let fault = |content: &str| Catalogue::load(&[("x.md".to_owned(), content.to_owned())]).unwrap_err();
        assert_eq!(fault("+++\nkey = \"x\"\nBonjour"), "x.md: the head between two lines +++ is not closed");
        assert_eq!(
            fault("+++\ntext = \"[A]\"\n+++\nBonjour"),
            "x.md: text = \"[A]\" does not stand in the reply"
        );
        assert_eq!(
            fault("+++\nkey = \"deux mots\"\n+++\nBonjour"),
            "x.md: key \"deux mots\" must be one word"
        );
        assert_eq!(fault("+++\nkey = \"x\"\n+++\n \n"), "x.md: no text");
        assert!(fault("+++\nthen = \"done\"\n+++\nBonjour").starts_with("x.md: unknown variant"));
        assert!(fault("+++\nthan = \"closed\"\n+++\nBonjour").starts_with("x.md: unknown field"));
    }
}
