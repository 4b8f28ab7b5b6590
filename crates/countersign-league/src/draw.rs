//! The draw: teams from a seed that nobody chose alone, and that anybody can compute again.
//!
//! The device fixed its share before anybody joined ([`Commitment`]); every player signed a share in the roll call. So
//! neither can know the teams before the other's share is fixed.

use crate::id::{Commitment, MatchId, Nonce};
use crate::ruleset::Params;
use crate::team::{MAX_PLAYERS, Team};
use alloc::vec::Vec;
use countersign::UserId;
use sha2::{Digest, Sha256};

/// What one player brings to the draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entrant {
    /// The player.
    pub user: UserId,
    /// The player's share of the seed.
    pub nonce: Nonce,
    /// Rating in thousandths of a point.
    pub rating: i32,
}

/// Why there is no draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// Too few or too many.
    #[error("a draw is among 2 to {MAX_PLAYERS} players, not {0}")]
    Count(usize),
    /// The same player twice.
    #[error("a player is in the draw once")]
    Twice,
}

/// Who plays where. Seats are ascending by user, whatever the order of the entrants was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// The player of each seat.
    pub users: Vec<UserId>,
    /// The team of each seat; they differ by one at most.
    pub teams: Vec<Team>,
    /// The team that defends the northern goal.
    pub north: Team,
    /// Which permutation was taken, from 0.
    pub chosen: u8,
}

/// Draws the teams: `params.draws` permutations of the seed's stream, of which the first with the least difference of means
/// is taken.
///
/// The stream decides in this order: who defends the north, which team is the larger (also where none is), then the
/// permutations. The first half of a permutation is team A.
pub fn draw(
    params: &Params,
    secret: &[u8; 32],
    match_id: &MatchId,
    entrants: &[Entrant],
) -> Result<Draw, DrawError> {
    if !(2..=MAX_PLAYERS).contains(&entrants.len()) {
        return Err(DrawError::Count(entrants.len()));
    }
    let mut entrants = entrants.to_vec();
    entrants.sort_unstable_by_key(|entrant| entrant.user);
    if !entrants.is_sorted_by(|a, b| a.user < b.user) {
        return Err(DrawError::Twice);
    }
    let mut stream = Stream::new(seed(secret, match_id, &entrants));
    let north = stream.team();
    let larger = stream.team();
    let half = match larger {
        Team::A => entrants.len().div_ceil(2),
        Team::B => entrants.len() / 2,
    };
    let mut best = Candidate::next(&mut stream, &entrants, half, 0);
    for number in 1..params.draws {
        let candidate = Candidate::next(&mut stream, &entrants, half, number);
        if candidate.imbalance < best.imbalance {
            best = candidate;
        }
    }
    let users = entrants.iter().map(|entrant| entrant.user).collect();
    Ok(Draw { users, teams: best.teams(entrants.len()), north, chosen: best.number })
}

/// The secret of the first draw, from that of the redraw: `SHA-256("countersign-redraw-v1" ‖ secret)`. The commitment fixes both, and
/// the start, which shows the first, does not tell how teams would be drawn if somebody quit.
pub fn first_secret(redraw: &[u8; 32]) -> [u8; 32] {
    Sha256::new_with_prefix(b"countersign-redraw-v1").chain_update(redraw).finalize().into()
}

/// Whether this is what the device fixed beforehand, for the first draw or for the redraw.
pub fn opens(secret: &[u8; 32], commit: &Commitment) -> bool {
    Commitment::to(secret) == *commit || Commitment::to(&first_secret(secret)) == *commit
}

/// `SHA-256("countersign-draw-v1" ‖ secret ‖ match_id ‖ user ‖ nonce ‖ user ‖ nonce …)`, ascending by user.
fn seed(secret: &[u8; 32], match_id: &MatchId, sorted: &[Entrant]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(b"countersign-draw-v1");
    hash.update(secret);
    hash.update(match_id.as_bytes());
    for entrant in sorted {
        hash.update(entrant.user.as_bytes());
        hash.update(entrant.nonce.as_bytes());
    }
    hash.finalize().into()
}

/// One permutation, cut after `half`.
struct Candidate {
    /// Seats; the first `half` of as many as there are players are team A.
    order: [u8; MAX_PLAYERS],
    half: usize,
    /// Difference of means times the product of the sizes, which all candidates have in common.
    imbalance: u64,
    number: u8,
}

impl Candidate {
    /// Fisher and Yates, from the last place down.
    fn next(stream: &mut Stream, entrants: &[Entrant], half: usize, number: u8) -> Self {
        let mut order: [u8; MAX_PLAYERS] = core::array::from_fn(|seat| seat as u8);
        for last in (1..entrants.len()).rev() {
            order.swap(last, usize::from(stream.below(last as u8 + 1)));
        }
        let total = |seats: &[u8]| -> i64 {
            seats.iter().map(|&seat| i64::from(entrants[usize::from(seat)].rating)).sum()
        };
        let (a, b) = order[..entrants.len()].split_at(half);
        let difference = total(a) * b.len() as i64 - total(b) * a.len() as i64;
        Self { order, half, imbalance: difference.unsigned_abs(), number }
    }

    fn teams(&self, count: usize) -> Vec<Team> {
        let mut teams = alloc::vec![Team::B; count];
        for &seat in &self.order[..self.half] {
            teams[usize::from(seat)] = Team::A;
        }
        teams
    }
}

/// Bytes of `SHA-256(seed ‖ u32 counter)`, counter from 0.
struct Stream {
    seed: [u8; 32],
    counter: u32,
    block: [u8; 32],
    used: usize,
}

impl Stream {
    const fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0, block: [0; 32], used: 32 }
    }

    fn byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            let hash = Sha256::new_with_prefix(self.seed).chain_update(self.counter.to_be_bytes());
            self.block = hash.finalize().into();
            self.counter = self.counter.wrapping_add(1);
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    /// Evenly from `0..bound`: bytes from the incomplete last range of `bound` are thrown away. `bound` is at least 1.
    fn below(&mut self, bound: u8) -> u8 {
        let end = 256 - 256 % u16::from(bound);
        loop {
            let byte = self.byte();
            if u16::from(byte) < end {
                return byte % bound;
            }
        }
    }

    fn team(&mut self) -> Team {
        match self.below(2) {
            0 => Team::A,
            _ => Team::B,
        }
    }
}
