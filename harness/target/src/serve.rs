//! An embedded stack as a server for others: what is under suspicion runs in a process of its own.

use crate::{Options, Target};
use gauntlet_model::{Close, LinkError, Received, Role};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

/// Serves one connection after the other: what one does to the process, the next has to bear.
pub fn serve_in_turn(target: &dyn Target, options: &Options, listener: &TcpListener) -> Result<(), LinkError> {
    target.supports(Role::Server, options).map_err(LinkError::Other)?;
    for stream in listener.incoming().flatten() {
        drop(carry(target, options, stream));
    }
    Ok(())
}

/// Serves every connection that comes, each in a thread, until the process ends. Only for targets in memory.
pub fn serve(target: &dyn Target, options: &Options, listener: &TcpListener) -> Result<(), LinkError> {
    target.supports(Role::Server, options).map_err(LinkError::Other)?;
    std::thread::scope(|scope| {
        for stream in listener.incoming() {
            match stream {
                // Whoever hung up in mid-word is no concern of the others.
                Ok(stream) => drop(scope.spawn(move || carry(target, options, stream))),
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => (),
                Err(error) => return Err(LinkError::Other(format!("cannot accept: {error}"))),
            }
        }
        Ok(())
    })
}

fn carry(target: &dyn Target, options: &Options, stream: TcpStream) -> Result<(), LinkError> {
    carry_through(target, Role::Server, options, stream, &mut Some)
}

/// Carries bytes between a socket and a stack until one of them ends. What the stack sends goes through `change` first,
/// which ends the connection by giving nothing.
pub fn carry_through(
    target: &dyn Target,
    role: Role,
    options: &Options,
    mut stream: TcpStream,
    change: &mut dyn FnMut(Vec<u8>) -> Option<Vec<u8>>,
) -> Result<(), LinkError> {
    let other = |error: std::io::Error| LinkError::Other(error.to_string());
    let mut instance = target.start(role, options)?;
    let mut link = instance.link()?;
    let connection = link.connect()?;
    let mut chunk = [0; 16 << 10];
    loop {
        loop {
            match link.receive(connection, Duration::ZERO) {
                Received::Bytes(bytes) => match change(bytes) {
                    Some(bytes) => stream.write_all(&bytes).map_err(other)?,
                    None => return finish(&mut stream).map_err(other),
                },
                Received::Quiet => break,
                Received::End(_) => return finish(&mut stream).map_err(other),
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) => link.close(connection, Close::Half),
            Ok(count) => link.send(connection, &chunk[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => (),
            Err(error) => return Err(other(error)),
        }
    }
}

/// Reads what is still coming, or the kernel would send a reset, and our last words could be lost by it.
fn finish(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut chunk = [0; 16 << 10];
    while stream.read(&mut chunk)? > 0 {}
    Ok(())
}
