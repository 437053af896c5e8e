"""What stands in for the outside world in development and in tests."""
