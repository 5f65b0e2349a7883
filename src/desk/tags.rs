//! `tag 42 +x -y`.

use super::failure::refuse;
use super::run::Ask;
use super::{Inner, Result, locked};
use crate::domain::event::Event;
use crate::domain::ids::TicketId;
use crate::domain::refusal::Refusal;
use crate::domain::tag::{MOST, normal_tag};
use crate::view::View;

impl Inner {
    /// Adds and takes away tags, as the grammar gives them: `+vip`, `-vip`. Of two words about one tag the last counts.
    pub(super) async fn set_tags(&self, ask: &Ask<'_>, id: TicketId, changes: &[String]) -> Result<View> {
        let mut wanted: Vec<(String, bool)> = Vec::new();
        for change in changes {
            let (adds, given) = match change.strip_prefix('-') {
                Some(given) => (false, given),
                None => (true, change.strip_prefix('+').unwrap_or(change)),
            };
            let Some(tag) = normal_tag(given) else { return refuse(Refusal::NotATag(given.to_owned())) };
            wanted.retain(|(known, _)| *known != tag);
            wanted.push((tag, adds));
        }
        let mut tx = self.store.begin().await?;
        let ticket = locked(&mut tx, id).await?;
        let standing = tx.tags(id).await?;
        wanted.retain(|(tag, adds)| standing.contains(tag) != *adds);
        let (added, removed): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(_, adds)| *adds);
        if !added.is_empty() && standing.len() + added.len() - removed.len() > MOST {
            return refuse(Refusal::TooManyTags(id, MOST));
        }
        let names = |changes: Vec<(String, bool)>| changes.into_iter().map(|(tag, _)| tag).collect();
        let event = Event::TagsSet { added: names(added), removed: names(removed) };
        let applied = self.apply(&mut tx, ticket, ask.act(&event, None), ask.now).await?;
        self.done(tx, applied).await
    }
}
