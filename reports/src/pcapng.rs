//! A transcript as a packet capture, with its secrets in it, so that analysers show decrypted messages.
//!
//! The bytes are those of the transcript; around them stand TCP and IPv4 headers of our own making: the server at
//! 192.0.2.1:443, the client at 192.0.2.2, a port for each connection. Times count from the beginning of the case. The
//! secrets lie in a Decryption Secrets Block ahead of the packets.
//! [draft-ietf-opsawg-pcapng, 4: blocks; RFC 791, RFC 9293: headers]

use crate::keylog::keylog;
use gauntlet_model::Close;
use gauntlet_model::transcript::{Ending, Event, Side, Transcript, What};
use std::collections::BTreeMap;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;
/// `TLSK`: an NSS key log.
const TLS_KEY_LOG: u32 = 0x544c_534b;
/// Packets begin with the IP header.
const LINKTYPE_RAW: u16 = 101;
/// Bytes of one packet; a record fits.
const SEGMENT: usize = 32_768;

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const PUSH: u8 = 8;
const ACK: u8 = 16;

/// The whole capture.
pub fn pcapng(transcript: &Transcript) -> Vec<u8> {
    let mut file = Vec::new();
    section(&mut file);
    let keys = keylog(transcript);
    if !keys.is_empty() {
        let mut body = TLS_KEY_LOG.to_le_bytes().to_vec();
        body.extend((keys.len() as u32).to_le_bytes());
        body.extend(keys.as_bytes());
        block(&mut file, DECRYPTION_SECRETS, &mut body);
    }
    let we_are_client = client_is_us(&transcript.events);
    let mut streams: BTreeMap<(u32, u32), Stream> = BTreeMap::new();
    for event in &transcript.events {
        let number = streams.len() as u16;
        let key = (event.play, event.connection);
        let open = || Stream { port: 40_000 + number % 20_000, we_are_client, ..Stream::default() };
        match &event.what {
            What::Connected => streams.entry(key).or_insert_with(open).begin(event.us, &mut file),
            What::Bytes { from, data } => {
                let stream = streams.entry(key).or_insert_with(open);
                stream.begin(event.us, &mut file);
                data.chunks(SEGMENT).for_each(|part| stream.packet(*from, PUSH | ACK, part, event.us, &mut file));
            }
            What::End { how } => {
                let flag = if *how == Ending::Rst { RST } else { FIN };
                streams.entry(key).or_insert_with(open).end(Side::Target, flag, event.us, &mut file);
            }
            What::Closed { how } => {
                let flag = if *how == Close::Rst { RST } else { FIN };
                streams.entry(key).or_insert_with(open).end(Side::Us, flag, event.us, &mut file);
            }
            _ => {}
        }
    }
    file
}

/// Whoever sent a ClientHello; us, if nobody did.
fn client_is_us(events: &[Event]) -> bool {
    let hello = events.iter().find_map(|event| match &event.what {
        What::Message { from, name, .. } if name == "client_hello" => Some(*from == Side::Us),
        _ => None,
    });
    hello.unwrap_or(true)
}

fn section(file: &mut Vec<u8>) {
    let mut body = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    body.extend(1u16.to_le_bytes());
    body.extend(0u16.to_le_bytes());
    body.extend(u64::MAX.to_le_bytes());
    block(file, SECTION_HEADER, &mut body);
    let mut body = LINKTYPE_RAW.to_le_bytes().to_vec();
    body.extend([0; 2]);
    body.extend(0u32.to_le_bytes());
    block(file, INTERFACE, &mut body);
}

/// Type, length, body padded to four bytes, length.
fn block(file: &mut Vec<u8>, kind: u32, body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
    let length = (body.len() + 12) as u32;
    file.extend(kind.to_le_bytes());
    file.extend(length.to_le_bytes());
    file.append(body);
    file.extend(length.to_le_bytes());
}

/// One TCP connection as it goes on.
#[derive(Default)]
struct Stream {
    port: u16,
    we_are_client: bool,
    begun: bool,
    /// Who has ended; a side ends once.
    ended: [bool; 2],
    /// Sequence numbers of client and server.
    next: [u32; 2],
}

impl Stream {
    fn is_client(&self, side: Side) -> bool {
        (side == Side::Us) == self.we_are_client
    }

    fn begin(&mut self, us: u64, file: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let (client, server) = if self.we_are_client { (Side::Us, Side::Target) } else { (Side::Target, Side::Us) };
        self.packet(client, SYN, &[], us, file);
        self.packet(server, SYN | ACK, &[], us, file);
        self.packet(client, ACK, &[], us, file);
    }

    fn end(&mut self, side: Side, flag: u8, us: u64, file: &mut Vec<u8>) {
        self.begin(us, file);
        let place = usize::from(!self.is_client(side));
        if !std::mem::replace(&mut self.ended[place], true) {
            self.packet(side, flag | ACK, &[], us, file);
        }
    }

    fn packet(&mut self, from: Side, flags: u8, data: &[u8], us: u64, file: &mut Vec<u8>) {
        let client = self.is_client(from);
        let (mine, theirs) = (usize::from(!client), usize::from(client));
        let acknowledged = if flags & ACK == 0 { 0 } else { self.next[theirs] };
        let bytes = ip(client, self.port, self.next[mine], acknowledged, flags, data);
        let taken = data.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.next[mine] = self.next[mine].wrapping_add(taken);
        let mut body = 0u32.to_le_bytes().to_vec();
        body.extend(((us >> 32) as u32).to_le_bytes());
        body.extend((us as u32).to_le_bytes());
        body.extend((bytes.len() as u32).to_le_bytes());
        body.extend((bytes.len() as u32).to_le_bytes());
        body.extend(bytes);
        block(file, ENHANCED_PACKET, &mut body);
    }
}

/// An IPv4 packet with a TCP segment.
fn ip(client: bool, port: u16, sequence: u32, acknowledged: u32, flags: u8, data: &[u8]) -> Vec<u8> {
    let addresses = if client { [192, 0, 2, 2, 192, 0, 2, 1] } else { [192, 0, 2, 1, 192, 0, 2, 2] };
    let ports = if client { (port, 443) } else { (443, port) };
    let mut tcp = Vec::with_capacity(20 + data.len());
    tcp.extend(u16::to_be_bytes(ports.0));
    tcp.extend(u16::to_be_bytes(ports.1));
    tcp.extend(sequence.to_be_bytes());
    tcp.extend(acknowledged.to_be_bytes());
    tcp.extend([5 << 4, flags]);
    tcp.extend(u16::MAX.to_be_bytes());
    tcp.extend([0; 4]);
    tcp.extend(data);
    let mut pseudo = addresses.to_vec();
    pseudo.extend([0, 6]);
    pseudo.extend((tcp.len() as u16).to_be_bytes());
    pseudo.extend(&tcp);
    tcp[16..18].copy_from_slice(&checksum(&pseudo));
    let mut packet = vec![0x45, 0];
    packet.extend((tcp.len() as u16 + 20).to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    packet.extend(addresses);
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum);
    packet.extend(tcp);
    packet
}

/// The ones' complement sum. [RFC 1071]
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let pairs = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = pairs.sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    (!(sum as u16)).to_be_bytes()
}
