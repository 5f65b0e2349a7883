//! Who else is at a ticket, in French.

/// « Sam et Zoé regardent aussi ce ticket. Léa écrit une réponse. »; empty for nobody.
pub fn sentence(looking: &[String], writing: &[String]) -> String {
    let looks = match looking.len() {
        0 => None,
        1 => Some(format!("{} regarde aussi ce ticket.", looking[0])),
        _ => Some(format!("{} regardent aussi ce ticket.", joined(looking))),
    };
    let writes = match writing.len() {
        0 => None,
        1 => Some(format!("{} écrit une réponse.", writing[0])),
        _ => Some(format!("{} écrivent une réponse.", joined(writing))),
    };
    looks.into_iter().chain(writes).collect::<Vec<_>>().join(" ")
}

fn joined(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} et {last}", first.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_named_once() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(sentence(&[], &[]), "");
        assert_eq!(sentence(&names(&["Sam"]), &[]), "Sam regarde aussi ce ticket.");
        assert_eq!(
            sentence(&names(&["Inès", "Sam", "Zoé"]), &names(&["Léa"])),
            "Inès, Sam et Zoé regardent aussi ce ticket. Léa écrit une réponse."
        );
        assert_eq!(sentence(&[], &names(&["Léa", "Sam"])), "Léa et Sam écrivent une réponse.");
    }
}
