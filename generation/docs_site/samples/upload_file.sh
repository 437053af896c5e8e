curl -sS "$VIDGO_URL/api/common/upload/stream" \
  -H "Authorization: Bearer $VIDGO_API_KEY" \
  -F file=@photo.png
