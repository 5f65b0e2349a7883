//! Tokens: asked for once, renewed early, kept before they are used, and loud when they are dead.

use crate::support::desk::{Database, TestDesk, settings};
use crate::support::oauth_server::{ACCOUNT, CLIENT, Mood, OAuthServer, SCOPE, SECRET};
use crate::support::wait_for;
use chrono::Duration;
use guichet::clock::Clock;
use guichet::config::{OAuth2, Provider};
use guichet::desk::Desk;
use guichet::desk::tokens::{TokenFault, attend};
use guichet::domain::alert::AlertKind;
use guichet::oauth::code::SignIn;
use guichet::oauth::device::{Device, Polled};
use guichet::oauth::{self, Fault};
use guichet::store::tokens::TokenOf;
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

/// How an account of this provider is configured.
pub fn account(server: &OAuthServer, refresh_token: Option<String>) -> OAuth2 {
    OAuth2 {
        key: "imap.oauth2".into(),
        account: ACCOUNT.into(),
        provider: Provider::Custom,
        client_id: CLIENT.into(),
        client_secret: Some(SECRET.into()),
        refresh_token: refresh_token.map(SecretString::from),
        token_url: server.url("token"),
        auth_url: Some(server.url("authorize")),
        device_url: Some(server.url("device")),
        scope: SCOPE.into(),
    }
}

fn provider_with_a_token() -> (OAuthServer, OAuth2) {
    let server = OAuthServer::start();
    let oauth2 = account(&server, Some(server.granted_before()));
    (server, oauth2)
}

async fn alerts(test: &TestDesk) -> Vec<(AlertKind, String, String)> {
    let standing = test.desk.alerts().await.unwrap();
    standing.into_iter().map(|alert| (alert.kind, alert.about, alert.detail)).collect()
}

async fn good(desk: &Desk, oauth2: &OAuth2, server: &OAuthServer) -> String {
    let token = desk.access_token(oauth2).await.unwrap_or_else(|fault| panic!("{fault}"));
    assert!(server.is_good(token.expose_secret()), "a token that the provider does not know");
    token.expose_secret().to_owned()
}

async fn a_token_is_asked_for_once_and_renewed_before_its_end(database: Database) {
    let (server, oauth2) = provider_with_a_token();
    let mut test = TestDesk::new(database).await;
    let first = good(&test.desk, &oauth2, &server).await;
    // Up to six minutes before its end it stays.
    for minutes in [0, 30, 23] {
        test.elapse(Duration::minutes(minutes)).await;
        assert_eq!(good(&test.desk, &oauth2, &server).await, first);
    }
    assert_eq!(server.asked(), ["refresh_token"]);
    test.elapse(Duration::minutes(2)).await;
    let second = good(&test.desk, &oauth2, &server).await;
    assert_ne!(second, first);
    // The provider gave another refresh token each time, and takes each once.
    test.elapse(Duration::hours(2)).await;
    assert_ne!(good(&test.desk, &oauth2, &server).await, second);
    assert_eq!((server.asked().len(), server.was_robbed()), (3, false));
    // One that lives for a minute is renewed at its half.
    server.grant_for(60);
    test.elapse(Duration::hours(2)).await;
    let short = good(&test.desk, &oauth2, &server).await;
    test.elapse(Duration::seconds(29)).await;
    assert_eq!(good(&test.desk, &oauth2, &server).await, short);
    test.elapse(Duration::seconds(2)).await;
    assert_ne!(good(&test.desk, &oauth2, &server).await, short);
}

async fn of_many_processes_that_need_a_token_one_asks(database: Database) {
    let (server, oauth2) = provider_with_a_token();
    let test = TestDesk::new(database).await;
    server.be(Mood::WaitsForCompany);
    let mut desks = Vec::new();
    // On machines whose clocks differ a little.
    for seconds in 0..6 {
        let clock = Clock::At(test.now + Duration::seconds(seconds));
        desks.push(Desk::open(test.store.clone(), clock, settings()).await.unwrap());
    }
    let tokens = futures_util::future::join_all(desks.iter().map(|desk| good(desk, &oauth2, &server))).await;
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!((server.asked().len(), server.was_robbed()), (1, false));
    // A server that took none of them: one of the six asks for another.
    server.end_access_tokens();
    let refused = SecretString::from(tokens[0].clone());
    let others = desks.iter().map(|desk| desk.token_other_than(&oauth2, &refused));
    let others = futures_util::future::join_all(others).await;
    for other in others {
        assert!(server.is_good(other.unwrap_or_else(|fault| panic!("{fault}")).expose_secret()));
    }
    assert_eq!((server.asked().len(), server.was_robbed()), (2, false));
}

