//! Record protection of all versions: one direction, one epoch.

use openssl::cipher_ctx::CipherCtx;
use rand_core::Rng as _;
use std::sync::Arc;

use crate::context::{self, Algorithm};
use crate::digest::HmacKey;
use crate::schedule13::expand_label;
use crate::suite::{Bulk, Mac};
use crate::{CryptoError, Digest, Rng};

/// Key material of one direction.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RecordKeys {
    /// Cipher key.
    pub key: Vec<u8>,
    /// TLS 1.3: the 12 bytes that the sequence number is xored into. AEADs of TLS 1.2: the implicit part.
    /// CBC in TLS 1.0 and SSL 3.0: the first IV.
    pub iv: Vec<u8>,
    /// MAC key; empty for AEADs.
    pub mac_key: Vec<u8>,
}

/// How the records of one direction are protected in one epoch. Sequence numbers are the caller's.
///
/// RC4's state and the IVs that TLS 1.0 chains are kept here, apart for sealing and opening.
pub struct Protection {
    keys: RecordKeys,
    scheme: Scheme,
}

enum Scheme {
    Aead(Aead),
    Cbc(Cbc),
    Stream(Stream),
}

/// The parts of a protected record before they are put together, all of which can be given otherwise.
/// Empty options mean: as an honest sender does it.
#[derive(Clone, Default)]
pub struct Overrides {
    /// AEAD: the full nonce. Where TLS 1.2 sends a part of it, its bytes behind the implicit four are sent.
    pub nonce: Option<Vec<u8>>,
    /// GCM and CCM of TLS 1.2: the part of the nonce on the wire.
    pub explicit_nonce: Option<Vec<u8>>,
    /// AEAD: the associated data.
    pub additional_data: Option<Vec<u8>>,
    /// AEAD: the tag on the wire.
    pub tag: Option<Vec<u8>>,
    /// CBC: the IV.
    pub iv: Option<Vec<u8>>,
    /// CBC and stream: the MAC on the wire.
    pub mac: Option<Vec<u8>>,
    /// CBC: the padding bytes without the length byte.
    pub padding: Option<Vec<u8>>,
    /// CBC: the value of the padding length byte.
    pub padding_length: Option<u8>,
    /// CBC: more blocks of padding than needed (0 to 15 or so).
    pub padding_blocks: Option<u8>,
    /// Changes a part once it has its value, given or honest.
    pub alter: Option<Alter>,
}

/// Changes the bytes of a part, which is named: `nonce` (where TLS 1.2 sends one, what is sent), `tag`, `iv`, `mac`,
/// `padding` or `padding_length`.
pub type Alter = Arc<dyn Fn(&str, &mut Vec<u8>) + Send + Sync>;

impl Overrides {
    /// A part as it will be used.
    fn part(&self, name: &str, mut bytes: Vec<u8>) -> Vec<u8> {
        if let Some(alter) = &self.alter {
            alter(name, &mut bytes);
        }
        bytes
    }
}

/// What a record held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprotected {
    /// For TLS 1.3 the TLSInnerPlaintext with type and zeros; else the fragment.
    pub plaintext: Vec<u8>,
    /// Tag, MAC and padding were right.
    pub verified: bool,
}

impl Protection {
    /// TLS 1.3 [RFC 9846, 5.2]: keys from a traffic secret.
    pub fn tls13(bulk: Bulk, digest: Digest, traffic_secret: &[u8]) -> Result<Protection, CryptoError> {
        let key = expand_label(digest, traffic_secret, b"key", &[], bulk.key_length());
        let iv = expand_label(digest, traffic_secret, b"iv", &[], NONCE_LENGTH);
        Protection::tls13_from_keys(bulk, RecordKeys { key, iv, mac_key: Vec::new() })
    }

    /// TLS 1.3, from keys given directly.
    pub fn tls13_from_keys(bulk: Bulk, keys: RecordKeys) -> Result<Protection, CryptoError> {
        let scheme = Scheme::Aead(Aead::new(bulk, Layout::Tls13, &keys)?);
        Ok(Protection { keys, scheme })
    }

