//! One vocabulary, several mouths: the same command by the console of the page, by the command line's words, by
//! Discord and by Slack leaves the same rows behind, on both databases.

use crate::support::desk::{Database, TestDesk, page_settings, serve_pages};
use crate::support::slack::SUPPORT;
use crate::support::slack_team::SlackTeam;
use crate::support::team::Team;
use guichet::command::parse::{parse, parse_words};
use guichet::domain::ids::TicketId;
use guichet::domain::people::Door;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MAIL: &str = "From: Jean Petit <jean@client.example>\nTo: support@bettracker.example\nCc: marc@client.example\nSubject: Paiement\n\
    Message-ID: <1@client.example>\n\nBonjour, mon paiement est refusé.\n";

/// A day's work, in the words of the guide and in English.
const LINES: [&str; 24] = [
    "/ticket prendre 1",
    "/ticket statut 1 en_cours",
    "/ticket priorité 1 haute",
    "/ticket note 1 C'est le cas de la semaine dernière.",
    "/ticket reply 1 --template demande-infos Quelle carte ? ; Quel montant ?",
    "/ticket user jean@client.example email_only",
    "/ticket participants 1 +anne@client.example -marc@client.example",
    "/ticket répondre 1 --tous Bonjour à vous deux.",
    "/ticket reply 1 --then resolved C'est réparé.",
    "/ticket status 1 closed --reason réglé",
    "/ticket reopen 1",
    "/ticket étiquette 1 +VIP +Carte -vip",
    "/ticket escalader 1 L'API des paiements ne répond plus.",
    "/ticket urgent 1",
    "/ticket fonctionnalité 1",
    "/ticket escalate 1 Encore ce matin",
    "/ticket reply 1 --then waiting_customer Avec quelle carte ?",
    "/ticket reporter 1 3d",
    "/ticket relancer 1",
    "/ticket note 1 À effacer",
    "/ticket annuler",
    "/ticket priorité 1 basse",
    "/ticket user jean@client.example both",
    "/ticket spam 1",
];

/// What the ticket became, without the name of the door.
async fn rows(test: &TestDesk) -> Value {
    let ticket = test.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    let mut value = serde_json::to_value(ticket).unwrap();
    for event in value["events"].as_array_mut().unwrap().iter_mut().skip(1) {
        event["door"] = Value::Null;
    }
    for delivery in value["deliveries"].as_array_mut().unwrap() {
        // Each desk vouches for its own ids.
        if let Some(id) = delivery["message_id"].as_str() {
            delivery["message_id"] = Value::from(id.split('.').take(2).collect::<Vec<_>>().join("."));
        }
    }
    value
}

async fn by_chat(database: Database) -> Value {
    let test = TestDesk::new(database).await;
    test.mail(MAIL).await;
    for line in LINES {
        test.desk.run(&test.camille, Door::Discord, parse(line).unwrap(), None).await.unwrap();
    }
    rows(&test).await
}

async fn by_discord(database: Database) -> (Value, String) {
    let team = Team::start(database).await;
    team.test.mail(MAIL).await;
    let (card, support) = (team.card(1, |_| true).await, team.discord.support);
    for line in LINES {
        let said = team.camille.says(support, line);
        team.discord
            .until(|guild| guild.messages(support).iter().any(|one| one.reply_to == Some(said.id)))
            .await;
    }
    assert_eq!(team.discord.violations(), Vec::<String>::new());
    team.settle().await;
    (rows(&team.test).await, team.discord.draw(card.id))
}

/// What Discord shows of the same work, done at another door while it stands beside.
async fn seen_on_discord(database: Database) -> String {
    let team = Team::start(database).await;
    team.test.mail(MAIL).await;
    let card = team.card(1, |_| true).await;
    for line in LINES {
        team.test.desk.run(&team.test.camille, Door::Cli, parse(line).unwrap(), None).await.unwrap();
    }
    team.settle().await;
    team.discord.draw(card.id)
}

async fn by_slack(database: Database) -> (Value, String) {
    let team = SlackTeam::start(database).await;
    team.test.mail(MAIL).await;
    team.card(1).await;
    for line in LINES {
        team.camille.slash(SUPPORT, line).await.read().await;
    }
    assert_eq!(team.slack.violations(), Vec::<String>::new());
    (rows(&team.test).await, team.view(SUPPORT).await)
}

/// What Slack shows of the same work, done at another door while it stands beside.
async fn seen_on_slack(database: Database) -> String {
    let team = SlackTeam::start(database).await;
    team.test.mail(MAIL).await;
    team.card(1).await;
    for line in LINES {
        team.test.desk.run(&team.test.camille, Door::Cli, parse(line).unwrap(), None).await.unwrap();
    }
    team.view(SUPPORT).await
}

async fn by_command_line(database: Database) -> Value {
    let test = TestDesk::new(database).await;
    test.mail(MAIL).await;
    for line in LINES {
        let words: Vec<String> = line.trim_start_matches("/ticket ").split(' ').map(str::to_owned).collect();
        test.desk.run(&test.camille, Door::Cli, parse_words(&words).unwrap(), None).await.unwrap();
    }
    rows(&test).await
}

async fn by_console(database: Database) -> Value {
    let test = TestDesk::new(database).await;
    test.mail(MAIL).await;
    let address = serve_pages(&test.desk, page_settings("http://localhost:3000", true)).await;
    let ask = async |request: String| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let page = |cookie: &str| {
        format!(
            "GET /admin/support/console HTTP/1.1\r\nHost: localhost:3000\r\n{cookie}Connection: close\r\n\r\n"
        )
    };
    let first = ask(page("")).await;
    let set = first.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = format!("Cookie: {}\r\n", set.unwrap().split(';').next().unwrap());
    for line in LINES {
        let shown = ask(page(&cookie)).await;
        let field = |name: &str| {
            let start = format!("name=\"{name}\" value=\"");
            shown.split(&start).nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        let body = format!("csrf={}&key={}&back=console&line={}", field("csrf"), field("key"), encoded(line));
        let answer = ask(format!(
            "POST /admin/support/console HTTP/1.1\r\nHost: localhost:3000\r\nOrigin: http://localhost:3000\r\n{cookie}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ))
        .await;
        assert!(answer.starts_with("HTTP/1.1 303"), "{line}: {answer}");
    }
    rows(&test).await
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn every_door_leaves_the_same_rows(database: Database) {
    let chat = by_chat(database).await;
    assert_eq!((&chat["status"], &chat["reason"]), (&"closed".into(), &"spam".into()));
    assert_eq!((&chat["tags"], &chat["priority"]), (&serde_json::json!(["carte"]), &"low".into()));
    assert!(chat["escalated_at"].is_null(), "it was closed");
    assert_eq!(chat["messages"].as_array().unwrap().len(), 7);
    let states: Vec<_> = chat["participants"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["out", "in"]);
    let copies = chat["deliveries"].as_array().unwrap().iter();
    assert_eq!(copies.filter(|delivery| delivery["address"] == "anne@client.example").count(), 1);
    assert_eq!(by_command_line(database).await, chat);
    assert_eq!(by_console(database).await, chat);
    let (rows, card) = by_discord(database).await;
    assert_eq!(rows, chat);
    assert_eq!(card, seen_on_discord(database).await, "and the same view");
    let (rows, cards) = by_slack(database).await;
    assert_eq!(rows, chat);
    assert_eq!(cards, seen_on_slack(database).await, "and the same view");
}

crate::support::desk::on_both! { every_door_leaves_the_same_rows }
