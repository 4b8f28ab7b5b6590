// A small Countersign client over HTTP: login, signed calls, long poll, SSE and the REST profile.
// Any failure of a check throws, and no part of the answer is used.

import crypto from 'node:crypto';
import {
  MAX_ANSWER_BYTES, NO_EPOCH, Reader, Refused,
  checkSignature, codeHash, decodeBase64Url, decodeKind, digest, encodeFrame, equalBytes, isFresh, lp16,
  normaliseCode, openPayload, publicKeyOf, seal, serverKeyId, sha256, verifyKeySet,
} from './envelope.js';

export const CONTENT_TYPE = 'application/vnd.countersign.v1';
export const RESULTS = [
  'ok', 'unauthenticated', 'session_revoked', 'stale_timestamp', 'stale_epoch', 'replayed', 'payload_mismatch',
  'rate_limited', 'forbidden', 'unknown_type', 'idempotency_mismatch', 'idempotency_in_progress', 'invalid_payload',
  'overloaded', 'upstream_unavailable', 'upstream_timeout', 'not_found', 'internal', 'code_invalid', 'record_invalid',
  'evidence_invalid', 'conflict', 'step_up_required',
];

const RETRIED_ONCE = ['stale_epoch', 'stale_timestamp'];
const TAINTED = 3;
const REVOKED = 4;
const REQUEST_TIMEOUT_MS = 40_000;
const MAX_ROUND_TRIP_MS = 10_000;
const MAX_CLOCK_DISAGREEMENT_MS = 1_000;
const KEPT_SAMPLES = 8;
const KEYSET_COOLDOWN_MS = 60_000;
const MAX_POW_BITS = 28;

// An unsigned answer: a reason to wait or give up, never to delete a key.
export class Unsigned extends Error {
  constructor(status, problem) {
    super(`unsigned answer ${status}: ${problem}`);
    this.name = 'Unsigned';
    this.status = status;
    this.problem = problem;
  }
}

// ---- Server time (section 9) ----

export class ServerClock {
  #samples = [];
  #wall;
  #monotonic;
  #wallLead = 0;

  constructor({ wall = Date.now, monotonic = () => performance.now() } = {}) {
    this.#wall = wall;
    this.#monotonic = monotonic;
  }

  tick() {
    return this.#monotonic();
  }

  get hasSample() {
    if (this.#samples.length && Math.abs(this.#lead() - this.#wallLead) > MAX_CLOCK_DISAGREEMENT_MS) this.reset();
    return this.#samples.length > 0;
  }

  now() {
    return Math.round(this.hasSample ? this.#monotonic() + this.#bestOffset() : this.#wall());
  }

  add(serverMs, sent, received) {
    const roundTrip = received - sent;
    if (roundTrip > MAX_ROUND_TRIP_MS) return;
    if (!this.hasSample) this.#samples = [];
    this.#wallLead = this.#lead();
    this.#samples.push({ roundTrip, offset: Number(serverMs) - (sent + received) / 2 });
    this.#samples = this.#samples.slice(-KEPT_SAMPLES);
  }

  reset() {
    this.#samples = [];
  }

  #lead() {
    return this.#wall() - this.#monotonic();
  }

  #bestOffset() {
    return this.#samples.reduce((best, sample) => (sample.roundTrip < best.roundTrip ? sample : best)).offset;
  }
}

// ---- Key set (section 10) ----

export class KeySetStore {
  #load;
  #clock;
  #roots;
  #current = null;
  #lastUnknownFetch = -Infinity;

  // `load` returns the bytes of GET {base}/keyset; `roots` are the embedded public keys.
  constructor({ load, clock, roots }) {
    this.#load = load;
    this.#clock = clock;
    this.#roots = roots;
  }

  get version() {
    return this.#current?.header.version ?? null;
  }

