// Whether everybody can use the sandbox's page for developers: axe's WCAG 2.2 A and AA rules, widths, targets.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fillAccount, pathsOf, startReceiver } from './sandbox_home.mjs';
import { openPage, sandbox, startBrowser } from './sandbox_shop.mjs';

const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const name = `home${randomBytes(4).toString('hex')}`;
const home = `${sandbox}/accounts/${name}`;
let browser;
let receiver;
let paths;

before(async () => {
  [browser, receiver] = await Promise.all([startBrowser(), startReceiver()]);
  paths = await pathsOf(await fillAccount(name, receiver));
});
after(async () => {
  await browser?.close();
  await receiver?.close();
});

// A scheme and a language have nothing to do with each other: two pairs meet all four.
for (const [colorScheme, lang] of [['light', 'tr'], ['dark', 'en']]) {
  test(`every page passes axe and fits 320 px, ${lang}, ${colorScheme}`, async () => {
    const page = await openPage(browser, 'about:blank', { width: 320, height: 640, colorScheme, bypassCSP: true });
    for (const [which, path] of Object.entries(paths)) {
      await page.goto(`${home}${path}${path.includes('?') ? '&' : '?'}lang=${lang}`);
      assert.equal(await page.getAttribute('html', 'lang'), lang, which);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, `${which} scrolls sideways`);
      await page.evaluate(axe);
      const found = await page.evaluate(async () => {
        const { violations } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary}`).join(', ')}`);
      });
      assert.deepEqual(found, [], which);
      const untranslated = await page.evaluate(() => document.body.innerText.match(/\bhome\.[a-z.]+/g));
      assert.equal(untranslated, null, which);
    }
  });
}

test('a phone shows the whole of a delivery without scrolling sideways', async () => {
  const page = await openPage(browser, `${home}/deliveries?lang=en`, { width: 360 });
  const { wide, shown } = await page.evaluate(() => {
    const table = document.querySelector('main .scroll');
    return { wide: table.scrollWidth - table.clientWidth, shown: document.querySelector('main tbody tr').innerText };
  });
  assert.ok(wide <= 0, `the table is ${wide} px too wide`);
  assert.match(shown, /127\.0\.0\.1:\d+\/webhooks/);
  const label = await page.evaluate(() => getComputedStyle(document.querySelector('main tbody td[data-label]'), '::before').content);
  assert.equal(label, '"Event"');
});

test('everything that is clicked is at least 24 px wide and high', async () => {
  const page = await openPage(browser, home, { width: 360 });
  for (const [which, path] of Object.entries(paths)) {
    await page.goto(home + path);
    const small = await page.evaluate(() => [...document.querySelectorAll('a:not(pre a, p a, dd a), button, summary, input:not([type="checkbox"], [type="hidden"]), select')]
      .filter((one) => one.offsetParent && (one.offsetWidth < 24 || one.offsetHeight < 24)).map((one) => one.outerHTML));
    assert.deepEqual(small, [], which);
  }
});
