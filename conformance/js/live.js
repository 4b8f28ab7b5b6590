// Logs in against a running server and checks it from outside. One JSON line per step; exit code 1 at the first failure.
// node live.js --base URL --root HEX --address a@b --code-file PATH-or-dir [--app NAME --audience NAME]

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { digest, decodeKind, publicKeyOf } from './envelope.js';
import { Client, CONTENT_TYPE } from './client.js';

const CODE = /\b[0-9A-HJKMNP-TV-Z]{8}\b/;
const MAIL_PATIENCE_MS = 15_000;

const options = readOptions();
let client;

await step('login', startLogin);
await step('keyset', async () => ({ version: Number((await client.refreshKeySet()).version) }));
const code = await step('code', requestCode);
await step('register', () => register(code));
await step('session.hello', hello);
await step('session.list', list);
await step('flip.signature', () => refusedAs('unauthenticated', flipped('signature')));
await step('flip.session_id', () => refusedAs('unauthenticated', flipped('session_id')));
await step('flip.payload', () => refusedAs('payload_mismatch', flipped('payload')));
await step('flip.version', unsignedRefusal);
await step('replay', replay);
await step('stale_timestamp', () => refusedAs('stale_timestamp', client.prepare('session.list', {}, { timestamp_ms: client.clock.now() - 600_000 })));
await step('stale_epoch', () => refusedAs('stale_epoch', client.prepare('session.list', {}, { epoch: crypto.randomBytes(8) })));
await step('wrong_key', () => refusedAs('unauthenticated', signedBySomebodyElse()));
await step('epoch_retry', retryAfterStaleEpoch);

function readOptions() {
  const names = ['base', 'root', 'address', 'code-file', 'app', 'audience'];
  const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
  const missing = names.slice(0, 4).filter((name) => !values[name]);
  if (missing.length === 0) return values;
  console.error(`missing: ${missing.map((name) => `--${name}`).join(' ')}`);
  process.exit(2);
}

async function step(name, run) {
  const start = performance.now();
  const report = (result) => console.log(JSON.stringify({ step: name, ...result, ms: Math.round(performance.now() - start) }));
  try {
    const result = await run();
    report({ ok: true, ...(typeof result === 'object' ? result : {}) });
    return result;
  } catch (error) {
    report({ ok: false, error: error.message });
    process.exit(1);
  }
}

async function startLogin() {
  const realm = { app: options.app, audience: options.audience };
  const roots = [Buffer.from(options.root, 'hex')];
  client = new Client({ base: options.base, ...(await discoverRealm(realm)), roots });
  const { address, code_length, requested_information } = await client.startLogin(options.address);
  return { ...client.realm, address, code_length, requested_information };
}

// Only for this script: a real client has both names in its configuration. What the server says here is
// checked a step later, when the root's signature must cover it.
async function discoverRealm({ app, audience }) {
  if (app && audience) return { app, audience };
  const key = { alg: 1, pk: publicKeyOf(crypto.randomBytes(32)).toString('hex') };
  const reply = await fetch(`${options.base.replace(/\/$/, '')}/login`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ address: options.address, key }),
  });
  assert.equal(reply.status, 200, 'POST /login');
  const login = await reply.json();
  return { app: app ?? login.app, audience: audience ?? login.audience };
}

async function requestCode() {
  const before = newestMail();
  await client.requestCode();
  return waitForCode(before);
}

async function waitForCode(before) {
  for (let waited = 0; waited < MAIL_PATIENCE_MS; waited += 100) {
    const mail = newestMail();
    const isNew = mail && (mail.file !== before?.file || mail.text !== before.text);
    const isAppended = isNew && mail.file === before?.file && mail.text.startsWith(before.text);
    const found = isNew && findCode(isAppended ? mail.text.slice(before.text.length) : mail.text);
    if (found) return found;
    await sleep(100);
  }
  throw new Error(`no code in ${options['code-file']} after ${MAIL_PATIENCE_MS} ms`);
}

function newestMail() {
  const place = options['code-file'];
  if (!fs.existsSync(place)) return null;
  const files = fs.statSync(place).isDirectory() ? filesIn(place) : [place];
  const newest = files.map((file) => ({ file, time: fs.statSync(file, { bigint: true }).mtimeNs })).sort((a, b) => (a.time < b.time ? 1 : -1))[0];
  return newest ? { file: newest.file, text: fs.readFileSync(newest.file, 'utf8') } : null;
}

function filesIn(directory) {
  return fs.readdirSync(directory).map((name) => path.join(directory, name)).filter((file) => fs.statSync(file).isFile());
}

function findCode(mail) {
  const lines = mail.split(/\r?\n/).filter((line) => line.trim() !== '');
  for (const [i, line] of lines.entries()) {
    if (!/code/i.test(line)) continue;
    const match = CODE.exec(line) ?? CODE.exec(lines[i + 1] ?? '');
    if (match) return match[0];
  }
  return null;
}

async function register(foundCode) {
  const answer = await client.register({ code: foundCode, name: 'conformance/js', platform: 'node' });
  assert.equal(answer.name, 'ok', JSON.stringify(answer.json()));
  const { session_id, user_id, new_user } = answer.json();
  return { session_id, user_id, new_user };
}

async function hello() {
  const answer = await client.call('session.hello');
  assert.equal(answer.name, 'ok');
  assert.equal(answer.json().session_id, client.sessionId.toString('hex'));
  return { server_time_ms: answer.json().server_time_ms };
}

async function list() {
  const answer = await client.call('session.list');
  assert.equal(answer.name, 'ok');
  const { sessions } = answer.json();
  const current = sessions.filter((session) => session.current);
  assert.deepEqual(current.map(({ session_id }) => session_id), [client.sessionId.toString('hex')]);
  return { sessions: sessions.length };
}

async function refusedAs(name, prepared) {
  const answer = await client.exchange(prepared);
  assert.equal(answer.name, name);
  return { result_code: answer.code, signed: true };
}

// One bit of a good frame is wrong. The answer is bound to the header as the server got it.
function flipped(part) {
  const prepared = client.prepare('session.list');
  const frame = Buffer.from(prepared.frame);
  const headerLength = frame.readUInt16BE(0);
  const place = { session_id: 2 + 4, signature: 2 + headerLength + 2, payload: frame.length - 1 }[part];
  frame[place] ^= 1;
  const requestDigest = digest(client.realm, 'request', decodeKind('request', frame).headerBytes);
  return { ...prepared, frame, requestDigest };
}

async function unsignedRefusal() {
  const frame = Buffer.from(client.prepare('session.list').frame);
  frame[2] ^= 2;
  const reply = await fetch(`${client.base}/x`, { method: 'POST', headers: { 'Content-Type': CONTENT_TYPE }, body: frame });
  assert.equal(reply.status, 400);
  assert.match(reply.headers.get('content-type'), /^application\/problem\+json/);
  return { status: reply.status, signed: false };
}

async function replay() {
  const prepared = client.prepare('session.list');
  const first = await client.exchange(prepared);
  assert.equal(first.name, 'ok');
  return refusedAs('replayed', prepared);
}

function signedBySomebodyElse() {
  const other = new Client({ base: client.base, ...client.realm, roots: [], clock: client.clock });
  other.sessionId = client.sessionId;
  other.epoch = client.epoch;
  return other.prepare('session.list');
}

async function retryAfterStaleEpoch() {
  client.epoch = crypto.randomBytes(8);
  const answer = await client.call('session.list');
  assert.equal(answer.name, 'ok');
}
