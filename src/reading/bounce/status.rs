//! The fields of a delivery report, one group a recipient (RFC 3464). May import: nothing.

use super::whom::{bare_address, first_address};
use super::words::enhanced_code;
use crate::reading::header::clean;

/// What a delivery report says of one recipient (RFC 3464 section 2.3).
#[derive(Debug, Clone, Default)]
pub struct Recipient {
    /// Final-Recipient.
    pub address: Option<String>,
    /// Original-Recipient.
    pub original: Option<String>,
    /// Status.
    pub code: Option<String>,
    /// Diagnostic-Code.
    pub diagnostic: String,
    /// Action, lower case.
    pub action: String,
}

impl Recipient {
    /// Every group of fields of a report, at most [`MOST_RECIPIENTS`]; the first is that of the message itself, where
    /// some systems put everything.
    pub fn all(status: &str) -> Vec<Recipient> {
        let mut found = vec![Recipient::default()];
        for line in unfolded(status) {
            let (name, value) = line.split_once(':').unwrap_or(("", ""));
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            // A field that comes again speaks of the next one, with or without a blank line between.
            let again = |recipient: &Recipient| match name.as_str() {
                "final-recipient" => recipient.address.is_some(),
                "action" => !recipient.action.is_empty(),
                "" => line.trim().is_empty() && recipient.address.is_some() && !recipient.action.is_empty(),
                _ => false,
            };
            if found.last().is_some_and(again) && found.len() < MOST_RECIPIENTS {
                found.push(Recipient::default());
            }
            let Some(recipient) = found.last_mut() else { break };
            match name.as_str() {
                "final-recipient" | "x-actual-recipient" if recipient.address.is_none() => {
                    recipient.address = typed_address(value);
                }
                "original-recipient" if recipient.original.is_none() => {
                    recipient.original = typed_address(value)
                }
                "status" if recipient.code.is_none() => recipient.code = stated_code(value),
                "diagnostic-code" if recipient.diagnostic.is_empty() => {
                    recipient.diagnostic = value.to_owned()
                }
                "action" if recipient.action.is_empty() => {
                    let word = clean(value).to_ascii_lowercase();
                    recipient.action = word.split([' ', ';', '(']).next().unwrap_or("").to_owned();
                }
                _ => {}
            }
        }
        found
    }

    /// Whether there is anything in it.
    pub fn tells_something(&self) -> bool {
        self.address.is_some()
            || self.original.is_some()
            || self.code.is_some()
            || !self.action.is_empty()
            || !self.diagnostic.is_empty()
    }

    /// The most telling has the least.
    pub fn rank(&self) -> u8 {
        match self.action.as_str() {
            "delivered" | "relayed" | "expanded" => 2,
            "delayed" => 1,
            "" if self.address.is_none() => 3,
            _ => 0,
        }
    }
}

/// Most recipients looked at of one report.
const MOST_RECIPIENTS: usize = 200;

/// The code of a Status field, unless the server's words beside it are more precise: an enhanced code where the field
/// says "something", or one that will not pass where the field says that it may. Without such words (`diagnostic`),
/// those of the report's `text` may tell more, of the same class.
pub fn precise(code: Option<String>, diagnostic: &str, text: &str) -> Option<String> {
    let stated = code?;
    let vague = stated.ends_with(".0.0");
    let said = if diagnostic.is_empty() {
        enhanced_code(text).filter(|said| vague && said.starts_with(&stated[..1]))
    } else {
        enhanced_code(diagnostic).filter(|said| vague || stated.starts_with('4') && said.starts_with('5'))
    };
    Some(said.unwrap_or(stated))
}

/// "rfc822; <jean@client.example>" without its type.
pub fn typed_address(value: &str) -> Option<String> {
    let address = value.split_once(';').map_or(value, |(_, address)| address);
    let address = address.split('(').next().unwrap_or(address).trim().trim_matches(['<', '>', ' ']);
    bare_address(address)
        .or_else(|| bare_address(address.trim_matches(['<', '>', '"', ' '])))
        .or_else(|| first_address(value, &[]))
}

/// The code of a Status field.
fn stated_code(value: &str) -> Option<String> {
    let code = value.split([' ', '(', ';']).next().unwrap_or("");
    let mut numbers = code.split('.');
    let class = numbers.next()?;
    let sound = matches!(class, "2" | "4" | "5")
        && numbers.clone().count() == 2
        && numbers
            .all(|number| (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()));
    sound.then(|| code.to_owned())
}

/// Lines with their continuations joined.
pub fn unfolded(text: &str) -> impl Iterator<Item = String> + '_ {
    let mut lines = text.lines().peekable();
    std::iter::from_fn(move || {
        let mut line = lines.next()?.to_owned();
        while let Some(next) =
            lines.peek().filter(|next| next.starts_with([' ', '\t']) && !next.trim().is_empty())
        {
            line.push(' ');
            line.push_str(next.trim());
            lines.next();
        }
        Some(line)
    })
}
