//! Guichet: a support desk in one binary. Mail becomes tickets, community managers answer from chat, the web or the
//! command line, and requesters are told in French, on the channels that they chose.
//!
//! The tour, from the ground up; imports only ever point down:
//!
//! 1. [`domain`] knows and decides, purely: statuses, preferences, threading, reply trimming. [`domain::decide`] is
//!    the status machine. [`clock`] is the only place that knows what time it is; [`dkim`] signs mail.
//! 2. [`command`] is the vocabulary of the CMs, [`store`] the only SQL, [`config`] the only reader of `bot.toml`.
//! 3. [`view`] is what a door shows, as data; [`wording`] has every French word; [`reading`] makes sense of raw mail;
//!    [`oauth`] asks a provider for access tokens, [`webpush`] has the keys of Web Push.
//! 4. [`desk`] holds the use cases. Its one writer makes rows of what was decided: ticket, history, outbox.
//! 5. The doors translate: [`inbound`] (IMAP, Maildir), [`outbound`] (SMTP, Maildir), [`chat`] (Discord, Slack), [`web`]
//!    (pages), [`scheduler`] (what is due).
//! 6. [`demo`] prepares a home with mails to try, [`app`] wires everything and stops it with grace, and [`cli`] is
//!    the command line in front.
//!
//! [`crash`] and [`telemetry`] stand apart: named points where tests have the process die, and the log.

pub mod app;
pub mod chat;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod crash;
pub mod demo;
pub mod desk;
pub mod dkim;
pub mod domain;
pub mod inbound;
pub mod oauth;
pub mod outbound;
pub mod reading;
pub mod scheduler;
pub mod store;
pub mod telemetry;
pub mod view;
pub mod web;
pub mod webpush;
pub mod wording;
