//! Pure functions from results to reports.
//!
//! | module | gives |
//! |---|---|
//! | [`run`] | `RunData`: the lines of `results.jsonl`, sorted and counted |
//! | [`terminal`] | lines, failures and summaries for terminals and CI logs |
//! | [`html`](mod@html) | the report as one HTML file |
//! | [`coverage`](mod@coverage) | which requirements are decided, and which are not |
//! | [`junit`](mod@junit) | JUnit XML |
//! | [`baseline`] | what targets are known to do otherwise: loading, comparing, writing |
//! | [`ladder`](mod@ladder) | a transcript as one line for each message |
//! | [`text`](mod@text) | a transcript in full, with all bytes |
//! | [`keylog`](mod@keylog) | its secrets, for packet analysers |
//! | [`inert`] | hostile text made harmless; all of the above use it |

pub mod baseline;
pub mod coverage;
pub mod html;
pub mod inert;
pub mod junit;
pub mod keylog;
pub mod ladder;
mod message;
mod paint;
pub mod run;
mod source;
pub mod terminal;
pub mod text;
mod words;

pub use baseline::Baseline;
pub use coverage::coverage;
pub use html::{Sources, html};
pub use junit::junit;
pub use keylog::keylog;
pub use ladder::ladder;
pub use run::{Outcome, RunData, Standing, load};
pub use text::text;
