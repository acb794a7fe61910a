//! Key exchange: elliptic curves, finite fields, ML-KEM and the hybrids of both.

use std::sync::OnceLock;

use ml_kem::{Ciphertext, Decapsulate, Encapsulate, FromSeed, Kem, KeyExport, MlKem768, MlKem1024, Seed, TryKeyInit};
use openssl::bn::{BigNum, BigNumRef};
use openssl::ec::{EcPoint, EcPointRef, PointConversionForm};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use rand_core::Rng as _;

use crate::context::{self, Curve};
use crate::{CryptoError, Rng};

/// A named group's code point; any number is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamedGroup(pub u16);

#[allow(missing_docs, reason = "the names are the RFCs'")]
impl NamedGroup {
    pub const SECP256R1: NamedGroup = NamedGroup(23);
    pub const SECP384R1: NamedGroup = NamedGroup(24);
    pub const SECP521R1: NamedGroup = NamedGroup(25);
    pub const X25519: NamedGroup = NamedGroup(29);
    pub const X448: NamedGroup = NamedGroup(30);
    pub const FFDHE2048: NamedGroup = NamedGroup(256);
    pub const FFDHE3072: NamedGroup = NamedGroup(257);
    pub const FFDHE4096: NamedGroup = NamedGroup(258);
    pub const FFDHE6144: NamedGroup = NamedGroup(259);
    pub const FFDHE8192: NamedGroup = NamedGroup(260);
    pub const SECP256R1MLKEM768: NamedGroup = NamedGroup(4587);
    pub const X25519MLKEM768: NamedGroup = NamedGroup(4588);
    pub const SECP384R1MLKEM1024: NamedGroup = NamedGroup(4589);
}

/// Our half of a key exchange.
pub struct KeyShare {
    group: Option<NamedGroup>,
    public: Vec<u8>,
    secret: Secret,
}

/// What a group is made of, in the order of its shares.
#[derive(Clone, Copy)]
enum Kind {
    Curve(Plain),
    /// RFC 7919: size of the prime in bits, X in its formula, bits of the exponent.
    Field(i32, u32, usize),
    CurveThenKem(Plain, KemSize),
    KemThenCurve(KemSize, Plain),
}

/// A Diffie-Hellman curve by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    X25519,
    X448,
    Nist(Nid),
}

#[derive(Clone, Copy)]
enum KemSize {
    MlKem768,
    MlKem1024,
}

enum Secret {
    Montgomery(Plain, PKey<Private>),
    Nist(&'static Curve, BigNum),
    Field { p: BigNum, x: BigNum },
    Hybrid { curve: Box<KeyShare>, kem: KemKey, kem_first: bool },
}

enum KemKey {
    MlKem768(Box<ml_kem::DecapsulationKey<MlKem768>>),
    MlKem1024(Box<ml_kem::DecapsulationKey<MlKem1024>>),
}

impl NamedGroup {
    /// Whether we can compute in it.
    pub fn is_supported(self) -> bool {
        self.kind().is_some()
    }

    /// Length of a `key_exchange` from the client (`true`) or the server, in bytes.
    pub fn share_length(self, from_client: bool) -> Option<usize> {
        let kem = |size: KemSize| if from_client { size.key_length() } else { size.ciphertext_length() };
        Some(match self.kind()? {
            Kind::Curve(curve) => curve.share_length(),
            Kind::Field(bits, ..) => bits as usize / 8,
            Kind::CurveThenKem(curve, size) | Kind::KemThenCurve(size, curve) => curve.share_length() + kem(size),
        })
    }

    /// Prime and generator of an FFDHE group, big endian; `None` for other groups.
    pub fn prime_and_generator(self) -> Option<(Vec<u8>, Vec<u8>)> {
        match self.kind()? {
            Kind::Field(..) => Some((self.prime().ok()?.to_vec(), vec![2])),
            _ => None,
        }
    }

