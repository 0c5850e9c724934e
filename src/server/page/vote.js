// The vote of one device on the class's question.

import { remembered, start, text, url } from './frame.js';
import voteTexts from './vote.texts.js';
import { device, report } from './report.js';
import { question, result, unitName, value } from './ballot.js';

start('vote', voteTexts);

const OWN = 'wslab-vote';
const find = (id) => document.getElementById(id);
const [form, field, error] = ['form', 'value', 'error'].map(find);
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
  const answer = await fetch(url('vote/ballot'), { cache: 'no-store' }).catch(() => null);
  if (!answer?.ok) return tell(text('lost'));
  tell('');
  ballot = await answer.json();
  show();
}

function show() {
  const isNew = ballot && shown !== nameOf(ballot);
  find('none').hidden = Boolean(ballot);
  find('ballot').hidden = !ballot;
  if (!ballot) return;
  shown = nameOf(ballot);
  find('question').textContent = question(ballot);
  find('unit').textContent = text('yours', { unit: unitName(ballot) });
  form.hidden = !ballot.open;
  if (isNew) field.value = own() ?? '';
  button.textContent = text(own() === null ? 'vote' : 'change');
  showOwn();
  const { root, told, draw } = ballot.open ? {} : result(ballot, own());
  find('result').replaceChildren(...(root ? [root, ...told] : []));
  draw?.();
}

function showOwn() {
  const said = own();
  const n = ballot.count;
  find('own').textContent = said === null ? (ballot.open ? '' : text('not_voted'))
    : text(ballot.open ? 'voted' : 'said', { value: value(ballot, said), n });
}

form.addEventListener('submit', async (submit) => {
  submit.preventDefault();
  const { least, most, number } = ballot, vote = field.valueAsNumber;
  if (!(vote >= least && vote <= most)) return tell(text('bounds', { least, most }));
  button.disabled = true;
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ device, ballot: number, value: vote });
  const answer = await fetch(url('vote'), { method: 'POST', headers, body }).catch(() => null);
  button.disabled = false;
  if (answer?.status === 409) { await refresh(); return tell(text('closed')); }
  if (!answer?.ok) return tell(text('lost'));
  tell('');
  remembered.set(OWN, JSON.stringify({ name: nameOf(ballot), vote }));
  ballot.count = (await answer.json()).count;
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
