//! Our page in Slack: what there is to do, the tickets of whoever reads it, and the queue.

use super::draw::answer;
use crate::view::sheet::Sheet;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The most blocks of a page.
const BLOCKS: usize = 100;
/// Stands before what tells two buttons of one page apart that do the same.
pub const AGAIN: char = '#';

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
