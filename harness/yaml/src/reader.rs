//! Taking a map apart, key by key, so that nothing unknown passes.

use crate::{Diagnostics, File, Yaml};

/// Takes keys out of a map. What was never asked for is an error at `finish`, with did-you-mean.
pub struct MapReader<'a> {
    file: &'a File,
    map: &'a Yaml,
    asked: Vec<&'static str>,
}

impl<'a> MapReader<'a> {
    /// For a map; anything else is an error, and the reader then finds nothing.
    pub fn new(file: &'a File, map: &'a Yaml, what: &str, errors: &mut Diagnostics) -> MapReader<'a> {
        let _ = (what, errors);
        MapReader { file, map, asked: Vec::new() }
    }
    /// The file it reads.
    pub fn file(&self) -> &'a File {
        self.file
    }
    /// The value of an optional key.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Yaml> {
        self.asked.push(key);
        self.map.get(key)
    }
    /// The value of a key that must be there; missing is an error at the map.
    pub fn require(&mut self, _key: &'static str, _errors: &mut Diagnostics) -> Option<&'a Yaml> {
        todo!()
    }
    /// Text, or an error.
    pub fn text(&mut self, _key: &'static str, _errors: &mut Diagnostics) -> Option<String> {
        todo!()
    }
    /// A whole number within a range, or an error.
    pub fn number(&mut self, _key: &'static str, _range: std::ops::RangeInclusive<i128>, _errors: &mut Diagnostics) -> Option<i128> {
        todo!()
    }
    /// `true` or `false`, or an error.
    pub fn boolean(&mut self, _key: &'static str, _errors: &mut Diagnostics) -> Option<bool> {
        todo!()
    }
    /// Text or list of texts.
    pub fn texts(&mut self, _key: &'static str, _errors: &mut Diagnostics) -> Option<Vec<(String, crate::Span)>> {
        todo!()
    }
    /// Reports every key that nobody asked for.
    pub fn finish(self, _errors: &mut Diagnostics) {
        todo!()
    }
}
