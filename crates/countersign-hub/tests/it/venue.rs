//! Hubs of the sample event, running or as folders.

use crate::sample::{self, Deployment};
use countersign::{Fingerprint, VerifyingKey};
use countersign_hub::{Answer, Command, Folder, Hub, HubOptions, LinkOptions, Package, command};
use countersign_judging::event::Event;
use countersign_judging::log::{Act, Reader};
use countersign_mesh::EventCode;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Folders of hubs that one bundle certifies.
pub(crate) struct Venue {
    pub(crate) deployment: Deployment,
    pub(crate) package: Package,
    home: TempDir,
}

impl Venue {
    /// Makes so many hubs, and an event that names them.
    pub(crate) fn new(hubs: usize) -> Self {
        Self::with(hubs, |_| {})
    }

    /// The same with another event.
    pub(crate) fn with(hubs: usize, change: impl FnOnce(&mut Event)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let bytes = |digits: &str| *digits.parse::<Fingerprint>().unwrap().as_bytes();
        let made: Vec<_> = (0..hubs)
            .map(|number| {
                let made = Folder::init(&home.path().join(number.to_string()), "Hall <A>").unwrap();
                (VerifyingKey::from_bytes(&bytes(&made.key)).unwrap(), bytes(&made.sealing))
            })
            .collect();
        let hubs: Vec<_> = made.iter().map(|(key, sealing)| ("Hall <A>", key, *sealing)).collect();
        let deployment = Deployment::new();
        let mut event = sample::event(&hubs);
        change(&mut event);
        let package = deployment.package(&event);
        Self { deployment, package, home }
    }

    pub(crate) fn dir(&self, number: usize) -> PathBuf {
        self.home.path().join(number.to_string())
    }

    /// A place for exports.
    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn options(&self, number: usize) -> HubOptions {
        HubOptions {
            dir: self.dir(number),
            package: Some((self.package.clone(), self.deployment.trust())),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            organiser_lan: false,
            code: None,
            links: LinkOptions::default(),
        }
    }

    pub(crate) async fn start(&self, number: usize) -> Hub {
        Hub::start(self.options(number)).await.unwrap()
    }

    /// A second hub with the key of the first.
    pub(crate) async fn start_second(&self, number: usize, code: &str) -> Hub {
        let code: EventCode = code.parse().unwrap();
        let options = HubOptions { code: Some(code), ..self.options(number) };
        Hub::start(options).await.unwrap()
    }

    /// On a folder whose hub does not run.
    pub(crate) async fn command(&self, number: usize, what: Command) -> Answer {
        command(&self.dir(number), what).await.unwrap()
    }

    /// The contents of all votes that the hub accepted, from its file.
    pub(crate) fn logged(&self, number: usize) -> Vec<Vec<u8>> {
        votes_in(&self.dir(number).join("log.bin"))
    }
}

/// The contents of all accepted votes in a log.
pub(crate) fn votes_in(log: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(log).unwrap();
    let mut reader = Reader::new(&bytes);
    let mut votes = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        if let Act::Vote { content } | Act::MergedVote { content, .. } = entry.act {
            votes.push(content);
        }
    }
    votes
}
