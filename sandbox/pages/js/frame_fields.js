// The fields of each element type. A section has fields (those shown; `all` where some may be hidden), a state to report
// and parameters to send.

const published = new Set(page.cards);
const input = (name, root = document) => root.querySelector(`[name="${name}"]`);
const complete = (fields) => fields.every((field) => field.complete);
const empty = (fields) => fields.every((field) => field.empty);

// cardSection serves the card form of the Payment Element, which asks for the country, and of the Card Element, which asks
// for a postal code.
function cardSection(names, { postal, place = () => ({}) } = {}) {
  const card = cardFields({ number: input(names.number), expiry: input(names.expiry), cvc: input(names.cvc) }, published);
  const zip = postal && new Field(postal, { missing: 'incomplete_zip' });
  const brandLabel = document.querySelector('.brand');
  card.number.input.addEventListener('input', () => {
    card.useBrand(card.brand);
    if (brandLabel) brandLabel.textContent = card.brand.label;
  });
  const all = [card.number, card.expiry, card.cvc, ...(zip ? [zip] : [])];
  return {
    type: 'card',
    all,
    get fields() {
      return all.filter((field) => field.usable);
    },
    get brand() {
      return card.brand.name;
    },
    get postalCode() {
      return zip ? zip.value.trim() : '';
    },
    params: () => ({
      type: 'card',
      card: cardNumbers(card),
      billing_details: { address: { ...place(), ...(zip && zip.value.trim() ? { postal_code: zip.value.trim() } : {}) } },
    }),
  };
}

function cardNumbers(card) {
  const { month, year } = parseExpiry(card.expiry.value);
  return { number: card.number.digits, exp_month: +month, exp_year: +year, cvc: card.cvc.digits };
}

// delayedSection serves bank debits: a name, an e-mail and what the method asks for.
function delayedSection({ type, fields }) {
  const root = document.querySelector(`[data-method="${type}"]`);
  const name = new Field(input('name', root), { missing: 'incomplete_full_name' });
  const email = new Field(input('email', root), { check: checkEmail, missing: 'incomplete_email' });
  const inputs = fields.map(({ id, param, rule }) => ({
    param,
    field: new Field(document.getElementById(id), {
      check: rule === 'iban' ? checkIBAN : undefined, missing: rule === 'iban' ? 'incomplete_iban' : 'incomplete_account',
    }),
  }));
  return {
    type,
    name,
    email,
    fields: [name, email, ...inputs.map(({ field }) => field)],
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

// splitSection serves one of the three split elements. The frames of one group share the sandbox's origin, so they pass
// expiry and security code to the number's frame through a channel that the shop's page cannot hear.
function splitSection(type) {
  const names = { cardNumber: ['number', 'cardnumber'], cardExpiry: ['expiry', 'exp-date'], cardCvc: ['cvc', 'cvc'] };
  const [part, name] = names[type];
  const card = cardFields({ [part]: input(name) }, published);
  const field = card[part];
  const brandLabel = document.querySelector('.brand');
  let line = null;
  let expiry = '';
  let cvc = '';
  const tell = () => {
    if (!line) return;
    if (part === 'number') line.postMessage({ brand: card.brand.name });
    if (part === 'expiry') line.postMessage({ expiry: field.complete ? field.value : '' });
    if (part === 'cvc') line.postMessage({ cvc: field.complete ? field.digits : '' });
  };
  field.input.addEventListener('input', () => {
    if (brandLabel) brandLabel.textContent = card.brand.label;
    tell();
  });
  return {
    type: 'card',
    fields: [field],
    get brand() {
      return part === 'number' ? card.brand.name : undefined;
    },
    join(group) {
      line = new BroadcastChannel(`vezne-card-${group}`);
      line.onmessage = ({ data }) => {
        if (data.who) tell();
        if (data.expiry !== undefined) expiry = data.expiry;
        if (data.cvc !== undefined) cvc = data.cvc;
        if (data.brand !== undefined) card.useBrand(BRANDS.find((brand) => brand.name === data.brand) || UNKNOWN_BRAND);
      };
      line.postMessage({ who: true });
      tell();
    },
    // missing names the sibling whose value is not there yet.
    missing: () => (part !== 'number' ? '' : (!expiry && 'incomplete_expiry') || (!cvc && 'incomplete_cvc') || ''),
    params: () => {
      const { month, year } = parseExpiry(expiry);
      return { type: 'card', card: { number: field.digits, exp_month: +month, exp_year: +year, ...(cvc ? { cvc } : {}) } };
    },
  };
}

function emailSection() {
  const field = new Field(input('email'), { check: checkEmail, missing: 'incomplete_email' });
  return { fields: [field], value: () => ({ email: field.value.trim() }) };
}

function addressSection() {
  const country = input('country');
  nameCountries(country, page.lang);
  const fields = [...document.querySelectorAll('#element .Input')].map(
    (element) => new Field(element, { optional: ['line2', 'state', 'postal_code', 'phone'].includes(element.name), missing: 'incomplete_address' }),
  );
  const text = (name) => (input(name) ? input(name).value.trim() : '');
  return {
    all: fields,
    get fields() {
      return fields.filter((field) => field.usable);
    },
    value: () => ({
      name: text('name'),
      ...(input('phone').closest('[hidden]') ? {} : { phone: text('phone') }),
      address: {
        line1: text('line1'), line2: text('line2') || null, city: text('city'), state: text('state'),
        postal_code: text('postal_code'), country: text('country'),
      },
    }),
    fill({ name, phone, address = {} }) {
      for (const [key, value] of Object.entries({ name, phone, ...address })) {
        if (value && input(key)) input(key).value = value;
      }
    },
    showPhone(shown) {
      input('phone').closest('.Field').hidden = !shown;
    },
  };
}
