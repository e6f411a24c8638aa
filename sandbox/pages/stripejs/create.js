// Creating payment methods, confirmation tokens and tokens from what the buyer typed.

function answerAs(stripe, name, { object, error }) {
  return error ? { error: stripe._translate(error) } : { [name]: object };
}

async function createPaymentMethod(stripe, first, second, third) {
  const name = 'paymentMethod';
  if (first && first.elements) {
    const { elements, params = {} } = first;
    const fault = await checkElements(elements, 'stripe.createPaymentMethod()');
    if (fault) return { error: fault };
    const { payment_method_data: data } = withCollected(elements, { payment_method_data: params });
    return answerAs(stripe, name, await elements.getElement('payment')._ask('paymentMethod', { params: data || params }));
  }
  // The older spelling is createPaymentMethod('card', element, data).
  const given = typeof first === 'string' ? { type: first, ...(second instanceof StripeElement ? { [first]: second, ...third } : second) } : first;
  if (!given || !given.type) throw new IntegrationError('stripe.createPaymentMethod(): pass a type, or elements.');
  const { type, [type]: source, ...params } = given;
  if (source instanceof StripeElement) return answerAs(stripe, name, await source._ask('paymentMethod', { params }));
  if (type === 'card' && source && source.number) {
    throw new IntegrationError('stripe.createPaymentMethod(): card numbers are taken from a mounted Element only.');
  }
  return answerAs(stripe, name, await stripe._request('POST', '/v1/payment_methods', given));
}

async function createConfirmationToken(stripe, { elements, params = {} } = {}) {
  if (!elements) throw new IntegrationError('stripe.createConfirmationToken(): pass elements.');
  const fault = await checkElements(elements, 'stripe.createConfirmationToken()');
  if (fault) return { error: fault };
  const answer = await elements.getElement('payment')._ask('confirmationToken', { params: withCollected(elements, params) });
  return answerAs(stripe, 'confirmationToken', answer);
}

async function createToken(stripe, source, data = {}) {
  if (source instanceof StripeElement) return answerAs(stripe, 'token', await source._ask('token', { params: data }));
  if (typeof source !== 'string') throw new IntegrationError('stripe.createToken(): pass a card Element or a type.');
  return answerAs(stripe, 'token', await stripe._request('POST', '/v1/tokens', { [source]: data }));
}

// PaymentRequest finds no wallet: canMakePayment answers null, as in a browser without one.
class PaymentRequest extends Emitter {
  async canMakePayment() {
    return null;
  }

  isShowing() {
    return false;
  }

  show() {
    throw new IntegrationError('paymentRequest.show(): canMakePayment() answered null, there is no wallet to show.');
  }

  update() {}

  abort() {}
}
