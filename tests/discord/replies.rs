//! Answering a requester: the form, the preview, the sending, what comes after it, and two who answer at once.

use super::Story;
use crate::support::desk::{Database, on_both};
use crate::support::team::Team;
use chrono::Duration;
use guichet::desk::Failure;
use guichet::domain::ids::{MessageId, TicketId};
use guichet::domain::message::Direction;
use guichet::domain::people::Door;
use guichet::domain::refusal::Refusal;
use serde_json::json;

on_both! {
    a_reply_is_previewed_changed_and_sent,
    a_reply_that_is_given_up_sends_nothing,
    the_questions_of_a_standard_reply_are_fields,
    the_steps_of_a_solution_may_stay_empty,
    a_status_offers_the_reply_that_fits,
    a_question_without_a_status_offers_to_wait,
    a_reply_to_all_names_all,
    an_act_is_taken_back_within_the_window_and_not_after,
    two_who_answer_learn_of_each_other,
    a_reply_of_a_colleague_is_said_to_be_theirs,
    what_is_pressed_or_told_twice_sends_once,
}

async fn asked(database: Database) -> Team {
    let team = Team::start(database).await;
    team.lea_writes("Retrait en attente", "Mon retrait de 50 € est en attente depuis lundi.").await;
    team.settle().await;
    team
}

async fn replies(team: &Team) -> usize {
    let ticket = team.ticket(1).await;
    ticket.messages.iter().filter(|message| message.direction == Direction::Outbound).count()
}

async fn a_reply_is_previewed_changed_and_sent(database: Database) {
    let mut team = asked(database).await;
    let mut story = Story::new("reply");
    let card = team.card(1, |_| true).await;
    let form = team.camille.press(&card, "Répondre");
    story.answer("[Répondre]", &form).await;
    let preview = form.submit(json!({"Votre réponse": "Bonjour Léa,\n\nIl part ce soir."})).await;
    story.answer("submits", &preview).await;
    let waiting = preview.choose("Statut après l’envoi ▾", "resolved").await;
    story.answer("« Résolu » after sending", &waiting).await;
    let again = preview.press("Modifier").await;
    story.answer("[Modifier]", &again).await;
    let preview = again.submit(json!({"Votre réponse": "Bonjour Léa,\n\nIl est parti ce matin."})).await;
    story.answer("submits", &preview).await;
    assert_eq!(replies(&team).await, 0, "nothing before it is sent");
    story.answer("[Envoyer]", &preview.press("Envoyer").await).await;
    let thread = team.thread(1).await;
    story.tell("the thread", team.view(thread).await);
    team.elapse(Duration::seconds(30)).await;
    story.tell("the thread, half a minute later", team.view(thread).await);
    let mails: Vec<_> = team.ticket(1).await.deliveries;
    assert_eq!(mails.iter().filter(|one| one.address.as_deref() == Some("lea@client.example")).count(), 1);
    story.end(&team);
}

async fn a_reply_that_is_given_up_sends_nothing(database: Database) {
    let mut team = asked(database).await;
    let mut story = Story::new("reply_dropped");
    let card = team.card(1, |_| true).await;
    let form = team.camille.press(&card, "Répondre");
    let preview = form.submit(json!({"Votre réponse": "Non."})).await;
    preview.message().await;
    team.settle().await;
    let dropped = preview.press("Abandonner").await;
    story.answer("[Abandonner]", &dropped).await;
    team.elapse(Duration::minutes(1)).await;
    assert_eq!(replies(&team).await, 0);
    assert!(team.ticket(1).await.deliveries.is_empty());
    story.tell("#support", team.view(team.discord.support).await);
    story.end(&team);
}

async fn the_questions_of_a_standard_reply_are_fields(database: Database) {
    let team = asked(database).await;
    let mut story = Story::new("reply_questions");
    let card = team.card(1, |_| true).await;
    let menu = team.camille.press(&card, "Modèle ▾");
    let form = menu.choose("Modèle ▾", "demande-infos").await;
    story.answer("« Demande d'Informations »", &form).await;
    let preview =
        form.submit(json!({"Question 1": "Quelle banque ?", "Question 3": "Quel jour exactement ?"})).await;
    story.answer("two of three questions", &preview).await;
    story.answer("[Envoyer]", &preview.press("Envoyer").await).await;
    assert_eq!(team.ticket(1).await.status.as_str(), "waiting_customer");
    story.tell("the thread", team.view(team.thread(1).await).await);
    story.end(&team);
}

