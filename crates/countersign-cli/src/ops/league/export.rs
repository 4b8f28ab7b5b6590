//! A match in one file, and its verification without any store.
//!
//! `"CSX1" ‖ LP8 app ‖ LP8 audience ‖ u8 n ‖ n × LP16 key set ‖ LP16 league.device ‖ u32 length ‖ bundle ‖ LP16 receipt`.
//! Nothing in it is believed but what a root vouches for: root, key set, device certificate, match.

use super::super::{OpsError, Output};
use super::LeagueError;
use super::checks::{self, Report};
use super::desk::Desk;
use super::evidence::checked;
use super::keys::ServerKeys;
use super::show::{change, score};
use countersign::wire::{Reader, put_lp8};
use countersign::{
    Frame, Malformed, Realm, RecordHeader, RecordId, SigningKey, Timestamp, VerifyingKey,
};
use countersign_keys::disk::read_up_to;
use countersign_keys::{OnlineKeys, Utc};
use countersign_league::evidence::{
    Artefact, Bundle, DeviceCertificate, MatchReceipt, Signed, Stamp, seal,
};
use countersign_league::settlement::{Checked, KnownDevice};
use countersign_server::desk::game::{outcome, sentence, team};
use countersign_store::league::{Device, GameView, LeagueStore};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const MAGIC: [u8; 4] = *b"CSX1";
/// Most key sets in a file.
const SETS_MAX: usize = 16;
/// Most bytes of a key set, which has 16 keys at most.
const SET_MAX: usize = 4_096;
/// Longer files are not read.
const FILE_MAX: usize = 1_024
    + SETS_MAX * (SET_MAX + 2)
    + DeviceCertificate::MAX_FRAME
    + Bundle::MAX
    + MatchReceipt::MAX_FRAME;

/// Arguments of `league verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Needs no database and no network. Give the root key that you got from the operator, or from a client's program; \
several, if the root has changed since. Or give a key set that you trust already, such as the keyset.bin of a device.

What passed is evidence: these players played this match on this device, and the league settled it so on that day. \
What an operator has ruled since is not in the file. Nor does it know whether a server key was revoked after it was written: \
for that, give today's key set with --keyset.

Examples:
  countersign league verify match.csx --root 8139770e…f9b394
  countersign league verify match.csx --keyset keyset.bin --json")]
pub(super) struct VerifyArgs {
    /// What `league match export` wrote
    file: PathBuf,
    /// Public half of a root key, 64 hexadecimal digits
    #[arg(long, value_name = "KEY", required_unless_present = "keyset")]
    root: Vec<String>,
    /// A key set, in place of those in the file
    #[arg(long, value_name = "FILE")]
    keyset: Option<PathBuf>,
}

/// The parts of a file; nothing is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    app: String,
    audience: String,
    sets: Vec<Vec<u8>>,
    device: Vec<u8>,
    bundle: Vec<u8>,
    receipt: Vec<u8>,
}

pub(super) fn export(
    view: &GameView,
    file: &Path,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let id = view.game.match_id;
    let keys = desk.keys()?;
    let evidence = view.evidence.first().ok_or(LeagueError::NoMatch(id))?;
    let checked = checked(view, &keys, desk)?;
    let unknown = || LeagueError::NoDevice(view.game.device.to_string());
    let device = super::super::data::wait(desk.store.find_device(view.game.device))?;
    let device = certificate(&device.ok_or_else(unknown)?, &keys, desk)?;
    let signers = checks::signers(&checked.tickets, &[&evidence.receipt, &device]);
    let parts = Parts {
        app: keys.realm.app().to_owned(),
        audience: keys.realm.audience().to_owned(),
        sets: keys.frames(&signers),
        device,
        bundle: evidence.bundle.clone(),
        receipt: evidence.receipt.clone(),
    };
    let bytes = parts.encode();
    let mut to = std::fs::File::create_new(file).map_err(OpsError::file(file, "written"))?;
    to.write_all(&bytes).map_err(OpsError::file(file, "written"))?;
    if desk.json {
        let (file, bytes) = (file.display().to_string(), bytes.len());
        return Ok(out.json(&json!({ "match": id.to_string(), "file": file, "bytes": bytes }))?);
    }
    let (file, bytes) = (file.display(), bytes.len());
    out.line(format_args!("{file} holds match {id}, {bytes} bytes."))?;
    out.line(format_args!("Anybody can check it: countersign league verify {file} --root KEY"))?;
    Ok(())
}

