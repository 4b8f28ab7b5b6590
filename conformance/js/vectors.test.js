// The envelope against the published vectors (../../vectors/*.json) and against built-in hostile input.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  BATCH_SIGNED, CHUNKED, COMPRESSED, Reader, Refused, Writer,
  chunkPayload, codeHash, context, decodeBase64Url, decodeFrame, decodeKind, digest, encodeFrame, encodeHeader, fingerprint,
  isFresh, isUsableKey, lp16, normaliseCode, openChunks, publicKeyOf, seal, sealBatch, sha256, signBytes,
  signedMessage, signingInput, smallOrderEncodings, verifyKeySet, verifyPush, verifyRecord, verifyRegister, verifyRequest,
  verifyResponse, verifyStrict,
} from './envelope.js';
import { hostileSignatures, looseEncodings, passesPlainVerification, torsionPoints } from './speccheck.js';

const hex = (text) => Buffer.from(text, 'hex');
const repeated = (byte, count) => Buffer.alloc(count, byte);
const refused = { name: 'Refused' };

const realm = { app: 'league', audience: 'league.example.org' };
const clientSeed = repeated(1, 32);
const serverSeed = repeated(2, 32);
const rootSeed = repeated(3, 32);
const clientKey = publicKeyOf(clientSeed);
const serverKey = publicKeyOf(serverSeed);
const rootKey = publicKeyOf(rootSeed);
const requestDigest = hex('5f558120d41c6e35aff88362a278a0d7781f5f85fb98b7861351e5023d2e1292');

// ---- Sample frames of every kind, with the call that verifies them ----

const requestFields = {
  session_id: repeated(0xaa, 16), timestamp_ms: 1767225600000, request_id: repeated(0xbb, 16), epoch: repeated(0, 8),
  message_type: 'match.submit',
};
const responseFields = { request_id: repeated(0xbb, 16), timestamp_ms: 1767225600050, result_code: 0, epoch: repeated(0, 8) };
const pushFields = { stream_id: repeated(0xcc, 16), timestamp_ms: 1767225600060, seq: 1, epoch: repeated(0xee, 8), event_type: 'match.goal' };
const recordFields = { record_id: repeated(0xdd, 16), created_ms: 1767225600070, prev_hash: repeated(0, 32), record_type: 'match.result' };
const keysetFields = {
  version: 7, issued_ms: 1767225600000, expires_ms: 1767830400000, min_protocol: 1, audience: realm.audience,
  keys: [
    { state: 1, not_before_ms: 1767225600000, not_after_ms: 2n ** 64n - 1n, alg: 1, pk: serverKey },
    { state: 0, not_before_ms: 1767225600000, not_after_ms: 1767830400000, alg: 1, pk: clientKey },
  ],
  roots: [{ alg: 1, pk: rootKey }],
  pins: [repeated(0x77, 32)],
};
const registerFields = {
  login_id: repeated(0x11, 16), timestamp_ms: 1767225600000, request_id: repeated(0x22, 16), address: 'ana@example.org',
  code_hash: codeHash('7K3M9QXA'),
};
const registerPayload = Buffer.from('{"code":"7K3M9QXA","name":"Ana\'s phone","platform":"android"}');
const matchPayload = Buffer.from('{"match":7}');

const request = seal('request', { realm, seed: clientSeed, payload: matchPayload, fields: requestFields });
const response = seal('response', { realm, seed: serverSeed, payload: Buffer.from('{"ok":true}'), fields: responseFields, requestDigest });
const push = seal('push', { realm, seed: serverSeed, payload: Buffer.from('{"goal":1}'), fields: pushFields });
const record = seal('record', { realm, seed: clientSeed, payload: matchPayload, fields: recordFields });
const keyset = seal('keyset', { realm, seed: rootSeed, fields: keysetFields });
const register = seal('register', { realm, seed: clientSeed, payload: registerPayload, fields: registerFields });
const chunked = seal('request', {
  realm, seed: clientSeed, payload: chunkPayload(Buffer.from('a payload in five chunks'), 5), fields: { ...requestFields, flags: CHUNKED },
});
const batched = sealBatch({
  realm, seed: serverSeed,
  items: [1, 2, 3].map((seq) => ({ kind: 'push', payload: Buffer.from(`${seq}`), fields: { ...pushFields, seq } })),
});

