//! `guichet imap login` as an operator runs it, and what `serve` makes of a token that dies and comes back.

use crate::support::desk::OUR_ADDRESS;
use crate::support::dovecot::Dovecot;
use crate::support::oauth_server::{ACCOUNT, Mood, OAuthServer, get};
use crate::support::smtp::SmtpSink;
use crate::support::{free_port, wait_for};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// A running program; killed when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn guichet(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
    command.args(words).current_dir(home).stdin(Stdio::null());
    command
}

fn run(home: &Path, words: &[&str]) -> Output {
    guichet(home, words).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {text}")))
        .collect()
}

/// A home with a mailbox and a way out that share the tokens of one account.
fn configured(dovecot: &Dovecot, sink: &SmtpSink, provider: &OAuthServer, port: u16) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "public_url = \"http://localhost:{port}\"\n[web]\nlisten = \"127.0.0.1:{port}\"\n\
         [imap]\nhost = \"localhost\"\nport = {imaps}\nusername = \"{ACCOUNT}\"\noauth2 = {{ {keys} }}\n\
         ca_file = \"{ca}\"\nstart = \"beginning\"\npoll_interval = \"1s\"\n\
         [smtp]\nhost = \"localhost\"\nport = {smtp}\nsecurity = \"starttls\"\noauth2 = \"imap\"\nca_file = \"{sink_ca}\"\n\
         from = \"Support <{OUR_ADDRESS}>\"\n[undo]\nwindow = \"0s\"\n",
        imaps = dovecot.imaps_port,
        keys = provider.keys(),
        ca = dovecot.ca_pem.display(),
        smtp = sink.port,
        sink_ca = sink.ca_pem.display(),
    );
    std::fs::write(folder.path().join("bot.toml"), config).unwrap();
    folder
}

fn mail(n: u32) -> Vec<u8> {
    format!("From: lea@client.example\r\nSubject: question {n}\r\nMessage-ID: <{n}@client.example>\r\n\r\n{n} ?\r\n")
        .into_bytes()
}

