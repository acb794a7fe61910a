//! What the fuzz targets do with their bytes; `fuzz/` only hands them over, and a test replays the stored inputs.

use crate::altered::{Altered, Shape, shapes};
use crate::change::Oracle;
use crate::flow::since;
use crate::known;
use crate::pool::Pool;
use crate::sweep::{expecting, is_finding};
use gauntlet_engine::{AlertPolicy, run_case};
use gauntlet_model::{Case, Expect, Kind, Role, Side, Transcript, Verdict, What};
use gauntlet_peer::{Change as Edits, Config, Peer};
use gauntlet_play::Settings;
use gauntlet_scenario::Scenario;
use gauntlet_target::{Target, embedded};
use gauntlet_wire::{Context, Grammar};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Bytes come back the same from any type of the grammar, the first byte says which.
///
/// # Panics
/// They do not.
pub fn wire_roundtrip(data: &[u8]) {
    static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| Grammar::tls().type_names());
    let Some((first, bytes)) = data.split_first() else { return };
    let name = NAMES[usize::from(*first) % NAMES.len()];
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

/// Altered flows against one target in one role.
pub struct Flows {
    target: Box<dyn Target>,
    /// For each flow of the role, whether the target has it.
    has: Vec<bool>,
    settings: Settings,
    pool: Pool,
}

/// What came of an altered flow.
#[derive(Clone, Debug)]
pub struct Played {
    /// What was played.
    pub case: Case,
    /// What must hold.
    pub oracle: Oracle,
    /// How it ended.
    pub verdict: Verdict,
    /// A ServerHello was sent by the target, or taken by it.
    pub past_server_hello: bool,
    /// What went out is in a forbidden order: a message put in may have been the next that was due.
    pub forbidden: bool,
}

impl Played {
    /// Whether the target did not bear it.
    pub fn is_finding(&self) -> bool {
        let is_lost = matches!(self.verdict.kind, Kind::Crash | Kind::Hang);
        is_finding(self.oracle, &self.verdict) && (is_lost || self.forbidden)
    }
}

impl Flows {
    /// All flows that the target has in that role.
    pub fn new(target: Box<dyn Target>, role: Role) -> Flows {
        let settings = Settings::memory(target.name(), [1; 32]);
        let has = |shape: &Shape| {
            let instance = target.start(role, &shape.base.options);
            instance.is_ok_and(|mut instance| shape.flow.honest(instance.as_mut(), &settings).is_ok())
        };
        let has = shapes(role.other()).iter().map(has).collect();
        Flows { target, has, settings, pool: Pool::default() }
    }

    /// The numbers of the flows that the target has.
    pub fn numbers(&self) -> Vec<usize> {
        (0..self.has.len()).filter(|number| self.has[*number]).collect()
    }

    /// Plays a flow. `None`: the target does not have it.
    pub fn play(&self, altered: &Altered) -> Option<Played> {
        if !*self.has.get(altered.flow)? {
            return None;
        }
        let oracle = altered.oracle();
        let case = altered.case();
        let (transcript, verdict) = self.attempt(&case)?;
        let past_server_hello = is_past_hello(altered, &transcript);
        let forbidden = is_forbidden(altered, &transcript);
        Some(Played { case, oracle, verdict, past_server_hello, forbidden })
    }

    /// On an instance that has borne what came before, or a fresh one. `None`: it does not start.
    fn attempt(&self, case: &Case) -> Option<(Transcript, Verdict)> {
        let mut instance = self.pool.take(self.target.as_ref(), case.peer.other(), &case.options)?;
        let (transcript, verdict) = run_case(instance.as_mut(), case, &self.settings, AlertPolicy::Any);
        if !matches!(verdict.kind, Kind::Crash | Kind::Hang) {
            self.pool.put(&case.options, instance);
        }
        Some((transcript, verdict))
    }

    /// For libFuzzer: what the target does not bear ends the process, with the scenario on its standard error.
    /// Gives whether it got past the ServerHello.
    ///
    /// # Panics
    /// The target did not bear it.
    pub fn fuzz(&self, altered: &Altered) -> Option<bool> {
        let played = self.play(altered)?;
        if played.is_finding() && known::reason(self.target.name(), altered).is_none() {
            panic!("{}: {}\n{}", played.verdict.kind.name(), played.verdict.reason, altered.text());
        }
        Some(played.past_server_hello)
    }
}

