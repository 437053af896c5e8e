"""The kernel: what every app stands on. It knows no app. `errors` is shared by all its rooms."""
