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

pub(crate) use {execute, on, statements};