const SAMPLES = {
  request: [request, (frame) => verifyRequest(frame, { realm, publicKey: clientKey })],
  response: [response, (frame) => verifyResponse(frame, { realm, publicKey: serverKey, requestDigest })],
  push: [push, (frame) => verifyPush(frame, { realm, publicKey: serverKey })],
  record: [record, (frame) => verifyRecord(frame, { realm, publicKey: clientKey })],
  keyset: [keyset, (frame) => verifyKeySet(frame, { realm, roots: [rootKey] })],
  register: [register, (frame) => verifyRegister(frame, { realm })],
  chunked: [chunked, (frame) => verifyRequest(frame, { realm, publicKey: clientKey })],
  batched: [batched[1], (frame) => verifyPush(frame, { realm, publicKey: serverKey })],
};

// ---- The worked vector of exchange.md, section 3.2 ----

describe('the worked vector of exchange.md', () => {
  test('keys and fingerprints', () => {
    assert.equal(clientKey.toString('hex'), '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c');
    assert.equal(serverKey.toString('hex'), '8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394');
    assert.equal(fingerprint(serverKey).subarray(0, 4).toString('hex'), 'b084a56a');
  });

  test('request', () => {
    const { headerBytes, signature } = decodeFrame(request);
    assert.equal(headerBytes.length, 97);
    assert.equal(request.length, 176);
    const input = signingInput(realm, 'request', clientKey, headerBytes);
    assert.equal(sha256(input).toString('hex'), 'c66a571989041b18e71854b8e71d227111ad932de9bb50847e1100ed71c9fd91');
    assert.equal(
      signature.toString('hex'),
      '427902a837890c658e9f06583b782905007950052f5e50dba7d3ed18084cdf84d7d905e492f5844a971f9b718afac7534140ff7c809d611fe5f255a6a3764206',
    );
    assert.deepEqual(digest(realm, 'request', headerBytes), requestDigest);
  });

  test('response', () => {
    const { header, headerBytes, signature } = decodeFrame(response);
    assert.equal(headerBytes.length, 74);
    assert.equal(header.server_key_id.toString('hex'), 'b084a56a');
    assert.equal(
      signature.toString('hex'),
      '4ea536928a7126ed1441219a1c398491439bba0187dca9d266161ed1ff1df164de28f052c7f712025e148d69201e16fc7e91b0e2c6c56988e9f740e4b055490c',
    );
  });
});

// ---- Every kind: what was signed is accepted, anything else is refused ----

for (const [name, [frame, verify]] of Object.entries(SAMPLES)) {
  describe(`a ${name} frame`, () => {
    test('is accepted, and re-encoding gives the same bytes', () => {
      const decoded = verify(frame);
      assert.deepEqual(encodeHeader(decoded.kind, decoded.header), decoded.headerBytes);
      assert.deepEqual(encodeFrame(decoded), frame);
    });

    test('is refused when truncated anywhere, or longer by one byte', () => {
      for (let length = 0; length < frame.length; length += 1) {
        assert.throws(() => verify(frame.subarray(0, length)), refused, `${length} bytes`);
      }
      assert.throws(() => verify(Buffer.concat([frame, Buffer.of(0)])), refused);
    });

    test('is refused with any one bit flipped', () => {
      for (let bit = 0; bit < 8 * frame.length; bit += 1) {
        const flipped = Buffer.from(frame);
        flipped[bit >> 3] ^= 1 << (bit & 7);
        assert.throws(() => verify(flipped), refused, `bit ${bit}`);
      }
    });

    test('is refused in another realm and as another kind', () => {
      for (const other of [{ ...realm, app: 'leagues' }, { ...realm, audience: 'staging.example.org' }]) {
        const verifyThere = verifierIn(other)[decodeFrame(frame).kind];
        assert.throws(() => verifyThere(frame), refused);
      }
      const others = Object.entries(verifierIn(realm)).filter(([kind]) => kind !== decodeFrame(frame).kind);
      for (const [kind, verifyAs] of others) assert.throws(() => verifyAs(frame), refused, kind);
    });
  });
}

function verifierIn(place) {
  return {
    request: (frame) => verifyRequest(frame, { realm: place, publicKey: clientKey }),
    response: (frame) => verifyResponse(frame, { realm: place, publicKey: serverKey, requestDigest }),
    push: (frame) => verifyPush(frame, { realm: place, publicKey: serverKey }),
    record: (frame) => verifyRecord(frame, { realm: place, publicKey: clientKey }),
    keyset: (frame) => verifyKeySet(frame, { realm: place, roots: [rootKey] }),
    register: (frame) => verifyRegister(frame, { realm: place }),
  };
}

// ---- Strict parsing ----

