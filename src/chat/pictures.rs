//! The pictures of a mail, which a team sees in chat, in place. May import: desk, domain, reading.

use crate::desk::Desk;
use crate::domain::ids::MessageId;
use crate::reading::parse::file_bytes;

/// The bytes of a part of a mail where it is a picture; `None` for what is of another kind, which is named and lies on the
/// ticket's page. A drawing that can hold a program is none.
pub async fn picture(desk: &Desk, message: MessageId, part: u32) -> Option<Vec<u8>> {
    let (listed, raw) = desk.file_of_message(message, part).await.ok()??;
    let is_picture = listed.media_type.starts_with("image/") && !listed.media_type.contains("svg");
    if is_picture { file_bytes(&raw, part) } else { None }
}
