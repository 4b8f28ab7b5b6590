//! `factory show`.

use crate::client::failure::Failure;
use crate::client::show::{json, table};
use crate::output;
use clap::Args;
use countersign_factory::{Batch, Factory};
use countersign_keys::Utc;
use std::path::PathBuf;

/// Shows a station: its key, whom its devices believe, its batches and how far they are
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The station's folder
    #[arg(default_value = "factory", env = "COUNTERSIGN_FACTORY")]
    dir: PathBuf,
    /// As JSON; times in milliseconds since 1970
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn run(self) -> Result<(), Failure> {
        let factory = Factory::open(&self.dir)?;
        let batches = factory.batches()?;
        if self.json { as_json(&factory, &batches) } else { as_text(&factory, &batches) }
    }
}

fn as_text(factory: &Factory, batches: &[Batch]) -> Result<(), Failure> {
    let (config, content) = (&factory.config, &factory.keyset.content);
    let realm = &factory.realm;
    output::line(&format!(
        "Station {} of {} for {}",
        config.station,
        realm.app(),
        realm.audience()
    ));
    output::line(&format!("  factory key  {}", hex::encode(config.key.as_bytes())));
    output::line(&format!("  fingerprint  {}", config.key.fingerprint()));
    output::line(&format!("  server       {}", config.server.url));
    for root in &config.server.roots {
        output::line(&format!("  root         {}", hex::encode(root.as_bytes())));
    }
    let (version, expires) = (content.version, Utc(content.expires));
    output::line(&format!("  key set      version {version}, expires {expires}"));
    if batches.is_empty() {
        output::line("  no batches; make one with `countersign factory make --count N`");
        return Ok(());
    }
    let head = ["", "batch", "pairs", "players", "serials", "keys", "state"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for batch in batches {
        let plan = &batch.plan;
        let (first, last) = (batch.serial(0), batch.serial(plan.count - 1));
        rows.push(vec![
            " ".to_owned(),
            batch.name(),
            plan.count.to_string(),
            plan.max_players.to_string(),
            format!("{first} to {last}"),
            secret(batch).to_owned(),
            state(batch)?,
        ]);
    }
    table(&rows);
    Ok(())
}

fn as_json(factory: &Factory, batches: &[Batch]) -> Result<(), Failure> {
    let (config, content) = (&factory.config, &factory.keyset.content);
    let mut listed = Vec::new();
    for batch in batches {
        listed.push(serde_json::json!({
            "name": batch.name(),
            "folder": batch.folder.display().to_string(),
            "batch": batch.plan.batch.to_string(),
            "count": batch.plan.count,
            "made": batch.made().count(),
            "finished": batch.is_finished(),
            "registered": batch.registered()?,
            "max_players": batch.plan.max_players,
            "first": batch.serial(0),
            "last": batch.serial(batch.plan.count - 1),
            "keys": secret(batch),
        }));
    }
    json(&serde_json::json!({
        "station": config.station,
        "key": hex::encode(config.key.as_bytes()),
        "fingerprint": config.key.fingerprint().to_string(),
        "app": factory.realm.app(),
        "audience": factory.realm.audience(),
        "server": config.server.url,
        "roots": config.server.roots.iter().map(|r| hex::encode(r.as_bytes())).collect::<Vec<_>>(),
        "keyset": { "version": content.version, "expires_ms": content.expires.as_millis() },
        "batches": listed,
    }));
    Ok(())
}

fn secret(batch: &Batch) -> &'static str {
    match batch.plan.secret {
        countersign_factory::Secrets::File => "file",
        countersign_factory::Secrets::Chip => "chip",
        countersign_factory::Secrets::SlaveChip => "slave-chip",
    }
}

fn state(batch: &Batch) -> Result<String, Failure> {
    let count = batch.plan.count;
    if !batch.is_finished() {
        return Ok(format!("{} of {count} made; run make again", batch.made().count()));
    }
    Ok(match batch.registered()? {
        0 => "finished, not registered".to_owned(),
        confirmed if confirmed < count => format!("{confirmed} of {count} registered"),
        _ => "registered".to_owned(),
    })
}
