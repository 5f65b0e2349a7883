//! The standard replies: as they came, and as they are written in the pages. What is written counts at once, at every door.

use super::failure::refuse;
use super::{Desk, Inner, Result};
use crate::command::authorize::{Reserved, authorize_reserved};
use crate::command::vocabulary::plain;
use crate::desk::resources::Put;
use crate::domain::audit::{AuditDetail, AuditKind, By};
use crate::domain::canned::{CannedFault, CannedText, CannedVersion, key_of};
use crate::domain::people::{Agent, Door};
use crate::domain::text::clean_text;
use crate::store::Tx;
use crate::view::resources::{Template, TemplateHistory};
use crate::wording::canned::{Catalogue, fault};

/// How many versions a history shows.
const SHOWN: i64 = 50;

/// Which version an agent takes up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    /// One of those written here.
    Version(i64),
    /// As it came; gone where it came from nowhere.
    Origin,
}

#[allow(clippy::missing_errors_doc, reason = "all of them: the database's")]
impl Desk {
    /// The standard replies as they stand.
    pub async fn catalogue(&self) -> Result<Catalogue> {
        self.inner.catalogue(&mut self.inner.store.read().await?).await
    }

    /// The same for the pages; those that are gone stand last.
    pub async fn templates(&self) -> Result<Vec<Template>> {
        let latest = self.inner.store.read().await?.canned_latest().await?;
        let catalogue = self.inner.settings.catalogue.with(&latest);
        let origin = &self.inner.settings.catalogue;
        let mut templates: Vec<Template> =
            catalogue.all().iter().map(|reply| template(&reply.key, origin, &latest)).collect();
        let gone = latest.iter().filter(|version| catalogue.by_key(&version.key).is_none());
        templates.extend(gone.map(|version| template(&version.key, origin, &latest)));
        Ok(templates)
    }

    /// One of them with its history; `None` where there never was one of this key.
    pub async fn template(&self, key: &str) -> Result<Option<TemplateHistory>> {
        let mut tx = self.inner.store.read().await?;
        let latest = tx.canned_latest().await?;
        let origin = &self.inner.settings.catalogue;
        let Some(key) = known_key(key, origin, &latest) else { return Ok(None) };
        let versions = tx.canned_versions(&key, SHOWN).await?;
        Ok(Some(TemplateHistory { template: template(&key, origin, &latest), versions }))
    }

    /// Keeps what an agent wrote in place of version `seen`; without a `key` a reply is made, and named by its title.
    ///
    /// # Errors
    /// [`crate::domain::refusal::Refusal::NeedsRole`], or the database's.
    pub async fn write_template(
        &self,
        agent: &Agent,
        key: Option<&str>,
        seen: i64,
        said: &CannedText,
    ) -> Result<Put<String, CannedFault>> {
        if let Err(refusal) = authorize_reserved(agent, Reserved::Resources) {
            return refuse(refusal);
        }
        let said = CannedText {
            title: clean_text(&said.title).replace('\n', " ").trim().to_owned(),
            body: clean_text(&said.body).trim().to_owned(),
            then: said.then,
        };
        if let Some(fault) = fault(&said) {
            return Ok(Put::Faulty(fault));
        }
        let origin = &self.inner.settings.catalogue;
        let mut tx = self.inner.store.begin().await?;
        let latest = tx.canned_latest().await?;
        let made = key_of(&said.title);
        let key = match key {
            Some(key) => known_key(key, origin, &latest),
            None if made.is_empty() => return Ok(Put::Faulty(CannedFault::NoTitle)),
            None => match known_key(&made, origin, &latest) {
                // The same form again.
                Some(key) if template(&key, origin, &latest).said.as_ref() == Some(&said) => {
                    return Ok(Put::Kept(key));
                }
                Some(key) => return Ok(Put::Faulty(CannedFault::Taken(key))),
                None => Some(made),
            },
        };
        let Some(key) = key else { return Ok(Put::Overtaken) };
        let stands = template(&key, origin, &latest);
        if stands.said.as_ref() == Some(&said) {
            return Ok(Put::Kept(key));
        }
        if stands.version != seen {
            return Ok(Put::Overtaken);
        }
        self.add_version(tx, agent, key, seen + 1, Some(&said)).await
    }

    /// Takes an earlier version up again in place of version `seen`, as a version of its own.
    ///
    /// # Errors
    /// As [`Desk::write_template`].
    pub async fn restore_template(
        &self,
        agent: &Agent,
        key: &str,
        seen: i64,
        to: Restored,
    ) -> Result<Put<String, CannedFault>> {
        if let Err(refusal) = authorize_reserved(agent, Reserved::Resources) {
            return refuse(refusal);
        }
        let origin = &self.inner.settings.catalogue;
        let mut tx = self.inner.store.begin().await?;
        let latest = tx.canned_latest().await?;
        let Some(key) = known_key(key, origin, &latest) else { return Ok(Put::Overtaken) };
        let said = match to {
            Restored::Origin => None,
            Restored::Version(version) => match tx.canned_version(&key, version).await? {
                Some(version) => version.said,
                None => return Ok(Put::Overtaken),
            },
        };
        let stands = latest.iter().find(|version| version.key == key);
        let version = stands.map_or(0, |stands| stands.version);
        // It stands so already: the same form again, or nothing to take back.
        if stands.map_or(said.is_none(), |stands| stands.said == said) {
            return Ok(Put::Kept(key));
        }
        if version != seen {
            return Ok(Put::Overtaken);
        }
        self.add_version(tx, agent, key, seen + 1, said.as_ref()).await
    }

    async fn add_version(
        &self,
        mut tx: Tx,
        agent: &Agent,
        key: String,
        version: i64,
        said: Option<&CannedText>,
    ) -> Result<Put<String, CannedFault>> {
        let (by, now) = (By::agent(agent, Door::Web), self.inner.clock.now());
        if !tx.add_canned_version(&by, &key, version, said, now).await? {
            return Ok(Put::Overtaken);
        }
        let kind = match said {
            Some(_) => AuditKind::TemplateSet,
            None => AuditKind::TemplateReset,
        };
        let detail =
            AuditDetail { document: Some(key.clone()), version: Some(version), ..AuditDetail::default() };
        tx.audit(&by, kind, &detail, now).await?;
        tx.commit().await?;
        Ok(Put::Kept(key))
    }
}

impl Inner {
    /// The standard replies as they stand.
    pub(super) async fn catalogue(&self, tx: &mut Tx) -> Result<Catalogue> {
        Ok(self.settings.catalogue.with(&tx.canned_latest().await?))
    }
}

/// The key as it is written, of a reply that there is or was; case and accents apart.
fn known_key(key: &str, origin: &Catalogue, latest: &[CannedVersion]) -> Option<String> {
    let written = latest.iter().find(|version| plain(&version.key) == plain(key)).map(|version| &version.key);
    written.or_else(|| origin.by_key(key).map(|reply| &reply.key)).cloned()
}

fn template(key: &str, origin: &Catalogue, latest: &[CannedVersion]) -> Template {
    let origin = origin.by_key(key);
    let stands = latest.iter().find(|version| version.key == key);
    let written = stands.and_then(|stands| stands.said.clone());
    Template {
        key: key.to_owned(),
        said: written.or_else(|| origin.map(CannedText::from)),
        origin: origin.map(CannedText::from),
        hands_over: origin.is_some_and(|reply| reply.hands_over),
        version: stands.map_or(0, |stands| stands.version),
        written: stands.map(|stands| (stands.agent.clone(), stands.at)),
    }
}
