//! `sign`: frames without sending them, right ones and wrong ones.

mod draft;
mod keyset;

use super::connection::ProfileArgs;
use super::failure::Failure;
use super::{input, show};
use crate::output;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand, ValueEnum};
use countersign::register::code_hash;
use countersign::{
    Epoch, LoginId, Payload, RecordDigest, RecordHeader, RecordId, RequestId, SessionId, Signer,
    SigningKey,
};
use countersign_client::{Clock, State, SystemClock, login, random};
use draft::{Context, Draft};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

#[derive(Debug, Subcommand)]
pub(crate) enum Sign {
    /// A request (kind 1)
    Request(Request),
    /// A record (kind 4)
    Record(Record),
    /// A registration of a new key (kind 6)
    Register(Register),
    /// A key set (kind 5), from JSON, signed by a root
    Keyset(keyset::KeysetArgs),
}

/// Who signs, for whom, and where the frame goes.
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// File with the key's seed: 32 bytes, or 64 hexadecimal digits [default: the profile's key]
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
    /// Application part of the realm [default: the profile's]
    #[arg(long)]
    app: Option<String>,
    /// Audience part of the realm [default: the profile's]
    #[arg(long)]
    audience: Option<String>,
    /// Overrides a field; may be given often
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// [default: raw into a file, hex to standard output]
    #[arg(long, value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    profile: ProfileArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// The bytes
    Raw,
    /// Hexadecimal
    Hex,
    /// base64url without padding
    Base64url,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign sign request --type match.submit --data '{\"match\":7}' --out request.frame
  countersign sign request --type a --set payload_hash=hex:00 --seed-file seed.hex --app league --audience x --session …")]
pub(crate) struct Request {
    /// Message type
    #[arg(long = "type", value_name = "TYPE")]
    message_type: String,
    /// Payload: text, @file, or - for standard input
    #[arg(long, short, default_value = "", value_name = "TEXT|@FILE|-")]
    data: String,
    /// Send the payload as chunks of this size with a manifest
    #[arg(long, value_name = "BYTES")]
    chunk_size: Option<u32>,
    /// Session [default: the profile's]
    #[arg(long, value_name = "HEX")]
    session: Option<SessionId>,
    /// Milliseconds since 1970 [default: now, by the server's clock as far as it is known]
    #[arg(long, value_name = "MS")]
    timestamp: Option<u64>,
    /// [default: random]
    #[arg(long, value_name = "HEX")]
    request_id: Option<RequestId>,
    /// [default: the profile's last one, or none]
    #[arg(long, value_name = "HEX")]
    epoch: Option<Epoch>,
    #[command(flatten)]
    sign: SignArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  countersign sign record --type vote --data yes --out vote.frame && countersign record submit --frame vote.frame")]
pub(crate) struct Record {
    /// Record type
    #[arg(long = "type", value_name = "TYPE")]
    record_type: String,
    /// Payload: text, @file, or - for standard input
    #[arg(long, short, default_value = "", value_name = "TEXT|@FILE|-")]
    data: String,
    /// [default: random]
    #[arg(long, value_name = "HEX")]
    id: Option<RecordId>,
    /// Milliseconds since 1970 [default: now]
    #[arg(long, value_name = "MS")]
    created: Option<u64>,
    /// Digest of the signer's previous record [default: none]
    #[arg(long, value_name = "HEX")]
    previous: Option<RecordDigest>,
    #[command(flatten)]
    sign: SignArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  countersign sign register --login-id 10… --address ana@example.org --code 7K3M9QXA --seed-file new.seed \\
      --app league --audience league.example.org")]
pub(crate) struct Register {
    /// The login
    #[arg(long, value_name = "HEX")]
    login_id: LoginId,
    /// The address as the server normalised it
    #[arg(long)]
    address: String,
    /// The code
    #[arg(long)]
    code: String,
    /// Name of the device
    #[arg(long, default_value = "countersign client")]
    name: String,
    /// Milliseconds since 1970 [default: now]
    #[arg(long, value_name = "MS")]
    timestamp: Option<u64>,
    /// [default: random]
    #[arg(long, value_name = "HEX")]
    request_id: Option<RequestId>,
    #[command(flatten)]
    sign: SignArgs,
}

impl Sign {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Request(command) => {
                let materials = command.sign.materials()?;
                materials.write(command.draft(&materials)?, &command.sign)
            }
            Self::Record(command) => {
                let materials = command.sign.materials()?;
                materials.write(command.draft(&materials)?, &command.sign)
            }
            Self::Register(command) => {
                let materials = command.sign.materials()?;
                materials.write(command.draft(&materials)?, &command.sign)
            }
            Self::Keyset(command) => {
                let materials = command.sign.materials()?;
                materials.write(command.draft(&materials)?, &command.sign)
            }
        }
    }
}

/// What a frame is made with.
struct Materials {
    key: SigningKey,
    app: String,
    audience: String,
    state: Option<State>,
}

impl SignArgs {
    /// From the command line, and what is not given there from the profile.
    fn materials(&self) -> Result<Materials, Failure> {
        let profile = self.profile.open();
        let loaded = profile.and_then(|profile| Ok((profile.load()?, profile)));
        let given = self.seed_file.is_some() && self.app.is_some() && self.audience.is_some();
        let (state, profile) = match loaded {
            Ok((state, profile)) => (Some(state), Some(profile)),
            // Without a profile everything has to be given.
            Err(_) if given => (None, None),
            Err(failure) => return Err(failure),
        };
        let session = state.as_ref().and_then(|state| state.session.as_ref());
        let key = match (&self.seed_file, session, profile) {
            (Some(path), _, _) => seed(path)?,
            (None, Some(session), Some(profile)) => profile.key_store().get(session.key_place)?,
            (None, _, _) => {
                return Err(Failure::usage("there is no key; log in, or give --seed-file"));
            }
        };
        let realm = state.as_ref().map(|state| state.trust.realm());
        let part = |given: &Option<String>, own: Option<&str>| {
            let part = given.clone().or_else(|| own.map(str::to_owned));
            part.ok_or_else(|| Failure::usage("the realm is not known; give --app and --audience"))
        };
        let app = part(&self.app, realm.map(countersign::Realm::app))?;
        let audience = part(&self.audience, realm.map(countersign::Realm::audience))?;
        Ok(Materials { key, app, audience, state })
    }
}

