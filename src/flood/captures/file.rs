//! The blocks of a capture file: packets, each with its time and the kind of network that it was captured on.

use super::super::records::TIME_MAX;
use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Linktype, PcapBlockOwned, PcapError, create_reader};
use std::fmt;
use std::io::Read;

/// The largest block that is read. A packet has at most 64 KiB, and some tools allow for four times that.
const BLOCK_MAX: usize = 1 << 20;

/// After so many readings a block that is still not whole never will be.
const REFILLS_MAX: u32 = 4_096;

/// Nanoseconds in a second.
const NANOS: i128 = 1_000_000_000;

/// What a capture file begins with: pcap in both byte orders and both resolutions, the modified format, and pcapng.
const MAGIC: [[u8; 4]; 6] = [
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x34, 0xcd, 0xb2, 0xa1],
    [0x0a, 0x0d, 0x0d, 0x0a],
];

/// Why a capture can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaptureError {
    /// It is no capture, or it is broken.
    Broken(String),
    /// It has a block of more than so many bytes.
    TooLong {
        /// So many.
        max: usize,
    },
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is no capture that can be read: ")?;
        match self {
            Self::Broken(cause) => f.write_str(cause),
            Self::TooLong { max } => write!(f, "a block of more than {max} bytes"),
        }
    }
}

impl std::error::Error for CaptureError {}

/// A packet as it was captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    /// Nanoseconds since the Unix epoch.
    pub(super) at: i64,
    pub(super) link: Linktype,
    /// Where: the interface's number in the file.
    pub(super) interface: u32,
    pub(super) bytes: &'a [u8],
    /// Only the beginning was kept.
    pub(super) is_cut: bool,
}

/// An interface of a pcapng file.
#[derive(Clone, Copy)]
struct Interface {
    link: Linktype,
    /// Units in a second.
    resolution: u64,
    offset_seconds: i64,
}

pub(super) fn is_capture(beginning: &[u8]) -> bool {
    MAGIC.iter().any(|magic| beginning.starts_with(magic))
}

/// Reads all packets; whether the file ends within one.
///
/// # Errors
/// If it is no capture.
pub(super) fn read(input: impl Read + Send, mut take: impl FnMut(Packet<'_>)) -> Result<bool, CaptureError> {
    let broken = |error: &dyn fmt::Debug| CaptureError::Broken(format!("{error:?}"));
    let mut reader = create_reader(BLOCK_MAX, input).map_err(|error| broken(&error))?;
    let mut legacy = Interface { link: Linktype::NULL, resolution: 1_000_000, offset_seconds: 0 };
    let mut interfaces: Vec<Interface> = Vec::new();
    let mut refills = 0;
    loop {
        match reader.next() {
            Ok((len, block)) => {
                match &block {
                    PcapBlockOwned::LegacyHeader(header) => {
                        legacy.link = header.network;
                        legacy.resolution = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                    }
                    PcapBlockOwned::Legacy(packet) => take(Packet {
                        at: nanos(u64::from(packet.ts_sec), 1, 0)
                            + nanos(u64::from(packet.ts_usec), legacy.resolution, 0),
                        link: legacy.link,
                        interface: 0,
                        bytes: packet.data,
                        is_cut: packet.caplen < packet.origlen,
                    }),
                    PcapBlockOwned::NG(block) => take_block(block, &mut interfaces, &mut take),
                }
                reader.consume(len);
                refills = 0;
            }
            Err(PcapError::Eof) => return Ok(false),
            Err(PcapError::UnexpectedEof) => return Ok(true),
            Err(PcapError::Incomplete(_)) => {
                if reader.reader_exhausted() {
                    return Ok(true);
                }
                refills += 1;
                if refills > REFILLS_MAX {
                    return Err(CaptureError::TooLong { max: BLOCK_MAX });
                }
                reader.refill().map_err(|error| broken(&error))?;
            }
            Err(error) => return Err(broken(&error)),
        }
    }
}

fn take_block(block: &Block<'_>, interfaces: &mut Vec<Interface>, take: &mut impl FnMut(Packet<'_>)) {
    match block {
        // Interfaces are numbered anew in each section.
        Block::SectionHeader(_) => interfaces.clear(),
        Block::InterfaceDescription(description) => interfaces.push(Interface {
            link: description.linktype,
            resolution: resolution(description.if_tsresol),
            offset_seconds: description.if_tsoffset,
        }),
        Block::EnhancedPacket(packet) => {
            let Some(interface) = interfaces.get(packet.if_id as usize) else { return };
            let units = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
            take(Packet {
                at: nanos(units, interface.resolution, interface.offset_seconds),
                link: interface.link,
                interface: packet.if_id,
                bytes: packet.packet_data(),
                is_cut: packet.truncated(),
            });
        }
        // Simple packets have no time, so nothing can be said of them.
        _ => {}
    }
}

/// Units in a second, of a power of 10 or, with the highest bit, of 2.
fn resolution(code: u8) -> u64 {
    let power = u32::from(code & 0x7f);
    let units = if code & 0x80 == 0 { 10_u64.checked_pow(power) } else { 1_u64.checked_shl(power) };
    units.unwrap_or(1_000_000).max(1)
}

fn nanos(units: u64, resolution: u64, offset_seconds: i64) -> i64 {
    let nanos = i128::from(units) * NANOS / i128::from(resolution.max(1)) + i128::from(offset_seconds) * NANOS;
    nanos.clamp(0, TIME_MAX.into()) as i64
}
