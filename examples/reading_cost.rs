//! What reading costs on mails made to be slow: CPU time and memory for each byte, at sizes that double.
//! `cargo run --release --example reading_cost [-- PATTERN]` prints a line for each pattern and fails where the cost of
//! a byte grows with the size: that is how a backtracking pattern or a loop in a loop shows.
//!
//! Each measure runs in a process of its own, so that its peak memory is its own. Linux only: it reads /proc.
//! May import: guichet::{config, domain, inbound, reading}.

use guichet::config::Limits;
use guichet::domain::screening::screen;
use guichet::domain::thanks::is_thanks;
use guichet::domain::threading::{answered_ids, bare_subject, tagged_ticket};
use guichet::domain::trim::trim;
use guichet::inbound::prepare;
use guichet::reading::{parse::file_bytes, read, shown::show};
use std::process::{Command, ExitCode};

/// The sizes measured, in KiB; a debug build is some twenty times slower.
const SIZES: [usize; 4] = if cfg!(debug_assertions) { [16, 64, 256, 1024] } else { [64, 256, 1024, 4096] };
/// Up to this much a byte may cost more at the largest size than at the one before: caches, and the noise of a busy
/// machine. What is quadratic costs four times as much.
const TOLERATED: f64 = 1.8;
/// Below this a growth is noise.
const NEGLIGIBLE_NS: f64 = 8.0;

const LIMITS: Limits = Limits { max_mail_bytes: 64 << 20, max_attachment_bytes: 64 << 20 };

/// The beginning of a mail; what is repeated; the end.
type Pattern = (&'static str, &'static str, &'static str, &'static str);

const PLAIN: &str = "From: a@b.example\nContent-Type: text/plain; charset=utf-8\n\n";
const HTML: &str = "From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n";
const MIXED: &str = "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n";
const REPORT: &str =
    "From: MAILER-DAEMON@b.example\nReturn-Path: <>\nSubject: Undelivered Mail Returned to Sender\n\n";
const END: &str = "\n\nBonjour\n";

