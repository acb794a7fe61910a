//! Reports of hand-made runs and transcripts, compared with snapshots that people have read.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod baseline;
mod coverage;
mod html;
mod junit;
mod ladder;
mod run;
mod samples;
mod terminal;
