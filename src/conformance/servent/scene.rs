//! What most probes of a servent begin with: the servent, a client, some neighbours.

use crate::conformance::bytes::{Kind, contains, find, message, query};
use crate::conformance::probe::{Outcome, Shown, Stop};
use crate::conformance::rig::{Datagram, PeerId, Rig, Setup};
use crate::conformance::words::Words;
use std::net::SocketAddrV4;

/// A key that the servent holds.
pub(super) const KEY: &[u8] = b"chave-guardada";

/// Its value.
pub(super) const VALUE: &[u8] = b"valor-associado";

/// A key that it does not hold.
pub(super) const MISS: &[u8] = b"inexistente";

/// The number of a QUERY that a neighbour sends: each of its bytes is another one.
pub(super) const NUMBER: u32 = 0x1020_3040;

/// A servent with a client and neighbours.
pub(super) struct Scene<const N: usize> {
    pub(super) client: PeerId,
    pub(super) neighbours: [PeerId; N],
    /// Where it is reached.
    pub(super) to: SocketAddrV4,
}

/// One that holds [`KEY`].
pub(super) fn scene<const N: usize>(rig: &mut Rig<'_>) -> Result<Scene<N>, Stop> {
    with_file(rig, &[KEY, b"\t", VALUE, b"\n"].concat())
}

/// One that has these lines in its file.
pub(super) fn with_file<const N: usize>(rig: &mut Rig<'_>, file: &[u8]) -> Result<Scene<N>, Stop> {
    let client = rig.client()?;
    let neighbours = rig.neighbours()?;
    let servent = rig.start(&Setup::new(file).neighbours(rig.addresses(&neighbours)))?;
    Ok(Scene { client, neighbours, to: rig.reach(servent) })
}

impl<const N: usize> Scene<N> {
    /// The client asks for a key, in the program's framing.
    pub(super) fn ask(&self, rig: &mut Rig<'_>, key: &[u8]) -> Result<(), Stop> {
        let field = rig.world().framing.field(key);
        rig.send(self.client, self.to, &message(Kind::Clireq, &field))
    }

    /// The client asks for a key, and gets this value.
    pub(super) fn ask_for(&self, rig: &mut Rig<'_>, key: &[u8], value: &[u8]) -> Result<Datagram, Stop> {
        self.ask(rig, key)?;
        let found = rig.await_at(self.client, carries(value))?;
        let expected = response(rig, key, value);
        rig.came(found, expected, NO_ANSWER)
    }

    /// A neighbour, or somebody else, asks for a key on behalf of the client.
    pub(super) fn query(&self, rig: &mut Rig<'_>, from: PeerId, ttl: u16, number: u32, key: &[u8]) -> Result<(), Stop> {
        self.query_for(rig, from, self.client, ttl, number, key)
    }

    /// The same on behalf of another client.
    pub(super) fn query_for(
        &self,
        rig: &mut Rig<'_>,
        from: PeerId,
        client: PeerId,
        ttl: u16,
        number: u32,
        key: &[u8],
    ) -> Result<(), Stop> {
        let field = rig.world().framing.field(key);
        let bytes = query(ttl, rig.address(client), number, &field);
        rig.send(from, self.to, &bytes)
    }

    /// Fails unless a datagram left from the port that the servent listens on.
    pub(super) fn left_from_its_port(&self, rig: &Rig<'_>, found: &Datagram) -> Outcome {
        if found.from.port() == self.to.port() {
            return Ok(());
        }
        let (due, was) = (self.to.port(), found.from.port());
        Err(rig.failure(
            Shown::Words(Words::made(format!("a datagram from port {due}"), format!("um datagrama do porto {due}"))),
            Shown::Words(Words::made(format!("one from port {was}"), format!("um do porto {was}"))),
            Words::new(
                "clients and neighbours know a servent by its IP and port: send through the socket that listens",
                "clientes e vizinhos reconhecem um servent por seu IP e porto: envie pelo mesmo socket que escuta",
            ),
        ))
    }
}

/// Fails unless an answer begins with its type, and the text follows at once.
pub(super) fn same_type(rig: &Rig<'_>, found: &Datagram) -> Outcome {
    // The text is whatever it is; only what stands before it is looked at.
    let text = find(&found.bytes, KEY).unwrap_or(2.min(found.bytes.len()));
    let expected = message(Kind::Response, &found.bytes[text..]);
    let explanation = Words::new(
        "an answer begins with its type, 3, in 2 bytes and network order, and the text follows at once",
        "uma resposta começa com seu tipo, 3, em 2 bytes e ordem de rede, e o texto vem logo em seguida",
    );
    rig.same_bytes(Kind::Response, &expected, found, explanation)
}

/// Fails unless an answer's text is key, tab and value, wherever it begins, and whatever stands behind it.
pub(super) fn same_text(rig: &Rig<'_>, found: &Datagram, key: &[u8], value: &[u8]) -> Outcome {
    let wanted = [key, b"\t", value].concat();
    let begin = find(&found.bytes, key).unwrap_or(2.min(found.bytes.len()));
    if found.bytes[begin..].starts_with(&wanted) {
        return Ok(());
    }
    let expected = [&found.bytes[..begin], &wanted].concat();
    let explanation = Words::new(
        "behind the type stand the key, one tab (byte 09) and the value",
        "depois do tipo vêm a chave, um tab (byte 09) e o valor",
    );
    rig.same_bytes(Kind::Response, &expected, found, explanation)
}

/// Fails unless nothing stands behind an answer's value. NULs are a decision, and behind the first one may stand anything.
pub(super) fn same_end(rig: &Rig<'_>, found: &Datagram, value: &[u8]) -> Outcome {
    let end = find(&found.bytes, value).map_or(found.bytes.len(), |at| at + value.len());
    if found.bytes.get(end).is_none_or(|&byte| byte == 0) {
        return Ok(());
    }
    let explanation = Words::new(
        "the value is the end of a RESPONSE, and something stands behind it",
        "o valor é o fim de uma RESPONSE, e há algo depois dele",
    );
    rig.same_bytes(Kind::Response, &found.bytes[..end], found, explanation)
}

/// What is said where no answer came.
pub(super) const NO_ANSWER: Words = Words::new(
    "the client got no answer with the value of the key, though the servent works",
    "o cliente não recebeu nenhuma resposta com o valor da chave, embora o servent esteja funcionando",
);

/// Whether a datagram carries these bytes.
pub(super) fn carries(part: &[u8]) -> impl Fn(&Datagram) -> bool {
    move |datagram| contains(&datagram.bytes, part)
}

/// The answer that is expected, as it is shown.
pub(super) fn response(rig: &Rig<'_>, key: &[u8], value: &[u8]) -> Shown {
    let text = rig.world().framing.field(&[key, b"\t", value].concat());
    Shown::Datagram {
        kind: Kind::Response,
        bytes: message(Kind::Response, &text),
        way: Words::new("servent to client", "servent para cliente"),
    }
}

/// So many bytes, of which every few are others, so that what is missing can be told.
pub(super) fn numbered(len: usize) -> Vec<u8> {
    (0..).flat_map(|number: u32| format!("{number:04}-").into_bytes()).take(len).collect()
}
