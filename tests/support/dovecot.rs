//! A real Dovecot 2.3 on loopback: plain IMAP and STARTTLS on one port, IMAPS on the other.
//!
//! Any user name has a mailbox of its own; the password is always `pass`. Works as root (the mail then belongs
//! to the account `mail`, because Dovecot serves nobody as root) and as a normal user.

use super::leash::Leash;
use super::tls::Certificates;
use super::{account, folder, free_port, is_root, program, tail, wait_for};
use chrono::{DateTime, Utc};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

/// Mails get rising file names: Dovecot numbers (UID) what lies in `new/` in their order.
static DELIVERED: AtomicU64 = AtomicU64::new(0);

/// A running Dovecot; ends when dropped.
pub struct Dovecot {
    /// Plain, and STARTTLS.
    pub imap_port: u16,
    /// TLS from the first byte.
    pub imaps_port: u16,
    /// The root that signed the server's certificate (for `localhost` and `127.0.0.1`).
    pub ca_pem: PathBuf,
    /// The user of the desk's own mailbox.
    pub user: &'static str,
    /// Everybody's password.
    pub password: &'static str,
    /// The Maildir of [`Dovecot::user`]'s INBOX.
    pub maildir: PathBuf,
    folder: PathBuf,
    program: PathBuf,
    leash: Option<Leash>,
}

impl Dovecot {
    /// Starts one, with empty mailboxes.
    ///
    /// # Panics
    /// When Dovecot is not installed, or does not answer.
    pub fn start() -> Dovecot {
        Dovecot::launch_first(None)
    }

    /// Starts one that also takes access tokens (XOAUTH2, OAUTHBEARER), and asks this address about each (RFC 7662).
    ///
    /// # Panics
    /// As [`Dovecot::start`].
    pub fn start_with_tokens(introspection_url: &str) -> Dovecot {
        Dovecot::launch_first(Some(introspection_url))
    }

    fn launch_first(introspection_url: Option<&str>) -> Dovecot {
        let sbin = [PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")];
        let program = program("dovecot", &sbin);
        let mut last_log = String::new();
        // Somebody else may take a port between our look and Dovecot's bind.
        for _ in 0..5 {
            let folder = folder("dovecot");
            let certificates = Certificates::make(&folder);
            let (imap_port, imaps_port) = (free_port(), free_port());
            write_configuration(&folder, &certificates, imap_port, imaps_port);
            if let Some(url) = introspection_url {
                take_tokens(&folder, url);
            }
            let mut dovecot = Dovecot {
                imap_port,
                imaps_port,
                ca_pem: certificates.ca_pem,
                user: "support",
                password: "pass",
                maildir: folder.join("mail/support"),
                program: program.clone(),
                folder,
                leash: None,
            };
            dovecot.make_mailbox("support");
            match dovecot.launch() {
                Ok(()) => return dovecot,
                Err(log) => last_log = log,
            }
        }
        panic!("Dovecot does not start:\n{last_log}");
    }

    /// Puts a mail into the INBOX of [`Dovecot::user`], byte for byte, as an MTA would: written aside, then renamed.
    pub fn deliver(&self, raw: &[u8]) {
        self.deliver_to(self.user, raw);
    }

    /// The same for a mail that arrived at this time: what IMAP calls its INTERNALDATE.
    pub fn deliver_at(&self, at: DateTime<Utc>, raw: &[u8]) {
        self.put(self.user, raw, Some(at));
    }

    /// Puts a mail into another user's INBOX.
    pub fn deliver_to(&self, user: &str, raw: &[u8]) {
        self.put(user, raw, None);
    }

    fn put(&self, user: &str, raw: &[u8], at: Option<DateTime<Utc>>) {
        let maildir = self.make_mailbox(user);
        let n = DELIVERED.fetch_add(1, Ordering::SeqCst);
        // Dovecot sorts by the number before the first dot.
        let name = format!("{}.M{n}P{}.localhost", 1_700_000_000 + n, std::process::id());
        let aside = maildir.join("tmp").join(&name);
        let mut file = std::fs::File::create(&aside).expect("the Maildir can be written");
        file.write_all(raw).expect("the Maildir can be written");
        if let Some(at) = at {
            // Dovecot takes the INTERNALDATE from the file's time of change.
            file.set_modified(at.into()).expect("it is our file");
        }
        give_to_dovecot(&aside);
        std::fs::rename(&aside, maildir.join("new").join(&name)).expect("tmp and new are on one disk");
    }

    /// The Maildir of a user's INBOX, made if it is not there. Dovecot keeps other mailboxes in it as `.Name`.
    pub fn make_mailbox(&self, user: &str) -> PathBuf {
        let maildir = self.folder.join("mail").join(user);
        for part in ["", "tmp", "new", "cur"] {
            let path = maildir.join(part);
            if !path.is_dir() {
                std::fs::create_dir_all(&path).expect("the Maildir can be made");
                give_to_dovecot(&path);
            }
        }
        maildir
    }

    /// The mails in a mailbox of [`Dovecot::user`], as they lie on disk: name of the file, with the flags, and bytes.
    /// `folder` is as Dovecot writes it: `""` for INBOX, `.Name` for another.
    pub fn mails_in(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        self.mails_of(self.user, folder)
    }

    /// The same for any user.
    pub fn mails_of(&self, user: &str, folder: &str) -> Vec<(String, Vec<u8>)> {
        let maildir = self.folder.join("mail").join(user).join(folder);
        let files = ["new", "cur"].into_iter().filter_map(|part| std::fs::read_dir(maildir.join(part)).ok());
        let mut mails: Vec<(String, Vec<u8>)> = files
            .flatten()
            .map(|file| file.expect("the Maildir can be read"))
            .map(|file| {
                let bytes = std::fs::read(file.path()).expect("a mail can be read");
                (file.file_name().into_string().expect("Dovecot names files in ASCII"), bytes)
            })
            .collect();
        mails.sort();
        mails
    }

    /// Starts it again with every mail of [`Dovecot::user`]'s INBOX numbered anew, under another UIDVALIDITY, as
    /// after a restored backup.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn number_anew(&mut self) {
        self.kill();
        for path in files_below(&self.maildir) {
            if name_of(&path).starts_with("dovecot") {
                std::fs::remove_file(path).expect("nobody else removes it");
            }
        }
        self.restart();
    }

