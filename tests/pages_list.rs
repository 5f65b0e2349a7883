//! The list of tickets on its page: narrowed, searched, put in order, paged, and one act on several of them. And what a ticket's
//! page has beside the conversation: drafts, who else is there, the rarer acts.

use crate::pages::{PASSWORD, Site};
use crate::support::chromium::Chromium;
use crate::support::desk::{Database, on_both};
use guichet::desk::board::QueueFilter;
use guichet::domain::ids::TicketId;
use guichet::domain::list::{Order, Place};
use guichet::domain::people::Role;
use guichet::domain::ticket::{Priority, Status};
use std::time::Duration;
use tokio::io::AsyncReadExt;

on_both! {
    each_filter_and_order_finds_its_tickets,
    pages_of_every_list_go_on_where_the_one_before_ended,
    what_was_searched_is_marked_where_it_stands,
    a_word_that_everybody_writes_is_found_newest_first_a_page_at_a_time,
    several_tickets_are_changed_at_once_and_grave_acts_are_asked_about,
    an_act_on_several_is_refused_without_tickets_without_an_act_and_twice,
    a_draft_is_kept_taken_up_again_and_gone_once_it_is_sent,
    what_was_said_meanwhile_keeps_a_reply_back,
    the_rarer_acts_are_done_from_the_page,
    the_other_tickets_of_a_requester_are_named,
    a_message_becomes_a_ticket_of_its_own_and_its_answers_follow,
    a_live_page_hears_of_changes_and_of_others,
    a_browser_works_through_the_list_by_keyboard,
}

/// A site with `count` mails of different people, Camille signed in.
async fn site_of(database: Database, count: usize, subject: impl Fn(usize) -> String) -> Site {
    let mut site = Site::open(database, false, Vec::new()).await;
    for n in 1..=count {
        let subject = subject(n);
        site.desk
            .mail(&format!(
                "From: Client {n} <client{n}@courriel.example>\nTo: support@bettracker.example\nSubject: {subject}\n\
                 Message-ID: <{n}@courriel.example>\n\nBonjour, voici ma demande numéro {n}.\n"
            ))
            .await;
        site.desk.elapse(chrono::Duration::minutes(1)).await;
    }
    let answer = site.sign_in("camille", PASSWORD).await;
    site.keep_cookie(&answer);
    site
}

/// The tickets that a page lists, in its order.
fn listed(page: &str) -> Vec<i64> {
    let rows = page.split("id=\"ticket-").skip(1);
    rows.map(|row| row.split('"').next().unwrap().parse().unwrap()).collect()
}

async fn each_filter_and_order_finds_its_tickets(database: Database) {
    let site = site_of(database, 5, |n| format!("Sujet {n}")).await;
    for line in [
        "take 2",
        "priority 3 urgent",
        "tag 3 +été",
        "status 4 resolved",
        "priority 5 low",
        "status 5 closed",
    ] {
        site.desk.say(line).await;
    }
    let camille = site.desk.camille.id;
    for (query, found) in [
        (String::new(), vec![5, 4, 3, 2, 1]),
        ("?status=new".into(), vec![3, 2, 1]),
        ("?status=new&priority=urgent".into(), vec![3]),
        ("?agent=me".into(), vec![2]),
        (format!("?agent={camille}"), vec![2]),
        ("?agent=nobody&status=new".into(), vec![3, 1]),
        ("?tag=Été".replace('É', "%C3%89").replace('é', "%C3%A9"), vec![3]),
        ("?tag=absent".into(), vec![]),
        ("?sort=oldest".into(), vec![1, 2, 3, 4, 5]),
        ("?sort=opened".into(), vec![5, 4, 3, 2, 1]),
        ("?sort=priority".into(), vec![3, 4, 2, 1, 5]),
        ("?sort=due&status=new".into(), vec![1, 2, 3]),
        ("?q=demande&status=resolved".into(), vec![4]),
        ("?q=demande&agent=me".into(), vec![2]),
        ("?q=demande&tag=ete".into(), vec![3]),
    ] {
        let page = site.get(&format!("/admin/support{query}")).await;
        assert_eq!((page.status, listed(&page.body)), (200, found), "{database:?} {query}");
    }
    let due = listed(&site.get("/admin/support?sort=due").await.body);
    assert_eq!(due.len(), 5);
    assert!(due[3..].iter().all(|id| [4, 5].contains(id)), "nothing is owed for these any more: {due:?}");
    let page = site.get("/admin/support?status=new&agent=nobody&tag=ete&q=sujet&sort=due").await.body;
    for kept in
        ["value=\"new\" selected", "value=\"nobody\" selected", "value=\"due\" selected", "value=\"ete\""]
    {
        assert!(page.contains(kept), "{kept}");
    }
}

