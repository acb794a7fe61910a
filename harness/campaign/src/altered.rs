//! Flows as a fuzzer invents them: a valid flow whose handshake is altered in a few places.
//!
//! An [`Altered`] is read from any bytes (through [`Arbitrary`]), becomes a [`Case`], and prints as a scenario;
//! a scenario that alters one of the valid flows becomes bytes again.

use crate::change::Oracle;
use crate::field;
use crate::flow::{FLOWS, Flow, Honest, case};
use crate::piece::{Piece, Pieces, assemble, of_change, step};
use arbitrary::{Arbitrary, Unstructured};
use gauntlet_model::{
    Alteration, Case, Cut, Expect, HandshakeStep, KeysOf, MessageRef, Mutation, Operation, Record, RecordItem,
    Remember, Role, SendStep, Sequence, Step, StepKind, Val, Which,
};
use gauntlet_play::Settings;
use gauntlet_scenario::print;
use gauntlet_target::own::{Manner, own};
use gauntlet_wire::{Grammar, Path, Place as ListPlace, Segment};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Alterations of one flow at most.
const MOST: u8 = 4;

/// A valid flow, and what can be altered in it.
#[derive(Debug)]
pub struct Shape {
    /// The flow.
    pub flow: &'static Flow,
    /// The flow as a case, ending in `survives`.
    pub base: Case,
    /// What we send in it.
    pub honest: Honest,
    messages: Vec<(MessageRef, Vec<Path>)>,
}

/// All flows in which we play a role; what is in them comes from our own strict side, so that inputs mean the same
/// whatever the target is.
pub fn shapes(peer: Role) -> &'static [Shape] {
    static CLIENT: LazyLock<Vec<Shape>> = LazyLock::new(|| all_shapes(Role::Client));
    static SERVER: LazyLock<Vec<Shape>> = LazyLock::new(|| all_shapes(Role::Server));
    match peer {
        Role::Client => &CLIENT,
        Role::Server => &SERVER,
    }
}

impl Shape {
    /// The number of the step that is altered.
    pub fn handshake(&self) -> usize {
        self.base.steps.iter().rposition(|step| matches!(step.kind, StepKind::Handshake(_))).unwrap_or(0)
    }
}

fn all_shapes(peer: Role) -> Vec<Shape> {
    let strict = own(Manner::Strict);
    let of_flow = |flow: &'static Flow| {
        let base = case("fuzz", &flow.text("An altered handshake", &[], "survives")).ok()?;
        let mut instance = strict.start(peer.other(), &base.options).ok()?;
        let honest = flow.honest(instance.as_mut(), &Settings::memory("strict", [1; 32])).ok()?;
        let messages = honest.sent.iter().map(|sent| (message_ref(&sent.reference), field::paths(sent))).collect();
        Some(Shape { flow, base, honest, messages })
    };
    FLOWS.iter().filter(|flow| flow.peer == peer).filter_map(of_flow).collect()
}

/// `client_hello[1]` and the like.
fn message_ref(reference: &str) -> MessageRef {
    let (name, place) = reference.split_once('[').unwrap_or((reference, "0]"));
    let place = place.trim_end_matches(']').parse().unwrap_or(0);
    MessageRef { name: name.to_owned(), which: Which::Nth(place) }
}

/// A flow with alterations.
#[derive(Clone, Debug, PartialEq)]
pub struct Altered {
    /// What we play.
    pub peer: Role,
    /// Its number among the flows of that role.
    pub flow: usize,
    /// What is altered.
    pub pieces: Pieces,
}

/// A flow in which we are the client, so that a server is tested.
#[derive(Clone, Debug, PartialEq)]
pub struct AsClient(pub Altered);

/// A flow in which we are the server.
#[derive(Clone, Debug, PartialEq)]
pub struct AsServer(pub Altered);

impl<'a> Arbitrary<'a> for AsClient {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<AsClient> {
        Altered::read(Role::Client, u).map(AsClient)
    }
}

