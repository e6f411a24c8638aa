// The 3-D Secure challenge, shown in a modal dialog over the page. Resolves with 'succeeded', 'failed' or 'canceled'.

function openChallenge(url, title) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const dialog = document.createElement('dialog');
    dialog.className = 'challenge';
    dialog.setAttribute('aria-label', title);
    const frame = document.createElement('iframe');
    frame.name = 'stripe-challenge-frame';
    frame.title = title;
    frame.src = url;
    dialog.append(frame);

    let open = true;
    const close = (outcome) => {
      open = false;
      removeEventListener('message', listen);
      dialog.close();
      dialog.remove();
      if (before && before.isConnected) before.focus();
      resolve(outcome);
    };
    const listen = (event) => {
      if (event.origin !== location.origin || event.source !== frame.contentWindow) return;
      const { vezne, op, outcome } = event.data || {};
      if (vezne !== 'challenge') return;
      if (op === 'loaded') {
        frame.contentWindow.postMessage({ vezne: 'challenge', op: 'hello' }, location.origin);
        frame.focus();
      }
      if (op === 'outcome') close(outcome);
    };
    addEventListener('message', listen);
    // Escape on the dialog itself: the framed page tells the sandbox that the buyer gave up, then reports back.
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      frame.contentWindow.postMessage({ vezne: 'challenge', op: 'cancel' }, location.origin);
    });
    // Browsers let a second Escape through; the dialog stays until the sandbox has been told.
    dialog.addEventListener('close', () => open && dialog.showModal());
    document.body.append(dialog);
    dialog.showModal();
    frame.focus();
  });
}
