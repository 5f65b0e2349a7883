//! Full-text search over words folded in Rust, so that both databases find the same. May import: domain, sqlx.

use super::dialect::{Bulk, Sql, all, execute, scalar, statements, write_all};
use super::{Connection, Result, Tx};
use crate::domain::ids::MessageId;
use std::sync::LazyLock;

statements! {
    FORGET_MESSAGE = Sql::fork("DELETE FROM search WHERE rowid = $1", "DELETE FROM search WHERE message_id = $1");
    // PostgreSQL's autovacuum does it by itself.
    TIDY = Sql::fork(
        "INSERT INTO search (search, rank) VALUES ('merge', $1)",
        "SELECT 1 WHERE CAST($1 AS BIGINT) IS NULL");
    CHANGES = Sql::fork("SELECT total_changes()", "SELECT CAST(0 AS BIGINT)");
    // SQLite is not asked.
    COUNT_LATELY = Sql::fork(
        "SELECT $1, $2 WHERE FALSE",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT words FROM search ORDER BY message_id DESC LIMIT $2) newest \
         WHERE words @@ CAST($1 AS tsquery)");
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
    /// PostgreSQL: the expression of each beginning by itself.
    each: Vec<String>,
}

/// What PostgreSQL's index is asked for, and what is looked for in what it finds.
#[derive(Debug)]
pub(super) struct Split {
    pub(super) index: String,
    pub(super) rest: Option<String>,
}

/// Among how many of the newest messages a word is counted, and how many of them make it one that everybody writes.
const SAMPLE: i64 = 500;
const COMMON: i64 = 25;

/// The most words that a beginning stands for, as single words; one or two letters stand for thousands.
const MOST_WORDS: i64 = 400;
/// The same where other words narrow the search already.
const MOST_WORDS_BESIDE: i64 = 150;

/// How many pages of SQLite's index are put together at a time: some milliseconds, in which nobody else writes.
const TIDIED: i64 = 200;

/// The setting that says how often the index is still to be written anew from end to end.
const SWEEPS_OWED: &str = "search_sweeps_owed";
/// How often that is after words were taken away for good. Twice: one that rewrites a single segment stops for good, and says nothing,
/// once somebody writes meanwhile (FTS5, 6.8 and its source, `fts5IndexMerge`); the one after it begins with several.
const SWEEPS: u32 = 2;

impl Tx {
    /// Puts parts of the index together, a little at a time; `false` when there is nothing to put together. What was written by many
    /// small transactions lies in some twenty segments, and a word is looked up in each of them.
    ///
    /// # Errors
    /// The database's.
    pub async fn tidy_search(&mut self) -> Result<bool> {
        self.merge_search(TIDIED).await
    }

    /// Words were taken away for good. SQLite's index hides them at once and holds their bytes, which go into each backup, until the
    /// parts that they lie in are written anew: that is owed from now on, whoever does it. PostgreSQL's vacuum and dumps need no such
    /// thing.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn owe_sweep(&mut self) -> Result<()> {
        if self.is_sqlite() {
            self.set_setting(SWEEPS_OWED, &SWEEPS.to_string()).await?;
        }
        Ok(())
    }

    /// Begins to write the index anew where that is owed; `false` where it is not. Only where [`Tx::tidy_search`] found nothing to put
    /// together in the same transaction: what is under way would go on and keep what it had put together before the words were
    /// taken away. What it begins, [`Tx::tidy_search`] goes on with.
    ///
    /// # Errors
    /// The database's.
    pub async fn sweep_search(&mut self) -> Result<bool> {
        let owed = self.setting(SWEEPS_OWED).await?.and_then(|owed| owed.parse::<u32>().ok()).unwrap_or(0);
        if owed == 0 {
            return Ok(false);
        }
        // A negative number puts everything together, not only parts of a size. Nothing to do: it is one part, without a gap.
        let has_begun = self.merge_search(-TIDIED).await?;
        let owed = if has_begun { owed - 1 } else { 0 };
        self.set_setting(SWEEPS_OWED, &owed.to_string()).await?;
        Ok(true)
    }

    async fn merge_search(&mut self, pages: i64) -> Result<bool> {
        let before: i64 = scalar!(self, CHANGES)?;
        execute!(self, TIDY, pages)?;
        let after: i64 = scalar!(self, CHANGES)?;
        // SQLite counts the command itself as one (FTS5, 6.8).
        Ok(after - before > 1)
    }

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
        let Some(Sought { expression, besides, .. }) = self.sought(words).await? else { return Ok(None) };
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
            let each: Vec<String> = words.iter().map(|word| format!("'{word}':*")).collect();
            let (is_any, expression) = (!each.is_empty(), each.join(" & "));
            return Ok(is_any.then_some(Sought { expression, besides: Vec::new(), each }));
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
        Ok((!narrow.is_empty()).then(|| Sought {
            expression: narrow.join(" AND "),
            besides,
            each: Vec::new(),
        }))
    }

    /// Words that everybody writes are looked for in what the others find: the index would put together all messages that hold
    /// them. Where there is no other word, it must.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn split(&mut self, sought: &Sought) -> Result<Split> {
        let (mut rare, mut common) = (Vec::new(), Vec::new());
        for word in &sought.each {
            let count: i64 = match sought.each.len() {
                1 => 0,
                _ => scalar!(self, COUNT_LATELY, word.as_str(), SAMPLE)?,
            };
            if count < COMMON { rare.push(word.as_str()) } else { common.push(word.as_str()) }
        }
        if rare.is_empty() {
            return Ok(Split { index: sought.expression.clone(), rest: None });
        }
        Ok(Split { index: rare.join(" & "), rest: (!common.is_empty()).then(|| common.join(" & ")) })
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
