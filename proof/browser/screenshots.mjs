// Pictures of every page, for people to look at: `make screenshots`, or node screenshots.mjs [folder]. Starts bin/vezne, or
// uses the desk that VEZNE_READY_FILE names.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = process.argv[2] || new URL('out', import.meta.url).pathname;
mkdirSync(folder, { recursive: true });

// startDesk starts a desk on free ports over a new folder and answers how to end it.
async function startDesk() {
  const dir = mkdtempSync(join(tmpdir(), 'vezne-screenshots-'));
  process.env.VEZNE_READY_FILE = join(dir, 'ready.json');
  const dev = spawn(new URL('../../bin/vezne', import.meta.url).pathname, [
    'dev', '--addr', '127.0.0.1:0', '--sandbox-addr', '127.0.0.1:0', '--data', join(dir, 'data'), '--ready-file', process.env.VEZNE_READY_FILE,
  ], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => dev.on('exit', resolve));
  await new Promise((resolve, reject) => {
    dev.stdout.once('data', resolve); // it greets once everything answers
    dev.once('error', reject);
    ended.then((code) => reject(new Error(`vezne dev ended with ${code}`)));
  });
  dev.stdout.resume();
  return async () => {
    dev.kill('SIGTERM');
    await ended;
    rmSync(dir, { recursive: true });
  };
}

const stop = process.env.VEZNE_READY_FILE ? async () => {} : await startDesk();
const { api, cards, challengeOf, control, createOrder, desk, fillElement, openPage, payWith, ready, said, startBrowser, stripe } = await import('./pay_desk.mjs');
const browser = await startBrowser();

// What the dashboard shows: a few orders of each kind, with names that need their letters.
const buyers = ['Çağrı Öğüş', 'Işıl Aydınlık', 'Şükrü Ünal', 'Ayşe Yılmaz', 'Gökçe İnan', ''];
const confirm = (order, method, more = {}) => api('POST', `/v1/orders/${order.id}/payment-intent`, { payment_method: method, confirm: true, ...more });
const named = (name, locale = 'tr') => createOrder({ locale, ...(name ? { customer: { name, email: 'alici@example.com' } } : {}) });

async function trail() {
  const order = await named('Çağrı Öğüş');
  await confirm(order, 'pm_card_visa_chargeDeclinedStolenCard');
  await confirm(order, 'pm_card_visa');
  await api('POST', `/v1/orders/${order.id}/refunds`, { amount: 34500, reason: 'requested_by_customer' });
  return order;
}
for (const [i, name] of buyers.entries()) {
  const order = await named(name);
  if (i % 3 === 0) await confirm(order, 'pm_card_visa');
  if (i === 1) await confirm(order, 'pm_card_createDispute');
  if (i === 2) await confirm(order, 'pm_card_visa', { capture_method: 'manual' });
  if (i === 4) await api('POST', `/v1/orders/${order.id}/cancel`, {});
}
const kept = await trail();
await control('GET', 'idle?timeout_seconds=20');
const events = (await api('GET', '/v1/events?limit=50')).data;

const visitor = await openPage(browser, desk.admin);
const storageState = await visitor.context().storageState();

// withOrder opens an order's page after something has happened to it.
const withOrder = (before, then) => async (lang, view) => {
  const order = await named('Ayşe Yılmaz', lang);
  if (before) await before(order);
  const page = await openPage(browser, order.pay_url, view);
  if (then) await then(page, order);
  return page;
};
const at = (path, then) => async (lang, view) => {
  const page = await openPage(browser, `${desk.service}${path}${path.includes('?') ? '&' : '?'}lang=${lang}`, view);
  if (then) await then(page);
  return page;
};
const admin = (path, then) => (lang, view) => at(path, then)(lang, { ...view, storageState });
const fillCart = async (page) => {
  for (const i of [0, 1, 2]) {
    await page.locator('.product').nth(i).locator('button').click();
    await page.locator('.count', { hasText: String(i + 1) }).waitFor();
  }
  await page.click('.cart-link');
};

