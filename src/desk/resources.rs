//! The CMs' resources: pages of the knowledge base, found and written; what comes up again and again; the day's checklist.

use super::failure::refuse;
use super::shelf::Shelved;
use super::{Desk, Inner, Result};
use crate::command::authorize::{Reserved, authorize_reserved};
use crate::domain::article::{
    self, Article, ArticleFault, LONGEST_TITLE, LONGEST_WRITTEN, Section, composed, search_words, slug_of,
};
use crate::domain::audit::{AuditDetail, AuditKind, By};
use crate::domain::ids::TicketId;
use crate::domain::people::{Agent, Door};
use crate::domain::recurring::{Asked, topics};
use crate::domain::text::clean_text;
use crate::store::Tx;
use crate::view::resources::{DayPage, Found, FoundPage, Recurring, RecurringTopic};
use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::sync::Arc;

/// How many pages a command answers with.
const ANSWERED: usize = 10;
/// How many days back are looked at for what comes up again.
pub const DAYS: i64 = 30;
/// How many tickets at most.
const MOST_TICKETS: i64 = 5000;
/// How many of a subject are named.
const LATEST: usize = 3;

/// What becomes of something that somebody writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put<T, F> {
    /// It stands.
    Kept(T),
    /// It cannot be kept, and why.
    Faulty(F),
    /// Somebody else wrote it meanwhile: nothing was kept.
    Overtaken,
}

/// A page as somebody writes it.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// Its shelf.
    pub section: Section,
    /// Its name; `None` for a page that is made, which is named by its title.
    pub slug: Option<&'a str>,
    /// Its title.
    pub title: &'a str,
    /// The rest of it, in Markdown.
    pub body: &'a str,
    /// [`fingerprint`] of the page that its writer saw; empty where there was none.
    pub seen: &'a str,
}

/// What tells one text from another.
pub fn fingerprint(text: &str) -> String {
    crate::domain::hex::hex(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref())
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// The pages of a section, by title, and the files of its folder that are none.
    pub async fn articles(&self, section: Section) -> Result<Shelved> {
        self.inner.articles(section).await
    }

    /// One page.
    pub async fn article(&self, section: Section, slug: &str) -> Result<Option<Arc<Article>>> {
        let (shelf, slug) = (Arc::clone(&self.inner.shelf), slug.to_owned());
        Ok(tokio::task::spawn_blocking(move || shelf.page(section, &slug)).await?)
    }

    /// Writes a page of the folder, where the agent may.
    ///
    /// # Errors
    /// [`crate::domain::refusal::Refusal::NeedsRole`], or the database's.
    pub async fn write_article(&self, agent: &Agent, draft: &Draft<'_>) -> Result<Put<String, ArticleFault>> {
        if let Err(refusal) = authorize_reserved(agent, Reserved::Resources) {
            return refuse(refusal);
        }
        self.inner.write_article(agent, draft).await
    }

    /// What came up again and again lately.
    pub async fn recurring(&self) -> Result<Recurring> {
        let now = self.inner.clock.now();
        self.inner.recurring(&mut self.inner.store.read().await?, now).await
    }

    /// What there is to do, for each line of the guide's checklist.
    pub async fn day_page(&self) -> Result<DayPage> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.read().await?;
        let recurring = self.inner.recurring(&mut tx, now).await?;
        let (answered, next_day, tomorrow) = self.inner.to_prepare(&mut tx, now).await?;
        Ok(DayPage {
            list: self.inner.checklist(&mut tx, now).await?,
            answered,
            tomorrow,
            next_day,
            undocumented: recurring.topics.iter().filter(|topic| topic.pages == 0).count(),
        })
    }
}

impl Inner {
    async fn articles(&self, section: Section) -> Result<Shelved> {
        let shelf = Arc::clone(&self.shelf);
        Ok(tokio::task::spawn_blocking(move || shelf.pages(section)).await?)
    }

    /// Every page, of the knowledge base first.
    async fn all_articles(&self) -> Result<Vec<Arc<Article>>> {
        let mut pages = Vec::new();
        for section in Section::ALL {
            pages.extend(self.articles(section).await?.pages);
        }
        Ok(pages)
    }

