//! Reports of many makes, and mails of people that resemble them; the people and hosts are invented.

use crate::config::Limits;
use crate::domain::mail::Bounce;
use crate::reading::parse::parse;
use forms::{NO_REPORT, WITHOUT_STRUCTURE};

mod forms;

fn read(header: &str, body: &str) -> Option<Bounce> {
    let raw = format!("{header}\nTo: support@firm.example\n\n{body}\n");
    parse(raw.as_bytes(), &Limits { max_mail_bytes: 1 << 20, max_attachment_bytes: 1 << 20 }).unwrap().bounce
}

const RETURNED: &str =
    "From: support@firm.example\nTo: jean@client.example\nMessage-ID: <42.1.x@firm.example>\n\nBonjour";

#[test]
fn the_forms_without_structure_are_read() {
    for (header, body, status) in [
        // Exim
        (
            "Return-Path: <>\nFrom: Mail Delivery System <Mailer-Daemon@mx.example>\nSubject: Mail delivery failed: returning message to sender",
            "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  jean@client.example\n    SMTP error from remote mail server after RCPT TO:<jean@client.example>:\n    550 5.1.1 No such user\n\n------ This is a copy of the message, including all the headers. ------\n",
            "5.1.1",
        ),
        // sendmail
        (
            "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nSubject: Returned mail: see transcript for details",
            "The original message was received at Tue, 3 Mar 2026 10:23:51 +0100\nfrom localhost [127.0.0.1]\n\n   ----- The following addresses had permanent fatal errors -----\n<jean@client.example>\n    (reason: 552 5.2.2 Mailbox full)\n\n   ----- Original message follows -----\n",
            "5.2.2",
        ),
        // Exchange, before it wrote reports
        (
            "From: System Administrator <administrator@client.example>\nSubject: Undeliverable: Paiement",
            "Your message\n\n  To:      jean@client.example\n  Subject: Paiement\n\ndid not reach the following recipient(s):\n\njean@client.example on Tue, 3 Mar 2026 10:23:51 +0100\n    The recipient name is not recognized: 550 unknown user\n\n-----Original Message-----\n",
            "5.1.1",
        ),
        // Orange
        (
            "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Mail non remis / Undelivered mail",
            "Votre message n'a pas pu être remis à jean@client.example : boîte aux lettres pleine (552 quota).\n\n----- Message original / Original message -----\n",
            "5.2.2",
        ),
        // Free, OVH: Postfix in its short form
        (
            "From: MAILER-DAEMON@mx.example (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender",
            "<jean@client.example>: host mx.client.example[192.0.2.1] said: 550 5.7.1\n    spam detected (in reply to end of DATA command)\n\n--- Below this line is a copy of the message.\n",
            "5.7.1",
        ),
        // qmail
        (
            "From: MAILER-DAEMON@mx.example\nSubject: failure notice",
            "Hi. This is the qmail-send program at mx.example.\n\n<jean@client.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 unknown user\n\n--- Below this line is a copy of the message.\n",
            "5.1.1",
        ),
        // Amazon SES
        (
            "From: MAILER-DAEMON@eu-west-3.mx.example\nSubject: Delivery Status Notification (Failure)",
            "An error occurred while trying to deliver the mail to the following recipients:\njean@client.example\n550 5.1.1 user unknown\n\n----- Original message -----\n",
            "5.1.1",
        ),
    ] {
        let bounce =
            read(header, &format!("{body}\n{RETURNED}")).unwrap_or_else(|| panic!("no bounce: {body}"));
        assert_eq!(bounce.recipient.as_deref(), Some("jean@client.example"), "{body}");
        assert_eq!(bounce.status.as_deref(), Some(status), "{body}");
        assert_eq!(bounce.action, "failed", "{body}");
        assert_eq!(bounce.original_message_id.as_deref(), Some("42.1.x@firm.example"), "{body}");
    }
}

#[test]
fn people_who_write_about_mail_are_no_bounce() {
    for (subject, body) in [
        ("Message non remis", "Votre message n'a pas été remis. Pouvez-vous le renvoyer ?"),
        ("Email not delivered", "Your confirmation could not be delivered to me."),
        ("Delivery failed", "The delivery of my parcel failed."),
        ("Erreur 550", "J'ai une erreur 550 5.1.1 quand j'écris."),
        (
            "Re: Undelivered Mail Returned to Sender",
            "Why? <jean@client.example>: 550 5.1.1 unknown user, could not be delivered",
        ),
    ] {
        for sender in ["Jean <jean@client.example>", "DHL Delivery Service <colis@client.example>"] {
            let bounce =
                read(&format!("From: {sender}\nSubject: {subject}\nIn-Reply-To: <x@y.example>"), body);
            assert_eq!(bounce, None, "{subject}");
            let bounce = read(&format!("From: {sender}\nSubject: {subject}"), body);
            assert!(bounce.is_none() || subject.starts_with("Re:"), "{subject}");
        }
    }
}

