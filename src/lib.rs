//! Guichet: a support desk in one binary.

pub mod clock;
pub mod command;
pub mod config;
pub mod domain;
pub mod view;
pub mod wording;