    /// The pages in which every one of the words begins a word.
    pub(super) async fn find_articles(&self, words: &[String]) -> Result<Found> {
        let words = words.join(" ");
        let pages = self.all_articles().await?;
        let found = article::search(pages.iter().map(Arc::as_ref), &search_words(&words));
        let total = found.len();
        let pages = found.into_iter().take(ANSWERED).map(|hit| FoundPage {
            name: hit.article.name(),
            address: format!("{}/docs/{}", self.settings.public_url, hit.article.name()),
            section: hit.article.section,
            title: hit.title,
            snippet: hit.snippet,
        });
        Ok(Found { words, total, pages: pages.collect() })
    }

    async fn write_article(&self, agent: &Agent, draft: &Draft<'_>) -> Result<Put<String, ArticleFault>> {
        let (title, body) = (clean_text(draft.title).replace('\n', " "), clean_text(draft.body));
        let slug = match draft.slug {
            Some(slug) => slug.to_owned(),
            None => slug_of(&title),
        };
        if title.trim().is_empty() || slug.is_empty() {
            return Ok(Put::Faulty(ArticleFault::NoTitle));
        }
        if body.trim().is_empty() {
            return Ok(Put::Faulty(ArticleFault::NoText));
        }
        if title.chars().count() > LONGEST_TITLE || body.chars().count() > LONGEST_WRITTEN {
            return Ok(Put::Faulty(ArticleFault::TooLong(LONGEST_WRITTEN)));
        }
        let text = composed(&title, &body);
        let _turn = self.shelf.writing.lock().await;
        let (shelf, section, name) = (Arc::clone(&self.shelf), draft.section, slug.clone());
        let known = tokio::task::spawn_blocking(move || shelf.page(section, &name)).await?;
        let is_ours = known.as_ref().is_some_and(|known| known.is_ours);
        match known {
            // The same form again.
            Some(known) if known.text == text => return Ok(Put::Kept(slug)),
            Some(_) if draft.slug.is_none() => return Ok(Put::Faulty(ArticleFault::Taken(slug))),
            Some(known) if fingerprint(&known.text) != draft.seen => return Ok(Put::Overtaken),
            _ => {}
        }
        let (shelf, name) = (Arc::clone(&self.shelf), slug.clone());
        let prepared = tokio::task::spawn_blocking(move || shelf.prepare(section, &name, &text)).await?;
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "a page cannot be written; see `docs.dir`");
                return Ok(Put::Faulty(ArticleFault::Unwritable));
            }
        };
        // A file that cannot be read is not written over.
        if !prepared.is_new && !is_ours {
            return Ok(Put::Faulty(ArticleFault::Taken(slug)));
        }
        // The page lies whole on the disk: the line comes first, and giving it its name last.
        let document = Some(format!("{}/{slug}", section.as_str()));
        let detail = AuditDetail { document, ..AuditDetail::default() };
        let mut tx = self.store.begin().await?;
        tx.audit(&By::agent(agent, Door::Web), AuditKind::ArticleSet, &detail, self.clock.now()).await?;
        tx.commit().await?;
        let placed = tokio::task::spawn_blocking(move || prepared.place()).await?;
        match placed.context("a page cannot be put in its place; see `docs.dir`")? {
            true => Ok(Put::Kept(slug)),
            false => Ok(Put::Overtaken),
        }
    }

    pub(super) async fn recurring(&self, tx: &mut Tx, now: DateTime<Utc>) -> Result<Recurring> {
        let found = tx.asked_since(now - TimeDelta::days(DAYS), MOST_TICKETS).await?;
        let is_cut = found.len() as i64 == MOST_TICKETS;
        let ids: Vec<TicketId> = found.iter().map(|(id, _)| *id).collect();
        let mut tags = tx.tags_of(&ids).await?;
        let asked: Vec<Asked> = found
            .into_iter()
            .map(|(id, subject)| Asked { id, subject, tags: tags.remove(&id).unwrap_or_default() })
            .collect();
        let pages = self.all_articles().await?;
        let subjects: HashMap<TicketId, &str> =
            asked.iter().map(|one| (one.id, one.subject.as_str())).collect();
        let topics = topics(&asked).into_iter().map(|topic| {
            let wanted = search_words(&topic.name);
            let latest = topic.tickets.iter().take(LATEST);
            RecurringTopic {
                latest: latest
                    .map(|id| (*id, subjects.get(id).copied().unwrap_or_default().to_owned()))
                    .collect(),
                total: topic.tickets.len(),
                pages: pages.iter().filter(|page| article::matches(page, &wanted)).count(),
                name: topic.name,
                is_tag: topic.is_tag,
            }
        });
        Ok(Recurring { days: DAYS, tickets: asked.len(), is_cut, topics: topics.collect() })
    }
}
