"""Web pages and e-mail: error pages, pagination, CSV export, charts, headers, template tags."""
