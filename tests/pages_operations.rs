//! The leads' page about how the desk itself fares: who gets in, what it shows, and each of its acts from its form to the
//! database and the audit log.

use crate::pages::{PASSWORD, Site};
use crate::support::chromium::Chromium;
use crate::support::desk::{Database, TestDesk, on_both};
use chrono::Duration;
use guichet::domain::alert::AlertKind;
use guichet::domain::audit::{AuditKind, AuditLine};
use guichet::domain::chat::{Platform, PostKind};
use guichet::domain::delivery::{Channel, DeliveryState, Outcome};
use guichet::domain::event::EventKind;
use guichet::domain::ids::{DeliveryId, HookPostId, PostId, RawMailId, TicketId};
use guichet::domain::notice::NoticeKind;
use guichet::domain::webhook::{Hook, HookEvent};
use guichet::store::outbox::NewDelivery;
use guichet::view::DeliveryView;
use guichet::web::Mailbox;

on_both! {
    an_agent_is_told_whose_page_this_is_and_changes_nothing,
    a_form_of_another_site_does_nothing,
    an_empty_desk_says_so_in_words,
    mailboxes_that_are_late_and_alerts_are_shown,
    a_held_mail_is_shown_as_text_read_sealed_and_replayed_once,
    a_mail_that_still_cannot_be_filed_stays_held,
    held_mails_go_on_behind_the_last_one_shown,
    what_failed_is_sent_again_and_what_may_have_arrived_is_marked_sent,
    troubled_deliveries_go_on_behind_the_last_one_shown,
    providers_that_asked_for_fewer_mails_are_named,
    what_a_chat_platform_refused_is_posted_again,
    what_a_webhook_gave_up_is_told_again_one_by_one_and_all_at_once,
    addresses_without_mail_are_found_and_get_mail_again,
    each_other_list_goes_on_behind_the_last_row_shown,
    the_page_fits_a_telephone_and_the_dark,
}

const PAGE: &str = "/admin/support/operations";
const LEA: &str = "lea@courriel.example";

/// The site of Léa's mail, with a lead signed in.
async fn lead(database: Database) -> Site {
    let mut site = Site::signed_in(database).await;
    site.led().await;
    site
}

/// The same over a desk of its own.
async fn lead_of(desk: TestDesk, mailboxes: Vec<Mailbox>) -> Site {
    let mut site = Site::of(desk, false, mailboxes).await;
    site.led().await;
    site
}

async fn lines(site: &Site) -> Vec<AuditLine> {
    site.desk.desk.audit_lines(None, 50).await.unwrap()
}

/// The e-mails of ticket 1, oldest first.
async fn mails(site: &Site) -> Vec<DeliveryView> {
    let ticket = site.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    ticket.deliveries.into_iter().filter(|delivery| delivery.channel == Channel::Email).collect()
}

/// Has Léa answered, and the mail refused for good.
async fn fail_a_mail(site: &mut Site) -> DeliveryId {
    site.desk.say("reply 1 Bonjour, c’est corrigé.").await;
    site.desk.elapse(Duration::seconds(30)).await;
    let parcel = site.desk.desk.claim(10).await.unwrap().parcels.remove(0);
    site.desk.desk.record(&parcel, Outcome::Failed("550 5.7.1 <b>refus</b>".into())).await.unwrap();
    parcel.id
}

/// Has something refused by Slack.
async fn refuse_a_post(site: &Site, kind: PostKind) -> PostId {
    let (now, lease) = (site.desk.now, site.desk.now + Duration::minutes(5));
    let mut tx = site.desk.store.begin().await.unwrap();
    tx.add_post(Platform::Slack, kind, Some(TicketId(1)), 0, now, now).await.unwrap();
    let post = tx.claim_posts(Platform::Slack, now, lease, 10).await.unwrap().remove(0);
    tx.post_refused(post.id, lease, "<i>invalid_blocks</i>").await.unwrap();
    tx.commit().await.unwrap();
    post.id
}

