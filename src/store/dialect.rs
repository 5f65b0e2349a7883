//! All that differs between SQLite and PostgreSQL: the text of a statement where one text will not do, and the
//! macros that run one body on either. May import: sqlx.

/// A statement: one text for both databases wherever they agree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sql {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Sql {
    /// The same text on both.
    pub(crate) const fn same(text: &'static str) -> Sql {
        Sql { sqlite: text, postgres: text }
    }

    /// Two texts that mean the same.
    pub(crate) const fn fork(sqlite: &'static str, postgres: &'static str) -> Sql {
        Sql { sqlite, postgres }
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Sql {
        Sql::same(text)
    }
}

/// How many rows a [`Bulk`] writes in one go, the most first; the last is 1.
const ROWS: [usize; 4] = [64, 32, 8, 1];

/// A statement for one row, and the same for many rows at once: a round trip to the database costs more than the row
/// itself.
#[derive(Debug)]
pub(crate) struct Bulk {
    /// For each of [`ROWS`].
    pub(crate) statements: [Sql; ROWS.len()],
}

impl Bulk {
    /// `head`, then a `row` of `columns` values for each row, then `tail`. A row says each value once, in order. The
    /// texts are made once and live as long as the program; keep a `Bulk` in a static.
    pub(crate) fn new(head: Sql, row: Sql, columns: usize, tail: impl Into<Sql>) -> Bulk {
        let tail = tail.into();
        let text = |head: &str, rows: Vec<String>, tail: &str| -> &'static str {
            Box::leak(format!("{head}{}{tail}", rows.join(", ")).into_boxed_str())
        };
        let sql = |rows| {
            // SQLite looks the name of each value up among all of them; values without a name are simply counted.
            let sqlite = vec![unnumbered(row.sqlite); rows];
            let postgres = (0..rows).map(|n| renumbered(row.postgres, n * columns)).collect();
            Sql::fork(text(head.sqlite, sqlite, tail.sqlite), text(head.postgres, postgres, tail.postgres))
        };
        Bulk { statements: ROWS.map(sql) }
    }

    /// Cuts rows into what each statement takes: the most at a time, then the rest in smaller pieces.
    pub(crate) fn portions<'a, T>(&self, rows: &'a [T]) -> impl Iterator<Item = (Sql, &'a [T])> + use<'a, T> {
        let (statements, mut rest) = (self.statements, rows);
        std::iter::from_fn(move || {
            let (size, sql) = ROWS.into_iter().zip(statements).find(|(size, _)| *size <= rest.len())?;
            let (portion, behind) = rest.split_at(size);
            rest = behind;
            Some((sql, portion))
        })
    }
}

/// `($1, $2)` as `(?, ?)`.
fn unnumbered(row: &str) -> String {
    let pieces = row.split('$').enumerate();
    let bare = |(n, piece): (usize, &str)| match n {
        0 => piece.to_owned(),
        _ => format!("?{}", piece.trim_start_matches(|c: char| c.is_ascii_digit())),
    };
    pieces.map(bare).collect()
}

/// `($1, $2)` as `($33, $34)`.
fn renumbered(row: &str, from: usize) -> String {
    let mut pieces = row.split('$');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: usize = piece[..digits].parse().unwrap_or_default();
        text.push_str(&format!("${}{}", from + number, &piece[digits..]));
    }
    text
}

/// Runs `body` on whichever connection the transaction holds: `on!(tx, SQL, |connection, sql| …)`.
macro_rules! on {
    ($tx:expr, $sql:expr, |$c:ident, $q:ident| $body:expr) => {
        match &mut $tx.connection {
            $crate::store::Connection::Sqlite(transaction) => {
                let ($c, $q) = (&mut **transaction, $sql.sqlite);
                $body
            }
            $crate::store::Connection::Postgres(transaction) => {
                let ($c, $q) = (&mut **transaction, $sql.postgres);
                $body
            }
        }
    };
}

/// Runs a statement with its values; answers how many rows it touched.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::store::dialect::on!($tx, $sql, |c, sql| sqlx::query(sql)$(.bind($value))*
            .execute(c).await.map(|done| done.rows_affected()))
    };
}

/// Runs a [`Bulk`] over a slice: `write_all!(tx, BULK, items, |query, item| query.bind(…))`.
macro_rules! write_all {
    ($tx:expr, $bulk:expr, $items:expr, |$query:ident, $item:ident| $bound:expr) => {{
        for (sql, rows) in $bulk.portions(&$items) {
            $crate::store::dialect::on!($tx, sql, |c, text| {
                let mut $query = sqlx::query(text);
                for $item in rows {
                    $query = $bound;
                }
                $query.execute(c).await.map(drop)
            })?;
        }
        $crate::store::Result::Ok(())
    }};
}

/// As [`write_all!`], for a [`Bulk`] that answers with rows of a type: all of them.
macro_rules! fetch_all {
    ($tx:expr, $bulk:expr, $row:ty, $items:expr, |$query:ident, $item:ident| $bound:expr) => {{
        let mut fetched = Vec::new();
        for (sql, rows) in $bulk.portions(&$items) {
            fetched.extend($crate::store::dialect::on!($tx, sql, |c, text| {
                let mut $query = sqlx::query_as::<_, $row>(text);
                for $item in rows {
                    $query = $bound;
                }
                $query.fetch_all(c).await
            })?);
        }
        $crate::store::Result::Ok(fetched)
    }};
}

/// Declares the macros that fetch: rows or single values, and one, at most one, or all of them.
macro_rules! fetchers {
    ($d:tt $($(#[$doc:meta])* $name:ident: $query:ident $fetch:ident;)*) => {$(
        $(#[$doc])*
        macro_rules! $name {
            ($d tx:expr, $d sql:expr $d(, $d value:expr)* $d(,)?) => {
                $crate::store::dialect::on!($d tx, $d sql, |c, sql| sqlx::$query(sql)$d(.bind($d value))*
                    .$fetch(c).await)
            };
        }
        pub(crate) use $name;
    )*};
}

fetchers! {
    $
    /// One row.
    one: query_as fetch_one;
    /// One row, where there is one.
    optional: query_as fetch_optional;
    /// Every row.
    all: query_as fetch_all;
    /// One value.
    scalar: query_scalar fetch_one;
    /// One value, where there is one.
    optional_scalar: query_scalar fetch_optional;
}

/// Declares a file's statements and lists them, so that a test can prepare every one on both databases.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(const $name: $crate::store::dialect::Sql = $sql;)*
        /// Every statement of this file, by name.
        pub(super) const STATEMENTS: &[(&str, $crate::store::dialect::Sql)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name)),*];
    };
}

pub(crate) use {execute, fetch_all, on, statements, write_all};
