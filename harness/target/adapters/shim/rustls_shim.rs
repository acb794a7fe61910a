//! The shim on rustls.

use crate::{Flags, echo};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, Stream, SupportedProtocolVersion,
};
use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

type Fallible<T> = Result<T, Box<dyn Error>>;

pub fn play(flags: &Flags) -> Fallible<()> {
    if flags.server { serve(flags) } else { fetch(flags) }
}

fn serve(flags: &Flags) -> Fallible<()> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&versions(flags))?;
    let builder = if flags.require_certificate || flags.verify_peer {
        let verifier = WebPkiClientVerifier::builder_with_provider(roots(flags)?, Arc::new(ring::default_provider()));
        let verifier = if flags.require_certificate { verifier } else { verifier.allow_unauthenticated() };
        builder.with_client_cert_verifier(verifier.build()?)
    } else {
        builder.with_no_client_auth()
    };
    let (chain, key) = identity(flags)?;
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = Some(flags.alpn.clone()).filter(|name| !name.is_empty()).into_iter().collect();
    config.ticketer = ring::Ticketer::new()?;
    let config = Arc::new(config);
    for _ in 0..=flags.resumptions {
        let mut connection = ServerConnection::new(config.clone())?;
        let mut socket = flags.dial()?;
        let outcome = echo(&mut Stream::new(&mut connection, &mut socket), flags.writes_first);
        finish(&mut connection.into(), &mut socket, outcome)?;
    }
    Ok(())
}

fn fetch(flags: &Flags) -> Fallible<()> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&versions(flags))?
        .with_root_certificates(roots(flags)?);
    let mut config = if flags.cert.is_empty() {
        builder.with_no_client_auth()
    } else {
        let (chain, key) = identity(flags)?;
        builder.with_client_auth_cert(chain, key)?
    };
    let mut list = flags.alpn.as_slice();
    while let Some((length, rest)) = list.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(*length)).ok_or("a list of protocols that is cut")?;
        config.alpn_protocols.push(name.to_vec());
        list = rest;
    }
    let config = Arc::new(config);
    for _ in 0..=flags.resumptions {
        let name = ServerName::try_from(flags.name.clone())?;
        let mut connection = ClientConnection::new(config.clone(), name)?;
        let mut socket = flags.dial()?;
        let outcome = echo(&mut Stream::new(&mut connection, &mut socket), flags.writes_first);
        finish(&mut connection.into(), &mut socket, outcome)?;
    }
    Ok(())
}

/// Writes what is left, an alert maybe, and waits for the other side's end, so that nothing is lost to a reset.
fn finish(connection: &mut rustls::Connection, socket: &mut TcpStream, outcome: std::io::Result<()>) -> Fallible<()> {
    connection.send_close_notify();
    while connection.wants_write() {
        connection.write_tls(socket)?;
    }
    socket.flush()?;
    socket.shutdown(std::net::Shutdown::Write)?;
    while socket.read(&mut [0; 4096])? > 0 {}
    outcome.map_err(Into::into)
}

fn versions(flags: &Flags) -> Vec<&'static SupportedProtocolVersion> {
    let all = [(0x0304, &rustls::version::TLS13), (0x0303, &rustls::version::TLS12)];
    all.into_iter().filter(|(number, _)| (flags.min..=flags.max).contains(number)).map(|(_, version)| version).collect()
}

fn roots(flags: &Flags) -> Fallible<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&flags.roots)? {
        roots.add(certificate?)?;
    }
    Ok(Arc::new(roots))
}

fn identity(flags: &Flags) -> Fallible<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = CertificateDer::pem_file_iter(&flags.cert)?.collect::<Result<_, _>>()?;
    Ok((chain, PrivateKeyDer::from_pem_file(&flags.key)?))
}
