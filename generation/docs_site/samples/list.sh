curl -sS -G "$VIDGO_URL/api/generate/tasks" \
  -H "Authorization: Bearer $VIDGO_API_KEY" \
  -d status=finished \
  -d limit=50
