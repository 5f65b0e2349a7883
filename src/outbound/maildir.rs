//! The courier for `[maildir] outbox`: each mail becomes a file, for the demo and for programs that read a Maildir.
//!
//! A file is written whole in `tmp`, made durable, and then moved to `new`. Its name comes from the Message-ID and the
//! recipient, so that the same mail sent again is the same file, and its copies to others are files of their own. May
//! import: domain.

use crate::domain::delivery::Outcome;
use crate::domain::hex::hex;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Writes mails into one Maildir.
#[derive(Debug, Clone)]
pub struct MaildirCourier {
    folder: PathBuf,
}

impl MaildirCourier {
    /// For this folder, which is made with the first mail when it is missing.
    pub fn new(folder: impl Into<PathBuf>) -> MaildirCourier {
        MaildirCourier { folder: folder.into() }
    }

    /// Stores the mail. A fault of the disk means [`Outcome::Retry`]: storing it again does not double it.
    pub async fn send(&self, message_id: &str, address: &str, mail: &[u8]) -> Outcome {
        let name = file_name(message_id, address);
        let (folder, mail) = (self.folder.clone(), mail.to_vec());
        match tokio::task::spawn_blocking(move || store(&folder, &name, &mail)).await {
            Ok(Ok(())) => Outcome::Sent,
            Ok(Err(error)) => Outcome::Retry(format!("cannot write to the Maildir: {error}")),
            Err(_) => Outcome::Retry("cannot write to the Maildir: the writer stopped".to_owned()),
        }
    }
}

/// A name without a time in it: digests are unique without.
fn file_name(message_id: &str, address: &str) -> String {
    // Neither holds a line end.
    let named = format!("{message_id}\n{address}");
    let digest = ring::digest::digest(&ring::digest::SHA256, named.as_bytes());
    format!("{}.guichet", hex(&digest.as_ref()[..16]))
}

fn store(folder: &Path, name: &str, mail: &[u8]) -> io::Result<()> {
    for part in ["tmp", "new", "cur"] {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join(part))?;
    }
    // A reader moves what it saw from `new` to `cur` and adds its flags to the name.
    let is_read = fs::read_dir(folder.join("cur"))?
        .filter_map(Result::ok)
        .any(|entry| entry.file_name().to_string_lossy().split(':').next() == Some(name));
    if is_read {
        return Ok(());
    }
    let unfinished = folder.join("tmp").join(name);
    let mut file =
        fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(mail)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join("new").join(name))?;
    File::open(folder.join("new"))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
            .collect()
    }

    #[tokio::test]
    async fn a_mail_sent_twice_is_one_file_even_when_it_was_read_between() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("deep/out");
        let courier = MaildirCourier::new(&folder);
        assert_eq!(courier.send("1.2.x@desk.example", "lea@client.example", b"un\r\n").await, Outcome::Sent);
        assert_eq!(courier.send("1.2.x@desk.example", "lea@client.example", b"un\r\n").await, Outcome::Sent);
        assert_eq!(
            courier.send("1.3.x@desk.example", "lea@client.example", b"deux\r\n").await,
            Outcome::Sent
        );
        let stored = files(&folder.join("new"));
        assert_eq!(stored.len(), 2);
        assert!(files(&folder.join("tmp")).is_empty());

        let to_marc = courier.send("1.2.x@desk.example", "marc@client.example", b"un\r\n").await;
        assert_eq!(
            (to_marc, files(&folder.join("new")).len()),
            (Outcome::Sent, 3),
            "a copy is a file of its own"
        );
        let name = file_name("1.2.x@desk.example", "marc@client.example");
        fs::remove_file(folder.join("new").join(name)).unwrap();

        let (name, _) = stored.into_iter().find(|(_, mail)| mail == b"un\r\n").unwrap();
        fs::rename(folder.join("new").join(&name), folder.join("cur").join(format!("{name}:2,S"))).unwrap();
        assert_eq!(courier.send("1.2.x@desk.example", "lea@client.example", b"un\r\n").await, Outcome::Sent);
        assert_eq!(files(&folder.join("new")).len(), 1);
        assert_eq!(files(&folder.join("cur")).len(), 1);
    }

    #[tokio::test]
    async fn a_message_id_never_becomes_a_path() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("out");
        let courier = MaildirCourier::new(&folder);
        assert_eq!(
            courier.send("../../x@desk.example", "../../lea@client.example", b"x\r\n").await,
            Outcome::Sent
        );
        assert_eq!(files(&folder.join("new")).len(), 1);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_disk_that_refuses_means_later() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("file"), b"").unwrap();
        let courier = MaildirCourier::new(place.path().join("file/out"));
        assert!(
            matches!(courier.send("a@b.example", "lea@client.example", b"x\r\n").await, Outcome::Retry(why) if why.contains("Maildir"))
        );
    }
}
