//! Mails as mails: those that left. Their HTML is shown on an origin of its own where nothing runs and nothing is
//! loaded. May import: desk, domain.

use super::guard::{FILE_POLICY, MAIL_POLICY};
use super::pages::{MailHeader, MailLine, MailPage, PageSubject};
use super::session::Session;
use super::{Problem, Web, sealed};
use crate::desk::board::SentMail;
use crate::domain::ids::DeliveryId;
use axum::extract::{Path, State};
use axum::response::{Html, Response};
use mail_parser::{Address, HeaderValue as ParsedValue, Message, MessageParser, PartType};

/// Mails on the list.
const ROWS: i64 = 100;

/// Mails within mails that are opened. mail-parser drops a message recursively, and tens of thousands of levels
/// overflow the stack; a conversation forwarded to and fro has a dozen.
const DEEPEST: usize = 100;

/// The fields worth reading, in the order shown.
const FIELDS: [&str; 12] = [
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// `GET /admin/support/outbox`.
pub async fn list(State(web): State<Web>, session: Session) -> Result<Html<String>, Problem> {
    let frame = web.frame(&session, "outbox").await?;
    let mails: Vec<MailLine> = web.desk().sent_mails(ROWS).await?.iter().map(line).collect();
    Ok(Html(web.pages().outbox(&frame, &mails, web.here())?))
}

/// `GET /admin/support/outbox/{id}`.
pub async fn mail(
    State(web): State<Web>,
    session: Session,
    Path(id): Path<i64>,
) -> Result<Html<String>, Problem> {
    let mut frame = web.frame(&session, "mail").await?;
    // A mail that left does not change: the page need not stay fresh.
    frame.revision = None;
    let sent = sent(&web, id).await?;
    let mut page = opened(&sent)?;
    if web.settings().demo_agent.is_some() {
        page.links = web.desk().links_of_mail(sent.delivery).await?;
    }
    frame.subject = Some(PageSubject { id, title: page.line.subject.clone() });
    Ok(Html(web.pages().mail(&frame, &page, web.here())?))
}

/// `GET /admin/support/outbox/{id}/html`: the HTML alternative alone, for the sealed frame.
pub async fn mail_html(
    State(web): State<Web>,
    _session: Session,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let eml = sent(&web, id).await?.eml.ok_or(Problem::NotFound)?;
    let message = parse(&eml)?;
    let html = html_of(&message).ok_or(Problem::NotFound)?.to_owned();
    Ok(sealed("text/html; charset=utf-8", MAIL_POLICY, html.into_bytes()))
}

/// `GET /admin/support/outbox/{id}/source`: the bytes as they left.
pub async fn mail_source(
    State(web): State<Web>,
    _session: Session,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let eml = sent(&web, id).await?.eml.ok_or(Problem::NotFound)?;
    Ok(sealed("text/plain; charset=utf-8", FILE_POLICY, eml))
}

async fn sent(web: &Web, id: i64) -> Result<SentMail, Problem> {
    web.desk().sent_mail(DeliveryId(id)).await?.ok_or(Problem::NotFound)
}

/// Opens a mail, unless it holds more mails within mails than any person sends.
fn parse(raw: &[u8]) -> Result<Message<'_>, Problem> {
    const INNER: &[u8] = b"message/";
    let inner = raw.windows(INNER.len()).filter(|window| window.eq_ignore_ascii_case(INNER)).count();
    if inner > DEEPEST {
        return Err(Problem::Unreadable);
    }
    MessageParser::default().parse(raw).ok_or(Problem::Unreadable)
}

fn line(sent: &SentMail) -> MailLine {
    let headers = sent.eml.as_ref().and_then(|eml| MessageParser::default().parse_headers(eml.as_slice()));
    let subject = headers.as_ref().and_then(|headers| headers.subject()).unwrap_or(&sent.title).to_owned();
    MailLine {
        id: sent.delivery,
        ticket: sent.ticket,
        address: sent.address.clone(),
        subject,
        state: sent.state,
        at: sent.at,
    }
}

