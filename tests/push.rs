//! Web Push, from a browser that asks to be told to the message that only it can open, on a strict service.

use crate::support::chromium::Chromium;
use crate::support::desk::{Database, NEAR_URL, TestDesk, on_both, page_settings, serve_pages};
use crate::support::push_server::{Message, PushServer};
use chrono::Duration;
use guichet::domain::channel::Channel;
use guichet::domain::delivery::DeliveryState;
use guichet::domain::ids::TicketId;
use guichet::domain::preference::Preference;
use guichet::domain::push::{MOST_DEVICES, Subscription};
use guichet::outbound::DeliverCount;
use guichet::outbound::push::{PushCourier, deliver};
use guichet::view::DeliveryView;
use guichet::webpush::{Vapid, new_private_key};
use reqwest::Method;
use serde_json::{Value, json};
use std::net::SocketAddr;

const LEA: &str = "lea@courriel.example";

/// A desk that pushes, its pages, and a service that brings what it pushes.
struct Site {
    test: TestDesk,
    address: SocketAddr,
    courier: PushCourier,
    server: PushServer,
    key: String,
}

impl Site {
    /// With Léa's mail as ticket 1.
    async fn open(database: Database) -> Site {
        let vapid = Vapid::new(&new_private_key().unwrap(), "mailto:support@bettracker.example").unwrap();
        let key = vapid.public_key().to_owned();
        let test = TestDesk::pushing(database, &key).await;
        let server = PushServer::start(test.now).await;
        let address = serve_pages(&test.desk, page_settings(NEAR_URL, false)).await;
        let courier = PushCourier::new(vapid, true).unwrap();
        let site = Site { test, address, courier, server, key };
        site.mail("lea", 1, "Paiement refusé").await;
        site
    }

    async fn mail(&self, who: &str, id: u32, subject: &str) {
        let raw = format!(
            "From: {who} <{who}@courriel.example>\nTo: support@bettracker.example\nSubject: {subject}\n\
             Message-ID: <{id}@courriel.example>\n\nBonjour\n"
        );
        self.test.mail(&raw).await;
    }

    async fn elapse(&mut self, time: Duration) {
        self.test.elapse(time).await;
        self.server.put_clock(self.test.now);
        self.address = serve_pages(&self.test.desk, page_settings(NEAR_URL, false)).await;
    }

    /// Camille does this, and it can no longer be taken back.
    async fn act(&mut self, line: &str) {
        self.test.say(line).await;
        self.elapse(Duration::seconds(20)).await;
    }

    async fn deliver(&self) -> DeliverCount {
        deliver(&self.test.desk, &self.courier).await.unwrap()
    }