#[rustfmt::skip]
const PATTERNS: &[Pattern] = &[
    // The text: quotes, attributions, signatures.
    ("quote marks in one line", PLAIN, ">", END),
    ("quote marks, spaced", PLAIN, "> ", END),
    ("quoted lines", PLAIN, "> a\n", END),
    ("quotes and answers in turn", PLAIN, "> a\nb\n", END),
    ("attributions, English", PLAIN, "On Mon, Mar 3, 2026 at 10:00 AM Jean <j@c.example> wrote:\n", END),
    ("attributions, French", PLAIN, "Le lun. 3 mars 2026 à 10:00, Jean <j@c.example> a écrit :\n", END),
    ("attributions never ended", PLAIN, "Le lun. 3 mars 2026 à 10:00, Jean <j@c.example>\n", END),
    ("attributions and quotes", PLAIN, "Le 3 mars, Jean a écrit :\n> a\n\n", END),
    ("'On' without an end", PLAIN, "On ", END),
    ("header blocks", PLAIN, "De : a\nEnvoyé : lundi 3 mars\nÀ : b\nObjet : c\n", END),
    ("header words", PLAIN, "De :\n", END),
    ("original message lines", PLAIN, "-----Message d'origine-----\n", END),
    ("signature delimiters", PLAIN, "-- \n", END),
    ("drawn lines", PLAIN, "---\n\n", END),
    ("underscores", PLAIN, "_", END),
    ("dashes", PLAIN, "-", END),
    ("closing words", PLAIN, "Cordialement,\n", END),
    ("phone numbers", PLAIN, "01 02 03 04 05 ", END),
    ("program lines", PLAIN, "Envoyé de mon iPhone\n", END),
    ("small print", PLAIN, "This e-mail is \n\n", END),
    ("blank lines", PLAIN, "\n", END),
    ("spaces in one line", PLAIN, " ", END),
    ("no-break spaces", PLAIN, "\u{a0}", END),
    ("one long word", PLAIN, "a", END),
    ("distinct words", PLAIN, "WORDS", END),
    ("at signs", PLAIN, "a@", END),
    ("addresses", PLAIN, "a@b.example ", END),
    ("question marks", PLAIN, "?", END),
    ("combining accents", PLAIN, "\u{301}", END),
    ("flowed lines", "From: a@b.example\nContent-Type: text/plain; format=flowed\n\n", "a \n", END),
    ("flowed quotes", "From: a@b.example\nContent-Type: text/plain; format=flowed\n\n", ">> a \n", END),
    // HTML.
    ("divs never closed", HTML, "<div>", END),
    ("blockquotes never closed", HTML, "<blockquote>", END),
    ("lists", HTML, "<ul><li>a", END),
    ("tables", HTML, "<table><tr><td>", END),
    ("quote containers", HTML, "<div class=\"gmail_quote\">a", END),
    ("links", HTML, "<a href=\"https://a.example/\">a</a>", END),
    ("links never closed", HTML, "<a href=\"https://a.example/\">a", END),
    ("attributes", "From: a@b.example\nContent-Type: text/html\n\n<div ", "a=b ", ">x"),
    ("attributes without an end", HTML, "<a href=\"", END),
    ("angle brackets", HTML, "<", END),
    ("ampersands", HTML, "a<b>&", END),
    ("character references", HTML, "<b>&amp;", END),
    ("numbers of characters", HTML, "<b>&#x1", END),
    ("comments never closed", HTML, "<!-- ", END),
    ("comments", HTML, "<!-- --><b>", END),
    ("styles never closed", HTML, "<style>", END),
    ("scripts never closed", HTML, "<script>a</scrip", END),
    ("cdata", HTML, "<![CDATA[", END),
    ("breaks", HTML, "<br>", END),
    ("rules", HTML, "<hr>", END),
    ("preformatted", HTML, "<pre>a\n", END),
    ("signatures", HTML, "<div class=\"gmail_signature\">", END),
    // Header fields.
    ("names", "From: ", "a ", " <a@b.example>\n\nBonjour"),
    ("commas in To", "To: ", ",", "\nFrom: a@b.example\n\nBonjour"),
    ("addresses in To", "To: ", "a@b.example, ", "\nFrom: a@b.example\n\nBonjour"),
    ("parentheses in To", "To: ", "(", "\nFrom: a@b.example\n\nBonjour"),
    ("comments in To", "To: ", "(a)", "\nFrom: a@b.example\n\nBonjour"),
    ("quotes in To", "To: ", "\"", "\nFrom: a@b.example\n\nBonjour"),
    ("backslashes in To", "To: \"", "\\\"", "\nFrom: a@b.example\n\nBonjour"),
    ("angle brackets in To", "To: ", "<", "\nFrom: a@b.example\n\nBonjour"),
    ("groups in To", "To: ", "a:;", "\nFrom: a@b.example\n\nBonjour"),
    ("many To fields", "From: a@b.example\n", "To: a@b.example\n", "\nBonjour"),
    ("many From fields", "", "From: a@b.example\n", "\nBonjour"),
    ("many fields", "From: a@b.example\n", "X: y\n", "\nBonjour"),
    ("fields of many names", "From: a@b.example\n", "FIELDS", "\nBonjour"),
    ("one folded field", "From: a@b.example\nSubject: a", "\n b", "\n\nBonjour"),
    ("starts of encoded words", "From: a@b.example\nSubject: ", "=?", "\n\nBonjour"),
    ("encoded words without an end", "From: a@b.example\nSubject: ", "=?utf-8?Q?a", "\n\nBonjour"),
    ("encoded words without an end in From", "From: ", "=?utf-8?Q?a", " <a@b.example>\n\nBonjour"),
    ("encoded words of no kind", "From: a@b.example\nSubject: ", "=?utf-8?X?a", "?=\n\nBonjour"),
    ("encoded words", "From: a@b.example\nSubject: ", "=?utf-8?Q?=C3=A9?= ", "\n\nBonjour"),
    ("charsets in turn", "From: a@b.example\nSubject: ", "=?utf-8?Q?a?= =?koi8-r?Q?b?= ", "\n\nBonjour"),
    ("Re:", "From: a@b.example\nSubject: ", "Re: ", "\n\nBonjour"),
    ("tags", "From: a@b.example\nSubject: ", "[#1]", "\n\nBonjour"),
    ("tags without an end", "From: a@b.example\nSubject: ", "[#", "\n\nBonjour"),
    ("ids in References", "From: a@b.example\nReferences: ", "<a@b.example> ", "\n\nBonjour"),
    ("brackets in References", "From: a@b.example\nReferences: ", "<", "\n\nBonjour"),
    ("parameters", "From: a@b.example\nContent-Type: text/plain; ", "a=b; ", "\n\nBonjour"),
    ("numbered parameters", "From: a@b.example\nContent-Type: text/plain; ", "name*0*=a; ", "\n\nBonjour"),
    ("semicolons", "From: a@b.example\nContent-Type: text/plain", ";", "\n\nBonjour"),
    // Structure.
    ("empty parts", MIXED, "--b\n\n\n", "--b--\n"),
    ("attachments", MIXED, "--b\nContent-Type: application/pdf; name=a.pdf\n\n%PDF\n", "--b--\n"),
    ("texts", MIXED, "--b\nContent-Type: text/plain\n\nBonjour\n", "--b--\n"),
    ("pages", MIXED, "--b\nContent-Type: text/html\n\n<p>Bonjour\n", "--b--\n"),
    ("names of encoded words", MIXED,
        "--b\nContent-Disposition: attachment; filename=\"=?utf-8?Q?a=?utf-8?Q?a=?utf-8?Q?a=?utf-8?Q?a\"\n\na\n", "--b--\n"),
    ("long names of encoded words", MIXED, "NAMES", "--b--\n"),
    ("inner multiparts", MIXED, "--b\nContent-Type: multipart/mixed; boundary=b\n\n", "--b--\n"),
    ("inner multiparts, other boundaries", MIXED, "MULTIPARTS", "--b--\n"),
    ("multiparts without a boundary", MIXED, "--b\nContent-Type: multipart/mixed\n\n--x\n\na\n", "--b--\n"),
    ("boundaries that are none", MIXED, "--c\n", "--b--\n"),
    ("dashes at line starts", MIXED, "\n-", "--b--\n"),
    ("inner messages", "From: a@b.example\n", "Content-Type: message/rfc822\n\n", END),
    ("parts of a digest", "From: a@b.example\nContent-Type: multipart/digest; boundary=b\n\n", "--b\n\nFrom: a\n\n", "--b--\n"),
    ("the word rfc822", PLAIN, "message/rfc822 ", END),
    ("base64", "From: a@b.example\nContent-Transfer-Encoding: base64\n\n", "Qm9uam91ciAK", END),
    ("quoted-printable", "From: a@b.example\nContent-Transfer-Encoding: quoted-printable\n\n", "=C3=A9", END),
    ("broken quoted-printable", "From: a@b.example\nContent-Transfer-Encoding: quoted-printable\n\n", "= ", END),
    ("uuencode", "From: a@b.example\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n", "'0F]N:F]U<@\n", END),
    ("utf-7", "From: a@b.example\nContent-Type: text/plain; charset=utf-7\n\n", "+AOk-", END),
    ("shifts of iso-2022-jp", "From: a@b.example\nContent-Type: text/plain; charset=iso-2022-jp\n\n", "\u{1b}$B", END),
    ("carriage returns", "From: a@b.example\r\r", "a\r", "\r"),
    ("NULs", PLAIN, "\0", END),
    // Reports.
    ("report: addresses", REPORT, "<a@b.example>:\n550 5.1.1\n", END),
    ("report: failures", REPORT, "could not be delivered ", END),
    ("report: dashes", REPORT, "--- ", END),
    ("report: fields", REPORT, "Received: a\n", END),
    ("report: spaces", REPORT, " \t> ", END),
];

