//! The configuration as an operator meets it.

use super::*;

pub(super) const SERVERS: &str = "
[imap]
host = \"imap.example.org\"
username = \"support@example.org\"
password = \"imap-secret\"
[smtp]
host = \"smtp.example.org\"
username = \"support@example.org\"
password = \"smtp-secret\"
from = \"Support BetTracker Pro <support@example.org>\"
";

pub(super) fn parse(text: &str) -> Result<Config, Vec<Fault>> {
    Config::parse(text, [])
}

pub(super) fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn faults(text: &str) -> Vec<(String, Problem)> {
    parse(text).unwrap_err().into_iter().map(|fault| (fault.key, fault.problem)).collect()
}

/// The one fault of a text that has one.
pub(super) fn fault(text: &str) -> (String, Problem) {
    let faults = faults(text);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.into_iter().next().unwrap()
}

/// The one mailbox of a configuration that has one.
fn only_imap(config: Config) -> Imap {
    assert_eq!(config.imap.len(), 1);
    config.imap.into_iter().next().unwrap()
}

fn password_of(sign_in: &SignIn) -> String {
    match sign_in {
        SignIn::Password(password) => password.expose_secret().to_owned(),
        SignIn::OAuth2(oauth2) => panic!("{oauth2:?}"),
    }
}

fn problem(text: &str) -> Problem {
    fault(text).1
}

#[test]
fn the_example_says_the_defaults_and_nothing_else() {
    assert_eq!(format!("{:?}", parse(EXAMPLE).unwrap()), format!("{:?}", parse(SERVERS).unwrap()));
    assert_eq!(parse(EXAMPLE).unwrap().database_url, parse("").unwrap().database_url);
}

#[test]
fn the_example_names_every_key_each_with_a_comment_above_it() {
    let (mut section, mut named, mut commented) = (String::new(), Vec::new(), false);
    for line in EXAMPLE.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        if let Some(name) = bare.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = format!("{name}.");
        }
        let key = bare.split_once(" = ").map(|(key, _)| key).filter(|key| !key.contains([' ', ':', '(']));
        if let Some(key) = key {
            assert!(commented, "`{section}{key}` has no comment");
            named.push(format!("{section}{key}"));
        }
        // One comment may serve a key and the variant that stands under it.
        commented = key.is_some() || (line.starts_with('#') && !line.contains(" = "));
    }
    named.sort();
    // Its keys are those of `imap.oauth2`, as the comment says.
    let mut known: Vec<String> = source::all_keys().filter(|key| !key.starts_with("smtp.oauth2.")).collect();
    known.sort();
    assert_eq!(named, known);
}

#[test]
fn without_a_file_everything_has_its_default() {
    let config = Config::load(None, []).unwrap();
    assert_eq!(config.brand, "BetTracker Pro");
    assert_eq!(config.public_url, "http://localhost:3000");
    assert_eq!(config.timezone, chrono_tz::Europe::Paris);
    assert_eq!(config.database_url, "sqlite://data/guichet.db");
    assert_eq!(config.web.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.rules(), Rules::default());
    assert!(config.imap.is_empty() && config.smtp.is_none());
    assert_eq!(config.inbox().unwrap_err(), Fault::new("imap", Problem::NoSide { folder: "maildir.inbox" }));
    assert_eq!(
        config.outbox().unwrap_err(),
        Fault::new("smtp", Problem::NoSide { folder: "maildir.outbox" })
    );
}

#[test]
fn all_faults_are_reported_at_once() {
    let text = "brnd = \"x\"\ntimezone = \"Europe/Pari\"\n[imap]\nsecurity = \"ssl\"\nport = 0\n[smtp]\nhost = 3\n[undo]\nwindow = \"2 h 3\"\n";
    let mut keys: Vec<String> = faults(text).into_iter().map(|(key, _)| key).collect();
    keys.sort();
    assert_eq!(
        keys,
        [
            "brnd",
            "imap.host",
            "imap.password",
            "imap.port",
            "imap.security",
            "imap.username",
            "smtp.from",
            "smtp.host",
            "timezone",
            "undo.window"
        ]
    );
}

