//! What needs a person, said once in #support-team, with the leads called; and where that channel itself is closed to us,
//! to each lead alone. May import: desk, domain, view, wording.

use super::fault::Fault;
use super::poster::{Posted, Wall};
use crate::desk::chat::Post;
use crate::domain::chat::{Place, PostKind};
use crate::domain::people::Role;
use crate::view::sheet::{Call, Sheet};
use crate::wording;

/// The digest of what said that all is well again.
const ENDED: &str = "ended";

/// Says what stands, or that nothing does any more.
pub async fn alarm<W: Wall>(wall: &W, post: &Post) -> Posted {
    let sheet = wording::chat::alarm(&post.alerts);
    let said = in_channel(wall, post, &sheet).await;
    let is_said_alone = matches!(said, Err(Fault::Barred(_)));
    if is_said_alone || post.alerts.is_empty() {
        to_leads(wall, post, &sheet).await?;
    }
    said
}

async fn in_channel<W: Wall>(wall: &W, post: &Post, sheet: &Sheet) -> Posted {
    let is_over = post.alerts.is_empty();
    if let Some(stands) = post.place.as_ref().filter(|place| place.drawn != ENDED) {
        return restate(wall, stands, sheet, is_over).await.map(Some);
    }
    if is_over {
        return Ok(post.place.clone());
    }
    let sheet = Sheet { calls: Some(Call::Leads), ..sheet.clone() };
    wall.say(post, &sheet).await.map(Some)
}

async fn restate<W: Wall>(wall: &W, stands: &Place, sheet: &Sheet, is_over: bool) -> Result<Place, Fault> {
    let digest = wall.restate(stands, sheet).await?;
    let drawn = if is_over { ENDED.to_owned() } else { digest };
    Ok(Place { drawn, ..stands.clone() })
}

/// Each linked lead hears of it once, by a direct message that is kept up to date. Who takes none is passed over.
async fn to_leads<W: Wall>(wall: &W, post: &Post, sheet: &Sheet) -> Result<(), Fault> {
    let (desk, platform) = (wall.desk(), wall.platform());
    let is_over = post.alerts.is_empty();
    for (agent, account) in leads(wall).await? {
        let known = desk.place(platform, PostKind::Alerts, agent).await;
        let stands = known.map_err(|failure| Fault::of_desk(&failure))?.filter(|place| place.drawn != ENDED);
        let told = match (stands, is_over) {
            (Some(stands), _) => restate(wall, &stands, sheet, is_over).await,
            (None, true) => continue,
            (None, false) => wall.tell(post, agent, &account, sheet).await,
        };
        match told {
            Ok(place) => {
                let kept = desk.keep_place(platform, &place).await;
                kept.map_err(|failure| Fault::of_desk(&failure))?;
            }
            Err(fault @ Fault::Later { .. }) => return Err(fault),
            Err(fault) => tracing::warn!(agent.id = agent, ?fault, "a lead takes no direct message"),
        }
    }
    Ok(())
}

/// The leads who are linked, with their accounts.
async fn leads<W: Wall>(wall: &W) -> Result<Vec<(i64, String)>, Fault> {
    let agents = wall.desk().agents().await.map_err(|failure| Fault::of_desk(&failure))?;
    let leads = agents.into_iter().filter(|linked| linked.is_able() && linked.agent.role >= Role::Lead);
    let accounts = leads.flat_map(|linked| {
        let id = linked.agent.id.0;
        linked.identities.into_iter().map(move |(kind, account)| (id, kind, account))
    });
    let ours = accounts.filter(|(_, kind, _)| kind == wall.platform().as_str());
    Ok(ours.map(|(id, _, account)| (id, account)).collect())
}