// A frame around any header bytes, with a correct signature: only the parser can refuse it.
function signAround(kind, headerBytes, payload, seed, signature) {
  const input = Buffer.concat([context(realm, kind, publicKeyOf(seed)), headerBytes]);
  return encodeFrame({ headerBytes, payload, signature: signature ?? signBytes(seed, input) });
}

function patchedRequest(patch) {
  const headerBytes = Buffer.from(decodeFrame(request).headerBytes);
  return signAround('request', patch(headerBytes) ?? headerBytes, matchPayload, clientSeed);
}

function patchedKeySet(changes) {
  return seal('keyset', { realm, seed: rootSeed, fields: { ...keysetFields, ...changes } });
}

describe('strict parsing', () => {
  const verify = SAMPLES.request[1];

  test('the helper makes frames that are accepted when nothing is patched', () => {
    assert.ok(verify(patchedRequest(() => {})));
  });

  test('reserved, foreign and unknown flags', () => {
    for (const flags of [COMPRESSED, BATCH_SIGNED, 8, 0x8000]) {
      assert.throws(() => verify(patchedRequest((header) => void header.writeUInt16BE(flags, 2))), { reason: 'malformed' }, `flags ${flags}`);
    }
    for (const [kind, fields] of [['push', pushFields], ['record', recordFields], ['register', registerFields], ['keyset', keysetFields]]) {
      assert.throws(() => seal(kind, { realm, seed: clientSeed, payload: chunkPayload(matchPayload, 5), fields: { ...fields, flags: CHUNKED } }), refused);
    }
  });

  test('another version is told apart from a malformed frame', () => {
    assert.throws(() => verify(patchedRequest((header) => void (header[0] = 2))), { reason: 'unsupported_version' });
    assert.throws(() => verify(patchedRequest((header) => void (header[1] = 7))), { reason: 'malformed' });
  });

  test('trailing header bytes', () => {
    assert.throws(() => verify(patchedRequest((header) => Buffer.concat([header, Buffer.of(0)]))), { reason: 'malformed' });
  });

  test('the alphabet and length of message_type', () => {
    for (const type of ['', 'A', 'match submit', 'match.submit\n', 'mätch', 'a'.repeat(65), 'a\0']) {
      assert.throws(() => seal('request', { realm, seed: clientSeed, payload: matchPayload, fields: { ...requestFields, message_type: type } }), refused);
      const typed = patchedRequest((header) => Buffer.concat([header.subarray(0, 84), new Writer().u8(Buffer.byteLength(type)).done(), Buffer.from(type)]));
      assert.throws(() => verify(typed), { reason: 'malformed' }, JSON.stringify(type));
    }
    const longest = { ...requestFields, message_type: 'a._/-0'.padEnd(64, 'z') };
    assert.ok(verify(seal('request', { realm, seed: clientSeed, payload: matchPayload, fields: longest })));
  });

  test('the lengths of the sig field', () => {
    for (const length of [0, 63, 65, 67, 99]) {
      const frame = signAround('request', decodeFrame(request).headerBytes, matchPayload, clientSeed, repeated(9, length));
      assert.throws(() => verify(frame), { reason: 'malformed' }, `${length} bytes`);
    }
  });

  test('the size limit comes first', () => {
    const large = seal('request', { realm, seed: clientSeed, payload: repeated(0, 65536 - 165), fields: requestFields });
    assert.equal(large.length, 65536);
    assert.ok(verify(large));
    assert.throws(() => verify(Buffer.concat([large, Buffer.of(0)])), { reason: 'too_large' });
  });

  test('key sets: counts, states, algorithms, audience, payload', () => {
    const [key] = keysetFields.keys;
    const check = (frame) => verifyKeySet(frame, { realm, roots: [rootKey] });
    const many = (count, item) => Array.from({ length: count }, () => item);
    assert.ok(check(patchedKeySet({ keys: many(16, key), roots: many(4, { alg: 1, pk: rootKey }), pins: many(16, repeated(1, 32)) })));
    const wrong = [
      { keys: [] }, { keys: many(17, key) }, { roots: [] }, { roots: many(5, { alg: 1, pk: rootKey }) }, { pins: many(17, repeated(1, 32)) },
      { keys: [{ ...key, state: 5 }] }, { keys: [{ ...key, alg: 2, pk: repeated(2, 33) }] }, { keys: [{ ...key, pk: repeated(2, 33) }] },
      { audience: 'other.example.org' }, { audience: 'league example' }, { min_protocol: 2 },
      { keys: [{ ...key, pk: repeated(0, 32) }] }, { roots: [{ alg: 1, pk: repeated(0, 32) }] },
    ];
    for (const changes of wrong) assert.throws(() => check(patchedKeySet(changes)), refused, Object.keys(changes)[0]);
    assert.throws(() => check(Buffer.concat([keyset, Buffer.of(0)])), { reason: 'malformed' });
    assert.throws(() => verifyKeySet(keyset, { realm, roots: [serverKey] }), { reason: 'wrong_signature' });
  });

  test('key sets: state and algorithm as they arrive', () => {
    const stateAt = 4 + 3 * 8 + 1 + 1 + realm.audience.length + 1;
    const algAt = stateAt + 1 + 2 * 8;
    const patched = (at, value) => {
      const headerBytes = Buffer.from(decodeFrame(keyset).headerBytes);
      headerBytes[at] = value;
      return signAround('keyset', headerBytes, Buffer.alloc(0), rootSeed);
    };
    assert.ok(SAMPLES.keyset[1](patched(stateAt, 4)));
    for (const [at, value] of [[stateAt, 5], [algAt, 2], [algAt, 0]]) {
      assert.throws(() => SAMPLES.keyset[1](patched(at, value)), { reason: 'malformed' });
    }
  });

  test('apps and audiences outside their alphabets', () => {
    for (const wrong of [{ app: '' }, { app: 'League' }, { app: 'a'.repeat(33) }, { audience: '' }, { audience: 'a b' }, { audience: 'a'.repeat(256) }]) {
      assert.throws(() => context({ ...realm, ...wrong }, 'request', clientKey), { reason: 'malformed' });
    }
  });

  test('register: address bytes, weak key, code hash', () => {
    const build = (changes, payload = registerPayload) => seal('register', { realm, seed: clientSeed, payload, fields: { ...registerFields, ...changes } });
    assert.ok(verifyRegister(build({ address: 'ö'.repeat(127) }), { realm }));
    for (const address of ['', 'a'.repeat(255)]) assert.throws(() => build({ address }), refused);
    assert.throws(() => verifyRegister(build({ code_hash: codeHash('00000000') }), { realm }), { reason: 'payload_mismatch' });
    assert.throws(() => verifyRegister(build({ pk: hex(smallOrderEncodings()[0]) }), { realm }), { reason: 'weak_key' });
  });

  test('a record of another signer, a response to another request', () => {
    const frame = seal('record', { realm, seed: clientSeed, payload: matchPayload, fields: { ...recordFields, signer_fp: fingerprint(serverKey) } });
    assert.throws(() => SAMPLES.record[1](frame), { reason: 'wrong_key' });
    assert.throws(() => verifyResponse(response, { realm, publicKey: serverKey, requestDigest: repeated(0, 32) }), { reason: 'wrong_signature' });
    assert.throws(() => verifyResponse(response, { realm, publicKey: serverKey }), refused);
  });

  test('readers and writers keep their bounds', () => {
    assert.throws(() => new Reader(Buffer.alloc(3)).u32(), refused);
    assert.throws(() => new Writer(3).u32(1), refused);
    for (const value of [-1, 256, 1.5, NaN, 2 ** 60]) assert.throws(() => new Writer().u8(value), refused, `${value}`);
    assert.deepEqual(new Writer().u64(2n ** 64n - 1n).done(), repeated(0xff, 8));
    assert.throws(() => new Writer().u64(2n ** 64n), refused);
  });

  test('base64url is strict', () => {
    assert.deepEqual(decodeBase64Url('_-8'), hex('ffef'));
    for (const text of ['_-8=', '/+8', '_-9', '_ -8', 'A']) assert.throws(() => decodeBase64Url(text), refused, text);
  });

  test('freshness at its edges, codes as people type them', () => {
    const now = 1767225600000;
    const fresh = [-60_000, 0, 30_000].map((offset) => isFresh(now + offset, now));
    const stale = [-60_001, 30_001].map((offset) => isFresh(now + offset, now));
    assert.deepEqual([...fresh, ...stale], [true, true, true, false, false]);
    assert.equal(normaliseCode('oil-7k 3m'), '0117K3M');
  });
});

