//! What is held of a person: given out whole, and taken away whole; and what they said of how they want to be told.

use crate::support::desk::{Database, TestDesk, on_both, question};
use crate::support::push_server::PushServer;
use chrono::Duration;
use guichet::desk::Failure;
use guichet::desk::board::QueueFilter;
use guichet::desk::privacy::Erasure;
use guichet::desk::receive::{Arrived, Filed};
use guichet::domain::audit::{AuditKind, By};
use guichet::domain::delivery::{Channel, DeliveryState, Outcome};
use guichet::domain::event::EventKind;
use guichet::domain::feedback::Rating;
use guichet::domain::ids::{RawMailId, TicketId};
use guichet::domain::people::Door;
use guichet::domain::preference::Preference;
use guichet::domain::refusal::Refusal;
use guichet::domain::report::Period;
use guichet::domain::webhook::{Answer, Hook, HookEvent};
use guichet::reading::identity;
use guichet::view::{DeliveryView, TicketView};
use guichet::webpush::{Vapid, new_private_key};
use sqlx::Row;

on_both! {
    a_person_is_erased_everywhere_and_nobody_else,
    whoever_was_in_copy_is_left_out_of_the_mails_of_others,
    what_is_composed_while_its_reader_is_erased_is_not_kept,
    what_is_composed_while_somebody_in_copy_is_erased_is_not_kept,
    mails_on_no_ticket_are_theirs_too,
    a_report_of_what_was_erased_brings_nothing_back,
    what_is_held_of_a_person_is_given_out_with_their_mails,
    what_others_said_of_a_person_goes_however_they_wrote_the_address,
    a_choice_within_the_window_holds_on_every_channel,
    a_choice_by_any_road_withdraws_what_the_web_has_yet_to_show,
    an_act_that_is_taken_back_after_a_choice_shows_nothing_again,
    an_act_waits_for_a_choice_that_is_being_stored,
}

/// A mail with a file.
pub(crate) fn mail(name: &str, address: &str, id: u32, more: &str, text: &str) -> String {
    format!(
        "From: {name} <{address}>\nTo: support@bettracker.example\nSubject: Virement {name}\nMessage-ID: <m{id}@mail.example>\n\
         {more}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\
         --x\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=\"iban-{name}.pdf\"\n\n%PDF-1.7\n--x--\n"
    )
}

/// Every column of every table in which one of these words stands.
pub(crate) async fn holding(test: &TestDesk, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let likes = |column: &str| {
        let likes = words.iter().map(|word| format!("{column} LIKE '%{word}%'"));
        likes.collect::<Vec<_>>().join(" OR ")
    };
    if test.url.starts_with("sqlite") {
        let pool = sqlx::SqlitePool::connect(&test.url).await.unwrap();
        let columns = sqlx::query(
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' \
             AND m.name NOT LIKE 'search%' AND m.name NOT LIKE 'sqlite%'",
        );
        for row in columns.fetch_all(&pool).await.unwrap() {
            let (table, column): (String, String) = (row.get(0), row.get(1));
            let asked =
                format!("SELECT COUNT(*) FROM {table} WHERE {}", likes(&format!("CAST({column} AS TEXT)")));
            let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(asked)).fetch_one(&pool).await.unwrap();
            found.extend((count > 0).then(|| format!("{table}.{column}")));
        }
    } else {
        let pool = sqlx::PgPool::connect(&test.url).await.unwrap();
        let columns = sqlx::query(
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()",
        );
        for row in columns.fetch_all(&pool).await.unwrap() {
            let (table, column): (String, String) = (row.get(0), row.get(1));
            let asked =
                format!("SELECT COUNT(*) FROM {table} WHERE {}", likes(&format!("CAST({column} AS TEXT)")));
            let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(asked)).fetch_one(&pool).await.unwrap();
            found.extend((count > 0).then(|| format!("{table}.{column}")));
        }
    }
    found
}

