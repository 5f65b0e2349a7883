//! The OAuth tokens of each account, and whose turn it is to ask for the next. May import: sqlx.

use super::dialect::{Sql, execute, optional, statements};
use super::{Result, Tx, clean};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

/// What is known of one account's tokens.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// A fingerprint of the configuration that the tokens belong to; empty before there are any.
    pub origin: String,
    /// The one to ask with.
    pub refresh_token: Option<SecretString>,
    /// The one that mail servers take.
    pub access_token: Option<SecretString>,
    /// When the access token ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the provider last granted something.
    pub granted_at: Option<DateTime<Utc>>,
    /// When the provider last refused, unless it granted something since.
    pub refused_at: Option<DateTime<Utc>>,
    /// Its words for it.
    pub refused_why: Option<String>,
    /// Whom it refused, as [`TokenRow::origin`]: the tokens may be another's.
    pub refused_origin: Option<String>,
    /// Somebody is asking, until then at the latest.
    pub leased_until: Option<DateTime<Utc>>,
}

/// What was granted, as it is kept.
#[derive(Debug)]
pub struct NewTokens<'a> {
    /// [`TokenRow::origin`].
    pub origin: &'a str,
    /// [`TokenRow::refresh_token`].
    pub refresh_token: &'a SecretString,
    /// [`TokenRow::access_token`].
    pub access_token: &'a SecretString,
    /// [`TokenRow::expires_at`].
    pub expires_at: DateTime<Utc>,
    /// [`TokenRow::granted_at`].
    pub granted_at: DateTime<Utc>,
}

/// One account's row: (account, provider).
#[derive(Debug, Clone, Copy)]
pub struct TokenOf<'a> {
    /// The account's name.
    pub account: &'a str,
    /// The provider's word.
    pub provider: &'a str,
}

macro_rules! token_columns {
    () => {
        "SELECT origin, refresh_token, access_token, expires_at, granted_at, refused_at, refused_why, refused_origin, \
         leased_until FROM oauth_token WHERE account = $1 AND provider = $2"
    };
}

statements! {
    OPEN_TOKEN = Sql::same(
        "INSERT INTO oauth_token (account, provider, origin) VALUES ($1, $2, '') ON CONFLICT DO NOTHING");
    READ_TOKEN = Sql::same(token_columns!());
    LOCK_TOKEN = Sql::fork(token_columns!(), concat!(token_columns!(), " FOR UPDATE"));
    LEASE_TOKEN = Sql::same(
        "UPDATE oauth_token SET lease = $3, leased_until = $4 WHERE account = $1 AND provider = $2");
    END_TOKEN_LEASE = Sql::same(
        "UPDATE oauth_token SET lease = NULL, leased_until = NULL \
         WHERE account = $1 AND provider = $2 AND lease = $3");
    RENEW_TOKEN = Sql::same(
        "UPDATE oauth_token SET origin = $4, refresh_token = $5, access_token = $6, expires_at = $7, \
         granted_at = $8, refused_at = NULL, refused_why = NULL, refused_origin = NULL, lease = NULL, \
         leased_until = NULL \
         WHERE account = $1 AND provider = $2 AND lease = $3");
    REFUSE_TOKEN = Sql::same(
        "UPDATE oauth_token SET refused_at = $4, refused_why = $5, refused_origin = $6, lease = NULL, \
         leased_until = NULL \
         WHERE account = $1 AND provider = $2 AND lease = $3");
}

type Row = (
    String,
    Option<String>,
    Option<String>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    Option<String>,
    Option<String>,
    Option<DateTime<Utc>>,
);

fn row(row: Row) -> TokenRow {
    let (
        origin,
        refresh,
        access,
        expires_at,
        granted_at,
        refused_at,
        refused_why,
        refused_origin,
        leased_until,
    ) = row;
    let (refresh_token, access_token) = (refresh.map(SecretString::from), access.map(SecretString::from));
    TokenRow {
        origin,
        refresh_token,
        access_token,
        expires_at,
        granted_at,
        refused_at,
        refused_why,
        refused_origin,
        leased_until,
    }
}

#[allow(missing_docs, reason = "each is one statement and says so by its name")]
impl Tx {
    pub async fn token(&mut self, of: TokenOf<'_>) -> Result<Option<TokenRow>> {
        let found: Option<Row> = optional!(self, READ_TOKEN, clean(of.account), of.provider)?;
        Ok(found.map(row))
    }

    /// Makes the row where there is none, and holds it for this transaction.
    pub async fn lock_token(&mut self, of: TokenOf<'_>) -> Result<TokenRow> {
        execute!(self, OPEN_TOKEN, clean(of.account), of.provider)?;
        let found: Option<Row> = optional!(self, LOCK_TOKEN, clean(of.account), of.provider)?;
        found.map(row).ok_or(sqlx::Error::RowNotFound)
    }

    pub async fn lease_token(&mut self, of: TokenOf<'_>, lease: &str, until: DateTime<Utc>) -> Result<()> {
        execute!(self, LEASE_TOKEN, clean(of.account), of.provider, lease, until).map(drop)
    }

    pub async fn end_token_lease(&mut self, of: TokenOf<'_>, lease: &str) -> Result<()> {
        execute!(self, END_TOKEN_LEASE, clean(of.account), of.provider, lease).map(drop)
    }

    /// `false` where the lease is no longer ours: somebody else asked meanwhile, or signed in.
    pub async fn renew_token(&mut self, of: TokenOf<'_>, lease: &str, new: &NewTokens<'_>) -> Result<bool> {
        let (refresh, access) = (new.refresh_token.expose_secret(), new.access_token.expose_secret());
        let (expires_at, granted_at) = (new.expires_at, new.granted_at);
        execute!(
            self,
            RENEW_TOKEN,
            clean(of.account),
            of.provider,
            lease,
            new.origin,
            clean(refresh),
            clean(access),
            expires_at,
            granted_at
        )
        .map(|rows| rows == 1)
    }

    /// As [`Tx::renew_token`]. The tokens stay, whosever they are: they may be of a client that is not refused.
    pub async fn refuse_token(
        &mut self,
        of: TokenOf<'_>,
        lease: &str,
        origin: &str,
        now: DateTime<Utc>,
        why: &str,
    ) -> Result<bool> {
        execute!(self, REFUSE_TOKEN, clean(of.account), of.provider, lease, now, clean(why), origin)
            .map(|rows| rows == 1)
    }
}