    /// TLS 1.2 and older [RFC 5246, 6.2.3]. `version` decides about IVs and SSL 3.0's MAC; `encrypt_then_mac`
    /// [RFC 7366].
    pub fn tls12(
        version: u16,
        bulk: Bulk,
        mac: Mac,
        encrypt_then_mac: bool,
        keys: RecordKeys,
    ) -> Result<Protection, CryptoError> {
        let scheme = if bulk.is_aead() {
            let layout = if bulk.record_iv_length() > 0 { Layout::ExplicitNonce } else { Layout::XoredNonce };
            Scheme::Aead(Aead::new(bulk, layout, &keys)?)
        } else if bulk.block_length() > 0 {
            let mac = RecordMac::new(version, mac, &keys.mac_key);
            Scheme::Cbc(Cbc::new(version, bulk, mac, encrypt_then_mac, &keys)?)
        } else {
            Scheme::Stream(Stream::new(bulk, RecordMac::new(version, mac, &keys.mac_key), &keys)?)
        };
        Ok(Protection { keys, scheme })
    }

    /// Key and IV.
    pub fn keys(&self) -> &RecordKeys {
        &self.keys
    }

    /// Protects: gives the record's fragment. `header_type` and `header_version` are those of the record's header
    /// (TLS 1.3: 23 and 0x0303); for TLS 1.3 `plaintext` is the TLSInnerPlaintext, whole. The generator
    /// gives explicit IVs of CBC; explicit nonces of TLS 1.2 AEADs are the sequence number.
    pub fn seal(
        &mut self,
        sequence: u64,
        header_type: u8,
        header_version: u16,
        plaintext: &[u8],
        overrides: &Overrides,
        rng: &mut Rng,
    ) -> Result<Vec<u8>, CryptoError> {
        let header = Header { sequence, kind: header_type, version: header_version };
        match &mut self.scheme {
            Scheme::Aead(aead) => aead.seal(&self.keys, header, plaintext, overrides),
            Scheme::Cbc(cbc) => cbc.seal(header, plaintext, overrides, rng),
            Scheme::Stream(stream) => stream.seal(header, plaintext, overrides),
        }
    }

    /// Opens a fragment.
    ///
    /// # Errors
    /// `Verify` if tag, MAC or padding are wrong, `Input` if the fragment is too short.
    pub fn open(
        &mut self,
        sequence: u64,
        header_type: u8,
        header_version: u16,
        fragment: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let header = Header { sequence, kind: header_type, version: header_version };
        let opened = match &mut self.scheme {
            Scheme::Aead(aead) => return aead.open(&self.keys, header, fragment),
            Scheme::Cbc(cbc) => cbc.open(header, fragment)?,
            Scheme::Stream(stream) => stream.open(header, fragment)?,
        };
        opened.fault.map_or(Ok(opened.plaintext), |fault| Err(CryptoError::Verify(fault)))
    }

    /// Opens a fragment whether or not it verifies (AEADs: bare counter mode). Empty plaintext where it is too short.
    pub fn open_unverified(
        &mut self,
        sequence: u64,
        header_type: u8,
        header_version: u16,
        fragment: &[u8],
    ) -> Unprotected {
        let header = Header { sequence, kind: header_type, version: header_version };
        let opened = match &mut self.scheme {
            Scheme::Aead(aead) => match aead.open(&self.keys, header, fragment) {
                Ok(plaintext) => return Unprotected { plaintext, verified: true },
                Err(_) => aead.open_bare(&self.keys, header, fragment).map(Opened::wrong),
            },
            Scheme::Cbc(cbc) => cbc.open(header, fragment),
            Scheme::Stream(stream) => stream.open(header, fragment),
        };
        let opened = opened.unwrap_or_else(|_| Opened::wrong(Vec::new()));
        Unprotected { plaintext: opened.plaintext, verified: opened.fault.is_none() }
    }

    /// Length of an AEAD's tag, at the end of a fragment, in bytes; 0 for others.
    pub fn tag_length(&self) -> usize {
        match &self.scheme {
            Scheme::Aead(aead) => aead.tag_length,
            Scheme::Cbc(_) | Scheme::Stream(_) => 0,
        }
    }

    /// How many bytes a plaintext of that length grows by.
    pub fn overhead(&self, plaintext_length: usize) -> usize {
        match &self.scheme {
            Scheme::Aead(aead) => aead.layout.explicit_length() + aead.tag_length,
            Scheme::Cbc(cbc) => cbc.overhead(plaintext_length),
            Scheme::Stream(stream) => stream.mac.length(),
        }
    }
}

