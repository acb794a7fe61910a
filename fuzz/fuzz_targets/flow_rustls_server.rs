#![no_main]

use gauntlet_campaign::altered::AsClient;
use gauntlet_campaign::targets::Flows;
use gauntlet_model::Role;
use gauntlet_target::embedded;
use std::sync::LazyLock;

static FLOWS: LazyLock<Flows> = LazyLock::new(|| Flows::new(embedded::rustls(), Role::Server));

libfuzzer_sys::fuzz_target!(|flow: AsClient| -> libfuzzer_sys::Corpus { gauntlet_fuzz::play(&FLOWS, &flow.0) });