  async refresh(realm) {
    const fetched = verifyKeySet(await this.#load(), { realm, roots: this.#roots });
    this.#checkNotOlder(fetched);
    this.#current = fetched;
    this.#roots = fetched.header.roots.map(({ pk }) => pk);
    return fetched.header;
  }

  #checkNotOlder(fetched) {
    if (!this.#current) return;
    const known = this.#current.header.version;
    if (fetched.header.version < known) throw new Refused('keyset_rollback', `version ${fetched.header.version} after ${known}`);
    const isSame = equalBytes(fetched.headerBytes, this.#current.headerBytes);
    if (fetched.header.version === known && !isSame) throw new Refused('keyset_rollback', `two sets of version ${known}`);
  }

  // The verdict is taken at the signed time of the answer. A client whose own clock is fast could otherwise
  // never accept the stale_timestamp that corrects it; the own clock only causes a fetch.
  async #ensureFresh(realm, answerTime) {
    const ownTime = this.#clock.hasSample ? BigInt(this.#clock.now()) : 0n;
    if (!this.#current || this.#isExpiredAt(answerTime) || this.#isExpiredAt(ownTime)) await this.refresh(realm);
    if (this.#isExpiredAt(answerTime)) throw new Refused('keyset_expired', 'and the server has no newer one');
  }

  #isExpiredAt(time) {
    return time >= this.#current.header.expires_ms;
  }

  // Throws unless `frame` (a response or a push) carries the signature of a key that may sign at its time.
  async check(frame, { realm, requestDigest }) {
    await this.#ensureFresh(realm, frame.header.timestamp_ms);
    const candidates = await this.#candidates(frame.header.server_key_id, realm);
    const signer = candidates.find(({ pk }) => isSignedBy(frame, { realm, publicKey: pk, requestDigest }));
    if (!signer) throw new Refused('wrong_signature', 'no key of the key set signed this');
    checkSignerState(signer, frame.header.timestamp_ms);
  }

  async #candidates(keyId, realm) {
    const known = this.#byId(keyId);
    if (known.length > 0) return known;
    if (this.#clock.tick() - this.#lastUnknownFetch >= KEYSET_COOLDOWN_MS) {
      this.#lastUnknownFetch = this.#clock.tick();
      await this.refresh(realm);
    }
    const found = this.#byId(keyId);
    if (found.length === 0) throw new Refused('unknown_key', keyId.toString('hex'));
    return found;
  }

  #byId(keyId) {
    return this.#current.header.keys.filter(({ pk }) => equalBytes(serverKeyId(pk), keyId));
  }
}

function isSignedBy(frame, keys) {
  try {
    checkSignature(frame, keys);
    return true;
  } catch (error) {
    if (error.reason === 'wrong_signature') return false;
    throw error;
  }
}

function checkSignerState({ state, not_before_ms: from, not_after_ms: until }, timestampMs) {
  if (state === REVOKED) throw new Refused('revoked_key', 'the key that signed is revoked');
  if (state === TAINTED) throw new Refused('tainted_key', 'the key that signed is tainted');
  if (timestampMs < from || timestampMs >= until) throw new Refused('key_interval', 'signed outside the interval of the key');
}

// ---- The client session ----

export class Client {
  #keys;
  #epochTime = -1n;
  #unauthenticatedInARow = 0;

  // `app` and `audience` come from configuration; `roots` are 32-byte public keys.
  constructor({ base, app, audience, roots, seed = crypto.randomBytes(32), clock = new ServerClock() }) {
    this.base = base.replace(/\/$/, '');
    this.realm = { app, audience };
    this.seed = seed;
    this.clock = clock;
    this.epoch = NO_EPOCH;
    this.sessionId = null;
    this.mustForgetKey = false;
    this.#keys = new KeySetStore({ load: () => this.#get('/keyset'), clock, roots });
  }

  get publicKey() {
    return publicKeyOf(this.seed);
  }

  get keysetVersion() {
    return this.#keys.version;
  }

  refreshKeySet() {
    return this.#keys.refresh(this.realm);
  }

  // -- Login (section 11) --

  async startLogin(address) {
    const key = { alg: 1, pk: this.publicKey.toString('hex') };
    this.login = await this.#postJson('/login', { address, key });
    checkLogin(this.login, this.realm, address);
    return this.login;
  }

