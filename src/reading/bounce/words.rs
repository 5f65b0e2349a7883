//! What mail systems say in their reports, in many makes and languages. May import: `domain::{fold, text}`.

use crate::domain::fold::fold;
use crate::domain::text::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// Names under which mail systems write, besides the two that are reserved.
pub static DAEMON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"mail[ _-]?(er)?[ _-]?daemon|post_?master|mail ?delivery|delivery (sub)?system|mail administrator|mailadmin|bounces?@|mail ?router|smtp gateway|mail[ _-]?gateway|mail[ _-]system|messaging server|system ?administrator|systemadministrat|administrateur syst|amministratore di sistema|administrador (del? )?sistema|systeembeheerder|mail ?marshal|interscan|\bimss\b|mailsweeper|mimesweeper|surfcontrol|\bmdaemon|\bxmail\b|notes-?router|lotus notes router|<>",
    )
});
/// What a mail system says to whoever wrote, folded.
pub static SECOND_PERSON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(your|the following) (message|mail|e-?mail)[^.?\n]{0,80}(could ?n.t be|cannot be|could not be|can ?not be|was not|wasn.t|has not been|not be) (sent|deliver)|votre (message|courriel|mail|e-?mail)[^.?\n]{0,80}(n.a pas|ne peut)[^.?\n]{0,20}(remis|distribu|delivr|achemin|envoy|parven)|ihre (nachricht|e-?mail)[^.?\n]{0,80}nicht zugestellt",
    )
});
/// How people begin, or speak of themselves, folded.
pub static PERSON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\A\W*(bonjour|bonsoir|salut|madame|monsieur|cher|hi|hello|hey|dear|good (morning|evening|afternoon)|hallo|guten|hola|buon|ola|voici|fyi|pour info)\b|\b(j'ai|je|merci (de|d'avance|pour)|mon mail|mon message|mes|i get|i got|i have|i am|i'm (getting|receiving)|i received|i sent|my|we have|we get|ich|mein|meine|thanks|regards|cordialement)\b",
    )
});
/// The notice of a bounce that Amazon SES sends by way of SNS, folded.
pub static NOTIFICATION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(notificationtype|eventtype)\\?" ?: ?\\?"bounce"#));
/// What says that a mail arrived, in a subject or in the words under it, folded.
pub static SUCCESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"successful(ly)? (delivered|relayed|delivery)|has been delivered to the following|\(success\)|\(relay\)|^(delivered|relayed|relaye|remis) ?:",
    )
});
/// What sendmail writes over any report, folded: one of the sentences of [`STRONG`], and no failure where a mail arrived.
pub const TRANSCRIPT: &str = "transcript of session follows";
/// How mail systems say in more languages that something failed, in subjects and below.
const ABROAD: &str = "falha|selhani|mislyktes|nie powiod|epaonnistu|teslim edilemedi|배달|전송|送信.*失敗|配送|退信|无法|無法|\
    mancata consegna|non riuscit|non recapit|nicht erreicht|niet bereikt|no llego|не удалось|отказ|αποτυχ";

/// Words of reports, folded, and those of [`ABROAD`] in the letters that folding leaves: it takes those of Korean apart.
fn said(words: &str) -> Regex {
    pattern(&format!("{words}|{}", fold(ABROAD)))
}

/// Subjects of reports, folded.
pub static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    said(
        r"undeliver|non.?deliver|not delivered|delivery (status )?(notification|failure|failed|failing|problem|error|has failed|report|delayed|status)|deliver(y|ing) .{0,30}(fail|error|problem)|failure notice|failure delivery|failed (delivery|mail)|mail (failure|delivery|error|system error|not delivered)|returned mail|returned to sender|return(ed)? (message|email)|message (status|delayed|not delivered|delivery failure|you sent)|could not (be delivered|send)|unable to deliver|cannot be delivered|can't be delivered|undelivered|bounce|non remis|non distribu|non delivr|echec (de |d'|lors ).{0,25}(remise|distribu|envoi|livraison|achemin|transmi|delivr|mail|courri|message)|notification d'etat|rapport de non|impossible de (remettre|distribuer)|retour de courrier|retour a l'expediteur|remise (impossible|differee)|unzustellbar|ubermittlungsstatus|zustellungsstatus|fehlgeschlagen|could not be sent|nicht zustellbar|zustell|rueckmeldung|no (se ha )?entreg|no se pudo entregar|devuelto|mancato recapito|nao entreg|niet bezorg|onbestelbaar|niedostarcz|delayed mail|(warning|notice): (message|could not send|mail|delay)|error sending your mail|\bmail system error|unsolicited bulk|your message could not|user unknown|mail rejected|rejected mail|mail could not|email address|\bndr?n\b|\bdsn\b|недоставлен|не доставлен|配信|エラー",
    )
});
/// Sentences that only a report says, folded.
pub static STRONG: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"could not be delivered|couldn't be delivered|cannot be delivered|wasn't delivered|was not delivered|not be delivered to|unable to deliver (your|the|this|message)|undeliverable|permanent(ly)? (fatal )?(error|fail)|delivery (to the following|has failed|failed)|failed (permanently|to deliver)|returned (to you|below|message)|this is the mail (delivery|system)|mail delivery (system|software)|qmail-send program|did not reach the following recipient|following recipients? (cannot|could not|was not|has|did)|following address(es)? (had|failed|have)|transcript of session follows|unable to send|n'a pas pu etre (remis|distribue|delivre|envoye|achemine)|impossible de (remettre|distribuer|delivrer)|echec de la (remise|distribution|livraison)|n'a pas ete (remis|distribue|delivre)|nicht zugestellt|konnte nicht|ubermittlung an folgende|zustellung .{0,40}fehlgeschlagen|could not be sent|attempts to send the message|no se pudo entregar|no ha podido|non e stato possibile|permanent error|has not been delivered|have not been delivered|the message was not|message not delivered|delivery of .{0,40}(failed|delayed)|still being retried|will keep trying|delivery attempts? will continue|has been (delayed|rejected|undelivered)|mail could not be",
    )
});
/// Words without which nothing failed, folded.
pub static FAILURE: LazyLock<Regex> = LazyLock::new(|| {
    said(
        r"\b[45]\d\d[ -]|[245]\.\d{1,3}\.\d{1,3}|deliver|unknown|undeliver|fail|reject|refus|returned|bounce|not found|no such|doesn't|does not exist|disabled|quota|full|remis|distribu|delivr|inconnu|n'existe|boite|zugestellt|fehlgeschlagen|unbekannt|entreg|recapit|error|erreur|could not|unable|impossible|配信|エラー|не доставлен",
    )
});

