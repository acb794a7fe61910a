#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gauntlet_campaign::targets::grammar(data));
