//! Pictures of simulated floods.

use super::scene::Scene;
use super::sectors::{Layout, SPOTS_MAX};
use super::{rings, sequence};
use crate::flood::{Memory, Model, Watch};
use crate::protocol::AskedKey;
use crate::sim::{Graph, Latency, LinkModel, Machines, ServentId, Setup, Simulation};
use crate::telling::Language;
use crate::types::Timestamp;
use std::sync::Arc;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// `key`, asked once at the first servent of `graph` over links that lose so much, where every third holds it.
pub(super) fn asked(graph: Graph, key: &[u8], loss: f64, seed: u64) -> Model {
    let mut setup = Setup::new(graph).held_by_all(key);
    for (number, pairs) in setup.pairs.iter_mut().enumerate() {
        if number % 3 == 2 {
            pairs.clear();
        }
    }
    let setup = Arc::new(setup);
    let links = LinkModel { latency: Latency::Uniform(MS / 10, MS), loss, ..LinkModel::perfect(MS) };
    let mut simulation: Simulation<Machines, _> = Simulation::new(Arc::clone(&setup), links, seed, Watch::new(&setup));
    let client = simulation.add_client();
    simulation.ask(Timestamp::ZERO, client, ServentId(0), AskedKey::new(key).unwrap());
    simulation.run(u64::MAX);
    simulation.into_parts().1.into_records().model(Memory::default())
}

/// The twenty of data/overlays/random.txt.
pub(super) fn twenty() -> Graph {
    let file = include_str!("../../data/overlays/random.txt");
    let lines = file.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let number = |port: &str| ServentId(port.parse::<u32>().unwrap() - 6001);
    let neighbours = lines.map(|line| line.split("127.0.0.1:").skip(1).map(|port| number(port.trim())).collect());
    Graph::from_neighbours(neighbours.collect()).unwrap()
}

fn regular(servents: usize, degree: usize) -> Graph {
    Graph::random_regular(servents, degree, &mut fastrand::Rng::with_seed(7)).unwrap()
}

/// Graphs of every kind, each with some that are not reached.
fn models() -> Vec<(&'static str, Model)> {
    vec![
        ("twenty", asked(twenty(), b"http", 0.0, 7)),
        ("twenty with loss", asked(twenty(), b"http", 0.15, 9)),
        ("alone", asked(Graph::line(1).unwrap(), b"http", 0.0, 7)),
        ("chain", asked(Graph::line(7).unwrap(), b"http", 0.0, 7)),
        ("star", asked(Graph::star(11).unwrap(), b"http", 0.2, 7)),
        ("tree", asked(Graph::tree(200, 4).unwrap(), b"http", 0.0, 7)),
        ("regular", asked(regular(280, 5), b"http", 0.02, 7)),
        ("large", asked(regular(3000, 10), b"http", 0.01, 7)),
    ]
}

#[test]
fn no_two_stand_at_one_place_and_each_sector_lies_in_its_parents() {
    for (name, model) in models() {
        for flood in &model.floods {
            let scene = Scene::new(&model, flood);
            let layout = Layout::new(&scene);
            assert!(layout.spots.len() <= SPOTS_MAX, "{name}: {} spots", layout.spots.len());
            let drawn: usize = layout.spots.iter().map(|spot| spot.roles.len()).sum();
            assert_eq!(drawn, scene.cast.len(), "{name}: everybody is drawn once");
            for (number, spot) in layout.spots.iter().enumerate() {
                for other in &layout.spots[..number] {
                    let apart = (spot.x - other.x).hypot(spot.y - other.y);
                    assert!(apart > 40.0, "{name}: {spot:?} and {other:?} are {apart} apart");
                }
                let Some(parent) = spot.parent.map(|parent| &layout.spots[parent]) else { continue };
                assert!(parent.ring < spot.ring, "{name}: {spot:?} in {parent:?}");
                let (outer, inner) = (parent.sector, spot.sector);
                assert!(outer.0 - 1e-9 <= inner.0 && inner.1 <= outer.1 + 1e-9, "{name}: {spot:?} in {parent:?}");
            }
        }
    }
}

#[test]
fn everybody_is_drawn_that_a_model_knows() {
    for (name, model) in models() {
        for flood in &model.floods {
            let scene = Scene::new(&model, flood);
            let servents = model.peers.iter().filter(|peer| peer.is_servent).count();
            assert_eq!(scene.cast.len(), servents, "{name}");
            let reached = scene.cast.iter().filter(|actor| actor.visit.is_some()).count();
            assert_eq!(reached, flood.visits.len(), "{name}");
        }
    }
}

#[test]
fn the_same_flood_gives_the_same_pictures() {
    let draw = |model: &Model| {
        let flood = &model.floods[0];
        (super::rings(model, flood, Language::English), super::sequence(model, flood, Language::Portuguese))
    };
    let (one, again) = (asked(twenty(), b"http", 0.1, 3), asked(twenty(), b"http", 0.1, 3));
    assert_eq!(draw(&one), draw(&again));
}

