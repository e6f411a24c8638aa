// The page for developers: it works without this script, which copies keys and refreshes what is shown.
const body = document.body;
const status = document.getElementById('status');

function say(sentence) {
  status.textContent = '';
  requestAnimationFrame(() => (status.textContent = sentence));
}

// Copy buttons: behind each text that people carry elsewhere.
function addCopies(root) {
  for (const code of root.querySelectorAll('code[data-copy]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = body.dataset.copy;
    button.setAttribute('aria-label', `${body.dataset.copy} ${code.textContent}`);
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(code.dataset.copy || code.textContent);
      } catch {
        getSelection().selectAllChildren(code); // without a secure origin there is no clipboard: the text is selected instead
        return;
      }
      button.textContent = body.dataset.copied;
      setTimeout(() => (button.textContent = body.dataset.copy), 1500);
      say(body.dataset.copied);
    });
    code.after(button);
  }
}
// texts are the live parts as they were drawn.
const texts = new Map([...document.querySelectorAll('[data-live]')].map((part) => [part.dataset.live, part.textContent]));
addCopies(document);

// "/" leads to the search from everywhere but a field, as in other tools for developers.
const search = document.getElementById('q');
if (search) {
  search.setAttribute('aria-keyshortcuts', '/');
  addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, textarea, select')) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}

// Refresh: a short text tells whether anything changed; only then is the page drawn again, and only its live parts.
const EVERY = 2000;
const live = document.getElementById('live');

function isBusy(part) {
  const focused = document.activeElement;
  return part.contains(focused) && focused.matches('input, select, textarea') || (!getSelection().isCollapsed && part.contains(getSelection().anchorNode));
}

// replace puts a new part in the place of the old one; the focus stays on what leads to the same place.
function replace(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const scrolled = [...part.querySelectorAll('.scroll, pre')].map((one) => [one.scrollLeft, one.scrollTop]);
  const next = document.importNode(fresh, true);
  addCopies(next);
  part.replaceWith(next);
  [...next.querySelectorAll('.scroll, pre')].forEach((one, i) => scrolled[i] && one.scrollTo(...scrolled[i]));
  if (!focused) return;
  const same = (one) => one.getAttribute('href') === focused.getAttribute('href') && one.getAttribute('aria-label') === focused.getAttribute('aria-label') && one.textContent === focused.textContent;
  [...next.querySelectorAll('a, button, [tabindex]')].find(same)?.focus({ preventScroll: true });
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const parts = [...document.querySelectorAll('[data-live]')];
  if (parts.some(isBusy)) return; // the next beat tries again
  let changed = false;
  for (const part of parts) {
    const name = part.dataset.live;
    const fresh = page.querySelector(`[data-live="${name}"]`);
    if (!fresh || fresh.textContent === texts.get(name)) continue;
    texts.set(name, fresh.textContent);
    changed ||= name !== 'clock' && name !== 'times';
    replace(part, fresh);
  }
  body.dataset.pulse = page.body.dataset.pulse;
  if (changed) say(body.dataset.refreshed);
}

async function beat() {
  if (live.checked && !document.hidden) {
    try {
      const answer = await fetch(body.dataset.pulseUrl, { cache: 'no-store' });
      if (answer.ok && (await answer.text()) !== body.dataset.pulse) await refresh();
    } catch {
      // The sandbox has ended or restarts: the next beat tries again.
    }
  }
  setTimeout(beat, EVERY);
}

if (live && body.dataset.pulseUrl) {
  live.checked = localStorage.getItem('live') !== 'no';
  live.addEventListener('change', () => localStorage.setItem('live', live.checked ? 'yes' : 'no'));
  live.parentElement.hidden = false;
  setTimeout(beat, EVERY);
}
