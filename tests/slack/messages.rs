//! A ticket's thread: mails and what they bring, replies and what became of them, notes; and tickets made of messages.

use super::Story;
use crate::support::desk::{Database, OUR_ADDRESS, on_both, report};
use crate::support::slack::person::On;
use crate::support::slack::{DEV, PRODUCT, SUPPORT};
use crate::support::slack_team::SlackTeam;
use chrono::Duration;
use guichet::domain::ids::TicketId;
use guichet::domain::message::Direction;
use guichet::domain::people::Door;

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
    a_message_that_becomes_a_ticket_of_its_own_stands_in_its_thread,
}

async fn a_mail_shows_its_quotes_and_files(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("mail");
    let pixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let raw = format!(
        "From: Léa Martin <lea@client.example>\nTo: {OUR_ADDRESS}\nSubject: Capture\nMessage-ID: <capture@client.example>\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
         --b\nContent-Type: text/plain; charset=utf-8\n\nVoici l’écran.\n\nLe lundi 2 mars 2026, Support a écrit :\n> Envoyez-nous une \
         capture.\n\
         --b\nContent-Type: image/png; name=ecran.png\nContent-Disposition: attachment; filename=ecran.png\n\
         Content-Transfer-Encoding: base64\n\n{pixel}\n\
         --b\nContent-Type: application/pdf; name=releve.pdf\nContent-Disposition: attachment; filename=releve.pdf\n\
         Content-Transfer-Encoding: base64\n\nJVBERi0xLjQKJSVFT0YK\n--b--\n"
    );
    team.test.mail(&raw).await;
    story.tell("the thread", team.thread(1).await);
    story.tell("#support-team", team.view(SUPPORT).await);
    let uploads = team.slack.with(|space| space.uploads.values().cloned().collect::<Vec<_>>());
    let picture = uploads.iter().find(|(name, ..)| name == "ecran.png").expect("it is uploaded");
    assert!(picture.2.as_ref().unwrap().starts_with(b"\x89PNG"));
    assert!(uploads.iter().all(|(name, ..)| name != "releve.pdf"), "a file of another kind lies on the page");
    story.end(&team);
}

