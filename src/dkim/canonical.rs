//! The form in which a mail is signed: `relaxed` for header and body (RFC 6376 section 3.4), which outlives folding and
//! white space that servers touch. May import: nothing of ours.

use ring::digest::{Context, SHA256};

/// A mail taken apart.
pub(super) struct Mail<'a> {
    /// Its fields, in order.
    pub(super) fields: Vec<Field<'a>>,
    /// What follows the empty line.
    pub(super) body: &'a [u8],
}

/// One header field.
pub(super) struct Field<'a> {
    /// Its name, without the white space that may stand before the colon.
    pub(super) name: &'a [u8],
    /// The field with its name, its folds and its last CR LF.
    pub(super) whole: &'a [u8],
}

impl<'a> Mail<'a> {
    /// `None` where a line of the header belongs to no field.
    pub(super) fn read(mail: &'a [u8]) -> Option<Mail<'a>> {
        let mut fields = Vec::new();
        let mut rest = mail;
        while !rest.is_empty() {
            if let Some(body) = rest.strip_prefix(b"\r\n") {
                return Some(Mail { fields, body });
            }
            let whole = &rest[..field_length(rest)];
            let colon = whole.iter().position(|byte| *byte == b':')?;
            let name = whole[..colon].trim_ascii_end();
            if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
                return None;
            }
            fields.push(Field { name, whole });
            rest = &rest[whole.len()..];
        }
        // Nothing but a header.
        Some(Mail { fields, body: &[] })
    }
}

/// Up to and with the line end that no white space follows.
fn field_length(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(end) = rest[at..].windows(2).position(|pair| pair == b"\r\n") {
        at += end + 2;
        if !matches!(rest.get(at), Some(b' ' | b'\t')) {
            return at;
        }
    }
    rest.len()
}

/// Section 3.4.2: the name in small letters, folds undone, white space one space or none. `None` without a colon.
pub(super) fn header(field: &[u8]) -> Option<Vec<u8>> {
    let colon = field.iter().position(|byte| *byte == b':')?;
    let mut canonical = field[..colon].trim_ascii_end().to_ascii_lowercase();
    canonical.push(b':');
    let words = field[colon + 1..].split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    for (place, word) in words.filter(|word| !word.is_empty()).enumerate() {
        if place > 0 {
            canonical.push(b' ');
        }
        canonical.extend_from_slice(word);
    }
    canonical.extend_from_slice(b"\r\n");
    Some(canonical)
}

/// The SHA-256 of a body in the form of section 3.4.4: white space one space, none at the end of a line, no empty lines at the
/// end; a body of nothing stays nothing.
pub(super) fn body_hash(body: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    canonical_body(body, |bytes| context.update(bytes));
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The body's form, piece by piece.
pub(super) fn canonical_body(body: &[u8], mut write: impl FnMut(&[u8])) {
    let mut empty_lines = 0_usize;
    let mut line_form = Vec::with_capacity(1024);
    for line in lines(body) {
        line_form.clear();
        for byte in line {
            match byte {
                b' ' | b'\t' if line_form.last() == Some(&b' ') => {}
                b' ' | b'\t' => line_form.push(b' '),
                other => line_form.push(*other),
            }
        }
        if line_form.last() == Some(&b' ') {
            line_form.pop();
        }
        if line_form.is_empty() {
            empty_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty_lines) {
            write(b"\r\n");
        }
        line_form.extend_from_slice(b"\r\n");
        write(&line_form);
    }
}

/// The lines of a text, without their CR LF; the last may lack it.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memmem::find(rest, b"\r\n");
        let line = &rest[..end.unwrap_or(rest.len())];
        rest = end.map_or(&[], |end| &rest[end + 2..]);
        Some(line)
    })
}
