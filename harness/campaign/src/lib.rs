//! Search for what nobody wrote down.
//!
//! [`sweep`] takes the valid flows that a target supports and plays every single change of them: messages
//! left out, doubled, moved, put in from the other side, under other keys, cut and joined; fields at their
//! edges. Each changed flow is a scenario's text, loaded like any other, so that what is found can be kept
//! and played again. What counts is general and written once ([`Oracle`]).

pub mod altered;
mod change;
mod excess;
mod field;
mod findings;
mod flow;
pub mod known;
mod minimise;
pub mod piece;
mod pool;
mod sweep;
pub mod targets;

pub use change::{Change, Oracle, orders};
pub use excess::Excess;
pub use field::fields;
pub use findings::{Finding, Group, group, shrink, write};
pub use flow::{FLOWS, Flow, Honest};
pub use minimise::minimise;
pub use sweep::{Options, Report, SweepError, sweep};
