//! Where a signature begins. May import: std, regex, `domain::{fold, text}`.

use super::is_blank;
use crate::domain::fold::fold;
use crate::domain::text::{head, pattern};
use regex::Regex;
use std::sync::LazyLock;

/// Most lines of a signature under a mark that is not RFC 3676's own.
const MOST_LINES: usize = 14;
/// Most lines between a closing word and the end.
const MOST_CLOSING: usize = 10;

/// Words that phones and programs add by themselves, and nobody else.
static PROGRAM_LINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^\W{0,12}(
            sent\ on\ the\ go\b | get\ (outlook|bluemail)\ for\  | download\ outlook
            | from\ my\ (iphone|ipad|mobile|phone|android|galaxy|samsung|blackberry)(\ [\w-]+)?\W*$
            | provenance\ ?:\ (courrier|outlook|mail) | yahoo\ mail\ ?:
            | (telecharge[rz]?|obtenir|obtenez)\ (outlook|bluemail)\ 
            | hole?n?\ (sie\ sich|dir)\ outlook | outlook\ fur\ (android|ios)\ (beziehen|herunterladen)
            | obtener\ outlook | obter\ o\ outlook | scarica\ outlook | ottieni\ outlook
            | outlook\ voor\ (android|ios)\ downloaden | hamta\ outlook | hent\ outlook | hanki\ outlook
            | pobierz\ (aplikacje\ )?outlook | iphone.?umdan
            | .{0,12}(iphone|ipad|android|outlook|galaxy|samsung).{0,16}(送信|发送|發送|傳送|寄出)
        )",
    )
});
/// What they add in words that people use as well of what they sent themselves: "Envoyé par chèque".
static SENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\W{0,12}(message )?(envoyee?|expediee?) (d'|a partir d'|(de|depuis|a partir de|avec|via|par|sur|grace a) )",
    )
});
/// The same in other languages: "Sent by a courier", "Gesendet mit DHL".
static SENT_ABROAD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^\W{0,12}(
            sent\ (from|by|on|via|with|using)\ 
            | (von|aus|mit)\ .{2,40}\ gesendet | gesendet\ (von|mit|aus|uber)\ 
            | diese\ (nachricht|e-mail)\ wurde\ von\ mein
            | enviado\ (desde|do|da|a\ partir|con|de|via|pelo)\  | inviato\ (da|dal|dall'|con|tramite)\ ?\w
            | (verzonden|verstuurd)\ (vanaf|vanuit|met|via|van)\  | van\ .{2,40}\ (verzonden|verstuurd)\b
            | sendt\ fra\  | skickat\ fran\  | skickades\ fran\  | lahetetty\ 
            | wyslan[oey]\ (z|za)\  | odeslano\ (z|ze)\  | odoslane\ (z|zo)\ 
            | отправлено\ (с|из)\  | надіслано\ (з|із)\  | trimis\ (de\ pe|din)\  | kuldve\ 
            | (从我的|從我的|发自|發自).{1,30}$
        )",
    )
});
/// The same in further languages, of which only the devices are known: "Poslano z mojega iPhone".
static SENT_BRIEFLY: LazyLock<Regex> = LazyLock::new(|| {
    let first = fold("poslano|poslato|изпратено|saadetud|στάλθηκε|נשלח|أرسلت|gửi từ|dikirim dari");
    let last = fold("보냄|전송");
    let device = fold("iphon|ipad|android|galaxy|갤럭시|휴대폰");
    pattern(&format!(r"^\W{{0,12}}({first})\b.*({device})|({device}).*({last})\W*$"))
});
/// What a mail is written on or with, folded.
static DEVICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(iphone|ipad|ipod|ios|macbook|imac|mac|android|windows|smartphone|(tele)?phone|portable|mobile|tablette|appareil|ordinateur|pc|samsung|galaxy|huawei|honor|xiaomi|redmi|poco|oneplus|oppo|realme|vivo|google pixel|pixel|sony|xperia|htc|nokia|lg|motorola|wiko|blackberry|fairphone|asus|application|appli|app|outlook|gmail|hotmail|yahoo|icloud|aol|gmx|zimbra|thunderbird|spark|airmail|bluemail|aquamail|typeapp|k-9|proton ?mail|proton|protonmail|tutanota|tuta|mailo|superhuman|edison|spike|canary|unibox|mailtrack|zoho|mymail|em client|boxer|webmail|mail (orange|sfr|free|la poste)|(orange|sfr|free|la ?poste|windows|samsung) ?mail)\b",
    )
});
/// The same by the stems of other languages, which go on in their own ways.
static DEVICE_ABROAD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"iphon|ipad|android|手机|手機|电脑|電腦|小米|华为|華為|三星|mail\.ru|\b(telefo|mobil|handy\b|celular|movil|smartphon|tablet|puhelim|dispositiv|unterwegs\b|(cell ?|tele)?phone\b|device|keyboard\b|телефон|мобильн)",
    )
});
/// What a person adds who tells what they sent: when, and how much; or goes on with what they do.
static TOLD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(hier|avant-hier|aujourd'hui|ce (matin|midi|soir)|cette nuit|le \d|il y a|euros?|je|yesterday|today|last (week|night|month)|(mon|tues|wednes|thurs|fri|satur|sun)day|i (can|do|did|am|have|was|want|need)\w*|ich|gestern|heute|ayer|hoy|ieri|oggi|gisteren|vandaag)\b|€",
    )
});
/// Behind a comma, what only asks to excuse how it is written, or names the device of a provider.
static AFTERTHOUGHT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r", (desolee?|pardon|veuillez|merci d'excuser|excusez|sorry|please (excuse|forgive))\b.{0,40}\b(fautes?|brievete|concision|coquilles?|typos?|brevity|mistakes?)\W*$|^\W*sent (via|from) (the|my) .{2,60}, an? .{2,40}(smartphone|phone|tablet|device)\W*$",
    )
});
/// Closing words, as a line of their own (a comma may follow, and "Cordialement," may have company).
static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^((bien |tres |sinceres? |meilleures? |avec mes |mes |toutes? mes |nos |respectueuses? )*(cordialement|sincerement|respectueusement|amicalement|salutations|salutations distinguees|cordialites|a vous|amities)( et .{2,30})?|bien a (vous|toi)|cdlt|cdt|crdlt|(kind|best|warm|with kind|with best|many)? ?regards|best( wishes)?|sincerely( yours)?|yours (sincerely|truly|faithfully)|cheers|mit (freundlichen|besten|herzlichen) gru(ss|b)en|(viele|beste|freundliche|liebe) gru(ss|b)e|mfg|saludos( cordiales)?|un saludo|atentamente|cordiali saluti|distinti saluti|saluti|met vriendelijke groet(en)?|mvg|atenciosamente|cumprimentos|med vanlig halsning|med venlig hilsen|mvh|pozdrawiam)[ ,.!]*$",
    )
});
/// What only a business card says.
static CONTACT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(\+?\d[\d .()/-]{7,}\d)|(https?://|www\.)|[^\s@]+@[^\s@]+\.[a-z]|\b(tel|mob|fax|phone|mobile|port|gsm)\b ?[.:]|\b\d{5} [a-z]",
    )
});
static LIST_FOOTER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"mailing list|liste de diffusion|unsubscribe|desabonn|desinscri|listinfo"));

