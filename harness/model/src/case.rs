//! What is to be played: one scenario with one value for each parameter.
//!
//! The scenario crate makes cases out of YAML, `play` carries them out and judges them, campaigns
//! invent them. All names of messages and fields are the RFCs' in snake_case, as in the grammar.

use gauntlet_wire::{Path, Place as ListPlace};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A side of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sends the ClientHello.
    Client,
    /// Answers it.
    Server,
}

impl Role {
    /// The opposite side.
    pub fn other(self) -> Role {
        match self {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        }
    }
    /// `client` or `server`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Client => "client",
            Role::Server => "server",
        }
    }
}

/// Where in a scenario file something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// File name, as reports show it: `scenarios/tls13/x.yaml`.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters to underline.
    pub width: usize,
}

/// The unit that is run and counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// `tls13/x/compression@methods=2`; the scenario's id alone if it has no parameters.
    pub id: String,
    /// The scenario's id: its path under the corpus, without `.yaml`.
    pub scenario: Arc<str>,
    /// The scenario's title.
    pub title: String,
    /// Doubts, explanations.
    pub note: Option<String>,
    /// Words to select by.
    pub tags: Vec<String>,
    /// Parameter names and values in order of the file, for the report.
    pub parameters: Vec<(String, serde_json::Value)>,
    /// Requirement ids that the case decides.
    pub requirements: Vec<String>,
    /// What the harness plays; the target plays the other.
    pub peer: Role,
    /// Versions that the default hello offers, or the default server takes, best first (0x0304, ...).
    pub versions: Vec<u16>,
    /// Options that the target is started with.
    pub options: BTreeMap<String, String>,
    /// What the probe must have found.
    pub needs: Needs,
    /// Certificate chain of ours, as its difference from a good one.
    pub pki: Option<Arc<crate::ChainSpec>>,
    /// How often, and with which values, the flow is played within the case.
    pub plays: Plays,
    /// Conditions over all plays.
    pub across: Vec<(Path, Condition)>,
    /// The flow.
    pub steps: Vec<Step>,
    /// The scenario's text with this case's values in place of parameters: replayable alone.
    pub source: Arc<str>,
}

/// What a target must have; else the case is skipped. A kind (`groups`) → names that must all be there;
/// an empty list: `true`, whatever the value.
pub type Needs = BTreeMap<String, Vec<String>>;

/// Repetition within a case.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Plays {
    /// Once.
    #[default]
    Once,
    /// So many times.
    Times(u32),
    /// Once for each variant: its name, and the flow with its values in place.
    Variants(Vec<(String, Vec<Step>)>),
    /// Until conditions hold, at most so often.
    Until {
        /// All of them, in one play.
        conditions: Vec<(Path, Condition)>,
        /// Then `error`.
        at_most: u32,
    },
}

/// One step of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// Where it stands.
    pub place: Place,
    /// Which connection; `None`: the newest.
    pub on: Option<usize>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// Plays what an honest endpoint would, up to a goal.
    Handshake(Box<HandshakeStep>),
    /// Sends one message.
    Send(Box<SendStep>),
    /// Judges what comes.
    Expect(Expect),
    /// Judges what has come: path → condition.
    Check(Vec<(Path, Condition)>),
    /// Looks at what has come, as `Check`; where it is otherwise, the rule does not come to bear, and the case is skipped.
    Given(Vec<(Path, Condition)>),
    /// A further connection to the same instance.
    Connect,
    /// Ends our side.
    Close(Close),
    /// Waits; nothing is judged by it.
    Pause {
        /// Milliseconds.
        milliseconds: u64,
    },
    /// Has the target do something, as its profile says.
    Ask(String),
    /// Steps several times over.
    Repeat {
        /// How often.
        times: u32,
        /// The steps.
        steps: Vec<Step>,
    },
}

/// How we close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Close {
    /// Both directions, with FIN.
    Fin,
    /// At once, with RST.
    Rst,
    /// Only our sending.
    Half,
    /// The alert, then `half`.
    CloseNotify,
}

/// How far a handshake step goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// To the end; on an established connection: a renegotiation.
    Full,
    /// On from where it stands, to the end.
    Rest,
    /// Until that message has been sent or received.
    Through(Direction, MessageRef),
    /// Until that message would be next.
    Before(Direction, MessageRef),
}

/// Whether we sent or received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// By us.
    Sent,
    /// By the target.
    Received,
}

/// A message by name: `client_hello` is the first of its handshake, `client_hello[1]` the second.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageRef {
    /// Handshake type's name, or `alert`, `change_cipher_spec`, `application_data`, `heartbeat`; `every` (with
    /// `Which::Every`): whatever we send.
    pub name: String,
    /// Which of them.
    pub which: Which,
}

