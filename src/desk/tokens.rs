//! The tokens that open a mailbox without a password: kept in the database, renewed before they end, one asker at a
//! time whatever the number of processes; and the alert when the provider wants none of it any more.
//!
//! Some providers take a refresh token only once. So whoever asks holds the row's lease, and the token that comes back
//! is committed before anybody gets to use the access token that came with it. May import: config, oauth, domain, store.

use super::alerts::{say_ended, say_raised};
use super::{Desk, random_hex};
use crate::config::OAuth2;
use crate::domain::alert::AlertKind;
use crate::domain::hex::hex;
use crate::oauth::{self, ASK_LIMIT, Grant};
use crate::store::tokens::{NewTokens, TokenOf, TokenRow};
use chrono::{DateTime, TimeDelta, Utc};
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long before its end a token is renewed, in seconds; a short-lived one at half its life.
const EARLY: i64 = 5 * 60;
/// Up to so much earlier yet, in seconds: many desks do not ask in one instant.
const JITTER: i64 = 60;
/// How often a provider that refused is asked again.
const CALM: TimeDelta = TimeDelta::minutes(5);
/// How old the last grant may be before the refresh token is proved by using it: a dead one is found in this time,
/// though the access token may still be good.
const PROOF: TimeDelta = TimeDelta::minutes(10);
/// How often [`attend`] looks.
const ATTENTION: Duration = Duration::from_secs(60);
/// Longer than a question may take and its answer wait for the database.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// By how much the clocks of two machines on one database may differ. What is dated later than that comes from a clock that
/// was ahead, and counts for nothing: it would stand in the way until then.
const SKEW: TimeDelta = TimeDelta::minutes(1);
/// How long one waits for another who asks, before giving up for now: 300 times.
const TURN: Duration = Duration::from_millis(200);
const TURNS: u32 = 300;
/// How often the keeping of what was granted is tried: a rotated token that is not kept is lost.
const KEEP_TRIES: u32 = 5;
const KEEP_WAIT: Duration = Duration::from_millis(300);
/// How long the end of the program waits for what a provider still answers: as long as a question may take, and its
/// answer be kept.
const LAST_ANSWER: Duration = ASK_LIMIT.saturating_add(Duration::from_secs(5));

/// Why there is no token. Its text is English, one line, without an account's name.
#[derive(Debug)]
pub enum TokenFault {
    /// Nobody signed in, and the configuration holds no refresh token.
    NeverGiven {
        /// The key in `bot.toml`.
        key: String,
    },
    /// The provider refuses until a person acts.
    Refused {
        /// The provider's word.
        why: String,
        /// The key in `bot.toml`.
        key: String,
    },
    /// The provider cannot be asked now.
    Unavailable {
        /// What stands in the way.
        why: String,
        /// The key in `bot.toml`.
        key: String,
    },
    /// The database's fault.
    Store(anyhow::Error),
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenFault::NeverGiven { key } => {
                write!(f, "nobody has signed in; run `guichet imap login`; see `{key}`")
            }
            TokenFault::Refused { why, key } => write!(
                f,
                "the provider refuses our authorisation ({why}); run `guichet imap login`; see `{key}`"
            ),
            TokenFault::Unavailable { why, key } => {
                write!(f, "no access token can be had now: {why}; see `{key}`")
            }
            TokenFault::Store(error) => write!(f, "the tokens cannot be read or kept: {error:#}"),
        }
    }
}

impl TokenFault {
    /// Whether a person must sign in, or mend the configuration.
    pub fn needs_a_person(&self) -> bool {
        matches!(self, TokenFault::NeverGiven { .. } | TokenFault::Refused { .. })
    }
}

impl<E: Into<anyhow::Error>> From<E> for TokenFault {
    fn from(error: E) -> TokenFault {
        TokenFault::Store(error.into())
    }
}

/// What `guichet check` shows of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenStanding {
    /// When the access token ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the provider refused, unless it granted something since.
    pub refused_at: Option<DateTime<Utc>>,
}

/// Which token will do.
#[derive(Debug, Clone, Copy)]
enum Wanted<'a> {
    /// One that is good for a while.
    Good,
    /// Another one than this, which a server did not take.
    OtherThan(&'a SecretString),
    /// One that was granted lately.
    Proved,
    /// One that is granted now.
    Anew,
}

/// What a look at the row says to do.
enum Step {
    Have(SecretString),
    Wait,
    Ask { lease: String, with: SecretString },
}

