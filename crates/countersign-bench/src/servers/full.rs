//! The real server, put together as `countersign serve` does it.

use super::{end_with_the_parent, runtime};
use crate::cli::Full;
use crate::failure::Result;
use crate::output;
use countersign_server::clock;
use countersign_server::config::Config;
use countersign_server::logging::Logging;
use countersign_server::serve::{Ended, Server};
use countersign_store_sqlite::SqliteStore;
use std::sync::Arc;

/// Serves until the parent ends it.
pub(super) fn serve(full: &Full) -> Result<()> {
    end_with_the_parent();
    let config = Config::load(None, [], &settings(full))?;
    if full.init {
        let keys = config.store.data.join("keys");
        countersign_keys::init(&keys, &config.realm()?, clock::now(), &Default::default())?;
    }
    runtime()?.block_on(async {
        let _logging = Logging::start(&config.log)?;
        std::fs::create_dir_all(&config.store.data)?;
        let store = Arc::new(SqliteStore::open(&config.store.data.join("countersign.db"))?);
        let asked = Arc::clone(&store);
        let server = Server::start(&config, store, Box::new(move || asked.is_poisoned())).await?;
        output::line(&server.public_addr().to_string());
        match server.run().await {
            Ended::Asked => Ok(()),
            Ended::Failed => Err("the server ended because its store or clock failed".into()),
        }
    })
}

fn settings(full: &Full) -> Vec<String> {
    let (app, audience) = crate::load::fleet::REALM;
    let mut set = vec![
        format!("realm.app={app}"),
        format!("realm.audience={audience}"),
        format!("store.data={}", full.data.display()),
        "server.listen=127.0.0.1:0".to_owned(),
        "admin.listen=127.0.0.1:0".to_owned(),
    ];
    set.extend(full.set.iter().cloned());
    set
}
