//! The pages of the knowledge base that come with the program: the guide's « Bonnes Pratiques de Réponse », « Cas
//! Particuliers » and « FAQ CM », word for word, and a few technical questions.
//!
//! Pure. May import: domain.

use crate::domain::article::Section;

/// Section, name and Markdown of each.
pub const BUILT_IN: [(Section, &str, &str); 14] = [
    (Section::Kb, "bonnes-pratiques", include_str!("../../templates/docs/kb/bonnes-pratiques.md")),
    (
        Section::Kb,
        "demande-de-fonctionnalite",
        include_str!("../../templates/docs/kb/demande-de-fonctionnalite.md"),
    ),
    (
        Section::Kb,
        "notifications-de-statut",
        include_str!("../../templates/docs/kb/notifications-de-statut.md"),
    ),
    (Section::Kb, "plusieurs-demandes", include_str!("../../templates/docs/kb/plusieurs-demandes.md")),
    (Section::Kb, "reponse-inconnue", include_str!("../../templates/docs/kb/reponse-inconnue.md")),
    (Section::Kb, "resolu-ou-ferme", include_str!("../../templates/docs/kb/resolu-ou-ferme.md")),
    (Section::Kb, "rouvrir-un-ticket", include_str!("../../templates/docs/kb/rouvrir-un-ticket.md")),
    (Section::Kb, "sans-reponse", include_str!("../../templates/docs/kb/sans-reponse.md")),
    (Section::Kb, "ticket-spam", include_str!("../../templates/docs/kb/ticket-spam.md")),
    (Section::Kb, "ticket-urgent", include_str!("../../templates/docs/kb/ticket-urgent.md")),
    (Section::Kb, "utilisateur-mecontent", include_str!("../../templates/docs/kb/utilisateur-mecontent.md")),
    (Section::FaqTech, "e-mail-non-recu", include_str!("../../templates/docs/faq-tech/e-mail-non-recu.md")),
    (
        Section::FaqTech,
        "escalade-technique",
        include_str!("../../templates/docs/faq-tech/escalade-technique.md"),
    ),
    (Section::FaqTech, "mail-sans-ticket", include_str!("../../templates/docs/faq-tech/mail-sans-ticket.md")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::article::{Article, is_slug};

    #[test]
    fn each_has_a_name_a_title_and_a_text() {
        for (section, slug, text) in BUILT_IN {
            assert!(is_slug(slug), "{slug}");
            let article = Article::new(section, slug, text.to_owned(), "", false);
            assert!(
                text.starts_with(&format!("# {}\n\n", article.title)) && !article.body().is_empty(),
                "{slug}"
            );
        }
    }
}
