// The order, which the buyer may change before paying: quantities, optional items, the way of shipping, a promotion code.
// The server adds up; this script sends what was chosen and shows the order again.

const summary = byId('summary');
let sending = Promise.resolve();

// choose sends a change of the order, one after the other, and shows the order as it is then.
function choose(params, { path = '', method = 'POST', spoken = 'checkout.updated' } = {}) {
  sending = sending.then(async () => {
    const { error } = await request('', method, `/v1/payment_pages/${page.session}${path}`, { key: page.key, params, connectionMessage: say('error.connection') });
    if (error && error.type === 'invalid_request_error' && (await isOver())) {
      location.reload();
      return error;
    }
    await redrawOrder(error ? '' : spoken);
    return error;
  });
  return sending;
}

async function redrawOrder(spoken) {
  const response = await fetch(page.summaryURL);
  if (!response.ok) return showAlert(say('error.unknown'));
  const focus = document.activeElement && summary.contains(document.activeElement) ? document.activeElement.id : '';
  const lines = document.querySelector('.lines');
  const open = lines && lines.open;
  summary.replaceChildren(...new DOMParser().parseFromString(await response.text(), 'text/html').body.childNodes);
  const total = byId('total');
  if (!total) return undefined;
  if (lines) document.querySelector('.lines').open = open;
  page.submit = total.dataset.submit;
  if (!busy) buttonText.textContent = page.submit;
  free = total.dataset.free === 'true';
  byId('payment').hidden = free;
  byId('free').hidden = !free;
  if (promotion) promotion.closest('details').hidden = total.dataset.code !== '';
  if (spoken) statusLine.textContent = say(spoken, { amount: total.textContent });
  const again = focus && byId(focus);
  if (again && !again.disabled) again.focus();
  else if (focus) (summary.querySelector('.stepper input, [data-add], #remove-code') || total).focus();
  return undefined;
}

async function chooseQuantity(line, quantity) {
  const error = await choose({ 'line_items[0][id]': line, 'line_items[0][quantity]': quantity });
  showAlert(error ? sayError(error) : '');
}

summary.addEventListener('click', async (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const { line, step, add, remove } = button.dataset;
  if (step) await chooseQuantity(line, Math.trunc(Number(byId(`quantity-${line}`).value)) + Number(step));
  if (add) await choose({ 'optional_items[0][price]': add });
  if (remove) await choose({ 'line_items[0][id]': remove, 'line_items[0][quantity]': 0 });
  if (button.id === 'remove-code') await choose(undefined, { path: '/promotion_code', method: 'DELETE' });
});

summary.addEventListener('change', (event) => {
  const { line } = event.target.dataset;
  if (line) chooseQuantity(line, Math.trunc(Number(event.target.value)) || 0);
});

// What changes the sum, or what the shop may know of a buyer who leaves, is sent as it is chosen.
form.addEventListener('change', async (event) => {
  const { target } = event;
  if (target.dataset.choice) {
    const error = await choose({ [target.dataset.choice]: target.value });
    return showAlert(error ? sayError(error) : '');
  }
  const field = asked.find(({ input }) => input === target);
  if (field && target.dataset.live !== undefined && !field.code()) {
    const error = await choose({ [field.param]: field.value });
    return field.say(error ? sayError(error) : '');
  }
  if (target === email.input && !email.code()) return choose({ email: email.value.trim() }, { spoken: '' });
  if (page.taxed && ['shippingCountry', 'billingCountry', 'billingPostalCode', 'shippingPostalCode'].includes(target.id)) return choosePlace();
  return undefined;
});

// choosePlace tells for which place taxes are to be found: where the goods go, else where the card is from.
function choosePlace() {
  const from = shippingCountry ? 'shipping' : 'billing';
  const country = byId(`${from}Country`);
  const postal = byId(`${from}PostalCode`);
  if (!country) return undefined;
  return choose({ place: { country: country.value, postal_code: postal ? postal.value.trim() : '' } }, { spoken: '' });
}
if (page.taxed) choosePlace();

// Promotion codes.

const promotion = byId('promotion');
if (promotion) {
  const input = byId('promotionCode');
  const fault = byId('promotionCode-error');
  promotion.addEventListener('submit', async (event) => {
    event.preventDefault();
    const code = input.value.trim();
    if (!code) return input.focus();
    const error = await choose({ promotion_code: code }, { path: '/promotion_code', spoken: 'checkout.promo.applied' });
    const sentence = error ? sayError(error) : '';
    fault.textContent = sentence;
    fault.hidden = !sentence;
    input.setAttribute('aria-invalid', error ? 'true' : 'false');
    if (error) {
      input.setAttribute('aria-describedby', fault.id);
      return input.focus();
    }
    input.removeAttribute('aria-describedby');
    input.value = '';
    promotion.closest('details').open = false;
    const remove = byId('remove-code');
    if (remove) remove.focus();
    return undefined;
  });
}

// Saved cards: paying with one hides the form of a new one.

const saved = byId('saved');
if (saved) {
  const show = () => (byId('new-method').hidden = chosenSaved() !== '');
  saved.addEventListener('change', show);
  saved.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-detach]');
    if (!button) return;
    const { error } = await request('', 'POST', `/v1/payment_pages/${page.session}/payment_methods/${button.dataset.detach}/detach`, {
      key: page.key, connectionMessage: say('error.connection'),
    });
    if (error) {
      showAlert(sayError(error));
      return;
    }
    button.closest('.saved').remove();
    if (saved.querySelector('.saved')) {
      if (!saved.querySelector(':checked')) saved.querySelector('input').checked = true;
    } else {
      byId('saved-new').checked = true;
      saved.hidden = true;
    }
    show();
    (saved.hidden ? byId('cardNumber') : saved.querySelector(':checked')).focus();
  });
}
