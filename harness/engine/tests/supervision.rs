//! Targets that crash, hang, waver, grow, or never come up again, are told apart in whole runs.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use common::{CORPUS, run_into};
use gauntlet_engine::{Happening, Options, Select, run};
use gauntlet_model::link::Exit;
use gauntlet_model::{CaseResult, Close, Ending, Kind, Line, Link, LinkError, Received, Role};
use gauntlet_target::{Instance, Target, embedded};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// What it does in place of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Says it.
    Honest,
    /// Dies.
    Crashes,
    /// Dies, and can never be started again.
    CrashesForGood,
    /// Dies, but only the first time.
    CrashesOnce,
    /// Says nothing any more, to nobody.
    Hangs,
    /// Says nothing, but only the first time.
    Wavers,
    /// Says it, and takes 1 MiB for each connection.
    Grows,
}

/// OpenSSL behind a door of ours.
struct Moody {
    manner: Manner,
    inner: Box<dyn Target>,
    starts: AtomicUsize,
}

impl Target for Moody {
    fn name(&self) -> &str {
        "moody"
    }
    fn version(&self) -> String {
        "1".to_owned()
    }
    fn roles(&self) -> Vec<Role> {
        vec![Role::Server]
    }
    fn supports(&self, role: Role, options: &gauntlet_target::Options) -> Result<(), String> {
        self.inner.supports(role, options)
    }
    fn is_memory(&self) -> bool {
        true
    }
    fn instances(&self) -> usize {
        1
    }
    fn start(&self, role: Role, options: &gauntlet_target::Options) -> Result<Box<dyn Instance>, LinkError> {
        // The first start is for the probe, which is to find an honest one.
        let starts = self.starts.fetch_add(1, Ordering::Relaxed);
        if starts > 1 && self.manner == Manner::CrashesForGood {
            return Err(LinkError::Unreachable("it is worn out".to_owned()));
        }
        let manner = if starts == 0 { Manner::Honest } else { self.manner };
        let inner = self.inner.start(role, options)?;
        Ok(Box::new(Door { manner, inner, refusals: 0, dead: false, stuck: false, held: 100 << 20 }))
    }
}

struct Door {
    manner: Manner,
    inner: Box<dyn Instance>,
    refusals: usize,
    dead: bool,
    stuck: bool,
    held: u64,
}

impl Instance for Door {
    fn link(&mut self) -> Result<Box<dyn Link + '_>, LinkError> {
        if self.dead {
            return Err(LinkError::Gone("it died".to_owned()));
        }
        // It wavers on one connection, and comes round.
        self.stuck &= self.manner != Manner::Wavers;
        self.held += if self.manner == Manner::Grows { 1 << 20 } else { 0 };
        let Door { manner, inner, refusals, dead, stuck, .. } = self;
        Ok(Box::new(DoorLink { manner: *manner, inner: inner.link()?, refusals, dead, stuck }))
    }
    fn restart(&mut self) -> Result<(), LinkError> {
        if self.manner == Manner::CrashesForGood {
            return Err(LinkError::Unreachable("it is worn out".to_owned()));
        }
        (self.dead, self.stuck) = (false, false);
        self.inner.restart()
    }
    fn memory(&self) -> Option<u64> {
        Some(self.held)
    }
}

struct DoorLink<'a> {
    manner: Manner,
    inner: Box<dyn Link + 'a>,
    refusals: &'a mut usize,
    dead: &'a mut bool,
    stuck: &'a mut bool,
}

impl Link for DoorLink<'_> {
    fn connect(&mut self) -> Result<usize, LinkError> {
        self.inner.connect()
    }
    fn send(&mut self, connection: usize, bytes: &[u8]) {
        self.inner.send(connection, bytes);
    }
    fn receive(&mut self, connection: usize, patience: Duration) -> Received {
        if *self.stuck {
            return Received::Quiet;
        }
        if *self.dead {
            return Received::End(Ending::Rst);
        }
        let received = self.inner.receive(connection, patience);
        // In the clear: these scenarios refuse the ClientHello.
        if !matches!(&received, Received::Bytes(bytes) if bytes.starts_with(&[21, 3])) {
            return received;
        }
        *self.refusals += 1;
        match self.manner {
            Manner::Honest | Manner::Grows => received,
            Manner::CrashesOnce | Manner::Wavers if *self.refusals > 1 => received,
            Manner::Crashes | Manner::CrashesForGood | Manner::CrashesOnce => {
                *self.dead = true;
                Received::End(Ending::Rst)
            }
            Manner::Hangs | Manner::Wavers => {
                *self.stuck = true;
                Received::Quiet
            }
        }
    }
    fn close(&mut self, connection: usize, how: Close) {
        self.inner.close(connection, how);
    }
    fn ask(&mut self, connection: usize, action: &str) -> Result<(), LinkError> {
        self.inner.ask(connection, action)
    }
    fn now(&self) -> u64 {
        self.inner.now()
    }
    fn exit(&mut self) -> Option<Exit> {
        let stderr = "segmentation fault".to_owned();
        self.dead.then_some(Exit { signal: Some(11), stderr, crashed: true, ..Exit::default() })
    }
    fn is_memory(&self) -> bool {
        self.inner.is_memory()
    }
}