impl Desk {
    /// A token that mail servers take, from the database while it is good, else from the provider.
    ///
    /// # Errors
    /// A refusal raises the alert, and is remembered for five minutes.
    pub async fn access_token(&self, settings: &OAuth2) -> Result<SecretString, TokenFault> {
        self.token(settings, Wanted::Good).await
    }

    /// Another token than one that a mail server did not take.
    ///
    /// # Errors
    /// As [`Desk::access_token`].
    pub async fn token_other_than(
        &self,
        settings: &OAuth2,
        refused: &SecretString,
    ) -> Result<SecretString, TokenFault> {
        self.token(settings, Wanted::OtherThan(refused)).await
    }

    /// Makes sure that the refresh token works, by using it where that was not done for ten minutes.
    ///
    /// # Errors
    /// As [`Desk::access_token`].
    pub async fn prove_token(&self, settings: &OAuth2) -> Result<(), TokenFault> {
        self.token(settings, Wanted::Proved).await.map(drop)
    }

    /// Uses the refresh token now, whatever is remembered of it.
    ///
    /// # Errors
    /// As [`Desk::access_token`].
    pub async fn renew_token(&self, settings: &OAuth2) -> Result<(), TokenFault> {
        self.token(settings, Wanted::Anew).await.map(drop)
    }

    /// What is known of an account's tokens; `None` before any.
    ///
    /// # Errors
    /// The database's.
    pub async fn token_standing(&self, settings: &OAuth2) -> super::Result<Option<TokenStanding>> {
        let row = self.inner.store.read().await?.token(of(settings)).await?;
        let row = row.map(|row| of_client(row, settings));
        let row = row.filter(|row| row.granted_at.is_some() || row.refused_at.is_some());
        Ok(row.map(|row| TokenStanding { expires_at: row.expires_at, refused_at: row.refused_at }))
    }

    /// Keeps what a sign-in brought, in place of what there was, and ends the alert.
    ///
    /// # Errors
    /// [`TokenFault::Refused`] where no refresh token came: it would all end with the access token.
    pub async fn keep_sign_in(&self, settings: &OAuth2, grant: &Grant) -> Result<(), TokenFault> {
        let Some(refresh_token) = &grant.refresh_token else {
            let why = "no refresh token was granted".to_owned();
            return Err(TokenFault::Refused { why, key: settings.key.clone() });
        };
        self.keep(settings, None, refresh_token, grant).await.map(drop)
    }

    /// Waits for what providers still answer, and keeps it: for the end of the program, before [`Desk::close`] where that
    /// may not take long. Who asks is rarely under way just then.
    pub async fn keep_answers(&self) {
        self.inner.asks.close();
        if self.inner.asks.is_empty() {
            return;
        }
        tracing::info!("stopping: waiting for what a provider of tokens answers");
        if tokio::time::timeout(LAST_ANSWER, self.inner.asks.wait()).await.is_err() {
            tracing::warn!(
                seconds = LAST_ANSWER.as_secs(),
                "what a provider of tokens answers is not waited for"
            );
        }
    }

    async fn token(&self, settings: &OAuth2, wanted: Wanted<'_>) -> Result<SecretString, TokenFault> {
        if !matches!(wanted, Wanted::Anew) {
            let row = self.inner.store.read().await?.token(of(settings)).await?;
            if let Some(token) = row.and_then(|row| self.fitting(&of_client(row, settings), wanted)) {
                return Ok(token);
            }
        }
        let is_good_enough = matches!(wanted, Wanted::Good);
        for _ in 0..TURNS {
            match self.step(settings, wanted).await? {
                Step::Have(token) => return Ok(token),
                Step::Wait => tokio::time::sleep(TURN).await,
                Step::Ask { lease, with } => {
                    // By itself: whoever waits for it may give up (a time limit, the end of the program), and what
                    // the provider answers must be kept all the same.
                    let (desk, settings) = (self.clone(), settings.clone());
                    let asked = self
                        .inner
                        .asks
                        .spawn(async move { desk.ask(&settings, is_good_enough, &lease, &with).await });
                    match asked.await?? {
                        Some(token) => return Ok(token),
                        // Somebody signed in meanwhile: what we were told is of the past.
                        None => continue,
                    }
                }
            }
        }
        Err(unavailable(settings, "another process is asking for too long"))
    }

