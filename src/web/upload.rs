//! Forms with files, of requesters and of the team: read as they come, in bounded memory. May import: desk, domain,
//! wording.

use super::session::random_word;
use super::{Problem, Web};
use crate::desk::posted::{File, LONGEST_TEXT, MOST_FILES, largest_files};
use crate::domain::ids::TicketId;
use crate::wording::requester;
use axum::extract::Multipart;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Context, SHA256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How many fields a form of ours has at most.
const MOST_FIELDS: usize = 50;

/// How much of a text that is too long is given back, in bytes.
const LONGEST_GIVEN_BACK: u64 = 1 << 20;

/// How long nothing may come of a form that is being read.
const LONGEST_STANDSTILL: Duration = Duration::from_secs(20);

/// How many bytes the files of a form may have in all.
pub fn largest(web: &Web) -> u64 {
    largest_files(&web.settings().limits)
}

/// What makes the answer of a form itself; one of a form without a key is like no other. The content counts too: going back,
/// changing the text and sending again is another answer.
///
/// # Errors
/// When the system gives no random numbers.
pub fn identity_of(ticket: TicketId, key: &str, text: &str, files: &[File]) -> anyhow::Result<String> {
    let key: String = key.chars().filter(char::is_ascii_graphic).take(64).collect();
    if key.is_empty() {
        return Ok(format!("page:{ticket}:{}", random_word(16)?));
    }
    let mut hash = Context::new(&SHA256);
    let files = files.iter().flat_map(|file| [file.name.as_bytes(), &file.bytes]);
    for piece in std::iter::once(text.as_bytes()).chain(files) {
        hash.update(&(piece.len() as u64).to_be_bytes());
        hash.update(piece);
    }
    Ok(format!("page:{ticket}:{key}:{}", URL_SAFE_NO_PAD.encode(hash.finish())))
}

/// Lets each person send one form at a time; their next one waits, and takes no place from others meanwhile.
#[derive(Debug, Default)]
pub struct OneEach(Mutex<HashMap<String, Weak<Semaphore>>>);

impl OneEach {
    /// The turn of this person, once they have it.
    ///
    /// # Errors
    /// Never: it is not closed.
    pub async fn turn(&self, who: &str) -> anyhow::Result<OwnedSemaphorePermit> {
        let turns = {
            let mut people = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            people.retain(|_, turns| turns.strong_count() > 0);
            match people.get(who).and_then(Weak::upgrade) {
                Some(turns) => turns,
                None => {
                    let turns = Arc::new(Semaphore::new(1));
                    people.insert(who.to_owned(), Arc::downgrade(&turns));
                    turns
                }
            }
        };
        Ok(turns.acquire_owned().await?)
    }
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
    /// Held as long as what was sent is: it is in memory several times until it is kept.
    #[allow(dead_code, reason = "held for its drop")]
    pub place: Option<OwnedSemaphorePermit>,
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
    places: &Arc<Semaphore>,
) -> Result<Upload, Problem> {
    let form = form.map_err(|_| Problem::BadForm)?;
    let place = Arc::clone(places).acquire_owned().await.map_err(anyhow::Error::from)?;
    let sent = take(form, largest(web), web.settings().limits.max_attachment_bytes).await?;
    Ok(Upload { place: Some(place), ..sent })
}