async fn whoever_was_in_copy_is_left_out_of_the_mails_of_others(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("Durand", "max@courriel.example", 1, "", "Mon retrait ?")).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 2, "", "Le mien ?")).await;
    test.say("participants 1 +lea@courriel.example").await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 3, "In-Reply-To: <m1@mail.example>\n", "Idem ici."))
        .await;
    test.say("reply 1 --all Le premier part ce soir.").await;
    test.elapse(Duration::seconds(20)).await;
    for parcel in test.desk.claim(10).await.unwrap().parcels {
        assert_eq!(parcel.cc.len(), 1);
        test.seal(&parcel, b"Cc: Fontaine <lea@courriel.example>").await;
        test.desk.record(&parcel, Outcome::Sent).await.unwrap();
    }
    // Another waits still.
    test.say("reply 1 --all Le second part demain.").await;
    let search = async |words: &str| {
        let filter = QueueFilter { words: vec![words.to_owned()], ..QueueFilter::default() };
        test.desk.queue(&filter).await.unwrap().tickets.iter().map(|one| one.id.0).collect::<Vec<_>>()
    };
    assert_eq!(search("fontaine").await, [1, 2]);
    let by = By::agent(&test.camille, Door::Cli);
    let lea = test.desk.number_of("lea@courriel.example").await.unwrap();
    test.desk.erase(lea, &by).await.unwrap();
    assert_eq!(holding(&test, &["lea@courriel"]).await, [""; 0]);
    assert_eq!(search("fontaine").await, [0i64; 0]);
    assert_eq!(search("idem").await, [1], "what she wrote there is found by its words");
    test.elapse(Duration::seconds(20)).await;
    let left = test.deliver().await;
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].address.as_str(), left[0].cc.len()), ("max@courriel.example", 0));
    assert!(left[0].sealed.is_none());
    let sent = test.desk.ticket(TicketId(1)).await.unwrap().unwrap().deliveries;
    assert!(sent.iter().any(|one| one.state == DeliveryState::Cancelled));
}

async fn what_is_composed_while_its_reader_is_erased_is_not_kept(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Mon retrait ?")).await;
    test.say("reply 1 Il part ce soir.").await;
    test.elapse(Duration::seconds(20)).await;
    let parcel = test.desk.claim(10).await.unwrap().parcels.pop().unwrap();
    let by = By::agent(&test.camille, Door::Cli);
    let lea = test.desk.number_of("lea@courriel.example").await.unwrap();
    test.desk.erase(lea, &by).await.unwrap();
    test.seal(&parcel, b"Bonjour Fontaine").await;
    test.desk.record(&parcel, Outcome::SentAs("given@relais.example".into())).await.unwrap();
    let kept = test.store.read().await.unwrap().delivery(parcel.id).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.is_sealed), (DeliveryState::Cancelled, false));
    // Nothing leads to her ticket any more.
    let answer = "In-Reply-To: <given@relais.example>\n";
    test.mail(&mail("Fontaine", "lea@courriel.example", 2, answer, "Merci ?")).await;
    assert_eq!(test.desk.ticket(TicketId(1)).await.unwrap().unwrap().messages.len(), 2);
}

async fn what_is_composed_while_somebody_in_copy_is_erased_is_not_kept(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("Durand", "max@courriel.example", 1, "", "Mon retrait ?")).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 2, "", "Le mien ?")).await;
    test.say("participants 1 +lea@courriel.example").await;
    test.say("reply 1 --all Il part ce soir.").await;
    test.elapse(Duration::seconds(20)).await;
    let parcels = test.desk.claim(10).await.unwrap().parcels;
    assert_eq!(parcels.len(), 2, "his, and her copy of it");
    let by = By::agent(&test.camille, Door::Cli);
    let lea = test.desk.number_of("lea@courriel.example").await.unwrap();
    test.desk.erase(lea, &by).await.unwrap();
    for parcel in &parcels {
        test.seal(parcel, b"Cc: Fontaine <lea@courriel.example>").await;
        test.desk.record(parcel, Outcome::Sent).await.unwrap();
        assert!(!test.store.read().await.unwrap().delivery(parcel.id).await.unwrap().unwrap().is_sealed);
    }
    assert_eq!(holding(&test, &["lea@courriel"]).await, [""; 0]);
}

/// A report that a mail to Léa did not arrive.
fn bounce(id: u32, more: &str) -> String {
    format!(
        "From: MAILER-DAEMON@relais.example\nTo: support@bettracker.example\nSubject: Undelivered Mail\nMessage-ID: <m{id}@relais.example>\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\n\
         User unknown.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relais.example\n\n\
         Final-Recipient: rfc822; lea@courriel.example\nAction: failed\nStatus: 5.1.1\n{more}--b--\n"
    )
}

