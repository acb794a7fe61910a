//! Everything that happened in a case.

use gauntlet_wire::Context;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// We did.
    Us,
    /// The target did.
    Target,
}

/// How the target ended its side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// With FIN, or the stack's end of stream.
    Fin,
    /// With RST.
    Rst,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Which play of the case.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub play: u32,
    /// Which connection of the play.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub connection: u32,
    /// Microseconds since the case began.
    pub us: u64,
    /// What.
    pub what: What,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A connection was opened.
    Connected,
    /// Bytes on the transport.
    Bytes {
        /// Who wrote them.
        from: Side,
        /// What.
        #[serde(with = "hex_bytes")]
        data: Vec<u8>,
    },
    /// One record.
    Record {
        /// Who sent it.
        from: Side,
        /// The type in the header.
        outer: u8,
        /// legacy_record_version.
        version: u16,
        /// Bytes behind the header.
        length: u32,
        /// Epoch of the keys: `none`, `early`, `handshake`, `application`, ...
        keys: Cow<'static, str>,
        /// Sequence number under those keys.
        sequence: u64,
        /// The real content type.
        content_type: u8,
        /// Content, decrypted, without padding.
        #[serde(with = "hex_bytes")]
        content: Vec<u8>,
        /// Bytes of TLS 1.3 padding.
        padding: u32,
        /// It could be decrypted and verified (true for what we send).
        verified: bool,
        /// As it was on the wire, with its header.
        #[serde(default, skip_serializing_if = "Vec::is_empty", with = "hex_bytes")]
        wire: Vec<u8>,
    },
    /// One message, whole.
    Message {
        /// Who sent it.
        from: Side,
        /// `client_hello`, `alert`, `application_data`, ...
        name: Cow<'static, str>,
        /// Content type.
        content_type: u8,
        /// What a decoder must know.
        context: Context,
        /// As sent or received; handshake messages with their header.
        #[serde(with = "hex_bytes")]
        bytes: Vec<u8>,
        /// What it would have been without alteration, where one was made and the bytes differ.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "hex_option")]
        meant: Option<Vec<u8>>,
        /// Alterations made, in words; empty for an honest message.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changes: Vec<String>,
    },
    /// The ClientHello inside of an encrypted one, as a message.
    Inner {
        /// Who sent it.
        from: Side,
        /// With its header, and with what it takes from the outer one.
        #[serde(with = "hex_bytes")]
        bytes: Vec<u8>,
    },
    /// A line for the key log.
    Secret {
        /// `CLIENT_HANDSHAKE_TRAFFIC_SECRET`, ...
        label: Cow<'static, str>,
        /// client_random.
        #[serde(with = "hex_bytes")]
        random: Vec<u8>,
        /// The secret.
        #[serde(with = "hex_bytes")]
        secret: Vec<u8>,
    },
    /// What the target said outside of TLS, as its profile says where to find it.
    Said {
        /// `exporter`, ...
        name: String,
        /// What it said.
        #[serde(with = "hex_bytes")]
        bytes: Vec<u8>,
    },
    /// The peer found something wrong with what the target sent.
    Remark {
        /// The alert that it deserves.
        alert: Cow<'static, str>,
        /// What is wrong.
        text: String,
    },
    /// A step of the flow begins; numbered depth first from 0 as they are run.
    StepBegan {
        /// Place in the file.
        line: u32,
        /// Its column.
        column: u32,
        /// Index among the flow's own steps.
        step: u32,
        /// In a repeated or nested step list.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        nested: bool,
    },
    /// The step is over.
    StepEnded {
        /// Index among the flow's own steps.
        step: u32,
    },
    /// An alteration was carried out at this point: what follows is under test.
    Altered {
        /// Index among the flow's own steps.
        step: u32,
        /// In words.
        text: String,
        /// It left the bytes as they would have been.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unchanged: bool,
    },
    /// The peer cannot play on consistently: what it said is not what it computes with.
    NotFollowed {
        /// Why.
        text: String,
    },
    /// Our side has completed a handshake (own Finished sent, the target's verified or let pass).
    Established {
        /// Version.
        version: u16,
        /// Cipher suite.
        cipher_suite: u16,
        /// Group, 0 if none.
        group: u16,
        /// A session was resumed.
        resumed: bool,
        /// Application protocol.
        alpn: Option<String>,
        /// Whether Encrypted Client Hello was accepted, where it was offered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ech: Option<bool>,
    },
    /// Nothing came in the waiting time.
    Quiet,
    /// The target has ended its side.
    End {
        /// How.
        how: Ending,
    },
    /// We have ended ours.
    Closed {
        /// How.
        how: crate::Close,
    },
    /// The target process ended, or was found dead.
    Target {
        /// Exit status.
        status: Option<i32>,
        /// Signal.
        signal: Option<i32>,
        /// End of stderr.
        stderr: String,
        /// Of itself.
        crashed: bool,
        /// What a client's exit status says of the connection by its profile: taken, or refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted: Option<bool>,
    },
    /// A plain handshake was tried after silence.
    Alive {
        /// It was served.
        alive: bool,
    },
    /// The harness could not go on: path without result, no such action, link broken.
    Trouble {
        /// Why.
        text: String,
        /// The target lacks it: the case is a skip rather than an error.
        skip: bool,
    },
}

/// One case, with all its plays and connections.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// Case id.
    pub case: String,
    /// Target name.
    pub target: String,
    /// Seed of the case, hex.
    pub seed: String,
    /// In order.
    pub events: Vec<Event>,
}

/// Bytes as hex text.
pub mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes hex.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    /// Reads hex.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Optional bytes as hex text.
mod hex_option {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.serialize_str(&hex::encode(bytes)),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        match Option::<String>::deserialize(deserializer)? {
            Some(text) => hex::decode(text).map(Some).map_err(D::Error::custom),
            None => Ok(None),
        }
    }
}
