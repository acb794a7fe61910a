//! What a target can do: asked before each run, never remembered across runs.
//!
//! | kind | names |
//! |---|---|
//! | `versions` | `tls1.3`, ... |
//! | `cipher_suites`, `groups` | as the registries say |
//! | `signature_schemes` | those that it signs with in its newest version; also with `_tls1.3` and `_tls1.2` behind it |
//! | `extensions` | those that it answers, in any version; also with `_tls1.3` and `_tls1.2` |
//! | `resumption` | `ticket`, `session_id`; the same with the version ahead |
//! | `early_data` | `allowed_by_tickets`, `taken` |
//! | `client_auth` | `requested`, `required` |
//! | `records` | sizes of content that it takes |
//! | `reassembly` | in which pieces it takes a ClientHello |
//! | `data` | `echoed`, `answered` |
//! | `preference` | of what it goes by its own order, not the client's |
//! | `hello_retry_request`, `max_fragment_length`, `record_size_limit`, `client_renegotiation`, `compression` | `yes` |
//!
//! Of lists it is asked for all that it may have, then for all but what it chose, until it refuses: as many connections
//! as it has items, and one.

mod client;
mod lists;
mod server;

use crate::plain::plain_handshake;
use gauntlet_model::capabilities::Learnt;
use gauntlet_model::names::{version_name, version_number};
use gauntlet_model::{Capabilities, Case, Event, Kind, LinkError, Role, Side, Transcript, Val, What};
use gauntlet_play::{AlertPolicy, Settings, judge, play};
use gauntlet_scenario::Expansion;
use gauntlet_target::{Instance, Options, Target};
use gauntlet_wire::{Grammar, Node};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

/// Whether data is answered is not asked, as every plain handshake shows it; that it is only once, a profile says.
const ANSWERS: [&str; 2] = gauntlet_target::profile::ANSWERS;
/// Whoever dies more often than that cannot be asked.
const DEATHS: usize = 100;
const TLS13: u16 = 0x0304;
const TLS12: u16 = 0x0303;

/// Asks a server about all that the kinds above name; of a client, learns which versions it completes, and takes the
/// rest from its ClientHello.
///
/// # Errors
/// No link to it.
pub fn probe(
    instance: &mut dyn Instance,
    role: Role,
    options: &Options,
    settings: &Settings,
) -> Result<Capabilities, LinkError> {
    probe_knowing(None, instance, role, options, settings)
}

/// With other options than those by which something is known, if anything is.
fn probe_knowing(
    known: Option<&Capabilities>,
    instance: &mut dyn Instance,
    role: Role,
    options: &Options,
    settings: &Settings,
) -> Result<Capabilities, LinkError> {
    let mut probe = Probe { instance, options, settings, found: Capabilities::default(), deaths: 0 };
    match role {
        Role::Client => probe.client()?,
        Role::Server => probe.server(known)?,
    }
    if !probe.found.all("versions").is_empty() {
        ANSWERS.iter().for_each(|way| probe.found.learn("answers", way, Learnt::Yes));
    }
    Ok(probe.found)
}

