//! Child processes: started in a group of their own, watched, and always taken down with it.

use crate::echo::Echo;
use crate::idle::Idle;
use gauntlet_model::link::Exit;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So much is kept of what a child writes: the end of it.
const TAIL: usize = 64 << 10;
/// What is on its way out is waited for so long.
pub(crate) const DYING: Duration = Duration::from_secs(1);
/// Between two looks at a child that is waited for.
pub(crate) const LOOK: Duration = Duration::from_millis(5);
/// What sanitizers write, whether or not they end the process.
const REPORTS: [&str; 5] =
    ["ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "ThreadSanitizer:", "MemorySanitizer:", ": runtime error: "];

/// A child with its group. Dropped, all of the group is dead and the child reaped.
pub(crate) struct Process {
    child: Child,
    group: Pid,
    stdin: Option<ChildStdin>,
    /// What it writes to stdout is said back to it.
    echo: Option<Arc<Echo>>,
    /// Its stdout once more.
    output: Option<OwnedFd>,
    pub stdout: Arc<Tail>,
    pub stderr: Arc<Tail>,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts it. `echo`: what it writes to stdout is written to its stdin.
    pub fn start(command: Command, echo: bool) -> io::Result<Process> {
        let mut child = spawn(command)?;
        let group = Pid::from_child(&child);
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let stderr = Tail::drain(child.stderr.take());
        let output = stdout.as_ref().and_then(|pipe| pipe.as_fd().try_clone_to_owned().ok());
        let mut process =
            Process { child, group, stdin: None, echo: None, output, stdout: Arc::default(), stderr, ended: None };
        match (stdin, stdout) {
            (Some(stdin), Some(stdout)) if echo => {
                let pid = group.as_raw_nonzero().get();
                process.echo = Some(Echo::start(pid, stdout, stdin, process.stdout.clone())?);
            }
            (stdin, stdout) => {
                process.stdin = stdin;
                process.stdout = Tail::drain(stdout);
            }
        }
        Ok(process)
    }

    /// Looks at whether it still has something to do.
    pub fn idle(&self) -> Idle {
        Idle::new(self.group.as_raw_nonzero().get(), self.echo.clone())
    }

    /// Whether it waits for somebody else at this moment.
    pub fn is_asleep(&self) -> bool {
        crate::idle::asleep(self.group.as_raw_nonzero().get(), 0).is_some()
    }

    /// What it says is said back to it by this.
    pub fn echo(&self) -> Option<&Echo> {
        self.echo.as_deref()
    }

    /// Forgets what it wrote to stdout, read or not.
    pub fn forget_output(&self) {
        let deadline = Instant::now() + DYING;
        let waits = || self.output.as_ref().is_some_and(|pipe| rustix::io::ioctl_fionread(pipe).is_ok_and(|n| n > 0));
        while waits() && Instant::now() < deadline {
            std::thread::sleep(LOOK);
        }
        // The reader may have it in its hands.
        std::thread::sleep(LOOK);
        self.stdout.forget();
    }

    /// Bytes that it holds in memory, itself alone.
    pub fn memory(&self) -> Option<u64> {
        let sizes = std::fs::read_to_string(format!("/proc/{}/statm", self.group)).ok()?;
        let pages: u64 = sizes.split(' ').nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    }

    /// Its status once it has ended. One that is just ending is waited for.
    pub fn status(&mut self) -> Option<ExitStatus> {
        match self.ended.is_none() && self.is_dying() {
            true => self.wait(DYING),
            false => self.look(),
        }
    }

    /// Its status, if it ends within the time.
    pub fn wait(&mut self, time: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + time;
        while self.look().is_none() && Instant::now() < deadline {
            std::thread::sleep(LOOK);
        }
        self.ended
    }

    /// How it ended, in the words of results. `None` while it runs and no sanitizer has reported.
    pub fn exit(&mut self, ending_is_a_crash: bool) -> Option<Exit> {
        let status = self.status();
        let reported = self.stderr.lock().reported;
        if status.is_none() && !reported {
            return None;
        }
        let stderr = self.stderr.text();
        let signal = status.and_then(|status| status.signal());
        let crashed = reported || signal.is_some() || ending_is_a_crash;
        Some(Exit { status: status.and_then(|status| status.code()), signal, stderr, crashed, accepted: None })
    }

    /// Writes to its stdin.
    pub fn tell(&mut self, text: &str) -> io::Result<()> {
        let stdin = self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        stdin.write_all(text.as_bytes())?;
        stdin.flush()
    }

    /// Status and last words, for a message.
    pub fn describe(&mut self) -> String {
        let status = self.status().map_or("still running".to_owned(), |status| status.to_string());
        let words = [self.stderr.text(), self.stdout.text()].join("\n");
        let lines: Vec<_> = words.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        match lines.len() {
            0 => status,
            count => format!("{status}: {}", lines[count.saturating_sub(4)..].join(" | ")),
        }
    }

    /// Whether it has given up its memory: the kernel takes that ahead of open files, so whoever saw a connection end by
    /// the death of the process sees this too, without waiting.
    fn is_dying(&self) -> bool {
        std::fs::read(format!("/proc/{}/statm", self.group)).is_ok_and(|sizes| sizes.starts_with(b"0 "))
    }

    /// Reaps it if it is dead. Its group goes first, while its number cannot be anybody else's.
    fn look(&mut self) -> Option<ExitStatus> {
        if self.ended.is_some() {
            return self.ended;
        }
        let peek = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if matches!(waitid(WaitId::Pid(self.group), peek), Ok(None) | Err(Errno::INTR)) {
            return None;
        }
        self.end();
        self.ended
    }

    /// Kills and reaps it and all of its group.
    pub fn end(&mut self) {
        if self.ended.is_none() {
            // It may have left nobody to kill.
            let _ = kill_process_group(self.group, Signal::KILL);
            self.ended = self.child.wait().ok();
            self.stderr.finished(DYING);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts a child from a thread that lives as long as we do. The kernel kills it when that thread ends, and so when
/// we are killed ourselves; were it started from a worker, it would die with the worker.
fn spawn(mut command: Command) -> io::Result<Child> {
    type Order = (Command, Sender<io::Result<Child>>);
    static SPAWNER: LazyLock<Mutex<Sender<Order>>> = LazyLock::new(|| {
        let (orders, inbox) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in inbox {
                // Whoever gave the order may be gone; a child nobody waits for is reaped by its `Process` only.
                if let Err(refused) = answer.send(command.spawn()) {
                    let _ = refused.0.and_then(|mut child| child.kill().and_then(|()| child.wait().map(drop)));
                }
            }
        });
        Mutex::new(orders)
    });
    command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(target_os = "linux")]
    // SAFETY: between fork and exec this makes a single system call, and touches no memory of ours.
    unsafe {
        command.pre_exec(|| Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?));
    }
    let (answer, outcome) = channel();
    let orders = SPAWNER.lock().unwrap_or_else(PoisonError::into_inner).clone();
    orders.send((command, answer)).map_err(io::Error::other)?;
    outcome.recv().map_err(io::Error::other)?
}

