//! A servent without a trace between traced ones: what they got from it and sent it tells what it did.

use crate::lineage::memory;
use crate::traces::read;
use servent::Timestamp;
use servent::flood::{Breach, Memory, Model};
use servent::protocol::AskedKey;
use servent::sim::{Graph, LinkModel, Machines, Scenario, ServentId, Setup, Simulation, Traces};
use std::sync::Arc;
use std::time::Duration;

/// A chain of five, asked at its first servent: the second one, whose trace goes, gets time-to-live 3 and sends 2.
fn chain() -> Vec<String> {
    let setup = Arc::new(Setup::new(Graph::line(5).unwrap()).held_by_all(b"http"));
    let links = LinkModel::perfect(Duration::from_millis(1));
    let mut simulation: Simulation<Machines, _> =
        Simulation::new(Arc::clone(&setup), links, 7, Traces::new(&setup, 1_000));
    let client = simulation.add_client();
    let at = Timestamp::from_start(Duration::from_secs(1));
    simulation.ask(at, client, ServentId(0), AskedKey::new(b"http").unwrap());
    // Another one, so that nobody's trace ends as the first flood does.
    let client = simulation.add_client();
    let at = Timestamp::from_start(Duration::from_secs(5));
    simulation.ask(at, client, ServentId(4), AskedKey::new(b"http").unwrap());
    simulation.run(u64::MAX);
    let texts = simulation.into_parts().1.into_texts();
    texts.into_iter().map(|text| String::from_utf8(text).unwrap()).collect()
}

fn model(mut texts: Vec<String>) -> Model {
    texts.remove(1);
    read(&texts.into_iter().map(String::into_bytes).collect::<Vec<_>>()).model(Memory::default())
}

/// What the untraced one is found to have done.
fn found(texts: Vec<String>) -> Vec<Breach> {
    let model = model(texts);
    let findings = model.floods.iter().flat_map(|flood| &flood.findings);
    let its = findings.filter(|finding| model.peer(finding.servent).address == ServentId(1).address());
    its.map(|finding| finding.breach).collect()
}

/// The same, where each line of the first question that has `old` has `new` for it.
fn with(text: &str, old: &str, new: &str) -> String {
    let change = |line: &str| if line.contains("\"172.16.0.0:") { line.replace(old, new) } else { line.to_owned() };
    text.lines().map(|line| change(line) + "\n").collect()
}

#[test]
fn p14_what_a_servent_without_a_trace_did_is_found_by_its_neighbours_traces() {
    assert_eq!(found(chain()), []);
    // It came to the third one as it had come, or as the last link would have it.
    for (ttl, due) in [(3, 2), (1, 2)] {
        let mut texts = chain();
        texts[2] = with(&texts[2], "\"ttl\":2", &format!("\"ttl\":{ttl}"));
        assert_eq!(found(texts), [Breach::WrongTtl { found: ttl, due }]);
    }
    // It came back to the first one as well.
    let mut texts = chain();
    let sent = texts[2].lines().find(|line| line.contains("\"received\"") && line.contains("\"ttl\":2")).unwrap();
    let [first, third] = [0, 2].map(|number| ServentId(number).address().to_string());
    let came = sent.replacen(&third, &first, 1);
    let judged = came.replace("\"received\"", "\"duplicate\"").replace('}', ",\"higher_ttl\":false}");
    let end = texts[0].find("\"end\"").and_then(|end| texts[0][..end].rfind('{')).unwrap();
    texts[0].insert_str(end, &format!("{came}\n{judged}\n"));
    let breaches = found(texts.clone());
    assert!(matches!(breaches[..], [Breach::SentBack { .. }]), "{breaches:?}");
    // With a second one whose trace is not there it may have come from there.
    texts[3].clear();
    assert_eq!(found(texts), []);
}

#[test]
fn copies_that_only_their_receiver_tells_of_count() {
    let whole = read(&chain().into_iter().map(String::into_bytes).collect::<Vec<_>>()).model(Memory::default());
    let costs = |model: &Model| model.floods.iter().map(|flood| flood.cost).collect::<Vec<_>>();
    assert_eq!(costs(&model(chain())), costs(&whole));
    assert_eq!(whole.floods[0].cost.messages, 3);
}

#[test]
fn what_conforms_is_no_finding_whichever_trace_is_missing() {
    let mut judged = 0;
    for seed in 0..200 {
        let scenario = Scenario::from_seed(seed);
        // A time-to-live that changes on a link is the sender's, for all that its neighbours know.
        if scenario.links.corruption > 0.0 {
            continue;
        }
        let mut texts = scenario.run::<Machines, _>(Traces::new(&scenario.setup, 0)).0.into_parts().1.into_texts();
        texts.remove(seed as usize % texts.len());
        let model = read(&texts).model(memory(&scenario));
        let findings: Vec<_> = model.floods.iter().flat_map(|flood| &flood.findings).collect();
        assert!(findings.is_empty(), "seed {seed}: {findings:?}");
        judged += 1;
    }
    assert!(judged > 50, "{judged}");
}
