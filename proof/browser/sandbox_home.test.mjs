// The sandbox's page for developers in a real browser: without a script, by keyboard alone, live.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { fillAccount, pathsOf, startReceiver } from './sandbox_home.mjs';
import { openPage, sandbox, startBrowser } from './sandbox_shop.mjs';

const name = `home${randomBytes(4).toString('hex')}`;
const home = `${sandbox}/accounts/${name}`;
let browser;
let receiver;
let made;
let paths;

before(async () => {
  [browser, receiver] = await Promise.all([startBrowser(), startReceiver()]);
  made = await fillAccount(name, receiver);
  paths = await pathsOf(made);
});
after(async () => {
  await browser?.close();
  await receiver?.close();
});

// withPolicy notes what the page's policy blocks.
async function openWatched(path, options) {
  const page = await openPage(browser, 'about:blank', options);
  await page.addInitScript(() => {
    window.blocked = [];
    document.addEventListener('securitypolicyviolation', (event) => window.blocked.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(home + path);
  return page;
}

test('no page meets its own policy, and no script of it fails', async () => {
  const page = await openWatched('');
  for (const [which, path] of Object.entries(paths)) {
    await page.goto(home + path);
    assert.deepEqual(await page.evaluate(() => window.blocked), [], which);
  }
  assert.deepEqual(page.faults, []);
});

test('everything works without a script', async () => {
  const page = await openPage(browser, home, { javaScriptEnabled: false });
  assert.equal(await page.locator('.copy').count(), 0);
  assert.equal(await page.locator('.live').isVisible(), false);
  await page.fill('#q', made.intent);
  await page.click('.search button');
  assert.ok(page.url().endsWith(`/objects/payment_intent/${made.intent}`));
  await page.click('.history a:text("payment_intent.succeeded")');
  assert.equal(await page.textContent('h1'), 'payment_intent.succeeded');
  await page.click('text=Resend');
  assert.match(await page.textContent('.note'), /sent once more/);
  assert.match(await page.textContent('.history'), /resent by hand/);
  await page.click('.sections a:text-is("Clock")');
  await page.click('text=1 minute');
  assert.match(await page.textContent('.note'), /clock was changed/);
  await page.click('.sections a:text-is("Keys and settings")');
  await page.click('text=Take a snapshot');
  assert.match(await page.textContent('.note'), /snapshot was taken/);
});

// press goes on with the Tab key until the focus is on what a test looks for, at most a whole round.
async function tabTo(page, matches) {
  for (let i = 0; i < 200; i++) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(([selector, text]) => {
      const focused = document.activeElement;
      return focused.matches(selector) && (focused.textContent + (focused.getAttribute('aria-label') ?? '')).includes(text) && getComputedStyle(focused).outlineStyle !== 'none';
    }, matches);
    if (found) return;
  }
  assert.fail(`the Tab key does not reach ${matches.join(' ')} with a visible focus`);
}

test('a fault is planted and removed by keyboard alone', async () => {
  const page = await openPage(browser, home);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.goto(home);
  await tabTo(page, ['.sections a', 'Faults']);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/faults');
  await tabTo(page, ['#path', '']);
  await page.keyboard.type('/v1/disputes');
  await tabTo(page, ['.plant button', 'Plant']);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/faults?done=fault');
  const { data } = await made.account.get('/_sandbox/faults');
  assert.equal(data.at(-1).path, '/v1/disputes');
  await tabTo(page, ['table button', '/v1/disputes']);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/faults?done=removed');
  assert.ok(!(await made.account.get('/_sandbox/faults')).data.some((one) => one.path === '/v1/disputes'));
});

test('the page shows what happens while it is open, and says so', async () => {
  const page = await openPage(browser, `${home}/objects/customer`);
  await page.locator('tbody a').first().focus();
  const { id } = await made.account.form('/v1/customers', { name: 'Yeni müşteri' });
  await page.waitForSelector(`tbody a:text-is("${id}")`);
  await page.waitForFunction(() => document.getElementById('status').textContent === 'The page was refreshed.');
  assert.equal(await page.evaluate(() => document.activeElement.closest('table') !== null), true, 'the focus was lost');
  await page.uncheck('#live');
  await page.reload();
  assert.equal(await page.isChecked('#live'), false);
});

test('a key is copied', async () => {
  const page = await openPage(browser, home, { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.click(`.copy[aria-label="Copy sk_test_${name}"]`);
  await page.waitForFunction(() => document.getElementById('status').textContent === 'Copied');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `sk_test_${name}`);
});

test('a reset needs its box ticked', async () => {
  const other = `home${randomBytes(4).toString('hex')}`;
  await fetch(`${sandbox}/v1/customers`, { method: 'POST', headers: { Authorization: `Bearer sk_test_${other}` } });
  const page = await openPage(browser, `${sandbox}/accounts/${other}/settings`);
  await page.click('button.danger');
  assert.ok(page.url().endsWith('/settings'), 'the browser sent the form without the box');
  await page.check('form[action$="/reset"] input');
  await page.click('button.danger');
  await page.waitForURL('**/settings?done=reset');
  assert.equal((await (await fetch(`${sandbox}/v1/customers`, { headers: { Authorization: `Bearer sk_test_${other}` } })).json()).data.length, 0);
});

test('another site cannot send its forms', async () => {
  const page = await openPage(browser, receiver.url);
  const [answer] = await Promise.all([page.waitForResponse('**/reset'), page.evaluate((address) => {
    const form = document.body.appendChild(document.createElement('form'));
    Object.assign(form, { method: 'post', action: address, innerHTML: '<input name="confirm" value="yes">' });
    form.submit();
  }, `${home}/reset`)]);
  assert.equal(answer.status(), 403);
  assert.equal((await made.account.get(`/v1/customers/${made.customer}`)).id, made.customer);
});
