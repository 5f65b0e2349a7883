//! Signed mail as receivers see it: every mail that leaves by SMTP is verified by another implementation, which finds the key in
//! DNS; and `guichet check` tells an operator what is published, and what is to be.

use crate::faulty_smtp::{Act, FaultySmtp, SOUND, Script};
use crate::support::desk::{Database, OUR_ADDRESS, TestDesk};
use crate::support::dns::{DnsServer, Has};
use crate::support::free_port;
use crate::support::postgres::Postgres;
use crate::support::smtp::{Instead, SmtpSink};
use guichet::config::{Canary, Dkim, Security, Smtp};
use guichet::dkim::{PrivateKey, record_name};
use guichet::domain::delivery::Outcome;
use guichet::outbound::compose::Letterhead;
use guichet::outbound::published::{Line, check};
use guichet::outbound::smtp::SmtpCourier;
use guichet::outbound::{Courier, PostRoom, canary};
use guichet::wording::templates::Templates;
use mail_auth::hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

const DOMAIN: &str = "bettracker.example";
const SELECTOR: &str = "guichet";
const KEYS: [&str; 2] = ["rsa2048.pem", "ed25519.pem"];

fn pem(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn record(key: &str) -> String {
    PrivateKey::read(&pem(key)).unwrap().record()
}

fn dkim(key: &str) -> Dkim {
    Dkim { domain: DOMAIN.to_owned(), selector: SELECTOR.to_owned(), private_key: pem(key).into() }
}

fn smtp(port: u16, dkim: Option<Dkim>, dns: Option<SocketAddr>) -> Smtp {
    Smtp {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::None,
        username: None,
        sign_in: None,
        from: format!("Support <{OUR_ADDRESS}>"),
        ca_file: None,
        dkim,
        dns,
    }
}

/// A receiver that asks this server for keys.
fn receiver(dns: &DnsServer) -> MessageAuthenticator {
    let mut udp = ConnectionConfig::udp();
    udp.port = dns.address.port();
    let server = NameServerConfig::new(dns.address.ip(), true, vec![udp]);
    MessageAuthenticator::new(ResolverConfig::from_name_servers(vec![server]), ResolverOpts::default())
        .unwrap()
}

/// What the receiver says of each signature of a mail.
async fn verdicts(receiver: &MessageAuthenticator, mail: &[u8]) -> Vec<bool> {
    let message = AuthenticatedMessage::parse(mail).expect("a mail");
    let verdicts = receiver.verify_dkim(&message).await;
    verdicts.iter().map(|verdict| *verdict.result() == DkimResult::Pass).collect()
}

fn guichet(home: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_guichet")).args(words).current_dir(home).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn every_mail_that_leaves_is_verified_by_its_receiver(database: Database) {
    let (sink, dns) = (SmtpSink::start(), DnsServer::start().await);
    let receiver = receiver(&dns);
    for key in KEYS {
        let selector = key.split('.').next().unwrap();
        dns.publish(&record_name(DOMAIN, selector), &[&record(key)]);
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let url = match database {
            Database::Sqlite => "sqlite://guichet.db".to_owned(),
            Database::Postgres => Postgres::shared().fresh_database(),
        };
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(key);
        let config = format!(
            "public_url = \"https://aide.bettracker.example\"\n[database]\nurl = \"{url}\"\n[undo]\nwindow = \"0s\"\n\
             [smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"Support Équipe <{OUR_ADDRESS}>\"\n\
             dkim = {{ domain = \"{DOMAIN}\", selector = \"{selector}\", private_key_file = {file:?} }}\n",
            sink.port
        );
        std::fs::write(home.join("bot.toml"), config).unwrap();
        let mail = format!(
            "From: Léa <lea@client.example>\r\nTo: {OUR_ADDRESS}\r\nCc: marc@client.example\r\nSubject: Paiement refusé\r\n\
             Message-ID: <1@client.example>\r\n\r\nBonjour,\r\n\r\nrien ne marche   ici.\r\n\r\n\r\n"
        );
        std::fs::write(home.join("mail.eml"), mail).unwrap();
        for words in [
            &["mail", "ingest", "mail.eml"][..],
            &[
                "ticket",
                "reply",
                "1",
                "--all",
                "Voici : deux  espaces.\n\n.\nUn point, et une longue ligne 🎰",
            ],
            &["ticket", "status", "1", "resolved"],
            &["deliver"],
        ] {
            let done = guichet(home, words);
            assert!(done.status.success(), "{words:?}: {}", text(&done));
        }
        let mails = sink.mails();
        assert_eq!(mails.len() % 3, 0, "a reply, its copy, a notice");
        let latest = &mails[mails.len() - 3..];
        for mail in latest {
            assert_eq!(verdicts(&receiver, mail).await, [true], "{key}: {}", String::from_utf8_lossy(mail));
        }
        let notice = latest
            .iter()
            .map(|mail| String::from_utf8_lossy(mail))
            .find(|mail| mail.contains("Feedback-ID: "));
        let signature: String = notice.unwrap().split_once("b=").unwrap().0.split_whitespace().collect();
        for name in ["List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "In-Reply-To", "References"]
        {
            assert!(signature.contains(&format!(":{name}")), "{name} in {signature}");
        }
        // Whoever changes a word or adds a line breaks it; what only folds anew does not.
        let reply = latest.iter().find(|mail| !String::from_utf8_lossy(mail).contains("Feedback-ID: "));
        let mail = String::from_utf8(reply.unwrap().clone()).unwrap();
        for forged in [
            mail.replacen("deux", "dix", 1),
            mail.replacen("\r\nSubject: ", "\r\nSubject: Urgent ", 1),
            mail.replacen("\r\nSubject: ", "\r\nSubject: Gratuit\r\nSubject: ", 1),
            format!("From: Banque <pdg@banque.example>\r\n{mail}"),
            mail.replacen("\r\n\r\n", "\r\nReply-To: voleur@evil.example\r\n\r\n", 1),
        ] {
            assert_ne!(forged, mail);
            assert_eq!(verdicts(&receiver, forged.as_bytes()).await, [false], "{key}: {forged}");
        }
        let refolded = mail.replacen("\r\nTo: ", "\r\nTo:\r\n\t ", 1);
        assert_eq!(verdicts(&receiver, refolded.as_bytes()).await, [true]);
    }
}

async fn the_canary_is_signed_too(database: Database) {
    let (sink, dns) = (SmtpSink::start(), DnsServer::start().await);
    dns.publish(&record_name(DOMAIN, SELECTOR), &[&record("ed25519.pem")]);
    let test = TestDesk::new(database).await;
    test.desk.note_sync("test", test.now).await.unwrap();
    let config = smtp(sink.port, Some(dkim("ed25519.pem")), None);
    let post = PostRoom {
        courier: Courier::Smtp(Box::new(SmtpCourier::new(&config).unwrap())),
        letterhead: Letterhead::new(&config.from, "BetTracker Pro", chrono_tz::Europe::Paris).unwrap().into(),
        templates: Templates::load(&[]).unwrap().into(),
    };
    let minutes = |n: u64| std::time::Duration::from_secs(n * 60);
    let plan = Canary { interval: minutes(60), to: None, patience: minutes(15) };
    assert!(canary::step(&test.desk, &post, OUR_ADDRESS, &plan, &["test".to_owned()]).await.unwrap());
    assert_eq!(verdicts(&receiver(&dns), &sink.mails()[0]).await, [true]);
}

crate::support::desk::on_both! {
    every_mail_that_leaves_is_verified_by_its_receiver,
    the_canary_is_signed_too,
}

#[tokio::test]
async fn a_mail_that_is_sent_again_is_signed_again_by_the_same_bytes() {
    let sink = SmtpSink::start();
    let mail = b"From: support@bettracker.example\r\nSubject: x\r\n\r\nBonjour\r\n";
    for key in KEYS {
        let courier = SmtpCourier::new(&smtp(sink.port, Some(dkim(key)), None)).unwrap();
        sink.instead("lea@client.example", Instead::CutAfterKeeping, Some(1));
        assert!(matches!(courier.send("lea@client.example", mail).await, Outcome::Ambiguous(_)));
        courier.rest().await;
        assert_eq!(courier.send("lea@client.example", mail).await, Outcome::Sent);
        let mails = sink.mails();
        let [.., first, second] = mails.as_slice() else { panic!("{} mails", mails.len()) };
        assert_eq!(first, second);
        assert!(first.starts_with(b"DKIM-Signature: ") && first.ends_with(mail));
    }
}

#[tokio::test]
async fn a_mail_that_cannot_be_signed_waits_and_is_never_sent_without() {
    let server = FaultySmtp::start([Script { end: Act::Say("250 ok"), ..SOUND }]).await;
    let courier = SmtpCourier::new(&smtp(server.port, Some(dkim("ed25519.pem")), None)).unwrap();
    let outcome = courier.send("lea@client.example", b"Subject: x\r\n\r\nBonjour\r\n").await;
    assert_eq!(
        outcome,
        Outcome::Retry("the mail cannot be signed (DKIM): its header cannot be read".to_owned())
    );
    assert_eq!(server.seen.lock().unwrap().connections, 0);
}

/// What is said of `smtp`, by the name of the record.
async fn said(smtp: &Smtp) -> Vec<(&'static str, bool, String)> {
    let lines = check(smtp).await;
    lines.into_iter().map(|Line { check, ok, detail }| (check, ok, detail.replace('\u{a0}', " "))).collect()
}

/// What is said of one record.
async fn of(smtp: &Smtp, record: &str) -> (bool, String) {
    let said = said(smtp).await;
    let line = said.into_iter().find(|(check, ..)| *check == record).unwrap();
    (line.1, line.2)
}

/// A desk whose three records are right.
async fn published(key: &str) -> (DnsServer, Smtp) {
    let dns = DnsServer::start().await;
    dns.publish(DOMAIN, &["site-verification=x", "v=spf1 a:smtp.bettracker.example -all"]);
    dns.publish(&record_name(DOMAIN, SELECTOR), &[&record(key)]);
    dns.publish("_dmarc.bettracker.example", &["v=DMARC1; p=quarantine; rua=mailto:x@bettracker.example"]);
    let config =
        Smtp { host: "smtp.bettracker.example".to_owned(), ..smtp(465, Some(dkim(key)), Some(dns.address)) };
    (dns, config)
}

#[tokio::test]
async fn what_is_published_rightly_is_said_and_nothing_is_to_be_mended() {
    let (_dns, smtp) = published("rsa2048.pem").await;
    assert_eq!(
        said(&smtp).await,
        [
            ("spf", true, "un seul enregistrement, « v=spf1 a:smtp.bettracker.example -all »".to_owned()),
            ("dkim", true, "la clé publiée à guichet._domainkey.bettracker.example est celle qui signe".to_owned()),
            (
                "dmarc",
                true,
                "publié par bettracker.example, p=quarantine, les fraudes sont mises de côté ; la signature de \
                 bettracker.example compte pour l’expéditeur"
                    .to_owned()
            ),
        ]
    );
    let (_dns, smtp) = published("ed25519.pem").await;
    let (ok, said) = of(&smtp, "dkim").await;
    assert!(ok && said.contains("ne lisent pas encore Ed25519"), "{said}");
}

#[tokio::test]
async fn an_spf_record_that_is_missing_doubled_or_open_is_to_be_mended() {
    let (dns, smtp) = published("ed25519.pem").await;
    let publish = |texts: &[&str]| dns.publish(DOMAIN, texts);
    publish(&["site-verification=x"]);
    assert_eq!(
        of(&smtp, "spf").await,
        (
            false,
            "aucun enregistrement SPF pour bettracker.example ; publiez l’enregistrement TXT bettracker.example \
             « v=spf1 a:smtp.bettracker.example ~all »"
                .to_owned()
        )
    );
    dns.withdraw(DOMAIN);
    assert!(of(&smtp, "spf").await.1.starts_with("aucun enregistrement SPF"));
    let google = Smtp { host: "smtp.gmail.com".to_owned(), ..smtp.clone() };
    assert!(of(&google, "spf").await.1.ends_with("« v=spf1 include:_spf.google.com ~all »"));

    let near = Smtp { host: "127.0.0.1".to_owned(), ..smtp.clone() };
    assert!(of(&near, "spf").await.1.ends_with("« v=spf1 mx ~all »"));

    publish(&["v=spf1 -all", "v=spf1 mx -all"]);
    let (ok, said) = of(&smtp, "spf").await;
    assert!(!ok && said.starts_with("2 enregistrements SPF"), "{said}");
    for open in ["v=spf1 +all", "v=spf1 mx all"] {
        publish(&[open]);
        let (ok, said) = of(&smtp, "spf").await;
        assert!(!ok && said.contains("n’importe qui") && said.contains(open), "{said}");
    }
    publish(&["v=spf1 mx"]);
    let (ok, said) = of(&smtp, "spf").await;
    assert!(ok && said.contains("terminez-le par « ~all »"), "{said}");
}

#[tokio::test]
async fn an_spf_record_is_followed_to_the_provider_that_we_send_by() {
    let (dns, smtp) = published("ed25519.pem").await;
    let google = Smtp { host: "smtp.gmail.com".to_owned(), ..smtp.clone() };
    dns.publish("_spf.google.com", &["v=spf1 ip4:192.0.2.0/24 ~all"]);
    dns.publish(DOMAIN, &["v=spf1 include:_spf.bettracker.example ~all"]);
    dns.publish(
        "_spf.bettracker.example",
        &["v=spf1 include:_spf.google.com include:_spf.bettracker.example ~all"],
    );
    let (ok, said) = of(&google, "spf").await;
    assert!(ok && said.starts_with("un seul enregistrement"), "{said}");

    dns.publish("_spf.bettracker.example", &["v=spf1 -all"]);
    let (ok, said) = of(&google, "spf").await;
    assert!(
        !ok && said.contains("ne nomme pas smtp.gmail.com") && said.contains("« include:_spf.google.com »"),
        "{said}"
    );
    dns.publish(DOMAIN, &["v=spf1 ip4:192.0.2.7 ~all"]);
    let (ok, said) = of(&google, "spf").await;
    assert!(ok && said.contains("ne nomme pas"), "its addresses may be there by themselves: {said}");

    dns.publish(DOMAIN, &["v=spf1 include:nobody.example ~all"]);
    let (ok, said) = of(&smtp, "spf").await;
    assert!(!ok && said.contains("renvoie à nobody.example"), "{said}");
    let many: Vec<String> = (0..11).map(|n| format!("include:i{n}.example")).collect();
    for n in 0..11 {
        dns.publish(&format!("i{n}.example"), &["v=spf1 -all"]);
    }
    dns.publish(DOMAIN, &[&format!("v=spf1 {} ~all", many.join(" "))]);
    let (ok, said) = of(&smtp, "spf").await;
    assert!(!ok && said.contains("plus de 10 recherches"), "{said}");
    dns.publish(DOMAIN, &[&format!("v=spf1 {} ~all", many[..9].join(" "))]);
    assert!(of(&smtp, "spf").await.0);
    dns.publish("i8.example", &["v=spf1 a mx -all"]);
    assert!(of(&smtp, "spf").await.1.contains("plus de 10 recherches"), "those of the included count too");
}

#[tokio::test]
async fn a_key_that_is_not_the_published_one_is_to_be_mended_and_the_record_is_said() {
    for key in KEYS {
        let (dns, smtp) = published(key).await;
        let (name, wanted) = (record_name(DOMAIN, SELECTOR), record(key));
        let publish = format!("publiez l’enregistrement TXT {name} « {wanted} »");
        let other = record(if key == KEYS[0] { KEYS[1] } else { KEYS[0] });
        for (texts, begins) in [
            (&[other.as_str()][..], format!("{name} publie une autre clé")),
            (&["v=DKIM1; p="], format!("ce qui est publié à {name} retire la clé")),
            (&["v=spf1 -all"], format!("ce qui est publié à {name} n’est pas une clé")),
            (&[], "la clé n’est pas publiée".to_owned()),
        ] {
            dns.publish(&name, texts);
            let (ok, said) = of(&smtp, "dkim").await;
            assert!(!ok && said.starts_with(&begins) && said.ends_with(&publish), "{said}");
        }
        dns.publish(&name, &[&wanted, &other]);
        let (ok, said) = of(&smtp, "dkim").await;
        assert!(!ok && said.starts_with("2 enregistrements") && said.contains(&wanted), "{said}");
        dns.withdraw(&name);
        assert!(of(&smtp, "dkim").await.1.ends_with(&publish));
        dns.publish(&name, &[&format!("{wanted}; t=y")]);
        let (ok, said) = of(&smtp, "dkim").await;
        assert!(ok && said.contains("t=y"), "{said}");
        let unsigned = Smtp { dkim: None, ..smtp };
        let (ok, said) = of(&unsigned, "dkim").await;
        assert!(ok && said.contains("`smtp.dkim`"), "{said}");
    }
}

#[tokio::test]
async fn a_dmarc_policy_is_named_and_must_be_that_of_who_signs() {
    let (dns, smtp) = published("ed25519.pem").await;
    let name = "_dmarc.bettracker.example";
    let wanted = "« v=DMARC1; p=none; rua=mailto:support@bettracker.example »";
    dns.publish(name, &["v=DMARC1; p=reject"]);
    assert!(of(&smtp, "dmarc").await.1.contains("p=reject"));
    dns.withdraw(name);
    let (ok, said) = of(&smtp, "dmarc").await;
    assert!(!ok && said.ends_with(&format!("publiez l’enregistrement TXT {name} {wanted}")), "{said}");
    dns.publish(name, &["v=DMARC1; rua=mailto:x@bettracker.example"]);
    let (ok, said) = of(&smtp, "dmarc").await;
    assert!(!ok && said.contains("n’a pas de politique") && said.ends_with(wanted), "{said}");
    dns.publish(name, &["v=DMARC1; p=none", "v=DMARC1; p=reject"]);
    assert!(of(&smtp, "dmarc").await.1.starts_with("2 enregistrements DMARC"));

    dns.publish(name, &["v=DMARC1; p=none; sp=reject"]);
    let signed_by = |domain: &str, from: &str| Smtp {
        from: from.to_owned(),
        dkim: Some(Dkim { domain: domain.to_owned(), ..dkim("ed25519.pem") }),
        ..smtp.clone()
    };
    let below = signed_by("mail.bettracker.example", "support@aide.bettracker.example");
    let (ok, said) = of(&below, "dmarc").await;
    assert!(
        ok && said.starts_with("publié par bettracker.example, p=reject"),
        "the policy for domains below: {said}"
    );
    let elsewhere = signed_by("ailleurs.example", OUR_ADDRESS);
    let (ok, said) = of(&elsewhere, "dmarc").await;
    assert!(
        !ok && said.contains("sont signés par ailleurs.example") && said.contains("`smtp.dkim.domain`"),
        "{said}"
    );
    dns.publish(name, &["v=DMARC1; p=none; adkim=s"]);
    let (ok, said) = of(&below, "dmarc").await;
    assert!(!ok && said.contains("seule une signature de ce domaine"), "{said}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_to_be_mended_and_named_by_its_key() {
    let (dns, smtp) = published("ed25519.pem").await;
    dns.set("_dmarc.bettracker.example", Has::Failure);
    dns.set(&record_name(DOMAIN, SELECTOR), Has::Silence);
    let found = said(&smtp).await;
    assert_eq!(found.len(), 3);
    assert!(found[0].1, "{found:?}");
    for (_, ok, said) in &found[1..] {
        assert!(
            !ok && said.starts_with("le DNS ne répond pas pour ") && said.contains("`smtp.dns`"),
            "{said}"
        );
    }
    let nobody = Smtp { dns: Some(([127, 0, 0, 1], free_port()).into()), ..smtp };
    let found = said(&nobody).await;
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|(_, ok, _)| !ok), "{found:?}");
}

#[tokio::test]
async fn of_examples_and_of_a_relay_on_this_machine_nothing_is_asked() {
    let far =
        Smtp { host: "smtp.bettracker.example".to_owned(), ..smtp(465, Some(dkim("ed25519.pem")), None) };
    assert_eq!(check(&far).await, [], "nobody can publish at .example");
    let near = Smtp { from: "support@bettrackerpro.com".to_owned(), ..smtp(25, None, None) };
    assert_eq!(check(&near).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_program_makes_a_key_says_what_to_publish_and_checks_that_it_is() {
    let (sink, dns) = (SmtpSink::start(), DnsServer::start().await);
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let smtp = |dkim: &str| {
        let (port, dns) = (sink.port, dns.address);
        let config = format!(
            "[web]\nlisten = \"127.0.0.1:{}\"\n[maildir]\ninbox = \"in\"\n[smtp]\nhost = \"127.0.0.1\"\nport = {port}\n\
             security = \"none\"\nfrom = \"Support <{OUR_ADDRESS}>\"\ndns = \"{dns}\"\n{dkim}\n",
            free_port()
        );
        std::fs::write(home.join("bot.toml"), config).unwrap();
    };
    for folder in ["in/tmp", "in/new", "in/cur"] {
        std::fs::create_dir_all(home.join(folder)).unwrap();
    }
    smtp("");
    let refused = guichet(home, &["dkim", "record"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("smtp.dkim"), "{}", text(&refused));

    let made = text(&guichet(home, &["dkim", "keygen"]));
    let line = made.lines().find(|line| line.starts_with("dkim = {")).unwrap();
    assert!(line.contains("domain = \"bettracker.example\", selector = \"guichet\""), "{made}");
    smtp(line);
    let told: Value = serde_json::from_slice(&guichet(home, &["dkim", "record", "--json"]).stdout).unwrap();
    let (name, record) = (told["name"].as_str().unwrap(), told["record"].as_str().unwrap());
    assert!(made.contains(&format!("# {name}\n# {record}\n")), "{made}");

    let checks = || -> Vec<Value> {
        serde_json::from_slice::<Vec<Value>>(&guichet(home, &["check", "--json"]).stdout)
            .unwrap()
            .into_iter()
            .filter(|check| ["spf", "dkim", "dmarc"].contains(&check["check"].as_str().unwrap()))
            .collect()
    };
    let found = checks();
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|check| check["ok"] == false), "{found:?}");
    dns.publish(name, &[record]);
    dns.publish(DOMAIN, &["v=spf1 mx ~all"]);
    dns.publish("_dmarc.bettracker.example", &["v=DMARC1; p=none"]);
    let found = checks();
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|check| check["ok"] == true), "{found:?}");
    let shown = guichet(home, &["check"]);
    assert!(shown.status.success(), "{}", text(&shown));
    for begins in ["✔ SPF\u{a0}: ", "✔ DKIM\u{a0}: ", "✔ DMARC\u{a0}: "] {
        assert!(text(&shown).contains(begins), "{}", text(&shown));
    }
    assert!(dns.asked().iter().any(|asked| asked == name));

    let odd = guichet(home, &["dkim", "keygen", "--domain", "a\"b"]);
    assert_eq!(odd.status.code(), Some(2));

    smtp(&line.replace(", private_key = \"", ", private_key = \"AAAA"));
    let wrong = guichet(home, &["check"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong).contains("smtp.dkim.private_key"), "{}", text(&wrong));
    smtp(&format!(
        "dkim = {{ domain = \"{DOMAIN}\", selector = \"s\", private_key = \"\"\"{}\"\"\" }}",
        pem(KEYS[0])
    ));
    let told: Value = serde_json::from_slice(&guichet(home, &["dkim", "record", "--json"]).stdout).unwrap();
    assert_eq!(told["record"], format!("v=DKIM1; k=rsa; p={}", pem("rsa2048.pub").trim()));
    let zone = told["zone"].as_str().unwrap();
    assert!(
        zone.starts_with("s._domainkey.bettracker.example. IN TXT ( \"v=DKIM1;") && zone.contains("\" \""),
        "{zone}"
    );
}
