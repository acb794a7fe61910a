//! A transcript as a ladder: one line for each message, in order.
//!
//! ```text
//! line 8
//!   -->* client_hello             193  none         tls1.2; versions tls1.3; 3 suites; ...
//!        * legacy_compression_methods: 0100
//!   <--  server_hello             122  none         tls1.3; TLS_AES_128_GCM_SHA256; x25519; ...
//!        ! a second ServerHello (unexpected_message)
//!   <--  end: fin
//! ```
//!
//! `-->` is ours, `*` marks what was altered, `!` what the target did wrong. Size is in bytes, then come the keys of
//! the record in which the message begins.

use crate::{inert, message};
use gauntlet_model::Close;
use gauntlet_model::names::version_name;
use gauntlet_model::transcript::{Ending, Event, Side, Transcript, What};
use gauntlet_wire::{Context, Grammar};
use std::collections::{HashMap, HashSet};

/// How a ladder is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Names in brackets stand for all that is by chance: randoms, session ids, tickets, signatures.
    pub redact: bool,
    /// So many lines at most; of more, the middle is left out.
    pub lines: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { redact: false, lines: 40 }
    }
}

/// Draws a transcript.
pub fn ladder(transcript: &Transcript, options: &Options) -> String {
    let pairs = pair(&transcript.events);
    let plays: Vec<u32> = transcript.events.chunk_by(|a, b| a.play == b.play).map(|events| events[0].play).collect();
    let mut drawn: Vec<(u32, u32, Vec<String>, Vec<String>)> = Vec::new();
    for play in plays {
        let (lines, keys) = one_play(&transcript.events, &pairs, play, *options);
        match drawn.last_mut() {
            Some((_, last, _, before)) if *before == keys => *last = play,
            _ => drawn.push((play, play, lines, keys)),
        }
    }
    let mut lines = Vec::new();
    let several = drawn.len() > 1 || drawn.iter().any(|(first, last, ..)| first != last);
    for (first, last, play, _) in drawn {
        match several {
            true if first == last => lines.push(format!("play {first}")),
            true => lines.push(format!("plays {first} to {last}, all alike")),
            false => {}
        }
        lines.extend(play);
    }
    bounded(lines, options.lines)
}

