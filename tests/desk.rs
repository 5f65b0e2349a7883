//! The use cases, on both databases.

use crate::support::desk::{BOTH, Database, TestDesk, question};
use chrono::Duration;
use guichet::desk::Failure;
use guichet::desk::receive::Filed;
use guichet::desk::run::With;
use guichet::domain::delivery::{Channel, DeliveryState, Outcome};
use guichet::domain::event::EventKind;
use guichet::domain::ids::TicketId;
use guichet::domain::people::Door;
use guichet::domain::preference::Preference;
use guichet::domain::refusal::Refusal;
use guichet::domain::ticket::{Priority, Status};
use guichet::view::{TicketView, View};

const JEAN: &str = "From: Jean Petit <jean@client.example>\nTo: support@bettracker.example\n\
    Subject: Paiement =?utf-8?q?refus=C3=A9?=\nMessage-ID: <un@client.example>\nDate: Tue, 24 Nov 2026 09:00:00 +0100\n\n\
    Bonjour, mon paiement est refusé depuis hier.\n";

async fn ticket(test: &TestDesk, id: i64) -> TicketView {
    test.desk.ticket(TicketId(id)).await.unwrap().unwrap()
}

/// Channel and state of each delivery, as words.
fn deliveries(ticket: &TicketView) -> Vec<String> {
    let shown = |d: &guichet::view::DeliveryView| format!("{} {}", d.channel.as_str(), d.state.as_str());
    ticket.deliveries.iter().map(shown).collect()
}

fn refusal(result: Result<View, Failure>) -> Refusal {
    match result {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn a_mail_becomes_a_ticket_and_its_resolution_a_notice() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        assert_eq!(test.mail(JEAN).await, Filed::Created(TicketId(1)));
        let opened = ticket(&test, 1).await;
        assert_eq!((opened.subject.as_str(), opened.status), ("Paiement refusé", Status::New));
        assert_eq!(opened.requester.first_name.as_deref(), Some("Jean"));
        assert_eq!(opened.messages[0].text, "Bonjour, mon paiement est refusé depuis hier.");
        assert!(opened.deliveries.is_empty(), "a ticket that opens tells nobody");

        test.say("/ticket status 1 resolved").await;
        assert!(test.deliver().await.is_empty(), "nothing leaves while the act can be taken back");
        test.elapse(Duration::seconds(20)).await;
        let sent = test.deliver().await;
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].title, "Ticket de support : Résolu");
        assert_eq!(sent[0].message, "Votre ticket 'Paiement refusé' est maintenant résolu.");
        assert_eq!(sent[0].address, "jean@client.example");
        assert_eq!(sent[0].in_reply_to.as_deref(), Some("un@client.example"));
        assert_eq!(deliveries(&ticket(&test, 1).await), ["web sent", "email sent", "push skipped"]);
        assert!(test.deliver().await.is_empty(), "what was sent is not sent again");
    }
}

#[tokio::test]
async fn the_same_mail_twice_is_one_and_two_mails_with_one_id_are_two() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        let before = test.desk.revision().await.unwrap();
        assert_eq!(test.mail(JEAN).await, Filed::Duplicate);
        let redelivered = format!("Received: from elsewhere\nDelivered-To: x@y.example\n{JEAN}");
        assert_eq!(test.mail(&redelivered).await, Filed::Duplicate);
        assert_eq!(test.desk.revision().await.unwrap(), before);
        let other = JEAN.replace("depuis hier", "depuis lundi");
        assert_eq!(test.mail(&other).await, Filed::Created(TicketId(2)));
        let anonymous = JEAN.replace("Message-ID: <un@client.example>\n", "");
        assert_eq!(test.mail(&anonymous).await, Filed::Created(TicketId(3)));
        assert_eq!(test.mail(&anonymous).await, Filed::Duplicate);
    }
}

#[tokio::test]
async fn an_empty_message_id_never_matches_anything() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        let empty = |n: u8| {
            format!(
                "From: a{n}@client.example\nTo: support@bettracker.example\nSubject: n{n}\nMessage-ID: <>\n\
                 In-Reply-To: <>\nReferences: <> <>\n\nBonjour {n}\n"
            )
        };
        for n in 1..=3 {
            assert_eq!(test.mail(&empty(n)).await, Filed::Created(TicketId(n.into())));
        }
    }
}

