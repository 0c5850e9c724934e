// ---- The windows of one browser. Over HTTP/1.1 they share six connections to a server, and three
// transports hold one each. So one window reads by these: the one that was shown or used last. It
// hands on what arrives to other visible windows of the same feed. A hidden window reads by
// WebSocket alone, which is none of the six, and catches up when it is shown.

const SIX = 'A browser opens six connections to a server, for all its windows together: '
  + 'click into this window to read by these transports here.';
const SHARED = 'Another window reads by the transports that are “shared”; what arrives is shown '
  + `here too. ${SIX}`;
const PAUSED = `Another window reads another feed; “paused” transports wait. ${SIX}`;

const LATE_MS = 3_000;           // what is handed on later than this is not waited for

const channel = new BroadcastChannel('wslab');
const id = Math.random(), place = `${address('', {})}`;
let holder = { at: 0 };          // the newest claim to the connections: { at, by, place }

function joinWindows() {
  channel.onmessage = ({ data: { claimed, free } }) => {
    if (free && free === holder.by) { holder = { at: holder.at }; claim(); }
    if (!claimed) return;
    const newer = claimed.at - holder.at || claimed.by - holder.by;
    if (newer > 0) { holder = claimed; share(); }
    // The clock was set back: that window takes the newer claim from this one.
    if (newer < 0 && holder.by === id) channel.postMessage({ claimed: holder });
  };
  const used = ['focus', 'pointerdown', 'keydown', 'pageshow'];
  for (const event of used) addEventListener(event, claim);
  addEventListener('pagehide', release);
  document.addEventListener('visibilitychange', () => (isVisible() ? claim() : release()));
  setInterval(watchHolder, LATE_MS);
  claim();
}

const isVisible = () => document.visibilityState === 'visible';

function claim() {
  if (isVisible() && holder.by !== id) {
    holder = { at: Math.max(Date.now(), holder.at + 1), by: id, place };
    channel.postMessage({ claimed: holder });
  }
  share();
}

// A window that crashed hands on nothing: what the WebSocket brought tells.
let newest = {};
function watchHolder() {
  const seq = ({ cursor }) => (epochOf(cursor) === epoch ? parseInt(cursor, 10) : -1);
  const isLate = (card) => card.reader === follow && seq(card) < newest.seq;
  if (newest.epoch === epoch && cards.some(isLate)) claim();
  newest = { epoch, seq: Math.max(...cards.map(seq)) };
}

function release() {
  if (holder.by === id) {
    holder = { at: holder.at };
    channel.postMessage({ free: id });
  }
  share();
}

// Gives each card the reader that it may have now.
function share() {
  const holds = holder.by === id, follows = holder.place === place;
  for (const card of cards) {
    if (card.always || (isVisible() && (holds || !card.holds))) card.read(card.own);
    else card.read(isVisible() && follows ? follow : null);
  }
  const why = follows ? SHARED : PAUSED;
  Object.assign(document.getElementById('windows'), { textContent: why, hidden: holds });
}

function handOn({ name, cursor, own, reader, holds }, message) {
  if (holds && reader === own) channel.postMessage({ lane: name, place, message, cursor });
}

// A reader: shows what the window that holds the connections hands on.
function follow(card, signal) {
  card.state('shared');
  let asking = false, askAgain = false;
  // One poll brings what was not handed on: from the time before, or after a restart.
  const catchUp = async () => {
    askAgain = true;
    if (asking) return;
    for (asking = true; askAgain && !signal.aborted;) {
      askAgain = false;
      const body = await exchange('poll', { after: card.cursor }).catch(() => null);
      if (body && !signal.aborted) { card.take(body); askAgain ||= body.more; }
    }
    asking = false;
  };
  const isNext = ({ seq }, cursor) =>
    epochOf(cursor) === epochOf(card.cursor) && seq === parseInt(card.cursor, 10) + 1;
  channel.addEventListener('message', ({ data: { lane, place: of, message, cursor } }) => {
    if (lane !== card.name || of !== place) return;
    if (isNext(message, cursor) && !asking) card.deliver(message, cursor); else catchUp();
  }, { signal });
  catchUp();
  return new Promise((_, stopped) => { signal.onabort = stopped; });
}
