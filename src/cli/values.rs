//! What can stand for a port, a neighbour or a number of seconds, each with a message that shows how it is done.

#[cfg(target_os = "linux")]
use crate::load::Pattern;
use crate::net;
use crate::protocol::{IPV6_REASON, Peer, ResolveError, ResolveFailure, choose, is_one_host};
use crate::text::escape;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::RangeInclusive;
use std::time::Duration;

/// The longest time that an option takes: a year.
const SECONDS_MAX: f64 = 365.0 * 24.0 * 3600.0;

/// The address of `peer`. A name takes as long as its name server does, and nothing can interrupt that.
///
/// # Errors
/// [`ResolveError`]. An address has none.
pub fn resolve(peer: &Peer) -> Result<SocketAddrV4, ResolveError> {
    let (host, port) = match peer {
        Peer::Address(address) => return Ok(*address),
        Peer::Name { host, port } => (host.as_str(), *port),
    };
    let all = net::look_up(host, port).map_err(|error| ResolveFailure::Failed(error.to_string()));
    all.and_then(|all| choose(&all, None)).map_err(|failure| ResolveError { peer: peer.clone(), failure })
}

/// Reads a port.
///
/// # Errors
/// What was expected, with an example; so for all functions here.
pub fn port(typed: &str) -> Result<u16, String> {
    typed
        .parse()
        .ok()
        .filter(|&port| port != 0)
        .ok_or_else(|| "expected a port from 1 to 65535, for example 6001".to_owned())
}

/// Reads `IPv4:port` or `hostname:port`.
///
/// # Errors
/// See [`port`].
pub fn peer(typed: &str) -> Result<Peer, String> {
    const EXAMPLE: &str = "for example 127.0.0.1:6002";
    if typed.contains("://") {
        return Err(format!("not a URL but an address and a port are expected, {EXAMPLE}"));
    }
    if typed.contains(',') {
        return Err(format!("no comma is in an address, and several are parted by spaces, {EXAMPLE} 127.0.0.1:6003"));
    }
    if typed.starts_with('[') || typed.matches(':').count() > 1 {
        return Err(format!("{IPV6_REASON}; expected IPv4:port or hostname:port, {EXAMPLE}"));
    }
    let Some((host, typed_port)) = typed.split_once(':') else {
        let missing = if port(typed).is_ok() { "an address before the port" } else { "a port behind the address" };
        return Err(format!("expected {missing}, {EXAMPLE}"));
    };
    let port = port(typed_port).map_err(|_| {
        let found = escape(typed_port.as_bytes());
        format!("expected a port from 1 to 65535 behind the colon, found '{found}', {EXAMPLE}")
    })?;
    if host.is_empty() || host.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err(format!("expected an IPv4 address or a host name before the colon, {EXAMPLE}"));
    }
    if !host.chars().all(|character| character.is_ascii_digit() || character == '.') {
        return Ok(Peer::Name { host: host.to_owned(), port });
    }
    let ip = ipv4(host).map_err(|_| format!("'{host}' is not an IPv4 address, {EXAMPLE}"))?;
    if !is_one_host(ip) {
        return Err(format!("{ip} is not the address of one host, {EXAMPLE}"));
    }
    Ok(Peer::Address(SocketAddrV4::new(ip, port)))
}

/// Reads an IPv4 address.
///
/// # Errors
/// See [`port`].
pub fn ipv4(typed: &str) -> Result<Ipv4Addr, String> {
    typed.parse().map_err(|_| "expected an IPv4 address, for example 127.0.0.1".to_owned())
}

/// A client as it stands in a QUERY: its address, with the port or without.
///
/// # Errors
/// If it is neither.
pub fn client(typed: &str) -> Result<String, String> {
    let is_one = typed.parse::<SocketAddrV4>().is_ok() || typed.parse::<Ipv4Addr>().is_ok();
    if is_one { Ok(typed.to_owned()) } else { Err("expected an IPv4 address, for example 127.0.0.1:40000".to_owned()) }
}

/// Reads a whole number within `range`; `example` is one.
pub(super) fn number(
    range: RangeInclusive<u32>,
    example: u32,
) -> impl Fn(&str) -> Result<u32, String> + Clone + Send + Sync {
    move |typed| {
        typed.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            format!("expected a whole number from {} to {}, for example {example}", range.start(), range.end())
        })
    }
}

