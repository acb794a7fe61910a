//! Whether a child has nothing left to do: evidence in place of a stopwatch.
//!
//! A process all of whose threads sleep, none of them for a set time, and that has used no processor
//! time since the last looks, waits for somebody else; more waiting of ours would show nothing new.
//! Where the system does not tell, the waiting time decides, as for a server that somebody else runs.

use crate::echo::Echo;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks.
pub(crate) const BETWEEN: Duration = Duration::from_millis(1);
/// So many looks in a row must find the same.
const LOOKS: u32 = 4;

/// A series of looks at one process and its children.
pub(crate) struct Idle {
    pid: i32,
    /// Says its words back to it: while there are any, it has something to do.
    echo: Option<Arc<Echo>>,
    /// Processor time at the last look, nanoseconds.
    used: Option<u64>,
    alike: u32,
}

impl Idle {
    pub fn new(pid: i32, echo: Option<Arc<Echo>>) -> Idle {
        Idle { pid, echo, used: None, alike: 0 }
    }

    /// One more look; `true` once enough of them found it asleep.
    pub fn look(&mut self) -> bool {
        let settled = self.echo.as_ref().is_none_or(|echo| echo.is_settled());
        let used = if settled { asleep(self.pid, 0) } else { None };
        self.alike = if used.is_some() && used == self.used { self.alike + 1 } else { 0 };
        self.used = used;
        self.alike >= LOOKS
    }
}

/// Processor time that all threads have used, if all of them sleep until somebody wakes them.
fn asleep(pid: i32, depth: u32) -> Option<u64> {
    // Told at once of most that are at work.
    if state(format!("/proc/{pid}/stat"))? != 'S' {
        return None;
    }
    let mut used = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let folder = thread.ok()?.path();
        if state(folder.join("stat"))? != 'S' || is_timed(&fs::read_to_string(folder.join("syscall")).ok()?) {
            return None;
        }
        used += fs::read_to_string(folder.join("schedstat")).ok()?.split(' ').next()?.parse::<u64>().ok()?;
        for child in fs::read_to_string(folder.join("children")).unwrap_or_default().split_whitespace() {
            used += if depth < 8 { asleep(child.parse().ok()?, depth + 1)? } else { return None };
        }
    }
    Some(used)
}

/// `S` for asleep, `R` at work, ... of a process's first thread, or of one thread.
pub(crate) fn state(stat: impl AsRef<Path>) -> Option<char> {
    let stat = fs::read_to_string(stat).ok()?;
    // It follows the name, which may hold anything but ends with the last parenthesis.
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Whether a thread is in nanosleep or clock_nanosleep, or, unreadably, in none that we know to wait.
fn is_timed(syscall: &str) -> bool {
    let timed: &[&str] = match std::env::consts::ARCH {
        "x86_64" => &["35", "230"],
        "aarch64" | "riscv64" => &["101", "115"],
        _ => return true,
    };
    let number = syscall.split_whitespace().next().unwrap_or_default();
    timed.contains(&number) || number.parse::<u32>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command, Stdio};
    use std::time::Instant;

    struct Ended(Child);

    impl Drop for Ended {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn run(program: &str, arguments: &[&str]) -> Ended {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null());
        Ended(command.spawn().unwrap())
    }

    /// Looks for at most that long.
    fn is_idle(child: &Ended, time: Duration) -> bool {
        let mut idle = Idle::new(child.0.id() as i32, None);
        let end = Instant::now() + time;
        while Instant::now() < end {
            if idle.look() {
                return true;
            }
            std::thread::sleep(BETWEEN);
        }
        false
    }

    #[test]
    fn one_that_waits_for_input_is_idle_and_one_that_works_or_sleeps_for_a_time_is_not() {
        assert!(is_idle(&run("cat", &[]), Duration::from_secs(10)));
        assert!(!is_idle(&run("sh", &["-c", "while :; do :; done"]), Duration::from_millis(300)));
        assert!(!is_idle(&run("sleep", &["20"]), Duration::from_millis(300)));
        assert!(!is_idle(&run("sh", &["-c", "sleep 20; true"]), Duration::from_millis(300)));
    }
}
