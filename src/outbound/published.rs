//! What the world is told of our sender: asks DNS for the SPF, DKIM and DMARC records of its domain, and says what is to be
//! published otherwise, for `guichet check`. May import: config, dkim, domain, wording.

use super::compose::read_mailbox;
use crate::config::Smtp;
use crate::dkim::{KeyRecord, PrivateKey, record_name};
use crate::domain::published::{
    Dmarc, MOST_LOOKUPS, Spf, dmarc_domains, dmarc_records, is_aligned, is_reserved, read_dmarc, read_spf,
    spf_of_server, spf_records,
};
use crate::wording::check::published as say;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ProtocolConfig, ResolveHosts, ResolverConfig,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RData;
use std::net::IpAddr;
use std::time::Duration;

/// How long one server may take for one answer, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(3);
const ASKED: usize = 2;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `spf`, `dkim` or `dmarc`.
    pub check: &'static str,
    /// Nothing is to be mended.
    pub ok: bool,
    /// What was found, and what to do about it, in French.
    pub detail: String,
}

type Verdict = Result<String, String>;

/// Looks at all three, a line for each. Nothing is asked where nothing can be published or seen: of a domain that is set aside
/// for examples, and of mails that a server on this machine takes unsigned; unless `smtp.dns` says whom to ask.
pub async fn check(smtp: &Smtp) -> Vec<Line> {
    let Ok((_, address)) = read_mailbox(&smtp.from) else { return Vec::new() };
    let from = address.domain().to_ascii_lowercase();
    if smtp.dns.is_none() && (is_reserved(&from) || (smtp.is_near() && smtp.dkim.is_none())) {
        return Vec::new();
    }
    let line = |check, verdict: Verdict| {
        let ok = verdict.is_ok();
        Line { check, ok, detail: verdict.unwrap_or_else(|why| why) }
    };
    let dns = match Dns::open(smtp) {
        Ok(dns) => dns,
        Err(why) => return vec![line("spf", Err(say::no_answer(&from, &why)))],
    };
    let (spf, dkim, dmarc) =
        tokio::join!(spf(&dns, smtp, &from), dkim(&dns, smtp), dmarc(&dns, smtp, &from, address.as_ref()));
    vec![line("spf", spf), line("dkim", dkim), line("dmarc", dmarc)]
}

async fn spf(dns: &Dns, smtp: &Smtp, from: &str) -> Verdict {
    let known = spf_of_server(&smtp.host);
    let named = match known {
        Some(include) => format!("include:{include}"),
        // The servers that take its mail most likely send it too.
        None if smtp.is_near() || smtp.host.parse::<IpAddr>().is_ok() => "mx".to_owned(),
        None => format!("a:{}", smtp.host),
    };
    let texts = dns.texts(from).await?;
    let record = match spf_records(&texts).as_slice() {
        [] => return Err(say::no_spf(from, &format!("v=spf1 {named} ~all"))),
        [record] => (*record).to_owned(),
        several => return Err(say::several_spf(from, several.len())),
    };
    let spf = read_spf(&record);
    if spf.all == Some('+') {
        return Err(say::spf_for_everybody(from, &record));
    }
    let included = included(dns, &spf).await?;
    match known {
        Some(include) if !included.iter().any(|name| name == include) => {
            let said = say::spf_without_server(&record, &smtp.host, &named);
            // Its addresses may stand there by themselves.
            if spf.names_servers { Ok(said) } else { Err(said) }
        }
        _ if spf.all.is_none() && spf.redirect.is_none() => Ok(say::spf_without_end(&record)),
        _ => Ok(say::spf_ready(&record)),
    }
}

/// The names of all policies that an SPF record goes on to, each looked at once.
async fn included(dns: &Dns, spf: &Spf) -> Result<Vec<String>, String> {
    let targets = |spf: &Spf| spf.includes.iter().chain(&spf.redirect).cloned().collect::<Vec<_>>();
    let (mut lookups, mut open, mut known) = (spf.lookups, targets(spf), Vec::new());
    while let Some(name) = open.pop() {
        if lookups > MOST_LOOKUPS {
            return Err(say::spf_asks_too_much(MOST_LOOKUPS));
        }
        // What is written with a macro differs with each mail (RFC 7208 section 7).
        if known.contains(&name) || name.contains('%') {
            continue;
        }
        let texts = dns.texts(&name).await?;
        let [record] = spf_records(&texts)[..] else { return Err(say::spf_of_nobody(&name)) };
        let inner = read_spf(record);
        lookups += inner.lookups;
        open.extend(targets(&inner));
        known.push(name);
    }
    if lookups > MOST_LOOKUPS {
        return Err(say::spf_asks_too_much(MOST_LOOKUPS));
    }
    Ok(known)
}

