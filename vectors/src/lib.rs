//! Data that everything else is checked against: the requirement catalogue and known-answer vectors.

pub mod catalogue;
pub mod kat;
