//! One drain of an IMAP mailbox: everything above a UID goes into the pipeline, and what is committed is flagged,
//! moved or deleted on the server, and then noted as settled.
//!
//! May import: desk, domain, config, reading, inbound::{fault, imap, pipeline, start, tally}.

use super::fault::FetchError;
use super::imap::{HEADER_BYTES, Listed, Selected, Session};
use super::pipeline::{Committed, Intake, Raw, portions};
use super::start::Older;
use super::tally::Tally;
use crate::config::{AfterIngest, Limits};
use crate::desk::Desk;
use crate::desk::receive::Cursor;
use crate::desk::reconcile::Known;
use crate::domain::uid_set::UidSet;
use crate::reading::identity::identity;
use std::collections::{HashMap, HashSet};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Up to this many mails the server's list is asked for in one go: a few million bytes.
const LIST_AT_ONCE: u32 = 50_000;
/// Width of a page of UIDs in a larger mailbox. By UID, never by count: mails come and go meanwhile.
const PAGE: u32 = 16_384;
/// A page over a desert of UIDs may grow up to this.
const WIDEST_PAGE: u32 = 131_072;

/// Why a mail is held with its header only.
pub const TOO_LARGE: &str = "too large";
const NOT_GIVEN: &str = "not given by the server";

/// What a drain is to do.
#[derive(Debug)]
pub struct Order<'a> {
    /// Where it is noted how far the server was told.
    pub desk: &'a Desk,
    /// The name under which the desk keeps that.
    pub mailbox: &'a str,
    /// The mailbox, as it was when it was opened.
    pub selected: Selected,
    /// Take what lies above this UID.
    pub from: u32,
    /// What lies above it and is left alone all the same.
    pub older: Option<Older>,
    /// At most this many mails.
    pub limit: Option<u32>,
    /// What is done with a mail once it is stored.
    pub after: &'a AfterIngest,
    /// A larger mail is held with its header only.
    pub limits: &'a Limits,
    /// Stop between two batches.
    pub cancel: &'a CancellationToken,
}

/// Mails that are committed but not yet flagged, moved or deleted on the server. What a lost connection or a death
/// leaves of it is fetched once more: the next drain begins above what was noted as settled.
#[derive(Debug, Default)]
struct Owed {
    uids: Vec<u32>,
    /// How far the mailbox is taken in with them.
    cursor: Option<Cursor>,
}

impl Owed {
    /// Takes note of a commit.
    fn note(&mut self, committed: Committed<u32>, tally: &mut Tally<'_>) {
        tally.add(&committed.filed);
        self.uids.extend(committed.keys);
        self.cursor = committed.cursor.or(self.cursor);
    }
}

/// Fetches what lies above [`Order::from`], or only `these` mails, and settles what the writer reports. Returns when the writer has committed everything or stopped.
///
/// # Errors
/// Of the server or the line. When the writer stops early this returns `Ok`: the writer has the reason.
pub async fn drain(
    session: &mut Session,
    order: &Order<'_>,
    these: Option<&[Listed]>,
    intake: Intake<u32>,
    committed: &mut mpsc::UnboundedReceiver<Committed<u32>>,
    tally: &mut Tally<'_>,
) -> Result<(), FetchError> {
    let mut owed = Owed::default();
    match these {
        None => {
            finish_removal(session, order).await?;
            fetch_all(session, order, &intake, committed, &mut owed, tally).await?;
        }
        Some(listed) => {
            fetch_these(session, order, listed, &intake, committed, &mut owed, tally).await?;
        }
    }
    // The writer's channel ends with the last of the batches.
    drop(intake);
    while let Some(batch) = committed.recv().await {
        owed.note(batch, tally);
        settle(session, order, &mut owed).await?;
    }
    Ok(())
}

