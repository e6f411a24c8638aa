// Requests to the sandbox in Stripe's form grammar, answered with {object} or {error}, never thrown.

function formBody(params) {
  const pairs = new URLSearchParams();
  const add = (key, value) => {
    if (value === undefined || value === null) return;
    if (Array.isArray(value)) value.forEach((item, i) => add(`${key}[${i}]`, item));
    else if (typeof value === 'object') Object.entries(value).forEach(([name, item]) => add(key ? `${key}[${name}]` : name, item));
    else pairs.append(key, String(value));
  };
  add('', params);
  return pairs;
}

async function request(base, method, path, { key, params, connectionMessage } = {}) {
  const init = { method, headers: { Accept: 'application/json' } };
  let url = base + path;
  if (key) init.headers.Authorization = `Bearer ${key}`;
  if (params && method === 'GET') url += `?${formBody(params)}`;
  else if (params) init.body = formBody(params);
  try {
    const response = await fetch(url, init);
    const body = await response.json();
    if (response.ok) return { object: body };
    return { error: body.error || { type: 'api_error', message: connectionMessage } };
  } catch {
    return { error: { type: 'api_connection_error', message: connectionMessage } };
  }
}
