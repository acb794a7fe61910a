//! What plain handshakes cost with a target: full and resumed, per version and key exchange.

use crate::plain::{plain_handshake, resumption};
use gauntlet_model::result::Cost;
use gauntlet_model::{Capabilities, Case, Role, Val};
use gauntlet_play::{Settings, play};
use gauntlet_reports::cost::costs;
use gauntlet_target::{Instance, Options};
use gauntlet_wire::Grammar;

/// Suites of TLS 1.2 that stand for their key exchange.
const KEY_EXCHANGES: [&str; 4] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
];

/// Plays what the probe has found, each once. What does not come about has no costs.
pub(crate) fn measure(
    instance: &mut dyn Instance,
    found: &Capabilities,
    options: &Options,
    settings: &Settings,
    timed: bool,
) -> Vec<Cost> {
    let mut all = Vec::new();
    for case in cases(found, options) {
        let Ok(mut link) = instance.link() else { continue };
        let transcript = play(&case, &mut *link, settings);
        for cost in costs(&transcript, timed) {
            let key = |cost: &Cost| {
                (
                    cost.version.clone(),
                    cost.cipher_suite.clone(),
                    cost.group.clone(),
                    cost.handshake.clone(),
                    cost.retry,
                )
            };
            let same = |known: &Cost| key(known) == key(&cost);
            if !all.iter().any(same) {
                all.push(cost);
            }
        }
    }
    all
}

fn cases(found: &Capabilities, options: &Options) -> Vec<Case> {
    let mut cases = Vec::new();
    let number = |kind: &str, name: &str| Grammar::tls().number(kind, name).map(Val::Number);
    if found.has("versions", "tls1.3") {
        for group in found.all("groups").into_iter().filter_map(|name| number("NamedGroup", name)) {
            let share = Val::Map(vec![("group".to_owned(), group.clone())]);
            let set = [
                ("extensions.supported_groups.named_group_list", Val::List(vec![group])),
                ("extensions.key_share.client_shares", Val::List(vec![share])),
            ];
            cases.push(plain_handshake("cost", Role::Client, &[0x0304], options, &set));
        }
        cases.push(resumption("cost", &[0x0304], options));
    }
    if found.has("versions", "tls1.2") {
        let suites = KEY_EXCHANGES.into_iter().filter(|suite| found.has("cipher_suites", suite));
        for suite in suites.filter_map(|name| number("CipherSuite", name)) {
            let set = [("cipher_suites", Val::List(vec![suite]))];
            cases.push(plain_handshake("cost", Role::Client, &[0x0303], options, &set));
        }
        cases.push(resumption("cost", &[0x0303], options));
    }
    cases
}