fn mail(pattern: &Pattern, bytes: usize) -> Vec<u8> {
    let (_, start, piece, end) = pattern;
    let mut raw = start.as_bytes().to_vec();
    let mut n = 0usize;
    while raw.len() < bytes {
        n += 1;
        match *piece {
            "WORDS" => raw.extend(format!("w{n} ").bytes()),
            "FIELDS" => raw.extend(format!("X-Vacation-{n}: no\n").bytes()),
            "NAMES" => {
                let name = "=?utf-8?Q?a".repeat(5_000);
                raw.extend(
                    format!("--b\nContent-Disposition: attachment; filename=\"{name}\"\n\na\n").bytes(),
                );
            }
            "MULTIPARTS" => {
                let inner = if n == 1 { "b".to_owned() } else { format!("b{}", n - 1) };
                raw.extend(format!("--{inner}\nContent-Type: multipart/mixed; boundary=b{n}\n\n").bytes());
            }
            piece => raw.extend(piece.bytes()),
        }
    }
    raw.extend(end.bytes());
    raw
}

/// Everything that looks at a mail before a row is written, and what shows it again.
fn work(raw: &[u8]) {
    let own = ["support@firm.example".to_owned()];
    if let Ok(mail) = read(raw, &LIMITS) {
        let _ = (
            screen(&mail, &own),
            answered_ids(&mail),
            tagged_ticket(&mail.subject),
            bare_subject(&mail.subject),
        );
        let trimmed = trim(&mail.text);
        let _ = is_thanks(&trimmed.reply, "Jean Martin");
        if let Some(last) = mail.attachments.last() {
            let _ = file_bytes(raw, last.part);
        }
        if mail.shape.html.is_some() {
            let _ = show(raw, false);
        }
    }
    let _ = prepare(raw.to_vec(), &LIMITS);
}

