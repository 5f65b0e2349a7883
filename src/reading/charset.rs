//! Bytes of any charset into text, never failing. May import: mail-parser's tables.
//!
//! Senders mislabel: UTF-8 declared as Latin-1, Latin-1 declared as UTF-8, names that nobody knows. Bytes that
//! are valid UTF-8 beyond ASCII are UTF-8 whatever a single-byte label says; text in another charset is
//! valid UTF-8 only by an accident that needs an accented letter before every symbol.

use mail_parser::decoders::charsets::map::charset_decoder;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// Decodes `bytes`, declared to be in the charset `declared`. Linear; what cannot be decoded becomes U+FFFD.
pub fn decode(bytes: &[u8], declared: Option<&str>) -> String {
    let label = named(declared);
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => return String::from_utf8_lossy(rest).into_owned(),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] if bytes.len().is_multiple_of(2) => {
            return known("utf-16", bytes).unwrap_or_default();
        }
        _ => {}
    }
    let family = Family::of(&label);
    if (family == Family::Unknown || is_ascii_label(&label)) && is_japanese(bytes) {
        return known("iso-2022-jp", &settled(bytes)).unwrap_or_else(|| guessed(bytes));
    }
    match family {
        Family::Utf7 => utf7(bytes),
        Family::Escaped => escaped(&label, bytes),
        // Stateful or wide: plain ASCII bytes mean something else in these.
        Family::Shifting if label.contains("2022") && label.contains("jp") => {
            known(&label, &settled(bytes)).unwrap_or_else(|| guessed(bytes))
        }
        Family::Shifting if is_high_byte_first(&label, bytes) => {
            known("utf-16be", bytes).unwrap_or_else(|| guessed(bytes))
        }
        Family::Shifting => known(&label, bytes).unwrap_or_else(|| guessed(bytes)),
        Family::EastAsian => match std::str::from_utf8(bytes) {
            // Two-byte letters may pass for UTF-8 by accident, three-byte ones do not.
            Ok(text) if text.is_ascii() || text.chars().any(|c| c.len_utf8() >= 3) => text.to_owned(),
            _ => known(&label, bytes).unwrap_or_else(|| guessed(bytes)),
        },
        Family::SingleByte => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            // Vietnamese windows-1258 writes its accents apart from their letters.
            Err(_) if label.ends_with("1258") => {
                known(&label, bytes).unwrap_or_default().nfc().collect::<String>()
            }
            Err(_) => known(&label, bytes).unwrap_or_else(|| guessed(bytes)),
        },
        Family::Unknown => guessed(bytes),
    }
}

/// Whether a charset of that name can be read.
pub fn is_known(label: &str) -> bool {
    let label = named(Some(label));
    matches!(label.as_str(), "utf-8" | "utf8") || Family::of(&label) != Family::Unknown
}

/// Whether a label promises ASCII.
fn is_ascii_label(label: &str) -> bool {
    matches!(label, "us-ascii" | "ascii" | "ansi_x3.4-1968")
}

/// Whether bytes without a label are ISO-2022-JP (RFC 1468): seven bits, with an escape to its letters.
fn is_japanese(bytes: &[u8]) -> bool {
    bytes.contains(&ESCAPE)
        && bytes.is_ascii()
        && bytes.windows(3).any(|word| matches!(word, [ESCAPE, b'$', b'@' | b'B'] | [ESCAPE, b'(', b'I']))
}

const ESCAPE: u8 = 0x1B;

/// ISO-2022-JP without the escapes that another one follows at once, as where encoded words were joined: they say
/// nothing, and the decoder takes them for faults.
fn settled(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_escape = |at: usize| {
        matches!(bytes[at..], [ESCAPE, b'$', b'@' | b'B', ..] | [ESCAPE, b'(', b'B' | b'I' | b'J', ..])
    };
    let is_idle = |at: usize| is_escape(at) && is_escape(at + 3);
    if !(0..bytes.len()).any(is_idle) {
        return Cow::Borrowed(bytes);
    }
    let mut kept = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if is_idle(at) {
            at += 3;
        } else {
            kept.push(bytes[at]);
            at += 1;
        }
    }
    Cow::Owned(kept)
}

