//! OpenSSL's library context of our own, what was fetched into it, and the calls the `openssl` crate lacks.

use std::sync::OnceLock;

use foreign_types_shared::{ForeignType, ForeignTypeRef};
use openssl::bn::BigNumContext;
use openssl::cipher::{Cipher, CipherRef};
use openssl::ec::EcGroup;
use openssl::error::ErrorStack;
use openssl::lib_ctx::{LibCtx, LibCtxRef};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::provider::Provider;

use crate::CryptoError;

impl From<ErrorStack> for CryptoError {
    fn from(stack: ErrorStack) -> CryptoError {
        CryptoError::Library(stack.to_string())
    }
}

struct Library {
    context: LibCtx,
    _default: Provider,
    /// Missing where the system's OpenSSL was built without it.
    _legacy: Option<Provider>,
}

/// The context that all our fetches go to, with `default` and, where it exists, `legacy` in it.
pub(crate) fn library() -> &'static LibCtxRef {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    &LIBRARY
        .get_or_init(|| {
            openssl::init();
            let context = LibCtx::new().expect("a library context can be made unless memory is out");
            let default = Provider::load(Some(&context), "default").expect("OpenSSL always has its default provider");
            let legacy = Provider::try_load(Some(&context), "legacy", true).ok();
            Library { context, _default: default, _legacy: legacy }
        })
        .context
}

/// Ciphers that are fetched once, when first wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Algorithm {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aria128Gcm,
    Aria256Gcm,
    ChaCha20Poly1305,
    Aes128Ctr,
    Aes256Ctr,
    Aria128Ctr,
    Aria256Ctr,
    ChaCha20,
    Aes128Cbc,
    Aes256Cbc,
    Camellia128Cbc,
    Camellia256Cbc,
    Aria128Cbc,
    Aria256Cbc,
    TripleDesCbc,
    DesCbc,
    SeedCbc,
    IdeaCbc,
    Rc4,
}

const NAMES: [&str; 23] = [
    "AES-128-GCM",
    "AES-256-GCM",
    "AES-128-CCM",
    "AES-256-CCM",
    "ARIA-128-GCM",
    "ARIA-256-GCM",
    "ChaCha20-Poly1305",
    "AES-128-CTR",
    "AES-256-CTR",
    "ARIA-128-CTR",
    "ARIA-256-CTR",
    "ChaCha20",
    "AES-128-CBC",
    "AES-256-CBC",
    "CAMELLIA-128-CBC",
    "CAMELLIA-256-CBC",
    "ARIA-128-CBC",
    "ARIA-256-CBC",
    "DES-EDE3-CBC",
    "DES-CBC",
    "SEED-CBC",
    "IDEA-CBC",
    "RC4",
];

/// A cipher of our context; `Unsupported` if this OpenSSL was built without it.
pub(crate) fn cipher(algorithm: Algorithm) -> Result<&'static CipherRef, CryptoError> {
    static FETCHED: [OnceLock<Option<Cipher>>; NAMES.len()] = [const { OnceLock::new() }; NAMES.len()];
    let name = NAMES[algorithm as usize];
    FETCHED[algorithm as usize]
        .get_or_init(|| Cipher::fetch(Some(library()), name, None).ok())
        .as_deref()
        .ok_or_else(|| CryptoError::Unsupported(name.to_owned()))
}

/// A NIST curve and its numbers.
pub(crate) struct Curve {
    pub(crate) nid: Nid,
    pub(crate) group: EcGroup,
    pub(crate) order: openssl::bn::BigNum,
    /// Bytes of a coordinate, and of a scalar.
    pub(crate) size: usize,
}

/// One of P-256, P-384 and P-521.
pub(crate) fn curve(nid: Nid) -> Result<&'static Curve, CryptoError> {
    static CURVES: [OnceLock<Curve>; 3] = [const { OnceLock::new() }; 3];
    let place = match nid {
        Nid::X9_62_PRIME256V1 => 0,
        Nid::SECP384R1 => 1,
        Nid::SECP521R1 => 2,
        _ => return Err(CryptoError::Unsupported(format!("curve {}", nid.short_name().unwrap_or("?")))),
    };
    Ok(CURVES[place].get_or_init(|| Curve::load(nid).expect("OpenSSL has the NIST curves")))
}

impl Curve {
    fn load(nid: Nid) -> Result<Curve, CryptoError> {
        // SAFETY: the result is null or a group that we own.
        let group = unsafe {
            let group = ffi::EC_GROUP_new_by_curve_name_ex(library().as_ptr(), std::ptr::null(), nid.as_raw());
            if group.is_null() {
                return Err(ErrorStack::get().into());
            }
            EcGroup::from_ptr(group)
        };
        let mut order = openssl::bn::BigNum::new()?;
        group.order(&mut order, &mut *numbers()?)?;
        let size = (group.degree() as usize).div_ceil(8);
        Ok(Curve { nid, group, order, size })
    }
}