#[test]
fn how_answers_find_their_ticket_is_read_from_the_file_and_the_environment() {
    let config = parse("[threading]\nplus_addresses = true\nreopen_window = \"30d\"\n").unwrap();
    assert!(config.threading.plus_addresses);
    assert_eq!(config.rules().reopen_window, Duration::from_secs(30 * DAY));
    let variable = ("GUICHET__THREADING__PLUS_ADDRESSES".to_owned(), "true".to_owned());
    assert!(Config::parse("", [variable]).unwrap().threading.plus_addresses);
    for text in
        ["plus_addresses = \"true\"", "plus_addresses = 1", "reopen_window = \"3651d\"", "reopen_window = 60"]
    {
        assert!(matches!(problem(&format!("[threading]\n{text}\n")), Problem::Wants(_)), "{text}");
    }
}

#[test]
fn how_long_what_is_kept_is_read_and_less_than_a_week_is_none() {
    assert_eq!(parse("[retention]").unwrap().rules().retention, Retention::default(), "for ever");
    let config = parse("[retention]\nraw_mails = \"365d\"\nclosed_tickets = \"1095d\"\n").unwrap();
    let days = |days| Some(Duration::from_secs(days * DAY));
    let kept = Retention { raw_mails: days(365), closed_tickets: days(1095) };
    assert_eq!(config.rules().retention, kept);
    for text in ["raw_mails = \"6d\"", "closed_tickets = \"0s\"", "raw_mails = \"36501d\"", "raw_mails = 365"]
    {
        assert!(matches!(problem(&format!("[retention]\n{text}\n")), Problem::Wants(_)), "{text}");
    }
}

#[test]
fn an_empty_section_still_asks_for_what_it_needs() {
    assert_eq!(faults("[imap]").len(), 3);
    assert!(parse("[maildir]\n[web]").is_ok());
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    for (text, key, nearest) in [
        ("bradn = \"x\"", "bradn", "brand"),
        ("[web]\nlisten_on = \"x\"", "web.listen_on", "web.listen"),
        ("[smpt]\nhost = \"x\"", "smpt", "smtp"),
        ("[limits]\nmax_mail_byte = 1", "limits.max_mail_byte", "limits.max_mail_bytes"),
        ("[webb]", "webb", "web"),
    ] {
        assert_eq!(fault(text), (key.into(), Problem::Unknown { nearest: nearest.into() }));
    }
    let faults = Config::parse("", environment(&[("GUICHET__WEB__LISTN", "x")])).unwrap_err();
    assert_eq!(faults, [Fault::new("web.listn", Problem::Unknown { nearest: "web.listen".into() })]);
}

#[test]
fn our_other_addresses_are_a_list_and_commas_part_them_in_the_environment() {
    let own = |config: Config| config.own_addresses;
    assert_eq!(own(parse("").unwrap()), [""; 0]);
    let two = ["aide@example.org", "Contact@Example.org"];
    assert_eq!(own(parse("own_addresses = [\"aide@example.org\", \"Contact@Example.org\"]").unwrap()), two);
    let variable = environment(&[("GUICHET__OWN_ADDRESSES", "aide@example.org, Contact@Example.org,")]);
    assert_eq!(own(Config::parse("own_addresses = [\"x@example.org\"]", variable).unwrap()), two);
    for wrong in ["\"aide@example.org\"", "[\"aide\"]", "[\"Aide <aide@example.org>\"]", "[1]", "[\"\"]"] {
        let text = format!("own_addresses = {wrong}");
        assert_eq!(fault(&text), ("own_addresses".into(), Problem::Wants(Wanted::Addresses)), "{wrong}");
    }
}

#[test]
fn the_mail_server_that_is_believed_has_a_name_of_its_own() {
    let of = |text: &str| parse(text).unwrap().imap.remove(0).authserv_id;
    assert_eq!(of(SERVERS), None);
    assert_eq!(
        of(&SERVERS.replace("[imap]", "[imap]\nauthserv_id = \"mx.example.org \"")).as_deref(),
        Some("mx.example.org")
    );
}

#[test]
fn a_key_of_a_door_that_this_version_lacks_is_taken_and_named() {
    let config = Config::parse("", environment(&[("GUICHET__BLOBS__DIR", "x")])).unwrap();
    assert_eq!(config.later, ["blobs"]);
}

