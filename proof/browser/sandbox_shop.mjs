// What the sandbox's browser tests share: the sandbox under test, a shop that uses it under a strict policy, and a browser.
//
// SANDBOX_URL names a running sandbox. Each test file takes an account of its own, so that files never meet.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { chromium } from 'playwright-core';

export const sandbox = process.env.SANDBOX_URL;
if (!sandbox) throw new Error('SANDBOX_URL must name a running sandbox, such as http://127.0.0.1:12111');

const account = `pages${randomBytes(6).toString('hex')}`;
export const publishableKey = `pk_test_${account}`;

// api asks the sandbox as the shop's server would, and throws what it refuses.
export async function api(method, path, params = {}) {
  const response = await fetch(sandbox + path, {
    method,
    headers: { Authorization: `Bearer sk_test_${account}` },
    body: method === 'GET' ? undefined : new URLSearchParams(params),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(body)}`);
  return body;
}

// settings changes the account's settings, as Stripe's dashboard does.
export async function settings(change) {
  const response = await fetch(`${sandbox}/_sandbox/settings`, {
    method: 'POST',
    headers: { Authorization: `Bearer sk_test_${account}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(change),
  });
  if (!response.ok) throw new Error(`settings: ${response.status} ${await response.text()}`);
}

export const order = {
  mode: 'payment',
  'line_items[0][quantity]': '2',
  'line_items[0][price_data][currency]': 'try',
  'line_items[0][price_data][unit_amount]': '42250',
  'line_items[0][price_data][product_data][name]': 'Türk kahvesi, 250 g',
  'line_items[1][quantity]': '1',
  'line_items[1][price_data][currency]': 'try',
  'line_items[1][price_data][unit_amount]': '150000',
  'line_items[1][price_data][product_data][name]': 'Bakır cezve',
};

// trial makes a session's order a monthly subscription that costs nothing at first.
export const trial = {
  mode: 'subscription',
  'line_items[0][price_data][recurring][interval]': 'month',
  'line_items[1][price_data][recurring][interval]': 'month',
  'subscription_data[trial_period_days]': '14',
};

// createSession makes a Checkout Session over ₺2.345,00 that comes back to the shop. Embedded ones have a return_url instead.
export function createSession(shop, params = {}) {
  const ways = params.ui_mode ? {} : { success_url: `${shop.url}/thanks?session_id={CHECKOUT_SESSION_ID}`, cancel_url: `${shop.url}/cart` };
  return api('POST', '/v1/checkout/sessions', { ...ways, ...order, ...params });
}

// everything is what a session may ask of its buyer, all at once.
export async function everything() {
  const price = async (name, amount) => (await api('POST', '/v1/prices', { currency: 'try', unit_amount: amount, 'product_data[name]': name })).id;
  const [cup, box] = await Promise.all([price('Fincan takımı', 64000), price('Hediye paketi', 7500)]);
  return {
    'line_items[0][adjustable_quantity][enabled]': 'true',
    'line_items[0][adjustable_quantity][minimum]': '1',
    'line_items[0][adjustable_quantity][maximum]': '5',
    'optional_items[0][price]': cup,
    'optional_items[0][quantity]': '1',
    'optional_items[1][price]': box,
    'optional_items[1][quantity]': '2',
    'shipping_address_collection[allowed_countries][0]': 'TR',
    'shipping_address_collection[allowed_countries][1]': 'DE',
    ...shippingRate(0, 'Kargo', 4990, 2, 4),
    ...shippingRate(1, 'Ertesi gün', 12990, 1, 1),
    'phone_number_collection[enabled]': 'true',
    'name_collection[business][enabled]': 'true',
    'name_collection[business][optional]': 'true',
    'billing_address_collection': 'required',
    'tax_id_collection[enabled]': 'true',
    'allow_promotion_codes': 'true',
    'custom_fields[0][key]': 'engraving',
    'custom_fields[0][type]': 'text',
    'custom_fields[0][label][type]': 'custom',
    'custom_fields[0][label][custom]': 'Kazıma yazısı',
    'custom_fields[0][text][minimum_length]': '2',
    'custom_fields[1][key]': 'roast',
    'custom_fields[1][type]': 'dropdown',
    'custom_fields[1][label][type]': 'custom',
    'custom_fields[1][label][custom]': 'Kavurma',
    'custom_fields[1][dropdown][options][0][label]': 'Orta',
    'custom_fields[1][dropdown][options][0][value]': 'medium',
    'custom_fields[1][dropdown][options][1][label]': 'Koyu',
    'custom_fields[1][dropdown][options][1][value]': 'dark',
    'consent_collection[terms_of_service]': 'required',
    'consent_collection[promotions]': 'auto',
    'custom_text[terms_of_service_acceptance][message]': '[Satış koşullarını](https://shop.example/terms) kabul ediyorum.',
    'custom_text[shipping_address][message]': 'Adalara teslimat iki gün daha sürer.',
    'custom_text[submit][message]': 'Siparişiniz 14 gün içinde iade edilebilir.',
    'submit_type': 'book',
  };
}

