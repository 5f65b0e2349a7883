//! The pages of the knowledge base: those of the operator's folder, and those that come with the program.
//!
//! A page of the folder stands in the place of one that comes with the program and has its name. Files are read again when
//! they have changed, which is looked at when somebody asks. May import: domain, reading, wording.

use crate::domain::article::{Article, LONGEST, Section, Unread, body_of, is_slug};
use crate::domain::fold::fold;
use crate::reading::markdown;
use crate::wording::articles::BUILT_IN;
use anyhow::Context;
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use unicode_normalization::UnicodeNormalization;

/// Most pages of one section's folder.
const MOST_PAGES: usize = 1000;
/// Most bytes of them all.
const MOST_BYTES: u64 = 16 << 20;

/// The pages of a section, by title.
#[derive(Debug, Default)]
pub struct Shelved {
    /// The pages.
    pub pages: Vec<Arc<Article>>,
    /// The files of the folder that are none, by name, with the reason.
    pub unread: Vec<(String, Unread)>,
}

/// Where the pages stand.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    built_in: Vec<Arc<Article>>,
    kept: Mutex<HashMap<(Section, String), Kept>>,
    /// Held by who writes a page.
    pub(super) writing: tokio::sync::Mutex<()>,
}

/// A file as it was read.
#[derive(Debug)]
struct Kept {
    state: State,
    page: Result<Arc<Article>, Unread>,
}

/// What changes with a file: inode, length, and when it and its entry last changed.
type State = (u64, u64, i64, i64, i64, i64);

fn state(meta: &Metadata) -> State {
    (meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec())
}

/// How many pages of its own a folder holds, and the files in it that are none, each with its section and the reason: for
/// `guichet check`.
pub fn look_at(folder: &Path) -> (usize, Vec<(Section, String, Unread)>) {
    let shelf = Shelf::new(folder.to_owned());
    let (mut own, mut unread) = (0, Vec::new());
    for section in Section::ALL {
        let shelved = shelf.pages(section);
        own += shelved.pages.iter().filter(|page| page.is_ours).count();
        unread.extend(shelved.unread.into_iter().map(|(name, why)| (section, name, why)));
    }
    (own, unread)
}

impl Shelf {
    pub(super) fn new(folder: PathBuf) -> Shelf {
        let built_in =
            BUILT_IN.iter().map(|(section, slug, text)| Arc::new(read(*section, slug, text, false)));
        Shelf {
            folder,
            built_in: built_in.collect(),
            kept: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// The pages of a section.
    pub(super) fn pages(&self, section: Section) -> Shelved {
        let mut shelved = Shelved::default();
        let mut bytes = 0;
        for name in self.names(section, &mut shelved.unread) {
            let Some(slug) = name.strip_suffix(".md").filter(|slug| is_slug(slug)) else {
                shelved.unread.push((name, Unread::Name));
                continue;
            };
            if shelved.pages.len() >= MOST_PAGES || bytes >= MOST_BYTES {
                shelved.unread.push((name, Unread::TooMany));
                continue;
            }
            match self.file(section, slug) {
                Some(Ok(page)) => {
                    bytes += page.text.len() as u64;
                    shelved.pages.push(page);
                }
                Some(Err(why)) => shelved.unread.push((name, why)),
                // It went while we looked.
                None => {}
            }
        }
        for page in self.built_in.iter().filter(|page| page.section == section) {
            if !shelved.pages.iter().any(|known| known.slug == page.slug) {
                shelved.pages.push(Arc::clone(page));
            }
        }
        shelved.pages.sort_by_cached_key(|page| (fold(&page.title), page.slug.clone()));
        shelved
    }

    /// The names of the files of a section's folder that may be pages, in order.
    fn names(&self, section: Section, unread: &mut Vec<(String, Unread)>) -> Vec<String> {
        let folder = self.folder.join(section.as_str());
        let entries = match fs::symlink_metadata(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
            Ok(meta) if meta.is_dir() => fs::read_dir(&folder),
            Ok(_) => {
                unread.push((section.as_str().to_owned(), Unread::NotAFile));
                return Vec::new();
            }
            Err(error) => Err(error),
        };
        let Ok(entries) = entries else {
            unread.push((section.as_str().to_owned(), Unread::Unreadable));
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".md") && !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }

    /// One page.
    pub(super) fn page(&self, section: Section, slug: &str) -> Option<Arc<Article>> {
        if !is_slug(slug) {
            return None;
        }
        let is_folder =
            fs::symlink_metadata(self.folder.join(section.as_str())).is_ok_and(|meta| meta.is_dir());
        match is_folder.then(|| self.file(section, slug)).flatten() {
            Some(Ok(page)) => Some(page),
            _ => self.built_in.iter().find(|page| page.section == section && page.slug == slug).cloned(),
        }
    }

    /// A file of the folder, read where it is not known or has changed; `None` where there is none.
    fn file(&self, section: Section, slug: &str) -> Option<Result<Arc<Article>, Unread>> {
        let path = self.path(section, slug);
        let key = (section, slug.to_owned());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let meta = match fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                kept.remove(&key);
                return None;
            }
            Err(_) => return Some(Err(Unread::Unreadable)),
        };
        if let Some(known) = kept.get(&key).filter(|known| known.state == state(&meta)) {
            return Some(known.page.clone());
        }
        let page = text_of(&path, &meta).map(|text| Arc::new(read(section, slug, &text, true)));
        kept.insert(key, Kept { state: state(&meta), page: page.clone() });
        Some(page)
    }