// ---- Length prefixes ----

describe('length prefixes', () => {
  test('equal concatenations of app and audience are different contexts', () => {
    const one = { app: 'a', audience: '-b-request-v1z' };
    const two = { app: 'a-request-v1-b', audience: 'z' };
    assert.equal(`${one.app}-request-v1${one.audience}`, `${two.app}-request-v1${two.audience}`);
    const frame = seal('request', { realm: one, seed: clientSeed, payload: matchPayload, fields: requestFields });
    assert.ok(verifyRequest(frame, { realm: one, publicKey: clientKey }));
    assert.throws(() => verifyRequest(frame, { realm: two, publicKey: clientKey }), { reason: 'wrong_signature' });
    const { headerBytes } = decodeFrame(frame);
    assert.notDeepEqual(digest(one, 'request', headerBytes), digest(two, 'request', headerBytes));
  });

  test('bytes do not move between header and payload', () => {
    const short = seal('request', { realm, seed: clientSeed, payload: Buffer.from('bc'), fields: { ...requestFields, message_type: 'a' } });
    const { headerBytes, signature } = decodeFrame(short);
    const moved = Buffer.concat([headerBytes, Buffer.from('b')]);
    moved[84] = 2;
    const frame = encodeFrame({ headerBytes: moved, signature, payload: Buffer.from('c') });
    assert.throws(() => verifyRequest(frame, { realm, publicKey: clientKey }), refused);
  });

  test('the parts of a code hash and of a REST payload keep apart', () => {
    assert.notDeepEqual(sha256('countersign-code-v1', '7K3M9QXA'), codeHash('7K3M9QXA'));
    const parts = (...texts) => Buffer.concat(texts.map((text) => lp16(Buffer.from(text))));
    assert.notDeepEqual(parts('GET', '/a', 'b'), parts('GET', '/', 'ab'));
  });
});

