curl -sS -X POST "$VIDGO_URL/api/generate/cancel/$TASK_ID" \
  -H "Authorization: Bearer $VIDGO_API_KEY"
