//! `[smtp] dkim` as an operator meets it.

use super::tests::{SERVERS, environment, fault, faults, parse};
use super::*;

fn with_dkim(dkim: &str) -> String {
    format!("{SERVERS}dkim = {{ {dkim} }}\n")
}

/// RFC 8463, appendix A.2.
const SIGNING_KEY: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

#[test]
fn mails_are_signed_where_a_domain_a_selector_and_a_key_are_given() {
    assert!(parse(SERVERS).unwrap().smtp.unwrap().dkim.is_none());
    let whole = with_dkim(&format!(
        "domain = \"Example.org\", selector = \"Guichet\", private_key = \"{SIGNING_KEY}\""
    ));
    let dkim = |config: Config| config.smtp.unwrap().dkim.unwrap();
    let read = dkim(parse(&whole).unwrap());
    assert_eq!((read.domain.as_str(), read.selector.as_str()), ("example.org", "guichet"));
    assert!(read.key().is_ok());
    let as_section = whole.replace("dkim = {", "[smtp.dkim]\n").replace(", ", "\n").replace(" }\n", "\n");
    assert!(dkim(parse(&as_section).unwrap()).key().is_ok());
    assert!(!format!("{:?}", parse(&whole).unwrap()).contains("nWGxne"));

    let keys: Vec<String> = faults(&with_dkim("")).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["smtp.dkim.domain", "smtp.dkim.selector", "smtp.dkim.private_key"]);
    let domain = fault(&whole.replace("Example.org", "example"));
    assert_eq!(domain, ("smtp.dkim.domain".into(), Problem::Wants(Wanted::Domain)));
    let selector = fault(&whole.replace("Guichet", "gui;chet"));
    assert_eq!(selector, ("smtp.dkim.selector".into(), Problem::Wants(Wanted::Selector)));
    let no_table = fault(&format!("{SERVERS}dkim = \"x\"\n"));
    assert_eq!(no_table, ("smtp.dkim".into(), Problem::Wants(Wanted::Dkim)));
    let alone = environment(&[("GUICHET__SMTP__DKIM__PRIVATE_KEY", SIGNING_KEY)]);
    let of_variable = with_dkim("domain = \"example.org\", selector = \"s\"");
    assert!(dkim(Config::parse(&of_variable, alone).unwrap()).key().is_ok());
}

#[test]
fn a_key_that_cannot_sign_is_a_fault_of_the_key_that_gave_it() {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");
    let by_file = |name: &str| {
        with_dkim(&format!("domain = \"a.fr\", selector = \"s\", private_key_file = \"{keys}/{name}\""))
    };
    for name in ["rsa2048.pem", "rsa2048_pkcs1.pem", "ed25519.pem"] {
        assert!(parse(&by_file(name)).unwrap().smtp.unwrap().dkim.unwrap().key().is_ok(), "{name}");
    }
    let file = "smtp.dkim.private_key_file".to_owned();
    assert_eq!(fault(&by_file("rsa1024.pem")), (file.clone(), Problem::ShortKey));
    assert_eq!(fault(&by_file("p256.pem")), (file.clone(), Problem::Wants(Wanted::DkimKey)));
    assert!(matches!(fault(&by_file("none.pem")), (key, Problem::Unreadable { .. }) if key == file));
    let pem = std::fs::read_to_string(format!("{keys}/rsa2048_pkcs1.pem")).unwrap();
    let variable = environment(&[("GUICHET__SMTP__DKIM__PRIVATE_KEY", &pem)]);
    assert!(Config::parse(&by_file("p256.pem"), variable).is_ok(), "the environment wins, in several lines");
    let inside = with_dkim("domain = \"a.fr\", selector = \"s\", private_key = \"AAAA\"");
    assert_eq!(fault(&inside), ("smtp.dkim.private_key".into(), Problem::Wants(Wanted::DkimKey)));
}