// ---- Ed25519 ----

describe('strict Ed25519', () => {
  const hostile = hostileSignatures();

  test('the twelve hostile classes are what they claim to be', () => {
    const passing = hostile.flatMap((vector, i) => (passesPlainVerification(vector) ? [i] : []));
    assert.deepEqual(passing, [0, 1, 2, 3, 11]);
  });

  test('none of the twelve is accepted, not even class 3, which verify_strict lets through', () => {
    assert.deepEqual(acceptedOf(hostile), []);
  });

  if (process.env.SPECCHECK) test('the published twelve, where SPECCHECK names the file', () => {
    const published = JSON.parse(fs.readFileSync(process.env.SPECCHECK, 'utf8'))
      .map(({ message, pub_key, signature }) => ({ publicKey: hex(pub_key), message: hex(message), signature: hex(signature) }));
    assert.equal(published.length, 12);
    assert.deepEqual(acceptedOf(published), []);
  });

  test('the list of small-order encodings is complete', () => {
    const computed = torsionPoints().flatMap(looseEncodings);
    assert.deepEqual(smallOrderEncodings().sort(), computed.sort());
    assert.equal(computed.length, 14);
  });

  test('small order is refused as a key, as R, and where a key enters', () => {
    const signature = signBytes(clientSeed, matchPayload);
    for (const encoding of smallOrderEncodings().map(hex)) {
      assert.equal(isUsableKey(encoding), false);
      assert.equal(verifyStrict(encoding, matchPayload, signature), false);
      assert.equal(verifyStrict(encoding, matchPayload, Buffer.concat([encoding, repeated(0, 32)])), false);
      assert.equal(verifyStrict(clientKey, matchPayload, Buffer.concat([encoding, signature.subarray(32)])), false);
    }
  });

  test('bytes that are no point, or not its canonical encoding, are no key', () => {
    const yIsTwo = Buffer.concat([Buffer.of(2), repeated(0, 31)]);
    const yIsPPlusThree = Buffer.concat([Buffer.of(0xf0), repeated(0xff, 30), Buffer.of(0x7f)]);
    assert.equal(isUsableKey(yIsTwo), false);
    assert.equal(isUsableKey(yIsPPlusThree), false);
    assert.equal(verifyStrict(yIsTwo, matchPayload, signBytes(clientSeed, matchPayload)), false);
    assert.equal(isUsableKey(clientKey), true);
  });

  test('a key with a part of small order is no key', () => {
    assert.equal(isUsableKey(hostile[3].publicKey), false);
  });

  test('S + L and a signature of the wrong length', () => {
    const signature = signBytes(clientSeed, matchPayload);
    assert.equal(verifyStrict(clientKey, matchPayload, signature), true);
    assert.equal(verifyStrict(clientKey, matchPayload, withLAdded(signature)), false);
    assert.equal(verifyStrict(clientKey, matchPayload, signature.subarray(1)), false);
    assert.equal(verifyStrict(clientKey.subarray(1), matchPayload, signature), false);
  });
});

