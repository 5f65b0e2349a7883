//! The templates of the mails to requesters: built in, each replaceable by a file of the same name.
//!
//! A mail is a text and an HTML page with the same words. The template of what is told (`notices/resolved.txt`) is
//! drawn first, then `notices/layout.txt` round it. A value that is missing is an error, found when the templates
//! are loaded and not when a mail should leave. `.html` escapes; `.txt` does not.
//! Pure: the caller reads the files. May import: domain, wording, minijinja.

use super::labels;
use crate::domain::feedback::Rating;
use crate::domain::notice::Notice;
use crate::domain::ticket::Status;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),*]
    };
}

/// Name, below the folder of templates, and text.
const BUILT_IN: &[(&str, &str)] = built_in![
    "notices/layout.txt",
    "notices/layout.html",
    "notices/waiting_customer.txt",
    "notices/waiting_customer.html",
    "notices/resolved.txt",
    "notices/resolved.html",
    "notices/closed.txt",
    "notices/closed.html",
    "notices/reply.txt",
    "notices/reply.html",
];

/// The folder that these templates live in; overrides elsewhere belong to other rooms.
const FOLDER: &str = "notices/";

/// Steps that one template may take: a thousand times what the built-in ones need, and far below a second.
const FUEL: u64 = 100_000;

/// Text for people who read plain mail, and the same as an HTML fragment that is safe as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoForms {
    /// Plain text.
    pub text: String,
    /// HTML, already escaped.
    pub html: String,
}

/// The message that a reply answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotation {
    /// `Le 24 novembre 2026 à 10:05, Léa Martin a écrit :`.
    pub attribution: String,
    /// Its text, with the marks of quoting in the plain form.
    pub body: TwoForms,
}

/// What a mail to a requester says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// What it tells; chooses the template.
    pub notice: Notice,
    /// The mail's subject.
    pub subject: String,
    /// The guide's title; empty for a reply that changes no status.
    pub title: String,
    /// The guide's message.
    pub message: String,
    /// A CM's text, for a reply.
    pub body: Option<TwoForms>,
    /// What the reply answers.
    pub quote: Option<Quotation>,
    /// Who signs; `None` when the text is signed already.
    pub signature: Option<String>,
    /// The ticket's number.
    pub ticket: i64,
    /// The requester's own page of the ticket.
    pub ticket_url: Option<String>,
    /// The requester's own page of preferences.
    pub preferences_url: Option<String>,
    /// Where they say what they think of the help; only once the ticket is resolved.
    pub feedback_url: Option<String>,
}

/// The templates, compiled and tried.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// The built-in templates, with those replaced that `overrides` names (`("notices/resolved.html", text)`).
    ///
    /// # Errors
    /// One sentence for the operator when an override in `notices/` has a name that is no template's, does not
    /// parse, or cannot be drawn: each is tried here with every shape of mail.
    pub fn load(overrides: &[(String, String)]) -> Result<Templates, String> {
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .map_err(|error| error.to_string())?;
        let mut environment = Environment::new();
        environment.set_syntax(syntax);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        });
        for (name, text) in BUILT_IN {
            environment.add_template(name, text).map_err(|error| describe(name, &error))?;
        }
        for (name, text) in overrides.iter().filter(|(name, _)| name.starts_with(FOLDER)) {
            if !BUILT_IN.iter().any(|(known, _)| known == name) {
                let known: Vec<_> = BUILT_IN.iter().map(|(known, _)| *known).collect();
                return Err(format!("{name} replaces no template; there are {}", known.join(", ")));
            }
            environment
                .add_template_owned(name.clone(), text.clone())
                .map_err(|error| describe(name, &error))?;
        }
        let templates = Templates { environment };
        for letter in samples() {
            templates.draw(&letter)?;
        }
        Ok(templates)
    }

    /// A letter as plain text and as a whole HTML page, with line feeds only.
    ///
    /// # Errors
    /// One sentence when a template names a value that there is not, or does not end.
    pub fn draw(&self, letter: &Letter) -> Result<TwoForms, String> {
        let name = template_of(letter.notice);
        let text = self.draw_form(letter, name, "txt")?;
        let html = self.draw_form(letter, name, "html")?;
        Ok(TwoForms { text: format!("{}\n", text.trim_end()), html: format!("{}\n", html.trim_end()) })
    }

    fn draw_form(&self, letter: &Letter, name: &str, form: &str) -> Result<String, String> {
        let content = self.render(&format!("{FOLDER}{name}.{form}"), values(letter, Value::from("")))?;
        let content = match form {
            "html" => Value::from_safe_string(content),
            _ => Value::from(content.trim_end()),
        };
        self.render(&format!("{FOLDER}layout.{form}"), values(letter, content))
    }

    fn render(&self, name: &str, values: Value) -> Result<String, String> {
        self.environment
            .get_template(name)
            .and_then(|template| template.render(values))
            .map_err(|error| describe(name, &error))
    }
}

/// The templates' name for what is told.
fn template_of(notice: Notice) -> &'static str {
    match notice {
        Notice::Reply { .. } => "reply",
        // A reminder says what the notice said, once more.
        Notice::Status(Status::WaitingCustomer) | Notice::Reminder { .. } => "waiting_customer",
        Notice::Status(Status::Resolved) => "resolved",
        // The guide announces no other status; what is told in no other words is told as a piece of information.
        Notice::Status(Status::Closed | Status::New | Status::InProgress) => "closed",
    }
}

