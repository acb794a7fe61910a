//! Links to stacks in our own process: two byte queues, turned by the caller.
//!
//! Nothing waits here. A [`Stack`] runs until it wants input that is not there, so quiet is a fact, and
//! the clock counts calls, so that transcripts repeat.

use gauntlet_model::{Close, Ending, Link, LinkError, Received};
use std::io::{self, Read, Write};
use std::time::Duration;

/// So much of a stack's output waits at most; then the stack is told to wait.
const OUTBOUND_LIMIT: usize = 4 << 20;
/// So much input waits at most for a stack that does not read; the rest is lost, as with a socket that is given up.
const INBOUND_LIMIT: usize = 16 << 20;

/// A TLS stack over two byte queues.
pub trait Stack {
    /// Its queues.
    fn wire(&mut self) -> &mut Wire;
    /// Lets it work until it wants input that is not there, or its output is full. `true` once it has ended its side.
    fn turn(&mut self) -> bool;
    /// Has it do something (`key_update`, ...).
    fn ask(&mut self, action: &str) -> Result<(), LinkError>;
    /// What its application knows by that name (`exporter`).
    fn said(&mut self, _name: &str) -> Option<Vec<u8>> {
        None
    }
}

/// The two queues, as a stack sees them: an empty read is `WouldBlock`.
#[derive(Debug, Default)]
pub struct Wire {
    inbound: Vec<u8>,
    /// How much of `inbound` has been read.
    taken: usize,
    outbound: Vec<u8>,
    /// Our side has ended: `Fin` reads as end of file, `Rst` as an error.
    ended: Option<Ending>,
}

impl Wire {
    fn waiting(&self) -> usize {
        self.inbound.len() - self.taken
    }

    /// What has come and has not been read yet.
    pub fn peek(&self) -> &[u8] {
        &self.inbound[self.taken..]
    }

    /// Whether our side has ended, and nothing more will come.
    pub fn is_ended(&self) -> bool {
        self.ended.is_some()
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.taken == self.inbound.len() {
            self.inbound.clear();
            self.taken = 0;
        }
        let room = INBOUND_LIMIT.saturating_sub(self.waiting());
        self.inbound.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let waiting = &self.inbound[self.taken..];
        match self.ended {
            Some(Ending::Rst) => Err(io::ErrorKind::ConnectionReset.into()),
            Some(Ending::Fin) if waiting.is_empty() => Ok(0),
            None if waiting.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            _ => {
                let count = waiting.len().min(into.len());
                into[..count].copy_from_slice(&waiting[..count]);
                self.taken += count;
                Ok(count)
            }
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.ended == Some(Ending::Rst) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let room = OUTBOUND_LIMIT.saturating_sub(self.outbound.len());
        if room == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = bytes.len().min(room);
        self.outbound.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Any number of connections to stacks that a function makes.
pub struct MemoryLink<F> {
    make: F,
    connections: Vec<Connection>,
    calls: u64,
}

struct Connection {
    stack: Box<dyn Stack>,
    /// The stack has ended its side.
    ended: bool,
    /// Something has changed since its last turn.
    stale: bool,
    /// We have closed both directions.
    closed: bool,
}

impl Connection {
    fn turn(&mut self) {
        if self.stale && !self.ended {
            self.ended = self.stack.turn();
            self.stale = false;
        }
    }
}

impl<F: FnMut() -> Result<Box<dyn Stack>, LinkError>> MemoryLink<F> {
    /// Without connections yet.
    pub fn new(make: F) -> MemoryLink<F> {
        MemoryLink { make, connections: Vec::new(), calls: 0 }
    }
}

impl<F: FnMut() -> Result<Box<dyn Stack>, LinkError>> Link for MemoryLink<F> {
    fn connect(&mut self) -> Result<usize, LinkError> {
        self.calls += 1;
        self.connections.push(Connection { stack: (self.make)()?, ended: false, stale: true, closed: false });
        Ok(self.connections.len() - 1)
    }

    fn send(&mut self, connection: usize, bytes: &[u8]) {
        self.calls += 1;
        let Some(connection) = self.connections.get_mut(connection) else { return };
        let wire = connection.stack.wire();
        if wire.ended.is_none() && !connection.ended {
            wire.push(bytes);
            connection.stale = true;
            connection.turn();
        }
    }

    fn receive(&mut self, connection: usize, _patience: Duration) -> Received {
        self.calls += 1;
        let Some(connection) = self.connections.get_mut(connection) else { return Received::End(Ending::Fin) };
        connection.turn();
        let wire = connection.stack.wire();
        if !wire.outbound.is_empty() {
            // A full queue may have stopped it.
            connection.stale |= wire.outbound.len() >= OUTBOUND_LIMIT;
            return Received::Bytes(std::mem::take(&mut wire.outbound));
        }
        match (connection.ended, wire.ended) {
            (_, Some(Ending::Rst)) => Received::End(Ending::Rst),
            _ if connection.closed => Received::End(Ending::Fin),
            (true, _) => Received::End(Ending::Fin),
            (false, _) => Received::Quiet,
        }
    }

    fn close(&mut self, connection: usize, how: Close) {
        self.calls += 1;
        let Some(connection) = self.connections.get_mut(connection) else { return };
        let wire = connection.stack.wire();
        if wire.ended != Some(Ending::Rst) {
            wire.ended = Some(match how {
                Close::Rst => Ending::Rst,
                Close::Fin | Close::Half | Close::CloseNotify => Ending::Fin,
            });
            connection.closed = how == Close::Fin;
            connection.stale = true;
            connection.turn();
        }
    }

    fn ask(&mut self, connection: usize, action: &str) -> Result<(), LinkError> {
        self.calls += 1;
        let connection = self.connections.get_mut(connection);
        let connection = connection.ok_or_else(|| LinkError::Other("no such connection".to_owned()))?;
        connection.turn();
        if connection.ended {
            return Err(LinkError::Other("the connection has ended".to_owned()));
        }
        connection.stack.ask(action)?;
        connection.stale = true;
        connection.turn();
        Ok(())
    }

    fn said(&mut self, connection: usize, name: &str, _patience: Duration) -> Option<Vec<u8>> {
        self.connections.get_mut(connection)?.stack.said(name)
    }

    fn now(&self) -> u64 {
        self.calls
    }

    fn is_memory(&self) -> bool {
        true
    }
}
