//! The textbook way: a Fenwick tree with an entry for every rating.

/// Entries for ratings of 0 to 4,194 points.
const RATINGS: usize = 1 << 22;

pub(crate) struct Flat {
    sums: Vec<u32>,
    players: u32,
}

impl Flat {
    pub(crate) fn new(ratings: impl Iterator<Item = i32>) -> Self {
        let mut sums = vec![0_u32; RATINGS + 1];
        let mut players = 0;
        for rating in ratings {
            sums[entry(rating)] += 1;
            players += 1;
        }
        for node in 1..=RATINGS {
            let parent = node + (node & node.wrapping_neg());
            if parent <= RATINGS {
                sums[parent] += sums[node];
            }
        }
        Self { sums, players }
    }

    pub(crate) fn rank_of(&self, rating: i32) -> u32 {
        let mut node = entry(rating);
        let mut at_or_below = 0;
        while node > 0 {
            at_or_below += self.sums[node];
            node &= node - 1;
        }
        self.players - at_or_below + 1
    }

    pub(crate) fn update(&mut self, from: i32, by: i32) {
        self.add(from, u32::MAX);
        self.add(from + by, 1);
    }

    pub(crate) fn memory(&self) -> usize {
        self.sums.capacity() * size_of::<u32>()
    }

    fn add(&mut self, rating: i32, what: u32) {
        let mut node = entry(rating);
        while node <= RATINGS {
            self.sums[node] = self.sums[node].wrapping_add(what);
            node += node & node.wrapping_neg();
        }
    }
}

fn entry(rating: i32) -> usize {
    (rating.max(0) as usize).min(RATINGS - 1) + 1
}
