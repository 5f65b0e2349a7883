//! Our page in Slack: what there is to do, the tickets of whoever reads it, and the queue.

use super::draw::answer;
use crate::view::sheet::Sheet;
use serde_json::{Value, json};

/// The most blocks of a page.
const BLOCKS: usize = 100;

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
    json!({ "type": "home", "blocks": blocks })
}
