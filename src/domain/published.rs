//! What a domain publishes of who may write in its name: SPF (RFC 7208) and DMARC (RFC 7489). Pure.

/// How many look-ups the records of an SPF policy may ask for, all together (RFC 7208 section 4.6.4).
pub const MOST_LOOKUPS: usize = 10;

/// What an SPF record says, as far as it can be told from its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spf {
    /// Whose policies are included.
    pub includes: Vec<String>,
    /// Whose policy is used in place of an `all`.
    pub redirect: Option<String>,
    /// What becomes of everybody else: `+`, `-`, `~` or `?`.
    pub all: Option<char>,
    /// How many look-ups it asks for by itself.
    pub lookups: usize,
    /// It names servers by their addresses or names, so that it may cover one that it does not include.
    pub names_servers: bool,
}

/// The SPF records among the TXT records of a domain (RFC 7208 section 4.5). There must be exactly one.
pub fn spf_records(texts: &[String]) -> Vec<&str> {
    let is_one = |text: &&str| {
        text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("v=spf1"))
            && text[6..].chars().next().is_none_or(|c| c == ' ')
    };
    texts.iter().map(String::as_str).filter(is_one).collect()
}

/// Reads an SPF record.
pub fn read_spf(record: &str) -> Spf {
    let mut spf = Spf::default();
    for term in record.split_ascii_whitespace().skip(1) {
        let term = term.to_ascii_lowercase();
        if let Some(target) = term.strip_prefix("redirect=") {
            spf.redirect = Some(target.to_owned());
            continue;
        }
        let (qualifier, mechanism) = match term.strip_prefix(['+', '-', '~', '?']) {
            Some(mechanism) => (term.chars().next().unwrap_or('+'), mechanism),
            None => ('+', term.as_str()),
        };
        let (name, argument) = mechanism.split_once([':', '/', '=']).unwrap_or((mechanism, ""));
        match name {
            "all" => {
                spf.all.get_or_insert(qualifier);
            }
            "include" => {
                spf.includes.push(argument.to_owned());
                spf.lookups += 1;
            }
            "a" | "mx" | "ptr" | "exists" => {
                spf.names_servers = true;
                spf.lookups += 1;
            }
            "ip4" | "ip6" => spf.names_servers = true,
            _ => {}
        }
    }
    if spf.all.is_some() {
        // It is not looked at then (section 6.1).
        spf.redirect = None;
    }
    spf.lookups += usize::from(spf.redirect.is_some());
    spf
}

/// What a domain that writes by this server includes in its SPF record, for the servers of well-known providers.
pub fn spf_of_server(host: &str) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 17] = [
        ("gmail.com", "_spf.google.com"),
        ("googlemail.com", "_spf.google.com"),
        ("google.com", "_spf.google.com"),
        ("office365.com", "spf.protection.outlook.com"),
        ("outlook.com", "spf.protection.outlook.com"),
        ("ovh.net", "mx.ovh.com"),
        ("gandi.net", "_mailcust.gandi.net"),
        ("infomaniak.com", "spf.infomaniak.ch"),
        ("ionos.fr", "_spf-eu.ionos.com"),
        ("zoho.eu", "zohomail.eu"),
        ("fastmail.com", "spf.messagingengine.com"),
        ("brevo.com", "spf.brevo.com"),
        ("mailjet.com", "spf.mailjet.com"),
        ("mailgun.org", "mailgun.org"),
        ("sendgrid.net", "sendgrid.net"),
        ("postmarkapp.com", "spf.mtasv.net"),
        ("amazonaws.com", "amazonses.com"),
    ];
    KNOWN.iter().find(|(domain, _)| is_within(host, domain)).map(|(_, include)| *include)
}

/// What receivers are asked to do with a mail that is not from whom it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// To let it pass.
    None,
    /// To put it aside.
    Quarantine,
    /// To refuse it.
    Reject,
}

impl Policy {
    /// The word of the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Policy::None => "none",
            Policy::Quarantine => "quarantine",
            Policy::Reject => "reject",
        }
    }

    fn from_word(word: &str) -> Option<Policy> {
        [Policy::None, Policy::Quarantine, Policy::Reject].into_iter().find(|policy| policy.as_str() == word)
    }
}

/// What a DMARC record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dmarc {
    /// For the domain itself.
    pub policy: Policy,
    /// For the domains below it.
    pub below: Policy,
    /// Whether only a signature of the very domain counts (`adkim=s`).
    pub is_strict: bool,
}

/// The DMARC records among the TXT records of `_dmarc` (RFC 7489 section 6.6.3). Several are as good as none.
pub fn dmarc_records(texts: &[String]) -> Vec<&str> {
    let is_one = |text: &&str| {
        let (tag, value) = text.split(';').next().and_then(|tag| tag.split_once('=')).unwrap_or_default();
        tag.trim() == "v" && value.trim() == "DMARC1"
    };
    texts.iter().map(String::as_str).filter(is_one).collect()
}