#[tokio::test]
async fn an_answer_finds_its_ticket_by_reference_then_by_tag_and_wakes_it() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("reply 1 --then waiting_customer Quel moyen de paiement ?").await;
        test.elapse(Duration::minutes(1)).await;
        let sent = test.deliver().await;
        let answer = format!(
            "From: jean@client.example\nSubject: Re: tout autre sujet\nMessage-ID: <deux@client.example>\n\
             In-Reply-To: <{}>\n\nPar carte.\n",
            sent[0].message_id
        );
        assert_eq!(test.mail(&answer).await, Filed::Reply(TicketId(1)));
        let woken = ticket(&test, 1).await;
        assert_eq!(woken.status, Status::InProgress);
        assert_eq!(woken.events.last().unwrap().detail.rung.as_deref(), Some("minted_id"));
        assert_eq!(deliveries(&woken).len(), 3, "the answer itself tells nobody");

        let tagged =
            "From: Jean@Client.Example\nSubject: Re: x [#1]\nMessage-ID: <trois@client.example>\n\nEncore.\n";
        assert_eq!(test.mail(tagged).await, Filed::Reply(TicketId(1)));
        let stranger =
            "From: paul@autre.example\nSubject: Re: x [#1]\nMessage-ID: <q@autre.example>\n\nMoi aussi.\n";
        assert_eq!(test.mail(stranger).await, Filed::Created(TicketId(2)), "a tag alone lets no stranger in");
    }
}

#[tokio::test]
async fn a_strangers_reference_is_kept_apart_and_wakes_nothing() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("status 1 resolved").await;
        let stranger =
            "From: paul@autre.example\nSubject: Re: x\nIn-Reply-To: <un@client.example>\n\nMoi aussi.\n";
        assert_eq!(test.mail(stranger).await, Filed::Reply(TicketId(1)));
        let after = ticket(&test, 1).await;
        assert_eq!(after.status, Status::Resolved);
        assert!(after.messages[1].stranger);
    }
}

#[tokio::test]
async fn the_table_of_preferences_is_obeyed_on_every_channel() {
    let table = [
        (Preference::WebOnly, ["web sent", "email skipped", "push skipped"]),
        (Preference::EmailOnly, ["web skipped", "email sent", "push skipped"]),
        (Preference::Both, ["web sent", "email sent", "push skipped"]),
        (Preference::None, ["web skipped", "email skipped", "push skipped"]),
    ];
    for database in BOTH {
        for (preference, expected) in table {
            for act in
                ["status 1 waiting_customer", "status 1 resolved", "status 1 closed", "reply 1 Bonjour"]
            {
                let mut test = TestDesk::new(database).await;
                test.mail(JEAN).await;
                test.say(&format!("user jean@client.example {}", preference.as_str())).await;
                test.say(act).await;
                test.elapse(Duration::minutes(1)).await;
                let mails = test.deliver().await.len();
                assert_eq!(mails, usize::from(preference.allows(Channel::Email)), "{preference:?} {act}");
                let seen = ticket(&test, 1).await;
                assert_eq!(deliveries(&seen), expected, "{database:?} {preference:?} {act}");
                let push = seen.deliveries.last().unwrap().why.as_deref().unwrap();
                let expected = if preference == Preference::Both {
                    "push non configuré".to_owned()
                } else {
                    format!("préférence\u{a0}: {}", preference.as_str())
                };
                assert_eq!(push, expected);
            }
        }
    }
}

#[tokio::test]
async fn a_preference_changed_before_the_mail_leaves_is_obeyed() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("status 1 resolved").await;
        test.say("user jean@client.example none").await;
        test.elapse(Duration::minutes(1)).await;
        assert!(test.deliver().await.is_empty());
        assert_eq!(deliveries(&ticket(&test, 1).await)[1], "email skipped");
    }
}

#[tokio::test]
async fn undo_takes_the_act_back_with_all_that_waited_to_leave() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("reply 1 --then resolved C'est réparé.").await;
        test.elapse(Duration::seconds(19)).await;
        test.say("undo").await;
        let after = ticket(&test, 1).await;
        assert_eq!((after.status, after.assignee.clone()), (Status::New, None));
        assert_eq!(after.messages.len(), 1, "the reply is gone from the conversation");
        assert_eq!(deliveries(&after), ["web cancelled", "email cancelled", "push cancelled"]);
        test.elapse(Duration::hours(1)).await;
        assert!(test.deliver().await.is_empty());
        assert!(matches!(refusal(test.try_say("undo").await), Refusal::NothingToUndo(_)));
    }
}

#[tokio::test]
async fn undo_is_refused_once_the_window_closed_or_something_else_happened() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("status 1 resolved").await;
        test.elapse(Duration::seconds(20)).await;
        assert!(matches!(refusal(test.try_say("undo").await), Refusal::NothingToUndo(_)));
        test.say("status 1 in_progress").await;
        test.mail("From: jean@client.example\nSubject: [#1]\nMessage-ID: <5@client.example>\n\nAlors ?\n")
            .await;
        assert_eq!(refusal(test.try_say("undo").await), Refusal::UndoTooLate(TicketId(1)));
    }
}

#[tokio::test]
async fn an_act_is_taken_back_once_what_came_after_it_was() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("status 1 waiting_customer").await;
        test.say("priority 1 high").await;
        test.say("tag 1 +vip").await;
        for _ in 0..3 {
            test.say("undo").await;
        }
        let seen = ticket(&test, 1).await;
        assert_eq!((seen.status, seen.priority.as_str(), seen.tags.len()), (Status::New, "normal", 0));
        assert!(matches!(refusal(test.try_say("undo").await), Refusal::NothingToUndo(_)));
        // What still stands is in the way, whoever did it.
        test.say("status 1 waiting_customer").await;
        test.mail("From: jean@client.example\nSubject: [#1]\nMessage-ID: <6@client.example>\n\nAlors ?\n")
            .await;
        assert_eq!(refusal(test.try_say("undo").await), Refusal::UndoTooLate(TicketId(1)));
    }
}

