// Rating and draw against the published vectors, and the Rust code as WebAssembly against the digest of a million matches.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  OFFICIAL, TABLE, agreement, commitment, difference, divide, draw, drawSeed, expectation, finalDeltas, stakes, streamBlocks,
} from './league.js';

const casesOf = (kind) => {
  const file = path.join(import.meta.dirname, `../../vectors/${kind}.json`);
  const vectors = JSON.parse(fs.readFileSync(file, 'utf8'));
  assert.equal(vectors.kind, kind);
  assert.ok(vectors.cases.length > 0);
  return vectors.cases;
};
const hex = (text) => Buffer.from(text, 'hex');
const big = (numbers) => numbers.map(BigInt);

describe('ratings', () => {
  const cases = casesOf('ratings');
  const of = (what) => cases.filter((vector) => vector.of === what);

  test('halves go away from zero', () => {
    assert.deepEqual([divide(5n, 2n), divide(-5n, 2n), divide(4n, 3n), divide(-5n, 3n), divide(0n, 7n)], [3n, -3n, 1n, -2n, 0n]);
  });

  test('the table, computed exactly', () => {
    const [vector] = of('table');
    const bytes = Buffer.alloc(2 * TABLE.length);
    TABLE.forEach((entry, i) => bytes.writeUInt16BE(Number(entry), 2 * i));
    assert.equal(TABLE.length, vector.entries);
    assert.equal(crypto.createHash('sha256').update(bytes).digest('hex'), vector.sha256);
  });

  test('expectations', () => {
    assert.ok(of('expectation').length > 100);
    for (const vector of of('expectation')) {
      assert.equal(expectation(BigInt(vector.difference)), BigInt(vector.expectation), vector.name);
    }
  });

  test('stakes and changes', () => {
    assert.ok(of('match').length > 100);
    for (const vector of of('match')) checkMatch(vector);
  });
});

function checkMatch(vector) {
  const rules = {
    kFirst: BigInt(vector.k_first), kFirstMatches: BigInt(vector.k_first_matches), k: BigInt(vector.k), oddRated: vector.odd_rated,
  };
  const players = vector.players.map(([rating, matches]) => ({ rating: BigInt(rating), matches: BigInt(matches) }));
  const ratings = (team) => players.filter((_, seat) => vector.teams[seat] === team).map(({ rating }) => rating);
  assert.equal(difference(ratings(0), ratings(1)), BigInt(vector.difference), vector.name);
  const computed = stakes(rules, players, vector.teams);
  assert.deepEqual(computed.map(({ win, draw: drew, loss }) => [win, drew, loss]), vector.stakes.map(big), vector.name);
  for (const ending of vector.endings) {
    const { deltas, bank } = finalDeltas(computed, vector.teams, ending);
    assert.deepEqual(deltas, big(ending.deltas), vector.name);
    assert.equal(bank, BigInt(ending.bank), vector.name);
  }
}

test('draws', () => {
  const cases = casesOf('draws');
  assert.ok(cases.length > 200);
  for (const vector of cases) {
    const entrants = vector.entrants.map(({ user, nonce, rating }) => ({ user: hex(user), nonce: hex(nonce), rating: BigInt(rating) }));
    const [secret, matchId] = [hex(vector.secret), hex(vector.match_id)];
    assert.equal(commitment(secret).toString('hex'), vector.commit);
    const seed = drawSeed(secret, matchId, entrants);
    assert.equal(seed.toString('hex'), vector.seed, vector.name);
    assert.equal(streamBlocks(seed).next().value.toString('hex'), vector.block, vector.name);
    const drawn = draw({ ...OFFICIAL, draws: vector.draws }, secret, matchId, entrants);
    assert.deepEqual(drawn.users.map((user) => user.toString('hex')), vector.users, vector.name);
    assert.deepEqual([drawn.teams, drawn.north, drawn.chosen], [vector.teams, vector.north, vector.chosen], vector.name);
  }
});

describe('agreement', () => {
  const cases = casesOf('agreement');

  // A million take minutes here; what differs at all differs early.
  test('the first matches of the chain', () => {
    const [{ matches, digest }] = cases;
    const chain = agreement();
    for (let played = 1; played < matches; played += 1) chain.next();
    assert.equal(chain.next().value.toString('hex'), digest);
  });

  // `cargo xtask test` builds the program (crates/countersign-league/examples/agreement.rs) and names it here.
  const wasm = process.env.COUNTERSIGN_AGREEMENT;
  if (wasm) {
    const run = async (bytes) => (await WebAssembly.instantiate(bytes, {})).instance.exports.main(0, 0);

    test('a million matches as WebAssembly', async () => {
      assert.equal(cases.at(-1).matches, 1_000_000);
      assert.equal(await run(fs.readFileSync(wasm)), 0);
    });

    test('the WebAssembly sees another digest', async () => {
      const bytes = fs.readFileSync(wasm);
      const at = bytes.indexOf(cases[0].digest);
      assert.ok(at > 0);
      bytes.write(cases[0].digest[0] === '0' ? '1' : '0', at);
      assert.equal(await run(bytes), 1);
    });
  }
});
