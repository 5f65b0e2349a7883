//! Mails that came in, on their pages: the HTML of strangers in a real browser, and their files.

use crate::support::chromium::Chromium;
use crate::support::desk::{Database, LIMITS, TestDesk, page_settings, serve_pages};
use crate::support::tls::Certificates;
use crate::support::{PATIENCE, wait_for};
use guichet::config::Limits;
use guichet::domain::ids::TicketId;
use guichet::domain::mail::{INSIDE, Parts, Refused, Seal};
use guichet::inbound;
use guichet::view::MessageView;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A desk behind the pages of the demo, where nobody has to sign in.
struct Site {
    desk: TestDesk,
    address: SocketAddr,
}

/// What came back: the head in lower case, the body.
struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

impl Site {
    async fn open(database: Database) -> Site {
        let desk = TestDesk::new(database).await;
        let address = serve_pages(&desk.desk, page_settings("http://localhost:3000", true)).await;
        Site { desk, address }
    }

    async fn take_in(&self, raw: Vec<u8>, limits: &Limits) -> MessageView {
        self.desk.desk.receive("test", vec![inbound::prepare(raw, limits)], None).await.unwrap();
        let ticket = self.desk.desk.ticket(TicketId(1)).await.unwrap().unwrap();
        ticket.messages.last().unwrap().clone()
    }

    async fn get(&self, path: &str) -> Answer {
        let mut stream = tokio::net::TcpStream::connect(self.address).await.unwrap();
        let request =
            format!("GET /admin/support/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Answer { head: head.to_lowercase(), body: bytes[end + 4..].to_vec() }
    }
}

fn golden(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail");
    std::fs::read(folder.join(format!("{name}.eml"))).unwrap()
}

/// A host of pictures over TLS that notes every connection and every path asked for.
struct ImageHost {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl ImageHost {
    fn start() -> ImageHost {
        let folder = tempfile::tempdir().unwrap();
        let files = Certificates::make(folder.path());
        let cert = CertificateDer::from_pem_file(&files.cert_pem).unwrap();
        let key = PrivateKeyDer::from_pem_file(&files.key_pem).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (config, notes) = (Arc::clone(&config), Arc::clone(&notes));
                std::thread::spawn(move || {
                    notes.lock().unwrap().push("a connection".to_owned());
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                    let mut request = Vec::new();
                    let mut piece = [0; 1024];
                    while !request.ends_with(b"\r\n\r\n") {
                        match stream.read(&mut piece) {
                            Ok(read) if read > 0 => request.extend_from_slice(&piece[..read]),
                            _ => return,
                        }
                    }
                    let request = String::from_utf8_lossy(&request).into_owned();
                    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                    let told = request.to_lowercase().contains("\nreferer:");
                    notes.lock().unwrap().push(if told { format!("{path} with a referrer") } else { path });
                    let gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x01D\0;";
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                        gif.len()
                    );
                    let _ = stream.write_all(&[head.as_bytes(), gif].concat());
                    let _ = stream.flush();
                });
            }
        });
        ImageHost { address, seen }
    }

    /// The paths asked for, and a word for each connection.
    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// Where the pictures of an open page come from, and how wide they came.
const PICTURES: &str = "[...document.images].map(i => [i.currentSrc.slice(0, 15), i.complete ? i.naturalWidth : -1].join(' ')).join(', ')";
const UNHARMED: &str =
    "window.__pwned === undefined && top.__pwned === undefined && document.scripts.length === 0";

