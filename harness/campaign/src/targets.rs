//! What the fuzz targets do with their bytes; `fuzz/` only hands them over, and a test replays the stored inputs.

use crate::change::{Change, Oracle, orders};
use crate::field::fields;
use crate::flow::{FLOWS, Flow, case};
use gauntlet_engine::{AlertPolicy, run_case};
use gauntlet_model::{Kind, Role};
use gauntlet_peer::{Change as Edits, Config, Peer};
use gauntlet_play::Settings;
use gauntlet_scenario::Scenario;
use gauntlet_target::Target;
use gauntlet_wire::{Context, Grammar};
use std::collections::BTreeMap;

/// Bytes come back the same from any type of the grammar, the first byte says which.
///
/// # Panics
/// They do not.
pub fn wire_roundtrip(data: &[u8]) {
    let names = Grammar::tls().type_names();
    let Some((first, bytes)) = data.split_first() else { return };
    let name = names[usize::from(*first) % names.len()];
    let mut tree = Grammar::tls().decode(name, bytes, &Context::default());
    assert_eq!(tree.encode(), bytes, "{name}");
}

/// Any text is a grammar or an error.
pub fn grammar(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Grammar::parse(&[("fuzz", text)]);
    }
}

/// Any text is a scenario or diagnostics, and diagnostics can be rendered.
pub fn scenario_yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Scenario::load("fuzz", gauntlet_yaml::File::new("fuzz.yaml", text), &BTreeMap::new()) {
        Ok((scenario, _)) => drop(scenario.expand(None)),
        Err(errors) => drop(errors.render(false)),
    }
}

/// Any bytes into our client, which goes on as far as it can.
pub fn peer_client(data: &[u8]) {
    peer(Config::client(&[0x0304, 0x0303]), data);
}

/// Any bytes into our server.
pub fn peer_server(data: &[u8]) {
    peer(Config::server(&[0x0304, 0x0303]), data);
}

fn peer(config: Config, data: &[u8]) {
    let mut peer = Peer::new(config, [7; 32]);
    // The first byte cuts the rest, so that answers come between.
    let size = data.first().map_or(1, |first| usize::from(*first) * 16 + 1);
    for chunk in data.get(1..).unwrap_or_default().chunks(size) {
        for _ in 0..16 {
            let Some(name) = peer.due() else { break };
            let Ok(mut draft) = peer.draft(name, &Edits::default()) else { break };
            peer.remember(&mut draft);
            while draft.left() > 0 && peer.emit(&mut draft, None, None).is_ok() {}
            peer.sent(&mut draft);
        }
        peer.receive(chunk);
        peer.take_events();
        peer.take_output();
    }
}

/// Flows with up to three changes, against one target in one role.
pub struct Flows {
    target: Box<dyn Target>,
    flows: Vec<(&'static Flow, Vec<Change>)>,
}

/// What came of a changed flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// The flow, as a scenario.
    pub text: String,
    /// How it ended.
    pub kind: Kind,
    /// The target had sent a ServerHello, or we had got so far with it as server.
    pub past_server_hello: bool,
}

impl Flows {
    /// All flows that the target has in that role.
    pub fn new(target: Box<dyn Target>, role: Role) -> Flows {
        let mut flows = Vec::new();
        for flow in FLOWS.iter().filter(|flow| flow.peer.other() == role) {
            let Ok(plain) = case(flow.name, &flow.text("An honest handshake", &[], "accept")) else { continue };
            let Ok(mut instance) = target.start(role, &plain.options) else { continue };
            let settings = Settings::memory(target.name(), [1; 32]);
            if let Ok(honest) = flow.honest(instance.as_mut(), &settings) {
                flows.push((flow, orders(&honest).into_iter().chain(fields(&honest)).collect()));
            }
        }
        Flows { target, flows }
    }

    /// How many flows the target has.
    pub fn count(&self) -> usize {
        self.flows.len()
    }

    /// The flow that bytes mean: the first says which, each two more a change of it.
    pub fn text(&self, data: &[u8]) -> Option<(String, Oracle)> {
        let (first, rest) = data.split_first()?;
        let (flow, changes) = self.flows.get(usize::from(*first) % self.flows.len().max(1))?;
        let mut taken: Vec<&Change> = Vec::new();
        for pair in rest.chunks_exact(2).take(3) {
            let change = &changes[usize::from(u16::from_be_bytes([pair[0], pair[1]])) % changes.len()];
            // A message can be named once in `alter`.
            let is_free = |line: &String| {
                let key = |line: &String| line.split(": ").next().map(str::to_owned);
                !taken.iter().flat_map(|other| &other.alter).any(|other| key(other) == key(line))
            };
            if change.alter.iter().all(is_free) {
                taken.push(change);
            }
        }
        // Only one change alone is known to be forbidden: another could make it good.
        let oracle = match taken.as_slice() {
            [one] if one.oracle == Oracle::Forbidden => Oracle::Forbidden,
            _ => Oracle::Survives,
        };
        let expect = if oracle == Oracle::Forbidden { "{ reject: any }" } else { "survives" };
        let alter: Vec<String> = taken.iter().flat_map(|change| change.alter.clone()).collect();
        Some((flow.text(&format!("Changes of the flow {}", flow.name), &alter, expect), oracle))
    }

    /// Plays the flow that bytes mean.
    pub fn play(&self, data: &[u8]) -> Option<Played> {
        let (text, _) = self.text(data)?;
        let case = case("fuzz", &text).ok()?;
        let mut instance = self.target.start(case.peer.other(), &case.options).ok()?;
        let settings = Settings::memory(self.target.name(), [1; 32]);
        let (transcript, verdict) = run_case(instance.as_mut(), &case, &settings, AlertPolicy::Any);
        let past_server_hello = transcript.events.iter().any(|event| match &event.what {
            gauntlet_model::What::Message { name, .. } => name == "server_hello",
            _ => false,
        });
        Some(Played { text, kind: verdict.kind, past_server_hello })
    }

    /// For libFuzzer: a crash or a hang ends the process, with the scenario on its standard error.
    ///
    /// # Panics
    /// The target crashed or hangs.
    pub fn fuzz(&self, data: &[u8]) {
        if let Some(played) = self.play(data) {
            assert!(!matches!(played.kind, Kind::Crash | Kind::Hang), "{}\n{}", played.kind.name(), played.text);
        }
    }
}
