//! The technical and the product team: what goes to them, what comes back, and that it never reaches the requester.

use super::Story;
use crate::support::desk::{Database, on_both};
use crate::support::discord::Message;
use crate::support::team::Team;
use chrono::Duration;
use serde_json::json;

on_both! {
    an_escalation_stands_with_the_developers_and_comes_back,
    a_card_and_its_escalation_lead_to_each_other,
    an_escalation_that_is_taken_back_says_so_to_the_developers,
    a_critical_bug_reminds_every_two_hours,
    a_feature_goes_to_the_product_team,
}

async fn dev_card(team: &Team) -> (Message, u64) {
    let card = team.drawn(team.discord.dev, |text| text.contains("Escalade")).await;
    let thread =
        team.discord.wait("its thread", |guild| guild.thread_of(card.id).map(|thread| thread.id)).await;
    (card, thread)
}

async fn an_escalation_stands_with_the_developers_and_comes_back(database: Database) {
    let mut team = Team::start(database).await;
    let mut story = Story::new("escalation");
    team.lea_writes("Paris vides", "La liste de mes paris est vide.").await;
    let support = team.discord.support;
    team.camille.slash(support, "take", json!({"ticket": "1"})).message().await;
    let escalated = team.camille.slash(support, "escalate", json!({"ticket": "1", "reason": "API muette"}));
    story.answer("/ticket escalate 1", &escalated).await;
    story.tell("#dev", team.view(team.discord.dev).await);
    let (card, dev) = dev_card(&team).await;
    // It is known as the ticket's once its place is kept.
    team.settle().await;
    team.paul.says(dev, "Index perdu, je le reconstruis. **Ne dites rien** @everyone");
    team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    let thread = team.thread(1).await;
    story.tell("Paul writes; the ticket's thread", team.view(thread).await);
    let note = team.drawn(thread, |text| text.contains("Reprendre en brouillon")).await;
    let form = team.camille.press(&note, "Reprendre en brouillon");
    story.answer("[Reprendre en brouillon]", &form).await;
    team.test.say("status 1 waiting_customer").await;
    team.test.say("priority 1 high").await;
    story.tell("#dev, as things change", team.view(team.discord.dev).await);
    team.settle().await;
    story.answer("Paul: [Corrigé]", &team.paul.press(&card, "Corrigé")).await;
    story.tell("the ticket's thread", team.view(thread).await);
    let fixed = team.drawn(thread, |text| text.contains("Passer en Résolu")).await;
    assert_eq!(fixed.mentions, [team.camille.id], "the one responsible is called");
    let told = team.ticket(1).await.deliveries.len();
    story.answer("[Passer en Résolu]", &team.camille.press(&fixed, "Passer en Résolu")).await;
    story.tell("#dev", team.view(team.discord.dev).await);
    // The notice of « En attente client » is all that Léa had got before.
    let team_words = ["Index perdu", "API muette", "Ne dites rien"];
    let ticket = team.ticket(1).await;
    assert_eq!(ticket.deliveries[..told].iter().filter(|one| one.address.is_some()).count(), 1);
    for delivery in &ticket.deliveries {
        assert!(team_words.iter().all(|words| !delivery.message.contains(words)), "{}", delivery.message);
    }
    team.elapse(Duration::minutes(1)).await;
    story.end(&team);
}

