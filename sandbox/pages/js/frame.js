// One element inside a shop's page: holds what the buyer types, reports states, and itself sends card data to the sandbox.

const type = document.body.dataset.type;
const form = document.getElementById('element');
const tabs = document.getElementById('tabs');
let options = {};
let key = '';
let section = null;
const sections = {};

if (type === 'payment') {
  const place = billingPlace(input('country'), input('postalCode'), page.lang);
  sections.card = cardSection({ number: 'number', expiry: 'expiry', cvc: 'cvc' }, { place });
  for (const method of page.delayed) sections[method.type] = delayedSection(method);
} else if (type === 'card') {
  sections.card = cardSection({ number: 'cardnumber', expiry: 'exp-date', cvc: 'cvc' }, { postal: input('postal') });
} else if (type === 'linkAuthentication') {
  sections.email = emailSection();
} else if (type === 'address') {
  sections.address = addressSection();
} else {
  sections.card = splitSection(type);
}
[section] = Object.values(sections);

// What the shop's page learns.

function faultOf(fields) {
  for (const field of fields) {
    const code = field.visibleCode();
    if (code) return { type: 'validation_error', code, message: say(`error.${code}`) };
  }
  return undefined;
}

function state() {
  const { fields } = section;
  const report = { elementType: type, empty: empty(fields), complete: complete(fields) };
  if (type === 'payment') return { ...report, collapsed: false, value: { type: section.type } };
  if (section.value) return { ...report, ...(type === 'address' ? { isNewAddress: true } : {}), value: section.value() };
  report.error = faultOf(fields);
  if (section.brand) report.brand = section.brand;
  if (type === 'card') report.value = { postalCode: section.postalCode };
  return report;
}

let told = '';
function tellChange() {
  const next = state();
  const text = JSON.stringify(next);
  if (text === told) return;
  told = text;
  channel.send('change', { state: next });
}

// A fault shows when its field is left, and again while typing once it has been shown or cannot be mended by typing on.
function mark(field, force) {
  const code = force ? field.code() : field.visibleCode();
  field.show(code && say(`error.${code}`));
  return code;
}

for (const field of Object.values(sections).flatMap((one) => one.all || one.fields)) {
  field.input.addEventListener('input', () => {
    mark(field);
    tellChange();
    moveOn(field);
  });
  field.input.addEventListener('blur', () => {
    field.touched = true;
    mark(field);
    tellChange();
  });
}

// moveOn carries the caret to the next field of a one-line Card Element once this one is full.
function moveOn(field) {
  if (type !== 'card' || document.activeElement !== field.input || !field.complete) return;
  if (field.input.selectionStart !== field.value.length) return;
  const { fields } = section;
  const next = fields[fields.indexOf(field) + 1];
  if (next && next.empty) next.input.focus();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  channel.send('submit');
});
// Forms without a submit button do not submit on Enter when they have several inputs.
form.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') channel.send('escape');
  if (event.key !== 'Enter' || event.target.type === 'radio') return;
  event.preventDefault();
  channel.send('submit');
});
addEventListener('focus', () => channel.send('focus'));
addEventListener('blur', () => channel.send('blur'));
new ResizeObserver(() => channel.send('resize', { height: document.body.offsetHeight })).observe(document.body);

// Payment methods of the Payment Element.

async function loadMethods() {
  const source = options.clientSecret
    ? { client_secret: options.clientSecret }
    : { type: 'deferred_intent', mode: options.mode || 'payment', amount: options.amount, currency: options.currency };
  const { object, error } = await request('', 'GET', '/v1/elements/sessions', { key, params: source, connectionMessage: say('error.connection') });
  if (error) return error;
  const allowed = options.paymentMethodTypes || object.payment_method_types;
  const order = options.paymentMethodOrder || [];
  const rank = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  const types = Object.keys(sections).filter((name) => allowed.includes(name)).sort((a, b) => rank(a) - rank(b));
  if (!types.length) {
    return { type: 'invalid_request_error', message: `None of the payment methods ${allowed.join(', ')} has a form in this sandbox.` };
  }
  for (const name of types) tabs.append(tabs.querySelector(`[data-tab="${name}"]`));
  tabs.querySelectorAll('[data-tab]').forEach((tab) => (tab.hidden = !types.includes(tab.dataset.tab)));
  tabs.hidden = types.length < 2;
  choose(types[0]);
  return null;
}

