//! The table of everything that a machine needs besides cargo.

/// One thing that a machine needs.
pub(super) struct Need {
    pub(super) name: &'static str,
    pub(super) why: &'static str,
    pub(super) stage: Stage,
    pub(super) seen_by: SeenBy,
    pub(super) comes_from: Source,
}

/// When it is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// By `demo`, `test` and `ci`.
    Always,
    /// By `bench` alone.
    Bench,
}

/// How to see that it is there.
pub(super) enum SeenBy {
    /// A program of this name can be found.
    Program(&'static str),
    /// A program of the Rust toolchain itself, beside rustc.
    ToolchainProgram(&'static str),
    /// A library that the toolchain has for this target.
    Target(&'static str),
    /// `node` can be found and its major version is at least this.
    Node(u32),
    /// This version of an npm package stands below `target/tools/<package>`.
    NpmPackage { package: &'static str, version: &'static str },
    /// The system's Python has this module.
    PythonModule(&'static str),
    /// This version of a Python package stands in an environment of its own, `target/tools/<package>`.
    PythonPackage { package: &'static str, version: &'static str },
}

/// Where it comes from.
pub(super) enum Source {
    /// Packages of Debian and its descendants.
    Debian(&'static [&'static str]),
    Npm {
        package: &'static str,
        version: &'static str,
    },
    /// By pip, into a virtual environment.
    Python {
        package: &'static str,
        version: &'static str,
    },
    RustupTarget(&'static str),
    RustupComponent(&'static str),
}

/// The oldest Node.js with everything that conformance/js uses.
const NODE_MAJOR: u32 = 20;

pub(super) const NEEDS: &[Need] = &[
    Need {
        name: "a C compiler",
        why: "links Rust programs, compiles SQLite and the TLS library",
        stage: Stage::Always,
        seen_by: SeenBy::Program("cc"),
        comes_from: Source::Debian(&["gcc", "libc6-dev"]),
    },
    Need {
        name: "rustfmt",
        why: "CI: one way to lay out code",
        stage: Stage::Always,
        seen_by: SeenBy::ToolchainProgram("rustfmt"),
        comes_from: Source::RustupComponent("rustfmt"),
    },
    Need {
        name: "clippy",
        why: "CI: the lints of Cargo.toml and clippy.toml",
        stage: Stage::Always,
        seen_by: SeenBy::ToolchainProgram("cargo-clippy"),
        comes_from: Source::RustupComponent("clippy"),
    },
    Need {
        name: "core for riscv32imc",
        why: "CI: the core crate has to build for a microcontroller",
        stage: Stage::Always,
        seen_by: SeenBy::Target("riscv32imc-unknown-none-elf"),
        comes_from: Source::RustupTarget("riscv32imc-unknown-none-elf"),
    },
    Need {
        name: "qemu-system-riscv32",
        why: "tests: runs the core as a chip does, and counts its instructions",
        stage: Stage::Always,
        seen_by: SeenBy::Program("qemu-system-riscv32"),
        // A name that the package with this program provides in every release of Debian.
        comes_from: Source::Debian(&["qemu-system-riscv32"]),
    },
    Need {
        name: "core for riscv32imac",
        why: "CI: the programs for the ESP32-C6",
        stage: Stage::Always,
        seen_by: SeenBy::Target("riscv32imac-unknown-none-elf"),
        comes_from: Source::RustupTarget("riscv32imac-unknown-none-elf"),
    },
    Need {
        name: "core for wasm32",
        why: "CI: the core crate has to build for a browser",
        stage: Stage::Always,
        seen_by: SeenBy::Target("wasm32-unknown-unknown"),
        comes_from: Source::RustupTarget("wasm32-unknown-unknown"),
    },
    Need {
        name: "aiosmtpd",
        why: "demo and tests: a real SMTP server that receives the login codes",
        stage: Stage::Always,
        seen_by: SeenBy::Program("aiosmtpd"),
        comes_from: Source::Debian(&["python3-aiosmtpd"]),
    },
    Need {
        name: "pebble",
        why: "tests: a real ACME authority that certifies the names of devices",
        stage: Stage::Always,
        seen_by: SeenBy::Program("pebble"),
        comes_from: Source::Debian(&["pebble"]),
    },
    Need {
        name: "ip",
        why: "tests: network namespaces, in which an event's day has no route to anywhere",
        stage: Stage::Always,
        seen_by: SeenBy::Program("ip"),
        comes_from: Source::Debian(&["iproute2"]),
    },
    Need {
        name: "nginx",
        why: "tests: the gateway behind the reverse proxy that most operators have",
        stage: Stage::Always,
        seen_by: SeenBy::Program("nginx"),
        comes_from: Source::Debian(&["nginx"]),
    },
    Need {
        name: "redis-server",
        why: "tests: the database of webdis",
        stage: Stage::Always,
        seen_by: SeenBy::Program("redis-server"),
        comes_from: Source::Debian(&["redis-server"]),
    },
    Need {
        name: "webdis",
        why: "tests: a public HTTP back end, unmodified, behind the gateway",
        stage: Stage::Always,
        seen_by: SeenBy::Program("webdis"),
        comes_from: Source::Debian(&["webdis"]),
    },
    Need {
        name: "node",
        why: "tests: runs the second implementation of the protocol, and json-server",
        stage: Stage::Always,
        seen_by: SeenBy::Node(NODE_MAJOR),
        comes_from: Source::Debian(&["nodejs"]),
    },
    Need {
        name: "npm",
        why: "brings json-server and axe-core",
        stage: Stage::Always,
        seen_by: SeenBy::Program("npm"),
        comes_from: Source::Debian(&["npm"]),
    },
    Need {
        name: "json-server",
        why: "demo and tests: a REST back end, unmodified, behind the gateway",
        stage: Stage::Always,
        seen_by: SeenBy::NpmPackage { package: "json-server", version: "0.17.4" },
        comes_from: Source::Npm { package: "json-server", version: "0.17.4" },
    },
    Need {
        name: "chromium",
        why: "tests: a real browser that runs the app",
        stage: Stage::Always,
        seen_by: SeenBy::Program("chromium"),
        comes_from: Source::Debian(&["chromium"]),
    },
    Need {
        name: "axe-core",
        why: "tests: looks for what keeps people out of the app",
        stage: Stage::Always,
        seen_by: SeenBy::NpmPackage { package: "axe-core", version: "4.14.1" },
        comes_from: Source::Npm { package: "axe-core", version: "4.14.1" },
    },
    Need {
        name: "python3",
        why: "brings Bumble and esptool, and runs them",
        stage: Stage::Always,
        seen_by: SeenBy::Program("python3"),
        comes_from: Source::Debian(&["python3"]),
    },
    Need {
        name: "python3-venv",
        why: "gives Bumble and esptool places of their own",
        stage: Stage::Always,
        seen_by: SeenBy::PythonModule("ensurepip"),
        comes_from: Source::Debian(&["python3-venv"]),
    },
    Need {
        name: "bumble",
        why: "tests: virtual Bluetooth controllers, with which the real Bluetooth host talks",
        stage: Stage::Always,
        seen_by: SeenBy::PythonPackage { package: "bumble", version: "0.0.236" },
        comes_from: Source::Python { package: "bumble", version: "0.0.236" },
    },
    Need {
        name: "esptool",
        why: "tests: makes, signs and encrypts images of the chips, and burns virtual eFuses",
        stage: Stage::Always,
        seen_by: SeenBy::PythonPackage { package: "esptool", version: "5.6.0" },
        comes_from: Source::Python { package: "esptool", version: "5.6.0" },
    },
    Need {
        name: "unicorn",
        why: "tests: an emulated core on which the second stage's binary runs",
        stage: Stage::Always,
        seen_by: SeenBy::PythonPackage { package: "unicorn", version: "2.1.4" },
        comes_from: Source::Python { package: "unicorn", version: "2.1.4" },
    },
    Need {
        name: "lighthouse",
        why: "bench: how quick the pages are on a slow phone",
        stage: Stage::Bench,
        seen_by: SeenBy::NpmPackage { package: "lighthouse", version: "12.8.2" },
        comes_from: Source::Npm { package: "lighthouse", version: "12.8.2" },
    },
    Need {
        name: "wrk",
        why: "bench: load over HTTP from a second process",
        stage: Stage::Bench,
        seen_by: SeenBy::Program("wrk"),
        comes_from: Source::Debian(&["wrk"]),
    },
];

impl Source {
    /// The command that brings it, without the prefix for the administrator's rights.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Debian(packages) => format!("`apt-get install {}`", packages.join(" ")),
            Self::Npm { package, version } => {
                format!("`npm install {package}@{version}` into target/tools/{package}")
            }
            Self::Python { package, version } => {
                format!("`pip install {package}=={version}` into target/tools/{package}")
            }
            Self::RustupTarget(target) => format!("`rustup target add {target}`"),
            Self::RustupComponent(component) => format!("`rustup component add {component}`"),
        }
    }

    /// What to do by hand when the command has not helped.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::Debian(["nodejs"]) => {
                format!("this system's nodejs is older than {NODE_MAJOR}; install a newer Node.js")
            }
            Self::Debian(_) | Self::Npm { .. } | Self::Python { .. } => self.describe(),
            Self::RustupTarget(_) | Self::RustupComponent(_) => self.describe(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_says_why_and_how() {
        for need in NEEDS {
            assert!(need.why.len() > 10, "{}", need.name);
            assert!(need.comes_from.describe().starts_with('`'), "{}", need.name);
        }
    }

    #[test]
    fn what_is_probed_is_what_is_installed() {
        for need in NEEDS {
            if let (
                SeenBy::NpmPackage { package, version },
                Source::Npm { package: installed, version: brought },
            ) = (&need.seen_by, &need.comes_from)
            {
                assert_eq!((package, version), (installed, brought));
            }
            if let (
                SeenBy::PythonPackage { package, version },
                Source::Python { package: installed, version: brought },
            ) = (&need.seen_by, &need.comes_from)
            {
                assert_eq!((package, version), (installed, brought));
            }
        }
    }
}
