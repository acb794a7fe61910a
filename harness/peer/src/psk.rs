//! Pre-shared keys of TLS 1.3: what is offered, what is taken, and the binders. [RFC 9846, 4.3.11]

use crate::Peer;
use crate::change::{Change, is_late};
use crate::compute::digest_by_name;
use crate::config::{Resumption, Session};
use crate::draft::{path, put_leaf};
use crate::view::ClientHelloView;
use gauntlet_crypto::{CipherSuite, schedule13};
use gauntlet_wire::{Context, Edit, Grammar, Node, Path, Plain, Value};
use std::sync::LazyLock;

/// The list of binders in a ClientHello.
pub(crate) const BINDERS: &str = "extensions.pre_shared_key.binders";
static LIST: LazyLock<Path> = LazyLock::new(|| path(BINDERS));

/// What a server makes of the PSKs in a ClientHello.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) session: Session,
    /// Its place among the identities.
    pub(crate) place: u16,
    /// Without (EC)DHE.
    pub(crate) alone: bool,
    /// The suite chosen is the one tied to it.
    pub(crate) same_suite: bool,
}

impl Peer {
    /// PSKs that our hello offers, in order: the session's ticket, then those agreed on beforehand.
    fn offered_psks(&self) -> impl Iterator<Item = &Session> {
        self.config.session.iter().chain(&self.config.psks).filter(|session| session.version == 0x0304)
    }

    /// The OfferedPsks; the binders are filled in later. `None`: there is nothing to offer.
    pub(crate) fn honest_psks(&self) -> Option<Plain> {
        let identity = |session: &Session| {
            let age = if session.external { 0 } else { session.age_add };
            Plain::map([
                ("identity", Plain::Bytes(session.ticket.clone())),
                ("obfuscated_ticket_age", Plain::Number(u64::from(age))),
            ])
        };
        let identities: Vec<Plain> = self.offered_psks().map(identity).collect();
        let binders = self.offered_psks().map(|session| Plain::Bytes(vec![0; session.digest.len()])).collect();
        (!identities.is_empty())
            .then(|| Plain::map([("identities", Plain::List(identities)), ("binders", Plain::List(binders))]))
    }

    /// The PSK at a place of the hello as it was sent: by its identity, or else by its place among ours.
    pub(crate) fn psk_at(&self, identities: &[(Vec<u8>, u32)], place: usize) -> Option<Session> {
        let by_name = identities
            .get(place)
            .and_then(|(identity, _)| self.offered_psks().find(|session| session.ticket == *identity));
        by_name.or_else(|| self.offered_psks().nth(place)).cloned()
    }

    /// A PSK for another hash than that of the suite in the HelloRetryRequest cannot be chosen any more.
    /// [RFC 9846, 4.2.2]
    pub(crate) fn drop_unfit_psks(&self, hello: &mut Node, context: &Context) {
        let identities = ClientHelloView::of(hello).identities;
        let digest = self.digest();
        let unfit = |place: &usize| self.psk_at(&identities, *place).is_some_and(|session| session.digest != digest);
        let places: Vec<usize> = (0..identities.len()).filter(unfit).collect();
        // A first hello that was spoiled here has nothing to be changed.
        let mut remove = |field: &str| drop(Grammar::tls().edit(hello, &Edit::Remove(path(field)), context));
        if !places.is_empty() && places.len() == identities.len() {
            return remove("extensions.pre_shared_key");
        }
        for place in places.into_iter().rev() {
            remove(&format!("extensions.pre_shared_key.identities[{place}]"));
            remove(&format!("{BINDERS}[{place}]"));
        }
    }

    /// Each binder over the hello as it will be sent: changes that act on the binders, or on the bytes around them,
    /// are made on a copy, to see what will stand ahead of the binders.
    ///
    /// # Errors
    /// An input of `compute` that makes no sense, in words.
    pub(crate) fn fill_binders(&mut self, tree: &mut Node, change: &Change, context: &Context) -> Result<(), String> {
        if tree.at(&LIST).is_none() || self.offered_psks().next().is_none() {
            return Ok(());
        }
        let mut copy = tree.clone();
        let lengths = mark(&mut copy);
        for late in change.edits.iter().filter(|edit| is_late(edit, &[BINDERS])) {
            // What cannot be done is said when it is done to the hello itself.
            let _ = Grammar::tls().edit(&mut copy, late, context);
        }
        let bytes = copy.encode();
        let start = match copy.at(&LIST) {
            Some(list) => list.span.start,
            None => marked(&bytes, &lengths).unwrap_or(bytes.len()),
        };
        let truncated = &bytes[..start];
        let identities = ClientHelloView::of(tree).identities;
        let binders: Result<Vec<Option<Vec<u8>>>, String> = (0..lengths.len())
            .map(|place| {
                let session = self.psk_at(&identities, place);
                session.map(|session| self.binder_by(&session, truncated, change)).transpose()
            })
            .collect();
        let binders = binders?;
        if let Some(Node { value: Value::List(list), .. }) = tree.at_mut(&LIST) {
            for (node, binder) in list.iter_mut().zip(binders) {
                if let Some(binder) = binder {
                    put_leaf(node, binder);
                }
            }
        }
        Ok(())
    }

