//! Answering a requester: the form, the preview, the sending, what comes after it, and two who answer at once.

use super::Story;
use crate::support::desk::{Database, on_both};
use crate::support::slack::person::On;
use crate::support::slack::{DEV, SUPPORT};
use crate::support::slack_team::SlackTeam;
use chrono::Duration;
use guichet::domain::message::Direction;

on_both! {
    a_reply_is_previewed_changed_and_sent,
    a_reply_that_is_given_up_sends_nothing,
    the_questions_of_a_standard_reply_are_fields,
    a_status_offers_the_reply_that_fits,
    a_question_without_a_status_offers_to_wait,
    a_reply_to_all_names_all,
    an_act_is_taken_back_within_the_window_and_not_after,
    two_who_answer_learn_of_each_other,
    a_text_that_no_field_holds_is_kept_whole,
    what_is_pressed_or_told_twice_sends_once,
    a_fourth_window_takes_the_place_of_the_one_it_was_asked_in,
}

async fn asked(database: Database) -> SlackTeam {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Retrait en attente", "Mon retrait de 50 € est en attente depuis lundi.").await;
    team.card(1).await;
    team.settle().await;
    team
}

async fn replies(team: &SlackTeam) -> usize {
    let ticket = team.ticket(1).await;
    ticket.messages.iter().filter(|message| message.direction == Direction::Outbound).count()
}

async fn a_reply_is_previewed_changed_and_sent(database: Database) {
    let mut team = asked(database).await;
    let mut story = Story::new("reply");
    let card = team.on_card(1).await;
    let form = team.camille.press(&card, "Répondre").await;
    story.answer("[Répondre]", &form).await;
    let preview = form.submit(&[("Votre réponse", "Bonjour Léa,\n\nIl part ce soir.")]).await;
    story.answer("submits", &preview).await;
    let waiting = preview.choose("Statut après l’envoi ▾", "Résolu").await;
    story.answer("« Résolu » after sending", &waiting).await;
    let again = waiting.press("Modifier").await;
    story.answer("[Modifier]", &again).await;
    let preview = again.submit(&[("Votre réponse", "Bonjour Léa,\n\nIl est parti ce matin.")]).await;
    story.answer("submits", &preview).await;
    assert_eq!(replies(&team).await, 0, "nothing before it is sent");
    story.answer("[Envoyer]", &preview.press("Envoyer").await).await;
    story.tell("the thread", team.thread(1).await);
    team.elapse(Duration::seconds(30)).await;
    story.tell("the thread, half a minute later", team.thread(1).await);
    let mails: Vec<_> = team.ticket(1).await.deliveries;
    assert_eq!(mails.iter().filter(|one| one.address.as_deref() == Some("lea@client.example")).count(), 1);
    story.end(&team);
}

async fn a_reply_that_is_given_up_sends_nothing(database: Database) {
    let mut team = asked(database).await;
    let mut story = Story::new("reply_dropped");
    let card = team.on_card(1).await;
    let preview = team.camille.press(&card, "Répondre").await.submit(&[("Votre réponse", "Non.")]).await;
    preview.read().await;
    story.answer("[Abandonner]", &preview.press("Abandonner").await).await;
    team.elapse(Duration::minutes(1)).await;
    assert_eq!(replies(&team).await, 0);
    assert!(team.ticket(1).await.deliveries.is_empty());
    story.tell("#support-team", team.view(SUPPORT).await);
    story.end(&team);
}

async fn the_questions_of_a_standard_reply_are_fields(database: Database) {
    let team = asked(database).await;
    let mut story = Story::new("reply_questions");
    let form = team.camille.slash(SUPPORT, "/ticket reply 1 --template demande-infos").await;
    story.answer("/ticket reply 1 --template demande-infos", &form).await;
    let given = [("Question 1", "Quelle banque ?"), ("Question 3", "Quel jour exactement ?")];
    let preview = form.submit(&given).await;
    story.answer("two of three questions", &preview).await;
    story.answer("[Envoyer]", &preview.press("Envoyer").await).await;
    assert_eq!(team.ticket(1).await.status.as_str(), "waiting_customer");
    story.tell("the thread", team.thread(1).await);
    story.end(&team);
}

