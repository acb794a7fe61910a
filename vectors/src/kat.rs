//! Known-answer vectors (`vectors/kat/`): numbers from RFCs and NIST that cryptography is checked against.
//!
//! ```
//! let trace = gauntlet_vectors::kat::traces().trace("simple_1rtt").expect("RFC 8448, 3");
//! assert_eq!(trace.records[0].bytes[..3], [22, 3, 1]);
//! ```

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer};

/// Bytes, written as hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hex(pub Vec<u8>);

impl Deref for Hex {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hex, D::Error> {
        let digits = String::deserialize(deserializer)?;
        hex::decode(&digits).map(Hex).map_err(serde::de::Error::custom)
    }
}

/// The handshakes of RFC 8448.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traces {
    /// Where they are from.
    pub source: String,
    /// What of it was computed.
    pub note: String,
    /// PEM of the RSA key that signs in sections 3, 5 and 7.
    pub server_private_key: String,
    /// In the order of the RFC.
    pub traces: Vec<Trace>,
}

/// One handshake.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// `simple_1rtt`, `resumed_0rtt`, `hello_retry_request`, `client_authentication`, `compatibility_mode`.
    pub name: String,
    /// Section of RFC 8448.
    pub section: String,
    /// Title in our words.
    pub title: String,
    /// Code point.
    pub suite: u16,
    /// Key shares; the first two are those that the secret comes from.
    pub keys: Vec<TraceKey>,
    /// The PSK, if one is used.
    #[serde(default)]
    pub psk: Hex,
    /// Intermediate secrets by name, such as `client_handshake_traffic`; none for sections 5 to 7.
    pub secrets: BTreeMap<String, Hex>,
    /// Key and IV by the name of the secret.
    pub traffic_keys: BTreeMap<String, TrafficKey>,
    /// Nonce of the ticket in the trace.
    #[serde(default)]
    pub ticket_nonce: Hex,
    /// The PSK that the ticket stands for.
    #[serde(default)]
    pub resumption_psk: Hex,
    /// `verify_data` of `client` and `server`, where copied from the RFC.
    pub verify_data: BTreeMap<String, Hex>,
    /// All records of both sides, in the order in which they can be processed.
    pub records: Vec<TraceRecord>,
}

/// A key share with its private half.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceKey {
    /// `client` or `server`.
    pub side: String,
    /// Code point of the group.
    pub group: u16,
    /// Private key.
    pub private: Hex,
    /// As in the hello.
    pub public: Hex,
}

/// Record keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrafficKey {
    /// Cipher key.
    pub key: Hex,
    /// Static IV.
    pub iv: Hex,
}

/// A record, and what is in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceRecord {
    /// `client` or `server`.
    pub from: String,
    /// `clear`, `early`, `handshake` or `application`.
    pub epoch: String,
    /// With its header.
    #[serde(rename = "record")]
    pub bytes: Hex,
    /// Handshake messages in it, with their headers.
    #[serde(default)]
    pub messages: Vec<Hex>,
    /// Type of protected content that is no handshake message.
    #[serde(default)]
    pub content_type: u8,
    /// Protected content that is no handshake message.
    #[serde(default)]
    pub content: Hex,
}

/// Vectors of single algorithms.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields carry the names of the algorithms' inputs and outputs")]
pub struct Primitives {
    /// How the file is written.
    pub note: String,
    pub hmac: Vec<HmacVector>,
    pub hkdf: Vec<HkdfVector>,
    pub prf: Vec<PrfVector>,
    pub groups: Vec<GroupVector>,
    pub aead: Vec<AeadVector>,
    pub cipher: Vec<CipherVector>,
    pub edwards: Vec<EdwardsVector>,
    pub ecdsa: Vec<EcdsaVector>,
    pub ffdhe: Vec<FfdheVector>,
    pub ml_kem: Vec<MlKemVector>,
}

/// HMAC.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct HmacVector {
    pub source: String,
    pub digest: String,
    pub key: Hex,
    pub data: Hex,
    pub mac: Hex,
}

/// HKDF.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct HkdfVector {
    pub source: String,
    pub digest: String,
    pub ikm: Hex,
    pub salt: Hex,
    pub info: Hex,
    pub prk: Hex,
    pub okm: Hex,
}

