//! The twin: the case without what is wrong in it.

use gauntlet_model::Case;

/// The `connect`, `handshake`, `close` and `expect: new_session_ticket` steps, without `alter` and `pki`, ending in
/// `accept`; a flow without `handshake` has the plain one.
pub fn twin(_case: &Case) -> Case {
    todo!()
}

/// Equal for cases whose twins are played alike: role, versions, options, and the twin's steps.
pub fn twin_key(_case: &Case) -> String {
    todo!()
}
