// The demo shop: a cart, three ways to pay it, and what double clicks and the way back do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, assertClean, assertPaidOnce, cards, challengeOf, desk, elementOf, fillCheckout, fillElement, headed, openPage, orderOf, said, startBrowser } from './pay_desk.mjs';

let browser;
let buyers = 0;

before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

const speak = {
  tr: { paid: 'Ödendi', coffee: 'Türk kahvesi, 250 g', total: '₺1.019,00', code: 'tr-TR' },
  en: { paid: 'Paid', coffee: 'Turkish coffee, 250 g', total: '₺1,019.00', code: 'en-US' },
};

// fillCart puts two coffees and a pot into the cart and goes there.
async function fillCart(lang, view = {}) {
  const page = await openPage(browser, desk.shop, { locale: speak[lang].code, ...view });
  assert.equal(await page.getAttribute('html', 'lang'), lang);
  await page.locator('.product').nth(0).locator('.quantity').fill('2');
  await page.locator('.product').nth(0).locator('button').click();
  await page.locator('.notice', { hasText: speak[lang].coffee }).waitFor();
  await page.locator('.product').nth(1).locator('button').click();
  await page.locator('.count', { hasText: '3' }).waitFor();
  await page.click('.cart-link');
  await page.locator('.sum strong', { hasText: speak[lang].total }).waitFor();
  return page;
}

// place fills the form and chooses a way; the e-mail address finds the order again.
async function place(page, way, method) {
  const email = `buyer${++buyers}.${process.pid}@example.com`;
  await page.fill('#name', 'Çağrı Öğüş');
  await page.fill('#email', email);
  await page.check(`#way-${way}`);
  if (method) await page.selectOption('#method', method);
  return { email, submit: () => page.click('.placing .wide-button') };
}

const ordersOf = async (email) => (await api('GET', `/v1/orders?q=${encodeURIComponent(email)}`)).data;

for (const lang of ['tr', 'en']) {
  const { paid, total } = speak[lang];

  test(`Checkout, in ${lang}: the total is the same everywhere`, async () => {
    const page = await fillCart(lang);
    const { email, submit } = await place(page, 'checkout');
    await submit();
    await page.waitForURL(`${desk.sandbox}/c/pay/**`);
    assert.match((await page.textContent('#total')).replace(/\s/g, ''), /1[.,]019[.,]00/);
    await fillCheckout(page, cards.visa);
    await page.click('#submit');
    await headed(page, paid);
    const [order] = await ordersOf(email);
    await assertPaidOnce(order.id);
    assert.equal(await page.textContent('.sum strong'), total);
    assert.equal(order.locale, lang);
    assert.equal(order.customer.name, 'Çağrı Öğüş');
    await assertClean(page);
  });

  test(`Elements, in ${lang}`, async () => {
    const page = await fillCart(lang);
    const { email, submit } = await place(page, 'elements');
    await submit();
    await fillElement(page, cards.secure);
    await page.click('#pay');
    await challengeOf(page).locator('#test-source-authorize-3ds').click();
    await headed(page, paid);
    await assertPaidOnce((await ordersOf(email))[0].id);
    await assertClean(page);
  });

  test(`Payment Intents API, in ${lang}`, async () => {
    const page = await fillCart(lang);
    const { email, submit } = await place(page, 'intents', 'pm_card_visa');
    await submit();
    await headed(page, paid);
    await assertPaidOnce((await ordersOf(email))[0].id);
    await assertClean(page);
  });
}

test('Payment Intents API with 3-D Secure: the bank\'s page, and back', async () => {
  for (const [button, heading] of [['#test-source-authorize-3ds', 'Ödendi'], ['#test-source-fail-3ds', 'Nasıl ödemek istersiniz?']]) {
    const page = await fillCart('tr');
    const { email, submit } = await place(page, 'intents', 'pm_card_authenticationRequired');
    await submit();
    await page.waitForURL(`${desk.sandbox}/3ds/**`);
    await page.click(button);
    await headed(page, heading);
    const [order] = await ordersOf(email);
    if (heading === 'Ödendi') await assertPaidOnce(order.id);
    else assert.equal((await orderOf(order.id)).status, 'open');
  }
});

