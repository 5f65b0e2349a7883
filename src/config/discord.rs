//! The Discord server where CMs work. May import: `config`.

use super::fault::{Problem, Wanted};
use super::source::Source;
use super::{Client, read_client, read_web_url, required_secret};
use secrecy::SecretString;
use std::num::NonZeroU64;

/// Where Discord answers, unless the configuration says otherwise.
pub const DISCORD_API: &str = "https://discord.com";

/// The bot's account on Discord and the places where it works.
#[derive(Debug, Clone)]
pub struct Discord {
    /// The bot's token.
    pub token: SecretString,
    /// The server (guild).
    pub guild_id: NonZeroU64,
    /// Where each ticket has its card: a text channel or a forum.
    pub support_channel: NonZeroU64,
    /// Where escalated tickets are announced.
    pub dev_channel: Option<NonZeroU64>,
    /// Where feature requests are announced.
    pub product_channel: Option<NonZeroU64>,
    /// The roles of the CMs.
    pub agent_roles: Vec<NonZeroU64>,
    /// The roles of the team leads.
    pub lead_roles: Vec<NonZeroU64>,
    /// Our app, where CMs may sign in on the pages by their account.
    pub client: Option<Client>,
    /// Scheme and host of the interface, no slash at its end: [`DISCORD_API`], a proxy of it, or a test server.
    pub api_url: String,
}

/// `Some(None)` without the section, `None` where it left faults.
pub(super) fn read_discord(source: &mut Source) -> Option<Option<Discord>> {
    if !source.has_section("discord") {
        return Some(None);
    }
    let token = required_secret(source, "discord.token");
    let guild_id = required_id(source, "discord.guild_id");
    let support_channel = required_id(source, "discord.support_channel");
    let dev_channel = read_id(source, "discord.dev_channel");
    let product_channel = read_id(source, "discord.product_channel");
    let agent_roles = read_ids(source, "discord.agent_roles");
    let lead_roles = read_ids(source, "discord.lead_roles");
    let client = read_client(source, "discord", |source, key| {
        source.digits(key, Wanted::ChatId, |text| id(text).is_some()).map(|id| id.trim().to_owned())
    });
    let api_url = match source.has("discord.api_url") {
        true => read_web_url(source, "discord.api_url")?,
        false => DISCORD_API.to_owned(),
    };
    Some(Some(Discord {
        token: token?,
        guild_id: guild_id?,
        support_channel: support_channel?,
        dev_channel,
        product_channel,
        agent_roles,
        lead_roles,
        client: client?,
        api_url: api_url.trim_end_matches('/').to_owned(),
    }))
}

fn required_id(source: &mut Source, key: &str) -> Option<NonZeroU64> {
    if !source.has(key) {
        source.fault(key, Problem::Missing);
    }
    read_id(source, key)
}

fn read_id(source: &mut Source, key: &str) -> Option<NonZeroU64> {
    source.digits(key, Wanted::ChatId, |text| id(text).is_some()).as_deref().and_then(id)
}

fn read_ids(source: &mut Source, key: &str) -> Vec<NonZeroU64> {
    let ids = source.list(key, Wanted::ChatIds, |text| id(text).is_some()).unwrap_or_default();
    ids.iter().filter_map(|text| id(text)).collect()
}

