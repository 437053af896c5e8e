"""The documentation for developers: pages of prose, samples that tests run, facts from the code."""