/// What can stand behind a number, and how many seconds it is. Of two that end alike the longer comes first.
const UNITS: [(&str, f64); 8] = [
    ("us", 1e-6),
    // The sign of micro, and the letter that looks the same.
    ("\u{b5}s", 1e-6),
    ("\u{3bc}s", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("min", 60.0),
    ("m", 60.0),
    ("h", 3_600.0),
];

/// Reads a time: a number of seconds, or one with its unit behind it, as in `500ms`. Fractions are allowed.
///
/// # Errors
/// See [`port`].
pub fn seconds(typed: &str) -> Result<Duration, String> {
    let with_unit = UNITS.iter().find_map(|(unit, len)| Some((typed.strip_suffix(unit)?.trim_end(), len)));
    let (number, unit_len) = with_unit.unwrap_or((typed, &1.0));
    let number: Option<f64> = number.parse().ok();
    number
        .map(|number| number * unit_len)
        .filter(|&seconds| seconds > 0.0 && seconds <= SECONDS_MAX)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "expected a time above 0 and up to a year, for example 0.5 (seconds) or 500ms".to_owned())
}

/// Reads a number of questions a second.
///
/// # Errors
/// See [`port`].
#[cfg(target_os = "linux")]
pub(super) fn rate(typed: &str) -> Result<f64, String> {
    finite(typed)
        .filter(|&rate| (0.000_1..=1e7).contains(&rate))
        .ok_or_else(|| "expected questions a second, from 0.0001 to 10000000, for example 1000".to_owned())
}

/// Reads a part of a hundred.
///
/// # Errors
/// See [`port`].
#[cfg(target_os = "linux")]
pub(super) fn percent(typed: &str) -> Result<f64, String> {
    finite(typed.trim_end_matches('%').trim_end())
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| "expected per cent, from 0 to 100, for example 0.1".to_owned())
}

/// Reads how keys are chosen.
///
/// # Errors
/// See [`port`].
#[cfg(target_os = "linux")]
pub(super) fn pattern(typed: &str) -> Result<Pattern, String> {
    let zipf = || finite(typed.strip_prefix("zipf:")?).filter(|exponent| (0.0..=20.0).contains(exponent));
    match typed {
        "turn" => Ok(Pattern::Turn),
        "uniform" => Ok(Pattern::Uniform),
        "zipf" => Ok(Pattern::Zipf(1.0)),
        _ => zipf()
            .map(Pattern::Zipf)
            .ok_or_else(|| "expected turn, uniform or zipf:S with S from 0 to 20, for example zipf:1".to_owned()),
    }
}

