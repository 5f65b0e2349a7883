//! `winmail.dat`: the files and the text that Outlook wraps in TNEF ([MS-OXTNEF]) for readers like itself.
//! May import: nothing.
//!
//! Any bytes are read in one pass, without recursion, each length checked against what is there. Checksums are not:
//! gateways that rewrite a mail leave them wrong, and what is read is a stranger's word anyway.

use super::charset::decode;
use super::html::html_to_text;

/// How a TNEF stream begins ([MS-OXTNEF] 2.1.3.1).
const SIGNATURE: u32 = 0x223E_9F78;
/// More files than any mail has; the rest is counted by [`Tnef::beyond`].
const MOST_FILES: usize = 500;

/// What a TNEF stream holds.
#[derive(Debug, Default)]
pub struct Tnef<'a> {
    /// Its files, at most 500 of them.
    pub files: Vec<File<'a>>,
    /// How many more there are.
    pub beyond: u32,
    body: Option<Body<'a>>,
    code_page: u32,
}

/// One file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct File<'a> {
    /// As its sender calls it, not cleaned; may be empty.
    pub name: String,
    /// The media type that it is labelled with; may be empty.
    pub media_type: String,
    /// What is in it. Of a message within the message: its own TNEF stream.
    pub bytes: &'a [u8],
}

