curl -sS "$VIDGO_URL/api/generate/submit" \
  -H "Authorization: Bearer $VIDGO_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "model": "flux-kontext-pro-edit",
    "input": {
      "prompt": "Make it night, with the windows lit",
      "image_urls": ["'"$IMAGE_URL"'"],
      "size": "4:3"
    }
  }'
