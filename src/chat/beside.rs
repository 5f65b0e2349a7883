//! Files that somebody put beside a reply that they typed: fetched from where the platform keeps them, and never more of
//! them than goes with a mail. May import: config, desk, domain, wording.

use crate::config::Limits;
use crate::desk::posted::{File, MOST_FILES, largest_files};
use crate::domain::chat::Platform;
use crate::wording;
use anyhow::{Context, bail};
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use std::future::Future;

/// A file as the platform tells of it.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// As its owner calls it.
    pub name: String,
    /// As the platform calls its kind.
    pub media_type: String,
    /// How large it is said to be.
    pub bytes: u64,
    /// Where it is.
    pub url: String,
}

/// Where a platform keeps the files of its people.
pub trait Shelf: Sync {
    /// All of a file; no more than `most` bytes are read.
    fn fetch(&self, file: &Beside, most: u64) -> impl Future<Output = anyhow::Result<Vec<u8>>> + Send;
}

/// Where nobody can put a file.
#[derive(Debug, Clone, Copy)]
pub struct Bare;

impl Shelf for Bare {
    async fn fetch(&self, _file: &Beside, _most: u64) -> anyhow::Result<Vec<u8>> {
        bail!("there are no files here")
    }
}

/// The files, or why they cannot go with a reply, in French.
pub async fn fetch_all<S: Shelf>(
    shelf: &S,
    platform: Platform,
    beside: &[Beside],
    limits: &Limits,
) -> Result<Vec<File>, String> {
    if beside.len() > MOST_FILES {
        return Err(wording::requester::too_many_files(MOST_FILES));
    }
    let largest = largest_files(limits);
    let mut room = largest;
    let mut files = Vec::with_capacity(beside.len());
    for file in beside {
        let most = limits.max_attachment_bytes;
        if file.bytes > most {
            return Err(wording::requester::file_too_large(&file.name, most));
        }
        if file.bytes > room {
            return Err(wording::requester::all_too_large(largest));
        }
        let bytes = shelf.fetch(file, most.min(room)).await.map_err(|error| {
            tracing::warn!(error = format!("{error:#}"), "a file beside a reply could not be read");
            wording::chat::file_unread(platform, &file.name)
        })?;
        room = room.saturating_sub(bytes.len() as u64);
        files.push(File { name: file.name.clone(), media_type: file.media_type.clone(), bytes });
    }
    Ok(files)
}

/// A file as a request is answered with it, where that is no longer than `most`.
pub async fn download(request: RequestBuilder, file: &Beside, most: u64) -> anyhow::Result<Vec<u8>> {
    // Its text would name the address, which opens the file to anybody.
    let away = |error: reqwest::Error| anyhow::Error::from(error.without_url());
    let mut response = request.send().await.map_err(away).context("the file was not reached")?;
    if !response.status().is_success() {
        bail!("asked for the file, the platform answered {}", response.status().as_u16());
    }
    // Whoever may not have it may be shown a page to sign in by.
    let given = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if given.starts_with("text/html") && !file.media_type.starts_with("text/html") {
        bail!("asked for the file, the platform answered with a page");
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(away).context("the file broke off")? {
        if (bytes.len() + chunk.len()) as u64 > most {
            bail!("the file is larger than it was said to be");
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives as many bytes as a file's address says.
    struct Fake;

    impl Shelf for Fake {
        async fn fetch(&self, file: &Beside, most: u64) -> anyhow::Result<Vec<u8>> {
            let bytes: u64 = file.url.parse()?;
            if bytes > most {
                bail!("{bytes} of {most}");
            }
            Ok(vec![b'x'; bytes as usize])
        }
    }

    fn file(name: &str, said: u64, given: &str) -> Beside {
        Beside { name: name.into(), bytes: said, url: given.into(), ..Beside::default() }
    }

    async fn fetched(beside: &[Beside]) -> Result<Vec<usize>, String> {
        let limits = Limits { max_mail_bytes: 800_000 + 1000, max_attachment_bytes: 500 };
        let files = fetch_all(&Fake, Platform::Discord, beside, &limits).await?;
        Ok(files.iter().map(|file| file.bytes.len()).collect())
    }

    #[tokio::test]
    async fn no_more_is_fetched_than_goes_with_a_mail() {
        assert_eq!(fetched(&[file("a", 400, "400"), file("b", 300, "300")]).await, Ok(vec![400, 300]));
        let refused = fetched(&[file("gros.zip", 501, "501")]).await.unwrap_err();
        assert!(refused.contains("gros.zip") && refused.contains("trop gros"), "{refused}");
        let refused = fetched(&[file("a", 400, "400"), file("b", 301, "301")]).await.unwrap_err();
        assert!(refused.contains("ensemble"), "{refused}");
        // Larger than it was said to be, or away: nothing leaves without it.
        for broken in ["501", "away"] {
            let refused = fetched(&[file("a", 1, "1"), file("b.pdf", 10, broken)]).await.unwrap_err();
            assert!(refused.contains("Discord ne donne pas") && refused.contains("b.pdf"), "{refused}");
        }
        let many: Vec<Beside> = (0..=MOST_FILES).map(|_| file("a", 1, "1")).collect();
        assert!(fetched(&many).await.is_err() && fetched(&many[1..]).await.is_ok());
    }
}
