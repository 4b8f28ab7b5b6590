//! A match checked again, by the code and in the order that the command line uses for exported files.

use crate::said::{Goal, Player, Whole};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use countersign::{Fingerprint, Timestamp};
use countersign_league::evidence::{Bundle, GoalState, MatchResult, MatchStart, StartLine};
use countersign_league::proof::{Export, Proof, Report, ServerKeys, examine, signers};
use countersign_league::settlement::Checked;
use countersign_league::{End, Team, evidence};

/// The check that a page has to add: that it shows what was signed.
pub const SHOWN: (&str, &str) = ("shown", "what this page shows is what was signed");

/// What everything can be checked with; nothing is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    bundle: Vec<u8>,
    receipt: Vec<u8>,
    device: Vec<u8>,
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Each check.
    pub report: Report,
    /// What they prove, if all of them hold.
    pub proven: Option<Proven>,
}

/// What was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The match.
    pub proof: Proof,
    /// Version of the newest key set.
    pub keyset: u64,
    /// How many acts of players the result rests on.
    pub acts: usize,
    /// The file for somebody who does not believe this page.
    pub file: Vec<u8>,
}

impl Evidence {
    /// What the server sent; `None` if it may not be seen, or is no Base64.
    pub fn of(whole: &Whole) -> Option<Self> {
        let bytes = |text: &Option<String>| BASE64_URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
        let story = &whole.story;
        Some(Self {
            bundle: bytes(&story.bundle)?,
            receipt: bytes(&story.receipt)?,
            device: bytes(&story.device_certificate)?,
        })
    }

    /// Which keys of the server it needs, and of when: for choosing key sets, never for trusting.
    pub fn needs(&self) -> Vec<(Fingerprint, Timestamp)> {
        let bundle = Bundle::decode(&self.bundle).ok();
        let missed = bundle.iter().flat_map(|it| &it.missed).map(|it| &it.ticket);
        let players = bundle.iter().flat_map(|it| &it.players).map(|it| &it.ticket);
        let tickets = players.chain(missed).map(Vec::as_slice);
        let frames: Vec<&[u8]> = tickets.chain([&self.receipt[..], &self.device[..]]).collect();
        signers(&[], &frames)
    }

    /// Every check, and what they prove about the match that is shown.
    pub fn examine(self, whole: &Whole, keys: &ServerKeys, now: Timestamp) -> Outcome {
        let realm = keys.realm();
        let export = Export {
            app: realm.app().to_owned(),
            audience: realm.audience().to_owned(),
            sets: keys.frames(&self.needs()),
            device: self.device,
            bundle: self.bundle,
            receipt: self.receipt,
        };
        let (mut report, proof) = examine(&export, Ok(keys), now);
        report.then(SHOWN, || match &proof {
            Some(proof) => is_shown(whole, &proof.checked),
            None => Err("there is no result".to_owned()),
        });
        let keyset = keys.newest().map_or(0, |set| set.content.version);
        let acts = Bundle::decode(&export.bundle).map_or(0, |bundle| bundle.acts.len());
        let proof = proof.filter(|_| report.is_sound());
        let proven = proof.map(|proof| Proven { proof, keyset, acts, file: export.encode() });
        Outcome { report, proven }
    }
}

/// Score, state and rating changes are left out, because rulings change them: what was signed of them stands beside the other checks.
fn is_shown(whole: &Whole, checked: &Checked) -> Result<(), String> {
    let (facts, story) = (&whole.facts, &whole.story);
    let (start, result): (&MatchStart, &MatchResult) =
        (&checked.start.value, &checked.result.value);
    let players = story.players.len() == start.roster.len()
        && story
            .players
            .iter()
            .zip(&start.roster)
            .all(|(shown, signed)| same_player(shown, signed));
    let goals = story.goals.len() == result.goals.len()
        && story.goals.iter().zip(&result.goals).all(|(shown, signed)| same_goal(shown, signed));
    let times = (start.started.as_millis(), result.ended.as_millis());
    let fields = [
        ("match", facts.match_id == start.match_id.to_string()),
        ("device", facts.device == start.device.to_string()),
        ("time", (facts.started_ms, facts.ended_ms) == times),
        ("roster", players),
        ("list of goals", goals),
        ("outcome", facts.outcome == result.outcome.name()),
    ];
    match fields.into_iter().find(|(_, is_same)| !is_same) {
        Some((what, _)) => Err(format!("the {what} on this page is another one")),
        None => Ok(()),
    }
}

fn same_player(shown: &Player, signed: &StartLine) -> bool {
    shown.team == letter(signed.team) && shown.user.as_ref() == Some(&signed.user.to_string())
}

fn same_goal(shown: &Goal, signed: &evidence::Goal) -> bool {
    let end = match signed.end {
        End::North => "north",
        End::South => "south",
    };
    let counts = signed.state == GoalState::Counted;
    (shown.end.as_str(), shown.team.as_str()) == (end, letter(signed.team))
        && (shown.counts, shown.at_ms) == (counts, signed.at.into())
}

/// As the server writes it.
pub const fn letter(team: Team) -> &'static str {
    match team {
        Team::A => "a",
        Team::B => "b",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{export, keys, now, told, whole};
    use countersign_web_kit::said::Read;

    #[test]
    fn every_signature_of_the_server_needs_its_key_and_finds_it() {
        let whole = Whole::read(&whole()).unwrap();
        let needs = Evidence::of(&whole).unwrap().needs();
        assert_eq!(needs.len(), 10 + 2, "tickets, receipt, certificate");
        assert!(needs.iter().all(|(signer, at)| keys().names(signer, *at)));
        let without = ServerKeys::new(keys().realm().clone(), Vec::new());
        assert!(!needs.iter().any(|(signer, at)| without.names(signer, *at)));
        let outcome = Evidence::of(&whole).unwrap().examine(&whole, &without, now());
        assert_eq!(outcome.report.failed().unwrap().id, "keys");
    }

    #[test]
    fn the_file_is_the_one_that_the_command_line_would_write() {
        let app = told();
        let crate::app::Check::Done(outcome) = &app.data.check else { panic!("not checked") };
        assert_eq!(outcome.proven.as_ref().unwrap().file, export().encode());
    }

    #[test]
    fn what_is_no_base64_is_no_evidence() {
        let mut said = whole();
        said["receipt"] = "§".into();
        assert_eq!(Evidence::of(&Whole::read(&said).unwrap()), None);
    }
}
