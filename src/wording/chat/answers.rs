//! What somebody reads in answer to what they did in chat, and the forms they fill in.

use super::{button, cards, entries, excerpt};
use crate::domain::chat::Platform;
use crate::domain::fold::fold;
use crate::domain::ids::{EventId, MessageId, TicketId};
use crate::domain::message::Direction;
use crate::domain::ticket::Status;
use crate::view::press::Press;
use crate::view::resources::{Found, plain};
use crate::view::sheet::{Button, Choice, Field, File, Form, Menu, Piece, Row, Sheet, Tone};
use crate::view::{Act, Done, TemplateView, TicketView, View, Writing};
use crate::wording::prose::clean_line;
use crate::wording::{dates, done, labels, recipients, resources, text};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// A sentence.
pub fn sentence(said: impl Into<String>) -> Sheet {
    Sheet { body: vec![Piece::Words(said.into())], ..Sheet::default() }
}

/// Somebody whom nobody linked to an agent: how that is done.
pub fn unknown_person(platform: Platform, account: &str) -> Sheet {
    let kind = platform.as_str();
    sentence(format!(
        "Votre compte n’est lié à aucun agent\u{a0}: rien n’a été fait. Un administrateur le lie ainsi\u{a0}: \
         `guichet agent link VOTRE_NOM {kind}:{account}`"
    ))
}

/// Somebody whom nobody linked, and whose address is an agent's.
pub fn is_this_you(agent: &str) -> Sheet {
    Sheet {
        rows: vec![Row::Buttons(vec![
            button("Lier mon compte", Press::LinkMe, Tone::Primary),
            button("Ne rien faire", Press::Never, Tone::Plain),
        ])],
        ..sentence(format!(
            "Votre compte n’est lié à aucun agent\u{a0}: rien n’a été fait. Votre adresse est celle de {agent}\u{a0}: est-ce \
             vous\u{a0}?"
        ))
    }
}

/// An account that is linked now.
pub fn linked(agent: &str) -> Sheet {
    sentence(format!("Votre compte est lié à {agent}. Refaites ce que vous vouliez faire."))
}

/// Somebody who is linked, and has none of the roles that may act.
pub fn without_role(platform: Platform) -> Sheet {
    sentence(match platform {
        Platform::Discord => {
            "Il vous manque le rôle de l’équipe support sur ce serveur\u{a0}: rien n’a été fait. Un administrateur du \
             serveur peut vous le donner."
        }
        Platform::Slack => {
            "Vous n’êtes pas dans le groupe d’utilisateurs de l’équipe support\u{a0}: rien n’a été fait. Un administrateur de \
             l’espace Slack peut vous y ajouter."
        }
    })
}

/// A fault of ours.
pub fn broken(reference: &str) -> Sheet {
    sentence(broken_said(reference))
}

/// The same in a sentence.
pub fn broken_said(reference: &str) -> String {
    format!(
        "Erreur interne, référence {reference}\u{a0}: rien n’a été fait. Réessayez\u{a0}; si cela dure, donnez cette \
         référence à l’exploitant."
    )
}

/// A command that was typed while we were away, and is read only now.
pub fn too_late_to_act() -> Sheet {
    sentence(
        "Cette commande a été lue trop tard, après une interruption\u{a0}: elle n’a pas été exécutée. Redonnez-la si elle vaut \
         toujours.",
    )
}

/// A form that came too late to be shown.
pub fn too_slow() -> Sheet {
    sentence("Le formulaire n’a pas pu s’ouvrir à temps\u{a0}: appuyez de nouveau, ou redonnez la commande.")
}

/// A button that is no longer what it was.
pub fn stale() -> Sheet {
    sentence("Ce bouton n’est plus valable. La fiche du ticket montre où il en est\u{a0}: `/ticket show 42`.")
}

