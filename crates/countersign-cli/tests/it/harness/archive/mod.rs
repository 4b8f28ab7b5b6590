//! A league in a data folder as a server leaves it behind: real keys, real signed matches, settled into the real store.

mod game;

pub(crate) use game::Game;

use countersign::{
    Fingerprint, LoginId, Realm, RecordDigest, RecordHeader, RecordId, SessionId, Signer,
    SigningKey, Timestamp, UserId,
};
use countersign_keys::folder::{online_path, read_keyset};
use countersign_keys::key_file::read_online;
use countersign_keys::{InitOptions, init};
use countersign_league::draw::{Entrant, draw};
use countersign_league::evidence::{
    Act, ActKind, Artefact, Bundle, DeviceStatus, Goal, GoalState, MatchReceipt, MatchResult,
    MatchStart, Outcome, PairCertificate, PlayerEvidence, ReceiptLine, Roll, SeatFlags, SlaveSeal,
    Stamp, StartLine, Ticket, TicketFlags, digest_of, seal,
};
use countersign_league::rating::{Ending, Rated, final_deltas, stakes};
use countersign_league::settlement::{
    self, Caps, Checked, Context, KnownDevice, KnownRules, Reason, Review, SeatFacts,
};
use countersign_league::{
    BatchId, Commitment, DeviceId, End, JournalHead, MatchId, Nonce, Params, Seat, Team,
};
use countersign_ranks::Name;
use countersign_store::league::{
    Conduct, DisputeKind, Facts, LeagueStore, Lineup, LineupSeat, NewDispute, NewGame, NewPair,
    NewPlayer, PlayerName, Referee, SealCause, Sealing, SeqFact, SettleOutcome, StatusChange,
    TicketState, Verdict, VerdictLine,
};
use countersign_store::{
    Attempt, AttemptedCode, Channel, CodeMac, LoginLimits, NewCode, NewLogin, NewMessage,
    NewSession, Store,
};
use countersign_store_sqlite::SqliteStore;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const DAY: Duration = Duration::from_secs(86_400);
const CHALLENGE: Nonce = Nonce::from_bytes([0xca; 16]);

/// What a command said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The folder, its keys, and the midnight two days ago, around which everything happens.
pub(crate) struct League {
    home: TempDir,
    pub(crate) root: String,
    server: SigningKey,
    pub(crate) midnight: Timestamp,
}

