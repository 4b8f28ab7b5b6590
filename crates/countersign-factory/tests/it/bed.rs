//! A chip line to test with: made once, with Espressif's real tools, and copied by each test that changes something.

use crate::elf;
use crate::station::{NOW, Station};
use countersign_factory::Factory;
use countersign_factory::line::*;
use countersign_provision::Half;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use tempfile::TempDir;

pub(crate) const SERIAL: &str = "GL-00001";

/// A station with a vault, a release for slaves with secure version 2, and a batch of two pairs.
pub(crate) static BED: LazyLock<Bed> = LazyLock::new(|| {
    let station = Station::new();
    let bed = Bed { factory: station.factory(), home: Home::Station(station) };
    Line::init(&bed.factory, tools(), &passphrase()).unwrap();
    let (_, earlier) = bed.image("1.0.0", 2, 7).unwrap();
    assert!(!earlier);
    bed.make(2).unwrap();
    bed
});

pub(crate) struct Bed {
    pub(crate) factory: Factory,
    home: Home,
}

enum Home {
    Station(Station),
    Copy(TempDir),
}

/// `cargo xtask setup` has installed them.
pub(crate) fn tools() -> Tools {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/esptool/bin");
    assert!(folder.exists(), "esptool is missing; `cargo xtask setup` installs it");
    Tools { folder: Some(folder) }
}

pub(crate) fn passphrase() -> VaultPassphrase {
    VaultPassphrase::new("five random words of ours").unwrap()
}

/// Runs one of the tools by hand.
pub(crate) fn by_hand<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> Output {
    let program = tools().folder.unwrap().join(program);
    Command::new(program).args(arguments).output().unwrap()
}

/// The same; it has to succeed.
pub(crate) fn done_by_hand<S: AsRef<OsStr>>(program: &str, arguments: &[S]) {
    let output = by_hand(program, arguments);
    assert!(output.status.success(), "{output:?}");
}

/// Burns something into a virtual chip that no plan of ours would.
pub(crate) fn fuse(chip: &Path, command: &[&str]) {
    let path = chip.join("efuse.bin");
    let path = path.to_str().unwrap();
    let always = ["--chip", "esp32c3", "--virt", "--path-efuse-file", path, "--do-not-confirm"];
    done_by_hand("espefuse", &[&always, command].concat());
}

impl Bed {
    /// The same station in another place, to be changed.
    pub(crate) fn copy(&self) -> Self {
        let home = TempDir::new().unwrap();
        copy_folder(self.factory.path(), &home.path().join("factory"));
        let factory = Factory::open(&home.path().join("factory")).unwrap();
        Self { factory, home: Home::Copy(home) }
    }

    pub(crate) fn line(&self) -> Line<'_> {
        Line::open(&self.factory, tools()).unwrap()
    }

    pub(crate) fn vault(&self) -> Vault {
        self.line().vault(&passphrase()).unwrap()
    }

    pub(crate) fn vault_file(&self) -> PathBuf {
        self.line().folder().join("vault.sealed")
    }

    /// A place for files that are no part of the station.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        match &self.home {
            Home::Station(station) => station.home().join(name),
            Home::Copy(home) => home.path().join(name),
        }
    }

    pub(crate) fn image(
        &self,
        version: &str,
        secure_version: u32,
        fill: u8,
    ) -> Result<(Release, bool), ImageError> {
        let app = elf::app(Chip::Esp32C3, version, secure_version, fill);
        self.image_of(Chip::Esp32C3, &elf::second_stage(Chip::Esp32C3, 600), &app)
    }

    pub(crate) fn image_of(
        &self,
        chip: Chip,
        second_stage: &[u8],
        app: &[u8],
    ) -> Result<(Release, bool), ImageError> {
        self.image_for((Kind::Slave, chip), second_stage, app)
    }

    pub(crate) fn image_for(
        &self,
        (kind, chip): (Kind, Chip),
        second_stage: &[u8],
        app: &[u8],
    ) -> Result<(Release, bool), ImageError> {
        let from = Image {
            kind,
            chip,
            second_stage: self.beside("boot.elf"),
            app: self.beside("app.elf"),
        };
        fs::write(&from.second_stage, second_stage).unwrap();
        fs::write(&from.app, app).unwrap();
        image(&self.line(), &self.vault(), &from, NOW)
    }

    pub(crate) fn make(&self, count: usize) -> Result<countersign_factory::Made, ChipMakeError> {
        make_chips(&self.line(), &passphrase(), &order(count), NOW, &mut |_, _, _| {})
    }

    pub(crate) fn release(&self) -> Release {
        Release::newest(&self.line(), Kind::Slave, Chip::Esp32C3).unwrap()
    }

    /// The work on the slave of the first pair.
    pub(crate) fn job(&self, chip: &Path) -> Job {
        self.job_of((SERIAL, Half::Slave), chip).unwrap()
    }

    pub(crate) fn job_of(&self, of: (&str, Half), chip: &Path) -> Result<Job, BurnError> {
        let bench = Bench::Virtual(Virtual::new(chip));
        let (serial, half) = of;
        let of = (serial, half, Chip::Esp32C3);
        let release = || Release::newest(&self.line(), Kind::from(half), Chip::Esp32C3);
        Job::prepare(&self.line(), &self.vault(), of, release, bench)
    }

    /// Takes the chip for the job; the vault changes, so that the station has to be a copy.
    pub(crate) fn claim(&self, job: &Job, replaces: bool) -> Result<Claim, BurnError> {
        assert!(matches!(self.home, Home::Copy(_)), "all tests share the vault");
        let (line, standing) = (self.line(), state(&tools(), job)?);
        claim(&line, job, &standing, replaces, || Ok(line.vault(&passphrase())?))
    }

    pub(crate) fn burn(&self, job: &Job) -> Result<Burnt, BurnError> {
        burn(&tools(), job, &self.claim(job, false)?, &mut |_| {})
    }
}

pub(crate) fn order(count: usize) -> ChipOrder {
    ChipOrder { count, master: Master::Chip, max_players: 8, prefix: None, out: None }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy_folder(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}
