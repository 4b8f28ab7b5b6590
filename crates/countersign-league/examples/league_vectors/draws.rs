//! Draws, with the seed and the first bytes of its stream, so that one can see where another implementation goes wrong.

use super::chain::SplitMix;
use super::ratings::numbers_of;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use countersign::UserId;
use countersign_league::draw::{Draw, DrawError, Entrant, draw};
use countersign_league::{Commitment, MatchId, Nonce, Params};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const SEEDS: u64 = 210;

pub(crate) fn cases() -> impl Iterator<Item = Result<Value, DrawError>> {
    (0..SEEDS).map(case)
}

/// All numbers of players in turn; every seventh case has equal players, every eighth extreme ones.
fn case(seed: u64) -> Result<Value, DrawError> {
    let mut numbers = SplitMix(seed << 32 | 1);
    let count = 2 + seed % 21;
    let draws = if seed < 42 { 16 } else { 1 + (numbers.next() % 32) as u8 };
    let secret = [(); 4].map(|()| numbers.next().to_be_bytes()).concat();
    let mut fixed = [0; 32];
    fixed.copy_from_slice(&secret);
    let match_id = MatchId::from_bytes(two(&mut numbers));
    let entrant = |_| {
        let (user, nonce) = (two(&mut numbers), two(&mut numbers));
        let number = numbers.next();
        let rating = match seed % 56 {
            0 | 7 | 14 | 21 | 28 | 35 | 42 | 49 => 1_500_000,
            8 | 16 | 24 | 32 | 40 | 48 => [i32::MIN, i32::MAX, 0][(number % 3) as usize],
            _ => 100_000 + (number % 2_900_000) as i32,
        };
        Entrant { user: UserId::from_bytes(user), nonce: Nonce::from_bytes(nonce), rating }
    };
    let entrants: Vec<Entrant> = (0..count).map(entrant).collect();
    let params = Params { draws, ..Params::OFFICIAL };
    let Draw { users, teams, north, chosen } = draw(&params, &fixed, &match_id, &entrants)?;
    let seed_bytes = seed_of(&secret, &match_id, &entrants);
    let block = Sha256::new_with_prefix(seed_bytes).chain_update([0; 4]).finalize();
    let entrant = |one: &Entrant| json!({ "user": one.user.to_string(), "nonce": one.nonce.to_string(), "rating": one.rating });
    Ok(json!({
        "name": format!("draw {seed}, {count} players"),
        "secret": hex::encode(&secret),
        "commit": Commitment::to(&fixed).to_string(),
        "match_id": match_id.to_string(),
        "draws": draws,
        "entrants": entrants.iter().map(entrant).collect::<Vec<_>>(),
        "seed": hex::encode(seed_bytes),
        "block": hex::encode(block),
        "users": users.iter().map(UserId::to_string).collect::<Vec<_>>(),
        "teams": numbers_of(&teams),
        "north": north as u8,
        "chosen": chosen,
    }))
}

/// The seed, from the text of the document and not from the crate.
fn seed_of(secret: &[u8], match_id: &MatchId, entrants: &[Entrant]) -> [u8; 32] {
    let mut parts: Vec<[&[u8]; 2]> = entrants
        .iter()
        .map(|one| [one.user.as_bytes().as_slice(), one.nonce.as_bytes().as_slice()])
        .collect();
    parts.sort();
    let parts = parts.concat().concat();
    let all = [b"countersign-draw-v1", secret, match_id.as_bytes(), &parts].concat();
    Sha256::digest(all).into()
}

fn two(numbers: &mut SplitMix) -> [u8; 16] {
    let [high, low] = [numbers.next(), numbers.next()];
    ((u128::from(high) << 64) | u128::from(low)).to_be_bytes()
}