/// The messages of the altered handshake.
fn messages<'a>(altered: &Altered, transcript: &'a Transcript) -> impl Iterator<Item = (Side, &'a str)> {
    since(transcript, altered.shape().handshake()).iter().filter_map(|event| match &event.what {
        What::Message { name, from, .. } => Some((*from, &**name)),
        _ => None,
    })
}

/// Whether we sent our messages in an order that no target may take.
fn is_forbidden(altered: &Altered, transcript: &Transcript) -> bool {
    let honest = &altered.shape().honest;
    let sent = messages(altered, transcript).filter(|(from, _)| *from == Side::Us).map(|(_, name)| name);
    let mut names: Vec<&str> = sent.collect();
    // What a finished handshake is tried with.
    let is_behind = |name: &str| match name {
        "application_data" | "alert" => true,
        // It asks for a renegotiation, which may be declined by a warning. [RFC 5246, 7.2.2]
        "client_hello" => !honest.is_tls13() && altered.peer == Role::Client,
        "key_update" => honest.is_tls13(),
        "new_session_ticket" => honest.is_tls13() && altered.peer == Role::Server,
        _ => false,
    };
    while names.last().is_some_and(|name| is_behind(name)) {
        names.pop();
    }
    honest.is_forbidden(&names)
}

/// Whether the altered handshake got past its ServerHello.
fn is_past_hello(altered: &Altered, transcript: &Transcript) -> bool {
    let mut events = messages(altered, transcript);
    match altered.peer {
        Role::Client => events.any(|message| message == (Side::Target, "server_hello")),
        // An honest ServerHello is taken; of another, what is sent behind it tells.
        Role::Server => {
            let said = events.any(|message| message == (Side::Us, "server_hello"));
            let is_honest = altered.pieces.iter().all(|(message, _)| message.name != "server_hello");
            said && (is_honest || events.any(|(from, name)| from == Side::Target && name != "alert"))
        }
    }
}

/// The same altered flow on OpenSSL and on rustls.
pub struct Differential {
    openssl: Flows,
    rustls: Flows,
}

/// A flow that one of the two stacks takes and the other does not.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The flow.
    pub altered: Altered,
    /// What OpenSSL made of it.
    pub openssl: Verdict,
    /// What rustls made of it.
    pub rustls: Verdict,
    /// Why it is so, if that is known.
    pub known: Option<&'static str>,
}

impl Differential {
    /// Both stacks in that role.
    pub fn new(role: Role) -> Differential {
        let flows = |target| Flows::new(target, role);
        Differential { openssl: flows(embedded::openssl()), rustls: flows(embedded::rustls()) }
    }

    /// The numbers of the flows that both have.
    pub fn numbers(&self) -> Vec<usize> {
        let rustls = self.rustls.numbers();
        self.openssl.numbers().into_iter().filter(|number| rustls.contains(number)).collect()
    }

    /// Plays a flow on both, each as if it were a good one. `None`: they agree, or one of them does not have the flow.
    pub fn play(&self, altered: &Altered) -> Option<Difference> {
        let case = expecting(&altered.case(), Expect::Accept);
        let on = |flows: &Flows| {
            let has = *flows.has.get(altered.flow)?;
            has.then(|| flows.attempt(&case)).flatten().map(|(_, verdict)| verdict)
        };
        let (openssl, rustls) = (on(&self.openssl)?, on(&self.rustls)?);
        let proved = |verdict: &Verdict| !matches!(verdict.kind, Kind::Error | Kind::Skip);
        let differ = is_taken(&openssl) != is_taken(&rustls) && proved(&openssl) && proved(&rustls);
        differ.then(|| {
            let known = known::reason("difference", altered);
            Difference { altered: altered.clone(), openssl, rustls, known }
        })
    }

    /// What is altered, if that makes a difference that is not known. It is a lead, and no verdict on either.
    pub fn lead(&self, altered: &Altered) -> Option<(String, Difference)> {
        let difference = self.play(altered).filter(|difference| difference.known.is_none())?;
        let labels: Vec<_> = altered.pieces.iter().map(|(message, piece)| known::label(message, piece)).collect();
        Some((format!("{}: {}", altered.shape().flow.name, labels.join(" + ")), difference))
    }
}

/// The handshake was completed and data came back.
fn is_taken(verdict: &Verdict) -> bool {
    matches!(verdict.kind, Kind::Pass)
}
