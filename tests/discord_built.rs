//! The built program on Discord, as an operator runs it: `check`, then `serve`, a mail in, a reply out, SIGTERM.

use crate::serve::Serving;
use crate::support::desk::OUR_ADDRESS;
use crate::support::discord::Discord;
use crate::support::free_port;
use serde_json::json;
use std::path::Path;
use std::process::{Command, Output};

/// The program, in this folder.
pub(crate) fn guichet(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
    command.args(words).current_dir(folder);
    command
}

/// Runs one that ends, beside the server that this process is.
pub(crate) async fn run(folder: &Path, words: &[&str]) -> Output {
    let mut command = guichet(folder, words);
    tokio::task::spawn_blocking(move || command.output().expect("the program runs")).await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_configuration_to_a_reply_that_leaves() {
    let discord = Discord::start().await;
    let role = discord.role("Support");
    discord.set_permissions(role, serenity::all::Permissions::MANAGE_MESSAGES.bits());
    let camille = discord.person("Camille", &[role]);
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let (inbox, outbox) = (home.join("inbox"), home.join("outbox"));
    for maildir in [&inbox, &outbox] {
        for part in ["new", "cur", "tmp"] {
            std::fs::create_dir_all(maildir.join(part)).unwrap();
        }
    }
    let config = format!(
        "public_url = \"https://support.example\"\n[web]\nlisten = \"127.0.0.1:{port}\"\n\
         [maildir]\ninbox = \"{inbox}\"\noutbox = \"{outbox}\"\nfrom = \"Support <{OUR_ADDRESS}>\"\n\
         [undo]\nwindow = \"1s\"\n\
         [discord]\ntoken = \"{token}\"\nguild_id = \"{guild}\"\nsupport_channel = \"{support}\"\n\
         dev_channel = \"{dev}\"\nproduct_channel = \"{product}\"\nagent_roles = [\"{role}\"]\napi_url = \"{api}\"\n",
        port = free_port(),
        inbox = inbox.display(),
        outbox = outbox.display(),
        token = discord.token(),
        guild = discord.guild_id(),
        support = discord.support,
        dev = discord.dev,
        product = discord.product,
        api = discord.base_url(),
    );
    std::fs::write(home.join("bot.toml"), config).unwrap();
    let account = format!("discord:{}", camille.id);
    assert!(run(home, &["agent", "add", "Camille"]).await.status.success());
    assert!(run(home, &["agent", "link", "Camille", &account]).await.status.success());
    let checked = run(home, &["check"]).await;
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success(), "{said}{}", String::from_utf8_lossy(&checked.stderr));
    assert!(said.contains("https://discord.com/oauth2/authorize?"), "the invitation: {said}");

    let mut serving = Serving(guichet(home, &["serve"]).spawn().unwrap());
    discord.connected().await;
    discord.registered().await;
    let mail = format!(
        "From: Léa Martin <lea@client.example>\r\nTo: {OUR_ADDRESS}\r\nSubject: Remboursement\r\n\
         Message-ID: <1@client.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBonjour, où en est-il ?\r\n"
    );
    std::fs::write(inbox.join("tmp/1"), mail).unwrap();
    std::fs::rename(inbox.join("tmp/1"), inbox.join("new/1")).unwrap();
    let card = discord
        // On a Monday morning the week's report stands there as well.
        .wait("the card", |guild| {
            let messages = guild.messages(discord.support);
            let card = messages.iter().find(|one| json!(one.embeds).to_string().contains("Remboursement"));
            card.map(|card| (*card).clone())
        })
        .await;
    let form = camille.press(&card, "Répondre");
    let preview = form.submit(json!({"Votre réponse": "Bonjour Léa, il part demain."})).await;
    let drawn = preview.draw().await;
    assert!(drawn.contains("À\u{a0}: lea@"), "{drawn}");
    preview.press("Envoyer").await.message().await;
    // The command line is another door of the same desk, in another process.
    assert!(run(home, &["ticket", "priority", "1", "high"]).await.status.success());
    discord
        .wait("the receipt in the thread, and what the command line did", |guild| {
            let thread = guild.thread_of(card.id)?.id;
            let drawn: Vec<String> = guild
                .messages(thread)
                .into_iter()
                .map(|message| crate::support::discord::draw::message(guild, message))
                .collect();
            let all = drawn.join("\n");
            (all.contains("envoyé par e-mail à l…@") && all.contains("Haute")).then_some(())
        })
        .await;
    let sent: Vec<_> = std::fs::read_dir(outbox.join("new")).unwrap().collect();
    assert_eq!(sent.len(), 1);
    assert!(discord.violations().is_empty(), "{:?}", discord.violations());

    let killed = Command::new("kill").args(["-TERM", &serving.0.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ended = tokio::task::spawn_blocking(move || serving.0.wait().unwrap()).await.unwrap();
    assert!(ended.success(), "{ended}");
}
