//! Servers that somebody else runs, here threads of the test.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use common::{PATIENCE, client_context, converse, drain, options};
use gauntlet_model::{Close, Ending, LinkError, Received, Role};
use gauntlet_target::{Target, TargetError, by_name, embedded, serve::serve};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Runs a server for one connection, and a test against it.
fn meet<T: Send>(server: impl FnOnce(TcpStream) -> T + Send, test: impl FnOnce(&dyn Target)) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = listener.local_addr().unwrap().to_string();
    std::thread::scope(|scope| {
        let server = scope.spawn(move || {
            // The first only looks whether somebody is there.
            listener.accept().unwrap();
            server(listener.accept().unwrap().0)
        });
        test(&*by_name(&name).unwrap());
        server.join().unwrap()
    })
}

#[test]
fn only_this_machine() {
    for text in ["192.0.2.1:443", "[2001:db8::1]:443", "0.0.0.0:443"] {
        assert_eq!(by_name(text).err(), Some(TargetError::NotLoopback(text.to_owned())));
    }
    for text in ["example.com:443", "127.0.0.1:", "127.0.0.1:99999", "[::1:443"] {
        assert_eq!(by_name(text).err(), Some(TargetError::BadAddress(text.to_owned())));
    }
    for text in ["127.0.0.1:443", "[::1]:443", "localhost:443", "127.9.9.9:1"] {
        assert_eq!(by_name(text).unwrap().name(), text);
    }
    let unknown = by_name("gnutls-ser").err().unwrap().to_string();
    assert!(unknown.contains("no target `gnutls-ser`") && unknown.contains("gnutls-serv"), "{unknown}");
}

#[test]
fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = listener.local_addr().unwrap().to_string();
    drop(listener);
    let target = by_name(&name).unwrap();
    assert!(matches!(target.start(Role::Server, &options(&[])).err(), Some(LinkError::Unreachable(_))));
    let reason = target.supports(Role::Server, &options(&[("alpn", "h2")])).unwrap_err();
    assert_eq!(reason, "what runs at an address cannot be given `alpn: h2`");
}

#[test]
fn silence_then_words_then_the_end() {
    meet(
        |mut stream| {
            let mut word = [0; 2];
            stream.read_exact(&mut word).unwrap();
            stream.write_all(b"ho").unwrap();
        },
        |target| {
            let mut instance = target.start(Role::Server, &options(&[])).unwrap();
            let mut link = instance.link().unwrap();
            let connection = link.connect().unwrap();
            assert_eq!(link.receive(connection, Duration::from_millis(1)), Received::Quiet);
            link.send(connection, b"hi");
            assert_eq!(drain(&mut *link, connection), (b"ho".to_vec(), Received::End(Ending::Fin)));
            assert!(link.exit().is_none());
            assert!(link.now() > 0);
        },
    );
}

#[test]
fn the_other_side_sees_how_we_end() {
    for (how, fin) in [(Some(Close::Fin), true), (Some(Close::Half), true), (Some(Close::Rst), false), (None, false)] {
        let seen = meet(
            |mut stream| stream.read(&mut [0; 1]),
            |target| {
                let mut instance = target.start(Role::Server, &options(&[])).unwrap();
                let mut link = instance.link().unwrap();
                let connection = link.connect().unwrap();
                if let Some(how) = how {
                    link.close(connection, how);
                    // Writing after that is no error.
                    link.send(connection, b"too late");
                    link.receive(connection, PATIENCE);
                }
            },
        );
        assert_eq!(seen.is_ok(), fin, "{how:?}: {seen:?}");
    }
}

#[test]
fn embedded_stacks_serve_at_an_address() {
    for stack in embedded::all() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let name = listener.local_addr().unwrap().to_string();
        // It serves until the test program ends.
        std::thread::spawn(move || serve(&*stack, &options(&[]), &listener));
        let mut instance = by_name(&name).unwrap().start(Role::Server, &options(&[])).unwrap();
        for _ in 0..3 {
            let mut link = instance.link().unwrap();
            assert_eq!(converse(&client_context(|_| ()), &mut *link, b"hello").unwrap(), b"hello");
        }
        let mut link = instance.link().unwrap();
        let connection = link.connect().unwrap();
        link.send(connection, &[22, 3, 1, 0, 5, 77, 0, 0, 1, 0]);
        let (bytes, end) = drain(&mut *link, connection);
        assert_eq!((bytes[0], end), (21, Received::End(Ending::Fin)));
    }
}
