// One element: mounts its iframe, keeps the classes of its container, and passes events on.

const ELEMENT_TYPES = ['payment', 'card', 'cardNumber', 'cardExpiry', 'cardCvc', 'expressCheckout', 'address', 'linkAuthentication'];
const CONTAINER_CLASSES = { base: 'StripeElement', complete: 'StripeElement--complete', empty: 'StripeElement--empty', focus: 'StripeElement--focus', invalid: 'StripeElement--invalid' };

class StripeElement extends Emitter {
  #elements;
  #frame = null;
  #container = null;
  #ready = null;
  #options;
  #destroyed = false;

  constructor(elements, type, options = {}) {
    super();
    this._elementType = type;
    this.#elements = elements;
    this.#options = options;
    this._state = { elementType: type, empty: true, complete: false };
  }

  mount(target) {
    if (this.#destroyed) throw new IntegrationError('This Element has already been destroyed. Create a new one.');
    const container = typeof target === 'string' ? document.querySelector(target) : target;
    if (!(container instanceof Element)) {
      throw new IntegrationError(`The selector you specified (${target}) applies to no DOM elements that are currently on the page. Make sure the element exists before calling mount().`);
    }
    if (this.#container === container) return this;
    this.unmount();
    this.#container = container;
    container.replaceChildren();
    container.classList.add(this.#class('base'), this.#class('empty'));
    if (this._elementType === 'expressCheckout') return this.#mountWallets();
    const type = this._elementType;
    const language = this.#elements._language;
    let opened;
    this.#ready = new Promise((resolve) => (opened = resolve));
    this.#frame = new Frame({
      kind: 'element',
      url: `${ORIGIN}/elements/frame?${new URLSearchParams({ type, lang: language })}`,
      title: TEXTS[language][`frame.${type}`],
      onMessage: (message) => this.#heard(message, opened),
    });
    // The frame leaves room around its inputs, so that their focus rings are whole.
    const line = ['card', 'cardNumber', 'cardExpiry', 'cardCvc'].includes(type);
    setStyles(this.#frame.node, { margin: '-4px', width: 'calc(100% + 8px)', height: line ? '36px' : '0' });
    this.#matchScheme();
    container.append(this.#frame.node);
    return this;
  }

  // No wallet exists offline: the element says so at once and takes no room.
  #mountWallets() {
    queueMicrotask(() => this.emit('ready', { elementType: 'expressCheckout', availablePaymentMethods: undefined }));
    return this;
  }

  #heard(message, opened) {
    const event = { elementType: this._elementType };
    switch (message.op) {
      case 'loaded':
        this.#frame.send('hello', { key: this.#elements._key, group: this.#elements._group, options: this.#frameOptions() });
        this.emit('loaderstart', event);
        break;
      case 'ready':
        opened();
        this.emit('ready', event);
        break;
      case 'change':
        this._state = message.state;
        this.#showState();
        this.emit('change', message.state);
        break;
      case 'focus':
      case 'blur':
        this.#container.classList.toggle(this.#class('focus'), message.op === 'focus');
        this.emit(message.op, event);
        break;
      case 'escape':
        this.emit('escape', event);
        break;
      case 'loaderror':
        opened();
        this.emit('loaderror', { ...event, error: message.error });
        break;
      case 'resize':
        setStyles(this.#frame.node, { height: `${message.height}px` });
        break;
      case 'submit': {
        const form = this.#container.closest('form');
        if (form) form.requestSubmit();
      }
    }
  }

  #class(state) {
    return (this.#options.classes || {})[state] || CONTAINER_CLASSES[state];
  }

  #showState() {
    const { empty, complete, error } = this._state;
    const { classList } = this.#container;
    classList.toggle(this.#class('empty'), empty);
    classList.toggle(this.#class('complete'), complete);
    classList.toggle(this.#class('invalid'), Boolean(error));
  }

  #frameOptions() {
    const { classes, ...own } = this.#options;
    return JSON.parse(JSON.stringify({ ...this.#elements._shared(), ...own }));
  }

  // A frame whose colour scheme differs from its document's is painted opaque by browsers.
  #matchScheme() {
    const { appearance } = this.#elements._shared();
    setStyles(this.#frame.node, { 'color-scheme': appearance && appearance.theme === 'night' ? 'dark' : 'light' });
  }

  unmount() {
    if (this.#frame) this.#frame.remove();
    if (this.#container) {
      this.#container.classList.remove(...Object.keys(CONTAINER_CLASSES).map((state) => this.#class(state)));
      this.#container.replaceChildren();
    }
    this.#frame = this.#container = this.#ready = null;
    return this;
  }

  destroy() {
    this.unmount();
    this.#destroyed = true;
    this.#elements._forget(this);
    return this;
  }

  update(options = {}) {
    this.#options = { ...this.#options, ...options };
    this._refresh();
    return this;
  }

  focus() {
    return this.#tell('focus');
  }

  blur() {
    return this.#tell('blur');
  }

  clear() {
    return this.#tell('clear');
  }

  // collapse has nothing to fold in a form that is always open.
  collapse() {
    return this;
  }

  // getValue is the Address Element's.
  async getValue() {
    return { complete: this._state.complete, isNewAddress: true, value: this._state.value };
  }

  _addressMode() {
    return this.#options.mode === 'shipping' ? 'shipping' : 'billing';
  }

  _refresh() {
    if (!this.#frame) return;
    this.#matchScheme();
    this.#tell('update', { options: this.#frameOptions() });
  }

  #tell(op, detail) {
    if (this.#frame) this.#ready.then(() => this.#frame && this.#frame.send(op, detail));
    return this;
  }

  // _ask waits until the frame is ready, then for its answer.
  async _ask(op, detail) {
    if (!this.#frame) {
      throw new IntegrationError(`The ${this._elementType} Element is not mounted. Mount it before you use it to confirm or create anything.`);
    }
    await this.#ready;
    return this.#frame.ask(op, detail);
  }
}
