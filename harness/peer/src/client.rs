//! The client's side: its honest messages, and what it makes of the server's.

use crate::Peer;
use crate::config::Session;
use crate::draft::path;
use crate::ech::{Face, Status};
use crate::exchange::old_scheme;
use crate::grease::Spot;
use crate::order::{Flow, Order, from_server};
use crate::server::status;
use crate::verify::{certificate_verify_content, check_chain};
use crate::view::{self, ClientHelloView, ServerHelloView, extension, numbers};
use gauntlet_crypto::suite::{Authentication, KeyExchange};
use gauntlet_crypto::{NamedGroup, PublicKey, SignatureScheme, schedule13};
use gauntlet_model::{Role, Side, What};
use gauntlet_pki::Identity;
use gauntlet_wire::{Context, Edit, Grammar, Node, Plain};
use std::sync::Arc;

/// The last eight bytes of a ServerHello's random that betray a downgrade. [RFC 9846, 4.2.2]
const DOWNGRADE: [&[u8]; 2] = [b"DOWNGRD\x01", b"DOWNGRD\x00"];

/// An ECDSA signature with r = s = 0, which some have taken for anything.
const ZERO_SIGNATURE: [u8; 8] = [0x30, 6, 2, 1, 0, 2, 1, 0];

/// CertificateType. [RFC 7250, 3]
const RAW_PUBLIC_KEY: u8 = 2;

