//! A Maildir as the inbox: what is in `new/`, and in `cur/` without the flag S, is waiting.
//!
//! May import: config, inbound::{drain, fault, imap, pipeline}.
//!
//! A Maildir has no cursor. A mail that is committed moves to `cur/` with the flag S: the move is the mark, and it
//! comes after the commit, so a crash between them costs a second look and no second ticket. Nothing is deleted.

use super::drain::TOO_LARGE;
use super::fault::FetchError;
use super::imap::HEADER_BYTES;
use super::pipeline::Raw;
use crate::config::Limits;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A mail that waits in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its file.
    pub path: PathBuf,
    /// Its size as the folder says.
    pub bytes: u64,
}

/// What waits, oldest first: by the delivery time that leads each name, then by name.
///
/// # Errors
/// When `new/` or `cur/` cannot be read.
pub fn waiting(inbox: &Path) -> Result<Vec<Waiting>, FetchError> {
    let mut mails = Vec::new();
    for (folder, is_taken) in
        [("new", (|_| false) as fn(&str) -> bool), ("cur", |name| has_flag(name, 'S') || has_flag(name, 'T'))]
    {
        let folder = inbox.join(folder);
        let unusable = |why| FetchError::Files { path: folder.clone(), why };
        for entry in fs::read_dir(&folder).map_err(unusable)? {
            let entry = entry.map_err(unusable)?;
            let name = entry.file_name();
            // A name that is not UTF-8 is a mail all the same; it just has no flags that we could read.
            let text = name.to_string_lossy();
            if text.starts_with('.') || is_taken(&text) {
                continue;
            }
            // Neither folders nor links: a link could lead anywhere. A file that is gone was taken by another.
            if let Some(meta) = entry.metadata().ok().filter(fs::Metadata::is_file) {
                mails.push((delivered(&text), Waiting { path: entry.path(), bytes: meta.len() }));
            }
        }
    }
    mails.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.path.file_name().cmp(&y.path.file_name())));
    Ok(mails.into_iter().map(|(_, mail)| mail).collect())
}

/// Reads a mail; only its beginning where it is too large. `None`: it is gone.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn read(path: &Path, limits: &Limits) -> Result<Option<Raw>, FetchError> {
    let unusable = |why| FetchError::Files { path: path.to_owned(), why };
    let mut raw = Vec::new();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error)),
    };
    // One byte more than the limit tells; the size that the folder gave may be old.
    file.take(limits.max_mail_bytes.saturating_add(1)).read_to_end(&mut raw).map_err(unusable)?;
    if raw.len() as u64 > limits.max_mail_bytes {
        raw.truncate(HEADER_BYTES as usize);
        raw.shrink_to_fit();
        return Ok(Some(Raw::Part(raw, TOO_LARGE)));
    }
    Ok(Some(Raw::Whole(raw)))
}

/// Moves a committed mail to `cur/` with the flag S. One that is gone is left so.
///
/// # Errors
/// When it is there and cannot be moved: it would be taken in again, and found to be had.
pub fn mark_taken(inbox: &Path, path: &Path) -> Result<(), FetchError> {
    let unusable = |why| FetchError::Files { path: path.to_owned(), why };
    let Some(name) = path.file_name() else { return Ok(()) };
    let mut target = inbox.join("cur").join(seen_name(&name.to_string_lossy()));
    // Names are unique by construction; where two mails share one all the same, neither may overwrite the other.
    let mut twin = 0;
    while target.exists() && target != path {
        twin += 1;
        let (base, flags) = split_flags(&name.to_string_lossy());
        target = inbox.join("cur").join(seen_name(&format!("{base}.{twin}:2,{flags}")));
    }
    match fs::rename(path, &target) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(error)),
        _ => Ok(()),
    }
}

fn has_flag(name: &str, flag: char) -> bool {
    split_flags(name).1.contains(flag)
}

fn split_flags(name: &str) -> (String, String) {
    let (base, flags) = name.split_once(":2,").unwrap_or((name, ""));
    (base.to_owned(), flags.to_owned())
}

