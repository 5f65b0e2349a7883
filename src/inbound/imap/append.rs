//! A mail put into a folder (RFC 3501 section 6.3.11), and whether it is there already.
//!
//! May import: inbound::{fault, folder_name, imap}.

use super::{ANSWER_LIMIT, LISTING, Session, TALK, broken, closed, end_of, lost, within};
use crate::inbound::fault::FetchError;
use crate::inbound::folder_name;
use async_imap::imap_proto::{MailboxDatum, Response};
use chrono::{DateTime, Utc};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

impl Session {
    /// Puts a mail into a folder, read; the folder is made where it is missing.
    ///
    /// # Errors
    /// Where the server refuses it, or the line is lost: then it may be there.
    pub async fn append(&mut self, folder: &str, mail: &[u8], at: DateTime<Utc>) -> Result<(), FetchError> {
        let Some(name) = folder_name::quoted(folder) else {
            return Err(FetchError::Refused { command: "APPEND", said: "not a folder name".to_owned() });
        };
        match self.append_to(&name, mail, at).await {
            Err(FetchError::Refused { .. }) => {
                self.create(&name).await?;
                self.append_to(&name, mail, at).await
            }
            other => other,
        }
    }

    async fn append_to(&mut self, name: &str, mail: &[u8], at: DateTime<Utc>) -> Result<(), FetchError> {
        let date = at.format("%d-%b-%Y %H:%M:%S +0000");
        let line = format!("APPEND {name} (\\Seen) \"{date}\" {{{}}}", mail.len());
        self.imap.get_mut().allow(TALK);
        let tag = within("APPEND", self.imap.run_command(&line)).await?.map_err(broken)?;
        let mut is_said = false;
        loop {
            let end = self.answer("APPEND", |response| match response {
                Response::Continue { .. } => Some(Ok(false)),
                other => end_of(tag.as_bytes(), other).map(|end| end.map(|()| true)),
            });
            match end.await? {
                Some(Ok(true)) => return Ok(()),
                Some(Ok(false)) if !is_said => {
                    is_said = true;
                    let said = async {
                        let wire = self.imap.get_mut();
                        wire.write_all(mail).await?;
                        wire.write_all(b"\r\n").await?;
                        wire.flush().await
                    };
                    timeout(ANSWER_LIMIT, said).await.map_err(|_| closed())?.map_err(lost)?;
                }
                Some(Err(said)) => return Err(FetchError::Refused { command: "APPEND", said }),
                Some(Ok(false)) | None => {}
            }
        }
    }

    /// Whether the open folder holds a mail of this Message-ID. A server that does not search says no.
    ///
    /// # Errors
    /// When the line is lost.
    pub async fn holds(&mut self, message_id: &str) -> Result<bool, FetchError> {
        if message_id.chars().any(|c| c.is_control() || matches!(c, '"' | '\\')) {
            return Ok(false);
        }
        let mut is_there = false;
        let line = format!("UID SEARCH HEADER Message-ID \"{message_id}\"");
        let answer = self.command("UID SEARCH", &line, LISTING, |response| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                is_there |= !found.is_empty();
            }
        });
        match answer.await {
            Ok(()) | Err(FetchError::Refused { .. }) => Ok(is_there),
            Err(fault) => Err(fault),
        }
    }
}
