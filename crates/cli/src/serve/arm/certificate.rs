//! The certificate of the endpoint: given, kept from before, or made.

use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose, SanType};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Where a certificate is written if nothing says where.
const CERTIFICATE: &str = "routehub-cert.pem";

/// A certificate and its key.
pub(super) struct Certificate {
    pub(super) file: PathBuf,
    certificate: String,
    key: String,
}

impl Certificate {
    /// The certificate of a file with its key; of the state, if it has one; else one that is made,
    /// and written to where clients can take it from.
    pub(super) fn load(
        given: Option<&Path>,
        key: Option<&Path>,
        state: Option<&Path>,
        address: IpAddr,
    ) -> Result<Self> {
        let read =
            |file: &Path| fs::read_to_string(file).with_context(|| file.display().to_string());
        if let (Some(file), Some(key)) = (given, key) {
            return Ok(Self {
                file: file.to_owned(),
                certificate: read(file)?,
                key: read(key)?,
            });
        }
        let kept = state.map(|state| (state.join("cert.pem"), state.join("key.pem")));
        if let Some((certificate, key)) = kept.as_ref().filter(|(_, key)| key.exists()) {
            return Ok(Self {
                certificate: read(certificate)?,
                key: read(key)?,
                file: certificate.clone(),
            });
        }
        let (certificate, key) = make(address)?;
        let in_state = kept.as_ref().map(|(certificate, _)| certificate.as_path());
        let file = given.or(in_state).unwrap_or(Path::new(CERTIFICATE));
        fs::write(file, &certificate).with_context(|| file.display().to_string())?;
        if let Some((kept_certificate, kept_key)) = &kept {
            fs::write(kept_certificate, &certificate)?;
            let mut options = fs::OpenOptions::new();
            let mut out = options
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(kept_key)?;
            out.write_all(key.as_bytes())?;
        }
        Ok(Self {
            file: file.to_owned(),
            certificate,
            key,
        })
    }

    /// What TLS needs of it.
    pub(super) fn config(&self) -> Result<Arc<ServerConfig>> {
        let chain = CertificateDer::pem_slice_iter(self.certificate.as_bytes());
        let chain = chain
            .collect::<Result<Vec<_>, _>>()
            .context("the certificate")?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).context("its key")?;
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Arc::new(config))
    }
}

/// A certificate that is its own authority, for this host, and its key.
fn make(address: IpAddr) -> Result<(String, String)> {
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()])?;
    for own in ["127.0.0.1", "::1"] {
        parameters
            .subject_alt_names
            .push(SanType::IpAddress(own.parse()?));
    }
    if !address.is_loopback() && !address.is_unspecified() {
        parameters
            .subject_alt_names
            .push(SanType::IpAddress(address));
    }
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
    ];
    parameters.use_authority_key_identifier_extension = true;
    parameters
        .distinguished_name
        .push(DnType::CommonName, "routehub");
    let certificate = parameters.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// A text that nobody can guess.
pub(super) fn random_text() -> Result<String> {
    let mut octets = [0; 32];
    let random = ring::default_provider().secure_random.fill(&mut octets);
    random.map_err(|_| anyhow::anyhow!("the system has no random octets"))?;
    Ok(octets.iter().map(|octet| format!("{octet:02x}")).collect())
}
