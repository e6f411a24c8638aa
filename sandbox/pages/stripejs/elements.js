// A group of elements that belong to one payment.

class Elements extends Emitter {
  #options;
  #made = [];

  constructor(stripe, options = {}) {
    super();
    if (options.clientSecret && options.mode) {
      throw new IntegrationError('stripe.elements(): pass either clientSecret or mode, not both.');
    }
    this._stripe = stripe;
    this._key = stripe._key;
    this._language = languageOf(options.locale || stripe._locale);
    this._group = randomId();
    this.#options = options;
  }

  create(type, options) {
    if (!ELEMENT_TYPES.includes(type)) {
      throw new IntegrationError(`The sandbox has no Element of type '${type}'. It has: ${ELEMENT_TYPES.join(', ')}.`);
    }
    if (this.getElement(type)) throw new IntegrationError(`Can only create one Element of type ${type} through the Elements instance.`);
    if (type === 'payment' && !this.#options.clientSecret && !this.#options.mode) {
      throw new IntegrationError('In order to create a Payment Element, pass a clientSecret or a mode to stripe.elements().');
    }
    const element = new StripeElement(this, type, options);
    this.#made.push(element);
    return element;
  }

  getElement(type) {
    return this.#made.find((element) => element._elementType === type) || null;
  }

  update(options = {}) {
    this.#options = { ...this.#options, ...options };
    if (options.locale) this._language = languageOf(options.locale);
    this.#made.forEach((element) => element._refresh());
    queueMicrotask(() => this.emit('update-end', {}));
  }

  // fetchUpdates reads the intent again, after the shop's server has changed it.
  async fetchUpdates() {
    const element = this.getElement('payment');
    const error = element && (await element._ask('reload'));
    return error ? { error } : {};
  }

  // submit checks everything the buyer typed and puts the caret into the first fault.
  async submit() {
    const faults = [];
    let selected;
    for (const element of this.#made) {
      if (element._elementType === 'expressCheckout') continue;
      const { error, methodType } = await element._ask('check');
      if (error) faults.push({ element, error });
      if (methodType) selected = methodType;
    }
    this._submitted = faults.length === 0;
    if (this._submitted) return { selectedPaymentMethod: selected };
    // Each faulty frame took the caret; the first one on the page gets it back.
    if (faults.length > 1) await faults[0].element._ask('check');
    return { error: faults[0].error };
  }

  get _clientSecret() {
    return this.#options.clientSecret;
  }

  // _shared are the options that every frame of the group gets.
  _shared() {
    const { appearance, clientSecret, mode, amount, currency, paymentMethodTypes } = this.#options;
    return { appearance, clientSecret, mode, amount, currency, paymentMethodTypes };
  }

  // _collected is what the e-mail and address elements add to a confirmation.
  _collected() {
    const email = this.getElement('linkAuthentication');
    const address = this.getElement('address');
    const billing = email && email._state.complete ? { email: email._state.value.email } : {};
    if (!address || !address._state.complete) return { billing };
    const { name, phone, address: lines } = address._state.value;
    const found = { name, ...(phone ? { phone } : {}), address: withoutEmpty(lines) };
    return address._addressMode() === 'shipping' ? { billing, shipping: found } : { billing: { ...billing, ...found } };
  }

  _forget(element) {
    this.#made = this.#made.filter((one) => one !== element);
  }
}

function withoutEmpty(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value));
}
