# -w prints the HTTP status after the body, which also has it as "code".
curl -sS -w '\n%{http_code}\n' "$VIDGO_URL/api/generate/submit" \
  -H "Authorization: Bearer $VIDGO_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{"model": "flux-kontext-pro", "input": {"prompt": "A kite", "size": "2:1"}}'
