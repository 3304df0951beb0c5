//! How a request ends.

use crate::picture::Words;

/// How a request ends, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// Here it is.
    Ok,
    /// It was done, and there is nothing to say.
    NoContent,
    /// It is no request.
    BadRequest,
    /// It comes from another page.
    Forbidden,
    /// There is no such thing, or the token is wrong.
    NotFound,
    /// That can't be done to it, but what stands here can.
    MethodNotAllowed(&'static str),
    /// It took too long.
    Timeout,
    /// A body without a length.
    LengthRequired,
    /// The body is too long.
    TooLong,
    /// The body is no JSON.
    NotJson,
    /// It asks another host.
    Misdirected,
    /// It was understood and can't be done, for this reason.
    Refused(Words),
    /// The head is too long.
    HeadersTooLong,
    /// Not now, for this reason.
    Busy(Words),
}

impl Status {
    /// The code and its words.
    pub(super) fn code(&self) -> (u16, &'static str) {
        match self {
            Self::Ok => (200, "OK"),
            Self::NoContent => (204, "No Content"),
            Self::BadRequest => (400, "Bad Request"),
            Self::Forbidden => (403, "Forbidden"),
            Self::NotFound => (404, "Not Found"),
            Self::MethodNotAllowed(_) => (405, "Method Not Allowed"),
            Self::Timeout => (408, "Request Timeout"),
            Self::LengthRequired => (411, "Length Required"),
            Self::TooLong => (413, "Content Too Large"),
            Self::NotJson => (415, "Unsupported Media Type"),
            Self::Misdirected => (421, "Misdirected Request"),
            Self::Refused(_) => (422, "Unprocessable Content"),
            Self::HeadersTooLong => (431, "Request Header Fields Too Large"),
            Self::Busy(_) => (503, "Service Unavailable"),
        }
    }

    /// What a person is told.
    pub(super) fn words(&self) -> Words {
        match self {
            Self::Ok | Self::NoContent => Words::new("done", "feito"),
            Self::BadRequest => Words::new("no request", "não é um pedido"),
            Self::Forbidden => Words::new("asked by another page", "pedido por outra página"),
            Self::NotFound => Words::new("there is no such thing", "não há nada assim"),
            Self::MethodNotAllowed(_) => Words::new("that can't be done to it", "isso não se faz com ele"),
            Self::Timeout => Words::new("the request took too long", "o pedido demorou demais"),
            Self::LengthRequired => Words::new("a body without a length", "um corpo sem tamanho"),
            Self::TooLong => Words::new("too long", "longo demais"),
            Self::NotJson => Words::new("expected JSON", "precisa ser JSON"),
            Self::Misdirected => Words::new("this is not the host that was asked", "este não é o host procurado"),
            Self::HeadersTooLong => Words::new("the headers are too long", "cabeçalhos longos demais"),
            Self::Refused(why) | Self::Busy(why) => why.clone(),
        }
    }
}
