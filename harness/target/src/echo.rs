//! A console server's own words typed back into it, so that data comes back to whoever sent it.
//!
//! What it has decrypted stands on its stdout; what is typed into its stdin it encrypts and sends. All
//! moves happen under one lock, so that at any time it is known whether words are still on their way,
//! and none of one connection reach the next.

use crate::process::Tail;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, ioctl_fionbio, ioctl_fionread};
use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{ChildStdin, ChildStdout};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many bytes wait at most for a child that does not listen; then it has to wait itself.
const WAITING: usize = 1 << 20;
/// Most that is moved at once.
const CHUNK: usize = 16 << 10;
/// So many reads of what a child has left in its stdin.
const FORGETTING: usize = 4096;

/// Between stdout and stdin of a child.
pub(crate) struct Echo {
    pid: i32,
    stdout: OwnedFd,
    stdin: OwnedFd,
    /// Read, and not written yet.
    waiting: Mutex<VecDeque<u8>>,
    words: Arc<Tail>,
}

/// What one round of moving came to.
struct Moved {
    any: bool,
    /// The child has closed its stdout.
    ended: bool,
}

impl Echo {
    /// Begins; a thread sees to it until the child has closed its stdout. `words` is told all that it says.
    pub fn start(pid: i32, stdout: ChildStdout, stdin: ChildStdin, words: Arc<Tail>) -> io::Result<Arc<Echo>> {
        let (stdout, stdin) = (OwnedFd::from(stdout), OwnedFd::from(stdin));
        ioctl_fionbio(&stdout, true)?;
        ioctl_fionbio(&stdin, true)?;
        let echo = Arc::new(Echo { pid, stdout, stdin, waiting: Mutex::default(), words });
        let ours = echo.clone();
        std::thread::spawn(move || ours.run());
        Ok(echo)
    }

    /// Whether all that it has said has been said back to it, or cannot be for now.
    pub fn is_settled(&self) -> bool {
        !self.turn(&mut self.lock()).any
    }

    /// Drops what it has said and what it has not heard yet. It should have nothing to do at the time.
    pub fn forget(&self) {
        let mut waiting = self.lock();
        let mut chunk = [0; CHUNK];
        while matches!(rustix::io::read(&self.stdout, &mut chunk), Ok(1..) | Err(Errno::INTR)) {}
        waiting.clear();
        if ioctl_fionread(&self.stdin) == Ok(0) {
            return;
        }
        // What is in its stdin can be read by whoever opens that too.
        let path = format!("/proc/{}/fd/0", self.pid);
        let Ok(mut stdin) = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path) else { return };
        for _ in 0..FORGETTING {
            if !matches!(stdin.read(&mut chunk), Ok(1..)) {
                return;
            }
        }
    }

    fn run(&self) {
        loop {
            let (reads, writes) = {
                let waiting = self.lock();
                (waiting.len() < WAITING, !waiting.is_empty())
            };
            let flags = |wanted: bool, flags: PollFlags| if wanted { flags } else { PollFlags::empty() };
            let mut wanted = vec![PollFd::new(&self.stdout, flags(reads, PollFlags::IN))];
            if writes {
                wanted.push(PollFd::new(&self.stdin, PollFlags::OUT));
            }
            // Interrupted or not: what there is to do is seen by doing it.
            let _ = poll(&mut wanted, None);
            if self.turn(&mut self.lock()).ended {
                self.words.finish();
                return;
            }
        }
    }

    fn turn(&self, waiting: &mut VecDeque<u8>) -> Moved {
        let mut moved = Moved { any: false, ended: false };
        let mut chunk = [0; CHUNK];
        while waiting.len() < WAITING {
            match rustix::io::read(&self.stdout, &mut chunk) {
                Ok(count @ 1..) => {
                    self.words.add(&chunk[..count]);
                    waiting.extend(&chunk[..count]);
                    moved.any = true;
                }
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => (),
                Ok(0) | Err(_) => {
                    moved.ended = true;
                    break;
                }
            }
        }
        while !waiting.is_empty() {
            match rustix::io::write(&self.stdin, waiting.as_slices().0) {
                Ok(count) => {
                    waiting.drain(..count);
                    moved.any = true;
                }
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => (),
                // One that reads no more is dead, and that is found elsewhere.
                Err(_) => waiting.clear(),
            }
        }
        moved
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