/// Scratch numbers whose blinding randomness comes from our context too.
pub(crate) fn numbers() -> Result<BigNumContext, CryptoError> {
    // SAFETY: the result is null or a context that we own.
    unsafe {
        let context = ffi::BN_CTX_new_ex(library().as_ptr());
        if context.is_null() { Err(ErrorStack::get().into()) } else { Ok(BigNumContext::from_ptr(context)) }
    }
}

/// A raw private key (X25519, X448, Ed25519, Ed448) by its OpenSSL name.
pub(crate) fn raw_private(name: &'static std::ffi::CStr, key: &[u8]) -> Result<PKey<Private>, CryptoError> {
    // SAFETY: name and key outlive the call; the result is null or a key that we own.
    unsafe {
        let key = openssl_sys::EVP_PKEY_new_raw_private_key_ex(
            library().as_ptr(),
            name.as_ptr(),
            std::ptr::null(),
            key.as_ptr(),
            key.len(),
        );
        if key.is_null() { Err(ErrorStack::get().into()) } else { Ok(PKey::from_ptr(key)) }
    }
}

/// A raw public key by its OpenSSL name.
pub(crate) fn raw_public(name: &'static std::ffi::CStr, key: &[u8]) -> Result<PKey<Public>, CryptoError> {
    // SAFETY: as above.
    unsafe {
        let key = openssl_sys::EVP_PKEY_new_raw_public_key_ex(
            library().as_ptr(),
            name.as_ptr(),
            std::ptr::null(),
            key.as_ptr(),
            key.len(),
        );
        if key.is_null() { Err(ErrorStack::get().into()) } else { Ok(PKey::from_ptr(key)) }
    }
}

/// An operation on a key, fetched from our context.
pub(crate) fn operation<T>(key: &PKey<T>) -> Result<PkeyCtx<T>, CryptoError> {
    // SAFETY: the key outlives the call (the context takes a reference of its own); the result is null or ours.
    unsafe {
        let context = ffi::EVP_PKEY_CTX_new_from_pkey(library().as_ptr(), key.as_ptr(), std::ptr::null());
        if context.is_null() { Err(ErrorStack::get().into()) } else { Ok(PkeyCtx::from_ptr(context)) }
    }
}

/// A private key from DER: PKCS#8 or, if `rsa`, an RSAPrivateKey.
pub(crate) fn private_from_der(der: &[u8], rsa: bool) -> Result<PKey<Private>, CryptoError> {
    let mut place = der.as_ptr();
    let length = der.len() as libc::c_long;
    // SAFETY: `place` points at `length` bytes; the result is null or a key that we own.
    unsafe {
        let library = library().as_ptr();
        let key = if rsa {
            let kind = openssl_sys::EVP_PKEY_RSA;
            ffi::d2i_PrivateKey_ex(kind, std::ptr::null_mut(), &mut place, length, library, std::ptr::null())
        } else {
            ffi::d2i_AutoPrivateKey_ex(std::ptr::null_mut(), &mut place, length, library, std::ptr::null())
        };
        if key.is_null() { Err(ErrorStack::get().into()) } else { Ok(PKey::from_ptr(key)) }
    }
}

/// A private key from PEM of any kind, without a passphrase.
pub(crate) fn private_from_pem(pem: &[u8]) -> Result<PKey<Private>, CryptoError> {
    let length = i32::try_from(pem.len()).map_err(|_| CryptoError::Input("PEM of over 2 GiB".to_owned()))?;
    // SAFETY: the memory BIO reads from `pem` only as long as this function runs; a null callback with a null
    // argument would ask the terminal for a passphrase, so an empty one is given as the argument.
    unsafe {
        let bio = openssl_sys::BIO_new_mem_buf(pem.as_ptr().cast(), length);
        if bio.is_null() {
            return Err(ErrorStack::get().into());
        }
        let no_passphrase = c"".as_ptr().cast_mut().cast();
        let none = std::ptr::null_mut();
        let key = ffi::PEM_read_bio_PrivateKey_ex(bio, none, None, no_passphrase, library().as_ptr(), std::ptr::null());
        openssl_sys::BIO_free_all(bio);
        if key.is_null() {
            Err(CryptoError::Input(format!("private key: {}", ErrorStack::get())))
        } else {
            Ok(PKey::from_ptr(key))
        }
    }
}

