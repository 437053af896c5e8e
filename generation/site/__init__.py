"""The public site: what is for sale and how it is doing, told from the catalog and the database."""
