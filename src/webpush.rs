//! The keys of Web Push: who we are to push services (VAPID, RFC 8292), and what keeps a message from them (RFC 8291).
//! May import: domain.

use crate::domain::push::{Subscription, origin};
use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use web_push_native::p256;
use web_push_native::p256::elliptic_curve::sec1::ToEncodedPoint;

/// How long a signature is good for. Services refuse more than a day (RFC 8292 section 2).
const SIGNED_FOR: TimeDelta = TimeDelta::hours(12);

/// What a message may weigh before it is sealed, in bytes: services take 4,096 with what sealing adds (RFC 8291 section 4).
pub const LARGEST_MESSAGE: usize = 4096 - 103;

/// Bytes of a private key and of what a browser shares.
const PRIVATE_KEY: usize = 32;
const AUTH: usize = 16;

/// Our key pair, by which browsers and their services know us.
#[derive(Debug)]
pub struct Vapid {
    pair: EcdsaKeyPair,
    public_key: String,
    contact: String,
}

impl Vapid {
    /// From the private key (32 bytes in URL-safe base64, as [`new_private_key`] makes it) and who may be written to about
    /// our messages: `mailto:…` or `https://…`.
    ///
    /// # Errors
    /// When it is no such key.
    pub fn new(private_key: &str, contact: &str) -> anyhow::Result<Vapid> {
        let bytes =
            URL_SAFE_NO_PAD.decode(private_key.trim_end_matches('=')).context("not URL-safe base64")?;
        let public = public_of(&bytes)?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &bytes,
            &public,
            &SystemRandom::new(),
        )
        .map_err(|_| anyhow!("no private key of P-256"))?;
        let public_key = URL_SAFE_NO_PAD.encode(pair.public_key());
        Ok(Vapid { pair, public_key, contact: contact.to_owned() })
    }

    /// What browsers are given when they ask to be told: 65 bytes in URL-safe base64.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The `Authorization` of a message to this address (RFC 8292 section 3).
    ///
    /// # Errors
    /// When the machine has no randomness to give.
    pub fn authorization(&self, endpoint: &str, now: DateTime<Utc>) -> anyhow::Result<String> {
        let claims = serde_json::json!({
            "aud": origin(endpoint),
            "exp": (now + SIGNED_FOR).timestamp(),
            "sub": self.contact,
        });
        let head = URL_SAFE_NO_PAD.encode(br#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| anyhow!("no randomness from the system"))?;
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public_key))
    }
}

fn public_of(private_key: &[u8]) -> anyhow::Result<Vec<u8>> {
    let key = p256::SecretKey::from_slice(private_key).map_err(|_| anyhow!("no private key of P-256"))?;
    Ok(key.public_key().to_encoded_point(false).as_bytes().to_vec())
}

/// A private key that nobody else has.
///
/// # Errors
/// When the machine has no randomness to give.
pub fn new_private_key() -> anyhow::Result<String> {
    let mut bytes = [0; PRIVATE_KEY];
    loop {
        SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow!("no randomness from the system"))?;
        // All but one in 2³² are keys.
        if public_of(&bytes).is_ok() {
            return Ok(URL_SAFE_NO_PAD.encode(bytes));
        }
    }
}

/// Whether a browser's keys are such: a point of the curve, and 16 bytes.
pub fn has_keys(subscription: &Subscription) -> bool {
    keys(subscription).is_ok()
}

/// Seals a message, which only this browser can open (RFC 8291, with the encoding `aes128gcm` of RFC 8188).
///
/// # Errors
/// When the browser's keys are none, or the message is longer than [`LARGEST_MESSAGE`].
pub fn seal(subscription: &Subscription, message: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    if message.len() > LARGEST_MESSAGE {
        return Err(anyhow!("a push of {} bytes is too large", message.len()));
    }
    let (public, auth) = keys(subscription)?;
    web_push_native::encrypt(message, &public, &auth).map_err(|error| anyhow!("it cannot be sealed: {error}"))
}

fn keys(subscription: &Subscription) -> anyhow::Result<(p256::PublicKey, web_push_native::Auth)> {
    let decode =
        |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).context("not URL-safe base64");
    let public = decode(&subscription.p256dh)?;
    let public = p256::PublicKey::from_sec1_bytes(&public).map_err(|_| anyhow!("no point of P-256"))?;
    let auth = decode(&subscription.auth)?;
    let auth = <[u8; AUTH]>::try_from(auth)
        .map_err(|auth| anyhow!("{} bytes are shared, not {AUTH}", auth.len()))?;
    Ok((public, auth.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of RFC 8291, section 5.
    const BROWSER: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    const P256DH: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const SHARED: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    fn browser() -> Subscription {
        Subscription {
            endpoint: "https://push.example:8443/abc".to_owned(),
            p256dh: P256DH.to_owned(),
            auth: SHARED.to_owned(),
        }
    }

    #[test]
    fn what_is_sealed_is_opened_by_the_browser_and_fits_what_services_take() {
        let message = "é".repeat(LARGEST_MESSAGE / 2);
        let sealed = seal(&browser(), message.clone().into_bytes()).unwrap();
        assert!(sealed.len() <= 4096, "{}", sealed.len());
        let secret = p256::SecretKey::from_slice(&URL_SAFE_NO_PAD.decode(BROWSER).unwrap()).unwrap();
        let auth = <[u8; AUTH]>::try_from(URL_SAFE_NO_PAD.decode(SHARED).unwrap()).unwrap();
        assert_eq!(web_push_native::decrypt(sealed, &secret, &auth.into()).unwrap(), message.as_bytes());
        assert!(seal(&browser(), vec![0; LARGEST_MESSAGE + 1]).is_err());
    }

    #[test]
    fn keys_that_are_none_are_known_before_anything_is_sent() {
        assert!(has_keys(&browser()));
        let padded = Subscription { auth: format!("{SHARED}=="), ..browser() };
        assert!(has_keys(&padded));
        for (p256dh, auth) in [("", SHARED), ("AAAA", SHARED), (P256DH, ""), (P256DH, "AAAA"), ("é", SHARED)]
        {
            let other = Subscription { p256dh: p256dh.to_owned(), auth: auth.to_owned(), ..browser() };
            assert!(!has_keys(&other), "{p256dh} {auth}");
        }
    }

    #[test]
    fn a_signature_says_for_whom_until_when_and_from_whom() {
        let private_key = new_private_key().unwrap();
        let vapid = Vapid::new(&private_key, "mailto:support@example.org").unwrap();
        let now = "2026-11-30T09:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let said = vapid.authorization("https://push.example:8443/abc", now).unwrap();
        let (token, key) = said.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(key, vapid.public_key());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        assert_eq!(
            String::from_utf8(claims).unwrap(),
            "{\"aud\":\"https://push.example:8443\",\"exp\":1796072400,\"sub\":\"mailto:support@example.org\"}"
        );
        let key = URL_SAFE_NO_PAD.decode(key).unwrap();
        ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, key)
            .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
            .unwrap();
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for other in ["", "AAAA", "é", &URL_SAFE_NO_PAD.encode([0; 32]), &URL_SAFE_NO_PAD.encode([255; 32])]
        {
            assert!(Vapid::new(other, "mailto:x@example.org").is_err(), "{other}");
        }
    }
}
