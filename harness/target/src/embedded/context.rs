//! `SSL_CTX`, one for each set of options, shared by all threads.

use super::settings::{ClientAuth, Ech, Ocsp, Settings};
use super::{stack, staple};
use foreign_types_shared::{ForeignType, ForeignTypeRef};
use gauntlet_model::Role;
use gauntlet_pki::{Identity, KeyKind};
use openssl::error::ErrorStack;
use openssl::pkey::{PKeyRef, Public};
use openssl::ssl::{
    AlpnError, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslRef, SslSessionCacheMode,
    SslVerifyMode, SslVersion, select_next_proto,
};
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::{X509, X509StoreContextRef, X509VerifyResult};
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Early data taken with one ticket, in bytes.
const MAX_EARLY_DATA: u32 = 16384;
/// Sessions kept in each context, for resumption by session id.
const CACHED_SESSIONS: i32 = 1024;

/// The application's part of a cookie; the library adds its own, with a MAC.
const COOKIE: &[u8] = b"gauntlet";

/// What connections are made from.
pub(super) struct Context {
    pub context: SslContext,
    pub settings: Settings,
}

/// The context for some settings, built once in the life of the process.
pub(super) fn cached(settings: &Settings) -> Result<Arc<Context>, String> {
    static CACHE: LazyLock<Mutex<HashMap<Settings, Arc<Context>>>> = LazyLock::new(Mutex::default);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(context) = cache.get(settings) {
        return Ok(context.clone());
    }
    let built = Arc::new(Context { context: build(settings)?, settings: settings.clone() });
    cache.insert(settings.clone(), built.clone());
    Ok(built)
}

fn build(settings: &Settings) -> Result<SslContext, String> {
    let mut builder = SslContextBuilder::new(match settings.role {
        Role::Server => SslMethod::tls_server(),
        Role::Client => SslMethod::tls_client(),
    })
    .map_err(reason)?;
    common(&mut builder, settings)?;
    match settings.role {
        Role::Server => server(&mut builder, settings).map_err(reason)?,
        Role::Client => client(&mut builder, settings).map_err(reason)?,
    }
    Ok(builder.build())
}

fn common(builder: &mut SslContextBuilder, settings: &Settings) -> Result<(), String> {
    builder.set_mode(SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER | SslMode::AUTO_RETRY);
    // Old versions sign with SHA-1, and who names suites means them.
    if settings.versions.0 < 0x0303 || !settings.cipher_suites.is_empty() {
        builder.set_security_level(0);
    }
    if settings.all_suites {
        builder.set_security_level(0);
        builder.set_cipher_list("ALL:COMPLEMENTOFALL:@SECLEVEL=0").map_err(reason)?;
    }
    if settings.ech != Ech::No {
        return Err("this openssl has no Encrypted ClientHello".to_owned());
    }
    if !settings.certificate_compression.is_empty() {
        return Err("this openssl is built without certificate compression".to_owned());
    }
    let (low, high) = cipher_suites(builder, settings)?;
    builder.set_min_proto_version(Some(version(low)?)).map_err(reason)?;
    builder.set_max_proto_version(Some(version(high)?)).map_err(reason)?;
    if !settings.groups.is_empty() {
        let groups = settings.groups.join(":");
        builder.set_groups_list(&groups).map_err(|_| format!("openssl does not know all of the groups {groups}"))?;
    }
    if !settings.tickets {
        builder.set_options(SslOptions::NO_TICKET);
    }
    Ok(())
}

/// A raw public key is trusted if it is that of a client of ours. [RFC 7250, 4.3]
fn knows_key(verified: bool, context: &mut X509StoreContextRef) -> bool {
    let Some(key) = sys::raw_public_key(context) else { return verified };
    let known = KeyKind::ALL.into_iter().any(|kind| gauntlet_pki::client(kind).key.public().spki() == key);
    if known {
        context.set_error(X509VerifyResult::OK);
    }
    known
}

