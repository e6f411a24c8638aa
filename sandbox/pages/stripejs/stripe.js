// window.Stripe, callable with and without new.

class StripeClient {
  constructor(key, { locale } = {}) {
    if (typeof key !== 'string' || !key.trim()) throw new IntegrationError('Please call Stripe() with your publishable key. You used an empty string.');
    if (/^(sk|rk)_/.test(key)) {
      throw new IntegrationError('You should not use your secret key with Stripe.js. Please pass a publishable key instead, and roll the secret one: it was on a page.');
    }
    if (/^pk_live_/.test(key)) {
      throw new IntegrationError('This is the sandbox\'s Stripe.js, for tests only: live keys are refused. Load Stripe.js from js.stripe.com for live payments.');
    }
    this._key = key;
    this._locale = locale;
    this._language = languageOf(locale);
    this._appInfo = null;
    this._wrapper = null;
    this.createEmbeddedCheckoutPage = this.initEmbeddedCheckout;
  }

  elements(options) {
    return new Elements(this, options);
  }

  confirmPayment(options) {
    return confirmWithElements(this, 'payment', options);
  }

  confirmSetup(options) {
    return confirmWithElements(this, 'setup', options);
  }

  confirmCardPayment(clientSecret, data, options) {
    return confirmCard(this, 'payment', clientSecret, data, options);
  }

  confirmCardSetup(clientSecret, data, options) {
    return confirmCard(this, 'setup', clientSecret, data, options);
  }

  confirmSepaDebitPayment(clientSecret, data) {
    return confirmDebit(this, 'payment', 'sepa_debit', clientSecret, data);
  }

  confirmSepaDebitSetup(clientSecret, data) {
    return confirmDebit(this, 'setup', 'sepa_debit', clientSecret, data);
  }

  confirmUsBankAccountPayment(clientSecret, data) {
    return confirmDebit(this, 'payment', 'us_bank_account', clientSecret, data);
  }

  confirmUsBankAccountSetup(clientSecret, data) {
    return confirmDebit(this, 'setup', 'us_bank_account', clientSecret, data);
  }

  async handleNextAction({ clientSecret } = {}) {
    return handleNextAction(this, clientSecret);
  }

  async handleCardAction(clientSecret) {
    return handleNextAction(this, clientSecret);
  }

  async retrievePaymentIntent(clientSecret) {
    return new Confirmation(this, 'payment', clientSecret).retrieve();
  }

  async retrieveSetupIntent(clientSecret) {
    return new Confirmation(this, 'setup', clientSecret).retrieve();
  }

  createPaymentMethod(...given) {
    return createPaymentMethod(this, ...given);
  }

  createConfirmationToken(options) {
    return createConfirmationToken(this, options);
  }

  createToken(source, data) {
    return createToken(this, source, data);
  }

  paymentRequest() {
    return new PaymentRequest();
  }

  initEmbeddedCheckout(options) {
    return createEmbeddedCheckout(this, options);
  }

  // Who wraps this client is kept for whoever looks at it in a console; it is sent nowhere.
  registerAppInfo(info) {
    this._appInfo = info;
  }

  _registerWrapper(wrapper) {
    this._wrapper = wrapper;
  }

  _request(method, path, params) {
    return request(ORIGIN, method, path, { key: this._key, params, connectionMessage: TEXTS[this._language]['error.connection'] });
  }

  // _translate puts an error for buyers into the page's language; errors for developers stay as they are.
  _translate(error) {
    const texts = TEXTS[this._language];
    const known = [error.decline_code, error.code].find((code) => code && texts[`error.${code}`]);
    if (known) return { ...error, message: texts[`error.${known}`] };
    if (error.type === 'card_error' && this._language !== 'en') return { ...error, message: texts['error.card_declined'] };
    return error;
  }
}

function Stripe(key, options) {
  return new StripeClient(key, options);
}
Stripe.version = SCRIPT_VERSION;

if (window.Stripe && !window.Stripe.sandbox) {
  console.warn('Another Stripe.js is on this page already; the sandbox\'s one did not replace it.');
} else {
  Stripe.sandbox = true;
  window.Stripe = Stripe;
}
