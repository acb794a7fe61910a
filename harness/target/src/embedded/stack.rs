//! One connection of OpenSSL, as an application would drive it.

use super::context::Context;
use super::settings::Ocsp;
use super::{DATA, REQUEST};
use crate::memory::{Stack, Wire};
use foreign_types_shared::ForeignTypeRef;
use gauntlet_model::{LinkError, Role};
use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{Error, ErrorCode, Ssl, SslRef, SslSession, SslStream, StatusType};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// What it can be asked for.
pub(super) const ACTIONS: &[&str] =
    &["key_update", "key_update_requested", "renegotiate", "client_certificate", "data", "close"];
/// Bytes read, and echoed, at a time.
const CHUNK: usize = 16384;

/// The last session that a case's client was given.
pub(super) type Session = Arc<Mutex<Option<SslSession>>>;

static SESSION: LazyLock<Index<Ssl, Session>> =
    LazyLock::new(|| Ssl::new_ex_index().expect("an index into a fresh table"));

/// Called by the library for every new session of a client that resumes.
pub(super) fn remember(ssl: &mut SslRef, session: SslSession) {
    if let Some(slot) = ssl.ex_data(*SESSION) {
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
    }
}

/// A server that echoes, or a client that asks once.
pub(super) struct OpenSslStack {
    stream: SslStream<Wire>,
    phase: Phase,
    role: Role,
    /// What is to be written before more is read.
    owed: Vec<u8>,
    /// The client has got an answer.
    answered: bool,
    /// Label of what it exports.
    exporter: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Until a ClientHello with a good cookie comes.
    Cookie,
    /// Ahead of the handshake and through it, as long as early data may come.
    EarlyData,
    /// A client has a session that lets it ask at once.
    EarlyRequest,
    Handshake,
    Open,
    Ended,
}

impl OpenSslStack {
    pub fn new(context: &Context, session: &Session) -> Result<OpenSslStack, LinkError> {
        let settings = &context.settings;
        let ssl = match settings.role {
            Role::Server => server_ssl(context),
            Role::Client => client_ssl(context, session),
        };
        let stream = ssl.and_then(|ssl| SslStream::new(ssl, Wire::default())).map_err(other)?;
        let phase = match settings.role {
            Role::Server if settings.cookie => Phase::Cookie,
            Role::Server if settings.early_data => Phase::EarlyData,
            Role::Client if settings.early_data && allows_early_data(stream.ssl()) => Phase::EarlyRequest,
            _ => Phase::Handshake,
        };
        let exporter = settings.exporter.clone();
        Ok(OpenSslStack { stream, phase, role: settings.role, owed: Vec::new(), answered: false, exporter })
    }

    /// One step of the application; `Err` once the library wants to wait or cannot go on.
    fn step(&mut self) -> Result<(), Error> {
        match self.phase {
            Phase::Cookie => {
                self.ask_for_cookie();
                Ok(())
            }
            Phase::EarlyData => self.read_early_data(),
            Phase::EarlyRequest => self.write_early_data(),
            Phase::Handshake => self.handshake(),
            Phase::Open if !self.owed.is_empty() => self.write(),
            Phase::Open if self.answered => self.close(),
            Phase::Open => self.read(),
            Phase::Ended => Ok(()),
        }
    }

    /// Each attempt begins anew, so one is made only once there is something to read.
    fn ask_for_cookie(&mut self) {
        match self.stream.stateless() {
            Ok(true) => self.phase = Phase::Handshake,
            Ok(false) => {}
            Err(_) => self.phase = Phase::Ended,
        }
    }

    fn read_early_data(&mut self) -> Result<(), Error> {
        let mut chunk = [0; CHUNK];
        match self.stream.read_early_data(&mut chunk)? {
            0 => self.phase = Phase::Handshake,
            count => self.owed.extend_from_slice(&chunk[..count]),
        }
        Ok(())
    }

    fn write_early_data(&mut self) -> Result<(), Error> {
        self.stream.write_early_data(REQUEST)?;
        self.phase = Phase::Handshake;
        Ok(())
    }

