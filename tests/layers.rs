//! The rules of the house that the compiler cannot hold: who may import whom, where SQL, French and the clock live.
//!
//! ARCHITECTURE.md says why each is there. Every message says what to do instead.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The floors, from the ground. A room may import the rooms of lower floors only, but for [`NEIGHBOURS`].
const FLOORS: [&[&str]; 9] = [
    &["domain", "clock", "telemetry", "crash", "dkim"],
    &["store", "command", "config"],
    &["wording", "view", "reading", "oauth", "webpush"],
    &["desk"],
    DOORS,
    &["demo"],
    &["app"],
    &["cli"],
    &["main"],
];

/// Where the world comes in and goes out. A door imports neither another door nor the store.
const DOORS: &[&str] = &["inbound", "outbound", "chat", "web", "scheduler"];

/// Who may import a room of the same floor: (who, whom).
const NEIGHBOURS: [(&str, &str); 2] = [("wording", "view"), ("wording", "oauth")];

/// The rooms of plain values and functions, and what these may not name.
const PURE: [&str; 3] = ["domain", "command", "view"];
const IMPURE: [&str; 9] =
    ["async", "await", "tokio", "std::fs", "std::env", "std::io", "std::net", "std::process", "std::thread"];

/// Where the time may come from.
const CLOCK: &str = "clock.rs";
const CLOCKS: [&str; 3] = ["Utc::now", "Local::now", "SystemTime::now"];

/// Where we speak French in Rust.
const FRENCH: [&str; 2] = ["wording/", "command/grammar"];

/// What is quoted from the guide, with its ordinary spaces.
const QUOTED: [&str; 2] = ["Ticket de support : ", "(objectif : 0)"];
const NO_BREAK: &str = "French wants a no-break space (U+00A0) before `: ; ! ?` and inside « »";

/// Whether a line of a French text may break before a sign that belongs to the word before it, or after «.
fn breaks_before_a_sign(text: &str) -> bool {
    let ours = QUOTED.iter().fold(text.to_owned(), |text, quoted| text.replace(quoted, ""));
    // `::1` is an address.
    let signs = [" :", " ;", " !", " ?", " »", "« "];
    signs.iter().any(|sign| ours.replace(" ::", "").contains(sign))
}

/// A template without what is not said: its blocks, its values, its comments, its looks.
fn without_code(text: &str) -> String {
    let mut said = text.to_owned();
    for (start, end) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}"), ("<style", "</style>")] {
        while let Some(from) = said.find(start) {
            let to = said[from..].find(end).map_or(said.len(), |at| from + at + end.len());
            let lines = "\n".repeat(said[from..to].matches('\n').count());
            said.replace_range(from..to, &lines);
        }
    }
    said
}

/// Where accented letters may stand in Rust: where we speak French, beside the templates; and where we recognise
/// the letters and words that people and their mail programs write to us.
fn may_hold_french(file: &str) -> bool {
    let speaks = FRENCH.iter().any(|room| file.starts_with(room));
    let recognises = ["domain/fold.rs", "domain/threading.rs", "reading/bounce.rs"].contains(&file)
        || ["domain/screening", "domain/trim"].iter().any(|room| file.starts_with(room));
    speaks || recognises
}

/// The Latin letters beyond ASCII: à, É, œ …
fn is_accented(c: char) -> bool {
    c.is_alphabetic() && ('\u{c0}'..='\u{24f}').contains(&c)
}