impl League {
    /// Keys, 12 players, and the devices 1 (in use) and 2 (in use).
    pub(crate) fn new() -> Self {
        let home = TempDir::new().unwrap();
        let day = DAY.as_millis() as u64;
        let midnight = Timestamp::from_millis(super::now().as_millis() / day * day).minus(2 * DAY);
        let keys = home.path().join("data/keys");
        std::fs::create_dir(home.path().join("data")).unwrap();
        let made = init(&keys, &realm(), midnight.minus(DAY), &InitOptions::default()).unwrap();
        let fingerprint = *made.online.fingerprint();
        let server = read_online(&online_path(&keys, &fingerprint), &fingerprint).unwrap();
        let root = hex::encode(made.root.as_bytes());
        let league = Self { home, root, server, midnight };
        let store = league.store();
        run(async {
            let pairs = vec![pair(1), pair(2)];
            store.register_pairs(pairs, midnight).await.unwrap();
            for n in 0..12 {
                store.player_of(new_player(n, midnight)).await.unwrap();
            }
        });
        for device in [1, 2] {
            for to in [DeviceStatus::Sold, DeviceStatus::Active] {
                league.put(device, to);
            }
        }
        league
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.path("data/countersign.db")).unwrap()
    }

    /// Moves a device on without a word in the log of what operators did.
    pub(crate) fn put(&self, device: u8, to: DeviceStatus) {
        let change = StatusChange { device: device_id(device), to, by: None, now: self.midnight };
        run(self.store().set_device_status(change)).unwrap();
    }

    /// An account for player 3, with a live session.
    pub(crate) fn register(&self, address: &str) {
        let store = self.store();
        let now = super::now();
        let limits = LoginLimits {
            code_life: DAY,
            attempts: 5,
            resend_after: Duration::ZERO,
            per_hour: 3,
            per_day: 10,
        };
        let (id, fingerprint) = (LoginId::from_bytes([4; 16]), Fingerprint::from_bytes([3; 32]));
        let (channel, pow, address) = (Channel::Email, None, address.to_owned());
        let message = NewMessage {
            channel,
            user: None,
            to: address.clone(),
            subject: "Your code".into(),
            body: "7K3M9QXA".into(),
            expires: now.plus(DAY),
        };
        let session = NewSession {
            id: SessionId::from_bytes([6; 16]),
            user_if_new: user(3),
            scopes_if_new: vec!["user".into()],
            public_key: [8; 32],
            fingerprint,
            name: "Zoe's phone".into(),
            platform: "cli".into(),
            max_per_user: 20,
        };
        let login = NewLogin { id, address, channel, fingerprint, pow, limits, now };
        let mac = CodeMac([5; 32]);
        run(async {
            store.open_login(login).await.unwrap();
            store.issue_code(id, NewCode { mac, message }, limits, now).await.unwrap();
            let attempt = store.claim_login_attempt(id, AttemptedCode { mac }, session, now).await;
            assert!(matches!(attempt, Ok(Attempt::Registered(_))));
        });
    }

    /// Settles a match as the server would.
    pub(crate) fn settle(&self, game: &Game) -> MatchId {
        self.settle_on(&self.store(), game)
    }

    /// The same, in a store that is open already.
    pub(crate) fn settle_on(&self, store: &SqliteStore, game: &Game) -> MatchId {
        let bundle = game.bundle(self);
        let device = run(store.find_device(device_id(game.device))).unwrap().unwrap();
        let known = KnownDevice { status: device.status, ..known_device(game.device) };
        let checked = check(&bundle, &known, self);
        let (start, result) = (&checked.start.value, &checked.result.value);
        let seat =
            |line: &StartLine| LineupSeat { user: line.user, team: line.team, ticket: line.ticket };
        let lineup = Lineup {
            match_id: start.match_id,
            device: start.device,
            device_seq: start.device_seq,
            started: start.started,
            ended: result.ended,
            seats: start.roster.iter().map(seat).collect(),
        };
        let winner = match result.score[0].cmp(&result.score[1]) {
            core::cmp::Ordering::Greater => Some(Team::A),
            core::cmp::Ordering::Equal => None,
            core::cmp::Ordering::Less => Some(Team::B),
        };
        let now = result.ended.plus(Duration::from_secs(30));
        let new = NewGame {
            lineup,
            result: checked.result.digest,
            ruleset: start.ruleset,
            outcome: result.outcome,
            score: result.score,
            winner,
            bundle: bundle.encode(),
            now,
        };
        let id = start.match_id;
        let server = SigningKey::from_seed(&self.server.to_seed());
        let judge = Judge { checked, server, is_whole: game.is_whole, now };
        let outcome = run(store.settle_game(new, judge)).unwrap();
        let kept = matches!(outcome, SettleOutcome::Settled { .. } | SettleOutcome::Fork { .. });
        assert!(kept, "{outcome:?}");
        id
    }

    /// A player says that a goal was none.
    pub(crate) fn dispute(&self, match_id: MatchId, by: u8, text: &str) {
        let (kind, text, now) = (DisputeKind::Goal, text.to_owned(), super::now());
        let new = NewDispute { match_id, user: user(by), kind, text, now };
        run(self.store().open_dispute(new)).unwrap();
    }

    /// Types a command, split at spaces; `'` holds words together.
    pub(crate) fn say(&self, words: &str) -> Said {
        self.type_in(words, "")
    }

    /// The same, with what a person types then.
    pub(crate) fn type_in(&self, words: &str, typed: &str) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(split(words)).current_dir(self.home.path());
        command.env("COUNTERSIGN__STORE__DATA", "data").env_remove("COUNTERSIGN_KEYS");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that asks nothing may have ended before.
        drop(std::io::Write::write_all(&mut stdin, typed.as_bytes()));
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        Said { code: output.status.code().unwrap(), out, err }
    }

    /// The same; it has to succeed.
    pub(crate) fn done(&self, words: &str) -> String {
        let said = self.say(words);
        assert_eq!(said.code, 0, "{words}: {}{}", said.out, said.err);
        said.out
    }

    /// The same, as JSON.
    pub(crate) fn json(&self, words: &str) -> serde_json::Value {
        let out = self.done(&format!("{words} --json"));
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// The same; it has to fail with this code. Returns everything that it said.
    pub(crate) fn fails(&self, words: &str, code: i32) -> String {
        let said = self.say(words);
        assert_eq!(said.code, code, "{words}: {}{}", said.out, said.err);
        said.out + &said.err
    }

    /// What operators did, newest last: action and detail.
    pub(crate) fn log(&self) -> Vec<(String, serde_json::Value)> {
        let log = self.json("audit --limit 1000");
        let entries = log.as_array().unwrap().iter();
        let entry = |entry: &serde_json::Value| {
            (entry["action"].as_str().unwrap().to_owned(), entry["detail"].clone())
        };
        entries.map(entry).filter(|(action, _)| action.starts_with("league.")).collect()
    }

    /// Changes the stored balance of a player who has not played: it stands right behind name and skeleton.
    pub(crate) fn flip_balance(&self, n: u8) {
        let name = player_name(n);
        let skeleton = Name::parse(&name).unwrap().letters().as_str().to_owned();
        self.flip((name + &skeleton).as_bytes(), 2);
    }

    /// Flips a bit of the byte at this place behind these bytes, in the database's file. Nothing may have it open.
    pub(crate) fn flip(&self, needle: &[u8], behind: usize) {
        let path = self.path("data/countersign.db");
        let mut bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
        bytes[found + needle.len() + behind] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
}

fn split(words: &str) -> Vec<String> {
    let parts = words.split('\'').enumerate();
    let words = parts.flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

/// Decides with what the store knows, and signs with the server's key.
struct Judge {
    checked: Checked,
    server: SigningKey,
    is_whole: bool,
    now: Timestamp,
}

impl Referee for Judge {
    fn decide(&self, facts: &Facts) -> Verdict {
        let seat = |known: &countersign_store::league::PlayerFacts| SeatFacts {
            rating: known.player.rating(),
            rated_today: known.rated as u16,
            ticket_used: matches!(known.ticket, Some(TicketState::Used(_))),
            banned: false,
        };
        let meeting = |met: &countersign_store::league::Meeting| settlement::Meeting {
            seats: [met.a, met.b],
            count: met.times,
        };
        let meetings = facts.meetings.iter().filter(|_| !self.is_whole).map(meeting);
        let facts = settlement::Facts {
            seats: facts.players.iter().map(seat).collect(),
            meetings: meetings.collect(),
            fork: matches!(facts.seq, SeqFact::Reused(_)),
            counter_gap: matches!(facts.seq, SeqFact::Gap(_)),
            device_rated_today: facts.device_rated as u16,
            caps: Caps { player: 1_000, device: 1_000 },
            disputed: false,
            review: Review::Open,
        };
        let verdict = settlement::decide(&self.checked, &facts).unwrap();
        let line = |line: &settlement::VerdictLine| VerdictLine {
            sporting: line.sporting,
            adjustment: line.adjustment,
        };
        Verdict {
            settlement: verdict.standing.settlement,
            reason: verdict.standing.reason.number(),
            integrity: verdict.integrity,
            counts_at: self.now.plus(DAY),
            lines: verdict.lines.iter().map(line).collect(),
            conduct: vec![Conduct::Finished; verdict.lines.len()],
            injured: Vec::new(),
            no_starts: Vec::new(),
        }
    }

    fn seal(&self, sealing: &Sealing) -> Result<Vec<u8>, String> {
        let reason = match sealing.cause {
            SealCause::Verdict(reason) => reason,
            SealCause::Fork(_) => Reason::Fork.number(),
        };
        let lines = sealing.lines.iter().map(|line| ReceiptLine {
            user: line.user,
            sporting: line.sporting,
            adjustment: line.adjustment,
            rating: line.rating,
            rank: 0,
        });
        let receipt = MatchReceipt {
            match_id: sealing.match_id,
            result: sealing.result,
            settlement: sealing.settlement,
            reason,
            integrity: sealing.integrity,
            lines: lines.collect(),
        };
        Ok(linked(&self.server, self.now, sealing.result, &receipt))
    }
}

fn check(bundle: &Bundle, device: &KnownDevice, league: &League) -> Checked {
    let keys = read_keyset(&league.path("data/keys"), &realm()).unwrap().keyset;
    let server_key = |key: &Fingerprint, at| keys.record_key(key, at).ok().cloned();
    let rules = [KnownRules { params: Params::OFFICIAL, rated: true }];
    let realm = realm();
    let context =
        Context { realm: &realm, device: Some(device), server_key: &server_key, rules: &rules };
    settlement::check(bundle, &context, super::now()).unwrap()
}

fn pair(n: u8) -> NewPair {
    let (master, slave) = (master(n).verifying_key().clone(), slave(n).verifying_key().clone());
    let (device, batch) = (device_id(n), BatchId::from_bytes([0xb0 + n; 16]));
    let (serial, mark, max_players) = (format!("GL-{n:05}"), format!("teal {n:02}"), 22);
    let value = PairCertificate {
        device,
        batch,
        serial: serial.clone(),
        mark: mark.clone(),
        master: master.clone(),
        slave: slave.clone(),
        max_players,
    };
    let certificate = frame(&SigningKey::from_seed(&[250; 32]), Timestamp::from_millis(1), &value);
    NewPair {
        device,
        batch,
        serial,
        mark,
        master: *master.as_bytes(),
        master_key: *master.fingerprint(),
        slave: *slave.as_bytes(),
        slave_key: *slave.fingerprint(),
        max_players,
        digest: digest_of(&realm(), &certificate).unwrap(),
        certificate,
    }
}

fn known_device(n: u8) -> KnownDevice {
    KnownDevice {
        device: device_id(n),
        master: master(n).verifying_key().clone(),
        slave: slave(n).verifying_key().clone(),
        status: DeviceStatus::Active,
        max_players: 22,
    }
}

fn new_player(n: u8, now: Timestamp) -> NewPlayer {
    let name = Name::parse(&player_name(n)).unwrap();
    let skeleton = name.letters().as_str().to_owned();
    let name = PlayerName { name: name.as_str().to_owned(), skeleton };
    NewPlayer { user: user(n), name, rating: 1_500_000, now }
}

pub(crate) fn player_name(n: u8) -> String {
    format!("Zoe {}", char::from(b'A' + n))
}

pub(crate) fn user(n: u8) -> UserId {
    UserId::from_bytes([n + 1; 16])
}

pub(crate) fn device_id(n: u8) -> DeviceId {
    DeviceId::from_bytes([0xd0 + n; 16])
}

fn realm() -> Realm {
    Realm::new("league", "league.example.org").unwrap()
}

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n + 1; 32])
}

fn master(device: u8) -> SigningKey {
    SigningKey::from_seed(&[200 + device; 32])
}

fn slave(device: u8) -> SigningKey {
    SigningKey::from_seed(&[220 + device; 32])
}

fn frame<T: Artefact>(by: &SigningKey, created: Timestamp, value: &T) -> Vec<u8> {
    linked(by, created, RecordHeader::FIRST, value)
}

fn linked<T: Artefact>(
    by: &SigningKey,
    created: Timestamp,
    previous: RecordDigest,
    value: &T,
) -> Vec<u8> {
    let id = RecordId::from_bytes([9; 16]);
    seal(&realm(), by, Stamp { id, created, previous }, value).unwrap()
}

/// Runs what the store does to its end.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
