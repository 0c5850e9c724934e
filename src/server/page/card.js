// ---- A card: what one transport does, counted and shown

const FIRST_RETRY_MS = 500, LAST_RETRY_MS = 8_000;
const OFFLINE_MS = 3_000;        // lost for so long: "reconnecting" would promise too much
const STEADY_MS = 2_000;         // a connection that dies younger does not reset the backoff
const SHOWN = 50, CHARACTERS_SHOWN = 1_000, SAMPLES = 100;

class Card {
  count = 0; missed = 0; missedBefore = 0; cost = 0; empty = 0;
  mine = []; behind = [];        // milliseconds, the newest last
  failures = 0; liveSince = null; lostSince = null; unshown = []; drawing = null;
  cursor; reader; stopper = new AbortController(); resumedAt = 0;

  constructor({ name, polls, how, own, holds, always }) {
    Object.assign(this, { name, polls, own, holds, always });
    const root = document.getElementById('card').content.cloneNode(true).firstElementChild;
    root.dataset.transport = name;
    this.find = (selector) => root.querySelector(selector);
    this.find('h2').textContent = name;
    this.find('.how').textContent = how;
    this.find('dt:empty').textContent = this.polls ? 'Exchanges' : 'Connections';
    this.find('ol').setAttribute('aria-label', `Messages by ${name}, newest first`);
    this.state('connecting');
    document.querySelector('main').append(root);
  }

  // Reads by this reader from now on, on from the card's cursor; null pauses.
  async read(reader) {
    if (reader === this.reader) return;
    this.stopper.abort();
    Object.assign(this, { reader, stopper: new AbortController(), resumedAt: performance.now() });
    Object.assign(this, { failures: 0, liveSince: null, lostSince: null });
    this.state(reader ? 'connecting' : 'paused');
    const { signal } = this.stopper;
    while (reader && !signal.aborted) {
      await reader(this, signal).catch((error) =>
        signal.aborted || rest(this.lost(error.message), signal));
    }
  }

  state(state, why = '') {
    const element = this.find('[data-state]');
    if (element.dataset.state !== state) element.textContent = element.dataset.state = state;
    Object.assign(this.find('.warning'), { textContent: why, hidden: !why });
  }

  // A connection is open, or an exchange came to its end.
  live() {
    this.cost += 1;
    this.draw();
    this.liveSince ??= performance.now();
    this.state('live');
  }

  // The connection is lost: says so, and returns how long to wait before the next attempt.
  lost(why) {
    const now = performance.now(), steady = this.liveSince && now - this.liveSince > STEADY_MS;
    if (this.liveSince || !this.lostSince) this.lostSince = now;
    this.liveSince = null;
    this.failures = steady ? 1 : this.failures + 1;
    this.state(now - this.lostSince < OFFLINE_MS ? 'reconnecting' : 'offline', why);
    return Math.min(FIRST_RETRY_MS * 2 ** (this.failures - 1), LAST_RETRY_MS);
  }

  // Reads on after another cursor: `missed` messages before it are gone, or the feed began anew.
  // The server says where they are joins and leaves alone, which no reader lacks.
  moveTo(cursor, { missed = 0, missed_texts = missed }) {
    if (epochOf(cursor) !== epochOf(this.cursor)) beginAnew(epochOf(cursor));
    this.cursor = cursor;
    this.missed += missed_texts;
    this.draw();
  }

  beginAnew(missedBefore) {
    Object.assign(this, { count: 0, missed: 0, missedBefore });
    const restart = document.createElement('li');
    restart.className = 'restart';
    restart.textContent = 'The feed begins anew, and so do the counts.';
    this.add(restart);
  }

  // One answer of a polling transport.
  answered(body) {
    this.empty += body.messages.length ? 0 : 1;
    this.live();
    this.take(body);
  }

  take({ messages, last, epoch, ...gone }) {
    this.moveTo(cursorAt(messages.length ? messages[0].seq - 1 : last, epoch), gone);
    for (const message of messages) this.deliver(message, cursorAt(message.seq, epoch));
  }

  // Shows what was in the feed before this page began to read: it is not counted.
  remember(messages) {
    for (const message of messages) {
      const shown = line(message);
      if (!shown) continue;
      shown.classList.add('history');
      shown.querySelector('.delay').textContent = 'history';
      this.add(shown);
    }
  }

  deliver(message, cursor) {
    this.cursor = cursor;
    handOn(this, message);
    const shown = line(message);
    // What still arrives of a run of the server that is over was counted as missed.
    const noted = shown && epochOf(cursor) === epoch && note(message, this.name);
    if (!noted) return;
    if (message.kind && noted.entry.by.length === 1) roll.tell(message);
    const arrival = { ...noted, card: this, line: shown };
    if (sending?.from === message.from) undecided.push(arrival); else this.judge(arrival);
    this.count += 1;
    this.add(shown);
  }

  add(shown) {
    this.unshown.push(shown);
    if (this.unshown.length > SHOWN) this.unshown.shift();
    this.draw();
  }

  // Ours: from sending to arrival. Others': after the first transport that delivered it. What a
  // card reads later, because it was paused, has no delay of its transport.
  judge({ at, entry, line }) {
    const mine = entry.sentAt !== null, since = mine ? entry.sentAt : entry.firstAt;
    const delay = at - since, samples = mine ? this.mine : this.behind;
    const paused = since < this.resumedAt;
    if (!paused) samples.push(delay);
    if (samples.length > SAMPLES) samples.shift();
    line.classList.toggle('mine', mine);
    line.querySelector('.delay').textContent = paused ? 'caught up'
      : mine ? duration(delay) : delay ? `+${duration(delay)}` : 'first';
    this.draw();
  }

  // At most once a frame, however fast the feed is.
  draw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = null;
      const show = (name, text) => { this.find(`[data-${name}]`).textContent = text; };
      const before = this.missedBefore ? `, ${this.missedBefore} before it began anew` : '';
      show('count', this.count);
      show('missed', this.missed + before);
      show('cost', this.cost + (this.polls ? `, ${this.empty} empty` : ''));
      show('latency', summary(this.mine));
      show('behind', summary(this.behind));
      const list = this.find('ol');
      list.prepend(...this.unshown.splice(0).reverse());
      while (list.childElementCount > SHOWN) list.lastElementChild.remove();
    });
  }
}

// A message as an item of a list; null for kinds that this page does not know.
// What people wrote only ever goes through textContent.
function line(message) {
  const presence = { __proto__: null, join: 'joined', leave: 'left' }[message.kind];
  if (message.kind && !presence) return null;
  const li = document.createElement('li');
  const [delay, from, text] = ['span', 'bdi', 'bdi'].map((tag) => document.createElement(tag));
  delay.className = 'delay';
  from.textContent = message.from;
  text.textContent = presence ?? String(message.text).slice(0, CHARACTERS_SHOWN);
  li.append(delay, from, presence ? ' ' : ': ', text);
  return li;
}

const duration = (ms) => (ms < 9_999.5 ? `${ms.toFixed(ms && ms < 9.95 ? 1 : 0)}\u00a0ms`
  : `${(ms / 1000).toFixed(1)}\u00a0s`);

function summary(samples) {
  if (!samples.length) return '–';
  const sorted = [...samples].sort((a, b) => a - b), half = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return `last\u00a0${duration(samples.at(-1))}, median\u00a0${duration(median)}`;
}