/// The line where the signature of `lines` begins; `None` when there is none, or nothing but one at the start.
/// `is_first`: the lines are the start of the mail, where a signature cannot stand.
pub fn start_of(lines: &[&str], is_first: bool) -> Option<usize> {
    let written = lines.iter().rposition(|line| !is_blank(line))? + 1;
    let lines = &lines[..written];
    let first = lines.iter().position(|line| !is_blank(line))?;
    let begins = |at: usize| !is_first || at > first;
    let small_print = small_print(lines).filter(|&at| begins(at));
    let lines = &lines[..small_print.unwrap_or(lines.len())];
    let lines = &lines[..lines.iter().rposition(|line| !is_blank(line)).map_or(0, |last| last + 1)];
    if lines.is_empty() {
        return small_print;
    }
    delimiter(lines)
        .filter(|&at| begins(at))
        .map(|at| {
            [program_line, dashed_name]
                .iter()
                .find_map(|above| above(&lines[..at]))
                .filter(|&at| begins(at))
                .unwrap_or(at)
        })
        .or_else(|| program_line(lines).filter(|&at| begins(at)))
        .or_else(|| dashed_name(lines).filter(|&at| at > first))
        .or_else(|| closing(lines).filter(|&at| at > first))
        .or(small_print)
}

/// "-Marie" as the last line, apart from the text: the name of a signature under one dash.
fn dashed_name(lines: &[&str]) -> Option<usize> {
    let at = lines.iter().rposition(|line| !is_blank(line))?;
    let name = lines[at].trim().strip_prefix(['-', '—', '–'])?;
    let words = name.split_whitespace().count();
    let is_name = name.len() <= 40
        && (1..=3).contains(&words)
        && name.split_whitespace().all(|word| word.starts_with(char::is_uppercase))
        && !name.contains([':', '.', '!', '?', ',', ';']);
    // Under a question, a colon or another of its kind it is an item of a list.
    let above = lines[..at].iter().rfind(|line| !is_blank(line)).map_or("", |line| line.trim());
    let is_item = above.ends_with(['?', ':']) || above.starts_with(['-', '—', '–', '*', '•']);
    (is_name && !is_item && at > 0 && is_blank(lines[at - 1])).then_some(at)
}