/// Where the line was lost after mails were flagged `\Deleted` and before they were expunged, they are expunged now.
/// What somebody else flagged is not ours to remove: only what is in the journal whole is.
async fn finish_removal(session: &mut Session, order: &Order<'_>) -> Result<(), FetchError> {
    // Without UIDPLUS there is nothing to finish: the flag must do.
    if !session.can("UIDPLUS") || !matches!(order.after, AfterIngest::Delete | AfterIngest::Move(_)) {
        return Ok(());
    }
    let standing = order.desk.standing(order.mailbox).await?;
    let taken_in = standing.filter(|standing| standing.uid_validity == order.selected.uid_validity);
    let Some(last_uid) = taken_in.map(|standing| standing.last_uid).filter(|uid| *uid > order.from) else {
        return Ok(());
    };
    let mut flagged = session.list(order.from + 1, Some(last_uid)).await?;
    flagged.retain(|mail| mail.deleted && u64::from(mail.size) <= order.limits.max_mail_bytes);
    let mut ours = Vec::new();
    for portion in portions(&flagged, |mail| cost(mail, order.limits)) {
        for (uid, raw) in session.bodies(portion, order.limits.max_mail_bytes).await? {
            if order.desk.has_mail(&identity(&raw)).await? {
                ours.push(uid);
            }
        }
    }
    ours.sort_unstable();
    session.expunge(&ours).await
}

async fn fetch_all(
    session: &mut Session,
    order: &Order<'_>,
    intake: &Intake<u32>,
    committed: &mut mpsc::UnboundedReceiver<Committed<u32>>,
    owed: &mut Owed,
    tally: &mut Tally<'_>,
) -> Result<(), FetchError> {
    let mut passed = order.from;
    let mut width = PAGE;
    let mut is_last_look = false;
    let mut left = order.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    while let Some(next) = passed.checked_add(1).filter(|_| left > 0) {
        let is_small = order.selected.exists <= LIST_AT_ONCE;
        let last_of_page = next.saturating_add(width - 1);
        // The last page has no upper end: it also takes what came since the mailbox was opened.
        let to = (!is_small && last_of_page < order.selected.last_uid).then_some(last_of_page);
        let older = order.older.filter(|older| next <= older.last_uid);
        let listed = match older {
            Some(_) => session.list_dated(next, to).await?,
            None => session.list(next, to).await?,
        };
        width = if listed.is_empty() { (width * 2).min(WIDEST_PAGE) } else { PAGE };
        let is_older = |mail: &&Listed| older.is_some_and(|older| older.holds(mail));
        let mut waiting: Vec<Listed> =
            listed.iter().filter(|mail| !skips(mail) && !is_older(mail)).copied().collect();
        let is_cut = waiting.len() > left;
        waiting.truncate(left);
        left -= waiting.len();
        tally.expect(waiting.len());
        let validity = order.selected.uid_validity;
        if !send_portions(session, order, &waiting, true, intake, committed, owed, tally).await? {
            return Ok(());
        }
        let left_alone = UidSet::of(listed.iter().filter(is_older).map(|mail| mail.uid));
        let last = if is_cut { waiting.last() } else { listed.iter().rfind(|mail| !skips(mail)) };
        let cursor = last.map(|mail| Cursor { uid_validity: validity, last_uid: mail.uid });
        if !leave_alone(intake, validity, left_alone, cursor).await {
            return Ok(());
        }
        match (to, listed.last()) {
            (Some(to), _) => passed = to,
            (None, Some(last)) => passed = last.uid,
            // Once more, not for ever: a server may speak of mail that it never lists.
            (None, None) if session.has_news() && !is_last_look => is_last_look = true,
            (None, None) => break,
        }
    }
    Ok(())
}

/// Takes in these mails and no others; the cursor stays where it is.
async fn fetch_these(
    session: &mut Session,
    order: &Order<'_>,
    listed: &[Listed],
    intake: &Intake<u32>,
    committed: &mut mpsc::UnboundedReceiver<Committed<u32>>,
    owed: &mut Owed,
    tally: &mut Tally<'_>,
) -> Result<(), FetchError> {
    let (older, waiting): (Vec<Listed>, Vec<Listed>) = listed
        .iter()
        .filter(|mail| !skips(mail))
        .partition(|mail| order.older.is_some_and(|older| older.holds(mail)));
    let left_alone = UidSet::of(older.iter().map(|mail| mail.uid));
    if leave_alone(intake, order.selected.uid_validity, left_alone, None).await {
        tally.expect(waiting.len());
        send_portions(session, order, &waiting, false, intake, committed, owed, tally).await?;
    }
    Ok(())
}

