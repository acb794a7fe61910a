//! Changes of built structures, which are signed again unless told otherwise.

use gauntlet_crypto::Rng;
use gauntlet_model::chain::DerEdits;
use gauntlet_model::{Mutation, Operation, Val};
use gauntlet_wire::{ByteEdit, Edit, Path, Place, Plain, Segment, der};
use rand_core::Rng as _;

/// From what is signed to the signature.
type Sign<'a> = dyn Fn(&[u8]) -> Result<Vec<u8>, String> + 'a;

/// Makes the signature over what is signed.
pub(crate) struct Signing<'a> {
    signed: Path,
    signature: Path,
    sign: &'a Sign<'a>,
}

/// What is signed, where the signature stands, and who makes it.
pub(crate) fn sign_again<'a>(signed: &str, signature: &str, sign: &'a Sign<'a>) -> Signing<'a> {
    let path = |text: &str| Path::parse(text).unwrap_or(Path { segments: Vec::new() });
    Signing { signed: path(signed), signature: path(signature), sign }
}

/// Carries the changes out: first those of what is signed, then the signature is made, then it is changed, last the bytes.
pub(crate) fn apply(
    kind: &str,
    bytes: Vec<u8>,
    edits: &DerEdits,
    signing: &Signing<'_>,
    mut rng: Rng,
) -> Result<Vec<u8>, String> {
    if *edits == DerEdits::default() {
        return Ok(bytes);
    }
    let (mut first, mut last, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    for (path, value) in &edits.set {
        let edit = Edit::Set(path.clone(), plain(value, &mut rng)?);
        if is_within(path, &signing.signature) { last.push(edit) } else { first.push(edit) }
    }
    for Mutation { field, operation } in &edits.mutate {
        match field {
            Some(path) => {
                let edit = field_edit(path, operation, &mut rng)?;
                if is_within(path, &signing.signature) { last.push(edit) } else { first.push(edit) }
            }
            None => raw.push(byte_edit(operation, &mut rng)?),
        }
    }
    let mut tree = der::decode(kind, &bytes);
    let carry_out = |tree: &mut der::Element, edits: &[Edit]| {
        edits.iter().try_for_each(|edit| tree.edit(edit)).map_err(|error| format!("{}: {error}", error.path))
    };
    carry_out(&mut tree, &first)?;
    if !edits.keep_signature && !first.is_empty() {
        // What was removed cannot be signed, nor can a signature be put where there is none.
        let signed = tree.at(&signing.signed).map(der::Element::to_bytes);
        if let (Some(signed), Some(_)) = (signed, tree.at(&signing.signature)) {
            let signature = [&[0], &(signing.sign)(&signed)?[..]].concat();
            carry_out(&mut tree, &[Edit::Set(signing.signature.clone(), Plain::Bytes(signature))])?;
        }
    }
    carry_out(&mut tree, &last)?;
    let mut bytes = tree.to_bytes();
    for edit in raw {
        edit.apply(&mut bytes).map_err(|error| error.to_string())?;
    }
    Ok(bytes)
}

fn is_within(path: &Path, outer: &Path) -> bool {
    path.segments.starts_with(&outer.segments)
}

fn plain(value: &Val, rng: &mut Rng) -> Result<Plain, String> {
    Ok(match value {
        Val::Number(number) => Plain::Number(*number),
        Val::Name(name) => Plain::Name(name.clone()),
        Val::Bytes(bytes) => Plain::Bytes(bytes.clone()),
        Val::Random(length) => {
            let mut bytes = vec![0; *length];
            rng.fill_bytes(&mut bytes);
            Plain::Bytes(bytes)
        }
        Val::Fill { pattern, length } => Plain::Bytes(pattern.iter().copied().cycle().take(*length).collect()),
        Val::Join(parts) => {
            let parts: Vec<Vec<u8>> = parts.iter().map(|part| bytes(part, rng)).collect::<Result<_, _>>()?;
            Plain::Bytes(parts.concat())
        }
        Val::Map(fields) => {
            let mut all = Vec::new();
            for (name, value) in fields {
                all.push((name.clone(), plain(value, rng)?));
            }
            Plain::Map(all)
        }
        Val::List(_) | Val::UpTo(_) => return Err("a value in DER is a number, a text or bytes".to_owned()),
        Val::From { .. } | Val::Pick { .. } => return Err("nothing has been seen before the chain is made".to_owned()),
    })
}

fn bytes(value: &Val, rng: &mut Rng) -> Result<Vec<u8>, String> {
    match plain(value, rng)? {
        Plain::Bytes(bytes) => Ok(bytes),
        Plain::Number(number) => u8::try_from(number).map(|byte| vec![byte]).map_err(|_| "bytes are hex".to_owned()),
        Plain::Name(text) => {
            let digits: String = text.split_whitespace().collect();
            let byte = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
            let all: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
            all.ok_or_else(|| format!("`{text}` is no hex"))
        }
        _ => Err("expected bytes".to_owned()),
    }
}

fn field_edit(path: &Path, operation: &Operation, rng: &mut Rng) -> Result<Edit, String> {
    let field = path.clone();
    Ok(match operation {
        Operation::Remove => Edit::Remove(field),
        Operation::Add { value, to } => Edit::Add(field, Plain::Bytes(bytes(value, rng)?), to.clone()),
        Operation::Duplicate { to: Some(to) } => Edit::Duplicate(field, to.clone()),
        Operation::Duplicate { to: None } => {
            let behind = match field.segments.last() {
                Some(Segment::Index(index)) if *index >= 0 => Place::At(index + 1),
                _ => Place::After(String::new()),
            };
            Edit::Duplicate(field, behind)
        }
        Operation::Move { to } => Edit::Move(field, to.clone()),
        Operation::Shuffle => Edit::Shuffle(field, rng.next_u64()),
        Operation::LengthBy(by) => Edit::LengthBy(field, *by),
        Operation::LengthTo(to) => Edit::LengthTo(field, *to),
        other => Edit::Bytes(field, byte_edit(other, rng)?),
    })
}

fn byte_edit(operation: &Operation, rng: &mut Rng) -> Result<ByteEdit, String> {
    Ok(match operation {
        Operation::FlipBit { bit } => ByteEdit::FlipBit { bit: *bit },
        Operation::Xor { offset, bytes: mask } => ByteEdit::Xor { offset: *offset, bytes: bytes(mask, rng)? },
        Operation::Replace { offset, bytes: other } => ByteEdit::Replace { offset: *offset, bytes: bytes(other, rng)? },
        Operation::Insert { offset, bytes: more } => ByteEdit::Insert { offset: *offset, bytes: bytes(more, rng)? },
        Operation::Append { bytes: more } => ByteEdit::Append { bytes: bytes(more, rng)? },
        Operation::Delete { offset, count } => ByteEdit::Delete { offset: *offset, count: *count },
        Operation::Truncate { to } => ByteEdit::Truncate { to: *to },
        _ => return Err("that change needs a `field`".to_owned()),
    })
}
