// The operators' dashboard: signing in by the link, what needs a person, the trail of an order, refunds that act once.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { actionsOf, api, assertClean, cards, createOrder, desk, headed, openPage, orderOf, payWith, said, startBrowser, stripe } from './pay_desk.mjs';

const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
let browser;
let storageState;
let number = 0;

before(async () => {
  browser = await startBrowser();
  // The session is shared by the tests.
  const page = await openPage(browser, desk.admin, { locale: 'tr-TR' });
  await headed(page, 'Genel bakış');
  assert.equal(page.url(), `${desk.service}/admin`);
  storageState = await page.context().storageState();
  await page.context().close();
});
after(() => browser?.close());

const open = (path, view = {}) => openPage(browser, desk.service + path, { locale: 'tr-TR', storageState, ...view });

// paidOrder is paid from the server, with a method that may change it later.
async function paidOrder(method = 'pm_card_visa', more = {}) {
  const order = await createOrder({ locale: 'tr', customer: { name: `Işıl Aydınlık ${++number}`, email: `isil${number}@example.com` }, ...more });
  await api('POST', `/v1/orders/${order.id}/payment-intent`, { payment_method: method, confirm: true, ...more.intent });
  return orderOf(order.id);
}

test('the link that dev prints signs in again, a link that nobody made leads nowhere, and strangers are sent to sign in', async () => {
  const again = await openPage(browser, desk.admin);
  await headed(again, 'Overview');
  const page = await openPage(browser, `${desk.service}/admin/sign-in?token=${'0'.repeat(64)}`, { locale: 'tr-TR' });
  await page.locator('[role="alert"]', { hasText: 'Bu giriş bağlantısı artık geçerli değil.' }).waitFor();
  await page.goto(`${desk.service}/admin/orders`);
  await headed(page, 'Giriş yap');
  await page.fill('#name', 'dev');
  await page.fill('#password', 'not the password');
  await page.keyboard.press('Enter');
  await page.locator('[role="alert"]', { hasText: 'Ad ya da parola doğru değil.' }).waitFor();
  assert.equal(await page.inputValue('#name'), 'dev');
});

test('operators see the true code and the trail, buyers do not', async () => {
  const order = await createOrder({ locale: 'tr', customer: { name: 'Çağrı Öğüş', email: 'cagri@example.com' } });
  const buyer = await openPage(browser, order.pay_url);
  await payWith(buyer, cards.stolen);
  await said(buyer);
  assert.equal((await buyer.content()).includes('stolen'), false);
  await payWith(buyer, cards.visa);
  await headed(buyer, 'Ödendi');

  const page = await open('/admin/orders');
  await page.fill('#q', 'ÇAĞRI');
  await page.keyboard.press('Enter');
  await page.locator('.rows a', { hasText: String(order.number) }).click();
  await headed(page, `Sipariş ${order.number}`);
  const timeline = page.locator('.timeline');
  await timeline.getByText('stolen_card').waitFor();
  await timeline.getByText('Kartınız reddedildi.').waitFor();
  await timeline.locator('li.paid', { hasText: 'order.paid' }).waitFor();
  // Each line can be followed to the event that made us look.
  const event = timeline.locator('a[href^="/admin/events/evt_"]').first();
  if (await event.count()) {
    await event.click();
    await page.locator('pre').waitFor();
    assert.equal(/_secret_(?!\[)\w/.test(await page.textContent('pre')), false);
  }
  await assertClean(page);
});

test('a part is refunded after a question, once for a double click, and too much is refused', async () => {
  const order = await paidOrder();
  const page = await open(`/admin/orders/${order.id}`);
  await page.fill('#refund-amount', '345,00');
  await page.selectOption('#refund-reason', 'requested_by_customer');
  await page.click('.act button');
  await headed(page, `${order.number} numaralı siparişin ₺345,00 tutarı iade edilsin mi?`);
  assert.equal((await orderOf(order.id)).amount_refunded, 0);
  await page.evaluate(() => {
    const form = document.querySelector('form.buttons');
    const send = () => fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)), redirect: 'manual' });
    return Promise.all([send(), send()]).then(() => undefined);
  });
  await page.click('#confirm');
  await page.locator('[role="status"]', { hasText: 'İade yola çıktı.' }).waitFor();
  await page.locator('.title .status', { hasText: 'Kısmen iade edildi' }).waitFor();
  assert.equal((await orderOf(order.id)).amount_refunded, 34500);
  assert.equal((await stripe('GET', `/v1/refunds?payment_intent=${(await actionsOf(order.id, 'order.paid'))[0].object}`)).data.length, 1);
  const [asked] = await actionsOf(order.id, 'refund.requested');
  assert.match(asked.actor, /^operator:/);
  await page.fill('#refund-amount', '2000,01');
  await page.click('.act button');
  await page.locator('[role="alert"]', { hasText: 'iade edilebilecek tutardan fazla' }).waitFor();
  assert.equal(await page.inputValue('#refund-amount'), '2000,01');
});

