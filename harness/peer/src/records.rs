//! The record layer, both ways: cutting, protecting, opening, with every part alterable.

use crate::change::{RecordChange, plain_bytes, plain_number};
use gauntlet_crypto::{Alter, Overrides, Protection, Rng};
use gauntlet_model::KeysOf;
use gauntlet_model::case::Sequence;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// One direction's keys for a while.
pub(crate) struct Epoch {
    /// `none`, `early`, `handshake`, `application`.
    pub(crate) name: Cow<'static, str>,
    /// `None`: not protected.
    pub(crate) protection: Option<Protection>,
    /// Next sequence number.
    pub(crate) sequence: u64,
    /// TLS 1.3 layout of protected records.
    pub(crate) tls13: bool,
    /// Traffic secret, TLS 1.3.
    pub(crate) secret: Vec<u8>,
}

impl Epoch {
    pub(crate) fn plain() -> Epoch {
        Epoch { name: Cow::Borrowed("none"), protection: None, sequence: 0, tls13: false, secret: Vec::new() }
    }
}

/// A record as it came.
pub(crate) struct RawRecord {
    pub(crate) outer: u8,
    pub(crate) version: u16,
    pub(crate) fragment: Vec<u8>,
}

impl RawRecord {
    /// As it came, with its header.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (version, length) = (self.version.to_be_bytes(), (self.fragment.len() as u16).to_be_bytes());
        [&[self.outer], &version[..], &length, &self.fragment].concat()
    }
}

/// A record, opened as far as possible.
pub(crate) struct Opened {
    pub(crate) content_type: u8,
    pub(crate) content: Vec<u8>,
    pub(crate) padding: usize,
    pub(crate) verified: bool,
    pub(crate) keys: Cow<'static, str>,
    pub(crate) sequence: u64,
}

/// What the target sends: bytes in, records out.
pub(crate) struct Inbound {
    buffer: Vec<u8>,
    start: usize,
    pub(crate) epochs: Vec<Epoch>,
    pub(crate) current: usize,
    /// Content of handshake records that is no whole message yet.
    pub(crate) handshake: Vec<u8>,
    /// Early data was refused: what does not open is passed over until something does.
    pub(crate) skipping: bool,
    /// Keys of that early data, where they are known: a client that has no others yet may have an alert under them.
    pub(crate) refused: Option<Epoch>,
}

