//! A whole match with goals at both ends, over a bad radio; and what a small master does most, one call at a time.

use crate::evening::{Cut, Evening, Joining, read_view, settled, whole_match};
use crate::meter::part;
use countersign_league::device::Device;
use countersign_league::evidence::ActKind;
use countersign_league::{Artefact, Params};

/// What a small master is certified for.
const PLAYERS: u8 = 10;

// A frame of its own: what one part keeps on the stack is not there in another.
#[inline(never)]
pub(crate) fn all() {
    let params = Params::OFFICIAL;
    let play = || whole_match(&params, PLAYERS, Cut::None);
    let evening = part("match.official_10", play, |evening| evening.disk.journal.clone());
    let settle = || settled(&evening);
    part("match.settle_10", settle, |result| result.encode());
    part("phone.read_view", || read_view(&evening), |view| view.encode());
    drop(evening);
    calls(&params);
}

/// Single calls into a master with an open lobby.
#[inline(never)]
fn calls(params: &Params) {
    let mut evening = Evening::new(params.clone(), PLAYERS);
    evening.check_goals();
    let now = evening.master_now();
    let Some(device) = evening.device.as_mut() else { panic!("the master has no power") };
    part("device.prove", || device.prove([1; 32], now), |proof| proof.clone().unwrap_or_default());
    let Joining { ticket, act, radio } = evening.meet(0);
    let Some(device) = evening.device.as_mut() else { panic!("the master has no power") };
    let join = || device.join(&ticket, &act, radio, now);
    let joined = part("device.join", join, |token| token.unwrap_or_default());
    let Ok(token) = joined else { panic!("the phone is not let in: {joined:?}") };
    part("device.seen", || device.seen(&token, now), |known| [u8::from(*known)]);
    evening.joined(0, token);
    let device = evening.device.as_mut();
    assert!(device.is_some_and(|device: &mut Device<_, _>| device.poll_output().is_some()));
    evening.say(0, ActKind::Ready);
}
