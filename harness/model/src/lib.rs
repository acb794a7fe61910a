//! The nouns that cross crate borders, as serde types