  async requestCode() {
    const { login_id, allowed_to_request_code: isAllowed } = this.login;
    if (!isAllowed) throw new Error(`no code now, next in ${this.login.next_code_ms} ms`);
    this.login = { ...this.login, ...(await this.#postJson('/login/code', { login_id, ...this.#proofOfWork() })) };
    return this.login;
  }

  #proofOfWork() {
    const { requested_information: wanted = [], pow } = this.login;
    const unknown = wanted.filter((name) => name !== 'pow');
    if (unknown.length > 0) throw new Error(`this client cannot give ${unknown}`);
    return wanted.includes('pow') ? { pow_nonce: solvePow(Buffer.from(pow.challenge, 'hex'), pow.bits) } : {};
  }

  async register({ code, name, platform }) {
    let answer = await this.#sendRegister({ code, name, platform });
    if (answer.name === 'stale_timestamp') answer = await this.#sendRegister({ code, name, platform });
    if (answer.code !== 0) return answer;
    this.sessionId = Buffer.from(answer.json().session_id, 'hex');
    return answer;
  }

  async #sendRegister({ code, name, platform }) {
    const requestId = crypto.randomBytes(16);
    const frame = seal('register', {
      realm: this.realm,
      seed: this.seed,
      payload: Buffer.from(JSON.stringify({ code: normaliseCode(code), name, platform })),
      fields: {
        login_id: Buffer.from(this.login.login_id, 'hex'),
        timestamp_ms: this.clock.now(),
        request_id: requestId,
        address: this.login.address,
        code_hash: codeHash(code),
      },
    });
    return this.exchange({ frame, requestId, requestDigest: this.#digestOf('register', frame) }, '/login/register');
  }

  // -- Requests --

  // Everything that `exchange` needs to send one request and to recognise its answer.
  prepare(messageType, payload = {}, overrides = {}) {
    const requestId = overrides.request_id ?? crypto.randomBytes(16);
    const frame = seal('request', {
      realm: this.realm,
      seed: this.seed,
      payload: Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload)),
      fields: {
        session_id: this.sessionId,
        timestamp_ms: this.clock.now(),
        request_id: requestId,
        epoch: this.epoch,
        message_type: messageType,
        ...overrides,
      },
    });
    return { frame, requestId, requestDigest: this.#digestOf('request', frame) };
  }

  #digestOf(kind, frame) {
    return digest(this.realm, kind, decodeKind(kind, frame, { maxBytes: Infinity }).headerBytes);
  }

  // One call, signed again and sent once more after stale_epoch and after stale_timestamp.
  call(messageType, payload) {
    return this.#withRetry(() => this.exchange(this.prepare(messageType, payload)));
  }

