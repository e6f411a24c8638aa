// The other end of call-backs, in Node without a library.
// Start it with: VEZNE_CALLBACK_SECRET=whsec_… node examples/callback/callback.mjs
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

/** verify says whether a body is signed with the secret, and not older than five minutes. */
export function verify(secret, headers, body) {
  const id = headers['webhook-id'], at = headers['webhook-timestamp'];
  if (!id || !(Math.abs(Date.now() / 1000 - Number(at)) <= 300)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const want = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest();
  return String(headers['webhook-signature']).split(' ').some((s) => {
    const [version, signature] = s.split(',');
    const got = Buffer.from(signature ?? '', 'base64');
    return version === 'v1' && got.length === want.length && timingSafeEqual(got, want);
  });
}

if (process.argv[1] === import.meta.filename) {
  const secret = process.env.VEZNE_CALLBACK_SECRET ?? '';
  const server = createServer(async (req, res) => {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (!verify(secret, req.headers, body)) return res.writeHead(400).end('This is not signed.\n');
    const { type, revision, data } = JSON.parse(body);
    console.log(`${type} ${data.id} revision ${revision}`);
    res.writeHead(204).end();
  });
  server.listen(Number(process.env.PORT ?? 8081), '127.0.0.1', () => console.log(`listening ${server.address().port}`));
}
