// What the shop asks beside a payment: an address, fields of its own, consent, an amount. Each input carries the parameter
// that it becomes in data-param; data-live ones are sent as soon as they change.

class AskedField {
  constructor(input) {
    this.input = input;
    this.message = document.getElementById(`${input.id}-error`);
    input.addEventListener('blur', () => this.input.value && this.show(this.code()));
    input.addEventListener('input', () => this.input.getAttribute('aria-invalid') === 'true' && this.show(this.code()));
    input.addEventListener('change', () => this.input.getAttribute('aria-invalid') === 'true' && this.show(this.code()));
  }

  get param() {
    return this.input.dataset.param;
  }

  get usable() {
    return !this.input.closest('[hidden]');
  }

  // code is the fault of what was typed, '' if none.
  code() {
    const { input } = this;
    if (input.type === 'checkbox') return input.required && !input.checked ? 'incomplete_consent' : '';
    const text = input.value.trim();
    if (!text) return input.required ? 'incomplete_field' : '';
    if (input.type === 'tel') return digitsOf(text).length >= 5 && /^[+\d][\d\s().-]*$/.test(text) ? '' : 'invalid_phone';
    if (input.dataset.decimals) return this.amount() > 0 ? '' : 'invalid_field';
    if (input.dataset.digits !== undefined && !/^\d+$/.test(text)) return 'invalid_field';
    return [...text].length < Number(input.dataset.least || 0) ? 'invalid_field' : '';
  }

  // amount reads an amount as people write it, with a comma or a point, in the currency's minor unit.
  amount() {
    return Math.round(Number(this.input.value.trim().replace(',', '.')) * 10 ** (Number(this.input.dataset.decimals) - 1)) || 0;
  }

  get value() {
    if (this.input.type === 'checkbox') return this.input.checked;
    return this.input.dataset.decimals ? this.amount() : this.input.value.trim();
  }

  show(code) {
    this.say(code && say(`error.${code}`));
  }

  // say writes a sentence under the input and ties it to it for screen readers; '' takes it away.
  say(sentence) {
    this.input.setAttribute('aria-invalid', sentence ? 'true' : 'false');
    if (!this.message) return;
    this.message.textContent = sentence;
    this.message.hidden = !sentence;
    if (sentence) this.input.setAttribute('aria-describedby', this.message.id);
    else this.input.removeAttribute('aria-describedby');
  }
}

const asked = [...document.querySelectorAll('[data-param]')].map((input) => new AskedField(input));

function askedParams() {
  const params = {};
  for (const field of asked) {
    if (field.usable && field.value !== '') params[field.param] = field.value;
  }
  return params;
}

// A business that buys shows its tax id, which is then demanded.
const business = document.getElementById('taxIdCheckbox');
if (business) {
  business.addEventListener('change', () => {
    document.getElementById('tax-id-fields').hidden = !business.checked;
    document.getElementById('taxId').required = business.checked;
  });
}

const shippingCountry = document.getElementById('shippingCountry');
if (shippingCountry) {
  nameCountries(shippingCountry, page.lang);
  if (!shippingCountry.value) shippingCountry.selectedIndex = 0;
}
