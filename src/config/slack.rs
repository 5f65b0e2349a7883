//! The Slack workspace where CMs work. May import: `config`.

use super::fault::{Problem, Wanted};
use super::source::Source;
use super::{Client, read_client, read_web_url, required_secret};
use secrecy::SecretString;

/// Where Slack answers, unless the configuration says otherwise.
pub const SLACK_API: &str = "https://slack.com/api";

/// The bot's account on Slack and the places where it works.
#[derive(Debug, Clone)]
pub struct Slack {
    /// The bot's token (`xoxb-…`).
    pub bot_token: SecretString,
    /// By what road Slack tells us what happens.
    pub road: SlackRoad,
    /// Where each ticket has its card.
    pub support_channel: String,
    /// Where escalated tickets are announced.
    pub dev_channel: Option<String>,
    /// Where feature requests are announced.
    pub product_channel: Option<String>,
    /// The user group of the CMs.
    pub agent_usergroup: Option<String>,
    /// The user group of the team leads.
    pub lead_usergroup: Option<String>,
    /// Our app, where CMs may sign in on the pages by their account.
    pub client: Option<Client>,
    /// The interface, no slash at its end: [`SLACK_API`], a proxy of it, or a test server.
    pub api_url: String,
}

/// By what road Slack tells us what happens.
#[derive(Debug, Clone)]
pub enum SlackRoad {
    /// By a connection that we make, with the app-level token (`xapp-…`): Socket Mode.
    Socket(SecretString),
    /// By requests to `/slack/events` of our public address, signed with this secret.
    Signed(SecretString),
}

/// `Some(None)` without the section, `None` where it left faults.
pub(super) fn read_slack(source: &mut Source) -> Option<Option<Slack>> {
    if !source.has_section("slack") {
        return Some(None);
    }
    let bot_token = required_secret(source, "slack.bot_token");
    let has = |key: &str| source.has(key) || source.has(&format!("{key}_file"));
    let (by_socket, by_request) = (has("slack.app_token"), has("slack.signing_secret"));
    if !by_socket && !by_request {
        source.fault("slack.app_token", Problem::Missing);
    }
    // Both are read, so that the faults of both are found; with both, the connection that we make is used.
    let app_token = source.secret("slack.app_token");
    let signing_secret = source.secret("slack.signing_secret");
    let road = match by_socket {
        true => app_token.map(SlackRoad::Socket),
        false => signing_secret.map(SlackRoad::Signed),
    };
    if !source.has("slack.support_channel") {
        source.fault("slack.support_channel", Problem::Missing);
    }
    let support_channel = read_id(source, "slack.support_channel");
    let dev_channel = read_id(source, "slack.dev_channel");
    let product_channel = read_id(source, "slack.product_channel");
    let agent_usergroup = read_id(source, "slack.agent_usergroup");
    let lead_usergroup = read_id(source, "slack.lead_usergroup");
    let client = read_client(source, "slack", Source::text);
    let api_url = match source.has("slack.api_url") {
        true => read_web_url(source, "slack.api_url")?,
        false => SLACK_API.to_owned(),
    };
    Some(Some(Slack {
        bot_token: bot_token?,
        road: road?,
        support_channel: support_channel?,
        dev_channel,
        product_channel,
        agent_usergroup,
        lead_usergroup,
        client: client?,
        api_url: api_url.trim_end_matches('/').to_owned(),
    }))
}

/// An id of Slack: `C0123ABCD` for a channel, `S0123ABCD` for a user group. Not a name: that may change.
fn read_id(source: &mut Source, key: &str) -> Option<String> {
    let is_id = |text: &str| {
        let text = text.trim();
        text.starts_with(|c: char| c.is_ascii_uppercase())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
    };
    source.read(key, Wanted::SlackId, |text| is_id(text).then(|| text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{environment, fault, faults, parse};
    use super::*;
    use crate::config::Config;
    use secrecy::ExposeSecret;

    const SLACK: &str = "
[slack]
bot_token = \"xoxb-secret\"
app_token = \"xapp-secret\"
support_channel = \"C0SUPPORT1\"
";

    fn slack(text: &str) -> Slack {
        parse(text).unwrap().slack.unwrap()
    }

    #[test]
    fn a_connection_of_ours_is_the_road_unless_there_is_only_a_signing_secret() {
        let read = slack(&format!("{SLACK}signing_secret = \"s\"\nagent_usergroup = \"S01\"\n"));
        assert!(matches!(&read.road, SlackRoad::Socket(token) if token.expose_secret() == "xapp-secret"));
        assert_eq!((read.agent_usergroup.as_deref(), read.lead_usergroup), (Some("S01"), None));
        assert_eq!(read.api_url, SLACK_API);
        let signed = SLACK.replace("app_token = \"xapp-secret\"", "signing_secret = \"sesame\"");
        assert!(
            matches!(slack(&signed).road, SlackRoad::Signed(secret) if secret.expose_secret() == "sesame")
        );
        let neither = SLACK.replace("app_token = \"xapp-secret\"", "");
        assert_eq!(fault(&neither), ("slack.app_token".to_owned(), Problem::Missing));
        // Whoever may sign with nothing may say anything.
        let empty = SLACK.replace("app_token = \"xapp-secret\"", "signing_secret = \" \"");
        assert_eq!(fault(&empty).0, "slack.signing_secret");
        assert!(parse("").unwrap().slack.is_none());
    }

    #[test]
    fn what_the_section_needs_is_asked_for_by_name_and_an_id_is_no_name() {
        let mut missing = faults("[slack]\n");
        missing.sort_by(|a, b| a.0.cmp(&b.0));
        let keys = ["slack.app_token", "slack.bot_token", "slack.support_channel"];
        assert_eq!(missing, keys.map(|key| (key.to_owned(), Problem::Missing)));
        for wrong in ["#support-team", "support", "c0123", "C01 23", "0"] {
            let text = SLACK.replace("C0SUPPORT1", wrong);
            assert_eq!(fault(&text), ("slack.support_channel".into(), Problem::Wants(Wanted::SlackId)));
        }
    }

    #[test]
    fn all_of_it_may_come_from_the_environment_and_in_plain_text_from_here_only() {
        let variables = [
            ("GUICHET__SLACK__BOT_TOKEN", "xoxb-outside"),
            ("GUICHET__SLACK__APP_TOKEN", "xapp-outside"),
            ("GUICHET__SLACK__SUPPORT_CHANNEL", "C1"),
            ("GUICHET__SLACK__API_URL", "http://127.0.0.1:3920/api/"),
        ];
        let config = Config::parse("", environment(&variables)).unwrap().slack.unwrap();
        assert_eq!(config.api_url, "http://127.0.0.1:3920/api");
        let key = "slack.api_url".to_owned();
        let with = |url: &str| format!("{SLACK}api_url = \"{url}\"\n");
        assert_eq!(fault(&with("http://proxy.example/api")), (key.clone(), Problem::PlainText));
        assert_eq!(fault(&with("ftp://127.0.0.1")), (key, Problem::Wants(Wanted::PublicUrl)));
        let shown = format!("{:?}", parse(SLACK).unwrap());
        assert!(shown.contains("C0SUPPORT1") && !shown.contains("secret\""), "{shown}");
    }
}
