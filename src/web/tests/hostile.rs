//! What strangers write, on every page: text and nothing else.

use super::super::list::{Filters, ListPage};
use super::super::pages::*;
use super::samples::*;
use super::ticket_html;
use crate::domain::ids::{AgentId, EventId};
use crate::domain::people::Role;
use crate::domain::preference::Preference;
use crate::view::*;

/// A text that acts wherever it is not escaped: in an element, in both kinds of attribute, in a textarea or title.
const HOSTILE: &str = r#"<script>alert(1)</script><img src=x onerror=alert(2)>" onmouseover="alert(3)' autofocus='</textarea></title><b>{{ 7*7 }}&amp;"#;

#[test]
fn what_strangers_write_is_text_on_every_page() {
    let pages = Pages::default();
    let mut hostile = ticket();
    hostile.subject = HOSTILE.into();
    hostile.assignee = Some(HOSTILE.into());
    hostile.reason = Some(HOSTILE.into());
    hostile.tags = vec![HOSTILE.into()];
    hostile.requester = RequesterView {
        email: HOSTILE.into(),
        name: HOSTILE.into(),
        first_name: Some(HOSTILE.into()),
        preference: Preference::None,
        suppressed: None,
        devices: 0,
    };
    for message in &mut hostile.messages {
        (message.author, message.text, message.quoted) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
        message.sender = Some(HOSTILE.into());
        for file in &mut message.attachments {
            (file.name, file.media_type) = (HOSTILE.into(), HOSTILE.into());
        }
    }
    for participant in &mut hostile.participants {
        (participant.email, participant.name, participant.added_by) =
            (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
    }
    for event in &mut hostile.events {
        event.actor = HOSTILE.into();
        (event.detail.reason, event.detail.note) = (Some(HOSTILE.into()), Some(HOSTILE.into()));
    }
    for delivery in &mut hostile.deliveries {
        (delivery.title, delivery.message, delivery.why) =
            (HOSTILE.into(), HOSTILE.into(), Some(HOSTILE.into()));
        delivery.address = Some(HOSTILE.into());
    }
    let mut frame = frame("ticket");
    frame.brand = HOSTILE.into();
    frame.agent = Some(HOSTILE.into());
    frame.subject = Some(PageSubject { id: 1, title: HOSTILE.into() });
    frame.flash = Some(Flash {
        text: HOSTILE.into(),
        tone: "done",
        undo_seconds: 9,
        act: Some(EventId(1)),
        ticket: 1,
        offers: vec![HOSTILE.into()],
    });
    let draft = ReplyDraft {
        template: HOSTILE.into(),
        text: HOSTILE.into(),
        missing: vec![HOSTILE.into()],
        then: HOSTILE.into(),
        all: true,
        lost_files: true,
        is_new: true,
        kept_at: Some(here().now),
    };
    let recipients = Recipients {
        to: Some(HOSTILE.into()),
        cc: vec![HOSTILE.into()],
        without: vec![Uncopied { email: HOSTILE.into(), why: HOSTILE.into() }],
    };
    let templates = [TemplateView {
        key: HOSTILE.into(),
        title: HOSTILE.into(),
        then: None,
        body: HOSTILE.into(),
        hands_over: false,
    }];
    let agents = [HOSTILE.to_owned()];
    let turns = [Turn { line: HOSTILE.into(), answer: HOSTILE.into(), tone: "said" }];
    let console = ConsolePanel { turns: &turns, back: "queue", line: HOSTILE.into() };
    let queue = Queue {
        tickets: vec![hostile.clone()],
        total: 1,
        searched: vec!["alert".into()],
        excerpts: [(hostile.id, HOSTILE.to_owned())].into(),
        ..Queue::default()
    };
    let filter = Filters { words: HOSTILE.into(), tag: HOSTILE.into(), ..Filters::default() };
    let others = [hostile.clone()];
    let known = [crate::domain::people::Agent { id: AgentId(1), name: HOSTILE.into(), role: Role::Agent }];
    let line = MailLine { address: HOSTILE.into(), subject: HOSTILE.into(), ..mail_line() };
    let mail = MailPage {
        line: line.clone(),
        headers: vec![MailHeader { name: HOSTILE.into(), value: HOSTILE.into() }],
        text: Some(HOSTILE.into()),
        has_html: true,
        links: None,
    };
    let drawn = [
        pages.list(
            &frame,
            &ListPage {
                console: console.clone(),
                agents: &known,
                tags: &agents,
                ..list_page(&queue, &[], filter)
            },
            here(),
        ),
        pages.ticket(
            &frame,
            &TicketPage {
                takes_push: false,
                ticket: &hostile,
                recipients: &recipients,
                templates: &templates,
                agents: &agents,
                draft,
                note: HOSTILE.into(),
                others: &others,
                others_in_all: 9,
                present: HOSTILE.into(),
                tags: &agents,
            },
            here(),
        ),
        pages.console(&frame, &console),
        pages.outbox(&frame, &[line], here()),
        pages.mail(&Frame { place: "mail", ..frame.clone() }, &mail, here()),
        pages.sign_in(&frame, HOSTILE, HOSTILE, &[], Some(&SignInProblem::Wrong)),
        pages.opening(&frame, HOSTILE),
        pages.problem(&frame, "refused", HOSTILE, Some(HOSTILE)),
    ];
    for page in drawn {
        let page = page.unwrap();
        assert!(page.contains("&lt;script&gt;alert(1)"), "the text is there");
        for acting in
            ["<script>", "<img src=x", "\" onmouseover", "' autofocus", "</textarea></title>", "<b>", "49"]
        {
            assert!(!page.contains(acting), "{acting} in {page}");
        }
    }
}

#[test]
fn no_page_needs_an_inline_script_or_style() {
    let (queue, turns) = (rows(), turns());
    let pages = Pages::default();
    for page in [
        pages.list(&frame("queue"), &list_page(&queue, &turns, Filters::default()), here()).unwrap(),
        ticket_html(
            &Frame { subject: Some(PageSubject { id: 6, title: "x".into() }), ..frame("ticket") },
            &ticket(),
            ReplyDraft::default(),
        ),
    ] {
        for inline in [" style=", "<style", " onclick=", " onsubmit=", "javascript:"] {
            assert!(!page.contains(inline), "{inline}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.len() < 60_000, "{} bytes", page.len());
    }
}