/// Whether this OpenSSL has what records of that cipher need.
pub(crate) fn is_supported(bulk: Bulk) -> bool {
    bulk == Bulk::Null || algorithm(bulk).is_ok_and(|algorithm| context::cipher(algorithm).is_ok())
}

fn algorithm(bulk: Bulk) -> Result<Algorithm, CryptoError> {
    Ok(match bulk {
        Bulk::Rc4_128 => Algorithm::Rc4,
        Bulk::DesCbc => Algorithm::DesCbc,
        Bulk::TripleDesCbc => Algorithm::TripleDesCbc,
        Bulk::IdeaCbc => Algorithm::IdeaCbc,
        Bulk::SeedCbc => Algorithm::SeedCbc,
        Bulk::Aes128Cbc => Algorithm::Aes128Cbc,
        Bulk::Aes256Cbc => Algorithm::Aes256Cbc,
        Bulk::Camellia128Cbc => Algorithm::Camellia128Cbc,
        Bulk::Camellia256Cbc => Algorithm::Camellia256Cbc,
        Bulk::Aria128Cbc => Algorithm::Aria128Cbc,
        Bulk::Aria256Cbc => Algorithm::Aria256Cbc,
        Bulk::Aes128Gcm => Algorithm::Aes128Gcm,
        Bulk::Aes256Gcm => Algorithm::Aes256Gcm,
        Bulk::Aes128Ccm | Bulk::Aes128Ccm8 => Algorithm::Aes128Ccm,
        Bulk::Aes256Ccm | Bulk::Aes256Ccm8 => Algorithm::Aes256Ccm,
        Bulk::Aria128Gcm => Algorithm::Aria128Gcm,
        Bulk::Aria256Gcm => Algorithm::Aria256Gcm,
        Bulk::ChaCha20Poly1305 => Algorithm::ChaCha20Poly1305,
        Bulk::Null | Bulk::Rc4_40 | Bulk::Des40Cbc | Bulk::Camellia128Gcm | Bulk::Camellia256Gcm => {
            return Err(CryptoError::Unsupported(format!("record cipher {bulk:?}")));
        }
    })
}

/// Checks the key's length, which the `openssl` crate would panic about.
fn check_key(bulk: Bulk, key: &[u8]) -> Result<(), CryptoError> {
    if key.len() == bulk.key_length() {
        return Ok(());
    }
    Err(CryptoError::Input(format!("key of {} bytes, {bulk:?} takes {}", key.len(), bulk.key_length())))
}

#[derive(Clone, Copy)]
struct Header {
    sequence: u64,
    kind: u8,
    version: u16,
}

impl Header {
    /// What a record of TLS 1.3 authenticates: its five bytes of header.
    fn outer(self, length: usize) -> Vec<u8> {
        let (version, length) = (self.version.to_be_bytes(), (length as u16).to_be_bytes());
        vec![self.kind, version[0], version[1], length[0], length[1]]
    }

    /// What a record of TLS 1.0 to 1.2 authenticates beside its content.
    fn numbered(self, length: usize) -> Vec<u8> {
        [&self.sequence.to_be_bytes()[..], &self.outer(length)].concat()
    }

    /// As SSL 3.0 has it: no version.
    fn numbered_ssl3(self, length: usize) -> Vec<u8> {
        [&self.sequence.to_be_bytes()[..], &[self.kind], &(length as u16).to_be_bytes()].concat()
    }
}

/// A fragment that was opened, and what was wrong with it.
struct Opened {
    plaintext: Vec<u8>,
    fault: Option<&'static str>,
}

impl Opened {
    fn wrong(plaintext: Vec<u8>) -> Opened {
        Opened { plaintext, fault: Some("tag") }
    }
}

const NONCE_LENGTH: usize = 12;

/// Where an AEAD's nonce comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// The IV xor the sequence number; the record's header is authenticated.
    Tls13,
    /// Four bytes of IV, then eight from the wire [RFC 5288, 3; RFC 6655, 3].
    ExplicitNonce,
    /// As in TLS 1.3, but TLS 1.2's additional data [RFC 7905, 2].
    XoredNonce,
}