/// The answer to a command that only looks.
pub fn looked(view: &View, now: DateTime<Utc>, zone: Tz) -> Sheet {
    let drawn = text::draw(view, now, zone, false);
    match view {
        View::Ticket(ticket) => {
            let mut sheet = shown(ticket, zone);
            // What is cut here is whole in a file.
            if ticket.messages.len() > LATEST
                || ticket.messages.iter().any(|one| one.text.chars().count() > CUT)
            {
                sheet.files.push(File::Text { name: format!("ticket-{}.txt", ticket.id), text: drawn });
            }
            sheet
        }
        View::Checklist(list) => super::checklist(list),
        View::Report(done) => super::report(done),
        View::Found(found) => pages(found),
        View::Draft(draft) => {
            let (shown, files) = super::shown(&drawn, "reponse.txt");
            let mut sheet = Sheet { files, ..sentence(shown) };
            if let Some(ticket) = draft.ticket {
                let press = Press::Reply(ticket, Some(draft.template.clone()));
                sheet.rows = vec![Row::Buttons(vec![button("Répondre", press, Tone::Primary)])];
            }
            sheet
        }
        _ => {
            let (shown, files) = super::shown(&drawn, "liste.txt");
            Sheet { body: vec![Piece::Table(shown)], files, ..Sheet::default() }
        }
    }
}

/// How many pages of the knowledge base are shown.
const PAGES: usize = 5;

/// Pages of the knowledge base: each with a piece of it, and where it is read.
fn pages(found: &Found) -> Sheet {
    let mut shown = found.clone();
    shown.pages.truncate(PAGES);
    let mut sheet = sentence(resources::found(&shown));
    for page in &shown.pages {
        sheet.body.push(Piece::Heading(plain(&page.title)));
        sheet.body.push(Piece::Words(format!("{}\n{}", plain(&page.snippet), page.address)));
    }
    sheet
}

/// How many messages of a ticket that is looked at are shown, and how much of each, in characters.
const LATEST: usize = 5;
const CUT: usize = 500;

/// A ticket for one who asks to see it: its card, and the latest of the conversation.
fn shown(ticket: &TicketView, zone: Tz) -> Sheet {
    let mut sheet = cards::whole_card(ticket, &[], "");
    sheet.link = None;
    if ticket.status == Status::Closed {
        sheet.rows = cards::card(ticket, &[], None, zone, "").rows;
    }
    let latest = ticket.messages.iter().rev().take(LATEST).collect::<Vec<_>>();
    sheet.body = latest
        .into_iter()
        .rev()
        .flat_map(|message| {
            let who = Piece::Heading(entries::heading(ticket, message));
            [who, Piece::Ago(message.at), Piece::Quote(excerpt(&message.text, CUT))]
        })
        .collect();
    let older = ticket.messages.len().saturating_sub(LATEST);
    if older > 0 {
        let older = dates::count(older as i64, "message plus ancien", "messages plus anciens");
        sheet.body.insert(0, Piece::Small(older));
    }
    if let Some(before) = ticket.follows {
        sheet.body.insert(0, Piece::Words(labels::continues(before)));
    }
    if let Some(into) = ticket.merged_into {
        sheet.body.insert(0, Piece::Words(format!("⚠ {}", labels::merged(ticket.id, into))));
    }
    sheet
}

/// An act that was done: who is told, how to take it back, what may come next.
pub fn done(done: &Done, templates: &[TemplateView]) -> Sheet {
    let bare = Done { offers: Vec::new(), undo_seconds: 0, ..done.clone() };
    let mut next: Vec<Button> = Vec::new();
    if done.undo_seconds > 0 {
        let label = format!("Annuler ({}\u{a0}s)", done.undo_seconds);
        next.push(button(&label, Press::Undo(done.event), Tone::Danger));
    }
    let id = done.ticket.id;
    for key in &done.offers {
        let title = templates.iter().find(|template| template.key == *key).map(|template| &template.title);
        next.push(button(title.unwrap_or(key), Press::Reply(id, Some(key.clone())), Tone::Primary));
    }
    if asks_without_waiting(done) {
        let press = Press::SetStatus(id, Status::WaitingCustomer);
        next.push(button("Passer en En attente client\u{a0}?", press, Tone::Plain));
    }
    next.truncate(5);
    Sheet {
        accent: Some(done.ticket.status),
        body: vec![Piece::Words(done::say(&bare))],
        rows: if next.is_empty() { Vec::new() } else { vec![Row::Buttons(next)] },
        ..Sheet::default()
    }
}

