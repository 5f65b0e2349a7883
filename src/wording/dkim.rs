//! What `guichet dkim` says: a key to sign mail with, and what to publish of it.

/// `dkim`.
pub const DKIM: &str = "La signature des mails (DKIM)";
/// `dkim keygen`.
pub const KEYGEN: &str = "Fait une clé Ed25519 pour `smtp.dkim`, et dit quoi publier dans le DNS";
/// `dkim record`.
pub const RECORD: &str = "Dit quoi publier dans le DNS pour la clé de `smtp.dkim`, RSA ou Ed25519";

/// There is no key to tell of.
pub const NO_KEY: &str = "La configuration n’a pas de `smtp.dkim`\u{a0}: `guichet dkim keygen` fait une clé.";

/// Lines for the configuration, as they are; the comments say where to, and what else to do.
pub fn key(domain: &str, selector: &str, private_key: &str, name: &str, record: &str) -> String {
    format!(
        "# À ajouter à la section [smtp] de la configuration, une fois l’enregistrement ci-dessous publié.\n\
         dkim = {{ domain = \"{domain}\", selector = \"{selector}\", private_key = \"{private_key}\" }}\n\
         # À publier dans le DNS, type TXT\u{a0}: le nom, puis la valeur.\n\
         # {name}\n\
         # {record}\n\
         # De grands fournisseurs ne lisent pas encore Ed25519. Une clé RSA compte partout\u{a0}: openssl genrsa -out dkim.pem 2048,\n\
         # puis private_key_file = \"dkim.pem\", et `guichet dkim record` dit quoi publier."
    )
}

/// What to publish, as the forms of registrars want it and as a zone file does.
pub fn record(name: &str, record: &str, zone: &str) -> String {
    format!(
        "À publier dans le DNS, type TXT\u{a0}: le nom, puis la valeur.\n{name}\n{record}\n\n\
         Ou, dans un fichier de zone\u{a0}:\n{zone}"
    )
}