/// What firms and virus scanners put under every mail.
static SMALL_PRINT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^[\W_]*((disclaimer|confidentiality(\ notice)?|(avis|clause|note)\ de\ confidentialite|legal\ notice|avertissement)[\W_]+)?
        (
            (ce|cet|le\ present)\ (message|courriel|mail|e-?mail)(\ electronique)?,?\ ?(\(|et\ |ainsi\ |est\ |sont\ |peut\ |peuvent\ |contient\ |y\ compris\ |s'adresse\ |transmis\ |avec\ |ne\ )[^?]{0,300}(confidentiel|destinataire)
            | les\ informations\ contenues\ dans\ ce.{0,200}confidentiel
            | this\ (e-?mail|message|communication)\b.{0,300}(confidential|intended|privileged)
            | the\ (information|contents?)\ (contained\ )?(in|of)\ this.{0,200}confidential
            | diese\ e-?mail\ .{0,200}(vertraulich|informationen)
            | (merci\ de\ )?pense[rz]\ a\ l'environnement | avant\ d'imprimer | n'imprimez
            | (p\ )?please\ consider\ the\ environment
            | (https?://\S+\s+)?(
                l'absence\ de\ virus\ dans\ ce | (garanti\ )?sans\ virus\b | virus-free | no\ virus\ found\ in\ this
                | cet?\ (message|courriel|e-?mail|mail)\ a\ ete\ (verifie|analyse).{0,200}(virus|avast|scan|securi|spam)
                | this\ (e-?mail|message)\ has\ been\ (checked|scanned)
            )
        )",
    )
});

/// No small print speaks of its writer, folded.
static FIRST_PERSON: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bje\b|\b[jm]'|\b(mon|ma|mes|moi)\b"));

/// The first of the last paragraphs (at most three) that are all small print, or the rule drawn above it.
fn small_print(lines: &[&str]) -> Option<usize> {
    let mut found = None;
    let mut end = lines.len();
    for _ in 0..3 {
        let Some(last) = lines[..end].iter().rposition(|line| !is_blank(line)) else { break };
        let start = lines[..last].iter().rposition(|line| is_blank(line)).map_or(0, |blank| blank + 1);
        let paragraph: String =
            lines[start..=last].iter().take(6).map(|line| format!("{} ", line.trim())).collect();
        let folded = fold(&paragraph);
        if paragraph.len() > 3000
            || last - start > 20
            || !SMALL_PRINT.is_match(&folded)
            || FIRST_PERSON.is_match(&folded)
        {
            break;
        }
        found = Some(start);
        end = start;
    }
    found.map(|start| {
        let above = lines[..start].iter().rposition(|line| !is_blank(line));
        above.filter(|&above| is_drawn(lines[above])).unwrap_or(start)
    })
}

/// A line drawn across the page.
fn is_drawn(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 5 && line.bytes().all(|byte| matches!(byte, b'_' | b'-' | b'=' | b'*'))
}