/// Which of several messages of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// From 0, within its handshake.
    Nth(usize),
    /// Each.
    Every,
}

/// The default handshake, with changes.
#[derive(Clone, Debug, PartialEq)]
pub struct HandshakeStep {
    /// How far.
    pub form: Form,
    /// Legal options.
    pub options: HandshakeOptions,
    /// Legal changes; the twin has them too.
    pub with: Vec<(MessageRef, MessageChange)>,
    /// What is under test; the twin lacks it.
    pub alter: Vec<(MessageRef, MessageChange)>,
    /// Options under test; the twin lacks them.
    pub alter_options: HandshakeOptions,
}

/// What else a handshake does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HandshakeOptions {
    /// Offers a session or ticket.
    pub resume: Option<Resume>,
    /// External PSKs: (identity, key, hash name).
    pub psks: Vec<(Val, Val, String)>,
    /// 0-RTT data.
    pub early_data: Option<Val>,
    /// As server: HelloRetryRequest for this group.
    pub retry: Option<String>,
    /// Encrypted ClientHello.
    pub ech: Option<Ech>,
    /// Reserved values wherever they may stand. [RFC 8701]
    pub grease: Option<bool>,
    /// As client: everything that is drawn at random is as on that connection, so that the same hello comes again.
    pub repeat_of: Option<usize>,
}

/// How a handshake treats Encrypted ClientHello. [RFC 9849]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ech {
    /// It is unknown.
    Off,
    /// As client it is offered, as server opened.
    On,
    /// As client: an extension that only looks like an offer.
    Grease,
    /// As server: none can be opened, and the configurations that could be are handed out.
    Reject,
}

/// Which session is offered. As server: what becomes of those that the client offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// The newest ticket or session. As server: the client must offer one.
    Last,
    /// None. As server: whatever is offered, there is a full handshake.
    Nothing,
    /// The ticket that a path names.
    Ticket(Path),
}

/// All that can be done about one message of the default handshake.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageChange {
    /// What is changed in it.
    pub alteration: Alteration,
    /// Not sent at all.
    pub omit: bool,
    /// Steps in its place.
    pub instead: Option<Vec<Step>>,
    /// Steps ahead of it.
    pub before: Vec<Step>,
    /// Steps behind it.
    pub after: Vec<Step>,
    /// Where it stands.
    pub place: Place,
}

/// Changes of one message, from its tree to the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alteration {
    /// Path → value in place of the honest one.
    pub set: Vec<(Path, Val)>,
    /// Changes in order.
    pub mutate: Vec<Mutation>,
    /// Wrong inputs or fixed values of computed fields: name of the field → inputs by name, or a value under `value`.
    pub compute: Vec<(String, BTreeMap<String, Val>)>,
    /// Laid out and computed as in this version.
    pub form: Option<u16>,
    /// What our own handshake hash and state take from it.
    pub remember: Remember,
    /// How it is cut into records, in order; the last repeats.
    pub records: Vec<RecordItem>,
    /// Holds for each record of the message.
    pub record: Option<Record>,
    /// Shares records with the message behind it.
    pub joined: bool,
    /// Sizes of the writes to the transport; the last repeats.
    pub segments: Vec<usize>,
}

impl Alteration {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        *self == Alteration::default()
    }
}

/// What our handshake hash and state take from a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Remember {
    /// What was sent.
    #[default]
    Sent,
    /// What would have been sent, as if altered on the way.
    Unaltered,
    /// Nothing.
    Nothing,
}

/// One change. Without `field` it acts on the encoded message.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    /// Path of the field.
    pub field: Option<Path>,
    /// What is done.
    pub operation: Operation,
}

/// What a mutation does. The first six need a field that is a list (or length), the others act on bytes; offsets and bits
/// count from 0, or back from -1.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the scenario language documents them")]
pub enum Operation {
    Remove,
    Add { value: Val, to: ListPlace },
    Duplicate { to: Option<ListPlace> },
    Move { to: ListPlace },
    Shuffle,
    LengthBy(i64),
    LengthTo(u64),
    FlipBit { bit: i64 },
    Xor { offset: i64, bytes: Val },
    Replace { offset: i64, bytes: Val },
    Insert { offset: i64, bytes: Val },
    Append { bytes: Val },
    Delete { offset: i64, count: u64 },
    Truncate { to: i64 },
}

impl Operation {
    /// Its name in the language, of lists as of bytes.
    pub fn name(&self) -> &'static str {
        match self {
            Operation::Remove => "remove",
            Operation::Add { .. } => "add",
            Operation::Duplicate { .. } => "duplicate",
            Operation::Move { .. } => "move",
            Operation::Shuffle => "shuffle",
            Operation::LengthBy(_) | Operation::LengthTo(_) => "length",
            Operation::FlipBit { .. } => "flip_bit",
            Operation::Xor { .. } => "xor",
            Operation::Replace { .. } => "replace",
            Operation::Insert { .. } => "insert",
            Operation::Append { .. } => "append",
            Operation::Delete { .. } => "delete",
            Operation::Truncate { .. } => "truncate",
        }
    }
}