function acceptedOf(vectors) {
  return vectors.flatMap(({ publicKey, message, signature }, i) => (verifyStrict(publicKey, message, signature) ? [i] : []));
}

function withLAdded(signature) {
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const S = BigInt('0x' + Buffer.from(signature.subarray(32)).reverse().toString('hex')) + L;
  return Buffer.concat([signature.subarray(0, 32), hex(S.toString(16).padStart(64, '0')).reverse()]);
}

// ---- Batch signatures ----

describe('batch signatures', () => {
  const items = (count) => Array.from({ length: count }, (_, seq) => ({ kind: 'push', payload: Buffer.from(`${seq}`), fields: { ...pushFields, seq } }));
  const verify = SAMPLES.push[1];

  test('round trip for 1 to 64 leaves', () => {
    for (let count = 1; count <= 64; count += 1) {
      const frames = sealBatch({ realm, seed: serverSeed, items: items(count) });
      assert.deepEqual(frames.map((frame) => verify(frame).header.seq), items(count).map((_, i) => BigInt(i)));
    }
    for (const count of [0, 65]) assert.throws(() => sealBatch({ realm, seed: serverSeed, items: items(count) }), refused);
  });

  test('a path of one leaf does not serve another', () => {
    const [first, second] = sealBatch({ realm, seed: serverSeed, items: items(5) }).map((frame) => decodeFrame(frame));
    assert.throws(() => verify(encodeFrame({ ...first, signature: second.signature })), { reason: 'wrong_signature' });
  });

  test('a promoted last leaf has the short path', () => {
    const { batch } = decodeFrame(batched[2]);
    assert.equal(batch.path.length, 1);
    assert.equal(batch.index, 1);
  });

  test('responses bind their own digests', () => {
    const digests = [repeated(1, 32), repeated(2, 32)];
    const frames = sealBatch({
      realm, seed: serverSeed,
      items: digests.map((requestDigest) => ({ kind: 'response', payload: matchPayload, fields: responseFields, requestDigest })),
    });
    assert.ok(verifyResponse(frames[0], { realm, publicKey: serverKey, requestDigest: digests[0] }));
    assert.throws(() => verifyResponse(frames[0], { realm, publicKey: serverKey, requestDigest: digests[1] }), { reason: 'wrong_signature' });
  });

  test('depth 7, unused index bits and wrong lengths are malformed', () => {
    const { headerBytes, payload, signature } = decodeFrame(batched[0]);
    const sixtyFour = signature.subarray(0, 64);
    const sigs = [
      new Writer().bytes(sixtyFour).u8(7).u16(0).bytes(repeated(0, 7 * 32)),
      new Writer().bytes(sixtyFour).u8(1).u16(2).bytes(repeated(0, 32)),
      new Writer().bytes(sixtyFour).u8(0).u16(1),
      new Writer().bytes(sixtyFour).u8(2).u16(0).bytes(repeated(0, 32)),
      new Writer().bytes(sixtyFour).u8(1).u16(0).bytes(repeated(0, 33)),
      new Writer().bytes(sixtyFour),
    ];
    for (const sig of sigs) {
      assert.throws(() => verify(encodeFrame({ headerBytes, payload, signature: sig.done() })), { reason: 'malformed' });
    }
  });
});

// ---- Chunked payloads ----

