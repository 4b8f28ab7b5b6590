//! Losses of power: a journal that ends anywhere, and matches that go on.

use crate::evening::{Cut, Disk, Made, settled, whole_match};
use crate::meter::part;
use countersign_league::device::{CLOCK_START, Device};
use countersign_league::{Artefact, Params};
use sha2::{Digest, Sha256};

const PLAYERS: u8 = 6;
/// Bytes between two cuts that are not at the end of an entry; it divides no length of an entry.
const STRIDE: usize = 997;

// A frame of its own: what one part keeps on the stack is not there in another.
#[inline(never)]
pub(crate) fn all() {
    let params = Params::SHORT;
    let (disk, score) = uncut(&params);
    let (journal, ends) = (&disk.journal, &disk.ends);
    let made = Made::master();
    let start = || verdict(journal, &params, &made);
    part("power.start_device", start, |verdict| *verdict);
    let records = || verdicts(journal, ends.iter().copied(), &params, &made);
    part("power.cut_at_each_record", records, |verdicts| *verdicts);
    let bytes = || verdicts(journal, (1..journal.len()).step_by(STRIDE), &params, &made);
    part("power.cut_at_bytes", bytes, |verdicts| *verdicts);
    for (name, cut) in [
        ("power.master_at_goal_1", Cut::Master(1)),
        ("power.master_at_goal_2", Cut::Master(2)),
        ("power.master_at_goal_3", Cut::Master(3)),
        ("power.slave_in_play", Cut::Slave),
    ] {
        cut_off(name, cut, &params, score);
    }
}

/// What a match leaves behind in which the power does not fail.
#[inline(never)]
fn uncut(params: &Params) -> (Disk, [u8; 2]) {
    let played = whole_match(params, PLAYERS, Cut::None);
    let score = settled(&played).score;
    (played.disk, score)
}

#[inline(never)]
fn cut_off(name: &'static str, cut: Cut, params: &Params, score: [u8; 2]) {
    let play = || whole_match(params, PLAYERS, cut);
    let evening = part(name, play, |evening| evening.disk.journal.clone());
    let result = settled(&evening);
    assert_eq!(result.score, score, "the same goals count as without a loss of power");
    let blind = usize::from(cut == Cut::Slave);
    assert!(result.gaps[blind] > 0 && result.gaps[1 - blind] == 0, "{:?}", result.gaps);
}

/// What a master finds in a journal that was cut after so many bytes, for each of them.
fn verdicts(
    journal: &[u8],
    cuts: impl Iterator<Item = usize>,
    params: &Params,
    made: &Made,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    for cut in cuts {
        hash.update(verdict(&journal[..cut], params, made));
    }
    hash.finalize().into()
}

fn verdict(journal: &[u8], params: &Params, made: &Made) -> [u8; 32] {
    let disk = Disk::found(journal);
    let Ok((device, boot)) = Device::start(made.parts(&disk, params), CLOCK_START) else {
        panic!("a master does not start with {} bytes of journal", journal.len())
    };
    assert_eq!(boot.valid + boot.dropped, journal.len());
    let view = device.view(CLOCK_START).encode();
    let hash = Sha256::new_with_prefix(view)
        .chain_update((boot.valid as u64).to_be_bytes())
        .chain_update([u8::from(boot.open_match)])
        .chain_update(device.standing().device_seq.to_be_bytes())
        .chain_update(device.standing().last_terminal.as_bytes());
    hash.finalize().into()
}
