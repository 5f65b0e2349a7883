//! A real SMTP server on loopback that keeps what it is sent: aiosmtpd, driven by `smtp_sink.py` beside this file.
//!
//! It offers STARTTLS and AUTH (PLAIN, LOGIN) on one port and TLS from the first byte on another, and can be
//! told to refuse or to break off, recipient by recipient.

use super::leash::Leash;
use super::tls::Certificates;
use super::{folder, on_path, tail, wait_for};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/smtp_sink.py");

/// A running SMTP server; ends when dropped.
pub struct SmtpSink {
    /// Plain, and STARTTLS.
    pub port: u16,
    /// TLS from the first byte.
    pub tls_port: u16,
    /// The root that signed the server's certificate (for `localhost` and `127.0.0.1`).
    pub ca_pem: PathBuf,
    /// Who may log in.
    pub user: &'static str,
    /// With this password.
    pub password: &'static str,
    folder: PathBuf,
    strict: bool,
    introspect: Option<String>,
    rules: Mutex<Map<String, Value>>,
    leash: Option<Leash>,
}

/// A mail as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// MAIL FROM.
    pub mail_from: String,
    /// Every RCPT TO.
    pub rcpt_to: Vec<String>,
    /// Whether the session was encrypted.
    pub tls: bool,
    /// Who was logged in.
    pub user: Option<String>,
    /// The bytes after DATA, dots unstuffed, lines as they came.
    pub raw: Vec<u8>,
}

