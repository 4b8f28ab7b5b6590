// The client against a loopback server that can be told to misbehave.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { NO_EPOCH, publicKeyOf } from './envelope.js';
import { Client, ServerClock, Unsigned, parseEvents, solvePow } from './client.js';
import { FakeServer } from './fake-server.js';

let mailDir;
let server;
let client;

before(async () => {
  mailDir = fs.mkdtempSync(path.join(os.tmpdir(), 'countersign-mail-'));
  server = await new FakeServer(mailDir).start();
});

after(async () => {
  await server.stop();
  fs.rmSync(mailDir, { recursive: true });
});

beforeEach(async () => {
  server.behaviour = {};
  server.keysetVersion += 1n;
  client = newClient();
  await logIn(client);
});

function newClient(changes = {}) {
  return new Client({ base: server.base, ...server.realm, roots: [server.root], ...changes });
}

async function logIn(someone) {
  await someone.startLogin(' Ana@example.org ');
  await someone.requestCode();
  const answer = await someone.register({ code: newestCode(), name: 'test', platform: 'node' });
  assert.equal(answer.name, 'ok');
}

function newestCode() {
  const newest = fs.readdirSync(mailDir).sort().at(-1);
  return /^[0-9A-Z]{8}$/m.exec(fs.readFileSync(path.join(mailDir, newest), 'utf8'))[0];
}

function refusedFor(reason) {
  return { name: 'Refused', reason };
}

describe('login', () => {
  test('gives a session, an epoch and a clock sample', () => {
    assert.equal(client.sessionId.length, 16);
    assert.ok(!client.epoch.equals(NO_EPOCH));
    assert.ok(client.clock.hasSample);
  });

  test('a wrong code is a signed code_invalid', async () => {
    const other = newClient();
    await other.startLogin('ana@example.org');
    await other.requestCode();
    const wrong = newestCode() === '00000000' ? '11111111' : '00000000';
    const answer = await other.register({ code: wrong, name: 'test', platform: 'node' });
    assert.equal(answer.name, 'code_invalid');
    assert.equal(answer.json().attempts_left, 4);
  });

  test('a code typed with o, l, spaces and dashes is the same code', async () => {
    const other = newClient();
    await other.startLogin('ana@example.org');
    await other.requestCode();
    const code = newestCode().replaceAll('0', 'o').replaceAll('1', 'l').toLowerCase();
    const answer = await other.register({ code: `${code.slice(0, 4)} - ${code.slice(4)}`, name: 'test', platform: 'node' });
    assert.equal(answer.name, 'ok');
  });

  test('another address or audience in the unsigned login object is refused', async () => {
    server.behaviour.login = { address: 'mallory@example.org' };
    await assert.rejects(newClient().startLogin('ana@example.org'), refusedFor('wrong_address'));
    server.behaviour.login = { audience: 'staging.example.org' };
    await assert.rejects(newClient().startLogin('ana@example.org'), refusedFor('wrong_audience'));
  });

  test('a wrong clock is corrected once', async () => {
    server.behaviour.clockSkewMs = -7_200_000;
    server.keysetVersion += 1n; // expired an hour ago, by the client's own clock
    const other = newClient();
    await logIn(other);
    assert.ok(Math.abs(other.clock.now() - server.now()) < 1_000);
    assert.equal((await other.call('session.list')).name, 'ok');
  });

  test('the proof of work has the bits that were asked for', () => {
    const challenge = Buffer.from('00'.repeat(16), 'hex');
    const nonce = Buffer.alloc(8);
    nonce.writeBigUInt64BE(BigInt(solvePow(challenge, 10)));
    const hash = crypto.createHash('sha256').update(challenge).update(nonce).digest();
    assert.equal(hash.readUInt16BE(0) >> 6, 0);
    assert.equal(solvePow(challenge, 0), 0);
  });
});

