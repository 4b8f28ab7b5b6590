// The Countersign envelope, version 1, written from docs/PROTOCOL.md alone.
// Whatever is wrong with a frame, a function here throws `Refused`; nothing is ever partly accepted.

import crypto from 'node:crypto';
import { L, decompress, fromLittleEndian, hasTorsion } from './curve.js';

export const VERSION = 1;
export const CHUNKED = 1;
export const COMPRESSED = 2;
export const BATCH_SIGNED = 4;
export const NO_EPOCH = Buffer.alloc(8);
export const MAX_REQUEST_BYTES = 65536;
export const MAX_ANSWER_BYTES = 1 << 20;

const ED25519 = 1;
const SIGNATURE_BYTES = 64;
const MAX_BATCH_DEPTH = 6;
const MAX_BATCH_LEAVES = 1 << MAX_BATCH_DEPTH;
const MAX_CHUNK_BYTES = 65536;
const MAX_CHUNKS = 16384;

export class Refused extends Error {
  constructor(reason, message) {
    super(`${reason}: ${message}`);
    this.name = 'Refused';
    this.reason = reason;
  }
}

function malformed(message) {
  return new Refused('malformed', message);
}

export function sha256(...parts) {
  const hash = crypto.createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function equalBytes(a, b) {
  return a.length === b.length && crypto.timingSafeEqual(a, b);
}

// ---- Bounded reader and writer ----

export class Reader {
  #bytes;
  #position = 0;

  constructor(bytes) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left() {
    return this.#bytes.length - this.#position;
  }

  take(length) {
    if (length > this.left) throw malformed(`${length} bytes wanted, ${this.left} left`);
    this.#position += length;
    return Buffer.from(this.#bytes.subarray(this.#position - length, this.#position));
  }

  u8() {
    return this.take(1).readUInt8();
  }

  u16() {
    return this.take(2).readUInt16BE();
  }

  u32() {
    return this.take(4).readUInt32BE();
  }

  u64() {
    return this.take(8).readBigUInt64BE();
  }

  rest() {
    return this.take(this.left);
  }

  end() {
    if (this.left !== 0) throw malformed(`${this.left} trailing bytes`);
  }
}

export class Writer {
  #parts = [];
  #left;

  constructor(limit = Infinity) {
    this.#left = limit;
  }

  bytes(part) {
    this.#left -= part.length;
    if (this.#left < 0) throw malformed('longer than allowed');
    this.#parts.push(part);
    return this;
  }

  u8(value) {
    return this.#integer(1, value);
  }

  u16(value) {
    return this.#integer(2, value);
  }

  u32(value) {
    return this.#integer(4, value);
  }

  u64(value) {
    return this.#integer(8, value);
  }

  #integer(width, value) {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw malformed(`${value} is no integer`);
    const wide = BigInt(value);
    if (wide < 0n || wide >> BigInt(8 * width) !== 0n) throw malformed(`${value} does not fit in ${width} bytes`);
    return this.bytes(Buffer.from(wide.toString(16).padStart(2 * width, '0'), 'hex'));
  }

  done() {
    return Buffer.concat(this.#parts);
  }
}

export function lp8(part) {
  return new Writer().u8(part.length).bytes(part).done();
}

export function lp16(part) {
  return new Writer().u16(part.length).bytes(part).done();
}

// ---- Field codecs: each reads one field, and writes it back ----

const u8 = { read: (r) => r.u8(), write: (w, v) => w.u8(v) };
const u16 = { read: (r) => r.u16(), write: (w, v) => w.u16(v) };
const u64 = { read: (r) => r.u64(), write: (w, v) => w.u64(v) };

function fixed(length) {
  return {
    read: (r) => r.take(length),
    write(w, value) {
      if (value?.length !== length) throw malformed(`${length} bytes expected, got ${value?.length}`);
      w.bytes(Buffer.from(value));
    },
  };
}

function text8(pattern) {
  const check = (text) => {
    if (typeof text !== 'string' || !pattern.test(text)) throw malformed(`${JSON.stringify(text)} is not ${pattern}`);
    return text;
  };
  return {
    read: (r) => check(r.take(r.u8()).toString('latin1')),
    write: (w, value) => w.bytes(lp8(Buffer.from(check(value), 'latin1'))),
  };
}

const address8 = {
  read(r) {
    const bytes = r.take(r.u8());
    checkAddressLength(bytes);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw malformed('the address is not UTF-8');
    }
  },
  write(w, value) {
    const bytes = Buffer.from(value, 'utf8');
    checkAddressLength(bytes);
    w.bytes(lp8(bytes));
  },
};

function checkAddressLength(bytes) {
  if (bytes.length < 1 || bytes.length > 254) throw malformed('an address has 1 to 254 bytes');
}

const algorithm = {
  read: (r) => checkAlgorithm(r.u8()),
  write: (w, value) => w.u8(checkAlgorithm(value)),
};

function checkAlgorithm(alg) {
  if (alg !== ED25519) throw malformed(`algorithm ${alg} is not in use in version 1`);
  return alg;
}

const publicKey8 = {
  read(r) {
    if (r.u8() !== 32) throw malformed('an Ed25519 key has 32 bytes');
    return r.take(32);
  },
  write(w, value) {
    if (value?.length !== 32) throw malformed('an Ed25519 key has 32 bytes');
    w.bytes(lp8(Buffer.from(value)));
  },
};

const keyState = {
  read: (r) => checkState(r.u8()),
  write: (w, value) => w.u8(checkState(value)),
};

function checkState(state) {
  if (!(state >= 0 && state <= 4)) throw malformed(`no key state ${state}`);
  return state;
}

function list(least, most, item) {
  const check = (count) => {
    if (count < least || count > most) throw malformed(`${count} entries, ${least} to ${most} allowed`);
    return count;
  };
  return {
    read: (r) => Array.from({ length: check(r.u8()) }, () => item.read(r)),
    write(w, values) {
      w.u8(check(values.length));
      for (const value of values) item.write(w, value);
    },
  };
}

function struct(fields) {
  const entries = Object.entries(fields);
  return {
    read: (r) => Object.fromEntries(entries.map(([name, codec]) => [name, codec.read(r)])),
    write(w, value) {
      for (const [name, codec] of entries) codec.write(w, value[name]);
    },
  };
}

const NAME = /^[a-z0-9._/-]{1,64}$/;
const APP = /^[a-z0-9-]{1,32}$/;
const AUDIENCE = /^[\x21-\x7e]{1,255}$/;

// ---- The six headers (sections 4 and 10); struct fields are read in the order written here ----

const KINDS = {
  request: {
    id: 1,
    flags: CHUNKED,
    body: struct({
      session_id: fixed(16),
      timestamp_ms: u64,
      request_id: fixed(16),
      epoch: fixed(8),
      payload_hash: fixed(32),
      message_type: text8(NAME),
    }),
  },
  response: {
    id: 2,
    flags: CHUNKED | BATCH_SIGNED,
    body: struct({
      request_id: fixed(16),
      timestamp_ms: u64,
      result_code: u16,
      server_key_id: fixed(4),
      epoch: fixed(8),
      payload_hash: fixed(32),
    }),
  },
  push: {
    id: 3,
    flags: BATCH_SIGNED,
    body: struct({
      stream_id: fixed(16),
      timestamp_ms: u64,
      seq: u64,
      server_key_id: fixed(4),
      epoch: fixed(8),
      payload_hash: fixed(32),
      event_type: text8(NAME),
    }),
  },
  record: {
    id: 4,
    flags: 0,
    body: struct({
      record_id: fixed(16),
      created_ms: u64,
      signer_fp: fixed(32),
      prev_hash: fixed(32),
      payload_hash: fixed(32),
      record_type: text8(NAME),
    }),
  },
  keyset: {
    id: 5,
    flags: 0,
    body: struct({
      version: u64,
      issued_ms: u64,
      expires_ms: u64,
      min_protocol: u8,
      audience: text8(AUDIENCE),
      keys: list(1, 16, struct({ state: keyState, not_before_ms: u64, not_after_ms: u64, alg: algorithm, pk: publicKey8 })),
      roots: list(1, 4, struct({ alg: algorithm, pk: publicKey8 })),
      pins: list(0, 16, fixed(32)),
    }),
  },
  register: {
    id: 6,
    flags: 0,
    body: struct({
      login_id: fixed(16),
      timestamp_ms: u64,
      request_id: fixed(16),
      alg: algorithm,
      pk: publicKey8,
      address: address8,
      code_hash: fixed(32),
      payload_hash: fixed(32),
    }),
  },
};

export function encodeHeader(kind, header) {
  const { id, body } = KINDS[kind];
  const flags = header.flags ?? 0;
  checkFlags(kind, flags);
  const writer = new Writer(65535).u8(VERSION).u8(id).u16(flags);
  body.write(writer, header);
  return writer.done();
}

export function decodeHeader(bytes) {
  const reader = new Reader(bytes);
  if (reader.u8() !== VERSION) throw new Refused('unsupported_version', 'only version 1 is known');
  const kind = kindOf(reader.u8());
  const flags = reader.u16();
  checkFlags(kind, flags);
  const header = { flags, ...KINDS[kind].body.read(reader) };
  reader.end();
  if (!equalBytes(encodeHeader(kind, header), bytes)) throw malformed('re-encoding gives other bytes');
  return { kind, header };
}

function kindOf(id) {
  const kind = Object.keys(KINDS).find((name) => KINDS[name].id === id);
  if (!kind) throw malformed(`no kind ${id}`);
  return kind;
}

function checkFlags(kind, flags) {
  if ((flags & ~KINDS[kind].flags) !== 0) throw malformed(`flags ${flags} are not allowed in a ${kind}`);
}

// ---- Frames (section 3) ----

export function encodeFrame({ headerBytes, signature, payload }) {
  return new Writer().bytes(lp16(headerBytes)).bytes(lp16(signature)).bytes(Buffer.from(payload)).done();
}

// The frame as a plain object: kind, header, headerBytes, signature, batch (null without the flag) and payload.
export function decodeFrame(bytes, { maxBytes = MAX_ANSWER_BYTES } = {}) {
  if (bytes.length > maxBytes) throw new Refused('too_large', `${bytes.length} bytes, ${maxBytes} allowed`);
  const reader = new Reader(bytes);
  const headerBytes = reader.take(reader.u16());
  const { kind, header } = decodeHeader(headerBytes);
  const signature = reader.take(reader.u16());
  const batch = decodeSignature(header.flags, signature);
  const payload = reader.rest();
  if (kind === 'keyset' && payload.length !== 0) throw malformed('a key set has no payload');
  return { kind, header, headerBytes, signature, batch, payload };
}

function decodeSignature(flags, bytes) {
  if (flags & BATCH_SIGNED) return decodeBatchSignature(bytes);
  if (bytes.length !== SIGNATURE_BYTES) throw malformed('a signature has 64 bytes');
  return null;
}

function decodeBatchSignature(bytes) {
  const reader = new Reader(bytes);
  const signature = reader.take(SIGNATURE_BYTES);
  const depth = reader.u8();
  const index = reader.u16();
  if (depth > MAX_BATCH_DEPTH) throw malformed(`a path of ${depth} nodes`);
  if (index >> depth !== 0) throw malformed('unused bits of the index are set');
  const path = Array.from({ length: depth }, () => reader.take(32));
  reader.end();
  return { signature, index, path };
}

export function decodeKind(expected, bytes, limits) {
  const frame = decodeFrame(bytes, limits);
  if (frame.kind !== expected) throw malformed(`a ${expected} expected, got a ${frame.kind}`);
  return frame;
}

// ---- Contexts, digests, signing inputs (sections 2 and 5). A realm is { app, audience }. ----

export function fingerprint(publicKey, alg = ED25519) {
  return sha256('countersign-key-v1', Buffer.of(alg), publicKey);
}

export function serverKeyId(publicKey) {
  return fingerprint(publicKey).subarray(0, 4);
}

function place({ app, audience }, kind) {
  if (!APP.test(app)) throw malformed(`app ${JSON.stringify(app)}`);
  if (!AUDIENCE.test(audience)) throw malformed(`audience ${JSON.stringify(audience)}`);
  return Buffer.concat([lp8(Buffer.from(`${app}-${kind}-v1`)), lp8(Buffer.from(audience))]);
}

export function context(realm, kind, publicKey) {
  return Buffer.concat([place(realm, kind), fingerprint(publicKey)]);
}

export function digest(realm, kind, headerBytes) {
  if (!['request', 'record', 'register'].includes(kind)) throw malformed(`a ${kind} has no digest`);
  return sha256(place(realm, kind), headerBytes);
}

export function signingInput(realm, kind, publicKey, headerBytes, requestDigest) {
  const answered = kind === 'response' ? [checkDigest(requestDigest)] : [];
  return Buffer.concat([context(realm, kind, publicKey), ...answered, headerBytes]);
}

function checkDigest(requestDigest) {
  if (requestDigest?.length !== 32) throw malformed('a response is signed with the digest of its request');
  return requestDigest;
}

// ---- Ed25519, strict (section 5) ----

// Every 32-byte string that some decoder takes for one of the 8 points of small order:
// non-canonical y (p, p + 1) and the sign bit on x = 0 included.
const SMALL_ORDER = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
]);

