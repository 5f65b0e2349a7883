//! The CMs' resources: the knowledge base, the standard replies, the day's checklist, what comes up again and again. May
//! import: desk (what it shows), domain, reading, view, wording.

use super::{Drawn, Frame, Here, PageSubject, Pages, ShownStatus, shown};
use crate::desk::shelf::Shelved;
use crate::domain::article::{Article, Hit, Marked, Section, beginning};
use crate::domain::canned::{CannedText, brackets};
use crate::domain::hex::percent_encoded;
use crate::domain::ticket::Status;
use crate::reading::markdown;
use crate::view::resources::{DayPage, Recurring, Template, TemplateHistory};
use crate::wording::canned::fills_itself;
use crate::wording::{dates, resources as say};
use minijinja::value::Serde;
use minijinja::{Value, context};

/// A page that is being written.
#[derive(Debug, Clone, Default)]
pub struct ArticleForm {
    /// The page's own address, which the form is sent to.
    pub address: String,
    /// The shelf.
    pub section: &'static str,
    /// It is there already.
    pub is_known: bool,
    /// What tells the text that its writer saw.
    pub seen: String,
    /// The title.
    pub title: String,
    /// The rest.
    pub body: String,
    /// It is to be looked at as it would be shown.
    pub is_previewed: bool,
    /// What somebody else wrote meanwhile: title and the rest.
    pub other: Option<(String, String)>,
}

/// A standard reply that is being written.
#[derive(Debug, Clone, Default)]
pub struct TemplateForm {
    /// The page's own address, which the form is sent to.
    pub address: String,
    /// The word for commands, of one that is there already.
    pub key: Option<String>,
    /// The version that its writer saw.
    pub seen: i64,
    /// What it says.
    pub said: CannedText,
    /// The same filled in, to be looked at.
    pub preview: Option<String>,
    /// What somebody else wrote meanwhile, and who.
    pub other: Option<(CannedText, String)>,
}