/// Has what waits for the endpoint given up.
async fn give_up(site: &Site) -> Vec<HookPostId> {
    let (now, lease) = (site.desk.now, site.desk.now + Duration::minutes(5));
    let mut tx = site.desk.store.begin().await.unwrap();
    let posts = tx.claim_hook_posts("app", now, lease, 10).await.unwrap();
    for post in &posts {
        assert!(tx.hook_given_up(post.id, lease, "réponse 400 <u>", now).await.unwrap());
    }
    tx.commit().await.unwrap();
    posts.into_iter().map(|post| post.id).collect()
}

async fn suppress(site: &Site, address: &str, delivery: DeliveryId) {
    let mut tx = site.desk.store.begin().await.unwrap();
    tx.suppress(address, "adresse inconnue (5.1.1) <s>", delivery, site.desk.now).await.unwrap();
    tx.commit().await.unwrap();
}

async fn is_suppressed(site: &Site, address: &str) -> bool {
    site.desk.store.read().await.unwrap().suppressed(address).await.unwrap().is_some()
}

/// A desk on which there is something of everything, and every act with what it names.
async fn full(database: Database) -> (Site, Vec<String>) {
    let hook = Hook { name: "app".into(), events: vec![HookEvent::TicketCreated] };
    let desk = TestDesk::telling(database, vec![hook]).await;
    let mut site = Site::of(desk, false, Vec::new()).await;
    site.desk
        .mail(&format!(
            "From: Léa <{LEA}>\nTo: support@bettracker.example\nSubject: Pari\nMessage-ID: <1@a.example>\n\nBonjour."
        ))
        .await;
    site.desk
        .mail(
            "To: support@bettracker.example\nSubject: Sans expéditeur\nMessage-ID: <2@a.example>\n\nBonjour.",
        )
        .await;
    let [hook] = give_up(&site).await[..] else { panic!("one event") };
    let failed = fail_a_mail(&mut site).await;
    let post = refuse_a_post(&site, PostKind::Card).await;
    suppress(&site, LEA, failed).await;
    let acts = vec![
        "held/2/replay".to_owned(),
        format!("deliveries/{failed}/resend"),
        format!("deliveries/{failed}/sent"),
        format!("posts/{post}/resend"),
        format!("webhooks/{hook}/resend"),
        "webhooks/resend".to_owned(),
        "suppressed".to_owned(),
        "suppressed/resume".to_owned(),
    ];
    (site, acts)
}

/// That nothing of what [`full`] made was touched.
async fn is_untouched(site: &Site) -> bool {
    let desk = &site.desk.desk;
    lines(site).await.is_empty()
        && desk.held_mails().await.unwrap().len() == 1
        && mails(site).await[0].state == DeliveryState::Failed
        && desk.given_up_hooks().await.unwrap().len() == 1
        && desk.count_posts().await.unwrap() == [("slack".to_owned(), "failed".to_owned(), 1)]
        && is_suppressed(site, LEA).await
}

async fn an_agent_is_told_whose_page_this_is_and_changes_nothing(database: Database) {
    let (mut site, acts) = full(database).await;
    let answer = site.sign_in("camille", PASSWORD).await;
    site.keep_cookie(&answer);
    let ticket = site.get("/admin/support/tickets/1").await;
    assert!(!ticket.body.contains("Exploitation"), "{}", ticket.body);
    for path in [PAGE.to_owned(), format!("{PAGE}/held/2/source")] {
        let answer = site.get(&path).await;
        assert!(answer.status == 409 && answer.body.contains("responsable"), "{path}: {}", answer.body);
    }
    let (csrf, key) = (ticket.field("csrf"), ticket.field("key"));
    for path in acts {
        let fields = [("csrf", csrf.as_str()), ("key", key.as_str()), ("address", LEA)];
        assert_eq!(site.post(&format!("{PAGE}/{path}"), &fields).await.status, 409, "{path}");
    }
    assert!(is_untouched(&site).await);
    let nobody = Site::of(TestDesk::new(database).await, false, Vec::new()).await;
    let answer = nobody.get(PAGE).await;
    let sign_in = "/admin/sign-in?next=%2Fadmin%2Fsupport%2Foperations";
    assert_eq!((answer.status, answer.header("location")), (303, Some(sign_in)));
}