/// The PRFs of TLS 1.0 to 1.2.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct PrfVector {
    pub source: String,
    pub version: u16,
    pub digest: String,
    pub secret: Hex,
    pub label: String,
    pub seed: Hex,
    pub output: Hex,
}

/// Diffie-Hellman on a curve.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct GroupVector {
    pub source: String,
    pub group: u16,
    pub private: Hex,
    pub public: Hex,
    pub other_private: Hex,
    pub other_public: Hex,
    pub shared: Hex,
}

/// An AEAD.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct AeadVector {
    pub source: String,
    pub bulk: String,
    pub key: Hex,
    pub nonce: Hex,
    pub additional_data: Hex,
    pub plaintext: Hex,
    pub ciphertext: Hex,
    pub tag: Hex,
}

/// A block cipher in CBC mode, or a stream cipher, without padding.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct CipherVector {
    pub source: String,
    pub bulk: String,
    pub key: Hex,
    pub iv: Hex,
    pub plaintext: Hex,
    pub ciphertext: Hex,
}

/// Ed25519 and Ed448.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct EdwardsVector {
    pub source: String,
    pub kind: String,
    pub private: Hex,
    pub public: Hex,
    pub message: Hex,
    pub signature: Hex,
}

/// ECDSA with a known nonce `k`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct EcdsaVector {
    pub source: String,
    pub kind: String,
    pub digest: String,
    pub private: Hex,
    pub message: Hex,
    pub k: Hex,
    pub r: Hex,
    pub s: Hex,
}

/// A prime of RFC 7919.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct FfdheVector {
    pub source: String,
    pub group: u16,
    pub name: String,
    pub prime: Hex,
}

/// Many rounds of ML-KEM, hashed together.
///
/// SHAKE128 of nothing gives, round by round, the seed (d, z), the encapsulator's 32 bytes, and a ciphertext at
/// random. Encapsulation key, ciphertext, shared secret, and the secret of the random ciphertext go into a second
/// SHAKE128, whose first 32 bytes are `hash`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct MlKemVector {
    pub source: String,
    pub size: u16,
    pub rounds: usize,
    pub hash: Hex,
}

/// Vectors of HPKE, base mode. [RFC 9180]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hpke {
    /// How the file is written.
    pub note: String,
    /// One for each suite.
    pub vectors: Vec<HpkeVector>,
}

/// HPKE with one suite.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields carry the names of the algorithms' inputs and outputs")]
pub struct HpkeVector {
    pub source: String,
    pub kem: u16,
    pub kdf: u16,
    pub aead: u16,
    pub info: Hex,
    /// The sender's private key.
    pub ephemeral: Hex,
    /// The recipient's keys.
    pub public: Hex,
    pub private: Hex,
    pub enc: Hex,
    pub shared_secret: Hex,
    pub key: Hex,
    pub base_nonce: Hex,
    pub exporter_secret: Hex,
    pub plaintext: Hex,
    /// By sequence number, with `Count-0`, `Count-1` as associated data.
    pub ciphertexts: Vec<Hex>,
    /// 32 bytes for an empty context.
    pub exported: Hex,
}

/// HPKE, read once.
pub fn hpke() -> &'static Hpke {
    static READ: OnceLock<Hpke> = OnceLock::new();
    READ.get_or_init(|| read(include_str!("../kat/hpke.json")))
}

/// Answers that nobody publishes, made by `vectors/kat/derive.py`, which shares no code with what is tested.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields carry the names of the algorithms' inputs and outputs")]
pub struct Derived {
    /// How they were made.
    pub note: String,
    pub derivations: Vec<DerivationVector>,
    pub exporters: Vec<ExporterVector>,
    pub premasters: Vec<PremasterVector>,
    pub records: Vec<RecordVector>,
    pub fields: Vec<FieldVector>,
    pub hybrids: Vec<HybridVector>,
}

