//! Full-text search over words folded in Rust, so that both databases find the same. May import: domain, sqlx.

use super::dialect::{Bulk, Sql, all, execute, statements, write_all};
use super::{Connection, Result, Tx};
use crate::domain::ids::MessageId;
use std::sync::LazyLock;

statements! {
    FORGET_MESSAGE = Sql::fork("DELETE FROM search WHERE rowid = $1", "DELETE FROM search WHERE message_id = $1");
    // From one word to the next by the index, however many messages hold it. PostgreSQL is not asked.
    WORDS = Sql::fork(
        "WITH RECURSIVE known(word) AS (SELECT (SELECT term FROM search_word WHERE term >= $1 LIMIT 1) UNION ALL \
         SELECT (SELECT term FROM search_word WHERE term >= known.word || char(1) LIMIT 1) FROM known WHERE known.word < $2) \
         SELECT word FROM known WHERE word < $2 LIMIT $3",
        "SELECT CAST($1 AS TEXT) WHERE CAST($2 AS TEXT) IS NULL AND CAST($3 AS BIGINT) IS NULL");
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

/// What a search asks the database, and what it does not.
#[derive(Debug)]
pub(super) struct Sought {
    /// In the database's own words.
    pub(super) expression: String,
    /// Beginnings of so many words (« com ») that they are looked for in what the others find.
    pub(super) besides: Vec<String>,
}

/// The most words that a beginning stands for, as single words; one or two letters stand for thousands.
const MOST_WORDS: i64 = 400;
/// The same where other words narrow the search already.
const MOST_WORDS_BESIDE: i64 = 150;

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
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn search_expression(&mut self, words: &[String]) -> Result<Option<String>> {
        let Some(Sought { expression, besides }) = self.sought(words).await? else { return Ok(None) };
        let rest = besides.iter().map(|word| format!(" AND \"{word}\"*"));
        Ok(Some(expression + &rest.collect::<String>()))
    }

    /// The same, without the beginnings that are better looked for in what the others find.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn sought(&mut self, words: &[String]) -> Result<Option<Sought>> {
        let is_word = |word: &&String| !word.is_empty() && word.chars().all(char::is_alphanumeric);
        let words: Vec<&String> = words.iter().filter(is_word).collect();
        if !self.is_sqlite() {
            let all: Vec<String> = words.iter().map(|word| format!("'{word}':*")).collect();
            let expression = all.join(" & ");
            return Ok((!all.is_empty()).then_some(Sought { expression, besides: Vec::new() }));
        }
        let most = if words.len() > 1 { MOST_WORDS_BESIDE } else { MOST_WORDS };
        let (mut narrow, mut besides) = (Vec::new(), Vec::new());
        for word in words {
            match self.beginning(word, most).await? {
                Some(expression) => narrow.push(expression),
                None => besides.push(word.clone()),
            }
        }
        if narrow.is_empty() {
            narrow.extend(besides.drain(..).map(|word| format!("\"{word}\"*")));
        }
        Ok((!narrow.is_empty()).then(|| Sought { expression: narrow.join(" AND "), besides }))
    }

    /// The words that begin so, each by itself; `None` for a beginning of too many. SQLite would first put together all messages
    /// in which any of them stands, and hundreds of thousands hold « bonjour »; of single words it reads the newest and stops.
    async fn beginning(&mut self, word: &str, most: i64) -> Result<Option<String>> {
        let end = format!("{word}{}", char::MAX);
        let known: Vec<(String,)> = all!(self, WORDS, word, end, most + 1)?;
        Ok(match known.len() {
            0 => Some(format!("\"{word}\"")),
            count if count as i64 > most => None,
            _ => {
                let known: Vec<String> = known.into_iter().map(|(word,)| format!("\"{word}\"")).collect();
                Some(format!("({})", known.join(" OR ")))
            }
        })
    }

    /// Which of the two databases it is.
    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self.connection, Connection::Sqlite(..))
    }
}