#[test]
fn the_house_keeps_its_rules() {
    let breaches: Vec<String> = sources().iter().flat_map(|(file, text)| breaches(file, text)).collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn every_head_says_what_its_file_imports() {
    let faults = false_heads(&sources());
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn no_template_lets_a_line_break_before_a_sign() {
    for folder in ["docs/faq-tech", "notices", "web"] {
        let folder = root().join("templates").join(folder);
        for entry in
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path = entry.expect("it can be read").path();
            if !path.extension().is_some_and(|kind| kind == "html" || kind == "md" || kind == "txt") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a template is UTF-8");
            for (number, line) in without_code(&text).lines().enumerate() {
                assert!(!breaks_before_a_sign(line), "{}:{}: {NO_BREAK}", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn every_test_file_says_what_it_is() {
    let mut files = Vec::new();
    rust_files(&root().join("tests"), &mut files);
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a source file is UTF-8");
        assert!(text.starts_with("//!"), "{}: begin with a `//!` line: what it is", path.display());
    }
}

#[test]
fn every_migration_has_its_twin() {
    let names = |database: &str| {
        let folder = root().join("migrations").join(database);
        let entries =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut names: Vec<_> = entries.map(|entry| entry.expect("it can be read").file_name()).collect();
        names.sort();
        names
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert_eq!(
        sqlite, postgres,
        "a migration is written twice, under one name: migrations/{{sqlite,postgres}}"
    );
    assert!(!sqlite.is_empty());
}

/// Everything in one file that breaks a rule, each with its place and the way out. `file` is relative to `src`.
fn breaches(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut breach = |line: usize, what: String| found.push(format!("src/{file}:{line}: {what}"));
    if !text.starts_with("//!") {
        breach(1, "begin with a `//!` line: what the file is, and what it may import".into());
    }
    // The files of unit tests are bound by the first rule only.
    if file.ends_with("tests.rs") || file.contains("/tests/") {
        return found;
    }
    let source = Source::read(text);
    let room = file.split(['/', '.']).next().unwrap_or_default();
    // lib.rs names every room and imports none.
    if room != "lib" {
        let Some(floor) = floor_of(room) else {
            breach(1, format!("the room `{room}` has no floor: give it one in FLOORS, tests/layers.rs"));
            return found;
        };
        for (line, path) in imports(file, &source.code) {
            let other = &path[0];
            let Some(its_floor) = floor_of(other) else { continue };
            let neighbours = NEIGHBOURS.contains(&(room, other.as_str()));
            if *other == room || neighbours {
                continue;
            }
            if its_floor >= floor {
                let both_doors = DOORS.contains(&room) && DOORS.contains(&other.as_str());
                let way_out = if both_doors {
                    "doors do not know each other: what both need belongs in `view` or `domain`"
                } else {
                    "imports run downwards only: move what is needed to a lower room, or take it as an argument"
                };
                breach(line, format!("`{room}` imports `{other}`; {way_out}"));
            } else if other == "store" && DOORS.contains(&room) {
                breach(
                    line,
                    format!("the door `{room}` imports `store`; ask the desk, and add the question there"),
                );
            }
        }
    }
    if room != "store" {
        for line in lines_with(&source.code, "sqlx") {
            breach(line, "SQL lives in `store`: write the statement there and call it".into());
        }
    }
    if !file.starts_with("chat/discord") {
        for line in lines_with(&source.code, "serenity") {
            breach(line, "Discord's types stay in `chat/discord`: translate there".into());
        }
    }
    if PURE.contains(&room) {
        for word in IMPURE {
            for line in lines_with(&source.code, word) {
                breach(line, format!("`{word}` in `{room}`, which is pure: take the value as an argument"));
            }
        }
    }
    if file != CLOCK {
        for word in CLOCKS {
            for line in lines_with(&source.code, word) {
                breach(
                    line,
                    format!("`{word}`: take `now` as an argument, or ask the Clock once at the door"),
                );
            }
        }
    }
    // What people write in the samples is theirs.
    if FRENCH.iter().any(|room| file.starts_with(room)) && !file.ends_with("samples.rs") {
        for (line, _) in source.literals.iter().filter(|(_, literal)| breaks_before_a_sign(literal)) {
            breach(*line, NO_BREAK.into());
        }
    }
    if !may_hold_french(file) {
        for (line, literal) in source.literals.iter().filter(|(_, literal)| literal.contains(is_accented)) {
            let start: String = literal.chars().take(40).collect();
            breach(
                *line,
                format!("French in {start:?}: words for people live in `wording` and in templates/"),
            );
        }
    }
    found.dedup();
    found
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&room))
}

/// Where a file stands: `["web", "pages"]` is `web/pages.rs`, or `web/pages/mod.rs`.
fn module(file: &str) -> Vec<String> {
    file.trim_end_matches(".rs").trim_end_matches("/mod").split('/').map(str::to_owned).collect()
}

/// Every path of ours that a file names, from its room on, with its line: by `crate::`, `guichet::` (in main.rs) or
/// `super::`; of a `{…}` group, each.
fn imports(file: &str, code: &str) -> Vec<(usize, Vec<String>)> {
    let here = module(file);
    let mut found = Vec::new();
    for start in ["crate", "guichet", "super"] {
        for at in words(code, start) {
            // Only the first of a chain of `super::` counts, with the length of the chain.
            let Some(mut rest) = code[at + start.len()..].strip_prefix("::") else { continue };
            if code[..at].ends_with("super::") {
                continue;
            }
            let mut above = if start == "super" { &here[..here.len() - 1] } else { &here[..0] };
            while let Some(after) = rest.strip_prefix("super::") {
                (rest, above) = (after, &above[..above.len().saturating_sub(1)]);
            }
            let line = line_of(code, at);
            found.extend(branches(rest).into_iter().map(|path| (line, [above, &path].concat())));
        }
    }
    found
}

/// The names of a path; of a `{…}` group, those of each of its paths.
fn branches(path: &str) -> Vec<Vec<String>> {
    let path = path.trim_start();
    if let Some(group) = path.strip_prefix('{') {
        return members(group).into_iter().flat_map(branches).collect();
    }
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(path.len());
    let name = vec![path[..end].to_owned()];
    match path[end..].strip_prefix("::") {
        Some(rest) => branches(rest).into_iter().map(|below| [name.clone(), below].concat()).collect(),
        None => vec![name],
    }
}

/// The paths of a group, from after its `{`.
fn members(group: &str) -> Vec<&str> {
    let (mut members, mut level, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => level += 1,
            '}' if level > 0 => level -= 1,
            ',' | '}' if level == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members
}

/// What a head names after « May import: », up to the end of the sentence: rooms, or modules of one, `domain::{fold, text}`.
fn may_import(text: &str) -> Option<Vec<Vec<String>>> {
    let head: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let head = head.join(" ");
    let list = head.split_once("May import:")?.1.split(". ").next()?;
    let rooms = FLOORS.concat().into_iter();
    Some(rooms.flat_map(|room| words(list, room).flat_map(|at| branches(&list[at..]))).collect())
}

/// A file, what its head names, and which rooms and modules of ours it imports, with their lines.
struct Headed<'a> {
    file: &'a str,
    module: Vec<String>,
    named: Option<Vec<Vec<String>>>,
    imported: Vec<(usize, Vec<String>)>,
}

impl Headed<'_> {
    /// Whether an import is named here or need not be: its own room is free, unless modules of it are picked; then
    /// those of its own branch are.
    fn allows(&self, path: &[String]) -> bool {
        let named = self.named.as_deref().unwrap_or_default();
        let picks = named.iter().any(|name| name.len() > 1 && name[0] == self.module[0]);
        let is_own_branch = path.len() == 1 || path.get(1) == self.module.get(1);
        named.iter().any(|name| path.starts_with(name))
            || path[0] == self.module[0] && (!picks || is_own_branch)
    }
}

/// Every head that does not agree with what is imported. What a file imports of other rooms is named in its own head, or
/// else in the nearest above it, and in its room's; what a head names is imported by its file or by one below.
fn false_heads(sources: &[(String, String)]) -> Vec<String> {
    let is_ours = |file: &str| file != "lib.rs" && !file.ends_with("tests.rs") && !file.contains("/tests/");
    let ours = sources.iter().filter(|(file, _)| is_ours(file));
    let modules: BTreeSet<Vec<String>> = ours.clone().map(|(file, _)| module(file)).collect();
    let read = |(file, text): &(String, String)| -> Vec<(usize, Vec<String>)> {
        let mut imported = imports(file, &Source::read(text).code);
        imported.retain(|(_, path)| floor_of(&path[0]).is_some());
        for (_, path) in &mut imported {
            path.truncate(if path.get(..2).is_some_and(|start| modules.contains(start)) { 2 } else { 1 });
        }
        imported.dedup();
        imported
    };
    let files: Vec<Headed<'_>> = ours
        .map(|source| Headed {
            file: &source.0,
            module: module(&source.0),
            named: may_import(&source.1),
            imported: read(source),
        })
        .collect();
    let mut found = Vec::new();
    for one in &files {
        let file = one.file;
        let above = |depth: usize| {
            files.iter().find(|head| head.named.is_some() && head.module == one.module[..depth])
        };
        let (Some(nearest), Some(of_room)) = ((1..=one.module.len()).rev().find_map(above), above(1)) else {
            found.push(format!("src/{file}:1: no head says « May import: » for it"));
            continue;
        };
        for (line, path) in &one.imported {
            for head in [nearest, of_room].into_iter().filter(|head| !head.allows(path)) {
                let (path, head) = (path.join("::"), head.file);
                found.push(format!("src/{file}:{line}: name `{path}` in the head of src/{head}"));
            }
        }
        let below = files.iter().filter(|other| other.module.starts_with(&one.module));
        for name in one.named.iter().flatten().filter(|name| name.len() > 1 || name[0] != one.module[0]) {
            let imports = |file: &Headed<'_>| file.imported.iter().any(|(_, path)| path.starts_with(name));
            if !below.clone().any(imports) {
                let name = name.join("::");
                found.push(format!("src/{file}:1: nothing imports `{name}`: take it out of the head"));
            }
        }
    }
    found.dedup();
    found
}

/// Where a word, or a path of words, stands by itself.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        !code[..*at].ends_with(part_of_name) && !code[at + word.len()..].starts_with(part_of_name)
    })
}

