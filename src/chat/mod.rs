//! The chat platforms: where CMs work tickets beside the pages. Each platform is a room of its own that translates
//! between the platform's messages and the desk. May import: clock, command, config, desk, domain, view, wording.

pub mod discord;
pub mod room;
