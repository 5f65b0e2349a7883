//! The command with its words, what is typed in channels and threads, the page of the app, and who may do what.

use super::Story;
use crate::support::desk::{Database, on_both};
use crate::support::slack::{AGENTS, SUPPORT};
use crate::support::slack_team::SlackTeam;
use chrono::Duration;
use serde_json::json;

on_both! {
    every_command_is_answered_to_its_reader_alone,
    the_whole_grammar_is_answered,
    a_word_in_a_thread_is_a_command_of_its_ticket,
    a_command_can_be_typed_where_the_team_talks,
    the_page_of_the_app_shows_what_there_is_to_do,
    a_link_shows_its_ticket_where_the_team_reads,
    who_is_nobody_here_does_and_learns_nothing,
    an_agent_is_known_by_their_address,
    a_long_list_stands_in_pieces,
}

async fn every_command_is_answered_to_its_reader_alone(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("commands");
    team.lea_writes("Paris vides", "La liste de mes paris est vide.").await;
    team.card(1).await;
    for line in [
        "/ticket",
        "/ticket list",
        "/ticket show 1",
        "/ticket status 1 en_cours",
        "/ticket note 1 Vu avec <Paul> & co.",
        "/ticket priorité 1 haute",
        "/ticket tag 1 +vip",
        "/ticket template solution 1",
        "/ticket history 1",
        "/ticket user lea@client.example",
        "/ticket statut 1 résoluu",
        "/ticket reply 1",
    ] {
        story.answer(line, &team.camille.slash(SUPPORT, line).await).await;
        team.settle().await;
    }
    // Wherever they ask, also where the bot is not.
    team.slack.with(|space| {
        space.channels.entry("C0OTHER".into()).or_default().members.insert(team.sam.id.clone());
    });
    story.answer("elsewhere: /ticket take 1", &team.sam.slash("C0OTHER", "/ticket take 1").await).await;
    assert_eq!(team.ticket(1).await.messages[1].text, "Vu avec <Paul> & co.");
    story.end(&team);
}

async fn the_whole_grammar_is_answered(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("grammar");
    for subject in ["Paiement refusé", "Paris vides", "Un mode sombre ?", "Casino", "Paris vides aussi"] {
        team.lea_writes(subject, "Bonjour, c’est dans le sujet.").await;
        team.settle().await;
    }
    let lines = [
        "list new",
        "show 1",
        "take 1",
        "assign 1 Sam",
        "priority 1 high",
        "note 1 Déjà vu hier.",
        "tag 1 +paiement",
        "participants 1 +marc@client.example",
        "template demande-infos 1",
        "reply 1 --template demande-infos Quelle carte ?",
        "remind 1",
        "snooze 1 2d",
        "status 2 in_progress",
        "escalate 2 API muette",
        "urgent 2 Plus aucun pari",
        "feature 3",
        "spam 4",
        "reopen 4",
        "undo",
        "merge 5 into 2",
        "history 1",
        "deliveries 1",
        "resend 1",
        "sent 1",
        "user lea@client.example email_only",
        "kb escalader",
        "stats",
        "checklist",
        "report",
        "help status",
    ];
    for line in lines {
        story.answer(line, &team.camille.slash(SUPPORT, &format!("/ticket {line}")).await).await;
        team.settle().await;
        // Each act is the latest, to be taken back by itself.
        team.pass(Duration::seconds(1));
    }
    for command in guichet::command::grammar::slash::commands() {
        let is_tried = lines.iter().any(|line| line.split(' ').next() == Some(command.name.as_str()));
        assert!(is_tried, "{} was not tried", command.name);
    }
    story.end(&team);
}

