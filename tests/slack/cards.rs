//! The card of a ticket in #support-team: each of its buttons, and what it shows as things change.

use super::Story;
use crate::support::desk::{Database, on_both};
use crate::support::slack::{DEV, SUPPORT};
use crate::support::slack_team::SlackTeam;
use chrono::Duration;

on_both! {
    a_ticket_has_a_card_and_a_thread,
    each_button_of_the_card_acts,
    spam_asks_first_and_then_closes_without_a_word,
    the_card_follows_acts_by_other_doors,
    a_closed_ticket_folds_and_its_thread_goes_on,
    buttons_work_after_a_restart,
}

async fn a_ticket_has_a_card_and_a_thread(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("card");
    let hostile =
        "Bonjour,\n\nJe n'ai rien reçu. *gras* <!channel> <@UCAMILLE> <https://mal.example|ici>\n\nLéa";
    team.lea_writes("Remboursement non reçu", hostile).await;
    story.tell("Léa writes: #support-team", team.view(SUPPORT).await);
    story.tell("the thread", team.thread(1).await);
    story.end(&team);
}

async fn each_button_of_the_card_acts(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("card_buttons");
    team.lea_writes("Pari non validé", "Mon pari de samedi ne se valide pas.").await;
    let card = team.on_card(1).await;
    story.answer("[Prendre]", &team.camille.press(&card, "Prendre").await).await;
    team.settle().await;
    story.answer("[Répondre]", &team.camille.press(&card, "Répondre").await).await;
    let status = team.camille.press(&card, "Statut ▾").await;
    story.answer("[Statut ▾]", &status).await;
    story.answer("« En attente client »", &status.choose("Statut ▾", "En attente client").await).await;
    let template = team.camille.press(&card, "Modèle ▾").await;
    story.answer("[Modèle ▾]", &template).await;
    story.answer("« Réponse Initiale »", &template.choose("Modèle ▾", "Réponse Initiale").await).await;
    let escalate = team.camille.press(&card, "Escalader").await;
    story.answer("[Escalader]", &escalate).await;
    let reason = [("Raison, pour l’équipe technique", "L’API des paris est muette.")];
    story.answer("submits", &escalate.submit(&reason).await).await;
    story.tell("#support-team", team.view(SUPPORT).await);
    story.tell("the thread", team.thread(1).await);
    story.tell("#dev-team", team.view(DEV).await);
    story.end(&team);
}

async fn spam_asks_first_and_then_closes_without_a_word(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("card_spam");
    team.lea_writes("Gagnez un casino", "Cliquez ici.").await;
    let card = team.on_card(1).await;
    let asked = team.camille.press(&card, "Spam").await;
    story.answer("[Spam]", &asked).await;
    story.answer("[Ne rien faire]", &asked.press("Ne rien faire").await).await;
    assert_eq!(team.ticket(1).await.status.as_str(), "new");
    let asked = team.camille.press(&card, "Spam").await;
    story.answer("[Spam] then [C’est du spam]", &asked.press("C’est du spam").await).await;
    story.tell("#support-team", team.view(SUPPORT).await);
    team.elapse(Duration::minutes(1)).await;
    assert!(team.ticket(1).await.deliveries.is_empty(), "never a word");
    story.end(&team);
}

async fn the_card_follows_acts_by_other_doors(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("card_follows");
    team.lea_writes("Compte bloqué", "Je ne peux plus me connecter.").await;
    let card = team.card(1).await;
    for line in ["take 1", "priority 1 high", "tag 1 +vip +compte", "user lea@client.example web_only"] {
        team.test.say(line).await;
        story.tell(&format!("{line}, by the command line"), team.view(SUPPORT).await);
    }
    team.lea_writes("Re: Compte bloqué [#1]", "Toujours rien ce matin.").await;
    story.tell("Léa writes again", team.view(SUPPORT).await);
    assert_eq!(team.card(1).await, card, "it is edited in place");
    story.end(&team);
}

async fn a_closed_ticket_folds_and_its_thread_goes_on(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("card_folds");
    team.lea_writes("Merci", "Tout va bien, merci !").await;
    team.card(1).await;
    team.test.say("status 1 closed --reason réglé").await;
    story.tell("closed: #support-team", team.view(SUPPORT).await);
    let card = team.on_card(1).await;
    story.answer("[Rouvrir]", &team.camille.press(&card, "Rouvrir").await).await;
    story.tell("#support-team", team.view(SUPPORT).await);
    story.tell("the thread", team.thread(1).await);
    story.end(&team);
}

async fn buttons_work_after_a_restart(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("card_restart");
    team.lea_writes("Bonus", "Où est mon bonus ?").await;
    let card = team.on_card(1).await;
    let form = team.camille.press(&card, "Répondre").await;
    let preview = form.submit(&[("Votre réponse", "Il arrive demain.")]).await;
    preview.read().await;
    team.close().await;
    team.test.say("note 1 Écrit pendant l’arrêt.").await;
    team.open().await;
    story.tell("#support-team", team.view(SUPPORT).await);
    story.answer("[Prendre]", &team.camille.press(&card, "Prendre").await).await;
    let sent = preview.press("Envoyer").await;
    story.answer("[Envoyer] on the preview from before", &sent).await;
    team.settle().await;
    story.answer("[Annuler (20 s)]", &sent.press("Annuler (20\u{a0}s)").await).await;
    story.tell("the thread", team.thread(1).await);
    story.end(&team);
}