/// CPU time of this thread, in nanoseconds.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    stat.split(' ').next().and_then(|ns| ns.parse().ok()).expect("a number")
}

/// The most memory that this process ever had, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// In a process of its own: nanoseconds, and KiB beyond those of a small mail.
fn measure(name: &str, kib: usize) -> Option<(f64, f64)> {
    let me = std::env::current_exe().expect("we run");
    let output =
        Command::new(me).args(["--measure", name, &kib.to_string()]).output().expect("we can run again");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = said.split_whitespace().map(str::parse::<f64>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name, kib] = arguments.as_slice()
        && flag == "--measure"
    {
        let pattern = PATTERNS.iter().find(|pattern| pattern.0 == name).expect("it is one of ours");
        // The tables and patterns that are made once, and their memory.
        work(&mail(&("", PLAIN, "Bonjour, le 3 mars. ", END), 1000));
        work(&mail(&("", HTML, "<p>Bonjour, le 3 mars. ", END), 1000));
        work(&mail(&("", REPORT, "Bonjour, le 3 mars. ", END), 1000));
        let raw = mail(pattern, kib.parse::<usize>().expect("a number") << 10);
        let before = (cpu_ns(), peak_kib());
        work(&raw);
        println!("{} {}", cpu_ns() - before.0, peak_kib() - before.1);
        return ExitCode::SUCCESS;
    }
    let wanted = arguments.first().map_or("", String::as_str);
    println!("{:40} nanoseconds a byte at {SIZES:?} KiB; bytes of memory a byte", "");
    let mut superlinear = 0;
    let from = arguments.get(1).map_or(0, |name| {
        PATTERNS.iter().position(|pattern| pattern.0 == name).expect("the name of a pattern")
    });
    for pattern in PATTERNS.iter().skip(from).filter(|pattern| pattern.0.contains(wanted)) {
        let mut line = format!("{:40}", pattern.0);
        let mut costs = Vec::new();
        let mut memory = 0.0;
        for kib in SIZES {
            let bytes = mail(pattern, kib << 10).len() as f64;
            let Some((ns, peak)) = measure(pattern.0, kib) else {
                line.push_str("   died");
                costs.push(f64::INFINITY);
                break;
            };
            costs.push(ns / bytes);
            memory = peak * 1024.0 / bytes;
            line.push_str(&format!("{:9.1}", ns / bytes));
        }
        line.push_str(&format!("{memory:9.1}"));
        let [.., before, last] = costs.as_slice() else { continue };
        if last.is_infinite() || *last > NEGLIGIBLE_NS && last / before > TOLERATED {
            superlinear += 1;
            line.push_str("  grows");
        }
        println!("{line}");
    }
    println!("{superlinear} of {} grow with the size", PATTERNS.len());
    if superlinear == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