    /// Ends the server and every session of it, as a power cut would for a client; ports and mail stay for
    /// [`Dovecot::restart`].
    pub fn kill(&mut self) {
        if let Some(mut leash) = self.leash.take() {
            leash.stop_and_keep_the_folder();
        }
    }

    /// Starts it again on the same ports, with the same mail.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn restart(&mut self) {
        self.kill();
        // Whoever held a lock is dead; Dovecot would wait two minutes for it.
        for path in files_below(&self.folder.join("mail")) {
            if name_of(&path).ends_with(".lock") {
                std::fs::remove_file(path).expect("nobody else removes it");
            }
        }
        if let Err(log) = self.launch() {
            panic!("Dovecot does not start again:\n{log}");
        }
    }

    fn launch(&mut self) -> Result<(), String> {
        let log = self.folder.join("log");
        let configuration = self.folder.join("dovecot.conf");
        let (program, configuration) = (self.program.to_string_lossy(), configuration.to_string_lossy());
        let mut leash =
            Leash::start("KILL", &self.folder, &log, None, &[&program, "-F", "-c", &configuration]);
        let port = self.imap_port;
        let answers = wait_for("Dovecot's greeting", || {
            if !leash.is_running() {
                return Some(false);
            }
            let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
            let mut greeting = String::new();
            BufReader::new(stream).read_line(&mut greeting).ok()?;
            greeting.starts_with("* OK").then_some(true)
        });
        if !answers {
            return Err(tail(&log));
        }
        self.leash = Some(leash);
        Ok(())
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        if self.leash.take().is_none() {
            // Killed and not started again: no leash is left to clear up.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Adds the passdb that asks about tokens. Ours stands before the one that knows passwords only.
fn take_tokens(folder: &Path, introspection_url: &str) {
    let asks = format!(
        "introspection_mode = post\nintrospection_url = {introspection_url}\nusername_attribute = username\n\
         active_attribute = active\nactive_value = true\n"
    );
    std::fs::write(folder.join("oauth2.conf"), asks).expect("the server's folder can be written");
    let path = folder.join("dovecot.conf");
    let text = std::fs::read_to_string(&path).expect("it was just written");
    let passdb = format!(
        "auth_mechanisms = plain login xoauth2 oauthbearer\npassdb {{\n  driver = oauth2\n  \
         mechanisms = xoauth2 oauthbearer\n  args = {}/oauth2.conf\n}}\npassdb {{\n  driver = static",
        folder.display()
    );
    let text = text.replacen("passdb {\n  driver = static", &passdb, 1);
    std::fs::write(&path, text).expect("the server's folder can be written");
}

/// Every file below a folder, its folders' included.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the server's folder can be read") {
        let path = entry.expect("the server's folder can be read").path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// As root, mail and its folders belong to the account that Dovecot's mail processes run as.
fn give_to_dovecot(path: &Path) {
    if is_root() {
        let (user, group) = mail_account();
        std::os::unix::fs::chown(path, Some(user), Some(group)).expect("root may give a file away");
    }
}

fn mail_account() -> (u32, u32) {
    account("mail").expect("Debian and Ubuntu have the account `mail`")
}

fn write_configuration(folder: &Path, certificates: &Certificates, imap_port: u16, imaps_port: u16) {
    use std::os::unix::fs::PermissionsExt;
    let (user, accounts) = if is_root() {
        let (user, group) = mail_account();
        (format!("uid={user} gid={group}"), String::new())
    } else {
        let name = |flag| super::run(Command::new("id").arg(flag)).trim().to_owned();
        // A normal user cannot change to Dovecot's own accounts, nor chroot.
        let (me, us) = (name("-un"), name("-gn"));
        let accounts = format!(
            "default_internal_user = {me}\ndefault_login_user = {me}\ndefault_internal_group = {us}\n\
             service anvil {{\n  chroot =\n}}\n"
        );
        (format!("uid={} gid={}", name("-u"), name("-g")), accounts)
    };
    let here = folder.display();
    let (cert, key) = (certificates.cert_pem.display(), certificates.key_pem.display());
    let chroot = if is_root() { "" } else { "  chroot =\n" };
    let text = format!(
        "base_dir = {here}/run
state_dir = {here}/state
log_path = {here}/log
protocols = imap
listen = 127.0.0.1
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
first_valid_uid = 1
mail_location = maildir:{here}/mail/%u
mail_max_userip_connections = 200
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
passdb {{
  driver = static
  args = password=pass
}}
userdb {{
  driver = static
  args = {user} home={here}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
{accounts}service imap-login {{
{chroot}  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
"
    );
    std::fs::write(folder.join("dovecot.conf"), text).expect("the server's folder can be written");
    // Dovecot's processes run under several accounts: all must be able to pass through.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("it is our folder");
}
