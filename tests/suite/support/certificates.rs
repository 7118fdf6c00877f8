//! Certificates for servers on loopback, made by `openssl`: good, expired, for another host, signed by nobody.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::{Office, foreign};

/// An authority and a certificate of it.
pub struct Certificates {
    office: Office,
}

impl Certificates {
    /// An authority of the test's own.
    pub fn new() -> Self {
        let office = Office::new();
        let at = |name: &str| office.path.join(name).display().to_string();
        let (key, certificate) = (at("ca.key"), at("ca.pem"));
        foreign(
            "openssl",
            &[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                &key,
                "-out",
                &certificate,
                "-days",
                "30",
                "-subj",
                "/CN=Test authority",
            ],
        );
        Self { office }
    }

    /// The authority's certificate, for `ca_file`.
    pub fn authority(&self) -> PathBuf {
        self.office.path.join("ca.pem")
    }

    /// Key and certificate for `host`, good for five days, or long expired.
    pub fn issue(&self, host: &str, expired: bool) -> (PathBuf, PathBuf) {
        let at = |name: &str| self.office.path.join(name);
        let (key, request, certificate) = (at("server.key"), at("server.csr"), at("server.pem"));
        let kind = if host.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
        let names = self.office.write("names", format!("subjectAltName={kind}:{host}"));
        self.office.write("index", "");
        let folder = self.office.path.display();
        let config = self.office.write(
            "ca.conf",
            format!("[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index\nrand_serial=yes\nnew_certs_dir={folder}\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n"),
        );
        foreign(
            "openssl",
            &[
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                text(&key),
                "-out",
                text(&request),
                "-subj",
                "/CN=server",
            ],
        );
        let authority = [at("ca.pem"), at("ca.key")];
        let mut sign =
            vec!["ca", "-batch", "-notext", "-config", text(&config), "-cert", text(&authority[0]), "-keyfile", text(&authority[1])];
        sign.extend(["-in", text(&request), "-out", text(&certificate), "-extfile", text(&names)]);
        sign.extend(if expired { ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"].as_slice() } else { &["-days", "5"] });
        foreign("openssl", &sign);
        (key, certificate)
    }

    /// A server that shows the certificate for `host`.
    pub fn acceptor(&self, host: &str, expired: bool) -> TlsAcceptor {
        let (key, certificate) = self.issue(host, expired);
        let chain = CertificateDer::pem_file_iter(certificate).expect("a certificate").collect::<Result<Vec<_>, _>>().expect("PEM");
        let key = PrivateKeyDer::from_pem_file(key).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("key and certificate belong together");
        TlsAcceptor::from(Arc::new(config))
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}