/// An act that everybody read of, and that was taken back since.
pub fn taken_back(done: &Sheet) -> Sheet {
    let body = done.body.iter().map(|piece| match piece {
        Piece::Words(said) => Piece::Struck(said.replace('\n', " · ")),
        piece => piece.clone(),
    });
    Sheet { body: body.collect(), rows: Vec::new(), ..Sheet::default() }
}

/// Whether a reply asks the requester something, and leaves the ticket « En cours » (guide, « Demande d'Informations »:
/// « N'oubliez pas »).
fn asks_without_waiting(done: &Done) -> bool {
    let reply = done.ticket.messages.iter().rev().find(|message| message.direction == Direction::Outbound);
    matches!(done.done, Act::Replied { status: Status::InProgress })
        && reply.is_some_and(|reply| reply.text.split_whitespace().any(|word| word.ends_with('?')))
}

/// A reply without a text was typed: a form opens by a button only.
pub fn press_to_write(
    ticket: TicketId,
    template: Option<&str>,
    missing: &[String],
    has_files: bool,
) -> Sheet {
    let press = Press::Reply(ticket, template.map(str::to_owned));
    let mut said = format!("Votre réponse au ticket nº\u{a0}{ticket} s’écrit dans un formulaire");
    if missing.is_empty() {
        said.push('.');
    } else {
        let missing: Vec<String> = missing.iter().map(|bracket| format!("[{bracket}]")).collect();
        said.push_str(&format!(". À compléter\u{a0}: {}.", missing.join(", ")));
    }
    if has_files {
        said.push_str(" Un formulaire ne prend pas de fichier\u{a0}: pour joindre les vôtres, tapez la réponse dans le même message.");
    }
    Sheet { rows: vec![Row::Buttons(vec![button("Répondre", press, Tone::Primary)])], ..sentence(said) }
}

/// A file that somebody put beside a reply, and that the platform does not give us.
pub fn file_unread(platform: Platform, name: &str) -> String {
    let name = clean_line(name, 60);
    let from = match platform {
        Platform::Discord => "Discord",
        Platform::Slack => "Slack",
    };
    format!(
        "Rien n’a été envoyé\u{a0}: {from} ne donne pas «\u{a0}{name}\u{a0}» à Guichet. Réessayez, ou joignez-le depuis la page \
         du ticket."
    )
}

/// Which status to give.
pub fn status_menu(ticket: &TicketView) -> Sheet {
    let menu = Menu {
        press: Press::PickStatus(ticket.id),
        placeholder: "Statut ▾".to_owned(),
        choices: status_choices(ticket.status, told_of),
    };
    Sheet {
        body: vec![Piece::Words(format!("«\u{a0}{}\u{a0}»\u{a0}: quel statut\u{a0}?", cards::title(ticket)))],
        rows: vec![Row::Menu(menu)],
        ..Sheet::default()
    }
}

/// The statuses that somebody can give, each with a note of what it means.
fn status_choices(chosen: Status, note: fn(Status) -> Option<&'static str>) -> Vec<Choice> {
    let given = Status::ALL.into_iter().filter(|status| *status != Status::New);
    given
        .map(|status| Choice {
            label: labels::status(status).to_owned(),
            value: status.as_str().to_owned(),
            note: note(status).map(str::to_owned),
            is_chosen: status == chosen,
        })
        .collect()
}

