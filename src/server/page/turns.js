// The windows of one browser take turns. Over HTTP/1.1 they share six connections to a server, of
// which a race holds three and uses a fourth: it runs in the visible window that was used last.

const ANSWERED_MS = 150;         // windows answer each other within this

const channel = new BroadcastChannel('wslab');
const id = Math.random();
let turn = { at: 0 };            // the newest claim: { at, by }

let held = () => 0;

// Answers other windows how many connections this one holds open.
export function holds(count) { held = count; }

// How many connections the other windows hold open.
export function heldByOthers() {
  return new Promise((done) => {
    let sum = 0;
    const heard = ({ data: { to, holding } }) => { if (to === id) sum += holding; };
    channel.addEventListener('message', heard);
    channel.postMessage({ asks: id });
    setTimeout(() => {
      channel.removeEventListener('message', heard);
      done(sum);
    }, ANSWERED_MS);
  });
}

channel.addEventListener('message', ({ data: { asks } }) => {
  if (asks) channel.postMessage({ to: asks, holding: held() });
});

const isVisible = () => document.visibilityState === 'visible';

// `changed` is called with whether it is this window's turn.
export function takeTurns(changed) {
  let had = null;
  const tell = () => {
    const has = isVisible() && turn.by === id;
    if (has !== had) changed(had = has);
  };
  const claim = () => {
    if (isVisible() && turn.by !== id) {
      turn = { at: Math.max(Date.now(), turn.at + 1), by: id };
      channel.postMessage({ claimed: turn });
    }
    tell();
  };
  const release = () => {
    if (turn.by === id) {
      turn = { at: turn.at };
      channel.postMessage({ free: id });
    }
    tell();
  };
  channel.addEventListener('message', ({ data: { claimed, free } }) => {
    if (free && free === turn.by) { turn = { at: turn.at }; claim(); }
    if (!claimed) return;
    const newer = claimed.at - turn.at || claimed.by - turn.by;
    if (newer > 0) { turn = claimed; tell(); }
    // The clock was set back: that window takes the newer claim from this one.
    if (newer < 0 && turn.by === id) channel.postMessage({ claimed: turn });
  });
  for (const event of ['focus', 'pointerdown', 'keydown', 'pageshow']) {
    addEventListener(event, claim);
  }
  addEventListener('pagehide', release);
  document.addEventListener('visibilitychange', () => (isVisible() ? claim() : release()));
  claim();
}
