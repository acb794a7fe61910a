//! Conformance and fuzz testing of TLS implementations by scriptable peers
