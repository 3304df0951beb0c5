//! Who may ask: this page alone, in a browser that has others open as well.
//!
//! Any page can make its reader's browser send requests to 127.0.0.1. It can't read the token, which is in the address of
//! this page alone; can't have its own name in the place of this host's (DNS rebinding); and can't hide that a request is
//! another page's from a browser that says so.

use super::request::Head;
use super::status::Status;
use std::fmt;

/// 128 random bits that the address of the page contains.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Of these bits.
    #[must_use]
    pub fn of(bits: [u64; 2]) -> Self {
        Self(format!("{:016x}{:016x}", bits[0], bits[1]))
    }

    /// Whether this is what was guessed. How long that takes tells nothing of how much of it was right.
    fn is(&self, guess: &str) -> bool {
        let differing = self.0.bytes().zip(guess.bytes()).fold(0, |all, (own, guessed)| all | (own ^ guessed));
        self.0.len() == guess.len() && differing == 0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// It is a secret, and no log needs it.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The port that is listened on, and the token.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    hosts: [String; 2],
    token: Token,
}

impl Gate {
    pub(super) fn new(port: u16, token: Token) -> Self {
        // Browsers leave out the usual port.
        let port = if port == 80 { String::new() } else { format!(":{port}") };
        Self { hosts: ["127.0.0.1", "localhost"].map(|host| format!("{host}{port}")), token }
    }

    /// The path below the token of a request that this page may have made.
    ///
    /// # Errors
    /// How any other one is refused.
    pub(super) fn admit<'a>(&self, head: &Head<'a>) -> Result<&'a str, Status> {
        let is_own = |host: &[u8]| self.hosts.iter().find(|own| host.eq_ignore_ascii_case(own.as_bytes()));
        if head.count("host") != 1 {
            return Err(Status::Misdirected);
        }
        let host = head.only("host")?.and_then(is_own).ok_or(Status::Misdirected)?;
        // Browsers that do not say it are served all the same: they have to know the token.
        if !matches!(head.only("sec-fetch-site")?, None | Some(b"same-origin" | b"none")) {
            return Err(Status::Forbidden);
        }
        let is_origin = |origin: &[u8]| {
            origin.strip_prefix(b"http://").is_some_and(|rest| rest.eq_ignore_ascii_case(host.as_bytes()))
        };
        if !head.only("origin")?.is_none_or(is_origin) {
            return Err(Status::Forbidden);
        }
        // A target in another form, with a host of its own for example, is none of ours.
        let path = head.target.strip_prefix('/').ok_or(Status::BadRequest)?;
        let (guess, below) = path.split_once('/').ok_or(Status::NotFound)?;
        if self.token.is(guess) { Ok(below) } else { Err(Status::NotFound) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "00000000000000070000000000000abc";

    fn admit(target: &str, headers: &str) -> Result<String, Status> {
        let bytes = format!("GET {target} HTTP/1.1\r\n{}\r\n", headers.replace('|', "\r\n"));
        let head = Head::read(bytes.as_bytes())?.expect("a whole head");
        Gate::new(8080, Token::of([7, 0xabc])).admit(&head).map(ToOwned::to_owned)
    }

    #[test]
    fn the_page_itself_is_let_in() {
        for headers in [
            "Host: 127.0.0.1:8080|",
            "host: LOCALHOST:8080|",
            "Host: localhost:8080|Sec-Fetch-Site: none|",
            "Host: localhost:8080|Sec-Fetch-Site: same-origin|Origin: http://localhost:8080|",
        ] {
            assert_eq!(admit(&format!("/{OWN}/events"), headers), Ok("events".to_owned()), "{headers}");
        }
        assert_eq!(admit(&format!("/{OWN}/"), "Host: 127.0.0.1:8080|"), Ok(String::new()));
    }

    #[test]
    fn a_host_that_is_not_this_one_is_refused_whatever_it_knows() {
        for headers in [
            "",
            "Host: |",
            "Host: evil.example:8080|",
            "Host: evil.example|",
            "Host: 127.0.0.1|",
            "Host: 127.0.0.1:8081|",
            "Host: 127.0.0.1:8080.evil.example|",
            "Host: 127.0.0.1:8080, evil.example|",
            "Host: [::1]:8080|",
            "Host: 127.1:8080|",
            "Host: 2130706433:8080|",
            "Host: localhost.:8080|",
            "Host: 127.0.0.1:8080|Host: evil.example|",
            "Host: evil.example|Host: 127.0.0.1:8080|",
            "Host: 127.0.0.1:8080|Host: 127.0.0.1:8080|",
            "X-Forwarded-Host: 127.0.0.1:8080|",
        ] {
            assert_eq!(admit(&format!("/{OWN}/"), headers), Err(Status::Misdirected), "{headers}");
        }
    }

    #[test]
    fn a_request_that_another_page_makes_is_refused_whatever_it_knows() {
        for headers in [
            "Sec-Fetch-Site: cross-site|",
            "Sec-Fetch-Site: same-site|",
            "Sec-Fetch-Site: |",
            "Sec-Fetch-Site: Same-Origin|",
            "Origin: http://evil.example|",
            "Origin: null|",
            "Origin: http://localhost:8080|",
            "Origin: https://127.0.0.1:8080|",
            "Sec-Fetch-Site: same-origin|Origin: http://127.0.0.1:9000|",
        ] {
            let headers = format!("Host: 127.0.0.1:8080|{headers}");
            assert_eq!(admit(&format!("/{OWN}/"), &headers), Err(Status::Forbidden), "{headers}");
        }
        let twice = "Host: 127.0.0.1:8080|Sec-Fetch-Site: cross-site|Sec-Fetch-Site: same-origin|";
        assert_eq!(admit(&format!("/{OWN}/"), twice), Err(Status::BadRequest));
    }

    #[test]
    fn without_the_token_there_is_nothing() {
        let short = &OWN[1..];
        for target in [
            "/",
            "//",
            "/events",
            &format!("/{short}/"),
            &format!("/{OWN}"),
            &format!("/{OWN}0/"),
            &format!("/x/{OWN}/"),
            &format!("/{}/", OWN.to_uppercase()),
            &format!("//{OWN}/"),
            &format!("/?token={OWN}/"),
        ] {
            assert_eq!(admit(target, "Host: 127.0.0.1:8080|"), Err(Status::NotFound), "{target}");
        }
        for target in ["*", &format!("http://127.0.0.1:8080/{OWN}/"), "evil.example:80"] {
            assert_eq!(admit(target, "Host: 127.0.0.1:8080|"), Err(Status::BadRequest), "{target}");
        }
    }

    #[test]
    fn a_token_has_128_bits_and_is_not_logged() {
        let token = Token::of([u64::MAX, 1]);
        assert_eq!(token.to_string(), "ffffffffffffffff0000000000000001");
        assert_eq!(format!("{token:?}"), "Token(..)");
    }
}
