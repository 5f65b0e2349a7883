//! A ticket's thread: mails and what they bring, replies and what became of them, notes; and tickets made of messages.

use super::Story;
use crate::support::desk::{Database, OUR_ADDRESS, on_both, report};
use crate::support::team::Team;
use chrono::Duration;
use guichet::domain::message::Direction;
use serde_json::json;

on_both! {
    a_mail_shows_its_quotes_and_files,
    a_long_mail_is_whole_in_a_file,
    strangers_and_programs_are_marked,
    a_reply_is_followed_until_it_comes_back,
    an_uncertain_reply_is_sent_again_or_taken_for_sent,
    preferences_say_what_does_not_leave,
    what_a_cm_writes_is_one_note,
    a_ticket_is_made_of_a_message,
    a_message_is_added_to_a_ticket,
}

async fn mail(team: &Team, from: &str, headers: &str, body: &str) {
    let raw = format!("From: {from}\nTo: {OUR_ADDRESS}\n{headers}\n{body}\n");
    team.test.mail(&raw).await;
}

async fn a_mail_shows_its_quotes_and_files(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("mail");
    let pixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let headers = "Subject: Capture\nMessage-ID: <capture@client.example>\nMIME-Version: 1.0\n\
        Content-Type: multipart/mixed; boundary=b\n";
    let body = format!(
        "--b\nContent-Type: multipart/related; boundary=c\n\n--c\nContent-Type: text/html; charset=utf-8\n\n\
         <p>Voici <img src=\"cid:ecran\"> l’écran.</p><blockquote type=\"cite\"><p>Le lundi, Support a écrit :</p>\
         <p>Envoyez-nous une capture.</p></blockquote>\n\
         --c\nContent-Type: image/png; name=ecran.png\nContent-ID: <ecran>\nContent-Disposition: inline; filename=ecran.png\n\
         Content-Transfer-Encoding: base64\n\n{pixel}\n--c--\n\
         --b\nContent-Type: application/pdf; name=releve.pdf\nContent-Disposition: attachment; filename=releve.pdf\n\
         Content-Transfer-Encoding: base64\n\nJVBERi0xLjQKJSVFT0YK\n--b--"
    );
    mail(&team, "Léa Martin <lea@client.example>", headers, &body).await;
    let thread = team.thread(1).await;
    story.tell("the thread", team.view(thread).await);
    story.tell("#support", team.view(team.discord.support).await);
    let entry = &team.discord.messages(thread)[0];
    let picture = entry.attachments.iter().find(|file| file.filename == "ecran.png").expect("it is uploaded");
    assert!(picture.bytes.starts_with(b"\x89PNG"));
    story.end(&team);
}

async fn a_long_mail_is_whole_in_a_file(database: Database) {
    let team = Team::start(database).await;
    let text: String = (1..=400).map(|n| format!("Ligne {n} du journal d’erreurs.\n")).collect();
    team.lea_writes("Journal", &text).await;
    let thread = team.thread(1).await;
    let drawn = team.view(thread).await;
    let entry = &team.discord.messages(thread)[0];
    assert!(entry.content.chars().count() <= 2000 && drawn.contains("Ligne 1 du journal"));
    let file = String::from_utf8(entry.attachments[0].bytes.clone()).unwrap();
    assert!(file.contains("Ligne 1 du") && file.contains("Ligne 400 du journal"), "nothing is lost");
    let mut story = Story::new("mail_long");
    story.tell("the end of the entry", drawn.lines().rev().take(3).collect::<Vec<_>>().join("\n"));
    story.end(&team);
}

async fn strangers_and_programs_are_marked(database: Database) {
    let mut team = Team::start(database).await;
    let mut story = Story::new("mail_marked");
    team.lea_writes("Retrait", "Mon retrait ?").await;
    team.settle().await;
    team.test.say("reply 1 Nous regardons.").await;
    team.settle().await;
    team.elapse(Duration::seconds(30)).await;
    team.settle().await;
    let ours =
        team.ticket(1).await.deliveries.iter().find_map(|one| one.message_id.clone()).expect("a mail left");
    let answer = format!("Subject: Re: Retrait\nIn-Reply-To: <{ours}>\n");
    mail(
        &team,
        "Max <max@ailleurs.example>",
        &format!("{answer}Message-ID: <s@x.example>\n"),
        "Et le mien ?",
    )
    .await;
    let automatic = format!("{answer}Message-ID: <a@x.example>\nAuto-Submitted: auto-replied\n");
    mail(&team, "Léa Martin <lea@client.example>", &automatic, "Je suis absente.").await;
    story.tell("the thread", team.view(team.thread(1).await).await);
    story.end(&team);
}

async fn a_reply_is_followed_until_it_comes_back(database: Database) {
    let mut team = Team::start(database).await;
    let mut story = Story::new("receipts");
    team.lea_writes("Retrait", "Mon retrait ?").await;
    team.test.say("reply 1 Il part ce soir.").await;
    let thread = team.thread(1).await;
    story.tell("pending", team.view(thread).await);
    team.elapse(Duration::seconds(30)).await;
    story.tell("sent", team.view(thread).await);
    let ours =
        team.ticket(1).await.deliveries.iter().find_map(|one| one.message_id.clone()).expect("a mail left");
    team.test.mail(&report("a", &ours, "delivered", "2.0.0")).await;
    story.tell("delivered", team.view(thread).await);
    team.test.mail(&report("r", &ours, "failed", "5.1.1")).await;
    story.tell("it came back", team.view(thread).await);
    story.tell("#support", team.view(team.discord.support).await);
    story.end(&team);
}