#[test]
fn plain_text_goes_to_this_machine_only() {
    let plain =
        |host: &str| SERVERS.replace("\"imap.example.org\"", &format!("\"{host}\"\nsecurity = \"none\""));
    for host in ["localhost", "127.0.0.1", "::1"] {
        assert_eq!(only_imap(parse(&plain(host)).unwrap()).port, 143);
    }
    assert_eq!(fault(&plain("10.0.0.7")), ("imap.security".into(), Problem::PlainText));
    assert_eq!(fault("public_url = \"http://aide.example\""), ("public_url".into(), Problem::PlainText));
    assert_eq!(parse("public_url = \"https://aide.example/\"").unwrap().public_url, "https://aide.example");
    let root = ("public_url".to_owned(), Problem::Wants(Wanted::PublicRoot));
    assert_eq!(fault("public_url = \"https://aide.example/support/\""), root);
    let database = "[database]\nurl = \"postgres://u:p@db.example/g\"";
    assert_eq!(fault(database), ("database.url".into(), Problem::PlainText));
    let near = "[database]\nurl = \"postgres:///g\"";
    assert!(parse(near).is_ok());
    let faults = Config::parse(near, environment(&[("PGHOST", "db.example")])).unwrap_err();
    assert_eq!(faults, [Fault::new("database.url", Problem::PlainText)]);
}

#[test]
fn the_port_follows_the_security() {
    for (security, imap, smtp) in [("tls", 993, 465), ("starttls", 143, 587)] {
        let line = format!("[imap]\nsecurity = \"{security}\"");
        let text = SERVERS.replace("[imap]", &line).replace("[smtp]", &line.replace("imap", "smtp"));
        let config = parse(&text).unwrap();
        assert_eq!((config.imap[0].port, config.smtp.unwrap().port), (imap, smtp));
    }
}

#[test]
fn a_secret_is_a_value_a_file_or_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "from-file\n").unwrap();
    let by_file = SERVERS.replace("password = \"imap-secret\"", &format!("password_file = {file:?}"));
    let password = |config: Config| password_of(&only_imap(config).sign_in);
    assert_eq!(password(parse(SERVERS).unwrap()), "imap-secret");
    assert_eq!(password(parse(&by_file).unwrap()), "from-file");
    let variable = environment(&[("GUICHET__IMAP__PASSWORD", "from-variable")]);
    assert_eq!(password(Config::parse(&by_file, variable.clone()).unwrap()), "from-variable");
    assert_eq!(password(Config::parse(SERVERS, variable).unwrap()), "from-variable");
    let of_file = environment(&[("GUICHET__IMAP__PASSWORD_FILE", file.to_str().unwrap())]);
    assert_eq!(password(Config::parse(SERVERS, of_file).unwrap()), "from-file");

    let both = by_file.replace("[smtp]", "password = \"x\"\n[smtp]");
    assert_eq!(fault(&both), ("imap.password".into(), Problem::Twice { other: "imap.password_file".into() }));
    let missing = by_file.replace("/secret", "/absent");
    assert!(matches!(fault(&missing), (key, Problem::Unreadable { .. }) if key == "imap.password_file"));
    std::fs::write(&file, "\n").unwrap();
    assert_eq!(fault(&by_file), ("imap.password_file".into(), Problem::Wants(Wanted::Text)));
}

#[test]
fn no_secret_is_ever_shown() {
    let text = format!("[database]\nurl = \"postgres://u:db-secret@localhost/g\"\n{SERVERS}");
    let shown = format!("{:?}", parse(&text).unwrap());
    assert!(!shown.contains("-secret"), "{shown}");
    let wrong = SERVERS
        .replace("\"imap-secret\"", "\"imap-secret\\n\"")
        .replace("\"smtp-secret\"", "[\"smtp-secret\"]");
    let shown = format!("{:?}", parse(&wrong).unwrap_err());
    assert!(!shown.contains("-secret"), "{shown}");
}

#[test]
fn each_side_is_a_server_or_a_folder() {
    let config = parse("[maildir]\ninbox = \"in\"\noutbox = \"out\"").unwrap();
    assert!(matches!(config.inbox().unwrap(), Inbox::Maildir(path) if path == Path::new("in")));
    assert!(matches!(config.outbox().unwrap(), Outbox::Maildir(path) if path == Path::new("out")));
    let both = format!("{SERVERS}[maildir]\ninbox = \"in\"");
    assert_eq!(fault(&both), ("maildir.inbox".into(), Problem::Twice { other: "imap".into() }));
}

