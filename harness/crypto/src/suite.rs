//! What each cipher suite is made of.

use std::sync::OnceLock;

use crate::Digest;

/// A cipher suite's code point; any number is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CipherSuite(pub u16);

/// How the premaster secret comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyExchange {
    /// TLS 1.3: not the suite's business.
    Tls13,
    /// Encrypted to the server's RSA key.
    Rsa,
    /// Ephemeral finite field.
    Dhe,
    /// Ephemeral elliptic curve.
    Ecdhe,
    /// Pre-shared key alone.
    Psk,
    /// Pre-shared key and finite field.
    DhePsk,
    /// Pre-shared key and elliptic curve.
    EcdhePsk,
    /// Pre-shared key and RSA.
    RsaPsk,
    /// SCSVs and suites we do not play.
    Other,
}

/// How the server is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// TLS 1.3: by the signature scheme.
    Tls13,
    /// RSA certificate.
    Rsa,
    /// ECDSA or EdDSA certificate.
    Ecdsa,
    /// DSS certificate.
    Dss,
    /// Not at all.
    Anonymous,
    /// Pre-shared key.
    Psk,
}

/// The cipher that protects records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Bulk {
    Null,
    Rc4_40,
    Rc4_128,
    Des40Cbc,
    DesCbc,
    TripleDesCbc,
    IdeaCbc,
    SeedCbc,
    Aes128Cbc,
    Aes256Cbc,
    Camellia128Cbc,
    Camellia256Cbc,
    Aria128Cbc,
    Aria256Cbc,
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    Camellia128Gcm,
    Camellia256Gcm,
    Aria128Gcm,
    Aria256Gcm,
    ChaCha20Poly1305,
}

/// The MAC of suites that are not AEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mac {
    /// AEAD, or none.
    None,
    /// HMAC with the hash.
    Hmac(Digest),
}

/// The make-up of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuiteInfo {
    /// Code point.
    pub suite: CipherSuite,
    /// IANA name.
    pub name: &'static str,
    /// Key exchange.
    pub key_exchange: KeyExchange,
    /// Authentication.
    pub authentication: Authentication,
    /// Record cipher.
    pub bulk: Bulk,
    /// Record MAC.
    pub mac: Mac,
    /// Hash of the PRF (TLS 1.2) or HKDF (TLS 1.3).
    pub prf: Digest,
}

/// Which suites there are: a code point and an IANA name a line. GOST, SM4, RC2 and AEGIS are left out.
const NAMES: &str = include_str!("suites.txt");

impl CipherSuite {
    /// The make-up; `None` for unknown code points and SCSVs.
    pub fn info(self) -> Option<&'static SuiteInfo> {
        let all = CipherSuite::all();
        all.binary_search_by_key(&self, |info| info.suite).ok().map(|place| &all[place])
    }

    /// All suites known, in order of code point.
    pub fn all() -> &'static [SuiteInfo] {
        static ALL: OnceLock<Vec<SuiteInfo>> = OnceLock::new();
        ALL.get_or_init(|| NAMES.lines().map(|line| parse(line).expect("the table was tested")).collect())
    }
}

impl SuiteInfo {
    /// Whether key exchange and record cipher are ones that we can play.
    pub fn is_playable(&self) -> bool {
        self.key_exchange != KeyExchange::Other && self.bulk.is_supported()
    }
}

impl Bulk {
    /// Key length in bytes.
    pub fn key_length(self) -> usize {
        match self {
            Bulk::Null => 0,
            Bulk::Rc4_40 | Bulk::Des40Cbc => 5,
            Bulk::DesCbc => 8,
            Bulk::TripleDesCbc => 24,
            Bulk::Rc4_128
            | Bulk::IdeaCbc
            | Bulk::SeedCbc
            | Bulk::Aes128Cbc
            | Bulk::Camellia128Cbc
            | Bulk::Aria128Cbc
            | Bulk::Aes128Gcm
            | Bulk::Aes128Ccm
            | Bulk::Aes128Ccm8
            | Bulk::Camellia128Gcm
            | Bulk::Aria128Gcm => 16,
            Bulk::Aes256Cbc
            | Bulk::Camellia256Cbc
            | Bulk::Aria256Cbc
            | Bulk::Aes256Gcm
            | Bulk::Aes256Ccm
            | Bulk::Aes256Ccm8
            | Bulk::Camellia256Gcm
            | Bulk::Aria256Gcm
            | Bulk::ChaCha20Poly1305 => 32,
        }
    }

    /// Bytes of IV in the key block of TLS 1.2 (`fixed_iv_length`: 4 for GCM and CCM, 12 for ChaCha20; block
    /// size for CBC in TLS 1.0, else 0, see `record_iv_length`).
    ///
    /// For CBC this is the block size: whoever cuts a key block of TLS 1.1 or 1.2 takes no IV for CBC
    /// (see [`Bulk::key_block_iv_length`]).
    pub fn fixed_iv_length(self) -> usize {
        match self {
            Bulk::ChaCha20Poly1305 => 12,
            _ if self.is_aead() => 4,
            _ => self.block_length(),
        }
    }