async fn the_steps_of_a_solution_may_stay_empty(database: Database) {
    let team = asked(database).await;
    let mut story = Story::new("reply_solution");
    let card = team.card(1, |_| true).await;
    let form = team.camille.press(&card, "Modèle ▾").choose("Modèle ▾", "solution").await;
    story.answer("« Solution Fournie »", &form).await;
    let preview =
        form.submit(json!({"Explication détaillée de la solution": "Votre banque a été relancée."})).await;
    story.answer("no steps", &preview).await;
    story.answer("[Envoyer]", &preview.press("Envoyer").await).await;
    assert_eq!(team.ticket(1).await.status.as_str(), "resolved");
    let form = team.camille.press(&card, "Modèle ▾").choose("Modèle ▾", "solution").await;
    let steps = json!({"Explication détaillée de la solution": "Il faut revalider.", "Étape 1": "Ouvrez votre compte",
        "Étape 2": "Validez"});
    story.answer("two steps", &form.submit(steps).await).await;
    story.end(&team);
}

async fn a_status_offers_the_reply_that_fits(database: Database) {
    let team = asked(database).await;
    let mut story = Story::new("status_offers");
    for status in ["waiting_customer", "resolved", "closed"] {
        let set =
            team.camille.slash(team.discord.support, "status", json!({"ticket": "1", "status": status}));
        story.answer(&format!("/ticket status 1 {status}"), &set).await;
        if status == "closed" {
            story.answer("[Fermeture Sans Réponse]", &set.press("Fermeture Sans Réponse").await).await;
        }
    }
    story.end(&team);
}

async fn a_question_without_a_status_offers_to_wait(database: Database) {
    let team = asked(database).await;
    let mut story = Story::new("offer_to_wait");
    let text = "Bonjour,\nQuelle est votre banque ?\nCamille";
    let sent = team.camille.slash(team.discord.support, "reply", json!({"ticket": "1", "text": text}));
    story.answer("/ticket reply 1 … ?", &sent).await;
    story
        .answer("[Passer en En attente client ?]", &sent.press("Passer en En attente client\u{a0}?").await)
        .await;
    assert_eq!(team.ticket(1).await.status.as_str(), "waiting_customer");
    let sent = team.camille.slash(team.discord.support, "reply", json!({"ticket": "1", "text": "Merci."}));
    story.answer("no question", &sent).await;
    story.end(&team);
}

async fn a_reply_to_all_names_all(database: Database) {
    let mut team = asked(database).await;
    team.test.say("participants 1 +marc@client.example").await;
    let mut story = Story::new("reply_all");
    let card = team.card(1, |_| true).await;
    let form = team.camille.press(&card, "Répondre");
    let preview = form.submit(json!({"Votre réponse": "Bonjour à vous deux."})).await;
    story.answer("submits", &preview).await;
    team.test.say("participants 1 +anne@client.example").await;
    story.answer("[Envoyer à tous], Anne having come", &preview.press("Envoyer à tous").await).await;
    assert_eq!(replies(&team).await, 0);
    let preview = preview.choose("Statut après l’envoi ▾", "in_progress").await;
    story.answer("the preview again", &preview).await;
    story.answer("[Envoyer à tous]", &preview.press("Envoyer à tous").await).await;
    team.settle().await;
    team.elapse(Duration::seconds(30)).await;
    let thread = team.thread(1).await;
    story.tell("the thread", team.view(thread).await);
    story.end(&team);
}

async fn an_act_is_taken_back_within_the_window_and_not_after(database: Database) {
    let mut team = asked(database).await;
    let mut story = Story::new("undo");
    let support = team.discord.support;
    let thread = team.thread(1).await;
    let reply = team.camille.slash(support, "reply", json!({"ticket": "1", "text": "Trop vite."}));
    reply.message().await;
    story.tell("a reply: the thread", team.view(thread).await);
    team.lea_writes("Autre chose", "Et mon bonus ?").await;
    let other = team.camille.slash(support, "priority", json!({"ticket": "2", "priority": "high"}));
    other.message().await;
    let priority = team.camille.slash(support, "priority", json!({"ticket": "1", "priority": "high"}));
    priority.message().await;
    team.settle().await;
    let state = async |id: i64| {
        let ticket = team.ticket(id).await;
        (ticket.status.as_str(), ticket.priority.as_str())
    };
    story
        .answer(
            "[Annuler] on the reply, once the priority was set",
            &reply.press("Annuler (20\u{a0}s)").await,
        )
        .await;
    assert_eq!(state(1).await, ("in_progress", "high"), "it takes no other act back");
    story.answer("[Annuler] on the other ticket's", &other.press("Annuler (20\u{a0}s)").await).await;
    assert_eq!(state(2).await, ("new", "normal"), "exactly that act");
    story.answer("[Annuler] on the priority", &priority.press("Annuler (20\u{a0}s)").await).await;
    assert_eq!(state(1).await, ("in_progress", "normal"));
    let again = team.camille.slash(support, "reply", json!({"ticket": "2", "text": "Trop vite aussi."}));
    again.message().await;
    team.settle().await;
    story.answer("[Annuler] on another reply", &again.press("Annuler (20\u{a0}s)").await).await;
    let thread = team.thread(2).await;
    story.tell("the thread", team.view(thread).await);
    let late = team.camille.slash(support, "status", json!({"ticket": "1", "status": "resolved"}));
    late.message().await;
    team.elapse(Duration::seconds(21)).await;
    story.answer("[Annuler] too late", &late.press("Annuler (20\u{a0}s)").await).await;
    assert_eq!(team.ticket(1).await.status.as_str(), "resolved");
    story.end(&team);
}

