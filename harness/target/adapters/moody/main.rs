//! OpenSSL in a process of its own, in a mood: `gauntlet-moody MOOD server|client PORT [FILE]`.
//!
//! | mood | in place of illegal_parameter in the clear |
//! |---|---|
//! | `honest` | says it |
//! | `crashes` | aborts |
//! | `frail` | aborts, and so at any other alert |
//! | `hangs` | says nothing any more, to nobody |
//! | `flaky` | says nothing on that connection, the first time; FILE is made then |
//! | `lies` | a server tells its console that it refused, and closes; a client says it, and exits as if all were well |
//! | `denies` | says it; a client exits as if nothing were well |
//! | `sleeps` | says it, but takes its time |
//! | `computes` | the same, and is busy all the while |
//! | `leaks` | says it, and keeps a mebibyte of each connection for ever |

use gauntlet_model::Role;
use gauntlet_target::serve::carry_through;
use gauntlet_target::{Options, embedded};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Longer than any wait for one that is found idle.
const SLOW: Duration = Duration::from_millis(700);
/// Its number among alerts.
const ILLEGAL_PARAMETER: u8 = 47;

static HANGS: AtomicBool = AtomicBool::new(false);

#[expect(clippy::print_stderr, reason = "a program of its own")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mood, role, port, file @ ..] = arguments.as_slice() else {
        eprintln!("usage: gauntlet-moody MOOD server|client PORT [FILE]");
        return ExitCode::from(2);
    };
    let port = port.parse().unwrap_or_default();
    let file = file.first().map(PathBuf::from);
    let refused = match role.as_str() {
        "client" => TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .map(|stream| play(mood, Role::Client, stream, file.as_deref())),
        _ => serve(mood, port, file),
    };
    match (refused, mood.as_str()) {
        (Ok(true), "lies") => ExitCode::SUCCESS,
        (Ok(false), "denies") | (Ok(true) | Err(_), _) => ExitCode::from(1),
        (Ok(false), _) => ExitCode::SUCCESS,
    }
}

#[expect(clippy::print_stdout, reason = "a program of its own")]
fn serve(mood: &str, port: u16, file: Option<PathBuf>) -> std::io::Result<bool> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    println!("READY");
    for stream in listener.incoming() {
        let (stream, mood, file) = (stream?, mood.to_owned(), file.clone());
        std::thread::spawn(move || play(&mood, Role::Server, stream, file.as_deref()));
    }
    Ok(false)
}

/// One connection: whether it was refused.
#[expect(clippy::print_stdout, reason = "a program of its own")]
fn play(mood: &str, role: Role, stream: TcpStream, file: Option<&Path>) -> bool {
    if mood == "leaks" {
        // Looked at, or the compiler does without it.
        std::mem::forget(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
    let mut refused = false;
    let mut change = |bytes: Vec<u8>| {
        while HANGS.load(Ordering::Relaxed) {
            std::thread::park();
        }
        if !bytes.starts_with(&[21, 3]) {
            return Some(bytes);
        }
        refused = true;
        if mood != "frail" && bytes.get(6) != Some(&ILLEGAL_PARAMETER) {
            return Some(bytes);
        }
        match mood {
            "crashes" | "frail" => std::process::abort(),
            "sleeps" => {
                std::thread::sleep(SLOW);
                Some(bytes)
            }
            "computes" => {
                be_busy();
                Some(bytes)
            }
            "hangs" => {
                HANGS.store(true, Ordering::Relaxed);
                loop {
                    std::thread::park();
                }
            }
            "flaky" if file.is_some_and(|file| !file.exists()) => {
                file.map(|file| std::fs::write(file, "")).transpose().ok()?;
                loop {
                    std::thread::park();
                }
            }
            "lies" if role == Role::Server => {
                println!("refused");
                None
            }
            _ => Some(bytes),
        }
    };
    // Whoever hung up in mid-word has been heard all the same.
    let _ = carry_through(embedded::openssl().as_ref(), role, &Options::new(), stream, &mut change);
    refused
}

fn be_busy() {
    let until = Instant::now() + SLOW;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}
