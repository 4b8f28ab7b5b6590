//! Brings what is asked for until all is there.

use super::door::{Answer, Door};
use super::{CourierError, IMAGE_MAX, read};
use countersign::Frame;
use countersign_chip::update::{ImageKind, RELEASE_MAX, Release, with_hashes};
use countersign_league::Artefact;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Answers in a row that bring nothing forward: a slave starts, the radio is bad, somebody opened a lobby.
const TRIES: u32 = 60;
/// Between two of them.
const PAUSE: Duration = Duration::from_secs(1);

/// Brings a master or its slave new firmware, chunk by chunk; goes on where it or somebody else stopped
#[derive(Debug, clap::Args)]
pub(crate) struct CarryArgs {
    /// Where the master serves phones without TLS
    #[arg(long, value_name = "ADDRESS")]
    to: SocketAddr,

    /// The signed release; it says for which half
    #[arg(long, value_name = "FILE")]
    release: PathBuf,

    /// The image that it is about
    #[arg(long, value_name = "FILE")]
    image: PathBuf,
}

/// What was done, in words.
pub(crate) async fn carry(args: CarryArgs) -> Result<String, CourierError> {
    let (frame, image) = (read(&args.release, RELEASE_MAX)?, read(&args.image, IMAGE_MAX)?);
    let release = look_at(&args.release, &frame)?;
    let hash: [u8; 32] = Sha256::digest(&image).into();
    if (release.length as usize, release.hash) != (image.len(), hash) {
        return Err(CourierError::Other);
    }
    let path = match release.kind {
        ImageKind::Master => "/league/update",
        ImageKind::Slave => "/league/update/slave",
        ImageKind::Radio => return Err(CourierError::Kind(release.kind)),
    };
    let door = Door { to: args.to, path };
    let (mut wanted, mut tries) = (None, 0);
    loop {
        let answer = match wanted.and_then(|chunk| Some((chunk, with_hashes(&image, chunk)?))) {
            Some((chunk, bytes)) => door.chunk(chunk, &bytes).await,
            None => door.release(&frame).await,
        };
        let why = match answer {
            Answer::Ready => return Ok(format!("the {} has it, and starts it", release.kind)),
            Answer::Wanted { chunk, of } if wanted.is_none_or(|before| chunk > before) => {
                tracing::info!(chunk, of, "next");
                // Only a chunk that was taken is a step: a release alone may be told the same for ever.
                tries = if wanted.is_some() { 0 } else { tries };
                wanted = Some(chunk);
                continue;
            }
            // A release that is refused stays so; a chunk may be out of order, and the release says which one comes.
            Answer::Refused(why) if wanted.is_none() => {
                return Err(CourierError::Refused { half: release.kind, why });
            }
            Answer::Wanted { .. } => "it asks for what it had".to_owned(),
            Answer::Refused(why) | Answer::Later(why) => why,
        };
        (wanted, tries) = (None, tries + 1);
        if tries == TRIES {
            return Err(CourierError::Silent { tries, why });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Nothing is believed here: the half looks at the signature.
fn look_at(path: &Path, frame: &[u8]) -> Result<Release, CourierError> {
    let release = Frame::split(frame).and_then(|frame| Release::decode(frame.payload));
    release.map_err(|why| CourierError::Release { path: path.to_owned(), why })
}
