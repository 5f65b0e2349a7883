//! How a use case can end badly: an expected no, or our fault.

use crate::domain::refusal::Refusal;
use std::fmt;

/// What a use case answers.
pub type Result<T> = std::result::Result<T, Failure>;

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// An expected no: the person reads the sentence of `wording::refusals`.
    Refused(Refusal),
    /// Our fault: logged once with its chain where it is handled; the person reads a reference.
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::Broken(error.into())
    }
}

/// Says no.
pub(super) fn refuse<T>(refusal: Refusal) -> Result<T> {
    Err(Failure::Refused(refusal))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(refusal) => write!(f, "refused: {refusal:?}"),
            Failure::Broken(error) => write!(f, "{error:#}"),
        }
    }
}