/// One entry of `records`.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordItem {
    /// A piece of the message.
    Record(Record),
    /// A step between the pieces.
    Step(Box<Step>),
}

/// How a record is made. Default: all that is left, as honest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Bytes of content; `None`: all that is left (cut at the agreed limit).
    pub size: Option<Cut>,
    /// So many records of this kind.
    pub times: Option<u32>,
    /// Under which keys.
    pub keys: Option<KeysOf>,
    /// Sequence number: relative or fixed.
    pub sequence: Option<Sequence>,
    /// Path → value on the record's fields: `type`, `opaque_type`, `legacy_record_version`, `length`, `nonce`, `content`,
    /// `zeros`, `tag`; CBC: `iv`, `mac`, `padding`, `padding_length`; `plaintext`, `fragment`.
    pub set: Vec<(Path, Val)>,
    /// Changes of those fields.
    pub mutate: Vec<Mutation>,
}

/// Size of a record's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cut {
    /// So many bytes.
    Bytes(usize),
    /// All that is left, in one record, however long.
    Rest,
}

/// A record's sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sequence {
    /// That much more than the right one.
    By(i64),
    /// This number.
    To(u64),
}

/// Keys by epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeysOf {
    /// Not protected.
    None,
    /// client_early_traffic_secret.
    Early,
    /// Handshake traffic secrets.
    Handshake,
    /// The first application traffic secrets; TLS 1.2: those of the handshake just made.
    Application,
    /// Those before the current ones.
    Previous,
    /// Those after the current ones, as a KeyUpdate would make.
    Next,
    /// The target's own sending keys.
    Target,
}

/// One explicit message.
#[derive(Clone, Debug, PartialEq)]
pub struct SendStep {
    /// Handshake type's name, `alert`, `change_cipher_spec`, `application_data`, `heartbeat`, `raw` or `record`.
    pub message: String,
    /// Changes.
    pub alteration: Alteration,
    /// For `raw`: what is written to the transport.
    pub bytes: Option<Val>,
}

/// What a step expects.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// These messages, next and in this order, each with its conditions.
    Messages(Vec<(String, Vec<(Path, Condition)>)>),
    /// The handshake completes, verifies, and data passes both ways.
    Accept,
    /// Refused with one of these alerts (by name); empty: any.
    Reject {
        /// Names.
        alerts: Vec<String>,
        /// Messages that may still come: what they answer was not spoiled.
        past: Vec<String>,
    },
    /// As accept, and nothing comes that would not have come anyway.
    Ignored,
    /// One of these alerts of any level.
    Alert(Vec<String>),
    /// The end of the connection.
    Closed,
    /// Nothing in the waiting time.
    Silence,
    /// Neither crash nor hang.
    Survives,
    /// The best of several.
    OneOf(Vec<Expect>),
}

/// A value that is worked out when it is needed.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// A number.
    Number(u64),
    /// A name of an enum's value, a path's text, or hex.
    Name(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// So many random bytes, from the case's seed.
    Random(usize),
    /// The pattern over and over.
    Fill {
        /// What is repeated.
        pattern: Vec<u8>,
        /// How long in all, bytes.
        length: usize,
    },
    /// For a record's `zeros`: up to this total plaintext size.
    UpTo(usize),
    /// One behind the other.
    Join(Vec<Val>),
    /// Seen at a path; numbers plus that much.
    From {
        /// Path into the transcript.
        path: Path,
        /// Added to a number.
        plus: i64,
    },
    /// One of those at a path that is not the one at another.
    Pick {
        /// A list that was seen.
        path: Path,
        /// Not this.
        not: Option<Path>,
    },
    /// A list.
    List(Vec<Val>),
    /// Fields by name.
    Map(Vec<(String, Val)>),
}

/// A condition on what a path finds.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the scenario language documents them")]
pub enum Condition {
    Equals(Val),
    Not(Val),
    OneOf(Vec<Val>),
    AtLeast(Val),
    AtMost(Val),
    SameAs { path: Path, except: Vec<Path> },
    SubsetOf(Val),
    NoneOf(Vec<Val>),
    Includes(Val),
    InOrderOf(Path),
    StartsWith(Val),
    EndsWith(Val),
    Length(Box<Condition>),
    Absent(bool),
    Distinct(bool),
    Same(bool),
    Increasing(bool),
    Count(Box<Condition>),
    All(Vec<Condition>),
}
