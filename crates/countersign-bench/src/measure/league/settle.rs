//! Results of 22 players, from the bytes that a phone brought to the receipt on disk, against their signatures alone.

use super::super::Bench;
use crate::failure::Result;
use crate::league::matches::{FIRST_KICKOFF, League, Pitch, Played, RULES, SEATS, SIGNATURES};
use crate::league::players;
use crate::process::cpu;
use crate::report::{Report, Row, number};
use crate::sample::{Spread, as_f64, micros_each};
use crate::targets;
use countersign::{Fingerprint, Keyset, RecordDigest, Signer, SigningKey, Timestamp, VerifyingKey};
use countersign_league::evidence::{Bundle, DeviceStatus, Settlement, digest_of};
use countersign_league::settlement::{
    Checked, Context, KnownDevice, KnownRules, check, read, signer,
};
use countersign_league::{BatchId, Nonce};
use countersign_server::clock::instant;
use countersign_server::config::LeagueConfig;
use countersign_server::gateway::Sealer;
use countersign_server::league::League as ServerLeague;
use countersign_server::random;
use countersign_store::LeagueStore;
use countersign_store::league::{
    Device, NewPair, NewPlayer, NewTicket, PlayerName, SettleOutcome, StatusChange, StatusOutcome,
};
use countersign_store_sqlite::SqliteStore;
use futures_util::future::try_join_all;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Matches of a round, each on a pitch of its own.
const MATCHES: usize = 250;

/// How many are under way at any time.
const WAITING: usize = 64;

/// Phones deliver an hour after the kickoff.
const LATER: Duration = Duration::from_secs(3_600);

/// What a signature is over: a record's header has about this many bytes.
const MESSAGE: [u8; 200] = [7; 200];

/// What settles in the real server.
struct Server {
    store: SqliteStore,
    league: ServerLeague,
    keyset: Keyset,
    sealer: Sealer,
    rules: [KnownRules; 1],
}

/// Settlements per second, verified, decided, signed and durable.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants(targets::SETTLE) {
        return Ok(());
    }
    bench.announce("league: settlements of 22 players");
    // A thread per core, for both sides; the store's own thread shares them.
    bench.cores.take_both();
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.worker_threads(2).enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let league = League::found(bench.scaled(MATCHES))?;
    let server = Arc::new(Server {
        store: SqliteStore::open(&folder.path().join("countersign.db"))?,
        league: ServerLeague::new(&LeagueConfig::default())?,
        keyset: league.keys.opened()?,
        sealer: league.keys.sealer(FIRST_KICKOFF)?,
        rules: [KnownRules { params: RULES, rated: true }],
    });
    runtime.block_on(register(&server.store, &league))?;
    let (mut settled, mut verified) = (Vec::new(), Vec::new());
    for round in 1..=u32::try_from(bench.rounds)? {
        let played = play(&runtime, &server.store, &league, round)?;
        settled.push(rate(&runtime, played, {
            let server = Arc::clone(&server);
            move |played| settle(Arc::clone(&server), played)
        })?);
        let key = SigningKey::from_seed(&random::bytes()?);
        let signed = Arc::new((key.verifying_key().clone(), key.sign(&MESSAGE)));
        let nothing = vec![(); league.pitches.len()];
        verified.push(rate(&runtime, nothing, move |()| verify(Arc::clone(&signed)))?);
    }
    bench.cores.take_load_core();
    report.add(row(&settled, &verified));
    Ok(())
}

fn row(settled: &[Rate], verified: &[Rate]) -> Row {
    let middle = |rounds: Vec<f64>| number(Spread::of(&rounds).map_or(0.0, |spread| spread.median));
    let rates = |rounds: &[Rate]| middle(rounds.iter().map(|round| round.per_second).collect());
    let cpu = |rounds: &[Rate]| middle(rounds.iter().map(|round| round.cpu_us).collect());
    let pairs = || settled.iter().zip(verified);
    Row {
        name: targets::SETTLE,
        rounds: pairs().map(|(ours, crypto)| ours.per_second / crypto.per_second).collect(),
        judged: None,
        baseline: format!("{SIGNATURES} verifications {}/s", rates(verified)),
        note: format!(
            "{}/s with {WAITING} under way, each answered with a signed receipt after its fsync; check, the server's referee \
             and SQLite, without HTTP; CPU time of a match {} us, of its verifications {} us: {}",
            rates(settled),
            cpu(settled),
            cpu(verified),
            middle(pairs().map(|(ours, crypto)| crypto.cpu_us / ours.cpu_us).collect()),
        ),
    }
}

/// How quickly some work went.
struct Rate {
    per_second: f64,
    /// Microseconds of CPU, of all threads, for each.
    cpu_us: f64,
}

/// `work` on all of `items`, [`WAITING`] at a time.
fn rate<I, F>(
    runtime: &Runtime,
    items: Vec<I>,
    work: impl Fn(I) -> F + Clone + Send + Sync + 'static,
) -> Result<Rate>
where
    I: Clone + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send,
{
    let (items, next) = (Arc::new(items), Arc::new(AtomicUsize::new(0)));
    let (begun, before) = (instant(), cpu("self")?);
    runtime.block_on(async {
        let worker = |_| {
            let (items, next, work) = (Arc::clone(&items), Arc::clone(&next), work.clone());
            tokio::spawn(async move {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(item.clone()).await?;
                }
                Ok::<_, crate::failure::Failure>(())
            })
        };
        for worker in (0..WAITING).map(worker).collect::<Vec<_>>() {
            worker.await??;
        }
        Ok::<_, crate::failure::Failure>(())
    })?;
    let per_second = as_f64(items.len()) / begun.elapsed().as_secs_f64();
    let cpu_us = micros_each(cpu("self")?.saturating_sub(before), items.len());
    Ok(Rate { per_second, cpu_us })
}

