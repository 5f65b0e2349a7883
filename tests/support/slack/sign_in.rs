//! « Sign in with Slack »: OpenID Connect (Core 1.0) with codes, scope `openid`. May import: the other files of this server, and what
//! reads an address.

use super::Person;
use super::api::Answer;
use super::workspace::Workspace;
use crate::support::discord::sign_in::asked;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// The app.
pub const CLIENT: &str = "111.222";
/// Its secret.
pub const SECRET: &str = "slack-client-secret";

/// What was granted, and is still good.
#[derive(Debug, Default)]
pub struct Grants {
    /// Where people may be sent back to.
    pub redirects: BTreeSet<String>,
    /// Of each code: whose, for which address, and the nonce.
    codes: HashMap<String, (String, String, String)>,
    tokens: HashMap<String, String>,
    /// The workspace of the people, where it is not the bot's.
    pub team: Option<String>,
    /// What an ID token says in place of what it should.
    pub forged: Option<(&'static str, Value)>,
}

impl Person {
    /// Opens the page that the app sent them to, and agrees: where Slack sends their browser back to.
    ///
    /// # Panics
    /// When Slack would show an error in place of the page.
    pub fn agrees(&self, page: &str) -> String {
        let asked = asked(page, "https://slack.com/openid/connect/authorize");
        let is =
            |key: &str, value: &str| assert_eq!(asked.get(key).map(String::as_str), Some(value), "{key}");
        is("response_type", "code");
        is("client_id", CLIENT);
        is("scope", "openid");
        let (back, state) = (asked["redirect_uri"].clone(), &asked["state"]);
        assert!(back.starts_with("https://"), "Slack sends nobody back in plain text");
        let code = self.slack.with(|space| {
            assert!(space.grants.redirects.contains(&back), "bad_redirect_uri: {back}");
            let code = format!("code-{}", space.number());
            let granted = (self.id.clone(), back.clone(), asked["nonce"].clone());
            space.grants.codes.insert(code.clone(), granted);
            code
        });
        format!("{back}?code={code}&state={state}")
    }
}

/// `openid.connect.token`. A code is good for one question, whatever comes of it.
pub fn token(space: &mut Workspace, args: &Value) -> Answer {
    let field = |key: &str| args[key].as_str().unwrap_or_default();
    if field("client_id") != CLIENT {
        return Err(("invalid_client_id", None));
    }
    if field("client_secret") != SECRET {
        return Err(("bad_client_secret", None));
    }
    let granted = space.grants.codes.remove(field("code"));
    let Some((person, back, nonce)) = granted.filter(|_| field("grant_type") == "authorization_code") else {
        return Err(("invalid_code", None));
    };
    if back != field("redirect_uri") {
        return Err(("bad_redirect_uri", None));
    }
    let token = format!("xoxp-{}", space.number());
    let mut claims = json!({
        "iss": "https://slack.com", "sub": person, "aud": CLIENT, "exp": space.now() + 300, "iat": space.now(),
        "nonce": nonce, "https://slack.com/user_id": person, "https://slack.com/team_id": "T1",
    });
    if let Some((claim, value)) = space.grants.forged.clone() {
        claims[claim] = value;
    }
    space.grants.tokens.insert(token.clone(), person);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let id_token = format!("{}.{}.c2ln", part(&json!({ "alg": "RS256", "typ": "JWT" })), part(&claims));
    Ok(json!({ "access_token": token, "token_type": "Bearer", "id_token": id_token }))
}

/// `openid.connect.userInfo`.
pub fn user_info(space: &Workspace, authorization: &str) -> Answer {
    let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
    let Some(person) = space.grants.tokens.get(token) else { return Err(("invalid_auth", None)) };
    let team = space.grants.team.as_deref().unwrap_or("T1");
    Ok(json!({ "sub": person, "https://slack.com/user_id": person, "https://slack.com/team_id": team }))
}
