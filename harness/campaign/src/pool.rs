//! Instances that have borne what came so far, to be used again: to make one costs as much as a handshake.

use gauntlet_model::Role;
use gauntlet_target::{Instance, Options, Target};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Free = BTreeMap<Options, Vec<Box<dyn Instance>>>;

/// By the options that they were started with. What is taken and not put back is gone.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Free>);

impl Pool {
    /// One that nobody uses, or a fresh one; `None`: it does not start.
    pub fn take(&self, target: &dyn Target, role: Role, options: &Options) -> Option<Box<dyn Instance>> {
        let free = self.free().get_mut(options).and_then(Vec::pop);
        free.or_else(|| target.start(role, options).ok())
    }

    pub fn put(&self, options: &Options, instance: Box<dyn Instance>) {
        self.free().entry(options.clone()).or_default().push(instance);
    }

    /// The most memory that one of them has, bytes.
    pub fn memory(&self) -> Option<u64> {
        self.free().values().flatten().filter_map(|instance| instance.memory()).max()
    }

    fn free(&self) -> MutexGuard<'_, Free> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
