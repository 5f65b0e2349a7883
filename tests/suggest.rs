//! What is proposed while a CM types, on both databases.

use crate::support::desk::{Database, TestDesk};
use guichet::command::grammar::slash::Known;
use guichet::domain::delivery::Outcome;
use guichet::domain::people::Role;
use guichet::wording::suggestions::{label, value};

/// Mails of the clients `numbers`, one ticket each.
async fn tickets(test: &TestDesk, numbers: std::ops::RangeInclusive<usize>) {
    let mail = |n: usize| {
        let subject = if n.is_multiple_of(2) { "Remboursement en retard" } else { "Écran bloqué" };
        format!(
            "From: Léa Martin <lea{n}@client.example>\r\nTo: support@bettracker.example\r\nSubject: {subject}\r\n\
             Message-ID: <{n}@client.example>\r\n\r\nBonjour, question {n}.\r\n"
        )
        .into_bytes()
    };
    test.mails(numbers.map(mail).collect()).await;
}

async fn values(test: &TestDesk, known: Known, typed: &str) -> Vec<String> {
    let suggestions = test.desk.suggest(&test.camille, known, typed).await.unwrap();
    assert!(suggestions.len() <= 25);
    suggestions.iter().map(value).collect()
}

async fn tickets_are_found_by_number_and_by_words(database: Database) {
    let test = TestDesk::new(database).await;
    tickets(&test, 1..=30).await;
    test.say("take 3").await;
    test.say("status 30 closed").await;
    let ticket = |typed: &'static str| values(&test, Known::Ticket, typed);

    let first = ticket("").await;
    assert_eq!((first.len(), first[0].as_str()), (25, "3"), "one's own first");
    assert!(!first.contains(&"30".to_owned()), "closed ones last");
    assert_eq!(ticket("2").await, ["2", "29", "28", "27", "26", "25", "24", "23", "22", "21", "20"]);
    assert_eq!(ticket("#3").await, ["3", "30"]);
    assert_eq!(ticket("n°17").await, ["17"]);
    assert_eq!(ticket("4000000000000000000").await, Vec::<String>::new());

    let refunds = ticket("rembours retard").await;
    assert_eq!((refunds.len(), refunds[0].as_str(), refunds[14].as_str()), (15, "28", "30"));
    let screens = ticket("ECRAN").await;
    assert_eq!((screens.len(), screens[0].as_str()), (15, "3"), "accents and case do not count");
    assert_eq!(ticket("martin").await.len(), 25, "the requester's name");
    assert_eq!(ticket("lea12@client").await, ["12"], "and their address");
    for typed in ["zut", "\"", "' OR 1=1 --", "*", "a", "💥", &"mot ".repeat(500)] {
        assert_eq!(values(&test, Known::Ticket, typed).await, Vec::<String>::new(), "{typed:?}");
    }

    let shown = test.desk.suggest(&test.camille, Known::Ticket, "3").await.unwrap();
    let shown: Vec<String> = shown.iter().map(label).collect();
    assert_eq!(shown, ["3 · 🔵 Écran bloqué (Léa Martin)", "30 · ⚫ Remboursement en retard (Léa Martin)"]);
}

async fn deliveries_are_those_that_did_not_leave(database: Database) {
    let mut test = TestDesk::new(database).await;
    tickets(&test, 1..=3).await;
    for line in ["reply 1 Voici.", "reply 2 Voici.", "reply 3 Voici."] {
        test.say(line).await;
    }
    test.elapse(chrono::Duration::minutes(1)).await;
    let claim = test.desk.claim(100).await.unwrap();
    let [sent, failed, uncertain] = claim.parcels.as_slice() else { panic!("three mails are due") };
    test.desk.record(sent, Outcome::Sent).await.unwrap();
    test.desk.record(failed, Outcome::Failed("550 no".into())).await.unwrap();
    test.desk.record(uncertain, Outcome::Ambiguous("lost".into())).await.unwrap();
    let (failed, uncertain) = (failed.id.0.to_string(), uncertain.id.0.to_string());
    let now = values(&test, Known::Delivery, "").await;
    assert_eq!(now, std::slice::from_ref(&failed), "the other is tried once more");
    test.elapse(chrono::Duration::hours(1)).await;
    let again = test.desk.claim(100).await.unwrap();
    test.desk.record(&again.parcels[0], Outcome::Ambiguous("lost".into())).await.unwrap();
    let mut both = values(&test, Known::Delivery, "").await;
    both.sort_by_key(|id| id.parse::<i64>().unwrap());
    assert_eq!(both, [failed.clone(), uncertain.clone()]);
    assert_eq!(values(&test, Known::UncertainDelivery, "").await, [uncertain]);
    assert!(values(&test, Known::Delivery, &failed).await.contains(&failed));
    assert_eq!(values(&test, Known::Delivery, "zut").await, Vec::<String>::new());
}

async fn colleagues_replies_and_commands_are_found_by_what_they_are_called(database: Database) {
    let test = TestDesk::new(database).await;
    for name in ["Éloïse", "Sam", "Max Camus"] {
        test.desk.add_agent(name, Role::Agent).await.unwrap();
    }
    assert_eq!(values(&test, Known::Agent, "").await, ["Camille", "Éloïse", "Max Camus", "Sam"]);
    assert_eq!(values(&test, Known::Agent, "cam").await, ["Camille", "Max Camus"]);
    assert_eq!(values(&test, Known::Agent, "eloi").await, ["Éloïse"]);
    assert_eq!(
        values(&test, Known::Template, "").await,
        ["accuse", "demande-infos", "solution", "fermeture", "fonctionnalite"]
    );
    assert_eq!(values(&test, Known::Template, "SOL").await[0], "solution");
    assert_eq!(values(&test, Known::Command, "").await.len(), 25);
    assert_eq!(values(&test, Known::Command, "statut").await[0], "status");
}

crate::support::desk::on_both!(
    tickets_are_found_by_number_and_by_words,
    deliveries_are_those_that_did_not_leave,
    colleagues_replies_and_commands_are_found_by_what_they_are_called,
);