#[test]
fn an_account_needs_its_password_and_the_other_way_round() {
    let without = |line: &str| SERVERS.replacen(line, "", 1);
    assert_eq!(fault(&without("password = \"smtp-secret\"")), ("smtp.password".into(), Problem::Missing));
    let nobody = without("password = \"smtp-secret\"");
    let (imap, smtp) = nobody.split_once("[smtp]").unwrap();
    let nobody = format!("{imap}[smtp]{}", smtp.replace("username = \"support@example.org\"", ""));
    assert!(parse(&nobody).unwrap().smtp.unwrap().username.is_none());
}

#[test]
fn numbers_come_from_the_environment_too() {
    let config =
        Config::parse(SERVERS, environment(&[("GUICHET__IMAP__PORT", "1143"), ("GUICHET_LOG", "debug")]));
    assert_eq!(only_imap(config.unwrap()).port, 1143);
    let text = SERVERS.replace("[imap]", "[imap]\nport = \"1143\"");
    assert_eq!(problem(&text), Problem::Wants(Wanted::Number(1, 65_535)));
}

#[test]
fn bytes_that_are_no_text_are_refused_wherever_they_come_from() {
    let faults = Config::parse("", environment(&[("GUICHET__BRAND", "Aide \u{fffd}")])).unwrap_err();
    assert_eq!(faults, [Fault::new("brand", Problem::Wants(Wanted::Text))]);
    let is_ours = |name: &str| name.starts_with("GUICHET__") || checks::POSTGRES_VARIABLES.contains(&name);
    assert!(super::environment().iter().all(|(name, _)| is_ours(name)));
}

#[test]
fn a_value_of_another_type_is_told_what_is_wanted() {
    for (text, key, wanted) in [
        ("[undo]\nwindow = 20", "undo.window", Wanted::Duration(0, 3600)),
        ("[undo]\nwindow = \"\"", "undo.window", Wanted::Duration(0, 3600)),
        ("[web]\nlisten = 3000", "web.listen", Wanted::SocketAddress),
        ("timezone = true", "timezone", Wanted::TimeZone),
        ("brand = 3", "brand", Wanted::Text),
    ] {
        assert_eq!(fault(text), (key.into(), Problem::Wants(wanted)), "{text}");
    }
    let faults = Config::parse("", environment(&[("GUICHET__UNDO__WINDOW", "20")])).unwrap_err();
    assert_eq!(faults, [Fault::new("undo.window", Problem::Wants(Wanted::Duration(0, 3600)))]);
}

#[test]
fn a_file_without_certificates_is_a_fault_of_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "no PEM\n").unwrap();
    let given = format!("ca_file = {file:?}\n");
    let secret = "AAAA".repeat(8);
    let endpoint =
        format!("[webhook]\nurl = \"https://app.example/hooks\"\nsecret = \"whsec_{secret}\"\n{given}");
    for (text, key) in [
        (SERVERS.replace("[smtp]", &format!("{given}[smtp]")), "imap.ca_file"),
        (format!("{SERVERS}{given}"), "smtp.ca_file"),
        (endpoint, "webhook.ca_file"),
    ] {
        let why = "it holds no certificate".to_owned();
        assert_eq!(fault(&text), (key.into(), Problem::NoCertificates { path: file.clone(), why }));
    }
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(problem(&format!("{SERVERS}{given}")), Problem::Unreadable { .. }));
}

#[test]
fn the_environment_alone_can_make_a_section() {
    let config = Config::parse(
        "",
        environment(&[
            ("GUICHET__SMTP__HOST", "localhost"),
            ("GUICHET__SMTP__SECURITY", "none"),
            ("GUICHET__SMTP__PORT", "2525"),
            ("GUICHET__SMTP__FROM", "support@example.org"),
        ]),
    );
    assert!(matches!(config.unwrap().outbox().unwrap(), Outbox::Smtp(smtp) if smtp.port == 2525));
}

#[test]
fn a_text_that_is_no_toml_names_the_line() {
    let (key, problem) = fault("brand = \"x\"\n\nport == 3\n");
    assert_eq!(key, "");
    assert!(matches!(problem, Problem::Syntax { line: 3, .. }), "{problem:?}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bot.toml");
    let faults = Config::load(Some(&path), []).unwrap_err();
    assert_eq!(faults[0].key, path.display().to_string());
    std::fs::write(&path, "brand").unwrap();
    assert_eq!(Config::load(Some(&path), []).unwrap_err()[0].key, path.display().to_string());
    std::fs::write(&path, "brand = \"Aide\"").unwrap();
    assert_eq!(Config::load(Some(&path), []).unwrap().brand, "Aide");
}

