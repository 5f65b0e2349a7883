//! Mails that came in, as they came: the original, its HTML version, its files. Their HTML is cleaned, and shown on an
//! origin of its own where nothing runs; nothing is loaded from elsewhere unless the CM asks. May import: domain,
//! reading.

use super::guard::{FILE_POLICY, RECEIVED_POLICY, RECEIVED_POLICY_REMOTE};
use super::session::Session;
use super::{Problem, Web, sealed};
use crate::domain::ids::MessageId;
use crate::domain::mail::Attachment;
use crate::domain::text::is_invisible;
use crate::reading::clean::Unshown;
use crate::reading::parse::file_bytes;
use crate::reading::shown::{Shown, show};
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// The longest that an HTML version may take to be cleaned; the guards before it end sooner on any mail that was made.
const LONGEST_CLEANING: Duration = Duration::from_secs(10);

/// A file of more bytes keeps its place until it has gone, however slowly its reader takes it.
const LARGE: usize = 1 << 20;

/// The HTML version of a mail, or why it is not shown.
#[derive(Debug, Default, Serialize)]
pub struct ReceivedPage {
    /// Cleaned HTML.
    pub html: Option<String>,
    /// How many pictures from elsewhere it is shown without.
    pub left_out: usize,
    /// `too_large`, `too_deep`, `too_slow`, or empty.
    pub why: &'static str,
    /// Its words, where its HTML is not shown.
    pub text: Option<String>,
}

/// What is asked of an HTML version.
#[derive(Debug, Deserialize)]
pub struct Asked {
    /// `remote`: pictures from elsewhere too, this once.
    images: Option<String>,
}

/// `GET /admin/support/messages/{id}/source`: the bytes as they came.
pub async fn source(
    State(web): State<Web>,
    _session: Session,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let raw = web.desk().raw_of_message(MessageId(id)).await?.ok_or(Problem::NotFound)?;
    Ok(sealed("text/plain; charset=utf-8", FILE_POLICY, raw))
}

/// `GET /admin/support/messages/{id}/html`: the HTML version alone, for the sealed frame.
pub async fn html(
    State(web): State<Web>,
    _session: Session,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let remote = asked.images.as_deref() == Some("remote");
    let raw = web.desk().raw_of_message(MessageId(id)).await?.ok_or(Problem::NotFound)?;
    let page = match timeout(LONGEST_CLEANING, spawn_blocking(move || show(&raw, remote))).await {
        Ok(shown) => page(shown.map_err(anyhow::Error::from)?.ok_or(Problem::NotFound)?),
        Err(_) => ReceivedPage { why: "too_slow", ..ReceivedPage::default() },
    };
    let policy = if remote { RECEIVED_POLICY_REMOTE } else { RECEIVED_POLICY };
    let mut response = sealed("text/html; charset=utf-8", policy, web.pages().received(&page)?.into_bytes());
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

fn page(shown: Shown) -> ReceivedPage {
    match shown {
        Shown::Html(clean) => {
            ReceivedPage { html: Some(clean.html), left_out: clean.left_out, ..ReceivedPage::default() }
        }
        Shown::Text { why, text } => {
            let why = match why {
                Unshown::TooLarge => "too_large",
                Unshown::TooDeep => "too_deep",
            };
            ReceivedPage { why, text: Some(text), ..ReceivedPage::default() }
        }
    }
}

/// `GET /admin/support/messages/{id}/attachments/{part}`: one file of those listed, to save; never opened in the page.
pub async fn attachment(
    State(web): State<Web>,
    _session: Session,
    Path((id, part)): Path<(i64, u32)>,
) -> Result<Response, Problem> {
    let place = place_among(web.team_downloads()).await?;
    let (file, raw) = web.desk().file_of_message(MessageId(id), part).await?.ok_or(Problem::NotFound)?;
    saved(&file, raw, part, place).await
}

/// A place for a file that is read and sent; one is waited for before the mail comes into memory.
pub(super) async fn place_among(downloads: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    Ok(Arc::clone(downloads).acquire_owned().await.map_err(anyhow::Error::from)?)
}

/// A file of a mail, to save.
pub(super) async fn saved(
    file: &Attachment,
    raw: Vec<u8>,
    part: u32,
    place: OwnedSemaphorePermit,
) -> Result<Response, Problem> {
    if file.refused.is_some() {
        return Err(Problem::NotFound);
    }
    let bytes = spawn_blocking(move || file_bytes(&raw, part)).await.map_err(anyhow::Error::from)?;
    let bytes = bytes.ok_or(Problem::Unreadable)?;
    let size = bytes.len();
    let body = match size > LARGE {
        true => held(bytes, place),
        false => Body::from(bytes),
    };
    let mut response = sealed("application/octet-stream", FILE_POLICY, body);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    let value = HeaderValue::from_str(&disposition(&file.name)).map_err(anyhow::Error::from)?;
    response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    Ok(response)
}

/// A body that keeps its place until all of it has gone, or its reader has.
fn held(bytes: Vec<u8>, place: OwnedSemaphorePermit) -> Body {
    Body::from_stream(unfold((Some(Bytes::from(bytes)), place), |(bytes, place)| async move {
        Some((Ok::<_, Infallible>(bytes?), (None, place)))
    }))
}

/// `Content-Disposition` (RFC 6266) for a file that a stranger named: a plain name, never a path.
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .map(|c| if matches!(c, '/' | '\\' | ':' | '"' | '*' | '?' | '<' | '>' | '|') { '_' } else { c })
        .collect();
    let plain: String = plain.trim_matches(['.', ' ']).chars().take(120).collect();
    let plain = if plain.is_empty() { "fichier".to_owned() } else { plain };
    let ascii: String = plain.chars().map(|c| if c.is_ascii() && c != '%' { c } else { '_' }).collect();
    format!(
        "attachment; filename=\"{ascii}\"; filename*=UTF-8''{}",
        crate::domain::hex::percent_encoded(&plain)
    )
}

