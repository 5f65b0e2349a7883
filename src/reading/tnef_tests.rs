//! Streams as Outlook writes them, and as nobody does.

use super::*;
use proptest::prelude::*;

fn attribute(level: u8, id: u32, value: &[u8]) -> Vec<u8> {
    let sum = value.iter().fold(0u16, |sum, &byte| sum.wrapping_add(u16::from(byte)));
    let length = u32::try_from(value.len()).unwrap();
    [&[level], &id.to_le_bytes()[..], &length.to_le_bytes(), value, &sum.to_le_bytes()].concat()
}

fn stream(attributes: &[Vec<u8>]) -> Vec<u8> {
    [&SIGNATURE.to_le_bytes()[..], &[1, 0], &attributes.concat()].concat()
}

fn padded(value: &[u8]) -> Vec<u8> {
    let mut bytes = [&u32::try_from(value.len()).unwrap().to_le_bytes()[..], value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn wide(words: &str) -> Vec<u8> {
    words.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A property of one value.
fn property(tag: u32, value: &[u8]) -> Vec<u8> {
    [&tag.to_le_bytes()[..], &1u32.to_le_bytes(), &padded(value)].concat()
}

fn properties(list: &[Vec<u8>]) -> Vec<u8> {
    [&u32::try_from(list.len()).unwrap().to_le_bytes()[..], &list.concat()].concat()
}

const REND_DATA: u32 = 0x0006_9002;
const TITLE: u32 = 0x0001_8010;
const DATA: u32 = 0x0006_800F;
const ATTACHMENT: u32 = 0x0006_9005;
const MSG_PROPS: u32 = 0x0006_9003;

fn names(bytes: &[u8]) -> Vec<String> {
    open(bytes).unwrap().files.into_iter().map(|file| file.name).collect()
}

#[test]
fn files_are_found_with_their_long_names() {
    let long = property(0x3707_001F, &wide("Relevé de septembre.pdf"));
    let label = property(0x370E_001E, b"application/pdf\0");
    let bytes = stream(&[
        attribute(1, 0x0008_9006, &[0, 0, 1, 0]),
        attribute(1, 0x0006_9007, &[0xE4, 4, 0, 0, 0, 0, 0, 0]),
        attribute(2, REND_DATA, &[0; 14]),
        attribute(2, TITLE, b"RELEV~1.PDF\0"),
        attribute(2, DATA, b"%PDF-1.4"),
        attribute(2, ATTACHMENT, &properties(&[property(0x3704_001E, b"RELEV~1.PDF\0"), long, label])),
        attribute(2, REND_DATA, &[0; 14]),
        attribute(2, TITLE, b"\xC9t\xE9.txt\0"),
        attribute(2, DATA, b"chaud"),
    ]);
    let found = open(&bytes).unwrap();
    let [first, second] = &found.files[..] else { panic!("{found:?}") };
    assert_eq!(
        (first.name.as_str(), first.media_type.as_str(), first.bytes),
        ("Relevé de septembre.pdf", "application/pdf", &b"%PDF-1.4"[..])
    );
    assert_eq!((second.name.as_str(), second.bytes), ("Été.txt", &b"chaud"[..]));
    assert_eq!(found.text(), "");
}

#[test]
fn a_file_may_lie_in_its_properties_and_a_message_in_a_storage() {
    let inner = stream(&[]);
    let storage = [&[0x07; 16][..], &inner].concat();
    let bytes = stream(&[
        attribute(2, REND_DATA, &[0; 14]),
        attribute(
            2,
            ATTACHMENT,
            &properties(&[property(0x3701_0102, b"GIF89a"), property(0x3001_001F, &wide("logo.gif"))]),
        ),
        attribute(2, REND_DATA, &[0; 14]),
        attribute(
            2,
            ATTACHMENT,
            &properties(&[property(0x3001_001E, b"Re: devis\0"), property(0x3701_000D, &storage)]),
        ),
    ]);
    let found = open(&bytes).unwrap();
    assert_eq!(names(&bytes), ["logo.gif", "Re: devis"]);
    assert_eq!((found.files[0].bytes, found.files[1].bytes), (&b"GIF89a"[..], &inner[..]));
}

#[test]
fn properties_of_every_type_are_passed_over() {
    let named_by_number =
        [&0x8000_0003u32.to_le_bytes()[..], &[9; 16], &[0; 4], &[1, 0, 0, 0], &[5, 0, 0, 0]].concat();
    let named_by_words = [
        &0x8001_001Fu32.to_le_bytes()[..],
        &[9; 16],
        &1u32.to_le_bytes(),
        &padded(&wide("Motif")),
        &1u32.to_le_bytes(),
        &padded(&wide("x")),
    ]
    .concat();
    let fixed = |tag: u32, width: usize| [&tag.to_le_bytes()[..], &vec![7; width]].concat();
    let several = [&0x1234_1003u32.to_le_bytes()[..], &2u32.to_le_bytes(), &[7; 8]].concat();
    let list = [
        fixed(0x0E07_0002, 4),
        fixed(0x0E07_000B, 4),
        fixed(0x0E06_0040, 8),
        fixed(0x1234_0048, 16),
        several,
        named_by_number,
        named_by_words,
        property(0x1009_0102, b"LZFu"),
        property(0x1000_001F, &wide("Bonjour,\r\nça marche ?")),
    ];
    let bytes = stream(&[
        attribute(1, 0x0002_800C, b"Bonjour, ?a marche\0"),
        attribute(1, MSG_PROPS, &properties(&list)),
    ]);
    assert_eq!(open(&bytes).unwrap().text(), "Bonjour,\nça marche ?");
}

#[test]
fn the_text_is_read_from_what_there_is() {
    let body = attribute(1, 0x0002_800C, b"\x80\xE9\0");
    assert_eq!(open(&stream(std::slice::from_ref(&body))).unwrap().text(), "€é");
    let html = attribute(1, MSG_PROPS, &properties(&[property(0x1013_0102, b"<p>Un</p><p>Deux</p>")]));
    assert_eq!(open(&stream(std::slice::from_ref(&html))).unwrap().text(), "Un\n\nDeux");
    assert_eq!(open(&stream(&[html, body])).unwrap().text(), "€é");
}

#[test]
fn what_is_no_stream_or_breaks_off_is_not_opened() {
    let whole = stream(&[
        attribute(2, REND_DATA, &[0; 14]),
        attribute(2, TITLE, b"a.txt\0"),
        attribute(2, DATA, b"0123456789"),
    ]);
    assert_eq!(names(&whole), ["a.txt"]);
    assert_eq!(names(&[&whole[..], &[0; 7]].concat()), ["a.txt"], "padding at the end");
    assert_eq!(names(&whole[..whole.len() - 2]), ["a.txt"], "the last checksum may be missing");
    assert!(open(&whole[..whole.len() - 3]).is_none());
    for none in [&b""[..], b"\x78\x9F\x3E", b"%PDF-1.4 and more", b"\x78\x9F\x3E\x22"] {
        assert!(open(none).is_none(), "{none:?}");
    }
    let told_too_long =
        [&SIGNATURE.to_le_bytes()[..], &[1, 0], &[1], &[12, 128, 2, 0], &[255; 4], b"Bonjour"].concat();
    assert!(open(&told_too_long).is_none());
}

#[test]
fn more_files_than_any_mail_has_are_counted() {
    let one = [attribute(2, REND_DATA, &[0; 14]), attribute(2, DATA, b"x")].concat();
    let bytes = stream(&[one.repeat(MOST_FILES + 20)]);
    let found = open(&bytes).unwrap();
    assert_eq!((found.files.len(), found.beyond), (MOST_FILES, 20));
}

#[test]
fn a_stream_of_lies_takes_no_longer_than_its_length() {
    let empty_properties = [&u32::MAX.to_le_bytes()[..], &[1, 0, 0, 0].repeat(500_000)].concat();
    let empty_values =
        [&1u32.to_le_bytes()[..], &0x1000_001Fu32.to_le_bytes(), &u32::MAX.to_le_bytes(), &[0; 2_000_000]]
            .concat();
    for lies in [empty_properties, empty_values] {
        assert!(open(&stream(&[attribute(1, MSG_PROPS, &lies)])).is_some());
    }
    let small = attribute(2, TITLE, b"").repeat(200_000);
    assert!(open(&stream(&[attribute(2, REND_DATA, b""), small])).is_some());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(rest in any::<Vec<u8>>(), list in any::<Vec<u8>>(), level in 0u8..4, id in prop::sample::select(vec![0x8000u32, 0x800C, 0x800F, 0x8010, 0x9002, 0x9003, 0x9005, 0x9007])) {
        let whole = stream(&[attribute(2, REND_DATA, b""), attribute(level, id, &list), rest.clone()]);
        for bytes in [&rest[..], &whole[..], &whole[..whole.len() / 2]] {
            if let Some(found) = open(bytes) {
                let _ = found.text();
                prop_assert!(found.files.iter().all(|file| file.bytes.len() <= bytes.len()));
            }
        }
    }
}
