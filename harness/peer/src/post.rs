//! Post-handshake authentication, on either side. [RFC 9846, 4.7.2]

use crate::Peer;
use crate::order::{Flow, Order, from_client};
use crate::view::extension;
use gauntlet_wire::Node;

impl Peer {
    /// The hash goes on from the handshake's own messages, whatever exchanges came since.
    fn branch(&mut self) {
        match &self.hs.main_hash {
            Some(hash) => self.hash = hash.clone(),
            None => self.hs.main_hash = Some(self.hash.clone()),
        }
    }

    /// As client: the server asks for a certificate on an established connection.
    pub(crate) fn take_late_request(&mut self, message: &[u8], node: &Node) {
        if !self.hs.hello.extensions.contains(&extension::POST_HANDSHAKE_AUTH) {
            return self.remark("unexpected_message", "post-handshake authentication was not offered");
        }
        self.branch();
        self.hash.add(message);
        self.take_certificate_request(node);
        self.due.push_back("certificate");
        if self.can_answer_request() {
            self.due.push_back("certificate_verify");
        }
        self.due.push_back("finished");
    }

    /// As server: whether a client may be asked for a certificate behind the handshake: it has offered that, and no
    /// external PSK authenticates it. [RFC 9846, 4.3.6, 4.4.2]
    pub fn may_ask_later(&self) -> bool {
        let offered = self.hs.hello.extensions.contains(&extension::POST_HANDSHAKE_AUTH);
        offered && !self.hs.session.as_ref().is_some_and(|session| session.external)
    }

    /// As server: our request on an established connection is out, ahead of the hash taking it.
    pub(crate) fn begin_late_request(&mut self) {
        self.branch();
        self.hs.target_finished = false;
        self.hs.order = Order::new(from_client(Flow { tls13: true, requested: true, ..Flow::default() }));
    }
}