async fn mails_on_no_ticket_are_theirs_too(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Mon retrait ?")).await;
    // What comes late counts against no hourly limit, and is hers all the same.
    let old = "Date: Mon, 5 Jan 2026 10:00:00 +0100\n";
    let absent = format!("{old}Auto-Submitted: auto-replied\n");
    let twofold = format!("{old}From: max@courriel.example\n");
    test.mail(&mail("Fontaine", "lea@courriel.example", 2, &absent, "Absente.")).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 3, &twofold, "De nous deux.")).await;
    test.mail(&bounce(4, "")).await;
    let raw = b"From: Fontaine <Lea@Courriel.example>\r\nSubject: trop gros\r\n\r\n";
    let (sha256, identity) = (identity::sha256_hex(raw), identity::identity(raw));
    let part = Arrived::new(raw, sha256, identity, Err("too large")).unwrap();
    test.desk.receive("test", vec![part], None).await.unwrap();
    test.mail(&mail("Durand", "max@courriel.example", 5, &twofold.replace("max@", "zoe@"), "Autre chose."))
        .await;
    assert_eq!(test.desk.held_mails().await.unwrap().len(), 3);
    let (by, lea) =
        (By::agent(&test.camille, Door::Cli), test.desk.number_of("lea@courriel.example").await.unwrap());
    assert_eq!(test.desk.held_of(lea).await.unwrap().unwrap().counts.mails, 5);
    assert_eq!(test.desk.export(lea, &by).await.unwrap().unwrap().1.len(), 5);
    test.elapse(Duration::days(1)).await;
    test.desk.erase(lea, &by).await.unwrap();
    let held = test.desk.held_mails().await.unwrap();
    assert_eq!(held.len(), 1, "{held:?}");
    for id in 1..=5 {
        assert_eq!(test.desk.mail_of(RawMailId(id)).await.unwrap(), None, "{id}");
    }
    assert!(test.desk.mail_of(RawMailId(6)).await.unwrap().is_some());
}

async fn a_report_of_what_was_erased_brings_nothing_back(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Mon retrait ?")).await;
    test.say("reply 1 Il part ce soir.").await;
    test.elapse(Duration::seconds(20)).await;
    let sent = test.deliver().await.pop().unwrap().message_id;
    let (by, lea) =
        (By::agent(&test.camille, Door::Cli), test.desk.number_of("lea@courriel.example").await.unwrap());
    test.desk.erase(lea, &by).await.unwrap();
    let original = format!("--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{sent}>\n");
    assert_eq!(test.mail(&bounce(2, &original)).await, Filed::Bounce);
    let ticket = test.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    assert_eq!(ticket.events.last().unwrap().kind, EventKind::Erased);
    assert_eq!(test.store.read().await.unwrap().count_suppressed().await.unwrap(), 0);
}

const HERS: [&str; 4] = ["lea@courriel", "FR7612345", "Fontaine", "trop long"];

