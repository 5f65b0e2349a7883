//! Tries what the configuration says of Discord: token, intents, server, channels, rights, roles; changes nothing there.
//! May import: command, config, wording, serenity.

use super::http;
use super::permissions::{self, Standing};
use crate::chat::text::clean;
use crate::command::grammar::STATUSES;
use crate::config::Discord;
use crate::wording::check::channel_not_named;
use crate::wording::check::discord::{self as say, asked};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serenity::Error;
use serenity::http::{Http, HttpError, LightMethod, Request, Route};
use serenity::model::Permissions;
use serenity::model::application::ApplicationFlags;
use serenity::model::channel::{ChannelType, PermissionOverwrite};
use serenity::model::id::{ApplicationId, ChannelId, GuildId, RoleId, UserId};
use std::num::NonZeroU64;
use std::time::Duration;

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Nothing is to be mended.
    pub ok: bool,
    /// What was found, and what to do about it, in French.
    pub detail: String,
}

/// Each answer is waited for so long.
const PATIENCE: Duration = Duration::from_secs(15);

/// Tries everything, each thing on a line; the last is the link that invites the bot. Without a token that Discord takes
/// there is only the first. `back`: where a browser comes back to from signing in.
pub async fn check(config: &Discord, back: &str) -> Vec<Line> {
    let mut tried = Trial { http: http(config), lines: Vec::new() };
    tried.run(config, back).await;
    tried.lines
}

// Only what is needed of each answer: Discord adds to them at will, and whole models break on what they do not know.

#[derive(Deserialize)]
struct Account {
    id: UserId,
    username: String,
}

#[derive(Deserialize)]
struct Application {
    id: ApplicationId,
    flags: Option<ApplicationFlags>,
    redirect_uris: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Guild {
    name: String,
    owner_id: UserId,
    roles: Vec<Role>,
}

#[derive(Deserialize)]
struct Role {
    id: RoleId,
    permissions: Permissions,
}

#[derive(Deserialize)]
struct Member {
    roles: Vec<RoleId>,
}

#[derive(Deserialize)]
struct Channel {
    #[serde(rename = "type")]
    kind: ChannelType,
    guild_id: Option<GuildId>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    permission_overwrites: Vec<PermissionOverwrite>,
    #[serde(default)]
    available_tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}

#[derive(Deserialize)]
struct Gateway {
    session_start_limit: SessionStarts,
}

#[derive(Deserialize)]
struct SessionStarts {
    remaining: u64,
    total: u64,
}

/// Why an answer is not there.
enum Why {
    /// 401.
    TokenRefused,
    /// 403 or 404.
    NotForUs {
        /// 403.
        hidden: bool,
        said: String,
    },
    Other(String),
}

impl Why {
    fn of(error: Error) -> Why {
        match error {
            Error::Http(HttpError::UnsuccessfulRequest(answer)) => {
                let status = answer.status_code.as_u16();
                let said = say::answered(status, answer.error.code, &clean(&answer.error.message));
                match status {
                    401 => Why::TokenRefused,
                    403 | 404 => Why::NotForUs { hidden: status == 403, said },
                    _ => Why::Other(said),
                }
            }
            // What the HTTP client says of a lost connection is of no use to an operator.
            Error::Http(_) => Why::Other(say::NO_ANSWER.to_owned()),
            other => Why::Other(clean(&other.to_string())),
        }
    }

    fn say(self, what: &str) -> String {
        match self {
            Why::TokenRefused => say::TOKEN_REFUSED.to_owned(),
            Why::NotForUs { said, .. } => say::fails(what, &said),
            Why::Other(why) => say::fails(what, &why),
        }
    }
}

struct Trial {
    http: Http,
    lines: Vec<Line>,
}

impl Trial {
    fn good(&mut self, detail: String) {
        self.lines.push(Line { ok: true, detail });
    }

    fn bad(&mut self, detail: String) {
        self.lines.push(Line { ok: false, detail });
    }

    async fn get<T: DeserializeOwned>(&self, route: Route<'_>) -> Result<T, Why> {
        match tokio::time::timeout(PATIENCE, self.http.fire(Request::new(route, LightMethod::Get))).await {
            Ok(answer) => answer.map_err(Why::of),
            Err(_) => Err(Why::Other(say::NO_ANSWER.to_owned())),
        }
    }

    async fn run(&mut self, config: &Discord, back: &str) {
        let account: Account = match self.get(Route::UserMe).await {
            Ok(account) => account,
            Err(why) => return self.bad(why.say(asked::ACCOUNT)),
        };
        self.good(say::token_ready(&clean(&account.username)));
        let application: Application = match self.get(Route::Oauth2ApplicationCurrent).await {
            Ok(application) => application,
            Err(why) => return self.bad(why.say(asked::APPLICATION)),
        };
        if application.flags.is_none_or(|flags| flags.intersects(permissions::READS_MESSAGES)) {
            self.good(say::INTENT_ON.to_owned());
        } else {
            self.bad(say::INTENT_OFF.to_owned());
        }
        if let Some(client) = &config.client {
            let known = application.redirect_uris.as_deref();
            if client.id != application.id.to_string() {
                self.bad(say::another_client(&application.id.to_string()));
            } else if known.is_some_and(|known| !known.iter().any(|uri| uri == back)) {
                self.bad(say::no_way_back(back));
            } else {
                self.good(say::sign_in_ready(back));
            }
        }
        self.sessions().await;
        let makes_tags = self.guild(config, &account, application.id).await;
        let link = permissions::invitation(application.id, makes_tags);
        self.good(say::invitation(&link));
    }

