//! Options, read: what cannot be had is refused here, with the reason.

use crate::Options;
use gauntlet_model::Role;
use gauntlet_model::names::version_number;
use gauntlet_pki::KeyKind;

/// What a context is built from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Settings {
    pub role: Role,
    /// Lowest and highest.
    pub versions: (u16, u16),
    pub certificates: Vec<KeyKind>,
    pub client_auth: ClientAuth,
    pub alpn: Vec<String>,
    pub groups: Vec<String>,
    /// The registry's names.
    pub cipher_suites: Vec<String>,
    pub early_data: bool,
    pub tickets: bool,
    pub renegotiation: bool,
    pub resumption: bool,
    pub ocsp: Ocsp,
    /// Every suite that the library has, also weak and anonymous ones.
    pub all_suites: bool,
    /// The pre-shared key of [`gauntlet_pki::PSK_KEY`] is known.
    pub psk: bool,
    pub psk_hint: Option<String>,
    /// Renegotiation with whoever does not know RFC 5746.
    pub unsafe_renegotiation: bool,
    /// `zlib`, `brotli`.
    pub certificate_compression: Vec<String>,
    /// The server's key alone, for clients that take it.
    pub raw_public_key: bool,
    /// Encrypted ClientHello of a client.
    pub ech: Ech,
    /// A client offers to authenticate behind the handshake.
    pub post_handshake_auth: bool,
    /// A client looks like one of TLS 1.2 that resumes. [RFC 9846, E.4]
    pub compatibility: bool,
    /// The server has an OCSP response for its certificate.
    pub staple: bool,
    /// The server asks for a cookie, and keeps no state until it has it back.
    pub cookie: bool,
    /// Label under which 32 bytes are exported.
    pub exporter: Option<String>,
}

/// What a client does about Encrypted ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ech {
    No,
    /// Offers it, with the configuration of [`gauntlet_pki::EchKem::X25519`].
    Yes,
    /// Pretends to.
    Grease,
}

/// Whether clients are asked for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ClientAuth {
    None,
    Request,
    Require,
}

/// What a client makes of stapled OCSP responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ocsp {
    /// It does not ask for any.
    No,
    /// It refuses a bad one.
    Staple,
    /// It refuses also to go without.
    Require,
}

impl Settings {
    pub fn parse(role: Role, options: &Options) -> Result<Settings, String> {
        let mut settings = Settings {
            role,
            versions: (0x0303, 0x0304),
            certificates: vec![KeyKind::P256, KeyKind::Rsa2048],
            client_auth: ClientAuth::None,
            alpn: Vec::new(),
            groups: Vec::new(),
            cipher_suites: Vec::new(),
            early_data: false,
            tickets: true,
            renegotiation: false,
            resumption: false,
            ocsp: Ocsp::No,
            all_suites: false,
            psk: false,
            psk_hint: None,
            unsafe_renegotiation: false,
            certificate_compression: Vec::new(),
            raw_public_key: false,
            ech: Ech::No,
            post_handshake_auth: false,
            compatibility: true,
            staple: false,
            cookie: false,
            exporter: None,
        };
        for (name, value) in options {
            settings.set(name, value).map_err(|reason| format!("option `{name}: {value}`: {reason}"))?;
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "versions" => self.versions = versions(value)?,
            "certificate" => self.certificates = list(value).map(key_kind).collect::<Result<_, _>>()?,
            "client_auth" => self.client_auth = client_auth(value)?,
            "alpn" => self.alpn = list(value).map(protocol).collect::<Result<_, _>>()?,
            "groups" => self.groups = list(value).map(str::to_owned).collect(),
            "cipher_suites" => self.cipher_suites = list(value).map(str::to_owned).collect(),
            "tickets" => self.tickets = yes(value)?,
            "suites" => self.all_suites = all(value)?,
            "psk" => self.psk = yes(value)?,
            "post_handshake_auth" if self.role == Role::Client => self.post_handshake_auth = yes(value)?,
            "compatibility" if self.role == Role::Client => self.compatibility = yes(value)?,
            "psk_hint" if self.role == Role::Server => self.psk_hint = Some(value.to_owned()),
            "unsafe_renegotiation" if self.role == Role::Server => self.unsafe_renegotiation = yes(value)?,
            "certificate_compression" => self.certificate_compression = list(value).map(str::to_owned).collect(),
            "raw_public_key" if self.role == Role::Server => self.raw_public_key = yes(value)?,
            "early_data" => self.early_data = yes(value)?,
            "ech" if self.role == Role::Client => self.ech = ech(value)?,
            "staple" if self.role == Role::Server => self.staple = yes(value)?,
            "cookie" if self.role == Role::Server => self.cookie = yes(value)?,
            "exporter" => self.exporter = Some(value.to_owned()),
            "renegotiation" if self.role == Role::Server => self.renegotiation = yes(value)?,
            "ocsp" if self.role == Role::Client => self.ocsp = ocsp(value)?,
            "resumption" if self.role == Role::Client => self.resumption = yes(value)?,
            _ => return Err(format!("not known for a {}", self.role.name())),
        }
        Ok(())
    }
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn yes(value: &str) -> Result<bool, String> {
    match value {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err("expected `yes` or `no`".to_owned()),
    }
}

fn ech(value: &str) -> Result<Ech, String> {
    match value {
        "grease" => Ok(Ech::Grease),
        other => yes(other).map(|yes| if yes { Ech::Yes } else { Ech::No }),
    }
}

/// Of suites: the usual ones, or all.
fn all(value: &str) -> Result<bool, String> {
    match value {
        "all" => Ok(true),
        "usual" => Ok(false),
        _ => Err("expected `usual` or `all`".to_owned()),
    }
}

fn versions(value: &str) -> Result<(u16, u16), String> {
    let (low, high) = value.split_once('-').unwrap_or((value, value));
    let number = |name: &str| version_number(name.trim()).ok_or_else(|| format!("no version `{name}`"));
    let (low, high) = (number(low)?, number(high)?);
    match low <= high {
        true => Ok((low, high)),
        false => Err("expected the lower version first".to_owned()),
    }
}

fn key_kind(name: &str) -> Result<KeyKind, String> {
    KeyKind::by_name(name).ok_or_else(|| {
        let names: Vec<_> = KeyKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("no kind of key `{name}`, expected one of {}", names.join(", "))
    })
}

fn client_auth(value: &str) -> Result<ClientAuth, String> {
    match value {
        "none" => Ok(ClientAuth::None),
        "request" => Ok(ClientAuth::Request),
        "require" => Ok(ClientAuth::Require),
        _ => Err("expected `none`, `request` or `require`".to_owned()),
    }
}

fn ocsp(value: &str) -> Result<Ocsp, String> {
    match value {
        "no" => Ok(Ocsp::No),
        "staple" | "checked" => Ok(Ocsp::Staple),
        "require" => Ok(Ocsp::Require),
        _ => Err("expected `no`, `staple`, `checked` or `require`".to_owned()),
    }
}

fn protocol(name: &str) -> Result<String, String> {
    match name.len() <= 255 {
        true => Ok(name.to_owned()),
        false => Err("a protocol name has at most 255 bytes".to_owned()),
    }
}