/// All results, and what was noted.
fn results(manner: Manner, select: &str) -> (Vec<CaseResult>, Vec<String>) {
    let targets: Vec<Box<dyn Target>> =
        vec![Box::new(Moody { manner, inner: embedded::openssl(), starts: AtomicUsize::new(0) })];
    let out = tempfile::tempdir().unwrap();
    let options = Options { jobs: Some(1), ..run_into(out.path()) };
    let notes = Mutex::new(Vec::new());
    let report = |happening: Happening<'_>| {
        if let Happening::Note(text) = happening {
            notes.lock().unwrap().push(text.to_owned());
        }
    };
    let select = Select::parse(&[select]).unwrap();
    run(&CORPUS, &targets, &select, &options, &AtomicBool::new(false), &report).unwrap();
    let text = std::fs::read_to_string(out.path().join("results.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let cases = lines.filter_map(|line| if let Line::Case(case) = line { Some(*case) } else { None }).collect();
    (cases, notes.into_inner().unwrap())
}

const REFUSED: &str = "tls13/client_hello/compression_not_null";

fn all_are(cases: &[CaseResult], kind: Kind, attempts: &[Kind]) {
    assert!(cases.len() > 4, "{}", cases.len());
    for case in cases {
        assert_eq!((case.verdict, case.attempts.as_slice()), (kind, attempts), "{}: {}", case.id, case.reason);
    }
}

#[test]
fn what_always_happens_is_believed() {
    all_are(&results(Manner::Honest, REFUSED).0, Kind::Pass, &[Kind::Pass]);
    all_are(&results(Manner::Crashes, REFUSED).0, Kind::Crash, &[Kind::Crash, Kind::Crash]);
    all_are(&results(Manner::Hangs, REFUSED).0, Kind::Hang, &[Kind::Hang, Kind::Hang]);
}

#[test]
fn what_happens_once_is_told_apart_from_failures() {
    let (cases, _) = results(Manner::Wavers, REFUSED);
    assert_eq!(cases[0].attempts, [Kind::Fail, Kind::Pass, Kind::Pass]);
    assert_eq!(cases[0].verdict, Kind::Unstable);
    assert!(cases[0].reason.starts_with("once in 3 plays: "), "{}", cases[0].reason);
    all_are(&cases[1..], Kind::Pass, &[Kind::Pass]);
}

#[test]
fn a_death_is_told_even_if_it_does_not_repeat() {
    let (cases, _) = results(Manner::CrashesOnce, REFUSED);
    assert_eq!(cases[0].attempts, [Kind::Crash, Kind::Pass, Kind::Pass]);
    assert_eq!(cases[0].verdict, Kind::Crash);
    assert!(cases[0].reason.starts_with("once in 3 plays: "), "{}", cases[0].reason);
    all_are(&cases[1..], Kind::Pass, &[Kind::Pass]);
}

#[test]
fn one_that_never_comes_up_again_is_given_up() {
    let (cases, notes) = results(Manner::CrashesForGood, "tls13/client_hello/**");
    assert_eq!(cases.iter().filter(|case| case.verdict == Kind::Crash).count(), 1);
    let behind: Vec<&CaseResult> = cases.iter().filter(|case| case.verdict == Kind::Error).collect();
    assert!(behind.len() > 20, "{}", behind.len());
    let given_up = behind.iter().filter(|case| case.reason.contains("given up after 5 starts")).count();
    assert_eq!(given_up, behind.len() - 5, "the others were starts that failed");
    assert!(notes.iter().any(|note| note.contains("given up") && note.contains("5 times in a row")), "{notes:?}");
}

#[test]
fn growth_is_remarked_on() {
    let remarks = |manner| {
        let (cases, notes) = results(manner, "tls13/**");
        assert!(cases.len() > 500, "{}: too few to tell", cases.len());
        notes.into_iter().filter(|note| note.contains("may leak")).count()
    };
    assert!(remarks(Manner::Grows) > 0);
    assert_eq!(remarks(Manner::Honest), 0);
}
