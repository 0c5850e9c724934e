// The chat: a name, and the transport by which this window reads.

import { TRANSPORTS } from './setup.js';
import { byId, duration, element, languageTag, put, query, remembered, start, text, url }
  from './frame.js';
import { cursorAt, exchange, feedUrl, publish, seqOf } from './feed.js';
import { Subscription } from './subscription.js';
import { heldByOthers, holds } from './turns.js';
import texts from './room.texts.js';

const HISTORY = 50, SHOWN = 500, CHARACTERS_SHOWN = 1_000;
const MEMBERS_MS = 5_000;
const SPARE = 5;                 // of a browser's six connections; the sixth is for what it sends
const HOLDING = ['long-polling', 'sse', 'ndjson'];

start('room', texts);
const feed = query.get('feed') || 'lobby';
byId('feed').textContent = feed;
const settings = { intervalMs: 1000, holdMs: 25_000 };

let reading = null;              // the subscription
let sentAt = null;               // when this window's newest message was sent

// ---- What is shown

const names = Object.fromEntries(TRANSPORTS.map(({ name, title }) => [name, title]));

// Text that people wrote only ever goes in as text.
function add(line) {
  const log = byId('log'), isAtEnd = log.scrollTop + log.clientHeight > log.scrollHeight - 40;
  log.append(line);
  while (log.childElementCount > SHOWN) log.firstElementChild.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

const notice = (said, kind = 'notice') =>
  add(element('li', { textContent: said, className: kind }));

function line({ from, text: said, kind }, when) {
  const known = { __proto__: null, join: 'joined', leave: 'left' }[kind];
  if (kind && !known) return null;
  const author = element('bdi', { textContent: from });
  const words = element('bdi', { textContent: String(said).slice(0, CHARACTERS_SHOWN) });
  const parts = kind ? [author, ` ${text(known)}`] : [author, ': ', words];
  const made = element('li', {}, element('time', { textContent: when }), ...parts);
  if (kind) made.className = 'notice';
  return made;
}

function deliver(message, at) {
  const isMine = !message.kind && message.from === reading.user;
  const took = isMine && sentAt !== null ? duration(at - sentAt) : null;
  if (took) sentAt = null;
  const now = new Date().toLocaleTimeString(languageTag);
  const made = line(message, took ? text('took', { ms: took }) : now);
  if (!made) return;
  made.classList.toggle('mine', isMine);
  add(made);
  if (message.kind) readMembers();
}

let missed = 0;
function showState() {
  const { state, ready, why, name } = reading;
  const said = `${names[name]}: ${text(`state_${state}`)}`;
  Object.assign(byId('state'), { textContent: said }).dataset.state = state;
  byId('ready').textContent = ready === ready.toUpperCase() ? ready : text(`ready_${ready}`);
  tell(why);
  if (reading.missed > missed) notice(text('missed', { n: reading.missed - missed }), 'restart');
  missed = reading.missed;
}

function tell(why) {
  put(byId('told'), why);
  byId('told').hidden = !why;
}

// ---- Who is there. A server may keep no members; to ask it for them would be an error.

let keepsMembers = false, membersAsked = null;
function readMembers() {
  if (!keepsMembers) return;
  clearTimeout(membersAsked);
  membersAsked = setTimeout(readMembers, MEMBERS_MS);
  exchange(feedUrl(feed, 'members')).then(({ body }) => {
    const [count, list] = byId('members').children;
    count.textContent = text('here', { n: body.members.length });
    list.replaceChildren(...body.members.flatMap((name) => [
      element('bdi', { textContent: name + (name === reading?.user ? ` ${text('you')}` : '') }),
      ...body.transports[name].map((one) =>
        element('span', { className: 'via', textContent: names[one] ?? one,
          data: { transport: one } })),
    ]));
    byId('members').hidden = false;
  }, () => {});
}

// ---- Entering

async function enter() {
  const user = byId('name').value.trim(), name = byId('transport').value;
  if (HOLDING.includes(name) && await heldByOthers() >= SPARE) return tell(text('no_connection'));
  reading?.stop();
  try {
    // The server says what is wrong with a name; a WebSocket or an event stream could not.
    await exchange(feedUrl(feed, 'poll', { user, interval_ms: 1 }));
    keepsMembers = (await exchange(url('healthz'))).body.presence;
    const { body } = await exchange(feedUrl(feed, 'messages', { limit: HISTORY }));
    if (!reading) {
      for (const message of body.messages) {
        const made = line(message, text('history'));
        if (made) { made.classList.add('history'); add(made); }
      }
    }
    // After a change of name or transport it reads on from where it was.
    const cursor = reading?.cursor ?? cursorAt(body.last, body.epoch);
    reading = new Subscription(name, {
      feed, user, settings, deliver, changed: () => showState(),
      restarted: (_, before) => notice(text('restarted', { n: seqOf(before) }), 'restart'),
    });
    missed = 0;
    reading.cursor = cursor;
  } catch (error) {
    return tell(error.message);
  }
  remembered.set('wslab-name', user);
  remembered.set('wslab-transport', name);
  reading.start();
  readMembers();
  byId('text').focus();
}

byId('join').onsubmit = (event) => {
  event.preventDefault();
  enter();
};

byId('composer').onsubmit = async (event) => {
  event.preventDefault();
  const box = byId('text'), said = box.value;
  if (!reading) return tell(text('enter_first'));
  if (!said.trim()) return;
  sentAt = performance.now();
  try {
    // A WebSocket carries it on the connection that is open; the others need a request.
    if (reading.send) reading.send(said);
    else await publish(feed, { from: reading.user, text: said });
    if (box.value === said) box.value = '';  // else the next one is being written
    tell('');
    reading.wake();
  } catch (error) {
    tell(text('not_sent', { why: error.message }));
  }
  box.focus();
};

// ---- The start

const showHow = () => { byId('how').textContent = text(`how_${byId('transport').value}`); };
byId('transport').append(...TRANSPORTS.map(({ name, title }) => new Option(title, name)));
byId('transport').value = query.get('transport') ?? remembered.get('wslab-transport')
  ?? 'websocket';
if (!byId('transport').value) byId('transport').value = 'websocket';
byId('transport').onchange = showHow;
showHow();
byId('name').value = query.get('user') ?? remembered.get('wslab-name')
  ?? text('guest', { number: String(100 + Math.floor(Math.random() * 900)) });
byId('windows').append(...TRANSPORTS.map(({ name, title }) => {
  const user = `${byId('name').value}-${name}`.slice(0, 32);
  const link = element('a', { textContent: title, target: '_blank', data: { transport: name } });
  const others = Object.fromEntries(['feed', 'lang'].filter((key) => query.has(key))
    .map((key) => [key, query.get(key)]));
  link.href = url('room', { ...others, transport: name, user });
  return link;
}));
holds(() => (reading && HOLDING.includes(reading.name) && reading.state !== 'paused' ? 1 : 0));
if (query.has('user')) enter();
