#![no_main]

use gauntlet_campaign::altered::AsServer;
use gauntlet_campaign::targets::Flows;
use gauntlet_model::Role;
use gauntlet_target::embedded;
use std::sync::LazyLock;

static FLOWS: LazyLock<Flows> = LazyLock::new(|| Flows::new(embedded::rustls(), Role::Client));

libfuzzer_sys::fuzz_target!(|flow: AsServer| -> libfuzzer_sys::Corpus { gauntlet_fuzz::play(&FLOWS, &flow.0) });
