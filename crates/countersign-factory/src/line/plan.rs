//! What is burnt into a chip, in which order, and how far a chip has come: decided from what its fuses say and nothing else.
//!
//! Fuses only ever go from 0 to 1. A step is therefore open, begun or done, or the chip is somebody else's; there is no way back and
//! nothing to remember between two runs.

use super::chip::{Chip, Kind};
use super::foreign::Foreign;
use super::fuses::{Block, Fuses, FusesError};
use super::step::{Progress, Step};
use countersign_boot::SecureVersion;
use countersign_league::DeviceId;
use countersign_provision::Half;
use std::fmt;

/// What no step burns and no chip of ours has; every summary has to say so.
const UNTOUCHED: [&str; 8] = [
    "SECURE_BOOT_KEY_REVOKE0",
    "SECURE_BOOT_AGGRESSIVE_REVOKE",
    "DIS_DOWNLOAD_MODE",
    "DIS_ICACHE",
    "DIS_FORCE_DOWNLOAD",
    "DIS_USB_SERIAL_JTAG",
    "DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE",
    "USB_EXCHG_PINS",
];
/// What belongs to the maker of block 0: how the flash in the package is supplied, and what revision the chip has.
const MAKERS: [&str; 4] = [
    "VDD_SPI_AS_GPIO",
    "DISABLE_WAFER_VERSION_MAJOR",
    "DISABLE_BLK_VERSION_MAJOR",
    "WAFER_VERSION_MINOR",
];
/// Bits of `WR_DIS` by what they protect: `RD_DIS`, the first purpose and the first key block; the user's block; the maker's two blocks.
const PROTECTS_RD_DIS: u64 = 1;
const PROTECTS_PURPOSE: u8 = 8;
const PROTECTS_USER: u64 = 1 << 22;
const PROTECTS_KEY: u8 = 23;
const PROTECTS_MAKERS: u64 = 0b11 << 20;
/// Key blocks of a chip.
const BLOCKS: u8 = 6;

/// A key block of the plan.
#[derive(Clone)]
pub(super) struct PlannedKey {
    pub(super) number: u8,
    pub(super) purpose: &'static str,
    /// As they stand in the block.
    stored: zeroize::Zeroizing<[u8; 32]>,
    pub(super) is_secret: bool,
}

impl PlannedKey {
    pub(super) fn block(&self) -> String {
        format!("BLOCK_KEY{}", self.number)
    }

    /// As the tool takes it, which turns a flash key round.
    pub(super) fn burnt(&self) -> zeroize::Zeroizing<[u8; 32]> {
        let mut key = self.stored.clone();
        if self.number == 0 {
            key.reverse();
        }
        key
    }

    pub(super) fn purpose_field(&self) -> String {
        format!("KEY_PURPOSE_{}", self.number)
    }
}

/// Whose chip it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A half of a pair, and no other.
    Half {
        /// The pair.
        device: DeviceId,
        /// Which half of it.
        half: Half,
    },
    /// Nobody's: any Linux master may use it.
    Radio,
}

impl Owner {
    /// What its image is for.
    pub fn kind(self) -> Kind {
        match self {
            Self::Half { half, .. } => half.into(),
            Self::Radio => Kind::Radio,
        }
    }

    /// What the user block holds: device id, kind (1 master, 2 slave, 3 radio), version 1, zeros. The device id of a radio is zeros.
    pub fn name(self) -> [u8; 32] {
        let mut name = [0; 32];
        if let Self::Half { device, .. } = self {
            name[..16].copy_from_slice(device.as_bytes());
        }
        name[16] = match self.kind() {
            Kind::Master => 1,
            Kind::Slave => 2,
            Kind::Radio => 3,
        };
        name[17] = 1;
        name
    }
}

/// What one chip is to become.
#[derive(Clone)]
pub struct BurnPlan {
    /// Which chip.
    pub chip: Chip,
    /// Whose.
    pub owner: Owner,
    /// The oldest version that it will start.
    pub floor: SecureVersion,
    /// Three of a half, none of a radio.
    pub(super) keys: Vec<PlannedKey>,
    pub(super) boot_key: PlannedKey,
}

impl fmt::Debug for BurnPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BurnPlan({} {:?}, {:?})", self.chip, self.owner, self.floor)
    }
}