    /// A binder by the inputs of `compute`, where there are any.
    fn binder_by(&self, session: &Session, truncated: &[u8], change: &Change) -> Result<Vec<u8>, String> {
        const FIELD: &str = "binders";
        if let Some(value) = change.input_bytes(FIELD, "value")? {
            return Ok(value);
        }
        if !change.compute.iter().any(|(field, _)| field == FIELD) {
            return Ok(self.binder(session, truncated));
        }
        let digest = change.input(FIELD, "hash").map_or(Ok(session.digest), digest_by_name)?;
        let psk = change.input_bytes(FIELD, "psk")?.unwrap_or_else(|| session.secret.clone());
        let early = schedule13::early_secret(digest, &psk);
        let honest: &[u8] = if session.external { b"ext binder" } else { b"res binder" };
        let label = change.input_text(FIELD, "label").unwrap_or_else(|| honest.to_vec());
        let key = schedule13::derive_secret(digest, &early, &label, &digest.hash(b""));
        let hash = match change.input_bytes(FIELD, "transcript")? {
            Some(transcript) => digest.hash(&transcript),
            None => self.hash.with(digest, truncated),
        };
        Ok(schedule13::verify_data(digest, &key, &hash))
    }

    /// A binder over the hello up to the list of binders, behind what came before it.
    fn binder(&self, session: &Session, truncated: &[u8]) -> Vec<u8> {
        let digest = session.digest;
        let early = schedule13::early_secret(digest, &session.secret);
        let label: &[u8] = if session.external { b"ext binder" } else { b"res binder" };
        let key = schedule13::derive_secret(digest, &early, label, &digest.hash(b""));
        schedule13::verify_data(digest, &key, &self.hash.with(digest, truncated))
    }

    // ---- as server -------------------------------------------------------------------------------

    /// The first PSK of a hello that is known and fits the suite. Its binder is remarked on if it is wrong.
    pub(crate) fn take_psk(&mut self, message: &[u8], node: &Node, hello: &ClientHelloView) -> Option<Taken> {
        self.remark_on_unfit_binders(message, node, hello);
        let alone = match (hello.psk_modes.contains(&1), hello.psk_modes.contains(&0)) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => return None,
        };
        if self.config.resumption == Resumption::Never {
            return None;
        }
        let (place, session) = hello.identities.iter().enumerate().find_map(|(place, (identity, _))| {
            let known = self.known_psk(identity)?;
            self.hs.suite.is_some_and(|suite| suite.prf == known.digest).then_some((place, known))
        })?;
        let start = node.at(&LIST).map_or(message.len(), |list| list.span.start);
        let right = self.binder(&session, message.get(..start).unwrap_or(message));
        let binders = node.at(&LIST).map(Node::children).unwrap_or_default();
        if binders.get(place).map(Node::content) != Some(right) {
            self.remark("decrypt_error", format!("the binder of identity {place} is wrong"));
        }
        let same_suite = session.cipher_suite == self.hs.suite_id;
        let session = Session { cipher_suite: self.hs.suite_id, ..session };
        Some(Taken { session, place: place as u16, alone, same_suite })
    }

    /// Binders of known PSKs that the suite of our HelloRetryRequest does not fit: their hash is still the PSK's, over a
    /// hash of the first hello by the suite's. [RFC 9846, 4.3.11.2]
    fn remark_on_unfit_binders(&mut self, message: &[u8], node: &Node, hello: &ClientHelloView) {
        let suite = self.hs.retry.as_ref().and_then(|retry| CipherSuite(retry.cipher_suite).info());
        let (Some(suite), Some(list)) = (suite, node.at(&LIST)) else { return };
        let truncated = message.get(..list.span.start).unwrap_or(message);
        for (place, ((identity, _), binder)) in hello.identities.iter().zip(list.children()).enumerate() {
            let known = self.known_psk(identity).filter(|known| known.digest != suite.prf);
            if known.is_some_and(|known| self.binder(&known, truncated) != binder.content()) {
                self.remark("decrypt_error", format!("the binder of identity {place} is wrong"));
            }
        }
    }

    pub(crate) fn known_psk(&self, identity: &[u8]) -> Option<Session> {
        let external = self.config.psks.iter().find(|session| session.ticket == identity).cloned();
        external.or_else(|| self.known_ticket(identity).filter(|session| session.version == 0x0304))
    }
}

/// A session for a PSK that was agreed on beforehand. [RFC 9846, 4.3.11]
pub fn external_psk(identity: Vec<u8>, key: Vec<u8>, cipher_suite: u16) -> Session {
    Session {
        version: 0x0304,
        cipher_suite,
        digest: CipherSuite(cipher_suite).info().map_or(gauntlet_crypto::Digest::Sha256, |suite| suite.prf),
        secret: key,
        ticket: identity,
        session_id: Vec::new(),
        age_add: 0,
        lifetime: 0,
        max_early_data: u32::MAX,
        extended_master_secret: false,
        external: true,
    }
}

/// Puts bytes into the binders by which they are found again, and tells how long they are.
fn mark(hello: &mut Node) -> Vec<usize> {
    let Some(Node { value: Value::List(list), .. }) = hello.at_mut(&LIST) else { return Vec::new() };
    let marks = list.iter_mut().enumerate().map(|(place, node)| {
        let length = node.content().len();
        put_leaf(node, marker(place, length));
        length
    });
    marks.collect()
}

fn marker(place: usize, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 37 + place * 101 + 0xb1) as u8).collect()
}

/// Where the list of binders begins, by the first mark that is still whole.
fn marked(bytes: &[u8], lengths: &[usize]) -> Option<usize> {
    let mut ahead = 2;
    for (place, length) in lengths.iter().enumerate() {
        ahead += 1;
        let found = bytes.windows((*length).max(1)).rposition(|window| window == marker(place, *length));
        if let Some(start) = found.and_then(|at| at.checked_sub(ahead)) {
            return Some(start);
        }
        ahead += length;
    }
    None
}
