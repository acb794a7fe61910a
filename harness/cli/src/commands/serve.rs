//! `serve`: an embedded stack, or one of our own sides, as a process.

use crate::args::Serve;
use crate::{Exit, Failure};
use std::io::Write as _;
use std::net::TcpListener;

/// Serves until it is ended. The first line of output says where.
pub(crate) fn serve(arguments: &Serve) -> Result<Exit, Failure> {
    let name = match arguments.stack.as_str() {
        "openssl" => "embedded-openssl",
        "rustls" => "embedded-rustls",
        other => other,
    };
    let target = super::target(name)?;
    if !target.is_memory() {
        return Err(Failure::usage(format!("`{name}` is no stack of ours; it serves by itself")));
    }
    let failed = |text: String| Failure { text, exit: Exit::Unreachable };
    let listener =
        TcpListener::bind(&arguments.listen).map_err(|error| failed(format!("{}: {error}", arguments.listen)))?;
    let address = listener.local_addr().map_err(|error| failed(error.to_string()))?;
    if !address.ip().is_loopback() {
        return Err(Failure::usage(format!("{address} is no loopback address")));
    }
    let mut out = anstream::stdout();
    let _ = writeln!(out, "listening on {address}").and_then(|()| out.flush());
    let serve = if arguments.in_turn { gauntlet_target::serve::serve_in_turn } else { gauntlet_target::serve::serve };
    serve(target.as_ref(), &Default::default(), &listener).map_err(|error| failed(error.to_string()))?;
    Ok(Exit::Expected)
}