/// The device's keys, certified now. It has expired when it is made, so that no phone ever believes it.
fn certificate(
    device: &Device,
    keys: &ServerKeys,
    desk: &Desk<'_>,
) -> Result<Vec<u8>, LeagueError> {
    let online = OnlineKeys::load(&desk.data.join("keys"), &keys.realm, desk.now)?;
    let signer = SigningKey::from_seed(&online.signing.seed);
    let known = super::keys::known(device);
    let known = known.ok_or_else(|| LeagueError::NoDevice(device.pair.device.to_string()))?;
    let KnownDevice { device: id, master, slave, status, max_players } = known;
    let (serial, mark) = (device.pair.serial.clone(), device.pair.mark.clone());
    let (host, expires) = (String::new(), desk.now);
    let certificate = DeviceCertificate {
        device: id,
        master,
        slave,
        status,
        max_players,
        serial,
        mark,
        host,
        expires,
    };
    let id = RecordId::from_bytes(countersign_server::random::bytes()?);
    let stamp = Stamp { id, created: desk.now, previous: RecordHeader::FIRST };
    seal(&keys.realm, &signer, stamp, &certificate).map_err(LeagueError::Certificate)
}

pub(super) fn verify(
    args: &VerifyArgs,
    json: bool,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<ExitCode, OpsError> {
    let parts = Parts::read(&args.file)?;
    let (report, found) = match trust(args, &parts)? {
        Ok(keys) => examine(&parts, &keys, now),
        Err(why) => {
            let mut report = Report::default();
            report.then("keys", KEYS, || Err(why));
            (report, None)
        }
    };
    let is_sound = report.is_sound();
    if json {
        let found = found.as_ref().filter(|_| is_sound).map(Found::as_json);
        out.json(&json!({ "ok": is_sound, "checks": report.as_json(), "match": found }))?;
    } else {
        report.text(out)?;
        match found.filter(|_| is_sound) {
            Some(found) => found.text(&parts, out)?,
            None => out.line("The file proves nothing; see above.")?,
        }
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const KEYS: &str = "a root that you trust signed the server's keys";

/// The server's keys as the arguments make them believable. The outer error is a wrong argument.
fn trust(args: &VerifyArgs, parts: &Parts) -> Result<Result<ServerKeys, String>, LeagueError> {
    let roots = args.root.iter().map(|text| root(text)).collect::<Result<Vec<_>, _>>()?;
    let realm = match Realm::new(&parts.app, &parts.audience) {
        Ok(realm) => realm,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let Some(path) = &args.keyset else {
        return Ok(ServerKeys::open(realm, &roots, &parts.sets).map_err(|e| e.to_string()));
    };
    let refused = |what: String| LeagueError::Keyset { path: path.clone(), what };
    let frame = read_up_to(path, SET_MAX).map_err(|error| refused(error.to_string()))?;
    let frame = frame.ok_or_else(|| refused("there is no such file".to_owned()))?;
    let frame = frame.content.to_vec();
    let header = Frame::split(&frame).map_err(|error| refused(error.to_string()))?.header;
    let content =
        countersign::keyset::decode(header).map_err(|error| refused(error.to_string()))?;
    let roots = if roots.is_empty() { content.0.roots } else { roots };
    Ok(ServerKeys::open(realm, &roots, &[frame]).map_err(|error| error.to_string()))
}

fn root(text: &str) -> Result<VerifyingKey, LeagueError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| LeagueError::RootKey)?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| LeagueError::RootKey)
}

/// What a file proves.
struct Found {
    device: DeviceCertificate,
    checked: Checked,
    receipt: Signed<MatchReceipt>,
}

fn examine(parts: &Parts, keys: &ServerKeys, now: Timestamp) -> (Report, Option<Found>) {
    let device = checks::signed::<DeviceCertificate>(&parts.device, keys);
    let known = device.as_ref().ok().map(|signed| KnownDevice {
        device: signed.value.device,
        master: signed.value.master.clone(),
        slave: signed.value.slave.clone(),
        status: signed.value.status,
        max_players: signed.value.max_players,
    });
    let mut report = Report::default();
    report.then("keys", KEYS, || Ok(()));
    report.then("device", "the server signed for the keys of the device", || {
        device.as_ref().map(drop).map_err(Clone::clone)
    });
    let game = Report::game::<core::convert::Infallible>(
        &parts.bundle,
        keys,
        |master| Ok(known.filter(|known| *known.master.fingerprint() == master)),
        now,
    );
    let checked = match game {
        Ok((game, checked)) => {
            report.join(game);
            checked
        }
        Err(never) => match never {},
    };
    let receipt = checked.as_ref().map(|checked| checks::receipt(&parts.receipt, checked, keys));
    report.then("receipt", "the server signed a receipt of this result", || match &receipt {
        Some(receipt) => receipt.as_ref().map(drop).map_err(Clone::clone),
        None => Err("there is no result".to_owned()),
    });
    let found = match (device, checked, receipt) {
        (Ok(device), Some(checked), Some(Ok(receipt))) => {
            Some(Found { device: device.value, checked, receipt })
        }
        (_, _, _) => None,
    };
    (report, found)
}

impl Found {
    fn text(&self, parts: &Parts, out: &mut Output<'_>) -> Result<(), OpsError> {
        let (start, result) = (&self.checked.start.value, &self.checked.result.value);
        let receipt = &self.receipt.value;
        let winner = winner(&self.checked);
        out.line(format_args!("Match {} of {}", start.match_id, parts.audience))?;
        out.line(format_args!("  device   {} {}", self.device.serial, start.device))?;
        out.line(format_args!("  played   {} to {}", Utc(start.started), Utc(result.ended)))?;
        let (shown, how) = (score(result.score, winner), outcome(result.outcome));
        out.line(format_args!("  score    {shown}, {how}"))?;
        let (state, why) = (receipt.settlement.as_str(), sentence(receipt.reason));
        out.line(format_args!("  receipt  {state} at {}: {why}", Utc(self.receipt.created)))?;
        let head = ["  ", "team", "player", "user", "sporting", "adjusted"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for (ticket, (line, of)) in
            self.checked.tickets.iter().zip(start.roster.iter().zip(&receipt.lines))
        {
            rows.push(vec![
                "  ".to_owned(),
                team(line.team).to_owned(),
                ticket.value.name.clone(),
                line.user.to_string(),
                change(of.sporting.into()),
                change(of.adjustment.into()),
            ]);
        }
        Ok(out.table(&rows)?)
    }

    fn as_json(&self) -> serde_json::Value {
        let (start, result) = (&self.checked.start.value, &self.checked.result.value);
        let receipt = &self.receipt.value;
        let lines = self.checked.tickets.iter().zip(start.roster.iter().zip(&receipt.lines));
        let lines = lines.map(|(ticket, (line, of))| {
            json!({
                "user": line.user.to_string(),
                "name": ticket.value.name,
                "team": team(line.team),
                "sporting": of.sporting,
                "adjustment": of.adjustment,
            })
        });
        json!({
            "match": start.match_id.to_string(),
            "result": self.checked.result.digest.to_string(),
            "device": start.device.to_string(),
            "serial": self.device.serial,
            "started_ms": start.started.as_millis(),
            "ended_ms": result.ended.as_millis(),
            "score": result.score,
            "winner": winner(&self.checked).map(team),
            "state": receipt.settlement.as_str(),
            "reason": receipt.reason,
            "settled_ms": self.receipt.created.as_millis(),
            "lines": lines.collect::<Vec<_>>(),
        })
    }
}

/// Who won by the device's word.
fn winner(checked: &Checked) -> Option<countersign_league::Team> {
    super::ruling::winner(&checked.result.value, checked.result.value.score)
}

impl Parts {
    fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_lp8(&mut out, self.app.as_bytes());
        put_lp8(&mut out, self.audience.as_bytes());
        out.push(self.sets.len().min(SETS_MAX) as u8);
        self.sets.iter().take(SETS_MAX).for_each(|set| put(&mut out, set));
        put(&mut out, &self.device);
        out.extend_from_slice(&(self.bundle.len() as u32).to_be_bytes());
        out.extend_from_slice(&self.bundle);
        put(&mut out, &self.receipt);
        out
    }

    fn read(path: &Path) -> Result<Self, LeagueError> {
        let refused = |what: String| LeagueError::Export { path: path.to_owned(), what };
        let file = read_up_to(path, FILE_MAX).map_err(|error| refused(error.to_string()))?;
        let file = file.ok_or_else(|| refused("there is no such file".to_owned()))?;
        Self::decode(&file.content).map_err(|error| refused(error.to_string()))
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.array()? != MAGIC {
            return Err(Malformed::Range);
        }
        let app = text(reader.lp8()?)?;
        let audience = text(reader.lp8()?)?;
        let count = usize::from(reader.u8()?);
        if count == 0 || count > SETS_MAX {
            return Err(Malformed::Range);
        }
        let sets = (0..count).map(|_| take(&mut reader, SET_MAX)).collect::<Result<_, _>>()?;
        let device = take(&mut reader, DeviceCertificate::MAX_FRAME)?;
        let length = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        if length > Bundle::MAX {
            return Err(Malformed::Range);
        }
        let bundle = reader.slice(length)?.to_vec();
        let receipt = take(&mut reader, MatchReceipt::MAX_FRAME)?;
        reader.finish()?;
        Ok(Self { app, audience, sets, device, bundle, receipt })
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn take(reader: &mut Reader<'_>, max: usize) -> Result<Vec<u8>, Malformed> {
    let length = usize::from(reader.u16()?);
    match length <= max {
        true => reader.slice(length).map(<[u8]>::to_vec),
        false => Err(Malformed::Range),
    }
}

fn text(bytes: &[u8]) -> Result<String, Malformed> {
    core::str::from_utf8(bytes).map(Into::into).map_err(|_| Malformed::Range)
}
