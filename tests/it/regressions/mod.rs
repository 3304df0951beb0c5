//! What was wrong once, or had no test when it changed. A line above a test says what was wrong.

mod client;
#[cfg(target_os = "linux")]
mod dead_hosts;
mod files;
#[cfg(target_os = "linux")]
mod idle;
#[cfg(target_os = "linux")]
mod limits;
mod logs;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod offload;
mod overlay;
#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
mod shed;
#[cfg(target_os = "linux")]
mod signals;
#[cfg(target_os = "linux")]
mod stalled;
