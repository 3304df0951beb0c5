//! Where the IPv4 packet stands in a captured frame.

use pcap_parser::Linktype;

const ETHERTYPE_IPV4: u16 = 0x0800;
/// 802.1Q, 802.1ad, and an older one of the latter.
const ETHERTYPES_VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];
/// Address family IPv4, which is 2 everywhere.
const FAMILY_IPV4: u32 = 2;
const LINKTYPE_LINUX_SLL2: Linktype = Linktype(276);
/// Raw IP on some systems.
const LINKTYPES_RAW: [Linktype; 4] = [Linktype(12), Linktype(14), Linktype(101), Linktype(228)];

/// The IPv4 packet in a frame, if there is one, and where and in which direction it was seen, as far as the frame says.
pub(super) fn ipv4(link: Linktype, frame: &[u8]) -> Option<(&[u8], u32)> {
    let number = |at: usize| Some(u16::from_be_bytes(frame.get(at..at + 2)?.try_into().ok()?));
    match link {
        Linktype::ETHERNET => {
            let mut at = 12;
            while ETHERTYPES_VLAN.contains(&number(at)?) {
                at += 4;
            }
            (number(at)? == ETHERTYPE_IPV4).then(|| Some((frame.get(at + 2..)?, 0)))?
        }
        // In the byte order of whoever captured, and in network order.
        Linktype::NULL | Linktype::LOOP => {
            let family: [u8; 4] = frame.get(..4)?.try_into().ok()?;
            let is_ipv4 = [u32::from_be_bytes(family), u32::from_le_bytes(family)].contains(&FAMILY_IPV4);
            is_ipv4.then(|| Some((frame.get(4..)?, 0)))?
        }
        Linktype::LINUX_SLL => {
            (number(14)? == ETHERTYPE_IPV4).then(|| Some((frame.get(16..)?, u32::from(number(0)?))))?
        }
        LINKTYPE_LINUX_SLL2 => {
            let interface = u32::from(number(6)?) << 8 | u32::from(*frame.get(10)?);
            (number(0)? == ETHERTYPE_IPV4).then(|| Some((frame.get(20..)?, interface)))?
        }
        raw if LINKTYPES_RAW.contains(&raw) => (frame.first()? >> 4 == 4).then_some((frame, 0)),
        _ => None,
    }
}
