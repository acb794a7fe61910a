//! Clients: started for each connection, or, where they keep their sessions to themselves, once for all connections of a
//! case.

use super::{Run, ask, loopback, receive, said};
use crate::address::Connections;
use crate::idle;
use crate::process::{self, Process};
use crate::tcp::TcpConnection;
use crate::{Instance, Options};
use gauntlet_model::link::Exit;
use gauntlet_model::{Close, Link, LinkError, Received};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A client that is started for each case.
pub(super) struct Client {
    pub run: Arc<Run>,
    pub options: Options,
}

impl Client {
    /// Whether it is to come back with the sessions that it was given.
    fn resumes(&self) -> bool {
        self.options.get("resumption").is_some_and(|value| value == "yes")
    }
}

impl Instance for Client {
    fn link(&mut self) -> Result<Box<dyn Link + '_>, LinkError> {
        static CASES: AtomicU64 = AtomicU64::new(0);
        let listener = TcpListener::bind(loopback(0)).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        let listener = listener.map_err(|error| LinkError::Other(format!("no port to listen at: {error}")))?;
        Ok(Box::new(ClientLink {
            client: self,
            case: CASES.fetch_add(1, Ordering::Relaxed),
            listener,
            processes: Vec::new(),
            owners: Vec::new(),
            connections: Connections::default(),
        }))
    }

    fn restart(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

struct ClientLink<'a> {
    client: &'a mut Client,
    /// Tells its session file from those of other cases.
    case: u64,
    listener: TcpListener,
    /// All that were started; the last one may not have connected.
    processes: Vec<Process>,
    /// By connection: which of them it is.
    owners: Vec<usize>,
    connections: Connections,
}

impl Drop for ClientLink<'_> {
    fn drop(&mut self) {
        if self.client.resumes() {
            // Often it was never written.
            let _ = std::fs::remove_file(self.client.run.session(self.case));
        }
    }
}

impl ClientLink<'_> {
    /// Starts one more. A further one is told of the session that the one before it has left, if it has.
    fn spawn(&mut self) -> Result<(), LinkError> {
        let other = |error: std::io::Error| LinkError::Other(error.to_string());
        let port = self.listener.local_addr().map_err(other)?.port();
        if self.client.resumes() {
            self.wait_for_the_last();
        }
        let run = &self.client.run;
        let further = self.client.resumes() && !self.processes.is_empty() && run.session(self.case).exists();
        let mut scope = run.scope(&self.client.options, port);
        scope.case = Some(self.case);
        let command = if further { scope.further_command() } else { scope.command() };
        let process = run.spawn(command.map_err(LinkError::Other)?, &self.client.options)?;
        self.processes.push(process);
        Ok(())
    }

    /// Until the one before has ended, or has nothing left to do: then its session is written.
    fn wait_for_the_last(&mut self) {
        let Some(last) = self.processes.last_mut() else { return };
        let mut idle = last.idle();
        let deadline = Instant::now() + process::DYING;
        while last.status().is_none() && !idle.look() && Instant::now() < deadline {
            std::thread::sleep(idle::BETWEEN);
        }
    }

    /// The next connection of the last one; `None`: it ended without.
    fn accept(&mut self) -> Result<Option<TcpConnection>, LinkError> {
        let deadline = Instant::now() + Duration::from_secs(self.client.run.role().ready_within);
        let Some(process) = self.processes.last_mut() else { return Ok(None) };
        while Instant::now() < deadline {
            let ended = process.status().is_some();
            if let Ok((stream, _)) = self.listener.accept() {
                let connection = TcpConnection::new(stream);
                return connection.map(Some).map_err(|error| LinkError::Other(error.to_string()));
            }
            if ended {
                return Ok(None);
            }
            std::thread::sleep(process::LOOK);
        }
        Err(LinkError::Unreachable(format!("did not connect in time: {}", process.describe())))
    }

    fn says_no_more(&mut self) -> String {
        self.processes.last_mut().map_or_else(String::new, Process::describe)
    }
}

impl Link for ClientLink<'_> {
    fn connect(&mut self) -> Result<usize, LinkError> {
        let comes_back = self.client.run.role().reconnects && self.client.resumes() && !self.owners.is_empty();
        if !comes_back {
            self.spawn()?;
        }
        match self.accept()? {
            Some(connection) => {
                self.owners.push(self.processes.len() - 1);
                Ok(self.connections.add(connection))
            }
            None if comes_back => Err(LinkError::StaysAway(self.says_no_more())),
            None => Err(LinkError::Gone(format!("ended without connecting: {}", self.says_no_more()))),
        }
    }

    fn send(&mut self, connection: usize, bytes: &[u8]) {
        self.connections.send(connection, bytes);
    }

    fn receive(&mut self, connection: usize, patience: Duration) -> Received {
        match self.owners.get(connection).and_then(|owner| self.processes.get(*owner)) {
            Some(process) => receive(&mut self.connections, connection, patience, process.idle()),
            None => self.connections.receive(connection, patience),
        }
    }

    fn close(&mut self, connection: usize, how: Close) {
        self.connections.close(connection, how);
    }

    fn ask(&mut self, connection: usize, action: &str) -> Result<(), LinkError> {
        let process = self.owners.get(connection).and_then(|owner| self.processes.get_mut(*owner));
        let process = process.ok_or_else(|| LinkError::Other("no such connection".to_owned()))?;
        ask(&self.client.run, &self.client.options, process, action)
    }

    fn said(&mut self, connection: usize, name: &str, patience: Duration) -> Option<Vec<u8>> {
        let process = self.owners.get(connection).and_then(|owner| self.processes.get(*owner))?;
        said(&self.client.run, process, name, patience)
    }

    fn now(&self) -> u64 {
        self.connections.now()
    }

    fn exit(&mut self) -> Option<Exit> {
        let process = self.processes.last_mut()?;
        // One that has nothing left to do but to end may do so, and its status is worth a moment.
        if !self.connections.any_open() {
            process.wait(process::DYING);
        }
        let exit = process.exit(false)?;
        let accepted = exit.status.and_then(|status| self.client.run.role().exit.says(status));
        Some(Exit { accepted, ..exit })
    }
}
