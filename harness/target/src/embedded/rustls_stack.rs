//! One connection of rustls, as an application would drive it.

use super::rustls_hpke::{OurHpke, placeholder};
use super::settings::{ClientAuth, Ech, Ocsp, Settings};
use super::{DATA, REQUEST};
use crate::memory::{Stack, Wire};
use gauntlet_model::{LinkError, Role};
use gauntlet_pki::{Identity, KeyKind, SERVER_NAME};
use rustls::client::{EchConfig, EchGreaseConfig, EchMode, Resumption};
use rustls::compress::{self, CertCompressor, CertDecompressor};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, ServerSessionMemoryCache, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection,
    SupportedProtocolVersion, version,
};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// What it can be asked for.
pub(super) const ACTIONS: &[&str] = &["key_update_requested", "data", "close"];
/// Early data taken with one ticket, in bytes.
const MAX_EARLY_DATA: u32 = 16384;
/// Sessions kept for each set of options.
const CACHED_SESSIONS: usize = 1024;
/// Servers whose sessions a client keeps: there is one.
const CACHED_SERVERS: usize = 8;

/// What connections are made from.
#[derive(Clone)]
pub(super) enum Config {
    Server(Arc<ServerConfig>),
    Client(Arc<ClientConfig>),
    /// A client that offers its sessions again.
    Resuming(Arc<ClientConfig>),
}

impl Config {
    /// With sessions of its own: one case is not to resume those of another.
    pub fn for_a_case(&self) -> Config {
        match self {
            Config::Resuming(config) => {
                let mut config = (**config).clone();
                config.resumption = Resumption::in_memory_sessions(CACHED_SERVERS);
                Config::Resuming(Arc::new(config))
            }
            other => other.clone(),
        }
    }
}

/// The configuration for some settings, built once in the life of the process.
pub(super) fn config(settings: &Settings) -> Result<Config, String> {
    static CACHE: LazyLock<Mutex<HashMap<Settings, Config>>> = LazyLock::new(Mutex::default);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(config) = cache.get(settings) {
        return Ok(config.clone());
    }
    let built = match settings.role {
        Role::Server => Config::Server(Arc::new(server(settings)?)),
        Role::Client if settings.resumption => Config::Resuming(Arc::new(client(settings)?)),
        Role::Client => Config::Client(Arc::new(client(settings)?)),
    };
    cache.insert(settings.clone(), built.clone());
    Ok(built)
}

fn server(settings: &Settings) -> Result<ServerConfig, String> {
    if settings.renegotiation || settings.unsafe_renegotiation {
        return Err("rustls never renegotiates".to_owned());
    }
    if settings.psk || settings.psk_hint.is_some() {
        return Err("rustls has no external PSKs".to_owned());
    }
    if settings.all_suites {
        return Err("rustls has no suites besides the usual ones".to_owned());
    }
    if settings.raw_public_key {
        return Err("this rustls server has certificates only".to_owned());
    }
    let provider = provider(settings)?;
    let builder = ServerConfig::builder_with_provider(provider.clone());
    let builder = builder.with_protocol_versions(&versions(settings)?).map_err(text)?;
    let builder = match settings.client_auth {
        ClientAuth::None => builder.with_no_client_auth(),
        mode => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots()?), provider.clone());
            let verifier = match mode {
                ClientAuth::Require => verifier,
                _ => verifier.allow_unauthenticated(),
            };
            builder.with_client_cert_verifier(verifier.build().map_err(text)?)
        }
    };
    let mut keys = Vec::new();
    for &kind in &settings.certificates {
        keys.push(Arc::new(certified_key(gauntlet_pki::server(kind), kind, &provider)?));
    }
    let mut config = builder.with_cert_resolver(Arc::new(BySignature(keys)));
    (config.cert_compressors, config.cert_decompressors) = compression(settings)?;
    config.alpn_protocols = settings.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config.session_storage = ServerSessionMemoryCache::new(CACHED_SESSIONS);
    if settings.early_data {
        // Only tickets that name a stored session can be used once.
        config.max_early_data_size = MAX_EARLY_DATA;
    } else if settings.tickets {
        config.ticketer = ring::Ticketer::new().map_err(text)?;
    } else {
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
    }
    Ok(config)
}

