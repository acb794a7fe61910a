//! 0-RTT data: sent and taken, accepted, refused, skipped. [RFC 9846, 2.3, 4.3.10, 4.6.4]

use crate::Peer;
use crate::config::Session;
use crate::records::Epoch;
use crate::view::extension;
use gauntlet_crypto::{CipherSuite, Protection, schedule13};
use std::borrow::Cow;

impl Peer {
    /// Our hello is out: if it offers early data, the data follows under its own keys.
    pub(crate) fn begin_early_data(&mut self) {
        let offers = self.hs.hello.extensions.contains(&extension::EARLY_DATA);
        let Some(data) = self.config.early_data.clone().filter(|_| offers && self.hs.hellos == 1) else { return };
        let Some(session) = self.psk_at(&self.hs.hello.identities.clone(), 0) else { return };
        if !self.compatibility_ccs && !self.hs.hello.session_id.is_empty() {
            self.compatibility_ccs = true;
            self.due.push_back("change_cipher_spec");
        }
        let epoch = self.early_epoch(&session);
        self.outbound.switch(epoch);
        if !data.is_empty() {
            self.due.push_back("application_data");
        }
    }

    /// client_early_traffic_secret and its keys, with the ClientHello in the hash. [RFC 9846, 7.1]
    fn early_epoch(&mut self, session: &Session) -> Epoch {
        let digest = session.digest;
        let early = schedule13::early_secret(digest, &session.secret);
        let hash = self.early_hash().with(digest, &[]);
        let secret = schedule13::derive_secret(digest, &early, b"c e traffic", &hash);
        let exporter = schedule13::derive_secret(digest, &early, b"e exp master", &hash);
        self.key_log("CLIENT_EARLY_TRAFFIC_SECRET", &secret);
        self.key_log("EARLY_EXPORTER_SECRET", &exporter);
        let protection = CipherSuite(session.cipher_suite)
            .info()
            .and_then(|suite| Protection::tls13(suite.bulk, digest, &secret).ok());
        Epoch { name: Cow::Borrowed("early"), protection, sequence: 0, tls13: true, secret }
    }

    /// Whether what we send now is early data.
    pub(crate) fn sends_early_data(&self) -> bool {
        self.outbound.epochs[self.outbound.current].name == "early"
    }

    /// What goes out as application data while early keys are in force.
    pub(crate) fn early_bytes(&self) -> Option<Vec<u8>> {
        self.config.early_data.clone().filter(|_| self.sends_early_data())
    }

    /// As client: our sending goes on under those keys, if early data was under way.
    pub(crate) fn leave_early_data(&mut self, keys: &str) {
        if !self.sends_early_data() {
            return;
        }
        let place = self.outbound.epochs.iter().rposition(|epoch| epoch.name == keys);
        self.outbound.current = place.unwrap_or(0);
    }

    // ---- as server -------------------------------------------------------------------------------

    /// What becomes of the early data of a hello, once it is known how it is answered.
    pub(crate) fn decide_early_data(&mut self, retry: bool) {
        if !self.is_tls13() || !self.hs.hello.extensions.contains(&extension::EARLY_DATA) {
            return;
        }
        let first = self.hs.session.clone().filter(|_| self.hs.selected_identity == 0 && self.hs.same_suite);
        let fits = first.filter(|session| !retry && session.version == 0x0304 && self.config.max_early_data > 0);
        match fits {
            Some(session) => {
                let epoch = self.early_epoch(&session);
                self.inbound.switch(epoch);
                self.hs.early_accepted = true;
            }
            None => {
                self.inbound.skipping = true;
                let first = self.hs.hello.identities.first().cloned();
                let known = first.and_then(|(identity, _)| self.known_psk(&identity));
                self.inbound.refused = known.map(|session| self.early_epoch(&session));
            }
        }
    }

    pub(crate) fn takes_early_data(&self) -> bool {
        self.inbound.epochs[self.inbound.current].name == "early"
    }

    /// [RFC 9846, 4.7.1]
    pub(crate) fn count_early_data(&mut self, bytes: usize) {
        self.hs.early_bytes += bytes;
        if self.hs.early_bytes > self.config.max_early_data as usize {
            self.remark("unexpected_message", format!("{} bytes of early data", self.hs.early_bytes));
        }
    }

    /// The client's early data is over: its handshake keys were made along with ours.
    pub(crate) fn take_end_of_early_data(&mut self) {
        if !self.takes_early_data() {
            return self.remark("unexpected_message", "end_of_early_data, but no early data was accepted");
        }
        if !self.inbound.handshake.is_empty() {
            self.remark("unexpected_message", "a handshake message lies across a change of keys");
        }
        if let Some(place) = self.inbound.epochs.iter().rposition(|epoch| epoch.name == "handshake") {
            self.inbound.current = place;
        }
    }
}