fn named(entries: Vec<(&str, Plain)>) -> Plain {
    Plain::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn list(values: impl IntoIterator<Item = u16>) -> Plain {
    values.into_iter().map(u64::from).collect()
}

impl Peer {
    // ---- honest messages -------------------------------------------------------------------------

    pub(crate) fn honest_client_hello(&mut self, context: &Context) -> Result<Node, String> {
        if self.hs.hellos > 0
            && let (Some(retry), Some(first)) = (self.hs.retry.clone(), self.hs.first_hello.clone())
        {
            return self.second_hello(first, &retry, context);
        }
        self.draw_grease();
        let face = if self.begin_ech().is_some() { Face::Outer } else { Face::Only };
        let random = self.random(32);
        let session_id = match self.resumed12(face) {
            Some(session) if !session.session_id.is_empty() => session.session_id,
            _ => self.random(32),
        };
        self.hello_with_face(face, random, session_id, context)
    }

    /// A session of TLS 1.2 that the hello offers.
    fn resumed12(&self, face: Face) -> Option<Session> {
        let fits = |session: &&Session| session.version != 0x0304 && face == Face::Only;
        self.config.session.as_ref().filter(fits).cloned()
    }

    /// A first hello: the only one, or either of two. [RFC 9849, 6.1]
    pub(crate) fn hello_with_face(
        &mut self,
        face: Face,
        random: Vec<u8>,
        session_id: Vec<u8>,
        context: &Context,
    ) -> Result<Node, String> {
        let ssl3 = self.config.versions.iter().all(|version| *version == 0x0300);
        let mut suites = self.config.cipher_suites.clone();
        if face == Face::Inner {
            suites.retain(|suite| suite >> 8 == 0x13);
        }
        suites.splice(0..0, self.grease_value(Spot::Suite));
        let mut extensions = Some(named(self.hello_extensions(face)));
        if ssl3 {
            // It has no extensions; the empty renegotiation_info is a suite then. [RFC 5746, 3.3]
            extensions = None;
            suites.push(0x00ff);
        }
        let mut body = vec![
            (
                "legacy_version",
                Plain::Number(u64::from(self.config.versions.iter().max().map_or(0x0303, |v| (*v).min(0x0303)))),
            ),
            ("random", random.into()),
            ("legacy_session_id", session_id.into()),
            ("cipher_suites", list(suites)),
            ("legacy_compression_methods", Plain::Bytes(vec![0])),
        ];
        body.extend(extensions.map(|extensions| ("extensions", extensions)));
        let hello = named(vec![("msg_type", "client_hello".into()), ("body", named(body))]);
        let tree = Grammar::tls().build("Handshake", &hello, context);
        let mut tree = tree.map_err(|error| format!("client_hello: {error}"))?;
        if !ssl3 {
            self.add_grease_extensions(&mut tree, context);
        }
        Ok(tree)
    }

    fn hello_extensions(&mut self, face: Face) -> Vec<(&'static str, Plain)> {
        let tls13 = self.config.has_version(0x0304);
        let mut versions = self.config.versions.clone();
        versions.retain(|version| *version >= 0x0304 || face != Face::Inner);
        let old = versions.iter().any(|version| *version < 0x0304);
        let grease = |spot: Spot, values: &[u16]| -> Vec<u16> {
            self.grease_value(spot).into_iter().chain(values.iter().copied()).collect()
        };
        let mut extensions: Vec<(&'static str, Plain)> = Vec::new();
        if let Some(name) = self.shown_name(face) {
            let entry = named(vec![("name_type", Plain::Number(0)), ("name", Plain::Bytes(name.as_bytes().to_vec()))]);
            extensions.push(("server_name", named(vec![("server_name_list", Plain::List(vec![entry]))])));
        }
        let groups = list(grease(Spot::Group, &self.config.groups));
        extensions.push(("supported_groups", named(vec![("named_group_list", groups)])));
        if versions.iter().any(|version| *version >= 0x0303) {
            let schemes = list(grease(Spot::Scheme, &self.config.signature_schemes));
            extensions.push(("signature_algorithms", named(vec![("supported_signature_algorithms", schemes)])));
        }
        if !self.config.alpn.is_empty() {
            let reserved = self.grease_value(Spot::Alpn).map(|value| value.to_be_bytes().to_vec());
            let names = self.config.alpn.iter().map(|name| name.as_bytes().to_vec());
            let names = reserved.into_iter().chain(names).collect();
            extensions.push(("application_layer_protocol_negotiation", named(vec![("protocol_name_list", names)])));
        }
        if old {
            extensions
                .push(("ec_point_formats", named(vec![("ec_point_format_list", Plain::List(vec![Plain::Number(0)]))])));
            if self.config.extended_master_secret {
                extensions.push(("extended_master_secret", Plain::Map(Vec::new())));
            }
            if self.config.encrypt_then_mac {
                extensions.push(("encrypt_then_mac", Plain::Map(Vec::new())));
            }
            let verify_data = self.last_verify_data.0.clone();
            extensions.push(("renegotiation_info", named(vec![("renegotiated_connection", verify_data.into())])));
            let ticket = self.resumed12(face).map(|session| session.ticket).unwrap_or_default();
            extensions.push(("session_ticket", Plain::Bytes(ticket)));
        }
        if tls13 {
            let versions = list(grease(Spot::Version, &versions));
            extensions.push(("supported_versions", named(vec![("versions", versions)])));
            let modes = [1].into_iter().chain(self.grease_mode()).map(|mode| Plain::Number(u64::from(mode))).collect();
            extensions.push(("psk_key_exchange_modes", named(vec![("ke_modes", Plain::List(modes))])));
            let share = |group: &u16| named(vec![("group", Plain::Number(u64::from(*group)))]);
            let shares = self.grease_share().into_iter().chain(self.config.shares.iter().map(share)).collect();
            extensions.push(("key_share", named(vec![("client_shares", Plain::List(shares))])));
            extensions.extend(self.ech_extension(face).map(|ech| ("encrypted_client_hello", ech)));
        }
        if tls13 {
            if !self.config.credential_schemes.is_empty() {
                let schemes = list(self.config.credential_schemes.iter().copied());
                extensions.push(("delegated_credential", named(vec![("supported_signature_algorithms", schemes)])));
            }
            let psks = self.honest_psks().map(|psks| if face == Face::Outer { self.fake_psks(&psks) } else { psks });
            if let Some(psks) = psks {
                if self.config.early_data.is_some() {
                    extensions.push(("early_data", Plain::Map(Vec::new())));
                }
                extensions.push(("pre_shared_key", psks));
            }
        }
        extensions
    }

    /// The first hello as it was sent, changed as a HelloRetryRequest demands. [RFC 9846, 4.2.2]
    pub(crate) fn second_hello(
        &mut self,
        mut hello: Node,
        retry: &ServerHelloView,
        context: &Context,
    ) -> Result<Node, String> {
        let mut edit = |edit: Edit| {
            Grammar::tls().edit(&mut hello, &edit, context).map_err(|error| format!("client_hello[1]: {error}"))
        };
        if let Some((group, _)) = &retry.share {
            let entry = named(vec![("group", Plain::Number(u64::from(*group)))]);
            // A first hello that was spoiled here has nothing to be changed.
            let _ = edit(Edit::Set(path("extensions.key_share.client_shares"), Plain::List(vec![entry])));
        }
        if let Some(cookie) = &retry.cookie {
            edit(Edit::Set(path("extensions.cookie"), named(vec![("cookie", cookie.clone().into())])))?;
        }
        let _ = edit(Edit::Remove(path("extensions.early_data")));
        self.drop_unfit_psks(&mut hello, context);
        Ok(hello)
    }

    /// Who we are, to sign and to show.
    pub(crate) fn identity(&self) -> Option<&Arc<Identity>> {
        let first = self.config.identity.as_ref();
        let second = self.config.second_identity.as_ref();
        if self.is_client() {
            return first;
        }
        let fits = |identity: &&Arc<Identity>| {
            let schemes = identity.key.schemes(self.is_tls13());
            schemes.iter().any(|scheme| scheme.0 == self.hs.scheme)
        };
        if self.signs_unnamed() || self.exchange() == KeyExchange::RsaPsk {
            let rsa = self.hs.suite.is_some_and(|suite| suite.authentication == Authentication::Rsa);
            let fits = |identity: &&Arc<Identity>| identity.key.public().is_rsa() == rsa;
            return [first, second].into_iter().flatten().find(fits).or(first);
        }
        match (self.hs.scheme, self.hs.suite.map(|suite| suite.authentication)) {
            (0, Some(Authentication::Rsa)) => second.or(first),
            (0, _) => first,
            _ => [first, second].into_iter().flatten().find(fits).or(first),
        }
    }

    pub(crate) fn honest_certificate(&mut self) -> Plain {
        let wanted = self.config.role == Role::Server || self.can_answer_request();
        let chain = self.identity().filter(|_| wanted).map(|identity| identity.chain.clone()).unwrap_or_default();
        if self.layout() < 0x0304 {
            let certificates: Plain = chain.into_iter().collect();
            return named(vec![("certificate_list", certificates)]);
        }
        let raw = self.certificate_type(Side::Us) == RAW_PUBLIC_KEY;
        let key = self.identity().filter(|_| raw).map(|identity| identity.key.public().spki().to_vec());
        if let (Some(key), false) = (key, chain.is_empty()) {
            let entry = named(vec![("ASN1_subjectPublicKeyInfo", key.into()), ("extensions", Plain::Map(Vec::new()))]);
            let context = self.hs.requested.as_ref().filter(|_| self.is_client()).map(|(context, _)| context.clone());
            return named(vec![
                ("certificate_request_context", context.unwrap_or_default().into()),
                ("certificate_list", Plain::List(vec![entry])),
            ]);
        }
        let mut staple = self.staple();
        let asked = self.hs.hello.extensions.contains(&extension::SIGNED_CERTIFICATE_TIMESTAMP);
        let timestamps = self.config.timestamps.clone().filter(|_| asked && !self.is_client());
        let mut timestamps = timestamps.map(|list| ("signed_certificate_timestamp", Plain::Bytes(list)));
        let mut credential = if chain.is_empty() { None } else { self.credential_extension() };
        let mut entry = |der: Vec<u8>| {
            let status = staple.take().map(|response| ("status_request", status(response)));
            let extensions = status.into_iter().chain(timestamps.take()).chain(credential.take()).collect();
            named(vec![("cert_data", der.into()), ("extensions", named(extensions))])
        };
        let context = self.hs.requested.as_ref().filter(|_| self.is_client()).map(|(context, _)| context.clone());
        named(vec![
            ("certificate_request_context", context.unwrap_or_default().into()),
            ("certificate_list", Plain::List(chain.into_iter().map(&mut entry).collect())),
        ])
    }

    pub(crate) fn can_answer_request(&self) -> bool {
        self.client_scheme().is_some()
    }

    /// A scheme for our CertificateVerify that the server takes.
    fn client_scheme(&self) -> Option<u16> {
        let (_, wanted) = self.hs.requested.as_ref()?;
        if self.ech_was_rejected() {
            // Who we are is for the server inside. [RFC 9849, 6.1.7]
            return None;
        }
        let key = &self.config.identity.as_ref()?.key;
        if self.signs_unnamed() {
            return Some(old_scheme(&key.public()).0);
        }
        let able = key.schemes(self.is_tls13());
        if wanted.is_empty() {
            return able.first().map(|scheme| scheme.0);
        }
        able.iter().map(|scheme| scheme.0).find(|scheme| wanted.contains(scheme))
    }

    pub(crate) fn honest_certificate_verify(&mut self) -> Plain {
        let scheme = match self.config.role {
            Role::Client => self.client_scheme(),
            Role::Server => Some(self.hs.scheme),
        };
        let credential = self.credential().filter(|_| self.hs.credential_shown).map(|credential| credential.scheme);
        self.hs.scheme = credential.or(scheme).unwrap_or(0x0403);
        if self.layout() < 0x0303 {
            return named(vec![("signature", Plain::Bytes(Vec::new()))]);
        }
        named(vec![("algorithm", Plain::Number(u64::from(self.hs.scheme))), ("signature", Plain::Bytes(Vec::new()))])
    }

    // ---- what the server sends -------------------------------------------------------------------

    pub(crate) fn take_from_server(&mut self, name: &str, message: &[u8], node: &Node) {
        match name {
            "hello_request" if !self.is_tls13() => {
                if self.hs.established && self.config.follows_hello_request {
                    self.renegotiate();
                }
                return;
            }
            "new_session_ticket" if self.is_tls13() => return self.take_ticket13(node),
            "key_update" if self.is_tls13() && self.hs.established => return self.take_key_update(node),
            "certificate_request" if self.is_tls13() && self.hs.established => {
                return self.take_late_request(message, node);
            }
            "hello_retry_request" => return self.take_retry(message, node),
            "server_hello" if self.hs.version == 0 || self.hs.retry.is_some() && !self.hs.established => {
                return self.take_server_hello(message, node);
            }
            _ => {}
        }
        // Where a certificate may stand, a compressed one may. [RFC 8879, 4]
        let slot = if name == "compressed_certificate" { "certificate" } else { name };
        if let Err(could) = self.hs.order.take(slot) {
            self.remark("unexpected_message", format!("{name} instead of {could}"));
        }
        // Verified against the hash as it was ahead of the message.
        match name {
            "certificate_verify" => self.check_certificate_verify(node, Role::Server),
            "finished" => self.check_finished(node),
            _ => {}
        }
        self.hash.add(message);
        match name {
            "compressed_certificate" => {
                if let Some(opened) = self.open_certificate(node) {
                    self.take_certificate(&opened);
                }
            }
            "encrypted_extensions" => self.take_encrypted_extensions(node),
            "certificate_request" => self.take_certificate_request(node),
            "certificate" => self.take_certificate(node),
            "server_key_exchange" => self.take_server_key_exchange(node),
            "server_hello_done" => self.answer_server_hello_done(),
            "new_session_ticket" => {
                self.hs.ticket_due = false;
                self.note_ticket12(node);
            }
            "finished" => self.take_server_finished(),
            _ => {}
        }
    }

    fn take_retry(&mut self, message: &[u8], node: &Node) {
        let view = ServerHelloView::of(node);
        if self.hs.retry.is_some() || self.hs.version != 0 {
            self.remark("unexpected_message", "a second HelloRetryRequest");
        }
        self.remark_on_hello(&view);
        self.agree(&view);
        self.scrutinise_server_hello(node, &view);
        self.scrutinise_retry(&view);
        let digest = self.digest();
        self.decide_by_retry(message, node, digest);
        self.hash.retry(digest);
        self.hash.add(message);
        self.hs.retry = Some(view);
        self.leave_early_data("none");
        self.due.clear();
        self.push_compatibility_ccs();
        self.due.push_back("client_hello");
    }

    fn push_compatibility_ccs(&mut self) {
        if !self.compatibility_ccs && !self.hs.hello.session_id.is_empty() {
            self.compatibility_ccs = true;
            self.due.push_back("change_cipher_spec");
        }
    }

    fn remark_on_hello(&mut self, view: &ServerHelloView) {
        let version = view.version();
        if !self.hs.hello.offered_versions().contains(&version) {
            self.remark("protocol_version", format!("version {version:#06x} was not offered"));
        }
        if !self.hs.hello.cipher_suites.contains(&view.cipher_suite) {
            self.remark("illegal_parameter", format!("cipher suite {:#06x} was not offered", view.cipher_suite));
        }
        if version >= 0x0304 && view.legacy_version != 0x0303 {
            self.remark("protocol_version", format!("legacy_version {:#06x}", view.legacy_version));
        }
        if view.compression != 0 {
            self.remark("illegal_parameter", format!("compression method {}", view.compression));
        }
        if version >= 0x0304 && view.session_id != self.hs.hello.session_id {
            self.remark("illegal_parameter", "legacy_session_id_echo is no echo");
        }
        for kind in &view.extensions {
            let cookie = *kind == extension::COOKIE && view.is_retry();
            let solicited = self.hs.hello.extensions.contains(kind) || cookie;
            if !solicited && *kind != extension::RENEGOTIATION_INFO {
                self.remark("unsupported_extension", format!("extension {kind} was not offered"));
            }
        }
        if version < 0x0304
            && self.hs.hello.versions.contains(&0x0304)
            && DOWNGRADE.iter().any(|mark| view.random.ends_with(mark))
        {
            self.remark("illegal_parameter", "the random betrays a downgrade");
        }
    }

    /// Both verify_data of the handshake before, or nothing in a first one. [RFC 5746, 3.4 and 3.5]
    fn remark_on_renegotiation_info(&mut self, node: &Node) {
        let (client, server) = &self.last_verify_data;
        let due = [client.as_slice(), server.as_slice()].concat();
        let came = view::extension_data(node, extension::RENEGOTIATION_INFO);
        let wrong = match came {
            Some(data) => view::bytes(data, "renegotiated_connection") != due,
            None => !due.is_empty(),
        };
        if wrong {
            self.remark("handshake_failure", "renegotiation_info is not that of the handshake before");
        }
    }

    fn take_server_hello(&mut self, message: &[u8], node: &Node) {
        let view = ServerHelloView::of(node);
        self.decide_by_hello(message, &view);
        self.remark_on_hello(&view);
        self.remark_on_renegotiation_info(node);
        if let Some(retry) = &self.hs.retry
            && (retry.cipher_suite != view.cipher_suite || retry.version() != view.version())
        {
            self.remark("illegal_parameter", "the ServerHello differs from the HelloRetryRequest");
        }
        self.hash.add(message);
        self.agree(&view);
        self.scrutinise_server_hello(node, &view);
        self.note_server_hello(&view);
        if self.is_tls13() {
            self.make_handshake_keys();
        } else {
            self.leave_early_data("none");
        }
    }

    /// What a ServerHello settles besides version and suite, on either side.
    pub(crate) fn note_server_hello(&mut self, view: &ServerHelloView) {
        let tls13 = self.is_tls13();
        let exchange = self.hs.suite.map_or(KeyExchange::Ecdhe, |suite| suite.key_exchange);
        if tls13 {
            if self.is_client() {
                self.take_server_share(view);
                self.take_selected_identity(view);
            } else {
                self.follow_selected_identity(view);
            }
        } else {
            self.hs.extended_master_secret = view.extensions.contains(&extension::EXTENDED_MASTER_SECRET);
            let cbc = self.hs.suite.is_some_and(|suite| suite.bulk.block_length() > 0);
            self.hs.encrypt_then_mac = cbc && view.extensions.contains(&extension::ENCRYPT_THEN_MAC);
            self.hs.alpn = view.alpn.clone();
            self.agreed_limits = limits(&self.hs.hello, view, self.is_client());
            if self.is_client() {
                self.take_session12(view);
            }
        }
        let authentication = self.hs.suite.map(|suite| suite.authentication);
        let flow = Flow {
            tls13,
            resumed: self.hs.session.is_some(),
            certificate: !matches!(authentication, Some(Authentication::Anonymous | Authentication::Psk)),
            key_exchange: matches!(
                exchange,
                KeyExchange::Dhe | KeyExchange::Ecdhe | KeyExchange::DhePsk | KeyExchange::EcdhePsk
            ),
            hint: matches!(exchange, KeyExchange::Psk | KeyExchange::RsaPsk),
            requested: false,
        };
        if self.is_client() {
            self.hs.order = Order::new(from_server(flow));
            // [RFC 5077, 3.3]
            self.hs.ticket_due = view.extensions.contains(&extension::SESSION_TICKET);
            if !self.hs.ticket_due {
                self.hs.order.forbid("new_session_ticket");
            }
        }
    }

    fn take_selected_identity(&mut self, view: &ServerHelloView) {
        let Some(place) = view.selected_identity else { return self.hs.session = None };
        if self.ech_was_rejected() {
            // [RFC 9849, 6.1.2]
            return self.remark("illegal_parameter", "a PSK of the outer hello, which offered none");
        }
        self.hs.selected_identity = place;
        let identities = self.hs.hello.identities.clone();
        if usize::from(place) >= identities.len() {
            self.remark("illegal_parameter", format!("identity {place} was not offered"));
        }
        self.hs.session = self.psk_at(&identities, usize::from(place));
        if self.hs.session.as_ref().is_some_and(|session| session.digest != self.digest()) {
            self.remark("illegal_parameter", "the suite's hash is not that of the PSK");
        }
    }

    fn take_server_share(&mut self, view: &ServerHelloView) {
        let Some((group, theirs)) = &view.share else {
            if view.selected_identity.is_none() {
                self.remark("missing_extension", "no key_share");
            } else if !self.hs.hello.psk_modes.contains(&0) {
                // [RFC 9846, 4.3.11]
                self.remark("illegal_parameter", "no key_share beside the PSK");
            }
            return;
        };
        self.hs.group = *group;
        let own = self.hs.shares.iter().find(|(g, _)| g == group && self.hs.hello.shares.iter().any(|(h, _)| h == g));
        let sent = self.hs.hello.shares.iter().filter(|(sent, _)| sent == group).map(|(_, share)| share.as_slice());
        let foreign = own.is_some_and(|(_, share)| !sent.into_iter().any(|sent| sent == share.public()));
        let derived = own.map(|(_, share)| share.derive(theirs));
        if foreign {
            self.note_foreign_share(*group);
        }
        match derived {
            Some(Ok(secret)) => {
                // [RFC 9846, 7.4.2]
                if secret.iter().all(|byte| *byte == 0) {
                    self.remark("illegal_parameter", "key_share: the secret is zero");
                }
                self.hs.shared_secret = secret;
            }
            _ if self.has_given_secret() => {}
            Some(Err(error)) => self.remark("illegal_parameter", format!("key_share: {error}")),
            None => self.remark("illegal_parameter", format!("key_share for group {group}, which we sent none for")),
        }
    }

    /// Whether the server resumes our TLS 1.2 session: it does so by the echoed session id.
    fn take_session12(&mut self, view: &ServerHelloView) {
        let Some(session) = self.config.session.clone().filter(|session| session.version == view.version()) else {
            return;
        };
        if !view.session_id.is_empty() && view.session_id == self.hs.hello.session_id {
            if session.cipher_suite != view.cipher_suite {
                // [RFC 5246, 7.4.1.3]
                self.remark("illegal_parameter", "the session was made with another suite");
            }
            if session.extended_master_secret != view.extensions.contains(&extension::EXTENDED_MASTER_SECRET) {
                // [RFC 7627, 5.3]
                self.remark("handshake_failure", "extended_master_secret is not as in the session");
            }
            self.hs.master_secret = session.secret.clone();
            self.hs.session = Some(session);
            let master = self.hs.master_secret.clone();
            self.key_log("CLIENT_RANDOM", &master);
        }
    }

    fn take_encrypted_extensions(&mut self, node: &Node) {
        if self.hs.ech.status == Status::Accepted
            && view::extension_data(node, extension::ENCRYPTED_CLIENT_HELLO).is_some()
        {
            // [RFC 9849, 5]
            self.remark("unsupported_extension", "retry configurations though ECH was accepted");
        }
        for kind in view::extension_types(node) {
            if !self.hs.hello.extensions.contains(&kind) {
                self.remark("unsupported_extension", format!("extension {kind} was not offered"));
            }
        }
        self.remark_on_places("encrypted_extensions", node);
        let names = view::extension_data(node, extension::ALPN).and_then(|data| data.field("protocol_name_list"));
        self.remark_on_protocol(names);
        self.hs.alpn = names.and_then(|names| names.children().first()).map(Node::content);
        self.take_agreed_forms(node);
        self.hs.early_accepted = view::extension_data(node, extension::EARLY_DATA).is_some();
        if !self.hs.early_accepted {
            self.leave_early_data("handshake");
        } else if self.hs.session.is_none() || self.hs.selected_identity != 0 {
            // [RFC 9846, 4.3.11]
            self.remark("illegal_parameter", "early_data without the first PSK");
        }
    }

    /// What EncryptedExtensions settle about records and certificates. [RFC 8449, 4; RFC 7250, 4.2]
    fn take_agreed_forms(&mut self, node: &Node) {
        let limit = view::extension_data(node, extension::RECORD_SIZE_LIMIT);
        if let Some(limit) = limit.and_then(|data| view::number(data, "record_size_limit")) {
            if limit < 64 {
                self.remark("illegal_parameter", format!("record_size_limit {limit}"));
            }
            // In TLS 1.3 the content type counts too.
            let content = |limit: usize| limit.saturating_sub(1).clamp(1, 1 << 14);
            self.agreed_limits =
                (Some(content(limit as usize)), self.hs.hello.record_size_limit.map(|own| content(usize::from(own))));
        }
        let kind = |kind, field| {
            view::extension_data(node, kind).and_then(|data| view::number(data, field)).map(|number| number as u8)
        };
        let client = kind(extension::CLIENT_CERTIFICATE_TYPE, "client_certificate_type");
        let server = kind(extension::SERVER_CERTIFICATE_TYPE, "server_certificate_type");
        self.hs.certificate_types = (client.unwrap_or(0), server.unwrap_or(0));
    }

    /// A key without a certificate around it. [RFC 7250, 3]
    fn take_raw_key(&mut self, list: &[Node]) {
        if list.len() > 1 {
            self.remark("bad_certificate", format!("{} raw public keys", list.len()));
        }
        let Some(key) = list.first().map(|entry| view::bytes(entry, "ASN1_subjectPublicKeyInfo")) else { return };
        match PublicKey::from_spki(&key) {
            Ok(key) => self.hs.target_key = Some(key),
            Err(error) => self.remark("bad_certificate", format!("the raw key: {error}")),
        }
    }

    pub(crate) fn take_certificate_request(&mut self, node: &Node) {
        let compressors = view::extension_data(node, extension::COMPRESS_CERTIFICATE);
        self.hs.compressors = numbers(compressors.and_then(|data| data.field("algorithms")));
        let context = view::bytes(node, "certificate_request_context");
        if !context.is_empty() && !self.hs.established {
            // [RFC 9846, 4.4.2]
            self.remark("illegal_parameter", "a context in the main handshake");
        }
        if self.is_tls13() {
            self.scrutinise_request(node);
        }
        let schemes = if self.is_tls13() {
            let data = view::extension_data(node, extension::SIGNATURE_ALGORITHMS);
            numbers(data.and_then(|data| data.field("supported_signature_algorithms")))
        } else {
            numbers(node.field("supported_signature_algorithms"))
        };
        self.hs.credential_wanted = view::extension_data(node, extension::DELEGATED_CREDENTIAL).is_some();
        self.hs.requested = Some((context, schemes));
    }

    pub(crate) fn take_certificate(&mut self, node: &Node) {
        let list = node.field("certificate_list").map(Node::children).unwrap_or_default();
        let tls13 = self.is_tls13();
        if !self.is_client() && tls13 {
            self.remark_on_client_certificate(node, list);
        } else if tls13 {
            self.scrutinise_server_certificate(node, list);
        }
        if tls13 && self.certificate_type(Side::Target) == RAW_PUBLIC_KEY && !list.is_empty() {
            return self.take_raw_key(list);
        }
        let der = |entry: &Node| if tls13 { view::bytes(entry, "cert_data") } else { entry.content() };
        self.hs.target_chain = list.iter().map(der).collect();
        let Some(leaf) = self.hs.target_chain.first() else {
            if self.is_client() {
                self.remark("decode_error", "the server's chain is empty");
            } else if self.config.require_certificate {
                let alert = if tls13 { "certificate_required" } else { "handshake_failure" };
                self.remark(alert, "the client's chain is empty");
            }
            self.hs.order.forbid("certificate_verify");
            return;
        };
        self.hs.order.require("certificate_verify");
        match PublicKey::from_certificate(leaf) {
            Ok(key) => self.hs.target_key = Some(key),
            Err(error) => return self.remark("bad_certificate", format!("the leaf's key: {error}")),
        }
        if tls13 {
            self.take_credential(list);
        }
        if self.config.verify_chain {
            let name = self.expected_name().filter(|_| self.is_client());
            let owner = self.config.role.other();
            if let Err((alert, text)) = check_chain(&self.hs.target_chain, name.as_deref(), owner) {
                self.remark(alert, format!("certificate chain: {text}"));
            }
        }
    }

    /// [RFC 9846, 4.5.1]: the context is that of our request, which asks for no extensions of entries.
    fn remark_on_client_certificate(&mut self, node: &Node, list: &[Node]) {
        if view::bytes(node, "certificate_request_context") != self.hs.asked_context {
            self.remark("illegal_parameter", "certificate_request_context is not that of the request");
        }
        let others = |kind: &u16| *kind != extension::DELEGATED_CREDENTIAL;
        for kind in list.iter().flat_map(view::extension_types).filter(others) {
            self.remark("unsupported_extension", format!("extension {kind} of a certificate was not asked for"));
        }
    }

    pub(crate) fn check_certificate_verify(&mut self, node: &Node, signer: Role) {
        let Some(key) = self.hs.target_key.clone() else {
            return self.remark("decrypt_error", "CertificateVerify without a certificate");
        };
        let tls13 = self.is_tls13();
        let scheme = match self.hs.version {
            0x0303.. => view::number(node, "algorithm").unwrap_or(0) as u16,
            _ => old_scheme(&key).0,
        };
        let content = if tls13 {
            let digest = self.digest();
            let hash = self.hash.current(digest);
            certificate_verify_content(signer, &hash)
        } else {
            self.hash.messages().to_vec()
        };
        let offered = if self.is_client() { &self.hs.hello.signature_schemes } else { &self.config.signature_schemes };
        if let Some(due) = self.hs.credential_scheme {
            if scheme != due {
                let text = format!("signature scheme {scheme:#06x} is not the delegated credential's {due:#06x}");
                self.remark("illegal_parameter", text);
            }
        } else if self.hs.version >= 0x0303 && !offered.contains(&scheme) {
            self.remark("illegal_parameter", format!("signature scheme {scheme:#06x} was not offered"));
        } else if self.hs.version >= 0x0303 && !key.schemes(tls13).contains(&SignatureScheme(scheme)) {
            self.remark(
                "illegal_parameter",
                format!("signature scheme {scheme:#06x} is not for the certificate's key"),
            );
        }
        let signature = view::bytes(node, "signature");
        if self.hs.version == 0x0300 {
            return self.check_ssl3_signature(&key, &signature);
        }
        if let Err(error) = key.verify(SignatureScheme(scheme), &content, &signature, tls13) {
            let zero = signature == ZERO_SIGNATURE;
            let why = if zero { "r and s are zero".to_owned() } else { error.to_string() };
            self.remark("decrypt_error", format!("CertificateVerify: {why}"));
        }
    }

    fn check_ssl3_signature(&mut self, key: &PublicKey, signature: &[u8]) {
        let hash = self.prf().ssl3_signed_hash(&self.hs.master_secret, self.hash.messages());
        let covered = if key.is_rsa() { &hash[..] } else { &hash[16..] };
        if let Err(error) = key.verify_hash(old_scheme(key), covered, signature, false) {
            self.remark("decrypt_error", format!("CertificateVerify: {error}"));
        }
    }

    /// The target's Finished against our own computation.
    pub(crate) fn check_finished(&mut self, node: &Node) {
        let came = view::bytes(node, "verify_data");
        let from_client = !self.is_client();
        let right = if self.is_tls13() {
            let digest = self.digest();
            let secret = match (self.hs.established, from_client) {
                // Behind the handshake: under the traffic secret in force. [RFC 9846, 4.5]
                (true, _) => self.inbound.epochs[self.inbound.current].secret.clone(),
                (false, true) => self.hs.client_handshake.clone(),
                (false, false) => self.hs.server_handshake.clone(),
            };
            let hash = self.hash.current(digest);
            schedule13::verify_data(digest, &secret, &hash)
        } else {
            self.prf().verify_data(&self.hs.master_secret, from_client, self.hash.messages())
        };
        if came != right {
            self.remark("decrypt_error", "verify_data is wrong");
        }
        if from_client {
            self.last_verify_data.0 = came;
        } else {
            self.last_verify_data.1 = came;
        }
    }

    fn answer_server_hello_done(&mut self) {
        self.due.clear();
        if self.hs.requested.is_some() {
            self.due.push_back("certificate");
        }
        self.due.push_back("client_key_exchange");
        if self.hs.requested.is_some() && self.can_answer_request() {
            self.due.push_back("certificate_verify");
        }
        self.due.extend(["change_cipher_spec", "finished"]);
    }

    /// For the pushover. Without a ServerHello there is nothing to go on with.
    pub(crate) fn pretend_server_finished(&mut self) {
        if self.hs.version == 0 || !self.due.is_empty() {
            return;
        }
        self.event(What::NotFollowed { text: "the server's part is made up".to_owned() });
        if self.is_tls13() || self.hs.own_finished || self.hs.session.is_some() {
            if !self.is_tls13() && self.hs.master_secret.is_empty() {
                self.make_master_secret();
            }
            self.take_server_finished();
        } else {
            self.answer_server_hello_done();
        }
    }

    fn take_server_finished(&mut self) {
        self.hs.target_finished = true;
        if !self.is_tls13() {
            if self.hs.own_finished {
                self.finish12();
            } else {
                self.due.extend(["change_cipher_spec", "finished"]);
            }
            return;
        }
        self.make_application_secrets();
        let secret = self.hs.server_application.clone();
        self.switch_inbound13("application", &secret);
        self.due.clear();
        self.push_compatibility_ccs();
        if self.sends_early_data() {
            self.due.push_back("end_of_early_data");
        }
        if self.hs.requested.is_some() {
            self.due.push_back("certificate");
            if self.can_answer_request() {
                self.due.push_back("certificate_verify");
            }
        }
        self.due.push_back("finished");
    }

    /// Our Finished has gone out.
    pub(crate) fn client_finished(&mut self) {
        if self.hs.own_finished {
            return;
        }
        self.hs.own_finished = true;
        if !self.is_tls13() {
            self.last_verify_data.0 = self.last_sent_finished.clone();
            if self.hs.target_finished {
                self.finish12();
            }
            return;
        }
        if self.hs.main_secret.is_empty() {
            self.make_application_secrets();
        }
        let secret = self.hs.client_application.clone();
        self.switch_outbound13("application", &secret);
        self.make_resumption_secret();
        self.establish();
        if self.ech_was_rejected() && self.config.requires_ech {
            self.remark("ech_required", "the server took the outer hello");
        }
        for ticket in std::mem::take(&mut self.hs.early_tickets) {
            self.take_ticket13(&ticket);
        }
    }

    /// Both Finished of TLS 1.2 are through.
    pub(crate) fn finish12(&mut self) {
        if self.hs.session.is_none() && !self.hs.session_id.is_empty() {
            let session = self.session12(Vec::new());
            self.sessions.push(session);
        }
        self.establish();
    }

    pub(crate) fn session12(&self, ticket: Vec<u8>) -> Session {
        Session {
            version: self.hs.version,
            cipher_suite: self.hs.suite_id,
            digest: self.digest(),
            secret: self.hs.master_secret.clone(),
            // A ticket is offered with a session id of our own, which the server then echoes.
            session_id: if ticket.is_empty() { self.hs.session_id.clone() } else { Vec::new() },
            ticket,
            age_add: 0,
            lifetime: 0,
            max_early_data: 0,
            extended_master_secret: self.hs.extended_master_secret,
            external: false,
        }
    }

    /// A ticket of TLS 1.2 that was given or taken. An empty one is none. [RFC 5077, 3.3]
    pub(crate) fn note_ticket12(&mut self, node: &Node) {
        let ticket = view::bytes(node, "ticket");
        if !ticket.is_empty() {
            let session = self.session12(ticket);
            self.sessions.push(session);
        }
    }

    fn take_ticket13(&mut self, node: &Node) {
        if self.ech_was_rejected() {
            // [RFC 9849, 6.1.7]
            return;
        }
        if !self.hs.established {
            // Without a client certificate in question it may come right behind the server's Finished. [RFC 9846, 4.7.1]
            if !self.hs.target_finished || self.hs.requested.is_some() {
                self.remark("unexpected_message", "new_session_ticket before the handshake is complete");
            }
            // Its PSK can be made once our Finished is out.
            if self.hs.early_tickets.len() < 16 {
                self.hs.early_tickets.push(node.clone());
            }
            return;
        }
        self.remark_on_places("new_session_ticket", node);
        let session = self.session13(node);
        self.sessions.push(session);
    }

    /// What a ticket of TLS 1.3 stands for, whoever sent it. [RFC 9846, 4.7.1]
    pub(crate) fn session13(&self, node: &Node) -> Session {
        let nonce = view::bytes(node, "ticket_nonce");
        let digest = self.digest();
        let early = view::extension_data(node, extension::EARLY_DATA);
        Session {
            version: self.hs.version,
            cipher_suite: self.hs.suite_id,
            digest,
            secret: schedule13::resumption_psk(digest, &self.hs.resumption_secret, &nonce),
            ticket: view::bytes(node, "ticket"),
            session_id: Vec::new(),
            age_add: view::number(node, "ticket_age_add").unwrap_or(0) as u32,
            lifetime: view::number(node, "ticket_lifetime").unwrap_or(0) as u32,
            max_early_data: early.and_then(|data| view::number(data, "max_early_data_size")).unwrap_or(0) as u32,
            extended_master_secret: false,
            external: false,
        }
    }

    pub(crate) fn take_key_update(&mut self, node: &Node) {
        if !self.inbound.handshake.is_empty() {
            self.remark("unexpected_message", "a handshake message lies across a change of keys");
        }
        self.awaits_key_update = false;
        match view::number(node, "request_update") {
            Some(0) => {}
            Some(1) => self.due.push_back("key_update"),
            other => self.remark("illegal_parameter", format!("request_update {other:?}")),
        }
        self.update_inbound();
    }
}

/// Content that records of ours and the target's may hold, out of both hellos: max_fragment_length holds for both
/// sides, record_size_limit for whoever did not send it. [RFC 6066, 4; RFC 8449, 4]
fn limits(hello: &ClientHelloView, answer: &ServerHelloView, client: bool) -> (Option<usize>, Option<usize>) {
    if let (Some(from_client), Some(from_server)) = (hello.record_size_limit, answer.record_size_limit) {
        let (client_sends, server_sends) = (usize::from(from_server).max(1), usize::from(from_client).max(1));
        let pair = if client { (client_sends, server_sends) } else { (server_sends, client_sends) };
        return (Some(pair.0), Some(pair.1));
    }
    match answer.max_fragment_length {
        Some(code @ 1..=4) => (Some(256 << code), Some(256 << code)),
        _ => (None, None),
    }
}

/// Whether a group is one we can compute in.
pub(crate) fn is_supported(group: u16) -> bool {
    NamedGroup(group).is_supported()
}
