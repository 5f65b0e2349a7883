//! Passwords: hashed with Argon2id, a few at a time and off the async threads. May import: domain.

use super::{Problem, Web};
use crate::domain::people::PASSWORD_LENGTH;
use anyhow::{Context, anyhow};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use std::sync::LazyLock;

/// Checks a password against a hash. Without a hash the same work is done for nothing, so that a name that exists takes no longer
/// than one that does not.
pub async fn fits(web: &Web, hash: Option<String>, password: &str) -> Result<bool, Problem> {
    static NOBODYS: LazyLock<Option<String>> =
        LazyLock::new(|| Argon2::default().hash_password(b"nobody").ok().map(|hash| hash.to_string()));
    if password.chars().count() > *PASSWORD_LENGTH.end() {
        return Ok(false);
    }
    let password = password.to_owned();
    work(web, move || {
        let known = hash.is_some();
        let Some(hash) = hash.or_else(|| NOBODYS.clone()) else { return Ok(false) };
        let hash = PasswordHash::new(&hash).map_err(|error| anyhow!("a stored password hash: {error}"))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok() && known)
    })
    .await
}

/// The hash that is kept of a password.
pub async fn hashed(web: &Web, password: &str) -> Result<String, Problem> {
    let password = password.to_owned();
    work(web, move || {
        let hash = Argon2::default().hash_password(password.as_bytes());
        Ok(hash.map_err(|error| anyhow!("the password could not be hashed: {error}"))?.to_string())
    })
    .await
}

async fn work<T: Send + 'static>(
    web: &Web,
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let permit = web.hashing().acquire().await.context("hashing was closed")?;
    let done = tokio::task::spawn_blocking(work).await.context("hashing stopped")?;
    drop(permit);
    Ok(done?)
}
