"""English date formats, the same as those of the template tag `when`."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
