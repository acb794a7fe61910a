//! The handshake messages and their running hash [RFC 9846, 4.1; RFC 5246, 7.4.9].

use gauntlet_crypto::{Digest, Running};

/// All handshake messages of a handshake, and their hash once the hash function is known.
#[derive(Clone, Default)]
pub(crate) struct HandshakeHash {
    messages: Vec<u8>,
    running: Option<(Digest, Running)>,
}

impl HandshakeHash {
    /// Starts anew.
    pub(crate) fn clear(&mut self) {
        *self = HandshakeHash::default();
    }

    /// One more message, with its header.
    pub(crate) fn add(&mut self, message: &[u8]) {
        self.messages.extend_from_slice(message);
        if let Some((_, running)) = &mut self.running {
            running.update(message);
        }
    }

    /// The bytes of all messages.
    pub(crate) fn messages(&self) -> &[u8] {
        &self.messages
    }

    /// The hash so far.
    pub(crate) fn current(&mut self, digest: Digest) -> Vec<u8> {
        match &self.running {
            Some((known, running)) if *known == digest => running.current(),
            _ => {
                let mut running = digest.start();
                running.update(&self.messages);
                let hash = running.current();
                self.running = Some((digest, running));
                hash
            }
        }
    }

    /// The hash with some more bytes behind, which are not kept: for binders.
    pub(crate) fn with(&self, digest: Digest, more: &[u8]) -> Vec<u8> {
        let mut running = digest.start();
        running.update(&self.messages);
        running.update(more);
        running.current()
    }

    /// All so far becomes a `message_hash` message, as a HelloRetryRequest demands. [RFC 9846, 4.1]
    pub(crate) fn retry(&mut self, digest: Digest) {
        let hash = digest.hash(&self.messages);
        let mut message = vec![254, 0, 0, hash.len() as u8];
        message.extend_from_slice(&hash);
        self.clear();
        self.add(&message);
    }
}