async fn a_long_mail_is_whole_in_a_file(database: Database) {
    let team = SlackTeam::start(database).await;
    let text: String = (1..=400).map(|n| format!("Ligne {n} du journal d’erreurs.\n")).collect();
    team.lea_writes("Journal", &text).await;
    let drawn = team.thread(1).await;
    assert!(drawn.contains("Ligne 1 du journal") && !drawn.contains("Ligne 400"), "{drawn}");
    let uploads = team.slack.with(|space| space.uploads.values().cloned().collect::<Vec<_>>());
    let file = String::from_utf8(uploads[0].2.clone().unwrap()).unwrap();
    assert!(file.contains("Ligne 1 du") && file.contains("Ligne 400 du journal"), "nothing is lost");
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn a_reply_is_followed_until_it_comes_back(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("receipts");
    team.lea_writes("Retrait", "Mon retrait ?").await;
    team.test.say("reply 1 Il part ce soir.").await;
    story.tell("pending", team.thread(1).await);
    team.elapse(Duration::seconds(30)).await;
    story.tell("sent", team.thread(1).await);
    let ours =
        team.ticket(1).await.deliveries.iter().find_map(|one| one.message_id.clone()).expect("a mail left");
    team.test.mail(&report("a", &ours, "delivered", "2.0.0")).await;
    story.tell("delivered", team.thread(1).await);
    team.test.mail(&report("r", &ours, "failed", "5.1.1")).await;
    story.tell("it came back", team.thread(1).await);
    story.tell("#support-team", team.view(SUPPORT).await);
    story.end(&team);
}

async fn strangers_and_programs_are_marked(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("mail_marked");
    team.lea_writes("Retrait", "Mon retrait ?").await;
    team.settle().await;
    team.test.say("reply 1 Nous regardons.").await;
    team.settle().await;
    team.elapse(Duration::seconds(30)).await;
    team.settle().await;
    let ours =
        team.ticket(1).await.deliveries.iter().find_map(|one| one.message_id.clone()).expect("a mail left");
    let answer = async |from: &str, headers: &str, text: &str| {
        let raw = format!(
            "From: {from}\nTo: {OUR_ADDRESS}\nSubject: Re: Retrait\nIn-Reply-To: <{ours}>\n{headers}\n\n{text}\n"
        );
        team.test.mail(&raw).await;
        team.settle().await;
    };
    answer("Max <max@ailleurs.example>", "Message-ID: <s@x.example>", "Et le mien ?").await;
    let automatic = "Message-ID: <a@x.example>\nAuto-Submitted: auto-replied";
    answer("Léa Martin <lea@client.example>", automatic, "Je suis absente.").await;
    story.tell("the thread", team.thread(1).await);
    story.end(&team);
}

/// The next mail is lost after it was handed over, and again.
async fn lost(team: &mut SlackTeam) {
    for _ in 0..2 {
        team.pass(Duration::minutes(10));
        team.test.lose().await;
    }
}

async fn an_uncertain_reply_is_sent_again_or_taken_for_sent(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("receipts_uncertain");
    team.lea_writes("Retrait", "Mon retrait ?").await;
    team.test.say("reply 1 Il part ce soir.").await;
    lost(&mut team).await;
    story.tell("the thread", team.thread(1).await);
    let entry = async |wanted: &str| {
        let ts = team.posted(SUPPORT, |text| text.contains(wanted)).await;
        On::Message { channel: SUPPORT.into(), ts }
    };
    let again = team.camille.press(&entry("[Renvoyer]").await, "Renvoyer").await;
    story.answer("[Renvoyer]", &again).await;
    lost(&mut team).await;
    team.settle().await;
    let ts = team.posted(SUPPORT, |text| text.contains("[Marquer envoyé]")).await;
    let entry = On::Message { channel: SUPPORT.into(), ts };
    let taken = team.camille.press(&entry, "Marquer envoyé").await;
    story.answer("uncertain again: [Marquer envoyé]", &taken).await;
    story.tell("the thread", team.thread(1).await);
    story.end(&team);
}

async fn preferences_say_what_does_not_leave(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("receipts_preferences");
    team.lea_writes("Retrait", "Mon retrait ?").await;
    for preference in ["web_only", "email_only", "none"] {
        team.test.say(&format!("user lea@client.example {preference}")).await;
        team.settle().await;
        let form = team.camille.press(&team.on_card(1).await, "Répondre").await;
        let preview = form.submit(&[("Votre réponse", &format!("Bonjour ({preference})."))]).await;
        story.answer(preference, &preview).await;
        preview.press("Envoyer").await.read().await;
    }
    team.elapse(Duration::seconds(30)).await;
    story.tell("the thread", team.thread(1).await);
    story.end(&team);
}

async fn what_a_cm_writes_is_one_note(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("note");
    team.lea_writes("Retrait", "Mon retrait ?").await;
    let thread = team.card(1).await;
    team.settle().await;
    team.camille.says(SUPPORT, Some(&thread), "La banque confirme, je réponds ce soir.");
    team.slack.with(|space| {
        let mut message = crate::support::slack::person::written("USAM", Some(&thread), "Voici le relevé.");
        message["subtype"] = "file_share".into();
        message["files"] =
            serde_json::json!([{ "name": "releve.pdf", "permalink": "https://files.slack.example/1" }]);
        space.post(SUPPORT, message);
    });
    let ticket = team.ticket_that(1, |ticket| ticket.messages.len() == 3).await;
    let notes: Vec<String> =
        ticket.messages[1..].iter().map(|note| format!("{}: {}", note.author, note.text)).collect();
    assert!(ticket.messages[1..].iter().all(|note| note.direction == Direction::Note));
    assert_eq!(notes[0], "Camille: La banque confirme, je réponds ce soir.");
    assert_eq!(notes[1], "Sam: Voici le relevé.\n[releve.pdf] https://files.slack.example/1");
    story.tell("the thread: nothing is said twice", team.thread(1).await);
    team.elapse(Duration::minutes(1)).await;
    assert!(team.ticket(1).await.deliveries.is_empty(), "never a word to Léa");
    story.end(&team);
}

async fn a_ticket_is_made_of_a_message(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("made_of_a_message");
    let zoe = team.slack.person("Zoe", &[]);
    let said = zoe.says(PRODUCT, None, "Bonjour, mon bonus n’est pas arrivé.");
    let form = team.camille.shortcut(PRODUCT, &said, "create_ticket").await;
    story.answer("« Créer un ticket »", &form).await;
    let wrong = form.submit(&[("E-mail de l’utilisateur", "zoé"), ("Sujet", "Bonus")]).await;
    story.tell(
        "no address: the form stays, and says",
        format!("{}", wrong.word.expect("an answer")["errors"]),
    );
    let given = [("E-mail de l’utilisateur", "zoe@client.example"), ("Sujet", "Bonus")];
    let made = form.submit(&given).await;
    story.answer("submits", &made).await;
    story.tell("#support-team", team.view(SUPPORT).await);
    story.tell("the thread", team.thread(1).await);
    let again = zoe.says(PRODUCT, None, "Et mon retrait ?");
    let known = team.sam.shortcut(PRODUCT, &again, "create_ticket").await;
    story.answer("another of hers: the address is known", &known).await;
    story.answer("nobody here", &team.paul.shortcut(PRODUCT, &again, "create_ticket").await).await;
    assert!(team.ticket(1).await.deliveries.is_empty());
    story.end(&team);
}

async fn a_message_is_added_to_a_ticket(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("added_to");
    team.lea_writes("Bonus", "Où est mon bonus ?").await;
    team.card(1).await;
    let zoe = team.slack.person("Zoe", &[]);
    let said = zoe.says(DEV, None, "Moi aussi, &lt;!channel&gt; !");
    let form = team.camille.shortcut(DEV, &said, "add_to_ticket").await;
    story.answer("« Ajouter au ticket… »", &form).await;
    let wrong = form.submit(&[("Numéro du ticket", "bonus")]).await;
    story
        .tell("no number: the form stays, and says", format!("{}", wrong.word.expect("an answer")["errors"]));
    story.answer("submits", &form.submit(&[("Numéro du ticket", "1")]).await).await;
    story.tell("the thread", team.thread(1).await);
    story.end(&team);
}

async fn a_message_that_becomes_a_ticket_of_its_own_stands_in_its_thread(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    team.card(1).await;
    team.settle().await;
    team.lea_writes("Re: Retrait [#1]", "Et comment changer mon adresse ?").await;
    let thread = team.thread(1).await;
    assert!(thread.contains("changer mon adresse"), "{thread}");
    let message = team.ticket(1).await.messages[1].id;
    let (desk, camille) = (&team.test.desk, &team.test.camille);
    desk.split(camille, Door::Web, TicketId(1), message, None, "split:1").await.unwrap();
    let thread = team.thread(2).await;
    assert!(thread.contains("changer mon adresse"), "{thread}");
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}