  async #withRetry(attempt) {
    const retried = new Set();
    for (;;) {
      const answer = await attempt();
      if (!RETRIED_ONCE.includes(answer.name) || retried.has(answer.name)) return answer;
      retried.add(answer.name);
    }
  }

  async exchange(prepared, path = '/x') {
    const sent = this.clock.tick();
    const reply = await this.#post(path, prepared.frame, { 'Content-Type': CONTENT_TYPE });
    const bytes = await readFrame(reply);
    return this.accept(bytes, prepared, sent, this.clock.tick());
  }

  // The client's checks, in the order of exchange.md section 3.4.
  async accept(bytes, { requestId, requestDigest }, sent, received) {
    const frame = decodeKind('response', bytes);
    await this.#keys.check(frame, { realm: this.realm, requestDigest });
    if (!equalBytes(frame.header.request_id, requestId)) throw new Refused('wrong_request_id', 'an answer to something else');
    const answer = new Answer(frame, openPayload(frame));
    this.#checkFreshness(answer);
    this.#learnFrom(answer, sent, received);
    return answer;
  }

  #checkFreshness({ name, header }) {
    // A correct answer to a wrong clock must get through, or the clock could never be corrected.
    if (name === 'stale_timestamp' || !this.clock.hasSample) return;
    if (!isFresh(header.timestamp_ms, this.clock.now())) throw new Refused('stale_answer', 'its time is far from the server time known');
  }

  #learnFrom(answer, sent, received) {
    const { timestamp_ms: time, epoch } = answer.header;
    if (answer.name === 'stale_timestamp') this.clock.reset();
    this.clock.add(time, sent, received);
    if (!epoch.equals(NO_EPOCH) && (answer.name === 'stale_epoch' || time >= this.#epochTime)) {
      this.epoch = epoch;
      this.#epochTime = time;
    }
    this.#unauthenticatedInARow = answer.name === 'unauthenticated' ? this.#unauthenticatedInARow + 1 : 0;
    if (answer.name === 'session_revoked' || this.#unauthenticatedInARow >= 2) this.mustForgetKey = true;
  }

  // -- Streams (section 12) --

  async openStream(resume = {}) {
    const answer = await this.call('stream.open', resume);
    if (answer.code !== 0) throw new Error(`stream.open: ${answer.name}`);
    return streamState(answer);
  }

  // Moves `stream.cursor` on, and returns the verified pushes.
  async poll(stream, waitMs = 25_000) {
    const { stream_id, cursor } = stream;
    const answer = await this.call('stream.poll', { stream_id, cursor, wait_ms: waitMs });
    if (answer.code !== 0) throw new Error(`stream.poll: ${answer.name}`);
    const { nextCursor, frames } = parsePollAnswer(answer.payload);
    const pushes = [];
    for (const frame of frames) pushes.push(await this.acceptPush(frame, stream));
    if (BigInt(stream.cursor) !== nextCursor) throw new Refused('gap', `cursor ${nextCursor} after seq ${stream.cursor}`);
    return pushes;
  }

  async acceptPush(bytes, stream) {
    const frame = decodeKind('push', bytes);
    await this.#keys.check(frame, { realm: this.realm });
    if (frame.header.stream_id.toString('hex') !== stream.stream_id) throw new Refused('wrong_stream', 'a push of another stream');
    const payload = openPayload(frame);
    // Buffered pushes are rightly old; only one from the future is impossible.
    if (this.clock.hasSample && frame.header.timestamp_ms > this.clock.now() + 30_000) throw new Refused('stale_answer', 'a push from the future');
    if (frame.header.seq !== BigInt(stream.cursor) + 1n) throw new Refused('gap', `seq ${frame.header.seq} after ${stream.cursor}`);
    stream.cursor = Number(frame.header.seq);
    return { header: frame.header, payload };
  }

  // Yields the stream's state first, then verified pushes, until the server ends the response.
  async *sse(resume = {}, { signal } = {}) {
    const prepared = this.prepare('stream.open', resume);
    const sent = this.clock.tick();
    const reply = await this.#post('/sse', prepared.frame, { 'Content-Type': CONTENT_TYPE, Accept: 'text/event-stream' }, signal ?? null);
    if (!isType(reply, 'text/event-stream')) throw await unsignedError(reply);
    let stream = null;
    for await (const { event, data } of parseEvents(reply.body)) {
      const frame = decodeBase64Url(data);
      if (stream) {
        if (event === 'push') yield await this.acceptPush(frame, stream);
      } else {
        if (event !== 'open') throw new Refused('malformed', 'the first event is `open`');
        const answer = await this.accept(frame, prepared, sent, this.clock.tick());
        if (answer.code !== 0) throw new Error(`stream.open: ${answer.name}`);
        stream = streamState(answer);
        yield stream;
      }
    }
  }

  // -- REST profile (section 12) --

  callRest(method, pathAndQuery, { contentType = '', body = Buffer.alloc(0) } = {}) {
    return this.#withRetry(() => this.#exchangeRest(method, pathAndQuery, contentType, body));
  }

  async #exchangeRest(method, pathAndQuery, contentType, body) {
    const url = new URL(this.base + pathAndQuery);
    const signed = Buffer.concat([lp16(Buffer.from(method)), lp16(Buffer.from(url.pathname + url.search)), lp16(Buffer.from(contentType)), body]);
    const prepared = this.prepare('http', signed);
    const headers = { Countersign: toProxyHeader(prepared.frame), ...(contentType && { 'Content-Type': contentType }) };
    const sent = this.clock.tick();
    const reply = await fetch(url, { ...fetchOptions(), method, headers, ...(body.length > 0 && { body }) });
    const proof = reply.headers.get('countersign');
    if (!proof) throw await unsignedError(reply);
    const replyType = reply.headers.get('content-type') ?? '';
    const replyBody = await readBounded(reply);
    const frame = fromProxyHeader(proof, Buffer.concat([lp16(Buffer.from(replyType, 'latin1')), replyBody]));
    const answer = await this.accept(frame, prepared, sent, this.clock.tick());
    return Object.assign(answer, { contentType: replyType, body: replyBody });
  }

  // -- HTTP --

  async #get(path) {
    return readFrame(await fetch(this.base + path, fetchOptions()));
  }

  #post(path, body, headers, signal = undefined) {
    const options = fetchOptions();
    return fetch(this.base + path, { ...options, method: 'POST', headers, body, ...(signal !== undefined && { signal }) });
  }

  async #postJson(path, value) {
    const reply = await this.#post(path, JSON.stringify(value), { 'Content-Type': 'application/json' });
    if (!reply.ok || !isType(reply, 'application/json')) throw await unsignedError(reply);
    return JSON.parse((await readBounded(reply)).toString('utf8'));
  }
}