/// The text of the message, the best form of it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Body<'a> {
    Html(Value<'a>),
    Attribute(&'a [u8]),
    Plain(Value<'a>),
}

/// The value of a MAPI property that is text or bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Value<'a> {
    /// In the code page of the stream.
    Narrow(&'a [u8]),
    /// UTF-16, the lower byte first.
    Wide(&'a [u8]),
    Bytes(&'a [u8]),
    /// A storage: sixteen bytes that say what kind, then its content.
    Object(&'a [u8]),
}

// Attributes of a TNEF stream ([MS-OXTNEF] 2.1.3.2), without their type.
const ATT_BODY: u16 = 0x800C;
const ATT_ATTACH_DATA: u16 = 0x800F;
const ATT_ATTACH_TITLE: u16 = 0x8010;
const ATT_ATTACH_REND_DATA: u16 = 0x9002;
const ATT_MSG_PROPS: u16 = 0x9003;
const ATT_ATTACHMENT: u16 = 0x9005;
const ATT_OEM_CODE_PAGE: u16 = 0x9007;

// MAPI properties ([MS-OXPROPS]).
const PR_BODY: u16 = 0x1000;
const PR_BODY_HTML: u16 = 0x1013;
const PR_DISPLAY_NAME: u16 = 0x3001;
const PR_ATTACH_DATA: u16 = 0x3701;
const PR_ATTACH_FILENAME: u16 = 0x3704;
const PR_ATTACH_LONG_FILENAME: u16 = 0x3707;
const PR_ATTACH_MIME_TAG: u16 = 0x370E;

/// Opens a TNEF stream; `None` for bytes that are none, or that break off within an attribute.
pub fn open(bytes: &[u8]) -> Option<Tnef<'_>> {
    let mut stream = Stream(bytes);
    if stream.u32()? != SIGNATURE {
        return None;
    }
    stream.u16()?;
    let mut found = Tnef { code_page: 1252, ..Tnef::default() };
    // Whoever pads the end of a stream does it with bytes that are no level.
    while let Some(1 | 2) = stream.0.first() {
        stream.take(1)?;
        let attribute = (stream.u32()? & 0xFFFF) as u16;
        let length = stream.u32()? as usize;
        let value = stream.take(length)?;
        // The checksum, which the very last attribute of some streams lacks.
        stream.take(stream.0.len().min(2))?;
        found.attribute(attribute, value);
    }
    Some(found)
}

impl<'a> Tnef<'a> {
    /// The text of the message, its markup undone; empty where it has none, or only the form that no other program
    /// reads (RTF).
    pub fn text(&self) -> String {
        let text = match self.body {
            None => String::new(),
            Some(Body::Attribute(bytes)) => self.words(Value::Narrow(bytes)),
            Some(Body::Plain(value)) => self.words(value),
            Some(Body::Html(Value::Bytes(bytes))) => html_to_text(&decode(bytes, None)),
            Some(Body::Html(value)) => html_to_text(&self.words(value)),
        };
        text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
    }

    fn attribute(&mut self, attribute: u16, value: &'a [u8]) {
        match attribute {
            ATT_OEM_CODE_PAGE => self.code_page = Stream(value).u32().unwrap_or(self.code_page),
            ATT_BODY => self.offer(Body::Attribute(value)),
            ATT_MSG_PROPS => {
                for_each_property(value, |property, value| match property {
                    PR_BODY => self.offer(Body::Plain(value)),
                    PR_BODY_HTML => self.offer(Body::Html(value)),
                    _ => {}
                });
            }
            // Stands before what is told of each file.
            ATT_ATTACH_REND_DATA if self.files.len() < MOST_FILES && self.beyond == 0 => {
                self.files.push(File::default());
            }
            ATT_ATTACH_REND_DATA => self.beyond = self.beyond.saturating_add(1),
            ATT_ATTACH_DATA | ATT_ATTACH_TITLE | ATT_ATTACHMENT if self.beyond == 0 => {
                self.tell_of_file(attribute, value);
            }
            _ => {}
        }
    }

    fn tell_of_file(&mut self, attribute: u16, value: &'a [u8]) {
        let Some(mut file) = self.files.pop() else { return };
        match attribute {
            ATT_ATTACH_DATA => file.bytes = value,
            ATT_ATTACH_TITLE if file.name.is_empty() => file.name = self.words(Value::Narrow(value)),
            ATT_ATTACHMENT => {
                let (mut name, mut rank) = (String::new(), 0);
                for_each_property(value, |property, value| {
                    let (this, words) = match (property, value) {
                        (PR_ATTACH_DATA, Value::Bytes(bytes)) => return file.bytes = bytes,
                        // The message within the message begins behind the kind of the storage.
                        (PR_ATTACH_DATA, Value::Object(bytes)) => {
                            return file.bytes = bytes.get(16..).unwrap_or_default();
                        }
                        (PR_ATTACH_MIME_TAG, value) => return file.media_type = self.words(value),
                        (PR_ATTACH_LONG_FILENAME, value) => (3, self.words(value)),
                        (PR_ATTACH_FILENAME, value) => (2, self.words(value)),
                        (PR_DISPLAY_NAME, value) => (1, self.words(value)),
                        _ => return,
                    };
                    if this > rank && !words.is_empty() {
                        (rank, name) = (this, words);
                    }
                });
                // The title is the long name cut to eight letters and three.
                if rank == 3 || file.name.is_empty() && rank > 0 {
                    file.name = name;
                }
            }
            _ => {}
        }
        self.files.push(file);
    }

    fn offer(&mut self, body: Body<'a>) {
        self.body = self.body.max(Some(body));
    }

    /// The words of a value, up to their NUL.
    fn words(&self, value: Value<'_>) -> String {
        let text = match value {
            Value::Narrow(bytes) | Value::Bytes(bytes) => decode(bytes, Some(&self.charset())),
            Value::Wide(bytes) => {
                let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
                char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
            Value::Object(_) => String::new(),
        };
        match text.find('\0') {
            Some(end) => text[..end].to_owned(),
            None => text,
        }
    }

    fn charset(&self) -> String {
        match self.code_page {
            65001 => "utf-8".to_owned(),
            932 => "shift_jis".to_owned(),
            936 => "gb2312".to_owned(),
            949 => "euc-kr".to_owned(),
            950 => "big5".to_owned(),
            page => format!("windows-{page}"),
        }
    }
}

/// Gives each property of text or bytes to `tell` ([MS-OXTNEF] 2.1.3.4), as far as they can be read.
fn for_each_property<'a>(bytes: &'a [u8], mut tell: impl FnMut(u16, Value<'a>)) {
    let mut stream = Stream(bytes);
    let Some(count) = stream.u32() else { return };
    // Each takes at least the four bytes of its tag.
    for _ in 0..count {
        let Some(tag) = stream.u32() else { return };
        let (kind, property) = ((tag & 0xFFFF) as u16, (tag >> 16) as u16);
        if property >= 0x8000 && stream.skip_name().is_none() {
            return;
        }
        if stream.values(kind, |value| tell(property, value)).is_none() {
            return;
        }
    }
}

/// What is left of the bytes.
struct Stream<'a>(&'a [u8]);

impl<'a> Stream<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// As many bytes as are said to follow, and what fills them up to a multiple of four; the last may lack that.
    fn counted(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()? as usize;
        let value = self.take(length)?;
        self.take(((4 - length % 4) % 4).min(self.0.len()))?;
        Some(value)
    }

    /// The name of a property that has one: whose it is, then a number or words.
    fn skip_name(&mut self) -> Option<()> {
        self.take(16)?;
        match self.u32()? {
            0 => self.u32().map(drop),
            _ => self.counted().map(drop),
        }
    }

    /// The values of a property, by its type ([MS-OXCDATA] 2.11.1).
    fn values(&mut self, kind: u16, mut tell: impl FnMut(Value<'a>)) -> Option<()> {
        const SEVERAL: u16 = 0x1000;
        let (single, several) = (kind & !SEVERAL, kind & SEVERAL != 0);
        let width = match single {
            0x0001 => 0,
            // Numbers of two bytes are filled up to four.
            0x0002..=0x0004 | 0x000A | 0x000B => 4,
            0x0005..=0x0007 | 0x0014 | 0x0040 => 8,
            0x0048 => 16,
            0x000D | 0x001E | 0x001F | 0x0102 => {
                for _ in 0..self.u32()? {
                    let value = self.counted()?;
                    tell(match single {
                        0x001E => Value::Narrow(value),
                        0x001F => Value::Wide(value),
                        0x0102 => Value::Bytes(value),
                        _ => Value::Object(value),
                    });
                }
                return Some(());
            }
            // Without the length of its value nothing behind it can be found.
            _ => return None,
        };
        let count = if several { self.u32()? as usize } else { 1 };
        self.take(count.checked_mul(width)?).map(drop)
    }
}

#[cfg(test)]
#[path = "tnef_tests.rs"]
mod tests;
