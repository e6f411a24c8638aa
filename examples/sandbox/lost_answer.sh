#!/bin/sh
# A payment that takes effect and whose answer is lost: the same idempotency key finds it again.
set -eu
url="${SANDBOX:-http://127.0.0.1:12111}"
key=sk_test_lost_answer

curl -sS -u $key: "$url/_sandbox/faults" \
  -d '{"method":"POST","path":"/v1/payment_intents","when":"after","effect":"reset"}'

pay() {
  curl -sS -u $key: "$url/v1/payment_intents" -H "Idempotency-Key: order-1" \
    -d amount=2000 -d currency=usd -d payment_method=pm_card_visa -d "payment_method_types[]=card" -d confirm=true
}

if pay; then echo "the answer came: no fault was planted" && exit 1; fi
pay | grep '"status": "succeeded"'
test "$(curl -sS -u $key: "$url/v1/payment_intents" | grep -c '"object": "payment_intent"')" = 1
