//! BoGo shims: programs made for BoringSSL's test runner. Server or client, a shim connects to us, says its 8-byte id, and
//! then is TLS on that connection. It makes so many connections as `-resume-count` says, one after the other, and inverts
//! the data that it sends back. What it exits with differs from shim to shim, so only the wire counts.

use super::{Run, loopback, receive};
use crate::address::Connections;
use crate::process::{self, Process};
use crate::tcp::TcpConnection;
use crate::{Instance, Options};
use gauntlet_model::link::Exit;
use gauntlet_model::{Close, Link, LinkError, Received};
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// It has so long to connect, and to say its id.
const CONNECTS: Duration = Duration::from_secs(20);
/// What a shim exits with for what it has not implemented.
const NOT_IMPLEMENTED: i32 = 89;
/// The id that profiles give it: `{shim_id}`.
pub(crate) const ID: u64 = 20260101;

/// A shim, started anew for each case.
pub(super) struct Shim {
    pub run: Arc<Run>,
    pub options: Options,
}

impl Instance for Shim {
    fn link(&mut self) -> Result<Box<dyn Link + '_>, LinkError> {
        let listener = TcpListener::bind(loopback(0)).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        let listener = listener.map_err(|error| LinkError::Other(format!("no port to listen at: {error}")))?;
        Ok(Box::new(ShimLink { shim: self, listener, process: None, connections: Connections::default() }))
    }

    fn restart(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

struct ShimLink<'a> {
    shim: &'a mut Shim,
    listener: TcpListener,
    /// The one that plays now.
    process: Option<Process>,
    connections: Connections,
}

impl ShimLink<'_> {
    fn spawn(&self) -> Result<Process, LinkError> {
        let port = self.listener.local_addr().map_err(|error| LinkError::Other(error.to_string()))?.port();
        let command = self.shim.run.scope(&self.shim.options, port).command().map_err(LinkError::Other)?;
        self.shim.run.spawn(command, &self.shim.options)
    }

    /// Its next connection; `None`: it ended without one.
    fn accept(&self, process: &mut Process) -> Result<Option<TcpStream>, LinkError> {
        let deadline = Instant::now() + CONNECTS;
        while Instant::now() < deadline {
            let ended = process.status().is_some();
            if let Ok((stream, _)) = self.listener.accept() {
                return Ok(Some(stream));
            }
            if ended {
                return Ok(None);
            }
            std::thread::sleep(process::LOOK);
        }
        Err(LinkError::Unreachable(format!("did not connect in time: {}", process.describe())))
    }
}

/// Reads the id that comes ahead of all else.
fn introduce(mut stream: TcpStream) -> Result<TcpConnection, LinkError> {
    let mut id = [0; 8];
    let read = stream.set_nonblocking(false).and_then(|()| {
        stream.set_read_timeout(Some(CONNECTS))?;
        stream.read_exact(&mut id)
    });
    match read {
        Ok(()) if id == ID.to_le_bytes() => {
            TcpConnection::new(stream).map_err(|error| LinkError::Other(error.to_string()))
        }
        Ok(()) => Err(LinkError::Unreachable("this is no BoGo shim: it does not say its id first".to_owned())),
        Err(error) => Err(LinkError::Unreachable(format!("this is no BoGo shim: it does not say its id: {error}"))),
    }
}

impl Link for ShimLink<'_> {
    fn connect(&mut self) -> Result<usize, LinkError> {
        if self.connections.any_open() {
            return Err(LinkError::Busy);
        }
        // One that is still there has a further connection to make; else another begins anew.
        if let Some(mut process) = self.process.take()
            && let Some(stream) = self.accept(&mut process)?
        {
            self.process = Some(process);
            return Ok(self.connections.add(introduce(stream)?));
        }
        let mut process = self.spawn()?;
        match self.accept(&mut process)? {
            Some(stream) => {
                self.process = Some(process);
                Ok(self.connections.add(introduce(stream)?))
            }
            None if process.status().and_then(|status| status.code()) == Some(NOT_IMPLEMENTED) => {
                Err(LinkError::NoAction(format!("play this, says the shim: {}", process.describe())))
            }
            None => Err(LinkError::Gone(format!("ended without connecting: {}", process.describe()))),
        }
    }

    fn send(&mut self, connection: usize, bytes: &[u8]) {
        self.connections.send(connection, bytes);
    }

    fn receive(&mut self, connection: usize, patience: Duration) -> Received {
        match &self.process {
            Some(process) => receive(&mut self.connections, connection, patience, process.idle()),
            None => self.connections.receive(connection, patience),
        }
    }

    fn close(&mut self, connection: usize, how: Close) {
        self.connections.close(connection, how);
    }

    fn now(&self) -> u64 {
        self.connections.now()
    }

    fn exit(&mut self) -> Option<Exit> {
        self.process.as_mut()?.exit(false)
    }
}