impl Inbound {
    pub(crate) fn new() -> Inbound {
        Inbound {
            buffer: Vec::new(),
            start: 0,
            epochs: vec![Epoch::plain()],
            current: 0,
            handshake: Vec::new(),
            skipping: false,
            refused: None,
        }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that are no whole record yet.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// The next whole record.
    pub(crate) fn next(&mut self) -> Option<RawRecord> {
        let bytes = &self.buffer[self.start..];
        let length = usize::from(u16::from_be_bytes([*bytes.get(3)?, *bytes.get(4)?]));
        let fragment = bytes.get(5..5 + length)?.to_vec();
        let record = RawRecord { outer: bytes[0], version: u16::from_be_bytes([bytes[1], bytes[2]]), fragment };
        self.start += 5 + length;
        Some(record)
    }

    /// Further keys, in force from now on.
    pub(crate) fn switch(&mut self, epoch: Epoch) {
        self.epochs.push(epoch);
        self.current = self.epochs.len() - 1;
    }

    /// Whether a record is refused early data: protected, but not under the keys in force.
    pub(crate) fn skips(&mut self, record: &RawRecord) -> bool {
        if !self.skipping || record.outer != 23 {
            return false;
        }
        let epoch = &mut self.epochs[self.current];
        let sequence = epoch.sequence;
        let Some(protection) = &mut epoch.protection else { return true };
        self.skipping = protection.open(sequence, record.outer, record.version, &record.fragment).is_err();
        self.skipping
    }

    /// An alert among refused early data.
    pub(crate) fn refused_alert(&mut self, record: &RawRecord) -> Option<Opened> {
        let epoch = self.refused.as_mut()?;
        let protection = epoch.protection.as_mut()?;
        let plaintext = protection.open(epoch.sequence, record.outer, record.version, &record.fragment).ok()?;
        let opened = inner(plaintext, true, record.outer, true, epoch.name.clone(), epoch.sequence);
        epoch.sequence += 1;
        (opened.content_type == 21).then_some(opened)
    }

    /// Opens a record under the keys in force. `pushover`: under any keys, and at last unverified.
    pub(crate) fn open(&mut self, record: &RawRecord, pushover: bool) -> Opened {
        if let Some(opened) = self.open_with(self.current, record) {
            return opened;
        }
        if pushover {
            for place in (0..self.epochs.len()).rev() {
                if place != self.current
                    && let Some(opened) = self.open_with(place, record)
                    && self.epochs[place].protection.is_some()
                {
                    return opened;
                }
            }
        }
        self.open_unverified(record)
    }

    fn open_with(&mut self, place: usize, record: &RawRecord) -> Option<Opened> {
        let epoch = &mut self.epochs[place];
        let keys = epoch.name.clone();
        let sequence = epoch.sequence;
        let plain = |keys| Opened {
            content_type: record.outer,
            content: record.fragment.clone(),
            padding: 0,
            verified: true,
            keys,
            sequence,
        };
        let Some(protection) = &mut epoch.protection else {
            epoch.sequence += 1;
            return Some(plain(keys));
        };
        // Compatibility ChangeCipherSpec, and alerts of a target that has no keys yet, come unprotected.
        if epoch.tls13 && (record.outer == 20 || (record.outer == 21 && record.fragment.len() == 2)) {
            return Some(plain(Cow::Borrowed("none")));
        }
        let plaintext = protection.open(sequence, record.outer, record.version, &record.fragment).ok()?;
        epoch.sequence += 1;
        Some(inner(plaintext, epoch.tls13, record.outer, true, keys, sequence))
    }

    fn open_unverified(&mut self, record: &RawRecord) -> Opened {
        let epoch = &mut self.epochs[self.current];
        let (keys, sequence) = (epoch.name.clone(), epoch.sequence);
        let plaintext = match &mut epoch.protection {
            Some(protection) => {
                protection.open_unverified(sequence, record.outer, record.version, &record.fragment).plaintext
            }
            None => record.fragment.clone(),
        };
        epoch.sequence += 1;
        inner(plaintext, epoch.tls13, record.outer, false, keys, sequence)
    }
}

/// Takes a TLSInnerPlaintext apart [RFC 9846, 5.4].
fn inner(
    mut plaintext: Vec<u8>,
    tls13: bool,
    outer: u8,
    verified: bool,
    keys: Cow<'static, str>,
    sequence: u64,
) -> Opened {
    if !tls13 {
        return Opened { content_type: outer, content: plaintext, padding: 0, verified, keys, sequence };
    }
    let end = plaintext.iter().rposition(|byte| *byte != 0);
    let padding = plaintext.len() - end.map_or(0, |end| end + 1);
    let content_type = end.map_or(0, |end| plaintext[end]);
    plaintext.truncate(end.unwrap_or(0));
    Opened { content_type, content: plaintext, padding, verified, keys, sequence }
}

/// What we send.
pub(crate) struct Outbound {
    pub(crate) epochs: Vec<Epoch>,
    pub(crate) current: usize,
    /// Version in record headers.
    pub(crate) version: u16,
}

/// A record that was made.
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    pub(crate) outer: u8,
    pub(crate) version: u16,
    pub(crate) length: usize,
    pub(crate) keys: Cow<'static, str>,
    pub(crate) sequence: u64,
    pub(crate) content_type: u8,
    pub(crate) content: Vec<u8>,
    pub(crate) padding: usize,
}

impl Outbound {
    pub(crate) fn new() -> Outbound {
        Outbound { epochs: vec![Epoch::plain()], current: 0, version: 0x0301 }
    }

    pub(crate) fn switch(&mut self, epoch: Epoch) {
        self.epochs.push(epoch);
        self.current = self.epochs.len() - 1;
    }

    /// Place of the epoch that `keys` means; `None` if there is none such.
    fn place(&self, keys: Option<KeysOf>) -> Option<usize> {
        let named = |name: &str| self.epochs.iter().position(|epoch| epoch.name == name);
        match keys {
            None => Some(self.current),
            Some(KeysOf::None) => Some(0),
            Some(KeysOf::Early) => named("early"),
            Some(KeysOf::Handshake) => named("handshake"),
            Some(KeysOf::Application) => named("application"),
            Some(KeysOf::Previous) => self.current.checked_sub(1),
            // `next` and `target` are made by the peer, which puts them last under those names.
            Some(KeysOf::Next) => named("next"),
            Some(KeysOf::Target) => named("target"),
        }
    }

