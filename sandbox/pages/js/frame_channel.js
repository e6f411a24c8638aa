// The line between this frame and the shop's page. The shop's Stripe.js says hello with a first message; only that
// window at that origin is heard from then on, and everything is sent to that origin alone. What goes out are
// states, ids and errors: never a number or a security code.

const channel = {
  origin: '',
  handlers: {},
  on(op, handler) {
    this.handlers[op] = handler;
  },
  send(op, detail = {}) {
    if (this.origin) parent.postMessage({ vezne: 'element', op, ...detail }, this.origin);
  },
  start() {
    addEventListener('message', async (event) => {
      const message = event.data;
      if (event.source !== parent || !message || message.vezne !== 'element') return;
      if (!this.origin && message.op === 'hello') this.origin = event.origin;
      if (event.origin !== this.origin) return;
      const handler = this.handlers[message.op];
      if (!handler) return;
      const result = await handler(message);
      if (message.call) this.send('reply', { call: message.call, result });
    });
    parent.postMessage({ vezne: 'element', op: 'loaded' }, '*');
  },
};