impl BurnPlan {
    /// Of a half that has these keys.
    pub(super) fn half(
        (chip, device, half): (Chip, DeviceId, Half),
        keys: &super::vault::ChipKeySet,
        boot_digest: [u8; 32],
        floor: SecureVersion,
    ) -> Self {
        let key = |number, purpose, stored| PlannedKey { number, purpose, stored, is_secret: true };
        // The peripheral wants the flash key from its last byte to its first; espefuse turns it round.
        let mut flash = keys.flash.clone();
        flash.reverse();
        Self {
            owner: Owner::Half { device, half },
            keys: vec![
                key(0, "XTS_AES_128_KEY", flash),
                key(1, "HMAC_UP", keys.identity.clone()),
                key(2, "HMAC_UP", keys.record.clone()),
            ],
            ..Self::radio(chip, boot_digest, floor)
        }
    }

    /// Of a radio: it starts what this line signed, and has nothing to keep secret.
    pub(super) fn radio(chip: Chip, boot_digest: [u8; 32], floor: SecureVersion) -> Self {
        let boot_key = PlannedKey {
            number: 3,
            purpose: "SECURE_BOOT_DIGEST0",
            stored: zeroize::Zeroizing::new(boot_digest),
            is_secret: false,
        };
        Self { chip, owner: Owner::Radio, floor, keys: Vec::new(), boot_key }
    }