#[tokio::test]
async fn a_notice_overtaken_before_it_left_gives_way_to_the_latest() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("status 1 waiting_customer").await;
        test.elapse(Duration::seconds(5)).await;
        test.say("status 1 resolved").await;
        test.elapse(Duration::minutes(1)).await;
        let sent = test.deliver().await;
        assert_eq!(sent.iter().map(|p| p.title.as_str()).collect::<Vec<_>>(), ["Ticket de support : Résolu"]);
        let seen = ticket(&test, 1).await;
        for overtaken in &seen.deliveries[..2] {
            assert_eq!(overtaken.state, DeliveryState::Skipped);
            assert!(overtaken.why.as_deref().unwrap().contains("dépassée"));
        }
    }
}

#[tokio::test]
async fn a_notice_that_could_not_leave_is_overtaken_too_and_one_that_may_have_arrived_is_not() {
    for database in BOTH {
        for (outcome, left) in [
            (Outcome::Retry("451 later".into()), vec!["Ticket de support : Résolu"]),
            (
                Outcome::Ambiguous("lost after DATA".into()),
                vec!["Ticket de support : En attente de votre réponse", "Ticket de support : Résolu"],
            ),
        ] {
            let mut test = TestDesk::new(database).await;
            test.mail(JEAN).await;
            test.say("status 1 waiting_customer").await;
            test.elapse(Duration::minutes(1)).await;
            let parcel = test.desk.claim(10).await.unwrap().parcels.remove(0);
            test.desk.record(&parcel, outcome).await.unwrap();
            test.say("status 1 resolved").await;
            test.elapse(Duration::minutes(10)).await;
            assert_eq!(test.deliver().await.iter().map(|p| p.title.as_str()).collect::<Vec<_>>(), left);
        }
    }
}

#[tokio::test]
async fn a_notice_that_is_no_longer_true_does_not_leave() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("status 1 resolved").await;
        test.say("status 1 in_progress").await;
        test.elapse(Duration::minutes(1)).await;
        assert!(test.deliver().await.is_empty());
        let seen = ticket(&test, 1).await;
        assert_eq!(deliveries(&seen), ["web skipped", "email skipped", "push skipped"]);
        assert_eq!(
            seen.deliveries[1].why.as_deref(),
            Some("dépassée\u{a0}: le ticket a changé avant l’envoi")
        );
    }
}

#[tokio::test]
async fn an_attempt_that_ends_too_late_writes_over_nothing() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("reply 1 Bonjour").await;
        test.elapse(Duration::minutes(1)).await;
        let slow = test.desk.claim(10).await.unwrap().parcels.remove(0);
        test.elapse(Duration::minutes(5)).await;
        let quick = test.desk.claim(10).await.unwrap().parcels.remove(0);
        assert!(test.desk.record(&quick, Outcome::Sent).await.unwrap().is_some());
        let late = test.desk.record(&slow, Outcome::Retry("timeout".into())).await.unwrap();
        assert_eq!(late, None);
        assert_eq!(deliveries(&ticket(&test, 1).await)[1], "email sent");
    }
}

#[tokio::test]
async fn two_processes_with_one_journal_file_each_mail_once() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        // The journal as a process leaves it that died before filing.
        let mails: Vec<Vec<u8>> = (0..40)
            .map(|n| format!("From: c{n}@c.example\r\nMessage-ID: <{n}@c.example>\r\n\r\nx\r\n").into_bytes())
            .collect();
        test.journal_only(mails).await;
        let unfiled = test.desk.unfiled(100).await.unwrap();
        assert_eq!(unfiled.len(), 40);
        let read = || -> Vec<_> {
            unfiled
                .iter()
                .map(|(id, raw)| (*id, guichet::reading::parse::parse(raw, &crate::support::desk::LIMITS)))
                .collect()
        };
        let both = futures_util::future::join_all((0..4).map(|_| test.desk.file_again(read()))).await;
        let opened =
            both.into_iter().flat_map(Result::unwrap).filter(|filed| matches!(filed, Filed::Created(_)));
        assert_eq!(opened.count(), 40);
        assert_eq!(test.desk.figures().await.unwrap().total, 41);
    }
}

#[tokio::test]
async fn taking_a_reopening_back_blocks_nobody_whom_it_did_not_unblock() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("spam 1").await;
        test.desk.unblock("jean@client.example").await.unwrap();
        test.say("reopen 1").await;
        test.say("undo").await;
        assert!(!test.desk.person("jean@client.example").await.unwrap().blocked);
        assert_eq!(ticket(&test, 1).await.reason.as_deref(), Some("spam"));
    }
}

