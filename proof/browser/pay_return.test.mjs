// Coming back: what an address claims, what Stripe says, and what is still being checked.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  api, assertClean, assertPaidOnce, cards, control, createOrder, desk, elementOf, fillCheckout, headed, intentsOf, openIn, openPage, orderOf, payWith, ready,
  said, startBrowser, stripe,
} from './pay_desk.mjs';

let browser;

before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

// toCheckout goes to Stripe's page from an order's own.
async function toCheckout(page) {
  await page.click('#checkout');
  await page.waitForURL(`${desk.sandbox}/c/pay/**`);
}

test('what an address claims about a payment changes nothing', async () => {
  const [mine, other] = await Promise.all([createOrder({ locale: 'en' }), createOrder({ locale: 'en' })]);
  const page = await openPage(browser, other.pay_url);
  await payWith(page, cards.visa);
  await headed(page, 'Paid');
  const [intent] = await intentsOf(other.id);
  const { session_id: session } = await api('POST', `/v1/orders/${(await createOrder()).id}/checkout`, {});
  for (const claim of [`payment_intent=${intent.id}&payment_intent_client_secret=${intent.client_secret}&redirect_status=succeeded`, `session_id=${session}`, 'landed=1']) {
    await page.goto(`${mine.pay_url}?${claim}`);
    await headed(page, 'How would you like to pay?');
    await page.waitForURL(mine.pay_url);
  }
  assert.equal((await orderOf(mine.id)).status, 'open');
});

test('the page says Paid at first paint, before any webhook has come', async () => {
  const { id: fault } = await control('POST', 'delivery-faults', { effect: 'hold' });
  try {
    const order = await createOrder({ locale: 'tr' });
    const page = await openPage(browser, order.pay_url);
    await toCheckout(page);
    await fillCheckout(page, cards.visa);
    const landing = page.waitForResponse((response) => response.url().startsWith(order.pay_url) && response.request().isNavigationRequest());
    await page.click('#submit');
    assert.match(await (await landing).text(), /<h1[^>]*>Ödendi<\/h1>/);
    assert.equal((await api('GET', '/v1/events?limit=100')).data.filter((event) => event.object === order.id).length, 0);
    await assertPaidOnce(order.id);
  } finally {
    await control('DELETE', `delivery-faults/${fault}`);
    await control('POST', 'deliveries/release');
  }
});

test('a browser that closed before it came back finds the order paid', async () => {
  const order = await createOrder({ locale: 'en' });
  const page = await openPage(browser, order.pay_url);
  await toCheckout(page);
  const session = page.url().match(/cs_test_\w+/)[0];
  await page.context().close();
  await control('POST', 'simulate', { type: 'checkout', session, payment_method: 'pm_card_visa' });
  await headed(await openPage(browser, order.pay_url), 'Paid');
  await assertPaidOnce(order.id);
});

