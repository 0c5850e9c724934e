// The vote of one device on the class's question.

import { byId, remembered, start, text, url } from './frame.js';
import { exchange, posted } from './feed.js';
import voteTexts from './vote.texts.js';
import { device, report } from './report.js';
import { question, result, unitName, value } from './ballot.js';

start('vote', voteTexts);

const OWN = 'wslab-vote';
const [form, field, error] = ['form', 'value', 'error'].map(byId);
const button = form.querySelector('button');

let ballot = null, shown = null;

// This device's vote on the present question: the server's numbers begin again when it restarts,
// so the question is part of its name.
const nameOf = ({ number, question: asked }) => `${number} ${JSON.stringify(asked)}`;
function own() {
  const { name, vote } = JSON.parse(remembered.get(OWN) ?? '{}');
  return name === nameOf(ballot) ? vote : null;
}

function tell(problem) {
  Object.assign(error, { textContent: problem, hidden: !problem });
}

async function refresh() {
  const answer = await exchange(url('vote/ballot')).catch(() => null);
  if (!answer) return tell(text('lost'));
  tell('');
  ballot = answer.body;
  show();
}

function show() {
  const isNew = ballot && shown !== nameOf(ballot);
  byId('none').hidden = Boolean(ballot);
  byId('ballot').hidden = !ballot;
  if (!ballot) return;
  shown = nameOf(ballot);
  byId('question').textContent = question(ballot);
  byId('unit').textContent = text('yours', { unit: unitName(ballot) });
  form.hidden = !ballot.open;
  if (isNew) field.value = own() ?? '';
  button.textContent = text(own() === null ? 'vote' : 'change');
  showOwn();
  const { root, told, draw } = ballot.open ? {} : result(ballot, own());
  byId('result').replaceChildren(...(root ? [root, ...told] : []));
  draw?.();
}

function showOwn() {
  const said = own();
  const n = ballot.count;
  byId('own').textContent = said === null ? (ballot.open ? '' : text('not_voted'))
    : text(ballot.open ? 'voted' : 'said', { value: value(ballot, said), n });
}

form.addEventListener('submit', async (submit) => {
  submit.preventDefault();
  const { least, most, number } = ballot, vote = field.valueAsNumber;
  if (!(vote >= least && vote <= most)) return tell(text('bounds', { least, most }));
  button.disabled = true;
  const said = posted({ device, ballot: number, value: vote });
  const answer = await exchange(url('vote'), said).catch((problem) => problem);
  button.disabled = false;
  if (answer.status === 409) { await refresh(); return tell(text('closed')); }
  if (!answer.body) return tell(text('lost'));
  tell('');
  remembered.set(OWN, JSON.stringify({ name: nameOf(ballot), vote }));
  ballot.count = answer.body.count;
  show();
});

addEventListener('resize', () => ballot && show());

let latest;
report({
  onAnswer(told) {
    if (!told) return tell(text('lost'));
    const now = JSON.stringify(told.ballot);
    if (latest === now) return;
    latest = now;
    refresh();
  },
});
