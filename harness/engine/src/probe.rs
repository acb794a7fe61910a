//! What a target can do: asked before each run, never remembered across runs.

use crate::plain::{hello, hello_request, plain_handshake, resumption};
use gauntlet_crypto::CipherSuite;
use gauntlet_crypto::suite::{KeyExchange, SuiteInfo};
use gauntlet_model::capabilities::Learnt;
use gauntlet_model::names::{version_name, version_number};
use gauntlet_model::{Capabilities, Case, Event, Kind, LinkError, Role, Side, Transcript, Val, What};
use gauntlet_peer::view::ClientHelloView;
use gauntlet_play::{AlertPolicy, Settings, judge, play};
use gauntlet_scenario::Expansion;
use gauntlet_target::{Instance, Options, Target};
use gauntlet_wire::Grammar;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Whether data is answered is not asked, as every plain handshake shows it; that it is only once, a profile says.
const ANSWERS: [&str; 2] = gauntlet_target::profile::ANSWERS;
/// Groups that are asked for.
const GROUPS: [u16; 13] = [29, 23, 24, 25, 30, 256, 257, 258, 259, 260, 4588, 4587, 4589];
/// Signature schemes that are asked for.
const SCHEMES: [u16; 14] =
    [0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0807, 0x0808, 0x0809, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201];
/// TLS 1.3 suites.
const SUITES13: [u16; 5] = [0x1301, 0x1302, 0x1303, 0x1304, 0x1305];
/// TLS 1.2 suites that our client can play.
const SUITES12: [u16; 22] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014, 0xc023, 0xc027, 0xc024, 0xc028,
    0x009c, 0x009d, 0x002f, 0x0035, 0x003c, 0x003d, 0x009e, 0x009f,
];

/// Asks a server about versions, suites, groups, signature schemes, resumption; of a client, learns which versions it
/// completes, and takes the rest from its ClientHello.
///
/// # Errors
/// No link to it.
pub fn probe(
    instance: &mut dyn Instance,
    role: Role,
    options: &Options,
    settings: &Settings,
) -> Result<Capabilities, LinkError> {
    let mut found = ask_all(instance, role, options, settings)?;
    for way in ANSWERS {
        found.learn("answers", way, Learnt::Yes);
    }
    Ok(found)
}

fn ask_all(
    instance: &mut dyn Instance,
    role: Role,
    options: &Options,
    settings: &Settings,
) -> Result<Capabilities, LinkError> {
    let mut probe = Probe { instance, options, settings, found: Capabilities::default() };
    if role == Role::Client {
        probe.versions(Role::Server)?;
        if probe.found.has("versions", "tls1.2") {
            probe.renegotiates()?;
        }
        return Ok(probe.found);
    }
    probe.versions(Role::Client)?;
    if probe.found.all("versions").is_empty() {
        // Whoever serves no handshake would only be waited for.
        return Ok(probe.found);
    }
    if probe.found.has("versions", "tls1.3") {
        probe.suites(0x0304, &SUITES13)?;
        probe.groups()?;
        probe.retry()?;
    }
    let best = [0x0303, 0x0302, 0x0301, 0x0300]
        .into_iter()
        .find(|version| probe.found.has("versions", &version_name(*version)));
    if let Some(version) = best {
        let suites = probe.asked_suites();
        probe.suites(version, &suites)?;
    }
    probe.schemes()?;
    probe.extensions()?;
    for version in [0x0304, 0x0303] {
        if probe.found.has("versions", &version_name(version)) {
            probe.resumption(version)?;
        }
    }
    Ok(probe.found)
}

