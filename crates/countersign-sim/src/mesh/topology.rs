//! Where the nodes stand, and who hears whom.

use crate::dice::Dice;

/// Neighbours that a node has on average, as in mesh.md 4.2.
const DEGREE: f64 = 12.0;
/// Connections of a node.
const LINKS_MAX: usize = 6;
/// Halls that are tried until one is connected.
const TRIES: usize = 1_000;

/// A hall. Node 0 is the hub, in the middle.
#[derive(Debug, Clone)]
pub(crate) struct Topology {
    /// In units of the radio's reach.
    pub(crate) places: Vec<(f64, f64)>,
    /// Who hears whom, ascending.
    pub(crate) near: Vec<Vec<usize>>,
    /// Connections, each pair once.
    pub(crate) wires: Vec<(usize, usize)>,
}

impl Topology {
    /// Nodes spread evenly over a disc so that each has twelve neighbours; one in which everybody can reach the hub.
    pub(crate) fn new(nodes: usize, dice: &mut Dice) -> Self {
        let mut hall = Self::draw(nodes, dice);
        for _ in 0..TRIES {
            if hall.is_connected() {
                break;
            }
            hall = Self::draw(nodes, dice);
        }
        hall.wires = hall.wires_of(dice);
        hall
    }

    fn draw(nodes: usize, dice: &mut Dice) -> Self {
        let radius = (nodes as f64 / (DEGREE + 1.0)).sqrt();
        let mut places = vec![(0.0, 0.0)];
        while places.len() < nodes {
            let place = (radius * coordinate(dice), radius * coordinate(dice));
            if place.0.hypot(place.1) <= radius {
                places.push(place);
            }
        }
        let hears = |a: &(f64, f64), b: &(f64, f64)| (a.0 - b.0).hypot(a.1 - b.1) <= 1.0;
        let near = (0..nodes)
            .map(|node| {
                (0..nodes)
                    .filter(|other| *other != node && hears(&places[node], &places[*other]))
                    .collect()
            })
            .collect();
        Self { places, near, wires: Vec::new() }
    }

    fn is_connected(&self) -> bool {
        let (mut reached, mut open) = (vec![false; self.near.len()], vec![0]);
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut reached[node], true) {
                open.extend(self.near[node].iter().filter(|other| !reached[**other]));
            }
        }
        reached.iter().all(|reached| *reached)
    }

    /// First a tree, so that nobody is left out, then more while there is room.
    fn wires_of(&self, dice: &mut Dice) -> Vec<(usize, usize)> {
        let mut pairs: Vec<(usize, usize)> = (0..self.near.len())
            .flat_map(|node| self.near[node].iter().map(move |other| (node, *other)))
            .filter(|(a, b)| a < b)
            .collect();
        for index in (1..pairs.len()).rev() {
            pairs.swap(index, dice.below(index as u64 + 1) as usize);
        }
        let mut degree = vec![0; self.near.len()];
        let mut group: Vec<usize> = (0..self.near.len()).collect();
        let mut wires = Vec::new();
        let mut rest = Vec::new();
        for (a, b) in pairs {
            let (of_a, of_b) = (root(&group, a), root(&group, b));
            if of_a != of_b && degree[a] < LINKS_MAX && degree[b] < LINKS_MAX {
                group[of_a] = of_b;
                (degree[a], degree[b]) = (degree[a] + 1, degree[b] + 1);
                wires.push((a, b));
            } else {
                rest.push((a, b));
            }
        }
        for (a, b) in rest {
            if degree[a] < LINKS_MAX && degree[b] < LINKS_MAX {
                (degree[a], degree[b]) = (degree[a] + 1, degree[b] + 1);
                wires.push((a, b));
            }
        }
        wires
    }
}

fn root(group: &[usize], mut node: usize) -> usize {
    while group[node] != node {
        node = group[node];
    }
    node
}

/// From -1 to 1.
fn coordinate(dice: &mut Dice) -> f64 {
    dice.below(2_000_001) as f64 / 1_000_000.0 - 1.0
}