/// Where `PICTURES` names a folder, the pictures are left there to be looked at.
#[test]
fn every_copy_is_drawn_or_counted() {
    for (name, model) in models() {
        let scene = Scene::new(&model, &model.floods[0]);
        let layout = Layout::new(&scene);
        let pictures = [rings::draw, sequence::draw].map(|draw| draw(&scene, &layout, None, Language::English));
        let copies = scene.flood.copies.len();
        for picture in &pictures {
            let drawn = picture.matches("data-c=").count();
            assert!(layout.is_bunched() || drawn == copies, "{name}: {drawn} of {copies}");
        }
        let Ok(folder) = std::env::var("PICTURES") else { continue };
        let file = |view: &str| format!("{folder}/{}-{view}.svg", name.replace(' ', "-"));
        let language = Language::English;
        std::fs::write(file("rings"), super::rings(&model, scene.flood, language)).unwrap();
        std::fs::write(file("sequence"), super::sequence(&model, scene.flood, language)).unwrap();
    }
}

fn paged(model: &Model) -> String {
    super::page(model, &model.floods.iter().collect::<Vec<_>>(), Language::English)
}

/// Where `PICTURES` names a folder, the pages are left there to be looked at.
#[test]
fn a_page_of_the_twenty_is_small_and_loads_nothing() {
    for (name, model) in models() {
        let page = paged(&model);
        assert!(name != "twenty" || page.len() < 300_000, "{name}: {} bytes", page.len());
        for outside in ["http://", "https://", "//", "@import", "url("] {
            let found = page.match_indices(outside).map(|(at, _)| &page[at..page.len().min(at + 60)]);
            let is_own = |text: &str| {
                text.starts_with("http://www.w3.org/")
                    || text.starts_with("//www.w3.org/")
                    || text.starts_with("url(#")
                    || text.starts_with("// ")
            };
            let foreign: Vec<_> = found.filter(|text| !is_own(text)).collect();
            assert!(foreign.is_empty(), "{name}: {foreign:?}");
        }
        if let Ok(folder) = std::env::var("PICTURES") {
            std::fs::write(format!("{folder}/{}.html", name.replace(' ', "-")), page).unwrap();
        }
    }
}

#[test]
fn hostile_keys_are_text_and_nothing_else() {
    let long = vec![b'k'; 60_000];
    let keys: [&[u8]; 6] = [
        b"</script><script>alert(1)</script>",
        b"<!--<script>",
        "\u{202e}evil\u{2066}".as_bytes(),
        b"\"'><img src=x onerror=1>",
        b"\xff\xfe]]>",
        &long,
    ];
    for key in keys {
        let model = asked(twenty(), key, 0.0, 7);
        let page = paged(&model);
        let pure = paged(&asked(twenty(), b"http", 0.0, 7));
        for tag in ["<script", "</script", "<img", "<!--"] {
            assert_eq!(page.matches(tag).count(), pure.matches(tag).count(), "{tag} in {key:?}");
        }
        assert!(!page.contains(['\u{202e}', '\u{2066}', '\0']));
        assert!(page.len() < pure.len() + 10_000, "{} bytes", page.len());
        let data = page.split("id=\"data\">").nth(1).and_then(|rest| rest.split("</script>").next()).unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        let title = data["floods"][0]["title"]["en"].as_str().unwrap();
        assert!(title.starts_with(&super::svg::shown(key)), "{title:?}");
    }
}

#[test]
fn a_long_key_is_cut_and_says_so() {
    assert_eq!(super::svg::shown(b"http"), "http");
    let shown = super::svg::shown(&vec![b'k'; 60_000]);
    assert!(shown.ends_with("k… (60000 B)") && shown.chars().count() < 80, "{shown}");
}

#[test]
fn a_page_of_too_many_questions_says_how_many_found_no_room() {
    let model = asked(regular(3000, 10), b"http", 0.01, 7);
    let flood = &model.floods[0];
    let many = vec![flood; 12];
    let page = super::page(&model, &many, Language::English);
    let shown = page.matches("<article").count();
    assert!((1..12).contains(&shown), "{shown} questions on {} bytes", page.len());
    assert!(page.contains(&format!("This page has {shown} questions; {} more found no room on it.", 12 - shown)));
}

#[test]
fn a_part_of_a_page_is_what_the_page_has() {
    let model = asked(twenty(), b"http", 0.1, 3);
    let (html, data) = super::part(&model, &model.floods[0], 0);
    let page = paged(&model);
    assert!(page.contains(&html));
    let data: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert!(page.contains(&super::data::in_script(&data)));
}

/// With the neighbours of nobody known but its own, nobody knows what became of the copies that the entry sent.
#[test]
fn what_no_record_tells_is_not_drawn_as_missed() {
    let mut model = asked(twenty(), b"http", 0.0, 7);
    for peer in &mut model.peers {
        peer.runs.clear();
    }
    let flood = &mut model.floods[0];
    flood.visits.truncate(1);
    flood.answers.clear();
    flood.copies.retain(|copy| copy.ttl == 3);
    for copy in &mut flood.copies {
        (copy.received, copy.fate) = (None, crate::flood::Fate::Unknown);
    }
    let flood = &model.floods[0];
    let scene = Scene::new(&model, flood);
    for copy in &flood.copies {
        let role = scene.role(copy.to).unwrap();
        assert_eq!(scene.cast[role as usize].state, super::scene::State::Unknown);
    }
    let rings = super::rings(&model, flood, Language::English);
    assert!(rings.contains("not recorded; 0 answers") && rings.contains("not reached, or not recorded"), "{rings}");
}
