//! The CMs' resources over HTTP: articles found, shown, set into replies and written; standard replies written, compared and
//! taken back; the checklist; what comes up again and again; and the command `kb`.

use crate::pages::{Answer, PASSWORD, Site};
use crate::support::chromium::Chromium;
use crate::support::desk::{Database, on_both};
use guichet::clock::Clock;
use guichet::command::parse::parse;
use guichet::desk::Desk;
use guichet::domain::audit::AuditKind;
use guichet::domain::people::{Door, Role};
use guichet::view::View;
use guichet::wording::text;
use std::path::PathBuf;

on_both! {
    articles_are_searched_marked_and_shown,
    hostile_pages_and_names_are_harmless,
    an_article_becomes_a_reply,
    a_lead_writes_an_article_and_it_is_read_at_once,
    two_who_write_one_article_see_both_texts,
    a_standard_reply_is_written_and_counts_at_once_at_every_door,
    a_standard_reply_that_cannot_be_filled_in_is_refused_with_its_text,
    two_who_write_one_standard_reply_see_both_texts,
    a_standard_reply_goes_back_to_an_earlier_version_and_to_its_origin,
    a_standard_reply_is_made_and_taken_away,
    an_agent_reads_everything_and_writes_nothing,
    forms_of_others_are_refused,
    the_checklist_fills_itself,
    what_comes_up_again_becomes_an_article,
    the_command_answers_with_articles,
    a_browser_reads_and_writes_the_resources,
}

/// The site of Léa's mail, with a lead signed in.
async fn lead(database: Database) -> Site {
    let mut site = Site::signed_in(database).await;
    let desk = &site.desk.desk;
    let hash = desk.password_hash(site.desk.camille.id).await.unwrap().expect("she has one");
    let lead = desk.add_agent("Alix", Role::Lead).await.unwrap().unwrap();
    desk.set_password_hash(lead.id, &hash).await.unwrap();
    let answer = site.sign_in("Alix", PASSWORD).await;
    site.keep_cookie(&answer);
    site
}

