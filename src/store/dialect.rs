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

/// How many rows a [`Bulk`] writes in one go.
pub(crate) const MANY: usize = 16;

/// A statement for one row, and the same for [`MANY`] rows at once: a round trip to the database costs more than
/// the row itself.
#[derive(Debug)]
pub(crate) struct Bulk {
    pub(crate) one: Sql,
    pub(crate) many: Sql,
}

impl Bulk {
    /// `head`, then a `row` of `columns` values for each row, then `tail`. The texts are made once and live as long
    /// as the program; keep a `Bulk` in a static.
    pub(crate) fn new(head: Sql, row: Sql, columns: usize, tail: &str) -> Bulk {
        let text = |head: &str, row: &str, rows: usize| -> &'static str {
            let rows: Vec<String> = (0..rows).map(|n| renumbered(row, n * columns)).collect();
            Box::leak(format!("{head}{}{tail}", rows.join(", ")).into_boxed_str())
        };
        let sql =
            |rows| Sql::fork(text(head.sqlite, row.sqlite, rows), text(head.postgres, row.postgres, rows));
        Bulk { one: sql(1), many: sql(MANY) }
    }

    /// Cuts rows into what each statement takes: [`MANY`] at a time, then the rest one by one.
    pub(crate) fn portions<'a, T>(&self, rows: &'a [T]) -> impl Iterator<Item = (Sql, &'a [T])> + use<'a, T> {
        let (one, many) = (self.one, self.many);
        let (whole, rest) = rows.split_at(rows.len() - rows.len() % MANY);
        let whole = whole.chunks(MANY).map(move |rows| (many, rows));
        whole.chain(rest.chunks(1).map(move |row| (one, row)))
    }
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

pub(crate) use {execute, on, statements, write_all};
