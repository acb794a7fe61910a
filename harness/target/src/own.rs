//! Targets made of our own peer, for which it is known what they do wrong.
//!
//! | name | as a server, and as a client once its ClientHello is out, it |
//! |---|---|
//! | `pushover` | goes on whatever comes: what every refusal must be able to catch |
//! | `wall` | answers all with a fatal alert |
//! | `mute` | answers nothing |
//! | `strict` | answers the first thing that its peer remarks on with the alert it deserves |
//! | `garbage` | answers with bytes that are no TLS |
//! | `closer` | closes as soon as something comes |
//! | `faulty-...` | is `strict` but for one rule that it breaks: a [`Fault`] |
//! | `planted-...` | likewise, with a fault that only searchers can find: [`PLANTED`] |

mod fault;

pub use fault::{FAULTS, Fault, PLANTED};

use crate::memory::{MemoryLink, Stack, Wire};
use crate::{Instance, Options, Target};
use gauntlet_crypto::CipherSuite;
use gauntlet_model::names::version_number;
use gauntlet_model::{Link, LinkError, Role, Side, What};
use gauntlet_peer::{Change, Config, Draft, Ech, Peer, Psk, Temper};
use gauntlet_pki::{EchKem, Identity, KeyKind};
use gauntlet_wire::{Edit, Grammar, Path, Plain};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a side of our own does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Goes on whatever comes.
    Pushover,
    /// Fatal alert.
    Wall,
    /// Nothing.
    Mute,
    /// The alert that the first remark deserves.
    Strict,
    /// No TLS.
    Garbage,
    /// Closes.
    Closer,
    /// Strict, but for one rule.
    Faulty(&'static Fault),
}

impl Manner {
    /// All but the faulty.
    pub const ALL: [Manner; 6] =
        [Manner::Pushover, Manner::Wall, Manner::Mute, Manner::Strict, Manner::Garbage, Manner::Closer];

    /// Its name as a target; of a faulty side without the fault's.
    pub fn name(self) -> &'static str {
        match self {
            Manner::Faulty(_) => "faulty",
            Manner::Pushover => "pushover",
            Manner::Wall => "wall",
            Manner::Mute => "mute",
            Manner::Strict => "strict",
            Manner::Garbage => "garbage",
            Manner::Closer => "closer",
        }
    }
}

/// One of our own sides as a target.
pub fn own(manner: Manner) -> Box<dyn Target> {
    let name = match manner {
        Manner::Faulty(fault) => {
            let kind = if PLANTED.contains(fault) { "planted" } else { "faulty" };
            format!("{kind}-{}-{}", fault.role.name(), fault.name)
        }
        _ => manner.name().to_owned(),
    };
    Box::new(Own { manner, name })
}

/// One of them by its name: `strict`, `faulty-server-finished_unchecked`, ...
pub fn by_name(name: &str) -> Option<Box<dyn Target>> {
    let faulty = FAULTS.iter().chain(PLANTED).map(Manner::Faulty).map(own).find(|target| target.name() == name);
    faulty.or_else(|| Manner::ALL.into_iter().find(|manner| manner.name() == name).map(own))
}

/// What our sides can be asked to do.
const ACTIONS: [&str; 5] = ["key_update", "key_update_requested", "renegotiate", "client_certificate", "data"];

struct Own {
    manner: Manner,
    name: String,
}

impl Target for Own {
    fn name(&self) -> &str {
        &self.name
    }
    fn version(&self) -> String {
        format!("gauntlet {}", env!("CARGO_PKG_VERSION"))
    }
    fn roles(&self) -> Vec<Role> {
        match self.manner {
            Manner::Faulty(fault) => vec![fault.role],
            _ => vec![Role::Server, Role::Client],
        }
    }
    fn supports(&self, _role: Role, options: &Options) -> Result<(), String> {
        let known = [
            "client_auth",
            "alpn",
            "versions",
            "groups",
            "cipher_suites",
            "tickets",
            "renegotiation",
            "resumption",
            "early_data",
            "certificate_compression",
            "record_size_limit",
            "heartbeat",
            "psk",
            "ech",
            "cookie",
            "delegated_credentials",
            "exporter",
            "staple",
            "timestamps",
            "ticket_requests",
        ];
        if options.get("psk").is_some_and(|value| value == "alone") {
            return Err("our own side offers no PSK without (EC)DHE".to_owned());
        }
        let unknown = options.keys().find(|key| !known.contains(&key.as_str()));
        unknown.map_or(Ok(()), |key| Err(format!("our own side has no option `{key}`")))
    }
    fn options_to_ask(&self, _role: Role, action: &str) -> Option<Options> {
        ACTIONS.contains(&action).then(Options::new)
    }
    fn is_memory(&self) -> bool {
        true
    }
    fn instances(&self) -> usize {
        usize::MAX
    }
    fn start(&self, role: Role, options: &Options) -> Result<Box<dyn Instance>, LinkError> {
        let resumes = options.get("resumption").is_some_and(|value| value == "yes");
        Ok(Box::new(OwnInstance { manner: self.manner, config: config(self.manner, role, options), resumes }))
    }
}

