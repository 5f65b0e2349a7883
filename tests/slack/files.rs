//! Files that go with a reply that was typed: to our name in the channel, or with `!` in a ticket's thread.

use super::Story;
use crate::support::desk::{Database, files_of, on_both};
use crate::support::slack::SUPPORT;
use crate::support::slack_team::SlackTeam;
use chrono::Duration;

on_both! {
    a_typed_reply_goes_with_its_files,
    a_file_that_slack_does_not_give_holds_the_reply_back,
}

const PDF: &[u8] = b"%PDF-1.7\r\n.\r\nfacture";

async fn a_typed_reply_goes_with_its_files(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("reply_files");
    team.lea_writes("Facture", "Puis-je avoir ma facture ?").await;
    let thread = team.card(1).await;
    team.settle().await;
    let files =
        [("facture été.pdf", "application/pdf", PDF), ("note.txt", "text/plain", &b"une ligne\n"[..])];
    let seen = team.camille.watches();
    team.camille.shares(SUPPORT, Some(&thread), "!répondre Voici la facture.", &files);
    team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    story.answer("!répondre in the thread, with two files", &seen).await;
    story.tell("the thread", team.thread(1).await);
    team.pass(Duration::seconds(20));
    let parcels = team.test.deliver().await;
    assert_eq!(parcels.len(), 1);
    assert_eq!(
        files_of(&parcels[0]),
        [("facture été.pdf".to_owned(), PDF.to_vec()), ("note.txt".to_owned(), b"une ligne\n".to_vec())]
    );
    let seen = team.camille.watches();
    team.camille.shares(SUPPORT, None, "<@UBOT> reply 1", &files[..1]);
    story.answer("@Guichet reply 1, with a file and no text", &seen).await;
    story.end(&team);
}

async fn a_file_that_slack_does_not_give_holds_the_reply_back(database: Database) {
    let mut team = SlackTeam::start(database).await;
    team.lea_writes("Facture", "Puis-je avoir ma facture ?").await;
    team.card(1).await;
    team.settle().await;
    team.slack.with(|space| space.scopes.remove("files:read"));
    let seen = team.camille.watches();
    let files = [("facture.pdf", "application/pdf", PDF)];
    team.camille.shares(SUPPORT, None, "<@UBOT> reply 1 Voici la facture.", &files);
    let said = seen.words().await;
    assert!(said.contains("Rien n’a été envoyé") && said.contains("facture.pdf"), "{said}");
    team.pass(Duration::minutes(1));
    assert!(team.test.deliver().await.is_empty());
    assert_eq!(team.ticket(1).await.messages.len(), 1);
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}
