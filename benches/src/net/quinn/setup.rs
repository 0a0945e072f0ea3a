//! Endpoints on the loopback interface, and a certificate for each run.

use std::sync::Arc;

use quinn::{
    ClientConfig, Endpoint, EndpointConfig, ServerConfig, TokioRuntime, TransportConfig,
    rustls::{
        RootCertStore,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

use crate::net::{peer::Failure, socket::bind};

/// What the certificate is for. Nobody looks the name up.
pub const SERVER_NAME: &str = "localhost";

/// Must be called within a runtime. Returns the certificate as well, for the client to trust.
pub fn server() -> Result<(Endpoint, Vec<u8>), Failure> {
    let certified = rcgen::generate_simple_self_signed([SERVER_NAME.to_owned()])?;
    let certificate = certified.cert.der().clone();
    let bytes = certificate.to_vec();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
    let mut config = ServerConfig::with_single_cert(vec![certificate], key)?;
    config.transport_config(transport());
    Ok((endpoint(Some(config))?, bytes))
}

/// Must be called within a runtime.
pub fn client(certificate: &[u8]) -> Result<Endpoint, Failure> {
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from(certificate.to_vec()))?;
    let mut endpoint = endpoint(None)?;
    let mut config = ClientConfig::with_root_certificates(Arc::new(trusted))?;
    config.transport_config(transport());
    endpoint.set_default_client_config(config);
    Ok(endpoint)
}

/// As it is by default, but that connections do not end while others still begin.
fn transport() -> Arc<TransportConfig> {
    let mut config = TransportConfig::default();
    config.max_idle_timeout(None);
    Arc::new(config)
}

fn endpoint(server: Option<ServerConfig>) -> Result<Endpoint, Failure> {
    let runtime = Arc::new(TokioRuntime);
    Ok(Endpoint::new(EndpointConfig::default(), server, bind()?, runtime)?)
}