fn server(builder: &mut SslContextBuilder, settings: &Settings) -> Result<(), ErrorStack> {
    for &kind in &settings.certificates {
        identity(builder, gauntlet_pki::server(kind))?;
    }
    if settings.client_auth != ClientAuth::None {
        let root = X509::from_der(gauntlet_pki::root())?;
        builder.add_client_ca(&root)?;
        builder.set_cert_store(trust()?);
        let mode = match settings.client_auth {
            ClientAuth::Require => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
            _ => SslVerifyMode::PEER,
        };
        if settings.raw_public_key {
            sys::set_certificate_types(builder, Role::Client, &[2, 0])?;
            builder.set_verify_callback(mode, knows_key);
        } else {
            builder.set_verify(mode);
        }
    }
    if !settings.alpn.is_empty() {
        let ours = wire_format(&settings.alpn);
        builder.set_alpn_select_callback(move |_, theirs| {
            // Both lists live as long as the callback; the answer is a part of theirs.
            select_next_proto(&ours, theirs).and_then(|chosen| find(theirs, chosen)).ok_or(AlpnError::ALERT_FATAL)
        });
    }
    if settings.early_data {
        builder.set_max_early_data(MAX_EARLY_DATA)?;
    }
    if settings.cookie {
        builder.set_stateless_cookie_generate_cb(|_, room| {
            room[..COOKIE.len()].copy_from_slice(COOKIE);
            Ok(COOKIE.len())
        });
        builder.set_stateless_cookie_verify_cb(|_, cookie| cookie == COOKIE);
    }
    if settings.staple {
        builder.set_status_callback(show_staple)?;
    }
    if settings.raw_public_key {
        sys::set_certificate_types(builder, Role::Server, &[2, 0])?;
    }
    if settings.renegotiation {
        builder.set_options(SslOptions::from_bits_retain(sys::ALLOW_CLIENT_RENEGOTIATION));
    }
    if settings.unsafe_renegotiation {
        builder.set_options(SslOptions::from_bits_retain(sys::ALLOW_UNSAFE_LEGACY_RENEGOTIATION));
    }
    if settings.psk {
        builder.set_psk_server_callback(|_, identity, room| {
            let key = gauntlet_pki::PSK_KEY;
            // No key means an unknown identity.
            if identity != Some(gauntlet_pki::PSK_IDENTITY.as_bytes()) || key.len() > room.len() {
                return Ok(0);
            }
            room[..key.len()].copy_from_slice(&key);
            Ok(key.len())
        });
    }
    if let Some(hint) = &settings.psk_hint {
        sys::set_psk_hint(builder, hint)?;
    }
    if !settings.tickets {
        builder.set_num_tickets(0)?;
    }
    builder.set_session_id_context(b"gauntlet")?;
    builder.set_session_cache_size(CACHED_SESSIONS);
    sys::set_dh_auto(builder)?;
    sys::set_ticket_keys(builder)
}

fn client(builder: &mut SslContextBuilder, settings: &Settings) -> Result<(), ErrorStack> {
    builder.set_cert_store(trust()?);
    builder.set_verify(SslVerifyMode::PEER);
    if settings.client_auth != ClientAuth::None {
        for &kind in &settings.certificates {
            identity(builder, gauntlet_pki::client(kind))?;
        }
    }
    if !settings.alpn.is_empty() {
        builder.set_alpn_protos(&wire_format(&settings.alpn))?;
    }
    if !settings.compatibility {
        builder.clear_options(SslOptions::ENABLE_MIDDLEBOX_COMPAT);
    }
    if settings.post_handshake_auth {
        sys::set_post_handshake_auth(builder);
    }
    if settings.psk {
        builder.set_psk_client_callback(|_, _, identity, key| {
            let (name, secret) = (gauntlet_pki::PSK_IDENTITY.as_bytes(), gauntlet_pki::PSK_KEY);
            // The name ends in a zero byte.
            if identity.len() <= name.len() || key.len() < secret.len() {
                return Ok(0);
            }
            identity[..name.len()].copy_from_slice(name);
            identity[name.len()] = 0;
            key[..secret.len()].copy_from_slice(&secret);
            Ok(secret.len())
        });
    }
    if settings.ocsp != Ocsp::No {
        let needed = settings.ocsp == Ocsp::Require;
        builder.set_status_callback(move |ssl| Ok(staple::is_acceptable(ssl, needed)))?;
    }
    if settings.resumption {
        builder.set_session_cache_mode(SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL);
        builder.set_new_session_callback(stack::remember);
    }
    Ok(())
}

/// Staples the response for the certificate that was chosen; `false`: there is none.
fn show_staple(ssl: &mut SslRef) -> Result<bool, ErrorStack> {
    let chosen = ssl.certificate().map(|certificate| certificate.to_der()).transpose()?;
    let is_chosen = |kind: &KeyKind| chosen.as_ref() == gauntlet_pki::server(*kind).chain.first();
    match KeyKind::ALL.into_iter().find(is_chosen).map(gauntlet_pki::staple) {
        Some(Ok(response)) => ssl.set_ocsp_status(&response).map(|()| true),
        _ => Ok(false),
    }
}

