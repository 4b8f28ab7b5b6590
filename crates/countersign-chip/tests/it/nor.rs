//! A NOR flash whose power fails when it is told to.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

const SECTOR: usize = 4096;
/// What a sector goes through while it is erased: first everything to zero, then everything to one, not evenly.
const STAGES: u8 = 6;

/// There is no power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PowerCut;

impl NorFlashError for PowerCut {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

/// Bytes, and how many steps are left before the power fails: a written byte is one, an erase has [`STAGES`].
#[derive(Clone)]
pub(crate) struct Nor {
    bytes: Vec<u8>,
    left: Option<u64>,
    pub(crate) steps: u64,
    /// Writes and erases so far.
    pub(crate) calls: u64,
    /// In this call the power fails, after so many of its steps.
    cut_in: Option<(u64, u64)>,
    random: u64,
    /// Of each sector.
    pub(crate) erases: Vec<u32>,
    pub(crate) written: u64,
    pub(crate) reads: u64,
    /// This byte stays as it is when it is written.
    pub(crate) stuck: Option<usize>,
}

impl Nor {
    pub(crate) fn new(sectors: usize) -> Self {
        Self {
            bytes: vec![0xff; sectors * SECTOR],
            left: None,
            steps: 0,
            calls: 0,
            cut_in: None,
            random: 0x9e37_79b9_7f4a_7c15,
            erases: vec![0; sectors],
            written: 0,
            reads: 0,
            stuck: None,
        }
    }

    /// The power fails after so many steps.
    pub(crate) fn cut_after(&mut self, steps: u64) {
        self.left = Some(steps);
        self.random ^= steps.wrapping_mul(0xd129_42f1_5e0a_7f63) | 1;
    }

    /// The power fails in the call of this number, after so many of its steps, or after all of them.
    pub(crate) fn cut_in(&mut self, call: u64, steps: u64) {
        self.cut_in = Some((self.calls + call, steps));
    }

    /// It is back.
    pub(crate) fn power(&mut self) {
        (self.left, self.cut_in) = (None, None);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn call(&mut self) {
        if let Some((call, steps)) = self.cut_in
            && call == self.calls
        {
            self.cut_after(steps);
        }
        self.calls += 1;
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn is_powered(&self) -> Result<(), PowerCut> {
        if self.left == Some(0) { Err(PowerCut) } else { Ok(()) }
    }

    fn step(&mut self) -> Result<(), PowerCut> {
        self.is_powered()?;
        self.left = self.left.map(|left| left - 1);
        self.steps += 1;
        Ok(())
    }

    fn noise(&mut self) -> u8 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 32) as u8
    }

    fn half_erased(&mut self, sector: usize, stage: u8) {
        let (start, middle, end) =
            (sector * SECTOR, sector * SECTOR + SECTOR / 2, (sector + 1) * SECTOR);
        match stage {
            0 => {}
            1 => self.bytes[start..middle].fill(0),
            2 => self.bytes[start..end].fill(0),
            3 => (start..end).for_each(|at| self.bytes[at] = self.noise()),
            4 if self.random & 1 == 0 => self.bytes[start..middle].fill(0xff),
            4 => self.bytes[middle..end].fill(0xff),
            _ => (start..end)
                .for_each(|at| self.bytes[at] = self.noise() | self.noise() | self.noise()),
        }
    }
}

impl ErrorType for Nor {
    type Error = PowerCut;
}

impl ReadNorFlash for Nor {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), PowerCut> {
        self.is_powered()?;
        assert!((offset as usize).is_multiple_of(4) && bytes.len().is_multiple_of(4));
        self.reads += 1;
        bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for Nor {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), PowerCut> {
        assert!((from as usize).is_multiple_of(SECTOR) && (to as usize).is_multiple_of(SECTOR));
        self.call();
        for sector in from as usize / SECTOR..to as usize / SECTOR {
            for stage in 0..STAGES {
                if let Err(cut) = self.step() {
                    self.half_erased(sector, stage);
                    return Err(cut);
                }
            }
            self.erases[sector] += 1;
            self.bytes[sector * SECTOR..(sector + 1) * SECTOR].fill(0xff);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), PowerCut> {
        assert!((offset as usize).is_multiple_of(4) && bytes.len().is_multiple_of(4));
        self.call();
        for (at, byte) in (offset as usize..).zip(bytes) {
            if let Err(cut) = self.step() {
                // Some of this byte's bits have fallen.
                self.bytes[at] &= byte | self.noise();
                return Err(cut);
            }
            assert!(self.bytes[at] == 0xff, "written twice without an erase: {at:#x}");
            if self.stuck != Some(at) {
                self.bytes[at] = *byte;
            }
        }
        self.written += bytes.len() as u64;
        Ok(())
    }
}
