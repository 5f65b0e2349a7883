//! Mail in: first the journal, then the decision.
//!
//! Every mail is committed as it came, together with the mailbox's cursor, before anything is decided about it.
//! Then each is filed in one more transaction (`file.rs`). What a death or a fault left unfiled
//! in between is filed when mail is next looked for.

use super::file::Doubt;
use super::reconcile::Known;
use super::{Desk, Result, pack, unpack};
use crate::domain::audit::{AuditDetail, AuditKind};
use crate::domain::fold;
use crate::domain::forward::{self, Forward};
use crate::domain::ids::{RawMailId, TicketId};
use crate::domain::mail::{Bounce, InboundMail, Mailbox};
use crate::domain::text::head;
use crate::domain::threading;
use crate::domain::trim::{Setting, Trimmed, trim, trim_folded};
use crate::domain::uid_set::UidSet;
use crate::reading::glance;
pub use crate::store::mailbox::Standing;
use crate::store::mailbox::{HeldMail, NewRawMail};
use chrono::{DateTime, TimeDelta, Utc};
use foldhash::fast::RandomState;
use std::collections::HashSet;
use std::ops::Range;

/// The stretch of time that limits are counted in.
pub(super) const LIMITED_WITHIN: TimeDelta = TimeDelta::hours(1);
/// How much of a mail can be searched: enough for any letter, bounded for a pasted log.
const SEARCHED_BYTES: usize = 64 * 1024;
/// The longest text above a forward that is kept as a note, in bytes; the rest stays in the original mail.
const LONGEST_NOTE: usize = 20_000;
/// No word that people search for is longer.
const LONGEST_WORD: usize = 64;

/// How far an IMAP mailbox has been taken in (RFC 3501 section 2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The mailbox's UIDVALIDITY.
    pub uid_validity: u32,
    /// The last UID taken in.
    pub last_uid: u32,
}

/// A mail as it came, read and packed: what the writer needs, so that the writer only writes.
#[derive(Debug, Clone)]
pub struct Arrived {
    sha256: String,
    identity: String,
    bytes: usize,
    packed: Vec<u8>,
    /// Whose it is, as [`NewRawMail`] means it.
    person: Option<String>,
    read: std::result::Result<Box<Digest>, &'static str>,
}

impl Arrived {
    /// Packs and digests a mail. CPU work: call it on a worker.
    ///
    /// `identity` is what makes the mail itself whatever road it took; `parsed` is what it says, or why that
    /// cannot be told (then it is held).
    ///
    /// # Errors
    /// When there is no memory to pack it.
    pub fn new(
        raw: &[u8],
        sha256: String,
        identity: String,
        parsed: std::result::Result<InboundMail, &'static str>,
    ) -> std::io::Result<Arrived> {
        Ok(Arrived {
            sha256,
            identity,
            bytes: raw.len(),
            packed: pack(raw)?,
            person: match &parsed {
                Ok(mail) => person_of(mail).map(str::to_owned),
                Err(_) => glance::sender(raw),
            },
            read: parsed.map(|mail| Box::new(Digest::new(mail))),
        })
    }

    /// The same for what somebody typed on a page of ours: all of it is meant, nothing of it is a quotation.
    ///
    /// # Errors
    /// When there is no memory to pack it.
    pub fn typed(
        raw: &[u8],
        sha256: String,
        identity: String,
        parsed: std::result::Result<InboundMail, &'static str>,
    ) -> std::io::Result<Arrived> {
        let mut arrived = Arrived::new(raw, sha256, identity, Err("not read"))?;
        arrived.read = parsed.map(|mail| {
            let words = searched_words(&mail, &fold::fold(head(&mail.text, SEARCHED_BYTES)));
            let trimmed = Trimmed { reply: mail.text.clone(), ..Trimmed::default() };
            let mail = InboundMail { text: String::new(), enclosed: None, ..mail };
            Box::new(Digest { mail, trimmed, words, forwarded: None })
        });
        Ok(arrived)
    }

    /// What it says.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub(super) fn digest(&self) -> anyhow::Result<&Digest> {
        self.read.as_ref().map(|digest| &**digest).map_err(|why| anyhow::anyhow!(*why))
    }

    /// What makes it itself.
    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    /// Its row in the journal.
    pub(super) fn row<'a>(
        &'a self,
        mailbox: &'a str,
        person: Option<&'a str>,
        counts: bool,
        held: Option<&'static str>,
    ) -> NewRawMail<'a> {
        NewRawMail {
            mailbox,
            sha256: &self.sha256,
            identity: &self.identity,
            bytes: self.bytes,
            packed: &self.packed,
            person,
            counts,
            held,
        }
    }
}

