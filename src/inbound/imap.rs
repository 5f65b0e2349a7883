//! One session with an IMAP server (RFC 3501, 2177 IDLE, 4315 UIDPLUS, 6851 MOVE): what it holds, the mails, the
//! flags afterwards, and the wait for news.
//!
//! May import: config, oauth, inbound::{fault, folder_name, wire}. Knows nothing of tickets.
//!
//! The grammar and the buffering are async-imap's; commands and answers are ours to pair, because its streams end
//! alike at OK, at NO and at a cut line, and its IDLE reports a closed connection as news. Here a command is over
//! at its own tagged answer only, nothing waits without a limit, and no answer may exceed what was announced.

mod append;
mod login;
mod news;
mod settle;

use super::fault::{FetchError, said};
use super::folder_name;
use super::wire::{self, Wire};
use crate::config::{self, Security};
use async_imap::imap_proto::{
    AttributeValue, Capability, MailboxDatum, MessageSection, Response, ResponseCode, SectionPath, Status,
};
use chrono::{DateTime, Utc};
use login::log_in;
use secrecy::SecretString;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The longest silence in the middle of an answer; a slow line that moves is let go on.
const SILENCE_LIMIT: Duration = Duration::from_secs(45);
/// The longest an answer may take, however steadily it trickles.
const ANSWER_LIMIT: Duration = Duration::from_secs(15 * 60);
/// What an answer without mails in it may weigh; a page of ten thousand sizes is well under one million bytes.
const TALK: u64 = 16 << 20;
/// What a listing may weigh: a page of 131,072 mails, each with its size, date and some ten flags.
const LISTING: u64 = 2 * TALK;
/// What a listing asks of each mail.
const UNDATED: &str = "UID RFC822.SIZE FLAGS";
/// See [`Session::list_dated`].
const DATED: &str = "UID RFC822.SIZE FLAGS INTERNALDATE";
/// Servers take command lines of about 8,000 bytes (RFC 7162 section 4); the rest of the line is short.
const SET_LENGTH: usize = 4000;
/// How much of the header of a mail that is too large is kept.
pub const HEADER_BYTES: u32 = 64 << 10;

/// A mail in the mailbox, before its body is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its UID.
    pub uid: u32,
    /// RFC822.SIZE: what the server says; a server may be wrong.
    pub size: u32,
    /// Flagged `\Deleted`: on its way out, not ours.
    pub deleted: bool,
    /// Flagged `\Draft`: not sent by anybody yet.
    pub draft: bool,
    /// INTERNALDATE: when the server got it, in whole seconds. `None` where it was not asked for or is no date.
    pub arrived_at: Option<DateTime<Utc>>,
}

/// The selected mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selected {
    /// While it stays the same, a UID names the same mail.
    pub uid_validity: u32,
    /// The highest UID given so far, 0 in an empty mailbox that never held a mail.
    pub last_uid: u32,
    /// How many mails it holds.
    pub exists: u32,
}