#[tokio::test]
async fn reopening_spam_unblocks_its_sender_and_undo_blocks_again() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        let blocked = async || test.desk.person("jean@client.example").await.unwrap().blocked;
        test.say("status 1 closed --reason Spam").await;
        assert!(blocked().await);
        test.say("reopen 1").await;
        assert!(!blocked().await);
        test.say("undo").await;
        assert!(blocked().await);
        test.say("reopen 1").await;
        test.say("spam 1").await;
        test.say("undo").await;
        assert!(!blocked().await);
    }
}

#[tokio::test]
async fn undoing_gives_the_overtaken_notice_its_turn_back() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("status 1 waiting_customer").await;
        test.elapse(Duration::seconds(5)).await;
        test.say("status 1 resolved").await;
        test.say("undo").await;
        test.elapse(Duration::minutes(1)).await;
        let sent = test.deliver().await;
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].title, "Ticket de support : En attente de votre réponse");
    }
}

#[tokio::test]
async fn spam_is_closed_in_silence_and_its_sender_opens_nothing_more() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("spam 1").await;
        test.elapse(Duration::minutes(1)).await;
        assert!(test.deliver().await.is_empty());
        let closed = ticket(&test, 1).await;
        assert_eq!((closed.status, closed.reason.as_deref()), (Status::Closed, Some("spam")));
        assert!(closed.deliveries.is_empty());
        assert_eq!(test.desk.figures().await.unwrap().total, 0);
        let again = JEAN.replace("un@client", "encore@client").replace("depuis hier", "encore");
        assert_eq!(test.mail(&again).await, Filed::Ignored);
        test.desk.unblock("jean@client.example").await.unwrap();
        let later = JEAN.replace("un@client", "plus@client").replace("depuis hier", "plus tard");
        assert_eq!(test.mail(&later).await, Filed::Created(TicketId(2)));
    }
}

#[tokio::test]
async fn a_search_finds_the_same_once_its_index_is_in_order() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        for n in 0..40 {
            test.mails(vec![question(n)]).await;
        }
        let found = async |line: &str| match test.say(line).await {
            View::Queue(queue) => queue.tickets.iter().map(|ticket| ticket.id.0).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let before = (found("list question").await, found("list client3").await);
        assert_eq!((before.0.len(), before.1.len()), (20, 11), "a list shows twenty");
        let tidied = async || {
            let mut tx = test.store.begin().await.unwrap();
            tx.tidy_search().await.unwrap()
        };
        assert_eq!(tidied().await, database == Database::Sqlite, "PostgreSQL does it by itself");
        test.desk.tidy_search().await.unwrap();
        assert!(!tidied().await, "nothing is left to do");
        assert_eq!((found("list question").await, found("list client3").await), before);
    }
}

#[tokio::test]
async fn search_forgets_accents_and_case_and_reads_subject_text_address_and_name() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.mail(
            "From: \"Zoé Élan\" <zoe@client.example>\nSubject: Export CSV\n\nL'été, l’export est VIDE.\n",
        )
        .await;
        let found = async |line: &str| match test.say(line).await {
            View::Queue(queue) => queue.tickets.iter().map(|ticket| ticket.id.0).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(found("list").await, [2, 1]);
        assert_eq!(found("list REFUSE").await, [1]);
        assert_eq!(found("list ETE vide").await, [2]);
        assert_eq!(found("list elan").await, [2]);
        assert_eq!(found("list zoe@client").await, [2]);
        assert_eq!(found("list client").await, [2, 1]);
        assert_eq!(found("list paiem").await, [1], "the beginning of a word is enough");
        assert_eq!(found("list introuvable").await, [0; 0]);
        assert_eq!(found("list \"*\" AND OR ' ; --").await, [0; 0], "what looks like an operator is a word");
        test.say("note 2 voir le dossier Pélican").await;
        assert_eq!(found("list pelican").await, [2]);
        assert_eq!(found("list new paiement").await, [1]);
        assert_eq!(found("list resolved").await, [0; 0]);
    }
}

#[tokio::test]
async fn what_may_have_arrived_is_sent_once_more_and_then_left_to_a_cm() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("status 1 resolved").await;
        test.elapse(Duration::minutes(1)).await;
        let first = test.desk.claim(10).await.unwrap().parcels.remove(0);
        test.seal(&first, b"the bytes").await;
        assert!(test.desk.claim(10).await.unwrap().parcels.is_empty(), "leased: nobody else takes it");
        // The worker dies here. Its lease runs out; what it may have sent is sent once more, byte for byte.
        test.elapse(Duration::minutes(5)).await;
        let second = test.desk.claim(10).await.unwrap().parcels.remove(0);
        assert_eq!(
            (second.message_id, second.sealed.as_deref()),
            (first.message_id, Some(&b"the bytes"[..]))
        );
        test.elapse(Duration::minutes(5)).await;
        let third = test.desk.claim(10).await.unwrap();
        assert_eq!((third.parcels.len(), third.uncertain), (0, 1));
        assert_eq!(deliveries(&ticket(&test, 1).await)[1], "email uncertain");
        let id = first.id;
        test.say(&format!("envoyé {id}")).await;
        assert_eq!(deliveries(&ticket(&test, 1).await)[1], "email sent");
        assert_eq!(refusal(test.try_say(&format!("sent {id}")).await), Refusal::NotUncertain(id));
        assert_eq!(refusal(test.try_say(&format!("resend {id}")).await), Refusal::NotResendable(id));
    }
}