impl<'a> Arbitrary<'a> for AsServer {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<AsServer> {
        Altered::read(Role::Server, u).map(AsServer)
    }
}

impl Altered {
    /// What bytes mean; any bytes mean something.
    pub fn of_bytes(peer: Role, bytes: &[u8]) -> Option<Altered> {
        Altered::read(peer, &mut Unstructured::new(bytes)).ok()
    }

    fn read(peer: Role, u: &mut Unstructured<'_>) -> arbitrary::Result<Altered> {
        let all = shapes(peer);
        let flow = usize::from(u.arbitrary::<u8>()?) % all.len().max(1);
        let Some(shape) = all.get(flow) else { return Err(arbitrary::Error::EmptyChoose) };
        let count = u.arbitrary::<u8>()? % (MOST + 1);
        let mut pieces = Pieces::new();
        for _ in 0..count {
            // What is not there any more is no alteration.
            if u.is_empty() {
                break;
            }
            let (message, paths) = &shape.messages[usize::from(u.arbitrary::<u8>()?) % shape.messages.len()];
            pieces.push((message.clone(), Reader { u, paths, peer }.piece()?));
        }
        // As they stand in a scenario: all about one message together.
        let changes = assemble(&pieces);
        let pieces = changes.iter().flat_map(|(m, change)| of_change(change).into_iter().map(|p| (m.clone(), p)));
        Ok(Altered { peer, flow, pieces: pieces.collect() })
    }

    /// Bytes that mean this. `None` if it alters something in a way that no input can say.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let shape = self.shape();
        let count = u8::try_from(self.pieces.len()).ok().filter(|count| *count <= MOST)?;
        let mut out = vec![self.flow as u8, count];
        for (message, piece) in &self.pieces {
            let place = shape.messages.iter().position(|(known, _)| known == message)?;
            out.push(u8::try_from(place).ok()?);
            Writer { out: &mut out, paths: &shape.messages[place].1, peer: self.peer }.piece(piece)?;
        }
        Some(out)
    }

    /// The flow that is altered.
    pub fn shape(&self) -> &'static Shape {
        &shapes(self.peer)[self.flow]
    }

    /// What is played.
    pub fn case(&self) -> Case {
        let mut case = self.shape().base.clone();
        if let Some(handshake) = last_handshake(&mut case) {
            handshake.alter = assemble(&self.pieces);
        }
        if self.oracle() == Oracle::Useless
            && let Some(last) = case.steps.last_mut()
        {
            last.kind = StepKind::Expect(Expect::Accept);
        }
        case
    }

    /// The same as a scenario, which expects what must hold.
    pub fn text(&self) -> String {
        let mut case = self.case();
        case.title = format!("An altered handshake, in the flow {}", self.shape().flow.name);
        if self.oracle() == Oracle::Useless
            && let Some(last) = case.steps.last_mut()
        {
            last.kind = StepKind::Expect(Expect::Reject { alerts: Vec::new(), past: Vec::new() });
        }
        print(&case)
    }

    /// What a scenario alters, if it is one of the valid flows but for what its last handshake alters.
    pub fn of_text(text: &str) -> Option<Altered> {
        Altered::of_case(&case("fuzz", text).ok()?)
    }

    /// What a case alters, if it is one of the valid flows but for what its last handshake alters.
    pub fn of_case(given: &Case) -> Option<Altered> {
        let mut plain = given.clone();
        let alter = std::mem::take(&mut last_handshake(&mut plain)?.alter);
        let bare = |case: &Case| {
            let kept = case.steps.iter().filter(|step| !is_verdict(step)).cloned().collect::<Vec<_>>();
            (case.peer, case.versions.clone(), case.options.clone(), gauntlet_scenario::placeless(&kept))
        };
        let known = bare(&plain);
        let flow = shapes(given.peer).iter().position(|shape| bare(&shape.base) == known)?;
        let place = gauntlet_model::Place::default();
        let alter = alter
            .into_iter()
            .map(|(message, change)| (message, gauntlet_model::MessageChange { place: place.clone(), ..change }));
        let pieces = alter.flat_map(|(message, change)| {
            of_change(&change).into_iter().map(move |piece| (message.clone(), placeless(piece))).collect::<Vec<_>>()
        });
        Some(Altered { peer: given.peer, flow, pieces: pieces.collect() })
    }

    /// What must hold: a forbidden order leads to no completed handshake and no data, the rest is survived.
    pub fn oracle(&self) -> Oracle {
        let honest = &self.shape().honest;
        match self.order() {
            Some(names) if !self.pieces.is_empty() && honest.is_forbidden(&names) => Oracle::Useless,
            _ => Oracle::Survives,
        }
    }

    /// The names of our messages in the order in which they are sent, if order is all that is altered.
    pub fn order(&self) -> Option<Vec<&str>> {
        let mut names = Vec::new();
        for (sent, (message, _)) in self.shape().honest.sent.iter().zip(&self.shape().messages) {
            let own = || self.pieces.iter().filter(|(about, _)| about == message).map(|(_, piece)| piece);
            for piece in own() {
                if let Piece::Before(step) = piece {
                    names.push(sent_plainly(step)?);
                }
            }
            let mut stays = true;
            for piece in own() {
                match piece {
                    Piece::Omit => stays = false,
                    Piece::Before(_) | Piece::After(_) => {}
                    _ => return None,
                }
            }
            names.extend(stays.then_some(sent.name.as_str()));
            for piece in own() {
                if let Piece::After(step) = piece {
                    names.push(sent_plainly(step)?);
                }
            }
        }
        Some(names)
    }
}

