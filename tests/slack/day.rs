//! What the clock says in chat: the checklist of the morning, warnings of deadlines, proposals, the reports of the evening
//! and of the week; once each, whoever ticks.

use super::Story;
use crate::support::desk::{Database, on_both};
use crate::support::slack::person::On;
use crate::support::slack::{SUPPORT, Slack};
use crate::support::slack_team::SlackTeam;
use crate::support::team::quiet;
use chrono::Duration;
use guichet::domain::chat::Platform;
use guichet::domain::followup::{FollowUp, Mode};
use guichet::domain::rules::Rules;

on_both! {
    a_day_has_its_checklist_its_warnings_and_its_report,
    in_the_mode_of_proposals_buttons_do_what_the_clock_would,
}

async fn a_day_has_its_checklist_its_warnings_and_its_report(database: Database) {
    let slack = Slack::start().await;
    let mut team = SlackTeam::ruled(database, slack, vec![Platform::Slack], Rules::default()).await;
    team.open().await;
    let mut story = Story::new("day");
    for subject in ["Paiement refusé", "Paris vides", "Où est l’export ?"] {
        team.lea_writes(subject, "Bonjour, c’est dans le sujet.").await;
        team.settle().await;
    }
    // Nobody told the morning of this first day yet.
    team.elapse(Duration::minutes(30)).await;
    team.settle().await;
    story.tell("half past ten: #support-team", team.view(SUPPORT).await);
    team.test.say("reply 2 --template solution Le bouton est dans le menu.").await;
    team.test.say("reply 3 --then waiting_customer Depuis quand ?").await;
    team.elapse(Duration::hours(1)).await;
    team.settle().await;
    story.tell("half past eleven: a deadline is near", team.view(SUPPORT).await);
    let ts = team.posted(SUPPORT, |text| text.contains("Échéance proche")).await;
    let warning = On::Message { channel: SUPPORT.into(), ts };
    story.answer("[Prendre] on the warning", &team.camille.press(&warning, "Prendre").await).await;
    // One thing at a time, so that each stands in its order.
    team.elapse(Duration::minutes(30)).await;
    team.settle().await;
    team.elapse(Duration::hours(6)).await;
    team.settle().await;
    // Whoever looks again tells nothing twice.
    team.elapse(Duration::seconds(1)).await;
    team.settle().await;
    story.tell("six in the evening", team.view(SUPPORT).await);
    team.test.say("reply 1 --then resolved C’est corrigé.").await;
    // To the next morning, and over the week-end to Monday.
    for hours in [17, 24 * 5 - 2] {
        team.elapse(Duration::hours(hours)).await;
        team.settle().await;
    }
    team.settle().await;
    story.tell("the next Monday", team.view(SUPPORT).await);
    // Slack shows files in the thread of what they come with.
    let pictures = team.slack.with(|space| {
        let messages = space.channels.values().flat_map(|channel| channel.messages.values());
        messages.filter(|message| message["files"][0]["name"] == "rapport.png").count()
    });
    assert_eq!(pictures, 2, "a day and a week");
    story.end(&team);
}

async fn in_the_mode_of_proposals_buttons_do_what_the_clock_would(database: Database) {
    let follow_up = FollowUp { mode: Mode::Propose, ..FollowUp::default() };
    let rules = Rules { follow_up, ..quiet() };
    let slack = Slack::start().await;
    let mut team = SlackTeam::ruled(database, slack, vec![Platform::Slack], rules).await;
    team.open().await;
    let mut story = Story::new("follow_up");
    team.lea_writes("Paris vides", "La liste est vide.").await;
    team.settle().await;
    team.test.say("take 1").await;
    team.test.say("reply 1 --then waiting_customer Depuis quand ?").await;
    team.settle().await;
    team.elapse(Duration::days(3)).await;
    team.settle().await;
    story.tell("three days later: the thread", team.thread(1).await);
    let ts = team.posted(SUPPORT, |text| text.contains("À décider")).await;
    let proposal = On::Message { channel: SUPPORT.into(), ts };
    story.answer("[Reporter]", &team.camille.press(&proposal, "Reporter de 2\u{a0}jours").await).await;
    story.answer("[Relancer]", &team.camille.press(&proposal, "Relancer").await).await;
    team.settle().await;
    story.tell("the thread", team.thread(1).await);
    story.end(&team);
}