#[test]
fn a_report_that_somebody_attached_is_not_theirs() {
    let attached = format!(
        "--b\nContent-Type: text/plain; charset=utf-8\n\nBonjour, voici l'erreur que je reçois. Merci de m'aider. Jean\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; paul@client.example\nAction: failed\nStatus: 5.1.1\n\
         --b\nContent-Type: message/rfc822\n\n{RETURNED}\n--b--"
    );
    let kind = "Content-Type: multipart/mixed; boundary=b";
    for subject in
        ["Mail en erreur", "TR: Undelivered Mail Returned to Sender", "Undelivered Mail Returned to Sender"]
    {
        let header = format!("From: Jean <jean@client.example>\nSubject: {subject}\n{kind}");
        assert_eq!(read(&header, &attached), None, "{subject}");
    }
    for system in ["From: MAILER-DAEMON@mx.example", "From: Jean <jean@client.example>\nReturn-Path: <>"] {
        let header = format!("{system}\nSubject: Mail en erreur\n{kind}");
        let bounce = read(&header, &attached).unwrap_or_else(|| panic!("no bounce: {system}"));
        assert_eq!(bounce.recipient.as_deref(), Some("paul@client.example"));
    }
}

#[test]
fn a_site_that_could_not_send_a_mail_is_told_of_by_its_user() {
    for subject in ["Échec d'inscription", "Échec d'envoi", "Erreur"] {
        let header = format!(
            "From: Jean <jean@client.example>\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8"
        );
        let body = "Au moment de valider, le site dit : Votre e-mail n'a pas pu être envoyé.\n\
                    Adresse utilisée : jean@client.example\nMerci de débloquer.";
        assert_eq!(read(&header, body), None, "{subject}");
        assert_eq!(read(&header, &body.replace("\nMerci de débloquer.", "")), None, "{subject}");
    }
}

#[test]
fn what_a_report_may_be_mistaken_for_is_none() {
    let away = "Return-Path: <>\nFrom: Jean <jean@client.example>";
    let gone = "I no longer work here. This mailbox is disabled and your message was not delivered to anyone. Write to paul@client.example";
    let person = "From: Jean <jean@client.example>";
    let system = "Return-Path: <>\nFrom: Postmaster <postmaster@client.example>";
    for (header, body) in [
        // Answers with an empty envelope
        (format!("{away}\nSubject: Re: Paiement"), gone),
        (format!("{away}\nSubject: Undeliverable: Paiement\nIn-Reply-To: <42.1.x@firm.example>"), gone),
        (format!("{away}\nSubject: Automatic reply: Delivery status of order 12"), gone),
        (format!("{away}\nSubject: Delivery failed\nX-Autoreply: yes"), gone),
        (
            format!("{away}\nSubject: Delivery failed"),
            "This mailbox is disabled, your message was not delivered.",
        ),
        // People
        (
            format!("{person}\nSubject: Delivery problem"),
            "Your message said the parcel could not be delivered. The address: 3 rue x, jean@client.example",
        ),
        (
            format!("{person}\nSubject: Message not delivered"),
            "Your email with the code was not delivered.\nUser: jean@client.example",
        ),
        (
            "From: System Administrator <jean@client.example>\nSubject: Undeliverable mails from your domain"
                .to_owned(),
            "Your mails to our users are rejected by our filter, 550 5.7.1.",
        ),
        (
            "From: System Administrator <jean@client.example>\nSubject: Undeliverable mails from your domain"
                .to_owned(),
            "Your mails to paul@client.example are rejected, 550 5.7.1.\nRegards, Jean",
        ),
        (
            "From: Mail Delivery Ltd <hello@maildelivery.example>\nSubject: Delivery error".to_owned(),
            "Delivery error at checkout.",
        ),
        // Mail that arrived
        (
            format!("{system}\nSubject: Delivery Status Notification (Success)"),
            "Your message has been successfully delivered to the following recipients:\n\n   jean@client.example",
        ),
        (
            format!("{system}\nSubject: Return receipt"),
            "   ----- The following addresses had successful delivery notifications -----\n<jean@client.example>  (relayed to non-DSN-aware mailer)\n\n   ----- Transcript of session follows -----\n<jean@client.example>... relayed",
        ),
        (format!("{system}\nSubject: Delivered: Paiement"), "To:\n\njean@client.example"),
        // Mail systems that write of something else
        (format!("{system}\nSubject: Maintenance"), "Delivery may be late, and you may see errors."),
    ] {
        assert_eq!(read(&header, body), None, "{header}\n{body}");
    }
}

