//! The courier for `[smtp]`: hands mails to the submission server, and says of each what became of it.
//!
//! Where the server offers PIPELINING the envelope goes in one piece (RFC 2920): a mail takes two turns of the line, not four.
//! lettre speaks the commands; the order of them is kept here, because the outcome hangs on where a send stopped
//! (RFC 5321, 4.2.5 and 4.5.3.2.6). Until the line that ends the body is written, nothing can have been taken, and a
//! fault means: again. From then until the server's answer, the mail may have arrived, and a fault means just that.
//!
//! With `[smtp] dkim` each mail is signed as it leaves, whatever kind of mail it is; one that cannot be signed waits.
//!
//! An account without a password is signed in to with an access token of the desk's (XOAUTH2), and with another one
//! where the server does not take the first.
//!
//! At most [`LANES`] mails are on the way at once, over connections that are kept while there is more to send.
//! May import: config, desk, dkim, domain, oauth.

use super::compose::{has_bare_line_end, read_address, read_mailbox};
use super::smtp_line::{Endpoint, Session, reason};
use crate::config::{OAuth2, SignIn, Smtp};
use crate::desk::Desk;
use crate::desk::tokens::TokenFault;
use crate::dkim::Signer;
use crate::domain::delivery::{FRESH, LEASE, Outcome};
use crate::domain::returned::{is_ours, status_in};
use crate::domain::threading::provider_id;
use crate::oauth::sasl;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use secrecy::{ExposeSecret, SecretString};
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How many mails are on the way at once.
pub const LANES: usize = 4;

/// How many bytes of a body leave in a second on the slowest line that is reckoned with.
const SLOWEST: usize = 32 * 1024;

/// What of a lease is left to record what became of the mail.
const TO_RECORD: Duration = Duration::from_secs(10);

/// How long a server may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To connect, sign in and accept the envelope, in all.
    pub opening: Duration,
    /// To take a small body and answer. Long, because giving up here is what doubles mails (RFC 5321, 4.5.3.2.6).
    pub closing: Duration,
    /// To answer on a connection that was kept, before another is opened in its place.
    pub kept: Duration,
}

impl Patience {
    /// For one send: 30 s, then 90 s and what the body takes on a slow line.
    pub const DEFAULT: Patience = Patience {
        opening: Duration::from_secs(30),
        closing: Duration::from_secs(90),
        kept: Duration::from_secs(5),
    };

    /// To take a body of this size and answer, as long as the lease lasts: after that somebody else may send the mail.
    fn closing_for(&self, bytes: usize) -> Duration {
        let begun = FRESH.to_std().unwrap_or_default() + self.opening + TO_RECORD;
        let closing = self.closing + Duration::from_secs((bytes / SLOWEST) as u64);
        closing.min(LEASE.saturating_sub(begun))
    }
}

/// Sends mails to one submission server.
pub struct SmtpCourier {
    endpoint: Endpoint,
    account: Account,
    sender: Address,
    signer: Option<Signer>,
    patience: Patience,
    lanes: Semaphore,
    round: Mutex<Round>,
    /// Whatever it offers, the server is told one command at a time.
    is_told_singly: AtomicBool,
}

/// As whom we sign in.
enum Account {
    /// As nobody.
    None,
    /// With a password.
    Password(Credentials),
    /// With tokens; `None`: nobody said where they are kept.
    Tokens(Box<OAuth2>, Option<Desk>),
}

/// Why signing in with a token failed.
enum NoEntry {
    /// The server does not take this token.
    Token(String),
    /// Anything else.
    Other(String),
}

/// What is remembered until the next [`SmtpCourier::rest`].
#[derive(Default)]
struct Round {
    /// Connections that serve the next mail.
    kept: Vec<Session>,
    /// The server let us in at least once.
    is_reached: bool,
    /// Why the first connection failed. While the server was never reached, the other mails of the round do not wait
    /// for the same silence one after the other.
    unreachable: Option<String>,
}

/// Where and why a send stopped before its body.
enum Stop {
    /// The server is not to be had, or wants a better sign-in: no fault of this mail.
    Connection(String),
    /// The connection ended without an answer, or with one that makes no sense.
    Line(String),
    /// The server ends the connection (421): it did not take this mail.
    Goodbye(String),
    /// The server's answer to this mail.
    Refusal { is_final: bool, why: String },
}