    async fn sessions(&mut self) {
        match self.get::<Gateway>(Route::GatewayBot).await {
            Ok(Gateway { session_start_limit: SessionStarts { remaining, total } }) => {
                self.lines.push(Line { ok: remaining > 0, detail: say::sessions(remaining, total) });
            }
            Err(why) => self.bad(why.say(asked::GATEWAY)),
        }
    }

    /// The server and all that is on it; whether tags must be made in a forum.
    async fn guild(&mut self, config: &Discord, account: &Account, application: ApplicationId) -> bool {
        let guild_id = GuildId::from(config.guild_id);
        let guild = self.get::<Guild>(Route::Guild { guild_id }).await;
        let member = self.get::<Member>(Route::GuildMember { guild_id, user_id: account.id }).await;
        let (guild, member) = match (guild, member) {
            (Ok(guild), Ok(member)) => (guild, member),
            (Err(Why::NotForUs { .. }), _) | (_, Err(Why::NotForUs { .. })) => {
                let link = permissions::invitation(application, false);
                self.bad(say::guild_unreachable(guild_id.get(), &link));
                return false;
            }
            (Err(why), _) | (_, Err(why)) => {
                self.bad(why.say(asked::GUILD));
                return false;
            }
        };
        self.good(say::guild_ready(&clean(&guild.name)));
        let place = Standing {
            everyone: RoleId::new(guild_id.get()),
            bot: account.id,
            is_owner: guild.owner_id == account.id,
            roles: guild.roles.into_iter().map(|role| (role.id, role.permissions)).collect(),
            bot_roles: member.roles,
        };
        let makes_tags = self.channel(config, &place, "support_channel", Some(config.support_channel)).await;
        self.channel(config, &place, "dev_channel", config.dev_channel).await;
        self.channel(config, &place, "product_channel", config.product_channel).await;
        self.roles(config, &place);
        makes_tags
    }

    /// Whether tags must be made in it.
    async fn channel(
        &mut self,
        config: &Discord,
        place: &Standing,
        key: &str,
        id: Option<NonZeroU64>,
    ) -> bool {
        let Some(id) = id else {
            self.good(channel_not_named(key));
            return false;
        };
        let channel = self.get::<Channel>(Route::Channel { channel_id: ChannelId::from(id) }).await;
        let ours = Some(GuildId::from(config.guild_id));
        let channel = match channel {
            Ok(channel) if channel.guild_id == ours => channel,
            Ok(_) | Err(Why::NotForUs { hidden: false, .. }) => {
                self.bad(say::no_channel(key, id.get()));
                return false;
            }
            Err(Why::NotForUs { hidden: true, .. }) => {
                self.bad(say::hidden_channel(key, id.get()));
                return false;
            }
            Err(why) => {
                self.bad(why.say(key));
                return false;
            }
        };
        let name = clean(&channel.name);
        let may_be_forum = key == "support_channel";
        if !(channel.kind == ChannelType::Text || may_be_forum && channel.kind == ChannelType::Forum) {
            self.bad(say::wrong_kind(key, &name, may_be_forum));
            return false;
        }
        let makes_tags = channel.kind == ChannelType::Forum && lacks_a_status(&channel.available_tags);
        let rights = place.rights(&channel.permission_overwrites);
        match permissions::missing(rights, makes_tags) {
            missing if missing.is_empty() => self.good(say::channel_ready(key, &name)),
            missing => self.bad(say::missing_rights(key, &name, &missing)),
        }
        makes_tags
    }

    fn roles(&mut self, config: &Discord, place: &Standing) {
        let of = |key, ids: &[NonZeroU64]| ids.iter().map(|id| (key, *id)).collect::<Vec<_>>();
        let mut configured = of("agent_roles", &config.agent_roles);
        configured.extend(of("lead_roles", &config.lead_roles));
        let (known, unknown): (Vec<_>, Vec<_>) =
            configured.into_iter().partition(|(_, id)| place.roles.contains_key(&RoleId::from(*id)));
        for (key, id) in &unknown {
            self.bad(say::no_role(key, id.get()));
        }
        if unknown.is_empty() {
            self.good(say::roles_ready(known.len()));
        }
    }
}

/// Whether one of the five statuses has no tag, in any of its spellings.
fn lacks_a_status(tags: &[Tag]) -> bool {
    let tagged = |word: &str| tags.iter().any(|tag| STATUSES.word(&tag.name).is_some_and(|w| w.word == word));
    !STATUSES.words.iter().all(|word| tagged(word.word))
}

#[cfg(test)]
mod tests;