    /// The row's access token, where it will do.
    fn fitting(&self, row: &TokenRow, wanted: Wanted<'_>) -> Option<SecretString> {
        let now = self.inner.clock.now();
        let (token, granted_at, expires_at) = (row.access_token.as_ref()?, row.granted_at?, row.expires_at?);
        let early = TimeDelta::seconds(EARLY + jitter()).min((expires_at - granted_at) / 2);
        let is_fitting = now < expires_at - early
            && granted_at <= now + SKEW
            && match wanted {
                Wanted::Good => true,
                Wanted::OtherThan(refused) => refused.expose_secret() != token.expose_secret(),
                Wanted::Proved => is_within(PROOF, granted_at, now) && row.refused_at.is_none(),
                Wanted::Anew => false,
            };
        is_fitting.then(|| token.clone())
    }

    /// Looks at the row, and takes the lease where the provider must be asked and nobody else does it.
    async fn step(&self, settings: &OAuth2, wanted: Wanted<'_>) -> Result<Step, TokenFault> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let row = of_client(tx.lock_token(of(settings)).await?, settings);
        if let Some(token) = self.fitting(&row, wanted) {
            return Ok(Step::Have(token));
        }
        if row.leased_until.is_some_and(|until| now < until && until <= now + LEASE + SKEW) {
            return Ok(Step::Wait);
        }
        if !matches!(wanted, Wanted::Anew)
            && let (Some(at), Some(why)) = (row.refused_at, &row.refused_why)
            && is_within(CALM, at, now)
        {
            let fault = TokenFault::Refused { why: why.clone(), key: settings.key.clone() };
            let still = self.still(&row).filter(|_| matches!(wanted, Wanted::Good));
            return still.map(Step::Have).ok_or(fault);
        }
        let Some(with) = row.refresh_token.or_else(|| settings.refresh_token.clone()) else {
            let (kind, account) = (AlertKind::DeadToken, &settings.account);
            let is_first = self.inner.raise(&mut tx, kind, account, "login_required", now).await?;
            tx.commit().await?;
            self.inner.ring_chats();
            say_raised(AlertKind::DeadToken, is_first);
            return Err(TokenFault::NeverGiven { key: settings.key.clone() });
        };
        let lease = random_hex()?;
        tx.lease_token(of(settings), &lease, now + LEASE).await?;
        tx.commit().await?;
        Ok(Step::Ask { lease, with })
    }

    /// The row's access token while it has not ended, where nothing better can be had.
    fn still(&self, row: &TokenRow) -> Option<SecretString> {
        let is_good = row.expires_at.is_some_and(|end| self.inner.clock.now() < end);
        row.access_token.clone().filter(|_| is_good)
    }

    /// Asks the provider and keeps what it says; `None`: the lease was not ours any more. Where nothing better can be
    /// had, the token that there is is `is_good_enough` while it has not ended.
    async fn ask(
        &self,
        settings: &OAuth2,
        is_good_enough: bool,
        lease: &str,
        with: &SecretString,
    ) -> Result<Option<SecretString>, TokenFault> {
        debug_assert!(LEASE.num_seconds() as u64 > ASK_LIMIT.as_secs() * 2);
        let fault = match oauth::refresh(settings, with).await {
            Ok(grant) => {
                let refresh_token = grant.refresh_token.as_ref().unwrap_or(with);
                let is_kept = self.keep(settings, Some(lease), refresh_token, &grant).await?;
                return Ok(is_kept.then_some(grant.access_token));
            }
            Err(fault) => fault,
        };
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let row = of_client(tx.lock_token(of(settings)).await?, settings);
        let still = self.still(&row).filter(|_| is_good_enough);
        match fault {
            oauth::Fault::Unavailable(why) => {
                tx.end_token_lease(of(settings), lease).await?;
                tx.commit().await?;
                still.map(Some).ok_or_else(|| unavailable(settings, &why))
            }
            oauth::Fault::Refused(why) => {
                if !tx.refuse_token(of(settings), lease, &origin(settings), now, &why).await? {
                    return Ok(None);
                }
                let (kind, account) = (AlertKind::DeadToken, &settings.account);
                let is_first = self.inner.raise(&mut tx, kind, account, &why, now).await?;
                tx.commit().await?;
                self.inner.ring_chats();
                say_raised(AlertKind::DeadToken, is_first);
                still.map(Some).ok_or_else(|| TokenFault::Refused { why, key: settings.key.clone() })
            }
        }
    }

    /// Keeps what was granted: under a lease, only while it is ours (`false`: it is not); without, whatever is there.
    async fn keep(
        &self,
        settings: &OAuth2,
        lease: Option<&str>,
        refresh_token: &SecretString,
        grant: &Grant,
    ) -> Result<bool, TokenFault> {
        let mut tried = 1;
        loop {
            match self.keep_once(settings, lease, refresh_token, grant).await {
                Err(_) if tried < KEEP_TRIES => tokio::time::sleep(KEEP_WAIT * tried).await,
                kept => return kept,
            }
            tried += 1;
        }
    }