#[cfg(target_os = "linux")]
fn finite(typed: &str) -> Option<f64> {
    typed.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Reads how often something is logged: a time as [`seconds`] takes it, a tenth of a second at the least.
///
/// # Errors
/// See [`port`].
pub fn log_interval(typed: &str) -> Result<Duration, String> {
    const MIN: Duration = Duration::from_millis(100);
    seconds(typed)
        .ok()
        .filter(|interval| *interval >= MIN)
        .ok_or_else(|| "expected a time from 0.1 seconds up to a year, for example 10 (seconds) or 500ms".to_owned())
}

/// Reads how often, or how long, something is tried: a time as [`log_interval`] takes it, or 0 for never.
///
/// # Errors
/// See [`port`].
pub fn interval_or_none(typed: &str) -> Result<Duration, String> {
    if typed == "0" {
        return Ok(Duration::ZERO);
    }
    log_interval(typed)
        .map_err(|_| "expected 0 or a time from 0.1 seconds up to a year, for example 30 (seconds) or 500ms".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p27_peers_are_addresses_or_names_with_a_port() {
        let address = Peer::Address(SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 6002));
        assert_eq!(peer("10.0.0.1:6002"), Ok(address));
        assert_eq!(peer("h-1.lan:1"), Ok(Peer::Name { host: "h-1.lan".to_owned(), port: 1 }));
        for (typed, part) in [
            ("127.0.0.1", "expected a port"),
            ("6002", "an address before the port"),
            ("http://127.0.0.1:6002/", "not a URL"),
            ("127.0.0.1:6002,127.0.0.1:6003", "parted by spaces"),
            ("127.0.0.1:", "found ''"),
            ("127.0.0.1:0", "found '0'"),
            ("127.0.0.1:70000", "found '70000'"),
            (":6002", "before the colon"),
            ("a b:6002", "before the colon"),
            ("a\0b:6002", "before the colon"),
            ("256.0.0.1:6002", "not an IPv4 address"),
            ("10.0.1:6002", "not an IPv4 address"),
            ("0.0.0.0:6002", "not the address of one host"),
            ("224.0.0.1:6002", "not the address of one host"),
            ("255.255.255.255:6002", "not the address of one host"),
            ("[::1]:6002", "4 address bytes"),
            ("::1", "4 address bytes"),
            ("fe80::1:6002", "4 address bytes"),
        ] {
            let message = peer(typed).unwrap_err();
            assert!(message.contains(part) && message.contains("for example 127.0.0.1:6002"), "{typed}: {message}");
        }
    }

    #[test]
    fn ports_and_seconds_have_bounds() {
        assert_eq!(port("65535"), Ok(65_535));
        for typed in ["0", "70000", "http", "-1", ""] {
            assert!(port(typed).unwrap_err().contains("for example 6001"), "{typed}");
        }
        #[cfg(target_os = "linux")]
        {
            assert_eq!(
                (rate("0.5"), rate("1e4"), percent("0"), percent("0.1 %")),
                (Ok(0.5), Ok(1e4), Ok(0.0), Ok(0.1))
            );
            assert!(["0", "-1", "nan", "inf", "fast", ""].iter().all(|typed| rate(typed).is_err()));
            assert!(["-0.1", "100.1", "nan", "", "%"].iter().all(|typed| percent(typed).is_err()));
            let patterns = ["turn", "uniform", "zipf", "zipf:0.8"].map(pattern);
            assert_eq!(patterns, [Pattern::Turn, Pattern::Uniform, Pattern::Zipf(1.0), Pattern::Zipf(0.8)].map(Ok));
            assert!(["", "zipf:", "zipf:x", "zipf:-1", "zipf:nan", "Turn"].iter().all(|typed| pattern(typed).is_err()));
        }
        let number = number(1..=1000, 2);
        assert_eq!((number("1"), number("1000")), (Ok(1), Ok(1000)));
        for typed in ["0", "1001", "-1", "4294967296", "two", ""] {
            let message = number(typed).unwrap_err();
            assert_eq!(message, "expected a whole number from 1 to 1000, for example 2", "{typed}");
        }
        for (typed, millis) in [
            ("0.25", 250),
            ("2", 2_000),
            ("2s", 2_000),
            ("0.5s", 500),
            ("500ms", 500),
            ("1.5ms", 1),
            ("500 ms", 500),
            ("2m", 120_000),
            ("2min", 120_000),
            ("5000us", 5),
            ("5000µs", 5),
            ("5000 \u{3bc}s", 5),
            ("1h", 3_600_000),
        ] {
            assert_eq!(seconds(typed).map(|time| time.as_millis()), Ok(millis), "{typed}");
        }
        assert_eq!(log_interval("0.1"), Ok(Duration::from_millis(100)));
        assert!(log_interval("0.09").unwrap_err().contains("from 0.1"));
        let never = interval_or_none("0").unwrap();
        assert_eq!((never, interval_or_none("2min")), (Duration::ZERO, Ok(Duration::from_secs(120))));
        for typed in ["0.09", "-1", "", "never"] {
            assert!(interval_or_none(typed).unwrap_err().contains("expected 0 or"), "{typed}");
        }
        for typed in
            ["0", "-1", "nan", "inf", "1e-300", "1e300", "soon", "", "s", "ms", "0ms", "-1s", "9000h", "5 d", "5ss"]
        {
            assert!(seconds(typed).unwrap_err().contains("for example 0.5"), "{typed}");
            assert!(log_interval(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn p27_a_name_is_resolved_to_ipv4() {
        let localhost = Peer::Name { host: "localhost".to_owned(), port: 6001 };
        assert_eq!(resolve(&localhost).unwrap(), SocketAddrV4::new(Ipv4Addr::LOCALHOST, 6001));
        let nowhere = Peer::Name { host: "no-such-host.invalid".to_owned(), port: 6001 };
        assert!(resolve(&nowhere).unwrap_err().to_string().contains("no-such-host.invalid:6001"));
    }
}
