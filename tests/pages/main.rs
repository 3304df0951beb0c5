//! Pages of simulated floods: how large they are, and how long making them takes. They stay in `target/tmp/pages`, where
//! the tests in a browser look at them (tests/system/page).
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod far;
#[path = "../support/queries.rs"]
mod queries;

use far::FarReaching;
use servent::Timestamp;
use servent::flood::{Flood, Memory, Model, Watch};
use servent::picture;
use servent::protocol::AskedKey;
use servent::sim::{Behaviour, Graph, Latency, LinkModel, Machines, ServentId, Setup, Simulation};
use servent::telling::Language;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// Keys, asked one after the other at the first servent over links that lose so much; every third holds none of them.
fn asked<B: Behaviour>(graph: Graph, keys: &[&[u8]], loss: f64) -> Model {
    let mut setup = Setup::new(graph);
    setup = keys.iter().fold(setup, |setup, key| setup.held_by_all(key));
    setup.pairs.iter_mut().skip(2).step_by(3).for_each(Vec::clear);
    let setup = Arc::new(setup);
    let links = LinkModel { latency: Latency::Uniform(MS / 10, MS), loss, ..LinkModel::perfect(MS) };
    let mut simulation: Simulation<B, _> = Simulation::new(Arc::clone(&setup), links, 7, Watch::new(&setup));
    let client = simulation.add_client();
    for key in keys {
        simulation.ask(Timestamp::ZERO, client, ServentId(0), AskedKey::new(key).unwrap());
    }
    simulation.run(u64::MAX);
    simulation.into_parts().1.into_records().model(Memory::default())
}

/// The twenty of data/overlays/random.txt.
fn twenty() -> Graph {
    let file = include_str!("../../data/overlays/random.txt");
    let lines = file.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let number = |port: &str| ServentId(port.trim().parse::<u32>().unwrap() - 6001);
    let neighbours = lines.map(|line| line.split("127.0.0.1:").skip(1).map(number).collect());
    Graph::from_neighbours(neighbours.collect()).unwrap()
}

fn write(name: &str, model: &Model) -> usize {
    let page = picture::page(model, &model.floods.iter().collect::<Vec<_>>(), Language::English);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), &page).unwrap();
    for (number, flood) in model.floods.iter().enumerate() {
        let file = |view: &str| folder.join(format!("{name}-{number}-{view}.svg"));
        fs::write(file("rings"), picture::rings(model, flood, Language::English)).unwrap();
        fs::write(file("sequence"), picture::sequence(model, flood, Language::Portuguese)).unwrap();
    }
    page.len()
}

#[test]
fn a_page_of_one_question_to_the_random_twenty_is_below_300_kb() {
    let size = write("twenty.html", &asked::<Machines>(twenty(), &[b"http"], 0.05));
    assert!(size < 300_000, "{size} bytes");
}

#[test]
fn a_page_of_several_questions() {
    let model = asked::<Machines>(twenty(), &[b"http", b"ssh", b"rfb"], 0.3);
    assert!(model.floods.len() >= 3);
    write("several.html", &model);
}

#[test]
fn a_page_of_hostile_keys() {
    let long = vec![b'k'; 60_000];
    let keys: [&[u8]; 5] = [
        b"</script><script>alert(1)</script>",
        b"<img src=x onerror=alert(1)>",
        "\u{202e}live\u{2066}".as_bytes(),
        b"\xff<!--\x1b[2J",
        &long,
    ];
    let size = write("hostile.html", &asked::<Machines>(twenty(), &keys, 0.0));
    assert!(size < 400_000, "{size} bytes");
}

#[test]
fn a_page_of_a_flood_that_reaches_10_000_is_below_5_mb() {
    let graph = Graph::random_regular(10_000, 5, &mut fastrand::Rng::with_seed(7)).unwrap();
    let mut model = asked::<FarReaching>(graph, &[b"http"], 0.0);
    // It goes further than it may, which is no news here.
    model.floods.iter_mut().for_each(|flood: &mut Flood| flood.findings.clear());
    assert_eq!(model.floods[0].visits.len(), 10_000);
    let size = write("large.html", &model);
    assert!(size < 5_000_000, "{size} bytes");
}
