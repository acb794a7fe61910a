//! BoGo shims of our own, on two stacks and in both roles, met by an honest OpenSSL; and programs that are no shims.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use common::{Wire, client_context, connect, options, server_context};
use gauntlet_model::{Close, LinkError, Role};
use gauntlet_target::{Target, by_name};
use openssl::ssl::{Ssl, SslSession, SslSessionCacheMode, SslStream};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

const WORDS: &[u8] = b"ping";

fn shims() -> [Box<dyn Target>; 2] {
    ["openssl", "rustls"]
        .map(|stack| by_name(&format!("bogo:{} {stack}", env!("CARGO_BIN_EXE_gauntlet-shim"))).unwrap())
}

/// What comes back for some words: each byte inverted.
fn exchange(stream: &mut SslStream<Wire<'_>>) {
    stream.write_all(WORDS).unwrap();
    let mut answer = [0; WORDS.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer.map(|byte| byte ^ 0xff), WORDS);
}

fn hang_up(mut stream: SslStream<Wire<'_>>) {
    drop(stream.shutdown());
    let wire = stream.get_mut();
    wire.link.close(wire.connection, Close::Half);
    common::drain(wire.link, wire.connection);
    wire.link.close(wire.connection, Close::Fin);
}

#[test]
fn one_process_serves_several_connections_and_resumes() {
    for target in shims() {
        let newest: Arc<Mutex<Option<SslSession>>> = Arc::default();
        let kept = newest.clone();
        let context = client_context(|builder| {
            builder.set_session_cache_mode(SslSessionCacheMode::CLIENT);
            builder.set_new_session_callback(move |_, session| *kept.lock().unwrap() = Some(session));
        });
        let mut instance = target.start(Role::Server, &options(&[])).unwrap();
        let mut link = instance.link().unwrap();
        let mut stream = connect(&context, &mut *link).unwrap();
        exchange(&mut stream);
        hang_up(stream);
        let session = newest.lock().unwrap().take().expect("a ticket came");
        let mut ssl = Ssl::new(&context).unwrap();
        // Under another name, or none, rustls does not resume.
        ssl.set_hostname(gauntlet_pki::SERVER_NAME).unwrap();
        // SAFETY: the session is of this very context.
        unsafe { ssl.set_session(&session) }.unwrap();
        let mut stream = SslStream::new(ssl, Wire::new(&mut *link)).unwrap();
        stream.connect().unwrap();
        assert!(stream.ssl().session_reused(), "{}: another process would know no ticket", target.name());
        exchange(&mut stream);
    }
}

#[test]
fn a_shim_is_a_client_too() {
    for target in shims() {
        let mut instance = target.start(Role::Client, &options(&[])).unwrap();
        let mut link = instance.link().unwrap();
        let mut stream = SslStream::new(Ssl::new(&server_context()).unwrap(), Wire::new(&mut *link)).unwrap();
        stream.accept().unwrap_or_else(|error| panic!("{}: {error}", target.name()));
        exchange(&mut stream);
    }
}

#[test]
fn after_a_refusal_another_process_begins() {
    for target in shims() {
        let mut instance = target.start(Role::Server, &options(&[])).unwrap();
        let mut link = instance.link().unwrap();
        let first = link.connect().unwrap();
        assert_eq!(link.connect(), Err(LinkError::Busy));
        link.send(first, &[22, 3, 1, 0, 5, 77, 0, 0, 1, 0]);
        common::drain(&mut *link, first);
        link.close(first, Close::Fin);
        exchange(&mut connect(&client_context(|_| ()), &mut *link).unwrap());
    }
}

/// Why a connection to a program that is started like a shim does not come about.
fn refusal(command: &str) -> LinkError {
    let target = by_name(&format!("bogo:{command}")).unwrap();
    match target.start(Role::Server, &options(&[])) {
        Err(error) => error,
        Ok(mut instance) => instance.link().unwrap().connect().unwrap_err(),
    }
}

#[test]
fn what_is_no_shim_is_told() {
    let shim = env!("CARGO_BIN_EXE_gauntlet-shim");
    assert!(matches!(refusal(&format!("{shim} openssl -what-is-this")), LinkError::NoAction(_)));
    let misbehave = env!("CARGO_BIN_EXE_gauntlet-misbehave");
    assert!(matches!(refusal(&format!("{misbehave} dies")), LinkError::Gone(why) if why.contains("no strength left")));
    assert!(matches!(refusal("no-such-program-anywhere"), LinkError::Unreachable(_)));
}