/// A journaled mail with what it says, or why that cannot be told.
pub(super) type ReadMail = (RawMailId, std::result::Result<Box<Digest>, &'static str>);

/// A mail with what is made of its text.
#[derive(Debug, Clone)]
pub(super) struct Digest {
    pub(super) mail: InboundMail,
    pub(super) trimmed: Trimmed,
    pub(super) words: String,
    pub(super) forwarded: Option<Box<Forwarded>>,
}

/// The mail that a forward hands on, as if its writer had sent it, and what was written above it.
#[derive(Debug, Clone)]
pub(super) struct Forwarded {
    pub(super) digest: Digest,
    pub(super) note: String,
}

impl Forwarded {
    /// Its files and its ids are those of the mail that it came in.
    fn new(mail: &InboundMail, forward: Forward) -> Forwarded {
        let inner = InboundMail {
            from: vec![forward.from],
            subject: if forward.subject.is_empty() { mail.subject.clone() } else { forward.subject },
            message_id: mail.message_id.clone(),
            in_reply_to: mail.in_reply_to.clone(),
            references: mail.references.clone(),
            text: forward.text,
            attachments: mail.attachments.clone(),
            shape: mail.shape,
            ..InboundMail::default()
        };
        let trimmed = trim(&forward.note);
        let note = [trimmed.reply, trimmed.quoted].join("\n\n");
        Forwarded { digest: Digest::of(inner, None, None), note: head(note.trim(), LONGEST_NOTE).to_owned() }
    }
}

impl Digest {
    fn new(mail: InboundMail) -> Digest {
        let forward = forward::read(&mail);
        let line = forward.as_ref().and_then(|forward| forward.line);
        let forwarded = forward.map(|forward| Box::new(Forwarded::new(&mail, forward)));
        Digest::of(InboundMail { enclosed: None, ..mail }, line, forwarded)
    }

    /// `line`: where in the text the mail begins that it hands on.
    fn of(mail: InboundMail, line: Option<usize>, forwarded: Option<Box<Forwarded>>) -> Digest {
        let folded = fold::fold(head(&mail.text, SEARCHED_BYTES));
        let setting = Setting { answers: threading::is_answer(&mail), forward: line };
        let (trimmed, words) = (trim_folded(&mail.text, &folded, setting), searched_words(&mail, &folded));
        // The text is in the trimmed parts; a batch holds hundreds of mails.
        Digest { trimmed, words, forwarded, mail: InboundMail { text: String::new(), ..mail } }
    }

    /// The sender, where the mail counts against the hourly limit of mails: a mail that our server got long ago comes
    /// with a backlog, not with a flood, and a report is answered by nobody. Its own date is asked where no server says when.
    pub(super) fn counted_sender(&self, now: DateTime<Utc>) -> Option<&str> {
        let at = self.mail.received.or(self.mail.date);
        let is_old = at.is_some_and(|at| at < now - LIMITED_WITHIN);
        let counts = !is_old && report_in(&self.mail).is_none();
        self.sender().filter(|_| counts).map(|sender| sender.address.as_str())
    }

    /// The only sender; screening lets no other mail pass.
    pub(super) fn sender(&self) -> Option<&Mailbox> {
        self.mail.from.first()
    }
}

/// Mails with what is made of their texts.
fn digested(mails: Vec<(RawMailId, std::result::Result<InboundMail, &'static str>)>) -> Vec<ReadMail> {
    mails.into_iter().map(|(id, mail)| (id, mail.map(|mail| Box::new(Digest::new(mail))))).collect()
}

/// What a program tells of a mail of ours.
fn report_in(mail: &InboundMail) -> Option<&Bounce> {
    mail.bounce.as_ref().or(mail.delivered.as_ref().filter(|_| mail.automatic.is_some()))
}

/// Whose a mail is: its sender's, or, of what surely is a report, the person's whom the mail was for that it tells of.
fn person_of(mail: &InboundMail) -> Option<&str> {
    let told_of =
        report_in(mail).filter(|report| report.certain).and_then(|report| report.recipient.as_deref());
    told_of.or(mail.from.first().map(|sender| sender.address.as_str()))
}

/// The distinct folded words of a mail's subject, sender and text, separated by one space. The text is given folded.
fn searched_words(mail: &InboundMail, folded_text: &str) -> String {
    let mut about = mail.subject.clone();
    for from in &mail.from {
        about.push(' ');
        about.push_str(&from.name);
        about.push(' ');
        about.push_str(&from.address);
    }
    let mut words = distinct(&[&fold::fold(&about), folded_text]);
    // A batch holds hundreds of mails; most of their words are said more than once.
    words.shrink_to_fit();
    words
}

/// The distinct folded words of a text, separated by one space.
pub(super) fn distinct_words(text: &str) -> String {
    distinct(&[&fold::fold(text)])
}

/// A word of few letters as one number, which is quick to compare: nearly every word. None is empty, or holds a NUL.
fn short_key(text: &[u8], word: Range<usize>) -> Option<u128> {
    const MOST: usize = size_of::<u128>();
    let length = word.len();
    if length > MOST {
        return None;
    }
    // As many bytes as there may be, in one go; those behind the word do not count.
    if let Some(ahead) = text[word.start..].first_chunk::<MOST>() {
        return Some(u128::from_le_bytes(*ahead) & (u128::MAX >> (8 * (MOST - length))));
    }
    let mut key = [0; MOST];
    key[..length].copy_from_slice(&text[word]);
    Some(u128::from_le_bytes(key))
}

/// The same of texts that are folded.
fn distinct(folded: &[&str]) -> String {
    let mut short = HashSet::with_hasher(RandomState::default());
    let mut long = HashSet::with_hasher(RandomState::default());
    let mut words = String::new();
    for text in folded {
        for place in fold::word_places(text) {
            let word = &text[place.clone()];
            let is_new = match short_key(text.as_bytes(), place) {
                Some(key) => short.insert(key),
                None => word.len() <= LONGEST_WORD && long.insert(word),
            };
            if is_new {
                if !words.is_empty() {
                    words.push(' ');
                }
                words.push_str(word);
            }
        }
    }
    words
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filed {
    /// It was in the journal already, or another process filed it first: nothing changed here.
    Duplicate,
    /// It opened this ticket.
    Created(TicketId),
    /// It went to this ticket.
    Reply(TicketId),
    /// A program's mail, our own echo, or a blocked sender's.
    Ignored,
    /// It reports that a mail did not arrive.
    Bounce,
    /// It waits for a person.
    Held,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// Where an IMAP mailbox stands; `None` on a mailbox never seen.
    pub async fn standing(&self, mailbox: &str) -> Result<Option<Standing>> {
        Ok(self.inner.store.read().await?.standing(mailbox).await?)
    }

    /// Keeps where an IMAP mailbox stands at the beginning of a visit; [`Desk::receive`] and [`Desk::note_settled`]
    /// move it on. What lies below the first visit is known from then on; other UIDs of before are forgotten when
    /// UIDVALIDITY has changed.
    pub async fn keep_standing(&self, mailbox: &str, standing: &Standing) -> Result<()> {
        let mut tx = self.inner.store.begin().await?;
        let before = tx.standing(mailbox).await?;
        tx.keep_standing(mailbox, standing).await?;
        match before {
            None => {
                let left_alone = UidSet::of_runs(vec![(1, standing.last_uid)]);
                tx.know_uids(mailbox, standing.uid_validity, &left_alone).await?;
            }
            Some(before) if before.uid_validity != standing.uid_validity => {
                tx.forget_other_uids(mailbox, standing.uid_validity).await?;
                tx.note_reconciled(mailbox, None).await?;
            }
            Some(_) => {}
        }
        Ok(tx.commit().await?)
    }

    /// Notes that the server was told (by flag, move or deletion) of what is taken in up to the cursor.
    pub async fn note_settled(&self, mailbox: &str, cursor: Cursor) -> Result<()> {
        let mut tx = self.inner.store.begin().await?;
        tx.note_settled(mailbox, cursor.uid_validity, cursor.last_uid).await?;
        Ok(tx.commit().await?)
    }

    /// Journals mails and moves the cursor in one transaction, then files them. What became of each comes back
    /// in the order of the mails.
    pub async fn receive(
        &self,
        mailbox: &str,
        arrived: Vec<Arrived>,
        cursor: Option<Cursor>,
    ) -> Result<Vec<Filed>> {
        self.receive_known(mailbox, arrived, cursor, None).await
    }

    /// The same, and notes in the first of the transactions which UIDs need no further look with it.
    pub async fn receive_known(
        &self,
        mailbox: &str,
        arrived: Vec<Arrived>,
        cursor: Option<Cursor>,
        known: Option<Known>,
    ) -> Result<Vec<Filed>> {
        let now = self.inner.clock.now();
        let mut filed = vec![Filed::Duplicate; arrived.len()];
        let mut tx = self.inner.store.begin().await?;
        let rows: Vec<NewRawMail<'_>> = arrived
            .iter()
            .map(|mail| {
                let counts = mail.read.as_ref().is_ok_and(|digest| digest.counted_sender(now).is_some());
                mail.row(mailbox, mail.person.as_deref(), counts, mail.read.as_ref().err().copied())
            })
            .collect();
        let ids = tx.journal_mails(&rows, now).await?;
        match cursor {
            Some(cursor) => tx.move_cursor(mailbox, cursor.uid_validity, cursor.last_uid, now).await?,
            None => tx.stamp_sync(mailbox, now, None).await?,
        }
        if let Some(known) = known {
            tx.know_uids(mailbox, known.uid_validity, &known.uids).await?;
        }
        tx.commit().await?;
        crate::crash::point("after_journal_before_file");
        let journaled = ids.into_iter().zip(arrived).enumerate();
        let (places, mails): (Vec<usize>, Vec<ReadMail>) =
            journaled.filter_map(|(place, (id, mail))| Some((place, (id?, mail.read)))).unzip();
        for (place, outcome) in places.into_iter().zip(self.inner.file(&mails, Doubt::Held, now).await?) {
            filed[place] = outcome;
        }
        Ok(filed)
    }

    /// Whether a mail is in the journal already; `identity` is what makes it itself.
    pub async fn has_mail(&self, identity: &str) -> Result<bool> {
        Ok(self.inner.store.read().await?.is_journaled(identity).await?)
    }

    /// Mails that were journaled and not filed, because the process died in between; the oldest first.
    pub async fn unfiled(&self, limit: i64) -> Result<Vec<(RawMailId, Vec<u8>)>> {
        let packed = self.inner.store.read().await?.unfiled_mails(limit).await?;
        packed.into_iter().map(|(id, packed)| Ok((id, unpack(&packed)?))).collect()
    }

    /// Files mails that were journaled and not filed, read again; however many there are of one sender.
    pub async fn file_backlog(
        &self,
        mails: Vec<(RawMailId, std::result::Result<InboundMail, &'static str>)>,
    ) -> Result<Vec<Filed>> {
        let now = self.inner.clock.now();
        self.inner.file(&digested(mails), Doubt::Backlog, now).await
    }

    /// Files mails of the journal as somebody asks for, read again; however many there are of one sender. Where a
    /// person is known, the audit log says so first: filing is transactions of its own.
    pub async fn file_again(
        &self,
        mails: Vec<(RawMailId, std::result::Result<InboundMail, &'static str>)>,
    ) -> Result<Vec<Filed>> {
        let now = self.inner.clock.now();
        if self.by.is_some() {
            let mut tx = self.inner.store.begin().await?;
            for (id, _) in &mails {
                let detail = AuditDetail { mail: Some(id.0), ..AuditDetail::default() };
                self.tell_audit(&mut tx, AuditKind::MailReplayed, detail, now).await?;
            }
            tx.commit().await?;
        }
        self.inner.file(&digested(mails), Doubt::TakenIn, now).await
    }

    /// Stamps that all that a mailbox held when it began to be read, at `begun`, was taken in without a fault.
    pub async fn note_sync(&self, mailbox: &str, begun: DateTime<Utc>) -> Result<()> {
        self.stamp(mailbox, Some(begun)).await
    }

    /// Stamps that a mailbox could be read, though not to its end.
    pub async fn note_progress(&self, mailbox: &str) -> Result<()> {
        self.stamp(mailbox, None).await
    }

    async fn stamp(&self, mailbox: &str, heard: Option<DateTime<Utc>>) -> Result<()> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        tx.stamp_sync(mailbox, now, heard).await?;
        Ok(tx.commit().await?)
    }

    /// The mails that wait for a person.
    pub async fn held_mails(&self) -> Result<Vec<HeldMail>> {
        Ok(self.inner.store.read().await?.held_mails().await?)
    }

    /// One of them, byte for byte.
    pub async fn held_mail(&self, id: RawMailId) -> Result<Option<Vec<u8>>> {
        let packed = self.inner.store.read().await?.held_mail(id).await?;
        Ok(packed.map(|packed| unpack(&packed)).transpose()?)
    }
}
