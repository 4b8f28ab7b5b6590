//! A league on a real server: a pair from a factory, players with real sessions, and matches that they really signed.

use super::{Device, Opened, Options, Server, now, random};
use countersign::{
    RecordDigest, RecordHeader, RecordId, ResultCode, Signer, SigningKey, Timestamp, UserId,
};
use countersign_keys::folder::online_path;
use countersign_keys::key_file::read_online;
use countersign_keys::{InitOptions, init};
use countersign_league::draw::{Entrant, draw};
use countersign_league::evidence::{
    Act, ActKind, Artefact, BatchManifest, Bundle, DeviceProof, DeviceStatus, Goal, GoalState,
    MatchReceipt, MatchResult, MatchStart, MissedEvidence, Outcome, PairCertificate,
    PlayerEvidence, Received, Registration, Roll, SeatFlags, Signed, SlaveSeal, Stamp, StartLine,
    Ticket, TicketFlags, digest_of, seal,
};
use countersign_league::rating::{Ending, Rated, final_deltas, stakes};
use countersign_league::{
    BatchId, Commitment, DeviceId, End, JournalHead, MatchId, Nonce, Params, Team,
};
use countersign_store::LeagueStore;
use countersign_store::league::{StatusChange, StatusOutcome};
use countersign_store_sqlite::SqliteStore;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The rules of all matches here: half a minute.
pub(crate) const RULES: Params = Params::SHORT;

/// A server that knows a factory.
pub(crate) fn start(factory: &SigningKey, options: Options) -> Server {
    Server::start(league_of(factory, options))
}