fn identity(builder: &mut SslContextBuilder, identity: &Identity) -> Result<(), ErrorStack> {
    builder.set_certificate(&*X509::from_der(&identity.chain[0])?)?;
    builder.set_private_key(identity.key.pkey())?;
    for certificate in &identity.chain[1..] {
        sys::add_chain_certificate(builder, &X509::from_der(certificate)?)?;
    }
    Ok(())
}

fn trust() -> Result<X509Store, ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(X509::from_der(gauntlet_pki::root())?)?;
    Ok(store.build())
}

/// Sets the suites, those of TLS 1.3 one way, all others another, and tells the versions that are left: the library
/// refuses every hello if its highest version has no suite.
fn cipher_suites(builder: &mut SslContextBuilder, settings: &Settings) -> Result<(u16, u16), String> {
    let (low, high) = settings.versions;
    if settings.cipher_suites.is_empty() {
        return Ok((low, high));
    }
    let (old, new): (Vec<_>, Vec<_>) = settings.cipher_suites.iter().partition(|name| name.contains("_WITH_"));
    let library_names = |names: &[&String]| -> Result<String, String> {
        let library_name = |name: &&String| match openssl::ssl::cipher_name(name) {
            "(NONE)" => Err(format!("openssl has no cipher suite {name}")),
            known => Ok(known),
        };
        Ok(names.iter().map(library_name).collect::<Result<Vec<_>, _>>()?.join(":"))
    };
    builder.set_ciphersuites(&library_names(&new)?).map_err(reason)?;
    if !old.is_empty() {
        builder.set_cipher_list(&library_names(&old)?).map_err(reason)?;
    }
    let low = if old.is_empty() { low.max(0x0304) } else { low };
    let high = if new.is_empty() { high.min(0x0303) } else { high };
    match low <= high {
        true => Ok((low, high)),
        false => Err("the cipher suites are not for the versions".to_owned()),
    }
}

fn version(number: u16) -> Result<SslVersion, String> {
    Ok(match number {
        0x0300 => SslVersion::SSL3,
        0x0301 => SslVersion::TLS1,
        0x0302 => SslVersion::TLS1_1,
        0x0303 => SslVersion::TLS1_2,
        0x0304 => SslVersion::TLS1_3,
        other => return Err(format!("openssl has no version {other:#06x}")),
    })
}

/// Names with a length byte each. [RFC 7301, 3.1]
fn wire_format(protocols: &[String]) -> Vec<u8> {
    let prefixed = |name: &String| {
        let length = u8::try_from(name.len()).expect("settings refuse longer names");
        [&[length], name.as_bytes()].concat()
    };
    protocols.iter().flat_map(prefixed).collect()
}

/// Where a protocol stands in the client's list.
fn find<'a>(list: &'a [u8], protocol: &[u8]) -> Option<&'a [u8]> {
    let mut rest = list;
    while let [length, tail @ ..] = rest {
        let (name, tail) = tail.split_at_checked(usize::from(*length))?;
        if name == protocol {
            return Some(name);
        }
        rest = tail;
    }
    None
}

fn reason(error: ErrorStack) -> String {
    let reasons: Vec<_> = error.errors().iter().filter_map(|error| error.reason()).collect();
    format!("openssl: {}", reasons.join(", "))
}

/// What the `openssl` crate has no function for.
mod sys {
    use super::*;
    use openssl_sys as ffi;

    const SSL_CTRL_SET_TLSEXT_TICKET_KEYS: i32 = 59;
    /// `SSL_OP_ALLOW_CLIENT_RENEGOTIATION`
    pub const ALLOW_CLIENT_RENEGOTIATION: u64 = 1 << 8;
    /// `SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION`
    pub const ALLOW_UNSAFE_LEGACY_RENEGOTIATION: u64 = 1 << 18;

    unsafe extern "C" {
        fn SSL_CTX_use_psk_identity_hint(context: *mut ffi::SSL_CTX, hint: *const std::ffi::c_char) -> i32;
    }

