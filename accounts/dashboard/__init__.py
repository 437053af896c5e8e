"""Dashboard pages about the profile, the organization, its team and its audit log."""
