//! Child processes that misbehave in every way we know.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use common::{PATIENCE, drain, options};
use gauntlet_model::{Close, Ending, Link, LinkError, Received, Role};
use gauntlet_target::{Instance, Target, by_name};
use rustix::process::{Pid, test_kill_process};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A profile around the misbehaving program.
struct Sample {
    dir: tempfile::TempDir,
}

impl Sample {
    fn new() -> Sample {
        Sample { dir: tempfile::tempdir().unwrap() }
    }

    fn note(&self) -> PathBuf {
        self.dir.path().join("note")
    }

    fn target(&self, mode: &str, more: &str) -> Box<dyn Target> {
        target(self.dir.path(), "server", mode, more)
    }

    /// The process id that the program has noted.
    fn noted(&self) -> Pid {
        noted(&self.note())
    }
}

fn target(dir: &Path, role: &str, mode: &str, more: &str) -> Box<dyn Target> {
    let file = dir.join("sample.yaml");
    let (program, note) = (env!("CARGO_BIN_EXE_gauntlet-misbehave"), dir.join("note"));
    let text = format!(
        "name: sample\n{role}:\n  command: \"'{program}' {mode} {{port}} '{}'\"\n  ready_within: 30\n{more}",
        note.display()
    );
    std::fs::write(&file, text).unwrap();
    by_name(file.to_str().unwrap()).unwrap()
}

fn noted(note: &Path) -> Pid {
    Pid::from_raw(std::fs::read_to_string(note).unwrap().parse().unwrap()).unwrap()
}

fn start(target: &dyn Target) -> Box<dyn Instance> {
    target.start(Role::Server, &options(&[])).unwrap()
}

fn refusal(target: &dyn Target) -> LinkError {
    target.start(Role::Server, &options(&[])).err().unwrap()
}

/// Says a word on a new connection and tells all that comes.
fn say(link: &mut dyn Link, word: &str) -> (Vec<u8>, Received) {
    let connection = link.connect().unwrap();
    link.send(connection, word.as_bytes());
    drain(link, connection)
}