async fn a_status_offers_the_reply_that_fits(database: Database) {
    let team = asked(database).await;
    let mut story = Story::new("status_offers");
    for status in ["waiting_customer", "resolved", "closed"] {
        let line = format!("/ticket status 1 {status}");
        let set = team.camille.slash(SUPPORT, &line).await;
        story.answer(&line, &set).await;
        if status == "closed" {
            story.answer("[Fermeture Sans Réponse]", &set.press("Fermeture Sans Réponse").await).await;
        }
    }
    story.end(&team);
}

async fn a_question_without_a_status_offers_to_wait(database: Database) {
    let team = asked(database).await;
    let mut story = Story::new("offer_to_wait");
    let sent =
        team.camille.slash(SUPPORT, "/ticket reply 1 Bonjour,\nQuelle est votre banque ?\nCamille").await;
    story.answer("/ticket reply 1 … ?", &sent).await;
    story
        .answer("[Passer en En attente client ?]", &sent.press("Passer en En attente client\u{a0}?").await)
        .await;
    assert_eq!(team.ticket(1).await.status.as_str(), "waiting_customer");
    story.end(&team);
}

async fn a_reply_to_all_names_all(database: Database) {
    let mut team = asked(database).await;
    team.test.say("participants 1 +marc@client.example").await;
    let mut story = Story::new("reply_all");
    let card = team.on_card(1).await;
    let form = team.camille.press(&card, "Répondre").await;
    let preview = form.submit(&[("Votre réponse", "Bonjour à vous deux.")]).await;
    story.answer("submits", &preview).await;
    team.test.say("participants 1 +anne@client.example").await;
    let changed = preview.press("Envoyer à tous").await;
    story.answer("[Envoyer à tous], Anne having come", &changed).await;
    assert_eq!(replies(&team).await, 0);
    story.answer("[Envoyer à tous]", &changed.press("Envoyer à tous").await).await;
    team.elapse(Duration::seconds(30)).await;
    story.tell("the thread", team.thread(1).await);
    story.end(&team);
}

async fn an_act_is_taken_back_within_the_window_and_not_after(database: Database) {
    let mut team = asked(database).await;
    let mut story = Story::new("undo");
    let reply = team.camille.slash(SUPPORT, "/ticket reply 1 Trop vite.").await;
    reply.read().await;
    story.tell("a reply: the thread", team.thread(1).await);
    story.answer("[Annuler]", &reply.press("Annuler (20\u{a0}s)").await).await;
    story.tell("the thread", team.thread(1).await);
    let late = team.camille.slash(SUPPORT, "/ticket status 1 resolved").await;
    late.read().await;
    team.elapse(Duration::seconds(21)).await;
    story.answer("[Annuler] too late", &late.press("Annuler (20\u{a0}s)").await).await;
    assert_eq!(team.ticket(1).await.status.as_str(), "resolved");
    story.end(&team);
}

async fn two_who_answer_learn_of_each_other(database: Database) {
    let team = asked(database).await;
    let mut story = Story::new("two_at_once");
    let card = team.on_card(1).await;
    let sams = team.sam.press(&card, "Répondre").await;
    sams.read().await;
    story.tell("Sam writes: #support-team", team.view(SUPPORT).await);
    let camilles = team.camille.press(&card, "Répondre").await;
    story.answer("Camille presses [Répondre]", &camilles).await;
    let camilles = camilles.submit(&[("Votre réponse (Sam rédige aussi)", "Bonjour Léa, je regarde.")]).await;
    story.answer("and has her preview", &camilles).await;
    let sams = sams.submit(&[("Votre réponse", "C’est parti.")]).await;
    sams.press("Envoyer").await.read().await;
    let overtaken = camilles.press("Envoyer").await;
    story.answer("Sam sends; Camille presses [Envoyer]", &overtaken).await;
    assert_eq!(replies(&team).await, 1);
    story.answer("[Envoyer quand même]", &overtaken.press("Envoyer quand même").await).await;
    assert_eq!(replies(&team).await, 2);
    story.end(&team);
}

