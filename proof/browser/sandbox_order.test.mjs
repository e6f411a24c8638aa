// What a buyer chooses and types on the hosted checkout beside a card: quantities, optional items, shipping, codes, an address,
// fields of the shop, consent, tax ids, saved cards.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, createSession, everything, fillCheckout, openPage, returning, settings, startBrowser, startShop } from './sandbox_shop.mjs';

const submit = '[data-testid="hosted-payment-submit-button"]';
const text = async (page, selector) => (await page.textContent(selector)).trim();
const totalIs = (page, total) => page.waitForFunction((want) => document.getElementById('total').textContent === want, total);
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

const expanded = (session) => api('GET', `/v1/checkout/sessions/${session.id}?expand[]=line_items&expand[]=payment_intent`);

test('quantities change the sum, within their limits, and the focus stays', async () => {
  const { session, page } = await open(await everything());
  const line = (await page.getAttribute('[data-step="1"]', 'data-line'));
  await page.focus(`#more-${line}`);
  await page.keyboard.press('Enter');
  await totalIs(page, '₺2,817.40');
  assert.equal(await text(page, submit), 'Book ₺2,817.40');
  assert.equal(await page.evaluate(() => document.activeElement.id), `more-${line}`);
  assert.match(await text(page, '#status'), /New total: ₺2,817\.40/);
  await page.fill(`#quantity-${line}`, '5');
  await page.press(`#quantity-${line}`, 'Tab');
  await totalIs(page, '₺3,662.40');
  assert.equal(await page.isDisabled(`#more-${line}`), true);
  await page.fill(`#quantity-${line}`, '9');
  await page.press(`#quantity-${line}`, 'Tab');
  await page.waitForFunction(() => document.getElementById('alert').textContent);
  assert.equal(await page.inputValue(`#quantity-${line}`), '5');
  assert.equal((await expanded(session)).line_items.data[0].quantity, 5);
  assert.deepEqual(page.faults, []);
});

test('optional items come and go', async () => {
  const { session, page } = await open(await everything(), { locale: 'tr-TR' });
  await page.click('[data-add] >> nth=0');
  await totalIs(page, '₺3.034,90');
  assert.equal(await page.locator('[data-add]').count(), 1);
  assert.equal((await expanded(session)).line_items.data[2].amount_total, 64000);
  await page.click('[data-remove]');
  await totalIs(page, '₺2.394,90');
  assert.equal(await page.locator('[data-add]').count(), 2);
});

test('the way of shipping is chosen', async () => {
  const { session, page } = await open(await everything());
  assert.match(await text(page, '#shipping-method'), /Kargo2–4 business days/);
  await page.check('#shipping-method input >> nth=1');
  await totalIs(page, '₺2,474.90');
  assert.equal((await expanded(session)).shipping_cost.amount_total, 12990);
});

test('a code is applied, refused with its reason, and taken away', async () => {
  const { id } = await api('POST', '/v1/coupons', { percent_off: '10' });
  const code = (name, more) => api('POST', '/v1/promotion_codes', { 'promotion[type]': 'coupon', 'promotion[coupon]': id, code: name, ...more });
  await code('KAHVE10');
  await code('BUYUK', { 'restrictions[minimum_amount]': '900000', 'restrictions[minimum_amount_currency]': 'try' });
  const { page } = await open({ allow_promotion_codes: 'true' }, { locale: 'tr-TR' });
  await page.click('.promo summary');
  await page.fill('#promotionCode', 'BUYUK');
  await page.press('#promotionCode', 'Enter');
  await page.waitForSelector('#promotionCode-error:not([hidden])');
  assert.equal(await text(page, '#promotionCode-error'), 'Sipariş tutarı bu kod için yeterli değil.');
  await page.fill('#promotionCode', 'kahve10');
  await page.press('#promotionCode', 'Enter');
  await totalIs(page, '₺2.110,50');
  assert.equal(await page.isVisible('.promo'), false);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'remove-code');
  await page.keyboard.press('Enter');
  await totalIs(page, '₺2.345,00');
  assert.equal(await page.isVisible('.promo'), true);
});

