//! HPKE for rustls, whose `ring` provider has none: ours. What is under test is what rustls makes of it.

use gauntlet_crypto::hpke::{AEAD_AES_128_GCM, HpkeContext, KDF_SHA256, KEM_X25519, Suite};
use gauntlet_crypto::{CryptoError, KeyShare};
use rustls::crypto::hpke::{
    EncapsulatedSecret, Hpke, HpkeOpener, HpkePrivateKey, HpkePublicKey, HpkeSealer, HpkeSuite,
};
use rustls::internal::msgs::enums::{HpkeAead, HpkeKdf, HpkeKem};
use rustls::internal::msgs::handshake::HpkeSymmetricCipherSuite;
use rustls::{Error, OtherError};
use std::sync::Arc;

/// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM: what everybody must have. [RFC 9849, 9]
#[derive(Debug)]
pub(super) struct OurHpke;

const SUITE: Suite = Suite { kem: KEM_X25519, kdf: KDF_SHA256, aead: AEAD_AES_128_GCM };

/// A key for what only looks like an offer.
pub(super) fn placeholder() -> Result<HpkePublicKey, String> {
    let (public, _) = OurHpke.generate_key_pair().map_err(|error| error.to_string())?;
    Ok(public)
}

/// A private key of its own for each call.
fn private_key() -> Result<Vec<u8>, Error> {
    let mut key = vec![0; 32];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut key)?;
    Ok(key)
}

fn share(private: &[u8]) -> Result<KeyShare, Error> {
    KeyShare::from_private(SUITE.group().map_err(failed)?, private).map_err(failed)
}

fn failed(error: CryptoError) -> Error {
    Error::Other(OtherError(Arc::new(error)))
}

impl Hpke for OurHpke {
    fn seal(
        &self,
        info: &[u8],
        aad: &[u8],
        plaintext: &[u8],
        public: &HpkePublicKey,
    ) -> Result<(EncapsulatedSecret, Vec<u8>), Error> {
        let (enc, mut sealer) = self.setup_sealer(info, public)?;
        Ok((enc, sealer.seal(aad, plaintext)?))
    }

    fn setup_sealer(
        &self,
        info: &[u8],
        public: &HpkePublicKey,
    ) -> Result<(EncapsulatedSecret, Box<dyn HpkeSealer + 'static>), Error> {
        let ephemeral = share(&private_key()?)?;
        let context = SUITE.send(&public.0, &ephemeral, info).map_err(failed)?;
        Ok((EncapsulatedSecret(ephemeral.public().to_vec()), Box::new(One(context))))
    }

    fn open(
        &self,
        enc: &EncapsulatedSecret,
        info: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
        private: &HpkePrivateKey,
    ) -> Result<Vec<u8>, Error> {
        self.setup_opener(enc, info, private)?.open(aad, ciphertext)
    }

    fn setup_opener(
        &self,
        enc: &EncapsulatedSecret,
        info: &[u8],
        private: &HpkePrivateKey,
    ) -> Result<Box<dyn HpkeOpener + 'static>, Error> {
        let context = SUITE.receive(&share(private.secret_bytes())?, &enc.0, info);
        Ok(Box::new(One(context.map_err(failed)?)))
    }

    fn generate_key_pair(&self) -> Result<(HpkePublicKey, HpkePrivateKey), Error> {
        let private = private_key()?;
        Ok((HpkePublicKey(share(&private)?.public().to_vec()), HpkePrivateKey::from(private)))
    }

    fn suite(&self) -> HpkeSuite {
        let sym = HpkeSymmetricCipherSuite { kdf_id: HpkeKdf::HKDF_SHA256, aead_id: HpkeAead::AES_128_GCM };
        HpkeSuite { kem: HpkeKem::DHKEM_X25519_HKDF_SHA256, sym }
    }
}

/// One side of one exchange.
#[derive(Debug)]
struct One(HpkeContext);

impl HpkeSealer for One {
    fn seal(&mut self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.seal(aad, plaintext).map_err(failed)
    }
}

impl HpkeOpener for One {
    fn open(&mut self, aad: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.open(aad, ciphertext).map_err(failed)
    }
}
