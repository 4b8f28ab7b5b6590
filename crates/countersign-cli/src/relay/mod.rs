//! `countersign relay`: a node of an event's mesh that carries packets and reads none.

mod lines;
mod links;
mod view;

use crate::output;
use crate::server::Failure;
use clap::Args;
use countersign_listen::Ending;
use countersign_mesh::{NetCode, RelayConfig, Role};
use countersign_node::{Node, NodeConfig, Status};
use countersign_server::config::LogConfig;
use countersign_server::logging::Logging;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::sync::watch;
use zeroize::Zeroizing;

/// Bytes of the longest file with a code; the text itself has 512.
const CODE_MAX: u64 = 1024;

/// Carries an event's packets between devices that do not reach each other
///
/// A relay has the mesh's key (NODUS-NET) and no other: it refuses what outsiders send, keeps votes until the hub has answered
/// them, and reads none. Without a code it is keyless: it forwards what it has not seen, slowly, and keeps nothing.
///
/// In a terminal it shows its links, its neighbours and its counters; `q` ends it. Otherwise it prints a line when something
/// has changed.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Everybody on this Wi-Fi, by multicast; the code is in a file that only you can read:
  countersign relay --net-file net.txt --udp

A corridor between two rooms: a cable to the hub, Bluetooth to the phones, kept votes survive a power cut:
  countersign relay --net-file net.txt --ws ws://192.0.2.7:7868/mesh --ble hci0 --ble-uuid <uuid of the event's code> --state /var/lib/relay

A network without multicast, two relays that know each other, counters for Prometheus:
  countersign relay --net-file net.txt --peer-listen 0.0.0.0:7868 --metrics 127.0.0.1:9400
  countersign relay --net-file net.txt --peer 192.0.2.7:7868

Phones connect here:
  countersign relay --net-file net.txt --udp --ws-listen 0.0.0.0:7868")]
pub(crate) struct RelayArgs {
    /// The event's NODUS-NET text, from the hub's operator. It is a secret: prefer the file or the environment
    #[arg(long, value_name = "CODE", env = "COUNTERSIGN_NET", hide_env_values = true)]
    net: Option<Secret>,
    /// A file with that text
    #[arg(long, value_name = "FILE", conflicts_with = "net")]
    net_file: Option<PathBuf>,
    #[command(flatten)]
    links: links::LinkArgs,
    /// Keeps votes and seen ids here over a restart or a power cut
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Serves counters for Prometheus at /metrics
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<std::net::SocketAddr>,
    /// Prints lines even in a terminal
    #[arg(long)]
    plain: bool,
}

/// A secret among the arguments; not shown.
#[derive(Clone)]
struct Secret(Zeroizing<String>);

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

pub(crate) fn run(args: RelayArgs) -> ExitCode {
    match start(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn start(args: &RelayArgs) -> Result<(), Failure> {
    let role = args.role()?;
    args.links.check()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let is_shown = !args.plain && std::io::stdout().is_terminal();
    let logging = if is_shown {
        None
    } else {
        let _on_it = runtime.enter();
        Some(Logging::start(&LogConfig::default())?)
    };
    let ended = runtime.block_on(relay(args, role, is_shown));
    if let Some(logging) = logging {
        logging.end();
    }
    // A thread that waits for a key does not hold the program up.
    runtime.shutdown_background();
    ended
}

impl RelayArgs {
    fn role(&self) -> Result<Role, Failure> {
        let text = match (&self.net, &self.net_file) {
            (Some(code), _) => Some(code.0.clone()),
            (None, Some(path)) => Some(read(path)?),
            (None, None) => None,
        };
        let Some(text) = text else { return Ok(Role::Keyless { tag: None }) };
        let code: NetCode = text
            .trim()
            .parse()
            .map_err(|error| format!("the NODUS-NET text cannot be read: {error}"))?;
        let hubs = code.hub_keys()?;
        Ok(Role::Member { keys: vec![code.net], hubs })
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    use std::io::Read as _;
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(CODE_MAX)?));
    let file =
        std::fs::File::open(path).and_then(|file| file.take(CODE_MAX).read_to_string(&mut text));
    file.map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    Ok(text)
}

async fn relay(args: &RelayArgs, role: Role, is_shown: bool) -> Result<(), Failure> {
    let mut ending = Ending::hear()?;
    let kind = match &role {
        Role::Keyless { .. } => "keyless".to_owned(),
        Role::Member { hubs, .. } => format!("event {}", hubs.event()),
    };
    let config =
        NodeConfig { folder: args.state.clone(), ..NodeConfig::new(RelayConfig::new(role)) };
    let (node, mut events) = Node::start(config)?;
    let handle = node.handle();
    let mut carriers = args.links.open(handle.links()).await?;
    if let Some(addr) = args.metrics {
        carriers.serve(
            "metrics at http",
            addr,
            countersign_node::metrics::router(handle.status()),
        )?;
    }
    output::note(&format!("countersign relay: {kind}"));
    for place in &carriers.places {
        output::note(&format!("countersign relay: {place}"));
    }
    // A relay reads nothing; what a hub says is in its counters.
    let drain = async { while events.recv().await.is_some() {} };
    tokio::select! {
        () = ending.heard() => {}
        () = drain => {}
        failure = carriers.failed() => return Err(failure),
        shown = show(handle.status(), is_shown, kind) => shown?,
    }
    carriers.stop();
    node.stop().await;
    Ok(())
}

async fn show(
    status: watch::Receiver<Status>,
    is_shown: bool,
    kind: String,
) -> Result<(), Failure> {
    if is_shown {
        return Ok(tokio::task::spawn_blocking(move || view::run(&status, &kind)).await??);
    }
    lines::run(status).await;
    Ok(())
}
