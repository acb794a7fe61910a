//! Encrypted Client Hello: the hello inside, sealed and opened, and how the server says which one it took. [RFC 9849]

use crate::Peer;
use crate::change::{Change, is_late};
use crate::config::Ech;
use crate::draft::{computed, edit_field, path, put_leaf};
use crate::hash::HandshakeHash;
use crate::view::{self, ClientHelloView, ServerHelloView, extension};
use gauntlet_crypto::hpke::{HpkeContext, Suite};
use gauntlet_crypto::{CipherSuite, Digest, KeyShare, Rng, schedule13};
use gauntlet_model::{Side, What};
use gauntlet_wire::{Context, Grammar, Node, Opened, Path, Plain, opened, split_inside};
use rand_core::{Rng as _, SeedableRng};
use std::sync::{Arc, LazyLock};

/// The sealed hello in the outer one.
pub(crate) const PAYLOAD: &str = "extensions.encrypted_client_hello.payload";
/// The encapsulated key.
pub(crate) const ENC: &str = "extensions.encrypted_client_hello.enc";
/// What a HelloRetryRequest confirms with.
pub(crate) const CONFIRMATION: &str = "extensions.encrypted_client_hello.confirmation";

static PAYLOAD_PATH: LazyLock<Path> = LazyLock::new(|| path(PAYLOAD));
static ENC_PATH: LazyLock<Path> = LazyLock::new(|| path(ENC));
static CONFIRMATION_PATH: LazyLock<Path> = LazyLock::new(|| path(CONFIRMATION));
static RANDOM: LazyLock<Path> = LazyLock::new(|| path("random"));
static NAME: LazyLock<Path> = LazyLock::new(|| path("extensions.server_name.server_name_list[0].name"));

/// The form of the extension in the outer hello, and in the inner one.
const OUTER: u64 = 0;
const INNER: u64 = 1;
/// Bytes of an AEAD's tag.
const TAG: usize = 16;
/// Where the last eight bytes of its random lie in a ServerHello with its header.
const CONFIRMED: std::ops::Range<usize> = 30..38;
/// Bytes that a list of extensions can hold.
const LONGEST: usize = 0xffff;

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    /// It was not offered, or is not known.
    #[default]
    None,
    /// As client: the answer is still open.
    Offered,
    /// The handshake is that of the inner hello.
    Accepted,
    /// It is that of the outer one.
    Rejected,
}

/// The state of one handshake.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) status: Status,
    /// As client: the configuration, and the suite out of it.
    chosen: Option<(Usable, u16, u16)>,
    /// HPKE, as it was behind its setup.
    context: Option<HpkeContext>,
    /// As server: config_id and suite of the first hello.
    opened: (u64, u64, u64),
    /// The other hello's side of the handshake: as client the inner one's while the answer is open, as server the
    /// outer one's.
    other_hash: HandshakeHash,
    other_hello: ClientHelloView,
    /// As client: our key, and its public half.
    ephemeral: Option<Arc<KeyShare>>,
    enc: Vec<u8>,
    /// As client: random of the inner hello.
    random: Vec<u8>,
    /// As client: the first inner hello.
    first_inner: Option<Node>,
    /// The inner hello that was last sealed, as a message.
    pub(crate) made: Vec<u8>,
}

/// Which hello is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// There is only one.
    Only,
    /// The one that everybody sees.
    Outer,
    /// The one that is sealed.
    Inner,
}

/// A configuration that we can use.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Usable {
    bytes: Vec<u8>,
    id: u64,
    kem: u16,
    public_key: Vec<u8>,
    suites: Vec<(u16, u16)>,
    longest_name: usize,
    public_name: String,
}

/// The configurations of an ECHConfigList that we can use, in order. [RFC 9849, 4 and 6.1]
pub(crate) fn usable(list: &[u8]) -> Vec<Usable> {
    let list = Grammar::tls().decode("ECHConfigList", list, &Context::tls13());
    list.children().iter().filter_map(Usable::of).collect()
}

