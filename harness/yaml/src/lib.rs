//! Strict YAML with positions, did-you-mean, and diagnostics that underline the text.
//!
//! Scenarios, profiles, baselines and the requirement catalogue are read through it. A `File` is the
//! parsed text with a span for every key and value; a `Reader` takes keys out of a map and reports
//! every one that is left; errors are collected in `Diagnostics`, all of a file at once.

mod de;
mod diagnostic;
mod parse;
mod reader;
mod tree;
mod write;

pub use de::{Failure, Spanned, from_str, from_yaml};
pub use diagnostic::{Diagnostic, Diagnostics, did_you_mean, nearest};
pub use reader::MapReader;
pub use tree::{File, Kind, Span, Yaml};
