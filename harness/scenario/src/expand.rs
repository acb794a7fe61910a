//! One scenario → its cases.

use crate::Scenario;
use gauntlet_model::{Capabilities, Case};
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
    pub fn expand(&self, _capabilities: Option<&Capabilities>) -> Result<Expansion, Diagnostics> {
        todo!()
    }
}