    fn path(&self, section: Section, slug: &str) -> PathBuf {
        self.folder.join(section.as_str()).join(format!("{slug}.md"))
    }

    /// Writes a page beside its place, whole and on the disk; [`Prepared::place`] puts it there. `slug` is one.
    pub(super) fn prepare(&self, section: Section, slug: &str, text: &str) -> anyhow::Result<Prepared> {
        let folder = self.folder.join(section.as_str());
        fs::create_dir_all(&folder).context("the folder of the pages cannot be made")?;
        anyhow::ensure!(fs::symlink_metadata(&folder)?.is_dir(), "the folder of the pages is a link");
        let target = self.path(section, slug);
        let is_new = match fs::symlink_metadata(&target) {
            Ok(meta) => {
                anyhow::ensure!(meta.is_file(), "the page is no file");
                false
            }
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(error).context("the page cannot be looked at"),
        };
        let beside = folder.join(format!(".{slug}.{}.tmp", super::random_hex()?));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        let prepared = Prepared { beside, target, is_new };
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .context("the page cannot be written")?;
        Ok(prepared)
    }
}

/// A page that waits beside its place; it goes if it is not put there.
#[derive(Debug)]
pub(super) struct Prepared {
    beside: PathBuf,
    target: PathBuf,
    /// Nothing stands in its place.
    pub(super) is_new: bool,
}

impl Prepared {
    /// Puts it in its place at once. `false` where somebody else made a page there meanwhile.
    pub(super) fn place(self) -> std::io::Result<bool> {
        if self.is_new {
            // A link takes no place that is taken; where the file system has none, the name is simply given.
            match fs::hard_link(&self.beside, &self.target) {
                Ok(()) => return Ok(true),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
                Err(_) => {}
            }
        }
        fs::rename(&self.beside, &self.target).map(|()| true)
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // Renamed, it is not there any more.
        let _ = fs::remove_file(&self.beside);
    }
}

fn text_of(path: &Path, meta: &Metadata) -> Result<String, Unread> {
    if !meta.is_file() {
        return Err(Unread::NotAFile);
    }
    if meta.len() > LONGEST {
        return Err(Unread::TooLarge);
    }
    let file = fs::File::open(path).map_err(|_| Unread::Unreadable)?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|_| Unread::Unreadable)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Unread::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| Unread::NotText)
}

