// 3-D Secure over the shop's page: a modal dialog with the bank's stand-in in an iframe. Nothing here needs inline style
// attributes or style elements, so it works under a strict policy of the page.

const challengeSheet = new CSSStyleSheet();
challengeSheet.insertRule('.vezne-challenge::backdrop { background: rgb(10 16 13 / 62%); }');

// openChallenge resolves with 'succeeded', 'failed' or 'canceled' once the buyer has answered.
function openChallenge(url, title) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const dialog = document.createElement('dialog');
    dialog.className = 'vezne-challenge';
    dialog.setAttribute('aria-label', title);
    setStyles(dialog, {
      width: 'min(30rem, calc(100vw - 1.5rem))', height: 'min(37rem, calc(100vh - 1.5rem))', 'max-width': 'none', 'max-height': 'none',
      margin: 'auto', padding: '0', border: '0', 'border-radius': '16px', overflow: 'hidden',
    });
    let open = true;
    const frame = new Frame({
      kind: 'challenge',
      url,
      title,
      onMessage: ({ op, outcome }) => {
        if (op === 'loaded') {
          frame.send('hello');
          frame.node.focus();
        }
        if (op !== 'outcome') return;
        open = false;
        dialog.close();
        frame.remove();
        dialog.remove();
        // After the page has had its answer: it may enable the button again that had the focus.
        setTimeout(() => before && before.isConnected && before.focus());
        resolve(outcome);
      },
    });
    frame.node.name = 'stripe-challenge-frame';
    setStyles(frame.node, { height: '100%', 'color-scheme': 'light dark' });
    dialog.append(frame.node);
    // Escape gives up; the framed page tells the sandbox first. Browsers let a second Escape through: stay open until then.
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      frame.send('cancel');
    });
    dialog.addEventListener('close', () => open && dialog.showModal());
    if (!document.adoptedStyleSheets.includes(challengeSheet)) document.adoptedStyleSheets.push(challengeSheet);
    document.body.append(dialog);
    dialog.showModal();
    frame.node.focus();
  });
}