async fn a_form_of_another_site_does_nothing(database: Database) {
    let (mut site, acts) = full(database).await;
    site.led().await;
    let before = lines(&site).await.len();
    assert_eq!(before, 0, "to be added by the program is no line");
    let page = site.get(PAGE).await;
    let (csrf, key) = (page.field("csrf"), page.field("key"));
    for path in acts {
        let path = format!("{PAGE}/{path}");
        let forged = [("csrf", "x"), ("key", key.as_str()), ("address", LEA)];
        assert_eq!(site.post(&path, &forged).await.status, 403, "{path}");
        let keyless = [("csrf", csrf.as_str()), ("address", LEA)];
        assert_eq!(site.post(&path, &keyless).await.status, 400, "{path}");
    }
    assert!(is_untouched(&site).await);
    for nowhere in ["held/99/source", "held/x/source", "nowhere"] {
        assert_eq!(site.get(&format!("{PAGE}/{nowhere}")).await.status, 404, "{nowhere}");
    }
    let none = site.act(PAGE, &format!("{PAGE}/deliveries/99/resend"), &[]).await;
    assert_eq!(none.status, 404);
}

async fn an_empty_desk_says_so_in_words(database: Database) {
    let site = lead_of(TestDesk::new(database).await, Vec::new()).await;
    let page = site.get(PAGE).await;
    for said in [
        "<h1>Exploitation</h1>",
        "aria-current=\"page\">Exploitation",
        "Aucune boîte n’est relevée",
        "désactivé (section <code>[canary]</code>)",
        "(0\u{a0}mail en attente)",
        "Aucun mail en attente d’une décision.",
        "Rien n’attend de partir.",
        "Aucun envoi en échec, aucun incertain.",
        "Aucun webhook n’est configuré",
        "Aucune&nbsp;: tous les mails partent.",
        env!("CARGO_PKG_VERSION"),
        match database {
            Database::Sqlite => "<dd>SQLite</dd>",
            Database::Postgres => "<dd>PostgreSQL</dd>",
        },
        match database {
            Database::Sqlite => "<code>guichet db backup FICHIER</code>",
            Database::Postgres => "<code>pg_dump</code>",
        },
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains("rel=\"next\""), "{}", page.body);
    let nothing = site.act(PAGE, &format!("{PAGE}/webhooks/resend"), &[]).await;
    assert!(nothing.body.contains("Rien n’est abandonné."), "{}", nothing.body);
    assert_eq!(lines(&site).await, []);
}

async fn mailboxes_that_are_late_and_alerts_are_shown(database: Database) {
    let desk = TestDesk::new(database).await;
    let mailbox = |host: &str| Mailbox {
        name: format!("imap:{host}"),
        label: format!("INBOX@{host} <&>"),
        oldest: std::time::Duration::from_secs(300),
    };
    desk.desk.note_sync("imap:a", desk.now).await.unwrap();
    desk.desk.raise_alert(AlertKind::MissingMail, "INBOX@b <x>", "2").await.unwrap();
    let site = lead_of(desk, vec![mailbox("a"), mailbox("b")]).await;
    let page = site.get(PAGE).await;
    for said in [
        "<th scope=\"row\">INBOX@a &lt;&amp;&gt;</th>",
        "il\u{a0}y\u{a0}a\u{a0}0\u{a0}s</time></td><td>À jour</td>",
        "<td>jamais</td><td><strong class=\"late\">En retard</strong></td>",
        "Lancez <code>guichet check</code>",
        "La boîte INBOX@b &lt;x&gt; contient 2\u{a0}mails",
        "depuis le 24 novembre 2026",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert_eq!(page.body.matches("La boîte INBOX@b").count(), 1, "said once: {}", page.body);
}

/// More text than a first block of it holds when it is packed, and that cannot be packed well.
fn noise() -> String {
    let mut state: u32 = 1;
    let letter = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'0' + (state >> 26) as u8)
    };
    (0..600_000)
        .map(letter)
        .collect::<Vec<_>>()
        .chunks(60)
        .map(|line| line.iter().collect::<String>() + "\r\n")
        .collect()
}

