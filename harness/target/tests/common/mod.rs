//! An honest OpenSSL client, or server, at our end of a link.
#![allow(dead_code, reason = "each test file takes what it needs")]

use gauntlet_model::{Link, Received};
use gauntlet_pki::{Identity, KeyKind, SERVER_NAME};
use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslMethod, SslStream, SslVerifyMode};
use openssl::x509::X509;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::time::Duration;

/// Long enough for a loaded machine, and only spent when something is broken.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A link's connection as a stream.
pub struct Wire<'a> {
    pub link: &'a mut dyn Link,
    pub connection: usize,
    /// What an expected answer is worth waiting for.
    pub patience: Duration,
    unread: Vec<u8>,
}

impl<'a> Wire<'a> {
    pub fn new(link: &'a mut dyn Link) -> Wire<'a> {
        let connection = link.connect().unwrap();
        Wire { link, connection, patience: PATIENCE, unread: Vec::new() }
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            match self.link.receive(self.connection, self.patience) {
                Received::Bytes(bytes) => self.unread = bytes,
                Received::Quiet => return Err(io::ErrorKind::WouldBlock.into()),
                Received::End(_) => return Ok(0),
            }
        }
        let count = self.unread.len().min(into.len());
        into[..count].copy_from_slice(&self.unread[..count]);
        self.unread.drain(..count);
        Ok(count)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.link.send(self.connection, bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A client that verifies by the root.
pub fn client_context(change: impl FnOnce(&mut SslContextBuilder)) -> SslContext {
    let mut builder = SslContext::builder(SslMethod::tls_client()).unwrap();
    builder.cert_store_mut().add_cert(X509::from_der(gauntlet_pki::root()).unwrap()).unwrap();
    builder.set_verify(SslVerifyMode::PEER);
    change(&mut builder);
    builder.build()
}

/// A server with the P-256 chain.
pub fn server_context() -> SslContext {
    server_with(gauntlet_pki::server(KeyKind::P256))
}

/// A server with any chain.
pub fn server_with(identity: &Identity) -> SslContext {
    let mut builder = SslContext::builder(SslMethod::tls_server()).unwrap();
    builder.set_certificate(&X509::from_der(&identity.chain[0]).unwrap()).unwrap();
    builder.set_private_key(identity.key.pkey()).unwrap();
    for certificate in &identity.chain[1..] {
        builder.add_extra_chain_cert(X509::from_der(certificate).unwrap()).unwrap();
    }
    builder.build()
}

/// A handshake over a fresh connection; the name is checked.
pub fn connect<'a>(context: &SslContext, link: &'a mut dyn Link) -> Result<SslStream<Wire<'a>>, String> {
    let mut ssl = Ssl::new(context).unwrap();
    ssl.set_hostname(SERVER_NAME).unwrap();
    ssl.param_mut().set_host(SERVER_NAME).unwrap();
    let mut stream = SslStream::new(ssl, Wire::new(link)).unwrap();
    stream.connect().map_err(|error| error.to_string())?;
    Ok(stream)
}

/// The same with data: what comes back for a request.
pub fn converse(context: &SslContext, link: &mut dyn Link, request: &[u8]) -> Result<Vec<u8>, String> {
    let mut stream = connect(context, link)?;
    stream.write_all(request).map_err(|error| error.to_string())?;
    let mut answer = vec![0; 4096];
    let count = stream.read(&mut answer).map_err(|error| error.to_string())?;
    answer.truncate(count);
    Ok(answer)
}

pub fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

/// Everything up to the end or to quiet.
pub fn drain(link: &mut dyn Link, connection: usize) -> (Vec<u8>, Received) {
    let mut bytes = Vec::new();
    loop {
        match link.receive(connection, PATIENCE) {
            Received::Bytes(more) => bytes.extend(more),
            end => return (bytes, end),
        }
    }
}
