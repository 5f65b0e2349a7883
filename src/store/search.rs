//! Full-text search over words folded in Rust, so that both databases find the same. May import: domain, sqlx.

use super::dialect::{Bulk, Sql, execute, statements, write_all};
use super::{Connection, Result, Tx};
use crate::domain::ids::MessageId;
use std::sync::LazyLock;

statements! {
    FORGET_MESSAGE = Sql::fork("DELETE FROM search WHERE rowid = $1", "DELETE FROM search WHERE message_id = $1");
}

static INDEX: LazyLock<Bulk> = LazyLock::new(|| {
    let head = Sql::fork(
        "INSERT INTO search (rowid, words) VALUES ",
        "INSERT INTO search (message_id, words) VALUES ",
    );
    let row = Sql::fork("($1, $2)", "($1, array_to_tsvector(string_to_array($2, ' ')))");
    Bulk::new(head, row, 2, "")
});
/// The statements of this file for many rows, by name.
pub(super) static BULKS: [(&str, &LazyLock<Bulk>); 1] = [("index", &INDEX)];

impl Tx {
    /// Makes messages findable, each by its words: distinct, folded, separated by one space.
    ///
    /// # Errors
    /// The database's.
    pub async fn index_messages(&mut self, messages: &[(MessageId, &str)]) -> Result<()> {
        write_all!(self, INDEX, messages, |query, message| query.bind(message.0.0).bind(message.1))
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
            Connection::Sqlite(..) => {
                words.iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" ")
            }
            Connection::Postgres(_) => {
                words.iter().map(|word| format!("'{word}':*")).collect::<Vec<_>>().join(" & ")
            }
        })
    }
}