    fn kind(self) -> Option<Kind> {
        const P256: Plain = Plain::Nist(Nid::X9_62_PRIME256V1);
        const P384: Plain = Plain::Nist(Nid::SECP384R1);
        Some(match self {
            NamedGroup::SECP256R1 => Kind::Curve(P256),
            NamedGroup::SECP384R1 => Kind::Curve(P384),
            NamedGroup::SECP521R1 => Kind::Curve(Plain::Nist(Nid::SECP521R1)),
            NamedGroup::X25519 => Kind::Curve(Plain::X25519),
            NamedGroup::X448 => Kind::Curve(Plain::X448),
            // Exponents as short as RFC 7919, appendix A, recommends.
            NamedGroup::FFDHE2048 => Kind::Field(2048, 560_316, 225),
            NamedGroup::FFDHE3072 => Kind::Field(3072, 2_625_351, 275),
            NamedGroup::FFDHE4096 => Kind::Field(4096, 5_736_041, 325),
            NamedGroup::FFDHE6144 => Kind::Field(6144, 15_705_020, 375),
            NamedGroup::FFDHE8192 => Kind::Field(8192, 10_965_728, 400),
            NamedGroup::SECP256R1MLKEM768 => Kind::CurveThenKem(P256, KemSize::MlKem768),
            NamedGroup::X25519MLKEM768 => Kind::KemThenCurve(KemSize::MlKem768, Plain::X25519),
            NamedGroup::SECP384R1MLKEM1024 => Kind::CurveThenKem(P384, KemSize::MlKem1024),
            _ => return None,
        })
    }

    fn supported(self) -> Result<Kind, CryptoError> {
        self.kind().ok_or_else(|| CryptoError::Unsupported(format!("group {:#06x}", self.0)))
    }

    fn prime(self) -> Result<&'static BigNumRef, CryptoError> {
        static PRIMES: [OnceLock<BigNum>; 5] = [const { OnceLock::new() }; 5];
        let Kind::Field(bits, x, _) = self.supported()? else {
            return Err(CryptoError::Unsupported(format!("prime of group {:#06x}", self.0)));
        };
        let place = usize::from(self.0 - NamedGroup::FFDHE2048.0);
        Ok(PRIMES[place].get_or_init(|| ffdhe_prime(bits, x).expect("only memory can be lacking")))
    }
}

impl KeyShare {
    /// A fresh key; for the hybrids the initiator's half (an encapsulation key and a curve key).
    pub fn generate(group: NamedGroup, rng: &mut Rng) -> Result<KeyShare, CryptoError> {
        let private = match group.supported()? {
            Kind::Curve(curve) => curve.random_private(rng)?,
            Kind::Field(_, _, bits) => random_number(bits, true, rng)?.to_vec(),
            Kind::CurveThenKem(curve, _) => {
                let curve = curve.random_private(rng)?;
                [curve, random_bytes(SEED_LENGTH, rng)].concat()
            }
            Kind::KemThenCurve(_, curve) => {
                let seed = random_bytes(SEED_LENGTH, rng);
                [seed, curve.random_private(rng)?].concat()
            }
        };
        KeyShare::from_private(group, &private)
    }

    /// From a private key: the bytes of X25519 and X448, a curve's scalar or a field's exponent (big endian), for the
    /// hybrids such a key and the 64 bytes of ML-KEM's seed in the group's order.
    pub fn from_private(group: NamedGroup, private: &[u8]) -> Result<KeyShare, CryptoError> {
        match group.supported()? {
            Kind::Curve(curve) => curve.share(group, private),
            Kind::Field(..) => KeyShare::in_field(Some(group), group.prime()?, &*BigNum::from_u32(2)?, private),
            Kind::CurveThenKem(curve, size) => {
                let place = private.len().saturating_sub(SEED_LENGTH);
                KeyShare::hybrid(group, (curve, &private[..place]), (size, &private[place..]), false)
            }
            Kind::KemThenCurve(size, curve) => {
                let place = private.len().min(SEED_LENGTH);
                KeyShare::hybrid(group, (curve, &private[place..]), (size, &private[..place]), true)
            }
        }
    }

    /// For a finite field of explicit parameters, as TLS 1.2 servers may send them. Big endian numbers.
    pub fn generate_dh(p: &[u8], g: &[u8], rng: &mut Rng) -> Result<KeyShare, CryptoError> {
        let (p, g) = (BigNum::from_slice(p)?, BigNum::from_slice(g)?);
        // As long as the strength of the larger groups asks for, but below a small modulus.
        let bits = (p.num_bits() - 1).clamp(1, 400) as usize;
        KeyShare::in_field(None, &p, &g, &random_number(bits, true, rng)?.to_vec())
    }