/// Starts a sign-in by the browser and reads where to go; nothing is typed yet.
fn begin(home: &Path) -> (Running, Value) {
    let mut command = guichet(home, &["imap", "login", "--paste", "--json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let mut line = String::new();
    // Byte by byte: what follows belongs to the caller.
    let mut output = BufReader::with_capacity(1, running.0.stdout.as_mut().unwrap());
    output.read_line(&mut line).unwrap();
    (running, serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
}

fn end(mut running: Running) -> (Option<i32>, String, String) {
    let (mut said, mut log) = (String::new(), String::new());
    drop(running.0.stdin.take());
    running.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    running.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    (running.0.wait().unwrap().code(), said, log)
}

#[test]
fn a_pasted_address_opens_the_mailbox_and_the_way_out() {
    let provider = OAuthServer::start();
    let dovecot = Dovecot::start_with_tokens(&provider.url("introspect"));
    let sink = SmtpSink::start_with_tokens(&provider.url("introspect"));
    let folder = configured(&dovecot, &sink, &provider, free_port());
    let home = folder.path();
    // Before: both say what to do, and `check` too.
    let before = run(home, &["fetch"]);
    let said = String::from_utf8_lossy(&before.stderr).into_owned();
    assert_eq!(before.status.code(), Some(1));
    assert!(said.contains("guichet imap login"), "{said}");
    let checks = &lines(&run(home, &["check", "--json"]))[0];
    let token = checks.as_array().unwrap().iter().find(|check| check["check"] == "token").unwrap();
    assert_eq!(token["ok"], false, "{token}");

    let (mut running, step) = begin(home);
    assert_eq!((&step["step"], &step["account"]), (&"browser".into(), &ACCOUNT.into()));
    let ended_at = provider.agree(step["url"].as_str().unwrap());
    let typing = running.0.stdin.as_mut().unwrap();
    // A slip first, then somebody else's address, then the right one.
    typing.write_all(b"\nbonjour\nhttp://localhost:1/?code=x&state=y\n").unwrap();
    typing.write_all(format!("{ended_at}\n").as_bytes()).unwrap();
    let (code, said, log) = end(running);
    assert_eq!(code, Some(0), "{said}{log}");
    let steps: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named: Vec<&str> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(named, ["again", "again", "kept", "tried", "tried"], "{said}");
    assert!(steps[3]["ok"] == true && steps[3]["check"] == "inbox", "{said}");
    assert!(steps[4]["ok"] == true && steps[4]["check"] == "outbox", "{said}");
    for secret in ["access-", "refresh-", "client-secret", "xxxx"] {
        assert!(!said.contains(secret) && !log.contains(secret), "{secret}: {said}{log}");
    }

    dovecot.deliver(&mail(1));
    assert_eq!(lines(&run(home, &["fetch", "--json"]))[0]["tickets_created"], 1);
    run(home, &["ticket", "status", "1", "resolved", "--as", "Camille"]);
    run(home, &["ticket", "status", "1", "resolved"]);
    assert_eq!(lines(&run(home, &["deliver", "--json"]))[0]["sent"], 1);
    assert_eq!(sink.received()[0].user.as_deref(), Some(ACCOUNT));
    let checks = run(home, &["check"]);
    let said = String::from_utf8_lossy(&checks.stdout).into_owned();
    assert!(checks.status.success() && said.contains("✔ Autorisation"), "{said}");
    assert!(!provider.was_robbed());
    // The tokens lie in a file that is ours alone.
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(home.join("data/guichet.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_browser_on_this_machine_brings_the_code_by_itself() {
    let provider = OAuthServer::start();
    let dovecot = Dovecot::start_with_tokens(&provider.url("introspect"));
    let sink = SmtpSink::start_with_tokens(&provider.url("introspect"));
    let folder = configured(&dovecot, &sink, &provider, free_port());
    let (running, step) = begin(folder.path());
    let port: u16 = step["port"].as_u64().unwrap().try_into().unwrap();
    // Connections that browsers open in advance and never use, and visitors with something else in mind.
    let _idle: Vec<_> = (0..3).map(|_| std::net::TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    assert!(get(port, "/favicon.ico").starts_with("HTTP/1.1 404"));
    assert!(get(port, "/?code=x&state=y").starts_with("HTTP/1.1 404"));
    let ended_at = provider.agree(step["url"].as_str().unwrap());
    let path = ended_at.strip_prefix(&format!("http://localhost:{port}")).unwrap();
    let page = get(port, path);
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("Vous pouvez fermer cette page"), "{page}");
    let (code, said, log) = end(running);
    assert_eq!(code, Some(0), "{said}{log}");
}

#[test]
fn a_token_that_dies_is_told_on_every_road_and_a_sign_in_mends_serve_without_a_restart() {
    let provider = OAuthServer::start();
    let mut dovecot = Dovecot::start_with_tokens(&provider.url("introspect"));
    let sink = SmtpSink::start_with_tokens(&provider.url("introspect"));
    let port = free_port();
    let folder = configured(&dovecot, &sink, &provider, port);
    let home = folder.path();
    // By a code for another device; the person takes one question's time.
    provider.tell_devices(&["authorization_pending"]);
    let output = run(home, &["imap", "login"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "https://login.example/device",
        "WDJB-MJHT",
        "enregistrée",
        "✔ Courrier entrant",
        "✔ Courrier sortant",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let serve = guichet(home, &["serve"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut serving = Running(serve);
    let tickets = || lines(&run(home, &["ticket", "list", "--json"]))[0].as_array().unwrap().len();
    dovecot.deliver(&mail(1));
    wait_for("the first ticket", || (tickets() == 1).then_some(()));
    wait_for("readiness", || get(port, "/readyz").starts_with("HTTP/1.1 200").then_some(()));

    // The password was changed, say: nothing that was granted is good any more.
    provider.revoke_all();
    dovecot.restart();
    let unready = wait_for("the alert", || {
        let answer = get(port, "/readyz");
        answer.starts_with("HTTP/1.1 503").then_some(answer)
    });
    assert!(unready.contains("dead_token"), "{unready}");
    assert!(get(port, "/metrics").contains("guichet_alerts{kind=\"dead_token\"} 1"));
    dovecot.deliver(&mail(2));

    provider.tell_devices(&[]);
    let (mut running, step) = begin(home);
    let ended_at = provider.agree(step["url"].as_str().unwrap());
    running.0.stdin.as_mut().unwrap().write_all(format!("{ended_at}\n").as_bytes()).unwrap();
    let (code, said, log) = end(running);
    assert_eq!(code, Some(0), "{said}{log}");
    wait_for("the second ticket", || (tickets() == 2).then_some(()));
    wait_for("readiness", || get(port, "/readyz").starts_with("HTTP/1.1 200").then_some(()));
    assert!(!provider.was_robbed());

    let pid = serving.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(wait_for("the end", || serving.0.try_wait().unwrap()).code(), Some(0));
    let mut log = String::new();
    serving.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!(log.matches("something needs a person").count(), 1, "{log}");
    assert!(log.contains("invalid_grant"), "{log}");
    for secret in ["access-", "refresh-", "client-secret", "xxxx", "client.example"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[test]
fn a_stop_waits_for_the_answer_that_holds_the_next_refresh_token() {
    let (provider, port) = (OAuthServer::start(), free_port());
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let config = format!(
        "public_url = \"http://localhost:{port}\"\n[web]\nlisten = \"127.0.0.1:{port}\"\n\
         [imap]\nhost = \"localhost\"\nport = {nobody}\nusername = \"{ACCOUNT}\"\n\
         oauth2 = {{ {keys}, refresh_token = \"{token}\" }}\n",
        nobody = free_port(),
        keys = provider.keys(),
        token = provider.granted_before(),
    );
    std::fs::write(home.join("bot.toml"), config).unwrap();
    provider.be(Mood::HoldsBack);
    let mut serving = Running(guichet(home, &["serve"]).stderr(Stdio::piped()).spawn().unwrap());
    wait_for("the question", || (!provider.asked().is_empty()).then_some(()));
    let pid = serving.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let log = BufReader::new(serving.0.stderr.take().unwrap());
    let mut said = log.lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("waiting for what a provider of tokens answers")));
    provider.be(Mood::Sound);
    assert_eq!(wait_for("the end", || serving.0.try_wait().unwrap()).code(), Some(0));

    // The provider takes each refresh token once: without the one that came last, somebody had to sign in.
    let checks = &lines(&run(home, &["check", "--json"]))[0];
    let token = checks.as_array().unwrap().iter().find(|check| check["check"] == "token").unwrap();
    assert_eq!((&token["ok"], provider.was_robbed()), (&Value::Bool(true), false), "{token}");
}