fn values(letter: &Letter, content: Value) -> Value {
    let body = letter
        .body
        .as_ref()
        .map(|body| context! { text => &body.text, html => Value::from_safe_string(body.html.clone()) });
    let quote = letter.quote.as_ref().map(|quote| {
        context! {
            attribution => &quote.attribution,
            text => &quote.body.text,
            html => Value::from_safe_string(quote.body.html.clone()),
        }
    });
    let kind = letter.notice.colour();
    context! {
        content,
        kind => kind.as_str(),
        is_reply => matches!(letter.notice, Notice::Reply { .. }),
        subject => &letter.subject,
        title => &letter.title,
        message => &letter.message,
        body,
        quote,
        signature => &letter.signature,
        ticket => letter.ticket,
        ticket_url => letter.ticket_url.as_deref().map(link),
        preferences_url => letter.preferences_url.as_deref().map(link),
        feedback => letter.feedback_url.as_deref().map(feedback),
    }
}

/// The question, and the page that each face leads to.
fn feedback(url: &str) -> Value {
    let faces: Vec<Value> = Rating::ALL
        .into_iter()
        .map(|rating| {
            context! {
                face => labels::rating_face(rating),
                name => labels::rating_name(rating),
                url => link(&format!("{url}?rating={}", rating.as_str())),
            }
        })
        .collect();
    context! { url => link(url), faces }
}

/// A link that needs no escaping is set in as it is: filters that read the source of mails find `https:&#x2f;` odd.
fn link(url: &str) -> Value {
    let is_plain = url.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/@%[]?=".contains(&byte));
    if is_plain { Value::from_safe_string(url.to_owned()) } else { Value::from(url) }
}

fn describe(name: &str, error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{name}{line}: {}{detail}", error.kind())
}

/// A letter of every shape, to try templates with.
fn samples() -> impl Iterator<Item = Letter> {
    let form = || TwoForms { text: "x".to_owned(), html: "x".to_owned() };
    let notices = [
        Notice::Status(Status::WaitingCustomer),
        Notice::Status(Status::Resolved),
        Notice::Status(Status::Closed),
        Notice::Reply { then: None },
        Notice::Reply { then: Some(Status::Resolved) },
    ];
    notices.into_iter().flat_map(move |notice| {
        [false, true].map(|full| Letter {
            notice,
            subject: "x [#1]".to_owned(),
            title: if notice.status().is_some() { "x".to_owned() } else { String::new() },
            message: "x".to_owned(),
            body: matches!(notice, Notice::Reply { .. }).then(form),
            quote: full.then(|| Quotation { attribution: "x".to_owned(), body: form() }),
            signature: full.then(|| "x".to_owned()),
            ticket: 1,
            ticket_url: full.then(|| "https://desk.example/u/x".to_owned()),
            preferences_url: full.then(|| "https://desk.example/u/x/p".to_owned()),
            feedback_url: (full && notice.status() == Some(Status::Resolved))
                .then(|| "https://desk.example/u/x/f".to_owned()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved() -> Letter {
        Letter {
            notice: Notice::Status(Status::Resolved),
            subject: "Ticket de support : Résolu [#42]".to_owned(),
            title: "Ticket de support : Résolu".to_owned(),
            message: "Votre ticket '<b>R&D</b>' est maintenant résolu.".to_owned(),
            body: None,
            quote: None,
            signature: Some("Équipe Support Guichet".to_owned()),
            ticket: 42,
            ticket_url: None,
            preferences_url: None,
            feedback_url: None,
        }
    }

    fn overriding(name: &str, text: &str) -> Result<Templates, String> {
        Templates::load(&[(name.to_owned(), text.to_owned())])
    }

    #[test]
    fn html_escapes_and_text_does_not() {
        let drawn = Templates::load(&[]).unwrap().draw(&resolved()).unwrap();
        assert!(drawn.text.starts_with("Votre ticket '<b>R&D</b>' est maintenant résolu.\n"));
        assert!(drawn.html.contains("&lt;b&gt;R&amp;D&lt;"));
        assert!(!drawn.html.contains("<b>R"));
    }

    #[test]
    fn without_addresses_of_pages_there_is_no_link_and_with_them_there_are_two() {
        let templates = Templates::load(&[]).unwrap();
        for mut letter in samples() {
            letter.ticket_url = None;
            letter.preferences_url = None;
            letter.feedback_url = None;
            let bare = templates.draw(&letter).unwrap();
            assert!(!bare.html.contains("<a ") && !bare.html.contains("http"), "{}", bare.html);
            assert!(!bare.text.contains("http"), "{}", bare.text);
            letter.ticket_url = Some("https://desk.example/u/a".to_owned());
            letter.preferences_url = Some("https://desk.example/u/b".to_owned());
            let linked = templates.draw(&letter).unwrap();
            for address in ["https://desk.example/u/a", "https://desk.example/u/b"] {
                assert!(linked.text.contains(address), "{}", linked.text);
                assert!(linked.html.contains(&format!("href=\"{address}\"")));
            }
        }
    }

    #[test]
    fn a_file_of_the_same_name_replaces_a_template() {
        let templates = overriding("notices/resolved.txt", "Fini : {{ message }}\n").unwrap();
        let drawn = templates.draw(&resolved()).unwrap();
        assert!(drawn.text.starts_with("Fini : Votre ticket"));
        assert!(drawn.html.contains("Si le problème persiste"));
    }

    #[test]
    fn a_faulty_override_is_named_when_it_is_loaded() {
        let fault = |name, text| overriding(name, text).unwrap_err();
        assert!(fault("notices/resolvd.txt", "x").starts_with("notices/resolvd.txt replaces no template"));
        assert!(fault("notices/closed.html", "{% if %}").starts_with("notices/closed.html, line 1: "));
        assert!(fault("notices/closed.txt", "\n{{ prenom }}").starts_with("notices/closed.txt, line 2: "));
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        assert!(fault("notices/layout.txt", endless).contains("fuel"));
        assert!(overriding("replies/solution.md", "{% of another room").is_ok());
    }
}