function choose(name) {
  section = sections[name];
  form.elements.method.value = name;
  document.querySelectorAll('[data-method]').forEach((part) => (part.hidden = part.dataset.method !== name));
}
if (tabs) {
  tabs.addEventListener('change', (event) => {
    choose(event.target.value);
    tellChange();
  });
}

// What the shop's page asks for.

function apply(next) {
  options = { ...options, ...next };
  applyAppearance(options.appearance);
  if (options.style) applyStyle(options.style);
  const postal = input('postal');
  if (postal) postal.hidden = Boolean(options.hidePostalCode);
  document.querySelectorAll('.Line .brand').forEach((brand) => (brand.hidden = options.hideIcon === true || options.showIcon === false));
  form.querySelectorAll('input, select').forEach((element) => (element.disabled = Boolean(options.disabled || options.readOnly)));
  if (type === 'address') section.showPhone((options.fields || {}).phone === 'always');
}

function fillDefaults() {
  const defaults = options.defaultValues || {};
  const { name, email } = defaults.billingDetails || {};
  for (const one of Object.values(sections)) {
    if (one.name && name) one.name.set(name);
    if (one.email && email) one.email.set(email);
  }
  if (type === 'linkAuthentication' && defaults.email) section.fields[0].set(defaults.email);
  if (type === 'address') section.fill(defaults);
  const code = options.value && options.value.postalCode;
  if (code && input('postal')) input('postal').value = code;
}

channel.on('hello', async (message) => {
  ({ key } = message);
  apply(message.options);
  if (section.join) section.join(message.group);
  if (type === 'payment') {
    const error = await loadMethods();
    if (error) return channel.send('loaderror', { error });
  }
  fillDefaults();
  channel.send('resize', { height: document.body.offsetHeight });
  channel.send('ready');
  tellChange();
});
channel.on('update', ({ options: next }) => {
  apply(next);
  tellChange();
});
channel.on('reload', () => (type === 'payment' ? loadMethods() : null));
channel.on('focus', () => section.fields[0].input.focus());
channel.on('blur', () => document.activeElement.blur());
channel.on('clear', () => {
  for (const field of section.fields) {
    field.set('');
    field.touched = false;
    field.show('');
  }
  tellChange();
});

// check shows every fault, puts the caret into the first, and answers with it.
function check() {
  let first = null;
  for (const field of section.fields) {
    field.touched = true;
    const code = mark(field, true);
    if (code && !first) first = { field, code };
  }
  tellChange();
  if (first) {
    first.field.input.focus();
    return { error: { type: 'validation_error', code: first.code, message: say(`error.${first.code}`) } };
  }
  const missing = section.missing ? section.missing() : '';
  return missing ? { error: { type: 'validation_error', code: missing, message: say(`error.${missing}`) } } : {};
}
channel.on('check', () => ({ ...check(), methodType: section.type }));

// merge lays the shop's parameters over ours, field by field; our card data cannot be replaced by them.
function methodData(given = {}) {
  const own = section.params();
  const theirs = given.billing_details || {};
  const ours = own.billing_details || {};
  const address = { ...ours.address, ...theirs.address };
  const billing = { ...ours, ...theirs, ...(Object.keys(address).length ? { address } : {}) };
  return { ...given, ...own, ...(Object.keys(billing).length ? { billing_details: billing } : {}) };
}

async function post(path, params) {
  const fault = check();
  if (fault.error) return fault;
  return request('', 'POST', path, { key, params, connectionMessage: say('error.connection') });
}

// Bank debits need the buyer's agreement; Stripe.js gives it in their name from what the browser knows.
const mandate = () => (section.type === 'card' ? {} : { mandate_data: { customer_acceptance: { type: 'online', online: { infer_from_client: true } } } });

channel.on('confirm', ({ intent, id, clientSecret, params }) => {
  const kind = intent === 'setup' ? 'setup_intents' : 'payment_intents';
  return post(`/v1/${kind}/${encodeURIComponent(id)}/confirm`, {
    ...mandate(), ...params, payment_method_data: methodData(params.payment_method_data), use_stripe_sdk: true, client_secret: clientSecret,
  });
});
channel.on('paymentMethod', ({ params }) => post('/v1/payment_methods', methodData(params)));
channel.on('confirmationToken', ({ params }) => post('/v1/confirmation_tokens', {
  ...mandate(), ...params, payment_method_data: methodData(params.payment_method_data),
}));
channel.on('token', ({ params }) => post('/v1/tokens', { card: { ...params, ...section.params().card } }));

channel.start();