#[cfg(test)]
mod tests {
    use super::super::pages::Pages;
    use super::*;
    use crate::reading::clean::BLANK;
    use futures_util::StreamExt;

    #[tokio::test]
    async fn a_large_file_keeps_its_place_until_it_has_gone_or_its_reader_has() {
        let places = Arc::new(Semaphore::new(1));
        let file = async || held(b"large".to_vec(), place_among(&places).await.unwrap());
        let mut pieces = file().await.into_data_stream();
        assert_eq!(pieces.next().await.unwrap().unwrap(), "large");
        assert_eq!(places.available_permits(), 0, "it may not have left yet");
        assert!(pieces.next().await.is_none());
        assert_eq!(places.available_permits(), 1);
        drop(file().await);
        assert_eq!(places.available_permits(), 1);
    }

    #[test]
    fn a_picture_that_is_left_out_is_marked_where_it_would_be() {
        let page = ReceivedPage { html: Some(String::new()), left_out: 1, ..ReceivedPage::default() };
        let html = Pages::default().received(&page).unwrap();
        assert!(html.contains(&format!("img[src=\"{BLANK}\"]")), "{html}");
    }

    #[test]
    fn a_strangers_file_name_is_neither_a_path_nor_a_header() {
        for (name, expected) in [
            (
                "Facture été.pdf",
                "attachment; filename=\"Facture _t_.pdf\"; filename*=UTF-8''Facture%20%C3%A9t%C3%A9.pdf",
            ),
            ("../../etc/passwd", "attachment; filename=\"_.._etc_passwd\"; filename*=UTF-8''_.._etc_passwd"),
            (
                "a\"; x=\"b\r\nSet-Cookie: y",
                "attachment; filename=\"a_; x=_bSet-Cookie_ y\"; filename*=UTF-8''a_%3B%20x%3D_bSet-Cookie_%20y",
            ),
            ("\u{202e}fdp.exe", "attachment; filename=\"fdp.exe\"; filename*=UTF-8''fdp.exe"),
            ("\u{200b}.htaccess", "attachment; filename=\"htaccess\"; filename*=UTF-8''htaccess"),
            ("", "attachment; filename=\"fichier\"; filename*=UTF-8''fichier"),
        ] {
            assert_eq!(disposition(name), expected, "{name:?}");
            assert!(HeaderValue::from_str(&disposition(name)).is_ok());
        }
    }
}