    /// For explicit parameters, with the exponent given too. Big endian numbers.
    pub fn from_private_dh(p: &[u8], g: &[u8], x: &[u8]) -> Result<KeyShare, CryptoError> {
        KeyShare::in_field(None, &*BigNum::from_slice(p)?, &*BigNum::from_slice(g)?, x)
    }

    /// The group; `None` for explicit parameters.
    pub fn group(&self) -> Option<NamedGroup> {
        self.group
    }

    /// `key_exchange` as it goes on the wire (finite field: left-padded to the size of p [RFC 9846, 4.3.8.1]).
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The shared secret with the other side's share, as TLS 1.3 wants it (finite field: left-padded;
    /// hybrids: the parts joined in the group's order). An X25519 result of zeros is returned as such,
    /// also where the library refuses (low order points).
    pub fn derive(&self, other: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match &self.secret {
            Secret::Montgomery(curve, key) => curve.montgomery(key, other),
            Secret::Nist(curve, scalar) => curve.shared_x(scalar, other),
            Secret::Field { p, x } => {
                let mut shared = BigNum::new()?;
                shared.mod_exp(&*BigNum::from_slice(other)?, x, p, &mut *context::numbers()?)?;
                Ok(shared.to_vec_padded(p.num_bytes())?)
            }
            Secret::Hybrid { curve, kem, kem_first } => {
                let (kem_part, curve_part) = split_hybrid(other, kem.size().ciphertext_length(), *kem_first)?;
                let (kem_secret, curve_secret) = (kem.decapsulate(kem_part)?, curve.derive(curve_part)?);
                Ok(join(kem_secret, curve_secret, *kem_first))
            }
        }
    }

    /// The premaster secret that TLS 1.2 and older make of it: of a finite field without leading zeros
    /// [RFC 5246, 8.1.2], else as [`KeyShare::derive`] gives it.
    pub fn premaster(&self, other: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut shared = self.derive(other)?;
        if matches!(self.secret, Secret::Field { .. }) {
            let zeros = shared.iter().take_while(|byte| **byte == 0).count();
            shared.drain(..zeros);
        }
        Ok(shared)
    }

    /// The responder's side in one go: (share to send, shared secret). For hybrids it encapsulates.
    pub fn respond(group: NamedGroup, other: &[u8], rng: &mut Rng) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        let (curve, size, kem_first) = match group.supported()? {
            Kind::CurveThenKem(curve, size) => (curve, size, false),
            Kind::KemThenCurve(size, curve) => (curve, size, true),
            Kind::Curve(_) | Kind::Field(..) => {
                let share = KeyShare::generate(group, rng)?;
                let secret = share.derive(other)?;
                return Ok((share.public, secret));
            }
        };
        let (kem_part, curve_part) = split_hybrid(other, size.key_length(), kem_first)?;
        let (ciphertext, kem_secret) = size.encapsulate(kem_part, rng)?;
        let share = curve.share(group, &curve.random_private(rng)?)?;
        let curve_secret = share.derive(curve_part)?;
        Ok((join(ciphertext, share.public, kem_first), join(kem_secret, curve_secret, kem_first)))
    }

    fn in_field(
        group: Option<NamedGroup>,
        p: &BigNumRef,
        g: &BigNumRef,
        private: &[u8],
    ) -> Result<KeyShare, CryptoError> {
        if p.num_bits() == 0 {
            return Err(CryptoError::Input("the modulus is zero".to_owned()));
        }
        let x = BigNum::from_slice(private)?;
        let mut y = BigNum::new()?;
        y.mod_exp(g, &x, p, &mut *context::numbers()?)?;
        let public = y.to_vec_padded(p.num_bytes())?;
        Ok(KeyShare { group, public, secret: Secret::Field { p: p.to_owned()?, x } })
    }

    fn hybrid(
        group: NamedGroup,
        (curve, private): (Plain, &[u8]),
        (size, seed): (KemSize, &[u8]),
        kem_first: bool,
    ) -> Result<KeyShare, CryptoError> {
        let curve = Box::new(curve.share(group, private)?);
        let (kem, kem_public) = size.key(seed)?;
        let public = join(kem_public, curve.public.clone(), kem_first);
        Ok(KeyShare { group: Some(group), public, secret: Secret::Hybrid { curve, kem, kem_first } })
    }
}

impl Plain {
    fn share_length(self) -> usize {
        match self {
            Plain::X25519 => 32,
            Plain::X448 => 56,
            Plain::Nist(nid) => context::curve(nid).map_or(0, |curve| 1 + 2 * curve.size),
        }
    }

