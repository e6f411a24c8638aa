// Paying on our own page with Stripe's Payment Element: declines, authentication, keyboards, double clicks, second tabs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import {
  actionsOf, assertClean, assertPaidOnce, cards, challengeOf, createOrder, desk, elementOf, fillElement, headed, intentsOf, openIn, openPage, orderOf, payWith, ready,
  said, startBrowser,
} from './pay_desk.mjs';

const { messages } = JSON.parse(readFileSync(new URL('../../internal/text/declines.json', import.meta.url), 'utf8'));
let browser;

before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

async function openOrder(more = {}, view = {}) {
  const order = await createOrder(more);
  return { order, page: await openPage(browser, order.pay_url, view) };
}

for (const [locale, word] of [['tr', 'Ödendi'], ['en', 'Paid']]) {
  test(`an order is paid on our page, in ${locale}, and our origin sees no card`, async () => {
    const { order, page } = await openOrder({ locale });
    assert.equal(await page.getAttribute('html', 'lang'), locale);
    const total = locale === 'tr' ? '₺2.345,00' : '₺2,345.00';
    assert.equal(await page.textContent('.sum strong'), total);
    assert.match(await page.textContent('#pay'), new RegExp(total.replace(/[.₺]/g, '\\$&')));
    await payWith(page, cards.mastercard);
    await headed(page, word);
    const paid = await assertPaidOnce(order.id);
    assert.match(await page.textContent('.facts'), new RegExp(`${paid.invoice_number}.*${total.replace(/[.₺]/g, '\\$&')}`, 's'));
    const pdf = await page.request.get(`${order.pay_url}/invoice.pdf`);
    assert.equal(pdf.headers()['content-type'], 'application/pdf');
    assert.equal((await pdf.body()).subarray(0, 5).toString(), '%PDF-');
    await assertClean(page);
  });
}

const declines = [
  ['generic', 'generic', 'generic_decline'], ['funds', 'funds', 'insufficient_funds'], ['lost', 'generic', 'lost_card'], ['stolen', 'generic', 'stolen_card'],
  ['expired', 'expired', 'expired_card'], ['cvc', 'cvc', 'incorrect_cvc'], ['processing', 'again2', 'processing_error'], ['velocity', 'limit', 'card_velocity_exceeded'],
  ['blocked', 'generic', ''],
];
for (const locale of ['tr', 'en']) {
  test(`each decline has its sentence in ${locale}, the form stays, and another card pays the same intent`, async () => {
    const { order, page } = await openOrder({ locale });
    // The last answer about each card, as its bytes came.
    const states = new Map();
    const listen = (response) => response.url().endsWith('/state') && states.set(card, response.text());
    page.on('response', listen);
    let card;
    for (const [name, key] of declines) {
      card = name;
      await payWith(page, cards[name]);
      assert.equal(await said(page), messages[key][locale], name);
      // What was typed is still there, and the button can be pressed again.
      assert.equal((await elementOf(page).locator('[name="number"]').inputValue()).replace(/\s/g, ''), cards[name]);
      assert.equal(await page.getAttribute('#pay', 'aria-busy'), 'false');
    }
    page.off('response', listen);
    for (const name of ['lost', 'stolen', 'blocked']) assert.equal(await states.get(name), await states.get('generic'));
    assert.equal((await orderOf(order.id)).status, 'open');
    await payWith(page, cards.visa);
    await headed(page, locale === 'tr' ? 'Ödendi' : 'Paid');
    await assertPaidOnce(order.id);
    assert.equal((await intentsOf(order.id)).length, 1);
    const failed = await actionsOf(order.id, 'payment.failed');
    assert.equal(failed.length, declines.length);
    for (const [, , code] of declines) assert.ok(failed.some(({ detail }) => !code || [detail.decline_code, detail.code].includes(code)), code);
    await assertClean(page);
  });
}