#[tokio::test]
async fn a_refusal_for_now_waits_longer_each_time() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("status 1 resolved").await;
        test.elapse(Duration::minutes(1)).await;
        for wait in [30, 120, 600] {
            let parcel = test.desk.claim(10).await.unwrap().parcels.remove(0);
            test.desk.record(&parcel, Outcome::Retry("450 4.2.1 later".into())).await.unwrap();
            assert!(test.desk.claim(10).await.unwrap().parcels.is_empty());
            assert_eq!(
                test.desk.next_due(Channel::Email).await.unwrap(),
                Some(test.now + Duration::seconds(wait))
            );
            test.elapse(Duration::seconds(wait)).await;
        }
        let parcel = test.desk.claim(10).await.unwrap().parcels.remove(0);
        test.desk.record(&parcel, Outcome::Failed("550 5.1.1 no such user".into())).await.unwrap();
        let seen = ticket(&test, 1).await;
        assert_eq!(seen.deliveries[1].state, DeliveryState::Failed);
        assert_eq!(seen.deliveries[1].why.as_deref(), Some("550 5.1.1 no such user"));
        test.say(&format!("resend {}", parcel.id)).await;
        assert_eq!(test.deliver().await.len(), 1);
    }
}

#[tokio::test]
async fn the_same_request_twice_acts_once() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        let command = guichet::command::parse::parse("note 1 une fois").unwrap();
        let door = guichet::domain::people::Door::Web;
        for _ in 0..2 {
            test.desk.run(&test.camille, door, command.clone(), Some("form-1")).await.unwrap();
        }
        assert_eq!(ticket(&test, 1).await.messages.len(), 2);
    }
}

#[tokio::test]
async fn acts_at_the_same_moment_are_all_kept_and_one_status_change_wins() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        let notes = (0..8).map(|n| {
            let line = format!("note 1 numéro {n}");
            let test = &test;
            async move { test.try_say(&line).await.is_ok() }
        });
        assert!(futures_util::future::join_all(notes).await.into_iter().all(|done| done));
        assert_eq!(ticket(&test, 1).await.messages.len(), 9);
        let changes = (0..8).map(|_| test.try_say("status 1 resolved"));
        let changed = futures_util::future::join_all(changes).await;
        assert_eq!(changed.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(deliveries(&ticket(&test, 1).await).len(), 3, "told once");
    }
}

#[tokio::test]
async fn an_act_that_is_taken_back_twice_at_once_is_taken_back_once() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("status 1 resolved").await;
        let both = futures_util::future::join_all((0..2).map(|_| test.try_say("undo"))).await;
        assert_eq!(both.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{both:?}");
        let lines = ticket(&test, 1).await.events;
        assert_eq!(lines.iter().filter(|line| line.kind == EventKind::Undone).count(), 1);
    }
}

#[tokio::test]
async fn two_workers_never_take_the_same_delivery() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        for n in 0..40 {
            test.mail(&format!(
                "From: c{n}@client.example\nSubject: s\nMessage-ID: <{n}@c.example>\n\nBonjour\n"
            ))
            .await;
            test.say(&format!("status {} resolved", n + 1)).await;
        }
        test.elapse(Duration::minutes(1)).await;
        let claims = futures_util::future::join_all((0..8).map(|_| test.desk.claim(5))).await;
        let mut ids: Vec<i64> = claims.into_iter().flat_map(|c| c.unwrap().parcels).map(|p| p.id.0).collect();
        assert_eq!(ids.len(), 40);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 40);
    }
}

#[tokio::test]
async fn replies_are_refused_in_words_before_anything_leaves() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        assert_eq!(
            refusal(test.try_say("reply 1 --template demande-infos").await),
            Refusal::Unfilled(vec!["Question 1".into(), "Question 2".into(), "Question 3".into()])
        );
        assert!(matches!(
            refusal(test.try_say("reply 1 --template perdu x").await),
            Refusal::NoSuchTemplate { .. }
        ));
        assert_eq!(refusal(test.try_say("reply 9 bonjour").await), Refusal::NoSuchTicket(TicketId(9)));
        let untouched = ticket(&test, 1).await;
        assert_eq!((untouched.messages.len(), untouched.events.len()), (1, 1), "a refusal leaves no trace");
        test.say("reply 1 --template solution Videz le cache.").await;
        let answered = ticket(&test, 1).await;
        assert_eq!(answered.status, Status::Resolved);
        assert!(answered.messages[1].text.starts_with("Bonjour Jean,\n"), "{}", answered.messages[1].text);
        assert!(answered.messages[1].text.ends_with("Camille"), "{}", answered.messages[1].text);
    }
}

