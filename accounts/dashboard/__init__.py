"""The pages about people, organizations and keys; each view finds, calls a verb and answers."""
