//! The nouns that cross crate borders: what is played, what happened, what it means.
//!
//! | module | nouns |
//! |---|---|
//! | [`case`] | `Case`, its `Step`s, `Expect`, `Alteration`, values and conditions: what is to be done |
//! | [`chain`] | `ChainSpec`: a certificate chain by its difference from a good one |
//! | [`link`] | `Link`: how bytes reach a target |
//! | [`transcript`] | `Event`, `Transcript`: everything that happened in a case |
//! | [`verdict`] | `Verdict`, `Reaction`: what it means |
//! | [`result`] | the lines of `results.jsonl`, and reading and writing them |
//! | [`capabilities`] | what a target can do |
//!
//! Types only, and their reading and writing; behaviour lives above.

pub mod capabilities;
pub mod case;
pub mod chain;
pub mod link;
pub mod names;
pub mod result;
pub mod transcript;
pub mod verdict;

pub use capabilities::{Capabilities, Learnt};
pub use case::{
    Alteration, Case, Close, Condition, Cut, Direction, Ech, Expect, Form, HandshakeOptions, HandshakeStep, KeysOf,
    MessageChange, MessageRef, Mutation, Needs, Operation, Place, Plays, Record, RecordItem, Remember, Resume, Role,
    SendStep, Sequence, Step, StepKind, Val, Which,
};
pub use chain::ChainSpec;
pub use link::{Link, LinkError, Received};
pub use result::{CaseResult, EndLine, Line, RunLine, TargetLine};
pub use transcript::{Ending, Event, Side, Transcript, What};
pub use verdict::{Form as LooseForm, Kind, Reaction, Verdict};
