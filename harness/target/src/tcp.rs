//! One TCP connection to a target.
//!
//! Writing reads meanwhile, so that two sides that both write much never wait for each other, and what
//! a target sent before it closed is never lost to a broken pipe.

use gauntlet_model::{Close, Ending, Received};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// So much is kept of what a target sent and nobody has received; then it has to wait.
const INBOX_LIMIT: usize = 4 << 20;
/// Most that one `receive` hands over.
const CHUNK: usize = 64 << 10;
/// A write that makes no progress for so long is given up: the target does not read.
const STALLED: Duration = Duration::from_secs(3);
/// So much is still written to a target that has ended its side: it may read on, but hardly for long.
const BEHIND_END: usize = 64 << 10;
/// How long a connection on this machine may take to come up.
const CONNECT: Duration = Duration::from_secs(5);

/// A connection, whichever side opened it.
pub(crate) struct TcpConnection {
    /// `None` once we have closed it.
    stream: Option<TcpStream>,
    /// Closed, and kept to see the target end it too.
    leaving: Option<TcpStream>,
    inbox: Vec<u8>,
    ended: Option<Ending>,
    /// Our writing is over: the target does not take it, or we have ended it.
    mute: bool,
    /// What was written behind the target's end.
    behind_end: usize,
}

/// Acknowledges at once what was read: a target that leaves small writes to Nagle's algorithm would keep its answer back
/// until then, though it has long given it. Failure costs time, nothing else.
#[cfg(target_os = "linux")]
fn acknowledge(stream: &TcpStream) {
    use std::os::linux::net::TcpStreamExt as _;
    let _ = stream.set_quickack(true);
}
#[cfg(not(target_os = "linux"))]
fn acknowledge(_stream: &TcpStream) {}

