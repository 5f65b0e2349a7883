//! Every [`View`] as plain text, for the command line and the chat console: aligned, in French, with ANSI colours
//! only where the caller says so.
//!
//! Whatever came from outside is shown without control characters, so that no mail can drive a terminal.
//! Pure. May import: domain, view, wording.

mod paint;
#[cfg(test)]
pub mod samples;
mod ticket;

use super::{dates, done, labels, recipients, resources, rituals};
use crate::domain::ticket::Priority;
use crate::view::resources::{Found, plain as text_of};
use crate::view::{
    Checklist, Draft, HelpEntry, Person, Queue, Recipients, Report, RequesterView, TemplateView, TicketView,
    View,
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use paint::{Cell, Ink, Table, clipped, printable};

/// Draws a view. `now` and `zone` are for the times in it; with `colour`, ANSI escapes stand in the text.
pub fn draw(view: &View, now: DateTime<Utc>, zone: Tz, colour: bool) -> String {
    let ink = Ink { colour };
    let drawn = match view {
        View::Ticket(ticket) => ticket::card(ticket, now, zone, ink),
        View::History(ticket) => ticket::history(ticket, zone, ink),
        View::Deliveries(ticket) => ticket::deliveries(ticket, zone, ink),
        View::Participants(ticket) => ticket::participants(ticket, ink),
        View::Done(done) => ink.commands(&printable(&done::say(done))),
        View::Queue(queue) => draw_queue(queue, now, ink),
        View::Templates(templates) => draw_templates(templates, ink),
        View::Draft(draft) => draw_draft(draft, ink),
        View::Person(person) => draw_person(person, now, ink),
        View::Checklist(list) => draw_checklist(list, ink),
        View::Stats(report) => draw_stats(report, ink),
        View::Report(report) => draw_report(report, ink),
        View::Found(found) => draw_found(found, ink),
        View::Help(entries) => draw_help(entries, ink),
    };
    // No line ends in blanks, whatever the last column held.
    drawn.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A sentence of [`super::refusals`] or [`super::done`] for a terminal: commands without their backticks, bold
/// where `colour` allows it.
pub fn sentence(said: &str, colour: bool) -> String {
    Ink { colour }.commands(&printable(said))
}

fn draw_checklist(list: &Checklist, ink: Ink) -> String {
    let lines = rituals::tasks(list).into_iter().map(|(_, what, pile)| rituals::task(&what, pile));
    let lines = lines.collect::<Vec<_>>().join("\n");
    format!("{}\n\n{lines}", ink.bold(&rituals::checklist_title(list)))
}

fn draw_stats(report: &Report, ink: Ink) -> String {
    let today = format!("Aujourd’hui\u{a0}: {}", rituals::tally(report));
    let promises = rituals::promises(report).join("\n");
    format!("{}\n{today}\n\n{promises}", ink.bold(&rituals::figures(&report.figures)))
}

fn draw_report(report: &Report, ink: Ink) -> String {
    let parts = rituals::report(report).into_iter().map(|part| {
        let lines: Vec<String> = part.lines.iter().map(|line| format!("  {}", printable(line))).collect();
        format!("{}\n{}", ink.bold(part.title), lines.join("\n"))
    });
    let parts = parts.collect::<Vec<_>>().join("\n\n");
    format!("{}\n\n{parts}", ink.bold(&rituals::report_title(report)))
}

fn draw_found(found: &Found, ink: Ink) -> String {
    let pages = found.pages.iter().map(|page| {
        let (title, snippet) = (printable(&text_of(&page.title)), printable(&text_of(&page.snippet)));
        format!("\n\n{}\n{snippet}\n{}", ink.bold(&title), ink.dim(&page.address))
    });
    format!("{}{}", printable(&resources::found(found)), pages.collect::<String>())
}

fn draw_queue(queue: &Queue, now: DateTime<Utc>, ink: Ink) -> String {
    if queue.tickets.is_empty() {
        return "Aucun ticket.".to_owned();
    }
    let shown = queue.tickets.len() as i64;
    let foot = match (queue.is_at_least, shown < queue.total) {
        (true, _) => format!("Les {} plus récents d’une liste plus longue.", dates::grouped(shown)),
        (false, true) => {
            let all = dates::count(queue.total, "ticket", "tickets");
            format!("{} sur {all}, les plus récents d’abord.", dates::grouped(shown))
        }
        (false, false) => format!("{}.", dates::count(queue.total, "ticket", "tickets")),
    };
    format!("{}\n\n{}", tickets(&queue.tickets, now, ink), ink.dim(&foot))
}

fn tickets(tickets: &[TicketView], now: DateTime<Utc>, ink: Ink) -> String {
    let mut table =
        Table::new(&["Nº", "Statut", "Priorité", "Responsable", "Modifié", "Demandeur", "Sujet"], &[0]);
    for ticket in tickets {
        let priority = labels::priority(ticket.priority);
        let pressing = matches!(ticket.priority, Priority::High | Priority::Urgent);
        table.row([
            Cell::plain(ticket.id.to_string()),
            Cell::plain(labels::status(ticket.status).to_owned()),
            if pressing { Cell::red(priority.to_owned()) } else { Cell::plain(priority.to_owned()) },
            Cell::plain(ticket.assignee.as_deref().map_or("–".to_owned(), |name| clipped(name, 16))),
            Cell::dim(dates::ago(ticket.updated_at, now)),
            Cell::plain(clipped(called(&ticket.requester), 24)),
            Cell::bold(clipped(&ticket.subject, 60)),
        ]);
    }
    table.draw(ink)
}

/// A requester's name, or their address where there is none.
fn called(requester: &RequesterView) -> &str {
    match requester.name.trim() {
        "" => &requester.email,
        name => name,
    }
}

/// « Léa Martin <lea@exemple.example> · préférence : both (web + e-mail + push) ».
fn requester(requester: &RequesterView, ink: Ink) -> String {
    let address = printable(&requester.email);
    let who = match requester.name.trim() {
        "" => ink.bold(&address),
        name => format!("{} <{address}>", ink.bold(&clipped(name, 80))),
    };
    let preference = format!(
        "préférence\u{a0}: {} ({})",
        requester.preference.as_str(),
        labels::preference(requester.preference)
    );
    format!("{who} · {preference}")
}

fn draw_templates(templates: &[TemplateView], ink: Ink) -> String {
    let mut table = Table::new(&["Modèle", "Titre", "Passe le ticket en"], &[]);
    for template in templates {
        table.row([
            Cell::bold(printable(&template.key)),
            Cell::plain(clipped(&template.title, 48)),
            Cell::plain(template.then.map_or("🟡 En cours", labels::status).to_owned()),
        ]);
    }
    let next = ink.commands("Lire un modèle rempli\u{a0}: `/ticket template solution 42`");
    format!("{}\n\n{next}", table.draw(ink))
}

fn draw_draft(draft: &Draft, ink: Ink) -> String {
    let of = draft.ticket.map(|id| format!(" pour le ticket nº\u{a0}{id}")).unwrap_or_default();
    let then = draft.then.map(|status| format!(" → {}", labels::status(status))).unwrap_or_default();
    let title = ink.bold(&format!("Réponse type «\u{a0}{}\u{a0}»{of}{then}", printable(&draft.template)));
    let mut lines = vec![title, String::new(), printable(&draft.text)];
    if !draft.missing.is_empty() {
        let missing: Vec<String> =
            draft.missing.iter().map(|name| format!("[{}]", printable(name))).collect();
        lines.push(String::new());
        lines.push(ink.yellow(&format!("À remplir\u{a0}: {}", missing.join(", "))));
    }
    if let Some(to) = &draft.recipients {
        let alone = Recipients { cc: Vec::new(), ..to.clone() };
        lines.push(String::new());
        lines.push(printable(&recipients::line(&alone)));
        if !to.cc.is_empty() {
            let copies = printable(&to.cc.join(", "));
            lines.push(ink.commands(&format!("Copie, avec `--all`\u{a0}: {copies}")));
        }
        lines.extend(recipients::without(to).map(|said| printable(&said)));
    }
    if let Some(id) = draft.ticket {
        lines.push(String::new());
        lines.push(
            ink.commands(&format!("Envoyer\u{a0}: `/ticket reply {id} --template {} TEXTE`", draft.template)),
        );
    }
    lines.join("\n")
}

fn draw_person(person: &Person, now: DateTime<Utc>, ink: Ink) -> String {
    let mut lines = vec![requester(&person.requester, ink)];
    if person.changed {
        lines.push("La préférence vient d’être changée.".to_owned());
    }
    if person.revoked {
        lines.push("Les liens de ses anciens e-mails ne s’ouvrent plus.".to_owned());
    }
    if person.blocked {
        lines.push(ink.red("Expéditeur bloqué\u{a0}: ses e-mails n’ouvrent pas de ticket."));
    }
    if person.requester.devices > 0 {
        lines.push(format!("Push\u{a0}: {}.", labels::devices(person.requester.devices)));
    }
    if let Some(why) = &person.requester.suppressed {
        let address = &person.requester.email;
        lines.push(ink.red(&format!("E-mails suspendus\u{a0}: {why}.")));
        lines.push(ink.commands(&format!("Reprendre\u{a0}: `/ticket user {} --resume`", printable(address))));
    }
    lines.push(String::new());
    lines.push(if person.tickets.is_empty() {
        "Aucun ticket.".to_owned()
    } else {
        tickets(&person.tickets, now, ink)
    });
    lines.join("\n")
}

fn draw_help(entries: &[HelpEntry], ink: Ink) -> String {
    if entries.is_empty() {
        return ink.commands("Aucune commande ne porte ce nom. Les commandes\u{a0}: `/ticket help`.");
    }
    entries
        .iter()
        .map(|entry| {
            let aliases = match entry.aliases.as_slice() {
                [] => String::new(),
                aliases => ink.dim(&format!("  ({})", aliases.join(", "))),
            };
            format!("{}{aliases}\n    {}", ink.bold(&entry.usage), entry.about)
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::preference::Preference;
    use crate::domain::ticket::Status;
    use crate::wording::canned::Catalogue;
    use crate::wording::help;
    use chrono_tz::Europe::Paris;

    fn plain(view: &View) -> String {
        draw(view, samples::now(), Paris, false)
    }

    #[test]
    fn a_ticket_is_drawn() {
        insta::assert_snapshot!(plain(&View::Ticket(Box::new(samples::ticket()))), @r"
        Ticket nº 42 · Paiement refusé
        🟢 Résolu · priorité Haute · responsable : Camille
        Léa Martin <lea@exemple.example> · préférence : both (web + e-mail + push)
        Ouvert le 23 novembre 2026 à 10 h 30 · modifié il y a 2 h
        En copie : Marc Petit <marc@exemple.example>
        À valider : zoe@ailleurs.example

        ── Léa Martin · il y a 1 jour ────────────────────────────────────────────────
        Bonjour,

        Mon paiement est refusé depuis hier.
        … citation et signature : 3 lignes repliées
        📎 capture.png (84 Ko)

        ── 📝 Note interne de Camille · il y a 1 jour ────────────────────────────────
        Vu avec la banque : plafond atteint.

        ── ⚠ zoe@ailleurs.example (tiers, à valider) · il y a 1 jour ─────────────────
        Moi aussi !

        ── Camille → utilisateur · il y a 2 h ────────────────────────────────────────
        Bonjour Léa,

        C'est réglé.

        Envois : 1 envoyé, 1 en échec, 1 ignoré · /ticket deliveries 42
        ");
    }

    #[test]
    fn an_escalation_and_tags_stand_on_the_card() {
        let mut ticket = samples::ticket();
        ticket.escalated_at = Some(samples::now() - chrono::TimeDelta::hours(2));
        ticket.tags = vec!["export".into(), "vip".into()];
        let drawn = plain(&View::Ticket(Box::new(ticket)));
        assert!(
            drawn
                .contains("\nEscaladé à l’équipe technique il y a 2\u{a0}h\nÉtiquettes\u{a0}: export, vip\n"),
            "{drawn}"
        );
    }

    #[test]
    fn a_queue_is_drawn() {
        insta::assert_snapshot!(plain(&View::Queue(samples::queue())), @r"
          Nº  Statut                Priorité  Responsable  Modifié         Demandeur             Sujet
           7  🔵 Nouveau            Basse     –            à l’instant     jean@exemple.example  Où trouver ma facture d’octobre ?
        1042  🟠 En attente client  Urgente   Camille      il y a 2 h      Léa Martin            Paiement refusé
          42  ⚫ Fermé              Normale   Sam          il y a 3 jours  Léa Martin            Merci !

        3 sur 57 tickets, les plus récents d’abord.
        ");
        assert_eq!(plain(&View::Queue(Queue::default())), "Aucun ticket.");
    }

    #[test]
    fn a_history_is_drawn() {
        insta::assert_snapshot!(plain(&View::History(Box::new(samples::ticket()))), @r"
        Ticket nº 42 · Paiement refusé

        23/11/2026 10:30  lea@exemple.example a ouvert le ticket (e-mail)
        23/11/2026 10:30  Camille a pris le ticket (Discord)
        23/11/2026 11:30  Camille a ajouté une note interne (page web)
        24/11/2026 09:30  Camille a passé le ticket de 🔵 Nouveau à ⚫ Fermé — annulé (ligne de commande)
        24/11/2026 10:30  Camille a répondu et a passé le ticket de 🔵 Nouveau à 🟢 Résolu (page web)
        ");
    }

    #[test]
    fn deliveries_are_drawn() {
        insta::assert_snapshot!(plain(&View::Deliveries(Box::new(samples::ticket()))), @r"
        Ticket nº 42 · Paiement refusé

        Envoi  Quand             Voie    État         Titre                       Destinataire ou motif
            7  24/11/2026 10:30  web     ✅ Envoyé    Ticket de support : Résolu
            8  24/11/2026 10:30  e-mail  ❌ En échec  Ticket de support : Résolu  lea@exemple.example · 550 boîte inconnue
            9  24/11/2026 10:30  push    ➖ Ignoré    Ticket de support : Résolu  push non configuré

        Renvoyer : /ticket resend 8
        ");
    }

    #[test]
    fn participants_are_drawn() {
        insta::assert_snapshot!(plain(&View::Participants(Box::new(samples::ticket()))), @r"
        Ticket nº 42 · Paiement refusé

        Adresse               Nom         État       Ajouté par
        marc@exemple.example  Marc Petit  participe  lea@exemple.example
        zoe@ailleurs.example              à valider  zoe@ailleurs.example
        max@ailleurs.example  Max         écarté     Camille

        Ajouter ou retirer : /ticket participants 42 +ADRESSE -ADRESSE
        ");
        let alone = TicketView { participants: vec![], ..samples::ticket() };
        insta::assert_snapshot!(plain(&View::Participants(Box::new(alone))), @r"
        Ticket nº 42 · Paiement refusé

        Personne d’autre que le demandeur.

        Ajouter ou retirer : /ticket participants 42 +ADRESSE -ADRESSE
        ");
    }

    #[test]
    fn a_person_is_drawn() {
        let ticket = samples::ticket();
        let person = Person {
            requester: ticket.requester.clone(),
            blocked: true,
            tickets: vec![ticket],
            changed: true,
            revoked: false,
        };
        insta::assert_snapshot!(plain(&View::Person(person)), @r"
        Léa Martin <lea@exemple.example> · préférence : both (web + e-mail + push)
        La préférence vient d’être changée.
        Expéditeur bloqué : ses e-mails n’ouvrent pas de ticket.

        Nº  Statut     Priorité  Responsable  Modifié     Demandeur   Sujet
        42  🟢 Résolu  Haute     Camille      il y a 2 h  Léa Martin  Paiement refusé
        ");
    }

    #[test]
    fn the_standard_replies_are_drawn() {
        let catalogue = Catalogue::load(&[]).unwrap();
        insta::assert_snapshot!(plain(&View::Templates(catalogue.all().iter().map(TemplateView::from).collect())), @r"
        Modèle          Titre                    Passe le ticket en
        accuse          Réponse Initiale (< 2h)  🟡 En cours
        demande-infos   Demande d'Informations   🟠 En attente client
        solution        Solution Fournie         🟢 Résolu
        fermeture       Fermeture Sans Réponse   ⚫ Fermé
        fonctionnalite  Fonctionnalité Demandée  🟢 Résolu

        Lire un modèle rempli : /ticket template solution 42
        ");
        let draft = Draft {
            ticket: Some(crate::domain::ids::TicketId(42)),
            template: "solution".into(),
            text: "Bonjour Léa,\n\n[Explication]".into(),
            missing: vec!["Explication".into()],
            then: Some(Status::Resolved),
            recipients: Some(Recipients {
                to: Some("lea@exemple.example".into()),
                cc: vec!["marc@exemple.example".into()],
                without: Vec::new(),
            }),
        };
        insta::assert_snapshot!(plain(&View::Draft(draft)), @r"
        Réponse type « solution » pour le ticket nº 42 → 🟢 Résolu

        Bonjour Léa,

        [Explication]

        À remplir : [Explication]

        À : lea@exemple.example
        Copie, avec --all : marc@exemple.example

        Envoyer : /ticket reply 42 --template solution TEXTE
        ");
    }

    #[test]
    fn the_help_is_drawn() {
        insta::assert_snapshot!(plain(&View::Help(help::entries(None))), @r"
        list [--status STATUT] [--priority PRIORITÉ] [--mine] [MOTS…]  (liste, lister, file)
            La file des tickets, filtrée par statut, priorité ou mots
        show 42  (voir, afficher, ouvrir)
            La fiche et la conversation d’un ticket
        status 42 STATUT [--reason TEXTE]  (statut)
            Change le statut et propose les réponses types qui vont avec
        reply 42 [--all] [--template MODÈLE] [--then STATUT] TEXTE  (répondre, réponse)
            Répond à l’utilisateur ; le ticket passe En cours, sauf indication contraire
        template [MODÈLE] [42]  (modèle, modèles, templates)
            Les réponses types ; avec un ticket, remplies pour lui
        note 42 TEXTE  (noter)
            Ajoute une note interne, jamais envoyée
        participants 42 [+ADRESSE -ADRESSE…]  (participant, copie, copies)
            Qui participe au ticket par e-mail ; ajoute (+) ou retire (-) des adresses
        take 42  (prendre)
            Vous rend responsable du ticket
        assign 42 NOM  (assigner, attribuer, confier)
            Confie le ticket à un collègue
        priority 42 PRIORITÉ  (priorité)
            Change la priorité
        tag 42 +ÉTIQUETTE -ÉTIQUETTE…  (étiquette, étiquettes, étiqueter)
            Ajoute (+) ou retire (-) des étiquettes
        escalate 42 RAISON  (escalader)
            Transmet le ticket à l’équipe technique
        urgent 42 [RAISON]
            Bug critique : En cours, priorité Urgente, escaladé, suivi toutes les 2 h
        feature 42  (fonctionnalité)
            Demande de fonctionnalité : remercie, passe en Résolu, transmet à l’équipe produit
        spam 42  (indésirable, pourriel)
            Ferme sans rien envoyer et bloque l’expéditeur
        reopen 42  (rouvrir)
            Rouvre un ticket : il repasse En cours
        merge 42 into 17  (fusionner)
            Réunit deux tickets ; le premier est fermé, le second continue
        snooze 42 DÉLAI  (reporter)
            Reporte le suivi du ticket : ni relance ni fermeture avant, puis un rappel ; 2d, 3 jours, 4h
        remind 42  (relancer)
            Relance l’utilisateur qui nous doit une réponse
        undo  (annuler)
            Annule votre dernier geste, s’il vient d’avoir lieu
        history 42  (historique)
            Qui a fait quoi, et quand
        deliveries 42  (envois)
            Ce qui est parti, par quelle voie, et ce qu’il en est advenu
        resend ENVOI  (renvoyer)
            Envoie de nouveau ce qui a échoué ou reste incertain
        sent ENVOI  (envoyé, marquer_envoyé)
            Tient pour envoyé ce qui est incertain, sans le renvoyer
        user EMAIL [PRÉFÉRENCE] [--resume] [--revoke]  (utilisateur, client)
            Un utilisateur et ses tickets ; change sa préférence de notification
        kb MOTS…  (base, connaissances)
            Cherche dans la base de connaissances
        stats  (statistiques, chiffres, tableau)
            Les chiffres du tableau de bord
        checklist  (contrôle, tâches)
            La checklist quotidienne
        report  (rapport)
            Le rapport quotidien (responsables d’équipe)
        help [COMMANDE]  (aide)
            Les commandes, ou une seule en détail
        ");
        assert!(plain(&View::Help(help::entries(Some("zut")))).starts_with("Aucune commande"));
    }

    #[test]
    fn colours_stand_only_where_they_are_wanted() {
        let view = View::Queue(samples::queue());
        assert!(!plain(&view).contains('\u{1b}'));
        let coloured = draw(&view, samples::now(), Paris, true);
        let uncoloured =
            regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap().replace_all(&coloured, "").into_owned();
        let trimmed: Vec<&str> = uncoloured.lines().map(str::trim_end).collect();
        assert!(coloured.contains("\u{1b}[1m"));
        assert_eq!(trimmed.join("\n"), plain(&view));
    }

    #[test]
    fn no_mail_drives_the_terminal() {
        let mut ticket = samples::ticket();
        let evil = "\u{1b}]0;titre\u{7}\u{1b}[2J\u{202e}txet\u{9b}31m\rdebut";
        ticket.subject = evil.into();
        ticket.requester.name = evil.into();
        ticket.requester.preference = Preference::Both;
        ticket.assignee = Some(evil.into());
        ticket.reason = Some(evil.into());
        for message in &mut ticket.messages {
            message.text = evil.into();
            message.author = evil.into();
            message.quoted = evil.into();
            for attachment in &mut message.attachments {
                attachment.name = evil.into();
            }
        }
        for event in &mut ticket.events {
            event.actor = evil.into();
            event.detail.note = Some(evil.into());
            event.detail.reason = Some(evil.into());
        }
        for delivery in &mut ticket.deliveries {
            delivery.why = Some(evil.into());
            delivery.title = evil.into();
            delivery.address = Some(evil.into());
        }
        let person = Person {
            requester: ticket.requester.clone(),
            blocked: false,
            tickets: vec![ticket.clone()],
            changed: false,
            revoked: false,
        };
        let boxed = || Box::new(ticket.clone());
        for view in [
            View::Ticket(boxed()),
            View::History(boxed()),
            View::Deliveries(boxed()),
            View::Queue(Queue { tickets: vec![ticket.clone()], total: 1, ..Queue::default() }),
            View::Person(person),
        ] {
            let drawn = plain(&view);
            assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'), "{drawn:?}");
            assert!(!drawn.contains('\u{202e}'), "{drawn:?}");
        }
    }
}
