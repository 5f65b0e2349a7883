//! Who asks and who answers.

use super::ids::{AgentId, RequesterId};
use super::preference::Preference;
use super::text::is_invisible;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A person who asks for help, known by one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requester {
    /// Its number.
    pub id: RequesterId,
    /// Lower case, as [`normal_address`] makes it.
    pub email: String,
    /// The display name of the last mail that had one, or what the host application said. May be empty.
    pub name: String,
    /// How this person wants to be told.
    pub preference: Preference,
    /// Set when a ticket of theirs was closed as spam: their mail opens no ticket.
    pub blocked_at: Option<DateTime<Utc>>,
    /// The links of mails before this open nothing any more.
    pub links_since: Option<DateTime<Utc>>,
}

/// The host of the addresses that stand for erased people: nobody's (RFC 2606, section 2).
pub const ERASED_HOST: &str = "efface.invalid";

/// The address that stands for an erased person.
pub fn erased_address(requester: RequesterId) -> String {
    format!("efface-{requester}@{ERASED_HOST}")
}

/// The address of whoever the tickets belong to that are nobody's any more.
pub const NOBODY: &str = "efface@efface.invalid";

impl Requester {
    /// Whether nothing is held of them any more.
    pub fn is_erased(&self) -> bool {
        self.email == erased_address(self.id) || self.email == NOBODY
    }
}

/// What an agent may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works tickets.
    Agent,
    /// Also reads reports and decides about held mail.
    Lead,
    /// Also manages agents.
    Admin,
}

impl Role {
    /// All three, from the least.
    pub const ALL: [Role; 3] = [Role::Agent, Role::Lead, Role::Admin];

    /// The word used in commands, JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Agent => "agent",
            Role::Lead => "lead",
            Role::Admin => "admin",
        }
    }

    /// The role that [`Role::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// A person who answers. Holding one proves nothing: who acts is found at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its number.
    pub id: AgentId,
    /// How colleagues call them; unique whatever the case and the accents. Signs the replies.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// How an agent's access stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Access {
    /// Since when they can neither sign in nor act.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When they last signed in on the pages.
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// Since when a code of their authenticator is asked for.
    pub totp_since: Option<DateTime<Utc>>,
    /// Their sessions that are open.
    pub sessions: i64,
}

/// The kind of an account that is an address: an agent's own.
pub const EMAIL: &str = "email";

/// How many characters a password has. More would be work for strangers to give us.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 12..=1000;

/// Whether a text may become somebody's password.
pub fn is_password(text: &str) -> bool {
    PASSWORD_LENGTH.contains(&text.chars().count())
}

/// Whether a text may be an agent's name: 1 to 60 characters on one line, none of them at the edge a blank.
pub fn is_agent_name(name: &str) -> bool {
    (1..=60).contains(&name.chars().count())
        && name.trim() == name
        && !name.contains(|c: char| c.is_control())
}

/// Whether a text may be an account's id on a chat platform: a short word of letters and digits on both.
pub fn is_account_id(id: &str) -> bool {
    (1..=40).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// By which road an agent came to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// Name and password.
    Password,
    /// Their account on Discord.
    Discord,
    /// Their account on Slack.
    Slack,
    /// A link that was given to them to choose a password by.
    Link,
    /// The demo signs in by itself.
    Demo,
}

impl Road {
    /// All of them.
    pub const ALL: [Road; 5] = [Road::Password, Road::Discord, Road::Slack, Road::Link, Road::Demo];

    /// The word used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Road::Password => "password",
            Road::Discord => "discord",
            Road::Slack => "slack",
            Road::Link => "link",
            Road::Demo => "demo",
        }
    }

    /// The road that [`Road::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Road> {
        Road::ALL.into_iter().find(|road| road.as_str() == word)
    }
}

/// By which door somebody acted; written in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// An e-mail.
    Mail,
    /// The pages and their console.
    Web,
    /// The command line.
    Cli,
    /// Discord.
    Discord,
    /// Slack.
    Slack,
    /// The JSON interface of the host application.
    Api,
    /// A timer.
    Clock,
}

impl Door {
    /// The word used in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Door::Mail => "mail",
            Door::Web => "web",
            Door::Cli => "cli",
            Door::Discord => "discord",
            Door::Slack => "slack",
            Door::Api => "api",
            Door::Clock => "clock",
        }
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A CM.
    Agent(Agent),
    /// The requester, by mail or page.
    Requester(RequesterId),
    /// Somebody else who takes part in the ticket, by mail: their address.
    Participant(String),
    /// Somebody of the technical team who is no agent: their name in the chat, in the form of [`colleague_name`].
    Colleague(String),
    /// The program itself.
    System,
}

/// Most characters of a colleague's name.
const LONGEST_NAME: usize = 60;

/// A name that a chat gave, on one line, bounded, without what could drive a terminal or turn the text around. May be
/// empty.
pub fn colleague_name(given: &str) -> String {
    let plain: String = given
        .chars()
        .take(LONGEST_NAME * 16)
        .filter(|c| {
            c.is_whitespace() || !(c.is_control() || is_invisible(*c) || matches!(c, '\u{200c}' | '\u{200d}'))
        })
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    let one_line = plain.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    one_line.chars().take(LONGEST_NAME).collect::<String>().trim_end().to_owned()
}

/// An address as it is compared and stored: trimmed, lower case.
///
/// RFC 5321 section 2.4 lets a host tell the local part's case apart; no provider of our users does, and two
/// tickets for `Jean@` and `jean@` would be worse.
pub fn normal_address(address: &str) -> String {
    address.trim().to_lowercase()
}

