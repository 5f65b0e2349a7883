//! What somebody wrote, apart from what they quoted and signed. Folded, never deleted.

/// A body in three parts; together they are the whole text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// What was written for us; never empty when the body was not.
    pub reply: String,
    /// The quoted history.
    pub quoted: String,
    /// The signature.
    pub signature: String,
}

/// Parts a decoded body.
pub fn trim(text: &str) -> Trimmed {
    Trimmed { reply: text.trim().to_owned(), ..Trimmed::default() }
}
