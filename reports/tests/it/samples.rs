//! Runs and transcripts made by hand.

use gauntlet_model::result::{CaseResult, Cost, EndLine, Line, Negotiated, ReferenceResult, RunLine, TargetLine};
use gauntlet_model::transcript::{Ending, Event, Side, Transcript, What};
use gauntlet_model::verdict::{At, Reaction};
use gauntlet_model::{Capabilities, Kind, Learnt, LooseForm, Role};
use gauntlet_reports::RunData;
use gauntlet_wire::{Context, Grammar, Plain};
use serde_json::json;

pub const COMPRESSION: &str = "\
title: A compression method besides null ends a TLS 1.3 handshake
requirements: [rfc9846-4.2.2-30]
peer: client
version: tls1.3
vary: { methods: [[0, 1], [1, 0]] }
flow:
  - send: client_hello
    set: { legacy_compression_methods: $methods }
  - expect: { reject: illegal_parameter }
";

/// The text of the scenarios of `run`, by id.
pub fn source(scenario: &str) -> Option<String> {
    (scenario == "tls13/client_hello/compression_methods").then(|| COMPRESSION.to_owned())
}

/// A case that passes; tests change what they are about.
pub fn case(id: &str) -> CaseResult {
    CaseResult {
        id: id.to_owned(),
        scenario: id.split('@').next().unwrap().to_owned(),
        title: "Something holds".to_owned(),
        parameters: serde_json::Map::new(),
        target: "embedded-openssl".to_owned(),
        role: Role::Server,
        options: Default::default(),
        requirements: vec!["rfc9846-4.2.2-30".to_owned()],
        level: Some("MUST".to_owned()),
        verdict: Kind::Pass,
        form: None,
        reason: "fatal illegal_parameter".to_owned(),
        at: None,
        expected: "reject: illegal_parameter".to_owned(),
        reaction: reaction(&["alert"], &["fatal illegal_parameter"], "fin"),
        negotiated: Negotiated::default(),
        data: false,
        twin: "accepted".to_owned(),
        reference: None,
        attempts: vec![Kind::Pass],
        seed: "5f1c".to_owned(),
        started_us: 91_200,
        took_us: 1_830,
        evidence: None,
        expected_by_baseline: None,
    }
}

pub fn verdict(id: &str, kind: Kind, reason: &str) -> CaseResult {
    CaseResult { verdict: kind, reason: reason.to_owned(), attempts: vec![kind, kind], ..case(id) }
}

pub fn reaction(sent: &[&str], alerts: &[&str], end: &str) -> Reaction {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Reaction { sent: owned(sent), alerts: owned(alerts), end: end.to_owned() }
}

/// The case of ARCHITECTURE.md: a target that goes on.
pub fn went_on() -> CaseResult {
    let mut failed =
        verdict("tls13/client_hello/compression_methods@methods=1", Kind::Fail, "went on with server_hello");
    failed.title = "A compression method besides null ends a TLS 1.3 handshake".to_owned();
    failed.parameters.insert("methods".to_owned(), json!([1, 0]));
    failed.at = Some(At {
        file: "tls13/client_hello/compression_methods.yaml".to_owned(),
        line: 9,
        column: 15,
        width: 25,
        step: 1,
    });
    failed.reaction = reaction(&[">client_hello", "server_hello"], &[], "open");
    failed.negotiated.version = Some("tls1.3".to_owned());
    failed.negotiated.cipher_suite = Some("TLS_AES_128_GCM_SHA256".to_owned());
    let refused = reaction(&["alert"], &["fatal illegal_parameter"], "fin");
    failed.reference = Some(ReferenceResult { verdict: Kind::Pass, reaction: refused });
    failed.evidence = Some("evidence/embedded-openssl/tls13/client_hello/compression_methods@methods=1".to_owned());
    failed
}

