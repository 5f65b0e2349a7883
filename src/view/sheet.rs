//! A message in chat as data, before a platform draws it: what it says, what can be pressed on it, what it asks.
//!
//! No text of a sheet is markup: a platform escapes all of it, and whoever wrote a mail cannot draw on our cards.
//! Pure. May import: domain.

use super::press::Press;
use crate::domain::chat::Place;
use crate::domain::ids::{EventId, MessageId};
use crate::domain::ticket::Status;
use chrono::{DateTime, Utc};

/// A message in chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The colour: that of a status.
    pub accent: Option<Status>,
    /// Its first line, set off from the rest.
    pub title: Option<String>,
    /// Where the title leads: a page of ours.
    pub link: Option<String>,
    /// What it says, in order.
    pub body: Vec<Piece>,
    /// Short facts, each with its name.
    pub facts: Vec<(String, String)>,
    /// Said small, below.
    pub footer: Option<String>,
    /// What can be pressed, row by row.
    pub rows: Vec<Row>,
    /// Files that come with it.
    pub files: Vec<File>,
    /// Who is to be called by it. Nobody else ever is.
    pub calls: Option<Call>,
}

impl Sheet {
    /// The act that can be taken back by one of its buttons.
    pub fn undoes(&self) -> Option<EventId> {
        self.rows.iter().find_map(|row| match row {
            Row::Buttons(buttons) => buttons.iter().find_map(|button| match button.press {
                Press::Undo(act) => Some(act),
                _ => None,
            }),
            Row::Menu(_) => None,
        })
    }

    /// The same once the time to take an act back is over.
    #[must_use]
    pub fn without_undo(&self) -> Sheet {
        let mut sheet = self.clone();
        for row in &mut sheet.rows {
            if let Row::Buttons(buttons) = row {
                buttons.retain(|button| !matches!(button.press, Press::Undo(_)));
            }
        }
        sheet.rows.retain(|row| !matches!(row, Row::Buttons(buttons) if buttons.is_empty()));
        sheet
    }
}

/// A piece of what a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words, as they are; line breaks count, and a command between backticks is shown as one.
    Words(String),
    /// The same, set off as somebody's own words.
    Quote(String),
    /// Aligned lines, in letters of one width.
    Table(String),
    /// Set off in bold, as a line of its own.
    Heading(String),
    /// Said small.
    Small(String),
    /// Taken back: struck through.
    Struck(String),
    /// Words, and a way to the thread that hangs there: each platform draws its own link.
    Leads(String, Place),
    /// How long ago, kept up to date by the platform.
    Ago(DateTime<Utc>),
}

/// Who is called by a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Somebody, by their account on the platform.
    Person(String),
    /// The leads.
    Leads,
}

/// A row of what can be pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// At most five.
    Buttons(Vec<Button>),
    /// One choice among at most 25.
    Menu(Menu),
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What is written on it.
    pub label: String,
    /// What it asks for.
    pub press: Press,
    /// How it looks.
    pub tone: Tone,
}

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As any other.
    Plain,
    /// What is mostly done here.
    Primary,
    /// What ends well.
    Success,
    /// What destroys, or cannot be taken back.
    Danger,
}

/// A choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// What is chosen.
    pub press: Press,
    /// What is written on it before anything is chosen.
    pub placeholder: String,
    /// Among what.
    pub choices: Vec<Choice>,
}

/// One of the things to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is written.
    pub label: String,
    /// What it means.
    pub value: String,
    /// Said small beside it.
    pub note: Option<String>,
    /// Chosen already.
    pub is_chosen: bool,
}

/// A file that comes with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// A text of ours, such as a message too long for the platform.
    Text {
        /// Its name, made by us.
        name: String,
        /// The whole text.
        text: String,
    },
    /// A file of a mail.
    Part {
        /// Whose.
        message: MessageId,
        /// Which part of the mail.
        part: u32,
        /// Its name, cleaned of paths.
        name: String,
        /// Its length in bytes.
        bytes: u64,
    },
    /// A drawing of ours (SVG), shown as a picture.
    Drawing {
        /// Its name as a picture, made by us.
        name: String,
        /// The drawing.
        svg: String,
    },
}

/// A form to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What it asks for once it is filled in.
    pub press: Press,
    /// Its title.
    pub title: String,
    /// Its fields, at most five.
    pub fields: Vec<Field>,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name for the code.
    pub key: String,
    /// What is written over it.
    pub label: String,
    /// What stands in it.
    pub value: String,
    /// Several lines.
    pub is_long: bool,
    /// It may not stay empty.
    pub is_required: bool,
}

/// What follows from somebody's doing in chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Said to them alone.
    Private(Sheet),
    /// In the place of what they pressed on, to them alone as that was.
    Instead(Sheet),
    /// A form for them to fill in.
    Ask(Form),
    /// What they filled in is not taken yet.
    Amend {
        /// The field that is to be mended.
        field: String,
        /// What is wrong with it.
        said: String,
        /// What brings the form again, with what was typed, where it does not stay.
        again: Press,
    },
    /// Nothing to say.
    Silence,
}
