//! The TXT record by which receivers know a key (RFC 6376 section 3.6.1): the one to publish, and what is read of one that is.
//! May import: nothing of ours.

use super::PrivateKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// `rsaEncryption` with its empty parameters, as in front of an RSA key in a SubjectPublicKeyInfo (RFC 8017 appendix A.1).
const RSA_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// Where the record stands.
pub fn record_name(domain: &str, selector: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

impl PrivateKey {
    /// The record to publish, on one line. DNS takes it in strings of at most 255 characters, which most services cut by
    /// themselves.
    pub fn record(&self) -> String {
        let (kind, public) = match self {
            PrivateKey::Rsa(_) => ("rsa", key_info(self.public())),
            PrivateKey::Ed25519(_) => ("ed25519", self.public().to_vec()),
        };
        format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(public))
    }
}

/// What is wrong with a record that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordFault {
    /// It is no key record.
    NotOne,
    /// It takes the key back (an empty `p=`).
    Revoked,
    /// It does not let this key sign: for other hashes than SHA-256, or for something else than mail.
    NotForMail,
}

/// A key record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    kind: String,
    public: Vec<u8>,
    /// Receivers are asked to take no notice of the signature yet (`t=y`).
    pub is_test: bool,
}

impl KeyRecord {
    /// Reads the strings of one record, joined.
    ///
    /// # Errors
    /// See [`RecordFault`].
    pub fn read(text: &str) -> Result<KeyRecord, RecordFault> {
        let mut record = KeyRecord { kind: "rsa".to_owned(), public: Vec::new(), is_test: false };
        let mut public = None;
        for (place, tag) in text.split(';').map(str::trim).filter(|tag| !tag.is_empty()).enumerate() {
            let (name, value) = tag.split_once('=').ok_or(RecordFault::NotOne)?;
            let value: String = value.split_whitespace().collect();
            let has = |wanted: &[&str]| value.split(':').any(|word| wanted.contains(&word));
            match name.trim_end() {
                "v" if place > 0 || value != "DKIM1" => return Err(RecordFault::NotOne),
                "k" => record.kind = value,
                "p" => public = Some(value),
                "h" if !has(&["sha256"]) => return Err(RecordFault::NotForMail),
                "s" if !has(&["*", "email"]) => return Err(RecordFault::NotForMail),
                "t" => record.is_test = has(&["y"]),
                _ => {}
            }
        }
        match public.as_deref() {
            None => Err(RecordFault::NotOne),
            Some("") => Err(RecordFault::Revoked),
            Some(public) => {
                record.public = STANDARD.decode(public).map_err(|_| RecordFault::NotOne)?;
                Ok(record)
            }
        }
    }

    /// Whether it is the record of this key. RSA keys are published in either of two forms (RFC 6376, erratum 3017).
    pub fn is_of(&self, key: &PrivateKey) -> bool {
        match key {
            PrivateKey::Rsa(_) => {
                self.kind == "rsa" && (self.public == key.public() || self.public == key_info(key.public()))
            }
            PrivateKey::Ed25519(_) => self.kind == "ed25519" && self.public == key.public(),
        }
    }
}

/// An RSA key of PKCS#1 as a SubjectPublicKeyInfo, which is what OpenSSL writes and most records hold.
fn key_info(public: &[u8]) -> Vec<u8> {
    let bits = der(0x03, &[&[0], public].concat());
    der(0x30, &[&RSA_ALGORITHM[..], &bits].concat())
}

/// One value of DER: tag, length, content (X.690 section 8.1).
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut value = vec![tag];
    match length.as_slice() {
        [] => value.push(0),
        [short] if *short < 0x80 => value.push(*short),
        long => {
            value.push(0x80 | long.len() as u8);
            value.extend_from_slice(long);
        }
    }
    value.extend_from_slice(content);
    value
}