impl TcpConnection {
    /// Connects.
    pub fn open(address: SocketAddr) -> io::Result<TcpConnection> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.connect_timeout(&SockAddr::from(address), CONNECT)?;
        TcpConnection::new(socket.into())
    }

    /// Takes over a connection.
    pub fn new(stream: TcpStream) -> io::Result<TcpConnection> {
        stream.set_nonblocking(true)?;
        // Each write of a scenario is a segment of its own.
        stream.set_nodelay(true)?;
        Ok(TcpConnection {
            stream: Some(stream),
            leaving: None,
            inbox: Vec::new(),
            ended: None,
            mute: false,
            behind_end: 0,
        })
    }

    /// Whether the target may still have something to say.
    pub fn is_open(&mut self) -> bool {
        self.fill();
        self.stream.is_some() && self.ended.is_none()
    }

    /// Whether neither side has ended it.
    pub fn is_in_use(&mut self) -> bool {
        !self.mute && self.is_open()
    }

    /// Writes all, and keeps what comes meanwhile. Whoever has ended the connection and leaves much unread is not written to
    /// any more: some drop it a few bytes at a time.
    pub fn send(&mut self, mut bytes: &[u8]) {
        let mut progress = Instant::now();
        while !bytes.is_empty() && !self.mute {
            self.fill();
            if self.behind_end >= BEHIND_END {
                self.reset();
            }
            let most = if self.ended.is_some() { BEHIND_END } else { bytes.len() };
            let Some(stream) = &mut self.stream else { return };
            match stream.write(&bytes[..bytes.len().min(most)]) {
                Ok(count) => {
                    bytes = &bytes[count..];
                    progress = Instant::now();
                    self.behind_end += if self.ended.is_some() { count } else { 0 };
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(error) if error.kind() == ErrorKind::WouldBlock && progress.elapsed() < STALLED => {
                    self.wait(PollFlags::OUT | self.wanted(), STALLED.saturating_sub(progress.elapsed()));
                }
                // What has arrived before can still be read; the end comes then.
                Err(_) => self.mute = true,
            }
        }
    }

    /// Waits for bytes or the end.
    pub fn receive(&mut self, patience: Duration) -> Received {
        let deadline = Instant::now() + patience;
        loop {
            self.fill();
            if !self.inbox.is_empty() {
                let rest = self.inbox.split_off(self.inbox.len().min(CHUNK));
                return Received::Bytes(std::mem::replace(&mut self.inbox, rest));
            }
            if let Some(ending) = self.ended {
                return Received::End(ending);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.wait(PollFlags::IN, left) {
                self.fill();
                if self.inbox.is_empty() && self.ended.is_none() {
                    return Received::Quiet;
                }
            }
        }
    }

    /// Ends our side.
    pub fn close(&mut self, how: Close) {
        self.fill();
        self.mute = true;
        let Some(stream) = &self.stream else { return };
        match how {
            // Failure means that the target was faster.
            Close::Half | Close::CloseNotify => drop(stream.shutdown(std::net::Shutdown::Write)),
            Close::Fin => {
                drop(stream.shutdown(std::net::Shutdown::Write));
                self.stream = None;
                self.ended.get_or_insert(Ending::Fin);
            }
            Close::Rst => {
                self.reset();
                self.ended.get_or_insert(Ending::Rst);
            }
        }
    }

    /// Ends our side as `Fin` does, and keeps an eye on the other's.
    pub fn leave(&mut self) {
        self.fill();
        let seen = self.ended.is_some();
        if let Some(stream) = self.stream.take() {
            // Failure means that the target was faster.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            self.leaving = Some(stream).filter(|_| !seen);
        }
        self.mute = true;
        self.ended.get_or_insert(Ending::Fin);
    }

    /// Whether the target has ended what we have left, too; waits for that so long. What still comes is dropped.
    pub fn has_left(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut chunk = [0; 16 << 10];
        while let Some(stream) = &mut self.leaving {
            match stream.read(&mut chunk) {
                Ok(1..) => (),
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    let time = Timespec::try_from(left).ok();
                    if left.is_zero() || matches!(poll(&mut [PollFd::new(stream, PollFlags::IN)], time.as_ref()), Ok(0))
                    {
                        return false;
                    }
                }
                Ok(0) | Err(_) => self.leaving = None,
            }
        }
        true
    }

    /// Reads what is there, without waiting, as far as there is room.
    fn fill(&mut self) {
        let mut chunk = [0; 16 << 10];
        while self.ended.is_none() && self.inbox.len() < INBOX_LIMIT {
            let Some(stream) = &mut self.stream else { return };
            match stream.read(&mut chunk) {
                Ok(0) => self.ended = Some(Ending::Fin),
                Ok(count) => {
                    self.inbox.extend_from_slice(&chunk[..count]);
                    acknowledge(stream);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(_) => self.ended = Some(Ending::Rst),
            }
        }
    }

    /// To be read as well while writing, unless there is no room, or nothing more to come.
    fn wanted(&self) -> PollFlags {
        match self.ended.is_none() && self.inbox.len() < INBOX_LIMIT {
            true => PollFlags::IN,
            false => PollFlags::empty(),
        }
    }

    /// Whether something happened within the time.
    fn wait(&self, what: PollFlags, time: Duration) -> bool {
        let Some(stream) = &self.stream else { return false };
        let time = Timespec::try_from(time).ok();
        !matches!(poll(&mut [PollFd::new(stream, what)], time.as_ref()), Ok(0))
    }

    /// Gone at once: no port is left waiting.
    fn reset(&mut self) {
        if let Some(stream) = self.stream.take() {
            drop(Socket::from(stream).set_linger(Some(Duration::ZERO)));
        }
    }
}

impl Drop for TcpConnection {
    fn drop(&mut self) {
        self.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Shutdown, TcpListener};

    #[test]
    fn who_has_ended_the_connection_is_not_written_to_without_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut ours = TcpConnection::open(listener.local_addr().unwrap()).unwrap();
        let mut theirs = listener.accept().unwrap().0;
        theirs.shutdown(Shutdown::Write).unwrap();
        assert_eq!(ours.receive(Duration::from_secs(10)), Received::End(Ending::Fin));

        ours.send(b"some");
        let mut some = [0; 4];
        theirs.read_exact(&mut some).unwrap();
        assert_eq!(&some, b"some", "it may read on");

        let reader = std::thread::spawn(move || io::copy(&mut theirs, &mut io::sink()).unwrap_or(0));
        ours.send(&vec![0; 16 << 20]);
        assert!(reader.join().unwrap() <= 2 * BEHIND_END as u64);
        assert_eq!(ours.receive(Duration::ZERO), Received::End(Ending::Fin), "as it was seen");
    }
}