#[test]
fn mail_systems_are_known_under_their_own_names_and_in_their_own_tongues() {
    for (header, body, certain) in [
        (
            "From: =?utf-8?Q?Mail_Delivery_System?= <x@mx.example>\nSubject: Undelivered Mail",
            "<jean@client.example>: 550 unknown",
            true,
        ),
        (
            "From: =?iso-8859-1?Q?Administrateur_syst=E8me?= <admin@client.example>\nSubject: =?iso-8859-1?Q?Non_remis_:_Paiement?=",
            "Votre message\n\nn'a pas pu être remis au(x) destinataire(s) suivant(s) :\n\n'jean@client.example' le 03/03",
            false,
        ),
        (
            "From: Systemadministrator <admin@client.example>\nSubject: Unzustellbar: Zahlung",
            "Ihre Nachricht hat einige oder alle Empfänger nicht erreicht:\n\njean@client.example am 03.03.2026",
            false,
        ),
        (
            "From: MailMarshal <mailmarshal@client.example>\nSubject: Undeliverable Mail",
            "Could not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected:\n   jean@client.example",
            false,
        ),
        (
            "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@client.example>\nSubject: Undeliverable: x",
            "Delivery has failed to these recipients or groups:\n\njean@client.example",
            true,
        ),
        (
            "Return-Path: <>\nFrom: Mail <mail@mx.example>\nSubject: 배달 상태 알림(실패)",
            "다음 받는 사람에게 배달하지 못했습니다.\n\n jean@client.example",
            true,
        ),
        (
            "From: postmaster@mx.example\nSubject: Kézbesítési hiba",
            "A levél kézbesítése sikertelen:\n\n jean@client.example\n#550 5.1.1 RESOLVER.ADR",
            true,
        ),
        (
            "From: AWS <no-reply@sns.amazonaws.com>\nSubject: Amazon SES",
            "{\"eventType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[{\"emailAddress\":\"jean@client.example\",\"status\":\"5.1.1\"}]}}",
            true,
        ),
        (
            "From: Mail Service <x@mx.example>\nSubject: Undeliverable",
            "Your message could not be delivered.\n\n<jean@client.example>: 550 5.1.1 unknown",
            false,
        ),
    ] {
        let header = format!("{header}\nContent-Type: text/plain; charset=utf-8");
        let bounce = read(&header, body).unwrap_or_else(|| panic!("no bounce: {header}\n{body}"));
        assert_eq!(bounce.recipient.as_deref(), Some("jean@client.example"), "{header}\n{body}");
        assert_eq!(bounce.certain, certain, "{header}\n{body}");
    }
}

#[test]
fn whoever_was_not_reached_is_told_from_the_other_addresses_of_a_report() {
    for body in [
        "Bei Fragen: hotline@mx.example.\n\nEmpfänger: jean@client.example\nPostfach voll",
        "A message from <support@other.example> to <jean@client.example> was rejected: 550",
        "From: support-noreply@other.example\nTo: jean@client.example\nError: mailbox full",
        ">>> MAIL FROM:<bounce-77@lists.example>\n<<< 250 ok\n>>> RCPT TO:<jean@client.example>\n<<< 550 unknown",
        "Contact:\n<admin2@mx.example>\n\nFailed:\n<jean@client.example>: 550 unknown",
        "Message-ID: <20260303.42.x@app.example>\n\n550 unknown jean@client.example",
        "See https://help.example/?e=foo@bar.example\nRecipient jean@client.example unknown",
        "postfix/smtp: 1234: to=<jean@client.example>, status=bounced",
        "収件人：jean@client.example\nhost said 550",
        "宛先（jean@client.example）にエラー 550",
        "「jean@client.example」 550",
        "<\"jean\"@client.example>: unknown",
    ] {
        let header = "From: MAILER-DAEMON@mx.example\nSubject: Undelivered mail\nContent-Type: text/plain; charset=utf-8";
        let bounce = read(header, body).unwrap_or_else(|| panic!("no bounce: {body}"));
        assert_eq!(bounce.recipient.as_deref(), Some("jean@client.example"), "{body}");
    }
    let named = "From: MAILER-DAEMON@mx.example\nSubject: Delivery failed: jean@client.example";
    let bounce = read(named, "User unknown.").expect("a bounce");
    assert_eq!(bounce.recipient.as_deref(), Some("jean@client.example"));
}

