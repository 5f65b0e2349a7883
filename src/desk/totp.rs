//! The codes of an authenticator (RFC 6238 with HMAC-SHA-1, six digits, steps of 30 seconds), and those for whoever lost theirs.
//! May import: domain.

use crate::domain::hex::percent_encoded;
use chrono::{DateTime, Utc};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// How long a code is shown, in seconds.
const STEP: i64 = 30;
/// How many steps a clock may be ahead or behind.
const DRIFT: i64 = 1;
/// How many codes there are.
const CODES: u32 = 1_000_000;

/// The alphabet of base32 (RFC 4648, section 6).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A secret that nobody guesses, of 160 bits, in base32.
///
/// # Errors
/// When the machine has no randomness to give.
pub(super) fn secret() -> anyhow::Result<String> {
    random_base32::<20>()
}

/// A recovery code of 80 bits: four groups of four.
///
/// # Errors
/// As [`secret`].
pub(super) fn recovery_code() -> anyhow::Result<String> {
    let code = random_base32::<10>()?;
    Ok([&code[..4], &code[4..8], &code[8..12], &code[12..]].join("-"))
}

/// A recovery code as it is hashed, however it was typed; `None` for what cannot be one.
pub(super) fn normal_recovery_code(typed: &str) -> Option<String> {
    let plain: String =
        typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(17).collect::<String>().to_uppercase();
    (plain.len() == 16 && plain.bytes().all(|byte| BASE32.contains(&byte))).then_some(plain)
}

/// The step whose code was typed, if it is the present one or a neighbour.
pub(super) fn step_of(secret: &str, typed: &str, now: DateTime<Utc>) -> Option<i64> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).take(7).collect();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (typed, key): (u32, Vec<u8>) = (digits.parse().ok()?, from_base32(secret)?);
    let present = now.timestamp() / STEP;
    (present - DRIFT..=present + DRIFT).find(|step| code(&key, *step) == typed)
}

/// The code that an authenticator shows at an instant.
pub fn code_at(secret: &str, now: DateTime<Utc>) -> Option<String> {
    Some(format!("{:06}", code(&from_base32(secret)?, now.timestamp() / STEP)))
}

/// What an authenticator reads from a QR code.
pub(super) fn uri(brand: &str, agent: &str, secret: &str) -> String {
    let (issuer, agent) = (percent_encoded(brand), percent_encoded(agent));
    format!(
        "otpauth://totp/{issuer}:{agent}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}"
    )
}

/// RFC 4226, section 5.3.
fn code(key: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let at = usize::from(bytes[bytes.len() - 1] & 15);
    let four = bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    (four & 0x7fff_ffff) % CODES
}

/// `N` is a multiple of five: no group is left over.
fn random_base32<const N: usize>() -> anyhow::Result<String> {
    let mut bytes = [0u8; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow::anyhow!("no randomness from the system"))?;
    Ok(base32(&bytes))
}

/// Whole groups of five bytes as eight letters each.
fn base32(bytes: &[u8]) -> String {
    let groups =
        bytes.chunks(5).map(|five| five.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte)));
    let letters = groups.flat_map(|bits| (0..8).rev().map(move |place| (bits >> (5 * place) & 31) as usize));
    letters.map(|letter| char::from(BASE32[letter])).collect()
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    for group in text.as_bytes().chunks(8) {
        let mut bits = 0u64;
        for letter in group {
            bits = bits << 5 | BASE32.iter().position(|known| known == letter)? as u64;
        }
        bytes.extend_from_slice(&bits.to_be_bytes()[3..]);
    }
    (text.len().is_multiple_of(8) && !text.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That of RFC 6238, appendix B.
    const KEY: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let secret = base32(KEY);
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(from_base32(&secret).as_deref(), Some(KEY));
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(&secret, at(seconds)).as_deref(), Some(code));
            assert_eq!(step_of(&secret, code, at(seconds)), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_the_neighbours() {
        let secret = base32(KEY);
        let (now, step) = (at(1_234_567_890), 1_234_567_890 / 30);
        for (seconds, found) in [(-60, None), (-30, Some(-1)), (0, Some(0)), (30, Some(1)), (60, None)] {
            let code = code_at(&secret, at(1_234_567_890 + seconds)).unwrap();
            assert_eq!(step_of(&secret, &code, now), found.map(|by: i64| step + by), "{seconds}");
        }
        assert_eq!(step_of(&secret, " 005 924 ", now), Some(step));
        for wrong in ["", "5924", "0059240", "00592a", "005924 005924", "\u{660}05924"] {
            assert_eq!(step_of(&secret, wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn a_recovery_code_is_read_however_it_is_typed() {
        let code = recovery_code().unwrap();
        assert_eq!(code.len(), 19, "{code}");
        let plain = normal_recovery_code(&code).unwrap();
        assert_eq!(normal_recovery_code(&format!(" {} ", plain.to_lowercase())), Some(plain));
        assert_ne!(recovery_code().unwrap(), code);
        for wrong in ["", "123456", "ABCD-EFGH-JKLM-NOP1", &"A".repeat(17), &"A".repeat(15)] {
            assert_eq!(normal_recovery_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_authenticator_is_told_whose_codes_these_are() {
        assert_eq!(
            uri("BetTracker Pro", "Zo\u{e9}", "ABC"),
            "otpauth://totp/BetTracker%20Pro:Zo%C3%A9?secret=ABC&issuer=BetTracker%20Pro&algorithm=SHA1&digits=6&period=30"
        );
    }
}
