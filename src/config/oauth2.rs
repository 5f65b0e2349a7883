//! `oauth2 = { … }` in place of a password: whose account, which provider, where its endpoints are. May import:
//! `config`.

use secrecy::SecretString;

/// Who gives the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Gmail and Google Workspace.
    Google,
    /// Microsoft 365 and Outlook.com.
    Microsoft,
    /// Any other: its endpoints are configured.
    Custom,
}

impl Provider {
    /// The words of `bot.toml`.
    pub const WORDS: &'static [&'static str] = &["google", "microsoft", "custom"];

    /// The word in `bot.toml` and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Provider::Google => "google",
            Provider::Microsoft => "microsoft",
            Provider::Custom => "custom",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Provider> {
        [Provider::Google, Provider::Microsoft, Provider::Custom]
            .into_iter()
            .find(|provider| provider.as_str() == word)
    }
}

/// How one account gets its access tokens. Every address in it is https, or http towards this machine.
#[derive(Debug, Clone)]
pub struct OAuth2 {
    /// The key in `bot.toml`, for sentences to the operator: `imap.oauth2`.
    pub key: String,
    /// The account whose mail it is, as the server knows it.
    pub account: String,
    /// Who gives the tokens.
    pub provider: Provider,
    /// How the provider knows this program.
    pub client_id: String,
    /// Its secret, for clients that have one; Google gives one even to programs on a desktop.
    pub client_secret: Option<SecretString>,
    /// A refresh token that was had elsewhere; `None`: `guichet imap login` gets one.
    pub refresh_token: Option<SecretString>,
    /// RFC 6749 section 3.2.
    pub token_url: String,
    /// RFC 6749 section 3.1; `None`: a code cannot be pasted.
    pub auth_url: Option<String>,
    /// RFC 8628 section 3.1; `None`: the provider gives no codes for devices, or none for mail.
    pub device_url: Option<String>,
    /// What is asked for, separated by spaces.
    pub scope: String,
}

impl OAuth2 {
    /// What the providers call mail in and out, and a token that outlives the sign-in.
    pub(super) const fn scope_of(provider: Provider) -> Option<&'static str> {
        match provider {
            Provider::Google => Some("https://mail.google.com/"),
            Provider::Microsoft => Some(
                "offline_access https://outlook.office.com/IMAP.AccessAsUser.All \
                 https://outlook.office.com/SMTP.Send",
            ),
            Provider::Custom => None,
        }
    }
}

/// Where a provider's endpoints are, but for those that are configured.
#[derive(Debug, Clone, Default)]
pub(super) struct Endpoints {
    pub(super) token_url: Option<String>,
    pub(super) auth_url: Option<String>,
    pub(super) device_url: Option<String>,
}

impl Endpoints {
    /// As the providers publish them. Google's device flow does not allow the scope of mail.
    pub(super) fn of(provider: Provider, tenant: &str) -> Endpoints {
        match provider {
            Provider::Google => Endpoints {
                token_url: Some("https://oauth2.googleapis.com/token".to_owned()),
                auth_url: Some("https://accounts.google.com/o/oauth2/v2/auth".to_owned()),
                device_url: None,
            },
            Provider::Microsoft => {
                let at = |what: &str| {
                    Some(format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/{what}"))
                };
                Endpoints { token_url: at("token"), auth_url: at("authorize"), device_url: at("devicecode") }
            }
            Provider::Custom => Endpoints::default(),
        }
    }
}
