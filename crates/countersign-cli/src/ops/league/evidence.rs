//! The stored evidence of a match, checked as if it had just arrived.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::LeagueError;
use super::checks;
use super::desk::Desk;
use super::keys::{known, rules};
use countersign::Fingerprint;
use countersign_league::proof::{Report, ServerKeys, receipt};
use countersign_league::settlement::{Checked, Context, Reason, check, read};
use countersign_store::league::{EvidenceView, GameView, LeagueStore};
use serde_json::json;
use std::process::ExitCode;

pub(super) fn verify(
    view: &GameView,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<ExitCode, OpsError> {
    let keys = desk.keys()?;
    let mut reports = Vec::new();
    for (index, evidence) in view.evidence.iter().enumerate() {
        let (mut report, checked) = judge(evidence, &keys, desk)?;
        report.then(("receipt", "the server signed a receipt of this result"), || match &checked {
            Some(checked) => receipt(&evidence.receipt, checked, &keys).map(drop),
            None => Err("there is no result".to_owned()),
        });
        report.then(("stored", "the stored match is the one of the evidence"), || match &checked {
            Some(checked) if index == 0 => same(view, evidence, checked),
            Some(checked) => same_result(evidence, checked),
            None => Err("there is no result".to_owned()),
        });
        reports.push((evidence.result, report));
    }
    let is_sound = !reports.is_empty() && reports.iter().all(|(_, report)| report.is_sound());
    if desk.json {
        let results = reports.iter().map(|(result, report)| {
            json!({ "result": result.to_string(), "ok": report.is_sound(), "checks": checks::as_json(report) })
        });
        let results: Vec<_> = results.collect();
        let id = view.game.match_id.to_string();
        out.json(&json!({ "match": id, "ok": is_sound, "results": results }))?;
    } else {
        for (result, report) in &reports {
            out.line(format_args!("result {result}"))?;
            checks::text(report, out)?;
        }
        out.line(match is_sound {
            true => "Every check passed.",
            false => "The evidence is not sound; see above.",
        })?;
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// G1 to G16, with the stored keys of the device that claims to have signed.
fn judge(
    evidence: &EvidenceView,
    keys: &ServerKeys,
    desk: &Desk<'_>,
) -> Result<(Report, Option<Checked>), OpsError> {
    let device = |master| {
        let found = wait(desk.store.find_device_by_key(master))?;
        Ok::<_, OpsError>(found.filter(|it| it.pair.master_key == master).as_ref().and_then(known))
    };
    Report::game(&evidence.bundle, keys, device, desk.now)
}

/// The settled result of a match, checked again; an error if it does not pass.
pub(super) fn checked(
    view: &GameView,
    keys: &ServerKeys,
    desk: &Desk<'_>,
) -> Result<Checked, OpsError> {
    let id = view.game.match_id;
    let evidence = view.evidence.first().ok_or(LeagueError::NoMatch(id))?;
    let device = wait(desk.store.find_device(view.game.device))?;
    let bundle = read(&evidence.bundle);
    let bundle = bundle.map_err(|refusal| LeagueError::Evidence { id, refusal })?;
    let device = device.as_ref().and_then(known);
    let server_key = |key: &Fingerprint, at| keys.at(key, at);
    // A server may rate other rules than the official ones: it did if it did not say that it does not.
    let unrated = Reason::RulesetNotRated.number();
    let rules = rules(view.game.reason != unrated);
    let context = Context {
        realm: keys.realm(),
        device: device.as_ref(),
        server_key: &server_key,
        rules: &rules,
    };
    let checked = check(&bundle, &context, desk.now);
    Ok(checked.map_err(|refusal| LeagueError::Evidence { id, refusal })?)
}

/// Score and lines are left out, because rulings change them.
fn same(view: &GameView, evidence: &EvidenceView, checked: &Checked) -> Result<(), String> {
    same_result(evidence, checked)?;
    let (game, start, result) = (&view.game, &checked.start.value, &checked.result);
    let fields = [
        ("match", game.match_id == start.match_id),
        ("result", game.result == result.digest),
        ("device", game.device == start.device && game.device_seq == start.device_seq),
        ("rules", game.ruleset == start.ruleset),
        ("time", game.started == start.started && game.ended == result.value.ended),
        ("outcome", game.outcome == result.value.outcome),
    ];
    let roster = start.roster.iter().map(|line| (line.user, line.team, line.ticket));
    let seats = view.seats.iter().map(|seat| (seat.user, seat.team, seat.ticket));
    let fields = fields.into_iter().chain([("players", roster.eq(seats))]);
    match fields.into_iter().find(|(_, same)| !same) {
        Some((what, _)) => Err(format!("the stored {what} is another one")),
        None => Ok(()),
    }
}

fn same_result(evidence: &EvidenceView, checked: &Checked) -> Result<(), String> {
    match evidence.result == checked.result.digest {
        true => Ok(()),
        false => Err("the evidence is filed under the digest of another result".to_owned()),
    }
}