describe('chunked payloads', () => {
  const data = Buffer.from('a payload in five chunks');
  const payload = chunkPayload(data, 5);
  const manifestHash = sha256(payload.subarray(0, 8 + 5 * 32));
  const open = (bytes, hash = manifestHash) => Buffer.concat([...openChunks(bytes, hash)]);

  test('round trip for sizes around the chunk size', () => {
    for (const size of [1, 4, 5, 6, 10, 11]) {
      const bytes = crypto.randomBytes(size);
      const made = chunkPayload(bytes, 5);
      assert.deepEqual(open(made, sha256(made.subarray(0, 8 + 32 * Math.ceil(size / 5)))), bytes);
    }
    assert.deepEqual(SAMPLES.chunked[1](chunked).data, data);
  });

  test('every truncation and one more byte are refused', () => {
    for (let length = 0; length < payload.length; length += 1) assert.throws(() => open(payload.subarray(0, length)), refused, `${length} bytes`);
    assert.throws(() => open(Buffer.concat([payload, Buffer.of(0)])), refused);
    const whole = chunkPayload(data.subarray(0, 10), 5);
    const wholeHash = sha256(whole.subarray(0, 8 + 2 * 32));
    assert.ok(open(whole, wholeHash));
    assert.throws(() => open(Buffer.concat([whole, Buffer.of(0)]), wholeHash), { reason: 'malformed' });
  });

  test('chunks before the damage are released, the damaged one is not', () => {
    const damaged = Buffer.from(payload);
    damaged[damaged.length - 6] ^= 1;
    const released = [];
    assert.throws(() => {
      for (const chunk of openChunks(damaged, manifestHash)) released.push(chunk);
    }, { reason: 'payload_mismatch' });
    assert.equal(Buffer.concat(released).toString(), 'a payload in fi');
  });

  test('chunks do not change places', () => {
    const body = payload.length - data.length;
    const swapped = Buffer.concat([payload.subarray(0, body), data.subarray(5, 10), data.subarray(0, 5), data.subarray(10)]);
    assert.throws(() => open(swapped), refused);
  });

  test('another payload with a manifest of its own is refused', () => {
    assert.throws(() => open(chunkPayload(Buffer.from('a payload of other bytes'), 5)), { reason: 'payload_mismatch' });
  });

  test('an empty last chunk is refused, although its hash is right', () => {
    const manifest = Buffer.concat([new Writer().u32(5).u32(2).done(), sha256('abcde'), sha256('')]);
    assert.throws(() => open(Buffer.concat([manifest, Buffer.from('abcde')]), sha256(manifest)), refused);
  });

  test('limits of the manifest', () => {
    for (const [size, count] of [[0, 1], [65537, 1], [1, 0], [1, 16385]]) {
      const chunks = repeated(0, size * count);
      const hashes = Array.from({ length: count }, (_, i) => sha256(chunks.subarray(i * size, (i + 1) * size)));
      const manifest = Buffer.concat([new Writer().u32(size).u32(count).done(), ...hashes]);
      assert.throws(() => open(Buffer.concat([manifest, chunks]), sha256(manifest)), { reason: 'malformed' }, `${size} × ${count}`);
    }
    assert.throws(() => open(repeated(0xff, 8)), { reason: 'malformed' });
    assert.throws(() => chunkPayload(Buffer.alloc(0), 5), refused);
  });
});

// ---- The published vectors ----

const vectorDir = path.join(import.meta.dirname, '../../vectors');
// Those of the chip, the league and the mesh are no frames; chip.test.js, league.test.js and mesh.test.js read them.
const OTHER_FILES = ['agreement.json', 'chip.json', 'draws.json', 'mesh.json', 'ratings.json'];
const isOfFrames = (name) => name.endsWith('.json') && !OTHER_FILES.includes(name);
const vectorFiles = fs.existsSync(vectorDir) ? fs.readdirSync(vectorDir).filter(isOfFrames).sort() : [];
const MAX_VECTOR_BYTES = { chunked: 16 << 20 };
const KEY_STATES = ['prepared', 'active', 'retired', 'tainted', 'revoked'];

describe('published vectors', () => {
  test('are there', (t) => {
    if (vectorFiles.length === 0) return t.skip(`found none in ${vectorDir}`);
    t.diagnostic(`found ${vectorFiles.join(', ')}`);
    assert.ok(vectorFiles.includes('request.json'), 'other vectors exist, so request.json must');
  });

  for (const file of vectorFiles) checkVectorFile(file);
});

function checkVectorFile(file) {
  const { kind, cases } = parseVectors(fs.readFileSync(path.join(vectorDir, file), 'utf8'));
  test(`${file} names its kind and has cases`, () => {
    assert.equal(`${kind}.json`, file);
    assert.ok(cases.length > 0);
  });
  for (const vector of cases) test(`${kind}: ${vector.name}`, () => checkCase(kind, vector));
}

// JSON.parse would round integers above 2^53; they become strings here, and BigInt() takes either.
function parseVectors(text) {
  return JSON.parse(text.replace(/([:[,]\s*)(\d{16,})(?=\s*[,}\]])/g, '$1"$2"'));
}

function checkCase(kind, vector) {
  assert.equal(typeof vector.accept, 'boolean');
  if (kind === 'ed25519') return checkEd25519(vector);
  if (vector.accept) return checkAccepted(kind, vector);
  assert.throws(() => verifyVector(kind, vector), (error) => error instanceof Refused || wrap(error), `accepted in spite of ${vector.check}`);
}

function wrap(error) {
  throw new Error('neither accepted nor refused', { cause: error });
}

function checkEd25519({ public_key, message, signature, accept }) {
  assert.equal(verifyStrict(hex(public_key), hex(message), hex(signature)), accept);
}

