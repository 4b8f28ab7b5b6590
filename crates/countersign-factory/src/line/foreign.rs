//! Why a chip is somebody else's.

use super::step::Step;

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
        field: String,
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
    /// Roll-back protection would stand still.
    #[error(
        "SECURE_VERSION of this chip is protected from being burnt: no update could rule out the versions before it; take a \
         fresh chip"
    )]
    FixedVersion,
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
