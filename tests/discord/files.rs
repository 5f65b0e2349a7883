//! Files that go with a reply: given with the command, or beside it where it is typed.

use super::Story;
use crate::support::desk::{Database, files_of, on_both};
use crate::support::team::Team;
use chrono::Duration;
use serde_json::json;

on_both! {
    a_reply_by_command_goes_with_its_files,
    a_typed_reply_goes_with_its_files,
    files_beside_anything_else_go_nowhere,
}

const PDF: &[u8] = b"%PDF-1.7\r\n.\r\nfacture";

async fn a_reply_by_command_goes_with_its_files(database: Database) {
    let mut team = Team::start(database).await;
    let mut story = Story::new("reply_files");
    team.lea_writes("Facture", "Puis-je avoir ma facture ?").await;
    let support = team.discord.support;
    let (first, second) =
        (team.camille.chooses("facture été.pdf", PDF), team.camille.chooses("note.txt", b"une ligne\n"));
    let given = json!({"ticket": "1", "text": "Voici la facture.", "file": first, "file2": second});
    story.answer("/ticket reply 1, with two files", &team.camille.slash(support, "reply", given)).await;
    story.tell("the thread", team.view(team.thread(1).await).await);
    team.pass(Duration::seconds(20));
    let parcels = team.test.deliver().await;
    assert_eq!(parcels.len(), 1);
    assert_eq!(
        files_of(&parcels[0]),
        [("facture été.pdf".to_owned(), PDF.to_vec()), ("note.txt".to_owned(), b"une ligne\n".to_vec())]
    );
    // Without a text a form opens, and no form takes files.
    let file = team.camille.chooses("facture.pdf", PDF);
    let bare = team.camille.slash(support, "reply", json!({"ticket": "1", "file": file}));
    story.answer("/ticket reply 1, with a file and no text", &bare).await;
    story.end(&team);
}

async fn a_typed_reply_goes_with_its_files(database: Database) {
    let mut team = Team::start(database).await;
    team.lea_writes("Facture", "Puis-je avoir ma facture ?").await;
    let thread = team.thread(1).await;
    team.settle().await;
    let me = team.discord.read(|guild| guild.bot);
    team.camille.sends(thread, &format!("<@{me}> reply 1 Voici la facture."), &[("facture.pdf", PDF)]);
    let ticket = team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    let reply = &ticket.messages[1];
    assert_eq!((reply.text.as_str(), reply.author.as_str()), ("Voici la facture.", "Camille"));
    assert_eq!(reply.attachments[0].name, "facture.pdf");
    team.settle().await;
    // Taken back, nothing leaves.
    team.test.say("undo").await;
    team.pass(Duration::minutes(1));
    assert!(team.test.deliver().await.is_empty());
    assert_eq!(team.discord.violations(), Vec::<String>::new());
}

async fn files_beside_anything_else_go_nowhere(database: Database) {
    let mut team = Team::start(database).await;
    team.lea_writes("Facture", "Puis-je avoir ma facture ?").await;
    team.settle().await;
    let me = team.discord.read(|guild| guild.bot);
    let support = team.discord.support;
    let before = team.discord.read(|guild| guild.requests.len());
    // Nobody's reply: not even their file is looked at.
    let paul = team.discord.person("Paul", &[]);
    paul.sends(support, &format!("<@{me}> reply 1 Bonjour"), &[("x.pdf", PDF)]);
    team.camille.sends(support, &format!("<@{me}> priority 1 high"), &[("y.pdf", PDF)]);
    let ticket = team.ticket_that(1, |ticket| ticket.priority.as_str() == "high").await;
    assert_eq!(ticket.messages.len(), 1);
    team.settle().await;
    let fetched = team
        .discord
        .read(|guild| guild.requests[before..].iter().filter(|one| one.contains("/attachments/")).count());
    assert_eq!(fetched, 0);
    team.pass(Duration::minutes(1));
    assert!(team.test.deliver().await.is_empty());
    assert_eq!(team.discord.violations(), Vec::<String>::new());
}