fn client(settings: &Settings) -> Result<ClientConfig, String> {
    if settings.psk || settings.post_handshake_auth {
        return Err("rustls has neither external PSKs nor post-handshake authentication".to_owned());
    }
    if !settings.compatibility {
        return Err("rustls cannot leave the compatibility mode".to_owned());
    }
    if settings.ocsp != Ocsp::No {
        return Err("rustls does not look at stapled responses".to_owned());
    }
    let provider = provider(settings)?;
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = match ech(settings)? {
        // With it rustls offers TLS 1.3 alone.
        Some(mode) => builder.with_ech(mode),
        None => builder.with_protocol_versions(&versions(settings)?),
    };
    let builder = builder.map_err(text)?;
    let builder = builder.with_root_certificates(roots()?);
    let mut config = match settings.certificates.first() {
        Some(&kind) if settings.client_auth != ClientAuth::None => {
            let identity = gauntlet_pki::client(kind);
            builder.with_client_auth_cert(chain(identity), private_key(identity)?).map_err(text)?
        }
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = settings.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config.resumption = Resumption::disabled();
    config.enable_early_data = settings.early_data;
    (config.cert_compressors, config.cert_decompressors) = compression(settings)?;
    Ok(config)
}

/// Encrypted ClientHello as the settings name it.
fn ech(settings: &Settings) -> Result<Option<EchMode>, String> {
    Ok(match settings.ech {
        Ech::No => None,
        Ech::Yes => {
            let list = gauntlet_pki::EchKem::X25519.config_list()?.into();
            Some(EchConfig::new(list, &[&OurHpke]).map_err(text)?.into())
        }
        Ech::Grease => Some(EchGreaseConfig::new(&OurHpke, placeholder()?).into()),
    })
}

type Compression = (Vec<&'static dyn CertCompressor>, Vec<&'static dyn CertDecompressor>);

/// Certificate compression as the settings name it; none by itself.
fn compression(settings: &Settings) -> Result<Compression, String> {
    let mut both = Compression::default();
    for name in &settings.certificate_compression {
        let (compressor, decompressor): (&'static dyn CertCompressor, &'static dyn CertDecompressor) =
            match name.as_str() {
                "zlib" => (compress::ZLIB_COMPRESSOR, compress::ZLIB_DECOMPRESSOR),
                "brotli" => (compress::BROTLI_COMPRESSOR, compress::BROTLI_DECOMPRESSOR),
                other => return Err(format!("rustls has no compression `{other}`")),
            };
        both.0.push(compressor);
        both.1.push(decompressor);
    }
    Ok(both)
}

/// The suites and groups that the settings name, or all.
fn provider(settings: &Settings) -> Result<Arc<CryptoProvider>, String> {
    let mut provider = ring::default_provider();
    if !settings.cipher_suites.is_empty() {
        provider.cipher_suites = chosen(&settings.cipher_suites, &provider.cipher_suites, |suite| {
            // The library says TLS13_ where the registry says TLS_.
            format!("{:?}", suite.suite()).replace("TLS13_", "TLS_")
        })?;
    }
    if !settings.groups.is_empty() {
        provider.kx_groups =
            chosen(&settings.groups, &provider.kx_groups, |group| format!("{:?}", group.name()).to_lowercase())?;
    }
    Ok(Arc::new(provider))
}

fn chosen<T: Copy>(names: &[String], all: &[T], name_of: impl Fn(&T) -> String) -> Result<Vec<T>, String> {
    let choose = |name: &String| {
        let found = all.iter().find(|item| name_of(item) == *name);
        found.copied().ok_or_else(|| format!("rustls has no {name}"))
    };
    names.iter().map(choose).collect()
}

fn versions(settings: &Settings) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let (low, high) = settings.versions;
    if low < 0x0303 {
        return Err("rustls has no version below tls1.2".to_owned());
    }
    let all = [(0x0304, &version::TLS13), (0x0303, &version::TLS12)];
    Ok(all.into_iter().filter(|(number, _)| (low..=high).contains(number)).map(|(_, version)| version).collect())
}

fn roots() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(gauntlet_pki::root())).map_err(text)?;
    Ok(roots)
}

fn chain(identity: &Identity) -> Vec<CertificateDer<'static>> {
    identity.chain.iter().map(|der| CertificateDer::from(der.clone())).collect()
}

fn private_key(identity: &Identity) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::try_from(identity.key.pkey().private_key_to_pkcs8().map_err(text)?).map_err(text)
}