/// The first name to greet somebody with, out of the display name of their mail; `None` when it cannot be told.
///
/// "Marie Dupont" → Marie, "DUPONT Marie" → Marie, "Dupont, Marie" → Marie, "Marie D." → Marie,
/// "jean-pierre martin" → Jean-Pierre. Something that looks like an address, a firm or a function
/// ("Service Client", "m.dupont") gives none, and the letter begins with "Bonjour,".
pub fn first_name(display_name: &str) -> Option<String> {
    let cleaned: String = display_name
        .chars()
        .map(|c| if matches!(c, '"' | '(' | ')' | '<' | '>') { ' ' } else { c })
        .collect();
    if cleaned.chars().any(|c| c == '@' || c == '_' || c == '/' || c.is_ascii_digit()) {
        return None;
    }
    let reordered = match cleaned.split_once(',') {
        Some((last, first)) if !first.trim().is_empty() => format!("{} {}", first.trim(), last.trim()),
        _ => cleaned.replace(',', " "),
    };
    const TITLES: [&str; 12] =
        ["m.", "mr", "mr.", "mme", "mme.", "mlle", "mlle.", "dr", "dr.", "me", "monsieur", "madame"];
    const NOT_PEOPLE: [&str; 16] = [
        "service",
        "support",
        "client",
        "contact",
        "info",
        "infos",
        "equipe",
        "team",
        "noreply",
        "no-reply",
        "societe",
        "sarl",
        "sas",
        "admin",
        "bureau",
        "secretariat",
    ];
    let words: Vec<&str> =
        reordered.split_whitespace().filter(|word| !TITLES.contains(&word.to_lowercase().as_str())).collect();
    if words.iter().any(|word| NOT_PEOPLE.contains(&super::fold::fold(word).trim_end_matches('.'))) {
        return None;
    }
    let is_capitals = |word: &str| {
        word.chars().filter(|c| c.is_alphabetic()).count() > 1 && !word.chars().any(char::is_lowercase)
    };
    let comma = display_name.contains(',');
    let candidate = match words.as_slice() {
        [] => return None,
        [only] => only,
        [first, rest @ ..] if !comma && is_capitals(first) => {
            rest.iter().find(|word| !is_capitals(word)).unwrap_or(first)
        }
        [first, ..] => first,
    };
    let letters = candidate.chars().filter(|c| c.is_alphabetic()).count();
    let plain = candidate.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'));
    (letters >= 2 && plain).then(|| capitalised(candidate))
}

/// "jean-pierre" → "Jean-Pierre", "MARIE" → "Marie", "McKenna" stays.
fn capitalised(name: &str) -> String {
    if name.chars().any(char::is_lowercase) && name.chars().any(char::is_uppercase) {
        return name.to_owned();
    }
    let mut begins = true;
    name.chars()
        .flat_map(|c| {
            let shown: Vec<char> =
                if begins { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
            begins = c == '-';
            shown
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_passwords_and_account_ids_are_bounded() {
        assert!(is_agent_name("É") && is_agent_name(&"é".repeat(60)));
        for wrong in ["", " ", " Camille", "Camille ", "Ca\nmille", &"e".repeat(61)] {
            assert!(!is_agent_name(wrong), "{wrong:?}");
        }
        assert!(is_password(&"é".repeat(12)) && is_password(&"é".repeat(1000)));
        assert!(!is_password(&"e".repeat(11)) && !is_password(&"e".repeat(1001)));
        assert!(is_account_id("1100000000000000007") && is_account_id("U0123_AB-C"));
        for wrong in ["", "a b", "<b>", "é", &"1".repeat(41)] {
            assert!(!is_account_id(wrong), "{wrong:?}");
        }
        for road in Road::ALL {
            assert_eq!(Road::from_word(road.as_str()), Some(road));
        }
    }

    #[test]
    fn a_colleagues_name_is_one_short_line() {
        for (given, name) in [
            ("Paul", "Paul"),
            ("  Paul \n Girard\t", "Paul Girard"),
            ("\u{202e}luaP\u{0}\u{1b}[31m", "luaP[31m"),
            ("\u{200b}", ""),
            ("", ""),
        ] {
            assert_eq!(colleague_name(given), name, "{given:?}");
        }
        assert_eq!(colleague_name(&"x ".repeat(5000)).chars().count(), 59);
    }

    #[test]
    fn first_names_are_told_sensibly() {
        let told = |name: &str| first_name(name).unwrap_or_else(|| "-".to_owned());
        for (display, expected) in [
            ("Marie Dupont", "Marie"),
            ("DUPONT Marie", "Marie"),
            ("Dupont, Marie", "Marie"),
            ("DUPONT, MARIE", "Marie"),
            ("DUPONT MARIE", "Dupont"),
            ("Marie D.", "Marie"),
            ("marie", "Marie"),
            ("jean-pierre martin", "Jean-Pierre"),
            ("Mme Léa Martin", "Léa"),
            ("Éloïse", "Éloïse"),
            ("\"Nadia Belkacem\"", "Nadia"),
            ("m.dupont@exemple.example", "-"),
            ("m.dupont", "-"),
            ("Service Client", "-"),
            ("Équipe Paris", "-"),
            ("J.", "-"),
            ("user_1234", "-"),
            ("", "-"),
        ] {
            assert_eq!(told(display), expected, "{display:?}");
        }
    }
}