/// The name of a message that is sent as it is.
fn sent_plainly(step: &Step) -> Option<&str> {
    match &step.kind {
        StepKind::Send(send) => {
            let plain = Alteration { remember: send.alteration.remember, ..Alteration::default() };
            (send.alteration == plain && send.bytes.is_none() && !matches!(send.message.as_str(), "raw" | "record"))
                .then_some(send.message.as_str())
        }
        _ => None,
    }
}

fn is_verdict(step: &Step) -> bool {
    matches!(&step.kind, StepKind::Expect(Expect::Survives | Expect::Accept | Expect::Reject { .. }))
}

fn last_handshake(case: &mut Case) -> Option<&mut HandshakeStep> {
    case.steps.iter_mut().rev().find_map(|step| match &mut step.kind {
        StepKind::Handshake(handshake) => Some(handshake.as_mut()),
        _ => None,
    })
}

/// The same piece, wherever its steps stand.
fn placeless(piece: Piece) -> Piece {
    let one = |step: Step| gauntlet_scenario::placeless(std::slice::from_ref(&step)).pop().unwrap_or(step);
    match piece {
        Piece::Before(step) => Piece::Before(one(step)),
        Piece::After(step) => Piece::After(one(step)),
        Piece::Instead(steps) => Piece::Instead(gauntlet_scenario::placeless(&steps)),
        Piece::Records(items) => Piece::Records(
            items
                .into_iter()
                .map(|item| match item {
                    RecordItem::Step(step) => RecordItem::Step(Box::new(one(*step))),
                    other => other,
                })
                .collect(),
        ),
        other => other,
    }
}

// ---- bytes -------------------------------------------------------------------------------------------

/// Messages that can be put in anywhere, in a handshake of whatever version.
const MESSAGES: [&str; 18] = [
    "client_hello",
    "server_hello",
    "encrypted_extensions",
    "certificate_request",
    "certificate",
    "server_key_exchange",
    "server_hello_done",
    "client_key_exchange",
    "certificate_verify",
    "finished",
    "change_cipher_spec",
    "key_update",
    "new_session_ticket",
    "end_of_early_data",
    "application_data",
    "alert",
    "hello_request",
    "heartbeat",
];
const KEYS: [KeysOf; 7] = [
    KeysOf::None,
    KeysOf::Early,
    KeysOf::Handshake,
    KeysOf::Application,
    KeysOf::Previous,
    KeysOf::Next,
    KeysOf::Target,
];
/// Fields of records that are numbers or bytes of any size.
const RECORD_FIELDS: [&str; 9] =
    ["type", "opaque_type", "legacy_record_version", "length", "nonce", "content", "tag", "plaintext", "fragment"];
