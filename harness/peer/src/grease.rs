//! Reserved values, wherever they may stand, so that nobody comes to choke on what is new. [RFC 8701]

use crate::Peer;
use crate::draft::path;
use gauntlet_wire::{Context, Edit, Grammar, Node, Path, Place, Plain};
use std::sync::LazyLock;

static EXTENSIONS: LazyLock<Path> = LazyLock::new(|| path("extensions"));
static PRE_SHARED_KEY: LazyLock<Path> = LazyLock::new(|| path("extensions.pre_shared_key"));

/// A list that a reserved value may stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    Suite,
    Group,
    Scheme,
    Version,
    Alpn,
    /// The first extension of a block, and the last.
    First,
    Last,
}

/// 0x0a0a, 0x1a1a, ... [RFC 8701, 2]
fn reserved(number: u8) -> u16 {
    u16::from_be_bytes([number << 4 | 0x0a; 2])
}

/// PskKeyExchangeModes of their own. [RFC 8701, 2]
fn reserved_mode(number: u8) -> u8 {
    0x0b_u8.wrapping_add(31 * (number % 8))
}

impl Peer {
    /// Draws what the values of this handshake are made of, if there are to be any.
    pub(crate) fn draw_grease(&mut self) {
        if self.config.grease {
            let drawn = self.random(8);
            self.hs.grease = drawn.try_into().ok();
        }
    }

    /// The value of a list, if there is to be one.
    pub(crate) fn grease_value(&self, spot: Spot) -> Option<u16> {
        let drawn = self.hs.grease?;
        let number = match spot {
            Spot::Suite => drawn[0],
            Spot::Group => drawn[1],
            Spot::Scheme => drawn[2],
            Spot::Version => drawn[3],
            Spot::Alpn => drawn[4],
            Spot::First => drawn[5],
            // No block has one twice. [RFC 8701, 5]
            Spot::Last => drawn[5].wrapping_add(1 + drawn[6] % 15),
        };
        Some(reserved(number & 0x0f))
    }

    /// A mode of PSK key exchange.
    pub(crate) fn grease_mode(&self) -> Option<u8> {
        self.hs.grease.map(|drawn| reserved_mode(drawn[7]))
    }

    /// A share of one byte for the group.
    pub(crate) fn grease_share(&self) -> Option<Plain> {
        let group = Plain::Number(u64::from(self.grease_value(Spot::Group)?));
        Some(Plain::map([("group", group), ("key_exchange", Plain::Bytes(vec![0]))]))
    }

    /// An empty extension ahead of the others, and one of a byte behind them, but for PSKs, which come last.
    pub(crate) fn add_grease_extensions(&self, tree: &mut Node, context: &Context) {
        let last = match tree.at(&PRE_SHARED_KEY) {
            Some(_) => Place::Before("pre_shared_key".to_owned()),
            None => Place::Last,
        };
        for (spot, place, data) in [(Spot::First, Place::First, Vec::new()), (Spot::Last, last, vec![0])] {
            let Some(number) = self.grease_value(spot) else { return };
            let kind = Plain::Number(u64::from(number));
            let entry = Plain::map([("extension_type", kind), ("extension_data", Plain::Bytes(data))]);
            // A message without a block of extensions stays without.
            let _ = Grammar::tls().edit(tree, &Edit::Add(EXTENSIONS.clone(), entry, place), context);
        }
        tree.encode();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_are_those_of_the_rfc() {
        let all: Vec<u16> = (0..16).map(reserved).collect();
        assert_eq!((all[0], all[1], all[15]), (0x0a0a, 0x1a1a, 0xfafa));
        let modes: Vec<u8> = (0..8).map(reserved_mode).collect();
        assert_eq!(modes, [0x0b, 0x2a, 0x49, 0x68, 0x87, 0xa6, 0xc5, 0xe4]);
    }
}
