//! The built program on Slack, as an operator runs it: `slack manifest`, `check`, then `serve`, a mail in, a reply out,
//! SIGTERM; by a socket, and by signed requests.

use crate::discord_built::{guichet, run};
use crate::serve::Serving;
use crate::support::desk::OUR_ADDRESS;
use crate::support::free_port;
use crate::support::slack::person::On;
use crate::support::slack::wire::SECRET;
use crate::support::slack::workspace::BEGIN;
use crate::support::slack::{AGENTS, DEV, LEADS, PRODUCT, Road, SUPPORT, Slack, draw};
use guichet::clock::Clock;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

async fn said(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let output = run(folder, words).await;
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn configure(home: &Path, slack: &Slack, port: u16) {
    let (inbox, outbox) = (home.join("inbox"), home.join("outbox"));
    for maildir in [&inbox, &outbox] {
        for part in ["new", "cur", "tmp"] {
            std::fs::create_dir_all(maildir.join(part)).unwrap();
        }
    }
    let road = match slack.0.road {
        Road::Socket => "app_token = \"xapp-test\"".to_owned(),
        Road::Signed => format!("signing_secret = \"{SECRET}\""),
    };
    let config = format!(
        "public_url = \"https://support.example\"\n[web]\nlisten = \"127.0.0.1:{port}\"\n\
         [maildir]\ninbox = \"{inbox}\"\noutbox = \"{outbox}\"\nfrom = \"Support <{OUR_ADDRESS}>\"\n\
         [undo]\nwindow = \"1s\"\n\
         [slack]\nbot_token = \"xoxb-test\"\n{road}\nsupport_channel = \"{SUPPORT}\"\ndev_channel = \"{DEV}\"\n\
         product_channel = \"{PRODUCT}\"\nagent_usergroup = \"{AGENTS}\"\nlead_usergroup = \"{LEADS}\"\napi_url = \"{api}\"\n",
        inbox = inbox.display(),
        outbox = outbox.display(),
        api = slack.api_url(),
    );
    std::fs::write(home.join("bot.toml"), config).unwrap();
}

/// From a configuration to a reply that leaves, by one road.
async fn a_reply_leaves(road: Road) {
    let slack = Slack::by(road).await;
    // The program goes by the machine's clock, and takes nothing that was signed before it began.
    let keeps_time = slack.clone();
    tokio::spawn(async move {
        loop {
            keeps_time.with(|space| space.passed = Clock::System.now().timestamp() - BEGIN);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    let camille = slack.person("Camille", &[AGENTS]);
    slack.person("Inès", &[LEADS]);
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let port = free_port();
    configure(home, &slack, port);
    let account = format!("slack:{}", camille.id);
    assert!(run(home, &["agent", "add", "Camille"]).await.status.success());
    assert!(run(home, &["agent", "link", "Camille", &account]).await.status.success());
    let (code, checked) = said(home, &["check"]).await;
    assert_eq!(code, Some(0), "{checked}");
    for line in [
        "bot « guichet » dans l’espace « Équipe »",
        "support_channel : #support-team, le bot y est",
        "agent_usergroup : 1 membre",
    ] {
        let line = line
            .replace(" :", "\u{a0}:")
            .replace("« ", "«\u{a0}")
            .replace(" »", "\u{a0}»")
            .replace("1 m", "1\u{a0}m");
        assert!(checked.contains(&line), "{line} is not in\n{checked}");
    }
    let mut serving = Serving(guichet(home, &["serve"]).spawn().unwrap());
    if road == Road::Signed {
        slack.tell_at(format!("http://127.0.0.1:{port}/slack/events"));
    }
    slack.connected().await;
    let mail = format!(
        "From: Léa Martin <lea@client.example>\r\nTo: {OUR_ADDRESS}\r\nSubject: Remboursement\r\n\
         Message-ID: <1@client.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBonjour, où en est-il ?\r\n"
    );
    std::fs::write(home.join("inbox/tmp/1"), mail).unwrap();
    std::fs::rename(home.join("inbox/tmp/1"), home.join("inbox/new/1")).unwrap();
    // On a Monday morning the week's report stands there as well.
    let ts = slack
        .wait("the card", |space| {
            let messages = &space.channels[SUPPORT].messages;
            let card =
                messages.iter().find(|(_, one)| draw::message(one).join("\n").contains("Remboursement"));
            card.map(|(ts, _)| ts.clone())
        })
        .await;
    let card = On::Message { channel: SUPPORT.into(), ts: ts.clone() };
    let form = camille.press(&card, "Répondre").await;
    let preview = form.submit(&[("Votre réponse", "Bonjour Léa, il part demain.")]).await;
    assert!(preview.read().await.contains("À\u{a0}: lea@"));
    preview.press("Envoyer").await.read().await;
    // The command line is another door of the same desk, in another process.
    assert!(run(home, &["ticket", "priority", "1", "high"]).await.status.success());
    slack
        .wait("the receipt in the thread, and what the command line did", |space| {
            let thread = space.channels[SUPPORT].messages.values().filter(|one| one["thread_ts"] == *ts);
            let all = thread.flat_map(draw::message).collect::<Vec<_>>().join("\n");
            (all.contains("envoyé par e-mail à l…@") && all.contains("Haute")).then_some(())
        })
        .await;
    assert_eq!(std::fs::read_dir(home.join("outbox/new")).unwrap().count(), 1);
    assert_eq!(slack.violations(), Vec::<String>::new());
    let killed = Command::new("kill").args(["-TERM", &serving.0.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ended = tokio::task::spawn_blocking(move || serving.0.wait().unwrap()).await.unwrap();
    assert!(ended.success(), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_leaves_by_socket_mode() {
    a_reply_leaves(Road::Socket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_leaves_by_signed_requests() {
    a_reply_leaves(Road::Signed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_what_is_not_right() {
    let slack = Slack::start().await;
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    configure(home, &slack, free_port());
    slack.with(|space| {
        space.scopes.remove("files:write");
        space.scopes.remove("links:read");
        space.channels.get_mut(DEV).unwrap().members.remove("UBOT");
        space.channels.get_mut(PRODUCT).unwrap().is_archived = true;
        space.groups.remove(LEADS);
    });
    let (code, checked) = said(home, &["check"]).await;
    assert_eq!(code, Some(1), "{checked}");
    let lines: Vec<&str> = checked.lines().filter(|line| line.contains("slack")).collect();
    let expected = [
        "il manque au bot des portées : files:write, links:read.",
        "dev_channel : le bot n’est pas dans #dev-team ; écrivez-y `/invite @Guichet`",
        "product_channel : #produit est archivé",
        "agent_usergroup : ce groupe d’utilisateurs est vide",
        "lead_usergroup : Slack répond « no_such_subteam »",
    ];
    for line in expected {
        let line = line
            .replace(" :", "\u{a0}:")
            .replace(" ;", "\u{a0};")
            .replace("« ", "«\u{a0}")
            .replace(" »", "\u{a0}»");
        assert!(checked.contains(&line), "{line} is not in\n{}", lines.join("\n"));
    }
    slack.with(|space| space.is_revoked = true);
    let (code, checked) = said(home, &["check"]).await;
    assert_eq!(code, Some(1));
    assert!(checked.contains("Slack refuse le jeton (invalid_auth)"), "{checked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_asks_for_what_is_used_by_either_road() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    // Before there is any token.
    std::fs::write(
        home.join("bot.toml"),
        "public_url = \"https://support.example\"\n[slack]\nsupport_channel = \"C1\"\n",
    )
    .unwrap();
    let (code, manifest) = said(home, &["slack", "manifest"]).await;
    assert_eq!(code, Some(0), "{manifest}");
    let manifest: Value = serde_json::from_str(&manifest).expect("it is JSON");
    assert_eq!(manifest["settings"]["socket_mode_enabled"], true);
    assert!(manifest["features"]["slash_commands"][0]["url"].is_null());
    let scopes = manifest["oauth_config"]["scopes"]["bot"].as_array().unwrap();
    let needed = crate::support::slack::workspace::SCOPES;
    assert_eq!(scopes.iter().map(|scope| scope.as_str().unwrap()).collect::<Vec<_>>(), needed);
    std::fs::write(home.join("bot.toml"), "public_url = \"https://support.example\"\n").unwrap();
    let (_, manifest) = said(home, &["slack", "manifest", "--http"]).await;
    let manifest: Value = serde_json::from_str(&manifest).expect("it is JSON");
    assert_eq!(manifest["settings"]["socket_mode_enabled"], false);
    let back = "https://support.example/admin/sign-in/slack/back";
    assert_eq!(manifest["oauth_config"]["redirect_urls"], serde_json::json!([back]));
    for url in [
        &manifest["features"]["slash_commands"][0]["url"],
        &manifest["settings"]["interactivity"]["request_url"],
        &manifest["settings"]["event_subscriptions"]["request_url"],
    ] {
        assert_eq!(url, "https://support.example/slack/events");
    }
}
