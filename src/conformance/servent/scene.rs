//! What most probes of a servent begin with: the servent, a client, some neighbours.

use crate::conformance::bytes::{Kind, contains, message};
use crate::conformance::probe::{Shown, Stop};
use crate::conformance::rig::{Datagram, PeerId, Rig, Setup};
use crate::conformance::words::Words;
use std::net::SocketAddrV4;

/// A key that the servent holds.
pub(super) const KEY: &[u8] = b"chave-guardada";

/// Its value.
pub(super) const VALUE: &[u8] = b"valor-associado";

/// A key that it does not hold.
pub(super) const MISS: &[u8] = b"inexistente";

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
