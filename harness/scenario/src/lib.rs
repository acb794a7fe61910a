//! The scenario language: load, lint, expand, twin, print
