// The race: one feed over all transports at once, in this browser.

import { TRANSPORTS } from './setup.js';
import { byId, duration, element, languageTag, number, pause, put, query, randomHex, remembered,
  start, text, url } from './frame.js';
import { cursorAt, epochOf, exchange, feedUrl, inTurn, mark, publish, seqOf } from './feed.js';
import { clock } from './clock.js';
import { Lane } from './lane.js';
import { SIGNS, drawPlot } from './plot.js';
import { heldByOthers, holds, takeTurns } from './turns.js';
import { report } from './report.js';
import texts from './race.texts.js';

const WINDOW_MS = 10_000;        // of the lanes
const FIGURES_MS = 250, STILL_MS = 1_000, COUNTS_MS = 2_000, CLOCK_MS = 10_000, RETRY_MS = 1_000;
const HELD = 3, FREE = 2;        // connections that a race holds, and that others may hold
const LATE_MS = 20, LATE_TIMES = 5;  // a median that is late, and by how much over the fastest

start('race', texts);

// ---- What is raced: the feed of the address, or one of this browser, which the page fills.

const given = query.get('feed');
const own = () => `race-${randomHex(3)}`;
const feed = given ?? remembered.get('wslab-race') ?? own();
if (!given) remembered.set('wslab-race', feed);
byId('feed').textContent = feed;
byId('help').href = url('help');

const settings = { intervalMs: 1000, holdMs: 25_000, rate: 1, payload: 20 };
const race = {
  feed, settings,
  published: [],                 // { seq, publishedAt } of the last seconds
  known: new Map(),              // epoch → its last message that is known

  delivered(seq, publishedAt) {
    if (!this.published.some((one) => one.seq === seq)) this.published.push({ seq, publishedAt });
    const since = performance.now() - span();
    while (this.published[0]?.publishedAt < since) this.published.shift();
    this.knows(seq);
  },

  knows(seq) { this.known.set(epoch, Math.max(seq, this.known.get(epoch) ?? 0)); },

  // The server restarted, and with it the feed: what a lane lacked of the time before is lost.
  restarted({ subscription }, before) {
    const last = this.known.get(epochOf(before)) ?? 0;
    subscription.missed += Math.max(0, last - seqOf(before));
    const now = epochOf(subscription.cursor);
    if (now === epoch) return;
    epoch = now;
    this.published.length = 0;
    clock.measure().catch(() => {});
  },
};
let epoch = null, runs = false;

const span = () => Math.max(WINDOW_MS, 2.5 * settings.intervalMs);
const lanes = TRANSPORTS.map((transport) => new Lane(transport, race));
byId('lanes').append(...lanes.map(({ root }) => root));
byId('legend').append(...TRANSPORTS.map(({ name, title }, n) =>
  element('li', { textContent: title, data: { transport: name, sign: SIGNS[n] } })));

// ---- The controls

function choices(id, values, label, changed) {
  const select = byId(id), [first] = Object.keys(settings).filter((key) => key.startsWith(id));
  select.append(...values.map((value) => new Option(label(value), value)));
  select.value = settings[first];
  select.onchange = () => {
    settings[first] = Number(select.value);
    changed?.();
  };
}

const seconds = (ms) => `${(ms / 1000).toLocaleString(languageTag)}\u00a0s`;
const perSecond = (hz) => text('per_second', { n: hz.toLocaleString(languageTag) });
choices('rate', [0.5, 1, 2, 5, 10], perSecond, () => publishing.begin());
choices('payload', [20, 100, 1_000, 10_000], (size) => `${number(size)} B`);
choices('interval', [250, 500, 1_000, 2_000, 5_000, 10_000], seconds, () => {
  for (const lane of lanes) {
    lane.latencies.length = 0;
    if (lane.name === 'short-polling') lane.subscription.wake();
  }
});
choices('hold', [1_000, 5_000, 25_000], seconds);
for (const id of ['rate', 'payload']) byId(id).disabled = given !== null;
byId('controls').onsubmit = (event) => event.preventDefault();

// ---- Publishing, at random moments: no poll may be in step with it. A message that is due while
// the one before it is on its way is left out: the network is slower than the rate.

const publishing = {
  timer: null, busy: false, left: 0, count: 0,

  begin() {
    clearTimeout(this.timer);
    if (!runs || given) return;
    this.timer = setTimeout(() => {
      this.begin();
      this.publish();
    }, ((0.5 + Math.random()) * 1000) / settings.rate);
  },

  async publish() {
    if (this.busy) { this.left += 1; return; }
    this.busy = true;
    this.count += 1;
    const message = `${this.count} `.padEnd(settings.payload, '.').slice(0, settings.payload);
    try {
      race.knows(await inTurn(() => publish(feed, { from: 'race', text: message })));
      this.say(this.left ? text('left_out', { n: this.left }) : '');
    } catch (error) {
      this.say(text('not_published', { why: error.message }));
    }
    this.busy = false;
  },

  say(said) { put(byId('publishing'), said); },
};

// ---- What the visitor sees

