// The rest of the Stripe.js stand-in: saving cards, intents made late, tokens, and intents that the shop's server confirmed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, challengeOf, createIntent, openPage, publishableKey, sandbox, startBrowser, startShop } from './sandbox_shop.mjs';

let browser;
let shop;

before(async () => {
  [browser, shop] = await Promise.all([startBrowser(), startShop()]);
});
after(async () => {
  await browser?.close();
  await shop?.close();
});

// mount puts elements on the page, each [type, place, options], and leaves window.stripe and window.elements behind.
async function mount(options, ...parts) {
  const page = await openPage(browser, shop.url, { width: 480 });
  await page.evaluate(async (given) => {
    window.stripe = window.Stripe(given.key, { locale: 'en' });
    window.elements = window.stripe.elements(given.options);
    await Promise.all(given.parts.map(([type, place, elementOptions]) => new Promise((resolve) => {
      const element = window.elements.create(type, elementOptions);
      element.on('ready', resolve);
      element.mount(place);
    })));
  }, { key: publishableKey, options, parts });
  return { page, frame: (place) => page.frameLocator(`${place} iframe`) };
}

async function fillCard(frame, number) {
  await frame.locator('[name="number"]').fill(number);
  await frame.locator('[name="expiry"]').fill('12 / 39');
  await frame.locator('[name="cvc"]').fill('123');
}

test('a card is saved with a SetupIntent after 3-D Secure', async () => {
  const setup = await api('POST', '/v1/setup_intents', { 'payment_method_types[0]': 'card' });
  const { page, frame } = await mount({ clientSecret: setup.client_secret }, ['payment', '#first']);
  await fillCard(frame('#first'), '4000002760003184');
  const done = page.evaluate(() => window.stripe.confirmSetup({ elements: window.elements, redirect: 'if_required' }));
  await challengeOf(page).locator('#test-source-authorize-3ds').click();
  const { setupIntent, error } = await done;
  assert.equal(error, undefined);
  assert.equal(setupIntent.id, setup.id);
  assert.equal(setupIntent.status, 'succeeded');
});

test('a SetupIntent whose challenge fails keeps its own error code', async () => {
  const setup = await api('POST', '/v1/setup_intents', { 'payment_method_types[0]': 'card' });
  const { page, frame } = await mount({ clientSecret: setup.client_secret }, ['payment', '#first']);
  await fillCard(frame('#first'), '4000002760003184');
  const done = page.evaluate(() => window.stripe.confirmSetup({ elements: window.elements, redirect: 'if_required' }));
  await challengeOf(page).locator('#test-source-fail-3ds').click();
  assert.equal((await done).error.code, 'setup_intent_authentication_failure');
});

test('an intent that the shop makes after submit() is paid', async () => {
  const { page, frame } = await mount({ mode: 'payment', amount: 234500, currency: 'try' }, ['payment', '#first']);
  await fillCard(frame('#first'), '4242424242424242');
  const early = await page.evaluate(() => window.stripe.confirmPayment({ elements: window.elements, clientSecret: 'pi_1_secret_2', redirect: 'if_required' }).catch((error) => error.name));
  assert.equal(early, 'IntegrationError');
  assert.deepEqual(await page.evaluate(() => window.elements.submit()), { selectedPaymentMethod: 'card' });
  const { client_secret: clientSecret } = await createIntent();
  const { paymentIntent } = await page.evaluate((secret) => window.stripe.confirmPayment({ elements: window.elements, clientSecret: secret, redirect: 'if_required' }), clientSecret);
  assert.equal(paymentIntent.status, 'succeeded');
});

test('a ConfirmationToken is made from what was typed', async () => {
  const { page, frame } = await mount({ mode: 'payment', amount: 234500, currency: 'try' }, ['payment', '#first']);
  await fillCard(frame('#first'), '4242424242424242');
  await page.evaluate(() => window.elements.submit());
  const { confirmationToken } = await page.evaluate(() => window.stripe.createConfirmationToken({ elements: window.elements, params: { return_url: `${location.origin}/back` } }));
  assert.match(confirmationToken.id, /^ctoken_/);
});

test('a token is made from a Card Element', async () => {
  const { page, frame } = await mount({}, ['card', '#first', { hidePostalCode: true }]);
  await frame('#first').locator('[name="cardnumber"]').fill('4242424242424242');
  await frame('#first').locator('[name="exp-date"]').fill('1239');
  await frame('#first').locator('[name="cvc"]').fill('123');
  const { token } = await page.evaluate(() => window.stripe.createToken(window.elements.getElement('card'), { name: 'Ayşe' }));
  assert.match(token.id, /^tok_/);
  assert.equal(token.card.last4, '4242');
});

test('handleNextAction finishes what the shop\'s server began', async () => {
  const intent = await createIntent({ payment_method: 'pm_card_authenticationRequired', confirm: 'true', use_stripe_sdk: 'true' });
  assert.equal(intent.status, 'requires_action');
  const { page } = await mount({});
  const done = page.evaluate((clientSecret) => window.stripe.handleNextAction({ clientSecret }), intent.client_secret);
  await challengeOf(page).locator('#test-source-authorize-3ds').click();
  assert.equal((await done).paymentIntent.status, 'succeeded');
});