async fn a_person_is_erased_everywhere_and_nobody_else(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Mon IBAN est FR7612345.")).await;
    test.mail(&mail("Durand", "max@courriel.example", 2, "", "Le mien aussi est FR99.")).await;
    // She writes on his ticket too.
    let his = "In-Reply-To: <m2@mail.example>\nCc: Paul <paul@autre.example>\n";
    test.say("participants 2 +lea@courriel.example").await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 3, his, "Moi aussi.")).await;
    test.say("note 1 Mme Fontaine a rappelé.").await;
    test.say("reply 1 --then resolved Bonjour Mme Fontaine, FR7612345 est corrigé.").await;
    test.elapse(Duration::seconds(20)).await;
    let parcel = test.deliver().await.pop().unwrap();
    let links = parcel.links.unwrap();
    let token = |url: &str| url.split('/').nth_back(1).unwrap().to_owned();
    test.desk
        .give_feedback(&token(&links.feedback_url), Rating::Fair, "Un peu trop long")
        .await
        .unwrap()
        .unwrap();
    test.say("status 1 closed").await;
    let day = Period::day(test.desk.today());
    let before = test.desk.report(day).await.unwrap().tally;
    assert!(holding(&test, &HERS).await.len() > 8, "{:?}", holding(&test, &HERS).await);

    let (by, lea) =
        (By::agent(&test.camille, Door::Cli), test.desk.number_of("Lea@Courriel.example").await.unwrap());
    let Some(Erasure::Now(erased)) = test.desk.erase(lea, &by).await.unwrap() else { panic!("she is known") };
    assert_eq!((erased.tickets, erased.messages), (1, 3));
    assert!(erased.mails >= 1);
    assert_eq!(test.desk.erase(lea, &by).await.unwrap(), Some(Erasure::Before), "it is done once");
    let told = test.desk.audit_lines(None, 10).await.unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].kind, told[0].actor.as_str()), (AuditKind::PersonErased, "Camille"));
    assert_eq!((told[0].detail.person, told[0].detail.counts), (Some(lea.0), erased));
    let held = test.desk.held_of(lea).await.unwrap().unwrap();
    assert!(held.erased && held.counts.mails == 0 && held.counts.tickets == 1, "{held:?}");
    let left = holding(&test, &HERS[..2].iter().chain(&HERS[3..]).copied().collect::<Vec<_>>()).await;
    // What she wrote on somebody else's ticket is that person's mail: only her name and address are gone from it.
    assert_eq!(left, [""; 0]);
    let ticket = test.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    assert_eq!(ticket.messages[0].author, "Personne effacée");
    assert_eq!(ticket.messages[0].text, "(effacé à la demande de l’utilisateur)");
    assert!(ticket.messages[0].attachments.is_empty());
    assert_eq!(ticket.events.last().unwrap().kind, EventKind::Erased);
    assert_eq!(test.desk.held_mail(RawMailId(1)).await.unwrap(), None);
    let after = test.desk.report(day).await.unwrap().tally;
    assert_eq!(
        (after.created, after.resolved, after.ratings),
        (before.created, before.resolved, before.ratings)
    );
    // Nothing leaves any more, nothing opens, nothing is found.
    test.elapse(Duration::seconds(20)).await;
    assert!(test.deliver().await.is_empty());
    assert!(test.desk.own_ticket(&token(&links.ticket_url)).await.unwrap().is_none());
    assert!(!format!("{:?}", test.say("list FR7612345").await).contains("TicketId(1)"));
    assert!(format!("{:?}", test.say("list FR99").await).contains("TicketId(2)"), "his is found");
    let unknown = test.desk.number_of("lea@courriel.example").await;
    assert!(matches!(unknown, Err(Failure::Refused(Refusal::NoSuchRequester(_)))));
    let his = test.desk.ticket(TicketId(2)).await.unwrap().unwrap();
    assert_eq!((his.messages[0].author.as_str(), his.messages[0].attachments.len()), ("Durand", 1));
    // Who writes again is somebody new.
    test.mail(&mail("Fontaine", "lea@courriel.example", 4, "", "Encore moi.")).await;
    assert_eq!(test.desk.person("lea@courriel.example").await.unwrap().tickets.len(), 1);
}

async fn what_is_held_of_a_person_is_given_out_with_their_mails(database: Database) {
    let test = TestDesk::new(database).await;
    let raw = mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.");
    test.mail(&raw).await;
    test.mail(&mail("Durand", "max@courriel.example", 2, "", "Bonjour.")).await;
    test.say("participants 2 +lea@courriel.example").await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 3, "In-Reply-To: <m2@mail.example>\n", "Moi aussi."))
        .await;
    let (by, lea) = (By::program(Door::Cli), test.desk.number_of("lea@courriel.example").await.unwrap());
    let (whole, mails) = test.desk.export(lea, &by).await.unwrap().unwrap();
    assert_eq!(mails.len(), 2, "hers, and the one on his ticket");
    let given = test.desk.mail_of(mails[0]).await.unwrap().unwrap();
    assert_eq!(given, raw.replace('\n', "\r\n").into_bytes(), "byte for byte");
    assert_eq!(whole["email"], "lea@courriel.example");
    assert_eq!(whole["tickets"][0]["messages"][0]["text"], "Bonjour.");
    assert_eq!(whole["messages_elsewhere"][0]["text"], "Moi aussi.");
    assert_eq!(whole["takes_part_in"][0]["ticket"], 2);
    assert!(!whole.to_string().contains("Durand"), "{whole}");
    let told = test.desk.audit_lines(None, 10).await.unwrap();
    assert_eq!((told[0].kind, told[0].detail.counts.mails), (AuditKind::PersonExported, 2));
}

async fn what_others_said_of_a_person_goes_however_they_wrote_the_address(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("Fontaine", LEA, 1, "", "Mon retrait ?")).await;
    test.mail(&mail("Durand", "max@courriel.example", 2, "", "Le mien ?")).await;
    test.say("reply 2 --then resolved Il est parti.").await;
    test.elapse(Duration::seconds(20)).await;
    let links = test.deliver().await.pop().unwrap().links.unwrap();
    let comment = "Lea@Courriel.Example m’avait prévenu";
    test.desk.give_feedback(&token(&links.feedback_url), Rating::Good, comment).await.unwrap().unwrap();
    let lea = test.desk.number_of(LEA).await.unwrap();
    test.desk.erase(lea, &By::agent(&test.camille, Door::Cli)).await.unwrap();
    assert_eq!(holding(&test, &["lea@courriel", "Lea@Courriel"]).await, [""; 0]);
}