describe('calls', () => {
  test('session.hello works, a new epoch costs one retry', async () => {
    assert.equal((await client.call('session.hello')).name, 'ok');
    server.epoch = crypto.randomBytes(8);
    assert.equal((await client.call('session.list')).name, 'ok');
    assert.deepEqual(client.epoch, server.epoch);
  });

  test('a replay is a signed refusal', async () => {
    const prepared = client.prepare('session.list');
    assert.equal((await client.exchange(prepared)).name, 'ok');
    assert.equal((await client.exchange(prepared)).name, 'replayed');
  });

  test('a server clock that jumps is followed', async () => {
    const now = client.clock.tick();
    client.clock.add(Date.now(), now, now); // a sample so good that no later one would beat it
    server.behaviour.clockSkewMs = 1_800_000;
    assert.equal((await client.call('session.list')).name, 'ok');
  });

  test('any bit of an answer that changed on the way is refused', async () => {
    const length = (await answerOf(client)).length;
    for (let bit = 0; bit < 8 * length; bit += 13) {
      server.behaviour.tamper = (frame) => flip(frame, bit % (8 * frame.length));
      await assert.rejects(client.call('session.hello'), { name: 'Refused' }, `bit ${bit}`);
    }
  });

  test('a genuine answer to another request is refused', async () => {
    server.behaviour.requestDigest = crypto.randomBytes(32);
    await assert.rejects(client.call('session.hello'), refusedFor('wrong_signature'));
  });

  test('a right signature over a wrong request_id is refused', async () => {
    server.behaviour.answer = { request_id: crypto.randomBytes(16) };
    await assert.rejects(client.call('session.hello'), refusedFor('wrong_request_id'));
  });

  test('an answer with an old time is refused', async () => {
    server.behaviour.answer = { timestamp_ms: Date.now() - 120_000 };
    await assert.rejects(client.call('session.hello'), refusedFor('stale_answer'));
  });

  test('an unsigned error is an exception and deletes no key', async () => {
    const prepared = client.prepare('session.hello');
    prepared.frame[2] = 9;
    await assert.rejects(client.exchange(prepared), (error) => error instanceof Unsigned && error.problem === 'unsupported_version');
    assert.equal(client.mustForgetKey, false);
  });

  test('the key goes after session_revoked, or unauthenticated twice in a row', async () => {
    const session = server.sessions.get(client.sessionId.toString('hex'));
    session.revoked = true;
    assert.equal((await client.call('session.hello')).name, 'session_revoked');
    assert.equal(client.mustForgetKey, true);

    const stranger = newClient();
    stranger.sessionId = crypto.randomBytes(16);
    await stranger.call('session.hello');
    assert.equal(stranger.mustForgetKey, false);
    await stranger.call('session.hello');
    assert.equal(stranger.mustForgetKey, true);
  });
});

async function answerOf(someone) {
  let seen;
  server.behaviour.tamper = (frame) => (seen = frame);
  await someone.call('session.hello');
  return seen;
}

function flip(frame, bit) {
  const copy = Buffer.from(frame);
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
}

describe('key set', () => {
  test('of another root is refused', async () => {
    const other = newClient({ roots: [publicKeyOf(crypto.randomBytes(32))] });
    await assert.rejects(other.refreshKeySet(), refusedFor('wrong_signature'));
  });

  test('that is older, or another one of the same version, is refused', async () => {
    server.keysetVersion += 5n;
    await client.refreshKeySet();
    server.behaviour.keyset = { min_protocol: 0 };
    await assert.rejects(client.refreshKeySet(), refusedFor('keyset_rollback'));
    server.keysetVersion -= 1n;
    await assert.rejects(client.refreshKeySet(), refusedFor('keyset_rollback'));
    server.keysetVersion += 2n;
    await client.refreshKeySet();
  });

  test('expired, revoked, tainted and out-of-interval keys are told apart', async () => {
    const expectations = {
      keyset_expired: { keyset: { expires_ms: 1 } },
      revoked_key: { key: { state: 4 } },
      tainted_key: { key: { state: 3 } },
      key_interval: { key: { not_after_ms: 1 } },
    };
    for (const [reason, behaviour] of Object.entries(expectations)) {
      server.behaviour = behaviour;
      const other = newClient();
      other.sessionId = client.sessionId;
      await assert.rejects(other.call('session.hello'), refusedFor(reason));
    }
  });

  test('an unknown key id costs one fetch per minute', async () => {
    server.behaviour.answerSeed = crypto.randomBytes(32);
    server.keysetVersion += 1n;
    const fetches = server.keysetFetches;
    await assert.rejects(client.call('session.hello'), refusedFor('unknown_key'));
    await assert.rejects(client.call('session.hello'), refusedFor('unknown_key'));
    assert.equal(server.keysetFetches, fetches + 1);
  });
});