/// What a target has with the options of a scenario that asks for all suites; `None` for other scenarios, and where it
/// has no such options. Each target is asked once for each set of options; what is known of it without them, and hangs on
/// neither suites nor schemes nor versions, holds here too.
pub(crate) fn probe_widened(
    target: &dyn Target,
    role: Role,
    known: &Capabilities,
    expansion: &Expansion,
    settings: &Settings,
) -> Option<Arc<Capabilities>> {
    /// What is asked for one set of options does not wait for what is asked for another.
    type Answer = Arc<OnceLock<Option<Arc<Capabilities>>>>;
    type Known = HashMap<(String, &'static str, Options), Answer>;
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let case = expansion.cases.first().or(expansion.skipped.first().map(|(case, _)| case))?;
    if case.options.get("suites").is_none_or(|suites| suites != "all") {
        return None;
    }
    let decides = |name: &str| matches!(name, "suites" | "psk" | "versions");
    let chosen = case.options.iter().filter(|(name, _)| decides(name));
    let options: Options = chosen.map(|(name, value)| (name.clone(), value.clone())).collect();
    target.supports(role, &options).ok()?;
    let key = (target.name().to_owned(), role.name(), options.clone());
    let answer = Arc::clone(KNOWN.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
    let ask = || {
        let mut instance = target.start(role, &options).ok()?;
        let mut found = probe_knowing(Some(known), instance.as_mut(), role, &options, settings).ok()?;
        found.cannot_answer(&target.cannot_answer(role));
        Some(Arc::new(found))
    };
    answer.get_or_init(ask).clone()
}

struct Probe<'a> {
    instance: &'a mut dyn Instance,
    options: &'a Options,
    settings: &'a Settings,
    found: Capabilities,
    deaths: usize,
}

impl Probe<'_> {
    fn play(&mut self, case: &Case) -> Result<Transcript, LinkError> {
        let mut link = self.instance.link()?;
        let transcript = play(case, &mut *link, self.settings);
        drop(link);
        // To die is no way of saying yes, and others come after it.
        if died(&transcript) {
            self.deaths += 1;
            if self.deaths > DEATHS {
                return Err(LinkError::Gone(format!("it died {DEATHS} times while it was asked what it has")));
            }
            self.instance.restart()?;
        }
        // What plain handshakes take; a large finite field would make every wait for silence long.
        if self.found.kinds.keys().all(|kind| kind == "versions") {
            self.measure(&transcript.events);
        }
        Ok(transcript)
    }

    /// The longest time from the last byte of ours to the first of the answer.
    fn measure(&mut self, events: &[Event]) {
        let mut sent = None;
        for event in events {
            match &event.what {
                What::Bytes { from: Side::Us, .. } => sent = Some(event.us),
                What::Bytes { from: Side::Target, .. } => {
                    if let Some(sent) = sent.take() {
                        self.found.answer_us = self.found.answer_us.max(event.us.saturating_sub(sent));
                    }
                }
                _ => {}
            }
        }
    }

    /// A plain handshake of one version.
    fn version(&mut self, peer: Role, version: u16) -> Result<Transcript, LinkError> {
        let case = plain_handshake("probe", peer, &[version], self.options, &[]);
        let transcript = self.play(&case)?;
        let verdict = judge(&case, &transcript, AlertPolicy::Exact);
        let silent = verdict.reason.starts_with("silent");
        let learnt = match verdict.kind {
            Kind::Pass => Learnt::Yes,
            _ if silent => Learnt::NotLearnt("timed out".to_owned()),
            _ if verdict.reason.starts_with("refused") || verdict.reason.starts_with("closed") => Learnt::No,
            _ => Learnt::NotLearnt(verdict.reason),
        };
        self.found.learn("versions", &version_name(version), learnt);
        Ok(transcript)
    }

    fn has_version(&self, version: u16) -> bool {
        self.found.has("versions", &version_name(version))
    }

    /// The current versions, and older ones if the options name them.
    fn asked_versions(&self) -> Vec<u16> {
        let named = self.options.get("versions").map(String::as_str).unwrap_or_default();
        let lowest = named.split(['-', ',']).filter_map(|name| version_number(name.trim())).min().unwrap_or(TLS12);
        (lowest.min(TLS12)..=TLS13).rev().collect()
    }

    fn learn_whether(&mut self, kind: &str, name: &str, has: bool) {
        self.found.learn(kind, name, whether(has));
    }

    /// Of one version, and as a whole: there it has what it has in any.
    fn learn_in(&mut self, version: u16, kind: &str, name: &str, learnt: &Learnt) {
        self.found.learn(&format!("{kind}_{}", version_name(version)), name, learnt.clone());
        if *learnt == Learnt::Yes || self.found.learnt(kind, name).is_none() {
            self.found.learn(kind, name, learnt.clone());
        }
    }
}

