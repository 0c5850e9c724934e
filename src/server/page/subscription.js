// One transport's reading of a feed: it resumes where it stopped, and counts what is missed.

import { ANSWER_MS, cursorAt, epochOf, exchange, feedUrl, inTurn, request, seqOf }
  from './feed.js';
import { socketUrl, text } from './frame.js';

const FIRST_RETRY_MS = 500, LAST_RETRY_MS = 8_000;
const OFFLINE_MS = 3_000;        // lost for so long: "reconnecting" would promise too much
const STEADY_MS = 2_000;         // a connection that dies younger does not reset the back-off
const UNHELD_MS = 100;           // an empty long poll that is answered earlier was not held

export class Subscription {
  state = 'paused'; why = '';    // connecting, live, reconnecting, offline; paused, cut, waiting
  send = null;                   // publishes over the open connection, where that is possible
  ready = '';                    // the readyState by name, or what a fetch does now
  received = 0; missed = 0; duplicates = 0; requests = 0; empty = 0; restarts = 0;
  bodyBytes = 0;                 // of the bodies and frames that this page has read
  failures = 0; liveSince = null; lostSince = null; resumedAt = 0;

  // `settings` has `intervalMs` and `holdMs`; `deliver` gets each message with its time of arrival,
  // `restarted` the number of the last message of the feed that is gone; `changed` is called after
  // each change.
  constructor(name, { feed, user, settings, deliver, restarted = () => {}, changed = () => {} }) {
    const stopper = new AbortController();
    Object.assign(this, { name, feed, user, settings, deliver, restarted, changed, stopper });
  }

  url(endpoint, params) {
    const user = this.user && { user: this.user };
    return feedUrl(this.feed, endpoint, { after: this.cursor, ...params, ...user });
  }

  // Reads on from the cursor until it is stopped.
  async start() {
    this.stopper.abort();
    const { signal } = this.stopper = new AbortController();
    const resumedAt = performance.now();
    Object.assign(this, { resumedAt, failures: 0, liveSince: null, lostSince: null });
    this.show('connecting');
    while (!signal.aborted) {
      await READERS[this.name](this, signal).catch((error) => {
        if (!signal.aborted) return this.rest(this.lost(error.message), signal);
      });
    }
  }

  // Ends its connection.
  stop(state = 'paused') {
    this.stopper.abort();
    this.ready = '';
    this.show(state);
  }

  show(state, why = '') {
    Object.assign(this, { state, why });
    this.changed();
  }

  readies(ready) {
    this.ready = ready;
    this.changed();
  }

  // A connection is open, or an exchange came to its end.
  live() {
    this.requests += 1;
    this.liveSince ??= performance.now();
    this.show('live');
  }

  // The connection is lost: returns how long to wait before the next attempt, in ms.
  lost(why) {
    const now = performance.now(), steady = this.liveSince && now - this.liveSince > STEADY_MS;
    if (this.liveSince || !this.lostSince) this.lostSince = now;
    this.failures = steady ? 1 : this.failures + 1;
    Object.assign(this, { liveSince: null, resumedAt: now });
    this.show(now - this.lostSince < OFFLINE_MS ? 'reconnecting' : 'offline', why);
    return Math.min(FIRST_RETRY_MS * 2 ** (this.failures - 1), LAST_RETRY_MS);
  }

  // Waits; `wake` ends it at once.
  rest(ms, signal) {
    return new Promise((done) => {
      this.wake = () => { clearTimeout(timer); done(); };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', this.wake, { once: true });
    });
  }

  wake() {}

  // One answer of a polling transport.
  answered({ body: { messages, last, epoch, ...gone }, size }) {
    this.empty += messages.length ? 0 : 1;
    this.bodyBytes += size;
    this.moveTo(cursorAt(messages.length ? messages[0].seq - 1 : last, epoch), gone);
    for (const message of messages) this.take(message, cursorAt(message.seq, epoch));
    this.live();
  }

  // Reads on after another cursor: `missed` messages before it are gone, or the feed began anew.
  // The server says where they are joins and leaves alone, which no reader lacks.
  moveTo(cursor, { missed = 0, missed_texts = missed }) {
    const anew = this.cursor && epochOf(cursor) !== epochOf(this.cursor);
    if (anew) this.restarts += 1;
    this.missed += missed_texts;
    const before = this.cursor;
    this.cursor = cursor;
    if (anew) this.restarted(this, before);
    this.changed();
  }

  take(message, cursor) {
    const gap = seqOf(cursor) - seqOf(this.cursor) - 1;
    if (gap < 0) { this.duplicates += 1; return; }
    this.missed += gap;
    this.cursor = cursor;
    if (!message.kind) this.received += 1;
    this.deliver(message, performance.now(), this);
    this.changed();
  }
}

