//! Random bytes. The chip's generator is one only while the radio runs: without it, this one cannot be made.

use countersign_league::pair::Entropy;
use esp_hal::rng::Trng;

/// The chip's generator, fed by the noise of the radio.
pub struct Noise(Trng);

/// The radio does not run yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRadio;

impl Noise {
    /// The generator, if the radio runs.
    pub fn new() -> Result<Self, NoRadio> {
        Trng::try_new().map(Self).map_err(|_| NoRadio)
    }
}

impl Entropy for Noise {
    fn draw(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.read(&mut bytes);
        bytes
    }
}