async fn a_word_in_a_thread_is_a_command_of_its_ticket(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("thread_words");
    team.lea_writes("Paris vides", "Bonjour.").await;
    team.lea_writes("Autre chose", "Bonsoir.").await;
    let thread = team.card(2).await;
    team.settle().await;
    for line in ["!prendre", "!priorité haute", "!répondre C’est en route.", "!résolu", "!resoluu", "!aide"]
    {
        let seen = team.camille.watches();
        team.camille.says(SUPPORT, Some(&thread), line);
        story.answer(line, &seen).await;
        team.settle().await;
    }
    story.tell("the thread", team.thread(2).await);
    assert_eq!(
        (team.ticket(2).await.status.as_str(), team.ticket(1).await.status.as_str()),
        ("resolved", "new")
    );
    let notes = team.ticket(2).await.messages.len();
    assert_eq!(notes, 2, "no word is a note");
    story.end(&team);
}

async fn a_command_can_be_typed_where_the_team_talks(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("typed");
    team.lea_writes("Paris vides", "Bonjour.").await;
    let thread = team.card(1).await;
    team.settle().await;
    for (thread, line) in [
        (None, "<@UBOT> priorité 1 haute"),
        (None, " /ticket status 1 in_progress"),
        (Some(thread.as_str()), "<@UBOT> reply 1 --template solution"),
    ] {
        let seen = team.camille.watches();
        team.camille.says(SUPPORT, thread, line);
        story.answer(line, &seen).await;
        team.settle().await;
    }
    team.camille.says(SUPPORT, None, "Bonjour tout le monde, café ? !résolu");
    team.camille.says(
        SUPPORT,
        Some(&thread),
        "La banque confirme : <mailto:a@b.example|a@b.example> &amp; co, voir <@USAM>",
    );
    let ticket = team.ticket_that(1, |ticket| ticket.messages.len() == 2).await;
    assert_eq!(ticket.messages[1].text, "La banque confirme : a@b.example & co, voir @Sam");
    story.tell("the thread: nothing is said twice", team.thread(1).await);
    story.end(&team);
}

async fn the_page_of_the_app_shows_what_there_is_to_do(database: Database) {
    let mut team = SlackTeam::start(database).await;
    let mut story = Story::new("home");
    story.answer("nothing to do", &team.camille.opens_home().await).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    team.lea_writes("Bonus", "Mon bonus ?").await;
    team.lea_writes("Compte", "Mon compte ?").await;
    team.test.say("status 1 waiting_customer").await;
    team.test.say("take 2").await;
    team.test.say("status 2 in_progress").await;
    team.pass(chrono::Duration::days(4));
    let home = team.camille.opens_home().await;
    story.answer("four days later", &home).await;
    let shown = home.press("Prendre").await;
    story.answer("[Prendre] on the first that is nobody's", &shown).await;
    let home = team.camille.opens_home().await;
    let form = home.press("Répondre").await;
    story.answer("[Répondre]", &form).await;
    let preview = form.submit(&[("Votre réponse", "C’est fait.")]).await;
    story.answer("submits: the window shows the preview", &preview).await;
    story.answer("[Envoyer] in the window", &preview.press("Envoyer").await).await;
    story.answer("Paul, who is nobody here", &team.paul.opens_home().await).await;
    story.end(&team);
}

async fn a_link_shows_its_ticket_where_the_team_reads(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Paris vides", "La liste est vide.").await;
    team.card(1).await;
    let url = format!("{}/admin/support/tickets/1", crate::support::desk::PUBLIC_URL);
    let share = |channel: &str| {
        team.slack.with(|space| {
            space.happened(json!({
                "type": "link_shared", "channel": channel, "message_ts": "1.2", "user": team.camille.id,
                "links": [{ "domain": "support.example", "url": url }, { "domain": "x", "url": "https://x.example/1" }],
            }));
        });
    };
    share("CELSEWHERE");
    share(SUPPORT);
    let unfurls = team.slack.wait("an unfurl", |space| space.unfurls.first().cloned()).await;
    let mut story = Story::new("unfurl");
    let shown = &unfurls["unfurls"][&url];
    story.tell(
        "a link in #support-team",
        crate::support::slack::draw::message(&json!({ "attachments": [shown] })).join("\n"),
    );
    team.settle().await;
    assert_eq!(team.slack.0.space().unfurls.len(), 1, "elsewhere it shows nothing");
    assert_eq!(unfurls["unfurls"].as_object().unwrap().len(), 1);
    story.end(&team);
}

