//! Small BoGo shims on two stacks: `gauntlet-shim openssl|rustls FLAGS`. They show how a shim becomes a target, and prove that
//! it can be one. A flag that is not known exits with 89.

mod openssl_shim;
mod rustls_shim;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::ExitCode;

/// The flags of the shims that are understood here.
#[derive(Default)]
struct Flags {
    port: u16,
    id: u64,
    server: bool,
    cert: String,
    key: String,
    roots: String,
    name: String,
    min: u16,
    max: u16,
    resumptions: u32,
    require_certificate: bool,
    verify_peer: bool,
    writes_first: bool,
    alpn: Vec<u8>,
}

/// What the shim cannot do.
struct Unknown;

impl Flags {
    fn parse(words: &[String]) -> Result<Flags, Unknown> {
        let mut flags = Flags { min: 0x0303, max: 0x0304, ..Flags::default() };
        let mut words = words.iter();
        while let Some(flag) = words.next() {
            let mut value = || words.next().cloned().ok_or(Unknown);
            match flag.as_str() {
                "-port" => flags.port = number(&value()?)?,
                "-shim-id" => flags.id = number(&value()?)?,
                "-server" => flags.server = true,
                "-cert-file" => flags.cert = value()?,
                "-key-file" => flags.key = value()?,
                "-trust-cert" => flags.roots = value()?,
                "-host-name" => flags.name = value()?,
                "-min-version" => flags.min = number(&value()?)?,
                "-max-version" => flags.max = number(&value()?)?,
                "-resume-count" => flags.resumptions = number(&value()?)?,
                "-require-any-client-certificate" => flags.require_certificate = true,
                "-verify-peer" => flags.verify_peer = true,
                "-shim-writes-first" => flags.writes_first = true,
                "-select-alpn" | "-advertise-alpn" => flags.alpn = value()?.into_bytes(),
                _ => return Err(Unknown),
            }
        }
        Ok(flags)
    }

    /// Dials, and says who it is.
    fn dial(&self) -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.write_all(&self.id.to_le_bytes())?;
        Ok(stream)
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, Unknown> {
    text.parse().map_err(|_| Unknown)
}

/// Sends back each byte, inverted, until the other side ends.
fn echo(stream: &mut (impl Read + Write), writes_first: bool) -> std::io::Result<()> {
    if writes_first {
        stream.write_all(b"hello")?;
    }
    let mut chunk = [0; 16 << 10];
    loop {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        chunk[..count].iter_mut().for_each(|byte| *byte ^= 0xff);
        stream.write_all(&chunk[..count])?;
        stream.flush()?;
    }
}

#[expect(clippy::print_stderr, reason = "a program of its own")]
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (stack, flags) = match words.split_first() {
        Some((stack, rest)) => (stack.as_str(), Flags::parse(rest)),
        None => ("", Err(Unknown)),
    };
    let outcome = match (stack, flags) {
        ("openssl", Ok(flags)) => openssl_shim::play(&flags),
        ("rustls", Ok(flags)) => rustls_shim::play(&flags),
        _ => return ExitCode::from(89),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(1)
        }
    }
}