const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export function smallOrderEncodings() {
  return [...SMALL_ORDER];
}

function isStrictEncoding(bytes) {
  return bytes.length === 32 && hasCanonicalY(bytes) && !SMALL_ORDER.has(Buffer.from(bytes).toString('hex'));
}

function hasCanonicalY(bytes) {
  const highBytesFull = bytes.subarray(1, 31).every((byte) => byte === 0xff) && (bytes[31] & 0x7f) === 0x7f;
  return !(highBytesFull && bytes[0] >= 0xed);
}

// The vectors also refuse keys with a part of small order (speccheck 3), which PROTOCOL.md section 5 does not
// say: its verify_strict accepts them. The vectors are normative, so this follows them.
export function isUsableKey(publicKey) {
  if (!isStrictEncoding(publicKey)) return false;
  const known = Buffer.from(publicKey).toString('hex');
  if (!keyVerdicts.has(known)) rememberVerdict(known, isPointOfPrimeOrder(publicKey));
  return keyVerdicts.get(known);
}

// The order check takes milliseconds in BigInt, and the same few keys come again and again.
const keyVerdicts = new Map();
const MAX_KEY_VERDICTS = 1024;

function rememberVerdict(key, isUsable) {
  if (keyVerdicts.size >= MAX_KEY_VERDICTS) keyVerdicts.clear();
  keyVerdicts.set(key, isUsable);
}

