// The challenge page: tells the sandbox what the buyer chose, then tells the page around it or goes back to the shop.

const framed = parent !== window;
const buttons = [...document.querySelectorAll('.choices button')];
let hostOrigin = '';
let answered = page.over;
// What the buyer chose, for whoever frames us and says hello only after that.
let chosen = page.over ? page.outcome : '';

function report(outcome) {
  chosen ||= outcome;
  if (hostOrigin) parent.postMessage({ vezne: 'challenge', op: 'outcome', outcome: chosen }, hostOrigin);
}

async function answer(result, outcome) {
  if (answered) return chosen && report(chosen);
  answered = true;
  buttons.forEach((button) => button.setAttribute('aria-disabled', 'true'));
  const { object, error } = await request('', 'POST', `/v1/3ds2/challenges/${page.token}`, {
    params: { result }, connectionMessage: say('error.connection'),
  });
  if (error) {
    answered = false;
    buttons.forEach((button) => button.removeAttribute('aria-disabled'));
    document.getElementById('alert').textContent = sayError(error);
    return;
  }
  document.getElementById('status').textContent = say(result === 'succeed' ? 'challenge.done' : 'challenge.failed');
  if (framed) return report(outcome);
  if (object.redirect_url) location.replace(object.redirect_url);
  else document.getElementById('status').textContent += ` ${say('challenge.close_hint')}`;
}

const cancel = () => answer('fail', 'canceled');

if (!page.over) {
  document.getElementById('test-source-authorize-3ds').addEventListener('click', () => answer('succeed', 'succeeded'));
  document.getElementById('test-source-fail-3ds').addEventListener('click', () => answer('fail', 'failed'));
  document.getElementById('cancel').addEventListener('click', cancel);
  // A click before this line would be lost.
  buttons.forEach((button) => (button.disabled = false));
}

if (framed) {
  addEventListener('message', (event) => {
    if (event.source !== parent || !event.data || event.data.vezne !== 'challenge') return;
    // Whoever frames us says hello first; from then on only that origin is listened to.
    if (event.data.op === 'hello' && !hostOrigin) {
      hostOrigin = event.origin;
      if (chosen) return report(chosen);
      document.getElementById('cancel').hidden = false;
      document.getElementById('test-source-authorize-3ds').focus();
    }
    if (event.data.op === 'cancel' && event.origin === hostOrigin) cancel();
  });
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    cancel();
  });
  parent.postMessage({ vezne: 'challenge', op: 'loaded' }, '*');
}
