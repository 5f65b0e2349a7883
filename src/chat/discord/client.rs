//! The client of Discord's REST interface. May import: config, serenity.

use super::heard::Files;
use crate::config::{DISCORD_API, Discord};
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use serenity::builder::CreateAllowedMentions;
use serenity::http::{Http, HttpBuilder};
use std::time::Duration;

/// How long a connection to Discord may take to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long one request may take, the upload of a file included.
const REQUEST_LIMIT: Duration = Duration::from_secs(60);

/// The client of Discord's REST interface.
///
/// Towards Discord itself it keeps Discord's rate limits: a request may wait for its turn. Towards another `api_url` it
/// does not, since serenity asks the real Discord whenever its limiter is on; a 429 is an error then.
pub fn http(config: &Discord) -> Http {
    // Nobody is called by anything but who is named.
    let nobody = CreateAllowedMentions::new().empty_users().empty_roles();
    let builder = HttpBuilder::new(config.token.expose_secret()).default_allowed_mentions(nobody);
    let plain = config.api_url.starts_with("http://");
    let client =
        reqwest::Client::builder().use_rustls_tls().connect_timeout(CONNECT_LIMIT).timeout(REQUEST_LIMIT);
    // Nothing between this machine and itself; and only there may the token be in plain text.
    let client = if plain { client.no_proxy() } else { client.https_only(true) };
    let builder = match client.build() {
        Ok(client) => builder.client(client),
        // serenity makes one of its own, without the limits.
        Err(_) => builder,
    };
    if config.api_url == DISCORD_API {
        builder.build()
    } else {
        builder.proxy(&config.api_url).ratelimiter_disabled(true).build()
    }
}

/// What fetches the files that people put beside a message: from wherever Discord says, and nowhere else from there.
///
/// # Errors
/// When there is no TLS to be had.
pub fn files(config: &Discord) -> anyhow::Result<Files> {
    let client = reqwest::Client::builder()
        .use_rustls_tls()
        .connect_timeout(CONNECT_LIMIT)
        .timeout(REQUEST_LIMIT)
        .redirect(Policy::none());
    let is_local = config.api_url.starts_with("http://");
    let client = if is_local { client.no_proxy() } else { client.https_only(true) };
    Ok(Files(client.build()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_limiter_is_off_only_where_another_address_is_asked() {
        let of = |more: &str| {
            let text = format!("[discord]\ntoken = \"x\"\nguild_id = 1\nsupport_channel = 2\n{more}");
            http(&Config::parse(&text, []).unwrap().discord.unwrap())
        };
        for real in ["", "api_url = \"https://discord.com/\""] {
            let http = of(real);
            assert!(http.ratelimiter.is_some() && http.proxy.is_none(), "{real}");
        }
        let test = of("api_url = \"http://127.0.0.1:3910\"");
        assert!(test.ratelimiter.is_none());
        assert_eq!(test.proxy.as_deref(), Some("http://127.0.0.1:3910"));
    }
}