fn gone(pid: Pid) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if test_kill_process(pid).is_err() || zombie(pid) {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

/// Dead, and left to a parent that is not us.
fn zombie(pid: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
}

#[test]
fn a_server_whose_port_was_taken_is_started_on_another() {
    let sample = Sample::new();
    let mut instance = start(sample.target("taken", "").as_ref());
    assert!(sample.note().exists(), "the first start must have failed");
    let mut link = instance.link().unwrap();
    assert_eq!(say(link.as_mut(), "hello").0, b"hello");
}

#[test]
fn echoes_and_is_restarted() {
    let sample = Sample::new();
    let target = sample.target("obeys", "");
    let mut instance = start(&*target);
    for _ in 0..2 {
        let mut link = instance.link().unwrap();
        let connection = link.connect().unwrap();
        link.send(connection, b"hello");
        assert_eq!(link.receive(connection, PATIENCE), Received::Bytes(b"hello".to_vec()));
        assert_eq!(link.receive(connection, Duration::from_millis(1)), Received::Quiet);
        assert!(link.exit().is_none());
        assert!(!link.is_memory());
        drop(link);
        instance.restart().unwrap();
    }
}

#[test]
fn endings_are_told_apart() {
    let sample = Sample::new();
    let mut instance = start(&*sample.target("obeys", ""));
    let mut link = instance.link().unwrap();
    assert_eq!(say(&mut *link, "close").1, Received::End(Ending::Fin));
    assert_eq!(say(&mut *link, "reset").1, Received::End(Ending::Rst));
    assert!(link.exit().is_none());
}

#[test]
fn deaths_are_told_apart() {
    for (word, status, signal) in [("abort", None, Some(6)), ("kill", None, Some(9)), ("exit", Some(5), None)] {
        let sample = Sample::new();
        let mut instance = start(&*sample.target("obeys", ""));
        let mut link = instance.link().unwrap();
        say(&mut *link, word);
        // No waiting here: who sees the connection end sees the death.
        let exit = link.exit().unwrap();
        assert_eq!((exit.status, exit.signal, exit.crashed), (status, signal, true), "{word}");
        assert!(matches!(link.connect(), Err(LinkError::Gone(_))));
        drop(link);
        assert!(matches!(instance.link().err(), Some(LinkError::Gone(_))));
        instance.restart().unwrap();
        let mut link = instance.link().unwrap();
        assert_eq!(say(&mut *link, "close").1, Received::End(Ending::Fin));
    }
}

#[test]
fn an_end_in_good_order_is_no_crash() {
    let sample = Sample::new();
    let mut instance = start(&*sample.target("obeys", "  exit: {orderly: [5]}\n"));
    let mut link = instance.link().unwrap();
    say(&mut *link, "exit");
    let exit = link.exit().unwrap();
    assert_eq!((exit.status, exit.crashed), (Some(5), false));
    drop(link);
    // It is started again for the next.
    assert_eq!(say(&mut *instance.link().unwrap(), "close").1, Received::End(Ending::Fin));
    let mut link = instance.link().unwrap();
    say(&mut *link, "abort");
    assert!(link.exit().unwrap().crashed);
}

#[test]
fn a_sanitizers_report_is_a_crash_though_it_lives() {
    let sample = Sample::new();
    let mut instance = start(&*sample.target("obeys", ""));
    let mut link = instance.link().unwrap();
    let connection = link.connect().unwrap();
    link.send(connection, b"report");
    assert_eq!(link.receive(connection, PATIENCE), Received::Bytes(b"reported".to_vec()));
    let deadline = Instant::now() + PATIENCE;
    // A thread is reading its stderr.
    let exit = std::iter::repeat_with(|| link.exit()).take_while(|_| Instant::now() < deadline).flatten().next();
    let exit = exit.unwrap();
    assert!(exit.crashed && exit.status.is_none() && exit.signal.is_none());
    assert!(exit.stderr.contains("heap-use-after-free"));
}

#[test]
fn noise_is_bounded_and_its_end_is_kept() {
    let sample = Sample::new();
    let mut instance = start(&*sample.target("obeys", ""));
    let mut link = instance.link().unwrap();
    let connection = link.connect().unwrap();
    link.send(connection, b"noise");
    assert_eq!(link.receive(connection, PATIENCE), Received::Bytes(b"made".to_vec()));
    say(&mut *link, "abort");
    let stderr = link.exit().unwrap().stderr;
    assert!(stderr.ends_with("THE END") && stderr.len() == 64 << 10, "{}", stderr.len());
}

#[test]
fn a_flood_is_bounded_and_both_may_write_much() {
    let sample = Sample::new();
    let mut instance = start(&*sample.target("obeys", ""));
    let mut link = instance.link().unwrap();
    let flood = link.connect().unwrap();
    link.send(flood, b"flood");
    for _ in 0..100 {
        let Received::Bytes(bytes) = link.receive(flood, PATIENCE) else { panic!("no flood") };
        assert!(bytes.len() <= 64 << 10);
    }
    // It reads nothing any more, and this comes back all the same.
    let start = Instant::now();
    link.send(flood, &vec![1; 32 << 20]);
    assert!(start.elapsed() < PATIENCE);
    // More than any socket holds, sent at once to one that sends it all back.
    let echo = link.connect().unwrap();
    let much = vec![7; 3 << 20];
    link.send(echo, &much);
    let mut echoed = 0;
    while echoed < much.len() {
        let Received::Bytes(bytes) = link.receive(echo, PATIENCE) else { panic!("{echoed}") };
        echoed += bytes.len();
    }
}

#[test]
fn what_came_before_a_reset_is_read() {
    let sample = Sample::new();
    let mut instance = start(&*sample.target("obeys", ""));
    let mut link = instance.link().unwrap();
    let connection = link.connect().unwrap();
    link.send(connection, b"last words");
    assert_eq!(link.receive(connection, PATIENCE), Received::Bytes(b"last words".to_vec()));
    link.send(connection, b"reset");
    assert_eq!(link.receive(connection, PATIENCE), Received::End(Ending::Rst));
    link.send(connection, b"into the void");
    assert_eq!(link.receive(connection, PATIENCE), Received::End(Ending::Rst));
}

#[test]
fn our_half_is_closed_alone() {
    let sample = Sample::new();
    let mut instance = start(&*sample.target("obeys", ""));
    let mut link = instance.link().unwrap();
    let connection = link.connect().unwrap();
    link.send(connection, b"bye");
    link.close(connection, Close::Half);
    assert_eq!(drain(&mut *link, connection), (b"bye".to_vec(), Received::End(Ending::Fin)));
}

#[test]
fn one_at_a_time_is_kept() {
    let sample = Sample::new();
    let target = sample.target("obeys", "  one_at_a_time: true\n");
    assert!(!target.is_concurrent(Role::Server));
    let mut instance = start(&*target);
    let mut link = instance.link().unwrap();
    let first = link.connect().unwrap();
    assert_eq!(link.connect(), Err(LinkError::Busy));
    // Its end is seen, though nobody has read it.
    link.send(first, b"close");
    let deadline = Instant::now() + PATIENCE;
    while link.connect().is_err() {
        assert!(Instant::now() < deadline);
    }
    link.close(1, Close::Fin);
    assert_eq!(link.connect(), Ok(2));
}

/// A server that echoes only because what it prints is typed in again.
fn console(sample: &Sample) -> Box<dyn Instance> {
    start(&*sample.target("console", "  one_at_a_time: true\n  echo: {}\n"))
}

#[test]
fn what_a_console_said_to_one_is_not_said_to_the_next() {
    let sample = Sample::new();
    let mut instance = console(&sample);
    for round in 0..60 {
        let mut link = instance.link().unwrap();
        let connection = link.connect().unwrap();
        assert_eq!(link.receive(connection, PATIENCE), Received::Quiet, "{round}");
        let word = format!("word {round}").into_bytes();
        link.send(connection, &word);
        assert_eq!(link.receive(connection, PATIENCE), Received::Bytes(word));
        // What comes of this is not waited for.
        link.send(connection, &[b'x'; 30_000]);
        match round % 4 {
            0 => link.close(connection, Close::Fin),
            1 => link.close(connection, Close::Half),
            2 => link.close(connection, Close::Rst),
            _ => {}
        }
    }
}

#[test]
fn further_connections_of_a_console_hear_nothing_of_the_first() {
    let sample = Sample::new();
    let mut instance = console(&sample);
    let mut link = instance.link().unwrap();
    for _ in 0..20 {
        let connection = link.connect().unwrap();
        assert_eq!(link.receive(connection, PATIENCE), Received::Quiet);
        link.send(connection, b"unheard");
        link.close(connection, Close::Fin);
    }
}

#[test]
fn a_console_that_clings_to_a_connection_is_started_anew() {
    let sample = Sample::new();
    let mut instance = console(&sample);
    let first = sample.noted();
    let mut link = instance.link().unwrap();
    let connection = link.connect().unwrap();
    link.send(connection, b"cling");
    drop(link);
    assert_eq!(say_and_hear(&mut *instance.link().unwrap(), b"hello"), Received::Bytes(b"hello".to_vec()));
    assert_ne!(sample.noted(), first);
    assert!(gone(first));
}

/// Says a word on a new connection, and tells what comes first.
fn say_and_hear(link: &mut dyn Link, word: &[u8]) -> Received {
    let connection = link.connect().unwrap();
    link.send(connection, word);
    link.receive(connection, PATIENCE)
}

#[test]
fn much_that_a_console_says_is_said_back_to_it() {
    let sample = Sample::new();
    let mut instance = console(&sample);
    let mut link = instance.link().unwrap();
    let connection = link.connect().unwrap();
    let much = vec![7; 3 << 20];
    link.send(connection, &much);
    let mut echoed = 0;
    while echoed < much.len() {
        let Received::Bytes(bytes) = link.receive(connection, PATIENCE) else { panic!("{echoed}") };
        echoed += bytes.len();
    }
}

#[test]
fn it_is_asked_by_its_stdin() {
    let sample = Sample::new();
    let more = "  options: {loud: {values: {yes: ''}}}\n  ask: {speak: {input: \"spoken\\n\"}, shout: {input: x, with: {loud: yes}}}\n";
    let target = sample.target("obeys", more);
    assert_eq!(target.options_to_ask(Role::Server, "shout"), Some(options(&[("loud", "yes")])));
    assert_eq!(target.options_to_ask(Role::Server, "sing"), None);
    let mut instance = start(&*target);
    let mut link = instance.link().unwrap();
    let connection = link.connect().unwrap();
    link.send(connection, b"stdin");
    link.ask(connection, "speak").unwrap();
    assert_eq!(link.receive(connection, PATIENCE), Received::Bytes(b"spoken\n".to_vec()));
    assert_eq!(link.ask(connection, "sing"), Err(LinkError::NoAction("sing".to_owned())));
    let refused = link.ask(connection, "shout").unwrap_err().to_string();
    assert_eq!(refused, "`shout` needs a target started with `loud: yes`");
}

#[test]
fn a_line_can_say_that_it_is_ready() {
    let sample = Sample::new();
    let mut instance = start(&*sample.target("says", "  ready: {line: LISTENING}\n"));
    assert_eq!(say(&mut *instance.link().unwrap(), "close").1, Received::End(Ending::Fin));
}

#[test]
fn dying_at_once_is_told_with_its_last_words() {
    let error = refusal(&*Sample::new().target("dies", "")).to_string();
    assert!(error.contains("ended before it was ready") && error.contains("exit status: 3"), "{error}");
    assert!(error.contains("no strength left"), "{error}");
}

#[test]
fn never_ready_is_given_up() {
    let sample = Sample::new();
    let file = sample.dir.path().join("sample.yaml");
    sample.target("never", "");
    let text = std::fs::read_to_string(&file).unwrap().replace("ready_within: 30", "ready_within: 0");
    std::fs::write(&file, text).unwrap();
    let error = refusal(&*by_name(file.to_str().unwrap()).unwrap()).to_string();
    assert!(error.contains("was not ready in time: still running"), "{error}");
}

#[test]
fn a_missing_program_is_told_with_the_hint() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.yaml");
    std::fs::write(&file, "name: x\ninstall: buy it\nserver: {command: gauntlet-no-such-program}\n").unwrap();
    let error = refusal(&*by_name(file.to_str().unwrap()).unwrap()).to_string();
    assert!(error.contains("gauntlet-no-such-program") && error.contains("to install it: buy it"), "{error}");
}

