//! Killed at many points, and always right afterwards.

use crate::folders::Folders;
use crate::phone::{Phone, view_after};
use crate::program::{Program, Running};
use countersign_league::evidence::ActKind;
use countersign_league::game::State;
use countersign_provision::Half;

#[test]
fn a_master_that_is_killed_again_and_again_forgets_nothing_that_it_said() {
    let mut running = Running::start();
    let (mut boot, mut number) = (1, 0);
    for round in 0..8_u8 {
        let to = running.master.http();
        let shown = running.master.show();
        assert_eq!(shown["boot"], boot);
        let view = view_after(to, [0; 16], 0);
        assert!(view.number > number, "round {round}: {} after {number}", view.number);
        number = view.number;
        // A lobby that nobody played in does not use its number up.
        if shown["state"] == "lobby" {
            assert_eq!(view.device_seq, 1);
            let mut phone = Phone::new(to, round + 1);
            phone.join();
            if round % 2 == 0 {
                phone.says(ActKind::Ready);
            }
            number = view_after(to, phone.token, 0).number;
        } else {
            assert_eq!(view.state, State::Off);
            running.master.ask(&["button"]).unwrap();
            if round % 3 != 0 {
                running.master.until_state("goal_check");
                running.slave.until("told to check", |shown| shown["phase"] == "check");
                running.master.goal();
            }
            if round % 3 == 1 {
                running.slave.goal();
                running.master.until_state("lobby");
            }
        }
        running.master.kill();
        running.restart_master();
        boot += 1;
    }
}

#[test]
fn a_slave_counts_every_start_and_its_slots_stay_whole() {
    let folders = Folders::new();
    for boot in 1..=10 {
        let mut slave = Program::slave(&folders, 9);
        slave.line(&format!("start {boot}"));
        // The first ones are killed before their first start is on disk, or in the middle of it.
        let shown = slave.until("up", |shown| shown["role"] == "slave");
        assert_eq!(shown["boot"], boot);
        slave.kill();
    }
    let slots = folders.of(Half::Slave).join("state/slots.bin");
    assert_eq!(std::fs::metadata(slots).unwrap().len(), 257 * 2 * 512);
}

#[test]
fn a_disk_that_takes_nothing_ends_the_program_before_it_promises_anything() {
    let running = Running::checked();
    let to = running.master.http();
    // A folder where the journal has to be: not even root can write there.
    let journal = running.folders.of(Half::Master).join("state/journal.0");
    std::fs::create_dir(journal).unwrap();
    running.slave.goal();
    let Running { master, folders: _folders, slave: _slave, .. } = running;
    assert!(!master.ended(), "it ends, and says that it had to");
    assert!(std::net::TcpStream::connect(to).is_err());
}