/// "-- " (RFC 3676 section 4.3), or a line of dashes with little under it.
fn delimiter(lines: &[&str]) -> Option<usize> {
    let exact = lines.iter().position(|line| *line == "-- " || (*line).trim_end() == "--");
    if let Some(at) = exact
        && (lines[at] == "-- " || lines.len() - at <= MOST_LINES)
    {
        return Some(at);
    }
    let from = lines.len().saturating_sub(MOST_LINES);
    (from..lines.len()).find(|&at| {
        let line = lines[at].trim();
        let drawn = line.chars().count() >= 2 && line.chars().all(|c| matches!(c, '-' | '_'));
        let above_blank = at == 0 || is_blank(lines[at - 1]);
        (drawn || matches!(line, "—" | "–")) && above_blank && is_footer(line, &lines[at + 1..])
    })
}

/// Whether what stands under a drawn line is a footer and not the next part of the message.
fn is_footer(rule: &str, under: &[&str]) -> bool {
    let written: Vec<&str> = under.iter().copied().filter(|line| !is_blank(line)).collect();
    let has_contact = || written.iter().any(|line| line.len() <= 200 && CONTACT.is_match(&fold(line)));
    let list = written.iter().any(|line| line.len() <= 300 && LIST_FOOTER.is_match(&fold(line)));
    let card = (1..=6).contains(&written.len())
        && written
            .iter()
            .all(|line| line.chars().count() <= 80 && !line.trim_end().ends_with(':') && !is_own_words(line))
        && (has_contact() || rule.chars().count() < 10 && written.iter().all(|line| is_titled(line)));
    list || card
}

/// "Envoyé de mon iPhone" and the like as the last words.
fn program_line(lines: &[&str]) -> Option<usize> {
    let mut at = lines.iter().rposition(|line| !is_blank(line))?;
    let mut found = None;
    // At most two such lines, one above the other ("Envoyé de mon iPhone", "Télécharger Outlook pour iOS").
    for _ in 0..2 {
        let line = lines[at].trim();
        if line.len() > 200 || !is_program_line(line) {
            break;
        }
        found = Some(at);
        match lines[..at].iter().rposition(|line| !is_blank(line)) {
            Some(above) => at = above,
            None => break,
        }
    }
    found
}

fn is_program_line(line: &str) -> bool {
    let folded = fold(line).replace('\u{a0}', " ");
    let words = folded
        .split(['<', '[', '('])
        .find(|piece| !piece.trim().is_empty())
        .unwrap_or("")
        .split_whitespace()
        .count();
    // K-9 and others ask to excuse their brevity.
    let most =
        if folded.contains("excus") || folded.contains("brie") || folded.contains("brevi") { 18 } else { 11 };
    let is_sent = || {
        SENT.is_match(&folded) && DEVICE.is_match(&folded)
            || SENT_ABROAD.is_match(&folded) && (DEVICE.is_match(&folded) || DEVICE_ABROAD.is_match(&folded))
    };
    words <= most
        && (!folded.contains(", ") || folded.starts_with("yahoo mail") || AFTERTHOUGHT.is_match(&folded))
        && (PROGRAM_LINE.is_match(&folded)
            || is_sent() && !TOLD.is_match(&folded)
            || words <= MOST_BRIEF && SENT_BRIEFLY.is_match(&folded)
            || is_named_program(line))
}

/// Most words of a line of which only the device is known.
const MOST_BRIEF: usize = 6;

/// "Sent from Nine", "Sent from my EX-42": a program or a device by its name.
fn is_named_program(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    line.strip_prefix("Sent from ").is_some_and(|name| match name.strip_prefix("my ") {
        Some(name) => name.split_whitespace().count() <= 5 && is_titled(name),
        None => name.split_whitespace().count() <= 2 && name.starts_with(char::is_uppercase),
    })
}

