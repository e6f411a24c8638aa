// The buyer's page: mounts Stripe's element, pays with it, and looks how the order stands. What a payment came to is asked
// of our own server, which asks Stripe; sentences come from there too, never from an error's own message.
(() => {
  'use strict';
  const node = document.getElementById('data');
  if (!node) return;
  const data = JSON.parse(node.textContent);
  const own = document.currentScript;
  const here = data.page + (data.element === 'card' ? '?element=card' : '');
  const get = (id) => document.getElementById(id);
  const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const say = (key) => data.text[key] || data.text['pay.check'];

  // What Stripe adds to the address of a buyer who comes back is of no use to us and stays in no history.
  if (/[?&](payment_intent|session_id|redirect_status|landed)/.test(location.search)) history.replaceState(null, '', here);

  // post asks our server. It answers with ok false when nobody did.
  async function post(address) {
    try {
      const response = await fetch(address, { method: 'POST', headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(45_000) });
      return { ...(await response.json()), ok: response.ok };
    } catch {
      return { ok: false };
    }
  }

  // go shows the order's page anew, which says the truth at first paint; after a payment it has Stripe asked once more.
  let leaving = false;
  const go = (after = '') => {
    leaving = true;
    location.assign(here + (after && (here.includes('?') ? '&' : '?') + after));
  };
  const landed = 'landed=1';

  // watch looks again and again, with longer and longer pauses, while somebody looks at the page.
  async function watch() {
    for (const pause of [1, 1, 2, 2, 3, 5, 8]) if (await changed(pause)) return go();
    while (!(await changed(10)));
    go();
  }
  async function changed(pause) {
    await sleep(pause);
    if (document.hidden) await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
    const state = await post(data.state);
    return state.ok && state.stage !== data.stage;
  }

  if (data.stage !== 'pay' && data.stage !== 'action') {
    watch();
    return;
  }

  // The form.
  const form = get('form');
  const button = get('pay');
  const further = get('continue');
  const checkout = get('checkout');
  const alertBox = get('alert');
  const fieldError = get('element-error');
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let stripe;
  let elements;
  let element;
  let mountedSecret = '';
  let ready = false;
  let busy = false;

  function alertWith(sentence) {
    alertBox.replaceChildren();
    if (!sentence) return;
    const text = document.createElement('span');
    text.textContent = sentence;
    // After the emptying has been noticed, so that the same sentence is said again.
    setTimeout(() => alertBox.append(get('alert-mark').content.cloneNode(true), text), 50);
  }

  function setBusy(on, pressed = button) {
    const label = pressed.querySelector('.label');
    pressed.dataset.label ||= label.textContent;
    label.textContent = on ? say('pay.busy') : pressed.dataset.label;
    pressed.setAttribute('aria-busy', String(on));
    if (on) pressed.dataset.focused = document.activeElement === pressed ? 'yes' : '';
    for (const one of [button, further, checkout]) if (one) one.disabled = on;
    busy = on;
    // A disabled button has lost the focus: give it back to whoever works with the keyboard.
    if (!on && pressed.dataset.focused && (document.activeElement === document.body || !document.activeElement)) pressed.focus();
  }

  // fault says what the element found before anything was sent; the element itself marks the field and takes the caret.
  function fault({ code }) {
    fieldError.textContent = say(`card.${code}`);
    if (data.element === 'card') element.focus();
  }

  // concluded says what became of a payment, as our server knows it.
  async function concluded(error) {
    if (!error) return go(landed);
    if (error.type === 'validation_error') return fault(error);
    // Stripe may be slow to say why: the form stays as it is meanwhile.
    let state = await post(data.state);
    for (let tries = 0; state.ok && state.stage === 'checking' && tries < 5; tries++) {
      await sleep(1);
      state = await post(data.state);
    }
    if (state.ok && state.stage !== 'pay' && state.stage !== 'action') return go();
    if (!state.ok || error.type === 'api_connection_error') return alertWith(say('pending'));
    alertWith(state.message || say(state.stage === 'action' ? 'cancelled_by_customer' : 'again'));
    if (state.field && element) element.focus();
    return undefined;
  }

  // currentIntent gets the intent to pay with from our server, which makes one when there is none.
  async function currentIntent() {
    const intent = await post(data.intent);
    if (intent.ok && intent.client_secret) return intent;
    const state = await post(data.state);
    if (state.ok && state.stage !== 'pay' && state.stage !== 'action') go();
    else alertWith(intent.message || say('again'));
    return null;
  }

  async function pay() {
    if (data.element === 'payment') {
      const { error } = await elements.submit();
      if (error) return concluded(error);
    }
    const intent = await currentIntent();
    if (!intent) return undefined;
    // Somebody opened another attempt meanwhile, in a second tab for instance: this form belongs to the former one.
    if (mountedSecret && mountedSecret !== intent.client_secret) return go();
    if (['succeeded', 'processing', 'requires_capture'].includes(intent.status)) return go(landed);
    const returnURL = location.origin + here; // Stripe adds what shows that the buyer came back
    const result = data.element === 'card'
      ? await stripe.confirmCardPayment(intent.client_secret, { payment_method: { card: element, billing_details: data.buyer }, return_url: returnURL })
      : await stripe.confirmPayment({
        elements, ...(mountedSecret ? {} : { clientSecret: intent.client_secret }), confirmParams: { return_url: returnURL }, redirect: 'if_required',
      });
    return concluded(result.error);
  }

  async function confirmFurther() {
    const intent = await currentIntent();
    if (!intent) return undefined;
    const { error } = await stripe.handleNextAction({ clientSecret: intent.client_secret });
    return concluded(error);
  }

  async function once(work, pressed) {
    if (busy || !ready) return;
    setBusy(true, pressed);
    alertWith('');
    fieldError.textContent = '';
    try {
      await work();
    } catch (error) {
      console.error(error);
      alertWith(say('again'));
    }
    if (!leaving) setBusy(false, pressed);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    once(pay, button);
  });
  if (further) further.addEventListener('click', () => once(confirmFurther, further));

  // The element.
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const appearance = () => ({
    theme: dark.matches ? 'night' : 'stripe',
    variables: {
      colorPrimary: colour('accent'), colorBackground: colour('card'), colorText: colour('ink'), colorTextSecondary: colour('soft'),
      colorTextPlaceholder: colour('soft'), colorDanger: colour('danger'), borderRadius: '10px', fontSizeBase: '16px',
      fontFamily: getComputedStyle(document.body).fontFamily,
    },
  });
  const cardStyle = () => ({
    base: { color: colour('ink'), fontSize: '16px', '::placeholder': { color: colour('soft') } }, invalid: { color: colour('danger') },
  });
  dark.addEventListener('change', () => {
    if (!elements) return;
    if (data.element === 'card') element.update({ style: cardStyle() });
    else elements.update({ appearance: appearance() });
  });

  function loadStripe() {
    return new Promise((resolve, reject) => {
      if (window.Stripe) return resolve();
      const script = document.createElement('script');
      script.nonce = own.nonce;
      script.src = data.script;
      script.onload = resolve;
      script.onerror = () => reject(new Error('Stripe.js did not load'));
      document.head.append(script);
      return undefined;
    });
  }

  async function mount() {
    await loadStripe();
    stripe = window.Stripe(data.key, { locale: data.lang });
    if (data.element === 'card') {
      elements = stripe.elements({ locale: data.lang });
      element = elements.create('card', { style: cardStyle(), hidePostalCode: true });
    } else {
      let source = { mode: 'payment', amount: data.amount, currency: data.currency };
      if (data.existing) {
        const intent = await currentIntent();
        if (!intent) return;
        mountedSecret = intent.client_secret;
        source = { clientSecret: mountedSecret };
      }
      elements = stripe.elements({ ...source, locale: data.lang, appearance: appearance() });
      element = elements.create('payment', { defaultValues: { billingDetails: data.buyer } });
    }
    element.on('change', ({ error }) => (fieldError.textContent = error ? say(`card.${error.code}`) : ''));
    await new Promise((resolve, reject) => {
      element.on('ready', resolve);
      element.on('loaderror', ({ error }) => reject(error));
      element.mount('#element');
    });
    ready = true;
    button.disabled = false;
    if (further) further.disabled = false;
  }

  const loading = get('loading');
  loading.hidden = false;
  mount()
    .catch((error) => {
      console.error(error);
      alertWith(say('formblocked'));
    })
    .finally(() => (loading.hidden = true));
})();