function isPointOfPrimeOrder(bytes) {
  const point = decompress(bytes);
  return point !== null && !hasTorsion(point);
}

function checkEnteringKey(publicKey) {
  if (!isUsableKey(publicKey)) throw new Refused('weak_key', 'no point, not canonical, or not of prime order');
}

// node:crypto alone would accept small-order and non-canonical keys (exchange.md, section 2.1).
export function verifyStrict(publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== SIGNATURE_BYTES) return false;
  const scalar = fromLittleEndian(signature.subarray(32));
  if (!isUsableKey(publicKey) || !isStrictEncoding(signature.subarray(0, 32)) || scalar >= L) return false;
  const key = crypto.createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
  return crypto.verify(null, message, key, signature);
}

function privateKey(seed) {
  if (seed.length !== 32) throw malformed('a seed has 32 bytes');
  return crypto.createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

export function publicKeyOf(seed) {
  return crypto.createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
}

export function signBytes(seed, message) {
  return crypto.sign(null, message, privateKey(seed));
}

// ---- Batch signatures (section 5) ----

export function batchLeaf(input) {
  return sha256(Buffer.of(0), input);
}

function batchNode(left, right) {
  return sha256(Buffer.of(1), left, right);
}

function batchRoot(leaf, { index, path }) {
  return path.reduce(
    (node, sibling, step) => ((index >> step) & 1 ? batchNode(sibling, node) : batchNode(node, sibling)),
    leaf,
  );
}

// The levels of the tree, leaves first; a last node without a partner moves up unchanged.
function batchLevels(leaves) {
  const levels = [leaves];
  while (levels.at(-1).length > 1) {
    const below = levels.at(-1);
    const above = [];
    for (let i = 0; i < below.length; i += 2) {
      above.push(i + 1 < below.length ? batchNode(below[i], below[i + 1]) : below[i]);
    }
    levels.push(above);
  }
  return levels;
}

function batchPath(levels, leafPosition) {
  const path = [];
  let index = 0;
  let position = leafPosition;
  for (const level of levels) {
    const sibling = level[position ^ 1];
    if (sibling) {
      if (position & 1) index |= 1 << path.length;
      path.push(sibling);
    }
    position >>= 1;
  }
  return { index, path };
}

// One `sig` field per signing input, all under one signature.
export function signBatch(realm, seed, inputs) {
  if (inputs.length < 1 || inputs.length > MAX_BATCH_LEAVES) throw malformed('a batch has 1 to 64 leaves');
  const levels = batchLevels(inputs.map(batchLeaf));
  const signature = signBytes(seed, Buffer.concat([context(realm, 'batch', publicKeyOf(seed)), levels.at(-1)[0]]));
  return inputs.map((_, position) => {
    const { index, path } = batchPath(levels, position);
    return new Writer().bytes(signature).u8(path.length).u16(index).bytes(Buffer.concat(path)).done();
  });
}

// ---- Chunked payloads (section 6) ----

export function chunkPayload(data, chunkBytes) {
  const chunks = [];
  for (let start = 0; start < data.length; start += chunkBytes) chunks.push(data.subarray(start, start + chunkBytes));
  checkManifest(chunkBytes, chunks.length);
  const manifest = new Writer().u32(chunkBytes).u32(chunks.length);
  for (const chunk of chunks) manifest.bytes(sha256(chunk));
  return Buffer.concat([manifest.done(), data]);
}

function checkManifest(chunkBytes, count) {
  if (chunkBytes < 1 || chunkBytes > MAX_CHUNK_BYTES) throw malformed(`chunks of ${chunkBytes} bytes`);
  if (count < 1 || count > MAX_CHUNKS) throw malformed(`${count} chunks`);
}

function splitManifest(payload) {
  const reader = new Reader(payload);
  const chunkBytes = reader.u32();
  const count = reader.u32();
  checkManifest(chunkBytes, count);
  const hashes = reader.take(32 * count);
  return { chunkBytes, count, hashes, manifest: payload.subarray(0, 8 + hashes.length), reader };
}

// Yields each chunk after its own check. The consumer has the whole only when the generator has returned.
export function* openChunks(payload, payloadHash) {
  const { chunkBytes, count, hashes, manifest, reader } = splitManifest(payload);
  if (!equalBytes(sha256(manifest), payloadHash)) throw mismatch('the manifest is not what was signed');
  for (let i = 0; i < count; i += 1) {
    const isLast = i === count - 1;
    const chunk = reader.take(isLast ? Math.min(chunkBytes, reader.left) : chunkBytes);
    if (chunk.length === 0) throw mismatch('the last chunk is missing');
    if (!equalBytes(sha256(chunk), hashes.subarray(32 * i, 32 * i + 32))) throw mismatch(`chunk ${i} is not what was signed`);
    yield chunk;
  }
  reader.end();
}

function mismatch(message) {
  return new Refused('payload_mismatch', message);
}

function signedPart(flags, payload) {
  return flags & CHUNKED ? splitManifest(payload).manifest : payload;
}

// The application's bytes: checked against the header's hash, chunks joined.
export function openPayload({ kind, header, payload }) {
  if (kind === 'keyset') return payload;
  if (header.flags & CHUNKED) return Buffer.concat([...openChunks(payload, header.payload_hash)]);
  if (!equalBytes(sha256(payload), header.payload_hash)) throw mismatch('the payload is not what was signed');
  return payload;
}

// ---- Building frames ----

// `fields` are the header's, without those that follow from the key and the payload.
export function seal(kind, { realm, seed, fields, payload = Buffer.alloc(0), requestDigest }) {
  const headerBytes = encodeHeader(kind, completeHeader(kind, fields, payload, publicKeyOf(seed)));
  const input = signingInput(realm, kind, publicKeyOf(seed), headerBytes, requestDigest);
  return encodeFrame({ headerBytes, signature: signBytes(seed, input), payload });
}

// Responses and pushes under one signature; `items` are [{ kind, fields, payload, requestDigest }].
export function sealBatch({ realm, seed, items }) {
  const publicKey = publicKeyOf(seed);
  const headers = items.map(({ kind, fields, payload }) => {
    const flags = (fields.flags ?? 0) | BATCH_SIGNED;
    return encodeHeader(kind, completeHeader(kind, { ...fields, flags }, payload, publicKey));
  });
  const inputs = items.map(({ kind, requestDigest }, i) => signingInput(realm, kind, publicKey, headers[i], requestDigest));
  const signatures = signBatch(realm, seed, inputs);
  return items.map(({ payload }, i) => encodeFrame({ headerBytes: headers[i], signature: signatures[i], payload }));
}

function completeHeader(kind, fields, payload, publicKey) {
  const derived = {
    request: {},
    response: { server_key_id: serverKeyId(publicKey) },
    push: { server_key_id: serverKeyId(publicKey) },
    record: { signer_fp: fingerprint(publicKey) },
    keyset: {},
    register: { alg: ED25519, pk: publicKey },
  }[kind];
  const hash = kind === 'keyset' ? {} : { payload_hash: sha256(signedPart(fields.flags ?? 0, payload)) };
  return { ...derived, ...hash, ...fields };
}

// ---- Verifying frames. Each returns the decoded frame, with `data` = the application's bytes. ----

export function checkSignature(frame, { realm, publicKey, requestDigest }) {
  const { message, signature } = signedMessage(frame, { realm, publicKey, requestDigest });
  if (!verifyStrict(publicKey, message, signature)) throw new Refused('wrong_signature', `of this ${frame.kind}`);
}

// What the 64 signature bytes cover: the signing input itself, or the root of the batch it is a leaf of.
export function signedMessage({ kind, headerBytes, batch, signature }, { realm, publicKey, requestDigest }) {
  const input = signingInput(realm, kind, publicKey, headerBytes, requestDigest);
  if (!batch) return { message: input, signature };
  const root = batchRoot(batchLeaf(input), batch);
  return { message: Buffer.concat([context(realm, 'batch', publicKey), root]), signature: batch.signature };
}

function verifyFrame(kind, bytes, keys, limits) {
  const frame = decodeKind(kind, bytes, limits);
  checkSignature(frame, keys);
  return { ...frame, data: openPayload(frame) };
}

export function verifyRequest(bytes, { realm, publicKey, maxBytes = MAX_REQUEST_BYTES }) {
  return verifyFrame('request', bytes, { realm, publicKey }, { maxBytes });
}

export function verifyResponse(bytes, { realm, publicKey, requestDigest }) {
  return verifyFrame('response', bytes, { realm, publicKey, requestDigest });
}

export function verifyPush(bytes, { realm, publicKey }) {
  return verifyFrame('push', bytes, { realm, publicKey });
}

export function verifyRecord(bytes, { realm, publicKey }) {
  const frame = verifyFrame('record', bytes, { realm, publicKey });
  if (!equalBytes(frame.header.signer_fp, fingerprint(publicKey))) throw new Refused('wrong_key', 'the record names another signer');
  return frame;
}

export function verifyRegister(bytes, { realm }) {
  const { header } = decodeKind('register', bytes, { maxBytes: MAX_REQUEST_BYTES });
  checkEnteringKey(header.pk);
  const frame = verifyFrame('register', bytes, { realm, publicKey: header.pk });
  if (!equalBytes(codeHash(codeIn(frame.data)), header.code_hash)) throw mismatch('the code is not the one hashed in the header');
  return frame;
}

function codeIn(payload) {
  try {
    return String(JSON.parse(payload.toString('utf8')).code);
  } catch {
    throw malformed('the payload of a register frame is a JSON object');
  }
}

// Tries every trusted root, because the frame does not say which one signed it.
export function verifyKeySet(bytes, { realm, roots }) {
  const frame = decodeKind('keyset', bytes);
  const { header } = frame;
  if (!roots.some((publicKey) => isSignedBy(frame, realm, publicKey))) throw new Refused('wrong_signature', 'no trusted root signed this key set');
  if (header.audience !== realm.audience) throw new Refused('wrong_audience', header.audience);
  if (header.min_protocol > VERSION) throw new Refused('unsupported_version', `the realm wants protocol ${header.min_protocol}`);
  for (const { pk } of [...header.keys, ...header.roots]) checkEnteringKey(pk);
  return frame;
}

function isSignedBy(frame, realm, publicKey) {
  try {
    checkSignature(frame, { realm, publicKey });
    return true;
  } catch (error) {
    if (error.reason === 'wrong_signature') return false;
    throw error;
  }
}

// ---- Small things around the envelope ----

export function isFresh(timestampMs, nowMs) {
  const age = BigInt(Math.round(nowMs)) - BigInt(timestampMs);
  return age <= 60_000n && age >= -30_000n;
}

export function normaliseCode(code) {
  return code.replace(/[ -]/g, '').toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');
}

export function codeHash(code) {
  return sha256('countersign-code-v1', lp8(Buffer.from(normaliseCode(code), 'utf8')));
}

export function decodeBase64Url(text) {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw malformed('not base64url without padding');
  return bytes;
}
