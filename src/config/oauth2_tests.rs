//! Tokens in the place of passwords, as an operator writes them.

use super::tests::{TWO_MAILBOXES, environment, fault, faults, parse};
use super::*;

/// A mailbox and a way out, the mailbox with tokens of Google.
fn with_oauth2(keys: &str, smtp: &str) -> String {
    format!(
        "[imap]\nhost = \"imap.gmail.com\"\nusername = \"a@desk.example\"\noauth2 = {{ {keys} }}\n\
         [smtp]\nhost = \"smtp.gmail.com\"\nfrom = \"a@desk.example\"\n{smtp}\n"
    )
}

const GOOGLE: &str = "provider = \"google\", client_id = \"1\", client_secret = \"s\"";

#[test]
fn tokens_stand_in_the_place_of_a_password() {
    let config = parse(&with_oauth2(GOOGLE, "oauth2 = \"imap\"")).unwrap();
    let imap = config.imap[0].sign_in.oauth2().unwrap();
    assert_eq!((imap.key.as_str(), imap.account.as_str()), ("imap.oauth2", "a@desk.example"));
    assert_eq!((imap.provider, imap.scope.as_str()), (Provider::Google, "https://mail.google.com/"));
    assert_eq!(imap.token_url, "https://oauth2.googleapis.com/token");
    assert_eq!(imap.device_url, None, "Google gives none for mail");
    let smtp = config.smtp.as_ref().unwrap();
    assert_eq!(smtp.username.as_deref(), Some("a@desk.example"));
    assert_eq!(format!("{:?}", smtp.sign_in.as_ref().unwrap().oauth2().unwrap()), format!("{imap:?}"));
    assert!(!format!("{config:?}").contains("\"s\""), "a secret is shown");
    assert_eq!(config.oauth2_accounts().len(), 1);

    let keys = "provider = \"microsoft\", client_id = \"1\", tenant = \"desk.example\"";
    let config = parse(&with_oauth2(keys, "")).unwrap();
    let imap = config.imap[0].sign_in.oauth2().unwrap();
    assert!(imap.token_url.ends_with("microsoftonline.com/desk.example/oauth2/v2.0/token"));
    assert!(imap.device_url.as_ref().unwrap().ends_with("/desk.example/oauth2/v2.0/devicecode"));
    assert!(imap.scope.starts_with("offline_access ") && imap.client_secret.is_none());
    assert!(config.smtp.unwrap().sign_in.is_none());
}

#[test]
fn the_keys_of_a_token_come_from_files_sections_and_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "from-file\n").unwrap();
    let keys = format!("{GOOGLE}, refresh_token_file = {file:?}");
    let variables =
        [("GUICHET__IMAP__OAUTH2__CLIENT_SECRET", "from-variable"), ("GUICHET__SMTP__OAUTH2", "imap")];
    let config = Config::parse(&with_oauth2(&keys, ""), environment(&variables)).unwrap();
    let oauth2 = config.smtp.unwrap().sign_in.unwrap().oauth2().unwrap().clone();
    assert_eq!(oauth2.client_secret.unwrap().expose_secret(), "from-variable");
    assert_eq!(oauth2.refresh_token.unwrap().expose_secret(), "from-file");
    // As a section of its own, and in the second of several mailboxes.
    let text = TWO_MAILBOXES.replace("password = \"second-secret\"", "")
        + "[imap.oauth2]\nprovider = \"google\"\nclient_id = \"1\"\n";
    let variables = [("GUICHET__IMAP__2__OAUTH2__CLIENT_SECRET", "x")];
    let config = Config::parse(&text, environment(&variables)).unwrap();
    let oauth2 = config.imap[1].sign_in.oauth2().unwrap();
    assert_eq!((oauth2.key.as_str(), oauth2.account.as_str()), ("imap[2].oauth2", "ventes@example.org"));
}

