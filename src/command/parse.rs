//! A line, or the words of a command line, read as a [`Command`].
//!
//! The words are put in order here (French names, two-word values, texts taken raw) and checked by clap against
//! the one declaration in [`super::grammar`]; nothing that clap says in English ever leaves.
//!
//! Where things stand:
//! - `reply 42 [--all] [--template X] [--then S] TEXT`: the options of a command with a text stand before the text. In a
//!   line, everything from the first word that is not an option is text, kept as it was typed: line breaks, a
//!   leading `- `, double spaces, quotes, `--`. A word `--` alone ends the options.
//! - A line whose last words are a well-formed option of the command, with no `--` before the text, is refused
//!   ([`UsageError::MisplacedOption`]) rather than sent to somebody as text; as separate words of a command line,
//!   the same option is understood.
//! - An option without a value (`--all`) is one that ends a line as well.
//! - `--reason TEXT` takes the rest of the line, unless it stands in quotes.
//! - `list resolved words…`: leading unquoted words that are a status are the filter, the others are searched.
//! - Phones turn `--` into `—` or `–`: both open an option when its name is known.
//!
//! Pure. May import: command, clap.

mod named;
mod told;

use super::grammar::{
    self, CONNECTIVES, Command, EVERYTHING, PREFERENCES, PRIORITIES, STATUSES, takes_the_rest,
};
use super::usage::{Part, What};
use super::vocabulary::{DASHES, announces_number, nearest, number, plain};
use super::words::{Word, split, unquoted};
use std::ops::Range;
use told::told;

pub use super::usage::UsageError;
pub use named::parse_named;

/// Reads a line as typed in a chat or a console; a leading `/ticket` or `ticket` is allowed.
///
/// # Errors
/// The [`UsageError`] to tell.
pub fn parse(line: &str) -> Result<Command, UsageError> {
    read(&Spoken { words: split(line), line: Some(line) })
}

/// Reads the words of a command line; a text may be one word or several.
///
/// # Errors
/// The [`UsageError`] to tell.
pub fn parse_words(words: &[String]) -> Result<Command, UsageError> {
    let words =
        words.iter().map(|text| Word { text: text.clone(), start: 0, end: 0, quoted: false }).collect();
    read(&Spoken { words, line: None })
}

/// What was said: words, and the line they stand in where there is one.
struct Spoken<'a> {
    words: Vec<Word>,
    line: Option<&'a str>,
}

impl Spoken<'_> {
    fn text(&self, at: usize) -> Option<&str> {
        self.words.get(at).map(|word| word.text.as_str())
    }

    /// Whether a word is a whole text by itself: quoted in a line, or several words in one argument.
    fn is_whole(&self, at: usize) -> bool {
        let word = &self.words[at];
        word.quoted || (self.line.is_none() && word.text.contains(char::is_whitespace))
    }

    /// Words `from..to` as one free text, as typed.
    fn raw(&self, from: usize, to: usize) -> String {
        let words = &self.words[from.min(to)..to];
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return String::new() };
        match self.line {
            // The end of the line belongs to the text, whatever the splitter made of its quotes.
            Some(line) => unquoted(&line[first.start..last.end]).to_owned(),
            None => {
                words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ").trim().to_owned()
            }
        }
    }
}

fn read(spoken: &Spoken<'_>) -> Result<Command, UsageError> {
    let first = spoken.text(0).map(plain);
    let begin = usize::from(matches!(first.as_deref(), Some("/ticket" | "ticket" | "/tickets")));
    let name = spoken.text(begin).filter(|name| !name.is_empty()).ok_or(UsageError::Empty)?;
    let declaration = grammar::declaration();
    let command = command_named(&declaration, name)?;
    Arranged::new(spoken, command, begin + 1)
        .and_then(|arranged| finish(command, arranged))
        .map_err(|error| error.with_usage(&grammar::written(command)))
}

/// Reads words that stand in order; what is missing of a text or a name is said here.
fn finish(command: &clap::Command, arranged: Arranged) -> Result<Command, UsageError> {
    let read =
        grammar::read(arranged.into_words(command.get_name())).map_err(|error| told(&error, command))?;
    match read {
        Command::Reply { template: None, text, .. } if text.is_empty() => {
            Err(UsageError::Missing { what: Part::Text, usage: String::new() })
        }
        Command::Template { name, ticket } => {
            Ok(Command::Template { name: name.filter(|name| !name.is_empty()), ticket })
        }
        read => Ok(read),
    }
}

fn names(command: &clap::Command) -> impl Iterator<Item = &str> {
    std::iter::once(command.get_name()).chain(command.get_all_aliases())
}