async fn the_html_of_a_hostile_mail_runs_nothing_and_loads_nothing_until_a_cm_asks(database: Database) {
    let site = Site::open(database).await;
    let host = ImageHost::start();
    let raw = String::from_utf8(golden("html-hostile-avec-images")).unwrap();
    let raw = raw.replace("images.client.example", &host.address.to_string());
    let message = site.take_in(raw.into_bytes(), &LIMITS).await;
    assert!(message.attachments.iter().all(|file| file.inline) && message.attachments.len() == 2);
    let base = format!("http://{}/admin/support", site.address);
    let (host, complaints) = tokio::task::spawn_blocking(move || {
        let mut page = Chromium::open(900, 900);
        page.trust_any_certificate();

        // The frame's page by itself, where it can be looked into.
        page.go(&format!("{base}/tickets/1"));
        page.go(&format!("{base}/messages/1/html"));
        page.wait_for_text("Le montant de ma facture");
        assert_eq!(page.evaluate(UNHARMED), true);
        assert_eq!(page.evaluate(PICTURES), "data:image/png; 320,  0,  0, data:image/png; 160, data:image/gif; 1");
        assert_eq!(page.evaluate("getComputedStyle([...document.images].at(-1)).outlineStyle"), "dashed", "where it would be");
        assert!(page.text().contains("1 image distante n’est pas affichée."), "{}", page.text());
        let links = "[...document.links].map(l => [l.href, l.target, l.rel].join(' ')).join(', ')";
        assert_eq!(
            page.evaluate(links),
            "https://client.example/facture?n=1&m=2 _blank noopener noreferrer nofollow"
        );
        assert_eq!(page.evaluate("document.querySelectorAll('form, input, iframe, svg, math, video, link, base, meta[http-equiv]').length"), 0);

        // On its ticket: the text first, the frame once it is opened.
        page.go(&format!("{base}/tickets/1"));
        page.wait_for_text("voir la capture");
        let loaded = "performance.getEntriesByType('resource').filter(e => e.name.includes('/messages/1/html')).length";
        assert_eq!(page.evaluate(loaded), 0, "nothing is read before it is opened");
        page.click("#html-1 > summary");
        page.wait_until(&format!("{loaded} === 1"));
        assert_eq!(page.evaluate("window.__pwned === undefined && document.querySelector('iframe').contentDocument === null"), true);
        assert_eq!(host.seen(), [""; 0], "a request left");
        page.click(".remote .button");
        wait_for("the picture is asked for", || host.seen().contains(&"/pixel.png".to_owned()).then_some(()));
        assert_eq!(page.evaluate("window.__pwned === undefined && location.pathname.endsWith('/tickets/1')"), true);

        page.go(&format!("{base}/messages/1/html?images=remote"));
        page.wait_until(&format!("{PICTURES} === 'data:image/png; 320,  0,  0, data:image/png; 160, https://127.0.0 1'"));
        assert_eq!(page.evaluate(UNHARMED), true);
        (host, page.complaints().to_vec())
    })
    .await
    .unwrap();
    assert_eq!(complaints, [""; 0]);
    let seen = host.seen();
    assert!(seen.iter().all(|seen| seen == "/pixel.png" || seen == "a connection"), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_html_version_stays_while_the_conversation_grows_around_it() {
    let site = Site::open(Database::Sqlite).await;
    site.take_in(golden("html-hostile-avec-images"), &LIMITS).await;
    let base = format!("http://{}/admin/support", site.address);
    let mut page = tokio::task::spawn_blocking(move || {
        let mut page = Chromium::open(390, 800);
        page.go(&format!("{base}/tickets/1"));
        page.click("#html-1 > summary");
        page.evaluate("document.querySelector('#html-1 iframe').dataset.same = 'yes'");
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(page.evaluate(fits), true, "nothing sticks out of a telephone");
        page
    })
    .await
    .unwrap();
    site.desk.say("note 1 Vu avec la comptabilité").await;
    tokio::task::spawn_blocking(move || {
        page.wait_for_text("Vu avec la comptabilité");
        let same = "document.querySelector('#html-1[open] iframe').dataset.same";
        assert_eq!(page.evaluate(same), "yes", "the frame was loaded again");
        let order = "[...document.querySelector('#conversation').children].map(m => m.className).join(', ')";
        assert_eq!(page.evaluate(order), "message inbound, message note");
    })
    .await
    .unwrap();
}

async fn the_html_version_is_sealed_off_and_told_why_when_it_is_not_shown(database: Database) {
    let site = Site::open(database).await;
    let id = site.take_in(golden("html-seul-listes-liens-tableau"), &LIMITS).await.id.0;
    let answer = site.get(&format!("messages/{id}/html")).await;
    assert_eq!(answer.status(), "200");
    for header in [
        "content-security-policy: sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
         style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
    ] {
        assert!(answer.head.lines().any(|line| line == header), "{header}\n{}", answer.head);
    }
    let asked = site.get(&format!("messages/{id}/html?images=remote")).await;
    assert!(asked.head.contains("; img-src data: https:; "), "{}", asked.head);

    let head = "From: nadia.perrin@client.example\nSubject: [#1] x\nMIME-Version: 1.0\n";
    let deep = format!("{head}Content-Type: text/html\n\n{}Bonjour <b>Camille</b>", "<div>".repeat(1000));
    site.take_in(deep.into_bytes(), &LIMITS).await;
    let large = format!("{head}Content-Type: text/html\n\n<p>Bonjour Camille{}", "<p>x</p>".repeat(40_000));
    site.take_in(large.into_bytes(), &LIMITS).await;
    site.take_in(format!("{head}\nBonjour").into_bytes(), &LIMITS).await;
    let page = async |ticket: i64| {
        let ticket = site.desk.desk.ticket(TicketId(ticket)).await.unwrap().unwrap();
        let id = ticket.messages[0].id.0;
        let page = site.get(&format!("tickets/{}", ticket.id.0)).await.text();
        (site.get(&format!("messages/{id}/html")).await, page.contains("Version HTML"))
    };
    for (ticket, said) in [(2, "trop enchevêtrée pour être affichée"), (3, "trop grosse pour être affichée")]
    {
        let (answer, offered) = page(ticket).await;
        assert!(
            answer.text().contains(said) && answer.text().contains("Bonjour Camille") && offered,
            "{said}"
        );
    }
    let (none, offered) = page(4).await;
    assert_eq!((none.status(), offered), ("404", false));
}

async fn files_are_given_out_as_they_were_listed_and_nothing_else_is(database: Database) {
    let site = Site::open(database).await;
    let message = site.take_in(golden("winmail-dat-avec-fichiers-et-texte"), &LIMITS).await;
    let id = message.id.0;
    assert!(message.text.contains("le total est faux"), "{message:?}");
    let listed: Vec<_> = message.attachments.iter().map(|file| (file.name.as_str(), file.part)).collect();
    assert_eq!(listed, [("Relevé de février.pdf", 1 + INSIDE), ("capture d'écran.png", 1 + 2 * INSIDE)]);
    let answer = site.get(&format!("messages/{id}/attachments/{}", 1 + INSIDE)).await;
    assert_eq!((answer.status(), answer.body.as_slice()), ("200", &b"%PDF-1.4\n%%EOF\n"[..]));
    for header in [
        "content-disposition: attachment; filename=\"relev_ de f_vrier.pdf\"; filename*=utf-8''relev%c3%a9%20de%20f%c3%a9vrier.pdf",
        "content-security-policy: sandbox; default-src 'none'; frame-ancestors 'none'",
        "content-type: application/octet-stream",
        "x-content-type-options: nosniff",
    ] {
        assert!(answer.head.lines().any(|line| line == header), "{header}\n{}", answer.head);
    }
    for none in [0, 1, 2, 1 + 3 * INSIDE, INSIDE, u32::MAX] {
        assert_eq!(site.get(&format!("messages/{id}/attachments/{none}")).await.status(), "404", "{none}");
    }
}

async fn a_file_too_large_is_named_and_not_given_out(database: Database) {
    let site = Site::open(database).await;
    let limits = Limits { max_attachment_bytes: 10, ..LIMITS };
    let message = site.take_in(golden("piece-jointe-rfc2231"), &limits).await;
    let file = &message.attachments[0];
    assert_eq!((file.refused, message.shape.parts), (Some(Refused::Size), Parts { received: 4, kept: 1 }));
    let json = serde_json::to_value(&message).unwrap();
    assert_eq!(json["attachments"][0]["refused"], "size");
    assert_eq!(json["parts"], serde_json::json!({ "received": 4, "kept": 1 }));
    let (id, part) = (message.id.0, file.part);
    assert_eq!(site.get(&format!("messages/{id}/attachments/{part}")).await.status(), "404");
    let page = site.get("tickets/1").await.text();
    assert!(
        page.contains("pièce jointe refusée (taille)") && !page.contains(&format!("attachments/{part}")),
        "{page}"
    );
    assert!(
        page.contains("4\u{a0}parties reçues, 1\u{a0}gardée. Le reste est dans le mail d’origine."),
        "{page}"
    );
    let raw = site.get(&format!("messages/{id}/source")).await;
    assert_eq!(raw.body, golden("piece-jointe-rfc2231"), "nothing is lost");
}

async fn sealed_mails_and_mails_within_mails_are_named(database: Database) {
    let site = Site::open(database).await;
    for (mail, seal, said) in [
        ("signe-smime", Some(Seal::Signed), "Message signé</span>"),
        ("chiffre-smime", Some(Seal::Encrypted), "Message chiffré&nbsp;: le texte ne peut pas être lu ici."),
        ("chiffre-pgp", Some(Seal::Encrypted), "Message chiffré</span>"),
        ("message-en-piece-jointe", None, "Message joint · "),
        ("invitation-calendrier", None, "Invitation d’agenda · "),
    ] {
        site.desk.mails(vec![golden(mail)]).await;
        let newest = site.desk.desk.queue(&Default::default()).await.unwrap().tickets[0].id;
        let ticket = site.desk.desk.ticket(newest).await.unwrap().unwrap();
        let message = ticket.messages.last().unwrap();
        assert_eq!(message.shape.seal, seal, "{mail}");
        let page = site.get(&format!("tickets/{newest}")).await.text();
        assert!(page.replace('\u{a0}', "&nbsp;").contains(said), "{mail}: {page}");
    }
}

crate::support::desk::on_both! {
    the_html_of_a_hostile_mail_runs_nothing_and_loads_nothing_until_a_cm_asks,
    the_html_version_is_sealed_off_and_told_why_when_it_is_not_shown,
    files_are_given_out_as_they_were_listed_and_nothing_else_is,
    a_file_too_large_is_named_and_not_given_out,
    sealed_mails_and_mails_within_mails_are_named,
}