async function delayed(order) {
  const { payment_intent_id: intent } = await api('POST', `/v1/orders/${order.id}/payment-intent`, {});
  await stripe('POST', `/v1/payment_intents/${intent}`, { 'payment_method_types[0]': 'card', 'payment_method_types[1]': 'sepa_debit' });
  await stripe('POST', `/v1/payment_intents/${intent}/confirm`, {
    'payment_method_data[type]': 'sepa_debit', 'payment_method_data[sepa_debit][iban]': 'DE89370400440532013000', 'payment_method_data[billing_details][name]': 'Ayşe',
    'payment_method_data[billing_details][email]': 'ayse@example.com', 'mandate_data[customer_acceptance][type]': 'offline',
  });
}

const pages = {
  shop: at('/shop'),
  cart: at('/shop', fillCart),
  'cart-intents': at('/shop', async (page) => {
    await fillCart(page);
    await page.check('#way-intents');
    await page.fill('#email', 'ayse@');
    await page.click('.placing .wide-button');
  }),
  'cart-empty': at('/shop/cart'),
  pay: withOrder(null, ready),
  'pay-filled': withOrder(null, (page) => fillElement(page, cards.visa)),
  'pay-card': async (lang, view) => {
    const page = await openPage(browser, `${(await named('', lang)).pay_url}?element=card`, view);
    await ready(page);
    return page;
  },
  'pay-declined': withOrder(null, async (page) => {
    await payWith(page, cards.funds);
    await said(page);
  }),
  'pay-challenge': withOrder(null, async (page) => {
    await payWith(page, cards.secure);
    await challengeOf(page).locator('#test-source-authorize-3ds').waitFor();
  }),
  'pay-action': withOrder((order) => confirm(order, 'pm_card_authenticationRequired'), ready),
  'pay-checkout-open': withOrder((order) => api('POST', `/v1/orders/${order.id}/checkout`, {}), ready),
  'pay-paid': withOrder((order) => confirm(order, 'pm_card_visa')),
  'pay-refunded': withOrder(async (order) => {
    await confirm(order, 'pm_card_visa');
    await api('POST', `/v1/orders/${order.id}/refunds`, { amount: 34500 });
  }),
  'pay-processing': async (lang, view) => {
    const order = await createOrder({ locale: lang, currency: 'eur' });
    await delayed(order);
    return openPage(browser, order.pay_url, view);
  },
  'pay-held': withOrder((order) => confirm(order, 'pm_card_visa', { capture_method: 'manual' })),
  'pay-canceled': withOrder((order) => api('POST', `/v1/orders/${order.id}/cancel`, {})),
  missing: at('/pay/ord_none'),
  'admin-sign-in': at('/admin/sign-in'),
  'admin-overview': admin('/admin'),
  'admin-orders': admin('/admin/orders'),
  'admin-order': admin(`/admin/orders/${kept.id}`),
  'admin-refund': admin(`/admin/orders/${kept.id}`, (page) => page.click('.act button')),
  'admin-events': admin('/admin/events'),
  'admin-event': admin(`/admin/events/${events.find(({ type }) => type === 'payment_intent.succeeded').id}`),
};

const wanted = (process.env.PAGES || Object.keys(pages).join()).split(',');
for (const name of wanted) {
  for (const lang of ['tr', 'en']) {
    for (const width of [360, 1280]) {
      for (const colorScheme of ['light', 'dark']) {
        const page = await pages[name](lang, { width, height: width === 360 ? 740 : 860, colorScheme, locale: lang });
        // The whole page in one view: frames outside of it would not be painted.
        await page.setViewportSize({ width, height: await page.evaluate(() => document.documentElement.scrollHeight) });
        await page.screenshot({ path: join(folder, `${name}-${lang}-${width}-${colorScheme}.png`) });
        await page.context().close();
      }
    }
  }
}
await browser.close();
if (!process.env.PAGES) {
  process.env.SANDBOX_URL = desk.sandbox;
  await import('./sandbox_screenshots.mjs');
}
await stop();