/// What servers say instead of a code, folded, with the code of RFC 3463 that says the same; the first wins.
static MEANINGS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let meanings = [
        (
            "host (unknown|not found)|unknown host|host or domain name not found|domain (unknown|not found|does|name not found)|no such domain|nxdomain|name service error|couldn.t find any host|bad destination host|non-?existent hosts|domaine (inconnu|introuvable|inexistant)",
            "5.1.2",
        ),
        (
            "user unknown|unknown user|no such user|unknown address|no mailbox|does ?n.t (exist|have)|does not exist|not exist|not listed|not our customer|no such (mailbox|person|recipient|address|account)|invalid (recipient|mailbox|user|address)|unknown recipient|recipient unknown|addressee unknown|utilisateur inconnu|destinataire inconnu|(adresse|destinataire).{0,40} (invalide|introuvable)|adresse inconnue|n'existe pas|unbekannt|nicht gefunden|unrouteable|mailbox unavailable|user not found|not found|unknown local|no existe|no encontrad|non esiste|inesistente|nao existe|destinatario (desconocido|sconosciuto|desconhecido)|utente sconosciuto",
            "5.1.1",
        ),
        (
            "quota|mailbox.{0,20}full|full mailbox|over ?limit|insufficient (disk )?space|disk full|storage|boite.{0,60} (pleine|saturee)|espace (disque )?insuffisant|postfach.{0,20} (ist )?voll|buzon.{0,40} (lleno|llena)|casella.{0,30} piena|caixa.{0,40} (cheia|lotada)|postvak.{0,20} vol\\b|skrzynka.{0,20} pelna",
            "5.2.2",
        ),
        ("too (large|big)|size limit|exceeds", "5.3.4"),
        ("spam|blocked|blacklist|policy|denied|refused", "5.7.1"),
        ("inactive|disabled|suspended|deactiv", "5.2.1"),
        ("relay", "5.7.1"),
        (
            "timed? ?out|delayed|retried|keep trying|temporar|in the queue too long|delai.{0,20}depasse|expired",
            "4.4.7",
        ),
    ];
    meanings.into_iter().map(|(words, code)| (pattern(words), code)).collect()
});

/// What the words mean, as a code of RFC 3463.
pub fn meaning(folded: &str) -> Option<String> {
    MEANINGS.iter().find(|(words, _)| words.is_match(folded)).map(|(_, code)| (*code).to_owned())
}

/// Something that may be an address: no mark of any script is part of it.
pub static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"[^\s<>()\[\]"',;:=：，；。、「」『』（）【】＜＞《》“”‘’]+@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+"#,
    )
});

/// The lines after which mail systems name who was not reached.
pub static ANCHOR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)following (address|recipient|user|mailbox|destination)|permanent fatal errors|failed (permanently|recipient)|recipients? (failed|address|of this|:)|could ?n.t be delivered|could not (be delivered|deliver)|unable to deliver|wasn.t delivered|undeliverable to|delivery to .{0,60}fail|did not reach|was not delivered|had (permanent|transient)|not deliver(able|ed)|destinataire|adresse suivante|n.a pas pu|intended recipient|user unknown|unknown user|failed address|original recipient|mail to|message to",
    )
});

/// An enhanced status code (RFC 3463) that stands by itself, not inside an address of the network.
pub fn enhanced_code(text: &str) -> Option<String> {
    static CODE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?:^|[^0-9.\w])([245]\.\d{1,3}\.\d{1,3})(?:$|[^0-9.\w]|\.(?:\s|$))"));
    CODE.captures_iter(text)
        .take(20)
        .map(|found| found[1].to_owned())
        .find(|code| !code.ends_with(".0.0") && !code.starts_with('2'))
}

/// A code of RFC 3463 made of the reply code of SMTP.
pub fn reply_code(text: &str) -> Option<String> {
    static REPLY: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[\s:<(-])([45]\d\d)[ -]"));
    let folded = fold(text);
    let found = REPLY.captures(&folded)?[1].to_owned();
    Some(match (found.as_bytes()[0], meaning(&folded)) {
        (b'4', Some(code)) => format!("4{}", &code[1..]),
        (_, Some(code)) if code.starts_with('5') => code,
        (class, _) => match found.as_str() {
            "550" | "553" => "5.1.1".to_owned(),
            "552" => "5.2.2".to_owned(),
            _ => format!("{}.0.0", class as char),
        },
    })
}
