//! The pictures that a team sees in chat, in place: those of a mail, and ours. May import: desk, domain, reading, view.

use crate::desk::Desk;
use crate::domain::ids::MessageId;
use crate::reading::parse::file_bytes;
use crate::view::sheet::{File, Sheet};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, Options, Tree};
use std::sync::{Arc, LazyLock};

/// The letters of our pictures: those of DejaVu Sans that French is written with.
const LETTERS: &[u8] = include_bytes!("../../assets/DejaVuSans-latin.ttf");
/// How many pixels stand for one of the drawing: sharp on the screens of today.
const SHARP: f32 = 2.0;

/// The pictures of a sheet by their names, at most `most` of them and of no more than `room` bytes together. What is larger
/// or of another kind is named, and lies on the ticket's page.
pub async fn pictures(desk: &Desk, sheet: &Sheet, most: usize, mut room: u64) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for file in &sheet.files {
        if found.len() == most {
            break;
        }
        let (name, bytes) = match file {
            File::Part { message, part, name, bytes } if *bytes <= room => {
                (name, picture(desk, *message, *part).await)
            }
            File::Drawing { name, svg } => {
                let svg = svg.clone();
                (name, tokio::task::spawn_blocking(move || png(&svg)).await.ok().flatten())
            }
            File::Part { .. } | File::Text { .. } => continue,
        };
        if let Some(bytes) = bytes.filter(|bytes| bytes.len() as u64 <= room) {
            room -= bytes.len() as u64;
            found.push((name.clone(), bytes));
        }
    }
    found
}

/// The bytes of a part of a mail where it is a picture. A drawing that can hold a program is none.
async fn picture(desk: &Desk, message: MessageId, part: u32) -> Option<Vec<u8>> {
    let (listed, raw) = desk.file_of_message(message, part).await.ok()??;
    let is_picture = listed.media_type.starts_with("image/") && !listed.media_type.contains("svg");
    if is_picture { file_bytes(&raw, part) } else { None }
}

/// A drawing of ours as a picture that every chat shows.
fn png(svg: &str) -> Option<Vec<u8>> {
    static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
        let mut letters = usvg::fontdb::Database::new();
        letters.load_font_data(LETTERS.to_vec());
        Options { fontdb: Arc::new(letters), font_family: "DejaVu Sans".to_owned(), ..Options::default() }
    });
    let tree = Tree::from_str(svg, &OPTIONS).ok()?;
    let size = tree.size().to_int_size().scale_by(SHARP)?;
    let mut picture = Pixmap::new(size.width(), size.height())?;
    resvg::render(&tree, Transform::from_scale(SHARP, SHARP), &mut picture.as_mut());
    picture.encode_png().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_becomes_a_picture_with_its_letters_and_nonsense_none() {
        let drawing = |said: &str| {
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"20\" font-family=\"'DejaVu Sans'\">\
                 <text x=\"2\" y=\"15\">{said}</text></svg>"
            )
        };
        let (empty, letters) = (png(&drawing("")).unwrap(), png(&drawing("Été < 2 h")).unwrap_or_default());
        assert!(empty.starts_with(b"\x89PNG"));
        assert!(letters.is_empty(), "what is not well formed is no drawing");
        let letters = png(&drawing("Été &lt; 2\u{a0}h")).unwrap();
        assert!(letters.len() > empty.len(), "the letters are there");
        let picture = Pixmap::decode_png(&letters).unwrap();
        assert_eq!((picture.width(), picture.height()), (200, 40));
    }
}