// `kind` is the file's: one of the six, or chunked or batch, whose frames say themselves what they are.
function verifyVector(kind, vector) {
  const bytes = hex(vector.frame);
  const maxBytes = MAX_VECTOR_BYTES[kind] ?? 65536;
  const decoded = decodeFrame(bytes, { maxBytes });
  const expected = ['chunked', 'batch'].includes(kind) ? decoded.kind : kind;
  decodeKind(expected, bytes, { maxBytes });
  const place = { app: vector.app, audience: vector.audience };
  const publicKey = hex(vector.public_key ?? '');
  if (publicKey.length === 0 && expected !== 'register') throw new Error('the frame parses, so the case must name a public_key');
  const verified = {
    request: () => verifyRequest(bytes, { realm: place, publicKey, maxBytes }),
    response: () => verifyResponse(bytes, { realm: place, publicKey, requestDigest: hex(vector.request_digest ?? '') }),
    push: () => verifyPush(bytes, { realm: place, publicKey }),
    record: () => verifyRecord(bytes, { realm: place, publicKey }),
    keyset: () => verifyKeySet(bytes, { realm: place, roots: [publicKey] }),
    register: () => verifyRegister(bytes, { realm: place }),
  }[expected]();
  checkSurroundings(vector, verified);
  return verified;
}

// What the frame alone cannot show: refused cases may name the time, or the request_id that was asked for.
function checkSurroundings({ accept, now_ms, request_id }, { kind, header }) {
  if (now_ms !== undefined && header.timestamp_ms !== undefined && !isFresh(header.timestamp_ms, Number(now_ms))) throw new Refused('stale_timestamp', '');
  if (now_ms !== undefined && kind === 'keyset' && BigInt(now_ms) >= header.expires_ms) throw new Refused('keyset_expired', '');
  if (!accept && kind === 'response' && request_id && !hex(request_id).equals(header.request_id)) throw new Refused('wrong_request_id', '');
}

function checkAccepted(kind, vector) {
  const frame = verifyVector(kind, vector);
  const keys = {
    realm: { app: vector.app, audience: vector.audience },
    publicKey: hex(vector.public_key),
    requestDigest: vector.request_digest && hex(vector.request_digest),
  };
  const header = headerFromJson(frame.header, vector);
  assert.deepEqual(header, frame.header);
  assert.deepEqual(encodeHeader(frame.kind, header), frame.headerBytes);
  const input = signingInput(keys.realm, frame.kind, keys.publicKey, frame.headerBytes, keys.requestDigest);
  assert.equal(input.toString('hex'), vector.signing_input);
  if (['request', 'record', 'register'].includes(frame.kind)) {
    assert.equal(digest(keys.realm, frame.kind, frame.headerBytes).toString('hex'), vector.digest);
  }
  assert.equal(frame.payload.toString('hex'), vector.payload, 'payload, for chunked frames manifest and chunks');
  if (vector.seed) checkSigning(frame, keys, header, hex(vector.seed), vector.frame);
}

// The key signs the same again: the whole frame, or for a batch the root that the path leads to.
function checkSigning(frame, keys, header, seed, expectedFrame) {
  assert.deepEqual(publicKeyOf(seed), keys.publicKey);
  const { message, signature } = signedMessage(frame, keys);
  assert.deepEqual(signBytes(seed, message), signature);
  if (frame.batch) return;
  const again = seal(frame.kind, { realm: keys.realm, seed, fields: header, payload: frame.payload, requestDigest: keys.requestDigest });
  assert.equal(again.toString('hex'), expectedFrame);
}

// The header that the case's JSON members describe, in the types of the decoded one.
function headerFromJson(decoded, vector) {
  const { flags, ...rest } = decoded;
  return { flags: vector.flags ?? flags, ...fromJson(rest, vector, 'header') };
}

function fromJson(sample, json, name) {
  assert.notEqual(json, undefined, `the case lacks ${name}`);
  if (Buffer.isBuffer(sample)) return hex(json);
  if (typeof sample === 'bigint') return BigInt(json);
  if (typeof sample === 'number') return name === 'state' && KEY_STATES.includes(json) ? KEY_STATES.indexOf(json) : json;
  if (Array.isArray(sample)) return json.map((entry, i) => fromJson(sample[i], entry, `${name}[${i}]`));
  if (typeof sample === 'object') return Object.fromEntries(Object.entries(sample).map(([key, value]) => [key, fromJson(value, json[key], key)]));
  return json;
}
