// The echo: the lecture's script, to be changed and run against this server's /echo.
//
// The script runs as a worker of its own, made of its text. So it needs no eval, it has no document
// that it could change, and it can be ended whatever it does. It may connect to this server alone:
// a worker made of a text has the policy of its page.

import { byId, element, languageTag, socketUrl, start, text, url } from './frame.js';
import texts from './sample.texts.js';

const SHOWN = 500;

start('sample', texts);

const echo = socketUrl(url('echo'));

const sample = () => `const socket = new WebSocket('${echo}');

// ${text('c_open')}
socket.onopen = () => {
  console.log('onopen');
  socket.send('${text('hello')}');
};

// ${text('c_message')}
socket.onmessage = (event) => {
  console.log('onmessage:', event.data);
  socket.close(1000, '${text('done')}');
};

// ${text('c_close')}
socket.onclose = (event) => {
  console.log('onclose:', event.code, event.reason);
  console.log('wasClean:', event.wasClean);
};

// ${text('c_error')}
socket.onerror = () => {
  console.log('onerror');
};
`;

// On one line before the script, so that its lines keep their numbers.
const PRELUDE = `for (const kind of ['log', 'info', 'warn', 'error', 'debug']) {
  console[kind] = (...values) => postMessage({ kind, said: values.map((value) => {
    try { return typeof value === 'object' && value ? JSON.stringify(value) : String(value); }
    catch { return String(value); }
  }).join(' ') });
}
addEventListener('unhandledrejection', (event) => console.error(String(event.reason)));`
  .replaceAll('\n', ' ');

let worker = null, startedAt = 0;

function add(kind, said) {
  const output = byId('output');
  const since = ((performance.now() - startedAt) / 1000).toLocaleString(languageTag,
    { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const time = element('time', { textContent: `${since} s  ` });
  output.append(element('li', { className: kind }, time, said));
  while (output.childElementCount > SHOWN) output.firstElementChild.remove();
  output.scrollTop = output.scrollHeight;
}

function end(said) {
  worker?.terminate();
  if (worker && said) add('page', said);
  worker = null;
  byId('stop').disabled = true;
}

byId('run').onclick = () => {
  end();
  byId('output').replaceChildren();
  startedAt = performance.now();
  const script = new Blob([`${PRELUDE} ${byId('code').value}`], { type: 'text/javascript' });
  const where = URL.createObjectURL(script);
  worker = new Worker(where);
  worker.onmessage = ({ data: { kind, said } }) => add(kind === 'error' ? 'error' : 'log', said);
  worker.onerror = (event) => {
    event.preventDefault();
    add('error', text('failed', { line: String(event.lineno), why: event.message }));
  };
  byId('stop').disabled = false;
};
byId('stop').onclick = () => end(text('stopped'));
byId('reset').onclick = () => { byId('code').value = sample(); };
byId('code').value = sample();
