//! Long and hostile texts: nothing is lost, nothing calls anybody, every limit is kept.

use super::{all_posted, cards, no_violations};
use crate::support::desk::{Database, OUR_ADDRESS, on_both};
use crate::support::team::Team;
use serde_json::json;

on_both! {
    a_mail_of_any_length_is_shown_and_whole_beside_it,
    nobody_is_called_and_nothing_is_markup,
    names_and_subjects_of_any_kind_stand_on_a_card,
    sixty_attachments_are_all_named,
    a_list_of_three_hundred_tickets_is_answered,
}

fn mail(number: usize, head: &str, text: &str) -> Vec<u8> {
    let mail = format!(
        "To: {OUR_ADDRESS}\nMessage-ID: <hostile{number}@client.example>\n{head}\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n"
    );
    mail.replace('\n', "\r\n").into_bytes()
}

async fn a_mail_of_any_length_is_shown_and_whole_beside_it(database: Database) {
    let mut team = Team::start(database).await;
    let bodies = [
        "Une phrase assez longue, et encore une. ".repeat(2500),
        format!("<@123456789012345678> {}", "<@&1> @everyone ".repeat(4000)),
        "`".repeat(2000),
        "*_~|>#- \\ ".repeat(150),
        format!("```\n{}\n```", "x\n".repeat(1400)),
        "é".repeat(1999),
        "👩‍👩‍👧‍👦".repeat(400),
    ];
    let head = "From: Léa <lea@client.example>\nSubject: long\n";
    let mails = (0..).zip(&bodies).map(|(number, body)| mail(number, head, body)).collect();
    team.test.mails(mails).await;
    all_posted(&mut team).await;
    for (number, body) in (1..).zip(&bodies) {
        assert_eq!(cards(&team, number).len(), 1);
        let ticket = team.ticket(number).await;
        let whole = ticket.messages[0].text.trim().to_owned();
        assert!(whole.len() * 2 > body.len(), "{number}: {} of {}", whole.len(), body.len());
        let thread = team.thread(number).await;
        let entry = &team.discord.messages(thread)[0];
        let files: Vec<String> =
            entry.attachments.iter().map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).collect();
        let shown = entry.content.replace(['\\', '\u{200b}'], "").replace("> ", "");
        let squeezed = |text: &str| text.replace(['\\', '\u{200b}', '\r'], "").replace("> ", "");
        let is_there = shown.contains(&squeezed(&whole)) || files.iter().any(|file| file.contains(&whole));
        assert!(is_there, "{number}: neither shown nor beside it\n{}", team.discord.draw(entry));
    }
    no_violations(&team);
}

async fn nobody_is_called_and_nothing_is_markup(database: Database) {
    let mut team = Team::start(database).await;
    let everybody =
        format!("<@{}> <@&{}> @everyone @here <#{}>", team.camille.id, team.leads, team.discord.dev);
    let head = format!(
        "From: \"@everyone **x** {everybody}\" <lea@client.example>\nSubject: {everybody} `x` ||y||\n"
    );
    team.test.mails(vec![mail(1, &head, &format!("{everybody}\n# titre\n[a](https://evil.example)"))]).await;
    all_posted(&mut team).await;
    let reply = team.camille.slash(team.discord.support, "show", json!({"ticket": "1"}));
    let answer = reply.message().await;
    let thread = team.thread(1).await;
    let mut all = team.discord.messages(team.discord.support);
    all.extend(team.discord.messages(thread));
    all.push(answer);
    for message in all {
        assert!(
            message.mentions.is_empty() && message.mention_roles.is_empty() && !message.mention_everyone,
            "{}",
            team.discord.draw(&message)
        );
        let said = json!([message.content, message.embeds]).to_string().replace("\\\\<", "");
        assert!(!said.contains("@everyone") && !said.contains("<@"), "{said}");
    }
    no_violations(&team);
}

async fn names_and_subjects_of_any_kind_stand_on_a_card(database: Database) {
    let mut team = Team::start(database).await;
    let odd = "\u{202e}gpj.exe\u{202d} \u{200b}\u{200d}\u{feff}\u{2066}x\u{2069}";
    let subjects = [
        format!("Subject: {}\n", "s".repeat(989)),
        format!("Subject: {}\n", "*".repeat(900)),
        String::new(),
        "Subject: \n".to_owned(),
        format!("Subject: {odd}\n"),
        "Subject: \u{200b}\u{200b}\n".to_owned(),
        format!("Subject: {}\n", "\u{1f468}".repeat(240)),
    ];
    let mails = (0..).zip(&subjects).map(|(number, subject)| {
        let name = if number % 2 == 0 { odd.to_owned() } else { "N".repeat(400) };
        mail(number, &format!("From: \"{name}\" <client{number}@client.example>\n{subject}"), "bonjour")
    });
    team.test.mails(mails.collect()).await;
    all_posted(&mut team).await;
    let counts = team.test.desk.count_posts().await.unwrap();
    assert_eq!(counts, [], "nothing was refused");
    for number in 1..=subjects.len() as i64 {
        super::stands_once(&team, number, &["bonjour"]);
        let reply = team.camille.slash(team.discord.support, "show", json!({"ticket": number.to_string()}));
        assert!(reply.draw().await.contains("bonjour"));
    }
    no_violations(&team);
}

async fn sixty_attachments_are_all_named(database: Database) {
    let mut team = Team::start(database).await;
    let mut parts = String::new();
    for n in 0..60 {
        let name =
            if n == 0 { "../../etc/passwd".to_owned() } else { format!("{}-{n}.png", "nom".repeat(30)) };
        parts.push_str(&format!(
            "--b\nContent-Type: image/png; name=\"{name}\"\nContent-Disposition: attachment; filename=\"{name}\"\n\
             Content-Transfer-Encoding: base64\n\niVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\n"
        ));
    }
    let mail = format!(
        "From: lea@client.example\nTo: {OUR_ADDRESS}\nSubject: images\nMessage-ID: <60@client.example>\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n\
         regardez les images\n{parts}--b--\n"
    );
    team.test.mail(&mail).await;
    all_posted(&mut team).await;
    let thread = team.thread(1).await;
    let entry = team.drawn(thread, |text| text.contains("regardez les images")).await;
    assert!(entry.attachments.len() <= 10 && entry.attachments.len() > 1);
    let mut said = entry.content.replace('\\', "");
    for file in &entry.attachments {
        assert!(!file.filename.contains(['/', '\\']), "{}", file.filename);
        if file.filename.ends_with(".txt") {
            said.push_str(&String::from_utf8_lossy(&file.bytes));
        }
    }
    let listed = &team.ticket(1).await.messages[0].attachments;
    for file in listed {
        assert!(said.contains(&file.name), "{} is not named in\n{}", file.name, team.discord.draw(&entry));
    }
    no_violations(&team);
}

async fn a_list_of_three_hundred_tickets_is_answered(database: Database) {
    let team = Team::before(database, crate::support::discord::Discord::start().await).await;
    team.test.mails((1..=300).map(crate::support::desk::question).collect()).await;
    let mut team = team;
    team.open().await;
    let reply = team.camille.slash(team.discord.support, "list", json!({}));
    let text = reply.draw().await;
    assert!(text.contains("question 300") && text.contains("300"), "{text}");
    no_violations(&team);
}