#[tokio::test]
async fn priority_and_assignee_are_set_and_the_same_again_is_refused() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("priority 1 high").await;
        assert_eq!(
            refusal(test.try_say("priority 1 high").await),
            Refusal::SamePriority(TicketId(1), Priority::High)
        );
        test.say("take 1").await;
        assert!(matches!(refusal(test.try_say("assign 1 camille").await), Refusal::SameAssignee(..)));
        assert!(matches!(refusal(test.try_say("assign 1 Karim").await), Refusal::NoSuchAgent(_)));
        assert_eq!(ticket(&test, 1).await.assignee.as_deref(), Some("Camille"));
    }
}

#[tokio::test]
async fn a_bounce_marks_the_very_mail_that_came_back() {
    for database in BOTH {
        let mut test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        test.say("reply 1 Bonjour").await;
        test.elapse(Duration::minutes(1)).await;
        let id = test.deliver().await[0].message_id.clone();
        let report = format!(
            "From: MAILER-DAEMON@relay.example\nTo: support@bettracker.example\nSubject: Undelivered Mail\n\
             MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
             Content-Type: text/plain\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\n\
             Reporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; jean@client.example\nAction: failed\n\
             Status: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{id}>\n\n--b--\n"
        );
        assert_eq!(test.mail(&report).await, Filed::Bounce);
        let seen = ticket(&test, 1).await;
        assert_eq!(seen.deliveries[1].state, DeliveryState::Failed);
        assert_eq!(seen.deliveries[1].why.as_deref(), Some("adresse inconnue (5.1.1)"));
        assert_eq!(seen.status, Status::InProgress);
        assert_eq!(test.desk.figures().await.unwrap().total, 1, "a bounce opens no ticket");
    }
}

#[tokio::test]
async fn mails_that_arrive_together_are_threaded_among_themselves_and_kept_byte_for_byte() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        let mails: Vec<Vec<u8>> = (0..70)
            .map(|n| {
                let answers = if n % 2 == 1 { format!("In-Reply-To: <{}@c.example>\r\n", n - 1) } else { String::new() };
                format!(
                    "From: c{}@client.example\r\nSubject: s{n}\r\nMessage-ID: <{n}@c.example>\r\n{answers}\r\n\
                     Bonjour numero{n} \u{e9}\r\n",
                    n / 2
                )
                .into_bytes()
            })
            .collect();
        let twice = [mails.clone(), mails[..3].to_vec()].concat();
        let filed = test.mails(twice).await;
        assert_eq!(
            filed[68..],
            [
                Filed::Created(TicketId(35)),
                Filed::Reply(TicketId(35)),
                Filed::Duplicate,
                Filed::Duplicate,
                Filed::Duplicate
            ]
        );
        let last = ticket(&test, 35).await;
        let kinds: Vec<&str> = last.events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["created", "requester_wrote"]);
        for (message, raw) in last.messages.iter().zip(&mails[68..]) {
            assert_eq!(test.desk.raw_of_message(message.id).await.unwrap().as_ref(), Some(raw));
        }
        for (line, expected) in [("list numero69", 35), ("list numero0", 1)] {
            let View::Queue(found) = test.say(line).await else { panic!("a list is a queue") };
            assert!(found.tickets.iter().any(|ticket| ticket.id.0 == expected), "{line}");
        }
    }
}