/// Ed25519 and Ed448 over a whole message.
pub(crate) fn edwards_sign(key: &PKey<Private>, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let context = openssl::md_ctx::MdCtx::new()?;
    // Room for Ed448.
    let mut signature = vec![0; 114];
    let mut length = signature.len();
    // SAFETY: all pointers are valid for the calls; null means "none" for each of the null arguments.
    unsafe {
        let null = std::ptr::null();
        let started = ffi::EVP_DigestSignInit_ex(
            context.as_ptr(),
            std::ptr::null_mut(),
            null,
            library().as_ptr(),
            std::ptr::null(),
            key.as_ptr(),
            std::ptr::null(),
        );
        let signed = started > 0
            && openssl_sys::EVP_DigestSign(
                context.as_ptr(),
                signature.as_mut_ptr(),
                &mut length,
                message.as_ptr(),
                message.len(),
            ) > 0;
        if !signed {
            return Err(ErrorStack::get().into());
        }
    }
    signature.truncate(length);
    Ok(signature)
}

/// Whether an Ed25519 or Ed448 signature is right.
pub(crate) fn edwards_verify(key: &PKey<Public>, message: &[u8], signature: &[u8]) -> Result<bool, CryptoError> {
    let context = openssl::md_ctx::MdCtx::new()?;
    // SAFETY: as above.
    unsafe {
        let started = ffi::EVP_DigestVerifyInit_ex(
            context.as_ptr(),
            std::ptr::null_mut(),
            std::ptr::null(),
            library().as_ptr(),
            std::ptr::null(),
            key.as_ptr(),
            std::ptr::null(),
        );
        if started <= 0 {
            return Err(ErrorStack::get().into());
        }
        let right = openssl_sys::EVP_DigestVerify(
            context.as_ptr(),
            signature.as_ptr(),
            signature.len(),
            message.as_ptr(),
            message.len(),
        );
        if right != 1 {
            // What is left on the error queue would be taken for the reference stack's.
            drop(ErrorStack::get());
        }
        Ok(right == 1)
    }
}

/// Functions of OpenSSL 3.0 that `openssl-sys` does not declare.
#[allow(non_snake_case, reason = "OpenSSL's names")]
mod ffi {
    use libc::{c_char, c_int, c_long, c_void};
    use openssl_sys::{
        BIO, BN_CTX, EC_GROUP, EVP_MD_CTX, EVP_PKEY, EVP_PKEY_CTX, OSSL_LIB_CTX, OSSL_PARAM, pem_password_cb,
    };

    unsafe extern "C" {
        pub fn EC_GROUP_new_by_curve_name_ex(
            library: *mut OSSL_LIB_CTX,
            properties: *const c_char,
            nid: c_int,
        ) -> *mut EC_GROUP;
        pub fn BN_CTX_new_ex(library: *mut OSSL_LIB_CTX) -> *mut BN_CTX;
        pub fn EVP_PKEY_CTX_new_from_pkey(
            library: *mut OSSL_LIB_CTX,
            key: *mut EVP_PKEY,
            properties: *const c_char,
        ) -> *mut EVP_PKEY_CTX;
        pub fn d2i_PrivateKey_ex(
            kind: c_int,
            out: *mut *mut EVP_PKEY,
            der: *mut *const u8,
            length: c_long,
            library: *mut OSSL_LIB_CTX,
            properties: *const c_char,
        ) -> *mut EVP_PKEY;
        pub fn d2i_AutoPrivateKey_ex(
            out: *mut *mut EVP_PKEY,
            der: *mut *const u8,
            length: c_long,
            library: *mut OSSL_LIB_CTX,
            properties: *const c_char,
        ) -> *mut EVP_PKEY;
        pub fn PEM_read_bio_PrivateKey_ex(
            bio: *mut BIO,
            out: *mut *mut EVP_PKEY,
            callback: pem_password_cb,
            argument: *mut c_void,
            library: *mut OSSL_LIB_CTX,
            properties: *const c_char,
        ) -> *mut EVP_PKEY;
        pub fn EVP_DigestSignInit_ex(
            context: *mut EVP_MD_CTX,
            operation: *mut *mut EVP_PKEY_CTX,
            digest: *const c_char,
            library: *mut OSSL_LIB_CTX,
            properties: *const c_char,
            key: *mut EVP_PKEY,
            parameters: *const OSSL_PARAM,
        ) -> c_int;
        pub fn EVP_DigestVerifyInit_ex(
            context: *mut EVP_MD_CTX,
            operation: *mut *mut EVP_PKEY_CTX,
            digest: *const c_char,
            library: *mut OSSL_LIB_CTX,
            properties: *const c_char,
            key: *mut EVP_PKEY,
            parameters: *const OSSL_PARAM,
        ) -> c_int;
    }
}
