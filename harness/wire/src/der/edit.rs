//! Changes to DER trees, with the same words as for messages.

use super::schema::{identifier, label};
use super::{Element, Value, decode, elements, shortest, tags};
use crate::build::closest;
use crate::edit::{Edit, EditError, Place};
use crate::path::Path;
use crate::plain::{Plain, hex_bytes};

impl Element {
    /// Carries out one change. All lengths around it stay honest.
    ///
    /// Values: a number for INTEGER, ENUMERATED and BOOLEAN; a name is text for strings and times, dotted
    /// numbers for object identifiers, `true` or `false`, else hex; bytes are the content as it is. A map sets
    /// fields. What is added is one whole element, as bytes.
    ///
    /// # Errors
    /// If the path finds nothing, or the value is not of the element's kind; the tree is unchanged then.
    pub fn edit(&mut self, edit: &Edit) -> Result<(), EditError> {
        let mut changed = self.clone();
        changed.carry_out(edit)?;
        *self = changed;
        Ok(())
    }

    fn carry_out(&mut self, edit: &Edit) -> Result<(), EditError> {
        match edit {
            Edit::Set(path, plain) => self.each(path, |element| element.set(plain, path)),
            Edit::Bytes(path, change) => self.each(path, |element| {
                let mut content = element.content();
                change.apply(&mut content).map_err(|error| EditError { path: path.to_string(), ..error })?;
                element.put(content);
                Ok(())
            }),
            Edit::LengthBy(path, by) => self.each(path, |element| {
                element.length = Some(shortest((element.content().len() as u64).wrapping_add_signed(*by)));
                Ok(())
            }),
            Edit::LengthTo(path, to) => self.each(path, |element| {
                element.length = Some(shortest(*to));
                Ok(())
            }),
            Edit::Remove(path) => self.siblings(path, |siblings, own| {
                siblings.remove(own);
                Ok(())
            }),
            Edit::Duplicate(path, at) => self.siblings(path, |siblings, own| {
                let copy = siblings[own].clone();
                let start = landing(siblings, at, Some(own), path)?;
                siblings.insert(start, copy);
                Ok(())
            }),
            Edit::Move(path, at) => self.siblings(path, |siblings, own| {
                let moved = siblings.remove(own);
                let start = landing(siblings, at, None, path)?;
                siblings.insert(start, moved);
                Ok(())
            }),
            Edit::Add(path, plain, at) => {
                let Plain::Bytes(bytes) = plain else {
                    return Err(EditError::new("expected an element as bytes".to_owned(), path));
                };
                self.each(path, |element| {
                    let list = element.list();
                    let Some(children) = list.children_mut() else {
                        return Err(EditError::new("only a list takes another element".to_owned(), path));
                    };
                    let start = landing(children, at, None, path)?;
                    children.insert(start, decode("", bytes));
                    let shape = list.shape;
                    label_again(list, shape);
                    Ok(())
                })
            }
            Edit::Shuffle(path, seed) => self.each(path, |element| match element.list().children_mut() {
                Some(children) => {
                    crate::apply::Numbers(*seed).shuffle(children);
                    Ok(())
                }
                None => Err(EditError::new("only a list can be shuffled".to_owned(), path)),
            }),
        }
    }

    fn each(
        &mut self,
        path: &Path,
        mut change: impl FnMut(&mut Element) -> Result<(), EditError>,
    ) -> Result<(), EditError> {
        let trails = self.found(path)?;
        for trail in trails {
            if let Some(element) = self.descend_mut(&trail) {
                change(element)?;
            }
        }
        Ok(())
    }

    /// Changes lists; the last found first, so that places stay right.
    fn siblings(
        &mut self,
        path: &Path,
        mut change: impl FnMut(&mut Vec<Element>, usize) -> Result<(), EditError>,
    ) -> Result<(), EditError> {
        for trail in self.found(path)?.into_iter().rev() {
            let Some((own, parent)) = trail.split_last() else {
                return Err(EditError::new("the whole cannot be changed so".to_owned(), path));
            };
            if let Some(children) = self.descend_mut(parent).and_then(Element::children_mut) {
                change(children, *own)?;
            }
        }
        Ok(())
    }