#[tokio::test]
async fn a_passing_fault_of_the_database_holds_no_mail_and_leaves_no_broken_connection() {
    use std::os::unix::fs::PermissionsExt;
    // SQLite ends a transaction by itself when the disk is full, PostgreSQL refuses all but its end: triggers do the same.
    const FULL_SQLITE: &[&str] =
        &["CREATE TRIGGER full_disk BEFORE INSERT ON ticket BEGIN SELECT RAISE(ROLLBACK, 'disk full'); END"];
    const FULL_POSTGRES: &[&str] = &[
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON ticket FOR EACH ROW EXECUTE FUNCTION full_disk()",
    ];
    for database in BOTH {
        let test = TestDesk::new(database).await;
        let (full, room) = match database {
            Database::Sqlite => (FULL_SQLITE, "DROP TRIGGER full_disk"),
            Database::Postgres => (FULL_POSTGRES, "DROP TRIGGER full_disk ON ticket"),
        };
        if database == Database::Sqlite {
            let file = test.folder.path().join("guichet.db");
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        aside(&test, full).await;
        let arrived =
            || vec![guichet::inbound::prepare(JEAN.as_bytes().to_vec(), &crate::support::desk::LIMITS)];
        for _ in 0..6 {
            // The first time the mail is journaled; it is never held.
            let _ = test.desk.receive("test", arrived(), None).await;
        }
        assert_eq!(test.desk.figures().await.unwrap().total, 0, "{database:?}: the fault is there");
        assert!(test.desk.held_mails().await.unwrap().is_empty(), "{database:?}");
        aside(&test, &[room]).await;
        let recovered = guichet::inbound::recover(&test.desk, &crate::support::desk::LIMITS).await;
        assert_eq!(recovered.unwrap(), 1, "{database:?}");
        assert_eq!(test.desk.figures().await.unwrap().total, 1);
        // PostgreSQL gives no number twice, not even one that was not used.
        let id = test.desk.queue(&Default::default()).await.unwrap().tickets[0].id;
        for line in ["note # un", "note # deux", "status # resolved", "undo", "list", "show #"] {
            test.say(&line.replace('#', &id.to_string())).await;
        }
    }
}

/// Carries these out over a connection of its own.
async fn aside(test: &TestDesk, statements: &[&'static str]) {
    if test.url.starts_with("sqlite") {
        let pool = sqlx::SqlitePool::connect(&test.url).await.unwrap();
        for statement in statements {
            sqlx::query(*statement).execute(&pool).await.unwrap();
        }
        pool.close().await;
    } else {
        let pool = sqlx::PgPool::connect(&test.url).await.unwrap();
        for statement in statements {
            sqlx::query(*statement).execute(&pool).await.unwrap();
        }
        pool.close().await;
    }
}

#[tokio::test]
async fn an_id_that_only_we_can_have_minted_leads_home_even_when_the_database_forgot_it() {
    let mut test = TestDesk::new(Database::Sqlite).await;
    test.mail(JEAN).await;
    test.say("reply 1 Bonjour").await;
    test.elapse(Duration::minutes(1)).await;
    let id = test.deliver().await[0].message_id.clone();
    let file = test.folder.path().join("guichet.db");
    let aside = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query("DELETE FROM mail_ref WHERE rfc_id = $1").bind(&id).execute(&aside).await.unwrap();
    let answer = |id: &str, n: u8| {
        format!(
            "From: jean@client.example\nSubject: x\nMessage-ID: <r{n}@client.example>\nIn-Reply-To: <{id}>\n\nOui {n}.\n"
        )
    };
    assert_eq!(test.mail(&answer(&id, 1)).await, Filed::Reply(TicketId(1)));
    let mac = id.split(['.', '@']).nth(2).unwrap();
    let forged = id.replace(mac, &"0".repeat(mac.len()));
    assert_eq!(test.mail(&answer(&forged, 2)).await, Filed::Created(TicketId(2)));
}

#[tokio::test]
async fn what_cannot_be_told_is_held_from_the_journal_on_whoever_files_it() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        let header = b"From: a@b.example\r\nSubject: trop gros\r\n\r\n";
        let arrived = || {
            let (sha, identity) = (
                guichet::reading::identity::sha256_hex(header),
                guichet::reading::identity::identity(header),
            );
            guichet::desk::receive::Arrived::new(header, sha, identity, Err("too large")).unwrap()
        };
        // The process dies between the journal and the filing.
        test.journal_part(header, "too large").await;
        assert!(test.desk.unfiled(10).await.unwrap().is_empty());
        assert_eq!(test.desk.held_mails().await.unwrap()[0].why, "too large");
        assert_eq!(test.desk.receive("test", vec![arrived()], None).await.unwrap(), [Filed::Duplicate]);
        assert_eq!(test.desk.figures().await.unwrap().total, 0);
    }
}

