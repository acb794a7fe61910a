//! TLS and DER bytes ↔ trees of named fields, and edits on them.
//!
//! The messages are data: `grammar/*.tls` describes each once, in the presentation language of
//! [RFC 9846, 3] with a few additions (see `grammar`). From it come decoding, building, encoding,
//! printing, JSON, paths and edits, with no code per message.
//!
//! ```
//! use gauntlet_wire::{Context, Grammar, Path};
//! let bytes = [0x18, 0, 0, 1, 1]; // a KeyUpdate that asks for one in return
//! let message = Grammar::tls().decode("Handshake", &bytes, &Context::tls13());
//! let path = Path::parse("request_update").unwrap();
//! assert_eq!(message.at(&path).unwrap().number(), Some(1));
//! assert_eq!(message.to_bytes(), bytes);
//! ```

mod apply;
mod build;
mod check;
mod context;
mod decode;
pub mod der;
mod edit;
mod encode;
mod grammar;
mod link;
mod node;
mod opened;
mod parse;
mod path;
mod plain;
mod resolve;
mod show;
mod types;

pub use context::Context;
pub use edit::{ByteEdit, Edit, EditError, Place};
pub use grammar::{Grammar, GrammarError};
pub use node::{Node, Remark, Span, TypeId, Value};
pub use opened::{Opened, RSA_BLOCK, edit_inside, opened, split_inside};
pub use path::{Path, PathError, Segment};
pub use plain::Plain;
