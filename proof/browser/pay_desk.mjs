// What the browser tests of the product's pages share: the running desk, its REST API, the sandbox behind it, and a browser
// that notes every fault, every violated policy and every card number that reaches our own origin.
//
// VEZNE_READY_FILE names the file that `vezne dev --ready-file` wrote.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

if (!process.env.VEZNE_READY_FILE) throw new Error('VEZNE_READY_FILE must name the file that `vezne dev --ready-file` wrote');
export const desk = JSON.parse(readFileSync(process.env.VEZNE_READY_FILE, 'utf8'));

// Published test numbers: docs.stripe.com/testing.
export const cards = {
  visa: '4242424242424242',
  mastercard: '5555555555554444',
  generic: '4000000000000002',
  funds: '4000000000009995',
  lost: '4000000000009987',
  stolen: '4000000000009979',
  expired: '4000000000000069',
  cvc: '4000000000000127',
  processing: '4000000000000119',
  velocity: '4000000000006975',
  blocked: '4100000000000019',
  secure: '4000002760003184',
  secureFunds: '4000008260003178',
  frictionless: '4000000032200000',
  unsupported: '378282246310005',
  lookupError: '4000008400001280',
};

async function json(method, url, headers, body) {
  const response = await fetch(url, { method, headers, body });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

// api asks the product's REST API, as an application would.
export const api = (method, path, body) => json(method, desk.service + path, {
  Authorization: `Bearer ${desk.api_token}`, ...(body ? { 'Content-Type': 'application/json' } : {}),
}, body && JSON.stringify(body));

// stripe asks the sandbox, as Stripe's own dashboard would; control asks it to do what people and banks do.
export const stripe = (method, path, params) => json(method, desk.sandbox + path, { Authorization: `Bearer ${desk.secret_key}` }, params && new URLSearchParams(params));
export const control = (method, path, body) => json(method, `${desk.sandbox}/_sandbox/${path}`, {
  Authorization: `Bearer ${desk.secret_key}`, 'Content-Type': 'application/json',
}, body && JSON.stringify(body));

// createOrder makes an order over 2.345,00 of its currency.
export const createOrder = (more = {}) => api('POST', '/v1/orders', {
  currency: 'try',
  lines: [{ name: 'Türk kahvesi, 250 g', unit_amount: 42250, quantity: 2 }, { name: 'Bakır cezve', unit_amount: 150000 }],
  ...more,
});

export const orderOf = (id) => api('GET', `/v1/orders/${id}`);
export const timelineOf = async (id) => (await api('GET', `/v1/orders/${id}/timeline`)).data;
export const actionsOf = async (id, action) => (await timelineOf(id)).filter((line) => line.action === action);

// intentsOf are the PaymentIntents at Stripe that belong to an order.
export const intentsOf = async (id) => (await stripe('GET', '/v1/payment_intents?limit=100')).data.filter((one) => one.metadata.vezne_order === id);

// assertPaidOnce checks what must be true of every paid order.
export async function assertPaidOnce(id) {
  const order = await orderOf(id);
  assert.equal(order.status, 'paid');
  assert.equal(order.amount_paid, order.amount_total);
  assert.deepEqual(order.attention, []);
  assert.equal((await actionsOf(id, 'order.paid')).length, 1);
  assert.equal((await intentsOf(id)).filter((one) => one.status === 'succeeded').length, 1);
  assert.match(order.invoice_number, /^VZ-\d{4}-\d{6}$/);
  return order;
}

export const startBrowser = () => chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });

// openPage opens a page in a context of its own, whose faults and requests to our own origin are kept.
export async function openPage(browser, url, { width = 1280, height = 860, locale = 'en-US', prepare, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale, ...options });
  if (prepare) await prepare(context);
  return openIn(context, url);
}

export async function openIn(context, url) {
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.faults = [];
  page.sent = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => {
    // A declined card is an answer of Stripe's that the console calls a failure.
    if (message.type() === 'error' && !/status of 402/.test(message.text())) page.faults.push(message.text());
  });
  page.on('request', (request) => {
    if (request.url().startsWith(desk.service)) page.sent.push(`${request.method()} ${request.url()} ${JSON.stringify(request.headers())} ${request.postData() || ''}`);
  });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(url);
  return page;
}

// assertClean checks that no script failed, no policy was violated, and no card number reached our origin.
export async function assertClean(page) {
  assert.deepEqual(page.faults, []);
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  const sent = page.sent.map((one) => one.replace(/[\s-]/g, ''));
  for (const number of Object.values(cards)) assert.deepEqual(sent.filter((one) => one.includes(number)), []);
}

// The element on our page.
export const elementOf = (page) => page.frameLocator('#element iframe');
export const challengeOf = (page) => page.frameLocator('iframe[name="stripe-challenge-frame"]');
export const ready = (page) => page.locator('#pay:enabled').waitFor();

export async function fillElement(page, number, { expiry = '12 / 39', cvc = '123' } = {}) {
  await ready(page);
  const frame = elementOf(page);
  await frame.locator('[name="number"]').fill(number);
  await frame.locator('[name="expiry"]').fill(expiry);
  await frame.locator('[name="cvc"]').fill(number.startsWith('37') ? '1234' : cvc);
}

export async function payWith(page, number, details) {
  await fillElement(page, number, details);
  await page.click('#pay');
}

// said waits for the sentence about a failed try, and for the form to be usable again.
export async function said(page) {
  await page.waitForFunction(() => document.getElementById('alert')?.textContent.trim() && document.querySelector('#pay:enabled'));
  return (await page.textContent('#alert')).trim();
}

export const headed = (page, text) => page.locator('h1', { hasText: text }).waitFor();

// fillCheckout types a card into Stripe's page.
export async function fillCheckout(page, number, { email = 'ayse@example.com' } = {}) {
  if (email && !(await page.locator('#email[readonly]').count())) await page.fill('#email', email);
  await page.fill('#cardNumber', number);
  await page.fill('#cardExpiry', '12 / 39');
  await page.fill('#cardCvc', '123');
  await page.fill('#billingName', 'Ayşe Yılmaz');
}
