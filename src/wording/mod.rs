//! Every French word that is not a template, a standard reply or the grammar's help.
//!
//! French typography: no-break space (U+00A0) before `: ; ! ?`, inside « » and between a number and its unit; the
//! guide's own titles and messages keep the guide's bytes. Commands stand between backticks, which chats draw and
//! [`text`] takes off.
//! Pure. May import: domain, dkim, command, view, oauth (its faults), config (its faults), toml, serde, chrono.

pub mod agents;
pub mod ahead;
pub mod alerts;
pub mod articles;
pub mod audit;
pub mod canary;
pub mod canned;
pub mod chart;
pub mod chat;
pub mod check;
pub mod cli;
pub mod config_faults;
pub mod dates;
pub mod dkim;
pub mod done;
pub mod help;
pub mod history;
pub mod labels;
pub mod letters;
pub mod lists;
pub mod mail;
pub mod mailboxes;
pub mod notices;
pub mod operations;
pub mod people;
pub mod present;
pub mod prose;
pub mod recipients;
pub mod refusals;
pub mod requester;
pub mod resources;
pub mod retention;
pub mod rituals;
pub mod sign_in;
pub mod slash;
pub mod suggestions;
pub mod templates;
pub mod text;
pub mod webhooks;
pub mod welcome;