impl SmtpCourier {
    /// Reads the certificates and the key; opens nothing yet.
    ///
    /// # Errors
    /// One sentence for the operator: `ca_file` cannot be read, `from` is no address, the host's name is none, the key of
    /// `dkim` is none.
    pub fn new(config: &Smtp) -> Result<SmtpCourier, String> {
        let account = match (&config.username, &config.sign_in) {
            (Some(username), Some(SignIn::Password(password))) => {
                Account::Password(Credentials::new(username.clone(), password.expose_secret().to_owned()))
            }
            (_, Some(SignIn::OAuth2(oauth2))) => Account::Tokens(oauth2.clone(), None),
            _ => Account::None,
        };
        let signer = config.dkim.as_ref().map(|dkim| {
            let key = dkim.key().map_err(|fault| format!("dkim.private_key: {fault}"))?;
            Ok::<_, String>(Signer::new(&dkim.domain, &dkim.selector, key))
        });
        Ok(SmtpCourier {
            endpoint: Endpoint::new(config)?,
            account,
            sender: read_mailbox(&config.from)?.1,
            signer: signer.transpose()?,
            patience: Patience::DEFAULT,
            lanes: Semaphore::new(LANES),
            round: Mutex::default(),
            is_told_singly: AtomicBool::new(false),
        })
    }

    /// The same, with other limits of time.
    pub fn with_patience(self, patience: Patience) -> SmtpCourier {
        SmtpCourier { patience, ..self }
    }

    /// The same, for an account that is signed in to with tokens: this desk keeps them.
    pub fn with_tokens_of(self, desk: &Desk) -> SmtpCourier {
        let account = match self.account {
            Account::Tokens(oauth2, _) => Account::Tokens(oauth2, Some(desk.clone())),
            other => other,
        };
        SmtpCourier { account, ..self }
    }

    /// Connects, signs in and says goodbye: for `guichet check`.
    ///
    /// # Errors
    /// What failed, in a few English words.
    pub async fn try_connection(&self) -> Result<(), String> {
        match timeout(self.patience.opening, self.connect()).await {
            Err(_) => Err(self.silence(self.patience.opening)),
            Ok(Err(why)) => Err(why),
            Ok(Ok(mut session)) => {
                _ = timeout(self.patience.kept, session.connection.quit()).await;
                Ok(())
            }
        }
    }