/// What a target has with the options of a scenario that asks for all suites; `None` for other scenarios, and where it
/// has no such options. Each target is asked once for each set of options.
pub(crate) fn probe_widened(
    target: &dyn Target,
    role: Role,
    expansion: &Expansion,
    settings: &Settings,
) -> Option<Arc<Capabilities>> {
    type Known = HashMap<(String, &'static str, Options), Option<Arc<Capabilities>>>;
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let case = expansion.cases.first().or(expansion.skipped.first().map(|(case, _)| case))?;
    if case.options.get("suites").is_none_or(|suites| suites != "all") {
        return None;
    }
    let decides = |name: &str| matches!(name, "suites" | "psk" | "versions");
    let chosen = case.options.iter().filter(|(name, _)| decides(name));
    let options: Options = chosen.map(|(name, value)| (name.clone(), value.clone())).collect();
    target.supports(role, &options).ok()?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let found = known.entry((target.name().to_owned(), role.name(), options.clone())).or_insert_with(|| {
        let mut instance = target.start(role, &options).ok()?;
        let mut found = probe(instance.as_mut(), role, &options, settings).ok()?;
        found.cannot_answer(&target.cannot_answer(role));
        Some(Arc::new(found))
    });
    found.clone()
}

struct Probe<'a> {
    instance: &'a mut dyn Instance,
    options: &'a Options,
    settings: &'a Settings,
    found: Capabilities,
}

/// What the target said first.
enum Answer {
    Hello,
    Retry,
    Refused,
    Silent,
}

