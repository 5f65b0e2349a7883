//! Signing in elsewhere by an account of Discord: OAuth 2.0 with codes and PKCE (RFC 6749, RFC 7636), scope `identify`.

use super::guild::Id;
use super::http::Call;
use super::rest::Answer;
use super::setting::APPLICATION;
use super::world::World;
use super::{Discord, Person, shapes};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The secret of the application.
pub const SECRET: &str = "discord-client-secret";

/// What was granted, and is still good.
#[derive(Debug, Default)]
pub struct Grants {
    /// Where people may be sent back to.
    pub redirects: Vec<String>,
    /// Of each code: whose, for which address, and what its verifier hashes to.
    codes: HashMap<String, (Id, String, String)>,
    tokens: HashMap<String, Id>,
    count: u32,
}

impl Discord {
    /// The application takes people back to this address.
    pub fn sends_back_to(&self, address: &str) {
        self.shared.change(|world| world.grants.redirects.push(address.to_owned()));
    }
}

impl Person {
    /// Opens the page that an application sent them to, and agrees: where Discord sends their browser back to.
    ///
    /// # Panics
    /// When Discord would show an error in place of the page.
    pub fn agrees(&self, page: &str) -> String {
        let asked = asked(page, "https://discord.com/oauth2/authorize");
        let is =
            |key: &str, value: &str| assert_eq!(asked.get(key).map(String::as_str), Some(value), "{key}");
        is("response_type", "code");
        is("client_id", &APPLICATION.to_string());
        is("scope", "identify");
        is("code_challenge_method", "S256");
        let (back, state) = (asked["redirect_uri"].clone(), &asked["state"]);
        let code = self.discord.shared.change(|world| {
            assert!(world.grants.redirects.contains(&back), "Invalid OAuth2 redirect_uri: {back}");
            world.grants.count += 1;
            let code = format!("code-{}", world.grants.count);
            let granted = (self.id, back.clone(), asked["code_challenge"].clone());
            world.grants.codes.insert(code.clone(), granted);
            code
        });
        format!("{back}?code={code}&state={state}")
    }

    /// The same, and says no.
    pub fn declines(&self, page: &str) -> String {
        let asked = asked(page, "https://discord.com/oauth2/authorize");
        format!("{}?error=access_denied&state={}", asked["redirect_uri"], asked["state"])
    }
}

/// What the address of a page asks for.
///
/// # Panics
/// When it is another page, or asks twice for one thing.
pub fn asked(address: &str, page: &str) -> HashMap<String, String> {
    let (path, query) = address.split_once('?').expect("a page is asked for something");
    assert_eq!(path, page);
    let mut asked = HashMap::new();
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let value = guichet::domain::hex::percent_decoded(value.as_bytes());
        let before = asked.insert(key.to_owned(), String::from_utf8(value).expect("it is UTF-8"));
        assert_eq!(before, None, "{key} is asked for twice");
    }
    asked
}

/// `POST /oauth2/token`. A code is good for one question, whatever comes of it.
pub fn token(world: &mut World, call: &Call) -> Answer {
    let field = |key: &str| call.body[key].as_str().unwrap_or_default().to_owned();
    if field("client_id") != APPLICATION.to_string() || field("client_secret") != SECRET {
        return Ok((401, json!({ "error": "invalid_client" })));
    }
    if field("grant_type") != "authorization_code" {
        return Ok((400, json!({ "error": "unsupported_grant_type" })));
    }
    let granted = world.grants.codes.remove(&field("code"));
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, field("code_verifier").as_bytes()));
    let granted = granted.filter(|(_, back, wanted)| *back == field("redirect_uri") && *wanted == challenge);
    let Some((person, ..)) = granted else {
        let why = "Invalid \"code\" in request.";
        return Ok((400, json!({ "error": "invalid_grant", "error_description": why })));
    };
    world.grants.count += 1;
    let token = format!("user-token-{}", world.grants.count);
    world.grants.tokens.insert(token.clone(), person);
    Ok((
        200,
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": 604_800, "refresh_token": "r",
                "scope": "identify" }),
    ))
}

/// `GET /users/@me` with somebody's token; `None` for one that was not granted.
pub fn whoever(world: &World, authorization: &str) -> Option<Value> {
    let person = world.grants.tokens.get(authorization.strip_prefix("Bearer ")?)?;
    Some(shapes::user_of(&world.guild, *person))
}