impl Materials {
    fn write(&self, mut draft: Draft, args: &SignArgs) -> Result<(), Failure> {
        for assignment in &args.set {
            draft.set(assignment).map_err(Failure::usage)?;
        }
        let context = Context { app: &self.app, audience: &self.audience, key: &self.key };
        let frame = draft.sign(&context);
        let default = if args.out.is_some() { Format::Raw } else { Format::Hex };
        let text = match args.format.unwrap_or(default) {
            Format::Raw => None,
            Format::Hex => Some(hex::encode(&frame)),
            Format::Base64url => Some(URL_SAFE_NO_PAD.encode(&frame)),
        };
        match (&args.out, text) {
            (Some(path), text) => {
                show::to_file(path, text.map_or(frame, String::into_bytes).as_slice())?
            }
            (None, Some(text)) => output::line(&text),
            (None, None) => show::raw(&frame),
        }
        Ok(())
    }

    /// The server's time as far as this profile knows it.
    fn now(&self) -> u64 {
        let session = self.state.as_ref().and_then(|state| state.session.as_ref());
        let offset = session.and_then(|session| session.offset_ms).unwrap_or(0);
        SystemClock::start().read().wall.as_millis().saturating_add_signed(offset)
    }
}

impl Request {
    fn draft(&self, materials: &Materials) -> Result<Draft, Failure> {
        let own = materials.state.as_ref().and_then(|state| state.session.as_ref());
        let session = self.session.or_else(|| Some(own?.session_id));
        let session = session.ok_or_else(|| Failure::usage("which session? Give --session"))?;
        let epoch = self.epoch.or_else(|| Some(own?.epoch)).unwrap_or(Epoch::NONE);
        let request_id = given_or_random(self.request_id.map(|id| *id.as_bytes()))?;
        let data = input::payload(&self.data)?;
        let payload = match self.chunk_size {
            None => Payload::whole(data),
            Some(size) => Payload::chunked(&data, size).ok_or_else(|| {
                Failure::usage("this payload cannot be cut into chunks of that size")
            })?,
        };
        let (hash, flags) = (payload.hash(), payload.flags());
        Ok(Draft::new("request", 1, flags.bits(), payload.into_bytes())
            .hex("session_id", session.as_bytes())
            .number("timestamp_ms", 8, self.timestamp.unwrap_or_else(|| materials.now()))
            .hex("request_id", &request_id)
            .hex("epoch", epoch.as_bytes())
            .manifest_hash(hash.as_bytes())
            .text("message_type", &self.message_type))
    }
}

impl Record {
    fn draft(&self, materials: &Materials) -> Result<Draft, Failure> {
        let id = given_or_random(self.id.map(|id| *id.as_bytes()))?;
        let signer = materials.key.verifying_key().fingerprint();
        let previous = self.previous.unwrap_or(RecordHeader::FIRST);
        Ok(Draft::new("record", 4, 0, input::payload(&self.data)?)
            .hex("record_id", &id)
            .number("created_ms", 8, self.created.unwrap_or_else(|| materials.now()))
            .hex("signer_fp", signer.as_bytes())
            .hex("prev_hash", previous.as_bytes())
            .payload_hash()
            .text("record_type", &self.record_type))
    }
}

impl Register {
    fn draft(&self, materials: &Materials) -> Result<Draft, Failure> {
        let code = login::normalise(&self.code);
        let payload = serde_json::json!({
            "code": code, "name": self.name, "platform": std::env::consts::OS
        });
        let request_id = given_or_random(self.request_id.map(|id| *id.as_bytes()))?;
        Ok(Draft::new("register", 6, 0, payload.to_string().into_bytes())
            .hex("login_id", self.login_id.as_bytes())
            .number("timestamp_ms", 8, self.timestamp.unwrap_or_else(|| materials.now()))
            .hex("request_id", &request_id)
            .number("alg", 1, countersign::key::ALG_ED25519.into())
            .prefixed("pk", materials.key.verifying_key().as_bytes())
            .text("address", &self.address)
            .hex("code_hash", &code_hash(&code))
            .payload_hash())
    }
}

fn given_or_random<const N: usize>(given: Option<[u8; N]>) -> Result<[u8; N], Failure> {
    Ok(match given {
        Some(bytes) => bytes,
        None => random()?,
    })
}

/// A seed file. Errors never repeat what it holds.
fn seed(path: &Path) -> Result<SigningKey, Failure> {
    let bytes = Zeroizing::new(input::file(path)?);
    let mut seed = Zeroizing::new([0; 32]);
    let text = Zeroizing::new(bytes.trim_ascii().to_vec());
    if hex::decode_to_slice(text.as_slice(), seed.as_mut_slice()).is_err() {
        let wrong = || {
            Failure::usage(format!(
                "{} is no seed: 32 bytes, or 64 hexadecimal digits",
                path.display()
            ))
        };
        let raw: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| wrong())?;
        seed.copy_from_slice(raw);
    }
    Ok(SigningKey::from_seed(&seed))
}

#[cfg(test)]
mod tests;
