//! Targets that want to hurt us: a verdict each, in bounded time and memory, and nothing passes.

mod common;

use common::{capabilities, playable};
use gauntlet_engine::{AlertPolicy, case_seed, run_case};
use gauntlet_model::{Case, Event, Kind, Link, LinkError, Role, Side, Transcript, Verdict, What};
use gauntlet_play::Settings;
use gauntlet_target::memory::{MemoryLink, Stack, Wire};
use gauntlet_target::{Instance, embedded};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Write};
use std::sync::LazyLock;

/// What it does as soon as something comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spite {
    /// 64 KiB by chance.
    Random,
    /// 16 MiB of handshake records with headers that are right.
    Records,
    /// Records of no bytes, without end.
    EmptyRecords,
    /// Warnings, without end.
    Warnings,
    /// A handshake message of 16 MiB that never is whole, without end.
    EndlessMessage,
    /// What is no TLS, without end.
    EndlessGarbage,
    /// The first half of a record, and the end.
    HalfRecord,
    /// A ServerHello and half a record more, and the end.
    HelloAndHalf,
    /// Lengths that point far behind the end.
    WrongLengths,
}

const ALL: [Spite; 9] = [
    Spite::Random,
    Spite::Records,
    Spite::EmptyRecords,
    Spite::Warnings,
    Spite::EndlessMessage,
    Spite::EndlessGarbage,
    Spite::HalfRecord,
    Spite::HelloAndHalf,
    Spite::WrongLengths,
];

/// Bytes kept of what a target sent on a connection.
const KEPT: usize = 256 << 10;
/// A transcript takes no more than that, however many connections and plays it has.
const MOST: usize = 64 << 20;

fn by_chance(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

fn record(content_type: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u16).to_be_bytes();
    [&[content_type, 3, 3, length[0], length[1]], content].concat()
}

/// A ServerHello of TLS 1.2 that a peer would go on with.
fn server_hello() -> Vec<u8> {
    let body = [&[3, 3][..], &[0x77; 32], &[0, 0xc0, 0x2f, 0, 0, 0]].concat();
    record(22, &[&[2, 0, 0, body.len() as u8][..], &body].concat())
}

impl Spite {
    /// What it sends first.
    fn once(self) -> Vec<u8> {
        match self {
            Spite::Random => by_chance(64 << 10),
            Spite::Records => record(22, &by_chance(16 << 10)).repeat(1024),
            Spite::EndlessMessage => record(22, &[2, 0xff, 0xff, 0xff]),
            Spite::HalfRecord => record(22, &[2; 200])[..100].to_vec(),
            Spite::HelloAndHalf => [server_hello(), record(22, &[11; 200])[..100].to_vec()].concat(),
            Spite::WrongLengths => {
                [record(22, &[2, 0, 0, 38, 3, 3]), record(22, &[0xff; 64]), vec![22, 3, 3, 0xff, 0xff, 0, 0]].concat()
            }
            _ => Vec::new(),
        }
    }

    /// What it repeats for ever.
    fn for_ever(self) -> Option<Vec<u8>> {
        Some(match self {
            Spite::EmptyRecords => record(22, &[]).repeat(1000),
            Spite::Warnings => record(21, &[1, 90]).repeat(1000),
            Spite::EndlessMessage => record(22, &[0; 16 << 10]),
            Spite::EndlessGarbage => b"220 this is no TLS\r\n".repeat(1000),
            _ => return None,
        })
    }

    fn ends(self) -> bool {
        matches!(self, Spite::HalfRecord | Spite::HelloAndHalf)
    }
}

/// It in memory.
struct Spiteful {
    wire: Wire,
    spite: Spite,
    rest: Vec<u8>,
    more: Option<Vec<u8>>,
    woken: bool,
}

