// Forms that change something are sent once, however often the button is pressed. The server sees to that as well: this
// only shows it.
(() => {
  'use strict';
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== 'post') return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
    const button = event.submitter || form.querySelector('[type="submit"]');
    // Afterwards: a button that is disabled now would not be part of the form.
    setTimeout(() => {
      if (!button) return;
      button.setAttribute('aria-busy', 'true');
      button.disabled = true;
    });
  });
  // A page that comes back from the browser's memory can be used again.
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    for (const form of document.querySelectorAll('form[data-sent]')) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll('[aria-busy]')) {
        button.removeAttribute('aria-busy');
        button.disabled = false;
      }
    }
  });
})();
