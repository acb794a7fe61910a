//! What a decoder must know besides the bytes.

use serde::{Deserialize, Serialize};

/// The `given` names of the grammar: what is not in the bytes of a message, yet decides how they read.
///
/// A name that is `None` is not known; what depends on it then stays raw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Context {
    /// The negotiated protocol version, such as 0x0304.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u16>,
    /// The key exchange of the TLS 1.2 suite, a value of the grammar's enum `KeyExchange`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_exchange: Option<u8>,
    /// The negotiated certificate type [RFC 7250]; X.509 is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_type: Option<u8>,
    /// Length of `verify_data` in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_data_length: Option<u8>,
    /// Who sent the message: 1 the client, 2 the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<u8>,
}

impl Context {
    /// Nothing is known, as for the first flight.
    pub fn unknown() -> Context {
        Context::default()
    }

    /// TLS 1.3 with SHA-256 and X.509 certificates.
    pub fn tls13() -> Context {
        Context { version: Some(0x0304), certificate_type: Some(0), verify_data_length: Some(32), ..Context::default() }
    }

    /// The value of a `given` name of the grammar.
    pub(crate) fn value(&self, name: &str) -> Option<u64> {
        match name {
            "version" => self.version.map(u64::from),
            "key_exchange" => self.key_exchange.map(u64::from),
            "certificate_type" => self.certificate_type.map(u64::from),
            "verify_data_length" => self.verify_data_length.map(u64::from),
            "sender" => self.sender.map(u64::from),
            _ => None,
        }
    }
}
