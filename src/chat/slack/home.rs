//! Where a ticket is read outside its thread: our page in Slack, with what there is to do, the tickets of whoever reads it and
//! the queue; and links to a ticket's page.

use super::draw::{answer, draw};
use super::listener::{Listener, noted};
use crate::view::sheet::Sheet;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The most blocks of a page.
const BLOCKS: usize = 100;
/// Stands before what tells two buttons of one page apart that do the same.
pub const AGAIN: char = '#';

impl Listener {
    /// Reads Slack's page of ours anew for somebody.
    pub(super) async fn show_home(&self, account: &str) {
        let caller = self.caller(account).await;
        let sheets = self.room.home(&caller).await;
        let view = json!({ "user_id": account, "view": page(&sheets) });
        if let Err(error) = self.poster.api.call("views.publish", &view).await {
            tracing::warn!(error = %error, "the page in Slack could not be shown");
        }
    }

    /// Shows a ticket beside a link to its page, in the channels of the team.
    pub(super) async fn unfurl(&self, event: &Value) {
        let channel = event["channel"].as_str().unwrap_or_default();
        // A link that was pasted elsewhere shows strangers nothing.
        if !self.poster.channels.all().any(|ours| ours == channel) {
            return;
        }
        let begins = format!("{}/admin/support/tickets/", self.public_url);
        let mut shown = serde_json::Map::new();
        for link in event["links"].as_array().into_iter().flatten() {
            let Some(url) = link["url"].as_str() else { continue };
            let number =
                url.strip_prefix(&begins).and_then(|rest| rest.split(['?', '#', '/']).next()?.parse().ok());
            let Some(number) = number else { continue };
            match self.room.glance(number).await {
                Ok(Some(sheet)) => {
                    shown.insert(url.to_owned(), draw(&sheet, &self.poster.names).unfurl());
                }
                outcome => noted(outcome),
            }
        }
        if shown.is_empty() {
            return;
        }
        let mut asked = json!({ "channel": channel, "ts": event["message_ts"], "unfurls": shown });
        if let Some(id) = event["unfurl_id"].as_str() {
            asked = json!({ "unfurl_id": id, "source": event["source"], "unfurls": asked["unfurls"] });
        }
        if let Err(error) = self.poster.api.call("chat.unfurl", &asked).await {
            tracing::debug!(error = %error, "a link could not be shown with its ticket");
        }
    }
}

/// The page, part by part; a line stands above each part.
pub fn page(sheets: &[Sheet]) -> Value {
    let mut blocks: Vec<Value> = Vec::new();
    for sheet in sheets {
        if !blocks.is_empty() && sheet.title.is_some() {
            blocks.push(json!({ "type": "divider" }));
        }
        blocks.extend(answer(sheet).flat());
    }
    blocks.truncate(BLOCKS);
    tell_apart(&mut blocks);
    json!({ "type": "home", "blocks": blocks })
}

/// No two buttons of a page may have one id.
fn tell_apart(blocks: &mut [Value]) {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let elements = blocks.iter_mut().filter_map(|block| block.get_mut("elements")?.as_array_mut());
    for element in elements.flatten() {
        let Some(id) = element["action_id"].as_str().map(str::to_owned) else { continue };
        let times = seen.entry(id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            element["action_id"] = json!(format!("{id}{AGAIN}{times}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::TicketId;
    use crate::view::press::Press;
    use crate::view::sheet::{Button, Row, Tone};

    #[test]
    fn what_can_be_pressed_twice_has_two_ids() {
        let button = || Button { label: "Voir".into(), press: Press::Show(TicketId(1)), tone: Tone::Plain };
        let sheet = || Sheet { rows: vec![Row::Buttons(vec![button()])], ..Sheet::default() };
        let page = page(&[sheet(), sheet()]);
        let ids: Vec<&str> = page["blocks"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|block| block["elements"][0]["action_id"].as_str())
            .collect();
        assert_eq!(ids, ["show:1", "show:1#2"]);
    }
}