async fn a_card_and_its_escalation_lead_to_each_other(database: Database) {
    let team = Team::start(database).await;
    let dev = team.discord.dev;
    team.lea_writes("Paris vides", "La liste de mes paris est vide.").await;
    let first = team.thread(1).await;
    team.test.say("escalate 1 API muette").await;
    let escalated = dev_card(&team).await.1;
    // The card stood first, and is drawn again.
    team.drawn(team.discord.support, |text| text.contains("Fil de l’équipe technique")).await;
    let card = team.card(1, |_| true).await;
    assert!(card.embeds[0]["description"].to_string().contains(&format!("<#{escalated}>")));
    let leads = |thread: u64| {
        let link = format!("<#{thread}>");
        team.discord.wait("a way from the escalation to the ticket", move |guild| {
            let card = guild.messages(dev).first().cloned()?;
            card.embeds[0]["description"].to_string().contains(&link).then_some(())
        })
    };
    leads(first).await;
    // Another thread comes in the place of one that was removed: the escalation stood first.
    team.discord.delete_channel(first);
    let second = team
        .discord
        .wait("another thread", |guild| {
            let threads = guild.threads(team.discord.support);
            threads.iter().find(|thread| thread.id != first).map(|thread| thread.id)
        })
        .await;
    leads(second).await;
    team.settle().await;
    assert_eq!(team.discord.messages(dev).len(), 1);
    assert_eq!(team.discord.violations(), Vec::<String>::new());
}

async fn an_escalation_that_is_taken_back_says_so_to_the_developers(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("escalation_undone");
    team.lea_writes("Paris vides", "La liste de mes paris est vide.").await;
    let support = team.discord.support;
    let escalated = team.camille.slash(support, "escalate", json!({"ticket": "1", "reason": "API muette"}));
    dev_card(&team).await;
    team.settle().await;
    let undone = escalated.press("Annuler (20\u{a0}s)").await;
    story.answer("[Annuler (20 s)]", &undone).await;
    story.tell("#dev", team.view(team.discord.dev).await);
    story.tell("the ticket's thread", team.view(team.thread(1).await).await);
    team.camille
        .slash(support, "escalate", json!({"ticket": "1", "reason": "Base en panne"}))
        .message()
        .await;
    story.tell("#dev, escalated again", team.view(team.discord.dev).await);
    story.end(&team);
}

async fn a_critical_bug_reminds_every_two_hours(database: Database) {
    let mut team = Team::start(database).await;
    let mut story = Story::new("urgent");
    team.lea_writes("Plus rien", "Plus rien ne marche.").await;
    let support = team.discord.support;
    team.camille.slash(support, "take", json!({"ticket": "1"})).message().await;
    let urgent = team.camille.slash(support, "urgent", json!({"ticket": "1", "reason": "Tout est vide"}));
    story.answer("/ticket urgent 1", &urgent).await;
    story.tell("#support", team.view(support).await);
    story.tell("#dev", team.view(team.discord.dev).await);
    let thread = team.thread(1).await;
    team.elapse(Duration::hours(2)).await;
    story.tell("two hours later", team.view(thread).await);
    let reminder = team.drawn(thread, |text| text.contains("Passer en Résolu")).await;
    assert_eq!(reminder.mentions, [team.camille.id]);
    story.answer("[Répondre]", &team.camille.press(&reminder, "Répondre")).await;
    assert!(team.ticket(1).await.deliveries.is_empty(), "never a word to Léa by itself");
    let resolved = team.camille.press(&reminder, "Passer en Résolu");
    story.answer("[Passer en Résolu]", &resolved).await;
    team.settle().await;
    let before = team.discord.messages(thread).len();
    team.elapse(Duration::hours(5)).await;
    team.settle().await;
    assert_eq!(team.discord.messages(thread).len(), before, "it is over");
    story.end(&team);
}

async fn a_feature_goes_to_the_product_team(database: Database) {
    let mut team = Team::start(database).await;
    let mut story = Story::new("feature");
    team.lea_writes("Mode sombre", "Un mode sombre serait bien.").await;
    let done = team.camille.slash(team.discord.support, "feature", json!({"ticket": "1"}));
    story.answer("/ticket feature 1", &done).await;
    team.settle().await;
    assert!(team.discord.messages(team.discord.product).is_empty(), "it can still be taken back");
    team.elapse(Duration::seconds(21)).await;
    team.drawn(team.discord.product, |text| text.contains("Mode sombre")).await;
    story.tell("#product", team.view(team.discord.product).await);
    story.tell("the thread", team.view(team.thread(1).await).await);
    story.end(&team);
}
