"""Pages: errors, pagination, CSV export, charts, e-mail, messages, headers, template tags."""
