//! What becomes of stored mails on their server: a flag, a move (RFC 6851), a removal (RFC 4315), each by the next best
//! way where the server refuses what it names.
//!
//! May import: config, inbound::{fault, folder_name, imap}.

use super::{SET_LENGTH, Session, uid_sets};
use crate::config::AfterIngest;
use crate::inbound::fault::FetchError;
use crate::inbound::folder_name;

impl Session {
    /// Does with mails that are safely stored what the configuration says.
    ///
    /// # Errors
    /// Where the server refuses every way there is.
    pub async fn settle(&mut self, uids: &[u32], after: &AfterIngest) -> Result<(), FetchError> {
        for set in uid_sets(uids, SET_LENGTH) {
            match after {
                AfterIngest::Keep => {}
                AfterIngest::Seen => self.store(&set, "\\Seen").await?,
                AfterIngest::Move(folder) => self.move_to(&set, folder).await?,
                AfterIngest::Delete => self.remove(&set).await?,
            }
        }
        Ok(())
    }

    async fn store(&mut self, set: &str, flag: &str) -> Result<(), FetchError> {
        self.plain("UID STORE", &format!("UID STORE {set} +FLAGS.SILENT ({flag})")).await
    }

    /// MOVE, or COPY and removal; the folder is made where it is missing.
    async fn move_to(&mut self, set: &str, folder: &str) -> Result<(), FetchError> {
        let Some(name) = folder_name::quoted(folder) else {
            let said = "`imap.after_ingest` does not name a folder".to_owned();
            return Err(FetchError::Refused { command: "UID MOVE", said });
        };
        if self.can("MOVE") {
            match self.put_in("UID MOVE", set, &name).await {
                // Named, but refused: the long way round.
                Err(fault @ FetchError::Refused { .. }) => self.do_without("MOVE", &fault),
                other => return other,
            }
        }
        self.put_in("UID COPY", set, &name).await?;
        self.remove(set).await
    }

    async fn put_in(&mut self, verb: &'static str, set: &str, name: &str) -> Result<(), FetchError> {
        let line = format!("{verb} {set} {name}");
        match self.plain(verb, &line).await {
            Err(FetchError::Refused { .. }) => {
                self.create(name).await?;
                self.plain(verb, &line).await
            }
            other => other,
        }
    }

    /// Flags mails `\Deleted` and expunges these only. Without UIDPLUS the flag must do: a plain EXPUNGE would also
    /// take what somebody else flagged.
    async fn remove(&mut self, set: &str) -> Result<(), FetchError> {
        self.store(set, "\\Deleted").await?;
        self.expunge_set(set).await
    }

    async fn expunge_set(&mut self, set: &str) -> Result<(), FetchError> {
        if self.can("UIDPLUS") {
            match self.plain("UID EXPUNGE", &format!("UID EXPUNGE {set}")).await {
                // Named, but refused: the flag must do.
                Err(fault @ FetchError::Refused { .. }) => self.do_without("UIDPLUS", &fault),
                other => return other,
            }
        }
        Ok(())
    }

    /// Removes for good what a [`Session::settle`] that was cut short has flagged `\Deleted`. Without UIDPLUS the flag
    /// must do.
    ///
    /// # Errors
    /// When the line is lost.
    pub async fn expunge(&mut self, uids: &[u32]) -> Result<(), FetchError> {
        for set in uid_sets(uids, SET_LENGTH) {
            self.expunge_set(&set).await?;
        }
        Ok(())
    }
}