impl Layout {
    fn explicit_length(self) -> usize {
        if self == Layout::ExplicitNonce { 8 } else { 0 }
    }

    fn additional_data(self, header: Header, plaintext: usize, tag: usize) -> Vec<u8> {
        match self {
            Layout::Tls13 => header.outer(plaintext + tag),
            Layout::ExplicitNonce | Layout::XoredNonce => header.numbered(plaintext),
        }
    }

    fn nonce(self, iv: &[u8], sequence: u64, explicit: &[u8]) -> Vec<u8> {
        if self == Layout::ExplicitNonce {
            return [iv, explicit].concat();
        }
        let mut nonce = iv.to_vec();
        nonce.iter_mut().rev().zip(sequence.to_be_bytes().iter().rev()).for_each(|(byte, part)| *byte ^= part);
        nonce
    }
}

struct Aead {
    bulk: Bulk,
    algorithm: Algorithm,
    layout: Layout,
    tag_length: usize,
    /// Keyed when first used: most protections only seal or only open.
    sealing: Option<CipherCtx>,
    opening: Option<CipherCtx>,
}

impl Aead {
    fn new(bulk: Bulk, layout: Layout, keys: &RecordKeys) -> Result<Aead, CryptoError> {
        let algorithm = algorithm(bulk)?;
        if !bulk.is_aead() {
            return Err(CryptoError::Input(format!("{bulk:?} is no AEAD")));
        }
        check_key(bulk, &keys.key)?;
        let expected = NONCE_LENGTH - layout.explicit_length();
        if keys.iv.len() != expected {
            return Err(CryptoError::Input(format!("IV of {} bytes, {bulk:?} takes {expected}", keys.iv.len())));
        }
        context::cipher(algorithm)?;
        Ok(Aead { bulk, algorithm, layout, tag_length: bulk.tag_length(), sealing: None, opening: None })
    }

    fn seal(
        &mut self,
        keys: &RecordKeys,
        header: Header,
        plaintext: &[u8],
        overrides: &Overrides,
    ) -> Result<Vec<u8>, CryptoError> {
        let mut explicit = match (&overrides.explicit_nonce, &overrides.nonce) {
            (Some(explicit), _) => explicit.clone(),
            (None, Some(nonce)) => nonce.get(keys.iv.len()..).unwrap_or_default().to_vec(),
            (None, None) => header.sequence.to_be_bytes().to_vec(),
        };
        let is_sent = self.layout == Layout::ExplicitNonce;
        if is_sent {
            explicit = overrides.part("nonce", explicit);
        }
        let mut nonce = match &overrides.nonce {
            Some(nonce) => nonce.clone(),
            None => self.layout.nonce(&keys.iv, header.sequence, &explicit),
        };
        if !is_sent {
            nonce = overrides.part("nonce", nonce);
            explicit.clear();
        }
        if nonce.is_empty() || nonce.len() > 16 {
            return Err(CryptoError::Input(format!("nonce of {} bytes", nonce.len())));
        }
        let additional_data = match &overrides.additional_data {
            Some(data) => data.clone(),
            None => self.layout.additional_data(header, plaintext.len(), self.tag_length),
        };
        let mut output = explicit;
        output.reserve(plaintext.len() + self.tag_length);
        let tag = self.encrypt(&keys.key, &nonce, &additional_data, plaintext, &mut output)?;
        output.extend(overrides.part("tag", overrides.tag.clone().unwrap_or(tag)));
        Ok(output)
    }

    fn open(&mut self, keys: &RecordKeys, header: Header, fragment: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (explicit, rest) = split_front(fragment, self.layout.explicit_length())?;
        let (ciphertext, tag) = split_back(rest, self.tag_length)?;
        let nonce = self.layout.nonce(&keys.iv, header.sequence, explicit);
        let additional_data = self.layout.additional_data(header, ciphertext.len(), tag.len());
        self.decrypt(&keys.key, &nonce, &additional_data, ciphertext, tag)
    }

