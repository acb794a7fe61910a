//! The endpoint: its state, what it takes in, and how keys change.

use crate::config::{Config, Session, Temper};
use crate::hash::HandshakeHash;
use crate::order::Order;
use crate::records::{Epoch, Inbound, Opened, Outbound, RawRecord};
use crate::view::{ClientHelloView, ServerHelloView, handshake_name};
use gauntlet_crypto::suite::{Authentication, KeyExchange, SuiteInfo};
use gauntlet_crypto::{Bulk, CipherSuite, Digest, KeyShare, Protection, PublicKey, RecordKeys, Rng};
use gauntlet_crypto::{schedule12::Prf, schedule13};
use gauntlet_model::{Role, Side, What};
use gauntlet_wire::{Context, Grammar, Node};
use rand_core::{Rng as _, SeedableRng};
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

/// Bytes of a handshake message that are collected before it is given up.
const MESSAGE_LIMIT: usize = 1 << 20;

/// The state of one handshake.
#[derive(Default)]
pub(crate) struct Handshake {
    /// The ClientHello last sent or received.
    pub(crate) hello: ClientHelloView,
    /// ClientHellos so far.
    pub(crate) hellos: usize,
    /// As client: the tree of the first ClientHello as it was sent.
    pub(crate) first_hello: Option<Node>,
    /// Encrypted Client Hello.
    pub(crate) ech: crate::ech::State,
    /// What our reserved values are made of, once they are drawn.
    pub(crate) grease: Option<[u8; 8]>,
    /// The HelloRetryRequest.
    pub(crate) retry: Option<ServerHelloView>,
    pub(crate) version: u16,
    pub(crate) suite_id: u16,
    pub(crate) suite: Option<&'static SuiteInfo>,
    pub(crate) server_random: Vec<u8>,
    pub(crate) session_id: Vec<u8>,
    /// Keys made so far, by group.
    pub(crate) shares: Vec<(u16, KeyShare)>,
    pub(crate) group: u16,
    pub(crate) shared_secret: Vec<u8>,
    /// The PSK or session in use.
    pub(crate) session: Option<Session>,
    /// As server: which of the client's PSKs it is.
    pub(crate) selected_identity: u16,
    /// Up to TLS 1.2: the server has announced a ticket, which has not come.
    pub(crate) ticket_due: bool,
    /// As server: the PSK is used without (EC)DHE.
    pub(crate) psk_alone: bool,
    /// CertificateTypes agreed on, the client's and the server's.
    pub(crate) certificate_types: (u8, u8),
    /// As server: the context of our CertificateRequest.
    pub(crate) asked_context: Vec<u8>,
    /// As server: the suite is the one tied to the PSK.
    pub(crate) same_suite: bool,
    /// As server: bytes of early data so far.
    pub(crate) early_bytes: usize,
    /// Early data is taken.
    pub(crate) early_accepted: bool,
    /// Certificate compression that the other side takes.
    pub(crate) compressors: Vec<u16>,
    /// The hash at the handshake's end, once certificates were asked for behind it.
    pub(crate) main_hash: Option<HandshakeHash>,
    pub(crate) handshake_secret: Vec<u8>,
    pub(crate) main_secret: Vec<u8>,
    /// TLS 1.3 traffic secrets: client's and server's, handshake then application.
    pub(crate) client_handshake: Vec<u8>,
    pub(crate) server_handshake: Vec<u8>,
    pub(crate) client_application: Vec<u8>,
    pub(crate) server_application: Vec<u8>,
    pub(crate) resumption_secret: Vec<u8>,
    pub(crate) exporter_secret: Vec<u8>,
    /// TLS 1.2.
    pub(crate) premaster: Vec<u8>,
    pub(crate) master_secret: Vec<u8>,
    pub(crate) extended_master_secret: bool,
    pub(crate) encrypt_then_mac: bool,
    /// The target's own certificate chain and the key of its leaf.
    pub(crate) target_chain: Vec<Vec<u8>>,
    pub(crate) target_key: Option<PublicKey>,
    /// As client: the server asked for a certificate; its context and schemes.
    pub(crate) requested: Option<(Vec<u8>, Vec<u16>)>,
    /// As client: the server takes delegated credentials.
    pub(crate) credential_wanted: bool,
    /// As server: our CertificateRequest says that we take delegated credentials.
    pub(crate) credential_asked: bool,
    /// Our Certificate has our delegated credential in it, whose key then signs.
    pub(crate) credential_shown: bool,
    /// The scheme that the target's CertificateVerify has by its delegated credential.
    pub(crate) credential_scheme: Option<u16>,
    /// As server: the cookie of our HelloRetryRequest.
    pub(crate) cookie: Vec<u8>,
    /// A certificate that is not empty was sent by the client.
    pub(crate) client_certificate: bool,
    /// ServerKeyExchange's own key, TLS 1.2: the other side's share.
    pub(crate) other_share: Vec<u8>,
    /// Tickets that came ahead of our Finished.
    pub(crate) early_tickets: Vec<Node>,
    pub(crate) order: Order,
    pub(crate) own_finished: bool,
    pub(crate) target_finished: bool,
    pub(crate) established: bool,
    pub(crate) alpn: Option<Vec<u8>>,
    /// Signature scheme of our CertificateVerify or ServerKeyExchange.
    pub(crate) scheme: u16,
}

