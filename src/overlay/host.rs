//! The host that a servent lives on, as an overlay file names it.

use crate::text::escape;
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// The longest name that DNS knows.
const LEN_MAX: usize = 253;

/// A host, by its IPv4 address or by a name: letters, digits, dots, dashes and underscores, and no dash in front. It can be
/// a word of a shell, a file's name and an argument of ssh as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Host {
    name: String,
}

impl Host {
    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Its address, if that can be told without resolving a name.
    #[must_use]
    pub fn ip(&self) -> Option<Ipv4Addr> {
        Self::loopback(&self.name).or_else(|| self.name.parse().ok())
    }

    /// Whether `name` is its name: capitals and a dot behind it make no difference to a name server either.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        without_dot(&self.name).eq_ignore_ascii_case(without_dot(name))
    }

    /// A name that it has alike however it was typed.
    pub(super) fn canonical(name: &str) -> String {
        without_dot(name).to_ascii_lowercase()
    }

    /// The address of loopback, if that is what a name stands for on every machine.
    #[must_use]
    pub fn loopback(name: &str) -> Option<Ipv4Addr> {
        without_dot(name).eq_ignore_ascii_case("localhost").then_some(Ipv4Addr::LOCALHOST)
    }
}

/// The dot behind a whole name is its end.
fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let is_name = !typed.is_empty()
            && typed.len() <= LEN_MAX
            && typed.bytes().all(is_usual)
            && !typed.starts_with(['-', '.']);
        if !is_name {
            let typed = escape(typed.as_bytes());
            return Err(format!(
                "'{typed}' is no host: expected an IPv4 address, or a name of letters, digits, dots, dashes and underscores, \
                for example node1"
            ));
        }
        let is_number = typed.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        // Nobody else's: not 0.0.0.0/8, multicast, 240.0.0.0/4 or broadcast.
        let is_one_host = |ip: Ipv4Addr| (1..224).contains(&ip.octets()[0]);
        if is_number && !typed.parse().is_ok_and(is_one_host) {
            return Err(format!("'{typed}' is not the IPv4 address of one host, for example 10.0.0.1"));
        }
        Ok(Self { name: typed.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_or_a_name_that_is_safe_in_shells_and_paths() {
        for typed in ["10.0.0.1", "node1", "node-1.lan", "n_1", "localhost", "1a"] {
            assert_eq!(typed.parse::<Host>().unwrap().as_str(), typed);
        }
        let long = "a".repeat(254);
        let typed =
            ["", "-oProxyCommand=x", "..", ".a", "a/b", "a b", "a\nb", "a'b", "$(x)", "a@b", "\u{e9}", "::1", &long];
        for typed in typed {
            assert!(typed.parse::<Host>().unwrap_err().contains("for example node1"), "{typed}");
        }
        for typed in ["0.0.0.0", "224.0.0.1", "10.0.1", "256.1.1.1", "1"] {
            assert!(typed.parse::<Host>().unwrap_err().contains("not the IPv4 address of one host"), "{typed}");
        }
        let [one, other] = ["Node1", "localhost"].map(|typed| typed.parse::<Host>().unwrap());
        assert!(
            one.is_called("node1") && one.is_called("NODE1.") && !one.is_called("node2") && !one.is_called("node1..")
        );
        assert_eq!((one.ip(), other.ip()), (None, Some(Ipv4Addr::LOCALHOST)));
        assert_eq!("LocalHost.".parse::<Host>().unwrap().ip(), Some(Ipv4Addr::LOCALHOST));
    }
}
