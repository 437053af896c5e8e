# One key for one order, kept until the order was answered. --retry sends the same call again.
ORDER_KEY="order-$(date +%s)-$$"

curl -sS --retry 5 --retry-connrefused "$VIDGO_URL/api/generate/submit" \
  -H "Authorization: Bearer $VIDGO_API_KEY" \
  -H "Content-Type: application/json" \
  -H "Idempotency-Key: $ORDER_KEY" \
  -d '{"model": "flux-kontext-pro", "input": {"prompt": "A paper boat on a pond"}}'
