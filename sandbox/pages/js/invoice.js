// The hosted invoice: checks the card, confirms the invoice's PaymentIntent, runs 3-D Secure, and shows the invoice again.

const byId = (id) => document.getElementById(id);
const form = byId('form');
const button = byId('submit');
const buttonText = byId('submit-text');
const alertBox = byId('alert');
let busy = false;

const card = cardFields({ number: byId('cardNumber'), expiry: byId('cardExpiry'), cvc: byId('cardCvc') }, new Set(page.cards));
const place = billingPlace(byId('billingCountry'), byId('billingPostalCode'), page.lang);
const holder = new Field(byId('billingName'), { missing: 'incomplete_name' });
const fields = [card.number, card.expiry, card.cvc, holder];

card.number.input.addEventListener('input', () => {
  card.useBrand(card.brand);
  byId('brand').textContent = card.brand.label;
});

// A fault appears when the buyer leaves a field and goes away as soon as it is mended.
for (const field of fields) {
  field.input.addEventListener('blur', () => {
    field.touched = true;
    const code = field.visibleCode();
    field.show(code && say(`error.${code}`));
  });
  field.input.addEventListener('input', () => {
    const code = field.visibleCode();
    if (field.input.getAttribute('aria-invalid') === 'true' || !code.startsWith('incomplete_')) field.show(code && say(`error.${code}`));
    if (alertBox.textContent === say('checkout.error.summary') && !form.querySelector('[aria-invalid="true"]')) alertBox.textContent = '';
  });
}

// Test cards from the ribbon.
document.querySelectorAll('[data-card]').forEach((choice) => {
  choice.addEventListener('click', () => {
    card.number.set(choice.dataset.card);
    card.expiry.set(`12 / ${String((new Date().getFullYear() + 8) % 100).padStart(2, '0')}`);
    card.cvc.set(brandOf(card.number.digits).cvc === 4 ? '1234' : '123');
    if (holder.empty) holder.set('Ada Lovelace');
    for (const field of fields) field.show('');
    choice.closest('details').open = false;
    button.focus();
  });
});

function setBusy(next) {
  busy = next;
  button.setAttribute('aria-disabled', String(next));
  button.setAttribute('aria-busy', String(next));
  button.querySelector('.spinner').hidden = !next;
  buttonText.textContent = next ? say('checkout.busy') : page.submit;
}

function firstFault() {
  let first = null;
  for (const field of fields) {
    field.touched = true;
    const code = field.code();
    field.show(code && say(`error.${code}`));
    if (code && !first) first = field;
  }
  return first;
}

// showError puts a decline into the alert, and a fault of one field beside that field.
function showError(error) {
  setBusy(false);
  const sentence = sayError(error);
  alertBox.textContent = sentence;
  const name = (error.param || '').replace(/^.*\[(\w+)\]$/, '$1');
  const field = { number: card.number, exp_month: card.expiry, exp_year: card.expiry, cvc: card.cvc }[name];
  if (!field) return button.focus();
  field.show(sentence);
  field.input.focus();
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (busy) return;
  alertBox.textContent = '';
  const fault = firstFault();
  if (fault) {
    alertBox.textContent = say('checkout.error.summary');
    fault.input.focus();
    return;
  }
  setBusy(true);
  const { month, year } = parseExpiry(card.expiry.value);
  const { object, error } = await request('', 'POST', `/v1/payment_intents/${page.intent}/confirm`, {
    key: page.key,
    params: {
      client_secret: page.secret,
      use_stripe_sdk: true,
      payment_method_data: {
        type: 'card',
        card: { number: card.number.digits, exp_month: +month, exp_year: +year, cvc: card.cvc.digits },
        billing_details: { name: holder.value.trim(), email: page.email || undefined, address: place() },
      },
    },
    connectionMessage: say('error.connection'),
  });
  if (error) {
    if (error.type === 'invalid_request_error' && (await isOver())) location.reload();
    else showError(error);
    return;
  }
  await proceed(object);
});

// isOver says whether the invoice was paid or closed meanwhile, in another tab perhaps.
async function isOver() {
  const { object } = await request('', 'GET', `/v1/invoice_pages/${page.invoice}`, { key: page.key });
  return object !== undefined && !object.payment_intent;
}

async function proceed(intent) {
  const url = challengeURL(intent.next_action);
  if (intent.status === 'requires_action' && url) {
    const outcome = await openChallenge(url, say('frame.challenge'));
    if (!(await isOver())) {
      showError(outcome === 'canceled' ? { code: 'canceled' } : { code: 'payment_intent_authentication_failure' });
      return;
    }
  }
  byId('status').textContent = say('invoice.done');
  location.reload();
}

// challengeURL accepts only a challenge of this sandbox.
function challengeURL(action) {
  const text = action && ((action.use_stripe_sdk && action.use_stripe_sdk.stripe_js) || (action.redirect_to_url && action.redirect_to_url.url));
  if (!text) return '';
  const url = new URL(text, location.href);
  return url.pathname.startsWith('/3ds/') ? `${url.pathname}?lang=${page.lang}` : '';
}

// A page that comes back out of the browser's memory may show a form that is over.
addEventListener('pageshow', (event) => event.persisted && location.reload());
