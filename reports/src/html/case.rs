//! What the page of one case shows, beside its row in the table.

use super::fields::Messages;
use crate::ladder::{self, Options};
use crate::terminal::facts;
use crate::{inert, message, words};
use gauntlet_model::result::CaseResult;
use gauntlet_model::transcript::{Event, Side, Transcript, What};
use serde::Serialize;

/// Rows of a ladder; of more, the middle is left out.
const ROWS: usize = 160;

/// One case.
#[derive(Serialize)]
pub(super) struct Detail {
    /// Name and text.
    facts: Vec<(&'static str, String)>,
    /// File, line and column.
    place: String,
    /// Line, column and width of what decided.
    at: Option<(usize, usize, usize)>,
    /// Link to the folder of evidence.
    evidence: Option<String>,
    /// In order of time.
    rows: Vec<Row>,
}

/// A line of the ladder.
#[derive(Default, Serialize)]
pub(super) struct Row {
    /// `message`, `note`, `step`.
    kind: &'static str,
    /// 1: from the target.
    #[serde(skip_serializing_if = "is_zero")]
    from: u8,
    /// Since the case began.
    us: u64,
    /// Of a message its name, else the whole text.
    name: String,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<usize>,
    /// Of the record in which it begins.
    #[serde(skip_serializing_if = "String::is_empty")]
    keys: String,
    /// The fields that one looks for first.
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    /// Alterations in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<String>,
    /// Number of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<usize>,
    /// Number of what it would have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    meant: Option<usize>,
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// All about a case; `link` is that of its evidence.
pub(super) fn detail(
    case: &CaseResult,
    transcript: Option<&Transcript>,
    link: Option<String>,
    messages: &mut Messages,
) -> Detail {
    let mut facts = facts(case);
    facts.retain(|(name, _)| *name != "evidence");
    let at = case.at.as_ref();
    Detail {
        facts,
        place: at
            .map(|at| inert::line(&format!("{}:{}:{}", at.file, at.line, at.column)).into_owned())
            .unwrap_or_default(),
        at: at.map(|at| (at.line, at.column, at.width)),
        evidence: link,
        rows: transcript.map(|transcript| rows(transcript, messages)).unwrap_or_default(),
    }
}

fn rows(transcript: &Transcript, messages: &mut Messages) -> Vec<Row> {
    let events = &transcript.events;
    let pairs = ladder::pair(events);
    let mut rows = Vec::new();
    let mut place = (0, 0);
    let mut step = None;
    for (index, event) in events.iter().enumerate() {
        if let What::StepBegan { line, nested: false, .. } = &event.what {
            step = Some(*line);
        }
        let text = match &event.what {
            What::Message { .. } => None,
            _ => match ladder::row(index, event, events, &pairs, Options { redact: false, lines: ROWS }) {
                Some(row) => row.lines.first().map(|line| line.trim().to_owned()),
                None => continue,
            },
        };
        if place != (event.play, event.connection) {
            place = (event.play, event.connection);
            let play = if event.play > 0 { format!("play {}, ", event.play) } else { String::new() };
            rows.push(Row {
                kind: "step",
                us: event.us,
                name: format!("{play}connection {}", place.1),
                ..Row::default()
            });
        }
        if let Some(line) = step.take() {
            rows.push(Row { kind: "step", us: event.us, name: format!("line {line}"), ..Row::default() });
        }
        rows.push(match text {
            Some(name) => note(event, name),
            None => message(event, pairs.places.get(&index), messages),
        });
    }
    bounded(rows)
}

fn bounded(mut rows: Vec<Row>) -> Vec<Row> {
    if rows.len() > ROWS {
        let left_out = rows.len() - ROWS + 1;
        let name = format!("{left_out} lines left out, see transcript.txt in the evidence");
        let begin = ROWS / 2;
        let us = rows[begin].us;
        rows.splice(begin..begin + left_out, [Row { kind: "step", us, name, ..Row::default() }]);
    }
    rows
}

/// What is no message. An arrow goes with it where somebody ended, or sent what cannot be opened.
fn note(event: &Event, name: String) -> Row {
    let (kind, name) = match name.get(..3) {
        Some("<--") => ("in", name[3..].trim().to_owned()),
        Some("-->") => ("out", name[3..].trim().to_owned()),
        _ if name.starts_with("! ") => ("remark", name[2..].to_owned()),
        _ if name.starts_with("* ") => ("change", name[2..].to_owned()),
        _ if name.starts_with("= ") => ("good", name[2..].to_owned()),
        _ => ("note", name),
    };
    Row { kind, us: event.us, from: u8::from(kind == "in"), name, ..Row::default() }
}

fn message(event: &Event, place: Option<&ladder::Place<'_>>, messages: &mut Messages) -> Row {
    let What::Message { from, name, content_type, context, bytes, meant, changes } = &event.what else {
        return Row::default();
    };
    let name = inert::line(name).into_owned();
    let line = message::line(&name, *content_type, context, bytes, false);
    let cut = match place.map(|place| place.records) {
        Some(records @ 2..) => format!("in {}; ", words::count(records, "record")),
        _ => String::new(),
    };
    let number = messages.number(*content_type, context, bytes);
    let meant = meant.as_ref().and_then(|meant| messages.number(*content_type, context, meant));
    Row {
        kind: "message",
        from: u8::from(*from == Side::Target),
        us: event.us,
        size: Some(bytes.len()),
        keys: place.map(|place| inert::line(place.keys).into_owned()).unwrap_or_default(),
        text: cut + &line.text,
        changes: changes.iter().map(|change| inert::line(change).into_owned()).collect(),
        message: number,
        meant,
        name,
    }
}