    /// Sends these bytes, exactly, to this address, and says what became of them. Their lines end in CR LF. Where there is a
    /// key, its signature goes before them; it is the same for the same bytes.
    ///
    /// An answer that gives the mail another id than its own (RFC 5321 leaves its text free): [`Outcome::SentAs`].
    /// An answer of 4xx, any fault before the end of the body, and a mail that cannot be signed: [`Outcome::Retry`]. An answer of 5xx to the
    /// recipient or the body: [`Outcome::Failed`]; 5xx to the greeting, to signing in or to the sender is ours to mend, as is one that
    /// [`is_ours`], and the mail waits. No answer after the end of the body: [`Outcome::Ambiguous`].
    pub async fn send(&self, address: &str, mail: &[u8]) -> Outcome {
        let Ok(recipient) = read_address(address) else {
            return Outcome::Failed("the recipient's address is not valid".to_owned());
        };
        if has_bare_line_end(mail) {
            return Outcome::Failed("a line of the mail does not end in CR LF".to_owned());
        }
        let signed;
        let mail = match self.signer.as_ref().map(|signer| signer.sign(mail)) {
            None => mail,
            Some(Ok(signature)) => {
                signed = [signature.as_bytes(), mail].concat();
                &signed
            }
            Some(Err(fault)) => return Outcome::Retry(format!("the mail cannot be signed (DKIM): {fault}")),
        };
        // The semaphore is never closed.
        let Ok(_lane) = self.lanes.acquire().await else {
            return Outcome::Retry("stopped".to_owned());
        };
        if let Some(why) = self.unreachable() {
            return Outcome::Retry(why);
        }
        let is_told_at_once = AtomicBool::new(false);
        let begun = timeout(self.patience.opening, self.begin(&recipient, mail, &is_told_at_once)).await;
        if matches!(begun, Err(_) | Ok(Err(Stop::Line(_)))) && is_told_at_once.into_inner() {
            self.tell_singly();
        }
        let mut session = match begun {
            Ok(Ok(session)) => session,
            Ok(Err(Stop::Refusal { is_final: true, why })) => return Outcome::Failed(why),
            Ok(Err(
                Stop::Refusal { why, .. } | Stop::Connection(why) | Stop::Line(why) | Stop::Goodbye(why),
            )) => return Outcome::Retry(self.remember(why)),
            Err(_) => return Outcome::Retry(self.remember(self.silence(self.patience.opening))),
        };

        let may_have_arrived = AtomicBool::new(false);
        // lettre ends the body with its own CR LF; it asks for a second piece when the first is written, and writes
        // the line that ends the mail when there is none.
        let body = mail.strip_suffix(b"\r\n").unwrap_or(mail);
        let pieces = iter::once(body).chain(iter::from_fn(|| {
            may_have_arrived.store(true, Ordering::Relaxed);
            None
        }));
        let unanswered = |why: String| {
            if may_have_arrived.load(Ordering::Relaxed) {
                Outcome::Ambiguous(why)
            } else {
                Outcome::Retry(why)
            }
        };
        let closing = self.patience.closing_for(mail.len());
        match timeout(closing, session.connection.message_iter(pieces)).await {
            Err(_) => unanswered(self.silence(closing)),
            Ok(Ok(answer)) if answer.code().severity == Severity::PositiveCompletion => {
                self.keep(session);
                let given = answer.message().find_map(provider_id).filter(|id| !is_own_id(mail, id));
                given.map_or(Outcome::Sent, |id| Outcome::SentAs(id.to_owned()))
            }
            Ok(Ok(answer)) => unanswered(format!("unexpected answer {} to the mail", answer.code())),
            Ok(Err(error)) => match stop(error) {
                Stop::Refusal { is_final, why } => {
                    self.keep(session);
                    if is_final { Outcome::Failed(why) } else { Outcome::Retry(why) }
                }
                Stop::Goodbye(why) | Stop::Connection(why) => Outcome::Retry(why),
                Stop::Line(why) => unanswered(why),
            },
        }
    }

    /// Says goodbye on the connections that were kept, and forgets what failed: there is nothing more to send for now.
    pub async fn rest(&self) {
        let round = std::mem::take(&mut *self.round());
        for mut session in round.kept {
            _ = timeout(self.patience.kept, session.connection.quit()).await;
        }
    }

    /// A connection that awaits the body: a kept one if it still answers, else another. `is_told_at_once` says once another one
    /// was opened whether it is told the envelope at once.
    async fn begin(
        &self,
        recipient: &Address,
        mail: &[u8],
        is_told_at_once: &AtomicBool,
    ) -> Result<Session, Stop> {
        while let Some(mut session) = self.take() {
            // A server may have ended it meanwhile: that is no fault, and nothing was said on it yet.
            let opened = timeout(self.patience.kept, self.envelope(&mut session, recipient, mail)).await;
            match opened {
                Ok(Ok(())) => return Ok(session),
                Ok(Err(stop @ Stop::Refusal { .. })) => return self.give_back(session, stop).await,
                Ok(Err(Stop::Line(_) | Stop::Goodbye(_) | Stop::Connection(_))) | Err(_) => {}
            }
        }
        let mut session = self.connect().await.map_err(Stop::Connection)?;
        is_told_at_once.store(session.pipelines, Ordering::Relaxed);
        match self.envelope(&mut session, recipient, mail).await {
            Ok(()) => Ok(session),
            Err(stop @ Stop::Refusal { .. }) => self.give_back(session, stop).await,
            Err(stop) => Err(stop),
        }
    }

    async fn connect(&self) -> Result<Session, String> {
        let session = match &self.account {
            Account::None => self.endpoint.open().await?,
            Account::Password(credentials) => {
                let mut session = self.endpoint.open().await?;
                session
                    .connection
                    .auth(&[Mechanism::Plain, Mechanism::Login], credentials)
                    .await
                    .map_err(|error| format!("signing in failed: {}", reason(&error)))?;
                session
            }
            Account::Tokens(oauth2, desk) => self.connect_with_token(oauth2, desk.as_ref()).await?,
        };
        self.round().is_reached = true;
        Ok(session)
    }

