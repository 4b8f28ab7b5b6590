//! Looks at this machine: a few file accesses and three short programs.

use std::path::PathBuf;

use super::needs::SeenBy;
use crate::run::{Run, find_program};
use crate::workspace;

/// Written into a Python environment once its package stands in it, with the version.
pub(super) const INSTALLED: &str = "installed-version";

/// What was asked of other programs, once.
pub(super) struct Machine {
    /// The folder of the Rust toolchain.
    sysroot: Option<PathBuf>,
    node_major: Option<u32>,
}

impl Machine {
    pub(super) fn look() -> Self {
        let sysroot = answer_of("rustc", &["--print", "sysroot"]).map(PathBuf::from);
        let node_major = answer_of("node", &["--version"]).and_then(|text| major(&text));
        Self { sysroot, node_major }
    }

    pub(super) fn has(&self, seen_by: &SeenBy) -> bool {
        match seen_by {
            SeenBy::Program(name) => find_program(name).is_some(),
            SeenBy::ToolchainProgram(name) => {
                self.sysroot.as_ref().is_some_and(|root| root.join("bin").join(name).is_file())
            }
            SeenBy::Target(target) => self
                .sysroot
                .as_ref()
                .is_some_and(|root| root.join("lib/rustlib").join(target).join("lib").is_dir()),
            SeenBy::Node(at_least) => self.node_major.is_some_and(|major| major >= *at_least),
            SeenBy::NpmPackage { package, version } => {
                let manifest = workspace::tools()
                    .join(package)
                    .join("node_modules")
                    .join(package)
                    .join("package.json");
                std::fs::read_to_string(manifest)
                    .is_ok_and(|text| text.contains(&format!("\"version\": \"{version}\"")))
            }
            SeenBy::PythonModule(module) => {
                let import = format!("import {module}");
                let python = Run::new("python3").args(["-c", import.as_str()]);
                python.capture().is_ok_and(|captured| captured.success)
            }
            SeenBy::PythonPackage { package, version } => {
                let marker = workspace::tools().join(package).join(INSTALLED);
                std::fs::read_to_string(marker).is_ok_and(|text| text == *version)
            }
        }
    }
}

fn answer_of(program: &str, args: &[&str]) -> Option<String> {
    let captured = Run::new(program).args(args).capture().ok()?;
    captured.success.then(|| captured.text.trim().to_owned())
}

/// The 20 of `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("v9.1"), Some(9));
        assert_eq!(major("20.1"), None);
        assert_eq!(major("vx"), None);
    }

    #[test]
    fn this_machine_has_cargo_and_lacks_what_nobody_has() {
        let machine = Machine::look();
        assert!(machine.has(&SeenBy::Program("cargo")));
        assert!(!machine.has(&SeenBy::Program("countersign-no-such-program")));
        assert!(!machine.has(&SeenBy::Target("countersign-no-such-target")));
    }
}
