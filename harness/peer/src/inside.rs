//! Opened fields of our own messages: what is encrypted or DER, changed, and made again. [scenarios/README.md]

use crate::Peer;
use crate::change::{Change, plain_bytes, plain_number};
use crate::draft::{path, put_leaf};
use gauntlet_crypto::{PublicKey, Rng};
use gauntlet_wire::{
    Context, Edit, Grammar, Node, Opened, Path, Plain, RSA_BLOCK, Segment, edit_inside, opened, split_inside,
};
use rand_core::Rng as _;

/// Whether an edit reaches into what is made once for all of them: the block that RSA encrypts, a compressed
/// message, the hello in an encrypted one.
pub(crate) fn is_made_whole(edit: &Edit) -> bool {
    let kind = split_inside(edit.path()).and_then(|(outer, _)| opened(&outer));
    matches!(kind, Some(Opened::RsaBlock | Opened::Compressed(_) | Opened::Sealed(_)))
}

/// Carries out what is changed inside of a compressed message, on that message.
///
/// # Errors
/// A change that cannot be made, in words.
pub(crate) fn edit_compressed(tree: &mut Node, change: &Change, context: &Context) -> Result<(), String> {
    for edit in &change.edits {
        let Some((outer, inner)) = split_inside(edit.path()) else { continue };
        if !matches!(opened(&outer), Some(Opened::Compressed(_))) {
            continue;
        }
        let within = edit.clone().at(inner);
        let done = edit_inside(tree, &within).unwrap_or_else(|| Grammar::tls().edit(tree, &within, context));
        done.map_err(|error| format!("{outer}.inside.{}: {error}", error.path))?;
    }
    Ok(())
}

/// The block that RSA encrypts. [RFC 8017, 7.2.1; RFC 5246, 7.4.7.1]
struct Block {
    /// As [`RSA_BLOCK`] names them.
    parts: [Vec<u8>; RSA_BLOCK.len()],
    /// The padding is as the scenario has it.
    padded: bool,
}

const PADDING: usize = 2;
const VERSION: usize = 4;
const RANDOM: usize = 5;

impl Block {
    /// An honest block, its padding still empty.
    fn new(premaster: &[u8]) -> Block {
        let (version, random) = premaster.split_at(premaster.len().min(2));
        Block { parts: [vec![0], vec![2], Vec::new(), vec![0], version.to_vec(), random.to_vec()], padded: false }
    }

    /// Fills the modulus with random bytes that are not zero.
    fn pad(&mut self, size: usize, rng: &mut Rng) {
        let others: usize = self.parts.iter().map(Vec::len).sum::<usize>() - self.parts[PADDING].len();
        let wanted = size.saturating_sub(others);
        let padding = &mut self.parts[PADDING];
        padding.truncate(wanted);
        while padding.len() < wanted {
            let mut byte = [0];
            rng.fill_bytes(&mut byte);
            padding.extend(byte.iter().filter(|byte| **byte != 0));
        }
    }

    fn premaster(&self) -> Vec<u8> {
        [self.parts[VERSION].as_slice(), &self.parts[RANDOM]].concat()
    }

    fn edit(&mut self, inner: &Path, edit: &Edit) -> Result<(), String> {
        let part = match inner.names().as_slice() {
            ["pre_master_secret"] => return self.edit_secret(edit),
            ["pre_master_secret", name] | [name] => RSA_BLOCK.iter().position(|part| part == name),
            _ => None,
        };
        let part = part.ok_or_else(|| format!("an RSA premaster block has no `{inner}`"))?;
        self.padded |= part == PADDING;
        match edit {
            Edit::Set(_, value) => self.parts[part] = value_of(part, value)?,
            Edit::Bytes(_, change) => change.apply(&mut self.parts[part]).map_err(|error| error.to_string())?,
            _ => return Err(format!("`{inner}` is bytes: it can be set, or its bytes changed")),
        }
        Ok(())
    }

    /// Version and random as one.
    fn edit_secret(&mut self, edit: &Edit) -> Result<(), String> {
        let mut secret = self.premaster();
        match edit {
            Edit::Set(_, Plain::Map(fields)) => {
                return fields.iter().try_for_each(|(name, value)| {
                    let inner = Path { segments: vec![Segment::Name(name.clone())] };
                    self.edit(&inner.clone(), &Edit::Set(inner, value.clone()))
                });
            }
            Edit::Set(_, value) => secret = plain_bytes(value)?,
            Edit::Bytes(_, change) => change.apply(&mut secret).map_err(|error| error.to_string())?,
            _ => return Err("`pre_master_secret` is bytes: it can be set, or its bytes changed".to_owned()),
        }
        let random = secret.split_off(secret.len().min(2));
        (self.parts[VERSION], self.parts[RANDOM]) = (secret, random);
        Ok(())
    }
}

