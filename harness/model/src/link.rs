//! How bytes reach a target.

use crate::{Close, Ending};
use std::time::Duration;

/// What came out of waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Some bytes, at least one.
    Bytes(Vec<u8>),
    /// Nothing came. Over a network: the wait ran out. In memory: a fact, since the target wants input and there is none.
    Quiet,
    /// The target has ended its side.
    End(Ending),
}

/// Why a link does not work. Never the verdict on a target by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Nobody answers at the address, or the process did not start.
    #[error("not reachable: {0}")]
    Unreachable(String),
    /// The target process is gone.
    #[error("the target ended: {0}")]
    Gone(String),
    /// The profile knows no way to have the target do that.
    #[error("the profile has no action `{0}`")]
    NoAction(String),
    /// It serves one connection at a time, and one is open.
    #[error("it serves one connection at a time, and one is open")]
    Busy,
    /// A client that makes its connections by itself has ended, and made no further one.
    #[error("the client ended and did not connect again: {0}")]
    StaysAway(String),
    /// The target cannot be asked for it in this role.
    #[error("{0}")]
    Other(String),
}

/// How the target ended as a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    /// Exit status, if it ended by itself.
    pub status: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The end of what it wrote to stderr, at most 64 KiB.
    pub stderr: String,
    /// It died of itself: a signal, a sanitizer's report, or an exit where it should go on serving.
    pub crashed: bool,
    /// What its exit status says of the connection by its profile: taken, or refused. `None`: nothing.
    pub accepted: Option<bool>,
}

/// One case's way to one instance of a target. Connections are numbered from 0 in order of `connect`.
pub trait Link {
    /// Opens a further connection (for a client under test: has it connect, and accepts).
    fn connect(&mut self) -> Result<usize, LinkError>;
    /// Writes all bytes. What the target sends meanwhile is kept for `receive`. A broken pipe is no error: what has arrived
    /// can still be read, and the end comes then.
    fn send(&mut self, connection: usize, bytes: &[u8]);
    /// Waits for bytes, at most that long.
    fn receive(&mut self, connection: usize, patience: Duration) -> Received;
    /// Ends our side.
    fn close(&mut self, connection: usize, how: Close);
    /// Has the target do something by its profile (`key_update`, `renegotiate`, ...); what knows of no action has none.
    fn ask(&mut self, _connection: usize, action: &str) -> Result<(), LinkError> {
        Err(LinkError::NoAction(action.to_owned()))
    }
    /// What the target says outside of TLS by that name, since the connection began; waits for it, at most that long.
    fn said(&mut self, _connection: usize, _name: &str, _patience: Duration) -> Option<Vec<u8>> {
        None
    }
    /// Microseconds since the link was made. In memory: a count of calls, so that transcripts repeat.
    fn now(&self) -> u64;
    /// How the target is: `None` while it runs, or where nobody can know.
    fn exit(&mut self) -> Option<Exit> {
        None
    }
    /// Whether quiet is a fact rather than a wait that ran out.
    fn is_memory(&self) -> bool {
        false
    }
}
