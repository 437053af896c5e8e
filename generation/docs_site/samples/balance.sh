curl -sS "$VIDGO_URL/api/user/balance" \
  -H "Authorization: Bearer $VIDGO_API_KEY"
