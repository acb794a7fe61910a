//! The proof that every scenario can pass and can fail.
//!
//! A passing witness is a stack against which the first cases pass. A failing one is a side of our own
//! (pushover, wall, mute, ...) against which it fails at the step that decides, or, for rules on what a
//! target sends, a passing transcript in which the field looked at is changed, judged again.

use crate::probe::probe_widened;
use crate::run::{case_seed, patient, run_case};
use gauntlet_model::{
    Capabilities, Case, Condition, Event, Expect, Kind, Role, Side, Step, StepKind, Transcript, Val, What,
};
use gauntlet_play::{AlertPolicy, Settings, judge};
use gauntlet_scenario::{Scenario, twin};
use gauntlet_target::Target;
use gauntlet_target::own::{Manner, own};
use gauntlet_wire::{ByteEdit, Edit, Grammar, Path, Plain, Segment};

/// What was found about one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Witnesses {
    /// The scenario.
    pub scenario: String,
    /// Who passed it; `None`: nobody.
    pub passing: Option<String>,
    /// Who failed it at the deciding step; `None`: nobody.
    pub failing: Option<String>,
    /// Why one is missing, as far as can be told.
    pub why: String,
}

impl Witnesses {
    /// Whether nobody but our own strict side passes it.
    pub fn passes_on_our_own_alone(&self) -> bool {
        self.passing.as_deref() == Some(Manner::Strict.name())
    }

    /// Whether both are there.
    pub fn are_complete(&self) -> bool {
        self.passing.is_some() && self.failing.is_some()
    }
}

/// So many cases of a scenario are tried for a witness.
const TRIED: usize = 12;

/// Looks for both witnesses of a scenario. `stacks`: real ones with what they can, tried for a pass in that order.
///
/// # Errors
/// The scenario does not expand.
pub fn witnesses(
    scenario: &Scenario,
    stacks: &[(Box<dyn Target>, Role, Capabilities)],
) -> Result<Witnesses, gauntlet_yaml::Diagnostics> {
    let mut found = Witnesses { scenario: scenario.id.clone(), passing: None, failing: None, why: String::new() };
    let mut reasons = Vec::new();
    for (stack, role, capabilities) in stacks {
        let mut expansion = scenario.expand(Some(capabilities))?;
        let settings = patient(stack.as_ref(), [0; 32]);
        if let Some(further) = probe_widened(stack.as_ref(), *role, capabilities, &expansion, &settings) {
            expansion = scenario.expand(Some(&further))?;
        }
        for case in expansion.cases.iter().filter(|case| case.peer.other() == *role).take(TRIED) {
            if stack.supports(*role, &case.options).is_err() || found.are_complete() {
                continue;
            }
            try_case(stack.as_ref(), *role, case, &mut found, &mut reasons);
        }
        reasons.extend(expansion.skipped.iter().take(1).map(|(_, reason)| format!("{}: {reason}", stack.name())));
        if found.are_complete() {
            break;
        }
    }
    reasons.dedup();
    reasons.truncate(6);
    found.why = reasons.join("; ");
    Ok(found)
}

fn try_case(stack: &dyn Target, role: Role, case: &Case, found: &mut Witnesses, reasons: &mut Vec<String>) {
    let Some((transcript, verdict)) = play_on(stack, role, case) else { return };
    if verdict.kind == Kind::Pass {
        found.passing.get_or_insert_with(|| stack.name().to_owned());
    } else {
        reasons.push(format!("{} on {}: {} ({})", case.id, stack.name(), verdict.kind.name(), verdict.reason));
    }
    if found.failing.is_some() {
        return;
    }
    let deciding = verdict.at.as_ref().map(|at| at.step);
    for manner in [Manner::Pushover, Manner::Mute, Manner::Wall, Manner::Garbage, Manner::Closer] {
        if let Some(step) = fails_on(manner, case)
            && (Some(step) == deciding || verdict.kind != Kind::Pass)
        {
            found.failing = Some(manner.name().to_owned());
            return;
        }
    }
    if verdict.kind == Kind::Pass && fails_when_changed(case, &transcript) {
        found.failing = Some("a changed transcript".to_owned());
    } else if verdict.kind == Kind::Pass && fails_when_cut(case, &transcript, deciding) {
        found.failing = Some("a cut transcript".to_owned());
    }
}