    /// Counter mode without the tag; needs as many bytes as a tag has all the same.
    fn open_bare(&self, keys: &RecordKeys, header: Header, fragment: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (explicit, rest) = split_front(fragment, self.layout.explicit_length())?;
        let (ciphertext, _) = split_back(rest, self.tag_length)?;
        let nonce = self.layout.nonce(&keys.iv, header.sequence, explicit);
        let (algorithm, counter) = match self.algorithm {
            Algorithm::ChaCha20Poly1305 => (Algorithm::ChaCha20, [&[1, 0, 0, 0], &nonce[..]].concat()),
            // With a nonce of 12 bytes CCM counts in three, behind a byte that says so.
            Algorithm::Aes128Ccm => (Algorithm::Aes128Ctr, [&[2], &nonce[..], &[0, 0, 1]].concat()),
            Algorithm::Aes256Ccm => (Algorithm::Aes256Ctr, [&[2], &nonce[..], &[0, 0, 1]].concat()),
            Algorithm::Aes256Gcm => (Algorithm::Aes256Ctr, [&nonce[..], &[0, 0, 0, 2]].concat()),
            Algorithm::Aria128Gcm => (Algorithm::Aria128Ctr, [&nonce[..], &[0, 0, 0, 2]].concat()),
            Algorithm::Aria256Gcm => (Algorithm::Aria256Ctr, [&nonce[..], &[0, 0, 0, 2]].concat()),
            _ => (Algorithm::Aes128Ctr, [&nonce[..], &[0, 0, 0, 2]].concat()),
        };
        let mut context = CipherCtx::new()?;
        context.decrypt_init(Some(context::cipher(algorithm)?), Some(&keys.key), Some(&counter))?;
        let mut plaintext = Vec::with_capacity(ciphertext.len());
        context.cipher_update_vec(ciphertext, &mut plaintext)?;
        Ok(plaintext)
    }

    /// Appends the ciphertext and gives the tag.
    fn encrypt(
        &mut self,
        key: &[u8],
        nonce: &[u8],
        additional_data: &[u8],
        plaintext: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<Vec<u8>, CryptoError> {
        let (is_ccm, tag_length) = (self.is_ccm(), self.tag_length);
        let mut odd = None;
        let context = if nonce.len() == NONCE_LENGTH {
            match &mut self.sealing {
                Some(context) => context,
                none => none.insert(keyed(self.bulk, self.algorithm, key, NONCE_LENGTH, true)?),
            }
        } else {
            odd.insert(keyed(self.bulk, self.algorithm, key, nonce.len(), true)?)
        };
        context.encrypt_init(None, None, Some(nonce))?;
        if is_ccm {
            context.set_data_len(plaintext.len())?;
        }
        if !additional_data.is_empty() {
            context.cipher_update(additional_data, None)?;
        }
        // CCM computes its tag here, so it must be called for no bytes too.
        context.cipher_update_vec(plaintext, output)?;
        if !is_ccm {
            context.cipher_final(&mut [])?;
        }
        let mut tag = vec![0; tag_length];
        context.tag(&mut tag)?;
        Ok(tag)
    }

    fn decrypt(
        &mut self,
        key: &[u8],
        nonce: &[u8],
        additional_data: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let is_ccm = self.is_ccm();
        let context = match &mut self.opening {
            Some(context) => context,
            none => none.insert(keyed(self.bulk, self.algorithm, key, NONCE_LENGTH, false)?),
        };
        context.decrypt_init(None, None, Some(nonce))?;
        context.set_tag(tag)?;
        if is_ccm {
            context.set_data_len(ciphertext.len())?;
        }
        if !additional_data.is_empty() {
            context.cipher_update(additional_data, None)?;
        }
        let mut plaintext = Vec::with_capacity(ciphertext.len());
        let mut right = context.cipher_update_vec(ciphertext, &mut plaintext).is_ok();
        if !is_ccm {
            right &= context.cipher_final(&mut []).is_ok();
        }
        if right { Ok(plaintext) } else { Err(CryptoError::Verify("tag")) }
    }

    fn is_ccm(&self) -> bool {
        matches!(self.algorithm, Algorithm::Aes128Ccm | Algorithm::Aes256Ccm)
    }
}

/// Seals with an AEAD on its own: ciphertext and tag.
pub(crate) fn aead_seal(
    bulk: Bulk,
    key: &[u8],
    nonce: &[u8],
    additional_data: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let keys = RecordKeys { key: key.to_vec(), iv: nonce.to_vec(), mac_key: Vec::new() };
    let mut output = Vec::with_capacity(plaintext.len() + bulk.tag_length());
    let tag = Aead::new(bulk, Layout::Tls13, &keys)?.encrypt(key, nonce, additional_data, plaintext, &mut output)?;
    output.extend(tag);
    Ok(output)
}

/// Opens what [`aead_seal`] has sealed.
pub(crate) fn aead_open(
    bulk: Bulk,
    key: &[u8],
    nonce: &[u8],
    additional_data: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let keys = RecordKeys { key: key.to_vec(), iv: nonce.to_vec(), mac_key: Vec::new() };
    let (ciphertext, tag) = split_back(sealed, bulk.tag_length())?;
    Aead::new(bulk, Layout::Tls13, &keys)?.decrypt(key, nonce, additional_data, ciphertext, tag)
}

/// A context that lacks only the nonce. The order of the calls is the one that CCM needs.
fn keyed(
    bulk: Bulk,
    algorithm: Algorithm,
    key: &[u8],
    nonce_length: usize,
    seals: bool,
) -> Result<CipherCtx, CryptoError> {
    let cipher = context::cipher(algorithm)?;
    let mut context = CipherCtx::new()?;
    let init = if seals {
        openssl::cipher_ctx::CipherCtxRef::encrypt_init
    } else {
        openssl::cipher_ctx::CipherCtxRef::decrypt_init
    };
    init(&mut context, Some(cipher), None, None)?;
    context.set_iv_length(nonce_length)?;
    if matches!(algorithm, Algorithm::Aes128Ccm | Algorithm::Aes256Ccm) {
        context.set_tag_length(bulk.tag_length())?;
    }
    init(&mut context, None, Some(key), None)?;
    Ok(context)
}

/// The MAC of TLS 1.0 to 1.2, SSL 3.0's own, or none.
enum RecordMac {
    None,
    Hmac(Box<HmacKey>, Digest),
    Ssl3(Digest, Vec<u8>),
}

impl RecordMac {
    fn new(version: u16, mac: Mac, key: &[u8]) -> RecordMac {
        match mac {
            Mac::None => RecordMac::None,
            Mac::Hmac(digest) if version <= 0x0300 => RecordMac::Ssl3(digest, key.to_vec()),
            Mac::Hmac(digest) => RecordMac::Hmac(Box::new(HmacKey::new(digest, key)), digest),
        }
    }