    /// Bytes of IV that the key block of that version holds for each side.
    pub fn key_block_iv_length(self, version: u16) -> usize {
        if self.block_length() > 0 && version >= 0x0302 { 0 } else { self.fixed_iv_length() }
    }

    /// Bytes that each record of TLS 1.1 and 1.2 carries in front of what is encrypted: the block size for CBC, 8 for
    /// GCM and CCM, else 0.
    pub fn record_iv_length(self) -> usize {
        match self {
            Bulk::ChaCha20Poly1305 => 0,
            _ if self.is_aead() => 8,
            _ => self.block_length(),
        }
    }

    /// Block size in bytes of a CBC cipher; 0 for others.
    pub fn block_length(self) -> usize {
        match self {
            Bulk::Des40Cbc | Bulk::DesCbc | Bulk::TripleDesCbc | Bulk::IdeaCbc => 8,
            Bulk::SeedCbc
            | Bulk::Aes128Cbc
            | Bulk::Aes256Cbc
            | Bulk::Camellia128Cbc
            | Bulk::Camellia256Cbc
            | Bulk::Aria128Cbc
            | Bulk::Aria256Cbc => 16,
            _ => 0,
        }
    }

    /// Tag length in bytes of an AEAD; 0 for others.
    pub fn tag_length(self) -> usize {
        match self {
            Bulk::Aes128Ccm8 | Bulk::Aes256Ccm8 => 8,
            Bulk::Aes128Gcm
            | Bulk::Aes256Gcm
            | Bulk::Aes128Ccm
            | Bulk::Aes256Ccm
            | Bulk::Camellia128Gcm
            | Bulk::Camellia256Gcm
            | Bulk::Aria128Gcm
            | Bulk::Aria256Gcm
            | Bulk::ChaCha20Poly1305 => 16,
            _ => 0,
        }
    }

    /// Whether it is an AEAD.
    pub fn is_aead(self) -> bool {
        self.tag_length() > 0
    }

    /// Whether the OpenSSL we are linked with has it. Never: Camellia-GCM and the export ciphers.
    pub fn is_supported(self) -> bool {
        crate::cipher::is_supported(self)
    }
}

impl Mac {
    /// MAC length in bytes, which is that of its key too; 0 for none.
    pub fn length(self) -> usize {
        match self {
            Mac::None => 0,
            Mac::Hmac(digest) => digest.len(),
        }
    }
}

/// Reads `002F TLS_RSA_WITH_AES_128_CBC_SHA`.
fn parse(line: &'static str) -> Option<SuiteInfo> {
    let (code, name) = line.split_once(' ')?;
    let suite = CipherSuite(u16::from_str_radix(code, 16).ok()?);
    let bare = name.strip_prefix("TLS_")?;
    let Some((exchange, protection)) = bare.split_once("_WITH_") else {
        let (bulk, _, prf) = parse_protection(bare)?;
        let (key_exchange, authentication) = (KeyExchange::Tls13, Authentication::Tls13);
        return Some(SuiteInfo { suite, name, key_exchange, authentication, bulk, mac: Mac::None, prf });
    };
    let (key_exchange, authentication) = parse_exchange(exchange);
    let (bulk, mac, prf) = parse_protection(protection)?;
    Some(SuiteInfo { suite, name, key_exchange, authentication, bulk, mac, prf })
}

fn parse_exchange(name: &str) -> (KeyExchange, Authentication) {
    match name {
        "RSA" => (KeyExchange::Rsa, Authentication::Rsa),
        "DHE_RSA" => (KeyExchange::Dhe, Authentication::Rsa),
        "DHE_DSS" => (KeyExchange::Dhe, Authentication::Dss),
        "DH_anon" => (KeyExchange::Dhe, Authentication::Anonymous),
        "ECDHE_RSA" => (KeyExchange::Ecdhe, Authentication::Rsa),
        "ECDHE_ECDSA" => (KeyExchange::Ecdhe, Authentication::Ecdsa),
        "ECDH_anon" => (KeyExchange::Ecdhe, Authentication::Anonymous),
        "PSK" => (KeyExchange::Psk, Authentication::Psk),
        // The registry's name of two suites has it the other way round.
        "DHE_PSK" | "PSK_DHE" => (KeyExchange::DhePsk, Authentication::Psk),
        "ECDHE_PSK" => (KeyExchange::EcdhePsk, Authentication::Psk),
        "RSA_PSK" => (KeyExchange::RsaPsk, Authentication::Rsa),
        other => (KeyExchange::Other, other_authentication(other)),
    }
}

/// Who signs in a suite that we do not play: fixed DH, SRP, Kerberos, passwords, export.
fn other_authentication(name: &str) -> Authentication {
    match name.strip_suffix("_EXPORT").unwrap_or(name).rsplit('_').next() {
        Some("RSA") => Authentication::Rsa,
        Some("DSS") => Authentication::Dss,
        Some("ECDSA") => Authentication::Ecdsa,
        Some("anon" | "NULL") => Authentication::Anonymous,
        _ => Authentication::Psk,
    }
}

