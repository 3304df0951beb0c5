//! A request's head, from bytes.

use super::status::Status;
use httparse::{EMPTY_HEADER, Error, Status as Parsed};

/// The longest head that is read, in bytes. A browser's has a tenth of it.
pub(super) const HEAD_LEN_MAX: usize = 8 << 10;

/// The most headers that are read.
const HEADERS_MAX: usize = 64;

/// What a request says before its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// The method, as it came.
    pub(super) method: &'a str,
    /// What is asked for: a path, if it is one.
    pub(super) target: &'a str,
    /// Names and values, in their order.
    headers: Vec<(&'a str, &'a [u8])>,
    /// Where the body begins.
    pub(super) len: usize,
}

impl<'a> Head<'a> {
    /// Reads the head at the beginning of what came so far; `None` if it goes on.
    ///
    /// # Errors
    /// How a head is refused that is none, or too long.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Option<Self>, Status> {
        let mut headers = [EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        let len = match request.parse(bytes) {
            Ok(Parsed::Complete(len)) if len <= HEAD_LEN_MAX => len,
            Ok(Parsed::Partial) if bytes.len() < HEAD_LEN_MAX => return Ok(None),
            Ok(_) | Err(Error::TooManyHeaders) => return Err(Status::HeadersTooLong),
            Err(_) => return Err(Status::BadRequest),
        };
        let (Some(method), Some(target)) = (request.method, request.path) else { return Err(Status::BadRequest) };
        let headers = request.headers.iter().map(|header| (header.name, header.value)).collect();
        Ok(Some(Self { method, target, headers, len }))
    }

    /// The only value of a header; `None` if it is not there.
    ///
    /// # Errors
    /// If it is there more than once.
    pub(super) fn only(&self, name: &str) -> Result<Option<&'a [u8]>, Status> {
        let mut values = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| *value);
        if values.next().is_some() { Err(Status::BadRequest) } else { Ok(value) }
    }

    /// How many headers of this name there are.
    pub(super) fn count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_all_of_it_is_there() {
        let whole = b"POST /a HTTP/1.1\r\nHost: x\r\nX-Y: 1\r\n\r\nbody";
        for len in 0..whole.len() - b"body".len() {
            assert_eq!(Head::read(&whole[..len]), Ok(None), "{len}");
        }
        let head = Head::read(whole).unwrap().unwrap();
        assert_eq!((head.method, head.target, &whole[head.len..]), ("POST", "/a", &b"body"[..]));
        assert_eq!(
            (head.only("host"), head.only("x-y"), head.only("z")),
            (Ok(Some(&b"x"[..])), Ok(Some(&b"1"[..])), Ok(None))
        );
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for bytes in [
            &b"\0\0\0\0"[..],
            b"GET / HTTP/2.0\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            b"\x16\x03\x01\x02\x00",
        ] {
            assert_eq!(Head::read(bytes), Err(Status::BadRequest), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_head_that_is_too_long_is_refused_before_its_end_is_there() {
        let long = |len| format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: {}", "c".repeat(len)).into_bytes();
        let longest = b"GET / HTTP/1.1\r\nHost: x\r\nCookie: \r\n\r\n".len();
        let end = |mut bytes: Vec<u8>| {
            bytes.extend(b"\r\n\r\n");
            bytes
        };
        assert!(Head::read(&end(long(HEAD_LEN_MAX - longest))).unwrap().is_some());
        assert_eq!(Head::read(&end(long(HEAD_LEN_MAX - longest + 1))), Err(Status::HeadersTooLong));
        assert_eq!(Head::read(&long(HEAD_LEN_MAX)), Err(Status::HeadersTooLong));
        let path = format!("GET /{} HTTP/1.1\r\n", "p".repeat(HEAD_LEN_MAX));
        assert_eq!(Head::read(path.as_bytes()), Err(Status::HeadersTooLong));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(HEADERS_MAX + 1));
        assert_eq!(Head::read(many.as_bytes()), Err(Status::HeadersTooLong));
    }
}
