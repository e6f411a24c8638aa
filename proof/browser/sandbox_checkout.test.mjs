// The hosted checkout and the 3-D Secure page, as buyers use them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, challengeOf, createSession, fillCheckout, hasText, openPage, sandbox, startBrowser, startShop, trial } from './sandbox_shop.mjs';

const submit = '[data-testid="hosted-payment-submit-button"]';
const inEuro = { 'line_items[0][price_data][currency]': 'eur', 'line_items[1][price_data][currency]': 'eur' };
const focused = (page) => page.evaluate(() => document.activeElement.id);
let browser;
let shop;

before(async () => {
  [browser, shop] = await Promise.all([startBrowser(), startShop()]);
});
after(async () => {
  await browser?.close();
  await shop?.close();
});

async function open(params, options) {
  const session = await createSession(shop, params);
  return { session, page: await openPage(browser, session.url, options) };
}

test('a card that succeeds brings the buyer back to the shop', async () => {
  const { session, page } = await open();
  assert.match(await page.textContent('#total'), /₺2,345\.00/);
  assert.equal((await page.textContent(submit)).trim(), 'Pay ₺2,345.00');
  await fillCheckout(page, '4242424242424242');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/thanks?session_id=${session.id}`);
  assert.equal((await api('GET', `/v1/checkout/sessions/${session.id}`)).status, 'complete');
  assert.deepEqual(page.faults, []);
  await page.goto(`${sandbox}/c/pay/${session.id}?lang=tr`);
  assert.equal(await page.textContent('h1'), 'Bu ödeme tamamlandı');
});

test('Turkish is the whole page\'s language, amounts included', async () => {
  const { page } = await open({}, { locale: 'tr-TR' });
  assert.equal(await page.getAttribute('html', 'lang'), 'tr');
  assert.equal((await page.textContent(submit)).trim(), '₺2.345,00 öde');
  await page.click('nav a[lang="en"]');
  assert.equal((await page.textContent(submit)).trim(), 'Pay ₺2,345.00');
});

test('a subscription with a trial asks for a card and begins', async () => {
  const { session, page } = await open(trial, { locale: 'tr-TR' });
  assert.match(await page.textContent('h1'), / aboneliği$/);
  assert.equal(await page.textContent('#trial'), '14 gün ücretsiz');
  assert.match(await page.textContent('.line .amount'), /₺845,00\s+ayda bir/);
  assert.equal((await page.textContent(submit)).trim(), 'Denemeyi başlat');
  await fillCheckout(page, '4242424242424242');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/thanks?session_id=${session.id}`);
  const { subscription } = await api('GET', `/v1/checkout/sessions/${session.id}?expand[]=subscription`);
  assert.equal(subscription.status, 'trialing');
  assert.match(subscription.default_payment_method, /^pm_/);
  assert.deepEqual(page.faults, []);
});

test('faults are said at their fields, and nothing is sent', async () => {
  const { page } = await open();
  let confirmed = 0;
  page.on('request', (request) => (confirmed += /\/confirm$/.test(request.url())));
  await page.click(submit);
  assert.equal(await focused(page), 'email');
  for (const [number, expiry, cvc, field, sentence] of [
    ['4242424242424241', '12 / 39', '123', 'cardNumber', 'Your card number is invalid.'],
    ['4242424242', '12 / 39', '123', 'cardNumber', 'Your card number is incomplete.'],
    ['4242424242424242', '13 / 39', '123', 'cardExpiry', 'Your card\'s expiration month is invalid.'],
    ['4242424242424242', '12 / 95', '123', 'cardExpiry', 'Your card\'s expiration year is invalid.'],
    ['4242424242424242', '12 / 20', '123', 'cardExpiry', 'Your card\'s expiration year is in the past.'],
    ['4242424242424242', '12 / 39', '99', 'cardCvc', 'Your card\'s security code is incomplete.'],
    ['378282246310005', '12 / 39', '123', 'cardCvc', 'Your card\'s security code is incomplete.'],
  ]) {
    await fillCheckout(page, number, { expiry, cvc });
    await page.click(submit);
    assert.equal(await focused(page), field, `${number} ${expiry} ${cvc}`);
    assert.equal(await page.getAttribute(`#${field}`, 'aria-invalid'), 'true');
    assert.match(await page.getAttribute(`#${field}`, 'aria-describedby'), new RegExp(`${field}-error`));
    assert.equal(await page.textContent(`#${field}-error`), sentence);
  }
  assert.equal(confirmed, 0);
});

test('a number that is no published test number never leaves the page', async () => {
  const { page } = await open();
  const sent = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() || ''}`));
  // Right length and check digit, well known from other processors' test pages, but none of Stripe's.
  const number = '4111111111111111';
  await fillCheckout(page, number);
  await page.click(submit);
  assert.match(await page.textContent('#cardNumber-error'), /^Only test numbers here/);
  assert.deepEqual(sent.filter((request) => request.includes(number)), []);
});

test('after a decline the buyer keeps what was typed and pays with another card', async () => {
  const { page } = await open({}, { locale: 'tr-TR' });
  await fillCheckout(page, '4000000000009995');
  await page.click(submit);
  await hasText(page, '#alert');
  assert.equal(await page.textContent('#alert'), 'Kartınızın bakiyesi yetersiz.');
  assert.equal(await page.getAttribute('#alert', 'role'), 'alert');
  assert.equal(await page.inputValue('#email'), 'ayse@example.com');
  assert.equal(await page.inputValue('#billingName'), 'Ayşe Yılmaz');
  assert.equal(await page.getAttribute(submit, 'aria-disabled'), 'false');
  await page.fill('#cardNumber', '4242424242424242');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/thanks*`);
});

