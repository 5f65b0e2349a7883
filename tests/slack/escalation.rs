//! The technical and the product team: what goes to them, what comes back, and that it never reaches the requester.

use super::Story;
use crate::support::desk::{Database, on_both};
use crate::support::slack::person::On;
use crate::support::slack::{DEV, PRODUCT, SUPPORT};
use crate::support::slack_team::SlackTeam;
use chrono::Duration;
use guichet::domain::event::EventKind;

on_both! {
    an_escalation_stands_with_the_developers_and_comes_back,
    an_escalation_that_is_taken_back_says_so_to_the_developers,
    a_critical_bug_reminds_every_two_hours,
    a_feature_goes_to_the_product_team,
    a_feature_that_was_taken_back_and_given_again_waits_for_its_own_window,
    an_escalated_ticket_that_is_merged_stands_with_the_developers_as_the_one_that_goes_on,
    two_developers_who_press_at_once_say_it_once,
}

async fn an_escalation_stands_with_the_developers_and_comes_back(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("escalation");
    team.lea_writes("Paris vides", "La liste de mes paris est vide.").await;
    let support = team.card(1).await;
    team.camille.slash(SUPPORT, "/ticket take 1").await.read().await;
    story
        .answer("/ticket escalate 1", &team.camille.slash(SUPPORT, "/ticket escalate 1 API muette").await)
        .await;
    story.tell("#dev-team", team.view(DEV).await);
    let dev = team.posted(DEV, |text| text.contains("Escalade")).await;
    team.settle().await;
    team.paul.says(DEV, Some(&dev), "Index perdu, je le reconstruis. *Ne dites rien* &lt;!channel&gt;");
    team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    story.tell("Paul writes; the ticket's thread", team.thread(1).await);
    let in_thread = async |wanted: &str| {
        let ts = team.posted(SUPPORT, |text| text.contains(wanted)).await;
        On::Message { channel: SUPPORT.into(), ts }
    };
    let note = in_thread("Reprendre en brouillon").await;
    story
        .answer("[Reprendre en brouillon]", &team.camille.press(&note, "Reprendre en brouillon").await)
        .await;
    team.test.say("status 1 waiting_customer").await;
    team.test.say("priority 1 high").await;
    story.tell("#dev-team, as things change", team.view(DEV).await);
    let card = On::Message { channel: DEV.into(), ts: dev.clone() };
    story.answer("Paul: [Corrigé]", &team.paul.press(&card, "Corrigé").await).await;
    story.tell("the ticket's thread", team.thread(1).await);
    let fixed = in_thread("Passer en Résolu").await;
    story.answer("[Passer en Résolu]", &team.camille.press(&fixed, "Passer en Résolu").await).await;
    story.tell("#dev-team", team.view(DEV).await);
    team.elapse(Duration::minutes(1)).await;
    let told = team.ticket(1).await.deliveries;
    let words: Vec<&str> = told.iter().map(|one| one.message.as_str()).collect();
    for secret in ["Index perdu", "API muette", "Ne dites rien"] {
        assert!(words.iter().all(|said| !said.contains(secret)), "{words:?}");
    }
    assert_eq!(team.card(1).await, support);
    story.end(&team);
}

async fn an_escalation_that_is_taken_back_says_so_to_the_developers(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("escalation_undone");
    team.lea_writes("Paris vides", "La liste de mes paris est vide.").await;
    team.card(1).await;
    let escalated = team.camille.slash(SUPPORT, "/ticket escalate 1 API muette").await;
    team.posted(DEV, |text| text.contains("API muette")).await;
    team.settle().await;
    story.answer("[Annuler (20 s)]", &escalated.press("Annuler (20\u{a0}s)").await).await;
    story.tell("#dev-team", team.view(DEV).await);
    story.tell("the ticket's thread", team.thread(1).await);
    team.camille.slash(SUPPORT, "/ticket escalate 1 Base en panne").await.read().await;
    story.tell("#dev-team, escalated again", team.view(DEV).await);
    story.end(&team);
}

