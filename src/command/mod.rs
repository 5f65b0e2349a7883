//! The one vocabulary: what a CM can say, whichever door they say it through.
//!
//! Pure. May import: domain, clap.

pub mod grammar;