/// A closing word with a name and what is on a business card under it. A name alone is how people end a letter.
fn closing(lines: &[&str]) -> Option<usize> {
    let from = lines.len().saturating_sub(MOST_CLOSING);
    let at = (from..lines.len())
        .rev()
        .find(|&at| lines[at].len() <= 80 && CLOSING.is_match(&fold(lines[at].trim())))?;
    let under: Vec<&str> = lines[at + 1..].iter().copied().filter(|line| !is_blank(line)).collect();
    let card = under.iter().any(|line| line.len() <= 200 && CONTACT.is_match(&fold(line)));
    let is_card_line = |line: &&str| line.chars().count() <= 120 && !is_own_words(line);
    (under.len() >= 2 && card && under.iter().all(is_card_line)).then_some(at)
}

/// Most words of a line of a card.
const MOST_WORDS: usize = 8;

/// Words of sentences, which no card has, folded.
static SENTENCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\W*(ps|p\.s|nb|n\.b|post-?scriptum)\b|\b(je|me|moi|ne|pas|jamais|toujours|rien|svp|stp|rappele[rz]|appelez|merci|bonjour|pouvez|pourriez|voici|mais|car|quand|pourquoi|comment|please|why|still|not|cannot|my)\b|\b(j'|m'|n'|can't|don't)",
    )
});
/// The labels of a card, folded, without the full stop of an abbreviation.
#[rustfmt::skip]
const CARD_LABELS: [&str; 57] = [
    "t", "tel", "telephone", "tel/fax", "tel. fixe", "tel. portable", "tel. mobile", "fixe", "m", "mob", "mobile", "portable",
    "port", "gsm", "f", "fax", "telecopie", "p", "ph", "phone", "cell", "d", "direct", "ligne directe", "standard", "std",
    "bureau", "office", "e", "mail", "e-mail", "email", "mel", "courriel", "adresse mail", "adresse e-mail", "adresse email",
    "w", "web", "site", "site web", "site internet", "website", "internet", "url", "http", "https", "mailto", "linkedin",
    "twitter", "facebook", "instagram", "skype", "whatsapp", "siret", "siren", "adresse",
];

/// Whether a line below a name is what its writer has to say, and none of a card: an afterthought, a question, a sentence, or
/// what they fill in ("Numéro de compte : 12345678").
fn is_own_words(line: &str) -> bool {
    let line = line.trim();
    let folded = fold(head(line, LONGEST_LINE)).replace("pas-de-", "");
    let words = folded.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count();
    let is_filled_in = folded.split_once(':').is_some_and(|(label, value)| {
        let label = label.trim_matches(|c: char| !c.is_alphanumeric());
        !value.trim().is_empty()
            && (1..=4).contains(&label.split_whitespace().count())
            && label.starts_with(char::is_alphabetic)
            && !CARD_LABELS.contains(&label)
            && !["tel", "fax", "mobile", "portable"].iter().any(|kind| label.starts_with(kind))
    });
    line.len() > LONGEST_LINE
        || line.ends_with('?')
        || words > MOST_WORDS
        || is_filled_in
        || SENTENCE.is_match(&folded)
}

/// No line of a card is longer, in bytes.
const LONGEST_LINE: usize = 400;

/// Whether each word of a line is written as in a name or a title; small ones may stand between.
fn is_titled(line: &str) -> bool {
    const SMALL: [&str; 14] =
        ["de", "du", "des", "d'", "la", "le", "les", "et", "&", "of", "the", "and", "von", "van"];
    let is_fitting =
        |word: &str| SMALL.contains(&word) || word.starts_with("d'") || !word.starts_with(char::is_lowercase);
    line.len() <= LONGEST_LINE && line.split_whitespace().all(is_fitting)
}

/// Whether something in a signature is no card, no line of a program and no small print.
pub fn speaks(signature: &str) -> bool {
    let lines: Vec<&str> = signature.lines().collect();
    let above = &lines[..small_print(&lines).unwrap_or(lines.len())];
    above.iter().filter(|line| !is_blank(line) && !is_program_line(line.trim())).any(|line| {
        let folded = fold(head(line, LONGEST_LINE));
        let is_sentence = folded.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count()
            > 4
            && !is_titled(line)
            && !CONTACT.is_match(&folded)
            && !LIST_FOOTER.is_match(&folded);
        is_sentence || is_own_words(line) && !LIST_FOOTER.is_match(&folded)
    })
}
