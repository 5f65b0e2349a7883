//! `[[webhook]]` as an operator meets it.

use super::tests::{environment, fault, faults, parse};
use super::*;
use crate::domain::webhook::HookEvent;

const WEBHOOKS: &str = "
[[webhook]]
url = \"https://app.example/hooks?key=url-secret\"
secret = \"whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0\"
[[webhook]]
url = \"http://127.0.0.1:4000/hooks\"
secret = \"whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0\"
events = [\"ticket.created\", \"notification.read\"]
";

#[test]
fn an_endpoint_is_told_everything_unless_it_says_what() {
    let config = parse(WEBHOOKS).unwrap();
    let [first, second] = &config.webhooks[..] else { panic!("{:?}", config.webhooks) };
    assert_eq!((first.name.as_str(), first.events.as_slice()), ("app.example", &HookEvent::ALL[..]));
    assert_eq!(second.events, [HookEvent::TicketCreated, HookEvent::NotificationRead]);
    assert_eq!(first.key(), b"secret-secret-secret-secret");
    assert!(!format!("{config:?}").contains("secret-") && !format!("{config:?}").contains("c2Vj"));
    let one = WEBHOOKS.replacen("[[webhook]]", "[webhook]", 1);
    let one = one.split("[[").next().unwrap();
    assert_eq!(parse(one).unwrap().webhooks.len(), 1);
}

#[test]
fn endpoints_of_one_host_are_told_apart_and_names_are_given_once() {
    let same = WEBHOOKS.replace("http://127.0.0.1:4000/hooks", "https://app.example/other");
    let names = |text: &str| -> Vec<String> {
        parse(text).unwrap().webhooks.into_iter().map(|webhook| webhook.name).collect()
    };
    assert_eq!(names(&same), ["app.example", "app.example#2"]);
    let named = WEBHOOKS.replace("[[webhook]]\n", "[[webhook]]\nname = \"app\"\n");
    let other = "webhook[1]".to_owned();
    assert_eq!(fault(&named), ("webhook[2].name".into(), Problem::Twice { other }));
}

#[test]
fn a_fault_of_an_endpoint_names_its_key_and_the_nearest_event() {
    let with = |from: &str, to: &str| fault(&WEBHOOKS.replace(from, to));
    assert_eq!(
        with("\"ticket.created\"", "\"ticket.creatd\""),
        (
            "webhook[2].events".into(),
            Problem::UnknownWord { word: "ticket.creatd".into(), nearest: "ticket.created" }
        )
    );
    assert_eq!(
        with("[\"ticket.created\", \"notification.read\"]", "[]"),
        ("webhook[2].events".into(), Problem::Wants(Wanted::WebhookEvents))
    );
    assert_eq!(with("127.0.0.1:4000", "10.0.0.1"), ("webhook[2].url".into(), Problem::PlainText));
    assert_eq!(
        with("https://app.example/hooks?key=url-secret", "app.example"),
        ("webhook[1].url".into(), Problem::Wants(Wanted::WebhookUrl))
    );
    let text = WEBHOOKS.replacen("whsec_", "", 1);
    assert_eq!(fault(&text), ("webhook[1].secret".into(), Problem::Wants(Wanted::WebhookSecret)));
    let unknown = WEBHOOKS.replace("events =", "event =");
    let nearest = "webhook[2].events".to_owned();
    assert_eq!(fault(&unknown), ("webhook[2].event".into(), Problem::Unknown { nearest }));
    assert_eq!(
        faults("[webhook]"),
        [("webhook.url".into(), Problem::Missing), ("webhook.secret".into(), Problem::Missing)]
    );
}

#[test]
fn an_endpoint_comes_from_the_environment_too() {
    let secret = "whsec_ZW52aXJvbm1lbnQtZW52aXJvbm1lbnQtZW52";
    let alone = [
        ("GUICHET__WEBHOOK__URL", "https://app.example/"),
        ("GUICHET__WEBHOOK__SECRET", secret),
        ("GUICHET__WEBHOOK__EVENTS", "ticket.created, ticket.closed"),
    ];
    let config = Config::parse("", environment(&alone)).unwrap();
    assert_eq!((config.webhooks.len(), config.webhooks[0].events.len()), (1, 2));
    let second = [("GUICHET__WEBHOOK__2__SECRET", secret)];
    let config = Config::parse(WEBHOOKS, environment(&second)).unwrap();
    assert_eq!(config.webhooks[1].key(), b"environment-environment-env");
    assert_eq!(config.webhooks[0].key(), b"secret-secret-secret-secret");
}