/// The bytes of a part: a version by number or name, a single byte by number.
fn value_of(part: usize, value: &Plain) -> Result<Vec<u8>, String> {
    if part == VERSION && !matches!(value, Plain::Bytes(_)) {
        return Ok((plain_number(value, "ProtocolVersion")? as u16).to_be_bytes().to_vec());
    }
    plain_bytes(value)
}

impl Peer {
    /// Makes the RSA premaster block again with what is changed inside of it, and encrypts it. Our own premaster secret
    /// is the one that it holds then.
    ///
    /// # Errors
    /// A change that cannot be made, in words.
    pub(crate) fn fill_premaster(&mut self, tree: &mut Node, change: &Change) -> Result<(), String> {
        let is_in_block =
            |edit: &&Edit| split_inside(edit.path()).is_some_and(|(outer, _)| opened(&outer) == Some(Opened::RsaBlock));
        let mut edits = change.edits.iter().filter(is_in_block).peekable();
        if edits.peek().is_none() {
            return Ok(());
        }
        let field = ["encrypted_pre_master_secret", "exchange_keys.encrypted_pre_master_secret"].map(path);
        let Some(field) = field.into_iter().find(|field| tree.at(field).is_some()) else {
            return Err("this key exchange has no encrypted_pre_master_secret".to_owned());
        };
        let Some(key) = self.hs.target_key.clone().filter(PublicKey::is_rsa) else {
            return Err("the target has shown no RSA key to encrypt to".to_owned());
        };
        let size = key.rsa_size();
        let mut block = Block::new(&self.hs.premaster);
        block.pad(size, &mut self.rng);
        for edit in edits {
            let Some((_, inner)) = split_inside(edit.path()) else { continue };
            block.edit(&inner, edit).map_err(|error| format!("encrypted_pre_master_secret.inside: {error}"))?;
        }
        if !block.padded {
            block.pad(size, &mut self.rng);
        }
        let bytes = block.parts.concat();
        if bytes.len() != size {
            return Err(format!("the RSA premaster block has {} bytes, the target's modulus {size}", bytes.len()));
        }
        let encrypted = key.rsa_raw_encrypt(&bytes).map_err(|error| error.to_string())?;
        self.hs.premaster = block.premaster();
        self.followed = true;
        if let Some(node) = tree.at_mut(&field) {
            put_leaf(node, encrypted);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gauntlet_wire::ByteEdit;
    use rand_core::SeedableRng;

    fn block(edits: &[(&str, Edit)]) -> Result<Block, String> {
        let mut rng = Rng::seed_from_u64(1);
        let mut block = Block::new(&[3; 48]);
        block.pad(256, &mut rng);
        for (at, edit) in edits {
            block.edit(&path(at), edit)?;
        }
        if !block.padded {
            block.pad(256, &mut rng);
        }
        Ok(block)
    }

    fn set(value: Plain) -> Edit {
        Edit::Set(Path::root(), value)
    }

    #[test]
    fn an_honest_block_fills_the_modulus_without_zeros_in_its_padding() {
        let bytes = block(&[]).unwrap().parts.concat();
        assert_eq!((bytes.len(), &bytes[..2]), (256, [0, 2].as_slice()));
        assert!(bytes[2..207].iter().all(|byte| *byte != 0));
        assert_eq!((bytes[207], &bytes[208..]), (0, [3; 48].as_slice()));
    }

    #[test]
    fn parts_can_be_given_and_the_padding_makes_up_for_them() {
        let short = block(&[("pre_master_secret.random", set(Plain::Bytes(vec![9; 20])))]).unwrap();
        assert_eq!((short.parts.concat().len(), short.premaster().len()), (256, 22));
        let typed = block(&[("block_type", set(Plain::Number(1)))]).unwrap();
        assert_eq!(typed.parts.concat()[1], 1);
        let old = block(&[("pre_master_secret.client_version", set(Plain::Name("tls1.0".to_owned())))]).unwrap();
        assert_eq!(&old.premaster()[..2], [3, 1]);
        let zero = Edit::Bytes(Path::root(), ByteEdit::Replace { offset: 3, bytes: vec![0] });
        assert_eq!(block(&[("padding", zero)]).unwrap().parts.concat()[5], 0);
        assert!(block(&[("paddin", set(Plain::Number(0)))]).is_err());
    }
}
