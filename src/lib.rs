//! Guichet: a support desk in one binary.

pub mod clock;
pub mod command;
pub mod config;
pub mod crash;
pub mod desk;
pub mod domain;
pub mod inbound;
pub mod outbound;
pub mod store;
pub mod telemetry;
pub mod view;
pub mod wording;
