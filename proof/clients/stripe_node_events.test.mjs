// stripe-node of endive against the sandbox: what is delivered to it, in its version and in others, whole and thin.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';

const at = new URL(process.env.SANDBOX_URL);
const key = 'sk_test_node';
const options = { host: at.hostname, port: at.port, protocol: 'http', maxNetworkRetries: 0, telemetry: false };
const stripe = new Stripe(key, options);

const deliveries = [];
let receiver;
let base;

before(async () => {
  receiver = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      deliveries.push({ path: request.url, body: Buffer.concat(parts), signature: request.headers['stripe-signature'] });
      response.end('ok');
    });
  });
  await new Promise((listening) => receiver.listen(0, '127.0.0.1', listening));
  base = `http://127.0.0.1:${receiver.address().port}`;
});

after(() => receiver.close());

// came waits until nothing is on its way and gives what came to a path.
async function came(path) {
  const idle = await fetch(new URL('/_sandbox/idle?timeout_seconds=10', at), { headers: { Authorization: `Bearer ${key}` } });
  assert.equal(idle.status, 200);
  return deliveries.filter((d) => d.path === path);
}

async function endpoint(path, version, ...events) {
  return stripe.webhookEndpoints.create({ url: base + path, enabled_events: events, api_version: version });
}

test('an event of its own version is taken, and has the keys of its types', async () => {
  const { secret, id } = await endpoint('/endive', Stripe.API_VERSION, 'payment_intent.succeeded', 'product.created', 'checkout.session.completed');
  const intent = await stripe.paymentIntents.create({ amount: 2000, currency: 'eur', confirm: true, payment_method: 'pm_card_visa', allowed_payment_method_types: ['card', 'ideal'] });
  assert.deepEqual([intent.status, intent.payment_method_types, intent.payment_record], ['succeeded', ['card'], null]);
  await stripe.products.create({ name: 'Türk kahvesi' });
  const events = (await came('/endive')).map((d) => stripe.webhooks.constructEvent(d.body, d.signature, secret));
  const [paid, made] = ['payment_intent.succeeded', 'product.created'].map((type) => events.find((e) => e.type === type));
  assert.equal(paid.api_version, Stripe.API_VERSION);
  assert.deepEqual([paid.type, paid.data.object.id, paid.data.object.payment_record], ['payment_intent.succeeded', intent.id, null]);
  assert.deepEqual([made.type, made.data.object.tax_details], ['product.created', null]);
  await stripe.webhookEndpoints.del(id);
});

test('an event of another train is recognised by its version: this client checks the signature only', async () => {
  const { secret, id } = await endpoint('/dahlia', '2026-08-26.dahlia', 'payment_intent.created');
  await stripe.paymentIntents.create({ amount: 2000, currency: 'eur' });
  const [delivery] = await came('/dahlia');
  const event = stripe.webhooks.constructEvent(delivery.body, delivery.signature, secret);
  assert.equal(event.api_version, '2026-08-26.dahlia');
  assert.notEqual(event.api_version.split('.')[1], Stripe.MAJOR_API_VERSION);
  assert.equal('payment_record' in event.data.object, false);
  assert.throws(() => stripe.webhooks.constructEvent(delivery.body, delivery.signature, 'whsec_other'), Stripe.errors.StripeSignatureVerificationError);
  await stripe.webhookEndpoints.del(id);
});

test('what endive no longer takes is refused as the client expects', async () => {
  await assert.rejects(
    stripe.paymentIntents.create({ amount: 2000, currency: 'eur', payment_method_types: ['card'] }),
    (e) => e instanceof Stripe.errors.StripeInvalidRequestError && e.code === 'payment_method_types_no_longer_supported' && e.param === 'payment_method_types',
  );
  const older = new Stripe(key, { ...options, apiVersion: '2025-02-24.acacia' });
  const coupon = await older.coupons.create({ percent_off: 10, duration: 'once' });
  const code = await older.promotionCodes.create({ coupon: coupon.id });
  assert.equal(code.coupon.id, coupon.id);
  const again = await stripe.promotionCodes.retrieve(code.id, { expand: ['promotion.coupon'] });
  assert.equal(again.promotion.coupon.id, coupon.id);
});