#[test]
fn a_report_under_the_name_of_a_receipt_is_one() {
    let header = "From: jean@client.example\nSubject: Info\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b";
    let body = "--b\nContent-Type: text/plain\n\nFailed.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; paul@client.example\nAction: failed\nStatus: 5.1.1\n--b--";
    let bounce = read(header, body).expect("a bounce");
    assert_eq!((bounce.recipient.as_deref(), bounce.certain), (Some("paul@client.example"), true));
}

#[test]
fn the_report_of_a_gateway_inside_a_mail_of_a_system_is_read() {
    let report = "Content-Type: multipart/report; report-type=delivery-status; boundary=i\n\n--i\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nOriginal-Recipient: rfc822;jean@client.example\nFinal-Recipient: RFC822; <jean@client.example>\nAction: FAILED (bad)\nStatus: 5.1.1 (unknown)\n--i--\n";
    let body = format!(
        "--o\nContent-Type: text/plain\n\nNon remis.\n--o\nContent-Type: message/rfc822\n\n{report}\n--o--"
    );
    let header = "Content-Type: multipart/mixed; boundary=o\nSubject: Non remis\nFrom: ";
    let bounce = read(&format!("{header}postmaster@mx.example"), &body).unwrap();
    assert_eq!(
        (bounce.recipient.as_deref(), bounce.status.as_deref()),
        (Some("jean@client.example"), Some("5.1.1"))
    );
    assert_eq!(bounce.action, "failed");
    assert_eq!(read(&format!("{header}jean@client.example"), &body), None, "a person forwards a report");
}

