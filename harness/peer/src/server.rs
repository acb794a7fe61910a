//! The server's side: its choices, its honest messages, and what it makes of the client's.

use crate::Peer;
use crate::client::is_supported;
use crate::config::{Resumption, Session};
use crate::exchange::{FFDHE, has_psk, is_field, old_scheme};
use crate::grease::Spot;
use crate::order::{Flow, Order, from_client};
use crate::view::{self, ClientHelloView, RETRY_RANDOM, ServerHelloView, extension};
use gauntlet_crypto::suite::{Authentication, KeyExchange};
use gauntlet_crypto::{CipherSuite, Digest, NamedGroup, schedule13};
use gauntlet_model::{Role, What};
use gauntlet_wire::{Node, Plain};

fn named(entries: Vec<(&str, Plain)>) -> Plain {
    Plain::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A CertificateStatus with one OCSP response.
pub(crate) fn status(response: Vec<u8>) -> Plain {
    named(vec![("status_type", Plain::Number(1)), ("response", response.into())])
}

fn number(value: u16) -> Plain {
    Plain::Number(u64::from(value))
}

impl Peer {
    /// A server waits for a ClientHello.
    pub(crate) fn expect_hello(&mut self) {
        self.hs.order = Order::default();
    }

    // ---- what the client sends -------------------------------------------------------------------

    pub(crate) fn take_from_client(&mut self, name: &str, message: &[u8], node: &Node) {
        match name {
            "client_hello" => return self.take_client_hello(message, node),
            "key_update" if self.is_tls13() && self.hs.established => return self.take_key_update(node),
            _ => {}
        }
        if self.hs.version == 0 {
            self.remark("unexpected_message", format!("{name} instead of client_hello"));
            if self.is_pushover() {
                self.choose_blindly();
            }
            return;
        }
        let slot = if name == "compressed_certificate" { "certificate" } else { name };
        if let Err(could) = self.hs.order.take(slot) {
            self.remark("unexpected_message", format!("{name} instead of {could}"));
        }
        match name {
            "certificate_verify" => self.check_certificate_verify(node, Role::Client),
            "finished" => self.check_finished(node),
            _ => {}
        }
        self.hash.add(message);
        if self.takes_early_data() && name != "end_of_early_data" {
            self.remark("unexpected_message", format!("{name} instead of end_of_early_data"));
        }
        match name {
            "compressed_certificate" => {
                if let Some(opened) = self.open_certificate(node) {
                    self.take_certificate(&opened);
                }
            }
            "end_of_early_data" => self.take_end_of_early_data(),
            "certificate" => self.take_certificate(node),
            "client_key_exchange" => self.take_client_key_exchange(node),
            "finished" => self.take_client_finished(),
            _ => {}
        }
    }

    fn take_client_hello(&mut self, message: &[u8], node: &Node) {
        if let Some(inner) = self.open_hello(message, node) {
            let context = self.context(gauntlet_model::Side::Target);
            let node = gauntlet_wire::Grammar::tls().decode("Handshake", &inner, &context);
            return self.take_the_hello(&inner, &node);
        }
        self.take_the_hello(message, node);
    }

    /// The hello that the handshake is about: the only one, or the one inside.
    fn take_the_hello(&mut self, message: &[u8], node: &Node) {
        let second = self.hs.retry.is_some() && self.hs.hellos == 1;
        if self.hs.established && !self.is_tls13() {
            self.renegotiate();
        } else if self.hs.hellos > 0 && !second {
            self.remark("unexpected_message", "client_hello instead of the rest of the handshake");
        }
        let hello = ClientHelloView::of(node);
        self.remark_on_client_hello(node, &hello);
        if second {
            self.remark_on_second_hello(&hello);
            self.remark_on_cookie(&hello);
            if let Some(first) = self.hs.first_hello.take() {
                self.scrutinise_second(&first, node);
            }
        }
        self.draw_grease();
        self.hs.hello = hello;
        self.hs.hellos += 1;
        self.hs.first_hello = Some(node.clone());
        self.choose(message, node);
        self.scrutinise(node);
    }

    fn remark_on_client_hello(&mut self, node: &Node, hello: &ClientHelloView) {
        let first = self.last_verify_data.0.is_empty();
        let tls13 = first && hello.versions.contains(&0x0304) && self.config.has_version(0x0304);
        let methods = view::bytes(node, "legacy_compression_methods");
        if tls13 && methods != [0] {
            self.remark("illegal_parameter", format!("compression methods {}", hex::encode(&methods)));
        }
        if !methods.contains(&0) {
            self.remark("illegal_parameter", "no null compression method");
        }
        let mut seen = std::collections::BTreeSet::new();
        if let Some(kind) = hello.extensions.iter().find(|kind| !seen.insert(**kind)) {
            self.remark("illegal_parameter", format!("extension {kind} stands twice"));
        }
        if self.last_encrypt_then_mac && !hello.extensions.contains(&extension::ENCRYPT_THEN_MAC) {
            // [RFC 7366, 3]
            self.remark("handshake_failure", "encrypt-then-MAC is given up in a renegotiation");
        }
        if !hello.offered_versions().iter().any(|version| self.config.has_version(*version)) {
            self.remark("protocol_version", "no version in common");
        }
        if !tls13 {
            return;
        }
        let has = |kind| hello.extensions.contains(&kind);
        let psk = has(extension::PRE_SHARED_KEY);
        if psk && hello.extensions.last() != Some(&extension::PRE_SHARED_KEY) {
            self.remark("illegal_parameter", "pre_shared_key is not the last extension");
        }
        if psk && !has(extension::PSK_KEY_EXCHANGE_MODES) {
            self.remark("missing_extension", "pre_shared_key without psk_key_exchange_modes");
        }
        if !psk && !has(extension::SIGNATURE_ALGORITHMS) {
            self.remark("missing_extension", "no signature_algorithms");
        }
        if has(extension::SUPPORTED_GROUPS) != has(extension::KEY_SHARE) {
            self.remark("missing_extension", "supported_groups and key_share do not come together");
        }
        self.remark_on_shares(hello);
    }

    fn remark_on_shares(&mut self, hello: &ClientHelloView) {
        let mut seen = Vec::new();
        for (group, share) in &hello.shares {
            if seen.contains(group) {
                self.remark("illegal_parameter", format!("two shares for group {group}"));
            }
            seen.push(*group);
            if !hello.groups.contains(group) {
                self.remark(
                    "illegal_parameter",
                    format!("a share for group {group}, which is not in supported_groups"),
                );
            }
            if is_supported(*group) && NamedGroup(*group).share_length(true) != Some(share.len()) {
                self.remark("illegal_parameter", format!("a share of {} bytes for group {group}", share.len()));
            }
        }
    }

    fn remark_on_second_hello(&mut self, hello: &ClientHelloView) {
        let first = self.hs.hello.clone();
        let wanted = self.hs.retry.as_ref().and_then(|retry| retry.share.as_ref().map(|(group, _)| *group));
        if let Some(wanted) = wanted
            && hello.shares.iter().map(|(group, _)| *group).ne([wanted])
        {
            self.remark("illegal_parameter", format!("the second hello's shares are not one for group {wanted}"));
        }
        if hello.cipher_suites != first.cipher_suites
            || hello.random != first.random
            || hello.session_id != first.session_id
        {
            self.remark("illegal_parameter", "the second hello differs from the first");
        }
    }

    /// [RFC 9846, 4.3.2]: it comes back as it was sent.
    fn remark_on_cookie(&mut self, hello: &ClientHelloView) {
        match &hello.cookie {
            Some(cookie) if cookie.is_empty() => self.remark("decode_error", "an empty cookie"),
            Some(cookie) if *cookie != self.hs.cookie => self.remark("illegal_parameter", "the cookie is another"),
            None if !self.hs.cookie.is_empty() => self.remark("illegal_parameter", "the cookie does not come back"),
            _ => {}
        }
    }

    /// Settles on version, suite, group, and plans the answer.
    fn choose_blindly(&mut self) {
        let nothing =
            gauntlet_wire::Grammar::tls().decode("Handshake", &[], &self.context(gauntlet_model::Side::Target));
        self.choose(&[], &nothing);
    }

    /// The same, with the hello as it came, which the hash then takes.
    fn choose(&mut self, message: &[u8], node: &Node) {
        let hello = self.hs.hello.clone();
        let offered = hello.offered_versions();
        // A renegotiation stays where it is. [RFC 9846, 4.2.2]
        let highest = if self.last_verify_data.0.is_empty() { u16::MAX } else { 0x0303 };
        let own = self.config.versions.iter().copied().filter(|version| *version <= highest);
        let common = own.clone().find(|version| offered.contains(version));
        let version = common.or(own.clone().next()).unwrap_or(0x0304);
        self.hs.version = version;
        self.hs.suite_id = self.choose_suite(version, &hello);
        self.hs.suite = CipherSuite(self.hs.suite_id).info();
        let psk = if self.is_tls13() { self.take_psk(message, node, &hello) } else { None };
        self.hs.selected_identity = psk.as_ref().map_or(0, |psk| psk.place);
        self.hs.psk_alone = psk.as_ref().is_some_and(|psk| psk.alone);
        self.hs.same_suite = psk.as_ref().is_some_and(|psk| psk.same_suite);
        self.hs.session = if self.is_tls13() { psk.map(|psk| psk.session) } else { self.find_session(&hello) };
        self.hs.compressors = hello.compressors.clone();
        self.hash.add(message);
        if let Some(session) = self.hs.session.clone() {
            self.hs.suite_id = session.cipher_suite;
            self.hs.suite = CipherSuite(session.cipher_suite).info();
            if !self.is_tls13() {
                self.hs.master_secret = session.secret;
            }
        }
        let mut own = self.config.alpn.iter().map(|name| name.as_bytes().to_vec());
        self.hs.alpn = own.find(|name| hello.alpn.contains(name));
        self.hs.scheme = self.choose_scheme(&hello);
        if version >= 0x0304 {
            self.plan13(&hello);
        } else {
            self.plan12(&hello);
        }
    }

    fn choose_suite(&mut self, version: u16, hello: &ClientHelloView) -> u16 {
        let curve = hello.groups.iter().any(|group| self.config.groups.contains(group))
            || !hello.extensions.contains(&extension::SUPPORTED_GROUPS);
        // Whoever lists some of these wants one of them, or another key exchange. [RFC 7919, 4]
        let mut listed = hello.groups.iter().filter(|group| FFDHE.contains(group)).peekable();
        let field = listed.peek().is_none() || listed.any(|group| self.config.groups.contains(group));
        let fits = |suite: &u16| {
            CipherSuite(*suite).info().is_some_and(|info| {
                (info.key_exchange == KeyExchange::Tls13) == (version >= 0x0304)
                    && (info.key_exchange != KeyExchange::Ecdhe || curve)
                    && (!is_field(info.key_exchange) || field)
            })
        };
        let own = self.config.cipher_suites.clone();
        let common = own.iter().copied().filter(fits).find(|suite| hello.cipher_suites.contains(suite));
        if common.is_none() {
            self.remark("handshake_failure", "no cipher suite in common");
        }
        common.or_else(|| own.into_iter().find(|suite| fits(suite))).unwrap_or(0x1301)
    }

    fn choose_scheme(&mut self, hello: &ClientHelloView) -> u16 {
        if self.signs_unnamed() {
            return self.identity().map_or(0x0203, |identity| old_scheme(&identity.key.public()).0);
        }
        let tls13 = self.is_tls13();
        let rsa = !tls13 && self.hs.suite.is_some_and(|suite| suite.authentication == Authentication::Rsa);
        let (first, second) = (self.config.identity.clone(), self.config.second_identity.clone());
        let identities = if rsa { [second, first] } else { [first, second] };
        let able = identities.into_iter().flatten().flat_map(|identity| identity.key.schemes(tls13));
        let able: Vec<u16> =
            able.map(|scheme| scheme.0).filter(|scheme| self.config.signature_schemes.contains(scheme)).collect();
        let first = able.first().copied().unwrap_or(0x0403);
        let common = able.into_iter().find(|scheme| hello.signature_schemes.contains(scheme));
        let signs =
            self.hs.session.is_none() && self.hs.suite.is_some_and(|suite| suite.key_exchange != KeyExchange::Rsa);
        if signs && common.is_none() && hello.extensions.contains(&extension::SIGNATURE_ALGORITHMS) {
            self.remark("handshake_failure", "no signature scheme in common");
        }
        common.unwrap_or(first)
    }

    fn plan13(&mut self, hello: &ClientHelloView) {
        let group = self.config.groups.iter().copied().find(|group| hello.shares.iter().any(|(g, _)| g == group));
        let other = self.config.groups.iter().copied().find(|group| hello.groups.contains(group));
        self.due.clear();
        self.inbound.skipping = false;
        let unshared = group.is_none() && other.is_some() && !self.hs.psk_alone;
        let retry = self.hs.retry.is_none() && (unshared || self.config.cookie);
        self.decide_early_data(retry);
        if retry {
            self.hs.group = group.or(other).unwrap_or(29);
            self.due.extend(["hello_retry_request", "change_cipher_spec"]);
            return;
        }
        if group.is_none() && other.is_none() && !hello.groups.is_empty() && !self.hs.psk_alone {
            self.remark("handshake_failure", "no group in common");
        }
        self.hs.group = group.or(other).unwrap_or(29);
        self.due.push_back("server_hello");
        if self.hs.retry.is_none() {
            self.due.push_back("change_cipher_spec");
        }
        self.due.push_back("encrypted_extensions");
        if self.hs.session.is_none() {
            if self.config.request_certificate {
                self.due.push_back("certificate_request");
            }
            let compressed = self.config.compressors.iter().any(|own| hello.compressors.contains(own));
            self.due.push_back(if compressed { "compressed_certificate" } else { "certificate" });
            self.due.push_back("certificate_verify");
        }
        self.due.push_back("finished");
        self.agree_on_record_limit(hello);
        let requested = self.config.request_certificate && self.hs.session.is_none();
        self.hs.order = Order::new(from_client(Flow { tls13: true, requested, ..Flow::default() }));
    }

    /// [RFC 8449, 4]; in TLS 1.3 the content type counts.
    fn agree_on_record_limit(&mut self, hello: &ClientHelloView) {
        let (Some(own), Some(theirs)) = (self.config.record_size_limit, hello.record_size_limit) else { return };
        if theirs < 64 {
            self.remark("illegal_parameter", format!("record_size_limit {theirs}"));
        }
        let counted = u16::from(self.is_tls13());
        let content = |limit: u16| usize::from(limit.saturating_sub(counted)).clamp(63, 1 << 14);
        self.agreed_limits = (Some(content(theirs)), Some(content(own)));
    }

    /// Up to TLS 1.2: the suite of our ServerHello as it was sent is another, and with it the rest of our flight.
    pub(crate) fn plan_again(&mut self) {
        let hello = self.hs.hello.clone();
        self.hs.scheme = self.choose_scheme(&hello);
        self.plan12(&hello);
    }

    fn plan12(&mut self, hello: &ClientHelloView) {
        let common = self.config.groups.iter().copied().find(|group| hello.groups.contains(group));
        self.hs.group = common.or(self.config.groups.first().copied()).unwrap_or(23);
        self.due.clear();
        self.due.push_back("server_hello");
        let resumed = self.hs.session.is_some();
        if resumed {
            self.due.extend(["change_cipher_spec", "finished"]);
        } else {
            let exchange = self.exchange();
            let authentication = self.hs.suite.map(|suite| suite.authentication);
            if !matches!(authentication, Some(Authentication::Anonymous | Authentication::Psk)) {
                self.due.push_back("certificate");
                if self.staple().is_some() {
                    self.due.push_back("certificate_status");
                }
            }
            let hint = self.config.psk.as_ref().is_some_and(|psk| psk.hint.is_some());
            let shares = !matches!(exchange, KeyExchange::Rsa | KeyExchange::Psk | KeyExchange::RsaPsk);
            if shares || hint && has_psk(exchange) {
                self.due.push_back("server_key_exchange");
            }
            if self.config.request_certificate {
                self.due.push_back("certificate_request");
            }
            self.due.push_back("server_hello_done");
        }
        self.agree_on_record_limit(hello);
        let requested = self.config.request_certificate && !resumed;
        self.hs.order = Order::new(from_client(Flow { resumed, requested, ..Flow::default() }));
    }

    /// The client's certificate belongs to its flight from now on.
    pub(crate) fn certificate_was_requested(&mut self) {
        if !self.hs.own_finished && self.hs.session.is_none() {
            let flow = Flow { tls13: self.is_tls13(), requested: true, ..Flow::default() };
            self.hs.order = Order::new(from_client(flow));
        }
    }

    // ---- sessions --------------------------------------------------------------------------------

    /// TLS 1.2: what a ticket of ours, or else the session id, stands for.
    fn find_session(&mut self, hello: &ClientHelloView) -> Option<Session> {
        let ticket = hello.ticket.as_ref().and_then(|ticket| self.known_ticket(ticket));
        let session = ticket.or_else(|| self.known_session(&hello.session_id))?;
        // [RFC 7627, 5.3]
        let anyway = self.config.resumption == Resumption::Anyway;
        match (session.extended_master_secret, hello.extensions.contains(&extension::EXTENDED_MASTER_SECRET)) {
            (false, true) if !anyway => return None,
            (true, false) => self.remark("handshake_failure", "the session's extended master secret is given up"),
            _ => {}
        }
        let offered = anyway || hello.cipher_suites.contains(&session.cipher_suite);
        let fits = session.version == self.hs.version && offered && self.config.resumption != Resumption::Never;
        fits.then_some(session)
    }

    fn known_session(&self, session_id: &[u8]) -> Option<Session> {
        let known = self.config.known.iter().rev();
        known.filter(|_| !session_id.is_empty()).find(|session| session.session_id == session_id).cloned()
    }

    /// A ticket that was given, as it was sent, or one that an endpoint like us has sealed.
    pub(crate) fn known_ticket(&self, ticket: &[u8]) -> Option<Session> {
        let known = self.config.known.iter().rev().filter(|session| !session.ticket.is_empty());
        known.into_iter().find(|session| session.ticket == ticket).cloned().or_else(|| self.open_ticket(ticket))
    }

    /// The PSK that our ServerHello names as it was sent; where it names none any more, we show our chain.
    pub(crate) fn follow_selected_identity(&mut self, hello: &ServerHelloView) {
        if hello.share.is_none() {
            self.hs.shared_secret.clear();
        }
        match hello.selected_identity {
            Some(place) => {
                let identity = self.hs.hello.identities.get(usize::from(place));
                let known = identity.and_then(|(identity, _)| self.known_psk(identity));
                self.hs.session = known.or(self.hs.session.take());
            }
            None if self.hs.session.take().is_some() => {
                let finished = self.due.iter().position(|name| *name == "finished").unwrap_or(self.due.len());
                let flight = if self.hs.own_finished { &[][..] } else { &["certificate", "certificate_verify"] };
                flight.iter().rev().for_each(|name| self.due.insert(finished, name));
            }
            None => {}
        }
    }

    /// The state itself behind a MAC, since a test's secrets need no hiding.
    fn seal_ticket(&self, version: u16, secret: &[u8]) -> Vec<u8> {
        let mut ticket = version.to_be_bytes().to_vec();
        ticket.extend(self.hs.suite_id.to_be_bytes());
        ticket.push(u8::from(self.hs.extended_master_secret));
        ticket.extend_from_slice(secret);
        let mac = Digest::Sha256.hmac(&self.ticket_key, &[&ticket]);
        ticket.extend(mac);
        ticket
    }

    pub(crate) fn open_ticket(&self, ticket: &[u8]) -> Option<Session> {
        let (state, mac) = ticket.split_at_checked(ticket.len().checked_sub(32)?)?;
        if Digest::Sha256.hmac(&self.ticket_key, &[state]) != mac {
            return None;
        }
        let [v0, v1, s0, s1, extended, secret @ ..] = state else { return None };
        let cipher_suite = u16::from_be_bytes([*s0, *s1]);
        Some(Session {
            version: u16::from_be_bytes([*v0, *v1]),
            cipher_suite,
            digest: CipherSuite(cipher_suite).info()?.prf,
            secret: secret.to_vec(),
            ticket: ticket.to_vec(),
            session_id: Vec::new(),
            age_add: 0,
            lifetime: 7200,
            max_early_data: 0,
            extended_master_secret: *extended == 1,
            external: false,
        })
    }

    // ---- honest messages -------------------------------------------------------------------------

    pub(crate) fn honest_retry(&mut self) -> Plain {
        let mut extensions = vec![("supported_versions", named(vec![("selected_version", Plain::Number(0x0304))]))];
        // A share that is there already is not asked for. [RFC 9846, 4.3.8]
        if !self.hs.hello.shares.iter().any(|(group, _)| *group == self.hs.group) {
            extensions.push(("key_share", named(vec![("selected_group", number(self.hs.group))])));
        }
        if self.config.cookie {
            self.hs.cookie = self.random(32);
            extensions.push(("cookie", named(vec![("cookie", self.hs.cookie.clone().into())])));
        }
        extensions.extend(self.retry_extension().map(|ech| ("encrypted_client_hello", ech)));
        named(vec![
            ("random", Plain::Bytes(RETRY_RANDOM.to_vec())),
            ("legacy_session_id_echo", self.hs.hello.session_id.clone().into()),
            ("cipher_suite", number(self.hs.suite_id)),
            ("extensions", named(extensions)),
        ])
    }

    pub(crate) fn honest_server_hello(&mut self) -> Plain {
        let mut random = self.random(32);
        let tls13 = self.is_tls13();
        let extensions = if tls13 { self.hello_extensions13() } else { self.hello_extensions12() };
        if !tls13 && self.config.has_version(0x0304) {
            random[24..].copy_from_slice(b"DOWNGRD\x01");
        }
        let session_id = match (tls13, self.hs.session.is_some()) {
            (true, _) | (false, true) => self.hs.hello.session_id.clone(),
            (false, false) => self.random(32),
        };
        named(vec![
            ("legacy_version", number(self.hs.version.min(0x0303))),
            ("random", random.into()),
            ("legacy_session_id_echo", session_id.into()),
            ("cipher_suite", number(self.hs.suite_id)),
            ("extensions", named(extensions)),
        ])
    }

    fn hello_extensions13(&self) -> Vec<(&'static str, Plain)> {
        let mut extensions = vec![("supported_versions", named(vec![("selected_version", Plain::Number(0x0304))]))];
        if !self.hs.psk_alone {
            let share = named(vec![("server_share", named(vec![("group", number(self.hs.group))]))]);
            extensions.push(("key_share", share));
        }
        if self.hs.session.is_some() {
            let selected = named(vec![("selected_identity", number(self.hs.selected_identity))]);
            extensions.push(("pre_shared_key", selected));
        }
        extensions
    }

    fn hello_extensions12(&mut self) -> Vec<(&'static str, Plain)> {
        let hello = &self.hs.hello;
        let has = |kind| hello.extensions.contains(&kind);
        let cbc = self.hs.suite.is_some_and(|suite| suite.bulk.block_length() > 0);
        let mut extensions: Vec<(&'static str, Plain)> = Vec::new();
        if has(extension::EXTENDED_MASTER_SECRET) && self.config.extended_master_secret {
            extensions.push(("extended_master_secret", Plain::Map(Vec::new())));
        }
        if has(extension::ENCRYPT_THEN_MAC) && self.config.encrypt_then_mac && cbc {
            extensions.push(("encrypt_then_mac", Plain::Map(Vec::new())));
        }
        if has(extension::RENEGOTIATION_INFO) || hello.cipher_suites.contains(&0x00ff) {
            let (client, server) = &self.last_verify_data;
            let both = [client.as_slice(), server.as_slice()].concat();
            extensions.push(("renegotiation_info", named(vec![("renegotiated_connection", both.into())])));
        }
        if has(extension::SESSION_TICKET) && self.config.tickets > 0 && self.hs.session.is_none() {
            extensions.push(("session_ticket", Plain::Bytes(Vec::new())));
        }
        let elliptic = self.hs.suite.is_some_and(|suite| suite.key_exchange == KeyExchange::Ecdhe);
        if has(extension::EC_POINT_FORMATS) && elliptic && self.hs.session.is_none() {
            extensions.push(("ec_point_formats", named(vec![("ec_point_format_list", Plain::Bytes(vec![0]))])));
        }
        if let Some(name) = &self.hs.alpn {
            let names: Plain = [name.clone()].into_iter().collect();
            extensions.push(("application_layer_protocol_negotiation", named(vec![("protocol_name_list", names)])));
        }
        if self.staple().is_some() && self.hs.session.is_none() {
            extensions.push(("status_request", Plain::Bytes(Vec::new())));
        }
        extensions.extend(self.record_size_limit());
        if hello.heartbeat.is_some() && self.config.heartbeat {
            // peer_allowed_to_send [RFC 6520, 2]
            extensions.push(("heartbeat", named(vec![("mode", Plain::Number(1))])));
        }
        extensions
    }

    /// The extension, if the client has sent it too.
    fn record_size_limit(&self) -> Option<(&'static str, Plain)> {
        let limit = self.config.record_size_limit.filter(|_| self.hs.hello.record_size_limit.is_some())?;
        Some(("record_size_limit", named(vec![("record_size_limit", number(limit))])))
    }

    /// The OCSP response that goes with our certificate, if the client asks for one. [RFC 6066, 8]
    pub(crate) fn staple(&self) -> Option<Vec<u8>> {
        let asked = self.hs.hello.extensions.contains(&extension::STATUS_REQUEST);
        self.identity().filter(|_| asked && !self.is_client())?.staple.clone()
    }

    pub(crate) fn honest_certificate_status(&self) -> Plain {
        status(self.staple().unwrap_or_default())
    }

    pub(crate) fn honest_encrypted_extensions(&self) -> Plain {
        let mut extensions: Vec<(&str, Plain)> = Vec::new();
        if let Some(name) = &self.hs.alpn {
            let names: Plain = [name.clone()].into_iter().collect();
            extensions.push(("application_layer_protocol_negotiation", named(vec![("protocol_name_list", names)])));
        }
        extensions.extend(self.record_size_limit());
        if self.hs.early_accepted {
            extensions.push(("early_data", Plain::Map(Vec::new())));
        }
        extensions.extend(self.retry_configs().map(|configs| ("encrypted_client_hello", configs)));
        if self.hs.hello.tickets_wanted.is_some() {
            let count = Plain::Number(u64::from(self.tickets_to_send()));
            extensions.push(("ticket_request", named(vec![("expected_count", count)])));
        }
        named(vec![("extensions", named(extensions))])
    }

    pub(crate) fn honest_certificate_request(&mut self) -> Plain {
        let tls13 = self.layout() >= 0x0304;
        let reserved = self.grease_value(Spot::Scheme).filter(|_| tls13);
        let schemes = reserved.into_iter().chain(self.config.signature_schemes.iter().copied());
        let schemes: Plain = schemes.map(u64::from).collect();
        if tls13 {
            let mut extensions =
                vec![("signature_algorithms", named(vec![("supported_signature_algorithms", schemes)]))];
            if !self.config.credential_schemes.is_empty() {
                let list: Plain = self.config.credential_schemes.iter().map(|scheme| u64::from(*scheme)).collect();
                extensions.push(("delegated_credential", named(vec![("supported_signature_algorithms", list)])));
            }
            if !self.config.compressors.is_empty() {
                let list: Plain = self.config.compressors.iter().map(|number| u64::from(*number)).collect();
                extensions.push(("compress_certificate", named(vec![("algorithms", list)])));
            }
            // Behind the handshake each request has another context. [RFC 9846, 4.4.2]
            let context = if self.hs.established { self.random(32) } else { Vec::new() };
            return named(vec![("certificate_request_context", context.into()), ("extensions", named(extensions))]);
        }
        let types: Plain = [1_u64, 64].into_iter().collect();
        if self.layout() < 0x0303 {
            return named(vec![("certificate_types", types)]);
        }
        named(vec![("certificate_types", types), ("supported_signature_algorithms", schemes)])
    }

    pub(crate) fn honest_new_session_ticket(&mut self) -> Plain {
        if self.layout() < 0x0304 {
            let secret = self.hs.master_secret.clone();
            let ticket = self.seal_ticket(self.hs.version, &secret);
            return named(vec![("ticket_lifetime_hint", Plain::Number(7200)), ("ticket", ticket.into())]);
        }
        let nonce = self.random(8);
        let age_add = self.random(4).iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let psk = schedule13::resumption_psk(self.digest(), &self.hs.resumption_secret, &nonce);
        let ticket = self.seal_ticket(0x0304, &psk);
        let mut extensions = Vec::new();
        if self.config.max_early_data > 0 {
            let limit = Plain::Number(u64::from(self.config.max_early_data));
            extensions.push(("early_data", named(vec![("max_early_data_size", limit)])));
        }
        named(vec![
            ("ticket_lifetime", Plain::Number(7200)),
            ("ticket_age_add", Plain::Number(age_add)),
            ("ticket_nonce", nonce.into()),
            ("ticket", ticket.into()),
            ("extensions", named(extensions)),
        ])
    }

    // ---- the rest of the handshake ---------------------------------------------------------------

    fn take_client_finished(&mut self) {
        self.hs.target_finished = true;
        if self.is_tls13() && self.hs.established {
            // It ends a late authentication; no keys change.
            return;
        }
        if self.is_tls13() {
            self.make_resumption_secret();
            let secret = self.hs.client_application.clone();
            self.switch_inbound13("application", &secret);
            for _ in 0..self.tickets_to_send() {
                self.due.push_back("new_session_ticket");
            }
            return self.establish();
        }
        if self.hs.own_finished {
            return self.finish12();
        }
        if self.hs.hello.extensions.contains(&extension::SESSION_TICKET) && self.config.tickets > 0 {
            self.due.push_back("new_session_ticket");
        }
        self.due.extend(["change_cipher_spec", "finished"]);
    }

    /// As many as the client asks for, within bounds of our own. [RFC 9149, 3]
    fn tickets_to_send(&self) -> u32 {
        const MOST: u32 = 8;
        let hello = &self.hs.hello;
        if !hello.psk_modes.contains(&1) || self.config.tickets == 0 {
            return 0;
        }
        let resumed = self.hs.session.is_some();
        let wanted = hello.tickets_wanted.map(|(new, again)| u32::from(if resumed { again } else { new }));
        wanted.unwrap_or(self.config.tickets).min(MOST)
    }

    /// Our Finished has gone out.
    pub(crate) fn server_finished(&mut self) {
        if self.hs.own_finished {
            return;
        }
        self.hs.own_finished = true;
        if !self.is_tls13() {
            self.last_verify_data.1 = self.last_sent_finished.clone();
            if self.hs.target_finished {
                self.finish12();
            }
            return;
        }
        self.make_application_secrets();
        let secret = self.hs.server_application.clone();
        self.switch_outbound13("application", &secret);
    }

    /// For the pushover: takes the other side's part for done, whatever it was.
    pub fn pretend_finished(&mut self) {
        if self.hs.established {
            return;
        }
        if self.is_client() {
            return self.pretend_server_finished();
        }
        if self.hs.version == 0 {
            self.choose_blindly();
            return;
        }
        self.event(What::NotFollowed { text: "the client's part is made up".to_owned() });
        if self.hs.own_finished || !self.is_tls13() {
            if !self.is_tls13() && self.hs.master_secret.is_empty() {
                self.make_master_secret();
            }
            self.take_client_finished();
        }
    }
}
