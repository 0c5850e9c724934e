// ---- The composer

const [form, nameBox, textBox, errorLine] =
  ['composer', 'name', 'text', 'error'].map((id) => document.getElementById(id));
const button = form.querySelector('button');

// Storage may be forbidden; then the name is simply not remembered. Only a name that the server
// has accepted is: `user` of the WebSocket is the same name, and must not lock it out.
let acceptedName = `guest-${100 + Math.floor(Math.random() * 900)}`;
try { acceptedName = localStorage.getItem('wslab-name') ?? acceptedName; } catch { /* see above */ }
nameBox.value = acceptedName;
let joinedAs, rejoin;              // the name that the WebSocket gave, and how it gives another

form.addEventListener('input', () => { errorLine.hidden = true; });

form.addEventListener('submit', async (submit) => {
  submit.preventDefault();
  if (sending) return;
  const from = nameBox.value.trim(), text = textBox.value;
  const headers = { 'Content-Type': 'application/json' }, body = JSON.stringify({ from, text });
  sending = { from, sentAt: performance.now() };
  button.disabled = true;
  let seq;
  try {
    ({ seq } = await exchange('messages', {}, { method: 'POST', headers, body }));
    acceptedName = from;
    if (joinedAs !== from) rejoin?.();
    try { localStorage.setItem('wslab-name', from); } catch { /* see above */ }
    if (textBox.value === text) textBox.value = '';  // else the next one is being written
    errorLine.hidden = true;
    textBox.focus();
    resting.forEach((wake) => wake());
  } catch (error) {
    Object.assign(errorLine, { textContent: `Not sent: ${error.message}`, hidden: false });
  }
  button.disabled = false;
  settle(seq);
});

// ---- The start: the history, which also tells where the feed is now. All readers go on from
// there, so that none has a head start and their counts can be compared.

const HISTORY = 50;                // messages

document.getElementById('feed').textContent = feed;
document.title = `${feed} – wslab`;
if (token) document.querySelector('footer a').search = new URLSearchParams({ token });
const cards = TRANSPORTS.map((transport) => new Card(transport));

{
  const label = document.createElement('label');
  label.append('Poll interval ', interval);
  cards.find(({ name }) => name === 'short-polling').find('.how').append(' ', label);
}

let past;
while (!past) {
  past = await exchange('messages', { limit: HISTORY }).catch((error) =>
    rest(Math.max(...cards.map((card) => card.lost(error.message)))));
}
epoch = past.epoch;
for (const card of cards) {
  card.cursor = cursorAt(past.last, epoch);
  card.remember(past.messages);
}
joinWindows();