/// The command of this name or alias.
pub fn command_named<'a>(
    declaration: &'a clap::Command,
    name: &str,
) -> Result<&'a clap::Command, UsageError> {
    let wanted = plain(name.trim_start_matches('/'));
    if let Some(found) = declaration.get_subcommands().find(|c| names(c).any(|name| plain(name) == wanted)) {
        return Ok(found);
    }
    let near = match number(name) {
        Some(number) => Some(format!("show {number}")),
        None => nearest(
            &wanted,
            declaration
                .get_subcommands()
                .flat_map(|c| names(c).map(|name| (name.to_owned(), c.get_name().to_owned()))),
        ),
    };
    Err(UsageError::UnknownCommand { given: name.to_owned(), near })
}

/// The words of a command in the order that clap is given them.
#[derive(Debug, Default)]
struct Arranged {
    options: Vec<String>,
    positionals: Vec<String>,
}

/// What a word is, as an option.
enum Opening<'a> {
    /// An option of the command, with the value after its `=`.
    Known(&'a clap::Arg, Option<String>),
    /// Written as an option, and none of the command's.
    Unknown(Option<String>),
    /// No option.
    None,
}

impl Arranged {
    fn new(spoken: &Spoken<'_>, command: &clap::Command, begin: usize) -> Result<Self, UsageError> {
        let mut arranged = Arranged::default();
        let slots: Vec<&clap::Arg> = command.get_positionals().collect();
        let name = command.get_name();
        let mut end = spoken.words.len();
        let ends_options = spoken.words[begin.min(end)..].iter().any(|word| word.text == "--");
        if spoken.line.is_none() && !ends_options && slots.last().is_some_and(|slot| takes_the_rest(slot)) {
            while let Some((from, value)) = trailing_option(spoken, command, begin, end) {
                arranged.options.push(value);
                end = from;
            }
        }
        let mut at = begin;
        let mut options_open = true;
        while at < end {
            let word = &spoken.words[at];
            if options_open && !word.quoted {
                if word.text == "--" {
                    options_open = false;
                    at += 1;
                    continue;
                }
                match opening(command, &word.text) {
                    Opening::Known(argument, inline) => {
                        at = arranged.take_option(spoken, argument, inline, at + 1, end)?;
                        continue;
                    }
                    Opening::Unknown(near) => {
                        let given = word.text.clone();
                        return Err(UsageError::UnknownOption { given, near, usage: String::new() });
                    }
                    Opening::None => {}
                }
            } else if options_open && let Opening::Known(argument, Some(value)) = opening(command, &word.text)
            {
                at = arranged.take_option(spoken, argument, Some(value), at + 1, end)?;
                continue;
            }
            let filled = arranged.positionals.len();
            match name {
                // One status at the head is the filter; behind it, a status's name is a word to search.
                "list" if filled == 0 && !word.quoted && !arranged.has("status") => {
                    if let Some((status, next)) = STATUSES.spoken(spoken, at, end, false) {
                        arranged.options.push(format!("--status={status}"));
                        at = next;
                        continue;
                    }
                    if EVERYTHING.contains(&plain(&word.text).as_str()) {
                        at += 1;
                        continue;
                    }
                }
                "template" => {
                    at = arranged.take_template(spoken, at, end)?;
                    continue;
                }
                "merge" if filled == 1 && is_connective(&word.text) => {
                    at += 1;
                    continue;
                }
                _ => {}
            }
            let many = slots.last().is_some_and(|slot| matches!(slot.get_action(), clap::ArgAction::Append));
            let slot = slots.get(filled).or(slots.last().filter(|_| many));
            let Some(slot) = slot else {
                return Err(UsageError::Unexpected { given: word.text.clone(), usage: String::new() });
            };
            at = arranged.take_positional(spoken, command, slot, options_open, at..end)?;
        }
        Ok(arranged)
    }

    /// Takes an option's value, which begins at word `at` unless it stood behind a `=`; returns the next word.
    fn take_option(
        &mut self,
        spoken: &Spoken<'_>,
        argument: &clap::Arg,
        inline: Option<String>,
        at: usize,
        end: usize,
    ) -> Result<usize, UsageError> {
        let long = argument.get_long().unwrap_or_default();
        if !argument.get_action().takes_values() {
            self.options.push(format!("--{long}"));
            return Ok(at);
        }
        let (value, next) = match inline {
            Some(value) => (value, at),
            None if at >= end => (String::new(), at),
            None if takes_the_rest(argument) && !spoken.is_whole(at) => (spoken.raw(at, end), end),
            None => spoken_value(argument, spoken, at, end, true)
                .map(|(value, next)| (value.to_owned(), next))
                .unwrap_or_else(|| (spoken.words[at].text.clone(), at + 1)),
        };
        if value.trim().is_empty() {
            return Err(UsageError::Missing { what: Part::Value, usage: String::new() });
        }
        self.options.push(format!("--{long}={value}"));
        Ok(next)
    }

