# One key per request, kept until there is a response. --retry repeats the same request.
KEY="request-$(date +%s)-$$"

curl -sS --retry 5 --retry-connrefused "$VIDGO_URL/api/generate/submit" \
  -H "Authorization: Bearer $VIDGO_API_KEY" \
  -H "Content-Type: application/json" \
  -H "Idempotency-Key: $KEY" \
  -d '{"model": "flux-kontext-pro", "input": {"prompt": "A paper boat on a pond"}}'