#[test]
fn nobody_is_left_behind() {
    for mode in ["obeys", "family"] {
        let sample = Sample::new();
        let instance = start(&*sample.target(mode, ""));
        let pid = sample.noted();
        assert!(test_kill_process(pid).is_ok());
        drop(instance);
        assert!(gone(pid), "{mode}");
    }
}

#[test]
fn nobody_is_left_behind_by_a_panic() {
    let sample = Sample::new();
    let note = sample.note();
    let target = sample.target("obeys", "");
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _instance = start(&*target);
        std::panic::resume_unwind(Box::new("planned"));
    }));
    assert!(caught.is_err());
    assert!(gone(noted(&note)));
}

#[test]
fn it_outlives_the_thread_that_started_it() {
    let sample = Sample::new();
    let target = sample.target("obeys", "");
    let mut instance = std::thread::scope(|scope| scope.spawn(|| start(&*target)).join().unwrap());
    assert_eq!(say(&mut *instance.link().unwrap(), "close").1, Received::End(Ending::Fin));
}

#[test]
#[ignore = "run by the next test, as a process of its own"]
#[expect(clippy::print_stdout, reason = "how it tells the other")]
fn holds_a_child() {
    let Some(dir) = std::env::var_os("GAUNTLET_TEST_DIR") else { return };
    let _instance = start(&*target(Path::new(&dir), "server", "obeys", ""));
    println!("\nSTARTED");
    std::thread::sleep(PATIENCE);
}

