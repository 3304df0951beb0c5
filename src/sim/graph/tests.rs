//! Each shape against its degrees and its distances.

use super::*;

fn degrees(graph: &Graph) -> Vec<usize> {
    graph.servents().map(|servent| graph.neighbours(servent).len()).collect()
}

fn assert_mutual(graph: &Graph) {
    for servent in graph.servents() {
        for &neighbour in graph.neighbours(servent) {
            assert!(graph.neighbours(neighbour).contains(&servent), "{servent} and {neighbour}");
        }
    }
}

#[test]
fn each_shape_has_its_degrees() {
    assert_eq!(degrees(&Graph::line(4).unwrap()), [1, 2, 2, 1]);
    assert_eq!(degrees(&Graph::ring(4).unwrap()), [2; 4]);
    assert_eq!(degrees(&Graph::ring(2).unwrap()), [1; 2]);
    assert_eq!(degrees(&Graph::star(5).unwrap()), [4, 1, 1, 1, 1]);
    assert_eq!(degrees(&Graph::tree(7, 2).unwrap()), [2, 3, 3, 1, 1, 1, 1]);
    assert_eq!(degrees(&Graph::grid(3, 2).unwrap()), [2, 3, 2, 2, 3, 2]);
    assert_eq!(degrees(&Graph::clique(4).unwrap()), [3; 4]);
    assert_eq!(degrees(&Graph::line(1).unwrap()), [0]);
}

#[test]
fn random_shapes_keep_to_their_degrees_and_repeat_from_their_seed() {
    for degree in 1..=10 {
        let graph = Graph::random_regular(60, degree, &mut Rng::with_seed(7)).unwrap();
        assert_eq!(degrees(&graph), [degree; 60]);
        assert_mutual(&graph);
        assert_eq!(graph, Graph::random_regular(60, degree, &mut Rng::with_seed(7)).unwrap());
    }
    let graph = Graph::scale_free(500, 2, &mut Rng::with_seed(7)).unwrap();
    assert_mutual(&graph);
    let degrees = degrees(&graph);
    assert!(degrees.iter().all(|degree| (1..=10).contains(degree)), "{degrees:?}");
    assert!(degrees.contains(&10), "no hub");
    assert_eq!(graph.within(500, ServentId(0)).len(), 500, "connected");
}

#[test]
fn p10_no_shape_has_a_servent_with_eleven_neighbours() {
    let hub = GraphError::TooManyNeighbours { servent: ServentId(0), count: 11 };
    assert!(Graph::star(11).is_ok() && Graph::clique(11).is_ok());
    assert_eq!(Graph::star(12), Err(hub));
    assert_eq!(Graph::clique(12), Err(hub));
    assert!(Graph::random_regular(5, 3, &mut Rng::with_seed(1)).is_err());
    assert!(Graph::from_neighbours(vec![vec![ServentId(1)]]).is_err());
}

#[test]
fn p18_three_hops_from_the_end_of_a_line_are_four_servents() {
    let line = Graph::line(6).unwrap();
    assert_eq!(line.within(3, ServentId(0)), [0, 1, 2, 3].map(ServentId));
    assert_eq!(line.within(1, ServentId(3)), [3, 2, 4].map(ServentId));
}
