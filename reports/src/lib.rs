//! Pure functions from results to reports.
//!
//! | module | gives |
//! |---|---|
//! | [`run`] | `RunData`: the lines of `results.jsonl`, sorted and counted |
//! | [`terminal`] | lines, failures and summaries for terminals and CI logs |
//! | [`html`](mod@html) | the report as one HTML file |
//! | [`coverage`](mod@coverage) | which requirements are decided, and which are not |
//! | [`compare`](mod@compare) | what is different between two runs |
//! | [`capabilities`] | what a probe has found, as a page |
//! | [`cost`](mod@cost) | what the handshakes of a transcript cost |
//! | [`sarif`](mod@sarif), [`ctrf`](mod@ctrf) | the same results in formats of others |
//! | [`markdown`](mod@markdown) | a comment for a pull request; a page of a target to be published |
//! | [`junit`](mod@junit) | JUnit XML |
//! | [`baseline`] | what targets are known to do otherwise: loading, comparing, writing |
//! | [`ladder`](mod@ladder) | a transcript as one line for each message |
//! | [`text`](mod@text) | a transcript in full, with all bytes |
//! | [`pcapng`](mod@pcapng) | a transcript as a packet capture with its secrets |
//! | [`keylog`](mod@keylog) | its secrets, for packet analysers |
//! | [`inert`] | hostile text made harmless; all of the above use it |

pub mod baseline;
pub mod capabilities;
pub mod compare;
pub mod cost;
pub mod coverage;
pub mod ctrf;
pub mod html;
pub mod inert;
pub mod junit;
pub mod keylog;
pub mod ladder;
pub mod markdown;
mod message;
mod paint;
pub mod pcapng;
pub mod run;
pub mod sarif;
mod source;
mod stream;
pub mod terminal;
pub mod text;
mod words;

pub use baseline::Baseline;
pub use compare::compare;
pub use coverage::coverage;
pub use ctrf::ctrf;
pub use html::{Sources, html};
pub use junit::junit;
pub use keylog::keylog;
pub use ladder::ladder;
pub use markdown::markdown;
pub use pcapng::pcapng;
pub use run::{Outcome, RunData, Standing, load};
pub use sarif::sarif;
pub use text::text;