    /// Its steps in their order.
    pub fn steps(&self) -> &'static [Step] {
        match self.owner {
            Owner::Half { .. } => &Step::ALL,
            Owner::Radio => &Step::RADIO,
        }
    }

    /// What the user block holds.
    pub fn name(&self) -> [u8; 32] {
        self.owner.name()
    }

    /// What a field of block 0 holds when all steps are done.
    pub(super) fn planned(&self, field: &str) -> u64 {
        let fields = self.steps().iter().flat_map(|step| step.fields());
        fields.filter(|(name, _)| *name == field).map(|(_, bits)| *bits).sum()
    }

    /// All keys that it has, those that anybody may read among them.
    pub(super) fn all_keys(&self) -> impl Iterator<Item = &PlannedKey> {
        self.keys.iter().chain([&self.boot_key])
    }

    /// How far a chip is, step by step; [`Step::Flash`] shows in no fuse and counts as done when a later step is.
    pub fn progress(
        &self,
        fuses: &Fuses,
    ) -> Result<Result<Vec<(Step, Progress)>, Foreign>, FusesError> {
        let mut steps = Vec::with_capacity(self.steps().len());
        if let Err(foreign) = self.untouched(fuses)? {
            return Ok(Err(foreign));
        }
        for step in self.steps() {
            match self.step(*step, fuses)? {
                Ok(progress) => steps.push((*step, progress)),
                Err(foreign) => return Ok(Err(foreign)),
            }
        }
        if let Err(foreign) = self.other_bits(fuses)? {
            return Ok(Err(foreign));
        }
        Ok(in_order(steps))
    }

    fn step(&self, step: Step, fuses: &Fuses) -> Result<Result<Progress, Foreign>, FusesError> {
        let mut parts = Vec::new();
        match step {
            Step::Name => parts.extend(self.name_parts(fuses)?),
            Step::Keys => {
                for key in &self.keys {
                    parts.push(key_part(key, fuses)?);
                }
            }
            Step::BootKey => parts.push(key_part(&self.boot_key, fuses)?),
            // Nothing is burnt for version 0, and nothing shows.
            Step::SecureBoot => match self.floor_part(fuses)? {
                Ok(Progress::Done) if self.floor == SecureVersion::ZERO => {}
                part => parts.push(part),
            },
            Step::ReadProtection => {
                let open = fuses.is_writeable("RD_DIS")?;
                parts.push(Ok(if open { Progress::Open } else { Progress::Done }));
            }
            Step::Encryption | Step::Flash | Step::Debug | Step::Download => {}
        }
        for (field, wanted) in step.fields() {
            parts.push(field_part(field, *wanted, fuses)?);
        }
        Ok(parts.into_iter().collect::<Result<Vec<_>, _>>().map(|parts| together(&parts)))
    }

    /// What must never have been burnt, and whether the chip is new enough.
    fn untouched(&self, fuses: &Fuses) -> Result<Result<(), Foreign>, FusesError> {
        for field in UNTOUCHED {
            let found = fuses.number(field)?;
            if found != 0 {
                return Ok(Err(other_bits(field, found, 0)));
            }
        }
        let free = |number: &u8| self.all_keys().all(|key| key.number != *number);
        for number in (0..BLOCKS).filter(free) {
            let (block, purpose) = (format!("BLOCK_KEY{number}"), format!("KEY_PURPOSE_{number}"));
            if fuses.block(&block)? != Block::Empty {
                return Ok(Err(Foreign::OtherKey { block }));
            }
            let found = fuses.word(&purpose)?;
            if found != "USER" {
                return Ok(Err(Foreign::OtherPurpose {
                    block,
                    found: found.to_owned(),
                    wanted: "USER",
                }));
            }
        }
        let (major, minor) =
            (fuses.number("WAFER_VERSION_MAJOR")?, fuses.number("WAFER_VERSION_MINOR")?);
        let (found, needed) = ((major * 100 + minor) as u32, self.chip.revision_min());
        Ok(if found < needed { Err(Foreign::Revision { found, needed }) } else { Ok(()) })
    }

    /// Whatever else block 0 says, the maker's part of it left out; and the block that nobody uses.
    fn other_bits(&self, fuses: &Fuses) -> Result<Result<(), Foreign>, FusesError> {
        let (mut protected, mut hidden) = (PROTECTS_RD_DIS | PROTECTS_USER, 0);
        for key in self.all_keys() {
            protected |= 1 << (PROTECTS_PURPOSE + key.number) | 1 << (PROTECTS_KEY + key.number);
            hidden |= u64::from(key.is_secret) << key.number;
        }
        for (field, wanted, makers) in
            [("WR_DIS", protected, PROTECTS_MAKERS), ("RD_DIS", hidden, 0)]
        {
            let found = fuses.number(field)?;
            if found & !(wanted | makers) != 0 {
                return Ok(Err(other_bits(field, found, wanted)));
            }
        }
        let is_judged = |field: &str| {
            let judged = ["WR_DIS", "RD_DIS", "SECURE_VERSION"];
            judged.contains(&field) || MAKERS.contains(&field) || field.starts_with("KEY_PURPOSE_")
        };
        for field in fuses.of_block_0().filter(|field| !is_judged(field)) {
            let (found, wanted) = (fuses.number(field)?, self.planned(field));
            if found & !wanted != 0 {
                return Ok(Err(other_bits(field, found, wanted)));
            }
        }
        let block = "BLOCK_SYS_DATA2";
        match fuses.block(block)? {
            Block::Empty => Ok(Ok(())),
            Block::Holds(_) | Block::Hidden => {
                Ok(Err(Foreign::OtherKey { block: block.to_owned() }))
            }
        }
    }

    fn name_parts(&self, fuses: &Fuses) -> Result<[Result<Progress, Foreign>; 2], FusesError> {
        let wanted = self.name();
        let protected = !fuses.is_writeable("BLOCK_USR_DATA")?;
        let state = match fuses.block("BLOCK_USR_DATA")? {
            Block::Holds(found) if found == wanted => Ok(Progress::Done),
            Block::Empty if !protected => Ok(Progress::Open),
            Block::Empty => Err(Foreign::Protected { field: "BLOCK_USR_DATA".to_owned() }),
            Block::Holds(found) => {
                Err(Foreign::OtherDevice { found: spoken(&found), wanted: spoken(&wanted) })
            }
            Block::Hidden => Err(Foreign::OtherKey { block: "BLOCK_USR_DATA".to_owned() }),
        };
        Ok([state, Ok(if protected { Progress::Done } else { Progress::Open })])
    }

    fn floor_part(&self, fuses: &Fuses) -> Result<Result<Progress, Foreign>, FusesError> {
        let (found, wanted) = (fuses.number("SECURE_VERSION")?, u64::from(self.floor.fuses()));
        let floor = SecureVersion::from_fuses(found as u16);
        let is_fixed = floor < SecureVersion::MAX && !fuses.is_writeable("SECURE_VERSION")?;
        Ok(if is_fixed {
            Err(Foreign::FixedVersion)
        } else if floor > self.floor {
            Err(Foreign::Older { floor: floor.get(), release: self.floor.get() })
        } else if found & !wanted != 0 {
            Err(other_bits("SECURE_VERSION", found, wanted))
        } else if found == wanted {
            Ok(Progress::Done)
        } else {
            Ok(if found == 0 { Progress::Open } else { Progress::Begun })
        })
    }
}

