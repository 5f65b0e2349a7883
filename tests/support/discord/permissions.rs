//! Who may do what where: roles, then the overwrites of the channel, as Discord computes it.

use super::guild::{Channel, Guild, Id};

/// Add reactions.
pub const ADD_REACTIONS: u64 = 1 << 6;
/// Everything, everywhere.
pub const ADMINISTRATOR: u64 = 1 << 3;
/// Change channels.
pub const MANAGE_CHANNELS: u64 = 1 << 4;
/// See a channel.
pub const VIEW_CHANNEL: u64 = 1 << 10;
/// Write in a channel, post in a forum.
pub const SEND_MESSAGES: u64 = 1 << 11;
/// Delete and pin what others wrote.
pub const MANAGE_MESSAGES: u64 = 1 << 13;
/// Have embeds kept.
pub const EMBED_LINKS: u64 = 1 << 14;
/// Attach files.
pub const ATTACH_FILES: u64 = 1 << 15;
/// Read what was said before.
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
/// `@everyone` and `@here` ring.
pub const MENTION_EVERYONE: u64 = 1 << 17;
/// Change roles and overwrites.
pub const MANAGE_ROLES: u64 = 1 << 28;
/// Use commands.
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
/// Change threads of others, lock them.
pub const MANAGE_THREADS: u64 = 1 << 34;
/// Begin public threads.
pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
/// Begin private threads.
pub const CREATE_PRIVATE_THREADS: u64 = 1 << 36;
/// Write in threads.
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;

/// What anybody may do on a server where nothing was changed, as far as this server knows the bits.
pub const EVERYBODY: u64 = VIEW_CHANNEL
    | SEND_MESSAGES
    | SEND_MESSAGES_IN_THREADS
    | CREATE_PUBLIC_THREADS
    | EMBED_LINKS
    | ATTACH_FILES
    | ADD_REACTIONS
    | READ_MESSAGE_HISTORY
    | USE_APPLICATION_COMMANDS;
/// What the bot's own role gives it at the start, beside [`EVERYBODY`].
pub const BOT: u64 = EVERYBODY | MANAGE_THREADS;

/// All that this member may do in the channel; 0 for who is no member, or may not see it.
pub fn of(guild: &Guild, user: Id, channel: &Channel) -> u64 {
    if channel.is_dm() {
        let inside = user == guild.bot || channel.recipient == Some(user);
        return if inside { EVERYBODY } else { 0 };
    }
    let Some(member) = guild.members.get(&user).filter(|member| !member.gone) else { return 0 };
    let bits_of = |id: Id| guild.roles.iter().find(|role| role.id == id).map_or(0, |role| role.permissions);
    let base = member.roles.iter().fold(bits_of(guild.id), |bits, role| bits | bits_of(*role));
    if user == guild.owner || base & ADMINISTRATOR != 0 {
        return u64::MAX;
    }
    // A thread has no overwrites of its own.
    let rules = match channel.parent.filter(|_| channel.is_thread()) {
        Some(parent) => guild.channels.get(&parent).map_or(&[][..], |parent| &parent.overwrites[..]),
        None => &channel.overwrites[..],
    };
    let mut bits = base;
    for rule in rules.iter().filter(|rule| rule.id == guild.id) {
        bits = bits & !rule.deny | rule.allow;
    }
    let of_roles = || rules.iter().filter(|rule| !rule.is_member && member.roles.contains(&rule.id));
    bits &= !of_roles().fold(0, |deny, rule| deny | rule.deny);
    bits |= of_roles().fold(0, |allow, rule| allow | rule.allow);
    for rule in rules.iter().filter(|rule| rule.is_member && rule.id == user) {
        bits = bits & !rule.deny | rule.allow;
    }
    let hidden = channel.kind == super::guild::PRIVATE_THREAD
        && bits & MANAGE_THREADS == 0
        && !channel.thread.as_ref().is_some_and(|thread| thread.members.contains(&user));
    if bits & VIEW_CHANNEL == 0 || hidden {
        return 0;
    }
    let write = if channel.is_thread() { SEND_MESSAGES_IN_THREADS } else { SEND_MESSAGES };
    if bits & write == 0 {
        bits &= !(EMBED_LINKS | ATTACH_FILES | MENTION_EVERYONE);
    }
    bits
}