/// Everything that can happen to a target, and one that is all well.
pub fn run() -> RunData {
    let mut capabilities = Capabilities::default();
    capabilities.learn("groups", "x448", Learnt::NotLearnt("timed out".to_owned()));
    let mut lines = vec![Line::Run(RunLine {
        schema: 1,
        version: "0.1.0".to_owned(),
        seed: "00ff".to_owned(),
        alerts: "exact".to_owned(),
        rfc: 9846,
        corpus: "c0ffee".to_owned(),
        select: vec!["tls13/**".to_owned()],
        started: "2026-11-20T10:00:00Z".to_owned(),
        date: "2026-11-20".to_owned(),
    })];
    for (name, version, roles) in [
        ("embedded-openssl", "OpenSSL 3.6.3", vec![Role::Server, Role::Client]),
        ("strict", "gauntlet 0.1.0", vec![Role::Server]),
    ] {
        let (target, version, capabilities) = (name.to_owned(), version.to_owned(), std::mem::take(&mut capabilities));
        let (costs, reference_costs) = (vec![cost(&version)], Vec::new());
        lines.push(Line::Target(TargetLine { target, version, roles, capabilities, costs, reference_costs }));
    }
    let took_us = 4_200_000;
    let cases = cases();
    lines.extend(cases.into_iter().map(|case| Line::Case(Box::new(case))));
    lines.push(Line::End(EndLine { counts: Default::default(), took_us, interrupted: false }));
    gauntlet_reports::load(lines)
}

/// What a handshake cost.
fn cost(text: &str) -> Cost {
    Cost {
        version: "tls1.3".to_owned(),
        cipher_suite: text.to_owned(),
        group: Some("x25519".to_owned()),
        handshake: "full".to_owned(),
        flights: 3,
        sent: 279,
        received: 1500,
        answer_us: Some(900),
        took_us: Some(1200),
        ..Cost::default()
    }
}

fn cases() -> Vec<CaseResult> {
    let mut passed = case("tls13/client_hello/compression_methods@methods=0");
    passed.parameters.insert("methods".to_owned(), json!([0, 1]));
    let mut crashed = verdict("tls13/record/empty@times=3", Kind::Crash, "died by signal 11 (SIGSEGV)");
    crashed.requirements = vec!["rfc9846-5.1-07".to_owned()];
    crashed.attempts = vec![Kind::Pass, Kind::Crash];
    let mut loose = verdict("tls13/alert/none", Kind::Loose, "closed");
    loose.form = Some(LooseForm::NoAlert);
    loose.reaction = reaction(&[], &[], "fin");
    let mut should = verdict("tls13/ticket/reused", Kind::Fail, "took the ticket twice");
    should.level = Some("SHOULD".to_owned());
    should.requirements = vec!["no-such-requirement".to_owned()];
    let mut listed = verdict("tls13/record/padding", Kind::Fail, "went on with application_data");
    listed.expected_by_baseline = Some("lets padding pass, known since 2024".to_owned());
    let mut again = case("tls13/client_hello/compression_methods@methods=0");
    again.target = "strict".to_owned();
    vec![
        again,
        passed,
        went_on(),
        crashed,
        loose,
        should,
        listed,
        verdict("tls13/group/x448", Kind::Skip, "the target has no group x448"),
        verdict("tls13/group/x448_retry", Kind::Skip, "the target has no group x448"),
        verdict("tls12/rsa", Kind::Error, "the twin was refused"),
    ]
}

/// Text that wants to do harm wherever it is shown.
pub const HOSTILE: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}\r\u{202e}<script>alert('x')</script>\"]]>&\u{0}\u{9b}31m\nnext {{ 7*7 }}";

/// A failure all of whose text is hostile.
pub fn hostile() -> CaseResult {
    let mut case = went_on();
    let evil = HOSTILE.to_owned();
    for field in
        [&mut case.id, &mut case.scenario, &mut case.title, &mut case.target, &mut case.reason, &mut case.expected]
    {
        *field = evil.clone();
    }
    case.requirements = vec![evil.clone()];
    case.level = Some(format!("MUST{evil}"));
    case.seed = evil.clone();
    case.evidence = Some(evil.clone());
    case.parameters.insert(evil.clone(), json!(evil));
    case.negotiated.version = Some(evil.clone());
    case.reaction = reaction(&[&evil], &[&evil], &evil);
    case.reference = Some(ReferenceResult { verdict: Kind::Fail, reaction: case.reaction.clone() });
    if let Some(at) = &mut case.at {
        at.file = evil;
        at.line = 1;
    }
    case
}