/// Flags stand in ASCII order.
fn seen_name(name: &str) -> String {
    let (base, flags) = split_flags(name);
    let mut flags: Vec<char> = flags.chars().chain(['S']).collect();
    flags.sort_unstable();
    flags.dedup();
    format!("{base}:2,{}", flags.iter().collect::<String>())
}

fn delivered(name: &str) -> u64 {
    let digits = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    name[..digits].parse().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for part in ["new", "cur", "tmp"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        folder
    }

    fn names(inbox: &Path) -> Vec<String> {
        let mails = waiting(inbox).unwrap();
        mails.iter().map(|mail| mail.path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }

    const LIMITS: Limits = Limits { max_mail_bytes: 100_000, max_attachment_bytes: 100_000 };

    #[test]
    fn what_waits_is_in_new_and_in_cur_without_the_flag_s_oldest_first() {
        let folder = inbox();
        let inbox = folder.path();
        for name in
            ["new/200.b.host", "new/99.a.host", "cur/150.c.host:2,", "cur/160.d.host:2,FR", "cur/170.plain"]
        {
            fs::write(inbox.join(name), "x").unwrap();
        }
        for name in
            ["cur/100.e.host:2,S", "cur/101.f.host:2,RS", "cur/102.g.host:2,T", "new/.hidden", "tmp/1.h.host"]
        {
            fs::write(inbox.join(name), "x").unwrap();
        }
        fs::create_dir(inbox.join("new/300.folder")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", inbox.join("new/301.link")).unwrap();
        assert_eq!(
            names(inbox),
            ["99.a.host", "150.c.host:2,", "160.d.host:2,FR", "170.plain", "200.b.host"]
        );
    }

    #[test]
    fn a_mail_that_is_taken_moves_to_cur_as_seen_and_waits_no_more() {
        let folder = inbox();
        let inbox = folder.path();
        fs::write(inbox.join("new/1.a.host"), "one").unwrap();
        fs::write(inbox.join("cur/2.b.host:2,RF"), "two").unwrap();
        for mail in waiting(inbox).unwrap() {
            mark_taken(inbox, &mail.path).unwrap();
        }
        assert_eq!(names(inbox), Vec::<String>::new());
        assert_eq!(fs::read(inbox.join("cur/1.a.host:2,S")).unwrap(), b"one");
        assert_eq!(fs::read(inbox.join("cur/2.b.host:2,FRS")).unwrap(), b"two");
        // Another program took it first: nothing to do.
        mark_taken(inbox, &inbox.join("new/1.a.host")).unwrap();
    }

    #[test]
    fn two_mails_of_one_name_both_stay() {
        let folder = inbox();
        let inbox = folder.path();
        fs::write(inbox.join("cur/1.a.host:2,S"), "old").unwrap();
        fs::write(inbox.join("new/1.a.host"), "other").unwrap();
        mark_taken(inbox, &inbox.join("new/1.a.host")).unwrap();
        assert_eq!(fs::read(inbox.join("cur/1.a.host:2,S")).unwrap(), b"old");
        assert_eq!(fs::read(inbox.join("cur/1.a.host.1:2,S")).unwrap(), b"other");
    }

    #[test]
    fn a_mail_over_the_limit_is_read_in_part_only() {
        let folder = inbox();
        let path = folder.path().join("new/1.a.host");
        fs::write(&path, vec![b'x'; 100_000]).unwrap();
        assert!(matches!(read(&path, &LIMITS).unwrap(), Some(Raw::Whole(raw)) if raw.len() == 100_000));
        fs::write(&path, vec![b'x'; 100_001]).unwrap();
        assert!(
            matches!(read(&path, &LIMITS).unwrap(), Some(Raw::Part(raw, "too large")) if raw.len() == HEADER_BYTES as usize)
        );
        assert!(read(&folder.path().join("new/none"), &LIMITS).unwrap().is_none());
    }

    #[test]
    fn a_folder_that_is_missing_is_said_with_its_key() {
        let error = waiting(Path::new("/nowhere/inbox")).unwrap_err().to_string();
        assert!(error.contains("/nowhere/inbox/new") && error.contains("`maildir.inbox`"), "{error}");
    }
}