/// Reads a DMARC record; `None` where it has no policy that is one.
pub fn read_dmarc(record: &str) -> Option<Dmarc> {
    let value = |name: &str| {
        let mut tags = record.split(';').filter_map(|tag| tag.split_once('='));
        tags.find(|(tag, _)| tag.trim() == name).map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    let policy = Policy::from_word(&value("p")?)?;
    let below = value("sp").map_or(Some(policy), |word| Policy::from_word(&word))?;
    Some(Dmarc { policy, below, is_strict: value("adkim").is_some_and(|mode| mode == "s") })
}

/// The domains whose DMARC record is asked for, in turn: the one mails are from, then those above it, but for the last, which is
/// a registry's.
pub fn dmarc_domains(from: &str) -> Vec<&str> {
    let starts = std::iter::once(0).chain(from.match_indices('.').map(|(at, _)| at + 1));
    let domains = starts.map(|at| &from[at..]).filter(|domain| domain.contains('.'));
    // Nobody is that deep, and each is a question to a server.
    domains.take(5).collect()
}

/// Whether a signature of `signed` speaks for mails from `from`, whose DMARC record stands at `organisation`.
pub fn is_aligned(from: &str, signed: &str, organisation: &str, is_strict: bool) -> bool {
    match is_strict {
        true => signed.eq_ignore_ascii_case(from),
        false => is_within(signed, organisation) || is_within(from, signed),
    }
}

/// Whether a domain is another or lies below it.
fn is_within(domain: &str, above: &str) -> bool {
    let (domain, above) = (domain.trim_end_matches('.').to_ascii_lowercase(), above.to_ascii_lowercase());
    domain.strip_suffix(&above).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether a domain is set aside for examples and tests, so that nobody can publish anything of it (RFC 2606, RFC 6761).
pub fn is_reserved(domain: &str) -> bool {
    const RESERVED: [&str; 8] =
        ["example", "test", "invalid", "localhost", "local", "example.com", "example.net", "example.org"];
    !domain.contains('.') || RESERVED.iter().any(|reserved| is_within(domain, reserved))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn an_spf_record_is_known_by_its_first_word() {
        let all = texts(&["v=spf1 -all", "V=SPF1", "v=spf10 -all", "v=spf1-all", "google-site=x", "é"]);
        assert_eq!(spf_records(&all), ["v=spf1 -all", "V=SPF1"]);
    }

    #[test]
    fn an_spf_record_says_whom_it_lets_write_and_what_that_costs() {
        let spf = read_spf("v=spf1 MX a:mail.example.org ip4:192.0.2.0/24 include:_spf.google.com ~all");
        assert_eq!(
            (spf.includes.as_slice(), spf.all, spf.lookups, spf.names_servers),
            (&["_spf.google.com".to_owned()][..], Some('~'), 3, true)
        );
        for (record, all) in [
            ("v=spf1 +all", Some('+')),
            ("v=spf1 all", Some('+')),
            ("v=spf1 ?all", Some('?')),
            ("v=spf1", None),
        ] {
            assert_eq!(read_spf(record).all, all, "{record}");
        }
        let redirected = read_spf("v=spf1 redirect=_spf.example.org");
        assert_eq!((redirected.redirect.as_deref(), redirected.lookups), (Some("_spf.example.org"), 1));
        assert_eq!(read_spf("v=spf1 redirect=_spf.example.org -all").redirect, None);
        assert_eq!(read_spf("v=spf1 a/24 -mx//64 exists:%{i}.example.org").lookups, 3);
    }

    #[test]
    fn the_servers_of_providers_are_known_by_their_domain() {
        assert_eq!(spf_of_server("smtp.gmail.com"), Some("_spf.google.com"));
        assert_eq!(spf_of_server("SMTP.Office365.com."), Some("spf.protection.outlook.com"));
        assert_eq!(spf_of_server("email-smtp.eu-west-3.amazonaws.com"), Some("amazonses.com"));
        assert_eq!(spf_of_server("smtp.notgmail.com"), None);
    }

    #[test]
    fn a_dmarc_record_names_its_policies() {
        let all =
            texts(&["v=DMARC1; p=none", " v = DMARC1 ;p=reject", "v=DMARC10; p=none", "p=none; v=DMARC1"]);
        assert_eq!(dmarc_records(&all).len(), 2);
        let of = |record: &str| read_dmarc(record);
        assert_eq!(
            of("v=DMARC1; p=Quarantine; sp=reject; adkim=s"),
            Some(Dmarc { policy: Policy::Quarantine, below: Policy::Reject, is_strict: true })
        );
        assert_eq!(
            of("v=DMARC1;p=none;rua=mailto:x@example.org"),
            Some(Dmarc { policy: Policy::None, below: Policy::None, is_strict: false })
        );
        assert_eq!(of("v=DMARC1; rua=mailto:x@example.org"), None);
        assert_eq!(of("v=DMARC1; p=refuse"), None);
    }

    #[test]
    fn the_record_of_a_domain_may_stand_above_it_but_not_at_a_registry() {
        assert_eq!(dmarc_domains("aide.client.fr"), ["aide.client.fr", "client.fr"]);
        assert_eq!(dmarc_domains("fr"), [""; 0]);
        assert!(dmarc_domains(&"a.".repeat(120)).len() <= 5);
    }

    #[test]
    fn a_signature_speaks_for_its_organisation() {
        for (from, signed, organisation, is_strict, is) in [
            ("client.fr", "client.fr", "client.fr", true, true),
            ("aide.client.fr", "client.fr", "client.fr", false, true),
            ("aide.client.fr", "mail.client.fr", "client.fr", false, true),
            ("aide.client.fr", "client.fr", "aide.client.fr", false, true),
            ("aide.client.fr", "client.fr", "client.fr", true, false),
            ("client.fr", "autreclient.fr", "client.fr", false, false),
            ("client.fr", "mailer.fr", "client.fr", false, false),
        ] {
            assert_eq!(is_aligned(from, signed, organisation, is_strict), is, "{from} {signed}");
        }
    }

    #[test]
    fn nothing_is_published_of_examples_and_of_this_machine() {
        for domain in
            ["desk.example", "example.org", "support.example.com", "localhost", "box.test", "guichet"]
        {
            assert!(is_reserved(domain), "{domain}");
        }
        for domain in ["bettrackerpro.com", "notexample.org", "example.fr"] {
            assert!(!is_reserved(domain), "{domain}");
        }
    }
}
