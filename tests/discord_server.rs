//! The strict Discord of `tests/support/discord`, driven by serenity and by bare requests: what it lets a bot do, and
//! what it refuses.

mod bot;
mod forms;
mod gateway;
mod raw;
mod rules;
mod talk;
