//! Signing in, from the first start on: links by which a password is chosen, accounts on Discord and Slack, authenticators, one's own
//! account, and the team's page. Over HTTP, with browsers that keep their cookies.

use crate::pages::Answer;
use crate::serve::Serving;
use crate::support::chromium::Chromium;
use crate::support::desk::{
    Database, PUBLIC_URL, TestDesk, on_both, page_settings, serve_pages, settings, tuesday_morning,
};
use crate::support::discord::{Discord, sign_in as discord_app};
use crate::support::postgres::Postgres;
use crate::support::slack::{Slack, sign_in as slack_app};
use crate::support::{free_port, wait_for};
use argon2::PasswordHasher;
use chrono::Duration;
use guichet::clock::Clock;
use guichet::config::Config;
use guichet::desk::Desk;
use guichet::desk::totp::code_at;
use guichet::domain::audit::AuditKind;
use guichet::domain::chat::Platform;
use guichet::domain::people::{Agent, Role};
use guichet::oauth::accounts::{Accounts, back};
use guichet::store::Store;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PASSWORD: &str = "correct horse battery";
const NEW_PASSWORD: &str = "staple horse battery";
const NEAR: &str = "http://localhost:3000";
const ACCOUNT: &str = "/admin/account";
const TEAM: &str = "/admin/support/agents";

on_both! {
    the_first_link_makes_one_admin_and_opens_nothing_after,
    the_first_link_ends_with_the_next_start_the_first_agent_and_the_day,
    an_invitation_gives_one_password_once,
    an_account_on_discord_opens_a_session_of_its_agent,
    only_the_browser_that_left_for_discord_comes_back_and_once,
    nobody_comes_in_whom_discord_does_not_vouch_for_or_nobody_linked,
    an_account_on_slack_opens_a_session_of_its_agent,
    what_slack_says_of_others_opens_nothing,
    a_code_is_asked_for_once_it_was_confirmed,
    a_code_is_good_for_its_step_and_once,
    a_recovery_code_is_good_once_and_wrong_codes_are_counted,
    a_code_is_asked_for_whatever_the_road,
    an_authenticator_is_turned_off_with_password_and_code,
    another_password_ends_the_other_sessions,
    a_stranger_who_guesses_keeps_nobody_from_changing_their_password,
    the_team_is_seen_by_leads_and_changed_by_admins,
    the_last_admin_stays_one,
    a_disabled_agent_comes_in_by_no_road_and_keeps_their_tickets,
    accounts_are_linked_and_unlinked_on_the_page,
    a_browser_turns_an_authenticator_on_and_signs_in_with_it,
}

// ---------- browsers

/// One that keeps its cookies.
struct Browser {
    address: SocketAddr,
    origin: &'static str,
    jar: BTreeMap<String, String>,
}

impl Browser {
    fn at(address: SocketAddr, origin: &'static str) -> Browser {
        Browser { address, origin, jar: BTreeMap::new() }
    }

    async fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let host = self.origin.split_once("://").unwrap().1;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            cookies.join("; "),
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        for line in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            match line.contains("Max-Age=0") {
                true => self.jar.remove(name),
                false => self.jar.insert(name.to_owned(), value.to_owned()),
            };
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.replace("\r\n", "\n"), body: body.to_owned() }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "", "").await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let headers = format!(
            "Origin: {}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            self.origin
        );
        self.send("POST", path, &headers, &body.join("&")).await
    }

    /// Sends a form of a page, and follows to where it leads.
    async fn act(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = self.get(page).await;
        let (csrf, key) = (form.field("csrf"), form.field("key"));
        let fields = [&[("csrf", csrf.as_str()), ("key", key.as_str())], fields].concat();
        let answer = self.post(path, &fields).await;
        match answer.header("location").map(str::to_owned) {
            Some(location) => self.get(&location).await,
            None => answer,
        }
    }

    async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        self.post("/admin/sign-in", &[("name", name), ("password", password)]).await
    }

    async fn give_code(&mut self, code: &str) -> Answer {
        self.post("/admin/sign-in/code", &[("code", code)]).await
    }

    /// The page that a link to a platform leads to.
    async fn leave(&mut self, platform: &str) -> String {
        let answer = self.get(&format!("/admin/sign-in/{platform}?next=%2Fadmin%2Fsupport%2Foutbox")).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.header("location").unwrap().to_owned()
    }

    /// Goes where a platform sends it: to an address of ours.
    async fn follow(&mut self, address: &str) -> Answer {
        let path = address.strip_prefix(self.origin).expect("an address of ours").to_owned();
        self.send("GET", &path, "Sec-Fetch-Site: cross-site\r\n", "").await
    }

    /// Leaves for a platform, where somebody decides, and comes back.
    async fn round_trip(&mut self, platform: &str, decide: impl FnOnce(&str) -> String) -> Answer {
        let page = self.leave(platform).await;
        self.follow(&decide(&page)).await
    }

    async fn is_in(&mut self) -> bool {
        match self.get("/admin/support").await.status {
            200 => true,
            303 => false,
            status => panic!("{status}"),
        }
    }
}

/// Where an answer leads, when it leads somewhere.
fn led(answer: &Answer) -> (u16, Option<&str>) {
    (answer.status, answer.header("location"))
}

const IN: (u16, Option<&str>) = (303, Some("/admin/support"));
const TO_CODE: (u16, Option<&str>) = (303, Some("/admin/sign-in/code"));

// ---------- desks

/// A hash that is cheap to check: what is tested is that it is asked.
fn cheap(password: &str) -> String {
    let params = argon2::Params::new(8, 1, 1, None).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password(password.as_bytes()).unwrap().to_string()
}

/// Camille's desk, at an address, with the platforms of a configuration.
struct Site {
    test: TestDesk,
    origin: &'static str,
    accounts: Vec<Accounts>,
    address: SocketAddr,
}

impl Site {
    async fn open(database: Database, origin: &'static str, config: &str) -> Site {
        let test = TestDesk::new(database).await;
        test.desk.set_password_hash(test.camille.id, &cheap(PASSWORD)).await.unwrap();
        let accounts = Accounts::of(&Config::parse(config, []).unwrap());
        let address = serve(&test.desk, origin, &accounts).await;
        Site { test, origin, accounts, address }
    }

    async fn near(database: Database) -> Site {
        Site::open(database, NEAR, "").await
    }

    /// With Camille as an admin, signed in.
    async fn with_admin(database: Database) -> (Site, Browser) {
        let site = Site::near(database).await;
        site.desk().set_role(&site.test.camille, Role::Admin).await.unwrap();
        let mut browser = site.browser();
        assert_eq!(led(&browser.sign_in("Camille", PASSWORD).await), IN);
        (site, browser)
    }

    fn desk(&self) -> &Desk {
        &self.test.desk
    }

    fn browser(&self) -> Browser {
        Browser::at(self.address, self.origin)
    }

    /// Another agent, with a password.
    async fn agent(&self, name: &str, role: Role) -> Agent {
        let agent = self.desk().add_agent(name, role).await.unwrap().expect("the name is free");
        self.desk().set_password_hash(agent.id, &cheap(PASSWORD)).await.unwrap();
        agent
    }

    async fn elapse(&mut self, time: Duration) {
        self.test.elapse(time).await;
        self.address = serve(&self.test.desk, self.origin, &self.accounts).await;
    }