#[test]
fn children_die_when_we_are_killed() {
    let sample = Sample::new();
    let mut us = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_a_child", "--ignored", "--nocapture"])
        .env("GAUNTLET_TEST_DIR", sample.dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(us.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "STARTED"));
    let child = sample.noted();
    us.kill().unwrap();
    assert_eq!(us.wait().unwrap().signal(), Some(9));
    assert!(gone(child));
}

#[test]
fn instances_run_side_by_side() {
    let sample = Sample::new();
    let target = sample.target("obeys", "");
    let mut instances: Vec<_> = (0..3).map(|_| start(&*target)).collect();
    for instance in &mut instances {
        assert_eq!(say(&mut *instance.link().unwrap(), "close").1, Received::End(Ending::Fin));
    }
}

#[test]
fn a_client_is_started_for_each_connection() {
    let sample = Sample::new();
    let target = target(sample.dir.path(), "client", "connects", "");
    let mut instance = target.start(Role::Client, &options(&[])).unwrap();
    let mut link = instance.link().unwrap();
    for _ in 0..2 {
        let connection = link.connect().unwrap();
        assert_eq!(link.receive(connection, PATIENCE), Received::Bytes(b"hi".to_vec()));
        link.close(connection, Close::Half);
        assert_eq!(link.receive(connection, PATIENCE), Received::End(Ending::Fin));
        let exit = link.exit().unwrap();
        assert_eq!((exit.status, exit.crashed), (Some(7), false));
    }
}