/// Whether UTF-16 whose label does not say which byte of two comes first begins with the higher one: letters of Latin
/// scripts have a zero there.
fn is_high_byte_first(label: &str, bytes: &[u8]) -> bool {
    let zeros = |first: usize| bytes.iter().skip(first).step_by(2).filter(|&&byte| byte == 0).count();
    matches!(label, "utf-16" | "csutf16" | "unicode" | "csunicode" | "ucs-2" | "iso-10646-ucs-2")
        && zeros(0) > zeros(1)
}

/// UTF-8 where the bytes mostly are, else windows-1252, which gives every byte a sensible letter.
fn guessed(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        text.to_owned()
    } else if is_chinese(bytes) {
        known("gb18030", bytes).unwrap_or_default()
    } else if is_mostly_utf8(bytes) {
        mended_utf8(bytes)
    } else {
        known("windows-1252", bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Whether more letters beyond ASCII are sound in UTF-8 than bytes are not; one that was cut off at the end does not count.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut sound, mut broken, mut left) = (0usize, 0usize, bytes.len());
    for chunk in bytes.utf8_chunks() {
        left -= chunk.valid().len() + chunk.invalid().len();
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        if left > 0 || !is_cut_off(chunk.invalid()) {
            broken += chunk.invalid().len();
        }
    }
    sound > broken
}

/// Whether bytes that are no UTF-8 begin a letter of it.
fn is_cut_off(invalid: &[u8]) -> bool {
    matches!(invalid, [0xC2..=0xF4, ..])
}

