//! The pages of the resources, drawn with invented data.

use super::super::pages::*;
use super::assert_page;
use super::samples::*;
use crate::desk::shelf::Shelved;
use crate::domain::article::{Article, Section, Unread, search, search_words};
use crate::domain::canned::{CannedText, CannedVersion};
use crate::domain::ids::TicketId;
use crate::domain::ticket::Status;
use crate::reading::markdown::to_plain;
use crate::view::resources::*;
use crate::view::{Checklist, Figures, Pile, Queue};
use chrono::NaiveDate;
use std::sync::Arc;

fn lead() -> Frame {
    Frame { lead: true, revision: None, ..frame("docs") }
}

fn article(slug: &str, text: &str, is_ours: bool) -> Arc<Article> {
    Arc::new(Article::new(Section::Kb, slug, text.to_owned(), &to_plain(text), is_ours))
}

fn shelved() -> Shelved {
    Shelved {
        pages: vec![
            article(
                "carte-refusee",
                "# Carte <b>refusée</b>\n\nLa *carte* peut être refusée par la banque.",
                true,
            ),
            article("ticket-spam", "# Ticket Spam\n\n1. Vérifier que c'est bien du spam", false),
        ],
        unread: vec![("gros.md".into(), Unread::TooLarge), ("<lien>.md".into(), Unread::NotAFile)],
    }
}

#[test]
fn the_pages_of_the_knowledge_base_and_what_a_search_finds() {
    let (shelved, pages) = (shelved(), Pages::default());
    assert_page("docs_kb", pages.articles(&lead(), Section::Kb, &shelved, "", None, None).unwrap());
    let wanted = search_words("CARTE refusee");
    let found = search(shelved.pages.iter().map(Arc::as_ref), &wanted);
    let page = pages.articles(&frame("docs"), Section::Kb, &shelved, "CARTE refusee", Some(&found), Some(42));
    assert_page("docs_kb_found", page.unwrap());
    let nothing =
        pages.articles(&lead(), Section::FaqTech, &Shelved::default(), "x", Some(&[]), None).unwrap();
    assert!(nothing.contains("Aucun article. Essayez moins de mots"), "{nothing}");
}

#[test]
fn an_article_and_the_form_that_writes_it() {
    let text = "# Carte refusée\n\nVoir [la banque](https://banque.example) ou [ici](javascript:x).\n\n## Étapes\n\n1. Un\n2. <script>alert(1)</script>\n";
    let article = article("carte-refusee", text, true);
    let pages = Pages::default();
    assert_page("docs_article", pages.article(&lead(), &article, Some(42), "").unwrap());
    let form = ArticleForm {
        address: "/docs/kb/carte-refusee/edit".into(),
        section: "kb",
        is_known: true,
        seen: "abc".into(),
        title: "Carte \"refusée\"".into(),
        body: "Un </textarea> **mot**".into(),
        is_previewed: true,
        other: Some(("Carte".into(), "Un <b>autre</b> mot".into())),
    };
    assert_page("docs_article_form", pages.article_form(&lead(), &form).unwrap());
}

fn text(title: &str, body: &str, then: Option<Status>) -> CannedText {
    CannedText { title: title.into(), body: body.into(), then }
}

fn template(key: &str, said: Option<CannedText>, origin: Option<CannedText>, version: i64) -> Template {
    let written = (version > 0).then(|| ("Alix".to_owned(), ago(90)));
    Template { key: key.into(), said, origin, hands_over: false, version, written }
}

#[test]
fn the_standard_replies_their_history_and_the_form_that_writes_them() {
    let origin = text("Solution Fournie", "Bonjour [Prénom],\n\n[Explication]", Some(Status::Resolved));
    let edited = text("Solution <b>", "Salut [Prénom],\n\n[Explication] & [Montant]", Some(Status::Closed));
    let templates = [
        template("solution", Some(edited.clone()), Some(origin.clone()), 2),
        template("accuse", Some(text("Réponse", "Bonjour", None)), Some(text("Réponse", "Bonjour", None)), 0),
        template("retard", None, None, 3),
    ];
    let pages = Pages::default();
    assert_page("docs_templates", pages.templates_list(&lead(), &templates, here()).unwrap());
    let version = |version, said| CannedVersion {
        key: "solution".into(),
        version,
        said,
        agent: "Alix".into(),
        at: ago(90),
    };
    let history = TemplateHistory {
        template: templates[0].clone(),
        versions: vec![version(2, Some(edited.clone())), version(1, None)],
    };
    assert_page("docs_template", pages.template_page(&lead(), &history, here()).unwrap());
    let plain = pages.template_page(&Frame { lead: false, ..lead() }, &history, here()).unwrap();
    assert!(!plain.contains("/restore\"") && !plain.contains("/edit\""), "{plain}");
    let form = TemplateForm {
        address: "/docs/templates/solution/edit".into(),
        key: Some("solution".into()),
        seen: 2,
        said: edited,
        preview: Some("Salut Jean,".into()),
        other: Some((origin, "Sofiane".into())),
    };
    assert_page("docs_template_form", pages.template_form(&lead(), &form).unwrap());
}

#[test]
fn the_checklist_of_the_day_in_the_guides_words() {
    let pile = |count: usize, total| Pile {
        tickets: Queue {
            tickets: rows().tickets.into_iter().take(count).collect(),
            total,
            ..Queue::default()
        },
        total,
    };
    let page = DayPage {
        list: Checklist {
            day: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
            figures: Figures::default(),
            new: pile(0, 0),
            waiting: pile(2, 12),
            in_progress: pile(1, 1),
            due_today: pile(0, 0),
            resolved: pile(1, 1),
            waiting_seconds: 3 * 86_400,
            in_progress_seconds: 86_400,
            resolved_seconds: 86_400,
        },
        answered: pile(1, 1),
        tomorrow: pile(0, 0),
        next_day: NaiveDate::from_ymd_opt(2026, 11, 25).unwrap(),
        undocumented: 2,
    };
    assert_page("docs_checklist", Pages::default().day(&frame("docs"), &page).unwrap());
}

#[test]
fn what_comes_up_again_and_again() {
    let topic = |name: &str, is_tag, pages| RecurringTopic {
        name: name.into(),
        is_tag,
        total: 7,
        latest: vec![(TicketId(8), "Paiement <b>refusé</b>".into()), (TicketId(3), String::new())],
        pages,
    };
    let recurring = Recurring {
        days: 30,
        tickets: 41,
        is_cut: false,
        topics: vec![topic("paiement par carte", false, 2), topic("facturation", true, 0)],
    };
    assert_page("docs_recurring", Pages::default().recurring(&lead(), &recurring).unwrap());
    let nothing = Recurring { topics: Vec::new(), is_cut: true, ..recurring };
    let page = Pages::default().recurring(&frame("docs"), &nothing).unwrap();
    assert!(page.contains("Rien ne revient souvent") && page.contains("les plus récents"), "{page}");
}
