//! Keys by owner and kind: RSA keys are files, all others come from seeds.

use gauntlet_crypto::{PrivateKey, Rng};
use openssl::ec::{Asn1Flag, EcGroup, EcKey};
use openssl::pkey::PKey;
use openssl::sha::sha256;
use rand_core::SeedableRng;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The key of that owner and kind; the same in every build.
///
/// # Errors
/// There is no such kind.
pub(crate) fn key(owner: &str, kind: &str) -> Result<PrivateKey, String> {
    static CACHE: LazyLock<Mutex<HashMap<(String, String), PrivateKey>>> = LazyLock::new(Mutex::default);
    let name = (owner.to_owned(), kind.to_owned());
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = cache.get(&name) {
        return Ok(key.clone());
    }
    let made = match rsa_file(owner, kind) {
        Some(pem) => PrivateKey::from_pem(pem),
        None => {
            let seed = sha256(format!("gauntlet pki {owner} {kind}").as_bytes());
            PrivateKey::generate(kind, &mut Rng::from_seed(seed))
        }
    };
    let made = made.map_err(|error| format!("a key of kind `{kind}`: {error}"))?;
    cache.insert(name, made.clone());
    Ok(made)
}

/// Keys of sizes that nobody should take are the same for all owners, as are those of unknown owners.
pub(crate) fn rsa_file(owner: &str, kind: &str) -> Option<&'static [u8]> {
    Some(match (owner, kind) {
        ("root", "rsa2048") => include_bytes!("../keys/root-rsa2048.pem"),
        ("intermediate", "rsa2048") => include_bytes!("../keys/intermediate-rsa2048.pem"),
        ("server", "rsa2048") => include_bytes!("../keys/server-rsa2048.pem"),
        ("client", "rsa2048") => include_bytes!("../keys/client-rsa2048.pem"),
        (_, "rsa2048") => include_bytes!("../keys/other-rsa2048.pem"),
        ("client", "rsapss2048") => include_bytes!("../keys/client-rsapss2048.pem"),
        (_, "rsapss2048") => include_bytes!("../keys/server-rsapss2048.pem"),
        (_, "rsa512") => include_bytes!("../keys/rsa512.pem"),
        (_, "rsa1024") => include_bytes!("../keys/rsa1024.pem"),
        (_, "rsa1536") => include_bytes!("../keys/rsa1536.pem"),
        (_, "rsa3072") => include_bytes!("../keys/rsa3072.pem"),
        (_, "rsa4096") => include_bytes!("../keys/rsa4096.pem"),
        _ => return None,
    })
}

/// The SubjectPublicKeyInfo of an EC key that says its curve by parameters. [RFC 3279, 2.3.5]
pub(crate) fn explicit_curve(key: &PrivateKey) -> Result<Vec<u8>, String> {
    let text = |error: openssl::error::ErrorStack| format!("explicit curve parameters: {error}");
    let named = key.pkey().ec_key().map_err(|_| "only an EC key has explicit curve parameters".to_owned())?;
    let curve = named.group().curve_name().ok_or("the curve has no name")?;
    let mut group = EcGroup::from_curve_name(curve).map_err(text)?;
    group.set_asn1_flag(Asn1Flag::EXPLICIT_CURVE);
    let public = EcKey::from_public_key(&group, named.public_key()).map_err(text)?;
    PKey::from_ec_key(public).and_then(|key| key.public_key_to_der()).map_err(text)
}
