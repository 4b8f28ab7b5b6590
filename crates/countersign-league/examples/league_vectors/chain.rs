//! A million pseudo-random matches in one digest: where two builds agree on it, they agree on every draw and every change.
//!
//! The numbers come from SplitMix64 with state 0. Each match takes, in this order: the number of players (`2 + x mod 21`);
//! four numbers for the secret and two for the match id; for each seat the lower half of the user (the upper half is the seat),
//! two for the nonce, and one for rating, matches and flags; one for the end. All bytes are big-endian.

use alloc::vec::Vec;
use countersign::{RecordDigest, Timestamp, UserId};
use countersign_league::draw::{Draw, DrawError, Entrant, draw};
use countersign_league::evidence::{MatchStart, Outcome, SeatFlags, Stakes, StartLine};
use countersign_league::rating::{Deltas, Ending, Rated, final_deltas, stakes};
use countersign_league::{Commitment, DeviceId, MatchId, Nonce, Params, RulesetId, Team};
use sha2::{Digest, Sha256};

/// After how many matches the digest is written down.
pub(crate) const CHECKPOINTS: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
pub(crate) struct SplitMix(pub(crate) u64);

impl SplitMix {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn two(&mut self) -> [u8; 16] {
        let [high, low] = [self.next(), self.next()];
        pair(high, low)
    }
}

fn pair(high: u64, low: u64) -> [u8; 16] {
    ((u128::from(high) << 64) | u128::from(low)).to_be_bytes()
}

/// One match of the chain, as its numbers make it.
struct Invented {
    secret: [u8; 32],
    match_id: MatchId,
    entrants: Vec<Entrant>,
    players: Vec<Rated>,
    seats: Vec<SeatFlags>,
    end: u64,
}

impl Invented {
    fn next(numbers: &mut SplitMix) -> Self {
        let count = 2 + numbers.next() % 21;
        let mut secret = [0; 32];
        let (high, low) = secret.split_at_mut(16);
        high.copy_from_slice(&numbers.two());
        low.copy_from_slice(&numbers.two());
        let match_id = MatchId::from_bytes(numbers.two());
        let mut invented = Self {
            secret,
            match_id,
            entrants: Vec::with_capacity(22),
            players: Vec::with_capacity(22),
            seats: Vec::with_capacity(22),
            end: 0,
        };
        (0..count).for_each(|seat| invented.add(seat, numbers));
        invented.end = numbers.next();
        invented
    }

    /// Of the last number, bits 0 to 31 make the rating, 32 to 39 the matches; bits 40 to 44 are the flags if 48 to 51 are 0.
    fn add(&mut self, seat: u64, numbers: &mut SplitMix) {
        let user = UserId::from_bytes(pair(seat, numbers.next()));
        let nonce = Nonce::from_bytes(numbers.two());
        let number = numbers.next();
        let rating = 100_000 + ((number & 0xffff_ffff) % 2_900_000) as i32;
        let matches = (number >> 32 & 0xff) as u16 % 20;
        let flags = if number >> 48 & 15 == 0 { number >> 40 & 31 } else { 0 };
        self.entrants.push(Entrant { user, nonce, rating });
        self.players.push(Rated { rating, matches });
        self.seats.push(SeatFlags(flags as u8));
    }

    /// Bits 0 to 3 are the outcome, if there is one of this number; 8 the loser, where one is named; 16 to 19 and 24 to 27
    /// the score.
    fn ending(&self) -> Ending<'_> {
        let outcome = Outcome::from_number((self.end & 15) as u8).unwrap_or(Outcome::Final);
        let loser = if self.end >> 8 & 1 == 0 { Team::A } else { Team::B };
        Ending {
            outcome,
            loser: (outcome == Outcome::Conceded).then_some(loser),
            score: [(self.end >> 16 & 15) as u8, (self.end >> 24 & 15) as u8],
            seats: &self.seats,
        }
    }
}

/// The digest so far. It begins with `SHA-256("countersign-agreement-v1")`, and each match makes it
/// `SHA-256(digest ‖ north ‖ chosen ‖ for each seat (team ‖ i32 win ‖ draw ‖ loss ‖ delta) ‖ i64 bank)`.
pub(crate) struct Chain {
    numbers: SplitMix,
    digest: [u8; 32],
    played: u32,
}

impl Chain {
    pub(crate) fn new() -> Self {
        let digest = Sha256::digest(b"countersign-agreement-v1").into();
        Self { numbers: SplitMix(0), digest, played: 0 }
    }

    /// Plays on until so many matches are over, and gives the digest.
    pub(crate) fn until(&mut self, matches: u32) -> Result<[u8; 32], DrawError> {
        while self.played < matches {
            self.play()?;
            self.played += 1;
        }
        Ok(self.digest)
    }

    fn play(&mut self) -> Result<(), DrawError> {
        let params = Params::OFFICIAL;
        let invented = Invented::next(&mut self.numbers);
        let draw = draw(&params, &invented.secret, &invented.match_id, &invented.entrants)?;
        let stakes = stakes(&params, &invented.players, &draw.teams);
        let start = start(&draw, &stakes);
        let Deltas { seats, bank } = final_deltas(&start, invented.ending());
        let mut hash = Sha256::new_with_prefix(self.digest);
        hash.update([draw.north as u8, draw.chosen]);
        for ((team, stakes), delta) in draw.teams.iter().zip(&stakes).zip(seats) {
            hash.update([*team as u8]);
            for number in [stakes.win, stakes.draw, stakes.loss, delta] {
                hash.update(number.to_be_bytes());
            }
        }
        self.digest = hash.chain_update(bank.to_be_bytes()).finalize().into();
        Ok(())
    }
}

/// A start with these teams and stakes; nothing else in it matters to ratings.
pub(crate) fn start(draw: &Draw, stakes: &[Stakes]) -> MatchStart {
    let digest = RecordDigest::from_bytes([0; 32]);
    let roster = draw.users.iter().zip(&draw.teams).zip(stakes);
    let line = |((user, team), stakes): ((&UserId, &Team), &Stakes)| StartLine {
        user: *user,
        ticket: digest,
        roll: digest,
        team: *team,
        stakes: *stakes,
        radio: [0; 8],
    };
    MatchStart {
        match_id: MatchId::from_bytes([0; 16]),
        device: DeviceId::NONE,
        device_seq: 1,
        ruleset: RulesetId::from_bytes([0; 32]),
        lobby: Nonce::NONE,
        commit: Commitment::from_bytes([0; 32]),
        secret: [0; 32],
        challenge: Nonce::NONE,
        started: Timestamp::ZERO,
        north: draw.north,
        link_epoch: 1,
        firmware: 1,
        roster: roster.map(line).collect(),
    }
}
