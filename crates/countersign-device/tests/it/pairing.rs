use crate::folders::Folders;
use crate::program::{Program, Running, command};
use countersign_provision::Half;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{Read, Write};

#[test]
fn two_programs_pair_over_datagrams_and_open_a_lobby() {
    let running = Running::start();
    let (master, slave) = (running.master.show(), running.slave.show());
    assert_eq!((&master["linked"], &slave["linked"]), (&true.into(), &true.into()));
    assert_eq!((master["device_seq"].as_u64(), master["boot"].as_u64()), (Some(1), Some(1)));
    let Running { master, slave, .. } = running;
    assert!(slave.terminate(), "the slave ends well");
    assert!(master.terminate(), "the master ends well");
}

#[test]
fn commands_go_to_the_half_that_they_are_for() {
    let running = Running::start();
    let pair = running.folders.path().to_str().unwrap();
    // The folder of the pair is enough: the end says which half.
    assert!(command(&["hit", "--folder", pair, "--end", "south"]).status.success());
    assert!(command(&["show", "--folder", pair, "--slave"]).status.success());
    let wrong = running.master.ask(&["hit", "--end", "south"]).unwrap_err();
    assert!(wrong.contains("Ask the slave"), "{wrong}");
    let wrong = running.slave.ask(&["open-lobby"]).unwrap_err();
    assert!(wrong.contains("the lobby is the master's"), "{wrong}");
    let pressed = command(&["button", "--folder", pair, "--slave"]);
    assert_eq!(String::from_utf8(pressed.stdout).unwrap().trim(), "linked");
    let early = running.master.ask(&["open-lobby"]).unwrap_err();
    assert!(early.contains("state lobby"), "{early}");
}

#[test]
fn a_folder_of_the_other_half_and_a_second_program_are_refused() {
    let folders = Folders::new();
    let slave = folders.of(Half::Slave);
    let refused = |args: &[&str]| {
        let output = command(args);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused(&["master", slave.to_str().unwrap()]);
    assert!(said.contains("countersign-device slave"), "{said}");
    let first = Program::slave(&folders, 9);
    first.until("up", |shown| shown["role"] == "slave");
    let said = refused(&["slave", slave.to_str().unwrap(), "--link", "udp:127.0.0.1:0"]);
    assert!(said.contains("another command is working"), "{said}");
}

/// A cable: what comes in at one end goes out at the other, with noise before it.
fn cable() -> [String; 2] {
    let end = || {
        let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&end).unwrap();
        unlockpt(&end).unwrap();
        let name = ptsname(&end, Vec::new()).unwrap().into_string().unwrap();
        // Held open, so that the other side may come and go.
        let held = File::options().read(true).write(true).open(&name).unwrap();
        (File::from(end), name, held)
    };
    let ((a, name_a, held_a), (b, name_b, held_b)) = (end(), end());
    for (mut from, mut to, held) in
        [(a.try_clone().unwrap(), b.try_clone().unwrap(), held_a), (b, a, held_b)]
    {
        std::thread::spawn(move || {
            let _held = held;
            to.write_all(b"\x01noise\xff\0").unwrap();
            let mut buffer = [0; 256];
            while let Ok(len) = from.read(&mut buffer) {
                if to.write_all(&buffer[..len]).is_err() {
                    return;
                }
            }
        });
    }
    [name_a, name_b]
}

#[test]
fn two_programs_pair_over_a_serial_line() {
    let folders = Folders::new();
    let [a, b] = cable();
    let master = Program::master(&folders, &format!("serial:{a}@921600"));
    master.line("phones");
    let slave = Program::start(&folders, Half::Slave, &["--link", &format!("serial:{b}@921600")]);
    slave.until("up", |shown| shown["role"] == "slave");
    master.ask(&["button"]).unwrap();
    master.until_state("goal_check");
    slave.until("told to check", |shown| shown["phase"] == "check");
    slave.goal();
    master.goal();
    master.until_state("lobby");
}

#[test]
fn a_sheet_is_measured_once_and_its_hits_are_felt() {
    let folders = Folders::new();
    let lines = folders.path().join("sheet");
    let mut script = String::new();
    let mut read = |value: u32, millis: u32| {
        for at in (0..millis).step_by(10) {
            script.push_str(&format!("r {} 1 1\n+10\n", value + at / 10 % 2));
        }
    };
    read(100, 3_000);
    read(900, 60);
    read(100, 20_000);
    std::fs::write(&lines, script).unwrap();
    let master = Program::master(&folders, "udp:127.0.0.1:0");
    let remote = format!("udp:127.0.0.1:0,127.0.0.1:{}", master.link_port());
    let sensor = format!("file:{}", lines.to_str().unwrap());
    let slave = Program::start(&folders, Half::Slave, &["--link", &remote, "--sensor", &sensor]);
    slave.line("start 1");
    let measured = std::fs::read(folders.of(Half::Slave).join("state/calibration.bin")).unwrap();
    assert_eq!(measured[..5], [1, 0, 100, 0, 1], "rest 100, noise 1");
    master.ask(&["button"]).unwrap();
    master.until_state("goal_check");
    master.goal();
    master.until_state("lobby");
}
