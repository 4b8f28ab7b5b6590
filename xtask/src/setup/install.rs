//! Runs the commands that bring what is missing.

use super::machine::INSTALLED;
use super::needs::{Need, Source};
use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome};
use crate::run::{Run, find_program};
use crate::{report, workspace};

/// How to get the administrator's rights that apt-get needs.
enum Rights {
    AlreadyRoot,
    Sudo,
}

/// Debian's packages first: npm and Python may be among them.
pub(super) fn all(missing: &[&Need]) -> Outcome {
    let packages: Vec<&str> = missing
        .iter()
        .filter_map(|need| match need.comes_from {
            Source::Debian(packages) => Some(packages),
            Source::Npm { .. } | Source::Python { .. } => None,
            Source::RustupTarget(_) | Source::RustupComponent(_) => None,
        })
        .flatten()
        .copied()
        .collect();
    if !packages.is_empty() {
        debian(&packages)?;
    }
    for need in missing {
        match need.comes_from {
            Source::Debian(_) => {}
            Source::Npm { package, version } => npm(package, version)?,
            Source::Python { package, version } => python(package, version)?,
            Source::RustupTarget(target) => rustup("target", target)?,
            Source::RustupComponent(component) => rustup("component", component)?,
        }
    }
    Ok(())
}

fn debian(packages: &[&str]) -> Outcome {
    let by_hand = format!("apt-get install {}", packages.join(" "));
    if find_program("apt-get").is_none() {
        return Err(Failure::new(format!(
            "This system has no apt-get. Install what corresponds to Debian's packages {} with \
             the system's own package manager, then run this again.",
            packages.join(", ")
        )));
    }
    let rights = rights().ok_or_else(|| {
        Failure::new(format!(
            "Installing needs the administrator's rights: you are not root, and there is no \
             sudo. Ask an administrator to run `{by_hand}`, then run this again."
        ))
    })?;
    let install = ["install", "--yes", "--no-install-recommends"];
    let first = quietly(apt(&rights).args(install).args(packages))?;
    if first.is_ok() {
        return Ok(());
    }
    report::line("The list of packages may be missing or old; it is read again.");
    quietly(apt(&rights).arg("update"))?.map_err(|text| {
        Failure::new(format!("apt-get could not read the list of packages:\n{text}"))
    })?;
    quietly(apt(&rights).args(install).args(packages))?
        .map_err(|text| Failure::new(format!("`{by_hand}` failed:\n{text}")))
}

fn rights() -> Option<Rights> {
    let is_root = Run::new("id").arg("-u").capture().is_ok_and(|id| id.text.trim() == "0");
    if is_root {
        return Some(Rights::AlreadyRoot);
    }
    find_program("sudo").map(|_| Rights::Sudo)
}

fn apt(rights: &Rights) -> Run {
    // Debian asks no questions, and does not restart services that use an upgraded library.
    const QUIET: [&str; 3] = ["DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1", "apt-get"];
    match rights {
        Rights::AlreadyRoot => Run::new("env").args(QUIET),
        Rights::Sudo => Run::new("sudo").arg("env").args(QUIET),
    }
}

fn npm(package: &str, version: &str) -> Outcome {
    let folder = workspace::tools().join(package);
    std::fs::create_dir_all(&folder).map_err(|error| Failure::io("Creating", &folder, &error))?;
    let run = Run::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"])
        .path(&folder)
        .arg(&format!("{package}@{version}"));
    quietly(run)?.map_err(|text| Failure::new(format!("npm could not install {package}:\n{text}")))
}

fn python(package: &str, version: &str) -> Outcome {
    let folder = workspace::tools().join(package);
    if folder.is_dir() {
        // Of another version, or half of one.
        std::fs::remove_dir_all(&folder)
            .map_err(|error| Failure::io("Removing", &folder, &error))?;
    }
    let make = Run::new("python3").args(["-m", "venv"]).path(&folder);
    quietly(make)?.map_err(|text| {
        Failure::new(format!("python3 could not make an environment for {package}:\n{text}"))
    })?;
    let pip = folder.join("bin").join("python").display().to_string();
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let run = Run::new(&pip).args(install).arg(&format!("{package}=={version}"));
    quietly(run)?
        .map_err(|text| Failure::new(format!("pip could not install {package}:\n{text}")))?;
    let marker = folder.join(INSTALLED);
    std::fs::write(&marker, version).map_err(|error| Failure::io("Writing", &marker, &error))
}

fn rustup(kind: &str, name: &str) -> Outcome {
    if find_program("rustup").is_none() {
        return Err(Failure::new(format!(
            "The Rust {kind} {name} is missing and there is no rustup to add it. Install it with \
             the package manager that brought Rust, or install Rust with rustup."
        )));
    }
    quietly(Run::new("rustup").args([kind, "add", name]))?
        .map_err(|text| Failure::new(format!("rustup could not add the {kind} {name}:\n{text}")))
}

/// Runs with the command and its time shown; what it printed comes back when it failed.
fn quietly(run: Run) -> Result<Result<(), String>, Failure> {
    report::echo(run.shown());
    let watch = Stopwatch::start();
    let captured = run.capture()?;
    if !captured.success {
        return Ok(Err(captured.text));
    }
    report::line(format_args!("  done ({})", watch.elapsed()));
    Ok(Ok(()))
}