const FORMS: [u16; 3] = [0x0303, 0x0304, 0x0301];

/// Ways to compute wrongly.
fn computations() -> &'static [(String, BTreeMap<String, Val>)] {
    static ALL: LazyLock<Vec<(String, BTreeMap<String, Val>)>> = LazyLock::new(|| {
        let one =
            |field: &str, input: &str, value: Val| (field.to_owned(), BTreeMap::from([(input.to_owned(), value)]));
        let name = |text: &str| Val::Name(text.to_owned());
        let zeros = |length| Val::Fill { pattern: vec![0], length };
        let mut all = vec![
            one("verify_data", "label", name("client finished")),
            one("verify_data", "label", name("server finished")),
            one("verify_data", "secret", name("target")),
            one("verify_data", "value", zeros(12)),
            one("verify_data", "value", zeros(32)),
            one("signature", "key", name("other")),
            one("signature", "content", name("00")),
            one("signature", "context", name("server CertificateVerify")),
            one("signature", "value", zeros(64)),
            one("binders", "label", name("ext binder")),
            one("binders", "psk", name("00")),
        ];
        if let Ok(path) = Path::parse("client_hello") {
            all.push(one("verify_data", "transcript", Val::From { path, plus: 0 }));
        }
        for secret in ["pre_master_secret", "master_secret", "shared_secret", "handshake_secret", "early_secret"] {
            all.push(one(secret, "value", zeros(32)));
            all.push(one(secret, "value", zeros(48)));
        }
        all
    });
    &ALL
}

/// An extension that our hello does not have, as a path.
pub(crate) fn extension(name: &str) -> Path {
    Path { segments: vec![Segment::Name("extensions".to_owned()), Segment::Name(name.to_owned())] }
}

/// The extensions that a ClientHello may be given.
pub(crate) fn extensions() -> impl Iterator<Item = &'static str> {
    Grammar::tls().names("ExtensionType").iter().map(|(name, _)| *name)
}

struct Reader<'u, 'a> {
    u: &'u mut Unstructured<'a>,
    paths: &'u [Path],
    peer: Role,
}

impl Reader<'_, '_> {
    fn byte(&mut self) -> arbitrary::Result<u8> {
        self.u.arbitrary()
    }