/// What a client sends as early data.
const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

/// SHA-1, which a strict side neither offers nor takes. [RFC 9155]
const OLD_SCHEMES: [u16; 2] = [0x0203, 0x0201];

/// ffdhe2048 and ffdhe3072, which a strict server takes as well; suites of TLS 1.2 for them, which clients offer too. [RFC 7919]
const FIELDS: [u16; 2] = [256, 257];
const FIELD_SUITES: [u16; 2] = [0x009e, 0x009f];

fn config(manner: Manner, role: Role, options: &Options) -> Config {
    let named = options.get("versions").map_or("tls1.2-tls1.3", String::as_str);
    let ends: Vec<u16> = named.split('-').filter_map(|name| version_number(name.trim())).collect();
    let (low, high) = (ends.iter().min().map_or(0x0303, |v| *v), ends.iter().max().map_or(0x0304, |v| *v));
    let versions: &[u16] = &(low..=high).rev().collect::<Vec<_>>();
    let every_suite = || CipherSuite::all().iter().filter(|info| info.is_playable()).map(|info| info.suite.0).collect();
    let all = options.get("suites").is_some_and(|suites| suites == "all");
    let hint = options.get("psk_hint").map(|hint| hint.as_bytes().to_vec());
    let old_psk = options.get("psk").is_some_and(|value| value == "yes").then(|| Psk {
        identity: gauntlet_pki::PSK_IDENTITY.as_bytes().to_vec(),
        key: gauntlet_pki::PSK_KEY.to_vec(),
        hint,
    });
    let asks = options.get("client_auth").is_some_and(|value| value != "none");
    let codes = |option: &str, kind: &str| -> Option<Vec<u16>> {
        let names = options.get(option)?.split(',');
        Some(names.filter_map(|name| Grammar::tls().number(kind, name.trim())).map(|number| number as u16).collect())
    };
    let plain = match role {
        Role::Server => Config::server(versions),
        Role::Client => Config::client(versions),
    };
    let staples = role == Role::Server && options.get("staple").is_some_and(|value| value == "yes");
    let identity = plain.identity.filter(|_| role == Role::Server || asks);
    let delegates = role == Role::Server && options.get("delegated_credentials").is_some_and(|value| value == "yes");
    let identity = identity.map(|identity| if delegates { delegating() } else { identity });
    let identity = identity.map(|identity| if staples { stapled(KeyKind::P256) } else { identity });
    let temper = match manner {
        Manner::Pushover => Temper::Pushover,
        Manner::Faulty(fault) if fault.makes_up() => Temper::Pushover,
        _ => Temper::Patient,
    };
    let is_strict = matches!(manner, Manner::Strict | Manner::Faulty(_));
    let schemes = plain.signature_schemes.iter().copied();
    let signature_schemes = schemes.filter(|scheme| !is_strict || !OLD_SCHEMES.contains(scheme)).collect();
    let (mut groups, mut cipher_suites) = (plain.groups.clone(), plain.cipher_suites.clone());
    if is_strict && role == Role::Server {
        groups.extend(FIELDS);
    }
    if is_strict || role == Role::Client {
        cipher_suites.extend(FIELD_SUITES);
    }
    let limit = options.get("record_size_limit").map(|value| value.parse().unwrap_or(16385));
    let record_size_limit = limit.or((is_strict && role == Role::Server).then_some(16385));
    let alpn = options.get("alpn").map(|list| list.split(',').map(|name| name.trim().to_owned()).collect());
    Config {
        identity,
        ech: ech(role, options),
        requires_ech: is_strict,
        follows_hello_request: true,
        request_certificate: asks,
        require_certificate: options.get("client_auth").is_some_and(|value| value == "require"),
        alpn: alpn.unwrap_or_default(),
        temper,
        verify_chain: is_strict,
        signature_schemes,
        early_data: (role == Role::Client && options.get("early_data").is_some_and(|value| value == "yes"))
            .then(|| REQUEST.to_vec()),
        max_early_data: if options.get("early_data").is_some_and(|value| value == "yes") { 16384 } else { 0 },
        compressors: codes("certificate_compression", "CertificateCompressionAlgorithm").unwrap_or_default(),
        record_size_limit,
        heartbeat: options.get("heartbeat").is_some_and(|value| value == "yes"),
        exporter: options.get("exporter").map(|label| label.as_bytes().to_vec()),
        timestamps: options.get("timestamps").is_some_and(|value| value == "yes").then(gauntlet_pki::timestamps),
        cookie: options.get("cookie").is_some_and(|value| value == "yes"),
        credential_schemes: match options.get("delegated_credentials").map(String::as_str) {
            Some("yes") => vec![0x0403, 0x0503, 0x0603, 0x0807],
            _ => Vec::new(),
        },
        psks: if options.get("psk").is_some_and(|value| value == "yes") { vec![psk()] } else { Vec::new() },
        tickets: u32::from(options.get("tickets").is_none_or(|value| value != "no")),
        groups: codes("groups", "NamedGroup").unwrap_or(groups),
        cipher_suites: codes("cipher_suites", "CipherSuite")
            .unwrap_or_else(|| if all { every_suite() } else { cipher_suites }),
        psk: old_psk,
        ..plain
    }
}