test('all that a shop asks is typed, missed fields are said, and the session has it', async () => {
  const { session, page } = await open(await everything());
  await fillCheckout(page, '4242424242424242');
  await page.click(submit);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'phoneNumber');
  for (const id of ['phoneNumber', 'shippingName', 'custom-engraving', 'custom-roast', 'termsOfServiceConsentCheckbox', 'billingAddressLine1']) {
    assert.equal(await page.isVisible(`#${id}-error`), true, id);
    assert.equal(await page.getAttribute(`#${id}`, 'aria-describedby'), `${id}-error`);
  }
  assert.equal(await page.isVisible('#businessName-error'), false);
  const typed = {
    phoneNumber: '+90 555 123 45 67', businessName: 'Çınar Kahve A.Ş.', shippingName: 'Ayşe Yılmaz', shippingAddressLine1: 'Liman Cd. 2', shippingLocality: 'İzmir',
    shippingPostalCode: '35000', billingAddressLine1: 'İstiklal Cd. 1', billingLocality: 'İstanbul', 'custom-engraving': 'Ayşe',
  };
  for (const [id, value] of Object.entries(typed)) await page.fill(`#${id}`, value);
  await page.selectOption('#shippingCountry', 'TR');
  await page.selectOption('#custom-roast', 'dark');
  await page.check('#termsOfServiceConsentCheckbox');
  await page.check('#promotionsConsentCheckbox');
  await page.check('#taxIdCheckbox');
  await page.selectOption('#taxIdType', 'tr_tin');
  await page.fill('#taxId', '12');
  await page.click(submit);
  await page.waitForSelector('#taxId-error:not([hidden])');
  assert.equal(await text(page, '#taxId-error'), 'This is no tax ID of that type.');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'taxId');
  await page.fill('#taxId', '1234567890');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/thanks*`);
  const after = await expanded(session);
  assert.equal(after.customer_details.phone, '+90 555 123 45 67');
  assert.equal(after.customer_details.address.line1, 'İstiklal Cd. 1');
  assert.deepEqual(after.customer_details.tax_ids, [{ type: 'tr_tin', value: '1234567890' }]);
  assert.equal(after.collected_information.business_name, 'Çınar Kahve A.Ş.');
  assert.equal(after.collected_information.shipping_details.address.city, 'İzmir');
  assert.deepEqual(after.custom_fields.map((field) => field[field.type].value), ['Ayşe', 'dark']);
  assert.deepEqual(after.consent, { promotions: 'opt_in', terms_of_service: 'accepted' });
  assert.equal(after.payment_intent.shipping.phone, '+90 555 123 45 67');
  assert.deepEqual(page.faults, []);
});

test('an amount of the buyer\'s choice is counted as it is typed', async () => {
  const { id } = await api('POST', '/v1/prices', { currency: 'try', 'custom_unit_amount[enabled]': 'true', 'custom_unit_amount[minimum]': '1000', 'product_data[name]': 'Bağış' });
  const session = await api('POST', '/v1/checkout/sessions', { mode: 'payment', success_url: `${shop.url}/thanks`, 'line_items[0][price]': id, 'line_items[0][quantity]': '1', submit_type: 'donate' });
  const page = await openPage(browser, session.url);
  await page.fill('#itemAmount0', '5');
  await page.press('#itemAmount0', 'Tab');
  await page.waitForSelector('#itemAmount0-error:not([hidden])');
  assert.equal(await text(page, '#itemAmount0-error'), 'The amount is too small.');
  await page.fill('#itemAmount0', '25,50');
  await page.press('#itemAmount0', 'Tab');
  await totalIs(page, '₺25.50');
  assert.equal(await text(page, submit), 'Donate ₺25.50');
  await fillCheckout(page, '4242424242424242');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/thanks*`);
  assert.equal((await expanded(session)).payment_intent.amount_received, 2550);
});