test('what is wrong before anything is sent is said at once, and our origin hears nothing of it', async () => {
  const { page } = await openOrder({ locale: 'tr' });
  await ready(page);
  page.sent.length = 0;
  await page.click('#pay');
  await page.locator('#element-error', { hasText: 'Kart numarası eksik.' }).waitFor();
  await elementOf(page).locator('[name="number"]:focus').waitFor();
  for (const [number, details, sentence] of [
    ['4242424242424241', {}, 'Bu geçerli bir kart numarası değil.'],
    [cards.visa, { expiry: '13 / 39' }, 'Son kullanma ayı geçersiz.'],
    [cards.visa, { expiry: '12 / 19' }, 'Son kullanma yılı geçmiş.'],
    [cards.visa, { cvc: '99' }, 'Güvenlik kodu (CVC) eksik.'],
  ]) {
    await payWith(page, number, details);
    await page.locator('#element-error', { hasText: sentence }).waitFor();
    await elementOf(page).locator('[aria-invalid="true"]').first().waitFor();
  }
  assert.deepEqual(page.sent, []);
  assert.equal(await page.textContent('#alert'), '');
});

test('3-D Secure is passed, and the order is paid once', async () => {
  const { order, page } = await openOrder({ locale: 'tr' });
  await payWith(page, cards.secure);
  await challengeOf(page).locator('#test-source-authorize-3ds').click();
  await headed(page, 'Ödendi');
  await assertPaidOnce(order.id);
  assert.ok((await actionsOf(order.id, 'payment.requires_action')).length >= 1);
  await assertClean(page);
});

test('3-D Secure that fails is said, and another card pays the same intent', async () => {
  const { order, page } = await openOrder({ locale: 'en' });
  await payWith(page, cards.secure);
  await challengeOf(page).locator('#test-source-fail-3ds').click();
  assert.equal(await said(page), messages.authfail.en);
  assert.equal((await orderOf(order.id)).status, 'open');
  await payWith(page, cards.visa);
  await headed(page, 'Paid');
  await assertPaidOnce(order.id);
  assert.equal((await intentsOf(order.id)).length, 1);
});

test('3-D Secure that is given up with Escape leaves the form as it was', async () => {
  const { order, page } = await openOrder({ locale: 'tr' });
  await payWith(page, cards.secure);
  await challengeOf(page).locator('#test-source-authorize-3ds:focus').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await said(page), messages.authfail.tr);
  await page.waitForFunction(() => document.activeElement.id === 'pay');
  await page.click('#pay');
  await challengeOf(page).locator('#test-source-authorize-3ds').click();
  await headed(page, 'Ödendi');
  await assertPaidOnce(order.id);
});

test('a challenge survives a reload: the page offers to go on with it', async () => {
  const { order, page } = await openOrder({ locale: 'tr' });
  await payWith(page, cards.secure);
  await challengeOf(page).locator('#test-source-authorize-3ds').waitFor();
  await page.reload();
  await headed(page, 'Bankanız onayınızı istiyor');
  await page.locator('#continue:enabled').click();
  await challengeOf(page).locator('#test-source-authorize-3ds').click();
  await headed(page, 'Ödendi');
  await assertPaidOnce(order.id);
  await assertClean(page);
});

test('a challenge that was abandoned is resumed another day, or another card is used', async () => {
  for (const resume of [true, false]) {
    const { order, page } = await openOrder({ locale: 'en' });
    await payWith(page, cards.secure);
    await challengeOf(page).locator('#test-source-authorize-3ds').waitFor();
    await page.context().close();
    const again = await openPage(browser, order.pay_url);
    await headed(again, 'Your bank asks you to confirm');
    if (resume) {
      await again.locator('#continue:enabled').click();
      await challengeOf(again).locator('#test-source-authorize-3ds').click();
    } else {
      await payWith(again, cards.visa);
    }
    await headed(again, 'Paid');
    await assertPaidOnce(order.id);
  }
});

test('authentication that passes and a bank that declines then', async () => {
  const { order, page } = await openOrder({ locale: 'tr' });
  await payWith(page, cards.secureFunds);
  await challengeOf(page).locator('#test-source-authorize-3ds').click();
  assert.equal(await said(page), messages.funds.tr);
  const { status, invoice_number: number } = await orderOf(order.id);
  assert.deepEqual([status, number], ['open', '']);
});

test('cards that need no challenge, or cannot have one', async () => {
  for (const [name, paid] of [['frictionless', true], ['unsupported', true], ['lookupError', false]]) {
    const { order, page } = await openOrder({ locale: 'en' });
    await payWith(page, cards[name]);
    if (paid) {
      await headed(page, 'Paid');
      await assertPaidOnce(order.id);
    } else {
      await said(page);
      assert.equal((await orderOf(order.id)).status, 'open', name);
    }
  }
});

