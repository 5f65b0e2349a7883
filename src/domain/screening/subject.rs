//! The subjects that programs write over automatic answers, in many languages. May import: regex, `domain::{fold, text}`.

use crate::domain::fold::fold;
use crate::domain::text::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// What only an automatic answer is called. The end, punctuation but a comma, the subject that is answered, a day or one of
/// [`FOLLOWERS`] follows: "Out of office tools for your team" is somebody's question.
const SURE: &str = "réponse automatique|réponse auto|auto-réponse|autoréponse|message automatique|réponse d'absence|\
    message d'absence|message automatique d'absence|notification d'absence|avis d'absence|absence du bureau|\
    automatic reply|automatic response|automated reply|automated response|\
    automatic email reply|auto reply|auto-reply|autoreply|auto response|auto-response|autoresponse|autoresponder|\
    out of office|out of the office|out-of-office|out of office reply|out of office autoreply|ooo|\
    vacation reply|vacation response|vacation message|automatische antwort|\
    automatische antwoord|abwesenheitsnotiz|automatische abwesenheitsnotiz|abwesenheitsmeldung|abwesenheitsbenachrichtigung|\
    respuesta automática|contestación automática|risposta automatica|resposta automática|\
    ausência do escritório|automatisch antwoord|automatisch bericht|afwezigheidsbericht|\
    afwezigheidsmelding|automatisk svar|autosvar|automatiskt svar|frånvaromeddelande|\
    fraværsbesked|automatyczna odpowiedź|odpowiedź automatyczna|\
    automaattinen vastaus|automaattivastaus|automatická odpověď|automatická odpoveď|automatikus válasz|otomatik yanıt|\
    răspuns automat|автоматический ответ|автоответ|автоматична відповідь|自动回复|自動回覆|自動回復|自動返信|자동 회신|自动答复|\
    auto responder|auto-responder|automated message|automatic message|autoanswer|auto-answer|\
    notification automatique d'absence|répondeur automatique|accusé de réception automatique|\
    abwesenheitsnachricht|abwesenheitsassistent|automatische eingangsbestätigung|urlaubsbenachrichtigung|\
    messaggio automatico|risponditore automatico|mensaje automático|contestador automático|mensagem automática|\
    frånvaroassistent|fraværsassistent|fraværsmelding|afwezigheidsassistent|autoodpowiedź|otomatik cevap|\
    αυτόματη απάντηση|автоматичен отговор|自動応答|不在通知|자동 응답|부재중|부재중 자동 회신|外出自动回复";

/// Where somebody is not: said by programs, and by people before they ask for something ("Hors du bureau - impossible de me
/// connecter"), so that no dash may follow.
const ELSEWHERE: &str = "absent du bureau|absente du bureau|absent(e) du bureau|hors du bureau|absence temporaire|\
    away from my mail|away from the office|on vacation|nicht im büro|außer haus|fuera de la oficina|fuera de oficina|\
    ausente de la oficina|fuori sede|fuori ufficio|assente dall'ufficio|ausência temporária|fora do escritório|\
    niet aanwezig|niet op kantoor|ikke til stede|ikke på kontoret|poza biurem|away from office|non in ufficio|mimo kancelář|вне офиса";

/// What people might call their own mail as well: only the end, a colon, a day or the subject that is answered may follow.
const VAGUE: &str = "auto|vacation|abwesenheit|abwesend|ausente|ausencia|ausência|assenza|assente|afwezig|afwezigheid|frånvaro|\
    fravær|fraværende|nieobecność|poissa|不在";

/// The same in the language of most of our mail, where a colon leads to what its writer asks for: "En vacances : accès impossible".
const FRENCH: &str = "absence|absent|absente|absent(e)|en congé|en congés|en vacances";

/// What says nothing by itself: a colon or a day must follow.
const VAGUER: &str = "annual leave|on leave|on holiday|urlaub";

/// How somebody's absence is told in a sentence, after a name.
const OUT: &str = "out of the office|out of office|away from the office|on vacation|absent du bureau|absente du bureau|\
    absent(e) du bureau|hors du bureau|en congé|en congés|nicht im büro|außer haus|im urlaub|fuera de la oficina|fuori ufficio|\
    fora do escritório|niet op kantoor";