test('going back from Stripe\'s page leads to the order, from where it goes on', async () => {
  const order = await createOrder({ locale: 'en' });
  const page = await openPage(browser, order.pay_url);
  await toCheckout(page);
  const first = page.url();
  await page.click('#back');
  await headed(page, 'How would you like to pay?');
  assert.match(await page.textContent('#checkout'), /Continue on Stripe's page/);
  await toCheckout(page);
  assert.equal(page.url().split('?')[0], first.split('?')[0]);
  await fillCheckout(page, cards.visa);
  await page.click('#submit');
  await headed(page, 'Paid');
  await assertPaidOnce(order.id);
});

test('paying here closes the page at Stripe, so that nobody pays twice', async () => {
  const order = await createOrder({ locale: 'en' });
  const page = await openPage(browser, order.pay_url);
  const hosted = await openIn(page.context(), order.pay_url);
  await toCheckout(hosted);
  await page.reload();
  await payWith(page, cards.visa);
  await headed(page, 'Paid');
  await hosted.reload();
  await headed(hosted, /expired|complete/);
  await assertPaidOnce(order.id);
});

test('a page at Stripe that ran out is said, and the order can be paid again', async () => {
  const order = await createOrder({ locale: 'tr' });
  const page = await openPage(browser, order.pay_url);
  await toCheckout(page);
  await stripe('POST', `/v1/checkout/sessions/${page.url().match(/cs_test_\w+/)[0]}/expire`);
  await page.goto(order.pay_url);
  await headed(page, 'Nasıl ödemek istersiniz?');
  assert.match(await page.textContent('#alert'), /süresi doldu/);
  await payWith(page, cards.visa);
  await headed(page, 'Ödendi');
  await assertPaidOnce(order.id);
});

// payBySEPA pays with a bank debit, which is answered later. The account's own choice of methods is cards, so that this
// intent is told of debits, as somebody may do in Stripe's dashboard.
async function payBySEPA(page, order) {
  const { payment_intent_id: intent } = await api('POST', `/v1/orders/${order.id}/payment-intent`, {});
  await stripe('POST', `/v1/payment_intents/${intent}`, { 'payment_method_types[0]': 'card', 'payment_method_types[1]': 'sepa_debit' });
  await page.goto(order.pay_url);
  await ready(page);
  const frame = elementOf(page);
  await frame.locator('[value="sepa_debit"]').check();
  await frame.locator('[data-method="sepa_debit"] [name="name"]').fill('Ayşe Yılmaz');
  await frame.locator('[data-method="sepa_debit"] [name="email"]').fill('ayse@example.com');
  await frame.locator('[name="iban"]').fill('DE89 3704 0044 0532 0130 00');
  await page.click('#pay');
}

for (const [result, end] of [['succeeded', 'Ödendi'], ['failed', 'Nasıl ödemek istersiniz?']]) {
  test(`a delayed payment is being checked, honestly, until it ${result}; the page turns by itself`, async () => {
    const order = await createOrder({ locale: 'tr', currency: 'eur' });
    const page = await openPage(browser, order.pay_url);
    await payBySEPA(page, order);
    await headed(page, 'Ödemeniz kontrol ediliyor');
    assert.equal((await orderOf(order.id)).status, 'processing');
    assert.equal(await page.locator('#pay, #checkout').count(), 0);
    assert.equal(await page.getByText('Lütfen yeniden ödemeyin.').count(), 1);
    const [intent] = await intentsOf(order.id);
    await control('POST', 'simulate', { type: 'async_payment', intent: intent.id, result });
    await headed(page, end);
    if (result === 'succeeded') await assertPaidOnce(order.id);
    else assert.ok((await page.textContent('#alert')).trim());
    await assertClean(page);
  });
}

test('a held amount is shown as held, and as paid once it is collected', async () => {
  const order = await createOrder({ locale: 'en' });
  await api('POST', `/v1/orders/${order.id}/payment-intent`, { capture_method: 'manual' });
  const page = await openPage(browser, order.pay_url);
  await payWith(page, cards.visa);
  await headed(page, 'The amount is reserved');
  await api('POST', `/v1/orders/${order.id}/capture`, {});
  await page.reload();
  await headed(page, 'Paid');
});

test('a canceled order offers no way to pay', async () => {
  const order = await createOrder({ locale: 'tr' });
  await api('POST', `/v1/orders/${order.id}/cancel`, {});
  const page = await openPage(browser, order.pay_url);
  await headed(page, 'Bu sipariş iptal edildi');
  assert.equal(await page.locator('#pay, #checkout').count(), 0);
});

test('without script, Stripe\'s page is a form away and the result is shown', async () => {
  const order = await createOrder({ locale: 'en' });
  const page = await openPage(browser, order.pay_url, { javaScriptEnabled: false });
  assert.equal(await page.locator('noscript .alert').isVisible(), true);
  await toCheckout(page);
  await control('POST', 'simulate', { type: 'checkout', session: page.url().match(/cs_test_\w+/)[0], payment_method: 'pm_card_visa' });
  await page.goto(order.pay_url);
  await headed(page, 'Paid');
});

test('a decline on Stripe\'s page is known to the order\'s own', async () => {
  const order = await createOrder({ locale: 'tr' });
  const page = await openPage(browser, order.pay_url);
  await toCheckout(page);
  await fillCheckout(page, cards.funds);
  await page.click('#submit');
  await page.waitForFunction(() => document.getElementById('alert').textContent);
  await page.goto(order.pay_url);
  await page.locator('#alert', { hasText: 'Kartınızın bakiyesi veya limiti bu ödeme için yeterli değil.' }).waitFor();
  await payWith(page, cards.visa);
  await headed(page, 'Ödendi');
  await assertPaidOnce(order.id);
});

test('a slow Stripe is told honestly, and the page turns by itself', async () => {
  const order = await createOrder({ locale: 'en' });
  const page = await openPage(browser, order.pay_url);
  await payWith(page, cards.funds);
  await said(page);
  const [intent] = await intentsOf(order.id);
  const { id: fault } = await control('POST', 'faults', { method: 'GET', path: `/v1/payment_intents/${intent.id}`, count: 3, when: 'before', effect: 'delay', delay_ms: 8000 });
  try {
    await page.goto(`${order.pay_url}?landed=1`);
    await headed(page, 'We are checking your payment');
    assert.equal(await page.locator('#pay, #checkout').count(), 0);
  } finally {
    await control('DELETE', `faults/${fault}`);
  }
  await headed(page, 'How would you like to pay?');
});