test('Payment Intents API declined: the same words for a lost card as for any, and another card pays', async () => {
  const sentences = [];
  for (const method of ['pm_card_visa_chargeDeclined', 'pm_card_visa_chargeDeclinedLostCard']) {
    const page = await fillCart('en');
    const { email, submit } = await place(page, 'intents', method);
    await submit();
    sentences.push(await said(page));
    await fillElement(page, cards.visa);
    await page.click('#pay');
    await headed(page, 'Paid');
    await assertPaidOnce((await ordersOf(email))[0].id);
  }
  assert.equal(sentences[0], sentences[1]);
});

test('a double click, and the form sent again from the page before, make one order', async () => {
  const page = await fillCart('en');
  const { email, submit } = await place(page, 'elements');
  await page.evaluate(() => {
    // As impatient as a script can be: past every guard of the page.
    const form = document.querySelector('.placing');
    const body = () => new URLSearchParams(new FormData(form));
    window.early = Promise.all([1, 2, 3].map(() => fetch(form.action, { method: 'POST', body: body(), redirect: 'manual' })));
    return window.early.then(() => undefined);
  });
  await submit();
  await headed(page, 'How would you like to pay?');
  const first = page.url();
  assert.equal((await ordersOf(email)).length, 1);
  await page.goto(`${desk.shop}/cart`);
  await page.getByText('Your cart is empty.').waitFor();
  await page.goto(first);
  await headed(page, 'How would you like to pay?');
});

test('wrong input is said at its field, and what was typed stays', async () => {
  const page = await fillCart('tr');
  await page.fill('#name', 'Çağrı');
  await page.fill('#email', 'çağrı@');
  await page.check('#way-intents');
  await page.selectOption('#method', 'pm_card_mastercard');
  await page.click('.placing .wide-button');
  await page.locator('#email-error', { hasText: 'geçerli bir e-posta' }).waitFor();
  assert.equal(await page.getAttribute('#email', 'aria-invalid'), 'true');
  assert.equal(await page.getAttribute('#email', 'aria-describedby'), 'email-error');
  assert.deepEqual([await page.inputValue('#name'), await page.inputValue('#email'), await page.inputValue('#method'), await page.isChecked('#way-intents')], ['Çağrı', 'çağrı@', 'pm_card_mastercard', true]);
});

test('the shop works without script and with the keyboard', async () => {
  const page = await fillCart('en', { javaScriptEnabled: false });
  await page.locator('.cart-lines li').nth(0).locator('button', { hasText: '+' }).click();
  await page.locator('.sum strong', { hasText: '₺1,204.00' }).waitFor();
  const { submit } = await place(page, 'checkout');
  await submit();
  await page.waitForURL(`${desk.sandbox}/c/pay/**`);

  const other = await fillCart('en');
  await other.focus('#email');
  await other.keyboard.press('Enter');
  await other.waitForURL(`${desk.sandbox}/c/pay/**`);
});

test('the language can be switched, and the order keeps it', async () => {
  const page = await openPage(browser, desk.shop, { locale: 'en-US' });
  await page.locator('.languages a[lang="tr"]').click();
  await page.locator('h1', { hasText: 'Sofraya güzel şeyler' }).waitFor();
  await page.locator('.product').nth(2).locator('button').click();
  await page.click('.cart-link');
  await page.check('#way-elements');
  await page.click('.placing .wide-button');
  await headed(page, 'Nasıl ödemek istersiniz?');
  await elementOf(page).locator('html[lang="tr"]').waitFor();
  await page.goto(`${page.url()}?lang=en`);
  await headed(page, 'Nasıl ödemek istersiniz?');
});
