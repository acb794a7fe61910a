//! The shim on OpenSSL.

use crate::{Flags, echo};
use openssl::error::ErrorStack;
use openssl::ssl::{
    AlpnError, ShutdownResult, Ssl, SslContext, SslContextBuilder, SslFiletype, SslMethod, SslSession,
    SslSessionCacheMode, SslVerifyMode, SslVersion,
};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

type Newest = Arc<Mutex<Option<SslSession>>>;

pub fn play(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let newest = Newest::default();
    let context = context(flags, &newest)?;
    for _ in 0..=flags.resumptions {
        let mut tls = Ssl::new(&context)?;
        if !flags.server && !flags.name.is_empty() {
            tls.set_hostname(&flags.name)?;
            tls.param_mut().set_host(&flags.name)?;
        }
        if let Some(session) = newest.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // SAFETY: the session is of this very context.
            unsafe { tls.set_session(&session) }?;
        }
        let stream = flags.dial()?;
        let mut stream =
            if flags.server { tls.accept(stream) } else { tls.connect(stream) }.map_err(|e| e.to_string())?;
        echo(&mut stream, flags.writes_first)?;
        while stream.shutdown()? != ShutdownResult::Received {}
    }
    Ok(())
}

fn context(flags: &Flags, newest: &Newest) -> Result<SslContext, ErrorStack> {
    let mut builder = SslContext::builder(SslMethod::tls())?;
    builder.set_min_proto_version(version(flags.min))?;
    builder.set_max_proto_version(version(flags.max))?;
    if !flags.cert.is_empty() {
        builder.set_certificate_chain_file(&flags.cert)?;
        builder.set_private_key_file(&flags.key, SslFiletype::PEM)?;
    }
    if !flags.roots.is_empty() {
        builder.set_ca_file(&flags.roots)?;
    }
    let mut verify = SslVerifyMode::NONE;
    if flags.verify_peer || flags.require_certificate || (!flags.server && !flags.roots.is_empty()) {
        verify |= SslVerifyMode::PEER;
    }
    if flags.require_certificate {
        verify |= SslVerifyMode::FAIL_IF_NO_PEER_CERT;
    }
    builder.set_verify(verify);
    builder.set_session_id_context(b"shim")?;
    alpn(&mut builder, flags)?;
    if !flags.server {
        let newest = newest.clone();
        builder.set_session_cache_mode(SslSessionCacheMode::CLIENT);
        builder.set_new_session_callback(move |_, session| {
            *newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        });
    }
    Ok(builder.build())
}

/// A server selects its one protocol; a client's list comes as it is on the wire.
fn alpn(builder: &mut SslContextBuilder, flags: &Flags) -> Result<(), ErrorStack> {
    if flags.alpn.is_empty() {
        return Ok(());
    }
    if !flags.server {
        return builder.set_alpn_protos(&flags.alpn);
    }
    let own = flags.alpn.clone();
    builder.set_alpn_select_callback(move |_, mut offered| {
        while let Some((length, rest)) = offered.split_first() {
            let (name, rest) = rest.split_at_checked(usize::from(*length)).ok_or(AlpnError::ALERT_FATAL)?;
            if name == own {
                return Ok(name);
            }
            offered = rest;
        }
        Err(AlpnError::ALERT_FATAL)
    });
    Ok(())
}

fn version(number: u16) -> Option<SslVersion> {
    match number {
        0x0301 => Some(SslVersion::TLS1),
        0x0302 => Some(SslVersion::TLS1_1),
        0x0303 => Some(SslVersion::TLS1_2),
        0x0304 => Some(SslVersion::TLS1_3),
        _ => None,
    }
}
