//! The one vocabulary: what a CM can say, whichever door they say it through.
//!
//! [`grammar`] declares the commands, [`words`] cuts a line, [`parse`] reads it, [`authorize`] says who may.
//! Pure. May import: domain, clap.

pub mod authorize;
pub mod grammar;
pub mod parse;
pub mod thread;
pub mod usage;
pub mod vocabulary;
pub mod words;
