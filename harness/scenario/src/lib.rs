//! The scenario language: YAML → [`Scenario`] → [`Case`](gauntlet_model::Case)s.
//!
//! Everything that is wrong with a file is reported at once, with place and remedy. Parameters are
//! substituted in the YAML tree before typing, so `$x` may stand anywhere; loading types each value
//! once, so that a bad value in any case is found when the file is loaded.

mod build;
mod chain;
mod change;
mod corpus;
mod cover;
mod expand;
mod flow;
mod load;
mod names;
mod parameters;
mod print;
mod schema;
mod substitute;
mod twin;
mod typer;
mod value;

pub use corpus::{Corpus, CorpusError};
pub use expand::Expansion;
pub use load::{KEYS, Scenario};
pub use print::print;
pub use schema::schema;
pub use twin::{placeless, twin, twin_key};