/// A run of nothing but that.
pub fn hostile_run() -> RunData {
    let target = TargetLine {
        target: HOSTILE.to_owned(),
        version: HOSTILE.to_owned(),
        roles: vec![],
        capabilities: Capabilities::default(),
        costs: vec![cost(HOSTILE)],
        reference_costs: vec![cost(HOSTILE)],
    };
    let mut skipped = hostile();
    skipped.verdict = Kind::Skip;
    skipped.id += " skipped";
    let mut listed = hostile();
    listed.expected_by_baseline = Some(HOSTILE.to_owned());
    listed.id += " listed";
    let mut run = run();
    let mut line = run.run.take().unwrap();
    (line.version, line.started, line.seed) = (HOSTILE.to_owned(), HOSTILE.to_owned(), HOSTILE.to_owned());
    let cases = [hostile(), skipped, listed].map(|case| Line::Case(Box::new(case)));
    let end = EndLine { counts: Default::default(), took_us: 1, interrupted: false };
    gauntlet_reports::load(
        [Line::Run(line), Line::Target(target)].into_iter().chain(cases).chain([Line::End(end)]).collect(),
    )
}

/// Makes events one behind the other.
#[derive(Default)]
pub struct Writer {
    pub events: Vec<Event>,
    pub play: u32,
    pub connection: u32,
}

impl Writer {
    pub fn push(&mut self, what: What) {
        let us = self.events.len() as u64 * 100;
        self.events.push(Event { play: self.play, connection: self.connection, us, what });
    }

    pub fn step(&mut self, line: u32) {
        self.push(What::StepBegan { line, column: 5, step: 0, nested: false });
    }

    /// A record, in the way the peer would record it: ahead of the message if received, behind it if sent.
    pub fn record(&mut self, from: Side, keys: &'static str, content_type: u8, content: &[u8]) {
        let outer = if keys == "none" { content_type } else { 23 };
        self.push(What::Record {
            from,
            outer,
            version: 0x0303,
            length: content.len() as u32,
            keys: keys.into(),
            sequence: 0,
            content_type,
            content: content.to_vec(),
            padding: 0,
            verified: true,
            wire: Vec::new(),
        });
    }

    pub fn message(
        &mut self,
        from: Side,
        keys: &'static str,
        name: &'static str,
        content_type: u8,
        bytes: Vec<u8>,
        changes: &[&str],
    ) {
        if from == Side::Target {
            self.record(from, keys, content_type, &bytes);
        }
        self.push(What::Message {
            from,
            name: name.into(),
            content_type,
            context: Context {
                verify_data_length: Some(32),
                version: (keys != "none").then_some(0x0304),
                ..Context::unknown()
            },
            bytes: bytes.clone(),
            meant: None,
            changes: changes.iter().map(|text| (*text).to_owned()).collect(),
        });
        if from == Side::Us {
            self.record(from, keys, content_type, &bytes);
        }
    }

    pub fn handshake(&mut self, from: Side, keys: &'static str, name: &'static str, fields: Plain) {
        let bytes = encoded(name, fields, Context::tls13());
        self.message(from, keys, name, 22, bytes, &[]);
    }

    pub fn transcript(self) -> Transcript {
        let (case, target, seed) = ("tls13/sample@a=1".to_owned(), "embedded-openssl".to_owned(), "5f1c".to_owned());
        Transcript { case, target, seed, events: self.events }
    }
}

/// A handshake message from its fields.
pub fn encoded(name: &str, fields: Plain, context: Context) -> Vec<u8> {
    let Plain::Map(mut fields) = fields else { panic!("fields have names") };
    fields.insert(0, ("msg_type".to_owned(), name.into()));
    Grammar::tls().build("Handshake", &Plain::Map(fields), &context).unwrap().to_bytes()
}

