// The Stripe.js stand-in, on a shop's page of another origin under a strict policy.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, challengeOf, createIntent, createSession, openPage, publishableKey, sandbox, startBrowser, startShop } from './sandbox_shop.mjs';

let browser;
let shop;

before(async () => {
  [browser, shop] = await Promise.all([startBrowser(), startShop()]);
});
after(async () => {
  await browser?.close();
  await shop?.close();
});

// mount puts a Payment Element (or a Card Element) on the shop's page and pays with it when the form is submitted.
async function mount({ type = 'payment', options = {}, elementOptions = {}, locale = 'en', redirect = 'if_required', intent = {}, dark = false, ...view } = {}) {
  const { client_secret: clientSecret } = await createIntent(intent);
  const page = await openPage(browser, shop.url + (dark ? '/?dark' : '/'), { width: 480, ...view });
  await page.evaluate(async (given) => {
    const stripe = window.Stripe(given.publishableKey, { locale: given.locale });
    const elements = stripe.elements(given.type === 'payment' ? { clientSecret: given.clientSecret, ...given.options } : given.options);
    const element = elements.create(given.type, given.elementOptions);
    Object.assign(window, { stripe, elements, element, changes: [], heard: [] });
    element.on('change', (event) => window.changes.push(event));
    for (const name of ['focus', 'blur', 'escape', 'loaderstart']) element.on(name, (event) => window.heard.push(`${name} ${event.elementType}`));
    document.getElementById('form').addEventListener('submit', async (event) => {
      event.preventDefault();
      const result = await (given.type === 'payment'
        ? stripe.confirmPayment({ elements, confirmParams: { return_url: `${location.origin}/back?order=7` }, redirect: given.redirect })
        : stripe.confirmCardPayment(given.clientSecret, { payment_method: { card: element, billing_details: { name: 'Ayşe' } } }));
      document.getElementById('result').textContent = JSON.stringify(result);
    });
    await new Promise((resolve, reject) => {
      element.on('ready', resolve);
      element.on('loaderror', ({ error }) => reject(new Error(error.message)));
      element.mount('#first');
    });
  }, { type, options, elementOptions, locale, redirect, clientSecret, publishableKey });
  return { page, clientSecret, frame: page.frameLocator('#first iframe') };
}

async function fillCard(frame, number, names = ['number', 'expiry', 'cvc']) {
  await frame.locator(`[name="${names[0]}"]`).fill(number);
  await frame.locator(`[name="${names[1]}"]`).fill('12 / 39');
  await frame.locator(`[name="${names[2]}"]`).fill('123');
}

async function pay(page) {
  await page.click('#pay');
  return resultOf(page);
}

async function resultOf(page) {
  await page.waitForFunction(() => document.getElementById('result').textContent);
  const text = await page.textContent('#result');
  await page.evaluate(() => (document.getElementById('result').textContent = ''));
  return JSON.parse(text);
}

async function clean(page) {
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.deepEqual(page.faults, []);
}

test('the Payment Element pays, and the shop sees no number', async () => {
  const { page, frame } = await mount();
  await fillCard(frame, '5555555555554444');
  const { paymentIntent, error } = await pay(page);
  assert.equal(error, undefined);
  assert.equal(paymentIntent.status, 'succeeded');
  const last = await page.evaluate(() => window.changes.at(-1));
  assert.deepEqual(last, { elementType: 'payment', empty: false, complete: true, collapsed: false, value: { type: 'card' } });
  assert.ok(shop.requests.length > 0);
  assert.deepEqual(shop.requests.filter((request) => request.replace(/\D/g, '').includes('5555555555554444')), []);
  assert.equal(await page.evaluate(() => JSON.stringify([window.changes, document.documentElement.outerHTML]).replace(/[^\d]/g, '').includes('5555555555554444')), false);
  await clean(page);
});

test('by default the buyer is sent to return_url with Stripe\'s parameters, by Enter in the frame too', async () => {
  const { page, frame, clientSecret } = await mount({ redirect: 'always' });
  await fillCard(frame, '4242424242424242');
  await frame.locator('[name="cvc"]').press('Enter');
  await page.waitForURL(`${shop.url}/back?*`);
  const query = new URL(page.url()).searchParams;
  assert.equal(query.get('order'), '7');
  assert.equal(query.get('payment_intent'), clientSecret.split('_secret_')[0]);
  assert.equal(query.get('payment_intent_client_secret'), clientSecret);
  assert.equal(query.get('redirect_status'), 'succeeded');
});

test('incomplete and wrong input is a validation_error, with the caret in the field', async () => {
  const { page, frame } = await mount({ locale: 'tr' });
  assert.equal(await frame.locator('html').getAttribute('lang'), 'tr');
  assert.equal(await page.getAttribute('#first iframe', 'title'), 'Güvenli ödeme giriş çerçevesi');
  assert.deepEqual(await pay(page), { error: { type: 'validation_error', code: 'incomplete_number', message: 'Kart numaranız eksik.' } });
  await frame.locator('[name="number"]:focus').waitFor();
  await fillCard(frame, '4242424242424241');
  assert.equal((await pay(page)).error.code, 'invalid_number');
  assert.equal(await frame.locator('[name="number"]').getAttribute('aria-invalid'), 'true');
  await fillCard(frame, '4111111111111111');
  assert.equal((await pay(page)).error.code, 'test_mode_live_card');
});

