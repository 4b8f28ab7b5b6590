//! A server in memory: tickets, the real settlement, one ledger.

use crate::Fault;
use crate::dice::Dice;
use crate::key::Key;
use crate::phone::{Answer, Ask, Phone};
use crate::plan::{BRISK, Plan};
use crate::world::{DEVICE, Keys, World};
use core::time::Duration;
use countersign::{Fingerprint, RecordDigest, Signer, Timestamp, UserId, VerifyingKey};
use countersign_league::evidence::{
    Bundle, DeviceStatus, MatchReceipt, MatchResult, MatchStart, ReceiptLine, Settlement, Signed,
    Ticket, TicketFlags, open,
};
use countersign_league::settlement::{
    Caps, Checked, Context, Facts, KnownDevice, KnownRules, Meeting, Reason, Refusal, Review,
    SeatFacts, WHOLE, check, decide, read,
};
use countersign_league::{DeviceId, MatchId, Nonce, Params};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// An account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) started_with: i32,
    pub(crate) rating: i32,
    matches: u16,
    flags: TicketFlags,
}

/// One transaction: what a match did to the ratings.
#[derive(Debug, Clone)]
pub(crate) struct Posting {
    pub(crate) match_id: MatchId,
    pub(crate) lines: Vec<(UserId, i64)>,
    pub(crate) bank: i64,
}

/// What the server keeps of a match.
pub(crate) struct Kept {
    pub(crate) device_seq: u32,
    pub(crate) result: RecordDigest,
    pub(crate) receipt: Vec<u8>,
    pub(crate) settlement: Settlement,
    pub(crate) reason: u16,
    pub(crate) integrity: u16,
    pub(crate) is_fork: bool,
    pub(crate) ended: MatchResult,
    pub(crate) began: MatchStart,
    /// By seat, what the verdict says of each line.
    pub(crate) reasons: Vec<Reason>,
    pub(crate) tickets: Vec<Ticket>,
}

/// The server.
pub(crate) struct Server {
    online: Key,
    fault: Fault,
    pub(crate) device: KnownDevice,
    rules: Vec<KnownRules>,
    pub(crate) accounts: BTreeMap<UserId, Account>,
    keys: BTreeMap<UserId, VerifyingKey>,
    pub(crate) kept: Vec<Kept>,
    pub(crate) ledger: Vec<Posting>,
    tickets_used: BTreeSet<[u8; 32]>,
    /// Bytes that were checked already; the same bytes get the same answer.
    known: BTreeMap<[u8; 32], Option<Vec<u8>>>,
    dice: Dice,
}

impl Server {
    pub(crate) fn new(
        keys: &Keys,
        plan: &Plan,
        phones: &[Phone],
        fault: Fault,
        dice: &mut Dice,
    ) -> Self {
        let account = |phone: &Phone| {
            let rating = 1_500_000 + dice.within(0, 800_000) as i32 - 400_000;
            let rating = if dice.percent(3) { 101_000 } else { rating };
            let weightless = dice.percent(4) && !plan.calm;
            let flags = if weightless { TicketFlags::VOTE_WEIGHTLESS } else { 0 };
            let matches = dice.below(20) as u16;
            let flags = TicketFlags(flags);
            (phone.user, Account { started_with: rating, rating, matches, flags })
        };
        let accounts = phones.iter().map(account).collect();
        let pair = keys.pair();
        let rules = [Params::OFFICIAL, BRISK].map(|params| KnownRules { params, rated: true });
        Self {
            online: keys.online[1].clone(),
            fault,
            device: KnownDevice {
                device: DEVICE,
                master: pair.master,
                slave: pair.slave,
                status: DeviceStatus::Active,
                max_players: 22,
            },
            rules: rules.into(),
            accounts,
            keys: phones.iter().map(|p| (p.user, p.key.verifying_key().clone())).collect(),
            kept: Vec::new(),
            ledger: Vec::new(),
            tickets_used: BTreeSet::new(),
            known: BTreeMap::new(),
            dice: dice.fork(),
        }
    }

