curl -sS "$VIDGO_URL/api/generate/submit" \
  -H "Authorization: Bearer $VIDGO_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "model": "flux-kontext-max",
    "input": {
      "prompt": "Poster with the words GOOD MORNING in tall red letters",
      "size": "3:4",
      "output_format": "jpg",
      "seed": 42
    }
  }'