    /// Takes the words of one positional argument from the first of these on; returns the next word.
    fn take_positional(
        &mut self,
        spoken: &Spoken<'_>,
        command: &clap::Command,
        slot: &clap::Arg,
        options_open: bool,
        Range { start: at, end }: Range<usize>,
    ) -> Result<usize, UsageError> {
        if takes_the_rest(slot) {
            if spoken.line.is_some()
                && options_open
                && let Some((from, _)) = trailing_option(spoken, command, at, end)
            {
                let given = spoken.raw(from, end);
                return Err(UsageError::MisplacedOption { given, usage: String::new() });
            }
            self.positionals.push(spoken.raw(at, end));
            return Ok(end);
        }
        if is_number(slot) {
            let announced = announces_number(&spoken.words[at].text)
                && spoken.text(at + 1).is_some_and(|next| at + 1 < end && number(next).is_some());
            let at = at + usize::from(announced);
            self.positionals.push(spoken.words[at].text.clone());
            return Ok(at + 1);
        }
        if vocabulary(slot).is_some() {
            let (value, next) = match spoken_value(slot, spoken, at, end, false) {
                Some((value, next)) => (value.to_owned(), next),
                None => (mistyped(slot, spoken, at, end), end),
            };
            self.positionals.push(value);
            return Ok(next);
        }
        self.positionals.push(spoken.words[at].text.clone());
        Ok(at + 1)
    }

    /// `template [NAME…] [42]`: a number is the ticket wherever it stands, the other words are the name.
    fn take_template(&mut self, spoken: &Spoken<'_>, at: usize, end: usize) -> Result<usize, UsageError> {
        let mut name: Vec<&str> = Vec::new();
        let mut ticket = None;
        for (index, word) in spoken.words[at..end].iter().enumerate() {
            let next_is_number = spoken.text(at + index + 1).is_some_and(|next| number(next).is_some());
            if number(&word.text).is_some() {
                if ticket.replace(word.text.clone()).is_some() {
                    return Err(UsageError::Unexpected { given: word.text.clone(), usage: String::new() });
                }
            } else if !(announces_number(&word.text) && next_is_number) {
                name.push(&word.text);
            }
        }
        // An empty name stands for none, so that the ticket keeps its place.
        self.positionals.push(name.join(" "));
        self.positionals.extend(ticket);
        Ok(end)
    }

    fn has(&self, long: &str) -> bool {
        self.options.iter().any(|option| option.strip_prefix("--").is_some_and(|rest| rest.starts_with(long)))
    }

    fn into_words(self, name: &str) -> Vec<String> {
        let mut words = vec![name.to_owned()];
        words.extend(self.options);
        // Behind `--`, a text that begins with a hyphen is a text.
        words.push("--".to_owned());
        words.extend(self.positionals);
        words
    }
}

/// No status, priority or preference is longer, in words: "en attente du client".
const LONGEST_VALUE: usize = 4;

impl<T: Copy> super::vocabulary::Vocabulary<T> {
    /// The longest run of words from `at` that is one of this set, and where it ends.
    ///
    /// Before a free text, a run does not go on into a word with a capital that its first word lacks:
    /// in `--then en attente Client injoignable`, the text begins at `Client`.
    fn spoken(
        &self,
        spoken: &Spoken<'_>,
        at: usize,
        end: usize,
        text_follows: bool,
    ) -> Option<(&'static str, usize)> {
        let most = end.min(at + LONGEST_VALUE);
        let capital = |index: usize| {
            spoken.text(index).and_then(|word| word.chars().next()).is_some_and(char::is_uppercase)
        };
        (at + 1..=most).rev().find_map(|to| {
            if text_follows && !capital(at) && (at + 1..to).any(capital) {
                return None;
            }
            // A word of dashes alone ends the options, and says nothing.
            let is_part = |word: &Word| word.text.len() <= 40 && !plain(&word.text).is_empty();
            if !spoken.words[at..to].iter().all(is_part) {
                return None;
            }
            let joined: String = spoken.words[at..to].iter().map(|word| word.text.as_str()).collect();
            self.word(&joined).map(|word| (word.word, to))
        })
    }
}

fn spoken_value(
    argument: &clap::Arg,
    spoken: &Spoken<'_>,
    at: usize,
    end: usize,
    text_follows: bool,
) -> Option<(&'static str, usize)> {
    match vocabulary(argument)? {
        What::Status => STATUSES.spoken(spoken, at, end, text_follows),
        What::Priority => PRIORITIES.spoken(spoken, at, end, text_follows),
        What::Preference => PREFERENCES.spoken(spoken, at, end, text_follows),
    }
}

/// Whether an option can be set to this.
fn is_value(argument: &clap::Arg, value: &str) -> bool {
    match vocabulary(argument) {
        Some(What::Status) => STATUSES.word(value).is_some(),
        Some(What::Priority) => PRIORITIES.word(value).is_some(),
        Some(What::Preference) => PREFERENCES.word(value).is_some(),
        None => !value.is_empty(),
    }
}

