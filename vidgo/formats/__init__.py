"""How moments are written where nothing says otherwise, by language."""
