// Confirming PaymentIntents and SetupIntents, and what follows: authentication, redirects, errors.

const INTENTS = {
  payment: { name: 'paymentIntent', wire: 'payment_intent', path: 'payment_intents', lastError: 'last_payment_error', prefix: 'pi' },
  setup: { name: 'setupIntent', wire: 'setup_intent', path: 'setup_intents', lastError: 'last_setup_error', prefix: 'seti' },
};
// Bank debits need the buyer's agreement; Stripe.js gives it in their name from what the browser knows.
const ONLINE_MANDATE = { customer_acceptance: { type: 'online', online: { infer_from_client: true } } };
const WAITING = new Promise(() => {});

function intentId(kind, clientSecret) {
  const match = new RegExp(`^(${INTENTS[kind].prefix}_\\w+?)_secret_\\w+$`).exec(String(clientSecret));
  if (!match) {
    throw new IntegrationError(`Invalid value for the client secret: it should look like ${INTENTS[kind].prefix}_…_secret_…, which your server gets when it creates the ${INTENTS[kind].name}.`);
  }
  return match[1];
}

class Confirmation {
  constructor(stripe, kind, clientSecret) {
    this.stripe = stripe;
    this.kind = kind;
    this.shape = INTENTS[kind];
    this.clientSecret = clientSecret;
    this.id = intentId(kind, clientSecret);
    this.language = stripe._language;
  }

  async retrieve() {
    const { object, error } = await this.stripe._request('GET', `/v1/${this.shape.path}/${this.id}`, { client_secret: this.clientSecret });
    return error ? { error: this.stripe._translate(error) } : { [this.shape.name]: object };
  }

  // byElement lets the element's frame send what the buyer typed.
  byElement(element, params) {
    return element._ask('confirm', { intent: this.kind, id: this.id, clientSecret: this.clientSecret, params });
  }

  // bare confirms with a method that the intent or the parameters name. An intent that already waits for the buyer goes on from there.
  async bare(params) {
    if (!params.payment_method && !params.payment_method_data && !params.confirmation_token) {
      const { error, [this.shape.name]: intent } = await this.retrieve();
      if (error) return { error };
      if (intent.status !== 'requires_confirmation') return { object: intent };
    }
    return this.stripe._request('POST', `/v1/${this.shape.path}/${this.id}/confirm`, { ...params, use_stripe_sdk: true, client_secret: this.clientSecret });
  }

  // finish turns the sandbox's answer into Stripe.js's: runs the next action, then redirects or resolves.
  async finish({ object: intent, error }, { handleActions = true, returnUrl } = {}) {
    if (error) return { error: this.stripe._translate(error) };
    let result = { [this.shape.name]: intent };
    if (handleActions && intent.status === 'requires_action') result = await this.act(intent);
    if (result.error || !returnUrl) return result;
    location.assign(this.returnAddress(returnUrl, result[this.shape.name]));
    return WAITING;
  }

  async act(intent) {
    const action = intent.next_action || {};
    const challenge = action.use_stripe_sdk && action.use_stripe_sdk.stripe_js;
    if (!challenge) {
      const redirect = action.redirect_to_url && action.redirect_to_url.url;
      if (!redirect) return { [this.shape.name]: intent };
      location.assign(redirect);
      return WAITING;
    }
    // The sandbox may be known by another name inside a container: only the path counts, the origin is the script's.
    const { pathname } = new URL(challenge, ORIGIN);
    const url = `${ORIGIN}${pathname}?${new URLSearchParams({ lang: this.language })}`;
    const outcome = await openChallenge(url, TEXTS[this.language]['frame.challenge']);
    const { error, [this.shape.name]: after } = await this.retrieve();
    if (error) return { error };
    if (outcome === 'succeeded' && after.status !== 'requires_payment_method') return { [this.shape.name]: after };
    const last = after[this.shape.lastError] || {};
    const failure = { type: 'invalid_request_error', code: `${this.shape.wire}_authentication_failure`, ...last };
    const text = outcome === 'canceled' ? TEXTS[this.language]['error.canceled'] : '';
    return { error: { ...this.stripe._translate(failure), ...(text ? { message: text } : {}), [this.shape.wire]: after } };
  }