    pub(crate) fn ticket(
        &mut self,
        user: UserId,
        device: DeviceId,
        lobby: Nonce,
        now: Timestamp,
    ) -> Option<Ticket> {
        let Account { rating, matches, flags, .. } = *self.accounts.get(&user)?;
        let hours = if device == DeviceId::NONE { 12 } else { 2 };
        Some(Ticket {
            user,
            key: self.keys.get(&user)?.clone(),
            device,
            lobby,
            season: 1,
            rating,
            matches,
            flags,
            barred_until: Timestamp::ZERO,
            expires: now.plus(Duration::from_secs(hours * 3600)),
            name: "player".into(),
        })
    }

    fn facts(&self, checked: &Checked, fork: bool) -> Facts {
        let start = &checked.start.value;
        let seats = checked.tickets.iter().map(|ticket| SeatFacts {
            rating: self.accounts.get(&ticket.value.user).map_or(0, |account| account.rating),
            rated_today: 0,
            ticket_used: self.tickets_used.contains(ticket.digest.as_bytes()),
            banned: false,
        });
        let mut meetings = Vec::new();
        for (one, line) in start.roster.iter().enumerate() {
            for (other, against) in start.roster.iter().enumerate().skip(one + 1) {
                let met = self.kept.iter().filter(|kept| {
                    kept.settlement == Settlement::Settled
                        && !kept.is_fork
                        && kept.were_opponents(&line.user, &against.user)
                });
                let count = met.count() as u32;
                if count > 0 && line.team != against.team {
                    meetings.push(Meeting { seats: [one as u8, other as u8], count });
                }
            }
        }
        Facts {
            seats: seats.collect(),
            meetings,
            fork,
            counter_gap: false,
            device_rated_today: 0,
            caps: Caps::OFFICIAL,
            disputed: false,
            review: Review::Open,
        }
    }
}

impl Kept {
    fn were_opponents(&self, one: &UserId, other: &UserId) -> bool {
        let team = |user: &UserId| {
            self.began.roster.iter().find(|line| line.user == *user).map(|line| line.team)
        };
        matches!((team(one), team(other)), (Some(a), Some(b)) if a != b)
    }
}

impl World {
    /// A signed request, after V1 to V6.
    pub(crate) fn serve(&mut self, phone: usize, ask: Ask) -> Answer {
        match ask {
            Ask::Ticket { device, lobby } => {
                let (user, now) = (self.phones[phone].user, self.server_time());
                let Some(ticket) = self.server.ticket(user, device, lobby, now) else {
                    return Answer::Refused;
                };
                let id = self.server.dice.bytes();
                Answer::Frame(self.server.online.frame(&self.keys.realm, id, now, &ticket))
            }
            Ask::Settle(bytes) => self.settle(&bytes).map_or(Answer::Refused, Answer::Frame),
            Ask::Prove(_)
            | Ask::Join { .. }
            | Ask::Say(_)
            | Ask::Poll { .. }
            | Ask::Outbox
            | Ask::Fetch(_)
            | Ask::Inbox(_) => Answer::Refused,
        }
    }

    /// The receipt; `None` if the bundle is no evidence.
    pub(crate) fn settle(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.log.count("server: submitted");
        let name: [u8; 32] = Sha256::digest(bytes).into();
        let settles_twice = self.fault == Fault::SettlesTwice;
        if let Some(answer) = self.server.known.get(&name).filter(|_| !settles_twice) {
            return answer.clone();
        }
        let answer = match self.check_bundle(bytes) {
            Ok(checked) => self.keep(&checked),
            Err(refusal) => {
                self.note(format_args!("server refuses: {refusal}"));
                self.log.count("server: refused");
                self.log.count(crate::evil::check_of(&refusal));
                None
            }
        };
        self.server.known.insert(name, answer.clone());
        answer
    }