/// The first half and the last: how it began, and what decided.
fn bounded(mut lines: Vec<String>, most: usize) -> String {
    if lines.len() > most.max(3) {
        let left_out = lines.len() - (most.max(3) - 1);
        let begin = most.max(3) / 2;
        lines.splice(begin..begin + left_out, [format!("  ... {left_out} lines left out")]);
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A line of the ladder, with what hangs below it.
pub(crate) struct Row {
    /// What it is called where repetitions are counted.
    name: String,
    pub(crate) lines: Vec<String>,
    /// The same for rows that are alike but for what is by chance.
    key: String,
}

impl Row {
    fn plain(text: String) -> Row {
        let text = inert::line(&text).into_owned();
        Row { name: "of these".to_owned(), key: text.clone(), lines: vec![text] }
    }
}

/// Lines of one play, and the keys by which plays are compared.
fn one_play(events: &[Event], pairs: &Pairs<'_>, play: u32, options: Options) -> (Vec<String>, Vec<String>) {
    let mine = || events.iter().enumerate().filter(|(_, event)| event.play == play);
    let several = mine().any(|(_, event)| event.connection != 0);
    let mut rows: Vec<Row> = Vec::new();
    let mut connection = None;
    let mut step: Option<String> = None;
    for (index, event) in mine() {
        if let What::StepBegan { line, nested: false, .. } = &event.what {
            step = Some(format!("line {line}"));
        }
        let Some(mut row) = row(index, event, events, pairs, options) else { continue };
        if several && connection != Some(event.connection) {
            connection = Some(event.connection);
            rows.push(Row::plain(format!(" connection {}", event.connection)));
        }
        if let Some(step) = step.take() {
            rows.push(Row::plain(step));
        }
        row.lines.iter_mut().for_each(|line| line.insert_str(0, "  "));
        rows.push(row);
    }
    rows.extend(outside(events, play));
    let keys = rows.iter().map(|row| row.key.clone()).collect();
    (folded(rows), keys)
}

/// Repetitions of one to four rows are shown once and counted.
fn folded(rows: Vec<Row>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut at = 0;
    while at < rows.len() {
        // Four times the same, or three times the same few.
        let enough = |(period, times): &(usize, usize)| *times > if *period == 1 { 3 } else { 2 };
        let counted = (1..=4).map(|period| (period, repetitions(&rows[at..], period)));
        let (period, times) = counted.into_iter().find(enough).unwrap_or((1, 1));
        rows[at..at + period].iter().for_each(|row| lines.extend(row.lines.iter().cloned()));
        match (period, times) {
            (_, 1) => {}
            (1, _) => lines.push(format!("       ... {} more {}", times - 1, rows[at].name)),
            _ => lines.push(format!("       ... {} more times these {period}", times - 1)),
        }
        at += period * times;
    }
    lines
}

/// How often the first `period` rows come one behind the other.
fn repetitions(rows: &[Row], period: usize) -> usize {
    if rows.len() < period {
        return 1;
    }
    let first = &rows[..period];
    rows.chunks_exact(period).take_while(|chunk| chunk.iter().zip(first).all(|(a, b)| a.key == b.key)).count()
}

pub(crate) fn row(index: usize, event: &Event, events: &[Event], pairs: &Pairs<'_>, options: Options) -> Option<Row> {
    let text = match &event.what {
        What::Message { .. } => return Some(message_row(index, event, pairs, options)),
        What::Record { from, outer, length, keys, verified, content, .. } if !pairs.claimed.contains(&index) => {
            let kind = content_type(*outer);
            let why = match (verified, content.is_empty()) {
                (false, _) => ", cannot be opened",
                (true, true) => ", empty",
                (true, false) => ", no whole message",
            };
            // What lies in it is not known; from here on it can be a signature, whose size is by chance.
            let by_chance = options.redact && *from == Side::Target && !verified && *length >= 64;
            let size = if by_chance { "[size]".to_owned() } else { length.to_string() };
            format!("{}  ({kind} record{why}) {size:>6}  {keys}", arrow(*from))
        }
        What::Said { name, bytes } => format!("     said: {name} {}", hex::encode(bytes)),
        What::Remark { alert, text } => format!("     ! {text} ({alert})"),
        What::Altered { text, unchanged, .. } if *unchanged || !shown_as_change(events, event, text) => {
            let remark = if *unchanged { " (bytes unchanged)" } else { "" };
            format!("     * {text}{remark}")
        }
        What::NotFollowed { text } => format!("     not followed: {text}"),
        What::Inner { from, bytes } => {
            let line = message::line("client_hello", 22, &Context::tls13(), bytes, options.redact);
            format!("{}  (inside) {}", arrow(*from), line.text)
        }
        What::Established { version, cipher_suite, group, resumed, alpn, ech } => {
            let suite = number_name("CipherSuite", *cipher_suite);
            let group = if *group == 0 { String::new() } else { format!(" {}", number_name("NamedGroup", *group)) };
            let resumed = if *resumed { " resumed" } else { "" };
            let alpn = alpn.as_ref().map(|name| format!(" alpn {name}")).unwrap_or_default();
            let ech = ech.map_or("", |taken| if taken { " ech accepted" } else { " ech rejected" });
            format!("     = established: {} {suite}{group}{resumed}{alpn}{ech}", version_name(*version))
        }
        What::Quiet => "     (quiet)".to_owned(),
        What::End { how } => format!("<--  end: {}", if *how == Ending::Fin { "fin" } else { "rst" }),
        What::Closed { how } => format!("-->  end: {}", closing(*how)),
        What::Target { status, signal, stderr, crashed, .. } => {
            target_ended(*status, *signal, stderr, *crashed, options)
        }
        What::Alive { alive } => format!(
            "     afterwards: {}",
            if *alive { "serves a plain handshake" } else { "serves no plain handshake" }
        ),
        What::Trouble { text, skip } => format!("     {}: {text}", if *skip { "not possible" } else { "trouble" }),
        What::Connected | What::Bytes { .. } | What::Record { .. } | What::Secret { .. } => return None,
        What::StepBegan { .. } | What::StepEnded { .. } | What::Altered { .. } => return None,
    };
    Some(Row::plain(text))
}

/// Whether a message of the same connection says it already.
fn shown_as_change(events: &[Event], altered: &Event, text: &String) -> bool {
    let near = events.iter().filter(|event| (event.play, event.connection) == (altered.play, altered.connection));
    near.into_iter().any(|event| matches!(&event.what, What::Message { changes, .. } if changes.contains(text)))
}

fn target_ended(status: Option<i32>, signal: Option<i32>, stderr: &str, crashed: bool, options: Options) -> String {
    let how = match (signal, status) {
        (Some(signal), _) => format!(" by signal {signal}"),
        (None, Some(status)) => format!(" with status {status}"),
        (None, None) => String::new(),
    };
    let verb = if crashed { "crashed" } else { "ended" };
    let said = stderr.lines().find(|line| !line.trim().is_empty()).filter(|_| !options.redact);
    let said: String =
        said.map(|line| format!(": {}", line.trim().chars().take(100).collect::<String>())).unwrap_or_default();
    format!("     target {verb}{how}{said}")
}

fn closing(how: Close) -> &'static str {
    match how {
        Close::Fin => "fin",
        Close::Rst => "rst",
        Close::Half => "half",
        Close::CloseNotify => "close_notify, then half",
    }
}

fn arrow(from: Side) -> &'static str {
    match from {
        Side::Us => "-->",
        Side::Target => "<--",
    }
}

fn content_type(number: u8) -> String {
    let known = ["change_cipher_spec", "alert", "handshake", "application_data", "heartbeat"];
    known.get(usize::from(number).wrapping_sub(20)).map_or_else(|| format!("type {number}"), |name| (*name).to_owned())
}

fn number_name(kind: &str, number: u16) -> String {
    Grammar::tls().name(kind, number.into()).map_or_else(|| format!("{number:#06x}"), str::to_owned)
}

