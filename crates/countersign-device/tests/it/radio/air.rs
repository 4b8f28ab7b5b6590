//! What stands for ESP-NOW: datagrams of at most 250 bytes that are lost, repeated, overtaken and damaged, with nobody told.

use countersign_league::pair::{Entropy, MAX_FRAME};
use std::io::ErrorKind;
use std::net::Shutdown;
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Of a hundred packets.
const LOST: u64 = 20;
const TWICE: u64 = 10;
const LATE: u64 = 15;
const FLIPPED: u64 = 10;
/// A packet that is late is overtaken by so many others, or by so many looks at an empty air.
const BEHIND: u8 = 2;
const LOOK: Duration = Duration::from_millis(5);

/// SplitMix64: the same seed, the same chances.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn one_in(&mut self, limit: u64) -> bool {
        self.next().is_multiple_of(limit)
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.next() % 100 < chance
    }

    /// Changes one bit.
    pub(super) fn flip(&mut self, bytes: &mut [u8]) {
        let bit = self.next() as usize % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

impl Entropy for Dice {
    fn draw(&mut self) -> [u8; 32] {
        let mut out = [0; 32];
        out.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.next().to_be_bytes()));
        out
    }
}

/// What has happened to packets, in both directions.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weather {
    pub(super) sent: u32,
    pub(super) lost: u32,
    pub(super) twice: u32,
    pub(super) late: u32,
    pub(super) flipped: u32,
}

/// Between the radio of the master and the slave.
pub(super) struct Air {
    weather: Arc<Mutex<Weather>>,
    ours: [UnixDatagram; 2],
    /// The master's end, and the slave's.
    pub(super) ends: [UnixDatagram; 2],
}

impl Air {
    pub(super) fn new() -> Self {
        let ((a, near), (far, b)) = (UnixDatagram::pair().unwrap(), UnixDatagram::pair().unwrap());
        let weather = Arc::new(Mutex::new(Weather::default()));
        for (from, to, seed) in [(&near, &far, 1), (&far, &near, 2)] {
            let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let weather = Arc::clone(&weather);
            std::thread::spawn(move || carry(&from, &to, Dice(seed), &weather));
        }
        Self { weather, ours: [near, far], ends: [a, b] }
    }

    pub(super) fn weather(&self) -> Weather {
        *self.weather.lock().unwrap()
    }
}

impl Drop for Air {
    fn drop(&mut self) {
        // Ends both threads.
        self.ours.iter().for_each(|end| end.shutdown(Shutdown::Both).unwrap());
    }
}

fn carry(from: &UnixDatagram, to: &UnixDatagram, mut dice: Dice, weather: &Mutex<Weather>) {
    from.set_read_timeout(Some(LOOK)).unwrap();
    let mut late: Vec<(u8, Vec<u8>)> = Vec::new();
    let mut packet = [0; 512];
    loop {
        let arrived = match from.recv(&mut packet) {
            Ok(0) => return,
            Ok(len) => vary(&packet[..len], &mut dice, &mut late, &mut weather.lock().unwrap()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Vec::new(),
            Err(_) => return,
        };
        late.iter_mut().for_each(|(behind, _)| *behind = behind.saturating_sub(1));
        let due = late.extract_if(.., |(behind, _)| *behind == 0).map(|(_, packet)| packet);
        for packet in arrived.into_iter().chain(due.collect::<Vec<_>>()) {
            // Nobody hears whether anybody hears.
            drop(to.send(&packet));
        }
    }
}

/// The packets that arrive at once; others are late, or never come.
fn vary(
    packet: &[u8],
    dice: &mut Dice,
    late: &mut Vec<(u8, Vec<u8>)>,
    weather: &mut Weather,
) -> Vec<Vec<u8>> {
    assert!(packet.len() <= MAX_FRAME, "one packet carries {} bytes", packet.len());
    weather.sent += 1;
    if dice.percent(LOST) {
        weather.lost += 1;
        return Vec::new();
    }
    let mut packet = packet.to_vec();
    if dice.percent(FLIPPED) {
        weather.flipped += 1;
        dice.flip(&mut packet);
    }
    if dice.percent(LATE) {
        weather.late += 1;
        late.push((1 + BEHIND, packet));
        return Vec::new();
    }
    let mut arrived = vec![packet.clone()];
    if dice.percent(TWICE) {
        weather.twice += 1;
        arrived.push(packet);
    }
    arrived
}