fn league_of(factory: &SigningKey, options: Options) -> Options {
    let key = hex::encode(factory.verifying_key().as_bytes());
    options
        .set("league.rulesets", r#"["official", "short"]"#)
        .set("league.factory_keys", format!(r#"["{key}"]"#))
        .set("league.device_domain", "glt.example.org")
        .set("limits.session_cache_ms", 0)
}

/// A pair as it left the factory.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) id: DeviceId,
    pub(crate) master: SigningKey,
    pub(crate) slave: SigningKey,
    pub(crate) serial: String,
    pub(crate) played: u32,
}

impl Pair {
    pub(crate) fn new(serial: &str) -> Self {
        let key = || SigningKey::from_seed(&random());
        let id = DeviceId::from_bytes(random());
        Self { id, master: key(), slave: key(), serial: serial.to_owned(), played: 0 }
    }

    pub(crate) fn certificate(&self, batch: BatchId) -> PairCertificate {
        PairCertificate {
            device: self.id,
            batch,
            serial: self.serial.clone(),
            mark: "teal 07".into(),
            master: self.master.verifying_key().clone(),
            slave: self.slave.verifying_key().clone(),
            max_players: 22,
        }
    }

    /// What a phone gets for its challenge.
    pub(crate) fn proof(&self, server: &Server) -> Vec<u8> {
        let commit = Commitment::to(&random());
        let proof = DeviceProof {
            device: self.id,
            challenge: random(),
            lobby: Nonce::from_bytes(random()),
            match_id: MatchId::derive(&self.id, self.played + 1, &commit),
            device_seq: self.played + 1,
            commit,
            firmware: 1,
        };
        signed(server, &self.master, now(), &proof)
    }
}

/// A frame of this content by this key.
pub(crate) fn signed<T: Artefact>(
    server: &Server,
    by: &SigningKey,
    created: Timestamp,
    value: &T,
) -> Vec<u8> {
    linked(server, by, created, RecordHeader::FIRST, value)
}

fn linked<T: Artefact>(
    server: &Server,
    by: &SigningKey,
    created: Timestamp,
    previous: RecordDigest,
    value: &T,
) -> Vec<u8> {
    let id = RecordId::from_bytes(random());
    seal(&server.realm(), by, Stamp { id, created, previous }, value).unwrap()
}

/// What an online key of the server signed, as a phone checks it.
pub(crate) fn by_server<T: Artefact>(server: &Server, frame: &[u8]) -> Signed<T> {
    let header = countersign::Frame::split(frame).unwrap().header;
    let created = RecordHeader::decode(header).unwrap().created;
    let received = Received::<T>::decode(frame).unwrap();
    let keyset = server.keyset();
    let key = keyset.record_key(&received.signer(), created).unwrap();
    received.verify(&server.realm(), key).unwrap()
}

/// The payload of `factory.register` for these pairs.
pub(crate) fn registration(server: &Server, by: &SigningKey, pairs: &[&Pair]) -> Registration {
    let batch = BatchId::from_bytes(random());
    let frames: Vec<Vec<u8>> =
        pairs.iter().map(|pair| signed(server, by, now(), &pair.certificate(batch))).collect();
    let digest = |frame: &Vec<u8>| digest_of(&server.realm(), frame).unwrap();
    let mut digests: Vec<RecordDigest> = frames.iter().map(digest).collect();
    digests.sort_unstable();
    let manifest = BatchManifest { batch, station: "bench 1".into(), pairs: digests };
    Registration { manifest: signed(server, by, now(), &manifest), pairs: frames }
}

/// Gives an account a scope, as the operator does.
pub(crate) fn grant(server: &Server, address: &str, scope: &str) {
    operate(server, &["user", "grant", address, scope]);
}

/// What the operator does beside the server; returns what the command said.
pub(crate) fn operate(server: &Server, words: &[&str]) -> String {
    let data = server.data().display().to_string();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_countersign"));
    let output = command.args(words).args(["--data", &data]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The store of a server, opened beside it.
pub(crate) fn store(server: &Server) -> SqliteStore {
    SqliteStore::open(&server.data().join("countersign.db")).unwrap()
}

/// Waits for the store.
pub(crate) fn wait<T>(work: impl Future<Output = countersign_store::Result<T>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work).unwrap()
}

/// Moves a device on in its life, as the operator does.
pub(crate) fn set_status(server: &Server, device: DeviceId, to: DeviceStatus) -> StatusOutcome {
    wait(store(server).set_device_status(StatusChange { device, to, by: None, now: now() }))
}

/// A call that succeeds.
pub(crate) fn done(device: &mut Device, message_type: &str, payload: &[u8]) -> Vec<u8> {
    let opened = device.call(message_type, payload);
    let said = String::from_utf8_lossy(&opened.payload).into_owned();
    assert_eq!(opened.result, ResultCode::OK, "{message_type}: {said}");
    opened.payload
}

/// The same with JSON both ways.
pub(crate) fn ask(device: &mut Device, message_type: &str, payload: &Value) -> Value {
    serde_json::from_slice(&done(device, message_type, payload.to_string().as_bytes())).unwrap()
}

/// A call that is refused with this result; returns what it says.
pub(crate) fn refused(
    device: &mut Device,
    message_type: &str,
    payload: &[u8],
    result: ResultCode,
) -> Value {
    let opened: Opened = device.call(message_type, payload);
    assert_eq!(opened.result, result, "{}", String::from_utf8_lossy(&opened.payload));
    opened.json()
}

/// Everything that a match needs.
#[derive(Debug)]
pub(crate) struct League {
    pub(crate) server: Server,
    pub(crate) pair: Pair,
    /// Ascending by user, as in a roster.
    pub(crate) players: Vec<Device>,
}

impl League {
    /// A pair in use, and so many players with sessions.
    pub(crate) fn start(count: usize, options: Options) -> Self {
        let factory = SigningKey::from_seed(&random());
        let server = start(&factory, options);
        Self::on(server, &factory, count)
    }

    /// The same, on a server whose key has signed for a month.
    pub(crate) fn since_a_month(count: usize, options: Options) -> Self {
        let factory = SigningKey::from_seed(&random());
        let folder = TempDir::new().unwrap();
        let keys = folder.path().join("data/keys");
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let lead = Duration::from_secs(31 * 86_400);
        let realm = countersign::Realm::new("dev", "localhost").unwrap();
        init(&keys, &realm, now(), &InitOptions { lead, ..InitOptions::default() }).unwrap();
        let server = Server::start_in(Arc::new(folder), league_of(&factory, options));
        let mut league = Self::on(server, &factory, count);
        for player in &mut league.players {
            done(player, "league.ticket", br#"{"travel":true}"#);
        }
        league
    }

    fn on(server: Server, factory: &SigningKey, count: usize) -> Self {
        let pair = Pair::new("GL-00001");
        let mut station = Device::register(&server, "station@example.org");
        grant(&server, "station@example.org", "factory");
        let payload = registration(&server, factory, &[&pair]).encode();
        done(&mut station, "factory.register", &payload);
        set_status(&server, pair.id, DeviceStatus::Sold);
        done(&mut station, "league.device_verify", &pair.proof(&server));
        let player = |n| Device::register(&server, &format!("player{n}@example.org"));
        let mut players: Vec<Device> = (0..count).map(player).collect();
        players.sort_by(|a, b| a.user.cmp(&b.user));
        Self { server, pair, players }
    }

    /// A match of all players, with tickets of the server, not yet signed by the device.
    pub(crate) fn play(&mut self) -> Match {
        let lobby = Nonce::from_bytes(random());
        let wish = json!({ "device": self.pair.id.to_string(), "lobby": lobby.to_string() });
        let wish = wish.to_string();
        let ticket = |player: &mut Device| done(player, "league.ticket", wish.as_bytes());
        let tickets: Vec<Vec<u8>> = self.players.iter_mut().map(ticket).collect();
        self.pair.played += 1;
        Match::of(self, lobby, tickets, now())
    }

    /// The same, so long ago; only where the server's key is older.
    pub(crate) fn play_ago(&mut self, ago: Duration) -> Match {
        let (lobby, started) = (Nonce::from_bytes(random()), now().minus(ago));
        let (issued, life) = (started.minus(Duration::from_secs(60)), Duration::from_secs(1_800));
        let keys = self.server.data().join("keys");
        let keyset = self.server.keyset();
        let online = *keyset.content.keys[0].key.fingerprint();
        let online = read_online(&online_path(&keys, &online), &online).unwrap();
        let ticket = |player: &Device| Ticket {
            user: player.user.parse().unwrap(),
            key: player.key.verifying_key().clone(),
            device: self.pair.id,
            lobby,
            season: 1,
            rating: 1_500_000,
            matches: 0,
            flags: TicketFlags::default(),
            barred_until: Timestamp::ZERO,
            expires: issued.plus(life),
            name: "Player".into(),
        };
        let tickets = self.players.iter().map(ticket);
        let tickets = tickets.map(|ticket| signed(&self.server, &online, issued, &ticket));
        let tickets = tickets.collect();
        self.pair.played += 1;
        Match::of(self, lobby, tickets, started)
    }

    /// What the player in this seat did in a match.
    pub(crate) fn act(&self, game: &mut Match, seat: usize, kind: ActKind, target: u16) {
        let (match_id, seq) = (game.start.match_id, game.acts.len() as u32 + 1);
        let act = Act { match_id, seq, kind, target };
        let frame = signed(&self.server, &self.players[seat].key, game.start.started, &act);
        game.acts.push(frame);
    }

    /// What a phone sends, signed by everybody.
    pub(crate) fn bundle(&self, game: &Match) -> Vec<u8> {
        let Self { server, pair, .. } = self;
        let start = signed(server, &pair.master, game.start.started, &game.start);
        let digest = digest_of(&server.realm(), &start).unwrap();
        let result = MatchResult { start: digest, ..game.result.clone() };
        let result = linked(server, &pair.master, game.result.ended, digest, &result);
        let Match { players, acts, missed, .. } = game.clone();
        Bundle { start, result, players, acts, missed }.encode()
    }

    /// The same bundle, brought by this player.
    pub(crate) fn settle(&mut self, player: usize, bundle: &[u8]) -> Vec<u8> {
        done(&mut self.players[player], "league.settle", bundle)
    }

    pub(crate) fn receipt(&self, frame: &[u8]) -> MatchReceipt {
        by_server(&self.server, frame).value
    }
}

/// A match under construction: change what you like, then [`League::bundle`].
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) start: MatchStart,
    pub(crate) result: MatchResult,
    pub(crate) players: Vec<PlayerEvidence>,
    pub(crate) acts: Vec<Vec<u8>>,
    pub(crate) missed: Vec<MissedEvidence>,
}

impl Match {
    fn of(league: &League, lobby: Nonce, ticket_frames: Vec<Vec<u8>>, started: Timestamp) -> Self {
        let League { server, pair, players, .. } = league;
        let secret = random();
        let commit = Commitment::to(&secret);
        let match_id = MatchId::derive(&pair.id, pair.played, &commit);
        let challenge = Nonce::from_bytes(random());
        let tickets: Vec<Ticket> =
            ticket_frames.iter().map(|frame| by_server(server, frame).value).collect();
        let digest = |frame: &Vec<u8>| digest_of(&server.realm(), frame).unwrap();
        let roll = |(player, ticket): (&Device, &Vec<u8>)| {
            let nonce = Nonce::from_bytes(random());
            let roll = Roll { match_id, challenge, nonce, ticket: digest(ticket) };
            (nonce, signed(server, &player.key, started, &roll))
        };
        let rolls: Vec<(Nonce, Vec<u8>)> = players.iter().zip(&ticket_frames).map(roll).collect();
        let entrant = |(ticket, (nonce, _)): (&Ticket, &(Nonce, Vec<u8>))| Entrant {
            user: ticket.user,
            nonce: *nonce,
            rating: ticket.rating,
        };
        let entrants: Vec<Entrant> = tickets.iter().zip(&rolls).map(entrant).collect();
        let draw = draw(&RULES, &secret, &match_id, &entrants).unwrap();
        let rated: Vec<Rated> = tickets.iter().map(Rated::from).collect();
        let stakes = stakes(&RULES, &rated, &draw.teams);
        let line = |seat: usize| StartLine {
            user: tickets[seat].user,
            ticket: digest(&ticket_frames[seat]),
            roll: digest(&rolls[seat].1),
            team: draw.teams[seat],
            stakes: stakes[seat],
            radio: [seat as u8; 8],
        };
        let start = MatchStart {
            match_id,
            device: pair.id,
            device_seq: pair.played,
            ruleset: RULES.id(),
            lobby,
            commit,
            secret,
            challenge,
            started,
            north: draw.north,
            link_epoch: 1,
            firmware: 1,
            roster: (0..tickets.len()).map(line).collect(),
        };
        let result = result(pair, &start);
        let evidence = ticket_frames.into_iter().zip(rolls);
        let players = evidence.map(|(ticket, (_, roll))| PlayerEvidence { ticket, roll }).collect();
        Self { start, result, players, acts: Vec::new(), missed: Vec::new() }
    }

    /// Another score of the same match, by as many goals of one team.
    pub(crate) fn other_score(&self, pair: &Pair) -> Self {
        let mut other = self.clone();
        other.result = result_with(pair, &self.start, &[(Team::B, 1), (Team::B, 2)]);
        other
    }

    /// Score and changes follow what was changed about the result.
    pub(crate) fn recount(&mut self) {
        let result = &mut self.result;
        let counts = |goal: &&Goal| goal.state == GoalState::Counted;
        let of = |team| result.goals.iter().filter(counts).filter(|goal| goal.team == team).count();
        result.score = Team::BOTH.map(|team| of(team) as u8);
        let (outcome, loser, score) = (result.outcome, result.loser, result.score);
        let ending = Ending { outcome, loser, score, seats: &result.seats };
        let deltas = final_deltas(&self.start, ending);
        (result.deltas, result.bank) = (deltas.seats, deltas.bank);
    }

    /// Seats of a team.
    pub(crate) fn seats_of(&self, team: Team) -> Vec<usize> {
        let roster = self.start.roster.iter().enumerate();
        roster.filter(|(_, line)| line.team == team).map(|(seat, _)| seat).collect()
    }

    /// Players of a team, by seat.
    pub(crate) fn users_of(&self, team: Team) -> Vec<UserId> {
        let roster = self.start.roster.iter();
        roster.filter(|line| line.team == team).map(|line| line.user).collect()
    }
}

/// Three goals for team A, one for team B.
fn result(pair: &Pair, start: &MatchStart) -> MatchResult {
    result_with(pair, start, &[(Team::A, 1), (Team::B, 2), (Team::A, 3), (Team::A, 4)])
}

fn result_with(pair: &Pair, start: &MatchStart, goals: &[(Team, u32)]) -> MatchResult {
    let goal = |(team, number): &(Team, u32)| {
        let end = if End::North.scorer(start.north) == *team { End::North } else { End::South };
        let (at, seq) = (number * RULES.duration / 5, 10 * number);
        let (team, state) = (*team, GoalState::Counted);
        let (uncertainty, boot, peak, duration, spread) = (3, 1, 900, 40, [2, 3]);
        Goal { end, team, state, at, uncertainty, boot, seq, peak, duration, spread }
    };
    let goals: Vec<Goal> = goals.iter().map(goal).collect();
    let score = Team::BOTH.map(|team| goals.iter().filter(|goal| goal.team == team).count() as u8);
    let seats = vec![SeatFlags::default(); start.roster.len()];
    let deltas =
        final_deltas(start, Ending { outcome: Outcome::Final, loser: None, score, seats: &seats });
    let southern = goals.iter().filter(|goal| goal.end == End::South).count() as u16;
    MatchResult {
        match_id: start.match_id,
        start: RecordDigest::from_bytes([0; 32]),
        outcome: Outcome::Final,
        loser: None,
        score,
        goals,
        seats,
        deltas: deltas.seats,
        bank: deltas.bank,
        played: RULES.duration,
        ended: start.started.plus(Duration::from_millis(u64::from(RULES.duration + RULES.kickoff))),
        gaps: [0, 40],
        touches: 5,
        journal: (JournalHead::from_bytes([0x77; 32]), 321),
        slave: Some(slave_seal(pair, start, southern)),
    }
}

fn slave_seal(pair: &Pair, start: &MatchStart, goals: u16) -> SlaveSeal {
    let head = JournalHead::from_bytes([0x51; 32]);
    let unsigned = SlaveSeal { boot: 1, last_seq: 900, goals, head, signature: [0; 64] };
    let signature = pair.slave.sign(&unsigned.message(&start.device, &start.match_id));
    SlaveSeal { signature, ..unsigned }
}