    fn random_private(self, rng: &mut Rng) -> Result<Vec<u8>, CryptoError> {
        match self {
            Plain::X25519 | Plain::X448 => Ok(random_bytes(self.share_length(), rng)),
            Plain::Nist(nid) => {
                let curve = context::curve(nid)?;
                Ok(curve.random_scalar(rng)?.to_vec_padded(curve.size as i32)?)
            }
        }
    }

    fn share(self, group: NamedGroup, private: &[u8]) -> Result<KeyShare, CryptoError> {
        let (public, secret) = match self {
            Plain::X25519 | Plain::X448 => {
                let key = context::raw_private(self.openssl_name(), private)
                    .map_err(|error| CryptoError::Input(format!("private key: {error}")))?;
                (key.raw_public_key()?, Secret::Montgomery(self, key))
            }
            Plain::Nist(nid) => {
                let (curve, scalar) = (context::curve(nid)?, BigNum::from_slice(private)?);
                (curve.encode(&*curve.multiply_generator(&scalar)?)?, Secret::Nist(curve, scalar))
            }
        };
        Ok(KeyShare { group: Some(group), public, secret })
    }

    fn openssl_name(self) -> &'static std::ffi::CStr {
        if self == Plain::X448 { c"X448" } else { c"X25519" }
    }

    fn montgomery(self, key: &PKey<Private>, other: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let length = self.share_length();
        if other.len() != length {
            return Err(CryptoError::Input(format!("share of {} bytes, expected {length}", other.len())));
        }
        let peer = context::raw_public(self.openssl_name(), other)?;
        let mut operation = context::operation(key)?;
        operation.derive_init()?;
        operation.derive_set_peer(&peer)?;
        let mut secret = vec![0; length];
        match operation.derive(Some(&mut secret)) {
            Ok(_) => Ok(secret),
            // A point of low order is the only thing that is refused here.
            Err(_) => Ok(vec![0; length]),
        }
    }
}

impl Curve {
    /// A number from 1 to the order less one.
    pub(crate) fn random_scalar(&self, rng: &mut Rng) -> Result<BigNum, CryptoError> {
        loop {
            let scalar = random_number(self.order.num_bits() as usize, false, rng)?;
            if scalar.num_bits() > 0 && scalar < self.order {
                return Ok(scalar);
            }
        }
    }

    pub(crate) fn multiply_generator(&self, scalar: &BigNumRef) -> Result<EcPoint, CryptoError> {
        let mut point = EcPoint::new(&self.group)?;
        point.mul_generator2(&self.group, scalar, &mut *context::numbers()?)?;
        Ok(point)
    }

    /// Uncompressed [RFC 8422, 5.4.1].
    pub(crate) fn encode(&self, point: &EcPointRef) -> Result<Vec<u8>, CryptoError> {
        Ok(point.to_bytes(&self.group, PointConversionForm::UNCOMPRESSED, &mut *context::numbers()?)?)
    }

    /// A point in any of its forms; it lies on the curve.
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<EcPoint, CryptoError> {
        EcPoint::from_bytes(&self.group, bytes, &mut *context::numbers()?)
            .map_err(|error| CryptoError::Input(format!("point: {error}")))
    }

    pub(crate) fn x(&self, point: &EcPointRef) -> Result<BigNum, CryptoError> {
        let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
        point.affine_coordinates(&self.group, &mut x, &mut y, &mut *context::numbers()?)?;
        Ok(x)
    }

    fn shared_x(&self, scalar: &BigNumRef, other: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let other = self.decode(other)?;
        let mut shared = EcPoint::new(&self.group)?;
        shared.mul2(&self.group, &other, scalar, &mut *context::numbers()?)?;
        if shared.is_infinity(&self.group) {
            return Err(CryptoError::Input("the shared point is at infinity".to_owned()));
        }
        Ok(self.x(&shared)?.to_vec_padded(self.size as i32)?)
    }
}

/// The seed d, z of an ML-KEM key [FIPS 203, 7.1].
const SEED_LENGTH: usize = 64;

impl KemSize {
    fn key_length(self) -> usize {
        match self {
            KemSize::MlKem768 => 1184,
            KemSize::MlKem1024 => 1568,
        }
    }