test('a held amount is collected in part, another is released by canceling', async () => {
  const held = { intent: { capture_method: 'manual' } };
  const first = await createOrder({ locale: 'tr' });
  await api('POST', `/v1/orders/${first.id}/payment-intent`, { payment_method: 'pm_card_visa', confirm: true, ...held.intent });
  const page = await open(`/admin/orders/${first.id}`);
  await page.locator('.title .status', { hasText: 'Tutar ayrıldı' }).waitFor();
  await page.fill('#capture-amount', '2000');
  await page.click('form[action$="/capture"] button');
  await page.click('#confirm');
  await page.locator('.title .status', { hasText: 'Ödendi' }).waitFor();
  assert.equal((await orderOf(first.id)).amount_paid, 200000);

  const second = await createOrder({ locale: 'tr' });
  await api('POST', `/v1/orders/${second.id}/payment-intent`, { payment_method: 'pm_card_visa', confirm: true, ...held.intent });
  await page.goto(`${desk.service}/admin/orders/${second.id}`);
  await page.click('form[action$="/cancel"] button');
  await page.click('#confirm');
  await page.locator('[role="status"]', { hasText: 'İptal yola çıktı.' }).waitFor();
  await page.locator('.title .status', { hasText: 'İptal edildi' }).waitFor();
  assert.equal((await orderOf(second.id)).status, 'canceled');
});

test('a dispute comes first on the overview, and forbids a refund', async () => {
  const order = await paidOrder('pm_card_createDispute');
  const page = await open('/admin');
  const row = page.locator('.urgent .rows tr', { hasText: String(order.number) });
  while (!(await row.count())) {
    await Promise.all([page.waitForEvent('load'), page.reload()]);
  }
  await row.getByText('Kart sahibi bu ödemeye itiraz etti.').waitFor();
  await row.locator('a').click();
  await page.getByText('İtiraz edilen bir ödeme iade edilemez.').waitFor();
});

test('everything works without script', async () => {
  const order = await paidOrder();
  const page = await open(`/admin/orders?q=${order.number}`, { javaScriptEnabled: false });
  await page.locator('.rows a', { hasText: String(order.number) }).click();
  await page.click('.act button');
  await page.click('#confirm');
  await page.locator('.title .status', { hasText: /^İade edildi$/ }).waitFor();
  await page.locator('.languages a[lang="en"]').click();
  await page.locator('.title .status', { hasText: /^Refunded$/ }).waitFor();
});

for (const [lang, colorScheme] of [['tr', 'dark'], ['en', 'light']]) {
  test(`every page of the dashboard passes axe and fits 320 px, ${lang}, ${colorScheme}`, async () => {
    const order = await paidOrder();
    const { data } = await api('GET', '/v1/events?limit=1');
    const paths = ['/admin', '/admin/orders', '/admin/orders?q=nothing%20at%20all', `/admin/orders/${order.id}`, '/admin/events', `/admin/events/${data[0].id}`];
    const page = await open('/admin', { width: 320, height: 640, colorScheme, bypassCSP: true });
    for (const path of paths) {
      await page.goto(`${desk.service}${path}${path.includes('?') ? '&' : '?'}lang=${lang}`);
      assert.equal(await page.getAttribute('html', 'lang'), lang);
      await page.evaluate(axe);
      const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
        .then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)));
      assert.deepEqual(found, [], path);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, `${path} scrolls sideways`);
    }
  });
}
