//! Full-text search over words folded in Rust, so that both databases find the same. May import: domain, sqlx.

use super::dialect::{Sql, execute, statements};
use super::{Connection, Result, Tx};
use crate::domain::ids::MessageId;

statements! {
    INDEX_MESSAGE = Sql::fork(
        "INSERT INTO search (rowid, words) VALUES ($1, $2)",
        "INSERT INTO search (message_id, words) VALUES ($1, array_to_tsvector(string_to_array($2, ' ')))");
    FORGET_MESSAGE = Sql::fork("DELETE FROM search WHERE rowid = $1", "DELETE FROM search WHERE message_id = $1");
}

impl Tx {
    /// Makes a message findable by these words: distinct, folded, separated by one space.
    ///
    /// # Errors
    /// The database's.
    pub async fn index_message(&mut self, id: MessageId, words: &str) -> Result<()> {
        execute!(self, INDEX_MESSAGE, id.0, words).map(drop)
    }

    /// Makes a message unfindable.
    ///
    /// # Errors
    /// The database's.
    pub async fn forget_message(&mut self, id: MessageId) -> Result<()> {
        execute!(self, FORGET_MESSAGE, id.0).map(drop)
    }

    /// The words as the database's own search expression: all of them, each as the beginning of a word.
    /// `None` without a word. Words hold letters and digits only, so nothing in them is an operator.
    pub(super) fn search_expression(&self, words: &[String]) -> Option<String> {
        let words: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .filter(|word| !word.is_empty() && word.chars().all(char::is_alphanumeric))
            .collect();
        if words.is_empty() {
            return None;
        }
        Some(match self.connection {
            Connection::Sqlite(_) => {
                words.iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" ")
            }
            Connection::Postgres(_) => {
                words.iter().map(|word| format!("'{word}':*")).collect::<Vec<_>>().join(" & ")
            }
        })
    }
}
