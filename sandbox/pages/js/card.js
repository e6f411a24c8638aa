// Rules of card numbers, expiry dates and security codes, without any page: pure functions that answer
// '' for a good value or one of Stripe.js's validation codes.

const BRANDS = [
  { name: 'visa', label: 'Visa', test: /^4/, lengths: [16, 13, 19], cvc: 3 },
  { name: 'mastercard', label: 'Mastercard', test: /^(5[1-5]|2(22[1-9]|2[3-9]|[3-6]|7[01]|720))/, lengths: [16], cvc: 3 },
  { name: 'amex', label: 'Amex', test: /^3[47]/, lengths: [15], cvc: 4, groups: [4, 6, 5] },
  { name: 'discover', label: 'Discover', test: /^(6011|64[4-9]|65)/, lengths: [16, 19], cvc: 3 },
  { name: 'diners', label: 'Diners', test: /^(30[0-5]|3095|36|38|39)/, lengths: [14, 16, 19], cvc: 3 },
  { name: 'jcb', label: 'JCB', test: /^35(2[89]|[3-8])/, lengths: [16, 19], cvc: 3 },
  { name: 'unionpay', label: 'UnionPay', test: /^(62|81)/, lengths: [16, 17, 18, 19], cvc: 3 },
];
const UNKNOWN_BRAND = { name: 'unknown', label: '', test: /^/, lengths: [16], cvc: 3 };

const digitsOf = (text) => text.replace(/\D/g, '');

function brandOf(digits) {
  return (digits && BRANDS.find((brand) => brand.test.test(digits))) || UNKNOWN_BRAND;
}

function formatNumber(digits) {
  const brand = brandOf(digits);
  digits = digits.slice(0, Math.max(...brand.lengths));
  // A 14-digit Diners number is printed 4-6-4; longer ones in fours.
  const groups = brand.groups || (brand.name === 'diners' && digits.length <= 14 ? [4, 6, 4] : [4, 4, 4, 4, 3]);
  const parts = [];
  for (const size of groups) {
    if (!digits) break;
    parts.push(digits.slice(0, size));
    digits = digits.slice(size);
  }
  return parts.join(' ');
}

function passesLuhn(digits) {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let digit = +digits[digits.length - 1 - i];
    if (i % 2 === 1 && (digit *= 2) > 9) digit -= 9;
    sum += digit;
  }
  return sum % 10 === 0;
}

// checkNumber refuses every number that is not a published test number, so that a real one is never sent.
function checkNumber(text, published) {
  const digits = digitsOf(text);
  if (published.has(digits)) return '';
  const { lengths } = brandOf(digits);
  if (digits.length < Math.min(...lengths)) return 'incomplete_number';
  if (!passesLuhn(digits)) return digits.length < Math.max(...lengths) && !lengths.includes(digits.length) ? 'incomplete_number' : 'invalid_number';
  return lengths.includes(digits.length) ? 'test_mode_live_card' : 'incomplete_number';
}

function formatExpiry(text, deleting) {
  let digits = digitsOf(text);
  // "12/2034" and "12 / 2034" are what people paste.
  const pasted = /^\s*(\d{1,2})\s*\/\s*20(\d{2})\s*$/.exec(text);
  if (pasted) digits = pasted[1].padStart(2, '0') + pasted[2];
  if (/^\s*\d\s*\/\s*\d{0,2}\s*$/.test(text) && !deleting) digits = '0' + digits;
  if (/^[2-9]/.test(digits)) digits = '0' + digits;
  digits = digits.slice(0, 4);
  if (digits.length < 2 || (digits.length === 2 && deleting)) return digits;
  return digits.slice(0, 2) + ' / ' + digits.slice(2);
}

function parseExpiry(text) {
  const digits = digitsOf(text);
  return { month: digits.slice(0, 2), year: digits.length === 4 ? '20' + digits.slice(2) : '' };
}

function checkExpiry(text, now) {
  const { month, year } = parseExpiry(text);
  if (month.length === 2 && (+month < 1 || +month > 12)) return 'invalid_expiry_month';
  if (!year) return 'incomplete_expiry';
  if (+year < now.getFullYear()) return 'invalid_expiry_year_past';
  if (+year > now.getFullYear() + 50) return 'invalid_expiry_year';
  if (+year === now.getFullYear() && +month < now.getMonth() + 1) return 'invalid_expiry_month_past';
  return '';
}

function checkCVC(text, brand) {
  const length = digitsOf(text).length;
  if (length === brand.cvc) return '';
  return length < brand.cvc ? 'incomplete_cvc' : 'invalid_cvc';
}

// checkIBAN follows ISO 13616: the first four characters move to the end, letters count from 10, the remainder by 97 is 1.
function checkIBAN(text) {
  const iban = text.replace(/\s/g, '').toUpperCase();
  if (iban.length < 15) return 'incomplete_iban';
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban)) return 'invalid_iban';
  let remainder = 0;
  for (const sign of iban.slice(4) + iban.slice(0, 4)) {
    const value = parseInt(sign, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1 ? '' : 'invalid_iban';
}

function checkEmail(text) {
  if (!text.trim()) return 'incomplete_email';
  return /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(text.trim()) ? '' : 'invalid_email';
}