/// Takes a connection, tells what was said on it, and ends it.
fn hear(link: &mut dyn Link) -> String {
    let connection = link.connect().unwrap();
    let Received::Bytes(bytes) = link.receive(connection, PATIENCE) else { return String::new() };
    link.close(connection, Close::Half);
    assert_eq!(link.receive(connection, PATIENCE), Received::End(Ending::Fin));
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_client_that_keeps_its_sessions_to_itself_makes_all_connections() {
    let sample = Sample::new();
    let more = "  reconnects: true\n  options:\n    resumption: {values: {no: '', yes: ''}}\n";
    let target = target(sample.dir.path(), "client", "again", more);
    let mut instance = target.start(Role::Client, &options(&[("resumption", "yes")])).unwrap();
    let mut link = instance.link().unwrap();
    assert_eq!((hear(&mut *link), hear(&mut *link)), ("hi".to_owned(), "hi".to_owned()));
    assert_eq!(link.connect(), Err(LinkError::StaysAway("exit status: 7".to_owned())));
    drop(link);
    // Not told to resume, it is started for each connection.
    let mut instance = target.start(Role::Client, &options(&[("resumption", "no")])).unwrap();
    let mut link = instance.link().unwrap();
    assert_eq!((0..3).map(|_| hear(&mut *link)).collect::<Vec<_>>(), ["hi", "hi", "hi"]);
}

#[test]
fn a_further_client_gets_the_session_that_the_one_before_has_left() {
    let sample = Sample::new();
    let file = sample.dir.path().join("sample.yaml");
    let (program, words) =
        (env!("CARGO_BIN_EXE_gauntlet-misbehave"), "    resumption: {values: {no: '', yes: '{session}'}}");
    let text = format!(
        "name: sample\nclient:\n  command: \"'{program}' recalls {{port}}\"\n  further: again\n  options:\n{words}\n"
    );
    std::fs::write(&file, text).unwrap();
    let target = by_name(file.to_str().unwrap()).unwrap();
    let mut instance = target.start(Role::Client, &options(&[("resumption", "yes")])).unwrap();
    let mut link = instance.link().unwrap();
    let session = hear(&mut *link);
    assert_eq!(hear(&mut *link), format!("{session} again"));
    drop(link);
    assert!(!Path::new(&session).exists(), "{session} is left behind");
    let mut link = instance.link().unwrap();
    assert_ne!(hear(&mut *link), session, "another case, another session");
}

#[test]
fn a_client_that_never_connects_is_told() {
    let sample = Sample::new();
    let target = target(sample.dir.path(), "client", "dies", "");
    let mut instance = target.start(Role::Client, &options(&[])).unwrap();
    let error = instance.link().unwrap().connect().unwrap_err().to_string();
    assert!(error.contains("ended without connecting: exit status: 3: no strength left"), "{error}");
}

/// A client of the misbehaving program.
fn client(sample: &Sample, mode: &str, more: &str) -> Box<dyn Instance> {
    target(sample.dir.path(), "client", mode, more).start(Role::Client, &options(&[])).unwrap()
}

#[test]
fn a_client_that_connects_twice_is_served_once() {
    let sample = Sample::new();
    let mut instance = client(&sample, "twice", "");
    let mut link = instance.link().unwrap();
    let connection = link.connect().unwrap();
    // Which of the two is the first to be accepted is the system's choice; the other is nobody's.
    link.close(connection, Close::Fin);
    drop(link);
    let mut link = instance.link().unwrap();
    assert_eq!(link.connect(), Ok(0));
}

#[test]
fn a_client_that_falls_is_a_crash() {
    let sample = Sample::new();
    let mut instance = client(&sample, "falls", "");
    let mut link = instance.link().unwrap();
    let connection = link.connect().unwrap();
    assert_eq!(link.receive(connection, PATIENCE), Received::Bytes(b"hi".to_vec()));
    link.send(connection, b"anything");
    assert!(matches!(link.receive(connection, PATIENCE), Received::End(_)));
    let exit = link.exit().unwrap();
    assert_eq!((exit.signal, exit.crashed), (Some(6), true));
}

#[test]
fn a_client_that_clings_is_known_to_live_and_is_taken_down() {
    let sample = Sample::new();
    let note = sample.note();
    let mut instance = client(&sample, "clings", "");
    let mut link = instance.link().unwrap();
    let connection = link.connect().unwrap();
    link.close(connection, Close::Fin);
    assert!(link.exit().is_none());
    drop(link);
    assert!(gone(noted(&note)));
}

#[test]
fn a_client_that_stays_away_is_given_up_and_taken_down() {
    let sample = Sample::new();
    let file = sample.dir.path().join("sample.yaml");
    target(sample.dir.path(), "client", "never", "");
    let text = std::fs::read_to_string(&file).unwrap().replace("ready_within: 30", "ready_within: 0");
    std::fs::write(&file, text).unwrap();
    let mut instance = by_name(file.to_str().unwrap()).unwrap().start(Role::Client, &options(&[])).unwrap();
    let mut link = instance.link().unwrap();
    let error = link.connect().unwrap_err().to_string();
    assert!(error.contains("did not connect in time: still running"), "{error}");
}

#[test]
fn an_exit_status_says_what_its_profile_says_of_it() {
    for (more, said) in
        [("  exit: {accepted: [7]}\n", Some(true)), ("  exit: {refused: [7]}\n", Some(false)), ("", None)]
    {
        let sample = Sample::new();
        let mut instance = client(&sample, "connects", more);
        let mut link = instance.link().unwrap();
        let connection = link.connect().unwrap();
        link.close(connection, Close::Fin);
        assert_eq!(link.exit().unwrap().accepted, said);
    }
}