  returnAddress(returnUrl, intent) {
    const url = new URL(returnUrl, location.href);
    url.searchParams.set(this.shape.wire, intent.id);
    url.searchParams.set(`${this.shape.wire}_client_secret`, this.clientSecret);
    url.searchParams.set('redirect_status', intent.status === 'processing' ? 'pending' : 'succeeded');
    return url.href;
  }
}

// confirmWithElements serves confirmPayment and confirmSetup.
async function confirmWithElements(stripe, kind, { elements, clientSecret, confirmParams = {}, redirect = 'always' } = {}) {
  const method = kind === 'payment' ? 'confirmPayment' : 'confirmSetup';
  const secret = clientSecret || (elements && elements._clientSecret);
  if (!secret) throw new IntegrationError(`stripe.${method}(): pass the clientSecret of the intent, here or to stripe.elements().`);
  if (redirect !== 'if_required' && !confirmParams.return_url) {
    throw new IntegrationError(`stripe.${method}(): confirmParams.return_url is required unless redirect is 'if_required'.`);
  }
  const confirmation = new Confirmation(stripe, kind, secret);
  const answer = await (elements ? confirmElements(confirmation, elements, confirmParams, method) : confirmation.bare(confirmParams));
  return confirmation.finish(answer, { returnUrl: redirect === 'if_required' ? '' : confirmParams.return_url });
}

async function confirmElements(confirmation, elements, confirmParams, method) {
  const element = elements.getElement('payment') || elements.getElement('card') || elements.getElement('cardNumber');
  if (!element) throw new IntegrationError(`stripe.${method}(): create and mount a Payment Element first.`);
  const fault = await checkElements(elements, `stripe.${method}()`);
  if (fault) return { error: fault };
  return confirmation.byElement(element, withCollected(elements, confirmParams));
}

// checkElements checks what the buyer typed and answers with the first fault. Where the intent is made later, the shop must have called submit() before.
async function checkElements(elements, caller) {
  if (!elements._clientSecret && !elements._submitted) {
    throw new IntegrationError(`${caller}: call elements.submit() and wait for it before the intent is created.`);
  }
  const { error } = await elements.submit();
  return error;
}

function withCollected(elements, params) {
  const { billing, shipping } = elements._collected();
  const data = params.payment_method_data || {};
  const details = { ...billing, ...data.billing_details };
  return {
    ...(shipping ? { shipping } : {}),
    ...params,
    ...(Object.keys(details).length ? { payment_method_data: { ...data, billing_details: details } } : {}),
  };
}

// confirmCard serves confirmCardPayment and confirmCardSetup.
async function confirmCard(stripe, kind, clientSecret, data = {}, { handleActions = true } = {}) {
  const confirmation = new Confirmation(stripe, kind, clientSecret);
  const { payment_method: method, ...params } = data;
  let answer;
  if (method && method.card instanceof StripeElement) {
    const { card, ...rest } = method;
    answer = await confirmation.byElement(card, { ...params, payment_method_data: rest });
  } else if (method && typeof method === 'object') {
    answer = await confirmation.bare({ ...params, payment_method_data: { type: 'card', ...method } });
  } else {
    answer = await confirmation.bare({ ...params, ...(method ? { payment_method: method } : {}) });
  }
  return confirmation.finish(answer, { handleActions });
}

// confirmDebit serves the older calls for bank debits, whose account the shop's page has asked for itself.
async function confirmDebit(stripe, kind, type, clientSecret, data = {}) {
  const confirmation = new Confirmation(stripe, kind, clientSecret);
  const { payment_method: method, ...params } = data;
  const given = method && typeof method === 'object' ? { payment_method_data: { type, ...method } } : { payment_method: method };
  const answer = await confirmation.bare({ mandate_data: ONLINE_MANDATE, ...params, ...given });
  return confirmation.finish(answer);
}

async function handleNextAction(stripe, clientSecret) {
  const kind = String(clientSecret).startsWith('seti_') ? 'setup' : 'payment';
  const confirmation = new Confirmation(stripe, kind, clientSecret);
  const { error, [confirmation.shape.name]: intent } = await confirmation.retrieve();
  return confirmation.finish({ error, object: intent });
}