    async fn connect_with_token(&self, oauth2: &OAuth2, desk: Option<&Desk>) -> Result<Session, String> {
        let no_token = |fault: TokenFault| format!("signing in failed: {fault}");
        let Some(desk) = desk else {
            return Err(no_token(TokenFault::NeverGiven { key: oauth2.key.clone() }));
        };
        let token = desk.access_token(oauth2).await.map_err(no_token)?;
        match self.enter(oauth2, &token).await {
            Ok(session) => return Ok(session),
            Err(NoEntry::Other(why)) => return Err(why),
            Err(NoEntry::Token(_)) => {}
        }
        let other = desk.token_other_than(oauth2, &token).await.map_err(no_token)?;
        self.enter(oauth2, &other).await.map_err(|no| match no {
            NoEntry::Token(why) => format!("signing in failed: {why}"),
            NoEntry::Other(why) => why,
        })
    }

    /// A connection that is signed in to with this token. lettre's own AUTH takes the challenge in which a server says
    /// why it refuses for a fault, and leaves it unanswered.
    async fn enter(&self, oauth2: &OAuth2, token: &SecretString) -> Result<Session, NoEntry> {
        let mut session = self.endpoint.open().await.map_err(NoEntry::Other)?;
        let connection = &mut session.connection;
        if !connection.server_info().supports_auth_mechanism(Mechanism::Xoauth2) {
            return Err(NoEntry::Other("signing in failed: the server does not offer XOAUTH2".to_owned()));
        }
        let response = STANDARD.encode(sasl::xoauth2(&oauth2.account, token));
        let failed = |error: Error| match error.status().map(u16::from) {
            Some(535 | 334) => NoEntry::Token(reason(&error)),
            _ => NoEntry::Other(format!("signing in failed: {}", reason(&error))),
        };
        let answer = connection.command(format!("AUTH XOAUTH2 {response}\r\n")).await.map_err(failed)?;
        if answer.has_code(334) {
            let end = connection.command("\r\n").await.map_err(failed)?;
            return Err(NoEntry::Token(format!("unexpected answer {} to AUTH", end.code())));
        }
        if answer.has_code(235) {
            return Ok(session);
        }
        Err(NoEntry::Other(format!("unexpected answer {} to AUTH", answer.code())))
    }

    async fn envelope(
        &self,
        Session { connection, pipelines, is_lost }: &mut Session,
        recipient: &Address,
        mail: &[u8],
    ) -> Result<(), Stop> {
        let mut parameters = Vec::new();
        for (is_needed, extension, parameter) in [
            (!recipient.to_string().is_ascii(), Extension::SmtpUtfEight, MailParameter::SmtpUtfEight),
            (!mail.is_ascii(), Extension::EightBitMime, MailParameter::Body(MailBodyParameter::EightBitMime)),
        ] {
            if is_needed {
                if !connection.server_info().supports_feature(extension) {
                    let why = format!("the server does not offer {extension}, which this address needs");
                    return Err(Stop::Refusal { is_final: true, why });
                }
                parameters.push(parameter);
            }
        }
        let sender = Mail::new(Some(self.sender.clone()), parameters);
        let recipient = Rcpt::new(recipient.clone(), Vec::new());
        if !*pipelines || self.is_told_singly.load(Ordering::Relaxed) {
            connection.command(sender).await.map_err(stop_at_sender)?;
            connection.command(recipient).await.map_err(stop)?;
            return awaits_body(connection.command(Data).await.map_err(stop)?);
        }
        // The three at once, since each answer takes as long as the way to the server and back. All are read, whatever the
        // first says (RFC 2920, 3.1), as long as the server is there.
        *is_lost = true;
        let to_sender =
            connection.command(format!("{sender}{recipient}{Data}")).await.map_err(stop_at_sender);
        if let Err(gone @ (Stop::Line(_) | Stop::Goodbye(_))) = to_sender {
            return Err(gone);
        }
        let to_recipient = connection.read_response().await.map_err(stop);
        if let Err(gone @ (Stop::Line(_) | Stop::Goodbye(_))) = to_recipient {
            return Err(to_sender.err().unwrap_or(gone));
        }
        let to_data = connection.read_response().await.map_err(stop);
        *is_lost = match (&to_sender, &to_recipient, &to_data) {
            (_, _, Err(Stop::Line(_) | Stop::Goodbye(_))) => true,
            (_, _, Err(_)) | (Ok(_), Ok(_), _) => false,
            // It asks for the body of a mail that goes to nobody: there is none, and it says so.
            (Ok(_), Err(_), Ok(answer)) if answer.has_code(354) => {
                let to_nothing = connection.command(".\r\n").await.map_err(stop);
                !matches!(to_nothing, Err(Stop::Refusal { .. }))
            }
            (_, _, Ok(_)) => true,
        };
        to_sender.and(to_recipient)?;
        awaits_body(to_data?)
    }