test('the keyboard alone pays, through a challenge too', async () => {
  const { order, page } = await openOrder({ locale: 'tr' });
  await ready(page);
  const reach = async (selector, inFrame) => {
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press('Tab');
      const place = inFrame ? elementOf(page) : page;
      if (await place.locator(`${selector}:focus`).count()) return;
    }
    assert.fail(`${selector} cannot be reached`);
  };
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  await reach('[name="number"]', true);
  await page.keyboard.type(cards.secure);
  await reach('[name="expiry"]', true);
  await page.keyboard.type('1239');
  await reach('[name="cvc"]', true);
  await page.keyboard.type('123');
  await reach('#pay', false);
  await page.keyboard.press('Enter');
  await challengeOf(page).locator('#test-source-authorize-3ds:focus').waitFor();
  await page.keyboard.press('Enter');
  await headed(page, 'Ödendi');
  await assertPaidOnce(order.id);
});

test('Enter in the form pays as the button does', async () => {
  const { order, page } = await openOrder({ locale: 'en' });
  await fillElement(page, cards.visa);
  await elementOf(page).locator('[name="cvc"]').press('Enter');
  await headed(page, 'Paid');
  await assertPaidOnce(order.id);
});

test('double clicks, and Enter with a click, confirm once', async () => {
  for (const press of [
    (page) => page.evaluate(() => { document.getElementById('pay').click(); document.getElementById('pay').click(); }),
    (page) => page.dblclick('#pay', { force: true, noWaitAfter: true }),
    (page) => page.evaluate(() => { document.getElementById('form').requestSubmit(); document.getElementById('pay').click(); }),
  ]) {
    const { order, page } = await openOrder({ locale: 'en' });
    const confirmed = [];
    page.on('request', (request) => request.method() === 'POST' && request.url().endsWith('/confirm') && confirmed.push(request.url()));
    await fillElement(page, cards.visa);
    await press(page);
    await headed(page, 'Paid');
    assert.equal(confirmed.length, 1);
    assert.equal(page.sent.filter((one) => /^POST \S+\/intent /.test(one)).length, 1);
    await assertPaidOnce(order.id);
  }
});

test('the button is busy while the payment is under way', async () => {
  const { page } = await openOrder({ locale: 'tr' });
  await ready(page);
  const held = new Promise((resolve) => page.route('**/intent', resolve));
  await payWith(page, cards.visa);
  const route = await held;
  assert.equal(await page.getAttribute('#pay', 'aria-busy'), 'true');
  assert.match(await page.textContent('#pay'), /Ödeniyor…/);
  assert.equal(await page.isDisabled('#checkout'), true);
  await route.continue();
  await headed(page, 'Ödendi');
});

test('two tabs pay one order once, and both say so', async () => {
  const order = await createOrder({ locale: 'en' });
  const first = await openPage(browser, order.pay_url);
  const second = await openIn(first.context(), order.pay_url);
  await fillElement(first, cards.visa);
  await fillElement(second, cards.mastercard);
  await first.click('#pay');
  await headed(first, 'Paid');
  await second.click('#pay');
  await headed(second, 'Paid');
  await assertPaidOnce(order.id);
});

test('where Stripe.js cannot be loaded, the page says so and Stripe\'s page is still there', async () => {
  const order = await createOrder({ locale: 'tr' });
  const page = await openPage(browser, order.pay_url, { prepare: (context) => context.route(`${desk.sandbox}/**/*.js`, (route) => route.abort()) });
  await page.waitForFunction(() => document.getElementById('alert').textContent.trim());
  assert.equal((await page.textContent('#alert')).trim(), messages.formblocked.tr);
  assert.equal(await page.isDisabled('#pay'), true);
  assert.equal(await page.isEnabled('#checkout'), true);
});

test('without a connection to our server nothing is lost', async () => {
  const { order, page } = await openOrder({ locale: 'en' });
  await fillElement(page, cards.visa);
  await page.route('**/intent', (route) => route.abort());
  await page.click('#pay');
  await said(page);
  assert.equal((await orderOf(order.id)).status, 'open');
  await page.unroute('**/intent');
  await page.click('#pay');
  await headed(page, 'Paid');
  await assertPaidOnce(order.id);
});
