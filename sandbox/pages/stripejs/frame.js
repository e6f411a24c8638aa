// An iframe of the sandbox and the line to it. Only that window at the sandbox's origin is heard, and only that origin is told.

let frameNumber = 0;

class Frame {
  #waiting = new Map();
  #calls = 0;
  #listen;

  constructor({ kind, url, title, onMessage }) {
    this.kind = kind;
    this.node = document.createElement('iframe');
    this.node.name = `__privateStripeFrame${++frameNumber}`;
    this.node.title = title;
    this.node.src = url;
    this.node.setAttribute('allow', 'payment *');
    setStyles(this.node, { border: 'none', display: 'block', width: '100%', 'color-scheme': 'light' });
    this.#listen = ({ origin, source, data }) => {
      if (origin !== ORIGIN || source !== this.node.contentWindow || !data || data.vezne !== kind) return;
      if (data.op !== 'reply') return onMessage(data);
      const resolve = this.#waiting.get(data.call);
      this.#waiting.delete(data.call);
      if (resolve) resolve(data.result);
    };
    addEventListener('message', this.#listen);
  }

  send(op, detail = {}) {
    if (this.node.contentWindow) this.node.contentWindow.postMessage({ vezne: this.kind, op, ...detail }, ORIGIN);
  }

  ask(op, detail = {}) {
    return new Promise((resolve) => {
      const call = ++this.#calls;
      this.#waiting.set(call, resolve);
      this.send(op, { ...detail, call });
    });
  }

  remove() {
    removeEventListener('message', this.#listen);
    this.node.remove();
    for (const resolve of this.#waiting.values()) {
      resolve({ error: { type: 'invalid_request_error', message: 'The element was removed from the page before the sandbox answered.' } });
    }
    this.#waiting.clear();
  }
}
