//! `cargo xtask fuzz`: coverage-guided fuzzing of the parsers, on the stable toolchain.

use crate::failure::{Failure, Outcome};
use crate::run::{Run, find_program};
use crate::{report, workspace};

/// Long enough to find shallow mistakes, short enough for a coffee.
const SECONDS_PER_TARGET: u32 = 60;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    target: Option<String>,
    seconds: u32,
}

pub(crate) fn command(args: &[String]) -> Outcome {
    let wanted = parse(args)?;
    let targets = targets()?;
    let chosen: Vec<&String> = match &wanted.target {
        None => targets.iter().collect(),
        Some(name) => targets.iter().filter(|target| *target == name).collect(),
    };
    if chosen.is_empty() {
        return Err(Failure::usage(format!(
            "There is no such fuzz target. Those in fuzz/fuzz_targets are: {}.",
            if targets.is_empty() { "none yet".to_owned() } else { targets.join(", ") }
        )));
    }
    if find_program("cargo-fuzz").is_none() {
        return Err(Failure::new(
            "cargo-fuzz is not installed. Install it with `cargo install cargo-fuzz --locked` \
             (it needs a C++ compiler: `apt-get install g++`), then run this again.",
        ));
    }
    for target in chosen {
        report::step(format_args!("fuzz {target}, {} s", wanted.seconds));
        Run::cargo()
            .env("RUSTC_BOOTSTRAP", "1")
            .args(["fuzz", "run", target, "--"])
            .arg(&format!("-max_total_time={}", wanted.seconds))
            .run()?;
    }
    Ok(())
}

fn parse(args: &[String]) -> Result<Wanted, Failure> {
    let mut wanted = Wanted { target: None, seconds: SECONDS_PER_TARGET };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--seconds" {
            wanted.seconds = args
                .next()
                .and_then(|value| value.parse().ok())
                .ok_or_else(|| Failure::usage("`--seconds` needs a whole number of seconds."))?;
        } else if arg.starts_with('-') || wanted.target.is_some() {
            return Err(Failure::usage(format!(
                "`{arg}` is not understood. It is `cargo xtask fuzz [target] [--seconds N]`."
            )));
        } else {
            wanted.target = Some(arg.clone());
        }
    }
    Ok(wanted)
}

fn targets() -> Result<Vec<String>, Failure> {
    let folder = workspace::root().join("fuzz/fuzz_targets");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let files = workspace::files_below(&folder, &[".rs"])?;
    Ok(files.iter().filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn target_and_seconds_are_optional() {
        let all = Wanted { target: None, seconds: SECONDS_PER_TARGET };
        assert_eq!(parse(&[]).unwrap(), all);
        let one = Wanted { target: Some("request".to_owned()), seconds: 5 };
        assert_eq!(parse(&args("request --seconds 5")).unwrap(), one);
    }

    #[test]
    fn wrong_arguments_are_refused() {
        for line in ["--seconds", "--seconds soon", "a b", "--minutes 3"] {
            assert_eq!(parse(&args(line)).unwrap_err().exit_code, 2, "{line}");
        }
    }
}
