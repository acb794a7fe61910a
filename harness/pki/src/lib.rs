//! Certificate chains, good and bad, deterministic