/// Encrypted ClientHello, with the configuration that every target with this option `ech` has.
fn ech(role: Role, options: &Options) -> Ech {
    let said = options.get("ech").map(String::as_str).unwrap_or_default();
    let kem = EchKem::by_name(said).and_then(|kem| Some((kem.config_list().ok()?, kem)));
    match (role, kem) {
        (Role::Client, Some((configs, _))) => Ech::Offer(configs),
        (Role::Client, None) if said == "grease" => Ech::Grease,
        (Role::Server, Some((configs, kem))) => Ech::Serve { configs, key: kem.key().ok().map(Arc::new) },
        _ => Ech::Unknown,
    }
}

/// A server's identity with a delegated credential.
fn delegating() -> Arc<Identity> {
    let plain = gauntlet_pki::server(KeyKind::P256);
    gauntlet_pki::with_credential(Role::Server).map_or_else(|_| plain.clone(), Arc::new)
}

/// A server's identity with an OCSP response that says that all is well.
fn stapled(kind: KeyKind) -> Arc<Identity> {
    let identity = Identity::clone(gauntlet_pki::server(kind));
    Arc::new(Identity { staple: gauntlet_pki::staple(kind).ok(), ..identity })
}

/// The key that every target with the option `psk` knows.
fn psk() -> gauntlet_peer::Session {
    let key = gauntlet_pki::PSK_KEY.to_vec();
    gauntlet_peer::external_psk(gauntlet_pki::PSK_IDENTITY.as_bytes().to_vec(), key, 0x1301)
}

struct OwnInstance {
    manner: Manner,
    config: Config,
    /// As a client: offers its last session on a further connection.
    resumes: bool,
}

/// The last session that a case's client was given.
type Session = Arc<Mutex<Option<gauntlet_peer::Session>>>;

