//! Folder names as IMAP writes them: modified UTF-7 (RFC 3501 section 5.1.3), in a quoted string.
//!
//! Imports nothing of ours.

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

const MUTF7: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// A folder name, ready to stand in a command. A name with a control character cannot be said: `None`.
pub fn quoted(name: &str) -> Option<String> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return None;
    }
    let mut quoted = String::from("\"");
    let mut wide: Vec<u8> = Vec::new();
    for c in name.chars() {
        if c.is_ascii() {
            flush(&mut wide, &mut quoted);
            match c {
                '&' => quoted.push_str("&-"),
                '"' | '\\' => quoted.extend(['\\', c]),
                _ => quoted.push(c),
            }
        } else {
            wide.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut wide, &mut quoted);
    quoted.push('"');
    Some(quoted)
}

fn flush(wide: &mut Vec<u8>, quoted: &mut String) {
    if !wide.is_empty() {
        quoted.push('&');
        quoted.push_str(&MUTF7.encode(std::mem::take(wide)));
        quoted.push('-');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_rfc_3501_has_them() {
        assert_eq!(quoted("INBOX").unwrap(), "\"INBOX\"");
        assert_eq!(quoted("Traités").unwrap(), "\"Trait&AOk-s\"");
        assert_eq!(quoted("R&D").unwrap(), "\"R&-D\"");
        assert_eq!(quoted("台北/日本語").unwrap(), "\"&U,BTFw-/&ZeVnLIqe-\"");
        assert_eq!(quoted("a\"b\\c").unwrap(), "\"a\\\"b\\\\c\"");
    }

    #[test]
    fn a_name_that_would_start_another_command_is_refused() {
        assert_eq!(quoted("INBOX\r\na2 DELETE INBOX"), None);
        assert_eq!(quoted(""), None);
    }
}
