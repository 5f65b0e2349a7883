//! Signing mail as our domain (DKIM, RFC 6376), by RSA (RFC 8301) or Ed25519 (RFC 8463). May import: nothing of ours.
//!
//! A signature has no time in it: the same mail signed by the same key is the same bytes, whenever it is sent again.

mod canonical;
mod key;
mod record;
#[cfg(test)]
mod tests;

pub use key::{KeyFault, PrivateKey, new_private_key};
pub use record::{KeyRecord, RecordFault, record_name};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use canonical::{Mail, body_hash, header};
use ring::digest::{SHA256, digest};

/// What is signed wherever it stands, in the order in which the signature names it. `List-Unsubscribe` and its `-Post` must be
/// among it for one click to be believed (RFC 8058 section 4), and `Feedback-ID` to be counted by.
const SIGNED: [&str; 20] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Language",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Feedback-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// Named once more than they stand there: another one that somebody adds on the way breaks the signature (RFC 6376 section
/// 8.15). What a server or a list adds in good faith is not among it.
const OVERSIGNED: [&str; 9] =
    ["From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"];

/// How long the lines of a signature are, in characters (RFC 5322 section 2.1.1).
const LINE: usize = 76;

/// Why a mail could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignFault {
    /// Its header cannot be read, or says nothing of who it is from.
    #[error("its header cannot be read")]
    Header,
    /// The machine had no randomness to give.
    #[error("no randomness from the system")]
    Randomness,
}

/// Signs mails as one domain.
#[derive(Debug)]
pub struct Signer {
    domain: String,
    selector: String,
    key: PrivateKey,
}

impl Signer {
    /// As `domain`, whose receivers find the public key at [`record_name`] of the two.
    pub fn new(domain: &str, selector: &str, key: PrivateKey) -> Signer {
        Signer { domain: domain.to_owned(), selector: selector.to_owned(), key }
    }

    /// The field to put before this mail, with its CR LF (RFC 6376 section 3.5). The mail's lines end in CR LF.
    ///
    /// # Errors
    /// See [`SignFault`]; the mail is not to be sent then.
    pub fn sign(&self, mail: &[u8]) -> Result<String, SignFault> {
        let mail = Mail::read(mail).ok_or(SignFault::Header)?;
        let (names, mut hashed) = chosen(&mail)?;
        let unsigned = format!(
            "DKIM-Signature: v=1; a={}; c=relaxed/relaxed;\r\n d={}; s={};\r\n{};\r\n bh={};\r\n b=",
            self.key.algorithm(),
            self.domain,
            self.selector,
            name_list(&names),
            STANDARD.encode(body_hash(mail.body)),
        );
        // Its own field goes last, without what is still to come and without a line end (section 3.7).
        let own = header(unsigned.as_bytes()).ok_or(SignFault::Header)?;
        hashed.extend_from_slice(own.strip_suffix(b"\r\n").unwrap_or(&own));
        let signature = match &self.key {
            PrivateKey::Rsa(_) => self.key.sign(&hashed),
            // Ed25519 signs the hash itself (RFC 8463 section 3).
            PrivateKey::Ed25519(_) => self.key.sign(digest(&SHA256, &hashed).as_ref()),
        };
        let signature = STANDARD.encode(signature.ok_or(SignFault::Randomness)?);
        let mut field = unsigned;
        for (place, piece) in signature.as_bytes().chunks(LINE - 4).enumerate() {
            if place > 0 {
                field.push_str("\r\n  ");
            }
            field.extend(piece.iter().map(|byte| char::from(*byte)));
        }
        field.push_str("\r\n");
        Ok(field)
    }
}

/// The names to sign, and what they sign: of several fields of one name the lowest first (section 5.4.2).
fn chosen(mail: &Mail<'_>) -> Result<(Vec<&'static str>, Vec<u8>), SignFault> {
    let (mut names, mut hashed) = (Vec::new(), Vec::new());
    for name in SIGNED {
        for field in mail.fields.iter().rev().filter(|field| field.name.eq_ignore_ascii_case(name.as_bytes()))
        {
            names.push(name);
            hashed.extend(header(field.whole).ok_or(SignFault::Header)?);
        }
        if name == "From" && names.is_empty() {
            return Err(SignFault::Header);
        }
        if OVERSIGNED.contains(&name) {
            names.push(name);
        }
    }
    Ok((names, hashed))
}

/// ` h=From:From:…`, folded.
fn name_list(names: &[&str]) -> String {
    let mut list = String::from(" h=");
    let mut length = list.len();
    for (place, name) in names.iter().enumerate() {
        if place > 0 {
            list.push(':');
            length += 1;
            if length + name.len() + 1 > LINE {
                list.push_str("\r\n  ");
                length = 2;
            }
        }
        list.push_str(name);
        length += name.len();
    }
    list
}