    /// Makes one record around some content.
    pub(crate) fn make(
        &mut self,
        content_type: u8,
        content: &[u8],
        change: Option<&RecordChange>,
        rng: &mut Rng,
    ) -> Result<Made, String> {
        let none = RecordChange::default();
        let change = change.unwrap_or(&none);
        let place = self.place(change.keys).ok_or_else(|| format!("there are no {:?} keys yet", change.keys))?;
        let given = change.get("legacy_record_version");
        let header_version =
            given.map_or(Ok(u64::from(self.version)), |value| plain_number(value, "ProtocolVersion"))?;
        let content_type = match change.get("type") {
            Some(value) => plain_number(value, "ContentType")?,
            None => u64::from(content_type),
        };
        let content_type = change.mutate_number("type", content_type, 1)? as u8;
        let mut content = match change.get("content") {
            Some(value) => plain_bytes(value)?,
            None => content.to_vec(),
        };
        change.mutate("content", &mut content)?;
        let epoch = &mut self.epochs[place];
        // In TLS 1.3 ChangeCipherSpec is never protected [RFC 9846, 5].
        let bare = epoch.tls13 && content_type == 20 && change.keys.is_none();
        let sequence = change.sequence(epoch.sequence);
        let mut padding = 0;
        let mut version = header_version as u16;
        let (mut outer, mut fragment, keys) = match &mut epoch.protection {
            Some(protection) if !bare => {
                let mut plaintext = content.clone();
                let mut outer = content_type;
                if epoch.tls13 {
                    plaintext.push(content_type);
                    let mut zeros = change.zeros(plaintext.len())?.unwrap_or_default();
                    change.mutate("zeros", &mut zeros)?;
                    padding = zeros.len();
                    plaintext.extend_from_slice(&zeros);
                    outer = 23;
                }
                if let Some(value) = change.get("plaintext") {
                    plaintext = plain_bytes(value)?;
                }
                change.mutate("plaintext", &mut plaintext)?;
                if epoch.tls13 && change.get("legacy_record_version").is_none() {
                    version = 0x0303;
                }
                let (overrides, fate) = overrides(change, epoch.tls13)?;
                fate.note("plaintext", Ok(()));
                if epoch.tls13 {
                    fate.note("zeros", Ok(()));
                }
                let sealed = protection
                    .seal(sequence, outer, version, &plaintext, &overrides, rng)
                    .map_err(|error| error.to_string())?;
                fate.check(change)?;
                if change.sequence.is_none() {
                    epoch.sequence += 1;
                }
                (outer, sealed, epoch.name.clone())
            }
            _ => {
                if change.sequence.is_none() && !bare {
                    epoch.sequence += 1;
                }
                Fate::default().check(change)?;
                (content_type, content.clone(), Cow::Borrowed("none"))
            }
        };
        if let Some(value) = change.get("opaque_type") {
            outer = plain_number(value, "ContentType")? as u8;
        }
        outer = change.mutate_number("opaque_type", u64::from(outer), 1)? as u8;
        version = change.mutate_number("legacy_record_version", u64::from(version), 2)? as u16;
        if let Some(value) = change.get("fragment") {
            fragment = plain_bytes(value)?;
        }
        change.mutate("fragment", &mut fragment)?;
        let mut length = fragment.len() as u64;
        if let Some(value) = change.get("length") {
            length = plain_number(value, "")?;
        }
        if let Some(by) = change.length_by {
            length = length.wrapping_add_signed(by);
        }
        length = change.mutate_number("length", length, 2)?;
        let mut bytes = vec![outer, (version >> 8) as u8, version as u8, (length >> 8) as u8, length as u8];
        bytes.extend_from_slice(&fragment);
        change.mutate("", &mut bytes)?;
        Ok(Made { length: fragment.len(), bytes, outer, version, keys, sequence, content_type, content, padding })
    }
}

/// What became of the changes of parts that only the protection knows.
#[derive(Clone, Default)]
struct Fate(Arc<Mutex<(BTreeSet<String>, Option<String>)>>);

impl Fate {
    fn note(&self, part: &str, result: Result<(), String>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.insert(part.to_owned());
        state.1 = state.1.take().or(result.err());
    }