test('taxes follow the buyer\'s country', async () => {
  await settings({ tax_rates: [{ country: 'TR', percentage: 20, display_name: 'KDV' }] });
  const { session, page } = await open({ 'automatic_tax[enabled]': 'true' });
  await page.selectOption('#billingCountry', 'TR');
  await totalIs(page, '₺2,814.00');
  await page.selectOption('#billingCountry', 'DE');
  await totalIs(page, '₺2,345.00');
  await page.selectOption('#billingCountry', 'TR');
  await fillCheckout(page, '4242424242424242');
  await page.click(submit);
  await page.waitForURL(`${shop.url}/thanks*`);
  const { amount_total: total, automatic_tax: tax } = await expanded(session);
  assert.deepEqual([total, tax.status], [281400, 'complete']);
});

test('a saved card pays, is removed, and makes room for a new one', async () => {
  const params = await returning();
  const first = await open(params);
  assert.equal(await first.page.isVisible('#cardNumber'), false);
  await first.page.click(submit);
  await first.page.waitForURL(`${shop.url}/thanks*`);
  assert.equal((await expanded(first.session)).status, 'complete');

  const second = await open(params);
  await second.page.click('[data-detach] >> nth=0');
  await second.page.waitForFunction(() => document.querySelectorAll('.saved').length === 1);
  await second.page.click('[data-detach]');
  await second.page.waitForSelector('#cardNumber:focus');
  await fillCheckout(second.page, '4242424242424242', { email: '' });
  await second.page.check('#savePaymentMethod');
  await second.page.click(submit);
  await second.page.waitForURL(`${shop.url}/thanks*`);
  const { data } = await api('GET', `/v1/customers/${params.customer}/payment_methods`);
  assert.deepEqual(data.map((method) => method.allow_redisplay), ['always']);
});

test('an abandoned order is taken up again where it was', async () => {
  const { session, page } = await open({ 'after_expiration[recovery][enabled]': 'true', 'consent_collection[promotions]': 'auto' });
  await page.fill('#email', 'ayse@example.com');
  await page.check('#promotionsConsentCheckbox');
  await page.waitForFunction(() => document.getElementById('status').textContent);
  const expired = await api('POST', `/v1/checkout/sessions/${session.id}/expire`);
  assert.equal(expired.customer_details.email, 'ayse@example.com');
  const again = await openPage(browser, expired.after_expiration.recovery.url);
  await fillCheckout(again, '4242424242424242');
  await again.click(submit);
  await again.waitForURL(`${shop.url}/thanks*`);
});

test('a payment link says its last word itself, and offers the address it came with', async () => {
  const { id } = await api('POST', '/v1/prices', { currency: 'try', unit_amount: '2500', 'product_data[name]': 'Kart' });
  const link = await api('POST', '/v1/payment_links', {
    'line_items[0][price]': id, 'line_items[0][quantity]': '1', 'after_completion[type]': 'hosted_confirmation', 'after_completion[hosted_confirmation][custom_message]': 'Size yazacağız.',
  });
  const page = await openPage(browser, `${link.url}?prefilled_email=ayse@example.com&locale=tr`);
  assert.equal(await page.getAttribute('html', 'lang'), 'tr');
  assert.equal(await page.inputValue('#email'), 'ayse@example.com');
  await fillCheckout(page, '4242424242424242', { email: 'fatma@example.com' });
  await page.click(submit);
  await page.waitForSelector('h1:text-is("Bu ödeme tamamlandı")');
  assert.match(await page.textContent('main'), /Size yazacağız\./);
  await api('POST', `/v1/payment_links/${link.id}`, { active: 'false', inactive_message: 'Tükendi.' });
  await page.goto(link.url);
  assert.match(await page.textContent('main'), /Tükendi\./);
});