    /// The path of a page of Léa's, from the links of a mail of hers.
    async fn page(&mut self, name: &str) -> String {
        self.act("reply 1 Bonjour").await;
        let links = self.test.deliver().await.pop().expect("a mail leaves").links.expect("it is hers");
        let preferences = links.preferences_url.strip_prefix(NEAR_URL).unwrap().to_owned();
        preferences.replace("/preferences", name)
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("http://{}{path}", self.address);
        let answer = reqwest::Client::new().request(method, url).body(body.to_string()).send().await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// A browser of Léa's that asked to be told.
    async fn browser(&self) -> Subscription {
        let browser = self.server.browser(&self.key);
        self.test.desk.host_subscribe(LEA, &browser).await.unwrap();
        browser
    }

    async fn pushes(&self, ticket: i64) -> Vec<DeliveryView> {
        let view = self.test.desk.ticket(TicketId(ticket)).await.unwrap().unwrap();
        view.deliveries.into_iter().filter(|delivery| delivery.channel == Channel::Push).collect()
    }

    /// The last push of ticket 1: its state, and why.
    async fn last(&self) -> (DeliveryState, Option<String>) {
        let last = self.pushes(1).await.pop().expect("there is one");
        (last.state, last.why)
    }

    async fn devices(&self) -> i64 {
        self.test.desk.host_devices(LEA).await.unwrap()
    }
}

fn asked(browser: &Subscription) -> Value {
    let Subscription { endpoint, p256dh, auth } = browser;
    json!({ "endpoint": endpoint, "expirationTime": null, "keys": { "p256dh": p256dh, "auth": auth } })
}

async fn a_browser_is_told_what_happens_once_it_cannot_be_taken_back(database: Database) {
    let mut site = Site::open(database).await;
    let path = site.page("/push").await;
    let browser = site.server.browser(&site.key);
    let (status, said) = site.ask(Method::POST, &path, &asked(&browser)).await;
    assert_eq!(
        (status, said),
        (200, json!({ "devices": 1, "said": "C’est noté\u{a0}: cet appareil vous avertira." }))
    );

    site.test.say("status 1 waiting_customer").await;
    assert_eq!(site.deliver().await, DeliverCount::default(), "it can still be taken back");
    site.elapse(Duration::seconds(20)).await;
    assert_eq!(site.deliver().await.sent, 1);
    let [Message { said, ttl, topic }] = &site.server.brought_to(&browser)[..] else { panic!("one message") };
    assert_eq!(said["title"], "Ticket de support : En attente de votre réponse");
    assert!(said["body"].as_str().unwrap().contains("Paiement refusé"), "{said}");
    assert!(said["url"].as_str().unwrap().starts_with(&format!("{NEAR_URL}/u/")), "{said}");
    assert_eq!((said["tag"].as_str(), topic.as_deref()), (Some("ticket-1"), Some("ticket-1")));
    assert_eq!(*ttl, 48 * 3600 - 20);
    assert_eq!(site.last().await, (DeliveryState::Sent, None));
    assert_eq!(site.deliver().await, DeliverCount::default(), "once");

    // Whether it is told can be asked, by whoever has the page and the browser.
    let known = format!("{path}/known");
    for (endpoint, is_known) in [(browser.endpoint.as_str(), true), ("https://push.example/other", false)] {
        let (_, said) = site.ask(Method::POST, &known, &json!({ "endpoint": endpoint })).await;
        assert_eq!(said, json!({ "known": is_known }));
    }
    // What it leads to is her ticket.
    let page = said["url"].as_str().unwrap().strip_prefix(NEAR_URL).unwrap();
    let (status, page) = site.ask(Method::GET, page, &Value::Null).await;
    assert!(status == 200 && page.as_str().unwrap().contains("Paiement refusé"));
    assert_eq!(site.server.refused(), [""; 0]);
}

async fn each_preference_and_each_act_has_its_rows_on_the_three_channels(database: Database) {
    let acts = [
        ("status 1 waiting_customer", true),
        ("status 1 resolved", true),
        ("status 1 closed", true),
        ("reply 1 Bonjour", true),
        ("status 1 in_progress", false),
        ("priority 1 high", false),
        ("note 1 Vu", false),
        ("assign 1 Camille", false),
    ];
    for preference in Preference::ALL {
        for (act, is_told) in acts {
            let mut site = Site::open(database).await;
            let browsers = [site.browser().await, site.browser().await];
            site.test.say(&format!("user {LEA} {}", preference.as_str())).await;
            site.act(act).await;
            site.test.deliver().await;
            site.deliver().await;
            let view = site.test.desk.ticket(TicketId(1)).await.unwrap().unwrap();
            let rows: Vec<String> = view
                .deliveries
                .iter()
                .map(|row| format!("{} {}", row.channel.as_str(), row.state.as_str()))
                .collect();
            let expected: &[&str] = match (is_told, preference) {
                (false, _) => &[],
                (true, Preference::WebOnly) => &["web sent", "email skipped", "push skipped"],
                (true, Preference::EmailOnly) => &["web skipped", "email sent", "push skipped"],
                (true, Preference::Both) => &["web sent", "email sent", "push sent", "push sent"],
                (true, Preference::None) => &["web skipped", "email skipped", "push skipped"],
            };
            assert_eq!(rows, expected, "{preference:?} {act}");
            let reason = format!("préférence\u{a0}: {}", preference.as_str());
            let skipped = view.deliveries.iter().filter(|row| row.state == DeliveryState::Skipped);
            assert!(skipped.clone().all(|row| row.why.as_ref() == Some(&reason)), "{preference:?} {act}");
            let brought = usize::from(is_told && preference == Preference::Both);
            for browser in &browsers {
                assert_eq!(site.server.brought_to(browser).len(), brought, "{preference:?} {act}");
            }
        }
    }
}

async fn of_a_browser_that_was_away_the_later_status_takes_the_earlier_ones_place_and_no_replys(
    database: Database,
) {
    let mut site = Site::open(database).await;
    let browser = site.browser().await;
    for act in ["status 1 waiting_customer", "reply 1 Un mot.", "reply 1 Un autre.", "status 1 resolved"] {
        site.act(act).await;
        assert_eq!(site.deliver().await.sent, 1, "{act}");
    }
    let brought = site.server.brought_to(&browser);
    let topics: Vec<_> = brought.iter().map(|message| message.topic.as_deref()).collect();
    assert_eq!(topics, [None, None, Some("ticket-1")]);
    assert_ne!(brought[0].said["tag"], brought[1].said["tag"], "both are shown");
    assert!(brought[2].said["title"].as_str().unwrap().contains("Résolu"));
}

async fn a_browser_that_is_gone_is_told_no_more_and_the_record_says_so(database: Database) {
    for status in [404, 410] {
        let mut site = Site::open(database).await;
        site.browser().await;
        site.act("status 1 waiting_customer").await;
        site.server.answer_next(status, None);
        assert_eq!(site.deliver().await, DeliverCount { skipped: 1, ..DeliverCount::default() });
        let gone = "push\u{a0}: l’appareil n’est plus abonné".to_owned();
        assert_eq!(site.last().await, (DeliveryState::Skipped, Some(gone)));
        assert_eq!(site.devices().await, 0);
        site.act("status 1 resolved").await;
        let none = "push\u{a0}: aucun appareil abonné".to_owned();
        assert_eq!(site.last().await, (DeliveryState::Skipped, Some(none)));
        assert_eq!(site.deliver().await, DeliverCount::default());
        assert_eq!(site.server.asked(), 1);
    }
}

async fn after_another_key_the_browsers_that_were_given_the_one_before_are_gone(database: Database) {
    let mut site = Site::open(database).await;
    site.browser().await;
    let vapid = Vapid::new(&new_private_key().unwrap(), "mailto:support@bettracker.example").unwrap();
    site.key = vapid.public_key().to_owned();
    site.courier = PushCourier::new(vapid, true).unwrap();
    site.test.push_key = Some(site.key.clone());
    site.elapse(Duration::zero()).await;
    site.act("status 1 waiting_customer").await;
    assert_eq!(site.deliver().await, DeliverCount { skipped: 1, ..DeliverCount::default() });
    let gone = "push\u{a0}: l’appareil n’est plus abonné".to_owned();
    assert_eq!(site.last().await, (DeliveryState::Skipped, Some(gone)));
    assert_eq!((site.devices().await, site.server.asked()), (0, 0));

    let browser = site.browser().await;
    site.act("status 1 resolved").await;
    assert_eq!(site.deliver().await.sent, 1);
    assert_eq!(site.server.brought_to(&browser).len(), 1);
}

async fn a_service_that_is_unwell_is_asked_again_when_it_likes_and_not_for_ever(database: Database) {
    let mut site = Site::open(database).await;
    let browser = site.browser().await;
    site.act("reply 1 Bonjour").await;
    site.server.answer_next(429, Some(600));
    assert_eq!(site.deliver().await.retry, 1);
    site.elapse(Duration::seconds(599)).await;
    assert_eq!(site.deliver().await, DeliverCount::default(), "it asked for ten minutes");
    site.elapse(Duration::seconds(1)).await;
    site.server.answer_next(503, None);
    assert_eq!(site.deliver().await.retry, 1);
    assert!(site.last().await.1.unwrap().contains("503"));
    site.elapse(Duration::minutes(2)).await;
    assert_eq!(site.deliver().await.sent, 1);
    let [message] = &site.server.brought_to(&browser)[..] else { panic!("one message") };
    assert_eq!(message.ttl, 48 * 3600 - 20 - 600 - 120, "it is kept no longer than at first");

    // What is too old is no news.
    site.act("reply 1 Encore").await;
    site.elapse(Duration::hours(48)).await;
    site.deliver().await;
    let (state, why) = site.last().await;
    assert!(state == DeliveryState::Failed && why.unwrap().starts_with("trop tard"));
    assert_eq!(site.server.asked(), 3);

    // What is refused for good is not asked again.
    site.act("reply 1 Enfin").await;
    site.server.answer_next(413, None);
    assert_eq!(site.deliver().await.failed, 1);
    site.elapse(Duration::days(1)).await;
    assert_eq!(site.deliver().await, DeliverCount::default());
    assert_eq!(site.devices().await, 1);
}

async fn what_was_taken_back_or_chosen_otherwise_before_it_left_is_not_pushed(database: Database) {
    let mut site = Site::open(database).await;
    let browser = site.browser().await;
    site.test.say("reply 1 Oups").await;
    site.test.say("undo").await;
    site.elapse(Duration::minutes(1)).await;
    assert_eq!(site.deliver().await, DeliverCount::default());
    assert_eq!(site.last().await.0, DeliveryState::Cancelled);

    site.test.say("reply 1 Bonjour").await;
    site.test.say(&format!("user {LEA} email_only")).await;
    site.elapse(Duration::minutes(1)).await;
    assert_eq!(site.deliver().await.skipped, 1);
    let why = "préférence\u{a0}: email_only".to_owned();
    assert_eq!(site.last().await, (DeliveryState::Skipped, Some(why)));

    site.test.say(&format!("user {LEA} both")).await;
    site.test.say("reply 1 Rebonjour").await;
    site.test.desk.host_end_subscription(LEA, Some(&browser.endpoint)).await.unwrap();
    site.elapse(Duration::minutes(1)).await;
    assert_eq!(site.deliver().await.skipped, 1);
    assert_eq!(site.server.asked(), 0);
}

async fn nobody_has_us_post_to_a_machine_nearby_or_to_keys_that_are_none(database: Database) {
    let mut site = Site::open(database).await;
    let path = site.page("/push").await;
    let good = site.server.browser(&site.key);
    for endpoint in
        ["http://169.254.169.254/latest", "https://10.0.0.1/x", "ftp://push.example/x", "https://a", ""]
    {
        let (status, said) = site
            .ask(Method::POST, &path, &asked(&Subscription { endpoint: endpoint.to_owned(), ..good.clone() }))
            .await;
        assert!(
            status == 422 && said["said"].as_str().unwrap().contains("ne peut pas être joint"),
            "{endpoint}"
        );
    }
    let other = Subscription { auth: "AAAA".to_owned(), ..good.clone() };
    assert_eq!(site.ask(Method::POST, &path, &asked(&other)).await.0, 422);
    for faulty in [json!({}), json!([]), json!({ "endpoint": good.endpoint })] {
        assert_eq!(site.ask(Method::POST, &path, &faulty).await.0, 400);
    }
    assert_eq!(site.ask(Method::POST, "/u/AAAA/push", &asked(&good)).await.0, 404);
    assert_eq!(site.devices().await, 0);
}

async fn a_person_has_so_many_browsers_and_ends_them_one_by_one_or_all_at_once(database: Database) {
    let mut site = Site::open(database).await;
    let path = site.page("/push").await;
    let first = site.server.browser(&site.key);
    for time in 0..2 {
        assert_eq!(site.ask(Method::POST, &path, &asked(&first)).await.1["devices"], 1, "time {time}");
    }
    for _ in 0..MOST_DEVICES {
        site.elapse(Duration::seconds(1)).await;
        site.browser().await;
    }
    assert_eq!(site.devices().await, MOST_DEVICES, "the oldest is told no more");
    let (_, page) = site.ask(Method::GET, &path.replace("/push", "/preferences"), &Value::Null).await;
    let page = page.as_str().unwrap().to_owned();
    assert!(page.contains("10\u{a0}appareils abonnés"), "{page}");

    let mine = site.browser().await;
    let (status, said) = site.ask(Method::DELETE, &path, &json!({ "endpoint": mine.endpoint })).await;
    assert_eq!((status, &said["devices"]), (200, &json!(MOST_DEVICES - 1)));
    // A browser that somebody else signs in with is theirs.
    site.mail("zoe", 2, "Autre").await;
    let shared = site.browser().await;
    site.test.desk.host_subscribe("zoe@courriel.example", &shared).await.unwrap();
    assert_eq!(site.devices().await, MOST_DEVICES - 1);
    let (status, page) = site.ask(Method::POST, &format!("{path}/end"), &Value::Null).await;
    assert!(status == 200 && !page.as_str().unwrap().contains("appareils abonnés"), "{status}");
    assert_eq!(site.devices().await, 0);
    assert_eq!(site.test.desk.host_devices("zoe@courriel.example").await.unwrap(), 1);
}

async fn the_bell_shows_what_is_unread_in_a_page_of_another_host(database: Database) {
    let mut site = Site::open(database).await;
    site.act("status 1 waiting_customer").await;
    let (token, until) = site.test.desk.widget_token(LEA).await.unwrap();
    assert_eq!(until, site.test.now + Duration::days(7));
    let path = format!("/u/{token}/widget");
    let (status, bell) = site.ask(Method::GET, &path, &Value::Null).await;
    assert_eq!((status, &bell["unread"], &bell["push_key"]), (200, &json!(1), &json!(site.key)));
    let told = &bell["notifications"][0];
    assert_eq!((&told["kind"], &told["unread"]), (&json!("warning"), &json!(true)));
    let page = told["url"].as_str().unwrap().strip_prefix(NEAR_URL).unwrap();
    assert_eq!(site.ask(Method::GET, page, &Value::Null).await.0, 200);
    let (_, bell) = site.ask(Method::POST, &path, &json!({ "id": told["id"] })).await;
    assert_eq!(bell["unread"], 0);

    // As a browser asks for a page of another host.
    let client = reqwest::Client::new();
    let url = format!("http://{}{path}", site.address);
    for (method, expected) in [(Method::OPTIONS, 204), (Method::GET, 200), (Method::POST, 200)] {
        let request = client.request(method.clone(), &url).header("Origin", "https://bettracker.example");
        let answer = request.header("Sec-Fetch-Site", "cross-site").body("{}").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{method}");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        assert!(!answer.headers().contains_key("access-control-allow-credentials"));
    }
    for script in ["/widget.js", "/push-worker.js"] {
        let answer = client.get(format!("http://{}{script}", site.address)).send().await.unwrap();
        assert_eq!(answer.headers()["cross-origin-resource-policy"], "cross-origin");
    }

    // It opens nothing else, and ends with her links, or by itself.
    for other in ["ticket", "tickets", "notifications", "preferences", "push"] {
        let method = if other == "push" { Method::POST } else { Method::GET };
        let body = asked(&site.server.browser(&site.key));
        assert_eq!(site.ask(method, &format!("/u/{token}/{other}"), &body).await.0, 404, "{other}");
    }
    site.elapse(Duration::days(7)).await;
    assert_eq!(site.ask(Method::GET, &path, &Value::Null).await.0, 404);
    let (token, _) = site.test.desk.widget_token(LEA).await.unwrap();
    site.elapse(Duration::seconds(1)).await;
    site.test.say(&format!("user {LEA} --revoke")).await;
    assert_eq!(site.ask(Method::GET, &format!("/u/{token}/widget"), &Value::Null).await.0, 404);
    site.elapse(Duration::seconds(1)).await;
    let (token, _) = site.test.desk.widget_token(LEA).await.unwrap();
    assert_eq!(site.ask(Method::GET, &format!("/u/{token}/widget"), &Value::Null).await.0, 200);
    let browser = asked(&site.server.browser(&site.key));
    assert_eq!(site.ask(Method::POST, &format!("/u/{token}/widget/push"), &browser).await.0, 200);
    assert_eq!(site.devices().await, 1);
}

async fn a_browser_asks_is_told_and_asks_no_more(database: Database) {
    let mut site = Site::open(database).await;
    let path = site.page("/preferences").await;
    let browser = site.server.browser(&site.key);
    let address = format!("http://localhost:{}", site.address.port());
    let (key, asked) = (site.key.clone(), asked(&browser));
    let said = tokio::task::spawn_blocking(move || {
        let mut page = Chromium::open(900, 900);
        page.grant("notifications", &address);
        // No service on the internet takes part in a test: what it would give the browser is given here.
        page.on_each_page(&format!(
            "PushManager.prototype.getSubscription = async () => null;
             PushManager.prototype.subscribe = async (options) => {{
               if (options.applicationServerKey !== '{key}' || !options.userVisibleOnly) throw new Error('asked otherwise');
               return {{ endpoint: {endpoint}, toJSON: () => ({asked}), unsubscribe: async () => true }};
             }};",
            endpoint = asked["endpoint"],
        ));
        page.go(&format!("{address}{path}"));
        page.wait_until("!document.getElementById('push-on').hidden");
        page.click("#push-on");
        page.wait_for_text("cet appareil vous avertira");
        let pushed = json!({ "title": "Ticket résolu", "body": "Voilà", "url": address, "tag": "ticket-1" });
        page.push(
            &address,
            "/u/",
            &pushed.to_string(),
            "navigator.serviceWorker.getRegistration('/u/').then((worker) => worker.getNotifications())
             .then((shown) => shown.length === 1 && shown[0].title === 'Ticket résolu' && shown[0].body === 'Voilà')",
        );
        page.click("#push-off");
        page.wait_for_text("ne vous avertira plus");
        page.wait_until("document.activeElement.id === 'push-on'");
        page.complaints().to_vec()
    });
    assert_eq!(said.await.unwrap(), [""; 0]);
    assert_eq!(site.devices().await, 0);
}

async fn a_page_of_the_application_shows_the_bell(database: Database) {
    let mut site = Site::open(database).await;
    site.act("status 1 waiting_customer").await;
    let address = serve_pages(&site.test.desk, page_settings(NEAR_URL, true)).await;
    let said = tokio::task::spawn_blocking(move || {
        let mut page = Chromium::open(900, 700);
        page.go(&format!("http://localhost:{}/demo/application", address.port()));
        page.wait_until("(window.bell = document.querySelector('guichet-bell')?.shadowRoot)?.querySelector('i')?.textContent === '1'");
        page.wait_until(
            "bell.querySelector('button').getAttribute('aria-label') === 'Notifications\\u00a0: 1 non lue'",
        );
        page.evaluate("bell.querySelector('button').click()");
        page.wait_until("!bell.querySelector('div').hidden && bell.querySelector('a.warning.new').textContent.includes('Paiement refusé')");
        page.evaluate("[...bell.querySelectorAll('div button')].find((b) => b.textContent === 'Tout marquer comme lu').click()");
        page.wait_until("!bell.querySelector('i') && !bell.querySelector('a.new')");
        page.evaluate("bell.querySelector('a').focus()");
        page.press_escape();
        page.wait_until(
            "bell.querySelector('div').hidden && bell.activeElement === bell.querySelector('button')",
        );
        page.complaints().to_vec()
    });
    assert_eq!(said.await.unwrap(), [""; 0]);
    let (_, unread) = site.test.desk.host_notifications(LEA, None, 10).await.unwrap();
    assert_eq!(unread, 0);
    // No desk but a demo has such a page.
    assert_eq!(site.ask(Method::GET, "/demo/application", &Value::Null).await.0, 404);
}

async fn a_status_that_had_to_wait_does_not_take_a_later_ones_place(database: Database) {
    let mut site = Site::open(database).await;
    let browser = site.browser().await;
    site.act("status 1 waiting_customer").await;
    site.server.answer_next(429, Some(3600));
    assert_eq!(site.deliver().await.retry, 1);
    // As if the first were under way while the second is decided: it is not overtaken then.
    let mut claimed = site.test.desk.claim_pushes(10).await.unwrap().pushes;
    assert!(claimed.is_empty());
    site.elapse(Duration::hours(1)).await;
    claimed = site.test.desk.claim_pushes(10).await.unwrap().pushes;
    assert_eq!(claimed.len(), 1);
    site.act("status 1 resolved").await;
    assert_eq!(site.deliver().await.sent, 1);
    site.elapse(Duration::minutes(5)).await;
    assert_eq!(site.deliver().await.skipped, 1, "its lease has ended");
    let brought = site.server.brought_to(&browser);
    assert!(brought.len() == 1 && brought[0].said["title"].as_str().unwrap().contains("Résolu"));
}

async fn ending_somebodys_links_ends_what_was_asked_by_them(database: Database) {
    let mut site = Site::open(database).await;
    let path = site.page("/push").await;
    let stranger = site.server.browser(&site.key);
    assert_eq!(site.ask(Method::POST, &path, &asked(&stranger)).await.0, 200);
    site.elapse(Duration::seconds(1)).await;
    site.test.say(&format!("user {LEA} --revoke")).await;
    assert_eq!(site.devices().await, 0);
    site.act("reply 1 Un secret").await;
    site.deliver().await;
    assert_eq!(site.server.asked(), 0);
}

on_both! {
    a_browser_is_told_what_happens_once_it_cannot_be_taken_back,
    each_preference_and_each_act_has_its_rows_on_the_three_channels,
    of_a_browser_that_was_away_the_later_status_takes_the_earlier_ones_place_and_no_replys,
    a_browser_that_is_gone_is_told_no_more_and_the_record_says_so,
    after_another_key_the_browsers_that_were_given_the_one_before_are_gone,
    a_service_that_is_unwell_is_asked_again_when_it_likes_and_not_for_ever,
    what_was_taken_back_or_chosen_otherwise_before_it_left_is_not_pushed,
    nobody_has_us_post_to_a_machine_nearby_or_to_keys_that_are_none,
    a_person_has_so_many_browsers_and_ends_them_one_by_one_or_all_at_once,
    the_bell_shows_what_is_unread_in_a_page_of_another_host,
    a_browser_asks_is_told_and_asks_no_more,
    a_page_of_the_application_shows_the_bell,
    a_status_that_had_to_wait_does_not_take_a_later_ones_place,
    ending_somebodys_links_ends_what_was_asked_by_them,
}
