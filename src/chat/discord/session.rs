//! The connection to the gateway: begun, kept by serenity, begun again with pauses; and what keeps it from being had.

use super::gateway::Listener;
use super::permissions::READS_MESSAGES;
use super::post::{GATEWAY, Poster};
use super::{client, fault};
use crate::chat::fault::{Barred, Fault};
use crate::config::Discord;
use crate::desk::Desk;
use crate::domain::alert::AlertKind;
use serenity::all::{
    ApplicationId, ClientBuilder, CurrentApplicationInfo, GatewayError, GatewayIntents, Http,
};
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Of the sessions that Discord lets begin in a day, so many are left for a person who restarts us.
const SESSIONS_KEPT: u64 = 50;
/// How long the end of a connection may take.
const LAST_CLOSE: Duration = Duration::from_secs(10);

/// Why there is no connection.
#[derive(Debug)]
pub enum Trouble {
    /// The token is not taken.
    Token,
    /// The intent for what messages say is not switched on.
    Intent,
    /// So few sessions may begin today.
    Sessions(u64),
    /// Anything else, which may pass.
    Away(String),
}

impl Trouble {
    /// What an error of the REST interface means.
    pub fn of(error: &serenity::Error) -> Trouble {
        match fault::fault(error) {
            Fault::Barred(Barred::Token) => Trouble::Token,
            _ => Trouble::Away(error.to_string()),
        }
    }

    /// The word of the alert that somebody must act on.
    fn word(&self) -> Option<&'static str> {
        match self {
            Trouble::Token => Some("bad_token"),
            Trouble::Intent => Some("missing_intent"),
            Trouble::Sessions(_) => Some("sessions_spent"),
            Trouble::Away(_) => None,
        }
    }
}

/// Says once what lasts.
#[derive(Debug, Default)]
pub struct Teller {
    said: Option<String>,
}

impl Teller {
    /// Says why there is no connection: an alert where somebody must act, and the log.
    pub async fn say(&mut self, desk: &Desk, trouble: &Trouble) {
        let what = match trouble {
            Trouble::Token => "Discord does not take the token".to_owned(),
            Trouble::Intent => "the intent for message content is not switched on".to_owned(),
            Trouble::Sessions(left) => {
                format!("only {left} sessions may begin before Discord takes the token back")
            }
            Trouble::Away(why) => why.clone(),
        };
        if let Some(word) = trouble.word()
            && let Err(failure) = desk.raise_alert(AlertKind::ChatRefused, GATEWAY, word).await
        {
            tracing::warn!(error = %failure, "an alert could not be raised");
        }
        if self.said.as_ref() != Some(&what) {
            match trouble.word() {
                Some(_) => tracing::error!(why = what, "Discord cannot be listened to; trying again"),
                None => tracing::warn!(why = what, "Discord cannot be reached; trying again"),
            }
        }
        self.said = Some(what);
    }
}

/// Listens until `cancel`. A connection that is lost or cannot be had is made later.
pub async fn listen_until(listener: &Listener, config: &Discord, cancel: &CancellationToken) {
    let mut teller = Teller::default();
    while !cancel.is_cancelled() {
        let began = Instant::now();
        let ended = listen(listener, config, cancel).await;
        if cancel.is_cancelled() {
            break;
        }
        let lasted = began.elapsed();
        if let Err(trouble) = ended {
            teller.say(&listener.room.desk, &trouble).await;
        }
        let pause = {
            let mut starts = listener.starts.lock().unwrap_or_else(PoisonError::into_inner);
            starts.pause(lasted, Instant::now())
        };
        tokio::select! {
            () = cancel.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn listen(listener: &Listener, config: &Discord, cancel: &CancellationToken) -> Result<(), Trouble> {
    let http = &listener.poster.http;
    let application = http.get_current_application_info().await.map_err(|error| Trouble::of(&error))?;
    // Asked for without being allowed, it would cost a session each time.
    if !may_read(&application) {
        return Err(Trouble::Intent);
    }
    let gateway = http.get_bot_gateway().await.map_err(|error| Trouble::of(&error))?;
    let left = gateway.session_start_limit.remaining;
    if left <= SESSIONS_KEPT {
        return Err(Trouble::Sessions(left));
    }
    let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT;
    let mut client = ClientBuilder::new_with_http(http_twin(config, application.id), intents)
        .event_handler(listener.clone())
        .await
        .map_err(|error| Trouble::Away(error.to_string()))?;
    // serenity reads another address first, and falls back to Discord's own where that is not answered.
    *client.ws_url.lock().await = gateway.url;
    let shards = std::sync::Arc::clone(&client.shard_manager);
    let ended = tokio::select! {
        () = cancel.cancelled() => Ok(()),
        () = listener.too_often.notified() => Err(Trouble::Away("sessions begin too often".to_owned())),
        ended = client.start_shard(0, 1) => Err(match ended {
            Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication)) => Trouble::Token,
            Err(serenity::Error::Gateway(GatewayError::DisallowedGatewayIntents)) => Trouble::Intent,
            Err(error) => Trouble::Away(error.to_string()),
            Ok(()) => Trouble::Away("the gateway was left".to_owned()),
        }),
    };
    // Else its tasks stay, and would connect again.
    let _ = tokio::time::timeout(LAST_CLOSE, shards.shutdown_all()).await;
    ended
}

fn may_read(application: &CurrentApplicationInfo) -> bool {
    application.flags.is_none_or(|flags| flags.intersects(READS_MESSAGES))
}

/// The client keeps an interface of its own.
fn http_twin(config: &Discord, application: ApplicationId) -> Http {
    let http = client::http(config);
    http.set_application_id(application);
    http
}

/// Looks after a while whether what was closed to us is open again, where Discord does not tell.
pub async fn look_again_for_ever(poster: &Poster) {
    const EVERY: Duration = Duration::from_secs(60);
    loop {
        tokio::time::sleep(EVERY).await;
        for channel in poster.channels.all().filter(|channel| poster.rights.is_lacking(*channel)) {
            if let Err(failure) = poster.look(channel).await {
                tracing::warn!(error = %failure, "what Discord lets us do could not be noted");
            }
        }
    }
}
