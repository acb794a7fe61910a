//! `selftest`: a passing and a failing witness for every scenario.

use crate::args::Selftest;
use crate::{Exit, Failure, data};

/// Names every scenario that lacks a witness.
pub(crate) fn selftest(arguments: &Selftest) -> Result<Exit, Failure> {
    let (corpus, _) = data::corpus_and_select(&arguments.selection)?;
    Err(Failure::usage(format!("{} scenarios", corpus.scenarios.len())))
}
