//! The other side: this program again, with a hidden command. Each prints its address, and ends with its parent.

pub(crate) mod floor;
mod full;
#[cfg(feature = "peers")]
pub(crate) mod jwt;
pub(crate) mod relay;
mod replay;
#[cfg(feature = "peers")]
pub(crate) mod rfc9421;

use crate::cli::Command;
use crate::failure::Result;
use crate::output;
use axum::Router;
use bytes::Bytes;
use std::io::Read;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Runs a hidden command.
pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::ServeFull(full) => full::serve(&full),
        Command::ServeEcho => serve(echo()),
        Command::ServeFloor => serve(floor::router()?),
        #[cfg(feature = "peers")]
        Command::ServeJwt => serve(jwt::router()?),
        #[cfg(feature = "peers")]
        Command::ServeRfc9421 => serve(rfc9421::router()?),
        Command::FillRelay { ids } => relay::fill(ids),
        Command::FillReplaySet { ids } => replay::fill(ids),
    }
}

/// As `countersign serve` makes it: a thread per core, and one core is what a server here has.
fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn echo() -> Router {
    Router::new().fallback(|body: Bytes| async move { body })
}

fn serve(router: Router) -> Result<()> {
    end_with_the_parent();
    runtime()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        output::line(&listener.local_addr()?.to_string());
        Ok(axum::serve(listener, router).await?)
    })
}

/// The parent holds the other end of standard input, so its end is seen even if it was killed.
fn end_with_the_parent() {
    std::thread::spawn(|| {
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        std::process::exit(0);
    });
}
