//! The card of a ticket in #support-team: each of its buttons, and what it shows as things change.

use super::Story;
use crate::support::desk::{Database, on_both};
use crate::support::discord::Discord;
use crate::support::discord::permissions::MANAGE_CHANNELS;
use crate::support::team::Team;
use chrono::Duration;
use serde_json::json;

on_both! {
    a_ticket_has_a_card_and_a_thread,
    each_button_of_the_card_acts,
    spam_asks_first_and_then_closes_without_a_word,
    the_card_follows_acts_by_other_doors,
    a_closed_ticket_folds_and_its_thread_is_put_away,
    buttons_work_after_a_restart,
    a_forum_has_a_post_with_a_tag_for_each_ticket,
    tags_that_a_forum_lacks_are_made_and_the_others_stay,
    a_forum_that_takes_no_tags_has_posts_without,
}

async fn a_ticket_has_a_card_and_a_thread(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("card");
    team.lea_writes("Remboursement non reçu", "Bonjour,\n\nJe n'ai rien reçu. **@everyone**\n\nLéa").await;
    story.tell("Léa writes: #support", team.view(team.discord.support).await);
    let thread = team.thread(1).await;
    story.tell("the thread", team.view(thread).await);
    let name = team.discord.read(|guild| guild.channels[&thread].name.clone());
    story.tell("the thread's name", name);
    story.end(&team);
}

async fn each_button_of_the_card_acts(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("card_buttons");
    team.lea_writes("Pari non validé", "Mon pari de samedi ne se valide pas.").await;
    let card = team.card(1, |_| true).await;
    story.answer("[Prendre]", &team.camille.press(&card, "Prendre")).await;
    story.answer("[Répondre]", &team.camille.press(&card, "Répondre")).await;
    let status = team.camille.press(&card, "Statut ▾");
    story.answer("[Statut ▾]", &status).await;
    story.answer("« En attente client »", &status.choose("Statut ▾", "waiting_customer").await).await;
    let template = team.camille.press(&card, "Modèle ▾");
    story.answer("[Modèle ▾]", &template).await;
    story.answer("« Accusé de réception »", &template.choose("Modèle ▾", "accuse").await).await;
    let escalate = team.camille.press(&card, "Escalader");
    story.answer("[Escalader]", &escalate).await;
    let reason = json!({"Raison, pour l’équipe technique": "L’API des paris est muette."});
    story.answer("submits", &escalate.submit(reason).await).await;
    story.tell("#support", team.view(team.discord.support).await);
    story.tell("the thread", team.view(team.thread(1).await).await);
    story.end(&team);
}

async fn spam_asks_first_and_then_closes_without_a_word(database: Database) {
    let mut team = Team::start(database).await;
    let mut story = Story::new("card_spam");
    team.lea_writes("Gagnez un casino", "Cliquez ici.").await;
    let card = team.card(1, |_| true).await;
    let asked = team.camille.press(&card, "Spam");
    story.answer("[Spam]", &asked).await;
    story.answer("[Ne rien faire]", &asked.press("Ne rien faire").await).await;
    assert_eq!(team.ticket(1).await.status.as_str(), "new");
    let asked = team.camille.press(&card, "Spam");
    story.answer("[Spam] then [C’est du spam]", &asked.press("C’est du spam").await).await;
    story.tell("#support", team.view(team.discord.support).await);
    team.elapse(Duration::minutes(1)).await;
    assert!(team.ticket(1).await.deliveries.is_empty(), "never a word");
    story.end(&team);
}

async fn the_card_follows_acts_by_other_doors(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("card_follows");
    team.lea_writes("Compte bloqué", "Je ne peux plus me connecter.").await;
    let card = team.card(1, |_| true).await;
    for line in ["take 1", "priority 1 high", "tag 1 +vip +compte", "user lea@client.example web_only"] {
        team.test.say(line).await;
        story.tell(&format!("{line}, by the command line"), team.view(team.discord.support).await);
    }
    team.lea_writes("Re: Compte bloqué [#1]", "Toujours rien ce matin.").await;
    story.tell("Léa writes again", team.view(team.discord.support).await);
    assert_eq!(team.card(1, |_| true).await.id, card.id, "it is edited in place");
    story.end(&team);
}

async fn a_closed_ticket_folds_and_its_thread_is_put_away(database: Database) {
    let team = Team::start(database).await;
    let mut story = Story::new("card_folds");
    team.lea_writes("Merci", "Tout va bien, merci !").await;
    let thread = team.thread(1).await;
    let is_away = || team.discord.read(|guild| guild.channels[&thread].thread.as_ref().unwrap().archived);
    team.test.say("status 1 closed --reason réglé").await;
    story.tell("closed: #support", team.view(team.discord.support).await);
    assert!(is_away());
    let card = team.card(1, |_| true).await;
    story.answer("[Rouvrir]", &team.camille.press(&card, "Rouvrir")).await;
    story.tell("#support", team.view(team.discord.support).await);
    assert!(!is_away());
    story.tell("the thread", team.view(thread).await);
    story.end(&team);
}