    fn short(&mut self) -> arbitrary::Result<i16> {
        self.u.arbitrary()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> arbitrary::Result<T> {
        let place = usize::from(self.byte()?);
        from.get(place % from.len().max(1)).cloned().ok_or(arbitrary::Error::EmptyChoose)
    }

    fn path(&mut self) -> arbitrary::Result<Path> {
        let place = usize::from(self.u.arbitrary::<u16>()?);
        self.paths.get(place % self.paths.len().max(1)).cloned().ok_or(arbitrary::Error::EmptyChoose)
    }

    fn piece(&mut self) -> arbitrary::Result<Piece> {
        // Half of all are about fields, so that most flows stay flows.
        Ok(match self.byte()? % 25 {
            0..8 if !self.paths.is_empty() => Piece::Set(self.path()?, self.value(1)?),
            8..13 if !self.paths.is_empty() => {
                let field = Some(self.path()?);
                Piece::Mutate(Mutation { field, operation: self.operation(true)? })
            }
            13 => Piece::Mutate(Mutation { field: None, operation: self.operation(false)? }),
            14 => Piece::Omit,
            15 => Piece::Before(self.step()?),
            16 => Piece::After(self.step()?),
            17 => Piece::Instead(vec![self.step()?]),
            18 => Piece::Records(self.records()?),
            19 => Piece::Record(self.record()?),
            20 => Piece::Joined,
            21 => Piece::Segments(vec![usize::from(self.byte()?) + 1]),
            22 => {
                let (name, inputs) = self.pick(computations())?;
                Piece::Compute(name, inputs)
            }
            23 => Piece::Form(self.pick(&FORMS)?),
            // 24, and what is about fields where there are none.
            _ => Piece::Remember(self.pick(&[Remember::Unaltered, Remember::Nothing])?),
        })
    }

    fn step(&mut self) -> arbitrary::Result<Step> {
        let mut message = self.pick(&MESSAGES)?;
        // A message of the other side's cannot be the default of the version; ours always can be made.
        if message == "hello_request" && self.peer == Role::Client {
            message = "server_hello_done";
        }
        let mut alteration =
            Alteration { remember: self.pick(&[Remember::Sent, Remember::Nothing])?, ..Alteration::default() };
        let kind = self.byte()?;
        if kind % 8 == 7 && !matches!(message, "alert" | "change_cipher_spec" | "application_data" | "heartbeat") {
            let number = Val::Number(u64::from(self.byte()?));
            alteration.set.push((path_of("msg_type"), number));
        }
        let keys = self.byte()?;
        if keys % 8 == 7 {
            alteration.record = Some(Record { keys: Some(self.pick(&KEYS)?), ..Record::default() });
        }
        let send = step(StepKind::Send(Box::new(SendStep { message: message.to_owned(), alteration, bytes: None })));
        let times = u32::from(self.byte()?);
        Ok(if times > 192 { step(StepKind::Repeat { times: times - 190, steps: vec![send] }) } else { send })
    }

    fn value(&mut self, depth: u8) -> arbitrary::Result<Val> {
        Ok(match self.byte()? % 9 {
            0 => Val::Number(u64::from(self.byte()?)),
            1 => Val::Number(u64::from(self.u.arbitrary::<u16>()?)),
            2 => Val::Number(u64::from(self.u.arbitrary::<u32>()?)),
            3 | 4 => self.bytes()?,
            5 => {
                let pattern = vec![self.byte()?];
                Val::Fill { pattern, length: usize::from(self.u.arbitrary::<u16>()?) }
            }
            6 => Val::Random(usize::from(self.byte()?)),
            7 if depth > 0 => {
                let count = self.byte()? % 4;
                Val::List((0..count).map(|_| self.value(depth - 1)).collect::<arbitrary::Result<_>>()?)
            }
            _ => Val::Number(self.u.arbitrary()?),
        })
    }

    /// Bytes, as hex; none at all only as text.
    fn bytes(&mut self) -> arbitrary::Result<Val> {
        let length = usize::from(self.byte()?).min(self.u.len());
        let bytes = self.u.bytes(length)?;
        Ok(if bytes.is_empty() { Val::Bytes(Vec::new()) } else { Val::Name(hex::encode(bytes)) })
    }

    fn operation(&mut self, has_field: bool) -> arbitrary::Result<Operation> {
        let kinds = if has_field { 14 } else { 7 };
        Ok(match self.byte()? % kinds {
            0 => Operation::FlipBit { bit: i64::from(self.short()?) },
            1 => Operation::Xor { offset: i64::from(self.short()?), bytes: self.bytes()? },
            2 => Operation::Replace { offset: i64::from(self.short()?), bytes: self.bytes()? },
            3 => Operation::Insert { offset: i64::from(self.short()?), bytes: self.bytes()? },
            4 => Operation::Append { bytes: self.bytes()? },
            5 => Operation::Delete { offset: i64::from(self.short()?), count: u64::from(self.byte()?) },
            6 => Operation::Truncate { to: i64::from(self.short()?) },
            7 | 8 => Operation::LengthBy(i64::from(self.u.arbitrary::<i8>()?)),
            9 => Operation::LengthTo(u64::from(self.u.arbitrary::<u32>()?)),
            10 => Operation::Remove,
            11 => Operation::Duplicate { to: None },
            12 => Operation::Move { to: self.place()? },
            _ => Operation::Add { value: self.value(0)?, to: self.place()? },
        })
    }

    fn place(&mut self) -> arbitrary::Result<ListPlace> {
        let at = i64::from(self.u.arbitrary::<i8>()?);
        self.pick(&[ListPlace::First, ListPlace::Last, ListPlace::At(at)])
    }

    fn records(&mut self) -> arbitrary::Result<Vec<RecordItem>> {
        let piece = |size| RecordItem::Record(Record { size: Some(size), ..Record::default() });
        let mut items = vec![piece(Cut::Bytes(usize::from(self.byte()?)))];
        if self.byte()? % 4 == 3 {
            items.push(RecordItem::Step(Box::new(self.step()?)));
        }
        if self.byte()? % 2 == 0 {
            items.push(piece(Cut::Rest));
        }
        Ok(items)
    }

    fn record(&mut self) -> arbitrary::Result<Record> {
        let mut record = Record::default();
        match self.byte()? % 5 {
            0 => record.keys = Some(self.pick(&KEYS)?),
            1 => record.sequence = Some(Sequence::By(i64::from(self.u.arbitrary::<i8>()?))),
            2 => record.set.push((path_of("zeros"), Val::UpTo(usize::from(self.u.arbitrary::<u16>()?)))),
            3 => {
                let field = Some(path_of(self.pick(&RECORD_FIELDS)?));
                record.mutate.push(Mutation { field, operation: Operation::FlipBit { bit: i64::from(self.short()?) } });
            }
            _ => {
                let field = path_of(self.pick(&RECORD_FIELDS)?);
                record.set.push((field, self.value(0)?));
            }
        }
        Ok(record)
    }
}

fn path_of(name: &str) -> Path {
    Path { segments: vec![Segment::Name(name.to_owned())] }
}

/// The same, the other way round: what has no bytes is `None`.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    paths: &'a [Path],
    peer: Role,
}