/// What the server does instead of taking a mail. Replies are whole SMTP lines such as `450 4.2.0 Later`.
#[derive(Debug, Clone, Copy)]
pub enum Instead<'a> {
    /// Answers RCPT TO with this.
    RefuseRecipient(&'a str),
    /// Answers the end of DATA with this.
    RefuseMail(&'a str),
    /// Breaks the connection off at the end of DATA; the mail is lost.
    CutBeforeKeeping,
    /// Breaks the connection off at the end of DATA, instead of the 250; the mail has arrived.
    CutAfterKeeping,
}

impl SmtpSink {
    /// Starts one that takes mail with or without STARTTLS and AUTH; a wrong password is refused (535).
    ///
    /// # Panics
    /// When aiosmtpd is not installed, or does not start.
    pub fn start() -> SmtpSink {
        SmtpSink::launch_first(false, None)
    }

    /// Starts one that takes nothing before STARTTLS and AUTH.
    ///
    /// # Panics
    /// As [`SmtpSink::start`].
    pub fn start_strict() -> SmtpSink {
        SmtpSink::launch_first(true, None)
    }

    /// The same, and takes access tokens too (XOAUTH2); asks this address about each (RFC 7662).
    ///
    /// # Panics
    /// As [`SmtpSink::start`].
    pub fn start_with_tokens(introspection_url: &str) -> SmtpSink {
        SmtpSink::launch_first(true, Some(introspection_url.to_owned()))
    }

    /// All mails received so far, in order of arrival.
    pub fn mails(&self) -> Vec<Vec<u8>> {
        self.received().into_iter().map(|received| received.raw).collect()
    }

    /// All mails received so far with their envelopes, in order of arrival.
    pub fn received(&self) -> Vec<Received> {
        let mut names: Vec<_> = std::fs::read_dir(self.folder.join("new"))
            .expect("the sink's Maildir is there")
            .map(|entry| entry.expect("its entries can be read").file_name())
            .collect();
        names.sort();
        names.iter().map(|name| self.read(Path::new(name))).collect()
    }

    /// The Maildir the mails are in.
    pub fn maildir(&self) -> &Path {
        &self.folder
    }

    /// Mails for `recipient` are treated this way, the next `times` times (`None`: from now on). Several rules for
    /// one recipient are used up in the order in which they were given.
    pub fn instead(&self, recipient: &str, instead: Instead<'_>, times: Option<u32>) {
        let (rule, reply) = match instead {
            Instead::RefuseRecipient(reply) => ("refuse_recipient", reply),
            Instead::RefuseMail(reply) => ("refuse_mail", reply),
            Instead::CutBeforeKeeping => ("cut_before_keeping", ""),
            Instead::CutAfterKeeping => ("cut_after_keeping", ""),
        };
        let mut rules = self.rules.lock().expect("no test panics while it holds the rules");
        let id = rules.values().filter_map(Value::as_array).map(Vec::len).sum::<usize>();
        let of_recipient = rules.entry(recipient.to_lowercase()).or_insert_with(|| json!([]));
        let added = json!({ "id": id, "rule": rule, "reply": reply, "times": times });
        of_recipient.as_array_mut().expect("made as a list above").push(added);
        let aside = self.folder.join("tmp/rules.json");
        std::fs::write(&aside, Value::Object(rules.clone()).to_string())
            .expect("the sink's folder can be written");
        std::fs::rename(aside, self.folder.join("rules.json")).expect("tmp is on the same disk");
    }

    /// Ends the server and every session of it; ports and mails stay for [`SmtpSink::restart`].
    pub fn kill(&mut self) {
        if let Some(mut leash) = self.leash.take() {
            leash.stop_and_keep_the_folder();
        }
    }

    /// Starts it again on the same ports. Rules given with `times` begin to count anew.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.kill();
        self.launch();
    }

    fn launch_first(strict: bool, introspect: Option<String>) -> SmtpSink {
        let folder = folder("smtp");
        for part in ["tmp", "new", "cur", "envelopes"] {
            std::fs::create_dir(folder.join(part)).expect("the sink's folder can be written");
        }
        let ca_pem = Certificates::make(&folder).ca_pem;
        let (user, password) = ("support", "pass");
        let rules = Mutex::default();
        let mut sink = SmtpSink {
            port: 0,
            tls_port: 0,
            ca_pem,
            user,
            password,
            folder,
            strict,
            introspect,
            rules,
            leash: None,
        };
        sink.launch();
        sink
    }

    fn launch(&mut self) {
        let settings = json!({
            "user": self.user, "password": self.password, "strict": self.strict,
            "port": self.port, "tls_port": self.tls_port, "introspect": self.introspect,
        });
        let ports = self.folder.join("ports.json");
        let _ = std::fs::remove_file(&ports);
        std::fs::write(self.folder.join("settings.json"), settings.to_string()).expect("it is our folder");
        let log = self.folder.join("log");
        let (python, here) = (python(), self.folder.to_string_lossy().into_owned());
        let line = [&python.to_string_lossy(), "-W", "ignore", SCRIPT, &here];
        let mut leash = Leash::start("KILL", &self.folder, &log, None, &line);
        let listening = wait_for("the SMTP server's ports", || {
            assert!(leash.is_running(), "the SMTP server does not start:\n{}", tail(&log));
            serde_json::from_slice::<Value>(&std::fs::read(&ports).ok()?).ok()
        });
        let number = |key: &str| listening[key].as_u64().and_then(|port| port.try_into().ok());
        self.port = number("port").expect("the sink writes its port");
        self.tls_port = number("tls_port").expect("the sink writes its port");
        self.leash = Some(leash);
    }

    fn read(&self, name: &Path) -> Received {
        let raw = std::fs::read(self.folder.join("new").join(name)).expect("a mail of the sink can be read");
        let about = std::fs::read(self.folder.join("envelopes").join(name)).expect("its envelope came first");
        let about: Value = serde_json::from_slice(&about).expect("the sink writes JSON");
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Received {
            mail_from: text(&about["mail_from"]).unwrap_or_default(),
            rcpt_to: about["rcpt_to"].as_array().into_iter().flatten().filter_map(text).collect(),
            tls: about["tls"] == true,
            user: text(&about["user"]),
            raw,
        }
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        if self.leash.take().is_none() {
            // Killed and not started again: no leash is left to clear up.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// The first Python on PATH that has aiosmtpd: a Python of the user's own may stand before the system's.
fn python() -> PathBuf {
    on_path("python3")
        .into_iter()
        .find(|python| {
            let asked = Command::new(python).args(["-c", "import aiosmtpd"]).output();
            asked.is_ok_and(|output| output.status.success())
        })
        .unwrap_or_else(|| {
            panic!("no `python3` with aiosmtpd: run ./scripts/test, which installs what the tests need")
        })
}
