//! Reports of hand-made runs and transcripts, compared with snapshots that people have read.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod baseline;
mod compare;
mod cost;
mod coverage;
mod formats;
mod html;
mod junit;
mod ladder;
mod run;
mod samples;
mod schema;
mod terminal;
