// ---- The readers. Each reads on from its card's cursor, for one exchange or until its connection
// ends, and stops when `signal` is aborted.

const HOLD_MS = 25_000;

const READERS = {
  'short-polling': { own: shortPolling, how: 'Asks again and again.' },
  'long-polling': { own: longPolling, holds: true,
    how: `Asks, and the server holds its answer up to ${HOLD_MS / 1000} s.` },
  'sse': { own: sse, holds: true, how: 'Asks once; the answer never ends.' },
  'ndjson': { own: ndjson, holds: true,
    how: 'Asks once, by fetch; the answer never ends, a line a message.' },
  'websocket': { own: websocket, always: true, how: 'One connection, open both ways.' },
};
// `holds`: it holds one of the browser's connections; `always`: it also reads while hidden.
const TRANSPORTS = DESCRIPTORS.map((one) => ({ ...one, ...READERS[one.name] }));

const interval = document.createElement('select');
for (const s of [0.25, 0.5, 1, 2, 5, 10]) interval.append(new Option(`${s} s`, s * 1000));
Object.assign(interval, { id: 'interval', value: 1000 });

async function shortPolling(card, signal) {
  const askedAt = performance.now();
  const body = await exchange('poll', { after: card.cursor }, { signal });
  card.answered(body);
  if (body.more) return;
  const restMs = interval.value - (performance.now() - askedAt);
  // A new interval counts at once, not after the old one.
  await new Promise((done) => {
    interval.onchange = signal.onabort = done;
    setTimeout(done, restMs);
  });
}

async function longPolling(card, signal) {
  // The first question on a new connection is hardly held: its answer shows that we are live.
  const hold_ms = card.liveSince ? HOLD_MS : 1, askedAt = performance.now();
  const params = { after: card.cursor, hold_ms };
  const body = await exchange('long-poll', params, { signal, limitMs: hold_ms + ANSWER_MS });
  card.answered(body);
  // A server that doesn't hold must not make us ask as fast as we can.
  const held = hold_ms === 1 || performance.now() - askedAt > 100;
  if (!held && !body.messages.length) await rest(FIRST_RETRY_MS, signal);
}

function sse(card, signal) {
  return new Promise((_, fail) => {
    const source = new EventSource(address('sse', { after: card.cursor }));
    const end = (why) => { source.close(); fail(new Error(why)); };
    signal.onabort = () => end('stopped');
    source.onopen = () => card.live();
    source.onmessage = ({ data, lastEventId }) => card.deliver(JSON.parse(data), lastEventId);
    source.addEventListener('reset', ({ data, lastEventId }) =>
      card.moveTo(lastEventId, JSON.parse(data)));
    // The browser reconnects by itself, with Last-Event-ID, unless it was answered with an error.
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) end('the server refused the stream');
      else card.lost('the stream ended');
    };
  });
}

// NDJSON and WebSocket carry the same JSON: messages, and resets. Messages don't repeat the epoch,
// since one connection has one.
function jsonReader(card) {
  let epoch = epochOf(card.cursor);
  return (json) => {
    const { reset, ...message } = JSON.parse(json);
    if (!reset) return card.deliver(message, cursorAt(message.seq, epoch));
    epoch = reset.epoch;
    card.moveTo(cursorAt(reset.last, epoch), reset);
  };
}

async function ndjson(card, signal) {
  const response = await request('stream', { after: card.cursor }, { signal });
  card.live();
  const take = jsonReader(card);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ''; ;) {
    const { value, done } = await reader.read();
    if (done) throw new Error('the stream ended');
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    lines.filter(Boolean).forEach(take);  // an empty line is a heartbeat
  }
}

function websocket(card) {
  return new Promise((done, fail) => {
    joinedAs = acceptedName;
    const url = address('ws', { after: card.cursor, user: joinedAs });
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url), take = jsonReader(card);
    socket.onopen = () => { card.live(); roll.take(); };
    rejoin = () => socket.close();
    socket.onmessage = ({ data }) => take(data);
    socket.onclose = ({ code, reason }) => {
      if (joinedAs !== acceptedName) return done();
      fail(new Error(`closed with code ${code}${reason && `: ${reason}`}`));
    };
  });
}