/// Plays a case on a stack whose twin is accepted.
fn play_on(stack: &dyn Target, role: Role, case: &Case) -> Option<(Transcript, gauntlet_model::Verdict)> {
    let mut instance = stack.start(role, &case.options).ok()?;
    let settings = patient(stack, case_seed(1, &case.id));
    let twin = twin(case);
    if run_case(instance.as_mut(), &twin, &settings, AlertPolicy::Exact).1.kind != Kind::Pass {
        return None;
    }
    Some(run_case(instance.as_mut(), case, &settings, AlertPolicy::Exact))
}

/// The step at which a case fails on one of our own sides.
fn fails_on(manner: Manner, case: &Case) -> Option<usize> {
    let target = own(manner);
    target.supports(case.peer.other(), &case.options).ok()?;
    let mut instance = target.start(case.peer.other(), &case.options).ok()?;
    let settings = Settings::memory(manner.name(), case_seed(1, &case.id));
    let (_, verdict) = run_case(instance.as_mut(), case, &settings, AlertPolicy::Exact);
    matches!(verdict.kind, Kind::Fail | Kind::Hang).then(|| verdict.at.map_or(0, |at| at.step))
}

/// Whether some change of what the conditions look at makes the verdict a fail.
fn fails_when_changed(case: &Case, transcript: &Transcript) -> bool {
    let mut looked_at = Vec::new();
    collect(&case.steps, &mut looked_at);
    looked_at.extend(case.across.iter().map(|(path, condition)| (None, path.clone(), condition.clone())));
    let fails = |events: Vec<Event>| judge(case, &with(transcript, events), AlertPolicy::Exact).kind == Kind::Fail;
    looked_at
        .iter()
        .any(|(message, path, condition)| any_variation(transcript, message.as_deref(), path, condition, &fails))
        || survives(&case.steps) && fails_by_death(case, transcript)
}

/// Whether the verdict is a fail, at the step that decided, when the target had said nothing more behind what is under
/// test, or had refused it.
fn fails_when_cut(case: &Case, transcript: &Transcript, deciding: Option<usize>) -> bool {
    let from_target = |what: &What| {
        matches!(
            what,
            What::Message { from: Side::Target, .. } | What::Record { from: Side::Target, .. } | What::End { .. }
        ) || matches!(what, What::Established { .. } | What::Remark { .. })
    };
    let began = |what: &What| matches!(what, What::StepBegan { step, .. } if Some(*step as usize) == deciding);
    let altered = transcript.events.iter().rposition(|event| matches!(event.what, What::Altered { .. }));
    let step = transcript.events.iter().rposition(|event| began(&event.what));
    [altered, step].into_iter().flatten().any(|start| {
        let (head, tail) = transcript.events.split_at(start + 1);
        let mut silent = head.to_vec();
        silent.extend(tail.iter().filter(|event| !from_target(&event.what)).cloned());
        let mut refused = silent.clone();
        let place = refused.iter().rposition(|event| began(&event.what)).map_or(refused.len(), |place| place + 1);
        if let Some(near) = refused.get(place.saturating_sub(1)).cloned() {
            refused.insert(place, Event { what: What::End { how: gauntlet_model::Ending::Fin }, ..near.clone() });
            refused.insert(place, Event { what: refusal(), ..near });
        }
        [silent, refused].into_iter().any(|events| {
            let verdict = judge(case, &with(transcript, events), AlertPolicy::Exact);
            verdict.kind == Kind::Fail && verdict.at.map(|at| at.step) == deciding
        })
    })
}

/// A fatal alert that nobody asks for.
fn refusal() -> What {
    What::Message {
        from: Side::Target,
        name: "alert".into(),
        content_type: 21,
        context: Default::default(),
        bytes: vec![2, 71],
        meant: None,
        changes: Vec::new(),
    }
}

fn survives(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step.kind, StepKind::Expect(Expect::Survives)))
}

fn fails_by_death(case: &Case, transcript: &Transcript) -> bool {
    let mut changed = transcript.clone();
    let last = changed.events.last().cloned();
    let Some(last) = last else { return false };
    let what = What::Target { status: None, signal: Some(11), stderr: String::new(), crashed: true, accepted: None };
    changed.events.push(Event { what, ..last });
    judge(case, &changed, AlertPolicy::Exact).kind == Kind::Crash
}

/// Conditions of a flow: the message they are on (for `where`), path, condition.
fn collect(steps: &[Step], into: &mut Vec<(Option<String>, Path, Condition)>) {
    for step in steps {
        match &step.kind {
            StepKind::Check(conditions) => into.extend(conditions.iter().map(|(p, c)| (None, p.clone(), c.clone()))),
            StepKind::Expect(expect) => collect_expect(expect, into),
            StepKind::Repeat { steps, .. } => collect(steps, into),
            _ => {}
        }
    }
}

