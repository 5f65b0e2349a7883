//! What people and a bot do with each other.

use super::bot::{Bot, http, quiet};
use crate::support::discord::Discord;
use serde_json::json;
use serenity::all::{
    ChannelId, CreateForumPost, CreateMessage, EditMessage, EditThread, ForumTagId, MessageId, Nonce,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_built_as_registered_and_answered_for_one() {
    let discord = Discord::start().await;
    let _bot = Bot::start(&discord).await;
    let camille = discord.person("Camille", &[]);
    let reply = camille.slash(discord.support, "status", json!({"ticket": "42", "to": "Résolu"}));
    assert!(reply.is_ephemeral().await);
    let drawn = reply.draw().await;
    assert!(drawn.starts_with("@Guichet (ephemeral)\nSubCommand("), "{drawn}");
    assert!(drawn.contains("Integer(42)") && drawn.contains("String(\"resolved\")"), "{drawn}");
    assert!(discord.messages(discord.support).is_empty(), "nobody else sees it");
    assert_eq!(discord.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_filled_in_label_by_label() {
    let discord = Discord::start().await;
    let _bot = Bot::start(&discord).await;
    let camille = discord.person("Camille", &[]);
    let opened = camille.slash(discord.support, "ticket new", json!({}));
    assert_eq!(opened.modal().await.draw(), "== Nouveau ticket ==\nSujet*: \nMessage*: ¶ ");
    let sent = opened.submit(json!({"Sujet": "Cote", "Message": "Bonjour"})).await;
    assert_eq!(sent.message().await.content, "Cote | Bonjour");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_selects_and_forms_of_a_card() {
    let discord = Discord::start().await;
    let _bot = Bot::start(&discord).await;
    let camille = discord.person("Camille", &[]);
    let shown = camille.slash(discord.support, "show", json!({"ticket": "1"}));
    insta::assert_snapshot!(shown.draw().await, @"
    @Guichet
    Ticket 1
    | # #1 Cote
    | Bonjour
    | Statut: Nouveau
    [Prendre] [Répondre] (Fermer)
    {Statut: Résolu, Fermé}
    ");
    let chosen = shown.choose("Statut", "Fermé").await;
    assert_eq!(chosen.first().await.kind, 6);
    let message = shown.message().await.id;
    discord.until(|guild| guild.messages[&message].content == "closed").await;
    let written = shown.press("Répondre").await;
    assert_eq!(written.modal().await.draw(), "== Répondre ==\nRéponse*: ¶ Bonjour,");
    let sent = written.submit(json!({"Réponse": "Bonjour, c’est fait."})).await;
    assert_eq!(sent.message().await.content, "Bonjour, c’est fait.");
    let taken = camille.press(message, "Prendre");
    assert_eq!(taken.first().await.kind, 7);
    assert_eq!(discord.draw(message), "@Guichet (edited)\nPris.\n| # #1 Cote\n| Bonjour\n| Statut: Nouveau");
    assert_eq!(discord.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_is_edited_and_added_to() {
    let discord = Discord::start().await;
    let _bot = Bot::start(&discord).await;
    let camille = discord.person("Camille", &[]);
    let slow = camille.slash(discord.support, "slow", json!({}));
    assert_eq!(slow.first().await.kind, 5);
    assert_eq!(slow.draw().await, "@Guichet (ephemeral)\nVoilà.");
    let more = slow.followups(1).await;
    assert_eq!(discord.draw(&more[0]), "@Guichet\nEt encore.\n<tickets.csv, 3 bytes>");
    assert_eq!(more[0].attachments[0].bytes, b"1;2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_being_typed_is_completed_and_a_message_has_a_menu() {
    let discord = Discord::start().await;
    let _bot = Bot::start(&discord).await;
    let camille = discord.person("Camille", &[]);
    let choices = camille.autocomplete(discord.support, "show", "ticket", "rem").await;
    assert_eq!(choices, [("#1 rem".to_owned(), json!("1"))]);
    let said = camille.says(discord.dev, "La cote est fausse");
    let reply = camille.context_menu("Créer un ticket", &said);
    assert_eq!(reply.message().await.content, "Ticket : La cote est fausse");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_below_a_message_with_a_file() {
    let discord = Discord::start().await;
    let _bot = Bot::start(&discord).await;
    let camille = discord.person("Camille", &[]);
    let said = camille.sends(discord.support, "au secours", &[("capture.png", b"png")]);
    discord.until(|guild| guild.thread_of(said.id).is_some_and(|t| !guild.messages(t.id).is_empty())).await;
    let thread = discord.thread_of(&said).expect("it is there");
    assert_eq!(thread.name, "#1");
    let messages = discord.messages(&thread);
    assert_eq!(discord.draw(&messages[0]), "@Guichet\nOn arrive.\n<reçu.txt, 7 bytes>");
    assert_eq!(messages[0].attachments[0].bytes, b"bonjour");
    assert_eq!(discord.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_post_of_a_forum_with_tags_that_is_put_away_and_wakes_up() {
    let discord = Discord::with_forum().await;
    let http = http(&discord);
    let forum = ChannelId::new(discord.support);
    let guild =
        serenity::all::GuildId::new(discord.guild_id()).channels(&http).await.expect("they are listed");
    let tags: Vec<ForumTagId> = guild[&forum].available_tags.iter().map(|tag| tag.id).collect();
    assert_eq!(tags.len(), 5);
    let first = CreateMessage::new().content("Bonjour").allowed_mentions(quiet());
    let post = CreateForumPost::new("#1 Cote", first).add_applied_tag(tags[0]);
    let mut post = forum.create_forum_post(&http, post).await.expect("the post is taken");
    let there = &discord.threads(discord.support)[0];
    assert_eq!(
        (there.name.as_str(), discord.read(|guild| there.tags(guild))),
        ("#1 Cote", vec!["Nouveau".to_owned()])
    );
    assert_eq!(
        discord.messages(post.id.get())[0].id,
        post.id.get(),
        "the first message has the id of the post"
    );
    let away = EditThread::new().applied_tags([tags[4]]).archived(true).locked(true);
    post.edit_thread(&http, away).await.expect("it is put away");
    let there = &discord.threads(discord.support)[0];
    assert_eq!(discord.read(|guild| there.tags(guild)), ["Fermé"]);
    let renamed = post.edit_thread(&http, EditThread::new().name("#1 Autre")).await;
    assert_eq!(code(&renamed.expect_err("it is archived")), 50083);
    let said = CreateMessage::new().content("Encore").allowed_mentions(quiet()).nonce(Nonce::Number(7));
    post.id.send_message(&http, said).await.expect("a moderator may");
    assert!(!discord.threads(discord.support)[0].thread.as_ref().expect("it is a thread").archived);
    assert_eq!(discord.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_nonce_that_comes_again_is_the_earlier_message() {
    let discord = Discord::start().await;
    let http = http(&discord);
    let channel = ChannelId::new(discord.support);
    let said = || {
        let nonce = Nonce::String("card-1".into());
        CreateMessage::new().content("Carte").allowed_mentions(quiet()).nonce(nonce).enforce_nonce(true)
    };
    discord.drop_connection_after_handling("POST", "/channels/*/messages");
    channel.send_message(&http, said()).await.expect_err("the answer is lost");
    assert_eq!(discord.messages(discord.support).len(), 1, "it was carried out");
    let again = channel.send_message(&http, said()).await.expect("it is known");
    assert_eq!(again.id.get(), discord.messages(discord.support)[0].id);
    discord.advance(std::time::Duration::from_secs(600));
    channel.send_message(&http, said()).await.expect("it is forgotten");
    assert_eq!(discord.messages(discord.support).len(), 2);
}

#[tokio::test]
async fn messages_are_read_in_pages_changed_and_taken_away() {
    let discord = Discord::start().await;
    let http = http(&discord);
    let channel = ChannelId::new(discord.dev);
    let camille = discord.person("Camille", &[]);
    for number in 0..7 {
        camille.says(discord.dev, &format!("n° {number}"));
    }
    let ids: Vec<MessageId> = discord.messages(discord.dev).iter().map(|m| MessageId::new(m.id)).collect();
    let read = async |page| {
        let messages = channel.messages(&http, page).await.expect("they are read");
        messages.into_iter().map(|message| message.content).collect::<Vec<_>>()
    };
    use serenity::all::GetMessages;
    assert_eq!(read(GetMessages::new().limit(2)).await, ["n° 6", "n° 5"]);
    assert_eq!(read(GetMessages::new().limit(2).after(ids[1])).await, ["n° 3", "n° 2"]);
    assert_eq!(read(GetMessages::new().limit(2).before(ids[2])).await, ["n° 1", "n° 0"]);
    assert_eq!(read(GetMessages::new().limit(3).around(ids[3])).await, ["n° 4", "n° 3", "n° 2"]);
    let edited = channel.edit_message(&http, ids[0], EditMessage::new().content("x")).await;
    assert_eq!(code(&edited.expect_err("somebody else wrote it")), 50005);
    let deleted = channel.delete_message(&http, ids[0]).await;
    assert_eq!(code(&deleted.expect_err("it is not a moderator")), 50013);
    channel.create_reaction(&http, ids[0], '👀').await.expect("it may");
    assert_eq!(discord.draw(ids[0].get()), "@Camille\nn° 0\n👀 1");
}

/// Discord's code in an error of serenity.
pub fn code(error: &serenity::Error) -> isize {
    match error {
        serenity::Error::Http(serenity::all::HttpError::UnsuccessfulRequest(answer)) => answer.error.code,
        other => panic!("no answer of Discord: {other}"),
    }
}