/// What entering a status tells the requester (guide, « Notification envoyée »).
fn told_of(status: Status) -> Option<&'static str> {
    match status {
        Status::New | Status::InProgress => Some("aucune notification"),
        Status::WaitingCustomer | Status::Resolved | Status::Closed => {
            Some("l’utilisateur est prévenu, selon ses préférences")
        }
    }
}

/// Which standard reply to begin with.
pub fn template_menu(ticket: &TicketView, templates: &[TemplateView]) -> Sheet {
    const MENUS: usize = 5;
    const CHOICES: usize = 25;
    let choice = |template: &TemplateView| Choice {
        label: excerpt(&template.title, 90),
        value: template.key.clone(),
        note: template.then.map(|status| format!("puis {}", labels::status_name(status))),
        is_chosen: false,
    };
    let menus = (0..).zip(templates.chunks(CHOICES).take(MENUS));
    let rows = menus.map(|(number, templates)| {
        let placeholder = match number {
            0 => "Modèle ▾".to_owned(),
            _ => format!("Modèle ▾ (suite {number})"),
        };
        let press = Press::PickTemplate(ticket.id, number);
        Row::Menu(Menu { press, placeholder, choices: templates.iter().map(choice).collect() })
    });
    Sheet {
        body: vec![Piece::Words(format!(
            "«\u{a0}{}\u{a0}»\u{a0}: quelle réponse type\u{a0}?",
            cards::title(ticket)
        ))],
        rows: rows.collect(),
        ..Sheet::default()
    }
}

/// Whether it is spam: nothing leaves, the sender is blocked.
pub fn spam_question(ticket: &TicketView) -> Sheet {
    let id = ticket.id;
    Sheet {
        body: vec![Piece::Words(format!(
            "Fermer «\u{a0}{}\u{a0}» comme spam\u{a0}? Rien n’est envoyé, et {} est bloqué.",
            cards::title(ticket),
            ticket.requester.email
        ))],
        rows: vec![Row::Buttons(vec![
            button("C’est du spam", Press::SpamSure(id), Tone::Danger),
            button("Ne rien faire", Press::Never, Tone::Plain),
        ])],
        ..Sheet::default()
    }
}

/// A reply before it leaves: the text, the exact recipients and roads, the status that goes with it.
pub fn preview(writing: &Writing) -> Sheet {
    let (id, seen) = (writing.id, latest(writing));
    let mut sheet = of_draft(writing);
    let told = Done {
        ticket: (*writing.ticket).clone(),
        event: EventId(0),
        done: Act::Replied { status: writing.then },
        offers: Vec::new(),
        told: Some(writing.told.clone()),
        undo_seconds: 0,
    };
    // Its first line tells that something was done.
    let roads = done::say(&told).lines().skip(1).collect::<Vec<_>>().join("\n");
    sheet.title = Some(format!("Aperçu · {}", cards::title(&writing.ticket)));
    sheet.facts.push(("Envoi".to_owned(), roads));
    sheet.facts.push(("Statut après l’envoi".to_owned(), labels::status(writing.then).to_owned()));
    let mut send = Vec::new();
    if writing.missing.is_empty() && !writing.text.trim().is_empty() {
        send.push(button("Envoyer", Press::Send(id, seen, writing.mark.clone()), Tone::Success));
        if !writing.to_all.cc.is_empty() {
            sheet.facts.push(("À tous".to_owned(), recipients::line(&writing.to_all)));
            let mark = writing.mark.clone();
            send.push(button("Envoyer à tous", Press::SendAll(id, seen, mark), Tone::Success));
        }
    } else if !writing.missing.is_empty() {
        let left = writing.missing.iter().map(|bracket| format!("[{bracket}]")).collect::<Vec<_>>();
        sheet.facts.push(("À compléter".to_owned(), left.join(", ")));
    }
    send.push(button("Modifier", Press::Edit(id), Tone::Plain));
    send.push(button("Abandonner", Press::Drop(id), Tone::Danger));
    sheet.rows = vec![Row::Buttons(send), Row::Menu(then_menu(writing))];
    sheet.footer = cards::writing(&writing.others);
    sheet
}

