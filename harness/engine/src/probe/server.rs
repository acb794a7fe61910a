//! What a server is asked one by one.

use super::{Probe, TLS12, TLS13, came, data_of, numbers, received, refused, whether};
use crate::plain::{early_data, in_pieces, long_record, renegotiation, resumption, through, without_certificate};
use gauntlet_model::capabilities::Learnt;
use gauntlet_model::names::version_name;
use gauntlet_model::{Capabilities, LinkError, Role, Side, Transcript, Val, What};
use gauntlet_peer::view::{ServerHelloView, extension, extension_data, extension_types, number};
use gauntlet_play::{AlertPolicy, judge};
use gauntlet_wire::{Grammar, Node};

/// The longest content of a record. [RFC 9846, 5.1]
const LONGEST: usize = 1 << 14;
/// Versions that nobody should have.
const OLD: [u16; 3] = [0x0302, 0x0301, 0x0300];

/// Name, versions, and the bytes that are sent if not the honest ones.
type Asked = (&'static str, &'static [u16], Option<&'static [u8]>);

/// Extensions of a hello, and what stands in them; a hello of ours may have them by itself.
const EXTENSIONS: [Asked; 16] = [
    ("server_name", &[TLS13, TLS12], None),
    ("max_fragment_length", &[TLS12, TLS13], Some(&[1])),
    ("status_request", &[TLS13, TLS12], Some(&[1, 0, 0, 0, 0])),
    ("ec_point_formats", &[TLS12], Some(&[1, 0])),
    ("heartbeat", &[TLS12], Some(&[1])),
    ("application_layer_protocol_negotiation", &[TLS13, TLS12], Some(b"\0\x0c\x02h2\x08http/1.1")),
    ("signed_certificate_timestamp", &[TLS13, TLS12], Some(&[])),
    ("client_certificate_type", &[TLS13, TLS12], Some(&[2, 2, 0])),
    ("server_certificate_type", &[TLS13, TLS12], Some(&[2, 2, 0])),
    ("encrypt_then_mac", &[TLS12], Some(&[])),
    ("extended_master_secret", &[TLS12], Some(&[])),
    ("compress_certificate", &[TLS13], Some(&[6, 0, 1, 0, 2, 0, 3])),
    ("record_size_limit", &[TLS13, TLS12], Some(&[0x10, 0])),
    ("session_ticket", &[TLS12], Some(&[])),
    ("next_protocol_negotiation", &[TLS12], Some(&[])),
    ("renegotiation_info", &[TLS12], None),
];

impl Probe<'_> {
    /// With other options, what it has in the same current versions is taken as known, but for suites, schemes and old versions.
    pub(super) fn server(&mut self, known: Option<&Capabilities>) -> Result<(), LinkError> {
        let mut plain = Vec::new();
        for version in self.asked_versions() {
            let transcript = self.version(Role::Client, version)?;
            if self.has_version(version) {
                plain.push((version, transcript));
            }
        }
        for version in OLD {
            if self.found.learnt("versions", &version_name(version)).is_none() {
                self.version(Role::Client, version)?;
            }
        }
        let versions = [TLS13, TLS12].into_iter().chain(OLD).filter(|version| self.has_version(*version));
        let versions: Vec<u16> = versions.collect();
        let Some(&newest) = versions.first() else {
            // Whoever serves no handshake would only be waited for.
            return Ok(());
        };
        let older = versions.iter().copied().find(|version| *version <= TLS12);
        if newest == TLS13 {
            self.suites13()?;
        }
        if let Some(version) = older {
            self.suites12(version)?;
        }
        // What allows the weakest suites allows the weakest hashes.
        if versions.contains(&TLS12) {
            self.schemes12()?;
        }
        let has_same = |known: &&Capabilities| {
            let has = |version: &u16| known.has("versions", &version_name(*version));
            [TLS13, TLS12].iter().all(|version| has(version) == versions.contains(version))
        };
        if let Some(known) = known.filter(has_same) {
            self.found.complete_by(known);
            return Ok(());
        }
        if newest == TLS13 {
            self.groups13()?;
            self.schemes13()?;
        }
        if let Some(version) = older {
            self.compression(version)?;
            self.client_renegotiation(version)?;
        }
        if newest == TLS12 {
            self.groups12()?;
        }
        self.extensions()?;
        for version in versions.into_iter().filter(|version| *version >= TLS12) {
            self.resumption(version)?;
        }
        self.data(plain.first().map(|(_, transcript)| transcript));
        self.client_auth(newest, plain.first().map(|(_, transcript)| transcript))?;
        self.records(newest)?;
        self.reassembly(newest)
    }

    /// Extensions that it answers, asked for one by one in a hello of each version.
    fn extensions(&mut self) -> Result<(), LinkError> {
        for (name, versions, content) in EXTENSIONS {
            for version in versions.iter().filter(|version| self.has_version(**version)).copied().collect::<Vec<_>>() {
                self.extension(name, version, content)?;
            }
        }
        Ok(())
    }

    fn extension(&mut self, name: &str, version: u16, content: Option<&[u8]>) -> Result<(), LinkError> {
        let path = format!("extensions.{name}");
        let mut set: Vec<(&str, Val)> =
            content.map(|bytes| (path.as_str(), Val::Bytes(bytes.to_vec()))).into_iter().collect();
        if name == "encrypt_then_mac" {
            set.push(("cipher_suites", numbers(&[0xc013, 0xc009, 0x002f])));
        }
        let last = if version == TLS13 { "certificate_verify" } else { "server_hello" };
        let transcript = self.play(&through(last, &[version], self.options, &set))?;
        let kind = Grammar::tls().number("ExtensionType", name).unwrap_or(0) as u16;
        let learnt = match answered(&transcript) {
            None if refused(&transcript) => Learnt::No,
            None => Learnt::NotLearnt("no answer".to_owned()),
            Some(_) if name == "compress_certificate" => whether(came(&transcript, "compressed_certificate")),
            Some(kinds) => whether(kinds.contains(&kind)),
        };
        self.learn_in(version, "extensions", name, &learnt);
        if matches!(name, "max_fragment_length" | "record_size_limit") && !self.found.kinds.contains_key(name) {
            self.found.learn(name, "yes", learnt);
        }
        if name == "application_layer_protocol_negotiation"
            && let Some(protocol) = protocol_of(&transcript)
        {
            self.found.learn("alpn", &protocol, Learnt::Yes);
        }
        Ok(())
    }

    /// Compression of records, with which secrets leak. [RFC 7525, 3.3]
    fn compression(&mut self, version: u16) -> Result<(), LinkError> {
        let set = [("legacy_compression_methods", Val::Bytes(vec![1, 0]))];
        let transcript = self.play(&through("server_hello", &[version], self.options, &set))?;
        let hello = received(&transcript, "server_hello").next().map(|hello| ServerHelloView::of(&hello));
        self.learn_whether("compression", "yes", hello.is_some_and(|hello| hello.compression != 0));
        Ok(())
    }

    fn client_renegotiation(&mut self, version: u16) -> Result<(), LinkError> {
        let transcript = self.play(&renegotiation(version, self.options))?;
        let done = transcript.events.iter().filter(|event| matches!(event.what, What::Established { .. })).count();
        self.learn_whether("client_renegotiation", "yes", done > 1);
        Ok(())
    }

    fn resumption(&mut self, version: u16) -> Result<(), LinkError> {
        let transcript = self.play(&resumption("probe", &[version], self.options))?;
        let resumed =
            transcript.events.iter().any(|event| matches!(event.what, What::Established { resumed: true, .. }));
        let kind = if came(&transcript, "new_session_ticket") { "ticket" } else { "session_id" };
        let learnt = whether(resumed);
        self.found.learn("resumption", &format!("{} {kind}", version_name(version)), learnt.clone());
        if learnt == Learnt::Yes || self.found.learnt("resumption", kind).is_none() {
            self.found.learn("resumption", kind, learnt);
        }
        if version == TLS13 {
            self.early_data(&transcript)?;
        }
        Ok(())
    }

    fn early_data(&mut self, resumption: &Transcript) -> Result<(), LinkError> {
        let allows = |ticket: Node| {
            let data = extension_data(&ticket, extension::EARLY_DATA);
            data.and_then(|data| number(data, "max_early_data_size")).is_some_and(|size| size > 0)
        };
        let allowed = received(resumption, "new_session_ticket").any(allows);
        self.learn_whether("early_data", "allowed_by_tickets", allowed);
        let mut taken = false;
        if allowed {
            let transcript = self.play(&early_data(self.options))?;
            let accepts = |message: Node| extension_types(&message).contains(&extension::EARLY_DATA);
            taken = received(&transcript, "encrypted_extensions").any(accepts);
        }
        self.learn_whether("early_data", "taken", taken);
        Ok(())
    }

    /// What it does with the data of a plain handshake.
    fn data(&mut self, plain: Option<&Transcript>) {
        let Some(plain) = plain else { return };
        let (ours, theirs) = (data_of(plain, Side::Us), data_of(plain, Side::Target));
        self.learn_whether("data", "echoed", !ours.is_empty() && theirs.starts_with(&ours));
        self.learn_whether("data", "answered", !theirs.is_empty());
    }

    fn client_auth(&mut self, version: u16, plain: Option<&Transcript>) -> Result<(), LinkError> {
        let requested = plain.is_some_and(|plain| came(plain, "certificate_request"));
        self.learn_whether("client_auth", "requested", requested);
        let mut required = false;
        if requested {
            let case = without_certificate(&[version], self.options);
            let transcript = self.play(&case)?;
            required = judge(&case, &transcript, AlertPolicy::Exact).kind != gauntlet_model::Kind::Pass;
        }
        self.learn_whether("client_auth", "required", required);
        Ok(())
    }

    /// The longest record, and one that is a byte longer.
    fn records(&mut self, version: u16) -> Result<(), LinkError> {
        for size in [LONGEST, LONGEST + 1] {
            let transcript = self.play(&long_record(&[version], self.options, size))?;
            let fatal = refused_data(&transcript);
            self.learn_whether("records", &format!("{size} bytes"), !fatal);
        }
        Ok(())
    }

    fn reassembly(&mut self, version: u16) -> Result<(), LinkError> {
        let pieces: [(&str, &[usize], &[usize]); 4] = [
            ("two records", &[40, 1 << 14], &[]),
            ("records of 10 bytes", &[10], &[]),
            ("records of 1 byte", &[1], &[]),
            ("writes of 10 bytes", &[], &[10]),
        ];
        for (name, records, segments) in pieces {
            let transcript = self.play(&in_pieces(&[version], self.options, records, segments))?;
            let learnt = match came(&transcript, "server_hello") {
                true => Learnt::Yes,
                false if refused(&transcript) => Learnt::No,
                false => Learnt::NotLearnt("no answer".to_owned()),
            };
            self.found.learn("reassembly", name, learnt);
        }
        Ok(())
    }
}