/// UTF-8 in which single bytes of another hand stand (a footer, a name): those as windows-1252, a letter that was cut off
/// as U+FFFD.
fn mended_utf8(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut left = bytes.len();
    for chunk in bytes.utf8_chunks() {
        left -= chunk.valid().len() + chunk.invalid().len();
        text.push_str(chunk.valid());
        match chunk.invalid() {
            [] => {}
            stray @ [_] if left > 0 || !is_cut_off(stray) => {
                text.push_str(&known("windows-1252", stray).unwrap_or_default());
            }
            _ => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
    text
}

/// Whether bytes are not in the charset `declared`, which is UTF-8 or ASCII, and mostly not in UTF-8 either.
pub fn is_contradicted(bytes: &[u8], declared: &str) -> bool {
    let label = named(Some(declared));
    (matches!(label.as_str(), "utf-8" | "utf8") || is_ascii_label(&label))
        && std::str::from_utf8(bytes).is_err()
        && !is_mostly_utf8(bytes)
}

/// Whether bytes without a label are simplified Chinese: whole pairs only, most of them common characters
/// (GB 2312 level 1). Accented letters of Latin scripts stand alone.
pub fn is_chinese(bytes: &[u8]) -> bool {
    let (mut pairs, mut common) = (0, 0);
    let mut rest = bytes.iter().copied();
    while let Some(lead) = rest.next() {
        if lead.is_ascii() {
            continue;
        }
        let trail = rest.next().unwrap_or(0);
        if !(0xA1..=0xF7).contains(&lead) || !(0xA1..=0xFE).contains(&trail) {
            return false;
        }
        pairs += 1;
        common += usize::from((0xB0..=0xD7).contains(&lead));
    }
    pairs >= 4 && common * 10 >= pairs * 7
}

fn known(label: &str, bytes: &[u8]) -> Option<String> {
    let text = charset_decoder(label.as_bytes()).map(|decoder| decoder(bytes));
    // Apple gave the place of its currency sign to the euro.
    if label == "macintosh" { text.map(|text| text.replace('\u{a4}', "\u{20ac}")) } else { text }
}

/// The name of a charset as the table has it: without what mail programs write around it, and under the one name of
/// those that have several.
fn named(declared: Option<&str>) -> String {
    let label = declared.unwrap_or("").trim().trim_matches(['"', '\'', '=', ';', ' ']).to_ascii_lowercase();
    let label = label.strip_prefix("charset=").unwrap_or(&label);
    let label = label.split([' ', ';', ',', '(']).next().unwrap_or("");
    let latin = label.strip_prefix("iso-").unwrap_or(label).strip_prefix("latin").unwrap_or("");
    let part = match latin.trim_start_matches(['-', '_']) {
        number @ ("1" | "2" | "3" | "4") => number,
        "5" => "9",
        "6" => "10",
        "7" => "13",
        "8" => "14",
        "9" | "0" => "15",
        "10" => "16",
        _ => "",
    };
    if !part.is_empty() {
        return format!("iso-8859-{part}");
    }
    let page = ["cp-", "cp", "windows-", "win-", "ibm-", "ibm", "ms", "x-cp"]
        .iter()
        .find_map(|kind| label.strip_prefix(kind));
    let name = match page.unwrap_or("") {
        "932" | "31j" => "shift_jis",
        "936" => "gbk",
        "949" => "euc-kr",
        "950" => "big5",
        // Nearly the same letters.
        "437" | "850" | "858" => "cp850",
        "50220" | "50221" | "50222" => "iso-2022-jp",
        "65001" => "utf-8",
        number if number.len() == 4 && number.starts_with("125") => return format!("windows-{number}"),
        _ if label.starts_with("iso-2022-jp") => "iso-2022-jp",
        _ => match label {
            "ks_c_5601" | "ksc_5601" | "ksc5601" | "x-windows-949" | "uhc" => "euc-kr",
            "mac" | "x-mac" | "macroman" | "x-mac-roman" => "macintosh",
            "utf8mb4" | "utf-8-sig" | "utf-8utf-8" => "utf-8",
            "utf16" => "utf-16",
            "iso" | "latin" => "iso-8859-1",
            other => other,
        },
    };
    name.to_owned()
}

/// Charsets of seven bits that escape to two-byte letters and that the table does not read: Korean ISO-2022-KR
/// (RFC 1557) and Chinese HZ (RFC 1843). Their letters are those of EUC with the eighth bit gone.
fn escaped(label: &str, bytes: &[u8]) -> String {
    let (open, close, table): (&[u8], &[u8], _) =
        if label.starts_with("hz") { (b"~{", b"~}", "gbk") } else { (b"\x0e", b"\x0f", "euc-kr") };
    let mut wide = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    let mut is_open = false;
    while let Some((&byte, after)) = rest.split_first() {
        if rest.starts_with(if is_open { close } else { open }) {
            is_open = !is_open;
            rest = &rest[open.len()..];
        } else if let Some(after) = rest.strip_prefix(b"\x1b$)C") {
            rest = after;
        } else {
            wide.push(if is_open && byte > 0x20 { byte | 0x80 } else { byte });
            is_open &= byte != b'\n';
            rest = after;
        }
    }
    known(table, &wide).unwrap_or_default()
}

/// Whether [`decode`] has to guess: letters beyond ASCII whose charset is not named, not known or contradicted.
pub fn is_guessed(bytes: &[u8], declared: Option<&str>) -> bool {
    let label = named(declared);
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    match Family::of(&label) {
        _ if bytes.is_ascii() => false,
        Family::Unknown => !(is_utf8 && matches!(label.as_str(), "utf-8" | "utf8")),
        Family::SingleByte => is_utf8 || is_ascii_label(&label),
        Family::EastAsian => is_utf8,
        Family::Utf7 | Family::Escaped | Family::Shifting => false,
    }
}

#[derive(PartialEq)]
enum Family {
    Utf7,
    /// Seven bits, two-byte letters between escapes.
    Escaped,
    Shifting,
    EastAsian,
    SingleByte,
    Unknown,
}

impl Family {
    fn of(label: &str) -> Family {
        let has = |pieces: &[&str]| pieces.iter().any(|piece| label.contains(piece));
        if label.is_empty() || label == "utf-8" || label == "utf8" {
            Family::Unknown
        } else if has(&["utf-7", "utf7"]) {
            Family::Utf7
        } else if has(&["2022-kr", "hz-gb"]) || label == "hz" {
            Family::Escaped
        } else if has(&["2022", "utf-16", "utf16", "utf-32", "utf32", "unicode", "ucs-2", "ucs-4"]) {
            Family::Shifting
        } else if has(&[
            "gb", "big5", "euc", "jis", "ks_c", "ksc", "korean", "chinese", "sjis", "949", "932", "936",
            "950",
        ]) {
            Family::EastAsian
        } else if charset_decoder(label.as_bytes()).is_some() {
            Family::SingleByte
        } else {
            Family::Unknown
        }
    }
}

/// UTF-7 (RFC 2152), which Exchange still writes. Our own, since mail-parser's loses the letter that ends a run.
fn utf7(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut units: Vec<u16> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'+' {
            let start = at;
            while at < bytes.len() && bytes[at] != b'+' {
                at += 1;
            }
            text.push_str(&guessed(&bytes[start..at]));
            continue;
        }
        at += 1;
        if bytes.get(at) == Some(&b'-') {
            text.push('+');
            at += 1;
            continue;
        }
        let (mut bits, mut width) = (0u32, 0);
        units.clear();
        while let Some(value) = bytes.get(at).and_then(|&byte| base64_value(byte)) {
            bits = (bits << 6) | u32::from(value);
            width += 6;
            if width >= 16 {
                width -= 16;
                units.push((bits >> width) as u16);
                bits &= (1 << width) - 1;
            }
            at += 1;
        }
        text.extend(
            char::decode_utf16(units.iter().copied()).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)),
        );
        if bytes.get(at) == Some(&b'-') {
            at += 1;
        }
    }
    text
}

