// Keys, packets, frames and sets of the mesh against the published vectors.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { verifyStrict } from './envelope.js';
import { content, deriveKeys, hasNetTag, isTheHubs, join, nonceOf, open, packetId, readSet } from './mesh.js';

const file = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, '../../vectors/mesh.json'), 'utf8'));
const hex = (text) => Buffer.from(text, 'hex');
const EVENT = 'FAIR-2026';
const named = (name) => file.cases.find((vector) => vector.name === name);
const { k_app: appKey, k_net: netKey } = named('keys with a roster salt');

function publicKeyOf(seed) {
  const key = crypto.createPrivateKey({ key: Buffer.concat([hex('302e020100300506032b657004220420'), seed]), format: 'der', type: 'pkcs8' });
  return crypto.createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

describe('mesh', () => {
  test('keys', () => {
    const cases = file.cases.filter((vector) => vector.k_app);
    assert.equal(cases.length, 3);
    for (const vector of cases) {
      const keys = deriveKeys(hex(vector.key), hex(vector.salt), vector.event, vector.epoch);
      const found = [keys.app, keys.net, keys.tag].map((key) => key.toString('hex'));
      assert.deepEqual(found, [vector.k_app, vector.k_net, vector.tag], vector.name);
    }
  });

  const packets = file.cases.filter((vector) => vector.id);
  test('there are packets', () => assert.equal(packets.length, 7));

  for (const vector of packets) {
    test(vector.name, () => {
      const packet = hex(vector.packet);
      assert.equal(packetId(packet).toString('hex'), vector.id);
      assert.ok(hasNetTag(packet, hex(netKey)));
      const isSealed = packet[0] === 0x11;
      const shown = isSealed ? open(packet, hex(appKey), hex(vector.hub_seal_secret)) : content(packet);
      assert.equal(shown.toString('hex'), vector.content);
      // What the nonce was made from: the content that stands right under the seal.
      if (!(packet[2] & 2)) {
        const nonce = nonceOf(hex(vector.device_secret), hex(vector.random), shown);
        assert.equal(nonce.toString('hex'), vector.nonce);
      }
      for (let at = 0; at < packet.length; at += 1) {
        const changed = Buffer.from(packet);
        changed[at] ^= 1;
        assert.equal(hasNetTag(changed, hex(netKey)), at === 1, `byte ${at}`);
        if (isSealed && at < packet.length - 8 && at !== 1) {
          assert.throws(() => open(changed, hex(appKey), hex(vector.hub_seal_secret)), `byte ${at}`);
        }
      }
      if (isSealed) return;
      const hub = publicKeyOf(hex(vector.hub_seed));
      const realm = { app: vector.app, audience: vector.audience };
      assert.ok(isTheHubs(packet, verifyStrict, hub, { ...realm, event: EVENT }));
      assert.ok(!isTheHubs(packet, verifyStrict, hub, { ...realm, event: 'OTHER' }));
    });
  }

  for (const vector of file.cases.filter((one) => one.frames)) {
    test(vector.name, () => {
      const frames = vector.frames.map(hex);
      assert.ok(frames.every((frame) => (frame[0] & 0x3f) === vector.counter));
      assert.equal(join(frames).toString('hex'), vector.packet);
      assert.equal(join([...frames].reverse()).toString('hex'), vector.packet);
      if (frames.length > 1) assert.equal(join(frames.slice(0, -1)), null);
    });
  }

  test('a set holds its ids and few others', () => {
    const vector = named('a set of twenty ids');
    const holds = readSet(hex(vector.set));
    assert.ok(vector.ids.every((id) => holds(hex(id))));
    const strangers = Array.from({ length: 2_000 }, (_, i) => Buffer.from([1, 2, 3, 4, 5, 6, i >> 8, i & 255]));
    const wrong = strangers.filter(holds).length;
    assert.ok(wrong > 2 && wrong < 40, `${wrong} of 2,000; one in 128 is 16`);
  });

  test('codes', () => {
    const [prefix, ...parts] = named('event code').text.split(/[:;]/);
    assert.equal(prefix, 'NODUS');
    assert.deepEqual(parts.map((part) => part.split('=')[0]), ['EVENT_ID', 'KEY', 'BLE_UUID']);
    const vote = Buffer.from(named('vote code').text.slice('NODUS-VOTE:'.length), 'base64url');
    assert.equal(packetId(vote).toString('hex'), named('a vote').id);
  });
});