async fn two_who_answer_learn_of_each_other(database: Database) {
    let team = asked(database).await;
    let mut story = Story::new("two_at_once");
    let card = team.card(1, |_| true).await;
    let sams = team.sam.press(&card, "Répondre");
    sams.modal().await;
    story.tell("Sam writes: #support", team.view(team.discord.support).await);
    let camilles = team.camille.press(&card, "Répondre");
    story.answer("Camille presses [Répondre]", &camilles).await;
    let camilles =
        camilles.submit(json!({"Votre réponse (Sam rédige aussi)": "Bonjour Léa, je regarde."})).await;
    story.answer("and has her preview", &camilles).await;
    let sams = sams.submit(json!({"Votre réponse": "C’est parti."})).await;
    sams.press("Envoyer").await.message().await;
    let overtaken = camilles.press("Envoyer").await;
    story.answer("Sam sends; Camille presses [Envoyer]", &overtaken).await;
    assert_eq!(replies(&team).await, 1);
    story.answer("[Envoyer quand même]", &overtaken.press("Envoyer quand même").await).await;
    assert_eq!(replies(&team).await, 2);
    story.tell("#support", team.view(team.discord.support).await);
    story.end(&team);
}

async fn a_reply_of_a_colleague_is_said_to_be_theirs(database: Database) {
    let team = asked(database).await;
    let (desk, camille) = (&team.test.desk, &team.test.camille);
    let agents = desk.agents().await.unwrap();
    let sam = &agents.iter().find(|linked| linked.agent.name == "Sam").expect("Sam is there").agent;
    let begun = desk.begin_draft(camille, Door::Discord, TicketId(1), None, "Bonjour.", "one").await.unwrap();
    let (id, mark) = (begun.id, begun.mark.as_str());
    let attempts = [
        desk.draft(sam, id).await.map(drop),
        desk.write_draft(sam, id, Some("Autre chose."), None).await.map(drop),
        desk.drop_draft(sam, id).await.map(drop),
        desk.send_draft(sam, Door::Discord, id, mark, false, MessageId(i64::MAX)).await.map(drop),
    ];
    for attempt in attempts {
        let Err(Failure::Refused(refusal)) = attempt else { panic!("it was let through: {attempt:?}") };
        let said = guichet::wording::refusals::say(&refusal);
        assert!(said.starts_with("Cette réponse est celle de Camille\u{a0}: rien n’a été fait."), "{said}");
    }
    assert_eq!(desk.draft(camille, id).await.unwrap().text, "Bonjour.", "nothing was done to it");
    desk.drop_draft(camille, id).await.unwrap();
    let over = desk.draft(camille, id).await;
    assert!(matches!(over, Err(Failure::Refused(Refusal::DraftEnded))), "{over:?}");
}

async fn what_is_pressed_or_told_twice_sends_once(database: Database) {
    let team = asked(database).await;
    let mut story = Story::new("sent_once");
    let card = team.card(1, |_| true).await;
    let form = team.camille.press(&card, "Répondre");
    let preview = form.submit(json!({"Votre réponse": "Bonjour."})).await.message().await;
    let first = team.camille.press(&preview, "Envoyer");
    let second = team.camille.press(&preview, "Envoyer");
    let mut answers = [first.draw().await, second.draw().await];
    answers.sort();
    story.tell("[Envoyer] twice", answers.join("\n\n"));
    first.again();
    let noted = team.camille.slash(team.discord.support, "note", json!({"ticket": "1", "text": "Vu."}));
    noted.message().await;
    noted.again();
    let sam = team.sam.press(&card, "Prendre");
    sam.message().await;
    sam.again();
    let camille = team.camille.press(&card, "Prendre");
    camille.message().await;
    team.settle().await;
    assert_eq!(replies(&team).await, 1);
    let kinds: Vec<_> = team.ticket(1).await.events.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["created", "replied", "note_added", "assigned", "assigned"]);
    story.end(&team);
}
