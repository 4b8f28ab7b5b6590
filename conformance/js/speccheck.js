// Twelve hostile Ed25519 signatures, one for each class of ed25519-speccheck (eprint 2020/1244, table 5), in its order.
// They are computed here, so that the tests need no foreign file. To run the published ones as well:
// SPECCHECK=/path/to/cases.json node --test conformance/js

import crypto from 'node:crypto';
import { BASE, L, ORDER_TWO, P, add, compress, decompress, fromLittleEndian, mod, multiply, negate, toLittleEndian } from './curve.js';

const TORSION = decompress(Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex'));
const SIGN_ON_ZERO = Buffer.from('ec' + 'ff'.repeat(31), 'hex'); // the point of order two, with the sign bit that x = 0 cannot have
const PRIVATE = 0x1c0ffee123456789n;
const NONCE = 0x0ddba11987654321n;

const always = () => true;
const divides = (torsion) => torsion === 0n;
const leavesTorsion = (torsion) => torsion !== 0n;

// a, r: the parts of large order of A and R; tA, tR: their torsion, in eighths; wanted: of the torsion left over.
const CLASSES = [
  { name: '0 small A and R', a: 0n, r: 0n, tA: 1n, tR: 3n, wanted: divides },
  { name: '1 small A', a: 0n, r: NONCE, tA: 1n, tR: 3n, wanted: divides },
  { name: '2 small R', a: PRIVATE, r: 0n, tA: 1n, tR: 3n, wanted: divides },
  { name: '3 mixed A and R', a: PRIVATE, r: NONCE, tA: 1n, tR: 3n, wanted: divides },
  { name: '4 mixed A and R, cofactored only', a: PRIVATE, r: NONCE, tA: 1n, tR: 3n, wanted: leavesTorsion },
  { name: '5 mixed A, cofactored only', a: PRIVATE, r: NONCE, tA: 1n, tR: 0n, wanted: leavesTorsion },
  { name: '6 S above L', a: PRIVATE, r: NONCE, tA: 0n, tR: 0n, wanted: always, addToS: L },
  { name: '7 S far above L', a: PRIVATE, r: NONCE, tA: 0n, tR: 0n, wanted: always, addToS: 13n * L },
  { name: '8 non-canonical R, hashed as sent', a: PRIVATE, r: 0n, tA: 1n, tR: 4n, wanted: divides, sentR: SIGN_ON_ZERO },
  { name: '9 non-canonical R, hashed re-encoded', a: PRIVATE, r: 0n, tA: 1n, tR: 4n, wanted: divides, sentR: SIGN_ON_ZERO, reencode: true },
  { name: '10 non-canonical A, hashed re-encoded', a: 0n, r: NONCE, tA: 4n, tR: 4n, wanted: divides, sentA: SIGN_ON_ZERO, reencode: true },
  { name: '11 non-canonical A, hashed as sent', a: 0n, r: NONCE, tA: 4n, tR: 4n, wanted: divides, sentA: SIGN_ON_ZERO },
];

export function hostileSignatures() {
  return CLASSES.map(build);
}

function build({ name, a, r, tA, tR, wanted, addToS = 0n, sentA, sentR, reencode = false }) {
  const A = compress(add(multiply(a, BASE), multiply(tA, TORSION)));
  const R = compress(add(multiply(r, BASE), multiply(tR, TORSION)));
  const publicKey = sentA ?? A;
  const commitment = sentR ?? R;
  for (let n = 0; ; n += 1) {
    const message = Buffer.from(`${name}, attempt ${n}`);
    const hashes = [challenge(commitment, publicKey, message), challenge(R, A, message)];
    const [h, other] = reencode ? hashes.reverse() : hashes;
    const torsionLeft = (hash) => mod(tR + hash * tA, 8n);
    const isOfOneReadingOnly = h === other || leavesTorsion(torsionLeft(other));
    if (!wanted(torsionLeft(h)) || !isOfOneReadingOnly) continue;
    const S = mod(r + h * a, L) + addToS;
    return { name, publicKey, message, signature: Buffer.concat([commitment, toLittleEndian(S)]) };
  }
}

function challenge(commitment, publicKey, message) {
  const hash = crypto.createHash('sha512').update(commitment).update(publicKey).update(message).digest();
  return mod(BigInt('0x' + hash.reverse().toString('hex')), L);
}

// What a verifier without the strict rules computes (RFC 8032 by the letter of most libraries).
export function passesPlainVerification({ publicKey, message, signature }) {
  const commitment = signature.subarray(0, 32);
  const S = fromLittleEndian(signature.subarray(32));
  if (S >= L) return false;
  const h = challenge(commitment, publicKey, message);
  const expected = add(multiply(S, BASE), negate(multiply(h, decompressLoosely(publicKey))));
  return compress(expected).equals(commitment);
}

function decompressLoosely(bytes) {
  if (bytes.equals(SIGN_ON_ZERO)) return ORDER_TWO;
  return decompress(bytes);
}

export function torsionPoints() {
  return Array.from({ length: 8 }, (_, i) => multiply(BigInt(i), TORSION));
}

// Every encoding of a point that a loose decoder accepts: y or y + p where that fits, either sign where x = 0.
export function looseEncodings({ x, y }) {
  const ys = [y, y + P].filter((value) => value < 2n ** 255n);
  const signs = x === 0n ? [0n, 1n] : [x & 1n];
  return ys.flatMap((value) => signs.map((sign) => toLittleEndian(value | (sign << 255n)).toString('hex')));
}
