//! A strict OAuth 2.0 provider on loopback: token, device and authorisation endpoints (RFC 6749, 7636, 8628), and one
//! where mail servers ask about a token (RFC 7662).
//!
//! It takes each refresh token once, as the strictest providers do: one that is shown a second time is taken for
//! stolen, and everything that came of it dies. It can be told to be unwell.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// The client that it knows.
pub const CLIENT: &str = "guichet-test";
/// Its secret.
pub const SECRET: &str = "client-secret";
/// What must be asked for.
pub const SCOPE: &str = "mail offline";
/// The account that its tokens open.
pub const ACCOUNT: &str = "support";

/// How the token endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should be.
    Sound,
    /// Answers this status to everything.
    Status(u16),
    /// Answers 200 and no JSON.
    Garbage,
    /// Answers 200 and never ends.
    Endless,
    /// Sends everybody elsewhere.
    Redirect,
    /// Grants, but only when somebody else asks meanwhile, or after a third of a second.
    WaitsForCompany,
    /// Keeps everybody waiting until it is in another.
    HoldsBack,
}

struct State {
    mood: Mood,
    lifetime: u64,
    length: usize,
    count: u64,
    refresh: HashSet<String>,
    retired: HashSet<String>,
    access: HashSet<String>,
    codes: HashMap<String, (String, String)>,
    devices: HashSet<String>,
    device_answers: VecDeque<&'static str>,
    asked: Vec<String>,
    stolen: bool,
}

/// A running provider; ends with the test process.
pub struct OAuthServer {
    /// Where it listens.
    pub port: u16,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl OAuthServer {
    /// Starts one.
    pub fn start() -> OAuthServer {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port can be had");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let state = State {
            mood: Mood::Sound,
            lifetime: 3600,
            // Longer than a line of mail, as Microsoft's are.
            length: 1500,
            count: 0,
            refresh: HashSet::new(),
            retired: HashSet::new(),
            access: HashSet::new(),
            codes: HashMap::new(),
            devices: HashSet::new(),
            device_answers: VecDeque::new(),
            asked: Vec::new(),
            stolen: false,
        };
        let shared = Arc::new((Mutex::new(state), Condvar::new()));
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = Arc::clone(&served);
                std::thread::spawn(move || serve(stream, &served));
            }
        });
        OAuthServer { port, shared }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().expect("no thread panics while it holds the state")
    }

    /// One of its addresses: `token`, `device`, `authorize`, `introspect`.
    pub fn url(&self, endpoint: &str) -> String {
        format!("http://127.0.0.1:{}/{endpoint}", self.port)
    }

    /// The keys of `oauth2` for `bot.toml`, without the braces.
    pub fn keys(&self) -> String {
        format!(
            "provider = \"custom\", client_id = \"{CLIENT}\", client_secret = \"{SECRET}\", token_url = \"{}\", \
             auth_url = \"{}\", device_url = \"{}\", scope = \"{SCOPE}\"",
            self.url("token"),
            self.url("authorize"),
            self.url("device")
        )
    }

    /// A refresh token that somebody had before.
    pub fn granted_before(&self) -> String {
        let mut state = self.state();
        let token = state.mint("refresh");
        state.refresh.insert(token.clone());
        token
    }

    /// From now on.
    pub fn be(&self, mood: Mood) {
        self.state().mood = mood;
        self.shared.1.notify_all();
    }

    /// How long its access tokens are good for, in seconds, from now on.
    pub fn grant_for(&self, seconds: u64) {
        self.state().lifetime = seconds;
    }

    /// How long its tokens are, in bytes, from now on.
    pub fn grant_tokens_of(&self, bytes: usize) {
        self.state().length = bytes;
    }

    /// What devices are told before they are granted something.
    pub fn tell_devices(&self, answers: &[&'static str]) {
        self.state().device_answers = answers.iter().copied().collect();
    }

    /// Everything that was granted dies.
    pub fn revoke_all(&self) {
        let mut state = self.state();
        state.refresh.clear();
        state.access.clear();
    }

    /// The refresh tokens die; access tokens go on to their end.
    pub fn revoke_refresh_tokens(&self) {
        self.state().refresh.clear();
    }

    /// The access tokens die before their time.
    pub fn end_access_tokens(&self) {
        self.state().access.clear();
    }

    /// The grant type of each question to the token endpoint so far.
    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    /// Whether a mail server would let this token in.
    pub fn is_good(&self, access_token: &str) -> bool {
        self.state().access.contains(access_token)
    }

    /// Whether a refresh token was shown twice.
    pub fn was_robbed(&self) -> bool {
        self.state().stolen
    }

    /// A person opens this address in a browser and agrees; where the browser is sent.
    ///
    /// # Panics
    /// When the address asks for something that the provider does not give.
    pub fn agree(&self, url: &str) -> String {
        let path = url.strip_prefix(&self.url("authorize")).unwrap_or_else(|| panic!("{url}"));
        let answer = get(self.port, &format!("/authorize{path}"));
        let location = answer.lines().find_map(|line| line.strip_prefix("Location: "));
        location.unwrap_or_else(|| panic!("{url}: {answer}")).to_owned()
    }
}