/// Reads `AES_128_CBC_SHA` or `AES_128_CCM`: cipher, MAC, and hash of the PRF in TLS 1.2.
fn parse_protection(name: &str) -> Option<(Bulk, Mac, Digest)> {
    // CCM suites of TLS 1.2 name no hash, and CCM_8 must not be taken for one.
    let (cipher, hash) = match name.rsplit_once('_')? {
        ("NULL", "NULL") => ("NULL", None),
        (cipher, hash @ ("MD5" | "SHA" | "SHA256" | "SHA384")) => (cipher, Some(hash)),
        _ => (name, None),
    };
    let hash = match hash {
        Some("MD5") => Some(Digest::Md5),
        Some("SHA") => Some(Digest::Sha1),
        Some("SHA384") => Some(Digest::Sha384),
        Some(_) => Some(Digest::Sha256),
        None => None,
    };
    let bulk = parse_bulk(cipher)?;
    let mac = if bulk.is_aead() { Mac::None } else { hash.map_or(Mac::None, Mac::Hmac) };
    let prf = if hash == Some(Digest::Sha384) { Digest::Sha384 } else { Digest::Sha256 };
    Some((bulk, mac, prf))
}

fn parse_bulk(name: &str) -> Option<Bulk> {
    Some(match name {
        "NULL" => Bulk::Null,
        "RC4_40" => Bulk::Rc4_40,
        "RC4_128" => Bulk::Rc4_128,
        "DES40_CBC" => Bulk::Des40Cbc,
        "DES_CBC" => Bulk::DesCbc,
        "3DES_EDE_CBC" => Bulk::TripleDesCbc,
        "IDEA_CBC" => Bulk::IdeaCbc,
        "SEED_CBC" => Bulk::SeedCbc,
        "AES_128_CBC" => Bulk::Aes128Cbc,
        "AES_256_CBC" => Bulk::Aes256Cbc,
        "CAMELLIA_128_CBC" => Bulk::Camellia128Cbc,
        "CAMELLIA_256_CBC" => Bulk::Camellia256Cbc,
        "ARIA_128_CBC" => Bulk::Aria128Cbc,
        "ARIA_256_CBC" => Bulk::Aria256Cbc,
        "AES_128_GCM" => Bulk::Aes128Gcm,
        "AES_256_GCM" => Bulk::Aes256Gcm,
        "AES_128_CCM" => Bulk::Aes128Ccm,
        "AES_256_CCM" => Bulk::Aes256Ccm,
        "AES_128_CCM_8" => Bulk::Aes128Ccm8,
        "AES_256_CCM_8" => Bulk::Aes256Ccm8,
        "CAMELLIA_128_GCM" => Bulk::Camellia128Gcm,
        "CAMELLIA_256_GCM" => Bulk::Camellia256Gcm,
        "ARIA_128_GCM" => Bulk::Aria128Gcm,
        "ARIA_256_GCM" => Bulk::Aria256Gcm,
        "CHACHA20_POLY1305" => Bulk::ChaCha20Poly1305,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_every_line_is_read() {
        let all = CipherSuite::all();
        assert_eq!(all.len(), 332);
        assert!(all.is_sorted_by(|a, b| a.suite < b.suite));
    }

    #[test]
    fn names_are_taken_apart() {
        let info = |code| CipherSuite(code).info().expect("in the table");
        assert_eq!((info(0x1301).bulk, info(0x1301).prf), (Bulk::Aes128Gcm, Digest::Sha256));
        assert_eq!((info(0x1302).bulk, info(0x1302).prf), (Bulk::Aes256Gcm, Digest::Sha384));
        assert_eq!((info(0x1305).bulk, info(0x1305).prf), (Bulk::Aes128Ccm8, Digest::Sha256));
        assert_eq!((info(0xc09d).bulk, info(0xc09d).prf), (Bulk::Aes256Ccm, Digest::Sha256));
        assert_eq!(info(0xc0ab).key_exchange, KeyExchange::DhePsk);
        assert_eq!((info(0x000a).mac, info(0x000a).prf), (Mac::Hmac(Digest::Sha1), Digest::Sha256));
        assert_eq!((info(0xc028).mac, info(0xc028).prf), (Mac::Hmac(Digest::Sha384), Digest::Sha384));
        assert_eq!((info(0xc011).authentication, info(0xc011).bulk), (Authentication::Rsa, Bulk::Rc4_128));
        assert_eq!((info(0x0000).bulk, info(0x0000).mac), (Bulk::Null, Mac::None));
        assert_eq!((info(0x003b).bulk, info(0x003b).mac), (Bulk::Null, Mac::Hmac(Digest::Sha256)));
        assert_eq!(info(0x0003).key_exchange, KeyExchange::Other);
        assert_eq!(info(0xc02d).key_exchange, KeyExchange::Other);
        assert_eq!(info(0xd003).bulk, Bulk::Aes128Ccm8);
        assert_eq!(CipherSuite(0x00ff).info(), None);
        assert_eq!(CipherSuite(0x5600).info(), None);
    }
}
