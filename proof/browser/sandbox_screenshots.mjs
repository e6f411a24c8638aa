// Pictures of the sandbox's pages, for people to look at: node sandbox_screenshots.mjs [folder] [beginning of a name], with SANDBOX_URL set.
import { mkdirSync } from 'node:fs';
import { fillAccount, pathsOf, startReceiver } from './sandbox_home.mjs';
import { challengeOf, createIntent, createSession, everything, fillCheckout, openPage, publishableKey, returning, sandbox, startBrowser, startShop, trial } from './sandbox_shop.mjs';

const folder = process.argv[2] || new URL('out', import.meta.url).pathname;
mkdirSync(folder, { recursive: true });
const [browser, shop, receiver] = await Promise.all([startBrowser(), startShop(), startReceiver()]);
const home = `${sandbox}/accounts/cinar`;
const made = await fillAccount('cinar', receiver);

const withSession = (params, prepare) => async (lang, view) => {
  const { url } = await createSession(shop, params);
  const page = await openPage(browser, `${url}?lang=${lang}`, view);
  if (prepare) await prepare(page);
  return page;
};

async function withElement(lang, view, type) {
  const dark = view.colorScheme === 'dark';
  const { client_secret: clientSecret } = await createIntent();
  const page = await openPage(browser, shop.url + (dark ? '/?dark' : '/'), view);
  await page.evaluate((given) => new Promise((resolve) => {
    const stripe = window.Stripe(given.key, { locale: given.lang });
    const appearance = { theme: given.dark ? 'night' : 'stripe' };
    const elements = stripe.elements(given.type === 'payment' ? { clientSecret: given.clientSecret, appearance } : { appearance });
    const element = elements.create(given.type, { style: { base: { color: given.dark ? '#ecf1ee' : '#17211c' } } });
    element.on('ready', resolve);
    element.mount('#first');
  }), { key: publishableKey, lang, dark, type, clientSecret });
  return page;
}

const pages = {
  home: (lang, view) => openPage(browser, `${sandbox}/?lang=${lang}`, view),
  ...Object.fromEntries(Object.entries(await pathsOf(made)).map(([name, path]) => [`home-${name}`, (lang, view) => openPage(browser, `${home}${path}${path.includes('?') ? '&' : '?'}lang=${lang}`, view)])),
  checkout: withSession({}),
  'checkout-cards': withSession({}, (page) => page.click('.ribbon summary')),
  'checkout-faults': withSession({}, (page) => page.click('#submit')),
  'checkout-declined': withSession({}, async (page) => {
    await fillCheckout(page, '4000000000009995');
    await page.click('#submit');
    await page.waitForFunction(() => document.getElementById('alert').textContent);
  }),
  'checkout-everything': async (lang, view) => withSession(await everything())(lang, view),
  'checkout-everything-faults': async (lang, view) => withSession(await everything(), (page) => page.click('#submit'))(lang, view),
  'checkout-saved': async (lang, view) => withSession(await returning())(lang, view),
  'checkout-trial': withSession(trial),
  challenge: withSession({}, async (page) => {
    await fillCheckout(page, '4000002760003184');
    await page.click('#submit');
    await challengeOf(page).locator('#test-source-authorize-3ds:focus').waitFor();
  }),
  'payment-element': (lang, view) => withElement(lang, view, 'payment'),
  'card-element': (lang, view) => withElement(lang, view, 'card'),
};

const wanted = process.argv[3] ?? '';
for (const [name, open] of Object.entries(pages).filter(([name]) => name.startsWith(wanted))) {
  for (const lang of ['tr', 'en']) {
    for (const width of [360, 1280]) {
      for (const colorScheme of ['light', 'dark']) {
        const page = await open(lang, { width, height: width === 360 ? 740 : 820, colorScheme });
        await page.screenshot({ path: `${folder}/sandbox-${name}-${lang}-${width}-${colorScheme}.png`, fullPage: true });
        await page.context().close();
      }
    }
  }
}
await browser.close();
await Promise.all([shop.close(), receiver.close()]);