fn together(parts: &[Progress]) -> Progress {
    match parts {
        [] => Progress::Open,
        parts if parts.iter().all(|part| *part == Progress::Done) => Progress::Done,
        parts if parts.iter().all(|part| *part == Progress::Open) => Progress::Open,
        _ => Progress::Begun,
    }
}

/// Whatever is there has everything before it.
fn in_order(mut steps: Vec<(Step, Progress)>) -> Result<Vec<(Step, Progress)>, Foreign> {
    let is_there = |progress| progress != Progress::Open;
    let later_than_flash =
        |(step, progress): &(Step, Progress)| *step > Step::Flash && is_there(*progress);
    if steps.iter().any(later_than_flash) {
        steps
            .iter_mut()
            .filter(|(step, _)| *step == Step::Flash)
            .for_each(|(_, p)| *p = Progress::Done);
    }
    let open = steps.iter().position(|(_, progress)| *progress != Progress::Done);
    let Some(open) = open else { return Ok(steps) };
    let is_burnt =
        |(step, progress): &&(Step, Progress)| step.is_irreversible() && is_there(*progress);
    match steps[open + 1..].iter().find(is_burnt) {
        Some((later, _)) => Err(Foreign::Order { later: *later, earlier: steps[open].0 }),
        None => Ok(steps),
    }
}

fn field_part(
    field: &'static str,
    wanted: u64,
    fuses: &Fuses,
) -> Result<Result<Progress, Foreign>, FusesError> {
    let found = fuses.number(field)?;
    let writeable = fuses.is_writeable(field)?;
    Ok(match found {
        found if found == wanted => Ok(Progress::Done),
        found if found & !wanted != 0 => Err(other_bits(field, found, wanted)),
        _ if !writeable => Err(Foreign::Protected { field: field.to_owned() }),
        0 => Ok(Progress::Open),
        _ => Ok(Progress::Begun),
    })
}

/// A block that can be read shows whether it is ours. One that cannot belongs to the name, which was burnt before it.
fn key_part(key: &PlannedKey, fuses: &Fuses) -> Result<Result<Progress, Foreign>, FusesError> {
    let (block, purpose) = (key.block(), key.purpose_field());
    let found = fuses.word(&purpose)?;
    let has_purpose = found == key.purpose;
    if !has_purpose && found != "USER" {
        let found = found.to_owned();
        return Ok(Err(Foreign::OtherPurpose { block, found, wanted: key.purpose }));
    }
    let protected = [&block, &purpose].map(|field| fuses.is_writeable(field).map(|open| !open));
    let [block_protected, purpose_protected] = protected;
    let sealed = block_protected? && purpose_protected?;
    Ok(match fuses.block(&block)? {
        Block::Empty if has_purpose || sealed => Err(Foreign::Protected { field: block }),
        Block::Empty => Ok(Progress::Open),
        Block::Holds(bytes) if bytes != *key.stored => Err(Foreign::OtherKey { block }),
        Block::Holds(_) if !key.is_secret && has_purpose && sealed => Ok(Progress::Done),
        Block::Holds(_) => Ok(Progress::Begun),
        Block::Hidden if key.is_secret && has_purpose && sealed => Ok(Progress::Done),
        Block::Hidden if key.is_secret && has_purpose => Ok(Progress::Begun),
        Block::Hidden => Err(Foreign::OtherKey { block }),
    })
}

fn other_bits(field: &str, found: u64, wanted: u64) -> Foreign {
    Foreign::OtherBits { field: field.to_owned(), found, wanted }
}

/// A name as people read it.
fn spoken(name: &[u8]) -> String {
    let what = match name.get(16) {
        Some(1) => "master",
        Some(2) => "slave",
        Some(3) if name.iter().take(16).all(|byte| *byte == 0) => {
            return "radio of a master".into();
        }
        Some(_) | None => "unknown half",
    };
    format!("{what} of device {}", hex::encode(name.get(..16).unwrap_or(name)))
}
