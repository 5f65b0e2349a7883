//! Private keys that mail is signed with: reading, making, signing. May import: nothing of ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

/// Bytes of the secret of an Ed25519 key.
const SEED: usize = 32;

/// What stands before the secret of an Ed25519 key in PKCS#8 (RFC 8410 section 7).
const ED25519_PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Why a text is no key to sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Neither RSA nor Ed25519, or not to be read, or an RSA key of more than 4096 bits.
    #[error("no private key of RSA (2048 to 4096 bits) or Ed25519")]
    NoKey,
    /// An RSA key of less than 2048 bits: verifiers refuse those under 1024, and signers must not use them under 2048 (RFC
    /// 8301 section 3.2).
    #[error("an RSA key of less than 2048 bits")]
    Short,
}

/// A key that signs.
#[derive(Debug)]
pub enum PrivateKey {
    /// `rsa-sha256`, which everybody verifies.
    Rsa(Box<RsaKeyPair>),
    /// `ed25519-sha256`, which not everybody does.
    Ed25519(Box<Ed25519KeyPair>),
}

impl PrivateKey {
    /// From PEM (PKCS#8 or, for RSA, PKCS#1), from the base64 of the same on one line, or from the base64 of the 32 bytes of an
    /// Ed25519 key (as RFC 8463 writes it).
    ///
    /// # Errors
    /// See [`KeyFault`].
    pub fn read(text: &str) -> Result<PrivateKey, KeyFault> {
        let der = if text.contains("-----BEGIN") {
            let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| KeyFault::NoKey)?;
            key.secret_der().to_vec()
        } else {
            let text: String = text.split_whitespace().collect();
            STANDARD.decode(text).map_err(|_| KeyFault::NoKey)?
        };
        if der.len() == SEED {
            let pair = Ed25519KeyPair::from_seed_unchecked(&der).map_err(|_| KeyFault::NoKey)?;
            return Ok(PrivateKey::Ed25519(Box::new(pair)));
        }
        // Without its public key, as OpenSSL writes it, there is nothing to check it against.
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
            return Ok(PrivateKey::Ed25519(Box::new(pair)));
        }
        let mut fault = KeyFault::NoKey;
        for pair in [RsaKeyPair::from_pkcs8(&der), RsaKeyPair::from_der(&der)] {
            match pair {
                Ok(pair) => return Ok(PrivateKey::Rsa(Box::new(pair))),
                Err(why) if why.to_string() == "TooSmall" => fault = KeyFault::Short,
                Err(_) => {}
            }
        }
        Err(fault)
    }

    /// How a signature names what made it (RFC 6376 section 3.3, RFC 8463 section 3).
    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            PrivateKey::Rsa(_) => "rsa-sha256",
            PrivateKey::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// `None` when the machine has no randomness to give. The signature depends on the message alone.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            PrivateKey::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
                Some(signature)
            }
            PrivateKey::Ed25519(pair) => Some(pair.sign(message).as_ref().to_vec()),
        }
    }

    /// What is published: for RSA the PKCS#1 key, for Ed25519 its 32 bytes.
    pub(super) fn public(&self) -> &[u8] {
        match self {
            PrivateKey::Rsa(pair) => pair.public_key().as_ref(),
            PrivateKey::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }
}

/// An Ed25519 key that nobody else has: the base64 of its PKCS#8, on one line.
///
/// # Errors
/// When the machine has no randomness to give.
pub fn new_private_key() -> anyhow::Result<String> {
    let mut seed = [0; SEED];
    SystemRandom::new().fill(&mut seed).map_err(|_| anyhow::anyhow!("no randomness from the system"))?;
    Ok(STANDARD.encode([&ED25519_PKCS8[..], &seed].concat()))
}
