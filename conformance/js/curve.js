// Just enough edwards25519 to tell points from other bytes, and to build hostile signatures in the tests.
// Public data only: BigInt arithmetic is not constant-time.

export const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * invert(121666n));
const SQRT_MINUS_ONE = power(2n, (P - 1n) / 4n);

export const IDENTITY = { x: 0n, y: 1n };
export const ORDER_TWO = { x: 0n, y: P - 1n };
export const BASE = decompress(toLittleEndian(mod(4n * invert(5n))));

export function mod(value, modulus = P) {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function power(base, exponent) {
  let result = 1n;
  for (let square = mod(base); exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function invert(value) {
  return power(value, P - 2n);
}

export function fromLittleEndian(bytes) {
  return BigInt('0x' + Buffer.from(bytes).reverse().toString('hex'));
}

export function toLittleEndian(value) {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

// The point, or null when the 32 bytes are no canonical encoding of any point.
export function decompress(bytes) {
  const number = fromLittleEndian(bytes);
  const y = number & (2n ** 255n - 1n);
  const odd = number >> 255n;
  if (y >= P) return null;
  const ySquared = mod(y * y);
  const x = squareRoot(mod((ySquared - 1n) * invert(D * ySquared + 1n)));
  if (x === null || (x === 0n && odd === 1n)) return null;
  return { x: (x & 1n) === odd ? x : P - x, y };
}

function squareRoot(square) {
  const candidate = power(square, (P + 3n) / 8n);
  for (const root of [candidate, mod(candidate * SQRT_MINUS_ONE)]) {
    if (mod(root * root) === square) return root;
  }
  return null;
}

export function compress({ x, y }) {
  return toLittleEndian(y | ((x & 1n) << 255n));
}

export function add(a, b) {
  return affine(addProjective(projective(a), projective(b)));
}

export function multiply(scalar, point) {
  let result = projective(IDENTITY);
  for (let doubled = projective(point); scalar > 0n; scalar >>= 1n) {
    if (scalar & 1n) result = addProjective(result, doubled);
    doubled = addProjective(doubled, doubled);
  }
  return affine(result);
}

function projective({ x, y }) {
  return { x, y, z: 1n };
}

function affine({ x, y, z }) {
  const inverse = invert(z);
  return { x: mod(x * inverse), y: mod(y * inverse) };
}

// Complete on this curve: no special case for doubling or the identity.
function addProjective(p, q) {
  const zz = mod(p.z * q.z);
  const xx = mod(p.x * q.x);
  const yy = mod(p.y * q.y);
  const square = mod(zz * zz);
  const twist = mod(D * mod(xx * yy));
  const minus = mod(square - twist);
  const plus = mod(square + twist);
  const cross = mod((p.x + p.y) * (q.x + q.y) - xx - yy);
  return { x: mod(mod(zz * minus) * cross), y: mod(mod(zz * plus) * (yy + xx)), z: mod(minus * plus) };
}

export function negate({ x, y }) {
  return { x: mod(-x), y };
}

export function equal(a, b) {
  return a.x === b.x && a.y === b.y;
}

export function hasTorsion(point) {
  return !equal(multiply(L, point), IDENTITY);
}
