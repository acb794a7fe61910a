//! `serve`: an embedded stack, or one of our own sides, as a process.

use crate::args::Serve;
use crate::{Exit, Failure};

/// Serves until it is ended.
pub(crate) fn serve(arguments: &Serve) -> Result<Exit, Failure> {
    Err(Failure::usage(format!("there is no stack `{}`", arguments.stack)))
}