describe('streams and REST', () => {
  test('long poll delivers verified pushes and moves the cursor', async () => {
    const stream = await client.openStream();
    const pushes = await client.poll(stream, 0);
    assert.deepEqual(pushes.map(({ header }) => header.seq), [1n, 2n]);
    assert.equal(stream.cursor, 2);
    server.behaviour.gap = true;
    await assert.rejects(client.poll(stream, 0), refusedFor('gap'));
  });

  test('SSE opens with the signed answer and goes on with pushes', async () => {
    const [open, ...pushes] = await collect(client.sse());
    assert.equal(open.resync, false);
    assert.deepEqual(pushes.map(({ payload }) => payload.toString()), ['{"n":1}', '{"n":2}', '{"n":3}']);
  });

  test('events survive any split of the byte stream', async () => {
    const bytes = Buffer.from(': ping\r\n\r\nid: 1\r\nevent: push\r\ndata: YWI\r\n\r\nevent: push\ndata: YW\n\n');
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const events = await collect(parseEvents([bytes.subarray(0, cut), bytes.subarray(cut)]));
      assert.deepEqual(events.map(({ data }) => data), ['YWI', 'YW'], `cut at ${cut}`);
    }
  });

  test('the REST profile signs method, path, type and body, and the reply', async () => {
    const options = { contentType: 'application/json', body: Buffer.from('{"score":3}') };
    const answer = await client.callRest('PUT', '/api/matches/7?draft=1', options);
    assert.equal(answer.code, 0);
    assert.equal(answer.body.toString(), 'you sent 11 bytes');
    assert.equal((await client.callRest('GET', '/api/matches')).body.toString(), 'you sent 0 bytes');
    server.behaviour.restBody = 'you sent 12 bytes';
    await assert.rejects(client.callRest('PUT', '/api/matches/7?draft=1', options), refusedFor('payload_mismatch'));
  });
});

async function collect(iterable) {
  const all = [];
  for await (const item of iterable) all.push(item);
  return all;
}

describe('server clock', () => {
  const fakeClock = () => {
    const time = { wall: 1_000_000, mono: 0 };
    return { time, clock: new ServerClock({ wall: () => time.wall, monotonic: () => time.mono }) };
  };

  test('takes the shortest of the last eight round trips and drops slow ones', () => {
    const { clock } = fakeClock();
    clock.add(5_000, 0, 10_001);
    assert.equal(clock.hasSample, false);
    clock.add(5_000, 0, 100);
    clock.add(9_000, 0, 300);
    assert.equal(clock.now(), 4_950);
    for (let i = 0; i < 8; i += 1) clock.add(9_000, 0, 200);
    assert.equal(clock.now(), 8_900);
  });

  test('forgets its samples when the wall clock jumps', () => {
    const { time, clock } = fakeClock();
    clock.add(5_000, 0, 100);
    time.wall += 1_001;
    assert.equal(clock.hasSample, false);
    assert.equal(clock.now(), time.wall);
  });
});

test('live.js reports every step and succeeds', async () => {
  const { status, lines } = await runLive(server.root);
  assert.deepEqual(lines.filter(({ ok }) => !ok), []);
  assert.equal(lines.length, 15);
  assert.equal(status, 0);
});

test('live.js stops with a non-zero exit code under another root', async () => {
  const { status, lines } = await runLive(publicKeyOf(crypto.randomBytes(32)));
  assert.equal(status, 1);
  assert.equal(lines.at(-1).step, 'keyset');
});

async function runLive(root) {
  const script = path.join(import.meta.dirname, 'live.js');
  const options = { base: server.base, root: root.toString('hex'), address: 'ana@example.org', 'code-file': mailDir };
  const child = spawn(process.execPath, [script, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])]);
  const [out, status] = await Promise.all([child.stdout.toArray(), new Promise((resolve) => child.on('close', resolve))]);
  const lines = Buffer.concat(out).toString().trim().split('\n').map((line) => JSON.parse(line));
  return { status, lines };
}