/// What to show of a value that is none of its set: the first word where that one is a slip of the fingers, else
/// the words up to the next option, as far as a value may reach.
fn mistyped(argument: &clap::Arg, spoken: &Spoken<'_>, at: usize, end: usize) -> String {
    let first = &spoken.words[at].text;
    let read = match vocabulary(argument) {
        Some(What::Status) => STATUSES.read(first).err(),
        Some(What::Priority) => PRIORITIES.read(first).err(),
        Some(What::Preference) => PREFERENCES.read(first).err(),
        None => None,
    };
    if matches!(read, Some(UsageError::UnknownValue { near: Some(_), .. })) {
        return first.clone();
    }
    let most = end.min(at + LONGEST_VALUE);
    let next_option = (at + 1..most).find(|index| dashes(&spoken.words[*index].text).is_some());
    spoken.raw(at, next_option.unwrap_or(most))
}

/// The closed set an argument takes its values from, told by its first possible value.
fn vocabulary(argument: &clap::Arg) -> Option<What> {
    let first = argument.get_possible_values().into_iter().next()?;
    match first.get_name() {
        name if name == STATUSES.words[0].word => Some(What::Status),
        name if name == PRIORITIES.words[0].word => Some(What::Priority),
        name if name == PREFERENCES.words[0].word => Some(What::Preference),
        _ => None,
    }
}

fn is_number(argument: &clap::Arg) -> bool {
    matches!(argument.get_id().as_str(), "ticket" | "into" | "delivery" | "act")
}

fn is_connective(word: &str) -> bool {
    let word = plain(word);
    CONNECTIVES.contains(&word.as_str()) || word == "=>"
}

/// The names of an option, without dashes; none for what is no option.
fn longs(argument: &clap::Arg) -> Vec<String> {
    let aliases = argument.get_all_aliases().unwrap_or_default();
    argument.get_long().into_iter().chain(aliases).map(str::to_owned).collect()
}

/// Reads a word as the opening of an option.
fn opening<'a>(command: &'a clap::Command, word: &str) -> Opening<'a> {
    let Some((dash, rest)) = dashes(word) else { return Opening::None };
    let (name, value) = match rest.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (rest, None),
    };
    // An argument of several words is a text, even if it begins with dashes.
    if name.contains(char::is_whitespace) {
        return Opening::None;
    }
    let wanted = plain(name);
    let mut options = command.get_arguments().filter(|argument| argument.get_long().is_some());
    if let Some(found) = options.find(|option| longs(option).iter().any(|long| plain(long) == wanted)) {
        return Opening::Known(found, value);
    }
    // A dialogue may begin with a dash; two hyphens and a letter are meant as an option.
    if dash == "--" && name.chars().next().is_some_and(char::is_alphabetic) {
        let known = command.get_arguments().flat_map(|argument| {
            longs(argument).into_iter().map(|long| (long, argument.get_long().unwrap_or_default().to_owned()))
        });
        return Opening::Unknown(nearest(&wanted, known).map(|long| format!("--{long}")));
    }
    Opening::None
}

/// The dashes that open an option, and what follows them.
fn dashes(word: &str) -> Option<(&str, &str)> {
    if let Some(rest) = word.strip_prefix("--") {
        return Some((&word[..2], rest));
    }
    let first = word.chars().next().filter(|c| *c != '-' && DASHES.contains(c))?;
    Some(word.split_at(first.len_utf8()))
}

/// An option with a well-formed value that ends words `begin..end`: where it begins, and how clap takes it.
fn trailing_option(
    spoken: &Spoken<'_>,
    command: &clap::Command,
    begin: usize,
    end: usize,
) -> Option<(usize, String)> {
    let lowest = begin.max(end.saturating_sub(LONGEST_VALUE + 1));
    (lowest..end).rev().find_map(|from| {
        let Opening::Known(argument, inline) = opening(command, spoken.text(from)?) else { return None };
        let long = argument.get_long()?;
        if !argument.get_action().takes_values() {
            return (inline.is_none() && from + 1 == end).then(|| (from, format!("--{long}")));
        }
        let value = match inline {
            Some(value) if from + 1 == end => Some(value).filter(|value| is_value(argument, value)),
            Some(_) => None,
            None if vocabulary(argument).is_some() => spoken_value(argument, spoken, from + 1, end, false)
                .filter(|(_, next)| *next == end)
                .map(|(value, _)| value.to_owned()),
            None => spoken.text(from + 1).filter(|_| from + 2 == end).map(str::to_owned),
        };
        value.map(|value| (from, format!("--{long}={value}")))
    })
}

#[cfg(test)]
mod tests;