// ---------- what goes into backups

/// Which of these stand in a backup that is made now, as they lie in the file; what is packed there is unpacked.
pub(crate) async fn backed_up(test: &TestDesk, name: &str, words: &[&'static str]) -> Vec<&'static str> {
    let file = test.folder.path().join(name);
    let file = file.to_str().unwrap();
    assert!(test.store.copy_to(file).await.unwrap(), "a copy of SQLite");
    let mut texts = vec![std::fs::read(file).unwrap()];
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{file}")).await.unwrap();
    for asked in ["SELECT packed FROM raw_body", "SELECT packed FROM sealed_body"] {
        let packed: Vec<Vec<u8>> = sqlx::query_scalar(asked).fetch_all(&pool).await.unwrap();
        texts.extend(packed.iter().map(|packed| guichet::desk::unpack(packed).unwrap()));
    }
    pool.close().await;
    let holds = |text: &[u8], word: &str| text.windows(word.len()).any(|bytes| bytes == word.as_bytes());
    words.iter().copied().filter(|word| texts.iter().any(|text| holds(text, word))).collect()
}

/// Words of Léa's mail as SQLite's index holds them: without the letters that they have in common with the word before.
pub(crate) const INDEXED: [&str; 2] = ["ontaine", "7612345"];

#[tokio::test(flavor = "multi_thread")]
async fn no_backup_holds_an_erased_person_once_the_index_is_in_order() {
    let mut test = TestDesk::new(Database::Sqlite).await;
    // So many that the index takes no notice of what one of them leaves behind.
    test.mails((0..60).map(question).collect()).await;
    test.mail(&mail("Fontaine", LEA, 1, "", "Mon IBAN est FR7612345.")).await;
    test.desk.tidy_search().await.unwrap();
    let lea = test.desk.number_of(LEA).await.unwrap();
    test.desk.erase(lea, &By::agent(&test.camille, Door::Cli)).await.unwrap();
    assert_eq!(backed_up(&test, "between.db", &INDEXED).await, INDEXED, "the index holds what it hides");
    // Whoever comes next knows that it is owed.
    test.elapse(Duration::minutes(1)).await;
    test.desk.tidy_search().await.unwrap();
    assert_eq!(backed_up(&test, "after.db", &[INDEXED[0], INDEXED[1], "lea@courriel"]).await, [""; 0]);
    let found = format!("{:?}", test.say("list question").await);
    assert!(found.contains("TicketId(60)"), "the others are found: {found}");
}

// ---------- how they want to be told

const LEA: &str = "lea@courriel.example";

/// The token of a link.
fn token(url: &str) -> String {
    url.split('/').nth_back(1).unwrap().to_owned()
}

/// How many notifications Léa sees, and how many of them she has not read.
async fn seen(test: &TestDesk) -> (usize, i64) {
    let (told, unread) = test.desk.host_notifications(LEA, None, 50).await.unwrap();
    (told.len(), unread)
}

async fn first_ticket(test: &TestDesk) -> TicketView {
    test.desk.ticket(TicketId(1)).await.unwrap().unwrap()
}

fn stands(ticket: &TicketView) -> Vec<String> {
    let stands = |one: &DeliveryView| format!("{} {}", one.channel.as_str(), one.state.as_str());
    ticket.deliveries.iter().map(stands).collect()
}

async fn a_choice_within_the_window_holds_on_every_channel(database: Database) {
    for (choice, expected) in [
        (Preference::WebOnly, ["web sent", "email skipped", "push skipped"]),
        (Preference::EmailOnly, ["web skipped", "email sent", "push skipped"]),
        (Preference::None, ["web skipped", "email skipped", "push skipped"]),
    ] {
        let vapid = Vapid::new(&new_private_key().unwrap(), "mailto:support@bettracker.example").unwrap();
        let key = vapid.public_key().to_owned();
        let mut test = TestDesk::pushing(database, &key).await;
        let service = PushServer::start(test.now).await;
        test.mail(&mail("Fontaine", LEA, 1, "", "Mon retrait ?")).await;
        test.desk.host_subscribe(LEA, &service.browser(&key)).await.unwrap();
        test.say("status 1 resolved").await;
        test.elapse(Duration::seconds(5)).await;
        test.desk.set_requester(LEA, None, Some(choice)).await.unwrap();
        test.elapse(Duration::seconds(20)).await;
        test.deliver().await;
        assert_eq!(test.desk.claim_pushes(10).await.unwrap().skipped, 1);
        let ticket = first_ticket(&test).await;
        assert_eq!(stands(&ticket), expected, "{choice:?}");
        let why = format!("préférence\u{a0}: {}", choice.as_str());
        for one in ticket.deliveries.iter().filter(|one| one.state == DeliveryState::Skipped) {
            assert_eq!(one.why.as_deref(), Some(&*why), "{choice:?} {:?}", one.channel);
        }
        let shown = usize::from(choice.allows(Channel::Web));
        assert_eq!(seen(&test).await, (shown, shown as i64), "{choice:?}");
    }
}

async fn a_choice_by_any_road_withdraws_what_the_web_has_yet_to_show(database: Database) {
    for by_link in [true, false] {
        let hook = Hook { name: "app".into(), events: vec![HookEvent::NotificationCreated] };
        let mut test = TestDesk::telling(database, vec![hook]).await;
        test.mail(&mail("Fontaine", LEA, 1, "", "Mon retrait ?")).await;
        test.say("reply 1 Il part ce soir.").await;
        test.elapse(Duration::seconds(20)).await;
        let links = test.deliver().await.pop().unwrap().links.unwrap();
        let told = test.desk.claim_hooks("app", "as it is", 10).await.unwrap().posts;
        assert_eq!(told.len(), 1, "she sees the reply, and so does the host application");
        test.desk.record_hook("app", &told[0], Answer::Taken, "").await.unwrap();
        test.say("status 1 resolved").await;
        test.elapse(Duration::seconds(5)).await;
        match by_link {
            true => {
                let link = token(&links.preferences_url);
                test.desk.choose_preference(&link, Preference::EmailOnly).await.unwrap().unwrap();
            }
            false => drop(test.say(&format!("user {LEA} none")).await),
        }
        for _ in 0..3 {
            test.elapse(Duration::seconds(20)).await;
            assert_eq!(test.desk.claim_hooks("app", "as it is", 10).await.unwrap().posts.len(), 0);
        }
        assert_eq!(test.desk.next_hook("app").await.unwrap(), None, "nothing waits for the application");
        assert_eq!(seen(&test).await, (1, 1), "what she saw before stays");
    }
}

async fn an_act_that_is_taken_back_after_a_choice_shows_nothing_again(database: Database) {
    let mut test = TestDesk::new(database).await;
    test.mail(&mail("Fontaine", LEA, 1, "", "Mon retrait ?")).await;
    test.say("status 1 waiting_customer").await;
    test.elapse(Duration::seconds(15)).await;
    test.say("status 1 resolved").await;
    // The first would be shown by now, had the second not taken its place.
    test.elapse(Duration::seconds(10)).await;
    test.desk.set_requester(LEA, None, Some(Preference::EmailOnly)).await.unwrap();
    test.say("undo").await;
    test.elapse(Duration::minutes(1)).await;
    assert_eq!(seen(&test).await, (0, 0));
    assert_eq!(test.deliver().await.len(), 1, "the mail of the first leaves after all");
    let expected = [
        ["web skipped", "email sent", "push skipped"],
        ["web cancelled", "email cancelled", "push cancelled"],
    ];
    assert_eq!(stands(&first_ticket(&test).await), expected.concat());
}

async fn an_act_waits_for_a_choice_that_is_being_stored(database: Database) {
    let test = TestDesk::new(database).await;
    test.mail(&mail("Fontaine", "lea@courriel.example", 1, "", "Bonjour.")).await;
    let lea = test.desk.number_of("lea@courriel.example").await.unwrap();
    let mut choice = test.store.begin().await.unwrap();
    choice.set_preference(lea, Preference::EmailOnly).await.unwrap();
    let mut act = std::pin::pin!(test.say("status 1 resolved"));
    let acted = tokio::time::timeout(std::time::Duration::from_millis(300), &mut act).await;
    assert!(acted.is_err(), "it would show on the web what is to be shown there no more");
    choice.commit().await.unwrap();
    act.await;
    let told = test.desk.ticket(TicketId(1)).await.unwrap().unwrap().deliveries;
    let on_web = told.iter().rev().find(|delivery| delivery.channel == Channel::Web).unwrap();
    assert_eq!(on_web.state, DeliveryState::Skipped);
}