/// The signatures of one match, with keys that are at hand.
async fn verify(signed: Arc<(VerifyingKey, [u8; 64])>) -> Result<()> {
    let (key, signature) = &*signed;
    for _ in 0..SIGNATURES {
        key.verify(black_box(&MESSAGE), signature)?;
    }
    tokio::task::yield_now().await;
    Ok(())
}

/// What a server does with a bundle, but for the request around it.
async fn settle(server: Arc<Server>, played: Arc<Played>) -> Result<()> {
    let server = &*server;
    let Server { store, league, sealer, .. } = server;
    let now = played.kickoff.plus(LATER);
    let bundle = read(&played.bundle)?;
    let digest = digest_of(sealer.realm(), &bundle.result)?;
    if store.find_receipt(played.match_id, digest).await?.is_some() {
        return Err("a match was settled before".into());
    }
    let device = store.find_device_by_key(signer(&bundle)?).await?;
    let device = known(&device.ok_or("the device is not registered")?)?;
    let referee = league.referee(verified(server, &bundle, &device, now)?, sealer.clone(), now);
    let game = referee.game(played.bundle.clone());
    let outcome = store.settle_game(game, referee).await?;
    let counts = matches!(
        &outcome,
        SettleOutcome::Settled { settlement: Settlement::Settled, ratings, .. } if ratings.len() == SEATS
    );
    match counts {
        true => Ok(()),
        false => Err(format!("a match was to be settled: {outcome:?}").into()),
    }
}

fn verified(
    server: &Server,
    bundle: &Bundle,
    device: &KnownDevice,
    now: Timestamp,
) -> Result<Checked> {
    let server_key =
        |signer: &Fingerprint, at: Timestamp| server.keyset.record_key(signer, at).ok().cloned();
    let context = Context {
        realm: server.sealer.realm(),
        device: Some(device),
        server_key: &server_key,
        rules: &server.rules,
    };
    Ok(check(bundle, &context, now)?)
}

/// As the server reads keys out of its store.
fn known(device: &Device) -> Result<KnownDevice> {
    Ok(KnownDevice {
        device: device.pair.device,
        master: VerifyingKey::from_vouched(&device.pair.master)?,
        slave: VerifyingKey::from_vouched(&device.pair.slave)?,
        status: device.status,
        max_players: device.pair.max_players,
    })
}

/// A match on every pitch, with tickets that the store has issued.
fn play(
    runtime: &Runtime,
    store: &SqliteStore,
    league: &League,
    round: u32,
) -> Result<Vec<Arc<Played>>> {
    let half = league.pitches.len().div_ceil(2);
    let play = |pitches: &[Pitch]| -> Result<Vec<_>> {
        pitches.iter().map(|pitch| Ok(Arc::new(league.play(pitch, round)?))).collect()
    };
    let played = std::thread::scope(|scope| {
        let play = &play;
        let pitches = league.pitches.chunks(half);
        let threads: Vec<_> = pitches.map(|some| scope.spawn(move || play(some))).collect();
        let parts = threads.into_iter().map(|thread| thread.join().map_err(|_| "a match broke")?);
        parts.collect::<Result<Vec<_>>>()
    })?;
    let played: Vec<_> = played.into_iter().flatten().collect();
    let tickets = league.pitches.iter().zip(&played).map(|(pitch, played)| {
        let seats = pitch.players.iter().zip(&played.tickets);
        let tickets = seats.map(|(player, digest)| {
            store.issue_ticket(NewTicket {
                digest: *digest,
                user: player.user,
                device: pitch.device,
                lobby: Nonce::from_bytes([1; 16]),
                issued: played.kickoff,
                expires: played.kickoff.plus(LATER),
            })
        });
        try_join_all(tickets)
    });
    runtime.block_on(try_join_all(tickets))?;
    Ok(played)
}

/// Devices in use, and players.
async fn register(store: &SqliteStore, league: &League) -> Result<()> {
    let now = Timestamp::from_millis(1_790_000_000_000);
    let pairs = league.pitches.iter().map(pair).collect();
    store.register_pairs(pairs, now).await?;
    for to in [DeviceStatus::Sold, DeviceStatus::Active] {
        let changes = league.pitches.iter().map(|pitch| {
            store.set_device_status(StatusChange { device: pitch.device, to, by: None, now })
        });
        for outcome in try_join_all(changes).await? {
            let StatusOutcome::Changed { .. } = outcome else {
                return Err(format!("a device was to be taken into use: {outcome:?}").into());
            };
        }
    }
    let members = league.pitches.iter().flat_map(|pitch| &pitch.players);
    let players = (0..).zip(members).map(|(number, member)| {
        let name =
            PlayerName { name: format!("Player {number}"), skeleton: format!("player{number}") };
        let rating = players::rating(number);
        store.player_of(NewPlayer { user: member.user, name, rating, now })
    });
    try_join_all(players).await?;
    Ok(())
}

fn pair(pitch: &Pitch) -> NewPair {
    let (master, slave) = (pitch.master.verifying_key(), pitch.slave.verifying_key());
    NewPair {
        device: pitch.device,
        batch: BatchId::from_bytes([1; 16]),
        serial: "GL-00001".to_owned(),
        mark: "teal 07".to_owned(),
        master: *master.as_bytes(),
        master_key: *master.fingerprint(),
        slave: *slave.as_bytes(),
        slave_key: *slave.fingerprint(),
        max_players: RULES.max_players,
        digest: RecordDigest::from_bytes(*master.fingerprint().as_bytes()),
        certificate: vec![1; 300],
    }
}
