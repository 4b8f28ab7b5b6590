//! The steps of burning a chip, in their order, and what each leaves in the fuses of block 0.

use std::fmt;

/// The steps in their order. Flash encryption comes before secure boot, and the chip stops talking last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Which device and which half it is, or that it is a radio, in the user's block: from now on the chip is nobody else's.
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
    /// Those of a radio: it has no secret to keep, and nothing in its flash is one.
    pub const RADIO: [Self; 7] = [
        Self::Name,
        Self::Flash,
        Self::BootKey,
        Self::SecureBoot,
        Self::Debug,
        Self::ReadProtection,
        Self::Download,
    ];

    /// Those of a half, in their order: all that there are.
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
            Self::Name => "what it is, and of which device, into the user block",
            Self::Keys => "keys 0 to 2: flash encryption, identity, record",
            Self::Encryption => "flash encryption on",
            Self::Flash => "second stage, application and a half's record into the flash",
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
