//! A server that somebody else runs, on this machine.

use crate::tcp::TcpConnection;
use crate::{Instance, Options, Target, TargetError};
use gauntlet_model::{Close, Ending, Link, LinkError, Received, Role};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A server at a loopback address: `127.0.0.1:4433`, `[::1]:4433`, `localhost:4433`.
#[derive(Clone, Debug)]
pub struct Address {
    name: String,
    address: SocketAddr,
}

impl Address {
    /// Reads it. Other machines are refused: what is sent here is meant to break things.
    pub fn parse(text: &str) -> Result<Address, TargetError> {
        let numeric = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text.to_owned(),
        };
        let address: SocketAddr = numeric.parse().map_err(|_| TargetError::BadAddress(text.to_owned()))?;
        match address.ip().is_loopback() && address.port() != 0 {
            true => Ok(Address { name: text.to_owned(), address }),
            false => Err(TargetError::NotLoopback(text.to_owned())),
        }
    }
}

impl Target for Address {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> String {
        String::new()
    }

    fn roles(&self) -> Vec<Role> {
        vec![Role::Server]
    }

    fn supports(&self, role: Role, options: &Options) -> Result<(), String> {
        if role != Role::Server {
            return Err("a server at an address cannot be a client".to_owned());
        }
        match options.iter().next() {
            Some((name, value)) => Err(format!("what runs at an address cannot be given `{name}: {value}`")),
            None => Ok(()),
        }
    }

    fn instances(&self) -> usize {
        1
    }

    fn start(&self, role: Role, options: &Options) -> Result<Box<dyn Instance>, LinkError> {
        self.supports(role, options).map_err(LinkError::Other)?;
        self.reach()?;
        Ok(Box::new(self.clone()))
    }
}

impl Address {
    fn reach(&self) -> Result<TcpConnection, LinkError> {
        TcpConnection::open(self.address).map_err(|error| LinkError::Unreachable(format!("{}: {error}", self.name)))
    }
}

impl Instance for Address {
    fn link(&mut self) -> Result<Box<dyn Link + '_>, LinkError> {
        Ok(Box::new(AddressLink { address: self, connections: Connections::default() }))
    }

    fn restart(&mut self) -> Result<(), LinkError> {
        self.reach().map(drop)
    }
}

struct AddressLink<'a> {
    address: &'a Address,
    connections: Connections,
}

impl Link for AddressLink<'_> {
    fn connect(&mut self) -> Result<usize, LinkError> {
        Ok(self.connections.add(self.address.reach()?))
    }
    fn send(&mut self, connection: usize, bytes: &[u8]) {
        self.connections.send(connection, bytes);
    }
    fn receive(&mut self, connection: usize, patience: Duration) -> Received {
        self.connections.receive(connection, patience)
    }
    fn close(&mut self, connection: usize, how: Close) {
        self.connections.close(connection, how);
    }
    fn now(&self) -> u64 {
        self.connections.now()
    }
}

/// The connections of a link over TCP, and its clock.
pub(crate) struct Connections {
    list: Vec<TcpConnection>,
    since: Instant,
}

impl Default for Connections {
    fn default() -> Connections {
        Connections { list: Vec::new(), since: Instant::now() }
    }
}

impl Connections {
    pub fn add(&mut self, connection: TcpConnection) -> usize {
        self.list.push(connection);
        self.list.len() - 1
    }
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
    pub fn any_open(&mut self) -> bool {
        self.list.iter_mut().any(TcpConnection::is_open)
    }
    /// Whether we have any that neither side has ended.
    pub fn any_in_use(&mut self) -> bool {
        self.list.iter_mut().any(TcpConnection::is_in_use)
    }
    pub fn send(&mut self, connection: usize, bytes: &[u8]) {
        if let Some(connection) = self.list.get_mut(connection) {
            connection.send(bytes);
        }
    }
    pub fn receive(&mut self, connection: usize, patience: Duration) -> Received {
        let connection = self.list.get_mut(connection);
        connection.map_or(Received::End(Ending::Fin), |connection| connection.receive(patience))
    }
    pub fn close(&mut self, connection: usize, how: Close) {
        if let Some(connection) = self.list.get_mut(connection) {
            connection.close(how);
        }
    }
    /// Ends one, and keeps it to see whether the other side does too.
    pub fn leave(&mut self, connection: usize) {
        if let Some(connection) = self.list.get_mut(connection) {
            connection.leave();
        }
    }
    /// Ends our side of those that the other side has ended.
    pub fn leave_ended(&mut self) {
        for connection in &mut self.list {
            if !connection.is_open() {
                connection.leave();
            }
        }
    }
    /// Ends all, and hands them over.
    pub fn leave_all(&mut self) -> Vec<TcpConnection> {
        self.list.iter_mut().for_each(TcpConnection::leave);
        std::mem::take(&mut self.list)
    }
    /// Whether the other side has ended all that we have left; waits for that so long with each.
    pub fn have_left(&mut self, patience: Duration) -> bool {
        self.list.iter_mut().all(|connection| connection.has_left(patience))
    }
    pub fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
