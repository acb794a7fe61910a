//! From scenarios and targets to results: probe, twins, schedule, confirmation, one stream of events.
//!
//! [`run`] takes a corpus, targets and a selection, and writes `results.jsonl` line by line as cases
//! end; whoever wants to show progress folds over the [`Happening`]s. Every case is played on an instance
//! of its own worker; order, threads and shards change nothing, since a case's seed is made from the
//! run's seed and the case id.

mod cost;
mod evidence;
mod faults;
mod flakes;
mod plain;
mod probe;
mod run;
mod select;
mod selftest;
mod supervise;

pub use evidence::write as write_evidence;
pub use faults::caught_by;
pub use plain::plain_handshake;
pub use probe::probe;
pub use run::{
    Happening, Keep, Options, RunError, Summary, case_seed, midnight, patient, run, run_case, scenario_role,
};
pub use select::{Select, SelectError};
pub use selftest::{Witnesses, witnesses};

#[doc(no_inline)]
pub use gauntlet_play::AlertPolicy;