/// The same after "I am", where it may be shorter.
const AWAY: &str = "on leave|on holiday|absent|absente|absent(e)|en vacances|abwesend|de vacaciones|in ferie|de férias|afwezig|\
    met vakantie|met verlof";

/// Words that may follow what is sure, folded.
const FOLLOWERS: &str = "re ?:|fwd? ?:|tr ?:|aw ?:|(auto)?reply|response|message|notification|notice|antwoord|automatique|a votre|a ?:|to your|to ?:|\
    auf ihre|auf ?:|на |from |d'absence|de absence";

struct Subjects {
    sure: Regex,
    /// What is sure alone at the very end, in brackets or after a dash.
    ending: Regex,
    absences: [Regex; 3],
    told: Regex,
    answered: Regex,
    request: Regex,
    date: Regex,
}

static SUBJECTS: LazyLock<Subjects> = LazyLock::new(|| {
    // The longest first, so that "absent du bureau" is not read as "absent".
    let words = |list: &str| {
        let mut words: Vec<String> = list.split('|').map(|word| regex::escape(&fold(word))).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.join("|")
    };
    let day = r" ((until|till|jusqu)|(from|du|le|bis|hasta|fino|from|until|till|tot|ate|al|vom|au) (\S+ ){0,2}\S{0,2}\d)";
    let now = "( actuellement| currently| temporarily| derzeit| zurzeit| momenteel)?";
    let answered = r" ?:? ?((re|aw|sv|antw) ?:|\[#\d)";
    Subjects {
        sure: pattern(&format!(r"^({})( ?$| ?[:\-–—\[\]()./|!*\x22]| ({FOLLOWERS})|{day})", words(SURE))),
        ending: pattern(&format!(r"[^ ] ?([\[(] ?({0}) ?[\])]| [-–—] ({0})) ?$", words(SURE))),
        absences: [
            pattern(&format!(r"^({})( ?$| ?[:\[\]()./|!*\x22]| ({FOLLOWERS})|{day})", words(ELSEWHERE))),
            pattern(&format!(
                r"^({})( ?$| ?:|{answered}|{day})|^({})( ?:|{day})",
                words(VAGUE),
                words(VAGUER)
            )),
            pattern(&format!(r"^({})( ?$|{answered}|{day})", words(FRENCH))),
        ],
        told: pattern(&format!(
            r"^((je suis|i am|i'm|ich bin|estoy|sono|estou|ik ben){now} ({}|{})|[^:?]{{2,40}} (is|est|ist){now} ({}))( ?$| ?[(.:]|{day})",
            words(AWAY),
            words(OUT),
            words(OUT),
        )),
        answered: pattern(r"\b(re|aw|sv|antw|tr|fwd?) ?:|\[#\d"),
        request: pattern(
            r"\?|\b(mon|ma|mes|me|moi|puis|peux|pouvez|pourriez|comment|pourquoi|impossible|my|cannot|why|how)\b|\b(m'|can't)",
        ),
        date: pattern(
            r"^ ?((\d{1,4}(er|st|nd|rd|th)?|jan|fev|feb|mar|avr|apr|mai|may|jui|jun|jul|aou|aug|sep|oct|okt|nov|dec|dez)[a-z]*\.?( |$))+$",
        ),
    }
});

/// Whether a subject is that of an automatic answer. An answer to one ("Re: …") is a person's.
pub fn automatic_subject(subject: &str) -> bool {
    let start = start_of(subject);
    let folded = bare(start);
    let folded = folded.as_str();
    let told = folded.strip_prefix("auto: ").or(folded.strip_prefix("auto : ")).unwrap_or(folded);
    let asks_nothing =
        |absence: &Regex| absence.find(folded).is_some_and(|found| !asks(own_words(folded, found.end())));
    SUBJECTS.sure.find(folded).is_some_and(|found| !own_words(folded, found.end()).contains('?'))
        || is_somebodys_answer(start, folded)
        || SUBJECTS.absences.iter().any(asks_nothing)
        || SUBJECTS.told.find(told).is_some_and(|found| !asks(own_words(told, found.end())))
}

