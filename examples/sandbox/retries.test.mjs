// A delivery that fails is sent again when the account's clock says so: no test waits for an hour.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import test from 'node:test'

const url = process.env.SANDBOX ?? 'http://127.0.0.1:12111'
const call = async (path, body) => (await fetch(url + path, { method: body === undefined ? 'GET' : 'POST', body, headers: { Authorization: 'Bearer sk_test_retries' } })).json()

test('a shop that was down hears of it an hour later', async (t) => {
  const answers = [500, 500, 200]
  const shop = createServer((_, answer) => answer.writeHead(answers.shift()).end())
  await new Promise((listening) => shop.listen(0, '127.0.0.1', listening))
  t.after(() => shop.close())
  await call('/v1/webhook_endpoints', new URLSearchParams({ url: `http://127.0.0.1:${shop.address().port}/`, 'enabled_events[]': 'customer.created' }))
  await call('/v1/customers', new URLSearchParams({ name: 'Ada' }))
  await call('/_sandbox/clock', JSON.stringify({ advance_seconds: 2 * 60 * 60 }))
  const { data: [delivery] } = await call('/_sandbox/deliveries')
  assert.deepEqual(delivery.attempts.map((a) => a.status), [500, 500, 200])
})
