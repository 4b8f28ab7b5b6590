//! `factory chip init`.

use super::{Opens, Place};
use crate::client::failure::Failure;
use crate::output;
use clap::Args;
use countersign_factory::line::Line;

/// Makes the sealed vault with a fresh key that signs images (RSA-3072)
///
/// Chips that are burnt here start nothing that this key did not sign, for as long as they live. Whoever has the vault \
/// and its passphrase can make firmware for all of them; whoever has lost it can make none.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign factory chip init
  countersign factory chip init --passphrase-file /run/keys/vault      without a terminal

Of the vault, the file chip/vault.sealed, only the passphrase makes anything: Argon2id (64 MiB) makes a key of it, and \
XChaCha20-Poly1305 seals the content. Beside it lie boot.pem, the public key, and boot.digest, what chips compare.")]
pub(super) struct Init {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    opens: Opens,
}

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        let factory = self.place.factory()?;
        let passphrase = self.opens.new_passphrase()?;
        let line = Line::init(&factory, self.place.tools(), &passphrase)?;
        let vault = line.folder().join("vault.sealed");
        output::line(&format!("Vault:        {}", vault.display()));
        output::line(&format!("Boot digest:  {}", hex::encode(line.boot_digest)));
        output::line("");
        output::line("Next steps:");
        output::line("  1. Copy the vault to an offline medium, and again after every batch.");
        output::line("  2. Keep its passphrase elsewhere.");
        output::line("  3. countersign factory chip image slave --second-stage ELF --app ELF");
        Ok(())
    }
}