async fn who_is_nobody_here_does_and_learns_nothing(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("nobody");
    team.lea_writes("Paris vides", "Bonjour.").await;
    let thread = team.card(1).await;
    let card = team.on_card(1).await;
    team.settle().await;
    let unknown = team.slack.person("Inconnue", &[AGENTS]);
    let before = serde_json::to_value(team.ticket(1).await).unwrap();
    story.answer("unknown: a command", &unknown.slash(SUPPORT, "/ticket status 1 closed").await).await;
    story.answer("unknown: a mistyped one", &unknown.slash(SUPPORT, "/ticket stat 1").await).await;
    story.answer("unknown: a button", &unknown.press(&card, "Prendre").await).await;
    story.answer("unknown: a form", &unknown.press(&card, "Répondre").await).await;
    let seen = unknown.watches();
    unknown.says(SUPPORT, Some(&thread), "Je peux aider ?");
    story.answer("unknown: a note", &seen).await;
    // Somebody who left the team keeps the link, and loses the group.
    team.slack.with(|space| {
        space.groups.get_mut(AGENTS).unwrap().remove(&team.sam.id);
        space.happened(json!({ "type": "subteam_members_changed", "subteam_id": AGENTS }));
    });
    team.settle().await;
    story.answer("without the group: a button", &team.sam.press(&card, "Prendre").await).await;
    team.settle().await;
    assert_eq!(serde_json::to_value(team.ticket(1).await).unwrap(), before, "nothing was done");
    story.end(&team);
}

async fn an_agent_is_known_by_their_address(database: Database) {
    let team = SlackTeam::start(database).await;
    let mut story = Story::new("known_by_address");
    let zoe = team.slack.person("Zoé", &[AGENTS]);
    let agent = team.test.desk.add_agent("Zoé", guichet::domain::people::Role::Agent).await.unwrap().unwrap();
    team.test.desk.link_identity(&agent, "email", "uzo@bettracker.example").await.unwrap();
    team.lea_writes("Paris vides", "Bonjour.").await;
    team.card(1).await;
    let asked = zoe.slash(SUPPORT, "/ticket take 1").await;
    story.answer("/ticket take 1", &asked).await;
    story.answer("[Lier mon compte]", &asked.press("Lier mon compte").await).await;
    story.answer("/ticket take 1 again", &zoe.slash(SUPPORT, "/ticket take 1").await).await;
    // A guest may have any address that was invited.
    let guest = team.slack.person("Gus", &[AGENTS]);
    let other = team.test.desk.add_agent("Gus", guichet::domain::people::Role::Lead).await.unwrap().unwrap();
    team.test.desk.link_identity(&other, "email", "ugus@bettracker.example").await.unwrap();
    team.slack.with(|space| space.users.get_mut(&guest.id).unwrap().is_guest = true);
    story.answer("a guest", &guest.slash(SUPPORT, "/ticket take 1").await).await;
    story.end(&team);
}

async fn a_long_list_stands_in_pieces(database: Database) {
    let team = SlackTeam::start(database).await;
    team.lea_writes("Retrait", "Mon retrait ?").await;
    for n in 1..=60 {
        team.test.say(&format!("priority 1 {}", if n % 2 == 0 { "normal" } else { "high" })).await;
    }
    let list = team.camille.slash(SUPPORT, "/ticket history 1").await.read().await;
    assert!(list.matches("priorité").count() == 60 && list.matches("```").count() >= 4, "{list}");
    team.settle().await;
    assert_eq!(team.slack.violations(), Vec::<String>::new());
}
