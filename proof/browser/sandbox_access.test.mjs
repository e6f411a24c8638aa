// Whether everybody can use the sandbox's pages: axe's WCAG 2.2 A and AA rules, widths, targets, in both schemes and languages.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { challengeOf, createSession, everything, fillCheckout, openPage, returning, sandbox, startBrowser, startShop } from './sandbox_shop.mjs';

const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
let browser;
let shop;
let session;

before(async () => {
  [browser, shop] = await Promise.all([startBrowser(), startShop()]);
  session = await createSession(shop);
});
after(async () => {
  await browser?.close();
  await shop?.close();
});

async function violations(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations: found } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  });
}

const views = [
  ['the checkout', async () => session.url],
  ['the checkout with test cards and faults', async () => session.url, async (page) => {
    await page.click('.ribbon summary');
    await page.click('#submit');
  }],
  ['the checkout that asks for everything', async () => (await createSession(shop, await everything())).url, async (page) => {
    await page.check('#taxIdCheckbox');
    await page.click('#submit');
  }],
  ['the checkout of a customer who comes back', async () => (await createSession(shop, await returning())).url],
  ['an unknown page', async () => `${sandbox}/c/pay/cs_test_none`],
  ['the payment frame', async () => `${sandbox}/elements/frame?type=payment`],
  ['the card frame', async () => `${sandbox}/elements/frame?type=card`],
  ['the address frame', async () => `${sandbox}/elements/frame?type=address`],
];

for (const colorScheme of ['light', 'dark']) {
  for (const lang of ['tr', 'en']) {
    for (const [name, address, prepare] of views) {
      test(`${name} passes axe and fits 320 px, ${lang}, ${colorScheme}`, async () => {
        const url = new URL(await address());
        url.searchParams.set('lang', lang);
        // The policy of our pages would refuse axe itself.
        const page = await openPage(browser, url.href, { width: 320, height: 640, colorScheme, bypassCSP: true });
        if (prepare) await prepare(page);
        assert.deepEqual(await violations(page), []);
        assert.equal(await page.getAttribute('html', 'lang'), lang);
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, 'scrolls sideways');
      });
    }
  }
}

test('the challenge in its dialog passes axe', async () => {
  const own = await createSession(shop);
  const page = await openPage(browser, own.url, { width: 360, height: 740, bypassCSP: true });
  await fillCheckout(page, '4000002760003184');
  await page.click('#submit');
  await challengeOf(page).locator('#test-source-authorize-3ds:focus').waitFor();
  const frame = page.frames().find((one) => one.url().includes('/3ds/'));
  assert.deepEqual(await violations(frame), []);
});

test('everything that is clicked is at least 24 px wide and high', async () => {
  const page = await openPage(browser, session.url, { width: 360 });
  await page.click('.ribbon summary');
  const small = await page.evaluate(() => [...document.querySelectorAll('a, button, summary, input:not([type="radio"])')]
    .filter((one) => one.offsetParent && (one.offsetWidth < 24 || one.offsetHeight < 24)).map((one) => one.outerHTML));
  assert.deepEqual(small, []);
});

test('the order is folded on narrow screens only', async () => {
  const page = await openPage(browser, session.url, { width: 360 });
  assert.equal(await page.locator('.totals').isVisible(), false);
  await page.click('.lines summary');
  assert.equal(await page.locator('.totals').isVisible(), true);
  const wide = await openPage(browser, session.url);
  assert.equal(await wide.locator('.totals').isVisible(), true);
});
