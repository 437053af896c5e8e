"""The developer documentation: prose pages, tested code samples, and numbers from the code."""
