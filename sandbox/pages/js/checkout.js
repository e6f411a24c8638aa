// The hosted checkout: checks the fields, confirms the session, runs 3-D Secure, and goes back to the shop.

const published = new Set(page.cards);
const form = document.getElementById('form');
const button = document.getElementById('submit');
const buttonText = document.getElementById('submit-text');
const alertBox = document.getElementById('alert');
const statusLine = document.getElementById('status');
const byId = (id) => document.getElementById(id);
let busy = false;
let free = page.free;

// Fields of each payment method, and how they become parameters.

const email = new Field(byId('email'), { check: checkEmail, missing: 'incomplete_email' });
const methods = {};

if (byId('cardNumber')) {
  const card = cardFields({ number: byId('cardNumber'), expiry: byId('cardExpiry'), cvc: byId('cardCvc') }, published);
  const place = billingPlace(byId('billingCountry'), byId('billingPostalCode'), page.lang);
  const holder = new Field(byId('billingName'), { missing: 'incomplete_name' });
  card.number.input.addEventListener('input', () => {
    card.useBrand(card.brand);
    byId('brand').textContent = card.brand.label;
  });
  methods.card = {
    fields: [card.number, card.expiry, card.cvc, holder],
    params: () => {
      const { month, year } = parseExpiry(card.expiry.value);
      return {
        type: 'card',
        card: { number: card.number.digits, exp_month: +month, exp_year: +year, cvc: card.cvc.digits },
        billing_details: { name: holder.value.trim(), email: email.value.trim(), address: place() },
      };
    },
  };
}
for (const { type, fields } of page.delayed) {
  const name = new Field(byId(`${type}-name`), { missing: 'incomplete_full_name' });
  const inputs = fields.map(({ id, param, rule }) => ({
    param,
    field: new Field(byId(id), { check: rule === 'iban' ? checkIBAN : undefined, missing: rule === 'iban' ? 'incomplete_iban' : 'incomplete_account' }),
  }));
  methods[type] = {
    fields: [name, ...inputs.map(({ field }) => field)],
    params: () => ({
      type,
      [type]: {
        ...Object.fromEntries(inputs.map(({ param, field }) => [param, field.value.replace(/\s/g, '')])),
        ...(type === 'us_bank_account' ? { account_holder_type: 'individual' } : {}),
      },
      billing_details: { name: name.value.trim(), email: email.value.trim() },
    }),
  };
}

const chosenMethod = () => (form.elements.paymentMethod ? form.elements.paymentMethod.value : page.methods[0]);
const activeFields = () => [...(email.input.readOnly ? [] : [email]), ...(free ? [] : methods[chosenMethod()].fields)];

form.addEventListener('change', (event) => {
  if (event.target.name !== 'paymentMethod') return;
  document.querySelectorAll('[data-method]').forEach((part) => {
    part.hidden = part.dataset.method !== chosenMethod();
  });
  alertBox.textContent = '';
});

// A fault appears when the buyer leaves a field and goes away as soon as it is mended.
for (const field of [email, ...Object.values(methods).flatMap((method) => method.fields)]) {
  field.input.addEventListener('blur', () => {
    field.touched = true;
    const code = field.visibleCode();
    field.show(code && say(`error.${code}`));
  });
  field.input.addEventListener('input', () => {
    const code = field.visibleCode();
    if (field.input.getAttribute('aria-invalid') === 'true' || !code.startsWith('incomplete_')) field.show(code && say(`error.${code}`));
    if (alertBox.textContent === say('checkout.error.summary') && !form.querySelector('[aria-invalid="true"]')) showAlert('');
  });
}

// Test cards from the ribbon.

