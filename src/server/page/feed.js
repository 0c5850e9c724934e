// ---- Where the server is, and exchanges with it

const ANSWER_MS = 10_000;        // an exchange without an answer after this (and the hold) failed
const REMEMBERED = 20_000;       // messages: those of the longest poll interval at 2,000 a second

const pageQuery = new URLSearchParams(location.search);
const feed = pageQuery.get('feed') || 'lobby', token = pageQuery.get('token');

// Relative to the page, so that it works behind a proxy's prefix; a token is handed on.
function address(endpoint, params) {
  const url = new URL(`feeds/${encodeURIComponent(feed)}/${endpoint}`, location.href);
  url.search = new URLSearchParams({ ...params, ...(token && { token }) });
  return url;
}

// One request: the response, or an Error whose message can be shown.
// `no-store` also keeps two copies of the page from queueing for one cache entry.
async function request(endpoint, params, init) {
  const url = address(endpoint, params);
  const response = await fetch(url, { cache: 'no-store', ...init }).catch((error) => {
    throw error instanceof TypeError ? new Error('the server can’t be reached') : error;
  });
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw new Error(body?.error ?? `the server answered with status ${response.status}`);
}

// One exchange: the body as JSON, or an Error as above.
async function exchange(endpoint, params, { limitMs = ANSWER_MS, signal, ...init } = {}) {
  const limit = new AbortController(), abort = () => limit.abort();
  const timer = setTimeout(abort, limitMs);
  if (signal) signal.onabort = abort;
  try {
    const response = await request(endpoint, params, { signal: limit.signal, ...init });
    return await response.json().catch(() => { throw new Error('the answer can’t be read'); });
  } catch (error) {
    throw limit.signal.aborted ? new Error(`no answer within ${limitMs / 1000} s`) : error;
  } finally {
    clearTimeout(timer);
  }
}

// Waits before another attempt; less long if a message was sent meanwhile.
const resting = new Set();
function rest(ms, signal) {
  return new Promise((resume) => {
    const wake = () => { clearTimeout(timer); resting.delete(wake); resume(); };
    const timer = setTimeout(wake, ms);
    resting.add(wake);
    if (signal) signal.onabort = wake;
  });
}

// Cursors carry the server's epoch, so that no restart is mistaken.
const cursorAt = (seq, epoch) => `${seq}-${epoch}`;
const epochOf = (cursor) => cursor.split('-')[1];

// ---- Which messages arrived, and when

let epoch;                       // the run of the server that the cards count
const seen = new Map();          // name of a message → { seq, firstAt, sentAt if ours, by }
const sentUnseen = new Map();    // seq → { from, sentAt }: published, and not delivered yet
let sending = null;              // { from, sentAt } until the answer to the POST tells the seq
let undecided = [];              // arrivals meanwhile: only that answer tells whether they are ours

// Notes an arrival; null when this transport has delivered the message before.
function note(message, transport) {
  const at = performance.now();
  // A restarted server counts from 1 again: seq alone does not name a message.
  const name = `${message.seq}/${message.published_at_ns}`;
  if (!seen.has(name)) {
    const sent = sentUnseen.get(message.seq), ours = sent?.from === message.from;
    if (ours) sentUnseen.delete(message.seq);
    seen.set(name, { seq: message.seq, firstAt: at, sentAt: ours ? sent.sentAt : null, by: [] });
    if (seen.size > REMEMBERED) seen.delete(seen.keys().next().value);
  }
  const entry = seen.get(name);
  if (entry.by.includes(transport)) return null;
  entry.by.push(transport);
  return { at, entry };
}

// The POST was answered (`seq`) or failed (no `seq`): what arrived meanwhile can be judged.
function settle(seq) {
  const ours = undecided.find(({ entry }) => entry.seq === seq);
  if (ours) ours.entry.sentAt = sending.sentAt;
  else if (seq !== undefined) sentUnseen.set(seq, sending);
  sending = null;
  for (const arrival of undecided.splice(0)) arrival.card.judge(arrival);
}

// The server restarted, or made the idle feed again, and all cards count anew. What a card still
// lacked of the time before is lost: messages that others have shown, and those of this page that no
// transport delivered.
function beginAnew(newEpoch) {
  if (newEpoch === epoch) return;
  const restarted = epoch !== undefined, entries = [...seen.values()];
  for (const card of restarted ? cards : []) {
    const lacked = entries.filter(({ by }) => !by.includes(card.name)).length;
    card.beginAnew(Math.max(card.missed, lacked + sentUnseen.size));
  }
  epoch = newEpoch;
  seen.clear();
  sentUnseen.clear();
}