    fn length(&self) -> usize {
        match self {
            RecordMac::None => 0,
            RecordMac::Hmac(_, digest) | RecordMac::Ssl3(digest, _) => digest.len(),
        }
    }

    fn compute(&self, header: Header, content: &[u8]) -> Vec<u8> {
        match self {
            RecordMac::None => Vec::new(),
            RecordMac::Hmac(key, _) => key.mac(&[&header.numbered(content.len()), content]),
            RecordMac::Ssl3(digest, key) => {
                let pad = if *digest == Digest::Md5 { 48 } else { 40 };
                let numbered = header.numbered_ssl3(content.len());
                let inner = digest.hash(&[key, &vec![0x36; pad], &numbered, content].concat());
                digest.hash(&[&key[..], &vec![0x5c; pad], &inner].concat())
            }
        }
    }

    /// Takes the MAC off the end. What is too short for one is left whole.
    fn strip(&self, header: Header, mut data: Vec<u8>, fault: Option<&'static str>) -> Opened {
        let Some(content) = data.len().checked_sub(self.length()) else {
            return Opened { plaintext: data, fault: fault.or(Some("MAC")) };
        };
        let mac = data.split_off(content);
        let fault = fault.or((mac != self.compute(header, &data)).then_some("MAC"));
        Opened { plaintext: data, fault }
    }
}

struct Cbc {
    version: u16,
    block: usize,
    mac: RecordMac,
    encrypt_then_mac: bool,
    sealing: CipherCtx,
    opening: CipherCtx,
    /// The IVs of the next records before TLS 1.1.
    sealing_iv: Vec<u8>,
    opening_iv: Vec<u8>,
}

impl Cbc {
    fn new(
        version: u16,
        bulk: Bulk,
        mac: RecordMac,
        encrypt_then_mac: bool,
        keys: &RecordKeys,
    ) -> Result<Cbc, CryptoError> {
        let cipher = context::cipher(algorithm(bulk)?)?;
        let block = bulk.block_length();
        check_key(bulk, &keys.key)?;
        let chained = version < 0x0302;
        if chained && keys.iv.len() != block {
            return Err(CryptoError::Input(format!("IV of {} bytes, {bulk:?} takes {block}", keys.iv.len())));
        }
        let (mut sealing, mut opening) = (CipherCtx::new()?, CipherCtx::new()?);
        sealing.encrypt_init(Some(cipher), Some(&keys.key), None)?;
        opening.decrypt_init(Some(cipher), Some(&keys.key), None)?;
        sealing.set_padding(false);
        opening.set_padding(false);
        let (sealing_iv, opening_iv) = (keys.iv.clone(), keys.iv.clone());
        Ok(Cbc { version, block, mac, encrypt_then_mac, sealing, opening, sealing_iv, opening_iv })
    }

