//! The chip that is the master's radio: the firmware's own bridge between a serial line, which is a pseudo-terminal here, and the
//! air. The line is noisy, and somebody may pull the plug.

use super::air::Dice;
use countersign_league::pair::bridge::{Bridge, Counts};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// Bytes that the chip's UART hands over at once.
const PORTION: usize = 128;
/// Of so many bytes one is damaged.
const DAMAGED: u64 = 800;
/// Before one of so many portions somebody touches the wire.
const TOUCHED: u64 = 25;

/// A radio that is plugged in.
pub(super) struct Chip {
    port: PathBuf,
    plug: UnixDatagram,
    running: JoinHandle<Counts>,
}

impl Chip {
    /// Plugs it in: the port is there under this name, as udev would make it.
    pub(super) fn plug(port: &Path, air: &UnixDatagram, seed: u64) -> Self {
        // Not inherited: a program that holds the other end itself never sees the plug pulled.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let line = openpt(flags).unwrap();
        grantpt(&line).unwrap();
        unlockpt(&line).unwrap();
        let name = ptsname(&line, Vec::new()).unwrap().into_string().unwrap();
        // A UART does not end because nobody listens.
        let held = File::options().read(true).write(true).open(&name).unwrap();
        symlink(&name, port).unwrap();
        let air = air.try_clone().unwrap();
        forget_the_past(&air);
        let (plug, pulled) = UnixDatagram::pair().unwrap();
        let running = std::thread::spawn(move || {
            let _held = held;
            run(File::from(line), &air, &pulled, Dice(seed))
        });
        Self { port: port.to_owned(), plug, running }
    }

    /// Pulls the plug: the port is gone, and everything that waited in the chip.
    pub(super) fn unplug(self) -> Counts {
        std::fs::remove_file(&self.port).unwrap();
        self.plug.send(b"pulled").unwrap();
        self.running.join().unwrap()
    }
}

/// What was in the air before the chip had power.
fn forget_the_past(air: &UnixDatagram) {
    air.set_nonblocking(true).unwrap();
    let mut packet = [0; 512];
    while air.recv(&mut packet).is_ok() {}
}

fn run(mut line: File, air: &UnixDatagram, pulled: &UnixDatagram, mut dice: Dice) -> Counts {
    let mut bridge = Bridge::new();
    let mut bytes = [0; 512];
    loop {
        let mut wanted = PollFlags::IN;
        if !bridge.line().is_empty() {
            wanted |= PollFlags::OUT;
        }
        let mut ready = [
            PollFd::new(&line, wanted),
            PollFd::new(air, PollFlags::IN),
            PollFd::new(pulled, PollFlags::IN),
        ];
        poll(&mut ready, None).unwrap();
        let [of_line, _, of_plug] = ready.map(|one| one.revents());
        if !of_plug.is_empty() {
            return bridge.counts();
        }
        if of_line.contains(PollFlags::IN) {
            let len = line.read(&mut bytes[..PORTION]).unwrap();
            damage(&mut bytes[..len], &mut dice);
            bridge.read_line(&bytes[..len]);
        }
        while let Some(packet) = bridge.next_packet() {
            drop(air.send(&packet));
        }
        match air.recv(&mut bytes) {
            Ok(len) => bridge.hear(&bytes[..len]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
        if of_line.contains(PollFlags::OUT) {
            let mut portion = bridge.line().to_vec();
            portion.truncate(PORTION);
            let len = portion.len();
            damage(&mut portion, &mut dice);
            if dice.one_in(TOUCHED) {
                portion.splice(0..0, *b"\x01noise\xff\0");
            }
            line.write_all(&portion).unwrap();
            bridge.line_taken(len);
        }
    }
}

fn damage(bytes: &mut [u8], dice: &mut Dice) {
    for byte in bytes {
        if dice.one_in(DAMAGED) {
            dice.flip(std::slice::from_mut(byte));
        }
    }
}
