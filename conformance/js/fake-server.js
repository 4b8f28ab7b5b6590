// A loopback stand-in for the server, for client.test.js: small, in memory, and corruptible through `behaviour`.

import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import {
  NO_EPOCH, Refused, Writer, checkSignature, codeHash, decodeBase64Url, decodeKind, digest, equalBytes, isFresh, lp16,
  openPayload, publicKeyOf, seal, sha256, verifyRegister,
} from './envelope.js';
import { CONTENT_TYPE, RESULTS } from './client.js';

const BOOTSTRAP = ['session.hello', 'stream.open', 'stream.poll'];
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const HTTP_STATUS = { ok: 200, replayed: 409, payload_mismatch: 400, unknown_type: 400 };

export class FakeServer {
  realm = { app: 'league', audience: 'league.example.org' };
  rootSeed = crypto.randomBytes(32);
  keySeed = crypto.randomBytes(32);
  epoch = crypto.randomBytes(8);
  behaviour = {};
  keysetVersion = 1n;
  keysetFetches = 0;
  sessions = new Map();
  #keysetTimes = new Map();
  #logins = new Map();
  #seen = new Set();
  #streamId = crypto.randomBytes(16);

  constructor(mailDir) {
    this.mailDir = mailDir;
  }

  async start() {
    this.http = http.createServer((request, response) => this.#serve(request, response));
    await new Promise((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    this.base = `http://127.0.0.1:${this.http.address().port}`;
    return this;
  }

  async stop() {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  get root() {
    return publicKeyOf(this.rootSeed);
  }

  now() {
    return Date.now() + (this.behaviour.clockSkewMs ?? 0);
  }

  keysetFrame() {
    const key = { state: 1, not_before_ms: 0, not_after_ms: 2n ** 64n - 1n, alg: 1, pk: publicKeyOf(this.keySeed) };
    const fields = {
      version: this.keysetVersion, ...this.#timesOfKeyset(), min_protocol: 1,
      audience: this.realm.audience, keys: [{ ...key, ...this.behaviour.key }], roots: [{ alg: 1, pk: this.root }], pins: [],
      ...this.behaviour.keyset,
    };
    return seal('keyset', { realm: this.realm, seed: this.rootSeed, fields });
  }

  // Two fetches of one version give the same bytes.
  #timesOfKeyset() {
    if (!this.#keysetTimes.has(this.keysetVersion)) {
      this.#keysetTimes.set(this.keysetVersion, { issued_ms: this.now(), expires_ms: this.now() + 3_600_000 });
    }
    return this.#keysetTimes.get(this.keysetVersion);
  }

  async #serve(request, response) {
    const body = Buffer.concat(await request.toArray());
    const url = new URL(request.url, 'http://localhost');
    try {
      await this.#route(url, request, body, response);
    } catch (error) {
      const known = error instanceof Refused;
      response.writeHead(known ? 400 : 500, { 'Content-Type': 'application/problem+json' });
      response.end(JSON.stringify({ title: known ? error.reason : String(error.stack) }));
    }
  }

  async #route(url, request, body, response) {
    if (url.pathname === '/keyset') return this.#sendFrame(response, 200, this.#keyset());
    if (url.pathname === '/login') return sendJson(response, this.#login(JSON.parse(body)));
    if (url.pathname === '/login/code') return sendJson(response, this.#code(JSON.parse(body)));
    if (url.pathname === '/login/register') return this.#sendAnswer(response, this.#register(body));
    if (url.pathname === '/x') return this.#sendAnswer(response, this.#handle(body));
    if (url.pathname === '/sse') return this.#sse(response, body);
    return this.#rest(request, body, response);
  }

  #keyset() {
    this.keysetFetches += 1;
    return this.keysetFrame();
  }

  #login({ address, key }) {
    const login = {
      id: crypto.randomBytes(16).toString('hex'), address: address.trim().toLowerCase(), pk: Buffer.from(key.pk, 'hex'),
      challenge: crypto.randomBytes(16), attempts: 5,
    };
    this.#logins.set(login.id, login);
    return this.#loginState(login);
  }

  #loginState({ id, address, challenge, attempts }) {
    return {
      login_id: id, address, ...this.realm, code_length: 8, expires_ms: 600_000, allowed_to_request_code: true,
      next_code_ms: 0, next_verification_attempt_ms: 0, attempts_left: attempts,
      requested_information: ['pow'], pow: { challenge: challenge.toString('hex'), bits: 8 }, ...this.behaviour.login,
    };
  }

