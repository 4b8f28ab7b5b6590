//! From readings to contacts: hysteresis, merging of bounces, features, noise at rest.

use super::Calibration;

/// A contact of the ball, or of a hand, or of somebody who wants it to look like one: when, and how it felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// When the sheet was first pressed, in milliseconds on the half's own clock.
    pub at: u64,
    /// Highest reading.
    pub peak: u16,
    /// How long the sheet was pressed, in milliseconds; so far, if it was reported while it lasted.
    pub duration: u32,
    /// From the first press to the highest reading, in milliseconds.
    pub rise: u16,
    /// Rows that felt it, one bit each.
    pub rows: u8,
    /// Columns that felt it, one bit each.
    pub cols: u8,
}

/// Readings of a sheet of at most 8 rows and 8 columns; missing cells are zero.
pub type Grid = [[u16; 8]; 8];

/// One reading of the whole sheet, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Milliseconds on the half's own clock.
    pub at: u64,
    /// Highest reading of a cell.
    pub max: u16,
    /// Rows above the release level, one bit each.
    pub rows: u8,
    /// Columns above the release level, one bit each.
    pub cols: u8,
}

impl Sample {
    /// Sums up a grid.
    pub fn of(at: u64, grid: &Grid, calibration: &Calibration) -> Self {
        let mut sample = Self { at, max: 0, rows: 0, cols: 0 };
        for (row, cells) in grid.iter().enumerate() {
            for (col, reading) in cells.iter().enumerate() {
                sample.max = sample.max.max(*reading);
                if *reading > calibration.release() {
                    sample.rows |= 1 << row;
                    sample.cols |= 1 << col;
                }
            }
        }
        sample
    }
}

/// Releases shorter than this are a bounce within one contact. Milliseconds.
const MERGE: u64 = 50;
/// A contact that lasts is reported after this. Milliseconds.
const REPORT: u64 = 500;
/// Noise is judged over this long at rest. Milliseconds.
const NOISE_WINDOW: u64 = 1_000;

/// What a reading changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing yet: at rest, or in a contact that is not judged.
    Quiet,
    /// At rest, but too far off for a whole window.
    Noisy { since: u64 },
    /// Still pressed. `report` comes once, when the contact has lasted long enough.
    Touching { report: Option<Hit>, since: u64 },
    /// Released. `report` is missing if the contact was reported while it lasted.
    Ended { report: Option<Hit>, last: u64 },
}

#[derive(Debug, Clone, Copy)]
struct Contact {
    hit: Hit,
    /// Last reading above the release level.
    last: u64,
    is_reported: bool,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    began: u64,
    count: u64,
    /// Sum of the distances from the resting value.
    off: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Tracker {
    calibration: Calibration,
    contact: Option<Contact>,
    rest: Option<Rest>,
}

impl Tracker {
    pub(super) const fn new(calibration: Calibration) -> Self {
        Self { calibration, contact: None, rest: None }
    }

    pub(super) const fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    pub(super) fn take(&mut self, sample: &Sample) -> Change {
        match self.contact {
            None if sample.max > self.calibration.threshold() => {
                self.rest = None;
                self.begin(sample)
            }
            None => self.watch_noise(sample),
            Some(contact) if sample.max > self.calibration.release() => self.press(contact, sample),
            Some(contact) if sample.at.saturating_sub(contact.last) >= MERGE => {
                self.contact = None;
                let report = (!contact.is_reported).then_some(contact.hit);
                Change::Ended { report, last: contact.last }
            }
            // Released, or a bounce: the next readings tell.
            Some(_) => Change::Quiet,
        }
    }

    fn begin(&mut self, sample: &Sample) -> Change {
        let hit = Hit {
            at: sample.at,
            peak: sample.max,
            duration: 0,
            rise: 0,
            rows: sample.rows,
            cols: sample.cols,
        };
        self.contact = Some(Contact { hit, last: sample.at, is_reported: false });
        Change::Quiet
    }

    fn press(&mut self, mut contact: Contact, sample: &Sample) -> Change {
        let so_far = sample.at.saturating_sub(contact.hit.at);
        contact.last = sample.at;
        contact.hit.duration = u32::try_from(so_far).unwrap_or(u32::MAX);
        if sample.max > contact.hit.peak {
            contact.hit.peak = sample.max;
            contact.hit.rise = u16::try_from(so_far).unwrap_or(u16::MAX);
        }
        contact.hit.rows |= sample.rows;
        contact.hit.cols |= sample.cols;
        let is_due = so_far >= REPORT && !contact.is_reported;
        contact.is_reported |= is_due;
        self.contact = Some(contact);
        // A contact disturbs the sheet only once it was judged: before, it would be its own first touch.
        match contact.is_reported {
            true => {
                Change::Touching { report: is_due.then_some(contact.hit), since: contact.hit.at }
            }
            false => Change::Quiet,
        }
    }

    fn watch_noise(&mut self, sample: &Sample) -> Change {
        let off = u64::from(sample.max.abs_diff(self.calibration.rest));
        let rest = self.rest.get_or_insert(Rest { began: sample.at, count: 0, off: 0 });
        rest.count += 1;
        rest.off += off;
        if sample.at.saturating_sub(rest.began) < NOISE_WINDOW {
            return Change::Quiet;
        }
        let limit = u64::from(self.calibration.noise) * u64::from(self.calibration.noisy);
        let (began, is_noisy) = (rest.began, rest.off > limit * rest.count);
        self.rest = None;
        if is_noisy { Change::Noisy { since: began } } else { Change::Quiet }
    }
}