    fn found(&self, path: &Path) -> Result<Vec<Vec<usize>>, EditError> {
        let trails = self.trails(&path.segments);
        if !trails.is_empty() {
            return Ok(trails);
        }
        let good = (0..path.segments.len())
            .rev()
            .find(|length| !self.trails(&path.segments[..*length]).is_empty())
            .unwrap_or(0);
        let owner = Path { segments: path.segments[..good].to_vec() };
        let missing = path.segments.get(good).map_or(String::new(), ToString::to_string);
        let names: Vec<&str> = self.find(&owner).into_iter().flat_map(Element::reachable).collect();
        let owner = if good == 0 { self.name.to_owned() } else { format!("`{owner}`") };
        Err(EditError {
            message: format!("{owner} has no `{missing}`"),
            path: path.to_string(),
            suggestion: closest(&missing, names.into_iter()),
        })
    }

    fn reachable(&self) -> Vec<&'static str> {
        let inner = |child: &Element| {
            if child.name.is_empty() { child.reachable() } else { vec![child.name] }
        };
        self.children().iter().flat_map(inner).collect()
    }

    /// The list that an explicit tag or a string is around, or the element itself.
    fn list(&mut self) -> &mut Element {
        if !self.is_around() {
            return self;
        }
        match &mut self.value {
            Value::Elements(children) | Value::Wrapped { inner: children, .. } => &mut children[0],
            _ => unreachable!("it is around one child"),
        }
    }

    fn set(&mut self, plain: &Plain, path: &Path) -> Result<(), EditError> {
        if let Plain::Map(fields) = plain {
            return fields.iter().try_for_each(|(name, plain)| {
                let inner = Path::parse(name).map_err(|error| EditError::new(error.message, path))?;
                self.carry_out(&Edit::Set(inner, plain.clone()))
            });
        }
        // An explicit tag, or a string, around the value that is meant.
        if !matches!(plain, Plain::Bytes(_)) && self.is_around() {
            return self.list().set(plain, path);
        }
        match self.content_from(plain) {
            Some(content) => {
                self.put(content);
                Ok(())
            }
            None => Err(EditError::new(format!("the value does not fit an element with tag {:#04x}", self.tag), path)),
        }
    }

    fn content_from(&self, plain: &Plain) -> Option<Vec<u8>> {
        match (plain, self.tag) {
            (Plain::Bytes(bytes), _) => Some(bytes.clone()),
            (Plain::Number(number), tags::BOOLEAN) => {
                u8::try_from(*number).ok().map(|byte| vec![if byte == 1 { 0xff } else { byte }])
            }
            (Plain::Number(number), tags::INTEGER | tags::ENUMERATED) => Some(integer(*number)),
            (Plain::Name(text), tags::BOOLEAN) if text == "true" => Some(vec![0xff]),
            (Plain::Name(text), tags::BOOLEAN) if text == "false" => Some(vec![0]),
            (Plain::Name(text), tags::OBJECT_IDENTIFIER) => identifier(text),
            (Plain::Name(text), tags::UTF8_STRING | 0x12..=0x1e | 0x81 | 0x82 | 0x86) => Some(text.as_bytes().to_vec()),
            (Plain::Name(text), _) => hex_bytes(text),
            _ => None,
        }
    }

    /// Other content; it is read again, so that paths go on working.
    fn put(&mut self, content: Vec<u8>) {
        self.value = match &self.value {
            Value::Raw(_) => Value::Raw(content),
            Value::Elements(_) => Value::Elements(elements(&content, super::DEPTH)),
            _ => Value::Bytes(content),
        };
        let shape = self.shape;
        label_again(self, shape);
    }
}

/// Names all within anew; the element's own name stays.
fn label_again(element: &mut Element, shape: &'static super::Shape) {
    let name = element.name;
    label(element, shape);
    if !name.is_empty() {
        element.name = name;
    }
}

/// The shortest two's complement of a number.
fn integer(number: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if bytes.first().is_none_or(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    bytes
}

fn landing(list: &[Element], at: &Place, own: Option<usize>, path: &Path) -> Result<usize, EditError> {
    let beside = |name: &str| match (name, own) {
        ("", Some(own)) => Ok(own),
        _ => list.iter().position(|element| element.name == name).ok_or_else(|| {
            let names = list.iter().map(|element| element.name);
            EditError {
                message: format!("the list has no `{name}`"),
                path: path.to_string(),
                suggestion: closest(name, names),
            }
        }),
    };
    match at {
        Place::First => Ok(0),
        Place::Last => Ok(list.len()),
        Place::At(index) => crate::apply::slot(*index, list.len())
            .ok_or_else(|| EditError::new(format!("place {index} is outside of a list of {}", list.len()), path)),
        Place::Before(name) => beside(name),
        Place::After(name) => beside(name).map(|place| place + 1),
    }
}