test('a wrong security code is said at its field', async () => {
  const { page } = await open();
  await fillCheckout(page, '4000000000000127');
  await page.click(submit);
  await hasText(page, '#cardCvc-error');
  assert.equal(await page.textContent('#cardCvc-error'), 'Your card\'s security code is incorrect.');
  assert.equal(await focused(page), 'cardCvc');
});

test('two clicks and an Enter confirm once', async () => {
  const { page } = await open();
  let confirmed = 0;
  page.on('request', (request) => (confirmed += /\/confirm$/.test(request.url())));
  await fillCheckout(page, '4242424242424242');
  await page.evaluate((selector) => {
    const button = document.querySelector(selector);
    button.click();
    button.click();
    button.form.requestSubmit();
  }, submit);
  await page.waitForURL(`${shop.url}/thanks*`);
  assert.equal(confirmed, 1);
});

test('3-D Secure is passed with the keyboard alone', async () => {
  const { session, page } = await open();
  await page.focus('#email');
  await page.keyboard.type('ayse@example.com');
  for (const text of ['4000002760003184', '1239', '123', 'Ayse Yilmaz']) {
    await page.keyboard.press('Tab');
    await page.keyboard.type(text);
  }
  await page.keyboard.press('Enter');
  await challengeOf(page).locator('#test-source-authorize-3ds:focus').waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(`${shop.url}/thanks?session_id=${session.id}`);
});

test('3-D Secure that fails leaves the form, and another card works', async () => {
  const { page } = await open();
  await fillCheckout(page, '4000002760003184');
  await page.click(submit);
  await challengeOf(page).locator('#test-source-fail-3ds').click();
  await hasText(page, '#alert');
  assert.match(await page.textContent('#alert'), /unable to authenticate/);
  await fillCheckout(page, '4242424242424242');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/thanks*`);
});

test('Escape gives the authentication up with a sentence and returns the focus', async () => {
  const { page } = await open({}, { locale: 'tr-TR' });
  await fillCheckout(page, '4000002760003184');
  await page.click(submit);
  await challengeOf(page).locator('#test-source-authorize-3ds:focus').waitFor();
  await page.keyboard.press('Escape');
  await hasText(page, '#alert');
  assert.match(await page.textContent('#alert'), /^Doğrulamadan vazgeçtiniz/);
  assert.equal(await focused(page), 'submit');
  assert.equal(await page.locator('dialog').count(), 0);
});

test('a reload during the challenge leaves a page that can be paid', async () => {
  const { page } = await open();
  await fillCheckout(page, '4000002760003184');
  await page.click(submit);
  await challengeOf(page).locator('#test-source-authorize-3ds').waitFor();
  await page.reload();
  await fillCheckout(page, '4242424242424242');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/thanks*`);
});

test('a test card is one click away', async () => {
  const { page } = await open();
  await page.click('.ribbon summary');
  await page.click('[data-card="378282246310005"]');
  assert.equal(await page.inputValue('#cardNumber'), '3782 822463 10005');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/thanks*`);
});

test('a card is saved without a charge', async () => {
  const session = await api('POST', '/v1/checkout/sessions', { mode: 'setup', currency: 'try', success_url: `${shop.url}/saved`, cancel_url: `${shop.url}/cart` });
  const page = await openPage(browser, session.url);
  assert.equal((await page.textContent(submit)).trim(), 'Save card');
  await fillCheckout(page, '4242424242424242');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/saved*`);
});

test('a delayed method is offered and said to be confirmed later', async () => {
  const { session, page } = await open({ 'payment_method_types[0]': 'card', 'payment_method_types[1]': 'sepa_debit', ...inEuro });
  await page.check('#payment-method-sepa_debit');
  await page.fill('#email', 'ayse@example.com');
  await page.fill('#sepa_debit-name', 'Ayşe Yılmaz');
  await page.fill('#iban', 'DE89 3704 0044 0532 0130 01');
  await page.click(submit);
  assert.equal(await page.textContent('#iban-error'), 'The IBAN you entered is invalid.');
  await page.fill('#iban', 'DE89 3704 0044 0532 0130 00');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/thanks*`);
  assert.equal((await api('GET', `/v1/checkout/sessions/${session.id}`)).status, 'complete');
});

test('a second tab learns that the order is paid, and pays nothing', async () => {
  const { session, page } = await open();
  const second = await openPage(browser, session.url);
  for (const tab of [page, second]) await fillCheckout(tab, '4242424242424242');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/thanks*`);
  await second.click(submit);
  await second.waitForSelector('h1:text-is("This payment is complete")');
  await second.click('a.button');
  await second.waitForURL(`${shop.url}/thanks?session_id=${session.id}`);
});

test('an expired session takes no card', async () => {
  const session = await createSession(shop);
  await api('POST', `/v1/checkout/sessions/${session.id}/expire`);
  const page = await openPage(browser, `${sandbox}/c/pay/${session.id}`);
  assert.equal(await page.textContent('h1'), 'This page has expired');
  assert.equal(await page.locator('#cardNumber').count(), 0);
  await page.click('a.button');
  await page.waitForURL(`${shop.url}/cart`);
});
