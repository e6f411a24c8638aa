// An account full of varied things, for the tests and the pictures of the sandbox's page for developers.
import http from 'node:http';
import { sandbox } from './sandbox_shop.mjs';

// startReceiver answers webhooks: 500 for refunds and for what is listed in broken, 200 for the rest.
export async function startReceiver(broken = ['charge.refunded', 'customer.deleted']) {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      if (request.method === 'GET') return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Another site</title>');
      const fails = broken.includes(JSON.parse(body).type);
      response.writeHead(fails ? 500 : 200, { 'content-type': 'text/plain' }).end(fails ? 'Traceback: the order <17> is locked' : 'ok');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/webhooks`, close: () => new Promise((resolve) => server.close(resolve)) };
}

// asAccount gives the calls of one account: form for the API, control for the control API.
export function asAccount(name) {
  const headers = { Authorization: `Bearer sk_test_${name}` };
  const ask = async (method, path, body, more = {}) => {
    const response = await fetch(sandbox + path, { method, body, headers: { ...headers, ...more } });
    return { status: response.status, ...(await response.json()) };
  };
  return {
    get: (path) => ask('GET', path),
    remove: (path) => ask('DELETE', path),
    form: (path, params = {}, more = {}) => ask('POST', path, new URLSearchParams(params), more),
    control: (path, body = {}) => ask('POST', `/_sandbox/${path}`, JSON.stringify(body)),
  };
}

// fillAccount lets an application work for a while and gives the ids of what it made.
export async function fillAccount(name, receiver) {
  const account = asAccount(name);
  await account.form('/v1/webhook_endpoints', { url: receiver.url, 'enabled_events[0]': '*', description: 'Shop' });
  const customer = await account.form('/v1/customers', { name: 'Ayşe Yılmaz', email: 'ayse@example.com', 'metadata[order]': '17' }, { 'Idempotency-Key': 'customer-17' });
  await account.form(`/v1/customers/${customer.id}`, { name: 'Ayşe Yılmaz Öztürk', 'address[city]': 'İstanbul', 'address[country]': 'TR' });
  const pay = (params) => account.form('/v1/payment_intents', { amount: '234500', currency: 'try', customer: customer.id, 'payment_method_types[0]': 'card', ...params });
  const intent = await pay({ payment_method: 'pm_card_visa', confirm: 'true', description: 'Türk kahvesi & <b>cezve</b>' });
  await pay({ payment_method: 'pm_card_chargeDeclinedInsufficientFunds', confirm: 'true', amount: '9900' });
  await pay({ payment_method: 'pm_card_authenticationRequired', confirm: 'true', currency: 'eur', return_url: 'https://shop.example/back' });
  await pay({ amount: '5000', currency: 'jpy' });
  await pay({ payment_method: 'pm_card_createDispute', confirm: 'true', currency: 'usd' });
  await account.form('/v1/refunds', { payment_intent: intent.id, amount: '34500' });
  await account.form('/v1/products', { name: 'Bakır cezve', description: 'El yapımı' });
  await account.form('/v1/coupons', { id: 'YAZ25', percent_off: '25', duration: 'once' });
  await account.form('/v1/checkout/sessions', {
    mode: 'payment', success_url: 'https://shop.example/thanks', 'line_items[0][quantity]': '2', 'line_items[0][price_data][currency]': 'try',
    'line_items[0][price_data][unit_amount]': '42250', 'line_items[0][price_data][product_data][name]': 'Türk kahvesi, 250 g', customer: customer.id,
  });
  const gone = await account.form('/v1/customers', { name: 'Silinecek' });
  await account.remove(`/v1/customers/${gone.id}`);
  await account.form('/v1/payment_intents', { amount: '1' });
  await account.get('/v1/customers/cus_unknown');
  await account.control('faults', { method: 'POST', path: '/v1/refunds', effect: 'status', status: 503, count: 2 });
  await account.form('/v1/refunds', { payment_intent: intent.id });
  await account.control('delivery-faults', { types: ['product.*'], effect: 'hold' });
  await account.form('/v1/products', { name: 'Fincan takımı' });
  await account.control('snapshots');
  await account.get('/_sandbox/idle');
  return { customer: customer.id, intent: intent.id, gone: gone.id, account };
}

// pathsOf are the pages of such an account, below its address.
export async function pathsOf(made) {
  const { account } = made;
  const [failed] = (await account.get('/_sandbox/deliveries')).data.filter((one) => one.type === 'charge.refunded');
  const { data: [changed] } = await account.get('/v1/events?type=customer.updated');
  const { data: [declined] } = await account.get('/_sandbox/requests?status=402');
  return {
    overview: '', objects: '/objects/payment_intent', object: `/objects/payment_intent/${made.intent}`, version: `/objects/customer/${made.customer}?version=2`, deleted: `/objects/customer/${made.gone}`,
    events: '/events', event: `/events/${changed.id}`, deliveries: '/deliveries', delivery: `/deliveries/${failed.id}`, requests: '/requests', request: `/requests/${declined.id}`,
    clock: '/clock', faults: '/faults', settings: '/settings', cards: '/cards', search: '/search?q=ayse@', unknown: '/objects/refund/re_none',
  };
}