#[test]
fn what_is_wrong_with_a_token_is_said_by_its_key() {
    let missing = |keys: &str| -> Vec<String> {
        let mut keys: Vec<String> = faults(&with_oauth2(keys, "")).into_iter().map(|(key, _)| key).collect();
        keys.sort();
        keys
    };
    assert_eq!(missing(""), ["imap.oauth2.client_id", "imap.oauth2.provider"]);
    assert_eq!(missing("provider = \"google\", client_id = \"1\""), ["imap.oauth2.client_secret"]);
    assert_eq!(
        missing("provider = \"custom\", client_id = \"1\""),
        ["imap.oauth2.scope", "imap.oauth2.token_url"]
    );
    let of = |keys: &str| fault(&with_oauth2(keys, ""));
    let custom =
        |url: &str| format!("provider = \"custom\", client_id = \"1\", scope = \"x\", token_url = \"{url}\"");
    assert!(parse(&with_oauth2(&custom("http://127.0.0.1:9/token"), "")).is_ok());
    assert_eq!(
        of(&custom("http://login.example/token")),
        ("imap.oauth2.token_url".into(), Problem::PlainText)
    );
    assert_eq!(of(&custom("login.example")).1, Problem::Wants(Wanted::PublicUrl));
    let tenant = |tenant: &str| format!("provider = \"microsoft\", client_id = \"1\", tenant = \"{tenant}\"");
    assert_eq!(of(&tenant("../x")), ("imap.oauth2.tenant".into(), Problem::Wants(Wanted::Tenant)));
    let only = Problem::OnlyWith { setting: "provider = \"microsoft\"" };
    assert_eq!(of(&format!("{GOOGLE}, tenant = \"x\"")), ("imap.oauth2.tenant".into(), only));
    assert_eq!(
        of(&format!("{GOOGLE}, client_secrt = \"x\"")).1,
        Problem::Unknown { nearest: "imap.oauth2.client_secret".into() }
    );
    let both = with_oauth2(GOOGLE, "").replace("oauth2 = {", "password = \"x\"\noauth2 = {");
    assert_eq!(fault(&both), ("imap.oauth2".into(), Problem::Twice { other: "imap.password".into() }));
    let word = with_oauth2(GOOGLE, "").replace(&format!("{{ {GOOGLE} }}"), "\"google\"");
    assert_eq!(faults(&word)[0], ("imap.oauth2".into(), Problem::Wants(Wanted::OAuth2)));
}

#[test]
fn the_way_out_shares_the_tokens_of_one_account_that_is_clear() {
    assert_eq!(
        fault(&with_oauth2(GOOGLE, "oauth2 = \"imap\"\nusername = \"b@desk.example\"")).1,
        Problem::NoSharedAccount
    );
    let second = format!(
        "{}[[imap]]\nhost = \"x\"\nusername = \"b@desk.example\"\noauth2 = {{ {GOOGLE} }}\n",
        with_oauth2(GOOGLE, "oauth2 = \"imap\"").replace("[imap]", "[[imap]]")
    );
    assert_eq!(fault(&second).1, Problem::NoSharedAccount);
    let named = second.replace("[smtp]", "[smtp]\nusername = \"b@desk.example\"");
    let config = parse(&named).unwrap();
    assert_eq!(
        config.smtp.as_ref().unwrap().sign_in.as_ref().unwrap().oauth2().unwrap().account,
        "b@desk.example"
    );
    assert_eq!(config.oauth2_accounts().len(), 2);
    let wrong = with_oauth2("provider = \"google\", client_secret = \"s\"", "oauth2 = \"smtp\"");
    let keys: Vec<String> = faults(&wrong).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["imap.oauth2.client_id", "smtp.oauth2"]);
    // One account, two clients: the tokens of an account are kept once.
    let other = GOOGLE.replace("\"1\"", "\"2\"");
    let two = with_oauth2(GOOGLE, &format!("username = \"a@desk.example\"\noauth2 = {{ {other} }}"));
    assert_eq!(fault(&two), ("smtp.oauth2".into(), Problem::Twice { other: "imap.oauth2".into() }));
    assert!(parse(&two.replace(&other, GOOGLE)).is_ok());
    let both = with_oauth2(GOOGLE, "oauth2 = \"imap\"\npassword = \"x\"");
    assert_eq!(fault(&both), ("smtp.oauth2".into(), Problem::Twice { other: "smtp.password".into() }));
}
