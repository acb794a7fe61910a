#![no_main]

use gauntlet_campaign::altered::AsClient;
use gauntlet_campaign::targets::Differential;
use gauntlet_model::Role;
use std::sync::LazyLock;

static STACKS: LazyLock<Differential> = LazyLock::new(|| Differential::new(Role::Server));

libfuzzer_sys::fuzz_target!(|flow: AsClient| gauntlet_fuzz::compare(&STACKS, &flow.0));
