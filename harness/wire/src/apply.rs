//! Carrying edits out on trees.

use crate::build::{build, build_tagged, closest, names_field};
use crate::decode::decode_content;
use crate::edit::{ByteEdit, Edit, EditError, Place};
use crate::encode::fit;
use crate::grammar::Grammar;
use crate::node::{Node, Remark, Value};
use crate::path::{Path, Segment};
use crate::plain::Plain;
use crate::resolve::{Trail, place};
use crate::types::{Arm, Field, Kind, Picked, Scope, Struct, Type, What, When};

pub(crate) fn apply(grammar: &Grammar, root: &mut Node, edit: &Edit, scope: Scope) -> Result<(), EditError> {
    let mut editor = Editor { grammar, root, scope };
    match edit {
        Edit::Set(path, plain) => editor.set(path, plain),
        Edit::Remove(path) => editor.remove(path),
        Edit::Add(path, plain, place) => editor.add(path, plain, place),
        Edit::Duplicate(path, place) => editor.duplicate(path, place),
        Edit::Move(path, place) => editor.relocate(path, place),
        Edit::Shuffle(path, seed) => editor.shuffle(path, *seed),
        Edit::LengthBy(path, by) => editor.length(path, |honest, width| fit(honest.wrapping_add_signed(*by), width)),
        Edit::LengthTo(path, to) => editor.length(path, |_, _| *to),
        Edit::Bytes(path, change) => editor.bytes(path, change),
    }
}

struct Editor<'a> {
    grammar: &'a Grammar,
    root: &'a mut Node,
    /// What is known at the root.
    scope: Scope,
}

