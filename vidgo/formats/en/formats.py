"""English, as the template tag `when` writes it; Django's own is that of the United States."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