export class Answer {
  constructor({ header }, payload) {
    this.header = header;
    this.payload = payload;
    this.code = header.result_code;
    this.name = RESULTS[this.code] ?? `application_${this.code}`;
  }

  json() {
    return JSON.parse(this.payload.toString('utf8'));
  }
}

function streamState(answer) {
  const { stream_id, cursor, resync } = answer.json();
  return { stream_id, cursor, resync };
}

// The login object is unsigned: a changed address would have the user sign up somebody else's.
function checkLogin(login, { app, audience }, address) {
  if (login.app !== app || login.audience !== audience) throw new Refused('wrong_audience', `${login.app} at ${login.audience}`);
  const plain = (text) => text.trim().toLowerCase();
  const isEmail = address.includes('@');
  if (isEmail && plain(login.address) !== plain(address)) throw new Refused('wrong_address', login.address);
}

export function solvePow(challenge, bits) {
  if (bits > MAX_POW_BITS) throw new Error(`a proof of work of ${bits} bits is too dear`);
  const nonce = Buffer.alloc(8);
  for (let n = 0; ; n += 1) {
    nonce.writeBigUInt64BE(BigInt(n));
    if (leadingZeroBits(sha256(challenge, nonce)) >= bits) return n;
  }
}

function leadingZeroBits(hash) {
  const first = hash.findIndex((byte) => byte !== 0);
  return first === -1 ? 8 * hash.length : 8 * first + Math.clz32(hash[first]) - 24;
}

// ---- Transport formats (section 12) ----

export function parsePollAnswer(payload) {
  const reader = new Reader(payload);
  const nextCursor = reader.u64();
  const count = reader.u32();
  const frames = [];
  for (let i = 0; i < count; i += 1) frames.push(reader.take(reader.u32()));
  reader.end();
  return { nextCursor, frames };
}

// Server-sent events out of a byte stream; comments and unknown fields are skipped.
export async function* parseEvents(body) {
  let text = '';
  const decoder = new TextDecoder();
  for await (const part of body) {
    text += decoder.decode(part, { stream: true });
    if (text.length > 2 * MAX_ANSWER_BYTES) throw new Refused('too_large', 'an event without end');
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop();
    yield* blocks.map(parseEvent).filter((event) => event.data !== '');
  }
}

function parseEvent(block) {
  const event = { event: 'message', data: '', id: '' };
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^(event|data|id): ?(.*)$/.exec(line) ?? [];
    if (field) event[field] = field === 'data' ? event.data + value : value;
  }
  return event;
}

export function toProxyHeader(frame) {
  const { headerBytes, signature } = decodeKind('request', frame);
  return `v1 ${encodeFrame({ headerBytes, signature, payload: Buffer.alloc(0) }).toString('base64url')}`;
}

export function fromProxyHeader(value, payload) {
  const [, encoded] = /^v1 ([A-Za-z0-9_-]+)$/.exec(value) ?? [];
  if (!encoded) throw new Refused('malformed', 'the Countersign header');
  return Buffer.concat([decodeBase64Url(encoded), payload]);
}

function fetchOptions() {
  return { redirect: 'error', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) };
}

function isType(reply, type) {
  return (reply.headers.get('content-type') ?? '').split(';')[0].trim() === type;
}

async function readFrame(reply) {
  if (!isType(reply, CONTENT_TYPE)) throw await unsignedError(reply);
  return readBounded(reply);
}

async function unsignedError(reply) {
  const text = (await readBounded(reply)).toString('utf8');
  return new Unsigned(reply.status, problemName(text));
}

function problemName(text) {
  try {
    const { error, title, type } = JSON.parse(text);
    return String(error ?? title ?? type);
  } catch {
    return 'unknown';
  }
}

async function readBounded(reply) {
  const parts = [];
  let total = 0;
  for await (const part of reply.body ?? []) {
    total += part.length;
    if (total > MAX_ANSWER_BYTES) throw new Refused('too_large', 'the answer');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