    fn ciphertext_length(self) -> usize {
        match self {
            KemSize::MlKem768 => 1088,
            KemSize::MlKem1024 => 1568,
        }
    }

    fn key(self, seed: &[u8]) -> Result<(KemKey, Vec<u8>), CryptoError> {
        let seed = Seed::try_from(seed)
            .map_err(|_| CryptoError::Input(format!("ML-KEM seed of {} bytes, expected {SEED_LENGTH}", seed.len())))?;
        Ok(match self {
            KemSize::MlKem768 => {
                let (key, public) = MlKem768::from_seed(&seed);
                (KemKey::MlKem768(Box::new(key)), public.to_bytes().to_vec())
            }
            KemSize::MlKem1024 => {
                let (key, public) = MlKem1024::from_seed(&seed);
                (KemKey::MlKem1024(Box::new(key)), public.to_bytes().to_vec())
            }
        })
    }

    fn encapsulate(self, key: &[u8], rng: &mut impl rand_core::CryptoRng) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        match self {
            KemSize::MlKem768 => encapsulate::<MlKem768>(key, rng),
            KemSize::MlKem1024 => encapsulate::<MlKem1024>(key, rng),
        }
    }
}

/// Gives (ciphertext, shared secret).
fn encapsulate<K: Kem>(key: &[u8], rng: &mut impl rand_core::CryptoRng) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
    let key = K::EncapsulationKey::new_from_slice(key)
        .map_err(|_| CryptoError::Input("not an encapsulation key [FIPS 203, 7.2]".to_owned()))?;
    let (ciphertext, secret) = key.encapsulate_with_rng(rng);
    Ok((ciphertext.to_vec(), secret.to_vec()))
}

impl KemKey {
    fn size(&self) -> KemSize {
        match self {
            KemKey::MlKem768(_) => KemSize::MlKem768,
            KemKey::MlKem1024(_) => KemSize::MlKem1024,
        }
    }

    fn decapsulate(&self, ciphertext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let wrong = |_| CryptoError::Input(format!("ciphertext of {} bytes", ciphertext.len()));
        Ok(match self {
            KemKey::MlKem768(key) => {
                key.decapsulate(&Ciphertext::<MlKem768>::try_from(ciphertext).map_err(wrong)?).to_vec()
            }
            KemKey::MlKem1024(key) => {
                key.decapsulate(&Ciphertext::<MlKem1024>::try_from(ciphertext).map_err(wrong)?).to_vec()
            }
        })
    }
}

/// Cuts a hybrid's share into (ML-KEM's part, the curve's part).
fn split_hybrid(share: &[u8], kem_length: usize, kem_first: bool) -> Result<(&[u8], &[u8]), CryptoError> {
    let rest = share
        .len()
        .checked_sub(kem_length)
        .ok_or_else(|| CryptoError::Input(format!("share of {} bytes, over {kem_length} expected", share.len())))?;
    Ok(if kem_first {
        share.split_at(kem_length)
    } else {
        let (curve, kem) = share.split_at(rest);
        (kem, curve)
    })
}

fn join(kem: Vec<u8>, curve: Vec<u8>, kem_first: bool) -> Vec<u8> {
    if kem_first { [kem, curve].concat() } else { [curve, kem].concat() }
}

/// 2^b - 2^(b-64) + (floor(2^(b-130) e) + X) 2^64 - 1 [RFC 7919, appendix A], e from its series.
fn ffdhe_prime(bits: i32, x: u32) -> Result<BigNum, CryptoError> {
    const GUARD: i32 = 64;
    let power = |exponent: i32| -> Result<BigNum, CryptoError> {
        let mut number = BigNum::new()?;
        number.set_bit(exponent)?;
        Ok(number)
    };
    let mut term = power(bits - 130 + GUARD)?;
    let mut e = BigNum::new()?;
    let mut divisor = 0;
    while term.num_bits() > 0 {
        e = &e + &term;
        divisor += 1;
        term.div_word(divisor)?;
    }
    let mut middle = BigNum::new()?;
    middle.rshift(&e, GUARD)?;
    middle.add_word(x)?;
    let mut shifted = BigNum::new()?;
    shifted.lshift(&middle, 64)?;
    let mut prime = &(&power(bits)? - &power(bits - 64)?) + &shifted;
    prime.sub_word(1)?;
    Ok(prime)
}