/// One GET of a page on this machine; the whole answer.
pub fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers in UTF-8");
    answer
}

impl State {
    fn mint(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}-{}-{}", self.count, "x".repeat(self.length))
    }

    fn grant(&mut self) -> (u16, Value) {
        let (access, refresh) = (self.mint("access"), self.mint("refresh"));
        self.access.insert(access.clone());
        self.refresh.insert(refresh.clone());
        let body = json!({
            "access_token": access, "token_type": "Bearer", "expires_in": self.lifetime, "refresh_token": refresh,
        });
        (200, body)
    }

    fn token(&mut self, form: &HashMap<String, String>) -> (u16, Value) {
        let no =
            |error: &str| (400, json!({ "error": error, "error_description": "for jean@client.example" }));
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        if (field("client_id"), field("client_secret")) != (CLIENT, SECRET) {
            return (401, json!({ "error": "invalid_client" }));
        }
        match field("grant_type") {
            "refresh_token" => {
                let shown = field("refresh_token");
                if self.retired.contains(shown) {
                    self.stolen = true;
                    self.refresh.clear();
                    self.access.clear();
                }
                if !self.refresh.remove(shown) {
                    return no("invalid_grant");
                }
                self.retired.insert(shown.to_owned());
                self.grant()
            }
            "authorization_code" => {
                let Some((challenge, redirect)) = self.codes.remove(field("code")) else {
                    return no("invalid_grant");
                };
                let verifier = field("code_verifier");
                let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
                let is_proved =
                    URL_SAFE_NO_PAD.encode(digest) == challenge && (43..=128).contains(&verifier.len());
                if !is_proved || redirect != field("redirect_uri") {
                    return no("invalid_grant");
                }
                self.grant()
            }
            "urn:ietf:params:oauth:grant-type:device_code" => {
                if !self.devices.contains(field("device_code")) {
                    return no("expired_token");
                }
                match self.device_answers.pop_front() {
                    Some(answer) => no(answer),
                    None => {
                        self.devices.clear();
                        self.grant()
                    }
                }
            }
            _ => no("unsupported_grant_type"),
        }
    }

    fn device(&mut self, form: &HashMap<String, String>) -> (u16, Value) {
        if form.get("scope").map(String::as_str) != Some(SCOPE) {
            return (400, json!({ "error": "invalid_scope" }));
        }
        let code = self.mint("device");
        self.devices.insert(code.clone());
        let body = json!({
            "device_code": code, "user_code": "WDJB-MJHT", "verification_uri": "https://login.example/device",
            "expires_in": 900, "interval": 1,
        });
        (200, body)
    }

    /// The address that the browser is sent to.
    fn authorize(&mut self, asked: &HashMap<String, String>) -> Option<String> {
        let field = |name: &str| asked.get(name).map_or("", String::as_str);
        let is_right = field("response_type") == "code"
            && field("client_id") == CLIENT
            && field("scope") == SCOPE
            && field("code_challenge_method") == "S256"
            && field("code_challenge").len() == 43
            && field("login_hint") == ACCOUNT
            && !field("state").is_empty();
        let redirect = field("redirect_uri");
        let port = redirect.strip_prefix("http://localhost:")?.strip_suffix('/')?;
        if !is_right || port.parse::<u16>().is_err() {
            return None;
        }
        self.count += 1;
        // Characters that a query must escape, as Google's codes have.
        let code = format!("4/{}+", self.count);
        self.codes.insert(code, (field("code_challenge").to_owned(), redirect.to_owned()));
        Some(format!("{redirect}?code=4%2F{}%2B&state={}", self.count, field("state")))
    }
}

