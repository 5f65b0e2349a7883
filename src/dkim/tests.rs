//! Signing, by the examples of the standards; that others verify what is signed is in `tests/dkim.rs`.

use super::canonical::{Mail, body_hash, canonical_body, header};
use super::*;

/// RFC 8463, appendix A.2 and A.3.
const ED25519: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const ED25519_RECORD: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const FOOTBALL: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
    To: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\n\
    Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n\
    Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

fn pem(name: &str) -> String {
    let path = format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn body(text: &str) -> String {
    let mut form = Vec::new();
    canonical_body(text.as_bytes(), |bytes| form.extend_from_slice(bytes));
    String::from_utf8(form).unwrap()
}

fn field(text: &str) -> String {
    String::from_utf8(header(text.as_bytes()).unwrap()).unwrap()
}

#[test]
fn the_relaxed_form_is_that_of_the_standard() {
    // RFC 6376 section 3.4.5, example 1.
    let mail = Mail::read(b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n").unwrap();
    let forms: Vec<String> =
        mail.fields.iter().map(|f| field(std::str::from_utf8(f.whole).unwrap())).collect();
    assert_eq!(forms, ["a:X\r\n", "b:Y Z\r\n"]);
    assert_eq!(mail.fields[1].name, b"B");
    assert_eq!(body(std::str::from_utf8(mail.body).unwrap()), " C\r\nD E\r\n");
}

#[test]
fn a_body_ends_in_one_line_end_or_is_nothing() {
    for (text, form) in [
        ("", ""),
        ("\r\n", ""),
        (" \t\r\n\r\n", ""),
        ("a", "a\r\n"),
        ("a\r\n\r\n\r\n", "a\r\n"),
        ("\r\n\r\na \t b \r\n", "\r\n\r\na b\r\n"),
        ("a\rb\nc\r\n", "a\rb\nc\r\n"),
    ] {
        assert_eq!(body(text), form, "{text:?}");
    }
    // RFC 6376 section 3.4.4: the hash of a body of nothing.
    assert_eq!(STANDARD.encode(body_hash(b"\r\n")), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

#[test]
fn a_field_keeps_its_words_and_loses_its_folds() {
    assert_eq!(field("Subject:\r\n\tDeux   mots \r\n"), "subject:Deux mots\r\n");
    assert_eq!(field("SUBJECT : \r\n"), "subject:\r\n");
    assert!(header(b"no colon\r\n").is_none());
}

#[test]
fn the_signature_of_the_standard_comes_out_again() {
    // RFC 8463 appendix A.3, as that mail names its fields.
    let unsigned = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; \
        i=@football.example.com;\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n \
        subject : date : message-id : from : subject : date;\r\n \
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
    let mail = Mail::read(FOOTBALL.as_bytes()).unwrap();
    assert_eq!(STANDARD.encode(body_hash(mail.body)), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    let mut hashed: Vec<u8> = mail.fields.iter().flat_map(|field| header(field.whole).unwrap()).collect();
    let own = header(unsigned.as_bytes()).unwrap();
    hashed.extend_from_slice(own.strip_suffix(b"\r\n").unwrap());
    let key = PrivateKey::read(ED25519).unwrap();
    let signature = key.sign(digest(&SHA256, &hashed).as_ref()).unwrap();
    assert_eq!(
        STANDARD.encode(signature),
        "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    );
    assert_eq!(key.record(), ED25519_RECORD);
}

#[test]
fn what_may_not_be_added_is_named_once_more_than_it_stands_there() {
    let signer = Signer::new("football.example.com", "brisbane", PrivateKey::read(ED25519).unwrap());
    let mail = FOOTBALL
        .replace("\r\n\r\nHi.", "\r\nList-Unsubscribe: <https://x.example/>\r\nX-Other: y\r\n\r\nHi.");
    let signed = signer.sign(mail.as_bytes()).unwrap();
    let flat = signed.replace("\r\n ", "").replace(' ', "");
    let names = flat.split(";h=").nth(1).unwrap().split(';').next().unwrap();
    assert_eq!(
        names,
        "From:From:Reply-To:To:To:Cc:Subject:Subject:Date:Date:Message-ID:Message-ID:MIME-Version:Content-Type:List-Unsubscribe"
    );
    assert!(flat.starts_with(
        "DKIM-Signature:v=1;a=ed25519-sha256;c=relaxed/relaxed;d=football.example.com;s=brisbane;"
    ));
    assert!(signed.ends_with("\r\n") && signed.is_ascii());
    assert!(signed.lines().all(|line| line.len() <= 78), "{signed}");
    assert!(signed.lines().skip(1).all(|line| line.starts_with(' ')));
}

#[test]
fn the_same_mail_is_signed_by_the_same_bytes() {
    for key in ["rsa2048.pem", "ed25519.pem"] {
        let sign =
            || Signer::new("a.example", "s", PrivateKey::read(&pem(key)).unwrap()).sign(FOOTBALL.as_bytes());
        assert_eq!(sign().unwrap(), sign().unwrap(), "{key}");
    }
}

#[test]
fn a_mail_that_cannot_be_read_is_not_signed() {
    let signer = Signer::new("a.example", "s", PrivateKey::read(ED25519).unwrap());
    for mail in [
        "",
        "x",
        "no colon\r\n\r\n",
        "Subject: x\r\n\r\nFrom: lea@x.example\r\n",
        "From: a\r\n: b\r\n\r\n",
        " a: b\r\n",
    ] {
        assert_eq!(signer.sign(mail.as_bytes()), Err(SignFault::Header), "{mail:?}");
    }
    assert!(signer.sign(b"From: a@b.example\r\n").is_ok(), "a mail may have no body");
}

#[test]
fn keys_are_taken_in_every_usual_form() {
    let of = |text: &str| PrivateKey::read(text).map(|key| (key.algorithm(), key.record()));
    let rsa = ("rsa-sha256", format!("v=DKIM1; k=rsa; p={}", pem("rsa2048.pub").trim()));
    assert_eq!(of(&pem("rsa2048.pem")), Ok(rsa.clone()));
    assert_eq!(of(&pem("rsa2048_pkcs1.pem")), Ok(rsa.clone()));
    let on_one_line: String = pem("rsa2048.pem").lines().filter(|line| !line.contains("---")).collect();
    assert_eq!(of(&on_one_line), Ok(rsa));
    let ed25519 =
        ("ed25519-sha256", "v=DKIM1; k=ed25519; p=Y9xU49iqCM2ottN5G9xu+NVG3IhL9EaAshlDbI4gqy8=".to_owned());
    assert_eq!(of(&pem("ed25519.pem")), Ok(ed25519));
    let made = new_private_key().unwrap();
    assert_eq!(of(&made).unwrap().0, "ed25519-sha256");
    assert_ne!(of(&made), of(&new_private_key().unwrap()));
}

#[test]
fn what_is_no_key_or_too_short_a_one_is_refused() {
    assert_eq!(PrivateKey::read(&pem("rsa1024.pem")).unwrap_err(), KeyFault::Short);
    for text in
        ["", "x", "AAAA", &pem("p256.pem"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
    {
        assert_eq!(PrivateKey::read(text).unwrap_err(), KeyFault::NoKey, "{text}");
    }
    let public = pem("rsa2048.pub");
    assert_eq!(PrivateKey::read(&public).unwrap_err(), KeyFault::NoKey);
}

#[test]
fn no_private_key_is_ever_shown() {
    for name in ["rsa2048.pem", "ed25519.pem"] {
        let text = pem(name);
        let secret: String = text.lines().nth(1).unwrap().chars().take(40).collect();
        let bytes = STANDARD.decode(&secret).unwrap();
        let shown = format!("{:?}", Signer::new("a.example", "s", PrivateKey::read(&text).unwrap()));
        assert!(
            !shown.contains(&secret) && !shown.contains(&crate::domain::hex::hex(&bytes[16..])),
            "{shown}"
        );
    }
}

#[test]
fn a_published_key_is_known_in_both_of_its_forms() {
    let key = PrivateKey::read(&pem("rsa2048.pem")).unwrap();
    let read = |text: &str| KeyRecord::read(text);
    assert!(read(&key.record()).unwrap().is_of(&key));
    let bare = STANDARD.encode(key.public());
    assert!(read(&format!("p={bare}")).unwrap().is_of(&key), "PKCS#1, and nothing but what must be there");
    let spaced = key.record().replace("; ", " ;\t").replace("AQ", "A Q");
    assert!(read(&format!("{spaced};")).unwrap().is_of(&key));
    let other = PrivateKey::read(&pem("ed25519.pem")).unwrap();
    assert!(!read(&key.record()).unwrap().is_of(&other));
    assert!(!read(ED25519_RECORD).unwrap().is_of(&other));
    assert!(read(&format!("v=DKIM1; t=s:y; s=email; h=sha1:sha256; p={bare}")).unwrap().is_test);
    for (text, fault) in [
        ("v=DKIM1; k=rsa; p=", RecordFault::Revoked),
        ("v=DKIM1; k=rsa", RecordFault::NotOne),
        ("v=DKIM2; p=AAAA", RecordFault::NotOne),
        ("k=rsa; v=DKIM1; p=AAAA", RecordFault::NotOne),
        ("v=spf1 -all", RecordFault::NotOne),
        ("v=DKIM1; p=é", RecordFault::NotOne),
        ("v=DKIM1; h=sha1; p=AAAA", RecordFault::NotForMail),
        ("v=DKIM1; s=tlsrpt; p=AAAA", RecordFault::NotForMail),
    ] {
        assert_eq!(read(text), Err(fault), "{text}");
    }
}