test('a thin event names its object; both are fetched', async () => {
  const destination = await stripe.v2.core.eventDestinations.create({
    name: 'Shop', type: 'webhook_endpoint', event_payload: 'thin', enabled_events: ['v1.payment_intent.created', 'v1.customer.created'],
    webhook_endpoint: { url: `${base}/thin` }, include: ['webhook_endpoint.signing_secret', 'webhook_endpoint.url'],
  });
  assert.equal(destination.object, 'v2.core.event_destination');
  assert.equal(destination.webhook_endpoint.url, `${base}/thin`);
  const secret = destination.webhook_endpoint.signing_secret;
  const intent = await stripe.paymentIntents.create({ amount: 2000, currency: 'eur' }, { idempotencyKey: 'thin' });
  const [delivery] = await came('/thin');
  assert.throws(() => stripe.webhooks.constructEvent(delivery.body, delivery.signature, secret), /thin event notification/);
  const notification = stripe.parseEventNotification(delivery.body, delivery.signature, secret);
  assert.equal(notification.type, 'v1.payment_intent.created');
  assert.equal(notification.livemode, false);
  assert.ok(!Number.isNaN(Date.parse(notification.created)));
  assert.deepEqual(notification.related_object, { id: intent.id, type: 'payment_intent', url: `/v1/payment_intents/${intent.id}` });
  assert.equal((await notification.fetchRelatedObject()).id, intent.id);
  const event = await notification.fetchEvent();
  assert.deepEqual([event.id, event.object, event.reason.type, event.reason.request.idempotency_key], [notification.id, 'v2.core.event', 'request', 'thin']);
  const snapshot = await stripe.events.retrieve(event.snapshot_event);
  assert.equal(snapshot.data.object.id, intent.id);
  assert.throws(() => stripe.webhooks.constructEvent(JSON.stringify(snapshot), delivery.signature, secret), Stripe.errors.StripeSignatureVerificationError);

  const handled = [];
  const handler = stripe.notificationHandler(secret, () => handled.push('another'));
  handler.on('v1.payment_intent.created', (n) => handled.push(n.related_object.id));
  await handler.handle(delivery.body, delivery.signature);
  assert.deepEqual(handled, [intent.id]);

  await stripe.v2.core.eventDestinations.ping(destination.id);
  const ping = (await came('/thin')).at(-1);
  const pinged = stripe.parseEventNotification(ping.body, ping.signature, secret);
  assert.deepEqual([pinged.type, pinged.related_object.id], ['v2.core.event_destination.ping', destination.id]);

  const types = [];
  for await (const e of stripe.v2.core.events.list({ object_id: intent.id, limit: 1 })) types.push(e.type);
  assert.deepEqual(types, ['v1.payment_intent.created']);
  const ids = [];
  for (let i = 0; i < 2; i++) {
    await stripe.v2.core.eventDestinations.create({ name: `Other ${i}`, type: 'webhook_endpoint', event_payload: 'snapshot', enabled_events: ['customer.created'], webhook_endpoint: { url: `${base}/other` } });
  }
  for await (const d of stripe.v2.core.eventDestinations.list({ limit: 1 })) ids.push(d.name);
  assert.deepEqual(ids, ['Other 1', 'Other 0', 'Shop']);
  const changed = await stripe.v2.core.eventDestinations.update(destination.id, { name: 'Kahve', metadata: { team: 'shop' } });
  assert.deepEqual([changed.name, changed.metadata.team], ['Kahve', 'shop']);
  assert.equal((await stripe.v2.core.eventDestinations.disable(destination.id)).status_details.disabled.reason, 'user');
  assert.equal((await stripe.v2.core.eventDestinations.enable(destination.id)).status, 'enabled');
  assert.equal((await stripe.v2.core.eventDestinations.del(destination.id)).id, destination.id);
  await assert.rejects(stripe.v2.core.eventDestinations.retrieve(destination.id), (e) => e.statusCode === 404);
});
