curl -sS "$VIDGO_URL/api/generate/status/$TASK_ID" \
  -H "Authorization: Bearer $VIDGO_API_KEY"
