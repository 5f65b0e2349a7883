//! The Date field, however odd. May import: nothing.

use super::header::Fields;
use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use mail_parser::Message;

/// The Date field. `None` when it is absent or names no day that there is.
pub fn date(message: &Message<'_>, fields: &Fields<'_>) -> Option<DateTime<Utc>> {
    // The parser reads forms that it does not know as if they were others. Ours are read whole or not at all.
    fields.text("Date").and_then(|text| odd_date(&text)).or_else(|| {
        let read = message.date().filter(|date| date.is_valid())?;
        DateTime::from_timestamp(read.to_timestamp(), 0)
    })
}

/// When the server that a mail reached last says that it got it: its topmost Received field (RFC 5322 section 3.6.7).
pub fn received(fields: &Fields<'_>) -> Option<DateTime<Utc>> {
    let field = fields.text("Received")?;
    let (_, at) = field.rsplit_once(';')?;
    let at = at.split('(').next().unwrap_or(at).trim();
    let read = DateTime::parse_from_rfc2822(at).ok();
    read.map(|date| date.to_utc()).or_else(|| odd_date(at))
}

/// A date as programs write it that do not follow RFC 5322: as in ISO 8601, as C prints it, with whole names.
fn odd_date(text: &str) -> Option<DateTime<Utc>> {
    const ZONED: [&str; 12] = [
        "%A, %d-%b-%y %H:%M:%S %z",
        "%A, %d %B %Y %H:%M:%S %z",
        "%d %B %Y %H:%M:%S %z",
        "%A, %B %d, %Y %H:%M:%S %z",
        "%B %d, %Y %H:%M:%S %z",
        "%Y/%m/%d %H:%M:%S %z",
        "%a %d %b %Y %H:%M:%S %z",
        "%a, %d-%b-%Y %H:%M:%S %z",
        "%d-%b-%Y %H:%M:%S %z",
        "%Y-%m-%d %H:%M:%S %z",
        "%a %b %d %H:%M:%S %z %Y",
        "%a, %d %b %Y %H.%M.%S %z",
    ];
    const BARE: [&str; 9] = [
        "%A, %B %d, %Y %H:%M:%S",
        "%B %d, %Y %H:%M:%S",
        "%Y/%m/%d %H:%M:%S",
        "%a %b %d %H:%M:%S %Y",
        "%a, %d %b %Y %H:%M:%S",
        "%d %b %Y %H:%M:%S",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%A, %d %B %Y %H:%M:%S",
    ];
    if text.len() > 60 {
        return None;
    }
    let text = text.split('(').next().unwrap_or(text).trim();
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        return Some(date.to_utc());
    }
    let text = usual(text);
    let zoned = ZONED.iter().find_map(|form| DateTime::parse_from_str(&text, form).ok());
    // Without a zone, as if in UTC: within half a day of the truth.
    let bare = || BARE.iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
    let date = zoned.map(|date| date.to_utc()).or_else(|| bare().map(|date| date.and_utc()))?;
    // A year of two digits is none of the first century.
    (date.year() >= 1900).then_some(date)
}

