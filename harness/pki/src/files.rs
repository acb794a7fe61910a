//! Chains from PEM files, taken as they are.

use crate::Identity;
use gauntlet_crypto::PrivateKey;
use gauntlet_model::chain::ChainFiles;
use openssl::x509::X509;

/// The chain, with the root behind it if there is one.
pub(crate) fn identity(files: &ChainFiles) -> Result<Identity, String> {
    let mut chain = certificates(&files.chain, "chain")?;
    if let Some(root) = &files.ca {
        chain.extend(certificates(root, "ca")?);
    }
    let key = PrivateKey::from_pem(&files.key).map_err(|error| format!("`key` is no private key in PEM: {error}"))?;
    Ok(Identity { chain, key, staple: None, credential: None })
}

/// DER of all certificates in a PEM text, as it stands: what is wrong within them stays.
fn certificates(pem: &[u8], what: &str) -> Result<Vec<Vec<u8>>, String> {
    let text = String::from_utf8_lossy(pem);
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let decode = |block: &str| {
        let base64: String = block.split("-----END").next().unwrap_or_default().split_whitespace().collect();
        openssl::base64::decode_block(&base64).map_err(|_| format!("`{what}` holds a certificate that is no base64"))
    };
    let all: Vec<Vec<u8>> = blocks.map(decode).collect::<Result<_, _>>()?;
    if all.is_empty() {
        // A certificate in DER is as good.
        return match X509::from_der(pem) {
            Ok(_) => Ok(vec![pem.to_vec()]),
            Err(_) => Err(format!("`{what}` holds no certificate")),
        };
    }
    Ok(all)
}
