//! `cargo xtask firmware`: the images of the chips, their sizes against their budgets, and the same bytes from two folders.
//!
//! ```text
//!   images     what there is, and what each may take
//!   sizes      what an ELF file puts where
//!   elsewhere  the same sources in another folder
//! ```

mod elsewhere;
mod images;
mod sizes;

use std::path::{Path, PathBuf};

use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome};
use crate::run::Run;
use crate::{report, setup, workspace};
use images::{Budget, CHIPS, Chip, IMAGES, Image};
use sizes::{Elf, Sizes};

pub(crate) fn command(args: &[String]) -> Outcome {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => run(),
        ["--reproduce"] => reproduce(),
        _ => Err(Failure::usage("It is `cargo xtask firmware [--reproduce]`.")),
    }
}

/// Builds all images and judges their sizes.
pub(crate) fn run() -> Outcome {
    setup::ensure()?;
    let built = build(workspace::root())?;
    judge(&built)
}

/// The same, and a second time from another folder: what is loaded into the chips has to be the same.
pub(crate) fn reproduce() -> Outcome {
    setup::ensure()?;
    let here = build(workspace::root())?;
    judge(&here)?;
    let there = build(&elsewhere::copy()?)?;
    let differing: Vec<String> = here
        .iter()
        .zip(&there)
        .filter(|(here, there)| here.elf.loaded != there.elf.loaded)
        .map(|(here, _)| here.name())
        .collect();
    if differing.is_empty() {
        report::line(format_args!("  the same bytes from two folders: {} images", here.len()));
        return Ok(());
    }
    Err(Failure::new(format!(
        "From another folder other bytes come out: {}. Something takes a path, a time or an order \
         of files into the image.",
        differing.join(", ")
    )))
}

/// The lints of the programs. They are the same for both chips.
pub(crate) fn clippy() -> Outcome {
    let [chip, _] = &CHIPS;
    cargo("clippy", workspace::root(), chip)?.args(["--", "-D", "warnings"]).run()
}

/// An image that was built.
struct Built {
    image: &'static Image,
    chip: &'static Chip,
    budget: &'static Budget,
    elf: Elf,
}

impl Built {
    fn name(&self) -> String {
        format!("{} {}", self.image.binary, self.chip.name)
    }
}

/// Builds every image for every chip from the sources below a root.
fn build(root: &Path) -> Result<Vec<Built>, Failure> {
    let watch = Stopwatch::start();
    let mut built = Vec::new();
    for (number, chip) in CHIPS.iter().enumerate() {
        cargo("build", root, chip)?.run()?;
        for image in IMAGES {
            let path = folder(root).join(chip.target).join("release").join(image.binary);
            built.push(Built { image, chip, budget: &image.budgets[number], elf: read(&path)? });
        }
    }
    report::line(format_args!("  built in {}", watch.elapsed()));
    Ok(built)
}

fn folder(root: &Path) -> PathBuf {
    root.join("target/firmware")
}

/// A verb of cargo for all programs of one chip.
fn cargo(verb: &str, root: &Path, chip: &Chip) -> Result<Run, Failure> {
    let features: Vec<String> =
        IMAGES.iter().map(|image| format!("{}/{}", image.package, chip.feature)).collect();
    let run = Run::cargo()
        .env_quietly("CARGO_ENCODED_RUSTFLAGS", &rustflags(root)?)
        .args([verb, "--quiet", "--locked", "--release", "--target", chip.target])
        .arg("--manifest-path")
        .path(&root.join("firmware/Cargo.toml"))
        .arg("--target-dir")
        .path(&folder(root));
    let run = IMAGES.iter().fold(run, |run, image| run.args(["--package", image.package]));
    Ok(run.arg("--features").arg(&features.join(",")))
}

fn read(path: &Path) -> Result<Elf, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::io("Reading", path, &error))?;
    sizes::read(&bytes).map_err(|why| Failure::new(format!("{} is {why}.", path.display())))
}

/// No path of this machine gets into an image, and every function keeps its frame pointer for whoever looks at a core dump.
fn rustflags(root: &Path) -> Result<String, Failure> {
    let cargo = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .ok_or_else(|| Failure::new("There is no home folder; set CARGO_HOME."))?;
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let flags =
        ["-Cforce-frame-pointers".to_owned(), remap(&cargo, "/cargo"), remap(root, "/countersign")];
    Ok(flags.join("\x1f"))
}

fn judge(built: &[Built]) -> Outcome {
    report::line(HEADING);
    let mut wrong = Vec::new();
    for one in built {
        let complaints = complaints(&one.elf.sizes, one.budget);
        report::line(row(one, &complaints));
        wrong.extend(complaints.iter().map(|complaint| format!("{}: {complaint}", one.name())));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "Images are beyond their budgets: {}. The table is in xtask/src/firmware/images.rs.",
        wrong.join("; ")
    )))
}

const HEADING: &str = "
  image                  text  rodata    data     bss    flash (at most)      RAM (at most)    stack (at least)";

fn row(built: &Built, complaints: &[String]) -> String {
    let (sizes, budget) = (&built.elf.sizes, built.budget);
    let Sizes { text, rodata, data, bss, stack, .. } = sizes;
    let mark = if complaints.is_empty() { "" } else { "  <- too much" };
    format!(
        "  {:<18} {text:>8}{rodata:>8}{data:>8}{bss:>8}  {:>7} ({:>7})  {:>7} ({:>7})  {stack:>7} ({:>6}){mark}",
        built.name(),
        sizes.flash,
        budget.flash,
        sizes.ram,
        budget.ram,
        budget.stack,
    )
}

fn complaints(sizes: &Sizes, budget: &Budget) -> Vec<String> {
    let mut found = Vec::new();
    if sizes.flash > budget.flash {
        found.push(format!("{} bytes of flash, at most {}", sizes.flash, budget.flash));
    }
    if sizes.ram > budget.ram {
        found.push(format!("{} bytes of RAM, at most {}", sizes.ram, budget.ram));
    }
    if sizes.stack < budget.stack {
        found.push(format!("{} bytes of stack, at least {}", sizes.stack, budget.stack));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_budget_is_held_against_its_size() {
        let budget = Budget { flash: 100, ram: 50, stack: 10 };
        let fits = Sizes { flash: 100, ram: 50, stack: 10, ..Sizes::default() };
        assert!(complaints(&fits, &budget).is_empty());
        let too_much = Sizes { flash: 101, ram: 51, stack: 9, ..Sizes::default() };
        assert_eq!(complaints(&too_much, &budget).len(), 3);
    }

    #[test]
    fn every_image_fits_its_slot() {
        for image in IMAGES {
            for budget in &image.budgets {
                assert!(budget.flash <= image.room, "{}", image.binary);
            }
        }
    }
}
