// Identities, sealed records and a release (docs/firmware.md, sections 3 and 6) against the published vectors.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { publicKeyOf, Reader, sha256, verifyKeySet, verifyRecord } from './envelope.js';

const file = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, '../../vectors/chip.json'), 'utf8'));
const hex = (text) => Buffer.from(text, 'hex');
const casesWith = (field) => file.cases.filter((vector) => vector[field] !== undefined);
const hmac = (key, label) => crypto.createHmac('sha256', key).update(label).digest();

// The plaintext, or an exception.
function open(sealed, key, device) {
  const length = sealed.readUInt16BE(4);
  assert.equal(sealed.subarray(0, 4).toString(), 'GLR1');
  assert.equal(sealed.length, 6 + 12 + length + 16);
  const cipher = crypto.createDecipheriv('chacha20-poly1305', key, sealed.subarray(6, 18), { authTagLength: 16 });
  cipher.setAAD(Buffer.concat([sealed.subarray(0, 6), device]), { plaintextLength: length });
  cipher.setAuthTag(sealed.subarray(18 + length));
  return Buffer.concat([cipher.update(sealed.subarray(18, 18 + length)), cipher.final()]);
}

function parse(plain) {
  const reader = new Reader(plain);
  const lp8 = () => reader.take(reader.u8());
  const text = () => lp8().toString();
  const frame = () => reader.take(reader.u16()).toString('hex');
  const key = () => {
    assert.equal(reader.u8(), 1);
    return reader.take(32).toString('hex');
  };
  assert.equal(reader.u8(), 1, 'version');
  const found = { half: reader.u8(), app: text(), audience: text(), server: text() };
  found.roots = Array.from({ length: reader.u8() }, key);
  Object.assign(found, { factory: key(), ruleset: text(), pair: frame(), keyset: frame(), access_point: null });
  if (reader.u8() === 1) {
    const [name, passphrase, address] = [text(), text(), [...reader.take(4)].join('.')];
    found.access_point = { name, passphrase, address, http: reader.u16(), https: reader.u16(), host: text() };
  }
  reader.end();
  return found;
}

describe('chip', () => {
  test('there are identities, records and a release', () => {
    const counts = ['seed', 'sealed', 'frame'].map((field) => casesWith(field).length);
    assert.deepEqual(counts, [2, 2, 1]);
  });

  for (const vector of casesWith('seed')) {
    test(vector.name, () => {
      const seed = hmac(hex(vector.efuse_identity), 'glt/device-identity/v1');
      assert.equal(seed.toString('hex'), vector.seed);
      assert.equal(publicKeyOf(seed).toString('hex'), vector.public_key);
      assert.equal(hmac(hex(vector.efuse_record), 'glt/device-record/v1').toString('hex'), vector.record_key);
    });
  }

  for (const vector of casesWith('sealed')) {
    test(vector.name, () => {
      const [sealed, key, device] = [vector.sealed, vector.record_key, vector.device].map(hex);
      const { name, device: _device, record_key: _key, sealed: _sealed, ...expected } = vector;
      const found = parse(open(sealed, key, device));
      assert.deepEqual(found, expected, name);
      const realm = { app: found.app, audience: found.audience };
      assert.equal(verifyRecord(hex(found.pair), { realm, publicKey: hex(found.factory) }).header.record_type, 'league.pair');
      verifyKeySet(hex(found.keyset), { realm, roots: found.roots.map(hex) });
      assert.throws(() => open(sealed, key, Buffer.alloc(16)), 'another device');
      sealed[30] ^= 1;
      assert.throws(() => open(sealed, key, device), 'a changed bit');
    });
  }

  for (const vector of casesWith('frame')) {
    test(vector.name, () => {
      const realm = { app: vector.app, audience: vector.audience };
      const record = verifyRecord(hex(vector.frame), { realm, publicKey: hex(vector.public_key) });
      assert.equal(record.header.record_type, 'firmware.release');
      assert.equal(record.payload.toString('hex'), vector.content);
      const reader = new Reader(record.payload);
      assert.equal(reader.u8(), 1, 'version');
      const found = [reader.u8(), reader.u16(), reader.u32(), reader.u8(), reader.u32(), reader.take(32).toString('hex')];
      assert.deepEqual(found, [vector.kind, vector.chip, vector.version, vector.secure_version, vector.length, vector.hash]);
      const image = Buffer.from(Array.from({ length: vector.length }, (_, at) => (at >> 4) ^ (at >> 12)));
      assert.equal(sha256(image).toString('hex'), vector.hash);
      const blocks = Array.from({ length: reader.u8() }, () => reader.take(32));
      reader.end();
      assert.equal(blocks.length, Math.ceil(vector.length / 65536));
      const parts = (bytes, size) => Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
      const blockHash = (block) => sha256(Buffer.concat(parts(block, 4096).map((chunk) => sha256(chunk))));
      assert.deepEqual(parts(image, 65536).map((block) => blockHash(block)), blocks);
    });
  }
});
