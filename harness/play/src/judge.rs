//! The judge: a case and its transcript → a verdict.

use crate::decide::{self, Outcome, Scene};
use crate::look::{World, look, play_of};
use crate::reaction::reaction;
use crate::{number_steps, steps_of};
use gauntlet_model::case::Place;
use gauntlet_model::verdict::At;
use gauntlet_model::{Case, Condition, Event, Kind, LooseForm, Plays, Role, Step, StepKind, Transcript, Verdict, What};
use gauntlet_wire::Segment;

/// Which other alerts still pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlertPolicy {
    /// None.
    #[default]
    Exact,
    /// One of the kind of the named: syntax, negotiation, certificate.
    Class,
    /// Any.
    Any,
}

impl AlertPolicy {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            AlertPolicy::Exact => "exact",
            AlertPolicy::Class => "class",
            AlertPolicy::Any => "any",
        }
    }
}

/// Judges a case by what happened.
pub fn judge(case: &Case, transcript: &Transcript, policy: AlertPolicy) -> Verdict {
    let plays = transcript.events.last().map_or(0, |event| event.play) + 1;
    let mut worst: Option<Verdict> = None;
    for play in 0..plays {
        let (earlier, events) = of_play(transcript, play);
        let verdict = judge_play(case, play as usize, earlier, events, policy);
        if worst.as_ref().is_none_or(|worst| verdict.kind > worst.kind) {
            worst = Some(verdict);
        }
    }
    let mut verdict = worst.unwrap_or_else(|| error(None, "nothing was played"));
    if let Some(unmet) = judge_across(case, transcript, plays)
        && unmet.kind > verdict.kind
    {
        verdict = unmet;
    }
    outrank(by_exit(case.peer, verdict, transcript), case, transcript)
}

fn error(at: Option<At>, reason: &str) -> Verdict {
    Verdict { kind: Kind::Error, form: None, at, expected: String::new(), reason: reason.to_owned() }
}

fn at(place: &Place, step: usize) -> At {
    At { file: place.file.to_string(), line: place.line, column: place.column, width: place.width, step }
}

/// What a step numbered so is, and the verdict it makes.
struct Running<'a> {
    steps: Vec<&'a Step>,
    policy: AlertPolicy,
    worst: Option<Verdict>,
}

impl Running<'_> {
    fn add(&mut self, number: usize, mut outcome: Outcome) {
        if outcome.form == Some(LooseForm::OtherAlert) && self.lets_pass(number, &outcome.reason) {
            outcome.kind = Kind::Pass;
            outcome.form = None;
        }
        let worse = self
            .worst
            .as_ref()
            .is_none_or(|worst| outcome.kind >= worst.kind && worst.kind == Kind::Pass || outcome.kind > worst.kind);
        if worse {
            self.worst = Some(Verdict {
                kind: outcome.kind,
                form: outcome.form,
                at: self.steps.get(number).map(|step| at(&step.place, number)),
                expected: outcome.expected,
                reason: outcome.reason,
            });
        }
    }

    fn lets_pass(&self, number: usize, reason: &str) -> bool {
        match self.policy {
            AlertPolicy::Exact => false,
            AlertPolicy::Any => true,
            AlertPolicy::Class => {
                let came = reason.rsplit(' ').next().unwrap_or_default();
                let named = self.steps.get(number).map(|step| named_alerts(&step.kind)).unwrap_or_default();
                named.iter().any(|named| class(named).is_some() && class(named) == class(came))
            }
        }
    }
}

fn named_alerts(kind: &StepKind) -> Vec<String> {
    fn of(expect: &gauntlet_model::Expect) -> Vec<String> {
        match expect {
            gauntlet_model::Expect::Reject { alerts, .. } => alerts.clone(),
            gauntlet_model::Expect::OneOf(all) => all.iter().flat_map(of).collect(),
            _ => Vec::new(),
        }
    }
    match kind {
        StepKind::Expect(expect) => of(expect),
        _ => Vec::new(),
    }
}

/// The kind of an alert, for `--alerts class`.
fn class(alert: &str) -> Option<u8> {
    Some(match alert {
        "decode_error" | "illegal_parameter" | "unexpected_message" | "record_overflow" | "unsupported_extension" => 0,
        "handshake_failure"
        | "protocol_version"
        | "insufficient_security"
        | "missing_extension"
        | "no_application_protocol"
        | "unrecognized_name"
        | "inappropriate_fallback" => 1,
        "bad_certificate"
        | "unsupported_certificate"
        | "certificate_revoked"
        | "certificate_expired"
        | "certificate_unknown"
        | "unknown_ca"
        | "certificate_required"
        | "access_denied" => 2,
        "decrypt_error" | "bad_record_mac" | "decryption_failed" => 3,
        _ => return None,
    })
}