async fn a_critical_bug_reminds_every_two_hours(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("urgent");
    team.lea_writes("Tout est vide", "Plus rien ne s'affiche.").await;
    team.card(1).await;
    team.camille.slash(SUPPORT, "/ticket take 1").await.read().await;
    story
        .answer("/ticket urgent 1", &team.camille.slash(SUPPORT, "/ticket urgent 1 Base en panne").await)
        .await;
    team.settle().await;
    team.elapse(Duration::hours(2)).await;
    story.tell("two hours later: the thread", team.thread(1).await);
    let ts = team.posted(SUPPORT, |text| text.contains("[Passer en Résolu]")).await;
    let reminder = On::Message { channel: SUPPORT.into(), ts };
    story.answer("[Répondre] on the reminder", &team.camille.press(&reminder, "Répondre").await).await;
    story.end(&team);
}

async fn a_feature_goes_to_the_product_team(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("feature");
    team.lea_writes("Idée", "Un mode sombre serait bien.").await;
    team.card(1).await;
    story.answer("/ticket feature 1", &team.camille.slash(SUPPORT, "/ticket feature 1").await).await;
    team.elapse(Duration::seconds(30)).await;
    story.tell("#produit", team.view(PRODUCT).await);
    story.tell("the thread", team.thread(1).await);
    story.end(&team);
}

async fn a_feature_that_was_taken_back_and_given_again_waits_for_its_own_window(database: Database) {
    let mut team = SlackTeam::start(database).await;
    team.lea_writes("Idée", "Un mode sombre serait bien.").await;
    team.card(1).await;
    team.test.say("feature 1").await;
    team.settle().await;
    team.elapse(Duration::seconds(15)).await;
    team.test.say("undo").await;
    team.test.say("feature 1").await;
    team.elapse(Duration::seconds(10)).await;
    let shown = team.view(PRODUCT).await;
    assert!(!shown.contains("Idée"), "it can still be taken back: {shown}");
    team.elapse(Duration::seconds(11)).await;
    team.posted(PRODUCT, |text| text.contains("Idée")).await;
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn an_escalated_ticket_that_is_merged_stands_with_the_developers_as_the_one_that_goes_on(
    database: Database,
) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Paris vides", "La liste de mes paris est vide.").await;
    team.settle().await;
    team.lea_writes("Toujours vides", "Elle est toujours vide.").await;
    team.settle().await;
    team.test.say("escalate 2 API muette").await;
    team.posted(DEV, |text| text.contains("API muette")).await;
    team.settle().await;
    team.test.say("merge 2 into 1").await;
    team.settle().await;
    let goes_on = |text: &str| text.contains("nº\u{a0}1 ·") && text.contains("Corrigé");
    let card = team.posted(DEV, goes_on).await;
    assert!(team.view(DEV).await.contains("escalade reprise du ticket"), "{}", team.view(DEV).await);
    team.test.say("undo").await;
    team.settle().await;
    let taken_back = |text: &str| text.contains("nº\u{a0}1 ·") && text.contains("Escalade annulée");
    assert_eq!(team.posted(DEV, taken_back).await, card);
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}

async fn two_developers_who_press_at_once_say_it_once(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Paris vides", "La liste de mes paris est vide.").await;
    team.card(1).await;
    team.test.say("escalate 1 API muette").await;
    let ts = team.posted(DEV, |text| text.contains("API muette")).await;
    team.settle().await;
    let card = On::Message { channel: DEV.into(), ts };
    let (paul, sam) = tokio::join!(team.paul.press(&card, "Corrigé"), team.sam.press(&card, "Corrigé"));
    paul.read().await;
    sam.read().await;
    let events = team.ticket(1).await.events;
    assert_eq!(events.iter().filter(|event| event.kind == EventKind::Fixed).count(), 1);
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}
