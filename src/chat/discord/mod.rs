//! Discord, through serenity, which is named nowhere else. May import: clock, command, config, desk, domain, view,
//! wording, serenity.

pub mod options;
pub mod register;