  #code({ login_id, pow_nonce }) {
    const login = this.#logins.get(login_id);
    const nonce = Buffer.alloc(8);
    nonce.writeBigUInt64BE(BigInt(pow_nonce));
    if (sha256(login.challenge, nonce)[0] !== 0) throw new Refused('malformed', 'no proof of work');
    login.code = Array.from(crypto.randomBytes(8), (byte) => ALPHABET[byte % 32]).join('');
    const mail = `From: dev@localhost\nSubject: Your code for LEAGUE\n\nYour code:\n\n${login.code}\n\nNever read this code aloud.\n`;
    fs.writeFileSync(path.join(this.mailDir, `${Date.now()}.eml`), mail);
    return this.#loginState(login);
  }

  #register(body) {
    const { header, headerBytes } = verifyRegister(body, { realm: this.realm });
    const bound = { request_id: header.request_id, requestDigest: digest(this.realm, 'register', headerBytes) };
    const login = this.#logins.get(header.login_id.toString('hex'));
    if (!isFresh(header.timestamp_ms, this.now())) return this.#error(bound, 'stale_timestamp');
    const isRight = login && equalBytes(codeHash(login.code), header.code_hash) && equalBytes(login.pk, header.pk) && login.address === header.address;
    if (!isRight) return this.#error(bound, 'code_invalid', { attempts_left: (login.attempts -= 1) });
    const sessionId = crypto.randomBytes(16).toString('hex');
    this.sessions.set(sessionId, { pk: header.pk, revoked: false });
    const account = { session_id: sessionId, user_id: crypto.randomBytes(16).toString('hex'), new_user: true, server_time_ms: this.now(), keyset_version: 1, scopes: ['user'] };
    return this.#answer(bound, 'ok', account);
  }

  #handle(body) {
    const frame = decodeKind('request', body, { maxBytes: 65536 });
    const { header, headerBytes } = frame;
    const bound = { request_id: header.request_id, requestDigest: digest(this.realm, 'request', headerBytes) };
    const id = header.session_id.toString('hex');
    const session = this.sessions.get(id);
    if (!session || !this.#isSigned(frame, session)) return this.#error(bound, 'unauthenticated');
    if (session.revoked) return this.#error(bound, 'session_revoked');
    const payload = this.#payload(frame);
    if (!payload) return this.#error(bound, 'payload_mismatch');
    if (!isFresh(header.timestamp_ms, this.now())) return this.#error(bound, 'stale_timestamp');
    const isBootstrap = header.epoch.equals(NO_EPOCH) && BOOTSTRAP.includes(header.message_type);
    if (!isBootstrap && !header.epoch.equals(this.epoch)) return this.#error(bound, 'stale_epoch');
    const nonce = id + header.request_id.toString('hex');
    if (this.#seen.has(nonce)) return this.#error(bound, 'replayed');
    this.#seen.add(nonce);
    return this.#business(header.message_type, payload, bound, id);
  }

  #isSigned(frame, { pk }) {
    try {
      checkSignature(frame, { realm: this.realm, publicKey: pk });
      return true;
    } catch {
      return false;
    }
  }

  #payload(frame) {
    try {
      return openPayload(frame);
    } catch {
      return null;
    }
  }

  #business(type, payload, bound, sessionId) {
    const stream = { stream_id: this.#streamId.toString('hex'), cursor: 0, resync: false, server_time_ms: this.now() };
    switch (type) {
      case 'session.hello':
        return this.#answer(bound, 'ok', { server_time_ms: this.now(), session_id: sessionId, scopes: ['user'] });
      case 'session.list':
        return this.#answer(bound, 'ok', { sessions: [...this.sessions.keys()].map((session_id) => ({ session_id, current: session_id === sessionId })) });
      case 'stream.open':
        return this.#answer(bound, 'ok', stream);
      case 'stream.poll':
        return this.#answer(bound, 'ok', this.#pollAnswer(JSON.parse(payload).cursor));
      case 'http':
        return { ...bound, restPayload: payload };
      default:
        return this.#error(bound, 'unknown_type');
    }
  }

  #pollAnswer(cursor) {
    const seqs = [cursor + 1, cursor + (this.behaviour.gap ? 3 : 2)];
    const writer = new Writer().u64(seqs.at(-1)).u32(seqs.length);
    for (const frame of seqs.map((seq) => this.push(seq))) writer.u32(frame.length).bytes(frame);
    return writer.done();
  }

  push(seq) {
    const fields = { stream_id: this.#streamId, timestamp_ms: this.now(), seq, epoch: this.epoch, event_type: 'tick' };
    return seal('push', { realm: this.realm, seed: this.keySeed, payload: Buffer.from(`{"n":${seq}}`), fields });
  }

  #sse(response, body) {
    const { frame } = this.#handle(body);
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(`event: open\ndata: ${frame.toString('base64url')}\n\n: ping\n\n`);
    for (const seq of [1, 2, 3]) response.write(`id: ${seq}\r\nevent: push\r\ndata: ${this.push(seq).toString('base64url')}\r\n\r\n`);
    response.end();
  }

  #rest(request, body, response) {
    const text = (value) => lp16(Buffer.from(value ?? ''));
    const signed = Buffer.concat([text(request.method), text(request.url), text(request.headers['content-type']), body]);
    const proof = decodeBase64Url(request.headers.countersign.slice('v1 '.length));
    const answer = this.#handle(Buffer.concat([proof, signed]));
    const contentType = 'text/plain';
    const reply = Buffer.from(`you sent ${body.length} bytes`);
    const { frame, status } = this.#answer(answer, 'ok', Buffer.concat([lp16(Buffer.from(contentType)), reply]));
    const bare = frame.subarray(0, frame.length - 2 - contentType.length - reply.length);
    response.writeHead(status, { 'Content-Type': contentType, Countersign: `v1 ${bare.toString('base64url')}` });
    response.end(this.behaviour.restBody ?? reply);
  }

  #error(bound, name, members = {}) {
    return this.#answer(bound, name, { error: name, server_time_ms: this.now(), ...members });
  }

  #answer({ request_id, requestDigest }, name, value) {
    const payload = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
    const fields = { request_id, timestamp_ms: this.now(), result_code: RESULTS.indexOf(name), epoch: this.epoch, ...this.behaviour.answer };
    const seed = this.behaviour.answerSeed ?? this.keySeed;
    const frame = seal('response', { realm: this.realm, seed, payload, requestDigest: this.behaviour.requestDigest ?? requestDigest, fields });
    return { frame, status: HTTP_STATUS[name] ?? 401 };
  }

  #sendAnswer(response, { frame, status }) {
    this.#sendFrame(response, status, this.behaviour.tamper ? this.behaviour.tamper(frame) : frame);
  }

  #sendFrame(response, status, frame) {
    response.writeHead(status, { 'Content-Type': CONTENT_TYPE, 'Cache-Control': 'no-store, no-transform' });
    response.end(frame);
  }
}

function sendJson(response, value) {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(value));
}
