// The shop's appearance, applied through the object model, so that the page's strict policy stays whole.

const APPEARANCE_VARIABLES = [
  'colorPrimary', 'colorBackground', 'colorText', 'colorTextSecondary', 'colorTextPlaceholder', 'colorDanger',
  'borderRadius', 'fontFamily', 'fontSizeBase', 'spacingUnit',
];
const RULE_SELECTOR = /^\.(Input|Label|Error|Tab|TabLabel|Field|Note)(--(invalid|selected))?(:(hover|focus|focus-visible|disabled))?(::placeholder)?$/;
const RULE_PROPERTIES = new Set([
  'backgroundColor', 'border', 'borderColor', 'borderWidth', 'borderStyle', 'borderRadius', 'borderBottom', 'boxShadow', 'color',
  'fontFamily', 'fontSize', 'fontWeight', 'fontVariant', 'letterSpacing', 'lineHeight', 'margin', 'marginBottom', 'outline',
  'outlineOffset', 'padding', 'textTransform', 'textDecoration', 'transition',
]);
const rulesSheet = new CSSStyleSheet();

const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
// A value may not fetch anything.
const harmless = (value) => typeof value === 'string' && value.length < 300 && !/url\(|image\(|@import|[{};]/i.test(value);

function applyAppearance({ theme, variables = {}, rules = {} } = {}) {
  const root = document.documentElement;
  root.dataset.theme = ['night', 'flat', 'none', 'stripe'].includes(theme) ? theme : 'stripe';
  for (const name of APPEARANCE_VARIABLES) {
    if (harmless(variables[name])) root.style.setProperty(`--${name}`, variables[name]);
    else root.style.removeProperty(`--${name}`);
  }
  while (rulesSheet.cssRules.length) rulesSheet.deleteRule(0);
  for (const [selector, declarations] of Object.entries(rules)) {
    if (!RULE_SELECTOR.test(selector)) continue;
    const known = selector.replace('--invalid', '[aria-invalid="true"]').replace('--selected', ':has(:checked)');
    const rule = rulesSheet.cssRules[rulesSheet.insertRule(`${known} {}`, rulesSheet.cssRules.length)];
    setProperties(rule.style, declarations);
  }
  if (!document.adoptedStyleSheets.includes(rulesSheet)) document.adoptedStyleSheets = [rulesSheet];
}

function setProperties(style, declarations = {}) {
  for (const [name, value] of Object.entries(declarations)) {
    if (RULE_PROPERTIES.has(name) && harmless(value)) style.setProperty(kebab(name), value);
  }
}

// applyStyle serves the Card Element's older `style` option: base, invalid, placeholders.
function applyStyle({ base = {}, invalid = {} } = {}) {
  const form = document.getElementById('element');
  setProperties(form.style, Object.fromEntries(Object.entries(base).filter(([name]) => name !== 'backgroundColor' && !name.startsWith(':'))));
  const placeholder = base['::placeholder'] && base['::placeholder'].color;
  const root = document.documentElement.style;
  if (harmless(placeholder)) root.setProperty('--colorTextPlaceholder', placeholder);
  if (harmless(invalid.color)) root.setProperty('--invalidColor', invalid.color);
  if (harmless(base.color)) root.setProperty('--colorTextSecondary', base.color);
}