/// Whether a subject ends as that of an automatic answer may, behind the subject that is answered. People end theirs so too: "RE:
/// Paiement (Absence du bureau)".
pub fn automatic_ending(subject: &str) -> bool {
    let folded = bare(start_of(subject));
    SUBJECTS.ending.is_match(&folded) && !folded.contains('?')
}

/// As much of a subject as is looked at.
fn start_of(subject: &str) -> &str {
    subject.char_indices().nth(200).map_or(subject, |(end, _)| &subject[..end])
}

/// Folded, without what is drawn before it.
fn bare(subject: &str) -> String {
    let folded = fold(subject).replace('\u{a0}', " ");
    folded.trim_start_matches(['[', '(', '*', '"', ' ']).to_owned()
}

/// "Réponse automatique de Jean Martin": a name, and nothing after it. `folded`: the subject, folded.
fn is_somebodys_answer(subject: &str, folded: &str) -> bool {
    let Some(name) = folded.strip_prefix("reponse automatique de ") else { return false };
    let words = name.split_whitespace().count();
    (1..=3).contains(&words)
        && subject.contains(char::is_lowercase)
        && subject.split_whitespace().rev().take(words).all(|word| word.starts_with(char::is_uppercase))
}

/// What follows the absence, up to the subject that is answered.
fn own_words(subject: &str, from: usize) -> &str {
    let end = SUBJECTS.answered.find(subject).map_or(subject.len(), |answered| answered.start());
    &subject[from..end.max(from)]
}