fn collect_expect(expect: &Expect, into: &mut Vec<(Option<String>, Path, Condition)>) {
    match expect {
        Expect::Messages(messages) => {
            for (name, conditions) in messages {
                into.extend(conditions.iter().map(|(p, c)| (Some(name.clone()), p.clone(), c.clone())));
            }
        }
        Expect::OneOf(all) => all.iter().for_each(|one| collect_expect(one, into)),
        _ => {}
    }
}

/// The same transcript with other events.
fn with(transcript: &Transcript, events: Vec<Event>) -> Transcript {
    let Transcript { case, target, seed, events: _ } = transcript;
    Transcript { case: case.clone(), target: target.clone(), seed: seed.clone(), events }
}

/// Tells whether a changed transcript fails. They are made one by one: one may be large, and there are many.
type Fails<'a> = &'a dyn Fn(Vec<Event>) -> bool;

/// Of the messages or records that a path finds, so many from the start and from the end are changed.
const CHANGED: usize = 8;

/// Whether the transcript fails with what the path finds changed, in one of several ways.
fn any_variation(
    transcript: &Transcript,
    message: Option<&str>,
    path: &Path,
    condition: &Condition,
    fails: Fails<'_>,
) -> bool {
    let mut segments = path.segments.clone();
    if message.is_none() {
        if matches!(segments.first(), Some(Segment::Name(name)) if name == "connection") {
            segments.drain(..2.min(segments.len()));
        }
        if matches!(segments.first(), Some(Segment::Name(name)) if name == "sent" || name == "received") {
            segments.remove(0);
        }
    }
    let name = match message {
        Some(name) => name.to_owned(),
        None => match segments.first() {
            Some(Segment::Name(name)) => {
                let name = name.clone();
                segments.remove(0);
                name
            }
            _ => return false,
        },
    };
    if matches!(segments.first(), Some(Segment::Index(_) | Segment::Where(..))) && message.is_none() {
        segments.remove(0);
    }
    let field = Path { segments };
    match name.as_str() {
        "records" => vary_records(transcript, &field, fails),
        "established" => vary_established(transcript, fails),
        "said" => vary_said(transcript, fails),
        "reaction" => vary_reaction(transcript, fails),
        _ => vary_messages(transcript, &name, &field, condition, fails),
    }
}

/// Places of events that fit: all, or the first and the last of many.
fn places(transcript: &Transcript, fits: impl Fn(&What) -> bool) -> Vec<usize> {
    let mut all = transcript.events.iter().enumerate().filter(|(_, event)| fits(&event.what)).map(|(place, _)| place);
    let mut chosen: Vec<usize> = all.by_ref().take(CHANGED).collect();
    let rest: Vec<usize> = all.collect();
    chosen.extend(&rest[rest.len().saturating_sub(CHANGED)..]);
    chosen
}

fn vary_messages(transcript: &Transcript, name: &str, field: &Path, condition: &Condition, fails: Fails<'_>) -> bool {
    let fits = |what: &What| matches!(what, What::Message { from: Side::Target, name: n, .. } if n == name);
    let places = places(transcript, fits);
    places.iter().any(|&place| edited(transcript, place, field, condition).any(fails))
        || places.iter().any(|&place| fails(doubled(transcript, place)))
        || match places.first() {
            Some(&first) => fails(all_alike(transcript, first, fits)),
            None => made_up(transcript, name).is_some_and(fails),
        }
}

/// The transcript with a field of the message at a place changed.
fn edited<'a>(
    transcript: &'a Transcript,
    place: usize,
    field: &Path,
    condition: &Condition,
) -> impl Iterator<Item = Vec<Event>> + use<'a> {
    let What::Message { content_type, context, bytes, .. } = &transcript.events[place].what else {
        unreachable!("the place of a message")
    };
    let type_name = match content_type {
        22 => "Handshake",
        21 => "Alert",
        24 => "HeartbeatMessage",
        _ => "ApplicationData",
    };
    let node = Grammar::tls().decode(type_name, bytes, context);
    edits(field, condition).into_iter().filter_map(move |edit| {
        let mut changed = node.clone();
        gauntlet_wire::edit_inside(&mut changed, &edit)
            .unwrap_or_else(|| Grammar::tls().edit(&mut changed, &edit, context))
            .ok()?;
        let changed = changed.to_bytes();
        if changed == *bytes {
            return None;
        }
        let mut events = transcript.events.clone();
        if let What::Message { bytes, .. } = &mut events[place].what {
            *bytes = changed;
        }
        Some(events)
    })
}