#[test]
fn every_make_of_report_is_read_with_its_address_its_code_and_its_action() {
    let mut wrong = Vec::new();
    for (header, body, codes, action) in WITHOUT_STRUCTURE {
        let bounce = read(header, body);
        let right = bounce.as_ref().is_some_and(|bounce| {
            bounce.recipient.as_deref() == Some("jean@client.example")
                && codes.contains(&bounce.status.as_deref().unwrap_or(""))
                && bounce.action == *action
        });
        if !right {
            wrong.push(format!("{header}\n{body}\n=> {bounce:?}, not {codes:?} {action}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn neither_people_nor_other_programs_report_a_failure() {
    for (header, body) in NO_REPORT {
        assert_eq!(read(header, body), None, "{header}\n{body}");
    }
}

/// A delivery report with `fields` in it.
fn report(fields: &str) -> Option<Bounce> {
    let header = "From: noreply@client.example\nSubject: Info\nContent-Type: multipart/report; report-type=delivery-status; boundary=b";
    let body = format!(
        "--b\nContent-Type: text/plain\n\nNot passed on: 552 5.2.2 over quota.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{fields}\n--b\nContent-Type: message/rfc822\n\n{RETURNED}\n--b--"
    );
    read(header, &body)
}

#[test]
fn the_fields_of_a_report_are_read_however_they_are_written() {
    const JEAN: &str = "jean@client.example";
    for (fields, wanted) in [
        (
            "FINAL-RECIPIENT: RFC822;jean@client.example\nACTION: Failed\nSTATUS: 5.1.1",
            (JEAN, "5.1.1", "failed"),
        ),
        (
            "Final-Recipient:\n rfc822;\n jean@client.example\nAction:\n failed\nStatus:\n 5.1.1",
            (JEAN, "5.1.1", "failed"),
        ),
        (
            "Final-recipient:rfc822;<jean@client.example>\nAction:failed\nStatus:5.2.2",
            (JEAN, "5.2.2", "failed"),
        ),
        (
            "Action: failed\nFinal-Recipient: rfc822; jean@client.example\nDiagnostic-Code: smtp; 550 5.1.1\nStatus: 5.1.1",
            (JEAN, "5.1.1", "failed"),
        ),
        (
            "Final-Recipient: rfc822; jean@client.example\nAction: delayed\nStatus: 4.4.1",
            (JEAN, "4.4.1", "delayed"),
        ),
        (
            "Final-Recipient: X400; /c=FR/s=Jean\nOriginal-Recipient: rfc822;jean@client.example\nAction: failed\nStatus: 5.1.1",
            (JEAN, "5.1.1", "failed"),
        ),
        (
            "Original-Recipient: rfc822;jean@client.example\nFinal-Recipient: rfc822; dead@elsewhere.example\nAction: failed\nStatus: 5.1.1",
            (JEAN, "5.1.1", "failed"),
        ),
        (
            "Final-Recipient: rfc822; a@client.example\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; jean@client.example\nAction: failed\nStatus: 5.1.1",
            (JEAN, "5.1.1", "failed"),
        ),
        (
            "Final-Recipient: rfc822; a@client.example\nAction: delayed\nStatus: 4.0.0\nFinal-Recipient: rfc822; jean@client.example\nAction: failed\nStatus: 5.1.1",
            (JEAN, "5.1.1", "failed"),
        ),
        (
            "Final-Recipient: rfc822; jean@client.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 unknown",
            (JEAN, "5.1.1", "failed"),
        ),
        (
            "Final-Recipient: rfc822; jean@client.example\nAction: failed\nStatus: 4.5.0\nDiagnostic-Code: smtp; 550 5.7.1 refused",
            (JEAN, "5.7.1", "failed"),
        ),
        (
            "Final-Recipient: rfc822; jean@client.example\nAction: failed\nStatus: 4.4.7\nDiagnostic-Code: smtp; 450 4.2.2 full",
            (JEAN, "4.4.7", "failed"),
        ),
        ("Final-Recipient: rfc822; jean@client.example\nAction: failed", (JEAN, "5.2.2", "failed")),
        (
            "Final-Recipient: rfc822; \"jean\"@client.example\nAction: failed\nStatus: 5.1.1",
            (JEAN, "5.1.1", "failed"),
        ),
        (
            "Final-Recipient: rfc822; \"a..b\"@client.example\nAction: failed\nStatus: 5.1.1",
            ("a..b@client.example", "5.1.1", "failed"),
        ),
    ] {
        let bounce = report(fields).unwrap_or_else(|| panic!("no bounce: {fields}"));
        let told =
            (bounce.recipient.as_deref().unwrap(), bounce.status.as_deref().unwrap(), bounce.action.as_str());
        assert_eq!(told, wanted, "{fields}");
        assert_eq!(bounce.original_message_id.as_deref(), Some("42.1.x@firm.example"), "{fields}");
    }
    for action in ["delivered", "relayed", "expanded"] {
        let fields = format!("Final-Recipient: rfc822; jean@client.example\nAction: {action}\nStatus: 2.0.0");
        assert_eq!(report(&fields), None, "{fields}");
    }
}

#[test]
fn a_program_that_screens_somebodys_mail_reports_no_failure() {
    let header = "From: noreply@client.example\nReply-To: jean@client.example\nSubject: Re: Paiement\nContent-Type: multipart/report; report-type=delivery-status; boundary=b";
    let body = "--b\nContent-Type: text/plain\n\nYou are on my list.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; jean@client.example\nAction: failed\nStatus: 4.7.0\n--b--";
    assert_eq!(read(header, body), None);
}

#[test]
fn a_report_that_a_mail_was_delivered_is_told_from_one_that_was_only_handed_on() {
    let report = |action: &str, kind: &str| {
        let text = format!(
            "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Successful Mail Delivery Report\n\
             Content-Type: multipart/report; report-type={kind}; boundary=i\n\n--i\nContent-Type: text/plain\n\nDone.\n\
             --i\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
             Final-Recipient: rfc822; jean@client.example\nAction: {action}\nStatus: 2.0.0\n--i\n\
             Content-Type: text/rfc822-headers\n\nMessage-ID: <42.7.x@desk.example>\n--i--\n"
        );
        let limits = crate::config::Limits { max_mail_bytes: 1 << 20, max_attachment_bytes: 1 << 20 };
        crate::reading::read(text.replace('\n', "\r\n").as_bytes(), &limits).unwrap()
    };
    let mail = report("delivered", "delivery-status");
    let delivered = mail.delivered.expect("it was");
    assert_eq!(delivered.recipient.as_deref(), Some("jean@client.example"));
    assert_eq!(delivered.original_message_id.as_deref(), Some("42.7.x@desk.example"));
    assert!(mail.bounce.is_none() && mail.automatic.is_some());
    for (action, kind) in
        [("relayed", "delivery-status"), ("failed", "delivery-status"), ("delivered", "other")]
    {
        assert!(report(action, kind).delivered.is_none(), "{action} {kind}");
    }
}
