// The hosted checkout: checks the fields, confirms the session, runs 3-D Secure, and goes back to the shop.

const published = new Set(page.cards);
const form = document.getElementById('form');
const button = document.getElementById('submit');
const buttonText = document.getElementById('submit-text');
const alertBox = document.getElementById('alert');
const statusLine = document.getElementById('status');
const byId = (id) => document.getElementById(id);
const chosenSaved = () => (form.elements.savedMethod ? form.querySelector('[name="savedMethod"]:checked').value : '');
let busy = false;
let free = page.free;

// Fields of each payment method, and how they become parameters.

const email = new Field(byId('email'), { check: checkEmail, missing: 'incomplete_email' });
const methods = {};

if (byId('cardNumber')) {
  const card = cardFields({ number: byId('cardNumber'), expiry: byId('cardExpiry'), cvc: byId('cardCvc') }, published);
  const place = billingPlace(byId('billingCountry'), byId('billingPostalCode'), page.lang);
  const holder = new Field(byId('billingName'), { missing: 'incomplete_name' });
  const address = ['billingAddressLine1', 'billingLocality'].filter(byId).map((id) => new Field(byId(id), { missing: 'incomplete_field' }));
  const line2 = byId('billingAddressLine2');
  card.number.input.addEventListener('input', () => {
    card.useBrand(card.brand);
    byId('brand').textContent = card.brand.label;
  });
  const street = () => {
    const [line1, city] = address.map((field) => field.value.trim());
    return { ...(line1 ? { line1, city } : {}), ...(line2 && line2.value.trim() ? { line2: line2.value.trim() } : {}) };
  };
  methods.card = {
    fields: [card.number, card.expiry, card.cvc, holder, ...address],
    params: () => {
      const { month, year } = parseExpiry(card.expiry.value);
      return {
        type: 'card',
        card: { number: card.number.digits, exp_month: +month, exp_year: +year, cvc: card.cvc.digits },
        billing_details: { name: holder.value.trim(), email: email.value.trim(), address: { ...place(), ...street() } },
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
const activeFields = () => [...(email.input.readOnly ? [] : [email]), ...(free || chosenSaved() ? [] : methods[chosenMethod()].fields)];

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
    if (byId('saved-new')) {
      byId('saved-new').checked = true;
      byId('saved-new').dispatchEvent(new Event('change', { bubbles: true }));
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

// firstFault shows every fault and answers the first one of the page, null for none.
function firstFault() {
  const faults = [];
  for (const field of activeFields()) {
    field.touched = true;
    const code = field.code();
    field.show(code && say(`error.${code}`));
    if (code) faults.push(field);
  }
  for (const field of asked) {
    const code = field.usable ? field.code() : '';
    field.show(code);
    if (code) faults.push(field);
  }
  const after = (a, b) => (a.input.compareDocumentPosition(b.input) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
  return faults.sort(after)[0] || null;
}

// showError puts a decline into the alert, and a fault of one card field beside that field.
function showError(error) {
  const sentence = sayError(error);
  const wanted = asked.find((one) => one.usable && one.param === error.param);
  showAlert(wanted ? say('checkout.error.summary') : sentence);
  if (wanted) {
    wanted.say(sentence);
    return wanted.input.focus();
  }
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
  setBusy(true);
  await sending;
  const params = { email: email.value.trim(), ...askedParams() };
  if (chosenSaved() && !free) params.payment_method = chosenSaved();
  else if (!free) params.payment_method_data = methods[chosenMethod()].params();
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
  if (session.status === 'complete') return leave(redirect);
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
