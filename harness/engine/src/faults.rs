//! The proof that scenarios catch known mistakes: each fault of our own sides, and the case that tells it from `strict`.

use crate::run::{case_seed, run_case};
use crate::{patient, probe};
use gauntlet_model::{Case, Kind, LinkError};
use gauntlet_play::AlertPolicy;
use gauntlet_scenario::Scenario;
use gauntlet_target::Target;
use gauntlet_target::own::{Fault, Manner, own};

/// The first case that `strict` passes and the same side with the fault fails; `None`: the fault goes unseen.
///
/// # Errors
/// A side of ours does not start, or a scenario does not expand (rendered).
pub fn caught_by(fault: &'static Fault, scenarios: &[Scenario]) -> Result<Option<String>, String> {
    let strict = own(Manner::Strict);
    let faulty = own(Manner::Faulty(fault));
    let failed = |error: LinkError| error.to_string();
    let options = Default::default();
    let settings = patient(strict.as_ref(), [0; 32]);
    let mut instance = strict.start(fault.role, &options).map_err(failed)?;
    let capabilities = probe(instance.as_mut(), fault.role, &options, &settings).map_err(failed)?;
    for scenario in scenarios {
        let expansion = scenario.expand(Some(&capabilities)).map_err(|error| error.render(false))?;
        for case in expansion.cases.iter().filter(|case| case.peer.other() == fault.role) {
            let kind = |target: &dyn Target| kind(target, case);
            if kind(faulty.as_ref()).is_some_and(fails) && kind(strict.as_ref()) == Some(Kind::Pass) {
                return Ok(Some(case.id.clone()));
            }
        }
    }
    Ok(None)
}

fn fails(kind: Kind) -> bool {
    matches!(kind, Kind::Fail | Kind::Hang | Kind::Crash)
}

/// How a case ends on a side of ours; `None`: it has not the options.
fn kind(target: &dyn Target, case: &Case) -> Option<Kind> {
    let role = case.peer.other();
    target.supports(role, &case.options).ok()?;
    let mut instance = target.start(role, &case.options).ok()?;
    let settings = patient(target, case_seed(1, &case.id));
    Some(run_case(instance.as_mut(), case, &settings, AlertPolicy::Exact).1.kind)
}
