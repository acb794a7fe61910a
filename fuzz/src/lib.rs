//! What the targets share; of flows, how many runs got past the ServerHello, said at each power of two.

use gauntlet_campaign::altered::Altered;
use gauntlet_campaign::targets::{Differential, Flows};
use libfuzzer_sys::Corpus;
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// For LeakSanitizer: a grammar, once parsed, lives as long as the process. That is on purpose.
#[unsafe(no_mangle)]
pub extern "C" fn __lsan_default_suppressions() -> *const std::ffi::c_char {
    c"leak:gauntlet_wire::link\nleak:gauntlet_wire::grammar".as_ptr()
}

static RUNS: AtomicU64 = AtomicU64::new(0);
static PAST: AtomicU64 = AtomicU64::new(0);

/// Plays a flow. What the target has not is no input to keep.
pub fn play(flows: &Flows, altered: &Altered) -> Corpus {
    let Some(is_past) = flows.fuzz(altered) else { return Corpus::Reject };
    let (runs, past) = (RUNS.fetch_add(1, Relaxed) + 1, PAST.fetch_add(u64::from(is_past), Relaxed) + u64::from(is_past));
    if runs.is_power_of_two() {
        eprintln!("past ServerHello: {past} of {runs} flows");
    }
    Corpus::Keep
}

static LEADS: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Plays a flow on both stacks; says each difference that is not known once, with the scenario. It is a lead, no verdict.
pub fn compare(stacks: &Differential, altered: &Altered) {
    let Some((what, difference)) = stacks.lead(altered) else { return };
    if LEADS.lock().is_ok_and(|mut leads| leads.insert(what.clone())) {
        eprintln!("difference: {what}\nOpenSSL: {}\nrustls: {}", difference.openssl.reason, difference.rustls.reason);
        eprintln!("{}", altered.text());
    }
}