impl Instance for OwnInstance {
    fn link(&mut self) -> Result<Box<dyn Link + '_>, LinkError> {
        let (manner, mut config) = (self.manner, self.config.clone());
        let session = self.resumes.then(Session::default);
        let mut number = 0_u8;
        Ok(Box::new(MemoryLink::new(move || {
            number = number.wrapping_add(1);
            config.session = session.as_ref().and_then(offered);
            let room = config.session.as_ref().map_or(0, |session| session.max_early_data as usize);
            let early_data = config.early_data.clone().filter(|data| data.len() <= room);
            let peer = Peer::new(Config { early_data, ..config.clone() }, [number; 32]);
            Ok(Box::new(OwnStack { session: session.clone(), ..OwnStack::new(manner, peer) }))
        })))
    }
    fn restart(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

/// One connection to one of our own sides.
pub fn stack(manner: Manner, config: Config, seed: [u8; 32]) -> Box<dyn Stack> {
    Box::new(OwnStack::new(manner, Peer::new(config, seed)))
}

/// What a further connection offers: a ticket of TLS 1.3 once, a session of older versions as often as it likes.
fn offered(session: &Session) -> Option<gauntlet_peer::Session> {
    let mut slot = lock(session);
    let offered = slot.clone();
    slot.take_if(|session| session.version >= 0x0304);
    offered
}

fn lock(session: &Session) -> MutexGuard<'_, Option<gauntlet_peer::Session>> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stack with the usual options, for `serve`.
pub fn default_stack(manner: Manner, seed: [u8; 32]) -> Box<dyn Stack> {
    stack(manner, config(manner, Role::Server, &Options::new()), seed)
}

struct OwnStack {
    wire: Wire,
    peer: Peer,
    manner: Manner,
    /// Application data that has been answered.
    answered: usize,
    over: bool,
    /// What is refused came ahead of the keys.
    keyless: bool,
    /// KeyUpdates that have come.
    key_updates: usize,
    /// Where a client puts the sessions that it is given.
    session: Option<Session>,
}

impl Stack for OwnStack {
    fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    fn turn(&mut self) -> bool {
        if self.peer.due() == Some("client_hello") && !self.peer.is_established() {
            self.say_due();
        }
        let mut bytes = vec![0; 1 << 16];
        while !self.over {
            match self.wire.read(&mut bytes) {
                Ok(0) => self.over = true,
                Ok(count) => self.take(&bytes[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                Err(_) => self.over = true,
            }
        }
        true
    }

    fn ask(&mut self, action: &str) -> Result<(), LinkError> {
        match action {
            "key_update" => self.say("key_update", &[]),
            // A second request has to wait for the answer to the first. [RFC 9846, 4.7.3]
            "key_update_requested" if self.peer.key_update_is_awaited() => {}
            "key_update_requested" => self.say("key_update", &[("request_update", 1)]),
            "renegotiate" => self.say("hello_request", &[]),
            "data" => self.say("application_data", &[]),
            // Asks whom it may ask; the pushover asks anybody.
            "client_certificate" if self.manner == Manner::Pushover || self.peer.may_ask_later() => {
                self.say("certificate_request", &[]);
            }
            "client_certificate" => {}
            _ => return Err(LinkError::NoAction(action.to_owned())),
        }
        Ok(())
    }

    fn said(&mut self, name: &str) -> Option<Vec<u8>> {
        self.peer.exported().filter(|_| name == "exporter").map(<[u8]>::to_vec)
    }
}

impl OwnStack {
    fn fault(&self) -> Option<&'static Fault> {
        match self.manner {
            Manner::Faulty(fault) => Some(fault),
            _ => None,
        }
    }

    fn new(manner: Manner, peer: Peer) -> OwnStack {
        let wire = Wire::default();
        OwnStack { wire, peer, manner, answered: 0, over: false, keyless: false, key_updates: 0, session: None }
    }

    fn take(&mut self, bytes: &[u8]) {
        match self.manner {
            Manner::Mute => {}
            Manner::Wall => {
                self.write(&[21, 3, 3, 0, 2, 2, 40]);
                self.over = true;
            }
            Manner::Garbage => self.write(b"220 this is no TLS\r\n"),
            Manner::Closer => self.over = true,
            Manner::Strict | Manner::Faulty(_) => self.take_strictly(bytes),
            Manner::Pushover => self.take_anything(bytes),
        }
        // A ticket of TLS 1.3 without a lifetime is none. [RFC 9846, 4.7.1]
        let keeps = |last: &&gauntlet_peer::Session| last.version < 0x0304 || last.lifetime > 0;
        if let (Some(session), Some(last)) = (&self.session, self.peer.sessions.last().filter(keeps)) {
            *lock(session) = Some(last.clone());
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        // A full queue means that nobody reads: what is lost then is nobody's.
        let _ = self.wire.write_all(bytes);
    }

    fn say(&mut self, name: &str, edits: &[(&str, u64)]) {
        match self.draft(name, edits) {
            Some(draft) => drop(self.put(name, draft)),
            // What cannot be made of what came is taken for sent, or it would be due for ever.
            None => self.peer.skip(name),
        }
    }

    fn draft(&mut self, name: &str, edits: &[(&str, u64)]) -> Option<Draft> {
        let mut edits: Vec<Edit> =
            edits.iter().map(|(field, value)| Edit::Set(path(field), Plain::Number(*value))).collect();
        edits.extend(self.fault().and_then(|fault| fault.edit(name)));
        let draft = self.peer.draft(name, &Change { edits, ..Change::default() });
        // Where the fault's field is not there, the message stays as it is.
        draft.or_else(|_| self.peer.draft(name, &Change::default())).ok()
    }

    /// `false`: nothing could be written, for want of keys.
    fn put(&mut self, name: &str, mut draft: Draft) -> bool {
        if self.fault().is_some_and(|fault| fault.omits(name)) {
            self.peer.sent(&mut draft);
            return true;
        }
        self.peer.remember(&mut draft);
        while draft.left() > 0 {
            if self.peer.emit(&mut draft, None, None).is_err() {
                break;
            }
        }
        self.peer.sent(&mut draft);
        let bytes = self.peer.take_output();
        self.write(&bytes);
        !bytes.is_empty()
    }

    fn say_due(&mut self) -> bool {
        let mut said = false;
        // No honest flight is longer.
        for _ in 0..64 {
            let Some(name) = self.peer.due() else { break };
            self.say(name, &[]);
            said = true;
        }
        said
    }

    /// Answers each piece of application data with one.
    fn answer_data(&mut self) -> bool {
        let came = self.peer.application_data();
        let fresh = came > self.answered;
        if fresh && self.peer.is_established() {
            self.answered = came;
            self.say("application_data", &[]);
        }
        fresh
    }

    /// The first alert that something deserves, in what happened since the last look.
    fn remark(&mut self) -> Option<String> {
        let fault = self.fault();
        let events = self.peer.take_events();
        self.key_updates += events.iter().filter(|event| is_key_update(event)).count();
        if let Some(fault) = fault {
            fault.spin(self.key_updates);
        }
        if fault.is_some_and(Fault::tells_padding) && events.iter().any(fault::is_badly_padded) {
            return Some("decrypt_error".to_owned());
        }
        let mut first: Option<String> = None;
        for event in events {
            match event {
                // What the rest of the flight is like is no matter any more.
                What::Message { .. } if first.is_some() => break,
                // Whoever refuses a ServerHello has no keys yet.
                What::Message { name, .. } => self.keyless = name == "server_hello" && self.peer.handshakes() == 0,
                What::Remark { alert, text } if !fault.is_some_and(|fault| fault.overlooks(&alert, &text)) => {
                    let out_of_place = alert == "unexpected_message" && text.contains(" instead of ");
                    match first.as_deref() {
                        None => first = Some(alert.into_owned()),
                        // A message that may not come at all is refused for that, however it is made.
                        Some("decode_error") if out_of_place => return Some(alert.into_owned()),
                        Some(_) => {}
                    }
                }
                _ => {}
            }
        }
        first
    }

    fn take_strictly(&mut self, bytes: &[u8]) {
        if let Some(fault) = self.fault() {
            fault.trip(bytes);
        }
        self.peer.receive(bytes);
        if let Some(alert) = self.remark() {
            self.refuse(&alert);
            return;
        }
        if self.peer.saw_fatal_alert() {
            self.over = true;
            return;
        }
        let early = !self.peer.is_established() && self.peer.application_data() > self.answered;
        if early && self.fault().is_some_and(Fault::makes_up) {
            self.peer.pretend_finished();
        }
        if !self.say_due_strictly() {
            return;
        }
        self.answer_data();
        self.peer.take_events();
        if self.peer.saw_close_notify() {
            self.say("alert", &[]);
            self.over = true;
        }
    }

    /// Some of what is wrong is only found when the answer is made. `false`: it was refused for that.
    fn say_due_strictly(&mut self) -> bool {
        while let Some(name) = self.peer.due() {
            let Some(draft) = self.draft(name, &[]) else { return true };
            if let Some(alert) = self.remark() {
                self.refuse(&alert);
                return false;
            }
            self.put(name, draft);
        }
        // Some is only told when all is done.
        match self.remark() {
            Some(alert) => {
                self.refuse(&alert);
                false
            }
            None => true,
        }
    }

    fn refuse(&mut self, alert: &str) {
        let description = Grammar::tls().number("AlertDescription", alert).unwrap_or(80);
        let draft = self.draft("alert", &[("level", 2), ("description", description)]);
        let keys = !self.keyless && !self.peer.lacks_secret();
        let sent = draft.filter(|_| keys).is_some_and(|draft| self.put("alert", draft));
        if !sent {
            // There are no keys, because of what was wrong.
            self.write(&[21, 3, 3, 0, 2, 2, description as u8]);
        }
        self.over = true;
    }

    fn take_anything(&mut self, bytes: &[u8]) {
        self.peer.receive(bytes);
        self.peer.take_events();
        let mut said = self.say_due();
        said |= self.answer_data();
        // Something came that calls for nothing: it is taken for what would have.
        let mut rounds = 0;
        while !said && !self.peer.is_established() && rounds < 3 {
            self.peer.pretend_finished();
            said = self.say_due();
            rounds += 1;
        }
        if !said && !self.peer.saw_close_notify() {
            self.say("application_data", &[]);
        }
        self.answer_data();
        self.peer.take_events();
        if self.peer.saw_close_notify() {
            self.over = true;
        }
    }
}

/// Whether a KeyUpdate has come.
fn is_key_update(event: &What) -> bool {
    matches!(event, What::Message { from: Side::Target, name, .. } if name == "key_update")
}

fn path(text: &str) -> Path {
    Path::parse(text).expect("a path of our own parses")
}