document.querySelectorAll('[data-card]').forEach((choice) => {
  choice.addEventListener('click', () => {
    if (form.elements.paymentMethod && methods.card) {
      form.elements.paymentMethod.value = 'card';
      byId('payment-method-card').dispatchEvent(new Event('change', { bubbles: true }));
    }
    const [numberField, expiryField, cvcField, holderField] = methods.card.fields;
    numberField.set(choice.dataset.card);
    expiryField.set(`12 / ${String((new Date().getFullYear() + 8) % 100).padStart(2, '0')}`);
    cvcField.set(brandOf(numberField.digits).cvc === 4 ? '1234' : '123');
    if (holderField.empty) holderField.set('Ada Lovelace');
    if (email.empty) email.set('buyer@example.com');
    for (const field of activeFields()) field.show('');
    choice.closest('details').open = false;
    button.focus();
  });
});

// The order's lines fold on narrow screens only; a window made wide shows them again.
matchMedia('(min-width: 56rem)').addEventListener('change', ({ matches }) => {
  document.querySelectorAll('.lines').forEach((lines) => (lines.open = matches));
});

// Promotion codes change the total, so the server draws the summary again.

const promotion = byId('promotion');
if (promotion) {
  const input = byId('promotionCode');
  const fault = byId('promotionCode-error');
  promotion.addEventListener('submit', async (event) => {
    event.preventDefault();
    const code = input.value.trim();
    if (!code) return input.focus();
    const { error } = await request('', 'POST', `/v1/payment_pages/${page.session}/promotion_code`, {
      key: page.key, params: { promotion_code: code }, connectionMessage: say('error.connection'),
    });
    const sentence = error ? (error.type === 'api_connection_error' ? error.message : say('error.promotion')) : '';
    fault.textContent = sentence;
    fault.hidden = !sentence;
    input.setAttribute('aria-invalid', error ? 'true' : 'false');
    if (error) {
      input.setAttribute('aria-describedby', fault.id);
      return input.focus();
    }
    input.removeAttribute('aria-describedby');
    await redrawSummary();
    promotion.closest('details').open = false;
  });
}

async function redrawSummary() {
  const response = await fetch(page.summaryURL);
  if (!response.ok) return showAlert(say('error.unknown'));
  const { open } = document.querySelector('.lines');
  byId('summary').replaceChildren(...new DOMParser().parseFromString(await response.text(), 'text/html').body.childNodes);
  document.querySelector('.lines').open = open;
  const total = byId('total');
  page.submit = total.dataset.submit;
  buttonText.textContent = page.submit;
  free = total.dataset.free === 'true';
  byId('payment').hidden = free;
  byId('free').hidden = !free;
  statusLine.textContent = say('checkout.promo.applied', { amount: total.textContent });
}

// What else the shop asks: an address, fields of its own, consent, an amount. Amounts are typed with their decimals.

const asked = [...document.querySelectorAll('[data-param]')];

function askedParams() {
  const params = {};
  for (const input of asked) {
    if (input.type === 'checkbox') params[input.dataset.param] = input.checked;
    else if (input.dataset.decimals) params[input.dataset.param] = Math.round(+input.value.replace(',', '.') * 10 ** (+input.dataset.decimals - 1));
    else if (input.value.trim()) params[input.dataset.param] = input.value.trim();
  }
  return params;
}

// Paying.

function setBusy(next) {
  busy = next;
  // aria-disabled instead of disabled keeps the focus on the button while it works.
  button.setAttribute('aria-disabled', String(next));
  button.setAttribute('aria-busy', String(next));
  button.querySelector('.spinner').hidden = !next;
  buttonText.textContent = next ? say('checkout.busy') : page.submit;
}

function showAlert(sentence) {
  alertBox.textContent = sentence;
}

function firstFault() {
  let first = null;
  for (const field of activeFields()) {
    field.touched = true;
    const code = field.code();
    field.show(code && say(`error.${code}`));
    if (code && !first) first = field;
  }
  return first;
}