// Which transports are late, and why, in words for the back row.
function answer() {
  const judged = lanes.filter((lane) => lane.isLive && lane.median() !== null);
  if (!runs || judged.length < 2) return runs ? text('gathering') : '';
  const medians = judged.map((lane) => ({ lane, ms: lane.median() }));
  const fastest = Math.min(...medians.map(({ ms }) => ms));
  const isLate = ({ ms }) => ms > LATE_MS && ms > LATE_TIMES * fastest;
  const late = medians.filter(isLate), others = medians.filter((one) => !isLate(one));
  const most = duration(Math.max(...others.map(({ ms }) => ms)));
  const n = others.length;
  if (!late.length) return text('all_close', { names: text('all', { n }), ms: most });
  const why = late.map(({ lane, ms }) => text(`late_${lane.name}`, {
    name: capital(lane.title), ms: duration(ms), s: settings.intervalMs / 1000,
  }));
  return [...why, text('others_close', { names: text('the_others', { n }), ms: most })].join(' ');
}

const capital = (word) => word[0].toUpperCase() + word.slice(1);

function showClock() {
  const { best } = clock;
  if (!best) return;
  byId('clock').textContent = text('clock', {
    offset: `${number(best.offsetMs / 1000, 4)}\u00a0s`, error: duration(best.errorMs),
    trip: duration(best.roundTripMs),
  });
}

function showFigures() {
  for (const lane of lanes) lane.show();
  put(byId('answer'), answer());
  byId('key').replaceChildren(
    element('span', { textContent: text('ago', { s: span() / 1000 }) }),
    element('span', { textContent: text('key') }),
    element('span', { textContent: text('now') }),
  );
  showClock();
}

let colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  colours = { line: style.getPropertyValue('--line'), soft: style.getPropertyValue('--soft') };
}
matchMedia('(prefers-color-scheme: dark)').onchange = readColours;
readColours();

// Moves with every frame, or once a second where motion is to be reduced.
const still = matchMedia('(prefers-reduced-motion: reduce)');
let drawnAt = 0, plottedAt = 0;
function draw(now) {
  requestAnimationFrame(draw);
  if (still.matches && now - drawnAt < STILL_MS) return;
  drawnAt = now;
  for (const lane of lanes) lane.draw(now, span(), colours);
  if (now - plottedAt < FIGURES_MS) return;
  plottedAt = now;
  drawPlot(byId('plot'), lanes, now, colours);
}

// The server's count of the bytes of this page's connections, beside the page's own.
async function readCounts() {
  const { body } = await inTurn(() => exchange(url('connections', { mark })));
  for (const lane of lanes) {
    lane.counted = { ...body[lane.name], seen_bytes: lane.subscription.bodyBytes };
  }
}

// Asks again and again, and never for two answers at a time.
async function keepDoing(task, everyMs) {
  for (;;) {
    await pause(everyMs);
    if (runs) await task().catch(() => {});
  }
}

// ---- The start: all lanes read on from one place, so that none has a head start.

async function findPlace() {
  await clock.measure();
  if (!given) await inTurn(() => publish(feed, { from: 'race', text: '0' }));
  const { body } = await inTurn(() => exchange(feedUrl(feed, 'messages', { limit: 1 })));
  epoch = body.epoch;
  race.knows(body.last);
  for (const { subscription } of lanes) subscription.cursor = cursorAt(body.last, body.epoch);
}

for (let placed = false; !placed;) {
  placed = await findPlace().then(() => true, (error) => {
    for (const { subscription } of lanes) subscription.lost(error.message);
    showFigures();
    return pause(RETRY_MS);
  });
}
async function run(has) {
  const isFree = !has || await heldByOthers() <= FREE;
  runs = has && isFree;
  byId('turn').hidden = runs;
  byId('why').textContent = text(isFree ? 'other_window' : 'other_windows');
  for (const lane of lanes) lane.run(runs);
  publishing.begin();
}
holds(() => (runs ? HELD : 0));
byId('turn').querySelector('button').onclick = () => run(true);
takeTurns(run);
setInterval(showFigures, FIGURES_MS);
keepDoing(readCounts, COUNTS_MS);
keepDoing(() => clock.measureAgain(), CLOCK_MS);
requestAnimationFrame(draw);

// ---- The hall: what this page tells it, and what the teacher orders for all.

const wished = new Map();        // control → the visitor's value, while an order stands above it

function obey(id, label, ordered) {
  const select = byId(id), value = ordered ?? wished.get(id);
  if (value === undefined || (wished.has(id) && Number(select.value) === ordered)) return;
  if (ordered === undefined) wished.delete(id);
  else if (!wished.has(id)) wished.set(id, select.value);
  const has = [...select.options].some((option) => Number(option.value) === Number(value));
  if (!has) select.append(new Option(label(value), value));
  select.value = value;
  select.disabled = wished.has(id) || (id === 'rate' && given !== null);
  select.onchange();
}

report({
  mark: Number(mark),
  via: inTurn,
  // Another window of this browser tells what it reads.
  lanes: () => (runs ? Object.fromEntries(lanes.filter((lane) => lane.isLive)
    .map((lane) => [lane.name, { delay_ms: lane.median() }])) : undefined),
  onAnswer(told) {
    if (!told) return;
    const order = (what) => told.orders.find((one) => one.do === what);
    obey('interval', seconds, order('interval')?.ms);
    obey('rate', perSecond, order('rate')?.hz);
  },
});