fn serve(stream: TcpStream, shared: &(Mutex<State>, Condvar)) -> Option<()> {
    let (state, company) = shared;
    let mut stream = BufReader::new(stream);
    let (mut head, mut length, mut is_form) = (String::new(), 0, false);
    stream.read_line(&mut head).ok()?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        is_form |= line == "content-type: application/x-www-form-urlencoded";
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let mut words = head.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let form = if is_form { pairs(std::str::from_utf8(&body).ok()?) } else { HashMap::new() };
    let mut state = state.lock().ok()?;
    let (status, answer) = match (method, path) {
        ("POST", "/token") => {
            let kind = form.get("grant_type").cloned().unwrap_or_default();
            state.asked.push(kind);
            company.notify_all();
            if state.mood == Mood::WaitsForCompany {
                let before = state.asked.len();
                let limit = Duration::from_millis(333);
                state = company.wait_timeout_while(state, limit, |state| state.asked.len() == before).ok()?.0;
            }
            state = company.wait_while(state, |state| state.mood == Mood::HoldsBack).ok()?;
            match state.mood {
                Mood::Sound | Mood::WaitsForCompany | Mood::HoldsBack => state.token(&form),
                Mood::Status(status) => (status, json!({ "error": "invalid_grant" })),
                Mood::Garbage => {
                    drop(state);
                    return say(stream.get_mut(), "200 OK", "text/html", "<p>access_token</p>");
                }
                Mood::Redirect => {
                    drop(state);
                    let head = "HTTP/1.1 307 Temporary Redirect\r\nLocation: /introspect\r\nContent-Length: 0\r\n\r\n";
                    return stream.get_mut().write_all(head.as_bytes()).ok();
                }
                Mood::Endless => {
                    drop(state);
                    let head =
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"access_token\":\"";
                    stream.get_mut().write_all(head.as_bytes()).ok()?;
                    loop {
                        stream.get_mut().write_all(&[b'a'; 4096]).ok()?;
                    }
                }
            }
        }
        ("POST", "/device") => state.device(&form),
        ("POST", "/introspect") => {
            let is_good = form.get("token").is_some_and(|token| state.access.contains(token));
            let of_it = if is_good {
                json!({ "active": true, "username": ACCOUNT })
            } else {
                json!({ "active": false })
            };
            (200, of_it)
        }
        ("GET", "/authorize") => match state.authorize(&pairs(query)) {
            Some(location) => {
                let head = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
                drop(state);
                return stream.get_mut().write_all(head.as_bytes()).ok();
            }
            None => (400, json!({ "error": "invalid_request" })),
        },
        _ => (404, json!({})),
    };
    drop(state);
    say(stream.get_mut(), &format!("{status} said"), "application/json", &answer.to_string())
}

fn say(stream: &mut TcpStream, status: &str, kind: &str, body: &str) -> Option<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).ok()
}

/// `a=b&c=d%20e`.
fn pairs(text: &str) -> HashMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (plain(name), plain(value))).collect()
}

fn plain(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                u8::from_str_radix(&String::from_utf8_lossy(&digits), 16).expect("two hexadecimal digits")
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).expect("forms are UTF-8")
}
