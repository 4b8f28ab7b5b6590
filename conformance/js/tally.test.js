// The tally of an event as WebAssembly against the digests that the same program has to meet natively.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

// `cargo xtask test` builds the program (crates/countersign-judging/examples/agreement.rs) and names it here.
const wasm = process.env.COUNTERSIGN_TALLY;
if (wasm) {
  test('the tally is the same bits as WebAssembly', async () => {
    const { instance } = await WebAssembly.instantiate(fs.readFileSync(wasm), {});
    assert.equal(instance.exports.main(0, 0), 0);
  });
}