// showError puts a decline into the alert, and a fault of one card field beside that field.
function showError(error) {
  const sentence = sayError(error);
  showAlert(sentence);
  const [number, expiry, cvc] = methods.card && !free ? methods.card.fields : [];
  const field = { number, exp_month: expiry, exp_year: expiry, cvc }[(error.param || '').replace(/^.*\[(\w+)\]$/, '$1')];
  if (!field || !field.usable) return button.focus();
  field.show(sentence);
  field.input.focus();
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (busy) return;
  showAlert('');
  const fault = firstFault();
  if (fault) {
    showAlert(say('checkout.error.summary'));
    return fault.input.focus();
  }
  const left = asked.find((input) => !input.checkValidity());
  if (left) {
    showAlert(say('checkout.error.summary'));
    return left.focus();
  }
  setBusy(true);
  const params = { email: email.value.trim(), ...askedParams() };
  if (!free) params.payment_method_data = methods[chosenMethod()].params();
  const answer = await request('', 'POST', `/v1/payment_pages/${page.session}/confirm`, {
    key: page.key, params, connectionMessage: say('error.connection'),
  });
  if (answer.error) {
    if (answer.error.type === 'invalid_request_error' && (await isOver())) return location.reload();
    setBusy(false);
    return showError(answer.error);
  }
  await proceed(answer.object);
});

// isOver says whether the session was paid or expired meanwhile, in another tab perhaps: the page then says so.
async function isOver() {
  const { object } = await request('', 'GET', `/v1/payment_pages/${page.session}`, { key: page.key });
  return object !== undefined && object.session.status !== 'open';
}

// A page that comes back out of the browser's memory may show a form that is over.
addEventListener('pageshow', (event) => event.persisted && location.reload());

async function proceed({ session, payment_intent: payment, setup_intent: setup, redirect_url: redirect }) {
  if (session.status === 'complete') return leave(redirect || session.success_url);
  const intent = payment || setup || {};
  const url = challengeURL(intent.next_action);
  if (!url) {
    setBusy(false);
    return showError(intent.last_payment_error || intent.last_setup_error || {});
  }
  const outcome = await openChallenge(url, say('frame.challenge'));
  const { object, error } = await request('', 'GET', `/v1/payment_pages/${page.session}`, {
    key: page.key, connectionMessage: say('error.connection'),
  });
  if (!error && object.session.status === 'complete') return leave(object.redirect_url);
  setBusy(false);
  if (error) return showError(error);
  if (outcome === 'canceled') return showError({ code: 'canceled' });
  const after = object.payment_intent || object.setup_intent || {};
  showError(after.last_payment_error || after.last_setup_error || { code: 'payment_intent_authentication_failure' });
}

// challengeURL accepts only a challenge of this sandbox.
function challengeURL(action) {
  const text = action && ((action.use_stripe_sdk && action.use_stripe_sdk.stripe_js) || (action.redirect_to_url && action.redirect_to_url.url));
  if (!text) return '';
  const url = new URL(text, location.href);
  return url.pathname.startsWith('/3ds/') ? `${url.pathname}?lang=${page.lang}` : '';
}

function leave(url) {
  statusLine.textContent = say('checkout.done');
  buttonText.textContent = say('checkout.done');
  if (page.embedded) return parent.postMessage({ vezne: 'checkout', op: 'complete', url: url || '' }, hostOrigin);
  if (url) return location.assign(url);
  location.reload();
}

// Inside a shop's page: the shop's Stripe.js says hello, which tells to whom we may talk, and we tell our height.
let hostOrigin = '';
if (page.embedded) {
  addEventListener('message', (event) => {
    if (event.source !== parent || !event.data || event.data.vezne !== 'checkout' || event.data.op !== 'hello') return;
    hostOrigin = event.origin;
    new ResizeObserver(() => {
      parent.postMessage({ vezne: 'checkout', op: 'resize', height: document.documentElement.offsetHeight }, hostOrigin);
    }).observe(document.body);
  });
  parent.postMessage({ vezne: 'checkout', op: 'loaded' }, '*');
}