impl Pages {
    /// The pages of a section: all of them, or what a search for `words` found. `ticket`: the one they may answer.
    pub fn articles(
        &self,
        frame: &Frame,
        section: Section,
        shelved: &Shelved,
        words: &str,
        found: Option<&[Hit<'_>]>,
        ticket: Option<i64>,
    ) -> Drawn {
        let all = shelved.pages.iter().map(|page| {
            let title = vec![Marked { text: page.title.clone(), is_hit: false }];
            let snippet = vec![Marked { text: beginning(page), is_hit: false }];
            entry(page, &title, &snippet)
        });
        let pages: Vec<Value> = match found {
            None => all.collect(),
            Some(found) => found.iter().map(|hit| entry(hit.article, &hit.title, &hit.snippet)).collect(),
        };
        let count = dates::count(pages.len() as i64, "article", "articles");
        let unread = shelved.unread.iter().map(|(name, why)| context! { name, why => say::unread(*why) });
        let content = context! {
            section => section.as_str(),
            q => words,
            searched => found.is_some(),
            ticket,
            count,
            pages,
            unread => unread.collect::<Vec<_>>(),
        };
        self.docs(frame, section.as_str(), "docs_list.html", say::section(section), content)
    }

    /// One page. `number` is what was given as the number of a ticket.
    pub fn article(&self, frame: &Frame, article: &Article, ticket: Option<i64>, number: &str) -> Drawn {
        let content = context! {
            section => article.section.as_str(),
            section_label => say::section(article.section),
            slug => article.slug.as_str(),
            title => article.title.as_str(),
            name => article.name(),
            ours => article.is_ours,
            // Cleaned by an allow-list.
            html => Value::from_safe_string(markdown::to_html(&article.body())),
            ticket,
            number,
        };
        self.docs(frame, article.section.as_str(), "docs_article.html", &article.title, content)
    }

    /// Writing a page.
    pub fn article_form(&self, frame: &Frame, form: &ArticleForm) -> Drawn {
        let head = if form.is_known { say::EDIT_ARTICLE } else { say::NEW_ARTICLE };
        let sections = Section::ALL.map(|one| context! { word => one.as_str(), label => say::section(one) });
        let content = context! {
            head,
            address => form.address.as_str(),
            section => form.section,
            sections => sections.to_vec(),
            known => form.is_known,
            seen => form.seen.as_str(),
            title => form.title.as_str(),
            body => form.body.as_str(),
            preview => form.is_previewed.then(|| Value::from_safe_string(markdown::to_html(&form.body))),
            other => form.other.as_ref().map(|(title, body)| context! { title, body }),
        };
        self.docs(frame, form.section, "docs_article_form.html", head, content)
    }

    /// The standard replies.
    pub fn templates_list(&self, frame: &Frame, templates: &[Template], here: Here) -> Drawn {
        let templates: Vec<Value> = templates.iter().map(|template| shown_template(template, here)).collect();
        self.docs(frame, "templates", "docs_templates.html", say::TEMPLATES, context! { templates })
    }

    /// One standard reply with its history.
    pub fn template_page(&self, frame: &Frame, history: &TemplateHistory, here: Here) -> Drawn {
        let template = &history.template;
        let versions: Vec<Value> = history
            .versions
            .iter()
            .map(|version| {
                context! {
                    version => version.version,
                    who => version.agent.as_str(),
                    at => Serde(shown::time(version.at, here)),
                    said => version.said.as_ref().map(shown_text),
                    stands => version.version == template.version,
                }
            })
            .collect();
        let title = template.said.as_ref().map_or(template.key.as_str(), |said| said.title.as_str());
        let content = context! { t => shown_template(template, here), title, versions };
        self.docs(frame, "templates", "docs_template.html", title, content)
    }

    /// Writing a standard reply.
    pub fn template_form(&self, frame: &Frame, form: &TemplateForm) -> Drawn {
        let head = if form.key.is_some() { say::EDIT_TEMPLATE } else { say::NEW_TEMPLATE };
        let content = context! {
            head,
            address => form.address.as_str(),
            key => form.key.as_deref(),
            seen => form.seen,
            title => form.said.title.as_str(),
            body => form.said.body.as_str(),
            then => form.said.then.map_or("", Status::as_str),
            following => Serde(say::FOLLOWING.map(ShownStatus::from)),
            filled => crate::wording::canned::FILLED.to_vec(),
            preview => form.preview.as_deref(),
            other => form.other.as_ref().map(|(said, who)| context! { said => shown_text(said), who }),
        };
        self.docs(frame, "templates", "docs_template_form.html", head, content)
    }

    /// The guide's daily checklist.
    pub fn day(&self, frame: &Frame, page: &DayPage) -> Drawn {
        let parts: Vec<Value> = say::day(page)
            .iter()
            .map(|part| {
                let items: Vec<Value> = part
                    .items
                    .iter()
                    .map(|item| {
                        let tickets = item.tickets.map_or(&[][..], |pile| &pile.tickets.tickets);
                        let more = item.tickets.map_or(0, |pile| pile.total) - tickets.len() as i64;
                        context! {
                            what => item.what,
                            done => item.is_done,
                            said => item.said.as_str(),
                            tickets => tickets
                                .iter()
                                .map(|ticket| context! { id => ticket.id.0, subject => ticket.subject.as_str() })
                                .collect::<Vec<_>>(),
                            more => (more > 0).then(|| dates::grouped(more)),
                            leads => item.leads.map(|(address, label)| context! { address, label }),
                        }
                    })
                    .collect();
                context! { title => part.title, items }
            })
            .collect();
        let content = context! { title => say::day_title(page), parts };
        self.docs(frame, "checklist", "docs_day.html", say::CHECKLIST, content)
    }

    /// What comes up again and again.
    pub fn recurring(&self, frame: &Frame, recurring: &Recurring) -> Drawn {
        let topics: Vec<Value> = recurring
            .topics
            .iter()
            .map(|topic| {
                let latest = topic.latest.iter().map(|(id, subject)| context! { id => id.0, subject });
                context! {
                    name => topic.name.as_str(),
                    query => percent_encoded(&topic.name),
                    tag => topic.is_tag,
                    count => dates::count(topic.total as i64, "ticket", "tickets"),
                    latest => latest.collect::<Vec<_>>(),
                    pages => (topic.pages > 0).then(|| dates::count(topic.pages as i64, "article", "articles")),
                }
            })
            .collect();
        let head = say::recurring_head(recurring.tickets, recurring.days, recurring.is_cut);
        let least = crate::domain::recurring::LEAST;
        self.docs(frame, "recurring", "docs_recurring.html", say::RECURRING, context! { head, topics, least })
    }

    /// A page of the resources, with the ways to the others. `tab` says where it belongs.
    fn docs(&self, frame: &Frame, tab: &str, template: &str, title: &str, content: Value) -> Drawn {
        let ways = say::WAYS.map(|(word, label)| {
            context! { address => format!("/docs/{word}"), label, current => word == tab }
        });
        let nav = self.part("docs_nav.html", context! { ways => ways.to_vec() })?;
        let mut frame = frame.clone();
        frame.subject = Some(PageSubject { id: 0, title: title.to_owned() });
        let content = self.part(template, context! { nav, frame => Serde(&frame), ..content })?;
        self.framed(&frame, content)
    }
}

fn pieces(pieces: &[Marked]) -> Vec<Value> {
    pieces.iter().map(|piece| context! { text => piece.text.as_str(), hit => piece.is_hit }).collect()
}

fn entry(page: &Article, title: &[Marked], snippet: &[Marked]) -> Value {
    context! {
        slug => page.slug.as_str(),
        name => page.name(),
        title => pieces(title),
        plain_title => page.title.as_str(),
        snippet => pieces(snippet),
    }
}

fn shown_text(said: &CannedText) -> Value {
    let (filled, left): (Vec<String>, Vec<String>) =
        brackets(&said.body).into_iter().partition(|name| fills_itself(name));
    context! {
        title => said.title.as_str(),
        body => said.body.as_str(),
        then => said.then.map(|then| Value::from(Serde(ShownStatus::from(then)))),
        filled,
        left,
    }
}

fn shown_template(template: &Template, here: Here) -> Value {
    context! {
        key => template.key.as_str(),
        address => format!("/docs/templates/{}", percent_encoded(&template.key)),
        said => template.said.as_ref().map(shown_text),
        has_origin => template.origin.is_some(),
        is_origin => template.said == template.origin,
        hands_over => template.hands_over,
        version => template.version,
        who => template.written.as_ref().map(|(who, _)| who.as_str()),
        at => template.written.as_ref().map(|(_, at)| Value::from(Serde(shown::time(*at, here)))),
    }
}
