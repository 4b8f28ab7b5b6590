//! `countersign init`.

use super::Failure;
use crate::output;
use clap::Args;
use countersign::Realm;
use countersign_server::clock;
use std::path::{Path, PathBuf};

/// Makes a configuration file and the first keys.
///
/// Prints the root key that clients have to know. Then move the root's private key off this machine: it is needed only
/// to change the key set.
#[derive(Debug, Clone, Args)]
pub(crate) struct Init {
    /// Name of the application: 1 to 32 of a-z, 0-9 and '-'; part of every signature
    #[arg(long)]
    app: String,
    /// The realm, usually the domain, like league.example.org; part of every signature
    #[arg(long)]
    audience: String,
    /// Where the configuration goes
    #[arg(long, value_name = "FILE", default_value = "countersign.toml")]
    config: PathBuf,
    /// Folder of database, keys and pepper
    #[arg(long, value_name = "DIR", default_value = "countersign-data")]
    data: PathBuf,
}

impl Init {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let realm = Realm::new(&self.app, &self.audience)?;
        if self.config.exists() {
            return Err(
                format!("{} is there already; nothing was changed", self.config.display()).into()
            );
        }
        let keys = self.data.join("keys");
        let made = countersign_keys::init(&keys, &realm, clock::now(), &Default::default())?;
        std::fs::write(&self.config, self.text())?;
        let root: String = made.root.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        output::line(&format!("Configuration: {}", self.config.display()));
        output::line(&format!("Keys:          {}", keys.display()));
        output::line(&format!("Root key:      {root}"));
        output::line("");
        output::line("Clients need the root key. Next steps:");
        output::line(&format!(
            "  1. Move {} to a medium that stays offline, and keep a copy.",
            show(&made.root_path)
        ));
        output::line(
            "  2. Fill in [email] in the configuration, then run `countersign config check`.",
        );
        output::line("  3. countersign serve");
        Ok(())
    }

    fn text(&self) -> String {
        let data = self.data.display();
        super::example::TEXT
            .replace("app = \"league\"", &format!("app = {:?}", self.app))
            .replace(
                "audience = \"league.example.org\"",
                &format!("audience = {:?}", self.audience),
            )
            .replace("# data = \"countersign-data\"", &format!("data = \"{data}\""))
    }
}

fn show(path: &Path) -> std::path::Display<'_> {
    path.display()
}
