#![no_main]

use gauntlet_fuzz as _;

libfuzzer_sys::fuzz_target!(|data: &[u8]| gauntlet_campaign::targets::peer_server(data));