/// The preview again, where what would have left is not what was shown.
pub fn changed(writing: &Writing) -> Sheet {
    let mut sheet = preview(writing);
    let why = "Rien n’est parti\u{a0}: le texte, les destinataires ou le statut ont changé depuis l’aperçu. Relisez, puis envoyez.";
    sheet.body.insert(0, Piece::Heading(why.to_owned()));
    sheet
}

/// Somebody wrote while a reply was being written: both texts, and what to do.
pub fn overtaken(writing: &Writing) -> Sheet {
    let (id, seen) = (writing.id, latest(writing));
    let (mut body, mut whole) =
        (vec![Piece::Heading("Pendant que vous écriviez\u{a0}:".to_owned())], Vec::new());
    for message in &writing.since {
        body.push(Piece::Words(message.author.clone()));
        let (shown, files) = super::shown_within(&message.text, 700, &format!("message-{}.txt", message.id));
        body.push(Piece::Quote(shown));
        whole.extend(files);
    }
    body.push(Piece::Heading("Votre texte\u{a0}:".to_owned()));
    let mut sheet = of_draft(writing);
    body.append(&mut sheet.body);
    sheet.body = body;
    sheet.files.extend(whole);
    sheet.title = Some(format!("Le ticket a bougé · {}", cards::title(&writing.ticket)));
    let mut next =
        vec![button("Envoyer quand même", Press::Send(id, seen, writing.mark.clone()), Tone::Danger)];
    if !writing.to_all.cc.is_empty() {
        sheet.facts.push(("À tous".to_owned(), recipients::line(&writing.to_all)));
        let press = Press::SendAll(id, seen, writing.mark.clone());
        next.push(button("Envoyer à tous quand même", press, Tone::Danger));
    }
    next.push(button("Modifier", Press::Edit(id), Tone::Primary));
    next.push(button("Abandonner", Press::Drop(id), Tone::Plain));
    sheet.rows = vec![Row::Buttons(next)];
    sheet
}

fn of_draft(writing: &Writing) -> Sheet {
    let (shown, files) = super::shown(&writing.text, &format!("reponse-{}.txt", writing.ticket.id));
    Sheet { accent: Some(writing.then), body: vec![Piece::Quote(shown)], files, ..Sheet::default() }
}

fn latest(writing: &Writing) -> MessageId {
    let messages = writing.ticket.messages.iter().map(|message| message.id);
    messages.max().unwrap_or(MessageId(0))
}

fn then_menu(writing: &Writing) -> Menu {
    Menu {
        press: Press::Then(writing.id),
        placeholder: "Statut après l’envoi ▾".to_owned(),
        choices: status_choices(writing.then, |_| None),
    }
}

/// A reply that was sent before, by the same button.
pub fn already_sent(ticket: TicketId) -> Sheet {
    sentence(format!(
        "Cette réponse est déjà enregistrée sur le ticket nº\u{a0}{ticket}\u{a0}: elle ne part qu’une fois."
    ))
}

/// A reply that was given up.
pub fn dropped(ticket: TicketId) -> Sheet {
    sentence(format!("Réponse au ticket nº\u{a0}{ticket} abandonnée\u{a0}: rien n’est parti."))
}

/// Nothing was done, as was asked.
pub fn never() -> Sheet {
    sentence("Rien n’a été fait.")
}

/// A note that was added from what somebody wrote.
pub fn noted(ticket: TicketId) -> Sheet {
    sentence(format!("Ajouté au ticket nº\u{a0}{ticket}, en note interne."))
}

/// A form that was refused, and what brings it again.
pub fn amend(said: &str, again: Press) -> Sheet {
    Sheet {
        rows: vec![Row::Buttons(vec![button("Corriger", again, Tone::Primary)])],
        ..sentence(format!("{said} Ce que vous aviez écrit est gardé."))
    }
}