#[test]
fn what_becomes_of_a_mail_on_the_server_is_one_of_four() {
    for (word, is) in [
        ("keep", Some(AfterIngest::Keep)),
        ("seen", Some(AfterIngest::Seen)),
        ("move:Archives/2026", Some(AfterIngest::Move("Archives/2026".into()))),
        ("delete", Some(AfterIngest::Delete)),
        ("move:", None),
        ("burn", None),
    ] {
        assert_eq!(AfterIngest::from_word(word), is);
    }
}

#[test]
fn a_templates_folder_must_exist() {
    assert_eq!(problem("[templates]\ndir = \"no/such\""), Problem::NoFolder("no/such".into()));
}

pub(super) const TWO_MAILBOXES: &str = "
[[imap]]
host = \"imap.example.org\"
username = \"support@example.org\"
password = \"first-secret\"
[[imap]]
host = \"imap.example.org\"
username = \"ventes@example.org\"
password = \"second-secret\"
mailbox = \"Ventes\"
after_ingest = \"seen\"
start = \"beginning\"
";

#[test]
fn several_mailboxes_each_have_their_own_settings() {
    let config = parse(TWO_MAILBOXES).unwrap();
    let [first, second] = config.imap.as_slice() else { panic!("{:?}", config.imap) };
    assert_eq!((first.section.as_str(), first.label.as_str()), ("imap[1]", "INBOX@imap.example.org"));
    assert_eq!((second.section.as_str(), second.label.as_str()), ("imap[2]", "Ventes@imap.example.org"));
    assert_eq!((&first.after_ingest, first.start), (&AfterIngest::Keep, Start::Now));
    assert_eq!((&second.after_ingest, second.start), (&AfterIngest::Seen, Start::Beginning));
    assert!(matches!(config.inbox().unwrap(), Inbox::Imap([_, _])));
    let one = only_imap(parse(SERVERS).unwrap());
    assert_eq!((one.section.as_str(), one.label.as_str()), ("imap", "INBOX@imap.example.org"));
}

#[test]
fn mailboxes_of_one_name_on_one_host_are_told_apart_without_their_accounts() {
    let config = parse(&TWO_MAILBOXES.replace("mailbox = \"Ventes\"\n", "")).unwrap();
    let labels: Vec<&str> = config.imap.iter().map(|imap| imap.label.as_str()).collect();
    assert_eq!(labels, ["INBOX@imap.example.org", "INBOX@imap.example.org#2"]);
}

#[test]
fn a_fault_of_one_of_several_mailboxes_names_its_key() {
    let without = |line: &str| TWO_MAILBOXES.replace(line, "");
    assert_eq!(
        fault(&without("password = \"second-secret\"")),
        ("imap[2].password".into(), Problem::Missing)
    );
    assert_eq!(fault(&without("password = \"first-secret\"")), ("imap[1].password".into(), Problem::Missing));
    let unknown = TWO_MAILBOXES.replace("start =", "strat =");
    let nearest = "imap[2].start".to_owned();
    assert_eq!(fault(&unknown), ("imap[2].strat".into(), Problem::Unknown { nearest }));
    let wrong = TWO_MAILBOXES.replace("\"seen\"", "\"burn\"");
    assert_eq!(fault(&wrong), ("imap[2].after_ingest".into(), Problem::Wants(Wanted::AfterIngest)));
    let plain = TWO_MAILBOXES.replace("mailbox = ", "security = \"none\"\nmailbox = ");
    assert_eq!(fault(&plain), ("imap[2].security".into(), Problem::PlainText));
    let both = format!("{TWO_MAILBOXES}password_file = \"x\"");
    let other = "imap[2].password_file".to_owned();
    assert_eq!(fault(&both), ("imap[2].password".into(), Problem::Twice { other }));
}

