// Sentences of the page's language, which the server wrote into the page.

const page = JSON.parse(document.getElementById('page').textContent);

function say(key, values = {}) {
  const sentence = page.text[key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// sayError prefers the page's own sentence for a code that it knows, then Stripe's sentence from the server.
function sayError(error) {
  for (const code of [error.decline_code, error.code]) {
    if (code && page.text[`error.${code}`] !== undefined) return page.text[`error.${code}`];
  }
  if (error.code === 'card_declined' || error.type === 'card_error') return page.text['error.card_declined'];
  return error.message || page.text['error.unknown'];
}
