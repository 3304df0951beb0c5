//! What a request that was let in asks for.

use super::orders::Order;
use super::pages::{Page, Pages};
use super::request::Head;
use super::status::Status;

/// The longest body that is read: a key may have 65,506 bytes, and each may take six in JSON.
const BODY_LEN_MAX: usize = 512 << 10;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// A file of the page.
    Page(&'a Page),
    /// What happens, from behind this event on if any.
    Events(Option<u64>),
    /// What became of the question of this number.
    Flood(u64),
    /// Something to be done, which a body of this length says.
    Order(What, usize),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// To ask for a key.
    Ask,
    /// To stop or start a servent.
    Servent,
    /// To have links lose and delay.
    Links,
}

/// Finds what stands at this path.
///
/// # Errors
/// If nothing does, or if it can't be asked for that way.
pub(super) fn route<'a>(pages: &'a Pages, head: &Head<'_>, path: &str) -> Result<Route<'a>, Status> {
    let route = match path {
        "events" => {
            // One that is no number is of another server.
            let last = head.only("last-event-id")?.and_then(|id| str::from_utf8(id).ok()?.parse().ok());
            Route::Events(last)
        }
        "ask" => return order(head, What::Ask),
        "servent" => return order(head, What::Servent),
        "links" => return order(head, What::Links),
        _ => match path.strip_prefix("floods/") {
            Some(number) => Route::Flood(number.parse().map_err(|_| Status::NotFound)?),
            None => Route::Page(pages.get(path).ok_or(Status::NotFound)?),
        },
    };
    if head.method == "GET" { Ok(route) } else { Err(Status::MethodNotAllowed("GET")) }
}

fn order<'a>(head: &Head<'_>, what: What) -> Result<Route<'a>, Status> {
    if head.method != "POST" {
        return Err(Status::MethodNotAllowed("POST"));
    }
    // No form has this type: a browser asks before it sends it for another page, and is told nothing.
    let kind = head.only("content-type")?.unwrap_or_default();
    let kind = kind.split(|&byte| byte == b';').next().unwrap_or_default();
    if !kind.trim_ascii().eq_ignore_ascii_case(b"application/json") {
        return Err(Status::NotJson);
    }
    if head.count("transfer-encoding") > 0 {
        return Err(Status::LengthRequired);
    }
    let len = head.only("content-length")?.ok_or(Status::LengthRequired)?;
    let is_number = !len.is_empty() && len.iter().all(u8::is_ascii_digit);
    let len = str::from_utf8(len).ok().filter(|_| is_number).ok_or(Status::BadRequest)?;
    // What is no number here is one that is too large.
    match len.parse() {
        Ok(len @ ..=BODY_LEN_MAX) => Ok(Route::Order(what, len)),
        _ => Err(Status::TooLong),
    }
}

/// Reads what a body says that is to be done.
///
/// # Errors
/// If it says nothing of that.
pub(super) fn read(what: What, body: &[u8]) -> Result<Order, Status> {
    match what {
        What::Ask => Order::ask(body),
        What::Servent => Order::servent(body),
        What::Links => Order::links(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages::new([("", "text/html", "<p>".into()), ("live.js", "text/javascript", "1".into())])
    }

    fn find(request: &str) -> Result<String, Status> {
        let bytes = request.replace('|', "\r\n");
        let head = Head::read(bytes.as_bytes())?.expect("a whole head");
        let path = head.target.strip_prefix('/').unwrap();
        route(&pages(), &head, path).map(|route| match route {
            Route::Page(page) => page.content_type.to_owned(),
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn each_thing_has_one_path_and_one_method() {
        for (request, found) in [
            ("GET / HTTP/1.1||", "text/html"),
            ("GET /live.js HTTP/1.1||", "text/javascript"),
            ("GET /events HTTP/1.1||", "Events(None)"),
            ("GET /events HTTP/1.1|Last-Event-ID: 7||", "Events(Some(7))"),
            ("GET /events HTTP/1.1|Last-Event-ID: x||", "Events(None)"),
            ("GET /floods/12 HTTP/1.1||", "Flood(12)"),
            ("POST /ask HTTP/1.1|Content-Type: application/json|Content-Length: 12||", "Order(Ask, 12)"),
            (
                "POST /servent HTTP/1.1|Content-Type: Application/JSON; charset=utf-8|Content-Length: 0||",
                "Order(Servent, 0)",
            ),
        ] {
            assert_eq!(find(request), Ok(found.to_owned()), "{request}");
        }
        for path in [
            "index.html",
            "live.js/",
            "../live.js",
            "./",
            "%2e",
            "live.js?x",
            "floods/",
            "floods/x",
            "floods/-1",
            "Ask",
        ] {
            assert_eq!(find(&format!("GET /{path} HTTP/1.1||")), Err(Status::NotFound), "{path}");
        }
        for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get", "TRACE"] {
            for path in ["", "live.js", "events", "floods/1"] {
                assert_eq!(
                    find(&format!("{method} /{path} HTTP/1.1||")),
                    Err(Status::MethodNotAllowed("GET")),
                    "{method}"
                );
            }
        }
        for path in ["ask", "servent", "links"] {
            assert_eq!(find(&format!("GET /{path} HTTP/1.1||")), Err(Status::MethodNotAllowed("POST")), "{path}");
            assert_eq!(find(&format!("OPTIONS /{path} HTTP/1.1||")), Err(Status::MethodNotAllowed("POST")), "{path}");
        }
    }

    #[test]
    fn a_body_is_json_and_has_one_length_that_is_no_more_than_the_longest() {
        let json = "Content-Type: application/json|";
        for (headers, refused) in [
            ("Content-Length: 2|".to_owned(), Status::NotJson),
            ("Content-Type: text/plain|Content-Length: 2|".to_owned(), Status::NotJson),
            ("Content-Type: application/x-www-form-urlencoded|Content-Length: 2|".to_owned(), Status::NotJson),
            (format!("{json}{json}Content-Length: 2|"), Status::BadRequest),
            (json.to_owned(), Status::LengthRequired),
            (format!("{json}Transfer-Encoding: chunked|"), Status::LengthRequired),
            (format!("{json}Transfer-Encoding: chunked|Content-Length: 2|"), Status::LengthRequired),
            (format!("{json}Content-Length: 2|Content-Length: 2|"), Status::BadRequest),
            (format!("{json}Content-Length: +2|"), Status::BadRequest),
            (format!("{json}Content-Length: |"), Status::BadRequest),
            (format!("{json}Content-Length: {}|", BODY_LEN_MAX + 1), Status::TooLong),
            (format!("{json}Content-Length: 99999999999999999999999|"), Status::TooLong),
        ] {
            assert_eq!(find(&format!("POST /ask HTTP/1.1|{headers}|")), Err(refused), "{headers}");
        }
    }
}