test('a decline is said in the page\'s language, and another card works on the same intent', async () => {
  const { page, frame } = await mount({ locale: 'tr' });
  await fillCard(frame, '4000000000009995');
  const { error } = await pay(page);
  assert.equal(error.type, 'card_error');
  assert.equal(error.code, 'card_declined');
  assert.equal(error.decline_code, 'insufficient_funds');
  assert.equal(error.message, 'Kartınızın bakiyesi yetersiz.');
  assert.equal(error.payment_intent.status, 'requires_payment_method');
  await frame.locator('[name="number"]').fill('4242424242424242');
  assert.equal((await pay(page)).paymentIntent.status, 'succeeded');
});

test('3-D Secure opens over the shop\'s page, and returns the focus', async () => {
  const { page, frame } = await mount({ locale: 'tr' });
  await fillCard(frame, '4000002760003184');
  await page.focus('#pay');
  await page.keyboard.press('Enter');
  await challengeOf(page).locator('#test-source-authorize-3ds:focus').waitFor();
  assert.equal(await challengeOf(page).locator('html').getAttribute('lang'), 'tr');
  await page.keyboard.press('Enter');
  assert.equal((await resultOf(page)).paymentIntent.status, 'succeeded');
  await page.waitForFunction(() => document.activeElement.id === 'pay' && !document.querySelector('dialog'));
  await clean(page);
});

test('3-D Secure that fails or is given up is an authentication failure', async () => {
  const { page, frame } = await mount();
  await fillCard(frame, '4000002760003184');
  await page.click('#pay');
  await challengeOf(page).locator('#test-source-fail-3ds').click();
  const failed = await resultOf(page);
  assert.equal(failed.error.code, 'payment_intent_authentication_failure');
  assert.equal(failed.error.payment_intent.status, 'requires_payment_method');
  await page.click('#pay');
  await challengeOf(page).locator('#test-source-authorize-3ds:focus').waitFor();
  await page.keyboard.press('Escape');
  const canceled = await resultOf(page);
  assert.equal(canceled.error.code, 'payment_intent_authentication_failure');
  assert.match(canceled.error.message, /canceled/);
  await frame.locator('[name="number"]').fill('4242424242424242');
  assert.equal((await pay(page)).paymentIntent.status, 'succeeded');
});

test('a bank debit is processing until the bank answers', async () => {
  const { page, frame } = await mount({ intent: { currency: 'eur', 'payment_method_types[1]': 'sepa_debit' } });
  await frame.locator('[value="sepa_debit"]').check();
  await frame.locator('[data-method="sepa_debit"] [name="name"]').fill('Ayşe Yılmaz');
  await frame.locator('[data-method="sepa_debit"] [name="email"]').fill('ayse@example.com');
  await frame.locator('[name="iban"]').fill('DE89 3704 0044 0532 0130 00');
  assert.equal((await page.evaluate(() => window.changes.at(-1))).value.type, 'sepa_debit');
  assert.equal((await pay(page)).paymentIntent.status, 'processing');
});

test('the Card Element moves on by itself and reports brand and postal code', async () => {
  const { page, frame } = await mount({ type: 'card', elementOptions: { style: { base: { fontSize: '18px' }, invalid: { color: '#b3261e' } } } });
  await frame.locator('[name="cardnumber"]').pressSequentially('4242424242424242');
  await page.keyboard.type('123912334000');
  await page.waitForFunction(() => window.changes.at(-1)?.value.postalCode === '34000');
  assert.deepEqual(await page.evaluate(() => window.changes.at(-1)), { elementType: 'card', empty: false, complete: true, error: undefined, brand: 'visa', value: { postalCode: '34000' } });
  assert.match(await page.getAttribute('#first', 'class'), /StripeElement--complete/);
  assert.equal((await pay(page)).paymentIntent.status, 'succeeded');
  assert.ok((await page.evaluate(() => window.heard)).includes('focus card'));
  await clean(page);
});

test('the Card Element reports faults to the shop, which says them', async () => {
  const { page, frame } = await mount({ type: 'card', locale: 'tr', elementOptions: { hidePostalCode: true } });
  await frame.locator('[name="cardnumber"]').fill('4242424242424241');
  await page.waitForFunction(() => window.changes.at(-1)?.error);
  assert.deepEqual((await page.evaluate(() => window.changes.at(-1))).error, { type: 'validation_error', code: 'invalid_number', message: 'Kart numaranız geçersiz.' });
  assert.match(await page.getAttribute('#first', 'class'), /StripeElement--invalid/);
  assert.equal(await frame.locator('[name="postal"]').isVisible(), false);
  await page.evaluate(() => window.element.clear());
  await page.waitForFunction(() => window.changes.at(-1)?.empty);
});

