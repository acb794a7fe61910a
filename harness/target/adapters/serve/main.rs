//! An embedded stack as a server: `gauntlet-serve embedded-rustls 4433 client_auth=require ...`.
//!
//! Writes READY once it listens on 127.0.0.1, and serves until it is killed.

use gauntlet_model::Role;
use gauntlet_target::{Options, embedded, serve::serve};
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [name, "version"] => target(name).map(|target| println!("{}", target.version())),
        [name, port, options @ ..] => run(name, port, options, || println!("READY")),
        _ => Err("usage: gauntlet-serve STACK PORT [OPTION=VALUE]... or gauntlet-serve STACK version".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("gauntlet-serve: {reason}");
            ExitCode::from(2)
        }
    }
}

fn target(name: &str) -> Result<Box<dyn gauntlet_target::Target>, String> {
    embedded::by_name(name).ok_or_else(|| format!("no embedded stack `{name}`"))
}

fn run(name: &str, port: &str, options: &[&str], ready: impl FnOnce()) -> Result<(), String> {
    let target = target(name)?;
    let port: u16 = port.parse().map_err(|_| format!("`{port}` is no port"))?;
    let options = options.iter().map(|option| {
        let (name, value) = option.split_once('=').ok_or_else(|| format!("`{option}`: expected OPTION=VALUE"))?;
        Ok((name.to_owned(), value.to_owned()))
    });
    let options: Options = options.collect::<Result<_, String>>()?;
    target.supports(Role::Server, &options)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| format!("port {port}: {error}"))?;
    ready();
    serve(&*target, &options, &listener).map_err(|error| error.to_string())
}
