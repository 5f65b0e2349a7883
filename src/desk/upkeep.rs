//! What the database needs in a quiet moment.

use super::{Desk, Result};

impl Desk {
    /// Puts the index in order that searches read, a little in each transaction, so that nobody waits long to write. Where that was
    /// done lately there is next to nothing to do. Once it is done, nothing is left in it of words that were taken away for good
    /// before.
    ///
    /// # Errors
    /// The database's.
    pub async fn tidy_search(&self) -> Result<()> {
        loop {
            let mut tx = self.inner.store.begin().await?;
            if !tx.tidy_search().await? && !tx.sweep_search().await? {
                return Ok(());
            }
            tx.commit().await?;
        }
    }
}