fn lines_with(code: &str, word: &str) -> Vec<usize> {
    let mut lines: Vec<usize> = words(code, word).map(|at| line_of(code, at)).collect();
    lines.dedup();
    lines
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// The files of `src`, by their paths in it, with their texts.
fn sources() -> Vec<(String, String)> {
    let src = root().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 10, "no source found below {}", src.display());
    let read = |path: PathBuf| {
        let file = path.strip_prefix(&src).expect("found below it").to_string_lossy().replace('\\', "/");
        (file, std::fs::read_to_string(&path).expect("a source file is UTF-8"))
    };
    files.into_iter().map(read).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// A file without its comments and without what is compiled for tests only.
struct Source {
    /// The code; comments, literals and test code are blanks, line breaks stay.
    code: String,
    /// Every string literal outside test code, as written, with its line.
    literals: Vec<(usize, String)>,
}

impl Source {
    fn read(text: &str) -> Source {
        let (mut code, literals) = strip(text);
        let tests: Vec<(usize, usize)> = test_items(&code);
        let literals = literals
            .into_iter()
            .filter(|(at, _)| !tests.iter().any(|(start, end)| (start..end).contains(&at)))
            .map(|(at, literal)| (line_of(text, at), literal))
            .collect();
        for (start, end) in tests {
            let blank: String =
                code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
            code.replace_range(start..end, &blank);
        }
        Source { code, literals }
    }
}

/// Blanks comments and literals, byte for byte, and collects the string literals with their places.
fn strip(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes = text.as_bytes();
    let mut code = String::with_capacity(text.len());
    let mut literals = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let after_name = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some((length, literal)) = (!after_name).then(|| string(rest)).flatten() {
            literals.push((at, literal));
            length
        } else if let Some(length) = character(rest) {
            length
        } else {
            let c = rest.chars().next().expect("not at the end");
            code.push(c);
            at += c.len_utf8();
            continue;
        };
        code.extend(rest[..length].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        at += length;
    }
    (code, literals)
}

fn block_comment(rest: &str) -> usize {
    let (mut level, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (level, at) = (level + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (level, at) = (level - 1, at + 2);
            if level == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length and the content of a string literal of any kind that begins here.
fn string(rest: &str) -> Option<(usize, String)> {
    let prefix = rest.find(|c| !matches!(c, 'b' | 'c' | 'r')).filter(|length| *length <= 2)?;
    let body = &rest[prefix..];
    if rest[..prefix].contains('r') {
        let hashes = body.find(|c| c != '#')?;
        let inside = body[hashes..].strip_prefix('"')?;
        let end = inside.find(&format!("\"{}", "#".repeat(hashes)))?;
        return Some((prefix + hashes + 1 + end + 1 + hashes, inside[..end].to_owned()));
    }
    let inside = body.strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })?;
    Some((prefix + 1 + end + 1, inside[..end].to_owned()))
}

/// The length of a character literal that begins here; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let mut characters = inside.char_indices();
    let (_, first) = characters.next()?;
    let end = if first == '\\' {
        // The character after the backslash may itself be a quote.
        2 + inside[2..].find('\'')?
    } else {
        characters.next().filter(|(_, second)| *second == '\'')?.0
    };
    Some(1 + end + 1)
}

/// From each `#[cfg(test)]` or `#[cfg(all(test, …))]` to the end of the item that it stands before.
fn test_items(code: &str) -> Vec<(usize, usize)> {
    let mut items: Vec<(usize, usize)> = Vec::new();
    let starts = ["#[cfg(test)]", "#[cfg(all(test"];
    let mut at = 0;
    while let Some(start) =
        starts.iter().filter_map(|start| code[at..].find(start)).min().map(|found| at + found)
    {
        let mut level = 0;
        let mut end = code.len();
        for (offset, c) in code[start..].char_indices() {
            match c {
                '{' => level += 1,
                '}' => level -= 1,
                _ => {}
            }
            if level == 0 && matches!(c, ';' | '}') {
                end = start + offset + 1;
                break;
            }
        }
        items.push((start, end));
        at = end;
    }
    items
}

#[test]
fn imports_that_climb_or_cross_are_found() {
    for (file, line, room) in [
        ("domain/decide.rs", "use crate::store::Tx;", "store"),
        ("store/mod.rs", "use crate::{domain::ids, desk::{Desk, Failure}};", "desk"),
        ("view.rs", "fn f() -> crate::wording::Words {}", "wording"),
        ("web/mod.rs", "use crate::inbound::parse;", "inbound"),
        ("desk/apply.rs", "use super::super::web;", "web"),
        ("clock.rs", "use super::domain;", "domain"),
        ("web/pages/list.rs", "use crate::store::Store;", "store"),
        ("app.rs", "use crate::cli::Done;", "cli"),
        ("web/mod.rs", "use crate::app;", "app"),
    ] {
        let found = breaches(file, &format!("//! A file.\n\n{line}\n"));
        assert_eq!(found.len(), 1, "{file}: {line}: {found:?}");
        assert!(
            found[0].starts_with(&format!("src/{file}:3: ")) && found[0].contains(&format!("`{room}`")),
            "{found:?}"
        );
    }
    assert!(breaches("attic.rs", "//! A file.")[0].contains("has no floor"));
}

#[test]
fn sql_time_french_and_the_world_are_found_where_they_do_not_belong() {
    for (file, line) in [
        ("desk/mod.rs", "fn f(pool: sqlx::SqlitePool) {}"),
        ("domain/trim/marks.rs", "async fn trim() {}"),
        ("command/parse.rs", "use std::env;"),
        ("domain/sla.rs", "let t = chrono::Utc::now();"),
        ("web/mod.rs", "let t = SystemTime::now();"),
        ("desk/mod.rs", "use serenity::http::Http;"),
        ("chat/slack.rs", "use serenity::model::id::ChannelId;"),
        ("desk/run.rs", r#"let said = "Terminé";"#),
        ("command/parse.rs", r##"let said = r#"a "résolu" b"#;"##),
    ] {
        let found = breaches(file, &format!("//! A file.\n{line}\n"));
        assert_eq!(found.len(), 1, "{file}: {line}: {found:?}");
        assert!(found[0].starts_with(&format!("src/{file}:2: ")), "{found:?}");
    }
    assert_eq!(breaches("clock.rs", "use std::fmt;").len(), 1, "the head is missing");
}

#[test]
fn a_head_that_does_not_say_what_is_imported_is_found() {
    let faults = |head: &str, code: &str| {
        let sources = [
            ("web/mod.rs", "//! Pages. May import: desk, domain::{ids, text}.\nuse crate::desk::Desk;\n"),
            ("web/a.rs", &format!("//! A page.{head}\n{code}\n")),
            ("web/list.rs", "//! The list."),
            ("domain/mod.rs", "//! What is decided. May import: std."),
            ("domain/ids.rs", "//! Numbers."),
            ("domain/text.rs", "//! Texts."),
        ];
        false_heads(&sources.map(|(file, text)| (file.to_owned(), text.to_owned())))
    };
    let both = "use crate::domain::{ids::TicketId, text::{self, bounded}};";
    assert_eq!(faults("", &format!("{both} use super::list;")), Vec::<String>::new());
    assert_eq!(
        faults(" May import: `domain`,\n//! desk. And nothing else.", both),
        ["src/web/a.rs:1: nothing imports `desk`: take it out of the head"]
    );
    assert_eq!(
        faults(" May import: nothing.", "use crate::domain::ids::TicketId;"),
        [
            "src/web/mod.rs:1: nothing imports `domain::text`: take it out of the head",
            "src/web/a.rs:2: name `domain::ids` in the head of src/web/a.rs",
        ]
    );
    assert_eq!(
        faults(" May import: domain, web::b.", &format!("{both}\nuse super::{{list::{{A, B}}, Problem}};")),
        [
            "src/web/a.rs:3: name `web::list` in the head of src/web/a.rs",
            "src/web/a.rs:1: nothing imports `web::b`: take it out of the head",
        ]
    );
    assert_eq!(
        faults("", &format!("{both}\nfn f() -> crate::view::View {{}}")),
        ["src/web/a.rs:3: name `view` in the head of src/web/mod.rs"]
    );
}

#[test]
fn a_space_at_which_a_sign_is_left_alone_is_found() {
    for text in ["Oui : non", "« Oui\\u{a0}»", "Oui ?", "{name} »"] {
        assert!(breaks_before_a_sign(text), "{text}");
        let found = breaches("wording/a.rs", &format!("//! x\nconst A: &str = \"{text}\";\n"));
        assert_eq!(found, [format!("src/wording/a.rs:2: {NO_BREAK}")]);
    }
    for text in ["Oui\u{a0}: «\u{a0}non\u{a0}»", "Ticket de support : Résolu", "(127.0.0.1, ::1)", "a:b"] {
        assert!(!breaks_before_a_sign(text), "{text}");
    }
    assert_eq!(without_code("a{# é : #}b{% if x %}\nc{{ x ? y\n}} :"), "ab\nc\n :");
}

#[test]
fn what_is_allowed_is_not_found() {
    for (file, text) in [
        ("web/mod.rs", "//! x\nuse crate::{desk::Desk, view::View, wording};\n"),
        ("wording/labels.rs", "//! x\nuse crate::view::View;\nconst A: &str = \"Résolu\";\n"),
        ("command/grammar.rs", "//! x\nconst A: &str = \"Résolu\";\n"),
        ("store/mod.rs", "//! x\nuse sqlx::SqlitePool;\nuse super::domain;\n"),
        ("desk/apply/write.rs", "//! x\nuse super::super::run;\nuse super::web;\n"),
        ("clock.rs", "//! x\nfn now() { chrono::Utc::now(); }\n"),
        ("chat/discord/mod.rs", "//! x\nuse serenity::http::Http;\nuse crate::desk::Desk;\n"),
        ("main.rs", "//! x\nuse guichet::{app, cli, telemetry};\n"),
        ("lib.rs", "//! x\npub mod web;\n"),
        (
            "domain/fold.rs",
            "//! é sqlx\n// async é\n/* crate::store /* é */ */\nfn f<'a>(c: char) { matches!(c, 'é' | '\\'' | '\"'); }\n",
        ),
        (
            "domain/trim.rs",
            "//! x\nfn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::store;\n    const A: &str = \"} é\";\n}\n",
        ),
        (
            "domain/trim.rs",
            "//! x\n#[cfg(test)]\nuse crate::store;\nfn f() { let asynchronous = \"crate::store\"; }\n",
        ),
        ("config/tests.rs", "//! x\nuse crate::app;\n"),
    ] {
        assert_eq!(breaches(file, text), Vec::<String>::new(), "{file}: {text}");
    }
}
