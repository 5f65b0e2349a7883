//! How a requester wants to be told: the guide's table (« Préférences Utilisateur »), as one constant.

use super::channel::Channel;
use serde::{Deserialize, Serialize};

/// A requester's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// Web notifications only.
    WebOnly,
    /// E-mail only.
    EmailOnly,
    /// Web, e-mail and push.
    Both,
    /// Nothing at all.
    None,
}

/// What each preference opens: (preference, web, e-mail, push). The guide's table, row by row.
pub const TABLE: [(Preference, bool, bool, bool); 4] = [
    (Preference::WebOnly, true, false, false),
    (Preference::EmailOnly, false, true, false),
    (Preference::Both, true, true, true),
    (Preference::None, false, false, false),
];

impl Preference {
    /// All four, in the order of the guide.
    pub const ALL: [Preference; 4] =
        [Preference::WebOnly, Preference::EmailOnly, Preference::Both, Preference::None];

    /// The word used in commands, JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Preference::WebOnly => "web_only",
            Preference::EmailOnly => "email_only",
            Preference::Both => "both",
            Preference::None => "none",
        }
    }

    /// The preference that [`Preference::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Preference> {
        Preference::ALL.into_iter().find(|preference| preference.as_str() == word)
    }

    /// The same without e-mail, the other channels as they are as far as the table has a row for it: `both` also
    /// loses push.
    pub const fn without_email(self) -> Preference {
        match self {
            Preference::Both | Preference::WebOnly => Preference::WebOnly,
            Preference::EmailOnly | Preference::None => Preference::None,
        }
    }

    /// Whether a notice may take this channel. The team's own channel is nobody's preference.
    pub fn allows(self, channel: Channel) -> bool {
        let (_, web, email, push) =
            TABLE.into_iter().find(|row| row.0 == self).expect("the table has a row for each preference");
        match channel {
            Channel::Web => web,
            Channel::Email => email,
            Channel::Push => push,
            Channel::Chat => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_email_the_web_stays_as_it_was() {
        for preference in Preference::ALL {
            let after = preference.without_email();
            assert!(!after.allows(Channel::Email), "{preference:?}");
            assert_eq!(after.allows(Channel::Web), preference.allows(Channel::Web), "{preference:?}");
            assert_eq!(after.without_email(), after);
        }
    }

    #[test]
    fn the_table_is_the_guides_cell_for_cell() {
        let cells: Vec<String> = Preference::ALL
            .into_iter()
            .map(|preference| {
                let marks: String = [Channel::Web, Channel::Email, Channel::Push]
                    .map(|channel| if preference.allows(channel) { '✅' } else { '❌' })
                    .into_iter()
                    .collect();
                format!("{} {marks}", preference.as_str())
            })
            .collect();
        assert_eq!(cells, ["web_only ✅❌❌", "email_only ❌✅❌", "both ✅✅✅", "none ❌❌❌"]);
    }
}