/// Whether the words after the absence, folded, ask for something: a question, what only somebody says who asks, or a comma
/// before anything but a date.
fn asks(words: &str) -> bool {
    SUBJECTS.request.is_match(words) || words.split(',').skip(1).any(|piece| !SUBJECTS.date.is_match(piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_of_automatic_answers_are_told_from_questions() {
        for automatic in [
            "Réponse automatique : Paiement",
            "Réponse automatique\u{a0}: Paiement",
            "Absence du bureau : Paiement",
            "Absent du bureau jusqu’au 9 mars",
            "Message d’absence - Paiement",
            "Automatic reply: Payment",
            "AUTO: Jean est absent (retour le 09/03/2026)",
            "Auto-Reply",
            "Autoreply: Payment",
            "Out of Office: Payment",
            "Out of the office until Monday",
            "OOO until Monday",
            "[Auto-Reply] Payment",
            "Automatische Antwort: Zahlung",
            "Abwesenheitsnotiz: Zahlung",
            "Respuesta automática: Pago",
            "Risposta automatica: Pagamento",
            "Resposta automática: Pagamento",
            "Automatisch antwoord: Betaling",
            "Autosvar: Betaling",
            "Odpowiedź automatyczna: Płatność",
            "Автоматический ответ: Платёж",
            "RÉPONSE AUTOMATIQUE",
            "Réponse automatique Re: Paiement",
            "Réponse automatique à votre message",
            "Réponse automatique à : Paiement",
            "Réponse auto : Paiement",
            "Auto-réponse : Paiement",
            "Absence du bureau",
            "Absent du bureau : Re: Paiement",
            "Absente du bureau",
            "Je suis absent",
            "Je suis absente jusqu'au 9 mars",
            "Je suis actuellement absent",
            "Je suis en congés jusqu'au 9 mars",
            "Absent jusqu'au 9 mars",
            "Absente du 3 au 9 mars",
            "En congé jusqu'au 9 mars",
            "En congés",
            "Message d'absence automatique",
            "Message d’absence : Paiement",
            "Message automatique d'absence",
            "Notification d'absence",
            "Avis d'absence",
            "Absence temporaire",
            "Réponse d'absence",
            "[Réponse automatique] Paiement",
            "*** Réponse automatique *** Paiement",
            "Out of Office",
            "Out of Office: Re: Payment",
            "Out of office reply: Payment",
            "Out of Office AutoReply: Payment",
            "Out of Office Notification",
            "Out-of-Office Message",
            "Out of Office Re: Payment",
            "Out of the Office Re: Payment",
            "Out of the Office until Monday",
            "Out of office - Jean",
            "I am out of the office",
            "I'm out of the office until Monday",
            "I am currently out of the office",
            "Jean Martin is out of the office",
            "Jean Martin is out of the office (returning 9 March)",
            "On vacation Re: Payment",
            "Vacation response",
            "Away from my mail Re: Payment",
            "On leave until 9 March",
            "On holiday until 9 March",
            "Annual leave: Payment",
            "Automatic Reply to your message",
            "Automated reply",
            "Automatic response to: Payment",
            "Auto Response: Payment",
            "Autoresponse",
            "Auto-response: Payment",
            "AutoReply: Payment",
            "Auto-Reply from support",
            "Auto: Payment",
            "[Autoreply] Payment",
            "Autoresponder: Payment",
            "AUTO: Jean Martin ist außer Haus (Rückkehr am 09.03.2026)",
            "Abwesenheitsnotiz",
            "Abwesenheitsnotiz Re: Zahlung",
            "Automatische Abwesenheitsnotiz: Zahlung",
            "Abwesenheitsmeldung",
            "Abwesenheit: Zahlung",
            "Ich bin nicht im Büro",
            "Nicht im Büro: Zahlung",
            "Außer Haus: Zahlung",
            "Automatische Antwort auf Ihre Nachricht",
            "Urlaub bis 9. März",
            "Respuesta automatica",
            "Fuera de la oficina",
            "Fuera de oficina: Pago",
            "Ausente de la oficina",
            "Estoy fuera de la oficina",
            "Fuori sede: Pagamento",
            "Fuori ufficio: Pagamento",
            "Assente dall'ufficio",
            "Ausência do escritório",
            "Fora do escritório: Pagamento",
            "Ausência temporária: Pagamento",
            "Afwezig: Betaling",
            "Afwezigheidsbericht: Betaling",
            "Niet aanwezig: Betaling",
            "Niet op kantoor",
            "Out of office antwoord: Betaling",
            "Automatiskt svar: Betalning",
            "Frånvaro: Betalning",
            "Automatisk svar: Betaling",
            "Ikke til stede: Betaling",
            "Fraværende: Betaling",
            "Automaattinen vastaus: Maksu",
            "Poissa: Maksu",
            "Automatyczna odpowiedź: Płatność",
            "Nieobecność: Płatność",
            "Automatická odpověď: Platba",
            "Автоответ: Платёж",
            "自动回复: 付款",
            "自動返信: 支払い",
            "自動回覆：付款",
            "Răspuns automat: Plată",
            "Otomatik Yanıt: Ödeme",
            "Absent(e) du bureau",
            "Absent(e) du bureau : Paiement",
            "Je suis absent(e) du bureau jusqu'au lundi, 9 mars",
            "Absence Re: Paiement",
            "Absent Re: Paiement",
            "Absence : Re: Où est mon gain ?",
            "En congés Re: [#42] Mon paiement",
            "Réponse automatique : [#42] Que faire ?",
            "Out of Office Re: How do I get my money?",
            "Réponse automatique de Jean Martin",
            "Notification automatique d'absence",
            "Répondeur automatique",
            "Accusé de réception automatique : Paiement",
            "Automatische Antwort auf: Zahlung",
            "Automatische Eingangsbestätigung",
            "Abwesenheitsassistent: Zahlung",
            "Auto-Responder: Payment",
            "Automated message: Payment",
            "Autoanswer",
            "Messaggio automatico: Pagamento",
            "Contestador automático: Pago",
            "Mensagem automática: Pagamento",
            "Frånvaroassistent: Betalning",
            "Fraværsmelding: Betaling",
            "Afwezigheidsassistent: Betaling",
            "Autoodpowiedź: Płatność",
            "Otomatik Cevap: Ödeme",
            "Αυτόματη Απάντηση: x",
            "Автоматичен отговор: x",
            "Автоматический ответ на письмо",
            "自動応答: x",
            "不在通知: x",
            "자동 응답: x",
            "부재중 자동 회신: x",
            "外出自动回复",
            "Away from office: Payment",
            "Non in ufficio: Pagamento",
            "Mimo kancelář: Platba",
            "Вне офиса: x",
        ] {
            assert!(automatic_subject(automatic), "{automatic}");
        }
        for person in [
            "Re: Automatic reply: Payment",
            "Re: Out of office tools for your team",
            "Out of office tools for your team",
            "Réponse automatique non reçue",
            "Absence de réponse",
            "Absence - que faire ?",
            "Automobile : question",
            "Oooh, interesting",
            "Auto Ecole",
            "",
            "Re: Réponse automatique ne marche pas",
            "Réponse automatique ne marche pas",
            "Re: Réponse automatique : Paiement",
            "RE: Automatic reply: Payment",
            "TR: Réponse automatique : Paiement",
            "Fwd: Out of office: Payment",
            "Absences répétées du service",
            "Absent du classement",
            "Absent de la liste",
            "Message automatique reçu par erreur",
            "Automobile",
            "Auto école",
            "Auto-entrepreneur : facture",
            "Autobet ne marche pas",
            "Automatic payment failed",
            "Automatic reply settings do not work",
            "Automatic withdrawal",
            "Out of office tools",
            "Out of money",
            "Vacation rental refund",
            "On vacation I could not log in",
            "En vacances, je n'ai plus accès à mon compte",
            "En congé maladie, remboursement possible ?",
            "Je suis absent du classement",
            "Je suis absent de la liste des gagnants",
            "Je suis en vacances et mon compte est bloqué",
            "Urlaub stornieren",
            "Urlaub",
            "Afwezig geld",
            "Poissa käytöstä",
            "Annual leave bonus",
            "On leave",
            "Ooops",
            "OOO AAA",
            "Notification non reçue",
            "Accusé de réception",
            "Paiement absent",
            "Ausente mi pago",
            "Mon paiement est absent",
            "Le bouton est absent : que faire",
            "Je suis en vacances, et mon compte est bloqué",
            "Je suis en congés, comment suspendre mon compte ?",
            "Je suis absent, pouvez-vous suspendre mes paris",
            "Hors du bureau, impossible de me connecter",
            "Hors du bureau - impossible de me connecter",
            "Hors du bureau : impossible de me connecter",
            "En vacances : accès impossible à mon compte",
            "En vacances du 3 au 9 mars, suspendre mon compte",
            "En vacances du 3 au 9 mars : suspendre mon compte",
            "Absence : mon gain n'apparaît pas",
            "Mon mari est en congé, puis-je",
            "Message automatique : que faire ?",
            "Absent(e) du classement",
            "Réponse automatique de votre service mais aucun humain",
            "Hors du bureau de vote",
            "Re: My out of office",
            "Payment (not an automatic reply)",
            "Why this (automatic reply)?",
            "Automatic reply of yours",
            "Notification d'absence de paiement",
            "Message automatique de relance",
            "Réponse automatique de votre service",
            "RÉPONSE AUTOMATIQUE DE VOTRE SERVICE",
        ] {
            assert!(!automatic_subject(person), "{person}");
        }
    }

    #[test]
    fn what_only_the_end_of_a_subject_calls_automatic_is_told_apart() {
        for subject in [
            "Re: Payment (Automatic Response)",
            "Re: Payment (Auto Reply)",
            "Re: Payment [Auto-Reply]",
            "Re: Payment (out of office)",
            "Re: Payment - Automatic reply",
            "RE: Paiement [#42] (Absence du bureau)",
            "Paiement (Réponse automatique)",
        ] {
            assert!(automatic_ending(subject) && !automatic_subject(subject), "{subject}");
        }
        for subject in
            ["Payment (not an automatic reply)", "Why this (automatic reply)?", "Re: My out of office"]
        {
            assert!(!automatic_ending(subject), "{subject}");
        }
    }
}
