//! A servent's start.

use super::scene::{KEY, Scene, VALUE, carries, response, scene};
use crate::conformance::bytes::{Kind, message};
use crate::conformance::isolation::LAN_ADDRESS;
use crate::conformance::probe::{Chapter, Level, Outcome, Probe, Shown};
use crate::conformance::rig::{Rig, Setup};
use crate::conformance::sentences;
use crate::conformance::words::Words;
use std::net::{Ipv4Addr, SocketAddrV4};

const fn probe(
    id: &'static str,
    clause: &'static str,
    level: Level,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Start, id, clause, level, promise, run)
}

pub(super) static PROBES: [Probe; 3] = [
    probe(
        "start-without-neighbours",
        "P-10",
        Level::Assignment,
        ["starts without neighbours and opens its UDP port", "inicia sem vizinhos e abre seu porto UDP"],
        without_neighbours,
    )
    .quotes(sentences::OPENS_SOCKET),
    probe(
        "start-ten-neighbours",
        "P-10",
        Level::Assignment,
        ["starts with ten neighbours and answers", "inicia com dez vizinhos e responde"],
        ten_neighbours,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::COMMAND_LINE),
    probe(
        "start-every-address",
        "P-10",
        Level::Decision,
        ["listens on every address of its host", "escuta em todos os endereços da máquina"],
        every_address,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::MININET_AND_LAN),
];

fn without_neighbours(rig: &mut Rig<'_>) -> Outcome {
    rig.start(&Setup::new([KEY, b"\t", VALUE, b"\n"].concat())).map(drop)
}

fn ten_neighbours(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<10> = scene(rig)?;
    scene.ask_for(rig, KEY, VALUE).map(drop)
}

fn every_address(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    let mut addresses = vec![Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)];
    if rig.world().is_isolated {
        addresses.push(LAN_ADDRESS);
    }
    for address in addresses {
        // A client of its own at each address, so that answers need no other way.
        let client = rig.peer_at(Words::same(format!("client at {address}")), SocketAddrV4::new(address, 0))?;
        let question = message(Kind::Clireq, &rig.world().framing.field(KEY));
        rig.send(client, SocketAddrV4::new(address, scene.to.port()), &question)?;
        if rig.await_at(client, carries(VALUE))?.is_none() {
            let bound = scene.to.ip();
            return Err(rig.failure(
                response(rig, KEY, VALUE),
                Shown::Nothing,
                Words::made(
                    format!(
                        "asked at {address} it does not answer: it listens at {bound} alone; bind to 0.0.0.0, or ''"
                    ),
                    format!(
                        "consultado em {address} ele não responde: só escuta em {bound}; use 0.0.0.0, ou '', no bind"
                    ),
                ),
            ));
        }
    }
    Ok(())
}
