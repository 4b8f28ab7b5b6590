//! How much flash the league takes on a microcontroller: three programs that refer to its parts, and one that only signs.

use super::super::Bench;
use crate::failure::Result;
use crate::league::elf::{Sizes, sizes};
use crate::report::{Report, Row, number};
use crate::targets;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "riscv32imc-unknown-none-elf";

/// Instructions of each program, built as a firmware is: opt-level s, one unit, fat LTO, no unwinding.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let programs =
        [(targets::CORE, "core"), (targets::CORE_MASTER, "master"), (targets::CORE_SLAVE, "slave")];
    if !programs.iter().any(|(id, _)| bench.wants(id)) {
        return Ok(());
    }
    bench.announce("league: size of the core, built once");
    // The compiler may have both cores: nothing is timed.
    bench.cores.take_both();
    let built = build();
    bench.cores.take_load_core();
    let folder = built?;
    let crypto = read(&folder, "crypto")?;
    for (name, program) in programs.into_iter().filter(|(id, _)| bench.wants(id)) {
        let Sizes { text, rodata } = read(&folder, program)?;
        report.add(Row {
            name,
            rounds: vec![kib(text)],
            judged: None,
            baseline: format!("Ed25519 alone {} KiB", number(kib(crypto.text))),
            note: format!(
                ".text; {} KiB more of constants, as against {} KiB of Ed25519 alone",
                number(kib(rodata)),
                number(kib(crypto.rodata))
            ),
        });
    }
    Ok(())
}

/// The folder with the programs.
fn build() -> Result<PathBuf> {
    let exe = std::env::current_exe()?;
    let ours = exe.parent().and_then(Path::parent).ok_or("this program lies in no folder")?;
    let folder = ours.join("riscv");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/riscv/Cargo.toml");
    let built = Command::new(cargo)
        .args(["build", "--release", "--locked", "--target", TARGET, "--manifest-path", manifest])
        .arg("--target-dir")
        .arg(&folder)
        .output()?;
    match built.status.success() {
        true => Ok(folder.join(TARGET).join("release")),
        false => {
            let why = String::from_utf8_lossy(&built.stderr);
            Err(format!("the programs for {TARGET} cannot be built:\n{why}").into())
        }
    }
}

fn read(folder: &Path, program: &str) -> Result<Sizes> {
    let file = std::fs::read(folder.join(program))?;
    Ok(sizes(&file).ok_or("a program for a microcontroller is no 32-bit ELF file")?)
}

fn kib(bytes: u32) -> f64 {
    f64::from(bytes) / 1024.0
}