/// A ticket as it is shown, without the numbers of its rows.
fn shown(ticket: &TicketView) -> serde_json::Value {
    fn forget(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Array(items) => items.iter_mut().for_each(forget),
            serde_json::Value::Object(fields) => {
                fields.retain(|key, _| key != "id" && key != "message");
                fields.values_mut().for_each(forget);
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(ticket).unwrap();
    forget(&mut value);
    value
}

#[tokio::test]
async fn mails_filed_together_become_what_they_become_one_by_one() {
    let letter = |from: &str, subject: &str, fields: &str, text: &str| {
        let text = format!("From: {from}\r\nSubject: {subject}\r\n{fields}\r\n{text}\r\n");
        text.into_bytes()
    };
    let with_file =
        "Message-ID: <c1@x.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n";
    let parts = "--b\r\n\r\nVoir la capture.\r\n--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nrien\r\n--b--";
    let mails = [
        letter("A <a@x.example>", "un", "Message-ID: <1@x.example>\r\n", "premier"),
        letter("B <b@x.example>", "deux", "Message-ID: <1@x.example>\r\n", "le meme numero"),
        letter(
            "Anne <a@x.example>",
            "Re: un",
            "In-Reply-To: <1@x.example>\r\nMessage-ID: <2@x.example>\r\n",
            "suite",
        ),
        letter("Jean <jean@client.example>", "encore", "Message-ID: <3@x.example>\r\n", "bloque"),
        letter("C <c@x.example>", "trois", with_file, parts),
        letter("D <d@x.example>", "Re: trois", "References: <0@x.example> <c1@x.example>\r\n", "un tiers"),
        letter("c@x.example", "quatre", "", "sans nom ni numero"),
        letter(
            "a@x.example",
            "Re: un",
            "In-Reply-To: <2@x.example>\r\nAuto-Submitted: auto-replied\r\n",
            "absent",
        ),
        letter("B <b@x.example>", "Re: deux [#2]", "", "par le sujet"),
        letter("B <b@x.example>", "Re: deux [#999]", "", "un ticket que personne n'a"),
        letter("C <c@x.example>", "trois", with_file, parts),
        letter("E <e@x.example>", "cinq", "Message-ID: <2@x.example>\r\n", "le numero d'une reponse"),
        letter("Elise <e@x.example>", "Re: cinq", "References: <2@x.example>\r\n", "et sa reponse"),
        b"Subject: personne\r\n\r\nsans auteur\r\n".to_vec(),
        letter(
            "MAILER-DAEMON@x.example",
            "Undelivered Mail Returned to Sender",
            "Return-Path: <>\r\n",
            "perdu",
        ),
        letter("F <f@x.example>", "[#8] six", "Message-ID: <6@x.example>\r\n", "peut-etre le sien"),
        letter(
            "G <g@x.example>",
            "Re: ailleurs",
            "In-Reply-To: <ailleurs@x.example>\r\n",
            "repond a un inconnu",
        ),
        letter("G <g@x.example>", "Re: ailleurs", "References: <ailleurs@x.example>\r\n", "repond au meme"),
    ];
    for database in BOTH {
        for order in [mails.to_vec(), mails.iter().rev().cloned().collect()] {
            let (mut together, mut alone) = (TestDesk::new(database).await, TestDesk::new(database).await);
            for test in [&mut together, &mut alone] {
                test.mail(JEAN).await;
                test.say("spam 1").await;
            }
            let filed = together.mails(order.clone()).await;
            let mut one_by_one = Vec::new();
            for mail in order {
                one_by_one.extend(alone.mails(vec![mail]).await);
            }
            assert_eq!(filed, one_by_one);
            let count = filed.iter().filter(|filed| matches!(filed, Filed::Created(_))).count();
            assert!(count >= 6, "{filed:?}");
            for id in 1..=i64::try_from(count).unwrap() + 1 {
                assert_eq!(shown(&ticket(&together, id).await), shown(&ticket(&alone, id).await), "{id}");
            }
        }
    }
}

#[tokio::test]
async fn a_reply_does_not_pass_what_was_said_while_it_was_written() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        test.mail(JEAN).await;
        let seen = ticket(&test, 1).await.messages[0].id;
        test.mail("From: jean@client.example\nSubject: Re: x\nIn-Reply-To: <un@client.example>\n\nLaissez, c'est bon.\n")
            .await;
        let command = || guichet::command::parse::parse("reply 1 Voici la marche à suivre.").unwrap();
        let reply = async |seen| {
            let with = With { seen: Some(seen), ..With::default() };
            test.desk.run_with(&test.camille, Door::Web, command(), None, with).await
        };
        assert!(matches!(reply(seen).await, Err(Failure::Refused(Refusal::SaidMeanwhile(TicketId(1))))));
        let after = ticket(&test, 1).await;
        assert_eq!((after.messages.len(), after.deliveries.len()), (2, 0));
        assert!(reply(after.messages[1].id).await.is_ok());
    }
}

#[tokio::test]
async fn a_word_that_thousands_of_messages_hold_lists_the_newest_and_counts_all() {
    for database in BOTH {
        let test = TestDesk::new(database).await;
        let raw = |n: usize| {
            let word = if n % 100 == 7 { "rare" } else { "courant" };
            format!(
                "From: c{n}@client.example\r\nSubject: facture {word}\r\nMessage-ID: <{n}@client.example>\r\n\r\nBonjour\r\n"
            )
            .into_bytes()
        };
        for from in (1..=4200).step_by(600) {
            test.mails((from..from + 600).map(raw).collect()).await;
        }
        // A second message of a ticket makes no second ticket of it, and wakes it.
        test.mail("From: c5@client.example\nSubject: Re: facture\nIn-Reply-To: <5@client.example>\n\nEncore une facture\n").await;
        for (words, total) in [("facture", 4200), ("fact", 4200), ("rare", 42), ("facture rare", 42)] {
            let View::Queue(queue) = test.say(&format!("list {words}")).await else { panic!("a list") };
            // What very many hold is not counted to its end.
            assert_eq!(queue.is_at_least, total > 42, "{database:?} {words}");
            assert!(
                if queue.is_at_least { queue.total > 20 } else { queue.total == total },
                "{database:?} {words}"
            );
            let newest: Vec<i64> = queue.tickets.iter().map(|ticket| ticket.id.0).collect();
            assert!(newest.windows(2).all(|two| two[0] > two[1] || two[0] == 5), "{newest:?}");
            assert_eq!(newest.len(), 20);
        }
    }
}
