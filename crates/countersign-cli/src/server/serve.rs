//! `countersign serve`.

use super::{ConfigArgs, Failure};
use crate::output;
use clap::Args;
use countersign_server::app::Backend;
use countersign_server::clock;
use countersign_server::config::{Config, Engine};
use countersign_server::logging::Logging;
use countersign_server::serve::{Ended, Reload, Server};
use countersign_server::shutdown::Shutdown;
use countersign_store::MemoryStore;
use countersign_store_sqlite::SqliteStore;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs the server.
///
/// Without --upstream it answers its own message types (sessions, records, streams). With --upstream it verifies
/// every request, forwards the payload with the caller's identity, and signs the answer.
#[derive(Debug, Clone, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    config: ConfigArgs,
    /// The service behind the gateway, for example http://127.0.0.1:3000
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// Address and port of the public listener [default: 127.0.0.1:8400]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Folder of database, keys and pepper [default: countersign-data]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// For trying out: realm dev/localhost unless set, keys made at the first start, codes written to <data>/mail
    #[arg(long)]
    dev: bool,
}

/// With `--dev`, a device or a hub of this machine is nearby.
const LOOPBACK: &str =
    r#"["http://127.0.0.1:*", "ws://127.0.0.1:*", "http://localhost:*", "ws://localhost:*"]"#;

impl Serve {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let config = self.load()?;
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        if config.server.threads > 0 {
            runtime.worker_threads(config.server.threads);
        }
        let runtime = runtime.enable_all().build()?;
        let logging = {
            let _on_it = runtime.enter();
            Logging::start(&config.log)?
        };
        let ended = self.prepare(&config).and_then(|()| runtime.block_on(serve(&config)));
        logging.end();
        ended
    }

    fn load(&self) -> Result<Config, Failure> {
        let mut set = Vec::new();
        if self.dev {
            let data = self.data.as_deref().unwrap_or("countersign-data");
            set.push("realm.app=dev".to_owned());
            set.push("realm.audience=localhost".to_owned());
            set.push("email.mode=dev".to_owned());
            set.push(format!("server.page_connects={LOOPBACK}"));
            set.push(format!("email.dev_directory={data}/mail"));
        }
        let flags = [
            ("upstream.url", &self.upstream),
            ("server.listen", &self.listen),
            ("store.data", &self.data),
        ];
        let flags = flags
            .iter()
            .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={value}")));
        set.extend(flags);
        Ok(self.config.load(&set)?)
    }

    fn prepare(&self, config: &Config) -> Result<(), Failure> {
        if !self.dev {
            return Ok(());
        }
        let keys = config.store.data.join("keys");
        if !keys.join("keyset.frame").exists() {
            let made =
                countersign_keys::init(&keys, &config.realm()?, clock::now(), &Default::default())?;
            output::note(&format!(
                "Made keys in {}; root key {}",
                keys.display(),
                hex(made.root.as_bytes())
            ));
        }
        Ok(())
    }
}

async fn serve(config: &Config) -> Result<(), Failure> {
    match config.store.engine {
        Engine::Memory => run(config, Arc::new(MemoryStore::default()), Box::new(|| false)).await,
        Engine::Sqlite => {
            std::fs::create_dir_all(&config.store.data)?;
            let store = Arc::new(SqliteStore::open(&config.store.data.join("countersign.db"))?);
            let asked = Arc::clone(&store);
            run(config, store, Box::new(move || asked.is_poisoned())).await
        }
    }
}

async fn run<S: Backend>(
    config: &Config,
    store: Arc<S>,
    poisoned: Box<dyn Fn() -> bool + Send + Sync>,
) -> Result<(), Failure> {
    // Before anybody can know that we run, and tell us to end.
    let signals = Signals::hear()?;
    let server = Server::start(config, store, poisoned).await?;
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    tracing::info!(address = %server.public_addr(), "listening");
    output::note(&format!("countersign: {scheme}://{}", server.public_addr()));
    if let Some(admin) = server.admin_addr() {
        output::note(&format!("countersign: metrics and health at http://{admin}"));
    }
    let signals = tokio::spawn(signals.obey(server.shutdown(), server.reload()));
    let ended = server.run().await;
    signals.abort();
    match ended {
        Ended::Asked => Ok(()),
        Ended::Failed => {
            Err("the server ended because its store or its clock could not be trusted; see the log"
                .into())
        }
    }
}

/// SIGTERM and SIGINT end the server, SIGHUP makes it read keys and certificate again.
struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on they do not end the process at once.
    fn hear() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn obey(mut self, shutdown: Shutdown, reload: Reload) {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => reload.run(),
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
            }
        }
        tracing::info!("ending");
        shutdown.begin();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