impl Probe<'_> {
    fn play(&mut self, case: &Case) -> Result<Transcript, LinkError> {
        let mut link = self.instance.link()?;
        let transcript = play(case, &mut *link, self.settings);
        drop(link);
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

    fn ask(&mut self, version: u16, set: &[(&str, Val)]) -> Result<Answer, LinkError> {
        let transcript = self.play(&hello("probe", &[version], self.options, set))?;
        let names = transcript.events.iter().filter_map(|event| match &event.what {
            What::Message { from: Side::Target, name, .. } => Some(name.as_ref()),
            _ => None,
        });
        let mut answer = None;
        for name in names {
            match name {
                "server_hello" => return Ok(Answer::Hello),
                "hello_retry_request" => answer = Some(Answer::Retry),
                "alert" if answer.is_none() => return Ok(Answer::Refused),
                _ => {}
            }
        }
        let ended = transcript.events.iter().any(|event| matches!(event.what, What::End { .. }));
        Ok(answer.unwrap_or(if ended { Answer::Refused } else { Answer::Silent }))
    }

    fn learn(&mut self, kind: &str, name: &str, answer: &Answer) {
        let learnt = match answer {
            Answer::Hello => Learnt::Yes,
            Answer::Retry | Answer::Refused => Learnt::No,
            Answer::Silent => Learnt::NotLearnt("timed out".to_owned()),
        };
        self.found.learn(kind, name, learnt);
    }

    /// One handshake for each version; what a client offers is in the ClientHello of the first.
    fn versions(&mut self, peer: Role) -> Result<(), LinkError> {
        for version in self.asked_versions() {
            let case = plain_handshake("probe", peer, &[version], self.options, &[]);
            let transcript = self.play(&case)?;
            if let Some(hello) = client_hello(&transcript).filter(|_| version == 0x0304) {
                self.offers(&hello);
            }
            let verdict = judge(&case, &transcript, AlertPolicy::Exact);
            let silent = verdict.reason.starts_with("silent");
            let learnt = match verdict.kind {
                Kind::Pass => Learnt::Yes,
                _ if silent => Learnt::NotLearnt("timed out".to_owned()),
                _ if verdict.reason.starts_with("refused") || verdict.reason.starts_with("closed") => Learnt::No,
                _ => Learnt::NotLearnt(verdict.reason),
            };
            self.found.learn("versions", &version_name(version), learnt);
        }
        Ok(())
    }

    /// The current versions, and older ones if the options name them: nobody has those by default.
    fn asked_versions(&self) -> Vec<u16> {
        let named = self.options.get("versions").map(String::as_str).unwrap_or_default();
        let lowest = named.split(['-', ',']).filter_map(|name| version_number(name.trim())).min().unwrap_or(0x0303);
        (lowest.min(0x0303)..=0x0304).rev().collect()
    }

    /// Up to TLS 1.2: the suites in use, or with the option for it all that we can play.
    fn asked_suites(&self) -> Vec<u16> {
        if self.options.get("suites").is_none_or(|suites| suites != "all") {
            return SUITES12.to_vec();
        }
        let playable = |info: &&SuiteInfo| info.key_exchange != KeyExchange::Tls13 && info.is_playable();
        CipherSuite::all().iter().filter(playable).map(|info| info.suite.0).collect()
    }

    /// What a client lists in its hello.
    fn offers(&mut self, hello: &ClientHelloView) {
        let lists = [
            ("cipher_suites", "CipherSuite", &hello.cipher_suites),
            ("groups", "NamedGroup", &hello.groups),
            ("signature_schemes", "SignatureScheme", &hello.signature_schemes),
            ("extensions", "ExtensionType", &hello.extensions),
        ];
        for (kind, registry, numbers) in lists {
            for number in numbers {
                self.found.learn(kind, &name(registry, *number), Learnt::Yes);
            }
        }
        for version in hello.offered_versions() {
            self.found.learn("offered_versions", &version_name(version), Learnt::Yes);
        }
        for protocol in &hello.alpn {
            self.found.learn("alpn", &String::from_utf8_lossy(protocol), Learnt::Yes);
        }
        if hello.alpn.is_empty() {
            self.found.learn("alpn", "not_offered", Learnt::Yes);
        }
        let shared = |group: &u16| hello.shares.iter().any(|(share, _)| share == group);
        let yes = |yes: bool| if yes { Learnt::Yes } else { Learnt::No };
        let retries = hello.groups.iter().any(|group| !shared(group));
        self.found.learn("hello_retry_request", "yes", yes(retries));
        self.found.learn("session_id", "yes", yes(!hello.session_id.is_empty()));
        let number = Grammar::tls().number("ExtensionType", "post_handshake_auth").unwrap_or(49) as u16;
        self.found.learn("post_handshake_auth", "not_offered", yes(!hello.extensions.contains(&number)));
    }

    /// Whether a client follows a HelloRequest.
    fn renegotiates(&mut self) -> Result<(), LinkError> {
        let transcript = self.play(&hello_request("probe", self.options))?;
        let hellos = transcript.events.iter().filter(
            |event| matches!(&event.what, What::Message { from: Side::Target, name, .. } if name == "client_hello"),
        );
        let learnt = if hellos.count() > 1 { Learnt::Yes } else { Learnt::No };
        self.found.learn("renegotiation", "yes", learnt);
        Ok(())
    }

    fn suites(&mut self, version: u16, suites: &[u16]) -> Result<(), LinkError> {
        for suite in suites {
            let answer = self.ask(version, &[("cipher_suites", Val::List(vec![Val::Number(u64::from(*suite))]))])?;
            self.learn("cipher_suites", &name("CipherSuite", *suite), &answer);
        }
        Ok(())
    }

    fn groups(&mut self) -> Result<(), LinkError> {
        for group in GROUPS {
            let number = Val::Number(u64::from(group));
            let share = Val::Map(vec![("group".to_owned(), number.clone())]);
            let set = [
                ("extensions.supported_groups.named_group_list", Val::List(vec![number])),
                ("extensions.key_share.client_shares", Val::List(vec![share])),
            ];
            let answer = self.ask(0x0304, &set)?;
            self.learn("groups", &name("NamedGroup", group), &answer);
        }
        Ok(())
    }

    fn retry(&mut self) -> Result<(), LinkError> {
        let answer = self.ask(0x0304, &[("extensions.key_share.client_shares", Val::List(vec![]))])?;
        let learnt = match answer {
            Answer::Retry => Learnt::Yes,
            // The peer goes on behind a retry by itself, so that a ServerHello may be what came last.
            Answer::Hello => Learnt::Yes,
            Answer::Refused => Learnt::No,
            Answer::Silent => Learnt::NotLearnt("timed out".to_owned()),
        };
        self.found.learn("hello_retry_request", "yes", learnt);
        Ok(())
    }

    fn schemes(&mut self) -> Result<(), LinkError> {
        let version = if self.found.has("versions", "tls1.3") { 0x0304 } else { 0x0303 };
        for scheme in SCHEMES {
            let list = Val::List(vec![Val::Number(u64::from(scheme))]);
            let answer =
                self.ask(version, &[("extensions.signature_algorithms.supported_signature_algorithms", list)])?;
            self.learn("signature_schemes", &name("SignatureScheme", scheme), &answer);
        }
        Ok(())
    }

    /// Extensions that the target answers, asked for one by one in a hello of its version.
    fn extensions(&mut self) -> Result<(), LinkError> {
        let asked: [(u16, &str, Vec<u8>); 6] = [
            (0x0303, "max_fragment_length", vec![1]),
            (0x0303, "encrypt_then_mac", Vec::new()),
            (0x0303, "extended_master_secret", Vec::new()),
            (0x0303, "session_ticket", Vec::new()),
            (0x0304, "record_size_limit", vec![0x10, 0]),
            (0x0304, "server_name", Vec::new()),
        ];
        for (version, name, data) in asked {
            if !self.found.has("versions", &version_name(version)) {
                continue;
            }
            let path = format!("extensions.{name}");
            let mut set = vec![];
            if name != "server_name" {
                set.push((path.as_str(), Val::Bytes(data)));
            }
            let cbc = [0xc013, 0xc009, 0x002f].map(Val::Number);
            if name == "encrypt_then_mac" {
                set.push(("cipher_suites", Val::List(cbc.to_vec())));
            }
            let transcript = self.play(&hello("probe", &[version], self.options, &set))?;
            let number = Grammar::tls().number("ExtensionType", name).unwrap_or(0) as u16;
            let answered = answered_extensions(&transcript);
            let learnt = match answered {
                None => Learnt::NotLearnt("no answer".to_owned()),
                Some(kinds) if kinds.contains(&number) => Learnt::Yes,
                Some(_) => Learnt::No,
            };
            self.found.learn("extensions", name, learnt.clone());
            if matches!(name, "max_fragment_length" | "record_size_limit") {
                self.found.learn(name, "yes", learnt);
            }
        }
        Ok(())
    }

    fn resumption(&mut self, version: u16) -> Result<(), LinkError> {
        let case = resumption("probe", &[version], self.options);
        let transcript = self.play(&case)?;
        let resumed =
            transcript.events.iter().any(|event| matches!(event.what, What::Established { resumed: true, .. }));
        let ticket = transcript.events.iter().any(
            |event| matches!(&event.what, What::Message { from: Side::Target, name, .. } if name == "new_session_ticket"),
        );
        let kind = if ticket { "ticket" } else { "session_id" };
        let learnt = if resumed { Learnt::Yes } else { Learnt::No };
        self.found.learn("resumption", &format!("{} {kind}", version_name(version)), learnt.clone());
        if learnt == Learnt::Yes || self.found.learnt("resumption", kind).is_none() {
            self.found.learn("resumption", kind, learnt);
        }
        Ok(())
    }
}

/// The first ClientHello that came.
fn client_hello(transcript: &Transcript) -> Option<ClientHelloView> {
    transcript.events.iter().find_map(|event| match &event.what {
        What::Message { from: Side::Target, name, bytes, context, .. } if name == "client_hello" => {
            Some(ClientHelloView::of(&Grammar::tls().decode("Handshake", bytes, context)))
        }
        _ => None,
    })
}

/// Extension types in the ServerHello and the EncryptedExtensions; `None`: neither came.
fn answered_extensions(transcript: &Transcript) -> Option<Vec<u16>> {
    let messages = transcript.events.iter().filter_map(|event| match &event.what {
        What::Message { from: Side::Target, name, bytes, context, .. }
            if matches!(&**name, "server_hello" | "encrypted_extensions") =>
        {
            Some(gauntlet_peer::view::extension_types(&Grammar::tls().decode("Handshake", bytes, context)))
        }
        _ => None,
    });
    messages.reduce(|mut all, more| {
        all.extend(more);
        all
    })
}

fn name(enum_name: &str, number: u16) -> String {
    let name = Grammar::tls().name(enum_name, u64::from(number));
    name.map_or_else(|| format!("{number:#06x}"), str::to_owned)
}
