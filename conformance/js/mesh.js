// The packets of the mesh, written from docs/judging.md section 6 with Node's own cryptography.

import crypto from 'node:crypto';

const HEADER = 22;
const NET_TAG = 8;
const KINDS = { 2: 'hub.receipt', 3: 'hub.beacon', 4: 'hub.control' };

const lp8 = (bytes) => Buffer.concat([Buffer.from([bytes.length]), Buffer.from(bytes)]);
const sha256 = (...parts) => crypto.createHash('sha256').update(Buffer.concat(parts)).digest();
const hmac = (key, ...parts) => crypto.createHmac('sha256', key).update(Buffer.concat(parts)).digest();
const hkdf = (ikm, salt, info, length) => Buffer.from(crypto.hkdfSync('sha256', ikm, salt, info, length));

export function deriveKeys(key, salt, event, epoch) {
  const expand = (label, tail, length) => hkdf(key, salt, Buffer.concat([lp8(Buffer.from(label)), lp8(Buffer.from(event)), tail]), length);
  const counted = Buffer.from([epoch]);
  return { app: expand('nodus-app-1', counted, 32), net: expand('nodus-net-1', counted, 32), tag: expand('nodus-tag-1', Buffer.alloc(0), 4) };
}

/** The packet as everybody hashes it: with no hops left. */
function atRest(packet) {
  const still = Buffer.from(packet);
  still[1] = 0;
  return still;
}

export const packetId = (packet) => sha256(Buffer.from('nodus-pid-1'), atRest(packet)).subarray(0, 16);
export const content = (packet) => packet.subarray(HEADER, -NET_TAG);
export const nonceOf = (secret, random, bytes) => hmac(secret, random, bytes).subarray(0, 12);

export function hasNetTag(packet, net) {
  const tag = hmac(net, atRest(packet).subarray(0, -NET_TAG)).subarray(0, NET_TAG);
  return crypto.timingSafeEqual(tag, packet.subarray(-NET_TAG));
}

function decrypt(key, nonce, aad, sealed) {
  const cipher = crypto.createDecipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(aad);
  cipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
}

export function open(packet, app, hubSecret) {
  const outer = decrypt(app, packet.subarray(10, HEADER), atRest(packet).subarray(0, 10), content(packet));
  return packet[2] & 2 ? openAtHub(outer, hubSecret) : outer;
}

function openAtHub(inner, secret) {
  const der = (prefix, key) => Buffer.concat([Buffer.from(prefix, 'hex'), key]);
  const privateKey = crypto.createPrivateKey({ key: der('302e020100300506032b656e04220420', secret), format: 'der', type: 'pkcs8' });
  const hub = crypto.createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
  const ephemeral = inner.subarray(0, 32);
  const publicKey = crypto.createPublicKey({ key: der('302a300506032b656e032100', ephemeral), format: 'der', type: 'spki' });
  const shared = crypto.diffieHellman({ privateKey, publicKey });
  const key = hkdf(shared, Buffer.concat([ephemeral, hub]), lp8(Buffer.from('nodus-seal-1')), 32);
  return decrypt(key, Buffer.alloc(12), ephemeral, inner.subarray(32));
}

/** Whether the hub with this public key said it, in this realm and event. */
export function isTheHubs(packet, verify, publicKey, { app, audience, event }) {
  const kind = KINDS[packet[0] & 0x0f];
  const fingerprint = sha256(Buffer.from('countersign-key-v1'), Buffer.from([1]), publicKey);
  const said = content(packet);
  const text = [`${app}-statement-v1`, audience].map((part) => lp8(Buffer.from(part)));
  const about = [kind, event].map((part) => lp8(Buffer.from(part)));
  return verify(publicKey, Buffer.concat([...text, fingerprint, ...about, said.subarray(0, -64)]), said.subarray(-64));
}

/** The packet that these frames, in any order, are of. */
export function join(frames) {
  if (frames.length === 1 && frames[0][0] >> 6 === 0) return frames[0].subarray(1);
  const first = frames.find((frame) => frame[0] >> 6 === 1);
  const further = frames.filter((frame) => frame[0] >> 6 === 2).sort((a, b) => a[1] - b[1]);
  const message = Buffer.concat([first.subarray(3), ...further.map((frame) => frame.subarray(2))]);
  const packet = message.subarray(0, -4);
  const isWhole = message.length === first.readUInt16BE(1) && sha256(packet).subarray(0, 4).equals(message.subarray(-4));
  return isWhole ? packet : null;
}

const MASK = (1n << 64n) - 1n;
const rotate = (word, by) => ((word << by) | (word >> (64n - by))) & MASK;

/** SipHash-2-4 of eight bytes. */
function sipHash(k0, k1, bytes) {
  let [v0, v1, v2, v3] = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn, k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n];
  const rounds = (count) => {
    for (let i = 0; i < count; i += 1) {
      v0 = (v0 + v1) & MASK; v1 = rotate(v1, 13n) ^ v0; v0 = rotate(v0, 32n);
      v2 = (v2 + v3) & MASK; v3 = rotate(v3, 16n) ^ v2;
      v0 = (v0 + v3) & MASK; v3 = rotate(v3, 21n) ^ v0;
      v2 = (v2 + v1) & MASK; v1 = rotate(v1, 17n) ^ v2; v2 = rotate(v2, 32n);
    }
  };
  for (const word of [bytes.readBigUInt64LE(), 8n << 56n]) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
  v2 ^= 0xffn;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}

/** Says of an id whether it is in the set. */
export function readSet(bytes) {
  const [ids, count] = [bytes.readUInt16BE(8), bytes.readUInt16BE(10)];
  let at = 12 * 8;
  const bit = () => {
    const value = (bytes[at >> 3] >> (7 - (at & 7))) & 1;
    at += 1;
    return value;
  };
  const numbers = new Set();
  let number = 0;
  for (let i = 0; i < count; i += 1) {
    while (bit()) number += 128;
    let low = 0;
    for (let j = 0; j < 7; j += 1) low = 2 * low + bit();
    number += low;
    numbers.add(number);
  }
  const [k0, k1] = [bytes.readBigUInt64BE(0), Buffer.from('nodus-gc').readBigUInt64BE()];
  return (id) => numbers.has(Number((sipHash(k0, k1, id) * BigInt(128 * ids)) >> 64n));
}
