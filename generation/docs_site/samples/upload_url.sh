curl -sS "$VIDGO_URL/api/common/upload/url" \
  -H "Authorization: Bearer $VIDGO_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{"file_url": "'"$IMAGE_URL"'"}'