async fn dkim(dns: &Dns, smtp: &Smtp) -> Verdict {
    let Some(dkim) = &smtp.dkim else { return Ok(say::NOT_SIGNED.to_owned()) };
    let key = dkim.key().map_err(|_| say::NO_KEY.to_owned())?;
    let name = record_name(&dkim.domain, &dkim.selector);
    let wanted = key.record();
    let texts = dns.texts(&name).await?;
    let text = match texts.as_slice() {
        [] => return Err(say::no_key_record(&name, &wanted)),
        [text] => text,
        several => return Err(say::several_key_records(&name, several.len(), &wanted)),
    };
    match KeyRecord::read(text) {
        Err(fault) => Err(say::bad_key_record(&name, fault, &wanted)),
        Ok(record) if !record.is_of(&key) => Err(say::other_key(&name, &wanted)),
        Ok(record) => Ok(say::key_ready(&name, matches!(key, PrivateKey::Ed25519(_)), record.is_test)),
    }
}

async fn dmarc(dns: &Dns, smtp: &Smtp, from: &str, address: &str) -> Verdict {
    let wanted = format!("v=DMARC1; p=none; rua=mailto:{address}");
    let mut found = None;
    for domain in dmarc_domains(from) {
        let texts = dns.texts(&format!("_dmarc.{domain}")).await?;
        match dmarc_records(&texts).as_slice() {
            [] => {}
            [record] => {
                found = Some((domain, (*record).to_owned()));
                break;
            }
            several => return Err(say::several_dmarc(domain, several.len())),
        }
    }
    let Some((organisation, record)) = found else { return Err(say::no_dmarc(from, &wanted)) };
    let Some(Dmarc { policy, below, is_strict }) = read_dmarc(&record) else {
        return Err(say::bad_dmarc(organisation, &record, &wanted));
    };
    if let Some(dkim) = &smtp.dkim
        && !is_aligned(from, &dkim.domain, organisation, is_strict)
    {
        return Err(say::not_aligned(from, &dkim.domain, is_strict));
    }
    let policy = if organisation == from { policy } else { below };
    Ok(say::dmarc_ready(organisation, policy, smtp.dkim.as_ref().map(|dkim| dkim.domain.as_str())))
}

/// Whom we ask.
struct Dns {
    resolver: TokioResolver,
}

impl Dns {
    /// The server that is configured, else those of the system.
    fn open(smtp: &Smtp) -> Result<Dns, String> {
        let mut builder = match smtp.dns {
            Some(address) => {
                let connection = |protocol| {
                    let mut connection = ConnectionConfig::new(protocol);
                    connection.port = address.port();
                    connection
                };
                let connections = vec![connection(ProtocolConfig::Udp), connection(ProtocolConfig::Tcp)];
                let server = NameServerConfig::new(address.ip(), true, connections);
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio().map_err(|error| error.to_string())?,
        };
        let options = builder.options_mut();
        (options.timeout, options.attempts) = (PATIENCE, ASKED);
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Dns { resolver: builder.build().map_err(|error| error.to_string())? })
    }

    /// The TXT records of a name, each with its strings joined; none where there is no such name.
    async fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let absolute = format!("{}.", name.trim_end_matches('.'));
        let found = match self.resolver.txt_lookup(absolute.as_str()).await {
            Ok(found) => found,
            Err(error) if is_nothing(&error) => return Ok(Vec::new()),
            Err(error) => return Err(say::no_answer(name, &error.to_string())),
        };
        let text = |data: &RData| match data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        };
        Ok(found.answers().iter().filter_map(|record| text(&record.data)).collect())
    }
}

/// A server said that there is nothing, rather than nothing at all.
fn is_nothing(error: &NetError) -> bool {
    let NetError::Dns(DnsError::NoRecordsFound(found)) = error else { return false };
    matches!(found.response_code, ResponseCode::NXDomain | ResponseCode::NoError)
}