async fn take(mut form: Multipart, largest: u64, most_of_one: u64) -> Result<Upload, Problem> {
    let mut sent = Upload::default();
    let mut room = largest;
    // A browser shows our answer only once it has said all it had to say: what is not kept is read as well.
    while let Some(mut field) = in_time(form.next_field()).await? {
        let is_file = field.name() == Some("files");
        let file_name = field.file_name().map(str::to_owned);
        let media_type = field.content_type().unwrap_or_default().to_owned();
        let most = if is_file { room.min(most_of_one) } else { LONGEST_TEXT };
        // What was typed is shown again, whatever became of the files, and even where it is too long.
        let most_kept = if is_file { most } else { LONGEST_GIVEN_BACK };
        let mut is_kept = !is_file || sent.refused.is_none();
        let (mut bytes, mut size) = (Vec::new(), 0_u64);
        while let Some(chunk) = in_time(field.chunk()).await? {
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

/// What came next of a form; one that stands still keeps a place from others.
async fn in_time<T>(step: impl Future<Output = Result<T, MultipartError>>) -> Result<T, Problem> {
    let came = timeout(LONGEST_STANDSTILL, step).await.map_err(|_| Problem::TooSlow)?;
    came.map_err(|_| Problem::BadForm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::extract::FromRequest;
    use axum::http::Request;
    use futures_util::{FutureExt, Stream, StreamExt, stream};
    use std::convert::Infallible;
    use tokio::time::sleep;

    async fn taken(body: impl Stream<Item = String> + Send + 'static) -> Result<Upload, Problem> {
        let body = Body::from_stream(body.map(Ok::<_, Infallible>));
        let request = Request::builder().header("content-type", "multipart/form-data; boundary=xyz");
        let form = Multipart::from_request(request.body(body).unwrap(), &()).await.unwrap();
        take(form, 1000, 1000).await
    }

    fn pieces() -> impl Stream<Item = String> {
        let head = "--xyz\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n".to_owned();
        let lines = (0..10).map(|number| format!("line {number} of a text that comes in pieces\r\n"));
        stream::iter(std::iter::once(head).chain(lines))
    }

    #[tokio::test(start_paused = true)]
    async fn a_form_that_stands_still_is_given_up_and_a_slow_one_is_not() {
        let stuck = taken(pieces().chain(stream::pending())).await;
        assert!(matches!(stuck, Err(Problem::TooSlow)), "{stuck:?}");
        let end = stream::iter(["\r\n--xyz--\r\n".to_owned()]);
        let slow = pieces().chain(end).then(|piece| async move {
            sleep(LONGEST_STANDSTILL - Duration::from_secs(1)).await;
            piece
        });
        let sent = taken(slow).await.unwrap();
        assert!(sent.field("text").ends_with("line 9 of a text that comes in pieces\r\n"), "{sent:?}");
    }

    #[tokio::test]
    async fn each_person_sends_one_form_at_a_time() {
        let people = OneEach::default();
        let first = people.turn("lea@courriel.example").await.unwrap();
        let next = people.turn("lea@courriel.example");
        tokio::pin!(next);
        assert!(next.as_mut().now_or_never().is_none(), "the second of one person waits");
        drop(people.turn("marc@courriel.example").await.unwrap());
        drop(first);
        drop(next.await.unwrap());
        drop(people.turn("zoe@courriel.example").await.unwrap());
        assert_eq!(people.0.lock().unwrap().len(), 1, "nobody else is remembered");
    }

    #[test]
    fn the_same_form_with_other_content_is_another_answer() {
        let file = |name: &str, bytes: &[u8]| File {
            name: name.to_owned(),
            media_type: "text/plain".to_owned(),
            bytes: bytes.to_vec(),
        };
        let of = |text: &str, files: &[File]| identity_of(TicketId(1), "k", text, files).unwrap();
        let one = of("Bonjour", &[file("a.txt", b"x")]);
        assert_eq!(one, of("Bonjour", &[file("a.txt", b"x")]));
        for other in [
            of("Bonsoir", &[file("a.txt", b"x")]),
            of("Bonjour", &[file("b.txt", b"x")]),
            of("Bonjour", &[file("a.txt", b"y")]),
            of("Bonjour", &[file("a.tx", b"tx")]),
            of("Bonjour", &[]),
            identity_of(TicketId(2), "k", "Bonjour", &[file("a.txt", b"x")]).unwrap(),
            identity_of(TicketId(1), "l", "Bonjour", &[file("a.txt", b"x")]).unwrap(),
        ] {
            assert_ne!(one, other);
        }
    }
}
