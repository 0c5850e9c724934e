// The server's clock, as this page knows it (Cristian 1989): the server's time lies within a round
// trip, in its middle give or take half of it. The round trip with the smallest error counts.

import { exchange, inTurn, mark } from './feed.js';
import { url } from './frame.js';

const FIRST_SAMPLES = 8, KEPT = 30;
const DRIFT = 50e-6;             // two quartz clocks part by so much at most, as a share
const STEP_MS = 0.1;             // browsers round their clock to this outside secure contexts

const samples = [];

async function sample() {
  const askedAt = performance.now();
  const { body } = await exchange(url('clock', { mark }));
  const gotAt = performance.now(), at = (askedAt + gotAt) / 2;
  samples.push({ at, roundTripMs: gotAt - askedAt, offsetMs: body.now_ns / 1e6 - at });
  if (samples.length > KEPT) samples.shift();
}

function errorOf({ at, roundTripMs }, now = performance.now()) {
  return roundTripMs / 2 + STEP_MS + Math.abs(now - at) * DRIFT;
}

export const clock = {
  // { offsetMs, errorMs, roundTripMs } or null: server's time = this page's + offset ± error.
  get best() {
    const best = samples.reduce((a, b) => (!a || errorOf(b) < errorOf(a) ? b : a), null);
    return best && { ...best, errorMs: errorOf(best) };
  },

  // A server's time in ns, by this page's clock in ms.
  toPage(ns) { return ns / 1e6 - this.best.offsetMs; },

  // After a restart of the server's machine its clock begins anew.
  async measure() {
    samples.length = 0;
    for (let n = 0; n < FIRST_SAMPLES; n += 1) await inTurn(sample);
  },

  async measureAgain() { await inTurn(sample); },
};
