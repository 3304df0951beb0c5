//! A response's head, to bytes.

use super::status::Status;
use crate::telling::Language;

/// What every response says: nothing of it is for another page, to be kept, or to be taken for something else.
const SAFETY: &str = "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: DENY\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cache-Control: no-store\r\n\
    Connection: close\r\n";

/// The head of a response whose body has this type, and this length if that is known.
pub(super) fn head(status: &Status, content_type: &str, len: Option<usize>) -> Vec<u8> {
    let (code, words) = status.code();
    let len = len.map(|len| format!("Content-Length: {len}\r\n")).unwrap_or_default();
    let allow = match status {
        Status::MethodNotAllowed(method) => format!("Allow: {method}\r\n"),
        _ => String::new(),
    };
    format!("HTTP/1.1 {code} {words}\r\nContent-Type: {content_type}\r\n{len}{allow}{SAFETY}\r\n").into_bytes()
}

/// A response that says how a request ended and no more, in the language that was asked for, or in both.
pub(super) fn plain(status: &Status, language: Option<Language>) -> Vec<u8> {
    if *status == Status::NoContent {
        return format!("HTTP/1.1 204 No Content\r\n{SAFETY}\r\n").into_bytes();
    }
    let words = status.words();
    let words = match language {
        Some(language) => format!("{}\n", words.of(language)),
        None => format!("{}\n{}\n", words.of(Language::English), words.of(Language::Portuguese)),
    };
    let mut response = head(status, "text/plain; charset=utf-8", Some(words.len()));
    response.extend(words.as_bytes());
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Words;

    #[test]
    fn every_response_says_that_it_is_for_nobody_else() {
        let refused = plain(&Status::Refused(Words::same("no\r\nX: y")), None);
        for response in [
            head(&Status::Ok, "text/html", Some(3)),
            head(&Status::Ok, "text/event-stream", None),
            plain(&Status::NotFound, None),
            plain(&Status::NoContent, None),
            plain(&Status::MethodNotAllowed("GET"), None),
            refused,
        ] {
            let text = String::from_utf8(response).unwrap();
            let (head, _) = text.split_once("\r\n\r\n").unwrap();
            for name in [
                "Content-Security-Policy: default-src 'none'; ",
                "Cross-Origin-Resource-Policy: same-origin",
                "X-Content-Type-Options: nosniff",
                "Referrer-Policy: no-referrer",
                "Cache-Control: no-store",
            ] {
                assert_eq!(head.lines().filter(|line| line.starts_with(name)).count(), 1, "{name} in {head}");
            }
            assert!(!head.contains("unsafe") && !head.contains("Access-Control") && !head.contains("X: y"), "{head}");
        }
    }
}
