//! What `--help` prints: enough to work on the project without reading xtask.

use crate::failure::{Failure, Outcome};
use crate::report;

/// One command: its name, one line for the overview, and the page.
struct Page {
    name: &'static str,
    summary: &'static str,
    text: &'static str,
}

const PAGES: &[Page] = &[
    Page {
        name: "demo",
        summary: "see the whole exchange run, explained step by step",
        text: DEMO,
    },
    Page { name: "test", summary: "all tests, in Rust and in JavaScript", text: TEST },
    Page { name: "emulate", summary: "the core on an emulated chip, measured", text: EMULATE },
    Page { name: "setup", summary: "find and install what this machine lacks", text: SETUP },
    Page { name: "ci", summary: "everything a change has to pass", text: CI },
    Page { name: "tidy", summary: "the rules that rustc and clippy cannot see", text: TIDY },
    Page { name: "vectors", summary: "write the test vectors, or check them", text: VECTORS },
    Page { name: "bench", summary: "numbers, from a release build", text: BENCH },
    Page { name: "firmware", summary: "the images of the chips, and their sizes", text: FIRMWARE },
    Page { name: "fuzz", summary: "feed the parsers with garbage", text: FUZZ },
    Page { name: "sim", summary: "seeded worlds: the relay mesh, the league", text: SIM },
    Page { name: "web", summary: "the app for browsers, ready to be embedded", text: WEB },
];

const DEMO: &str = "\
cargo xtask demo [arguments]

Runs `setup`, builds the pages and the program, and starts `countersign demo`, which explains each
step while it does it. At a terminal it ends by printing an address: log in there in a browser (the
code comes to the terminal), play a match, judge at an event, until Ctrl-C. `--open` comes to that at once, `--no-stay`
ends without. Arguments go on to `countersign demo`, for example `cargo xtask demo --help`; its exit
code comes back. The build is unoptimised except for the cryptography and SQLite: that is
ready soonest, and `cargo xtask test` uses the same artefacts.";

const TEST: &str = "\
cargo xtask test [filter]

Runs `setup`, builds the app for browsers (`cargo xtask web`), then `cargo test --workspace`, then
the JavaScript implementation in conformance/js with `node --test`, then the self-test of the
firmware as `cargo xtask emulate` does, then the app's own tests, most of them in a real Chromium.
A filter is a part of a test's name; it goes to all.
All tests run even when one fails. The last lines are the time and the counts.";

const EMULATE: &str = "\
cargo xtask emulate

Runs `setup`, builds firmware/selftest for the host and for riscv32imc, and runs both: the second
under Debian's QEMU, without an operating system, with a heap of 192 KiB and a painted stack. All
vectors, the handshake of a pair, a match over a bad radio, and losses of power: every part has to
come to the same bytes as on the host. Prints instructions, stack and heap of each part beside its
budget (xtask/src/emulate/budgets.rs); it fails when one is exceeded. `cargo xtask test` does it too.

The figures are exact and the same on every machine: QEMU counts instructions, and no time.";

const SETUP: &str = "\
cargo xtask setup [--check] [--bench]

Says what is missing, what it is for and which command brings it, then runs that command:
apt-get (through sudo unless you are root), npm and pip into target/tools, `rustup`.
When nothing is missing it takes well under a second. `demo`, `test` and `ci` begin with it.

  --check   only say it; the exit code is 1 when something is missing
  --bench   also what only `cargo xtask bench` needs

On a machine with systemd, Debian's packages of nginx, redis and webdis start a service of
their own. The project does not use those services: its tests start the programs themselves,
on free ports, with files of their own. `systemctl disable --now nginx redis-server webdis`
turns them off.";

const CI: &str = "\
cargo xtask ci [step]

Everything a change has to pass, in the order in which mistakes are cheapest to find. The
first failing step ends the run and says how to repeat it alone: `cargo xtask ci <step>`.
`.ci/run` does nothing else. The steps:

";

const TIDY: &str = "\
cargo xtask tidy

The rules of this project that neither rustc nor clippy can see. Each finding is a line
`file:line: what is wrong and what would be right`.

  layers      a crate depends only on the crates below it (table in xtask/src/tidy/layers.rs)
  manifests   lints and dependencies come from the workspace; folder and crate have one name
  checks      each check of docs/PROTOCOL.md has its anchor in the code and its test, and each
              anchor in the code is in the table; an anchor is a comment like `// [V4] …`, and
              in a doc comment it stands in backticks, or rustdoc takes it for a link
  faults      each row of the tables of faults in docs/league.md and docs/judging.md begins with its tests, and they are
              there
  files       at most 500 lines before the tests, no drawer names such as utils, no #[ignore]
  traces      no paths of one machine, no hosts of package registries
  duplicates  one version of each dependency, or a reason in deny.toml under [bans] skip";

