// ---- Who is there: asked whenever the WebSocket has joined; from then on the feed tells

const roll = {
  names: null, early: [],        // what the feed tells until the answer is here comes on top of it
  line: document.getElementById('members'),

  async take() {
    Object.assign(this, { names: null, early: [] });
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const health = await fetch(new URL('healthz', location.href), { cache: 'no-store', signal });
      // A server may keep no members; to ask it for them would be an error.
      this.line.hidden = !(await health.json()).presence;
      if (this.line.hidden) return;
      this.names = new Set((await exchange('members')).members);
    } catch {
      setTimeout(() => this.take(), LAST_RETRY_MS);
      return;
    }
    this.early.forEach((message) => this.change(message));
    this.show();
  },

  tell(message) {
    if (!this.names) this.early.push(message);
    else { this.change(message); this.show(); }
  },

  change({ from, kind }) {
    if (kind === 'join') this.names.add(from); else this.names.delete(from);
  },

  show() {
    const names = [...this.names].sort((a, b) => a.localeCompare(b));
    this.line.firstElementChild.textContent = `Here (${names.length}):`;
    this.line.lastElementChild.replaceChildren(...names.flatMap((name, n) => {
      const bdi = document.createElement('bdi');
      bdi.textContent = name;
      return [n ? ', ' : '', bdi, name === joinedAs ? ' (you)' : ''];
    }));
  },
};