/// A scriptable TLS endpoint.
pub struct Peer {
    pub(crate) config: Config,
    pub(crate) rng: Rng,
    pub(crate) inbound: Inbound,
    pub(crate) outbound: Outbound,
    out: Vec<u8>,
    events: Vec<What>,
    pub(crate) hash: HandshakeHash,
    pub(crate) hs: Handshake,
    pub(crate) due: VecDeque<&'static str>,
    /// Tickets and sessions that the target gave us, or that we gave it, oldest first.
    pub sessions: Vec<Session>,
    /// verify_data of the last handshake, client's and server's, for renegotiation_info.
    pub(crate) last_verify_data: (Vec<u8>, Vec<u8>),
    /// Content that waits for the message behind it.
    pub(crate) joined: Vec<u8>,
    /// Place of the keys under which it begins, if they have changed since.
    pub(crate) joined_under: Option<usize>,
    pub(crate) compatibility_ccs: bool,
    pub(crate) awaits_key_update: bool,
    /// The last handshake agreed on encrypt-then-MAC.
    pub(crate) last_encrypt_then_mac: bool,
    remarks: usize,
    handshakes: usize,
    fatal_alert: bool,
    close_notify: bool,
    application_data: usize,
    pub(crate) ticket_key: [u8; 32],
    pub(crate) last_sent_finished: Vec<u8>,
    /// What the last handshake exports, if that is asked for.
    exported: Option<Vec<u8>>,
    /// Secrets that a scenario has put in place of the computed ones.
    pub(crate) replaced: BTreeMap<String, Vec<u8>>,
    /// Our secret is the one that the message being made leads to, whatever was changed in it.
    pub(crate) followed: bool,
    /// Version that the message in the making is laid out in, if not the one in use.
    pub(crate) form: Option<u16>,
    /// Content that a record may hold as the two sides have agreed: ours, the target's.
    pub(crate) agreed_limits: (Option<usize>, Option<usize>),
    /// What a heartbeat request of the target's asks us to send back.
    pub(crate) heartbeat: Option<Vec<u8>>,
}

impl Peer {
    /// An endpoint that has done nothing yet; all its randomness comes from the seed.
    pub fn new(config: Config, seed: [u8; 32]) -> Peer {
        let mut peer = Peer {
            config,
            rng: Rng::from_seed(seed),
            inbound: Inbound::new(),
            outbound: Outbound::new(),
            out: Vec::new(),
            events: Vec::new(),
            hash: HandshakeHash::default(),
            hs: Handshake::default(),
            due: VecDeque::new(),
            sessions: Vec::new(),
            last_verify_data: Default::default(),
            joined: Vec::new(),
            joined_under: None,
            compatibility_ccs: false,
            awaits_key_update: false,
            last_encrypt_then_mac: false,
            remarks: 0,
            handshakes: 0,
            fatal_alert: false,
            close_notify: false,
            application_data: 0,
            ticket_key: [0x47; 32],
            last_sent_finished: Vec::new(),
            exported: None,
            replaced: BTreeMap::new(),
            followed: false,
            form: None,
            agreed_limits: (None, None),
            heartbeat: None,
        };
        if peer.config.role == Role::Client {
            peer.due.push_back("client_hello");
        } else {
            peer.expect_hello();
        }
        peer
    }