    async fn keep_once(
        &self,
        settings: &OAuth2,
        lease: Option<&str>,
        refresh_token: &SecretString,
        grant: &Grant,
    ) -> Result<bool, TokenFault> {
        let now = self.inner.clock.now();
        let origin = origin(settings);
        let new = NewTokens {
            origin: &origin,
            refresh_token,
            access_token: &grant.access_token,
            expires_at: now + TimeDelta::from_std(grant.lifetime)?,
            granted_at: now,
        };
        let mut tx = self.inner.store.begin().await?;
        let own_lease = match lease {
            Some(lease) => lease.to_owned(),
            None => {
                let lease = random_hex()?;
                tx.lock_token(of(settings)).await?;
                tx.lease_token(of(settings), &lease, now).await?;
                lease
            }
        };
        let is_kept = tx.renew_token(of(settings), &own_lease, &new).await?;
        let stood = is_kept && tx.end_alert(AlertKind::DeadToken, &settings.account).await?;
        if stood {
            self.inner.tell_alerts(&mut tx, now).await?;
        }
        tx.commit().await?;
        self.inner.ring_chats();
        say_ended(AlertKind::DeadToken, stood);
        Ok(is_kept)
    }
}

/// Proves the refresh tokens until `cancel`, so that a dead one is told of within a quarter of an hour, and a mended one
/// ends its alert, whatever the connections of the mail do meanwhile.
pub async fn attend(desk: Desk, accounts: Vec<OAuth2>, cancel: CancellationToken) {
    let mut is_away = vec![false; accounts.len()];
    while !cancel.is_cancelled() {
        for (account, is_away) in accounts.iter().zip(&mut is_away) {
            let proved = tokio::select! {
                proved = desk.prove_token(account) => proved,
                () = cancel.cancelled() => return,
            };
            match proved {
                Ok(()) if *is_away => {
                    tracing::info!(key = account.key, "the provider of tokens answers again")
                }
                // The alert says it.
                Ok(()) | Err(TokenFault::Refused { .. } | TokenFault::NeverGiven { .. }) => {}
                Err(ref fault) if !*is_away => {
                    tracing::warn!(%fault, "a token cannot be proved; trying again by itself");
                }
                Err(_) => {}
            }
            *is_away = proved.is_err_and(|fault| !fault.needs_a_person());
        }
        tokio::select! {
            () = tokio::time::sleep(ATTENTION) => {}
            () = cancel.cancelled() => {}
        }
    }
}

fn of(settings: &OAuth2) -> TokenOf<'_> {
    TokenOf { account: &settings.account, provider: settings.provider.as_str() }
}

/// What the kept tokens belong to: a client, its endpoint, and the refresh token that the operator wrote. When one of
/// these is changed, what was kept is of no use, and the token must not be shown to another endpoint.
fn origin(settings: &OAuth2) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    let written = settings.refresh_token.as_ref().map_or("", |token| token.expose_secret());
    for part in [&settings.client_id, &settings.token_url, written] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    hex(context.finish().as_ref())
}

/// The row as one client may see it: without what belongs to another.
fn of_client(row: TokenRow, settings: &OAuth2) -> TokenRow {
    let own = origin(settings);
    let is_granted = row.origin == own;
    let is_refused = row.refused_origin.as_ref() == Some(&own);
    TokenRow {
        refresh_token: row.refresh_token.filter(|_| is_granted),
        access_token: row.access_token.filter(|_| is_granted),
        expires_at: row.expires_at.filter(|_| is_granted),
        granted_at: row.granted_at.filter(|_| is_granted),
        refused_at: row.refused_at.filter(|_| is_refused),
        refused_why: row.refused_why.filter(|_| is_refused),
        ..row
    }
}

/// Whether something happened less than `lasts` ago.
fn is_within(lasts: TimeDelta, at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (-SKEW..lasts).contains(&(now - at))
}

fn unavailable(settings: &OAuth2, why: &str) -> TokenFault {
    TokenFault::Unavailable { why: why.to_owned(), key: settings.key.clone() }
}

/// From 0 to [`JITTER`].
fn jitter() -> i64 {
    let mut byte = [0u8; 1];
    // Without randomness none is as good.
    let _ = SystemRandom::new().fill(&mut byte);
    i64::from(byte[0]) * JITTER / 255
}