/// A date with its zone as a number and its year whole.
fn usual(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut has_zone = false;
    for word in text.split_whitespace() {
        let offset = ["GMT", "UTC"].iter().find_map(|name| word.strip_prefix(name)).unwrap_or(word);
        let digits = offset.strip_prefix(['+', '-']).unwrap_or("");
        let zone = match word {
            "GMT" | "UTC" | "UT" | "WET" | "Z" => "+0000",
            "CET" | "MET" | "WEST" => "+0100",
            "CEST" | "MEST" | "EET" => "+0200",
            "EEST" => "+0300",
            _ => "",
        };
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
            has_zone = true;
            let zero = if digits.len() == 3 { "0" } else { "" };
            words.push(format!("{}{zero}{digits}", &offset[..1]));
        } else if !zone.is_empty() {
            // Behind a number its name says the same once more.
            if !has_zone {
                words.push(zone.to_owned());
            }
            has_zone = true;
        } else if word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit()) {
            // Some programs count years from 1900.
            words.push(word.parse::<u32>().map_or(word.to_owned(), |years| (1900 + years).to_string()));
        } else {
            words.push(if word == "Sept" { "Sep" } else { word }.to_owned());
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;
    use crate::config::Limits;

    #[test]
    fn dates_that_follow_no_standard_are_read() {
        for (odd, hour) in [
            ("Tue Mar  3 10:23:51 2026", "10"),
            ("Tue, 3 Mar 2026 10:23:51", "10"),
            ("2026-03-03T10:23:51+01:00", "09"),
            ("2026-03-03 10:23:51 +0100", "09"),
            ("2026-03-03 10:23:51", "10"),
            ("Tuesday, 3 March 2026 10:23:51 +0100", "09"),
            ("Tuesday, 3 March 2026 10:23:51 GMT", "10"),
            ("Tue, 3-Mar-2026 10:23:51 +0100 (CET)", "09"),
            ("Tue Mar  3 10:23:51 +0100 2026", "09"),
            ("Tue Mar  3 10:23:51 CET 2026", "09"),
            ("Tue, 3 Mar 2026 10:23:51 CET", "09"),
            ("Tue, 3 Mar 2026 10:23:51 CEST", "08"),
            ("Tue, 3 Mar 2026 10:23:51 MET", "09"),
            ("Tue, 3 Mar 2026 10:23:51 GMT+0100", "09"),
            ("Tue, 3 Mar 2026 10:23:51 GMT+01:00", "09"),
            ("Tue, 3 Mar 2026 10:23:51 +0100 CET", "09"),
            ("Tue, 3 Mar 2026 10:23:51 +100", "09"),
            ("Tue, 3 Mar 126 10:23:51 +0100", "09"),
            ("Tuesday, 03-Mar-26 10:23:51 GMT", "10"),
            ("Tuesday, March 3, 2026 10:23:51 +0100", "09"),
            ("Mar 3, 2026 10:23:51 +0100", "09"),
            ("March 3, 2026 10:23:51", "10"),
            ("2026/03/03 10:23:51", "10"),
            ("2026/03/03 10:23:51 +0100", "09"),
        ] {
            let read = odd_date(odd).map(|date| date.to_rfc3339());
            assert_eq!(read, Some(format!("2026-03-03T{hour}:23:51+00:00")), "{odd}");
        }
        let september = odd_date("Thu, 3 Sept 2026 10:23:51 +0200").map(|date| date.to_rfc3339());
        assert_eq!(september.as_deref(), Some("2026-09-03T08:23:51+00:00"));
        for none in [
            "",
            "hier",
            "Tue, 3 Mar 26 10:23:51 +0100",
            "Tue, 32 Mar 2026 10:23:51",
            "2026",
            &"1".repeat(1000),
        ] {
            assert_eq!(odd_date(none), None, "{none}");
        }
    }

    #[test]
    fn the_last_server_on_the_way_says_when_it_got_a_mail() {
        let received_of = |raw: &[u8]| {
            let limits = Limits { max_mail_bytes: 1 << 20, max_attachment_bytes: 1 << 20 };
            parse(raw, &limits).ok().and_then(|mail| mail.received)
        };
        let read = |received: &str| {
            let raw = format!("{received}Date: Tue, 3 Mar 2020 10:00:00 +0100\r\n\r\nReceived: x; y\r\n");
            received_of(raw.as_bytes()).map(|at| at.to_rfc3339())
        };
        let last = "Received: from a by b with ESMTPS id 1;\r\n Tue, 3 Mar 2026 10:23:51 +0100 (CET)\r\n";
        let before = "Received: from c by a; Mon, 2 Mar 2026 10:23:51 +0100\r\n";
        assert_eq!(read(&format!("{last}{before}")).as_deref(), Some("2026-03-03T09:23:51+00:00"));
        for none in ["", "Received: from a by b\r\n", "Received: from a by b; hier\r\n", "Received:\r\n"] {
            assert_eq!(read(none), None, "{none}");
        }
        assert_eq!(received_of(b"\0\xff"), None);
    }
}
