// Lists of countries, named and sorted in the page's language.

// Where Stripe's forms ask for a postal code beside the country.
const POSTAL_COUNTRIES = ['US', 'GB', 'CA'];

// nameCountries fills in the names of a select and chooses the visitor's country by their browser's region.
function nameCountries(select, lang) {
  const names = new Intl.DisplayNames([lang], { type: 'region' });
  const options = [...select.options];
  options.forEach((option) => (option.textContent = names.of(option.value)));
  options.sort((a, b) => a.textContent.localeCompare(b.textContent, lang));
  select.replaceChildren(...options);
  const region = (navigator.language.split('-')[1] || '').toUpperCase();
  select.value = options.some((option) => option.value === region) ? region : { tr: 'TR' }[lang] || 'US';
}

// billingPlace ties a postal code, which nobody must give, to its country: shown only where the country has asked for one.
function billingPlace(country, postal, lang) {
  const part = postal.closest('[data-postal]');
  const show = () => (part.hidden = !POSTAL_COUNTRIES.includes(country.value));
  nameCountries(country, lang);
  show();
  country.addEventListener('change', show);
  return () => ({ country: country.value, ...(!part.hidden && postal.value.trim() ? { postal_code: postal.value.trim() } : {}) });
}