/// The six bits of a letter of the base64 alphabet (RFC 4648 section 4).
pub fn base64_value(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_wins_over_a_single_byte_label() {
        assert_eq!(decode("Été à Noël".as_bytes(), Some("iso-8859-1")), "Été à Noël");
        assert_eq!(decode("Été".as_bytes(), Some("us-ascii")), "Été");
        assert_eq!(decode(b"\xC9t\xE9", Some("utf-8")), "Été");
        assert_eq!(decode(b"\xC9t\xE9", Some("x-nobody-knows")), "Été");
        assert_eq!(decode(b"\xC9t\xE9 \x80", None), "Été €");
    }

    #[test]
    fn the_charsets_of_other_writing_systems_are_read() {
        assert_eq!(decode(b"\x1b$B%F%9%H\x1b(B", Some("ISO-2022-JP")), "テスト");
        assert_eq!(decode(b"\xc4\xe3\xba\xc3", Some("gb2312")), "你好");
        assert_eq!(decode("你好".as_bytes(), Some("gb2312")), "你好");
        assert_eq!(decode(b"\xb8\xb6\xbf\xee\xca\xa7\xb0\xdc", None), "付款失败");
        assert_eq!(decode(b"\xe9\xe8\xe0\xe9", None), "éèàé");
        assert_eq!(decode(b"Ti\xEA\xECng", Some("windows-1258")), "Tiếng");
        assert_eq!(decode(b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("windows-1251")), "Привет");
    }

    #[test]
    fn a_charset_is_known_by_all_its_names() {
        for (names, bytes, text) in [
            (
                ["cp-1252", "CP1252", "windows-1252", "\"win-1252\"", "ms1252"],
                &b"\xC9t\xE9 \x80"[..],
                "Été €",
            ),
            (["cp932", "windows-31j", "ms932", "windows-932", "shift_jis"], b"\x8e\x78", "支"),
            (["cp949", "ks_c_5601", "ksc5601", "windows-949", "uhc"], b"\xb0\xe1", "결"),
            (["cp950", "windows-950", "big5", "ms950", "x-cp950"], b"\xa5\x49", "付"),
            (
                ["iso-2022-jp-1", "iso-2022-jp-ms", "cp50221", "iso-2022-jp-2004", "ISO-2022-JP"],
                b"\x1b$B%F\x1b(B",
                "テ",
            ),
            (["cp-850", "ibm437", "cp437", "ibm850", "cp858"], b"\x90t\x82", "Été"),
            (["latin9", "latin-9", "ISO-8859-15", "iso-latin-9", "LATIN9"], b"10 \xA4 \xE9", "10 € é"),
            (["latin2", "latin-2", "iso-8859-2", "l2", "Latin2"], b"\xB9t\xEDtek", "štítek"),
            (["macintosh", "mac", "x-mac-roman", "Macintosh", "macroman"], b"\x83t\x8e \xdb", "Ét\u{e9} €"),
            (["hz-gb-2312", "HZ", "hz", "hz-gb-2312;", "'hz-gb-2312'"], b"~{Dc:C~} a", "你好 a"),
        ] {
            for name in names {
                assert_eq!(decode(bytes, Some(name)), text, "{name}");
            }
        }
        assert_eq!(decode(b"\x1b$)C\x0e0aA&\x0f 1", Some("iso-2022-kr")), "결제 1");
    }

    #[test]
    fn what_was_guessed_is_told() {
        for (bytes, declared, guessed) in [
            (&b"Bonjour"[..], None, false),
            (b"Bonjour", Some("x-nobody-knows"), false),
            ("Été".as_bytes(), Some("utf-8"), false),
            (b"\xC9t\xE9", Some("iso-8859-1"), false),
            (b"\xC9t\xE9", None, true),
            (b"\xC9t\xE9", Some("x-nobody-knows"), true),
            (b"\xC9t\xE9", Some("utf-8"), true),
            (b"\xC9t\xE9", Some("us-ascii"), true),
            ("Été".as_bytes(), Some("iso-8859-1"), true),
            ("你好".as_bytes(), Some("gb2312"), true),
            (b"\xc4\xe3\xba\xc3", Some("gb2312"), false),
        ] {
            assert_eq!(is_guessed(bytes, declared), guessed, "{declared:?}");
        }
    }

    #[test]
    fn utf_7_keeps_the_letter_after_a_run() {
        assert_eq!(decode(b"Caf+AOk- et th+AOk.", Some("utf-7")), "Café et thé.");
        assert_eq!(decode(b"1 +- 1, +AOk", Some("unicode-1-1-utf-7")), "1 + 1, é");
    }

    #[test]
    fn a_cut_character_spoils_only_itself() {
        assert_eq!(decode(b"d\xC3\xA9j\xC3\xA0 vu\xC3", Some("utf-8")), "déjà vu\u{FFFD}");
        assert_eq!(decode(b"Caf\xC3\xA9 R\xC3", Some("utf-8")), "Café R\u{FFFD}");
        assert_eq!(decode(b"10\xE2\x82 d\xC3\xA9j\xC3\xA0 \xC3\xA9", None), "10\u{FFFD} déjà é");
    }

    #[test]
    fn stray_bytes_in_utf_8_are_letters_of_windows() {
        let mixed = b"d\xC3\xA9j\xC3\xA0 vu \xC3\xA0 No\xC3\xABl\nl\x92\xE9quipe";
        assert_eq!(decode(mixed, Some("utf-8")), "déjà vu à Noël\nl’équipe");
        assert_eq!(decode(b"\xC3\xA9 \xE9t\xE9 \xE0", None), "Ã© été à");
    }

    #[test]
    fn japanese_is_read_without_its_label_and_in_pieces() {
        let pieces = b"\x1b$BF|K\\\x1b(B\x1b$B8l\x1b(B ok";
        for label in [Some("iso-2022-jp"), Some("us-ascii"), Some("utf-8"), Some("x-nobody-knows"), None] {
            assert_eq!(decode(pieces, label), "日本語 ok", "{label:?}");
        }
        assert_eq!(decode(b"\x1b[1mok\x1b[0m", None), "\x1b[1mok\x1b[0m");
        assert_eq!(settled(b"\x1b"), b"\x1b".as_slice());
    }

    #[test]
    fn utf_16_is_read_whichever_byte_comes_first() {
        for label in ["utf-16", "utf16", "ucs-2", "unicode"] {
            assert_eq!(decode(b"\0C\0a\0f\0\xe9", Some(label)), "Café", "{label}");
            assert_eq!(decode(b"C\0a\0f\0\xe9\0", Some(label)), "Café", "{label}");
        }
    }

    #[test]
    fn a_label_that_the_bytes_contradict_is_told_from_one_with_few_faults() {
        assert!(is_contradicted(b"\xcf\xf0\xe8", "utf-8") && is_contradicted(b"\xcf\xf0\xe8", "us-ascii"));
        assert!(
            !is_contradicted(b"\xcf\xf0\xe8", "windows-1251") && !is_contradicted("Été".as_bytes(), "utf-8")
        );
        assert!(!is_contradicted(b"d\xC3\xA9j\xC3\xA0 \xE9", "utf-8"));
    }
}