/// A message twice: for what must not come.
fn doubled(transcript: &Transcript, place: usize) -> Vec<Event> {
    let mut events = transcript.events.clone();
    events.insert(place, transcript.events[place].clone());
    events
}

/// All messages like the first: for what must differ.
fn all_alike(transcript: &Transcript, first: usize, fits: impl Fn(&What) -> bool) -> Vec<Event> {
    let first = transcript.events[first].what.clone();
    let mut events = transcript.events.clone();
    for event in events.iter_mut().filter(|event| fits(&event.what)) {
        event.what = first.clone();
    }
    events
}

/// A message that did not come, where that is looked at: an empty one of that name.
fn made_up(transcript: &Transcript, name: &str) -> Option<Vec<Event>> {
    let established = |event: &Event| matches!(event.what, What::Established { .. });
    let step = |event: &Event| matches!(event.what, What::StepBegan { .. });
    // Of several connections, on the newest.
    let newest = transcript.events.last().map(|event| event.connection);
    let place = transcript.events.iter().rposition(established);
    let place = place.filter(|place| Some(transcript.events[*place].connection) == newest);
    let place = place.or_else(|| transcript.events.iter().rposition(step))?;
    let mut events = transcript.events.clone();
    let what = What::Message {
        from: Side::Target,
        name: name.to_owned().into(),
        content_type: 22,
        context: Default::default(),
        bytes: vec![0, 0, 0, 0],
        meant: None,
        changes: Vec::new(),
    };
    events.insert(place, Event { what, ..transcript.events[place].clone() });
    Some(events)
}

/// Changes of one field that could make a condition untrue.
fn edits(field: &Path, condition: &Condition) -> Vec<Edit> {
    let long = Plain::Bytes(vec![0xa5; 300]);
    let mut edits = vec![
        Edit::Set(field.clone(), Plain::Number(0)),
        Edit::Set(field.clone(), Plain::Number(0xfe)),
        Edit::Set(field.clone(), Plain::Number(0xfefe)),
        Edit::Set(field.clone(), Plain::Number(u64::from(u32::MAX))),
        Edit::Set(field.clone(), Plain::Bytes(Vec::new())),
        Edit::Set(field.clone(), long),
        Edit::Set(field.clone(), Plain::List(vec![Plain::Number(0xfe)])),
        Edit::Set(field.clone(), Plain::List(vec![Plain::Number(0xfefe)])),
        Edit::Bytes(field.clone(), ByteEdit::FlipBit { bit: 0 }),
        Edit::Bytes(field.clone(), ByteEdit::FlipBit { bit: -1 }),
        Edit::Bytes(field.clone(), ByteEdit::Append { bytes: vec![0xfe, 0xfe] }),
        Edit::Bytes(field.clone(), ByteEdit::Truncate { to: -1 }),
        Edit::Remove(field.clone()),
        Edit::Duplicate(field.clone(), gauntlet_wire::Place::Last),
        Edit::Add(
            field.clone(),
            Plain::Map(vec![("0xfefe".to_owned(), Plain::Bytes(Vec::new()))]),
            gauntlet_wire::Place::Last,
        ),
        Edit::Add(field.clone(), Plain::Number(0xfefe), gauntlet_wire::Place::Last),
    ];
    if let Condition::Not(value) = condition
        && let Some(plain) = plain(value)
    {
        edits.push(Edit::Set(field.clone(), plain));
    }
    if let Condition::NoneOf(values) = condition {
        for plain in values.iter().filter_map(plain) {
            edits.push(Edit::Add(field.clone(), plain.clone(), gauntlet_wire::Place::Last));
            edits.push(Edit::Set(field.clone(), plain));
        }
    }
    if matches!(condition, Condition::Absent(true)) {
        edits.push(Edit::Set(field.clone(), Plain::Map(Vec::new())));
    }
    // A path to a field of each element: the list itself is changed.
    if let Some((last, head)) = field.segments.split_last()
        && matches!(last, Segment::Name(_))
        && !head.is_empty()
    {
        let list = Path { segments: head.to_vec() };
        edits.push(Edit::Add(
            list.clone(),
            Plain::Map(vec![("0xfefe".to_owned(), Plain::Bytes(Vec::new()))]),
            gauntlet_wire::Place::Last,
        ));
        edits.push(Edit::Bytes(list.clone(), ByteEdit::FlipBit { bit: 0 }));
        edits.push(Edit::Bytes(list, ByteEdit::FlipBit { bit: -1 }));
    }
    edits
}

