//! The demo's home: a folder with a Maildir to read from, holding a handful of mails from invented people, a
//! folder for the mails that leave, and a place for the database. May import: config.

use crate::config::sqlite_url;
use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::Paris;
use std::fs;
use std::path::{Path, PathBuf};

/// Whose mails the demo sends, and whom its mails are written to.
pub const FROM: &str = "Support BetTracker Pro <support@bettrackerpro.example>";

/// The agent whom the demo signs in.
pub const AGENT: &str = "Camille";

/// Where the demo keeps everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoHome {
    /// A Maildir (`new`, `cur`, `tmp`), read as a mailbox.
    pub inbox: PathBuf,
    /// A Maildir that takes every mail that would leave.
    pub outbox: PathBuf,
    /// Raw mails and attachments.
    pub data: PathBuf,
    /// `sqlite://…`, a file in the same folder.
    pub database_url: String,
    /// The waiting mails were put there by this call.
    pub is_first_start: bool,
}

/// The mails that wait on the first start, oldest first: templates whose dates are filled in.
const MAILS: [&str; 8] = [
    include_str!("../templates/demo/paiement-refuse.eml"),
    include_str!("../templates/demo/export-csv.eml"),
    include_str!("../templates/demo/mode-sombre.eml"),
    include_str!("../templates/demo/import-carnet.eml"),
    include_str!("../templates/demo/absence.eml"),
    include_str!("../templates/demo/precision-paiement.eml"),
    include_str!("../templates/demo/mecontent.eml"),
    include_str!("../templates/demo/bug-critique.eml"),
];

/// The mails that wait in the demo's inbox on its first start, oldest first, as if they had arrived in the hours
/// before `now`. Six needs of a fictional product's customers, an answer to the first of them, and the automatic
/// reply of somebody who is away.
pub fn waiting_mails(now: DateTime<Utc>) -> Vec<Vec<u8>> {
    MAILS.iter().map(|template| filled(template, now).into_bytes()).collect()
}

/// Fills `{DATE-90}` with the Date field (RFC 5322 section 3.3) of ninety minutes before `now`, and `{DAY-90}`
/// with the day and hour as a French mail program quotes them.
fn filled(template: &str, now: DateTime<Utc>) -> String {
    let mut text = template.to_owned();
    for (opening, format) in [("{DATE-", "%a, %d %b %Y %H:%M:%S %z"), ("{DAY-", "%d/%m/%Y %H:%M")] {
        while let Some(start) = text.find(opening)
            && let Some(length) = text[start..].find('}')
        {
            // The templates are ours: a test reads every one.
            let minutes = text[start + opening.len()..start + length].parse().unwrap_or(0);
            let at = (now - TimeDelta::minutes(minutes)).with_timezone(&Paris);
            text.replace_range(start..=start + length, &at.format(format).to_string());
        }
    }
    text
}

/// Makes the demo's home in `dir`, which need not exist. A home that is there already is left as it is: what
/// was answered stays answered.
///
/// # Errors
/// When a folder or a mail cannot be written.
pub fn prepare(dir: &Path, now: DateTime<Utc>) -> anyhow::Result<DemoHome> {
    let context = || format!("cannot prepare the demo in {}", dir.display());
    fs::create_dir_all(dir).with_context(context)?;
    let dir = dir.canonicalize().with_context(context)?;
    let home = DemoHome {
        inbox: dir.join("inbox"),
        outbox: dir.join("outbox"),
        data: dir.join("data"),
        database_url: sqlite_url(&dir.join("guichet.db")),
        is_first_start: !dir.join("inbox").exists(),
    };
    for folder in
        [home.outbox.join("new"), home.outbox.join("cur"), home.outbox.join("tmp"), home.data.clone()]
    {
        fs::create_dir_all(folder).with_context(context)?;
    }
    if home.is_first_start {
        // Filled beside its place and moved there whole: an interrupted first start is a first start again.
        let draft = dir.join("inbox.part");
        if draft.exists() {
            fs::remove_dir_all(&draft).with_context(context)?;
        }
        for folder in ["new", "cur", "tmp"] {
            fs::create_dir_all(draft.join(folder)).with_context(context)?;
        }
        for (number, mail) in waiting_mails(now).into_iter().enumerate() {
            let name = format!("{}.{number:02}.demo", now.timestamp());
            fs::write(draft.join("new").join(name), mail).with_context(context)?;
        }
        fs::rename(&draft, &home.inbox).with_context(context)?;
    }
    Ok(home)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use mail_parser::MessageParser;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 24, 10, 0, 0).unwrap()
    }

    #[test]
    fn every_waiting_mail_is_a_mail_that_arrived_before_now_oldest_first() {
        let mut last = 0;
        let mut ids = std::collections::HashSet::new();
        for raw in waiting_mails(now()) {
            assert!(raw.is_ascii(), "a mail travels as ASCII");
            let mail = MessageParser::default().parse(&raw).unwrap();
            let date = mail.date().unwrap().to_timestamp();
            assert!(date >= last && date < now().timestamp());
            last = date;
            assert!(ids.insert(mail.message_id().unwrap().to_owned()));
            let sender = mail.from().unwrap().first().unwrap();
            assert!(sender.address().unwrap().ends_with(".example"));
            assert!(!mail.subject().unwrap().contains('\u{fffd}'));
            let text = mail.body_text(0).unwrap();
            assert!(!text.contains('\u{fffd}') && !text.contains("{DAY"), "{text}");
        }
    }

    #[test]
    fn the_waiting_mails_show_what_the_desk_can_do() {
        let raw = waiting_mails(now());
        let mails: Vec<_> = raw.iter().map(|raw| MessageParser::default().parse(raw).unwrap()).collect();
        let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject().unwrap()).collect();
        assert_eq!(
            subjects,
            [
                "Paiement refusé alors que ma carte est valide",
                "Export CSV vide sur l’historique de septembre",
                "Suggestion : un mode sombre pour les soirées de match",
                "Importer mes paris depuis un tableur ?",
                "Réponse automatique : Votre facture de novembre",
                "Re: Paiement refusé alors que ma carte est valide",
                "Troisième relance, toujours aucune réponse",
                "URGENT : plus aucun pari affiché depuis la mise à jour 4.2",
            ]
        );
        assert!(mails.iter().any(|mail| mail.attachment_count() == 1));
        assert!(mails.iter().any(|mail| mail.header("Auto-Submitted").is_some()));
        assert!(
            mails
                .iter()
                .any(|mail| mail.text_body_count() == 1
                    && mail.body_html(0).is_some_and(|h| h.contains("<li>")))
        );
        let first = mails[0].message_id();
        assert!(mails.iter().any(|mail| mail.in_reply_to().as_text() == first));
    }

    #[test]
    fn a_home_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("demo");
        let home = prepare(&dir, now()).unwrap();
        assert!(home.is_first_start);
        let waiting = || fs::read_dir(home.inbox.join("new")).unwrap().count();
        assert_eq!(waiting(), MAILS.len());
        for entry in fs::read_dir(home.inbox.join("new")).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        let again = prepare(&dir, now()).unwrap();
        assert_eq!(again, DemoHome { is_first_start: false, ..home.clone() });
        assert_eq!(waiting(), 0, "mails that were read do not come back");
    }

    #[test]
    fn an_interrupted_first_start_is_a_first_start_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("inbox.part/new")).unwrap();
        fs::write(folder.path().join("inbox.part/new/half"), "From: x").unwrap();
        let home = prepare(folder.path(), now()).unwrap();
        assert_eq!(fs::read_dir(home.inbox.join("new")).unwrap().count(), MAILS.len());
    }
}