/// A number of at most so many bits, exactly so many if the top one is set.
fn random_number(bits: usize, top: bool, rng: &mut Rng) -> Result<BigNum, CryptoError> {
    let mut bytes = random_bytes(bits.div_ceil(8), rng);
    let unused = bytes.len() * 8 - bits;
    bytes[0] &= 0xff >> unused;
    if top {
        bytes[0] |= 0x80 >> unused;
    }
    Ok(BigNum::from_slice(&bytes)?)
}

fn random_bytes(length: usize, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use gauntlet_vectors::kat;
    use openssl::hash::{Hasher, MessageDigest};

    /// Gives the bytes it was made of.
    struct Given<'a>(&'a [u8]);

    impl rand_core::TryRng for Given<'_> {
        type Error = std::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            unreachable!("ML-KEM asks for bytes")
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            unreachable!("ML-KEM asks for bytes")
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            let (front, rest) = self.0.split_at(bytes.len());
            bytes.copy_from_slice(front);
            self.0 = rest;
            Ok(())
        }
    }

    impl rand_core::TryCryptoRng for Given<'_> {}

    /// The rounds that [`kat::MlKemVector`] describes.
    fn accumulated(size: KemSize, rounds: usize) -> Vec<u8> {
        let each = SEED_LENGTH + 32 + size.ciphertext_length();
        let mut stream = vec![0; rounds * each];
        Hasher::new(MessageDigest::shake_128()).expect("hash").finish_xof(&mut stream).expect("stream");
        let mut all = Hasher::new(MessageDigest::shake_128()).expect("hash");
        for round in stream.chunks(each) {
            let (seed, rest) = round.split_at(SEED_LENGTH);
            let (coins, random) = rest.split_at(32);
            let (key, public) = size.key(seed).expect("key");
            let (ciphertext, secret) = size.encapsulate(&public, &mut Given(coins)).expect("encapsulated");
            assert_eq!(key.decapsulate(&ciphertext).expect("decapsulated"), secret);
            for part in [&public, &ciphertext, &secret, &key.decapsulate(random).expect("decapsulated")] {
                all.update(part).expect("hashed");
            }
        }
        let mut hash = vec![0; 32];
        all.finish_xof(&mut hash).expect("hashed");
        hash
    }

    fn check_published(rounds: usize) {
        let vectors = &kat::primitives().ml_kem;
        let vector = vectors.iter().find(|vector| vector.rounds == rounds).expect("in the file");
        assert_eq!(accumulated(KemSize::MlKem768, rounds), vector.hash[..]);
    }

    #[test]
    fn ml_kem_768_makes_the_published_numbers() {
        check_published(100);
    }

    #[test]
    #[ignore = "takes seconds"]
    fn ml_kem_768_makes_the_published_numbers_of_many_rounds() {
        check_published(10_000);
    }

    #[test]
    fn ml_kem_of_both_sizes_agrees_with_openssl() {
        use openssl::pkey::KeyType;
        for (size, kind) in [(KemSize::MlKem768, KeyType::ML_KEM_768), (KemSize::MlKem1024, KeyType::ML_KEM_1024)] {
            for seed in 0..20 {
                let seed = [seed; SEED_LENGTH];
                let theirs = PKey::private_key_from_seed(None, kind, None, &seed).expect("OpenSSL 3.5");
                let (_, public) = size.key(&seed).expect("key");
                assert_eq!(public, theirs.raw_public_key().expect("raw"));
                let (ciphertext, secret) = size.encapsulate(&public, &mut Given(&seed[..32])).expect("encapsulated");
                assert_eq!(decapsulate(&theirs, &ciphertext), secret);
            }
        }
    }

    fn decapsulate(key: &PKey<Private>, ciphertext: &[u8]) -> Vec<u8> {
        use foreign_types_shared::ForeignTypeRef;
        let operation = context::operation(key).expect("operation");
        let mut secret = vec![0; 32];
        let mut length = secret.len();
        // SAFETY: all pointers are valid for the lengths that are given with them.
        unsafe {
            assert_eq!(openssl_sys::EVP_PKEY_decapsulate_init(operation.as_ptr(), std::ptr::null()), 1);
            let (input, output) = (ciphertext.as_ptr(), secret.as_mut_ptr());
            let done =
                openssl_sys::EVP_PKEY_decapsulate(operation.as_ptr(), output, &mut length, input, ciphertext.len());
            assert_eq!(done, 1);
        }
        secret
    }
}
