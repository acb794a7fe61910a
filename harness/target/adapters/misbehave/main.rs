//! Servers, and a client, that misbehave when told: `gauntlet-misbehave MODE PORT [FILE]`.
//!
//! | mode | does |
//! |---|---|
//! | `obeys` | echoes, but for the words below; FILE gets its process id |
//! | `family` | the same, with a child of its own, whose id FILE gets |
//! | `dies` | ends with status 3 at once |
//! | `never` | never listens |
//! | `taken` | the first time says that its port is taken, and makes FILE; with FILE there, as `obeys` |
//! | `says` | writes LISTENING to stdout, then as `obeys` |
//! | `console` | prints what it hears and says what is typed, to one connection at a time; at its end prints `stale`; told `cling` it does nothing any more; FILE gets its process id |
//! | `connects` | a client: connects, sends "hi", ends with status 7 when the server ends |
//! | `clings` | a client: connects, says nothing, ignores SIGTERM and the end of the connection; FILE gets its process id |
//! | `twice` | a client: connects two times, sends "hi" on the first, ends with status 7 when the server ends |
//! | `again` | a client: as `connects`, two times one after the other |
//! | `recalls` | a client: connects, says its arguments behind PORT, makes FILE, and ends when the server does |
//! | `falls` | a client: connects, and aborts as soon as something comes |
//!
//! Words that a connection may carry: `close`, `reset`, `flood`, `abort`, `kill`, `exit`, `report`, `noise`, `stdin`.

use rustix::event::{PollFd, PollFlags, poll};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, ExitCode};
use std::time::Duration;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let [own, mode, port, file @ ..] = arguments.as_slice() else { return ExitCode::from(2) };
    let port = port.parse().unwrap_or_default();
    let note = |id: u32| file.first().map_or(Ok(()), |file| std::fs::write(file, id.to_string()));
    let done = match mode.as_str() {
        "obeys" => note(std::process::id()).and_then(|()| obey(port)),
        "says" => {
            // Only then may it be connected to.
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
            println!("LISTENING at {port}");
            listener.and_then(|listener| listen(&listener))
        }
        "family" => {
            Command::new(own).args(["never", "0"]).spawn().and_then(|child| note(child.id())).and_then(|()| obey(port))
        }
        "never" => loop {
            std::thread::park();
        },
        "taken" => match file.first().is_some_and(|file| std::fs::exists(file).unwrap_or(false)) {
            true => obey(port),
            false => note(0).and(Err(rustix::io::Errno::ADDRINUSE.into())),
        },
        "console" => note(std::process::id()).and_then(|()| console(port)),
        "connects" => return connect(port),
        "again" => {
            connect(port);
            return connect(port);
        }
        "recalls" => recall(port, file),
        "twice" => {
            let _other = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
            return connect(port);
        }
        "falls" => fall(port),
        "clings" => note(std::process::id()).and_then(|()| cling(port)),
        _ => {
            eprintln!("no strength left");
            return ExitCode::from(3);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(4)
        }
    }
}

fn console(port: u16) -> std::io::Result<()> {
    for stream in TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.incoming() {
        chat(stream?)?;
    }
    Ok(())
}

fn chat(mut stream: TcpStream) -> std::io::Result<()> {
    let (stdin, mut stdout) = (std::io::stdin(), std::io::stdout());
    let mut chunk = [0; 4096];
    loop {
        let mut wanted = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&stream, PollFlags::IN)];
        poll(&mut wanted, None)?;
        let [typed, heard] = wanted.map(|one| !one.revents().is_empty());
        if typed {
            let count = rustix::io::read(&stdin, &mut chunk)?;
            // Whoever has gone is not told.
            let _ = stream.write_all(&chunk[..count]);
        }
        if heard {
            match stream.read(&mut chunk) {
                Ok(count @ 1..) if &chunk[..count] == b"cling" => loop {
                    std::thread::park();
                },
                Ok(count @ 1..) => stdout.write_all(&chunk[..count])?,
                Ok(0) | Err(_) => {
                    stdout.write_all(b"stale")?;
                    return stdout.flush();
                }
            }
            stdout.flush()?;
        }
    }
}

fn fall(port: u16) -> std::io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.write_all(b"hi")?;
    stream.take(1).read_to_end(&mut Vec::new())?;
    std::process::abort()
}

fn recall(port: u16, words: &[String]) -> std::io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.write_all(words.join(" ").as_bytes())?;
    stream.read_to_end(&mut Vec::new())?;
    words.first().map_or(Ok(()), |file| std::fs::write(file, "session"))
}

fn cling(port: u16) -> std::io::Result<()> {
    // A shell that does not mind being asked to go.
    Command::new("sh").args(["-c", "trap '' TERM; sleep 600"]).spawn()?;
    let _stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    loop {
        std::thread::park();
    }
}

fn obey(port: u16) -> std::io::Result<()> {
    listen(&TcpListener::bind((Ipv4Addr::LOCALHOST, port))?)
}

fn listen(listener: &TcpListener) -> std::io::Result<()> {
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || serve(stream));
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a program of its own")]
fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut chunk = [0; 16 << 10];
    loop {
        let count = stream.read(&mut chunk)?;
        match &chunk[..count] {
            b"" | b"close" => return Ok(()),
            b"reset" => return socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)),
            b"flood" => loop {
                stream.write_all(&[b'x'; 16 << 10])?;
            },
            b"abort" => std::process::abort(),
            b"kill" => rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)?,
            b"exit" => std::process::exit(5),
            b"report" => {
                eprintln!("==1==ERROR: AddressSanitizer: heap-use-after-free");
                stream.write_all(b"reported")?;
            }
            b"noise" => {
                eprint!("{}THE END", "noise ".repeat(100_000));
                stream.write_all(b"made")?;
            }
            b"stdin" => {
                let mut line = String::new();
                std::io::stdin().read_line(&mut line)?;
                stream.write_all(line.as_bytes())?;
            }
            words => stream.write_all(words)?,
        }
    }
}

fn connect(port: u16) -> ExitCode {
    let converse = || -> std::io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.write_all(b"hi")?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    };
    match converse() {
        Ok(()) => ExitCode::from(7),
        Err(_) => ExitCode::from(8),
    }
}
