curl -sS "$VIDGO_URL/v1/catalog/models"
