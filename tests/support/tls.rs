//! Certificates of our own for servers on loopback: a root made for the occasion, and a server certificate for
//! `localhost` and `127.0.0.1` that it signed. May import: rcgen.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::path::{Path, PathBuf};

/// Where the three files are.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The root, to be given as `ca_file`.
    pub ca_pem: PathBuf,
    /// The server's certificate.
    pub cert_pem: PathBuf,
    /// The server's private key.
    pub key_pem: PathBuf,
}

impl Certificates {
    /// Makes a root and a server certificate, and writes them into `folder`.
    pub fn make(folder: &Path) -> Certificates {
        let ca_key = KeyPair::generate().expect("ring makes a key");
        let mut ca = CertificateParams::new(Vec::new()).expect("no name is a valid list of names");
        ca.distinguished_name.push(DnType::CommonName, "Guichet tests");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_cert = ca.self_signed(&ca_key).expect("the root signs itself");
        let issuer = Issuer::new(ca, ca_key);

        let key = KeyPair::generate().expect("ring makes a key");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut server = CertificateParams::new(names).expect("both names are valid");
        server.distinguished_name.push(DnType::CommonName, "localhost");
        let cert = server.signed_by(&key, &issuer).expect("the root signs the server's certificate");

        let write = |name: &str, pem: String| {
            let path = folder.join(name);
            std::fs::write(&path, pem).expect("the server's folder can be written");
            path
        };
        Certificates {
            ca_pem: write("ca.pem", ca_cert.pem()),
            cert_pem: write("server.pem", cert.pem()),
            key_pem: write("server.key", key.serialize_pem()),
        }
    }
}
