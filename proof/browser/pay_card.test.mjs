// The legacy Card Element, for those who still need it: ?element=card.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertClean, assertPaidOnce, cards, challengeOf, createOrder, elementOf, headed, openPage, ready, said, startBrowser } from './pay_desk.mjs';

let browser;

before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

async function pay(page, number) {
  await ready(page);
  const frame = elementOf(page);
  await frame.locator('[name="cardnumber"]').fill(number);
  await frame.locator('[name="exp-date"]').fill('12 / 39');
  await frame.locator('[name="cvc"]').fill('123');
  await page.click('#pay');
}

test('the Card Element declines in the page\'s language, then pays the same order', async () => {
  const order = await createOrder({ locale: 'tr' });
  const page = await openPage(browser, `${order.pay_url}?element=card`);
  await pay(page, cards.stolen);
  assert.equal(await said(page), 'Kartınız reddedildi. Lütfen başka bir kartla deneyin ya da ayrıntılı bilgi için bankanızla görüşün.');
  await pay(page, cards.mastercard);
  await headed(page, 'Ödendi');
  await assertPaidOnce(order.id);
  await assertClean(page);
});

test('the Card Element runs 3-D Secure, and a challenge survives a reload', async () => {
  const order = await createOrder({ locale: 'en' });
  const page = await openPage(browser, `${order.pay_url}?element=card`);
  await pay(page, cards.secure);
  await challengeOf(page).locator('#test-source-authorize-3ds').waitFor();
  await page.reload();
  await page.locator('#continue:enabled').click();
  await challengeOf(page).locator('#test-source-authorize-3ds').click();
  await headed(page, 'Paid');
  await assertPaidOnce(order.id);
});

test('what is wrong with the input is said below it', async () => {
  const order = await createOrder({ locale: 'tr' });
  const page = await openPage(browser, `${order.pay_url}?element=card`);
  await pay(page, '4242424242424241');
  await page.locator('#element-error', { hasText: 'Bu geçerli bir kart numarası değil.' }).waitFor();
  await elementOf(page).locator('[name="cardnumber"]').fill(cards.visa);
  await page.waitForFunction(() => !document.getElementById('element-error').textContent);
});