impl Usable {
    fn of(config: &Node) -> Option<Usable> {
        let at = |text: &str| config.at(&path(text));
        let number = |text: &str| at(text).and_then(Node::number);
        let mandatory = |kind: &Node| view::number(kind, "type").is_some_and(|kind| kind & 0x8000 != 0);
        if number("version") != Some(0xfe0d) || at("contents.extensions")?.children().iter().any(mandatory) {
            return None;
        }
        let suite = |node: &Node| Some((view::number(node, "kdf_id")? as u16, view::number(node, "aead_id")? as u16));
        let kem = number("contents.key_config.kem_id")? as u16;
        let fits = |(kdf, aead): &(u16, u16)| Suite { kem, kdf: *kdf, aead: *aead }.is_supported();
        let suites = at("contents.key_config.cipher_suites")?.children().iter().filter_map(suite);
        let usable = Usable {
            bytes: config.to_bytes(),
            id: number("contents.key_config.config_id")?,
            kem,
            public_key: at("contents.key_config.public_key")?.content(),
            suites: suites.filter(fits).collect(),
            longest_name: number("contents.maximum_name_length")? as usize,
            public_name: String::from_utf8(at("contents.public_name")?.content()).ok()?,
        };
        (!usable.suites.is_empty() && is_host_name(&usable.public_name)).then_some(usable)
    }

    /// [RFC 9849, 6.1]
    fn info(&self) -> Vec<u8> {
        [b"tls ech\0", self.bytes.as_slice()].concat()
    }
}

/// Labels of letters, digits and hyphens, and no IPv4 address. [RFC 9849, 6.1.7]
fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X");
    name.len() <= 253 && name.split('.').all(label) && !number
}

// ---- the encoding of the hello inside ------------------------------------------------------------

/// An EncodedClientHelloInner: without the session id, with what stands in the outer hello named, and padded.
/// [RFC 9849, 5.1 and 6.1.3]
fn encode_inner(inner: &Node, outer: &Node, longest_name: usize) -> Result<Node, String> {
    let bytes = |field: &str| Plain::Bytes(view::bytes(inner, field));
    let fields = |zeros: usize| {
        Plain::map([
            ("legacy_version", Plain::Number(view::number(inner, "legacy_version").unwrap_or(0x0303))),
            ("random", bytes("random")),
            ("cipher_suites", bytes("cipher_suites")),
            ("legacy_compression_methods", bytes("legacy_compression_methods")),
            ("extensions", Plain::Bytes(compressed(inner, outer))),
            ("zeros", Plain::Bytes(vec![0; zeros])),
        ])
    };
    let build = |zeros: usize| {
        Grammar::tls()
            .build("EncodedClientHelloInner", &fields(zeros), &Context::tls13())
            .map_err(|error| format!("client_hello_inner: {error}"))
    };
    let name = inner.at(&NAME).map(|name| name.content().len());
    let hides_name = name.map_or(longest_name + 9, |length| longest_name.saturating_sub(length));
    let length = build(0)?.to_bytes().len() + hides_name;
    build(hides_name + (31 - (length - 1) % 32))
}

/// The inner extensions, the longest run of those that stand alike in the outer hello replaced by their names.
fn compressed(inner: &Node, outer: &Node) -> Vec<u8> {
    let kind = |entry: &Node| view::number(entry, "extension_type").unwrap_or(0) as u16;
    let entries = |hello: &Node| -> Vec<(u16, Vec<u8>)> {
        let list = hello.field("extensions").map(Node::children).unwrap_or_default();
        list.iter().map(|entry| (kind(entry), entry.to_bytes())).collect()
    };
    let (inner, outer) = (entries(inner), entries(outer));
    let named = |entry: &(u16, Vec<u8>)| {
        !matches!(entry.0, extension::ENCRYPTED_CLIENT_HELLO | extension::PRE_SHARED_KEY)
            && outer.iter().filter(|other| other.0 == entry.0).count() == 1
    };
    let place = |entry: &(u16, Vec<u8>)| outer.iter().position(|other| other == entry).filter(|_| named(entry));
    let mut best = 0..0;
    for start in 0..inner.len() {
        let mut last = None;
        let run = inner[start..].iter().take_while(|entry| {
            let at = place(entry);
            let goes_on = at.is_some() && at > last;
            last = at;
            goes_on
        });
        let length = run.count();
        if length > best.len() {
            best = start..start + length;
        }
    }
    let by_hand = inner.iter().any(|entry| entry.0 == extension::ECH_OUTER_EXTENSIONS);
    let mut bytes = Vec::new();
    for (at, (_, entry)) in inner.iter().enumerate() {
        if by_hand || !best.contains(&at) {
            bytes.extend_from_slice(entry);
        } else if at == best.start {
            let names = inner[best.clone()].iter().flat_map(|(kind, _)| kind.to_be_bytes());
            let length = (2 * best.len()) as u8;
            bytes.extend(extension::ECH_OUTER_EXTENSIONS.to_be_bytes());
            bytes.extend([0, length + 1, length]);
            bytes.extend(names);
        }
    }
    bytes
}