const VECTORS: &str = "\
cargo xtask vectors [--check]

Runs the examples `vectors` of the crate `countersign` and `league_vectors` of
`countersign-league`, which write vectors/*.json. With --check they write into target/, and it
fails if anything differs from vectors/.";

const BENCH: &str = "\
cargo xtask bench [NAME-PREFIX]... [--json] [--quick] [--rounds N]

Runs the crate `countersign-bench` in release mode, with the peers that it is compared to, on
one core for the server and one for the load, in less than five minutes. Without a name it
measures everything. Groups: exchange, replay, store, league, mesh, server; `exchange.full_vs_jwt` is a single
id. --json prints an object keyed by id, --quick sees in a minute that everything runs.
docs/PERFORMANCE.md has the method, the ids and the last figures.";

const FIRMWARE: &str = "\
cargo xtask firmware [--reproduce]

Builds all images for the ESP32-C3 and C6 in target/firmware, adding what rustup lacks, and
prints what each takes of flash and RAM. It fails when one is beyond its budget
(xtask/src/firmware/images.rs). The first time takes some minutes.

  --reproduce   also builds them from a copy of the sources in another folder, and fails when
                a byte differs; this is what CI does";

const FUZZ: &str = "\
cargo xtask fuzz [target] [--seconds N]

Runs one fuzz target of fuzz/fuzz_targets, or each of them, for N seconds (60 if not said).
Needs cargo-fuzz: `cargo install cargo-fuzz --locked`. The toolchain can be stable.";

const SIM: &str = "\
cargo xtask sim mesh [--seeds A..B] [--nodes N]... [--policy P]... [--plot FILE]
cargo xtask sim mesh run [--seeds A..B] [--scenario S] [--policy P] [--nodes N] [--trace]
cargo xtask sim league [--seeds A..B] [--scenario S] [--trace]

Runs `countersign-sim`. The first form sends 300 votes through halls of 50, 100, 200 and 500
relays for each policy and seed (0..5 if not said; about a minute of CPU time per seed), and
prints delivery, latency, sends and collisions beside the design's figures; progress goes to
standard error. --plot writes the same as an SVG. The second runs days with droppers,
partitions, floods, clones, crashes and wrong clocks against a reference model; the third,
nights of the league. The same seed gives the same world, so a seed that fails can be replayed
with --seed N --trace.";

const WEB: &str = "\
cargo xtask web

Builds the app for browsers (web/, a workspace of its own) into target/web, prints the sizes, and
fails when the first load of a page is above its budget in web/pages.tsv. A program that is built
after it has the app embedded and serves it at `/`; one that was built before says there what to do.
docs/web.md has the decisions, the sizes and the tests.";

/// The names of all commands.
pub(crate) fn names() -> Vec<&'static str> {
    PAGES.iter().map(|page| page.name).collect()
}

/// What `cargo xtask` alone prints.
pub(crate) fn overview() -> String {
    let mut text = String::from(
        "The commands of the Countersign project.\n\n\
         Usage: cargo xtask <command> [arguments]\n\n",
    );
    for page in PAGES {
        text.push_str(&format!("  {:<8}  {}\n", page.name, page.summary));
    }
    text.push_str(
        "\nNew here? `cargo xtask demo`. Changing something? `cargo xtask test`, and before\n\
         you hand it in `cargo xtask ci`. `cargo xtask <command> --help` says more.",
    );
    text
}

/// Prints the page of a command, or the overview.
pub(crate) fn show(command: Option<&String>) -> Outcome {
    let Some(command) = command else {
        report::line(overview());
        return Ok(());
    };
    let page = PAGES.iter().find(|page| page.name == command).ok_or_else(|| {
        Failure::usage(format!(
            "There is no command `{command}`. The commands are: {}.",
            names().join(", ")
        ))
    })?;
    let steps = if page.name == "ci" { crate::ci::describe() } else { String::new() };
    report::line(format_args!("{}{steps}", page.text));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_that_shows_its_usage() {
        for page in PAGES {
            assert!(page.text.starts_with(&format!("cargo xtask {}", page.name)), "{}", page.name);
            assert!(overview().contains(page.summary), "{}", page.name);
        }
    }

    #[test]
    fn an_unknown_command_is_a_usage_error() {
        assert_eq!(show(Some(&"dmeo".to_owned())).unwrap_err().exit_code, 2);
    }
}