fn whether(has: bool) -> Learnt {
    if has { Learnt::Yes } else { Learnt::No }
}

/// All messages of a name that came.
fn received<'a>(transcript: &'a Transcript, wanted: &'a str) -> impl DoubleEndedIterator<Item = Node> + 'a {
    transcript.events.iter().filter_map(move |event| match &event.what {
        What::Message { from: Side::Target, name, bytes, context, .. } if name == wanted => {
            Some(Grammar::tls().decode("Handshake", bytes, context))
        }
        _ => None,
    })
}

/// Whether a message of that name came.
fn came(transcript: &Transcript, wanted: &str) -> bool {
    let is = |event: &Event| matches!(&event.what, What::Message { from: Side::Target, name, .. } if name == wanted);
    transcript.events.iter().any(is)
}

fn died(transcript: &Transcript) -> bool {
    transcript.events.iter().any(|event| matches!(event.what, What::Target { crashed: true, .. }))
}

/// Whether it refused: an alert, or the end.
fn refused(transcript: &Transcript) -> bool {
    came(transcript, "alert") || transcript.events.iter().any(|event| matches!(event.what, What::End { .. }))
}

/// Application data of a side, in one piece.
fn data_of(transcript: &Transcript, side: Side) -> Vec<u8> {
    let data = transcript.events.iter().filter_map(|event| match &event.what {
        What::Message { from, name, bytes, .. } if *from == side && name == "application_data" => Some(bytes),
        _ => None,
    });
    data.flatten().copied().collect()
}

fn name(enum_name: &str, number: u16) -> String {
    let name = Grammar::tls().name(enum_name, u64::from(number));
    name.map_or_else(|| format!("{number:#06x}"), str::to_owned)
}

fn numbers(list: &[u16]) -> Val {
    Val::List(list.iter().map(|number| Val::Number(u64::from(*number))).collect())
}

#[cfg(test)]
mod tests {
    use super::{probe, probe_knowing};
    use crate::run::patient;
    use gauntlet_model::Role;
    use gauntlet_target::{Options, embedded};

    /// Kinds with what stands in them, by what was known before: nothing, or what holds without options.
    fn with_and_without_knowledge(options: &[(&str, &str)]) -> [gauntlet_model::Capabilities; 2] {
        let target = embedded::openssl();
        let settings = patient(target.as_ref(), [7; 32]);
        let plain = Options::new();
        let mut instance = target.start(Role::Server, &plain).expect("it starts");
        let known = probe(instance.as_mut(), Role::Server, &plain, &settings).expect("it has links");
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        [None, Some(&known)].map(|known| {
            let mut instance = target.start(Role::Server, &options).expect("it starts");
            let found = probe_knowing(known, instance.as_mut(), Role::Server, &options, &settings);
            found.expect("it has links")
        })
    }

    #[test]
    fn what_is_known_spares_questions_and_changes_no_answer() {
        let [whole, spared] = with_and_without_knowledge(&[("suites", "all")]);
        assert_eq!(whole.kinds, spared.kinds);
        for suite in ["TLS_RSA_WITH_NULL_SHA", "TLS_DH_anon_WITH_AES_128_GCM_SHA256"] {
            assert!(spared.has("cipher_suites", suite), "{suite}: it has it with this option alone");
        }
        assert!(!spared.has("cipher_suites", "TLS_PSK_WITH_AES_128_GCM_SHA256"), "it has no key");
        // Of other versions nothing is known.
        let [whole, spared] = with_and_without_knowledge(&[("suites", "all"), ("versions", "tls1.2")]);
        assert_eq!(whole.kinds, spared.kinds);
        assert_eq!(spared.kinds["signature_schemes"], spared.kinds["signature_schemes_tls1.2"]);
    }
}
