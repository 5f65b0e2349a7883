//! `guichet user …`: requesters and their preferences.

use super::{Done, Ended, acting, on_terminal, print, print_json};
use crate::app::Opened;
use crate::command::grammar::PREFERENCES;
use crate::desk::Failure;
use crate::desk::privacy::Erasure;
use crate::domain::audit::Counts;
use crate::domain::people::normal_address;
use crate::domain::preference::Preference;
use crate::domain::refusal::Refusal;
use crate::view::View;
use crate::wording::{cli as say, refusals, text};
use clap::Subcommand;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// A requester and their tickets
    Show {
        /// Address
        email: String,
    },
    /// `preference=web_only`, `name="Léa Martin"`, `blocked=no`
    Set {
        /// Address
        email: String,
        /// What to set
        #[arg(required = true)]
        assignments: Vec<String>,
    },
    /// Requesters from a CSV file with the head `email,name,preference`, or parted by semicolons or tabs
    Import {
        /// File
        file: PathBuf,
    },
    /// Everything about a requester, as JSON
    Export {
        /// Address
        email: String,
        /// Also their mails, byte for byte, as files in this folder
        #[arg(long, value_name = "FOLDER")]
        mails: Option<PathBuf>,
    },
    /// Take away everything that is held of a requester; there is no way back
    Erase {
        /// Address
        email: String,
    },
}

/// What a requester is to become.
#[derive(Default)]
struct Changes {
    name: Option<String>,
    preference: Option<Preference>,
    unblock: bool,
}

pub(super) async fn run(opened: &Opened, command: &User, agent: Option<&str>, json: bool) -> Done {
    let by = acting(opened, agent).await?;
    let desk = &opened.desk.acting(by.clone());
    match command {
        User::Show { email } => show(opened, View::Person(desk.person(email).await?), json),
        User::Set { email, assignments } => {
            let email = address(email)?;
            let changes = read(assignments)?;
            if changes.unblock {
                desk.unblock(&email).await?;
            }
            let person = desk.set_requester(&email, changes.name.as_deref(), changes.preference).await?;
            show(opened, View::Person(person), json);
        }
        User::Import { file } => {
            let content = std::fs::read_to_string(file)
                .map_err(|why| Ended::Refused(format!("{}: {why}", file.display())))?;
            let rows =
                read_csv(&content).map_err(|(line, why)| Ended::Refused(say::bad_csv_line(line, &why)))?;
            desk.tell_import(rows.len()).await?;
            for (email, name, preference) in &rows {
                opened
                    .desk
                    .set_requester(email, Some(name.as_str()).filter(|name| !name.is_empty()), *preference)
                    .await?;
            }
            print_json(json, &serde_json::json!({ "imported": rows.len() }), &say::imported(rows.len()));
        }
        User::Erase { email } => {
            let email = address(email)?;
            // Who is unknown is said before anything is asked.
            let person = desk.person(&email).await?;
            if !is_meant(&email, person.tickets.len()) {
                return Err(Ended::Refused(say::NOTHING_ERASED.to_owned()));
            }
            let erased = match desk.erase(desk.number_of(&email).await?, &by).await? {
                Some(Erasure::Now(erased)) => erased,
                Some(Erasure::Before) | None => Counts::default(),
            };
            let counts = serde_json::json!({
                "tickets": erased.tickets, "messages": erased.messages, "mails": erased.mails,
            });
            print_json(json, &counts, &say::erased(erased.tickets, erased.mails));
            // From here on no backup holds the words, whether anything else runs or not.
            desk.tidy_search().await?;
        }
        User::Export { email, mails } => {
            let number = desk.number_of(email).await?;
            let Some((whole, held)) = desk.export(number, &by).await? else {
                return Err(Failure::Refused(Refusal::NoSuchRequester(email.clone())).into());
            };
            if let Some(folder) = mails {
                let unwritable = |why: std::io::Error| Ended::Refused(format!("{}: {why}", folder.display()));
                std::fs::create_dir_all(folder).map_err(unwritable)?;
                for id in held {
                    if let Some(mail) = desk.mail_of(id).await? {
                        std::fs::write(folder.join(format!("mail-{id}.eml")), mail).map_err(unwritable)?;
                    }
                }
            }
            print(&serde_json::to_string_pretty(&whole).map_err(anyhow::Error::from)?);
        }
    }
    Ok(())
}