impl Writer<'_> {
    fn byte(&mut self, byte: usize) -> Option<()> {
        self.out.push(u8::try_from(byte).ok()?);
        Some(())
    }

    fn short(&mut self, number: i64) -> Option<()> {
        self.out.extend(i16::try_from(number).ok()?.to_le_bytes());
        Some(())
    }

    fn small(&mut self, number: i64) -> Option<()> {
        self.out.extend(i8::try_from(number).ok()?.to_le_bytes());
        Some(())
    }

    fn pick<T: PartialEq>(&mut self, value: &T, from: &[T]) -> Option<()> {
        self.byte(from.iter().position(|known| known == value)?)
    }

    fn path(&mut self, path: &Path) -> Option<()> {
        let place = self.paths.iter().position(|known| known == path)?;
        self.out.extend(u16::try_from(place).ok()?.to_le_bytes());
        Some(())
    }

    fn piece(&mut self, piece: &Piece) -> Option<()> {
        match piece {
            Piece::Set(path, value) => {
                self.byte(0)?;
                self.path(path)?;
                self.value(value, 1)
            }
            Piece::Mutate(Mutation { field: Some(field), operation }) => {
                self.byte(8)?;
                self.path(field)?;
                self.operation(operation)
            }
            Piece::Mutate(Mutation { field: None, operation }) => {
                self.byte(13)?;
                let at = self.out.len();
                self.operation(operation)?;
                (self.out[at] < 7).then_some(())
            }
            Piece::Omit => self.byte(14),
            Piece::Before(step) => {
                self.byte(15)?;
                self.step(step)
            }
            Piece::After(step) => {
                self.byte(16)?;
                self.step(step)
            }
            Piece::Instead(steps) => {
                let [one] = steps.as_slice() else { return None };
                self.byte(17)?;
                self.step(one)
            }
            Piece::Records(items) => {
                self.byte(18)?;
                self.records(items)
            }
            Piece::Record(record) => {
                self.byte(19)?;
                self.record(record)
            }
            Piece::Joined => self.byte(20),
            Piece::Segments(sizes) => {
                let [size] = sizes.as_slice() else { return None };
                self.byte(21)?;
                self.byte(size.checked_sub(1)?)
            }
            Piece::Compute(name, inputs) => {
                self.byte(22)?;
                self.pick(&(name.clone(), inputs.clone()), computations())
            }
            Piece::Form(version) => {
                self.byte(23)?;
                self.pick(version, &FORMS)
            }
            Piece::Remember(remember) => {
                self.byte(24)?;
                self.pick(remember, &[Remember::Unaltered, Remember::Nothing])
            }
        }
    }

    fn step(&mut self, step: &Step) -> Option<()> {
        let (send, times) = match &step.kind {
            StepKind::Send(send) => (send, 0),
            StepKind::Repeat { times, steps } => {
                let [Step { kind: StepKind::Send(send), .. }] = steps.as_slice() else { return None };
                (send, usize::try_from(*times).ok()? + 190)
            }
            _ => return None,
        };
        if send.bytes.is_some()
            || times != 0 && times <= 192
            || send.message == "hello_request" && self.peer == Role::Client
        {
            return None;
        }
        self.pick(&send.message.as_str(), &MESSAGES)?;
        let alteration = &send.alteration;
        self.pick(&alteration.remember, &[Remember::Sent, Remember::Nothing])?;
        match alteration.set.as_slice() {
            [] => self.byte(0)?,
            [(path, Val::Number(number))] if *path == path_of("msg_type") => {
                self.byte(7)?;
                self.byte(usize::try_from(*number).ok()?)?;
            }
            _ => return None,
        }
        match &alteration.record {
            None => self.byte(0)?,
            Some(record) => {
                self.byte(7)?;
                self.pick(&record.keys?, &KEYS)?;
            }
        }
        let known = Alteration {
            remember: alteration.remember,
            set: alteration.set.clone(),
            record: alteration.record.as_ref().map(|record| Record { keys: record.keys, ..Record::default() }),
            ..Alteration::default()
        };
        self.byte(times)?;
        (*alteration == known).then_some(())
    }

    fn value(&mut self, value: &Val, depth: u8) -> Option<()> {
        match value {
            Val::Number(number) => {
                if let Ok(small) = u8::try_from(*number) {
                    self.out.extend([0, small]);
                } else if let Ok(short) = u16::try_from(*number) {
                    self.out.push(1);
                    self.out.extend(short.to_le_bytes());
                } else {
                    self.out.push(8);
                    self.out.extend(number.to_le_bytes());
                }
                Some(())
            }
            Val::Name(_) | Val::Bytes(_) => {
                self.byte(3)?;
                self.bytes(value)
            }
            Val::Fill { pattern, length } => {
                let [pattern] = pattern.as_slice() else { return None };
                self.out.extend([5, *pattern]);
                self.out.extend(u16::try_from(*length).ok()?.to_le_bytes());
                Some(())
            }
            Val::Random(length) => {
                self.byte(6)?;
                self.byte(*length)
            }
            Val::List(items) if depth > 0 && items.len() < 4 => {
                self.byte(7)?;
                self.byte(items.len())?;
                items.iter().try_for_each(|item| self.value(item, depth - 1).ok_or(())).ok()
            }
            _ => None,
        }
    }

    fn bytes(&mut self, value: &Val) -> Option<()> {
        let bytes = match value {
            // What is no hex in lower case would come back otherwise.
            Val::Name(text) => {
                hex::decode(text).ok().filter(|bytes| !bytes.is_empty() && hex::encode(bytes) == *text)?
            }
            Val::Bytes(bytes) if bytes.is_empty() => Vec::new(),
            _ => return None,
        };
        self.byte(bytes.len())?;
        self.out.extend(bytes);
        Some(())
    }

    fn operation(&mut self, operation: &Operation) -> Option<()> {
        match operation {
            Operation::FlipBit { bit } => {
                self.byte(0)?;
                self.short(*bit)
            }
            Operation::Xor { offset, bytes } => self.at_offset(1, *offset, bytes),
            Operation::Replace { offset, bytes } => self.at_offset(2, *offset, bytes),
            Operation::Insert { offset, bytes } => self.at_offset(3, *offset, bytes),
            Operation::Append { bytes } => {
                self.byte(4)?;
                self.bytes(bytes)
            }
            Operation::Delete { offset, count } => {
                self.byte(5)?;
                self.short(*offset)?;
                self.byte(usize::try_from(*count).ok()?)
            }
            Operation::Truncate { to } => {
                self.byte(6)?;
                self.short(*to)
            }
            Operation::LengthBy(by) => {
                self.byte(7)?;
                self.small(*by)
            }
            Operation::LengthTo(to) => {
                self.byte(9)?;
                self.out.extend(u32::try_from(*to).ok()?.to_le_bytes());
                Some(())
            }
            Operation::Remove => self.byte(10),
            Operation::Duplicate { to: None } => self.byte(11),
            Operation::Move { to } => {
                self.byte(12)?;
                self.place(to)
            }
            Operation::Add { value, to } => {
                self.byte(13)?;
                self.value(value, 0)?;
                self.place(to)
            }
            Operation::Duplicate { .. } | Operation::Shuffle => None,
        }
    }

    fn at_offset(&mut self, kind: usize, offset: i64, bytes: &Val) -> Option<()> {
        self.byte(kind)?;
        self.short(offset)?;
        self.bytes(bytes)
    }

    fn place(&mut self, place: &ListPlace) -> Option<()> {
        let (at, kind) = match place {
            ListPlace::First => (0, 0),
            ListPlace::Last => (0, 1),
            ListPlace::At(at) => (*at, 2),
            ListPlace::Before(_) | ListPlace::After(_) => return None,
        };
        self.small(at)?;
        self.byte(kind)
    }

    fn records(&mut self, items: &[RecordItem]) -> Option<()> {
        let (RecordItem::Record(first), rest) = items.split_first()? else { return None };
        let Some(Cut::Bytes(size)) = first.size else { return None };
        self.byte(size)?;
        let (between, rest) = match rest.split_first() {
            Some((RecordItem::Step(step), rest)) => (Some(step), rest),
            _ => (None, rest),
        };
        match between {
            Some(step) => {
                self.byte(3)?;
                self.step(step)?;
            }
            None => self.byte(0)?,
        }
        let piece = |size| RecordItem::Record(Record { size: Some(size), ..Record::default() });
        self.byte(usize::from(rest.is_empty()))?;
        (items[0] == piece(Cut::Bytes(size)) && (rest.is_empty() || *rest == [piece(Cut::Rest)])).then_some(())
    }

    fn record(&mut self, record: &Record) -> Option<()> {
        let at = self.out.len();
        match (record.keys, record.sequence, record.set.as_slice(), record.mutate.as_slice()) {
            (Some(keys), None, [], []) => {
                self.byte(0)?;
                self.pick(&keys, &KEYS)?;
            }
            (None, Some(Sequence::By(by)), [], []) => {
                self.byte(1)?;
                self.small(by)?;
            }
            (None, None, [(field, Val::UpTo(most))], []) if *field == path_of("zeros") => {
                self.byte(2)?;
                self.out.extend(u16::try_from(*most).ok()?.to_le_bytes());
            }
            (None, None, [], [Mutation { field: Some(field), operation: Operation::FlipBit { bit } }]) => {
                self.byte(3)?;
                self.record_field(field)?;
                self.short(*bit)?;
            }
            (None, None, [(field, value)], []) => {
                self.byte(4)?;
                self.record_field(field)?;
                self.value(value, 0)?;
            }
            _ => return None,
        }
        (record.size.is_none() && record.times.is_none() && self.out.len() > at).then_some(())
    }

    fn record_field(&mut self, field: &Path) -> Option<()> {
        self.byte(RECORD_FIELDS.iter().position(|name| *field == path_of(name))?)
    }
}