/// Discord's ids are 64 bits, and written in digits.
fn id(text: &str) -> Option<NonZeroU64> {
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::super::tests::{environment, fault, faults, parse};
    use super::*;
    use crate::config::Config;
    use secrecy::ExposeSecret;

    const DISCORD: &str = "
[discord]
token = \"discord-secret\"
guild_id = \"1100000000000000001\"
support_channel = 1100000000000000002
";

    fn discord(text: &str) -> Discord {
        parse(text).unwrap().discord.unwrap()
    }

    fn number(id: u64) -> NonZeroU64 {
        NonZeroU64::new(id).unwrap()
    }

    #[test]
    fn ids_are_digits_in_quotes_or_without() {
        let read =
            discord(&format!("{DISCORD}dev_channel = \" 3 \"\nagent_roles = [4, \"5\"]\nlead_roles = []\n"));
        assert_eq!(read.token.expose_secret(), "discord-secret");
        assert_eq!(read.guild_id, number(1_100_000_000_000_000_001));
        assert_eq!(read.support_channel, number(1_100_000_000_000_000_002));
        assert_eq!((read.dev_channel, read.product_channel), (Some(number(3)), None));
        assert_eq!((read.agent_roles, read.lead_roles), (vec![number(4), number(5)], vec![]));
        assert_eq!(read.api_url, DISCORD_API);
        assert!(parse("").unwrap().discord.is_none());
        for wrong in ["0", "-1", "\"\"", "\"#support\"", "\"1.5\"", "1.5", "\"99999999999999999999\"", "[1]"]
        {
            let (key, problem) = fault(&DISCORD.replace("1100000000000000002", wrong));
            assert_eq!(key, "discord.support_channel");
            assert!(matches!(problem, Problem::Wants(Wanted::ChatId | Wanted::Text)), "{wrong}: {problem:?}");
        }
        for wrong in ["[\"@cm\"]", "\"4\"", "[0]", "4"] {
            let text = format!("{DISCORD}agent_roles = {wrong}\n");
            assert_eq!(fault(&text), ("discord.agent_roles".into(), Problem::Wants(Wanted::ChatIds)));
        }
    }

    #[test]
    fn what_the_section_needs_is_asked_for_by_name() {
        let mut missing = faults("[discord]\n");
        missing.sort_by(|a, b| a.0.cmp(&b.0));
        let keys = ["discord.guild_id", "discord.support_channel", "discord.token"];
        assert_eq!(missing, keys.map(|key| (key.to_owned(), Problem::Missing)));
    }

    #[test]
    fn all_of_it_may_come_from_the_environment() {
        let variables = [
            ("GUICHET__DISCORD__TOKEN", "from-outside"),
            ("GUICHET__DISCORD__GUILD_ID", "1"),
            ("GUICHET__DISCORD__SUPPORT_CHANNEL", "2"),
            ("GUICHET__DISCORD__AGENT_ROLES", "3, 4"),
        ];
        let config = Config::parse("", environment(&variables)).unwrap().discord.unwrap();
        assert_eq!(config.token.expose_secret(), "from-outside");
        assert_eq!(config.agent_roles, [number(3), number(4)]);
        let by_file = DISCORD.replace("token = \"discord-secret\"", "token_file = \"/absent\"");
        assert!(matches!(fault(&by_file), (key, Problem::Unreadable { .. }) if key == "discord.token_file"));
        let config = Config::parse(&by_file, environment(&variables[..1])).unwrap().discord.unwrap();
        assert_eq!(config.token.expose_secret(), "from-outside");
    }

    #[test]
    fn a_token_goes_in_plain_text_to_this_machine_only() {
        let with = |url: &str| format!("{DISCORD}api_url = \"{url}\"\n");
        assert_eq!(discord(&with("http://127.0.0.1:3910/")).api_url, "http://127.0.0.1:3910");
        assert_eq!(discord(&with("https://proxy.example")).api_url, "https://proxy.example");
        let key = "discord.api_url".to_owned();
        assert_eq!(fault(&with("http://proxy.example")), (key.clone(), Problem::PlainText));
        assert_eq!(fault(&with("ws://127.0.0.1")), (key, Problem::Wants(Wanted::PublicUrl)));
    }

    #[test]
    fn the_app_that_people_sign_in_by_is_whole_or_not_there() {
        assert!(discord(DISCORD).client.is_none());
        let with = |keys: &str| format!("{DISCORD}{keys}\n");
        let client =
            discord(&with("client_id = 1100000000000000009\nclient_secret = \"oauth-secret\"")).client;
        let client = client.unwrap();
        assert_eq!(
            (client.id.as_str(), client.secret.expose_secret()),
            ("1100000000000000009", "oauth-secret")
        );
        let missing = |key: &str| (format!("discord.{key}"), Problem::Missing);
        assert_eq!(fault(&with("client_id = \"11\"")), missing("client_secret"));
        assert_eq!(fault(&with("client_secret = \"x\"")), missing("client_id"));
        let (key, problem) = fault(&with("client_id = \"guichet\"\nclient_secret = \"x\""));
        assert_eq!((key.as_str(), problem), ("discord.client_id", Problem::Wants(Wanted::ChatId)));
        let shown =
            format!("{:?}", parse(&with("client_id = 11\nclient_secret = \"oauth-secret\"")).unwrap());
        assert!(!shown.contains("oauth-secret"), "{shown}");
    }

    #[test]
    fn no_secret_is_shown() {
        let shown = format!("{:?}", parse(DISCORD).unwrap());
        assert!(shown.contains("1100000000000000001") && !shown.contains("discord-secret"), "{shown}");
    }
}
