//! A match in one file, and its verification without any store.

use super::super::{OpsError, Output};
use super::LeagueError;
use super::checks;
use super::desk::Desk;
use super::evidence::checked;
use super::show::{change, score};
use countersign::{Frame, Realm, RecordHeader, RecordId, SigningKey, Timestamp, VerifyingKey};
use countersign_keys::disk::read_up_to;
use countersign_keys::{OnlineKeys, Utc};
use countersign_league::evidence::{DeviceCertificate, Stamp, seal};
use countersign_league::proof::{Export, Proof, ServerKeys, examine, signers};
use countersign_league::settlement::{Checked, KnownDevice};
use countersign_server::desk::game::{outcome, sentence, team};
use countersign_store::league::{Device, GameView, LeagueStore};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    let signers = signers(&checked.tickets, &[&evidence.receipt, &device]);
    let parts = Export {
        app: keys.realm().app().to_owned(),
        audience: keys.realm().audience().to_owned(),
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
    let online = OnlineKeys::load(&desk.data.join("keys"), keys.realm(), desk.now)?;
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
    seal(keys.realm(), &signer, stamp, &certificate).map_err(LeagueError::Certificate)
}

pub(super) fn verify(
    args: &VerifyArgs,
    json: bool,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<ExitCode, OpsError> {
    let file = read(&args.file)?;
    let keys = trust(args, &file)?;
    let (report, proof) = examine(&file, keys.as_ref().map_err(Clone::clone), now);
    let is_sound = report.is_sound();
    if json {
        let found = proof.as_ref().map(as_json);
        out.json(&json!({ "ok": is_sound, "checks": checks::as_json(&report), "match": found }))?;
    } else {
        checks::text(&report, out)?;
        match &proof {
            Some(proof) => text(proof, &file.audience, out)?,
            None => out.line("The file proves nothing; see above.")?,
        }
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The server's keys as the arguments make them believable. The outer error is a wrong argument.
fn trust(args: &VerifyArgs, file: &Export) -> Result<Result<ServerKeys, String>, LeagueError> {
    let roots = args.root.iter().map(|text| root(text)).collect::<Result<Vec<_>, _>>()?;
    let realm = match Realm::new(&file.app, &file.audience) {
        Ok(realm) => realm,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let Some(path) = &args.keyset else {
        return Ok(ServerKeys::open(realm, &roots, &file.sets).map_err(|e| e.to_string()));
    };
    let refused = |what: String| LeagueError::Keyset { path: path.clone(), what };
    let frame = read_up_to(path, Export::SET_MAX).map_err(|error| refused(error.to_string()))?;
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
fn text(proof: &Proof, audience: &str, out: &mut Output<'_>) -> Result<(), OpsError> {
    let (start, result) = (&proof.checked.start.value, &proof.checked.result.value);
    let receipt = &proof.receipt.value;
    let winner = winner(&proof.checked);
    out.line(format_args!("Match {} of {}", start.match_id, audience))?;
    out.line(format_args!("  device   {} {}", proof.device.serial, start.device))?;
    out.line(format_args!("  played   {} to {}", Utc(start.started), Utc(result.ended)))?;
    let (shown, how) = (score(result.score, winner), outcome(result.outcome));
    out.line(format_args!("  score    {shown}, {how}"))?;
    let (state, why) = (receipt.settlement.as_str(), sentence(receipt.reason));
    out.line(format_args!("  receipt  {state} at {}: {why}", Utc(proof.receipt.created)))?;
    let head = ["  ", "team", "player", "user", "sporting", "adjusted"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (ticket, (line, of)) in
        proof.checked.tickets.iter().zip(start.roster.iter().zip(&receipt.lines))
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

fn as_json(proof: &Proof) -> serde_json::Value {
    let (start, result) = (&proof.checked.start.value, &proof.checked.result.value);
    let receipt = &proof.receipt.value;
    let lines = proof.checked.tickets.iter().zip(start.roster.iter().zip(&receipt.lines));
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
        "result": proof.checked.result.digest.to_string(),
        "device": start.device.to_string(),
        "serial": proof.device.serial,
        "started_ms": start.started.as_millis(),
        "ended_ms": result.ended.as_millis(),
        "score": result.score,
        "winner": winner(&proof.checked).map(team),
        "state": receipt.settlement.as_str(),
        "reason": receipt.reason,
        "settled_ms": proof.receipt.created.as_millis(),
        "lines": lines.collect::<Vec<_>>(),
    })
}
/// Who won by the device's word.
fn winner(checked: &Checked) -> Option<countersign_league::Team> {
    super::ruling::winner(&checked.result.value, checked.result.value.score)
}

fn read(path: &Path) -> Result<Export, LeagueError> {
    let refused = |what: String| LeagueError::Export { path: path.to_owned(), what };
    let file = read_up_to(path, Export::MAX).map_err(|error| refused(error.to_string()))?;
    let file = file.ok_or_else(|| refused("there is no such file".to_owned()))?;
    Export::decode(&file.content).map_err(|error| refused(error.to_string()))
}
