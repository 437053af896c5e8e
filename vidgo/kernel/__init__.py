"""The kernel: the base that every app builds on; it imports no app. All packages use `errors`."""