/// The next mail is lost after it was handed over, and again.
async fn lost(team: &mut Team) {
    for _ in 0..2 {
        team.pass(Duration::minutes(10));
        team.test.lose().await;
    }
}

async fn an_uncertain_reply_is_sent_again_or_taken_for_sent(database: Database) {
    let mut team = Team::start(database).await;
    let mut story = Story::new("receipts_uncertain");
    team.lea_writes("Retrait", "Mon retrait ?").await;
    team.test.say("reply 1 Il part ce soir.").await;
    lost(&mut team).await;
    let thread = team.thread(1).await;
    story.tell("the thread", team.view(thread).await);
    let entry = team.drawn(thread, |text| text.contains("[Renvoyer]")).await;
    story.answer("[Renvoyer]", &team.camille.press(&entry, "Renvoyer")).await;
    lost(&mut team).await;
    team.settle().await;
    let entry = team.drawn(thread, |text| text.contains("[Marquer envoyé]")).await;
    story.answer("uncertain again: [Marquer envoyé]", &team.camille.press(&entry, "Marquer envoyé")).await;
    story.tell("the thread", team.view(thread).await);
    story.end(&team);
}

async fn preferences_say_what_does_not_leave(database: Database) {
    let mut team = Team::start(database).await;
    let mut story = Story::new("receipts_preferences");
    team.lea_writes("Retrait", "Mon retrait ?").await;
    for preference in ["web_only", "email_only", "none"] {
        team.test.say(&format!("user lea@client.example {preference}")).await;
        team.settle().await;
        let card = team.card(1, |_| true).await;
        let form = team.camille.press(&card, "Répondre");
        let preview = form.submit(json!({"Votre réponse": format!("Bonjour ({preference}).")})).await;
        story.answer(preference, &preview).await;
        preview.press("Envoyer").await.message().await;
    }
    team.elapse(Duration::seconds(30)).await;
    story.tell("the thread", team.view(team.thread(1).await).await);
    story.end(&team);
}

async fn what_a_cm_writes_is_one_note(database: Database) {
    let mut team = Team::start(database).await;
    let mut story = Story::new("note");
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let thread = team.thread(1).await;
    team.settle().await;
    team.camille.says(thread, "La banque confirme, je réponds ce soir.");
    team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    team.sam.sends(thread, "Voici le relevé.", &[("releve.pdf", b"%PDF-1.4")]);
    let ticket = team.ticket_that(1, |ticket| ticket.messages.len() == 3).await;
    for note in &ticket.messages[1..] {
        assert_eq!(note.direction, Direction::Note);
    }
    let notes: Vec<String> =
        ticket.messages[1..].iter().map(|note| format!("{}: {}", note.author, note.text)).collect();
    assert_eq!(notes[0], "Camille: La banque confirme, je réponds ce soir.");
    assert!(notes[1].starts_with("Sam: Voici le relevé.\n[releve.pdf] "), "{notes:?}");
    story.tell("the thread: nothing is said twice", team.view(thread).await);
    team.elapse(Duration::minutes(1)).await;
    assert!(team.ticket(1).await.deliveries.is_empty(), "never a word to Léa");
    story.end(&team);
}

async fn a_ticket_is_made_of_a_message(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("made_of_a_message");
    let visitor = team.discord.person("Zoé", &[]);
    let said = visitor.says(team.discord.product, "Bonjour, mon bonus n’est pas arrivé.");
    let form = team.camille.context_menu("Create ticket", &said);
    story.answer("« Créer un ticket »", &form).await;
    let made = form.submit(json!({"E-mail de l’utilisateur": "zoe@client.example"})).await;
    story.answer("submits", &made).await;
    story.tell("#support", team.view(team.discord.support).await);
    story.tell("the thread", team.view(team.thread(1).await).await);
    let again = visitor.says(team.discord.product, "Et mon retrait ?");
    story
        .answer("another of hers: the address is known", &team.sam.context_menu("Create ticket", &again))
        .await;
    let unknown = team.discord.person("Inconnue", &[team.agents]);
    story.answer("nobody here", &unknown.context_menu("Create ticket", &again)).await;
    let wrong = team.camille.context_menu("Create ticket", &again);
    let typed = json!({"E-mail de l’utilisateur": "zoé", "Message": "Et mon retrait, dit-elle ?"});
    let refused = wrong.submit(typed).await;
    story.answer("no address", &refused).await;
    let again = refused.press("Corriger").await;
    story.answer("[Corriger]: nothing is lost", &again).await;
    story
        .answer("submits", &again.submit(json!({"E-mail de l’utilisateur": "zoe@client.example"})).await)
        .await;
    assert!(team.ticket(1).await.deliveries.is_empty());
    story.end(&team);
}

async fn a_message_is_added_to_a_ticket(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("added_to");
    team.lea_writes("Bonus", "Où est mon bonus ?").await;
    team.settle().await;
    let visitor = team.discord.person("Zoé", &[]);
    let said = visitor.says(team.discord.product, "Moi aussi, @everyone !");
    let form = team.camille.context_menu("Add to ticket…", &said);
    story.answer("« Ajouter au ticket… »", &form).await;
    story.answer("no number", &form.submit(json!({"Numéro du ticket": "bonus"})).await).await;
    let form = team.camille.context_menu("Add to ticket…", &said);
    story.answer("submits", &form.submit(json!({"Numéro du ticket": "1"})).await).await;
    story.tell("the thread", team.view(team.thread(1).await).await);
    story.end(&team);
}