    /// Whether all changes could be made.
    fn check(&self, change: &RecordChange) -> Result<(), String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = change.mutate.iter().find(|(part, _)| is_protection(part) && !state.0.contains(part));
        match (&state.1, missed) {
            (Some(error), _) => Err(error.clone()),
            (None, Some((part, _))) => Err(format!("a record under these keys has no `{part}`")),
            (None, None) => Ok(()),
        }
    }
}

/// Parts that a record has only under keys.
fn is_protection(part: &str) -> bool {
    matches!(part, "nonce" | "tag" | "iv" | "mac" | "padding" | "padding_length" | "plaintext" | "zeros")
}

fn overrides(change: &RecordChange, tls13: bool) -> Result<(Overrides, Fate), String> {
    let bytes = |name: &str| change.get(name).map(plain_bytes).transpose();
    let nonce = bytes("nonce")?;
    // In TLS 1.2 eight bytes are the explicit part, which goes on the wire.
    let explicit = !tls13 && nonce.as_ref().is_some_and(|nonce| nonce.len() == 8);
    let padding_length = change.get("padding_length").map(|value| plain_number(value, "")).transpose()?;
    let fate = Fate::default();
    let edits = change.mutate.iter().any(|(part, _)| is_protection(part)).then(|| change.clone());
    let alter = edits.map(|change| -> Alter {
        let fate = fate.clone();
        Arc::new(move |part, bytes| fate.note(part, change.mutate(part, bytes)))
    });
    let overrides = Overrides {
        nonce: nonce.clone().filter(|_| !explicit),
        explicit_nonce: nonce.filter(|_| explicit),
        tag: bytes("tag")?,
        iv: bytes("iv")?,
        mac: bytes("mac")?,
        padding: bytes("padding")?,
        padding_length: padding_length.map(|length| length as u8),
        alter,
        ..Overrides::default()
    };
    Ok((overrides, fate))
}

impl RecordChange {
    /// A number of so many bytes in the header, changed.
    fn mutate_number(&self, field: &str, number: u64, width: usize) -> Result<u64, String> {
        if !self.mutate.iter().any(|(name, _)| name == field) {
            return Ok(number);
        }
        let mut bytes = number.to_be_bytes()[8 - width..].to_vec();
        self.mutate(field, &mut bytes)?;
        if bytes.len() != width {
            return Err(format!("a record's `{field}` has {width} byte(s), not {}", bytes.len()));
        }
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn sequence(&self, honest: u64) -> u64 {
        match self.sequence {
            Some(Sequence::By(by)) => honest.wrapping_add_signed(by),
            Some(Sequence::To(to)) => to,
            None => honest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn records_are_cut_out_of_any_pieces() {
        let mut inbound = Inbound::new();
        let bytes = [22, 3, 3, 0, 2, 7, 8, 21, 3, 3, 0, 1, 9];
        for byte in &bytes[..6] {
            inbound.feed(&[*byte]);
            assert!(inbound.next().is_none());
        }
        inbound.feed(&bytes[6..]);
        assert_eq!(inbound.next().unwrap().fragment, [7, 8]);
        assert_eq!(inbound.next().unwrap().outer, 21);
        assert!(inbound.rest().is_empty());
    }

    #[test]
    fn fields_of_a_record_can_be_set() {
        let mut outbound = Outbound::new();
        let change = RecordChange {
            set: vec![
                ("type".to_owned(), gauntlet_wire::Plain::Number(99)),
                ("length".to_owned(), gauntlet_wire::Plain::Number(5)),
                ("legacy_record_version".to_owned(), gauntlet_wire::Plain::Number(0x0300)),
            ],
            ..RecordChange::default()
        };
        let made = outbound.make(22, &[1, 2], Some(&change), &mut Rng::seed_from_u64(0)).unwrap();
        assert_eq!(made.bytes, [99, 3, 0, 0, 5, 1, 2]);
    }

    #[test]
    fn keys_that_do_not_exist_are_an_error() {
        let mut outbound = Outbound::new();
        let change = RecordChange { keys: Some(KeysOf::Handshake), ..RecordChange::default() };
        assert!(outbound.make(22, &[1], Some(&change), &mut Rng::seed_from_u64(0)).is_err());
    }
}
