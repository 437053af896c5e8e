curl -sS "$VIDGO_URL/api/generate/submit" \
  -H "Authorization: Bearer $VIDGO_API_KEY" \
  -H "Content-Type: application/json" \
  -H "Prefer: wait=30" \
  -d '{
    "model": "flux-kontext-pro",
    "input": {"prompt": "A lighthouse on a cliff at dawn, film photograph", "size": "16:9"}
  }'
