"""The public site: home, models, pricing, status, and the files for search engines."""