/// Whether a person at a terminal says so by typing the address again; a script means what it says.
fn is_meant(email: &str, tickets: usize) -> bool {
    if !std::io::stdin().is_terminal() {
        return true;
    }
    crate::telemetry::ask(&say::really_erase(email, tickets));
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).is_ok() && normal_address(line.trim()) == email
}

fn show(opened: &Opened, view: View, json: bool) {
    if json {
        print_json(true, &view, "");
    } else {
        print(&text::draw(&view, opened.desk.clock().now(), opened.config.timezone, on_terminal()));
    }
}

fn address(given: &str) -> Result<String, Ended> {
    let address = normal_address(given);
    let is_address = address
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
        && !address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
    if is_address { Ok(address) } else { Err(Ended::Usage(say::not_an_address(given))) }
}

fn read(assignments: &[String]) -> Result<Changes, Ended> {
    let mut changes = Changes::default();
    for assignment in assignments {
        match assignment.split_once('=') {
            Some(("preference", word)) => changes.preference = Some(preference(word)?),
            Some(("name", name)) => changes.name = Some(one_line(name)),
            Some(("blocked", "no" | "non")) => changes.unblock = true,
            _ => return Err(Ended::Usage(say::not_an_assignment(assignment))),
        }
    }
    Ok(changes)
}

fn preference(word: &str) -> Result<Preference, Ended> {
    PREFERENCES.read(word).map_err(|error| Ended::Usage(refusals::say_usage(&error)))
}

fn one_line(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

type Row = (String, String, Option<Preference>);

/// Reads the whole file before anything is written, so that a bad line changes nothing. Fields may be quoted as
/// RFC 4180 has it; a quoted field does not go over the end of its line.
fn read_csv(content: &str) -> Result<Vec<Row>, (usize, String)> {
    let mut lines = content.trim_start_matches('\u{FEFF}').lines().enumerate();
    let head = lines.next().map_or("", |(_, head)| head);
    // Spreadsheets have three habits. The head tells which: it holds no name of a person, which may have a comma in it.
    let separator = [';', '\t'].into_iter().find(|separator| head.contains(*separator)).unwrap_or(',');
    let head = fields(head, separator);
    let place = |name: &str| head.iter().position(|field| field.trim().eq_ignore_ascii_case(name));
    let Some(email_at) = place("email") else { return Err((1, say::CSV_HEAD.to_owned())) };
    let (name_at, preference_at) = (place("name"), place("preference"));
    let mut rows = Vec::new();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let fields = fields(line, separator);
        let field = |at: Option<usize>| at.and_then(|at| fields.get(at)).map_or("", |field| field.trim());
        let why = |ended: Ended| match ended {
            Ended::Refused(said) | Ended::Usage(said) => (number + 1, said),
            Ended::Broken(error) => (number + 1, error.to_string()),
        };
        let email = address(field(Some(email_at))).map_err(why)?;
        let word = field(preference_at);
        let preference = if word.is_empty() { None } else { Some(preference(word).map_err(why)?) };
        rows.push((email, one_line(field(name_at)), preference));
    }
    Ok(rows)
}

/// The fields of one line.
fn fields(line: &str, separator: char) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            c if c == separator && !quoted => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_requesters_is_read_whole_or_not_at_all() {
        let file = "\u{FEFF}email;name;preference\nLea@Client.example;\"Martin, Léa\";web_only\n\njean@client.example;;\n";
        assert_eq!(
            read_csv(file).unwrap(),
            [
                ("lea@client.example".into(), "Martin, Léa".into(), Some(Preference::WebOnly)),
                ("jean@client.example".into(), String::new(), None),
            ]
        );
        let row = |name: &str| [("lea@client.example".to_owned(), name.to_owned(), None)];
        for (file, name) in [
            ("email;name\nlea@client.example;Martin, Léa\n", "Martin, Léa"),
            ("name,email\nLéa ; Martin,lea@client.example\n", "Léa ; Martin"),
            ("email\tname\nlea@client.example\tMartin, Léa ; Paris\n", "Martin, Léa ; Paris"),
        ] {
            assert_eq!(read_csv(file).unwrap(), row(name), "{file}");
        }
        let bad = "email,preference\na@b.example,both\nb@b.example,parfois\n";
        assert_eq!(read_csv(bad).unwrap_err().0, 3);
        assert_eq!(read_csv("nom\nx\n").unwrap_err().0, 1);
        assert_eq!(read_csv("email\nsans arobase\n").unwrap_err().0, 2);
    }
}