    fn has_explicit_iv(&self) -> bool {
        self.version >= 0x0302
    }

    fn overhead(&self, plaintext_length: usize) -> usize {
        let iv = if self.has_explicit_iv() { self.block } else { 0 };
        let inside = if self.encrypt_then_mac { plaintext_length } else { plaintext_length + self.mac.length() };
        iv + self.mac.length() + self.padding_for(inside) + 1
    }

    /// The fewest bytes that with the length byte fill the last block.
    fn padding_for(&self, length: usize) -> usize {
        self.block - 1 - length % self.block
    }

    fn seal(
        &mut self,
        header: Header,
        plaintext: &[u8],
        overrides: &Overrides,
        rng: &mut Rng,
    ) -> Result<Vec<u8>, CryptoError> {
        let mut data = plaintext.to_vec();
        if !self.encrypt_then_mac {
            data.extend(self.mac_of(header, plaintext, overrides));
        }
        self.pad(&mut data, overrides)?;
        let iv = match &overrides.iv {
            Some(iv) => iv.clone(),
            None if self.has_explicit_iv() => random_bytes(self.block, rng),
            None => self.sealing_iv.clone(),
        };
        let iv = overrides.part("iv", iv);
        if iv.len() != self.block {
            return Err(CryptoError::Input(format!("IV of {} bytes, a block has {}", iv.len(), self.block)));
        }
        self.sealing.encrypt_init(None, None, Some(&iv))?;
        let mut output = if self.has_explicit_iv() { iv } else { Vec::new() };
        self.sealing.cipher_update_vec(&data, &mut output)?;
        self.sealing_iv = output[output.len() - self.block..].to_vec();
        if self.encrypt_then_mac {
            output.extend(self.mac_of(header, &output, overrides));
        }
        Ok(output)
    }

    fn mac_of(&self, header: Header, covered: &[u8], overrides: &Overrides) -> Vec<u8> {
        overrides.part("mac", overrides.mac.clone().unwrap_or_else(|| self.mac.compute(header, covered)))
    }

    fn pad(&self, data: &mut Vec<u8>, overrides: &Overrides) -> Result<(), CryptoError> {
        let blocks = overrides.padding_blocks.unwrap_or(0) as usize;
        let count = self.padding_for(data.len()) + blocks * self.block;
        if count > 255 && overrides.padding.is_none() && overrides.padding_length.is_none() {
            return Err(CryptoError::Input(format!("padding of {count} bytes does not fit its length byte")));
        }
        // SSL 3.0 leaves the bytes open; its stacks send zeros.
        let value = if self.version <= 0x0300 { 0 } else { count as u8 };
        let padding = overrides.part("padding", overrides.padding.clone().unwrap_or_else(|| vec![value; count]));
        let length = overrides.padding_length.unwrap_or(padding.len() as u8);
        data.extend(padding);
        data.extend(overrides.part("padding_length", vec![length]));
        if !data.len().is_multiple_of(self.block) {
            return Err(CryptoError::Input(format!("padding leaves a block of {} bytes", data.len() % self.block)));
        }
        Ok(())
    }