/// A fixed value, for the tree.
fn plain(value: &Val) -> Option<Plain> {
    match value {
        Val::Number(number) => Some(Plain::Number(*number)),
        Val::Name(name) => Some(Plain::Name(name.clone())),
        Val::Bytes(bytes) => Some(Plain::Bytes(bytes.clone())),
        _ => None,
    }
}

fn vary_records(transcript: &Transcript, field: &Path, fails: Fails<'_>) -> bool {
    let wanted = field.segments.iter().rev().find_map(|segment| match segment {
        Segment::Name(name) => Some(name.as_str()),
        _ => None,
    });
    places(transcript, |what| matches!(what, What::Record { from: Side::Target, .. })).into_iter().any(|place| {
        let mut changed = transcript.events.clone();
        spoil_record(&mut changed[place].what, wanted);
        let mut emptied = transcript.events.clone();
        if let What::Record { content, length, .. } = &mut emptied[place].what {
            content.clear();
            *length = 0;
        }
        fails(changed) || fails(emptied)
    })
}

/// Another value for one field of a record, or far too much in it.
fn spoil_record(record: &mut What, field: Option<&str>) {
    let What::Record { outer, version, length, keys, sequence, content_type, content, padding, wire, .. } = record
    else {
        return;
    };
    match field {
        Some("type") => *content_type ^= 0x40,
        Some("opaque_type") => *outer ^= 0x40,
        Some("legacy_record_version") => *version ^= 0x0808,
        Some("length") => *length += 0x4000,
        Some("fragment") | None => wire.extend(std::iter::repeat_n(0, 0x4001)),
        Some("keys") => *keys = "none of ours".into(),
        Some("sequence") => *sequence += 1 << 32,
        Some("zeros") => *padding += 0x4000,
        _ => content.extend(std::iter::repeat_n(0, 0x4001)),
    }
}

fn vary_established(transcript: &Transcript, fails: Fails<'_>) -> bool {
    places(transcript, |what| matches!(what, What::Established { .. })).into_iter().any(|place| {
        let mut events = transcript.events.clone();
        if let What::Established { version, cipher_suite, group, resumed, alpn, .. } = &mut events[place].what {
            (*version, *cipher_suite, *group, *resumed) = (0x0301, 0xfefe, 0xfefe, !*resumed);
            *alpn = Some("other".to_owned());
        }
        fails(events)
    })
}

/// What the target said, made another.
fn vary_said(transcript: &Transcript, fails: Fails<'_>) -> bool {
    places(transcript, |what| matches!(what, What::Said { .. })).into_iter().any(|place| {
        let mut events = transcript.events.clone();
        if let What::Said { bytes, .. } = &mut events[place].what {
            bytes.iter_mut().for_each(|byte| *byte ^= 0xff);
        }
        fails(events)
    })
}

/// One play's reaction made another: its last alert is another.
fn vary_reaction(transcript: &Transcript, fails: Fails<'_>) -> bool {
    let is_alert = |what: &What| matches!(what, What::Message { from: Side::Target, name, .. } if name == "alert");
    transcript.events.iter().position(|event| is_alert(&event.what)).is_some_and(|place| {
        let mut events = transcript.events.clone();
        if let What::Message { bytes, .. } = &mut events[place].what {
            *bytes = vec![2, 99];
        }
        fails(events)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_places_the_first_and_the_last_are_changed() {
        let event = |step: u32| {
            let what = What::StepEnded { step };
            Event { play: 0, connection: 0, us: 0, what }
        };
        let transcript = |count: u32| Transcript { events: (0..count).map(event).collect(), ..Transcript::default() };
        let all = |_: &What| true;
        assert_eq!(places(&transcript(3), all), [0, 1, 2]);
        assert_eq!(places(&transcript(20), |what| *what == What::StepEnded { step: 9 }), [9]);
        let chosen = places(&transcript(1000), all);
        assert_eq!(chosen.len(), 2 * CHANGED);
        assert_eq!((chosen[CHANGED - 1], chosen[CHANGED]), (CHANGED - 1, 1000 - CHANGED));
    }
}
