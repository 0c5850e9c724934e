// Exchanges with the server, and cursors of feeds.

import { text, url } from './frame.js';

export const ANSWER_MS = 10_000;   // an exchange without an answer after this (and the hold) failed

// Marks this visit's requests, so that the server can tell the bytes of its connections.
export const mark = String(Math.floor(Math.random() * 2 ** 53));

export const feedUrl = (feed, endpoint, params) =>
  url(`feeds/${encodeURIComponent(feed)}/${endpoint}`, { ...params, mark });

// One request: the response, or an Error whose message can be shown. `no-store` also keeps two
// pages from queueing for one cache entry.
export async function request(where, init) {
  const response = await fetch(where, { cache: 'no-store', ...init }).catch((error) => {
    throw error instanceof TypeError ? new Error(text('unreachable')) : error;
  });
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  const advice = body?.error ?? text('status', { status: String(response.status) });
  throw Object.assign(new Error(advice), { status: response.status });
}

// One exchange: the body as JSON, null if it is empty, and its size in bytes; or an Error as above.
export async function exchange(where, { limitMs = ANSWER_MS, signal, ...init } = {}) {
  const limit = new AbortController(), abort = () => limit.abort();
  const timer = setTimeout(abort, limitMs);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  try {
    const response = await request(where, { signal: limit.signal, ...init });
    const bytes = await response.arrayBuffer();
    const size = bytes.byteLength;
    return { body: size ? JSON.parse(new TextDecoder().decode(bytes)) : null, size };
  } catch (error) {
    if (limit.signal.aborted) throw new Error(text('no_answer', { s: limitMs / 1000 }));
    throw error instanceof SyntaxError ? new Error(text('unreadable')) : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

// What an exchange is to post: JSON.
export const posted = (body, headers) => ({
  method: 'POST', body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json', ...headers },
});

// Publishes a message; its number.
export async function publish(feed, message) {
  return (await exchange(feedUrl(feed, 'messages'), posted(message))).body.seq;
}

// Runs tasks one after the other, so that all of them need one connection.
let last = Promise.resolve();
export function inTurn(task) {
  const next = last.then(task);
  last = next.catch(() => {});
  return next;
}

// Cursors carry the server's epoch, so that no restart is mistaken.
export const cursorAt = (seq, epoch) => `${seq}-${epoch}`;
export const seqOf = (cursor) => parseInt(cursor, 10);
export const epochOf = (cursor) => cursor.split('-')[1];
