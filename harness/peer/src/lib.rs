//! The scriptable endpoint, sans-I/O: bytes in, bytes out, and the time with them.
//!
//! A [`Peer`] knows what an honest endpoint would send next ([`Peer::due`]), makes that message
//! ([`Peer::draft`]), changed as it is told, and sends it record by record ([`Peer::emit`],
//! [`Peer::sent`]). It takes whatever comes ([`Peer::receive`]), goes on as far as its keys allow, and
//! remarks on what was wrong, with the alert it deserves. It refuses nothing, never panics, and holds
//! no more memory than a few records' worth.
//!
//! After an alteration it believes what it sent: its state is read back from the bytes.

mod change;
mod client;
mod compress;
mod compute;
mod config;
mod credential;
mod draft;
mod early;
mod ech;
mod exchange;
mod grease;
mod hash;
mod inside;
pub mod order;
mod peer;
mod post;
mod psk;
mod records;
mod scrutiny;
mod scrutiny_of_server;
mod server;
mod ssl2;
mod verify;
pub mod view;

pub use change::{Change, RecordChange, plain_bytes, plain_number};
pub use config::{Config, Ech, Psk, Resumption, Session, Temper};
pub use draft::Draft;
pub use peer::Peer;
pub use psk::external_psk;