impl Stack for Spiteful {
    fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    fn turn(&mut self) -> bool {
        let mut chunk = [0; 4096];
        loop {
            match self.wire.read(&mut chunk) {
                Ok(0) => return true,
                Ok(_) if !self.woken => {
                    self.woken = true;
                    self.rest = self.spite.once();
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return true,
            }
        }
        while self.woken {
            if self.rest.is_empty() {
                let Some(more) = &self.more else { break };
                self.rest.extend_from_slice(more);
            }
            match self.wire.write(&self.rest) {
                Ok(count) => drop(self.rest.drain(..count)),
                Err(_) => return false,
            }
        }
        self.woken && self.spite.ends()
    }

    fn ask(&mut self, action: &str) -> Result<(), LinkError> {
        Err(LinkError::NoAction(action.to_owned()))
    }
}

struct InMemory(Spite);

impl Instance for InMemory {
    fn link(&mut self) -> Result<Box<dyn Link + '_>, LinkError> {
        let spite = self.0;
        Ok(Box::new(MemoryLink::new(move || {
            let wire = Wire::default();
            Ok(Box::new(Spiteful { wire, spite, rest: Vec::new(), more: spite.for_ever(), woken: false }))
        })))
    }

    fn restart(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

/// All that OpenSSL could play.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let target = embedded::openssl();
    playable(target.as_ref(), Role::Server, &capabilities(target.as_ref(), Role::Server))
});

/// The first case of every scenario.
fn firsts() -> impl Iterator<Item = &'static Case> {
    let mut seen = BTreeSet::new();
    CASES.iter().filter(move |case| seen.insert(case.scenario.clone()))
}

/// One case of every folder.
fn few() -> Vec<&'static Case> {
    let mut seen = BTreeSet::new();
    firsts().filter(|case| seen.insert(case.scenario.rsplit_once('/').map(|(folder, _)| folder.to_owned()))).collect()
}

/// About as much as it takes in memory.
fn weight(transcript: &Transcript) -> usize {
    let content = |event: &Event| match &event.what {
        What::Bytes { data, .. } => data.len(),
        What::Record { content, .. } => content.len(),
        What::Message { bytes, meant, .. } => bytes.len() + meant.as_ref().map_or(0, Vec::len),
        What::Remark { text, .. } | What::Trouble { text, .. } => text.len(),
        _ => 0,
    };
    transcript.events.iter().map(|event| size_of::<Event>() + content(event)).sum()
}

/// The most that is kept of what a target sent on one connection.
fn kept(transcript: &Transcript) -> usize {
    let mut sums = std::collections::BTreeMap::new();
    for event in &transcript.events {
        if let What::Bytes { from: Side::Target, data } = &event.what {
            *sums.entry((event.play, event.connection)).or_insert(0) += data.len();
        }
    }
    sums.into_values().max().unwrap_or_default()
}

/// Neither does it pass, nor has it cost much. Some rules ask for a refusal, and are content with the end of the connection:
/// there the twin stands in front, and its refusal is what a run says.
fn is_well(case: &Case, played: &(Transcript, Verdict)) -> Result<(), String> {
    let (transcript, verdict) = played;
    let (weight, kept) = (weight(transcript), kept(transcript));
    match verdict.kind {
        Kind::Pass | Kind::Loose => Err(format!("{}: {}: {}", case.id, verdict.kind.name(), verdict.reason)),
        _ if weight > MOST => {
            Err(format!("{}: a transcript of {} events, {weight} bytes", case.id, transcript.events.len()))
        }
        _ if kept > KEPT => Err(format!("{}: {kept} bytes of the target's are kept", case.id)),
        _ => Ok(()),
    }
}

/// The twin of a case, which nobody hostile may pass, and the case, which must be survived.
fn play(instance: &mut dyn Instance, case: &Case, settings: &Settings) -> Result<(), String> {
    let settings = Settings { seed: case_seed(1, &case.id), ..settings.clone() };
    let twin = gauntlet_scenario::twin(case);
    is_well(&twin, &run_case(instance, &twin, &settings, AlertPolicy::Any))?;
    let mut played = run_case(instance, case, &settings, AlertPolicy::Any);
    if twin.steps != case.steps {
        // It is never played in a run, since its twin was refused.
        played.1.kind = played.1.kind.max(Kind::Fail);
    }
    is_well(case, &played)
}

fn none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn spite_in_memory_is_survived() {
    for spite in ALL {
        let cases: Vec<&Case> =
            if spite.for_ever().is_some() || spite == Spite::Records { few() } else { firsts().collect() };
        let settings = Settings::memory("spiteful", [0; 32]);
        let wrong = cases.par_iter().filter_map(|case| play(&mut InMemory(spite), case, &settings).err());
        let wrong: Vec<String> = wrong.map(|text| format!("{spite:?}: {text}")).collect();
        none(wrong);
    }
}
