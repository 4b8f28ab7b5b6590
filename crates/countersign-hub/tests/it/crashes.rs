//! A real hub process, killed.

use crate::judge::Judge;
use crate::venue::{Venue, votes_in};
use countersign_hub::{Command, Hub, HubOptions, LinkOptions};
use countersign_mesh::ReceiptStatus;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};

/// Folder of the hub that this process is to be.
const DIR: &str = "COUNTERSIGN_TEST_HUB_DIR";
/// Where it listens.
const LISTEN: &str = "COUNTERSIGN_TEST_HUB_LISTEN";

/// Alone: a hub of an event that was started before starts without a package, and says where it is. With the variables set, it is the
/// program that the other test kills: this very executable, because a library has no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_hub_starts_again_without_its_package() {
    if let Some(dir) = std::env::var_os(DIR) {
        let listen = std::env::var(LISTEN).unwrap().parse().unwrap();
        let ending = countersign_listen::Ending::hear().unwrap();
        let hub = Hub::start(options(PathBuf::from(dir), listen)).await.unwrap();
        println!("hub at {} {}", hub.addr, hub.code());
        return hub.wait(ending).await.unwrap();
    }
    let venue = Venue::new(1);
    let first = venue.start(0).await;
    let code = first.code().to_owned();
    first.stop().await.unwrap();
    let again = Hub::start(options(venue.dir(0), ([127, 0, 0, 1], 0).into())).await.unwrap();
    assert_eq!(again.code(), code);
    again.stop().await.unwrap();
}

fn options(dir: PathBuf, listen: SocketAddr) -> HubOptions {
    let links = LinkOptions::default();
    HubOptions { dir, package: None, listen, organiser_lan: false, code: None, links }
}

struct Process {
    child: Child,
    addr: SocketAddr,
    code: String,
}

impl Process {
    fn start(venue: &Venue, listen: SocketAddr) -> Self {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crashes::a_hub_starts_again_without_its_package", "--nocapture"])
            .env(DIR, venue.dir(0))
            .env(LISTEN, listen.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            lines.find_map(|line| line.unwrap().split_once("hub at ").map(|it| it.1.to_owned()));
        let line = line.unwrap();
        let (addr, code) = line.split_once(' ').unwrap();
        // Nobody reads the rest; there is none.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, addr: addr.parse().unwrap(), code: code.to_owned() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Killed already, or killed now.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_in_the_log_after_kill_9() {
    let venue = Venue::new(1);
    let prepared = venue.start(0).await;
    prepared.stop().await.unwrap();
    let mut process = Process::start(&venue, ([127, 0, 0, 1], 0).into());
    let (addr, code) = (process.addr, process.code.clone());
    let mut judges: Vec<_> =
        (0..3).map(|number| Judge::new(number, &venue.package, &code, addr)).collect();
    let mut acknowledged = BTreeSet::new();
    for round in 0..6_u32 {
        // Votes of all judges are on the way while the hub dies, at another place each time.
        for step in 0..3 + round * 2 {
            let revision = 1 + round * 20 + step;
            for judge in &mut judges {
                let vote = judge.vote((step % 3) as u8, revision, &[1, (revision % 10) as u16]);
                if judge.say(&vote).await.is_kept() {
                    acknowledged.insert(vote);
                }
            }
        }
        let mut last = Vec::new();
        for judge in &judges {
            let vote = judge.vote(0, 15 + round * 20, &[2, 2]);
            last.push((judge.send(judge.packet(&vote)).await, vote));
        }
        let moment = std::time::Duration::from_micros(u64::from(round) * 1_700);
        for (judge, (packet, vote)) in judges.iter_mut().zip(last) {
            let heard = tokio::time::timeout(moment, judge.receipt(packet)).await;
            if heard.is_ok_and(ReceiptStatus::is_kept) {
                acknowledged.insert(vote);
            }
        }
        process.child.kill().unwrap();
        process.child.wait().unwrap();
        let logged: BTreeSet<_> = votes_in(&venue.dir(0).join("log.bin")).into_iter().collect();
        let lost: Vec<_> = acknowledged.difference(&logged).collect();
        assert!(lost.is_empty(), "after kill {round}: {} receipts lie", lost.len());
        process = Process::start(&venue, addr);
    }
    drop(process);
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    let status = venue.command(0, Command::Status).await;
    assert!(status.ok && status.text.contains("9 ballots"), "{}", status.text);
}