const shippingRate = (i, name, amount, least, most) => ({
  [`shipping_options[${i}][shipping_rate_data][display_name]`]: name,
  [`shipping_options[${i}][shipping_rate_data][fixed_amount][amount]`]: amount,
  [`shipping_options[${i}][shipping_rate_data][fixed_amount][currency]`]: 'try',
  [`shipping_options[${i}][shipping_rate_data][delivery_estimate][minimum][unit]`]: 'business_day',
  [`shipping_options[${i}][shipping_rate_data][delivery_estimate][minimum][value]`]: least,
  [`shipping_options[${i}][shipping_rate_data][delivery_estimate][maximum][unit]`]: 'business_day',
  [`shipping_options[${i}][shipping_rate_data][delivery_estimate][maximum][value]`]: most,
});

// returning are the parameters of a session for a customer who has two saved cards and may remove them.
export async function returning() {
  const { id: customer } = await api('POST', '/v1/customers', { email: 'fatma@example.com', name: 'Fatma Kaya' });
  for (const card of ['pm_card_visa', 'pm_card_mastercard']) {
    const { id } = await api('POST', `/v1/payment_methods/${card}/attach`, { customer });
    await api('POST', `/v1/payment_methods/${id}`, { allow_redisplay: 'always' });
  }
  return {
    customer,
    'saved_payment_method_options[payment_method_save]': 'enabled',
    'saved_payment_method_options[payment_method_remove]': 'enabled',
  };
}

export function createIntent(params = {}) {
  return api('POST', '/v1/payment_intents', { amount: '234500', currency: 'try', 'payment_method_types[0]': 'card', ...params });
}

// startShop serves a page of another origin than the sandbox, as strict as a careful shop's, and keeps every request it gets.
export async function startShop() {
  const requests = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      requests.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`);
      answer(new URL(request.url, 'http://shop'), response);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, requests, close: () => new Promise((resolve) => server.close(resolve)) };
}

const stripeJS = readFileSync(new URL('node_modules/@stripe/stripe-js/dist/index.mjs', import.meta.url));

function answer(url, response) {
  if (url.pathname === '/favicon.ico') return response.writeHead(204).end();
  if (url.pathname === '/stripe-js.mjs') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(stripeJS);
  const nonce = randomBytes(12).toString('base64url');
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}' ${sandbox}; frame-src ${sandbox}; connect-src ${sandbox}; `
      + `style-src 'self' 'nonce-${nonce}'; base-uri 'none'; form-action 'self'`,
  });
  response.end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shop</title><style nonce="${nonce}">
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; padding: 24px; background: ${url.searchParams.has('dark') ? '#141a17' : '#fff'}; color: ${url.searchParams.has('dark') ? '#ecf1ee' : '#17211c'}; }
main { max-width: 420px; } .part { margin-bottom: 16px; } button { font: inherit; padding: 10px 20px; }
</style></head><body><main><h1>${url.pathname === '/' ? 'Pay' : url.pathname}</h1>
<form id="form"><div class="part" id="first"></div><div class="part" id="second"></div><div class="part" id="third"></div>
<button id="pay">Pay</button></form><p role="status" id="result"></p></main>
<script nonce="${nonce}">
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));
</script>
<script src="${sandbox}${url.searchParams.get('script') || '/endive/stripe.js'}"></script>
<script nonce="${nonce}" type="module">
import { loadStripe } from '/stripe-js.mjs';
window.loadStripe = loadStripe;
</script></body></html>`);
}

export const startBrowser = () => chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });

// openPage opens a page in a context of its own. Faults of scripts end the test that caused them.
export async function openPage(browser, url, { width = 1280, height = 820, locale = 'en-US', ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 40\d/.test(message.text())) page.faults.push(message.text());
  });
  await page.goto(url);
  return page;
}

// fillCheckout types a card into the hosted page, as a buyer does.
export async function fillCheckout(page, number, { expiry = '12 / 39', cvc = '123', email = 'ayse@example.com' } = {}) {
  if (email) await page.fill('#email', email);
  await page.fill('#cardNumber', number);
  await page.fill('#cardExpiry', expiry);
  await page.fill('#cardCvc', cvc);
  await page.fill('#billingName', 'Ayşe Yılmaz');
}

export const challengeOf = (page) => page.frameLocator('iframe[name="stripe-challenge-frame"]');
export const hasText = (page, selector) => page.waitForFunction((one) => document.querySelector(one).textContent, selector);