/// The folder of the knowledge base.
fn kb(site: &Site) -> PathBuf {
    let folder = site.desk.folder.path().join("docs/kb");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A page as it reads: a slash is a slash.
fn assert_has(page: &Answer, wanted: &[&str]) {
    let body = page.body.replace("&#x2f;", "/");
    for text in wanted {
        assert!(body.contains(text), "{text}\n{body}");
    }
}

async fn articles_are_searched_marked_and_shown(database: Database) {
    let site = Site::signed_in(database).await;
    std::fs::write(kb(&site).join("carte.md"), "# Carte refusée\n\nLa **banque** l’a refusée.\n").unwrap();
    let list = site.get("/docs/kb").await;
    assert_eq!(list.status, 200);
    assert_has(
        &list,
        &["Carte refusée", "Ticket Spam", "Bonnes Pratiques de Réponse", "aria-current=\"page\">Ressources"],
    );
    let found = site.get("/docs/kb?q=BANQ%20refusee").await;
    assert_has(
        &found,
        &["1\u{a0}article", "<mark>banque</mark>", "Carte <mark>refusée</mark>", "/docs/kb/carte"],
    );
    assert!(!found.body.contains("Ticket Spam"), "{}", found.body);
    assert_has(&site.get("/docs/kb?q=anque").await, &["Aucun article. Essayez"]);
    let page = site.get("/docs/kb/carte").await;
    assert_has(&page, &["<h1>Carte refusée</h1>", "<strong>banque</strong>", "Votre article"]);
    let tech = site.get("/docs/faq-tech").await;
    assert_has(&tech, &["Un mail reçu n’est pas devenu un ticket"]);
    assert_has(&site.get("/docs/faq-tech/escalade-technique").await, &["Fourni avec Guichet"]);
    assert_eq!(site.get("/docs").await.header("location"), Some("/docs/kb"));
    // Read again when it changes, without anybody being told.
    std::fs::write(kb(&site).join("carte.md"), "# Carte bancaire\n\nAutre chose.\n").unwrap();
    assert_has(&site.get("/docs/kb/carte").await, &["<h1>Carte bancaire</h1>"]);
}

async fn hostile_pages_and_names_are_harmless(database: Database) {
    let site = Site::signed_in(database).await;
    let folder = kb(&site);
    let hostile = "# <img src=x onerror=alert(1)>\n\n<script>alert(1)</script> <svg onload=alert(1)></svg>\n\n\
                   [a](javascript:alert(1)) <a href=\"javascript:alert(1)\" onclick=x>b</a> ![p](https://evil.example/p.png)\n";
    std::fs::write(folder.join("piege.md"), hostile).unwrap();
    std::fs::write(folder.join("gros.md"), vec![b'x'; (1 << 20) + 1]).unwrap();
    std::fs::write(folder.join("latin.md"), b"\xe9").unwrap();
    std::fs::write(site.desk.folder.path().join("docs/secret.md"), "# Secret").unwrap();
    std::os::unix::fs::symlink(site.desk.folder.path().join("docs/secret.md"), folder.join("lien.md"))
        .unwrap();
    for path in ["/docs/kb", "/docs/kb?q=alert", "/docs/kb/piege", "/docs/kb?q=%3Cscript%3E"] {
        let page = site.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        for never in [
            "<script>alert",
            "<img src=x",
            "<svg onload",
            "<a href=\"javascript",
            "evil.example\"",
            "q\" value=\"<",
        ] {
            assert!(!page.body.contains(never), "{path}: {never}\n{}", page.body);
        }
    }
    let list = site.get("/docs/kb").await;
    assert_has(
        &list,
        &["<code>gros.md</code>", "plus de 1\u{a0}Mio", "<code>latin.md</code>", "<code>lien.md</code>"],
    );
    for path in [
        "/docs/kb/gros",
        "/docs/kb/latin",
        "/docs/kb/lien",
        "/docs/kb/..%2Fsecret",
        "/docs/kb/..%2F..%2Fguichet",
        "/docs/kb/%2Fetc%2Fpasswd",
        "/docs/kb/piege%00",
        "/docs/..%2F..",
        "/docs/secret",
        "/docs/kb/inconnu",
        "/docs/templates/inconnu",
        "/admin/support/tickets/99?article=kb/piege",
    ] {
        assert_eq!(site.get(path).await.status, 404, "{path}");
    }
    let nothing = site.get("/admin/support/tickets/1?article=kb/../secret").await;
    assert!(nothing.status == 200 && !nothing.body.contains("Secret"), "{}", nothing.body);
}

async fn an_article_becomes_a_reply(database: Database) {
    let site = Site::signed_in(database).await;
    std::fs::write(kb(&site).join("carte.md"), "# Carte\n\nBonjour [Prénom],\n\n- **un** <b>&\n- deux\n")
        .unwrap();
    let ticket = site.get("/admin/support/tickets/1").await;
    assert_has(&ticket, &["href=\"/docs/kb?ticket=1\"", "Base de connaissances"]);
    let list = site.get("/docs/kb?ticket=1").await;
    assert_has(
        &list,
        &["/admin/support/tickets/1?article=kb/carte#reply", "Insérer dans la réponse au ticket 1"],
    );
    let there = site.get("/docs/kb/carte/insert?ticket=%20n%C2%BA1").await;
    assert_eq!(
        (there.status, there.header("location")),
        (303, Some("/admin/support/tickets/1?article=kb/carte#reply"))
    );
    let reply = site.get("/admin/support/tickets/1?article=kb/carte").await;
    assert_has(
        &reply,
        &["Bonjour [Prénom],\n\n- **un** &lt;b&gt;&amp;\n- deux</textarea>", "<code>[Prénom]</code>"],
    );
    for (number, said) in
        [("99", "Aucun ticket n’a le numéro"), ("x%3Cb%3E", "x&lt;b&gt;"), ("", "Donnez le numéro")]
    {
        let again = site.get(&format!("/docs/kb/carte/insert?ticket={number}")).await;
        assert_eq!(again.status, 422, "{number}");
        assert_has(&again, &[said]);
    }
}

async fn a_lead_writes_an_article_and_it_is_read_at_once(database: Database) {
    let site = lead(database).await;
    let fields =
        [("section", "kb"), ("title", "Carte refusée ?"), ("body", "Voir la\r\nbanque."), ("do", "preview")];
    let preview = site.act("/docs/write", "/docs/write", &fields).await;
    assert_has(&preview, &["Aperçu", "<p>Voir la\nbanque.</p>", "Voir la\nbanque.</textarea>"]);
    assert!(!site.desk.folder.path().join("docs").exists(), "nothing is written by looking at it");
    let fields =
        [("section", "kb"), ("title", "Carte refusée ?"), ("body", "Voir la\r\nbanque."), ("do", "keep")];
    let kept = site.act("/docs/write", "/docs/write", &fields).await;
    assert_has(
        &kept,
        &["L’article est enregistré.", "<h1>Carte refusée ?</h1>", "/docs/kb/carte-refusee/edit"],
    );
    let file = site.desk.folder.path().join("docs/kb/carte-refusee.md");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# Carte refusée ?\n\nVoir la\nbanque.\n");
    let lines = site.desk.desk.audit_lines(None, 10).await.unwrap();
    assert_eq!(
        (lines[0].kind, lines[0].detail.document.as_deref()),
        (AuditKind::ArticleSet, Some("kb/carte-refusee"))
    );
    assert_has(&site.get("/admin/support/audit").await, &["article «\u{a0}kb/carte-refusee\u{a0}» écrit"]);
    // The same title again is another article's, unless it is the same form.
    let other = [("section", "kb"), ("title", "Carte REFUSEE"), ("body", "Autre"), ("do", "keep")];
    let taken = site.act("/docs/write", "/docs/write", &other).await;
    assert_eq!(taken.status, 422);
    assert_has(&taken, &["un autre porte ce titre", "Autre</textarea>"]);
    site.act("/docs/write", "/docs/write", &fields).await;
    assert_eq!(site.desk.desk.audit_lines(None, 10).await.unwrap().len(), 1);
    for (title, body, said) in [("« ! »", "x", "donnez-lui un titre"), ("Titre", " \r\n", "pas de texte")] {
        let refused = site
            .act("/docs/write", "/docs/write", &[("section", "kb"), ("title", title), ("body", body)])
            .await;
        assert_eq!(refused.status, 422);
        assert_has(&refused, &[said]);
    }
    let long = "é".repeat(100_001);
    let refused = site
        .act("/docs/write", "/docs/write", &[("section", "kb"), ("title", "Long"), ("body", &long)])
        .await;
    assert_eq!(refused.status, 422);
    // A file that cannot be read is not written over.
    std::fs::write(kb(&site).join("latin.md"), b"\xe9").unwrap();
    let fields = [("section", "kb"), ("title", "Latin"), ("body", "x"), ("do", "keep")];
    assert_eq!(site.act("/docs/write", "/docs/write", &fields).await.status, 422);
    assert_eq!(std::fs::read(kb(&site).join("latin.md")).unwrap(), b"\xe9");
    // A page that comes with the program is written as one of the folder.
    let edit = "/docs/kb/ticket-spam/edit";
    let form = site.get(edit).await;
    assert_has(&form, &["value=\"Ticket Spam\"", "1. Vérifier que c&#x27;est bien du spam"]);
    let seen = form.field("seen");
    let kept = site
        .act(edit, edit, &[("seen", &seen), ("title", "Spam"), ("body", "Chez nous"), ("do", "keep")])
        .await;
    assert_has(&kept, &["<h1>Spam</h1>", "Votre article"]);
    // A folder that takes nothing is said, and the text is kept.
    std::fs::write(site.desk.folder.path().join("docs/faq-tech"), "no folder").unwrap();
    let fields = [("section", "faq-tech"), ("title", "Un"), ("body", "Mon texte"), ("do", "keep")];
    let refused = site.act("/docs/write", "/docs/write", &fields).await;
    assert_eq!(refused.status, 422);
    assert_has(&refused, &["ne se laisse pas écrire", "Mon texte</textarea>"]);
}

async fn two_who_write_one_article_see_both_texts(database: Database) {
    let site = lead(database).await;
    let (file, edit) = (kb(&site).join("carte.md"), "/docs/kb/carte/edit");
    std::fs::write(&file, "# Carte\n\nUn\n").unwrap();
    let seen = site.get(edit).await.field("seen");
    std::fs::write(&file, "# Carte\n\nLeur texte\n").unwrap();
    let both = site
        .act(edit, edit, &[("seen", &seen), ("title", "Carte"), ("body", "Mon texte"), ("do", "keep")])
        .await;
    assert_eq!(both.status, 422);
    assert_has(&both, &["quelqu’un d’autre a écrit entre-temps", "Leur texte</pre>", "Mon texte</textarea>"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# Carte\n\nLeur texte\n");
    let seen = both.field("seen");
    site.act(edit, edit, &[("seen", &seen), ("title", "Carte"), ("body", "Les deux"), ("do", "keep")]).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# Carte\n\nLes deux\n");
    assert_eq!(site.desk.desk.audit_lines(None, 10).await.unwrap().len(), 1);
}

const EDIT: &str = "/docs/templates/solution/edit";

/// Fills in the form of `solution` and sends it.
async fn write(site: &Site, seen: &str, body: &str, act: &str) -> Answer {
    let fields =
        [("seen", seen), ("title", "Solution"), ("then", "waiting_customer"), ("body", body), ("do", act)];
    site.act(EDIT, EDIT, &fields).await
}

async fn a_standard_reply_is_written_and_counts_at_once_at_every_door(database: Database) {
    let site = lead(database).await;
    let list = site.get("/docs/templates").await;
    assert_has(
        &list,
        &["Solution Fournie", "[Explication détaillée de la solution]", "Transfère à l’équipe produit"],
    );
    let body = "Salut [Prénom],\r\n\r\n[Explication détaillée de la solution]\r\n\r\n[Votre prénom]";
    let preview = write(&site, "0", body, "preview").await;
    assert_has(&preview, &["Salut Jean,", "Alix</pre>", "Salut [Prénom],"]);
    assert_eq!(site.desk.desk.template("solution").await.unwrap().unwrap().template.version, 0);
    let kept = write(&site, "0", body, "keep").await;
    assert_has(&kept, &["Le modèle est enregistré", "Version 1", "Alix", "Revenir au texte d’origine"]);
    assert_has(&site.get("/admin/support/tickets/1?template=solution").await, &["Salut Léa,"]);
    // Another process on the same database, by another door.
    let test = &site.desk;
    let other =
        Desk::open(test.store.clone(), Clock::At(test.now), crate::support::desk::settings()).await.unwrap();
    let command = parse("reply 1 --template solution C'est réglé.").unwrap();
    let View::Done(done) = other.run(&test.camille, Door::Slack, command, None).await.unwrap() else {
        panic!("not done")
    };
    let sent = done.ticket.messages.last().unwrap();
    assert_eq!(sent.text, "Salut Léa,\n\nC'est réglé.\n\nCamille");
    assert_eq!(done.ticket.status, guichet::domain::ticket::Status::WaitingCustomer);
    let lines = test.desk.audit_lines(None, 10).await.unwrap();
    assert_eq!((lines.len(), lines[0].kind, lines[0].detail.version), (1, AuditKind::TemplateSet, Some(1)));
    // The same form again, and the same text, are no other version.
    write(&site, "0", body, "keep").await;
    assert_eq!(test.desk.template("solution").await.unwrap().unwrap().template.version, 1);
}

async fn a_standard_reply_that_cannot_be_filled_in_is_refused_with_its_text(database: Database) {
    let site = lead(database).await;
    let long = "x".repeat(20_001);
    for (body, said) in [
        (" \r\n ", "il n’a pas de texte"),
        (long.as_str(), "son texte a 20"),
        ("Bonjour [prenom],", "Vouliez-vous dire [Prénom]"),
        ("[date|demain]", "demande une règle inconnue"),
        ("Bonjour [Prénom,", "n’est pas fermé"),
    ] {
        let refused = write(&site, "0", body, "keep").await;
        assert_eq!(refused.status, 422, "{said}");
        let shown = format!("{}</textarea>", body.replace("\r\n", "\n"));
        assert_has(&refused, &[said, &shown]);
    }
    assert_eq!(site.desk.desk.template("solution").await.unwrap().unwrap().versions, []);
    assert_eq!(site.desk.desk.audit_lines(None, 10).await.unwrap(), []);
}

async fn two_who_write_one_standard_reply_see_both_texts(database: Database) {
    let site = lead(database).await;
    write(&site, "0", "Leur texte", "keep").await;
    let both = write(&site, "0", "Mon texte", "keep").await;
    assert_eq!(both.status, 422);
    assert_has(&both, &["Ce que Alix a écrit entre-temps", "Leur texte</pre>", "Mon texte</textarea>"]);
    assert_eq!(both.field("seen"), "1");
    // At the very same time: one of them stands, and no other is lost without a word.
    let (desk, lead) = (&site.desk.desk, site.desk.desk.agent_by_name("Alix").await.unwrap().unwrap());
    let writes = (0..4).map(|n| {
        let said = guichet::domain::canned::CannedText {
            title: "Solution".into(),
            body: format!("Texte {n}"),
            then: None,
        };
        let lead = lead.clone();
        async move { desk.write_template(&lead, Some("solution"), 1, &said).await.unwrap() }
    });
    let outcomes = futures_util::future::join_all(writes).await;
    let kept = outcomes.iter().filter(|one| matches!(one, guichet::desk::resources::Put::Kept(_))).count();
    assert_eq!(kept, 1, "{outcomes:?}");
    assert_eq!(desk.template("solution").await.unwrap().unwrap().template.version, 2);
    assert_eq!(desk.audit_lines(None, 10).await.unwrap().len(), 2);
}

async fn a_standard_reply_goes_back_to_an_earlier_version_and_to_its_origin(database: Database) {
    let site = lead(database).await;
    write(&site, "0", "Premier", "keep").await;
    write(&site, "1", "Second", "keep").await;
    let (page, restore) = ("/docs/templates/solution", "/docs/templates/solution/restore");
    let back = site.act(page, restore, &[("seen", "2"), ("version", "1")]).await;
    assert_has(&back, &["Version 3", "Premier</pre>"]);
    let late = site.act(page, restore, &[("seen", "2"), ("version", "2")]).await;
    assert_has(&late, &["quelqu’un d’autre a écrit entre-temps"]);
    let origin = site.act(page, restore, &[("seen", "3"), ("version", "origin")]).await;
    assert_has(&origin, &["Version 4", "J&#x27;ai trouvé la solution à votre problème"]);
    let catalogue = site.desk.desk.catalogue().await.unwrap();
    assert_eq!(catalogue.by_key("solution"), crate::support::desk::settings().catalogue.by_key("solution"));
    let kinds: Vec<AuditKind> =
        site.desk.desk.audit_lines(None, 10).await.unwrap().into_iter().map(|line| line.kind).collect();
    use AuditKind::{TemplateReset, TemplateSet};
    assert_eq!(kinds, [TemplateReset, TemplateSet, TemplateSet, TemplateSet]);
}

async fn a_standard_reply_is_made_and_taken_away(database: Database) {
    let site = lead(database).await;
    let (new, page) = ("/docs/new-template", "/docs/templates/remboursement-fait");
    let fields = [
        ("title", "Remboursement fait"),
        ("then", "resolved"),
        ("body", "Bonjour [Prénom], [Montant]."),
        ("do", "keep"),
    ];
    let made = site.act(new, new, &fields).await;
    assert_has(&made, &["<h1>Remboursement fait</h1>", "[Montant]", "Retirer ce modèle"]);
    assert_has(&site.get("/admin/support/tickets/1").await, &["value=\"remboursement-fait\""]);
    let View::Draft(draft) = site.desk.say("template remb 1").await else { panic!("no draft") };
    assert_eq!((draft.text.as_str(), draft.missing), ("Bonjour Léa, [Montant].", vec!["Montant".to_owned()]));
    let taken = site.act(new, new, &[("title", "Solution"), ("body", "x"), ("do", "keep")]).await;
    assert_eq!(taken.status, 422);
    assert_has(&taken, &["un autre s’appelle «\u{a0}solution\u{a0}»"]);
    let gone = site.act(page, &format!("{page}/restore"), &[("seen", "1"), ("version", "origin")]).await;
    assert_has(&gone, &["retiré", "Revenir à cette version"]);
    assert!(site.desk.try_say("template remboursement-fait").await.is_err());
    assert_has(&site.get("/docs/templates").await, &["remboursement-fait"]);
    site.act(page, &format!("{page}/restore"), &[("seen", "2"), ("version", "1")]).await;
    site.desk.say("template remboursement-fait").await;
}

const WRITING: [&str; 5] = [
    "/docs/write",
    "/docs/new-template",
    "/docs/templates/solution/edit",
    "/docs/templates/solution/restore",
    "/docs/kb/ticket-spam/edit",
];

async fn an_agent_reads_everything_and_writes_nothing(database: Database) {
    let site = Site::signed_in(database).await;
    let form = site.get("/admin/support/tickets/1").await;
    let (csrf, key) = (form.field("csrf"), form.field("key"));
    for path in [
        "/docs/kb",
        "/docs/kb/ticket-spam",
        "/docs/templates",
        "/docs/templates/solution",
        "/docs/recurring",
        "/docs/checklist",
    ] {
        let page = site.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        for way in ["/docs/write", "/edit\"", "/docs/new-template", "/restore\""] {
            assert!(!page.body.contains(way), "{path}: {way}\n{}", page.body);
        }
    }
    for path in WRITING {
        if !path.ends_with("restore") {
            assert_eq!(site.get(path).await.status, 409, "{path}");
        }
        let fields = [
            ("csrf", csrf.as_str()),
            ("key", key.as_str()),
            ("section", "kb"),
            ("title", "T"),
            ("body", "x"),
            ("seen", "0"),
            ("version", "origin"),
        ];
        let refused = site.post(path, &fields).await;
        assert!(refused.status == 409 && refused.body.contains("responsable"), "{path}: {}", refused.body);
    }
    // Whoever calls the desk itself meets the same.
    let said = guichet::domain::canned::CannedText { title: "T".into(), body: "x".into(), then: None };
    assert!(site.desk.desk.write_template(&site.desk.camille, None, 0, &said).await.is_err());
    assert!(!site.desk.folder.path().join("docs").exists());
    assert_eq!(site.desk.desk.audit_lines(None, 10).await.unwrap(), []);
    // Nobody is signed in.
    let outside = Site::open(database, false, Vec::new()).await;
    let answer = outside.get("/docs/kb?q=carte").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/admin/sign-in?next=%2Fdocs%2Fkb%3Fq%3Dcarte"))
    );
}

async fn forms_of_others_are_refused(database: Database) {
    let site = lead(database).await;
    for path in WRITING {
        let fields = [
            ("csrf", "x"),
            ("key", "y"),
            ("section", "kb"),
            ("title", "T"),
            ("body", "x"),
            ("seen", "0"),
            ("version", "1"),
        ];
        assert_eq!(site.post(path, &fields).await.status, 403, "{path}");
    }
    assert_eq!(site.desk.desk.audit_lines(None, 10).await.unwrap(), []);
}

async fn the_checklist_fills_itself(database: Database) {
    let site = Site::signed_in(database).await;
    let page = site.get("/docs/checklist").await;
    assert_has(
        &page,
        &[
            "<h2 id=\"part-1\">Début de Journée</h2>",
            "Pendant la Journée",
            "Fin de Journée",
            "☐</span> Vérifier les tickets &quot;Nouveau&quot; (objectif : 0)",
            "1\u{a0}ticket à prendre en charge.",
            "href=\"/admin/support/tickets/1\"",
            "☐</span> Répondre aux nouveaux tickets &lt; 2h",
            "☑</span> Relancer les tickets &quot;En attente client&quot; &gt; 3 jours",
            "☑</span> Mettre à jour les statuts correctement",
            "☑</span> Documenter les problèmes récurrents",
        ],
    );
    site.desk.say("reply 1 Bonjour, c’est corrigé.").await;
    let page = site.get("/docs/checklist").await;
    assert_has(
        &page,
        &[
            "☑</span> Vérifier les tickets &quot;Nouveau&quot; (objectif : 0)",
            "☑</span> Répondre aux nouveaux tickets &lt; 2h",
            "☐</span> Mettre à jour les statuts correctement",
            "☑</span> Préparer les tickets pour le lendemain",
        ],
    );
    site.desk.say("status 1 resolved").await;
    assert_has(&site.get("/docs/checklist").await, &["☑</span> Mettre à jour les statuts correctement"]);
}

async fn what_comes_up_again_becomes_an_article(database: Database) {
    let site = lead(database).await;
    let subjects = [
        "Retrait bloqué",
        "Mon retrait est bloque",
        "URGENT retrait bloqué [x](javascript:1)",
        "Retrait bloqué encore",
    ];
    for (n, subject) in subjects.iter().enumerate() {
        let mail = format!(
            "From: c{n}@client.example\nTo: support@bettracker.example\nSubject: {subject}\nMessage-ID: <r{n}@client.example>\n\nBonjour.\n"
        );
        site.desk.mail(&mail).await;
    }
    site.desk.say("spam 5").await;
    let page = site.get("/docs/recurring").await;
    assert_has(&page, &["<h2>retrait bloqué</h2>", "3\u{a0}tickets", "sans article"]);
    assert!(!page.body.contains("/tickets/5\""), "spam is left out: {}", page.body);
    assert_has(
        &site.get("/docs/checklist").await,
        &["☐</span> Documenter les problèmes récurrents", "1\u{a0}sujet récurrent sans article."],
    );
    let form = site.get("/docs/write?topic=retrait%20bloqu%C3%A9").await;
    assert_has(&form, &["value=\"Retrait bloqué\"", "- [ticket 4](/admin/support/tickets/4)\n- [ticket 3]"]);
    let fields =
        [("section", "kb"), ("title", "Retrait bloqué"), ("body", "Voir le ticket."), ("do", "keep")];
    site.act("/docs/write", "/docs/write", &fields).await;
    let page = site.get("/docs/recurring").await;
    assert!(page.body.contains("1\u{a0}article") && !page.body.contains("sans article"), "{}", page.body);
    assert_has(&site.get("/docs/checklist").await, &["☑</span> Documenter les problèmes récurrents"]);
    assert_has(
        &site.get("/docs/new-template?topic=retrait%20bloqu%C3%A9").await,
        &["value=\"Retrait bloqué\"", "Bonjour [Prénom],"],
    );
    // What was asked longer ago than the window does not count.
    let mut later = site;
    later.desk.elapse(chrono::Duration::days(31)).await;
    assert_eq!(later.desk.desk.recurring().await.unwrap().tickets, 0);
}

async fn the_command_answers_with_articles(database: Database) {
    let site = Site::signed_in(database).await;
    let view = site.desk.say("kb urgent 2h").await;
    let drawn = text::draw(&view, site.desk.now, chrono_tz::UTC, false);
    assert!(drawn.starts_with("1\u{a0}article\u{a0}:\n\nTicket Urgent (Bug Critique)\n"), "{drawn}");
    assert!(drawn.ends_with("https://support.bettracker.example/docs/kb/ticket-urgent"), "{drawn}");
    let json = serde_json::to_value(&view).unwrap();
    assert_eq!(json["pages"][0]["name"], "kb/ticket-urgent");
    assert_eq!(json["pages"][0]["address"], "https://support.bettracker.example/docs/kb/ticket-urgent");
    let said = site
        .act(
            "/admin/support/console",
            "/admin/support/console",
            &[("line", "/ticket kb mail ticket"), ("back", "console")],
        )
        .await;
    assert_has(&said, &["Un mail reçu n’est pas devenu un ticket", "/docs/faq-tech/mail-sans-ticket"]);
    let nothing = text::draw(&site.desk.say("kb introuvable").await, site.desk.now, chrono_tz::UTC, false);
    assert!(nothing.starts_with("Aucun article pour «\u{a0}introuvable\u{a0}»"), "{nothing}");
}

async fn a_browser_reads_and_writes_the_resources(database: Database) {
    let site = lead(database).await;
    let address = site.address;
    std::fs::write(
        kb(&site).join("long.md"),
        format!("# {}\n\n| a | b |\n|---|---|\n| {} | 2 |\n", "Titre".repeat(40), "mot".repeat(80)),
    )
    .unwrap();
    for n in 0..3 {
        let mail = format!(
            "From: c{n}@client.example\nTo: support@bettracker.example\nSubject: Retrait {}\nMessage-ID: <r{n}@client.example>\n\nBonjour.\n",
            "bloque".repeat(30)
        );
        site.desk.mail(&mail).await;
    }
    let complaints = tokio::task::spawn_blocking(move || {
        let at = |path: &str| format!("http://localhost:{}{path}", address.port());
        let draw = |page: &mut Chromium, name: &str| {
            if let Some(folder) = std::env::var_os("GUICHET_DRAW_PAGES") {
                page.picture(&std::path::Path::new(&folder).join(name));
            }
        };
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        let mut pages = Vec::new();
        for (width, height) in [(390, 844), (1280, 900)] {
            let mut page = Chromium::open(width, height);
            page.go(&at("/admin/sign-in?next=%2Fdocs%2Fkb"));
            page.fill("input[name=name]", "Alix");
            page.fill("input[name=password]", PASSWORD);
            page.click(".door button");
            page.wait_for_text("Base de connaissances");
            pages.push(page);
        }
        let places = [
            "kb",
            "kb?q=ticket&ticket=1",
            "kb/long",
            "kb/bonnes-pratiques?ticket=1",
            "kb/ticket-spam/edit",
            "faq-tech",
            "templates",
            "templates/solution",
            "templates/solution/edit",
            "new-template",
            "checklist",
            "recurring",
        ];
        for dark in [false, true] {
            for (page, size) in pages.iter_mut().zip(["phone", "desktop"]) {
                if dark {
                    page.prefer_dark();
                }
                let shade = if dark { "dark" } else { "light" };
                for place in places {
                    page.go(&at(&format!("/docs/{place}")));
                    assert_eq!(page.evaluate(fits), true, "{place} sticks out of {size}");
                    let name = place.replace(['/', '?', '&', '='], "-");
                    draw(page, &format!("docs-{name}-{size}-{shade}.png"));
                }
            }
        }
        let page = &mut pages[0];
        page.go(&at("/docs/templates/solution/edit"));
        page.fill("textarea[name=body]", "Salut [Prénom], c’est réglé.");
        page.click("button[value=preview]");
        page.wait_for_text("Salut Jean, c’est réglé.");
        page.click("button[value=keep]");
        page.wait_for_text("Le modèle est enregistré");
        page.go(&at("/docs/kb/ticket-spam"));
        page.fill("input[name=ticket]", "1");
        page.press_enter();
        page.wait_for_text("Conversation");
        assert_eq!(
            page.evaluate("document.querySelector('#reply-text').value.startsWith('1. Vérifier')"),
            true
        );
        pages.iter_mut().flat_map(|page| page.complaints().to_vec()).collect::<Vec<_>>()
    })
    .await
    .unwrap();
    assert_eq!(complaints, Vec::<String>::new());
}