fn message_row(index: usize, event: &Event, pairs: &Pairs<'_>, options: Options) -> Row {
    let What::Message { from, name, content_type, context, bytes, meant, changes } = &event.what else {
        unreachable!("called for messages only");
    };
    let altered = !changes.is_empty() || meant.is_some();
    let place = pairs.places.get(&index);
    let keys = place.map_or("", |place| place.keys);
    let records = place.map_or(1, |place| place.records);
    let name = inert::line(name).into_owned();
    let head = |size: &str| {
        let cut = if records > 1 { format!("in {records} records; ") } else { String::new() };
        let mark = if altered { "*" } else { " " };
        (format!("{}{mark} {name:<22}{size:>6}  {keys:<11}  {cut}", arrow(*from)), cut)
    };
    let seen = message::line(&name, *content_type, context, bytes, options.redact);
    let alike = message::line(&name, *content_type, context, bytes, true);
    let size = if seen.size_varies && options.redact { "[size]".to_owned() } else { bytes.len().to_string() };
    let mut lines = vec![head(&size).0 + &seen.text];
    lines.extend(changes.iter().map(|change| format!("     * {}", inert::line(change))));
    let text = if *content_type == 23 { "" } else { &alike.text };
    let key = format!("{}{text}{}", head("").0, changes.join("\n"));
    Row { name, lines, key }
}

/// Bytes that no record accounts for: raw sends, old hellos, the beginning of a record that was never finished.
fn outside(events: &[Event], play: u32) -> Vec<Row> {
    let mut sums: HashMap<Side, (u64, u64)> = HashMap::new();
    for event in events.iter().filter(|event| event.play == play) {
        match &event.what {
            What::Bytes { from, data } => sums.entry(*from).or_default().0 += data.len() as u64,
            What::Record { from, length, .. } => sums.entry(*from).or_default().1 += u64::from(*length) + 5,
            _ => {}
        }
    }
    let rows = [Side::Us, Side::Target].into_iter().filter_map(|side| {
        let (bytes, records) = sums.get(&side).copied()?;
        (bytes > records)
            .then(|| Row::plain(format!("  {}  {} bytes outside of records", arrow(side), bytes - records)))
    });
    rows.collect()
}

/// Where a message lies.
pub(crate) struct Place<'a> {
    /// Keys of its first record.
    pub(crate) keys: &'a str,
    /// How many records it touches.
    pub(crate) records: usize,
}

/// Messages and records brought together, by indices of events.
#[derive(Default)]
pub(crate) struct Pairs<'a> {
    pub(crate) places: HashMap<usize, Place<'a>>,
    /// Records that hold some of a message.
    claimed: HashSet<usize>,
}

/// A record's content and how much of it messages have taken.
struct Left<'a> {
    index: usize,
    keys: &'a str,
    content: &'a [u8],
}

/// Finds the records of each message: per connection, side and content type both are the same stream of bytes. Events
/// may have either order. A message that is not in the stream (never sent, or spoiled below) has no place.
pub(crate) fn pair(events: &[Event]) -> Pairs<'_> {
    let mut streams: HashMap<_, Vec<Left<'_>>> = HashMap::new();
    for (index, event) in events.iter().enumerate() {
        if let What::Record { from, keys, content_type, content, verified: true, .. } = &event.what {
            let stream = (event.play, event.connection, *from, *content_type);
            streams.entry(stream).or_default().push(Left { index, keys, content });
        }
    }
    let mut positions: HashMap<_, usize> = HashMap::new();
    let mut pairs = Pairs::default();
    for (index, event) in events.iter().enumerate() {
        let What::Message { from, content_type, bytes, .. } = &event.what else { continue };
        let key = (event.play, event.connection, *from, *content_type);
        let Some(stream) = streams.get_mut(&key) else { continue };
        let position = positions.entry(key).or_insert(0);
        let Some(start) = (*position..stream.len()).find(|start| begins(&stream[*start..], bytes)) else { continue };
        *position = start;
        let touched = take(&mut stream[start..], bytes.len());
        pairs.claimed.extend(&touched);
        pairs.places.insert(index, Place { keys: stream[start].keys, records: touched.len().max(1) });
    }
    pairs
}

/// Whether the records' bytes go on with the message's.
fn begins(records: &[Left<'_>], mut bytes: &[u8]) -> bool {
    if bytes.is_empty() || records.first().is_none_or(|record| record.content.is_empty()) {
        return bytes.is_empty() && records.first().is_some_and(|record| record.content.is_empty());
    }
    for record in records {
        let common = record.content.len().min(bytes.len());
        if record.content[..common] != bytes[..common] {
            return false;
        }
        bytes = &bytes[common..];
        if bytes.is_empty() {
            return true;
        }
    }
    false
}

/// Takes so many bytes out of the records; the events that they came from.
fn take(records: &mut [Left<'_>], mut count: usize) -> Vec<usize> {
    let mut touched = Vec::new();
    for record in records {
        let taken = record.content.len().min(count);
        record.content = &record.content[taken..];
        count -= taken;
        if taken > 0 || touched.is_empty() {
            touched.push(record.index);
        }
        if count == 0 {
            break;
        }
    }
    touched
}