/// Whether it ended the connection on our data with anything but an answer.
fn refused_data(transcript: &Transcript) -> bool {
    let behind = transcript.events.iter().rposition(
        |event| matches!(&event.what, What::Message { from: Side::Us, name, .. } if name == "application_data"),
    );
    let answer = transcript.events[behind.unwrap_or(0)..].iter().find_map(|event| match &event.what {
        What::Message { from: Side::Target, name, .. } if name == "application_data" => Some(false),
        What::Message { from: Side::Target, name, .. } if name == "alert" => Some(true),
        What::End { .. } => Some(true),
        _ => None,
    });
    answer.unwrap_or(behind.is_none())
}

/// Extension types in its ServerHello, EncryptedExtensions, and at its certificates; `None`: none of them came.
fn answered(transcript: &Transcript) -> Option<Vec<u16>> {
    let mut all = None;
    for name in ["server_hello", "encrypted_extensions", "certificate"] {
        for message in received(transcript, name) {
            let kinds: &mut Vec<u16> = all.get_or_insert_default();
            kinds.extend(extension_types(&message));
            let entries = message.field("certificate_list").map(Node::children).unwrap_or_default();
            kinds.extend(entries.iter().flat_map(extension_types));
        }
    }
    all
}

/// The application protocol that it chose.
fn protocol_of(transcript: &Transcript) -> Option<String> {
    let messages = received(transcript, "server_hello").chain(received(transcript, "encrypted_extensions"));
    let mut chosen = messages.filter_map(|message| {
        let list = extension_data(&message, extension::ALPN)?.field("protocol_name_list")?;
        list.children().first().map(Node::content)
    });
    chosen.next_back().map(|protocol| String::from_utf8_lossy(&protocol).into_owned())
}