/// The end of what a child has written, read by a thread so that the child never has to wait.
#[derive(Default)]
pub(crate) struct Tail {
    state: Mutex<TailState>,
    changed: Condvar,
}

#[derive(Default)]
struct TailState {
    bytes: VecDeque<u8>,
    /// A sanitizer has reported.
    reported: bool,
    finished: bool,
}

impl TailState {
    /// Looks at what was just written, with enough of what stood before for a line that came in two.
    fn look_for_reports(&mut self, fresh: usize) {
        let start = self.bytes.len().saturating_sub(fresh + 64);
        let tail: Vec<u8> = self.bytes.range(start..).copied().collect();
        let text = String::from_utf8_lossy(&tail);
        self.reported |= REPORTS.iter().any(|report| text.contains(report));
    }
}

impl Tail {
    fn drain(pipe: Option<impl Read + Send + 'static>) -> Arc<Tail> {
        let tail = Arc::new(Tail::default());
        let ours = tail.clone();
        std::thread::spawn(move || ours.read_all(pipe));
        tail
    }

    fn read_all(&self, pipe: Option<impl Read>) {
        let mut chunk = [0; 4096];
        if let Some(mut pipe) = pipe {
            while let Ok(count @ 1..) = pipe.read(&mut chunk) {
                self.add(&chunk[..count]);
            }
        }
        self.finish();
    }