/// What is shown to the server to be let in.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    /// The account's password.
    Password(&'a SecretString),
    /// An access token.
    Token(&'a SecretString),
}

/// A logged-in session.
#[derive(Debug)]
pub struct Session {
    imap: async_imap::Session<Wire>,
    capabilities: HashSet<String>,
    /// The command that opened the mailbox.
    opened_by: String,
    /// How many mails the server last said the mailbox holds.
    exists: u32,
    /// The server spoke of new mail since the last listing.
    has_news: bool,
    /// It answered a search with NO or BAD.
    refuses_search: bool,
    /// [`SILENCE_LIMIT`].
    patience: Duration,
}

impl Session {
    /// Connects, encrypts, reads the greeting and logs in.
    ///
    /// # Errors
    /// One for each thing that can be wrong, with the key to look at.
    pub async fn open(settings: &config::Imap, credential: Credential<'_>) -> Result<Session, FetchError> {
        let wire = wire::connect(settings).await?;
        let client = match settings.security {
            Security::None => greeted(wire).await?,
            Security::Tls => greeted(wire::encrypt(wire, settings).await?).await?,
            Security::Starttls => {
                let mut client = greeted(wire).await?;
                within("STARTTLS", client.run_command_and_check_ok("STARTTLS", None)).await?.map_err(
                    |error| FetchError::Tls {
                        host: settings.host.clone(),
                        why: format!("STARTTLS is refused: {}", said(&error.to_string())),
                        key: "`imap.security` and `imap.port`",
                    },
                )?;
                // Whatever came in the clear after the OK stays behind in the old client's buffer: never believed.
                async_imap::Client::new(wire::encrypt(client.into_inner(), settings).await?)
            }
        };
        let imap = log_in(client, settings, credential).await?;
        Session::begin(imap).await
    }

    async fn begin(imap: async_imap::Session<Wire>) -> Result<Session, FetchError> {
        let capabilities = HashSet::new();
        let mut session = Session {
            imap,
            capabilities,
            opened_by: String::new(),
            exists: 0,
            has_news: false,
            refuses_search: false,
            patience: SILENCE_LIMIT,
        };
        session.learn_capabilities().await?;
        Ok(session)
    }

    /// Whether the server names this capability. It may refuse it all the same.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// Opens the mailbox; read-only where nothing will be changed in it.
    ///
    /// # Errors
    /// [`FetchError::Mailbox`] where there is none of this name, or it has no UIDVALIDITY.
    pub async fn select(&mut self, mailbox: &str, read_only: bool) -> Result<Selected, FetchError> {
        let refused = |said: String| FetchError::Mailbox { mailbox: mailbox.to_owned(), said };
        let name = folder_name::quoted(mailbox).ok_or_else(|| refused("not a folder name".to_owned()))?;
        let verb = if read_only { "EXAMINE" } else { "SELECT" };
        let (mut exists, mut uid_next, mut uid_validity) = (0, None, None);
        self.opened_by = format!("{verb} {name}");
        let line = self.opened_by.clone();
        let answer = self.command(verb, &line, TALK, |response| match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => exists = *count,
            Response::Data { status: Status::Ok, outcome } => match outcome.code {
                Some(ResponseCode::UidNext(next)) => uid_next = Some(next),
                Some(ResponseCode::UidValidity(validity)) => uid_validity = Some(validity),
                _ => {}
            },
            _ => {}
        });
        answer.await.map_err(|error| match error {
            FetchError::Refused { said, .. } => refused(said),
            other => other,
        })?;
        let uid_validity = uid_validity.ok_or_else(|| refused("it has no UIDVALIDITY".to_owned()))?;
        let last_uid = match uid_next {
            Some(next) => u32::saturating_sub(next, 1),
            None if exists == 0 => 0,
            None => self.listed("*", UNDATED).await?.last().map_or(0, |mail| mail.uid),
        };
        Ok(Selected { uid_validity, last_uid, exists })
    }

    /// Opens the mailbox once more: whether a UID still names the same mail.
    ///
    /// In a folder that was deleted and made again under an open session, Dovecot (seen with 2.3) carries out what is
    /// asked of the UIDs it gave before on the mails that bear these numbers in the other folder.
    ///
    /// # Errors
    /// Where the mailbox is gone.
    pub async fn is_still(&mut self, selected: Selected) -> Result<bool, FetchError> {
        let mut uid_validity = None;
        let line = self.opened_by.clone();
        self.command("SELECT", &line, TALK, |response| {
            if let Response::Data { status: Status::Ok, outcome } = response
                && let Some(ResponseCode::UidValidity(validity)) = outcome.code
            {
                uid_validity = Some(validity);
            }
        })
        .await?;
        Ok(uid_validity == Some(selected.uid_validity))
    }

    /// What the mailbox holds from one UID to another (`None`: to its end), by rising UID.
    pub async fn list(&mut self, from: u32, to: Option<u32>) -> Result<Vec<Listed>, FetchError> {
        self.list_with(from, to, UNDATED).await
    }

    /// The same with the date of each: a server may have to look at every mail for it.
    pub async fn list_dated(&mut self, from: u32, to: Option<u32>) -> Result<Vec<Listed>, FetchError> {
        self.list_with(from, to, DATED).await
    }

    async fn list_with(
        &mut self,
        from: u32,
        to: Option<u32>,
        items: &str,
    ) -> Result<Vec<Listed>, FetchError> {
        self.has_news = false;
        let to_text = to.map_or_else(|| "*".to_owned(), |to| to.to_string());
        let mut mails = self.listed(&format!("{from}:{to_text}"), items).await?;
        // `n:*` always names the last mail, even where its UID is below n.
        mails.retain(|mail| mail.uid >= from && to.is_none_or(|to| mail.uid <= to));
        Ok(mails)
    }

    /// These mails, by rising UID, with the date of each where it is `dated`. One that is missing was expunged.
    pub async fn list_these(&mut self, uids: &[u32], dated: bool) -> Result<Vec<Listed>, FetchError> {
        let mut mails = Vec::with_capacity(uids.len());
        for set in uid_sets(uids, SET_LENGTH) {
            mails.extend(self.listed(&set, if dated { DATED } else { UNDATED }).await?);
        }
        let asked: HashSet<u32> = uids.iter().copied().collect();
        mails.retain(|mail| asked.contains(&mail.uid));
        Ok(mails)
    }

    /// The UIDs from one to another, rising, of mails that are neither drafts nor flagged `\Deleted`. `None` where
    /// the server refuses to search: list instead.
    pub async fn search_held(&mut self, from: u32, to: u32) -> Result<Option<Vec<u32>>, FetchError> {
        if self.refuses_search {
            return Ok(None);
        }
        let mut uids = Vec::new();
        let line = format!("UID SEARCH UID {from}:{to} UNDELETED UNDRAFT");
        let answer = self.command("UID SEARCH", &line, LISTING, |response| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                uids.extend(found.iter().filter(|uid| (from..=to).contains(*uid)));
            }
        });
        match answer.await {
            Ok(()) => {
                uids.sort_unstable();
                uids.dedup();
                Ok(Some(uids))
            }
            Err(fault @ FetchError::Refused { .. }) => {
                self.refuses_search = true;
                tracing::info!(fault = %fault, "the server does not search; listing instead");
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }

    async fn listed(&mut self, set: &str, items: &str) -> Result<Vec<Listed>, FetchError> {
        let mut mails = Vec::new();
        let line = format!("UID FETCH {set} ({items})");
        self.command("UID FETCH", &line, LISTING, |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let (mut uid, mut size, mut arrived_at) = (None, None, None);
            let (mut deleted, mut draft) = (false, false);
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(value) => uid = Some(*value),
                    AttributeValue::Rfc822Size(value) => size = Some(*value),
                    AttributeValue::Flags(flags) => {
                        let has = |name: &str| flags.iter().any(|flag| flag.eq_ignore_ascii_case(name));
                        (deleted, draft) = (has("\\Deleted"), has("\\Draft"));
                    }
                    AttributeValue::InternalDate(text) => arrived_at = internal_date(text),
                    _ => {}
                }
            }
            // A change of flags that the server tells by the way has no size: not an answer to us.
            if let (Some(uid), Some(size)) = (uid, size) {
                mails.push(Listed { uid, size, deleted, draft, arrived_at });
            }
        })
        .await?;
        mails.sort_unstable_by_key(|mail| mail.uid);
        mails.dedup_by_key(|mail| mail.uid);
        Ok(mails)
    }

    /// The whole bodies of these mails, in no certain order. One that is missing was expunged, or the server would
    /// not give it.
    ///
    /// # Errors
    /// Not for a NO: what came before it is returned.
    pub async fn bodies(
        &mut self,
        mails: &[Listed],
        max_mail_bytes: u64,
    ) -> Result<Vec<(u32, Vec<u8>)>, FetchError> {
        let wanted: HashSet<u32> = mails.iter().map(|mail| mail.uid).collect();
        let announced: u64 = mails.iter().map(|mail| u64::from(mail.size)).sum();
        // Some servers only estimate sizes; any one mail may be as large as the limit without being a fault.
        let allowed = announced * 2 + max_mail_bytes + TALK;
        let mut bodies: Vec<(u32, Vec<u8>)> = Vec::with_capacity(mails.len());
        let uids: Vec<u32> = mails.iter().map(|mail| mail.uid).collect();
        for set in uid_sets(&uids, SET_LENGTH) {
            let answer = self
                .command("UID FETCH", &format!("UID FETCH {set} (UID BODY.PEEK[])"), allowed, |response| {
                    let Response::Fetch(_, attributes) = response else { return };
                    let uid = attributes.iter().find_map(|attribute| match attribute {
                        AttributeValue::Uid(uid) => Some(*uid),
                        _ => None,
                    });
                    let body = attributes.iter().find_map(|attribute| match attribute {
                        AttributeValue::BodySection { section: None, data: Some(data), .. } => Some(data),
                        _ => None,
                    });
                    if let (Some(uid), Some(body)) = (uid.filter(|uid| wanted.contains(uid)), body) {
                        bodies.push((uid, body.to_vec()));
                    }
                })
                .await;
            match answer {
                Ok(()) | Err(FetchError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(bodies)
    }

    /// The first [`HEADER_BYTES`] of a mail's header; `None` where the server gives none.
    pub async fn header(&mut self, uid: u32) -> Result<Option<Vec<u8>>, FetchError> {
        let mut header = None;
        let line = format!("UID FETCH {uid} (UID BODY.PEEK[HEADER]<0.{HEADER_BYTES}>)");
        let answer = self
            .command("UID FETCH", &line, TALK, |response| {
                let Response::Fetch(_, attributes) = response else { return };
                for attribute in attributes {
                    if let AttributeValue::BodySection {
                        section: Some(SectionPath::Full(MessageSection::Header)),
                        data: Some(data),
                        ..
                    } = attribute
                    {
                        header = Some(data.to_vec());
                    }
                }
            })
            .await;
        match answer {
            Ok(()) | Err(FetchError::Refused { .. }) => Ok(header),
            Err(error) => Err(error),
        }
    }

    /// The server names this and refused it: for the rest of the session it is done another way. Said once.
    fn do_without(&mut self, capability: &'static str, fault: &FetchError) {
        self.capabilities.remove(capability);
        tracing::info!(capability, fault = %fault, "the server names what it refuses; doing it another way");
    }

    /// Says goodbye. A server that does not answer is left all the same.
    pub async fn log_out(mut self) {
        let _ = timeout(Duration::from_secs(5), self.plain("LOGOUT", "LOGOUT")).await;
    }

    async fn learn_capabilities(&mut self) -> Result<(), FetchError> {
        let mut capabilities = HashSet::new();
        let answer = self.command("CAPABILITY", "CAPABILITY", TALK, |response| {
            if let Response::Capabilities(list) = response {
                capabilities.extend(list.iter().filter_map(|capability| match capability {
                    Capability::Atom(name) => Some(name.to_ascii_uppercase()),
                    _ => None,
                }));
            }
        });
        match answer.await {
            // Whoever does not tell what it can is asked for nothing beyond RFC 3501.
            Ok(()) | Err(FetchError::Refused { .. }) => {}
            Err(fault) => return Err(fault),
        }
        self.capabilities = capabilities;
        Ok(())
    }

    async fn plain(&mut self, name: &'static str, line: &str) -> Result<(), FetchError> {
        self.command(name, line, TALK, |_| {}).await
    }

    /// Makes a folder that a command was refused for, most often because it is not there. Where it is, CREATE is refused,
    /// and the next try of that command decides.
    async fn create(&mut self, quoted_name: &str) -> Result<(), FetchError> {
        match self.plain("CREATE", &format!("CREATE {quoted_name}")).await {
            Ok(()) | Err(FetchError::Refused { .. }) => Ok(()),
            lost => lost,
        }
    }

    /// Sends a command and shows `see` every untagged answer until its own tagged one.
    async fn command(
        &mut self,
        name: &'static str,
        line: &str,
        allowed: u64,
        mut see: impl FnMut(&Response<'_>),
    ) -> Result<(), FetchError> {
        self.imap.get_mut().allow(allowed);
        let tag = within(name, self.imap.run_command(line)).await?.map_err(broken)?;
        loop {
            let end = self.answer(name, |response| {
                let end = end_of(tag.as_bytes(), response);
                if end.is_none() {
                    see(response);
                }
                end
            });
            if let Some(end) = end.await? {
                return end.map_err(|said| FetchError::Refused { command: name, said });
            }
        }
    }

    /// Whether the server spoke of new mail since the last listing.
    pub fn has_news(&self) -> bool {
        self.has_news
    }

    /// Shows `see` the next answer, whatever it is.
    async fn answer<T>(
        &mut self,
        during: &'static str,
        see: impl FnOnce(&Response<'_>) -> T,
    ) -> Result<T, FetchError> {
        let start = Instant::now();
        loop {
            let before = self.imap.get_ref().received();
            // Reading can be broken off and taken up again: what came stays in the session's buffer.
            match timeout(self.patience, self.imap.read_response()).await {
                Ok(response) => {
                    let response = response.map_err(lost)?.ok_or_else(closed)?;
                    heed(response.parsed(), during, &mut self.exists, &mut self.has_news)?;
                    return Ok(see(response.parsed()));
                }
                Err(_) if self.imap.get_ref().received() == before => {
                    return Err(FetchError::Silent { seconds: self.patience.as_secs(), during });
                }
                Err(_) if start.elapsed() > ANSWER_LIMIT => {
                    return Err(FetchError::Silent { seconds: ANSWER_LIMIT.as_secs(), during });
                }
                Err(_) => {}
            }
        }
    }
}

/// How a command ended, where this is its tagged answer: done, or refused in the server's words.
fn end_of(tag: &[u8], response: &Response<'_>) -> Option<Result<(), String>> {
    let Response::Done { tag: answered, status, outcome } = response else { return None };
    let words = || said(outcome.information.as_deref().unwrap_or_default());
    (answered.as_bytes() == tag).then(|| if *status == Status::Ok { Ok(()) } else { Err(words()) })
}

/// What a server may say at any time: that there is news, and that it hangs up.
fn heed(
    response: &Response<'_>,
    during: &str,
    exists: &mut u32,
    has_news: &mut bool,
) -> Result<(), FetchError> {
    match response {
        // Some servers repeat the same count with every answer: only a higher one tells of a mail that came.
        Response::MailboxData(MailboxDatum::Exists(count)) => {
            *has_news |= *count > *exists;
            *exists = *count;
        }
        Response::Expunge(_) => *exists = exists.saturating_sub(1),
        // LOGOUT is answered by BYE before its OK.
        Response::Data { status: Status::Bye, outcome } if during != "LOGOUT" => {
            let words = outcome.information.as_deref().unwrap_or_default();
            return Err(FetchError::Lost(format!("the server says goodbye: {}", said(words))));
        }
        _ => {}
    }
    Ok(())
}

async fn greeted(wire: Wire) -> Result<async_imap::Client<Wire>, FetchError> {
    let mut client = async_imap::Client::new(wire);
    let greeting = within("the greeting", client.read_response()).await?.map_err(lost)?.ok_or_else(closed)?;
    match greeting.parsed() {
        Response::Data { status: Status::Ok, .. } => Ok(client),
        Response::Data { status: Status::Bye, outcome } => {
            let words = outcome.information.as_deref().unwrap_or_default();
            Err(FetchError::Lost(format!("the server says goodbye: {}", said(words))))
        }
        // PREAUTH too: nobody asked us who we are, and before STARTTLS it is an attack.
        _ => Err(FetchError::Lost("the greeting is not one of IMAP".to_owned())),
    }
}

async fn within<T>(during: &'static str, work: impl Future<Output = T>) -> Result<T, FetchError> {
    let seconds = SILENCE_LIMIT.as_secs();
    timeout(SILENCE_LIMIT, work).await.map_err(|_| FetchError::Silent { seconds, during })
}

fn lost(error: std::io::Error) -> FetchError {
    // The library's parse errors quote the server's bytes, which may be somebody's mail.
    let text = error.to_string();
    FetchError::Lost(if text.contains("during parsing of") {
        "the answer is not IMAP".to_owned()
    } else {
        text
    })
}

fn broken(error: async_imap::error::Error) -> FetchError {
    match error {
        async_imap::error::Error::Io(error) => lost(error),
        async_imap::error::Error::ConnectionLost => closed(),
        other => FetchError::Lost(said(&other.to_string())),
    }
}

fn closed() -> FetchError {
    FetchError::Lost("the server closed it".to_owned())
}

/// A date-time of RFC 3501 section 9: ` 1-Dec-2026 09:00:00 +0100`.
fn internal_date(text: &str) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_str(text.trim_start(), "%d-%b-%Y %H:%M:%S %z").ok()?;
    Some(date.to_utc())
}

/// UIDs, rising, as sets of at most about `length` characters: `1:3,7,9:10`.
fn uid_sets(uids: &[u32], length: usize) -> Vec<String> {
    let mut sets: Vec<String> = Vec::new();
    let mut rest = uids;
    while let [first, ..] = rest {
        let run = rest.windows(2).take_while(|pair| pair[0].checked_add(1) == Some(pair[1])).count();
        let last = rest[run];
        let text = if run == 0 { first.to_string() } else { format!("{first}:{last}") };
        match sets.last_mut() {
            Some(set) if set.len() + text.len() < length => {
                set.push(',');
                set.push_str(&text);
            }
            _ => sets.push(text),
        }
        rest = &rest[run + 1..];
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runs_of_uids_are_said_in_short() {
        assert_eq!(uid_sets(&[1, 2, 3, 7, 9, 10], 100), ["1:3,7,9:10"]);
        assert_eq!(uid_sets(&[], 100), Vec::<String>::new());
        assert_eq!(uid_sets(&[u32::MAX - 1, u32::MAX], 100), ["4294967294:4294967295"]);
    }

    #[test]
    fn the_date_of_a_mail_is_read_with_its_zone() {
        let read = |text| internal_date(text).map(|date| date.to_rfc3339());
        assert_eq!(read("24-Nov-2026 09:00:00 +0100").as_deref(), Some("2026-11-24T08:00:00+00:00"));
        assert_eq!(read(" 1-Dec-2026 23:30:05 -0200").as_deref(), Some("2026-12-02T01:30:05+00:00"));
        assert_eq!(read("yesterday"), None);
        assert_eq!(read(""), None);
    }

    #[tokio::test]
    async fn a_server_that_falls_silent_is_given_up() {
        use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
        let (near, far) = tokio::io::duplex(1 << 16);
        let server = tokio::spawn(async move {
            let (read, mut write) = tokio::io::split(far);
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"* OK here\r\n").await.unwrap();
            while let Some(line) = lines.next_line().await.unwrap() {
                let tag = line.split(' ').next().unwrap();
                if !line.contains("FETCH") {
                    write.write_all(format!("{tag} OK done\r\n").as_bytes()).await.unwrap();
                }
            }
        });
        let client = greeted(Wire::over(near)).await.unwrap();
        let imap = client.login("support", "pass").await.map_err(|(error, _)| error).unwrap();
        let mut session = Session::begin(imap).await.unwrap();
        session.patience = Duration::from_millis(20);
        let fault = session.list(1, None).await.unwrap_err();
        assert!(matches!(fault, FetchError::Silent { during: "UID FETCH", .. }), "{fault}");
        drop(session);
        server.await.unwrap();
    }

    proptest! {
        #[test]
        fn sets_name_each_uid_once_and_stay_short(uids in prop::collection::btree_set(1u32..3000, 0..500)) {
            let uids: Vec<u32> = uids.into_iter().collect();
            let sets = uid_sets(&uids, 60);
            let mut named = Vec::new();
            for set in &sets {
                prop_assert!(set.len() <= 60);
                for part in set.split(',') {
                    let (a, b) = part.split_once(':').unwrap_or((part, part));
                    named.extend(a.parse::<u32>().unwrap()..=b.parse::<u32>().unwrap());
                }
            }
            prop_assert_eq!(named, uids);
        }
    }
}