#[test]
fn one_mailbox_given_twice_is_a_fault() {
    let twice = TWO_MAILBOXES.replace("ventes@", "support@").replace("\"Ventes\"", "\"Inbox\"");
    let other = "imap[1].mailbox".to_owned();
    assert_eq!(fault(&twice), ("imap[2].mailbox".into(), Problem::SameMailbox { other }));
    let other_folder = TWO_MAILBOXES.replace("ventes@", "support@");
    assert_eq!(parse(&other_folder).unwrap().imap.len(), 2);
}

#[test]
fn a_variable_without_a_number_means_the_first_mailbox() {
    let passwords = |text: &str, pairs: &[(&str, &str)]| -> Vec<String> {
        let config = Config::parse(text, environment(pairs)).unwrap();
        config.imap.iter().map(|imap| password_of(&imap.sign_in)).collect()
    };
    let second = ("GUICHET__IMAP__2__PASSWORD", "b");
    assert_eq!(passwords(TWO_MAILBOXES, &[("GUICHET__IMAP__PASSWORD", "a"), second]), ["a", "b"]);
    assert_eq!(passwords(TWO_MAILBOXES, &[("GUICHET__IMAP__1__PASSWORD", "a")]), ["a", "second-secret"]);
    assert_eq!(passwords(SERVERS, &[("GUICHET__IMAP__1__PASSWORD", "a")]), ["a"]);
    let added = [("GUICHET__IMAP__2__HOST", "imap.example.net"), ("GUICHET__IMAP__2__USERNAME", "u"), second];
    assert_eq!(passwords(SERVERS, &added), ["imap-secret", "b"]);
    // A secret in a file of the file's gives way too.
    let by_file = TWO_MAILBOXES.replace("password = \"second-secret\"", "password_file = \"/absent\"");
    assert_eq!(passwords(&by_file, &[second]), ["first-secret", "b"]);
}

#[test]
fn a_variable_of_a_mailbox_that_is_not_there_asks_for_the_rest_of_it() {
    let faults = Config::parse(SERVERS, environment(&[("GUICHET__IMAP__3__PORT", "1143")])).unwrap_err();
    let mut keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
    keys.sort_unstable();
    let [host, password, username] = ["host", "password", "username"];
    let all = [2, 3].map(|n| [host, password, username].map(|key| format!("imap[{n}].{key}"))).concat();
    assert_eq!(keys, all);
    let faults =
        Config::parse(SERVERS, environment(&[("GUICHET__IMAP__4000000000__PORT", "1")])).unwrap_err();
    assert!(matches!(faults.as_slice(), [Fault { problem: Problem::Unknown { .. }, .. }]), "{faults:?}");
}

#[test]
fn what_is_no_mailbox_is_a_fault() {
    let section = Problem::Wants(Wanted::Section);
    assert_eq!(fault("imap = []"), ("imap".into(), section.clone()));
    assert_eq!(fault("imap = [3]"), ("imap[1]".into(), section.clone()));
    assert_eq!(fault("[[smtp]]\nhost = \"x\""), ("smtp".into(), section));
    assert!(matches!(fault("\"imap[2]\" = 3"), (key, Problem::Unknown { .. }) if key == "imap[2]"));
    let both = format!("{TWO_MAILBOXES}[maildir]\ninbox = \"in\"");
    assert_eq!(fault(&both), ("maildir.inbox".into(), Problem::Twice { other: "imap".into() }));
}

#[test]
fn a_canary_flies_only_where_an_interval_is_given() {
    assert_eq!(parse(SERVERS).unwrap().canary, None);
    assert_eq!(parse("[canary]").unwrap().canary, None);
    let canary = parse("[canary]\ninterval = \"1h\"\n").unwrap().canary.unwrap();
    let (hour, quarter) = (Duration::from_secs(3600), Duration::from_secs(900));
    assert_eq!(canary, Canary { interval: hour, to: None, patience: quarter });
    let missing = fault("[canary]\npatience = \"5m\"\n");
    assert_eq!(missing, ("canary.interval".into(), Problem::Missing));
    for to in ["x", "A <a@b.example>", "a@b.example, c@d.example"] {
        let text = format!("[canary]\ninterval = \"1h\"\nto = \"{to}\"\n");
        assert_eq!(fault(&text), ("canary.to".into(), Problem::Wants(Wanted::Address)));
    }
    let often = fault("[canary]\ninterval = \"30s\"\n");
    assert_eq!(often, ("canary.interval".into(), Problem::Wants(Wanted::Duration(60, DAY))));
}