test('split elements make one payment method', async () => {
  const page = await openPage(browser, shop.url);
  await page.evaluate(async (key) => {
    const stripe = window.Stripe(key);
    const elements = stripe.elements();
    const parts = [['cardNumber', '#first'], ['cardExpiry', '#second'], ['cardCvc', '#third']].map(([type, place]) => {
      const element = elements.create(type);
      const ready = new Promise((resolve) => element.on('ready', resolve));
      element.mount(place);
      return ready;
    });
    await Promise.all(parts);
    window.create = () => stripe.createPaymentMethod({ type: 'card', card: elements.getElement('cardNumber'), billing_details: { name: 'Ayşe' } });
  }, publishableKey);
  await page.frameLocator('#first iframe').locator('[name="cardnumber"]').fill('378282246310005');
  assert.equal((await page.evaluate(() => window.create())).error.code, 'incomplete_expiry');
  await page.frameLocator('#second iframe').locator('[name="exp-date"]').fill('1239');
  await page.frameLocator('#third iframe').locator('[name="cvc"]').fill('1234');
  const { paymentMethod } = await page.evaluate(() => window.create());
  assert.match(paymentMethod.id, /^pm_/);
  assert.equal(paymentMethod.card.brand, 'amex');
  assert.equal(paymentMethod.card.last4, '0005');
  await clean(page);
});

test('@stripe/stripe-js takes the stand-in that is on the page', async () => {
  const page = await openPage(browser, shop.url);
  await page.waitForFunction(() => window.loadStripe);
  const kind = await page.evaluate(async (key) => {
    const stripe = await window.loadStripe(key, { locale: 'tr' });
    return [typeof stripe.confirmPayment, window.Stripe.version, document.querySelectorAll('script[src*="js.stripe.com"]').length];
  }, publishableKey);
  assert.deepEqual(kind, ['function', 'endive', 0]);
  await clean(page);
});

test('keys that do not belong on a page are refused', async () => {
  const page = await openPage(browser, `${shop.url}/?script=/v3/`);
  const said = await page.evaluate(() => ['pk_live_', 'sk_test_abc', ''].map((key) => {
    try {
      window.Stripe(key);
      return 'taken';
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
  }));
  assert.match(said[0], /^IntegrationError: .*live keys are refused/);
  assert.match(said[1], /^IntegrationError: .*secret key/);
  assert.match(said[2], /^IntegrationError: .*publishable key/);
  assert.equal(await page.evaluate(() => window.Stripe.version), 3);
});

test('an intent is retrieved by its secret, and a wrong one is refused', async () => {
  const { client_secret: secret } = await createIntent();
  const page = await openPage(browser, shop.url);
  const [good, bad] = await page.evaluate(async ([key, clientSecret]) => {
    const stripe = window.Stripe(key);
    return [await stripe.retrievePaymentIntent(clientSecret), await stripe.retrievePaymentIntent(`${clientSecret.slice(0, -3)}xyz`)];
  }, [publishableKey, secret]);
  assert.equal(good.paymentIntent.client_secret, secret);
  assert.equal(bad.error.type, 'invalid_request_error');
});

test('embedded checkout completes on the shop\'s page', async () => {
  const session = await createSession(shop, { ui_mode: 'embedded_page', return_url: `${shop.url}/thanks` });
  const page = await openPage(browser, shop.url);
  await page.evaluate(async ([key, secret]) => {
    const checkout = await window.Stripe(key).initEmbeddedCheckout({ fetchClientSecret: async () => secret, onComplete: () => (window.completed = true) });
    checkout.mount('#first');
  }, [publishableKey, session.client_secret]);
  const frame = page.frameLocator('iframe[name="embedded-checkout"]');
  await frame.locator('#email').fill('ayse@example.com');
  await frame.locator('#cardNumber').fill('4242424242424242');
  await frame.locator('#cardExpiry').fill('12 / 39');
  await frame.locator('#cardCvc').fill('123');
  await frame.locator('#billingName').fill('Ayşe Yılmaz');
  await frame.locator('#submit').click();
  await page.waitForFunction(() => window.completed);
  assert.equal((await api('GET', `/v1/checkout/sessions/${session.id}`)).status, 'complete');
  await clean(page);
});

test('frames answer nobody but the page that said hello, at its origin', async () => {
  const page = await openPage(browser, shop.url);
  const heard = await page.evaluate(async ([origin, key]) => {
    const frame = document.createElement('iframe');
    const messages = [];
    addEventListener('message', (event) => event.source === frame.contentWindow && messages.push(event.data));
    frame.src = `${origin}/elements/frame?type=card`;
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
    document.getElementById('first').append(frame);
    await loaded;
    // A question before the hello is not heard; the frame's ready afterwards shows that it had its chance.
    frame.contentWindow.postMessage({ vezne: 'element', op: 'check', call: 1 }, origin);
    frame.contentWindow.postMessage({ vezne: 'element', op: 'hello', key, options: {} }, origin);
    await new Promise((resolve) => addEventListener('message', ({ data }) => data.op === 'ready' && resolve()));
    return messages.map(({ op }) => op);
  }, [sandbox, publishableKey]);
  assert.equal(heard[0], 'loaded');
  assert.ok(!heard.includes('reply'), heard.join());
});