/// Letters and their accents come as one, whatever wrote the file, so that a search marks them whole.
fn read(section: Section, slug: &str, text: &str, is_ours: bool) -> Article {
    let text: String = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").nfc().collect();
    let body = body_of(&text);
    let plain = markdown::to_plain(&body);
    Article::new(section, slug, text, &plain, is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> (tempfile::TempDir, Shelf) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("kb")).unwrap();
        let shelf = Shelf::new(folder.path().to_owned());
        (folder, shelf)
    }

    #[test]
    fn a_page_of_the_folder_stands_in_the_place_of_one_that_comes_with_the_program_and_is_read_when_it_changes()
     {
        let (folder, shelf) = shelf();
        let built_in = shelf.pages(Section::Kb).pages.len();
        assert!(!shelf.page(Section::Kb, "ticket-spam").unwrap().is_ours);
        let file = folder.path().join("kb/ticket-spam.md");
        fs::write(&file, "\u{feff}# Nos spams\r\n\r\nA\u{300} nous.").unwrap();
        let page = shelf.page(Section::Kb, "ticket-spam").unwrap();
        assert_eq!((page.title.as_str(), page.body().as_str(), page.is_ours), ("Nos spams", "À nous.", true));
        assert_eq!(shelf.pages(Section::Kb).pages.len(), built_in);
        assert!(Arc::ptr_eq(&page, &shelf.page(Section::Kb, "ticket-spam").unwrap()), "read once");
        shelf.prepare(Section::Kb, "ticket-spam", "# Autres\n").unwrap().place().unwrap();
        assert_eq!(shelf.page(Section::Kb, "ticket-spam").unwrap().title, "Autres");
        fs::remove_file(&file).unwrap();
        assert!(!shelf.page(Section::Kb, "ticket-spam").unwrap().is_ours);
    }

    #[test]
    fn what_is_no_page_is_named_and_stops_no_other() {
        let (folder, shelf) = shelf();
        let kb = folder.path().join("kb");
        fs::write(kb.join("bon.md"), "# Bon").unwrap();
        fs::write(kb.join("gros.md"), vec![b'x'; LONGEST as usize + 1]).unwrap();
        fs::write(kb.join("latin.md"), b"# \xe9t\xe9").unwrap();
        fs::write(kb.join("deux mots.md"), "# X").unwrap();
        fs::write(kb.join("image.png"), "x").unwrap();
        fs::write(kb.join(".cache.md"), "x").unwrap();
        fs::write(folder.path().join("secret.md"), "# Secret").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret.md"), kb.join("lien.md")).unwrap();
        fs::create_dir(kb.join("dossier.md")).unwrap();
        std::os::unix::fs::symlink(&kb, folder.path().join("faq-tech")).unwrap();
        let shelved = shelf.pages(Section::Kb);
        assert!(shelved.pages.iter().any(|page| page.slug == "bon"));
        let unread: Vec<(&str, Unread)> =
            shelved.unread.iter().map(|(name, why)| (name.as_str(), *why)).collect();
        assert_eq!(
            unread,
            [
                ("deux mots.md", Unread::Name),
                ("dossier.md", Unread::NotAFile),
                ("gros.md", Unread::TooLarge),
                ("latin.md", Unread::NotText),
                ("lien.md", Unread::NotAFile),
            ]
        );
        for slug in ["lien", "gros", "latin", "dossier", "../secret", "..", "deux mots", ""] {
            assert_eq!(shelf.page(Section::Kb, slug), None, "{slug}");
        }
        assert_eq!(shelf.pages(Section::FaqTech).unread, [("faq-tech".to_owned(), Unread::NotAFile)]);
        assert_eq!(shelf.page(Section::FaqTech, "bon"), None);
        assert!(shelf.prepare(Section::FaqTech, "x", "x").is_err());
    }

    #[test]
    fn of_two_who_make_the_same_page_one_is_told() {
        let (folder, shelf) = shelf();
        let first = shelf.prepare(Section::Kb, "a", "# Un\n").unwrap();
        let second = shelf.prepare(Section::Kb, "a", "# Deux\n").unwrap();
        assert!(first.place().unwrap());
        assert!(!second.place().unwrap());
        drop(shelf.prepare(Section::Kb, "b", "# Jamais\n").unwrap());
        let left: Vec<_> =
            fs::read_dir(folder.path().join("kb")).unwrap().flatten().map(|one| one.file_name()).collect();
        assert_eq!(left, ["a.md"]);
        assert_eq!(shelf.page(Section::Kb, "a").unwrap().title, "Un");
    }
}