    /// More that it has written.
    pub fn add(&self, bytes: &[u8]) {
        let mut state = self.lock();
        state.bytes.extend(bytes);
        state.look_for_reports(bytes.len());
        let excess = state.bytes.len().saturating_sub(TAIL);
        state.bytes.drain(..excess);
        self.changed.notify_all();
    }

    /// It will write no more.
    pub fn finish(&self) {
        self.lock().finished = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, TailState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.lock().bytes.make_contiguous()).into_owned()
    }

    /// Waits until all has been read. One that has handed the pipe on to others may never finish.
    pub fn finished(&self, time: Duration) {
        drop(self.changed.wait_timeout_while(self.lock(), time, |state| !state.finished));
    }

    /// Forgets what has been read.
    pub fn forget(&self) {
        self.lock().bytes.clear();
    }

    /// Waits for so many bytes in hex behind a text, the last time that it stands there.
    pub fn bytes_behind(&self, text: &str, count: usize, time: Duration) -> Option<Vec<u8>> {
        let seen =
            |state: &mut TailState| bytes_behind(&String::from_utf8_lossy(state.bytes.make_contiguous()), text, count);
        let waited =
            self.changed.wait_timeout_while(self.lock(), time, |state| !state.finished && seen(state).is_none());
        waited.ok().and_then(|(mut state, _)| seen(&mut state))
    }

    /// Waits a moment for a line that begins so.
    pub fn line(&self, start: &str, time: Duration) -> bool {
        let seen = |state: &mut TailState| {
            let text = String::from_utf8_lossy(state.bytes.make_contiguous());
            text.lines().any(|line| line.starts_with(start))
        };
        let waited = self.changed.wait_timeout_while(self.lock(), time, |state| !state.finished && !seen(state));
        waited.is_ok_and(|(mut state, _)| seen(&mut state))
    }
}

/// So many bytes in hex behind the last of a text, whatever colons and white space are between them.
fn bytes_behind(said: &str, text: &str, count: usize) -> Option<Vec<u8>> {
    let rest = &said[said.rfind(text)? + text.len()..];
    let digits = rest.chars().filter(|c| !c.is_whitespace() && *c != ':').map_while(|c| c.to_digit(16));
    let digits: Vec<u8> = digits.take(2 * count).map(|digit| digit as u8).collect();
    (digits.len() == 2 * count).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// Runs a command to its end: what it wrote, or why not.
pub(crate) fn run(command: Command, time: Duration) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut process = Process::start(command, false).map_err(|error| format!("{program}: {error}"))?;
    process.stdin = None;
    match process.wait(time) {
        Some(status) if status.success() => {
            process.stdout.finished(DYING);
            Ok(process.stdout.text())
        }
        Some(_) => Err(format!("{program}: {}", process.describe())),
        None => Err(format!("{program}: did not end within {} s", time.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stand_behind_a_text() {
        let said = "Key: 00\nKey material: 01:a2\n  FF03 rest\n";
        assert_eq!(bytes_behind(said, "Key material:", 4), Some(vec![1, 0xa2, 0xff, 3]));
        assert_eq!(bytes_behind(said, "Key material:", 3), Some(vec![1, 0xa2, 0xff]));
        assert_eq!(bytes_behind(said, "Key material:", 5), None);
        assert_eq!(bytes_behind(said, "Keying:", 1), None);
        assert_eq!(bytes_behind("Key: 01 Key: 02", "Key:", 1), Some(vec![2]));
    }
}
