// Stand-in for Stripe.js: the surface that a shop's page uses, served by the sandbox that the script came from.
// The server sets SCRIPT_VERSION, TEXTS (sentences by language) and SCRIPT_URL before this file.

const ORIGIN = new URL((document.currentScript && document.currentScript.src) || SCRIPT_URL, location.href).origin;

// IntegrationError is thrown for mistakes of the page's author, as opposed to what a buyer can cause.
class IntegrationError extends Error {
  constructor(message) {
    super(message);
    this.name = 'IntegrationError';
  }
}

function languageOf(locale) {
  const wanted = !locale || locale === 'auto' ? navigator.languages || [navigator.language] : [locale];
  for (const tag of wanted) {
    const language = String(tag).toLowerCase().split('-')[0];
    if (TEXTS[language]) return language;
  }
  return 'en';
}

function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function setStyles(element, styles) {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
}
