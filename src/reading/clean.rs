//! HTML that a stranger wrote, made safe to show: an allow-list, no script, nothing fetched without being asked for.
//! May import: domain.
//!
//! `mend` first bounds what the parser can be made to do; then ammonia parses and writes it, deciding on each address,
//! size and colour; what it wrote is not touched again.

use super::markup::Tag;
use super::mend::{ATTRIBUTES, ELEMENTS, TooIntricate, mend};
use super::sniff;
use crate::domain::hex::percent_decoded;
use ammonia::{Builder, UrlRelative};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Longest HTML that is cleaned, in bytes.
pub const LONGEST: usize = 256 * 1024;
/// Most bytes of pictures set into one page, each counted as often as it is shown.
const MOST_PICTURE_BYTES: usize = 8 << 20;
/// Most pictures that a page names.
const MOST_NAMED: usize = 500;
/// What stands for a picture that is not fetched: a transparent pixel, which takes the size that its tag gives it.
pub const BLANK: &str = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

/// Why an HTML version is not shown. The French words for each are the page's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unshown {
    /// Longer than [`LONGEST`].
    TooLarge,
    /// Deeper or more tangled than any mail program writes.
    TooDeep,
}

/// HTML that is safe to show.
#[derive(Debug, PartialEq, Eq)]
pub struct Clean {
    /// A piece of a body, every element closed.
    pub html: String,
    /// How many pictures from elsewhere were left out.
    pub left_out: usize,
}

/// Cleans `html`. `pictures` are those of the mail itself, as `data:` URLs by their Content-ID in lower case; those from
/// elsewhere are named, over https, only with `remote_images`.
///
/// # Errors
/// [`Unshown`]: nothing of it can be shown.
pub fn clean(html: &str, pictures: HashMap<String, String>, remote_images: bool) -> Result<Clean, Unshown> {
    if html.len() > LONGEST {
        return Err(Unshown::TooLarge);
    }
    let mended = mend(html).map_err(|TooIntricate| Unshown::TooDeep)?;
    let images = Arc::new(Images {
        pictures,
        remote_images,
        left_out: AtomicUsize::new(0),
        room: AtomicUsize::new(MOST_PICTURE_BYTES),
    });
    let allowed = Arc::clone(&images);
    let mut builder = Builder::empty();
    builder
        .tags(ELEMENTS.into_iter().collect())
        .clean_content_tags(["script", "style"].into())
        .generic_attributes(attributes(|on| on.is_empty()).collect())
        .tag_attributes(
            ELEMENTS
                .iter()
                .map(|element| (*element, attributes(|on| on.contains(element)).collect()))
                .collect(),
        )
        .url_schemes(["http", "https", "mailto", "cid", "data"].into())
        // The filter of values takes none of them, but for pictures of the scheme that is left out.
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .strip_comments(true)
        .attribute_filter(move |element, attribute, value| match (element, attribute) {
            (_, "src") => allowed.address(value).map(Cow::Owned),
            ("a", "rel" | "target") | ("img", "alt") => Some(value.into()),
            (_, "href") => is_link(value).then(|| value.into()),
            (_, "style") => Some(style(value)).filter(|kept| !kept.is_empty()).map(Cow::Owned),
            (
                _,
                "width" | "height" | "colspan" | "rowspan" | "border" | "cellpadding" | "cellspacing"
                | "start",
            ) => is_size(value).then(|| value.into()),
            _ => is_word(value).then(|| value.into()),
        });
    let html = builder.clean(&mended).to_string();
    Ok(Clean { html, left_out: images.left_out.load(Ordering::Relaxed) })
}

/// What the filter of addresses knows, and counts; ammonia asks for one that may be shared.
struct Images {
    pictures: HashMap<String, String>,
    remote_images: bool,
    left_out: AtomicUsize,
    /// Bytes of pictures that may still be set in.
    room: AtomicUsize,
}

impl Images {
    /// The address that a picture gets; `None` for none.
    fn address(&self, written: &str) -> Option<String> {
        match image(written)? {
            Image::Remote(address) if self.remote_images => Some(address),
            Image::Remote(_) => {
                self.left_out.fetch_add(1, Ordering::Relaxed);
                Some(BLANK.to_owned())
            }
            Image::Enclosed(data) => is_raster(&data).then_some(data),
            Image::Part(id) => {
                let data = self.pictures.get(&id)?;
                let left = |room: usize| room.checked_sub(data.len());
                let fits = self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok();
                fits.then(|| data.clone())
            }
        }
    }
}

/// The attributes whose list of elements `wanted` takes.
fn attributes(wanted: impl Fn(&[&str]) -> bool) -> impl Iterator<Item = &'static str> {
    ATTRIBUTES.into_iter().filter(move |(_, on)| wanted(on)).map(|(name, _)| name)
}

/// Where a picture comes from.
enum Image {
    /// Another host, over https.
    Remote(String),
    /// A part of the mail, by its Content-ID in lower case.
    Part(String),
    /// The address itself (RFC 2397).
    Enclosed(String),
}

/// Reads the address of a picture; `None` for one that no picture of a mail has.
fn image(address: &str) -> Option<Image> {
    let address = address.trim();
    let (scheme, rest) = address.split_once(':').unwrap_or(("", address));
    match scheme.to_ascii_lowercase().as_str() {
        "https" | "http" if rest.starts_with("//") => Some(Image::Remote(format!("https:{rest}"))),
        "" if rest.starts_with("//") => Some(Image::Remote(format!("https:{rest}"))),
        "cid" => Some(Image::Part(content_id(rest))),
        "data" => Some(Image::Enclosed(address.to_owned())),
        _ => None,
    }
}