    fn open(&mut self, header: Header, fragment: &[u8]) -> Result<Opened, CryptoError> {
        let mut fault = None;
        let mut rest = fragment;
        if self.encrypt_then_mac {
            let (covered, mac) = split_back(fragment, self.mac.length())?;
            fault = (mac != self.mac.compute(header, covered)).then_some("MAC");
            rest = covered;
        }
        let (iv, ciphertext) = if self.has_explicit_iv() {
            let (iv, ciphertext) = split_front(rest, self.block)?;
            (iv.to_vec(), ciphertext)
        } else {
            (self.opening_iv.clone(), rest)
        };
        if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(self.block) {
            return Err(CryptoError::Input(format!("{} bytes are no whole blocks", ciphertext.len())));
        }
        self.opening_iv = ciphertext[ciphertext.len() - self.block..].to_vec();
        let data = self.decrypt(&iv, ciphertext)?;
        let (data, padding_fault) = self.strip_padding(data);
        let fault = fault.or(padding_fault);
        if self.encrypt_then_mac {
            return Ok(Opened { plaintext: data, fault });
        }
        Ok(self.mac.strip(header, data, fault))
    }

    fn decrypt(&mut self, iv: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.opening.decrypt_init(None, None, Some(iv))?;
        let mut data = Vec::with_capacity(ciphertext.len() + self.block);
        self.opening.cipher_update_vec(ciphertext, &mut data)?;
        Ok(data)
    }

    /// Takes the padding off as far as its length byte makes sense at all.
    fn strip_padding(&self, mut data: Vec<u8>) -> (Vec<u8>, Option<&'static str>) {
        let behind = if self.encrypt_then_mac { 0 } else { self.mac.length() };
        let Some(&length) = data.last() else { return (data, Some("padding")) };
        let count = usize::from(length) + 1;
        if count + behind > data.len() {
            return (data, Some("padding"));
        }
        let content = data.len() - count;
        let padding = data.split_off(content);
        let right =
            if self.version <= 0x0300 { count <= self.block } else { padding.iter().all(|byte| *byte == length) };
        (data, (!right).then_some("padding"))
    }
}

/// RC4, and no cipher at all.
struct Stream {
    mac: RecordMac,
    /// Key streams of RC4: sealing, opening.
    streams: Option<(CipherCtx, CipherCtx)>,
}

impl Stream {
    fn new(bulk: Bulk, mac: RecordMac, keys: &RecordKeys) -> Result<Stream, CryptoError> {
        check_key(bulk, &keys.key)?;
        if bulk == Bulk::Null {
            return Ok(Stream { mac, streams: None });
        }
        let cipher = context::cipher(algorithm(bulk)?)?;
        let (mut sealing, mut opening) = (CipherCtx::new()?, CipherCtx::new()?);
        sealing.encrypt_init(Some(cipher), Some(&keys.key), None)?;
        opening.decrypt_init(Some(cipher), Some(&keys.key), None)?;
        Ok(Stream { mac, streams: Some((sealing, opening)) })
    }

    fn seal(&mut self, header: Header, plaintext: &[u8], overrides: &Overrides) -> Result<Vec<u8>, CryptoError> {
        let mut data = plaintext.to_vec();
        let mac = overrides.mac.clone().unwrap_or_else(|| self.mac.compute(header, plaintext));
        data.extend(overrides.part("mac", mac));
        match &mut self.streams {
            Some((sealing, _)) => stream(sealing, &data),
            None => Ok(data),
        }
    }

    fn open(&mut self, header: Header, fragment: &[u8]) -> Result<Opened, CryptoError> {
        if fragment.len() < self.mac.length() {
            return Err(too_short(fragment.len(), self.mac.length()));
        }
        let data = match &mut self.streams {
            Some((_, opening)) => stream(opening, fragment)?,
            None => fragment.to_vec(),
        };
        Ok(self.mac.strip(header, data, None))
    }
}

fn stream(context: &mut CipherCtx, input: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let mut output = Vec::with_capacity(input.len());
    context.cipher_update_vec(input, &mut output)?;
    Ok(output)
}

fn random_bytes(length: usize, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn split_front(data: &[u8], length: usize) -> Result<(&[u8], &[u8]), CryptoError> {
    data.split_at_checked(length).ok_or_else(|| too_short(data.len(), length))
}

fn split_back(data: &[u8], length: usize) -> Result<(&[u8], &[u8]), CryptoError> {
    let front = data.len().checked_sub(length).ok_or_else(|| too_short(data.len(), length))?;
    Ok(data.split_at(front))
}

fn too_short(length: usize, least: usize) -> CryptoError {
    CryptoError::Input(format!("fragment of {length} bytes, at least {least} are needed"))
}