async fn buttons_work_after_a_restart(database: Database) {
    let mut team = Team::start(database).await;
    let mut story = Story::new("card_restart");
    team.lea_writes("Bonus", "Où est mon bonus ?").await;
    let card = team.card(1, |_| true).await;
    let form = team.camille.press(&card, "Répondre");
    let preview = form.submit(json!({"Votre réponse": "Il arrive demain."})).await;
    preview.message().await;
    team.close().await;
    team.test.say("note 1 Écrit pendant l’arrêt.").await;
    team.open().await;
    story.tell("#support", team.view(team.discord.support).await);
    story.answer("[Prendre]", &team.camille.press(&card, "Prendre")).await;
    let sent = preview.press("Envoyer").await;
    story.answer("[Envoyer] on the preview from before", &sent).await;
    team.settle().await;
    story.answer("[Annuler (20 s)]", &sent.press("Annuler (20\u{a0}s)").await).await;
    story.tell("the thread", team.view(team.thread(1).await).await);
    story.end(&team);
}

async fn tags_that_a_forum_lacks_are_made_and_the_others_stay(database: Database) {
    let discord = Discord::with_forum().await;
    discord.keep_tags(&["En cours"]);
    discord.allow(discord.support, discord.bot(), MANAGE_CHANNELS);
    let before = discord.read(|guild| guild.channels[&discord.support].available_tags[0].id);
    let team = Team::on(database, discord).await;
    team.lea_writes("Retrait refusé", "Mon retrait est refusé.").await;
    team.settle().await;
    let tags = team.discord.read(|guild| {
        let tags = &guild.channels[&team.discord.support].available_tags;
        tags.iter().map(|tag| (tag.id == before, tag.name.clone(), tag.emoji.clone())).collect::<Vec<_>>()
    });
    let made = |name: &str, emoji: &str| (false, name.to_owned(), Some(emoji.to_owned()));
    assert_eq!(
        tags,
        [
            (true, "En cours".to_owned(), None),
            made("Nouveau", "🔵"),
            made("En attente client", "🟠"),
            made("Résolu", "🟢"),
            made("Fermé", "⚫"),
        ]
    );
    let post = team.discord.threads(team.discord.support)[0].id;
    assert_eq!(team.discord.read(|guild| guild.channels[&post].tags(guild)), ["Nouveau"]);
}

async fn a_forum_that_takes_no_tags_has_posts_without(database: Database) {
    let discord = Discord::with_forum().await;
    discord.keep_tags(&["En cours"]);
    let team = Team::on(database, discord).await;
    team.lea_writes("Retrait refusé", "Mon retrait est refusé.").await;
    team.settle().await;
    let post = team.discord.threads(team.discord.support)[0].id;
    let none: [&str; 0] = [];
    assert_eq!(team.discord.read(|guild| guild.channels[&post].tags(guild)), none);
    team.test.say("status 1 in_progress").await;
    team.settle().await;
    assert_eq!(team.discord.read(|guild| guild.channels[&post].tags(guild)), ["En cours"]);
}

async fn a_forum_has_a_post_with_a_tag_for_each_ticket(database: Database) {
    let team = Team::on(database, Discord::with_forum().await).await;
    let mut story = Story::new("forum");
    team.lea_writes("Retrait refusé", "Mon retrait est refusé.").await;
    team.settle().await;
    let post = team.discord.threads(team.discord.support)[0].id;
    let state = || {
        team.discord.read(|guild| {
            let post = &guild.channels[&post];
            let away = post.thread.as_ref().is_some_and(|thread| thread.archived);
            format!("{} {:?}{}", post.name, post.tags(guild), if away { " (archived)" } else { "" })
        })
    };
    story.tell(&state(), team.view(post).await);
    for line in [
        "status 1 in_progress",
        "reply 1 Nous regardons.",
        "status 1 resolved",
        "status 1 closed",
        "reopen 1",
    ] {
        team.test.say(line).await;
        team.settle().await;
        story.tell(line, state());
    }
    story.tell("the post", team.view(post).await);
    story.answer("[Prendre]", &team.camille.press(post, "Prendre")).await;
    team.camille.says(post, "Vu avec la banque.");
    team.ticket_that(1, |ticket| ticket.messages.last().unwrap().text == "Vu avec la banque.").await;
    story.tell("the post", team.view(post).await);
    story.end(&team);
}
