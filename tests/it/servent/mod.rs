//! serventTP3 on the wire, byte for byte: raw sockets play its client and its neighbours.

mod addresses;
mod announcements;
#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
mod asked;
mod bursts;
mod dialects;
mod flooding;
mod large;
mod malformed;
mod neighbours;
mod pairs;
mod seen;
mod service_manager;
mod signals;
mod trace;