impl Editor<'_> {
    fn set(&mut self, path: &Path, plain: &Plain) -> Result<(), EditError> {
        let trails = self.root.trails(&path.segments);
        if trails.is_empty() {
            return self.set_missing(path, plain);
        }
        trails.iter().try_for_each(|trail| self.replace(trail, path, plain))
    }

    /// Another value for the node at a trail; of a tagged element, for its content.
    fn replace(&mut self, trail: &[usize], path: &Path, plain: &Plain) -> Result<(), EditError> {
        let target = self.target(trail, path)?;
        let text = path.to_string();
        if let Some(structure) =
            target.struct_type().filter(|structure| self.is_element(trail) && structure.tag.is_some())
        {
            let own = matches!(plain, Plain::Map(fields) if names_field(structure, fields));
            if let (false, Some((_, content))) = (own, structure.tag) {
                let tag = target.tag();
                if target.children().len() > content {
                    let mut trail = trail.to_vec();
                    trail.push(content);
                    return self.replace(&trail, path, plain);
                }
                if let Some(tag) = tag {
                    let made = build_tagged(target.type_id.0, &tag.to_string(), plain, self.scope_at(trail), &text)?;
                    return self.put(trail, made, path);
                }
            }
        }
        let made = build(target.type_id.0, target.name, plain, self.scope_at(trail), &text)?;
        self.put(trail, made, path)
    }

    fn put(&mut self, trail: &[usize], made: Node, path: &Path) -> Result<(), EditError> {
        match self.root.descend_mut(trail) {
            Some(target) => {
                *target = Node { name: target.name, ..made };
                Ok(())
            }
            None => Err(EditError::new("finds nothing".to_owned(), path)),
        }
    }

    fn target(&self, trail: &[usize], path: &Path) -> Result<&Node, EditError> {
        self.root.descend(trail).ok_or_else(|| EditError::new("finds nothing".to_owned(), path))
    }

    /// A path that finds nothing: an element with that tag is added, or an optional field.
    fn set_missing(&mut self, path: &Path, plain: &Plain) -> Result<(), EditError> {
        let Some((parent, Segment::Name(name))) = path.split_last() else {
            return Err(self.nothing(path));
        };
        let mut parents = self.root.trails(&parent.segments);
        if parents.is_empty() && self.insert_optional(&parent, None).is_ok() {
            parents = self.root.trails(&parent.segments);
        }
        let Some(trail) = parents.first() else {
            return Err(self.nothing(path));
        };
        let list = self.target(trail, path)?;
        if !matches!(list.value, Value::List(_)) {
            return self.insert_optional(path, Some(plain));
        }
        if list.tag_number(name).is_none() {
            return Err(self.nothing(path));
        }
        let Kind::Vector { element, .. } = list.type_id.0.kind() else {
            return Err(self.nothing(path));
        };
        let made = match element.kind() {
            Kind::Struct(_) => build_tagged(element, name, plain, self.scope_at(trail), &path.to_string())?,
            _ => return Err(self.nothing(path)),
        };
        let last = ahead_of_last(list);
        let trail = trail.clone();
        self.elements(&trail, path)?.insert(last, made);
        Ok(())
    }

    /// Adds the optional field that a path names.
    fn insert_optional(&mut self, path: &Path, plain: Option<&Plain>) -> Result<(), EditError> {
        let Some((parent, Segment::Name(name))) = path.split_last() else {
            return Err(self.nothing(path));
        };
        for trail in self.root.trails(&parent.segments) {
            let Some((trail, field, at)) = self.gap(trail, name) else {
                continue;
            };
            let What::Type(kind) = &field.what else { continue };
            let mut inner = trail.clone();
            inner.push(at);
            let plain = plain.cloned().unwrap_or(Plain::List(Vec::new()));
            let made = build(kind, field.name, &plain, self.scope_at(&inner), &path.to_string())?;
            if let Some(Value::Struct(fields)) = self.root.descend_mut(&trail).map(|node| &mut node.value) {
                fields.insert(at, made);
                return Ok(());
            }
        }
        Err(self.nothing(path))
    }

    /// Where an optional field of that name that is not there belongs: in this struct or in one passed through.
    fn gap(&self, mut trail: Trail, name: &str) -> Option<(Trail, &'static Field, usize)> {
        let node = self.root.descend(&trail)?;
        if let Value::As(_) = node.value {
            trail.push(0);
            return self.gap(trail, name);
        }
        let Value::Struct(children) = &node.value else {
            return None;
        };
        let fields = self.declared(node.struct_type()?, &trail);
        if let Some(place) = fields.iter().position(|field| field.name == name && field.optional) {
            let earlier = |child: &Node| fields[..place].iter().any(|field| field.name == child.name);
            let at = children.iter().rposition(earlier).map_or(0, |last| last + 1);
            return Some((trail, fields[place], at));
        }
        let mut inner = (0..children.len()).filter(|place| node.passes(&children[*place]));
        inner.find_map(|place| {
            let mut trail = trail.clone();
            trail.push(place);
            self.gap(trail, name)
        })
    }

    /// A struct's fields, those of spliced arms included.
    fn declared(&self, structure: &'static Struct, trail: &[usize]) -> Vec<&'static Field> {
        let mut inside = trail.to_vec();
        inside.push(usize::MAX);
        let scope = self.scope_at(&inside);
        let mut fields = Vec::new();
        flatten(&structure.fields, &scope, &mut fields);
        fields
    }

    fn remove(&mut self, path: &Path) -> Result<(), EditError> {
        let mut trails = self.found(path)?;
        trails.reverse();
        for trail in trails {
            let Some((last, parent)) = trail.split_last() else {
                return Err(EditError::new("the whole message cannot be removed".to_owned(), path));
            };
            let target = self.target(&trail, path)?;
            let removable = self.is_element(&trail)
                || target.name == crate::decode::TRAILING
                || self.is_optional(parent, target.name);
            if !removable {
                return Err(EditError::new(
                    "neither a list's element nor an optional field, so it cannot be removed".to_owned(),
                    path,
                ));
            }
            if let Some(Value::List(nodes) | Value::Struct(nodes)) =
                self.root.descend_mut(parent).map(|node| &mut node.value)
            {
                nodes.remove(*last);
            }
        }
        Ok(())
    }

    fn is_optional(&self, parent: &[usize], name: &str) -> bool {
        let structure = self.root.descend(parent).and_then(Node::struct_type);
        structure.is_some_and(|structure| {
            self.declared(structure, parent).iter().any(|field| field.name == name && field.optional)
        })
    }

    fn is_element(&self, trail: &[usize]) -> bool {
        let parent = trail.split_last().and_then(|(_, parent)| self.root.descend(parent));
        parent.is_some_and(|parent| matches!(parent.value, Value::List(_)))
    }

    fn add(&mut self, path: &Path, plain: &Plain, at: &Place) -> Result<(), EditError> {
        if self.root.trails(&path.segments).is_empty() {
            self.insert_optional(path, None)?;
        }
        for mut trail in self.found(path)? {
            while let Value::As(_) = self.target(&trail, path)?.value {
                trail.push(0);
            }
            let node = self.target(&trail, path)?;
            if let Value::Bytes(_) = node.value {
                self.add_bytes(&trail, path, plain, at)?;
                continue;
            }
            let list = node.type_id.0;
            let (Value::List(_), Kind::Vector { element, .. }) = (&node.value, list.kind()) else {
                return Err(EditError::new("only a list takes another element".to_owned(), path));
            };
            let (element, mut inner) = (*element, trail.clone());
            inner.push(usize::MAX);
            let made = self.new_elements(list, element, plain, self.scope_at(&inner), path)?;
            let start = self.landing(&trail, at, None, path)?;
            self.elements(&trail, path)?.splice(start..start, made);
        }
        Ok(())
    }

    /// One element, or for `{tag: content}` one of each.
    fn new_elements(
        &self,
        list: &'static Type,
        element: &'static Type,
        plain: &Plain,
        scope: Scope,
        path: &Path,
    ) -> Result<Vec<Node>, EditError> {
        let text = path.to_string();
        let tagged = element.as_struct().filter(|structure| structure.tag.is_some());
        let plain = match (tagged, plain) {
            (Some(structure), Plain::Map(fields)) if !names_field(structure, fields) => plain.clone(),
            _ => Plain::List(vec![plain.clone()]),
        };
        match build(list, list.name, &plain, scope, &text)?.value {
            Value::List(made) => Ok(made),
            _ => Err(EditError::new(format!("no element of `{}`", element.name), path)),
        }
    }

    /// An opaque field is a list of bytes.
    fn add_bytes(&mut self, trail: &[usize], path: &Path, plain: &Plain, at: &Place) -> Result<(), EditError> {
        let node = self.target(trail, path)?;
        let plain = match plain {
            Plain::Number(_) => Plain::List(vec![plain.clone()]),
            other => other.clone(),
        };
        let made = build(crate::types::unknown_type(), node.name, &plain, Scope::EMPTY, &path.to_string())?;
        let (Some(more), length) = (made.bytes().map(<[u8]>::to_vec), node.content_size()) else {
            return Err(self.nothing(path));
        };
        let start = match at {
            Place::First => 0,
            Place::Last => length,
            Place::At(index) => slot(*index, length)
                .ok_or_else(|| EditError::new(format!("place {index} is outside of {length} bytes"), path))?,
            Place::Before(_) | Place::After(_) => return Err(EditError::new("bytes have no tags".to_owned(), path)),
        };
        if let Some(Value::Bytes(bytes)) = self.root.descend_mut(trail).map(|node| &mut node.value) {
            bytes.splice(start..start, more);
        }
        Ok(())
    }

    fn duplicate(&mut self, path: &Path, at: &Place) -> Result<(), EditError> {
        let mut trails = self.found_elements(path)?;
        trails.reverse();
        for trail in trails {
            let copy = self.target(&trail, path)?.clone();
            let Some((own, parent)) = trail.split_last() else {
                return Err(self.nothing(path));
            };
            let start = self.landing(parent, at, Some(*own), path)?;
            self.elements(parent, path)?.insert(start, copy);
        }
        Ok(())
    }

    fn relocate(&mut self, path: &Path, at: &Place) -> Result<(), EditError> {
        let Some(trail) = self.found_elements(path)?.into_iter().next() else {
            return Err(self.nothing(path));
        };
        let Some((own, parent)) = trail.split_last() else {
            return Err(self.nothing(path));
        };
        let moved = self.elements(parent, path)?.remove(*own);
        let start = match self.landing(parent, at, None, path) {
            Ok(start) => start,
            Err(error) => {
                self.elements(parent, path)?.insert(*own, moved);
                return Err(error);
            }
        };
        self.elements(parent, path)?.insert(start, moved);
        Ok(())
    }

    fn shuffle(&mut self, path: &Path, seed: u64) -> Result<(), EditError> {
        for mut trail in self.found(path)? {
            while let Value::As(_) = self.target(&trail, path)?.value {
                trail.push(0);
            }
            let mut numbers = Numbers(seed);
            match self.root.descend_mut(&trail).map(|node| &mut node.value) {
                Some(Value::List(elements)) => numbers.shuffle(elements),
                Some(Value::Bytes(bytes)) => numbers.shuffle(bytes),
                _ => return Err(EditError::new("only a list can be shuffled".to_owned(), path)),
            }
        }
        Ok(())
    }

    fn length(&mut self, path: &Path, lie: impl Fn(u64, usize) -> u64) -> Result<(), EditError> {
        for trail in self.found(path)? {
            let Some((trail, honest, width)) = self.measure(trail) else {
                return Err(EditError::new("has no length of its own".to_owned(), path));
            };
            let number = lie(honest, width);
            if fit(number, width) != number {
                return Err(EditError::new(format!("{number} does not fit in a length of {width} byte(s)"), path));
            }
            if let Some(node) = self.root.descend_mut(&trail) {
                node.length = Some(number);
                if let Value::Number { value, .. } = &mut node.value {
                    *value = number;
                }
            }
        }
        Ok(())
    }

    /// The node that holds the length of what a trail names, the honest number, and its width.
    fn measure(&self, mut trail: Trail) -> Option<(Trail, u64, usize)> {
        let node = self.root.descend(&trail)?;
        if let Some(sizeof) = node.sizeof() {
            let (_, parent) = trail.split_last()?;
            let honest = Node::measured(sizeof, self.root.descend(parent)?.children());
            let width = node.content_size();
            return Some((trail, honest, width));
        }
        if node.prefix() > 0 {
            return Some((trail, node.content_size() as u64, node.prefix()));
        }
        if let (Some((_, content)), true) =
            (node.struct_type().and_then(|structure| structure.tag), self.is_element(&trail))
        {
            let prefix = node.children().get(content)?.prefix();
            if prefix > 0 {
                trail.push(content);
                return self.measure(trail);
            }
        }
        // The whole message, or a field that a sibling is the size of.
        if let Value::Struct(children) = &node.value
            && let Some(place) = children.iter().position(|child| child.sizeof().is_some())
        {
            trail.push(place);
            return self.measure(trail);
        }
        let (_, parent) = trail.split_last()?;
        let siblings = self.root.descend(parent)?;
        let measures = |child: &Node| child.sizeof().is_some_and(|sizeof| sizeof.target == node.name);
        let place = siblings.children().iter().position(measures)?;
        let mut trail = parent.to_vec();
        trail.push(place);
        self.measure(trail)
    }

    fn bytes(&mut self, path: &Path, change: &ByteEdit) -> Result<(), EditError> {
        for mut trail in self.found(path)? {
            let node = self.target(&trail, path)?;
            if let (Some((_, content)), true) =
                (node.struct_type().and_then(|structure| structure.tag), self.is_element(&trail))
                && node.children().len() > content
            {
                trail.push(content);
            }
            let node = self.target(&trail, path)?;
            let mut bytes = node.content();
            let (kind, name, length) = (node.type_id.0, node.name, node.length);
            change.apply(&mut bytes).map_err(|error| EditError { path: path.to_string(), ..error })?;
            let made = match (&node.value, kind.kind()) {
                (Value::Raw(_), _) => Node { value: Value::Raw(bytes), ..node.clone() },
                (_, Kind::Number(number)) => number_again(node, usize::from(number.width), bytes),
                _ => Node { length, ..decode_content(kind, name, &bytes, self.scope_at(&trail)) },
            };
            self.put(&trail, made, path)?;
        }
        Ok(())
    }

    fn found(&self, path: &Path) -> Result<Vec<Trail>, EditError> {
        let trails = self.root.trails(&path.segments);
        if trails.is_empty() { Err(self.nothing(path)) } else { Ok(trails) }
    }

    fn found_elements(&self, path: &Path) -> Result<Vec<Trail>, EditError> {
        let trails = self.found(path)?;
        if trails.iter().all(|trail| self.is_element(trail)) {
            return Ok(trails);
        }
        Err(EditError::new("is no element of a list".to_owned(), path))
    }

    fn elements(&mut self, trail: &[usize], path: &Path) -> Result<&mut Vec<Node>, EditError> {
        match self.root.descend_mut(trail).map(|node| &mut node.value) {
            Some(Value::List(elements)) => Ok(elements),
            _ => Err(EditError::new("is no list".to_owned(), path)),
        }
    }

    /// Where in a list something goes in; `own` is the place of what is copied.
    fn landing(&self, list: &[usize], at: &Place, own: Option<usize>, path: &Path) -> Result<usize, EditError> {
        let list = self.target(list, path)?;
        let length = list.children().len();
        let beside = |tag: &str| match (tag, own) {
            ("", Some(own)) => Ok(own),
            _ => {
                let number = list.tag_number(tag);
                let found =
                    number.and_then(|number| list.children().iter().position(|element| element.tag() == Some(number)));
                found.ok_or_else(|| {
                    let tags = list.children().iter().filter_map(Node::tag_name);
                    EditError {
                        message: format!("the list has no `{tag}`"),
                        path: path.to_string(),
                        suggestion: closest(tag, tags),
                    }
                })
            }
        };
        match at {
            Place::First => Ok(0),
            Place::Last => Ok(length),
            Place::At(index) => slot(*index, length)
                .ok_or_else(|| EditError::new(format!("place {index} is outside of a list of {length}"), path)),
            Place::Before(tag) => beside(tag),
            Place::After(tag) => beside(tag).map(|place| place + 1),
        }
    }

    /// The error for a path that finds nothing: up to where it does, and what could follow there.
    fn nothing(&self, path: &Path) -> EditError {
        let mut good = 0;
        while good < path.segments.len() && !self.root.trails(&path.segments[..=good]).is_empty() {
            good += 1;
        }
        let parent = Path { segments: path.segments[..good].to_vec() };
        let missing = path.segments.get(good).map_or(String::new(), ToString::to_string);
        let message = match good {
            0 => format!("{} has no `{missing}`", self.root.name),
            _ => format!("`{parent}` has no `{missing}`"),
        };
        let names: Vec<&str> = self.root.find(&parent).into_iter().flat_map(reachable).collect();
        EditError { message, path: path.to_string(), suggestion: closest(&missing, names.into_iter()) }
    }

    /// The names in scope where a trail ends.
    fn scope_at(&self, trail: &[usize]) -> Scope {
        let mut scope = self.scope;
        let mut node = &*self.root;
        for step in trail {
            if let (Value::Struct(children), Some(structure)) = (&node.value, node.struct_type()) {
                let ahead = &children[..(*step).min(children.len())];
                self.hear(structure, ahead, &mut scope);
            }
            let next = match &node.value {
                Value::As(inner) => Some(&**inner),
                _ => node.children().get(*step),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        scope
    }

    /// Takes the fields ahead into the scope.
    fn hear(&self, structure: &Struct, ahead: &[Node], scope: &mut Scope) {
        for child in ahead {
            if let (Some(slot), Some(value)) = (self.grammar.slots.get(child.name), child.number()) {
                scope.set(*slot, value);
            }
        }
        for field in &structure.fields {
            if let What::Let { slot, value, when } = &field.what
                && When::holds(when, ahead)
            {
                scope.set(*slot, *value);
            }
        }
    }
}

fn flatten(fields: &'static [Field], scope: &Scope, into: &mut Vec<&'static Field>) {
    for field in fields {
        match &field.what {
            What::Splice(select) => {
                if let Picked::Arm(Arm::Fields(inner)) = select.pick(scope) {
                    flatten(inner, scope, into);
                }
            }
            _ => into.push(field),
        }
    }
}

/// The names that a path could go on with from a node.
fn reachable(node: &Node) -> Vec<&str> {
    match &node.value {
        Value::As(inner) => reachable(inner),
        Value::List(elements) => {
            let tags: Vec<&str> = elements.iter().filter_map(Node::tag_name).collect();
            if tags.is_empty() { elements.first().map(reachable).unwrap_or_default() } else { tags }
        }
        Value::Struct(fields) => {
            let own = fields.iter().map(|field| field.name);
            let inner = fields.iter().filter(|field| node.passes(field)).flat_map(reachable);
            own.chain(inner).filter(|name| !name.is_empty()).collect()
        }
        _ => Vec::new(),
    }
}

/// The place for a new element: behind all others, but ahead of a pre_shared_key extension, which must be last.
fn ahead_of_last(list: &Node) -> usize {
    let elements = list.children();
    match elements.last() {
        Some(last) if last.tag_name() == Some("pre_shared_key") => elements.len() - 1,
        _ => elements.len(),
    }
}

/// A gap between elements; negative counts from the end, where -1 is ahead of the last element.
pub(crate) fn slot(index: i64, length: usize) -> Option<usize> {
    if usize::try_from(index) == Ok(length) { Some(length) } else { place(index, length) }
}

/// A number from changed bytes; raw if they are too many or too few.
fn number_again(node: &Node, width: usize, bytes: Vec<u8>) -> Node {
    if bytes.len() != width {
        return Node { value: Value::Raw(bytes), length: None, remark: Some(Remark::Length), ..node.clone() };
    }
    let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    let length = node.sizeof().map(|_| value);
    Node { value: Value::Number { value, width: width as u8 }, length, ..node.clone() }
}

/// SplitMix64: enough for orders, and the same on every machine.
pub(crate) struct Numbers(pub u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = (self.next() % (last as u64 + 1)) as usize;
            items.swap(last, other);
        }
    }
}
