//! What the desk knows and decides, and nothing else: no I/O, no clock, no SQL, no French sentence.
//!
//! Everything here is a plain value or a pure function; time arrives as an argument. May import: std, chrono,
//! chrono-tz, idna, memchr, regex, serde, unicode-normalization, and the rest of `domain`.

pub mod address;
pub mod alert;
pub mod article;
pub mod audit;
pub mod authentication;
pub mod canned;
pub mod channel;
pub mod chat;
pub mod decide;
pub mod delivery;
pub mod event;
pub mod excerpt;
pub mod feedback;
pub mod fold;
pub mod followup;
pub mod forward;
pub mod hex;
pub mod holidays;
pub mod hours;
pub mod ids;
pub mod life;
pub mod list;
pub mod mail;
pub mod message;
pub mod notice;
pub mod pace;
pub mod participant;
pub mod people;
pub mod preference;
pub mod published;
pub mod push;
pub mod recurring;
pub mod refusal;
pub mod report;
pub mod retention;
pub mod returned;
pub mod ritual;
pub mod rules;
pub mod scope;
pub mod screening;
pub mod sla;
pub mod tag;
pub mod text;
pub mod thanks;
pub mod threading;
pub mod ticket;
pub mod timetable;
pub mod trim;
pub mod uid_set;
pub mod webhook;