    /// Camille's authenticator, confirmed with the code of this instant: its secret, and the recovery codes.
    async fn authenticator(&self) -> (String, Vec<String>) {
        let camille = &self.test.camille;
        assert!(self.desk().begin_totp(camille.id).await.unwrap());
        let secret = self.secret().await.expect("a secret to confirm");
        let code = code_at(&secret, self.test.now).unwrap();
        let codes = self.desk().confirm_totp(camille.id, &code).await.unwrap().expect("the code fits");
        (secret, codes)
    }

    /// Her secret, as the database keeps it.
    async fn secret(&self) -> Option<String> {
        let mut tx = self.test.store.read().await.unwrap();
        let kept = tx.totp(self.test.camille.id).await.unwrap();
        kept.map(|kept| secrecy::ExposeSecret::expose_secret(&kept.secret).to_owned())
    }

    /// The kinds of the last lines of the audit log, the newest first.
    async fn audit(&self, count: i64) -> Vec<(AuditKind, String)> {
        let lines = self.desk().audit_lines(None, count).await.unwrap();
        lines.into_iter().map(|line| (line.kind, line.actor)).collect()
    }
}

async fn serve(desk: &Desk, origin: &str, accounts: &[Accounts]) -> SocketAddr {
    let settings = guichet::web::Settings { accounts: accounts.to_vec(), ..page_settings(origin, false) };
    serve_pages(desk, settings).await
}

// ---------- the first start

/// A desk that nobody works at yet.
async fn empty(database: Database) -> (tempfile::TempDir, Store, Desk) {
    let folder = tempfile::tempdir().unwrap();
    let url = match database {
        Database::Sqlite => format!("sqlite://{}", folder.path().join("guichet.db").display()),
        Database::Postgres => Postgres::shared().fresh_database(),
    };
    let store = Store::open(&url).await.unwrap();
    store.migrate().await.unwrap();
    let desk = Desk::open(store.clone(), Clock::At(tuesday_morning()), settings()).await.unwrap();
    (folder, store, desk)
}

async fn the_first_link_makes_one_admin_and_opens_nothing_after(database: Database) {
    let (_folder, _, desk) = empty(database).await;
    let code = desk.first_link().await.unwrap().expect("nobody is there");
    assert_eq!(code.len(), 64, "256 bits");
    let mut browser = Browser::at(serve(&desk, NEAR, &[]).await, NEAR);
    let link = format!("/admin/first?code={code}");
    // Whoever looks at links before people do changes nothing.
    for _ in 0..3 {
        let page = browser.get(&link).await;
        assert!(page.status == 200 && page.body.contains("Le premier administrateur"), "{}", page.body);
        assert_eq!(page.field("code"), code);
    }
    let wrong = format!("/admin/first?code={}", "0".repeat(64));
    let dead = browser.get(&wrong).await;
    assert!(dead.status == 410 && dead.body.contains("Ce lien n’ouvre plus rien"), "{}", dead.body);
    let form = |name: &'static str, password: &'static str, again: &'static str| {
        [("name", name), ("password", password), ("again", again)]
    };
    for (fields, said) in [
        (form("Zoé", "onze lettre", "onze lettre"), "de 12 à 1000\u{a0}caractères"),
        (form("Zoé", PASSWORD, NEW_PASSWORD), "ne sont pas les mêmes"),
        (form(" ", PASSWORD, PASSWORD), "ne peut pas être un nom"),
    ] {
        let fields = [&[("code", code.as_str())], &fields[..]].concat();
        let page = browser.post("/admin/first", &fields).await;
        assert!(page.status == 422 && page.body.contains(said), "{said}: {}", page.body);
    }
    assert_eq!(desk.agents().await.unwrap(), []);
    let sound = [&[("code", code.as_str())], &form("Zoé", PASSWORD, PASSWORD)[..]].concat();
    let done = browser.post("/admin/first", &sound).await;
    assert_eq!(led(&done), IN);
    assert!(browser.get("/admin/support").await.body.contains("Zoé"));
    let agents = desk.agents().await.unwrap();
    assert_eq!((agents.len(), agents[0].agent.role, agents[0].has_password), (1, Role::Admin, true));
    for again in [browser.get(&link).await, browser.post("/admin/first", &sound).await] {
        assert_eq!(again.status, 410);
    }
    assert_eq!(desk.agents().await.unwrap().len(), 1);
    assert_eq!(desk.first_link().await.unwrap(), None);
    let lines = desk.audit_lines(None, 10).await.unwrap();
    assert_eq!((lines.len(), lines[0].kind, lines[0].actor.as_str()), (1, AuditKind::AgentAdded, "Zoé"));
    // What was chosen there is what one signs in with.
    assert_eq!(led(&Browser { jar: BTreeMap::new(), ..browser }.sign_in("zoe", PASSWORD).await), IN);
}

async fn the_first_link_ends_with_the_next_start_the_first_agent_and_the_day(database: Database) {
    let (_folder, store, desk) = empty(database).await;
    let first = desk.first_link().await.unwrap().unwrap();
    let second = desk.first_link().await.unwrap().unwrap();
    let invited = async |desk: &Desk, code: &str| desk.invited(code).await.unwrap().is_some();
    assert!(!invited(&desk, &first).await && invited(&desk, &second).await, "the next start ends it");
    let later = |hours| Clock::At(tuesday_morning() + Duration::hours(hours));
    let almost = Desk::open(store.clone(), later(23), settings()).await.unwrap();
    assert!(invited(&almost, &second).await);
    let after = Desk::open(store.clone(), later(24), settings()).await.unwrap();
    assert!(!invited(&after, &second).await, "a day ends it");
    assert_eq!(after.accept_first(&second, "Zoé", &cheap(PASSWORD)).await.unwrap(), None);
    // As `guichet agent add` does.
    desk.add_agent("Camille", Role::Agent).await.unwrap();
    assert!(!invited(&desk, &second).await, "the first agent ends it");
    assert_eq!(desk.accept_first(&second, "Zoé", &cheap(PASSWORD)).await.unwrap(), None);
    assert_eq!(desk.agents().await.unwrap().len(), 1);
    // What is kept opens nothing.
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.invitation(&second, tuesday_morning()).await.unwrap(), None);
}

/// The code of the link that a page shows.
fn code_of(page: &Answer) -> String {
    let rest = page.body.split("first?code=").nth(1).unwrap_or_else(|| panic!("no link: {}", page.body));
    rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap().to_owned()
}