    /// Our side.
    pub fn role(&self) -> Role {
        self.config.role
    }
    /// The message that an honest endpoint would send next; `None`: it waits.
    pub fn due(&self) -> Option<&'static str> {
        self.due.front().copied()
    }
    /// Whether the newest handshake is complete on our side.
    pub fn is_established(&self) -> bool {
        self.hs.established
    }
    /// Handshakes completed so far.
    pub fn handshakes(&self) -> usize {
        self.handshakes
    }
    /// As server: whether the client's hello offers a session or PSK that is known, and so is taken up.
    pub fn is_resuming(&self) -> bool {
        self.hs.session.is_some()
    }
    /// Keys of TLS 1.3 were made without a secret, for want of a valid share.
    pub fn lacks_secret(&self) -> bool {
        let none = self.hs.shared_secret.iter().all(|byte| *byte == 0) && self.hs.session.is_none();
        none && self.is_tls13() && !self.hs.established
    }
    /// Whether a fatal alert has come.
    pub fn saw_fatal_alert(&self) -> bool {
        self.fatal_alert
    }
    /// Whether close_notify has come.
    pub fn saw_close_notify(&self) -> bool {
        self.close_notify
    }
    /// Application data records received so far.
    pub fn application_data(&self) -> usize {
        self.application_data
    }
    /// Remarks made so far.
    pub fn remarks(&self) -> usize {
        self.remarks
    }
    /// Negotiated version; 0: none yet.
    pub fn version(&self) -> u16 {
        self.hs.version
    }
    /// Whether a KeyUpdate of ours asked for one that has not come.
    pub fn key_update_is_awaited(&self) -> bool {
        self.awaits_key_update
    }
    /// The config, which may be changed for the next handshake.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }
    /// Bytes for the transport.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<What> {
        std::mem::take(&mut self.events)
    }
    /// Writes bytes to the transport as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
    /// Draws from that seed from now on.
    pub fn reseed(&mut self, seed: [u8; 32]) {
        self.rng = Rng::from_seed(seed);
    }
    /// So many random bytes.
    pub fn random(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// As client, starts another handshake on this connection.
    pub fn renegotiate(&mut self) {
        self.hash.clear();
        self.hs = Handshake::default();
        self.due.clear();
        if self.config.role == Role::Client {
            self.due.push_back("client_hello");
        } else {
            self.expect_hello();
        }
    }

    pub(crate) fn event(&mut self, what: What) {
        self.events.push(what);
    }

    pub(crate) fn remark(&mut self, alert: &'static str, text: impl Into<String>) {
        self.remarks += 1;
        self.events.push(What::Remark { alert: Cow::Borrowed(alert), text: text.into() });
    }

    pub(crate) fn is_pushover(&self) -> bool {
        self.config.temper == Temper::Pushover
    }

    pub(crate) fn is_client(&self) -> bool {
        self.config.role == Role::Client
    }

    pub(crate) fn is_tls13(&self) -> bool {
        self.hs.version >= 0x0304
    }

    /// Hash of the PRF or HKDF of the suite in use; SHA-256 before there is one.
    pub(crate) fn digest(&self) -> Digest {
        self.hs.suite.map_or(Digest::Sha256, |suite| suite.prf)
    }

    /// CertificateType that a side shows. [RFC 7250, 4]
    pub(crate) fn certificate_type(&self, from: Side) -> u8 {
        let (client, server) = self.hs.certificate_types;
        if (from == Side::Us) == self.is_client() { client } else { server }
    }

    /// What a decoder must know about a message at this point.
    pub(crate) fn context(&self, from: Side) -> Context {
        // Above TLS 1.3 there is nothing; what pretends to be is laid out like it.
        let version = self.form.or((self.hs.version != 0).then_some(self.hs.version.min(0x0304)));
        let length = match version {
            Some(0x0304) => Some(self.digest().len() as u8),
            Some(0x0300) => Some(36),
            Some(_) => Some(12),
            None => None,
        };
        let suite = self.hs.suite.map(|suite| (suite.key_exchange, suite.authentication));
        let name = match (suite, self.form) {
            (Some((KeyExchange::Tls13 | KeyExchange::Other, _)) | None, Some(..=0x0303)) => self.planned_exchange(),
            (suite, _) => suite,
        };
        let name = name.map(|(exchange, authentication)| key_exchange_name(exchange, authentication));
        let number = name.and_then(|name| Grammar::tls().number("KeyExchange", name));
        let client = (from == Side::Us) == self.is_client();
        Context {
            version,
            key_exchange: number.map(|n| n as u8),
            certificate_type: Some(self.certificate_type(from)),
            verify_data_length: length,
            sender: Some(if client { 1 } else { 2 }),
        }
    }

    /// The version that the message in the making is laid out in; before there is one, the best of ours.
    pub(crate) fn layout(&self) -> u16 {
        let best = || self.config.versions.iter().copied().max().unwrap_or(0x0304);
        self.form.unwrap_or_else(|| if self.hs.version == 0 { best() } else { self.hs.version })
    }

    /// The key exchange of the first suite of ours that is none of TLS 1.3; ECDHE if there is none.
    fn planned_exchange(&self) -> Option<(KeyExchange, Authentication)> {
        let exchange = |suite: &u16| {
            let info = CipherSuite(*suite).info()?;
            let fits = !matches!(info.key_exchange, KeyExchange::Tls13 | KeyExchange::Other);
            fits.then_some((info.key_exchange, info.authentication))
        };
        let ours = self.config.cipher_suites.iter().find_map(exchange);
        Some(ours.unwrap_or((KeyExchange::Ecdhe, Authentication::Rsa)))
    }

    /// The key exchange that the message in the making is laid out for.
    pub(crate) fn message_exchange(&self) -> KeyExchange {
        match self.exchange() {
            KeyExchange::Tls13 | KeyExchange::Other => {
                self.planned_exchange().map_or(KeyExchange::Ecdhe, |pair| pair.0)
            }
            _ if self.hs.suite.is_none() => self.planned_exchange().map_or(KeyExchange::Ecdhe, |pair| pair.0),
            exchange => exchange,
        }
    }

    // ---- taking in -------------------------------------------------------------------------------

    /// Takes bytes from the transport.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.inbound.feed(bytes);
        while let Some(record) = self.inbound.next() {
            self.take_record(&record);
        }
        self.check_rest();
    }

    /// What cannot become a TLS record is told at once rather than when it is whole.
    fn check_rest(&mut self) {
        let rest = self.inbound.rest();
        if rest.len() >= 5 && !matches!(rest[0], 20..=24) && self.events.last().is_none_or(|e| !is_garbage(e)) {
            let text = format!("no TLS record: begins with {}", hex::encode(&rest[..5]));
            self.remark("unexpected_message", text);
        }
    }

    fn take_record(&mut self, record: &RawRecord) {
        let opened = match self.inbound.skips(record) {
            false => self.inbound.open(record, self.is_pushover()),
            true => match self.inbound.refused_alert(record) {
                Some(alert) => alert,
                None => return self.note_skipped(record),
            },
        };
        self.remark_on_record(record, &opened);
        self.event(What::Record {
            from: Side::Target,
            outer: record.outer,
            version: record.version,
            length: record.fragment.len() as u32,
            keys: opened.keys.clone(),
            sequence: opened.sequence,
            content_type: opened.content_type,
            content: opened.content.clone(),
            padding: opened.padding as u32,
            verified: opened.verified,
            wire: record.bytes(),
        });
        if !opened.verified {
            self.remark("bad_record_mac", "a record does not verify under the keys in force");
            if !self.is_pushover() {
                return;
            }
        }
        self.take_content(opened);
    }

    /// Early data that was refused is passed over. [RFC 9846, 4.3.10]
    fn note_skipped(&mut self, record: &RawRecord) {
        self.event(What::Record {
            from: Side::Target,
            outer: record.outer,
            version: record.version,
            length: record.fragment.len() as u32,
            keys: Cow::Borrowed("early"),
            sequence: 0,
            content_type: record.outer,
            content: Vec::new(),
            padding: 0,
            verified: true,
            wire: record.bytes(),
        });
    }

    fn remark_on_record(&mut self, record: &RawRecord, opened: &Opened) {
        if !matches!(record.outer, 20..=24) {
            self.remark("unexpected_message", format!("record of unknown type {}", record.outer));
        }
        // TLS 1.3 has it ignored. [RFC 9846, 5.1]
        let settled = self.hs.version != 0 && !self.is_tls13();
        if record.version >> 8 != 3 && (settled || self.is_client() && self.hs.version == 0) {
            self.remark("protocol_version", format!("record version {:#06x}", record.version));
        }
        let protected = opened.keys != "none";
        let limit = if protected && self.is_tls13() { (1 << 14) + 256 } else { (1 << 14) + 2048 };
        let agreed = self.agreed_limits.1.unwrap_or(1 << 14);
        if record.fragment.len() > limit || opened.content.len() + opened.padding > agreed {
            self.remark("record_overflow", format!("record of {} bytes", record.fragment.len()));
        }
        if opened.content.is_empty() && opened.verified && opened.content_type != 23 {
            self.remark("unexpected_message", format!("empty record of type {}", record.outer));
        }
    }

    fn take_content(&mut self, opened: Opened) {
        // [RFC 9846, 5.1]; before there is a version, it is a hello that is cut.
        let whole = self.inbound.handshake.is_empty() || opened.content_type == 22;
        if !whole && (self.is_tls13() || self.hs.version == 0) {
            self.remark("unexpected_message", format!("type {} between parts of a message", opened.content_type));
        }
        let fits = opened.verified || matches!(opened.content_type, 20..=24);
        match opened.content_type {
            22 => {
                self.inbound.handshake.extend_from_slice(&opened.content);
                self.take_handshake();
            }
            20 => self.take_change_cipher_spec(&opened.content, &opened.keys),
            21 => self.take_alert(&opened.content),
            23 => self.take_application_data(&opened.content),
            _ if fits => self.take_other(opened.content_type, &opened.content),
            // Unverified decryption made noise of it: whatever it was, take it for what would please.
            _ => self.take_application_data(&opened.content),
        }
    }

    fn take_handshake(&mut self) {
        loop {
            let buffer = &self.inbound.handshake;
            let Some(header) = buffer.get(..4) else { return };
            let length = u32::from_be_bytes([0, header[1], header[2], header[3]]) as usize;
            if buffer.len() < 4 + length {
                if buffer.len() > MESSAGE_LIMIT {
                    self.inbound.handshake.clear();
                    self.remark("decode_error", format!("handshake message of {length} bytes"));
                }
                return;
            }
            let message: Vec<u8> = self.inbound.handshake.drain(..4 + length).collect();
            self.take_message(&message);
        }
    }

    fn take_message(&mut self, message: &[u8]) {
        let name = handshake_name(message);
        // A hello is read before it settles the version, all others after.
        let context = self.context(Side::Target);
        let node = Grammar::tls().decode("Handshake", message, &context);
        let remark = node.first_remark().map(|(at, remark)| format!("{name}: {} is {remark:?}", at.name));
        self.note(22, name.clone(), context, message);
        if let Some(text) = remark {
            self.remark("decode_error", text);
        }
        if self.is_client() {
            self.take_from_server(&name, message, &node);
        } else {
            self.take_from_client(&name, message, &node);
        }
    }

    fn note(&mut self, content_type: u8, name: Cow<'static, str>, context: Context, bytes: &[u8]) {
        self.event(What::Message {
            from: Side::Target,
            name,
            content_type,
            context,
            bytes: bytes.to_vec(),
            meant: None,
            changes: Vec::new(),
        });
    }

    fn take_alert(&mut self, content: &[u8]) {
        let context = self.context(Side::Target);
        self.note(21, "alert".into(), context, content);
        match content {
            [_, 0] => self.close_notify = true,
            [2, _] => self.fatal_alert = true,
            [1, _] if self.is_tls13() => self.fatal_alert |= content[1] != 90,
            [1, _] => {}
            _ => self.remark("decode_error", format!("alert of {} bytes", content.len())),
        }
    }

    fn take_application_data(&mut self, content: &[u8]) {
        let context = self.context(Side::Target);
        self.note(23, "application_data".into(), context, content);
        // While a further handshake goes on, data of the one before may still come.
        let early = !self.is_client() && self.takes_early_data();
        if !early && !self.hs.established && !self.hs.target_finished && self.handshakes == 0 {
            self.remark("unexpected_message", "application data before the handshake is complete");
        }
        if early {
            self.count_early_data(content.len());
        }
        // What comes behind close_notify is ignored. [RFC 9846, 6.1]
        self.application_data += usize::from(!self.close_notify);
    }

    fn take_other(&mut self, content_type: u8, content: &[u8]) {
        let context = self.context(Side::Target);
        let name: Cow<'static, str> = match content_type {
            24 => "heartbeat".into(),
            other => format!("record_{other}").into(),
        };
        self.note(content_type, name, context, content);
        let agreed = self.is_client() || self.config.heartbeat;
        if content_type == 24 && agreed && self.hs.hello.extensions.contains(&crate::view::extension::HEARTBEAT) {
            return self.take_heartbeat(content);
        }
        self.remark("unexpected_message", format!("record of type {content_type}"));
    }

    /// A request is answered with its payload, unless it is too short for the length it claims. [RFC 6520, 4]
    fn take_heartbeat(&mut self, content: &[u8]) {
        let [kind, high, low, rest @ ..] = content else { return };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if *kind == 1 && length + 16 <= rest.len() {
            self.heartbeat = Some(rest[..length].to_vec());
            self.due.push_back("heartbeat");
        }
    }

    fn take_change_cipher_spec(&mut self, content: &[u8], keys: &str) {
        let context = self.context(Side::Target);
        self.note(20, "change_cipher_spec".into(), context, content);
        if content != [1] {
            self.remark("unexpected_message", format!("change_cipher_spec {}", hex::encode(content)));
        }
        // In TLS 1.3 it means nothing, and either side may send it before the version is settled. [RFC 9846, 5]
        let early = match self.config.role {
            Role::Server => self.hs.retry.is_some(),
            Role::Client => self.hs.version == 0 && self.config.has_version(0x0304),
        };
        if self.is_tls13() || early {
            if self.hs.target_finished {
                self.remark("unexpected_message", "change_cipher_spec behind finished");
            }
            if keys != "none" {
                self.remark("unexpected_message", "protected change_cipher_spec");
            }
            return;
        }
        if std::mem::take(&mut self.hs.ticket_due) {
            self.remark(
                "unexpected_message",
                "change_cipher_spec instead of the new_session_ticket that was announced",
            );
        }
        if let Err(could) = self.hs.order.take("change_cipher_spec") {
            self.remark("unexpected_message", format!("change_cipher_spec instead of {could}"));
            if !self.is_pushover() {
                return;
            }
        }
        if self.hs.master_secret.is_empty() {
            self.make_master_secret();
        }
        let keys = self.key_block();
        let from_client = !self.is_client();
        self.switch_inbound12(keys, from_client);
    }

    // ---- keys ------------------------------------------------------------------------------------

    /// Takes over what a ServerHello settles, whoever sent it.
    pub(crate) fn agree(&mut self, hello: &ServerHelloView) {
        // TLS 1.3 and above are settled by supported_versions alone. [RFC 9846, 4.3.1]
        let field_alone = hello.selected_version.is_none() && hello.legacy_version > 0x0303;
        self.hs.version = if field_alone { 0x0303 } else { hello.version() };
        self.hs.suite_id = hello.cipher_suite;
        self.hs.suite = CipherSuite(hello.cipher_suite).info();
        self.hs.server_random = hello.random.clone();
        self.hs.session_id = hello.session_id.clone();
        self.outbound.version = self.hs.version.clamp(0x0300, 0x0303);
        let unfit = self.hs.suite.is_none_or(|suite| (suite.key_exchange == KeyExchange::Tls13) != self.is_tls13());
        if unfit {
            let text = format!("suite {:#06x} with version {:#06x}", hello.cipher_suite, self.hs.version);
            self.event(What::NotFollowed { text });
            let stand_in = if self.is_tls13() { 0x1301 } else { 0xc02f };
            self.hs.suite = CipherSuite(stand_in).info();
        }
    }

    /// TLS 1.3: handshake keys, once the ServerHello is in the hash. [RFC 9846, 7.1]
    pub(crate) fn make_handshake_keys(&mut self) {
        let digest = self.digest();
        let psk = self.hs.session.as_ref().map(|session| session.secret.clone()).unwrap_or_default();
        let early = self.secret("early_secret", schedule13::early_secret(digest, &psk));
        self.hs.shared_secret = self.secret("shared_secret", self.hs.shared_secret.clone());
        let shared_secret = self.hs.shared_secret.clone();
        self.key_log("SHARED_SECRET", &shared_secret);
        let handshake = schedule13::handshake_secret(digest, &early, &self.hs.shared_secret);
        self.hs.handshake_secret = self.secret("handshake_secret", handshake);
        let hash = self.hash.current(digest);
        let derive = |name: &str, label: &[u8]| {
            self.secret(name, schedule13::derive_secret(digest, &self.hs.handshake_secret, label, &hash))
        };
        let client = derive("client_handshake_traffic_secret", b"c hs traffic");
        let server = derive("server_handshake_traffic_secret", b"s hs traffic");
        self.key_log("CLIENT_HANDSHAKE_TRAFFIC_SECRET", &client);
        self.key_log("SERVER_HANDSHAKE_TRAFFIC_SECRET", &server);
        (self.hs.client_handshake, self.hs.server_handshake) = (client, server);
        let (ours, theirs) = self.pair(&self.hs.client_handshake.clone(), &self.hs.server_handshake.clone());
        // Early data under way goes on under its own keys until its end is told.
        if self.takes_early_data() {
            let epoch = self.epoch13("handshake", &theirs);
            self.inbound.epochs.push(epoch);
        } else {
            self.switch_inbound13("handshake", &theirs);
        }
        if self.sends_early_data() {
            let epoch = self.epoch13("handshake", &ours);
            self.outbound.epochs.push(epoch);
        } else {
            self.switch_outbound13("handshake", &ours);
        }
    }

    /// TLS 1.3: application secrets, once the server's Finished is in the hash.
    pub(crate) fn make_application_secrets(&mut self) {
        let digest = self.digest();
        self.hs.main_secret = self.secret("master_secret", schedule13::main_secret(digest, &self.hs.handshake_secret));
        let hash = self.hash.current(digest);
        let derive = |name: &str, label: &[u8]| {
            self.secret(name, schedule13::derive_secret(digest, &self.hs.main_secret, label, &hash))
        };
        let client = derive("client_application_traffic_secret", b"c ap traffic");
        let server = derive("server_application_traffic_secret", b"s ap traffic");
        let exporter = derive("exporter_master_secret", b"exp master");
        self.key_log("CLIENT_TRAFFIC_SECRET_0", &client);
        self.key_log("SERVER_TRAFFIC_SECRET_0", &server);
        self.key_log("EXPORTER_SECRET", &exporter);
        self.hs.exporter_secret = exporter;
        (self.hs.client_application, self.hs.server_application) = (client, server);
    }

    /// TLS 1.3: once the client's Finished is in the hash.
    pub(crate) fn make_resumption_secret(&mut self) {
        let digest = self.digest();
        let hash = self.hash.current(digest);
        let resumption = schedule13::derive_secret(digest, &self.hs.main_secret, b"res master", &hash);
        self.hs.resumption_secret = self.secret("resumption_master_secret", resumption);
    }

    /// (ours, the target's) out of (the client's, the server's).
    pub(crate) fn pair<T: Clone>(&self, client: &T, server: &T) -> (T, T) {
        if self.is_client() { (client.clone(), server.clone()) } else { (server.clone(), client.clone()) }
    }

    fn protection13(&self, secret: &[u8]) -> Option<Protection> {
        let bulk = self.hs.suite.map_or(Bulk::Aes128Gcm, |suite| suite.bulk);
        Protection::tls13(bulk, self.digest(), secret).ok()
    }

    fn epoch13(&self, name: &'static str, secret: &[u8]) -> Epoch {
        Epoch {
            name: Cow::Borrowed(name),
            protection: self.protection13(secret),
            sequence: 0,
            tls13: true,
            secret: secret.to_vec(),
        }
    }

    pub(crate) fn switch_inbound13(&mut self, name: &'static str, secret: &[u8]) {
        if !self.inbound.handshake.is_empty() {
            self.remark("unexpected_message", "a handshake message lies across a change of keys");
        }
        let epoch = self.epoch13(name, secret);
        self.inbound.switch(epoch);
    }

    pub(crate) fn switch_outbound13(&mut self, name: &'static str, secret: &[u8]) {
        let epoch = self.epoch13(name, secret);
        self.outbound.switch(epoch);
    }

    /// Our next application keys. [RFC 9846, 7.2]
    pub(crate) fn update_outbound(&mut self) {
        let secret = self.outbound.epochs[self.outbound.current].secret.clone();
        let next = schedule13::next_traffic_secret(self.digest(), &secret);
        self.switch_outbound13("updated", &next);
    }

    /// The target's next application keys.
    pub(crate) fn update_inbound(&mut self) {
        let secret = self.inbound.epochs[self.inbound.current].secret.clone();
        let next = schedule13::next_traffic_secret(self.digest(), &secret);
        self.switch_inbound13("updated", &next);
    }

    pub(crate) fn prf(&self) -> Prf {
        Prf { version: self.hs.version.clamp(0x0300, 0x0303), digest: self.digest() }
    }

    /// TLS 1.2: the master secret, with the client's key exchange in the hash. [RFC 5246, 8.1; RFC 7627, 4]
    pub(crate) fn make_master_secret(&mut self) {
        let prf = self.prf();
        let shared = self.secret("shared_secret", self.hs.premaster.clone());
        self.hs.premaster = self.secret("pre_master_secret", shared);
        let master = if self.hs.extended_master_secret {
            let session_hash = self.hash.current(prf.hash());
            prf.extended_master_secret(&self.hs.premaster, &session_hash)
        } else {
            prf.master_secret(&self.hs.premaster, &self.hs.hello.random, &self.hs.server_random)
        };
        self.hs.master_secret = self.secret("master_secret", master);
        let premaster = self.hs.premaster.clone();
        self.key_log("SHARED_SECRET", &premaster);
        let master = self.hs.master_secret.clone();
        self.key_log("CLIENT_RANDOM", &master);
    }

    /// TLS 1.2: the client's and the server's keys. [RFC 5246, 6.3]
    pub(crate) fn key_block(&self) -> (RecordKeys, RecordKeys) {
        let Some(suite) = self.hs.suite else { return Default::default() };
        let mac = match suite.mac {
            gauntlet_crypto::Mac::Hmac(digest) => digest.len(),
            gauntlet_crypto::Mac::None => 0,
        };
        let key = suite.bulk.key_length();
        let iv = match suite.bulk.block_length() {
            // CBC has an IV in the key block before TLS 1.1 only.
            block if block > 0 => {
                if self.hs.version <= 0x0301 {
                    block
                } else {
                    0
                }
            }
            _ => suite.bulk.fixed_iv_length(),
        };
        let length = 2 * (mac + key + iv);
        let block = self.prf().key_block(&self.hs.master_secret, &self.hs.hello.random, &self.hs.server_random, length);
        let mut rest = block.as_slice();
        let mut next = |length: usize| {
            let (part, behind) = rest.split_at(length.min(rest.len()));
            rest = behind;
            part.to_vec()
        };
        let (client_mac, server_mac) = (next(mac), next(mac));
        let (client_key, server_key) = (next(key), next(key));
        let (client_iv, server_iv) = (next(iv), next(iv));
        (
            RecordKeys { key: client_key, iv: client_iv, mac_key: client_mac },
            RecordKeys { key: server_key, iv: server_iv, mac_key: server_mac },
        )
    }

    fn epoch12(&mut self, keys: RecordKeys) -> Epoch {
        let suite = self.hs.suite;
        let protection = suite.and_then(|suite| {
            let version = self.hs.version.clamp(0x0300, 0x0303);
            Protection::tls12(version, suite.bulk, suite.mac, self.hs.encrypt_then_mac, keys).ok()
        });
        if protection.is_none() {
            self.event(What::NotFollowed { text: format!("no keys for suite {:#06x}", self.hs.suite_id) });
        }
        let name = if self.handshakes == 0 { "application".into() } else { "renegotiated".into() };
        Epoch { name, protection, sequence: 0, tls13: false, secret: Vec::new() }
    }

    pub(crate) fn switch_inbound12(&mut self, keys: (RecordKeys, RecordKeys), from_client: bool) {
        if !self.inbound.handshake.is_empty() {
            self.remark("unexpected_message", "a handshake message lies across a change of keys");
        }
        let epoch = self.epoch12(if from_client { keys.0 } else { keys.1 });
        self.inbound.switch(epoch);
    }

    pub(crate) fn switch_outbound12(&mut self, keys: (RecordKeys, RecordKeys)) {
        let epoch = self.epoch12(if self.is_client() { keys.0 } else { keys.1 });
        self.outbound.switch(epoch);
    }

    pub(crate) fn key_log(&mut self, label: &'static str, secret: &[u8]) {
        let random = self.hs.hello.random.clone();
        self.event(What::Secret { label: label.into(), random, secret: secret.to_vec() });
    }

    /// Both Finished are through.
    pub(crate) fn establish(&mut self) {
        if self.hs.established {
            return;
        }
        self.hs.established = true;
        self.last_encrypt_then_mac = self.hs.encrypt_then_mac;
        self.handshakes += 1;
        self.export();
        self.event(What::Established {
            version: self.hs.version,
            cipher_suite: self.hs.suite_id,
            group: self.hs.group,
            resumed: self.hs.session.is_some(),
            alpn: self.hs.alpn.as_ref().map(|name| String::from_utf8_lossy(name).into_owned()),
            ech: self.ech_outcome(),
        });
    }

    /// What the last handshake exports under the label of the configuration.
    pub fn exported(&self) -> Option<&[u8]> {
        self.exported.as_deref()
    }

    /// What the handshake exports under the label that is asked for. [RFC 9846, 7.5; RFC 5705]
    fn export(&mut self) {
        const LENGTH: usize = 32;
        let Some(label) = self.config.exporter.clone() else { return };
        let value = if self.is_tls13() {
            schedule13::exporter(self.digest(), &self.hs.exporter_secret, &label, &[], LENGTH)
        } else {
            let (ours, theirs) = (&self.hs.hello.random, &self.hs.server_random);
            self.prf().exporter(&self.hs.master_secret, ours, theirs, &label, None, LENGTH)
        };
        self.key_log("EXPORTED", &value);
        self.exported = Some(value);
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
}

fn is_garbage(what: &What) -> bool {
    matches!(what, What::Remark { text, .. } if text.starts_with("no TLS record"))
}

/// The grammar's name of a key exchange.
fn key_exchange_name(kind: KeyExchange, authentication: Authentication) -> &'static str {
    match (kind, authentication) {
        (KeyExchange::Tls13 | KeyExchange::Other, _) => "null",
        (KeyExchange::Rsa, _) => "rsa",
        (KeyExchange::Dhe, Authentication::Anonymous) => "dh_anon",
        (KeyExchange::Dhe, _) => "dhe",
        (KeyExchange::Ecdhe, Authentication::Anonymous) => "ecdh_anon",
        (KeyExchange::Ecdhe, _) => "ecdhe",
        (KeyExchange::Psk, _) => "psk",
        (KeyExchange::DhePsk, _) => "dhe_psk",
        (KeyExchange::EcdhePsk, _) => "ecdhe_psk",
        (KeyExchange::RsaPsk, _) => "rsa_psk",
    }
}