pub fn share(chance: u8) -> Plain {
    Plain::map([("group", "x25519".into()), ("key_exchange", vec![chance; 32].into())])
}

pub fn client_hello(chance: u8) -> Plain {
    let name = Plain::map([("server_name_list", Plain::map([("host_name", (&b"example.com"[..]).into())]))]);
    Plain::map([
        ("random", vec![chance; 32].into()),
        ("legacy_session_id", vec![chance; 32].into()),
        ("cipher_suites", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"].into_iter().collect()),
        (
            "extensions",
            Plain::map([
                ("server_name", name),
                ("supported_groups", ["x25519", "secp256r1"].into_iter().collect()),
                ("supported_versions", Plain::map([("versions", ["tls1.3", "tls1.2"].into_iter().collect())])),
                ("key_share", Plain::map([("client_shares", Plain::List(vec![share(chance)]))])),
            ]),
        ),
    ])
}

pub fn server_hello(chance: u8) -> Plain {
    Plain::map([
        ("random", vec![chance; 32].into()),
        ("legacy_session_id_echo", vec![chance; 32].into()),
        ("cipher_suite", "TLS_AES_128_GCM_SHA256".into()),
        (
            "extensions",
            Plain::map([
                ("supported_versions", Plain::map([("selected_version", "tls1.3".into())])),
                ("key_share", Plain::map([("server_share", share(chance))])),
            ]),
        ),
    ])
}

/// A whole TLS 1.3 handshake with an altered KeyUpdate, its alert and the end; `chance` is in all that is by chance.
pub fn handshake(chance: u8) -> Transcript {
    use Side::{Target, Us};
    let mut writer = Writer::default();
    writer.push(What::Connected);
    writer.step(8);
    writer.handshake(Us, "none", "client_hello", client_hello(chance));
    writer.push(What::Secret { label: "CLIENT_RANDOM".into(), random: vec![chance; 32], secret: vec![1; 48] });
    writer.handshake(Target, "none", "server_hello", server_hello(chance));
    writer.message(Target, "none", "change_cipher_spec", 20, vec![1], &[]);
    writer.handshake(Target, "handshake", "encrypted_extensions", Plain::map([("extensions", Plain::Map(vec![]))]));
    let signature = vec![chance; 70 + usize::from(chance % 3)];
    let verify = [("algorithm", "ecdsa_secp256r1_sha256".into()), ("signature", signature.into())];
    let entry = Plain::map([("cert_data", vec![0x30; 300].into()), ("extensions", Plain::Map(vec![]))]);
    writer.handshake(Target, "handshake", "certificate", Plain::map([("certificate_list", Plain::List(vec![entry]))]));
    writer.handshake(Target, "handshake", "certificate_verify", Plain::map(verify));
    writer.handshake(Target, "handshake", "finished", Plain::map([("verify_data", vec![chance; 32].into())]));
    writer.handshake(Us, "handshake", "finished", Plain::map([("verify_data", vec![chance; 32].into())]));
    let established =
        What::Established { version: 0x0304, cipher_suite: 0x1301, group: 29, resumed: false, alpn: None, ech: None };
    writer.push(established);
    for _ in 0..2 {
        let ticket = [("ticket_age_add", u64::from(chance).into()), ("ticket", vec![chance; 200].into())];
        writer.handshake(Target, "application", "new_session_ticket", Plain::map(ticket));
    }
    writer.step(10);
    let update = encoded("key_update", Plain::map([("request_update", 2u64.into())]), Context::tls13());
    writer.push(What::Altered { step: 1, text: "request_update: 2".to_owned(), unchanged: false });
    writer.message(Us, "application", "key_update", 22, update, &["request_update: 2"]);
    writer.step(12);
    writer.message(Target, "application", "alert", 21, vec![2, 47], &[]);
    writer.push(What::End { how: Ending::Fin });
    writer.transcript()
}
