// Embedded Checkout: the hosted page in an iframe of the shop's page.

class EmbeddedCheckout {
  #frame = null;

  constructor(sessionId, language, onComplete) {
    this.sessionId = sessionId;
    this.language = language;
    this.onComplete = onComplete;
  }

  mount(target) {
    const container = typeof target === 'string' ? document.querySelector(target) : target;
    if (!(container instanceof Element)) throw new IntegrationError(`No element on the page matches ${target}.`);
    this.unmount();
    this.#frame = new Frame({
      kind: 'checkout',
      url: `${ORIGIN}/c/pay/${this.sessionId}?${new URLSearchParams({ embedded: '1', lang: this.language })}`,
      title: TEXTS[this.language]['frame.checkout'],
      onMessage: (message) => this.#heard(message),
    });
    setStyles(this.#frame.node, { height: '40rem', 'color-scheme': 'light dark' });
    this.#frame.node.name = 'embedded-checkout';
    container.replaceChildren(this.#frame.node);
  }

  #heard({ op, height, url }) {
    if (op === 'loaded') this.#frame.send('hello');
    if (op === 'resize') setStyles(this.#frame.node, { height: `${height}px` });
    if (op !== 'complete') return;
    if (this.onComplete) this.onComplete();
    else if (url) location.assign(url);
  }

  unmount() {
    if (this.#frame) this.#frame.remove();
    this.#frame = null;
  }

  destroy() {
    this.unmount();
  }
}

async function createEmbeddedCheckout(stripe, { clientSecret, fetchClientSecret, onComplete } = {}) {
  const secret = fetchClientSecret ? await fetchClientSecret() : await clientSecret;
  const match = /^(cs_\w+?)_secret_\w+$/.exec(String(secret));
  if (!match) throw new IntegrationError('Embedded Checkout needs the client_secret of a Checkout Session with ui_mode embedded_page.');
  return new EmbeddedCheckout(match[1], stripe._language, onComplete);
}