async fn a_dead_token_raises_the_alert_and_a_sign_in_ends_it(database: Database) {
    let (server, oauth2) = provider_with_a_token();
    let mut test = TestDesk::new(database).await;
    good(&test.desk, &oauth2, &server).await;
    server.revoke_all();
    test.elapse(Duration::hours(1)).await;
    let fault = test.desk.access_token(&oauth2).await.unwrap_err();
    assert!(fault.needs_a_person() && fault.to_string().contains("`guichet imap login`"), "{fault}");
    assert!(fault.to_string().contains("invalid_grant") && !fault.to_string().contains("client.example"));
    let dead = [(AlertKind::DeadToken, ACCOUNT.to_owned(), "invalid_grant".to_owned())];
    assert_eq!(alerts(&test).await, dead);
    // Whoever needs a token meanwhile is told so from memory, for five minutes.
    test.elapse(Duration::minutes(4)).await;
    for _ in 0..3 {
        assert!(test.desk.access_token(&oauth2).await.unwrap_err().needs_a_person());
        assert!(test.desk.prove_token(&oauth2).await.unwrap_err().needs_a_person());
    }
    assert_eq!(server.asked().len(), 2);
    test.elapse(Duration::minutes(2)).await;
    test.desk.prove_token(&oauth2).await.unwrap_err();
    assert_eq!(server.asked().len(), 3);
    // Somebody signs in, in a process of their own.
    let other = Desk::open(test.store.clone(), Clock::At(test.now), settings()).await.unwrap();
    let mut device = Device::begin(&oauth2).await.unwrap();
    let Ok(Polled::Granted(grant)) = device.poll(&oauth2).await else { panic!("not granted") };
    other.keep_sign_in(&oauth2, &grant).await.unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(alerts(&test).await, []);
    assert_eq!(good(&test.desk, &oauth2, &server).await, grant.access_token.expose_secret());
    // And what the sign-in brought goes on by itself, though the configuration still holds the dead one.
    test.elapse(Duration::hours(3)).await;
    good(&test.desk, &oauth2, &server).await;
    assert!(!server.was_robbed());
}

async fn a_dead_refresh_token_is_found_while_the_access_token_is_still_good(database: Database) {
    let (server, oauth2) = provider_with_a_token();
    let mut test = TestDesk::new(database).await;
    let token = good(&test.desk, &oauth2, &server).await;
    server.revoke_refresh_tokens();
    test.elapse(Duration::minutes(9)).await;
    assert!(test.desk.prove_token(&oauth2).await.is_ok());
    assert_eq!((alerts(&test).await.len(), server.asked().len()), (0, 1));
    test.elapse(Duration::minutes(2)).await;
    // As `serve` looks, every minute.
    let cancel = CancellationToken::new();
    let attending = tokio::spawn(attend(test.desk.clone(), vec![oauth2.clone()], cancel.clone()));
    let desk = test.desk.clone();
    tokio::task::block_in_place(|| {
        wait_for("the alert", || {
            let standing = tokio::runtime::Handle::current().block_on(desk.alerts()).unwrap();
            (!standing.is_empty()).then_some(())
        });
    });
    cancel.cancel();
    attending.await.unwrap();
    // Mail goes on for as long as it can.
    assert_eq!(good(&test.desk, &oauth2, &server).await, token);
    assert_eq!(test.desk.token_standing(&oauth2).await.unwrap().unwrap().refused_at, Some(test.now));
    test.elapse(Duration::minutes(50)).await;
    assert!(test.desk.access_token(&oauth2).await.is_err());
}

async fn a_provider_that_is_not_well_is_no_dead_token(database: Database) {
    let (server, oauth2) = provider_with_a_token();
    let mut test = TestDesk::new(database).await;
    let token = good(&test.desk, &oauth2, &server).await;
    test.elapse(Duration::minutes(56)).await;
    let moods = [Mood::Status(500), Mood::Status(429), Mood::Garbage, Mood::Endless, Mood::Redirect];
    for mood in moods {
        server.be(mood);
        // Renewed early is what leaves the time for it.
        assert_eq!(good(&test.desk, &oauth2, &server).await, token, "{mood:?}");
    }
    test.elapse(Duration::minutes(5)).await;
    for mood in moods {
        server.be(mood);
        let fault = test.desk.access_token(&oauth2).await.unwrap_err();
        assert!(matches!(fault, TokenFault::Unavailable { .. }), "{mood:?}: {fault}");
        assert!(!fault.to_string().contains("access-") && !fault.to_string().contains("aaaa"), "{fault}");
    }
    let nobody = OAuth2 {
        token_url: format!("http://127.0.0.1:{}/token", crate::support::free_port()),
        ..oauth2.clone()
    };
    let fault = test.desk.access_token(&nobody).await.unwrap_err();
    assert!(matches!(fault, TokenFault::Unavailable { .. }), "{fault}");
    assert_eq!(alerts(&test).await, []);
    server.be(Mood::Sound);
    assert_ne!(good(&test.desk, &oauth2, &server).await, token);
}

