//! What is done to a message or record, with all values worked out.

use gauntlet_model::case::Sequence;
use gauntlet_model::{KeysOf, Remember};
use gauntlet_wire::{ByteEdit, Edit, Grammar, Path, Plain, Segment};

/// Changes of one message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Changes of fields, `set`s first, then `mutate`s in order.
    pub edits: Vec<Edit>,
    /// Changes of the encoded message, in order.
    pub bytes: Vec<ByteEdit>,
    /// Paths of leaves that a `set` gives a value: not computed afterwards.
    pub given: Vec<Path>,
    /// As client: changes of the hello inside an encrypted one.
    pub inner: Option<Box<Change>>,
    /// Inputs of computed fields: field → input → value.
    pub compute: Vec<(String, Vec<(String, Plain)>)>,
    /// Laid out as in this version.
    pub form: Option<u16>,
    /// What our hash and state take from it.
    pub remember: Remember,
    /// The changes in words, for the transcript.
    pub words: Vec<String>,
}

impl Change {
    /// Whether the message stays honest.
    pub fn is_empty(&self) -> bool {
        let own = self.edits.is_empty() && self.bytes.is_empty() && self.compute.is_empty() && self.form.is_none();
        own && self.inner.as_ref().is_none_or(|inner| inner.is_empty())
    }
}

/// Changes of one record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordChange {
    /// Under which keys.
    pub keys: Option<KeysOf>,
    /// Sequence number.
    pub sequence: Option<Sequence>,
    /// Field → value.
    pub set: Vec<(String, Plain)>,
    /// Field (empty: the whole record) → change.
    pub mutate: Vec<(String, ByteEdit)>,
    /// The length in the header lies by that much.
    pub length_by: Option<i64>,
    /// Padding up to this much plaintext.
    pub zeros_up_to: Option<usize>,
}

impl RecordChange {
    pub(crate) fn get(&self, field: &str) -> Option<&Plain> {
        self.set.iter().rev().find(|(name, _)| name == field).map(|(_, value)| value)
    }

    pub(crate) fn mutate(&self, field: &str, bytes: &mut Vec<u8>) -> Result<(), String> {
        for (name, edit) in &self.mutate {
            if name == field {
                edit.apply(bytes).map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    /// The zeros behind a plaintext of that length.
    pub(crate) fn zeros(&self, length: usize) -> Result<Option<Vec<u8>>, String> {
        if let Some(up_to) = self.zeros_up_to {
            return Ok(Some(vec![0; up_to.saturating_sub(length)]));
        }
        self.get("zeros").map(plain_bytes).transpose()
    }
}

/// Bytes of a value: bytes, hex text, or a number as one byte.
pub fn plain_bytes(value: &Plain) -> Result<Vec<u8>, String> {
    match value {
        Plain::Bytes(bytes) => Ok(bytes.clone()),
        Plain::Number(number) if *number < 256 => Ok(vec![*number as u8]),
        Plain::Name(text) => {
            let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            hex::decode(&digits).map_err(|_| format!("expected bytes as hex, got `{text}`"))
        }
        Plain::List(items) => {
            let parts: Result<Vec<Vec<u8>>, String> = items.iter().map(plain_bytes).collect();
            Ok(parts?.concat())
        }
        Plain::Map(_) => Err("expected bytes, got fields".to_owned()),
        Plain::Number(number) => Err(format!("expected bytes, got the number {number}")),
    }
}

/// Number of a value: a number, a name of the enum, or its text.
pub fn plain_number(value: &Plain, enum_name: &str) -> Result<u64, String> {
    match value {
        Plain::Number(number) => Ok(*number),
        Plain::Name(text) => {
            let by_name = if enum_name.is_empty() { None } else { Grammar::tls().number(enum_name, text) };
            let parsed = text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |h| u64::from_str_radix(h, 16).ok());
            by_name.or(parsed).ok_or_else(|| format!("expected a number, got `{text}`"))
        }
        Plain::Bytes(bytes) if bytes.len() <= 8 => {
            Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        }
        other => Err(format!("expected a number, got {other:?}")),
    }
}

/// Whether an edit has to wait until a computed field has its value: it acts on that field, or on the bytes around it.
pub(crate) fn is_late(edit: &Edit, computed: &[&str]) -> bool {
    let names = |path: &Path| -> Vec<String> {
        path.segments
            .iter()
            .filter_map(|segment| match segment {
                Segment::Name(name) => Some(name.clone()),
                _ => None,
            })
            .collect()
    };
    let at = names(edit.path());
    computed.iter().any(|field| {
        let field: Vec<&str> = field.split('.').collect();
        let inside = at.len() >= field.len() && field.iter().zip(&at).all(|(f, a)| f == a);
        let around = at.len() < field.len() && at.iter().zip(&field).all(|(a, f)| a == f);
        let body = at.first().is_some_and(|first| first == "body");
        inside || ((around || body) && matches!(edit, Edit::Bytes(..) | Edit::LengthBy(..) | Edit::LengthTo(..)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_values() {
        assert_eq!(plain_bytes(&Plain::Name("16 0301".to_owned())), Ok(vec![0x16, 3, 1]));
        assert!(plain_bytes(&Plain::Name("xyz".to_owned())).is_err());
        assert_eq!(plain_number(&Plain::Name("0x1F".to_owned()), ""), Ok(31));
    }

    #[test]
    fn edits_on_computed_fields_and_on_bytes_around_them_wait() {
        let path = |text: &str| Path::parse(text).unwrap();
        let computed = ["extensions.key_share.client_shares.key_exchange"];
        let set = |text: &str| Edit::Set(path(text), Plain::Number(0));
        assert!(is_late(&set("extensions.key_share.client_shares[0].key_exchange"), &computed));
        assert!(!is_late(&set("extensions.key_share.client_shares"), &computed));
        assert!(!is_late(&set("cipher_suites"), &computed));
        let cut = Edit::Bytes(path("extensions"), ByteEdit::Truncate { to: -1 });
        assert!(is_late(&cut, &computed));
    }
}
