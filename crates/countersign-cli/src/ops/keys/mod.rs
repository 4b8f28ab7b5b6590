//! `countersign keys`: from the first key to a new root.

mod pins;
mod show;
mod step;

use super::{OpsError, Output, span};
use countersign::{Realm, Signer, SigningKey, Timestamp};
use countersign_keys::folder::{KeyFolder, read_realm, root_path};
use countersign_keys::{InitOptions, KeyFileError, Role, Unsigned, init, key_file};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) use pins::of_certificate as pin_of_certificate;

/// Arguments of `keys`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A root key signs the key set; clients have its public half built in, so it outlives every server. Online keys \
sign answers; they are replaced whenever you like. An online key goes through

  prepare -> activate -> retire           a planned change
  taint, or revoke                        it was stolen

Once, on the server; then take the root away:
  countersign keys init --app league --audience league.example.org
  mv countersign-data/keys/root.key /media/stick/

Once a year, a new online key:
  countersign keys prepare --root /media/stick/root.key
  countersign keys activate 1f2e3d4c --root /media/stick/root.key

Twice a year, a new expiry:
  countersign keys renew --root /media/stick/root.key

A stolen online key, replaced in one step by a fresh one:
  countersign keys prepare --starts-in 0s --root /media/stick/root.key
  countersign keys revoke 1f2e3d4c --replace-with 99aabbcc --root /media/stick/root.key

The same when the root must never come near the server:
  server$  countersign keys export-unsigned next.txt activate 1f2e3d4c
  offline$ countersign keys sign next.txt                 shows what would be signed
  offline$ countersign keys sign next.txt --root root.key --out next.frame
  server$  countersign keys install next.frame

A running server reads the keys again on SIGHUP: systemctl reload countersign, or kill -HUP <pid>.")]
pub(crate) struct KeysArgs {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: KeysCommand,
}

