//! Bytes of any charset into text, never failing. May import: mail-parser's tables.
//!
//! Senders mislabel: UTF-8 declared as Latin-1, Latin-1 declared as UTF-8, names that nobody knows. Bytes that
//! are valid UTF-8 beyond ASCII are UTF-8 whatever a single-byte label says; text in another charset is
//! valid UTF-8 only by an accident that needs an accented letter before every symbol.

use mail_parser::decoders::charsets::map::charset_decoder;
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
    match Family::of(&label) {
        Family::Utf7 => utf7(bytes),
        Family::Escaped => escaped(&label, bytes),
        // Stateful or wide: plain ASCII bytes mean something else in these.
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

/// UTF-8 where the bytes mostly are, else windows-1252, which gives every byte a sensible letter.
fn guessed(bytes: &[u8]) -> String {
    let broken = match std::str::from_utf8(bytes) {
        Ok(text) => return text.to_owned(),
        Err(_) => bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum::<usize>(),
    };
    let beyond_ascii: usize =
        bytes.utf8_chunks().flat_map(|chunk| chunk.valid().chars()).filter(|c| !c.is_ascii()).count();
    if is_chinese(bytes) {
        known("gb18030", bytes).unwrap_or_default()
    } else if beyond_ascii > broken {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        known("windows-1252", bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
    }
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
        Family::SingleByte => is_utf8 || matches!(label.as_str(), "us-ascii" | "ascii"),
        Family::EastAsian => is_utf8,
        Family::Utf7 | Family::Escaped | Family::Shifting => false,
    }
}

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
    }
}
