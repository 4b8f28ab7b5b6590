// Rating and draw of the league, written from docs/league.md. Ratings, differences and changes are BigInt, in thousandths of a
// point; expectations are BigInt, in 65536ths. Teams are 0 and 1.

import crypto from 'node:crypto';

const ONE = 65536n;
const CLAMP = 800_000n;
const LEFT = 4;
const INJURED = 8;
const ABSENT = 16;
const FINAL = 0;
const CONCEDED = 1;

export const OFFICIAL = { kFirst: 40n, kFirstMatches: 10n, k: 24n, oddRated: true, draws: 16 };

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), crypto.createHash('sha256')).digest();
const magnitude = (number) => (number < 0n ? -number : number);

// To the nearest integer, halves away from zero.
export function divide(dividend, divisor) {
  const quotient = (magnitude(dividend) + divisor / 2n) / divisor;
  return dividend < 0n ? -quotient : quotient;
}

// ---- Expectation ----

// r is the nearest integer to 65536 / (1 + 10^(-points/400)). Exactly: (2r-1)^400 <= 10^points (131073-2r)^400, and not so for r+1.
function isAtMostRounded(r, points) {
  return (2n * r - 1n) ** 400n <= 10n ** BigInt(points) * (131073n - 2n * r) ** 400n;
}

function tableEntry(points) {
  let guess = BigInt(Math.round(65536 / (1 + 10 ** (-points / 400))));
  while (!isAtMostRounded(guess, points)) guess -= 1n;
  while (isAtMostRounded(guess + 1n, points)) guess += 1n;
  return guess;
}

export const TABLE = Array.from({ length: 802 }, (_, points) => tableEntry(points));

export function expectation(difference) {
  const distance = magnitude(difference) > CLAMP ? CLAMP : magnitude(difference);
  const point = Number(distance / 1000n);
  const [low, high] = [TABLE[point], TABLE[point + 1]];
  const stronger = low + ((high - low) * (distance % 1000n) + 500n) / 1000n;
  return difference < 0n ? ONE - stronger : stronger;
}

const total = (ratings) => ratings.reduce((sum, rating) => sum + rating, 0n);

export function difference(a, b) {
  if (a.length === 0 || b.length === 0) return 0n;
  const [countA, countB] = [BigInt(a.length), BigInt(b.length)];
  return divide(total(a) * countB - total(b) * countA, countA * countB);
}

// ---- Stakes and changes ----

// players: { rating, matches }; the result is { win, draw, loss } for each.
export function stakes(rules, players, teams) {
  const [a, b] = [0, 1].map((team) => players.filter((_, seat) => teams[seat] === team).map(({ rating }) => rating));
  if (a.length !== b.length && !rules.oddRated) return players.map(() => ({ win: 0n, draw: 0n, loss: 0n }));
  const expected = expectation(difference(a, b));
  return players.map(({ matches }, seat) => {
    const k = matches < rules.kFirstMatches ? rules.kFirst : rules.k;
    const change = (score) => divide(k * 1000n * (score - (teams[seat] === 0 ? expected : ONE - expected)), ONE);
    return { win: change(ONE), draw: change(ONE / 2n), loss: change(0n) };
  });
}

const isLeaver = (flags) => (flags & ABSENT) !== 0 || ((flags & LEFT) !== 0 && (flags & INJURED) === 0);

function resultOf(team, { loser, score }) {
  if (loser !== null) return loser === team ? 'loss' : 'win';
  const [own, others] = [score[team], score[1 - team]];
  return own > others ? 'win' : own < others ? 'loss' : 'draw';
}

// ending: { outcome, loser (or null), score, flags by seat }.
export function finalDeltas(stakesBySeat, teams, ending) {
  const isRated = ending.outcome === FINAL || ending.outcome === CONCEDED;
  const lostAPlayer = [0, 1].map((team) => teams.some((side, seat) => side === team && isLeaver(ending.flags[seat])));
  const deltas = stakesBySeat.map((stake, seat) => {
    if (!isRated) return 0n;
    if (isLeaver(ending.flags[seat])) return stake.loss;
    const result = resultOf(teams[seat], ending);
    return result === 'loss' && lostAPlayer[teams[seat]] ? divide(stake.loss, 2n) : stake[result];
  });
  return { deltas, bank: -total(deltas) };
}

// ---- Draw ----

export const commitment = (secret) => sha256('countersign-commit-v1', secret);

