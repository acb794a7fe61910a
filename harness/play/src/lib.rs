//! Plays a case over a link, and judges what happened.
//!
//! [`play`] interprets the flow with the scriptable peer and gives a transcript; [`judge`] sees the case
//! and the transcript, nothing else. Both decide a step by the same functions (`decide`): the player to
//! know when it need not wait any longer, the judge to say what it means.

mod conditions;
mod decide;
mod judge;
mod look;
mod player;
mod reaction;
mod values;

pub use judge::{AlertPolicy, judge};
pub use player::{Settings, play, today};
pub use reaction::{has_data, negotiated, reaction};

use gauntlet_model::{Case, MessageChange, Plays, RecordItem, Step, StepKind};

/// The flow of one play of a case.
pub(crate) fn steps_of(case: &Case, play: usize) -> &[Step] {
    match &case.plays {
        Plays::Variants(variants) => variants.get(play).map_or(&[], |(_, steps)| steps),
        _ => &case.steps,
    }
}

/// All steps of a flow, each ahead of those nested in it: a step's number is its place here.
pub(crate) fn number_steps(steps: &[Step]) -> Vec<&Step> {
    let mut all = Vec::new();
    for step in steps {
        number_step(step, &mut all);
    }
    all
}

fn number_step<'a>(step: &'a Step, all: &mut Vec<&'a Step>) {
    all.push(step);
    match &step.kind {
        StepKind::Handshake(handshake) => {
            for (_, change) in handshake.with.iter().chain(&handshake.alter) {
                number_change(change, all);
            }
        }
        StepKind::Send(send) => number_records(&send.alteration.records, all),
        StepKind::Repeat { steps, .. } => steps.iter().for_each(|step| number_step(step, all)),
        _ => {}
    }
}

fn number_change<'a>(change: &'a MessageChange, all: &mut Vec<&'a Step>) {
    let steps = change.before.iter().chain(change.instead.iter().flatten()).chain(&change.after);
    steps.for_each(|step| number_step(step, all));
    number_records(&change.alteration.records, all);
}

fn number_records<'a>(records: &'a [RecordItem], all: &mut Vec<&'a Step>) {
    for item in records {
        if let RecordItem::Step(step) = item {
            number_step(step, all);
        }
    }
}
