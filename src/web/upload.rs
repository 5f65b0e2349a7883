//! Forms with files, of requesters and of the team: read as they come, in bounded memory. May import: desk, domain,
//! wording.

use super::session::random_word;
use super::{Problem, Web};
use crate::desk::posted::{File, LONGEST_TEXT, MOST_FILES, largest_files};
use crate::domain::ids::TicketId;
use crate::wording::requester;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartRejection;
use tokio::sync::Semaphore;

/// How many fields a form of ours has at most.
const MOST_FIELDS: usize = 50;

/// How much of a text that is too long is given back, in bytes.
const LONGEST_GIVEN_BACK: u64 = 1 << 20;

/// How many bytes the files of a form may have in all.
pub fn largest(web: &Web) -> u64 {
    largest_files(&web.settings().limits)
}

/// What makes the answer of a form itself; one of a form without a key is like no other.
///
/// # Errors
/// When the system gives no random numbers.
pub fn identity_of(ticket: TicketId, key: &str) -> anyhow::Result<String> {
    let key: String = key.chars().filter(char::is_ascii_graphic).take(64).collect();
    Ok(match key.as_str() {
        "" => format!("page:{ticket}:{}", random_word(16)?),
        key => format!("page:{ticket}:{key}"),
    })
}

/// What was sent.
#[derive(Debug, Default)]
pub struct Upload {
    /// Its fields, in order.
    pub fields: Vec<(String, String)>,
    /// Its files.
    pub files: Vec<File>,
    /// Files came with it, whether they were taken or not.
    pub had_files: bool,
    /// Why it cannot be taken, in French.
    pub refused: Option<String>,
}

impl Upload {
    /// The value of a field; empty when it is not there.
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// Reads a form, with any number of `files`. As many as have `places` are read at once: the others wait.
pub async fn read(
    web: &Web,
    form: Result<Multipart, MultipartRejection>,
    places: &Semaphore,
) -> Result<Upload, Problem> {
    let mut form = form.map_err(|_| Problem::BadForm)?;
    let _place = places.acquire().await.map_err(anyhow::Error::from)?;
    let mut sent = Upload::default();
    let most_of_one = web.settings().limits.max_attachment_bytes;
    let largest = largest(web);
    let mut room = largest;
    // A browser shows our answer only once it has said all it had to say: what is not kept is read as well.
    while let Some(mut field) = form.next_field().await.map_err(|_| Problem::BadForm)? {
        let is_file = field.name() == Some("files");
        let file_name = field.file_name().map(str::to_owned);
        let media_type = field.content_type().unwrap_or_default().to_owned();
        let most = if is_file { room.min(most_of_one) } else { LONGEST_TEXT };
        // What was typed is shown again, whatever became of the files, and even where it is too long.
        let most_kept = if is_file { most } else { LONGEST_GIVEN_BACK };
        let mut is_kept = !is_file || sent.refused.is_none();
        let (mut bytes, mut size) = (Vec::new(), 0_u64);
        while let Some(chunk) = field.chunk().await.map_err(|_| Problem::BadForm)? {
            size += chunk.len() as u64;
            is_kept &= size <= most_kept;
            if is_kept {
                bytes.extend_from_slice(&chunk);
            }
        }
        if !is_file {
            if size > most {
                sent.refused.get_or_insert_with(|| requester::text_too_long().to_owned());
            }
            if sent.fields.len() < MOST_FIELDS {
                let name = field.name().unwrap_or_default().to_owned();
                sent.fields.push((name, String::from_utf8_lossy(&bytes).into_owned()));
            }
            continue;
        }
        // A form without files sends one without a name.
        let Some(name) = file_name.filter(|name| !name.is_empty() || size > 0) else { continue };
        sent.had_files = true;
        if !is_kept {
            sent.refused.get_or_insert_with(|| match most < most_of_one {
                true => requester::all_too_large(largest),
                false => requester::file_too_large(&name, most),
            });
            continue;
        }
        if sent.files.len() == MOST_FILES {
            sent.refused = Some(requester::too_many_files(MOST_FILES));
            continue;
        }
        room -= bytes.len() as u64;
        sent.files.push(File { name, media_type, bytes });
    }
    Ok(sent)
}
