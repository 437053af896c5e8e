curl -sS -G "$VIDGO_URL/api/billing/ledger" \
  -H "Authorization: Bearer $VIDGO_API_KEY" \
  -d kind=charge \
  -d limit=10
