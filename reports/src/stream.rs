//! Reports written piece by piece, so that none of them is ever whole in memory.

use serde::{Serialize, Serializer};
use std::io;

/// A list whose elements are made one at a time, while it is written.
pub(crate) struct Each<F>(pub F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// As indented JSON with a line end.
pub(crate) fn json(report: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}

/// What is written, as text.
pub(crate) fn text(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> String {
    let mut text = Vec::new();
    write(&mut text).expect("memory takes all");
    String::from_utf8(text).expect("reports are text")
}