async fn an_invitation_gives_one_password_once(database: Database) {
    let (mut site, mut admin) = Site::with_admin(database).await;
    let form = admin.get(TEAM).await;
    let (csrf, key) = (form.field("csrf"), form.field("key"));
    let fields = [("csrf", csrf.as_str()), ("key", key.as_str()), ("name", "Sam"), ("role", "lead")];
    let page = admin.post(TEAM, &fields).await;
    assert_eq!(page.status, 200);
    let first = code_of(&page);
    let again = admin.post(TEAM, &fields).await;
    let again = admin.get(again.header("location").expect("it leads to Sam")).await;
    assert!(again.body.contains("son lien n’est montré qu’une fois"), "{}", again.body);
    assert!(again.body.contains("/invite\""), "where another is made");
    assert_eq!(
        site.audit(2).await,
        [(AuditKind::AgentInvited, "Camille".into()), (AuditKind::AgentAdded, "Camille".into())]
    );
    for (name, said) in [("sam", "s’appelle déjà"), ("", "ne peut pas être un nom")] {
        let refused = admin.act(TEAM, TEAM, &[("name", name), ("role", "agent")]).await;
        assert!(refused.status == 422 && refused.body.contains(said), "{}", refused.body);
    }
    let sam = site.desk().agent_by_name("Sam").await.unwrap().unwrap();
    let his = format!("{TEAM}/{}", sam.id);
    let second = code_of(&admin.act(&his, &format!("{his}/invite"), &[]).await);
    let mut browser = site.browser();
    assert_eq!(browser.get(&format!("/admin/first?code={first}")).await.status, 410, "the later one ends it");
    let page = browser.get(&format!("/admin/first?code={second}")).await;
    assert!(page.status == 200 && page.body.contains("Bienvenue, Sam"), "{}", page.body);
    let fields = [("code", second.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(led(&browser.post("/admin/first", &fields).await), IN);
    assert!(browser.is_in().await);
    assert_eq!(site.desk().agent_by_name("Sam").await.unwrap().unwrap().role, Role::Lead);
    let again = site.browser().post("/admin/first", &fields).await;
    assert_eq!(again.status, 410);
    assert_eq!(led(&site.browser().sign_in("Sam", PASSWORD).await), IN);
    // It replaces a password that was forgotten, and ends what that one opened.
    let third = code_of(&admin.act(&his, &format!("{his}/invite"), &[]).await);
    let fields = [("code", third.as_str()), ("password", NEW_PASSWORD), ("again", NEW_PASSWORD)];
    assert_eq!(led(&site.browser().post("/admin/first", &fields).await), IN);
    assert!(!browser.is_in().await);
    let fourth = site.desk().invite(&sam).await.unwrap();
    site.elapse(Duration::hours(72)).await;
    assert_eq!(site.browser().get(&format!("/admin/first?code={fourth}")).await.status, 410, "three days");
}

// ---------- Discord

async fn on_discord(database: Database, secret: &str) -> (Site, Discord) {
    let discord = Discord::start().await;
    discord.sends_back_to(&back(NEAR, Platform::Discord));
    let config = format!(
        "[discord]\ntoken = \"{}\"\nguild_id = {}\nsupport_channel = {}\napi_url = \"{}\"\nclient_id = {}\nclient_secret = \"{secret}\"\n",
        discord.token(),
        discord.guild_id(),
        discord.support,
        discord.base_url(),
        discord.application(),
    );
    (Site::open(database, NEAR, &config).await, discord)
}

async fn an_account_on_discord_opens_a_session_of_its_agent(database: Database) {
    let (site, discord) = on_discord(database, discord_app::SECRET).await;
    let camille = discord.person("Camille", &[]);
    site.desk().link_identity(&site.test.camille, "discord", &camille.id.to_string()).await.unwrap();
    let mut browser = site.browser();
    let door = browser.get("/admin/sign-in?next=/admin/support/outbox").await;
    let way =
        "href=\"/admin/sign-in/discord?next=%2Fadmin%2Fsupport%2Foutbox\">Se connecter avec Discord</a>";
    assert!(door.body.contains(way) && !door.body.contains("Slack"), "{}", door.body);
    let page = browser.leave("discord").await;
    assert!(browser.jar.contains_key("guichet-step"));
    let came = browser.follow(&camille.agrees(&page)).await;
    assert_eq!(led(&came), (303, Some("/admin/support/outbox")));
    assert!(
        came.head.contains("set-cookie: guichet=") && came.head.contains("SameSite=Strict"),
        "{}",
        came.head
    );
    assert!(!browser.jar.contains_key("guichet-step"), "it was good for this");
    // A browser that comes from elsewhere keeps the strict cookie back, until a page of ours asks.
    let session = browser.jar.remove("guichet").unwrap();
    let arrived = browser.send("GET", "/admin/support/outbox", "Sec-Fetch-Site: cross-site\r\n", "").await;
    assert!(arrived.body.contains("http-equiv=\"refresh\""), "{}", arrived.body);
    browser.jar.insert("guichet".into(), session);
    assert!(browser.get("/admin/support/outbox").await.body.contains("Camille"));
    let sessions = browser.get(ACCOUNT).await;
    assert!(sessions.body.contains("Ouverte par Discord"), "{}", sessions.body);
    // Nothing that Discord gave is left with us, and nobody new is on the desk.
    assert_eq!(site.desk().agents().await.unwrap().len(), 1);
}

async fn only_the_browser_that_left_for_discord_comes_back_and_once(database: Database) {
    let (mut site, discord) = on_discord(database, discord_app::SECRET).await;
    let camille = discord.person("Camille", &[]);
    site.desk().link_identity(&site.test.camille, "discord", &camille.id.to_string()).await.unwrap();
    let stranger = |answer: &Answer| {
        assert!(answer.status == 422 && answer.body.contains("n’a pas été commencée ici"), "{}", answer.body);
        assert!(!answer.head.contains("set-cookie: guichet="), "{}", answer.head);
    };
    let mut browser = site.browser();
    let address = camille.agrees(&browser.leave("discord").await);
    // Another browser, with nothing in hand or on a way of its own.
    stranger(&site.browser().follow(&address).await);
    let mut other = site.browser();
    other.leave("discord").await;
    stranger(&other.follow(&address).await);
    // The right browser with another state.
    let (path, state) = address.split_once("&state=").unwrap();
    stranger(&browser.follow(&format!("{path}&state={}", state.to_lowercase())).await);
    stranger(&browser.follow(path).await);
    // None of that used it up.
    assert_eq!(browser.follow(&address).await.status, 303);
    // The same again, with the cookie of then.
    let mut browser = site.browser();
    let address = camille.agrees(&browser.leave("discord").await);
    let step = browser.jar.clone();
    assert_eq!(browser.follow(&address).await.status, 303);
    browser.jar = step;
    stranger(&browser.follow(&address).await);
    // Discord's code a second time, on a way of its own.
    let used = address.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
    let mut browser = site.browser();
    let fresh = camille.agrees(&browser.leave("discord").await);
    let (path, rest) = fresh.split_once("code=").unwrap();
    let state = rest.split_once('&').unwrap().1;
    let replayed = browser.follow(&format!("{path}code={used}&{state}")).await;
    assert!(
        replayed.status == 502 && replayed.body.contains("Discord n’a pas confirmé"),
        "{}",
        replayed.body
    );
    // Too late.
    let mut browser = site.browser();
    let address = camille.agrees(&browser.leave("discord").await);
    site.elapse(Duration::minutes(10)).await;
    browser.address = site.address;
    stranger(&browser.follow(&address).await);
}

async fn nobody_comes_in_whom_discord_does_not_vouch_for_or_nobody_linked(database: Database) {
    let (site, discord) = on_discord(database, discord_app::SECRET).await;
    let marc = discord.person("Marc", &[]);
    let mut browser = site.browser();
    let answer = browser.round_trip("discord", |page| marc.agrees(page)).await;
    for said in [
        "Aucun CM n’est lié à ce compte Discord.",
        &format!("<code>guichet agent link NOM discord:{}</code>", marc.id),
    ] {
        assert!(answer.status == 422 && answer.body.contains(said), "{said}: {}", answer.body);
    }
    assert!(!browser.is_in().await);
    assert_eq!(site.desk().agents().await.unwrap().len(), 1, "nobody is made an agent");
    let answer = browser.round_trip("discord", |page| marc.declines(page)).await;
    assert!(
        answer.status == 422 && answer.body.contains("pas donné votre accord sur Discord"),
        "{}",
        answer.body
    );
    // One who was disabled is told so.
    site.desk().link_identity(&site.test.camille, "discord", &marc.id.to_string()).await.unwrap();
    site.desk().disable_agent(&site.test.camille).await.unwrap();
    let answer = browser.round_trip("discord", |page| marc.agrees(page)).await;
    assert!(answer.status == 422 && answer.body.contains("accès est désactivé"), "{}", answer.body);
    assert!(!browser.is_in().await);
    for nowhere in ["/admin/sign-in/slack", "/admin/sign-in/irc", "/admin/sign-in/slack/back"] {
        assert_eq!(browser.get(nowhere).await.status, 404, "{nowhere}");
    }
    // A secret that is not the application's.
    let (site, discord) = on_discord(database, "wrong").await;
    let marc = discord.person("Marc", &[]);
    let mut browser = site.browser();
    let answer = browser.round_trip("discord", |page| marc.agrees(page)).await;
    assert!(answer.status == 502 && !browser.is_in().await, "{}", answer.body);
}

// ---------- Slack

async fn on_slack(database: Database) -> (Site, Slack) {
    let slack = Slack::start().await;
    slack.with(|space| space.grants.redirects.insert(back(PUBLIC_URL, Platform::Slack)));
    let config = format!(
        "[slack]\nbot_token = \"xoxb-test\"\napp_token = \"xapp-test\"\nsupport_channel = \"C0SUPPORT\"\napi_url = \"{}\"\n\
         client_id = \"{}\"\nclient_secret = \"{}\"\n",
        slack.api_url(),
        slack_app::CLIENT,
        slack_app::SECRET,
    );
    (Site::open(database, PUBLIC_URL, &config).await, slack)
}

async fn an_account_on_slack_opens_a_session_of_its_agent(database: Database) {
    let (site, slack) = on_slack(database).await;
    let camille = slack.person("Camille", &[]);
    let mut browser = site.browser();
    let address = camille.agrees(&browser.leave("slack").await);
    assert!(browser.jar.contains_key("__Host-guichet-step"), "{:?}", browser.jar);
    let answer = browser.follow(&address).await;
    let said = "guichet agent link NOM slack:UCAMILLE</code>";
    assert!(answer.status == 422 && answer.body.contains(said), "{}", answer.body);
    site.desk().link_identity(&site.test.camille, "slack", &camille.id).await.unwrap();
    let answer = browser.round_trip("slack", |page| camille.agrees(page)).await;
    assert_eq!(led(&answer), (303, Some("/admin/support/outbox")));
    assert!(answer.head.contains("set-cookie: __Host-guichet=") && answer.head.contains("; Secure"));
    assert!(browser.get(ACCOUNT).await.body.contains("Ouverte par Slack"));
    assert_eq!(slack.violations(), [""; 0]);
}

async fn what_slack_says_of_others_opens_nothing(database: Database) {
    let (site, slack) = on_slack(database).await;
    let camille = slack.person("Camille", &[]);
    site.desk().link_identity(&site.test.camille, "slack", &camille.id).await.unwrap();
    let mut browser = site.browser();
    for forged in [
        ("nonce", serde_json::json!("another")),
        ("aud", serde_json::json!("333.444")),
        ("iss", serde_json::json!("https://slack.example")),
        ("exp", serde_json::json!(0)),
        ("sub", serde_json::json!("UMARC")),
    ] {
        slack.with(|space| space.grants.forged = Some(forged.clone()));
        let answer = browser.round_trip("slack", |page| camille.agrees(page)).await;
        assert!(answer.status == 502 && answer.body.contains("Slack n’a pas confirmé"), "{forged:?}");
    }
    slack.with(|space| (space.grants.forged, space.grants.team) = (None, Some("T2".into())));
    let answer = browser.round_trip("slack", |page| camille.agrees(page)).await;
    assert_eq!(answer.status, 502, "somebody of another workspace");
    assert!(!browser.is_in().await);
    slack.with(|space| space.grants.team = None);
    assert_eq!(browser.round_trip("slack", |page| camille.agrees(page)).await.status, 303);
}

// ---------- authenticators

async fn a_code_is_asked_for_once_it_was_confirmed(database: Database) {
    let site = Site::near(database).await;
    let mut browser = site.browser();
    browser.sign_in("Camille", PASSWORD).await;
    let page = browser.act(ACCOUNT, "/admin/account/totp", &[]).await;
    let secret = site.secret().await.unwrap();
    assert_eq!(secret.len(), 32, "160 bits");
    let groups: Vec<&str> = (0..8).map(|group| &secret[4 * group..4 * group + 4]).collect();
    for shown in [
        groups.join(" ").as_str(),
        &format!(
            "otpauth:&#x2f;&#x2f;totp&#x2f;BetTracker%20Pro:Camille?secret={secret}&amp;issuer=BetTracker%20Pro"
        ),
        "src=\"/admin/account/totp.svg\"",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let picture = browser.get("/admin/account/totp.svg").await;
    assert_eq!(picture.header("content-type"), Some("image/svg+xml"));
    assert!(
        picture.body.contains("<svg")
            && picture.header("content-security-policy").unwrap().contains("sandbox")
    );
    // Nothing counts yet.
    assert_eq!(led(&site.browser().sign_in("Camille", PASSWORD).await), IN);
    let wrong =
        browser.act("/admin/account/totp", "/admin/account/totp/confirm", &[("code", "000000")]).await;
    assert!(wrong.status == 422 && wrong.body.contains("Ce code n’est pas le bon"), "{}", wrong.body);
    let code = code_at(&secret, site.test.now).unwrap();
    let form = browser.get("/admin/account/totp").await;
    let fields = [("csrf", form.field("csrf")), ("key", form.field("key")), ("code", code)];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let done = browser.post("/admin/account/totp/confirm", &fields).await;
    assert_eq!((done.status, done.body.matches("<li><code>").count()), (200, 10), "{}", done.body);
    let again = browser.post("/admin/account/totp/confirm", &fields).await;
    let page = browser.get(again.header("location").expect("it leads to the account")).await;
    assert!(page.body.contains("ses codes de secours ne sont montrés qu’une fois"), "{}", page.body);
    assert_eq!(site.audit(2).await, [(AuditKind::TotpOn, "Camille".into())]);
    assert!(browser.get(ACCOUNT).await.body.contains("Codes de secours restants&nbsp;: 10."));
    for gone in ["/admin/account/totp", "/admin/account/totp.svg"] {
        assert_ne!(browser.get(gone).await.status, 200, "{gone}: the secret is not shown again");
    }
    // No other begins while one counts.
    browser.act(ACCOUNT, "/admin/account/totp", &[]).await;
    assert_eq!(site.secret().await, Some(secret));
    assert_eq!(led(&site.browser().sign_in("Camille", PASSWORD).await), TO_CODE);
}

async fn a_code_is_good_for_its_step_and_once(database: Database) {
    let mut site = Site::near(database).await;
    let (secret, _) = site.authenticator().await;
    let at = |site: &Site, seconds| code_at(&secret, site.test.now + Duration::seconds(seconds)).unwrap();
    let mut browser = site.browser();
    assert_eq!(led(&browser.sign_in("Camille", PASSWORD).await), TO_CODE);
    assert!(!browser.jar.contains_key("guichet") && !browser.is_in().await, "no session before the code");
    assert!(browser.get("/admin/sign-in/code").await.body.contains("Code de l’authentificateur"));
    // The step that confirmed it is used up.
    assert_eq!(browser.give_code(&at(&site, 0)).await.status, 422);
    assert!(!browser.is_in().await);
    site.elapse(Duration::seconds(90)).await;
    let mut browser = site.browser();
    browser.sign_in("Camille", PASSWORD).await;
    for (seconds, status) in [(-60, 422), (60, 422), (-30, 303)] {
        assert_eq!(browser.give_code(&at(&site, seconds)).await.status, status, "{seconds}");
    }
    assert!(browser.is_in().await && !browser.jar.contains_key("guichet-step"));
    // A session that the browser had ends with it, and not before.
    let before = browser.jar["guichet"].clone();
    assert_eq!(led(&browser.sign_in("Camille", PASSWORD).await), TO_CODE);
    assert!(browser.is_in().await);
    assert_eq!(led(&browser.give_code(&at(&site, 0)).await), IN);
    assert_ne!(browser.jar["guichet"], before);
    let mut earlier = site.browser();
    earlier.jar.insert("guichet".into(), before);
    assert!(!earlier.is_in().await);
    // The same code again, and the one before it.
    let mut other = site.browser();
    other.sign_in("Camille", PASSWORD).await;
    for seconds in [0, -30] {
        assert_eq!(other.give_code(&at(&site, seconds)).await.status, 422, "{seconds}");
    }
    // The next one is good, though early; a step that was used up by it lets nobody in twice.
    let step = other.jar.clone();
    assert_eq!(led(&other.give_code(&at(&site, 30)).await), IN);
    other.jar = step;
    site.elapse(Duration::seconds(60)).await;
    other.address = site.address;
    let late = other.give_code(&at(&site, 0)).await;
    assert!(late.status == 422 && late.body.contains("pas été donné à temps"), "{}", late.body);
    // Five minutes, and it is over.
    let mut slow = site.browser();
    slow.sign_in("Camille", PASSWORD).await;
    site.elapse(Duration::minutes(5)).await;
    slow.address = site.address;
    assert_eq!(led(&slow.get("/admin/sign-in/code").await), (303, Some("/admin/sign-in")));
    let late = slow.give_code(&at(&site, 0)).await;
    assert!(late.status == 422 && late.body.contains("pas été donné à temps"), "{}", late.body);
}

async fn a_recovery_code_is_good_once_and_wrong_codes_are_counted(database: Database) {
    let mut site = Site::near(database).await;
    let (secret, codes) = site.authenticator().await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    let mut browser = site.browser();
    browser.sign_in("Camille", PASSWORD).await;
    assert_eq!(led(&browser.give_code(&typed).await), IN);
    assert!(browser.get(ACCOUNT).await.body.contains("Codes de secours restants&nbsp;: 9."));
    assert_eq!(site.audit(1).await, [(AuditKind::RecoveryUsed, "Camille".into())]);
    let mut again = site.browser();
    again.sign_in("Camille", PASSWORD).await;
    assert_eq!(again.give_code(&typed).await.status, 422, "each once");
    for wrong in ["", "123", "AAAA-AAAA-AAAA-AAAA", "<b>"] {
        assert_eq!(again.give_code(wrong).await.status, 422, "{wrong}");
    }
    let locked = again.give_code(&codes[4]).await;
    assert!(
        locked.status == 429 && locked.body.contains("Réessayez dans 5\u{a0}minutes."),
        "{}",
        locked.body
    );
    // Neither the password nor another browser is a way around.
    let mut other = site.browser();
    other.sign_in("Camille", PASSWORD).await;
    assert_eq!(other.give_code(&codes[4]).await.status, 429);
    assert!(!other.is_in().await && !again.is_in().await);
    site.elapse(Duration::minutes(5)).await;
    let mut later = site.browser();
    later.sign_in("Camille", PASSWORD).await;
    assert_eq!(led(&later.give_code(&code_at(&secret, site.test.now).unwrap()).await), IN);
}

async fn a_code_is_asked_for_whatever_the_road(database: Database) {
    let (mut site, discord) = on_discord(database, discord_app::SECRET).await;
    let camille = discord.person("Camille", &[]);
    site.desk().link_identity(&site.test.camille, "discord", &camille.id.to_string()).await.unwrap();
    let (secret, _) = site.authenticator().await;
    site.elapse(Duration::minutes(1)).await;
    let code = code_at(&secret, site.test.now).unwrap();
    let mut browser = site.browser();
    assert_eq!(led(&browser.round_trip("discord", |page| camille.agrees(page)).await), TO_CODE);
    assert!(!browser.is_in().await);
    let done = browser.give_code(&code).await;
    assert_eq!(led(&done), (303, Some("/admin/support/outbox")), "and leads where it was to lead");
    assert!(browser.get(ACCOUNT).await.body.contains("Ouverte par Discord"));
    // What waits for a code is no way back from Discord, nor the other way round.
    let mut browser = site.browser();
    browser.leave("discord").await;
    assert_eq!(led(&browser.get("/admin/sign-in/code").await), (303, Some("/admin/sign-in")));
    let link = site.desk().invite(&site.test.camille).await.unwrap();
    let fields = [("code", link.as_str()), ("password", NEW_PASSWORD), ("again", NEW_PASSWORD)];
    let mut browser = site.browser();
    assert_eq!(led(&browser.post("/admin/first", &fields).await), TO_CODE);
    assert!(!browser.is_in().await);
    // Whoever is disabled meanwhile does not come in.
    site.desk().disable_agent(&site.test.camille).await.unwrap();
    site.desk().enable_agent(&site.test.camille).await.unwrap();
    assert_eq!(led(&browser.get("/admin/sign-in/code").await), (303, Some("/admin/sign-in")));
}

async fn an_authenticator_is_turned_off_with_password_and_code(database: Database) {
    let mut site = Site::near(database).await;
    let mut browser = site.browser();
    browser.sign_in("Camille", PASSWORD).await;
    let (secret, codes) = site.authenticator().await;
    site.elapse(Duration::minutes(1)).await;
    browser.address = site.address;
    let code = code_at(&secret, site.test.now).unwrap();
    let off = "/admin/account/totp/off";
    for (password, code, said) in
        [("wrong", code.as_str(), "pas votre mot de passe"), (PASSWORD, "000000", "Ce code n’est pas le bon")]
    {
        let refused = browser.act(ACCOUNT, off, &[("password", password), ("code", code)]).await;
        assert!(refused.status == 422 && refused.body.contains(said), "{said}: {}", refused.body);
    }
    let done = browser.act(ACCOUNT, off, &[("password", PASSWORD), ("code", &code)]).await;
    assert!(done.status == 200 && done.body.contains("ne vous sera plus demandé"), "{}", done.body);
    assert_eq!(site.secret().await, None);
    assert_eq!(site.audit(1).await, [(AuditKind::TotpOff, "Camille".into())]);
    assert_eq!(led(&site.browser().sign_in("Camille", PASSWORD).await), IN);
    assert!(
        !site.desk().takes_code(&site.test.camille, &codes[0]).await.unwrap(),
        "their codes went with it"
    );
}

// ---------- one's own account

async fn another_password_ends_the_other_sessions(database: Database) {
    let site = Site::near(database).await;
    let (mut here, mut there) = (site.browser(), site.browser());
    here.sign_in("Camille", PASSWORD).await;
    there.sign_in("Camille", PASSWORD).await;
    let change = "/admin/account/password";
    for (old, password, again, said) in [
        ("wrong", NEW_PASSWORD, NEW_PASSWORD, "pas votre mot de passe actuel"),
        (PASSWORD, "court", "court", "de 12 à 1000\u{a0}caractères"),
        (PASSWORD, NEW_PASSWORD, PASSWORD, "ne sont pas les mêmes"),
    ] {
        let fields = [("old", old), ("password", password), ("again", again)];
        let refused = here.act(ACCOUNT, change, &fields).await;
        assert!(refused.status == 422 && refused.body.contains(said), "{said}: {}", refused.body);
    }
    assert!(there.is_in().await);
    let before = here.jar["guichet"].clone();
    let fields = [("old", PASSWORD), ("password", NEW_PASSWORD), ("again", NEW_PASSWORD)];
    let done = here.act(ACCOUNT, change, &fields).await;
    assert!(done.body.contains("Votre mot de passe est changé"), "{}", done.body);
    assert!(here.is_in().await && here.jar["guichet"] != before && !there.is_in().await);
    assert_eq!(there.sign_in("Camille", PASSWORD).await.status, 422);
    assert_eq!(led(&there.sign_in("Camille", NEW_PASSWORD).await), IN);
    let page = here.get(ACCOUNT).await;
    assert_eq!(
        (page.body.matches("Ouverte par mot de passe").count(), page.body.matches("(celle-ci)").count()),
        (2, 1)
    );
    let done = here.act(ACCOUNT, "/admin/account/sessions", &[]).await;
    assert!(done.body.contains("L’autre session est fermée."), "{}", done.body);
    assert!(here.is_in().await && !there.is_in().await);
    assert_eq!(
        site.audit(2).await,
        [(AuditKind::SessionsEnded, "Camille".into()), (AuditKind::PasswordSet, "Camille".into())]
    );
    // The old password is not to be guessed here either.
    for _ in 0..5 {
        let fields = [("old", "wrong"), ("password", PASSWORD), ("again", PASSWORD)];
        assert_eq!(here.act(ACCOUNT, change, &fields).await.status, 422);
    }
    let fields = [("old", NEW_PASSWORD), ("password", PASSWORD), ("again", PASSWORD)];
    let locked = here.act(ACCOUNT, change, &fields).await;
    assert!(locked.body.contains("Réessayez dans 5\u{a0}minutes."), "{}", locked.body);
    for forged in [change, "/admin/account/sessions", "/admin/account/totp", "/admin/account/totp/off"] {
        assert_eq!(here.post(forged, &[("csrf", "x"), ("key", "y")]).await.status, 403, "{forged}");
    }
}

async fn a_stranger_who_guesses_keeps_nobody_from_changing_their_password(database: Database) {
    let site = Site::near(database).await;
    let mut here = site.browser();
    here.sign_in("Camille", PASSWORD).await;
    for _ in 0..5 {
        assert_eq!(site.browser().sign_in("Camille", "wrong").await.status, 422);
    }
    assert_eq!(site.browser().sign_in("Camille", PASSWORD).await.status, 429);
    let fields = [("old", PASSWORD), ("password", NEW_PASSWORD), ("again", NEW_PASSWORD)];
    let done = here.act(ACCOUNT, "/admin/account/password", &fields).await;
    assert!(done.body.contains("Votre mot de passe est changé"), "{}", done.body);
    assert_eq!(
        site.browser().sign_in("Camille", NEW_PASSWORD).await.status,
        429,
        "that is no way round the wait"
    );
}

// ---------- the team

async fn the_team_is_seen_by_leads_and_changed_by_admins(database: Database) {
    let (site, mut admin) = Site::with_admin(database).await;
    let sam = site.agent("Sam", Role::Agent).await;
    site.agent("Alix", Role::Lead).await;
    let (mut agent, mut lead) = (site.browser(), site.browser());
    agent.sign_in("Sam", PASSWORD).await;
    lead.sign_in("Alix", PASSWORD).await;
    let his = format!("{TEAM}/{}", sam.id);
    let changes = [
        TEAM.to_owned(),
        format!("{his}/invite"),
        format!("{his}/role"),
        format!("{his}/link"),
        format!("{his}/unlink"),
        format!("{his}/sessions"),
        format!("{his}/disable"),
        format!("{his}/enable"),
        format!("{his}/totp"),
    ];
    for page in [TEAM, his.as_str()] {
        let refused = agent.get(page).await;
        assert!(refused.status == 409 && refused.body.contains("responsable"), "{}", refused.body);
        let seen = lead.get(page).await;
        assert!(seen.status == 200 && seen.body.contains("Sam"), "{}", seen.body);
        assert_eq!(
            seen.body.matches("<form").count(),
            2,
            "to sign out, and to close the help: {}",
            seen.body
        );
        assert!(admin.get(page).await.body.matches("<form").count() > 2);
    }
    assert!(!agent.get("/admin/support").await.body.contains(">Équipe<"));
    assert!(lead.get("/admin/support").await.body.contains(">Équipe<"));
    for (browser, needed) in [(&mut agent, "responsable d’équipe"), (&mut lead, "administrateur")] {
        let form = browser.get(ACCOUNT).await;
        let (csrf, key) = (form.field("csrf"), form.field("key"));
        for path in &changes {
            let fields = [
                ("csrf", csrf.as_str()),
                ("key", &key),
                ("role", "admin"),
                ("name", "Mallory"),
                ("account", "discord:1"),
            ];
            let refused = browser.post(path, &fields).await;
            assert!(refused.status == 409 && refused.body.contains(needed), "{path}: {}", refused.body);
        }
    }
    for path in &changes {
        assert_eq!(admin.post(path, &[("csrf", "x"), ("key", "y")]).await.status, 403, "{path}");
        assert_eq!(site.browser().post(path, &[]).await.status, 403, "{path}");
    }
    assert_eq!(site.audit(9).await, []);
    let done = admin.act(&his, &format!("{his}/role"), &[("role", "lead")]).await;
    assert!(
        done.status == 200 && done.body.contains("Le rôle de Sam\u{a0}: responsable d’équipe."),
        "{}",
        done.body
    );
    assert_eq!(agent.get(TEAM).await.status, 200, "it counts at once");
    let done = admin.act(&his, &format!("{his}/sessions"), &[]).await;
    assert!(done.body.contains("La session de Sam est fermée.") && !agent.is_in().await, "{}", done.body);
    assert_eq!(
        site.audit(9).await,
        [(AuditKind::SessionsEnded, "Camille".into()), (AuditKind::RoleSet, "Camille".into())]
    );
    let log = admin.get("/admin/support/audit").await;
    assert!(log.body.contains("rôle de Sam changé\u{a0}: responsable d’équipe"), "{}", log.body);
    for nowhere in [format!("{TEAM}/99"), format!("{TEAM}/x")] {
        assert_eq!(admin.get(&nowhere).await.status, 404, "{nowhere}");
    }
}

async fn the_last_admin_stays_one(database: Database) {
    let (site, mut admin) = Site::with_admin(database).await;
    let hers = format!("{TEAM}/{}", site.test.camille.id);
    for (path, fields) in [("role", &[("role", "lead")][..]), ("disable", &[])] {
        let refused = admin.act(&hers, &format!("{hers}/{path}"), fields).await;
        assert!(refused.status == 422 && refused.body.contains("dernier administrateur"), "{}", refused.body);
    }
    let alix = site.agent("Alix", Role::Admin).await;
    site.desk().disable_agent(&alix).await.unwrap();
    let refused = admin.act(&hers, &format!("{hers}/role"), &[("role", "lead")]).await;
    assert!(refused.body.contains("dernier administrateur"), "one who cannot act is none: {}", refused.body);
    site.desk().enable_agent(&alix).await.unwrap();
    // Of two who take each other's role at once, one comes second.
    let (one, two) = (site.desk().clone(), site.desk().clone());
    let (camille, other) = (site.test.camille.clone(), alix.clone());
    let (first, second) = tokio::join!(
        tokio::spawn(async move { one.set_role(&camille, Role::Lead).await }),
        tokio::spawn(async move { two.set_role(&other, Role::Lead).await }),
    );
    let done = [first.unwrap(), second.unwrap()];
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
    let admins = site.desk().agents().await.unwrap().into_iter().filter(|one| one.agent.role == Role::Admin);
    assert_eq!(admins.count(), 1);
}

async fn a_disabled_agent_comes_in_by_no_road_and_keeps_their_tickets(database: Database) {
    let (site, mut admin) = Site::with_admin(database).await;
    let sam = site.agent("Sam", Role::Agent).await;
    site.desk().link_identity(&sam, "discord", "7").await.unwrap();
    site.test
        .mail("From: lea@client.example\nTo: x\nSubject: s\nMessage-ID: <1@client.example>\n\nBonjour\n")
        .await;
    site.test.say("assign 1 Sam").await;
    let token = site.desk().make_api_token(sam.id, &guichet::domain::scope::Scope::ALL).await.unwrap();
    let mut browser = site.browser();
    browser.sign_in("Sam", PASSWORD).await;
    let link = site.desk().invite(&sam).await.unwrap();
    let his = format!("{TEAM}/{}", sam.id);
    let done = admin.act(&his, &format!("{his}/disable"), &[]).await;
    assert!(done.body.contains("désactivé") && done.body.contains("Rétablir son accès"), "{}", done.body);
    assert!(!browser.is_in().await);
    let refused = browser.sign_in("Sam", PASSWORD).await;
    assert!(refused.status == 422 && refused.body.contains("Votre accès est désactivé."), "{}", refused.body);
    let wrong = browser.sign_in("Sam", "wrong").await;
    assert!(wrong.body.contains("Nom ou mot de passe incorrect."), "only they are told");
    assert_eq!(browser.get(&format!("/admin/first?code={link}")).await.status, 410);
    assert_eq!(site.desk().agent_by_account(Platform::Discord, "7").await.unwrap(), None);
    assert_eq!(site.desk().disabled_account("discord", "7").await.unwrap(), Some("Sam".into()));
    assert_eq!(site.desk().api_token(&token).await.unwrap(), None);
    assert!(site.desk().invite(&sam).await.is_err());
    let ticket = site.desk().ticket(guichet::domain::ids::TicketId(1)).await.unwrap().unwrap();
    assert_eq!(ticket.assignee.as_deref(), Some("Sam"));
    let refused = site.test.try_say("assign 1 Sam").await.unwrap_err();
    assert!(format!("{refused:?}").contains("AgentDisabled"), "{refused:?}");
    let page = admin.get("/admin/support/tickets/1").await;
    assert!(!page.body.contains("<option value=\"Sam\""), "they get no other: {}", page.body);
    admin.act(&his, &format!("{his}/enable"), &[]).await;
    assert!(!browser.is_in().await, "what was ended stays so");
    assert_eq!(led(&browser.sign_in("Sam", PASSWORD).await), IN);
    assert!(site.desk().agent_by_account(Platform::Discord, "7").await.unwrap().is_some());
    let kinds: Vec<AuditKind> = site.audit(2).await.into_iter().map(|line| line.0).collect();
    assert_eq!(kinds, [AuditKind::AgentEnabled, AuditKind::AgentDisabled]);
}

async fn accounts_are_linked_and_unlinked_on_the_page(database: Database) {
    let (site, mut admin) = Site::with_admin(database).await;
    let sam = site.agent("Sam", Role::Agent).await;
    let his = format!("{TEAM}/{}", sam.id);
    for account in ["slack:U0123ABCD", " email:Sam@Firm.example "] {
        let done = admin.act(&his, &format!("{his}/link"), &[("account", account)]).await;
        assert!(done.status == 200 && done.body.contains("à Sam"), "{}", done.body);
    }
    let page = admin.get(&his).await;
    for shown in ["<code>U0123ABCD</code>", "<code>sam@firm.example</code>"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    for (path, account, said) in [
        ("link", "@sam", "n’est pas un compte"),
        ("link", "slack:<b>", "n’est pas un compte"),
        ("unlink", "slack:U9", "n’est pas lié à Sam"),
    ] {
        let refused = admin.act(&his, &format!("{his}/{path}"), &[("account", account)]).await;
        assert!(refused.status == 422 && refused.body.contains(said), "{said}: {}", refused.body);
    }
    admin.act(&his, &format!("{his}/unlink"), &[("account", "slack:U0123ABCD")]).await;
    assert_eq!(site.desk().agent_by_account(Platform::Slack, "U0123ABCD").await.unwrap(), None);
    let kinds: Vec<AuditKind> = site.audit(9).await.into_iter().map(|line| line.0).collect();
    assert_eq!(kinds, [AuditKind::AccountUnlinked, AuditKind::AccountLinked, AuditKind::AccountLinked]);
    // Who lost their authenticator is helped.
    let (_, codes) = site.authenticator().await;
    let hers = format!("{TEAM}/{}", site.test.camille.id);
    // An admin opens the account of others, their own with their password alone.
    for own in ["totp", "invite"] {
        let refused = admin.act(&hers, &format!("{hers}/{own}"), &[]).await;
        assert!(refused.body.contains("passez par «\u{a0}Mon compte"), "{own}: {}", refused.body);
    }
    site.agent("Alix", Role::Admin).await;
    let mut alix = site.browser();
    assert_eq!(led(&alix.sign_in("Alix", PASSWORD).await), IN);
    let done = alix.act(&hers, &format!("{hers}/totp"), &[]).await;
    assert!(done.body.contains("n’est plus demandé à Camille"), "{}", done.body);
    assert!(!site.desk().takes_code(&site.test.camille, &codes[0]).await.unwrap());
}

// ---------- a real browser

/// With pictures of what is seen: `GUICHET_DRAW_PAGES=folder cargo test`.
async fn a_browser_turns_an_authenticator_on_and_signs_in_with_it(database: Database) {
    let (site, _discord) = on_discord(database, discord_app::SECRET).await;
    site.desk().set_role(&site.test.camille, Role::Admin).await.unwrap();
    site.desk().link_identity(&site.test.camille, "email", "camille.durand@firm.example").await.unwrap();
    let sam = site.agent("Sam", Role::Agent).await;
    let invitation = site.desk().invite(&sam).await.unwrap();
    let (port, now) = (site.address.port(), site.test.now);
    let complaints = tokio::task::spawn_blocking(move || {
        let at = |place: &str| format!("http://localhost:{port}{place}");
        let draw = |page: &mut Chromium, name: &str| {
            if let Some(folder) = std::env::var_os("GUICHET_DRAW_PAGES") {
                page.picture(&Path::new(&folder).join(name));
            }
        };
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        let sign_in = |page: &mut Chromium| {
            page.go(&at("/admin/sign-in"));
            page.fill("input[name=name]", "Camille");
            page.fill("input[name=password]", PASSWORD);
            page.click(".door button");
        };
        let mut page = Chromium::open(390, 844);
        sign_in(&mut page);
        page.wait_for_text("Console");
        page.click(".who .name");
        page.wait_for_text("Sessions ouvertes");
        page.click("form[action='/admin/account/totp'] button");
        page.wait_until("document.querySelector('.qr')?.naturalWidth >= 240");
        let first = invitation.as_str();
        for (width, height, size) in [(390, 844, "phone"), (1280, 900, "desktop")] {
            let mut other = Chromium::open(width, height);
            for (place, name) in
                [("/admin/sign-in", "door"), (&format!("/admin/first?code={first}"), "first")]
            {
                other.go(&at(place));
                assert_eq!(other.evaluate(fits), true, "{place} sticks out of {size}");
                draw(&mut other, &format!("signing-in-{name}-{size}.png"));
            }
            sign_in(&mut other);
            other.wait_for_text("Console");
            for shade in ["light", "dark"] {
                if shade == "dark" {
                    other.prefer_dark();
                }
                for (place, name) in [
                    (ACCOUNT, "account"),
                    ("/admin/account/totp", "totp"),
                    (TEAM, "team"),
                    (&format!("{TEAM}/1"), "agent"),
                ] {
                    other.go(&at(place));
                    assert_eq!(other.evaluate(fits), true, "{place} sticks out of {size}");
                    draw(&mut other, &format!("signing-in-{name}-{size}-{shade}.png"));
                }
            }
            assert_eq!(other.complaints(), [""; 0]);
        }
        let secret = page.evaluate("document.querySelector('.secret').textContent.replaceAll(' ', '')");
        page.fill("input[name=code]", &code_at(secret.as_str().unwrap(), now).unwrap());
        page.press_enter();
        page.wait_for_text("Vos codes de secours");
        draw(&mut page, "signing-in-codes-phone.png");
        let code = page.evaluate("document.querySelector('.codes code').textContent");
        page.click(".who form button");
        page.wait_for_text("Se connecter avec Discord");
        sign_in(&mut page);
        page.wait_for_text("Votre code");
        page.fill("#code", "000000");
        page.press_enter();
        page.wait_for_text("Ce code n’est pas le bon");
        draw(&mut page, "signing-in-code-phone.png");
        page.fill("#code", code.as_str().unwrap());
        page.press_enter();
        page.wait_for_text("Console");
        page.complaints().to_vec()
    })
    .await
    .unwrap();
    // The browser notes that a form was answered 422.
    let complaints: Vec<&String> = complaints.iter().filter(|said| !said.contains("422")).collect();
    assert_eq!(complaints, [""; 0]);
}

// ---------- the built program

fn guichet(home: &Path, words: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_guichet")).args(words).current_dir(home).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap().replace('\u{a0}', " "))
}

#[test]
fn the_first_start_prints_the_way_in_and_the_next_ones_with_agents_do_not() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let home = folder.path();
    let config = format!("public_url = \"http://localhost:{port}\"\n[web]\nlisten = \"127.0.0.1:{port}\"\n");
    std::fs::write(home.join("bot.toml"), config).unwrap();
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
        let child = command.arg("serve").current_dir(home).stderr(Stdio::piped()).spawn().unwrap();
        let mut serving = Serving(child);
        // It says so before it serves; whoever stopped reading would stop it.
        let mut log = BufReader::new(serving.0.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("serving; stop with") && log.read_line(&mut said).unwrap() > 0 {}
        (serving, log, said)
    };
    let (serving, _log, said) = start();
    let link = said.split_whitespace().find(|word| word.contains("/admin/first?code="));
    let link = link.unwrap_or_else(|| panic!("no link in: {said}")).to_owned();
    assert!(link.starts_with(&format!("http://localhost:{port}/admin/first?code=")), "{link}");
    let page = wait_for("the pages", || {
        let path = link.split_once(&port.to_string()).unwrap().1;
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).ok()?;
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stream, &mut text).ok()?;
        Some(text)
    });
    assert!(page.contains("Le premier administrateur"), "{page}");
    drop(serving);
    assert_eq!(guichet(home, &["agent", "add", "Camille", "--role", "admin"]).0, Some(0));
    let (_serving, _log, said) = start();
    assert!(!said.contains("/admin/first"), "{said}");
}

#[test]
fn agents_are_changed_from_the_command_line_too() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    std::fs::write(home.join("bot.toml"), "public_url = \"https://support.example\"\n").unwrap();
    let done = |words: &[&str], said: &str| {
        let (code, text) = guichet(home, words);
        assert!(code == Some(0) && text.contains(said), "{words:?}: {text}");
    };
    let refused = |words: &[&str], code: i32, said: &str| {
        let (ended, text) = guichet(home, words);
        assert!(ended == Some(code) && text.contains(said), "{words:?}: {text}");
    };
    done(&["agent", "add", "Zoé", "--role", "admin"], "Zoé fait partie de l’équipe");
    done(&["agent", "add", "Sam"], "Sam fait partie de l’équipe");
    refused(&["agent", "role", "Zoé", "lead"], 1, "dernier administrateur");
    refused(&["agent", "disable", "zoe"], 1, "dernier administrateur");
    done(&["agent", "role", "Sam", "lead"], "Le rôle de Sam : responsable d’équipe.");
    done(&["agent", "link", "Sam", "discord:7"], "Le compte Discord est lié à Sam.");
    done(&["agent", "unlink", "Sam", "discord:7"], "Le compte Discord n’est plus lié à Sam.");
    refused(&["agent", "unlink", "Sam", "discord:7"], 1, "n’est pas lié à Sam");
    refused(&["agent", "link", "Sam", "@sam"], 2, "n’est pas un compte");
    done(&["agent", "invite", "Sam"], "https://support.example/admin/first?code=");
    done(&["agent", "totp", "Sam", "--off"], "n’est plus demandé à Sam");
    done(&["agent", "disable", "Sam"], "Sam ne peut plus se connecter");
    refused(&["agent", "invite", "Sam"], 1, "est désactivé");
    refused(&["--as", "Sam", "agent", "add", "Max"], 1, "est désactivé");
    done(&["agent", "list"], "Sam — responsable d’équipe, sans mot de passe (désactivé)");
    done(&["agent", "enable", "Sam"], "Sam peut de nouveau");
    done(&["audit"], "Ligne de commande : accès de Sam désactivé");
}
