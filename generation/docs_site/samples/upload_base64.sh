base64 < photo.png | tr -d '\n' | sed 's/.*/{"base64_data": "&", "file_name": "photo.png"}/' |
  curl -sS "$VIDGO_URL/api/common/upload/base64" \
    -H "Authorization: Bearer $VIDGO_API_KEY" \
    -H "Content-Type: application/json" \
    --data-binary @-