test('a saved method is confirmed by its id, and a decline names the code', async () => {
  const intent = await createIntent();
  const { page } = await mount({});
  const { error } = await page.evaluate((secret) => window.stripe.confirmCardPayment(secret, { payment_method: 'pm_card_chargeDeclined' }), intent.client_secret);
  assert.equal(error.code, 'card_declined');
  const { paymentIntent } = await page.evaluate((secret) => window.stripe.confirmCardPayment(secret, { payment_method: 'pm_card_visa' }), intent.client_secret);
  assert.equal(paymentIntent.status, 'succeeded');
});

test('a bank debit whose account the page asked for is confirmed without an element', async () => {
  const intent = await createIntent({ currency: 'eur', 'payment_method_types[0]': 'sepa_debit' });
  const { page } = await mount({});
  const { paymentIntent } = await page.evaluate((secret) => window.stripe.confirmSepaDebitPayment(secret, {
    payment_method: { sepa_debit: { iban: 'DE89370400440532013000' }, billing_details: { name: 'Ayşe Yılmaz', email: 'ayse@example.com' } },
  }), intent.client_secret);
  assert.equal(paymentIntent.status, 'processing');
});

test('e-mail and address elements become billing details and shipping', async () => {
  const { client_secret: clientSecret, id } = await createIntent();
  const { page, frame } = await mount({ clientSecret }, ['linkAuthentication', '#first'], ['address', '#second', { mode: 'shipping' }], ['payment', '#third']);
  await frame('#first').locator('[name="email"]').fill('ayse@example.com');
  const address = frame('#second');
  for (const [name, text] of [['name', 'Ayşe Yılmaz'], ['line1', 'Bahariye Caddesi 1'], ['city', 'İstanbul'], ['postal_code', '34710']]) {
    await address.locator(`[name="${name}"]`).fill(text);
  }
  await address.locator('[name="country"]').selectOption('TR');
  await fillCard(frame('#third'), '4242424242424242');
  const { paymentIntent, error } = await page.evaluate(() => window.stripe.confirmPayment({ elements: window.elements, redirect: 'if_required' }));
  assert.equal(error, undefined);
  assert.equal(paymentIntent.status, 'succeeded');
  const kept = await api('GET', `/v1/payment_intents/${id}?expand[0]=payment_method`);
  assert.equal(kept.shipping.name, 'Ayşe Yılmaz');
  assert.equal(kept.shipping.address.country, 'TR');
  assert.equal(kept.payment_method.billing_details.email, 'ayse@example.com');
});

test('an express checkout without wallets is ready and takes no room', async () => {
  const { page } = await mount({ mode: 'payment', amount: 1000, currency: 'try' }, ['expressCheckout', '#first']);
  assert.equal(await page.locator('#first iframe').count(), 0);
  assert.equal(await page.evaluate(() => window.stripe.paymentRequest({ country: 'US', currency: 'usd', total: { label: 'x', amount: 1 } }).canMakePayment()), null);
});

test('an element that is destroyed leaves its place and may be created again', async () => {
  const { page } = await mount({}, ['card', '#first']);
  await page.evaluate(() => window.elements.getElement('card').destroy());
  assert.equal(await page.locator('#first iframe').count(), 0);
  assert.doesNotMatch(await page.getAttribute('#first', 'class'), /StripeElement/);
  await page.evaluate(() => window.elements.create('card').mount('#first'));
  await page.frameLocator('#first iframe').locator('[name="cardnumber"]').waitFor();
});

test('an answer that is given before the page around it says hello is told then', async () => {
  const intent = await createIntent({ payment_method: 'pm_card_authenticationRequired', confirm: 'true', use_stripe_sdk: 'true' });
  const { pathname } = new URL(intent.next_action.use_stripe_sdk.stripe_js);
  const page = await openPage(browser, `${shop.url}/`);
  await page.evaluate((address) => {
    window.outcomes = [];
    addEventListener('message', (event) => event.data?.op === 'outcome' && window.outcomes.push(event.data.outcome));
    const frame = document.createElement('iframe');
    frame.name = 'stripe-challenge-frame';
    frame.src = address;
    document.body.append(frame);
  }, `${sandbox}${pathname}?lang=en`);
  const challenge = challengeOf(page);
  await challenge.locator('#test-source-authorize-3ds').click();
  await challenge.locator('#status', { hasText: /\S/ }).waitFor();
  assert.deepEqual(await page.evaluate(() => window.outcomes), []);
  await page.evaluate((origin) => window.frames['stripe-challenge-frame'].postMessage({ vezne: 'challenge', op: 'hello' }, origin), sandbox);
  await page.waitForFunction(() => window.outcomes.length === 1);
  assert.deepEqual(await page.evaluate(() => window.outcomes), ['succeeded']);
  assert.equal((await api('GET', `/v1/payment_intents/${intent.id}`)).status, 'succeeded');
});
