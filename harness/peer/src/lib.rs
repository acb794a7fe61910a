//! The scriptable TLS endpoint, sans-I/O