    fn check_bundle(&mut self, bytes: &[u8]) -> Result<Accepted, Refusal> {
        let bundle = read(bytes)?;
        let realm = self.keys.realm.clone();
        let online = self.keys.online.clone();
        let server_key = |signer: &Fingerprint, _: Timestamp| {
            let keys = online.iter().map(Key::verifying_key);
            keys.into_iter().find(|key| key.fingerprint() == signer).cloned()
        };
        let context = Context {
            realm: &realm,
            device: Some(&self.server.device),
            server_key: &server_key,
            rules: &self.server.rules,
        };
        match check(&bundle, &context, self.server_time()) {
            Ok(checked) => Ok(Accepted::Checked(Box::new(checked))),
            // The deliberately broken server: it believes a master alone.
            Err(Refusal::SlaveSeal | Refusal::Goals(_))
                if self.server.fault == Fault::NoSealCheck =>
            {
                believed(&bundle, &realm, &self.server.device).ok_or(Refusal::Unrelated)
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn keep(&mut self, accepted: &Accepted) -> Option<Vec<u8>> {
        let (start, result) = accepted.ends();
        let (id, seq) = (start.value.match_id, start.value.device_seq);
        let settles_twice = self.fault == Fault::SettlesTwice;
        let same = self.server.kept.iter().find(|kept| kept.result == result.digest);
        if let Some(kept) = same.filter(|_| !settles_twice) {
            return Some(kept.receipt.clone());
        }
        let rivals = self.server.kept.iter().enumerate();
        let is_rival = |kept: &Kept| kept.began.match_id == id || kept.device_seq == seq;
        let rivals: Vec<usize> =
            rivals.filter(|(_, kept)| is_rival(kept)).map(|(place, _)| place).collect();
        let fork = !rivals.is_empty() && self.fault != Fault::NoForkCheck && !settles_twice;
        if fork {
            self.freeze(&rivals);
        }
        let (kept, totals) = match accepted {
            Accepted::Checked(checked) => self.verdict(checked, fork)?,
            Accepted::Believed(start, result) => self.believe(start, result),
        };
        if kept.settlement == Settlement::Settled {
            self.post(id, &kept, &totals);
        }
        self.note(format_args!(
            "server: {id} is {} ({}), {:?} {}:{}",
            kept.settlement.as_str(),
            kept.reason,
            kept.ended.outcome,
            kept.ended.score[0],
            kept.ended.score[1]
        ));
        self.log.count(match kept.settlement {
            Settlement::Settled => "settlement: settled",
            Settlement::Pending => "settlement: pending",
            Settlement::Unrated => "settlement: unrated",
            Settlement::Void => "settlement: void",
            Settlement::Frozen => "settlement: frozen",
        });
        let receipt = kept.receipt.clone();
        self.server.kept.push(kept);
        self.check_books();
        Some(receipt)
    }

    fn verdict(&mut self, checked: &Checked, fork: bool) -> Option<(Kept, Vec<i32>)> {
        let facts = self.server.facts(checked, fork);
        let verdict = decide(checked, &facts).ok()?;
        let counts = verdict.standing.settlement == Settlement::Settled;
        let lines = verdict.lines.iter().zip(&facts.seats).map(|(line, seat)| ReceiptLine {
            user: line.user,
            sporting: line.sporting,
            adjustment: line.adjustment,
            rating: seat.rating + if counts { line.total() } else { 0 },
            rank: 0,
        });
        let receipt = MatchReceipt {
            match_id: checked.start.value.match_id,
            result: checked.result.digest,
            settlement: verdict.standing.settlement,
            reason: verdict.standing.reason.number(),
            integrity: verdict.integrity,
            lines: lines.collect(),
        };
        for (line, ticket) in verdict.lines.iter().zip(&checked.tickets) {
            if line.reason == Reason::TicketReused {
                self.log.count("settlement: ticket of another match");
            }
            if line.reason == Reason::RatingFloor {
                self.log.count("settlement: floor");
            }
            self.server.tickets_used.insert(*ticket.digest.as_bytes());
        }
        let tickets = checked.tickets.iter().map(|ticket| ticket.value.clone()).collect();
        let reasons = verdict.lines.iter().map(|line| line.reason).collect();
        let totals = verdict.lines.iter().map(|line| line.total()).collect();
        let mut kept = self.kept(&checked.start, &checked.result, &receipt);
        (kept.reasons, kept.tickets, kept.is_fork) = (reasons, tickets, fork);
        Some((kept, totals))
    }

    fn believe(
        &mut self,
        start: &Signed<MatchStart>,
        result: &Signed<MatchResult>,
    ) -> (Kept, Vec<i32>) {
        let receipt = MatchReceipt {
            match_id: start.value.match_id,
            result: result.digest,
            settlement: Settlement::Settled,
            reason: 0,
            integrity: WHOLE,
            lines: Vec::new(),
        };
        (self.kept(start, result, &receipt), result.value.deltas.clone())
    }

    fn kept(
        &mut self,
        start: &Signed<MatchStart>,
        result: &Signed<MatchResult>,
        receipt: &MatchReceipt,
    ) -> Kept {
        let (now, id) = (self.server_time(), self.server.dice.bytes());
        let realm = &self.keys.realm;
        Kept {
            device_seq: start.value.device_seq,
            result: result.digest,
            receipt: self.server.online.linked(realm, id, now, result.digest, receipt),
            settlement: receipt.settlement,
            reason: receipt.reason,
            integrity: receipt.integrity,
            is_fork: false,
            ended: result.value.clone(),
            began: start.value.clone(),
            reasons: Vec::new(),
            tickets: Vec::new(),
        }
    }

    fn post(&mut self, match_id: MatchId, kept: &Kept, totals: &[i32]) {
        let users = kept.began.roster.iter().map(|line| line.user);
        let lines: Vec<(UserId, i64)> =
            users.zip(totals.iter().map(|total| i64::from(*total))).collect();
        for (user, change) in &lines {
            if let Some(account) = self.server.accounts.get_mut(user) {
                account.rating += *change as i32;
                account.matches += 1;
            }
        }
        let bank = -lines.iter().map(|(_, change)| change).sum::<i64>();
        self.server.ledger.push(Posting { match_id, lines, bank });
    }

    /// Two different words of one device: neither counts until somebody decides, and the device is examined.
    fn freeze(&mut self, rivals: &[usize]) {
        self.server.device.status = DeviceStatus::Suspect;
        self.log.count("server: fork found");
        for rival in rivals {
            let kept = &mut self.server.kept[*rival];
            kept.is_fork = true;
            if kept.settlement != Settlement::Settled {
                continue;
            }
            kept.settlement = Settlement::Frozen;
            let id = kept.began.match_id;
            let posted = self.server.ledger.iter().rev().find(|posting| posting.match_id == id);
            let Some(posted) = posted.cloned() else { continue };
            for (user, change) in &posted.lines {
                if let Some(account) = self.server.accounts.get_mut(user) {
                    account.rating -= *change as i32;
                }
            }
            let lines = posted.lines.iter().map(|(user, change)| (*user, -change)).collect();
            self.server.ledger.push(Posting { match_id: id, lines, bank: -posted.bank });
        }
    }
}

/// What came through the checks, or past them.
pub(crate) enum Accepted {
    Checked(Box<Checked>),
    Believed(Box<Signed<MatchStart>>, Box<Signed<MatchResult>>),
}

impl Accepted {
    fn ends(&self) -> (&Signed<MatchStart>, &Signed<MatchResult>) {
        match self {
            Self::Checked(checked) => (&checked.start, &checked.result),
            Self::Believed(start, result) => (start, result),
        }
    }
}

fn believed(bundle: &Bundle, realm: &countersign::Realm, device: &KnownDevice) -> Option<Accepted> {
    let start = open(realm, &device.master, &bundle.start).ok()?;
    let result = open(realm, &device.master, &bundle.result).ok()?;
    Some(Accepted::Believed(Box::new(start), Box::new(result)))
}