fn certified_key(identity: &Identity, kind: KeyKind, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let key = provider.key_provider.load_private_key(private_key(identity)?);
    let key = key.map_err(|_| format!("rustls cannot sign with {}", kind.name()))?;
    Ok(CertifiedKey::new(chain(identity), key))
}

/// The first certificate whose key can sign as the client wants it.
#[derive(Debug)]
struct BySignature(Vec<Arc<CertifiedKey>>);

impl ResolvesServerCert for BySignature {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.iter().find(|key| key.key.choose_scheme(hello.signature_schemes()).is_some()).cloned()
    }
}

/// A server that echoes, or a client that asks once.
pub(super) struct RustlsStack {
    connection: Connection,
    wire: Wire,
    /// A client's request is under way as early data.
    asked_early: bool,
    /// Nothing more is read; what is left is written.
    closing: bool,
}

impl RustlsStack {
    pub fn new(config: &Config) -> Result<RustlsStack, LinkError> {
        let connection = match config {
            Config::Server(config) => ServerConnection::new(config.clone()).map(Connection::from),
            Config::Client(config) | Config::Resuming(config) => {
                let name = ServerName::try_from(SERVER_NAME).expect("a constant that is a DNS name");
                ClientConnection::new(config.clone(), name).map(Connection::from)
            }
        };
        let mut connection = connection.map_err(|error| LinkError::Other(format!("rustls: {error}")))?;
        connection.set_buffer_limit(None);
        let mut asked_early = false;
        if let Connection::Client(client) = &mut connection {
            let early = client.early_data().map(|mut early| early.write_all(REQUEST));
            asked_early = matches!(early, Some(Ok(())));
            if !asked_early {
                // Kept until the handshake is done.
                client.writer().write_all(REQUEST).map_err(|error| LinkError::Other(error.to_string()))?;
            }
        }
        Ok(RustlsStack { connection, wire: Wire::default(), asked_early, closing: false })
    }

    /// What the server did not take as early data is asked for again.
    fn ask_again(&mut self) -> io::Result<()> {
        match &mut self.connection {
            Connection::Client(client) if self.asked_early && !client.is_handshaking() => {
                self.asked_early = false;
                if client.is_early_data_accepted() { Ok(()) } else { client.writer().write_all(REQUEST) }
            }
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.wire)?;
        }
        Ok(())
    }

    fn step(&mut self) -> io::Result<()> {
        self.flush()?;
        if self.closing {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if self.connection.read_tls(&mut self.wire)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match self.connection.process_new_packets() {
            Ok(state) => {
                self.ask_again()?;
                self.answer()?;
                if state.peer_has_closed() {
                    self.close();
                }
            }
            // Its alert is waiting to be written.
            Err(_) => self.closing = true,
        }
        Ok(())
    }

    /// A server echoes; a client has what it wanted.
    fn answer(&mut self) -> io::Result<()> {
        let mut data = Vec::new();
        if let Connection::Server(server) = &mut self.connection
            && let Some(mut early) = server.early_data()
        {
            early.read_to_end(&mut data)?;
        }
        match self.connection.reader().read_to_end(&mut data) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::UnexpectedEof) => {
                return Err(error);
            }
            _ => (),
        }
        match &mut self.connection {
            Connection::Server(server) => server.writer().write_all(&data),
            Connection::Client(_) if data.is_empty() => Ok(()),
            Connection::Client(_) => {
                self.close();
                Ok(())
            }
        }
    }

    fn close(&mut self) {
        self.connection.send_close_notify();
        self.closing = true;
    }
}

impl Stack for RustlsStack {
    fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    fn turn(&mut self) -> bool {
        loop {
            match self.step() {
                Ok(()) => (),
                Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
            }
        }
    }

    fn ask(&mut self, action: &str) -> Result<(), LinkError> {
        if !ACTIONS.contains(&action) {
            return Err(LinkError::NoAction(action.to_owned()));
        }
        if self.connection.is_handshaking() {
            return Err(LinkError::Other(format!("`{action}` needs a finished handshake")));
        }
        match action {
            "key_update_requested" => self.connection.refresh_traffic_keys().map_err(text),
            "data" => self.connection.writer().write_all(DATA).map_err(text),
            _ => {
                self.close();
                Ok(())
            }
        }
        .map_err(|reason| LinkError::Other(format!("rustls: {reason}")))
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
