//! What the bot lacks in its channels, as it was last seen: which permission by name, or the channel itself.

use super::fault::fault;
use super::permissions::{self, Standing};
use crate::chat::fault::{Barred, Fault};
use crate::domain::chat::PostKind;
use crate::wording::check::discord::Right;
use serenity::all::{Channel, ChannelId, GuildId, Http, UserId};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// What is to be mended in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// It is not there.
    Channel,
    /// These permissions, in the channel of this name.
    Rights(String, Vec<Right>),
}

impl Lack {
    /// The word of the alert: which, in a form that `wording` reads.
    pub fn word(&self) -> String {
        match self {
            Lack::Channel => "unknown_channel".to_owned(),
            Lack::Rights(name, rights) => {
                let rights: Vec<&str> = rights.iter().map(|right| right.as_str()).collect();
                format!("lacks:{}:{name}", rights.join(","))
            }
        }
    }
}

/// What was last seen of each channel.
#[derive(Debug)]
pub struct Rights {
    guild: GuildId,
    me: UserId,
    seen: Mutex<HashMap<ChannelId, Lack>>,
    forbidden: Mutex<HashSet<(ChannelId, PostKind)>>,
}

impl Rights {
    /// Nothing seen yet: all is taken to be well.
    pub fn new(guild: GuildId, me: UserId) -> Rights {
        Rights { guild, me, seen: Mutex::default(), forbidden: Mutex::default() }
    }

    /// The server.
    pub fn guild(&self) -> GuildId {
        self.guild
    }

    /// Our own account.
    pub fn me(&self) -> UserId {
        self.me
    }

    /// Looks what a channel lacks now.
    ///
    /// # Errors
    /// When Discord does not tell.
    pub async fn look(&self, http: &Http, channel: ChannelId) -> Result<Option<Lack>, Fault> {
        let lack = self.ask(http, channel).await?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match &lack {
            Some(lack) => seen.insert(channel, lack.clone()),
            None => seen.remove(&channel),
        };
        Ok(lack)
    }

    async fn ask(&self, http: &Http, channel: ChannelId) -> Result<Option<Lack>, Fault> {
        let there = match http.get_channel(channel).await {
            Ok(Channel::Guild(there)) if there.guild_id == self.guild => there,
            Ok(_) => return Ok(Some(Lack::Channel)),
            Err(error) => {
                return match fault(&error) {
                    Fault::Barred(Barred::NoChannel) => Ok(Some(Lack::Channel)),
                    Fault::Barred(Barred::Permission) => {
                        Ok(Some(Lack::Rights(channel.to_string(), vec![Right::ViewChannel])))
                    }
                    fault => Err(fault),
                };
            }
        };
        let guild = http.get_guild(self.guild).await.map_err(|error| fault(&error))?;
        let member = http.get_member(self.guild, self.me).await.map_err(|error| fault(&error))?;
        let standing = Standing {
            everyone: self.guild.everyone_role(),
            bot: self.me,
            is_owner: guild.owner_id == self.me,
            roles: guild.roles.iter().map(|(id, role)| (*id, role.permissions)).collect(),
            bot_roles: member.roles,
        };
        let missing = permissions::missing(standing.rights(&there.permission_overwrites), false);
        Ok((!missing.is_empty()).then_some(Lack::Rights(there.name, missing)))
    }

    /// Discord forbade something of this kind in a channel by a number of its own, which no look explains.
    pub fn forbid(&self, channel: ChannelId, kind: PostKind) {
        self.forbidden.lock().unwrap_or_else(PoisonError::into_inner).insert((channel, kind));
    }

    /// Something of this kind was posted there; whether that was the last that Discord forbade there.
    pub fn allow(&self, channel: ChannelId, kind: PostKind) -> bool {
        let mut forbidden = self.forbidden.lock().unwrap_or_else(PoisonError::into_inner);
        forbidden.remove(&(channel, kind)) && !forbidden.iter().any(|(other, _)| *other == channel)
    }

    /// Whether a channel was seen to lack something.
    pub fn is_lacking(&self, channel: ChannelId) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&channel)
    }

    /// Whether a channel was seen to lack this.
    pub fn lacks(&self, channel: ChannelId, right: Right) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(seen.get(&channel), Some(Lack::Rights(_, rights)) if rights.contains(&right))
    }
}
