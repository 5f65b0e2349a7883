//! How long what is kept, and what went, in French.

use crate::domain::audit::Counts;
use crate::view::held::RetentionView;
use crate::wording::dates;

/// `retention`.
pub const RETENTION: &str = "Les durées de conservation, et ce qui les a dépassées";

/// The periods in force, a sentence for each.
pub fn periods(view: &RetentionView) -> [String; 2] {
    let said = |what: &str, seconds: Option<u64>, from: &str| match seconds {
        None => format!("{what}\u{a0}: gardés sans limite."),
        Some(seconds) => format!("{what}\u{a0}: gardés {}, comptés {from}.", period(seconds)),
    };
    [
        said(
            "Mails d’origine, reçus et envoyés",
            view.raw_mails_seconds,
            "de leur arrivée ou de leur départ",
        ),
        said("Textes et noms des tickets fermés", view.closed_tickets_seconds, "de la fermeture"),
    ]
}

/// What is over, as the page tells it; `None` where nothing ever is.
pub fn over(view: &RetentionView) -> Option<String> {
    let is_off = view.raw_mails_seconds.is_none() && view.closed_tickets_seconds.is_none();
    (!is_off).then(|| gone(&view.over(), true))
}

/// What will be over within a week; `None` where nothing ever is.
pub fn coming(view: &RetentionView) -> Option<String> {
    let is_off = view.raw_mails_seconds.is_none() && view.closed_tickets_seconds.is_none();
    let parts: Vec<String> =
        [(view.tickets_coming, "ticket", "tickets"), (view.mails_coming, "mail", "mails")]
            .into_iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, one, many)| dates::count(number, one, many))
            .collect();
    let what = if parts.is_empty() { "rien".to_owned() } else { parts.join(", ") };
    (!is_off).then(|| format!("Dans les sept prochains jours\u{a0}: {what}."))
}

/// « 30 jours », « 3 ans »: whole years are said in years.
fn period(seconds: u64) -> String {
    let days = i64::try_from(seconds / 86_400).unwrap_or(i64::MAX);
    match days {
        365.. if days % 365 == 0 => dates::count(days / 365, "an", "ans"),
        _ => dates::count(days, "jour", "jours"),
    }
}

/// What went, or with `dry_run` would go.
pub fn gone(counts: &Counts, dry_run: bool) -> String {
    match (counts.is_none(), dry_run) {
        (true, true) => "Rien n’a dépassé sa durée de conservation.".to_owned(),
        (true, false) => "Rien à effacer.".to_owned(),
        (false, true) => format!("À effacer\u{a0}: {}.", said(counts)),
        (false, false) => format!("Effacé\u{a0}: {}.", said(counts)),
    }
}

/// The counts that are not zero.
pub fn said(counts: &Counts) -> String {
    let count = |number: u64, one, many| {
        (number > 0).then(|| dates::count(i64::try_from(number).unwrap_or(i64::MAX), one, many))
    };
    let parts = [
        count(counts.tickets, "ticket", "tickets"),
        count(counts.messages, "message", "messages"),
        count(counts.mails, "mail reçu", "mails reçus"),
        count(counts.sent_mails, "mail envoyé", "mails envoyés"),
        count(counts.people, "fiche de demandeur", "fiches de demandeurs"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "rien".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_and_counts_are_said() {
        let view = RetentionView {
            raw_mails_seconds: Some(90 * 86_400),
            closed_tickets_seconds: Some(3 * 365 * 86_400),
            mails: 0,
            sent_mails: 0,
            tickets: 0,
            mails_coming: 3,
            tickets_coming: 0,
        };
        assert_eq!(over(&view).as_deref(), Some("Rien n’a dépassé sa durée de conservation."));
        assert_eq!(coming(&view).as_deref(), Some("Dans les sept prochains jours\u{a0}: 3\u{a0}mails."));
        assert_eq!(
            periods(&view),
            [
                "Mails d’origine, reçus et envoyés\u{a0}: gardés 90\u{a0}jours, comptés de leur arrivée ou de leur départ.",
                "Textes et noms des tickets fermés\u{a0}: gardés 3\u{a0}ans, comptés de la fermeture.",
            ]
        );
        let off = RetentionView { raw_mails_seconds: None, closed_tickets_seconds: None, ..view };
        assert_eq!(periods(&off)[0], "Mails d’origine, reçus et envoyés\u{a0}: gardés sans limite.");
        let counts = Counts { tickets: 2, mails: 1, ..Counts::default() };
        assert_eq!(gone(&counts, false), "Effacé\u{a0}: 2\u{a0}tickets, 1\u{a0}mail reçu.");
        assert_eq!(gone(&Counts::default(), true), "Rien n’a dépassé sa durée de conservation.");
    }
}