/// A ticket that was opened from a message in chat.
pub fn opened(ticket: &TicketView) -> Sheet {
    Sheet {
        accent: Some(ticket.status),
        body: vec![Piece::Words(format!(
            "Ticket «\u{a0}{}\u{a0}» ouvert pour {}. Rien ne lui est envoyé.",
            cards::title(ticket),
            ticket.requester.email
        ))],
        ..Sheet::default()
    }
}

/// What the technical team reads once it said that the fault is mended.
pub fn fixed(ticket: TicketId) -> Sheet {
    sentence(format!(
        "Merci\u{a0}: l’équipe support sait que le ticket nº\u{a0}{ticket} est corrigé\u{a0}; elle préviendra l’utilisateur."
    ))
}

/// The form for a reply: the brackets of a standard reply each in a field where there are few, else the whole text.
pub fn reply_form(writing: &Writing, whole: bool) -> Form {
    let title = excerpt(&format!("Répondre au nº\u{a0}{}", writing.ticket.id), 45);
    if !whole && (1..=5).contains(&writing.missing.len()) {
        let fields = writing.missing.iter().enumerate().map(|(at, bracket)| Field {
            key: bracket_key(bracket),
            label: excerpt(bracket, 45),
            value: String::new(),
            is_long: true,
            is_required: at == 0,
        });
        return Form { press: Press::Fill(writing.id), title, fields: fields.collect() };
    }
    let label = match writing.others.as_slice() {
        [] => "Votre réponse".to_owned(),
        [one] => excerpt(&format!("Votre réponse ({one} rédige aussi)"), 45),
        _ => "Votre réponse (d’autres rédigent aussi)".to_owned(),
    };
    let text = Field {
        key: "text".to_owned(),
        label,
        value: writing.text.clone(),
        is_long: true,
        is_required: true,
    };
    Form { press: Press::Edit(writing.id), title, fields: vec![text] }
}

/// The key of the field for a bracket of a standard reply: its own name, so that what fills one never fills another.
pub fn bracket_key(bracket: &str) -> String {
    let name: String = fold(bracket).chars().filter(char::is_ascii_alphanumeric).take(60).collect();
    format!("field-{name}")
}

/// The form that asks why a ticket is escalated.
pub fn escalate_form(ticket: TicketId) -> Form {
    Form {
        press: Press::Escalate(ticket),
        title: format!("Escalader le nº\u{a0}{ticket}"),
        fields: vec![field("reason", "Raison, pour l’équipe technique", "", true, true)],
    }
}

/// The form that opens a ticket from a message of `author`.
pub fn open_form(author: &str, email: &str, name: &str, said: &str) -> Form {
    let subject = excerpt(said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default(), 80);
    Form {
        press: Press::Open(author.to_owned()),
        title: "Créer un ticket".to_owned(),
        fields: vec![
            field("email", "E-mail de l’utilisateur", email, false, true),
            field("name", "Nom", name, false, false),
            field("subject", "Sujet", &subject, false, true),
            field("text", "Message", said, true, true),
        ],
    }
}

/// Behind the beginning of a message that no form can hold.
pub fn the_rest_is_at(link: &str) -> String {
    format!("\n\n[La suite du message\u{a0}: {link}]")
}

/// The form that adds a message to a ticket.
pub fn add_form(said: &str) -> Form {
    Form {
        press: Press::AddTo,
        title: "Ajouter au ticket…".to_owned(),
        fields: vec![
            field("ticket", "Numéro du ticket", "", false, true),
            field("text", "Note interne", said, true, true),
        ],
    }
}

fn field(key: &str, label: &str, value: &str, is_long: bool, is_required: bool) -> Field {
    Field { key: key.to_owned(), label: label.to_owned(), value: value.to_owned(), is_long, is_required }
}
