//! `selftest`: a passing and a failing witness for every scenario.

use crate::args::Selftest;
use crate::{Exit, Failure, data};
use gauntlet_engine::{Witnesses, probe, witnesses};
use gauntlet_model::{Capabilities, Role};
use gauntlet_target::Target;

/// Names every scenario that lacks a witness.
pub(crate) fn selftest(arguments: &Selftest) -> Result<Exit, Failure> {
    let (corpus, select) = data::corpus_and_select(&arguments.selection)?;
    if arguments.faults {
        return faults(&corpus.scenarios);
    }
    let stacks = stacks(&arguments.target)?;
    let (mut complete, mut ours, mut lacking) = (0, 0, 0);
    for scenario in &corpus.scenarios {
        let wrong = |error: gauntlet_yaml::Diagnostics| Failure::usage(error.render(false));
        let expansion = scenario.expand(None).map_err(wrong)?;
        if !expansion.cases.iter().any(|case| select.takes(case)) {
            continue;
        }
        let found = witnesses(scenario, &stacks).map_err(wrong)?;
        if found.are_complete() {
            complete += 1;
            ours += usize::from(found.passes_on_our_own_alone());
            if arguments.verbose {
                anstream::println!("{}", line(&found));
            }
        } else {
            lacking += 1;
            anstream::println!("{}\n    {}", line(&found), found.why);
        }
    }
    if complete + lacking == 0 {
        return Err(Failure::usage("nothing is selected"));
    }
    anstream::println!("{complete} scenarios have both witnesses, {lacking} lack one");
    anstream::println!("{ours} of them pass on our own strict side alone: no other stack here has what they ask for");
    Ok(if lacking == 0 { Exit::Expected } else { Exit::Unexpected })
}

/// Which scenario catches each fault of our own faulty sides.
fn faults(scenarios: &[gauntlet_scenario::Scenario]) -> Result<Exit, Failure> {
    let mut unseen = 0;
    for fault in gauntlet_target::own::FAULTS {
        let caught = gauntlet_engine::caught_by(fault, scenarios).map_err(Failure::usage)?;
        unseen += usize::from(caught.is_none());
        let by = caught.unwrap_or_else(|| "nothing".to_owned());
        anstream::println!("{} {}: caught by {by}", fault.role.name(), fault.name);
    }
    anstream::println!("{} faults, {unseen} of them not caught", gauntlet_target::own::FAULTS.len());
    Ok(if unseen == 0 { Exit::Expected } else { Exit::Unexpected })
}

fn line(found: &Witnesses) -> String {
    let word = |witness: &Option<String>| witness.clone().unwrap_or_else(|| "nobody".to_owned());
    format!("{}: passes on {}, fails on {}", found.scenario, word(&found.passing), word(&found.failing))
}

/// Stacks that may pass, with what they can: the reference first, then other real ones, at last our own strict side.
#[expect(clippy::type_complexity, reason = "target, role, capabilities")]
fn stacks(more: &[String]) -> Result<Vec<(Box<dyn Target>, Role, Capabilities)>, Failure> {
    let missing: Vec<String> = gauntlet_target::profiles()
        .into_iter()
        .filter(|listing| !listing.installed)
        .map(|listing| listing.name)
        .collect();
    let further = more.iter().filter(|name| !missing.contains(name)).map(String::as_str);
    let mut all = Vec::new();
    for name in ["embedded-openssl", "embedded-rustls"].into_iter().chain(further).chain(["strict"]) {
        for role in super::target(name)?.roles() {
            let target = super::target(name)?;
            let options = Default::default();
            let failed =
                |error: gauntlet_model::LinkError| Failure { text: error.to_string(), exit: Exit::Unreachable };
            let mut instance = target.start(role, &options).map_err(failed)?;
            let settings = gauntlet_engine::patient(target.as_ref(), [0; 32]);
            let capabilities = probe(instance.as_mut(), role, &options, &settings).map_err(failed)?;
            drop(instance);
            all.push((target, role, capabilities));
        }
    }
    Ok(all)
}