async fn pages_of_every_list_go_on_where_the_one_before_ended(database: Database) {
    let site = site_of(database, 7, |n| format!("Sujet {n}")).await;
    for line in [
        "priority 3 urgent",
        "priority 6 urgent",
        "status 4 resolved",
        "status 1 closed",
        "tag 2 +a",
        "tag 5 +a",
    ] {
        site.desk.say(line).await;
    }
    let filters = [
        QueueFilter::default(),
        QueueFilter { status: Some(Status::New), ..QueueFilter::default() },
        QueueFilter { priority: Some(Priority::Normal), ..QueueFilter::default() },
        QueueFilter { tag: Some("a".into()), ..QueueFilter::default() },
        QueueFilter { words: vec!["demande".into()], ..QueueFilter::default() },
    ];
    for filter in filters {
        for order in Order::ALL {
            let whole = QueueFilter { order, ..filter.clone() };
            let whole: Vec<i64> = site
                .desk
                .desk
                .queue(&whole)
                .await
                .unwrap()
                .tickets
                .iter()
                .map(|ticket| ticket.id.0)
                .collect();
            assert!(whole.len() > 1, "{filter:?}");
            let (mut paged, mut after): (Vec<i64>, Option<Place>) = (Vec::new(), None);
            loop {
                let page = QueueFilter { order, limit: Some(2), after, ..filter.clone() };
                let page = site.desk.desk.queue(&page).await.unwrap();
                assert!(page.tickets.len() <= 2);
                if filter.words.is_empty() || page.next.is_none() {
                    assert_eq!(page.total, whole.len() as i64, "{filter:?} {order:?}");
                }
                paged.extend(page.tickets.iter().map(|ticket| ticket.id.0));
                // As an address carries it.
                after = page.next.map(|place| Place::from_word(&place.to_word()).unwrap());
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(paged, whole, "{database:?} {filter:?} {order:?}");
        }
    }
}

async fn what_was_searched_is_marked_where_it_stands(database: Database) {
    let site = site_of(database, 1, |_| "Élan <b> perdu".into()).await;
    site.desk
        .mail(
            "From: Zoé Élanion <zoe@courriel.example>\nTo: support@bettracker.example\nSubject: Autre\nMessage-ID: <z@x.example>\n\n\
             Une longue histoire sans rapport, puis enfin mes élans <script> du samedi.\n",
        )
        .await;
    let page = site.get("/admin/support?q=elan").await.body;
    assert_eq!(listed(&page), [2, 1]);
    for marked in [
        "<mark>Élan</mark> &lt;b&gt; perdu",
        "Zoé <mark>Élanion</mark>",
        "mes <mark>élans</mark> &lt;script&gt; du samedi",
    ] {
        assert!(page.contains(marked), "{marked} in {page}");
    }
    assert!(!site.get("/admin/support").await.body.contains("<mark>"));
}

async fn a_word_that_everybody_writes_is_found_newest_first_a_page_at_a_time(database: Database) {
    let site = site_of(database, 0, |_| String::new()).await;
    let raw = |n: usize| {
        let rare = if n % 400 == 7 { "perle" } else { "" };
        format!(
            "From: c{n}@client.example\r\nSubject: facture\r\nMessage-ID: <{n}@client.example>\r\n\r\nBonjour {rare} d{n}\r\n"
        )
        .into_bytes()
    };
    for from in (1..=1200).step_by(600) {
        site.desk.mails((from..from + 600).map(raw).collect()).await;
    }
    let (mut address, mut found, mut pages) = ("/admin/support?q=fact+bonj".to_owned(), Vec::new(), 0);
    loop {
        let page = site.get(&address).await.body;
        if pages == 0 {
            assert!(page.contains("Plus de "), "nobody counts them all");
        }
        found.extend(listed(&page));
        pages += 1;
        let Some(next) = page.split("rel=\"next\"").next().filter(|_| page.contains("rel=\"next\"")) else {
            break;
        };
        address = next
            .rsplit("href=\"")
            .next()
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .replace("&amp;", "&")
            .replace("&#x2f;", "/");
    }
    assert_eq!((pages, found.len()), (24, 1200));
    assert!(found.windows(2).all(|two| two[0] > two[1]), "newest first, none twice");
    let rare = site.get("/admin/support?q=perle+facture").await.body;
    assert_eq!(listed(&rare), [807, 407, 7]);
    assert!(rare.contains(">3\u{a0}tickets<"), "{rare}");
    // A thousand words begin with « d »: what the other word finds is looked through for one, message by message.
    site.desk
        .mails(vec![
            b"From: c407@client.example\r\nSubject: Re: facture\r\nMessage-ID: <x@client.example>\r\nIn-Reply-To: <407@client.example>\r\n\r\nMerci, perle !\r\n"
                .to_vec(),
        ])
        .await;
    assert_eq!(listed(&site.get("/admin/support?q=perle").await.body), [407, 807, 7]);
    assert_eq!(listed(&site.get("/admin/support?q=perle+d").await.body), [807, 407, 7]);
    assert_eq!(listed(&site.get("/admin/support?q=d80+perle").await.body), [807]);
    assert_eq!(listed(&site.get("/admin/support?q=perle+d+introuvable").await.body), [0; 0]);
}

async fn several_tickets_are_changed_at_once_and_grave_acts_are_asked_about(database: Database) {
    let site = site_of(database, 4, |n| format!("Sujet {n}")).await;
    let list = "/admin/support?status=new";
    let bulk = "/admin/support/bulk";
    let page = site
        .act(
            list,
            bulk,
            &[("pick", "1"), ("pick", "3"), ("pick", "99"), ("act", "priority:high"), ("back", list)],
        )
        .await;
    assert!(
        page.body.contains("Priorité haute\u{a0}: 2\u{a0}tickets. Ticket nº\u{a0}99\u{a0}:"),
        "{}",
        page.body
    );
    assert!(page.body.contains("value=\"new\" selected"), "back on the same list");
    site.act(list, bulk, &[("pick", "1"), ("pick", "3"), ("act", "tag"), ("tags", "+lot"), ("back", list)])
        .await;
    site.act(list, bulk, &[("pick", "1"), ("pick", "3"), ("act", "assign:Camille"), ("back", list)]).await;
    let question = site
        .act(list, bulk, &[("pick", "1"), ("pick", "3"), ("act", "status:resolved"), ("back", list)])
        .await;
    assert!(question.status == 200 && question.body.contains("Passer en 🟢 Résolu"), "{}", question.body);
    assert!(question.body.contains("Sujet 1") && question.body.contains("Sujet 3"), "it names them");
    let status = async |id| site.desk.desk.ticket(TicketId(id)).await.unwrap().unwrap().status;
    assert_ne!(status(1).await, Status::Resolved, "a question does nothing");
    let (csrf, key) = (question.field("csrf"), question.field("key"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("key", key.as_str()),
        ("pick", "1"),
        ("pick", "3"),
        ("act", "status:resolved"),
        ("back", list),
        ("sure", "1"),
    ];
    for _ in 0..2 {
        assert_eq!(site.post(bulk, &fields).await.status, 303);
    }
    for id in [1, 3] {
        let ticket = site.desk.desk.ticket(TicketId(id)).await.unwrap().unwrap();
        assert_eq!((ticket.status, ticket.priority), (Status::Resolved, Priority::High));
        assert_eq!(
            (ticket.assignee.as_deref(), ticket.tags.as_slice()),
            (Some("Camille"), ["lot".to_owned()].as_slice())
        );
        let notices = ticket.deliveries.iter().filter(|delivery| delivery.title.contains("Résolu")).count();
        assert_eq!(notices, 3, "one notice by three channels, though the form was sent twice");
    }
    assert_eq!((status(2).await, status(4).await), (Status::New, Status::New));
}

async fn an_act_on_several_is_refused_without_tickets_without_an_act_and_twice(database: Database) {
    let site = site_of(database, 2, |n| format!("Sujet {n}")).await;
    let bulk = "/admin/support/bulk";
    let nothing =
        site.act("/admin/support", bulk, &[("act", "priority:high"), ("back", "//evil.example")]).await;
    assert!(nothing.body.contains("Cochez d’abord des tickets dans la liste."), "{}", nothing.body);
    let no_act = site.act("/admin/support", bulk, &[("pick", "1"), ("act", ""), ("back", "")]).await;
    assert!(no_act.body.contains("Choisissez d’abord ce qu’il faut faire"), "{}", no_act.body);
    let forged =
        site.post(bulk, &[("pick", "1"), ("act", "priority:high"), ("csrf", "x"), ("key", "y")]).await;
    assert_eq!(forged.status, 403);
    assert_eq!(site.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap().priority, Priority::Normal);
}

const TICKET: &str = "/admin/support/tickets/1";

async fn a_draft_is_kept_taken_up_again_and_gone_once_it_is_sent(database: Database) {
    let site = Site::signed_in(database).await;
    let draft = format!("{TICKET}/draft");
    let kept = site.act(TICKET, &draft, &[("text", "Bonjour [Question 1] <b>")]).await;
    assert_eq!((kept.status, kept.body.as_str()), (204, ""), "a script reads no page");
    let page = site.get(TICKET).await.body;
    assert!(
        page.contains("Votre brouillon, gardé") && page.contains("Bonjour [Question 1] &lt;b&gt;</textarea>")
    );
    assert!(page.contains("<code>[Question 1]</code>"), "it says what is still to be filled in");
    site.act(TICKET, &draft, &[("text", "Bonjour Léa")]).await;
    assert!(site.get(TICKET).await.body.contains(">Bonjour Léa</textarea>"));
    assert!(
        site.get(&format!("{TICKET}?template=solution")).await.body.contains("trouvé la solution"),
        "what is asked for stands over it"
    );
    site.act(TICKET, &draft, &[("text", "Bonjour Léa"), ("drop", "1")]).await;
    assert!(!site.get(TICKET).await.body.contains("Votre brouillon"));
    site.act(TICKET, &draft, &[("text", "Bonjour encore")]).await;
    site.act(TICKET, &format!("{TICKET}/reply"), &[("text", "Bonjour encore"), ("then", "in_progress")])
        .await;
    let page = site.get(TICKET).await.body;
    assert!(!page.contains("Votre brouillon") && page.contains("Bonjour encore"), "it was sent");
    let other = site.desk.desk.add_agent("Sam", Role::Agent).await.unwrap().unwrap();
    site.desk.desk.keep_page_draft(&other, TicketId(1), None, "à moi").await.unwrap();
    let page = site.get(TICKET).await.body;
    assert!(page.contains("Sam écrit une réponse.") && !page.contains("à moi"), "{page}");
}

async fn what_was_said_meanwhile_keeps_a_reply_back(database: Database) {
    let site = Site::signed_in(database).await;
    let seen = site.get(TICKET).await.field("seen");
    site.desk
        .mail("From: lea@courriel.example\nTo: support@bettracker.example\nSubject: Re: Paiement [#1]\nMessage-ID: <2@courriel.example>\nIn-Reply-To: <1@courriel.example>\n\nC'est réglé !\n")
        .await;
    let reply = format!("{TICKET}/reply");
    let page =
        site.act(TICKET, &reply, &[("text", "Trop tard"), ("then", "resolved"), ("seen", &seen)]).await;
    assert!(page.status == 422 && page.body.contains("il y a du nouveau"), "{}", page.body);
    assert!(
        page.body.contains(">Trop tard</textarea>") && page.body.contains("réglé"),
        "both texts are there"
    );
    let now = page.field("seen");
    site.act(TICKET, &reply, &[("text", "Parfait"), ("then", "resolved"), ("seen", &now)]).await;
    assert_eq!(site.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap().status, Status::Resolved);
}

async fn the_rarer_acts_are_done_from_the_page(database: Database) {
    let site = Site::signed_in(database).await;
    let more = format!("{TICKET}/more");
    let ticket = async || site.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    let page = site.act(TICKET, &more, &[("act", "tag"), ("text", "bug +VIP")]).await;
    assert_eq!(ticket().await.tags, ["bug", "vip"], "{}", page.body);
    site.act(TICKET, &more, &[("act", "tag"), ("text", "-vip")]).await;
    assert_eq!(ticket().await.tags, ["bug"]);
    let refused = site.act(TICKET, &more, &[("act", "snooze"), ("text", "bientôt")]).await;
    assert!(refused.body.contains("class=\"flash no\""), "{}", refused.body);
    site.act(TICKET, &more, &[("act", "snooze"), ("text", "2 jours")]).await;
    site.act(TICKET, &more, &[("act", "escalate"), ("text", "le paiement tourne en boucle")]).await;
    assert!(ticket().await.escalated_at.is_some());
    let refused = site.act(TICKET, &more, &[("act", "merge"), ("text", "1")]).await;
    assert!(refused.body.contains("class=\"flash no\""), "{}", refused.body);
    let unread = site.act(TICKET, &more, &[("act", "merge"), ("text", "dix")]).await;
    assert!(unread.body.contains("class=\"flash no\""), "{}", unread.body);
    assert_eq!(site.act(TICKET, &more, &[("act", "explode")]).await.status, 400);
    site.act(TICKET, &more, &[("act", "urgent"), ("text", "")]).await;
    assert_eq!((ticket().await.priority, ticket().await.status), (Priority::Urgent, Status::InProgress));
}

async fn the_other_tickets_of_a_requester_are_named(database: Database) {
    let mut site = Site::signed_in(database).await;
    assert!(!site.get(TICKET).await.body.contains("class=\"others\""));
    for n in 2..=8 {
        site.desk
            .mail(&format!("From: lea@courriel.example\nTo: support@bettracker.example\nSubject: Encore {n}\nMessage-ID: <{n}@courriel.example>\n\nBonjour {n}\n"))
            .await;
        site.desk.elapse(chrono::Duration::hours(1)).await;
    }
    let page = site.get(TICKET).await.body;
    assert!(
        page.contains("7\u{a0}autres tickets") && page.contains("Encore 8") && page.contains("Encore 4"),
        "{page}"
    );
    assert!(
        !page.contains("Encore 2") && page.contains("q=lea%40courriel.example"),
        "the latest, and the way to the rest"
    );
    site.act(TICKET, &format!("{TICKET}/more"), &[("act", "merge"), ("text", "8")]).await;
    let merged = site.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    assert_eq!(merged.merged_into, Some(TicketId(8)));
}

async fn a_message_becomes_a_ticket_of_its_own_and_its_answers_follow(database: Database) {
    let site = Site::signed_in(database).await;
    let split = format!("{TICKET}/split");
    let lone = site.act(TICKET, &split, &[("message", "1")]).await;
    assert!(lone.body.contains("doit en garder au moins un"), "{}", lone.body);
    site.desk
        .mail("From: lea@courriel.example\nTo: support@bettracker.example\nSubject: Re: Paiement [#1]\nMessage-ID: <2@courriel.example>\nIn-Reply-To: <1@courriel.example>\n\nAu fait, comment changer mon adresse ?\n")
        .await;
    site.desk.say("note 1 deux demandes").await;
    let note = site.act(TICKET, &split, &[("message", "3")]).await;
    assert!(note.body.contains("Seul un message reçu"), "{}", note.body);
    let page = site.act(TICKET, &split, &[("message", "2")]).await;
    assert!(
        page.body.contains("Ce message du ticket nº\u{a0}1 est devenu le ticket nº\u{a0}2."),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("comment changer mon adresse")
            && page.body.contains("Suite du <a href=\"/admin/support/tickets/1\"")
    );
    let ticket = async |id| site.desk.desk.ticket(TicketId(id)).await.unwrap().unwrap();
    assert_eq!(ticket(1).await.messages.len(), 2, "the first message and the note stay");
    assert_eq!((ticket(2).await.messages.len(), ticket(2).await.status), (1, Status::New));
    assert!(site.get(TICKET).await.body.contains("Camille a fait d’un message le ticket 2"));
    assert_eq!(listed(&site.get("/admin/support?q=adresse").await.body), [2]);
    site.desk
        .mail("From: lea@courriel.example\nTo: support@bettracker.example\nSubject: Re: adresse\nMessage-ID: <3@courriel.example>\nIn-Reply-To: <2@courriel.example>\nReferences: <2@courriel.example>\n\nJ'attends votre réponse.\n")
        .await;
    assert_eq!(
        site.desk.desk.ticket(TicketId(2)).await.unwrap().unwrap().messages.len(),
        2,
        "an answer finds it"
    );
    // An answer to the first finds the first, also once it is closed.
    site.desk.say("status 1 closed").await;
    site.desk
        .mail("From: lea@courriel.example\nTo: support@bettracker.example\nSubject: Re: Paiement\nMessage-ID: <4@courriel.example>\nIn-Reply-To: <1@courriel.example>\n\nLe paiement est encore refusé.\n")
        .await;
    let first = site.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    assert_eq!((first.status, first.messages.len()), (Status::InProgress, 3));
    // Merging takes it back.
    let second = "/admin/support/tickets/2";
    site.act(second, &format!("{second}/more"), &[("act", "merge"), ("text", "1")]).await;
    assert_eq!(site.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap().messages.len(), 5);
}

/// Reads a stream of events until `wanted` stands in it.
async fn read_until(stream: &mut tokio::net::TcpStream, wanted: &str) -> String {
    let mut heard = String::new();
    let mut bytes = [0; 4096];
    tokio::time::timeout(Duration::from_secs(30), async {
        while !heard.contains(wanted) {
            let read = stream.read(&mut bytes).await.unwrap();
            assert!(read > 0, "the stream ended: {heard}");
            heard.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{wanted:?} was never said: {heard}"));
    heard
}

async fn a_live_page_hears_of_changes_and_of_others(database: Database) {
    let mut site = Site::signed_in(database).await;
    let revision = site.get("/admin/support/revision").await.body;
    let mut stream = site.open_stream("/admin/support/live?ticket=1").await;
    let head = read_until(&mut stream, "event: revision").await;
    assert!(head.contains("text/event-stream") && head.contains("no-cache"), "{head}");
    let first = if head.contains("data: ") { head } else { read_until(&mut stream, "data: ").await };
    assert!(first.contains(&revision), "what changed before the page listened is told too: {first}");
    site.desk.elapse(chrono::Duration::milliseconds(1)).await;
    site.desk.say("note 1 vu").await;
    let changed = site.get("/admin/support/revision").await.body;
    read_until(&mut stream, &changed).await;
    let sam = site.desk.desk.add_agent("Sam", Role::Agent).await.unwrap().unwrap();
    site.desk.desk.keep_page_draft(&sam, TicketId(1), None, "j'y suis").await.unwrap();
    read_until(&mut stream, "Sam écrit une réponse.").await;
    site.desk.desk.end_page_draft(&sam, TicketId(1)).await.unwrap();
    read_until(&mut stream, "event: present\ndata: \"\"\n").await;
    site.desk.desk.close_sessions(&site.desk.camille, None).await.unwrap();
    // The last chunk (RFC 9112, 7.1).
    read_until(&mut stream, "0\r\n\r\n").await;
    let stranger = Site::open(database, false, Vec::new()).await;
    assert_eq!(stranger.get("/admin/support/live").await.status, 303, "only who is signed in");
}

/// With pictures of what is seen: `GUICHET_DRAW_PAGES=folder cargo test`.
async fn a_browser_works_through_the_list_by_keyboard(database: Database) {
    let mut site = Site::open(database, true, Vec::new()).await;
    for n in 1..=3 {
        site.desk
            .mail(&format!("From: Client {n} <client{n}@courriel.example>\nTo: support@bettracker.example\nSubject: Pari bloqué {n}\nMessage-ID: <{n}@courriel.example>\n\nBonjour, mon pari {n} est bloqué depuis hier.\n"))
            .await;
        site.desk.elapse(chrono::Duration::minutes(1)).await;
    }
    let list = format!("http://{}/admin/support", site.address);
    let desk = site.desk.desk.clone();
    let camille = site.desk.camille.clone();
    let runtime = tokio::runtime::Handle::current();
    let complaints = tokio::task::spawn_blocking(move || {
        let draw = |page: &mut Chromium, name: &str| {
            if let Some(folder) = std::env::var_os("GUICHET_DRAW_PAGES") {
                page.picture(&std::path::Path::new(&folder).join(name));
            }
        };
        let mut page = Chromium::open(1280, 900);
        page.go(&list);
        page.key("j");
        page.wait_until("document.activeElement.id === 'ticket-3'");
        page.key("j");
        page.wait_until("document.activeElement.id === 'ticket-2'");
        page.key("x");
        page.wait_until("document.getElementById('pick-2').checked");
        draw(&mut page, "list-picked.png");
        // What somebody else does appears by itself, and what was ticked stays ticked.
        runtime
            .block_on(desk.run(
                &camille,
                guichet::domain::people::Door::Cli,
                guichet::command::grammar::Command::Priority { ticket: TicketId(1), to: Priority::Urgent },
                None,
            ))
            .unwrap();
        page.wait_for_text("Urgente");
        page.wait_until(
            "document.querySelector('#queue .prio.urgent') && document.getElementById('pick-2').checked",
        );
        page.key("?");
        page.wait_until("document.getElementById('keys').open");
        draw(&mut page, "keys.png");
        page.press_escape();
        page.wait_until("!document.getElementById('keys').open");
        page.key("/");
        page.wait_until("document.activeElement.id === 'search'");
        page.fill("#search", "bloque");
        page.press_enter();
        page.wait_for_text("3\u{a0}tickets");
        page.wait_until("document.querySelectorAll('mark').length === 6");
        draw(&mut page, "list-search.png");
        page.key("j");
        page.press_enter();
        page.wait_for_text("Conversation");
        page.key("r");
        page.wait_until("document.activeElement.id === 'reply-text'");
        page.fill("#reply-text", "Bonjour, [Question 1]");
        page.wait_until("!document.getElementById('missing').hidden");
        page.wait_for_text("Brouillon gardé.");
        draw(&mut page, "ticket-draft.png");
        page.go(&list);
        page.go(&format!("{list}/tickets/3"));
        page.wait_until("document.getElementById('reply-text').value === 'Bonjour, [Question 1]'");
        page.fill("#reply-text", "Bonjour, c’est réparé.");
        page.wait_until("document.getElementById('missing').hidden");
        page.evaluate("document.getElementById('keys-on').click()");
        page.evaluate("document.activeElement.blur()");
        page.key("n");
        page.evaluate("document.getElementById('keys-on').click()");
        page.key("n");
        page.wait_until("document.activeElement.id === 'note-text'");
        // What would be lost is asked about, whatever of the page is sent but itself.
        let asks = "(() => { const leave = new Event('beforeunload', { cancelable: true }); dispatchEvent(leave); return leave.defaultPrevented; })()";
        page.wait_for_text("Brouillon gardé.");
        assert_eq!(page.evaluate(asks), false, "all is kept");
        page.fill("#note-text", "Vu avec la banque");
        assert_eq!(page.evaluate(asks), true);
        page.evaluate("document.getElementById('keys').showModal()");
        page.click("#keys button.primary");
        page.wait_until("!document.getElementById('keys').open");
        assert_eq!(page.evaluate(asks), true, "a dialog that closes leads nowhere");
        page.evaluate("document.addEventListener('submit', (event) => event.preventDefault())");
        page.evaluate("document.querySelector(\"form[action$='/priority']\").requestSubmit()");
        assert_eq!(page.evaluate(asks), true, "the note does not go with another form");
        page.evaluate("document.querySelector(\"form[action$='/note']\").requestSubmit()");
        assert_eq!(page.evaluate(asks), false, "it is being sent");
        let mut phone = Chromium::open(390, 844);
        for (address, name) in [
            (list.clone(), "phone-list.png"),
            (format!("{list}?q=bloque"), "phone-search.png"),
            (format!("{list}/tickets/1"), "phone-ticket.png"),
        ] {
            phone.go(&address);
            assert_eq!(phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), true, "{name}");
            draw(&mut phone, name);
        }
        phone.prefer_dark();
        draw(&mut phone, "phone-ticket-dark.png");
        [page.complaints(), phone.complaints()].concat()
    })
    .await
    .unwrap();
    assert_eq!(complaints, [""; 0]);
}