fn opened(sent: &SentMail) -> Result<MailPage, Problem> {
    // Nothing is composed before its first attempt.
    let Some(eml) = &sent.eml else {
        return Ok(MailPage {
            line: line(sent),
            headers: Vec::new(),
            text: None,
            has_html: false,
            links: None,
        });
    };
    let message = parse(eml)?;
    let headers = FIELDS
        .into_iter()
        .filter_map(|name| Some(MailHeader { name: name.to_owned(), value: field(&message, name)? }))
        .collect();
    let text = message.text_bodies().find_map(|part| match &part.body {
        PartType::Text(text) => Some(text.clone().into_owned()),
        _ => None,
    });
    Ok(MailPage { line: line(sent), headers, text, has_html: html_of(&message).is_some(), links: None })
}

fn html_of<'m>(message: &'m Message<'_>) -> Option<&'m str> {
    message.html_bodies().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.as_ref()),
        _ => None,
    })
}

/// A header field as a person reads it: names decoded, folding undone.
fn field(message: &Message<'_>, name: &str) -> Option<String> {
    let value = match message.header(name)? {
        ParsedValue::Address(addresses) => addresses_in_words(addresses),
        ParsedValue::Text(text) if name == "Subject" => text.to_string(),
        _ => message.header_raw(name)?.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    Some(value).filter(|value| !value.is_empty())
}

fn addresses_in_words(addresses: &Address<'_>) -> String {
    let words: Vec<String> = addresses
        .iter()
        .map(|one| match (one.name(), one.address()) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            (Some(only), None) | (None, Some(only)) => only.to_owned(),
            (None, None) => String::new(),
        })
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::DeliveryState;
    use crate::domain::ids::TicketId;
    use chrono::{DateTime, Utc};

    fn sent_mail(eml: Option<&str>) -> SentMail {
        SentMail {
            delivery: DeliveryId(5),
            ticket: TicketId(1),
            address: "lea@exemple.example".into(),
            title: "Ticket de support : Résolu".into(),
            state: DeliveryState::Sent,
            at: DateTime::<Utc>::UNIX_EPOCH,
            eml: eml.map(|eml| eml.replace('\n', "\r\n").into_bytes()),
        }
    }

    #[test]
    fn a_mail_is_opened_with_its_fields_decoded_and_both_its_bodies() {
        let sent = sent_mail(Some(
            "From: =?utf-8?q?Support_BetTracker_Pro?= <support@bettrackerpro.example>\n\
             To: =?utf-8?q?L=C3=A9a?= <lea@exemple.example>\n\
             Subject: =?utf-8?q?R=C3=A9solu?= [#1]\n\
             References: <a@exemple.example>\n <b@exemple.example>\n\
             MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x\n\n\
             --x\nContent-Type: text/plain; charset=utf-8\n\nBonjour L\u{e9}a\n--x\n\
             Content-Type: text/html; charset=utf-8\n\n<p>Bonjour L\u{e9}a</p>\n--x--\n",
        ));
        let page = opened(&sent).unwrap();
        let fields: Vec<String> = page.headers.iter().map(|h| format!("{}: {}", h.name, h.value)).collect();
        assert_eq!(
            fields,
            [
                "From: Support BetTracker Pro <support@bettrackerpro.example>",
                "To: Léa <lea@exemple.example>",
                "Subject: Résolu [#1]",
                "References: <a@exemple.example> <b@exemple.example>",
            ]
        );
        assert_eq!((page.text.as_deref().map(str::trim), page.has_html), (Some("Bonjour Léa"), true));
        assert_eq!(page.line.subject, "Résolu [#1]");
    }

    #[test]
    fn a_mail_without_html_shows_its_text_alone() {
        let page = opened(&sent_mail(Some("Subject: x\n\nBonjour\n"))).unwrap();
        assert_eq!((page.text.as_deref().map(str::trim), page.has_html), (Some("Bonjour"), false));
    }

    #[test]
    fn a_mail_that_waits_shows_its_title() {
        let page = opened(&sent_mail(None)).unwrap();
        assert_eq!((page.line.subject.as_str(), page.headers.len()), ("Ticket de support : Résolu", 0));
    }

    #[test]
    fn a_mail_nested_beyond_reason_is_not_opened() {
        let nest =
            |levels: usize| "Content-Type: Message/RFC822\r\n\r\n".repeat(levels) + "Subject: x\r\n\r\ny";
        assert!(parse(nest(DEEPEST).as_bytes()).is_ok());
        assert!(matches!(parse(nest(50_000).as_bytes()), Err(Problem::Unreadable)));
    }
}
