// Whether everybody can use the buyer's pages and the shop: axe's rules, widths, targets, in both schemes and languages.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { api, cards, createOrder, desk, elementOf, headed, openPage, payWith, ready, said, startBrowser } from './pay_desk.mjs';

const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
let browser;

before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

async function violations(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations: found } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  });
}

const withOrder = (prepare) => async (locale) => {
  const order = await createOrder({ locale });
  if (prepare) await prepare(order);
  return order.pay_url;
};
const pay = (method, more = {}) => (order) => api('POST', `/v1/orders/${order.id}/payment-intent`, { payment_method: method, confirm: true, ...more });

const views = [
  ['an open order', withOrder(), ready],
  ['a declined card', withOrder(), async (page) => {
    await payWith(page, cards.generic);
    await said(page);
  }],
  ['the Card Element', async (locale) => `${await withOrder()(locale)}?element=card`, ready],
  ['a bank that asks', withOrder(pay('pm_card_authenticationRequired')), ready],
  ['an open page at Stripe', withOrder((order) => api('POST', `/v1/orders/${order.id}/checkout`, {})), ready],
  ['a paid order', withOrder(pay('pm_card_visa')), (page) => page.locator('.medal.paid').waitFor()],
  ['a held amount', withOrder(pay('pm_card_visa', { capture_method: 'manual' })), (page) => page.locator('.medal.held').waitFor()],
  ['a canceled order', withOrder((order) => api('POST', `/v1/orders/${order.id}/cancel`, {})), (page) => page.locator('.medal.canceled').waitFor()],
  ['an unknown order', async (locale) => `${desk.service}/pay/ord_none?lang=${locale}`],
  ['the shop', async (locale) => `${desk.shop}?lang=${locale}`],
  ['the empty cart', async (locale) => `${desk.shop}/cart?lang=${locale}`],
  ['the cart with faults', async (locale) => `${desk.shop}?lang=${locale}`, async (page) => {
    await page.locator('.product button').first().click();
    await page.click('.cart-link');
    await page.fill('#email', 'nobody');
    await page.check('#way-intents');
    await page.click('.placing .wide-button');
    await page.locator('#email-error').waitFor();
  }],
  ['the sign-in', async (locale) => `${desk.service}/admin/sign-in?lang=${locale}`],
];

for (const [lang, colorScheme] of [['tr', 'light'], ['en', 'dark']]) {
  for (const [name, address, prepare] of views) {
    test(`${name} passes axe and fits 320 px, ${lang}, ${colorScheme}`, async () => {
      // The policy of our pages would refuse axe itself.
      const page = await openPage(browser, await address(lang), { width: 320, height: 640, colorScheme, bypassCSP: true });
      if (prepare) await prepare(page);
      assert.deepEqual(await violations(page), []);
      assert.equal(await page.getAttribute('html', 'lang'), lang);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, 'scrolls sideways');
      await page.context().close();
    });
  }
}

test('everything that is pressed is at least 44 px high, links in sentences 24', async () => {
  const pages = [await withOrder()('tr'), await withOrder(pay('pm_card_visa'))('tr'), desk.shop, `${desk.service}/admin/sign-in`];
  const page = await openPage(browser, desk.shop, { width: 360 });
  await page.locator('.product button').first().click();
  for (const url of [...pages, `${desk.shop}/cart`]) {
    await page.goto(url);
    const small = await page.evaluate(() => [...document.querySelectorAll('a, button, summary, select, input:not([type="hidden"], [type="radio"], [type="checkbox"])')]
      .filter((one) => {
        const { width, height } = one.getBoundingClientRect();
        const least = one.closest('p') && one.tagName === 'A' && !one.classList.contains('button') ? 24 : 44;
        return one.checkVisibility() && !one.classList.contains('skip') && (height < least || width < 24);
      })
      .map((one) => `${one.outerHTML} ${JSON.stringify(one.getBoundingClientRect())}`));
    assert.deepEqual(small, [], url);
  }
});

test('the text may be spaced out as readers need it', async () => {
  const page = await openPage(browser, await withOrder()('tr'), { width: 360, bypassCSP: true });
  await ready(page);
  await page.addStyleTag({ content: '* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-bottom: 2em !important; }' });
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360);
  const cut = await page.evaluate(() => [...document.querySelectorAll('button, h1, h2, p')].filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow !== 'visible').map((one) => one.outerHTML));
  assert.deepEqual(cut, []);
});

test('an element follows the visitor\'s colour scheme when it changes', async () => {
  const page = await openPage(browser, await withOrder()('en'), { colorScheme: 'light' });
  await ready(page);
  const theme = () => elementOf(page).locator('html').getAttribute('data-theme');
  assert.equal(await theme(), 'stripe');
  await page.emulateMedia({ colorScheme: 'dark' });
  await elementOf(page).locator('html[data-theme="night"]').waitFor();
});

test('a reader of the screen is told what happens without losing the place', async () => {
  const page = await openPage(browser, await withOrder()('tr'));
  await payWith(page, cards.funds);
  const sentence = await said(page);
  const alert = page.locator('[role="alert"]', { hasText: sentence });
  assert.equal(await alert.count(), 1);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'pay');
  await payWith(page, cards.visa);
  await headed(page, 'Ödendi');
  assert.equal(await page.title(), `Ödendi · Sipariş ${(await page.textContent('.summary .soft')).match(/\d+/)[0]}`);
});
