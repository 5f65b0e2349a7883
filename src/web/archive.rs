//! An archive that is made while it is downloaded: one file after the other, so that no more than one of them is in memory. May
//! import: desk, domain.

use crate::desk::Desk;
use crate::domain::ids::RawMailId;
use axum::body::Body;
use futures_util::stream;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// Where the archive is written until what there is of it is sent.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Archive {
    desk: Desk,
    sink: Sink,
    zip: Option<ZipWriter<StreamWriter<Sink>>>,
    /// What stands first.
    first: Option<(&'static str, Vec<u8>)>,
    mails: std::vec::IntoIter<RawMailId>,
}

/// The body of a ZIP with this file, and these mails in a folder, each byte for byte. A mail that is gone by its turn is left out.
pub(super) fn with_mails(desk: Desk, first: (&'static str, Vec<u8>), mails: Vec<RawMailId>) -> Body {
    let sink = Sink::default();
    let zip = Some(ZipWriter::new_stream(sink.clone()));
    let archive = Archive { desk, sink, zip, first: Some(first), mails: mails.into_iter() };
    Body::from_stream(stream::try_unfold(archive, |mut archive| async move {
        match archive.next().await {
            Ok(Some(bytes)) => Ok(Some((bytes, archive))),
            Ok(None) => Ok(None),
            Err(error) => {
                // The download breaks off, which the browser says: half an archive must not be taken for one.
                tracing::error!(error = format!("{error:#}"), "an archive cannot be finished");
                Err(std::io::Error::other(error.to_string()))
            }
        }
    }))
}

impl Archive {
    /// The next bytes; `None` behind the last.
    async fn next(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        if let Some((name, bytes)) = self.first.take() {
            return self.file(name, &bytes).map(Some);
        }
        for id in self.mails.by_ref() {
            let mail = self.desk.mail_of(id).await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
            if let Some(mail) = mail {
                return self.file(&format!("mails/mail-{id}.eml"), &mail).map(Some);
            }
        }
        let Some(zip) = self.zip.take() else { return Ok(None) };
        zip.finish()?;
        Ok(Some(self.sink.take()))
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
        if let Some(zip) = &mut self.zip {
            // Stored: on the way it is packed together with its frame.
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            zip.start_file(name, options.unix_permissions(0o600))?;
            zip.write_all(bytes)?;
        }
        Ok(self.sink.take())
    }
}