/// Everything that follows from a premaster secret in SSL 3.0 to TLS 1.2.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct DerivationVector {
    pub version: u16,
    pub digest: String,
    pub premaster: Hex,
    pub client_random: Hex,
    pub server_random: Hex,
    pub messages: Hex,
    pub master_secret: Hex,
    pub key_block: Hex,
    pub client_verify_data: Hex,
    pub server_verify_data: Hex,
    /// SSL 3.0 alone: what CertificateVerify signs.
    #[serde(default)]
    pub signed_hash: Hex,
    /// All but SSL 3.0, as the rest.
    #[serde(default)]
    pub extended_master_secret: Hex,
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub context: Hex,
    #[serde(default)]
    pub exported: Hex,
    #[serde(default)]
    pub exported_with_context: Hex,
}

/// The exporter of TLS 1.3.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct ExporterVector {
    pub digest: String,
    pub exporter_secret: Hex,
    pub label: String,
    pub context: Hex,
    pub exported: Hex,
    pub exported_with_context: Hex,
}

/// The premaster secret of a key exchange with a pre-shared key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct PremasterVector {
    pub kind: String,
    pub other: Hex,
    pub psk: Hex,
    pub premaster: Hex,
}

/// One protected record. `iv` is of the key block, `explicit` what is drawn or counted and goes on the wire.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct RecordVector {
    pub version: u16,
    pub bulk: String,
    /// Empty: none.
    pub mac: String,
    pub encrypt_then_mac: bool,
    pub key: Hex,
    pub iv: Hex,
    pub mac_key: Hex,
    pub explicit: Hex,
    pub sequence: u64,
    #[serde(rename = "type")]
    pub content_type: u8,
    pub plaintext: Hex,
    pub fragment: Hex,
}

/// Diffie-Hellman in a group of RFC 7919.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct FieldVector {
    pub group: u16,
    pub private: Hex,
    pub public: Hex,
    pub other_public: Hex,
    /// As TLS 1.3 takes it.
    pub shared: Hex,
    /// As TLS 1.2 takes it: without leading zeros.
    pub premaster: Hex,
}

/// A hybrid of a curve and ML-KEM: `public` is the client's share, `other_public` the server's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as above")]
pub struct HybridVector {
    pub group: u16,
    pub private: Hex,
    pub public: Hex,
    pub other_public: Hex,
    pub shared: Hex,
}

/// What was derived, read once.
pub fn derived() -> &'static Derived {
    static READ: OnceLock<Derived> = OnceLock::new();
    READ.get_or_init(|| read(include_str!("../kat/derived.json")))
}

/// RFC 8448, read once.
pub fn traces() -> &'static Traces {
    static READ: OnceLock<Traces> = OnceLock::new();
    READ.get_or_init(|| read(include_str!("../kat/rfc8448.json")))
}

/// Single algorithms, read once.
pub fn primitives() -> &'static Primitives {
    static READ: OnceLock<Primitives> = OnceLock::new();
    READ.get_or_init(|| read(include_str!("../kat/primitives.json")))
}

impl Traces {
    /// A trace by its name.
    pub fn trace(&self, name: &str) -> Option<&Trace> {
        self.traces.iter().find(|trace| trace.name == name)
    }
}

impl Trace {
    /// All handshake messages of the transcript, in order: who sent it, and the message. Without those behind the
    /// client's Finished.
    pub fn handshake(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let records = self.records.iter().filter(|record| record.epoch != "application");
        records.flat_map(|record| record.messages.iter().map(|message| (record.from.as_str(), &message[..])))
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("the vectors are read by the tests")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_read() {
        assert_eq!(traces().traces.len(), 5);
        assert_eq!(primitives().ffdhe.len(), 5);
        assert!(primitives().hmac.iter().all(|vector| !vector.source.is_empty()));
        assert_eq!(hpke().vectors.len(), 7);
    }

    #[test]
    fn records_of_the_traces_are_as_long_as_they_say() {
        for trace in &traces().traces {
            for record in &trace.records {
                let said = u16::from_be_bytes([record.bytes[3], record.bytes[4]]);
                assert_eq!(record.bytes.len(), usize::from(said) + 5, "{}", trace.name);
            }
            let messages: Vec<u8> = trace.handshake().map(|(_, message)| message[0]).collect();
            assert_eq!((messages[0], messages.last()), (1, Some(&20)), "{}", trace.name);
        }
    }
}
