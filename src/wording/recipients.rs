//! To whom a reply goes, said before it is sent and after.
//!
//! Pure. May import: view.

use crate::view::Recipients;

/// « À : lea@… · Copie : marc@…, anne@… »: every address that gets the mail, and no other.
pub fn line(recipients: &Recipients) -> String {
    let to = recipients.to.as_ref().map(|to| format!("À\u{a0}: {to}"));
    let cc = (!recipients.cc.is_empty()).then(|| format!("Copie\u{a0}: {}", recipients.cc.join(", ")));
    let said: Vec<String> = to.into_iter().chain(cc).collect();
    if said.is_empty() { "Aucun e-mail ne part".to_owned() } else { said.join(" · ") }
}

/// « Sans copie : paul@… (préférence : none) »; `None` where everybody who takes part gets one.
pub fn without(recipients: &Recipients) -> Option<String> {
    let people = recipients.without.iter().map(|one| format!("{} ({})", one.email, one.why));
    let people = people.collect::<Vec<_>>().join(", ");
    (!people.is_empty()).then(|| format!("Sans copie\u{a0}: {people}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Uncopied;

    #[test]
    fn every_address_that_gets_the_mail_is_said() {
        let said = |to: Option<&str>, cc: &[&str]| {
            let cc = cc.iter().map(|address| (*address).to_owned()).collect();
            line(&Recipients { to: to.map(str::to_owned), cc, without: Vec::new() })
        };
        assert_eq!(said(Some("lea@client.example"), &[]), "À\u{a0}: lea@client.example");
        assert_eq!(
            said(Some("lea@client.example"), &["marc@client.example", "anne@client.example"]),
            "À\u{a0}: lea@client.example · Copie\u{a0}: marc@client.example, anne@client.example"
        );
        assert_eq!(said(None, &["marc@client.example"]), "Copie\u{a0}: marc@client.example");
        assert_eq!(said(None, &[]), "Aucun e-mail ne part");
        let paul = Uncopied { email: "paul@client.example".into(), why: "préférence\u{a0}: none".into() };
        let to = Recipients { without: vec![paul], ..Recipients::default() };
        assert_eq!(without(&to).unwrap(), "Sans copie\u{a0}: paul@client.example (préférence\u{a0}: none)");
        assert_eq!(without(&Recipients::default()), None);
    }
}
