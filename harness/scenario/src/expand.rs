//! One scenario → its cases.

use crate::Scenario;
use crate::build::Build;
use crate::parameters::Vary;
use gauntlet_model::{Capabilities, Case, Learnt};
use gauntlet_yaml::Diagnostics;

/// The cases of a scenario for one target, in order.
#[derive(Clone, Debug, Default)]
pub struct Expansion {
    /// Those that can be played.
    pub cases: Vec<Case>,
    /// What could not be expanded since the target has not got it, with the reason: one skipped case each.
    pub skipped: Vec<(Case, String)>,
}

impl Scenario {
    /// All cases. `{ all: ... }` takes its values from the capabilities (without them: from the grammar); `needs` that the
    /// capabilities lack make skipped cases.
    ///
    /// # Errors
    /// Values that only this target's capabilities bring, and that the flow cannot take.
    pub fn expand(&self, capabilities: Option<&Capabilities>) -> Result<Expansion, Diagnostics> {
        let mut errors = Diagnostics::default();
        let vary = Vary::read(&self.file, &self.tree, capabilities, &mut errors);
        let build = Build { scenario: self, vary: &vary, capabilities, lint: None };
        let mut expansion = Expansion::default();
        let lacking = vary.parameters.iter().find_map(|parameter| parameter.lacking.clone());
        let mut rows = vary.rows();
        // One case stands for all that cannot be made.
        rows.truncate(if lacking.is_some() { 1 } else { usize::MAX });
        for role in &self.peers {
            for row in &rows {
                let (case, found) = build.case(row, *role);
                errors.extend(found.errors);
                let Some(case) = case else { continue };
                let reason =
                    lacking.clone().or_else(|| capabilities.and_then(|capabilities| lacks(&case, capabilities)));
                match reason {
                    Some(reason) => expansion.skipped.push((case, reason)),
                    None => expansion.cases.push(case),
                }
            }
        }
        if errors.has_errors() { Err(errors) } else { Ok(expansion) }
    }
}

/// What the case needs and the target has not, in words.
fn lacks(case: &Case, capabilities: &Capabilities) -> Option<String> {
    case.needs.iter().find_map(|(kind, names)| {
        let shown = kind.replace('_', " ");
        if names.is_empty() {
            let known = capabilities.kinds.get(kind).map(Vec::as_slice).unwrap_or_default();
            let has = known.iter().any(|(_, learnt)| *learnt == Learnt::Yes);
            let why = known.iter().find_map(|(_, learnt)| unknown(learnt)).unwrap_or_default();
            return (!has).then(|| format!("the target has no {shown}{why}"));
        }
        names.iter().find(|name| !capabilities.has(kind, name)).map(|name| {
            let why = capabilities.learnt(kind, name).and_then(unknown).unwrap_or_default();
            format!("the target has no {name} ({shown}){why}")
        })
    })
}

/// That the probe could not tell, and why.
fn unknown(learnt: &Learnt) -> Option<String> {
    match learnt {
        Learnt::NotLearnt(why) => Some(format!(", as far as could be learnt: {why}")),
        Learnt::Yes | Learnt::No => None,
    }
}
