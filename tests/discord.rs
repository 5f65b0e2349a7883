//! Discord, from outside: people on a strict server of our own, and the desk behind our door, on both databases.

use crate::support::desk::{Database, on_both};
use crate::support::team::Team;
use serde_json::json;

on_both! {
    a_ticket_has_a_card_and_a_thread,
}

async fn a_ticket_has_a_card_and_a_thread(database: Database) {
    let team = Team::start(database).await;
    team.lea_writes("Remboursement non reçu", "Bonjour,\n\nJe n'ai rien reçu. **@everyone**\n\nLéa").await;
    let card = team.card(1, |_| true).await;
    println!("{}", team.discord.draw(&card));
    let thread = team.thread(1).await;
    println!("{}", team.scene(thread, |text| text.contains("rien re")).await);
    let reply =
        team.camille.slash(team.discord.support, "status", json!({"ticket": "1", "status": "resolved"}));
    println!("{}", reply.draw().await);
    println!("{}", team.scene(thread, |text| text.contains("Résolu")).await);
    println!("{:?}", team.discord.violations());
    assert!(team.discord.violations().is_empty());
}
