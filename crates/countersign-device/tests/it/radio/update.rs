//! New firmware for the slave: from a phone to the real master, over its radio and a bad air, into the slave's flash.

use super::air::Air;
use super::chip::Chip;
use super::flash::{Flash, release};
use super::slave::SlaveChip;
use crate::folders::Folders;
use crate::phone::{HttpAnswer, post};
use crate::program::{Program, command};
use countersign_boot::SlotState;
use countersign_chip::update::{BLOCK, CHUNK, with_hashes};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;

/// Two blocks: seventeen chunks.
const CHUNKS: u32 = 17;
/// A courier tries so often; each try may wait for the link as long as it likes.
const TRIES: usize = 40;
/// Between two of them.
const AGAIN: Duration = Duration::from_millis(250);

fn image() -> Vec<u8> {
    (0..BLOCK + CHUNK).map(|at| (at ^ at >> 7 ^ at >> 12) as u8).collect()
}

/// Until the slave has said something: the radio may lose it, and the slave may just be starting.
fn insist(to: SocketAddr, path: &str, body: &[u8]) -> HttpAnswer {
    for _ in 0..TRIES {
        let answer = post(to, path, body);
        if answer.status != 503 {
            return answer;
        }
        assert_eq!(answer.code(), "no_slave", "{}", answer.text());
        // The courier comes back when somebody has looked at the goal again.
        std::thread::sleep(AGAIN);
    }
    panic!("the slave never answers")
}

fn offer(to: SocketAddr, frame: &[u8]) -> Value {
    let answer = insist(to, "/league/update/slave", frame);
    serde_json::from_slice(&answer.ok()).unwrap()
}

fn bring(to: SocketAddr, image: &[u8], number: u32) -> HttpAnswer {
    let chunk = with_hashes(image, number).unwrap();
    insist(to, "/league/update/slave/chunk", &[&number.to_be_bytes(), &chunk[..]].concat())
}

/// Brings what is asked for, up to a chunk of this number. How many chunks were accepted.
fn carry(to: SocketAddr, frame: &[u8], image: &[u8], up_to: u64) -> Value {
    let mut said = offer(to, frame);
    while said["ready"] == false && said["chunk"].as_u64().unwrap() < up_to {
        let answer = bring(to, image, said["chunk"].as_u64().unwrap() as u32);
        // An answer that was lost: the slave has the chunk, and its release says where to go on.
        said = match answer.status {
            200 => serde_json::from_slice(&answer.body).unwrap(),
            409 => offer(to, frame),
            status => panic!("{status} {}", answer.text()),
        };
    }
    said
}

#[test]
fn a_phone_brings_the_slave_new_firmware_through_a_linux_master() {
    let (folders, air, flash) = (Folders::new(), Air::new(), Flash::new());
    let port = folders.path().join("ttyRADIO");
    let _chip = Chip::plug(&port, &air.ends[0], 20);
    let slave = SlaveChip::with(&air.ends[1], flash.clone());
    let master = Program::master(&folders, &format!("serial:{}@921600", port.to_str().unwrap()));
    let (to, image) = (master.http(), image());
    let frame = release(&image);

    let said = offer(to, &frame);
    assert_eq!(said, serde_json::json!({ "chunk": 0, "of": CHUNKS, "ready": false }));
    let mut rubbish = image.clone();
    rubbish[0] ^= 1;
    let refused = bring(to, &rubbish, 0);
    assert_eq!((refused.status, refused.code().as_str()), (409, "update"));
    assert!(refused.text().contains("not chunk 0 of the release"), "{}", refused.text());
    let mut forged = frame.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(insist(to, "/league/update/slave", &forged).status, 409);

    // The slave loses its power in the second block.
    assert_eq!(carry(to, &frame, &image, 16)["chunk"], 16);
    drop(slave);
    let slave = SlaveChip::with(&air.ends[1], flash.clone());
    // Another courier goes on, with the program.
    let files = ["slave.release", "app.bin"].map(|name| folders.path().join(name));
    std::fs::write(&files[0], &frame).unwrap();
    std::fs::write(&files[1], &rubbish).unwrap();
    let [release, app] = files.each_ref().map(|file| file.to_str().unwrap());
    let address = to.to_string();
    let call = ["carry", "--to", &address, "--release", release, "--image", app];
    let other = command(&call);
    assert!(!other.status.success(), "another image than that of the release");
    std::fs::write(&files[1], &image).unwrap();
    let carried = command(&call);
    let said = String::from_utf8_lossy(&carried.stdout).into_owned();
    assert!(carried.status.success(), "{said}{}", String::from_utf8_lossy(&carried.stderr));
    assert_eq!(said.trim(), "the slave has it, and starts it");
    assert_eq!(offer(to, &frame)["ready"], true);
    assert_eq!(flash.waiting(image.len()), (SlotState::New, image));
    drop(slave);
    assert!(master.terminate());
}

#[test]
fn nothing_is_brought_to_the_slave_while_a_lobby_is_open() {
    let (folders, air, flash) = (Folders::new(), Air::new(), Flash::new());
    let port = folders.path().join("ttyRADIO");
    let _chip = Chip::plug(&port, &air.ends[0], 21);
    let slave = SlaveChip::with(&air.ends[1], flash.clone());
    let master = Program::master(&folders, &format!("serial:{}@921600", port.to_str().unwrap()));
    let to = master.http();
    super::open_lobby(&master, &slave);
    let refused = post(to, "/league/update/slave", &release(&image()));
    assert_eq!((refused.status, refused.code().as_str()), (409, "playing"));
    let short = post(to, "/league/update/slave/chunk", &[0; 3]);
    assert_eq!((short.status, short.code().as_str()), (400, "malformed"));
    assert_eq!(flash.waiting(0).0, SlotState::Refused, "as the factory left it");
}