/// Notes mails that are left alone for good, so that they are not listed at every visit. `false`: the writer has
/// stopped.
async fn leave_alone(intake: &Intake<u32>, uid_validity: u32, uids: UidSet, cursor: Option<Cursor>) -> bool {
    if uids.is_empty() {
        return true;
    }
    let share = intake.room(0).await;
    intake.send(Vec::new(), Vec::new(), cursor, Some(Known { uid_validity, uids }), share).await
}

/// Whether a mail is not ours to take: on its way out, or not sent by anybody yet.
pub fn skips(mail: &Listed) -> bool {
    mail.deleted || mail.draft
}

/// Fetches mails portion by portion, sends them on, and settles what is committed meanwhile. `false`: asked to stop,
/// or the writer has stopped.
#[allow(clippy::too_many_arguments, reason = "the two ends of the pipeline, and what is in it")]
async fn send_portions(
    session: &mut Session,
    order: &Order<'_>,
    waiting: &[Listed],
    moves_cursor: bool,
    intake: &Intake<u32>,
    committed: &mut mpsc::UnboundedReceiver<Committed<u32>>,
    owed: &mut Owed,
    tally: &mut Tally<'_>,
) -> Result<bool, FetchError> {
    let uid_validity = order.selected.uid_validity;
    for portion in portions(waiting, |mail| cost(mail, order.limits)) {
        if order.cancel.is_cancelled() {
            return Ok(false);
        }
        let share = intake.room(portion.iter().map(|mail| cost(mail, order.limits)).sum()).await;
        let Fetched { keys, uids, mails } = fetch_portion(session, portion, order).await?;
        let last_uid = portion[portion.len() - 1].uid;
        let cursor = moves_cursor.then_some(Cursor { uid_validity, last_uid });
        let known = Known { uid_validity, uids: UidSet::of(uids) };
        if !intake.send(keys, mails, cursor, Some(known), share).await {
            return Ok(false);
        }
        while let Ok(batch) = committed.try_recv() {
            owed.note(batch, tally);
        }
        settle(session, order, owed).await?;
    }
    Ok(true)
}

/// What a mail weighs on the way.
fn cost(mail: &Listed, limits: &Limits) -> u64 {
    if u64::from(mail.size) > limits.max_mail_bytes { HEADER_BYTES.into() } else { mail.size.into() }
}

/// The mails of a portion that were had.
#[derive(Debug, Default)]
struct Fetched {
    /// The UIDs of those that were had whole: only these may be moved or deleted on the server.
    keys: Vec<u32>,
    /// The UIDs of all of them.
    uids: Vec<u32>,
    /// Whole or in part, in the order of the portion.
    mails: Vec<Raw>,
}

impl Fetched {
    fn add(&mut self, uid: u32, mail: Option<Raw>) {
        if let Some(mail) = mail {
            self.uids.push(uid);
            self.mails.push(mail);
        }
    }
}