/// The Content-ID that a `cid:` address names (RFC 2392), in lower case.
fn content_id(named: &str) -> String {
    String::from_utf8_lossy(&percent_decoded(named.as_bytes())).trim_matches(['<', '>', ' ']).to_lowercase()
}

/// Types that show a picture and can do nothing else.
const RASTER: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// A picture as an address; `None` for bytes that are no PNG, JPEG, GIF or WebP.
pub fn data_url(bytes: &[u8]) -> Option<String> {
    let kind = sniff::media_type(bytes, "");
    RASTER.contains(&kind.as_str()).then(|| format!("data:{kind};base64,{}", STANDARD.encode(bytes)))
}

/// Whether a `data:` URL holds a picture of a raster type, by its first bytes.
fn is_raster(address: &str) -> bool {
    let Some((head, data)) = address.split_once(',') else { return false };
    if !head.to_ascii_lowercase().ends_with(";base64") {
        return false;
    }
    let start: Vec<u8> = data.bytes().filter(|byte| !byte.is_ascii_whitespace()).take(32).collect();
    let start = STANDARD.decode(&start[..start.len() / 4 * 4]).unwrap_or_default();
    RASTER.contains(&sniff::media_type(&start, "").as_str())
}

fn is_link(address: &str) -> bool {
    let scheme = address.trim_start().split(':').next().unwrap_or("").to_ascii_lowercase();
    // `https://bank.example@evil.example/` shows one host and leads to the other.
    let host = address
        .split_once("//")
        .map_or("", |(_, rest)| rest.split(['/', '?', '#', '\\']).next().unwrap_or(""));
    matches!(scheme.as_str(), "http" | "https" | "mailto") && !host.contains('@')
}

/// A number, perhaps of hundredths.
fn is_size(value: &str) -> bool {
    let digits = value.trim().trim_end_matches('%');
    (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A word or a colour.
fn is_word(value: &str) -> bool {
    value.len() <= 30 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
}

/// Properties that colour and set words and boxes. None moves anything out of its place, hides it, or fetches.
const PROPERTIES: [&str; 34] = [
    "background",
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "font-size",
    "font-style",
    "font-weight",
    "line-height",
    "list-style-type",
    "max-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "text-decoration",
    "text-decoration-line",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
    "word-wrap",
];

/// The declarations of a style that may stay: a known property, and a value of words, sizes and colours.
fn style(declarations: &str) -> String {
    let mut kept = String::new();
    for declaration in declarations.split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let (property, value) = (property.trim().to_ascii_lowercase(), value.trim().to_ascii_lowercase());
        let is_fit = match property.as_str() {
            "font-size" => is_legible(&value),
            "line-height" => value.len() <= 6 && !value.starts_with(['0', '.', '-']),
            property => PROPERTIES.contains(&property),
        };
        if is_fit && is_harmless(&value) {
            kept.push_str(&property);
            kept.push(':');
            kept.push_str(&value);
            kept.push(';');
        }
    }
    kept
}

/// Whether a value of a property holds nothing but words, sizes and colours.
fn is_harmless(value: &str) -> bool {
    let mut rest = value;
    while let Some(at) = rest.find('(') {
        let function = rest[..at].rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        if !matches!(function, "rgb" | "rgba" | "hsl" | "hsla") {
            return false;
        }
        rest = &rest[at + 1..];
    }
    value.len() <= 100
        && !value.is_empty()
        && value.chars().all(|c| c.is_ascii_alphanumeric() || " #%.,()!".contains(c) || c == '-')
        && !value.split([' ', ',', '(']).any(|word| word.starts_with('-'))
}

/// Whether a size of letters can be read and leaves room for others.
fn is_legible(value: &str) -> bool {
    let (least, most, number) = if let Some(number) = value.strip_suffix("px") {
        (9.0, 48.0, number)
    } else if let Some(number) = value.strip_suffix("pt") {
        (7.0, 36.0, number)
    } else if let Some(number) = value.strip_suffix("em") {
        (0.6, 3.0, number)
    } else if let Some(number) = value.strip_suffix('%') {
        (60.0, 300.0, number)
    } else {
        return matches!(
            value,
            "x-small" | "small" | "medium" | "large" | "x-large" | "xx-large" | "smaller" | "larger"
        );
    };
    number.trim().parse::<f32>().is_ok_and(|size| (least..=most).contains(&size))
}

/// What a page says about its pictures.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pictures {
    /// The parts of the mail that it shows, by their Content-ID in lower case.
    pub parts: HashSet<String>,
    /// It shows some from elsewhere.
    pub remote: bool,
}

/// Looks through a page for its pictures, without reading the rest.
pub fn pictures(html: &str) -> Pictures {
    let mut found = Pictures::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let is_image = rest.get(..3).is_some_and(|name| name.eq_ignore_ascii_case("img"))
            && rest.as_bytes().get(3).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/');
        if !is_image {
            continue;
        }
        let Some(end) = rest.find('>') else { break };
        let tag = Tag { name: "img".to_owned(), attributes: &rest[3..end] };
        match tag.attribute("src").as_deref().and_then(image) {
            Some(Image::Remote(_)) => found.remote = true,
            Some(Image::Part(id)) if found.parts.len() < MOST_NAMED => drop(found.parts.insert(id)),
            _ => {}
        }
        rest = &rest[end..];
    }
    found
}

#[cfg(test)]
#[path = "clean_tests.rs"]
mod tests;