async fn a_text_that_no_field_holds_is_kept_whole(database: Database) {
    let team = asked(database).await;
    let text: String =
        (1..=120).map(|n| format!("Étape {n} : faites ceci, puis cela, et recommencez.\n")).collect();
    assert!(text.chars().count() > 5000);
    team.test.say("escalate 1 panne").await;
    let dev = team.posted(DEV, |text| text.contains("Escalade")).await;
    team.settle().await;
    team.paul.says(DEV, Some(&dev), text.trim_end());
    team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    let ts = team.posted(SUPPORT, |text| text.contains("Reprendre en brouillon")).await;
    let note = On::Message { channel: SUPPORT.into(), ts };
    let form = team.camille.press(&note, "Reprendre en brouillon").await;
    let preview = form.submit(&[]).await;
    assert!(preview.read().await.contains("Étape 120"), "the preview shows it to its end");
    let again = preview.press("Modifier").await.submit(&[]).await;
    again.press("Envoyer").await.read().await;
    let is_out = |message: &&guichet::view::MessageView| message.direction == Direction::Outbound;
    let ticket = team.ticket_that(1, |ticket| ticket.messages.iter().any(|one| is_out(&one))).await;
    assert_eq!(ticket.messages.iter().find(is_out).unwrap().text, text.trim_end());
    team.settle().await;
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn what_is_pressed_or_told_twice_sends_once(database: Database) {
    let team = asked(database).await;
    let card = team.on_card(1).await;
    let form = team.camille.press(&card, "Répondre").await;
    let preview = form.submit(&[("Votre réponse", "Bonjour.")]).await.on().await;
    let shown = team.camille.shown(&preview);
    let send = shown.to_string();
    assert!(send.contains("Envoyer"));
    let (first, second) =
        tokio::join!(team.camille.press(&preview, "Envoyer"), team.camille.press(&preview, "Envoyer"));
    first.read().await;
    second.read().await;
    let command = team.camille.command(SUPPORT, "/ticket note 1 Vu.");
    for retry in 0..2 {
        let seen = team.camille.watches();
        team.slack.0.tell("slash_commands", command.clone(), retry).await.expect("it is taken");
        seen.read().await;
    }
    team.settle().await;
    assert_eq!(replies(&team).await, 1);
    let kinds: Vec<_> = team.ticket(1).await.events.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["created", "replied", "note_added"]);
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn a_fourth_window_takes_the_place_of_the_one_it_was_asked_in(database: Database) {
    let team = asked(database).await;
    let home = team.camille.opens_home().await;
    let mut preview = home.press("Répondre").await.submit(&[("Votre réponse", "Un.")]).await;
    for text in ["Deux.", "Trois.", "Quatre.", "Cinq."] {
        preview = preview.press("Modifier").await.submit(&[("Votre réponse", text)]).await;
    }
    assert!(preview.read().await.contains("> Cinq."), "{}", preview.read().await);
    let updated = team.slack.0.space().requests.iter().filter(|one| one.starts_with("views.update")).count();
    assert_eq!(updated, 2, "the third window showed the form of the fourth and of the fifth");
    preview.press("Envoyer").await.read().await;
    let ticket = team.ticket(1).await;
    let replies = ticket.messages.iter().filter(|message| message.direction == Direction::Outbound);
    assert_eq!(replies.map(|message| message.text.as_str()).collect::<Vec<_>>(), ["Cinq."]);
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}