    /// After a refused envelope the connection serves the next mail, once the server forgot this one.
    async fn give_back(&self, mut session: Session, stop: Stop) -> Result<Session, Stop> {
        if !session.is_lost
            && let Ok(Ok(_)) = timeout(self.patience.kept, session.connection.command(Rset)).await
        {
            self.keep(session);
        }
        Err(stop)
    }

    fn round(&self) -> MutexGuard<'_, Round> {
        // Nothing panics while it holds the lock; what it guards is sound at every step.
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Session> {
        self.round().kept.pop()
    }

    fn keep(&self, session: Session) {
        let mut round = self.round();
        if round.kept.len() < LANES {
            round.kept.push(session);
        }
    }

    /// From now on each command waits for its answer: some that offer PIPELINING, or stand in the way to the server, lose what
    /// comes behind the first.
    fn tell_singly(&self) {
        if !self.is_told_singly.swap(true, Ordering::Relaxed) {
            tracing::info!(
                "the SMTP server fell silent amid an envelope; its commands are sent one at a time from now on"
            );
        }
    }

    fn unreachable(&self) -> Option<String> {
        let round = self.round();
        round.unreachable.clone().filter(|_| !round.is_reached)
    }

    fn remember(&self, why: String) -> String {
        self.round().unreachable.get_or_insert_with(|| why.clone());
        why
    }

    fn silence(&self, limit: Duration) -> String {
        format!("no answer within {} s", limit.as_secs_f32().ceil())
    }
}

impl std::fmt::Debug for SmtpCourier {
    /// Without the password or a token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpCourier").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// Whether the answer to DATA asks for the body.
fn awaits_body(answer: Response) -> Result<(), Stop> {
    match answer.has_code(354) {
        true => Ok(()),
        false => Err(Stop::Line(format!("unexpected answer {} to DATA", answer.code()))),
    }
}

/// Whether an id is the Message-ID that the mail bears already, as servers that keep it repeat.
fn is_own_id(mail: &[u8], id: &str) -> bool {
    let header = mail.split(|&byte| byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    let mut ids = header.filter_map(|line| {
        let (name, value) = line.split_at_checked(b"Message-ID:".len())?;
        name.eq_ignore_ascii_case(b"Message-ID:").then(|| value.trim_ascii())
    });
    ids.any(|own| own.strip_prefix(b"<").and_then(|own| own.strip_suffix(b">")) == Some(id.as_bytes()))
}

/// What an error says about the mail.
fn stop(error: Error) -> Stop {
    let why = reason(&error);
    match error.status().map(u16::from) {
        None => Stop::Line(why),
        Some(421) => Stop::Goodbye(why),
        Some(530 | 534 | 535 | 538) => Stop::Connection(why),
        Some(code) => {
            let is_final = code >= 500 && !status_in(&why).is_some_and(is_ours);
            Stop::Refusal { is_final, why }
        }
    }
}

/// What an error says that answers the sender: nothing was said of a recipient yet.
fn stop_at_sender(error: Error) -> Stop {
    match stop(error) {
        Stop::Refusal { why, .. } => Stop::Refusal { is_final: false, why },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_send_is_given_up_before_its_lease_ends() {
        let longest = Patience::DEFAULT.opening + Patience::DEFAULT.closing_for(1 << 30);
        assert!(FRESH.to_std().unwrap() + longest + TO_RECORD <= LEASE);
    }

    #[test]
    fn a_large_body_has_the_time_that_it_takes_on_a_slow_line() {
        let closing = |bytes| Patience::DEFAULT.closing_for(bytes).as_secs();
        assert_eq!((closing(1000), closing(4 << 20)), (90, 90 + 128));
    }
}
