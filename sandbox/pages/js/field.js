// A field is one input with its way of writing (format), its rule (check) and its sentence.

class Field {
  // format(text, deleting) gives the text to show; check(text) gives '' or a validation code.
  constructor(input, { format, check, maxDigits, optional = false, missing = '' }) {
    this.input = input;
    this.format = format;
    this.check = check;
    this.maxDigits = maxDigits;
    this.optional = optional;
    this.missing = missing;
    this.touched = false;
    this.message = document.getElementById(`${input.id}-error`);
    input.addEventListener('input', (event) => this.typed(event));
  }

  get value() {
    return this.input.value;
  }

  get digits() {
    return digitsOf(this.input.value);
  }

  get empty() {
    return this.input.value.trim() === '';
  }

  get complete() {
    return this.code() === '' && !(this.empty && !this.optional);
  }

  get usable() {
    return !this.input.disabled && !this.input.closest('[hidden]');
  }

  // code is the fault of the value as it stands, '' if none.
  code() {
    if (this.empty) return this.optional ? '' : this.missing;
    return this.check ? this.check(this.value) : '';
  }

  // visibleCode is the fault to speak of while somebody is still typing: "incomplete" is no fault before they leave.
  visibleCode() {
    const code = this.code();
    if (!code.startsWith('incomplete_')) return code;
    return this.touched && !this.empty ? code : '';
  }

  typed(event) {
    if (!this.format) return;
    const input = this.input;
    const deleting = (event.inputType || '').startsWith('delete');
    const caret = input.selectionStart === null ? input.value.length : input.selectionStart;
    const digitsBefore = digitsOf(input.value.slice(0, caret)).length;
    const atEnd = caret === input.value.length;
    input.value = this.format(input.value, deleting);
    if (document.activeElement !== input) return;
    let position = input.value.length;
    if (!atEnd) {
      position = 0;
      for (let seen = 0; seen < digitsBefore && position < input.value.length; position++) {
        if (/\d/.test(input.value[position])) seen++;
      }
    }
    input.setSelectionRange(position, position);
  }

  set(text) {
    this.input.value = text;
    this.input.dispatchEvent(new Event('input', { bubbles: true }));
  }

  // show writes the sentence under the field and ties it to the input for screen readers; '' takes it away.
  show(sentence) {
    this.input.setAttribute('aria-invalid', sentence ? 'true' : 'false');
    if (!this.message) return;
    this.message.textContent = sentence;
    this.message.hidden = !sentence;
    const hint = this.input.dataset.hint;
    const ids = [sentence && this.message.id, hint].filter(Boolean).join(' ');
    if (ids) this.input.setAttribute('aria-describedby', ids);
    else this.input.removeAttribute('aria-describedby');
  }
}

// cardFields binds the three inputs of a card; any of them may be absent (split elements have one each).
function cardFields({ number, expiry, cvc }, published, now = () => new Date()) {
  const fields = {};
  let brand = UNKNOWN_BRAND;
  if (number) {
    fields.number = new Field(number, {
      format: (text) => formatNumber(digitsOf(text)),
      check: (text) => checkNumber(text, published),
      missing: 'incomplete_number',
    });
  }
  if (expiry) {
    fields.expiry = new Field(expiry, {
      format: formatExpiry,
      check: (text) => checkExpiry(text, now()),
      missing: 'incomplete_expiry',
    });
  }
  if (cvc) {
    fields.cvc = new Field(cvc, {
      format: (text) => digitsOf(text).slice(0, 4),
      check: (text) => checkCVC(text, brand),
      missing: 'incomplete_cvc',
    });
  }
  return {
    ...fields,
    get brand() {
      return fields.number ? brandOf(fields.number.digits) : brand;
    },
    // useBrand tells the security code's rule which brand the number has.
    useBrand(next) {
      brand = next;
    },
  };
}