/// Fetches the mails of a portion.
///
/// # Errors
/// Of the server or the line; also where it gives none of several mails: then the server is in trouble and not the mails, which
/// are asked for again at the next visit.
async fn fetch_portion(
    session: &mut Session,
    portion: &[Listed],
    order: &Order<'_>,
) -> Result<Fetched, FetchError> {
    let limits = order.limits;
    let fits = |mail: &&Listed| u64::from(mail.size) <= limits.max_mail_bytes;
    let wanted: Vec<Listed> = portion.iter().filter(fits).copied().collect();
    let mut bodies: HashMap<u32, Vec<u8>> =
        session.bodies(&wanted, limits.max_mail_bytes).await?.into_iter().collect();
    let mut refused = HashSet::new();
    if wanted.iter().any(|mail| !bodies.contains_key(&mail.uid)) {
        refused = fetch_missing(session, &wanted, &mut bodies, limits).await?;
    }
    // Not even a header of the first: it is in trouble, and is asked again. What alone cannot be had is held.
    if let [first, _, ..] = wanted.as_slice()
        && refused.len() == wanted.len()
        && session.header(first.uid).await?.is_none()
    {
        let said = format!("it gives none of {} mails that it lists", wanted.len());
        return Err(FetchError::Refused { command: "UID FETCH", said });
    }
    let mut fetched = Fetched::default();
    for mail in portion {
        match bodies.remove(&mail.uid) {
            Some(raw) if raw.len() as u64 <= limits.max_mail_bytes => {
                fetched.keys.push(mail.uid);
                fetched.add(mail.uid, Some(Raw::Whole(raw)));
            }
            // The server's size was wrong.
            Some(mut raw) => {
                raw.truncate(HEADER_BYTES as usize);
                raw.shrink_to_fit();
                fetched.add(mail.uid, Some(Raw::Part(raw, TOO_LARGE)));
            }
            None if !fits(&mail) => {
                fetched.add(mail.uid, header_only(session, mail.uid, TOO_LARGE, order).await?);
            }
            None if refused.contains(&mail.uid) => {
                tracing::warn!(uid = mail.uid, "the server lists a mail that it does not give; it is held");
                fetched.add(mail.uid, header_only(session, mail.uid, NOT_GIVEN, order).await?);
            }
            // Expunged meanwhile.
            None => {}
        }
    }
    Ok(fetched)
}

/// What did not come with the rest was expunged meanwhile, or is a mail that the server fails to read: asked for
/// one by one, so that it does not stop the others. Returns those that are there and still do not come.
async fn fetch_missing(
    session: &mut Session,
    wanted: &[Listed],
    bodies: &mut HashMap<u32, Vec<u8>>,
    limits: &Limits,
) -> Result<HashSet<u32>, FetchError> {
    let mut refused = HashSet::new();
    let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return Ok(refused) };
    let there: HashSet<u32> =
        session.list(first.uid, Some(last.uid)).await?.iter().map(|mail| mail.uid).collect();
    for mail in wanted.iter().filter(|mail| there.contains(&mail.uid)) {
        if !bodies.contains_key(&mail.uid) {
            bodies.extend(session.bodies(&[*mail], limits.max_mail_bytes).await?);
            if !bodies.contains_key(&mail.uid) {
                refused.insert(mail.uid);
            }
        }
    }
    Ok(refused)
}

/// A mail of which only the header is kept; `None` where it is gone.
async fn header_only(
    session: &mut Session,
    uid: u32,
    why: &'static str,
    order: &Order<'_>,
) -> Result<Option<Raw>, FetchError> {
    if let Some(header) = session.header(uid).await? {
        return Ok(Some(Raw::Part(header, why)));
    }
    let is_there = !session.list(uid, Some(uid)).await?.is_empty();
    // Not even a header: its place tells it apart from every other such mail.
    let place = || {
        let mailbox = order.mailbox.replace(char::is_control, " ");
        format!("X-Guichet-Uid: {uid} {} {mailbox}\r\n\r\n", order.selected.uid_validity)
    };
    Ok(is_there.then(|| Raw::Part(place().into_bytes(), why)))
}

/// Does on the server what is owed, and notes it. A refusal is not worth stopping for: the mails are stored.
async fn settle(session: &mut Session, order: &Order<'_>, owed: &mut Owed) -> Result<(), FetchError> {
    let Owed { mut uids, cursor } = std::mem::take(owed);
    if *order.after == AfterIngest::Keep {
        return Ok(());
    }
    uids.sort_unstable();
    let removes = matches!(order.after, AfterIngest::Delete | AfterIngest::Move(_));
    if removes && !uids.is_empty() && !session.is_still(order.selected).await? {
        return Err(FetchError::Lost("the mailbox was numbered anew (UIDVALIDITY) in the middle".to_owned()));
    }
    match session.settle(&uids, order.after).await {
        Ok(()) => {}
        Err(fault @ FetchError::Refused { .. }) => {
            tracing::warn!(mails = uids.len(), fault = %fault, "stored mails stay as they are on the server; see `after_ingest` of its section");
        }
        Err(fault) => return Err(fault),
    }
    if let Some(cursor) = cursor {
        order.desk.note_settled(order.mailbox, cursor).await?;
    }
    Ok(())
}