/// The inner hello as a message, and what was wrong with its encoding: alert and words. [RFC 9849, 5.1]
fn decode_inner(encoded: &[u8], outer: &Node) -> (Vec<u8>, Vec<(&'static str, String)>) {
    let node = Grammar::tls().decode("EncodedClientHelloInner", encoded, &Context::tls13());
    let mut faults = Vec::new();
    let mut wrong = |text: &str| faults.push(("illegal_parameter", format!("the inner hello: {text}")));
    if !view::bytes(&node, "legacy_session_id").is_empty() {
        wrong("a session id of its own");
    }
    if view::bytes(&node, "zeros").iter().any(|byte| *byte != 0) {
        wrong("padding that is not zero");
    }
    let extensions = expanded(&node, outer, &mut wrong);
    if let Some((at, remark)) = node.first_remark() {
        faults.push(("decode_error", format!("the inner hello: {} is {remark:?}", at.name)));
    }
    let list = |width: usize, content: Vec<u8>| [&content.len().to_be_bytes()[8 - width..], &content].concat();
    let body = [
        (view::number(&node, "legacy_version").unwrap_or(0) as u16).to_be_bytes().to_vec(),
        view::bytes(&node, "random"),
        list(1, view::bytes(outer, "legacy_session_id")),
        list(2, view::bytes(&node, "cipher_suites")),
        list(1, view::bytes(&node, "legacy_compression_methods")),
        list(2, extensions),
    ]
    .concat();
    ([vec![1], list(3, body)].concat(), faults)
}

/// The inner extensions with those of the outer hello in place of their names.
fn expanded(inner: &Node, outer: &Node, wrong: &mut impl FnMut(&str)) -> Vec<u8> {
    let outer: Vec<(u16, Vec<u8>)> = outer
        .field("extensions")
        .map(Node::children)
        .unwrap_or_default()
        .iter()
        .map(|entry| (view::number(entry, "extension_type").unwrap_or(0) as u16, entry.to_bytes()))
        .collect();
    let mut bytes = Vec::new();
    let mut next = 0;
    let mut lists = 0;
    for entry in inner.field("extensions").map(Node::children).unwrap_or_default() {
        if view::number(entry, "extension_type") != Some(u64::from(extension::ECH_OUTER_EXTENSIONS)) {
            bytes.extend(entry.to_bytes());
            continue;
        }
        lists += 1;
        let names = entry.at(&path("extension_data.OuterExtensions")).map(Node::children).unwrap_or_default();
        for name in view::numbers_of(names) {
            if name == extension::ENCRYPTED_CLIENT_HELLO {
                wrong("ech_outer_extensions names encrypted_client_hello");
                continue;
            }
            let behind = outer.iter().skip(next).position(|(kind, _)| *kind == name).map(|at| next + at);
            match behind.or_else(|| outer.iter().position(|(kind, _)| *kind == name)) {
                None => wrong(&format!("ech_outer_extensions names {name}, which the outer hello has not")),
                Some(at) => {
                    if behind.is_none() {
                        wrong(&format!("ech_outer_extensions names {name} out of order, or twice"));
                    }
                    next = next.max(at + 1);
                    if bytes.len() + outer[at].1.len() <= LONGEST {
                        bytes.extend_from_slice(&outer[at].1);
                    } else {
                        wrong("more than a hello can hold");
                        return bytes;
                    }
                }
            }
        }
    }
    if lists > 1 {
        wrong("ech_outer_extensions stands twice");
    }
    bytes
}

/// The outer hello without its header, the payload all zeros: what the seal covers. [RFC 9849, 5.2]
fn covered(message: &[u8], hello: &Node) -> Vec<u8> {
    let mut bytes = message.to_vec();
    if let Some(payload) = hello.at(&PAYLOAD_PATH) {
        let (start, end) = (payload.span.start + payload.span.prefix, payload.span.end);
        bytes[start.min(message.len())..end.min(message.len())].fill(0);
    }
    bytes.split_off(bytes.len().min(4))
}

fn hello_node(message: &[u8]) -> Node {
    Grammar::tls().decode("Handshake", message, &Context::tls13())
}

fn suite_digest(suite: u16) -> Digest {
    CipherSuite(suite).info().map_or(Digest::Sha256, |suite| suite.prf)
}

// ---- as client -----------------------------------------------------------------------------------

impl Peer {
    /// Chooses a configuration and makes the first key, all out of one draw. `None`: there is nothing to offer.
    pub(crate) fn begin_ech(&mut self) -> Option<()> {
        let Ech::Offer(list) = &self.config.ech else { return None };
        if !self.config.has_version(0x0304) || self.handshakes() > 0 {
            return None;
        }
        let usable = usable(list).into_iter().next()?;
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        let mut rng = Rng::from_seed(seed);
        let (kdf, aead) = usable.suites[0];
        let suite = Suite { kem: usable.kem, kdf, aead };
        let ephemeral = KeyShare::generate(suite.group().ok()?, &mut rng).ok()?;
        self.hs.ech.context = suite.send(&usable.public_key, &ephemeral, &usable.info()).ok();
        self.hs.ech.status = Status::Offered;
        self.hs.ech.chosen = Some((usable, kdf, aead));
        self.hs.ech.enc = ephemeral.public().to_vec();
        self.hs.ech.ephemeral = Some(Arc::new(ephemeral));
        self.hs.ech.random = vec![0; 32];
        rng.fill_bytes(&mut self.hs.ech.random);
        Some(())
    }

    /// The name that the certificate must be for. Who goes on with the outer hello all the same has no other proof to
    /// ask for: targets have certificates for the name inside.
    pub(crate) fn expected_name(&self) -> Option<String> {
        match (&self.hs.ech.chosen, self.hs.ech.status) {
            (Some((usable, ..)), Status::Rejected) if self.config.requires_ech => Some(usable.public_name.clone()),
            (Some(_), Status::Rejected) => None,
            _ => self.config.server_name.clone(),
        }
    }

    /// server_name of a hello.
    pub(crate) fn shown_name(&self, face: Face) -> Option<String> {
        match (&self.hs.ech.chosen, face) {
            (Some((usable, ..)), Face::Outer) => Some(usable.public_name.clone()),
            _ => self.config.server_name.clone(),
        }
    }

    /// encrypted_client_hello of a hello; the outer one's is filled in when all else is there.
    pub(crate) fn ech_extension(&mut self, face: Face) -> Option<Plain> {
        match (face, &self.hs.ech.chosen) {
            (Face::Inner, _) => Some(Plain::map([("type", Plain::Number(INNER))])),
            (Face::Outer, Some((usable, kdf, aead))) => {
                let (id, enc) = (usable.id, self.hs.ech.enc.clone());
                Some(outer_form(id, u64::from(*kdf), u64::from(*aead), enc, vec![0; TAG]))
            }
            _ if matches!(self.config.ech, Ech::Grease) => Some(self.ech_grease()),
            _ => None,
        }
    }

    /// What looks like an offer. [RFC 9849, 6.2]
    fn ech_grease(&mut self) -> Plain {
        let drawn = self.random(2);
        let enc = KeyShare::generate(gauntlet_crypto::NamedGroup::X25519, &mut self.rng);
        let enc = enc.map(|share| share.public().to_vec()).unwrap_or_else(|_| vec![0x2a; 32]);
        let payload = self.random(144 + 32 * usize::from(drawn[1] % 4));
        outer_form(u64::from(drawn[0]), 1, 1, enc, payload)
    }

    /// Makes the inner hello, with the changes meant for it, and seals it into the outer one.
    ///
    /// # Errors
    /// A change that cannot be made, in words.
    pub(crate) fn seal_inner(&mut self, outer: &mut Node, change: &Change, context: &Context) -> Result<(), String> {
        self.hs.ech.made.clear();
        let is_open = matches!(self.hs.ech.status, Status::Offered | Status::Accepted);
        let is_outer = outer.at(&path("extensions.encrypted_client_hello.type")).and_then(Node::number) == Some(OUTER);
        let Some((usable, ..)) = self.hs.ech.chosen.clone().filter(|_| is_open && is_outer) else { return Ok(()) };
        outer.encode();
        let inner = self.make_inner(outer, change, context)?;
        let mut encoded = encode_inner(&hello_node(&inner), outer, usable.longest_name)?;
        for edit in &change.edits {
            let Some((field, within)) = split_inside(edit.path()) else { continue };
            if matches!(opened(&field), Some(Opened::Sealed(_))) {
                edit_field("payload.inside", &mut encoded, &edit.clone().at(within), &Context::tls13())?;
            }
        }
        let mut text = encoded.encode();
        if let Some(given) = change.input_bytes("payload", "plaintext")? {
            text = given;
        }
        let sealed = self.seal(&text, outer, &usable, change)?;
        if let Some(field) = outer.at_mut(&PAYLOAD_PATH) {
            put_leaf(field, sealed);
        }
        outer.encode();
        (self.hs.ech.made, _) = decode_inner(&text, outer);
        Ok(())
    }

    /// The sealed text, by what `compute` says.
    fn seal(&mut self, text: &[u8], outer: &mut Node, usable: &Usable, change: &Change) -> Result<Vec<u8>, String> {
        const FIELD: &str = "payload";
        let second = self.hs.hellos > 0;
        if let Some(field) = outer.at_mut(&ENC_PATH).filter(|_| second) {
            put_leaf(field, Vec::new());
        }
        if let Some(field) = outer.at_mut(&PAYLOAD_PATH) {
            put_leaf(field, vec![0; text.len() + TAG]);
        }
        let message = outer.encode();
        let number = |field: &str| {
            let field = format!("extensions.encrypted_client_hello.cipher_suite.{field}");
            outer.at(&path(&field)).and_then(Node::number).unwrap_or(0) as u16
        };
        let named = Suite { kem: usable.kem, kdf: number("kdf_id"), aead: number("aead_id") };
        let info = change.input_bytes(FIELD, "info")?;
        let key = change.input_bytes(FIELD, "public_key")?;
        let mut sealing = self.hs.ech.context.clone().ok_or("there is no key to seal with")?;
        if let (Some(ephemeral), true) = (&self.hs.ech.ephemeral, named.is_supported() && !second) {
            let (key, info) = (key.unwrap_or_else(|| usable.public_key.clone()), info.unwrap_or_else(|| usable.info()));
            sealing = named.send(&key, ephemeral, &info).map_err(|error| format!("payload: {error}"))?;
            self.hs.ech.context = Some(sealing.clone());
        }
        let sequence = change.input(FIELD, "sequence").map(|value| crate::plain_number(value, "")).transpose()?;
        sealing.sequence = sequence.unwrap_or(u64::from(second));
        let aad = change.input_bytes(FIELD, "additional_data")?.unwrap_or_else(|| covered(&message, outer));
        sealing.seal(&aad, text).map_err(|error| format!("payload: {error}"))
    }

    /// The inner hello as a message, its session id that of the outer one.
    fn make_inner(&mut self, outer: &Node, change: &Change, context: &Context) -> Result<Vec<u8>, String> {
        let none = Change::default();
        let change = change.inner.as_deref().unwrap_or(&none);
        let mut tree = self.honest_inner(outer, context)?;
        let computed = computed("client_hello");
        for early in change.edits.iter().filter(|edit| !is_late(edit, computed)) {
            edit_field("client_hello_inner", &mut tree, early, context)?;
        }
        self.fill_client_shares(&mut tree, change)?;
        std::mem::swap(&mut self.hash, &mut self.hs.ech.other_hash);
        let bound = self.fill_binders(&mut tree, change, context);
        std::mem::swap(&mut self.hash, &mut self.hs.ech.other_hash);
        bound?;
        for late in change.edits.iter().filter(|edit| is_late(edit, computed)) {
            edit_field("client_hello_inner", &mut tree, late, context)?;
        }
        let mut bytes = tree.encode();
        for edit in &change.bytes {
            edit.apply(&mut bytes).map_err(|error| format!("client_hello_inner: {error}"))?;
        }
        Ok(bytes)
    }

    fn honest_inner(&mut self, outer: &Node, context: &Context) -> Result<Node, String> {
        if self.hs.hellos > 0
            && let (Some(retry), Some(first)) = (self.hs.retry.clone(), self.hs.ech.first_inner.clone())
        {
            return self.second_hello(first, &retry, context);
        }
        let random = self.hs.ech.random.clone();
        let session_id = view::bytes(outer, "legacy_session_id");
        self.hello_with_face(Face::Inner, random, session_id, context)
    }

    /// A ClientHello is out: what our state takes from both.
    pub(crate) fn note_both_hellos(&mut self, bytes: &[u8], tree: &Node) {
        let made = std::mem::take(&mut self.hs.ech.made);
        match self.hs.ech.status {
            Status::Accepted if !made.is_empty() => {
                self.note_client_hello(&hello_node(&made));
                self.hash.add(&made);
            }
            _ => {
                self.note_client_hello(tree);
                self.hash.add(bytes);
            }
        }
        if self.hs.ech.status == Status::Offered {
            if made.is_empty() {
                // A scenario has taken it out again.
                self.hs.ech.status = Status::None;
                return;
            }
            let inner = hello_node(&made);
            self.hs.ech.other_hello = ClientHelloView::of(&inner);
            self.hs.ech.other_hash.add(&made);
            self.hs.ech.first_inner = Some(inner);
        }
        if !made.is_empty() {
            self.event(What::Inner { from: Side::Us, bytes: made });
        }
    }

    /// The hash that early data is protected by: that of the inner hello, if there is one.
    pub(crate) fn early_hash(&self) -> &HandshakeHash {
        if self.hs.ech.status == Status::Offered { &self.hs.ech.other_hash } else { &self.hash }
    }

    /// Goes on with the inner hello.
    fn accept_ech(&mut self) {
        self.hs.ech.status = Status::Accepted;
        std::mem::swap(&mut self.hash, &mut self.hs.ech.other_hash);
        std::mem::swap(&mut self.hs.hello, &mut self.hs.ech.other_hello);
    }

    /// Which hello the server answers, by the last bytes of its random. [RFC 9849, 6.1.4]
    pub(crate) fn decide_by_hello(&mut self, message: &[u8], hello: &ServerHelloView) {
        let accepted = match self.hs.ech.status {
            Status::Offered => false,
            Status::Accepted => true,
            Status::None | Status::Rejected => return,
        };
        let digest = suite_digest(hello.cipher_suite);
        let mut open = message.to_vec();
        if let Some(confirmed) = open.get_mut(CONFIRMED) {
            confirmed.fill(0);
        }
        let (hash, random) = match accepted {
            true => (&self.hash, &self.hs.hello.random),
            false => (&self.hs.ech.other_hash, &self.hs.ech.other_hello.random),
        };
        let right = schedule13::ech_confirmation(digest, random, false, &hash.with(digest, &open));
        let confirmed = hello.version() >= 0x0304 && hello.random.ends_with(&right);
        match (accepted, confirmed) {
            (true, false) => self.remark("illegal_parameter", "ECH was accepted by the HelloRetryRequest alone"),
            (true, true) => {}
            (false, true) => self.accept_ech(),
            (false, false) => self.hs.ech.status = Status::Rejected,
        }
    }

    /// Which hello a HelloRetryRequest answers. [RFC 9849, 6.1.4]
    pub(crate) fn decide_by_retry(&mut self, message: &[u8], node: &Node, digest: Digest) {
        if self.hs.ech.status != Status::Offered {
            return;
        }
        self.hs.ech.status = Status::Rejected;
        let Some(confirmation) = node.at(&CONFIRMATION_PATH) else { return };
        let mut open = message.to_vec();
        open[confirmation.span.start.min(message.len())..confirmation.span.end.min(message.len())].fill(0);
        let mut hash = self.hs.ech.other_hash.clone();
        hash.retry(digest);
        let random = &self.hs.ech.other_hello.random;
        let right = schedule13::ech_confirmation(digest, random, true, &hash.with(digest, &open));
        if confirmation.content() == right {
            self.accept_ech();
        }
    }

    // ---- as server -------------------------------------------------------------------------------

    /// Opens the inner hello of an outer one: the message that the handshake goes on with. `None`: the outer one is it.
    pub(crate) fn open_hello(&mut self, message: &[u8], outer: &Node) -> Option<Vec<u8>> {
        let Ech::Serve { configs, key } = self.config.ech.clone() else { return None };
        if !self.config.has_version(0x0304) || self.handshakes() > 0 || self.hs.ech.status == Status::Rejected {
            return None;
        }
        let second = self.hs.ech.status == Status::Accepted;
        let number = |field: &str| outer.at(&path(&format!("extensions.encrypted_client_hello.{field}")))?.number();
        match number("type") {
            None if second => self.remark("missing_extension", "the second hello has no encrypted_client_hello"),
            Some(OUTER) => {
                let told = ["config_id", "cipher_suite.kdf_id", "cipher_suite.aead_id"].map(|f| number(f).unwrap_or(0));
                let told = (told[0], told[1], told[2]);
                let plain = if second {
                    self.open_again(message, outer, told)
                } else {
                    self.open_first(message, outer, told, &configs, key.as_deref())
                };
                self.hs.ech.status = if plain.is_some() || second { Status::Accepted } else { Status::Rejected };
                return Some(self.take_inner(message, outer, &plain?));
            }
            Some(INNER) => self.remark("illegal_parameter", "the inner form of encrypted_client_hello in the open"),
            Some(_) => self.remark("illegal_parameter", "an unknown form of encrypted_client_hello"),
            None => {}
        }
        None
    }

    /// Whatever candidate opens it. [RFC 9849, 7.1]
    fn open_first(
        &mut self,
        message: &[u8],
        outer: &Node,
        told: (u64, u64, u64),
        configs: &[u8],
        key: Option<&KeyShare>,
    ) -> Option<Vec<u8>> {
        let key = key?;
        let sealed = outer.at(&PAYLOAD_PATH)?.content();
        let enc = outer.at(&ENC_PATH)?.content();
        let aad = covered(message, outer);
        let (kdf, aead) = (told.1 as u16, told.2 as u16);
        for config in usable(configs) {
            let fits = config.id == told.0 && config.suites.contains(&(kdf, aead)) && config.public_key == key.public();
            let suite = Suite { kem: config.kem, kdf, aead };
            let Ok(context) = suite.receive(key, &enc, &config.info()) else { continue };
            if let Ok(plain) = context.clone().open(&aad, &sealed)
                && fits
            {
                self.hs.ech.context = Some(context);
                self.hs.ech.opened = told;
                return Some(plain);
            }
        }
        None
    }

    /// The second hello is sealed under the key of the first. [RFC 9849, 7.1.1]
    fn open_again(&mut self, message: &[u8], outer: &Node, told: (u64, u64, u64)) -> Option<Vec<u8>> {
        if told != self.hs.ech.opened {
            self.remark("illegal_parameter", "config_id or suite of the second hello are others");
        }
        if outer.at(&ENC_PATH).is_some_and(|enc| !enc.content().is_empty()) {
            self.remark("illegal_parameter", "a key with the second hello");
        }
        let mut context = self.hs.ech.context.clone()?;
        context.sequence = 1;
        let plain = context.open(&covered(message, outer), &outer.at(&PAYLOAD_PATH)?.content()).ok();
        if plain.is_none() {
            self.remark("decrypt_error", "the second hello does not open");
        }
        plain
    }

    fn take_inner(&mut self, message: &[u8], outer: &Node, plain: &[u8]) -> Vec<u8> {
        let (inner, faults) = decode_inner(plain, outer);
        for (alert, text) in faults {
            self.remark(alert, text);
        }
        self.event(What::Inner { from: Side::Target, bytes: inner.clone() });
        let node = hello_node(&inner);
        let form = node.at(&path("extensions.encrypted_client_hello.type")).and_then(Node::number);
        if form != Some(INNER) {
            self.remark("illegal_parameter", "the inner hello has no inner form of encrypted_client_hello");
        }
        let hello = ClientHelloView::of(&node);
        if hello.offered_versions().iter().any(|version| *version < 0x0304) {
            self.remark("illegal_parameter", "the inner hello offers a version below TLS 1.3");
        }
        self.hs.ech.other_hash.add(message);
        self.hs.ech.other_hello = ClientHelloView::of(outer);
        inner
    }

    /// The last bytes of our random say that the inner hello was taken. [RFC 9849, 7.2]
    pub(crate) fn confirm_by_hello(&mut self, tree: &mut Node) {
        if self.hs.ech.status != Status::Accepted || self.is_client() || !self.is_tls13() {
            return;
        }
        let digest = self.digest();
        let Some(random) = tree.at_mut(&RANDOM) else { return };
        let mut bytes = random.content();
        let Some(last) = bytes.len().checked_sub(8) else { return };
        bytes[last..].fill(0);
        put_leaf(random, bytes.clone());
        let hash = self.hash.with(digest, &tree.encode());
        let right = schedule13::ech_confirmation(digest, &self.hs.hello.random, false, &hash);
        bytes[last..].copy_from_slice(&right);
        if let Some(random) = tree.at_mut(&RANDOM) {
            put_leaf(random, bytes);
        }
    }

    /// The same in a HelloRetryRequest. [RFC 9849, 7.2.1]
    pub(crate) fn confirm_by_retry(&mut self, tree: &mut Node) {
        let open = self.hs.ech.status == Status::Accepted && !self.is_client();
        let Some(field) = tree.at_mut(&CONFIRMATION_PATH).filter(|_| open) else { return };
        put_leaf(field, vec![0; 8]);
        let digest = self.digest();
        let mut hash = self.hash.clone();
        hash.retry(digest);
        let right =
            schedule13::ech_confirmation(digest, &self.hs.hello.random, true, &hash.with(digest, &tree.encode()));
        if let Some(field) = tree.at_mut(&CONFIRMATION_PATH) {
            put_leaf(field, right);
        }
    }

    /// encrypted_client_hello of a HelloRetryRequest of ours; the confirmation is filled in later.
    pub(crate) fn retry_extension(&self) -> Option<Plain> {
        let open = self.hs.ech.status == Status::Accepted;
        open.then(|| Plain::map([("confirmation", Plain::Bytes(vec![0; 8]))]))
    }

    /// Configurations for who could not be understood, in EncryptedExtensions.
    pub(crate) fn retry_configs(&self) -> Option<Plain> {
        let Ech::Serve { configs, .. } = &self.config.ech else { return None };
        let open = self.hs.ech.status == Status::Rejected && !configs.is_empty();
        open.then(|| Plain::map([("retry_configs", Plain::Bytes(configs.get(2..).unwrap_or_default().to_vec()))]))
    }

    /// A ServerHello of ours that does not confirm after all: an honest client goes on with its outer hello, and so do
    /// we, if both hellos have the same share.
    pub(crate) fn follow_confirmation(&mut self, message: &[u8], hello: &ServerHelloView) {
        if self.hs.ech.status != Status::Accepted || self.is_client() {
            return;
        }
        let digest = suite_digest(hello.cipher_suite);
        let mut open = message.to_vec();
        if let Some(confirmed) = open.get_mut(CONFIRMED) {
            confirmed.fill(0);
        }
        let hash = self.hash.with(digest, &open);
        let right = schedule13::ech_confirmation(digest, &self.hs.hello.random, false, &hash);
        if hello.random.ends_with(&right) {
            return;
        }
        let share = |view: &ClientHelloView| view.shares.iter().find(|(group, _)| *group == self.hs.group).cloned();
        if self.hs.retry.is_some() || share(&self.hs.hello) != share(&self.hs.ech.other_hello) {
            let text = "the ServerHello does not confirm the hello that it answers".to_owned();
            return self.event(What::NotFollowed { text });
        }
        self.hs.ech.status = Status::Rejected;
        std::mem::swap(&mut self.hash, &mut self.hs.ech.other_hash);
        std::mem::swap(&mut self.hs.hello, &mut self.hs.ech.other_hello);
    }

    /// Whether ECH was accepted, once that is known.
    pub(crate) fn ech_outcome(&self) -> Option<bool> {
        match self.hs.ech.status {
            Status::Accepted => Some(true),
            Status::Rejected => Some(false),
            Status::None | Status::Offered => None,
        }
    }

    /// Whether the server has gone on with the outer hello.
    pub(crate) fn ech_was_rejected(&self) -> bool {
        self.is_client() && self.hs.ech.status == Status::Rejected
    }

    /// Whether the PSKs of the outer hello are no more than a likeness.
    pub(crate) fn hides_psks(&self) -> bool {
        self.hs.ech.chosen.is_some()
    }

    /// A pre_shared_key of the same shape that offers nothing. [RFC 9849, 6.1]
    pub(crate) fn fake_psks(&mut self, real: &Plain) -> Plain {
        match real {
            Plain::Bytes(bytes) => Plain::Bytes(self.random(bytes.len())),
            Plain::List(items) => Plain::List(items.iter().map(|item| self.fake_psks(item)).collect()),
            Plain::Map(fields) => {
                Plain::Map(fields.iter().map(|(name, value)| (name.clone(), self.fake_psks(value))).collect())
            }
            Plain::Number(_) => Plain::Number(self.random(4).iter().fold(0, |all, byte| all << 8 | u64::from(*byte))),
            Plain::Name(name) => Plain::Name(name.clone()),
        }
    }
}

fn outer_form(id: u64, kdf: u64, aead: u64, enc: Vec<u8>, payload: Vec<u8>) -> Plain {
    Plain::map([
        ("type", Plain::Number(OUTER)),
        ("cipher_suite", Plain::map([("kdf_id", Plain::Number(kdf)), ("aead_id", Plain::Number(aead))])),
        ("config_id", Plain::Number(id)),
        ("enc", enc.into()),
        ("payload", payload.into()),
    ])
}
