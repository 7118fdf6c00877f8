//! TLS to a mail server, always with its certificate verified.
//!
//! Owns the trusted roots (the bundled ones, or those of `ca_file` alone) and what is recorded of a session.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::diagnostic::{Diagnostic, Place, because};
use crate::say;

/// What is kept of a TLS session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsSession {
    /// `TLS 1.3`.
    pub version: String,
    /// SHA-256 of the server's certificate, in hexadecimal.
    pub certificate_sha256: String,
}

/// Trusted roots, ready for connections.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

impl Trust {
    /// The bundled roots of the web, or only the certificates in `ca_file` (PEM).
    pub fn new(ca_file: Option<&Path>) -> Result<Self, Box<Diagnostic>> {
        let mut roots = RootCertStore::empty();
        match ca_file {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(path) => {
                let place = || Place::File { file: path.display().to_string() };
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Box::new(
                        Diagnostic::error(
                            "ca-unreadable",
                            because(&error, "không đọc được tệp chứng thư:", "the certificate file cannot be read:"),
                        )
                        .at(place()),
                    )
                })?;
                let (added, _) = roots.add_parsable_certificates(CertificateDer::pem_slice_iter(text.as_bytes()).flatten());
                if added == 0 {
                    return Err(Box::new(
                        Diagnostic::error(
                            "ca-empty",
                            say!("tệp không có chứng thư PEM nào dùng được", "the file holds no usable PEM certificate"),
                        )
                        .at(place())
                        .remedy(say!("tệp phải có khối -----BEGIN CERTIFICATE-----", "the file needs a block -----BEGIN CERTIFICATE-----")),
                    ));
                }
            }
        }
        // The provider is named here: a process-wide default would be a second place to set it.
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                Box::new(Diagnostic::error("tls-setup", say!("không dựng được TLS: {error}", "TLS cannot be set up: {error}")))
            })?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Puts TLS around `stream`, whose other end must prove to be `host`.
    pub async fn handshake(&self, stream: TcpStream, host: &str) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
        TlsConnector::from(Arc::clone(&self.0)).connect(name, stream).await
    }
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trust")
    }
}

/// What is kept of `session`.
pub(super) fn describe(session: &ClientConnection) -> TlsSession {
    let digest = session.peer_certificates().and_then(|chain| chain.first()).map(Sha256::digest);
    TlsSession {
        version: match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS",
        }
        .to_owned(),
        certificate_sha256: digest.iter().flatten().map(|byte| format!("{byte:02x}")).collect(),
    }
}
