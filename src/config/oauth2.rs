//! How we sign in to a mail server: with a password, or with `oauth2 = { … }`: whose account, which provider, where its
//! endpoints are. May import: `config`.

use super::fault::{Problem, Wanted};
use super::source::Source;
use super::{Imap, Smtp, read_web_url, required_secret};
use secrecy::{ExposeSecret, SecretString};

/// How we sign in to a mail server.
#[derive(Debug, Clone)]
pub enum SignIn {
    /// With the account's password.
    Password(SecretString),
    /// With an access token.
    OAuth2(Box<OAuth2>),
}

impl SignIn {
    /// Where tokens come from, if it is by tokens.
    pub fn oauth2(&self) -> Option<&OAuth2> {
        match self {
            SignIn::Password(_) => None,
            SignIn::OAuth2(oauth2) => Some(oauth2),
        }
    }
}

/// A password.
impl From<String> for SignIn {
    fn from(password: String) -> SignIn {
        SignIn::Password(password.into())
    }
}

impl From<OAuth2> for SignIn {
    fn from(oauth2: OAuth2) -> SignIn {
        SignIn::OAuth2(Box::new(oauth2))
    }
}

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
    /// Whether both are one account of one provider: they share their tokens.
    pub fn is_same_account(&self, other: &OAuth2) -> bool {
        self.account == other.account && self.provider == other.provider
    }

    /// Whether the tokens of one are those of the other.
    fn is_same_client(&self, other: &OAuth2) -> bool {
        let written = |of: &OAuth2| of.refresh_token.as_ref().map(|token| token.expose_secret().to_owned());
        self.client_id == other.client_id
            && self.token_url == other.token_url
            && written(self) == written(other)
    }
}

/// What the providers call mail in and out, and a token that outlives the sign-in.
fn usual_scope(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::Google => Some("https://mail.google.com/"),
        Provider::Microsoft => Some(
            "offline_access https://outlook.office.com/IMAP.AccessAsUser.All \
             https://outlook.office.com/SMTP.Send",
        ),
        Provider::Custom => None,
    }
}

/// `password`, `password_file` or `oauth2` of a section, of which one must be given.
pub(super) fn read_sign_in(source: &mut Source, section: &str, account: Option<&str>) -> Option<SignIn> {
    let (password, oauth2) = (format!("{section}.password"), format!("{section}.oauth2"));
    if !source.has_section(&oauth2) {
        return required_secret(source, &password).map(SignIn::Password);
    }
    if source.has(&password) || source.has(&format!("{password}_file")) {
        source.fault(&oauth2, Problem::Twice { other: password });
    }
    read_oauth2(source, oauth2, account).map(SignIn::from)
}

fn read_oauth2(source: &mut Source, section: String, account: Option<&str>) -> Option<OAuth2> {
    let key = |name: &str| format!("{section}.{name}");
    if !source.has(&key("provider")) {
        source.fault(&key("provider"), Problem::Missing);
    }
    let provider = source.read(&key("provider"), Wanted::OneOf(Provider::WORDS), Provider::from_word);
    let client_id = source.required(&key("client_id"));
    let client_secret = match provider {
        // Google gives every client one, and asks for it.
        Some(Provider::Google) => required_secret(source, &key("client_secret")).map(Some),
        _ => Some(source.secret(&key("client_secret"))),
    };
    let refresh_token = source.secret(&key("refresh_token"));
    let tenant = source.read(&key("tenant"), Wanted::Tenant, |text| is_tenant(text).then(|| text.to_owned()));
    if tenant.is_some() && provider.is_some_and(|provider| provider != Provider::Microsoft) {
        source.fault(&key("tenant"), Problem::OnlyWith { setting: "provider = \"microsoft\"" });
    }
    let usual = provider
        .map(|provider| Endpoints::of(provider, tenant.as_deref().unwrap_or("common")))
        .unwrap_or_default();
    if provider == Some(Provider::Custom) {
        for name in ["token_url", "scope"] {
            if !source.has(&key(name)) {
                source.fault(&key(name), Problem::Missing);
            }
        }
    }
    let token_url = read_web_url(source, &key("token_url")).or(usual.token_url);
    let auth_url = read_web_url(source, &key("auth_url")).or(usual.auth_url);
    let device_url = read_web_url(source, &key("device_url")).or(usual.device_url);
    let scope = source.text(&key("scope"));
    Some(OAuth2 {
        account: account?.to_owned(),
        provider: provider?,
        client_id: client_id?,
        client_secret: client_secret?,
        refresh_token,
        token_url: token_url?,
        auth_url,
        device_url,
        scope: scope.or_else(|| usual_scope(provider?).map(str::to_owned))?,
        key: section,
    })
}

/// `common`, a domain or an id.
fn is_tenant(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// Account and way to sign in, both or neither: an account without a password, or the other way round, would send
/// without logging in. `None` where a fault was left.
pub(super) fn read_smtp_account(
    source: &mut Source,
    imap: Option<&[Imap]>,
) -> Option<(Option<String>, Option<SignIn>)> {
    let has_password = source.has("smtp.password") || source.has("smtp.password_file");
    if source.has("smtp.oauth2") {
        if has_password {
            source.fault("smtp.oauth2", Problem::Twice { other: "smtp.password".to_owned() });
        }
        let username = source.text("smtp.username");
        let is_imap =
            source.read("smtp.oauth2", Wanted::OneOf(&["imap"]), |word| (word == "imap").then_some(()));
        // Mailboxes that could not be read have left their faults.
        let shared = shared(source, imap.filter(|_| is_imap.is_some())?, username.as_deref())?;
        return Some((Some(shared.account.clone()), Some(shared.into())));
    }
    if !source.has("smtp.username") && !has_password && !source.has_section("smtp.oauth2") {
        return Some((None, None));
    }
    let username = source.required("smtp.username");
    let sign_in = read_sign_in(source, "smtp", username.as_deref());
    Some((Some(username?), Some(sign_in?)))
}

/// `smtp.oauth2 = "imap"`: the account and the tokens of a mailbox; `username` says of which, where there are several.
fn shared(source: &mut Source, imap: &[Imap], username: Option<&str>) -> Option<OAuth2> {
    let accounts = imap.iter().filter_map(|imap| imap.sign_in.oauth2());
    let mut fitting = accounts.filter(|oauth2| username.is_none_or(|username| oauth2.account == username));
    let first = fitting.next().cloned();
    let is_clear = first.as_ref().is_some_and(|first| fitting.all(|other| other.is_same_account(first)));
    if !is_clear {
        source.fault("smtp.oauth2", Problem::NoSharedAccount);
        return None;
    }
    first
}

/// Whoever signs in to one account twice does it by the same client, since the account's tokens are kept once.
pub(super) fn check_one_client(source: &mut Source, imap: &[Imap], smtp: Option<&Smtp>) {
    let all: Vec<&OAuth2> = all(imap, smtp).collect();
    for (place, one) in all.iter().enumerate() {
        let earlier = all[..place].iter().find(|other| other.is_same_account(one));
        if let Some(other) = earlier.filter(|other| !other.is_same_client(one)) {
            source.fault(&one.key, Problem::Twice { other: other.key.clone() });
        }
    }
}

/// What signs in with tokens, the mailboxes first.
pub(super) fn all<'a>(imap: &'a [Imap], smtp: Option<&'a Smtp>) -> impl Iterator<Item = &'a OAuth2> {
    let smtp = smtp.and_then(|smtp| smtp.sign_in.as_ref());
    imap.iter().map(|imap| &imap.sign_in).chain(smtp).filter_map(SignIn::oauth2)
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
