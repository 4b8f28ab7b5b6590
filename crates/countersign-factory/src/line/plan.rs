//! What is burnt into a chip, in which order, and how far a chip has come: decided from what its fuses say and nothing else.
//!
//! Fuses only ever go from 0 to 1. A step is therefore open, begun or done, or the chip is somebody else's; there is no way back and
//! nothing to remember between two runs.

use super::chip::Chip;
use super::fuses::{Block, Fuses, FusesError};
use countersign_boot::SecureVersion;
use countersign_league::DeviceId;
use countersign_provision::Half;
use std::fmt;

/// The steps in their order. Flash encryption comes before secure boot, and the chip stops talking last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Which device and which half it is, in the user's block: from now on the chip is nobody else's.
    Name,
    /// Keys 0 to 2, which nobody can read afterwards.
    Keys,
    /// Second stage, record and application, encrypted for this chip; verified.
    Flash,
    /// Flash encryption, for good.
    Encryption,
    /// The digest of the key that signs images; the other two places are revoked.
    BootKey,
    /// Nothing starts any more that this key did not sign, and nothing older than the release.
    SecureBoot,
    /// Debugging ports and the ROM's words are closed.
    Debug,
    /// What can be read stays readable: nobody can hide the digest.
    ReadProtection,
    /// The ROM takes no more than new flash contents, and shows nothing.
    Download,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::Keys,
        Self::Flash,
        Self::Encryption,
        Self::BootKey,
        Self::SecureBoot,
        Self::Debug,
        Self::ReadProtection,
        Self::Download,
    ];

    /// Whether it cannot be undone.
    pub const fn is_irreversible(self) -> bool {
        !matches!(self, Self::Flash)
    }

    /// What it does, for a line in a list.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "device id and half into the user block",
            Self::Keys => "keys 0 to 2: flash encryption, identity, record",
            Self::Encryption => "flash encryption on",
            Self::Flash => "second stage, record and application into the flash",
            Self::BootKey => "digest of the boot key; other digests revoked",
            Self::SecureBoot => "secure boot on; oldest version allowed",
            Self::Debug => "JTAG, direct boot and the ROM's output off",
            Self::ReadProtection => "read protection fixed as it is",
            Self::Download => "secure download mode: the chip shows nothing more",
        }
    }

    /// Fields of block 0 and the bits that they have afterwards.
    pub(super) const fn fields(self) -> &'static [(&'static str, u64)] {
        match self {
            Self::Name | Self::Keys | Self::Flash | Self::ReadProtection => &[],
            Self::Encryption => &[
                ("SPI_BOOT_CRYPT_CNT", 7),
                ("DIS_DOWNLOAD_ICACHE", 1),
                ("DIS_DOWNLOAD_MANUAL_ENCRYPT", 1),
            ],
            Self::BootKey => &[("SECURE_BOOT_KEY_REVOKE1", 1), ("SECURE_BOOT_KEY_REVOKE2", 1)],
            Self::SecureBoot => &[("SECURE_BOOT_EN", 1)],
            Self::Debug => &[
                ("DIS_PAD_JTAG", 1),
                ("DIS_USB_JTAG", 1),
                ("SOFT_DIS_JTAG", 7),
                ("DIS_DIRECT_BOOT", 1),
                ("UART_PRINT_CONTROL", 3),
            ],
            Self::Download => &[("ENABLE_SECURITY_DOWNLOAD", 1)],
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What no step burns and no chip of ours has.
const UNTOUCHED: [&str; 4] =
    ["SECURE_BOOT_KEY_REVOKE0", "SECURE_BOOT_AGGRESSIVE_REVOKE", "DIS_DOWNLOAD_MODE", "DIS_ICACHE"];
const FREE_BLOCKS: [u8; 2] = [4, 5];

/// Why a chip is not one that this plan can be, or go on to be, carried out on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// It was named for another device.
    #[error("this chip is the {found}, not the {wanted}; its name is burnt and cannot be changed")]
    OtherDevice {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
    /// It has keys without a name, or other keys.
    #[error("{block} of this chip holds a key that is not this device's; take a fresh chip")]
    OtherKey {
        /// Which.
        block: String,
    },
    /// A key for another purpose.
    #[error("{block} of this chip is for {found}, not for {wanted}; take a fresh chip")]
    OtherPurpose {
        /// Which.
        block: String,
        /// What it is for.
        found: String,
        /// What it should be for.
        wanted: &'static str,
    },
    /// Bits that the plan does not burn.
    #[error(
        "{field} of this chip is 0x{found:x}, and the plan wants 0x{wanted:x}; take a fresh chip"
    )]
    OtherBits {
        /// Which.
        field: &'static str,
        /// What it is.
        found: u64,
        /// What it should be.
        wanted: u64,
    },
    /// Cannot be burnt any more.
    #[error(
        "{field} of this chip is protected from being burnt, and lacks what the plan wants; take a fresh chip"
    )]
    Protected {
        /// Which.
        field: String,
    },
    /// A later step was carried out before an earlier one.
    #[error(
        "wrong order: “{later}” has been burnt on this chip, and “{earlier}” has not; this line did not burn it, take a \
         fresh chip"
    )]
    Order {
        /// What is there.
        later: Step,
        /// What is not.
        earlier: Step,
    },
    /// An update has raised the floor.
    #[error(
        "this chip takes no version below {floor}, and the release has secure version {release}; take a newer release"
    )]
    Older {
        /// What the chip demands.
        floor: u8,
        /// What the release has.
        release: u8,
    },
    /// Too old a chip.
    #[error(
        "this chip has revision {found}, and secure boot needs {needed} (major × 100 + minor); take a newer chip"
    )]
    Revision {
        /// What it has.
        found: u32,
        /// What is needed.
        needed: u32,
    },
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing of it is there.
    Open,
    /// A part is there: the power went in the middle.
    Begun,
    /// All of it is there.
    Done,
}

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