// ---- The readers: each reads for one exchange, or until its connection ends, and stops when
// `signal` is aborted.

async function shortPolling(its, signal) {
  const askedAt = performance.now(), interval_ms = its.settings.intervalMs;
  its.readies('asking');
  // In turn with what the page asks otherwise: both are short, and share one connection.
  const answer = await inTurn(() => exchange(its.url('poll', { interval_ms }), { signal }));
  if (signal.aborted) return;
  its.answered(answer);
  if (answer.body.more) return;
  its.readies('resting');
  await its.rest(interval_ms - (performance.now() - askedAt), signal);
}

async function longPolling(its, signal) {
  // The first question on a new connection is hardly held: its answer shows that we are live.
  const hold_ms = its.liveSince ? its.settings.holdMs : 1, askedAt = performance.now();
  its.readies('holding');
  const limitMs = hold_ms + ANSWER_MS;
  const answer = await exchange(its.url('long-poll', { hold_ms }), { signal, limitMs });
  if (signal.aborted) return;
  its.answered(answer);
  // A server that does not hold must not make us ask as fast as we can.
  const held = hold_ms === 1 || performance.now() - askedAt > UNHELD_MS;
  if (!held && !answer.body.messages.length) await its.rest(FIRST_RETRY_MS, signal);
}

function sse(its, signal) {
  return new Promise((_, fail) => {
    const source = new EventSource(its.url('sse'));
    const shows = () => its.readies(['CONNECTING', 'OPEN', 'CLOSED'][source.readyState]);
    const end = (why) => { source.close(); shows(); fail(new Error(why)); };
    signal.addEventListener('abort', () => end('stopped'));
    const read = (use) => ({ data, lastEventId }) => {
      its.bodyBytes += utf8Bytes(data);
      use(JSON.parse(data), lastEventId);
    };
    shows();
    source.onopen = () => { shows(); its.live(); };
    source.onmessage = read((message, id) => its.take(message, id));
    source.addEventListener('reset', read((reset, id) => its.moveTo(id, reset)));
    // The browser reconnects by itself, with Last-Event-ID, unless it was answered with an error.
    source.onerror = () => {
      shows();
      if (source.readyState === EventSource.CLOSED) end(text('stream_refused'));
      else its.lost(text('stream_ended'));
    };
  });
}

// NDJSON and WebSocket carry the same JSON: messages, and resets. Messages do not repeat the epoch,
// since one connection has one. The messages up to a reset's `last` that are still there follow it.
function jsonReader(its) {
  let epoch = epochOf(its.cursor), isReset = false;
  return (json) => {
    const { reset, ...message } = JSON.parse(json);
    if (reset) {
      epoch = reset.epoch;
      its.moveTo(cursorAt(reset.last, epoch), reset);
    } else {
      if (isReset) its.cursor = cursorAt(message.seq - 1, epoch);
      its.take(message, cursorAt(message.seq, epoch));
    }
    isReset = Boolean(reset);
  };
}

async function ndjson(its, signal) {
  its.readies('asking');
  const response = await request(its.url('stream'), { signal });
  its.live();
  its.readies('reading');
  const take = jsonReader(its), reader = response.body.getReader(), decoder = new TextDecoder();
  for (let rest = ''; ;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(text('stream_ended'));
    its.bodyBytes += value.byteLength;
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = lines.pop();
    lines.filter(Boolean).forEach(take);  // an empty line is a heartbeat
  }
}

function websocket(its, signal) {
  return new Promise((_, fail) => {
    const socket = new WebSocket(socketUrl(its.url('ws'))), take = jsonReader(its);
    const shows = () =>
      its.readies(['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'][socket.readyState]);
    signal.addEventListener('abort', () => {
      its.send = null;
      socket.close();
      fail(new Error('stopped'));
    });
    shows();
    socket.onopen = () => {
      shows();
      its.send = (said) => socket.send(JSON.stringify({ text: said }));
      its.live();
    };
    socket.onmessage = ({ data }) => {
      if (signal.aborted) return;
      its.bodyBytes += utf8Bytes(data);
      take(data);
    };
    socket.onclose = ({ code, reason }) => {
      its.send = null;
      if (signal.aborted) return;
      shows();
      fail(new Error(text('closed', { code: String(code), reason: reason && `: ${reason}` })));
    };
  });
}

const encoder = new TextEncoder(), utf8Bytes = (string) => encoder.encode(string).length;

const READERS = {
  'short-polling': shortPolling, 'long-polling': longPolling, sse, ndjson, websocket,
};