/// Which keys.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Place {
    /// The folder of the keys
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "countersign-data/keys",
        env = "COUNTERSIGN_KEYS"
    )]
    dir: PathBuf,
    /// File of the root key [default: root.key in the folder of the keys]
    #[arg(long, global = true, value_name = "FILE")]
    root: Option<PathBuf>,
    /// The application, part of every signature; known after `init`
    #[arg(long, global = true, value_name = "NAME")]
    app: Option<String>,
    /// The realm, part of every signature, like league.example.org; known after `init`
    #[arg(long, global = true, value_name = "NAME")]
    audience: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum KeysCommand {
    /// Make a root, a first online key and a first key set
    Init(InitArgs),
    /// Show the key set, and what needs attention
    Show {
        /// As JSON; times in milliseconds since 1970
        #[arg(long)]
        json: bool,
    },
    #[command(flatten)]
    Step(step::Step),
    /// Write what a step would sign to a file, for a root that is elsewhere
    #[command(after_help = "Example: countersign keys export-unsigned next.txt renew --life 180d")]
    ExportUnsigned {
        /// The file to write
        out: PathBuf,
        #[command(subcommand)]
        step: step::Step,
    },
    /// Show what an exported file would make clients believe; sign it with --out
    Sign {
        /// What `export-unsigned` wrote
        unsigned: PathBuf,
        /// Sign, and write the signed set to this file
        #[arg(long, value_name = "FILE", requires = "root")]
        out: Option<PathBuf>,
    },
    /// Make a signed set the current one
    Install {
        /// What `sign` wrote
        frame: PathBuf,
    },
    /// Make another root key, for `change-root`
    #[command(after_help = "Run it where the root will stay, not on the server.")]
    NewRoot {
        /// The file to write
        file: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
With --root, the root key is made in that file (or taken from it) and never touches the folder.

Example: countersign keys init --app league --audience league.example.org --root /media/stick/root.key")]
struct InitArgs {
    /// How long the first online key may sign
    #[arg(long, value_name = "SPAN", default_value = "365d", value_parser = span::parse)]
    online_life: Duration,
    /// After how long clients refuse the set unless it was renewed
    #[arg(long, value_name = "SPAN", default_value = "180d", value_parser = span::parse)]
    keyset_life: Duration,
    /// Lowest protocol version that clients may speak
    #[arg(long, value_name = "N", default_value_t = 1)]
    min_protocol: u8,
    /// SHA-256 of a TLS key's SubjectPublicKeyInfo; none, or at least two
    #[arg(long = "pin", value_name = "HEX", value_parser = pins::parse)]
    pins: Vec<pins::Pin>,
}

pub(super) fn run(args: &KeysArgs, now: Timestamp, out: &mut Output<'_>) -> Result<(), OpsError> {
    let place = &args.place;
    match &args.command {
        KeysCommand::Init(args) => make(place, args, now, out),
        KeysCommand::Show { json: true } => show::json(&place.dir, &place.realm()?, now, out),
        KeysCommand::Show { json: false } => show::text(&place.dir, &place.realm()?, now, out),
        KeysCommand::Step(step) => perform(place, step, now, out),
        KeysCommand::ExportUnsigned { out: file, step } => export(place, step, file, now, out),
        KeysCommand::Sign { unsigned, out: file } => sign(place, unsigned, file.as_deref(), out),
        KeysCommand::Install { frame } => install(place, frame, now, out),
        KeysCommand::NewRoot { file } => new_root(file, out),
    }
}

impl Place {
    /// Named by the flags, or by the folder.
    fn realm(&self) -> Result<Realm, OpsError> {
        let unknown = || OpsError::RealmUnknown(self.dir.clone());
        let (app, audience) = match (&self.app, &self.audience, read_realm(&self.dir)?) {
            (Some(app), Some(audience), _) => (app.clone(), audience.clone()),
            (app, audience, Some(found)) => (
                app.clone().unwrap_or_else(|| found.app().into()),
                audience.clone().unwrap_or_else(|| found.audience().into()),
            ),
            (_, _, None) => return Err(unknown()),
        };
        Ok(Realm::new(&app, &audience)?)
    }

    fn open(&self) -> Result<KeyFolder, OpsError> {
        Ok(KeyFolder::open(&self.dir, &self.realm()?)?)
    }

    fn root(&self) -> Result<SigningKey, OpsError> {
        let path = self.root.clone().unwrap_or_else(|| root_path(&self.dir));
        match key_file::read(&path, Role::Root) {
            Err(KeyFileError::Missing { .. }) if self.root.is_none() => {
                Err(OpsError::RootElsewhere(self.dir.clone()))
            }
            other => Ok(other?),
        }
    }
}

fn make(
    place: &Place,
    args: &InitArgs,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let realm = place.realm()?;
    let options = InitOptions {
        online_life: args.online_life,
        keyset_life: args.keyset_life,
        min_protocol: args.min_protocol,
        pins: args.pins.clone(),
        root: place.root.clone(),
        ..InitOptions::default()
    };
    let made = init(&place.dir, &realm, now, &options)?;
    out.line(format_args!("Clients embed this root key:  {}", hex::encode(made.root.as_bytes())))?;
    out.line(format_args!("Its private half is in        {}", made.root_path.display()))?;
    out.line(format_args!(
        "Online key {} signs answers; version 1 of the key set is in {}.",
        made.online.fingerprint().server_key_id(),
        place.dir.display()
    ))?;
    if place.root.is_none() {
        out.line("Move the root key to two offline media before anybody relies on this server.")?;
    }
    Ok(())
}

fn perform(
    place: &Place,
    step: &step::Step,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let root = place.root()?;
    let mut folder = place.open()?;
    folder.check_root(root.verifying_key())?;
    let next = step::plan(&mut folder, step, now, out)?;
    folder.sign_and_install(next, &root, now)?;
    done(&folder, out)
}

fn export(
    place: &Place,
    step: &step::Step,
    file: &Path,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let mut folder = place.open()?;
    let next = step::plan(&mut folder, step, now, out)?;
    let unsigned = folder.export(next);
    std::fs::write(file, unsigned.to_string()).map_err(OpsError::file(file, "written"))?;
    out.line(format_args!(
        "Nothing is changed yet. Where the root is: countersign keys sign {} --root FILE --out next.frame; \
         then here: countersign keys install next.frame",
        file.display()
    ))?;
    Ok(())
}

fn sign(
    place: &Place,
    unsigned: &Path,
    file: Option<&Path>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let text = std::fs::read_to_string(unsigned).map_err(OpsError::file(unsigned, "read"))?;
    let unsigned = Unsigned::parse(&text)?;
    show::content(&unsigned.realm, &unsigned.content, out)?;
    match file {
        Some(file) => {
            let frame = unsigned.sign(&place.root()?)?;
            std::fs::write(file, frame).map_err(OpsError::file(file, "written"))?;
            out.line(format_args!("Signed: {}", file.display()))?;
        }
        None => out.line("Not signed. If this is what you want: add --root FILE --out FILE.")?,
    }
    Ok(())
}

fn install(
    place: &Place,
    frame: &Path,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let frame = std::fs::read(frame).map_err(OpsError::file(frame, "read"))?;
    let mut folder = place.open()?;
    folder.install(&frame, now)?;
    done(&folder, out)
}

fn new_root(file: &Path, out: &mut Output<'_>) -> Result<(), OpsError> {
    let root = key_file::generate()?;
    key_file::write_new(file, Role::Root, &root)?;
    out.line(format_args!("Public half:  {}", hex::encode(root.verifying_key().as_bytes())))?;
    out.line(
        "Give it to `countersign keys change-root`, and to the next release of your clients.",
    )?;
    Ok(())
}

fn done(folder: &KeyFolder, out: &mut Output<'_>) -> Result<(), OpsError> {
    let version = folder.content().version;
    out.line(format_args!("Version {version} of the key set is in place."))?;
    out.line("Tell a running server to read it: kill -HUP <pid>.")?;
    Ok(())
}