/// Events of the plays before, and those of a play: plays follow one another.
fn of_play(transcript: &Transcript, play: u32) -> (&[Event], &[Event]) {
    let start = transcript.events.partition_point(|event| event.play < play);
    let (earlier, rest) = transcript.events.split_at(start);
    (earlier, &rest[..rest.partition_point(|event| event.play == play)])
}

fn judge_play(case: &Case, play: usize, earlier: &[Event], events: &[Event], policy: AlertPolicy) -> Verdict {
    let steps = number_steps(steps_of(case, play));
    let mut running = Running { steps, policy, worst: None };
    let mut cursors = std::collections::BTreeMap::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (place, event) in events.iter().enumerate() {
        match &event.what {
            What::StepBegan { step, .. } => open.push((*step as usize, place)),
            What::StepEnded { step } => {
                let began = open.pop().map_or(0, |(_, began)| began);
                let (cursor, tickets) = cursors.entry(event.connection).or_insert((0, 0));
                let scene = Scene {
                    earlier,
                    events: &events[..place],
                    connection: event.connection,
                    began,
                    cursor: *cursor,
                    tickets: *tickets,
                    peer: case.peer,
                    over: true,
                };
                let number = *step as usize;
                let Some(step) = running.steps.get(number) else { continue };
                let outcome = match &step.kind {
                    StepKind::Expect(expect) => decide::expect(expect, scene),
                    StepKind::Check(conditions) => Some(decide::check(conditions, scene)),
                    StepKind::Handshake(handshake) => {
                        *cursor = decide::handshake_cursor(handshake, scene);
                        None
                    }
                    _ => None,
                };
                if let Some(outcome) = outcome {
                    *cursor = outcome.cursor;
                    *tickets = outcome.tickets.unwrap_or(*tickets);
                    running.add(number, outcome);
                }
            }
            What::Trouble { text, skip } => {
                let number = open.last().map_or(0, |(step, _)| *step);
                let kind = if *skip { Kind::Skip } else { Kind::Error };
                // A refusal in mid-flow says more than what could then no longer be sent, but proves nothing.
                running.worst = Some(Verdict {
                    kind,
                    at: running.steps.get(number).map(|step| at(&step.place, number)),
                    ..error(None, text)
                });
                break;
            }
            What::Altered { unchanged: true, text, step } => {
                let number = *step as usize;
                let place = running.steps.get(number).map(|step| at(&step.place, number));
                running.worst = Some(error(place, &format!("the alteration changed nothing: {text}")));
                break;
            }
            _ => {}
        }
    }
    let judges = running.steps.iter().any(|step| matches!(step.kind, StepKind::Expect(_) | StepKind::Check(_)));
    running.worst.unwrap_or_else(|| match judges || case.across.is_empty() {
        true => error(None, "no step judged anything"),
        // What holds over all plays is judged afterwards.
        false => Verdict {
            kind: Kind::Pass,
            form: None,
            at: None,
            expected: "across".to_owned(),
            reason: "as said over all plays".to_owned(),
        },
    })
}

/// Conditions over all plays.
fn judge_across(case: &Case, transcript: &Transcript, plays: u32) -> Option<Verdict> {
    if case.across.is_empty() && !matches!(case.plays, Plays::Until { .. }) {
        return None;
    }
    for (path, condition) in &case.across {
        let reactions = matches!(path.segments.as_slice(), [Segment::Name(name)] if name == "reaction");
        let mut items = Vec::new();
        let one = play_of(path);
        for play in one.as_ref().map_or(0..plays, |(play, _)| *play..(play + 1).min(plays)) {
            if reactions {
                items.push(crate::look::Item::Text(format!("{:?}", reaction(transcript, play))));
                continue;
            }
            let (earlier, events) = of_play(transcript, play);
            items.extend(look(World { earlier, events, connection: 0 }, path));
        }
        let everything = World { earlier: &transcript.events, events: &[], connection: 0 };
        let looker = |path: &gauntlet_wire::Path| look(everything, path);
        let unmet = crate::conditions::holds(&items, condition, &looker);
        let (kind, reason) = match unmet {
            Ok(()) => continue,
            Err(crate::conditions::Unmet::Nothing) => (Kind::Error, format!("{path} finds nothing")),
            Err(crate::conditions::Unmet::Not(_)) if reactions => (Kind::Fail, differing(transcript, plays)),
            Err(crate::conditions::Unmet::Not(came)) => (Kind::Fail, format!("{path}: {came}")),
        };
        return Some(Verdict { kind, form: None, at: None, expected: across_text(path, condition), reason });
    }
    None
}

fn across_text(path: &gauntlet_wire::Path, condition: &Condition) -> String {
    let what = match condition {
        Condition::Same(true) => "the same in all plays",
        Condition::Distinct(true) => "another in each play",
        _ => "as said over all plays",
    };
    format!("{path}: {what}")
}