/// What one chip is to become.
#[derive(Clone)]
pub struct BurnPlan {
    /// Which chip.
    pub chip: Chip,
    /// The pair.
    pub device: DeviceId,
    /// Which half of it.
    pub half: Half,
    /// The oldest version that it will start.
    pub floor: SecureVersion,
    pub(super) keys: [PlannedKey; 3],
    pub(super) boot_key: PlannedKey,
}

impl fmt::Debug for BurnPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BurnPlan({} {} {}, {:?})", self.chip, self.device, self.half, self.floor)
    }
}

impl BurnPlan {
    pub(super) fn new(
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
            chip,
            device,
            half,
            floor,
            keys: [
                key(0, "XTS_AES_128_KEY", flash),
                key(1, "HMAC_UP", keys.identity.clone()),
                key(2, "HMAC_UP", keys.record.clone()),
            ],
            boot_key: PlannedKey {
                is_secret: false,
                ..key(3, "SECURE_BOOT_DIGEST0", zeroize::Zeroizing::new(boot_digest))
            },
        }
    }

    /// What the user block holds: device id, half (1 master, 2 slave), version 1, zeros.
    pub fn name(&self) -> [u8; 32] {
        let mut name = [0; 32];
        name[..16].copy_from_slice(self.device.as_bytes());
        name[16] = half_number(self.half);
        name[17] = 1;
        name
    }

    /// How far a chip is, step by step; [`Step::Flash`] shows in no fuse and counts as done when a later step is.
    pub fn progress(
        &self,
        fuses: &Fuses,
    ) -> Result<Result<Vec<(Step, Progress)>, Foreign>, FusesError> {
        let mut steps = Vec::with_capacity(Step::ALL.len());
        if let Err(foreign) = self.untouched(fuses)? {
            return Ok(Err(foreign));
        }
        for step in Step::ALL {
            match self.step(step, fuses)? {
                Ok(progress) => steps.push((step, progress)),
                Err(foreign) => return Ok(Err(foreign)),
            }
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
                return Ok(Err(Foreign::OtherBits { field, found, wanted: 0 }));
            }
        }
        for number in FREE_BLOCKS {
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
        Ok(if floor > self.floor {
            Err(Foreign::Older { floor: floor.get(), release: self.floor.get() })
        } else if found & !wanted != 0 {
            Err(Foreign::OtherBits { field: "SECURE_VERSION", found, wanted })
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
        found if found & !wanted != 0 => Err(Foreign::OtherBits { field, found, wanted }),
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

/// Master 1, slave 2, as in the sealed record.
const fn half_number(half: Half) -> u8 {
    match half {
        Half::Master => 1,
        Half::Slave => 2,
    }
}

/// A name as people read it.
fn spoken(name: &[u8]) -> String {
    let half = match name.get(16) {
        Some(1) => "master",
        Some(2) => "slave",
        Some(_) | None => "unknown half",
    };
    format!("{half} of device {}", hex::encode(name.get(..16).unwrap_or(name)))
}