/// A mail that can be filed, held because the server had not given it whole.
async fn hold(site: &Site, n: usize, from: &str, subject: &str) {
    let raw = format!(
        "From: {from}\r\nTo: support@bettracker.example\r\nSubject: {subject}\r\nMessage-ID: <held-{n}@a.example>\r\n\r\n\
         Bonjour, {n}.\r\n{}",
        if n == 22 { noise() } else { String::new() }
    );
    site.desk.journal_part(raw.as_bytes(), "not given by the server").await;
}

async fn a_held_mail_is_shown_as_text_read_sealed_and_replayed_once(database: Database) {
    let site = lead(database).await;
    hold(&site, 1, "\"<script>alert(1)</script>\" <mallory@courriel.example>", "<img src=x> & \u{202e}co")
        .await;
    let page = site.get(PAGE).await;
    for said in [
        "(1\u{a0}mail en attente)",
        "&lt;img src=x&gt; &amp; co",
        "&lt;script&gt;alert(1)&lt;&#x2f;script&gt;",
        "mallory@courriel.example",
        "Le serveur ne le donne pas",
        "aria-label=\"Rejouer le mail retenu nº&nbsp;2\"",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let source = site.get(&format!("{PAGE}/held/2/source")).await;
    assert_eq!(source.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(source.header("content-security-policy").unwrap().contains("sandbox"), "{}", source.head);
    assert!(source.body.starts_with("From: \"<script>alert(1)</script>\""), "{}", source.body);

    let (csrf, key) = (page.field("csrf"), page.field("key"));
    let (replay, fields) =
        (format!("{PAGE}/held/2/replay"), [("csrf", csrf.as_str()), ("key", key.as_str())]);
    let first = site.post(&replay, &fields).await;
    let again = site.post(&replay, &fields).await;
    assert_eq!((first.status, first.header("location")), (303, again.header("location")));
    let shown = site.get(first.header("location").unwrap().split('#').next().unwrap()).await;
    assert!(shown.body.contains("Le mail est maintenant sur le ticket nº\u{a0}2."), "{}", shown.body);
    assert!(shown.body.contains("Aucun mail en attente d’une décision."), "{}", shown.body);
    let other = site.act(PAGE, &replay, &[]).await;
    assert!(other.body.contains("Ce mail n’est plus en attente"), "{}", other.body);
    let ticket = site.desk.desk.ticket(TicketId(2)).await.unwrap().unwrap();
    assert_eq!((ticket.requester.email.as_str(), ticket.messages.len()), ("mallory@courriel.example", 1));
    let lines = lines(&site).await;
    assert_eq!((lines.len(), lines[0].kind, lines[0].actor.as_str()), (1, AuditKind::MailReplayed, "Alix"));
    assert_eq!((lines[0].door.as_str(), lines[0].detail.mail), ("web", Some(2)));
    assert_eq!(site.get(&format!("{PAGE}/held/2/source")).await.status, 404, "it is held no more");
}

async fn a_mail_that_still_cannot_be_filed_stays_held(database: Database) {
    let site = lead(database).await;
    site.desk.mail("To: support@bettracker.example\nMessage-ID: <2@a.example>\n\nBonjour.").await;
    let page = site.get(PAGE).await;
    for said in ["(sans objet)", "(sans expéditeur)", "Aucun expéditeur"] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let after = site.act(PAGE, &format!("{PAGE}/held/2/replay"), &[]).await;
    assert!(after.body.contains("Le mail reste en attente"), "{}", after.body);
    assert_eq!(site.desk.desk.held_mails().await.unwrap()[0].id, RawMailId(2));
}

/// The value of the link behind a list, as a browser reads it.
fn next(body: &str, part: &str) -> Option<String> {
    let start = format!("href=\"&#x2f;admin&#x2f;support&#x2f;operations?{part}=");
    let rest = body.split(&start).nth(1)?.split('"').next()?;
    let place = rest.split('#').next()?.replace("&#x2f;", "/");
    Some(format!("{PAGE}?{part}={place}"))
}

async fn held_mails_go_on_behind_the_last_one_shown(database: Database) {
    let site = lead(database).await;
    for n in 0..23 {
        hold(&site, n, &format!("c{n}@client.example"), &format!("Sujet {n}.")).await;
    }
    let first = site.get(PAGE).await.body;
    assert!(first.contains("(23\u{a0}mails en attente)"), "{first}");
    assert!(
        first.contains("Sujet 22.") && first.contains("Sujet 3.") && !first.contains("Sujet 2."),
        "{first}"
    );
    let rest = site.get(&next(&first, "held").expect("there are more")).await.body;
    assert!(rest.contains("Sujet 2.") && rest.contains("Sujet 0.") && !rest.contains("Sujet 3."), "{rest}");
    assert!(next(&rest, "held").is_none() && rest.contains("rel=\"first\""), "{rest}");
}

async fn what_failed_is_sent_again_and_what_may_have_arrived_is_marked_sent(database: Database) {
    let mut site = lead(database).await;
    let failed = fail_a_mail(&mut site).await;
    site.desk.say("reply 1 Encore un mot.").await;
    for minutes in [1, 10] {
        site.desk.elapse(Duration::minutes(minutes)).await;
        site.desk.lose().await;
    }
    let uncertain = mails(&site).await[1].id;
    assert_eq!(mails(&site).await[1].state, DeliveryState::Uncertain);
    let page = site.get(PAGE).await;
    for said in [
        "<tr><th scope=\"row\">❌ En échec</th><td>0</td><td>1</td><td>0</td></tr>",
        "<tr><th scope=\"row\">❓ Incertain</th><td>0</td><td>1</td><td>0</td></tr>",
        "550 5.7.1 &lt;b&gt;refus&lt;&#x2f;b&gt;",
        "<a href=\"/admin/support/tickets/1\">Ticket nº&nbsp;1</a>",
        &format!("aria-label=\"Renvoyer l’envoi nº&nbsp;{failed} à {LEA}\""),
        &format!("aria-label=\"Marquer envoyé l’envoi nº&nbsp;{uncertain} à {LEA}\""),
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains(&format!("deliveries/{failed}/sent")), "it did not arrive: {}", page.body);
    let place = |id: DeliveryId| page.body.find(&format!("id=\"delivery-{id}\"")).expect("it is listed");
    assert!(place(uncertain) < place(failed), "the latest first");

    let sent = site.act(PAGE, &format!("{PAGE}/deliveries/{failed}/resend"), &[]).await;
    assert!(
        sent.body.contains(&format!("L’envoi nº\u{a0}{failed} du ticket nº\u{a0}1 repart.")),
        "{}",
        sent.body
    );
    assert!(sent.body.contains("E-mail&nbsp;: 1 en attente"), "{}", sent.body);
    let marked = site.act(PAGE, &format!("{PAGE}/deliveries/{uncertain}/sent"), &[]).await;
    assert!(marked.body.contains("est tenu pour envoyé."), "{}", marked.body);
    assert!(marked.body.contains("Aucun envoi en échec, aucun incertain."), "{}", marked.body);
    let states: Vec<_> = mails(&site).await.iter().map(|mail| mail.state).collect();
    assert_eq!(states, [DeliveryState::Pending, DeliveryState::Sent]);
    let refused = site.act(PAGE, &format!("{PAGE}/deliveries/{uncertain}/sent"), &[]).await;
    assert!(refused.body.contains("flash no"), "{}", refused.body);
    let ticket = site.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap();
    let told: Vec<_> =
        ticket.events.iter().rev().take(2).map(|event| (event.kind, event.actor.as_str())).collect();
    assert_eq!(told, [(EventKind::MarkedSent, "Alix"), (EventKind::Resent, "Alix")]);
}

/// Failed mails of ticket 1 to as many addresses.
async fn fail_mails(site: &Site, count: usize) {
    let event = site.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap().events[0].id;
    let mut tx = site.desk.store.begin().await.unwrap();
    for n in 0..count {
        let address = format!("o'neil&co-{n}.@client.example");
        let delivery = NewDelivery {
            ticket: TicketId(1),
            event,
            message_id: None,
            channel: Channel::Email,
            kind: NoticeKind::Info,
            announces: None,
            title: "<em>Titre</em>",
            message: "",
            address: Some(&address),
            rfc_id: None,
            in_reply_to: None,
            refs: None,
            cc: &[],
            subscription: None,
            state: DeliveryState::Failed,
            why: None,
            next_attempt_at: site.desk.now,
        };
        // Several at one instant: the number decides.
        tx.add_delivery(&delivery, site.desk.now + Duration::seconds(n as i64 / 4)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn troubled_deliveries_go_on_behind_the_last_one_shown(database: Database) {
    let site = lead(database).await;
    fail_mails(&site, 45).await;
    let (mut seen, mut path) = (Vec::new(), Some(PAGE.to_owned()));
    while let Some(here) = path {
        let body = site.get(&here).await.body;
        assert!(body.contains("&lt;em&gt;Titre&lt;&#x2f;em&gt;"), "{body}");
        let addresses = body.split("<p>o&#x27;neil&amp;co-").skip(1);
        seen.extend(addresses.map(|rest| rest.split('.').next().unwrap().parse::<usize>().unwrap()));
        path = next(&body, "troubled");
    }
    assert_eq!(seen, (0..45).rev().collect::<Vec<_>>());
    for nonsense in ["x", "2026-11-24,1", "99,99", ""] {
        assert_eq!(site.get(&format!("{PAGE}?troubled={nonsense}&held=x&posts=-")).await.status, 200);
    }
}

async fn providers_that_asked_for_fewer_mails_are_named(database: Database) {
    let mut site = lead(database).await;
    site.desk
        .mail("From: Marc <marc@orange.fr>\nTo: support@bettracker.example\nSubject: Pari\nMessage-ID: <3@orange.fr>\n\nBonjour.")
        .await;
    site.desk.say("reply 2 Bonjour.").await;
    site.desk.elapse(Duration::seconds(30)).await;
    let parcel = site.desk.desk.claim(10).await.unwrap().parcels.remove(0);
    site.desk.desk.record(&parcel, Outcome::Retry("421 4.7.0 trop".into())).await.unwrap();
    let page = site.get(PAGE).await;
    let row = "<tr><th scope=\"row\">Orange</th><td>1</td><td>a demandé d’attendre\u{a0}: rien ne part avant 10\u{a0}h\u{a0}01</td></tr>";
    assert!(page.body.contains(row), "{}", page.body);
    assert!(page.body.contains("E-mail&nbsp;: 1 en attente, le plus ancien"), "{}", page.body);
}

async fn what_a_chat_platform_refused_is_posted_again(database: Database) {
    let site = lead(database).await;
    let post = refuse_a_post(&site, PostKind::Escalation).await;
    let page = site.get(PAGE).await;
    for said in [
        "Publications Slack\u{a0}: 1\u{a0}refusée",
        "Slack\u{a0}: escalade",
        "&lt;i&gt;invalid_blocks&lt;&#x2f;i&gt;",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let resend = format!("{PAGE}/posts/{post}/resend");
    let after = site.act(PAGE, &resend, &[]).await;
    assert!(after.body.contains(&format!("La publication nº\u{a0}{post} repart.")), "{}", after.body);
    assert!(after.body.contains("Publications Slack\u{a0}: 1\u{a0}en attente"), "{}", after.body);
    let again = site.act(PAGE, &resend, &[]).await;
    assert!(again.body.contains("n’est plus refusée"), "{}", again.body);
    let lines = lines(&site).await;
    assert_eq!((lines.len(), lines[0].kind, lines[0].detail.sent), (1, AuditKind::PostResent, Some(post.0)));
}

async fn what_a_webhook_gave_up_is_told_again_one_by_one_and_all_at_once(database: Database) {
    let hook = Hook { name: "app".into(), events: vec![HookEvent::TicketCreated] };
    let site = lead_of(TestDesk::telling(database, vec![hook]).await, Vec::new()).await;
    for n in 1..=3 {
        let mail = format!(
            "From: c{n}@client.example\nTo: support@bettracker.example\nSubject: Pari\nMessage-ID: <{n}@a.example>\n\nBonjour."
        );
        site.desk.mail(&mail).await;
    }
    let posts = give_up(&site).await;
    let page = site.get(PAGE).await;
    for said in [
        "<strong>app</strong> 0 en attente, 3\u{a0}abandonnés",
        "Aucun succès encore",
        "<code>ticket.created</code>",
        "réponse 400 &lt;u&gt;",
        &format!("aria-label=\"Renvoyer l’événement nº&nbsp;{} à app\"", posts[0]),
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let one = format!("{PAGE}/webhooks/{}/resend", posts[0]);
    let after = site.act(PAGE, &one, &[]).await;
    assert!(after.body.contains("1\u{a0}événement repart."), "{}", after.body);
    assert!(after.body.contains("1 en attente, 2\u{a0}abandonnés"), "{}", after.body);
    let again = site.act(PAGE, &one, &[]).await;
    assert!(again.body.contains("n’est pas celui d’un événement"), "{}", again.body);
    let all = site.act(PAGE, &format!("{PAGE}/webhooks/resend"), &[]).await;
    assert!(all.body.contains("2\u{a0}événements repartent."), "{}", all.body);
    let lines = lines(&site).await;
    let told: Vec<_> = lines.iter().map(|line| (line.kind, line.detail.sent, line.detail.all)).collect();
    let resent = AuditKind::WebhookResent;
    assert_eq!(told, [(resent, None, Some(2)), (resent, Some(posts[0].0), None)]);
    let log = site.get("/admin/support/audit").await;
    assert!(log.body.contains("webhooks\u{a0}: 2\u{a0}événements abandonnés renvoyés"), "{}", log.body);
}

async fn addresses_without_mail_are_found_and_get_mail_again(database: Database) {
    let mut site = lead(database).await;
    let mail = fail_a_mail(&mut site).await;
    suppress(&site, LEA, mail).await;
    let hostile = "\"<script>\"@courriel.example";
    suppress(&site, hostile, mail).await;
    let page = site.get(PAGE).await;
    for said in [
        "(2\u{a0}adresses)",
        "adresse inconnue (5.1.1) &lt;s&gt;",
        "&quot;&lt;script&gt;&quot;@courriel.example",
        &format!("aria-label=\"Reprendre l’envoi à {LEA}\""),
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let search = format!("{PAGE}/suppressed");
    let found = site.act(PAGE, &search, &[("address", " Lea@C")]).await;
    assert!(found.body.contains(&format!("<strong>{LEA}</strong>")), "{}", found.body);
    assert!(
        !found.body.contains("&lt;script&gt;") && found.body.contains("value=\"Lea@C\""),
        "{}",
        found.body
    );
    let none = site.act(PAGE, &search, &[("address", "<b>%_")]).await;
    assert!(none.body.contains("Aucune adresse suspendue ne commence ainsi."), "{}", none.body);
    assert!(none.body.contains("value=\"&lt;b&gt;%_\""), "{}", none.body);

    let resume = format!("{PAGE}/suppressed/resume");
    let after = site.act(PAGE, &resume, &[("address", LEA)]).await;
    assert!(after.body.contains(&format!("Les e-mails partent de nouveau vers {LEA}.")), "{}", after.body);
    assert!(!is_suppressed(&site, LEA).await && is_suppressed(&site, hostile).await);
    let again = site.act(PAGE, &resume, &[("address", LEA)]).await;
    assert!(again.body.contains("Les e-mails partaient déjà"), "{}", again.body);
    let other = site.act(PAGE, &resume, &[("address", hostile)]).await;
    assert!(other.body.contains("Aucune&nbsp;: tous les mails partent."), "{}", other.body);
    let lines = lines(&site).await;
    let told: Vec<_> = lines.iter().map(|line| (line.kind, line.detail.person)).collect();
    assert_eq!(told, [(AuditKind::MailResumed, None), (AuditKind::MailResumed, Some(1))]);
}

/// What stands behind `mark` in a list, from its first page to its last.
async fn leafed(site: &Site, part: &str, mark: &str) -> Vec<String> {
    let (mut seen, mut path) = (Vec::new(), Some(PAGE.to_owned()));
    while let Some(here) = path {
        let body = site.get(&here).await.body;
        let rows = body.split(mark).skip(1);
        seen.extend(rows.map(|rest| rest.split(['"', '.']).next().unwrap_or_default().to_owned()));
        path = next(&body, part);
    }
    seen
}

async fn each_other_list_goes_on_behind_the_last_row_shown(database: Database) {
    let hook = Hook { name: "app".into(), events: vec![HookEvent::TicketCreated] };
    let site = lead_of(TestDesk::telling(database, vec![hook]).await, Vec::new()).await;
    let mail = |n: usize| {
        let raw = format!(
            "From: c{n}@client.example\r\nTo: support@bettracker.example\r\nSubject: Pari\r\nMessage-ID: <{n}@a.example>\r\n\r\n\
             Bonjour.\r\n"
        );
        raw.into_bytes()
    };
    site.desk.mails((0..25).map(mail).collect()).await;
    let mut hooks: Vec<HookPostId> = Vec::new();
    while hooks.len() < 25 {
        hooks.extend(give_up(&site).await);
    }
    let mut posts = Vec::new();
    for _ in 0..45 {
        posts.push(refuse_a_post(&site, PostKind::Card).await.to_string());
    }
    fail_mails(&site, 25).await;
    let failed = site.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap().deliveries;
    let failed: Vec<DeliveryId> =
        failed.into_iter().filter(|one| one.state == DeliveryState::Failed).map(|one| one.id).collect();
    for (n, delivery) in failed.into_iter().enumerate() {
        suppress(&site, &format!("n{n}.@client.example"), delivery).await;
    }
    let newest_first = |ids: &mut dyn DoubleEndedIterator<Item = String>| ids.rev().collect::<Vec<_>>();
    hooks.sort();
    let hooks = newest_first(&mut hooks.iter().map(ToString::to_string));
    assert_eq!(leafed(&site, "given_up", "id=\"hook-").await, hooks);
    assert_eq!(leafed(&site, "posts", "id=\"post-").await, newest_first(&mut posts.into_iter()));
    let addresses = newest_first(&mut (0..25).map(|n| format!("n{n}")));
    assert_eq!(leafed(&site, "suppressed", "name=\"address\" value=\"n").await.len(), 25);
    let shown = leafed(&site, "suppressed", "<strong>n").await;
    assert_eq!(shown.iter().map(|rest| format!("n{rest}")).collect::<Vec<_>>(), addresses);
}

async fn the_page_fits_a_telephone_and_the_dark(database: Database) {
    let (mut site, _) = full(database).await;
    site.led().await;
    let address = site.address;
    let complaints = tokio::task::spawn_blocking(move || {
        let draw = |page: &mut Chromium, name: &str| {
            if let Some(folder) = std::env::var_os("GUICHET_DRAW_PAGES") {
                page.picture(&std::path::Path::new(&folder).join(name));
            }
        };
        let here = format!("http://localhost:{}", address.port());
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        let levels = "[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])\
                      .every((level, at, all) => at == 0 ? level == 1 : level <= all[at - 1] + 1)";
        let named = "[...document.querySelectorAll('main button, main input:not([type=hidden])')]\
                     .every(one => one.ariaLabel || one.labels.length || one.textContent.trim())";
        let mut complaints = Vec::new();
        for (width, height, size) in [(320, 640, "phone"), (1280, 900, "desktop")] {
            let mut page = Chromium::open(width, height);
            page.go(&format!("{here}/admin/sign-in"));
            page.fill("input[name=name]", "Alix");
            page.fill("input[name=password]", PASSWORD);
            page.click(".door button");
            page.wait_for_text("Exploitation");
            for shade in ["light", "dark"] {
                page.go(&format!("{here}{PAGE}"));
                for holds in [fits, levels, named] {
                    assert_eq!(page.evaluate(holds), true, "{size}, {shade}: {holds}");
                }
                draw(&mut page, &format!("operations-{size}-{shade}.png"));
                page.prefer_dark();
            }
            page.fill("input[name=address]", "lea");
            page.press_enter();
            page.wait_for_text("Toutes les adresses suspendues");
            if size == "desktop" {
                page.click("#suppressed .decide button");
                page.wait_for_text("Les e-mails partent de nouveau");
                page.click("#held .decide button");
                page.wait_for_text("Le mail reste en attente");
            }
            complaints.extend(page.complaints().to_vec());
        }
        complaints
    })
    .await
    .unwrap();
    assert_eq!(complaints, [""; 0]);
    assert!(!is_suppressed(&site, LEA).await);
}
