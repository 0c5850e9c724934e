// The hall for the projector: the room, once a second.

import { TRANSPORTS } from './setup.js';
import { byId, bytes, element, number, pause, put, start, text, url } from './frame.js';
import { exchange } from './feed.js';
import hallTexts from './hall.texts.js';
import { showOrders } from './report.js';
import { drawLanes } from './lanes.js';
import { question, result } from './ballot.js';
import { beginTeaching, chooseDevice, knowDevices } from './teacher.js';

start('hall', hallTexts);

const EVERY_MS = 1_000;

let state = null, ballotShown;

const rows = TRANSPORTS.map(({ name, title }) => {
  const swatch = element('span', { className: 'swatch' });
  const head = element('th', { scope: 'row' }, swatch, title);
  const cells = [0, 1, 2].map(() => element('td'));
  byId('totals').append(element('tr', { data: { transport: name } }, head, ...cells));
  return cells;
});

function show() {
  const { devices, transports, orders, ballot } = state;
  const silent = devices.filter((one) => one.silent).length;
  byId('count').textContent = text('devices', { n: devices.length })
    + (silent ? `, ${text('silent_count', { n: silent })}` : '');
  showOrders(orders);
  drawLanes(byId('lanes'), devices);
  transports.forEach((transport, n) => {
    const [open, messages, passed] = rows[n];
    open.textContent = number(transport.open);
    messages.textContent = number(transport.messages);
    passed.textContent = bytes(transport.bytes);
  });
  knowDevices(devices);
  showBallot(ballot);
  showJoin(state);
}

function showBallot(ballot) {
  byId('ballot').hidden = !ballot;
  if (!ballot) return;
  byId('question').textContent = question(ballot);
  const vote = new URL('vote', state.page ?? location.href).href;
  put(byId('voting'), ballot.open ? text('voting', { n: ballot.count, page: vote }) : '');
  const now = `${ballot.number} ${ballot.open}`;
  if (now === ballotShown) return;
  ballotShown = now;
  const shown = ballot.open ? null : result(ballot, null);
  byId('result').replaceChildren(...(shown ? [shown.root, ...shown.told] : []));
  shown?.draw();
}

async function refresh() {
  const answer = await exchange(url('hall/state')).catch(() => null);
  Object.assign(byId('error'), { textContent: text('lost'), hidden: Boolean(answer) });
  if (!answer) return;
  state = answer.body;
  show();
}

// The page's address and its code: only where others can reach the server.
function showJoin({ page }) {
  if (!page || byId('page').textContent === page) return;
  byId('page').textContent = page;
  Object.assign(byId('page-code'), { src: 'qr.svg', alt: text('code_page') });
  byId('join').hidden = byId('open').hidden = false;
}

// Not click: the dots are drawn anew each second.
byId('lanes').addEventListener('pointerdown', ({ target }) => {
  if (target.dataset.device) chooseDevice(target.dataset.device);
});
new ResizeObserver(() => {
  ballotShown = null;
  if (state) show();
}).observe(byId('lanes'));

beginTeaching(refresh);
for (;;) {
  await refresh();
  await pause(EVERY_MS);
}
