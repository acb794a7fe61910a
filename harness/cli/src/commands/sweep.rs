//! `sweep`: every single change of every valid flow.

use crate::args::Sweep;
use crate::{Exit, Failure};
use gauntlet_campaign::{Group, Options, SweepError, group, shrink, sweep, write};
use gauntlet_model::Role;
use gauntlet_target::Target;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Sweeps the targets in the roles asked for; what is found is written as scenarios.
pub(crate) fn run(arguments: &Sweep) -> Result<Exit, Failure> {
    let stop = super::stop_on_signal();
    let is_stopped = || stop.load(Ordering::Relaxed);
    let mut found = 0;
    for name in &arguments.target {
        let target = super::target(name)?;
        for role in target.roles() {
            if arguments.role.is_none_or(|wanted| wanted.role() == role) && !is_stopped() {
                found += one(target.as_ref(), role, arguments, &stop)?;
            }
        }
    }
    Ok(match found {
        _ if is_stopped() => Exit::Interrupted,
        0 => Exit::Expected,
        _ => Exit::Unexpected,
    })
}

fn one(target: &dyn Target, role: Role, arguments: &Sweep, stop: &Arc<AtomicBool>) -> Result<usize, Failure> {
    let options = Options {
        seed: arguments.seed,
        flow: arguments.flow.clone().unwrap_or_default(),
        only_orders: arguments.only_orders,
        until_found: arguments.until_found,
        every: arguments.every,
        pairs: if arguments.depth > 1 { arguments.pairs.clone() } else { Vec::new() },
        stop: Arc::clone(stop),
    };
    if arguments.depth > 1 && arguments.pairs.is_empty() {
        let text = "`--depth 2` plays pairs of the changes that hold a word: name some with `--pairs`, such as `left`";
        return Err(Failure::usage(text));
    }
    let began = Instant::now();
    let tell = |flow: &str, cases: usize| anstream::eprintln!("{} {flow}: {cases} changes", role.name());
    let report = sweep(target, role, &options, &tell).map_err(|error| match error {
        SweepError::Unreachable(_) => Failure { text: error.to_string(), exit: Exit::Unreachable },
        SweepError::Flow(_) => Failure::usage(error.to_string()),
    })?;
    let took = began.elapsed();
    if stop.load(Ordering::Relaxed) {
        anstream::println!("interrupted: this is what was found until then, and not made smaller");
    }
    for (flow, reason) in &report.skipped {
        anstream::println!("{} {flow}: not there: {reason}", role.name());
    }
    let count = report.findings.len();
    for remark in &report.remarks {
        anstream::println!("{} {remark}", role.name());
    }
    let mut groups = group(report.findings);
    shrink(&mut groups, target, role, &options);
    for group in &groups {
        anstream::println!("{}", line(group));
    }
    let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", arguments.out.display()));
    let written = write(&arguments.out, target.name(), &groups).map_err(failed)?;
    let seed = if options.seed == 1 { String::new() } else { format!(" --seed {:x}", options.seed) };
    for place in written {
        anstream::println!("    gauntlet run {}/scenario.yaml --target {}{seed}", place.display(), target.name());
    }
    anstream::println!(
        "{} as {}: {} changed flows ({} could not be carried out) in {:.1} s, {:.0} a second; {count} findings in {} groups",
        target.name(),
        role.name(),
        report.cases,
        report.unplayable,
        took.as_secs_f64(),
        report.cases as f64 / took.as_secs_f64().max(0.001),
        groups.len()
    );
    Ok(count)
}

fn line(group: &Group) -> String {
    let smallest =
        group.members.first().map(|finding| format!("{} {} in {}", finding.what, finding.kind, finding.flow));
    format!("{} ({} of them): {}", group.cause, group.members.len(), smallest.unwrap_or_default())
}
