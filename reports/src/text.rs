//! A transcript in full as text: every event with its time, messages field by field, all bytes.
//!
//! ```text
//!     1203 µs  <-- server_hello, 122 bytes
//!                  msg_type: server_hello
//!                  ...
//!              0000  02 00 00 76 03 03 ...                              ...v..
//! ```

use crate::inert;
use gauntlet_model::names::version_name;
use gauntlet_model::transcript::{Event, Side, Transcript, What};
use gauntlet_wire::{Context, Grammar};
use std::fmt::Write;

const MARGIN: &str = "               ";

/// The whole transcript.
pub fn text(transcript: &Transcript) -> String {
    let name = |text: &str| inert::line(text).into_owned();
    let mut out = format!(
        "case   {}\ntarget {}\nseed   {}\n",
        name(&transcript.case),
        name(&transcript.target),
        name(&transcript.seed)
    );
    let mut place = (u32::MAX, u32::MAX);
    for event in &transcript.events {
        if place != (event.play, event.connection) {
            place = (event.play, event.connection);
            out += &format!("\nplay {}, connection {}\n", event.play, event.connection);
        }
        out += &one(event);
    }
    out
}

fn one(event: &Event) -> String {
    let (head, body) = match &event.what {
        What::Bytes { from, data } => (format!("{} {} bytes", arrow(*from), data.len()), dump(data)),
        What::Record {
            from, outer, version, length, keys, sequence, content_type, content, padding, verified, ..
        } => {
            let opened = if *verified {
                format!("type {content_type}, padding {padding}")
            } else {
                "cannot be opened".to_owned()
            };
            let version = version_name(*version);
            let head = format!(
                "{} record type {outer}, {version}, {length} bytes, keys {keys} #{sequence}; {opened}",
                arrow(*from)
            );
            (head, dump(content))
        }
        What::Message { .. } => message(&event.what),
        What::Inner { from, bytes } => {
            let tree = Grammar::tls().decode("Handshake", bytes, &Context::tls13());
            let head = format!("{} the hello inside, {} bytes", arrow(*from), bytes.len());
            (head, indented(&tree.print()) + &dump(bytes))
        }
        What::Secret { label, random, secret } => {
            (format!("secret {label} {} {}", hex::encode(random), hex::encode(secret)), String::new())
        }
        What::Remark { alert, text } => (format!("remark: {text} ({alert})"), String::new()),
        What::StepBegan { line, column, step, nested } => (
            format!("{} {step} begins, line {line}:{column}", if *nested { "nested step" } else { "step" }),
            String::new(),
        ),
        What::StepEnded { step } => (format!("step {step} ends"), String::new()),
        What::Altered { step, text, unchanged } => {
            (format!("step {step} alters: {text}{}", if *unchanged { " (bytes unchanged)" } else { "" }), String::new())
        }
        What::Target { status, signal, stderr, crashed, .. } => {
            (format!("target ended: status {status:?}, signal {signal:?}, crashed {crashed}"), indented(stderr))
        }
        other => (format!("{other:?}"), String::new()),
    };
    format!("{:>9} µs  {}\n{body}", event.us, inert::line(&head))
}

fn message(what: &What) -> (String, String) {
    let What::Message { from, name, content_type, context, bytes, meant, changes } = what else {
        return Default::default();
    };
    let mut body = String::new();
    changes.iter().for_each(|change| body += &format!("{MARGIN}* {}\n", inert::line(change)));
    if *content_type == 22 {
        let type_name = if context.version == Some(0x0002) { "V2ClientHello" } else { "Handshake" };
        body += &indented(&Grammar::tls().decode(type_name, bytes, context).print());
    }
    body += &dump(bytes);
    if let Some(meant) = meant {
        body += &format!("{MARGIN}without the changes:\n{}", dump(meant));
    }
    (format!("{} {name}, {} bytes", arrow(*from), bytes.len()), body)
}

fn arrow(from: Side) -> &'static str {
    match from {
        Side::Us => "-->",
        Side::Target => "<--",
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("{MARGIN}{}\n", inert::line(line))).collect()
}

/// Offset, sixteen bytes in hex, and what of them is ASCII.
fn dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (row, chunk) in bytes.chunks(16).enumerate() {
        let digits: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let plain: String =
            chunk.iter().map(|byte| if matches!(byte, 0x20..0x7f) { char::from(*byte) } else { '.' }).collect();
        writeln!(out, "{MARGIN}{:04x}  {:<48} {plain}", row * 16, digits.join(" ")).expect("a String takes all");
    }
    out
}