async fn what_is_kept_belongs_to_its_client_and_endpoint(database: Database) {
    let (server, oauth2) = provider_with_a_token();
    let test = TestDesk::new(database).await;
    good(&test.desk, &oauth2, &server).await;
    // The same account elsewhere: our refresh token must not be shown there.
    let elsewhere = OAuthServer::start();
    let moved = OAuth2 { token_url: elsewhere.url("token"), refresh_token: None, ..oauth2.clone() };
    assert!(matches!(test.desk.access_token(&moved).await, Err(TokenFault::NeverGiven { .. })));
    assert_eq!(elsewhere.asked(), [] as [String; 0]);
    let never = (AlertKind::DeadToken, ACCOUNT.to_owned(), "login_required".to_owned());
    assert_eq!(alerts(&test).await, [never]);
    // Whose account is not configured any more is not waited for.
    test.desk.forget_alerts(AlertKind::DeadToken, std::slice::from_ref(&oauth2.account)).await.unwrap();
    assert_eq!(alerts(&test).await.len(), 1);
    test.desk.forget_alerts(AlertKind::DeadToken, &[]).await.unwrap();
    assert_eq!(alerts(&test).await, []);
    // What the operator writes into the configuration wins over what is kept.
    let other = OAuth2 { refresh_token: Some(server.granted_before().into()), ..oauth2.clone() };
    good(&test.desk, &other, &server).await;
    assert_eq!(alerts(&test).await, []);
    // A client whose secret ran out is refused until a person acts.
    let wrong = OAuth2 { client_secret: Some("old".into()), client_id: CLIENT.into(), ..other };
    let fault = test.desk.renew_token(&wrong).await.unwrap_err();
    assert!(fault.needs_a_person() && fault.to_string().contains("invalid_client"), "{fault}");
}

async fn a_refusal_is_remembered_of_whoever_was_refused_and_costs_nobody_else_anything(database: Database) {
    let (server, oauth2) = provider_with_a_token();
    let mut test = TestDesk::new(database).await;
    // Nothing was ever granted.
    let wrong = OAuth2 { client_secret: Some("old".into()), ..oauth2.clone() };
    for _ in 0..3 {
        assert!(test.desk.access_token(&wrong).await.unwrap_err().needs_a_person());
        assert!(test.desk.prove_token(&wrong).await.unwrap_err().needs_a_person());
    }
    assert_eq!(server.asked().len(), 1);
    assert_eq!(test.desk.token_standing(&wrong).await.unwrap().unwrap().refused_at, Some(test.now));
    test.elapse(Duration::minutes(6)).await;
    assert!(test.desk.access_token(&wrong).await.unwrap_err().needs_a_person());
    assert_eq!(server.asked().len(), 2);
    // What was granted is another client's: a slip in the configuration loses it not.
    test.desk.renew_token(&oauth2).await.unwrap_or_else(|fault| panic!("{fault}"));
    let slip = OAuth2 { client_id: "guichet-tset".into(), ..oauth2.clone() };
    for _ in 0..3 {
        assert!(test.desk.access_token(&slip).await.unwrap_err().needs_a_person());
    }
    assert_eq!(server.asked().len(), 4);
    assert_eq!(test.desk.token_standing(&oauth2).await.unwrap().unwrap().refused_at, None);
    test.elapse(Duration::hours(2)).await;
    good(&test.desk, &oauth2, &server).await;
    assert_eq!((server.asked().len(), server.was_robbed()), (5, false));
}