fn differing(transcript: &Transcript, plays: u32) -> String {
    let first = reaction(transcript, 0);
    let other = (1..plays).find(|play| reaction(transcript, *play) != first).unwrap_or(0);
    let text = |play: u32| {
        let reaction = reaction(transcript, play);
        let sent: Vec<&str> = reaction.sent.iter().filter(|name| !name.starts_with('>')).map(String::as_str).collect();
        format!("{} [{}] {}", sent.join(" "), reaction.alerts.join(", "), reaction.end)
    };
    format!("play 1: {}; play {}: {}", text(0), other + 1, text(other))
}

/// Where the wire leaves open whether a client took what it got, since it ended without a word, its exit status may tell.
fn by_exit(peer: Role, verdict: Verdict, transcript: &Transcript) -> Verdict {
    let said = transcript.events.iter().rev().find_map(|event| match &event.what {
        What::Target { crashed: false, accepted, status, .. } => accepted.map(|accepted| (accepted, *status)),
        _ => None,
    });
    let Some((accepted, status)) = said.filter(|_| peer == Role::Server) else { return verdict };
    let status = status.unwrap_or_default();
    if !accepted && verdict.kind == Kind::Fail && verdict.reason == decide::TOOK {
        let reason =
            format!("closed with close_notify and status {status}, which says that it failed, without an alert");
        return Verdict { kind: Kind::Loose, form: Some(LooseForm::NoAlert), reason, ..verdict };
    }
    let silently = verdict.kind == Kind::Loose && verdict.form == Some(LooseForm::NoAlert);
    let reason = if accepted && silently {
        format!("{}, and with status {status}, which says that all is well", verdict.reason)
    } else if !accepted && verdict.kind == Kind::Pass && verdict.reason == decide::ENDED {
        format!("{}, but with status {status}, which says that it failed", verdict.reason)
    } else {
        return verdict;
    };
    Verdict { kind: Kind::Fail, form: None, reason, ..verdict }
}

/// A crash or a hang outranks what the flow says.
fn outrank(verdict: Verdict, case: &Case, transcript: &Transcript) -> Verdict {
    for event in &transcript.events {
        match &event.what {
            What::Target { crashed: true, status, signal, stderr, .. } => {
                let how = match (signal, status) {
                    (Some(signal), _) => format!("the target died of signal {signal}"),
                    (None, Some(status)) => format!("the target ended with status {status}"),
                    _ => "the target died".to_owned(),
                };
                let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
                let reason = if last.is_empty() { how } else { format!("{how}: {last}") };
                return Verdict { kind: Kind::Crash, form: None, reason, ..verdict };
            }
            // A client that has said its word may stay; one that owes it has hung.
            What::Alive { alive: false } if case.peer == Role::Server && !is_silence(&verdict) => {}
            What::Alive { alive: false } if case.peer == Role::Server => {
                let reason = format!("{}; nor does it end when its connection is closed", verdict.reason);
                return Verdict { kind: Kind::Hang, form: None, reason, ..verdict };
            }
            What::Alive { alive: false } => {
                let reason = format!("{}; no plain handshake is served afterwards", verdict.reason);
                return Verdict { kind: Kind::Hang, form: None, reason, ..verdict };
            }
            _ => {}
        }
    }
    verdict
}

/// The target owed something and said nothing.
fn is_silence(verdict: &Verdict) -> bool {
    verdict.kind == Kind::Fail && (verdict.reason.starts_with("silen") || verdict.reason.ends_with("left open"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A verdict once the client has ended with a status that its profile knows.
    fn after(accepted: bool, kind: Kind, form: Option<LooseForm>, reason: &str) -> (Kind, Option<LooseForm>) {
        let status = Some(i32::from(!accepted));
        let what =
            What::Target { status, signal: None, stderr: String::new(), crashed: false, accepted: Some(accepted) };
        let events = vec![Event { play: 0, connection: 0, us: 0, what }];
        let transcript = Transcript { events, ..Transcript::default() };
        let verdict = Verdict { kind, form, ..error(None, reason) };
        let said = by_exit(Role::Server, verdict.clone(), &transcript);
        assert_eq!(by_exit(Role::Client, verdict.clone(), &transcript), verdict, "a server's status says nothing");
        (said.kind, said.form)
    }

    #[test]
    fn where_a_client_ends_without_a_word_its_status_decides() {
        let silent = Some(LooseForm::NoAlert);
        assert_eq!(after(true, Kind::Loose, silent, "closed without an alert"), (Kind::Fail, None));
        assert_eq!(after(false, Kind::Loose, silent, "closed without an alert"), (Kind::Loose, silent));
        assert_eq!(after(false, Kind::Pass, None, decide::ENDED), (Kind::Fail, None));
        assert_eq!(after(true, Kind::Pass, None, decide::ENDED), (Kind::Pass, None));
        assert_eq!(after(false, Kind::Fail, None, decide::TOOK), (Kind::Loose, silent));
        assert_eq!(after(true, Kind::Fail, None, decide::TOOK), (Kind::Fail, None));
    }
}