    /// The hint of ServerKeyExchange.
    pub fn set_psk_hint(builder: &mut SslContextBuilder, hint: &str) -> Result<(), ErrorStack> {
        // Options are texts of a file, in which a zero byte can only be a mistake: it ends the hint.
        let text = std::ffi::CString::new(hint.split('\0').next().unwrap_or_default()).unwrap_or_default();
        // SAFETY: the builder owns a live SSL_CTX, and the text ends in a zero byte; the library copies it.
        control(unsafe { SSL_CTX_use_psk_identity_hint(builder.as_ptr(), text.as_ptr()) }.into())
    }

    unsafe extern "C" {
        fn SSL_CTX_set_post_handshake_auth(context: *mut ffi::SSL_CTX, value: i32);
    }

    /// A client offers to authenticate behind the handshake.
    pub fn set_post_handshake_auth(builder: &mut SslContextBuilder) {
        // SAFETY: the builder owns a live SSL_CTX.
        unsafe { SSL_CTX_set_post_handshake_auth(builder.as_ptr(), 1) };
    }

    type SetTypes = unsafe extern "C" fn(context: *mut ffi::SSL_CTX, types: *const u8, length: usize) -> i32;

    unsafe extern "C" {
        fn SSL_CTX_set1_server_cert_type(context: *mut ffi::SSL_CTX, types: *const u8, length: usize) -> i32;
        fn SSL_CTX_set1_client_cert_type(context: *mut ffi::SSL_CTX, types: *const u8, length: usize) -> i32;
        fn X509_STORE_CTX_get0_rpk(context: *const ffi::X509_STORE_CTX) -> *mut ffi::EVP_PKEY;
    }

    /// CertificateTypes that a server can show, or takes from clients, best first. [RFC 7250, 4.2]
    pub fn set_certificate_types(builder: &mut SslContextBuilder, of: Role, types: &[u8]) -> Result<(), ErrorStack> {
        let set: SetTypes = match of {
            Role::Server => SSL_CTX_set1_server_cert_type,
            Role::Client => SSL_CTX_set1_client_cert_type,
        };
        // SAFETY: the builder owns a live SSL_CTX; the library copies the types.
        control(unsafe { set(builder.as_ptr(), types.as_ptr(), types.len()) }.into())
    }

    /// The SubjectPublicKeyInfo that is to be verified, if it came without a certificate.
    pub fn raw_public_key(context: &X509StoreContextRef) -> Option<Vec<u8>> {
        // SAFETY: the context is live for the time of the callback, and so is what it holds; null is looked for.
        let key = unsafe { X509_STORE_CTX_get0_rpk(context.as_ptr()) };
        let key = (!key.is_null()).then(|| unsafe { PKeyRef::<Public>::from_ptr(key) })?;
        key.public_key_to_der().ok()
    }

    /// Finite-field groups for DHE suites of TLS 1.2 that fit the certificate's strength.
    pub fn set_dh_auto(builder: &mut SslContextBuilder) -> Result<(), ErrorStack> {
        // SAFETY: the builder owns a live SSL_CTX; the command takes no pointer.
        control(unsafe { ffi::SSL_CTX_ctrl(builder.as_ptr(), ffi::SSL_CTRL_SET_DH_AUTO, 1, std::ptr::null_mut()) })
    }

    /// Fixed keys, so that a ticket of one run opens in the next.
    pub fn set_ticket_keys(builder: &mut SslContextBuilder) -> Result<(), ErrorStack> {
        let mut keys = openssl::sha::sha512(b"gauntlet ticket keys").to_vec();
        keys.extend(&openssl::sha::sha512(b"gauntlet ticket name")[..16]);
        let (length, keys) = (keys.len() as i64, keys.as_mut_ptr().cast::<c_void>());
        // SAFETY: the builder owns a live SSL_CTX; the command copies `length` bytes, name and two keys.
        control(unsafe { ffi::SSL_CTX_ctrl(builder.as_ptr(), SSL_CTRL_SET_TLSEXT_TICKET_KEYS, length, keys) })
    }

    /// Below the certificate set last, rather than below all of them.
    pub fn add_chain_certificate(builder: &mut SslContextBuilder, certificate: &X509) -> Result<(), ErrorStack> {
        let pointer = certificate.as_ptr().cast::<c_void>();
        // SAFETY: both are live; with 1 the context takes a reference of its own.
        control(unsafe { ffi::SSL_CTX_ctrl(builder.as_ptr(), ffi::SSL_CTRL_CHAIN_CERT, 1, pointer) })
    }

    fn control(answer: std::ffi::c_long) -> Result<(), ErrorStack> {
        match answer {
            1.. => Ok(()),
            _ => Err(ErrorStack::get()),
        }
    }
}