async fn a_clock_that_was_ahead_stands_in_nobodys_way(database: Database) {
    let (server, oauth2) = provider_with_a_token();
    let mut test = TestDesk::new(database).await;
    let month = Duration::days(30);
    // What was granted then proves nothing now,
    test.elapse(month).await;
    good(&test.desk, &oauth2, &server).await;
    test.elapse(-month).await;
    test.desk.prove_token(&oauth2).await.unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(server.asked().len(), 2);
    // nobody asks so long,
    let mut tx = test.store.begin().await.unwrap();
    let of = TokenOf { account: ACCOUNT, provider: oauth2.provider.as_str() };
    tx.lease_token(of, "of that month", test.now + month).await.unwrap();
    tx.commit().await.unwrap();
    test.desk.renew_token(&oauth2).await.unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(server.asked().len(), 3);
    // and a refusal is not believed until then.
    test.elapse(month).await;
    server.be(Mood::Status(400));
    assert!(test.desk.renew_token(&oauth2).await.unwrap_err().needs_a_person());
    server.be(Mood::Sound);
    test.elapse(-month).await;
    test.desk.prove_token(&oauth2).await.unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!((server.asked().len(), server.was_robbed()), (5, false));
}

async fn who_gives_up_waiting_loses_no_token(database: Database) {
    let (server, oauth2) = provider_with_a_token();
    let test = TestDesk::new(database).await;
    server.be(Mood::WaitsForCompany);
    let (desk, settings) = (test.desk.clone(), oauth2.clone());
    let waiting = tokio::spawn(async move { desk.access_token(&settings).await.map(drop) });
    tokio::task::block_in_place(|| {
        wait_for("the question", || (!server.asked().is_empty()).then_some(()));
    });
    waiting.abort();
    // The answer is kept all the same: the next one needs no question, and the provider was not robbed.
    good(&test.desk, &oauth2, &server).await;
    assert_eq!((server.asked().len(), server.was_robbed()), (1, false));
}

crate::support::desk::on_both! {
    a_token_is_asked_for_once_and_renewed_before_its_end,
    of_many_processes_that_need_a_token_one_asks,
    a_dead_token_raises_the_alert_and_a_sign_in_ends_it,
    a_dead_refresh_token_is_found_while_the_access_token_is_still_good,
    a_provider_that_is_not_well_is_no_dead_token,
    what_is_kept_belongs_to_its_client_and_endpoint,
    a_refusal_is_remembered_of_whoever_was_refused_and_costs_nobody_else_anything,
    a_clock_that_was_ahead_stands_in_nobodys_way,
    who_gives_up_waiting_loses_no_token,
}

#[tokio::test]
async fn a_device_waits_slows_down_and_is_granted_something_once() {
    let server = OAuthServer::start();
    let oauth2 = account(&server, None);
    server.tell_devices(&["authorization_pending", "slow_down", "authorization_pending"]);
    let mut device = Device::begin(&oauth2).await.unwrap();
    assert_eq!((device.user_code.as_str(), device.interval.as_secs()), ("WDJB-MJHT", 1));
    for seconds in [1, 6, 6] {
        assert!(matches!(device.poll(&oauth2).await, Ok(Polled::Pending)));
        assert_eq!(device.interval.as_secs(), seconds);
    }
    assert!(matches!(device.poll(&oauth2).await, Ok(Polled::Granted(_))));
    assert!(matches!(device.poll(&oauth2).await, Ok(Polled::Expired)));
    server.tell_devices(&["access_denied"]);
    let mut declined = Device::begin(&oauth2).await.unwrap();
    assert!(matches!(declined.poll(&oauth2).await, Ok(Polled::Declined)));
    let wrong = OAuth2 { scope: "everything".into(), ..oauth2 };
    assert_eq!(Device::begin(&wrong).await.unwrap_err(), Fault::Refused("invalid_scope".into()));
}

#[tokio::test]
async fn a_code_is_taken_with_its_own_verifier_and_once() {
    let server = OAuthServer::start();
    let oauth2 = account(&server, None);
    let sign_in = SignIn::begin(&oauth2, 4000).unwrap();
    let ended_at = server.agree(&sign_in.url);
    let code = sign_in.read(&ended_at).unwrap();
    let grant = sign_in.exchange(&oauth2, &code).await.unwrap();
    assert!(server.is_good(grant.access_token.expose_secret()));
    assert!(oauth::refresh(&oauth2, &grant.refresh_token.unwrap()).await.is_ok());
    let again = sign_in.exchange(&oauth2, &code).await.unwrap_err();
    assert_eq!(again, Fault::Refused("invalid_grant".into()));
    // A code that somebody else read over the shoulder is of no use without the verifier.
    let stolen = sign_in.read(&server.agree(&sign_in.url)).unwrap();
    let thief = SignIn::begin(&oauth2, 4000).unwrap();
    assert_eq!(thief.exchange(&oauth2, &stolen).await.unwrap_err(), Fault::Refused("invalid_grant".into()));
}