    fn handshake(&mut self) -> Result<(), Error> {
        self.stream.do_handshake()?;
        self.phase = Phase::Open;
        // What the server did not take as early data is asked for again.
        if self.role == Role::Client && !sys::early_data_was_taken(self.stream.ssl()) {
            self.owed.extend_from_slice(REQUEST);
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Error> {
        let count = self.stream.ssl_write(&self.owed)?;
        self.owed.drain(..count);
        Ok(())
    }

    fn read(&mut self) -> Result<(), Error> {
        let mut chunk = [0; CHUNK];
        let count = self.stream.ssl_read(&mut chunk)?;
        match self.role {
            Role::Server => self.owed.extend_from_slice(&chunk[..count]),
            Role::Client => self.answered = true,
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        self.phase = Phase::Ended;
        self.stream.shutdown().map(|_| ())
    }
}

fn allows_early_data(ssl: &SslRef) -> bool {
    ssl.session().is_some_and(|session| session.max_early_data() > 0)
}

fn server_ssl(context: &Context) -> Result<Ssl, ErrorStack> {
    let mut ssl = Ssl::new(&context.context)?;
    ssl.set_accept_state();
    Ok(ssl)
}

fn client_ssl(context: &Context, session: &Session) -> Result<Ssl, ErrorStack> {
    let mut ssl = Ssl::new(&context.context)?;
    ssl.set_connect_state();
    ssl.set_hostname(gauntlet_pki::SERVER_NAME)?;
    ssl.param_mut().set_host(gauntlet_pki::SERVER_NAME)?;
    if context.settings.ocsp != Ocsp::No {
        ssl.set_status_type(StatusType::OCSP)?;
    }
    if context.settings.resumption {
        if let Some(session) = &*session.lock().unwrap_or_else(PoisonError::into_inner) {
            // SAFETY: the session came from a connection of the same context.
            unsafe { ssl.set_session(session)? };
        }
        ssl.set_ex_data(*SESSION, session.clone());
    }
    Ok(ssl)
}

impl Stack for OpenSslStack {
    fn wire(&mut self) -> &mut Wire {
        self.stream.get_mut()
    }

    fn turn(&mut self) -> bool {
        while self.phase != Phase::Ended {
            if self.phase == Phase::Cookie && self.stream.get_ref().peek().is_empty() {
                return self.stream.get_ref().is_ended();
            }
            let Err(error) = self.step() else { continue };
            match error.code() {
                ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => return false,
                // The peer has closed in order: so do we.
                ErrorCode::ZERO_RETURN => drop(self.close()),
                _ => self.phase = Phase::Ended,
            }
        }
        true
    }

    fn said(&mut self, name: &str) -> Option<Vec<u8>> {
        let label = self.exporter.as_ref().filter(|_| name == "exporter")?;
        let mut value = vec![0; 32];
        self.stream.ssl().export_keying_material(&mut value, label, None).ok()?;
        Some(value)
    }

    fn ask(&mut self, action: &str) -> Result<(), LinkError> {
        if !ACTIONS.contains(&action) {
            return Err(LinkError::NoAction(action.to_owned()));
        }
        if self.phase != Phase::Open {
            return Err(LinkError::Other(format!("`{action}` needs a finished handshake")));
        }
        let ssl = self.stream.ssl();
        match action {
            "key_update" => sys::key_update(ssl, false),
            "key_update_requested" => sys::key_update(ssl, true),
            "renegotiate" => sys::renegotiate(ssl),
            // Of a client that has not offered it the library asks nothing: it was asked to, all the same.
            "client_certificate" if sys::request_client_certificate(ssl).is_err() => return Ok(()),
            "client_certificate" => Ok(()),
            "data" => {
                self.owed.extend_from_slice(DATA);
                return Ok(());
            }
            _ => return self.close().map_err(other),
        }
        .map_err(other)?;
        // Sends what was scheduled; waiting for the answer is not a failure.
        match self.stream.do_handshake() {
            Err(error) if error.code() == ErrorCode::SSL => Err(other(error)),
            _ => Ok(()),
        }
    }
}

fn other(error: impl std::fmt::Display) -> LinkError {
    LinkError::Other(format!("openssl: {error}"))
}

/// What the `openssl` crate has no function for.
mod sys {
    use super::*;
    use openssl_sys as ffi;
    use std::ffi::c_int;

    unsafe extern "C" {
        fn SSL_key_update(ssl: *mut ffi::SSL, updatetype: c_int) -> c_int;
        fn SSL_renegotiate(ssl: *mut ffi::SSL) -> c_int;
        fn SSL_verify_client_post_handshake(ssl: *mut ffi::SSL) -> c_int;
        fn SSL_get_early_data_status(ssl: *const ffi::SSL) -> c_int;
    }

    /// `SSL_EARLY_DATA_ACCEPTED`
    const ACCEPTED: c_int = 2;

    pub fn early_data_was_taken(ssl: &SslRef) -> bool {
        // SAFETY: the reference is to a live SSL.
        unsafe { SSL_get_early_data_status(ssl.as_ptr()) == ACCEPTED }
    }

    pub fn key_update(ssl: &SslRef, requested: bool) -> Result<(), ErrorStack> {
        // SAFETY: the reference is to a live SSL.
        answer(unsafe { SSL_key_update(ssl.as_ptr(), c_int::from(requested)) })
    }

    pub fn renegotiate(ssl: &SslRef) -> Result<(), ErrorStack> {
        // SAFETY: the reference is to a live SSL.
        answer(unsafe { SSL_renegotiate(ssl.as_ptr()) })
    }

    pub fn request_client_certificate(ssl: &SslRef) -> Result<(), ErrorStack> {
        // SAFETY: the reference is to a live SSL.
        answer(unsafe { SSL_verify_client_post_handshake(ssl.as_ptr()) })
    }

    fn answer(answer: c_int) -> Result<(), ErrorStack> {
        match answer {
            1 => Ok(()),
            _ => Err(ErrorStack::get()),
        }
    }
}
