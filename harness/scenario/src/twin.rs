//! The twin: the case without what is wrong in it.

use gauntlet_model::{
    Case, Expect, Form, HandshakeOptions, HandshakeStep, MessageChange, Place, Plays, RecordItem, Step, StepKind,
};

/// The `connect`, `handshake`, `close` and `expect: new_session_ticket` steps, without `alter` and `pki`, ending in
/// `accept`; a flow without `handshake` has the plain one.
///
/// So that `accept` can hold: a handshake that was left half-way goes on, a last connection without one gets the plain
/// one, and what would close that connection is left out, as is a last renegotiation in which nothing is altered.
pub fn twin(case: &Case) -> Case {
    let mut steps = honest(&case.steps);
    let place = case.steps.first().map(|step| step.place.clone()).unwrap_or_default();
    let step = |kind| Step { kind, place: place.clone(), on: None };
    drop_last_renegotiation(&mut steps, &case.steps);
    let last = steps.iter().rposition(|step| matches!(step.kind, StepKind::Handshake(_) | StepKind::Connect));
    let end = last.map_or(0, |last| last + 1);
    let mut index = 0;
    steps.retain(|step| {
        index += 1;
        index <= end || !matches!(step.kind, StepKind::Close(_))
    });
    match last.map(|last| &steps[last].kind) {
        Some(StepKind::Handshake(handshake)) if matches!(handshake.form, Form::Full | Form::Rest) => {}
        Some(StepKind::Handshake(_)) => steps.insert(end, step(plain(Form::Rest))),
        Some(_) => steps.insert(end, step(plain(Form::Full))),
        None => steps.insert(0, step(plain(Form::Full))),
    }
    steps.push(step(StepKind::Expect(Expect::Accept)));
    Case {
        id: format!("{}#twin", case.id),
        requirements: Vec::new(),
        pki: None,
        plays: Plays::Once,
        across: Vec::new(),
        steps,
        ..case.clone()
    }
}

/// Equal for cases whose twins are played alike: role, versions, options, and the twin's steps.
pub fn twin_key(case: &Case) -> String {
    let steps = placeless(&twin(case).steps);
    format!("{:?} {:?} {:?} {steps:?}", case.peer, case.versions, case.options)
}

/// The same steps, wherever they stand: equal for flows that are played alike.
pub fn placeless(steps: &[Step]) -> Vec<Step> {
    let mut steps = steps.to_vec();
    forget_places(&mut steps);
    steps
}

fn plain(form: Form) -> StepKind {
    StepKind::Handshake(Box::new(HandshakeStep {
        form,
        options: HandshakeOptions::default(),
        with: Vec::new(),
        alter: Vec::new(),
        alter_options: HandshakeOptions::default(),
    }))
}

/// The steps that a twin keeps, without what is under test.
fn honest(steps: &[Step]) -> Vec<Step> {
    let kept = steps.iter().filter_map(|step| {
        let kind = match &step.kind {
            StepKind::Connect | StepKind::Close(_) => step.kind.clone(),
            StepKind::Handshake(handshake) => StepKind::Handshake(Box::new(HandshakeStep {
                alter: Vec::new(),
                alter_options: HandshakeOptions::default(),
                ..(**handshake).clone()
            })),
            StepKind::Expect(Expect::Messages(messages)) => {
                let tickets = messages.iter().filter(|(name, _)| name == "new_session_ticket");
                let tickets: Vec<_> = tickets.map(|(name, _)| (name.clone(), Vec::new())).collect();
                if tickets.is_empty() || tickets.len() < messages.len() {
                    return None;
                }
                StepKind::Expect(Expect::Messages(tickets))
            }
            StepKind::Repeat { times, steps } => {
                let steps = honest(steps);
                if steps.is_empty() {
                    return None;
                }
                StepKind::Repeat { times: *times, steps }
            }
            _ => return None,
        };
        Some(Step { kind, place: step.place.clone(), on: step.on })
    });
    kept.collect()
}

/// A last handshake on a connection that has one already is itself what is tested, unless it alters something.
fn drop_last_renegotiation(steps: &mut Vec<Step>, original: &[Step]) {
    let full = |step: &Step| matches!(&step.kind, StepKind::Handshake(h) if h.form == Form::Full);
    let done = |step: &Step| matches!(&step.kind, StepKind::Handshake(h) if matches!(h.form, Form::Full | Form::Rest));
    let altered = original.iter().rev().find_map(|step| match &step.kind {
        StepKind::Handshake(h) => Some(!h.alter.is_empty() || h.alter_options != HandshakeOptions::default()),
        _ => None,
    });
    let Some(last) = steps.iter().rposition(|step| matches!(step.kind, StepKind::Handshake(_) | StepKind::Connect))
    else {
        return;
    };
    let since = steps[..last].iter().rposition(|step| matches!(step.kind, StepKind::Connect)).map_or(0, |at| at + 1);
    let ahead = &steps[since..last];
    let open = !ahead.iter().any(|step| matches!(step.kind, StepKind::Close(_)));
    if full(&steps[last]) && ahead.iter().any(done) && open && altered == Some(false) {
        steps.remove(last);
    }
}

fn forget_places(steps: &mut [Step]) {
    for step in steps {
        step.place = Place::default();
        match &mut step.kind {
            StepKind::Handshake(handshake) => {
                handshake.with.iter_mut().for_each(|(_, change)| forget_in_change(change));
                handshake.alter.iter_mut().for_each(|(_, change)| forget_in_change(change));
            }
            StepKind::Repeat { steps, .. } => forget_places(steps),
            StepKind::Send(send) => forget_in_records(&mut send.alteration.records),
            _ => {}
        }
    }
}

fn forget_in_change(change: &mut MessageChange) {
    change.place = Place::default();
    forget_places(&mut change.before);
    forget_places(&mut change.after);
    forget_places(change.instead.as_deref_mut().unwrap_or_default());
    forget_in_records(&mut change.alteration.records);
}

fn forget_in_records(items: &mut [RecordItem]) {
    for item in items {
        if let RecordItem::Step(step) = item {
            forget_places(std::slice::from_mut(step));
        }
    }
}