export function drawSeed(secret, matchId, entrants) {
  const sorted = [...entrants].sort((a, b) => Buffer.compare(a.user, b.user));
  return sha256('countersign-draw-v1', secret, matchId, ...sorted.flatMap(({ user, nonce }) => [user, nonce]));
}

// Evenly distributed numbers below a bound, from the bytes of SHA-256(seed ‖ u32 counter).
export function* streamBlocks(seed) {
  for (let counter = 0; ; counter += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    yield sha256(seed, number);
  }
}

function sampler(seed) {
  const bytes = (function* () {
    for (const block of streamBlocks(seed)) yield* block;
  })();
  return (bound) => {
    for (;;) {
      const byte = bytes.next().value;
      if (byte < 256 - (256 % bound)) return byte % bound;
    }
  };
}

// entrants: { user, nonce, rating }, in any order. Seats are ascending by user.
export function draw(rules, secret, matchId, entrants) {
  const sorted = [...entrants].sort((a, b) => Buffer.compare(a.user, b.user));
  const below = sampler(drawSeed(secret, matchId, sorted));
  const north = below(2);
  const larger = below(2);
  const half = larger === 0 ? Math.ceil(sorted.length / 2) : Math.floor(sorted.length / 2);
  let best;
  for (let number = 0; number < Math.max(rules.draws, 1); number += 1) {
    const order = permutation(sorted.length, below);
    const [a, b] = [order.slice(0, half), order.slice(half)];
    const sum = (seats) => total(seats.map((seat) => sorted[seat].rating));
    const imbalance = magnitude(sum(a) * BigInt(b.length) - sum(b) * BigInt(a.length));
    if (best === undefined || imbalance < best.imbalance) best = { imbalance, a, number };
  }
  return {
    users: sorted.map(({ user }) => user),
    teams: sorted.map((_, seat) => (best.a.includes(seat) ? 0 : 1)),
    north,
    chosen: best.number,
  };
}

function permutation(count, below) {
  const order = Array.from({ length: count }, (_, seat) => seat);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = below(last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

// ---- The chain of vectors/agreement.json ----

const U64 = (1n << 64n) - 1n;

function splitMix(state) {
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & U64;
    let mixed = state;
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & U64;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & U64;
    return mixed ^ (mixed >> 31n);
  };
}

function bytesOf(...numbers) {
  const bytes = Buffer.alloc(8 * numbers.length);
  numbers.forEach((number, i) => bytes.writeBigUInt64BE(number, 8 * i));
  return bytes;
}

// Yields the digest after each match.
export function* agreement() {
  const next = splitMix(0n);
  let digest = sha256('countersign-agreement-v1');
  for (;;) {
    const match = invent(next);
    const drawn = draw(OFFICIAL, match.secret, match.matchId, match.entrants);
    const stakesBySeat = stakes(OFFICIAL, match.players, drawn.teams);
    const { deltas, bank } = finalDeltas(stakesBySeat, drawn.teams, match.ending);
    const parts = drawn.teams.map((team, seat) => {
      const { win, draw: drew, loss } = stakesBySeat[seat];
      const line = Buffer.alloc(17);
      line.writeUInt8(team);
      [win, drew, loss, deltas[seat]].forEach((number, i) => line.writeInt32BE(Number(number), 1 + 4 * i));
      return line;
    });
    const last = Buffer.alloc(8);
    last.writeBigInt64BE(bank);
    digest = sha256(digest, Buffer.of(drawn.north, drawn.chosen), ...parts, last);
    yield digest;
  }
}

function invent(next) {
  const count = Number(2n + (next() % 21n));
  const secret = bytesOf(next(), next(), next(), next());
  const matchId = bytesOf(next(), next());
  const [entrants, players, flags] = [[], [], []];
  for (let seat = 0; seat < count; seat += 1) {
    const user = bytesOf(BigInt(seat), next());
    const nonce = bytesOf(next(), next());
    const number = next();
    const rating = 100_000n + ((number & 0xffffffffn) % 2_900_000n);
    entrants.push({ user, nonce, rating });
    players.push({ rating, matches: ((number >> 32n) & 0xffn) % 20n });
    flags.push(((number >> 48n) & 15n) === 0n ? Number((number >> 40n) & 31n) : 0);
  }
  const end = next();
  const bits = (at, mask) => Number((end >> at) & mask);
  const outcome = bits(0n, 15n) <= 8 ? bits(0n, 15n) : FINAL;
  const loser = outcome === CONCEDED ? bits(8n, 1n) : null;
  return { secret, matchId, entrants, players, ending: { outcome, loser, score: [bits(16n, 15n), bits(24n, 15n)], flags } };
}
